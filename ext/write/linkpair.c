/*
** Two rows, linked or unlinked by one statement, which also asks whether both
** exist, and how they are linked now:
**
**   INSERT OR IGNORE INTO "main"."post_tags"("post_id","tag_id") VALUES(
**     (SELECT ?1 FROM "main"."posts" t1, "main"."tags" t2
**       WHERE t1."id"=?1 AND t2."id"=?2), ?2)
**   DELETE FROM "main"."post_tags" WHERE "post_id"=?1 AND "tag_id"=?2
**     AND (SELECT ?1 FROM ...) NOT NULL
**
** If a row is missing, the value is NULL, which the column does not take. The same
** of a hasMany, where ?3 says whether the target has no source yet:
**
**   UPDATE "main"."posts" SET "user_id"=?1 WHERE "id"=?2
**     AND "user_id" IS NOT ?1 AND ("user_id" IS NULL)=?3
**     AND (SELECT ?1 FROM "main"."users" t1 WHERE t1."id"=?1) NOT NULL
**   UPDATE "main"."posts" SET "user_id"=NULL WHERE "id"=?2
**     AND "user_id"=?1 AND (SELECT ?1 FROM ...) NOT NULL
**
** If the statement changes nothing, the caller looks at the rows to find out why.
**
** And a new row of a hasMany, whose key SQLite chooses:
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
/* The first variable of what a statement for a pair writes besides the keys. */
#define PAIR_MORE 4

/* Is the rowid the key of the model? And does each session see all of its rows? */
static int quickModel(AssocWriter *w, const AssocModel *pModel) {
  return assocKeyIsRowid(pModel) && assocRowReads(w, pModel);
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
  if (assocCellAmong(p->nThrough, p->aThrough, pRel->foreign.aCol[0]) ||
      assocCellAmong(p->nThrough, p->aThrough, pRel->other.aCol[0])) {
    return 0; /* The scope is one key or the other */
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

/* (SELECT ?1 FROM "main"."posts" t1, "main"."tags" t2 WHERE t1."id"=?1 AND ...):
** of a hasMany without the target, whose row the statement changes. */
static void pairExists(sqlite3_str *pStr, const WriteLink *pLink) {
  sqlite3_str_appendall(pStr, "(SELECT ?1 FROM ");
  quickFrom(pStr, pLink->pRel->pSource, 1);
  if (pLink->pJoin) {
    sqlite3_str_appendall(pStr, ", ");
    quickFrom(pStr, pLink->pTarget, 2);
  }
  sqlite3_str_appendall(pStr, " WHERE ");
  quickWhere(pStr, pLink->pRel->pSource, 1);
  if (pLink->pJoin) {
    sqlite3_str_appendall(pStr, " AND ");
    quickWhere(pStr, pLink->pTarget, 2);
  }
  sqlite3_str_appendall(pStr, ")");
}

/* Insert a join row. */
static void pairInsert(sqlite3_str *pStr, const WriteLink *pLink, int n,
                       const WriteCell *aCell) {
  const AssocRel *pRel = pLink->pRel;
  const AssocTable *pTab = pRel->pThrough;
  int i;
  sqlite3_str_appendf(pStr, "INSERT OR IGNORE INTO \"%w\".\"%w\"(\"%w\",\"%w\"",
                      pTab->pSchema->zName, pTab->zName,
                      pTab->aCol[pRel->foreign.aCol[0]].zName,
                      pTab->aCol[pRel->other.aCol[0]].zName);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(pStr, ",\"%w\"", pTab->aCol[aCell[i].iCol].zName);
  }
  sqlite3_str_appendall(pStr, ") VALUES(");
  pairExists(pStr, pLink);
  sqlite3_str_appendall(pStr, ",?2");
  for (i = 0; i < n; i++) sqlite3_str_appendf(pStr, ",?%d", PAIR_MORE + i);
  sqlite3_str_appendall(pStr, ")");
}

/* Delete a join row. */
static void pairDelete(sqlite3_str *pStr, const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  const AssocTable *pTab = pRel->pThrough;
  sqlite3_str_appendf(
      pStr, "DELETE FROM \"%w\".\"%w\" WHERE \"%w\"=?1 AND \"%w\"=?2 AND ",
      pTab->pSchema->zName, pTab->zName,
      pTab->aCol[pRel->foreign.aCol[0]].zName,
      pTab->aCol[pRel->other.aCol[0]].zName);
  pairExists(pStr, pLink);
  sqlite3_str_appendall(pStr, " NOT NULL");
}

/* Change the foreign key of a target, and its time of change. */
static void pairUpdate(sqlite3_str *pStr, const WriteLink *pLink, int bUnlink,
                       int n, const WriteCell *aCell) {
  const AssocTable *pTab = pLink->pTarget->pTable;
  const char *zKey = pTab->aCol[pLink->pRel->foreign.aCol[0]].zName;
  int i;
  sqlite3_str_appendf(pStr, "UPDATE \"%w\".\"%w\" SET \"%w\"=%s",
                      pTab->pSchema->zName, pTab->zName, zKey,
                      bUnlink ? "NULL" : "?1");
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(pStr, ",\"%w\"=?%d", pTab->aCol[aCell[i].iCol].zName,
                        PAIR_MORE + i);
  }
  sqlite3_str_appendf(pStr, " WHERE \"%w\"=?2 AND ",
                      pTab->aCol[pTab->iRowid].zName);
  if (bUnlink) {
    sqlite3_str_appendf(pStr, "\"%w\"=?1 AND ", zKey);
  } else {
    sqlite3_str_appendf(pStr, "\"%w\" IS NOT ?1 AND (\"%w\" IS NULL)=?3 AND ",
                        zKey, zKey);
  }
  pairExists(pStr, pLink);
  sqlite3_str_appendall(pStr, " NOT NULL");
}

/* Tell assocSqlKnownAlone() that the statement is an UPDATE of these columns. */
static void pairSets(AssocWriter *w, WriteSql *p, int iKey, int n,
                     const WriteCell *aCell) {
  int i;
  p->aSet = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * (n + 1));
  if (p->aSet == 0) return;
  p->eOp = WRITE_UPDATE;
  p->nSet = n + 1;
  p->aSet[0] = iKey;
  for (i = 0; i < n; i++) p->aSet[i + 1] = aCell[i].iCol;
}

/* One of the statements at the head of this file. The cells are what it writes
** besides the keys. */
static WriteSql *pairSql(AssocWriter *w, const WriteLink *pLink, int bUnlink,
                         int n, const WriteCell *aCell) {
  const AssocRel *pRel = pLink->pRel;
  AssocTable *pTab = assocRelForeignTable(pRel);
  AssocSql sql;
  WriteSql *p;
  assocSchemaNeedTrust(w->pCall, pTab->pSchema);
  assocSchemaNeedTrust(w->pCall, pRel->pSource->pTable->pSchema);
  assocSchemaNeedTrust(w->pCall, pLink->pTarget->pTable->pSchema);
  assocWriteSqlStart(w, &sql);
  if (pLink->pJoin == 0) {
    pairUpdate(sql.pStr, pLink, bUnlink, n, aCell);
  } else if (bUnlink) {
    pairDelete(sql.pStr, pLink);
  } else {
    pairInsert(sql.pStr, pLink, n, aCell);
  }
  p = assocWriteSqlKeep(w, &sql);
  if (p == 0) return 0;
  p->pTab = pTab;
  if (pLink->pJoin == 0) pairSets(w, p, pRel->foreign.aCol[0], n, aCell);
  return p;
}

int assocLinkMayPair(AssocWriter *w, WriteLink *p) {
  if (w->pCall->bGate) return 0;
  if (p->eQuick == QUICK_ASK)
    p->eQuick = quickFits(w, p) || quickNew(w, p) ? QUICK_YES : QUICK_NO;
  return p->eQuick == QUICK_YES;
}

/* Can one statement link or unlink two rows? A text in a foreign key may refer to a
** row although "=" says no. A join row to which others may refer is not deleted
** alone. */
static int pairMay(AssocWriter *w, const WriteLink *p, int bUnlink) {
  const AssocTable *pTab = p->pTarget->pTable;
  if (p->pJoin) {
    return !bUnlink || (p->nThrough == 0 && assocDestroyIsAlone(w, p->pJoin));
  }
  return pTab->aCol[p->pRel->foreign.aCol[0]].eAff == ASSOC_AFF_NUMERIC &&
         (!bUnlink || !assocLinkDestroys(p));
}

/* What is written besides the keys. */
static const WriteCell *pairCells(AssocWriter *w, const WriteLink *pLink,
                                  int bUnlink, int *pn) {
  *pn = bUnlink ? 0 : pLink->nThrough;
  if (pLink->pJoin == 0) {
    return assocRowTouch(w, pLink->pTarget, pn, pLink->aScope);
  }
  if (bUnlink) return pLink->aThrough;
  return assocRowFill(w, pLink->pJoin, pn, pLink->aThrough);
}

/* Run the statement. True if it changed a row. */
static int pairRun(AssocWriter *w, const WriteSql *p) {
  while (assocStep(w->pCall, p->pStmt)) {
  }
  return w->pCall->rc == SQLITE_OK && sqlite3_changes(w->pCall->db) > 0;
}

/* Whether a new target has a source already is guessed: as the last one had. Returns
** CHANGE_*, or -1. */
static int pairMove(AssocWriter *w, WriteLink *pLink, const WriteSql *p) {
  int i;
  for (i = 0; i < 2; i++) {
    (void)sqlite3_bind_int(p->pStmt, 3, pLink->bFresh);
    if (pairRun(w, p)) return pLink->bFresh ? CHANGE_ADDED : CHANGE_MOVED;
    pLink->bFresh = !pLink->bFresh;
  }
  return -1;
}

int assocLinkPairAlone(AssocWriter *w, WriteLink *pLink, int bUnlink,
                       const WriteRow *pSource, const WriteRow *pTarget,
                       WriteChanges *pChanges) {
  const WriteCell *aCell;
  WriteSql *p;
  i64 iSource, iTarget;
  int i, n, eChange = bUnlink ? CHANGE_REMOVED : CHANGE_ADDED;
  assert(pLink->eQuick == QUICK_YES && w->pCall->rc == SQLITE_OK);
  if (!assocValIsInt(pSource->aKey, &iSource) ||
      !assocValIsInt(pTarget->aKey, &iTarget) || !pairMay(w, pLink, bUnlink)) {
    return 0;
  }
  aCell = pairCells(w, pLink, bUnlink, &n);
  if (aCell == 0) return 0;
  p = pLink->apPair[bUnlink];
  if (p == 0) p = pLink->apPair[bUnlink] = pairSql(w, pLink, bUnlink, n, aCell);
  if (p == 0 || !assocSqlKnownAlone(w, p)) return 0;
  if (n) (void)assocWriteSqlUse(w, p); /* Integers can stay bound */
  (void)sqlite3_bind_int64(p->pStmt, 1, iSource);
  (void)sqlite3_bind_int64(p->pStmt, 2, iTarget);
  for (i = 0; i < n; i++) {
    assocWriteBind(w, p->pStmt, PAIR_MORE + i, &p->pTab->aCol[aCell[i].iCol],
                   &aCell[i].val);
  }
  assocWriterLast(w, pTarget);
  assocSqlAlone(w, p);
  if (pLink->pJoin || bUnlink) {
    if (!pairRun(w, p)) return 0;
  } else {
    eChange = pairMove(w, pLink, p);
    if (eChange < 0) return 0;
  }
  w->nChange++;
  assocChangeAdd(pChanges, eChange, pTarget);
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
