/* Session changesets: rows that another connection, file or process applies
** without running any statement of ours.
**
**   changeset ASSOC_SO DIRECTORY
**
** One file is written, in both forms; its changesets are applied to copies: by
** a connection that has the extension and has read the definitions before, by
** one whose triggers are off, and by one without the extension. Each copy must
** give the same documents afterwards, new definitions among them. A live
** document of a copy follows, unless the triggers are off.
*/
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int nPassed, nFailed;

static void equal(const char *zName, const char *zGot, const char *zDue) {
  if (zGot && zDue && strcmp(zGot, zDue) == 0) {
    nPassed++;
    return;
  }
  nFailed++;
  printf("! changeset-%s\n    expected: %s\n    got:      %s\n", zName,
         zDue ? zDue : "NULL", zGot ? zGot : "NULL");
}

/* The first column of all rows, joined by '|'; of an error its text. The
** caller frees it with sqlite3_free(). */
static char *ask(sqlite3 *db, const char *zSql) {
  sqlite3_str *pOut = sqlite3_str_new(db);
  char *z;
  while (zSql[0]) {
    sqlite3_stmt *pStmt = 0;
    if (sqlite3_prepare_v2(db, zSql, -1, &pStmt, &zSql) != SQLITE_OK) {
      sqlite3_str_appendall(pOut, sqlite3_errmsg(db));
      break;
    }
    while (pStmt && sqlite3_step(pStmt) == SQLITE_ROW) {
      const char *zValue = (const char *)sqlite3_column_text(pStmt, 0);
      if (sqlite3_str_length(pOut)) sqlite3_str_appendchar(pOut, 1, '|');
      sqlite3_str_appendall(pOut, zValue ? zValue : "NULL");
    }
    if (sqlite3_finalize(pStmt) != SQLITE_OK) {
      sqlite3_str_appendall(pOut, sqlite3_errmsg(db));
      break;
    }
  }
  z = sqlite3_str_finish(pOut);
  return z ? z : sqlite3_mprintf("");
}

static void check(const char *zName, sqlite3 *db, const char *zSql,
                  const char *zDue) {
  char *z = ask(db, zSql);
  equal(zName, z, zDue);
  sqlite3_free(z);
}

/* Open DIRECTORY/NAME. Where zLibrary is not 0, with the extension. */
static sqlite3 *openFile(const char *zDir, const char *zName,
                         const char *zLibrary) {
  char *zPath = sqlite3_mprintf("%s/%s.db", zDir, zName);
  char *zErr = 0;
  sqlite3 *db = 0;
  if (sqlite3_open(zPath, &db) != SQLITE_OK) exit(2);
  sqlite3_free(zPath);
  if (zLibrary == 0) return db;
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)0);
  if (sqlite3_load_extension(db, zLibrary, 0, &zErr) != SQLITE_OK) {
    fprintf(stderr, "%s\n", zErr);
    exit(2);
  }
  return db;
}

static const char zSchema[] =
    "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,"
    " userId INTEGER REFERENCES User);"
    "CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE PostTag(postId INTEGER REFERENCES Post,"
    " tagId INTEGER REFERENCES Tag, PRIMARY KEY(postId, tagId));"
    "INSERT INTO Tag VALUES(1, 'x'), (2, 'y');";

/* The same first definition everywhere, so that the tables of definitions
** exist: a changeset carries rows, not tables. */
static const char zFirst[] =
    "SELECT assoc_define('User', 'hasMany', 'Post', '{\"as\":\"posts\"}'),"
    " assoc_define('Post', 'belongsTo', 'User',"
    " '{\"as\":\"owner\",\"foreignKey\":\"userId\"}')";

/* A live document of the copies, and what each step makes of it: what is read
** before a refresh, and how many documents the refresh changes. The triggers
** that see the changeset must be on. */
static const char zLive[] =
    "SELECT assoc_live('feed', 'Post{title owner{name}}')";
static const char zLiveRead[] =
    "SELECT group_concat(assoc_live_get('feed', id)) FROM Post";
static const char *const azLiveDue[] = {
    "{\"title\":\"a\",\"owner\":{\"name\":\"Zoe\"}},"
    "{\"title\":\"b\",\"owner\":{\"name\":\"Zoe\"}}",
    "{\"title\":\"a\",\"owner\":{\"name\":\"Zoe\"}},"
    "{\"title\":\"b\",\"owner\":{\"name\":\"Zoe\"}}",
    "{\"title\":\"a\",\"owner\":{\"name\":\"Zo\"}},"
    "{\"title\":\"b\",\"owner\":{\"name\":\"Zo\"}}",
};
static const char *const azLiveChanged[] = {"2", "0", "2"};

static const char *const azWrite[] = {
    "INSERT INTO related(model, json) VALUES('User',"
    " '{\"name\":\"Zoe\",\"posts\":[{\"title\":\"a\"},{\"title\":\"b\"}]}');"
    "SELECT assoc_insert('User', '{\"name\":\"Al\"}');",

    "SELECT assoc_define('Post', 'belongsToMany', 'Tag',"
    " '{\"as\":\"tags\",\"through\":\"PostTag\"}');"
    "SELECT assoc_set('Post', 1, 'tags', '[1,2]');"
    "INSERT INTO related(model, key, association, id)"
    " VALUES('Post', 2, 'tags', 2);",

    "SELECT assoc_update('User', 1, '{\"name\":\"Zo\"}');"
    "INSERT INTO assoc_call(name, a1, a2, a3, a4)"
    " VALUES('assoc_remove', 'Post', 1, 'tags', 1);"
    "SELECT assoc_define('Post', 'belongsTo', 'User',"
    " '{\"as\":\"author\",\"foreignKey\":\"userId\"}');"
    "SELECT assoc_undefine('User', 'posts');"
    "SELECT assoc_define('User', 'hasMany', 'Post',"
    " '{\"as\":\"articles\",\"foreignKey\":\"userId\"}');",
};
static const char *const azRead[] = {
    "SELECT eager('User{name posts{title}}')",
    "SELECT eager('Post{title tags{name}}')",
    "SELECT eager('User{name articles{title author{name} tags{name}}}')",
};
/* What each step must give, written down by hand. */
static const char *const azDue[] = {
    "[{\"name\":\"Zoe\",\"posts\":[{\"title\":\"a\"},{\"title\":\"b\"}]},"
    "{\"name\":\"Al\",\"posts\":[]}]",
    "[{\"title\":\"a\",\"tags\":[{\"name\":\"x\"},{\"name\":\"y\"}]},"
    "{\"title\":\"b\",\"tags\":[{\"name\":\"y\"}]}]",
    "[{\"name\":\"Zo\",\"articles\":[{\"title\":\"a\",\"author\":{\"name\":"
    "\"Zo\"},\"tags\":[{\"name\":\"y\"}]},{\"title\":\"b\",\"author\":"
    "{\"name\":\"Zo\"},\"tags\":[{\"name\":\"y\"}]}]},"
    "{\"name\":\"Al\",\"articles\":[]}]",
};

static int abortConflict(void *pArg, int eConflict, sqlite3_changeset_iter *p) {
  (void)pArg;
  (void)p;
  /* The token of the definitions is the writer's own on each side. */
  return eConflict == SQLITE_CHANGESET_DATA ? SQLITE_CHANGESET_REPLACE
                                            : SQLITE_CHANGESET_ABORT;
}

int main(int argc, char **argv) {
  const char *azName[] = {"with", "untriggered", "without"};
  sqlite3 *apCopy[3], *pSource, *pReader;
  int i, j;
  if (argc != 3) return 2;
  pSource = openFile(argv[2], "source", argv[1]);
  sqlite3_free(ask(pSource, zSchema));
  sqlite3_free(ask(pSource, zFirst));
  for (i = 0; i < 3; i++) {
    sqlite3 *db = openFile(argv[2], azName[i], argv[1]);
    sqlite3_free(ask(db, zSchema));
    sqlite3_free(ask(db, zFirst));
    check("live", db, zLive, "feed");
    check("before", db, azRead[0], "[]"); /* The definitions have been read */
    apCopy[i] = db;
  }
  sqlite3_db_config(apCopy[1], SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
  /* The third is written by a connection without the extension. */
  pReader = apCopy[2];
  apCopy[2] = openFile(argv[2], azName[2], 0);

  for (j = 0; j < 3; j++) {
    sqlite3_session *pSession = 0;
    void *pChanges = 0;
    int nChanges = 0;
    sqlite3session_create(pSource, "main", &pSession);
    sqlite3session_attach(pSession, 0);
    sqlite3_free(ask(pSource, azWrite[j]));
    check("source", pSource, azRead[j], azDue[j]);
    if (sqlite3session_changeset(pSession, &nChanges, &pChanges) != SQLITE_OK) {
      return 2;
    }
    sqlite3session_delete(pSession);
    for (i = 0; i < 3; i++) {
      char zRc[20];
      int rc = sqlite3changeset_apply(apCopy[i], nChanges, pChanges, 0,
                                      abortConflict, 0);
      sqlite3_snprintf(sizeof(zRc), zRc, "%d", rc);
      equal("apply", zRc, "0");
      check(azName[i], i < 2 ? apCopy[i] : pReader, azRead[j], azDue[j]);
      if (i != 1) {
        check("live", i ? pReader : apCopy[i], zLiveRead, azLiveDue[j]);
        check("refresh", i ? pReader : apCopy[i],
              "SELECT assoc_refresh('feed') ->> '$.feed.changed'",
              azLiveChanged[j]);
        check("live", i ? pReader : apCopy[i], zLiveRead, azLiveDue[j]);
        check("store", apCopy[i], "SELECT group_concat(json) FROM feed_doc",
              azLiveDue[j]);
      }
      check("integrity", apCopy[i], "PRAGMA integrity_check", "ok");
      check("foreign keys", apCopy[i], "PRAGMA foreign_key_check", "");
    }
    sqlite3_free(pChanges);
  }
  for (i = 0; i < 3; i++) {
    /* With triggers off the live document is wrong, and assoc_check finds it */
    check("check", i < 2 ? apCopy[i] : pReader,
          "SELECT group_concat(problem) FROM assoc_check WHERE severity ="
          " 'error'",
          i == 1 ? "live document" : "NULL");
    sqlite3_close(apCopy[i]);
  }
  sqlite3_close(pReader);
  sqlite3_close(pSource);
  printf("%d passed, %d failed\n", nPassed, nFailed);
  return nFailed != 0;
}
