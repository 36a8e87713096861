/*
** The key of a model's rows, as JSON writes it:
**
**    7   "abc"               a key of one column
**    ["A",2]                 a composite key, in the order of its columns
**    {"a":"A","b":2,"n":5}   a row with the columns of its key among others
**
** And the errors about it. BLOBs in keys: see sql/blobkey.c.
*/
#include "model/model.h"

int assocKeyIsRowid(const AssocModel *pModel) {
  return pModel->nKey == 1 && pModel->aKey[0] == pModel->pTable->iRowid;
}

/* Views have no key, and neither do some virtual tables. Loads and writers need
** one to identify rows. */
void assocModelNeedKey(AssocCall *pCall, const AssocModel *pModel) {
  if (pModel->nKey > 0) return;
  assocErrorOf(pCall, ASSOC_E_DEFINITION, pModel->zLabel, 0,
               "%s is a %s, which has no key; say which columns identify a "
               "row: SELECT assoc_model('%s', '{\"primaryKey\":\"...\"}')",
               pModel->zLabel,
               pModel->pTable->eType == ASSOC_VIEW ? "view" : "table",
               pModel->zName);
}

/* The error shows the columns of the key, because the caller's mistake is
** mostly their number or order. */
void assocModelKeyShape(AssocCall *pCall, const AssocModel *pModel,
                        const AssocJson *pGiven) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  char *z;
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "",
                        pModel->pTable->aCol[pModel->aKey[i]].zName);
  }
  z = assocStrFinish(pCall, pStr);
  if (pGiven && pGiven->eType == ASSOC_J_OBJECT) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, pModel->zLabel, 0,
                 "an object that stands for a row of %s needs its key: %s",
                 pModel->zLabel, z);
  } else if (pModel->nKey > 1) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, pModel->zLabel, 0,
                 "the key of %s is a JSON array of %d values: [%s]",
                 pModel->zLabel, pModel->nKey, z);
  } else {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, pModel->zLabel, 0,
                 "a key of %s is one value: %s", pModel->zLabel, z);
  }
  sqlite3_free(z);
}

/* For a composite key, [1,2] is one key and [[1,2],[1,3]] is a list. [] is an
** empty list for every model. */
int assocModelKeyList(const AssocModel *pModel, const AssocJson *pJson) {
  if (pJson->eType != ASSOC_J_ARRAY) return 0;
  return pModel->nKey == 1 || pJson->nChild == 0 ||
         pJson->pChild->eType >= ASSOC_J_ARRAY;
}

void assocModelKeyFits(AssocCall *pCall, const AssocModel *pModel) {
  assert(pModel);
  if (pModel->nKey <= ASSOC_KEY_MAX) return;
  assocErrorOf(pCall, ASSOC_E_LIMIT, pModel->zLabel, 0,
               "the key of %s has %d columns; at most %d are possible here",
               pModel->zLabel, pModel->nKey, ASSOC_KEY_MAX);
}

/* Three forms of a key are accepted: a value, an array in the key's order, and
** an object with the key's columns among others, as a load returns it. False if
** the JSON is none of these; the caller raises the error. */
int assocModelKeyParts(const AssocModel *pModel, const AssocJson *pJson,
                       const AssocJson **apPart) {
  const AssocJson *pSub = pJson->pChild;
  int i;
  assert(pModel->nKey > 0 && apPart);
  if (pJson->eType < ASSOC_J_ARRAY) {
    apPart[0] = pJson;
    return pModel->nKey == 1;
  }
  if (pJson->eType == ASSOC_J_ARRAY && pJson->nChild != pModel->nKey) return 0;
  for (i = 0; i < pModel->nKey; i++) {
    const char *zCol = pModel->pTable->aCol[pModel->aKey[i]].zName;
    if (pJson->eType == ASSOC_J_OBJECT) {
      pSub = pJson->pChild;
      while (pSub && sqlite3_stricmp(pSub->zKey, zCol) != 0) pSub = pSub->pNext;
    }
    if (pSub == 0 || pSub->eType >= ASSOC_J_ARRAY) return 0;
    apPart[i] = pSub;
    if (pJson->eType == ASSOC_J_ARRAY) pSub = pSub->pNext;
  }
  return 1;
}
