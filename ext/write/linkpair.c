/*
** One pair of a belongsToMany, linked by one statement, which also asks whether
** both rows exist and whether they are linked already:
**
**   INSERT OR IGNORE INTO "main"."post_tags"("post_id","tag_id") VALUES(
**     (SELECT "id" FROM "main"."posts" WHERE "id"=?1),
**     (SELECT "id" FROM "main"."tags" WHERE "id"=?2))
**
** A missing row gives NULL, which the columns do not take. If the statement
** inserts nothing, the caller looks at the rows to find out why.
*/
#include "write/link.h"

/* Values of WriteLink.eQuick. */
#define QUICK_ASK 0
#define QUICK_YES 1
#define QUICK_NO 2

/* Does a join row refer to the model by its rowid, in a column that must have a
** value? (A rowid takes another value for NULL.) And does each session see all
** rows of the model? */
static int quickEnd(AssocWriter *w, const AssocModel *pModel,
                    const AssocKey *pKey, const AssocTable *pJoin,
                    const AssocKey *pRef) {
  const AssocTable *pTab = pModel->pTable;
  return pModel->nKey == 1 && pModel->aKey[0] == pTab->iRowid &&
         pKey->nCol == 1 && pKey->aCol[0] == pTab->iRowid &&
         pJoin->aCol[pRef->aCol[0]].bNotNull &&
         pJoin->iRowid != pRef->aCol[0] && assocRowReads(w, pModel);
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

/* (SELECT "id" FROM "main"."posts" WHERE "id"=?1) */
static void quickKey(sqlite3_str *pStr, const AssocModel *pModel, int iVar) {
  const AssocTable *pTab = pModel->pTable;
  const char *zKey = pTab->aCol[pModel->aKey[0]].zName;
  sqlite3_str_appendf(pStr,
                      "(SELECT \"%w\" FROM \"%w\".\"%w\" WHERE \"%w\"=?%d)",
                      zKey, pTab->pSchema->zName, pTab->zName, zKey, iVar);
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
  quickKey(sql.pStr, pLink->pRel->pSource, 1);
  sqlite3_str_appendall(sql.pStr, ",");
  quickKey(sql.pStr, pLink->pTarget, 2);
  for (i = 2; i < n; i++) sqlite3_str_appendf(sql.pStr, ",?%d", i + 1);
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
    p->eQuick = quickFits(w, p) ? QUICK_YES : QUICK_NO;
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
