/*
** The tokens of SQL texts: of SQLite's schema, and of statements that run.
** SQLite has parsed these texts before. So it is enough to tell apart words,
** quotes, comments and punctuation.
*/
#include "base/base.h"

/* A character of a keyword, name or number. Bytes of UTF-8 sequences count. */
static int isSqlWord(char c) {
  return assocIsName(c) || c == '$';
}

/* The length of the quoted token at z, both quotes included. A doubled quote
** does not end it; "]" cannot be doubled. */
static int sqlQuoted(const char *z, char cEnd) {
  int n = 1;
  while (z[n]) {
    if (z[n++] != cEnd) continue;
    if (cEnd == ']' || z[n] != cEnd) break;
    n++;
  }
  return n;
}

/* The length of the comment at z. One without an end runs to the end of the
** text, as in SQLite. */
static int sqlComment(const char *z) {
  int n = 2;
  if (z[0] == '-') {
    return (int)strcspn(z, "\n");
  }
  while (z[n] && (z[n] != '*' || z[n + 1] != '/')) n++;
  return z[n] ? n + 2 : n;
}

/* SQLite accepts four kinds of quotes and two of comments in the text of a
** schema. A quote that does not end takes the rest of the text. */
int assocSqlToken(const char *z, int *peType) {
  int n = 0;
  *peType = ASSOC_SQL_SPACE;
  while (assocIsSpace(z[n])) n++;
  if (n) return n;
  if (strncmp(z, "--", 2) == 0 || strncmp(z, "/*", 2) == 0) {
    return sqlComment(z);
  }
  *peType = ASSOC_SQL_WORD;
  while (isSqlWord(z[n])) n++;
  if (n) return n;
  *peType = ASSOC_SQL_QUOTED;
  if (z[0] == '"' || z[0] == '\'' || z[0] == '`') return sqlQuoted(z, z[0]);
  if (z[0] == '[') return sqlQuoted(z, ']');
  *peType = ASSOC_SQL_OTHER;
  return z[0] != 0;
}

int assocSqlNext(const char **pz, int *peType) {
  int n;
  while ((n = assocSqlToken(*pz, peType)) > 0 && *peType == ASSOC_SQL_SPACE) {
    *pz += n;
  }
  return n;
}

/* SQL keywords ignore ASCII case only. */
int assocSqlIs(const char *z, int n, const char *zWord) {
  return (int)strlen(zWord) == n && sqlite3_strnicmp(z, zWord, n) == 0;
}

/* ------------------------------------------------------------------ names */

int assocDdlPlain(const char *z) {
  int n = 0;
  while (assocIsWord(z[n])) n++;
  return assocIsDigit(z[0]) || sqlite3_keyword_check(z, n) ? 0 : n;
}

/* %w doubles quotes inside of the name. */
void assocDdlName(sqlite3_str *pStr, const char *z) {
  int n = assocDdlPlain(z);
  assert(z);
  sqlite3_str_appendf(pStr, n && z[n] == 0 ? "%s" : "\"%w\"", z);
}
