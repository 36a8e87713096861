/*
** A small number for each distinct key.
**
** Most keys are rowids read in order without a gap. Those need no table
** (ASSOC_MAP_RUN). Others are integers near each other, in any order. Those have
** a table of numbers by key (ASSOC_MAP_NEAR). Integers far from each other make a
** hash table (ASSOC_MAP_INT), of up to ten times the memory. The first value that
** is not an integer makes a hash table of byte strings (ASSOC_MAP_ANY), in which
** two keys have the same bytes exactly if SQL's = is true between them:
**
**   add 7, 8, 9      RUN   numbers 0, 1, 2
**   add 20           NEAR  number 3
**   add 1000000      INT   number 4
**   add 'x'          ANY   number 5; find '8' under NUMERIC affinity: 1
*/
#include "base/base.h"

struct AssocKeyCell {
  union {
    i64 i;         /* INT: the key */
    const char *z; /* ANY: its bytes, in the map's arena */
  } u;
  u32 n;     /* ANY: number of bytes */
  u32 iSlot; /* Number of the key plus one; 0: free cell */
};

/* How the keys of an empty map are stored. */
static u8 firstMode(int nKey) {
  return nKey == 1 ? ASSOC_MAP_RUN : ASSOC_MAP_ANY;
}

void assocKeymapInit(AssocKeymap *pMap, int nKey, const AssocKeyRule *aRule) {
  memset(pMap, 0, sizeof(*pMap));
  pMap->nKey = nKey;
  pMap->aRule = aRule;
  pMap->eMode = firstMode(nKey);
}

void assocKeymapClear(AssocKeymap *pMap) {
  /* A small run clears maps that own no memory, many of them, over and over. */
  if (pMap->aCell == 0 && pMap->aNear == 0 && pMap->zScratch == 0) {
    assert(pMap->aOrder == 0 && pMap->mem.pChunk == 0); /* Only with a table */
    pMap->nSlot = 0;
    pMap->eMode = firstMode(pMap->nKey);
    return;
  }
  sqlite3_free(pMap->aCell);
  sqlite3_free(pMap->aNear);
  sqlite3_free(pMap->aOrder);
  sqlite3_free(pMap->zScratch);
  assocArenaFree(&pMap->mem);
  assocKeymapInit(pMap, pMap->nKey, pMap->aRule);
}

/* ------------------------------------------------------------ integers */

/*
** A random multiplier prevents a hostile file from choosing keys that collide.
*/
static void chooseSeed(AssocKeymap *pMap) {
  if (pMap->iSeed) return;
  sqlite3_randomness(sizeof(pMap->iSeed), &pMap->iSeed);
  pMap->iSeed |= 1;
}

/*
** The cell where the search for i starts. The upper bits of the product are
** used: its lower bits do not depend on the upper bits of i, which is where
** timestamps differ. Four keys that follow each other have cells that do, in one
** line of the processor's cache: keys are often asked for in their order.
*/
static inline u32 intHash(const AssocKeymap *pMap, i64 i) {
  u32 h = (u32)((((((u64)i >> 2) * pMap->iSeed) >> 32) * pMap->nCell) >> 32);
  return (h & ~3u) | ((u32)i & 3);
}

/* The cell of i, or the free cell where i belongs. The table is at most half
** full, so the search ends. */
static AssocKeyCell *intCell(AssocKeymap *pMap, i64 i) {
  u32 h = intHash(pMap, i);
  assert(pMap->nCell > pMap->nSlot && (pMap->nCell & (pMap->nCell - 1)) == 0);
  while (pMap->aCell[h].iSlot && pMap->aCell[h].u.i != i) {
    h = (h + 1) & (pMap->nCell - 1);
  }
  return &pMap->aCell[h];
}

/* ----------------------------------------------------------- any value */

/* Hash n bytes, eight at a time. */
static u32 bytesHash(const AssocKeymap *pMap, const char *z, i64 n) {
  u64 h = (u64)n;
  u64 x;
  for (; n >= 8; n -= 8, z += 8) {
    memcpy(&x, z, 8);
    h = (h ^ x) * pMap->iSeed;
    h ^= h >> 32;
  }
  x = 0;
  memcpy(&x, z, (size_t)n);
  h = (h ^ x) * pMap->iSeed;
  return (u32)(h >> 32);
}

/* The cell of the key with these bytes, or the free cell where it belongs. */
static AssocKeyCell *anyCell(AssocKeymap *pMap, const char *z, u32 n) {
  u32 h = bytesHash(pMap, z, n) & (pMap->nCell - 1);
  assert(pMap->nCell > pMap->nSlot && (pMap->nCell & (pMap->nCell - 1)) == 0);
  while (pMap->aCell[h].iSlot &&
         (pMap->aCell[h].n != n || memcmp(pMap->aCell[h].u.z, z, n) != 0)) {
    h = (h + 1) & (pMap->nCell - 1);
  }
  return &pMap->aCell[h];
}

/* Return the address behind the first nUsed bytes of the scratch buffer, with
** room for n more bytes. */
static char *scratch(AssocKeymap *pMap, i64 nUsed, i64 n, int *pRc) {
  assert(nUsed >= 0 && n >= 0);
  if (*pRc != SQLITE_OK) return 0;
  if (nUsed + n > pMap->nScratch) {
    i64 nNew = (nUsed + n) * 2 + 64;
    char *zNew = sqlite3_realloc64(pMap->zScratch, (u64)nNew);
    if (zNew == 0) {
      *pRc = SQLITE_NOMEM;
      return 0;
    }
    pMap->zScratch = zNew;
    pMap->nScratch = nNew;
  }
  return pMap->zScratch + nUsed;
}

/* Append a number to the scratch buffer. An integer and the REAL equal to it
** have the same bytes. All encode functions return the new length. */
static i64 encodeInt(AssocKeymap *pMap, i64 nUsed, i64 i, int *pRc) {
  char *p = scratch(pMap, nUsed, 9, pRc);
  if (p == 0) return nUsed;
  p[0] = 'i';
  memcpy(&p[1], &i, 8);
  return nUsed + 9;
}

/* A REAL with an integer's value is encoded as that integer: SQL says 1 = 1.0.
*/
static i64 encodeReal(AssocKeymap *pMap, i64 nUsed, double r, int *pRc) {
  char *p;
  if (r >= -9223372036854775808.0 && r < 9223372036854775808.0 &&
      (double)(i64)r == r) {
    return encodeInt(pMap, nUsed, (i64)r, pRc);
  }
  p = scratch(pMap, nUsed, 9, pRc);
  if (p == 0) return nUsed;
  p[0] = 'r';
  memcpy(&p[1], &r, 8);
  return nUsed + 9;
}

/* Append a text or BLOB with its length, so that ('ab','c') and ('a','bc')
** differ. The collation is applied to the bytes. */
static i64 encodeBytes(AssocKeymap *pMap, i64 nUsed, char cTag, const char *z,
                       u32 n, int eColl, int *pRc) {
  u32 i;
  char *p = scratch(pMap, nUsed, (i64)n + 5, pRc);
  if (p == 0) return nUsed;
  if (z == 0 && n > 0) { /* SQLite had no memory to expand a zeroblob */
    *pRc = SQLITE_NOMEM;
    return nUsed;
  }
  if (eColl == ASSOC_COLL_RTRIM) {
    while (n > 0 && z[n - 1] == ' ') n--;
  }
  p[0] = cTag;
  memcpy(&p[1], &n, 4);
  if (n) memcpy(&p[5], z, n);
  if (eColl == ASSOC_COLL_NOCASE) {
    for (i = 0; i < n && p[5 + i]; i++) p[5 + i] = assocLower(p[5 + i]);
    /* Behind a NUL, NOCASE compares only the lengths */
    memset(&p[5 + i], 0, n - i);
  }
  return nUsed + 5 + n;
}

/* The bytes of the text under the collation eColl, so that equal texts have
** equal bytes. */
static i64 encodeText(AssocKeymap *pMap, i64 nUsed, sqlite3_value *pVal,
                      int eColl, int *pRc) {
  const char *z = (const char *)sqlite3_value_text(pVal);
  if (z == 0) {
    *pRc = SQLITE_NOMEM;
    return nUsed;
  }
  return encodeBytes(pMap, nUsed, 't', z, (u32)sqlite3_value_bytes(pVal), eColl,
                     pRc);
}

/* Skip spaces (the bytes that SQLite skips around a number), digits (their
** value is added to *pu, which saturates), or a sign. */
static const char *skipSpaces(const char *z, const char *zEnd) {
  while (z < zEnd && assocIsSpace(*z)) z++;
  return z;
}
/* Add the digits to *pu. A number that does not fit stays at the maximum. */
static const char *skipDigits(const char *z, const char *zEnd, u64 *pu) {
  for (; z < zEnd && assocIsDigit(*z); z++) {
    *pu = *pu > UINT64_MAX / 10 - 1 ? UINT64_MAX : *pu * 10 + (u64)(*z - '0');
  }
  return z;
}
/* Behind the sign, if there is one. */
static const char *skipSign(const char *z, const char *zEnd) {
  return z < zEnd && (*z == '-' || *z == '+') ? z + 1 : z;
}

/*
** The type that NUMERIC affinity gives a text: SQLITE_INTEGER, with *pi its
** value, SQLITE_FLOAT, or SQLITE_TEXT if the text is not a number.
**
** sqlite3_value_numeric_type() gives the same answer. But it changes the
** caller's value '007' into 7, and crashes on values that sqlite3_value_dup()
** made.
*/
static int numericType(const char *z, i64 n, i64 *pi) {
  const char *zEnd = z + n, *zSign = skipSpaces(z, zEnd), *zInt, *zExp;
  int bNeg, bReal = 0;
  u64 u = 0, uIgnore = 0;
  i64 nDigit;
  zInt = skipSign(zSign, zEnd);
  bNeg = zInt > zSign && *zSign == '-';
  z = skipDigits(zInt, zEnd, &u);
  nDigit = z - zInt;
  if (z < zEnd && *z == '.') {
    bReal = 1;
    zInt = z + 1;
    z = skipDigits(zInt, zEnd, &uIgnore);
    nDigit += z - zInt;
  }
  if (nDigit > 0 && z < zEnd && (*z == 'e' || *z == 'E')) {
    bReal = 1;
    zExp = skipSign(z + 1, zEnd);
    z = skipDigits(zExp, zEnd, &uIgnore);
    nDigit = z - zExp;
  }
  if (nDigit == 0 || skipSpaces(z, zEnd) < zEnd) return SQLITE_TEXT;
  *pi = (i64)(bNeg ? 0 - u : u);
  return bReal || u > (u64)INT64_MAX + (u64)bNeg ? SQLITE_FLOAT
                                                 : SQLITE_INTEGER;
}

/* Append a text to which NUMERIC affinity applies: as a number if it looks like
** one. */
static i64 encodeNumeric(AssocKeymap *pMap, i64 nUsed, sqlite3_value *pVal,
                         int eColl, int *pRc) {
  const char *z = (const char *)sqlite3_value_text(pVal);
  i64 i = 0;
  if (z == 0) {
    *pRc = SQLITE_NOMEM;
    return nUsed;
  }
  switch (numericType(z, sqlite3_value_bytes(pVal), &i)) {
  case SQLITE_INTEGER: return encodeInt(pMap, nUsed, i, pRc);
  case SQLITE_FLOAT:
    return encodeReal(pMap, nUsed, sqlite3_value_double(pVal), pRc);
  }
  return encodeText(pMap, nUsed, pVal, eColl, pRc);
}

/*
** Append one value to the key in the scratch buffer. The affinity of the
** comparison is applied as in OP_Eq of SQLite's sqlite3VdbeExec(): NUMERIC to
** text that looks like a number, TEXT to numbers.
*/
static i64 encodeValue(AssocKeymap *pMap, i64 nUsed, sqlite3_value *pVal,
                       const AssocKeyRule *pRule, int *pRc) {
  int eType = sqlite3_value_type(pVal);
  if (eType == SQLITE_BLOB) {
    u32 n = (u32)sqlite3_value_bytes(pVal); /* First: it is 0 after a failure */
    return encodeBytes(pMap, nUsed, 'b', sqlite3_value_blob(pVal), n, 0, pRc);
  }
  if (eType == SQLITE_TEXT && pRule->eAff == ASSOC_AFF_NUMERIC) {
    return encodeNumeric(pMap, nUsed, pVal, pRule->eColl, pRc);
  }
  if (eType == SQLITE_TEXT || pRule->eAff == ASSOC_AFF_TEXT) {
    return encodeText(pMap, nUsed, pVal, pRule->eColl, pRc);
  }
  if (eType == SQLITE_INTEGER) {
    return encodeInt(pMap, nUsed, sqlite3_value_int64(pVal), pRc);
  }
  return encodeReal(pMap, nUsed, sqlite3_value_double(pVal), pRc);
}

/* Encode a key in the scratch buffer. Returns its length; 0 if a value is NULL
** or an error occurred. */
static u32 encodeKey(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc) {
  i64 n = 0;
  int i;
  for (i = 0; i < pMap->nKey; i++) {
    if (sqlite3_value_type(apVal[i]) == SQLITE_NULL) return 0;
    n = encodeValue(pMap, n, apVal[i], &pMap->aRule[i], pRc);
  }
  if (n > 0x3fffffff) *pRc = SQLITE_TOOBIG;
  return *pRc == SQLITE_OK ? (u32)n : 0;
}

/* --------------------------------------------------------- changing mode */

#define KEYMAP_MOST 0x40000000 /* Keys in cells, of which a u32 counts 2^31 */

/* Allocate a table of free cells, at least twice as many as there are keys. */
static AssocKeyCell *newCells(AssocKeymap *pMap, u32 *pnCell, int *pRc) {
  u32 n = 64;
  AssocKeyCell *a;
  if (pMap->nSlot >= KEYMAP_MOST) *pRc = SQLITE_TOOBIG;
  if (*pRc != SQLITE_OK) return 0;
  while (n < pMap->nSlot * 2 + 2) n *= 2;
  a = sqlite3_malloc64(sizeof(*a) * (u64)n);
  if (a == 0) {
    *pRc = SQLITE_NOMEM;
    return 0;
  }
  memset(a, 0, sizeof(*a) * (size_t)n);
  chooseSeed(pMap);
  *pnCell = n;
  return a;
}

/* The integer at place i of the table; of a RUN, its number i. Returns its number
** plus one; 0 if nothing is there. */
static u32 intAt(const AssocKeymap *pMap, u32 i, i64 *piKey) {
  *piKey = (i64)((u64)pMap->iBase + i);
  if (pMap->aNear) return pMap->aNear[i];
  if (pMap->aCell == 0) return i + 1;
  *piKey = pMap->aCell[i].u.i;
  return pMap->aCell[i].iSlot;
}

/* Give up the table of integers that pOld has, which were moved to another. */
static void tableMoved(AssocKeymap *pMap, const AssocKeymap *pOld, u8 eMode) {
  sqlite3_free(pOld->aCell);
  sqlite3_free(pOld->aNear);
  pMap->eMode = eMode;
  pMap->nOrder = 0;
}

/* Move all integers to cells, more than there are. */
static void toCells(AssocKeymap *pMap, int *pRc) {
  const AssocKeymap old = *pMap;
  u32 n = old.eMode == ASSOC_MAP_RUN ? old.nSlot : old.nCell, i;
  AssocKeyCell *aNew = newCells(pMap, &pMap->nCell, pRc);
  if (aNew == 0) return;
  pMap->aCell = aNew;
  pMap->aNear = 0;
  for (i = 0; i < n; i++) {
    i64 iKey;
    u32 iSlot = intAt(&old, i, &iKey);
    if (iSlot) {
      AssocKeyCell *pCell = intCell(pMap, iKey);
      pCell->u.i = iKey;
      pCell->iSlot = iSlot;
    }
  }
  tableMoved(pMap, &old, ASSOC_MAP_INT);
}

/* Move all integers to a table of the n integers from iBase on. */
static void toNear(AssocKeymap *pMap, u64 iBase, u32 n, int *pRc) {
  const AssocKeymap old = *pMap;
  u32 nOld = old.eMode == ASSOC_MAP_RUN ? old.nSlot : old.nCell, i;
  u32 *aNew = sqlite3_malloc64(sizeof(u32) * (u64)n);
  if (aNew == 0) {
    *pRc = SQLITE_NOMEM;
    return;
  }
  memset(aNew, 0, sizeof(u32) * (size_t)n);
  for (i = 0; i < nOld; i++) {
    i64 iKey;
    u32 iSlot = intAt(&old, i, &iKey);
    if (iSlot) aNew[(u64)iKey - iBase] = iSlot;
  }
  pMap->aNear = aNew;
  pMap->aCell = 0;
  pMap->nCell = n;
  pMap->iBase = (i64)iBase;
  tableMoved(pMap, &old, ASSOC_MAP_NEAR);
}

/* Choose the table for integers of which the last is nSpan behind the first. A
** table by key, with a quarter more than it needs, from iBase on, takes no more
** memory than cells if at least a third of the integers are keys. */
static void chooseTable(AssocKeymap *pMap, u64 iBase, u64 nSpan, int *pRc) {
  if (nSpan < (u64)pMap->nSlot * 3 + 64 && pMap->nSlot < KEYMAP_MOST) {
    toNear(pMap, iBase, (u32)(nSpan + nSpan / 4 + 1), pRc);
  } else {
    toCells(pMap, pRc);
  }
}

/* Make room for the integer i, which a RUN or a NEAR map does not reach. What the
** table has too much is on the side of i, where more keys are likely to come.
** Integers are a circle here: -1 lies behind the largest. */
static void roomNear(AssocKeymap *pMap, i64 i, int *pRc) {
  u64 iFirst = (u64)pMap->iBase;
  u64 n = pMap->eMode == ASSOC_MAP_RUN ? pMap->nSlot : pMap->nCell;
  u64 nUp = (u64)i - iFirst, nDown = iFirst + n - 1 - (u64)i;
  if (nUp <= nDown) {
    chooseTable(pMap, iFirst, nUp, pRc);
  } else {
    chooseTable(pMap, (u64)i - nDown / 4, nDown, pRc);
  }
}

/* Make room for the integer i in an INT map, whose cells are too few. */
static void roomInt(AssocKeymap *pMap, i64 i, int *pRc) {
  i64 iMin = i, iMax = i;
  u32 j;
  for (j = 0; j < pMap->nCell; j++) {
    if (pMap->aCell[j].iSlot == 0) continue;
    if (pMap->aCell[j].u.i < iMin) iMin = pMap->aCell[j].u.i;
    if (pMap->aCell[j].u.i > iMax) iMax = pMap->aCell[j].u.i;
  }
  chooseTable(pMap, (u64)iMin, (u64)iMax - (u64)iMin, pRc);
}

/* Make sure that one more byte string can be added: move all to more cells. */
static void roomAny(AssocKeymap *pMap, int *pRc) {
  u32 nOld = pMap->nCell, i;
  AssocKeyCell *aOld = pMap->aCell, *aNew;
  if (pMap->nSlot * 2 < nOld) return;
  aNew = newCells(pMap, &pMap->nCell, pRc);
  if (aNew == 0) return;
  pMap->aCell = aNew;
  for (i = 0; i < nOld; i++) {
    if (aOld[i].iSlot) *anyCell(pMap, aOld[i].u.z, aOld[i].n) = aOld[i];
  }
  sqlite3_free(aOld);
  pMap->nOrder = 0;
}

/* Copy the n bytes of the scratch buffer to the map's arena. */
static const char *keepKey(AssocKeymap *pMap, u32 n, int *pRc) {
  char *z;
  if (pMap->mem.pEnd - pMap->mem.pAt < n) {
    *pRc = assocArenaGrow(&pMap->mem, n);
    if (*pRc != SQLITE_OK) return 0;
  }
  z = pMap->mem.pAt;
  memcpy(z, pMap->zScratch, n);
  pMap->mem.pAt += n;
  return z;
}

/* Turn the map into a map of byte strings. After an error the map is as
** before. */
static void toAny(AssocKeymap *pMap, int *pRc) {
  AssocKeyCell *aOld;
  u32 nOld, i;
  if (pMap->eMode < ASSOC_MAP_INT && pMap->nSlot) toCells(pMap, pRc);
  if (*pRc != SQLITE_OK) return;
  aOld = pMap->aCell;
  nOld = pMap->nCell;
  pMap->eMode = ASSOC_MAP_ANY;
  pMap->aCell = newCells(pMap, &pMap->nCell, pRc);
  for (i = 0; i < nOld && *pRc == SQLITE_OK; i++) {
    AssocKeyCell *pCell;
    const char *z;
    u32 n;
    if (aOld[i].iSlot == 0) continue;
    n = (u32)encodeInt(pMap, 0, aOld[i].u.i, pRc);
    z = *pRc == SQLITE_OK ? keepKey(pMap, n, pRc) : 0;
    if (z == 0) break;
    pCell = anyCell(pMap, z, n);
    pCell->u.z = z;
    pCell->n = n;
    pCell->iSlot = aOld[i].iSlot;
  }
  if (*pRc != SQLITE_OK) {
    sqlite3_free(pMap->aCell);
    pMap->eMode = ASSOC_MAP_INT;
    pMap->aCell = aOld;
    pMap->nCell = nOld;
    return;
  }
  pMap->nOrder = 0;
  sqlite3_free(aOld);
}

/*
** Is the key an integer that the comparison does not convert to text?
*/
static inline int isInt(AssocKeymap *pMap, sqlite3_value **apVal) {
  return pMap->eMode != ASSOC_MAP_ANY &&
         sqlite3_value_type(apVal[0]) == SQLITE_INTEGER &&
         pMap->aRule[0].eAff != ASSOC_AFF_TEXT;
}

/* ------------------------------------------------------------- interface */

/* The next number plus one, for a new key at place i of the table. */
static u32 nextSlot(AssocKeymap *pMap, u32 i) {
  assert(pMap->nOrder == 0 || pMap->nOrder == pMap->nSlot);
  if (pMap->nOrder) pMap->aOrder[pMap->nOrder++] = i;
  return ++pMap->nSlot;
}

/* How far an integer is behind the first of a RUN or a NEAR map. */
static inline u64 behindBase(const AssocKeymap *pMap, i64 i) {
  return (u64)i - (u64)pMap->iBase;
}

/* Add an integer to the cells. */
static u32 addCell(AssocKeymap *pMap, i64 i) {
  AssocKeyCell *pCell = intCell(pMap, i);
  if (pCell->iSlot == 0) {
    pCell->u.i = i;
    pCell->iSlot = nextSlot(pMap, (u32)(pCell - pMap->aCell));
  }
  return pCell->iSlot - 1;
}

/* Add an integer to the table by key, in which it has a place. */
static inline u32 addNear(AssocKeymap *pMap, u64 iPlace) {
  u32 *pSlot = &pMap->aNear[iPlace];
  if (*pSlot == 0) *pSlot = nextSlot(pMap, (u32)iPlace);
  return *pSlot - 1;
}

/* The same for one that has none, or to cells, of which there may be too few. */
static ASSOC_NOINLINE u32 addFar(AssocKeymap *pMap, i64 i, int *pRc) {
  if (pMap->eMode != ASSOC_MAP_INT) {
    roomNear(pMap, i, pRc);
  } else if (pMap->nSlot * 2 >= pMap->nCell) {
    roomInt(pMap, i, pRc);
  }
  if (*pRc != SQLITE_OK) return ASSOC_NOSLOT;
  if (pMap->eMode == ASSOC_MAP_INT) return addCell(pMap, i);
  return addNear(pMap, behindBase(pMap, i));
}

/* The number of an integer in a map of integers; a new one is added. */
static ASSOC_INLINE u32 addInt(AssocKeymap *pMap, i64 i, int *pRc) {
  u64 iPlace = behindBase(pMap, i);
  assert(pMap->eMode != ASSOC_MAP_ANY && pMap->nKey == 1);
  if (pMap->eMode == ASSOC_MAP_NEAR && iPlace < pMap->nCell) {
    return addNear(pMap, iPlace);
  }
  if (pMap->eMode != ASSOC_MAP_RUN) return addFar(pMap, i, pRc);
  if (pMap->nSlot == 0) {
    pMap->iBase = i;
    iPlace = 0;
  }
  if (iPlace < pMap->nSlot) return (u32)iPlace;
  if (iPlace == pMap->nSlot && pMap->nSlot < ASSOC_NOSLOT - 1 &&
      i >= pMap->iBase) {
    return pMap->nSlot++;
  }
  return addFar(pMap, i, pRc);
}

/* The number of the key whose n bytes are in the scratch buffer; a new one is
** added. */
static u32 addBytes(AssocKeymap *pMap, u32 n, int *pRc) {
  AssocKeyCell *pCell;
  assert(*pRc != SQLITE_OK || pMap->eMode == ASSOC_MAP_ANY);
  if (*pRc == SQLITE_OK) roomAny(pMap, pRc);
  if (*pRc != SQLITE_OK) return ASSOC_NOSLOT;
  pCell = anyCell(pMap, pMap->zScratch, n);
  if (pCell->iSlot == 0) {
    const char *z = keepKey(pMap, n, pRc);
    if (z == 0) return ASSOC_NOSLOT;
    pCell->u.z = z;
    pCell->n = n;
    pCell->iSlot = nextSlot(pMap, (u32)(pCell - pMap->aCell));
  }
  return pCell->iSlot - 1;
}

/* The same for a key that is no integer, or in a map of byte strings. */
static ASSOC_NOINLINE u32 addAny(AssocKeymap *pMap, sqlite3_value **apVal,
                                 int *pRc) {
  u32 n = encodeKey(pMap, apVal, pRc);
  if (n == 0) return ASSOC_NOSLOT;
  if (pMap->eMode != ASSOC_MAP_ANY) {
    toAny(pMap, pRc);
    n = encodeKey(pMap, apVal, pRc); /* toAny() overwrote the scratch buffer */
  }
  return addBytes(pMap, n, pRc);
}

u32 assocKeymapAdd(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc) {
  if (*pRc != SQLITE_OK) return ASSOC_NOSLOT;
  if (!isInt(pMap, apVal)) return addAny(pMap, apVal, pRc);
  return addInt(pMap, sqlite3_value_int64(apVal[0]), pRc);
}

/*
** A map of mode ANY holds integers as bytes.
*/
u32 assocKeymapAddInt(AssocKeymap *pMap, i64 i, int *pRc) {
  assert(pMap->nKey == 1);
  if (*pRc != SQLITE_OK) return ASSOC_NOSLOT;
  if (pMap->eMode != ASSOC_MAP_ANY) return addInt(pMap, i, pRc);
  return addBytes(pMap, (u32)encodeInt(pMap, 0, i, pRc), pRc);
}

u32 assocKeymapFindInt(AssocKeymap *pMap, i64 i) {
  u64 iPlace = behindBase(pMap, i);
  assert(pMap->eMode != ASSOC_MAP_ANY);
  if (pMap->eMode == ASSOC_MAP_RUN) {
    return iPlace < pMap->nSlot ? (u32)iPlace : ASSOC_NOSLOT;
  }
  /* A free place has 0, and 0-1 is ASSOC_NOSLOT */
  if (pMap->eMode == ASSOC_MAP_INT) return intCell(pMap, i)->iSlot - 1;
  return iPlace < pMap->nCell ? pMap->aNear[iPlace] - 1 : ASSOC_NOSLOT;
}

u32 assocKeymapSeek(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc) {
  u32 n;
  if (pMap->nSlot == 0) return ASSOC_NOSLOT;
  if (isInt(pMap, apVal)) {
    return assocKeymapFindInt(pMap, sqlite3_value_int64(apVal[0]));
  }
  if (pMap->eMode != ASSOC_MAP_ANY) {
    /* '7' and 7.0 may equal an integer key */
    if (pMap->aRule[0].eAff != ASSOC_AFF_NUMERIC &&
        sqlite3_value_type(apVal[0]) != SQLITE_FLOAT) {
      return ASSOC_NOSLOT;
    }
    if (sqlite3_value_type(apVal[0]) == SQLITE_NULL) return ASSOC_NOSLOT;
    toAny(pMap, pRc);
  }
  n = encodeKey(pMap, apVal, pRc);
  if (n == 0) return ASSOC_NOSLOT;
  return anyCell(pMap, pMap->zScratch, n)->iSlot - 1;
}

int assocKeymapInteger(AssocKeymap *pMap, sqlite3_value **apVal, i64 *pi,
                       int *pRc) {
  assert(pMap->nKey == 1);
  if (encodeKey(pMap, apVal, pRc) == 0 || pMap->zScratch[0] != 'i') return 0;
  memcpy(pi, &pMap->zScratch[1], 8);
  return 1;
}

/* ---------------------------------------------------------------- binding */

/* Make aOrder, the place of each key by its number. It is made at the first
** request, and again after the places have changed. It has room for every key that
** the table can take; nextSlot() appends new keys. */
static int orderKeys(AssocKeymap *pMap) {
  u64 n = pMap->aNear ? pMap->nCell : (u64)pMap->nCell / 2 + 1;
  u32 *a = sqlite3_realloc64(pMap->aOrder, sizeof(u32) * n), i;
  if (a == 0) return SQLITE_NOMEM;
  pMap->aOrder = a;
  pMap->nOrder = pMap->nSlot;
  for (i = 0; i < pMap->nCell; i++) {
    u32 iSlot = pMap->aNear ? pMap->aNear[i] : pMap->aCell[i].iSlot;
    if (iSlot) a[iSlot - 1] = i;
  }
  return SQLITE_OK;
}

/* One value of a key, decoded. */
typedef struct KeyValue KeyValue;
struct KeyValue {
  char cTag;     /* i, r, t or b: the tag of the encoding */
  i64 i;         /* i: the integer */
  double r;      /* r: the real number */
  const char *z; /* t, b: the bytes, inside of the key */
  u32 n;         /* t, b: their number */
};

/* Decode the value at z and return the end of its bytes. */
static const char *readBytes(const char *z, KeyValue *p) {
  p->cTag = *z++;
  if (p->cTag == 'i') {
    memcpy(&p->i, z, 8);
    return z + 8;
  }
  if (p->cTag == 'r') {
    memcpy(&p->r, z, 8);
    return z + 8;
  }
  memcpy(&p->n, z, 4);
  p->z = z + 4;
  return p->z + p->n;
}

/* Bind the key to a variable. Texts and BLOBs stay in the map while the
** statement runs, so they are not copied. */
static int bindValue(const KeyValue *p, sqlite3_stmt *pStmt, int iVar) {
  switch (p->cTag) {
  case 'i': return sqlite3_bind_int64(pStmt, iVar, p->i);
  case 'r': return sqlite3_bind_double(pStmt, iVar, p->r);
  case 't':
    return sqlite3_bind_text(pStmt, iVar, p->z, (int)p->n, SQLITE_STATIC);
  }
  return sqlite3_bind_blob(pStmt, iVar, p->z, (int)p->n, SQLITE_STATIC);
}

/* The same as the result of assoc_keys' column. */
static void resultValue(const KeyValue *p, sqlite3_context *pCtx) {
  switch (p->cTag) {
  case 'i': sqlite3_result_int64(pCtx, p->i); break;
  case 'r': sqlite3_result_double(pCtx, p->r); break;
  case 't': sqlite3_result_text(pCtx, p->z, (int)p->n, SQLITE_STATIC); break;
  default: sqlite3_result_blob(pCtx, p->z, (int)p->n, SQLITE_STATIC); break;
  }
}

/* Key iSlot: *ppCell receives its cell in an ANY map; in other maps *ppCell is 0
** and *pi the integer. SQLITE_OK or SQLITE_NOMEM. */
static int keyOf(AssocKeymap *pMap, u32 iSlot, i64 *pi,
                 const AssocKeyCell **ppCell) {
  u32 i = iSlot;
  assert(iSlot < pMap->nSlot);
  *ppCell = 0;
  if (pMap->eMode != ASSOC_MAP_RUN) {
    if (pMap->nOrder == 0 && orderKeys(pMap) != SQLITE_OK) return SQLITE_NOMEM;
    i = pMap->aOrder[iSlot];
  }
  if (pMap->eMode == ASSOC_MAP_ANY) {
    *ppCell = &pMap->aCell[i];
  } else {
    (void)intAt(pMap, i, pi);
  }
  return SQLITE_OK;
}

/*
** In a map of NOCASE or RTRIM keys the bound text is the folded one. It is
** equal to the original under that collation.
*/
int assocKeymapBind(AssocKeymap *pMap, u32 iSlot, sqlite3_stmt *pStmt,
                    int iVar) {
  const AssocKeyCell *pCell;
  const char *z;
  i64 iKey;
  int i, rc = keyOf(pMap, iSlot, &iKey, &pCell);
  if (rc != SQLITE_OK) return rc;
  if (pCell == 0) return sqlite3_bind_int64(pStmt, iVar, iKey);
  z = pCell->u.z;
  for (i = 0; i < pMap->nKey && rc == SQLITE_OK; i++) {
    KeyValue value;
    z = readBytes(z, &value);
    rc = bindValue(&value, pStmt, iVar + i);
  }
  return rc;
}

int assocKeymapResult(AssocKeymap *pMap, u32 iSlot, int iVal,
                      sqlite3_context *pCtx) {
  const AssocKeyCell *pCell;
  KeyValue value;
  const char *z;
  i64 iKey;
  int i = 0, rc = keyOf(pMap, iSlot, &iKey, &pCell);
  if (rc != SQLITE_OK || ASSOC_NEVER(iVal >= pMap->nKey)) return rc;
  if (pCell == 0) {
    sqlite3_result_int64(pCtx, iKey);
    return SQLITE_OK;
  }
  z = pCell->u.z;
  do {
    z = readBytes(z, &value);
  } while (i++ < iVal);
  resultValue(&value, pCtx);
  return SQLITE_OK;
}

u32 assocKeymapFindOf(AssocKeymap *pMap, AssocKeymap *pOther, u32 iSlot,
                      int *pRc) {
  const AssocKeyCell *pCell;
  i64 i;
  u32 n;
  int rc;
  assert(pMap->nKey == pOther->nKey);
  if (pMap->nSlot == 0) return ASSOC_NOSLOT;
  rc = keyOf(pOther, iSlot, &i, &pCell);
  if (rc != SQLITE_OK) *pRc = rc;
  if (rc != SQLITE_OK) return ASSOC_NOSLOT;
  if (pCell == 0 && pMap->eMode != ASSOC_MAP_ANY) {
    return assocKeymapFindInt(pMap, i);
  }
  if (pMap->eMode != ASSOC_MAP_ANY) toAny(pMap, pRc);
  n = pCell ? pCell->n : (u32)encodeInt(pMap, 0, i, pRc);
  if (*pRc != SQLITE_OK) return ASSOC_NOSLOT;
  return anyCell(pMap, pCell ? pCell->u.z : pMap->zScratch, n)->iSlot - 1;
}
