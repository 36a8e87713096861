/*
** Reading arguments (texts, keys, targets) and giving results.
**
**    key       1   'abc'   '["A",2]'                one row
**    targets   7   '[1,2]'   '[["A",1],["A",2]]'   any number of rows
**
** The values of an AssocKeys stay valid until assocKeysClear(). An AssocResult
** is either the result of an SQL function, or a value that assoc_result() gives
** later.
*/
#include "surface/surface.h"

/* C ends a text at a NUL character, SQL does not. Refuse such a text instead of
** cutting it off silently. */
static const char *argText(AssocCall *pCall, sqlite3_value *pVal,
                           const char *zWhat) {
  const char *z;
  if (pCall->rc != SQLITE_OK || sqlite3_value_type(pVal) == SQLITE_NULL) {
    return 0;
  }
  /* SQLite may convert a number to text here, which needs memory. */
  z = (const char *)sqlite3_value_text(pVal);
  if (z == 0) {
    assocErrorCode(pCall, SQLITE_NOMEM);
  } else if ((i64)strlen(z) != sqlite3_value_bytes(pVal)) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "%s must not contain a NUL character: %.60s", zWhat, z);
    return 0;
  }
  return z;
}

/* For arguments that may be NULL, such as the target of a polymorphic
** belongsTo. */
const char *assocArgTextOrNull(AssocCall *pCall, sqlite3_value *pVal) {
  return argText(pCall, pVal, "an argument");
}

/* zWhat names the argument in the error. The text is valid as long as the
** argument. */
const char *assocArgText(AssocCall *pCall, sqlite3_value *pVal,
                         const char *zWhat) {
  const char *z = argText(pCall, pVal, zWhat);
  if (z == 0) assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0, "%s is NULL", zWhat);
  return z;
}

/* ------------------------------------------------------------------- keys */

/* Safe on a zeroed structure, and twice. */
void assocKeysClear(AssocKeys *pKeys) {
  int i;
  for (i = 0; i < pKeys->nOwned; i++) sqlite3_value_free(pKeys->apVal[i]);
  if (pKeys->apVal != &pKeys->pOne) assocArenaFree(&pKeys->mem);
  memset(pKeys, 0, sizeof(*pKeys));
}

/* Room for nKey keys of nCol values. */
static void keysAlloc(AssocCall *pCall, AssocKeys *pKeys, int nKey, int nCol) {
  assert(nKey >= 0 && nCol > 0);
  memset(pKeys, 0, sizeof(*pKeys));
  pKeys->nCol = nCol;
  pKeys->apVal =
      nKey == 1 && nCol == 1
          ? &pKeys->pOne
          : assocAlloc(pCall, &pKeys->mem,
                       (i64)sizeof(sqlite3_value *) * ((i64)nKey * nCol + 1));
  if (pKeys->apVal) pKeys->nKey = nKey;
}

/* What reads the keys of a call from JSON. */
typedef struct KeyReader KeyReader;
struct KeyReader {
  AssocCall *pCall;         /* Receives the first error */
  const AssocModel *pModel; /* Whose keys are read */
  AssocArena mem;           /* The JSON */
  AssocBlobKeys *pBlobs;    /* OWNED */
  sqlite3_stmt *pStmt;      /* OWNED: SELECT ?1 */
};

/* A reader keeps its statements while it reads a list of keys. */
static void keyReaderOpen(AssocCall *pCall, const AssocModel *pModel,
                          KeyReader *p) {
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  p->pModel = pModel;
}

/* Also after an error. */
static void keyReaderClose(KeyReader *p) {
  assocFinalize(p->pCall, p->pStmt);
  assocBlobKeysFree(p->pBlobs);
  assocArenaFree(&p->mem);
}

/* Append a value to the keys. */
static void keyAppend(KeyReader *p, AssocKeys *pKeys, const AssocJson *pJson) {
  sqlite3_value *pVal;
  assert(pKeys->nOwned < pKeys->nKey * pKeys->nCol);
  if (p->pStmt == 0) p->pStmt = assocPrepare(p->pCall, "SELECT ?1");
  pVal = assocJsonValueOf(p->pCall, p->pStmt, pJson);
  if (pVal) pKeys->apVal[pKeys->nOwned++] = pVal;
}

/* Append a JSON key to the keys. */
static void keyOfJson(KeyReader *p, AssocKeys *pKeys, const AssocJson *pJson) {
  const AssocModel *pModel = p->pModel;
  const AssocJson **apPart =
      assocAlloc(p->pCall, &p->mem, (i64)sizeof(*apPart) * (pModel->nKey + 1));
  int i;
  assert(pModel->nKey > 0);
  if (apPart == 0) return;
  if (!assocModelKeyParts(pModel, pJson, apPart)) {
    assocModelKeyShape(p->pCall, pModel, pJson);
    return;
  }
  assocBlobKey(p->pCall, &p->mem, &p->pBlobs, pModel, apPart);
  for (i = 0; i < pModel->nKey; i++) keyAppend(p, pKeys, apPart[i]);
}

/* Append a target of a polymorphic association: its type (NULL if the caller
** names none), then its key, filled up with NULLs to the length of the longest
** key. */
static void keyOfBranch(KeyReader *p, const AssocRel *pRel, AssocKeys *pKeys,
                        const AssocJson *pJson) {
  static const AssocJson none;
  AssocJson type = none;
  int iBranch, nEnd = pKeys->nOwned + pKeys->nCol;
  assert(pRel->nBranch > 0 && nEnd <= pKeys->nKey * pKeys->nCol);
  if (pJson->eType >= ASSOC_J_ARRAY) {
    pJson = assocRelBranch(p->pCall, pRel, pJson, &iBranch);
    if (pJson == 0) return;
    type.eType = ASSOC_J_TEXT;
    type.z = pRel->aBranch[iBranch].zType;
    type.n = (int)strlen(type.z);
    p->pModel = pRel->aBranch[iBranch].pModel;
    keyAppend(p, pKeys, &type);
    keyOfJson(p, pKeys, pJson);
  } else {
    keyAppend(p, pKeys, &none);
    keyAppend(p, pKeys, pJson);
  }
  while (p->pCall->rc == SQLITE_OK && pKeys->nOwned < nEnd) {
    keyAppend(p, pKeys, &none);
  }
}

/* Targets of a polymorphic association, in JSON or one key. */
static void keysOfBranches(AssocCall *pCall, const AssocRel *pRel,
                           sqlite3_value *pVal, AssocKeys *pKeys) {
  int bJson = assocJsonText(pCall, pVal) != 0, bList = 0;
  AssocJson one, *pJson = &one;
  KeyReader reader;
  keyReaderOpen(pCall, pRel->pTarget, &reader);
  memset(&one, 0, sizeof(one));
  /* A target is {"type":key}, or a key alone, which matches every type. */
  assert(pRel->nBranch > 0);
  if (bJson) {
    pJson = assocJsonRead(pCall, &reader.mem,
                          (const char *)sqlite3_value_text(pVal),
                          sqlite3_value_bytes(pVal), "a list of targets");
    bList = pJson && pJson->eType == ASSOC_J_ARRAY;
  }
  if (pJson) {
    keysAlloc(pCall, pKeys, bList ? pJson->nChild : 1,
              assocRelTargetWidth(pRel));
  }
  if (bList) pJson = pJson->pChild;
  for (; pJson && pCall->rc == SQLITE_OK; pJson = bList ? pJson->pNext : 0) {
    keyOfBranch(&reader, pRel, pKeys, pJson);
    if (!bJson && pCall->rc == SQLITE_OK) {
      /* Not JSON: the value keeps its own type, so that '7' and 7 stay apart. */
      sqlite3_value_free(pKeys->apVal[1]);
      pKeys->apVal[1] = sqlite3_value_dup(pVal);
      if (pKeys->apVal[1] == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    }
  }
  keyReaderClose(&reader);
}

/* The keys of a JSON text. */
static void keysOfText(AssocCall *pCall, const AssocModel *pModel,
                       sqlite3_value *pVal, AssocKeys *pKeys, int bMany) {
  KeyReader reader;
  AssocJson *pJson, *pSub;
  int bList;
  keyReaderOpen(pCall, pModel, &reader);
  pJson =
      assocJsonRead(pCall, &reader.mem, (const char *)sqlite3_value_text(pVal),
                    sqlite3_value_bytes(pVal),
                    bMany ? "a list of targets" : "a composite key");
  if (pJson) {
    bList = bMany && assocModelKeyList(pModel, pJson);
    keysAlloc(pCall, pKeys, bList ? pJson->nChild : 1, pModel->nKey);
    for (pSub = bList ? pJson->pChild : pJson; pSub && pCall->rc == SQLITE_OK;
         pSub = bList ? pSub->pNext : 0) {
      /* [[1]]: an array where a key of one column is expected is an error. */
      if (bList && pSub->eType == ASSOC_J_ARRAY && pModel->nKey == 1) {
        assocModelKeyShape(pCall, pModel, pSub);
      }
      keyOfJson(&reader, pKeys, pSub);
    }
  }
  keyReaderClose(&reader);
}

/* A key of one column, as the caller gave it. */
static void keyOfArg(AssocCall *pCall, const AssocModel *pModel,
                     sqlite3_value *pVal, AssocKeys *pKeys) {
  const AssocJson *pBlob;
  KeyReader reader;
  assert(pModel->nKey == 1);
  keysAlloc(pCall, pKeys, 1, 1);
  if (pKeys->apVal == 0) return;
  pKeys->apVal[0] = pVal;
  if (sqlite3_value_type(pVal) != SQLITE_TEXT) return;
  keyReaderOpen(pCall, pModel, &reader);
  pBlob = assocBlobKeyOfText(pCall, &reader.mem, &reader.pBlobs, pModel, pVal);
  if (pBlob) keyAppend(&reader, pKeys, pBlob);
  keyReaderClose(&reader);
}

/* NULL is no key: nKey is 0, as after an error. The key of a model with several
** columns is a JSON array. */
void assocKeyRead(AssocCall *pCall, const AssocModel *pModel,
                  sqlite3_value *pVal, AssocKeys *pKeys) {
  memset(pKeys, 0, sizeof(*pKeys));
  assocModelNeedKey(pCall, pModel);
  if (pCall->rc != SQLITE_OK) return;
  assert(pModel->nKey > 0);
  if (pModel->nKey == 1) {
    keyOfArg(pCall, pModel, pVal, pKeys);
  } else if (sqlite3_value_type(pVal) == SQLITE_NULL) {
    keysAlloc(pCall, pKeys, 0, pModel->nKey);
  } else if (assocJsonText(pCall, pVal)) {
    keysOfText(pCall, pModel, pVal, pKeys, 0);
  } else {
    assocModelKeyShape(pCall, pModel, 0);
  }
  if (pCall->rc != SQLITE_OK) pKeys->nKey = 0;
}

/* The values belong to the statement; they are valid until its next step. */
void assocKeysOfRow(AssocCall *pCall, int nCol, sqlite3_stmt *pStmt,
                    AssocKeys *pKeys) {
  int i;
  assert(nCol > 0 && nCol <= sqlite3_column_count(pStmt));
  keysAlloc(pCall, pKeys, 1, nCol);
  for (i = 0; pKeys->apVal && i < nCol; i++) {
    pKeys->apVal[i] = sqlite3_column_value(pStmt, i);
  }
}

/* NULL means no targets. */
void assocTargetsRead(AssocCall *pCall, const AssocRel *pRel,
                      sqlite3_value *pVal, AssocKeys *pKeys) {
  const AssocModel *pModel = pRel->pTarget;
  memset(pKeys, 0, sizeof(*pKeys));
  assocModelNeedKey(pCall, pModel);
  if (pCall->rc != SQLITE_OK) return;
  /* Only text that starts with "[" or "{" is JSON: any other value is one key. */
  assert(pRel->nPath == 0 || pRel->nBranch == 0);
  if (sqlite3_value_type(pVal) == SQLITE_NULL) {
    keysAlloc(pCall, pKeys, 0, pModel->nKey);
  } else if (pRel->nBranch) {
    keysOfBranches(pCall, pRel, pVal, pKeys);
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
  assert(zJson && n >= 0 && n <= 0x7fffffff); /* SQLite's limit, or less */
  if (sqlite3_libversion_number() >= 3043000) {
    sqlite3_result_text64(pCtx, zJson, (u64)n, sqlite3_free, SQLITE_UTF8);
  } else {
    sqlite3_result_text(pCtx, zJson, -1, sqlite3_free);
  }
  sqlite3_result_subtype(pCtx, 'J');
}

/* A composite key is given as a JSON array, in the form in which functions take
** it. */
void assocResultKey(AssocCall *pCall, sqlite3_context *pCtx, int nVal,
                    sqlite3_value **apVal) {
  AssocOut out;
  i64 n = 0;
  char *z;
  int i;
  assert(nVal > 0);
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
  z = assocBufText(pCall, &out, &n);
  if (z) assocResultJson(pCtx, z, n);
}

/* The kept value of assoc_result(). */
void assocResultClear(AssocResult *p) {
  sqlite3_free(p->z);
  sqlite3_value_free(p->pVal);
  memset(p, 0, sizeof(*p));
}

/* Either the result of the function, or the value that assoc_result() will
** give. */
void assocGiveInt(AssocResult *p, i64 i) {
  if (p->pCtx) {
    sqlite3_result_int64(p->pCtx, i);
    return;
  }
  assocResultClear(p);
  p->eType = SQLITE_INTEGER;
  p->i = i;
}

/* z is copied. */
void assocGiveText(AssocCall *pCall, AssocResult *p, const char *z) {
  if (p->pCtx) {
    sqlite3_result_text(p->pCtx, z, -1, SQLITE_TRANSIENT);
    return;
  }
  assert(p->pCtx == 0);
  assocResultClear(p);
  if (z == 0 || pCall->rc != SQLITE_OK) return;
  p->eType = SQLITE_TEXT;
  p->z = assocMprintf(pCall, "%s", z);
  p->n = p->z ? (i64)strlen(p->z) : 0;
}

/* z belongs to the result from now on. z may be 0, after an error. */
void assocGiveJson(AssocResult *p, char *z, i64 n) {
  if (z == 0) return;
  if (p->pCtx) {
    assocResultJson(p->pCtx, z, n);
    return;
  }
  assert(n >= 0);
  assocResultClear(p);
  p->eType = SQLITE_TEXT;
  p->bJson = 1;
  p->z = z;
  p->n = n;
}

/* An integer key also becomes last_insert_rowid() after an INSERT. */
void assocGiveValue(AssocCall *pCall, AssocResult *p, sqlite3_value *pVal) {
  if (p->pCtx) {
    sqlite3_result_value(p->pCtx, pVal);
    return;
  }
  assocResultClear(p);
  p->pVal = sqlite3_value_dup(pVal);
  if (p->pVal == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  if (sqlite3_value_type(pVal) != SQLITE_INTEGER) return;
  /* The key of a new row is its rowid, where it is an integer. */
  p->bRowid = 1;
  p->iRowid = sqlite3_value_int64(pVal);
}
