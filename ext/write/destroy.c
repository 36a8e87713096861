/*
** A row is deleted, and with it happens to all that refer to it what onDelete
** says: of the associations, and of the foreign keys that the schema
** declares, whether PRAGMA foreign_keys is on or off.
**
** First it is found out what is to be done, in memory, and nothing is changed:
**
**   tables   those that have rows to be deleted, or to change
**   edges    foreign keys, from a table that is referred to to the table that
**            refers to it; each row of the one is asked for rows of the other
**   groups   rows that came by one edge, for the report
**
** An edge that cascades leads on to the rows that it finds. Others remember
** them, since in the end they may be deleted by another way: rows that only
** have to let go get NULL or the default, and those whose key forbids it stop
** everything.
**
** Rows are visited in depth, and a row is left when all that refer to it have
** been left: in that order they are deleted. The way back is kept in an array
** and not on the C stack, so that a chain may have a million rows. Where rows
** refer to each other in a circle, no order would do if SQLite enforces the
** keys: one of them lets go first.
**
** A row of a model with soft deletion is marked, and stays.
*/
#include "write/write.h"
#include <stdlib.h>

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
  u8 bSoft;     /* Rows are marked as deleted, and stay */
  u8 bEnforced; /* SQLite enforces foreign keys */
  u8 bTangled;  /* Edges that do not cascade count for the order too */
  DestroySteps todo, order;
  DestroyTable *pTable, **ppTableEnd;
  DestroyGroup *pGroup, **ppGroupEnd; /* Of this run */
};

/* ----------------------------------------------------------------- tables */

static void tableIdentity(DestroyTable *p) {
  if (p->pTab->iRowid >= 0 && p->pTab->eType != ASSOC_VIEW) {
    p->nId = 1;
    p->aId = &p->pTab->iRowid;
  } else {
    p->nId = p->pModel->nKey;
    p->aId = p->pModel->aKey;
  }
  p->bKeyIsId =
      p->nId == p->pModel->nKey &&
      memcmp(p->aId, p->pModel->aKey, sizeof(int) * (size_t)p->nId) == 0;
}

/* The table among those that are known, or a new one. */
static DestroyTable *destroyTable(WriteDestroyer *d, AssocTable *pTab) {
  AssocWriter *w = d->w;
  DestroyTable *p;
  for (p = d->pTable; p; p = p->pNext) {
    if (p->pTab == pTab) return p;
  }
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pTab = pTab;
  p->pModel = assocModelOf(w->pCall, pTab);
  if (p->pModel == 0) return 0;
  assocModelNeedKey(w->pCall, p->pModel);
  if (!assocModelScopes(w->pCall, p->pModel)) return 0;
  tableIdentity(p);
  p->aRule =
      assocAlloc(w->pCall, &w->mem, (i64)sizeof(*p->aRule) * (p->nId + 1));
  p->apVal =
      assocAlloc(w->pCall, &w->mem, (i64)sizeof(*p->apVal) * (p->nId + 1));
  if (p->aRule == 0 || p->apVal == 0) return 0;
  assocKeymapInit(&p->rows, p->nId, p->aRule);
  assocKeymapInit(&p->changed, p->nId, p->aRule);
  *d->ppTableEnd = p;
  d->ppTableEnd = &p->pNext;
  return p;
}

/*
** What is read of a row of alias t1: its identity, its key where that is
** something else, and whether it has been marked as deleted before.
*/
static void tableColumnsSql(AssocSql *p, const DestroyTable *pTable) {
  int i;
  for (i = 0; i < pTable->nId; i++) {
    if (i) sqlite3_str_appendall(p->pStr, ",");
    assocSqlColumn(p, 1, pTable->pTab, pTable->aId[i]);
  }
  for (i = 0; !pTable->bKeyIsId && i < pTable->pModel->nKey; i++) {
    sqlite3_str_appendall(p->pStr, ",");
    assocSqlColumn(p, 1, pTable->pTab, pTable->pModel->aKey[i]);
  }
  if (pTable->pModel->iDeleted < 0) return;
  sqlite3_str_appendall(p->pStr, ",");
  assocSqlColumn(p, 1, pTable->pTab, pTable->pModel->iDeleted);
}

/* The statement stands on such a row, which was marked before. */
static int tableIsDead(const DestroyTable *p, sqlite3_stmt *pStmt) {
  return p->pModel->iDeleted >= 0 &&
         sqlite3_column_type(pStmt, sqlite3_column_count(pStmt) - 1) !=
             SQLITE_NULL;
}

/* t1."a"=?1 AND t1."b"=?2 */
static void tableIsSql(AssocSql *p, int iAlias, const AssocTable *pTab, int n,
                       const int *a) {
  int i;
  for (i = 0; i < n; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, iAlias, pTab, a[i]);
    sqlite3_str_appendf(p->pStr, "=?%d", ++p->nVar);
  }
}

/* SELECT t1.rowid, t1.key FROM posts t1 WHERE t1.rowid=?1 */
static sqlite3_stmt *tableStmt(AssocWriter *w, const DestroyTable *p, int nCol,
                               const int *aCol) {
  AssocSql sql;
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  tableColumnsSql(&sql, p);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTable(&sql, p->pTab);
  sqlite3_str_appendall(sql.pStr, " t1 WHERE ");
  tableIsSql(&sql, 1, p->pTab, nCol, aCol);
  return assocWriteSqlKeep(w, &sql);
}

/* Load a row of one of the table's keymaps. The caller resets the statement,
** which stands on it; 0: it is not there. */
static sqlite3_stmt *tableLoad(AssocWriter *w, DestroyTable *p,
                               AssocKeymap *pMap, u32 iRow) {
  if (p->pLoad == 0) p->pLoad = tableStmt(w, p, p->nId, p->aId);
  if (w->pCall->rc != SQLITE_OK) return 0;
  assocErrorCode(w->pCall, assocKeymapBind(pMap, iRow, p->pLoad, 1));
  return assocStep(w->pCall, p->pLoad) ? p->pLoad : 0;
}

/* The number of the row whose identity pStmt has from column iFrom on. */
static u32 tableRow(AssocWriter *w, const DestroyTable *p, AssocKeymap *pMap,
                    sqlite3_stmt *pStmt, int iFrom, int bAdd) {
  int i, rc = SQLITE_OK;
  u32 iRow;
  for (i = 0; i < p->nId; i++) {
    p->apVal[i] = sqlite3_column_value(pStmt, iFrom + i);
  }
  iRow = bAdd ? assocKeymapAdd(pMap, p->apVal, &rc)
              : assocKeymapFind(pMap, p->apVal, &rc);
  assocErrorCode(w->pCall, rc);
  return iRow;
}

/* Is a row of another keymap of the table among those to be deleted? */
static int tableGoes(AssocWriter *w, DestroyTable *p, AssocKeymap *pMap,
                     u32 iRow) {
  int rc = SQLITE_OK;
  u32 i = assocKeymapFindOf(&p->rows, pMap, iRow, &rc);
  assocErrorCode(w->pCall, rc);
  return i != ASSOC_NOSLOT;
}

/* How far a row is; 0: out of memory. */
static u8 *tableState(AssocWriter *w, DestroyTable *p, u32 iRow) {
  if (iRow >= p->nState) {
    u64 n = (u64)iRow * 2 + 64;
    u8 *a = sqlite3_realloc64(p->aState, n);
    if (a == 0) {
      assocErrorCode(w->pCall, SQLITE_NOMEM);
      return 0;
    }
    memset(&a[p->nState], DESTROY_NEW, (size_t)(n - p->nState));
    p->aState = a;
    p->nState = (u32)n;
  }
  return &p->aState[iRow];
}

static void stepsAdd(AssocWriter *w, DestroySteps *p, DestroyTable *pTable,
                     u32 iRow, int bLeave) {
  if (p->n >= p->nAlloc) {
    i64 n = p->nAlloc * 2 + 64;
    DestroyStep *a = sqlite3_realloc64(p->a, sizeof(*a) * (u64)n);
    if (a == 0) {
      assocErrorCode(w->pCall, SQLITE_NOMEM);
      return;
    }
    p->a = a;
    p->nAlloc = n;
  }
  p->a[p->n].pTable = pTable;
  p->a[p->n].iRow = iRow;
  p->a[p->n++].bLeave = (u8)bLeave;
}

static void stepsClear(DestroySteps *p) {
  sqlite3_free(p->a);
  memset(p, 0, sizeof(*p));
}

/* ------------------------------------------------------------------ groups */

static DestroyGroup *destroyGroup(WriteDestroyer *d, DestroyTable *pTable,
                                  const char *zPath, int eAction) {
  DestroyGroup *p = assocAlloc(d->w->pCall, &d->w->tmp, sizeof(*p));
  if (p == 0) return 0;
  p->pTable = pTable;
  p->zPath = zPath;
  p->eAction = (u8)eAction;
  assocBufInit(&p->keys, 0x7fffffff);
  *d->ppGroupEnd = p;
  d->ppGroupEnd = &p->pNext;
  return p;
}

/* The key of the row that pStmt stands on, one behind the other. */
static void destroyKey(AssocWriter *w, const DestroyTable *p, AssocOut *pOut,
                       sqlite3_stmt *pStmt) {
  int i, n = p->pModel->nKey, iFrom = p->bKeyIsId ? 0 : p->nId;
  if (pOut->p != pOut->pStart) assocOutText(pOut, ",", 1);
  if (n > 1) assocOutText(pOut, "[", 1);
  for (i = 0; i < n; i++) {
    if (i) assocOutText(pOut, ",", 1);
    assocJsonValue(pOut, sqlite3_column_value(pStmt, iFrom + i),
                   ASSOC_JSON_PLAIN);
  }
  if (n > 1) assocOutText(pOut, "]", 1);
  assocErrorCode(w->pCall, pOut->rc);
}

/*
** The way to an edge's rows: that to its parent's first row, and the edge. A
** table that refers to itself would make it as long as the data is deep; it
** is written as the shape language writes recursion: "children^".
*/
static const char *edgePath(WriteDestroyer *d, const DestroyEdge *pEdge) {
  const char *zUp = pEdge->pParent->zPath;
  return assocArenaPrintf(d->w->pCall, &d->w->tmp, "%s%s%s%s", zUp ? zUp : "",
                          zUp && zUp[0] ? "." : "", pEdge->pRefer->zName,
                          pEdge->pParent == pEdge->pChild ? "^" : "");
}

/* A row that came by an edge, and on which pStmt stands, for the report. */
static void edgeReport(WriteDestroyer *d, DestroyEdge *pEdge,
                       sqlite3_stmt *pStmt) {
  if (!d->bReport || d->w->pCall->rc != SQLITE_OK) return;
  if (pEdge->pGroup == 0) {
    const char *zPath = edgePath(d, pEdge);
    if (zPath == 0) return;
    if (pEdge->pChild->zPath == 0) pEdge->pChild->zPath = zPath;
    pEdge->pGroup = destroyGroup(d, pEdge->pChild, zPath, pEdge->eNow);
  }
  if (pEdge->pGroup == 0) return;
  destroyKey(d->w, pEdge->pChild, &pEdge->pGroup->keys, pStmt);
}

/* ------------------------------------------------------------------- edges */

static int edgeAction(const char *z) {
  if (z == 0) return DESTROY_NOT;
  if (strcmp(z, "CASCADE") == 0) return DESTROY_CASCADE;
  if (strcmp(z, "SET NULL") == 0) return DESTROY_NULL;
  if (strcmp(z, "SET DEFAULT") == 0) return DESTROY_DEFAULT;
  return DESTROY_RESTRICT;
}

/* Can an index of the child serve the search for rows that refer to a row?
** Not if the parent's column makes numbers of the child's. */
static int edgeIndexed(AssocWriter *w, const DestroyEdge *p) {
  const WriteRefer *pRefer = p->pRefer;
  int i, bUnique = 0;
  for (i = 0; i < pRefer->nCol; i++) {
    if (p->pChild->pTab->aCol[pRefer->aCol[i]].eAff !=
        p->pParent->pTab->aCol[pRefer->aRef[i]].eAff) {
      return 0;
    }
  }
  return assocTableIndexOn(w->pCall, p->pChild->pTab, pRefer->nCol,
                           pRefer->aCol, &bUnique) != 0;
}

static DestroyEdge *edgeNew(WriteDestroyer *d, DestroyTable *pParent,
                            WriteRefer *pRefer) {
  AssocWriter *w = d->w;
  DestroyTable *pChild = destroyTable(d, pRefer->pChild);
  DestroyEdge *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0 || pChild == 0) return 0;
  p->pRefer = pRefer;
  p->pParent = pParent;
  p->pChild = pChild;
  p->eAction = edgeAction(pRefer->zAction);
  assocKeymapInit(&p->found, pChild->nId, pChild->aRule);
  assocKeymapInit(&p->knot, pChild->nId, pChild->aRule);
  assocKeymapInit(&p->pairChild, pChild->nId, pChild->aRule);
  assocKeymapInit(&p->pairParent, pParent->nId, pParent->aRule);
  p->bIndexed = (u8)edgeIndexed(w, p);
  return p;
}

static void tableFindEdges(WriteDestroyer *d, DestroyTable *p) {
  WriteRefer *pRefer = assocRefersTo(d->w, p->pModel);
  DestroyEdge **pp = &p->pEdge;
  for (; pRefer; pRefer = pRefer->pNext) {
    *pp = edgeNew(d, p, pRefer);
    if (*pp == 0) return;
    pp = &(*pp)->pNext;
  }
  p->bEdges = d->w->pCall->rc == SQLITE_OK;
}

/*
** The edges of a table, and what each does in this run. Where rows are only
** marked, those that refer to them have lost nothing: with "cascade" they are
** marked too, if their model can be.
*/
static DestroyEdge *tableEdges(WriteDestroyer *d, DestroyTable *p) {
  DestroyEdge *pEdge;
  if (!p->bEdges) tableFindEdges(d, p);
  if (d->w->pCall->rc != SQLITE_OK) return 0;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    pEdge->eNow = d->bCascade ? DESTROY_CASCADE : pEdge->eAction;
    if (d->bSoft && (!d->bCascade || pEdge->pChild->pModel->iDeleted < 0)) {
      pEdge->eNow = DESTROY_NOT;
    }
  }
  return p->pEdge;
}

/* ---------------------------------------------------------------- finding */

/* t2.id=t1.user_id AND <scope> AND t1.type='user' */
static void edgeIsSql(AssocWriter *w, AssocSql *p, const DestroyEdge *pEdge) {
  const WriteRefer *pRefer = pEdge->pRefer;
  int i;
  for (i = 0; i < pRefer->nCol; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, 2, pEdge->pParent->pTab, pRefer->aRef[i]);
    sqlite3_str_appendall(p->pStr, "=");
    assocSqlColumn(p, 1, pEdge->pChild->pTab, pRefer->aCol[i]);
  }
  if (pRefer->pScope) {
    sqlite3_str_appendall(p->pStr, " AND (");
    assocSqlPred(p, pRefer->pScope, pEdge->pChild->pModel, 1);
    sqlite3_str_appendall(p->pStr, ")");
  }
  if (pRefer->zType) {
    ShapeVal *pVal = assocAlloc(w->pCall, &w->mem, sizeof(*pVal));
    if (pVal == 0) return;
    pVal->eType = SHAPE_VAL_TEXT;
    pVal->z = pRefer->zType;
    pVal->n = (int)strlen(pVal->z);
    sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, 1, pEdge->pChild->pTab, pRefer->iType);
    sqlite3_str_appendall(p->pStr, "=");
    assocSqlVal(p, pVal);
  }
}

/* SELECT t1.id FROM users t2 CROSS JOIN posts t1 WHERE t2.id=?1 AND
** t2.id=t1.user_id; or, of all rows that refer to any, both identities. */
static sqlite3_stmt *edgeStmt(AssocWriter *w, const DestroyEdge *p,
                              int bPairs) {
  const DestroyTable *pParent = p->pParent;
  AssocSql sql;
  int i;
  assocWriteSqlStart(w, &sql);
  sql.nVar = bPairs ? 0 : pParent->nId; /* Those of the scope come behind */
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  for (i = 0; bPairs && i < pParent->nId; i++) {
    assocSqlColumn(&sql, 2, pParent->pTab, pParent->aId[i]);
    sqlite3_str_appendall(sql.pStr, ",");
  }
  tableColumnsSql(&sql, p->pChild);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTable(&sql, bPairs ? p->pChild->pTab : pParent->pTab);
  sqlite3_str_appendall(sql.pStr,
                        bPairs ? " t1 CROSS JOIN " : " t2 CROSS JOIN ");
  assocSqlTable(&sql, bPairs ? pParent->pTab : p->pChild->pTab);
  sqlite3_str_appendall(sql.pStr, bPairs ? " t2 WHERE " : " t1 WHERE ");
  edgeIsSql(w, &sql, p);
  if (!bPairs) {
    sqlite3_str_appendall(sql.pStr, " AND ");
    sql.nVar = 0;
    tableIsSql(&sql, 2, pParent->pTab, pParent->nId, pParent->aId);
  }
  return assocWriteSqlKeep(w, &sql);
}

/* A row closes a circle, in which SQLite would look for it: it is to let go.
** One that refers to itself does no harm. */
static void edgeKnot(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt,
                     u32 iParent, u32 iRow) {
  if (!d->bEnforced || !p->pRefer->zDeclared) return;
  if (p->pParent == p->pChild && iParent == iRow) return;
  (void)tableRow(d->w, p->pChild, &p->knot, pStmt, 0, 1);
}

/* An edge leads on to a row, on which pStmt stands. In the second run, which
** is about the order, all rows are known. */
static void edgeLeads(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt,
                      u32 iParent) {
  DestroyTable *pChild = p->pChild;
  u32 nOld = pChild->rows.nSlot, iRow;
  u8 *pState;
  iRow = tableRow(d->w, pChild, &pChild->rows, pStmt, 0, !d->bTangled);
  if (iRow == ASSOC_NOSLOT) return;
  pState = tableState(d->w, pChild, iRow);
  if (pState == 0) return;
  if (pChild->rows.nSlot != nOld) edgeReport(d, p, pStmt);
  if (*pState == DESTROY_NEW) stepsAdd(d->w, &d->todo, pChild, iRow, 0);
  if (*pState == DESTROY_ENTERED) edgeKnot(d, p, pStmt, iParent, iRow);
}

/* Does it lead on, so that its rows go before what they refer to? */
static int edgeIsOrder(const WriteDestroyer *d, const DestroyEdge *p) {
  return p->eNow == DESTROY_CASCADE || (d->bTangled && p->pRefer->zDeclared);
}

/* A row that refers to one that will be deleted: pStmt stands on it. */
static void edgeFound(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt,
                      u32 iParent) {
  if (d->bSoft && tableIsDead(p->pChild, pStmt)) return;
  if (edgeIsOrder(d, p)) {
    edgeLeads(d, p, pStmt, iParent);
  } else if (!d->bTangled) {
    (void)tableRow(d->w, p->pChild, &p->found, pStmt, 0, 1);
  }
}

static int pairCompare(const void *pA, const void *pB) {
  const DestroyPair *a = pA, *b = pB;
  if (a->iParent != b->iParent) return a->iParent < b->iParent ? -1 : 1;
  return a->iChild < b->iChild ? -1 : a->iChild > b->iChild;
}

static void pairAdd(AssocWriter *w, DestroyEdge *p, i64 *pnAlloc,
                    sqlite3_stmt *pStmt) {
  if (p->nPair >= *pnAlloc) {
    i64 n = *pnAlloc * 2 + 64;
    DestroyPair *a = sqlite3_realloc64(p->aPair, sizeof(*a) * (u64)n);
    if (a == 0) {
      assocErrorCode(w->pCall, SQLITE_NOMEM);
      return;
    }
    p->aPair = a;
    *pnAlloc = n;
  }
  p->aPair[p->nPair].iParent =
      tableRow(w, p->pParent, &p->pairParent, pStmt, 0, 1);
  p->aPair[p->nPair++].iChild =
      tableRow(w, p->pChild, &p->pairChild, pStmt, p->pParent->nId, 1);
}

/* Without an index each search reads the whole table: after the first, it is
** read once more, and all pairs are kept. */
static void edgePairs(AssocWriter *w, DestroyEdge *p) {
  i64 nAlloc = 0;
  if (p->pPairs == 0) p->pPairs = edgeStmt(w, p, 1);
  while (assocStep(w->pCall, p->pPairs)) pairAdd(w, p, &nAlloc, p->pPairs);
  if (p->nPair == 0) return;
  qsort(p->aPair, (size_t)p->nPair, sizeof(*p->aPair), pairCompare);
}

/* The first pair of a parent, or where it would be. */
static i64 pairFirst(const DestroyEdge *p, u32 iParent) {
  i64 iLo = 0, iHi = p->nPair;
  while (iLo < iHi) {
    i64 iMid = iLo + (iHi - iLo) / 2;
    if (p->aPair[iMid].iParent < iParent) {
      iLo = iMid + 1;
    } else {
      iHi = iMid;
    }
  }
  return iLo;
}

static void edgeFindPairs(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  AssocWriter *w = d->w;
  int rc = SQLITE_OK;
  u32 iParent;
  i64 i;
  if (p->nAsked == 2) edgePairs(w, p);
  if (w->pCall->rc != SQLITE_OK) return;
  iParent = assocKeymapFindOf(&p->pairParent, &p->pParent->rows, iRow, &rc);
  assocErrorCode(w->pCall, rc);
  if (iParent == ASSOC_NOSLOT) return;
  for (i = pairFirst(p, iParent);
       i < p->nPair && p->aPair[i].iParent == iParent; i++) {
    sqlite3_stmt *pStmt =
        tableLoad(w, p->pChild, &p->pairChild, p->aPair[i].iChild);
    if (pStmt) edgeFound(d, p, pStmt, iRow);
    sqlite3_reset(pStmt);
  }
}

/* The rows that refer to a row by this edge. */
static void edgeFind(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  AssocWriter *w = d->w;
  if (p->eNow == DESTROY_NOT) return;
  if (d->bTangled && !edgeIsOrder(d, p)) return;
  p->nAsked++;
  if (!p->bIndexed && p->nAsked > 1) {
    edgeFindPairs(d, p, iRow);
    return;
  }
  if (p->pFind == 0) p->pFind = edgeStmt(w, p, 0);
  if (w->pCall->rc != SQLITE_OK) return;
  assocErrorCode(w->pCall,
                 assocKeymapBind(&p->pParent->rows, iRow, p->pFind, 1));
  while (assocStep(w->pCall, p->pFind)) edgeFound(d, p, p->pFind, iRow);
  sqlite3_reset(p->pFind);
}

/* Enter a row: those that refer to it come first, in their order. */
static void destroyEnter(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  DestroySteps *pTodo = &d->todo;
  DestroyEdge *pEdge;
  i64 i, j;
  *tableState(d->w, p, iRow) = DESTROY_ENTERED;
  stepsAdd(d->w, pTodo, p, iRow, 1);
  i = pTodo->n;
  for (pEdge = tableEdges(d, p); pEdge; pEdge = pEdge->pNext) {
    edgeFind(d, pEdge, iRow);
  }
  for (j = pTodo->n - 1; i < j; i++, j--) {
    DestroyStep step = pTodo->a[i];
    pTodo->a[i] = pTodo->a[j];
    pTodo->a[j] = step;
  }
}

/* Visit the first row of a table, and all that are to go with it. */
static void destroyVisit(WriteDestroyer *d, DestroyTable *pTable) {
  AssocWriter *w = d->w;
  if (pTable == 0 || pTable->rows.nSlot == 0) return;
  if (tableState(w, pTable, 0)) stepsAdd(w, &d->todo, pTable, 0, 0);
  while (d->todo.n > 0 && w->pCall->rc == SQLITE_OK) {
    DestroyStep step = d->todo.a[--d->todo.n];
    u8 *pState = &step.pTable->aState[step.iRow];
    if (step.bLeave) {
      *pState = DESTROY_LEFT;
      stepsAdd(w, &d->order, step.pTable, step.iRow, 0);
    } else if (*pState == DESTROY_NEW) {
      destroyEnter(d, step.pTable, step.iRow);
    }
  }
}

/*
** The same once more, where rows that go have keys among each other that
** SQLite enforces, but by which they were not found: the order has to be
** right for these too.
*/
static void destroyReorder(WriteDestroyer *d, DestroyTable *pRoot) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  if (!d->bTangled) return;
  d->order.n = 0;
  for (p = d->pTable; p; p = p->pNext) {
    if (p->nState) memset(p->aState, DESTROY_NEW, p->nState);
    for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
      assocKeymapClear(&pEdge->knot);
    }
  }
  destroyVisit(d, pRoot);
}

/* --------------------------------------------------------------- judging */

/*
** Rows that an edge found and that did not have to go with it. If its key
** forbids them to be left, the first of them are told.
*/
static void edgeJudge(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  const WriteRefer *pRefer = p->pRefer;
  AssocOut keys;
  i64 nLeft = 0, n = 0;
  char *z;
  u32 i;
  assocBufInit(&keys, 0x7fffffff);
  for (i = 0; i < p->found.nSlot && w->pCall->rc == SQLITE_OK; i++) {
    sqlite3_stmt *pStmt;
    if (tableGoes(w, p->pChild, &p->found, i)) {
      if (d->bEnforced && pRefer->zDeclared) d->bTangled = 1;
    } else if (p->eNow == DESTROY_RESTRICT && ++nLeft <= 10) {
      pStmt = tableLoad(w, p->pChild, &p->found, i);
      if (pStmt) destroyKey(w, p->pChild, &keys, pStmt);
      sqlite3_reset(pStmt);
    }
  }
  z = assocBufFinish(&keys, &n);
  if (nLeft > 0) {
    assocError(w->pCall,
               "%s has %lld row%s that refer%s by %s to what would be "
               "destroyed, and onDelete is %s: %s%s; {\"cascade\":true} "
               "destroys them too",
               p->pChild->pTab->zName, nLeft, nLeft == 1 ? "" : "s",
               nLeft == 1 ? "s" : "", assocReferColumns(w, pRefer),
               pRefer->zAction, z ? z : "", nLeft > 10 ? ",..." : "");
  }
  sqlite3_free(z);
}

/* ---------------------------------------------------------------- changing */

/* Is the text a literal: a number, 'a text', NULL, TRUE or FALSE? */
static AssocJson *edgeDefault(AssocWriter *w, const char *z) {
  int n = (int)strlen(z);
  AssocJson *p;
  if (n > 1 && z[0] == '\'' && z[n - 1] == '\'') {
    char *zText = assocArenaText(w->pCall, &w->tmp, z + 1, n - 2);
    int i, j = 0;
    p = assocAlloc(w->pCall, &w->tmp, sizeof(*p));
    if (zText == 0 || p == 0) return 0;
    for (i = 0; zText[i]; i++) {
      zText[j++] = zText[i];
      if (zText[i] == '\'' && zText[i + 1] == '\'') i++;
    }
    p->eType = ASSOC_J_TEXT;
    p->z = zText;
    p->n = j;
    return p;
  }
  if (sqlite3_stricmp(z, "null") == 0) z = "null";
  if (sqlite3_stricmp(z, "true") == 0) z = "true";
  if (sqlite3_stricmp(z, "false") == 0) z = "false";
  p = assocJsonRead(w->pCall, &w->tmp, z, -1, "the default");
  if (w->pCall->rc == SQLITE_ERROR) assocErrorForget(w->pCall);
  return p && p->eType < ASSOC_J_TEXT ? p : 0;
}

/* What a column of the edge gets: NULL, or its default. PRAGMA table_xinfo
** gives cid, name, type, notnull, dflt_value. */
static AssocJson *edgeValue(WriteDestroyer *d, const DestroyEdge *p,
                            int eAction, int iCol) {
  AssocWriter *w = d->w;
  AssocTable *pTab = p->pChild->pTab;
  AssocJson *pJson = assocLiteralJson(w, 0);
  sqlite3_stmt *pStmt;
  if (eAction != DESTROY_DEFAULT || !pTab->aCol[iCol].bDefault) return pJson;
  pStmt = assocPrepare(w->pCall, "PRAGMA \"%w\".table_xinfo(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(w->pCall, pStmt)) {
    if (sqlite3_column_int(pStmt, 0) != iCol) continue;
    pJson = edgeDefault(w, assocColumnText(w->pCall, pStmt, 4));
  }
  assocFinalize(w->pCall, pStmt);
  if (pJson == 0) {
    assocError(w->pCall,
               "onDelete of %s.%s is SET DEFAULT, but its default is an "
               "expression",
               pTab->zName, pTab->aCol[iCol].zName);
  }
  return pJson;
}

/* Columns that are set: all, but of those that become NULL only such as may
** be. */
static int edgeColumns(AssocWriter *w, const DestroyEdge *p, int eAction,
                       int **paCol) {
  const WriteRefer *pRefer = p->pRefer;
  int *a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(int) * (pRefer->nCol + 1));
  int i, n = 0;
  *paCol = a;
  for (i = 0; a && i < pRefer->nCol; i++) {
    if (eAction == DESTROY_NULL &&
        p->pChild->pTab->aCol[pRefer->aCol[i]].bNotNull) {
      continue;
    }
    a[n++] = pRefer->aCol[i];
  }
  return n;
}

/* UPDATE posts SET user_id=NULL WHERE id=?2, with all but the row bound. */
static WriteSql *edgeUpdate(WriteDestroyer *d, const DestroyEdge *p,
                            int eAction, int nCol, const int *aCol) {
  AssocWriter *w = d->w;
  DestroyTable *pChild = p->pChild;
  WriteSql *pSql = assocWriteSql(w, WRITE_UPDATE, pChild->pTab, nCol, aCol,
                                 pChild->nId, pChild->aId, 0, 0);
  int i;
  for (i = 0; pSql && i < nCol; i++) {
    WriteVal val = {0, 0, 0};
    val.pJson = edgeValue(d, p, eAction, aCol[i]);
    if (val.pJson) assocWriteBind(w, pSql->pStmt, i + 1, 0, &val);
  }
  return w->pCall->rc == SQLITE_OK ? pSql : 0;
}

/* Once for the report, whichever edges lead to the row. */
static void edgeReportChange(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  DestroyTable *pChild = p->pChild;
  u32 nOld = pChild->changed.nSlot;
  sqlite3_stmt *pStmt;
  if (!d->bReport) return;
  pStmt = tableLoad(d->w, pChild, &p->found, iRow);
  if (pStmt == 0) return;
  (void)tableRow(d->w, pChild, &pChild->changed, pStmt, 0, 1);
  if (pChild->changed.nSlot != nOld || d->bDryRun) edgeReport(d, p, pStmt);
  sqlite3_reset(pStmt);
}

/* The rows of an edge that stay let go of what goes. If none of the columns
** may be NULL, SQLite says so. */
static void edgeChange(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql = 0;
  int *aCol, n;
  u32 i;
  if (p->eNow != DESTROY_NULL && p->eNow != DESTROY_DEFAULT) return;
  if (p->found.nSlot == 0) return;
  n = edgeColumns(w, p, p->eNow, &aCol);
  if (n == 0 && aCol) aCol[n++] = p->pRefer->aCol[0];
  if (aCol) pSql = edgeUpdate(d, p, p->eNow, n, aCol);
  for (i = 0; pSql && i < p->found.nSlot && w->pCall->rc == SQLITE_OK; i++) {
    if (tableGoes(w, p->pChild, &p->found, i)) continue;
    edgeReportChange(d, p, i);
    if (d->bDryRun) continue;
    assocErrorCode(w->pCall, assocKeymapBind(&p->found, i, pSql->pStmt, n + 1));
    assocWriteRun(w, pSql);
  }
}

/*
** A circle none of whose keys may be NULL can be deleted only if SQLite looks
** at the end. (To tell it so would make all statements be prepared anew, those
** that undo everything among them; and memory may not suffice for that.)
*/
static void edgeTied(WriteDestroyer *d, const DestroyEdge *p) {
  AssocCall *pCall = d->w->pCall;
  const AssocTable *pTab = p->pChild->pTab;
  sqlite3_stmt *pStmt;
  int bOn;
  if (strcmp(p->pRefer->zDeclared, "NO ACTION") != 0) return;
  pStmt = assocPrepare(pCall, "PRAGMA defer_foreign_keys");
  bOn = assocStep(pCall, pStmt) && sqlite3_column_int(pStmt, 0);
  assocFinalize(pCall, pStmt);
  if (bOn) return;
  assocError(pCall,
             "rows refer to each other in a circle, and %s.%s cannot be NULL; "
             "they can go in a transaction with PRAGMA defer_foreign_keys=ON",
             pTab->zName, pTab->aCol[p->pRefer->aCol[0]].zName);
}

/* Rows that close a circle let go, though they will be deleted too. */
static void edgeUntie(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql;
  int *aCol, n;
  u32 i;
  if (p->knot.nSlot == 0) return;
  n = edgeColumns(w, p, DESTROY_NULL, &aCol);
  if (n == 0) edgeTied(d, p);
  pSql = n ? edgeUpdate(d, p, DESTROY_NULL, n, aCol) : 0;
  for (i = 0; pSql && i < p->knot.nSlot && w->pCall->rc == SQLITE_OK; i++) {
    assocErrorCode(w->pCall, assocKeymapBind(&p->knot, i, pSql->pStmt, n + 1));
    assocWriteRun(w, pSql);
  }
}

/* Do something with all edges. */
static void destroyEdges(WriteDestroyer *d,
                         void (*xDo)(WriteDestroyer *, DestroyEdge *)) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  for (p = d->pTable; p; p = p->pNext) {
    for (pEdge = p->pEdge; pEdge && d->w->pCall->rc == SQLITE_OK;
         pEdge = pEdge->pNext) {
      xDo(d, pEdge);
    }
  }
}

/* ---------------------------------------------------------------- deleting */

/* A row that was not deleted is gone already, by a trigger or by SQLite's
** own foreign keys; or a trigger keeps it, and then nothing may go. */
static void tableCheckGone(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  sqlite3_stmt *pStmt;
  if (p->pTab->eType != ASSOC_TABLE) return;
  pStmt = tableLoad(d->w, p, &p->rows, iRow);
  if (pStmt) {
    assocError(d->w->pCall, "a trigger of %s kept a row from being deleted",
               p->pTab->zName);
  }
  sqlite3_reset(pStmt);
}

static void tableDelete(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  AssocWriter *w = d->w;
  WriteSql *pSql =
      assocWriteSql(w, WRITE_DELETE, p->pTab, 0, 0, p->nId, p->aId, 0, 0);
  int n;
  if (pSql == 0) return;
  assocErrorCode(w->pCall, assocKeymapBind(&p->rows, iRow, pSql->pStmt, 1));
  while (assocStep(w->pCall, pSql->pStmt)) { /* PRAGMA count_changes */
  }
  sqlite3_reset(pSql->pStmt);
  if (w->pCall->rc != SQLITE_OK) return;
  n = sqlite3_changes(w->pCall->db);
  w->nChange += n;
  if (n == 0) tableCheckGone(d, p, iRow);
}

/* The time, as the column of soft deletion takes it. */
static sqlite3_value *tableNow(WriteDestroyer *d, const DestroyTable *p) {
  AssocWriter *w = d->w;
  const AssocColumn *pCol = &p->pTab->aCol[p->pModel->iDeleted];
  int bInt = sqlite3_strlike("%INT%", pCol->zType, 0) == 0;
  sqlite3_value *pNow = 0;
  sqlite3_stmt *pStmt =
      assocPrepare(w->pCall, bInt ? "SELECT CAST(strftime('%%s') AS INTEGER)"
                                  : "SELECT CURRENT_TIMESTAMP");
  if (assocStep(w->pCall, pStmt)) {
    pNow = assocWriterKeep(w, sqlite3_column_value(pStmt, 0));
  }
  assocFinalize(w->pCall, pStmt);
  return pNow;
}

static void tableMark(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  AssocWriter *w = d->w;
  WriteSql *pSql = assocWriteSql(w, WRITE_UPDATE, p->pTab, 1,
                                 &p->pModel->iDeleted, p->nId, p->aId, 0, 0);
  if (p->pNow == 0) p->pNow = tableNow(d, p);
  if (pSql == 0 || p->pNow == 0) return;
  assocErrorCode(w->pCall, sqlite3_bind_value(pSql->pStmt, 1, p->pNow));
  assocErrorCode(w->pCall, assocKeymapBind(&p->rows, iRow, pSql->pStmt, 2));
  assocWriteRun(w, pSql);
}

/* Delete all rows, those first that refer to others. */
static void destroyAll(WriteDestroyer *d) {
  i64 i;
  destroyEdges(d, edgeUntie);
  for (i = 0; i < d->order.n && d->w->pCall->rc == SQLITE_OK; i++) {
    if (d->bSoft) {
      tableMark(d, d->order.a[i].pTable, d->order.a[i].iRow);
    } else {
      tableDelete(d, d->order.a[i].pTable, d->order.a[i].iRow);
    }
  }
}

/* ------------------------------------------------------------------ report */

/* "posts", or "aux.posts" */
static void reportTable(WriteDestroyer *d, AssocOut *pOut,
                        const AssocTable *pTab) {
  const char *zSchema = pTab->pSchema->zName;
  const char *z = pTab->zName;
  if (sqlite3_stricmp(zSchema, "main") != 0) {
    z = assocArenaPrintf(d->w->pCall, &d->w->tmp, "%s.%s", zSchema, z);
  }
  if (z) assocJsonString(pOut, z, (i64)strlen(z));
}

/* "posts":[1,2],"comments":[5] of the groups that were deleted, or changed */
static void reportTables(WriteDestroyer *d, AssocOut *pOut, int bDeleted) {
  DestroyTable *p;
  DestroyGroup *pGroup;
  int n = 0;
  for (p = d->pTable; p; p = p->pNext) {
    int nKey = 0;
    for (pGroup = d->pGroup; pGroup; pGroup = pGroup->pNext) {
      AssocOut *pKeys = &pGroup->keys;
      if (pGroup->pTable != p || pKeys->pStart == pKeys->p ||
          (pGroup->eAction == DESTROY_CASCADE) != bDeleted) {
        continue;
      }
      if (nKey++ == 0) {
        if (n++) assocOutText(pOut, ",", 1);
        reportTable(d, pOut, p->pTab);
        assocOutText(pOut, ":[", 2);
      } else {
        assocOutText(pOut, ",", 1);
      }
      assocOutText(pOut, pKeys->pStart, pKeys->p - pKeys->pStart);
    }
    if (nKey) assocOutText(pOut, "]", 1);
  }
}

/* [{"table":"posts","path":"posts","action":"delete","keys":[1,2]}, …] */
static void reportGroups(WriteDestroyer *d, AssocOut *pOut) {
  const char *const az[] = {d->bSoft ? "mark" : "delete", "set null",
                            "set default"};
  DestroyGroup *p;
  int n = 0;
  assocOutText(pOut, "[", 1);
  for (p = d->pGroup; p; p = p->pNext) {
    if (p->keys.pStart == p->keys.p) continue;
    assocOutPrintf(pOut, "%s{\"table\":", n++ ? "," : "");
    reportTable(d, pOut, p->pTable->pTab);
    assocOutPrintf(pOut, ",\"path\":");
    assocJsonString(pOut, p->zPath, (i64)strlen(p->zPath));
    assocOutPrintf(pOut, ",\"action\":\"%s\",\"keys\":[", az[p->eAction]);
    assocOutText(pOut, p->keys.pStart, p->keys.p - p->keys.pStart);
    assocOutText(pOut, "]}", 2);
  }
  assocOutText(pOut, "]", 1);
}

static char *destroyReport(WriteDestroyer *d, i64 *pn) {
  AssocCall *pCall = d->w->pCall;
  AssocOut out;
  char *z;
  if (pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, sqlite3_limit(pCall->db, SQLITE_LIMIT_LENGTH, -1));
  if (d->bDryRun) {
    reportGroups(d, &out);
  } else {
    assocOutText(&out, "{\"deleted\":{", 12);
    reportTables(d, &out, 1);
    assocOutText(&out, "},\"changed\":{", 13);
    reportTables(d, &out, 0);
    assocOutText(&out, "}}", 2);
  }
  z = assocBufFinish(&out, pn);
  if (z == 0) assocErrorCode(pCall, out.rc);
  if (pCall->rc == SQLITE_OK) return z;
  sqlite3_free(z);
  return 0;
}

/* --------------------------------------------------------------- interface */

static WriteDestroyer *destroyerOf(AssocWriter *w) {
  WriteDestroyer *d = w->pDestroyer;
  if (d || w->pCall->rc != SQLITE_OK) return d;
  d = assocAlloc(w->pCall, &w->mem, sizeof(*d));
  if (d == 0) return 0;
  d->w = w;
  d->ppTableEnd = &d->pTable;
  d->ppGroupEnd = &d->pGroup;
  w->pDestroyer = d;
  return d;
}

static void edgeReset(DestroyEdge *p) {
  assocKeymapClear(&p->found);
  assocKeymapClear(&p->knot);
  assocKeymapClear(&p->pairParent);
  assocKeymapClear(&p->pairChild);
  sqlite3_free(p->aPair);
  p->aPair = 0;
  p->nPair = 0;
  p->nAsked = 0;
  p->pGroup = 0;
}

/* Forget the rows; tables, edges and statements serve again. */
static void destroyerReset(WriteDestroyer *d) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  DestroyGroup *pGroup;
  for (pGroup = d->pGroup; pGroup; pGroup = pGroup->pNext) {
    assocBufClear(&pGroup->keys);
  }
  d->pGroup = 0;
  d->ppGroupEnd = &d->pGroup;
  d->bTangled = 0;
  stepsClear(&d->todo);
  stepsClear(&d->order);
  for (p = d->pTable; p; p = p->pNext) {
    assocKeymapClear(&p->rows);
    assocKeymapClear(&p->changed);
    sqlite3_free(p->aState);
    p->aState = 0;
    p->nState = 0;
    p->zPath = 0;
    p->pNow = 0;
    for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) edgeReset(pEdge);
  }
}

/* The row itself, which pStmt stands on. */
static void destroyFirst(WriteDestroyer *d, DestroyTable *p,
                         sqlite3_stmt *pStmt) {
  DestroyGroup *pGroup;
  p->zPath = "";
  if (d->bSoft && tableIsDead(p, pStmt)) {
    if (!d->bReport) return;
    assocError(d->w->pCall,
               "this row of %s was destroyed before, and is only kept; "
               "{\"force\":true} deletes it",
               p->pModel->zLabel);
  }
  pGroup = destroyGroup(d, p, "", DESTROY_CASCADE);
  if (pGroup == 0) return;
  (void)tableRow(d->w, p, &p->rows, pStmt, 0, 1);
  if (d->bReport) destroyKey(d->w, p, &pGroup->keys, pStmt);
}

/* Its table, with the row as its first. */
static DestroyTable *destroyRoot(WriteDestroyer *d, const WriteRow *pRow) {
  AssocWriter *w = d->w;
  AssocModel *pModel = pRow->pModel;
  DestroyTable *p = destroyTable(d, pModel->pTable);
  int i;
  if (p == 0) return 0;
  if (p->pRoot == 0) p->pRoot = tableStmt(w, p, pModel->nKey, pModel->aKey);
  for (i = 0; i < pModel->nKey; i++) {
    assocWriteBind(w, p->pRoot, i + 1, 0, &pRow->aKey[i]);
  }
  if (assocStep(w->pCall, p->pRoot)) destroyFirst(d, p, p->pRoot);
  sqlite3_reset(p->pRoot);
  return p;
}

static void destroyRun(WriteDestroyer *d, const WriteRow *pRow, int mHow) {
  AssocCall *pCall = d->w->pCall;
  DestroyTable *pRoot;
  int bEnforced = 0;
  if (!assocModelScopes(pCall, pRow->pModel)) return;
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &bEnforced);
  d->bCascade = (mHow & WRITE_CASCADE) != 0;
  d->bDryRun = (mHow & WRITE_DRYRUN) != 0;
  d->bSoft = !(mHow & WRITE_FORCE) && pRow->pModel->iDeleted >= 0;
  d->bEnforced = bEnforced && !d->bSoft;
  pRoot = destroyRoot(d, pRow);
  destroyVisit(d, pRoot);
  destroyEdges(d, edgeJudge); /* All, before anything is changed */
  destroyReorder(d, pRoot);
  destroyEdges(d, edgeChange);
  if (!d->bDryRun && pCall->rc == SQLITE_OK) destroyAll(d);
}

void assocDestroyRow(AssocWriter *w, const WriteRow *pRow) {
  WriteDestroyer *d = destroyerOf(w);
  if (d == 0 || w->pCall->rc != SQLITE_OK) return;
  d->bReport = 0;
  destroyRun(d, pRow, 0);
  destroyerReset(d);
}

char *assocDestroyReport(AssocWriter *w, const WriteRow *pRow, int mHow,
                         i64 *pn) {
  WriteDestroyer *d = destroyerOf(w);
  char *z;
  if (d == 0 || w->pCall->rc != SQLITE_OK) return 0;
  d->bReport = 1;
  destroyRun(d, pRow, mHow);
  z = destroyReport(d, pn);
  destroyerReset(d);
  return z;
}
