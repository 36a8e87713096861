/*
** The statements of a node.
**
** A node's rows are under alias t1 and, where they are related over a join
** table, the join rows under t2; where a path leads to them, t2 is the pairs
** of the path's two ends, each pair once. There are two ways to the rows:
**
**   lookup  SELECT <values> FROM posts t1 WHERE t1.user_id=?1 AND <where>
**            ORDER BY <order> LIMIT ?2
**            or, where an index has the order, for all keys at once: keys.c
**   scan    SELECT assoc_emit(t1.user_id, <values>) FROM posts t1
**            NOT INDEXED WHERE <where>
**            the key being first, unless it is among the values
**
** A scan in the order of the rowid needs no ORDER BY: NOT INDEXED leaves
** only that order, once an OR cannot be taken apart. In any other order the
** rows come from a subquery.
*/
#include "load/load.h"

typedef AssocPlanner Planner;

void assocSqlStart(AssocPlanner *p, AssocSql *pSql) {
  memset(pSql, 0, sizeof(*pSql));
  pSql->pCall = p->pCall;
  pSql->pArena = p->pArena;
  pSql->zText = p->pPlan->pShape->bJson ? 0 : p->pPlan->pShape->zText;
  pSql->pStr = sqlite3_str_new(p->pCall->db);
  pSql->nAlias = 2; /* t1 and t2 are the node's */
  pSql->ppBindEnd = &pSql->pBind;
}

const char *assocSqlEnd(AssocPlanner *p, AssocSql *pSql) {
  return assocArenaStr(p->pCall, p->pArena, pSql->pStr);
}

/* The same for the rows of a node; how many they are is asked if need be. */
static void stmtStart(Planner *p, AssocSql *pSql, AssocNode *pNode, int bScan) {
  assocSqlStart(p, pSql);
  pSql->pNode = pNode;
  pSql->bScan = (u8)bScan;
  pSql->nTested = -1;
}

static void stmtEnd(Planner *p, AssocSql *pSql, AssocFetch *pFetch) {
  pFetch->zSql = assocSqlEnd(p, pSql);
  pFetch->pBind = pSql->pBind;
  pFetch->pChoice = pSql->pChoice;
  if (pSql->pNode && !pSql->bScan && pSql->bDear) pSql->pNode->bDear = 1;
}

static void stmtPut(AssocSql *p, const char *z) {
  sqlite3_str_appendall(p->pStr, z);
}

/* What stands between the elements of a list. */
static void stmtNext(AssocSql *p, int *pn, const char *zFirst,
                     const char *zNext) {
  stmtPut(p, (*pn)++ ? zNext : zFirst);
}

/* ------------------------------------------------------------------- from */

static int isMany2Many(const AssocNode *pNode) {
  return pNode->pRel && pNode->pRel->eKind == ASSOC_BELONGSTOMANY;
}

static int isPathNode(const AssocNode *pNode) {
  return pNode->pRel && pNode->pRel->nPath > 0;
}

static const AssocHop *stmtLast(const AssocHop *pHop) {
  while (pHop->pNext) pHop = pHop->pNext;
  return pHop;
}

/* Are these all rows at the end of a path, and not a value of its first one? */
static int isRows(const AssocNode *pNode) {
  return pNode->pValue == 0 || pNode->pRel->bMany;
}

/* The steps of a path. A value of a to-one is of its first row; of one that is
** loaded the first is taken, behind the conditions, when all are there. */
static const AssocHop *stmtHops(AssocSql *p, const AssocNode *pNode) {
  AssocModel *pUp;
  if (isRows(pNode)) return assocSqlHops(p, pNode->pRel, 0);
  pUp = pNode->pParent->pModel;
  return assocSqlPath(p, pNode->pValue->pPath, &pUp, 0);
}

/* (SELECT DISTINCT h.user_id AS k0, t.id AS p0 FROM …) t2: what scopes say of
** the end is said outside, for the clauses may say otherwise. */
static void stmtPairs(AssocSql *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocHop *pFirst = stmtHops(p, pNode);
  int i;
  assocModelNeedKey(p->pCall, pModel);
  if (pFirst == 0 || p->pCall->rc != SQLITE_OK) return;
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
  assocSqlFrom(p, pFirst, isRows(pNode) ? &assocAnyRow : 0, 1);
  stmtPut(p, ") t2");
}

/* The alias of a step's rows: the end is t1, the first step t2. */
static int downAlias(const AssocRel *pRel, int i) {
  return i == pRel->nPath - 1 ? 1 : i + 2;
}

/* " JOIN b t3 JOIN a t2": the steps of a path that leads down, from its end. */
static void stmtDown(AssocSql *p, const AssocRel *pRel, int bNatural) {
  int i;
  for (i = pRel->nPath - 2; i >= 0; i--) {
    stmtPut(p, bNatural ? " CROSS JOIN " : " JOIN ");
    assocSqlTable(p, pRel->apPath[i]->pTarget->pTable);
    sqlite3_str_appendf(p->pStr, " t%d", downAlias(pRel, i));
  }
  if (p->nAlias < pRel->nPath) p->nAlias = pRel->nPath;
}

/* How they hang together, and what is asked of those before the end; of that
** what the clauses do not replace. */
static void stmtDownWhere(AssocSql *p, const AssocRel *pRel) {
  int i, j;
  for (i = 0; i < pRel->nPath; i++) {
    const AssocRel *pStep = pRel->apPath[i];
    AssocModel *pModel = pStep->pTarget;
    int iAlias = downAlias(pRel, i);
    for (j = 0; i > 0 && j < pStep->foreign.nCol; j++) {
      stmtPut(p, " AND ");
      assocSqlColumn(p, downAlias(pRel, i - 1), pStep->pSource->pTable,
                     assocRelNearKey(pStep)->aCol[j]);
      stmtPut(p, "=");
      assocSqlColumn(p, iAlias, pModel->pTable, pStep->foreign.aCol[j]);
    }
    if (i < pRel->nPath - 1) {
      assocSqlConditions(p, pStep, 0, pModel, iAlias, 0);
    } else {
      assocSqlScope(p, pStep->pScope, pModel, iAlias);
      assocSqlScope(p, pRel->pScope, pModel, iAlias);
    }
  }
}

/* " FROM posts t1", with t2 where there is one. */
static void stmtFrom(AssocSql *p, const AssocNode *pNode, int bNatural) {
  stmtPut(p, " FROM ");
  assocSqlTable(p, pNode->pModel->pTable);
  stmtPut(p, bNatural ? " t1 NOT INDEXED" : " t1");
  if (isMany2Many(pNode)) {
    stmtPut(p, bNatural ? " CROSS JOIN " : " JOIN ");
    assocSqlTable(p, pNode->pRel->pThrough);
    stmtPut(p, " t2");
  } else if (pNode->bDown) {
    stmtDown(p, pNode->pRel, bNatural);
  } else if (isPathNode(pNode)) {
    stmtPut(p, " JOIN ");
    stmtPairs(p, pNode);
  }
}

/* How t2 hangs on t1, each condition with AND before it. */
static void stmtJoin(AssocSql *p, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  const AssocModel *pModel = pNode->pModel;
  int i;
  for (i = 0; isMany2Many(pNode) && i < pRel->other.nCol; i++) {
    stmtPut(p, " AND ");
    assocSqlColumn(p, 2, pRel->pThrough, pRel->other.aCol[i]);
    stmtPut(p, "=");
    assocSqlColumn(p, 1, pRel->pTarget->pTable, pRel->targetKey.aCol[i]);
  }
  if (pNode->bDown) {
    stmtDownWhere(p, pRel);
    return;
  }
  for (i = 0; isPathNode(pNode) && i < pModel->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[i]);
    sqlite3_str_appendf(p->pStr, "=t2.p%d", i);
  }
}

/* Conditions, each with AND before it. The scope of a path has been met by
** the pairs, that of a branch is nobody's. */
static void stmtConditions(AssocSql *p, const AssocNode *pNode) {
  const AssocRel *pRel = isPathNode(pNode) || pNode->zType ? 0 : pNode->pRel;
  assocSqlConditions(p, pRel, pNode->pClauses, pNode->pModel, 1,
                     isMany2Many(pNode) ? 2 : 0);
  assocSqlRequired(p, pNode->pBlock, pNode->pModel, 1);
}

static void stmtWhere(AssocSql *p, const AssocNode *pNode) {
  stmtJoin(p, pNode);
  stmtConditions(p, pNode);
}

/* Is anything asked of the rows, beside that they are related by pRel? */
static int hasConditions(Planner *p, AssocNode *pNode, const AssocRel *pRel) {
  AssocSql sql;
  int n;
  stmtStart(p, &sql, pNode, 1);
  assocSqlConditions(&sql, pRel, pNode->pClauses, pRel->pTarget, 1,
                     pRel->eKind == ASSOC_BELONGSTOMANY ? 2 : 0);
  assocSqlRequired(&sql, pNode->pBlock, pRel->pTarget, 1);
  n = sqlite3_str_length(sql.pStr);
  (void)assocSqlEnd(p, &sql);
  return n > 0;
}

/* The order; the same pair twice is told apart by the join row. */
static void stmtOrder(AssocSql *p, const AssocNode *pNode) {
  const AssocTable *pJoin = isMany2Many(pNode) ? pNode->pRel->pThrough : 0;
  int bTurned = pNode->pPage && pNode->pPage->bBack, i;
  assocSqlOrder(p, pNode->pRel, pNode->pClauses, pNode->pModel, 1, bTurned);
  for (i = 0; pJoin && i < pJoin->nKey; i++) {
    stmtPut(p, ", ");
    assocSqlColumn(p, 2, pJoin, pJoin->aKey[i]);
    if (bTurned) stmtPut(p, " DESC");
  }
}

/* A limit is an expression: where a parameter stands there alone, newer
** versions of SQLite prepare the statement again for each value. */
static void stmtCount(AssocSql *p, const ShapeVal *pVal, int eHow) {
  (void)assocSqlBind(p, pVal, eHow);
  if (!p->bLiteral) stmtPut(p, "+0");
}

/* A page is read with one row more, to see whether there is more. */
static void stmtLimit(AssocSql *p, const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  const AssocPage *pPage = pNode->pPage;
  const ShapeVal *pMost = pPage ? pPage->pMost : pC ? pC->pLimit : 0;
  if (pMost || (pC && pC->pOffset)) {
    stmtPut(p, " LIMIT ");
    if (pMost) {
      stmtCount(p, pMost,
                pPage && pPage->bWrap ? ASSOC_BIND_MORE : ASSOC_BIND_COUNT);
    } else {
      stmtPut(p, "-1");
    }
    if (pC && pC->pOffset) {
      stmtPut(p, " OFFSET ");
      stmtCount(p, pC->pOffset, ASSOC_BIND_COUNT);
    }
  } else if (pNode->pRel && !pNode->bMany && !pNode->bOne) {
    stmtPut(p, " LIMIT 1");
  }
}

/* Where the page begins and ends. */
static void stmtCursors(AssocSql *p, AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  if (pC->pAfter) assocPageAfter(p, pNode, 1, pC->pAfter, 0, 0);
  if (pC->pBefore) assocPageAfter(p, pNode, 1, pC->pBefore, 1, 0);
}

/* ----------------------------------------------------------------- values */

static void stmtArg(AssocSql *p, const AssocNode *pNode, int i) {
  if (pNode->aArg[i].zSql) {
    stmtPut(p, pNode->aArg[i].zSql);
  } else {
    assocSqlKey(p, pNode->aArg[i].pKey, pNode->pModel, 1);
  }
}

/* The values; of a scan the key first. Named a0, a1, … if bNames. */
static void stmtValues(AssocSql *p, const AssocNode *pNode, int bScan,
                       int bNames) {
  int i, n = 0, nKey = bScan ? pNode->nScanKey : 0;
  for (i = 0; i < nKey + pNode->nArg; i++) {
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

/* ----------------------------------------------------------------- lookup */

/* Do the join rows have what they lead to as that has itself, so that they
** sort as it does? */
static int sortsAlike(const AssocRel *pRel, const AssocModel *pModel) {
  int i;
  if (pRel->other.nCol != pModel->nKey) return 0;
  for (i = 0; i < pModel->nKey; i++) {
    if (pRel->targetKey.aCol[i] != pModel->aKey[i]) return 0;
    if (!assocColumnAlike(&pRel->pThrough->aCol[pRel->other.aCol[i]],
                          &pModel->pTable->aCol[pModel->aKey[i]])) {
      return 0;
    }
  }
  return 1;
}

static int hasColumn(int n, const int *aCol, int iCol) {
  int i;
  for (i = 0; i < n; i++) {
    if (aCol[i] == iCol) return 1;
  }
  return 0;
}

/* The columns that the rows of one key are sorted by, if nothing else is and
** all go one way: how many, and *pbDesc; or -1. */
static int orderColumns(const AssocNode *pNode, int *aCol, int *pbDesc) {
  const AssocModel *pModel = pNode->pModel;
  const ShapeSort *pSort = assocOrderOf(pNode->pRel, pNode->pClauses);
  int bDesc = pSort && pSort->bDesc, i, n = 0;
  for (; pSort && n < ASSOC_KEY_MAX; pSort = pSort->pNext) {
    const ShapeKey *pKey = &pSort->key;
    if (pKey->pAgg || pKey->pPath->pNext || pSort->pColl) return -1;
    if (pSort->eNulls || pSort->bDesc != bDesc) return -1;
    aCol[n] = assocColumnFind(pModel->pTable, pKey->pPath->z);
    if (aCol[n++] < 0) return -1;
  }
  if (pSort || pModel->nKey > ASSOC_KEY_MAX) return -1;
  for (i = 0; i < pModel->nKey; i++) {
    if (!hasColumn(n, aCol, pModel->aKey[i])) aCol[n++] = pModel->aKey[i];
  }
  *pbDesc = bDesc != (pNode->pPage && pNode->pPage->bBack);
  return n;
}

/* The same of the rows of a join table, in the order of the key of what they
** lead to. */
static int linkColumns(const AssocNode *pNode, int *aCol) {
  const AssocRel *pRel = pNode->pRel;
  const AssocTable *pTab = pRel->pThrough;
  int i, n = 0;
  if (!sortsAlike(pRel, pNode->pModel)) return -1;
  if (pNode->pModel->nKey > ASSOC_KEY_MAX) return -1;
  if (assocOrderOf(pRel, pNode->pClauses)) return -1;
  if (pNode->pPage && pNode->pPage->bBack) return -1;
  for (i = 0; i < pRel->other.nCol; i++) aCol[n++] = pRel->other.aCol[i];
  for (i = 0; i < pTab->nKey && n < 2 * ASSOC_KEY_MAX; i++) {
    if (hasColumn(n, aCol, pTab->aKey[i])) continue;
    if (hasColumn(pRel->foreign.nCol, pRel->foreign.aCol, pTab->aKey[i])) {
      continue;
    }
    aCol[n++] = pTab->aKey[i];
  }
  return n;
}

/* An index of the table that has the node's key which goes on in the order of
** its rows, or in the other direction: *pbDesc. 0 if there is none. */
static const char *keyIndex(Planner *p, const AssocNode *pNode, int *pbDesc) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pNode->pRel, &pTab);
  int aCol[2 * ASSOC_KEY_MAX], n;
  *pbDesc = 0;
  if (pTab->eType != ASSOC_TABLE) return 0;
  n = isMany2Many(pNode) ? linkColumns(pNode, aCol)
                         : orderColumns(pNode, aCol, pbDesc);
  if (n < 0) return 0;
  return assocTableIndexOrder(p->pCall, pTab, pKey->nCol, pKey->aCol, n, aCol);
}

/* Is there another index that has the key, and then what zIndex has not? It
** may be better for conditions, which SQLite knows best. */
static int hasOther(Planner *p, const AssocNode *pNode, const char *zIndex) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pNode->pRel, &pTab);
  const AssocIndex *pIdx, *pThis = assocTableIndexes(p->pCall, pTab);
  int i;
  while (pThis && strcmp(pThis->zName, zIndex) != 0) pThis = pThis->pNext;
  for (pIdx = assocTableIndexes(p->pCall, pTab); pIdx && pThis;
       pIdx = pIdx->pNext) {
    for (i = 0; i < pIdx->nCol; i++) {
      if (i < pKey->nCol && !hasColumn(pKey->nCol, pKey->aCol, pIdx->aCol[i])) {
        break;
      }
      if (i < pKey->nCol) continue;
      if (i >= pThis->nCol || pIdx->aCol[i] != pThis->aCol[i]) return 1;
    }
    if (pIdx->bPartial && i >= pKey->nCol) return 1;
  }
  return 0;
}

/* How a lookup goes through the keys of all parents. */
#define LOOKUP_EACH 0 /* It is run for each of them */
#define LOOKUP_JOIN 1 /* They are joined, and all rows come in their order */
#define LOOKUP_TAKE 2 /* For each of them assoc_enough() takes rows */

/*
** The rows of each key come in their order, the other way round if *pbDesc, by
** an index that goes on with what they are sorted by: *pzIndex, which the
** statement has to name. One row is in order by itself.
*/
static int lookupForm(Planner *p, AssocNode *pNode, const char **pzIndex,
                      int *pbDesc) {
  const AssocRel *pRel = pNode->pRel;
  const ShapeClauses *pC = pNode->pClauses;
  int bSome =
      !pNode->bMany || pNode->pPage || (pC && (pC->pLimit || pC->pOffset));
  *pzIndex = 0;
  *pbDesc = 0;
  if (pRel == 0 || pNode->nArg == 0 || pNode->nArg > p->nFunctionArg) {
    return LOOKUP_EACH;
  }
  if (pNode->bOne) return LOOKUP_JOIN;
  if (pNode->zType || pRel->nPath || p->bReverse) return LOOKUP_EACH;
  *pzIndex = keyIndex(p, pNode, pbDesc);
  if (*pzIndex == 0) return LOOKUP_EACH;
  if (!bSome && assocOrderOf(pRel, pC) == 0) return LOOKUP_JOIN;
  if (hasOther(p, pNode, *pzIndex) && hasConditions(p, pNode, pRel)) {
    return LOOKUP_EACH;
  }
  return bSome || *pbDesc ? LOOKUP_TAKE : LOOKUP_JOIN;
}

/* " FROM main.assoc_keys k", if that is ours. */
static void stmtKeys(AssocSql *p, const AssocNode *pNode) {
  AssocSchema *pMain = assocSchemaFind(pNode->pPlan->pCat, "main");
  stmtPut(p, " FROM main.assoc_keys k");
  if (pMain && assocSchemaIndex(pMain, "assoc_keys") >= 0) {
    assocPrivateTaken(p->pCall, "assoc_keys");
  }
}

/* "posts t1 INDEXED BY …": the node's tables, the first by an index */
static void stmtIndexed(AssocSql *p, const AssocNode *pNode,
                        const char *zIndex) {
  if (isMany2Many(pNode)) {
    assocSqlTable(p, pNode->pRel->pThrough);
    sqlite3_str_appendf(p->pStr, " t2 INDEXED BY \"%w\" CROSS JOIN ", zIndex);
    assocSqlTable(p, pNode->pModel->pTable);
    stmtPut(p, " t1");
  } else {
    assocSqlTable(p, pNode->pModel->pTable);
    stmtPut(p, " t1");
    if (zIndex) sqlite3_str_appendf(p->pStr, " INDEXED BY \"%w\"", zIndex);
  }
}

/* " WHERE t1.user_id=?1 AND …": the key is the first parameters, or a row of
** assoc_keys, whose affinity the + takes away: it is to compare as a parameter
** does. */
static void stmtKey(AssocSql *p, const AssocNode *pNode, int nKey, int bJoin) {
  const AssocModel *pModel = pNode->pModel;
  int i, n = 0;
  for (i = 0; i < nKey; i++) {
    stmtNext(p, &n, " WHERE ", " AND ");
    if (pNode->pRel) {
      stmtPut(p, pNode->azKey[i]);
    } else {
      assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[i]);
    }
    sqlite3_str_appendf(p->pStr, bJoin ? "=+k.k%d" : "=?%d", bJoin ? i : i + 1);
  }
}

static void lookupEnd(Planner *p, AssocSql *pSql, AssocNode *pNode,
                      AssocFetch *pFetch) {
  if (pNode->pRel && !pNode->zType && !assocHopServed(p->pCall, pNode->pRel)) {
    pSql->bDear = 1;
  }
  stmtEnd(p, pSql, pFetch);
}

/* SELECT assoc_emit(…) FROM assoc_keys k CROSS JOIN posts t1 INDEXED BY … */
static void makeJoined(Planner *p, AssocNode *pNode, const char *zIndex) {
  AssocSql sql;
  stmtStart(p, &sql, pNode, 0);
  sql.bNatural = 1;
  stmtPut(&sql, "SELECT assoc_emit(");
  stmtValues(&sql, pNode, 0, 0);
  stmtPut(&sql, ")");
  stmtKeys(&sql, pNode);
  stmtPut(&sql, " CROSS JOIN ");
  stmtIndexed(&sql, pNode, zIndex);
  stmtKey(&sql, pNode, pNode->nKey, 1);
  stmtWhere(&sql, pNode);
  pNode->lookup.bEmit = 1;
  lookupEnd(p, &sql, pNode, &pNode->lookup);
}

/*
** SELECT count((SELECT 1 FROM posts t1 INDEXED BY … WHERE t1.user_id=+k.k0 AND
** assoc_enough(…) ORDER BY … DESC LIMIT 1)) FROM assoc_keys k
**
** A row is to be taken once all conditions are met, which SQLite may test in
** any order, but not those of a CASE. A join row is to have its target by then,
** of which perhaps no value is wanted.
*/
static void makeTaken(Planner *p, AssocNode *pNode, const char *zIndex,
                      int bDesc) {
  int bCase = isMany2Many(pNode) || hasConditions(p, pNode, pNode->pRel);
  AssocSql sql;
  stmtStart(p, &sql, pNode, 0);
  sql.bNatural = 1;
  stmtPut(&sql, "SELECT count((SELECT 1 FROM ");
  stmtIndexed(&sql, pNode, zIndex);
  stmtKey(&sql, pNode, pNode->nKey, 1);
  stmtJoin(&sql, pNode);
  stmtPut(&sql, bCase ? " AND CASE WHEN true" : " AND ");
  stmtWhere(&sql, pNode);
  stmtPut(&sql, bCase ? " THEN assoc_enough(" : "assoc_enough(");
  stmtValues(&sql, pNode, 0, 0);
  stmtPut(&sql, bCase ? ") END" : ")");
  if (bDesc) stmtOrder(&sql, pNode);
  stmtPut(&sql, " LIMIT 1))");
  stmtKeys(&sql, pNode);
  pNode->lookup.bEmit = pNode->lookup.bTake = 1;
  pNode->eOrder = 1;
  lookupEnd(p, &sql, pNode, &pNode->lookup);
}

/* SELECT … WHERE t1.user_id=?1 …: the rows of one key. */
static void makeEach(Planner *p, AssocNode *pNode, AssocFetch *pFetch,
                     int bCursor) {
  int nKey = pNode->pRel ? pNode->nKey : pNode->pModel->nKey;
  AssocSql sql;
  stmtStart(p, &sql, pNode, 0);
  sql.nVar = nKey;
  stmtPut(&sql, "SELECT ");
  stmtValues(&sql, pNode, 0, 0);
  stmtFrom(&sql, pNode, 0);
  stmtKey(&sql, pNode, nKey, 0);
  stmtWhere(&sql, pNode);
  if (bCursor) stmtCursors(&sql, pNode);
  sql.pListed = pNode;
  sql.iListed = 1;
  if (pNode->pRel && !pNode->bOne) stmtOrder(&sql, pNode);
  stmtLimit(&sql, pNode);
  lookupEnd(p, &sql, pNode, pFetch);
}

static void makeLookup(Planner *p, AssocNode *pNode) {
  const char *zIndex;
  int bDesc;
  switch (lookupForm(p, pNode, &zIndex, &bDesc)) {
  case LOOKUP_JOIN: makeJoined(p, pNode, zIndex); break;
  case LOOKUP_TAKE:
    makeTaken(p, pNode, zIndex, bDesc);
    makeEach(p, pNode, &pNode->lookupOne, 0);
    break;
  default: makeEach(p, pNode, &pNode->lookup, 0);
  }
}

/* ------------------------------------------------------------------- scan */

/* Is the table, scanned as it lies, in the order of the model's key? */
static int keyOrder(Planner *p, const AssocModel *pModel) {
  AssocTable *pTab = pModel->pTable;
  const AssocIndex *pIdx;
  int i;
  if (pTab->bRowid) {
    return pModel->nKey == 1 && pModel->aKey[0] == pTab->iRowid;
  }
  /* NOT INDEXED says nothing of the indexes of a table without rowid */
  for (pIdx = assocTableIndexes(p->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bPrimary || pIdx->pNext || pIdx != pTab->pIndex) return 0;
    for (i = 0; i < pModel->nKey; i++) {
      if (i >= pIdx->nCol || pIdx->aCol[i] != pModel->aKey[i] ||
          pIdx->abDesc[i]) {
        return 0;
      }
    }
    return 1;
  }
  return 0;
}

/* Will each target find its join rows by an index, in the index's order? */
static int joinByIndex(Planner *p, const AssocRel *pRel) {
  const AssocTable *pJoin = pRel->pThrough, *pTgt = pRel->pTarget->pTable;
  int i, bUnique;
  for (i = 0; i < pRel->other.nCol; i++) {
    if (pJoin->aCol[pRel->other.aCol[i]].eAff !=
        pTgt->aCol[pRel->targetKey.aCol[i]].eAff) {
      return 0;
    }
  }
  return assocTableIndexOn(p->pCall, pRel->pThrough, pRel->other.nCol,
                           pRel->other.aCol, &bUnique) != 0;
}

/* Do rows come in the order that is wanted if nothing is said about it? */
static int naturalOrder(Planner *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocRel *pRel = pNode->pRel;
  if (p->bReverse || pModel->pTable->eType != ASSOC_TABLE) return 0;
  if (assocOrderOf(pRel, pNode->pClauses)) return 0;
  if (isPathNode(pNode) && !pNode->bDown) return 0;
  if (pNode->pPage && pNode->pPage->bBack) return 0;
  if (isMany2Many(pNode) && !joinByIndex(p, pRel)) return 0;
  return pModel->nKey == 0 || pNode->bOne || keyOrder(p, pModel);
}

/* Roots that are given out one at a time come by steps. */
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
  stmtValues(p, pNode, 1, !bNatural);
  if (pFetch->bEmit && bNatural) stmtPut(p, ")");
}

/*
** The rows of a query in the order of their keys, whatever order, limit and
** offset the query has: ORDER BY id on the table-valued eager(). The id of a
** composite key is a JSON array, and compares as that text.
*/
static void stmtReorder(Planner *p, AssocSql *pSql, AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  const char *zDesc = p->pPlan->eAsk == ASSOC_ASK_DESC ? " DESC" : "";
  char *zInner;
  int i;
  if (p->pPlan->eAsk != ASSOC_ASK_ASC && p->pPlan->eAsk != ASSOC_ASK_DESC) {
    return;
  }
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

/* Where a scan has the key: a key of one column that is among the values of the
** row is read once. */
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

/* All rows for all parents; of the root, all that are asked for. */
static void makeScan(Planner *p, AssocNode *pNode, AssocFetch *pFetch,
                     int bCursor) {
  const ShapeClauses *pC = pNode->pRel ? 0 : pNode->pClauses;
  int bNatural = naturalOrder(p, pNode) && !oneByOne(p, pNode) && !bCursor &&
                 !(pC && (pC->pWhere || pC->pLimit || pC->pOffset)) &&
                 !(pNode->pRel == 0 && pNode->pPage);
  AssocSql sql;
  scanKey(pNode);
  pFetch->bEmit = pNode->nScanKey + pNode->nArg <= p->nFunctionArg &&
                  pNode->nScanKey + pNode->nArg > 0 && !oneByOne(p, pNode);
  stmtStart(p, &sql, pNode, 1);
  sql.bNatural = (u8)bNatural;
  stmtScanStart(&sql, pNode, pFetch, bNatural);
  stmtFrom(&sql, pNode, bNatural);
  stmtPut(&sql, " WHERE true");
  stmtWhere(&sql, pNode);
  if (bCursor) stmtCursors(&sql, pNode);
  pNode->bSorted = !bNatural && !pNode->bOne;
  sql.pListed = pNode;
  sql.iListed = 1 + pNode->nScanKey;
  if (!bNatural) {
    if (!pNode->bOne) stmtOrder(&sql, pNode);
    if (pNode->pRel == 0) stmtLimit(&sql, pNode);
    if (pFetch->bEmit) stmtPut(&sql, ")");
    if (pNode->pRel == 0) stmtReorder(p, &sql, pNode);
  }
  stmtEnd(p, &sql, pFetch);
}

/* An index of the join table by which it can be scanned in the order of the
** lists, where that is better than to find the join rows of each target: then
** each target is written once. 0 if it is not. */
static const char *linksIndex(Planner *p, AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  int bDesc, i;
  if (!isMany2Many(pNode) || !pNode->bMany) return 0;
  if (pNode->bScanOnly) return 0; /* 1 and '1' are one key, not one place */
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
  return hasConditions(p, pNode, pRel) ? 0 : keyIndex(p, pNode, &bDesc);
}

/* SELECT assoc_emit(t1.id, <values>) FROM tags t1: the targets, and
** SELECT assoc_emit(t2.post_id, t2.tag_id) FROM post_tags t2 INDEXED BY … */
static void makeLinks(Planner *p, AssocNode *pNode, const char *zIndex) {
  const AssocRel *pRel = pNode->pRel;
  AssocSql sql;
  int i, n = 0;
  pNode->aEnd =
      assocPlannerAlloc(p, sizeof(AssocKeyRule) * (size_t)pRel->other.nCol);
  if (pNode->aEnd == 0) return;
  stmtStart(p, &sql, pNode, 1);
  for (i = 0; i < pRel->other.nCol; i++) {
    const AssocColumn *pCol = &pRel->pThrough->aCol[pRel->other.aCol[i]];
    pNode->aEnd[i].eAff = ASSOC_AFF_NONE; /* It is the same in both */
    pNode->aEnd[i].eColl = pCol->eColl;
    stmtNext(&sql, &n, "SELECT assoc_emit(", ",");
    assocSqlColumn(&sql, 1, pNode->pModel->pTable, pRel->targetKey.aCol[i]);
  }
  stmtPut(&sql, ",");
  stmtValues(&sql, pNode, 0, 0);
  stmtPut(&sql, ") FROM ");
  assocSqlTable(&sql, pNode->pModel->pTable);
  stmtPut(&sql, " t1");
  stmtEnd(p, &sql, &pNode->ends);
  stmtStart(p, &sql, pNode, 1);
  stmtPut(&sql, "SELECT assoc_emit(");
  for (i = 0; i < pNode->nKey; i++) {
    stmtPut(&sql, pNode->azKey[i]);
    stmtPut(&sql, ",");
  }
  for (i = n = 0; i < pRel->other.nCol; i++) {
    stmtNext(&sql, &n, "", ",");
    assocSqlColumn(&sql, 2, pRel->pThrough, pRel->other.aCol[i]);
  }
  stmtPut(&sql, ") FROM ");
  assocSqlTable(&sql, pRel->pThrough);
  sqlite3_str_appendf(sql.pStr, " t2 INDEXED BY \"%w\"", zIndex);
  pNode->scan.bEmit = 1;
  stmtEnd(p, &sql, &pNode->scan);
}

void assocStmtNode(AssocPlanner *p, AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  int bCursor = pNode->pPage && (pC->pAfter || pC->pBefore);
  if (p->pCall->rc != SQLITE_OK) return;
  if (pNode->pRel || pNode->bKeyed) {
    makeLookup(p, pNode);
    if (bCursor) makeEach(p, pNode, &pNode->lookupAt, 1);
  }
  if (!pNode->bKeyed && !pNode->bLookupOnly) {
    const char *zIndex = linksIndex(p, pNode);
    if (zIndex) {
      makeLinks(p, pNode, zIndex);
      return;
    }
    makeScan(p, pNode, &pNode->scan, 0);
    if (bCursor) makeScan(p, pNode, &pNode->scanAt, 1);
  }
}

/* --------------------------------------------------------------- one value */

/* The rows that an aggregate is over. */
typedef struct ValueRows ValueRows;
struct ValueRows {
  AssocModel *pModel;
  int iAlias;
  AssocHop *pFirst; /* Or 0: they are those of the node, under t1 */
};

/* The value: an aggregate, or that there is something. */
static void stmtValue(AssocSql *p, const AssocNode *pNode,
                      const ValueRows *pRows) {
  const ShapeAgg *pAgg = pNode->pValue->pAgg;
  if (pAgg->eAgg == SHAPE_AGG_EXISTS) {
    stmtPut(p, "1");
  } else {
    assocSqlAggCall(p, pAgg, pNode->pValue->pPath, pRows->pModel,
                    pRows->iAlias);
  }
}

/* What a page asks: are there rows on the other side of where it starts? */
static void stmtBehind(AssocSql *p, AssocNode *pNode, const ValueRows *pRows) {
  const ShapeClauses *pC = pNode->pClauses;
  int bBack = pNode->pPage->bBack;
  const ShapeVal *pAt = bBack ? pC->pBefore : pC->pAfter;
  if (pAt) assocPageAfter(p, pNode, pRows->iAlias, pAt, bBack, 1);
  if (pC->pOffset) {
    stmtPut(p, " AND ");
    (void)assocSqlBind(p, pC->pOffset, ASSOC_BIND_COUNT);
    stmtPut(p, ">0");
  }
}

/* FROM and WHERE; the latter not finished, for conditions to follow. */
static void stmtValueFrom(AssocSql *p, AssocNode *pNode,
                          const ValueRows *pRows) {
  const ShapeAgg *pAgg = pNode->pValue->pAgg;
  if (pRows->pFirst) {
    assocSqlFrom(p, pRows->pFirst, 0, 1);
  } else {
    stmtFrom(p, pNode, 0);
    stmtPut(p, " WHERE true");
    stmtWhere(p, pNode);
  }
  if (pAgg->pWhere) {
    stmtPut(p, " AND (");
    assocSqlPred(p, pAgg->pWhere, pRows->pModel, pRows->iAlias);
    stmtPut(p, ")");
  }
  if (pNode->pPage) stmtBehind(p, pNode, pRows);
}

/* The columns by which a parent finds its value. */
static void stmtValueKey(AssocSql *p, const AssocNode *pNode,
                         const ValueRows *pRows, int i) {
  if (pRows->pFirst) {
    assocSqlFarColumn(p, pRows->pFirst, i);
  } else if (isPathNode(pNode) && !pNode->bDown) {
    sqlite3_str_appendf(p->pStr, "t2.k%d", i);
  } else {
    sqlite3_str_appendall(p->pStr, pNode->azKey[i]);
  }
}

/* The same for rows under t1, as the parent's key compares with it: text that
** looks like a number is one, so that all that equals a parent's key is one
** group. With a + no index gives the order of groups. */
static void stmtValueGroup(AssocSql *p, const AssocNode *pNode,
                           const ValueRows *pRows, int i, int bPlus) {
  static const char *const azColl[] = {"BINARY", "NOCASE", "RTRIM", 0};
  const AssocKeyRule *pRule = &pNode->aRule[i];
  const char *z;
  if (pRows->pFirst || isPathNode(pNode) || !pNode->bScanOnly ||
      pRule->eAff != ASSOC_AFF_NUMERIC) {
    if (bPlus) stmtPut(p, "+");
    stmtValueKey(p, pNode, pRows, i);
    return;
  }
  z = assocSqlAsNumber(p->pCall, p->pArena, pNode->azKey[i],
                       azColl[pRule->eColl]);
  if (z) stmtPut(p, z);
}

/* Over a named path the rows are the path's; over one association that leads
** through a path they are its targets, each once. */
static void valueRows(AssocSql *p, AssocNode *pNode, ValueRows *pRows) {
  const ShapeName *pPath = pNode->pValue->pPath;
  memset(pRows, 0, sizeof(*pRows));
  pRows->pModel = pNode->pModel;
  pRows->iAlias = 1;
  if (pPath == 0) return;
  if (isPathNode(pNode) && pPath->pNext == 0) return;
  pRows->pModel = pNode->pParent->pModel;
  pRows->pFirst = assocSqlPath(p, pPath, &pRows->pModel, 0);
  if (pRows->pFirst) pRows->iAlias = stmtLast(pRows->pFirst)->iAlias;
}

/* SELECT assoc_emit((SELECT count(*) FROM … WHERE key=+k.k0 AND …))
** FROM assoc_keys k: always one row for each key */
static void makeValueLookup(Planner *p, AssocNode *pNode) {
  int bExists = pNode->pValue->pAgg->eAgg == SHAPE_AGG_EXISTS, i;
  const AssocHop *pHop;
  ValueRows rows;
  AssocSql sql;
  stmtStart(p, &sql, pNode, 0);
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
  stmtKeys(&sql, pNode);
  pNode->lookup.bEmit = 1;
  for (pHop = rows.pFirst; pHop; pHop = pHop->pNext) {
    if (!assocHopServed(p->pCall, pHop->pRel)) sql.bDear = 1;
  }
  if (!assocHopServed(p->pCall, pNode->pRel)) sql.bDear = 1;
  stmtEnd(p, &sql, &pNode->lookup);
}

/* Has an index all that the aggregates are about? */
static int indexCovers(const AssocTable *pTab, const AssocIndex *pIdx,
                       const AssocKey *pKey, const AssocNode *pNode) {
  const AssocNode *pOne;
  int i, n = 0;
  for (i = 0; i < pKey->nCol; i++) {
    n += hasColumn(pIdx->nCol, pIdx->aCol, pKey->aCol[i]);
  }
  for (pOne = pNode; pOne; pOne = pOne->pAlso) {
    const ShapeName *pCol = pOne->pValue->pAgg->pCol;
    int iCol = pCol ? assocColumnFind(pTab, pCol->z) : pTab->iRowid;
    if (iCol != pTab->iRowid && !hasColumn(pIdx->nCol, pIdx->aCol, iCol)) {
      return 0;
    }
  }
  return !pIdx->bPartial && n == pKey->nCol;
}

/*
** SQLite likes to group in the order of an index, and then seeks the rest of
** each row in the table. That is slow where the rows of a group are far from
** each other: 2 to 3 times as slow as to sort what the table has.
*/
static int groupsAside(Planner *p, AssocNode *pNode, const ValueRows *pRows) {
  const AssocHop *pHop = pRows->pFirst;
  AssocRel *pRel = pHop ? pHop->pRel : pNode->pRel;
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pRel, &pTab);
  const AssocIndex *pIdx;
  if (pRel->nPath || (pHop && pHop->pNext)) return 0;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) return 0;
  if (pNode->pValue->pAgg->pWhere || hasConditions(p, pNode, pRel)) return 1;
  for (pIdx = assocTableIndexes(p->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (indexCovers(pTab, pIdx, pKey, pNode)) return 0;
  }
  return 1;
}

/* SELECT assoc_emit(a0, a1, a2) FROM (SELECT key AS a0, count(*) AS a1,
** sum(likes) AS a2 … GROUP BY key): a row for each parent that has any */
void assocStmtValueScan(AssocPlanner *p, AssocNode *pNode) {
  const AssocNode *pOne;
  ValueRows rows;
  AssocSql sql;
  int i, n = 0, nValue = 0, bPlus;
  if (pNode->bLookupOnly || p->pCall->rc != SQLITE_OK) return;
  for (pOne = pNode; pOne; pOne = pOne->pAlso) nValue++;
  stmtStart(p, &sql, pNode, 1);
  valueRows(&sql, pNode, &rows);
  if (p->pCall->rc == SQLITE_OK) {
    stmtPut(&sql, "SELECT assoc_emit(");
    for (i = 0; i < pNode->nKey + nValue; i++) {
      sqlite3_str_appendf(sql.pStr, "%sa%d", i ? "," : "", i);
    }
    stmtPut(&sql, ") FROM (SELECT ");
    bPlus = pNode->nKey > 0 && groupsAside(p, pNode, &rows);
    for (i = 0; i < pNode->nKey; i++) {
      stmtValueGroup(&sql, pNode, &rows, i, bPlus);
      sqlite3_str_appendf(sql.pStr, " AS a%d,", i);
    }
    for (pOne = pNode; pOne; pOne = pOne->pAlso) {
      stmtValue(&sql, pOne, &rows);
      sqlite3_str_appendf(sql.pStr, " AS a%d%s", i++, pOne->pAlso ? "," : "");
    }
    stmtValueFrom(&sql, pNode, &rows);
    for (i = 0; i < pNode->nKey; i++) {
      stmtNext(&sql, &n, " GROUP BY ", ",");
      sqlite3_str_appendf(sql.pStr, "%d", i + 1);
    }
    if (n == 0 && pNode->pValue->pAgg->eAgg == SHAPE_AGG_EXISTS) {
      stmtPut(&sql, " LIMIT 1");
    }
    stmtPut(&sql, ")");
  }
  pNode->scan.bEmit = 1;
  stmtEnd(p, &sql, &pNode->scan);
}

void assocStmtValue(AssocPlanner *p, AssocNode *pNode) {
  if (p->pCall->rc != SQLITE_OK) return;
  if (pNode->nKey) makeValueLookup(p, pNode);
  assocStmtValueScan(p, pNode);
}

/* -------------------------------------------------------------- one in one */

/* t1."user_id"=n0.a2 AND …: the parent's values under its number. */
static void nestedKey(AssocSql *p, const AssocNode *pNode, int *pn) {
  int i;
  for (i = 0; i < pNode->nKey; i++) {
    stmtNext(p, pn, " WHERE ", " AND ");
    sqlite3_str_appendf(p->pStr, "%s=n%d.a%d", pNode->azKey[i],
                        pNode->pParent->iNode, pNode->aiSource[i]);
  }
}

void assocStmtNested(AssocSql *p, AssocNode *pNode) {
  int n = 0;
  stmtPut(p, "(SELECT ");
  stmtValues(p, pNode, 0, 1);
  stmtFrom(p, pNode, 0);
  if (pNode->pRel) {
    nestedKey(p, pNode, &n);
  } else {
    stmtPut(p, " WHERE true");
  }
  stmtWhere(p, pNode);
  if (!pNode->bOne) stmtOrder(p, pNode);
  stmtLimit(p, pNode);
  sqlite3_str_appendf(p->pStr, ") n%d", pNode->iNode);
}

void assocStmtNestedValue(AssocSql *p, AssocNode *pNode) {
  int eAgg = pNode->pValue->pAgg->eAgg, bExists = eAgg == SHAPE_AGG_EXISTS, i;
  int bAny = eAgg == SHAPE_AGG_MIN || eAgg == SHAPE_AGG_MAX;
  ValueRows rows;
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
    sqlite3_str_appendf(p->pStr, "=n%d.a%d", pNode->pParent->iNode,
                        pNode->aiSource[i]);
  }
  stmtPut(p, bExists ? ") THEN json('true') ELSE json('false') END"
             : bAny  ? "))"
                     : ")");
}

/* ------------------------------------------------------- one source's rows */

/* " AND t1.id=?1": the source row. */
static void stmtSource(AssocSql *p, const AssocModel *pSrc) {
  int i;
  for (i = 0; i < pSrc->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlColumn(p, 1, pSrc->pTable, pSrc->aKey[i]);
    sqlite3_str_appendf(p->pStr, "=?%d", i + 1);
  }
}

/* The columns that are the target's key; a polymorphic target has its own
** under the foreign key. */
static void stmtTarget(AssocSql *p, const AssocRel *pRel, int i) {
  if (pRel->nBranch) {
    assocSqlColumn(p, 1, pRel->pSource->pTable, pRel->foreign.aCol[i]);
  } else {
    assocSqlColumn(p, 2, pRel->pTarget->pTable, pRel->pTarget->aKey[i]);
  }
}

static int hasPage(const ShapeClauses *pC) {
  return pC &&
         (pC->bPage || pC->pFirst || pC->pLast || pC->pAfter || pC->pBefore);
}

static void relatedOrder(AssocSql *p, const AssocRel *pRel,
                         const ShapeClauses *pC) {
  const AssocTable *pJoin =
      pRel->eKind == ASSOC_BELONGSTOMANY ? pRel->pThrough : 0;
  int i;
  if (pRel->nBranch) return;
  assocSqlOrder(p, pRel, pC, pRel->pTarget, 2, 0);
  for (i = 0; pJoin && i < pJoin->nKey; i++) {
    stmtPut(p, ", ");
    assocSqlColumn(p, 3, pJoin, pJoin->aKey[i]);
  }
}

/* As many as there are, or are asked for; one where it is one. */
static void relatedLimit(AssocSql *p, const AssocNode *pRoot,
                         const AssocRel *pRel) {
  if (pRel->bMany) {
    stmtLimit(p, pRoot);
  } else {
    stmtPut(p, " LIMIT 1");
  }
}

/*
** assoc_count() and assoc_has() need no rows, only one statement. The values
** of the target's key, which HAS is asked for, come last.
*/
void assocStmtAnswer(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                     AssocRel *pRel) {
  const ShapeClauses *pC = pItem->pClauses;
  int bHas = p->pPlan->eAsk == ASSOC_ASK_HAS;
  int bSome = !pRel->nBranch && (!pRel->bMany || pC->pLimit || pC->pOffset);
  AssocSql sql;
  int i, n = 0;
  if (hasPage(pC)) {
    assocError(p->pCall, "pages are for eager(), assoc_find() and "
                         "assoc_get()");
    return;
  }
  if (bHas) assocModelNeedKey(p->pCall, pRel->pTarget);
  assocSqlStart(p, &sql);
  sql.nVar = pRoot->pModel->nKey;
  stmtPut(&sql, "SELECT count(*)");
  if (bSome) stmtPut(&sql, " FROM (SELECT ");
  for (i = 0; bSome && i < pRel->pTarget->nKey; i++) {
    stmtNext(&sql, &n, "", ",");
    stmtTarget(&sql, pRel, i);
    sqlite3_str_appendf(sql.pStr, " AS k%d", i);
  }
  if (bSome && n == 0) stmtPut(&sql, "1");
  assocSqlRelated(&sql, pRel, pC, pItem->pBlock);
  stmtSource(&sql, pRoot->pModel);
  pRoot->pClauses = pC;
  if (bSome) {
    relatedOrder(&sql, pRel, pC);
    relatedLimit(&sql, pRoot, pRel);
    stmtPut(&sql, ") WHERE true");
  }
  p->pPlan->iTargetVar = sql.nVar;
  for (i = 0; bHas && i < pRel->pTarget->nKey; i++) {
    stmtPut(&sql, " AND ");
    if (bSome) {
      sqlite3_str_appendf(sql.pStr, "k%d", i);
    } else {
      stmtTarget(&sql, pRel, i);
    }
    sqlite3_str_appendf(sql.pStr, "=?%d", ++sql.nVar);
  }
  pRoot->lookup.zSql = assocSqlEnd(p, &sql);
  pRoot->lookup.pBind = sql.pBind;
  p->pPlan->pAnswer = pRel;
}

/* The target's key; or its columns; and the join row if it is asked for. */
static void stmtRelatedValues(Planner *p, AssocSql *pSql,
                              const AssocRel *pRel) {
  const AssocTable *pTgt = pRel->pTarget->pTable;
  const AssocTable *pJoin =
      pRel->eKind == ASSOC_BELONGSTOMANY ? pRel->pThrough : 0;
  int i, n = 0;
  if (p->pPlan->eAsk == ASSOC_ASK_COLUMNS) {
    for (i = 0; i < pTgt->nCol; i++) {
      if (pTgt->aCol[i].bHidden) continue;
      stmtNext(pSql, &n, "", ",");
      assocSqlColumn(pSql, 2, pTgt, i);
    }
    return;
  }
  for (i = 0; i < pRel->pTarget->nKey; i++) {
    stmtNext(pSql, &n, "", ",");
    stmtTarget(pSql, pRel, i);
  }
  for (i = 0; p->pPlan->eAsk == ASSOC_ASK_LINKS && pJoin && i < pJoin->nCol;
       i++) {
    stmtPut(pSql, ",");
    assocSqlColumn(pSql, 3, pJoin, i);
  }
}

/* The keys of all source rows, in their order. */
static void makeAllSources(Planner *p, AssocNode *pRoot) {
  const AssocModel *pSrc = pRoot->pModel;
  AssocSql sql;
  int i, n = 0;
  assocSqlStart(p, &sql);
  for (i = 0; i < pSrc->nKey; i++) {
    stmtNext(&sql, &n, "SELECT ", ",");
    assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[i]);
  }
  pRoot->pClauses = 0;
  stmtFrom(&sql, pRoot, 0);
  stmtOrder(&sql, pRoot);
  pRoot->scan.zSql = assocSqlEnd(p, &sql);
}

/* Can the ids be taken in one step? They are rowids, so integers. */
static int takesIds(const Planner *p, const AssocRel *pRel) {
  const AssocModel *pTgt = pRel->pTarget;
  return p->pPlan->eAsk == ASSOC_ASK_IDS && pRel->nBranch == 0 &&
         pTgt->nKey == 1 && pTgt->aKey[0] == pTgt->pTable->iRowid;
}

/* The related rows of one source row. Ids that are taken need no ORDER BY
** where their own order is wanted: an index gives it, or they are sorted. */
static void makeRelated(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                        AssocRel *pRel) {
  const ShapeClauses *pC = pItem->pClauses;
  int bTake = takesIds(p, pRel);
  int bSorted = bTake && pRel->bMany && !assocOrderOf(pRel, pC) &&
                !(pC && (pC->pLimit || pC->pOffset));
  AssocSql sql;
  assocSqlStart(p, &sql);
  stmtPut(&sql, !bTake    ? "SELECT "
                : bSorted ? "SELECT assoc_take("
                          : "SELECT assoc_take(a0) FROM (SELECT ");
  stmtRelatedValues(p, &sql, pRel);
  if (bTake) stmtPut(&sql, bSorted ? ")" : " AS a0");
  sql.nVar = pRoot->pModel->nKey;
  assocSqlRelated(&sql, pRel, pC, pItem->pBlock);
  stmtSource(&sql, pRoot->pModel);
  if (!bSorted) relatedOrder(&sql, pRel, pC);
  relatedLimit(&sql, pRoot, pRel);
  if (bTake && !bSorted) stmtPut(&sql, ")");
  pRoot->lookup.bEmit = (u8)bTake;
  pRoot->lookup.bSort = (u8)bSorted;
  pRoot->lookup.zSql = assocSqlEnd(p, &sql);
  pRoot->lookup.pBind = sql.pBind;
}

/* Do pairs of integers say all about an association? */
static int isPairs(const Planner *p, const AssocNode *pRoot,
                   const AssocRel *pRel, const ShapeClauses *pC) {
  return takesIds(p, pRel) && pRoot->pModel->nKey == 1 && pRel->nPath == 0 &&
         !(pC && (pC->pLimit || pC->pOffset));
}

/* All pairs at once, for a cursor that is asked for many keys, of sources or
** of targets: see assocChoosePairs(). */
static void makePairs(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      AssocRel *pRel, int bBack) {
  AssocPairs *pPairs = bBack ? &pRoot->backPairs : &pRoot->pairs;
  const AssocModel *pSrc = pRoot->pModel;
  const AssocModel *pModel = bBack ? pRel->pTarget : pSrc;
  const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aKey[0]];
  AssocSql sql;
  if (pCol->eColl == ASSOC_COLL_OTHER) return;
  pPairs->rule.eAff = pCol->eAff;
  pPairs->rule.eColl = pCol->eColl;
  assocSqlStart(p, &sql);
  stmtPut(&sql, "SELECT assoc_take(a0,a1) FROM (SELECT ");
  assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[0]);
  stmtPut(&sql, bBack ? " AS a1," : " AS a0,");
  stmtRelatedValues(p, &sql, pRel);
  stmtPut(&sql, bBack ? " AS a0" : " AS a1");
  assocSqlRelated(&sql, pRel, pItem->pClauses, pItem->pBlock);
  if (!bBack && !pRoot->lookup.bSort && pRel->eKind != ASSOC_BELONGSTO) {
    relatedOrder(&sql, pRel, pItem->pClauses);
  }
  stmtPut(&sql, ")");
  pPairs->fetch.zSql = assocSqlEnd(p, &sql);
  pPairs->fetch.pBind = sql.pBind;
}

/* The index by which the other end of pairs is found, or 0. */
static const char *pairsIndex(Planner *p, AssocRel *pRel, int bBack) {
  AssocTable *pTab = pRel->pSource->pTable;
  const AssocKey *pKey = assocRelNearKey(pRel);
  int bUnique;
  if (!bBack) {
    pKey = assocRelFarKey(pRel, &pTab);
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pTab = pRel->pThrough;
    pKey = &pRel->other;
  }
  return assocTableIndexOn(p->pCall, pTab, pKey->nCol, pKey->aCol, &bUnique);
}

/* Is each target one of all its sources, not just of those that it is the
** first for? */
static int meansAll(const AssocRel *pRel) {
  return pRel->bMany ||
         (pRel->eKind == ASSOC_BELONGSTO &&
          pRel->targetKey.aCol[0] == pRel->pTarget->pTable->iRowid);
}

/* The sources of one target, where they have integers for keys, too. */
static void makeBack(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                     AssocRel *pRel) {
  const AssocModel *pSrc = pRoot->pModel;
  AssocSql sql;
  if (pSrc->aKey[0] != pSrc->pTable->iRowid || !meansAll(pRel)) return;
  if (pItem->nRecurse) return;
  assocSqlStart(p, &sql);
  sql.nVar = 1;
  stmtPut(&sql, "SELECT assoc_take(");
  assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[0]);
  stmtPut(&sql, ")");
  assocSqlRelated(&sql, pRel, pItem->pClauses, pItem->pBlock);
  stmtPut(&sql, " AND ");
  stmtTarget(&sql, pRel, 0);
  stmtPut(&sql, "=?1");
  pRoot->back.bEmit = pRoot->back.bSort = 1;
  pRoot->back.zSql = assocSqlEnd(p, &sql);
  pRoot->back.pBind = sql.pBind;
  makePairs(p, pRoot, pItem, pRel, 1);
  pRoot->backPairs.zIndex = pairsIndex(p, pRel, 1);
}

/* "^": what was found is looked up in its turn: SELECT ?1,?2 makes values of
** what the cursor has kept of it. */
static void makeAgain(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      const AssocRel *pRel) {
  AssocSql sql;
  int i, n = 0;
  if (pItem->nRecurse == 0) return;
  if (pRel->pSource != pRel->pTarget) {
    assocError(p->pCall,
               "%s leads from %s to %s; only an association of a model with "
               "itself can repeat",
               pRel->zName, pRel->pSource->zLabel, pRel->pTarget->zLabel);
    return;
  }
  assocSqlStart(p, &sql);
  for (i = 0; i < pRel->pTarget->nKey; i++) {
    stmtNext(&sql, &n, "SELECT ", ",");
    sqlite3_str_appendf(sql.pStr, "?%d", i + 1);
  }
  pRoot->again.zSql = assocSqlEnd(p, &sql);
  pRoot->nRecurse = pItem->nRecurse;
}

/*
** The table related has two statements: the related rows of one source row
** (the root's lookup), and the keys of all source rows (its scan), each of
** which is then looked up; and, if need be, the way back from a target. IDS
** gives the target's key, LINKS the key and the join row, COLUMNS the target's
** columns.
*/
void assocStmtRelated(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      AssocRel *pRel) {
  if (p->pPlan->eAsk != ASSOC_ASK_COLUMNS) {
    assocModelNeedKey(p->pCall, pRel->pTarget);
  } else if (pRel->nBranch || pItem->nRecurse) {
    assocError(p->pCall,
               "%s.%s is %s, which a table with the target's columns cannot "
               "show; read it from related()",
               pRel->pSource->zLabel, pRel->zName,
               pRel->nBranch ? "polymorphic" : "repeated");
  }
  makeAgain(p, pRoot, pItem, pRel);
  if (hasPage(pItem->pClauses)) {
    assocError(p->pCall, "pages are for eager(), assoc_find() and "
                         "assoc_get()");
  }
  if (p->pCall->rc != SQLITE_OK) return;
  p->pPlan->pAnswer = pRel;
  pRoot->pClauses = pItem->pClauses;
  makeRelated(p, pRoot, pItem, pRel);
  if (isPairs(p, pRoot, pRel, pItem->pClauses)) {
    makePairs(p, pRoot, pItem, pRel, 0);
    pRoot->pairs.zIndex = pairsIndex(p, pRel, 0);
    makeBack(p, pRoot, pItem, pRel);
  }
  makeAllSources(p, pRoot);
}
