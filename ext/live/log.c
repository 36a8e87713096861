/*
** The log of a base table, and the triggers that write it.
**
**   CREATE TABLE assoc_dirty_posts(id INTEGER, user_id INTEGER, assoc_above)
**
** A row of the log has the columns of one row of posts, before or after a
** change, by which other rows refer to it or it to others. The last column is
** NULL, except for an INSERT whose key is not known yet:
**
**   a number   the row is among those of posts with a greater rowid
**   'all'      a NULL that OR REPLACE replaces by a default: all are stale
**
** All triggers are BEFORE triggers, so that a trigger of the user that raises
** FAIL cannot keep the row and skip ours. An UPDATE trigger has no list of
** columns: SET rowid=… would not be in it. Inside the triggers no INSERT has a
** conflict clause, because it would replace the user's own. The columns of the
** log have the affinity and collation of the base table's columns: the values
** of NEW and OLD have none.
**
** A trigger whose WHEN is false costs little, so each case has its own.
**
** Above a limit nothing is logged any more; then all documents are stale.
*/
#include "live/live.h"
#include "sync/sync.h"

/* The rules of datatype3.html, 3.1. */
const char *assocLiveAffinity(const AssocColumn *pCol) {
  static const struct {
    const char *zPart, *zAffinity;
  } a[] = {{"int", "INTEGER"}, {"char", "TEXT"}, {"clob", "TEXT"},
           {"text", "TEXT"},   {"blob", ""},     {"real", "REAL"},
           {"floa", "REAL"},   {"doub", "REAL"}};
  int i, j;
  if (pCol->eAff == ASSOC_AFF_NONE) return "";
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
  if (pCol->zColl && sqlite3_stricmp(pCol->zColl, "BINARY") != 0) {
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
  static const char *const az[] = {"rowid", "_rowid_", "oid"};
  int i, j;
  for (i = 0; i < ASSOC_COUNT(az) - 1; i++) {
    for (j = 0; j < p->pTab->nCol; j++) {
      if (p->abLink[j] && sqlite3_stricmp(p->pTab->aCol[j].zName, az[i]) == 0) {
        break;
      }
    }
    if (j == p->pTab->nCol) break;
  }
  return az[i];
}

int assocLiveIdentity(AssocCall *pCall, const AssocTable *pTab, int *aCol) {
  int i;
  if (pTab->iRowid >= 0) {
    aCol[0] = pTab->iRowid;
    return 1;
  }
  if (pTab->bRowid || pTab->nKey == 0 || pTab->nKey > ASSOC_KEY_MAX) {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, pTab->zName,
                 "a live document cannot tell the rows of %s apart: columns of "
                 "it hide its rowid",
                 pTab->zName);
    return 0;
  }
  for (i = 0; i < pTab->nKey; i++) aCol[i] = pTab->aKey[i];
  return pTab->nKey;
}

/* ---------------------------------------------------------------- triggers */

/* Append the condition that OR REPLACE puts a default in place of a NULL; false
** if no column has one. zBefore: what to write in front. */
static int logDefaults(sqlite3_str *pStr, const AssocTable *pTab,
                       const char *zBefore) {
  int i, n = 0;
  for (i = 0; i < pTab->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[i];
    if (!pCol->bNotNull || !pCol->bDefault || i == pTab->iRowid) continue;
    sqlite3_str_appendf(pStr, "%sNEW.\"%w\" IS NULL", n++ ? " OR " : zBefore,
                        pCol->zName);
  }
  return n > 0;
}

/* Append the value of the last column for a new row. */
static void logAbove(sqlite3_str *pStr, const AssocTable *pTab, int bInsert) {
  int bCase = logDefaults(pStr, pTab, "CASE WHEN ");
  if (bCase) sqlite3_str_appendall(pStr, " THEN 'all'");
  if (bInsert && pTab->iRowid >= 0 && pTab->iRowid < pTab->nCol) {
    const char *z = pTab->aCol[pTab->iRowid].zName;
    if (!bCase) sqlite3_str_appendall(pStr, "CASE");
    bCase = 1;
    sqlite3_str_appendf(pStr,
                        " WHEN NEW.\"%w\" IS NULL OR NEW.\"%w\"<0 THEN"
                        " coalesce((SELECT max(\"%w\") FROM \"%w\"),"
                        "-9223372036854775808)",
                        z, z, z, pTab->zName);
  }
  sqlite3_str_appendall(pStr, bCase ? " END" : "NULL");
}

static void logInto(sqlite3_str *pStr, const LiveTable *p) {
  sqlite3_str_appendf(pStr, " INSERT INTO \"%w\"(", p->zLog);
  assocLiveLinks(pStr, p, "");
  sqlite3_str_appendf(pStr, ",\"%w\") VALUES(", p->zAbove);
}

/* Append the condition that a link changes, or a value's type. */
static void logMoved(sqlite3_str *pStr, const LiveTable *p) {
  int i, n = 0;
  for (i = 0; i < p->pTab->nCol; i++) {
    const char *z = p->pTab->aCol[i].zName;
    if (!p->abLink[i]) continue;
    sqlite3_str_appendf(pStr,
                        "%sNEW.\"%w\" IS NOT OLD.\"%w\" COLLATE BINARY"
                        " OR typeof(NEW.\"%w\")<>typeof(OLD.\"%w\")",
                        n++ ? " OR " : "(", z, z, z, z);
  }
  (void)logDefaults(pStr, p->pTab, " OR ");
  sqlite3_str_appendall(pStr, ") AND ");
}

static void logOld(sqlite3_str *pStr, const LiveTable *p) {
  logInto(pStr, p);
  assocLiveLinks(pStr, p, "OLD.");
  sqlite3_str_appendall(pStr, ",NULL);");
}

static void logNew(sqlite3_str *pStr, const LiveTable *p, int bInsert) {
  logInto(pStr, p);
  assocLiveLinks(pStr, p, "NEW.");
  sqlite3_str_appendall(pStr, ",");
  logAbove(pStr, p->pTab, bInsert);
  sqlite3_str_appendall(pStr, ");");
}

static void logTable(sqlite3_str *pStr, const LiveTable *p) {
  int i;
  sqlite3_str_appendf(pStr, "CREATE TABLE \"%w\"(", p->zLog);
  for (i = 0; i < p->pTab->nCol; i++) {
    if (!p->abLink[i]) continue;
    assocLiveColumn(pStr, p->pTab->aCol[i].zName, &p->pTab->aCol[i]);
    sqlite3_str_appendall(pStr, ",");
  }
  sqlite3_str_appendf(pStr, "\"%w\")", p->zAbove);
}

const char *const azLiveObject[LIVE_NOBJECT] = {
    0,        "insert",      "insert_replace",
    "update", "update_link", "update_replace",
    "delete", "guard"};

/* Append the trigger's body. */
static void logBody(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr,
                    const LiveTable *p, int iObject) {
  switch (iObject) {
  case LIVE_OBJECT_INSERT: logNew(pStr, p, 1); break;
  case LIVE_OBJECT_UPDATE_LINK: logNew(pStr, p, 0); break;
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
  if (iObject == LIVE_OBJECT_LOG) {
    logTable(pStr, p);
  } else if (iObject == LIVE_OBJECT_GUARD) {
    /* The last trigger in sqlite_schema, unless another was made again */
    sqlite3_str_appendf(pStr,
                        "CREATE TRIGGER \"%w\" BEFORE UPDATE ON \"%w\" WHEN 0"
                        " BEGIN SELECT 1; END",
                        *pzName, p->zLog);
  } else {
    sqlite3_str_appendf(pStr, "CREATE TRIGGER \"%w\" BEFORE %s ON \"%w\" WHEN ",
                        *pzName, azEvent[iObject], pTab->zName);
    logWhen(pCall, pArena, pStr, p, iObject);
    sqlite3_str_appendf(pStr,
                        "NOT EXISTS(SELECT 1 FROM \"%w\" WHERE %s=%d) BEGIN",
                        p->zLog, assocLiveRowid(p), LIVE_LOG_MAX);
    logBody(pCall, pArena, pStr, p, iObject);
    sqlite3_str_appendall(pStr, " END");
  }
  return assocStrFinish(pCall, pStr);
}
