/*
** A loadable extension for the tests: functions of the lower floors, which
** SQL cannot reach otherwise, as SQL functions. It is linked with a copy of
** all floors but the front door, and is no part of the product.
**
**   unit_pluralize(X), unit_singularize(X), unit_underscore(X)
**   unit_camelize(A, B)
**   unit_json_quote(X)       X as assocJsonValue() writes it
**   unit_json_bool(X)        the same with ASSOC_JSON_BOOL
**   unit_json_raw(X)         the same with ASSOC_JSON_RAW
**   unit_json_limit(X, MAX)  unit_json_quote() where MAX bytes are too many
**   unit_json_read(TEXT)     assocJsonRead() and back with assocJsonWrite()
**   unit_json_get(TEXT, KEY) the element KEY of the object TEXT
**   unit_keymap(KEYS, AFF, COLL)         the number of each key, as JSON
**   unit_keyfind(KEYS, SOUGHT, AFF, COLL) the number that each key sought has
**   unit_keytype(X, AFF)     the type of X after it was added to a keymap
**   unit_shape_text(KIND, X) the shape X, parsed and printed as text
**   unit_shape_json(KIND, X) the same, printed as JSON
**
** KEYS and SOUGHT are a JSON array of values, '[1, 1.0, "a"]', or a query
** that gives them, 'SELECT a, b FROM t': as many values to a key as it has
** columns. AFF and COLL are the numbers of base.h, one digit for each value
** of the key; the last digit serves all that follow. KIND is what a shape may
** be: 'query', 'block' or 'one'.
**
** A new function is a body and a row in aUnit.
*/
#include "unit.h"
#include "base/base.h"
#include "model/inflect.h"
#include "shape/shape.h"
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

/* What a function does: errors go to the call, results to the context. */
typedef void UnitBody(AssocCall *pCall, AssocArena *pArena,
                      sqlite3_context *pCtx, sqlite3_value **apArg);

static const char *argText(sqlite3_value *pArg) {
  return (const char *)sqlite3_value_text(pArg);
}

/* z is the arena's. */
static void resultText(sqlite3_context *pCtx, const char *z) {
  if (z) sqlite3_result_text(pCtx, z, -1, SQLITE_TRANSIENT);
}

static void resultOut(AssocCall *pCall, sqlite3_context *pCtx, AssocOut *pOut) {
  i64 n = 0;
  char *z = assocBufFinish(pOut, &n);
  if (pCall->rc == SQLITE_OK && z) {
    sqlite3_result_text64(pCtx, z, (u64)n, sqlite3_free, SQLITE_UTF8);
  } else {
    sqlite3_free(z);
    assocErrorCode(pCall, pOut->rc);
  }
}

/* ---------------------------------------------------------------- names */

static void unitPluralize(AssocCall *pCall, AssocArena *pArena,
                          sqlite3_context *pCtx, sqlite3_value **apArg) {
  resultText(pCtx, assocPluralize(pCall, pArena, argText(apArg[0])));
}

static void unitSingularize(AssocCall *pCall, AssocArena *pArena,
                            sqlite3_context *pCtx, sqlite3_value **apArg) {
  resultText(pCtx, assocSingularize(pCall, pArena, argText(apArg[0])));
}

static void unitUnderscore(AssocCall *pCall, AssocArena *pArena,
                           sqlite3_context *pCtx, sqlite3_value **apArg) {
  resultText(pCtx, assocUnderscore(pCall, pArena, argText(apArg[0])));
}

static void unitCamelize(AssocCall *pCall, AssocArena *pArena,
                         sqlite3_context *pCtx, sqlite3_value **apArg) {
  const char *zA = argText(apArg[0]);
  const char *zB = argText(apArg[1]);
  if (zA == 0 || zB == 0) return;
  resultText(pCtx, assocCamelize(pCall, pArena, zA, zB));
}

/* ----------------------------------------------------------------- JSON */

static void jsonAs(AssocCall *pCall, sqlite3_context *pCtx, sqlite3_value *pArg,
                   i64 nMax, int eHow) {
  AssocOut out;
  assocBufInit(&out, nMax);
  assocJsonValue(&out, pArg, eHow);
  resultOut(pCall, pCtx, &out);
}

static i64 maxLength(AssocCall *pCall) {
  return sqlite3_limit(pCall->db, SQLITE_LIMIT_LENGTH, -1);
}

static void unitJsonQuote(AssocCall *pCall, AssocArena *pArena,
                          sqlite3_context *pCtx, sqlite3_value **apArg) {
  (void)pArena;
  jsonAs(pCall, pCtx, apArg[0], maxLength(pCall), ASSOC_JSON_PLAIN);
}

static void unitJsonBool(AssocCall *pCall, AssocArena *pArena,
                         sqlite3_context *pCtx, sqlite3_value **apArg) {
  (void)pArena;
  jsonAs(pCall, pCtx, apArg[0], maxLength(pCall), ASSOC_JSON_BOOL);
}

static void unitJsonRaw(AssocCall *pCall, AssocArena *pArena,
                        sqlite3_context *pCtx, sqlite3_value **apArg) {
  (void)pArena;
  jsonAs(pCall, pCtx, apArg[0], maxLength(pCall), ASSOC_JSON_RAW);
}

static void unitJsonLimit(AssocCall *pCall, AssocArena *pArena,
                          sqlite3_context *pCtx, sqlite3_value **apArg) {
  i64 nMax = sqlite3_value_int64(apArg[1]);
  (void)pArena;
  jsonAs(pCall, pCtx, apArg[0], nMax, ASSOC_JSON_PLAIN);
}

static AssocJson *readArg(AssocCall *pCall, AssocArena *pArena,
                          sqlite3_value *pArg) {
  const char *z = argText(pArg);
  if (z == 0) return 0;
  return assocJsonRead(pCall, pArena, z, sqlite3_value_bytes(pArg),
                       "the argument");
}

static void resultJson(AssocCall *pCall, sqlite3_context *pCtx,
                       const AssocJson *p) {
  AssocOut out;
  if (p == 0) return;
  assocBufInit(&out, maxLength(pCall));
  assocJsonWrite(&out, p);
  resultOut(pCall, pCtx, &out);
}

static void unitJsonRead(AssocCall *pCall, AssocArena *pArena,
                         sqlite3_context *pCtx, sqlite3_value **apArg) {
  resultJson(pCall, pCtx, readArg(pCall, pArena, apArg[0]));
}

static void unitJsonGet(AssocCall *pCall, AssocArena *pArena,
                        sqlite3_context *pCtx, sqlite3_value **apArg) {
  AssocJson *p = readArg(pCall, pArena, apArg[0]);
  const char *zKey = argText(apArg[1]);
  if (p && zKey) resultJson(pCall, pCtx, assocJsonGet(p, zKey));
}

/* --------------------------------------------------------------- keymap */

#define UNIT_NKEY 4

typedef struct UnitKeys UnitKeys;
struct UnitKeys {
  AssocCall *pCall;
  AssocKeymap map;
  int bReady; /* The map has been set up, for keys of as many values */
  AssocKeyRule aRule[UNIT_NKEY];
};

/* Rule i from digit i of zAff and zColl, or from their last. */
static void setRules(UnitKeys *p, const char *zAff, const char *zColl) {
  int i;
  for (i = 0; i < UNIT_NKEY; i++) {
    p->aRule[i].eAff = (u8)(*zAff - '0');
    p->aRule[i].eColl = (u8)(*zColl - '0');
    if (zAff[0] && zAff[1]) zAff++;
    if (zColl[0] && zColl[1]) zColl++;
  }
}

static void keysInit(UnitKeys *p, AssocCall *pCall, sqlite3_value *pAff,
                     sqlite3_value *pColl) {
  const char *zAff = argText(pAff);
  const char *zColl = argText(pColl);
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  if (zAff && zColl) {
    setRules(p, zAff, zColl);
  } else {
    assocError(pCall, "the rules of the keys are missing");
  }
}

static sqlite3_stmt *keysPrepare(UnitKeys *p, sqlite3_value *pKeys) {
  const char *z = argText(pKeys);
  sqlite3_stmt *pStmt;
  int n;
  if (z == 0) z = "[]";
  pStmt = z[0] == '['
              ? assocPrepare(p->pCall, "SELECT value FROM json_each(%Q)", z)
              : assocPrepare(p->pCall, "%s", z);
  if (pStmt == 0) return 0;
  n = sqlite3_column_count(pStmt);
  if (n < 1 || n > UNIT_NKEY || (p->bReady && p->map.nKey != n)) {
    assocError(p->pCall, "a key must not have %d values", n);
  } else if (!p->bReady) {
    assocKeymapInit(&p->map, n, p->aRule);
    p->bReady = 1;
  }
  return pStmt;
}

/* A keymap wants values that are protected, which a column's are not. */
static void oneKey(UnitKeys *p, sqlite3_stmt *pStmt, AssocOut *pOut,
                   int bFind) {
  sqlite3_value *apVal[UNIT_NKEY] = {0, 0, 0, 0};
  int n = p->map.nKey, i, rc = SQLITE_OK;
  u32 iSlot = ASSOC_NOSLOT;
  for (i = 0; i < n; i++) {
    apVal[i] = sqlite3_value_dup(sqlite3_column_value(pStmt, i));
    if (apVal[i] == 0) rc = SQLITE_NOMEM;
  }
  if (rc == SQLITE_OK) {
    iSlot = bFind ? assocKeymapFind(&p->map, apVal, &rc)
                  : assocKeymapAdd(&p->map, apVal, &rc);
  }
  for (i = 0; i < n; i++) sqlite3_value_free(apVal[i]);
  assocErrorCode(p->pCall, rc);
  if (iSlot == ASSOC_NOSLOT) {
    assocOutText(pOut, "null", 4);
  } else {
    assocJsonInt(pOut, iSlot);
  }
}

/* Add the keys, or look them up, and write their numbers. */
static void allKeys(UnitKeys *p, sqlite3_value *pKeys, AssocOut *pOut,
                    int bFind) {
  sqlite3_stmt *pStmt = keysPrepare(p, pKeys);
  char cSep = '[';
  while (assocStep(p->pCall, pStmt)) {
    assocOutText(pOut, &cSep, 1);
    oneKey(p, pStmt, pOut, bFind);
    cSep = ',';
  }
  assocOutText(pOut, cSep == '[' ? "[]" : "]", cSep == '[' ? 2 : 1);
  assocFinalize(p->pCall, pStmt);
}

static void unitKeymap(AssocCall *pCall, AssocArena *pArena,
                       sqlite3_context *pCtx, sqlite3_value **apArg) {
  UnitKeys keys;
  AssocOut out;
  (void)pArena;
  keysInit(&keys, pCall, apArg[1], apArg[2]);
  assocBufInit(&out, maxLength(pCall));
  allKeys(&keys, apArg[0], &out, 0);
  resultOut(pCall, pCtx, &out);
  assocKeymapClear(&keys.map);
}

static void unitKeyfind(AssocCall *pCall, AssocArena *pArena,
                        sqlite3_context *pCtx, sqlite3_value **apArg) {
  UnitKeys keys;
  AssocOut out;
  (void)pArena;
  keysInit(&keys, pCall, apArg[2], apArg[3]);
  assocBufInit(&out, maxLength(pCall));
  allKeys(&keys, apArg[0], &out, 0);
  assocBufClear(&out); /* Only what is found is wanted */
  allKeys(&keys, apArg[1], &out, 1);
  resultOut(pCall, pCtx, &out);
  assocKeymapClear(&keys.map);
}

static void unitKeytype(AssocCall *pCall, AssocArena *pArena,
                        sqlite3_context *pCtx, sqlite3_value **apArg) {
  static const char *const azType[] = {"integer", "real", "text", "blob",
                                       "null"};
  AssocKeyRule rule = {(u8)sqlite3_value_int(apArg[1]), ASSOC_COLL_BINARY};
  AssocKeymap map;
  int rc = SQLITE_OK;
  (void)pArena;
  assocKeymapInit(&map, 1, &rule);
  assocKeymapAdd(&map, apArg, &rc);
  assocKeymapClear(&map);
  assocErrorCode(pCall, rc);
  resultText(pCtx, azType[sqlite3_value_type(apArg[0]) - SQLITE_INTEGER]);
}

/* --------------------------------------------------------------- shapes */

static AssocShape *shapeArg(AssocCall *pCall, AssocArena *pArena,
                            sqlite3_value **apArg) {
  static const char *const az[] = {"query", "block", "one"};
  const char *zKind = argText(apArg[0]);
  const char *z = argText(apArg[1]);
  int i = 0;
  if (z == 0) return 0;
  while (i < 3 && (zKind == 0 || strcmp(zKind, az[i]) != 0)) i++;
  if (i == 3) {
    assocError(pCall, "a shape is a query, a block or one");
    return 0;
  }
  return assocShapeParse(pCall, pArena, i, z, sqlite3_value_bytes(apArg[1]));
}

static void resultShape(AssocCall *pCall, sqlite3_context *pCtx, char *z) {
  if (pCall->rc == SQLITE_OK && z) {
    sqlite3_result_text(pCtx, z, -1, sqlite3_free);
  } else {
    sqlite3_free(z);
  }
}

static void unitShapeText(AssocCall *pCall, AssocArena *pArena,
                          sqlite3_context *pCtx, sqlite3_value **apArg) {
  AssocShape *pShape = shapeArg(pCall, pArena, apArg);
  if (pShape) resultShape(pCall, pCtx, assocShapeText(pCall, pShape));
}

static void unitShapeAsJson(AssocCall *pCall, AssocArena *pArena,
                            sqlite3_context *pCtx, sqlite3_value **apArg) {
  AssocShape *pShape = shapeArg(pCall, pArena, apArg);
  if (pShape) resultShape(pCall, pCtx, unitShapeJson(pCall, pShape));
}

/* ------------------------------------------------------------- functions */

typedef struct UnitFunc UnitFunc;
struct UnitFunc {
  const char *zName;
  int nArg;
  UnitBody *xBody;
};

static const UnitFunc aUnit[] = {
    {"unit_pluralize", 1, unitPluralize},
    {"unit_singularize", 1, unitSingularize},
    {"unit_underscore", 1, unitUnderscore},
    {"unit_camelize", 2, unitCamelize},
    {"unit_json_quote", 1, unitJsonQuote},
    {"unit_json_bool", 1, unitJsonBool},
    {"unit_json_raw", 1, unitJsonRaw},
    {"unit_json_limit", 2, unitJsonLimit},
    {"unit_json_read", 1, unitJsonRead},
    {"unit_json_get", 2, unitJsonGet},
    {"unit_keymap", 3, unitKeymap},
    {"unit_keyfind", 4, unitKeyfind},
    {"unit_keytype", 2, unitKeytype},
    {"unit_shape_text", 2, unitShapeText},
    {"unit_shape_json", 2, unitShapeAsJson},
};

/* What SQLite keeps for one function. */
typedef struct UnitData UnitData;
struct UnitData {
  const UnitFunc *pFunc;
  AssocConn *pConn; /* A reference */
};

/* Give every body its call and its arena. */
static void unitCall(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  UnitData *p = sqlite3_user_data(pCtx);
  AssocCall call;
  AssocArena arena;
  (void)nArg;
  memset(&arena, 0, sizeof(arena));
  assocCallInit(&call, p->pConn);
  p->pFunc->xBody(&call, &arena, pCtx, apArg);
  assocArenaFree(&arena);
  (void)assocCallFailed(&call, pCtx);
}

static void unitDestroy(void *pArg) {
  UnitData *p = pArg;
  assocConnUnref(p->pConn);
  sqlite3_free(p);
}

static int unitRegister(AssocConn *pConn, const UnitFunc *pFunc) {
  UnitData *p = sqlite3_malloc64(sizeof(*p));
  if (p == 0) return SQLITE_NOMEM;
  p->pFunc = pFunc;
  p->pConn = assocConnRef(pConn);
  return sqlite3_create_function_v2(pConn->db, pFunc->zName, pFunc->nArg,
                                    SQLITE_UTF8, p, unitCall, 0, 0,
                                    unitDestroy);
}

int sqlite3_unit_init(sqlite3 *db, char **pzErrMsg,
                      const sqlite3_api_routines *pApi);

#ifdef _WIN32
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
    int sqlite3_unit_init(sqlite3 *db, char **pzErrMsg,
                          const sqlite3_api_routines *pApi) {
  AssocConn *pConn;
  int i, rc = SQLITE_OK;
  (void)pzErrMsg, (void)pApi;
  SQLITE_EXTENSION_INIT2(pApi);
  pConn = assocConnNew(db);
  if (pConn == 0) return SQLITE_NOMEM;
  for (i = 0; i < ASSOC_COUNT(aUnit) && rc == SQLITE_OK; i++) {
    rc = unitRegister(pConn, &aUnit[i]);
  }
  assocConnUnref(pConn);
  return rc;
}
