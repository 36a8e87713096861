/*
** Statements that scan: all rows, for all keys at once.
**
**   SELECT assoc_emit(t1.user_id, <values>) FROM posts t1
**    NOT INDEXED WHERE <where>
**
** The key comes first, unless it is among the values. A scan in the order of
** the rowid needs no ORDER BY: NOT INDEXED leaves SQLite only that order, if no
** OR in the condition can use several indexes. Rows in any other order come
** from a subquery with ORDER BY.
*/
#include "load/stmt.h"

/* Does a scan of the table give the order of the model's key? */
static int keyOrder(Planner *p, const AssocModel *pModel) {
  AssocTable *pTab = pModel->pTable;
  const AssocIndex *pIdx;
  int i;
  if (pTab->bRowid) return assocKeyIsRowid(pModel);
  /* NOT INDEXED does not affect the primary key of a table WITHOUT ROWID. */
  pIdx = assocTableIndexes(p->pCall, pTab);
  if (pIdx == 0) return 0; /* After an error */
  if (!pIdx->bPrimary || pIdx->pNext) return 0;
  for (i = 0; i < pModel->nKey; i++) {
    if (i >= pIdx->nCol || pIdx->aCol[i] != pModel->aKey[i] ||
        pIdx->abDesc[i]) {
      return 0;
    }
  }
  return 1;
}

/* Does an index give each target its join rows, in the index's order? */
static int joinByIndex(Planner *p, const AssocRel *pRel) {
  const AssocTable *pJoin = pRel->pThrough, *pTgt = pRel->pTarget->pTable;
  int i, bUnique;
  for (i = 0; i < pRel->other.nCol; i++) {
    if (!assocColumnAlike(&pJoin->aCol[pRel->other.aCol[i]],
                          &pTgt->aCol[pRel->targetKey.aCol[i]])) {
      return 0;
    }
  }
  return assocTableIndexOn(p->pCall, pRel->pThrough, pRel->other.nCol,
                           pRel->other.aCol, &bUnique) != 0;
}

/* See stmt.h. */
int assocStmtIsNatural(Planner *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocRel *pRel = pNode->pRel;
  if (p->bReverse || pModel->pTable->eType != ASSOC_TABLE) return 0;
  if (assocOrderOf(pRel, pNode->pClauses)) return 0;
  if (isPathNode(pNode) && !pNode->bDown) return 0;
  if (pNode->pPage && pNode->pPage->bBack) return 0;
  if (isMany2Many(pNode) && !joinByIndex(p, pRel)) return 0;
  return pModel->nKey == 0 || pNode->bOne || keyOrder(p, pModel);
}

/* Are these roots that are given out one at a time? They are stepped. */
static int oneByOne(const Planner *p, const AssocNode *pNode) {
  return pNode->pRel == 0 && p->pPlan->eAsk >= ASSOC_ASK_ROWS;
}

/* SELECT assoc_emit(…), or SELECT assoc_emit(a0, …) FROM (SELECT … AS a0, … */
static void stmtScanStart(AssocSql *p, const AssocNode *pNode,
                          const AssocFetch *pFetch, int bNatural) {
  int i, n = 0;
  stmtPut(p, pFetch->bEmit ? "SELECT assoc_emit(" : "SELECT ");
  if (pFetch->bEmit && !bNatural) {
    for (i = 0; i < pNode->nScanKey + pNode->nArg; i++) {
      stmtNext(p, &n, "", ",");
      sqlite3_str_appendf(p->pStr, "a%d", i);
    }
    stmtPut(p, ") FROM (SELECT ");
  }
  assocStmtValues(p, pNode, 1, !bNatural);
  if (pFetch->bEmit && bNatural) stmtPut(p, ")");
}

/*
** The roots in the order of their keys, whatever order, limit and offset the
** query has: for ORDER BY id on the table-valued eager().
**
**   SELECT * FROM (<query>) ORDER BY a0 COLLATE binary DESC
**
** The id of a composite key is a JSON array; ids compare as such texts.
*/
static void stmtReorder(Planner *p, AssocSql *pSql, AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  const char *zDesc = p->pPlan->eAsk == ASSOC_ASK_DESC ? " DESC" : "";
  char *zInner;
  int i;
  if (p->pPlan->eAsk != ASSOC_ASK_ASC && p->pPlan->eAsk != ASSOC_ASK_DESC) {
    return;
  }
  assocSqlPlaceEnd(pSql);
  zInner = assocStrFinish(p->pCall, pSql->pStr);
  pSql->pStr = sqlite3_str_new(p->pCall->db);
  sqlite3_str_appendf(pSql->pStr, "SELECT * FROM (%z) ORDER BY ", zInner);
  if (pModel->nKey > 1) stmtPut(pSql, "json_array(");
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pSql->pStr, "%sa%d%s", i ? "," : "", pRoot->aiSource[i],
                        pModel->nKey > 1 ? "" : " COLLATE binary");
  }
  stmtPut(pSql, pModel->nKey > 1 ? ")" : "");
  stmtPut(pSql, zDesc);
}

/* " AND t1.id>=?1 AND t1.id<=?2": the roots that the caller asks for. */
static void stmtRange(AssocSql *p, const AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  if (!pRoot->bRange) return;
  stmtPut(p, " AND ");
  assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[0]);
  stmtPut(p, ">=?1 AND ");
  assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[0]);
  stmtPut(p, "<=?2");
}

/*
** The first rows in the order of the list, or more or less so many:
**
**   AND t1.id<=(SELECT min(id) FROM posts)+0.008*((SELECT max(id) FROM posts)-
**    (SELECT min(id) FROM posts))
**
** To count them would take as long as to test them.
*/
static void stmtFirstRows(AssocSql *p, const AssocNode *pNode) {
  static const char *const azFrom[] = {"(SELECT min(", "(SELECT max("};
  AssocTable *pTab = pNode->pModel->pTable;
  const ShapeSort *pSort = pNode->pClauses->pOrder;
  int bDesc = pSort && pSort->bDesc, i;
  stmtPut(p, " AND ");
  assocSqlColumn(p, 1, pTab, pTab->iRowid);
  stmtPut(p, bDesc ? ">=" : "<=");
  for (i = 0; i < 3; i++) {
    stmtPut(p, azFrom[(i == 1) != bDesc]);
    sqlite3_str_appendf(p->pStr, "\"%w\") FROM ",
                        pTab->aCol[pTab->iRowid].zName);
    assocSqlTable(p, pTab);
    stmtPut(p, i == 1 ? ")-" : ")");
    if (i == 0) {
      sqlite3_str_appendf(p->pStr, "+%!.17g*(",
                          (double)p->nFirst /
                              (double)(assocTableRows(p->pCall, pTab) + 1));
    }
  }
  stmtPut(p, ")");
}

/* If a key of one column is among the values of the row, the scan reads it
** once. */
static void scanKey(AssocNode *pNode) {
  int i;
  for (i = 0; i < pNode->nArg && pNode->nKey == 1; i++) {
    const char *z = pNode->aArg[i].zSql;
    if (z == 0 || strcmp(z, pNode->azKey[0]) != 0) continue;
    pNode->nScanKey = 0;
    pNode->iScanKey = i;
    return;
  }
}

/* Does an index lead to the rows that policies let through? SQLite is asked. */
static int policySearches(Planner *p, const AssocNode *pNode) {
  sqlite3_stmt *pStmt;
  const char *zSql;
  AssocSql sql;
  int b = 0;
  assocPlannerSql(p, &sql);
  if (assocSqlIsPoliced(&sql, pNode->pModel->pTable)) {
    stmtPut(&sql, "SELECT 1 FROM ");
    assocSqlTableAs(&sql, pNode->pModel->pTable, 1);
  }
  zSql = assocSqlEnd(&sql);
  if (zSql == 0 || zSql[0] == 0) return 0;
  pStmt = assocPrepare(p->pCall, "EXPLAIN QUERY PLAN %s", zSql);
  while (assocStep(p->pCall, pStmt)) {
    /* The condition's own tables have other aliases. */
    b |= strncmp(assocColumnText(p->pCall, pStmt, 3), "SEARCH t1 ", 10) == 0;
  }
  assocFinalize(p->pCall, pStmt);
  return b;
}

/*
** The scan: all rows for all parents; for the root, all rows that the query
** asks for. If the order of the list is the order in which SQLite reads the
** table, no sorter is needed, and the rows can be emitted inside the statement.
** Otherwise a subquery sorts them first, unless its rows have sort keys.
*/
static i64 makeScan(Planner *p, AssocNode *pNode, AssocFetch *pFetch,
                    int bCursor, i64 nFirst) {
  const ShapeClauses *pC = pNode->pRel ? 0 : pNode->pClauses;
  int bNatural = assocStmtIsNatural(p, pNode) && !oneByOne(p, pNode) &&
                 !bCursor &&
                 (pC == 0 || (pC->pWhere == 0 && pC->pLimit == 0 &&
                              pC->pOffset == 0 && pNode->pPage == 0)) &&
                 !pNode->bTotal && !policySearches(p, pNode);
  AssocSql sql;
  scanKey(pNode);
  pFetch->bEmit = pNode->nScanKey + pNode->nArg <= p->nFunctionArg &&
                  pNode->nScanKey + pNode->nArg > 0 && !oneByOne(p, pNode);
  assocStmtStart(p, &sql, pNode, 1);
  sql.nFirst = nFirst;
  if (pNode->bRange || pNode->bPast) sql.nVar = 3;
  sql.bNatural = (u8)bNatural;
  if (!bNatural && !assocStmtIsChosen(pNode)) assocStmtPlace(&sql, pNode);
  stmtScanStart(&sql, pNode, pFetch, bNatural);
  if (pNode->bTotal) {
    assocStmtTotals(&sql, pNode);
    if (pFetch->bEmit) stmtPut(&sql, ")");
    assocStmtEnd(&sql, pFetch);
    return 0;
  }
  assocStmtFrom(&sql, pNode, bNatural || nFirst);
  pNode->bSorted = !bNatural && !pNode->bOne && !pNode->nSort;
  sql.nListed = pNode->nArg;
  sql.aListed = pNode->aArg;
  sql.iListed = 1 + pNode->nScanKey;
  stmtPut(&sql, " WHERE true");
  stmtRange(&sql, pNode);
  if (nFirst) stmtFirstRows(&sql, pNode);
  assocStmtWhere(&sql, pNode);
  if (bCursor) assocStmtCursors(&sql, pNode);
  if (!bNatural) {
    if (!pNode->bOne) assocStmtOrder(&sql, pNode);
    if (pNode->pRel == 0) assocStmtLimit(&sql, pNode);
    if (pFetch->bEmit) stmtPut(&sql, ")");
    if (pNode->pRel == 0) stmtReorder(p, &sql, pNode);
    if (pNode->bPast) stmtPut(&sql, " LIMIT -1 OFFSET ?3");
  }
  assocStmtEnd(&sql, pFetch);
  return sql.nMay;
}

/* Can a condition on the key select the first roots? It can if the list is in the
** order of an INTEGER PRIMARY KEY. A budget counts rows, so it lets no row be read
** twice. */
static int hasFirst(Planner *p, const AssocNode *pNode) {
  const AssocTable *pTab = pNode->pModel->pTable;
  const ShapeSort *pSort = pNode->pClauses->pOrder;
  const char *z;
  if (pNode->pClauses->pLimit == 0 || pNode->pPage) return 0;
  if (oneByOne(p, pNode) || !assocKeyIsRowid(pNode->pModel)) return 0;
  if (pSort && assocKeyColumn(pTab, &pSort->key) != pTab->iRowid) return 0;
  z = assocSqlSource(p->pCall, p->pArena, pTab);
  return z && z[0] != '('; /* Neither a policy nor a budget */
}

/* The scan; of roots by whose LIMIT a few rows may be enough, also a statement that
** reads no more than those. */
static void makeScans(Planner *p, AssocNode *pNode) {
  i64 n = makeScan(p, pNode, &pNode->scan, 0, 0);
  if (stmtHasCursor(pNode)) (void)makeScan(p, pNode, &pNode->scanAt, 1, 0);
  if (n == 0 || !hasFirst(p, pNode)) return;
  (void)makeScan(p, pNode, &pNode->first, 0, n);
  pNode->first.bEmit = pNode->scan.bEmit;
}

/* The index for a scan of the join table in the order of the lists, or 0. This
** way is better than to find the join rows of each target, since each target is
** written once. It is possible only if nothing else is asked of the rows. */
static const char *linksIndex(Planner *p, AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  int bDesc, i;
  if (!isMany2Many(pNode)) return 0;
  assert(pNode->bMany);
  if (pNode->bChanges) return 0; /* 1 and '1' are one key, not one place */
  if (pNode->bAt || pNode->pPage || pNode->bRecurse || p->bReverse) return 0;
  if (assocOrderOf(pRel, pNode->pClauses) || pNode->nArg == 0) return 0;
  if (pNode->nArg + pRel->other.nCol > p->nFunctionArg) return 0;
  for (i = 0; i < pRel->other.nCol; i++) {
    const AssocColumn *pCol = &pRel->pThrough->aCol[pRel->other.aCol[i]];
    if (pCol->eColl == ASSOC_COLL_OTHER) return 0;
  }
  if (assocTableRows(p->pCall, pNode->pModel->pTable) >
      assocTableRows(p->pCall, pRel->pThrough)) {
    return 0;
  }
  return assocStmtAsks(p, pNode, pRel) ? 0
                                       : assocStmtKeyIndex(p, pNode, &bDesc);
}

/* The rules of the keys by which targets are found: both sides have the same
** affinity. False after an error. */
static int stmtEndRules(Planner *p, AssocNode *pNode, int n) {
  pNode->aEnd = assocPlannerAlloc(p, sizeof(AssocKeyRule) * (size_t)n);
  pNode->nEnd = n;
  if (pNode->aEnd == 0) return 0;
  while (n-- > 0) {
    pNode->aEnd[n] =
        (AssocKeyRule){.eAff = ASSOC_AFF_NONE, .eColl = ASSOC_COLL_BINARY};
  }
  return 1;
}

/* Many to many in two statements: the targets, and the join rows.
**
**   SELECT assoc_emit(t1.id, <values>) FROM tags t1
**   SELECT assoc_emit(t2.tag_id, t2.post_id) FROM post_tags t2 INDEXED BY …
**
** The target's key is behind the parent's in the index, so it is read first: see
** lastColumnFirst().
*/
static void makeLinks(Planner *p, AssocNode *pNode, const char *zIndex) {
  const AssocRel *pRel = pNode->pRel;
  AssocSql sql;
  int i, n = 0;
  assert(isMany2Many(pNode) && pNode->bMany);
  if (!stmtEndRules(p, pNode, pRel->other.nCol)) return;
  assocStmtStart(p, &sql, pNode, 1);
  for (i = 0; i < pRel->other.nCol; i++) {
    const AssocColumn *pCol = &pRel->pThrough->aCol[pRel->other.aCol[i]];
    pNode->aEnd[i].eColl = pCol->eColl;
    stmtNext(&sql, &n, "SELECT assoc_emit(", ",");
    assocSqlColumn(&sql, 1, pNode->pModel->pTable, pRel->targetKey.aCol[i]);
  }
  stmtPut(&sql, ",");
  assocStmtValues(&sql, pNode, 0, 0);
  stmtPut(&sql, ") FROM ");
  assocSqlTableAs(&sql, pNode->pModel->pTable, 1);
  assocStmtEnd(&sql, &pNode->ends);
  assocStmtStart(p, &sql, pNode, 1);
  for (i = n = 0; i < pRel->other.nCol; i++) {
    stmtNext(&sql, &n, "SELECT assoc_emit(", ",");
    assocSqlColumn(&sql, 2, pRel->pThrough, pRel->other.aCol[i]);
  }
  for (i = 0; i < pNode->nKey; i++) {
    stmtPut(&sql, ",");
    stmtPut(&sql, pNode->azKey[i]);
  }
  stmtPut(&sql, ") FROM ");
  assocSqlTableBy(&sql, pRel->pThrough, 2, 0, zIndex);
  pNode->scan.bEmit = 1;
  assocStmtEnd(&sql, &pNode->scan);
}

/* Is a path on which several ways may lead to a row to be read in two statements?
** Each target is written once, so there may not be more of them than ways. */
static int isWays(Planner *p, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  i64 nWay = 0;
  int i;
  if (!isPathNode(pNode) || pNode->bDown || !pNode->bMany) return 0;
  if (pNode->pPage || pNode->bRecurse || p->bReverse) return 0;
  if (pNode->nArg == 0 || pNode->pModel->nKey > ASSOC_KEY_MAX) return 0;
  if (pNode->nArg + pNode->pModel->nKey > p->nFunctionArg) return 0;
  for (i = 0; i < pRel->nPath; i++) {
    const AssocRel *pStep = pRel->apPath[i];
    AssocTable *pTab =
        pStep->pThrough ? pStep->pThrough : pStep->pTarget->pTable;
    i64 n = assocTableRows(p->pCall, pTab);
    if (n > nWay) nWay = n;
  }
  return assocTableRows(p->pCall, pNode->pModel->pTable) <= nWay;
}

/*
** A path in two statements: the targets in their order, and the pairs of the path's
** ends, once for each way. A pair that comes again is skipped by run.c, which takes
** less than DISTINCT.
**
**   SELECT assoc_emit(a0, a1, …) FROM (SELECT t1.id, <values> FROM tags t1
**    WHERE <where> ORDER BY <order>)
**   SELECT assoc_emit(t4.id, t3.user_id) FROM posts t3, tags t4, post_tags t5
**    WHERE …
*/
static void makeWays(Planner *p, AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  AssocSql sql;
  int i, n = 0;
  if (!stmtEndRules(p, pNode, pModel->nKey)) return;
  assocStmtStart(p, &sql, pNode, 1);
  assocStmtPlace(&sql, pNode);
  for (i = 0; i < pModel->nKey + pNode->nArg; i++) {
    stmtNext(&sql, &n, "SELECT assoc_emit(", ",");
    sqlite3_str_appendf(sql.pStr, i < pModel->nKey ? "k%d" : "a%d",
                        i < pModel->nKey ? i : i - pModel->nKey);
  }
  for (i = n = 0; i < pModel->nKey; i++) {
    stmtNext(&sql, &n, ") FROM (SELECT ", ",");
    assocSqlColumn(&sql, 1, pModel->pTable, pModel->aKey[i]);
    sqlite3_str_appendf(sql.pStr, " AS k%d", i);
  }
  stmtPut(&sql, ",");
  assocStmtValues(&sql, pNode, 0, 1);
  stmtPut(&sql, " FROM ");
  assocSqlTableAs(&sql, pModel->pTable, 1);
  assocSqlPlaceHere(&sql);
  stmtPut(&sql, " WHERE true");
  assocStmtEndsWhere(&sql, pNode);
  assocStmtOrder(&sql, pNode);
  stmtPut(&sql, ")");
  assocStmtEnd(&sql, &pNode->ends);
  assocStmtStart(p, &sql, pNode, 1);
  stmtPut(&sql, "SELECT assoc_emit(");
  assocStmtWays(&sql, pNode);
  pNode->scan.bEmit = pNode->bWays = 1;
  assocStmtEnd(&sql, &pNode->scan);
}

/* A belongsToMany may be read through an index of its join table; then the join
** rows come in the order of the keys. */
void assocStmtScan(AssocPlanner *p, AssocNode *pNode) {
  const char *zIndex = linksIndex(p, pNode);
  if (zIndex) {
    makeLinks(p, pNode, zIndex);
    return;
  }
  if (isWays(p, pNode)) {
    makeWays(p, pNode);
    return;
  }
  makeScans(p, pNode);
}
