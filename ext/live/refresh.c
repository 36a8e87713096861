/*
** The one writer of live documents.
**
**   1. resolve  the rows of all logs become marks, of all live documents of the
**               database, and the logs are emptied
**   2. compute  marked documents of one live document are computed as eager()
**               does, and stored if their bytes have changed
**
** All documents that one refresh changes get the same version, the last one plus
** one. The caller has the database locked for writing, so that two refreshes
** never do the same work: the second one finds nothing to do.
*/
#include "live/live.h"

/* Marks that are read at a time, before their documents are written. */
#define REFRESH_BATCH 500

/* ---------------------------------------------------------------- resolve */

/* What the rows of a log say besides their links. */
typedef struct LogState LogState;
struct LogState {
  int bRows;     /* There are rows */
  int bAll;      /* All documents that read the table are stale */
  i64 nAssigned; /* Rows whose rowid SQLite has chosen, at most */
  int bKeep;     /* The log's row -1 is missing */
};

/* The column of the base table that is its rowid, and a link; or 0. */
static const char *linkRowid(const LiveTable *p) {
  int i = p->pTab->iRowid;
  return i >= 0 && i < p->pTab->nCol && p->abLink[i] ? p->pTab->aCol[i].zName
                                                     : 0;
}

/* Read what a log says besides the links of its rows. */
static void logRead(AssocLiveSet *pSet, const LiveTable *p, LogState *pState) {
  AssocCall *pCall = pSet->pCall;
  const char *zSchema = pSet->pSchema->zName, *zId = linkRowid(p);
  const char *zRowid = assocLiveRowid(p);
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  sqlite3_stmt *pStmt;
  assert(zRowid); /* assocLiveNeedRowid() was called */
  sqlite3_str_appendf(pStr, "SELECT max(%s),max(\"%w\")", zRowid, p->zAll);
  /* Columns 0 to 4 of the answer. 0: the greatest rowid of the log's own rows,
  ** NULL without rows. 1: is any row "all"? */
  if (zId) {
    /* Beyond the greatest rowid SQLite chooses any */
    sqlite3_str_appendf(pStr,
                        ",count(*) FILTER (WHERE \"%w\" IS NULL OR \"%w\"=-1),"
                        "max(\"%w\")=9223372036854775807 OR 9223372036854775807"
                        " IN (SELECT \"%w\" FROM \"%w\".\"%w\")",
                        zId, zId, zId, zId, zSchema, p->pTab->zName);
  } else {
    sqlite3_str_appendall(pStr, ",0,0");
  }
  if (p->pTab->iRowid >= 0) {
    const char *z = p->pTab->aCol[p->pTab->iRowid].zName;
    sqlite3_str_appendf(pStr,
                        ",-1 IN (SELECT \"%w\" FROM \"%w\".\"%w\") AND -1 NOT"
                        " IN (SELECT %s FROM \"%w\".\"%w\")",
                        z, zSchema, p->pTab->zName, zRowid, zSchema, p->zLog);
  } else {
    sqlite3_str_appendall(pStr, ",0");
  }
  sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w\" WHERE %s>=0", zSchema, p->zLog,
                      zRowid);
  /* 2: rows with a rowid that SQLite chose. 3: could SQLite choose any rowid, since
  ** the greatest one is taken? 4: does the log lack the links of the row -1? */
  pStmt = assocPrepareText(pCall, assocStrFinish(pCall, pStr));
  memset(pState, 0, sizeof(*pState));
  if (assocStep(pCall, pStmt)) {
    pState->bRows = sqlite3_column_type(pStmt, 0) != SQLITE_NULL;
    pState->nAssigned = sqlite3_column_int64(pStmt, 2);
    pState->bAll = sqlite3_column_int64(pStmt, 0) >= LIVE_LOG_MAX ||
                   sqlite3_column_int(pStmt, 1) ||
                   (pState->nAssigned > 0 && sqlite3_column_int(pStmt, 3));
    pState->bKeep = sqlite3_column_int(pStmt, 4);
  }
  assocFinalize(pCall, pStmt);
}

/* Run an SQL text, or nothing if it is 0, and free it. */
static void refreshRun(AssocLiveSet *pSet, char *zSql) {
  if (zSql) assocExec(pSet->pCall, "%s", zSql);
  sqlite3_free(zSql);
}

/* Append INSERT INTO the log(zMore, links) SELECT zValue, links FROM its
** table. */
static void logCopy(AssocLiveSet *pSet, const LiveTable *p, sqlite3_str *pStr,
                    const char *zMore, const char *zValue) {
  const char *zSchema = pSet->pSchema->zName;
  sqlite3_str_appendf(pStr, "INSERT INTO \"%w\".\"%w\"(%s", zSchema, p->zLog,
                      zMore);
  assocLiveLinks(pStr, p, "");
  sqlite3_str_appendf(pStr, ") SELECT %s", zValue);
  assocLiveLinks(pStr, p, "");
  sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w\"", zSchema, p->pTab->zName);
}

/* Log rows that got their rowids from SQLite: each was then the greatest. A row
** that is older and greater would have been deleted or changed since, which is
** in the log. So they are among the first nAssigned rows, from the greatest
** rowid on, that the log does not have. */
static void logAssigned(AssocLiveSet *pSet, const LiveTable *p, i64 nAssigned) {
  sqlite3_str *pStr = sqlite3_str_new(pSet->pCall->db);
  const char *z = linkRowid(p);
  assert(z && nAssigned > 0);
  logCopy(pSet, p, pStr, "", "");
  sqlite3_str_appendf(pStr,
                      " WHERE \"%w\" NOT IN (SELECT \"%w\" FROM \"%w\".\"%w\""
                      " WHERE \"%w\" IS NOT NULL) ORDER BY \"%w\" DESC LIMIT"
                      " %lld",
                      z, z, pSet->pSchema->zName, p->zLog, z, z, nAssigned);
  refreshRun(pSet, assocStrFinish(pSet->pCall, pStr));
}

/* Empty the log, and keep the links of the row -1: see log.c. */
static void logEmpty(AssocLiveSet *pSet, const LiveTable *p) {
  const AssocTable *pTab = p->pTab;
  sqlite3_str *pStr;
  char *zRowid;
  /* The log's rows are marks by now, and marks survive an error: both belong to
  ** the caller's transaction. */
  assocExec(pSet->pCall, "DELETE FROM \"%w\".\"%w\"", pSet->pSchema->zName,
            p->zLog);
  if (pTab->iRowid < 0) return;
  zRowid = assocMprintf(pSet->pCall, "%s,", assocLiveRowid(p));
  pStr = sqlite3_str_new(pSet->pCall->db);
  logCopy(pSet, p, pStr, zRowid ? zRowid : "", "-1,");
  sqlite3_str_appendf(pStr, " WHERE \"%w\"=-1", pTab->aCol[pTab->iRowid].zName);
  refreshRun(pSet, assocStrFinish(pSet->pCall, pStr));
  sqlite3_free(zRowid);
}

/* All documents are stale, and from now on the texts of now count. */
static void liveStale(AssocLiveSet *pSet, AssocLive *p) {
  AssocCall *pCall = pSet->pCall;
  sqlite3_stmt *pStmt = assocPrepare(
      pCall,
      "UPDATE \"%w\"." LIVE_STORE " SET plan=?1,ddl=?2,stale=1 WHERE name=?3",
      pSet->pSchema->zName);
  /* A broken query has no plan. NULL is never trusted. */
  if (p->zPlan) {
    assocBindText(pCall, pStmt, 1, p->zPlan);
    assocBindText(pCall, pStmt, 2, p->zDdl);
  }
  assocBindText(pCall, pStmt, 3, p->zName);
  (void)assocStep(pCall, pStmt);
  assocFinalize(pCall, pStmt);
  p->bStale = 1;
  p->zStoredPlan = p->zPlan;
  p->zStoredDdl = p->zDdl;
}

/* Are both texts absent, or both the same? */
static int sameOrNull(const char *zA, const char *zB) {
  return zA && zB ? strcmp(zA, zB) == 0 : zA == zB;
}

/* Mark what depends on the logs' rows, or everything. */
static void liveMark(AssocLiveSet *pSet, AssocLive *p, const LogState *aState) {
  const LiveTable *pTab;
  int i, bRows = 0, bAll = 0;
  for (pTab = pSet->pTable, i = 0; pTab; pTab = pTab->pNext, i++) {
    if (!assocLiveReads(p, pTab)) continue;
    bRows |= aState[i].bRows;
    bAll |= aState[i].bAll;
  }
  /* What the query means, or the texts of its tables, have changed since: the logs
  ** may have missed something. */
  if (!sameOrNull(p->zPlan, p->zStoredPlan) ||
      (p->zPlan && !sameOrNull(p->zDdl, p->zStoredDdl)) || bAll) {
    liveStale(pSet, p);
  }
  if (p->bStale || !bRows) return;
  assert(p->pSite); /* A broken one reads no table */
  refreshRun(pSet, assocLiveClimb(p, pSet->pTable));
}

/* Readers without the extension compare the schema cookie first. It is
** different in each copy of the file. */
static i64 schemaCookie(AssocLiveSet *pSet) {
  AssocCall *pCall = pSet->pCall;
  sqlite3_stmt *pStmt =
      assocPrepare(pCall, "PRAGMA \"%w\".schema_version", pSet->pSchema->zName);
  i64 i = assocStep(pCall, pStmt) ? sqlite3_column_int64(pStmt, 0) : 0;
  assocFinalize(pCall, pStmt);
  return i;
}

/* Store it: the documents are right while the schema has this cookie. */
static void storeCookie(AssocLiveSet *pSet) {
  AssocCall *pCall = pSet->pCall;
  const char *zSchema = pSet->pSchema->zName;
  i64 i = schemaCookie(pSet);
  /* A cookie that is right already is not written, so that a refresh without work
  ** changes no page. */
  assocExec(pCall,
            "UPDATE \"%w\"." LIVE_STORE " SET cookie=%lld WHERE cookie IS NOT"
            " %lld",
            zSchema, i, i);
}

/* Is the document right in all its keys, as far as its logs and marks tell? A file
** that cannot be written keeps its cookie. */
static int liveIdle(AssocLiveSet *pSet, const AssocLive *p) {
  AssocCall *pCall = pSet->pCall;
  const char *zSchema = pSet->pSchema->zName;
  sqlite3_str *pStr;
  sqlite3_stmt *pStmt;
  int bIdle;
  if (!assocLiveTrusted(p) || !assocLiveWhole(pSet, p)) return 0;
  pStr = sqlite3_str_new(pCall->db);
  sqlite3_str_appendf(
      pStr, "SELECT NOT EXISTS(SELECT 1 FROM \"%w\".\"%w_mark\") AND ", zSchema,
      p->zName);
  assocLiveQuiet(pSet, p, pStr);
  if (!sqlite3_db_readonly(pCall->db, zSchema)) {
    sqlite3_str_appendf(pStr,
                        " AND EXISTS(SELECT 1 FROM \"%w\"." LIVE_STORE
                        " WHERE name=%Q AND cookie=%lld)",
                        zSchema, p->zName, schemaCookie(pSet));
  }
  pStmt = assocPrepareText(pCall, assocStrFinish(pCall, pStr));
  bIdle = assocStep(pCall, pStmt) && sqlite3_column_int(pStmt, 0);
  assocFinalize(pCall, pStmt);
  return bIdle;
}

int assocLiveIdle(AssocLiveSet *pSet, const AssocLive *p) {
  const AssocLive *pAt;
  if (p) return liveIdle(pSet, p);
  for (pAt = pSet->pLive; pAt; pAt = pAt->pNext) {
    if (!liveIdle(pSet, pAt)) return 0;
  }
  return 1;
}

void assocLiveResolve(AssocLiveSet *pSet) {
  AssocCall *pCall = pSet->pCall;
  const LiveTable *pTab;
  LogState *aState;
  AssocLive *p;
  int i, n = 0;
  for (pTab = pSet->pTable; pTab; pTab = pTab->pNext) n++;
  aState = assocAlloc(pCall, &pSet->mem, (i64)sizeof(*aState) * (n + 1));
  if (aState == 0) return;
  for (pTab = pSet->pTable, i = 0; pTab && pCall->rc == SQLITE_OK;
       pTab = pTab->pNext, i++) {
    logRead(pSet, pTab, &aState[i]);
    if (aState[i].nAssigned > 0 && !aState[i].bAll) {
      logAssigned(pSet, pTab, aState[i].nAssigned);
    }
  }
  /* All marks first. A log belongs to every document that reads its table, so it
  ** can be emptied only after the last of them was marked. */
  for (p = pSet->pLive; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    liveMark(pSet, p, aState);
  }
  for (pTab = pSet->pTable, i = 0; pTab && pCall->rc == SQLITE_OK;
       pTab = pTab->pNext, i++) {
    if (aState[i].bRows || aState[i].bKeep) logEmpty(pSet, pTab);
  }
  if (pCall->rc == SQLITE_OK) storeCookie(pSet);
}

/* --------------------------------------------------------------- documents */

/* A refresh that runs, with its statements. */
typedef struct Refresher Refresher;
struct Refresher {
  AssocCall *pCall;   /* Receives the first error */
  AssocLiveSet *pSet; /* All live documents of the database */
  AssocLive *pLive;   /* The one that is refreshed */
  AssocPlan *pPlan;   /* Computes the document of one key */
  sqlite3_stmt *pPut; /* Stores a document if its bytes are different */
  sqlite3_stmt *pGone, *pUnmark; /* The root is gone; it is done */
  i64 iVersion;                  /* That changed documents get */
  LiveDone *pDone;               /* Counts what was done */
};

/* Append "key1"=?1 AND "key2"=?2. */
static void keyIs(AssocLive *p, sqlite3_str *pStr) {
  int i;
  assert(p->pModel->nKey > 0 && p->pModel->nKey <= ASSOC_KEY_MAX);
  for (i = 0; i < p->pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\"=?%d", i ? " AND " : "",
                        assocLiveKeyName(p, i), i + 1);
  }
}

/* Append zBefore"key1",zBefore"key2". */
static void keyNames(AssocLive *p, sqlite3_str *pStr, const char *zBefore) {
  int i;
  for (i = 0; i < p->pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s%s\"%w\"", i ? "," : "", zBefore,
                        assocLiveKeyName(p, i));
  }
}

/* INSERT INTO feed_doc ... ON CONFLICT DO UPDATE ... WHERE the bytes differ. The
** values: the key, then the JSON, the version, and a composite key as JSON. */
static sqlite3_stmt *putStmt(Refresher *r) {
  AssocLive *p = r->pLive;
  int n = p->pModel->nKey, i;
  sqlite3_str *pStr = sqlite3_str_new(r->pCall->db);
  assert(n > 0 && n <= ASSOC_KEY_MAX);
  sqlite3_str_appendf(pStr, "INSERT INTO \"%w\".\"%w_doc\"(", p->pSchema->zName,
                      p->zName);
  keyNames(p, pStr, "");
  sqlite3_str_appendf(pStr, ",json,version%s) VALUES(", n > 1 ? ",key" : "");
  for (i = 0; i < n + 2 + (n > 1); i++) {
    sqlite3_str_appendf(pStr, "%s?%d", i ? "," : "", i + 1);
  }
  sqlite3_str_appendall(pStr, ") ON CONFLICT(");
  keyNames(p, pStr, "");
  sqlite3_str_appendall(pStr, ") DO UPDATE SET ");
  /* The key is written again, too: an equal key may be spelt otherwise, as 'A'
  ** and 'a' under NOCASE. */
  for (i = 0; i < n; i++) {
    const char *z = assocLiveKeyName(p, i);
    sqlite3_str_appendf(pStr, "\"%w\"=excluded.\"%w\",", z, z);
  }
  if (n > 1) sqlite3_str_appendall(pStr, "\"key\"=excluded.\"key\",");
  sqlite3_str_appendall(pStr, "json=excluded.json,version=excluded.version"
                              " WHERE json IS NOT excluded.json");
  return assocPrepareText(r->pCall, assocStrFinish(r->pCall, pStr));
}

/* The root is gone: its document becomes NULL with a new version, so that a
** reader of changes learns of it. The key is ?1 to ?n, the version the next. */
static sqlite3_stmt *goneStmt(Refresher *r) {
  sqlite3_str *pStr = sqlite3_str_new(r->pCall->db);
  AssocLive *p = r->pLive;
  sqlite3_str_appendf(pStr,
                      "UPDATE \"%w\".\"%w_doc\" SET json=NULL,version=?%d"
                      " WHERE json IS NOT NULL AND ",
                      p->pSchema->zName, p->zName, p->pModel->nKey + 1);
  keyIs(p, pStr);
  return assocPrepareText(r->pCall, assocStrFinish(r->pCall, pStr));
}

/* Delete the mark of the key ?1, ?2, ... */
static sqlite3_stmt *unmarkStmt(Refresher *r) {
  sqlite3_str *pStr = sqlite3_str_new(r->pCall->db);
  AssocLive *p = r->pLive;
  sqlite3_str_appendf(pStr, "DELETE FROM \"%w\".\"%w_mark\" WHERE ",
                      p->pSchema->zName, p->zName);
  keyIs(p, pStr);
  return assocPrepareText(r->pCall, assocStrFinish(r->pCall, pStr));
}

/* Begin to refresh one live document. refreshClose() ends it, also after an
** error. */
static void refreshOpen(Refresher *r, AssocLiveSet *pSet, AssocLive *p,
                        LiveDone *pDone) {
  sqlite3_stmt *pStmt;
  memset(r, 0, sizeof(*r));
  r->pCall = pSet->pCall;
  r->pSet = pSet;
  r->pLive = p;
  r->pDone = pDone;
  r->pPlan = assocPlanGet(r->pCall, pSet->pCat, ASSOC_ASK_KEY, 0, p->zQuery);
  r->pPut = putStmt(r);
  r->pGone = goneStmt(r);
  r->pUnmark = unmarkStmt(r);
  /* One version for all that this refresh changes: readers see it as one step. */
  pStmt = assocPrepare(
      r->pCall, "SELECT version+1 FROM \"%w\"." LIVE_STORE " WHERE name=?1",
      p->pSchema->zName);
  assocBindText(r->pCall, pStmt, 1, p->zName);
  if (assocStep(r->pCall, pStmt)) r->iVersion = sqlite3_column_int64(pStmt, 0);
  assocFinalize(r->pCall, pStmt);
}

/* Write the new version into assoc_store, if a document has changed, and free
** all. */
static void refreshClose(Refresher *r) {
  AssocLive *p = r->pLive;
  if (r->pDone->nChanged > 0) {
    sqlite3_stmt *pStmt = assocPrepare(
        r->pCall, "UPDATE \"%w\"." LIVE_STORE " SET version=?2 WHERE name=?1",
        p->pSchema->zName);
    assocBindText(r->pCall, pStmt, 1, p->zName);
    if (pStmt) sqlite3_bind_int64(pStmt, 2, r->iVersion);
    (void)assocStep(r->pCall, pStmt);
    assocFinalize(r->pCall, pStmt);
  }
  assocFinalize(r->pCall, r->pPut);
  assocFinalize(r->pCall, r->pGone);
  assocFinalize(r->pCall, r->pUnmark);
  assocPlanRelease(r->pCall, r->pPlan);
}

/* Bind the root's key to ?1, ?2, ... */
static void bindKey(Refresher *r, sqlite3_stmt *pStmt, sqlite3_value **apKey) {
  int i;
  for (i = 0; pStmt && i < r->pLive->pModel->nKey; i++) {
    assocErrorCode(r->pCall, sqlite3_bind_value(pStmt, i + 1, apKey[i]));
  }
}

/* Run one of the statements for a key. Did it change a row? */
static int runFor(Refresher *r, sqlite3_stmt *pStmt, sqlite3_value **apKey) {
  bindKey(r, pStmt, apKey);
  if (r->pCall->rc != SQLITE_OK) return 0;
  (void)assocStep(r->pCall, pStmt);
  return r->pCall->rc == SQLITE_OK && sqlite3_changes(r->pCall->db) > 0;
}

/* A composite key as JSON. OUT: freed with sqlite3_free(). */
static char *keyJson(Refresher *r, sqlite3_value **apKey, i64 *pn) {
  AssocOut out;
  char *z;
  int i;
  assocBufInit(&out, 0x7fffffff);
  for (i = 0; i < r->pLive->pModel->nKey; i++) {
    assocOutText(&out, i ? "," : "[", 1);
    assocJsonValue(&out, apKey[i], ASSOC_JSON_PLAIN);
  }
  assocOutText(&out, "]", 1);
  z = assocBufText(r->pCall, &out, pn);
  return z;
}

/* Store a document. */
static void put(Refresher *r, sqlite3_value **apKey, const char *zJson, i64 n) {
  int nKey = r->pLive->pModel->nKey;
  char *zKey = 0;
  i64 nText = 0;
  if (r->pCall->rc != SQLITE_OK) return;
  assert(n >= 0 && r->iVersion > 0); /* The store's versions begin at 0 */
  sqlite3_bind_text64(r->pPut, nKey + 1, zJson, (u64)n, SQLITE_STATIC,
                      SQLITE_UTF8);
  sqlite3_bind_int64(r->pPut, nKey + 2, r->iVersion);
  if (nKey > 1) zKey = keyJson(r, apKey, &nText);
  if (zKey) {
    sqlite3_bind_text64(r->pPut, nKey + 3, zKey, (u64)nText, SQLITE_STATIC,
                        SQLITE_UTF8);
  }
  r->pDone->nChanged += runFor(r, r->pPut, apKey);
  sqlite3_clear_bindings(r->pPut);
  sqlite3_free(zKey);
}

/* The document that the stream stands on. */
static void putRoot(Refresher *r, AssocStream *pStream) {
  i64 n = 0;
  char *z = assocStreamJson(r->pCall, pStream, &n);
  sqlite3_value **apKey = assocStreamKey(pStream);
  int i, bNull = 0;
  /* NULL is no key: such a root cannot be asked for. */
  for (i = 0; i < r->pLive->pModel->nKey; i++) {
    bNull |= sqlite3_value_type(apKey[i]) == SQLITE_NULL;
  }
  if (z && !bNull) {
    r->pDone->nChecked++;
    put(r, apKey, z, n);
    (void)runFor(r, r->pUnmark, apKey);
  }
  sqlite3_free(z);
}

/* Compute the documents of n marked keys, one after another in apKey. What is
** still marked afterwards has no root. */
static void refreshKeys(Refresher *r, sqlite3_value **apKey, int n) {
  const AssocArgs args = {0};
  AssocStream *pStream = assocStreamOpen(r->pCall, r->pPlan, &args);
  int i, nKey = r->pLive->pModel->nKey;
  assert(n > 0 && n <= REFRESH_BATCH);
  for (i = 0; pStream && i < n && r->pCall->rc == SQLITE_OK; i++) {
    assocStreamSeek(r->pCall, pStream, &apKey[i * nKey]);
  }
  /* All keys of the batch are one load, with one scan or lookup for each node. */
  while (pStream && r->pCall->rc == SQLITE_OK &&
         assocStreamNext(r->pCall, pStream)) {
    putRoot(r, pStream);
  }
  assocStreamClose(r->pCall, pStream);
  for (i = 0; i < n && r->pCall->rc == SQLITE_OK; i++) {
    if (!runFor(r, r->pUnmark, &apKey[i * nKey])) continue;
    r->pDone->nChecked++;
    sqlite3_bind_int64(r->pGone, nKey + 1, r->iVersion);
    r->pDone->nChanged += runFor(r, r->pGone, &apKey[i * nKey]);
  }
}

/* ----------------------------------------------------------------- marks */

/* Free n values, which belong to the caller. */
static void valuesFree(sqlite3_value **ap, int n) {
  int i;
  for (i = 0; i < n; i++) sqlite3_value_free(ap[i]);
}

/* Compute a batch of marked documents. Returns how many there were. */
static int refreshBatch(Refresher *r, int nMost) {
  AssocLive *p = r->pLive;
  int nKey = p->pModel->nKey, n = 0, i;
  sqlite3_value **ap = assocMalloc(r->pCall, (i64)sizeof(sqlite3_value *) *
                                                 REFRESH_BATCH * nKey);
  sqlite3_str *pStr = sqlite3_str_new(r->pCall->db);
  sqlite3_stmt *pStmt;
  assert(nMost > 0 && nMost <= REFRESH_BATCH);
  sqlite3_str_appendall(pStr, "SELECT ");
  keyNames(p, pStr, "");
  sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w_mark\" LIMIT %d",
                      p->pSchema->zName, p->zName, nMost);
  pStmt = assocPrepareText(r->pCall, assocStrFinish(r->pCall, pStr));
  /* The keys are copied: the marks are deleted while their documents are
  ** written, and no statement may read a table that another one changes. */
  while (ap && n < nMost * nKey && assocStep(r->pCall, pStmt)) {
    for (i = 0; i < nKey; i++) {
      ap[n] = sqlite3_value_dup(sqlite3_column_value(pStmt, i));
      if (ap[n++] == 0) assocErrorCode(r->pCall, SQLITE_NOMEM);
    }
  }
  assocFinalize(r->pCall, pStmt);
  if (n > 0 && r->pCall->rc == SQLITE_OK) refreshKeys(r, ap, n / nKey);
  assert(n <= nMost * nKey);
  valuesFree(ap, n);
  sqlite3_free(ap);
  return n / nKey;
}

/* Refresh marked documents in batches: nMost at most, or all if nMost<0. */
static void refreshMarks(Refresher *r, i64 nMost) {
  int n, nGot;
  do {
    n = nMost >= 0 && nMost < REFRESH_BATCH ? (int)nMost : REFRESH_BATCH;
    nGot = n > 0 ? refreshBatch(r, n) : 0;
    assert(nGot >= 0 && nGot <= n);
    if (nMost >= 0) nMost -= nGot;
  } while (nGot > 0 && nGot == n);
}

/* Compute the document of one key, if it is marked. */
static void refreshOne(Refresher *r, sqlite3_value **apKey) {
  sqlite3_str *pStr = sqlite3_str_new(r->pCall->db);
  sqlite3_stmt *pStmt;
  AssocLive *p = r->pLive;
  int bMarked;
  sqlite3_str_appendf(pStr, "SELECT 1 FROM \"%w\".\"%w_mark\" WHERE ",
                      p->pSchema->zName, p->zName);
  keyIs(p, pStr);
  pStmt = assocPrepareText(r->pCall, assocStrFinish(r->pCall, pStr));
  bindKey(r, pStmt, apKey);
  bMarked = assocStep(r->pCall, pStmt);
  assocFinalize(r->pCall, pStmt);
  if (bMarked) refreshKeys(r, apKey, 1);
}

/* Mark all documents, and with bRoots all roots. */
static void markAll(Refresher *r, int bRoots) {
  AssocLive *p = r->pLive;
  const AssocModel *pModel = p->pModel;
  sqlite3_str *pStr = sqlite3_str_new(r->pCall->db);
  sqlite3_stmt *pStmt;
  int i;
  sqlite3_str_appendf(pStr, "INSERT OR IGNORE INTO \"%w\".\"%w_mark\"(",
                      p->pSchema->zName, p->zName);
  keyNames(p, pStr, "");
  sqlite3_str_appendall(pStr, ") SELECT ");
  keyNames(p, pStr, "");
  sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w_doc\" WHERE json IS NOT NULL",
                      p->pSchema->zName, p->zName);
  /* Documents whose roots are gone are marked by the first part: they become
  ** NULL. Roots without a document are marked by the second. */
  if (bRoots) {
    sqlite3_str_appendall(pStr, " UNION ALL SELECT ");
    for (i = 0; i < pModel->nKey; i++) {
      sqlite3_str_appendf(pStr, "%s\"%w\"", i ? "," : "",
                          pModel->pTable->aCol[pModel->aKey[i]].zName);
    }
    sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w\"", p->pSchema->zName,
                        pModel->pTable->zName);
    for (i = 0; i < pModel->nKey; i++) {
      sqlite3_str_appendf(pStr, "%s\"%w\" IS NOT NULL", i ? " AND " : " WHERE ",
                          pModel->pTable->aCol[pModel->aKey[i]].zName);
    }
  }
  pStmt = assocPrepareText(r->pCall, assocStrFinish(r->pCall, pStr));
  (void)assocStep(r->pCall, pStmt);
  assocFinalize(r->pCall, pStmt);
}

/* Compute all documents in one load. Marks that are left are of roots that are
** gone. */
static void refreshAll(Refresher *r) {
  const AssocArgs args = {0};
  AssocPlan *pPlan = assocPlanGet(r->pCall, r->pSet->pCat, ASSOC_ASK_ROWS, 0,
                                  r->pLive->zQuery);
  AssocStream *pStream;
  markAll(r, 0);
  if (pPlan && r->pCall->rc == SQLITE_OK) {
    pStream = assocStreamOpen(r->pCall, pPlan, &args);
    while (pStream && assocStreamNext(r->pCall, pStream)) putRoot(r, pStream);
    assocStreamClose(r->pCall, pStream);
  }
  assocPlanRelease(r->pCall, pPlan);
}

/* Every document is marked or right from now on, so the whole store is no
** longer stale. */
static void liveFreshNow(Refresher *r) {
  sqlite3_stmt *pStmt = assocPrepare(
      r->pCall, "UPDATE \"%w\"." LIVE_STORE " SET stale=0 WHERE name=?1",
      r->pLive->pSchema->zName);
  assocBindText(r->pCall, pStmt, 1, r->pLive->zName);
  assert(r->pLive->bStale); /* Else there is nothing to write */
  (void)assocStep(r->pCall, pStmt);
  assocFinalize(r->pCall, pStmt);
  r->pLive->bStale = 0;
}

/* How many documents still wait, for a refresh with a limit. */
static i64 marksLeft(Refresher *r) {
  sqlite3_stmt *pStmt =
      assocPrepare(r->pCall, "SELECT count(*) FROM \"%w\".\"%w_mark\"",
                   r->pLive->pSchema->zName, r->pLive->zName);
  i64 n = assocStep(r->pCall, pStmt) ? sqlite3_column_int64(pStmt, 0) : 0;
  assocFinalize(r->pCall, pStmt);
  return n;
}

void assocLiveRefresh(AssocLiveSet *pSet, AssocLive *p, i64 nMost,
                      sqlite3_value **apKey, LiveDone *pDone) {
  Refresher r;
  memset(pDone, 0, sizeof(*pDone));
  if (p->pSite == 0) return;
  refreshOpen(&r, pSet, p, pDone);
  /* A stale store has no right document. All are computed by one load, unless the
  ** caller wants few of them: then all are marked, and the marks are worked off. */
  if (r.pCall->rc == SQLITE_OK && p->bStale) {
    if (nMost < 0 && apKey == 0) {
      refreshAll(&r);
    } else {
      markAll(&r, 1);
    }
    liveFreshNow(&r);
  }
  if (r.pCall->rc == SQLITE_OK) {
    if (apKey) {
      refreshOne(&r, apKey);
    } else {
      refreshMarks(&r, nMost);
    }
  }
  pDone->nLeft = marksLeft(&r);
  refreshClose(&r);
}

char *assocLiveCompute(AssocCall *pCall, AssocPlan *pPlan,
                       sqlite3_value **apKey, i64 *pn) {
  const AssocArgs args = {0};
  AssocStream *pStream = assocStreamOpen(pCall, pPlan, &args);
  char *z = 0;
  assert(pPlan == 0 || pPlan->eAsk == ASSOC_ASK_KEY);
  if (pStream) assocStreamSeek(pCall, pStream, apKey);
  if (pStream && assocStreamNext(pCall, pStream)) {
    z = assocStreamJson(pCall, pStream, pn);
  }
  assocStreamClose(pCall, pStream);
  return z;
}
