/*
** What a live document is made of, in the database of its tables:
**
**   assoc_store                 one row for each live document of the database
**   feed_doc(key, json, version)  the documents; json is NULL once the root is
**                               gone. A composite key also has key1, key2, …
**   feed_mark(key)              roots whose document is stale
**   assoc_dirty_posts(…)        the log of each base table, and its triggers
**
** assoc_store has what the query means (plan) and the texts of the tables,
** UNIQUE indexes and triggers (ddl) as they were when the documents were right.
** While both are still the same, the store can be trusted. The texts are in the
** order of their creation: a base table that was dropped and made again comes
** after its log, even if its text is the same.
*/
#include "live/live.h"

static const char zStoreTable[] =
    "CREATE TABLE \"" LIVE_STORE "\"(name TEXT NOT NULL COLLATE NOCASE PRIMARY"
    " KEY, query TEXT NOT NULL, plan TEXT, ddl TEXT, cookie INTEGER,"
    " version INTEGER NOT NULL DEFAULT 0, stale INTEGER NOT NULL DEFAULT 1)"
    " WITHOUT ROWID";

/* ------------------------------------------------------------------ names */

const char *assocLiveKeyName(AssocLive *p, int i) {
  const char *z = p->pModel->nKey == 1
                      ? "key"
                      : assocArenaPrintf(p->pCall, p->pArena, "key%d", i + 1);
  assert(i >= 0 && i < p->pModel->nKey);
  return z ? z : "";
}

AssocLive *assocLiveOf(const AssocLiveSet *pSet, const char *zName) {
  AssocLive *p = pSet->pLive;
  while (p && sqlite3_stricmp(p->zName, zName) != 0) p = p->pNext;
  return p;
}

int assocLiveHas(AssocCall *pCall, AssocSchema *pSchema) {
  return assocSchemaLoad(pCall, pSchema) &&
         assocSchemaIndex(pSchema, LIVE_STORE) >= 0;
}

AssocSchema *assocLiveSeek(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName, const char **pzName) {
  AssocSchema *p;
  int bFound = 0;
  for (p = pCat->pSchema; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    const char *z = assocBareName(p, zName);
    sqlite3_stmt *pStmt;
    if (!assocLiveHas(pCall, p)) continue;
    pStmt = assocPrepare(
        pCall, "SELECT 1 FROM \"%w\"." LIVE_STORE " WHERE name=?1", p->zName);
    assocBindText(pCall, pStmt, 1, z);
    bFound = assocStep(pCall, pStmt);
    assocFinalize(pCall, pStmt);
    *pzName = z;
    if (bFound) return p;
  }
  return 0;
}

AssocSchema *assocLiveFind(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName, const char **pzName) {
  AssocNearest near = {.zWritten = zName};
  AssocSchema *pFound = assocLiveSeek(pCall, pCat, zName, pzName), *p;
  char *zBest = 0;
  if (pFound || pCall->rc != SQLITE_OK) return pFound;
  for (p = pCat->pSchema; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    sqlite3_stmt *pStmt;
    if (!assocLiveHas(pCall, p)) continue;
    pStmt =
        assocPrepare(pCall, "SELECT name FROM \"%w\"." LIVE_STORE, p->zName);
    while (assocStep(pCall, pStmt)) {
      const char *z = assocColumnText(pCall, pStmt, 0);
      /* zBest is a copy, because z ends with the statement's next step. */
      near.zBest = zBest;
      assocNearestTry(&near, z);
      if (near.zBest != z) continue;
      sqlite3_free(zBest);
      zBest = assocMprintf(pCall, "%s", z);
    }
    assocFinalize(pCall, pStmt);
  }
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_NOT_FOUND,
                        .rc = SQLITE_ERROR,
                        .zName = zName,
                        .zNear = zBest},
            "there is no live document '%s'", zName);
  sqlite3_free(zBest);
  return 0;
}

/* --------------------------------------------------------------- base tables */

/* A name for the last column of the log, which no column of the table has. */
static const char *allName(AssocLiveSet *pSet, const AssocTable *pTab) {
  const char *z = "assoc_all";
  int i;
  /* "assoc_all", "assoc_all_", ...: each change of the name looks at all columns
  ** again. It ends, because the table has a finite number of columns. */
  for (i = 0; i < pTab->nCol; i++) {
    if (sqlite3_stricmp(pTab->aCol[i].zName, z) != 0) continue;
    z = assocArenaPrintf(pSet->pCall, &pSet->mem, "%s_", z);
    if (z == 0) return 0;
    i = -1;
  }
  return z;
}

/* The entry of a base table. A column that its log has already stays there. */
static LiveTable *tableOf(AssocLiveSet *pSet, AssocTable *pTab) {
  LiveTable *p = assocLiveTableOf(pSet->pTable, pTab);
  const AssocTable *pOld;
  int i, j;
  if (p) return p;
  p = assocAlloc(pSet->pCall, &pSet->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pTab = pTab;
  p->zLog =
      assocArenaPrintf(pSet->pCall, &pSet->mem, LIVE_LOG "%s", pTab->zName);
  p->zAll = allName(pSet, pTab);
  p->abLink = assocAlloc(pSet->pCall, &pSet->mem, pTab->nCol + 1);
  if (p->zLog == 0 || p->abLink == 0) return 0;
  /* Columns that the log has stay in it: another live document, which cannot be
  ** compiled now, may need them. Without that the log would be made again each
  ** time. */
  pOld = assocTableFind(pSet->pCall, pSet->pSchema, p->zLog);
  for (i = 0; pOld && i < pOld->nCol; i++) {
    for (j = 0; j < pTab->nCol; j++) {
      if (sqlite3_stricmp(pTab->aCol[j].zName, pOld->aCol[i].zName) == 0) {
        p->abLink[j] = 1;
      }
    }
  }
  p->pNext = pSet->pTable;
  pSet->pTable = p;
  return p;
}

/* A column that the log needs. One that is generated may depend on a rowid that
** is not known before an INSERT; then the rowid tells which row it is. */
static void linkAdd(LiveTable *p, int iCol) {
  assert(iCol >= 0);
  assert(iCol < p->pTab->nCol); /* siteCheck() refuses a bare rowid */
  p->abLink[iCol] = 1;
  if (p->pTab->aCol[iCol].bGenerated && p->pTab->iRowid >= 0 &&
      p->pTab->iRowid < p->pTab->nCol) {
    p->abLink[p->pTab->iRowid] = 1;
  }
}

/* The columns that a site's rows need in the log. */
static void siteLinks(AssocLiveSet *pSet, const AssocLive *p,
                      const LiveSite *pSite) {
  LiveTable *pTab = tableOf(pSet, pSite->pTab);
  const AssocKey *pKey =
      pSite->link.bRefIsUp ? pSite->link.pFor : pSite->link.pRef;
  int i;
  if (pTab == 0) return;
  assert(pTab->pTab == pSite->pTab);
  for (i = 0; pSite->pUp && i < pKey->nCol; i++) {
    linkAdd(pTab, pKey->aCol[i]);
  }
  /* The root has no link. Its key names the document. */
  for (i = 0; pSite->pUp == 0 && i < p->pModel->nKey; i++) {
    linkAdd(pTab, p->pModel->aKey[i]);
  }
  assocLiveNeedRowid(pSet->pCall, pTab);
}

/* -------------------------------------------------------------------- set */

/* Compile the query and find its sites. A query that now means a table of
** another database is an error: its logs would be there. */
static void liveCompile(AssocCall *pCall, AssocLiveSet *pSet, AssocLive *p) {
  AssocPlan *pPlan =
      assocPlanGet(pCall, pSet->pCat, ASSOC_ASK_KEY, 0, p->zQuery);
  p->pCall = pCall;
  if (pPlan) p->pSchema = pPlan->pRoot->pModel->pTable->pSchema;
  if (pPlan && p->pSchema != pSet->pSchema) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, p->zName,
                 "the live document %s is in %s, and its query now reads %s",
                 p->zName, pSet->pSchema->zName, p->pSchema->zName);
  }
  p->pSchema = pSet->pSchema;
  assert(p->pArena == &pSet->mem);
  if (pPlan && pCall->rc == SQLITE_OK) assocLiveSites(p, pPlan);
  assocPlanRelease(pCall, pPlan);
}

/* Compile a live document that is not the one asked for. If that fails, it is
** broken. */
static void liveCompileOther(AssocLiveSet *pSet, AssocLive *p) {
  AssocCall ask;
  AssocErr why;
  char *z;
  assocTryBegin(&ask, pSet->pCall);
  liveCompile(&ask, pSet, p);
  /* ask lives on this stack frame only */
  p->pCall = pSet->pCall;
  if (!assocTryEnd(&ask, pSet->pCall, &why)) return;
  z = assocErrLine(&why);
  if (z == 0) assocErrorCode(pSet->pCall, SQLITE_NOMEM);
  p->zBroken = assocArenaText(pSet->pCall, &pSet->mem, z, -1);
  p->zPlan = 0;
  p->pSite = 0;
  sqlite3_free(z);
  assocErrClear(&why);
}

/* A copy of a column's text; 0 for NULL. */
static const char *setText(AssocLiveSet *pSet, sqlite3_stmt *pStmt, int i) {
  if (sqlite3_column_type(pStmt, i) == SQLITE_NULL) return 0;
  return assocArenaText(pSet->pCall, &pSet->mem,
                        assocColumnText(pSet->pCall, pStmt, i), -1);
}

/* Append an empty live document, in the set's memory. */
static AssocLive *setAdd(AssocLiveSet *pSet) {
  AssocLive *p = assocAlloc(pSet->pCall, &pSet->mem, sizeof(*p));
  AssocLive **pp = &pSet->pLive;
  if (p == 0) return 0;
  p->pCall = pSet->pCall;
  p->pArena = &pSet->mem;
  p->pSchema = pSet->pSchema;
  while (*pp) pp = &(*pp)->pNext;
  *pp = p;
  return p;
}

/* Read the rows of assoc_store. */
static void setRows(AssocLiveSet *pSet) {
  AssocCall *pCall = pSet->pCall;
  sqlite3_stmt *pStmt =
      assocPrepare(pCall,
                   "SELECT name,query,plan,ddl,stale FROM \"%w\"." LIVE_STORE
                   " ORDER BY name",
                   pSet->pSchema->zName);
  while (assocStep(pCall, pStmt)) {
    AssocLive *p = setAdd(pSet);
    if (p == 0) break;
    assert(p->pNext == 0); /* The order of the names */
    p->bStored = 1;
    p->zName = setText(pSet, pStmt, 0);
    p->zQuery = setText(pSet, pStmt, 1);
    p->zStoredPlan = setText(pSet, pStmt, 2);
    p->zStoredDdl = setText(pSet, pStmt, 3);
    p->bStale = sqlite3_column_int(pStmt, 4);
    if (p->zQuery == 0) p->zQuery = "";
  }
  assocFinalize(pCall, pStmt);
}

/* The texts of the tables and triggers as they are. */
static void liveDdl(AssocLiveSet *pSet, AssocLive *p) {
  char *z = assocLiveTexts(pSet, p);
  sqlite3_stmt *pStmt = z ? assocPrepare(pSet->pCall, "SELECT %s", z) : 0;
  if (pStmt && assocStep(pSet->pCall, pStmt)) p->zDdl = setText(pSet, pStmt, 0);
  assocFinalize(pSet->pCall, pStmt);
  sqlite3_free(z);
}

void assocLiveSetRead(AssocCall *pCall, AssocLiveSet *pSet, AssocCatalog *pCat,
                      AssocSchema *pSchema, const char *zNeed,
                      const char *zQuery) {
  AssocLive *p;
  const LiveSite *pSite;
  memset(pSet, 0, sizeof(*pSet));
  pSet->pCall = pCall;
  if (pCat == 0) return;
  pSet->pCat = assocCatalogRef(pCat);
  pSet->pSchema = pSchema;
  if (assocLiveHas(pCall, pSchema)) setRows(pSet);
  assert(zQuery == 0 || zNeed);
  /* The query of a definition that is being made, in place of the stored one. */
  if (zQuery) {
    p = assocLiveOf(pSet, zNeed);
    if (p == 0) p = setAdd(pSet);
    if (p == 0) return;
    if (p->zName == 0) p->zName = assocArenaText(pCall, &pSet->mem, zNeed, -1);
    p->zQuery = assocArenaText(pCall, &pSet->mem, zQuery, -1);
  }
  /* All documents are compiled, even if one is asked for: they share logs, and
  ** what a log must have depends on all of them. */
  for (p = pSet->pLive; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    if (zNeed && sqlite3_stricmp(p->zName, zNeed) == 0) {
      liveCompile(pCall, pSet, p);
    } else {
      liveCompileOther(pSet, p);
    }
    for (pSite = p->pSite; pSite && pCall->rc == SQLITE_OK;
         pSite = pSite->pNext) {
      siteLinks(pSet, p, pSite);
    }
  }
  for (p = pSet->pLive; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->pSite) liveDdl(pSet, p);
  }
}

void assocLiveSetClear(AssocLiveSet *pSet) {
  assocCatalogUnref(pSet->pCat);
  assocArenaFree(&pSet->mem);
  memset(pSet, 0, sizeof(*pSet));
}

/* ----------------------------------------------------------------- texts */

int assocLiveReads(const AssocLive *p, const LiveTable *pTab) {
  const LiveSite *pSite = p->pSite;
  while (pSite && pSite->pTab != pTab->pTab) pSite = pSite->pNext;
  return pSite != 0;
}

/* Append 'posts','assoc_dirty_posts',...: the tables of the document. */
static void liveTextNames(AssocLiveSet *pSet, const AssocLive *p,
                          sqlite3_str *pStr) {
  const LiveTable *pTab;
  sqlite3_str_appendf(pStr, "'%q_doc','%q_mark'", p->zName, p->zName);
  for (pTab = pSet->pTable; pTab; pTab = pTab->pNext) {
    if (!assocLiveReads(p, pTab)) continue;
    sqlite3_str_appendf(pStr, ",%Q,%Q", pTab->pTab->zName, pTab->zLog);
  }
}

char *assocLiveTexts(AssocLiveSet *pSet, const AssocLive *p) {
  sqlite3_str *pStr = sqlite3_str_new(pSet->pCall->db);
  assert(p->pSchema == pSet->pSchema);
  sqlite3_str_appendf(
      pStr,
      "(SELECT group_concat(type||' '||name||' '||coalesce(sql,''),char(10))"
      " FROM (SELECT type,name,sql FROM \"%w\".sqlite_schema WHERE tbl_name IN"
      " (",
      p->pSchema->zName);
  liveTextNames(pSet, p, pStr);
  sqlite3_str_appendall(
      pStr, ") AND (type='table' OR (type='trigger' AND substr(name,1,11)="
            "'" LIVE_TRIGGER "') OR (type='index' AND substr(sql,1,14)="
            "'CREATE UNIQUE ')) ORDER BY type,"
            "CASE type WHEN 'index' THEN 0 ELSE rowid END,name))");
  return assocStrFinish(pSet->pCall, pStr);
}

int assocLiveWhole(AssocLiveSet *pSet, const AssocLive *p) {
  static const char *const az[] = {"doc", "mark"};
  const LiveTable *pTab;
  int i, bAll = 1;
  assert(pSet->pSchema);
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    char *z = assocMprintf(pSet->pCall, "%s_%s", p->zName, az[i]);
    bAll &= z && assocSchemaIndex(pSet->pSchema, z) >= 0;
    sqlite3_free(z);
  }
  for (pTab = pSet->pTable; pTab; pTab = pTab->pNext) {
    if (!assocLiveReads(p, pTab)) continue;
    bAll &= assocSchemaIndex(pSet->pSchema, pTab->zLog) >= 0;
  }
  return bAll;
}

/* Are the texts there, and equal? A broken query has none; NULL is never
** trusted. */
static int storedSame(const char *zA, const char *zB) {
  return zA && zB && strcmp(zA, zB) == 0;
}

int assocLiveTrusted(const AssocLive *p) {
  return !p->bStale && storedSame(p->zPlan, p->zStoredPlan) &&
         storedSame(p->zDdl, p->zStoredDdl);
}

void assocLiveQuiet(AssocLiveSet *pSet, const AssocLive *p, sqlite3_str *pStr) {
  const LiveTable *pTab;
  sqlite3_str_appendall(pStr, "true");
  for (pTab = pSet->pTable; pTab; pTab = pTab->pNext) {
    if (!assocLiveReads(p, pTab)) continue;
    sqlite3_str_appendf(pStr,
                        " AND NOT EXISTS(SELECT 1 FROM \"%w\".\"%w\" WHERE"
                        " %s>=0)",
                        p->pSchema->zName, pTab->zLog, assocLiveRowid(pTab));
  }
}

void assocLiveFresh(AssocLiveSet *pSet, const AssocLive *p, sqlite3_str *pStr) {
  int i;
  assert(p->pModel && p->pModel->nKey > 0); /* The query is not broken */
  sqlite3_str_appendf(pStr,
                      "d.json IS NOT NULL AND NOT EXISTS(SELECT 1 FROM"
                      " \"%w\".\"%w_mark\" m WHERE ",
                      p->pSchema->zName, p->zName);
  for (i = 0; i < p->pModel->nKey; i++) {
    const char *z = assocLiveKeyName((AssocLive *)p, i);
    sqlite3_str_appendf(pStr, "%sm.\"%w\"=d.\"%w\"", i ? " AND " : "", z, z);
  }
  sqlite3_str_appendall(pStr, ") AND ");
  assocLiveQuiet(pSet, p, pStr);
}

/* ---------------------------------------------------------------- scripts */

/* Statements that drop, and then those that create. */
typedef struct LiveScript LiveScript;
struct LiveScript {
  AssocLiveSet *pSet;         /* What the statements are for */
  sqlite3_str *pDrop, *pMake; /* One statement after another */
};

/* Append a CREATE text as sqlite_schema has it, with the database's name. */
static void scriptCreate(LiveScript *s, const char *zSql) {
  int n = strncmp(zSql, "CREATE TABLE ", 13) == 0 ? 13 : 15;
  assert(strncmp(zSql, "CREATE ", 7) == 0);
  assert(n == 13 || strncmp(zSql, "CREATE TRIGGER ", 15) == 0);
  sqlite3_str_appendf(s->pMake, "%.*s\"%w\".%s;\n", n, zSql,
                      s->pSet->pSchema->zName, &zSql[n]);
}

/* The text and rowid of an object in sqlite_schema. OUT: the text is freed with
** sqlite3_free(); 0 if there is no such object. */
static char *schemaText(AssocLiveSet *pSet, const char *zName, i64 *piRowid) {
  AssocCall *pCall = pSet->pCall;
  sqlite3_stmt *pStmt = assocPrepare(
      pCall, "SELECT sql,rowid FROM \"%w\".sqlite_schema WHERE name=?1",
      pSet->pSchema->zName);
  char *z = 0;
  *piRowid = 0;
  assocBindText(pCall, pStmt, 1, zName);
  if (assocStep(pCall, pStmt)) {
    z = assocMprintf(pCall, "%s", assocColumnText(pCall, pStmt, 0));
    *piRowid = sqlite3_column_int64(pStmt, 1);
  }
  assocFinalize(pCall, pStmt);
  return z;
}

/* Is an object there as it should be, and after the objects before it? */
static int objectIs(AssocLiveSet *pSet, const char *zName, const char *zSql,
                    i64 *piAfter) {
  i64 iRowid;
  char *z = schemaText(pSet, zName, &iRowid);
  int bSame = z && strcmp(z, zSql) == 0 && iRowid > *piAfter;
  /* A greater rowid of sqlite_schema means a later CREATE. */
  sqlite3_free(z);
  *piAfter = iRowid;
  return bSame;
}

/* Changes may have been missed: what reads the table (0: what is p) is stale, even
** if the texts are the same again afterwards. */
static void scriptStale(LiveScript *s, const LiveTable *pTab,
                        const AssocLive *pOnly) {
  const AssocLive *p;
  const LiveSite *pSite;
  for (p = s->pSet->pLive; p; p = p->pNext) {
    for (pSite = p->pSite; pTab && pSite && pSite->pTab != pTab->pTab;
         pSite = pSite->pNext) {
    }
    if (!p->bStored || pSite == 0 || (pOnly && p != pOnly)) continue;
    sqlite3_str_appendf(s->pMake,
                        "UPDATE \"%w\"." LIVE_STORE
                        " SET plan=NULL,ddl=NULL,stale=1 WHERE name=%Q;\n",
                        s->pSet->pSchema->zName, p->zName);
  }
}

/* The log and the triggers of a base table. Unless all are there, all are made
** again. */
static void scriptTable(LiveScript *s, const LiveTable *p) {
  AssocLiveSet *pSet = s->pSet;
  AssocCall *pCall = pSet->pCall;
  const char *azName[LIVE_NOBJECT] = {0};
  char *azSql[LIVE_NOBJECT] = {0};
  int i, bSame = 1;
  i64 iAfter = 0, iTrigger = 0;
  sqlite3_free(schemaText(pSet, p->pTab->zName, &iAfter));
  for (i = 0; i < LIVE_NOBJECT && pCall->rc == SQLITE_OK; i++) {
    azSql[i] = assocLiveObject(pCall, &pSet->mem, p, i, &azName[i]);
    if (azSql[i] == 0) break;
    assert(azName[i]); /* It was allocated before */
    bSame &= objectIs(pSet, azName[i], azSql[i], i == 0 ? &iAfter : &iTrigger);
  }
  if (!bSame && pCall->rc == SQLITE_OK) {
    /* The guard is a trigger of the log: it goes with the log. */
    for (i = 1; i < LIVE_NOBJECT - 1; i++) {
      sqlite3_str_appendf(s->pDrop, "DROP TRIGGER IF EXISTS \"%w\".\"%w\";\n",
                          pSet->pSchema->zName, azName[i]);
    }
    sqlite3_str_appendf(s->pDrop, "DROP TABLE IF EXISTS \"%w\".\"%w\";\n",
                        pSet->pSchema->zName, p->zLog);
    assert(i == LIVE_NOBJECT - 1 && azSql[0] && azSql[LIVE_NOBJECT - 1]);
    for (i = 0; i < LIVE_NOBJECT; i++) scriptCreate(s, azSql[i]);
    scriptStale(s, p, 0);
  }
  for (i = 0; i < LIVE_NOBJECT; i++) sqlite3_free(azSql[i]);
}

/* CREATE TABLE feed_doc or feed_mark. */
static char *docText(AssocLiveSet *pSet, AssocLive *p, int bMark) {
  sqlite3_str *pStr = sqlite3_str_new(pSet->pCall->db);
  const AssocModel *pModel = p->pModel;
  int i, bRowid = assocKeyIsRowid(pModel);
  assert(pModel->nKey > 0 && pModel->nKey <= ASSOC_KEY_MAX);
  sqlite3_str_appendf(pStr, "CREATE TABLE \"%w_%s\"(", p->zName,
                      bMark ? "mark" : "doc");
  if (pModel->nKey > 1 && !bMark) {
    sqlite3_str_appendall(pStr, "\"key\" TEXT,");
  }
  for (i = 0; i < pModel->nKey; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aKey[i]];
    if (i) sqlite3_str_appendall(pStr, ",");
    /* The rowid of the documents is the root's: one B-tree instead of two */
    if (bRowid) {
      sqlite3_str_appendall(pStr, "\"key\" INTEGER PRIMARY KEY");
    } else {
      assocLiveColumn(pStr, assocLiveKeyName(p, i), pCol);
      sqlite3_str_appendall(pStr, " NOT NULL");
    }
  }
  if (!bMark) {
    sqlite3_str_appendall(pStr, ",\"json\" TEXT,\"version\" INTEGER NOT NULL");
  }
  for (i = 0; i < pModel->nKey && !bRowid; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\"", i ? "," : ",PRIMARY KEY(",
                        assocLiveKeyName(p, i));
  }
  sqlite3_str_appendall(pStr, bRowid ? ")" : "))");
  return assocStrFinish(pSet->pCall, pStr);
}

/* The tables of one live document. */
static void scriptLive(LiveScript *s, AssocLive *p) {
  AssocLiveSet *pSet = s->pSet;
  const char *zSchema = pSet->pSchema->zName;
  char *zDoc = docText(pSet, p, 0), *zMark = docText(pSet, p, 1);
  char *zName = assocMprintf(pSet->pCall, "%s_doc", p->zName);
  char *zMarkName = assocMprintf(pSet->pCall, "%s_mark", p->zName);
  i64 iAfter = 0;
  int bKept = objectIs(pSet, zName, zDoc, &iAfter) &&
              objectIs(pSet, zMarkName, zMark, &iAfter);
  if (pSet->pCall->rc == SQLITE_OK && !bKept) {
    sqlite3_str_appendf(s->pDrop,
                        "DROP TABLE IF EXISTS \"%w\".\"%w_doc\";\n"
                        "DROP TABLE IF EXISTS \"%w\".\"%w_mark\";\n"
                        "DROP INDEX IF EXISTS \"%w\".\"%w_doc_version\";\n",
                        zSchema, p->zName, zSchema, p->zName, zSchema,
                        p->zName);
    scriptCreate(s, zDoc);
    sqlite3_str_appendf(s->pMake,
                        "CREATE INDEX \"%w\".\"%w_doc_version\" ON"
                        " \"%w_doc\"(\"version\");\n",
                        zSchema, p->zName, p->zName);
    scriptCreate(s, zMark);
    scriptStale(s, 0, p);
  }
  sqlite3_free(zDoc);
  sqlite3_free(zMark);
  sqlite3_free(zName);
  sqlite3_free(zMarkName);
}

/* Is the trigger or log of that name one of the set? */
static int isWanted(AssocLiveSet *pSet, const char *zName, int bTrigger) {
  const LiveTable *p;
  int i, bIs = 0;
  for (p = pSet->pTable; p && !bIs; p = p->pNext) {
    if (!bTrigger) {
      bIs = sqlite3_stricmp(p->zLog, zName) == 0;
      continue;
    }
    /* The object 0 is the log itself, which has no such name. */
    for (i = 1; i < LIVE_NOBJECT && !bIs; i++) {
      char *z = assocMprintf(pSet->pCall, LIVE_TRIGGER "%s_%s", p->pTab->zName,
                             azLiveObject[i]);
      bIs = z && sqlite3_stricmp(z, zName) == 0;
      sqlite3_free(z);
    }
  }
  return bIs;
}

/* Drop triggers and logs that no live document needs. */
static void scriptOrphans(LiveScript *s) {
  AssocLiveSet *pSet = s->pSet;
  AssocCall *pCall = pSet->pCall;
  sqlite3_stmt *pStmt =
      assocPrepare(pCall,
                   "SELECT type,name FROM \"%w\".sqlite_schema WHERE"
                   " type='trigger' AND substr(name,1,11)='" LIVE_TRIGGER "' OR"
                   " type='table' AND substr(name,1,12)='" LIVE_LOG "'"
                   " ORDER BY type DESC",
                   pSet->pSchema->zName);
  /* Triggers come before tables, so that no trigger writes to a log that was
  ** dropped. */
  while (assocStep(pCall, pStmt)) {
    int bTrigger = assocColumnText(pCall, pStmt, 0)[1] == 'r';
    const char *zName = assocColumnText(pCall, pStmt, 1);
    assert(zName);
    if (isWanted(pSet, zName, bTrigger)) continue;
    sqlite3_str_appendf(s->pDrop, "DROP %s IF EXISTS \"%w\".\"%w\";\n",
                        bTrigger ? "TRIGGER" : "TABLE", pSet->pSchema->zName,
                        zName);
  }
  assocFinalize(pCall, pStmt);
}

void assocLiveScript(AssocLiveSet *pSet, char **pzDrop, char **pzMake) {
  LiveScript s = {.pSet = pSet};
  AssocCall *pCall = pSet->pCall;
  AssocLive *p;
  const LiveTable *pTab;
  s.pDrop = sqlite3_str_new(pCall->db);
  s.pMake = sqlite3_str_new(pCall->db);
  assert(pSet->pSchema);
  if (pSet->pLive && assocSchemaIndex(pSet->pSchema, LIVE_STORE) < 0) {
    scriptCreate(&s, zStoreTable);
  }
  for (p = pSet->pLive; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->pSite) scriptLive(&s, p);
  }
  for (pTab = pSet->pTable; pTab && pCall->rc == SQLITE_OK;
       pTab = pTab->pNext) {
    scriptTable(&s, pTab);
  }
  if (pCall->rc == SQLITE_OK) scriptOrphans(&s);
  *pzDrop = assocStrFinish(pCall, s.pDrop);
  *pzMake = assocStrFinish(pCall, s.pMake);
}

void assocLiveForget(AssocLiveSet *pSet, AssocLive *p) {
  AssocLive **pp = &pSet->pLive;
  LiveTable **ppTab = &pSet->pTable, *pTab;
  const AssocLive *pOther;
  const LiveSite *pSite;
  assert(pSet->pLive); /* p is in the set */
  while (*pp != p) pp = &(*pp)->pNext;
  *pp = p->pNext;
  while ((pTab = *ppTab) != 0) {
    int bNeeded = 0;
    for (pOther = pSet->pLive; pOther; pOther = pOther->pNext) {
      for (pSite = pOther->pSite; pSite; pSite = pSite->pNext) {
        bNeeded |= pSite->pTab == pTab->pTab;
      }
    }
    if (bNeeded) {
      ppTab = &pTab->pNext;
    } else {
      *ppTab = pTab->pNext;
    }
  }
}
