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
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pHop->iJoin = ++p->nAlias;
    assocSqlJoined(p, pHop->iAlias, pRel, pHop->iJoin);
  }
  *ppEnd = pHop;
  return &pHop->pNext;
}

/* Which row of the association that ends here is meant. */
static void hopMeans(AssocHop *pHop, int eFirst) {
  if (pHop->pAlso) {
    pHop->eAlso = (u8)eFirst;
  } else {
    pHop->eFirst = (u8)eFirst;
  }
}

AssocHop *assocSqlHops(AssocSql *p, AssocRel *pRel, int iFrom, int eFirst) {
  AssocHop *pFirst = 0, **ppEnd = addHop(p, pRel, &pFirst, &iFrom);
  if (ppEnd == 0) return 0;
  hopMeans(hopBefore(ppEnd), eFirst);
  return pFirst;
}

/* The steps of the names before pEnd. */
static AssocHop *hopsTo(AssocSql *p, const ShapeName *pPath,
                        const ShapeName *pEnd, AssocModel **ppModel, int iFrom,
                        int eFirst) {
  AssocHop *pFirst = 0, **ppEnd = &pFirst;
  for (; pPath != pEnd && ppEnd; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, *ppModel, pPath);
    if (pRel == 0) return 0;
    ppEnd = addHop(p, pRel, ppEnd, &iFrom);
    if (ppEnd) hopMeans(hopBefore(ppEnd), eFirst);
    *ppModel = pRel->pTarget;
  }
  return ppEnd ? pFirst : 0;
}

AssocHop *assocSqlPath(AssocSql *p, const ShapeName *pPath,
                       AssocModel **ppModel, int iFrom, int eFirst) {
  return hopsTo(p, pPath, 0, ppModel, iFrom, eFirst);
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
    assocSqlEqual(p, pHop->iFrom, pSrc, &pRel->sourceKey, pHop->iJoin,
                  pRel->pThrough, &pRel->foreign);
  } else {
    assocSqlEqual(p, pHop->iFrom, pSrc, &pRel->sourceKey, pHop->iAlias, pTgt,
                  &pRel->foreign);
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
void assocSqlKeyColumns(AssocSql *p, const AssocModel *pModel, int iAlias,
                        int bParen) {
  int i;
  if (bParen && pModel->nKey > 1) sqlPut(p, "(");
  for (i = 0; i < pModel->nKey; i++) {
    if (i) sqlPut(p, ",");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
  }
  if (bParen && pModel->nKey > 1) sqlPut(p, ")");
}

/* Can a step lead to more than one row, of which it means the first? */
static int firstOfMany(AssocSql *p, const AssocRel *pRel) {
  int bUnique = 0, i;
  if (pRel->bMany) return 0;
  for (i = 0; i < pRel->nPath; i++) {
    if (pRel->apPath[i]->bMany || firstOfMany(p, pRel->apPath[i])) return 1;
  }
  if (pRel->nPath) return 0;
  (void)assocFarIndex(p->pCall, pRel, &bUnique);
  return !bUnique;
}

/* " AND t9.user_id=t3.user_id": the same way into a step as another has. */
static void sqlSameWay(AssocSql *p, const AssocHop *pHop,
                       const AssocHop *pOther) {
  int i;
  for (i = 0; i < assocRelNearKey(pHop->pRel)->nCol; i++) {
    sqlPut(p, " AND ");
    assocSqlFarColumn(p, pHop, i);
    sqlPut(p, "=");
    assocSqlFarColumn(p, pOther, i);
  }
}

/* Is it asked for rows that the choice of the first must not see? */
static int asksAfter(const ShapeClauses *pC) {
  return pC && (pC->pWhere || pC->pScope);
}

/*
** What counts before the first row is chosen: the default scope, if it holds,
** whether deleted rows count, and any order. Named scopes and conditions are
** asked of the row that was chosen.
*/
const ShapeClauses *assocSqlBefore(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC) {
  const ShapeClauses *pScoped = assocSqlScoped(p, pRel, pModel, pC);
  ShapeClauses *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0 || pScoped == 0) return 0;
  pNew->pOrder = pScoped->pOrder;
  pNew->bDeleted = pScoped->bDeleted;
  pNew->bUnscoped = pScoped->bUnscoped;
  if (pScoped->pScope) pNew->pScope = assocScopeDefault(p, pScoped->pScope);
  if (pScoped->pScope && pNew->pScope == 0) pNew->bUnscoped = 1;
  return pNew;
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
** (SELECT k0,k1 FROM (SELECT t9.user_id AS k0, t9.id AS k1, row_number() OVER
**   (PARTITION BY t9.user_id ORDER BY …) AS n FROM posts t9 WHERE true)
**   WHERE n=1)
**
** The first of those that are found in the same way, of all such ways at once:
** user_id stands for an expression.
*/
void assocSqlFirsts(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC) {
  AssocModel *pTgt = pRel->pTarget;
  const AssocHop *pFirst = assocSqlHops(p, pRel, 0, ASSOC_FIRST_NOT);
  int iLast, nKey, i;
  assocModelNeedKey(p->pCall, pTgt);
  if (pFirst == 0 || p->pCall->rc != SQLITE_OK) return;
  iLast = lastHop(pFirst)->iAlias;
  nKey = assocRelNearKey(pFirst->pRel)->nCol;
  for (i = 0; i < nKey + pTgt->nKey; i++) {
    sqlite3_str_appendf(p->pStr, "%sk%d", i ? "," : "(SELECT ", i);
  }
  sqlPut(p, " FROM (SELECT ");
  (void)sqlWayColumns(p, pFirst, iLast, pTgt, 1);
  for (i = 0; i < nKey; i++) {
    sqlPut(p, i ? "," : ",row_number() OVER (PARTITION BY ");
    assocSqlFarColumn(p, pFirst, i);
  }
  assocSqlOrder(p, pRel, pC, pTgt, iLast, 0);
  sqlPut(p, ") AS n");
  assocSqlFrom(p, pFirst, pC, 1);
  sqlPut(p, ") WHERE n=1)");
}

/* (SELECT t9.id FROM posts t9 WHERE t9.user_id=t1.id … ORDER BY … LIMIT 1), its
** end left open: the first from what is under alias iFrom or, if that is 0, from
** nothing yet. Gives its first step, 0 after an error. */
const AssocHop *assocSqlFirst(AssocSql *p, AssocRel *pRel, int iFrom,
                              const ShapeClauses *pC) {
  const AssocHop *pFirst = assocSqlHops(p, pRel, iFrom, ASSOC_FIRST_NOT);
  assocModelNeedKey(p->pCall, pRel->pTarget);
  if (pFirst == 0 || p->pCall->rc != SQLITE_OK) return 0;
  sqlPut(p, "(SELECT ");
  assocSqlKeyColumns(p, pRel->pTarget, lastHop(pFirst)->iAlias, 0);
  assocSqlFrom(p, pFirst, pC, iFrom == 0);
  return pFirst;
}
void assocSqlFirstEnd(AssocSql *p, AssocRel *pRel, const AssocHop *pFirst,
                      const ShapeClauses *pC) {
  if (pFirst == 0) return;
  assocSqlOrder(p, pRel, pC, pRel->pTarget, lastHop(pFirst)->iAlias, 0);
  sqlPut(p, " LIMIT 1)");
}

/* What the choice of the first row of a to-one sees, or 0 if there is nothing to
** choose: one that has an order chooses first, and one that has none among what
** is asked for. */
static const ShapeClauses *choiceOf(AssocSql *p, AssocRel *pRel,
                                    const ShapeClauses *pC, int eFirst) {
  const ShapeClauses *pScoped;
  if (eFirst == ASSOC_FIRST_NOT || !firstOfMany(p, pRel)) return 0;
  pScoped = assocSqlScoped(p, pRel, pRel->pTarget, pC);
  if (assocOrderOf(pRel, pScoped)) {
    return assocSqlBefore(p, pRel, pRel->pTarget, pC);
  }
  return eFirst == ASSOC_FIRST_VALUE ? pScoped : 0;
}

const ShapeClauses *assocSqlChoice(AssocSql *p, AssocRel *pRel,
                                   const ShapeClauses *pC,
                                   const ShapeItem *pBlock) {
  while (pBlock && !(pBlock->eType == SHAPE_ITEM_NAME && pBlock->bRequired)) {
    pBlock = pBlock->pNext;
  }
  if (pBlock == 0 && !asksAfter(pC)) return 0;
  return choiceOf(p, pRel, pC, ASSOC_FIRST_FILTER);
}

/*
** A to-one that can find several rows means the first in its order:
**
**   AND t3.id=(SELECT t9.id FROM posts t9 WHERE t9.user_id=t1.id
**              ORDER BY t9.id DESC LIMIT 1)
**
** Where the step pStart is free of what is before it, or no index serves, the
** first of those that are found in the same way.
*/
static void sqlChoose(AssocSql *p, AssocRel *pRel, const AssocHop *pStart,
                      const AssocHop *pLast, const ShapeClauses *pC, int bFree,
                      int eFirst) {
  const ShapeClauses *pIn = choiceOf(p, pRel, pC, eFirst);
  const AssocHop *pFirst;
  if (pIn == 0 || p->pCall->rc != SQLITE_OK) return;
  if (!assocHopServed(p->pCall, pRel)) {
    sqlPut(p, " AND (");
    (void)sqlWayColumns(p, pStart, pLast->iAlias, pRel->pTarget, 0);
    sqlPut(p, ") IN ");
    assocSqlFirsts(p, pRel, pIn);
    return;
  }
  sqlPut(p, " AND ");
  assocSqlKeyColumns(p, pRel->pTarget, pLast->iAlias, 1);
  sqlPut(p, "=");
  pFirst = assocSqlFirst(p, pRel, bFree ? 0 : pStart->iFrom, pIn);
  if (pFirst && bFree) sqlSameWay(p, pFirst, pStart);
  assocSqlFirstEnd(p, pRel, pFirst, pIn);
}

/* How a step hangs on what is before it, and its conditions. */
static void sqlHopWhere(AssocSql *p, const AssocHop *pHop,
                        const ShapeClauses *pC, const AssocHop *pFree) {
  AssocModel *pTgt = pHop->pRel->pTarget;
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
  assocSqlConditions(p, pHop->pRel, pC, pTgt, pHop->iAlias, pHop->iJoin);
  if (pHop->pAlso == 0) {
    sqlChoose(p, pHop->pRel, pHop, pHop, pC, pHop == pFree, pHop->eFirst);
    return;
  }
  sqlChoose(p, pHop->pRel, pHop, pHop,
            pC ? assocSqlBefore(p, pHop->pRel, pTgt, pC) : 0, pHop == pFree,
            ASSOC_FIRST_VALUE);
  assocSqlScope(p, pHop->pAlso->pScope, pTgt, pHop->iAlias);
  sqlChoose(p, pHop->pAlso, pHop->pStart, pHop, pC, pHop->pStart == pFree,
            pHop->eAlso);
}

/* Most tables of a join in SQLite, and as many as a path is read through at once,
** with room for those beside it. */
#define MOST_TABLES 64
#define PATH_TABLES 60

static int hopTables(const AssocHop *pHop) {
  int n = 0;
  for (; pHop; pHop = pHop->pNext) n += pHop->iJoin ? 2 : 1;
  return n;
}

/* The error that a path is too long, which names its beginning and its end. */
static void tooLong(AssocSql *p, const AssocHop *pHop, int n) {
  assocError(p->pCall,
             "the path %s.%s...%s goes through %d tables, and SQLite joins at "
             "most %d; ask for a part of it in some ...(...)",
             pHop->pRel->zName, pHop->pNext->pRel->zName,
             lastHop(pHop)->pRel->zName, n, MOST_TABLES);
}

void assocSqlFrom(AssocSql *p, const AssocHop *pFirst, const ShapeClauses *pC,
                  int bFree) {
  const AssocHop *pHop;
  u8 bMaybe = p->bMaybe;
  int n = hopTables(pFirst);
  if (n > MOST_TABLES) {
    tooLong(p, pFirst, n);
    return;
  }
  p->bMaybe = 0;
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
  p->bMaybe = bMaybe;
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
    if (!firstOfMany(p, pRel)) {
      /* So long that what follows does not fit into one join */
      if (hopTables(pPart->pFirst) > PATH_TABLES / 2) ppEnd = 0;
      continue;
    }
    hopMeans(hopBefore(ppEnd), ASSOC_FIRST_NOT); /* It has a LIMIT */
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
  int iCol = pAgg->pCol && !pAgg->bAt ? sqlColumnOf(p, pModel, pAgg->pCol) : -1;
  if (pAgg->pCol == 0 && pAgg->eAgg != SHAPE_AGG_COUNT) {
    assocShapeError(p->pCall, p->zText, pPath->iOff,
                    "%s() needs a column: %s.%s(column)",
                    azShapeAgg[pAgg->eAgg], pPath->z, azShapeAgg[pAgg->eAgg]);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  sqlite3_str_appendf(p->pStr, "%s(%s", azShapeAgg[pAgg->eAgg],
                      pAgg->bDistinct ? "DISTINCT " : "");
  if (pAgg->bAt) {
    assocSqlAt(p, pAgg->pCol, iAlias);
  } else if (iCol < 0) {
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
  assocSqlKeyColumns(p, pTgt, iTarget, 1);
  sqlPut(p, " IN (SELECT ");
  assocSqlKeyColumns(p, pTgt, lastHop(pFirst)->iAlias, 0);
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
  const ShapeClauses clauses = {.pWhere = pAgg->pWhere};
  int bExists = pAgg->eAgg == SHAPE_AGG_EXISTS, iLast, bOnce;
  const AssocHop *pFirst =
      assocSqlPath(p, pKey->pPath, &pModel, iAlias,
                   bExists ? ASSOC_FIRST_FILTER : ASSOC_FIRST_VALUE);
  if (p->pCall->rc != SQLITE_OK) return;
  if (bExists) {
    sqlAggExists(p, pAgg, pFirst, pModel);
    return;
  }
  iLast = lastHop(pFirst)->iAlias;
  bOnce = assocHopsMeet(p->pCall, pFirst);
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
    sqlTargetsOnce(p, pModel, iLast, pFirst, &clauses);
  } else {
    assocSqlFrom(p, pFirst, &clauses, 0);
  }
  sqlPut(p, ")");
}

/* What a comparison or an order is about. */
void assocSqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                 int iAlias) {
  if (pKey->bAt) {
    assocSqlAt(p, pKey->pPath, iAlias);
  } else if (pKey->pAgg) {
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

static void sqlSome(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                    int iAlias);

/* some a.b.c(…) as some a(some b.c(…)): a path that is too long for one join. */
static void sqlSomeSplit(AssocSql *p, const ShapePred *pPred,
                         AssocModel *pModel, int iAlias) {
  ShapePred outer = *pPred, inner = *pPred;
  ShapeName *pName = pPred->key.pPath, *pFirst = 0, **ppEnd = &pFirst;
  int i, n = 0;
  for (; pName; pName = pName->pNext) n++;
  pName = pPred->key.pPath;
  for (i = 0; i < n / 2; i++, pName = pName->pNext) {
    *ppEnd = assocAlloc(p->pCall, p->pArena, sizeof(*pName));
    if (*ppEnd == 0) return;
    **ppEnd = *pName;
    (*ppEnd)->pNext = 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  if (pPred->eOp != SHAPE_OP_EVERY) inner.eOp = SHAPE_OP_SOME;
  inner.key.pPath = pName;
  inner.pNext = 0;
  outer.key.pPath = pFirst;
  outer.pSub = &inner;
  sqlSome(p, &outer, pModel, iAlias);
}

/* some: EXISTS(…), none: NOT EXISTS(…), every: no row for which the predicate
** is not true. */
static void sqlSome(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                    int iAlias) {
  AssocModel *pStart = pModel;
  AssocFilter filter = {0};
  filter.zWord = azShapeOp[pPred->eOp];
  filter.pFirst =
      assocSqlPath(p, pPred->key.pPath, &pModel, iAlias, ASSOC_FIRST_FILTER);
  filter.pEnd = pModel;
  filter.pPred = pPred->pSub;
  filter.bNotTrue = pPred->eOp == SHAPE_OP_EVERY;
  if (p->pCall->rc != SQLITE_OK) return;
  if (hopTables(filter.pFirst) > PATH_TABLES && pPred->key.pPath->pNext) {
    sqlSomeSplit(p, pPred, pStart, iAlias);
    return;
  }
  if (pPred->eOp != SHAPE_OP_SOME) sqlPut(p, "NOT ");
  assocSqlFilter(p, &filter);
}

/* Does a comparison hold of NULL, and so of a row that is not there? */
static int trueOfNull(const ShapePred *pPred) {
  const ShapePred *pSub = pPred->pSub;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
    while (pSub && trueOfNull(pSub)) pSub = pSub->pNext;
    return pSub == 0;
  case SHAPE_OP_OR:
    while (pSub && !trueOfNull(pSub)) pSub = pSub->pNext;
    return pSub != 0;
  case SHAPE_OP_ISNULL: return !pPred->bNot;
  case SHAPE_OP_IN: return pPred->bNot && pPred->pVal == 0;
  }
  return 0;
}

/* Can a to-one on the way find several rows, and has no order to choose one? */
static int looseAt(AssocSql *p, const ShapeName *pPath, const ShapeName *pEnd,
                   AssocModel *pModel) {
  for (; pPath != pEnd && p->pCall->rc == SQLITE_OK; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, pModel, pPath);
    if (pRel == 0) return 0;
    pModel = pRel->pTarget;
    if (firstOfMany(p, pRel) &&
        !assocOrderOf(pRel, assocSqlScoped(p, pRel, pModel, 0))) {
      return 1;
    }
  }
  return 0;
}

/* How a column at the end of a path is asked about. */
#define PATH_OWN 0     /* There is no path */
#define PATH_ONE 1     /* It is one value */
#define PATH_LOOSE 2   /* It may be several, as of rows that are joined */
#define PATH_SEVERAL 3 /* The same, and JSON: "$posts.title$" */

static int pathKind(AssocSql *p, const ShapePred *pPred, AssocModel *pModel) {
  const ShapeName *pPath = pPred->key.pPath, *pCol = pPath;
  if (pPred->key.pAgg || pPath == 0 || pPath->pNext == 0) return PATH_OWN;
  while (pCol->pNext) pCol = pCol->pNext;
  if (manyAt(p, pPath, pCol, pModel)) {
    return pPred->bSome ? PATH_SEVERAL : PATH_OWN; /* Which is an error */
  }
  return looseAt(p, pPath, pCol, pModel) ? PATH_LOOSE : PATH_ONE;
}

/* The rows at the end of a path for which the predicate about their column
** holds; or all of them. */
static void pathFilter(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                       int iAlias, AssocFilter *pFilter) {
  const ShapeName *pCol = pPred->key.pPath;
  ShapePred *pLast = assocAlloc(p->pCall, p->pArena, sizeof(*pLast));
  memset(pFilter, 0, sizeof(*pFilter));
  while (pCol->pNext) pCol = pCol->pNext;
  pFilter->zWord = "some";
  pFilter->pEnd = pModel;
  pFilter->pFirst = hopsTo(p, pPred->key.pPath, pCol, &pFilter->pEnd, iAlias,
                           ASSOC_FIRST_FILTER);
  if (pLast == 0) return;
  *pLast = *pPred;
  pLast->key.pPath = (ShapeName *)pCol;
  pLast->pNext = 0;
  pFilter->pPred = pLast;
}

/*
** coalesce((SELECT max(t3.shop=?1) FROM pays t3 WHERE …),0): is it true of any
** row, or false, or neither? For an answer that NOT turns round.
*/
static void sqlMaybe(AssocSql *p, const AssocFilter *pF) {
  const ShapePred *pPred = pF->pPred;
  int bNone = (pPred->eOp == SHAPE_OP_IN && pPred->pVal == 0) ||
              pPred->eOp == SHAPE_OP_ISNULL; /* It is never NULL */
  sqlPut(p,
         bNone || trueOfNull(pPred) ? "coalesce((SELECT max(" : "(SELECT max(");
  assocSqlPred(p, pPred, pF->pEnd, lastHop(pF->pFirst)->iAlias);
  sqlPut(p, ")");
  assocSqlFrom(p, pF->pFirst, 0, 0);
  sqlPut(p, trueOfNull(pPred) ? "),1)" : bNone ? "),0)" : ")");
}

/* some posts(…), or none posts where that holds of a row that is not there, whose
** columns are all NULL. */
static const ShapePred *predSome(AssocSql *p, ShapeName *pPath,
                                 ShapePred *pSub) {
  ShapePred *pSome = assocAlloc(p->pCall, p->pArena, sizeof(*pSome) * 3);
  ShapePred *pOr, *pNone;
  if (pSome == 0 || pPath == 0 || pSub == 0) return 0;
  pSome->eOp = SHAPE_OP_SOME;
  pSome->key.pPath = pPath;
  pSome->pSub = pSub;
  if (!trueOfNull(pSub)) return pSome;
  pOr = pSome + 1;
  pNone = pSome + 2;
  pNone->eOp = SHAPE_OP_NONE;
  pNone->key.pPath = pPath;
  pNone->pNext = pSome;
  pOr->eOp = SHAPE_OP_OR;
  pOr->pSub = pNone;
  return pOr;
}

/* The names of a path before the last. */
static ShapeName *pathBefore(AssocSql *p, const ShapeName *pPath) {
  ShapeName *pFirst = 0, **ppEnd = &pFirst;
  for (; pPath->pNext; pPath = pPath->pNext) {
    *ppEnd = assocAlloc(p->pCall, p->pArena, sizeof(*pPath));
    if (*ppEnd == 0) return 0;
    **ppEnd = *pPath;
    (*ppEnd)->pNext = 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

/* A column at the end of a path, as a filter of the rows there if they may be
** several, or if it is better asked from there. 0 if it is not. */
static int sqlSomeColumn(AssocSql *p, const ShapePred *pPred,
                         AssocModel *pModel, int iAlias) {
  int eKind = pathKind(p, pPred, pModel);
  AssocFilter filter;
  if (p->pCall->rc != SQLITE_OK) return 1;
  if (eKind == PATH_OWN || (eKind == PATH_ONE && trueOfNull(pPred))) return 0;
  pathFilter(p, pPred, pModel, iAlias, &filter);
  if (p->pCall->rc != SQLITE_OK) return 1;
  if (eKind == PATH_ONE) {
    if (hopTables(filter.pFirst) > PATH_TABLES) return 0;
    return assocSqlFilterFirst(p, &filter);
  }
  if (eKind == PATH_LOOSE && p->bMaybe) {
    sqlMaybe(p, &filter);
  } else if (trueOfNull(pPred) || hopTables(filter.pFirst) > PATH_TABLES) {
    const ShapePred *pNew =
        predSome(p, pathBefore(p, pPred->key.pPath), (ShapePred *)filter.pPred);
    if (pNew) assocSqlPred(p, pNew, pModel, iAlias);
  } else {
    assocSqlFilter(p, &filter);
  }
  return 1;
}

/* ------------------------------------------------------- lists of predicates */

/* The association that the paths of a predicate all begin with, where they may
** find several rows; 0 if there is none. */
static const ShapeName *severalOf(AssocSql *p, const ShapePred *pPred,
                                  AssocModel *pModel) {
  const ShapeName *pName = 0, *pOther;
  const ShapePred *pSub;
  if (pPred->eOp == SHAPE_OP_AND || pPred->eOp == SHAPE_OP_OR) {
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      pOther = severalOf(p, pSub, pModel);
      if (pOther == 0) return 0;
      if (pName && sqlite3_stricmp(pName->z, pOther->z) != 0) return 0;
      pName = pOther;
    }
    return pName;
  }
  if (pPred->pSub || pPred->eOp == SHAPE_OP_NOT) return 0;
  return pathKind(p, pPred, pModel) >= PATH_LOOSE ? pPred->key.pPath : 0;
}

/* A predicate as it is said of the rows that its paths lead to first. */
static ShapePred *predBehind(AssocSql *p, const ShapePred *pPred) {
  ShapePred *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew)), **ppEnd;
  const ShapePred *pSub;
  if (pNew == 0) return 0;
  *pNew = *pPred;
  pNew->pNext = 0;
  pNew->pSub = 0;
  ppEnd = &pNew->pSub;
  if (pPred->pSub == 0) pNew->key.pPath = pPred->key.pPath->pNext;
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    *ppEnd = predBehind(p, pSub);
    if (*ppEnd == 0) return pNew;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pNew;
}

/*
** Those of an AND from a[0] on that begin with the same association speak of one
** row, as of a join: "$posts.title$" and "$posts.n$" are some posts(title … and
** n …). They become one predicate, and are taken off the list.
*/
static void predTogether(AssocSql *p, const ShapePred **a, int n,
                         AssocModel *pModel) {
  const ShapeName *pFirst = severalOf(p, a[0], pModel), *pName;
  ShapePred *pAnd, **ppEnd;
  ShapeName *pPath;
  int i, nSame = 0;
  if (pFirst == 0) return;
  pAnd = assocAlloc(p->pCall, p->pArena, sizeof(*pAnd));
  pPath = assocAlloc(p->pCall, p->pArena, sizeof(*pPath));
  if (pAnd == 0 || pPath == 0) return;
  *pPath = *pFirst;
  pPath->pNext = 0;
  pAnd->eOp = SHAPE_OP_AND;
  ppEnd = &pAnd->pSub;
  for (i = 0; i < n && p->pCall->rc == SQLITE_OK; i++) {
    pName = a[i] ? severalOf(p, a[i], pModel) : 0;
    if (pName == 0 || sqlite3_stricmp(pName->z, pPath->z) != 0) continue;
    if (nSame++ == 0 && i == n - 1) return; /* It is alone */
    *ppEnd = predBehind(p, a[i]);
    if (*ppEnd == 0) return;
    ppEnd = &(*ppEnd)->pNext;
    if (i > 0) a[i] = 0;
  }
  if (nSame > 1) a[0] = predSome(p, pPath, pAnd);
}

/* How many predicates stand in an AND or OR, those of the same in it among
** them; and put them into a, if that is not 0. */
static int predList(const ShapePred *pPred, int eOp, const ShapePred **a) {
  const ShapePred *pSub;
  int n = 0;
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    if (pSub->eOp == eOp && pSub->pSub) {
      n += predList(pSub, eOp, a ? &a[n] : 0);
    } else {
      if (a) a[n] = pSub;
      n++;
    }
  }
  return n;
}

/* Most of them that stand side by side. SQLite bounds the depth of an expression,
** and a AND b AND c is one of depth 3: a long list is a list of lists. */
#define PRED_SIDE 16

static void sqlPredList(AssocSql *p, const ShapePred **a, int n, int eOp,
                        AssocModel *pModel, int iAlias) {
  int i, nStep = 1;
  while (nStep * PRED_SIDE < n) nStep *= PRED_SIDE;
  for (i = 0; i < n && p->pCall->rc == SQLITE_OK; i += nStep) {
    int nHere = n - i < nStep ? n - i : nStep;
    sqlPut(p, i == 0 ? "(" : eOp == SHAPE_OP_AND ? ") AND (" : ") OR (");
    if (nHere > 1) {
      sqlPredList(p, &a[i], nHere, eOp, pModel, iAlias);
    } else {
      assocSqlPred(p, a[i], pModel, iAlias);
    }
  }
  sqlPut(p, ")");
}

static void sqlPreds(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                     int iAlias) {
  int eOp = pPred->eOp, n = predList(pPred, eOp, 0), i, nLeft = 0;
  /* The sides of an OR could be looked up one after the other */
  int bPlus = eOp == SHAPE_OP_OR && p->bNatural;
  const ShapePred **a =
      assocAlloc(p->pCall, p->pArena, (i64)sizeof(*a) * (n + 1));
  if (a == 0) return;
  (void)predList(pPred, eOp, a);
  for (i = 0; i < n && p->pCall->rc == SQLITE_OK; i++) {
    if (a[i] == 0) continue;
    if (eOp == SHAPE_OP_AND) predTogether(p, &a[i], n - i, pModel);
    a[nLeft++] = a[i];
  }
  if (p->pCall->rc != SQLITE_OK) return;
  if (nLeft == 0) sqlPut(p, "true");
  if (bPlus) sqlPut(p, "+(");
  if (nLeft) sqlPredList(p, a, nLeft, eOp, pModel, iAlias);
  if (bPlus) sqlPut(p, ")");
}

void assocSqlPred(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                  int iAlias) {
  u8 bMaybe;
  if (p->pCall->rc != SQLITE_OK) return;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
  case SHAPE_OP_OR: sqlPreds(p, pPred, pModel, iAlias); break;
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
static void sqlRelatedPath(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                           const ShapeClauses *pIn) {
  AssocModel *pTgt = pRel->pTarget;
  const AssocHop *pFirst = assocSqlHops(p, pRel, 1, ASSOC_FIRST_NOT);
  assocModelNeedKey(p->pCall, pTgt);
  if (p->pCall->rc != SQLITE_OK) return;
  assocSqlTableAs(p, pRel->pSource->pTable, 1);
  sqlPut(p, ", ");
  sqlTargetsOnce(p, pTgt, 2, pFirst, assocSqlBefore(p, pRel, pTgt, pC));
  assocSqlConditions(p, 0, pC, pTgt, 2, 0);
  if (pIn == 0) return;
  sqlPut(p, " AND ");
  assocSqlKeyColumns(p, pTgt, 2, 1);
  sqlPut(p, "=");
  assocSqlFirstEnd(p, pRel, assocSqlFirst(p, pRel, 1, pIn), pIn);
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
  const ShapeClauses *pIn =
      pRel->nBranch ? 0 : assocSqlChoice(p, pRel, pC, pBlock);
  sqlPut(p, " FROM ");
  p->nAlias = 3;
  if (pRel->nPath) {
    sqlRelatedPath(p, pRel, pC, pIn);
  } else if (pRel->nBranch) {
    sqlRelatedBranches(p, pRel, pBlock);
    return;
  } else {
    memset(&hop, 0, sizeof(hop));
    hop.pRel = pRel;
    hop.iFrom = 1;
    hop.iAlias = 2;
    hop.eFirst = pIn ? ASSOC_FIRST_FILTER : ASSOC_FIRST_NOT;
    if (pRel->eKind == ASSOC_BELONGSTOMANY) hop.iJoin = 3;
    assocSqlJoined(p, 2, pRel, 3);
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
      filter.pFirst =
          hopsTo(p, pItem->pPath, 0, &pAt, iAlias, ASSOC_FIRST_FILTER);
    } else {
      AssocRel *pRel = assocItemRel(p, pItem, pItem->pPath, pModel);
      if (pRel)
        filter.pFirst = assocSqlHops(p, pRel, iAlias, ASSOC_FIRST_FILTER);
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
    if (assocKeyColumn(pTab, &pSort->key) == iCol) return 1;
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
