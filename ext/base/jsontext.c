/*
** Writing strings as JSON.
**
** A TEXT value in SQLite may hold any bytes. JSON must be UTF-8, and escapes
** quotes, backslashes and control characters. So text is copied sixteen bytes
** at a time, and each block is tested for bytes that need care. There are two
** tests: a short one, which passes ASCII, and one that also passes well-formed
** UTF-8. Whatever does not pass is written byte by byte by textCare().
**
** The blocks are vectors of SSE2 or NEON. Other machines, and a build with
** ASSOC_NO_SIMD, test words of eight bytes and single characters.
*/
#include "base/base.h"
#if defined(ASSOC_NO_SIMD)
#elif defined(__SSE2__)
#include <emmintrin.h>
#define TEXT_SSE2 1
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
#include <arm_neon.h>
#define TEXT_NEON 1
#endif

/*
** Length of the well-formed UTF-8 character at z, which has n bytes, or 0.
** Surrogates, overlong forms and code points past U+10FFFF are not
** well-formed (Unicode 15, table 3-7).
*/
static inline int textLength(const u8 *z, i64 n) {
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
** Needs room for 6 bytes. Each byte that is no UTF-8 becomes U+FFFD.
*/
static int textCare(char **pp, const u8 *z, i64 n) {
  static const char zHex[] = "0123456789abcdef";
  static const char zShort[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
  char *p = *pp;
  u8 c = z[0];
  int nUsed = 1;
  if (c >= 0x80) {
    nUsed = textLength(z, n);
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

/* -------------------------------------------------------------- vectors --
**
** The same operations in both instruction sets. A TextMask has a bit, or four,
** for each byte of a vector; textFirst() is the number of the first that is
** set. textAscii() marks bytes that need care or are not ASCII.
*/
#if defined(TEXT_SSE2)

typedef __m128i TextVector;
typedef unsigned TextMask;

static inline TextVector textLoad(const u8 *z) {
  return _mm_loadu_si128((const __m128i *)z);
}
static inline TextVector textOf(u64 a, u64 b) {
  return _mm_set_epi64x((long long)b, (long long)a);
}
static inline void textStore(char *p, TextVector x) {
  _mm_storeu_si128((__m128i *)p, x);
}
static inline int textFirst(TextMask m) {
  return __builtin_ctz(m);
}
/* The high bits of the bytes */
static inline TextMask textMask(TextVector x) {
  return (TextMask)_mm_movemask_epi8(x);
}

/*
** Signed, control characters and bytes outside ASCII are less than ' '; with
** the second bit turned over the quote is ' ' and they are less still, so that
** one difference has the high bit, of which the mask is made, for all of them.
*/
static inline TextMask textAscii(TextVector x) {
  __m128i bad =
      _mm_subs_epi8(_mm_xor_si128(x, _mm_set1_epi8(2)), _mm_set1_epi8(' ' + 1));
  bad = _mm_or_si128(bad, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
  return textMask(bad);
}

#define TEXT_SPLAT(c) _mm_set1_epi8((char)(c))
#define TEXT_EQUAL(x, c) _mm_cmpeq_epi8(x, TEXT_SPLAT(c))
#define TEXT_SAME(x, y) _mm_cmpeq_epi8(x, y)
/* Signed: 0x80 is the least, and ASCII the greatest */
#define TEXT_BELOW(x, c) _mm_cmplt_epi8(x, TEXT_SPLAT(c))
#define TEXT_ABOVE(x, c) _mm_cmpgt_epi8(x, TEXT_SPLAT(c))
#define TEXT_OR(x, y) _mm_or_si128(x, y)
#define TEXT_AND(x, y) _mm_and_si128(x, y)
#define TEXT_ADD(x, c) _mm_adds_epu8(x, TEXT_SPLAT(c)) /* Saturating */
#define TEXT_SUB(x, c) _mm_subs_epu8(x, TEXT_SPLAT(c)) /* Saturating */
#define TEXT_SHIFT(x, n) _mm_slli_si128(x, n)          /* n zeros come first */

#elif defined(TEXT_NEON)

typedef uint8x16_t TextVector;
typedef u64 TextMask;

static inline TextVector textLoad(const u8 *z) {
  return vld1q_u8(z);
}
static inline TextVector textOf(u64 a, u64 b) {
  return vcombine_u8(vcreate_u8(a), vcreate_u8(b));
}
static inline void textStore(char *p, TextVector x) {
  vst1q_u8((u8 *)p, x);
}
static inline int textFirst(TextMask m) {
  return __builtin_ctzll(m) >> 2;
}
/* The high bits of the bytes, each as four bits */
static inline TextMask textMask(TextVector x) {
  uint8x16_t bits = vreinterpretq_u8_s8(vshrq_n_s8(vreinterpretq_s8_u8(x), 7));
  uint8x8_t few = vshrn_n_u16(vreinterpretq_u16_u8(bits), 4);
  return vget_lane_u64(vreinterpret_u64_u8(few), 0);
}

#define TEXT_SPLAT(c) vdupq_n_u8((u8)(c))
#define TEXT_EQUAL(x, c) vceqq_u8(x, TEXT_SPLAT(c))
#define TEXT_SAME(x, y) vceqq_u8(x, y)
#define TEXT_SIGNED(x) vreinterpretq_s8_u8(x)
#define TEXT_BELOW(x, c) vcltq_s8(TEXT_SIGNED(x), TEXT_SIGNED(TEXT_SPLAT(c)))
#define TEXT_ABOVE(x, c) vcgtq_s8(TEXT_SIGNED(x), TEXT_SIGNED(TEXT_SPLAT(c)))
#define TEXT_OR(x, y) vorrq_u8(x, y)
#define TEXT_AND(x, y) vandq_u8(x, y)
#define TEXT_ADD(x, c) vqaddq_u8(x, TEXT_SPLAT(c))
#define TEXT_SUB(x, c) vqsubq_u8(x, TEXT_SPLAT(c))
#define TEXT_SHIFT(x, n) vextq_u8(vdupq_n_u8(0), x, 16 - (n))

static inline TextMask textAscii(TextVector x) {
  TextVector bad = TEXT_BELOW(x, ' '); /* Signed: and all outside ASCII */
  bad = TEXT_OR(bad, TEXT_EQUAL(x, '"'));
  return textMask(TEXT_OR(bad, TEXT_EQUAL(x, '\\')));
}

#endif

#if defined(TEXT_SSE2) || defined(TEXT_NEON)

/* The n bytes at z, 1 to 7, as a word; zeros follow. */
static inline u64 textWord(const u8 *z, int n) {
  if (n >= 4) {
    u32 a, b;
    memcpy(&a, z, 4);
    memcpy(&b, &z[n - 4], 4);
    return a | (u64)b << (8 * (n - 4));
  }
  return z[0] | (u64)z[n / 2] << (8 * (n / 2)) | (u64)z[n - 1] << (8 * (n - 1));
}

/* The n bytes at z, 1 to 15, as a vector; zeros follow. */
static inline TextVector textFew(const u8 *z, int n) {
  u64 a, b;
  if (n < 8) return textOf(textWord(z, n), 0);
  memcpy(&a, z, 8);
  memcpy(&b, &z[n - 8], 8);
  return textOf(a, b >> (8 * (15 - n)) >> 8);
}

/*
** Copy the sixteen or eight bytes at z, or the n at z that are fewer than
** eight, to p, where there is room for sixteen. How many of them come before
** the first that needs care or is not ASCII?
*/
static inline int copySixteen(char *p, const u8 *z) {
  TextVector x = textLoad(z);
  TextMask m = textAscii(x);
  textStore(p, x);
  return m == 0 ? 16 : textFirst(m);
}

/* The bytes behind the last one are zero, which ends the search. */
static inline int copyWord(char *p, u64 x) {
  memcpy(p, &x, 8);
  return textFirst(textAscii(textOf(x, 0)));
}

static inline int copyEight(char *p, const u8 *z) {
  u64 x;
  memcpy(&x, z, 8);
  return copyWord(p, x);
}

static inline int copyFew(char *p, const u8 *z, int n) {
  return copyWord(p, textWord(z, n));
}

/*
** The bytes of x that are no well-formed UTF-8, as far as the bytes before
** them tell; x1, x2 and x3 are the bytes one, two and three before each. Of a
** character that is not well-formed at least one byte is marked: a byte that
** never occurs, a second byte out of the range that the first allows, a
** continuation that is missing, or one too many.
*/
static inline TextVector textIllFormed(TextVector x, TextVector x1,
                                       TextVector x2, TextVector x3) {
  TextVector lead = TEXT_OR(TEXT_OR(TEXT_SUB(x1, 0xbf), TEXT_SUB(x2, 0xdf)),
                            TEXT_SUB(x3, 0xef));
  TextVector bad = TEXT_SAME(TEXT_BELOW(x, 0xc0), TEXT_EQUAL(lead, 0));
  bad = TEXT_OR(bad, TEXT_EQUAL(TEXT_AND(x, TEXT_SPLAT(0xfe)), 0xc0));
  bad = TEXT_OR(bad, TEXT_EQUAL(TEXT_ADD(x, 0x0a), 0xff));
  bad = TEXT_OR(bad, TEXT_AND(TEXT_EQUAL(x1, 0xe0), TEXT_BELOW(x, 0xa0)));
  bad = TEXT_OR(bad, TEXT_AND(TEXT_EQUAL(x1, 0xed), TEXT_ABOVE(x, 0x9f)));
  bad = TEXT_OR(bad, TEXT_AND(TEXT_EQUAL(x1, 0xf0), TEXT_BELOW(x, 0x90)));
  return TEXT_OR(bad, TEXT_AND(TEXT_EQUAL(x1, 0xf4), TEXT_ABOVE(x, 0x8f)));
}

/* Quotes, backslashes, control characters */
static inline TextVector textEscaped(TextVector x) {
  TextVector bad = TEXT_EQUAL(TEXT_SUB(x, 0x1f), 0);
  bad = TEXT_OR(bad, TEXT_EQUAL(x, '"'));
  return TEXT_OR(bad, TEXT_EQUAL(x, '\\'));
}

/* Mark the bytes that need care; x1, x2 and x3 as above. */
static inline TextMask textBad(TextVector x, TextVector x1, TextVector x2,
                               TextVector x3, int bRaw) {
  TextVector bad = textIllFormed(x, x1, x2, x3);
  if (!bRaw) bad = TEXT_OR(bad, textEscaped(x));
  return textMask(bad);
}

/* The block of x is the first: only zeros are before it. */
static inline TextMask textBadFirst(TextVector x, int bRaw) {
  return textBad(x, TEXT_SHIFT(x, 1), TEXT_SHIFT(x, 2), TEXT_SHIFT(x, 3), bRaw);
}

/* Copy the block at z, with three bytes at least of the run before it. */
static inline TextMask textBlock(char *p, const u8 *z, int bRaw) {
  TextVector x = textLoad(z);
  textStore(p, x);
  return textBad(x, textLoad(z - 1), textLoad(z - 2), textLoad(z - 3), bRaw);
}

/* Of the characters before z: bytes of the last one, if it is not whole. */
static inline int textOpen(const u8 *z, const u8 *zStart) {
  int i;
  for (i = 1; i <= 3 && z - i >= zStart && z[-i] >= 0x80; i++) {
    u8 c = z[-i];
    if (c >= 0xc0) return i < (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) ? i : 0;
  }
  return 0;
}

/* Copy fewer than sixteen bytes: how many, before one that needs care? */
static inline int textShort(char *p, const u8 *z, int n, int bRaw) {
  TextVector x = textFew(z, n);
  TextMask m = textBadFirst(x, bRaw);
  textStore(p, x);
  return m && textFirst(m) < n ? textFirst(m) : n;
}

/* The same for more: the first block, whole blocks, and a last one that
** overlaps the one before it. Of what follows a last whole block one or two
** bytes may be left out, and (but for bRaw) what follows a block of ASCII. */
static inline i64 textBlocks(char *p, const u8 *z, i64 n, int bRaw) {
  TextVector x = textLoad(z);
  TextMask m = textBadFirst(x, bRaw);
  i64 i = 16;
  textStore(p, x);
  if (m) return textFirst(m);
  for (; i <= n - 16; i += 16) {
    m = textBlock(p + i, z + i, bRaw);
    if (m) return i + textFirst(m);
    if (!bRaw && textMask(textLoad(z + i)) == 0) return i + 16;
  }
  if (n - 16 < 3 || i == n) return i;
  i = n - 16;
  m = textBlock(p + i, z + i, bRaw);
  return m ? i + textFirst(m) : n;
}

/*
** Copy well-formed UTF-8 from *pz on, where a character begins, up to zEnd or
** the first character that needs care; or not as far, but one at least.
*/
static inline char *textRun(char *p, const u8 **pz, const u8 *zEnd, int bRaw) {
  const u8 *zStart = *pz, *z = zStart;
  i64 n = zEnd - z;
  z += n < 16 ? textShort(p, z, (int)n, bRaw) : textBlocks(p, z, n, bRaw);
  z -= textOpen(z, zStart);
  *pz = z;
  return p + (z - zStart);
}

#else

#define ONES 0x0101010101010101ull
#define HIGH 0x8080808080808080ull

/*
** A word whose high bits mark bytes of x that need care. Marks above the
** lowest one may be false: a borrow can set them.
*/
static inline u64 textMarks(u64 x) {
  u64 q = x ^ (ONES * '"');
  u64 b = x ^ (ONES * '\\');
  return (((x - ONES * 0x20) & ~x) | ((q - ONES) & ~q) | ((b - ONES) & ~b) |
          x) &
         HIGH;
}

static inline int needsCare(u8 c) {
  return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/*
** Copy the sixteen or eight bytes at z, or the n at z that are fewer than
** eight, to p, where there is room for sixteen. How many of them come before
** the first that needs care or is not ASCII?
*/
static inline int copyEight(char *p, const u8 *z) {
  u64 x;
  int n = 0;
  memcpy(&x, z, 8);
  memcpy(p, &x, 8);
  if (textMarks(x) == 0) return 8;
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

/*
** Copy well-formed UTF-8 from *pz on, where a character begins, up to zEnd or
** the first character that needs care; or not as far, but one at least.
*/
static inline char *textRun(char *p, const u8 **pz, const u8 *zEnd, int bRaw) {
  const u8 *z = *pz;
  while (z < zEnd) {
    int n = 1, i;
    if (*z >= 0x80) {
      n = textLength(z, zEnd - z);
      if (n == 0) break;
    } else if (!bRaw) {
      break;
    }
    for (i = 0; i < n; i++) *p++ = (char)*z++;
  }
  *pz = z;
  return p;
}

#endif

/* ---------------------------------------------------------------- strings */

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
    if (*z >= 0x80) {
      const u8 *zRun = z;
      p = textRun(p, &z, zEnd, 0);
      zClean = z;
      if (z > zRun) continue;
    }
    pCare = p;
    z += textCare(&pCare, z, zLimit - z);
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

/* All but ill-formed bytes, each of which becomes three, goes as it is. */
void assocJsonRaw(AssocOut *pOut, const char *zJson, i64 n) {
  const u8 *z = (const u8 *)zJson, *zLimit = z + n;
  while (z < zLimit && assocOutNeed(pOut, TEXT_PIECE * 3 + 16)) {
    const u8 *zEnd = zLimit - z > TEXT_PIECE ? z + TEXT_PIECE - 3 : zLimit;
    char *p = pOut->p;
    while (z < zEnd) {
      p = textRun(p, &z, zEnd, 1);
      if (z < zEnd && *z >= 0x80) z += textCare(&p, z, zLimit - z);
    }
    pOut->p = p;
  }
}
