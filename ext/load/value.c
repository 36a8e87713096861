/*
** Statements of a node that is one value: an aggregate of related rows, or
** whether there are any.
**
**   SELECT assoc_emit((SELECT count(*) FROM posts t1 WHERE t1.user_id=+k.k0))
**     FROM main.assoc_keys k
**   SELECT assoc_emit(a0, a1) FROM (SELECT t1.user_id AS a0, count(*) AS a1
**     FROM posts t1 GROUP BY 1)
*/
#include "load/stmt.h"

/* The rows that an aggregate summarizes. */
typedef struct ValueRows ValueRows;
struct ValueRows {
  AssocModel *pModel; /* The model of these rows */
  int iAlias;         /* Their alias */
  AssocHop *pFirst; /* A path of names to them; 0: the node's rows, under t1 */
  int bOnce;        /* Several ways lead to a row that counts once; under t1 */
  const char *zIndex; /* Many to many: an index of the join table; or 0 */
};

/* Does the node ask whether there are rows, instead of summarizing them? */
static int isTest(const AssocNode *pNode) {
  assert(pNode->pValue && pNode->pValue->pAgg);
  return (aShapeAgg[pNode->pValue->pAgg->eAgg].mFlag & SHAPE_AGG_TEST) != 0;
}

/* Write the value: a call of the aggregate, or 1 for EXISTS. */
static void stmtValue(AssocSql *p, const AssocNode *pNode,
                      const ValueRows *pRows) {
  if (isTest(pNode)) {
    stmtPut(p, "1");
  } else {
    assocSqlAggCall(p, pNode->pValue->pAgg, pNode->pValue->pPath, pRows->pModel,
                    pRows->iAlias);
  }
}

/* For hasPreviousPage: are there rows on the other side of the page's start? */
static void stmtBehind(AssocSql *p, AssocNode *pNode, const ValueRows *pRows) {
  const ShapeClauses *pC = pNode->pClauses;
  AssocNode *pList = pNode->pBeside;
  int bBack = pList->pPage->bBack;
  const ShapeVal *pAt = bBack ? pC->pBefore : pC->pAfter;
  if (pAt && pC->pOffset) stmtPut(p, " AND (true");
  if (pAt) assocPageAfter(p, pList, pRows->iAlias, pAt, bBack, 1);
  if (pC->pOffset) {
    stmtPut(p, pAt ? " OR " : " AND ");
    (void)assocSqlBind(p, pC->pOffset, ASSOC_BIND_COUNT);
    stmtPut(p, ">0");
  }
  if (pAt && pC->pOffset) stmtPut(p, ")");
}

/* " FROM (SELECT DISTINCT t3.user_id AS k0, t4.id AS p0 FROM …) t2 JOIN tags t1
** WHERE t1.id=t2.p0": the rows at the end of a path, each once for each key. */
static void stmtOnce(AssocSql *p, const AssocNode *pNode,
                     const ValueRows *pRows, const ShapeClauses *pC) {
  const AssocModel *pEnd = pRows->pModel;
  int i;
  assocModelNeedKey(p->pCall, pEnd);
  for (i = 0; i < assocRelNearKey(pRows->pFirst->pRel)->nCol; i++) {
    stmtPut(p, i ? "," : " FROM (SELECT DISTINCT ");
    assocSqlFarColumn(p, pRows->pFirst, i);
    sqlite3_str_appendf(p->pStr, " AS k%d", i);
  }
  for (i = 0; i < pEnd->nKey; i++) {
    stmtPut(p, ",");
    assocSqlColumn(p, stmtLast(pRows->pFirst)->iAlias, pEnd->pTable,
                   pEnd->aKey[i]);
    sqlite3_str_appendf(p->pStr, " AS p%d", i);
  }
  assocSqlFrom(p, pRows->pFirst, pC, 1);
  assocStmtPairsOf(p, pNode, pRows->pFirst);
  stmtPut(p, ") t2 JOIN ");
  assocSqlTableAs(p, pEnd->pTable, 1);
  for (i = 0; i < pEnd->nKey; i++) {
    stmtPut(p, i ? " AND " : " WHERE ");
    assocSqlColumn(p, 1, pEnd->pTable, pEnd->aKey[i]);
    sqlite3_str_appendf(p->pStr, "=t2.p%d", i);
  }
}

/* Write FROM and WHERE. More conditions may follow. */
static void stmtValueFrom(AssocSql *p, AssocNode *pNode,
                          const ValueRows *pRows) {
  const ShapeAgg *pAgg = pNode->pValue->pAgg;
  const ShapeClauses clauses = {.pWhere = pAgg->pWhere};
  if (pRows->bOnce) {
    stmtOnce(p, pNode, pRows, &clauses);
  } else if (pRows->pFirst) {
    assocSqlFrom(p, pRows->pFirst, &clauses, 1);
  } else {
    assocStmtPlace(p, pNode);
    if (pRows->zIndex) {
      stmtPut(p, " FROM ");
      assocStmtIndexed(p, pNode, pRows->zIndex);
    } else {
      assocStmtFrom(p, pNode, 0);
    }
    stmtPut(p, " WHERE true");
    assocStmtWhere(p, pNode);
  }
  if (pRows->pFirst == 0 && pAgg->pWhere) {
    stmtPut(p, " AND (");
    assocSqlPred(p, pAgg->pWhere, pRows->pModel, pRows->iAlias);
    stmtPut(p, ")");
  }
  if (pNode->pBeside && isTest(pNode)) stmtBehind(p, pNode, pRows);
}

/* Column i of the key by which a parent finds its value. */
static void stmtValueKey(AssocSql *p, const AssocNode *pNode,
                         const ValueRows *pRows, int i) {
  if (pRows->pFirst && !pRows->bOnce) {
    assocSqlFarColumn(p, pRows->pFirst, i);
  } else if (pRows->bOnce || (isPathNode(pNode) && !pNode->bDown)) {
    sqlite3_str_appendf(p->pStr, "t2.k%d", i);
  } else {
    sqlite3_str_appendall(p->pStr, pNode->azKey[i]);
  }
}

/* Find the rows. If the value goes over a path, by names or by the association,
** they are those at its end. */
static void valueRows(AssocSql *p, AssocNode *pNode, ValueRows *pRows) {
  const ShapeName *pPath = pNode->pValue->pPath;
  memset(pRows, 0, sizeof(*pRows));
  pRows->pModel = pNode->pModel;
  pRows->iAlias = 1;
  if (pPath == 0) return;
  if (isPathNode(pNode) && pPath->pNext == 0) return;
  pRows->pModel = pNode->pParent->pModel;
  pRows->pFirst = assocSqlPath(p, pPath, &pRows->pModel, 0, ASSOC_FIRST_VALUE);
  if (pRows->pFirst == 0) return;
  pRows->iAlias = stmtLast(pRows->pFirst)->iAlias;
  pRows->bOnce = !isTest(pNode) && assocHopsMeet(p->pCall, pRows->pFirst);
  if (pRows->bOnce) pRows->iAlias = 1;
}

/* Does an index lead to the least and the greatest value of each key? Then
** SQLite reads one row of the key for min() and max(). */
static int findsEnds(Planner *p, AssocNode *pNode, const ValueRows *pRows) {
  const AssocHop *pHop = pRows->pFirst;
  const ShapeAgg *pAgg = pNode->pValue->pAgg;
  AssocRel *pRel;
  AssocTable *pTab = 0;
  const AssocKey *pKey;
  int iCol;
  if (!(pAgg->eAgg == SHAPE_AGG_MIN || pAgg->eAgg == SHAPE_AGG_MAX)) return 0;
  if (pAgg->pWhere || pAgg->bAt) return 0;
  if (pHop == 0 || pHop->pNext) return 0; /* A path */
  pRel = pHop->pRel;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) return 0;
  pKey = assocRelFarKey(pRel, &pTab);
  if (pTab->eType != ASSOC_TABLE) return 0;
  iCol = assocColumnFind(pTab, pAgg->pCol->z);
  assert(iCol >= 0); /* Else the name is an error before */
  return assocTableIndexOrder(p->pCall, pTab, pKey->nCol, pKey->aCol, 1,
                              &iCol) != 0 &&
         !assocStmtAsks(p, pNode, pRel);
}

/* SELECT assoc_emit((SELECT count(*) FROM … WHERE key=+k.k0 AND …))
** FROM assoc_keys k: always one row for each key */
static void makeValueLookup(Planner *p, AssocNode *pNode) {
  int bExists = isTest(pNode), i;
  const AssocHop *pHop;
  ValueRows rows;
  AssocSql sql;
  assocStmtStart(p, &sql, pNode, 0);
  sql.bOfKey = 1;
  valueRows(&sql, pNode, &rows);
  if (p->pCall->rc == SQLITE_OK) {
    stmtPut(&sql, "SELECT assoc_emit(");
    stmtPut(&sql, bExists ? "EXISTS(SELECT " : "(SELECT ");
    stmtValue(&sql, pNode, &rows);
    stmtValueFrom(&sql, pNode, &rows);
  }
  for (i = 0; i < pNode->nKey && p->pCall->rc == SQLITE_OK; i++) {
    stmtPut(&sql, " AND ");
    stmtValueKey(&sql, pNode, &rows, i);
    sqlite3_str_appendf(sql.pStr, "=+k.k%d", i);
  }
  stmtPut(&sql, "))");
  assocStmtKeys(&sql, pNode);
  pNode->lookup.bEmit = 1;
  for (pHop = rows.pFirst; pHop; pHop = pHop->pNext) {
    if (!assocHopServed(p->pCall, pHop->pRel)) sql.bDear = 1;
  }
  if (!assocHopServed(p->pCall, pNode->pRel)) sql.bDear = 1;
  if (p->pCall->rc == SQLITE_OK) pNode->bEnds = findsEnds(p, pNode, &rows) != 0;
  assocStmtEnd(&sql, &pNode->lookup);
}

/* Targets from which on they are read in the order of their keys: so many often
** do not fit in the page cache. */
#define VALUE_SWEEP 8000

/*
** An index of the join table that has its rows in the order of the targets, and
** the key of the source as well. Without it SQLite reads the targets of one
** source after those of another, each from another page of the file. Only if
** nothing is asked of the rows, for which SQLite may know another index. 0 if
** there is none.
*/
static const char *sweepIndex(Planner *p, AssocNode *pNode,
                              const ValueRows *pRows) {
  const AssocRel *pRel = pNode->pRel;
  AssocModel *pModel = pNode->pModel;
  if (!isMany2Many(pNode) || isTest(pNode)) return 0;
  if (pRows->pFirst == 0 || pRows->pFirst->pNext) return 0;
  if (pNode->pValue->pAgg->pWhere || assocStmtAsks(p, pNode, pRel)) return 0;
  if (!assocStmtSortsAlike(pRel, pModel)) return 0;
  if (assocTableRows(p->pCall, pModel->pTable) < VALUE_SWEEP) return 0;
  return assocTableIndexOrder(p->pCall, pRel->pThrough, pRel->other.nCol,
                              pRel->other.aCol, pRel->foreign.nCol,
                              pRel->foreign.aCol);
}

/* May the scan group by an index? */
static int groupsByIndex(const AssocNode *pNode, const ValueRows *pRows) {
  const AssocHop *pHop = pRows->pFirst;
  const AssocRel *pRel = pHop ? pHop->pRel : pNode->pRel;
  if (pNode->nKey == 0 || pRel->nPath || (pHop && pHop->pNext)) return 0;
  return pRel->eKind != ASSOC_BELONGSTOMANY;
}

/*
** SELECT assoc_emit(a0, a1, a2) FROM (SELECT key AS a0, count(*) AS a1,
** sum(likes) AS a2 … AND key IS NOT NULL GROUP BY 1): one row for each parent
** that has rows. No parent has NULL as its key, so a partial index without NULLs
** serves, too. bPlus: a "+" before the key keeps SQLite from using an index.
*/
static void makeValueScan(Planner *p, AssocNode *pNode, int bPlus) {
  const char *zPlus = bPlus ? "+" : "";
  const AssocNode *pOne;
  ValueRows rows;
  AssocSql sql;
  int i, n = 0, nValue = 0;
  for (pOne = pNode; pOne; pOne = pOne->pAlso) nValue++;
  assocStmtStart(p, &sql, pNode, 1);
  valueRows(&sql, pNode, &rows);
  rows.zIndex = sweepIndex(p, pNode, &rows);
  pNode->bSweeps = rows.zIndex != 0;
  if (rows.zIndex) {
    rows.pFirst = 0;
    rows.iAlias = 1;
    rows.pModel = pNode->pModel;
  }
  if (p->pCall->rc == SQLITE_OK) {
    stmtPut(&sql, "SELECT assoc_emit(");
    for (i = 0; i < pNode->nKey + nValue; i++) {
      sqlite3_str_appendf(sql.pStr, "%sa%d", i ? "," : "", i);
    }
    stmtPut(&sql, ") FROM (SELECT ");
    for (i = 0; i < pNode->nKey; i++) {
      stmtPut(&sql, zPlus);
      stmtValueKey(&sql, pNode, &rows, i);
      sqlite3_str_appendf(sql.pStr, " AS a%d,", i);
    }
    for (pOne = pNode; pOne; pOne = pOne->pAlso) {
      stmtValue(&sql, pOne, &rows);
      sqlite3_str_appendf(sql.pStr, " AS a%d%s", i++, pOne->pAlso ? "," : "");
    }
    stmtValueFrom(&sql, pNode, &rows);
    pNode->bGroups = (u8)groupsByIndex(pNode, &rows);
    for (i = 0; i < pNode->nKey && pNode->bGroups; i++) {
      stmtPut(&sql, " AND ");
      stmtPut(&sql, zPlus);
      stmtValueKey(&sql, pNode, &rows, i);
      stmtPut(&sql, " IS NOT NULL");
    }
    for (i = 0; i < pNode->nKey; i++) {
      stmtNext(&sql, &n, " GROUP BY ", ",");
      sqlite3_str_appendf(sql.pStr, "%d", i + 1);
    }
    if (n == 0 && isTest(pNode)) stmtPut(&sql, " LIMIT 1");
    stmtPut(&sql, ")");
  }
  pNode->scan.bEmit = 1;
  assocStmtEnd(&sql, &pNode->scan);
}

/*
** Should the scan group in a sorter instead of by an index? SQLite prefers the
** order of an index, and then looks up the rest of each row in the table. If
** the rows of a group lie far from each other, this is two to three times
** slower than sorting.
*/
void assocStmtValueScan(AssocPlanner *p, AssocNode *pNode) {
  if (pNode->bLookupOnly || p->pCall->rc != SQLITE_OK) return;
  makeValueScan(p, pNode, 0);
  if (pNode->bGroups && assocFetchReads(p->pCall, pNode->pPlan, &pNode->scan)) {
    makeValueScan(p, pNode, 1);
  }
}

/* An aggregate has the same two strategies as rows: one value for one parent,
** or all values with GROUP BY. */
void assocStmtValue(AssocPlanner *p, AssocNode *pNode) {
  if (p->pCall->rc != SQLITE_OK) return;
  if (pNode->nKey) makeValueLookup(p, pNode);
  assocStmtValueScan(p, pNode);
}

/* The value as a correlated subquery, for assoc_sql(). exists() becomes EXISTS.
** Where an aggregate picks one of the values, as max() does, a BLOB has to
** become a text, as in a load. */
void assocStmtNestedValue(AssocSql *p, AssocNode *pNode) {
  int mFlag = aShapeAgg[pNode->pValue->pAgg->eAgg].mFlag, i;
  int bExists = isTest(pNode), bAny = (mFlag & SHAPE_AGG_PICKS) != 0;
  ValueRows rows;
  assocSqlJoined(p, 1, pNode->pRel, 2);
  p->bOfKey = 1;
  valueRows(p, pNode, &rows);
  if (p->pCall->rc != SQLITE_OK) return;
  if (bAny) {
    stmtPut(p, "(SELECT CASE typeof(x) WHEN 'blob' THEN hex(x) ELSE x END"
               " FROM (SELECT ");
  } else {
    stmtPut(p, bExists ? "CASE WHEN EXISTS(SELECT " : "(SELECT ");
  }
  stmtValue(p, pNode, &rows);
  if (bAny) stmtPut(p, " AS x");
  stmtValueFrom(p, pNode, &rows);
  for (i = 0; i < pNode->nKey; i++) {
    stmtPut(p, " AND ");
    stmtValueKey(p, pNode, &rows, i);
    stmtPut(p, "=");
    assocStmtParent(p, pNode, i);
  }
  assocStmtOfType(p, pNode);
  if (rows.pFirst == 0) assocSqlPlaceEnd(p);
  stmtPut(p, bExists ? ") THEN json('true') ELSE json('false') END"
             : bAny  ? "))"
                     : ")");
  p->bOfKey = 0;
}
