/*
** Help from SQL itself.
**
**   SELECT name, does FROM assoc_help;       -- every function and table
**   SELECT assoc_help('eager');              -- one of them, as text
**
** The arguments of a function come from the table that registers it. Each
** example runs in test/help.test, which also compares the names with those
** that SQLite knows.
**
** To add a function or table: add a row to aTopic, in alphabetical order. zDoes
** is one sentence that begins with a verb. The example must run on a table User
** with posts in a table Post.
*/
#include "surface/surface.h"

/* zArgs is for tables; 0: a function, whose own table has its arguments. */
typedef struct HelpTopic HelpTopic;
struct HelpTopic {
  const char *zName; /* The function or table */
  const char *zArgs;
  const char *zDoes;    /* One sentence */
  const char *zExample; /* SQL that test/help.test runs */
};

static const HelpTopic aTopic[] = {
    {"assoc_add", 0, "Relate rows to a row.",
     "SELECT assoc_add('User', 1, 'posts', '[1,2]')"},
    {"assoc_call", "name, a1 ... a6",
     "Table. INSERT calls a function that writes, as a statement that writes.",
     "INSERT INTO assoc_call(name, a1, a2, a3, a4)"
     " VALUES('assoc_set', 'User', 1, 'posts', '[1,2]')"},
    {"assoc_changes", "name, since",
     "Table. Documents of a live query that changed since a version.",
     "SELECT c.* FROM assoc_list l, assoc_changes(l.association, 0) c"
     " WHERE l.kind = 'live'"},
    {"assoc_check", "",
     "Table. Lists problems of definitions, schema and data, and their fixes.",
     "SELECT * FROM assoc_check"},
    {"assoc_config", 0,
     "Read or change a setting of this connection, such as depth, plans or "
     "rows.",
     "SELECT assoc_config('depth')"},
    {"assoc_count", 0, "Count the related rows of a row.",
     "SELECT assoc_count('User', 1, 'posts')"},
    {"assoc_create", 0, "Insert a row and relate it to a row.",
     "SELECT assoc_create('User', 1, 'posts', '{\"title\":\"New\"}')"},
    {"assoc_define", 0,
     "Define an association: belongsTo, hasOne, hasMany or belongsToMany.",
     "SELECT assoc_define('User', 'hasMany', 'Post', '{\"as\":\"articles\"}')"},
    {"assoc_destroy", 0,
     "Delete a row and follow the onDelete of its associations.",
     "SELECT assoc_destroy('Post', 1)"},
    {"assoc_diagram", 0,
     "Draw models and associations, as Mermaid, Graphviz, text, JSON or "
     "TypeScript.",
     "SELECT assoc_diagram('mermaid')"},
    {"assoc_discover", 0, "Define associations from the foreign keys.",
     "SELECT assoc_discover()"},
    {"assoc_dump", 0, "List the calls that make the same definitions again.",
     "SELECT assoc_dump()"},
    {"assoc_eager", 0, "The same as eager, also a table.",
     "SELECT assoc_eager('User{name posts{title}}')"},
    {"assoc_error", 0, "The last error of this connection as JSON.",
     "SELECT assoc_error()"},
    {"assoc_explain", "query", "Table. Shows how a query is loaded, and why.",
     "SELECT * FROM assoc_explain('User{posts}')"},
    {"assoc_find", 0, "Load one row with its associations as JSON.",
     "SELECT assoc_find('User', 1, 'posts')"},
    {"assoc_get", 0, "Load the related rows of a row as JSON.",
     "SELECT assoc_get('User', 1, 'posts(order by title limit 5)')"},
    {"assoc_has", 0, "Is a row related to all of these rows? 1 or 0.",
     "SELECT assoc_has('User', 1, 'posts', 1)"},
    {"assoc_help", 0, "This help: the text of one name; also a table.",
     "SELECT assoc_help('eager')"},
    {"assoc_insert", 0,
     "Insert a row, or a graph of related rows; \"#by\" finds or inserts.",
     "SELECT assoc_insert('User', '{\"name\":\"Zoe\",\"posts\":[{\"title\":"
     "\"Hi\"}]}')"},
    {"assoc_list", "",
     "Table. Lists the associations and the keys and tables that they use.",
     "SELECT * FROM assoc_list"},
    {"assoc_live", 0, "Keep the documents of a query ready in a table.",
     "SELECT assoc_live('feed', 'Post{title}', '{\"dryRun\":true}')"},
    {"assoc_live_check", 0,
     "Compute documents of a live query and compare them with the store.",
     "SELECT assoc_live_check(name, 100) FROM (SELECT association AS name FROM"
     " assoc_list WHERE kind = 'live')"},
    {"assoc_live_get", 0, "Read one document of a live query.",
     "SELECT assoc_live_get(association, 1) FROM assoc_list"
     " WHERE kind = 'live'"},
    {"assoc_live_sql", 0,
     "A SELECT that reads one document of a live query without the extension.",
     "SELECT assoc_live_sql(association) FROM assoc_list WHERE kind = 'live'"},
    {"assoc_model", 0,
     "Set options of a model, such as its table, key and columns.",
     "SELECT assoc_model('User', '{\"columns\":{\"name\":\"TEXT\"}}')"},
    {"assoc_policy", 0,
     "Say who may read and change which rows and columns of a model.",
     "SELECT assoc_policy('User', '{\"read\":\"id = :me\"}')"},
    {"assoc_readonly", 0,
     "Forbid functions to write; INSERT INTO related and assoc_call still "
     "write.",
     "SELECT assoc_readonly()"},
    {"assoc_refresh", 0,
     "Compute the stale documents of one live query, or of all.",
     "INSERT INTO assoc_call(name, a1) SELECT 'assoc_refresh', association"
     " FROM assoc_list WHERE kind = 'live'"},
    {"assoc_related", "model, key, association", "Table. The same as related.",
     "SELECT id FROM assoc_related('User', 1, 'posts')"},
    {"assoc_remove", 0, "End the relation of rows to a row.",
     "SELECT assoc_remove('User', 1, 'posts', 1)"},
    {"assoc_result", 0,
     "The result of the last INSERT INTO assoc_call, or of the last write to "
     "related.",
     "SELECT assoc_result()"},
    {"assoc_session", 0,
     "Begin, show or end the session on whose behalf calls run.",
     "SELECT assoc_session()"},
    {"assoc_set", 0, "Make these the only related rows of a row.",
     "SELECT assoc_set('User', 1, 'posts', '[1,2]')"},
    {"assoc_sql", 0, "The same load as one plain SQL statement.",
     "SELECT assoc_sql('User{name posts{title}}')"},
    {"assoc_sync", 0,
     "Create the columns, tables and indexes that associations need.",
     "SELECT assoc_sync('{\"dryRun\":true}')"},
    {"assoc_undefine", 0, "Remove the definition of an association.",
     "SELECT assoc_undefine('User', 'posts')"},
    {"assoc_unlive", 0, "Forget a live query, and drop its tables.",
     "SELECT assoc_unlive('feed')"},
    {"assoc_update", 0,
     "Change a row and its related rows; \"#set\" gives whole lists.",
     "SELECT assoc_update('User', 1, '{\"name\":\"Ann\"}')"},
    {"assoc_version", "", "The version of this extension.",
     "SELECT assoc_version()"},
    {"eager", 0,
     "Load rows with their associations as one JSON array; as a table, one row "
     "per root.",
     "SELECT eager('User{name posts{title}}')"},
    {"related", "model, key, association",
     "Table. The related rows of a row, to join with; INSERT, UPDATE and "
     "DELETE change them.",
     "SELECT p.title FROM related('User', 1, 'posts') r JOIN Post p USING(id)"},
};

static const AssocFunction *const apHelpFunction[] = {
    aAssocChangeFunction,  aAssocConfigFunction, aAssocDefineFunction,
    aAssocDestroyFunction, aAssocDmlFunction,    aAssocErrorFunction,
    aAssocExplainFunction, aAssocHelpFunction,   aAssocLiveFunction,
    aAssocLookFunction,    aAssocPolicyFunction, aAssocReadFunction,
    aAssocSyncFunction,    aAssocTableFunction};

/* The arguments of a topic. Every topic without some is a function. */
static const char *helpArgs(const HelpTopic *pTopic) {
  const AssocFunction *p;
  int i;
  if (pTopic->zArgs) return pTopic->zArgs;
  for (i = 0; i < ASSOC_COUNT(apHelpFunction); i++) {
    for (p = apHelpFunction[i]; p->zName; p++) {
      if (strcmp(p->zName, pTopic->zName) == 0) return p->zArgs;
    }
  }
  assert(!"a topic is neither a function nor a table");
  return "";
}

/* 0 and an error with the nearest name if there is no such topic. */
static const HelpTopic *helpFind(AssocCall *pCall, const char *zName) {
  AssocNearest near = {.zWritten = zName};
  int i;
  for (i = 0; i < ASSOC_COUNT(aTopic); i++) {
    if (sqlite3_stricmp(aTopic[i].zName, zName) == 0) return &aTopic[i];
    assert(aTopic[i].zName && aTopic[i].zDoes && aTopic[i].zExample);
    assocNearestTry(&near, aTopic[i].zName);
  }
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zName = zName,
                        .zNear = near.zBest,
                        .zHint = "SELECT name, does FROM assoc_help lists all"},
            "there is no help for '%s'", zName);
  return 0;
}

/* assoc_help([name]): the help on one name, or on assoc_help itself */
static void helpFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  const char *zName =
      nArg ? assocArgText(pCall, ap[0], "the name") : "assoc_help";
  const HelpTopic *p = zName ? helpFind(pCall, zName) : 0;
  char *z;
  if (p == 0) return;
  z = assocMprintf(pCall, "%s(%s)\n  %s\n  %s;", p->zName, helpArgs(p),
                   p->zDoes, p->zExample);
  if (z) sqlite3_result_text(pCtx, z, -1, sqlite3_free);
}

/* All topics, or the one that is named. */
static void helpMake(AssocCall *pCall, AssocRows *p, int nArg,
                     sqlite3_value **ap) {
  const char *zName = nArg ? assocArgText(pCall, ap[0], "the name") : 0;
  const HelpTopic *pOnly = zName ? helpFind(pCall, zName) : 0;
  int i;
  for (i = 0; i < ASSOC_COUNT(aTopic) && pCall->rc == SQLITE_OK; i++) {
    if (pOnly && pOnly != &aTopic[i]) continue;
    assocRowsAdd(pCall, p);
    assocRowsText(pCall, p, 0, aTopic[i].zName);
    assocRowsText(pCall, p, 1, helpArgs(&aTopic[i]));
    assocRowsText(pCall, p, 2, aTopic[i].zDoes);
    assocRowsText(pCall, p, 3, aTopic[i].zExample);
  }
}

/* A table was called as a function: the error says how to write it. */
static void helpTable(AssocCall *pCall, const char *zWrite) {
  assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
               "this is a table, not a function; write %s", zWrite);
}

/* Names that are tables. If one is called as a function, the error says so. */
static void callFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  (void)pCtx, (void)nArg, (void)ap;
  helpTable(pCall, "INSERT INTO assoc_call(name, a1, ...) VALUES (...)");
}

static void checkFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                      sqlite3_value **ap) {
  (void)pCtx, (void)nArg, (void)ap;
  helpTable(pCall, "SELECT * FROM assoc_check");
}

static void explainFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  (void)pCtx, (void)nArg, (void)ap;
  helpTable(pCall, "SELECT * FROM assoc_explain('User{...}')");
}

static void listFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  (void)pCtx, (void)nArg, (void)ap;
  helpTable(pCall, "SELECT * FROM assoc_list");
}

static void relatedFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  (void)pCtx, (void)nArg, (void)ap;
  helpTable(pCall, "SELECT * FROM related('User', 1, 'posts')");
}

const AssocFunction aAssocHelpFunction[] = {
    {"assoc_help", 0, 1, SQLITE_UTF8, helpFunc, "[name]", 0},
    {0, 0, 0, 0, 0, 0, 0}};

/* Tables alone. Whoever calls one as a function gets an error that helps. */
const AssocFunction aAssocTableFunction[] = {
    {"assoc_call", 0, -1, SQLITE_UTF8, callFunc, "", 0},
    {"assoc_check", 0, -1, SQLITE_UTF8, checkFunc, "", 0},
    {"assoc_explain", 0, -1, SQLITE_UTF8, explainFunc, "", 0},
    {"assoc_list", 0, -1, SQLITE_UTF8, listFunc, "", 0},
    {"assoc_related", 0, -1, SQLITE_UTF8, relatedFunc, "", 0},
    {"related", 0, -1, SQLITE_UTF8, relatedFunc, "", 0},
    {0, 0, 0, 0, 0, 0, 0}};

const AssocRowsTable assocHelpTable = {
    "assoc_help",
    "CREATE TABLE x(name, arguments, does, example, topic HIDDEN)",
    4,
    1,
    0,
    helpMake};
