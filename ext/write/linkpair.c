/*
** One pair of a belongsToMany, linked by one statement, which also asks whether
** both rows exist and whether they are linked already:
**
**   INSERT OR IGNORE INTO "main"."post_tags"("post_id","tag_id") VALUES(
**     (SELECT ?1 FROM "main"."posts" t1, "main"."tags" t2
**       WHERE t1."id"=?1 AND t2."id"=?2), ?2)
**
** If a row is missing, the value is NULL, which the column does not take. If the statement
** inserts nothing, the caller looks at the rows to find out why.
**
** The same of a new row of a hasMany, whose key SQLite chooses:
**
**   INSERT INTO "main"."posts"("id","user_id","title") VALUES(
**     CASE WHEN EXISTS(SELECT 1 FROM "main"."users" t1 WHERE t1."id"=?1)
**       THEN NULL ELSE '' END, ?1, ?2)
**
** NULL lets SQLite choose; '' is no rowid, which is the error SQLITE_MISMATCH.
*/
#include "write/link.h"

/* Values of WriteLink.eQuick. */
#define QUICK_ASK 0
#define QUICK_YES 1
#define QUICK_NO 2

/* Is the rowid the key of the model? And does each session see all of its rows? */
static int quickModel(AssocWriter *w, const AssocModel *pModel) {
  return pModel->nKey == 1 && pModel->aKey[0] == pModel->pTable->iRowid &&
         assocRowReads(w, pModel);
}

/* The same, and do other rows refer to it by that key? */
static int quickKeyed(AssocWriter *w, const AssocModel *pModel,
                      const AssocKey *pKey) {
  return quickModel(w, pModel) && pKey->nCol == 1 &&
         pKey->aCol[0] == pModel->pTable->iRowid;
}

/* The same, and do join rows do so in a column that must have a value? (A rowid
** takes another value for NULL.) */
static int quickEnd(AssocWriter *w, const AssocModel *pModel,
                    const AssocKey *pKey, const AssocTable *pJoin,
                    const AssocKey *pRef) {
  return quickKeyed(w, pModel, pKey) && pJoin->aCol[pRef->aCol[0]].bNotNull &&
         pJoin->iRowid != pRef->aCol[0];
}

/* Does a new row of a hasMany need nothing but its foreign key? */
static int quickNew(AssocWriter *w, const WriteLink *p) {
  const AssocRel *pRel = p->pRel;
  return pRel->eKind == ASSOC_HASMANY && p->nScope == 0 && !p->bOperator &&
         quickKeyed(w, pRel->pSource, &pRel->sourceKey) &&
         quickModel(w, p->pTarget) &&
         pRel->foreign.aCol[0] != p->pTarget->pTable->iRowid;
}

/* Is a new join row all that linking two rows may need? */
static int quickFits(AssocWriter *w, const WriteLink *p) {
  const AssocRel *pRel = p->pRel;
  if (pRel->eKind != ASSOC_BELONGSTOMANY || !p->bUnique || p->bOperator ||
      pRel->pScope || pRel->pOpt->eSymmetric == 1) {
    return 0;
  }
  return p->pJoin->iDeleted < 0 && assocRowReads(w, p->pJoin) &&
         quickEnd(w, pRel->pSource, &pRel->sourceKey, pRel->pThrough,
                  &pRel->foreign) &&
         quickEnd(w, p->pTarget, p->pTargetKey, pRel->pThrough, &pRel->other);
}

/* "main"."posts" t1 */
static void quickFrom(sqlite3_str *pStr, const AssocModel *pModel, int i) {
  const AssocTable *pTab = pModel->pTable;
  sqlite3_str_appendf(pStr, "\"%w\".\"%w\" t%d", pTab->pSchema->zName,
                      pTab->zName, i);
}

/* t1."id"=?1 */
static void quickWhere(sqlite3_str *pStr, const AssocModel *pModel, int i) {
  sqlite3_str_appendf(pStr, "t%d.\"%w\"=?%d", i,
                      pModel->pTable->aCol[pModel->aKey[0]].zName, i);
}

/* The statement at the head of this file. The first two of the n cells are the
** keys. */
static WriteSql *quickSql(AssocWriter *w, const WriteLink *pLink, int n,
                          const WriteCell *aCell) {
  AssocTable *pTab = pLink->pRel->pThrough;
  AssocSql sql;
  WriteSql *p;
  int i;
  assert(n >= 2);
  assocSchemaNeedTrust(w->pCall, pTab->pSchema);
  assocSchemaNeedTrust(w->pCall, pLink->pRel->pSource->pTable->pSchema);
  assocSchemaNeedTrust(w->pCall, pLink->pTarget->pTable->pSchema);
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendf(sql.pStr, "INSERT OR IGNORE INTO \"%w\".\"%w\"",
                      pTab->pSchema->zName, pTab->zName);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(sql.pStr, "%s\"%w\"", i ? "," : "(",
                        pTab->aCol[aCell[i].iCol].zName);
  }
  sqlite3_str_appendall(sql.pStr, ") VALUES(");
  sqlite3_str_appendall(sql.pStr, "(SELECT ?1 FROM ");
  quickFrom(sql.pStr, pLink->pRel->pSource, 1);
  sqlite3_str_appendall(sql.pStr, ", ");
  quickFrom(sql.pStr, pLink->pTarget, 2);
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  quickWhere(sql.pStr, pLink->pRel->pSource, 1);
  sqlite3_str_appendall(sql.pStr, " AND ");
  quickWhere(sql.pStr, pLink->pTarget, 2);
  sqlite3_str_appendall(sql.pStr, ")");
  for (i = 1; i < n; i++) sqlite3_str_appendf(sql.pStr, ",?%d", i + 1);
  sqlite3_str_appendall(sql.pStr, ")");
  p = assocWriteSqlKeep(w, &sql);
  if (p) p->pTab = pTab;
  return p;
}

int assocLinkMayPair(AssocWriter *w, AssocRel *pRel) {
  WriteLink *p = assocLinkOf(w, pRel, 0);
  assert(p); /* The caller has asked for it before */
  if (w->pCall->bGate) return 0;
  if (p->eQuick == QUICK_ASK)
    p->eQuick = quickFits(w, p) || quickNew(w, p) ? QUICK_YES : QUICK_NO;
  return p->eQuick == QUICK_YES;
}

int assocLinkNewPair(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteRow *pTarget, WriteChanges *pChanges) {
  const AssocTable *pTab = pLink->pRel->pThrough;
  const WriteCell *aCell;
  sqlite3_stmt *pStmt;
  i64 iKey;
  int i, n = 0;
  assert(pLink->eQuick == QUICK_YES);
  if (w->pCall->rc != SQLITE_OK) return 0;
  if (!assocValIsInt(pSource->aKey, &iKey) ||
      !assocValIsInt(pTarget->aKey, &iKey)) {
    return 0;
  }
  aCell = assocLinkJoinCells(w, pLink, pSource->aKey, pTarget->aKey, 0, 0, &n);
  aCell = assocRowFill(w, pLink->pJoin, &n, aCell);
  if (aCell == 0) return 0;
  if (pLink->pQuick == 0) pLink->pQuick = quickSql(w, pLink, n, aCell);
  pStmt = assocWriteSqlUse(w, pLink->pQuick);
  if (pStmt == 0 || !assocSqlKnownAlone(w, pLink->pQuick)) return 0;
  for (i = 0; i < n; i++) {
    assocWriteBind(w, pStmt, i + 1, i < 2 ? 0 : &pTab->aCol[aCell[i].iCol],
                   &aCell[i].val);
  }
  assocWriterLast(w, pTarget);
  assocSqlAlone(w, pLink->pQuick);
  while (assocStep(w->pCall, pStmt)) {
  }
  if (w->pCall->rc != SQLITE_OK || sqlite3_changes(w->pCall->db) == 0) return 0;
  w->nChange++;
  assocChangeAdd(pChanges, CHANGE_ADDED, pTarget);
  return 1;
}

/* The statement for a new row with these cells, the first of which is the foreign
** key. They are kept by their columns. */
static WriteSql *newSql(AssocWriter *w, WriteLink *pLink, int n,
                        const WriteCell *aCell) {
  AssocTable *pTab = pLink->pTarget->pTable;
  AssocSql sql;
  WriteSql *p;
  int i, *aSet;
  for (p = pLink->pQuick; p; p = p->pNextQuick) {
    for (i = 0; i < n && i < p->nSet && p->aSet[i] == aCell[i].iCol; i++) {
    }
    if (i == n && i == p->nSet) return p;
  }
  assocSchemaNeedTrust(w->pCall, pTab->pSchema);
  assocSchemaNeedTrust(w->pCall, pLink->pRel->pSource->pTable->pSchema);
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendf(sql.pStr, "INSERT INTO \"%w\".\"%w\"(\"%w\"",
                      pTab->pSchema->zName, pTab->zName,
                      pTab->aCol[pTab->iRowid].zName);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(sql.pStr, ",\"%w\"", pTab->aCol[aCell[i].iCol].zName);
  }
  sqlite3_str_appendall(sql.pStr, ") VALUES(CASE WHEN EXISTS(SELECT 1 FROM ");
  quickFrom(sql.pStr, pLink->pRel->pSource, 1);
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  quickWhere(sql.pStr, pLink->pRel->pSource, 1);
  sqlite3_str_appendall(sql.pStr, ") THEN NULL ELSE '' END");
  for (i = 0; i < n; i++) sqlite3_str_appendf(sql.pStr, ",?%d", i + 1);
  sqlite3_str_appendall(sql.pStr, ")");
  aSet = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * n);
  p = assocWriteSqlKeep(w, &sql);
  if (p == 0) return 0; /* Also if there is no aSet */
  for (i = 0; i < n; i++) aSet[i] = aCell[i].iCol;
  p->pTab = pTab;
  p->nSet = n;
  p->aSet = aSet;
  p->pNextQuick = pLink->pQuick;
  pLink->pQuick = p;
  return p;
}

int assocLinkNewRow(AssocWriter *w, WriteLink *pLink, const WriteVal *aKey,
                    int nCell, const WriteCell *aGiven, WriteRow *pNew) {
  const AssocTable *pTab = pLink->pTarget->pTable;
  int i, rc, iForeign = pLink->pRel->foreign.aCol[0];
  const WriteCell *aCell;
  WriteCell *a;
  WriteSql *pSql;
  i64 iKey;
  assert(w->pCall->rc == SQLITE_OK);
  if (!assocValIsInt(aKey, &iKey)) return 0;
  a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (nCell + 1));
  if (a == 0) return 0;
  a[0].iCol = iForeign;
  a[0].val.i = iKey;
  for (i = 0; i < nCell; i++) {
    a[i + 1] = aGiven[i];
    if (a[i + 1].iCol == iForeign || a[i + 1].iCol == pTab->iRowid) return 0;
  }
  nCell++;
  aCell = assocRowFill(w, pLink->pTarget, &nCell, a);
  pSql = aCell ? newSql(w, pLink, nCell, aCell) : 0;
  if (pSql == 0) return 0;
  if (!assocSqlKnownAlone(w,
                          pSql)) { /* Nor will it be, while the schema lasts */
    pLink->eQuick = QUICK_NO;
    return 0;
  }
  (void)assocWriteSqlUse(w, pSql);
  for (i = 0; i < nCell; i++) {
    assocWriteBind(w, pSql->pStmt, i + 1, &pTab->aCol[aCell[i].iCol],
                   &aCell[i].val);
  }
  assocWriterLast(w, 0);
  assocSqlAlone(w, pSql);
  pNew->pModel = pLink->pTarget;
  pNew->aKey = assocAlloc(w->pCall, &w->tmp, sizeof(*pNew->aKey));
  if (w->pCall->rc != SQLITE_OK) return 0;
  (void)sqlite3_step(pSql->pStmt);
  rc = sqlite3_reset(pSql->pStmt);
  if (rc == SQLITE_MISMATCH) return 0; /* There is no such source */
  assocErrorCode(w->pCall, rc);
  w->nChange++;
  pNew->aKey->i = sqlite3_last_insert_rowid(w->pCall->db);
  return 1;
}
