/*
** What the statements of nodes have in common.
**
**   SELECT <values> FROM posts t1 JOIN post_tags t2 WHERE <join> AND <where>
**    ORDER BY <order> LIMIT <limit>
**
** A node's rows have the alias t1, join rows t2. If a path leads to the rows,
** t2 is a subquery with the pairs of the path's two ends, each pair once.
*/
#include "load/stmt.h"

/* Offsets in a JSON text are not known, so its errors show no place. */
void assocPlannerSql(Planner *p, AssocSql *pSql) {
  const AssocShape *pShape = p->pPlan->pShape;
  assocSqlStart(pSql, p->pCall, p->pArena, pShape->bJson ? 0 : pShape->zText);
  pSql->nAlias = 2; /* t1 and t2 are the node's */
  pSql->bWith = 1;
}

/* Conditions on related rows are written as EXISTS or IN. Their choice needs
** the number of tested rows, which is estimated only if such a condition occurs
** (nTested = -1). */
void assocStmtStart(Planner *p, AssocSql *pSql, AssocNode *pNode, int bScan) {
  AssocTested *pTested = &pSql->tested;
  assocPlannerSql(p, pSql);
  assocSqlJoined(pSql, 1, pNode->pRel, 2);
  pTested->pModel = pNode->pModel;
  if (pNode->pParent && !bScan) pTested->pUp = pNode->pParent->pModel;
  if (pNode->pRel == 0) pTested->pC = pNode->pClauses;
  assert(!pNode->bKeyed || pNode->pRel == 0); /* Roots alone */
  pTested->bOne = pNode->bKeyed;
  pTested->bRoots = bScan && pNode->pParent == 0;
  pTested->bFew = (pNode->pPlan->mAsk & ASSOC_ASK_FEW) != 0;
  pSql->nTested = -1;
  pSql->bAll = (u8)bScan;
  if (!bScan) pSql->pbDear = &pNode->bDear;
}

/* Text, bindings and explanations live in the plan's arena, like the node. */
void assocStmtEnd(AssocSql *pSql, AssocFetch *pFetch) {
  pFetch->zSql = assocSqlEnd(pSql);
  pFetch->pBind = pSql->pBind;
  pFetch->pChoice = pSql->pChoice;
  if (pSql->pbDear && pSql->bDear) *pSql->pbDear = 1;
}

/* ------------------------------------------------------------------- from */

/* Are all rows at the end of the path meant? Not for a value of a to-one, which
** is about its first row. */
static int isRows(const AssocNode *pNode) {
  return pNode->pValue == 0 || pNode->pRel->bMany;
}

/* The steps of a path. For a value of a to-one they choose its first row. For
** loaded rows the first is chosen later, behind the conditions. */
static const AssocHop *stmtHops(AssocSql *p, const AssocNode *pNode) {
  return assocSqlHops(p, pNode->pRel, 0,
                      isRows(pNode) ? ASSOC_FIRST_NOT : ASSOC_FIRST_VALUE);
}

/* The clauses that count before one of the rows at the end is chosen. */
static const ShapeClauses *stmtBefore(AssocSql *p, const AssocNode *pNode) {
  ShapeClauses *pNew;
  if (isRows(pNode)) {
    return assocSqlBefore(p, pNode->pRel, pNode->pModel, pNode->pClauses);
  }
  pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew) pNew->pWhere = pNode->pValue->pAgg->pWhere;
  return pNew;
}

/* " AND t3.user_id=+k.k0": only the pairs of one parent. SQLite does not push
** such a condition down into the subquery by itself. */
void assocStmtPairsOf(AssocSql *p, const AssocNode *pNode,
                      const AssocHop *pFirst) {
  int i;
  for (i = 0; p->bOfKey && i < pNode->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlFarColumn(p, pFirst, i);
    stmtPut(p, "=");
    if (p->bLiteral) {
      assocStmtParent(p, pNode, i);
    } else {
      sqlite3_str_appendf(p->pStr, "+k.k%d", i);
    }
  }
}

/* (SELECT DISTINCT h.user_id AS k0, t.id AS p0 FROM …) t2: the pairs of a
** path's ends. The scopes of the end stand outside, since the clauses may
** replace them. */
static void stmtPairs(AssocSql *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocHop *pFirst = stmtHops(p, pNode);
  int i;
  assocModelNeedKey(p->pCall, pModel);
  if (pFirst == 0) return;
  for (i = 0; i < assocRelNearKey(pFirst->pRel)->nCol; i++) {
    stmtPut(p, i ? "," : "(SELECT DISTINCT ");
    assocSqlFarColumn(p, pFirst, i);
    sqlite3_str_appendf(p->pStr, " AS k%d", i);
  }
  for (i = 0; i < pModel->nKey; i++) {
    stmtPut(p, ",");
    assocSqlColumn(p, stmtLast(pFirst)->iAlias, pModel->pTable,
                   pModel->aKey[i]);
    sqlite3_str_appendf(p->pStr, " AS p%d", i);
  }
  assocSqlFrom(p, pFirst, stmtBefore(p, pNode), 1);
  assocStmtPairsOf(p, pNode, pFirst);
  stmtPut(p, ") t2");
}

/* Does an index find the rows of each step but the first? */
static int isServedBehind(AssocCall *pCall, const AssocHop *pFirst) {
  const AssocHop *pHop = pFirst->pNext;
  while (pHop && assocHopServed(pCall, pHop->pRel)) pHop = pHop->pNext;
  return pHop == 0;
}

/* t4.id,t3.user_id) FROM …: the pairs of a path's ends, once for each way. SQLite
** does not know that rows that come together lie together: where it begins with the
** targets, it reads the rows before them from all over their tables. */
void assocStmtWays(AssocSql *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocHop *pFirst = stmtHops(p, pNode);
  int i;
  if (pFirst == 0) return;
  assocSqlKeyColumns(p, pModel, stmtLast(pFirst)->iAlias, 0);
  for (i = 0; i < pNode->nKey; i++) {
    stmtPut(p, ",");
    assocSqlFarColumn(p, pFirst, i);
  }
  stmtPut(p, ")");
  p->bAlong = (u8)isServedBehind(p->pCall, pFirst);
  assocSqlFrom(p, pFirst, stmtBefore(p, pNode), 1);
}

/* The alias of a step's rows: t1 at the end, t2 after the first step. */
static int downAlias(const AssocRel *pRel, int i) {
  assert(i >= 0 && i < pRel->nPath);
  return i == pRel->nPath - 1 ? 1 : i + 2;
}

/* " JOIN b t3 JOIN a t2": the steps of a path that leads down, from its end. */
static void stmtDown(AssocSql *p, const AssocRel *pRel, int bNatural) {
  int i;
  for (i = pRel->nPath - 2; i >= 0; i--) {
    stmtPut(p, bNatural ? " CROSS JOIN " : " JOIN ");
    assocSqlTableAs(p, pRel->apPath[i]->pTarget->pTable, downAlias(pRel, i));
  }
  if (p->nAlias < pRel->nPath) p->nAlias = pRel->nPath;
}

/* The conditions between the steps of a path, and of the steps before the end.
** Of the end only the scopes of associations, since the clauses may replace the
** model's. */
static void stmtDownWhere(AssocSql *p, const AssocRel *pRel) {
  int i;
  for (i = 0; i < pRel->nPath; i++) {
    const AssocRel *pStep = pRel->apPath[i];
    AssocModel *pModel = pStep->pTarget;
    int iAlias = downAlias(pRel, i);
    if (i > 0) {
      stmtPut(p, " AND ");
      assocSqlEqual(p, downAlias(pRel, i - 1), pStep->pSource->pTable,
                    assocRelNearKey(pStep), iAlias, pModel->pTable,
                    &pStep->foreign);
    }
    if (i < pRel->nPath - 1) {
      assocSqlConditions(p, pStep, 0, pModel, iAlias, 0);
    } else {
      assocSqlScope(p, pStep->pScope, pModel, iAlias);
      assocSqlScope(p, pRel->pScope, pModel, iAlias);
    }
  }
}

/* See stmt.h. NOT INDEXED and CROSS JOIN fix the natural order. */
void assocStmtFrom(AssocSql *p, const AssocNode *pNode, int bNatural) {
  stmtPut(p, " FROM ");
  assocSqlTableBy(p, pNode->pModel->pTable, 1, bNatural, 0);
  if (isMany2Many(pNode)) {
    stmtPut(p, bNatural ? " CROSS JOIN " : " JOIN ");
    assocSqlTableAs(p, pNode->pRel->pThrough, 2);
  } else if (pNode->bDown) {
    stmtDown(p, pNode->pRel, bNatural);
  } else if (isPathNode(pNode) && !p->bInside) {
    stmtPut(p, " JOIN ");
    stmtPairs(p, pNode);
  }
  assocSqlPlaceHere(p);
}

void assocStmtPlace(AssocSql *p, const AssocNode *pNode) {
  assocSqlPlace(p, 1, pNode->bDown ? pNode->pRel->nPath : 2);
}

/* " AND t1.id IN (SELECT t4.id FROM … WHERE t3.user_id=?1)": the ends of a path from
** one parent. SQLite makes a list of them without DISTINCT and goes through it in the
** order of the keys. */
static void stmtInside(AssocSql *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocHop *pFirst = stmtHops(p, pNode);
  int i;
  if (pFirst == 0) return;
  stmtPut(p, " AND ");
  assocSqlKeyColumns(p, pModel, 1, 1);
  stmtPut(p, " IN (SELECT ");
  assocSqlKeyColumns(p, pModel, stmtLast(pFirst)->iAlias, 0);
  assocSqlFrom(p, pFirst, stmtBefore(p, pNode), 1);
  for (i = 0; i < pNode->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlFarColumn(p, pFirst, i);
    sqlite3_str_appendf(p->pStr, "=?%d", i + 1);
  }
  stmtPut(p, ")");
}

/* See stmt.h. */
void assocStmtJoin(AssocSql *p, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  const AssocModel *pModel = pNode->pModel;
  int i;
  if (isMany2Many(pNode)) {
    stmtPut(p, " AND ");
    assocSqlEqual(p, 1, pRel->pTarget->pTable, &pRel->targetKey, 2,
                  pRel->pThrough, &pRel->other);
  }
  if (pNode->bDown) {
    stmtDownWhere(p, pRel);
    return;
  }
  if (p->bInside) {
    stmtInside(p, pNode);
    return;
  }
  for (i = 0; isPathNode(pNode) && i < pModel->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[i]);
    sqlite3_str_appendf(p->pStr, "=t2.p%d", i);
  }
}

/* The conditions, each with AND before it. The pairs have met the scope of a
** path. A branch has none. */
static void stmtConditions(AssocSql *p, const AssocNode *pNode) {
  const AssocRel *pRel = isPathNode(pNode) || pNode->bBranch ? 0 : pNode->pRel;
  assocSqlConditions(p, pRel, pNode->pClauses, pNode->pModel, 1,
                     isMany2Many(pNode) ? 2 : 0);
  assocSqlRequired(p, pNode->pBlock, pNode->pModel, 1);
}

void assocStmtEndsWhere(AssocSql *p, const AssocNode *pNode) {
  stmtConditions(p, pNode);
}

/* If a to-one's row is chosen before the conditions test it: the clauses that
** it is chosen by. Else 0. */
static const ShapeClauses *stmtChoice(AssocSql *p, const AssocNode *pNode) {
  if (pNode->pRel == 0 || pNode->bBranch || pNode->pValue || pNode->bOne)
    return 0;
  return assocSqlChoice(p, pNode->pRel, pNode->pClauses, pNode->pBlock);
}

/* The statement is written and thrown away, because only writing it shows
** whether a row has to be chosen first. */
int assocStmtChooses(Planner *p, AssocNode *pNode) {
  AssocSql sql;
  int b;
  assocStmtStart(p, &sql, pNode, 1);
  b = stmtChoice(&sql, pNode) != 0;
  (void)assocSqlEnd(&sql);
  return b;
}

/*
** The condition that a to-one's row is the chosen one. A scan computes the
** chosen rows of all keys, a lookup the one of its key:
**
**   AND (t1.user_id,t1.id) IN (SELECT k0,k1 FROM … WHERE n=1)
**   AND t1.id=(SELECT t3.id FROM posts t3 WHERE t3.user_id=?1 … LIMIT 1)
*/
static void stmtFirst(AssocSql *p, const AssocNode *pNode) {
  const ShapeClauses *pIn = stmtChoice(p, pNode);
  const AssocHop *pFirst;
  int i;
  if (pIn == 0) return;
  if (p->bAll) {
    for (i = 0; i < pNode->nKey; i++) {
      stmtPut(p, i ? "," : " AND (");
      stmtPut(p, pNode->azKey[i]);
    }
    stmtPut(p, ",");
    assocSqlKeyColumns(p, pNode->pModel, 1, 0);
    stmtPut(p, ") IN ");
    assocSqlFirsts(p, pNode->pRel, pIn);
    return;
  }
  stmtPut(p, " AND ");
  assocSqlKeyColumns(p, pNode->pModel, 1, 1);
  stmtPut(p, "=");
  pFirst = assocSqlFirst(p, pNode->pRel, 0, pIn);
  for (i = 0; pFirst && i < pNode->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlFarColumn(p, pFirst, i);
    stmtPut(p, "=");
    assocStmtParent(p, pNode, i);
  }
  assocSqlFirstEnd(p, pNode->pRel, pFirst, pIn);
}

/* Conditions of the association and of the clauses; the key stands before
** them. */
void assocStmtWhere(AssocSql *p, const AssocNode *pNode) {
  assocStmtJoin(p, pNode);
  stmtConditions(p, pNode);
  stmtFirst(p, pNode);
}

/* Is anything asked of the rows, beside that they are related by pRel? */
int assocStmtAsks(Planner *p, AssocNode *pNode, const AssocRel *pRel) {
  AssocSql sql;
  int n;
  assocStmtStart(p, &sql, pNode, 1);
  assocSqlConditions(&sql, pRel, pNode->pClauses, pRel->pTarget, 1,
                     pRel->eKind == ASSOC_BELONGSTOMANY ? 2 : 0);
  assocSqlRequired(&sql, pNode->pBlock, pRel->pTarget, 1);
  n = sqlite3_str_length(sql.pStr);
  (void)assocSqlEnd(&sql);
  return n > 0;
}

/* Is the column of the join row the same within a list: the source's key, or
** what equals the key of the target, by which rows are sorted already? Not if
** values that are not alike may be equal. */
static int stmtIsSettled(const AssocNode *pNode, int iCol) {
  const AssocRel *pRel = pNode->pRel;
  int i;
  if (assocFarChanges(pRel)) return 0;
  for (i = 0; i < pRel->foreign.nCol; i++) {
    const AssocColumn *pCol = &pRel->pThrough->aCol[iCol];
    if (pRel->foreign.aCol[i] == iCol) return pCol->eAff != ASSOC_AFF_NONE;
  }
  for (i = 0; i < pRel->other.nCol; i++) {
    if (pRel->other.aCol[i] != iCol) continue;
    return hasColumn(pNode->pModel->nKey, pNode->pModel->aKey,
                     pRel->targetKey.aCol[i]) &&
           assocLinkAlike(pRel, pRel->targetKey.aCol[i]) >= 0;
  }
  return 0;
}

/* The order of the node, unless its lists are sorted later. The key of a target is
** the key in its join row: an index of the join table may have that order. If a
** pair is linked twice, the join row's key decides. */
void assocStmtOrder(AssocSql *p, const AssocNode *pNode) {
  const AssocTable *pJoin = isMany2Many(pNode) ? pNode->pRel->pThrough : 0;
  int bTurned = pNode->pPage && pNode->pPage->bBack, i;
  if (pNode->nSort && !p->bLiteral) return;
  p->pLinked = pJoin ? pNode->pRel : 0;
  assocSqlOrder(p, pNode->pRel, pNode->pClauses, pNode->pModel, 1, bTurned);
  p->pLinked = 0;
  for (i = 0; pJoin && i < pJoin->nKey; i++) {
    if (stmtIsSettled(pNode, pJoin->aKey[i])) continue;
    stmtPut(p, ", ");
    assocSqlColumn(p, 2, pJoin, pJoin->aKey[i]);
    if (bTurned) stmtPut(p, " DESC");
  }
}

/* A value of LIMIT or OFFSET. "+0" makes it an expression: if a parameter
** stands there alone, newer versions of SQLite prepare the statement again for
** each value. */
static void stmtCount(AssocSql *p, const ShapeVal *pVal, int eHow) {
  (void)assocSqlBind(p, pVal, eHow);
  if (!p->bLiteral) stmtPut(p, "+0");
}

/* See stmt.h. A page is read with one row more, to see whether more rows
** follow. */
void assocStmtLimit(AssocSql *p, const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  const AssocPage *pPage = pNode->pPage;
  const ShapeVal *pMost = pPage ? pPage->pMost : pC ? pC->pLimit : 0;
  if (pMost || (pC && pC->pOffset)) {
    stmtPut(p, " LIMIT ");
    if (pMost) {
      stmtCount(p, pMost,
                pPage && pPage->bMore ? ASSOC_BIND_MORE : ASSOC_BIND_COUNT);
    } else {
      stmtPut(p, "-1");
    }
    assert(pC); /* Of a page as well */
    if (pC->pOffset) {
      stmtPut(p, " OFFSET ");
      stmtCount(p, pC->pOffset, ASSOC_BIND_COUNT);
    }
  } else if (pNode->pRel && !pNode->bMany && !pNode->bOne) {
    stmtPut(p, " LIMIT 1");
  }
}

/* Does one row answer all aggregates of the roots? It does if they are exists(),
** and either none of them has a condition or there is only one. *ppWhere is that
** condition, or 0. */
static int totalsTest(const AssocNode *pNode, const ShapePred **ppWhere) {
  int i;
  *ppWhere = 0;
  for (i = 0; i < pNode->nArg; i++) {
    const ShapeAgg *pAgg = pNode->aArg[i].pKey->pAgg;
    if ((aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_TEST) == 0) return 0;
    if (pAgg->pWhere && pNode->nArg > 1) return 0;
    *ppWhere = pAgg->pWhere;
  }
  return 1;
}

/* Do the clauses take some of the rows of aggregates? */
static int isLimited(const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  assert(pC); /* Of a query's root, with what scopes add */
  return pC->pLimit || pC->pOffset;
}

int assocStmtIsChosen(const AssocNode *pNode) {
  const ShapePred *pWhere;
  return pNode->bTotal && (isLimited(pNode) || totalsTest(pNode, &pWhere));
}

/* " FROM posts t1 WHERE …": what aggregates of the roots are made of. Some of
** them, by limit and offset, are chosen in a subquery. exists() alone reads the
** first row and no other. */
void assocStmtTotals(AssocSql *p, AssocNode *pNode) {
  const ShapePred *pWhere = 0;
  int bChosen = assocStmtIsChosen(pNode), bSome = isLimited(pNode);
  int bFirst = !bSome && totalsTest(pNode, &pWhere);
  assert(pNode->bTotal);
  if (bChosen) {
    stmtPut(p, " FROM (SELECT t1.*");
    assocStmtPlace(p, pNode);
  }
  assocStmtFrom(p, pNode, 0);
  stmtPut(p, " WHERE true");
  assocStmtWhere(p, pNode);
  if (bFirst && pWhere) {
    stmtPut(p, " AND (");
    assocSqlPred(p, pWhere, pNode->pModel, 1);
    stmtPut(p, ")");
  }
  if (bSome) {
    assocStmtOrder(p, pNode);
    assocStmtLimit(p, pNode);
  }
  if (bFirst) stmtPut(p, " LIMIT 1");
  if (bChosen) {
    assocSqlPlaceEnd(p);
    stmtPut(p, ") t1");
  }
}

/* See stmt.h. */
void assocStmtCursors(AssocSql *p, AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  if (pC->pAfter) assocPageAfter(p, pNode, 1, pC->pAfter, 0, 0);
  if (pC->pBefore) assocPageAfter(p, pNode, 1, pC->pBefore, 1, 0);
}

/* ----------------------------------------------------------------- values */

/* Value number i of the node. */
static void stmtArg(AssocSql *p, const AssocNode *pNode, int i) {
  assert(i >= 0 && i < pNode->nArg);
  if (pNode->aArg[i].zSql) {
    stmtPut(p, pNode->aArg[i].zSql);
  } else {
    assocSqlKey(p, pNode->aArg[i].pKey, pNode->pModel, 1);
  }
}

/* See stmt.h. */
void assocStmtParent(AssocSql *p, const AssocNode *pNode, int i) {
  assert(i >= 0 && i < pNode->nKey);
  if (p->bLiteral || p->bHeld) {
    sqlite3_str_appendf(p->pStr, "%sn%d.a%d", pNode->bPlus ? "+" : "",
                        pNode->pParent->iNode, pNode->aiSource[i]);
  } else {
    sqlite3_str_appendf(p->pStr, "?%d", i + 1);
  }
}

/* See stmt.h. A statement without values selects NULL. */
void assocStmtValues(AssocSql *p, const AssocNode *pNode, int bScan,
                     int bNames) {
  int i, n = 0, nKey = bScan ? pNode->nScanKey : 0;
  int nArg = pNode->nArg - (p->bLiteral ? pNode->nSortArg : 0);
  for (i = 0; i < nKey + nArg; i++) {
    stmtNext(p, &n, "", ",");
    if (i < nKey) {
      stmtPut(p, pNode->azKey[i]);
    } else {
      stmtArg(p, pNode, i - nKey);
    }
    if (bNames) sqlite3_str_appendf(p->pStr, " AS a%d", i);
  }
  if (n == 0) stmtPut(p, "NULL");
}

/* An error if the user has a table of that name. */
void assocStmtKeys(AssocSql *p, const AssocNode *pNode) {
  AssocSchema *pMain = assocSchemaFind(pNode->pPlan->pCat, "main");
  stmtPut(p, " FROM main.assoc_keys k");
  if (assocSchemaIndex(pMain, "assoc_keys") >= 0) {
    assocPrivateTaken(p->pCall, "assoc_keys");
  }
}

/* ----------------------------------------------- one in one: assoc_sql() */

/* " AND n0.a3='Cake'": only parents of this type have rows. */
void assocStmtOfType(AssocSql *p, const AssocNode *pNode) {
  if (pNode->zType == 0 || pNode->bBranch) return;
  sqlite3_str_appendf(p->pStr, " AND n%d.a%d=%Q", pNode->pParent->iNode,
                      pNode->iType, pNode->zType);
}

/* " WHERE t1."user_id"=n0.a2 AND …": the parent's values by its number. */
static void nestedKey(AssocSql *p, const AssocNode *pNode, int *pn) {
  int i;
  for (i = 0; i < pNode->nKey; i++) {
    stmtNext(p, pn, " WHERE ", " AND ");
    sqlite3_str_appendf(p->pStr, "%s=", pNode->azKey[i]);
    assocStmtParent(p, pNode, i);
  }
  assocStmtOfType(p, pNode);
}

/* " AND t1.id=?1": the root with one key. */
static void nestedRoot(AssocSql *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[i]);
    sqlite3_str_appendf(p->pStr, "=?%d", i + 1);
  }
}

/*
**
**   (SELECT t1."name" AS a0 FROM "main"."Post" t1 WHERE ... LIMIT 5) n3
**
** A subquery of its own, so that order and limit hold for each parent before
** the rows become JSON.
*/
void assocStmtNested(AssocSql *p, AssocNode *pNode) {
  int n = 0, bPlace = !assocStmtIsChosen(pNode);
  assocSqlJoined(p, 1, pNode->pRel, 2);
  if (bPlace) assocStmtPlace(p, pNode);
  stmtPut(p, "(SELECT ");
  assocStmtValues(p, pNode, 0, 1);
  if (pNode->bTotal) {
    assocStmtTotals(p, pNode);
    if (bPlace) assocSqlPlaceEnd(p);
    sqlite3_str_appendf(p->pStr, ") n%d", pNode->iNode);
    return;
  }
  assocStmtFrom(p, pNode, 0);
  if (pNode->pRel) {
    nestedKey(p, pNode, &n);
  } else {
    stmtPut(p, " WHERE true");
    if (pNode->bKeyed) nestedRoot(p, pNode);
  }
  assocStmtWhere(p, pNode);
  if (!pNode->bOne) assocStmtOrder(p, pNode);
  assocStmtLimit(p, pNode);
  assocSqlPlaceEnd(p);
  sqlite3_str_appendf(p->pStr, ") n%d", pNode->iNode);
}

/* The same of all parents, with the key as k0, k1, … and in o the order. */
void assocStmtNestedAll(AssocSql *p, AssocNode *pNode) {
  u8 bAll = p->bAll;
  int i;
  p->bAll = 1;
  assocStmtPlace(p, pNode);
  stmtPut(p, "(SELECT ");
  for (i = 0; i < pNode->nKey; i++) {
    sqlite3_str_appendf(p->pStr, "%s AS k%d,", pNode->azKey[i], i);
  }
  assocStmtValues(p, pNode, 0, 1);
  stmtPut(p, ",row_number() OVER (");
  assocStmtOrder(p, pNode);
  stmtPut(p, ") AS o");
  assocStmtFrom(p, pNode, 0);
  stmtPut(p, " WHERE true");
  assocStmtWhere(p, pNode);
  assocSqlPlaceEnd(p);
  sqlite3_str_appendf(p->pStr, ") n%d", pNode->iNode);
  p->bAll = bAll;
}

/* " WHERE k0=n0.a2 ORDER BY o LIMIT 5": those of one parent. */
void assocStmtNestedOf(AssocSql *p, AssocNode *pNode) {
  int i;
  for (i = 0; i < pNode->nKey; i++) {
    sqlite3_str_appendf(p->pStr, "%sk%d=", i ? " AND " : " WHERE ", i);
    assocStmtParent(p, pNode, i);
  }
  assocStmtOfType(p, pNode);
  stmtPut(p, " ORDER BY o");
  assocStmtLimit(p, pNode);
}
