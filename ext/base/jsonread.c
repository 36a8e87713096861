/*
** Reading JSON text exactly as RFC 8259 defines it. SQLite's own functions
** accept other things in each version, and a user's table may be named
** json_tree, so they are not used.
**
** The reader goes through the text once. A stack of bounded size holds the open
** arrays and objects, so hostile nesting ends in an error and not in an
** overflow of the C stack. A long array can be read one element at a time, so
** bulk data never needs one large tree:
**
**   assocJsonStart(pCall, &r, zJson, nJson, "the values");
**   while ((p = assocJsonNext(&r, &mem)) != 0) {
**     ...
**     assocArenaReset(&mem, KEEP);
**   }
**   assocJsonEnd(&r);
*/
#include "base/base.h"

/* SQLite's own JSON functions have the same limit. */
#define JSON_DEPTH 1000

/* Raise the syntax error. At most 100 bytes of the text are shown. Returns 0,
** so that a reader can end with it. */
static AssocJson *readFail(AssocJsonReader *p) {
  assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
               "%s must be JSON, and this is not: %.100s", p->zWhat, p->zStart);
  return 0;
}

/* Skip white space. readSkip() and readPeek() return the next byte without
** taking it; 0 at the end of the text. */
static char readSkip(AssocJsonReader *p) {
  while (p->z < p->zEnd && assocIsGap(*p->z)) p->z++;
  return p->z < p->zEnd ? *p->z : 0;
}
/* The next character that is no white space; 0 at the end of the text. It is
** not taken. */
static inline char readPeek(AssocJsonReader *p) {
  if (ASSOC_LIKELY(p->z < p->zEnd && (u8)*p->z > ' ')) return *p->z;
  return readSkip(p);
}

/* ---------------------------------------------------------------- strings */

/* The number of bytes before the next quote, backslash or control character.
** Eight bytes are tested at once: each of their high bits is a mark. The lowest
** mark is right; a borrow can make marks above it wrong. */
static inline i64 plainRun(const char *z, i64 n) {
  i64 i = 0;
  assert(n >= 0);
  for (; i + 8 <= n; i += 8) {
    u64 x, q, b;
    memcpy(&x, &z[i], 8);
    q = x ^ (ASSOC_ONE_EACH * '"');
    b = x ^ (ASSOC_ONE_EACH * '\\');
    x = (((x - ASSOC_ONE_EACH * 0x20) & ~x) | ((q - ASSOC_ONE_EACH) & ~q) |
         ((b - ASSOC_ONE_EACH) & ~b)) &
        ASSOC_HIGH_EACH;
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (x) return i + __builtin_ctzll(x) / 8;
#else
    if (x) break;
#endif
  }
  while (i < n && z[i] != '"' && z[i] != '\\' && (u8)z[i] >= 0x20) i++;
  return i;
}

/* The value of the four hexadecimal digits at z, or -1. */
static int hexFour(const char *z, const char *zEnd) {
  int i, v = 0;
  if (zEnd - z < 4) return -1;
  for (i = 0; i < 4; i++) {
    int n = assocHexValue(z[i]);
    if (n < 0) return -1;
    v = v * 16 + n;
  }
  return v;
}

/* Write the code point c as UTF-8, 1 to 4 bytes. Returns the new end. */
static char *utf8Write(char *p, u32 c) {
  if (c < 0x80) {
    *p++ = (char)c;
  } else if (c < 0x800) {
    *p++ = (char)(0xc0 | (c >> 6));
    *p++ = (char)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *p++ = (char)(0xe0 | (c >> 12));
    *p++ = (char)(0x80 | ((c >> 6) & 0x3f));
    *p++ = (char)(0x80 | (c & 0x3f));
  } else {
    *p++ = (char)(0xf0 | (c >> 18));
    *p++ = (char)(0x80 | ((c >> 12) & 0x3f));
    *p++ = (char)(0x80 | ((c >> 6) & 0x3f));
    *p++ = (char)(0x80 | (c & 0x3f));
  }
  return p;
}

/* Read the code point of an escape; *pz is behind its "\u" and moves on. A
** surrogate pair is two escapes. Half of a pair becomes U+FFFD. -1 if there are
** no four hexadecimal digits. */
static i64 readUnicode(const char **pz, const char *zEnd) {
  const char *z = *pz;
  int c = hexFour(z, zEnd), cLow;
  if (c < 0) return -1;
  *pz = z + 4;
  if (c < 0xd800 || c > 0xdfff) return c;
  cLow =
      zEnd - z >= 10 && z[4] == '\\' && z[5] == 'u' ? hexFour(z + 6, zEnd) : -1;
  if (c > 0xdbff || cLow < 0xdc00 || cLow > 0xdfff) return 0xfffd;
  *pz = z + 10;
  return 0x10000 + ((i64)(c - 0xd800) << 10) + (cLow - 0xdc00);
}

/* Read one escape; *pz is behind its backslash. 0 if no such escape exists. */
static char *readEscape(const char **pz, const char *zEnd, char *p) {
  static const char zFrom[] = "\"\\/bfnrt", zTo[] = "\"\\/\b\f\n\r\t";
  const char *z = *pz, *zFound;
  if (z >= zEnd) return 0;
  if (*z == 'u') {
    i64 c;
    *pz = z + 1;
    c = readUnicode(pz, zEnd);
    return c < 0 ? 0 : utf8Write(p, (u32)c);
  }
  zFound = *z ? strchr(zFrom, *z) : 0;
  if (zFound == 0) return 0;
  *pz = z + 1;
  *p = zTo[zFound - zFrom];
  return p + 1;
}

/* Read a string with escapes. Its first nPlain bytes have none. The text with
** escapes resolved is never longer than the text with escapes. */
static char *readEscaped(AssocJsonReader *p, i64 nPlain, int *pn) {
  const char *zClose = p->z + nPlain, *z = p->z;
  char *zNew, *pAt;
  assert(nPlain >= 0 && p->z[nPlain] == '\\');
  while (zClose < p->zEnd && *zClose != '"') zClose += *zClose == '\\' ? 2 : 1;
  if (zClose >= p->zEnd) return 0;
  zNew = pAt = assocAlloc(p->pCall, p->pArena, zClose - z + 1);
  while (pAt && z < zClose) {
    i64 n = plainRun(z, zClose - z);
    memcpy(pAt, z, (size_t)n);
    pAt += n;
    z += n;
    if (z == zClose) break;
    if (*z++ != '\\') return 0;
    pAt = readEscape(&z, zClose, pAt);
  }
  if (pAt == 0) return 0;
  p->z = zClose + 1;
  *pn = (int)(pAt - zNew);
  return zNew;
}

/* Read a string; p->z is behind its opening quote. The result has *pn bytes and
** a nul after them. */
static char *readString(AssocJsonReader *p, int *pn) {
  i64 n = plainRun(p->z, p->zEnd - p->z);
  char *z = 0;
  if (p->z + n < p->zEnd && p->z[n] == '"') {
    z = assocAllocRaw(p->pCall, p->pArena, n + 1);
    if (z == 0) return 0;
    memcpy(z, p->z, (size_t)n);
    z[n] = 0;
    p->z += n + 1;
    *pn = (int)n;
  } else if (p->z + n < p->zEnd && p->z[n] == '\\') {
    z = readEscaped(p, n, pn);
  }
  if (z == 0) readFail(p);
  return z;
}

/* ---------------------------------------------------------------- numbers */

/* Let SQLite convert a number that one multiplication cannot give exactly. */
static double realOfText(AssocJsonReader *p, const char *z, int n) {
  double r = 0;
  if (p->pCast == 0) p->pCast = assocPrepare(p->pCall, "SELECT ?1+0.0");
  if (p->pCast == 0) return 0;
  assocErrorCode(p->pCall, sqlite3_bind_text(p->pCast, 1, z, n, SQLITE_STATIC));
  if (assocStep(p->pCall, p->pCast)) r = sqlite3_column_double(p->pCast, 0);
  sqlite3_reset(p->pCast);
  return r;
}

/*
** iMant * 10^iExp. Within these bounds both are exact doubles, so one
** multiplication or division rounds once, and the result is the nearest double.
*/
static double realOf(AssocJsonReader *p, const char *z, int n, u64 iMant,
                     int nDigit, int iExp) {
  static const double aTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double r;
  if (nDigit > 15 || iExp > 22 || iExp < -22) return realOfText(p, z, n);
  r = (double)iMant;
  r = iExp < 0 ? r / aTen[-iExp] : r * aTen[iExp];
  return *z == '-' ? -r : r;
}

/* Read digits and append them to *pu, as far as 64 bits hold them. *pnDigit
** counts the digits that are significant. Returns the number of digits read. */
static int readDigits(AssocJsonReader *p, u64 *pu, int *pnDigit) {
  const char *z = p->z, *zStart = z;
  int nDigit = *pnDigit;
  u64 u = *pu;
  for (; z < p->zEnd && (u8)(*z - '0') < 10; z++) {
    nDigit += nDigit > 0 || *z != '0';
    if (nDigit < 20) u = u * 10 + (u64)(*z - '0');
  }
  *pu = u;
  *pnDigit = nDigit;
  p->z = z;
  return (int)(z - zStart);
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static void readNumber(AssocJsonReader *p, AssocJson *pJson) {
  const char *zStart = p->z;
  u64 iMant = 0, iExp = 0;
  int nDigit = 0, nInt, nFrac = 0, nExp = 1, nSkip = 0, bNeg, bReal = 0;
  bNeg = *p->z == '-';
  p->z += bNeg;
  nInt = readDigits(p, &iMant, &nDigit);
  if (nInt == 0 || (nInt > 1 && p->z[-nInt] == '0')) readFail(p);
  if (p->z < p->zEnd && *p->z == '.') {
    p->z++;
    bReal = 1;
    nFrac = readDigits(p, &iMant, &nDigit);
    if (nFrac == 0) readFail(p);
  }
  if (p->z < p->zEnd && (*p->z | 0x20) == 'e') {
    int bMinus;
    p->z++;
    bReal = 1;
    bMinus = p->z < p->zEnd && *p->z == '-';
    if (p->z < p->zEnd && (*p->z == '-' || *p->z == '+')) p->z++;
    if (readDigits(p, &iExp, &nSkip) == 0) readFail(p);
    nExp = nSkip > 4 ? 100000 : (int)iExp;
    nFrac = bMinus ? nFrac + nExp : nFrac - nExp;
  }
  pJson->n = (int)(p->z - zStart);
  pJson->z = zStart;
  if (!p->bStay) {
    pJson->z = assocArenaText(p->pCall, p->pArena, zStart, pJson->n);
  }
  /* 2^63 fits with a minus sign only. */
  if (!bReal &&
      (nDigit < 19 || (nDigit == 19 && iMant <= (u64)INT64_MAX + (u64)bNeg))) {
    pJson->eType = ASSOC_J_INT;
    pJson->i = (i64)(bNeg ? 0 - iMant : iMant);
  } else {
    pJson->eType = ASSOC_J_REAL;
    pJson->r = realOf(p, zStart, pJson->n, iMant, nDigit, -nFrac);
  }
}

/* ----------------------------------------------------------------- values */

/* Take zWord, which is true, false or null, or raise the error. */
static int readWord(AssocJsonReader *p, const char *zWord) {
  int n = (int)strlen(zWord);
  if (p->zEnd - p->z < n || memcmp(p->z, zWord, (size_t)n) != 0) {
    readFail(p);
    return 0;
  }
  p->z += n;
  return 1;
}

/* Read a scalar completely, or the opening bracket of an array or object. */
static AssocJson *readValue(AssocJsonReader *p, const char *zKey) {
  AssocJson *pJson = assocAllocRaw(p->pCall, p->pArena, sizeof(*pJson));
  char c = readPeek(p);
  if (pJson == 0) return 0;
  memset(pJson, 0, sizeof(*pJson));
  pJson->zKey = zKey;
  switch (c) {
  case '"':
    p->z++;
    pJson->eType = ASSOC_J_TEXT;
    pJson->z = readString(p, &pJson->n);
    break;
  case '{':
  case '[':
    p->z++;
    pJson->eType = c == '{' ? ASSOC_J_OBJECT : ASSOC_J_ARRAY;
    break;
  case 't':
    pJson->eType = ASSOC_J_TRUE;
    pJson->i = readWord(p, "true");
    break;
  case 'f':
    pJson->eType = ASSOC_J_FALSE;
    readWord(p, "false");
    break;
  case 'n': readWord(p, "null"); break;
  default:
    if (c != '-' && (c < '0' || c > '9')) return readFail(p);
    readNumber(p, pJson);
    break;
  }
  return p->pCall->rc == SQLITE_OK ? pJson : 0;
}

/* Read a key that is not the predicted one. Short keys without escapes are kept
** in a small hash table, so equal keys share one copy. */
static const char *readNewKey(AssocJsonReader *p) {
  AssocArena *pArena = p->bArray ? &p->keys : p->pArena, *pOld = p->pArena;
  i64 n = plainRun(p->z, p->zEnd - p->z);
  AssocJsonKey *pKey;
  int iKey, nKey = 0;
  if (n == 0 || n > 1000 || p->zEnd - p->z <= n || p->z[n] != '"') {
    const char *z;
    p->pArena = pArena;
    z = readString(p, &nKey);
    p->pArena = pOld;
    if (z && (int)strlen(z) != nKey) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "a key of %s must not contain a NUL character: %.60s",
                   p->zWhat, z);
      return 0;
    }
    return z;
  }
  iKey = (int)((u32)((u8)p->z[0] * 7 + (u8)p->z[n - 1] + n) %
               (u32)ASSOC_COUNT(p->aKey));
  pKey = &p->aKey[iKey];
  if (pKey->n != n || memcmp(pKey->z, p->z, (size_t)n) != 0) {
    pKey->z = assocArenaText(p->pCall, pArena, p->z, (int)n);
    pKey->n = pKey->z ? (int)n : 0;
  }
  p->aKey[p->iKey].iNext = iKey;
  p->iKey = iKey;
  p->z += n + 1;
  return pKey->z;
}

/* Read a key; p->z is behind its opening quote. Objects of one array usually
** have the same keys in the same order. So the key that followed last time is
** compared first, and not copied again. */
static inline const char *readKeyText(AssocJsonReader *p) {
  int iKey = p->aKey[p->iKey].iNext;
  const AssocJsonKey *pKey = &p->aKey[iKey];
  i64 n = pKey->n;
  assert(p->iKey >= 0 && p->iKey < ASSOC_COUNT(p->aKey));
  if (n == 0 || p->zEnd - p->z <= n || p->z[n] != '"' ||
      memcmp(pKey->z, p->z, (size_t)n) != 0) {
    return readNewKey(p);
  }
  p->iKey = iKey;
  p->z += n + 1;
  return pKey->z;
}

/* Read a key and its colon. */
static const char *readKey(AssocJsonReader *p) {
  const char *zKey;
  if (readPeek(p) != '"') {
    readFail(p);
    return 0;
  }
  p->z++;
  zKey = readKeyText(p);
  if (zKey && readPeek(p) != ':') readFail(p);
  p->z++;
  return zKey;
}

/* An open array or object, and where its next element is linked. */
typedef struct OpenElement OpenElement;
struct OpenElement {
  AssocJson *p;      /* The array or object */
  AssocJson **ppEnd; /* The last pNext of its elements */
};

/*
** Read one element of the innermost open array or object. If the element is
** itself an array or object, it becomes the innermost one.
*/
static int readElement(AssocJsonReader *p, OpenElement *aOpen, int *pnOpen) {
  OpenElement *pTop = &aOpen[*pnOpen - 1];
  const char *zKey = 0;
  AssocJson *pNew;
  assert(*pnOpen > 0 && *pnOpen <= JSON_DEPTH);
  if (pTop->p->eType == ASSOC_J_OBJECT) {
    zKey = readKey(p);
    if (zKey == 0) return 0;
  }
  pNew = readValue(p, zKey);
  if (pNew == 0) return 0;
  *pTop->ppEnd = pNew;
  pTop->ppEnd = &pNew->pNext;
  pTop->p->nChild++;
  if (pNew->eType < ASSOC_J_ARRAY) return 1;
  if (*pnOpen == JSON_DEPTH) {
    assocErrorOf(p->pCall, ASSOC_E_LIMIT, 0, 0,
                 "%s is nested more than %d levels deep", p->zWhat, JSON_DEPTH);
    return 0;
  }
  aOpen[*pnOpen].p = pNew;
  aOpen[(*pnOpen)++].ppEnd = &pNew->pChild;
  return 1;
}

/* Read a whole value. A loop with a stack, no recursion. */
static AssocJson *readTree(AssocJsonReader *p) {
  OpenElement aOpen[JSON_DEPTH];
  AssocJson *pRoot = readValue(p, 0);
  int nOpen = 0;
  if (pRoot == 0 || pRoot->eType < ASSOC_J_ARRAY) return pRoot;
  aOpen[nOpen].p = pRoot;
  aOpen[nOpen++].ppEnd = &pRoot->pChild;
  while (nOpen > 0) {
    OpenElement *pTop = &aOpen[nOpen - 1];
    char c = readPeek(p);
    if (c == (pTop->p->eType == ASSOC_J_OBJECT ? '}' : ']')) {
      p->z++;
      nOpen--;
      continue;
    }
    if (pTop->p->nChild > 0) {
      if (c != ',') return readFail(p);
      p->z++;
    }
    if (!readElement(p, aOpen, &nOpen)) return readFail(p);
  }
  return pRoot;
}

/* -------------------------------------------------------------- interface */

void assocJsonStart(AssocCall *pCall, AssocJsonReader *p, const char *zJson,
                    i64 nJson, const char *zWhat) {
  assert(zWhat);
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  p->zWhat = zWhat;
  p->zStart = p->z = zJson;
  p->zEnd = zJson + (nJson < 0 ? (i64)strlen(zJson) : nJson);
  p->bArray = readPeek(p) == '[';
  p->bStay = 1;
}

/* Only white space may follow the last element. */
static AssocJson *readLast(AssocJsonReader *p) {
  p->bDone = 1;
  (void)readPeek(p);
  return p->z < p->zEnd ? readFail(p) : 0;
}

AssocJson *assocJsonNext(AssocJsonReader *p, AssocArena *pArena) {
  AssocJson *pJson;
  int bFirst = p->nRead++ == 0;
  p->pArena = pArena;
  if (p->pCall->rc != SQLITE_OK || p->bDone) return 0;
  if (p->bArray) {
    char c;
    if (bFirst) p->z++; /* Take the '[' where assocJsonStart() stopped */
    c = readPeek(p);
    if (c == ']') {
      p->z++;
      return readLast(p);
    }
    if (!bFirst && c != ',') return readFail(p);
    if (!bFirst) p->z++;
    return readTree(p);
  }
  pJson = readTree(p);
  if (pJson) readLast(p);
  return p->pCall->rc == SQLITE_OK ? pJson : 0;
}

void assocJsonEnd(AssocJsonReader *p) {
  assocArenaFree(&p->keys);
  assocFinalize(p->pCall, p->pCast);
  p->pCast = 0;
}

AssocJson *assocJsonRead(AssocCall *pCall, AssocArena *pArena,
                         const char *zJson, int nJson, const char *zWhat) {
  AssocJsonReader r;
  AssocJson *pJson;
  if (pCall->rc != SQLITE_OK) return 0;
  assocJsonStart(pCall, &r, zJson, nJson, zWhat);
  r.bArray = 0; /* Read one value, even if it is an array */
  r.bStay = 0;  /* The tree outlives the text and the reader */
  pJson = assocJsonNext(&r, pArena);
  assocJsonEnd(&r);
  return pJson;
}

AssocJson *assocJsonTry(AssocCall *pCall, AssocArena *pArena, const char *zJson,
                        int nJson) {
  AssocCall ask;
  AssocJson *p;
  assocTryBegin(&ask, pCall);
  p = assocJsonRead(&ask, pArena, zJson, nJson, "the text");
  return assocTryEnd(&ask, pCall, 0) ? 0 : p;
}

AssocJson *assocJsonObject(AssocCall *pCall, AssocArena *pArena,
                           const char *zJson, int nJson, const char *zWhat) {
  AssocJson *pJson = assocJsonRead(pCall, pArena, zJson, nJson, zWhat);
  if (pJson == 0 || pJson->eType == ASSOC_J_OBJECT) return pJson;
  assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
               "%s must be a JSON object, not %s", zWhat,
               assocJsonTypeName(pJson));
  return 0;
}

const char *assocJsonText(AssocCall *pCall, sqlite3_value *pVal) {
  const char *z, *zText;
  if (sqlite3_value_type(pVal) != SQLITE_TEXT) return 0;
  z = zText = (const char *)sqlite3_value_text(pVal);
  if (z == 0) {
    assocErrorCode(pCall, SQLITE_NOMEM);
    return 0;
  }
  while (assocIsGap(*z)) z++;
  return *z == '[' || *z == '{' ? zText : 0;
}

AssocJson *assocJsonGet(AssocJson *pObject, const char *zKey) {
  AssocJson *p;
  for (p = pObject ? pObject->pChild : 0; p; p = p->pNext) {
    if (p->zKey && strcmp(p->zKey, zKey) == 0) return p;
  }
  return 0;
}

int assocJsonBind(sqlite3_stmt *pStmt, int i, const AssocJson *p) {
  assert(p->eType < ASSOC_J_ARRAY);
  switch (p->eType) {
  case ASSOC_J_NULL: return sqlite3_bind_null(pStmt, i);
  case ASSOC_J_FALSE: return sqlite3_bind_int(pStmt, i, 0);
  case ASSOC_J_TRUE: return sqlite3_bind_int(pStmt, i, 1);
  case ASSOC_J_INT: return sqlite3_bind_int64(pStmt, i, p->i);
  case ASSOC_J_REAL: return sqlite3_bind_double(pStmt, i, p->r);
  case ASSOC_J_BLOB:
    return sqlite3_bind_blob(pStmt, i, p->z, p->n, SQLITE_STATIC);
  }
  return sqlite3_bind_text(pStmt, i, p->z, p->n, SQLITE_STATIC);
}

void assocJsonResult(sqlite3_context *pCtx, const AssocJson *p) {
  assert(p->eType < ASSOC_J_ARRAY);
  switch (p->eType) {
  case ASSOC_J_NULL: return;
  case ASSOC_J_REAL: sqlite3_result_double(pCtx, p->r); return;
  case ASSOC_J_TEXT:
    sqlite3_result_text(pCtx, p->z, p->n, SQLITE_STATIC);
    return;
  case ASSOC_J_BLOB:
    sqlite3_result_blob(pCtx, p->z, p->n, SQLITE_STATIC);
    return;
  }
  sqlite3_result_int64(
      pCtx, p->eType == ASSOC_J_INT ? p->i : p->eType == ASSOC_J_TRUE);
}

sqlite3_value *assocJsonValueOf(AssocCall *pCall, sqlite3_stmt *pStmt,
                                const AssocJson *p) {
  sqlite3_value *pVal = 0;
  if (pCall->rc != SQLITE_OK) return 0;
  assocErrorCode(pCall, assocJsonBind(pStmt, 1, p));
  if (assocStep(pCall, pStmt)) {
    pVal = sqlite3_value_dup(sqlite3_column_value(pStmt, 0));
    if (pVal == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  } else {
    assocErrorCode(pCall, SQLITE_AUTH); /* An authorizer ignored the SELECT */
  }
  sqlite3_reset(pStmt);
  return pVal;
}

int assocJsonIsBuffer(const AssocJson *p) {
  const AssocJson *pType = assocJsonGet((AssocJson *)p, "type");
  const AssocJson *pData = assocJsonGet((AssocJson *)p, "data");
  return pType && pData && p->nChild == 2 && pType->eType == ASSOC_J_TEXT &&
         pData->eType == ASSOC_J_ARRAY && strcmp(pType->z, "Buffer") == 0;
}

const char *assocJsonTypeName(const AssocJson *p) {
  static const char *const az[] = {"null",     "false",    "true",
                                   "a number", "a number", "a text",
                                   "a BLOB",   "an array", "an object"};
  assert(p == 0 || p->eType <= ASSOC_J_OBJECT);
  return p ? az[p->eType] : "nothing";
}

/* Append a scalar. Numbers are written as they were read. */
static void writeAtom(AssocOut *pOut, const AssocJson *p) {
  static const char *const az[] = {"null", "false", "true"};
  assert(p->eType < ASSOC_J_ARRAY);
  if (p->eType <= ASSOC_J_TRUE) {
    assocOutText(pOut, az[p->eType], (i64)strlen(az[p->eType]));
  } else if (p->eType == ASSOC_J_TEXT) {
    assocJsonString(pOut, p->z, p->n);
  } else if (p->eType == ASSOC_J_BLOB) {
    assocJsonBlob(pOut, (const u8 *)p->z, p->n);
  } else {
    assocOutText(pOut, p->z, p->n);
  }
}

/* Recursion is bounded by JSON_DEPTH, because only the reader makes trees. */
void assocJsonWrite(AssocOut *pOut, const AssocJson *p) {
  const AssocJson *pSub;
  int bObject = p->eType == ASSOC_J_OBJECT;
  if (p->eType < ASSOC_J_ARRAY) {
    writeAtom(pOut, p);
    return;
  }
  assocOutText(pOut, bObject ? "{" : "[", 1);
  for (pSub = p->pChild; pSub; pSub = pSub->pNext) {
    if (pSub != p->pChild) assocOutText(pOut, ",", 1);
    if (bObject) {
      assocJsonString(pOut, pSub->zKey, (i64)strlen(pSub->zKey));
      assocOutText(pOut, ":", 1);
    }
    assocJsonWrite(pOut, pSub);
  }
  assocOutText(pOut, bObject ? "}" : "]", 1);
}
