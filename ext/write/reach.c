/*
** Which rows go when a row is destroyed, and in which order. This file changes
** nothing in the database: it collects the rows in memory.
**
**   tables   those with rows to delete or to change
**   edges    foreign keys, from the table that is referred to (the parent) to
**            the table that refers to it (the child). For each row of the
**            parent, the child's rows that refer to it are looked up
**   groups   rows that came by one edge, for the report
**
** An edge that cascades leads on: the rows it finds are destroyed too, and
** their table's edges are followed. Other edges remember the rows they find,
** because these rows may still be destroyed by another way.
**
** The order is that of a depth-first search: a row is deleted after all rows
** that refer to it. The search keeps its stack in an array on the heap, so a
** chain of rows may be a million long. Rows that refer to each other in a
** circle have no such order. If SQLite enforces the keys, the edge remembers
** the row that closes the circle (its knot), and cascade.c first sets the key
** of that row to NULL.
*/
#include "write/cascade.h"
#include <stdlib.h>

/* ----------------------------------------------------------------- tables */

/* Choose the columns that identify a row: the rowid if there is one, else the
** model's key. */
static void tableIdentity(DestroyTable *p) {
  if (p->pTab->iRowid >= 0) {
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

/* The column of soft deletion: of the table's own model, else of one beside it.
** -1 if there is none. */
static int tableDeleted(AssocWriter *w, AssocModel *pModel) {
  AssocModel *p = pModel->pTable->pAside;
  if (!assocModelScopes(w->pCall, pModel)) return -1;
  if (pModel->iDeleted >= 0) return pModel->iDeleted;
  for (; p; p = p->pNextAside) {
    if (!assocModelScopes(w->pCall, p)) return -1;
    if (p->iDeleted >= 0) return p->iDeleted;
  }
  return -1;
}

/* A new entry, not met yet. */
static DestroyTable *tableNew(WriteDestroyer *d, AssocTable *pTab) {
  AssocWriter *w = d->w;
  DestroyTable *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pTab = pTab;
  p->pModel = assocModelOf(w->pCall, pTab);
  if (p->pModel == 0) return 0;
  assocModelNeedKey(w->pCall, p->pModel);
  p->iDeleted = tableDeleted(w, p->pModel);
  if (w->pCall->rc != SQLITE_OK) return 0;
  tableIdentity(p);
  assert(p->nId > 0);
  p->aRule =
      assocAlloc(w->pCall, &w->mem, (i64)sizeof(*p->aRule) * (p->nId + 1));
  p->apVal =
      assocAlloc(w->pCall, &w->mem, (i64)sizeof(*p->apVal) * (p->nId + 1));
  if (p->aRule == 0 || p->apVal == 0) return 0;
  assocKeymapInit(&p->rows, p->nId, p->aRule);
  assocKeymapInit(&p->changed, p->nId, p->aRule);
  p->pNextKnown = d->pKnown;
  d->pKnown = p;
  return p;
}

/* Add the table to those met in this run. */
static void tableMeet(WriteDestroyer *d, DestroyTable *p) {
  if (p->bMet) return;
  p->bMet = 1;
  p->pNext = 0;
  *d->ppTableEnd = p;
  d->ppTableEnd = &p->pNext;
}

/* Everything about a table is collected when it is first met: its key, its
** associations, and who refers to it. */
DestroyTable *assocDestroyTable(WriteDestroyer *d, AssocTable *pTab) {
  DestroyTable *p = d->pKnown;
  while (p && p->pTab != pTab) p = p->pNextKnown;
  if (p == 0) p = tableNew(d, pTab);
  if (p) tableMeet(d, p);
  return p;
}

/*
** The columns that are read of a row of alias t1: its identity, its model's key
** if this is something else, and the column of soft deletion if there is one.
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
  if (pTable->iDeleted < 0) return;
  sqlite3_str_appendall(p->pStr, ",");
  assocSqlColumn(p, 1, pTable->pTab, pTable->iDeleted);
}

/* Was the row marked as deleted before? deletedAt is the last column of the
** statement. */
int assocDestroyIsDead(const DestroyTable *p, sqlite3_stmt *pStmt) {
  (void)p;
  assert(p->iDeleted >= 0); /* tableEdges() leads to no other rows */
  return sqlite3_column_type(pStmt, sqlite3_column_count(pStmt) - 1) !=
         SQLITE_NULL;
}

/* SELECT t1.rowid, t1.key FROM posts t1 WHERE t1.rowid=?1 */
WriteSql *assocDestroyStmt(AssocWriter *w, const DestroyTable *p, int nCol,
                           const int *aCol) {
  AssocSql sql;
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  tableColumnsSql(&sql, p);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTableAll(&sql, p->pTab, 1);
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  assocSqlKeyIs(&sql, 1, p->pTab, nCol, aCol);
  return assocWriteSqlKeep(w, &sql);
}

/* Rows are remembered by their ids alone and read again when they are needed,
** since a cascade may meet millions of rows. */
sqlite3_stmt *assocDestroyLoad(AssocWriter *w, DestroyTable *p,
                               AssocKeymap *pMap, u32 iRow) {
  sqlite3_stmt *pStmt;
  if (p->pLoad == 0) p->pLoad = assocDestroyStmt(w, p, p->nId, p->aId);
  if (w->pCall->rc != SQLITE_OK) return 0;
  pStmt = assocWriteSqlUse(w, p->pLoad);
  if (pStmt == 0) return 0;
  assocErrorCode(w->pCall, assocKeymapBind(pMap, iRow, pStmt, 1));
  return assocStep(w->pCall, pStmt) ? pStmt : 0;
}

/* ASSOC_NOSLOT if the row is not known and bAdd is false, or after an error. */
u32 assocDestroyRowOf(AssocWriter *w, const DestroyTable *p, AssocKeymap *pMap,
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

/* Is the row among those that are deleted? */
int assocDestroyGoes(AssocWriter *w, DestroyTable *p, AssocKeymap *pMap,
                     u32 iRow) {
  int rc = SQLITE_OK;
  u32 i = assocKeymapFindOf(&p->rows, pMap, iRow, &rc);
  assocErrorCode(w->pCall, rc);
  return i != ASSOC_NOSLOT;
}

/* The state (DESTROY_NEW, …) of row iRow of the table; 0: out of memory. The
** pointer is valid until the next call. */
static u8 *tableState(AssocWriter *w, DestroyTable *p, u32 iRow) {
  if (iRow >= p->nState) {
    u64 n = (u64)iRow * 2 + 64;
    u8 *a = sqlite3_realloc64(p->aState, n);
    if (a == 0) {
      assocErrorCode(w->pCall, SQLITE_NOMEM);
      return 0;
    }
    assert(n > p->nState);
    memset(&a[p->nState], DESTROY_NEW, (size_t)(n - p->nState));
    p->aState = a;
    p->nState = (u32)n;
  }
  return &p->aState[iRow];
}

/* Push a row. Out of memory becomes the call's error. */
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
  assert(iRow < pTable->rows.nSlot);
  p->a[p->n].pTable = pTable;
  p->a[p->n].iRow = iRow;
  p->a[p->n].mFound = 0;
  p->a[p->n++].bLeave = (u8)bLeave;
}

/* The stack of the walk is allocated, not recursive: chains may be long. */
void assocDestroyStepsClear(DestroySteps *p) {
  sqlite3_free(p->a);
  memset(p, 0, sizeof(*p));
}

/* ------------------------------------------------------------------ groups */

/* A group is one element of the report: rows of one table that were reached by
** the same path. They appear in the order in which they were met. */
DestroyGroup *assocDestroyGroup(WriteDestroyer *d, DestroyTable *pTable,
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

/* Append a key to a group's list. n > 1 makes it an array. */
void assocDestroyKey(AssocWriter *w, const DestroyTable *p, AssocOut *pOut,
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
** The path to an edge's rows: the path to its parent's first row, and the
** edge's name. A table that refers to itself would make the path as long as the
** data is deep. The path then has a "^", as recursion has in the shape
** language: "children^".
*/
static const char *edgePath(WriteDestroyer *d, const DestroyEdge *pEdge) {
  const char *zUp = pEdge->pParent->zPath;
  assert(zUp); /* Its rows are in the report */
  return assocArenaPrintf(d->w->pCall, &d->w->tmp, "%s%s%s%s", zUp,
                          zUp[0] ? "." : "", pEdge->pRefer->zName,
                          pEdge->pParent == pEdge->pChild ? "^" : "");
}

/* The group is made with its first row, so no empty group appears. */
void assocDestroyShow(WriteDestroyer *d, DestroyEdge *pEdge,
                      sqlite3_stmt *pStmt) {
  if (!d->bReport) return;
  if (pEdge->pGroup == 0) {
    const char *zPath = edgePath(d, pEdge);
    if (zPath == 0) return;
    if (pEdge->pChild->zPath == 0) pEdge->pChild->zPath = zPath;
    pEdge->pGroup = assocDestroyGroup(d, pEdge->pChild, zPath, pEdge->eNow);
  }
  if (pEdge->pGroup == 0) return;
  assocDestroyKey(d->w, pEdge->pChild, &pEdge->pGroup->keys, pStmt);
}

/* ------------------------------------------------------------------- edges */

/* DESTROY_* for the name of an action. 0 means no constraint. */
static int edgeAction(const char *z) {
  if (z == 0) return DESTROY_NOT;
  if (strcmp(z, "CASCADE") == 0) return DESTROY_CASCADE;
  if (strcmp(z, "SET NULL") == 0) return DESTROY_NULL;
  if (strcmp(z, "SET DEFAULT") == 0) return DESTROY_DEFAULT;
  return DESTROY_RESTRICT;
}

/* Does an index of the child serve the lookup of rows that refer to a row? Not
** if the affinities differ: SQLite then converts the child's values first. */
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

/* A new edge from a table to one that refers to it. */
static DestroyEdge *edgeNew(WriteDestroyer *d, DestroyTable *pParent,
                            WriteRefer *pRefer) {
  AssocWriter *w = d->w;
  DestroyTable *pChild = assocDestroyTable(d, pRefer->pChild);
  DestroyEdge *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0; /* Also if there is no table */
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

/* Find all edges of a table. Done once per writer. */
static void tableFindEdges(WriteDestroyer *d, DestroyTable *p) {
  WriteRefer *pRefer = assocRefersTo(d->w, p->pModel);
  DestroyEdge **pp = &p->pEdge;
  int n = 0;
  for (; pRefer; pRefer = pRefer->pNext) {
    *pp = edgeNew(d, p, pRefer);
    if (*pp == 0) return;
    (*pp)->iEdge = n++;
    pp = &(*pp)->pNext;
  }
  p->bEdges = d->w->pCall->rc == SQLITE_OK;
}

/*
** The edges of a table, with the action of each in this run. If rows are only
** marked as deleted, rows that refer to them still refer to something, so these
** edges do nothing. With "cascade" they mark the child's rows too, if the
** child's model has soft deletion.
*/
static DestroyEdge *tableEdges(WriteDestroyer *d, DestroyTable *p) {
  DestroyEdge *pEdge;
  if (!p->bEdges) tableFindEdges(d, p);
  if (d->w->pCall->rc != SQLITE_OK) return 0;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    tableMeet(d, pEdge->pChild);
    pEdge->eNow = d->bCascade ? DESTROY_CASCADE : pEdge->eAction;
    if (d->bSoft && (!d->bCascade || pEdge->pChild->iDeleted < 0)) {
      pEdge->eNow = DESTROY_NOT;
    }
  }
  return p->pEdge;
}

/* ---------------------------------------------------------------- finding */

/*
**
**    t2.id=t1.user_id AND <scope> AND t1.type='user'
**
** The condition under which a row of the child (t1) refers to a row of the
** parent (t2). The values of models that share a table, the scope and the type
** of an association without a constraint all belong to it.
*/
static void edgeIsSql(AssocSql *p, const DestroyEdge *pEdge) {
  const WriteRefer *pRefer = pEdge->pRefer;
  const AssocTable *pTab = pEdge->pChild->pTab;
  int i;
  /* As SQLite looks for rows that refer to a row which goes: a + before the
  ** child's column, as in assocSqlEqual(), would hide rows from this. */
  for (i = 0; i < pRefer->nCol; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, 2, pEdge->pParent->pTab, pRefer->aRef[i]);
    sqlite3_str_appendall(p->pStr, "=");
    assocSqlColumn(p, 1, pTab, pRefer->aCol[i]);
  }
  if (pRefer->pBy) assocSqlScope(p, pRefer->pBy->pValues, pRefer->pBy, 1);
  if (pRefer->pOf) assocSqlScope(p, pRefer->pOf->pValues, pRefer->pOf, 2);
  assocSqlScope(p, pRefer->pScope, pEdge->pChild->pModel, 1);
  if (pRefer->zType == 0) return;
  sqlite3_str_appendall(p->pStr, " AND ");
  assocSqlColumn(p, 1, pTab, pRefer->iType);
  sqlite3_str_appendall(p->pStr, "=");
  assocSqlTypeVal(p, pRefer->zType);
}

/* The rows that refer to one row:
**
**   SELECT t1.id FROM users t2 CROSS JOIN posts t1
**    WHERE t2.id=t1.user_id AND <scope> AND t2.id=?1
**
** With bPairs: all rows that refer to any row, each behind the identity of the
** row that it refers to:
**
**   SELECT t2.id,t1.id FROM posts t1 CROSS JOIN users t2 WHERE t2.id=t1.user_id
**
** CROSS JOIN fixes the order of the two loops. */
static WriteSql *edgeStmt(AssocWriter *w, const DestroyEdge *p, int bPairs) {
  const DestroyTable *pParent = p->pParent;
  AssocSql sql;
  int i;
  assocWriteSqlStart(w, &sql);
  assert(p->pRefer->nCol > 0);
  sql.nVar = bPairs ? 0 : pParent->nId; /* The scope's ?numbers come behind */
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  for (i = 0; bPairs && i < pParent->nId; i++) {
    assocSqlColumn(&sql, 2, pParent->pTab, pParent->aId[i]);
    sqlite3_str_appendall(sql.pStr, ",");
  }
  tableColumnsSql(&sql, p->pChild);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTableAll(&sql, bPairs ? p->pChild->pTab : pParent->pTab,
                   bPairs ? 1 : 2);
  sqlite3_str_appendall(sql.pStr, " CROSS JOIN ");
  assocSqlTableAll(&sql, bPairs ? pParent->pTab : p->pChild->pTab,
                   bPairs ? 2 : 1);
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  edgeIsSql(&sql, p);
  if (!bPairs) {
    sqlite3_str_appendall(sql.pStr, " AND ");
    sql.nVar = 0;
    assocSqlKeyIs(&sql, 2, pParent->pTab, pParent->nId, pParent->aId);
  }
  return assocWriteSqlKeep(w, &sql);
}

/* The row that pStmt stands on closes a circle. SQLite would refuse to delete
** any row of the circle first, so this row's key has to become NULL before. A
** row that refers to itself is no problem. */
static void edgeKnot(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt,
                     u32 iParent, u32 iRow) {
  if (!d->bEnforced || !p->pRefer->zDeclared) return;
  if (p->pParent == p->pChild && iParent == iRow) return;
  (void)assocDestroyRowOf(d->w, p->pChild, &p->knot, pStmt, 0, 1);
}

/* An edge leads to the row that pStmt stands on: visit this row later. The
** second search (bTangled), which only finds a better order, meets no new
** rows. */
static void edgeLeads(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt,
                      u32 iParent) {
  DestroyTable *pChild = p->pChild;
  u32 nOld = pChild->rows.nSlot, iRow;
  u8 *pState;
  iRow = assocDestroyRowOf(d->w, pChild, &pChild->rows, pStmt, 0, !d->bTangled);
  if (iRow == ASSOC_NOSLOT) return;
  pState = tableState(d->w, pChild, iRow);
  if (pState == 0) return;
  if (pChild->rows.nSlot != nOld) assocDestroyShow(d, p, pStmt);
  if (*pState == DESTROY_NEW) stepsAdd(d->w, &d->todo, pChild, iRow, 0);
  if (*pState == DESTROY_ENTERED) edgeKnot(d, p, pStmt, iParent, iRow);
}

/* Do the child's rows have to be deleted before the rows they refer to? */
static int edgeIsOrder(const WriteDestroyer *d, const DestroyEdge *p) {
  return p->eNow == DESTROY_CASCADE || (d->bTangled && p->pRefer->zDeclared);
}

/* pStmt stands on a row that refers to row iParent, which is to be deleted. */
static void edgeFound(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt,
                      u32 iParent) {
  if (d->bSoft && assocDestroyIsDead(p->pChild, pStmt)) return;
  if (edgeIsOrder(d, p)) {
    edgeLeads(d, p, pStmt, iParent);
  } else if (!d->bTangled) {
    (void)assocDestroyRowOf(d->w, p->pChild, &p->found, pStmt, 0, 1);
  }
}

/* For qsort(): by parent, then by child. */
static int pairCompare(const void *pA, const void *pB) {
  const DestroyPair *a = pA, *b = pB;
  if (a->iParent != b->iParent) return a->iParent < b->iParent ? -1 : 1;
  return a->iChild < b->iChild ? -1 : a->iChild > b->iChild;
}

/* Add the pair that pStmt stands on. *pnAlloc is the size of p->aPair. */
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
      assocDestroyRowOf(w, p->pParent, &p->pairParent, pStmt, 0, 1);
  p->aPair[p->nPair++].iChild =
      assocDestroyRowOf(w, p->pChild, &p->pairChild, pStmt, p->pParent->nId, 1);
}

/* Read all pairs of an edge. Without an index each lookup reads the whole
** table, so from the second lookup on, all pairs are read at once and kept
** sorted. */
static void edgePairs(AssocWriter *w, DestroyEdge *p) {
  sqlite3_stmt *pStmt;
  i64 nAlloc = 0;
  if (p->pPairs == 0) p->pPairs = edgeStmt(w, p, 1);
  pStmt = assocWriteSqlUse(w, p->pPairs);
  while (assocStep(w->pCall, pStmt)) pairAdd(w, p, &nAlloc, pStmt);
  if (p->nPair == 0) return;
  qsort(p->aPair, (size_t)p->nPair, sizeof(*p->aPair), pairCompare);
}

/* The index of the first pair of a parent, or where it would be (binary
** search). */
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
  assert(iLo == iHi);
  return iLo;
}

/* edgeFind() by the pairs that were read at once. */
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
        assocDestroyLoad(w, p->pChild, &p->pairChild, p->aPair[i].iChild);
    if (pStmt) edgeFound(d, p, pStmt, iRow);
    sqlite3_reset(pStmt);
  }
}

/* Find the rows that refer to row iRow by this edge. Are there any? (Without an
** index nobody asks.) */
static int edgeFind(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  AssocWriter *w = d->w;
  sqlite3_stmt *pStmt;
  int bAny = 0;
  if (p->eNow == DESTROY_NOT) return 0;
  if (d->bTangled && !edgeIsOrder(d, p)) return 0;
  p->nAsked++;
  if (!p->bIndexed && p->nAsked > 1) {
    edgeFindPairs(d, p, iRow);
    return 0;
  }
  if (p->pFind == 0) p->pFind = edgeStmt(w, p, 0);
  pStmt = assocWriteSqlUse(w, p->pFind);
  if (pStmt == 0) return 0;
  assocErrorCode(w->pCall, assocKeymapBind(&p->pParent->rows, iRow, pStmt, 1));
  for (; assocStep(w->pCall, pStmt); bAny = 1) edgeFound(d, p, pStmt, iRow);
  sqlite3_reset(pStmt);
  return bAny;
}

/* Enter a row: push it once more, to be left, and above it the rows that refer
** to it. They are reversed, so that the first one found is visited first. */
static void destroyEnter(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  DestroySteps *pTodo = &d->todo;
  DestroyEdge *pEdge;
  unsigned short mFound = 0;
  i64 i, j;
  *tableState(d->w, p, iRow) = DESTROY_ENTERED;
  stepsAdd(d->w, pTodo, p, iRow, 1);
  i = pTodo->n;
  for (pEdge = tableEdges(d, p); pEdge; pEdge = pEdge->pNext) {
    if (edgeFind(d, pEdge, iRow) && pEdge->iEdge < DESTROY_MASK) {
      mFound |= (unsigned short)(1 << pEdge->iEdge);
    }
  }
  if (d->w->pCall->rc != SQLITE_OK) return;
  pTodo->a[i - 1].mFound = mFound;
  for (j = pTodo->n - 1; i < j; i++, j--) {
    DestroyStep step = pTodo->a[i];
    pTodo->a[i] = pTodo->a[j];
    pTodo->a[j] = step;
  }
}

/* Take steps of a depth-first walk without recursion, until no row is left to
** visit. A row is put into the order when it is left, so rows that refer to
** others come before them. */
static void destroySteps(WriteDestroyer *d) {
  AssocWriter *w = d->w;
  while (d->todo.n > 0 && w->pCall->rc == SQLITE_OK) {
    DestroyStep step = d->todo.a[--d->todo.n];
    u8 *pState = &step.pTable->aState[step.iRow];
    assert(step.iRow < step.pTable->nState);
    if (step.bLeave) {
      assert(*pState == DESTROY_ENTERED);
      *pState = DESTROY_LEFT;
      stepsAdd(w, &d->order, step.pTable, step.iRow, 0);
      if (d->order.n) d->order.a[d->order.n - 1].mFound = step.mFound;
    } else if (*pState == DESTROY_NEW) {
      destroyEnter(d, step.pTable, step.iRow);
    }
  }
}

void assocDestroyVisit(WriteDestroyer *d, DestroyTable *pTable) {
  AssocWriter *w = d->w;
  u32 i;
  assert(pTable == 0 || d->nRoot <= pTable->rows.nSlot);
  for (i = 0; pTable && i < d->nRoot && w->pCall->rc == SQLITE_OK; i++) {
    if (tableState(w, pTable, i)) stepsAdd(w, &d->todo, pTable, i, 0);
    destroySteps(d);
  }
}

/* If rows refer to each other by keys that do not cascade (bTangled), these
** keys restrict the order, too. The first walk could not know them, because it
** did not know yet which rows are deleted. So walk again. */
void assocDestroyReorder(WriteDestroyer *d, DestroyTable *pRoot) {
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
  assocDestroyVisit(d, pRoot);
}
