/*
** Predicates, orders and joins as SQL.
**
** A name reaches the text only after it was found in the schema, and quoted;
** a value only as a ?number. Paths of associations become correlated
** subqueries, so that nothing multiplies the rows of the table that is asked
** for:
**
**   author.name = "Ann"       (SELECT t2.name FROM users t2
**                              WHERE t2.id=t1.author_id) = ?1
**   some posts(likes > 3)     EXISTS(SELECT 1 FROM posts t2
**                              WHERE t2.user_id=t1.id AND (t2.likes > ?1))
**   posts.count() >= 3        (SELECT count(*) FROM posts t2
**                              WHERE t2.user_id=t1.id) >= ?1
*/
#include "load/load.h"

static void sqlPut(AssocSql *p, const char *z) {
  sqlite3_str_appendall(p->pStr, z);
}

/* ------------------------------------------------------ tables, columns */

void assocSqlTable(AssocSql *p, const AssocTable *pTab) {
  sqlite3_str_appendf(p->pStr, "\"%w\".\"%w\"", pTab->pSchema->zName,
                      pTab->zName);
}

void assocSqlColumn(AssocSql *p, int iAlias, const AssocTable *pTab, int iCol) {
  sqlite3_str_appendf(p->pStr, "t%d.\"%w\"", iAlias, pTab->aCol[iCol].zName);
}

static void sqlTableAs(AssocSql *p, const AssocTable *pTab, int iAlias) {
  assocSqlTable(p, pTab);
  sqlite3_str_appendf(p->pStr, " t%d", iAlias);
}

/* t1.a=t2.b AND t1.c=t2.d */
static void sqlEqual(AssocSql *p, int iA, const AssocTable *pA,
                     const AssocKey *pKeyA, int iB, const AssocTable *pB,
                     const AssocKey *pKeyB) {
  int i;
  for (i = 0; i < pKeyA->nCol; i++) {
    if (i) sqlPut(p, " AND ");
    assocSqlColumn(p, iA, pA, pKeyA->aCol[i]);
    sqlPut(p, "=");
    assocSqlColumn(p, iB, pB, pKeyB->aCol[i]);
  }
}

/* ---------------------------------------------------------------- values */

static int sqlBind(AssocSql *p, const ShapeVal *pVal, int bCount) {
  AssocBind *pBind = assocAlloc(p->pCall, p->pArena, sizeof(*pBind));
  if (pBind == 0) return 0;
  pBind->iSql = ++p->nVar;
  pBind->pVal = pVal;
  pBind->bCount = (u8)bCount;
  *p->ppBindEnd = pBind;
  p->ppBindEnd = &pBind->pNext;
  return pBind->iSql;
}

void assocSqlVal(AssocSql *p, const ShapeVal *pVal) {
  sqlite3_str_appendf(p->pStr, "?%d", sqlBind(p, pVal, 0));
}

void assocSqlCount(AssocSql *p, const ShapeVal *pVal) {
  sqlite3_str_appendf(p->pStr, "?%d", sqlBind(p, pVal, 1));
}

/* ---------------------------------------------------------------- errors */

/* "did you mean": columns and associations that are near a name. */
static const char *nearestName(AssocSql *p, AssocModel *pModel,
                               const char *zName, int bColumns) {
  AssocNearest near;
  AssocDef *pDef = 0;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  for (i = 0; bColumns && i < pModel->pTable->nCol; i++) {
    assocNearestTry(&near, pModel->pTable->aCol[i].zName);
  }
  while ((pDef = assocModelNextDef(p->pCall, pModel, pDef)) != 0) {
    assocNearestTry(&near, pDef->zName);
  }
  return near.zBest;
}

void assocSqlUnknown(AssocSql *p, AssocModel *pModel, const ShapeName *pName,
                     const char *zWhat) {
  const char *zNear = nearestName(p, pModel, pName->z, 1);
  assocShapeError(p->pCall, p->zText, pName->iOff, "%s has no %s '%s'%s%s%s",
                  pModel->zLabel, zWhat, pName->z,
                  zNear ? "; did you mean '" : "", zNear ? zNear : "",
                  zNear ? "'?" : "");
}

/* The association of that name, ready for use. */
static AssocRel *sqlRel(AssocSql *p, AssocModel *pModel,
                        const ShapeName *pName) {
  AssocRel *pRel;
  if (p->pCall->rc != SQLITE_OK) return 0;
  pRel = assocRelSeek(p->pCall, pModel, pName->z);
  if (p->pCall->rc != SQLITE_OK) return 0;
  if (pRel) {
    assocRelNeedReady(p->pCall, pRel);
  } else if (assocColumnFind(pModel->pTable, pName->z) >= 0) {
    assocShapeError(p->pCall, p->zText, pName->iOff,
                    "'%s' is a column of %s, not an association", pName->z,
                    pModel->zLabel);
  } else {
    AssocCall call;
    assocCallInit(&call, p->pCall->pConn);
    assocRelMissing(&call, pModel, pName->z);
    assocShapeError(p->pCall, p->zText, pName->iOff, "%s",
                    call.zErr ? &call.zErr[7] : "out of memory");
    if (call.rc == SQLITE_NOMEM) p->pCall->rc = SQLITE_NOMEM;
    assocCallClear(&call);
  }
  return p->pCall->rc == SQLITE_OK ? pRel : 0;
}

/* An include by model: the only association with that target. */
static AssocRel *relByModel(AssocSql *p, const ShapeName *pTarget,
                            AssocModel *pModel) {
  AssocCatalog *pCat = pModel->pTable->pSchema->pCatalog;
  AssocModel *pWanted = assocModelFind(p->pCall, pCat, pTarget->z);
  AssocDef *pDef = 0, *pOnly = 0;
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  char *z;
  int n = 0;
  while (pWanted && (pDef = assocModelNextDef(p->pCall, pModel, pDef)) != 0) {
    if (pDef->zTarget == 0 ||
        assocModelNear(p->pCall, pDef->pSchema, pDef->zTarget) != pWanted) {
      continue;
    }
    sqlite3_str_appendf(pStr, "%s%s", n++ ? ", " : "", pDef->zName);
    pOnly = pDef;
  }
  z = assocStrFinish(p->pCall, pStr);
  if (n > 1) {
    assocError(p->pCall,
               "%s is associated with %s more than once; say which with "
               "\"as\": %s",
               pModel->zLabel, pWanted->zLabel, z);
  } else if (n == 0 && pWanted) {
    assocError(p->pCall, "%s is not associated with %s", pModel->zLabel,
               pWanted->zLabel);
  }
  sqlite3_free(z);
  if (p->pCall->rc != SQLITE_OK) return 0;
  return assocRelOf(p->pCall, pOnly);
}

AssocRel *assocItemRel(AssocSql *p, const ShapeItem *pItem,
                       const ShapeName *pName, AssocModel *pModel) {
  AssocRel *pRel;
  if (pName) {
    pRel = sqlRel(p, pModel, pName);
    if (pRel && pItem->pModel &&
        assocModelFind(p->pCall, pModel->pTable->pSchema->pCatalog,
                       pItem->pModel->z) != pRel->pTarget) {
      assocError(p->pCall,
                 "the association '%s' of %s leads to %s, not to the model "
                 "'%s'",
                 pRel->zName, pModel->zLabel, pRel->pTarget->zLabel,
                 pItem->pModel->z);
    }
  } else {
    pRel = relByModel(p, pItem->pModel, pModel);
    if (pRel) assocRelNeedReady(p->pCall, pRel);
  }
  return p->pCall->rc == SQLITE_OK ? pRel : 0;
}

/* ----------------------------------------------------------------- paths */

/*
** A path of associations on the way into a subquery.
*/
typedef struct SqlHop SqlHop;
struct SqlHop {
  AssocRel *pRel;
  int iFrom;  /* Alias of the rows it starts from */
  int iAlias; /* Alias of its target */
  int iJoin;  /* Alias of its join table */
  SqlHop *pNext;
};

/* Resolve the segments of a path; *ppLast is the model where it ends. */
static SqlHop *sqlHops(AssocSql *p, const ShapeName *pPath,
                       const ShapeName *pEnd, AssocModel **ppModel,
                       int iAlias) {
  SqlHop *pFirst = 0, **ppEnd = &pFirst;
  for (; pPath != pEnd; pPath = pPath->pNext) {
    SqlHop *pHop = assocAlloc(p->pCall, p->pArena, sizeof(*pHop));
    if (pHop == 0) return 0;
    pHop->pRel = sqlRel(p, *ppModel, pPath);
    if (pHop->pRel == 0) return 0;
    pHop->iFrom = iAlias;
    pHop->iAlias = iAlias = ++p->nAlias;
    if (pHop->pRel->eKind == ASSOC_BELONGSTOMANY) pHop->iJoin = ++p->nAlias;
    *ppModel = pHop->pRel->pTarget;
    *ppEnd = pHop;
    ppEnd = &pHop->pNext;
  }
  return pFirst;
}

/* The columns of the target, or of the join row, that = the source's. */
static void sqlLink(AssocSql *p, const SqlHop *pHop) {
  const AssocRel *pRel = pHop->pRel;
  const AssocTable *pSrc = pRel->pSource->pTable;
  const AssocTable *pTgt = pRel->pTarget->pTable;
  switch (pRel->eKind) {
  case ASSOC_BELONGSTO:
    sqlEqual(p, pHop->iAlias, pTgt, &pRel->targetKey, pHop->iFrom, pSrc,
             &pRel->foreign);
    break;
  case ASSOC_BELONGSTOMANY:
    sqlEqual(p, pHop->iJoin, pRel->pThrough, &pRel->foreign, pHop->iFrom, pSrc,
             &pRel->sourceKey);
    sqlPut(p, " AND ");
    sqlEqual(p, pHop->iAlias, pTgt, &pRel->targetKey, pHop->iJoin,
             pRel->pThrough, &pRel->other);
    break;
  default:
    sqlEqual(p, pHop->iAlias, pTgt, &pRel->foreign, pHop->iFrom, pSrc,
             &pRel->sourceKey);
    break;
  }
}

/* " FROM a t2, b t3 WHERE t2.x=t1.y AND t3.z=t2.u AND (scope)" */
static void sqlFrom(AssocSql *p, const SqlHop *pFirst) {
  const SqlHop *pHop;
  sqlPut(p, " FROM ");
  for (pHop = pFirst; pHop; pHop = pHop->pNext) {
    if (pHop != pFirst) sqlPut(p, ", ");
    sqlTableAs(p, pHop->pRel->pTarget->pTable, pHop->iAlias);
    if (pHop->iJoin) {
      sqlPut(p, ", ");
      sqlTableAs(p, pHop->pRel->pThrough, pHop->iJoin);
    }
  }
  sqlPut(p, " WHERE ");
  for (pHop = pFirst; pHop; pHop = pHop->pNext) {
    if (pHop != pFirst) sqlPut(p, " AND ");
    sqlLink(p, pHop);
    assocSqlConditions(p, pHop->pRel, 0, pHop->pRel->pTarget, pHop->iAlias,
                       pHop->iJoin);
  }
}

static const SqlHop *lastHop(const SqlHop *pHop) {
  while (pHop->pNext) pHop = pHop->pNext;
  return pHop;
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

/* author.company.name: the path must be to-one all the way. */
static void sqlPathColumn(AssocSql *p, const ShapeName *pPath,
                          AssocModel *pModel, int iAlias) {
  const ShapeName *pCol = pPath;
  const SqlHop *pFirst, *pHop;
  const ShapeName *pAt = pPath;
  int iCol, bHasOne = 0;
  while (pCol->pNext) pCol = pCol->pNext;
  pFirst = sqlHops(p, pPath, pCol, &pModel, iAlias);
  for (pHop = pFirst; pHop; pHop = pHop->pNext, pAt = pAt->pNext) {
    if (pHop->pRel->bMany) {
      assocShapeError(p->pCall, p->zText, pAt->iOff,
                      "%s may be many; did you mean some %s(...)?", pAt->z,
                      pAt->z);
    }
    bHasOne |= pHop->pRel->eKind == ASSOC_HASONE;
  }
  if (p->pCall->rc != SQLITE_OK) return;
  iCol = sqlColumnOf(p, pModel, pCol);
  if (iCol < 0) return;
  pHop = lastHop(pFirst);
  sqlPut(p, "(SELECT ");
  assocSqlColumn(p, pHop->iAlias, pModel->pTable, iCol);
  sqlFrom(p, pFirst);
  if (bHasOne) {
    assocSqlOrder(p, pHop->pRel, 0, pModel, pHop->iAlias);
    sqlPut(p, " LIMIT 1");
  }
  sqlPut(p, ")");
  sqlCollate(p, &pModel->pTable->aCol[iCol]);
}

/* count(*), count(DISTINCT t2.a), sum(t2.a), ... */
static void sqlAggCall(AssocSql *p, const ShapeAgg *pAgg,
                       const ShapeName *pPath, AssocModel *pModel, int iAlias) {
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
}

/* (SELECT count(*) FROM …) or EXISTS(SELECT 1 FROM …) */
static void sqlAgg(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                   int iAlias) {
  const ShapeAgg *pAgg = pKey->pAgg;
  const SqlHop *pFirst = sqlHops(p, pKey->pPath, 0, &pModel, iAlias);
  int iLast;
  if (p->pCall->rc != SQLITE_OK) return;
  iLast = lastHop(pFirst)->iAlias;
  sqlPut(p, pAgg->eAgg == SHAPE_AGG_EXISTS ? "EXISTS(SELECT 1" : "(SELECT ");
  if (pAgg->eAgg != SHAPE_AGG_EXISTS) {
    sqlAggCall(p, pAgg, pKey->pPath, pModel, iLast);
  }
  sqlFrom(p, pFirst);
  if (pAgg->pWhere) {
    sqlPut(p, " AND (");
    assocSqlPred(p, pAgg->pWhere, pModel, iLast);
    sqlPut(p, ")");
  }
  sqlPut(p, ")");
}

/* What a comparison or an order is about. */
static void sqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
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

static void sqlCompare(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                       int iAlias) {
  sqlKey(p, &pPred->key, pModel, iAlias);
  if (pPred->eOp == SHAPE_OP_ISNULL) {
    sqlPut(p, pPred->bNot ? " IS NOT NULL" : " IS NULL");
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
  const SqlHop *pFirst = sqlHops(p, pPred->key.pPath, 0, &pModel, iAlias);
  if (p->pCall->rc != SQLITE_OK) return;
  if (pPred->eOp != SHAPE_OP_SOME) sqlPut(p, "NOT ");
  sqlPut(p, "EXISTS(SELECT 1");
  sqlFrom(p, pFirst);
  if (pPred->pSub) {
    sqlPut(p, pPred->eOp == SHAPE_OP_EVERY ? " AND NOT (" : " AND (");
    assocSqlPred(p, pPred->pSub, pModel, lastHop(pFirst)->iAlias);
    sqlPut(p, ")");
  }
  sqlPut(p, ")");
}

/* JSON "$posts.title$": if the way is to-many, some row of it. */
static int sqlSomeColumn(AssocSql *p, const ShapePred *pPred,
                         AssocModel *pModel, int iAlias) {
  const ShapeName *pCol = pPred->key.pPath;
  AssocModel *pEnd = pModel;
  const SqlHop *pFirst, *pHop;
  ShapePred last = *pPred;
  int bMany = 0;
  if (!pPred->bSome || pPred->key.pAgg || pCol == 0 || pCol->pNext == 0) {
    return 0;
  }
  while (pCol->pNext) pCol = pCol->pNext;
  pFirst = sqlHops(p, pPred->key.pPath, pCol, &pEnd, iAlias);
  for (pHop = pFirst; pHop; pHop = pHop->pNext) bMany |= pHop->pRel->bMany;
  if (p->pCall->rc != SQLITE_OK || !bMany) return 0;
  last.key.pPath = assocAlloc(p->pCall, p->pArena, sizeof(*pCol));
  if (last.key.pPath == 0) return 1;
  *last.key.pPath = *pCol;
  sqlPut(p, "EXISTS(SELECT 1");
  sqlFrom(p, pFirst);
  sqlPut(p, " AND ");
  sqlCompare(p, &last, pEnd, lastHop(pFirst)->iAlias);
  sqlPut(p, ")");
  return 1;
}

void assocSqlPred(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                  int iAlias) {
  const ShapePred *pSub;
  if (p->pCall->rc != SQLITE_OK) return;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
  case SHAPE_OP_OR:
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      if (pSub != pPred->pSub) {
        sqlPut(p, pPred->eOp == SHAPE_OP_AND ? " AND " : " OR ");
      }
      sqlPut(p, "(");
      assocSqlPred(p, pSub, pModel, iAlias);
      sqlPut(p, ")");
    }
    break;
  case SHAPE_OP_NOT:
    sqlPut(p, "NOT (");
    assocSqlPred(p, pPred->pSub, pModel, iAlias);
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

void assocSqlConditions(AssocSql *p, const AssocRel *pRel,
                        const ShapeClauses *pC, AssocModel *pModel, int iAlias,
                        int iJoin) {
  const char *zText = p->zText;
  if (pRel) {
    p->zText = 0; /* Not the text that a scope was written in */
    sqlAnd(p, pRel->pScope, pModel, iAlias);
    if (pRel->pThroughScope && iJoin) {
      sqlAnd(p, pRel->pThroughScope, assocModelOf(p->pCall, pRel->pThrough),
             iJoin);
    }
    p->zText = zText;
  }
  if (pC == 0) return;
  sqlAnd(p, pC->pWhere, pModel, iAlias);
  if (pC->pThrough && iJoin) {
    sqlAnd(p, pC->pThrough->pWhere, assocModelOf(p->pCall, pRel->pThrough),
           iJoin);
  }
}

void assocSqlRelated(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                     const ShapeItem *pBlock) {
  SqlHop hop;
  memset(&hop, 0, sizeof(hop));
  hop.pRel = pRel;
  hop.iFrom = 1;
  hop.iAlias = 2;
  if (pRel->pThrough) hop.iJoin = 3;
  p->nAlias = 3;
  sqlPut(p, " FROM ");
  sqlTableAs(p, pRel->pSource->pTable, 1);
  sqlPut(p, ", ");
  sqlTableAs(p, pRel->pTarget->pTable, 2);
  if (hop.iJoin) {
    sqlPut(p, ", ");
    sqlTableAs(p, pRel->pThrough, 3);
  }
  sqlPut(p, " WHERE ");
  sqlLink(p, &hop);
  assocSqlConditions(p, pRel, pC, pRel->pTarget, 2, hop.iJoin);
  assocSqlRequired(p, pBlock, pRel->pTarget, 2);
}

void assocSqlRequired(AssocSql *p, const ShapeItem *pBlock, AssocModel *pModel,
                      int iAlias) {
  const ShapeItem *pItem;
  for (pItem = pBlock; pItem && p->pCall->rc == SQLITE_OK;
       pItem = pItem->pNext) {
    SqlHop hop;
    const ShapeName *pName = pItem->pPath;
    AssocModel *pAt = pModel;
    SqlHop *pFirst;
    if (pItem->eType != SHAPE_ITEM_NAME || !pItem->bRequired) continue;
    memset(&hop, 0, sizeof(hop));
    if (pName && pName->pNext) {
      pFirst = sqlHops(p, pName, 0, &pAt, iAlias);
    } else {
      pFirst = &hop;
      hop.pRel = assocItemRel(p, pItem, pName, pModel);
      if (hop.pRel == 0) return;
      hop.iFrom = iAlias;
      hop.iAlias = ++p->nAlias;
      if (hop.pRel->eKind == ASSOC_BELONGSTOMANY) hop.iJoin = ++p->nAlias;
      pAt = hop.pRel->pTarget;
    }
    if (p->pCall->rc != SQLITE_OK) return;
    sqlPut(p, " AND EXISTS(SELECT 1");
    sqlFrom(p, pFirst);
    assocSqlConditions(p, 0, pItem->pClauses, pAt, lastHop(pFirst)->iAlias, 0);
    if (pItem->pClauses && pItem->pClauses->pThrough &&
        lastHop(pFirst)->iJoin) {
      sqlAnd(p, pItem->pClauses->pThrough->pWhere,
             assocModelOf(p->pCall, lastHop(pFirst)->pRel->pThrough),
             lastHop(pFirst)->iJoin);
    }
    assocSqlRequired(p, pItem->pBlock, pAt, lastHop(pFirst)->iAlias);
    sqlPut(p, ")");
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

static void sqlSort(AssocSql *p, const ShapeSort *pSort, AssocModel *pModel,
                    int iAlias) {
  static const char *const azNulls[] = {"", " NULLS FIRST", " NULLS LAST"};
  sqlKey(p, &pSort->key, pModel, iAlias);
  if (pSort->pColl) sqlCollation(p, pSort->pColl);
  if (pSort->bDesc) sqlPut(p, " DESC");
  sqlPut(p, azNulls[pSort->eNulls]);
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

void assocSqlOrder(AssocSql *p, const AssocRel *pRel, const ShapeClauses *pC,
                   AssocModel *pModel, int iAlias) {
  const ShapeSort *pOrder = pC ? pC->pOrder : 0, *pSort;
  const char *zText = p->zText;
  int i, n = 0;
  if (pOrder == 0 && pRel && pRel->pOrder) {
    pOrder = pRel->pOrder;
    p->zText = 0;
  }
  for (pSort = pOrder; pSort; pSort = pSort->pNext) {
    sqlPut(p, n++ ? ", " : " ORDER BY ");
    sqlSort(p, pSort, pModel, iAlias);
  }
  p->zText = zText;
  for (i = 0; i < pModel->nKey; i++) {
    if (sortsBy(pOrder, pModel->pTable, pModel->aKey[i])) continue;
    sqlPut(p, n++ ? ", " : " ORDER BY ");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
  }
}
