/*
** A loadable extension for the tests: functions of the lower floors, which
** SQL cannot reach otherwise, as SQL functions. It is linked with a copy of
** all floors but the front door, and is no part of the product.
**
**   unit_char(X)
**   unit_sequelize(X)
**   unit_pluralize(X), unit_singularize(X), unit_underscore(X)
**   unit_camelize(A, B)
**   unit_json_quote(X)       X as assocJsonValue() writes it
**   unit_json_bool(X)        the same with ASSOC_JSON_BOOL
**   unit_json_raw(X)         the same with ASSOC_JSON_RAW
**   unit_json_limit(X, MAX)  unit_json_quote() where MAX bytes are too many
**   unit_utf8_all(N, BYTES, FILL, BEFORE, AFTER)
**                            all sequences of N of the BYTES, as part of a text
**                            that has BEFORE bytes of FILL in front and AFTER
**                            behind: 'ok', or the first text (as hex) that is
**                            not written as a simple decoder says
**   unit_utf8_random(SEED, COUNT)    the same of COUNT random texts
**   unit_json_read(TEXT)     assocJsonRead() and back with assocJsonWrite()
**   unit_json_get(TEXT, KEY) the element KEY of the object TEXT
**   unit_keymap(KEYS, AFF, COLL)         the number of each key, as JSON
**   unit_keyfind(KEYS, SOUGHT, AFF, COLL) the number that each key sought has
**   unit_keyrun(N, KEYS)     the number of each key in a map that has the keys 1 to N
**   unit_keytype(X, AFF)     the type of X after it was added to a keymap
**   unit_shape_text(KIND, X) the shape X, parsed and printed as text
**   unit_shape_json(KIND, X) the same, printed as JSON
**
** And virtual tables, always empty, with columns as a module may declare them:
**
**   CREATE VIRTUAL TABLE t USING unit_table(id INTEGER PRIMARY KEY, name)
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
#include "model/defrow.h"
#include "model/inflect.h"
#include "shape/shape.h"
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include <stdio.h>
#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

/* The same without vectors, to be tested beside it. */
#define ASSOC_NO_SIMD 1
#define assocJsonChars plainJsonChars
#define assocJsonString plainJsonString
#define assocJsonRaw plainJsonRaw
#define assocTextMend plainTextMend
char *plainJsonChars(char *p, const char *z, i64 n);
void plainJsonString(AssocOut *pOut, const char *z, i64 n);
void plainJsonRaw(AssocOut *pOut, const char *z, i64 n);
void plainTextMend(char *z);
#include "base/jsontext.c"
#undef assocJsonChars
#undef assocJsonString
#undef assocJsonRaw
#undef assocTextMend

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

/* ---------------------------------------------------------------- UTF-8 */

/* Length of the character at z by its code point, or 0. */
static int decodeOne(const u8 *z, int n) {
  int i, nByte = z[0] < 0x80   ? 1
                 : z[0] < 0xc0 ? 0
                 : z[0] < 0xe0 ? 2
                 : z[0] < 0xf0 ? 3
                 : z[0] < 0xf8 ? 4
                               : 0;
  u32 c = z[0];
  if (nByte == 1) return 1;
  if (nByte == 0 || nByte > n) return 0;
  c &= 0xffu >> (nByte + 1);
  for (i = 1; i < nByte; i++) {
    if ((z[i] & 0xc0) != 0x80) return 0;
    c = c << 6 | (z[i] & 0x3f);
  }
  if (c < (nByte == 2 ? 0x80u : nByte == 3 ? 0x800u : 0x10000u)) return 0;
  return c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : nByte;
}

/* What is to be written for z; the number of bytes. */
static int decodeAll(char *zOut, const u8 *z, int n, int bRaw) {
  char *p = zOut;
  int i, nByte;
  if (!bRaw) *p++ = '"';
  for (i = 0; i < n; i += nByte ? nByte : 1) {
    nByte = decodeOne(&z[i], n - i);
    if (nByte == 0) {
      memcpy(p, "\xef\xbf\xbd", 3);
      p += 3;
    } else if (nByte == 1 && !bRaw && (z[i] == '"' || z[i] == '\\')) {
      *p++ = '\\';
      *p++ = (char)z[i];
    } else if (nByte == 1 && !bRaw && z[i] < 0x20) {
      const char *zShort = z[i] ? strchr("\bb\tt\nn\ff\rr", z[i]) : 0;
      p += zShort ? sprintf(p, "\\%c", zShort[1]) : sprintf(p, "\\u%04x", z[i]);
    } else {
      memcpy(p, &z[i], (size_t)nByte);
      p += nByte;
    }
  }
  if (!bRaw) *p++ = '"';
  return (int)(p - zOut);
}

/* Texts end where a page ends behind which nothing may be read. */
#define TEXT_MOST 16384
typedef struct TextTest TextTest;
struct TextTest {
  u8 *zEnd; /* Texts end here */
  char zWanted[TEXT_MOST * 6 + 9];
  char zGot[TEXT_MOST * 6 + 99];
};

static void textNoGrow(AssocOut *pOut, i64 n) {
  (void)n;
  pOut->rc = SQLITE_TOOBIG;
}

/* A short string must do with the room that it says it needs, and write nothing
** behind. */
static int textIs(TextTest *p, int n, int bRaw,
                  void (*xWrite)(AssocOut *, const char *, i64)) {
  int nWanted = decodeAll(p->zWanted, p->zEnd - n, n, bRaw);
  int bShort = !bRaw && n <= ASSOC_TEXT_PIECE;
  AssocOut out;
  memset(&out, 0, sizeof(out));
  out.pStart = out.p = p->zGot;
  out.pEnd = p->zGot + (bShort ? n * 6 + 18 : (int)sizeof(p->zGot) - 1);
  *out.pEnd = '#';
  out.xGrow = textNoGrow;
  out.nMax = (i64)sizeof(p->zGot);
  xWrite(&out, (const char *)p->zEnd - n, n);
  return out.rc == SQLITE_OK && *out.pEnd == '#' &&
         out.p - p->zGot == nWanted &&
         memcmp(p->zGot, p->zWanted, (size_t)nWanted) == 0;
}

/* The last n bytes before zEnd: all writers write them right. */
static int textHolds(TextTest *p, int n) {
  return textIs(p, n, 0, assocJsonString) && textIs(p, n, 0, plainJsonString) &&
         textIs(p, n, 1, assocJsonRaw) && textIs(p, n, 1, plainJsonRaw);
}

static TextTest *textTestNew(AssocCall *pCall) {
  TextTest *p = assocMalloc(pCall, sizeof(*p));
  if (p == 0) return 0;
#if defined(__unix__) || defined(__APPLE__)
  p->zEnd = mmap(0, TEXT_MOST * 2, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p->zEnd += TEXT_MOST;
  (void)mprotect(p->zEnd, TEXT_MOST, PROT_NONE);
#else
  p->zEnd = (u8 *)assocMalloc(pCall, TEXT_MOST) + TEXT_MOST;
#endif
  return p;
}

static void textTestFree(AssocCall *pCall, sqlite3_context *pCtx, TextTest *p,
                         int nBad) {
  if (p == 0 || pCall->rc != SQLITE_OK) return;
  if (nBad < 0) {
    resultText(pCtx, "ok");
  } else {
    char *z = sqlite3_mprintf("%.*s", nBad * 2, p->zWanted), *pAt = z;
    int i;
    for (i = 0; i < nBad; i++) {
      pAt += sprintf(pAt, "%02x", (p->zEnd - nBad)[i]);
    }
    resultText(pCtx, z);
    sqlite3_free(z);
  }
#if defined(__unix__) || defined(__APPLE__)
  munmap(p->zEnd - TEXT_MOST, TEXT_MOST * 2);
#else
  sqlite3_free(p->zEnd - TEXT_MOST);
#endif
  sqlite3_free(p);
}

/* n bytes of a fill that repeats, from the end backwards: whole characters
** if its length divides n */
static void textFill(u8 *z, int n, const char *zFill) {
  int i, nFill = (int)strlen(zFill);
  for (i = 0; i < n; i++) z[i] = (u8)zFill[i % nFill];
}

static void unitUtf8All(AssocCall *pCall, AssocArena *pArena,
                        sqlite3_context *pCtx, sqlite3_value **apArg) {
  int nSeq = sqlite3_value_int(apArg[0]);
  const u8 *aByte = sqlite3_value_blob(apArg[1]);
  int nByte = sqlite3_value_bytes(apArg[1]);
  int nBefore = sqlite3_value_int(apArg[3]);
  int nAfter = sqlite3_value_int(apArg[4]);
  int n = nBefore + nSeq + nAfter, nBad = -1, i;
  TextTest *p = textTestNew(pCall);
  u64 iSeq, nAll = 1;
  (void)pArena;
  if (p == 0 || n > TEXT_MOST) return;
  textFill(p->zEnd - n, n, argText(apArg[2]));
  for (i = 0; i < nSeq; i++) nAll *= (u64)nByte;
  for (iSeq = 0; iSeq < nAll && nBad < 0; iSeq++) {
    u64 x = iSeq;
    for (i = 0; i < nSeq; i++, x /= (u64)nByte) {
      (p->zEnd - n + nBefore)[i] = aByte[x % (u64)nByte];
    }
    if (!textHolds(p, n)) nBad = n;
  }
  textTestFree(pCall, pCtx, p, nBad);
}

/* Characters of all kinds, and now and then any byte. */
static int textRandom(u8 *z, int nMost, u64 *piSeed) {
  static const char *const azPiece[] = {"a",
                                        "quick ",
                                        "\xc3\xa9",
                                        "\xd0\xb6",
                                        "\xe3\x81\x82",
                                        "\xed\x95\x9c",
                                        "\xe0\xb8\x81",
                                        "\xf0\x9f\x98\x80",
                                        "\"",
                                        "\n",
                                        " "};
  int n = 0, iKind = 0;
  while (n < nMost - 8) {
    u64 r = *piSeed = *piSeed * 6364136223846793005u + 1442695040888963407u;
    const char *zPiece;
    r >>= 33;
    if (r % 8 == 0) iKind = (int)(r / 8 % ASSOC_COUNT(azPiece));
    if (r % 97 == 0) {
      z[n++] = (u8)(r >> 9);
      continue;
    }
    zPiece = azPiece[iKind];
    memcpy(&z[n], zPiece, strlen(zPiece));
    n += (int)strlen(zPiece);
  }
  return n;
}

static void unitUtf8Random(AssocCall *pCall, AssocArena *pArena,
                           sqlite3_context *pCtx, sqlite3_value **apArg) {
  u64 iSeed = (u64)sqlite3_value_int64(apArg[0]);
  int i, nCount = sqlite3_value_int(apArg[1]), nBad = -1;
  TextTest *p = textTestNew(pCall);
  u8 *z = assocAlloc(pCall, pArena, TEXT_MOST);
  for (i = 0; p && z && i < nCount && nBad < 0; i++) {
    int nMost = (int)(iSeed >> 40) % (i % 10 ? 120 : TEXT_MOST - 8) + 9;
    int n = textRandom(z, nMost, &iSeed);
    memcpy(p->zEnd - n, z, (size_t)n);
    if (!textHolds(p, n)) nBad = n;
  }
  textTestFree(pCall, pCtx, p, nBad);
}

/* ----------------------------------------------------------- characters */

/* The kinds of a byte, as letters: d(igit) l(ower) u(pper) _ h(igh) s(pace)
** g(ap) x, and its value as a hexadecimal digit. */
static void unitChar(AssocCall *pCall, AssocArena *pArena,
                     sqlite3_context *pCtx, sqlite3_value **apArg) {
  char c = (char)sqlite3_value_int(apArg[0]), z[20];
  int i, n = 0;
  (void)pCall, (void)pArena;
  for (i = 0; i < 8; i++) {
    if (ASSOC_CHAR_IS(c, 1 << i)) z[n++] = "dlu_hsgx"[i];
  }
  sqlite3_snprintf((int)sizeof(z) - n, &z[n], " %d", assocHexValue(c));
  resultText(pCtx, z);
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

static void unitSequelize(AssocCall *pCall, AssocArena *pArena,
                          sqlite3_context *pCtx, sqlite3_value **apArg) {
  resultText(pCtx, assocPluralSequelize(pCall, pArena, argText(apArg[0])));
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
    assocErrorOf(pCall, ASSOC_E_OTHER, 0, 0,
                 "the rules of the keys are missing");
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
    assocErrorOf(p->pCall, ASSOC_E_OTHER, 0, 0, "a key must not have %d values",
                 n);
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

/* The first N keys are made by hand, so they take neither time nor memory. */
static void unitKeyrun(AssocCall *pCall, AssocArena *pArena,
                       sqlite3_context *pCtx, sqlite3_value **apArg) {
  UnitKeys keys;
  AssocOut out;
  (void)pArena;
  memset(&keys, 0, sizeof(keys));
  keys.pCall = pCall;
  keys.bReady = 1;
  assocKeymapInit(&keys.map, 1, keys.aRule);
  keys.map.nSlot = (u32)sqlite3_value_int64(apArg[0]);
  keys.map.iBase = 1;
  assocBufInit(&out, maxLength(pCall));
  allKeys(&keys, apArg[1], &out, 0);
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
    assocErrorOf(pCall, ASSOC_E_OTHER, 0, 0,
                 "a shape is a query, a block or one");
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

/* ------------------------------------------------------------ definitions */

/* Which rows are in three versions of the definitions: posts in the first two, tags
** from the second on, Authors in the third. */
static void unitVersions(AssocCall *pCall, AssocArena *pArena,
                         sqlite3_context *pCtx, sqlite3_value **apArg) {
  static const char *const az[] = {"posts", "tags", "Authors"};
  AssocDefRows *p = assocDefRowsNew(pCall);
  AssocDefRow *apRow[3] = {0, 0, 0};
  AssocSchema schema;
  char zOut[12];
  int i, n = 0;
  (void)pArena, (void)apArg;
  for (i = 0; p && i < 3; i++) {
    const char *azRow[] = {"User", az[i], "hasMany", "Post", 0};
    p->iVersion = i + 1;
    apRow[i] = assocDefRowNew(pCall, p, azRow, 0);
    if (apRow[i]) assocDefRowAdd(pCall, p, apRow[i]);
  }
  memset(&schema, 0, sizeof(schema));
  schema.pRows = p;
  if (pCall->rc == SQLITE_OK) {
    apRow[0]->iTo = 3;
    for (i = 0; i < 9; i++) {
      schema.iVersion = i / 3 + 1;
      if (i && i % 3 == 0) zOut[n++] = ' ';
      zOut[n++] = assocDefRowSeek(&schema, "user", az[i % 3]) ? '1' : '0';
    }
    sqlite3_result_text(pCtx, zOut, n, SQLITE_TRANSIENT);
  }
  assocDefRowsUnref(p);
}

/* How many of 60 rows have the target T7. Where memory fails while rows are put to
** their targets, the question is asked again. */
static void unitTargets(AssocCall *pCall, AssocArena *pArena,
                        sqlite3_context *pCtx, sqlite3_value **apArg) {
  AssocDefRows *p = assocDefRowsNew(pCall);
  AssocCatalog cat;
  AssocSchema schema;
  AssocCall call;
  AssocDefList list;
  int i, n = 0;
  (void)pArena, (void)apArg;
  memset(&cat, 0, sizeof(cat));
  memset(&schema, 0, sizeof(schema));
  cat.pSchema = &schema;
  schema.pCatalog = &cat;
  schema.pRows = p;
  schema.iVersion = 1; /* The first one */
  for (i = 0; p && i < 60; i++) {
    char zModel[12], zTarget[12];
    const char *azRow[] = {zModel, "x", "hasMany", zTarget, 0};
    AssocDefRow *pRow;
    sqlite3_snprintf(sizeof(zModel), zModel, "M%d", i);
    sqlite3_snprintf(sizeof(zTarget), zTarget, "T%d", i);
    pRow = assocDefRowNew(pCall, p, azRow, 0);
    if (pRow) assocDefRowAdd(pCall, p, pRow);
  }
  for (i = 0; pCall->rc == SQLITE_OK && i < 2; i++) {
    assocCallInit(&call, pCall->pConn);
    assocDefListBegin(&call, &list);
    assocDefListTable(&list, &cat, "T7");
    assocDefListTake(&list, &schema, ASSOC_ROW_DEF, ASSOC_KEYS_IN);
    n = call.rc == SQLITE_OK ? list.n : -1;
    assocDefListEnd(&list);
    if (n < 0 && i) assocErrorCode(pCall, call.rc);
    assocCallClear(&call);
  }
  sqlite3_result_int(pCtx, n);
  assocArenaFree(&cat.mem);
  assocDefRowsUnref(p);
}

/* ------------------------------------------------------------- functions */

typedef struct UnitFunc UnitFunc;
struct UnitFunc {
  const char *zName;
  int nArg;
  UnitBody *xBody;
};

static const UnitFunc aUnit[] = {
    {"unit_char", 1, unitChar},
    {"unit_pluralize", 1, unitPluralize},
    {"unit_sequelize", 1, unitSequelize},
    {"unit_singularize", 1, unitSingularize},
    {"unit_underscore", 1, unitUnderscore},
    {"unit_camelize", 2, unitCamelize},
    {"unit_json_quote", 1, unitJsonQuote},
    {"unit_json_bool", 1, unitJsonBool},
    {"unit_json_raw", 1, unitJsonRaw},
    {"unit_json_limit", 2, unitJsonLimit},
    {"unit_utf8_all", 5, unitUtf8All},
    {"unit_utf8_random", 2, unitUtf8Random},
    {"unit_json_read", 1, unitJsonRead},
    {"unit_json_get", 2, unitJsonGet},
    {"unit_keymap", 3, unitKeymap},
    {"unit_keyfind", 4, unitKeyfind},
    {"unit_keyrun", 2, unitKeyrun},
    {"unit_keytype", 2, unitKeytype},
    {"unit_versions", 0, unitVersions},
    {"unit_targets", 0, unitTargets},
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

/* ---------------------------------------------------------- unit_table */

static int tableConnect(sqlite3 *db, void *pAux, int nArg,
                        const char *const *azArg, sqlite3_vtab **ppTab,
                        char **pzErr) {
  sqlite3_str *pStr = sqlite3_str_new(db);
  char *z;
  int i, rc;
  (void)pAux, (void)pzErr;
  for (i = 3; i < nArg; i++) { /* Behind module, database and name */
    sqlite3_str_appendf(pStr, "%s%s", i > 3 ? "," : "CREATE TABLE x(",
                        azArg[i]);
  }
  sqlite3_str_appendall(pStr, ")");
  z = sqlite3_str_finish(pStr);
  rc = z ? sqlite3_declare_vtab(db, z) : SQLITE_NOMEM;
  sqlite3_free(z);
  if (rc != SQLITE_OK) return rc;
  *ppTab = sqlite3_malloc64(sizeof(**ppTab));
  if (*ppTab == 0) return SQLITE_NOMEM;
  memset(*ppTab, 0, sizeof(**ppTab));
  return SQLITE_OK;
}

static int tableDisconnect(sqlite3_vtab *pTab) {
  sqlite3_free(pTab);
  return SQLITE_OK;
}

static int tableBest(sqlite3_vtab *pTab, sqlite3_index_info *pInfo) {
  (void)pTab, (void)pInfo;
  return SQLITE_OK;
}

static int tableOpen(sqlite3_vtab *pTab, sqlite3_vtab_cursor **ppCursor) {
  (void)pTab;
  *ppCursor = sqlite3_malloc64(sizeof(**ppCursor));
  return *ppCursor ? SQLITE_OK : SQLITE_NOMEM;
}

static int tableClose(sqlite3_vtab_cursor *pCursor) {
  sqlite3_free(pCursor);
  return SQLITE_OK;
}

static int tableFilter(sqlite3_vtab_cursor *pCursor, int iIndex,
                       const char *zIndex, int nArg, sqlite3_value **apArg) {
  (void)pCursor, (void)iIndex, (void)zIndex, (void)nArg, (void)apArg;
  return SQLITE_OK;
}

static int tableNext(sqlite3_vtab_cursor *pCursor) {
  (void)pCursor;
  return SQLITE_OK;
}

static int tableEof(sqlite3_vtab_cursor *pCursor) {
  (void)pCursor;
  return 1;
}

static int tableColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *pCtx,
                       int iCol) {
  (void)pCursor, (void)pCtx, (void)iCol;
  return SQLITE_OK;
}

static int tableRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *piRowid) {
  (void)pCursor;
  *piRowid = 0;
  return SQLITE_OK;
}

static sqlite3_module unitTable = {
    .xCreate = tableConnect,
    .xConnect = tableConnect,
    .xBestIndex = tableBest,
    .xDisconnect = tableDisconnect,
    .xDestroy = tableDisconnect,
    .xOpen = tableOpen,
    .xClose = tableClose,
    .xFilter = tableFilter,
    .xNext = tableNext,
    .xEof = tableEof,
    .xColumn = tableColumn,
    .xRowid = tableRowid,
};

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
  int i, rc;
  (void)pzErrMsg, (void)pApi;
  SQLITE_EXTENSION_INIT2(pApi);
  pConn = assocConnNew(db);
  if (pConn == 0) return SQLITE_NOMEM;
  rc = sqlite3_create_module(db, "unit_table", &unitTable, 0);
  for (i = 0; i < ASSOC_COUNT(aUnit) && rc == SQLITE_OK; i++) {
    rc = unitRegister(pConn, &aUnit[i]);
  }
  assocConnUnref(pConn);
  return rc;
}
