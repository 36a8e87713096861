/*
** Predicates, orders and joins as SQL.
**
** Paths of associations become correlated subqueries, so that nothing
** multiplies the rows of the table that is asked for:
**
**   author.name = "Ann"       (SELECT t2.name FROM users t2
**                              WHERE t2.id=t1.author_id) = ?1
**   some posts(likes > 3)     EXISTS(SELECT 1 FROM posts t2
**                              WHERE t2.user_id=t1.id AND (t2.likes > ?1))
**   posts.count() >= 3        (SELECT count(*) FROM posts t2
**                              WHERE t2.user_id=t1.id) >= ?1
*/
#include "sql/sql.h"

static void sqlPut(AssocSql *p, const char *z) {
  sqlite3_str_appendall(p->pStr, z);
}

/* ----------------------------------------------------------------- paths */

/* The step whose pNext is the end of the list. */
static AssocHop *hopBefore(AssocHop **ppEnd) {
  return (AssocHop *)((char *)ppEnd - offsetof(AssocHop, pNext));
}

/* One step; an association through a path becomes the steps of the path. */
static AssocHop **addHop(AssocSql *p, AssocRel *pRel, AssocHop **ppEnd,
                         int *piFrom) {
  AssocHop *pHop, **ppStart = ppEnd;
  int i;
  for (i = 0; i < pRel->nPath; i++) {
    ppEnd = addHop(p, pRel->apPath[i], ppEnd, piFrom);
    if (ppEnd == 0) return 0;
  }
  if (pRel->nPath) {
    hopBefore(ppEnd)->pAlso = pRel;
    hopBefore(ppEnd)->pStart = *ppStart;
    return ppEnd;
  }
  if (pRel->nBranch) {
    assocError(p->pCall,
               "%s.%s is polymorphic: its rows are of several models, so it "
               "cannot be part of a condition or a path",
               pRel->pSource->zLabel, pRel->zName);
    return 0;
  }
  pHop = assocAlloc(p->pCall, p->pArena, sizeof(*pHop));
  if (pHop == 0) return 0;
  pHop->pRel = pRel;
  pHop->iFrom = *piFrom;
  pHop->iAlias = *piFrom = ++p->nAlias;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) pHop->iJoin = ++p->nAlias;
  *ppEnd = pHop;
  return &pHop->pNext;
}

/* Of what the last association finds any row will do, not only the first. */
static void hopAny(AssocHop *pHop) {
  while (pHop->pNext) pHop = pHop->pNext;
  pHop->pStart = 0;
  if (pHop->pAlso == 0) pHop->bAny = 1;
}

AssocHop *assocSqlHops(AssocSql *p, AssocRel *pRel, int iFrom) {
  AssocHop *pFirst = 0;
  if (addHop(p, pRel, &pFirst, &iFrom) == 0) return 0;
  hopAny(pFirst);
  return pFirst;
}

/* The steps of the names before pEnd. */
static AssocHop *hopsTo(AssocSql *p, const ShapeName *pPath,
                        const ShapeName *pEnd, AssocModel **ppModel, int iFrom,
                        int bAny) {
  AssocHop *pFirst = 0, **ppEnd = &pFirst;
  for (; pPath != pEnd && ppEnd; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, *ppModel, pPath);
    if (pRel == 0) return 0;
    ppEnd = addHop(p, pRel, ppEnd, &iFrom);
    if (ppEnd && bAny) hopAny(hopBefore(ppEnd));
    *ppModel = pRel->pTarget;
  }
  return ppEnd ? pFirst : 0;
}

AssocHop *assocSqlPath(AssocSql *p, const ShapeName *pPath,
                       AssocModel **ppModel, int iFrom) {
  return hopsTo(p, pPath, 0, ppModel, iFrom, 0);
}

/* The columns of the join row that = the target's. */
static void sqlJoinRow(AssocSql *p, const AssocHop *pHop) {
  const AssocRel *pRel = pHop->pRel;
  assocSqlEqual(p, pHop->iAlias, pRel->pTarget->pTable, &pRel->targetKey,
                pHop->iJoin, pRel->pThrough, &pRel->other);
}

/* The columns that = those of the rows that the step starts from. */
static void sqlLink(AssocSql *p, const AssocHop *pHop) {
  const AssocRel *pRel = pHop->pRel;
  const AssocTable *pSrc = pRel->pSource->pTable;
  const AssocTable *pTgt = pRel->pTarget->pTable;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    assocSqlEqual(p, pHop->iAlias, pTgt, &pRel->targetKey, pHop->iFrom, pSrc,
                  &pRel->foreign);
  } else if (pHop->iJoin) {
    assocSqlEqual(p, pHop->iJoin, pRel->pThrough, &pRel->foreign, pHop->iFrom,
                  pSrc, &pRel->sourceKey);
  } else {
    assocSqlEqual(p, pHop->iAlias, pTgt, &pRel->foreign, pHop->iFrom, pSrc,
                  &pRel->sourceKey);
  }
}

static void sqlHopTables(AssocSql *p, const AssocHop *pHop) {
  assocSqlTableAs(p, pHop->pRel->pTarget->pTable, pHop->iAlias);
  if (pHop->iJoin == 0) return;
  sqlPut(p, ", ");
  assocSqlTableAs(p, pHop->pRel->pThrough, pHop->iJoin);
}

static const AssocHop *lastHop(const AssocHop *pHop) {
  while (pHop->pNext) pHop = pHop->pNext;
  return pHop;
}

/* t2.a, t2.b: the key of a model, as a row value where it is composite. */
static void sqlKeyColumns(AssocSql *p, const AssocModel *pModel, int iAlias,
                          int bParen) {
  int i;
  if (bParen && pModel->nKey > 1) sqlPut(p, "(");
  for (i = 0; i < pModel->nKey; i++) {
    if (i) sqlPut(p, ",");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
  }
  if (bParen && pModel->nKey > 1) sqlPut(p, ")");
}

/* The columns of the target that a step which is not many-to-many compares. */
static const AssocKey *hopKey(const AssocRel *pRel) {
  return pRel->eKind == ASSOC_BELONGSTO ? &pRel->targetKey : &pRel->foreign;
}

/* Do the far columns change as they are compared with the near ones? */
static int farChanges(const AssocRel *pRel) {
  AssocTable *pTab;
  const AssocKey *pFar = assocRelFarKey(pRel, &pTab);
  while (pRel->nPath) pRel = pRel->apPath[0];
  return assocKeyChanges(pTab, pFar, pRel->pSource->pTable,
                         assocRelNearKey(pRel));
}

/* Can a step lead to more than one row, of which it means the first? */
static int firstOfMany(AssocSql *p, const AssocRel *pRel) {
  const AssocKey *pKey = hopKey(pRel);
  int bUnique = 0, i;
  if (pRel->bMany) return 0;
  for (i = 0; i < pRel->nPath; i++) {
    if (pRel->apPath[i]->bMany || firstOfMany(p, pRel->apPath[i])) return 1;
  }
  if (pRel->nPath) return 0;
  (void)assocTableIndexOn(p->pCall, pRel->pTarget->pTable, pKey->nCol,
                          pKey->aCol, &bUnique);
  return !bUnique || farChanges(pRel); /* 1 and '1' can both equal the key */
}

/* " AND t9.user_id=t3.user_id": the same way into a step as another has. */
static void sqlSameWay(AssocSql *p, const AssocHop *pHop,
                       const AssocHop *pOther) {
  AssocTable *pTab;
  const AssocKey *pKey = assocRelFarKey(pHop->pRel, &pTab);
  sqlPut(p, " AND ");
  assocSqlEqual(p, pHop->iJoin ? pHop->iJoin : pHop->iAlias, pTab, pKey,
                pOther->iJoin ? pOther->iJoin : pOther->iAlias, pTab, pKey);
}

/* t9.user_id as it compares, and t9.id: the way into a step, and where it ends.
** Named k0, k1, … if bNames. */
static int sqlWayColumns(AssocSql *p, const AssocHop *pStart, int iLast,
                         const AssocModel *pTgt, int bNames) {
  int i, n = assocRelNearKey(pStart->pRel)->nCol;
  for (i = 0; i < n + pTgt->nKey; i++) {
    if (i) sqlPut(p, ",");
    if (i < n) {
      assocSqlFarColumn(p, pStart, i);
    } else {
      assocSqlColumn(p, iLast, pTgt->pTable, pTgt->aKey[i - n]);
    }
    if (bNames) sqlite3_str_appendf(p->pStr, " AS k%d", i);
  }
  return i;
}

/*
**   AND (t3.user_id,t3.id) IN (SELECT k0,k1 FROM (SELECT t9.user_id AS k0,
**     t9.id AS k1, row_number() OVER (PARTITION BY t9.user_id ORDER BY …) AS n
**     FROM posts t9 WHERE true) WHERE n=1)
**
** The first of those that are found in the same way, where no index could tell
** which they are: user_id stands for an expression.
*/
static void sqlFirstOfEach(AssocSql *p, AssocRel *pRel, const AssocHop *pFirst,
                           const AssocHop *pStart, int iFound,
                           const ShapeClauses *pC) {
  AssocModel *pTgt = pRel->pTarget;
  int iLast = lastHop(pFirst)->iAlias, i, n;
  sqlPut(p, " AND (");
  n = sqlWayColumns(p, pStart, iFound, pTgt, 0);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(p->pStr, "%sk%d", i ? "," : ") IN (SELECT ", i);
  }
  sqlPut(p, " FROM (SELECT ");
  (void)sqlWayColumns(p, pFirst, iLast, pTgt, 1);
  for (i = 0; i < n - pTgt->nKey; i++) {
    sqlPut(p, i ? "," : ",row_number() OVER (PARTITION BY ");
    assocSqlFarColumn(p, pFirst, i);
  }
  assocSqlOrder(p, pRel, assocSqlScoped(p, pRel, pTgt, pC), pTgt, iLast, 0);
  sqlPut(p, ") AS n");
  assocSqlFrom(p, pFirst, pC, 1);
  sqlPut(p, ") WHERE n=1)");
}

/*
** A to-one that can find several rows means the first in its order:
**
**   AND t3.id=(SELECT t9.id FROM posts t9 WHERE t9.user_id=t1.id
**              ORDER BY t9.id DESC LIMIT 1)
**
** Where the step pStart is free of what is before it, the first of those that
** are found in the same way.
*/
static void sqlFirstOf(AssocSql *p, AssocRel *pRel, const AssocHop *pStart,
                       const AssocHop *pLast, const ShapeClauses *pC,
                       int bFree) {
  AssocModel *pTgt = pRel->pTarget;
  AssocHop *pFirst;
  int iLast;
  if (pTgt->nKey == 0 || !firstOfMany(p, pRel)) return;
  pFirst = assocSqlHops(p, pRel, pStart->iFrom);
  if (pFirst == 0) return;
  if (bFree && farChanges(pFirst->pRel)) {
    sqlFirstOfEach(p, pRel, pFirst, pStart, pLast->iAlias, pC);
    return;
  }
  iLast = lastHop(pFirst)->iAlias;
  sqlPut(p, " AND ");
  sqlKeyColumns(p, pTgt, pLast->iAlias, 1);
  sqlPut(p, "=(SELECT ");
  sqlKeyColumns(p, pTgt, iLast, 0);
  assocSqlFrom(p, pFirst, pC, bFree);
  if (bFree) sqlSameWay(p, pFirst, pStart);
  assocSqlOrder(p, pRel, assocSqlScoped(p, pRel, pTgt, pC), pTgt, iLast, 0);
  sqlPut(p, " LIMIT 1)");
}

/* How a step hangs on what is before it, and its conditions. */
static void sqlHopWhere(AssocSql *p, const AssocHop *pHop,
                        const ShapeClauses *pC, const AssocHop *pFree) {
  const char *zAnd = "";
  if (pHop != pFree) {
    sqlLink(p, pHop);
    zAnd = " AND ";
  }
  if (pHop->iJoin) {
    sqlPut(p, zAnd);
    sqlJoinRow(p, pHop);
  } else if (pHop == pFree) {
    sqlPut(p, "true");
  }
  assocSqlConditions(p, pHop->pRel, pC, pHop->pRel->pTarget, pHop->iAlias,
                     pHop->iJoin);
  if (!pHop->bAny) sqlFirstOf(p, pHop->pRel, pHop, pHop, pC, pHop == pFree);
  if (pHop->pAlso) {
    assocSqlScope(p, pHop->pAlso->pScope, pHop->pRel->pTarget, pHop->iAlias);
    if (pHop->pStart) {
      sqlFirstOf(p, pHop->pAlso, pHop->pStart, pHop, pC, pHop->pStart == pFree);
    }
  }
}

void assocSqlFrom(AssocSql *p, const AssocHop *pFirst, const ShapeClauses *pC,
                  int bFree) {
  const AssocHop *pHop;
  sqlPut(p, " FROM ");
  for (pHop = pFirst; pHop; pHop = pHop->pNext) {
    if (pHop != pFirst) sqlPut(p, ", ");
    sqlHopTables(p, pHop);
  }
  sqlPut(p, " WHERE ");
  for (pHop = pFirst; pHop; pHop = pHop->pNext) {
    if (pHop != pFirst) sqlPut(p, " AND ");
    sqlHopWhere(p, pHop, pHop->pNext ? 0 : pC, bFree ? pFirst : 0);
  }
}

/* ------------------------------------------------------------- predicates */

static int sqlColumnOf(AssocSql *p, AssocModel *pModel,
                       const ShapeName *pName) {
  int iCol = assocColumnFind(pModel->pTable, pName->z);
  AssocRel *pRel;
  if (iCol >= 0 || p->pCall->rc != SQLITE_OK) return iCol;
  pRel = assocRelSeek(p->pCall, pModel, pName->z);
  if (pRel) {
    assocShapeError(p->pCall, p->zText, pName->iOff,
                    "'%s' is an association of %s, not a column; did you "
                    "mean %s%s%s?",
                    pName->z, pModel->zLabel, pRel->bMany ? "some " : "",
                    pName->z, pRel->bMany ? "(...)" : ".column");
  } else {
    assocSqlUnknown(p, pModel, pName, "column");
  }
  return -1;
}

/* A collation that a subquery would lose. */
static void sqlCollate(AssocSql *p, const AssocColumn *pCol) {
  if (pCol->zColl && pCol->eColl != ASSOC_COLL_BINARY) {
    sqlite3_str_appendf(p->pStr, " COLLATE \"%w\"", pCol->zColl);
  }
}

/* The name in a path at which it becomes to-many, or 0. */
static const ShapeName *manyAt(AssocSql *p, const ShapeName *pPath,
                               const ShapeName *pEnd, AssocModel *pModel) {
  for (; pPath != pEnd && p->pCall->rc == SQLITE_OK; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, pModel, pPath);
    if (pRel == 0) return 0;
    if (pRel->bMany) return pPath;
    pModel = pRel->pTarget;
  }
  return 0;
}

/* Steps of a path that are one subquery. It ends where the first of several
** rows is meant, since what follows must start from that one. */
typedef struct PathPart PathPart;
struct PathPart {
  AssocHop *pFirst;
  AssocRel *pRel; /* The last association: its order counts */
  PathPart *pOuter;
};

/* The innermost of the subqueries for the names before pEnd, or 0; the column
** is looked for under *piAlias. */
static PathPart *pathParts(AssocSql *p, const ShapeName *pPath,
                           const ShapeName *pEnd, AssocModel **ppModel,
                           int *piAlias) {
  PathPart *pPart = 0;
  AssocHop **ppEnd = 0;
  for (; pPath != pEnd; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, *ppModel, pPath);
    if (pRel == 0) return 0;
    if (ppEnd == 0) {
      PathPart *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
      if (pNew == 0) return 0;
      pNew->pOuter = pPart;
      pPart = pNew;
      ppEnd = &pPart->pFirst;
    }
    ppEnd = addHop(p, pRel, ppEnd, piAlias);
    if (ppEnd == 0) return 0;
    pPart->pRel = pRel;
    *ppModel = pRel->pTarget;
    if (!firstOfMany(p, pRel)) continue;
    hopAny(hopBefore(ppEnd)); /* The subquery has a LIMIT */
    ppEnd = 0;
  }
  return p->pCall->rc == SQLITE_OK ? pPart : 0;
}

/* author.company.name: the path must be to-one all the way. */
static void sqlPathColumn(AssocSql *p, const ShapeName *pPath,
                          AssocModel *pModel, int iAlias) {
  const ShapeName *pCol = pPath, *pMany;
  PathPart *pPart, *pOuter;
  int iCol;
  while (pCol->pNext) pCol = pCol->pNext;
  pMany = manyAt(p, pPath, pCol, pModel);
  if (pMany) {
    assocShapeError(p->pCall, p->zText, pMany->iOff,
                    "%s may be many; did you mean some %s(...)?", pMany->z,
                    pMany->z);
  }
  pPart = pathParts(p, pPath, pCol, &pModel, &iAlias);
  iCol = pPart ? sqlColumnOf(p, pModel, pCol) : -1;
  if (iCol < 0) return;
  for (pOuter = pPart; pOuter; pOuter = pOuter->pOuter) {
    sqlPut(p, "(SELECT ");
  }
  assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  for (; pPart; pPart = pPart->pOuter) {
    AssocModel *pEnd = pPart->pRel->pTarget;
    assocSqlFrom(p, pPart->pFirst, 0, 0);
    assocSqlOrder(p, pPart->pRel, assocSqlScoped(p, pPart->pRel, pEnd, 0), pEnd,
                  lastHop(pPart->pFirst)->iAlias, 0);
    sqlPut(p, " LIMIT 1)");
  }
  sqlCollate(p, &pModel->pTable->aCol[iCol]);
}

/* Once there are statistics, SQLite (3.40) may stop at the first row that an IN
** with a subquery finds and take it for the greatest. A filter keeps it from
** that, so it stands where there may be such an IN; elsewhere the greatest is
** the last of an index, and found at once. */
static void sqlAggAll(AssocSql *p, const ShapeAgg *pAgg) {
  if (pAgg->eAgg == SHAPE_AGG_MIN || pAgg->eAgg == SHAPE_AGG_MAX) {
    sqlPut(p, " FILTER (WHERE true)");
  }
}

/* count(*), count(DISTINCT t2.a), sum(t2.a), ... */
void assocSqlAggCall(AssocSql *p, const ShapeAgg *pAgg, const ShapeName *pPath,
                     AssocModel *pModel, int iAlias) {
  int iCol = pAgg->pCol ? sqlColumnOf(p, pModel, pAgg->pCol) : -1;
  if (pAgg->pCol == 0 && pAgg->eAgg != SHAPE_AGG_COUNT) {
    assocShapeError(p->pCall, p->zText, pPath->iOff,
                    "%s() needs a column: %s.%s(column)",
                    azShapeAgg[pAgg->eAgg], pPath->z, azShapeAgg[pAgg->eAgg]);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  sqlite3_str_appendf(p->pStr, "%s(%s", azShapeAgg[pAgg->eAgg],
                      pAgg->bDistinct ? "DISTINCT " : "");
  if (iCol < 0) {
    sqlPut(p, "*");
  } else {
    assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  }
  sqlPut(p, ")");
  if (pAgg->pWhere) sqlAggAll(p, pAgg);
}

/* " FROM tags t7 WHERE t7.id IN (SELECT …)": the targets of an association
** that leads through a path, each once. */
static void sqlTargetsOnce(AssocSql *p, AssocModel *pTgt, int iTarget,
                           const AssocHop *pFirst, const ShapeClauses *pC) {
  assocSqlTableAs(p, pTgt->pTable, iTarget);
  sqlPut(p, " WHERE ");
  sqlKeyColumns(p, pTgt, iTarget, 1);
  sqlPut(p, " IN (SELECT ");
  sqlKeyColumns(p, pTgt, lastHop(pFirst)->iAlias, 0);
  assocSqlFrom(p, pFirst, pC, 0);
  sqlPut(p, ")");
}

/* Is there any? */
static void sqlAggExists(AssocSql *p, const ShapeAgg *pAgg,
                         const AssocHop *pFirst, AssocModel *pEnd) {
  AssocFilter filter = {0};
  filter.zWord = "some";
  filter.pFirst = pFirst;
  filter.pEnd = pEnd;
  filter.pPred = pAgg->pWhere;
  assocSqlFilter(p, &filter);
}

/* (SELECT count(*) FROM …) or EXISTS(SELECT 1 FROM …) */
static void sqlAgg(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                   int iAlias) {
  const ShapeAgg *pAgg = pKey->pAgg;
  const AssocHop *pFirst = assocSqlPath(p, pKey->pPath, &pModel, iAlias);
  int iLast, bOnce;
  if (p->pCall->rc != SQLITE_OK) return;
  if (pAgg->eAgg == SHAPE_AGG_EXISTS) {
    sqlAggExists(p, pAgg, pFirst, pModel);
    return;
  }
  iLast = lastHop(pFirst)->iAlias;
  bOnce = pKey->pPath->pNext == 0 && pFirst->pNext;
  if (!bOnce && assocSqlGrouped(p, pKey, pFirst, pModel, iLast)) return;
  if (bOnce) {
    assocModelNeedKey(p->pCall, pModel);
    iLast = ++p->nAlias;
  }
  sqlPut(p, "(SELECT ");
  assocSqlAggCall(p, pAgg, pKey->pPath, pModel, iLast);
  if (bOnce) {
    if (pAgg->pWhere == 0) sqlAggAll(p, pAgg);
    sqlPut(p, " FROM ");
    sqlTargetsOnce(p, pModel, iLast, pFirst, 0);
  } else {
    assocSqlFrom(p, pFirst, 0, 0);
  }
  if (pAgg->pWhere) {
    sqlPut(p, " AND (");
    assocSqlPred(p, pAgg->pWhere, pModel, iLast);
    sqlPut(p, ")");
  }
  sqlPut(p, ")");
}

/* What a comparison or an order is about. */
void assocSqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                 int iAlias) {
  if (pKey->pAgg) {
    sqlAgg(p, pKey, pModel, iAlias);
  } else if (pKey->pPath->pNext) {
    sqlPathColumn(p, pKey->pPath, pModel, iAlias);
  } else {
    int iCol = sqlColumnOf(p, pModel, pKey->pPath);
    if (iCol >= 0) assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  }
}

static void sqlVals(AssocSql *p, const ShapeVal *pVal) {
  sqlPut(p, "(");
  for (; pVal; pVal = pVal->pNext) {
    assocSqlVal(p, pVal);
    if (pVal->pNext) sqlPut(p, ",");
  }
  sqlPut(p, ")");
}

/* like takes these as they are only behind a backslash. */
static const char zLikeSpecial[] = "\\%_";

/* '%50\%%': a pattern of like that finds a literal text. */
static void sqlPatternOf(AssocSql *p, int eOp, const ShapeVal *pText) {
  ShapeVal *pVal = assocAlloc(p->pCall, p->pArena, sizeof(*pVal));
  char *z = assocAlloc(p->pCall, p->pArena, 2 * (i64)pText->n + 3);
  int i, n = 0;
  if (pVal == 0 || z == 0) return;
  if (eOp != SHAPE_OP_STARTS) z[n++] = '%';
  for (i = 0; i < pText->n; i++) {
    if (pText->z[i] && strchr(zLikeSpecial, pText->z[i])) z[n++] = '\\';
    z[n++] = pText->z[i];
  }
  if (eOp != SHAPE_OP_ENDS) z[n++] = '%';
  pVal->eType = SHAPE_VAL_TEXT;
  pVal->z = z;
  pVal->n = n;
  assocSqlVal(p, pVal);
}

/*
**   t1.name LIKE '50\%%' ESCAPE '\'
**   t1.name LIKE '%'||replace(replace(replace(?1,'\','\\'),…)||'%' ESCAPE '\'
**
** A literal becomes one pattern, for which SQLite can use an index.
*/
static void sqlPattern(AssocSql *p, const ShapePred *pPred) {
  const ShapeVal *pVal = assocScopeVal(p->pCall, p->pScope, pPred->pVal);
  const char *z;
  sqlPut(p, pPred->bNot ? " NOT LIKE " : " LIKE ");
  if (pVal->eType == SHAPE_VAL_TEXT) {
    sqlPatternOf(p, pPred->eOp, pVal);
  } else {
    if (pPred->eOp != SHAPE_OP_STARTS) sqlPut(p, "'%'||");
    sqlPut(p, "replace(replace(replace(");
    assocSqlVal(p, pPred->pVal);
    for (z = zLikeSpecial; *z; z++) {
      sqlite3_str_appendf(p->pStr, ",'%c','\\%c')", *z, *z);
    }
    if (pPred->eOp != SHAPE_OP_ENDS) sqlPut(p, "||'%'");
  }
  sqlPut(p, " ESCAPE '\\'");
}

static void sqlCompare(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                       int iAlias) {
  assocSqlKey(p, &pPred->key, pModel, iAlias);
  if (pPred->eOp == SHAPE_OP_ISNULL) {
    sqlPut(p, pPred->bNot ? " IS NOT NULL" : " IS NULL");
    return;
  }
  if (pPred->eOp >= SHAPE_OP_STARTS) {
    sqlPattern(p, pPred);
    return;
  }
  sqlite3_str_appendf(p->pStr, "%s %s ", pPred->bNot ? " NOT" : "",
                      azShapeOp[pPred->eOp]);
  if (pPred->eOp == SHAPE_OP_IN) {
    sqlVals(p, pPred->pVal);
    return;
  }
  assocSqlVal(p, pPred->pVal);
  if (pPred->eOp == SHAPE_OP_BETWEEN) {
    sqlPut(p, " AND ");
    assocSqlVal(p, pPred->pVal->pNext);
  }
}

/* some: EXISTS(…), none: NOT EXISTS(…), every: no row for which the
** predicate is false. */
static void sqlSome(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                    int iAlias) {
  AssocFilter filter = {0};
  filter.zWord = azShapeOp[pPred->eOp];
  filter.pFirst = assocSqlPath(p, pPred->key.pPath, &pModel, iAlias);
  filter.pEnd = pModel;
  filter.pPred = pPred->pSub;
  filter.bFalse = pPred->eOp == SHAPE_OP_EVERY;
  if (p->pCall->rc != SQLITE_OK) return;
  if (pPred->eOp != SHAPE_OP_SOME) sqlPut(p, "NOT ");
  assocSqlFilter(p, &filter);
}

/* Does a comparison hold of NULL, and so of a row that is not there? */
static int trueOfNull(const ShapePred *pPred) {
  if (pPred->eOp == SHAPE_OP_ISNULL) return !pPred->bNot;
  return pPred->eOp == SHAPE_OP_IN && pPred->bNot && pPred->pVal == 0;
}

/* A column at the end of a path, as a filter of the rows there: "$posts.title$"
** of JSON, if the way is to-many, and what is better asked from there. */
static int sqlSomeColumn(AssocSql *p, const ShapePred *pPred,
                         AssocModel *pModel, int iAlias) {
  const ShapeName *pCol = pPred->key.pPath;
  ShapePred last = *pPred;
  AssocFilter filter = {0};
  int bMany;
  if (pPred->key.pAgg || pCol == 0 || pCol->pNext == 0) return 0;
  while (pCol->pNext) pCol = pCol->pNext;
  bMany = manyAt(p, pPred->key.pPath, pCol, pModel) != 0;
  if (p->pCall->rc != SQLITE_OK) return 1;
  if (bMany && !pPred->bSome) return 0;
  if (!bMany && trueOfNull(pPred)) return 0;
  last.key.pPath = assocAlloc(p->pCall, p->pArena, sizeof(*pCol));
  filter.zWord = "some";
  filter.pEnd = pModel;
  filter.pFirst = hopsTo(p, pPred->key.pPath, pCol, &filter.pEnd, iAlias, 0);
  filter.pPred = &last;
  if (p->pCall->rc != SQLITE_OK) return 1;
  *last.key.pPath = *pCol;
  last.pNext = 0;
  if (!bMany) return assocSqlFilterFirst(p, &filter);
  assocSqlFilter(p, &filter);
  return 1;
}

void assocSqlPred(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                  int iAlias) {
  const ShapePred *pSub;
  u8 bMaybe;
  if (p->pCall->rc != SQLITE_OK) return;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
  case SHAPE_OP_OR:
    /* The sides of an OR could be looked up one after the other */
    if (pPred->eOp == SHAPE_OP_OR && p->bNatural) sqlPut(p, "+(");
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      if (pSub != pPred->pSub) {
        sqlPut(p, pPred->eOp == SHAPE_OP_AND ? " AND " : " OR ");
      }
      sqlPut(p, "(");
      assocSqlPred(p, pSub, pModel, iAlias);
      sqlPut(p, ")");
    }
    if (pPred->eOp == SHAPE_OP_OR && p->bNatural) sqlPut(p, ")");
    break;
  case SHAPE_OP_NOT:
    sqlPut(p, "NOT (");
    bMaybe = p->bMaybe;
    p->bMaybe = 1;
    assocSqlPred(p, pPred->pSub, pModel, iAlias);
    p->bMaybe = bMaybe;
    sqlPut(p, ")");
    break;
  case SHAPE_OP_SOME:
  case SHAPE_OP_EVERY:
  case SHAPE_OP_NONE: sqlSome(p, pPred, pModel, iAlias); break;
  default:
    if (!sqlSomeColumn(p, pPred, pModel, iAlias)) {
      sqlCompare(p, pPred, pModel, iAlias);
    }
    break;
  }
}

/* ------------------------------------------------------------- conditions */

static void sqlAnd(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                   int iAlias) {
  if (pPred == 0) return;
  sqlPut(p, " AND (");
  assocSqlPred(p, pPred, pModel, iAlias);
  sqlPut(p, ")");
}

/* A predicate that does not stand in the shape's text. */
void assocSqlScope(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                   int iAlias) {
  const char *zText = p->zText;
  p->zText = 0;
  sqlAnd(p, pPred, pModel, iAlias);
  p->zText = zText;
}

void assocSqlConditions(AssocSql *p, const AssocRel *pRel,
                        const ShapeClauses *pC, AssocModel *pModel, int iAlias,
                        int iJoin) {
  assocSqlModel(p, pModel, pC, iAlias);
  if (pRel) assocSqlScope(p, pRel->pScope, pModel, iAlias);
  if (pRel && iJoin) {
    AssocModel *pJoin = assocModelOf(p->pCall, pRel->pThrough);
    if (pJoin == 0) return;
    assocSqlModel(p, pJoin, pC ? pC->pThrough : 0, iJoin);
    assocSqlScope(p, pRel->pThroughScope, pJoin, iJoin);
    if (pC && pC->pThrough) sqlAnd(p, pC->pThrough->pWhere, pJoin, iJoin);
  }
  if (pC) sqlAnd(p, pC->pWhere, pModel, iAlias);
}

/* Over a path a target counts once, however many ways lead to it. */
static void sqlRelatedPath(AssocSql *p, AssocRel *pRel,
                           const ShapeClauses *pC) {
  AssocModel *pTgt = pRel->pTarget;
  const AssocHop *pFirst = assocSqlHops(p, pRel, 1);
  assocModelNeedKey(p->pCall, pTgt);
  if (p->pCall->rc != SQLITE_OK) return;
  assocSqlTableAs(p, pRel->pSource->pTable, 1);
  sqlPut(p, ", ");
  sqlTargetsOnce(p, pTgt, 2, pFirst, &assocAnyRow);
  assocSqlConditions(p, 0, pC, pTgt, 2, 0);
}

const ShapeClauses *assocBranchClauses(AssocCall *pCall,
                                       const AssocBranch *pBranch,
                                       const ShapeItem *pBlock) {
  AssocCatalog *pCat = pBranch->pModel->pTable->pSchema->pCatalog;
  for (; pBlock; pBlock = pBlock->pNext) {
    if (pBlock->eType == SHAPE_ITEM_ON &&
        assocModelSeek(pCall, pCat, pBlock->pPath->z) == pBranch->pModel) {
      return pBlock->pClauses;
    }
  }
  return 0;
}

/* The type says which table the row is in; it must be there. */
static void sqlRelatedBranches(AssocSql *p, AssocRel *pRel,
                               const ShapeItem *pBlock) {
  const AssocTable *pSrc = pRel->pSource->pTable;
  int i;
  assocSqlTableAs(p, pSrc, 1);
  sqlPut(p, " WHERE (false");
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocBranch *pBranch = &pRel->aBranch[i];
    ShapeVal *pType = assocAlloc(p->pCall, p->pArena, sizeof(*pType));
    int iAlias = ++p->nAlias;
    if (pType == 0) return;
    pType->eType = SHAPE_VAL_TEXT;
    pType->z = pBranch->zType;
    pType->n = (int)strlen(pType->z);
    sqlPut(p, " OR ");
    assocSqlColumn(p, 1, pSrc, pRel->type.aCol[0]);
    sqlPut(p, "=");
    assocSqlVal(p, pType);
    sqlPut(p, " AND EXISTS(SELECT 1 FROM ");
    assocSqlTableAs(p, pBranch->pModel->pTable, iAlias);
    sqlPut(p, " WHERE ");
    assocSqlEqual(p, iAlias, pBranch->pModel->pTable, &pBranch->key, 1, pSrc,
                  &pRel->foreign);
    assocSqlConditions(p, 0, assocBranchClauses(p->pCall, pBranch, pBlock),
                       pBranch->pModel, iAlias, 0);
    sqlPut(p, ")");
  }
  sqlPut(p, ")");
}

void assocSqlRelated(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                     const ShapeItem *pBlock) {
  AssocHop hop;
  sqlPut(p, " FROM ");
  p->nAlias = 3;
  if (pRel->nPath) {
    sqlRelatedPath(p, pRel, pC);
  } else if (pRel->nBranch) {
    sqlRelatedBranches(p, pRel, pBlock);
    return;
  } else {
    memset(&hop, 0, sizeof(hop));
    hop.pRel = pRel;
    hop.iFrom = 1;
    hop.iAlias = 2;
    hop.bAny = 1;
    if (pRel->eKind == ASSOC_BELONGSTOMANY) hop.iJoin = 3;
    assocSqlTableAs(p, pRel->pSource->pTable, 1);
    sqlPut(p, ", ");
    sqlHopTables(p, &hop);
    sqlPut(p, " WHERE ");
    sqlHopWhere(p, &hop, pC, 0);
  }
  assocSqlRequired(p, pBlock, pRel->pTarget, 2);
}

/* {"all":…,"where":…}: each of the associations is required. */
static void sqlRequiredAll(AssocSql *p, const ShapeItem *pBlock,
                           const ShapeItem *pAll, AssocModel *pModel,
                           int iAlias) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  if (!pAll->bRequired) return;
  while ((pRel = assocAllNext(p, pModel, pBlock, pAll->mAll, &pDef)) != 0) {
    const ShapeItem *pItem = assocAllItem(p, pAll, pRel);
    if (pItem) assocSqlRequired(p, pItem, pModel, iAlias);
  }
}

void assocSqlRequired(AssocSql *p, const ShapeItem *pBlock, AssocModel *pModel,
                      int iAlias) {
  const ShapeItem *pItem;
  for (pItem = pBlock; pItem && p->pCall->rc == SQLITE_OK;
       pItem = pItem->pNext) {
    AssocModel *pAt = pModel;
    AssocFilter filter = {0};
    if (pItem->eType == SHAPE_ITEM_ALL) {
      sqlRequiredAll(p, pBlock, pItem, pModel, iAlias);
    }
    if (pItem->eType != SHAPE_ITEM_NAME || !pItem->bRequired) continue;
    if (pItem->pPath && pItem->pPath->pNext) {
      filter.pFirst = hopsTo(p, pItem->pPath, 0, &pAt, iAlias, 1);
    } else {
      AssocRel *pRel = assocItemRel(p, pItem, pItem->pPath, pModel);
      if (pRel) filter.pFirst = assocSqlHops(p, pRel, iAlias);
      if (pRel) pAt = pRel->pTarget;
    }
    if (filter.pFirst == 0) return;
    filter.zWord = "required";
    filter.pEnd = pAt;
    filter.pC = pItem->pClauses;
    filter.pBlock = pItem->pBlock;
    sqlPut(p, " AND ");
    assocSqlFilter(p, &filter);
  }
}

/* ------------------------------------------------------------------ order */

/* A collation has to be one that the connection knows. */
static void sqlCollation(AssocSql *p, const ShapeName *pName) {
  sqlite3_stmt *pStmt = assocPrepare(p->pCall, "PRAGMA collation_list");
  int bFound = 0;
  while (assocStep(p->pCall, pStmt)) {
    if (sqlite3_stricmp(assocColumnText(p->pCall, pStmt, 1), pName->z) == 0) {
      bFound = 1;
    }
  }
  assocFinalize(p->pCall, pStmt);
  if (!bFound) {
    assocShapeError(p->pCall, p->zText, pName->iOff,
                    "there is no collation '%s'", pName->z);
  }
  sqlite3_str_appendf(p->pStr, " COLLATE \"%w\"", pName->z);
}

/* What is many does not order its parents. In Sequelize such an order is that
** of the related rows themselves. */
static void sqlSortMany(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel) {
  const ShapeName *pCol = pKey->pPath, *pMany;
  if (pKey->pAgg) return;
  while (pCol->pNext) pCol = pCol->pNext;
  pMany = manyAt(p, pKey->pPath, pCol, pModel);
  if (pMany == 0) return;
  assocShapeError(p->pCall, p->zText, pMany->iOff,
                  "%s may be many, and cannot order what they belong to; to "
                  "order them, give %s itself an order; or did you mean an "
                  "aggregate, such as min, of %s?",
                  pMany->z, pMany->z, pCol->z);
}

/* The number of the column that has the key already, or 0. */
static int sqlListed(const AssocSql *p, const ShapeKey *pKey) {
  int i;
  for (i = 0; i < p->nListed; i++) {
    if (p->aListed[i].pKey == pKey) return p->iListed + i;
  }
  return 0;
}

/* NULLs come first in an ascending order and last in a descending one, unless
** it says otherwise; turned round, they go to the other end. */
static void sqlSort(AssocSql *p, const ShapeSort *pSort, AssocModel *pModel,
                    int iAlias, int bTurned) {
  int bDesc = pSort->bDesc != bTurned, iListed = sqlListed(p, &pSort->key);
  sqlSortMany(p, &pSort->key, pModel);
  if (iListed) {
    sqlite3_str_appendf(p->pStr, "%d", iListed);
  } else {
    assocSqlKey(p, &pSort->key, pModel, iAlias);
  }
  if (pSort->pColl) sqlCollation(p, pSort->pColl);
  if (bDesc) sqlPut(p, " DESC");
  if (pSort->eNulls == SHAPE_NULLS_DEFAULT) return;
  sqlPut(p, (pSort->eNulls == SHAPE_NULLS_FIRST) != bTurned ? " NULLS FIRST"
                                                            : " NULLS LAST");
}

static int sortsBy(const ShapeSort *pSort, const AssocTable *pTab, int iCol) {
  for (; pSort; pSort = pSort->pNext) {
    if (pSort->key.pAgg == 0 && pSort->key.pPath->pNext == 0 &&
        assocColumnFind(pTab, pSort->key.pPath->z) == iCol) {
      return 1;
    }
  }
  return 0;
}

ShapeSort *assocOrderOf(const AssocRel *pRel, const ShapeClauses *pC) {
  if (pC && pC->pOrder) return pC->pOrder;
  return pRel ? pRel->pOrder : 0;
}

void assocSqlOrder(AssocSql *p, const AssocRel *pRel, const ShapeClauses *pC,
                   AssocModel *pModel, int iAlias, int bTurned) {
  const ShapeSort *pOrder = assocOrderOf(pRel, pC), *pSort;
  const char *zText = p->zText;
  int i, n = 0, bDesc = bTurned;
  if (pC == 0 || pOrder != pC->pOrder) p->zText = 0;
  for (pSort = pOrder; pSort; pSort = pSort->pNext) {
    sqlPut(p, n++ ? ", " : " ORDER BY ");
    sqlSort(p, pSort, pModel, iAlias, bTurned);
    bDesc = pSort->bDesc != bTurned;
  }
  p->zText = zText;
  for (i = 0; i < pModel->nKey; i++) {
    if (sortsBy(pOrder, pModel->pTable, pModel->aKey[i])) continue;
    sqlPut(p, n++ ? ", " : " ORDER BY ");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
    if (bDesc) sqlPut(p, " DESC");
  }
}
