/*
** The engine: a shape and a model make a plan, a plan and parameters make
** JSON.
**
**   node    a node as it is made: its values, parts and keys
**   plan    from tree and model to nodes
**   stmt    what the statements of nodes share; stmt.h
**   lookup  those that look up keys
**   scan    those that go through all rows
**   value   those of aggregates
**   answer  those that one row is asked, without nodes
**   page    cursors
**   nested  a plan as one nested SELECT: assoc_sql()
**   cache   the plans of a connection
**   bind    the values of statements
**   choose  which of the two ways
**   run     fetching the rows of each node
**   bucket  the lists that they are put in
**   keys    the keys of a lookup, as a table
**   gather  putting their JSON together
**
** A plan is a tree of nodes. The root gives the rows that were asked for,
** every other node the rows that are related to the rows of its parent. A
** run goes through the nodes from the root down, one level of rows at a
** time, so that each node is asked once for all its parents:
**
**   1. The rows of a node are written as JSON text, each once, into an
**      arena. Their keys go into the keymap of every child node, which
**      numbers the distinct keys: each has a bucket.
**   2. The child node fetches its rows and puts each into its bucket: by
**      lookup, with a statement that goes through the keys, or is run for
**      each, or by a scan of the whole table, where a key that no parent has
**      is passed over.
**   3. When all nodes have their rows, the text is gathered into one buffer:
**      a row, and in it the buckets of its children. Every byte of a row is
**      copied once for each place that it appears in.
**
** To-one and to-many are alike: a bucket that has at most one row is shared
** by all parents with that key, so a row that many parents refer to is read
** and written once.
*/
#ifndef ASSOC_LOAD_H
#define ASSOC_LOAD_H

#include "sql/sql.h"

typedef struct AssocArgs AssocArgs;
typedef struct AssocBucket AssocBucket;
typedef struct AssocFetch AssocFetch;
typedef struct AssocNode AssocNode;
typedef struct AssocPart AssocPart;
typedef struct AssocPlan AssocPlan;
typedef struct AssocRow AssocRow;
typedef struct AssocRun AssocRun;
typedef struct AssocTake AssocTake;

/* ------------------------------------------------------------------- plan */

/* A member of the object that a row becomes, in the order of the output. */
struct AssocPart {
  u8 eType;          /* ASSOC_PART_* */
  u8 eJson;          /* COLUMN: ASSOC_JSON_* */
  int iArg;          /* COLUMN: which value of the row */
  int iRaw;          /* COLUMN: which value has it as JSON, or -1 */
  u8 bBlob;          /* COLUMN: may well hold blobs, going by its type */
  u8 bInner;         /* COLUMN: of an object inside, whose name came before */
  const char *zName; /* The key, as the caller spelt it */
  const char *zKey;  /* The text before the value: ,"title": */
  int nKey;          /* Its bytes; ASSOC_KEY_PAD more can be read */
  AssocNode *pNode;  /* CHILD, SPREAD; of several branches the first */
  AssocPart *pNext;
};
#define ASSOC_KEY_PAD 16

#define ASSOC_PART_COLUMN 0
#define ASSOC_PART_CHILD 1  /* A row, a list of rows, a value, or a page */
#define ASSOC_PART_SPREAD 2 /* The members of a row, among one's own */
#define ASSOC_PART_TEXT 3   /* Only zKey: the ends of a nested object */

/* The next member; an object inside, of which it is the first part, is one. */
static inline const AssocPart *assocPartAfter(const AssocPart *pPart) {
  if (pPart->eType == ASSOC_PART_TEXT && pPart->zName) {
    while (pPart->pNext->eType != ASSOC_PART_TEXT) pPart = pPart->pNext;
    pPart = pPart->pNext;
  }
  return pPart->pNext;
}

/* How a statement hands over its rows. */
struct AssocFetch {
  AssocStmt stmt;
  const char *zSql;     /* 0: there is no such way */
  u8 bEmit;             /* All rows in one step, as arguments of assoc_emit() */
  u8 bTake;             /* Or of assoc_enough(), which keeps the limits */
  u8 bSort;             /* Ids that assoc_take() is given are to be sorted */
  AssocBind *pBind;     /* What it is given, beside keys */
  u32 nBound;           /* stmt.nMade when its literals were bound */
  AssocChoice *pChoice; /* How its conditions on related rows are asked */
};

/* The table related: all pairs of a key and an id that goes with it. */
typedef struct AssocPairs AssocPairs;
struct AssocPairs {
  AssocFetch fetch;
  AssocKeyRule rule;  /* How keys compare */
  const char *zIndex; /* By which the ids of one key are looked up, or 0 */
};

/* The page that a node is, if it is one. */
typedef struct AssocPage AssocPage;
struct AssocPage {
  u8 bWrap;           /* {"nodes":…}, not just the list */
  u8 bBack;           /* last/before: read backwards and turned round */
  ShapeVal *pMost;    /* first or last, or the limit */
  int nTerm;          /* Values of a cursor */
  ShapeSort *aTerm;   /* The order that they are in, the key at the end */
  int *aiArg;         /* The node's values that they are */
  u32 nPrint;         /* Tells cursors of this order from others */
  AssocNode *pCount;  /* How many rows there are in all, or 0 */
  AssocNode *pBehind; /* Whether there are rows behind the cursor, or 0 */
};

struct AssocNode {
  AssocPlan *pPlan;
  int iNode; /* Place in pPlan->apNode; a parent has a smaller one */
  int nDepth;
  AssocNode *pParent;
  const char *zPath;       /* "posts.comments"; of the root its model */
  AssocModel *pModel;      /* Whose rows these are */
  AssocRel *pRel;          /* How they relate to the parent's; 0 for the root */
  const ShapeItem *pItem;  /* 0 for the root */
  const ShapeItem *pBlock; /* What is wanted of a row */
  const ShapeClauses *pClauses; /* With what scopes add; or 0 */
  const ShapeKey *pValue; /* The aggregate that this is, instead of rows */
  AssocNode *pAlso;       /* Another aggregate of the same rows: they are read
                          ** once for both where they are scanned */
  AssocPage *pPage;       /* Or 0 */
  u8 bRows;               /* It gives rows, and no value */
  u8 bMany;               /* A list of rows */
  u8 bOne;                /* An index says that there is one at most */
  u8 bAt;                 /* It has columns of the join row */
  u8 bSpread;         /* Written without braces, among the parent's members */
  u8 bLists;          /* Of a to-many that is spread: each member of its rows is
                      ** written apart from the others, in a list of its own */
  u8 bLimit;          /* A parent has but some of its rows */
  u8 bDown;           /* Through a path of hasMany: one way to each row */
  u8 bKeyed;          /* The root: found by its key, the first parameters */
  u8 bRecurse;        /* Its rows have rows of it for children */
  int nRecurse;       /* How many levels of them; 0: all */
  const char *zType;  /* A polymorphic target: what the type column holds */
  int iType;          /* And which value of the parent's row that is */
  AssocNode *pBranch; /* The next target of the same association */
  AssocPart *pPart;   /* The members of a row */
  int nSplit;         /* CHILD and SPREAD parts, with bLists all: places in a
                      ** row's text */
  const char *zEmpty; /* SPREAD: the text of a missing row; else its JSON */
  int nEmpty;
  AssocNode *pChild; /* Those that have this for their parent */
  int nChild;        /* How many */
  int iChild;        /* Place among those of the parent */
  AssocNode *pNext;  /* The next of the same parent */

  /* The values of a row, in the order of a statement's columns: with a scan
  ** first the nScanKey values of the key by which it finds its parent, or none
  ** if they are those from iScanKey on of the row's own. */
  int nKey, nScanKey, iScanKey;
  const AssocKeyRule *aRule; /* How keys compare */
  const char **azKey;        /* SQL of the key in one's own rows */
  int nArg;                  /* Values beside the key */
  AssocArg *aArg;
  int *aiSource; /* The parent's values that are the key; of a root whose
                 ** rows are given out, its own */
  int *aiSelf;   /* Recursion: one's own values that are the next key */

  u8 bChanges;        /* Values of the key change as they are compared */
  u8 bPlus;           /* A parent's value is to lose its affinity for that */
  u8 bLookupOnly;     /* Keys of a collation that a keymap cannot serve */
  u8 bSorted;         /* A scan sorts its rows */
  int eOrder;         /* A lookup's come in order: 1, they do not: -1 */
  u8 bDear;           /* A lookup goes through a whole table all the same */
  const char *zIndex; /* The index of a lookup; "": the table's own key */
  AssocFetch lookup, scan;
  AssocFetch ends;    /* Many to many: the targets, each once, and the scan
                         ** is of the join rows that lead to them; or none */
  AssocKeyRule *aEnd; /* How the join rows compare with them */
  AssocFetch lookupAt, scanAt; /* The same of a page at a cursor */
  AssocFetch lookupOne;        /* Of one key, if that of all keys has bTake */
  u8 bSorts;                   /* That one sorts: it is not to be used */
  AssocFetch back;             /* The table related: sources of one target */
  AssocPairs pairs, backPairs; /* The same and the lookup, of all at once */
  AssocFetch again;      /* With "^": a row that was found, as a source's key */
  i64 nActual;           /* Rows of the last run, or -1 */
  const char *zStrategy; /* What the last run did, or 0 */
  const char *zWhy;      /* And why */
};
/* Is its list given as a page? The values that a page asks for beside its list
** know the page too, but are none. */
#define assocNodeIsPage(p) ((p)->pPage && (p)->pPage->bWrap && !(p)->pValue)
/* Words behind a row's header: see AssocRow. */
#define assocNodeWords(p) ((p)->nSplit + (p)->nChild + (p)->bRecurse)

struct AssocPlan {
  AssocArena mem;
  AssocCatalog *pCat; /* A reference */
  const char *zText;  /* What it was compiled from */
  const char *zModel; /* And with which model; 0 for a query */
  AssocShape *pShape;
  AssocNode *pRoot;
  int nNode;
  AssocNode **apNode; /* A parent before its children */
  int nName;          /* Names of :name parameters */
  const char **azName;
  AssocStmt names;   /* Takes the object of names apart */
  AssocRel *pAnswer; /* The association that COUNT and the like ask about */
  int iTargetVar;    /* HAS: the ?number before those of the target's key */
  int iAgainVar;     /* "^": the ?number that says that the source was found */
  u8 eAsk;           /* ASSOC_ASK_* */
  u8 bBusy;          /* A run uses it */
  u32 nHash;
  AssocPlan *pNext; /* In the cache, the last used first */
};

/* What is asked of a plan: the same text means different things. */
#define ASSOC_ASK_EAGER 0 /* A query: a list of rows */
#define ASSOC_ASK_FIND 1  /* A row by its key, in a shape */
#define ASSOC_ASK_GET 2   /* What is related to a row by an item */
#define ASSOC_ASK_COUNT 3 /* How many rows that would be */
#define ASSOC_ASK_HAS 4   /* Whether a row of that key is among them */
#define ASSOC_ASK_ROWS 5  /* A query, its roots one at a time */
#define ASSOC_ASK_ASC 6   /* The same in the order of their keys */
#define ASSOC_ASK_DESC 7
#define ASSOC_ASK_KEY 8 /* The same for one key */
#define ASSOC_ASK_IDS 9 /* Statements for the table related: see answer.c */
#define ASSOC_ASK_LINKS 10
#define ASSOC_ASK_COLUMNS 11
#define ASSOC_ASK_ONCE 12 /* As GET, without what "^" repeats */

/* A compiled plan, from the cache or new, marked busy. zModel is 0 for a
** query, which names its model itself. */
AssocPlan *assocPlanGet(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                        const char *zModel, const char *zText);
void assocPlanRelease(AssocCall *pCall, AssocPlan *pPlan);
/* Compile one that is not cached. */
AssocPlan *assocPlanCompile(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                            const char *zModel, const char *zText);
void assocPlanFree(AssocPlan *pPlan);

/* Between node.c and plan.c, which make nodes, and those who write their SQL:
** stmt.h. */
typedef struct AssocPlanner AssocPlanner;
struct AssocPlanner {
  AssocCall *pCall;
  AssocPlan *pPlan;
  AssocArena *pArena; /* pPlan->mem */
  int bReverse;       /* PRAGMA reverse_unordered_selects is on */
  int nFunctionArg;   /* Most arguments of a function */
};
void *assocPlannerAlloc(AssocPlanner *p, size_t n);
/* An error at an item, or without a place where pItem is 0. */
void assocPlannerError(AssocPlanner *p, const ShapeItem *pItem,
                       const char *zFmt, ...);

/* A new node, the last child of its parent. zPath is for messages. */
AssocNode *assocNodeNew(AssocPlanner *p, AssocNode *pParent, AssocModel *pModel,
                        const char *zPath, const ShapeItem *pItem);
const char *assocNodePath(AssocPlanner *p, AssocNode *pParent,
                          const char *zName);
/* Its keys: what the parent gives, how it compares, which index serves. */
void assocNodeKeys(AssocPlanner *p, AssocNode *pNode, const AssocKey *pUp,
                   const AssocKey *pOwn, AssocTable *pTab, int bOwnIsParent);
void assocNodeRelKeys(AssocPlanner *p, AssocNode *pNode);
/* The numbers of values among the node's, which are added if they are new:
** what an order sorts by, a column, and a JSON column as json() gives it. */
int assocNodeArg(AssocPlanner *p, AssocNode *pNode, const ShapeKey *pKey);
int assocNodeColumnArg(AssocPlanner *p, AssocNode *pNode,
                       const AssocTable *pTab, int iCol, int iAlias);
int assocNodeRawArg(AssocPlanner *p, AssocNode *pNode, int iArg);
/* A part of its text, the last; zName is its key, or 0. */
AssocPart *assocNodePart(AssocPlanner *p, AssocNode *pNode, int eType,
                         const char *zName);
/* Take away the spreads that have no members, once all are complete. */
void assocNodeDropEmpty(AssocPlanner *p, AssocNode *pNode);
/* The text before a part's value: a brace or a comma, and the key. */
void assocNodePartKey(AssocPlanner *p, AssocPart *pPart, const char *zBefore,
                      const char *zName, const char *zAfter);
/* An error if the block has the key already. */
void assocNodeCheckKey(AssocPlanner *p, AssocNode *pNode,
                       const ShapeItem *pItem, const char *zName);
void assocNodeColumn(AssocPlanner *p, AssocNode *pNode, const ShapeItem *pItem,
                     int iCol, const char *zName);
/* What stands where no row is. Its parts are complete. */
void assocNodeEmpty(AssocPlanner *p, AssocNode *pNode);

/* The statements of a node: the two ways to its rows, or to its value. */
void assocStmtLookup(AssocPlanner *p, AssocNode *pNode);
void assocStmtScan(AssocPlanner *p, AssocNode *pNode);
void assocStmtValue(AssocPlanner *p, AssocNode *pNode);
/* The scan of a value again, once others have joined it: pAlso. */
void assocStmtValueScan(AssocPlanner *p, AssocNode *pNode);
/* A node's lookup as a subquery of its parent's, and the aggregate that it
** is: for assoc_sql(). */
void assocStmtNested(AssocSql *p, AssocNode *pNode);
void assocStmtNestedValue(AssocSql *p, AssocNode *pNode);
/* The same as a table of its own, and which rows of that are one parent's. */
void assocStmtNestedAll(AssocSql *p, AssocNode *pNode);
void assocStmtNestedOf(AssocSql *p, AssocNode *pNode);
void assocStmtAnswer(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                     AssocRel *pRel);
void assocStmtRelated(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      AssocRel *pRel);
/* Start a statement in the plan's arena. assocSqlEnd() ends it. */
void assocPlannerSql(AssocPlanner *p, AssocSql *pSql);

/* ------------------------------------------------------------------- page */

/* The order of a node as the terms of a cursor. */
void assocPageTerms(AssocPlanner *p, AssocNode *pNode);
/* " AND (…)": rows that stand after the cursor pVal in the node's order, or
** before it; with bNot those that do not. */
void assocPageAfter(AssocSql *p, AssocNode *pNode, int iAlias,
                    const ShapeVal *pVal, int bBefore, int bNot);
/* Write the cursor of a row, whose values are apVal, in quotes. */
void assocPageCursor(AssocOut *pOut, const AssocNode *pNode,
                     sqlite3_value **apVal);
/* Bind value iPart of a cursor; an error if it is none of the node's. */
void assocPageBind(AssocCall *pCall, const AssocNode *pNode,
                   sqlite3_stmt *pStmt, int iVar, int iPart, const char *z,
                   int n);

/* -------------------------------------------------------------------- run */

/* The values that a caller gives with a shape. */
struct AssocArgs {
  int nKey;
  sqlite3_value **apKey; /* The key of the root, where one is asked for */
  int nVal;
  sqlite3_value **apVal; /* ?1, ?2, …, or the object of names and these */
};

/* A row, in the arena of the run: aWord, and behind it nText bytes of text
** which begin with a comma, so that a list is its rows one after another. */
struct AssocRow {
  u32 nText;
  u32 aWord[]; /* nSplit offsets into the text, where a child goes; then
                   ** for each child node the number of its bucket */
};

/* The rows that belong to one key. */
struct AssocBucket {
  u32 iRow, nRow; /* Which they are, once all have come */
  i64 nCame;      /* How many came so far, if there are limits */
  u8 bMore;       /* A page has more rows than it gives */
  u8 bOpen;       /* It is being gathered: to meet it again is a circle */
  u8 bFetched;    /* Its rows are here */
};

/* A node while it runs. Its arrays are in the arena. */
typedef struct AssocNodeRun AssocNodeRun;
struct AssocNodeRun {
  AssocKeymap map;      /* Keys that the parents' rows have */
  AssocBucket *aBucket; /* One for each */
  u32 nBucket;          /* Room for so many */
  i64 nOffset, nMost;   /* Rows of a bucket to pass over, and to keep */
  AssocRow **apRow;     /* The rows as they came, in the end by bucket */
  u32 *aiList;          /* The bucket of each, as they came */
  u32 nRow, nRoom;
  u8 bHere;         /* All rows came together with those of another */
  AssocKeymap ends; /* Many to many, scanned: keys of the targets */
  AssocRow **apEnd; /* And their rows, which many lists may have */
  u32 nEnd;         /* Room for so many */
};
#define ASSOC_LIST_ALL ((i64)1 << 62)
/* Rows that are fetched into the processor's cache before their turn; the
** array has room for as many more than there are. */
#define ASSOC_LIST_AHEAD 4

/* The first row of a bucket, or 0. */
static inline const AssocRow *assocListFirst(const AssocNodeRun *p,
                                             u32 iBucket) {
  const AssocBucket *pBucket;
  if (iBucket == ASSOC_NOSLOT || p->aBucket == 0) return 0;
  pBucket = &p->aBucket[iBucket];
  return pBucket->nRow ? p->apRow[pBucket->iRow] : 0;
}

/* Is the next row of a bucket one to keep? */
static inline int assocListTakes(AssocNodeRun *p, u32 iBucket) {
  i64 i;
  if (p->nMost == ASSOC_LIST_ALL && p->nOffset == 0) return 1;
  i = p->aBucket[iBucket].nCame++ - p->nOffset;
  return i >= 0 && i < p->nMost;
}

struct AssocRun {
  AssocCall *pCall;
  AssocPlan *pPlan;
  AssocArgs args;
  sqlite3_value **apNamed; /* OWNED: values of pPlan->azName */
  AssocNodeRun *aNode;     /* For each node of the plan */
  AssocArena mem;          /* Rows and buckets */
  AssocArena fix;          /* apNamed and aNode, which last to the end */
  AssocNode *pNode;        /* Whose rows come */
  int nEmit;               /* Values of a row that assoc_emit() is given */
  void (*xEmit)(AssocRun *, AssocNode *, sqlite3_value **); /* Takes it */
  u8 eKeys;         /* ASSOC_KEYS_*: whether assoc_keys may be read */
  u32 iKey, nKey;   /* The key that is looked up, and where they end */
  AssocOut row;     /* Writes into mem */
  int rc;           /* First error while rows came */
  int nLevel;       /* Levels of recursion that gather is in */
  i64 nPulse;       /* Bytes of the result at the last pulse */
  AssocRun *pOuter; /* The run in which this one runs */
};

#define ASSOC_KEYS_NONE 0
#define ASSOC_KEYS_READY 1 /* By one cursor, from iKey on */
#define ASSOC_KEYS_GIVEN 2 /* It has been opened, and stands at iKey */

/* What the connection keeps for runs: see cache.c. */
typedef struct AssocLoadState AssocLoadState;
struct AssocLoadState {
  AssocPlan *pPlan; /* OWNED: compiled plans, the last used first */
  int nPlan;
  AssocRun *pRun;   /* The run whose rows assoc_emit() takes */
  AssocTake *pTake; /* Where the ids go that assoc_take() is given */
  AssocArena mem;   /* OWNED: memory of the last run, for the next */
  AssocStmt pulse;  /* Sees whether somebody wants to interrupt */
  i64 nLast;        /* Bytes of the last result */
  u8 eForce;        /* ASSOC_FORCE_*: for tests of the strategies */
};
#define ASSOC_FORCE_NOT 0
#define ASSOC_FORCE_LOOKUP 1
#define ASSOC_FORCE_SCAN 2

/* Bytes of memory that a run leaves for the next. */
#define ASSOC_KEEP_MEMORY ((i64)16 << 20)

AssocLoadState *assocLoadState(AssocCall *pCall);

/* The statement of pFetch, with all values bound that it has beside a key; 0
** after an error. */
sqlite3_stmt *assocFetchOpen(AssocRun *pRun, AssocFetch *pFetch);
/* The same outside a run, for a plan without parameters. */
sqlite3_stmt *assocFetchPlain(AssocCall *pCall, AssocPlan *pPlan,
                              AssocFetch *pFetch);
/* Bind the key that the caller gave to the first parameters. */
void assocFetchKey(AssocRun *pRun, sqlite3_stmt *pStmt);
/* Reset it, and let go of a caller's values: of the first nKey parameters, and
** of all that are no literals. */
void assocFetchClose(AssocFetch *pFetch, int nKey);
/* A limit or offset; -1 for NULL, which is none. A cursor as text, *pn bytes; 0
** for NULL. */
i64 assocBindCount(AssocRun *pRun, const ShapeVal *pVal);
const char *assocBindCursor(AssocRun *pRun, const ShapeVal *pVal, int *pn);
/* As many values as the shape asks for are to be given; take those of :names
** out of their object. */
void assocBindCheck(AssocRun *pRun);
void assocBindNames(AssocRun *pRun);

/* Start a run; what it takes is released by assocRunEnd(). */
void assocRunStart(AssocCall *pCall, AssocRun *pRun, AssocPlan *pPlan,
                   const AssocArgs *pArgs);
void assocRunEnd(AssocRun *pRun);
/* Fetch the rows of the root, or of all nodes below it; or make ready for
** roots that are added one by one. */
void assocRunRootStart(AssocRun *pRun);
void assocRunRoot(AssocRun *pRun);
void assocRunChildren(AssocRun *pRun);
/* The error that the result is too big, at a path or (0) as a whole. */
void assocRunTooBig(AssocCall *pCall, const char *zPath);
/* Be interrupted, if somebody wants that, where no statement runs. */
void assocRunPulse(AssocRun *pRun);
/* Put a row of pNode, whose values are apVal, into a bucket. */
void assocRunRow(AssocRun *pRun, AssocNode *pNode, u32 iBucket,
                 sqlite3_value **apVal);
/* Forget the rows, keep the memory. */
void assocRunClear(AssocRun *pRun);
/* Add the row that pStmt stands on. */
void assocRunStep(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                  u32 iBucket);

/* Room for n buckets; those there are stay. */
int assocListNeed(AssocRun *pRun, AssocNodeRun *pState, u32 n);
/* The same for n targets of many to many. */
int assocListEnds(AssocRun *pRun, AssocNodeRun *pState, u32 n);
/* The limits of each bucket, where rows come that were not limited before. */
void assocListLimits(AssocRun *pRun, const AssocNode *pNode, int bHere);
/* Room for one row more, and for those that are read ahead. */
int assocListRoom(AssocRun *pRun, AssocNodeRun *pState);
/* A row has come; and at last: all rows have. */
static inline void assocListAdd(AssocRun *pRun, AssocNodeRun *pState,
                                u32 iBucket, AssocRow *pRow) {
  if (ASSOC_UNLIKELY(pState->nRow + ASSOC_LIST_AHEAD >= pState->nRoom) &&
      !assocListRoom(pRun, pState)) {
    return;
  }
  pState->apRow[pState->nRow] = pRow;
  pState->aiList[pState->nRow++] = iBucket;
}
void assocListEnd(AssocRun *pRun, AssocNodeRun *pState);
/* The lists of a page as they are given, when all rows are there. */
void assocListPages(AssocRun *pRun, const AssocNode *pNode, u32 nBucket);

/* Write a bucket or a row, and all that is below. */
void assocGatherBucket(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       u32 iBucket);
void assocGatherRow(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                    const AssocRow *pRow);

/* Of a run of GET: the related row of this number, from 0, and its node; 0 if
** there are not as many. */
const AssocRow *assocGatherRelated(AssocRun *pRun, u32 iRow,
                                   const AssocNode **ppNode);

/* Load a plan of EAGER, FIND or GET. *pbNull: there is nothing to give.
** OUT: the JSON, *pn bytes, nul-terminated, freed with sqlite3_free(). */
char *assocRunJson(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   i64 *pn, int *pbNull);
/* The answer of a plan of COUNT or HAS. apTarget: the key HAS asks for; if it
** is 0, whether the source row is there. */
i64 assocRunAnswer(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   sqlite3_value **apTarget);

/*
** A query whose roots are given out one at a time. They are loaded in
** batches, the first of one root and later ones of as many as a megabyte holds,
** going by the batch before, so that memory does not grow with the result. But
** where whole tables are gone through for each batch, it is a part of all roots.
*/
typedef struct AssocStream AssocStream;
/* OUT: closed with assocStreamClose(). The arguments are copied. */
AssocStream *assocStreamOpen(AssocCall *pCall, AssocPlan *pPlan,
                             const AssocArgs *pArgs);
/* Say that the children are not wanted. */
void assocStreamSkip(AssocStream *p, int bSkip);
/* Go to the next root, which is the first at the start. True if there is
** one. */
int assocStreamNext(AssocCall *pCall, AssocStream *p);
/* The JSON of the root. OUT: *pn bytes, freed with sqlite3_free(). */
char *assocStreamJson(AssocCall *pCall, AssocStream *p, i64 *pn);
/* The values of its key: of pPlan->pRoot->pModel->aKey. */
sqlite3_value **assocStreamKey(AssocStream *p);
void assocStreamClose(AssocCall *pCall, AssocStream *p);

/*
** Integer ids that a statement gives all in one step, as arguments of the
** internal aggregate assoc_take(): of one source row, or of all with the key
** of the source before each.
*/
struct AssocTake {
  AssocKeymap map; /* Pairs: numbers of the source keys */
  int bPairs;
  i64 *aId;   /* OWNED: the ids, n of them */
  u32 *aNext; /* OWNED: pairs: the next of the same source, plus one */
  u32 *aHead; /* OWNED: pairs: the first of each source, plus one */
  u32 *aTail;
  u32 n, nAlloc, nHead;
  int rc;
};
/* Run the statement of pFetch, whose values are bound. */
void assocTakeRun(AssocCall *pCall, AssocTake *pTake, sqlite3_stmt *pStmt);
/* The ids of one source out of the pairs of all, nMost at most. */
void assocTakeOf(AssocTake *pTake, AssocTake *pPairs, sqlite3_value **apKey,
                 u32 nMost);
/* Sort the ids of one source, if they are not. */
void assocTakeSort(AssocTake *pTake);
void assocTakeClear(AssocTake *pTake);
int assocTakeRegister(AssocConn *pConn);

/* How a node would be fetched for nKey parents, and why: a text that lasts. */
int assocChoose(AssocCall *pCall, AssocNode *pNode, i64 nKey,
                const char **pzWhy, i64 *pnWanted);

/* Whether to take the pairs of all keys, when nKey of them have been looked up
** and had nId ids. */
int assocChoosePairs(AssocCall *pCall, const AssocNode *pRoot,
                     const AssocPairs *pPairs, i64 nKey, i64 nId);

/* The same load as one statement that needs no extension; an error for what
** plain SQL cannot say. OUT: freed with sqlite3_free(). */
char *assocPlanSql(AssocCall *pCall, AssocPlan *pPlan);

/* Register assoc_emit() and assoc_enough(), by which statements hand over rows;
** the second says when a key has all that are wanted. */
int assocEmitRegister(AssocConn *pConn);
int assocEnoughRegister(AssocConn *pConn);
/* Register the table assoc_keys, which has the keys of a lookup. */
int assocKeysRegister(AssocConn *pConn);

#endif /* ASSOC_LOAD_H */
