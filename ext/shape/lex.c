/*
** Cutting the text form into tokens.
**
**   posts(age>=18)   posts  (  age  >=  18  )
**
** A token depends only on its place in the text. So a parser can look ahead as
** far as it needs, and keeps no list.
**
** Words are not divided into names and keywords here: only the place of a word
** tells. A text is never changed; a token is an offset and a length.
*/
#include "shape/lex.h"

/* JSON's white space, and the form feed. */
static int isSpace(u8 c) {
  return assocIsGap((char)c) || c == '\f';
}

/* All bytes beyond ASCII are letters, so names may be in any script. */
static int isWordStart(u8 c) {
  return assocIsName((char)c) && !assocIsDigit((char)c);
}

/* "$" as in SQLite's names. */
static int isWordPart(u8 c) {
  return assocIsName((char)c) || c == '$';
}

/* The number of bytes at z that belong to a word, or are digits. */
static int wordLength(const u8 *z, int n) {
  int i = 0;
  while (i < n && isWordPart(z[i])) i++;
  return i;
}

/* 0 if z does not begin with a digit. */
static int digitsLength(const u8 *z, int n) {
  int i = 0;
  while (i < n && assocIsDigit((char)z[i])) i++;
  return i;
}

/* The length of 12, 1.5, .5 or 1e-3. 0 if a letter follows directly. */
static int numberLength(const u8 *z, int n) {
  int i = digitsLength(z, n);
  assert(n > 0);
  if (i < n && z[i] == '.') i += 1 + digitsLength(&z[i + 1], n - i - 1);
  if (i < n && (z[i] == 'e' || z[i] == 'E')) {
    int j = i + 1;
    if (j < n && (z[j] == '+' || z[j] == '-')) j++;
    if (j < n && assocIsDigit((char)z[j])) i = j + digitsLength(&z[j], n - j);
  }
  return i < n && isWordPart(z[i]) ? 0 : i;
}

/* The length up to the closing quote. In "..." a backslash escapes the next
** byte; in `...` a doubled backtick means one. 0 if the closing quote is
** missing. */
static int quotedLength(const u8 *z, int n) {
  u8 q = z[0];
  int i;
  assert(n > 0);
  for (i = 1; i < n; i++) {
    if (q == '"' && z[i] == '\\') {
      i++;
    } else if (z[i] == q) {
      if (q != '`' || i + 1 >= n || z[i + 1] != q) return i + 1;
      i++;
    }
  }
  return 0;
}

/* The type of an operator or another sign; *pn receives its length. */
static int operatorType(const u8 *z, int n, int *pn) {
  static const struct {
    const char *z;
    int eType;
  } aOp[] = {{"...", TK_SPREAD}, {"**", TK_STARS}, {"==", TK_EQ}, {"!=", TK_NE},
             {"<>", TK_NE},      {"<=", TK_LE},    {">=", TK_GE}, {"=", TK_EQ}};
  int i;
  for (i = 0; i < ASSOC_COUNT(aOp); i++) {
    int nOp = (int)strlen(aOp[i].z);
    if (nOp <= n && memcmp(z, aOp[i].z, (size_t)nOp) == 0) {
      *pn = nOp;
      return aOp[i].eType;
    }
  }
  *pn = 1;
  return z[0] && strchr("{}()[].,;*-@!^<>", z[0]) ? z[0] : TK_BAD;
}

/* A quote that is never closed takes the rest of the text, so the error stands
** at its beginning. */
static void lexQuoted(const u8 *z, int n, ShapeToken *pTok) {
  pTok->n = quotedLength(z, n);
  pTok->eType = z[0] == '"' ? TK_STRING : z[0] == '`' ? TK_QUOTED : TK_SINGLE;
  if (pTok->n == 0) {
    pTok->n = n;
    if (pTok->eType != TK_SINGLE) pTok->eType = TK_BAD;
  }
}

/* Every byte belongs to some token; one that no shape may contain is TK_BAD. So
** the parser always moves on, and reading ends. */
ShapeToken shapeLex(const char *zText, int n, int iFrom) {
  const u8 *z = (const u8 *)zText;
  ShapeToken tok;
  assert(iFrom >= 0 && n >= 0);
  while (iFrom < n && isSpace(z[iFrom])) iFrom++;
  tok.iOff = iFrom;
  z += iFrom;
  n -= iFrom;
  if (n <= 0) {
    tok.eType = TK_END;
    tok.n = 0;
  } else if (isWordStart(z[0])) {
    tok.eType = TK_WORD;
    tok.n = wordLength(z, n);
  } else if (assocIsDigit((char)z[0]) ||
             (z[0] == '.' && n > 1 && assocIsDigit((char)z[1]))) {
    tok.n = numberLength(z, n);
    tok.eType = tok.n ? TK_NUMBER : TK_BAD;
    if (tok.n == 0) tok.n = 1 + wordLength(&z[1], n - 1);
  } else if (z[0] == '"' || z[0] == '`' || z[0] == '\'') {
    lexQuoted(z, n, &tok);
  } else if (z[0] == '?') {
    tok.eType = TK_INDEX;
    tok.n = 1 + digitsLength(&z[1], n - 1);
  } else if (z[0] == ':' && n > 1 && isWordStart(z[1])) {
    tok.eType = TK_NAMED;
    tok.n = 1 + wordLength(&z[1], n - 1);
  } else if (z[0] == ':' && n > 1 && z[1] == '`' &&
             quotedLength(&z[1], n - 1)) {
    tok.eType = TK_NAMED;
    tok.n = 1 + quotedLength(&z[1], n - 1);
  } else {
    tok.eType = operatorType(z, n, &tok.n);
  }
  assert(tok.n > 0 || tok.eType == TK_END);
  return tok;
}

/* A name in backticks is never a keyword. */
int shapeIsWord(const char *z, const ShapeToken *pTok, const char *zWord) {
  return pTok->eType == TK_WORD && (int)strlen(zWord) == pTok->n &&
         sqlite3_strnicmp(&z[pTok->iOff], zWord, pTok->n) == 0;
}
