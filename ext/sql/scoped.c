/*
** The scopes of a model that apply where its rows are used, and what they add.
**
** The clauses of an item name scopes; otherwise the default scope applies. In a
** model with soft deletion, deleted rows do not count.
**
**   posts(scope liked(5))    AND (t1."likes" >= ?1) AND t1."deletedAt" IS NULL
*/
#include "sql/sql.h"

/* The arguments of a scope are values of the query, which may be parameters
** themselves: "scope liked(?2)". So the ?1 of the scope's definition becomes
** whatever the query wrote at its first place. */
const ShapeVal *assocScopeVal(AssocCall *pCall, const ShapeScope *pUse,
                              const ShapeVal *pVal) {
  const ShapeVal *pArg;
  i64 i;
  assert(pVal);
  if (pUse == 0 || pVal->eType < SHAPE_VAL_INDEX) return pVal;
  pArg = pUse->pArg;
  for (i = 1; pArg && i < pVal->i; i++) pArg = pArg->pNext;
  if (pArg && pVal->eType == SHAPE_VAL_INDEX) return pArg;
  if (pVal->eType == SHAPE_VAL_INDEX) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, pUse->pName->z,
                 "the scope %s needs a value for ?%d: scope %s(...)",
                 pUse->pName->z, (int)pVal->i, pUse->pName->z);
  } else {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, pVal->z,
                 "a scope takes its values as ?1, ?2, ..., not as :%s",
                 pVal->z);
  }
  return pVal;
}

/* Copy values; each ?n becomes the argument that it stands for. */
static ShapeVal *scopeVals(AssocSql *p, const ShapeScope *pUse,
                           const ShapeVal *pVal) {
  ShapeVal *pFirst = 0, **ppEnd = &pFirst;
  for (; pVal; pVal = pVal->pNext) {
    ShapeVal *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
    if (pNew == 0) return 0;
    *pNew = *assocScopeVal(p->pCall, pUse, pVal);
    pNew->pNext = 0;
    *ppEnd = pNew;
    ppEnd = &pNew->pNext;
  }
  return pFirst;
}

static ShapePred *scopePreds(AssocSql *p, const ShapeScope *pUse,
                             const ShapePred *pPred);

/* Copy an aggregate, with arguments for ?n in its condition. */
static ShapeAgg *scopeAgg(AssocSql *p, const ShapeScope *pUse,
                          const ShapeAgg *pAgg) {
  ShapeAgg *pNew;
  if (pAgg == 0) return 0;
  pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return 0;
  *pNew = *pAgg;
  pNew->pWhere = scopePreds(p, pUse, pAgg->pWhere);
  return pNew;
}

/* Copy a key, with the parameters inside its aggregate replaced. The tree of
** the definition is shared by all uses, so it is never changed. */
static ShapeKey *scopeKey(AssocSql *p, const ShapeScope *pUse,
                          const ShapeKey *pKey) {
  ShapeKey *pNew;
  if (pKey == 0) return 0;
  pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return 0;
  *pNew = *pKey;
  pNew->pAgg = scopeAgg(p, pUse, pKey->pAgg);
  return pNew;
}

/* Copy a list of predicates, with arguments for each ?n. */
static ShapePred *scopePreds(AssocSql *p, const ShapeScope *pUse,
                             const ShapePred *pPred) {
  ShapePred *pFirst = 0, **ppEnd = &pFirst;
  for (; pPred; pPred = pPred->pNext) {
    ShapePred *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
    if (pNew == 0) return 0;
    *pNew = *pPred;
    pNew->key.pAgg = scopeAgg(p, pUse, pPred->key.pAgg);
    pNew->pOther = scopeKey(p, pUse, pPred->pOther);
    pNew->pVal = scopeVals(p, pUse, pPred->pVal);
    pNew->pSub = scopePreds(p, pUse, pPred->pSub);
    pNew->pNext = 0;
    *ppEnd = pNew;
    ppEnd = &pNew->pNext;
  }
  return pFirst;
}

/* Copy the order of a scope, with its arguments: the functions that write
** orders know nothing of scopes. */
static ShapeSort *scopeOrder(AssocSql *p, const ShapeScope *pUse,
                             ShapeSort *pSort) {
  ShapeSort *pFirst = 0, **ppEnd = &pFirst;
  if (pUse == 0) return pSort;
  for (; pSort; pSort = pSort->pNext) {
    ShapeSort *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
    if (pNew == 0) return 0;
    *pNew = *pSort;
    pNew->key.pAgg = scopeAgg(p, pUse, pSort->key.pAgg);
    pNew->pNext = 0;
    *ppEnd = pNew;
    ppEnd = &pNew->pNext;
  }
  return pFirst;
}

/* Raise the error that the model has no such scope. */
static void scopeMissing(AssocSql *p, const AssocModel *pModel,
                         const ShapeScope *pUse) {
  const AssocScope *pScope = pModel->pScope;
  AssocNearest near;
  if (!assocModelShown(p->pCall, pModel)) pScope = 0;
  memset(&near, 0, sizeof(near));
  near.zWritten = pUse->pName->z;
  for (; pScope; pScope = pScope->pNext) {
    if (pScope->zName) assocNearestTry(&near, pScope->zName);
  }
  assocShapeFail(p->pCall, p->zText, pUse->pName->iOff,
                 &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_SCOPE,
                             .zModel = pModel->zLabel,
                             .zName = pUse->pName->z,
                             .zNear = near.zBest},
                 "%s has no scope '%s'", pModel->zLabel, pUse->pName->z);
}

/* The scope with that name; "defaultScope" is the default scope. 0 if there is
** none. */
static const AssocScope *scopeFind(const AssocModel *pModel,
                                   const char *zName) {
  const AssocScope *p = pModel->pScope;
  assert(zName);
  for (; p; p = p->pNext) {
    const char *z = p->zName ? p->zName : "defaultScope";
    if (sqlite3_stricmp(z, zName) == 0) return p;
  }
  return 0;
}

/* An argument without a ?n is an error. In JSON it is usually two scopes that
** are not written as a list of lists. */
static void scopeArgs(AssocSql *p, const AssocScope *pScope,
                      const ShapeScope *pUse) {
  const ShapeVal *pArg = pUse->pArg;
  int n = 0;
  assert(pScope && pUse);
  for (; pArg; pArg = pArg->pNext) n++;
  if (n <= pScope->nParam) return;
  assocShapeFail(
      p->pCall, p->zText, pUse->pName->iOff,
      &(AssocWhy){.eReason = ASSOC_E_ARGUMENT, .zName = pUse->pName->z},
      "the scope %s takes %d value%s, not %d%s", pUse->pName->z, pScope->nParam,
      pScope->nParam == 1 ? "" : "s", n,
      pUse->pName->iOff < 0
          ? "; several scopes are a list of lists: [[\"a\"],[\"b\"]]"
          : "");
}

/* See sql.h. */
const AssocScope *assocScopeNext(AssocSql *p, AssocModel *pModel,
                                 const ShapeClauses *pC,
                                 const ShapeScope **ppUse, int *pbStarted) {
  const AssocScope *pScope;
  if (!assocModelScopes(p->pCall, pModel)) return 0;
  if (pC && pC->pScope) {
    *ppUse = *pbStarted ? (*ppUse)->pNext : pC->pScope;
    *pbStarted = 1;
    if (*ppUse == 0) return 0;
    pScope = scopeFind(pModel, (*ppUse)->pName->z);
    if (pScope == 0) {
      scopeMissing(p, pModel, *ppUse);
    } else {
      scopeArgs(p, pScope, *ppUse);
    }
    return pScope;
  }
  *ppUse = 0;
  if (*pbStarted || (pC && pC->bUnscoped)) return 0;
  *pbStarted = 1;
  return scopeFind(pModel, "defaultScope");
}

/* See sql.h. */
ShapeScope *assocScopeDefault(AssocSql *p, const ShapeScope *pUse) {
  ShapeScope *pNew;
  while (pUse && sqlite3_stricmp(pUse->pName->z, "defaultScope") != 0) {
    pUse = pUse->pNext;
  }
  if (pUse == 0) return 0;
  pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return 0;
  *pNew = *pUse;
  pNew->pNext = 0;
  return pNew;
}

const ShapeClauses assocAnyRow = {.bUnscoped = 1, .bDeleted = 1};

/* See sql.h. While a scope's condition is written, p->pScope tells which
** arguments its ?n have. */
void assocSqlModel(AssocSql *p, AssocModel *pModel, const ShapeClauses *pC,
                   int iAlias) {
  const ShapeScope *pUse = 0, *pOuter = p->pScope;
  const AssocScope *pScope;
  int bStarted = 0;
  assert(iAlias > 0);
  assocSqlScope(p, pModel->pValues, pModel, iAlias);
  while ((pScope = assocScopeNext(p, pModel, pC, &pUse, &bStarted)) != 0) {
    p->pScope = pUse;
    assocSqlScope(p, pScope->pClauses->pWhere, pModel, iAlias);
    p->pScope = pOuter;
  }
  if (pC == 0 || !pC->bDeleted) assocSqlAlive(p, pModel, iAlias);
}

/*
** The clauses, with an order, a limit and an offset from scopes, if the clauses
** and the association have none. A to-one has no limit. If several scopes have
** one, the last counts. assocSqlConditions() writes the conditions of scopes.
*/
const ShapeClauses *assocSqlScoped(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC) {
  ShapeClauses *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  const ShapeClauses *pOrder = 0, *pLimit = 0, *pOffset = 0;
  const ShapeScope *pUse = 0, *pOrderUse = 0, *pLimitUse = 0, *pOffsetUse = 0;
  const AssocScope *pScope;
  int bStarted = 0;
  if (pNew == 0) return pC;
  if (pC) *pNew = *pC;
  while ((pScope = assocScopeNext(p, pModel, pC, &pUse, &bStarted)) != 0) {
    const ShapeClauses *pAdd = pScope->pClauses;
    if (pAdd->pOrder) pOrder = pAdd, pOrderUse = pUse;
    if (pAdd->pLimit) pLimit = pAdd, pLimitUse = pUse;
    if (pAdd->pOffset) pOffset = pAdd, pOffsetUse = pUse;
  }
  if (pOrder && !assocOrderOf(pRel, pNew)) {
    pNew->pOrder = scopeOrder(p, pOrderUse, pOrder->pOrder);
  }
  if (pRel && !pRel->bMany) return pNew;
  if (pNew->pLimit || pNew->pFirst || pNew->pLast) return pNew;
  if (pLimit) {
    pNew->pLimit =
        (ShapeVal *)assocScopeVal(p->pCall, pLimitUse, pLimit->pLimit);
  }
  if (pOffset && !pNew->pOffset) {
    pNew->pOffset =
        (ShapeVal *)assocScopeVal(p->pCall, pOffsetUse, pOffset->pOffset);
  }
  return pNew;
}
