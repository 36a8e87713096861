/*
** Writing strings as JSON.
**
** A TEXT value in SQLite may hold any bytes. JSON must be UTF-8, with quotes,
** backslashes and control characters escaped. So text is copied sixteen bytes
** at a time, and each block is tested for bytes that need care. There are two
** tests: a short one, which passes ASCII, and one that also passes well-formed
** UTF-8. utf8Care() writes every other byte.
**
**   He said "é" + byte FF  →  "He said \"é\"\ufffd", with U+FFFD in UTF-8
**
** The blocks are vectors of SSE2 or NEON. Other machines, and a build with
** ASSOC_NO_SIMD, test words of eight bytes and single characters. In the names
** below, n is a number of bytes, z the source, p the destination.
*/
#include "base/base.h"
#if defined(ASSOC_NO_SIMD)
#elif defined(__SSE2__)
#include <emmintrin.h>
#define UTF8_SSE2 1
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
#include <arm_neon.h>
#define UTF8_NEON 1
#endif

/*
** Length of the well-formed UTF-8 character at z, which has n bytes, or 0.
** Surrogates, overlong forms and code points past U+10FFFF are not
** well-formed (Unicode 15, table 3-7).
*/
static inline int utf8Length(const u8 *z, i64 n) {
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

void assocTextMend(char *z) {
  i64 n = z ? (i64)strlen(z) : 0;
  while (n > 0) {
    int nUsed = (u8)*z < 0x80 ? 1 : utf8Length((const u8 *)z, n);
    if (nUsed == 0) *z = '?';
    nUsed += nUsed == 0;
    z += nUsed;
    n -= nUsed;
  }
}

/*
** Write the byte or character at z, escaped if necessary, and return the number
** of bytes of z that were used. Needs room for 6 bytes. Each byte that is not
** part of well-formed UTF-8 becomes U+FFFD.
*/
static int utf8Care(char **pp, const u8 *z, i64 n) {
  static const char zHex[] = "0123456789abcdef";
  static const char zShort[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
  char *p = *pp;
  u8 c = z[0];
  int nUsed = 1;
  assert(n > 0);
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
    assert(c == '"' || c == '\\'); /* All others are copied as they are */
    *p++ = '\\';
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
** The same operations in both instruction sets. A Utf8Mask has one bit (SSE2)
** or four bits (NEON) for each byte of a vector. utf8First() returns the index
** of the first marked byte. utf8Ascii() marks bytes that need care or are not
** ASCII.
*/
#if defined(UTF8_SSE2)

typedef __m128i Utf8Vector;
typedef unsigned Utf8Mask;
#define UTF8_FIFTH 0x10 /* Masks of the first four bytes are below */

static inline Utf8Vector utf8Load(const u8 *z) {
  return _mm_loadu_si128((const __m128i *)z);
}
static inline Utf8Vector utf8Of(u64 a, u64 b) {
  return _mm_set_epi64x((long long)b, (long long)a);
}
static inline void utf8Store(char *p, Utf8Vector x) {
  _mm_storeu_si128((__m128i *)p, x);
}
static inline int utf8First(Utf8Mask m) {
  return __builtin_ctz(m);
}
/* The high bits of the bytes */
static inline Utf8Mask utf8Mask(Utf8Vector x) {
  return (Utf8Mask)_mm_movemask_epi8(x);
}

/*
** As signed numbers, control characters and bytes outside ASCII are less than '
** '. After the second bit is flipped, the quote equals ' ' and those bytes are
** still less. So one saturating subtraction of ' ' + 1 sets the high bit of all
** of them. Only the backslash needs its own comparison.
*/
static inline Utf8Mask utf8Ascii(Utf8Vector x) {
  __m128i bad =
      _mm_subs_epi8(_mm_xor_si128(x, _mm_set1_epi8(2)), _mm_set1_epi8(' ' + 1));
  bad = _mm_or_si128(bad, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
  return utf8Mask(bad);
}

#define UTF8_SPLAT(c) _mm_set1_epi8((char)(c))
#define UTF8_EQUAL(x, c) _mm_cmpeq_epi8(x, UTF8_SPLAT(c))
#define UTF8_SAME(x, y) _mm_cmpeq_epi8(x, y)
/* Signed comparison: 0x80 is the least byte, ASCII is above all others */
#define UTF8_BELOW(x, c) _mm_cmplt_epi8(x, UTF8_SPLAT(c))
#define UTF8_ABOVE(x, c) _mm_cmpgt_epi8(x, UTF8_SPLAT(c))
#define UTF8_OR(x, y) _mm_or_si128(x, y)
#define UTF8_AND(x, y) _mm_and_si128(x, y)
#define UTF8_ADD(x, c) _mm_adds_epu8(x, UTF8_SPLAT(c)) /* Saturating */
#define UTF8_SUB(x, c) _mm_subs_epu8(x, UTF8_SPLAT(c)) /* Saturating */
#define UTF8_SHIFT(x, n) _mm_slli_si128(x, n)          /* n zeros first */

#elif defined(UTF8_NEON)

typedef uint8x16_t Utf8Vector;
typedef u64 Utf8Mask;
#define UTF8_FIFTH 0x10000 /* Masks of the first four bytes are below */

static inline Utf8Vector utf8Load(const u8 *z) {
  return vld1q_u8(z);
}
static inline Utf8Vector utf8Of(u64 a, u64 b) {
  return vcombine_u8(vcreate_u8(a), vcreate_u8(b));
}
static inline void utf8Store(char *p, Utf8Vector x) {
  vst1q_u8((u8 *)p, x);
}
static inline int utf8First(Utf8Mask m) {
  return __builtin_ctzll(m) >> 2;
}
/* The high bit of each byte, as four bits of the mask */
static inline Utf8Mask utf8Mask(Utf8Vector x) {
  uint8x16_t bits = vreinterpretq_u8_s8(vshrq_n_s8(vreinterpretq_s8_u8(x), 7));
  uint8x8_t few = vshrn_n_u16(vreinterpretq_u16_u8(bits), 4);
  return vget_lane_u64(vreinterpret_u64_u8(few), 0);
}

#define UTF8_SPLAT(c) vdupq_n_u8((u8)(c))
#define UTF8_EQUAL(x, c) vceqq_u8(x, UTF8_SPLAT(c))
#define UTF8_SAME(x, y) vceqq_u8(x, y)
#define UTF8_SIGNED(x) vreinterpretq_s8_u8(x)
#define UTF8_BELOW(x, c) vcltq_s8(UTF8_SIGNED(x), UTF8_SIGNED(UTF8_SPLAT(c)))
#define UTF8_ABOVE(x, c) vcgtq_s8(UTF8_SIGNED(x), UTF8_SIGNED(UTF8_SPLAT(c)))
#define UTF8_OR(x, y) vorrq_u8(x, y)
#define UTF8_AND(x, y) vandq_u8(x, y)
#define UTF8_ADD(x, c) vqaddq_u8(x, UTF8_SPLAT(c))
#define UTF8_SUB(x, c) vqsubq_u8(x, UTF8_SPLAT(c))
#define UTF8_SHIFT(x, n) vextq_u8(vdupq_n_u8(0), x, 16 - (n))

static inline Utf8Mask utf8Ascii(Utf8Vector x) {
  Utf8Vector bad = UTF8_BELOW(x, ' '); /* Signed: non-ASCII bytes too */
  bad = UTF8_OR(bad, UTF8_EQUAL(x, '"'));
  return utf8Mask(UTF8_OR(bad, UTF8_EQUAL(x, '\\')));
}

#endif

#if defined(UTF8_SSE2) || defined(UTF8_NEON)

/* The n bytes at z, 1 <= n <= 7, as a word whose other bytes are zero. */
static inline u64 utf8Word(const u8 *z, int n) {
  if (n >= 4) {
    u32 a, b;
    memcpy(&a, z, 4);
    memcpy(&b, &z[n - 4], 4);
    return a | (u64)b << (8 * (n - 4));
  }
  return z[0] | (u64)z[n / 2] << (8 * (n / 2)) | (u64)z[n - 1] << (8 * (n - 1));
}

/* The n bytes at z, 1 <= n <= 15, as a vector whose other bytes are zero. */
static inline Utf8Vector utf8Few(const u8 *z, int n) {
  u64 a, b;
  if (n < 8) return utf8Of(utf8Word(z, n), 0);
  memcpy(&a, z, 8);
  memcpy(&b, &z[n - 8], 8);
  return utf8Of(a, b >> (8 * (15 - n)) >> 8);
}

/*
** Copy 16 bytes, 8 bytes, or n < 8 bytes from z to p. p needs room for 16
** bytes. Returns how many bytes come before the first one that needs care or is
** not ASCII.
*/
static inline int utf8CopySixteen(char *p, const u8 *z) {
  Utf8Vector x = utf8Load(z);
  Utf8Mask m = utf8Ascii(x);
  utf8Store(p, x);
  return m == 0 ? 16 : utf8First(m);
}

/* The bytes behind the word are zero in the vector. Zero needs care, so the
** search always ends. */
static inline int utf8CopyWord(char *p, u64 x) {
  memcpy(p, &x, 8);
  return utf8First(utf8Ascii(utf8Of(x, 0)));
}

static inline int utf8CopyEight(char *p, const u8 *z) {
  u64 x;
  memcpy(&x, z, 8);
  return utf8CopyWord(p, x);
}

static inline int utf8CopyFew(char *p, const u8 *z, int n) {
  return utf8CopyWord(p, utf8Word(z, n));
}

/*
** Mark the bytes of x that cannot be part of well-formed UTF-8, given the bytes
** before them. x1, x2 and x3 are the bytes one, two and three places before
** each byte of x. At least one byte of each ill-formed character is marked: a
** byte that never occurs, a second byte outside the range that the first one
** allows, a missing continuation byte, or one too many.
*/
static inline Utf8Vector utf8IllFormed(Utf8Vector x, Utf8Vector x1,
                                       Utf8Vector x2, Utf8Vector x3) {
  Utf8Vector lead = UTF8_OR(UTF8_OR(UTF8_SUB(x1, 0xbf), UTF8_SUB(x2, 0xdf)),
                            UTF8_SUB(x3, 0xef));
  Utf8Vector bad = UTF8_SAME(UTF8_BELOW(x, 0xc0), UTF8_EQUAL(lead, 0));
  bad = UTF8_OR(bad, UTF8_EQUAL(UTF8_AND(x, UTF8_SPLAT(0xfe)), 0xc0));
  bad = UTF8_OR(bad, UTF8_EQUAL(UTF8_ADD(x, 0x0a), 0xff));
  bad = UTF8_OR(bad, UTF8_AND(UTF8_EQUAL(x1, 0xe0), UTF8_BELOW(x, 0xa0)));
  bad = UTF8_OR(bad, UTF8_AND(UTF8_EQUAL(x1, 0xed), UTF8_ABOVE(x, 0x9f)));
  bad = UTF8_OR(bad, UTF8_AND(UTF8_EQUAL(x1, 0xf0), UTF8_BELOW(x, 0x90)));
  return UTF8_OR(bad, UTF8_AND(UTF8_EQUAL(x1, 0xf4), UTF8_ABOVE(x, 0x8f)));
}

/* Mark quotes, backslashes and control characters. */
static inline Utf8Vector utf8Escaped(Utf8Vector x) {
  Utf8Vector bad = UTF8_EQUAL(UTF8_SUB(x, 0x1f), 0);
  bad = UTF8_OR(bad, UTF8_EQUAL(x, '"'));
  return UTF8_OR(bad, UTF8_EQUAL(x, '\\'));
}

/* Mark the bytes that need care; x1, x2 and x3 as above. bRaw: the text is JSON
** already, so nothing is escaped. */
static inline Utf8Mask utf8Bad(Utf8Vector x, Utf8Vector x1, Utf8Vector x2,
                               Utf8Vector x3, int bRaw) {
  Utf8Vector bad = utf8IllFormed(x, x1, x2, x3);
  if (!bRaw) bad = UTF8_OR(bad, utf8Escaped(x));
  return utf8Mask(bad);
}

/* The same for the first block, which has no bytes before it. */
static inline Utf8Mask utf8BadFirst(Utf8Vector x, int bRaw) {
  return utf8Bad(x, UTF8_SHIFT(x, 1), UTF8_SHIFT(x, 2), UTF8_SHIFT(x, 3), bRaw);
}

/* Copy the block at z and mark its bytes that need care. At least three bytes
** of the same run come before z. */
static inline Utf8Mask utf8Block(char *p, const u8 *z, int bRaw) {
  Utf8Vector x = utf8Load(z);
  utf8Store(p, x);
  return utf8Bad(x, utf8Load(z - 1), utf8Load(z - 2), utf8Load(z - 3), bRaw);
}

/* If the last character before z is incomplete, return the number of its bytes
** that come before z; else 0. */
static inline int utf8Open(const u8 *z, const u8 *zStart) {
  int i;
  assert(z >= zStart);
  for (i = 1; i <= 3 && z - i >= zStart && z[-i] >= 0x80; i++) {
    u8 c = z[-i];
    if (c >= 0xc0) return i < (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) ? i : 0;
  }
  return 0;
}

/* Copy n < 16 bytes. Returns how many bytes come before the first one that
** needs care. */
static inline int utf8Short(char *p, const u8 *z, int n, int bRaw) {
  Utf8Vector x = utf8Few(z, n);
  Utf8Mask m = utf8BadFirst(x, bRaw);
  utf8Store(p, x);
  return m && utf8First(m) < n ? utf8First(m) : n;
}

/* The same for n >= 16 bytes: the first block, whole blocks, and a last block
** that overlaps the one before it. The result may be smaller than possible: one
** or two bytes behind the last whole block are left to the caller, and, unless
** bRaw, everything behind a block of pure ASCII, or a first block that has no
** more than one character of others: the short test copies it faster. */
static inline i64 utf8Blocks(char *p, const u8 *z, i64 n, int bRaw) {
  Utf8Vector x = utf8Load(z);
  Utf8Mask m = utf8BadFirst(x, bRaw);
  i64 i = 16;
  utf8Store(p, x);
  if (m) return utf8First(m);
  if (!bRaw && utf8Mask(x) < UTF8_FIFTH) return 16;
  for (; i <= n - 16; i += 16) {
    m = utf8Block(p + i, z + i, bRaw);
    if (m) return i + utf8First(m);
    if (!bRaw && utf8Mask(utf8Load(z + i)) == 0) return i + 16;
  }
  if (n - 16 < 3 || i == n) return i;
  i = n - 16;
  m = utf8Block(p + i, z + i, bRaw);
  return m ? i + utf8First(m) : n;
}

/*
** Copy well-formed UTF-8 from *pz, the start of a character, up to zEnd or to
** the first character that needs care. It may stop earlier, but makes progress
** if the first character is well-formed.
*/
static inline char *utf8Run(char *p, const u8 **pz, const u8 *zEnd, int bRaw) {
  const u8 *zStart = *pz, *z = zStart;
  i64 n = zEnd - z;
  z += n < 16 ? utf8Short(p, z, (int)n, bRaw) : utf8Blocks(p, z, n, bRaw);
  z -= utf8Open(z, zStart);
  *pz = z;
  return p + (z - zStart);
}

#else

/*
** Mark, by their high bits, the bytes of the word x that need care. Only the
** lowest mark is reliable: a borrow can set marks above it.
*/
static inline u64 utf8Marks(u64 x) {
  u64 q = x ^ (ASSOC_ONE_EACH * '"');
  u64 b = x ^ (ASSOC_ONE_EACH * '\\');
  return (((x - ASSOC_ONE_EACH * 0x20) & ~x) | ((q - ASSOC_ONE_EACH) & ~q) |
          ((b - ASSOC_ONE_EACH) & ~b) | x) &
         ASSOC_HIGH_EACH;
}

/* Must the byte be escaped or checked, or may it be copied? */
static inline int utf8NeedsCare(u8 c) {
  return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/*
** Copy 16 bytes, 8 bytes, or n < 8 bytes from z to p. p needs room for 16
** bytes. Returns how many bytes come before the first one that needs care or is
** not ASCII.
*/
static inline int utf8CopyEight(char *p, const u8 *z) {
  u64 x;
  int n = 0;
  memcpy(&x, z, 8);
  memcpy(p, &x, 8);
  if (utf8Marks(x) == 0) return 8;
  while (!utf8NeedsCare(z[n])) n++;
  return n;
}

static inline int utf8CopySixteen(char *p, const u8 *z) {
  int n = utf8CopyEight(p, z);
  return n < 8 ? n : 8 + utf8CopyEight(&p[8], &z[8]);
}

static inline int utf8CopyFew(char *p, const u8 *z, int n) {
  int i;
  for (i = 0; i < n && !utf8NeedsCare(z[i]); i++) p[i] = (char)z[i];
  return i;
}

/*
** Copy well-formed UTF-8 from *pz, the start of a character, up to zEnd or to
** the first character that needs care. It may stop earlier, but makes progress
** if the first character is well-formed.
*/
static inline char *utf8Run(char *p, const u8 **pz, const u8 *zEnd, int bRaw) {
  const u8 *z = *pz;
  while (z < zEnd) {
    int n = 1, i;
    if (*z >= 0x80) {
      n = utf8Length(z, zEnd - z);
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
** Copy the n bytes at z up to the first one that needs care or is not ASCII.
** Returns how many come before it. A long text ends in a block that overlaps
** the one before it. p needs room for n + 16 bytes.
*/
static ASSOC_INLINE i64 utf8Clean(char *p, const u8 *z, i64 n) {
  i64 i;
  int nClean;
  if (n < 8) return n ? utf8CopyFew(p, z, (int)n) : 0;
  if (n < 16) {
    nClean = utf8CopyEight(p, z);
    return nClean < 8 ? nClean : n - 8 + utf8CopyEight(&p[n - 8], &z[n - 8]);
  }
  for (i = 0; i < n - 16; i += 16) {
    nClean = utf8CopySixteen(&p[i], &z[i]);
    if (nClean < 16) return i + nClean;
  }
  return n - 16 + utf8CopySixteen(&p[n - 16], &z[n - 16]);
}

/*
** Write the text from *pz to zEnd and set *pz to its end; at *pz is a byte that
** needs care or is not ASCII. The text continues up to zLimit: a character that
** begins before zEnd is written completely, so up to three bytes behind zEnd
** may be used. Needs room for 6 * (zEnd - *pz) + 16 bytes.
*/
static char *utf8Rest(char *p, const u8 **pz, const u8 *zEnd,
                      const u8 *zLimit) {
  const u8 *z = *pz;
  assert(z < zEnd && zEnd <= zLimit);
  do {
    const u8 *zRun = z;
    i64 n;
    if (*z >= 0x80) p = utf8Run(p, &z, zEnd, 0);
    if (z == zRun) {
      char *pCare = p;
      z += utf8Care(&pCare, z, zLimit - z);
      p = pCare;
    }
    if (z >= zEnd) break;
    n = utf8Clean(p, z, zEnd - z);
    p += n;
    z += n;
  } while (z < zEnd);
  *pz = z;
  return p;
}

/* The same where the text ends. */
static ASSOC_NOINLINE char *utf8Last(char *p, const u8 *z, const u8 *zEnd) {
  return utf8Rest(p, &z, zEnd, zEnd);
}

char *assocJsonChars(char *p, const char *zText, i64 n) {
  const u8 *z = (const u8 *)zText;
  i64 nClean = utf8Clean(p, z, n);
  if (ASSOC_LIKELY(nClean == n)) return p + n;
  return utf8Last(p + nClean, z + nClean, z + n);
}

/* Write a long text in pieces, so that room is asked for once for each piece.
** An escape has six bytes at most, which gives the factor. */
static void utf8Long(AssocOut *pOut, const u8 *z, i64 n) {
  const u8 *zLimit = z + n;
  assocOutText(pOut, "\"", 1);
  while (z < zLimit && assocOutNeed(pOut, ASSOC_TEXT_PIECE * 6 + 16)) {
    i64 nLeft = zLimit - z;
    const u8 *zEnd = z + (nLeft > ASSOC_TEXT_PIECE ? ASSOC_TEXT_PIECE : nLeft);
    i64 nClean = utf8Clean(pOut->p, z, zEnd - z);
    pOut->p += nClean;
    z += nClean;
    if (z < zEnd) pOut->p = utf8Rest(pOut->p, &z, zEnd, zLimit);
  }
  assocOutText(pOut, "\"", 1);
}

void assocJsonString(AssocOut *pOut, const char *z, i64 n) {
  char *p;
  assert(n >= 0);
  if (n > ASSOC_TEXT_PIECE) {
    utf8Long(pOut, (const u8 *)z, n);
    return;
  }
  if (!assocOutNeed(pOut, n * 6 + 18)) return;
  p = pOut->p;
  *p++ = '"';
  p = assocJsonChars(p, z, n);
  *p++ = '"';
  pOut->p = p;
}

/* Ill-formed bytes become U+FFFD, three bytes each. All others are copied. */
void assocJsonRaw(AssocOut *pOut, const char *zJson, i64 n) {
  const u8 *z = (const u8 *)zJson, *zLimit = z + n;
  assert(n >= 0);
  while (z < zLimit && assocOutNeed(pOut, ASSOC_TEXT_PIECE * 3 + 16)) {
    const u8 *zEnd =
        zLimit - z > ASSOC_TEXT_PIECE ? z + ASSOC_TEXT_PIECE - 3 : zLimit;
    char *p = pOut->p;
    while (z < zEnd) {
      p = utf8Run(p, &z, zEnd, 1);
      if (z < zEnd && *z >= 0x80) z += utf8Care(&p, z, zLimit - z);
    }
    pOut->p = p;
  }
}
