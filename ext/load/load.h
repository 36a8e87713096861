/*
** The engine: a shape and a model make a plan; a plan and parameters make JSON.
** This header is for other floors. For the files of load there are more:
**
**   node.h  what a plan says of a row's text and of pages
**   plan.h  the planner: plan, node, page
**   stmt.h  the SQL of nodes: stmt, lookup, scan, value, answer, nested
**   run.h   the runner: run, bucket, gather, direct, bind, stream, keys
**
** and, for all: cache (the plans of a connection), choose (which of the two
** ways), order (lists in an order of their own), take (ids for the table related).
**
** A plan is a tree of nodes. The root gives the rows that were asked for, every
** other node gives the rows related to the rows of its parent. A run processes
** the nodes from the root down, so that each node is fetched once for all its
** parents:
**
**   1. Each row of a node is written once, as JSON text, into an arena. Its keys
**      go into the keymaps of the child nodes. A keymap numbers the distinct
**      keys, and each key has a bucket.
**   2. A child node fetches its rows and puts each into its bucket. A lookup
**      fetches the rows of the keys, by one statement for all keys or by one run
**      for each. A scan reads the whole table and skips rows whose key no parent
**      has.
**   3. When all rows are here, their texts are gathered into one buffer: a row,
**      and in it the buckets of its children. Each byte of a row is copied once
**      for each place where the row appears.
**
** To-one and to-many are alike: all parents with the same key share a bucket.
** So a row that many parents refer to is read and written once.
*/
#ifndef ASSOC_LOAD_H
#define ASSOC_LOAD_H

#include "sql/sql.h"

typedef struct AssocArgs AssocArgs;
typedef struct AssocBucket AssocBucket;
typedef struct AssocDirect AssocDirect;
typedef struct AssocFetch AssocFetch;
typedef struct AssocNode AssocNode;
typedef struct AssocNodeRun AssocNodeRun;
typedef struct AssocPage AssocPage;
typedef struct AssocPart AssocPart;
typedef struct AssocPlan AssocPlan;
typedef struct AssocRow AssocRow;
typedef struct AssocRun AssocRun;
typedef struct AssocTake AssocTake;

/* ------------------------------------------------------------------- plan */

/* A statement, and how it hands over its rows. */
struct AssocFetch {
  AssocStmt stmt;       /* Prepared when it is first used */
  const char *zSql;     /* 0: the node has no such statement */
  u8 bEmit;             /* All rows in one step, as arguments of assoc_emit() */
  u8 bTake;             /* Or of assoc_enough(), which applies limits */
  u8 bSort;             /* The ids given to assoc_take() need sorting */
  AssocBind *pBind;     /* Its values, beside those of keys */
  u32 nBound;           /* stmt.nMade when its literals were bound */
  AssocChoice *pChoice; /* How its conditions on related rows are asked */
  u8 bOpen;             /* held: it stands on the row of a key: hold.c */
};

/* For the table related: all pairs of a source key and a target id. */
typedef struct AssocPairs AssocPairs;
struct AssocPairs {
  AssocFetch fetch;   /* The statement that gives them */
  AssocFetch keys;    /* All keys, if fetch gives pairs of others, too */
  AssocFetch ids;     /* The same of ids */
  u8 bBare;           /* fetch reads the table of the foreign key alone */
  u8 bRowid;          /* Keys are rowids */
  AssocKeyRule rule;  /* How keys compare */
  const char *zIndex; /* Serves the lookup of one key, or 0 */
};

typedef struct AssocSort AssocSort; /* A value of a sort key: node.h */

/* One node of a plan. The planner fills it. A run changes only the fields of
** "last", and bSorts, eOrder and eCover. */
struct AssocNode {
  AssocPlan *pPlan;   /* The plan that it belongs to */
  int iNode;          /* Place in pPlan->apNode; a parent has a smaller one */
  int nDepth;         /* Nodes above it; 0: the root */
  AssocNode *pParent; /* Whose rows have these as children; 0: the root */
  const char *zPath;  /* "posts.comments"; of the root the model's name */
  AssocModel *pModel; /* The rows' model */
  AssocRel *pRel;     /* From the parent to these rows; 0 for the root */
  const ShapeItem *pItem;       /* The item of the shape; 0 for the root */
  const ShapeItem *pBlock;      /* The members wanted of a row */
  const ShapeClauses *pClauses; /* With what scopes add; or 0 */
  const ShapeKey *pValue;       /* The node is this aggregate, not rows; or 0 */
  AssocNode *pAlso;   /* Another aggregate of the same rows: one scan reads
                          ** both */
  AssocPage *pPage;   /* Pagination state, or 0 */
  AssocNode *pBeside; /* A value of a page: the node of its list; else 0 */
  u8 bTotal;          /* The root: one row, of aggregates of all roots */
  u8 bRows;           /* It gives rows, not a value */
  u8 bMany;           /* It is a list of rows */
  u8 bOne;            /* A UNIQUE index allows at most one row per key */
  u8 bAt;             /* It has columns of the join row */
  u8 bSpread;         /* Its members are among the parent's, without braces */
  u8 bLists;          /* Spread of a to-many: each member becomes a list of its
                      ** own, so each is written apart */
  u8 bLimit;          /* limit or offset: a parent has only some of its rows */
  u8 bDown;           /* A path of hasMany: only one way leads to each row */
  u8 bKeyed;          /* The root: found by its key, ?1 and on */
  u8 bRange;          /* The root: its rowid is between ?1 and ?2 */
  u8 bPast;           /* The root: OFFSET ?3 */
  u8 bRecurse;        /* "^": its rows have rows of the same node as children */
  int nRecurse;       /* Levels of the recursion; 0: all */
  const char *zType;  /* Polymorphic: only parents that have this in their type
                      ** column have rows here */
  int iType;          /* Place of the type among the parent's values */
  u8 bBranch;         /* One of several targets: pBranch links them */
  AssocNode *pBranch; /* The next target of the same association */
  AssocPart *pPart;   /* The members of a row: node.h */
  AssocPart *pNodePart; /* The first CHILD or SPREAD among them */
  int nSplit;         /* CHILD and SPREAD parts, with bLists all parts: offsets
                      ** in a row */
  const char *zEmpty; /* The JSON of a missing row; of a spread its members */
  int nEmpty;         /* Its length in bytes */
  AssocNode *pChild;  /* The first child */
  int nChild;         /* Number of children */
  int iChild;         /* Place among the parent's children */
  AssocNode *pNext;   /* The next child of the same parent */

  /* The values of a row, in the order of a statement's columns. A scan has
  ** first the nScanKey values of the key by which it finds its parent. If
  ** nScanKey is 0, the key is among the row's values, from iScanKey on. */
  int nKey, nScanKey, iScanKey;
  const AssocKeyRule *aRule; /* How each column of the key compares */
  const char **azKey;        /* SQL of the key in the node's own rows */
  int nArg;                  /* Values beside the key */
  AssocArg *aArg;            /* nArg of them */
  int *aiSource; /* Places of the key among the parent's values; of a root whose
                 ** rows are given out, among its own */
  int *aiSelf;   /* Recursion: places of the next key among the own values */
  int *aiIdent, *aiIdentUp; /* Recursion by a key that several rows may have:
                            ** places of the model's key among the own values,
                            ** and among the parent's; else 0. ONCE: aiIdent is
                            ** what tells a row from the others */
  int nIdentKey;            /* Values in aiIdent */
  int iIdent, iIdentUp; /* Which of the nIdent numbers of an own row, and of a
                        ** row of the parent, is the one in this recursion */
  int nIdent;           /* How many recursions number the rows of this node */

  u8 bChanges;      /* The comparison converts values of the key */
  u8 bPlus;         /* So a parent's value must lose its affinity: "+" */
  u8 bLookupOnly;   /* A keymap cannot compare by the key's collation */
  u8 bSorted;       /* The scan sorts its rows */
  int nSort;        /* Values in the sort keys of rows; 0: SQLite gives rows in
                    ** their order */
  AssocSort *aSort; /* nSort of them: order.c */
  int nSortArg;     /* Values at the end of aArg that only these need */
  int eOrder; /* Does a lookup give the order? 1: yes; -1: no; 0: unknown */
  int eCover; /* Does an index alone give its rows? As eOrder */
  u8 bDear;   /* Even a lookup scans a whole table */
  u8 bEnds;   /* min(), max(): an index leads to the value of a key */
  u8 bGroups; /* An aggregate's scan may group its rows by an index */
  u8 bSweeps; /* Its scan reads many targets, in the order of their keys */
  const char *zIndex; /* The index of a lookup; "": the primary key; 0: none */
  int eSeek; /* Without zIndex: does SQLite seek? 1: yes; -1: no; 0: unknown */
  AssocFetch lookup, scan; /* By keys; all rows at once */
  AssocFetch ends;    /* Reads each target once; then scan reads only join rows,
                      ** or pairs of the ends of a path. Or none */
  int nEnd;           /* Columns of a target's key in these, */
  AssocKeyRule *aEnd; /* and how they compare */
  u8 bWays;           /* Several pairs may be the same */
  AssocFetch lookupAt, scanAt; /* lookup and scan of a page at a cursor */
  AssocFetch lookupOne;        /* The lookup of one key, if lookup has bTake; of
                               ** the root, if lookup has bEmit */
  AssocFetch held;             /* The lookup of one key in a held plan */
  AssocFetch first;            /* The root: scan, but of its first rows only */
  int nSkip;                   /* Runs that do without it, as it failed */
  u8 bJoined;                  /* The root's held statement gives the row: */
  int iHeld;                   /* Its columns, after one that is not NULL if
                               ** there is a row */
  u8 bSorts;                   /* lookup turned out to sort: use lookupOne */

  /* The root, for the table related */
  struct {
    AssocFetch back;             /* The sources of one target */
    AssocPairs pairs, backPairs; /* All pairs, for lookup and for back */
    AssocFetch count, countAll;  /* The number of rows, of a source or all */
    AssocFetch again;            /* "^": makes values of a found row's key */
    int iOwn, nOwn; /* LINKS: the columns that tell a row from the others */
  } related;

  /* What the last run did, for assoc_explain() */
  struct {
    u8 eWay;     /* ASSOC_WAY_* */
    u8 eWhy;     /* ASSOC_WHY_* */
    i64 nActual; /* Rows, or -1 */
  } last;
};

/* The ways to fetch a node's rows. */
#define ASSOC_WAY_NONE 0 /* Not run yet */
#define ASSOC_WAY_LOOKUP 1
#define ASSOC_WAY_SCAN 2

/* Why a way was chosen. assocWhyText() has the texts. */
enum {
  ASSOC_WHY_NONE,
  ASSOC_WHY_ROOTS,     /* All roots are asked for */
  ASSOC_WHY_COLLATION, /* Only SQL can compare by the key's collation */
  ASSOC_WHY_ALL,       /* All rows are asked for */
  ASSOC_WHY_FORCED,    /* assoc_config('strategy') */
  ASSOC_WHY_ONE_KEY,
  ASSOC_WHY_TYPES, /* The keys' types differ, and no index serves */
  ASSOC_WHY_NO_INDEX,
  ASSOC_WHY_OTHER, /* An index serves the key, but not other conditions */
  ASSOC_WHY_FEW_KEYS,
  ASSOC_WHY_MOST,     /* Most of the table is wanted */
  ASSOC_WHY_SMALL,    /* A small part of it is wanted */
  ASSOC_WHY_TOGETHER, /* Another aggregate's scan reads them */
  ASSOC_WHY_ERROR,    /* The scan failed */
  ASSOC_WHY_COUNT
};
/* The reason as assoc_explain shows it. */
const char *assocWhyText(int eWhy);

/* A compiled shape. */
struct AssocPlan {
  AssocArena mem;      /* Holds the plan itself and all its memory */
  AssocCatalog *pCat;  /* A counted reference */
  const char *zText;   /* The text that it was compiled from */
  const char *zModel;  /* The model it was compiled for; 0 for a query */
  AssocShape *pShape;  /* The tree that it was compiled from */
  AssocNode *pRoot;    /* apNode[0] */
  int nNode;           /* Nodes in apNode */
  AssocNode **apNode;  /* A parent before its children */
  int nName;           /* Names of :name parameters */
  const char **azName; /* nName names */
  AssocStmt names;     /* Reads the values of names from an object */
  AssocRel *pAnswer;   /* The association, for asks that need no nodes */
  int iTargetVar;      /* HAS: the ?number before those of the target's key */
  int iAgainVar;      /* "^": the ?number that says that the source was found */
  u8 eAsk;            /* ASSOC_ASK_* */
  u8 mAsk;            /* ASSOC_ASK_RANGE, _PAST, _FEW */
  u8 bBusy;           /* A run uses it */
  u8 eSession;        /* assocPlanSession(): what it was compiled for */
  u32 nHash;          /* Of all that finds it in the cache */
  ShapeMasked masked; /* Texts that differ only in these literals share it */
  AssocPlan *pText;   /* OWNED: the parsed text that gave its literals last; 0:
                      ** its own */
  u8 bReverse;        /* PRAGMA reverse_unordered_selects was on */
  struct {
    int nHolder;      /* AssocHolds that have the plan */
    u8 bMade;         /* The held statements are written */
    u8 bNever;        /* They must not stay open */
    u8 bOpen;         /* Some of them may stand on a row */
    u8 bUse;          /* This run uses them */
    u8 bStale;        /* OUT: the answer of this run is not valid */
    u8 bAhead;        /* A stream may read roots ahead: stream.c */
    u8 bDropped;      /* The plan left the cache: its last holder frees it */
    i64 nChange;      /* sqlite3_total_changes64() when they were opened */
    i64 iToken;       /* The token of the definitions */
  } hold;             /* See hold.c */
  AssocNode *pDirect; /* Its rows may be written directly: direct.c; or 0 */
  i64 nLast;          /* Bytes of its last result */
  AssocPlan *pNext;   /* In the cache, the last used first */
  const char *zAs;    /* Its key in the object that the call gives, or 0 */
  AssocPlan *pAnd;    /* OWNED: the next root of the same call, or 0 */
};

/* What a plan gives. The same text makes different plans. */
#define ASSOC_ASK_EAGER 0 /* A query: a list of rows */
#define ASSOC_ASK_FIND 1  /* A row by its key, in a shape */
#define ASSOC_ASK_GET 2   /* The rows related to a row by one item */
#define ASSOC_ASK_COUNT 3 /* The number of these rows */
#define ASSOC_ASK_HAS 4   /* Is the row with a key among them? */
#define ASSOC_ASK_ROWS 5  /* A query, its roots given out one at a time */
#define ASSOC_ASK_ASC 6   /* The same in the order of their keys */
#define ASSOC_ASK_DESC 7
#define ASSOC_ASK_KEY 8 /* The root with one key */
#define ASSOC_ASK_IDS 9 /* Statements for the table related: see answer.c */
#define ASSOC_ASK_LINKS 10
#define ASSOC_ASK_COLUMNS 11
/* As GET, but one level, even with "^", and no scope of the root applies */
#define ASSOC_ASK_ONCE 12
#define ASSOC_ASK_ROW 13 /* As FIND, but no scope of the root applies */
/* Bits that may be added to ROWS, ASC and DESC: the statement of the roots has
** two more conditions, so it is another plan. See assocStreamBounds(). */
#define ASSOC_ASK_RANGE 16 /* Only keys from ?1 to ?2, if they are rowids */
#define ASSOC_ASK_PAST 32  /* OFFSET ?3 */
#define ASSOC_ASK_FEW 64   /* Perhaps only the first rows are read */

/* A compiled plan, from the cache or new, marked busy. zModel is 0 for a query,
** which names its model itself. 0 after an error. assocPlanRelease() gives the
** plan back, and drops it from the cache if the call failed. */
AssocPlan *assocPlanGet(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                        const char *zModel, const char *zText);
/* The caller must not use pPlan afterwards. pPlan may be 0. */
void assocPlanRelease(AssocCall *pCall, AssocPlan *pPlan);
#define ASSOC_PLANS_MAX 10000 /* The most that assoc_config('plans') takes */
/* Keep nMost plans at most from now on; with 0 none. */
void assocPlansKeep(AssocCall *pCall, int nMost);
/* What plans depend on beside the catalog: is there a session (1), and does it
** count the rows that are read (2)? */
int assocPlanSession(const AssocConn *pConn);

/*
** Calls for each row of a statement. The plan's statements stay open between
** these calls, so that a call is one sqlite3_step(): see hold.c. iArg is an
** argument of the function. If it is constant, SQLite keeps the hold with it.
*/
/* The plan that an earlier call of the statement holds, marked busy, if nothing
** has changed since. assocHoldRelease() gives it back. 0 if there is none: the
** caller enters the catalog and calls assocPlanGet(). */
AssocPlan *assocHoldFind(AssocCall *pCall, sqlite3_context *pCtx, int iArg,
                         const char *zModel, const char *zText);
/* The plan stays with the statement for its next call, unless it is out of
** date. Also leaves the call that assocHoldFind() entered. */
void assocHoldRelease(AssocCall *pCall, AssocPlan *pPlan);
/* Hold a plan that assocPlanGet() gave, from the second call on. */
void assocHoldKeep(AssocCall *pCall, sqlite3_context *pCtx, int iArg,
                   AssocPlan *pPlan);
/* Reset the open statements of all plans that are not busy. Whatever writes or
** changes a setting calls this first. */
void assocHoldEnd(AssocConn *pConn);

/* -------------------------------------------------------------------- run */

/* The values that a caller gives with a shape. Borrowed. */
struct AssocArgs {
  int nKey;              /* Values in apKey */
  sqlite3_value **apKey; /* The key of the root, if one row is asked for */
  int nVal;              /* Values in apVal */
  sqlite3_value **apVal; /* ?1, ?2, …, or the object of names and these */
};

/* One run of a plan. On the stack of its caller. */
struct AssocRun {
  AssocCall *pCall;        /* Receives the first error */
  AssocPlan *pPlan;        /* Busy while it runs */
  AssocArgs args;          /* What the caller gives */
  sqlite3_value **apNamed; /* OWNED: values of pPlan->azName */
  AssocNodeRun *aNode;     /* One for each node of the plan: run.h */
  AssocArena mem;          /* Rows and buckets */
  AssocArena fix;          /* apNamed and aNode, until the run ends */
  AssocNode *pNode;        /* The node whose rows assoc_emit() takes */
  int nEmit;               /* Values of a row that assoc_emit() is given */
  void (*xEmit)(AssocRun *, AssocNode *, sqlite3_value **); /* And how */
  sqlite3_value **apHeld; /* The key of a held statement; 0: key iKey */
  int nHeld;              /* Values in apHeld */
  u8 bAsked;              /* The held statement has not taken the key yet */
  u8 eKeys;               /* ASSOC_KEYS_*: whether assoc_keys may be read */
  u32 iKey, nKey;         /* The current key of assoc_keys, and the end */
  AssocOut row;           /* Writes into mem */
  u8 bBytes, bClock;      /* There is a budget of bytes, of time */
  u32 nClock;             /* Rows that came, for a look at the clock */
  int rc;                 /* First error of the callbacks of SQLite */
  AssocNode *pDirect;     /* Its rows are written directly into the result, or
                          ** will be: direct.c; or 0 */
  AssocDirect *pAhead;    /* The result as it was written directly, or 0 */
  int nLevel;             /* Levels of all recursions above the row being
                          ** gathered */
  i64 nPulse;             /* Bytes of the result at the last pulse */
  AssocRun *pOuter;       /* The run during which this one runs, or 0 */
};

/* What the connection keeps for runs: see cache.c. */
typedef struct AssocLoadState AssocLoadState;
struct AssocLoadState {
  AssocPlan *pPlan; /* OWNED: compiled plans, the last used first */
  int nPlan;        /* Plans in that list */
  int nMost;        /* Plans that are kept: assoc_config('plans') */
  AssocRun *pRun;   /* The run whose rows assoc_emit() takes */
  AssocTake *pTake; /* Takes the ids of assoc_take(), or 0 */
  AssocArena mem;   /* OWNED: memory of the last run, for the next */
  AssocArena fix;   /* OWNED: the same */
  AssocStmt pulse;  /* A short statement that an interrupt ends */
  u8 eForce;        /* ASSOC_FORCE_*: for tests of the strategies */
};
#define ASSOC_FORCE_NOT 0    /* The runner chooses */
#define ASSOC_FORCE_LOOKUP 1 /* Lookups, where there is one */
#define ASSOC_FORCE_SCAN 2   /* Scans, where there is one */

/* The connection's state, made at first use. 0 after an error. */
AssocLoadState *assocLoadState(AssocCall *pCall);

/* The statement of pFetch outside a run, for a plan without parameters. 0 after
** an error. */
sqlite3_stmt *assocFetchPlain(AssocCall *pCall, AssocPlan *pPlan,
                              AssocFetch *pFetch);
/* EXPLAIN QUERY PLAN of pFetch. The literals are bound, since SQLite's choice of a
** partial index depends on them; parameters stay NULL. OUT: the caller finalizes
** it. 0 after an error. */
sqlite3_stmt *assocFetchExplain(AssocCall *pCall, AssocPlan *pPlan,
                                const AssocFetch *pFetch);
/* Does the statement read rows of a table that it finds by an index? */
int assocFetchReads(AssocCall *pCall, AssocPlan *pPlan,
                    const AssocFetch *pFetch);
/* Reset the statement, and unbind the caller's values: ?1 to ?nKey, and all
** that are not literals of the shape. */
void assocFetchClose(AssocFetch *pFetch, int nKey);
/* Start a run. assocRunEnd() frees all that it has, also after an error. */
void assocRunStart(AssocCall *pCall, AssocRun *pRun, AssocPlan *pPlan,
                   const AssocArgs *pArgs);
/* The memory of the rows goes back to the connection, for its next run. The
** plan stays with the caller. */
void assocRunEnd(AssocRun *pRun);
/* Fetch the rows of the root; then those of all other nodes. */
void assocRunRoot(AssocRun *pRun);
/* A parent has a smaller number than its children, so its rows are there
** first. */
void assocRunChildren(AssocRun *pRun);
/* Append the JSON of a row with all that is below. */
void assocGatherRow(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                    const AssocRow *pRow);

/* The bytes of a row's own text, without children. */
i64 assocGatherBytes(const AssocRow *pRow);
/* A run of ONCE: the related row that apOwn tells from the others, and its node;
** 0 if there is none. *piRow is where the search begins, 0 at first, and then the
** place behind the row: the rows are asked for in their order. */
const AssocRow *assocGatherRelated(AssocRun *pRun, sqlite3_value **apOwn,
                                   u32 *piRow, const AssocNode **ppNode);

/* Load a plan of EAGER, FIND or GET. *pbNull: there is nothing to give.
** OUT: the JSON, *pn bytes, nul-terminated, freed with sqlite3_free(). */
char *assocRunJson(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   i64 *pn, int *pbNull);
/* Finish the text of a result of the plan. OUT: *pn bytes, freed with
** sqlite3_free(); 0 after an error, of which the plan's root is the place. */
char *assocRunText(AssocCall *pCall, const AssocPlan *pPlan, AssocOut *pOut,
                   i64 *pn);
/* The error that the result is longer than nMax, at a path, or (0) as a whole. */
void assocRunTooBig(AssocCall *pCall, i64 nMax, const char *zPath);
/* The answer of a plan of COUNT or HAS. apTarget is the key that HAS asks for;
** if it is 0, the answer of HAS is whether the source row exists. */
i64 assocRunAnswer(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   sqlite3_value **apTarget);

/*
** A query whose roots are given out one at a time. They are loaded in batches.
** The first batch has one root, later ones as many as fit into a megabyte,
** judging by the batch before, so memory does not grow with the result. But if
** an association has no index, a batch grows to 1/32 of all roots.
*/
typedef struct AssocStream AssocStream;
/* OUT: freed with assocStreamClose(), also after an error. The arguments, among
** which is no key, are copied. */
AssocStream *assocStreamOpen(AssocCall *pCall, AssocPlan *pPlan,
                             const AssocArgs *pArgs);
/* If the plan's root is keyed: give out the root with this key, too, which is
** copied. Before assocStreamNext(). A key with NULL finds nothing. */
void assocStreamSeek(AssocCall *pCall, AssocStream *p, sqlite3_value **apKey);
/* Begin anew without keys, and with the same arguments. */
void assocStreamRewind(AssocCall *pCall, AssocStream *p);
/* The same, and go to the root with one id: a join asks for one after another. 1 if
** the root is there, 0 if it is not, or after an error; -1 if the id has to be
** asked for by assocStreamSeek(). */
int assocStreamJoin(AssocCall *pCall, AssocStream *p, sqlite3_value *pId);
/* The caller will read no more than nRow roots, if nRow is above 0. nRow is
** only a hint. */
void assocStreamExpect(AssocStream *p, i64 nRow);
/* What the caller does not want to see. Before the first assocStreamNext(), of a
** plan with ASSOC_ASK_RANGE or ASSOC_ASK_PAST. Roots outside of iFrom to iTo may be left
** out, the caller looks at their keys again. The first nPast are left out. */
void assocStreamBounds(AssocStream *p, i64 iFrom, i64 iTo, i64 nPast);
/* With bSkip: do not load children, since nobody reads the JSON. */
void assocStreamSkip(AssocStream *p, int bSkip);
/* Go to the next root; the first call goes to the first. False at the end. */
int assocStreamNext(AssocCall *pCall, AssocStream *p);
/* The JSON of the root. OUT: *pn bytes, freed with sqlite3_free(). */
char *assocStreamJson(AssocCall *pCall, AssocStream *p, i64 *pn);
/* The values of the root's key, in the order of its model's aKey. Borrowed. */
sqlite3_value **assocStreamKey(AssocStream *p);
/* Free the stream, also in the middle. p may be 0. */
void assocStreamClose(AssocCall *pCall, AssocStream *p);

/*
** Integer ids that a statement hands over in one step, as arguments of the
** internal aggregate assoc_take(): the ids of one source row, or all pairs of a
** source's key and an id.
*/
struct AssocTake {
  AssocKeymap map;   /* Pairs: numbers of the source keys */
  AssocKeymap ids;   /* The ids that exist, while pairs are read with bIds */
  AssocKeymap *pSet; /* BORROWED: one of these, while it is filled, or 0 */
  u8 bPairs;         /* Pairs, not ids alone */
  u8 bRowid;         /* Pairs: keys are integers, and collected in aKey */
  u8 bKeys, bIds;    /* Pairs whose key or id is not in its map do not count */
  u8 bDense;     /* The source key iBase+i has the number i, without a map */
  i64 iBase;     /* See bDense */
  u32 nSlot;     /* Pairs: numbers of source keys */
  i64 *aId;      /* OWNED: the ids, n of them */
  i64 *aKey;     /* OWNED: pairs that come in, bRowid: the source of each */
  u32 *aSlot;    /* OWNED: its number */
  u32 *aFirst;   /* OWNED: pairs: where the ids of each source begin; one
                 ** more is where the last ones end */
  u32 n, nAlloc; /* Ids, and room for ids */
  int rc;        /* SQLITE_OK or SQLITE_NOMEM */
};
/* Run a statement of assoc_take(), whose values are bound. */
void assocTakeRun(AssocCall *pCall, AssocTake *pTake, sqlite3_stmt *pStmt);
/* Read all pairs, and put the ids of each source together. pTake is empty. */
void assocTakePairs(AssocCall *pCall, AssocPlan *pPlan, AssocPairs *pPairs,
                    AssocTake *pTake);
/* The ids of one source out of the pairs, *pn of them. Borrowed. */
i64 *assocTakeOf(AssocCall *pCall, AssocTake *pTake, sqlite3_value **apKey,
                 u32 *pn);
/* Sort the ids of one source, ascending. */
void assocTakeSort(AssocCall *pCall, i64 *aId, u32 n);
/* Free the ids. pTake is zeroed and can be used again. */
void assocTakeClear(AssocTake *pTake);
/* Register the aggregate that fills such lists. Returns a result code. */
int assocTakeRegister(AssocConn *pConn);

/* Does an index serve the node's lookup, and all that it asks? */
int assocNodeSeeks(AssocCall *pCall, AssocNode *pNode);
/* Should a node be scanned for nKey keys? Else it is looked up. *peWhy is set
** to ASSOC_WHY_*, *pnWanted to the rows expected, or 0 if they were not
** estimated. */
int assocChoose(AssocCall *pCall, AssocNode *pNode, i64 nKey, u8 *peWhy,
                i64 *pnWanted);

/* Should the table related read the pairs of all keys now, after it looked up
** nKey keys, which had nId ids? */
int assocChoosePairs(AssocCall *pCall, AssocNode *pRoot,
                     const AssocPairs *pPairs, i64 nKey, i64 nId);

/* The same load as one statement that runs without the extension. An error for
** what plain SQL cannot express. OUT: freed with sqlite3_free(). */
char *assocPlanSql(AssocCall *pCall, AssocPlan *pPlan);
/* Raise an error if the text goes beyond a limit of SQLite. */
void assocTextFits(AssocCall *pCall, const char *zSql);

/* Register assoc_emit() and assoc_enough(), by which statements hand over rows.
** The second also tells when a key has all wanted rows. */
int assocEmitRegister(AssocConn *pConn);
/* Returns a result code, as assocEmitRegister() does. */
int assocEnoughRegister(AssocConn *pConn);
/* Register the table assoc_keys, which has the keys of a lookup. */
int assocKeysRegister(AssocConn *pConn);

#endif /* ASSOC_LOAD_H */
