/*
** What assoc_destroy() shares between its two files: reach.c finds out which
** rows go, and cascade.c changes and deletes them. Private to both.
*/
#ifndef ASSOC_WRITE_CASCADE_H
#define ASSOC_WRITE_CASCADE_H

#include "write/write.h"

typedef struct DestroyEdge DestroyEdge;
typedef struct DestroyGroup DestroyGroup;
typedef struct DestroyPair DestroyPair;
typedef struct DestroyStep DestroyStep;
typedef struct DestroySteps DestroySteps;
typedef struct DestroyTable DestroyTable;

/* What happens to rows that refer to a row which goes. */
#define DESTROY_CASCADE 0  /* They go, too */
#define DESTROY_NULL 1     /* Their key becomes NULL */
#define DESTROY_DEFAULT 2  /* Their key becomes the column's default */
#define DESTROY_RESTRICT 3 /* They forbid it. Also for NO ACTION */
#define DESTROY_NOT (-1)   /* Nothing: there is no constraint */

/* How far the search is with a row that is to be deleted. */
#define DESTROY_NEW 0     /* Found, not visited */
#define DESTROY_ENTERED 1 /* On the stack */
#define DESTROY_LEFT 2    /* Visited: it is in the order of deletion */

/* Rows of one table that came by one edge, for the report. */
struct DestroyGroup {
  DestroyTable *pTable; /* The table of its rows */
  const char *zPath; /* The associations that lead to them: "posts.comments" */
  u8 eAction;        /* DESTROY_*: what happens to them */
  AssocOut keys;     /* Their keys as JSON, with commas between */
  DestroyGroup *pNext; /* The next in the report */
};

/* A table and its rows that go. Rows are identified by the rowid, else by the
** key. A keymap numbers them from 0; this number is what iRow means
** everywhere. */
struct DestroyTable {
  AssocTable *pTab;          /* The table itself */
  AssocModel *pModel;        /* The model that names it in reports */
  int nId;                   /* Columns that identify a row */
  const int *aId;            /* Columns that identify a row */
  int iDeleted;              /* Column of the deletion time, or -1 */
  const AssocKeyRule *aRule; /* Keys are equal only if identical */
  sqlite3_value **apVal;     /* Scratch: nId values */
  u8 bKeyIsId;               /* aId is the model's key */
  u8 bEdges;                 /* pEdge has been filled */
  AssocKeymap rows;          /* Rows to delete */
  u8 *aState;                /* OWNED: DESTROY_NEW, … of each of them */
  u32 nState;                /* Size of aState */
  AssocKeymap changed;       /* Rows that changed, for the report */
  const char *zPath;         /* The path to its first row; 0: none yet */
  sqlite3_value *pNow;       /* The time for the soft-deletion column */
  DestroyEdge *pEdge;        /* Foreign keys that refer to this table */
  WriteSql *pLoad;     /* Gives identity and key of a row, by its identity */
  WriteSql *pRoot;     /* The same, by the model's key */
  u8 bMet;             /* Met in this run: in the destroyer's list pTable */
  u8 bByKey;           /* Its rows are deleted by the keys of its edges */
  u32 nGone;           /* How many of them were deleted */
  DestroyTable *pNext; /* In the order in which tables were met */
  DestroyTable *pNextKnown; /* The next of those kept between calls */
};

/* A foreign key from a table of rows that go. */
struct DestroyEdge {
  WriteRefer *pRefer;             /* The foreign key */
  DestroyTable *pParent, *pChild; /* Its two ends */
  int eAction;                    /* As defined: DESTROY_* */
  int eNow;                       /* In this run, with its options */
  int iEdge;                      /* Its number among those of the parent */
  AssocKeymap found;    /* Child rows found, if the edge does not cascade */
  AssocKeymap knot;     /* Child rows that close a circle */
  DestroyGroup *pGroup; /* Child rows of this run, for the report */
  WriteSql *pFind;      /* Child rows that refer to one row */
  WriteSql *pPairs; /* All child rows that refer to any row, with that row */
  u8 bIndexed;      /* pFind uses an index */
  i64 nAsked;       /* Lookups so far in this run */
  AssocKeymap pairParent, pairChild; /* Without an index: numbers of the rows */
  DestroyPair *aPair;                /* OWNED: nPair pairs, sorted by parent */
  i64 nPair;                         /* Pairs in the list */
  DestroyEdge *pNext;                /* The next of the same parent */
};

/* A parent's row and a child's row that refers to it. */
struct DestroyPair {
  u32 iParent, iChild; /* Rows of pParent and pChild, by number */
};

/* Rows of several tables: a stack, or the order of deletion. */
struct DestroyStep {
  DestroyTable *pTable; /* The table of the row */
  u32 iRow;             /* Its number in pTable->rows */
  u8 bLeave;            /* Stack: leave this row, instead of entering it */
  unsigned short
      mFound; /* Bit i: edge i has found rows that refer to this one */
};
#define DESTROY_MASK 16 /* Edges in mFound */
struct DestroySteps {
  DestroyStep *a; /* OWNED */
  i64 n, nAlloc;  /* Steps in the list; room for */
};

/* A destroyer lasts as long as its writer. The rows last for one run. */
struct WriteDestroyer {
  AssocWriter *w;                /* Whose destroyer it is */
  u8 bCascade, bDryRun, bReport; /* Options of this run */
  u8 bSoft;           /* Mark rows as deleted instead of deleting them */
  u32 nRoot;          /* Rows to destroy: the first of their table */
  u8 bEnforced;       /* SQLite enforces foreign keys */
  DestroyEdge *pTied; /* An edge of a circle where no key may be NULL, or 0 */
  u8 bTangled;        /* Edges that do not cascade restrict the order, too */
  DestroySteps todo, order; /* The search's stack; the order of deletion */
  DestroyTable *pKnown;     /* All tables ever met */
  DestroyTable *pTable, **ppTableEnd; /* Tables met in this run */
  DestroyGroup *pGroup, **ppGroupEnd; /* Groups of this run */
};

/* The entry of a table, made if it is new. 0 after an error. */
DestroyTable *assocDestroyTable(WriteDestroyer *d, AssocTable *pTab);
/* A statement that selects a row by values of these columns. It gives the row's
** identity, its key if that is something else, and whether it is marked. The
** writer owns it. */
WriteSql *assocDestroyStmt(AssocWriter *w, const DestroyTable *p, int nCol,
                           const int *aCol);
/* Load row iRow of one of the table's keymaps: the statement stands on the row,
** and the caller resets it. 0: the row does not exist. */
sqlite3_stmt *assocDestroyLoad(AssocWriter *w, DestroyTable *p,
                               AssocKeymap *pMap, u32 iRow);
/* Was the row that pStmt stands on marked as deleted before? */
int assocDestroyIsDead(const DestroyTable *p, sqlite3_stmt *pStmt);
/* The number that a keymap of the table has for a row, whose identity pStmt
** gives from column iFrom on. A new row is added with bAdd, else
** ASSOC_NOSLOT. */
u32 assocDestroyRowOf(AssocWriter *w, const DestroyTable *p, AssocKeymap *pMap,
                      sqlite3_stmt *pStmt, int iFrom, int bAdd);
/* Is row iRow of another keymap of the table among the rows to delete? */
int assocDestroyGoes(AssocWriter *w, DestroyTable *p, AssocKeymap *pMap,
                     u32 iRow);
/* A new, empty group of the report. 0 after an error. */
DestroyGroup *assocDestroyGroup(WriteDestroyer *d, DestroyTable *pTable,
                                const char *zPath, int eAction);
/* Append the key of the row that pStmt stands on, with a comma between keys. */
void assocDestroyKey(AssocWriter *w, const DestroyTable *p, AssocOut *pOut,
                     sqlite3_stmt *pStmt);
/* Add the row that pStmt stands on, which came by an edge, to the report. */
void assocDestroyShow(WriteDestroyer *d, DestroyEdge *pEdge,
                      sqlite3_stmt *pStmt);
/* Search from the first d->nRoot rows of a table for all rows that go with
** them. Fills d->order. */
void assocDestroyVisit(WriteDestroyer *d, DestroyTable *pTable);
/* Search once more if d->bTangled: rows that go refer to each other by keys
** that SQLite enforces but that do not cascade, and the order has to respect
** these. */
void assocDestroyReorder(WriteDestroyer *d, DestroyTable *pRoot);
/* Free the rows of a stack or an order. */
void assocDestroyStepsClear(DestroySteps *p);

#endif /* ASSOC_WRITE_CASCADE_H */
