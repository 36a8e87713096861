/*
** Live documents: a query whose roots are kept as finished JSON in an ordinary
** table. A stored document is the same as eager() gives, or it is known to be
** stale.
**
**   site       the tables that a query reads, and how each leads to the root
**   probe      which rows an INSERT OR REPLACE deletes
**   log        the logs and triggers of base tables, as SQL text
**   climb      from the rows of the logs to the roots that depend on them
**   store      the tables of a live document, and its row in assoc_store
**   plainsql   a document as plain SQL
**   refresh    the one writer of documents
**   recompute  compares the store with documents computed anew
**
** A base table is a table that the query reads. Its triggers write the columns
** that link a changed row to other rows into a log, and nothing else:
**
**   assoc_dirty_posts(id, user_id, assoc_all)
**
** Readers take a document from the store only while the logs of all its base
** tables are empty and its key is not marked; else they compute it.
** assoc_refresh() follows the links of each log row up to the roots, marks
** these, empties the logs, and then computes the marked documents.
**
** No trigger names a table other than its own and its log. So any table can be
** dropped, renamed or rebuilt as if there were no live documents. Such a change
** is found by comparing the texts of sqlite_schema: see assocLiveTexts().
*/
#ifndef ASSOC_LIVE_H
#define ASSOC_LIVE_H

#include "load/load.h"

typedef struct AssocLive AssocLive;
typedef struct AssocLiveSet AssocLiveSet;
typedef struct LiveLink LiveLink;
typedef struct LiveSite LiveSite;
typedef struct LiveTable LiveTable;

/* Names that all live documents of a database share. */
#define LIVE_STORE "assoc_store"   /* One row for each live document */
#define LIVE_LOG "assoc_dirty_"    /* The log of a base table */
#define LIVE_TRIGGER "assoc_live_" /* The triggers of a base table */
#define LIVE_LOG_MAX 100000        /* Most rows of a log; more: all stale */

/* ------------------------------------------------------------------ site */

/* How rows of a site and rows of the site above it belong together: a foreign
** key equals the key that it references. */
struct LiveLink {
  const AssocTable *pRefTab, *pForTab; /* Tables of both keys */
  const AssocKey *pRef, *pFor;         /* Referenced key; foreign key */
  u8 bRefIsUp; /* The site above has the referenced key */
};

/* A place in the query where rows of a table are read. Conditions do not
** matter: a site stands for every row that its links lead to. */
struct LiveSite {
  int iSite;            /* From 0; the site above has a smaller number */
  AssocTable *pTab;     /* The base table */
  LiveSite *pUp;        /* 0: the root */
  LiveLink link;        /* To pUp */
  const AssocRel *pRel; /* The association that leads here; 0: the root */
  u8 eStep;             /* LIVE_STEP_* */
  int iBranch;          /* BRANCH: which target of a polymorphic association */
  LiveSite *pLoop;      /* "^": the rows are those of this site again, or 0 */
  LiveSite *pSelf;      /* The last step of the loop that leads here, or 0 */
  u8 bChild;            /* A site has this one as pUp */
  LiveSite *pNext;      /* The next site of the document */
};
#define LIVE_STEP_ROWS 0   /* The rows of an association without join table */
#define LIVE_STEP_JOIN 1   /* Rows of a join table */
#define LIVE_STEP_TARGET 2 /* What a join row refers to */
#define LIVE_STEP_BRANCH 3 /* Rows of one target of a polymorphic belongsTo */

/* A base table of a database, with what the sites of all its live documents
** need. */
struct LiveTable {
  AssocTable *pTab; /* The base table itself */
  const char *zLog; /* Name of its log */
  const char *zAll; /* Name of the log's last column */
  u8 *abLink;       /* For each column: is it in the log? */
  LiveTable *pNext; /* The next of the database */
};

/* One live document, compiled against the current schema. */
struct AssocLive {
  AssocCall *pCall;     /* That of the set */
  AssocArena *pArena;   /* Of the set */
  AssocSchema *pSchema; /* The database that has its tables */
  const char *zName;    /* As assoc_live() was given it */
  const char *zQuery;   /* The text of the shape */
  const char *zPlan; /* Identifies what the query means now; 0: it is broken */
  const char *zDdl;  /* The texts of its tables and triggers now */
  int bStored;       /* It has a row in assoc_store; then these are its */
  const char *zStoredPlan, *zStoredDdl; /* Differ from these: it changed */
  int bStale;                           /* All its documents are stale */
  AssocModel *pModel;                   /* Of the roots */
  LiveSite *pSite;                      /* The root's site, and all others */
  int nSite;                            /* Number of sites */
  char *zBroken;    /* Why the query cannot be compiled, or 0 */
  AssocLive *pNext; /* The next of the set */
};

/* All live documents of one database. */
struct AssocLiveSet {
  AssocCall *pCall;     /* Receives the first error */
  AssocArena mem;       /* OWNED: everything below */
  AssocCatalog *pCat;   /* A reference */
  AssocSchema *pSchema; /* The database */
  AssocLive *pLive;     /* Its live documents, by name */
  LiveTable *pTable;    /* Base tables of all of them */
};

/* Find all sites of the query and set pModel and zPlan. Raises an error if the
** query cannot be live. */
void assocLiveSites(AssocLive *p, AssocPlan *pPlan);

/* ------------------------------------------------------------- probe, log */

/* The affinity of a column as a type name: "INTEGER", "TEXT", ... "" for
** none. */
const char *assocLiveAffinity(const AssocColumn *pCol);
/* Append "name" TYPE COLLATE x: a column that holds values of pCol. */
void assocLiveColumn(sqlite3_str *pStr, const char *zName,
                     const AssocColumn *pCol);
/* Append INSERT statements that log the rows of the table which a new row
** replaces, for a trigger on INSERT or (bUpdate) UPDATE. With bWhen append the
** condition that there is such a row. */
void assocLiveProbes(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr,
                     const LiveTable *p, int bUpdate, int bWhen);
/* Set abCol of the columns of such indexes, whose UPDATE can replace a row. False
** if it can be any column: abCol says nothing then. */
int assocLiveProbeColumns(AssocCall *pCall, const LiveTable *p, u8 *abCol);
/* Append "a","b": the columns of the log without the last; each behind zBefore,
** such as NEW. */
void assocLiveLinks(sqlite3_str *pStr, const LiveTable *p, const char *zBefore);
/* The name by which a log's own rowid can be read; 0 if its columns have all of
** them. */
const char *assocLiveRowid(const LiveTable *p);
/* Raise an error if there is none. */
void assocLiveNeedRowid(AssocCall *pCall, const LiveTable *p);
/* The columns that identify a row of a table. Raises an error if it has no
** name for its rowid. */
int assocLiveIdentity(AssocCall *pCall, const AssocTable *pTab, int *aCol);

/* The objects of a base table, in the order in which they are created. */
enum {
  LIVE_OBJECT_LOG,
  LIVE_OBJECT_INSERT,
  LIVE_OBJECT_INSERT_REPLACE, /* Rows that the new one replaces */
  LIVE_OBJECT_UPDATE,
  LIVE_OBJECT_UPDATE_LINK, /* The new links, if they are others */
  LIVE_OBJECT_UPDATE_REPLACE,
  LIVE_OBJECT_DELETE,
  LIVE_OBJECT_GUARD,
  LIVE_NOBJECT
};
/* The last part of an object's name: "insert"; 0 for the log. */
extern const char *const azLiveObject[LIVE_NOBJECT];
/* The SQL of one object, LIVE_OBJECT_*; its name, in pArena, in *pzName. OUT: the
** text is freed with sqlite3_free(). 0 after an error. */
char *assocLiveObject(AssocCall *pCall, AssocArena *pArena, const LiveTable *p,
                      int iObject, const char **pzName);

/* ------------------------------------------------------------------ climb */

/* The statement that marks all roots that depend on rows of the logs. OUT: freed
** with sqlite3_free(). */
char *assocLiveClimb(AssocLive *p, const LiveTable *pTables);
/* Do other sites lead to the rows of this one? Then a change there has an effect
** on them. */
int assocLiveLeads(const LiveSite *p);
/* The base table's entry, or 0. */
LiveTable *assocLiveTableOf(LiveTable *pTables, const AssocTable *pTab);

/* ------------------------------------------------------------------ store */

/* Read and compile all live documents of a database. An error in the query of
** zNeed is raised; of another one it is kept in zBroken. If zQuery is not 0, it
** is the query of zNeed, which need not be stored. assocLiveSetClear() frees the
** set, also after an error. Between the two the caller has the catalog
** entered. */
void assocLiveSetRead(AssocCall *pCall, AssocLiveSet *pSet, AssocCatalog *pCat,
                      AssocSchema *pSchema, const char *zNeed,
                      const char *zQuery);
/* Free the set and all that hangs on it. pSet may be zeroed memory. */
void assocLiveSetClear(AssocLiveSet *pSet);
/* The live document of that name in the set, or 0. */
AssocLive *assocLiveOf(const AssocLiveSet *pSet, const char *zName);
/* Find the database that has a live document of that name, which may begin with
** the database's name. *pzName receives the bare name. 0 if there is none. */
AssocSchema *assocLiveSeek(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName, const char **pzName);
/* The same, but an error if there is none. */
AssocSchema *assocLiveFind(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName, const char **pzName);
/* Does the database have live documents? */
int assocLiveHas(AssocCall *pCall, AssocSchema *pSchema);
/* The statements that create what is missing and renew what is wrong: first
** those that drop, then those that create. Both are "" if there is nothing to
** do. OUT: freed with sqlite3_free(). */
void assocLiveScript(AssocLiveSet *pSet, char **pzDrop, char **pzMake);
/* Take a live document out of the set, and the base tables that only it
** needs. */
void assocLiveForget(AssocLiveSet *pSet, AssocLive *p);
/* An SQL expression, the current texts of the document's tables and triggers.
** OUT: freed with sqlite3_free(). */
char *assocLiveTexts(AssocLiveSet *pSet, const AssocLive *p);
/* Do all tables of the document exist? */
int assocLiveWhole(AssocLiveSet *pSet, const AssocLive *p);
/* Are the query's meaning and the texts still those of assoc_store, and are not
** all documents stale? */
int assocLiveTrusted(const AssocLive *p);
/* Append a condition on a row d of <name>_doc: no change since then can concern
** the document, as far as the logs and marks tell. */
void assocLiveFresh(AssocLiveSet *pSet, const AssocLive *p, sqlite3_str *pStr);
/* Append the part of it about the logs: the condition that they are empty. */
void assocLiveQuiet(AssocLiveSet *pSet, const AssocLive *p, sqlite3_str *pStr);
/* The name of value i of a root's key in <name>_doc and <name>_mark. */
const char *assocLiveKeyName(AssocLive *p, int i);

/* Does the document read the table? */
int assocLiveReads(const AssocLive *p, const LiveTable *pTab);

/* How a live document is read now, for assoc_explain. */
typedef struct LiveState LiveState;
struct LiveState {
  int bStored; /* From the store, unless it is marked; else it is computed */
  char *zWhy;  /* OWNED: freed with sqlite3_free() */
  i64 nDocument, nRight; /* Stored documents, and those known to be right */
};
/* Look at the logs, marks and stored documents of p, and describe its state. */
void assocLiveState(AssocLiveSet *pSet, AssocLive *p, LiveState *pState);

/* A problem of a live document, for assoc_check. */
typedef struct LiveProblem LiveProblem;
struct LiveProblem {
  const char *zSeverity; /* "error" or "warning"; 0: there is none */
  const char *zProblem;  /* The column problem of assoc_check */
  char *zDetail, *zFix;  /* OWNED: freed with sqlite3_free(); zFix may be 0 */
};
/* What is wrong with a live document. Some stored documents are computed and
** compared. */
void assocLiveProblem(AssocLiveSet *pSet, AssocLive *p, LiveProblem *pProblem);

/* ------------------------------------------------------------------- text */

/* A SELECT that gives the document of the key ?1, ?2, ... and its version,
** without the extension. OUT: freed with sqlite3_free(). */
char *assocLiveText(AssocLiveSet *pSet, AssocLive *p);

/* ---------------------------------------------------------------- refresh */

/* What a refresh of one live document did. */
typedef struct LiveDone LiveDone;
struct LiveDone {
  i64 nChecked, nChanged, nLeft; /* Documents; nLeft are still marked */
};
/* Is nothing to be written for a refresh of p, or of all if p is 0? */
int assocLiveIdle(AssocLiveSet *pSet, const AssocLive *p);
/* Resolve all logs of the database, and mark what is stale. The caller has the
** database locked for writing, and has run the statements of
** assocLiveScript(). */
void assocLiveResolve(AssocLiveSet *pSet);
/* Compute marked documents: nMost at most, all if it is negative; or only that
** of the key apKey, unless it is 0. */
void assocLiveRefresh(AssocLiveSet *pSet, AssocLive *p, i64 nMost,
                      sqlite3_value **apKey, LiveDone *pDone);
/* Compute one document, as eager() does, by a plan of ASSOC_ASK_KEY. OUT: freed
** with sqlite3_free(); 0 if there is no such root. */
char *assocLiveCompute(AssocCall *pCall, AssocPlan *pPlan,
                       sqlite3_value **apKey, i64 *pn);

/* -------------------------------------------------------------- recompute */

/* Append {"checked":n,"stale":n,"wrong":[key,...]}: nMost stored documents that
** count as right (all if it is negative) are computed and compared. Returns how
** many are wrong. */
i64 assocLiveCheck(AssocLiveSet *pSet, AssocLive *p, i64 nMost, AssocOut *pOut);

#endif /* ASSOC_LIVE_H */
