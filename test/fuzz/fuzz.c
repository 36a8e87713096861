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
**   h  choices from which a policy and a query are made: what a session sees is
**      what its condition, written into the query, gives; what is hidden is
**      nowhere
**   i  choices for a payload that is nearly right, with #by, #upsert, #set,
**      #id and #ref: each function and its form as DML do the same, with a
**      session that may do everything, too
**   j  choices for two queries: in one call they give what each gives alone
**   k  choices for policies of several models, a query and a payload: with
**      "force" a session is told what a call without one is told; what a
**      session cannot read, it cannot change
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
#define ME "{\"me\":1,\"no\":2}"
#define NO_POLICIES "DELETE FROM assoc_definitions WHERE kind='policy'"

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

static void sessionBegin(sqlite3 *pDb, const char *zValues) {
  sqlite3_free(ask(pDb, "SELECT assoc_session(?1)", zValues, -1, 0, 0));
}

/* End the session, which must be the one that was begun. Both statements are
** too short for progress() to stop them. */
static void sessionEnd(sqlite3 *pDb, const char *zValues) {
  char *z = ask(pDb, "SELECT assoc_session()", 0, 0, 0, 0);
  if (z == 0 || strcmp(z, zValues) != 0) {
    fail("the session is another one:", zValues, z);
  }
  sqlite3_free(z);
  run(pDb, "SELECT assoc_session(NULL)");
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
  sessionBegin(db, "{\"no\":2}");
  z = ask(db, "SELECT eager(?1, 2, 'a')", zQuery, -1, 0, 0);
  sessionEnd(db, "{\"no\":2}");
  zLeft = z ? ask(pLeft, "SELECT eager(?1, 2, 'a')", zQuery, -1, 0, 0) : 0;
  if (zLeft) judgeSame("in a session", zQuery, zLeft, z);
  sqlite3_free(z);
  sqlite3_free(zLeft);
}

/* The keys of what a shape gives. */
#define KEYS "SELECT json_group_array(quote(id)) FROM eager(?1)"

/* A session that may do what the policies of the file say sees no row more than
** the owner, and what no policy bounds, it sees as the owner does. */
static void judgeModel(sqlite3 *pDb, const char *zModel, int bPolicy) {
  char *zShape = sqlite3_mprintf("%s{**}", zModel);
  const char *zSql = bPolicy ? KEYS : "SELECT eager(?1)";
  char *zOwner = ask(pDb, zSql, zShape, -1, 0, 0), *zSeen, *zMore;
  sessionBegin(pDb, ME);
  zSeen = ask(pDb, zSql, zShape, -1, 0, 0);
  sessionEnd(pDb, ME);
  if (zOwner && zSeen && bPolicy) {
    zMore = ask(pDb,
                "SELECT value FROM json_each(?1)"
                " WHERE value NOT IN (SELECT value FROM json_each(?2))",
                zSeen, -1, zOwner, -1);
    if (zMore) fail("only a session sees:", zShape, zMore);
  } else if (zOwner && zSeen) {
    judgeSame("in a session without policies", zShape, zOwner, zSeen);
  }
  sqlite3_free(zShape);
  sqlite3_free(zOwner);
  sqlite3_free(zSeen);
}

/* Every model of a file, with the policies that the file has and without. */
static void judgeModels(sqlite3 *pDb) {
  char *z = ask(pDb,
                "SELECT group_concat(model, char(10)) FROM (SELECT DISTINCT"
                " model FROM assoc_list LIMIT 20)",
                0, 0, 0, 0);
  int bPolicy, bDone = 1;
  for (bPolicy = 1; z && bPolicy >= 0 && bDone; bPolicy--) {
    char *zModel = z, *zEnd, *zLeft;
    for (; zModel; zModel = zEnd ? zEnd + 1 : 0) {
      zEnd = strchr(zModel, '\n');
      if (zEnd) *zEnd = 0;
      judgeModel(pDb, zModel, bPolicy);
      if (zEnd) *zEnd = '\n';
    }
    run(pDb, NO_POLICIES); /* Which a damaged file may not do */
    zLeft = ask(pDb, "SELECT count(*) FROM assoc_list WHERE kind='policy'", 0,
                0, 0, 0);
    bDone = zLeft && strcmp(zLeft, "0") == 0;
    sqlite3_free(zLeft);
  }
  sqlite3_free(z);
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

/* The same item in a session, and without what it must not see. */
static void judgeItem(const char *zModel, const char *zItem) {
  static const char *const azSql[] = {
      "SELECT assoc_get(?1, 1, ?2)", "SELECT assoc_count(?1, 1, ?2)",
      "SELECT assoc_has(?1, 1, ?2, 2)",
      "SELECT group_concat(quote(id)) FROM related WHERE model=?1 AND"
      " association=?2 AND key=1",
      "SELECT group_concat(x) FROM (SELECT quote(key)||quote(id) AS x FROM"
      " related WHERE model=?1 AND association=?2 ORDER BY 1)"};
  unsigned i;
  for (i = 0; i < sizeof(azSql) / sizeof(azSql[0]); i++) {
    char *z, *zLeft;
    sessionBegin(db, "{\"no\":2}");
    z = ask(db, azSql[i], zModel, -1, zItem, -1);
    sessionEnd(db, "{\"no\":2}");
    zLeft = ask(pLeft, azSql[i], zModel, -1, zItem, -1);
    if (z && zLeft) judgeSame(azSql[i], zItem, zLeft, z);
    sqlite3_free(z);
    sqlite3_free(zLeft);
  }
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
  judgeItem(zModel, zItem);
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
  judgeModels(db);
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

/* All rows of all tables, and what foreign keys find wrong, as one text. */
static char *state(void) {
  return ask(db,
             "SELECT (SELECT group_concat(quote(id)||quote(name)||quote(age)||"
             "   quote(bio)||quote(active)) FROM users)"
             "|| (SELECT group_concat(quote(id)||quote(title)||quote(user_id)||"
             "   quote(score)||quote(data)||quote(deletedAt)) FROM posts)"
             "|| (SELECT group_concat(quote(name)||quote(colour)) FROM tags)"
             "|| (SELECT group_concat(quote(post_id)||quote(tag_name)||"
             "   quote(priority)) FROM post_tags)"
             "|| (SELECT group_concat(quote(id)||quote(user_id)||quote(motto))"
             "   FROM profiles)"
             "|| (SELECT group_concat(quote(id)||quote(body)||quote(about_id)||"
             "   quote(about_type)||quote(user_id)) FROM comments)"
             "|| (SELECT group_concat(quote(id)||quote(parent_id)||quote(name))"
             "   FROM nodes)"
             "|| (SELECT group_concat(quote(no)||quote(line)||quote(text))"
             "   FROM lines)"
             "|| (SELECT group_concat(quote(id)||quote(no)||quote(line)||"
             "   quote(name)) FROM parts)",
             0, 0, 0, 0);
}

/* Run one form of a write in a savepoint: its result, unless bResult is 0, or
** "failed"; and the state after it. OUT: freed with sqlite3_free(). */
static char *outcome(const char *zSql, const char *zModel, const char *zJson,
                     int bResult) {
  char *zGave = 0, *zState, *zAll;
  sqlite3_stmt *pStmt = 0;
  int rc;
  run(db, "SAVEPOINT f");
  rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0);
  if (rc != SQLITE_OK) fail("no SQL:", zSql, sqlite3_errmsg(db));
  sqlite3_bind_text(pStmt, 1, zModel, -1, SQLITE_STATIC);
  sqlite3_bind_text(pStmt, 2, zJson, -1, SQLITE_STATIC);
  rc = sqlite3_step(pStmt);
  if (rc == SQLITE_ROW && bResult) {
    zGave = sqlite3_mprintf("%s", sqlite3_column_text(pStmt, 0));
  } else if (rc == SQLITE_DONE && bResult) {
    zGave = ask(db, "SELECT assoc_result()", 0, 0, 0, 0);
  } else if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    zGave = sqlite3_mprintf("failed");
    if (getenv("FUZZ_SAY")) fprintf(stderr, "%s\n", sqlite3_errmsg(db));
  }
  sqlite3_finalize(pStmt);
  zState = state();
  zAll = sqlite3_mprintf("%s\n%s", zGave ? zGave : "", zState);
  sqlite3_free(zGave);
  sqlite3_free(zState);
  run(db, "ROLLBACK TO f; RELEASE f");
  return zAll;
}

/* Each function beside its DML form. */
static void tryForms(const char *zModel, const char *zJson) {
  static const struct {
    const char *zFunction, *zDml;
    int bResult; /* The DML form gives the same result */
  } aForm[] = {
      {"SELECT assoc_insert(?1, ?2)",
       "INSERT INTO assoc_call(name, a1, a2) VALUES('assoc_insert', ?1, ?2)",
       1},
      {"SELECT assoc_insert(?1, ?2)",
       "INSERT INTO related(model, json) VALUES(?1, ?2)", 0},
      {"SELECT assoc_update(?1, 1, ?2)",
       "INSERT INTO assoc_call(name, a1, a2, a3)"
       " VALUES('assoc_update', ?1, 1, ?2)",
       1},
      {"SELECT assoc_set('User', 1, 'posts', ?2)",
       "INSERT INTO assoc_call(name, a1, a2, a3, a4)"
       " SELECT 'assoc_set', 'User', 1, 'posts', ?2 WHERE ?1<>''",
       1},
      {"SELECT assoc_create('Post', 1, 'tags', ?2)",
       "INSERT INTO assoc_call(name, a1, a2, a3, a4)"
       " SELECT 'assoc_create', 'Post', 1, 'tags', ?2 WHERE ?1<>''",
       1},
  };
  unsigned i;
  for (i = 0; i < sizeof(aForm) / sizeof(aForm[0]); i++) {
    char *zOne = outcome(aForm[i].zFunction, zModel, zJson, aForm[i].bResult);
    char *zTwo = outcome(aForm[i].zDml, zModel, zJson, aForm[i].bResult);
    char *zThree;
    if (zOne && zTwo) judgeSame(aForm[i].zDml, zJson, zOne, zTwo);
    sqlite3_free(zTwo);
    /* A session without any policy may do the same */
    run(db, "SAVEPOINT p; " NO_POLICIES);
    sessionBegin(db, "{}");
    zThree = outcome(aForm[i].zFunction, zModel, zJson, aForm[i].bResult);
    sessionEnd(db, "{}");
    run(db, "ROLLBACK TO p; RELEASE p");
    if (zOne && zThree) judgeSame("in a session", zJson, zOne, zThree);
    sqlite3_free(zThree);
    sqlite3_free(zOne);
  }
}

#define SECRET "Zq7hidden"

/* What a session sees, beside the condition of its policy in the query. */
static void tryPolicy(FuzzSpeech *p) {
  static FuzzSpeech other;
  char *zQuery, *zSaid, *zPolicy, *z, *zOne, *zTwo;
  const char *zModel;
  p->bPolicy = 1;
  zModel = fuzzCondition(p);
  memset(&other, 0, sizeof(other));
  other.p = p->p;
  other.n = p->n;
  fuzzQuery(&other);
  run(db, "SAVEPOINT f; " NO_POLICIES ";UPDATE users SET bio='\"" SECRET "\"'");
  zQuery = sqlite3_mprintf("%s(%s){id}", zModel, p->z);
  zOne = ask(db, "SELECT eager(?1, '{\"me\":1}')", zQuery, -1, 0, 0);
  zPolicy = ask(db, "SELECT json_object('read', ?1)", p->z, -1, 0, 0);
  sqlite3_free(
      ask(db, "SELECT assoc_policy('User', '{\"hide\":\"bio\"}')", 0, 0, 0, 0));
  zSaid = zPolicy && strcmp(zModel, "User") != 0
              ? ask(db, "SELECT assoc_policy(?1, ?2)", zModel, -1, zPolicy, -1)
              : 0;
  sessionBegin(db, ME);
  z = sqlite3_mprintf("%s{id}", zModel);
  zTwo = ask(db, "SELECT eager(?1)", z, -1, 0, 0);
  /* The condition as the owner writes it: it sees every row */
  if (zSaid && zOne && zTwo) judgeSame("policy", zQuery, zOne, zTwo);
  sqlite3_free(z);
  z = ask(db, "SELECT eager(?1, 2, 'a')", other.z, -1, 0, 0);
  if (z && strstr(z, SECRET)) fail("hidden, but shown:", other.z, z);
  if (strstr(sqlite3_errmsg(db), SECRET)) {
    fail("hidden, but told:", other.z, sqlite3_errmsg(db));
  }
  sqlite3_free(z);
  sessionEnd(db, ME);
  run(db, "ROLLBACK TO f; RELEASE f");
  sqlite3_free(zOne);
  sqlite3_free(zTwo);
  sqlite3_free(zSaid);
  sqlite3_free(zPolicy);
  sqlite3_free(zQuery);
}

/* The rows that tryHidden() hides: the second of each table. */
#define HIDDEN                                                                 \
  "SELECT (SELECT group_concat(quote(id)||quote(name)||quote(age)||"           \
  "   quote(bio)||quote(active)) FROM users WHERE id=2)"                       \
  "|| (SELECT group_concat(quote(id)||quote(title)||quote(user_id)||"          \
  "   quote(score)||quote(data)||quote(deletedAt)) FROM posts WHERE id=2)"     \
  "|| (SELECT group_concat(quote(id)||quote(user_id)||quote(motto))"           \
  "   FROM profiles WHERE id=2)"                                               \
  "|| (SELECT group_concat(quote(id)||quote(body)||quote(about_id)||"          \
  "   quote(about_type)||quote(user_id)) FROM comments WHERE id=2)"            \
  "|| (SELECT group_concat(quote(id)||quote(parent_id)||quote(name))"          \
  "   FROM nodes WHERE id=2)"                                                  \
  "|| (SELECT group_concat(quote(id)||quote(no)||quote(line)||quote(name))"    \
  "   FROM parts WHERE id=2)"

/* A session that reads all rows but those, and may do everything to the others:
** none of its calls changes one. */
static void tryHidden(const char *zModel, const char *zJson) {
  static const char *const azSql[] = {
      "SELECT assoc_insert(?1, ?2)",
      "SELECT assoc_update(?1, 1, ?2)",
      "SELECT assoc_update(?1, '[1,2,3]', ?2, '{\"many\":true}')",
      "SELECT assoc_set('User', 1, 'posts', ?2)",
      "SELECT assoc_add('Post', 1, 'comments', ?2)",
      "SELECT assoc_remove('Node', 1, 'children', ?2)",
      "SELECT assoc_destroy(?1, 1, '{\"cascade\":true}')",
      "SELECT assoc_destroy(?1, ?2)",
      "INSERT INTO related(model, json) VALUES(?1, ?2)",
      "INSERT INTO related(model, key, association, json)"
      " VALUES('Node', 1, 'children', ?2)",
      "UPDATE related SET json=?2 WHERE model='User' AND key=1"
      " AND association='posts'",
      "DELETE FROM related WHERE model=?1 AND key=1"};
  char *zBefore = ask(db, HIDDEN, 0, 0, 0, 0), *zAfter;
  unsigned i;
  run(db,
      "SAVEPOINT p; " NO_POLICIES
      "; SELECT assoc_policy(value, '{\"read\":\"id <> 2\",\"create\":true,"
      " \"update\":true,\"delete\":true}') FROM json_each('[\"User\",\"Post\","
      " \"Profile\",\"Comment\",\"Node\",\"Part\"]')");
  for (i = 0; i < sizeof(azSql) / sizeof(azSql[0]); i++) {
    run(db, "SAVEPOINT f");
    sessionBegin(db, ME);
    sqlite3_free(ask(db, azSql[i], zModel, -1, zJson, -1));
    sessionEnd(db, ME);
    zAfter = ask(db, HIDDEN, 0, 0, 0, 0);
    if (zBefore == 0 || zAfter == 0) fail(azSql[i], zJson, zBefore);
    judgeSame(azSql[i], zJson, zBefore, zAfter);
    sqlite3_free(zAfter);
    run(db, "ROLLBACK TO f; RELEASE f");
  }
  run(db, "ROLLBACK TO p; RELEASE p");
  sqlite3_free(zBefore);
}

/* With "force", in a session and without one it is the same. */
static void tryForced(FuzzSpeech *p) {
  static FuzzSpeech other;
  const char *zModel;
  char *zOne, *zTwo;
  int i;
  run(db, "SAVEPOINT f; " NO_POLICIES);
  memset(&other, 0, sizeof(other));
  other.p = p->p;
  other.n = p->n;
  for (i = 0; i < 3; i++) {
    other.nText = 0;
    zModel = fuzzPolicy(&other);
    sqlite3_free(
        ask(db, "SELECT assoc_policy(?1, ?2)", zModel, -1, other.z, -1));
  }
  other.nText = 0;
  fuzzQuery(&other);
  zOne = ask(db, "SELECT eager(?1, 2, 'a')", other.z, -1, 0, 0);
  sessionBegin(db, ME);
  zTwo = ask(db, "SELECT eager(?1, 2, 'a')", other.z, -1, 0, 0);
  sessionEnd(db, ME);
  if (zOne && zTwo == 0 && nStep <= STEPS_AT_MOST) {
    fail("an error in a session alone:", other.z, sqlite3_errmsg(db));
  }
  if (zOne) judgeSame("forced", other.z, zOne, zTwo);
  if (zTwo) judgeJson(other.z, zTwo);
  sqlite3_free(zOne);
  sqlite3_free(zTwo);
  other.nText = 0;
  zModel = fuzzPayload(&other);
  zOne = outcome("SELECT assoc_insert(?1, ?2)", zModel, other.z, 1);
  sessionBegin(db, ME);
  zTwo = outcome("SELECT assoc_insert(?1, ?2)", zModel, other.z, 1);
  sessionEnd(db, ME);
  if (zOne && zTwo && strncmp(zOne, "failed", 6) != 0) {
    judgeSame("forced write", other.z, zOne, zTwo);
  }
  sqlite3_free(zOne);
  sqlite3_free(zTwo);
  run(db, "ROLLBACK TO f; RELEASE f");
  tryHidden(zModel, other.z);
}

/* The query alone: it is an error to give it more values than it asks for. */
static char *alone(const char *zQuery) {
  static const char *const azSql[] = {
      "SELECT eager(?1, 2, 'a')", "SELECT eager(?1, 2)", "SELECT eager(?1)"};
  char *z = 0;
  unsigned i;
  for (i = 0; z == 0 && i < sizeof(azSql) / sizeof(azSql[0]); i++) {
    z = ask(db, azSql[i], zQuery, -1, 0, 0);
  }
  return z;
}

/* Two queries in one call, beside each alone. */
static void tryQueries(FuzzSpeech *p) {
  static FuzzSpeech other;
  char *zBoth, *zOne, *zTwo, *zAll, *zExpected = 0;
  fuzzQuery(p);
  memset(&other, 0, sizeof(other));
  other.p = p->p;
  other.n = p->n;
  fuzzQuery(&other);
  zBoth = sqlite3_mprintf("%s as a1, %s as b1", p->z, other.z);
  zAll = alone(zBoth);
  zOne = alone(p->z);
  zTwo = alone(other.z);
  if (zOne && zTwo) {
    zExpected = sqlite3_mprintf("{\"a1\":%s,\"b1\":%s}", zOne, zTwo);
  }
  if (zAll && zExpected == 0) fail("one alone fails:", zBoth, zAll);
  if (zAll) judgeSame("together", zBoth, zExpected, zAll);
  sqlite3_free(zBoth);
  sqlite3_free(zAll);
  sqlite3_free(zOne);
  sqlite3_free(zTwo);
  sqlite3_free(zExpected);
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
    run(pDb, "BEGIN");
    judgeModels(pDb);
    run(pDb, "ROLLBACK");
    sessionBegin(pDb, ME);
    run(pDb, "SELECT * FROM assoc_list");
    run(pDb, "SELECT * FROM assoc_check");
    run(pDb, "SELECT assoc_diagram()");
    run(pDb,
        "SELECT sql FROM assoc_list AS l, assoc_explain(l.model || '{**}')");
    run(pDb, "SELECT assoc_insert(model, '{}') FROM assoc_list");
    run(pDb, "SELECT assoc_update(model, 1, '{}') FROM assoc_list");
    run(pDb, "SELECT assoc_destroy(model, 1) FROM assoc_list");
    sessionEnd(pDb, ME);
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
  case 'h': tryPolicy(&speech); break;
  case 'i': {
    const char *zModel = fuzzPayload(&speech);
    tryForms(zModel, speech.z);
    break;
  }
  case 'j': tryQueries(&speech); break;
  case 'k': tryForced(&speech); break;
  }
  sqlite3_free(z);
  return 0;
}
