/*
** A fuzzer for what reads texts, called alone: thousands of times as many inputs
** as fuzz.c tries. `make fuzz-inside` builds and runs it; the first byte of an
** input says what the others are:
**
**   q b o  a shape: a query, a block, one. What is printed of it, as text and as
**          JSON, is read again, and then printed alike
**   j      JSON: read if SQLite finds it valid, else refused; what is written of
**          it is valid, has the same elements for SQLite, and is read again
**   t      a text: written as JSON it is valid, and SQLite reads the same text,
**          unless bytes of it are no UTF-8
**   n      a name: its plural, singular and other forms are texts
**
** The functions are those of unit.c, in a program with SQLite and all floors but
** the front door.
*/
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sqlite3_unit_init(sqlite3 *db, char **pzErrMsg, const void *pApi);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum {
  SHAPE_TEXT,
  SHAPE_JSON,
  JSON_READ,
  JSON_VALID,
  JSON_SAME,
  QUOTE,
  QUOTED,
  NAMES,
  N_SQL
};
/* The elements of a JSON text: their places and types. */
#define TREE(x)                                                                \
  "SELECT group_concat(parent || replace(type, 'real', 'integer'))"            \
  " FROM json_tree(" x ")"
static const char *const azSql[] = {
    "SELECT unit_shape_text(?2, ?1)",
    "SELECT unit_shape_json(?2, ?1)",
    "SELECT unit_json_read(?1)",
    "SELECT json_valid(?1)",
    "SELECT (" TREE("?1") ") IS (" TREE("?2") ")",
    "SELECT unit_json_quote(?1)",
    "SELECT json_valid(?1) AND ((?1 ->> '$') IS ?2 OR instr(?1, char(65533)))",
    "SELECT unit_pluralize(?1) || unit_singularize(?1) || unit_underscore(?1)"
    " || unit_camelize(?1, ?1) || unit_sequelize(?1)",
};
static sqlite3 *db;
static sqlite3_stmt *apStmt[N_SQL];

static void start(void) {
  int i;
  if (db) return;
  if (sqlite3_open(":memory:", &db) || sqlite3_unit_init(db, 0, 0)) abort();
  for (i = 0; i < N_SQL; i++) {
    if (sqlite3_prepare_v2(db, azSql[i], -1, &apStmt[i], 0)) abort();
  }
}

/* The first column, or 0 after an error. OUT: freed with sqlite3_free(). */
static char *ask(int iSql, const char *z, int n, const char *zOther) {
  sqlite3_stmt *pStmt = apStmt[iSql];
  char *zGave = 0;
  sqlite3_bind_text(pStmt, 1, z, n, SQLITE_STATIC);
  if (zOther) sqlite3_bind_text(pStmt, 2, zOther, -1, SQLITE_STATIC);
  if (sqlite3_step(pStmt) == SQLITE_ROW && sqlite3_column_text(pStmt, 0)) {
    zGave = sqlite3_mprintf("%s", sqlite3_column_text(pStmt, 0));
  }
  sqlite3_reset(pStmt);
  return zGave;
}

static void same(const char *zWhat, const char *zOne, const char *zTwo) {
  if (zTwo && strcmp(zOne, zTwo) == 0) return;
  fprintf(stderr, "%s\n%s\n%s\n", zWhat, zOne, zTwo ? zTwo : "an error");
  abort();
}

/* What is printed in the form of iSql is read, and printed alike. JSON has U+FFFD
** for bytes that are no UTF-8, by which names may become equal. */
static void tryShape(int iSql, const char *zKind, const char *z, int n) {
  char *zOnce = ask(iSql, z, n, zKind);
  char *zTwice = zOnce ? ask(iSql, zOnce, -1, zKind) : 0;
  if (zOnce && strstr(zOnce, "\xef\xbf\xbd") == 0) {
    same("printed again:", zOnce, zTwice);
  }
  sqlite3_free(zOnce);
  sqlite3_free(zTwice);
}

static void tryJson(const char *z, int n) {
  char *zRead = ask(JSON_READ, z, n, 0);
  char *zValid = ask(JSON_VALID, z, n, 0);
  if (zRead) {
    char *zSame = ask(JSON_SAME, z, n, zRead);
    char *zAgain = ask(JSON_READ, zRead, -1, 0);
    same("read, and SQLite finds it", "1", zValid);
    same(zRead, "1", zSame);
    same("read again:", zRead, zAgain);
    sqlite3_free(zSame);
    sqlite3_free(zAgain);
  } else if (zValid) {
    same("refused, and SQLite finds it", "0", zValid);
  }
  sqlite3_free(zRead);
  sqlite3_free(zValid);
}

static void tryText(const char *z, int n) {
  char *zQuoted = ask(QUOTE, z, n, 0), *zSame;
  if (zQuoted == 0) return;
  zSame = ask(QUOTED, zQuoted, -1, z);
  same(zQuoted, "1", zSame);
  sqlite3_free(zQuoted);
  sqlite3_free(zSame);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  char *z;
  int nText;
  if (n < 2) return -1;
  start();
  z = sqlite3_mprintf("%.*s", (int)n - 1, (const char *)p + 1);
  if (z == 0) return -1;
  nText = (int)strlen(z);
  switch (p[0]) {
  case 'q':
  case 'b':
  case 'o': {
    const char *zKind = p[0] == 'q' ? "query" : p[0] == 'b' ? "block" : "one";
    tryShape(SHAPE_TEXT, zKind, z, nText);
    tryShape(SHAPE_JSON, zKind, z, nText);
    break;
  }
  case 'j': tryJson(z, nText); break;
  case 't': tryText(z, nText); break;
  case 'n': sqlite3_free(ask(NAMES, z, nText, 0)); break;
  default: sqlite3_free(z); return -1;
  }
  sqlite3_free(z);
  return 0;
}
