/*
** Writing JSON values, with the same bytes as json_object() and faster. Strings
** are in jsontext.c.
**
**   42 → 42    1.50 → 1.5    x'CAFE' → "CAFE"    1 as a BOOLEAN → true
*/
#include "base/base.h"

/* ------------------------------------------------- a buffer on the heap */

/* AssocOut.xGrow of a buffer on the heap. The buffer grows by half at least, so
** writing n bytes takes time linear in n. */
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
  assocHugePages(zNew, nAlloc);
  pOut->pStart = zNew;
  pOut->p = zNew + nUsed;
  pOut->pEnd = zNew + nAlloc; /* One more byte is allocated, for the nul */
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
  assert(pOut->xGrow == bufGrow);
  if (pOut->rc != SQLITE_OK) assocBufClear(pOut); /* Another writer set rc */
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

char *assocBufText(AssocCall *pCall, AssocOut *pOut, i64 *pn) {
  char *z = assocBufFinish(pOut, pn);
  if (z == 0 && pOut->rc == SQLITE_TOOBIG) assocBudgetTooBig(pCall, pOut->nMax);
  if (z == 0) assocErrorCode(pCall, pOut->rc);
  if (pCall->rc == SQLITE_OK) return z;
  sqlite3_free(z);
  return 0;
}

void assocBufClear(AssocOut *pOut) {
  sqlite3_free(pOut->pStart);
  pOut->pStart = pOut->p = pOut->pEnd = 0;
}

void assocOutText(AssocOut *pOut, const char *z, i64 n) {
  assert(n >= 0);
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

/* ------------------------------------------------------------- numbers */

/* Write two digits of 0 <= u < 100. */
static inline char *pairWrite(char *p, u32 u) {
  static const char zPairs[] = "0001020304050607080910111213141516171819"
                               "2021222324252627282930313233343536373839"
                               "4041424344454647484950515253545556575859"
                               "6061626364656667686970717273747576777879"
                               "8081828384858687888990919293949596979899";
  assert(u < 100);
  memcpy(p, &zPairs[2 * u], 2);
  return p + 2;
}

/* Write u in decimal: four digits after those of u / 10000. Needs room for 20
** bytes. */
static char *naturalWrite(char *p, u64 u) {
  u32 n;
  if (u >= 10000) {
    n = (u32)(u % 10000);
    p = naturalWrite(p, u / 10000);
    return pairWrite(pairWrite(p, n / 100), n % 100);
  }
  n = (u32)u;
  if (n >= 1000) return pairWrite(pairWrite(p, n / 100), n % 100);
  if (n < 10 || n >= 100) {
    *p++ = (char)('0' + (n < 10 ? n : n / 100));
    return n < 10 ? p : pairWrite(p, n % 100);
  }
  return pairWrite(p, n);
}

/* The same for a number with a sign. */
static inline char *intWrite(char *p, i64 i) {
  assert(p);
  if (i >= 0) return naturalWrite(p, (u64)i);
  *p++ = '-';
  return naturalWrite(p, 0 - (u64)i);
}

void assocJsonInt(AssocOut *pOut, i64 i) {
  if (assocOutNeed(pOut, 21)) pOut->p = intWrite(pOut->p, i);
}

/*
** SQLite's JSON functions print a REAL with 15 significant digits, and with 17
** since 3.52. The version number decides, because a query during
** sqlite3_load_extension() is not possible.
*/
int assocJsonDigits(void) {
  return sqlite3_libversion_number() >= 3052000 ? 17 : 15;
}

/*
** Write r if it has at most four decimals; 0 if it has more, or if SQLite is to
** print it. A decimal number with at most 15 digits that reads back as r is
** unique, so it is also what SQLite prints. A SQLite that prints 17 digits
** shortens them only up to 13 digits, so no number here has more. Needs room
** for 20 bytes.
*/
static char *realShort(char *p, double r) {
  double x = r < 0 ? -r : r;
  u64 u;
  u32 n;
  if (!(x < 1e10)) return 0;
  u = (u64)(i64)(x * 10000 + 0.5);
  if (u == 0 || (double)(i64)u / 10000 != x) return 0; /* 0.0 may be -0.0 */
  n = (u32)(u % 10000);
  u /= 10000;
  if (u >= 1000000000 && n % 10) return 0;
  if (r < 0) *p++ = '-';
  p = naturalWrite(p, u);
  *p++ = '.';
  p = pairWrite(p, n / 100);
  if (n % 100) p = pairWrite(p, n % 100);
  return p[-1] == '0' ? p - 1 : p; /* 2.00 and 2.50 have one 0 too many */
}

/* Append a REAL. Infinity is 9.0e+999, as SQLite's own functions write it. */
void assocJsonReal(AssocOut *pOut, double r) {
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

/* Upper case, as hex() does. */
void assocJsonBlob(AssocOut *pOut, const u8 *z, i64 n) {
  static const char zHex[] = "0123456789ABCDEF";
  i64 i;
  char *p;
  assert(n >= 0);
  if (z == 0 && n > 0) { /* SQLite had no memory to expand a zeroblob */
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

/* Write an integer: in a BOOLEAN column 0 and 1 are false and true, and one that
** is asked for as text stands in quotes. Needs room for 23 bytes. */
static char *integerWrite(char *p, i64 i, int eHow) {
  if (eHow == ASSOC_JSON_BOOL && (i == 0 || i == 1)) {
    memcpy(p, i ? "true" : "false", 5);
    return p + (i ? 4 : 5);
  }
  if (eHow != ASSOC_JSON_TEXT) return intWrite(p, i);
  *p++ = '"';
  p = intWrite(p, i);
  *p++ = '"';
  return p;
}

void assocJsonValue(AssocOut *pOut, sqlite3_value *pVal, int eHow) {
  i64 n;
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_TEXT: {
    const char *z = (const char *)sqlite3_value_text(pVal);
    n = sqlite3_value_bytes(pVal);
    if (z == 0) {
      if (pOut->rc == SQLITE_OK) pOut->rc = SQLITE_NOMEM;
    } else if (eHow == ASSOC_JSON_RAW) {
      assocJsonRaw(pOut, z, n);
    } else {
      assocJsonString(pOut, z, n);
    }
    break;
  }
  case SQLITE_INTEGER:
    if (assocOutNeed(pOut, 23)) {
      pOut->p = integerWrite(pOut->p, sqlite3_value_int64(pVal), eHow);
    }
    break;
  case SQLITE_FLOAT:
    if (eHow == ASSOC_JSON_TEXT) assocOutText(pOut, "\"", 1);
    assocJsonReal(pOut, sqlite3_value_double(pVal));
    if (eHow == ASSOC_JSON_TEXT) assocOutText(pOut, "\"", 1);
    break;
  case SQLITE_BLOB:
    n = sqlite3_value_bytes(pVal); /* First: it is 0 after a failure */
    assocJsonBlob(pOut, sqlite3_value_blob(pVal), n);
    break;
  default: assocOutText(pOut, "null", 4); break;
  }
}

/*
** Room is asked for once for all members, and again for each long value. What a
** member needs beside its key is MEMBER_ROOM: an integer in quotes, a short
** REAL, or null, and what a key's last block writes too much.
*/
#define MEMBER_ROOM 32

void assocJsonRoom(AssocMember *aMember, int n) {
  i64 nRoom = ASSOC_KEY_PAD;
  assert(aMember[n].nKey <= ASSOC_KEY_PAD);
  aMember[n].nRoom = nRoom;
  while (n-- > 0) {
    nRoom += aMember[n].nKey + MEMBER_ROOM;
    aMember[n].nRoom = nRoom;
  }
}

/* Write the value of a member, unless assocJsonValue() has to do it: then 0. */
static inline char *memberWrite(char *p, const char *pEnd,
                                const AssocMember *pMember,
                                sqlite3_value *pVal) {
  const char *z;
  i64 n;
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_TEXT:
    z = (const char *)sqlite3_value_text(pVal);
    n = sqlite3_value_bytes(pVal);
    if (ASSOC_UNLIKELY(z == 0 || pEnd - p < n * 6 + pMember->nRoom)) return 0;
    *p++ = '"';
    p = assocJsonChars(p, z, n);
    *p++ = '"';
    return p;
  case SQLITE_INTEGER:
    if (pMember->eJson)
      return integerWrite(p, sqlite3_value_int64(pVal), pMember->eJson);
    return intWrite(p, sqlite3_value_int64(pVal));
  case SQLITE_FLOAT:
    if (pMember->eJson == ASSOC_JSON_TEXT) return 0;
    return realShort(p, sqlite3_value_double(pVal));
  case SQLITE_NULL: memcpy(p, "null", 4); return p + 4;
  }
  return 0; /* A BLOB */
}

void assocJsonMembers(AssocOut *pOut, const AssocMember *pMember, int nMember,
                      sqlite3_value **apVal) {
  const AssocMember *pLast = &pMember[nMember];
  char *p, *pNew;
  int i;
  if (!assocOutNeed(pOut, pMember->nRoom)) return;
  p = pOut->p;
  for (; pMember < pLast; pMember++) {
    sqlite3_value *pVal = apVal[pMember->iVal];
    memcpy(p, pMember->zKey, ASSOC_KEY_PAD);
    for (i = ASSOC_KEY_PAD; i < pMember->nKey; i += ASSOC_KEY_PAD) {
      memcpy(&p[i], &pMember->zKey[i], ASSOC_KEY_PAD);
    }
    p += pMember->nKey;
    pNew = memberWrite(p, pOut->pEnd, pMember, pVal);
    if (ASSOC_UNLIKELY(pNew == 0)) {
      pOut->p = p;
      assocJsonValue(pOut, pVal, pMember->eJson);
      if (!assocOutNeed(pOut, pMember[1].nRoom)) return;
      pNew = pOut->p;
    }
    p = pNew;
  }
  memcpy(p, pLast->zKey, ASSOC_KEY_PAD);
  pOut->p = p + pLast->nKey;
}

void assocJsonMember(AssocOut *pOut, const char *zBefore, const char *z) {
  assocOutText(pOut, zBefore, (i64)strlen(zBefore));
  assocJsonString(pOut, z, (i64)strlen(z));
}
