/* Many threads, each with connections of its own, in one process: `make tsan`.
** Built with -fsanitize=thread together with SQLite and the amalgamation, so
** that a data race between connections is seen: in what is shared by the
** process (registered modules, names that are looked up once, the environment)
** and nowhere else may threads meet. One file is written by all.
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include "assoc.h"

#define THREADS 8
#define ROUNDS 25

static const char *zFile;

/* Run statements; an error ends the program. */
static void run(sqlite3 *db, const char *zSql) {
  char *zErr = 0;
  if (sqlite3_exec(db, zSql, 0, 0, &zErr) == SQLITE_OK) return;
  fprintf(stderr, "! tsan: %s: %s\n", zSql, zErr);
  exit(1);
}

static sqlite3 *openDb(const char *zName) {
  sqlite3 *db = 0;
  char *zErr = 0;
  if (sqlite3_open(zName, &db) != SQLITE_OK) exit(1);
  sqlite3_busy_timeout(db, 60000);
  if (sqlite3_assoc_init(db, &zErr, 0) != SQLITE_OK) exit(1);
  return db;
}

static const char zTables[] =
    "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,"
    " UserId INTEGER REFERENCES User);"
    "SELECT assoc_define('User', 'hasMany', 'Post', '{\"as\":\"posts\"}');"
    "SELECT assoc_define('Post', 'belongsTo', 'User', '{\"as\":\"author\"}');";

static const char zWork[] =
    "INSERT INTO related(model, json)"
    " VALUES('User', '{\"name\":\"a\",\"posts\":[{\"title\":\"x\"}]}');"
    "SELECT assoc_result();"
    "SELECT eager('User(limit 5){name posts{title author{name}}}');"
    "SELECT assoc_count('User', 1, 'posts');"
    "SELECT assoc_create('User', 1, 'posts', '{\"title\":\"y\"}');"
    "SELECT count(*) FROM related('User', 1, 'posts');"
    "SELECT count(*) FROM assoc_check;"
    "SELECT assoc_diagram();"
    "SELECT assoc_help('eager');";

/* A thread: connections of its own, to memory and to the shared file. */
static void *threadMain(void *pArg) {
  int i;
  (void)pArg;
  for (i = 0; i < ROUNDS; i++) {
    sqlite3 *db = openDb(":memory:");
    run(db, zTables);
    run(db, zWork);
    sqlite3_close(db);
    db = openDb(zFile);
    run(db, zWork);
    sqlite3_close(db);
  }
  return 0;
}

int main(int argc, char **argv) {
  pthread_t aThread[THREADS];
  sqlite3_stmt *pStmt = 0;
  sqlite3 *db;
  int i, nUser;
  if (argc != 2) return 2;
  zFile = argv[1];
  db = openDb(zFile);
  run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  run(db, zTables);
  for (i = 0; i < THREADS; i++) pthread_create(&aThread[i], 0, threadMain, 0);
  for (i = 0; i < THREADS; i++) pthread_join(aThread[i], 0);
  sqlite3_prepare_v2(db, "SELECT count(*) FROM User", -1, &pStmt, 0);
  sqlite3_step(pStmt);
  nUser = sqlite3_column_int(pStmt, 0);
  sqlite3_finalize(pStmt);
  sqlite3_close(db);
  if (nUser != THREADS * ROUNDS) {
    printf("! tsan: %d users\n0 passed, 1 failed\n", nUser);
    return 1;
  }
  printf("tsan: %d threads, %d connections each\n1 passed, 0 failed\n", THREADS,
         2 * ROUNDS);
  return 0;
}
