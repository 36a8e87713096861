/*
** Polymorphic associations: a belongsTo whose type column names the target's
** model, and associations of other kinds over the same columns.
**
**   Comment belongsTo commentable, {"polymorphic":{"models":{"post":"Post"}}}
**   Post hasMany Comment, {"polymorphic":"commentable"}
**   Comment.commentableType = 'post' and Comment.commentableId = Post.id
*/
#include "model/resolve.h"

/* The default name of a column of the polymorphic key: commentableId or
** commentable_type. An existing column decides between the two spellings. */
static void polymorphicColumn(AssocResolver *p, AssocKey *pKey,
                              const char *zSuffix) {
  const AssocTable *pTab = p->pRel->pSource->pTable;
  const char *zCamel =
      assocCamelize(p->pCall, p->pArena, p->pRel->zName, zSuffix);
  const char *zSnake =
      zCamel ? assocUnderscore(p->pCall, p->pArena, zCamel) : 0;
  assocKeyAlloc(p, pKey, 1);
  if (pKey->nCol == 0) return; /* No memory */
  assocKeySet(pKey, 0, pTab, assocIsSnake(pTab->zName) ? zSnake : zCamel);
  if (pKey->aCol[0] < 0) {
    const char *zOther = assocIsSnake(pTab->zName) ? zCamel : zSnake;
    if (assocColumnFind(pTab, zOther) >= 0) assocKeySet(pKey, 0, pTab, zOther);
  }
  pKey->eFrom = pKey->aCol[0] >= 0 ? ASSOC_FROM_CONVENTION : ASSOC_FROM_DEFAULT;
}

/* Add a target model. All targets have keys of the same length. */
static void addBranch(AssocResolver *p, const char *zType, const char *zModel) {
  AssocRel *pRel = p->pRel;
  AssocBranch *pBranch = &pRel->aBranch[pRel->nBranch++];
  assert(pRel->aBranch);
  pBranch->zType = zType;
  pBranch->pModel = assocModelNear(p->pCall, p->pDef->pSchema, zModel);
  if (pBranch->pModel == 0) {
    assocModelMissing(p->pCall, p->pDef->pSchema->pCatalog, zModel);
    return;
  }
  assocKeyReferenced(p, &pBranch->key, pBranch->pModel, &pRel->pOpt->targetKey,
                     "targetKey");
  if (p->pCall->rc == SQLITE_OK &&
      pBranch->key.nCol != pRel->aBranch[0].key.nCol) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel,
                 pRel->zName,
                 "the keys of %s and %s have different numbers of columns",
                 pRel->aBranch[0].pModel->zLabel, pBranch->pModel->zLabel);
  }
}

/* Resolve a polymorphic belongsTo: {"type":"kind","models":{"post":"Post"}}, or
** "models":["Post","Image"]. */
void assocResolvePolymorphic(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocJson *pOpt = pRel->pOpt->pPolymorphic;
  AssocJson *pModels = assocJsonGet(pOpt, "models"), *pSub;
  AssocJson *pType = assocJsonGet(pOpt, "type");
  if (pModels == 0 || pModels->eType < ASSOC_J_ARRAY || pModels->nChild == 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel,
                 pRel->zName,
                 "the option polymorphic needs \"models\", from what the type "
                 "column holds to a model: {\"post\":\"Post\"}");
    return;
  }
  pRel->aBranch = assocAlloc(p->pCall, p->pArena,
                             (i64)sizeof(AssocBranch) * pModels->nChild);
  if (pRel->aBranch == 0) return;
  for (pSub = pModels->pChild; pSub && p->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    if (pSub->eType != ASSOC_J_TEXT) {
      assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel,
                   pRel->zName,
                   "\"models\" of polymorphic must be names of models");
      return;
    }
    addBranch(p, pSub->zKey ? pSub->zKey : pSub->z, pSub->z);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  pRel->pTarget = pRel->aBranch[0].pModel;
  pRel->targetKey = pRel->aBranch[0].key;
  if (pType && pType->eType == ASSOC_J_TEXT) {
    assocKeyAlloc(p, &pRel->type, 1);
    assocKeySet(&pRel->type, 0, pRel->pSource->pTable, pType->z);
  } else {
    polymorphicColumn(p, &pRel->type, "type");
  }
  if (pRel->pOpt->foreignKey.n) {
    assocKeyNamed(p, &pRel->foreign, pRel->pSource->pTable,
                  &pRel->pOpt->foreignKey);
  } else {
    polymorphicColumn(p, &pRel->foreign, "id");
  }
  if (p->pCall->rc == SQLITE_OK && pRel->foreign.nCol != pRel->targetKey.nCol) {
    assocErrorOf(
        p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel, pRel->zName,
        "foreignKey names %d columns, but the key of %s has %d",
        pRel->foreign.nCol, pRel->pTarget->zLabel, pRel->targetKey.nCol);
  }
}

/* The branch that leads to a model; else one to its table, since Rails stores
** the type of the base class. nBranch if there is none. */
static int typeBranch(const AssocRel *pBack, const AssocModel *pModel) {
  int i = 0;
  while (i < pBack->nBranch && pBack->aBranch[i].pModel != pModel) i++;
  if (i < pBack->nBranch) return i;
  i = 0;
  while (i < pBack->nBranch &&
         pBack->aBranch[i].pModel->pTable != pModel->pTable) {
    i++;
  }
  return i;
}

/* The scope of the other side: pScope, and the type that stands for the source.
** So a hasMany over a polymorphic key reads and writes its own type only. 0
** after an error: the belongsTo does not lead to the source. */
static AssocJson *typeScope(AssocResolver *p, const AssocRel *pBack,
                            AssocJson *pScope) {
  AssocJson *pObj = assocAlloc(p->pCall, p->pArena, sizeof(*pObj));
  AssocJson *pVal = assocAlloc(p->pCall, p->pArena, sizeof(*pVal));
  int i;
  if (pVal == 0) return 0; /* Also if there is no object */
  i = typeBranch(pBack, p->pRel->pSource);
  if (i == pBack->nBranch) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pBack->pSource->zLabel,
                 pBack->zName, "%s.%s is polymorphic, but not to %s",
                 pBack->pSource->zLabel, pBack->zName,
                 p->pRel->pSource->zLabel);
    return 0;
  }
  pVal->eType = ASSOC_J_TEXT;
  pVal->zKey = pBack->type.azCol[0];
  pVal->z = pBack->aBranch[i].zType;
  pVal->n = (int)strlen(pVal->z);
  pObj->eType = ASSOC_J_OBJECT;
  pObj->pChild = pVal;
  pObj->nChild = 1;
  if (pScope) {
    pVal->pNext = pScope->pChild;
    pObj->nChild += pScope->nChild;
  }
  return pObj;
}

/* Resolve "polymorphic":"commentable" of hasOne, hasMany and belongsToMany:
** take the foreign key from that belongsTo, and add the type to the scope.
** Resolves that belongsTo: this is where resolving recurses. */
void assocResolveTyped(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocModel *pWhere = pRel->pTarget;
  AssocOptions *pOpt;
  AssocRel *pBack;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pWhere = pRel->pOpt->zThrough ? assocModelNear(p->pCall, p->pDef->pSchema,
                                                   pRel->pOpt->zThrough)
                                  : 0;
    if (pWhere == 0) {
      assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pRel->pSource->zLabel,
                   p->pRel->zName,
                   "a polymorphic belongsToMany needs the option through, and "
                   "the join table must be there");
      return;
    }
  }
  pBack = assocRelFind(p->pCall, pWhere, pRel->pOpt->pPolymorphic->z);
  pOpt = assocAlloc(p->pCall, p->pArena, sizeof(*pOpt));
  if (pOpt == 0) return; /* Also if there is no such association */
  *pOpt = *pRel->pOpt;
  pOpt->foreignKey = assocKeyNames(&pBack->foreign);
  pRel->type = pBack->type;
  pOpt->eConstraints = 0;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pOpt->pThroughScope = typeScope(p, pBack, pOpt->pThroughScope);
  } else {
    pOpt->pScope = typeScope(p, pBack, pOpt->pScope);
  }
  pRel->pOpt = pOpt;
}

/* The branch with that type. Types are compared exactly, because they are
** values in a column; then names of models, which a caller may write as well.
** -1 and an error if there is none. */
static int branchFind(AssocCall *pCall, const AssocRel *pRel,
                      const char *zType) {
  AssocNearest near;
  int i;
  for (i = 0; i < pRel->nBranch; i++) {
    if (strcmp(pRel->aBranch[i].zType, zType) == 0) return i;
  }
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocModel *pModel = pRel->aBranch[i].pModel;
    if (sqlite3_stricmp(pModel->zName, zType) == 0 ||
        sqlite3_stricmp(pModel->zLabel, zType) == 0) {
      return i;
    }
  }
  memset(&near, 0, sizeof(near));
  near.zWritten = zType;
  for (i = 0; i < pRel->nBranch; i++) {
    if (!assocModelShown(pCall, pRel->aBranch[i].pModel)) continue;
    assocNearestTry(&near, pRel->aBranch[i].zType);
  }
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zModel = pRel->pSource->zLabel,
                        .zName = pRel->zName,
                        .zNear = near.zBest},
            "%s.%s cannot be a '%s'", pRel->pSource->zLabel, pRel->zName,
            zType);
  return -1;
}

/* {"post":7} chooses the branch "post" and returns 7. For an association that
** is not polymorphic the value is returned as it is. */
const AssocJson *assocRelBranch(AssocCall *pCall, const AssocRel *pRel,
                                const AssocJson *pJson, int *piBranch) {
  *piBranch = 0;
  if (pRel->nBranch == 0) return pJson;
  if (pJson == 0 || pJson->eType != ASSOC_J_OBJECT || pJson->nChild != 1) {
    assocErrorOf(pCall, ASSOC_E_AMBIGUOUS, pRel->pSource->zLabel, pRel->zName,
                 "%s.%s may be of several kinds; say which: {\"%s\":...}",
                 pRel->pSource->zLabel, pRel->zName, pRel->aBranch[0].zType);
    return 0;
  }
  *piBranch = branchFind(pCall, pRel, pJson->pChild->zKey);
  return *piBranch < 0 ? 0 : pJson->pChild;
}

/* The error for a model that is not among those of the association. */
static void neverLeads(AssocCall *pCall, const AssocRel *pRel,
                       const AssocModel *pModel) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  char *z;
  int i;
  for (i = 0; i < pRel->nBranch; i++) {
    const char *zAnd = i == 0 ? "" : i < pRel->nBranch - 1 ? ", " : " and ";
    sqlite3_str_appendf(pStr, "%s%s", zAnd, pRel->aBranch[i].pModel->zLabel);
  }
  z = assocStrFinish(pCall, pStr);
  assocErrorOf(pCall, ASSOC_E_ARGUMENT, pRel->pSource->zLabel, pRel->zName,
               "%s never leads to %s; it leads to %s", pRel->zName,
               pModel->zLabel, z);
  sqlite3_free(z);
}

/* A copy of the association as if the model were its only target, kept in the
** branch: paths and conditions can then treat it as an ordinary belongsTo. 0
** and an error if no branch leads to the model. */
AssocRel *assocRelOn(AssocCall *pCall, const AssocRel *pRel,
                     const AssocModel *pModel) {
  AssocCatalog *pCat = pRel->pSource->pTable->pSchema->pCatalog;
  AssocBranch *pBranch;
  AssocRel *pNew;
  int i = 0;
  assert(pRel->nBranch > 0);
  if (pModel == 0) return 0;
  while (i < pRel->nBranch && pRel->aBranch[i].pModel != pModel) i++;
  if (i == pRel->nBranch) {
    neverLeads(pCall, pRel, pModel);
    return 0;
  }
  pBranch = &pRel->aBranch[i];
  if (pBranch->pRel) return pBranch->pRel;
  pNew = assocAlloc(pCall, &pCat->mem, sizeof(*pNew));
  if (pNew == 0) return 0;
  *pNew = *pRel;
  pNew->pTarget = pBranch->pModel;
  pNew->targetKey = pBranch->key;
  pNew->zBranch = pBranch->zType;
  pNew->nBranch = 0;
  pNew->aBranch = 0;
  pBranch->pRel = pNew;
  return pNew;
}

/* The targets of all branches are compared in one statement, so the widest key
** counts, and the type is one value more. */
int assocRelTargetWidth(const AssocRel *pRel) {
  int i, n = pRel->pTarget->nKey;
  assert(pRel->pTarget);
  for (i = 0; i < pRel->nBranch; i++) {
    if (pRel->aBranch[i].pModel->nKey > n) n = pRel->aBranch[i].pModel->nKey;
  }
  return pRel->nBranch ? n + 1 : n;
}
