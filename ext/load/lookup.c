/*
** Statements that look rows up by their keys.
**
**   each   SELECT <values> FROM posts t1 WHERE t1.user_id=?1 AND <where>
**           ORDER BY <order> LIMIT ?2
**
** or, if an index gives the order, one statement for all keys: see keys.c.
*/
#include "load/stmt.h"

/* Only if both columns have the same affinity and collation. */
int assocStmtSortsAlike(const AssocRel *pRel, const AssocModel *pModel) {
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

/* The columns that the rows of one key are sorted by. Their number, and *pbDesc
** if all are descending; -1 if the order has other terms, or both
** directions. */
static int orderColumns(const AssocNode *pNode, int *aCol, int *pbDesc) {
  const AssocModel *pModel = pNode->pModel;
  const ShapeSort *pSort = assocOrderOf(pNode->pRel, pNode->pClauses);
  int bDesc = pSort && pSort->bDesc, i, n = 0;
  for (; pSort && n < ASSOC_KEY_MAX; pSort = pSort->pNext) {
    const ShapeKey *pKey = &pSort->key;
    if (pSort->pColl || pSort->eNulls || pSort->bDesc != bDesc) return -1;
    aCol[n] = assocKeyColumn(pModel->pTable, pKey);
    if (aCol[n++] < 0) return -1;
  }
  if (pSort || pModel->nKey > ASSOC_KEY_MAX) return -1;
  for (i = 0; i < pModel->nKey; i++) {
    if (!hasColumn(n, aCol, pModel->aKey[i])) aCol[n++] = pModel->aKey[i];
  }
  assert(n <= 2 * ASSOC_KEY_MAX);
  *pbDesc = bDesc != (pNode->pPage && pNode->pPage->bBack);
  return n;
}

/* The same for join rows, in the order of the target's key: first the columns
** of the target's key, then the rest of the join row's own key. */
static int linkColumns(const AssocNode *pNode, int *aCol) {
  const AssocRel *pRel = pNode->pRel;
  const AssocTable *pTab = pRel->pThrough;
  int i, n = 0;
  assert(pTab);
  if (!assocStmtSortsAlike(pRel, pNode->pModel)) return -1;
  if (pNode->pModel->nKey > ASSOC_KEY_MAX) return -1;
  if (pTab->nKey > ASSOC_KEY_MAX) return -1;
  if (assocOrderOf(pRel, pNode->pClauses)) return -1;
  if (pNode->pPage && pNode->pPage->bBack) return -1;
  /* Behind the key of the target come the other columns of the join row's key, so
  ** that the order is one even where a pair stands twice. */
  for (i = 0; i < pRel->other.nCol; i++) aCol[n++] = pRel->other.aCol[i];
  for (i = 0; i < pTab->nKey; i++) {
    if (hasColumn(n, aCol, pTab->aKey[i])) continue;
    if (hasColumn(pRel->foreign.nCol, pRel->foreign.aCol, pTab->aKey[i])) {
      continue;
    }
    aCol[n++] = pTab->aKey[i];
  }
  return n;
}

/* Can an index of the far key serve, judging by the collations of both keys? */
static int keysAlike(const AssocRel *pRel) {
  AssocTable *pTab = 0;
  const AssocKey *pFar = assocRelFarKey(pRel, &pTab);
  const AssocKey *pNear = assocRelNearKey(pRel);
  int i;
  /* A belongsTo compares by the rules of the column it references, on both
  ** sides. */
  assert(pFar->nCol == pNear->nCol);
  if (pRel->eKind == ASSOC_BELONGSTO) return 1;
  if (assocFarChanges(pRel)) return 0;
  for (i = 0; i < pFar->nCol; i++) {
    const char *zOther = pRel->pSource->pTable->aCol[pNear->aCol[i]].zColl;
    const char *zColl = pTab->aCol[pFar->aCol[i]].zColl;
    assert(zColl); /* Only a view's is not known */
    if (zOther && sqlite3_stricmp(zOther, zColl) != 0) return 0;
  }
  return 1;
}

/* An index on the node's key, followed by the columns of the list's order.
** *pbDesc: in the opposite order. 0 if there is none. */
const char *assocStmtKeyIndex(Planner *p, const AssocNode *pNode, int *pbDesc) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pNode->pRel, &pTab);
  int aCol[2 * ASSOC_KEY_MAX], n;
  *pbDesc = 0;
  if (pTab->eType != ASSOC_TABLE || !keysAlike(pNode->pRel)) return 0;
  n = isMany2Many(pNode) ? linkColumns(pNode, aCol)
                         : orderColumns(pNode, aCol, pbDesc);
  if (pNode->nSort) n = 0; /* Any order will do */
  if (n < 0) return 0;
  return assocTableIndexOrder(p->pCall, pTab, pKey->nCol, pKey->aCol, n, aCol);
}

/* Does another index begin with the key and have other columns behind it, or is
** it partial? It may suit the conditions better, and SQLite can judge this
** best. */
static int hasOther(Planner *p, const AssocNode *pNode, const char *zIndex) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pNode->pRel, &pTab);
  const AssocIndex *pIdx, *pThis = assocTableIndexes(p->pCall, pTab);
  int i;
  while (strcmp(pThis->zName, zIndex) != 0) pThis = pThis->pNext;
  for (pIdx = assocTableIndexes(p->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
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

/* How a lookup gets the keys of all parents. */
#define LOOKUP_EACH 0 /* One run of the statement for each key */
#define LOOKUP_JOIN 1 /* Joined with assoc_keys; rows come in their order */
#define LOOKUP_TAKE 2 /* The same, but assoc_enough() takes each key's rows */

/*
** Choose how a lookup gets its keys. JOIN and TAKE need an index that gives the
** rows of each key in their order: *pzIndex, which the statement names.
** *pbDesc: the index is read backwards. A key that has at most one row needs no
** order.
*/
static int lookupForm(Planner *p, AssocNode *pNode, const char **pzIndex,
                      int *pbDesc) {
  const AssocRel *pRel = pNode->pRel;
  const ShapeClauses *pC = pNode->pClauses;
  int bSome;
  *pzIndex = 0;
  *pbDesc = 0;
  if (pNode->nArg == 0 || pNode->nArg > p->nFunctionArg) return LOOKUP_EACH;
  if (pNode->bOne) return LOOKUP_JOIN;
  if (pRel == 0) return LOOKUP_EACH;
  if (pNode->bBranch || pRel->nPath || p->bReverse) return LOOKUP_EACH;
  if (assocStmtChooses(p, pNode)) return LOOKUP_EACH;
  *pzIndex = assocStmtKeyIndex(p, pNode, pbDesc);
  if (*pzIndex == 0) return LOOKUP_EACH;
  bSome = !pNode->bMany || pNode->pPage || pC->pLimit || pC->pOffset;
  if (!bSome && assocOrderOf(pRel, pC) == 0) return LOOKUP_JOIN;
  if (hasOther(p, pNode, *pzIndex) && assocStmtAsks(p, pNode, pRel)) {
    return LOOKUP_EACH;
  }
  if (pNode->nSort) return LOOKUP_JOIN;
  return bSome || *pbDesc ? LOOKUP_TAKE : LOOKUP_JOIN;
}

/* Of a many-to-many the join table comes first. */
void assocStmtIndexed(AssocSql *p, const AssocNode *pNode, const char *zIndex) {
  if (isMany2Many(pNode)) {
    assocSqlTableBy(p, pNode->pRel->pThrough, 2, 0, zIndex);
    stmtPut(p, " CROSS JOIN ");
    assocSqlTableAs(p, pNode->pModel->pTable, 1);
  } else {
    assocSqlTableBy(p, pNode->pModel->pTable, 1, 0, zIndex);
  }
}

/* How many columns the key has by which the node's rows are found, and one of
** them; of the root the model's. */
static int lookupWidth(const AssocNode *pNode) {
  return pNode->pRel ? pNode->nKey : pNode->pModel->nKey;
}

static void lookupColumn(AssocSql *p, const AssocNode *pNode, int i) {
  const AssocModel *pModel = pNode->pModel;
  if (pNode->pRel) {
    stmtPut(p, pNode->azKey[i]);
  } else {
    assocSqlColumn(p, 1, pModel->pTable, pModel->aKey[i]);
  }
}

/* " WHERE t1.user_id=?1 AND …": the condition on the key. With bJoin the key is
** a row of assoc_keys, and "+" takes away its column's affinity, so that it
** compares like a parameter. */
static void stmtKey(AssocSql *p, const AssocNode *pNode, int nKey, int bJoin) {
  int i, n = 0;
  for (i = 0; i < nKey; i++) {
    stmtNext(p, &n, " WHERE ", " AND ");
    lookupColumn(p, pNode, i);
    sqlite3_str_appendf(p->pStr, bJoin ? "=+k.k%d" : "=?%d", bJoin ? i : i + 1);
  }
}

/* End a statement. If no index serves the association, the lookup is dear. */
static void lookupEnd(Planner *p, AssocSql *pSql, AssocNode *pNode,
                      AssocFetch *pFetch) {
  if (pNode->pRel && !pNode->bBranch &&
      !assocHopServed(p->pCall, pNode->pRel)) {
    pSql->bDear = 1;
  }
  assocStmtEnd(pSql, pFetch);
}

/* SELECT assoc_emit(…) FROM assoc_keys k CROSS JOIN posts t1 INDEXED BY … */
static void makeJoined(Planner *p, AssocNode *pNode, const char *zIndex) {
  AssocSql sql;
  assert(zIndex || pNode->bOne);
  assocStmtStart(p, &sql, pNode, 0);
  sql.bNatural = 1;
  stmtPut(&sql, "SELECT assoc_emit(");
  assocStmtValues(&sql, pNode, 0, 0);
  stmtPut(&sql, ")");
  assocStmtKeys(&sql, pNode);
  stmtPut(&sql, " CROSS JOIN ");
  assocStmtIndexed(&sql, pNode, zIndex);
  stmtKey(&sql, pNode, lookupWidth(pNode), 1);
  assocStmtWhere(&sql, pNode);
  pNode->lookup.bEmit = 1;
  lookupEnd(p, &sql, pNode, &pNode->lookup);
}

/*
** SELECT count((SELECT 1 FROM posts t1 INDEXED BY … WHERE t1.user_id=+k.k0 AND
** assoc_enough(…) ORDER BY … DESC LIMIT 1)) FROM assoc_keys k
**
** assoc_enough() has to see only rows that meet all conditions. SQLite may test
** conditions in any order, but not those of a CASE. A join row must have its
** target by then, even if no value of the target is wanted. The policies of
** both tables stand in their sources, and here once more. Of a row that an offset
** leaves out no value is asked for, so that SQLite reads only its entry in the index:
**
**   CASE WHEN assoc_enough() THEN false ELSE assoc_enough(…) END
*/
static void makeTaken(Planner *p, AssocNode *pNode, const char *zIndex,
                      int bDesc) {
  const AssocTable *pJoin = isMany2Many(pNode) ? pNode->pRel->pThrough : 0;
  int bCase = pJoin || assocStmtAsks(p, pNode, pNode->pRel);
  int bSkips = pNode->pClauses && pNode->pClauses->pOffset;
  AssocSql sql;
  assert(zIndex && !pNode->bOne);
  assocStmtStart(p, &sql, pNode, 0);
  sql.bNatural = 1;
  if (assocSqlIsPoliced(&sql, pNode->pModel->pTable)) bCase = 1;
  stmtPut(&sql, "SELECT count((SELECT 1 FROM ");
  assocStmtIndexed(&sql, pNode, zIndex);
  stmtKey(&sql, pNode, pNode->nKey, 1);
  assocStmtJoin(&sql, pNode);
  stmtPut(&sql, bCase ? " AND CASE WHEN true" : " AND ");
  assocStmtWhere(&sql, pNode);
  assocSqlMay(&sql, pNode->pModel->pTable, 1, ASSOC_MAY_READ);
  if (pJoin) assocSqlMay(&sql, pJoin, 2, ASSOC_MAY_READ);
  stmtPut(&sql, bCase ? " THEN " : "");
  if (bSkips) stmtPut(&sql, "CASE WHEN assoc_enough() THEN false ELSE ");
  stmtPut(&sql, "assoc_enough(");
  assocStmtValues(&sql, pNode, 0, 0);
  stmtPut(&sql, bSkips ? ") END" : ")");
  stmtPut(&sql, bCase ? " END" : "");
  if (bDesc) assocStmtOrder(&sql, pNode);
  stmtPut(&sql, " LIMIT 1))");
  assocStmtKeys(&sql, pNode);
  pNode->lookup.bEmit = pNode->lookup.bTake = 1;
  pNode->eOrder = 1;
  lookupEnd(p, &sql, pNode, &pNode->lookup);
}

/* SELECT … WHERE t1.user_id=?1 …: the rows of one key. */
static void makeEach(Planner *p, AssocNode *pNode, AssocFetch *pFetch,
                     int bCursor) {
  int nKey = lookupWidth(pNode);
  AssocSql sql;
  assocStmtStart(p, &sql, pNode, 0);
  sql.nVar = nKey;
  sql.bInside = (u8)(isPathNode(pNode) && !pNode->bDown);
  assocStmtPlace(&sql, pNode);
  stmtPut(&sql, "SELECT ");
  assocStmtValues(&sql, pNode, 0, 0);
  assocStmtFrom(&sql, pNode, 0);
  sql.nListed = pNode->nArg;
  sql.aListed = pNode->aArg;
  sql.iListed = 1;
  if (sql.bInside) {
    stmtPut(&sql, " WHERE true");
  } else {
    stmtKey(&sql, pNode, nKey, 0);
  }
  assocStmtWhere(&sql, pNode);
  if (bCursor) assocStmtCursors(&sql, pNode);
  if (pNode->pRel && !pNode->bOne) assocStmtOrder(&sql, pNode);
  assocStmtLimit(&sql, pNode);
  lookupEnd(p, &sql, pNode, pFetch);
}

/* Write the node's lookup in the form that suits it. */
static void makeLookup(Planner *p, AssocNode *pNode) {
  const char *zIndex;
  int bDesc;
  switch (lookupForm(p, pNode, &zIndex, &bDesc)) {
  case LOOKUP_JOIN:
    makeJoined(p, pNode, zIndex);
    if (pNode->pRel == 0) makeEach(p, pNode, &pNode->lookupOne, 0);
    break;
  case LOOKUP_TAKE:
    makeTaken(p, pNode, zIndex, bDesc);
    makeEach(p, pNode, &pNode->lookupOne, 0);
    break;
  default: makeEach(p, pNode, &pNode->lookup, 0);
  }
}

/* ------------------------------------------------------------------- held */

/* How often does the text select? A name that has this word counts as well. */
static int heldSelects(const char *z) {
  int n = 0;
  while ((z = strstr(z, "SELECT")) != 0) n++, z += 6;
  return n;
}

/* " FROM …": the key that the run asks for; of the root with the token of the
** definitions. */
void assocStmtHeldFrom(AssocSql *p, int bRoot) {
  stmtPut(p, " FROM main.assoc_keys k");
  if (bRoot) stmtPut(p, " CROSS JOIN main.assoc_token g");
}

void assocStmtHeldEnd(AssocSql *p, AssocFetch *pFetch, int nSelect) {
  const char *zSql = assocSqlEnd(p);
  if (zSql == 0 || p->pChoice || heldSelects(zSql) != nSelect) return;
  pFetch->zSql = zSql;
  pFetch->pBind = p->pBind;
}

/* Are all tables of the node ordinary ones? A view may keep rows. */
static int heldTables(const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  if (pNode->pModel->pTable->eType != ASSOC_TABLE) return 0;
  if (pRel == 0) return 1;
  if (pRel->nPath || pRel->nBranch) return 0;
  return !isMany2Many(pNode) || pRel->pThrough->eType == ASSOC_TABLE;
}

/* May the rows of the node be looked up by a held statement? */
static int isHeld(Planner *p, AssocNode *pNode) {
  assert(pNode->nKey <= STMT_HELD_KEYS);
  return heldTables(pNode) && !pNode->pPage && !pNode->pValue &&
         !pNode->bRecurse && !assocStmtChooses(p, pNode);
}

/*
** (SELECT assoc_emit(a0) FROM (SELECT t1.title AS a0 FROM posts t1 WHERE
**   t1.user_id=+k.k0 ORDER BY t1.id)): the rows of one key. Returns how often it
** selects.
*/
static int heldRows(Planner *p, AssocSql *pSql, AssocNode *pNode) {
  const char *zIndex;
  int bDesc, i, bJoin = lookupForm(p, pNode, &zIndex, &bDesc) == LOOKUP_JOIN;
  stmtPut(pSql, "(SELECT assoc_emit(");
  if (bJoin) {
    assocStmtValues(pSql, pNode, 0, 0);
    stmtPut(pSql, ") FROM ");
    assocStmtIndexed(pSql, pNode, zIndex);
  } else {
    for (i = 0; i < pNode->nArg; i++) {
      sqlite3_str_appendf(pSql->pStr, i ? ",a%d" : "a%d", i);
    }
    stmtPut(pSql, ") FROM (SELECT ");
    assocStmtValues(pSql, pNode, 0, 1);
    assocStmtFrom(pSql, pNode, 0);
  }
  stmtKey(pSql, pNode, pNode->nKey, 1);
  pSql->bNatural = (u8)bJoin;
  assocStmtWhere(pSql, pNode);
  pSql->bNatural = 0;
  if (!bJoin) {
    assert(!pNode->bOne); /* That is LOOKUP_JOIN */
    assocStmtOrder(pSql, pNode);
    assocStmtLimit(pSql, pNode);
    stmtPut(pSql, ")");
  }
  stmtPut(pSql, ")");
  return bJoin ? 1 : 2;
}

void assocStmtHeld(AssocPlanner *p, AssocNode *pNode) {
  AssocSql sql;
  int n;
  assert(pNode->pRel);
  if (!isHeld(p, pNode) || pNode->nArg == 0 || pNode->nArg > p->nFunctionArg) {
    return;
  }
  assocStmtStart(p, &sql, pNode, 0);
  sql.bHeld = 1;
  stmtPut(&sql, "SELECT ");
  n = heldRows(p, &sql, pNode);
  assocStmtHeldFrom(&sql, 0);
  assocStmtHeldEnd(&sql, &pNode->held, 1 + n);
}

/*
** LEFT JOIN (SELECT t1.id AS k0,t1.name AS a0 FROM users t1 WHERE true) n1
**   ON n1.k0=n0.a1
**
** The row of a node with at most one. SQLite flattens the subquery, and opens
** the table once for all keys, which a subquery among the values does not.
*/
static void heldTable(AssocSql *p, AssocNode *pNode) {
  int i, n = 0, nKey = lookupWidth(pNode);
  assocSqlJoined(p, 1, pNode->pRel, 2);
  for (i = 0; i < nKey; i++) {
    stmtNext(p, &n, " LEFT JOIN (SELECT ", ",");
    lookupColumn(p, pNode, i);
    sqlite3_str_appendf(p->pStr, " AS k%d", i);
  }
  stmtPut(p, ",");
  assocStmtValues(p, pNode, 0, 1);
  assocStmtFrom(p, pNode, 0);
  stmtPut(p, " WHERE true");
  assocStmtWhere(p, pNode);
  sqlite3_str_appendf(p->pStr, ") n%d", pNode->iNode);
  for (i = n = 0; i < nKey; i++) {
    stmtNext(p, &n, " ON ", " AND ");
    sqlite3_str_appendf(p->pStr, "n%d.k%d=", pNode->iNode, i);
    if (pNode->pRel) {
      assocStmtParent(p, pNode, i);
    } else {
      sqlite3_str_appendf(p->pStr, "+k.k%d", i);
    }
  }
}

/* Does the node give one row for a key, and select nothing beside it? */
static int isHeldTable(Planner *p, AssocNode *pNode) {
  AssocFetch fetch;
  AssocSql sql;
  if (!isHeld(p, pNode)) return 0;
  memset(&fetch, 0, sizeof(fetch));
  assocStmtStart(p, &sql, pNode, 0);
  sql.bHeld = 1;
  heldTable(&sql, pNode);
  assocStmtHeldEnd(&sql, &fetch, 1);
  return fetch.zSql != 0;
}

/* Does the key find one root at most? */
static int isOneRoot(Planner *p, const AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  int bUnique = 0;
  if (pModel->nKey > STMT_HELD_KEYS) return 0;
  (void)assocTableIndexOn(p->pCall, pModel->pTable, pModel->nKey, pModel->aKey,
                          &bUnique);
  return bUnique;
}

/* Choose the nodes whose rows the root's statement joins, and number their
** columns. Returns how many they are. */
static int chooseJoined(Planner *p) {
  int i, n = 0, nCol = 1;
  int nMost = sqlite3_limit(p->pCall->db, SQLITE_LIMIT_COLUMN, -1);
  for (i = 0; i < p->pPlan->nNode && n < STMT_HELD_TABLES; i++) {
    AssocNode *pNode = p->pPlan->apNode[i];
    int bMay = i == 0 ? isOneRoot(p, pNode)
                      : pNode->pParent->bJoined && pNode->bOne &&
                            pNode->zType == 0; /* Not polymorphic */
    if (!bMay || nCol + 1 + pNode->nArg > nMost || !isHeldTable(p, pNode)) {
      continue;
    }
    pNode->bJoined = 1;
    pNode->iHeld = nCol;
    nCol += 1 + pNode->nArg;
    n++;
  }
  return n;
}

void assocStmtHeldRoot(AssocPlanner *p, AssocNode *pRoot) {
  int i, j, n = chooseJoined(p);
  AssocSql sql;
  if (!pRoot->bJoined) return;
  assocStmtStart(p, &sql, pRoot, 0);
  sql.bHeld = 1;
  stmtPut(&sql, "SELECT g.token");
  for (i = 0; i < p->pPlan->nNode; i++) {
    if (!p->pPlan->apNode[i]->bJoined) continue;
    sqlite3_str_appendf(sql.pStr, ",n%d.k0", i);
    for (j = 0; j < p->pPlan->apNode[i]->nArg; j++) {
      sqlite3_str_appendf(sql.pStr, ",n%d.a%d", i, j);
    }
  }
  assocStmtHeldFrom(&sql, 1);
  for (i = 0; i < p->pPlan->nNode; i++) {
    if (p->pPlan->apNode[i]->bJoined) heldTable(&sql, p->pPlan->apNode[i]);
  }
  assocStmtHeldEnd(&sql, &pRoot->held, 1 + n);
}

/* A page needs a second form of the statement, with a cursor. Both stay in the
** plan. */
void assocStmtLookup(AssocPlanner *p, AssocNode *pNode) {
  makeLookup(p, pNode);
  if (stmtHasCursor(pNode)) makeEach(p, pNode, &pNode->lookupAt, 1);
}
