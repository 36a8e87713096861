/*
** The log of a base table, and the triggers that write it.
**
**   CREATE TABLE assoc_dirty_posts(id INTEGER, user_id INTEGER, assoc_all)
**
** A row of the log has the columns of one row of posts, before or after a
** change, by which other rows refer to it or it to others. The last column is
** NULL, or 1 if all is stale: OR REPLACE has put a default in place of a NULL.
**
** BEFORE INSERT, a rowid that SQLite will choose is still -1. It will be greater
** than all that are there. See logAssigned() in refresh.c, which finds these rows.
**
** So NEW.rowid is -1 in most inserts. To look each time for a row -1 that could
** be replaced would cost more than the rest of the trigger. Instead, a refresh
** keeps the links of the row -1, if there is one, as the row -1 of the log: they
** count as changed whenever the log has rows of its own, from 0 on.
**
** All triggers are BEFORE triggers, so that a trigger of the user that raises
** FAIL cannot keep the row and skip ours. Inside the triggers no INSERT has a
** conflict clause, because it would replace the user's own. The columns of the
** log have the affinity and collation of the base table's columns: the values
** of NEW and OLD have none.
**
** What makes a trigger slow, by instructions of a write:
**
**   that it runs at all    1,200, even if its WHEN is false: so an UPDATE that
**                          sets no link fires one trigger, thanks to UPDATE OF.
**                          SET rowid=... fires UPDATE OF rowid.
**   an SQL function        3,500: the statement needs a journal. So the type of
**                          a value is compared without typeof()
**   INSERT ... SELECT in a trigger whose WHEN reads the log   20,000: SQLite
**                          puts the rows into a temporary table first
**   NOT EXISTS(SELECT ...) 200 more than NOT IN (SELECT rowid ...)
**
** Above a limit nothing is logged any more; then all documents are stale.
*/
#include "live/live.h"
#include "sync/sync.h"

/* The names of a rowid, unless a column has them. */
static const char *const azRowidName[] = {"rowid", "_rowid_", "oid"};

/* The rules of datatype3.html, 3.1. */
const char *assocLiveAffinity(const AssocColumn *pCol) {
  static const struct {
    const char *zPart, *zAffinity;
  } a[] = {{"int", "INTEGER"}, {"char", "TEXT"}, {"clob", "TEXT"},
           {"text", "TEXT"},   {"blob", ""},     {"real", "REAL"},
           {"floa", "REAL"},   {"doub", "REAL"}};
  int i, j;
  if (pCol->eAff == ASSOC_AFF_NONE) return "";
  /* The rows of the list are in the order of SQLite's rules: INT wins. */
  assert(pCol->zType);
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    for (j = 0; pCol->zType[j]; j++) {
      if (sqlite3_strnicmp(&pCol->zType[j], a[i].zPart, 4 - (i == 0)) == 0) {
        return a[i].zAffinity;
      }
    }
  }
  return "NUMERIC";
}

void assocLiveColumn(sqlite3_str *pStr, const char *zName,
                     const AssocColumn *pCol) {
  const char *z = assocLiveAffinity(pCol);
  sqlite3_str_appendf(pStr, "\"%w\"%s%s", zName, z[0] ? " " : "", z);
  assert(pCol->zColl); /* Of a table: see siteCheck() */
  if (sqlite3_stricmp(pCol->zColl, "BINARY") != 0) {
    sqlite3_str_appendf(pStr, " COLLATE \"%w\"", pCol->zColl);
  }
}

void assocLiveLinks(sqlite3_str *pStr, const LiveTable *p,
                    const char *zBefore) {
  int i, n = 0;
  for (i = 0; i < p->pTab->nCol; i++) {
    if (!p->abLink[i]) continue;
    sqlite3_str_appendf(pStr, "%s%s\"%w\"", n++ ? "," : "", zBefore,
                        p->pTab->aCol[i].zName);
  }
}

const char *assocLiveRowid(const LiveTable *p) {
  int i, j;
  for (i = 0; i < ASSOC_COUNT(azRowidName); i++) {
    for (j = 0; j < p->pTab->nCol; j++) {
      if (p->abLink[j] &&
          sqlite3_stricmp(p->pTab->aCol[j].zName, azRowidName[i]) == 0) {
        break;
      }
    }
    if (j == p->pTab->nCol) return azRowidName[i];
  }
  return 0;
}

/* Raise the error that rows of the table cannot be told apart. */
static void failApart(AssocCall *pCall, const AssocTable *pTab) {
  assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, pTab->zName,
               "a live document cannot tell the rows of %s apart: its columns "
               "hide the rowid",
               pTab->zName);
}

void assocLiveNeedRowid(AssocCall *pCall, const LiveTable *p) {
  if (assocLiveRowid(p) == 0) failApart(pCall, p->pTab);
}

int assocLiveIdentity(AssocCall *pCall, const AssocTable *pTab, int *aCol) {
  int i;
  /* iRowid is nCol where no column is the rowid but a name of it is free. */
  if (pTab->iRowid >= 0) {
    aCol[0] = pTab->iRowid;
    return 1;
  }
  assert(!pTab->bRowid);
  if (pTab->nKey == 0 || pTab->nKey > ASSOC_KEY_MAX) {
    failApart(pCall, pTab);
    return 0;
  }
  /* A table WITHOUT ROWID is identified by its primary key. */
  for (i = 0; i < pTab->nKey; i++) aCol[i] = pTab->aKey[i];
  return pTab->nKey;
}

/* ---------------------------------------------------------------- triggers */

/* Does OR REPLACE put a default in place of a NULL in the column? */
static int logDefault(const AssocTable *pTab, int i) {
  const AssocColumn *pCol = &pTab->aCol[i];
  return pCol->bNotNull && pCol->bDefault && i != pTab->iRowid;
}

/* Append the condition that it does so; false if no column has a default.
** zBefore: what to write in front. */
static int logDefaults(sqlite3_str *pStr, const AssocTable *pTab,
                       const char *zBefore) {
  int i, n = 0;
  for (i = 0; i < pTab->nCol; i++) {
    if (!logDefault(pTab, i)) continue;
    sqlite3_str_appendf(pStr, "%sNEW.\"%w\" IS NULL", n++ ? " OR " : zBefore,
                        pTab->aCol[i].zName);
  }
  return n > 0;
}

/* Append the value of the last column for a new row. */
static void logAll(sqlite3_str *pStr, const LiveTable *p) {
  int bCase = logDefaults(pStr, p->pTab, "CASE WHEN ");
  sqlite3_str_appendall(pStr, bCase ? " THEN 1 END" : "NULL");
}

/* Append the start of an INSERT into the log: its columns, and VALUES(. */
static void logInto(sqlite3_str *pStr, const LiveTable *p) {
  sqlite3_str_appendf(pStr, " INSERT INTO \"%w\"(", p->zLog);
  assocLiveLinks(pStr, p, "");
  sqlite3_str_appendf(pStr, ",\"%w\") VALUES(", p->zAll);
}

/* Append the condition that a link changes. 1 and 1.0 are equal, and differ as
** texts; only a column without affinity can have both. */
static void logMoved(sqlite3_str *pStr, const LiveTable *p) {
  int i, n = 0;
  assert(p->abLink);
  for (i = 0; i < p->pTab->nCol; i++) {
    const char *z = p->pTab->aCol[i].zName;
    if (!p->abLink[i]) continue;
    sqlite3_str_appendf(pStr, "%sNEW.\"%w\" IS NOT OLD.\"%w\" COLLATE BINARY",
                        n++ ? " OR " : "(", z, z);
    if (p->pTab->aCol[i].eAff == ASSOC_AFF_NONE) {
      sqlite3_str_appendf(pStr, " OR NEW.\"%w\"||'' IS NOT OLD.\"%w\"||''", z,
                          z);
    }
  }
  (void)logDefaults(pStr, p->pTab, " OR ");
  sqlite3_str_appendall(pStr, ") AND ");
}

/* Log the links that a row had. */
static void logOld(sqlite3_str *pStr, const LiveTable *p) {
  logInto(pStr, p);
  assocLiveLinks(pStr, p, "OLD.");
  sqlite3_str_appendall(pStr, ",NULL);");
}

/* Log the links that a row gets. */
static void logNew(sqlite3_str *pStr, const LiveTable *p) {
  logInto(pStr, p);
  assocLiveLinks(pStr, p, "NEW.");
  sqlite3_str_appendall(pStr, ",");
  logAll(pStr, p);
  sqlite3_str_appendall(pStr, ");");
}

/* CREATE TABLE of the log: the columns that link, with the affinity and
** collation of the base table's, and last the column for "all". */
static void logTable(sqlite3_str *pStr, const LiveTable *p) {
  int i;
  sqlite3_str_appendf(pStr, "CREATE TABLE \"%w\"(", p->zLog);
  for (i = 0; i < p->pTab->nCol; i++) {
    if (!p->abLink[i]) continue;
    assocLiveColumn(pStr, p->pTab->aCol[i].zName, &p->pTab->aCol[i]);
    sqlite3_str_appendall(pStr, ",");
  }
  sqlite3_str_appendf(pStr, "\"%w\")", p->zAll);
}

const char *const azLiveObject[LIVE_NOBJECT] = {
    0,        "insert",      "insert_replace",
    "update", "update_link", "update_replace",
    "delete", "guard"};

/* Append " OF a,b": the columns whose UPDATE fires the trigger. The rowid has
** several names. */
static void logOf(sqlite3_str *pStr, const AssocTable *pTab, const u8 *abCol) {
  int i, n = 0;
  assert(abCol);
  for (i = 0; i < pTab->nCol; i++) {
    if (!abCol[i]) continue;
    sqlite3_str_appendf(pStr, "%s\"%w\"", n++ ? "," : " OF ",
                        pTab->aCol[i].zName);
  }
  if (pTab->iRowid < 0 || !abCol[pTab->iRowid]) return;
  for (i = 0; i < ASSOC_COUNT(azRowidName); i++) {
    sqlite3_str_appendf(pStr, "%s%s", n++ ? "," : " OF ", azRowidName[i]);
  }
}

/* The columns whose UPDATE fires a trigger; abCol has all columns and the rowid.
** False if any UPDATE fires it. */
static int logColumns(AssocCall *pCall, const LiveTable *p, int iObject,
                      u8 *abCol) {
  const AssocTable *pTab = p->pTab;
  int i;
  assert(iObject > LIVE_OBJECT_LOG && iObject < LIVE_OBJECT_GUARD);
  if (iObject == LIVE_OBJECT_UPDATE_REPLACE) {
    return assocLiveProbeColumns(pCall, p, abCol);
  }
  if (iObject != LIVE_OBJECT_UPDATE_LINK) return 0;
  for (i = 0; i < pTab->nCol; i++) {
    abCol[i] = p->abLink[i] || logDefault(pTab, i);
    /* SQLite looks only at the columns that SET names: a generated column
    ** changes without being named. */
    if (abCol[i] && pTab->aCol[i].bGenerated) return 0;
  }
  return 1;
}

/* Append the trigger's body. */
static void logBody(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr,
                    const LiveTable *p, int iObject) {
  assert(iObject > LIVE_OBJECT_LOG && iObject < LIVE_OBJECT_GUARD);
  switch (iObject) {
  case LIVE_OBJECT_INSERT:
  case LIVE_OBJECT_UPDATE_LINK: logNew(pStr, p); break;
  case LIVE_OBJECT_INSERT_REPLACE:
  case LIVE_OBJECT_UPDATE_REPLACE:
    assocLiveProbes(pCall, pArena, pStr, p,
                    iObject == LIVE_OBJECT_UPDATE_REPLACE, 0);
    break;
  default: logOld(pStr, p); break;
  }
}

/* Append the conditions of the trigger's WHEN but the last. */
static void logWhen(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr,
                    const LiveTable *p, int iObject) {
  if (iObject == LIVE_OBJECT_UPDATE_LINK) logMoved(pStr, p);
  if (iObject == LIVE_OBJECT_INSERT_REPLACE ||
      iObject == LIVE_OBJECT_UPDATE_REPLACE) {
    sqlite3_str_appendall(pStr, "(");
    assocLiveProbes(pCall, pArena, pStr, p,
                    iObject == LIVE_OBJECT_UPDATE_REPLACE, 1);
    sqlite3_str_appendall(pStr, ") AND ");
  }
}

char *assocLiveObject(AssocCall *pCall, AssocArena *pArena, const LiveTable *p,
                      int iObject, const char **pzName) {
  static const char *const azEvent[] = {0,        "INSERT", "INSERT", "UPDATE",
                                        "UPDATE", "UPDATE", "DELETE"};
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  const AssocTable *pTab = p->pTab;
  assert(iObject >= 0 && iObject < LIVE_NOBJECT);
  *pzName = iObject == 0 ? p->zLog
                         : assocArenaPrintf(pCall, pArena, LIVE_TRIGGER "%s_%s",
                                            pTab->zName, azLiveObject[iObject]);
  assert(pTab->eType == ASSOC_TABLE); /* No other kind fires such triggers */
  if (iObject == LIVE_OBJECT_LOG) {
    logTable(pStr, p);
  } else if (iObject == LIVE_OBJECT_GUARD) {
    /* The last trigger in sqlite_schema, unless another was made again */
    sqlite3_str_appendf(pStr,
                        "CREATE TRIGGER \"%w\" BEFORE UPDATE ON \"%w\" WHEN 0"
                        " BEGIN SELECT 1; END",
                        *pzName, p->zLog);
  } else {
    u8 *abCol = assocAlloc(pCall, pArena, pTab->nCol + 1);
    sqlite3_str_appendf(pStr, "CREATE TRIGGER \"%w\" BEFORE %s", *pzName,
                        azEvent[iObject]);
    if (abCol && logColumns(pCall, p, iObject, abCol)) {
      logOf(pStr, pTab, abCol);
    }
    sqlite3_str_appendf(pStr, " ON \"%w\" WHEN ", pTab->zName);
    logWhen(pCall, pArena, pStr, p, iObject);
    /* The full log has a row of this rowid, since rowids count up from 1. */
    sqlite3_str_appendf(pStr, "%d NOT IN (SELECT %s FROM \"%w\") BEGIN",
                        LIVE_LOG_MAX, assocLiveRowid(p), p->zLog);
    logBody(pCall, pArena, pStr, p, iObject);
    sqlite3_str_appendall(pStr, " END");
  }
  return assocStrFinish(pCall, pStr);
}
