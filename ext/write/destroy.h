/*
** What the two files of assoc_destroy() share: reach.c, which finds out which
** rows go, and destroy.c, which does it. Used by no other.
*/
#ifndef ASSOC_WRITE_DESTROY_H
#define ASSOC_WRITE_DESTROY_H

#include "write/write.h"

typedef struct DestroyEdge DestroyEdge;
typedef struct DestroyGroup DestroyGroup;
typedef struct DestroyPair DestroyPair;
typedef struct DestroyStep DestroyStep;
typedef struct DestroySteps DestroySteps;
typedef struct DestroyTable DestroyTable;

/* What happens to the rows of an edge. */
#define DESTROY_CASCADE 0
#define DESTROY_NULL 1
#define DESTROY_DEFAULT 2
#define DESTROY_RESTRICT 3 /* And NO ACTION: nothing may dangle */
#define DESTROY_NOT (-1)   /* No constraint */

/* How far a row that is to be deleted is. */
#define DESTROY_NEW 0
#define DESTROY_ENTERED 1
#define DESTROY_LEFT 2

/* Rows for the report. */
struct DestroyGroup {
  DestroyTable *pTable;
  const char *zPath; /* By which associations one comes to them */
  u8 eAction;
  AssocOut keys; /* Their keys, with commas between */
  DestroyGroup *pNext;
};

/* Rows of a table are identified by the rowid, else the key: one number for
** each in the keymap of those that are to be deleted. */
struct DestroyTable {
  AssocTable *pTab;
  AssocModel *pModel;
  int nId; /* Columns that identify a row */
  const int *aId;
  const AssocKeyRule *aRule; /* Equal is identical */
  sqlite3_value **apVal;     /* Room for nId values */
  u8 bKeyIsId;               /* They are the model's key */
  u8 bEdges;                 /* pEdge has been found */
  AssocKeymap rows;          /* To be deleted */
  u8 *aState;                /* OWNED: how far each of them is */
  u32 nState;
  AssocKeymap changed; /* Rows that changed, for the report */
  const char *zPath;   /* By which way its first row came */
  sqlite3_value *pNow; /* The time, if rows are marked */
  DestroyEdge *pEdge;  /* Keys that refer to it */
  sqlite3_stmt *pLoad; /* Identity and key of a row, by its identity */
  sqlite3_stmt *pRoot; /* And by the model's key */
  DestroyTable *pNext; /* In the order in which they came */
};

struct DestroyEdge {
  WriteRefer *pRefer;
  DestroyTable *pParent, *pChild;
  int eAction;          /* As it is said */
  int eNow;             /* As it is in this run */
  AssocKeymap found;    /* Rows that do not cascade */
  AssocKeymap knot;     /* Rows that close a circle */
  DestroyGroup *pGroup; /* Rows that came by it in this run */
  sqlite3_stmt *pFind;  /* The rows that refer to a row */
  sqlite3_stmt *pPairs; /* And all that refer to any, each with it */
  u8 bIndexed;
  i64 nAsked;
  AssocKeymap pairParent, pairChild; /* Without an index: all that refer */
  DestroyPair *aPair;                /* OWNED: to any, sorted */
  i64 nPair;
  DestroyEdge *pNext; /* Of the same parent */
};

struct DestroyPair {
  u32 iParent, iChild;
};

/* Rows, as a stack or in an order. */
struct DestroyStep {
  DestroyTable *pTable;
  u32 iRow;
  u8 bLeave; /* All that refer to it have been visited */
};
struct DestroySteps {
  DestroyStep *a; /* OWNED */
  i64 n, nAlloc;
};

struct WriteDestroyer {
  AssocWriter *w;
  u8 bCascade, bDryRun, bReport;
  u8 bSoft;           /* Rows are marked as deleted, and stay */
  u8 bEnforced;       /* SQLite enforces foreign keys */
  DestroyEdge *pTied; /* An edge of a circle none of whose rows can let go */
  u8 bTangled;        /* Edges that do not cascade count for the order too */
  DestroySteps todo, order;
  DestroyTable *pTable, **ppTableEnd;
  DestroyGroup *pGroup, **ppGroupEnd; /* Of this run */
};

/* The table among those that are known, or a new one. */
DestroyTable *assocDestroyTable(WriteDestroyer *d, AssocTable *pTab);
/* The statement that gives a row by values of these columns: its identity, its
** key where that is something else, and whether it is marked. */
sqlite3_stmt *assocDestroyStmt(AssocWriter *w, const DestroyTable *p, int nCol,
                               const int *aCol);
/* Load a row of one of the table's keymaps. The caller resets the statement,
** which stands on it; 0: it is not there. */
sqlite3_stmt *assocDestroyLoad(AssocWriter *w, DestroyTable *p,
                               AssocKeymap *pMap, u32 iRow);
/* Was the row that pStmt stands on marked before? */
int assocDestroyIsDead(const DestroyTable *p, sqlite3_stmt *pStmt);
/* The number that a keymap of the table has for the row whose identity pStmt
** has from column iFrom on; ASSOC_NOSLOT if it has none and bAdd is 0. */
u32 assocDestroyRowOf(AssocWriter *w, const DestroyTable *p, AssocKeymap *pMap,
                      sqlite3_stmt *pStmt, int iFrom, int bAdd);
/* Is a row of another keymap of the table among those to be deleted? */
int assocDestroyGoes(AssocWriter *w, DestroyTable *p, AssocKeymap *pMap,
                     u32 iRow);
/* A new group of the report. */
DestroyGroup *assocDestroyGroup(WriteDestroyer *d, DestroyTable *pTable,
                                const char *zPath, int eAction);
/* Add the key of the row that pStmt stands on, with a comma before it. */
void assocDestroyKey(AssocWriter *w, const DestroyTable *p, AssocOut *pOut,
                     sqlite3_stmt *pStmt);
/* A row came by an edge, and pStmt stands on it: it belongs into the report. */
void assocDestroyShow(WriteDestroyer *d, DestroyEdge *pEdge,
                      sqlite3_stmt *pStmt);
/* Visit the first row of a table, and all that are to go with it. */
void assocDestroyVisit(WriteDestroyer *d, DestroyTable *pTable);
/* The same once more, where rows that go have keys among each other that
** SQLite enforces, but by which they were not found: the order has to be right
** for these too. */
void assocDestroyReorder(WriteDestroyer *d, DestroyTable *pRoot);
/* Free an order of rows. */
void assocDestroyStepsClear(DestroySteps *p);

#endif /* ASSOC_WRITE_DESTROY_H */
