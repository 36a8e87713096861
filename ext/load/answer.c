/*
** Statements about one source row that need no nodes: those of assoc_count(),
** of assoc_has(), and of the table related. The source row is t1, related rows
** are t2, join rows are t3.
**
**   SELECT count(*) FROM posts t2, users t1 WHERE … AND t1.id=?1
*/
#include "load/stmt.h"

/* Value number i of the key: ?1 and on; of a held statement +k.k0. */
static void stmtKeyVar(AssocSql *p, int i) {
  sqlite3_str_appendf(p->pStr, p->bHeld ? "+k.k%d" : "?%d",
                      p->bHeld ? i : i + 1);
}

/* " AND t1.id=?1": the source row's key. */
static void stmtSourceKey(AssocSql *p, const AssocModel *pSrc) {
  int i;
  for (i = 0; i < pSrc->nKey; i++) {
    stmtPut(p, " AND ");
    assocSqlColumn(p, 1, pSrc->pTable, pSrc->aKey[i]);
    stmtPut(p, "=");
    stmtKeyVar(p, i);
  }
}

/* The same, and the source row is one that the model's default scope lets
** read. */
static void stmtSource(AssocSql *p, AssocModel *pSrc) {
  assocSqlModel(p, pSrc, 0, 1);
  stmtSourceKey(p, pSrc);
}

/* The same for "^". A row that was found becomes a source, even if the default
** scope excludes it. The parameter behind the key is true for such a row. */
static void stmtSourceAgain(Planner *p, AssocSql *pSql, AssocModel *pSrc,
                            const ShapeItem *pItem) {
  if (pItem->nRecurse == 0) {
    stmtSource(pSql, pSrc);
    return;
  }
  p->pPlan->iAgainVar = pSrc->nKey + 1;
  sqlite3_str_appendf(pSql->pStr, " AND (?%d OR (true", pSrc->nKey + 1);
  assocSqlModel(pSql, pSrc, 0, 1);
  stmtPut(pSql, "))");
  stmtSourceKey(pSql, pSrc);
}

/* " FROM "main"."Post" t4 WHERE t4.id=t1.subject_id": the target row of a
** branch. More conditions may follow. */
static void branchFrom(AssocSql *p, const AssocRel *pRel,
                       const AssocBranch *pBranch, int iAlias) {
  stmtPut(p, " FROM ");
  assocSqlTableAs(p, pBranch->pModel->pTable, iAlias);
  stmtPut(p, " WHERE ");
  assocSqlEqual(p, iAlias, pBranch->pModel->pTable, &pBranch->key, 1,
                pRel->pSource->pTable, &pRel->foreign);
}

/* See plan.h. */
void assocStmtBranchKey(AssocSql *p, const AssocModel *pModel, int iAlias) {
  int i;
  /* A BLOB in a composite key is its hexadecimal text, as everywhere in JSON. */
  assert(pModel->nKey > 0);
  for (i = 0; pModel->nKey > 1 && i < pModel->nKey; i++) {
    stmtPut(p, i ? "," : "json_array(");
    stmtPut(p, "CASE typeof(");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
    stmtPut(p, ") WHEN 'blob' THEN hex(");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
    stmtPut(p, ") ELSE ");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
    stmtPut(p, " END");
  }
  if (pModel->nKey > 1) stmtPut(p, ")");
  if (pModel->nKey == 1) {
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[0]);
  }
}

/*
** The key of a polymorphic target:
**
**   CASE t1.type WHEN ?2 THEN (SELECT t4.id FROM "main"."Post" t4
**     WHERE t4.id=t1.subject_id) … END
**
** With iVar: whether this key equals the variables from ?(iVar+1) on.
*/
static void stmtBranches(AssocSql *p, const AssocRel *pRel, int iVar) {
  int i, j;
  assert(pRel->nBranch > 0 && iVar >= 0);
  /* iVar 0: the keys themselves. Else: is the row the one of ?(iVar+1), ...? */
  stmtPut(p, "CASE ");
  assocSqlColumn(p, 1, pRel->pSource->pTable, pRel->type.aCol[0]);
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocModel *pModel = pRel->aBranch[i].pModel;
    int iAlias = ++p->nAlias;
    assocModelNeedKey(p->pCall, pModel);
    if (p->pCall->rc != SQLITE_OK) return;
    stmtPut(p, " WHEN ");
    assocSqlTypeVal(p, pRel->aBranch[i].zType);
    stmtPut(p, iVar ? " THEN EXISTS(SELECT 1" : " THEN (SELECT ");
    if (iVar == 0) assocStmtBranchKey(p, pModel, iAlias);
    branchFrom(p, pRel, &pRel->aBranch[i], iAlias);
    for (j = 0; iVar && j < pModel->nKey; j++) {
      stmtPut(p, " AND ");
      assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[j]);
      sqlite3_str_appendf(p->pStr, "=?%d", iVar + j + 1);
    }
    stmtPut(p, iVar ? ")" : " LIMIT 1)");
  }
  stmtPut(p, " END");
}

/* Column i of the target's key. A polymorphic target has one value for its
** key. */
static void stmtTarget(AssocSql *p, const AssocRel *pRel, int i) {
  if (pRel->nBranch) {
    stmtBranches(p, pRel, 0);
  } else {
    assocSqlColumn(p, 2, pRel->pTarget->pTable, pRel->pTarget->aKey[i]);
  }
}

/* " AND coalesce(?2,t1.type)=t1.type AND CASE …": the target has the type in
** ?(iVar+1), if this is not NULL, and the key in the variables behind it. */
static void stmtIsBranch(AssocSql *p, const AssocRel *pRel, int iVar) {
  const AssocTable *pSrc = pRel->pSource->pTable;
  sqlite3_str_appendf(p->pStr, " AND coalesce(?%d,", iVar + 1);
  assocSqlColumn(p, 1, pSrc, pRel->type.aCol[0]);
  stmtPut(p, ")=");
  assocSqlColumn(p, 1, pSrc, pRel->type.aCol[0]);
  stmtPut(p, " AND ");
  stmtBranches(p, pRel, iVar + 1);
}

/* ORDER BY of the related rows, and behind it the key of the join row. */
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

/* LIMIT of the related rows: as the shape says; 1 for a to-one. */
static void relatedLimit(AssocSql *p, const AssocNode *pRoot,
                         const AssocRel *pRel) {
  if (pRel->bMany) {
    assocStmtLimit(p, pRoot);
  } else {
    stmtPut(p, " LIMIT 1");
  }
}

/* Does the source row exist? assoc_has() gives NULL if not. */
static void makeSource(Planner *p, AssocNode *pRoot) {
  AssocSql sql;
  assocPlannerSql(p, &sql);
  sql.nVar = pRoot->pModel->nKey;
  stmtPut(&sql, "SELECT count(*) FROM ");
  assocSqlTableAs(&sql, pRoot->pModel->pTable, 1);
  stmtPut(&sql, " WHERE true");
  stmtSource(&sql, pRoot->pModel);
  pRoot->scan.zSql = assocSqlEnd(&sql);
  pRoot->scan.pBind = sql.pBind;
}

/* Are some of the rows that match meant? Then they are selected first, and
** counted afterwards. */
static int isSomeRows(Planner *p, const AssocRel *pRel,
                      const ShapeClauses *pC) {
  if (pRel->nBranch) return 0;
  return pC->pLimit || pC->pOffset || assocFirstOfMany(p->pCall, pRel);
}

/*
** The statement of assoc_count() and assoc_has(). The variables of the target's
** key, for HAS, come last: from ?(iTarget+1) on. Returns iTarget.
*/
static int stmtAnswer(Planner *p, AssocSql *pSql, AssocNode *pRoot,
                      const ShapeItem *pBlock, AssocRel *pRel) {
  const ShapeClauses *pC = pRoot->pClauses;
  int bHas = p->pPlan->eAsk == ASSOC_ASK_HAS;
  int bSome = isSomeRows(p, pRel, pC);
  int i, n = 0, iTarget;
  stmtPut(pSql, "SELECT count(*)");
  if (bSome) stmtPut(pSql, " FROM (SELECT ");
  for (i = 0; bSome && i < pRel->pTarget->nKey; i++) {
    stmtNext(pSql, &n, "", ",");
    stmtTarget(pSql, pRel, i);
    sqlite3_str_appendf(pSql->pStr, " AS k%d", i);
  }
  if (bSome && n == 0) stmtPut(pSql, "1");
  assocSqlRelated(pSql, pRel, pC, pBlock, 0);
  stmtSource(pSql, pRoot->pModel);
  if (bSome) {
    relatedOrder(pSql, pRel, pC);
    relatedLimit(pSql, pRoot, pRel);
    stmtPut(pSql, ") s WHERE true");
  }
  /* A subquery, if the order or a limit chooses among the related rows. */
  iTarget = pSql->bHeld ? pRoot->pModel->nKey : pSql->nVar;
  if (bHas) pSql->nVar += assocRelTargetWidth(pRel);
  if (bHas && pRel->nBranch) stmtIsBranch(pSql, pRel, iTarget);
  for (i = 0; bHas && !pRel->nBranch && i < pRel->pTarget->nKey; i++) {
    stmtPut(pSql, " AND ");
    if (bSome) {
      sqlite3_str_appendf(pSql->pStr, "s.k%d", i);
    } else {
      stmtTarget(pSql, pRel, i);
    }
    stmtPut(pSql, "=");
    stmtKeyVar(pSql, iTarget + i);
  }
  return iTarget;
}

/* See plan.h. */
void assocStmtAnswer(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                     AssocRel *pRel) {
  int bHas = p->pPlan->eAsk == ASSOC_ASK_HAS;
  AssocSql sql;
  assert(bHas || p->pPlan->eAsk == ASSOC_ASK_COUNT);
  if (assocAsksPage(pItem->pClauses)) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, 0,
                 "pages are for eager(), assoc_find() and "
                 "assoc_get()");
    return;
  }
  if (bHas) assocModelNeedKey(p->pCall, pRel->pTarget);
  pRoot->pClauses = pItem->pClauses;
  assocPlannerSql(p, &sql);
  sql.nVar = pRoot->pModel->nKey;
  p->pPlan->iTargetVar = stmtAnswer(p, &sql, pRoot, pItem->pBlock, pRel);
  pRoot->lookup.zSql = assocSqlEnd(&sql);
  pRoot->lookup.pBind = sql.pBind;
  p->pPlan->pAnswer = pRel;
  if (bHas) makeSource(p, pRoot);
}

/* Are all tables of an answer ordinary ones? A view may keep rows. */
static int answerTables(const AssocRel *pRel) {
  if (pRel->nBranch || pRel->nPath) return 0;
  if (pRel->pSource->pTable->eType != ASSOC_TABLE) return 0;
  if (pRel->pTarget->pTable->eType != ASSOC_TABLE) return 0;
  return pRel->eKind != ASSOC_BELONGSTOMANY ||
         pRel->pThrough->eType == ASSOC_TABLE;
}

/* See plan.h. */
void assocStmtHeldAnswer(AssocPlanner *p, AssocNode *pRoot) {
  AssocRel *pRel = p->pPlan->pAnswer;
  AssocSql sql;
  if (!answerTables(pRel) ||
      pRoot->pModel->nKey + pRel->pTarget->nKey > STMT_HELD_KEYS) {
    return;
  }
  assocPlannerSql(p, &sql);
  sql.bHeld = 1;
  stmtPut(&sql, "SELECT g.token,(");
  (void)stmtAnswer(p, &sql, pRoot, p->pPlan->pShape->pItem->pBlock, pRel);
  stmtPut(&sql, ")");
  assocStmtHeldFrom(&sql, 1);
  assocStmtHeldEnd(&sql, &pRoot->held,
                   2 + isSomeRows(p, pRel, pRoot->pClauses));
}

/* See plan.h. */
const AssocTable *assocStmtPairTable(const AssocRel *pRel) {
  if (pRel->eKind != ASSOC_BELONGSTOMANY) return 0;
  return pRel->pThrough->nKey ? pRel->pThrough : 0;
}

/* The columns that the table related reads: the target's key, or its columns;
** and the join row, if asked for, with its key behind it. */
static void stmtRelatedValues(Planner *p, AssocSql *pSql,
                              const AssocRel *pRel) {
  const AssocTable *pTgt = pRel->pTarget->pTable;
  const AssocTable *pJoin =
      pRel->eKind == ASSOC_BELONGSTOMANY ? pRel->pThrough : 0;
  const AssocTable *pPair = assocStmtPairTable(pRel);
  AssocNode *pRoot = p->pPlan->pRoot;
  int i, n = 0;
  if (p->pPlan->eAsk == ASSOC_ASK_COLUMNS) {
    for (i = 0; i < pTgt->nCol; i++) {
      if (pTgt->aCol[i].bHidden) continue;
      stmtNext(pSql, &n, "", ",");
      if (assocColumnIs(p->pCall, pTgt, i, ASSOC_COLUMN_HIDE)) {
        stmtPut(pSql, "NULL"); /* The table was declared with it */
      } else {
        assocSqlColumn(pSql, 2, pTgt, i);
      }
    }
    return;
  }
  for (i = 0; i < (pRel->nBranch ? 1 : pRel->pTarget->nKey); i++) {
    stmtNext(pSql, &n, "", ",");
    stmtTarget(pSql, pRel, i);
  }
  if (p->pPlan->eAsk != ASSOC_ASK_LINKS) return;
  for (i = 0; pJoin && i < pJoin->nCol; i++) {
    stmtNext(pSql, &n, "", ",");
    assocSqlColumn(pSql, 3, pJoin, i);
  }
  pRoot->related.iOwn = pPair ? n : 0;
  pRoot->related.nOwn = pPair ? pPair->nKey : n;
  for (i = 0; pPair && i < pPair->nKey; i++) {
    stmtNext(pSql, &n, "", ",");
    assocSqlColumn(pSql, 3, pPair, pPair->aKey[i]);
  }
}

/* The keys of all source rows, in the order of the keys. */
static void makeAllSources(Planner *p, AssocNode *pRoot) {
  AssocModel *pSrc = pRoot->pModel;
  AssocSql sql;
  int i, n = 0;
  assocPlannerSql(p, &sql);
  for (i = 0; i < pSrc->nKey; i++) {
    stmtNext(&sql, &n, "SELECT ", ",");
    assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[i]);
  }
  /* The clauses are the association's, not the source's. */
  pRoot->pClauses = 0;
  assocStmtFrom(&sql, pRoot, 0);
  stmtPut(&sql, " WHERE true");
  assocSqlModel(&sql, pSrc, 0, 1);
  assocStmtOrder(&sql, pRoot);
  pRoot->scan.zSql = assocSqlEnd(&sql);
  pRoot->scan.pBind = sql.pBind;
}

/* Are the ids rowids? Then they are integers, and can be taken in one step. */
static int takesIds(const Planner *p, const AssocRel *pRel) {
  const AssocModel *pTgt = pRel->pTarget;
  return p->pPlan->eAsk == ASSOC_ASK_IDS && pRel->nBranch == 0 &&
         assocKeyIsRowid(pTgt);
}

/* The related rows of one source row. Ids that are taken in one step and wanted
** in their own order need no ORDER BY: an index gives this order, or the array
** is sorted. Where one row matches at most, there is no order. */
static void makeRelated(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                        AssocRel *pRel) {
  const ShapeClauses *pC = pItem->pClauses;
  int bTake = takesIds(p, pRel);
  int bSome = isSomeRows(p, pRel, pC);
  int bOne = !pRel->bMany && !pRel->nBranch && !bSome;
  int bSorted = bTake && !bSome && (bOne || !assocOrderOf(pRel, pC));
  AssocSql sql;
  assocPlannerSql(p, &sql);
  sql.nVar = pRoot->pModel->nKey + (pItem->nRecurse != 0);
  stmtPut(&sql, !bTake    ? "SELECT "
                : bSorted ? "SELECT assoc_take("
                          : "SELECT assoc_take(a0) FROM (SELECT ");
  stmtRelatedValues(p, &sql, pRel);
  if (bTake) stmtPut(&sql, bSorted ? ")" : " AS a0");
  assocSqlRelated(&sql, pRel, pC, pItem->pBlock, 0);
  stmtSourceAgain(p, &sql, pRoot->pModel, pItem);
  if (!bSorted && !bOne) relatedOrder(&sql, pRel, pC);
  if (!bOne) relatedLimit(&sql, pRoot, pRel);
  if (bTake && !bSorted) stmtPut(&sql, ")");
  /* bSort: ids come in any order, and are sorted after they were taken, which
  ** costs less than SQLite's sorter. */
  assert(!bSorted || bTake);
  pRoot->lookup.bEmit = (u8)bTake;
  pRoot->lookup.bSort = (u8)bSorted;
  pRoot->lookup.zSql = assocSqlEnd(&sql);
  pRoot->lookup.pBind = sql.pBind;
}

/* Does the association compare anything but keys? Not asked of a path. */
static int hasConditions(Planner *p, AssocRel *pRel, const ShapeItem *pItem) {
  int iJoin = pRel->eKind == ASSOC_BELONGSTOMANY ? 3 : 0, n;
  AssocSql sql;
  assocPlannerSql(p, &sql);
  assocSqlOfType(&sql, pRel, 1, "");
  assocSqlConditions(&sql, pRel, pItem->pClauses, pRel->pTarget, 2, iJoin);
  assocSqlRequired(&sql, pItem->pBlock, pRel->pTarget, 2);
  assocSqlModel(&sql, pRel->pSource, 0, 1);
  n = sqlite3_str_length(sql.pStr);
  (void)assocSqlEnd(&sql);
  return n > 0;
}

/* Are there rows of the model that cannot be read? */
static int hidesRows(Planner *p, AssocModel *pModel) {
  AssocSql sql;
  int n;
  assocPlannerSql(p, &sql);
  assocSqlModel(&sql, pModel, 0, 1);
  n = sqlite3_str_length(sql.pStr) + assocSqlIsPoliced(&sql, pModel->pTable);
  (void)assocSqlEnd(&sql);
  return n > 0;
}

/* Do pairs of integers say all about an association? Not if "^" may start
** from a row that cannot be read. */
static int isPairs(Planner *p, const AssocNode *pRoot, const AssocRel *pRel,
                   const ShapeItem *pItem) {
  const ShapeClauses *pC = pItem->pClauses;
  if (pItem->nRecurse && hidesRows(p, pRel->pSource)) return 0;
  return takesIds(p, pRel) && pRoot->pModel->nKey == 1 && pC->pLimit == 0 &&
         pC->pOffset == 0;
}

/* May several ways of a path lead from a source to the same row? */
static int pathMeets(Planner *p, AssocRel *pRel) {
  AssocSql sql;
  int b;
  if (pRel->nPath == 0) return 0;
  assocPlannerSql(p, &sql);
  b = assocSqlMeets(&sql, pRel);
  (void)assocSqlEnd(&sql);
  return b;
}

/* Does a foreign key compare as integers do, and is it compared with rowids? */
static int refersById(const AssocTable *pTab, const AssocKey *pForeign,
                      const AssocModel *pModel, const AssocKey *pKey) {
  return pKey->nCol == 1 && pKey->aCol[0] == pModel->pTable->iRowid &&
         pTab->aCol[pForeign->aCol[0]].eAff == ASSOC_AFF_NUMERIC;
}

/* Do rows of the foreign key's table say all about the pairs, but whether the
** rows exist that they refer to? A session may hide rows, and counts those that
** are read. */
static int isBarePairs(Planner *p, const AssocNode *pRoot, AssocRel *pRel,
                       const ShapeItem *pItem) {
  const AssocTable *pTab = assocRelForeignTable(pRel);
  if (p->pPlan->eSession || !pRoot->lookup.bSort || pTab == 0) return 0;
  if (pRel->eKind != ASSOC_BELONGSTO &&
      !refersById(pTab, &pRel->foreign, pRel->pSource, &pRel->sourceKey)) {
    return 0;
  }
  if (pRel->eKind == ASSOC_BELONGSTO &&
      !refersById(pTab, &pRel->foreign, pRel->pTarget, &pRel->targetKey)) {
    return 0;
  }
  if (pRel->eKind == ASSOC_BELONGSTOMANY &&
      !refersById(pTab, &pRel->other, pRel->pTarget, &pRel->targetKey)) {
    return 0;
  }
  return !hasConditions(p, pRel, pItem);
}

/* "SELECT assoc_take(t1.id) FROM users t1": the keys that exist. */
static void makeKeys(Planner *p, AssocFetch *pFetch, const AssocModel *pModel) {
  AssocSql sql;
  assocPlannerSql(p, &sql);
  stmtPut(&sql, "SELECT assoc_take(");
  assocSqlColumn(&sql, 1, pModel->pTable, pModel->pTable->iRowid);
  stmtPut(&sql, ") FROM ");
  assocSqlTableAs(&sql, pModel->pTable, 1);
  pFetch->zSql = assocSqlEnd(&sql);
}

/* A column of the source and one of the target, in this order or, for the way
** back, the other way round. */
static void bareColumns(AssocSql *p, const AssocRel *pRel, int bBack) {
  const AssocTable *pSrc = pRel->pSource->pTable;
  const AssocTable *pTgt = pRel->pTarget->pTable;
  int i;
  for (i = 0; i < 2; i++) {
    if (i) stmtPut(p, ",");
    if (i == bBack && pRel->eKind == ASSOC_BELONGSTO) {
      assocSqlColumn(p, 1, pSrc, pRel->pSource->aKey[0]);
    } else if (i != bBack && pRel->eKind == ASSOC_BELONGSTOMANY) {
      assocSqlColumn(p, 1, pRel->pThrough, pRel->other.aCol[0]);
    } else if (i != bBack && pRel->eKind != ASSOC_BELONGSTO) {
      assocSqlColumn(p, 1, pTgt, pRel->pTarget->aKey[0]);
    } else {
      assocSqlColumn(p, 1, assocRelForeignTable(pRel), pRel->foreign.aCol[0]);
    }
  }
}

/* Pairs from the table of the foreign key alone:
**
**   SELECT assoc_take(t1.user_id,t1.id) FROM posts t1 WHERE t1.user_id IS NOT NULL
*/
static void makeBare(Planner *p, AssocPairs *pPairs, const AssocRel *pRel,
                     int bBack) {
  const AssocTable *pTab = assocRelForeignTable(pRel);
  AssocSql sql;
  assocPlannerSql(p, &sql);
  stmtPut(&sql, "SELECT assoc_take(");
  bareColumns(&sql, pRel, bBack);
  stmtPut(&sql, ") FROM ");
  assocSqlTableAs(&sql, pTab, 1);
  stmtPut(&sql, " WHERE ");
  assocSqlColumn(&sql, 1, pTab, pRel->foreign.aCol[0]);
  stmtPut(&sql, " IS NOT NULL");
  pPairs->fetch.zSql = assocSqlEnd(&sql);
  pPairs->bBare = 1;
  if (pRel->eKind != ASSOC_BELONGSTO) {
    makeKeys(p, bBack ? &pPairs->ids : &pPairs->keys, pRel->pSource);
  }
  if (pRel->eKind == ASSOC_BELONGSTO || pRel->eKind == ASSOC_BELONGSTOMANY) {
    makeKeys(p, bBack ? &pPairs->keys : &pPairs->ids, pRel->pTarget);
  }
}

/* All pairs at once, for a cursor that is asked for many keys, of sources or
** of targets: see assocChoosePairs(). */
static void makePairs(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      AssocRel *pRel, int bBack) {
  AssocPairs *pPairs =
      bBack ? &pRoot->related.backPairs : &pRoot->related.pairs;
  const AssocModel *pSrc = pRoot->pModel;
  const AssocModel *pModel = bBack ? pRel->pTarget : pSrc;
  const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aKey[0]];
  AssocSql sql;
  if (pCol->eColl == ASSOC_COLL_OTHER) return;
  assert(pModel->nKey == 1); /* takesIds() has seen to it */
  pPairs->rule.eAff = pCol->eAff;
  pPairs->rule.eColl = pCol->eColl;
  pPairs->bRowid = (u8)assocKeyIsRowid(pModel);
  if (isBarePairs(p, pRoot, pRel, pItem)) {
    makeBare(p, pPairs, pRel, bBack);
    return;
  }
  assocPlannerSql(p, &sql);
  stmtPut(&sql, "SELECT assoc_take(a0,a1) FROM (SELECT ");
  if (pathMeets(p, pRel)) stmtPut(&sql, "DISTINCT ");
  assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[0]);
  stmtPut(&sql, bBack ? " AS a1," : " AS a0,");
  stmtRelatedValues(p, &sql, pRel);
  stmtPut(&sql, bBack ? " AS a0" : " AS a1");
  assocSqlRelated(&sql, pRel, pItem->pClauses, pItem->pBlock, 1);
  assocSqlModel(&sql, pRel->pSource, 0, 1);
  if (!bBack && !pRoot->lookup.bSort) {
    relatedOrder(&sql, pRel, pItem->pClauses);
  }
  stmtPut(&sql, ")");
  pPairs->fetch.zSql = assocSqlEnd(&sql);
  pPairs->fetch.pBind = sql.pBind;
}

/* The index that serves a lookup of the other end of pairs, or 0. Each step of a
** path needs one; any of them stands for all. */
static const char *pairsIndex(Planner *p, AssocRel *pRel, int bBack) {
  AssocTable *pTab = pRel->pSource->pTable;
  const AssocKey *pKey = assocRelNearKey(pRel);
  const char *zIndex = 0;
  int bUnique, i;
  for (i = 0; i < pRel->nPath; i++) {
    zIndex = pairsIndex(p, pRel->apPath[i], bBack);
    if (zIndex == 0) return 0;
  }
  if (pRel->nPath) return zIndex;
  /* A path needs an index for each of its steps; the last one stands for all. */
  if (!bBack) return assocFarIndex(p->pCall, pRel, &bUnique);
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pTab = pRel->pThrough;
    pKey = &pRel->other;
  }
  return assocTableIndexOn(p->pCall, pTab, pKey->nCol, pKey->aCol, &bUnique);
}

/* Is a target related to every source that refers to it? Not for a hasOne,
** which takes only the first target of a source. */
static int meansAll(const AssocRel *pRel) {
  return pRel->bMany ||
         (pRel->eKind == ASSOC_BELONGSTO &&
          pRel->targetKey.aCol[0] == pRel->pTarget->pTable->iRowid);
}

/* The sources of one target, if the sources' keys are rowids, too. */
static void makeBack(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                     AssocRel *pRel) {
  const AssocModel *pSrc = pRoot->pModel;
  AssocSql sql;
  if (!assocKeyIsRowid(pSrc) || !meansAll(pRel)) return;
  if (pItem->nRecurse) return;
  assocPlannerSql(p, &sql);
  assert(pSrc->nKey == 1);
  sql.nVar = 1;
  stmtPut(&sql, "SELECT assoc_take(");
  if (pathMeets(p, pRel)) stmtPut(&sql, "DISTINCT ");
  assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[0]);
  stmtPut(&sql, ")");
  assocSqlRelated(&sql, pRel, pItem->pClauses, pItem->pBlock, 1);
  assocSqlModel(&sql, pRel->pSource, 0, 1);
  stmtPut(&sql, " AND ");
  stmtTarget(&sql, pRel, 0);
  stmtPut(&sql, "=?1");
  pRoot->related.back.bEmit = pRoot->related.back.bSort = 1;
  pRoot->related.back.zSql = assocSqlEnd(&sql);
  pRoot->related.back.pBind = sql.pBind;
  makePairs(p, pRoot, pItem, pRel, 1);
  pRoot->related.backPairs.zIndex = pairsIndex(p, pRel, 1);
}

/* The number of related rows, of one source row; and of all together, if they
** are all that the join of the tables gives. */
static void makeCounts(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                       AssocRel *pRel) {
  const ShapeClauses *pC = pItem->pClauses;
  AssocSql sql;
  if (pItem->nRecurse) return;
  assocPlannerSql(p, &sql);
  sql.nVar = pRoot->pModel->nKey;
  (void)stmtAnswer(p, &sql, pRoot, pItem->pBlock, pRel);
  pRoot->related.count.bEmit = 1;
  pRoot->related.count.zSql = assocSqlEnd(&sql);
  pRoot->related.count.pBind = sql.pBind;
  if (pRel->nBranch || !meansAll(pRel) || isSomeRows(p, pRel, pC)) return;
  if (pathMeets(p, pRel)) return;
  assocPlannerSql(p, &sql);
  stmtPut(&sql, "SELECT count(*)");
  assocSqlRelated(&sql, pRel, pC, pItem->pBlock, 0);
  assocSqlModel(&sql, pRel->pSource, 0, 1);
  pRoot->related.countAll.bEmit = 1;
  pRoot->related.countAll.zSql = assocSqlEnd(&sql);
  pRoot->related.countAll.pBind = sql.pBind;
}

/* "^": a row that was found is looked up as a source. SELECT ?1,?2 turns the
** copies of its key into values again. */
static void makeAgain(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      const AssocRel *pRel) {
  AssocSql sql;
  int i, n = 0;
  if (pItem->nRecurse == 0) return;
  if (pRel->pDef->pSource != pRel->pTarget) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel,
                 pRel->zName,
                 "%s leads from %s to %s; only an association of a model with "
                 "itself can repeat",
                 pRel->zName, pRel->pSource->zLabel, pRel->pTarget->zLabel);
    return;
  }
  /* The key itself as a row: so the rows of the next step are looked up as those
  ** of the first. */
  assocPlannerSql(p, &sql);
  for (i = 0; i < pRel->pTarget->nKey; i++) {
    stmtNext(&sql, &n, "SELECT ", ",");
    sqlite3_str_appendf(sql.pStr, "?%d", i + 1);
  }
  pRoot->related.again.zSql = assocSqlEnd(&sql);
  pRoot->nRecurse = pItem->nRecurse;
}

/*
** The statements of the table related: the related rows of one source row (the
** root's lookup); the keys of all source rows (its scan), each of which is then
** looked up; all pairs in one statement; and the way back from a target to its
** sources. IDS gives the target's key, LINKS the key and the join row, COLUMNS
** the target's columns.
*/
void assocStmtRelated(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      AssocRel *pRel) {
  assert(p->pPlan->eAsk >= ASSOC_ASK_IDS);
  if (p->pPlan->eAsk != ASSOC_ASK_COLUMNS) {
    assocModelNeedKey(p->pCall, pRel->pTarget);
  } else if (pRel->nBranch || pItem->nRecurse) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel,
                 pRel->zName,
                 "%s.%s is %s, which a table with the target's columns cannot "
                 "show; read it from related()",
                 pRel->pSource->zLabel, pRel->zName,
                 pRel->nBranch ? "polymorphic" : "repeated");
  }
  makeAgain(p, pRoot, pItem, pRel);
  if (assocAsksPage(pItem->pClauses)) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, 0,
                 "pages are for eager(), assoc_find() and "
                 "assoc_get()");
  }
  if (p->pCall->rc != SQLITE_OK) return;
  p->pPlan->pAnswer = pRel;
  pRoot->pClauses = pItem->pClauses;
  makeRelated(p, pRoot, pItem, pRel);
  if (isPairs(p, pRoot, pRel, pItem)) {
    makePairs(p, pRoot, pItem, pRel, 0);
    pRoot->related.pairs.zIndex = pairsIndex(p, pRel, 0);
    makeBack(p, pRoot, pItem, pRel);
  }
  makeCounts(p, pRoot, pItem, pRel);
  makeAllSources(p, pRoot);
}
