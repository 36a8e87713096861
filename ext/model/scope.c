/*
** Scopes of models, and soft deletion.
**
**   assoc_model('Post', '{"defaultScope":{"where":{"published":1}},
**     "scopes":{"recent":{"order":"created_at desc","limit":{"$param":1}}},
**     "paranoid":true}')
**
** A scope is a set of find options: where, order, limit, offset. In a named
** scope ?1, ?2, ... stand for the arguments of the scope's use.
*/
#include "model/model.h"

/* Read a scope and add it to the model. zName is 0 for the default scope. */
static void addScope(AssocCall *pCall, AssocModel *pModel, const char *zName,
                     AssocJson *pJson) {
  AssocArena *pArena = &pModel->pTable->pSchema->pCatalog->mem;
  AssocScope *pScope = assocAlloc(pCall, pArena, sizeof(*pScope));
  assert(pJson);
  if (pScope == 0) return;
  pScope->zName = zName;
  pScope->pClauses = assocShapeScope(
      pCall, pArena, pJson, zName ? &pScope->nParam : 0, &pScope->bNamed);
  assocErrorPrefix(pCall,
                   "the scope %s of %s: ", zName ? zName : "defaultScope",
                   pModel->zLabel);
  pScope->pNext = pModel->pScope;
  pModel->pScope = pScope;
}

/* Read "paranoid":true. The column is the one that "deletedAt" names, else
** deletedAt or deleted_at. */
static void readDeleted(AssocCall *pCall, AssocModel *pModel,
                        AssocJson *pJson) {
  AssocJson *pParanoid = assocJsonGet(pJson, "paranoid");
  AssocJson *pName = assocJsonGet(pJson, "deletedAt");
  const AssocTable *pTab = pModel->pTable;
  const char *z = pName && pName->eType == ASSOC_J_TEXT ? pName->z : 0;
  if (pParanoid == 0 || pParanoid->eType != ASSOC_J_TRUE) return;
  if (z) {
    pModel->iDeleted = assocColumnFind(pTab, z);
  } else {
    pModel->iDeleted = assocColumnFind(pTab, "deletedAt");
    if (pModel->iDeleted < 0) {
      pModel->iDeleted = assocColumnFind(pTab, "deleted_at");
    }
  }
  if (pModel->iDeleted < 0) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, pModel->zLabel, 0,
                 "%s has no column %s, which \"paranoid\" needs to keep the "
                 "time of deletion in; name the column with \"deletedAt\"",
                 pModel->zLabel, z ? z : "deletedAt or deleted_at");
  }
}

/* A model's scope is used wherever the model is read, mostly without a join
** table. */
static void noJoinRow(AssocCall *pCall, const AssocModel *pModel,
                      const ShapeName *pName) {
  assocErrorOf(pCall, ASSOC_E_DEFINITION, pModel->zLabel, pName->z,
               "a scope of %s cannot use a column of a join row: @%s; use "
               "\"scope\" and \"order\" of the association",
               pModel->zLabel, pName->z);
}

/* Paths and aggregates are checked when the scope is used. */
static void checkColumn(AssocCall *pCall, const AssocModel *pModel,
                        const ShapeKey *pKey) {
  const ShapeName *pName = pKey->pPath;
  assert(pName); /* An aggregate has one, too */
  if (pKey->bAt) {
    noJoinRow(pCall, pModel, pName);
  } else if (pName->pNext == 0 && pKey->pAgg == 0 &&
             assocColumnFind(pModel->pTable, pName->z) < 0) {
    assocErrorOf(pCall, ASSOC_E_UNKNOWN_COLUMN, pModel->zLabel, pName->z,
                 "%s has no column %s, which a scope names", pModel->zLabel,
                 pName->z);
  }
}

/* A column that stands alone in a predicate must exist. A path is checked when
** the scope is used. */
static void checkColumns(AssocCall *pCall, const AssocModel *pModel,
                         const ShapePred *pPred) {
  for (; pPred; pPred = pPred->pNext) {
    if (pPred->eOp <= SHAPE_OP_NOT) {
      checkColumns(pCall, pModel, pPred->pSub);
    } else if (pPred->eOp >= SHAPE_OP_EQ) {
      checkColumn(pCall, pModel, &pPred->key);
      if (pPred->pOther) checkColumn(pCall, pModel, pPred->pOther);
    }
  }
}

/* Called when assoc_model() stores the scopes, so that a misspelt column is
** found there and not at the next read, and a value without a number not at the next
** use of the scope. */
void assocModelCheckScopes(AssocCall *pCall, AssocModel *pModel) {
  const AssocScope *pScope;
  const ShapeSort *pSort;
  if (!assocModelScopes(pCall, pModel)) return;
  for (pScope = pModel->pScope; pScope; pScope = pScope->pNext) {
    if (pScope->bNamed) {
      assocErrorOf(pCall, ASSOC_E_DEFINITION, pModel->zLabel, pScope->zName,
                   "the scope %s of %s takes values by number, not by name: "
                   "{\"$param\":1}",
                   pScope->zName, pModel->zLabel);
    }
    checkColumns(pCall, pModel, pScope->pClauses->pWhere);
    for (pSort = pScope->pClauses->pOrder; pSort; pSort = pSort->pNext) {
      if (pSort->key.bAt) noJoinRow(pCall, pModel, pSort->key.pPath);
      if (pSort->key.pAgg || pSort->key.pPath->pNext ||
          assocColumnFind(pModel->pTable, pSort->key.pPath->z) >= 0) {
        continue;
      }
      assocErrorOf(pCall, ASSOC_E_UNKNOWN_COLUMN, pModel->zLabel,
                   pSort->key.pPath->z,
                   "%s has no column %s, which a scope is ordered by",
                   pModel->zLabel, pSort->key.pPath->z);
    }
  }
}

/* The scopes lie in the catalog and are read at their first use. False after an
** error; a failed read is tried again. */
int assocModelScopes(AssocCall *pCall, AssocModel *pModel) {
  AssocJson *pJson, *pScopes, *p;
  if (pModel->bScopes || pCall->rc != SQLITE_OK) {
    return pCall->rc == SQLITE_OK;
  }
  pModel->pScope = 0;
  pJson = assocModelJson(pCall, pModel);
  p = assocJsonGet(pJson, "defaultScope");
  if (p) addScope(pCall, pModel, 0, p);
  pScopes = assocJsonGet(pJson, "scopes");
  for (p = pScopes ? pScopes->pChild : 0; p && p->zKey; p = p->pNext) {
    addScope(pCall, pModel, p->zKey, p);
  }
  if (pJson) readDeleted(pCall, pModel, pJson);
  pModel->bScopes = pCall->rc == SQLITE_OK;
  return pModel->bScopes;
}
