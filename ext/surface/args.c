/*
** Arguments and results: texts, keys, targets, JSON.
*/
#include "surface/surface.h"

/* Names, shapes and options end at a NUL character in C, but not in SQL: what
** follows one would be cut off silently. */
static const char *argText(AssocCall *pCall, sqlite3_value *pVal,
                           const char *zWhat) {
  const char *z;
  if (pCall->rc != SQLITE_OK || sqlite3_value_type(pVal) == SQLITE_NULL) {
    return 0;
  }
  z = (const char *)sqlite3_value_text(pVal);
  if (z == 0) {
    assocErrorCode(pCall, SQLITE_NOMEM);
  } else if ((i64)strlen(z) != sqlite3_value_bytes(pVal)) {
    assocError(pCall, "%s must not contain a NUL character: %.60s", zWhat, z);
    return 0;
  }
  return z;
}

const char *assocArgTextOrNull(AssocCall *pCall, sqlite3_value *pVal) {
  return argText(pCall, pVal, "an argument");
}

const char *assocArgText(AssocCall *pCall, sqlite3_value *pVal,
                         const char *zWhat) {
  const char *z = argText(pCall, pVal, zWhat);
  if (z == 0) assocError(pCall, "%s is NULL", zWhat);
  return z;
}

/* ------------------------------------------------------------------- keys */

void assocKeysClear(AssocKeys *pKeys) {
  int i;
  for (i = 0; i < pKeys->nOwned; i++) sqlite3_value_free(pKeys->apVal[i]);
  if (pKeys->apVal != &pKeys->pOne) assocArenaFree(&pKeys->mem);
  memset(pKeys, 0, sizeof(*pKeys));
}

/* Room for nKey keys of nCol values. */
static void keysAlloc(AssocCall *pCall, AssocKeys *pKeys, int nKey, int nCol) {
  memset(pKeys, 0, sizeof(*pKeys));
  pKeys->nCol = nCol;
  pKeys->apVal =
      nKey == 1 && nCol == 1
          ? &pKeys->pOne
          : assocAlloc(pCall, &pKeys->mem,
                       (i64)sizeof(sqlite3_value *) * ((i64)nKey * nCol + 1));
  if (pKeys->apVal) pKeys->nKey = nKey;
}

/* The values of one JSON key: an array, an object with the key's columns, or
** for a key of one column a value. Appended to pKeys. */
static void keyOfJson(AssocCall *pCall, const AssocModel *pModel,
                      AssocKeys *pKeys, sqlite3_stmt *pStmt,
                      const AssocJson *pJson) {
  const AssocJson *pSub = pJson;
  int i;
  if (pJson->eType == ASSOC_J_ARRAY) pSub = pJson->pChild;
  if (pJson->eType == ASSOC_J_ARRAY && pJson->nChild != pModel->nKey) {
    assocModelKeyShape(pCall, pModel, pJson);
  }
  for (i = 0; i < pModel->nKey && pCall->rc == SQLITE_OK; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aKey[i]];
    if (pJson->eType == ASSOC_J_OBJECT) {
      for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
        if (sqlite3_stricmp(pSub->zKey, pCol->zName) == 0) break;
      }
    }
    if (pSub == 0 || pSub->eType >= ASSOC_J_ARRAY ||
        (pModel->nKey > 1 && pSub == pJson)) {
      assocModelKeyShape(pCall, pModel, pJson);
      return;
    }
    pKeys->apVal[pKeys->nOwned] = assocJsonValueOf(pCall, pStmt, pSub);
    if (pKeys->apVal[pKeys->nOwned]) pKeys->nOwned++;
    if (pJson->eType == ASSOC_J_ARRAY) pSub = pSub->pNext;
  }
}

/* The keys of a JSON text. */
static void keysOfText(AssocCall *pCall, const AssocModel *pModel,
                       sqlite3_value *pVal, AssocKeys *pKeys, int bMany) {
  AssocArena mem;
  AssocJson *pJson, *pSub;
  sqlite3_stmt *pStmt;
  int bList;
  memset(&mem, 0, sizeof(mem));
  pJson = assocJsonRead(pCall, &mem, (const char *)sqlite3_value_text(pVal),
                        sqlite3_value_bytes(pVal),
                        bMany ? "a list of targets" : "a composite key");
  pStmt = assocPrepare(pCall, "SELECT ?1");
  if (pJson) {
    bList = bMany && assocModelKeyList(pModel, pJson);
    keysAlloc(pCall, pKeys, bList ? pJson->nChild : 1, pModel->nKey);
    for (pSub = bList ? pJson->pChild : pJson; pSub && pCall->rc == SQLITE_OK;
         pSub = bList ? pSub->pNext : 0) {
      if (bList && pSub->eType == ASSOC_J_ARRAY && pModel->nKey == 1) {
        assocModelKeyShape(pCall, pModel, pSub);
      }
      keyOfJson(pCall, pModel, pKeys, pStmt, pSub);
    }
  }
  assocFinalize(pCall, pStmt);
  assocArenaFree(&mem);
}

void assocKeyRead(AssocCall *pCall, const AssocModel *pModel,
                  sqlite3_value *pVal, AssocKeys *pKeys) {
  memset(pKeys, 0, sizeof(*pKeys));
  assocModelNeedKey(pCall, pModel);
  if (pCall->rc != SQLITE_OK) return;
  if (pModel->nKey == 1) {
    keysAlloc(pCall, pKeys, 1, 1);
    if (pKeys->apVal) pKeys->apVal[0] = pVal;
  } else if (sqlite3_value_type(pVal) == SQLITE_NULL) {
    keysAlloc(pCall, pKeys, 0, pModel->nKey);
  } else if (assocJsonText(pCall, pVal)) {
    keysOfText(pCall, pModel, pVal, pKeys, 0);
  } else {
    assocModelKeyShape(pCall, pModel, 0);
  }
}

void assocKeysOfRow(AssocCall *pCall, int nCol, sqlite3_stmt *pStmt,
                    AssocKeys *pKeys) {
  int i;
  keysAlloc(pCall, pKeys, 1, nCol);
  for (i = 0; pKeys->apVal && i < nCol; i++) {
    pKeys->apVal[i] = sqlite3_column_value(pStmt, i);
  }
}

void assocTargetsRead(AssocCall *pCall, const AssocModel *pModel,
                      sqlite3_value *pVal, AssocKeys *pKeys) {
  memset(pKeys, 0, sizeof(*pKeys));
  assocModelNeedKey(pCall, pModel);
  if (pCall->rc != SQLITE_OK) return;
  if (sqlite3_value_type(pVal) == SQLITE_NULL) {
    keysAlloc(pCall, pKeys, 0, pModel->nKey);
  } else if (assocJsonText(pCall, pVal)) {
    keysOfText(pCall, pModel, pVal, pKeys, 1);
  } else {
    assocKeyRead(pCall, pModel, pVal, pKeys);
  }
}

/* ---------------------------------------------------------------- results */

/*
** The buffer goes to SQLite as it is. Before 3.43 SQLite would copy it to
** put a nul behind it, unless it is told to look for the nul itself.
*/
void assocResultJson(sqlite3_context *pCtx, char *zJson, i64 n) {
  if (sqlite3_libversion_number() >= 3043000 || n > 0x7fffffff) {
    sqlite3_result_text64(pCtx, zJson, (u64)n, sqlite3_free, SQLITE_UTF8);
  } else {
    sqlite3_result_text(pCtx, zJson, -1, sqlite3_free);
  }
  sqlite3_result_subtype(pCtx, 'J');
}

void assocResultKey(AssocCall *pCall, sqlite3_context *pCtx, int nVal,
                    sqlite3_value **apVal) {
  AssocOut out;
  i64 n = 0;
  char *z;
  int i;
  if (nVal == 1) {
    sqlite3_result_value(pCtx, apVal[0]);
    return;
  }
  assocBufInit(&out, 0x7fffffff);
  for (i = 0; i < nVal; i++) {
    assocOutText(&out, i ? "," : "[", 1);
    assocJsonValue(&out, apVal[i], ASSOC_JSON_PLAIN);
  }
  assocOutText(&out, "]", 1);
  z = assocBufFinish(&out, &n);
  if (z == 0) assocErrorCode(pCall, out.rc);
  if (z) assocResultJson(pCtx, z, n);
}
