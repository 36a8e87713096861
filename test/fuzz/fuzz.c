/*
** A fuzzer for what SQL can hand to assoc. `make fuzz` builds and runs it;
** the first byte of an input says what the others are:
**
**   a  a shape, as it stands, given to eager() and to assoc_get()
**   b  choices from which a query is made that is nearly right (speak.c)
**   c  the same for an item, given to related, assoc_get() and assoc_count()
**   d  a definition, as its five columns with a line each
**   e  a payload for the functions that write
**   f  the cursor of a page
**   g  a whole database file
**
** Nothing may crash, leak or hang, and where there is a result it is judged:
** it is JSON; every strategy gives the same bytes; so does the one plain SQL
** statement that assoc_sql() writes, which SQLite runs alone; a session is told
** what a database without the forbidden rows tells; and after a
** function that writes, the database is sound.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include "assoc.h"
#include "fuzz.h"

#define STEPS_AT_MOST 20000000 /* Of SQLite's machine, for one input */

static sqlite3 *db;
static sqlite3 *pLeft; /* The same without what a session must not see */
static long nStep;

static int progress(void *p) {
  (void)p;
  nStep += 1000;
  return nStep > STEPS_AT_MOST;
}

static void fail(const char *zWhat, const char *zOne, const char *zTwo) {
  fprintf(stderr, "%s\n%s\n%s\n", zWhat, zOne ? zOne : "", zTwo ? zTwo : "");
  abort();
}

/* The first column of the first row. OUT: freed with sqlite3_free(); 0 for
** an error or no row. */
static char *ask(sqlite3 *pDb, const char *zSql, const char *z1, int n1,
                 const char *z2, int n2) {
  sqlite3_stmt *pStmt = 0;
  char *z = 0;
  if (sqlite3_prepare_v2(pDb, zSql, -1, &pStmt, 0) != SQLITE_OK) return 0;
  if (z1) sqlite3_bind_text(pStmt, 1, z1, n1, SQLITE_STATIC);
  if (z2) sqlite3_bind_text(pStmt, 2, z2, n2, SQLITE_STATIC);
  if (sqlite3_step(pStmt) == SQLITE_ROW) {
    const unsigned char *zText = sqlite3_column_text(pStmt, 0);
    if (zText) z = sqlite3_mprintf("%s", zText);
  }
  if (sqlite3_finalize(pStmt) != SQLITE_OK) {
    sqlite3_free(z);
    z = 0;
  }
  return z;
}

static void run(sqlite3 *pDb, const char *zSql) {
  sqlite3_exec(pDb, zSql, 0, 0, 0);
}

/* ---------------------------------------------------------------- fixtures */

/* Small enough that the buffers of a run keep small. */
static void limits(sqlite3 *pDb) {
  sqlite3_limit(pDb, SQLITE_LIMIT_LENGTH, 4000000);
  sqlite3_progress_handler(pDb, 1000, progress, 0);
}

static void loadSchema(sqlite3 *pDb, const char *zPath) {
  static char zSql[20000];
  char *zErr = 0;
  FILE *pFile = fopen(zPath, "rb");
  size_t n = pFile ? fread(zSql, 1, sizeof(zSql) - 1, pFile) : 0;
  if (n == 0) fail("cannot read", zPath, 0);
  fclose(pFile);
  zSql[n] = 0;
  if (sqlite3_exec(pDb, zSql, 0, 0, &zErr) != SQLITE_OK) {
    fail("the schema is wrong:", zErr, 0);
  }
}

static void start(void) {
  if (db) return;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
      sqlite3_assoc_init(db, 0, 0) != SQLITE_OK ||
      sqlite3_open(":memory:", &pLeft) != SQLITE_OK ||
      sqlite3_assoc_init(pLeft, 0, 0) != SQLITE_OK) {
    fail("cannot open a database", 0, 0);
  }
  loadSchema(db, FUZZ_SCHEMA);
  loadSchema(pLeft, FUZZ_SCHEMA);
  run(db, "SELECT assoc_policy('Post', '{\"read\":\"id <> :no\"}'),"
          " assoc_policy('User', '{\"read\":\"not some posts(id = :no)\"}')");
  run(pLeft, "CREATE TEMP TABLE gone AS SELECT * FROM json_each((SELECT"
             " json_group_array(id) FROM eager('User(some posts(id = 2))')));"
             "DELETE FROM users WHERE id IN (SELECT value FROM gone);"
             "DELETE FROM posts WHERE id = 2; DROP TABLE temp.gone");
  limits(db);
  limits(pLeft);
}

/* ------------------------------------------------------------------ judging */

static void judgeJson(const char *zQuery, const char *z) {
  char *zValid = ask(db, "SELECT json_valid(?1)", z, -1, 0, 0);
  if (zValid && zValid[0] == '0') fail("no JSON:", zQuery, z);
  sqlite3_free(zValid);
}

static void judgeSame(const char *zWhat, const char *zQuery, const char *z,
                      const char *zOther) {
  if (zOther && strcmp(z, zOther) != 0) {
    fprintf(stderr, "%s\n", zQuery);
    fail(zWhat, z, zOther);
  }
}

/* The same by another strategy. */
static void judgeStrategy(const char *zStrategy, const char *zQuery,
                          const char *z) {
  char *zOther;
  sqlite3_free(
      ask(db, "SELECT assoc_config('strategy', ?1)", zStrategy, -1, 0, 0));
  zOther = ask(db, "SELECT eager(?1, 2, 'a')", zQuery, -1, 0, 0);
  judgeSame(zStrategy, zQuery, z, zOther);
  sqlite3_free(zOther);
  sqlite3_free(ask(db, "SELECT assoc_config('strategy', 'auto')", 0, 0, 0, 0));
}

/* The same by one plain statement, whose parameters are the query's. */
static void judgeSql(const char *zQuery, const char *z) {
  char *zSql = ask(db, "SELECT assoc_sql(?1)", zQuery, -1, 0, 0);
  sqlite3_stmt *pStmt = 0;
  if (zSql == 0) return;
  if (sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0) != SQLITE_OK) {
    if (strstr(sqlite3_errmsg(db), "parser stack overflow") == 0) {
      fail("assoc_sql() wrote what is no SQL:", zSql, sqlite3_errmsg(db));
    }
    sqlite3_free(zSql);
    return;
  }
  sqlite3_bind_int(pStmt, 1, 2);
  sqlite3_bind_text(pStmt, 2, "a", -1, SQLITE_STATIC);
  if (sqlite3_step(pStmt) == SQLITE_ROW) {
    judgeSame(zSql, zQuery, z, (const char *)sqlite3_column_text(pStmt, 0));
  }
  sqlite3_finalize(pStmt);
  sqlite3_free(zSql);
}

/* The roots one at a time, together. */
static void judgeRows(const char *zQuery, const char *z) {
  char *zOther =
      ask(db, "SELECT json_group_array(json(json)) FROM eager(?1, 2, 'a')",
          zQuery, -1, 0, 0);
  char *zPlain = ask(db, "SELECT json(?1)", z, -1, 0, 0);
  if (zOther && zPlain) judgeSame("as a table", zQuery, zPlain, zOther);
  sqlite3_free(zOther);
  sqlite3_free(zPlain);
}

/* A session is told what is left without what it must not see. */
static void judgeSession(const char *zQuery) {
  char *z, *zLeft;
  sqlite3_free(ask(db, "SELECT assoc_session('{\"no\":2}')", 0, 0, 0, 0));
  z = ask(db, "SELECT eager(?1, 2, 'a')", zQuery, -1, 0, 0);
  sqlite3_free(ask(db, "SELECT assoc_session(NULL)", 0, 0, 0, 0));
  zLeft = z ? ask(pLeft, "SELECT eager(?1, 2, 'a')", zQuery, -1, 0, 0) : 0;
  if (zLeft) judgeSame("in a session", zQuery, zLeft, z);
  sqlite3_free(z);
  sqlite3_free(zLeft);
}

static void query(const char *zQuery) {
  char *z = ask(db, "SELECT eager(?1, 2, 'a')", zQuery, -1, 0, 0);
  if (z == 0) return;
  judgeJson(zQuery, z);
  judgeStrategy("lookup", zQuery, z);
  judgeStrategy("scan", zQuery, z);
  judgeSql(zQuery, z);
  judgeRows(zQuery, z);
  judgeSession(zQuery);
  sqlite3_free(z);
}

/* How many and which: by four ways that need to agree. */
static void item(const char *zModel, const char *zItem) {
  char *zGet = ask(db, "SELECT assoc_get(?1, 1, ?2)", zModel, -1, zItem, -1);
  char *zCount =
      ask(db, "SELECT assoc_count(?1, 1, ?2)", zModel, -1, zItem, -1);
  char *zRows = ask(db,
                    "SELECT count(*) FROM related WHERE model=?1 AND "
                    "association=?2 AND key=1",
                    zModel, -1, zItem, -1);
  char *zPairs = ask(db,
                     "SELECT count(*) FROM related WHERE model=?1 AND "
                     "association=?2 AND +key=1",
                     zModel, -1, zItem, -1);
  if (zGet) judgeJson(zItem, zGet);
  if (zCount && zRows && strchr(zItem, '^') == 0) {
    judgeSame("count and rows", zItem, zCount, zRows);
  }
  if (zRows && zPairs) judgeSame("rows and pairs", zItem, zRows, zPairs);
  sqlite3_free(zGet);
  sqlite3_free(zCount);
  sqlite3_free(zRows);
  sqlite3_free(zPairs);
}

/* ------------------------------------------------------------------- inputs */

static void tryShape(const char *z) {
  query(z);
  item("User", z);
  item("Node", z);
  sqlite3_free(ask(db, "SELECT assoc_find('Post', 1, ?1)", z, -1, 0, 0));
}

static void tryDefinition(char *z) {
  sqlite3_stmt *pStmt = 0;
  int i;
  run(db, "SAVEPOINT f");
  if (sqlite3_prepare_v2(db, "REPLACE INTO assoc_definitions VALUES(?,?,?,?,?)",
                         -1, &pStmt, 0) == SQLITE_OK) {
    for (i = 1; i <= 5 && z; i++) {
      char *zEnd = strchr(z, '\n');
      sqlite3_bind_text(pStmt, i, z, zEnd ? (int)(zEnd - z) : -1,
                        SQLITE_STATIC);
      z = zEnd ? zEnd + 1 : 0;
    }
    sqlite3_step(pStmt);
  }
  sqlite3_finalize(pStmt);
  run(db, "SELECT * FROM assoc_list");
  query("User{** posts{tags}}");
  query("Post{** comments{author}}");
  run(db, "SELECT eager(model || '{*}') FROM assoc_list");
  run(db, "SELECT assoc_get(model, 1, association) FROM assoc_list");
  run(db, "SELECT assoc_sync('{\"dryRun\":true}')");
  run(db, "SELECT * FROM assoc_check");
  run(db, "SELECT assoc_diagram('text')");
  run(db, "ROLLBACK TO f; RELEASE f");
}

static void tryWrite(const char *z) {
  static const char *const azSql[] = {
      "SELECT assoc_insert('User', ?1)",
      "SELECT assoc_insert('Post', ?1)",
      "SELECT assoc_update('Post', 1, ?1)",
      "SELECT assoc_create('Post', 1, 'tags', ?1)",
      "SELECT assoc_set('User', 1, 'posts', ?1)",
      "SELECT assoc_add('Comment', 1, 'about', ?1)",
      "SELECT assoc_destroy('User', 1, ?1)"};
  unsigned i;
  for (i = 0; i < sizeof(azSql) / sizeof(azSql[0]); i++) {
    char *zSound;
    run(db, "SAVEPOINT f");
    sqlite3_free(ask(db, azSql[i], z, -1, 0, 0));
    zSound = ask(db, "PRAGMA integrity_check", 0, 0, 0, 0);
    if (zSound && strcmp(zSound, "ok") != 0) fail(azSql[i], z, zSound);
    sqlite3_free(zSound);
    if (sqlite3_get_autocommit(db))
      fail("the transaction is gone", azSql[i], z);
    run(db, "ROLLBACK TO f; RELEASE f");
  }
}

static void tryCursor(const char *z) {
  static const char *const azSql[] = {
      "SELECT eager('Post(page first 2 order by score desc after ?1){id}', ?1)",
      "SELECT eager('User{posts(page last 1 before ?1){id}}', ?1)",
      "SELECT eager('Line(page first 1 after ?1)', ?1)"};
  unsigned i;
  for (i = 0; i < sizeof(azSql) / sizeof(azSql[0]); i++) {
    char *zJson = ask(db, azSql[i], z, -1, 0, 0);
    if (zJson) judgeJson(z, zJson);
    sqlite3_free(zJson);
  }
}

/* A file that anybody may have made. */
static void tryFile(const uint8_t *p, size_t n) {
  sqlite3 *pDb = 0;
  unsigned char *pCopy = sqlite3_malloc64(n ? n : 1);
  if (pCopy) memcpy(pCopy, p, n);
  if (sqlite3_open(":memory:", &pDb) == SQLITE_OK && pCopy &&
      sqlite3_assoc_init(pDb, 0, 0) == SQLITE_OK) {
    sqlite3_deserialize(pDb, "main", pCopy, (sqlite3_int64)n, (sqlite3_int64)n,
                        SQLITE_DESERIALIZE_FREEONCLOSE |
                            SQLITE_DESERIALIZE_RESIZEABLE);
    limits(pDb);
    run(pDb, "SELECT * FROM assoc_list");
    run(pDb, "SELECT eager(model || '{**}') FROM assoc_list");
    run(pDb, "SELECT eager(model || '{' || association || '}') "
             "  FROM assoc_list");
    run(pDb, "SELECT (SELECT count(*) FROM related AS r WHERE "
             "r.model=l.model AND r.association=l.association) "
             "  FROM assoc_list AS l");
    run(pDb, "SELECT assoc_discover()");
    run(pDb, "SELECT * FROM assoc_check");
    run(pDb, "SELECT assoc_sync()");
    run(pDb, "SELECT assoc_destroy(model, 1) FROM assoc_list");
  } else {
    sqlite3_free(pCopy);
  }
  if (sqlite3_close(pDb) != SQLITE_OK) fail("close", 0, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  static FuzzSpeech speech;
  char *z;
  if (n < 2) return 0;
  start();
  nStep = 0;
  memset(&speech, 0, sizeof(speech));
  speech.p = p + 1;
  speech.n = (long)n - 1;
  z = sqlite3_mprintf("%.*s", (int)n - 1, (const char *)p + 1);
  switch (p[0]) {
  case 'a': tryShape(z); break;
  case 'b':
    fuzzQuery(&speech);
    query(speech.z);
    break;
  case 'c': {
    const char *zModel = fuzzItem(&speech);
    item(zModel, speech.z);
    break;
  }
  case 'd': tryDefinition(z); break;
  case 'e': tryWrite(z); break;
  case 'f': tryCursor(z); break;
  case 'g': tryFile(p + 1, n - 1); break;
  }
  sqlite3_free(z);
  return 0;
}
