/*
** The data: a blog with users, what they write, and what others say to it.
**
**   users       n        of a profile each, but for every tenth
**   posts       10 n     of a user each, three tags each
**   comments    50 n     of a post and of a user
**   events      10 n     of a user, by a foreign key without an index
**   attachments 10 n     of a user or a post: polymorphic
**   categories  3.4 n    a forest of five levels
**   accented, cyrillic, japanese, emoji   n each: text in other scripts
**
** Posts and events come from users at random, some of whom write more than
** others: a fifth of them writes a third. The rows of a user are so spread
** over the whole table. Most comments come while their post is new: a comment
** is to one of the tenth of the posts that were the last when it came. So it
** is in the files of a live application; clustered, the rows of a parent lie
** together, as after an import.
**
** All is drawn from one seed, so the data is the same each time. Texts have
** now and then what JSON must escape, and letters beyond ASCII.
*/
#include "bench.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N_TAG 200
#define POSTS 10    /* of a user */
#define COMMENTS 50 /* to the posts of a user */

static const char zSchema[] =
    "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, email TEXT,"
    "  city TEXT, created_at TEXT);"
    "CREATE TABLE profiles(id INTEGER PRIMARY KEY,"
    "  user_id INTEGER REFERENCES users, bio TEXT, avatar TEXT);"
    "CREATE TABLE posts(id INTEGER PRIMARY KEY,"
    "  user_id INTEGER REFERENCES users, title TEXT, body TEXT,"
    "  likes INTEGER, rating REAL, published INTEGER, created_at TEXT);"
    "CREATE TABLE comments(id INTEGER PRIMARY KEY,"
    "  post_id INTEGER REFERENCES posts, user_id INTEGER REFERENCES users,"
    "  body TEXT, created_at TEXT);"
    "CREATE TABLE tags(id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE post_tags(post_id INTEGER REFERENCES posts,"
    "  tag_id INTEGER REFERENCES tags, PRIMARY KEY(post_id, tag_id))"
    "  WITHOUT ROWID;"
    "CREATE TABLE events(id INTEGER PRIMARY KEY,"
    "  user_id INTEGER REFERENCES users, kind TEXT, detail TEXT);"
    "CREATE TABLE attachments(id INTEGER PRIMARY KEY, owner_type TEXT,"
    "  owner_id INTEGER, url TEXT);"
    "CREATE TABLE categories(id INTEGER PRIMARY KEY,"
    "  parent_id INTEGER REFERENCES categories, name TEXT);"
    "CREATE TABLE accented(id INTEGER PRIMARY KEY, title TEXT, body TEXT);"
    "CREATE TABLE cyrillic(id INTEGER PRIMARY KEY, title TEXT, body TEXT);"
    "CREATE TABLE japanese(id INTEGER PRIMARY KEY, title TEXT, body TEXT);"
    "CREATE TABLE emoji(id INTEGER PRIMARY KEY, title TEXT, body TEXT);";

static const char zIndex[] =
    "CREATE UNIQUE INDEX profiles_user ON profiles(user_id);"
    "CREATE INDEX posts_user ON posts(user_id);"
    "CREATE INDEX posts_user_created ON posts(user_id, created_at);"
    "CREATE INDEX comments_post ON comments(post_id);"
    "CREATE INDEX comments_user ON comments(user_id);"
    "CREATE INDEX post_tags_tag ON post_tags(tag_id);"
    "CREATE INDEX attachments_owner ON attachments(owner_type, owner_id);"
    "CREATE INDEX categories_parent ON categories(parent_id);"
    "CREATE INDEX users_created ON users(created_at);";

/* Columns as assoc gives them: in table order. */
static const char *const aColumn[][12] = {
    {"users", "id", "name", "email", "city", "created_at", 0},
    {"profiles", "id", "user_id", "bio", "avatar", 0},
    {"posts", "id", "user_id", "title", "body", "likes", "rating", "published",
     "created_at", 0},
    {"comments", "id", "post_id", "user_id", "body", "created_at", 0},
    {"tags", "id", "name", 0},
    {"post_tags", "post_id", "tag_id", 0},
    {"events", "id", "user_id", "kind", "detail", 0},
    {"attachments", "id", "owner_type", "owner_id", "url", 0},
    {"categories", "id", "parent_id", "name", 0},
    {"accented", "id", "title", "body", 0},
    {"cyrillic", "id", "title", "body", 0},
    {"japanese", "id", "title", "body", 0},
    {"emoji", "id", "title", "body", 0},
    {0},
};

const char *const *benchColumns(const char *zTable, int nTable) {
  int i;
  for (i = 0; aColumn[i][0]; i++) {
    if (strncmp(aColumn[i][0], zTable, (size_t)nTable) == 0 &&
        aColumn[i][0][nTable] == 0) {
      return aColumn[i] + 1;
    }
  }
  benchFail(0, "no table %.*s", nTable, zTable);
  return 0;
}

static const char zAssociations[] =
    "SELECT assoc_define('User','hasOne','Profile');"
    "SELECT assoc_define('User','hasMany','Post');"
    "SELECT assoc_define('User','hasMany','Event');"
    "SELECT assoc_define('User','hasOne','Post',"
    "  '{\"as\":\"latest\",\"order\":[[\"created_at\",\"DESC\"]]}');"
    "SELECT assoc_define('Post','belongsTo','User',"
    "  '{\"as\":\"author\",\"foreignKey\":\"user_id\"}');"
    "SELECT assoc_define('Post','hasMany','Comment');"
    "SELECT assoc_define('User','hasMany','Comment',"
    "  '{\"as\":\"received\",\"through\":\"posts.comments\"}');"
    "SELECT assoc_define('Post','belongsToMany','Tag',"
    "  '{\"through\":\"post_tags\"}');"
    "SELECT assoc_define('User','hasMany','Tag',"
    "  '{\"as\":\"used\",\"through\":\"posts.tags\"}');"
    "SELECT assoc_define('Tag','belongsToMany','Post',"
    "  '{\"through\":\"post_tags\"}');"
    "SELECT assoc_define('Comment','belongsTo','Post');"
    "SELECT assoc_define('Attachment','belongsTo',NULL,'{\"as\":\"owner\","
    "  \"polymorphic\":{\"type\":\"owner_type\","
    "  \"models\":{\"user\":\"User\",\"post\":\"Post\"}}}');"
    "SELECT assoc_define('Category','hasMany','Category',"
    "  '{\"as\":\"children\",\"foreignKey\":\"parent_id\"}');";

void benchDefine(sqlite3 *db) {
  benchExec(db, zAssociations);
}

/* A model is found by the plural of its name, as most are. */
void benchSmall(sqlite3 *db, int nTable) {
  int i;
  benchExec(db, "BEGIN");
  for (i = 1; i <= nTable; i++) {
    char *z = sqlite3_mprintf(
        "CREATE TABLE Part%ds(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        "  Part%dId INTEGER REFERENCES Part%ds, created_at TEXT);"
        "CREATE INDEX part%d_up ON Part%ds(Part%dId);"
        "INSERT INTO Part%ds WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
        "  SELECT i+1 FROM n WHERE i<30) SELECT i, 'part '||i, 1+i/3, NULL"
        "  FROM n;",
        i, i - 1, i > 1 ? i - 1 : 1, i, i, i - 1, i);
    benchExec(db, z);
    sqlite3_free(z);
  }
  for (i = 2; i <= nTable; i++) {
    char *z = sqlite3_mprintf(
        "SELECT assoc_define('Part%d','hasMany','Part%d')", i - 1, i);
    benchExec(db, z);
    sqlite3_free(z);
  }
  benchExec(db, "COMMIT");
}

/* ---------------------------------------------------------------- chance */

typedef struct Maker Maker;
struct Maker {
  sqlite3 *db;
  sqlite3_stmt *pStmt; /* The INSERT that is being filled */
  int iVar;            /* Values bound so far */
  int bClustered;
  i64 nUser;
  unsigned long long iSeed;
};

/* splitmix64 */
static unsigned long long draw(Maker *p) {
  unsigned long long z = (p->iSeed += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

/* A number from 0 to n-1 */
static i64 below(Maker *p, i64 n) {
  return (i64)(draw(p) % (unsigned long long)n);
}

/* A user: x to the power of 1.5 makes the first ones more likely. */
static i64 someUser(Maker *p) {
  double x = (double)(draw(p) >> 11) / 9007199254740992.0;
  return 1 + (i64)(x * sqrt(x) * (double)p->nUser);
}

/* The parent of row i of n, where there are nParent parents. */
static i64 parentOf(Maker *p, i64 i, i64 n, i64 nParent) {
  i64 nWindow = nParent / 10;
  i64 iLast;
  if (p->bClustered) return 1 + i * nParent / n;
  iLast = nWindow + i * (nParent - nWindow) / n;
  return 1 + iLast - below(p, nWindow);
}

static i64 userOf(Maker *p, i64 i, i64 n) {
  if (p->bClustered) return 1 + i * p->nUser / n;
  return someUser(p);
}

/* ----------------------------------------------------------------- values */

static const char *const azWord[] = {
    "time",    "year",        "people",     "way",          "day",
    "thing",   "world",       "life",       "hand",         "part",
    "child",   "eye",         "woman",      "place",        "work",
    "week",    "case",        "point",      "number",       "group",
    "problem", "fact",        "good",       "new",          "first",
    "last",    "long",        "great",      "little",       "own",
    "other",   "old",         "right",      "big",          "high",
    "small",   "large",       "next",       "early",        "young",
    "of",      "to",          "in",         "for",          "with",
    "about",   "against",     "between",    "into",         "through",
    "after",   "over",        "and",        "because",      "if",
    "while",   "caf\303\251", "\"quoted\"", "\342\200\224", "line\nbreak"};
#define N_WORD ((int)(sizeof(azWord) / sizeof(azWord[0])))
#define N_PLAIN (N_WORD - 4)

static void bindInt(Maker *p, i64 i) {
  sqlite3_bind_int64(p->pStmt, ++p->iVar, i);
}

static void bindText(Maker *p, const char *z) {
  sqlite3_bind_text(p->pStmt, ++p->iVar, z, -1, SQLITE_TRANSIENT);
}

/* Words of nMin to twice as many bytes. One in fifty is of the special ones. */
static void bindWords(Maker *p, int nMin) {
  char z[1000];
  int nMost = nMin + (int)below(p, nMin);
  int n = 0;
  while (n < nMost) {
    int bPlain = below(p, 50) > 0;
    i64 i = bPlain ? below(p, N_PLAIN) : N_PLAIN + below(p, N_WORD - N_PLAIN);
    n += sprintf(z + n, "%s%s", n ? " " : "", azWord[i]);
  }
  bindText(p, z);
}

/* The time at which row i of n came, out of five years */
static void bindTime(Maker *p, i64 i, i64 n) {
  char z[32];
  time_t t = (time_t)(1577836800 + i * (5 * 31557600ll) / n);
  strftime(z, sizeof(z), "%Y-%m-%d %H:%M:%S", gmtime(&t));
  bindText(p, z);
}

static void bindFormat(Maker *p, const char *zFmt, i64 i) {
  char *z = sqlite3_mprintf(zFmt, i);
  bindText(p, z);
  sqlite3_free(z);
}

/* ------------------------------------------------------------------- rows */

static void userRow(Maker *p, i64 i, i64 n) {
  static const char *const azCity[] = {"Oslo", "Lima", "K\303\266ln", "Pune"};
  bindInt(p, i + 1);
  bindWords(p, 10);
  bindFormat(p, "user%lld@example.com", i + 1);
  if (i % 5 == 4) {
    p->iVar++;
  } else {
    bindText(p, azCity[i % 5]);
  }
  bindTime(p, i, n);
}

static void profileRow(Maker *p, i64 i, i64 n) {
  (void)n;
  bindInt(p, i + 1);
  bindInt(p, 1 + i * 10 / 9);
  bindWords(p, 60);
  bindFormat(p, "https://example.com/avatar/%lld.png", i + 1);
}

static void postRow(Maker *p, i64 i, i64 n) {
  bindInt(p, i + 1);
  bindInt(p, userOf(p, i, n));
  bindWords(p, 20);
  bindWords(p, 90);
  bindInt(p, below(p, 1000));
  sqlite3_bind_double(p->pStmt, ++p->iVar, (double)below(p, 51) / 10.0);
  bindInt(p, below(p, 10) > 0);
  bindTime(p, i, n);
}

static void commentRow(Maker *p, i64 i, i64 n) {
  bindInt(p, i + 1);
  bindInt(p, parentOf(p, i, n, POSTS * p->nUser));
  bindInt(p, someUser(p));
  bindWords(p, 50);
  bindTime(p, i, n);
}

static void tagRow(Maker *p, i64 i, i64 n) {
  (void)n;
  bindInt(p, i + 1);
  bindFormat(p, "tag %lld", i + 1);
}

/* Three tags of a post: different ones, in order. */
static void postTagRow(Maker *p, i64 i, i64 n) {
  i64 iStep = N_TAG / 3;
  (void)n;
  bindInt(p, 1 + i / 3);
  bindInt(p, 1 + (i % 3) * iStep + below(p, iStep));
}

static void eventRow(Maker *p, i64 i, i64 n) {
  static const char *const azKind[] = {"login", "view", "vote", "share"};
  bindInt(p, i + 1);
  bindInt(p, userOf(p, i, n));
  bindText(p, azKind[below(p, 4)]);
  bindWords(p, 30);
}

static void attachmentRow(Maker *p, i64 i, i64 n) {
  int bUser = below(p, 4) == 0;
  (void)n;
  bindInt(p, i + 1);
  bindText(p, bUser ? "user" : "post");
  bindInt(p, 1 + below(p, bUser ? p->nUser : POSTS * p->nUser));
  bindFormat(p, "https://example.com/file/%lld", i + 1);
}

/* Each level has four times the rows of the one above it. */
static void categoryRow(Maker *p, i64 i, i64 n) {
  i64 nLevel = n / 341;
  i64 iFirst = 0, iAbove = 0;
  while (i >= iFirst + nLevel) {
    iAbove = iFirst;
    iFirst += nLevel;
    nLevel *= 4;
  }
  bindInt(p, i + 1);
  if (iFirst == 0) {
    p->iVar++;
  } else {
    bindInt(p, 1 + iAbove + below(p, nLevel / 4));
  }
  bindWords(p, 12);
}

/* Characters that one script is written with */
static const char *const azAccented[] = {"\303\251", "\303\250", "\303\240",
                                         "\303\252", "\303\247", "\303\266",
                                         "\303\274", "\303\261"};
static const char *const azCyrillic[] = {"\320\260", "\320\265", "\320\270",
                                         "\320\276", "\320\275", "\321\200",
                                         "\321\201", " "};
static const char *const azJapanese[] = {
    "\343\201\256", "\343\201\253", "\343\201\257", "\346\227\245",
    "\346\234\254", "\350\252\236", "\343\202\253", "\343\200\202"};
static const char *const azEmoji[] = {"\360\237\230\200", "\360\237\216\211",
                                      "\360\237\232\200", "\360\237\214\215",
                                      "\342\235\244",     "\360\237\221\251",
                                      "\360\237\215\225", "\360\237\220\266"};

static void bindScript(Maker *p, const char *const *azChar, int nMin) {
  char z[1000];
  int n = 0, nMost = nMin + (int)below(p, nMin);
  while (n < nMost) n += sprintf(z + n, "%s", azChar[below(p, 8)]);
  bindText(p, z);
}

static void scriptRow(Maker *p, i64 i, const char *const *azChar) {
  bindInt(p, i + 1);
  bindScript(p, azChar, 20);
  bindScript(p, azChar, 90);
}

static void accentedRow(Maker *p, i64 i, i64 n) {
  (void)n;
  scriptRow(p, i, azAccented);
}

static void cyrillicRow(Maker *p, i64 i, i64 n) {
  (void)n;
  scriptRow(p, i, azCyrillic);
}

static void japaneseRow(Maker *p, i64 i, i64 n) {
  (void)n;
  scriptRow(p, i, azJapanese);
}

static void emojiRow(Maker *p, i64 i, i64 n) {
  (void)n;
  scriptRow(p, i, azEmoji);
}

static void fill(Maker *p, const char *zTable, int nCol, i64 n,
                 void (*xRow)(Maker *, i64, i64)) {
  char *zSql = sqlite3_mprintf("INSERT INTO %s VALUES(?%.*s)", zTable,
                               2 * (nCol - 1), ",?,?,?,?,?,?,?,?,?,?");
  i64 i;
  if (sqlite3_prepare_v2(p->db, zSql, -1, &p->pStmt, 0)) {
    benchFail(p->db, "%s", zSql);
  }
  for (i = 0; i < n; i++) {
    p->iVar = 0;
    sqlite3_clear_bindings(p->pStmt);
    xRow(p, i, n);
    sqlite3_step(p->pStmt);
    if (sqlite3_reset(p->pStmt)) benchFail(p->db, "%s", zSql);
  }
  sqlite3_finalize(p->pStmt);
  sqlite3_free(zSql);
}

void benchData(sqlite3 *db, i64 nUser, int bClustered) {
  Maker m = {db, 0, 0, bClustered, nUser, 42};
  benchExec(db, "PRAGMA synchronous=OFF; BEGIN");
  benchExec(db, zSchema);
  fill(&m, "users", 5, nUser, userRow);
  fill(&m, "profiles", 4, nUser * 9 / 10, profileRow);
  fill(&m, "posts", 8, nUser * POSTS, postRow);
  fill(&m, "comments", 5, nUser * COMMENTS, commentRow);
  fill(&m, "tags", 2, N_TAG, tagRow);
  fill(&m, "post_tags", 2, nUser * POSTS * 3, postTagRow);
  fill(&m, "events", 4, nUser * POSTS, eventRow);
  fill(&m, "attachments", 4, nUser * POSTS, attachmentRow);
  fill(&m, "categories", 3, nUser / 100 * 341, categoryRow);
  fill(&m, "accented", 3, nUser, accentedRow);
  fill(&m, "cyrillic", 3, nUser, cyrillicRow);
  fill(&m, "japanese", 3, nUser, japaneseRow);
  fill(&m, "emoji", 3, nUser, emojiRow);
  benchExec(db, zIndex);
  benchExec(db, "COMMIT");
}
