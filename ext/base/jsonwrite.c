/*
** Writing JSON text, as json_object() writes it and faster.
**
** Text is copied sixteen bytes at a time until a byte comes that needs care:
** a quote, a backslash, a control character, or the first byte of a
** character outside ASCII, which is checked, since a TEXT value in SQLite
** may hold any bytes and JSON may not.
*/
#include "base/base.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* ------------------------------------------------- a buffer on the heap */

static void bufGrow(AssocOut *pOut, i64 n) {
  i64 nUsed = pOut->p - pOut->pStart;
  i64 nAlloc = pOut->pEnd - pOut->pStart;
  int bTooBig = assocOutTooBig(pOut, n);
  char *zNew;
  if (pOut->rc != SQLITE_OK) return;
  nAlloc += nAlloc / 2;
  if (nAlloc > pOut->nMax) nAlloc = pOut->nMax;
  if (nAlloc < nUsed + n) nAlloc = nUsed + n;
  if (nAlloc < 200) nAlloc = 200;
  zNew = bTooBig ? 0 : sqlite3_realloc64(pOut->pStart, (u64)nAlloc + 1);
  if (zNew == 0) {
    pOut->rc = bTooBig ? SQLITE_TOOBIG : SQLITE_NOMEM;
    assocBufClear(pOut);
    return;
  }
  if (nUsed == 0) assocHugePages(zNew, nAlloc);
  pOut->pStart = zNew;
  pOut->p = zNew + nUsed;
  pOut->pEnd = zNew + nAlloc; /* One byte more is there for the nul */
}

void assocBufInit(AssocOut *pOut, i64 nMax) {
  memset(pOut, 0, sizeof(*pOut));
  pOut->xGrow = bufGrow;
  pOut->nMax = nMax;
}

void assocBufReserve(AssocOut *pOut, i64 nByte) {
  if (nByte <= pOut->nMax) (void)assocOutNeed(pOut, nByte);
}

char *assocBufFinish(AssocOut *pOut, i64 *pn) {
  char *z;
  if (pOut->rc != SQLITE_OK) assocBufClear(pOut); /* A writer set it */
  if (pOut->pStart == 0 && !assocOutNeed(pOut, 1)) return 0;
  if (pOut->p - pOut->pStart > pOut->nMax) {
    pOut->rc = SQLITE_TOOBIG;
    assocBufClear(pOut);
    return 0;
  }
  z = pOut->pStart;
  *pn = pOut->p - pOut->pStart;
  *pOut->p = 0;
  pOut->pStart = pOut->p = pOut->pEnd = 0;
  return z;
}

void assocBufClear(AssocOut *pOut) {
  sqlite3_free(pOut->pStart);
  pOut->pStart = pOut->p = pOut->pEnd = 0;
}

void assocOutText(AssocOut *pOut, const char *z, i64 n) {
  if (n == 0 || !assocOutNeed(pOut, n)) return;
  memcpy(pOut->p, z, (size_t)n);
  pOut->p += n;
}

void assocOutPrintf(AssocOut *pOut, const char *zFmt, ...) {
  va_list ap;
  char *z;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z) {
    assocOutText(pOut, z, (i64)strlen(z));
  } else if (pOut->rc == SQLITE_OK) {
    pOut->rc = SQLITE_NOMEM;
  }
  sqlite3_free(z);
}

/* ---------------------------------------------------------------- text */

/*
** Copy the sixteen or eight bytes at z, or the n at z that are fewer than
** eight, to p, where there is room for sixteen. How many of them come before
** the first that needs care?
*/
#if defined(__SSE2__)

/*
** A bit for each byte that needs care. Signed, control characters and bytes
** outside ASCII are less than ' '; with the second bit turned over the quote
** is ' ' and they are less still, so that one difference has the high bit, of
** which the mask is made, for all of them.
*/
static inline unsigned careBits(__m128i x) {
  __m128i bad =
      _mm_subs_epi8(_mm_xor_si128(x, _mm_set1_epi8(2)), _mm_set1_epi8(' ' + 1));
  bad = _mm_or_si128(bad, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
  return (unsigned)_mm_movemask_epi8(bad);
}

static inline int copySixteen(char *p, const u8 *z) {
  __m128i x = _mm_loadu_si128((const __m128i *)z);
  unsigned m = careBits(x);
  _mm_storeu_si128((__m128i *)p, x);
  return m == 0 ? 16 : __builtin_ctz(m);
}

static inline int copyEight(char *p, const u8 *z) {
  __m128i x = _mm_loadl_epi64((const __m128i *)z);
  unsigned m = careBits(x) & 0xff;
  _mm_storel_epi64((__m128i *)p, x);
  return m == 0 ? 8 : __builtin_ctz(m);
}

/* The bytes behind the last one are zero, which ends the search. */
static inline int copyFew(char *p, const u8 *z, int n) {
  u64 x;
  if (n >= 4) {
    uint32_t a, b;
    memcpy(&a, z, 4);
    memcpy(&b, &z[n - 4], 4);
    x = a | (u64)b << (8 * (n - 4));
  } else {
    x = z[0] | (u64)z[n / 2] << (8 * (n / 2)) | (u64)z[n - 1] << (8 * (n - 1));
  }
  memcpy(p, &x, 8);
  return __builtin_ctz(careBits(_mm_loadl_epi64((const __m128i *)&x)));
}

#else

#define ONES 0x0101010101010101ull
#define HIGH 0x8080808080808080ull

/*
** A word whose high bits mark bytes of x that need care. Marks above the
** lowest one may be false: a borrow can set them.
*/
static inline u64 careMask(u64 x) {
  u64 q = x ^ (ONES * '"');
  u64 b = x ^ (ONES * '\\');
  return (((x - ONES * 0x20) & ~x) | ((q - ONES) & ~q) | ((b - ONES) & ~b) |
          x) &
         HIGH;
}

static inline int needsCare(u8 c) {
  return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

static inline int copyEight(char *p, const u8 *z) {
  u64 x;
  int n = 0;
  memcpy(&x, z, 8);
  memcpy(p, &x, 8);
  if (careMask(x) == 0) return 8;
  while (!needsCare(z[n])) n++;
  return n;
}

static inline int copySixteen(char *p, const u8 *z) {
  int n = copyEight(p, z);
  return n < 8 ? n : 8 + copyEight(&p[8], &z[8]);
}

static inline int copyFew(char *p, const u8 *z, int n) {
  int i;
  for (i = 0; i < n && !needsCare(z[i]); i++) p[i] = (char)z[i];
  return i;
}

#endif

/*
** The same for the last n bytes of a text, fewer than sixteen; the nBefore
** bytes before them went to p as they are, so that they can go there again.
*/
static inline int copyLast(char *p, const u8 *z, int n, i64 nBefore) {
  int nClean;
  if (nBefore >= 16 - n) {
    return copySixteen(p - (16 - n), z - (16 - n)) - (16 - n);
  }
  if (n < 8) return copyFew(p, z, n);
  nClean = copyEight(p, z);
  return nClean < 8 ? nClean : n - 8 + copyEight(&p[n - 8], &z[n - 8]);
}

/*
** Length of the well-formed UTF-8 character at z, which has n bytes, or 0.
** Surrogates, overlong forms and code points past U+10FFFF are not
** well-formed (Unicode 15, table 3-7).
*/
static int utf8Length(const u8 *z, i64 n) {
  u8 c = z[0], lo = 0x80, hi = 0xbf;
  int i, nWant;
  if (c < 0xc2 || c > 0xf4) return 0;
  nWant = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  if (n < nWant) return 0;
  if (c == 0xe0) lo = 0xa0;
  if (c == 0xed) hi = 0x9f;
  if (c == 0xf0) lo = 0x90;
  if (c == 0xf4) hi = 0x8f;
  if (z[1] < lo || z[1] > hi) return 0;
  for (i = 2; i < nWant; i++) {
    if (z[i] < 0x80 || z[i] > 0xbf) return 0;
  }
  return nWant;
}

/*
** Write the byte or character at z and say how many bytes of z that took.
** Needs room for 6 bytes. Bytes that are no UTF-8 become U+FFFD.
*/
static int careWrite(char **pp, const u8 *z, i64 n) {
  static const char zHex[] = "0123456789abcdef";
  static const char zShort[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
  char *p = *pp;
  u8 c = z[0];
  int nUsed = 1;
  if (c >= 0x80) {
    nUsed = utf8Length(z, n);
    if (nUsed == 0) {
      memcpy(p, "\xef\xbf\xbd", 3);
      *pp = p + 3;
      return 1;
    }
    memcpy(p, z, (size_t)nUsed);
    *pp = p + nUsed;
    return nUsed;
  }
  if (c >= 0x20) {
    if (c == '"' || c == '\\') *p++ = '\\';
    *p++ = (char)c;
  } else {
    *p++ = '\\';
    *p++ = zShort[c];
    if (zShort[c] == 'u') {
      *p++ = '0';
      *p++ = '0';
      *p++ = zHex[c >> 4];
      *p++ = zHex[c & 15];
    }
  }
  *pp = p;
  return nUsed;
}

/*
** Write the text from *pz to zEnd, and set *pz behind it; it goes on to zLimit,
** and its last character may take up to three bytes more. Needs room for six
** times as many bytes, and sixteen.
*/
static char *textWrite(char *p, const u8 **pz, const u8 *zEnd,
                       const u8 *zLimit) {
  const u8 *z = *pz, *zClean = z;
  while (z < zEnd) {
    char *pCare;
    i64 n = zEnd - z;
    if (n >= 16) {
      int nClean = copySixteen(p, z);
      p += nClean;
      z += nClean;
      if (nClean == 16) continue;
    } else {
      int nClean = copyLast(p, z, (int)n, z - zClean);
      p += nClean;
      z += nClean;
      if (nClean == n) break;
    }
    pCare = p;
    z += careWrite(&pCare, z, zLimit - z);
    p = pCare;
    zClean = z;
  }
  *pz = z;
  return p;
}

/* Longer texts are written in pieces, so that no more room than this, or than
** is needed, is asked for. */
#define TEXT_PIECE 2000

static void textLong(AssocOut *pOut, const u8 *z, i64 n) {
  const u8 *zLimit = z + n;
  assocOutText(pOut, "\"", 1);
  while (z < zLimit && assocOutNeed(pOut, TEXT_PIECE * 6 + 16)) {
    i64 nLeft = zLimit - z;
    const u8 *zEnd = z + (nLeft > TEXT_PIECE ? TEXT_PIECE : nLeft);
    pOut->p = textWrite(pOut->p, &z, zEnd, zLimit);
  }
  assocOutText(pOut, "\"", 1);
}

void assocJsonString(AssocOut *pOut, const char *zText, i64 n) {
  const u8 *z = (const u8 *)zText;
  char *p;
  if (n > TEXT_PIECE) {
    textLong(pOut, z, n);
    return;
  }
  if (!assocOutNeed(pOut, n * 6 + 18)) return;
  p = pOut->p;
  *p++ = '"';
  p = textWrite(p, &z, z + n, z + n);
  *p++ = '"';
  pOut->p = p;
}

/*
** JSON text that SQLite has checked, but for its UTF-8.
*/
static void jsonRaw(AssocOut *pOut, const char *zJson, i64 n) {
  const u8 *z = (const u8 *)zJson, *zLimit = z + n;
  while (z < zLimit && assocOutNeed(pOut, TEXT_PIECE * 3)) {
    const u8 *zEnd = zLimit - z > TEXT_PIECE ? z + TEXT_PIECE - 3 : zLimit;
    while (z < zEnd) {
      if (*z < 0x80) {
        *pOut->p++ = (char)*z++;
      } else {
        z += careWrite(&pOut->p, z, zLimit - z);
      }
    }
  }
}

/* ------------------------------------------------------------- numbers */

static inline int digitCount(u64 u) {
  int n = 1;
  for (; u >= 10000; u /= 10000) n += 4;
  return n + (u >= 10) + (u >= 100) + (u >= 1000);
}

static char *intWrite(char *p, i64 i) {
  static const char zPairs[] = "0001020304050607080910111213141516171819"
                               "2021222324252627282930313233343536373839"
                               "4041424344454647484950515253545556575859"
                               "6061626364656667686970717273747576777879"
                               "8081828384858687888990919293949596979899";
  u64 u = i < 0 ? 0 - (u64)i : (u64)i;
  char *pEnd, *pAt;
  if (i < 0) *p++ = '-';
  if (u < 10) { /* As most flags and ratings are */
    *p = (char)('0' + u);
    return p + 1;
  }
  pEnd = pAt = p + digitCount(u);
  for (; u >= 100; u /= 100) {
    pAt -= 2;
    memcpy(pAt, &zPairs[2 * (u % 100)], 2);
  }
  if (u >= 10) {
    memcpy(p, &zPairs[2 * u], 2);
  } else {
    *p = (char)('0' + u);
  }
  return pEnd;
}

void assocJsonInt(AssocOut *pOut, i64 i) {
  if (assocOutNeed(pOut, 21)) pOut->p = intWrite(pOut->p, i);
}

/*
** SQLite's json functions print a REAL with 15 significant digits, and with
** 17 since 3.52. The number settles it, since one cannot ask at load.
*/
int assocJsonDigits(void) {
  return sqlite3_libversion_number() >= 3052000 ? 17 : 15;
}

/*
** A number with up to four decimals and 15 digits in all is the only one of
** its kind that reads back as r, so it is what SQLite prints; any other is
** left to SQLite. One that prints 17 digits looks for fewer only where 13 do.
*/
static char *realShort(char *p, double r) {
  static const double aScale[] = {1.0, 10.0, 100.0, 1000.0, 10000.0};
  int k;
  const u64 iSure = 10000000000000;
  if (!(r < 1e11 && r > -1e11)) return 0;
  for (k = 0; k < ASSOC_COUNT(aScale); k++) {
    double x = r * aScale[k];
    i64 i = (i64)(x < 0 ? x - 0.5 : x + 0.5);
    if ((double)i / aScale[k] == r) {
      i64 iScale = (i64)aScale[k];
      u64 u = i < 0 ? 0 - (u64)i : (u64)i;
      int j;
      if (u == 0) return 0; /* 0.0 and -0.0 */
      if (u >= iSure && assocJsonDigits() == 17) return 0;
      if (i < 0) *p++ = '-';
      p = intWrite(p, (i64)(u / (u64)iScale));
      *p++ = '.';
      if (k == 0) *p++ = '0';
      for (j = 0, u %= (u64)iScale; j < k; j++) {
        iScale /= 10;
        *p++ = (char)('0' + u / (u64)iScale);
        u %= (u64)iScale;
      }
      return p;
    }
  }
  return 0;
}

static void jsonReal(AssocOut *pOut, double r) {
  char *p;
  if (!assocOutNeed(pOut, 100)) return;
  p = realShort(pOut->p, r);
  if (p == 0) {
    sqlite3_snprintf(100, pOut->p,
                     r > 1.7976931348623157e308    ? "9.0e+999"
                     : r < -1.7976931348623157e308 ? "-9.0e+999"
                     : assocJsonDigits() == 17     ? "%!0.17g"
                                                   : "%!.15g",
                     r);
    p = pOut->p + strlen(pOut->p);
  }
  pOut->p = p;
}

/* Upper-case, as hex() gives it. */
void assocJsonBlob(AssocOut *pOut, const u8 *z, i64 n) {
  static const char zHex[] = "0123456789ABCDEF";
  i64 i;
  char *p;
  if (z == 0 && n > 0) { /* A zeroblob that memory did not suffice for */
    if (pOut->rc == SQLITE_OK) pOut->rc = SQLITE_NOMEM;
    return;
  }
  if (!assocOutNeed(pOut, n * 2 + 2)) return;
  p = pOut->p;
  *p++ = '"';
  for (i = 0; i < n; i++) {
    *p++ = zHex[z[i] >> 4];
    *p++ = zHex[z[i] & 15];
  }
  *p++ = '"';
  pOut->p = p;
}

static void jsonInteger(AssocOut *pOut, i64 i, int eHow) {
  if (eHow == ASSOC_JSON_BOOL && (i == 0 || i == 1)) {
    assocOutText(pOut, i ? "true" : "false", i ? 4 : 5);
  } else {
    assocJsonInt(pOut, i);
  }
}

void assocJsonValue(AssocOut *pOut, sqlite3_value *pVal, int eHow) {
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_TEXT: {
    const char *z = (const char *)sqlite3_value_text(pVal);
    i64 n = sqlite3_value_bytes(pVal);
    if (z == 0) {
      if (pOut->rc == SQLITE_OK) pOut->rc = SQLITE_NOMEM;
    } else if (eHow == ASSOC_JSON_RAW) {
      jsonRaw(pOut, z, n);
    } else {
      assocJsonString(pOut, z, n);
    }
    break;
  }
  case SQLITE_INTEGER:
    jsonInteger(pOut, sqlite3_value_int64(pVal), eHow);
    break;
  case SQLITE_FLOAT: jsonReal(pOut, sqlite3_value_double(pVal)); break;
  case SQLITE_BLOB:
    assocJsonBlob(pOut, sqlite3_value_blob(pVal), sqlite3_value_bytes(pVal));
    break;
  default: assocOutText(pOut, "null", 4); break;
  }
}
