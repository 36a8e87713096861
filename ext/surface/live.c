/*
** Live documents: documents that are kept ready.
**
**   SELECT assoc_live('feed', 'Post{title author{name} comments{body}}');
**   SELECT assoc_live_get('feed', 7);         -- as eager() gives it
**   SELECT assoc_refresh('feed');
**     {"feed":{"checked":2,"changed":1,"left":0}}
**   SELECT key, version, json FROM assoc_changes('feed', 12);
**   SELECT assoc_unlive('feed');
**
** ext/live does the work. Here are the arguments, the transactions, and the
** statements that a connection keeps in order to read one document.
*/
#include "surface/surface.h"
#include "live/live.h"

/* ------------------------------------------------------------------- work */

/* One reading of the live documents of a database, with the catalog entered. */
typedef struct LiveWork LiveWork;
struct LiveWork {
  AssocCatalog *pCat;
  AssocLiveSet set;
  AssocLive *pLive;    /* The one that was asked for, or 0 */
  char *zDrop, *zMake; /* OWNED: assocLiveScript() */
};

/* Free the set and the texts, and leave the catalog. Safe after an error. */
static void workClose(AssocCall *pCall, LiveWork *p) {
  assocLiveSetClear(&p->set);
  assocCatalogLeave(pCall, p->pCat);
  sqlite3_free(p->zDrop);
  sqlite3_free(p->zMake);
  memset(p, 0, sizeof(*p));
}

/* Read the database zSchema. zName is the document that must compile, or 0;
** zQuery its query if it is new. */
static void workOpen(AssocCall *pCall, LiveWork *p, const char *zSchema,
                     const char *zName, const char *zQuery) {
  AssocSchema *pSchema;
  memset(p, 0, sizeof(*p));
  p->pCat = assocCatalogEnter(pCall);
  pSchema = p->pCat ? assocSchemaFind(p->pCat, zSchema) : 0;
  if (pSchema == 0) return;
  assert(p->set.pCall == 0);
  assocLiveSetRead(pCall, &p->set, p->pCat, pSchema, zName, zQuery);
  if (zName && pCall->rc == SQLITE_OK) {
    p->pLive = assocLiveOf(&p->set, zName);
  }
}

/* Write the statements. Where workOpen() failed there is nothing to write. */
static void workScript(LiveWork *p) {
  if (p->set.pCall == 0) return;
  assocLiveScript(&p->set, &p->zDrop, &p->zMake);
}

/* Is there DDL to run? What is made is dropped first, if it is there. */
static int workDue(const LiveWork *p) {
  assert(p->zMake == 0 || p->zMake[0] == 0 || p->zDrop[0]);
  return p->zDrop && p->zDrop[0];
}

/* Run the statements, and leave the catalog for that: no table can be dropped
** while a statement reads. */
static void workRun(AssocCall *pCall, LiveWork *p) {
  char *zDrop = p->zDrop, *zMake = p->zMake;
  char *zSchema = assocMprintf(pCall, "%s", p->set.pSchema->zName);
  int bToken = p->set.pSchema->bToken;
  p->zDrop = p->zMake = 0;
  /* DDL needs all statements of the set closed, and changes the catalog. */
  workClose(pCall, p);
  if (zDrop) assocExec(pCall, "%s", zDrop);
  /* After DROP, before CREATE: see assocWriteHold(). */
  assert(p->set.pSchema == 0);
  if (bToken && zSchema) assocWriteHold(pCall, zSchema);
  if (zMake) assocExec(pCall, "%s", zMake);
  sqlite3_free(zDrop);
  sqlite3_free(zMake);
  sqlite3_free(zSchema);
}

/* The database of a live document. OUT: its name is freed with sqlite3_free(),
** and so is the bare name of the document in *pzBare. 0 after an error. */
static char *liveSchema(AssocCall *pCall, const char *zName, char **pzBare) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  const char *zBare = 0;
  AssocSchema *p = pCat ? assocLiveFind(pCall, pCat, zName, &zBare) : 0;
  char *z = p ? assocMprintf(pCall, "%s", p->zName) : 0;
  *pzBare = p ? assocMprintf(pCall, "%s", zBare) : 0;
  assocCatalogLeave(pCall, pCat);
  return z;
}

/* ------------------------------------------------------------------- live */

typedef struct LiveOptions LiveOptions;
struct LiveOptions {
  int bDry, bReplace;
};
static const AssocOption aLiveOption[] = {
    {"dryRun", "b", "true or false", assocOptionFlag,
     offsetof(LiveOptions, bDry)},
    {"replace", "b", "true or false", assocOptionFlag,
     offsetof(LiveOptions, bReplace)},
};

/* The database of the roots. OUT: freed with sqlite3_free(). */
static char *querySchema(AssocCall *pCall, const char *zQuery) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocPlan *pPlan =
      pCat ? assocPlanGet(pCall, pCat, ASSOC_ASK_KEY, 0, zQuery) : 0;
  char *z = 0;
  if (pPlan) {
    z = assocMprintf(pCall, "%s", pPlan->pRoot->pModel->pTable->pSchema->zName);
  }
  /* The document lives in the file of its roots. */
  assocPlanRelease(pCall, pPlan);
  assocCatalogLeave(pCall, pCat);
  if (z && sqlite3_stricmp(z, "temp") == 0) {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, 0,
                 "a live document cannot read a TEMP table, which only one "
                 "connection has");
  }
  return z;
}

/* "main.feed" is feed. */
static const char *liveBare(const char *zSchema, const char *zName) {
  size_t n = strlen(zSchema);
  if (sqlite3_strnicmp(zSchema, zName, (int)n) == 0 && zName[n] == '.') {
    return &zName[n + 1];
  }
  return zName;
}

/* Check the name of a new live document, and those of its tables and index. */
static void liveCheckNew(AssocCall *pCall, const LiveWork *p,
                         const char *zName) {
  sqlite3_stmt *pStmt;
  if (pCall->rc != SQLITE_OK) return;
  assert(p->pLive);
  if (p->pLive->bStored) return;
  if (zName[0] == 0 || sqlite3_strnicmp(zName, "sqlite_", 7) == 0 ||
      sqlite3_strnicmp(zName, "assoc_", 6) == 0) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, zName,
                 "'%s' cannot be the name of a live document", zName);
    return;
  }
  /* Names in use are refused, since the script drops what has these names. */
  assert(zName);
  pStmt = assocPrepare(
      pCall,
      "SELECT type,name FROM \"%w\".sqlite_schema WHERE lower(name) IN"
      " (lower(?1||'_doc'),lower(?1||'_mark'),lower(?1||'_doc_version'))",
      p->set.pSchema->zName);
  assocBindText(pCall, pStmt, 1, zName);
  if (assocStep(pCall, pStmt)) {
    const char *zType = assocColumnText(pCall, pStmt, 0);
    assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, zName,
                 "a live document %s would use the name of the %s %s, which "
                 "exists already; choose another name",
                 zName, zType, assocColumnText(pCall, pStmt, 1));
  }
  assocFinalize(pCall, pStmt);
}

/* Compare with what is stored. True if the row must be written. */
static int liveDiffers(AssocCall *pCall, const LiveWork *p, const char *zSchema,
                       int bReplace) {
  sqlite3_stmt *pStmt;
  int bSame = 0;
  if (pCall->rc != SQLITE_OK) return 0;
  assert(p->pLive);
  if (!p->pLive->bStored) return 1;
  pStmt = assocPrepare(
      pCall, "SELECT query=?2 FROM \"%w\"." LIVE_STORE " WHERE name=?1",
      zSchema);
  assocBindText(pCall, pStmt, 1, p->pLive->zName);
  assocBindText(pCall, pStmt, 2, p->pLive->zQuery);
  if (assocStep(pCall, pStmt)) bSame = sqlite3_column_int(pStmt, 0);
  /* Compared by SQLite, as the stored text; the caller's has replaced it in p */
  assocFinalize(pCall, pStmt);
  if (!bSame && !bReplace) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, p->pLive->zName,
                 "there is a live document '%s' already, with another query; "
                 "say \"replace\":true to replace it",
                 p->pLive->zName);
  }
  return !bSame && pCall->rc == SQLITE_OK;
}

/* The statement that stores the row. OUT: freed with sqlite3_free(). */
static char *liveRow(AssocCall *pCall, const char *zSchema, const char *zName,
                     const char *zQuery) {
  return assocMprintf(pCall,
                      "INSERT INTO \"%w\"." LIVE_STORE
                      "(name,query) VALUES(%Q,%Q) ON CONFLICT(name) DO UPDATE"
                      " SET query=excluded.query,plan=NULL,ddl=NULL,stale=1;\n",
                      zSchema, zName, zQuery);
}

/* Resolve and compute, in the open transaction: the new document, and those that
** became stale because their logs were made again. */
static void liveFill(AssocCall *pCall, const char *zSchema, const char *zName) {
  LiveWork work;
  LiveDone done;
  AssocLive *p;
  workOpen(pCall, &work, zSchema, zName, 0);
  /* Where workOpen() failed there is nothing to resolve. */
  if (work.set.pCall && pCall->rc == SQLITE_OK) assocLiveResolve(&work.set);
  for (p = work.set.pLive; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p == work.pLive || p->bStale) {
      assocLiveRefresh(&work.set, p, -1, 0, &done);
    }
  }
  workClose(pCall, &work);
}

/* The text that assoc_live() runs, except for filling the store. */
static void liveDry(AssocCall *pCall, sqlite3_context *pCtx,
                    const char *zSchema, const char *zName, const char *zQuery,
                    int bReplace) {
  LiveWork work;
  char *zRow = 0, *z = 0;
  workOpen(pCall, &work, zSchema, zName, zQuery);
  liveCheckNew(pCall, &work, zName);
  if (liveDiffers(pCall, &work, zSchema, bReplace)) {
    zRow = liveRow(pCall, zSchema, zName, zQuery);
  }
  assert(work.zDrop == 0 && work.zMake == 0);
  workScript(&work);
  if (pCall->rc == SQLITE_OK) {
    z = assocMprintf(pCall, "%s%s%s", work.zDrop, work.zMake, zRow ? zRow : "");
  }
  workClose(pCall, &work);
  sqlite3_free(zRow);
  if (z) sqlite3_result_text(pCtx, z, -1, sqlite3_free);
}

/* Read, and if there is something to do, read again with the database locked.
** True if there is. */
static int liveRead(AssocCall *pCall, AssocWrite *pWrite, LiveWork *pWork,
                    const char *zSchema, const char *zName, const char *zQuery,
                    int bReplace, int *pbRow) {
  int i, bDue = 0;
  for (i = 0; pCall->rc == SQLITE_OK; i++) {
    if (i) workClose(pCall, pWork);
    workOpen(pCall, pWork, zSchema, zName, zQuery);
    liveCheckNew(pCall, pWork, zName);
    *pbRow = liveDiffers(pCall, pWork, zSchema, bReplace);
    if (pCall->rc == SQLITE_OK) workScript(pWork);
    bDue = *pbRow || workDue(pWork);
    if (i || !bDue || pCall->rc != SQLITE_OK) break;
    assocWriteAllowed(pCall, pWrite, "assoc_live");
    if (pCall->rc != SQLITE_OK) break;
    if (pWork->pCat) {
      workClose(pCall, pWork);
      (void)assocWriteAgain(pCall, pWrite, "assoc_live", zSchema);
    }
  }
  return bDue && pCall->rc == SQLITE_OK;
}

/* assoc_live(name, query [, options]): the name */
static void liveFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  const char *zGiven = assocArgText(pCall, ap[0], "the name");
  const char *zQuery = assocArgText(pCall, ap[1], "the query");
  const char *zOptions = nArg > 2 ? assocArgTextOrNull(pCall, ap[2]) : 0;
  const char *zName = zGiven;
  LiveOptions opt = {0, 0};
  AssocWrite w;
  LiveWork work;
  char *zSchema, *zRow = 0;
  int bRow = 0, bUser = !sqlite3_get_autocommit(pCall->db);
  assocSessionRefuse(pCall, "assoc_live");
  assocOptionsOf(pCall, zOptions, ASSOC_COUNT(aLiveOption), aLiveOption,
                 "assoc_live() has", &opt);
  zSchema = pCall->rc == SQLITE_OK ? querySchema(pCall, zQuery) : 0;
  if (zSchema) zName = liveBare(zSchema, zGiven);
  if (pCall->rc == SQLITE_OK && opt.bDry) {
    liveDry(pCall, pCtx, zSchema, zName, zQuery, opt.bReplace);
  } else if (pCall->rc == SQLITE_OK) {
    assocWriteBegin(pCall, &w, "assoc_live");
    memset(&work, 0, sizeof(work));
    if (liveRead(pCall, &w, &work, zSchema, zName, zQuery, opt.bReplace,
                 &bRow)) {
      if (bRow) zRow = liveRow(pCall, zSchema, zName, zQuery);
      workRun(pCall, &work);
      if (zRow) assocExec(pCall, "%s", zRow);
      /* In the caller's transaction a ROLLBACK could take versions back: the
      ** next refresh fills the store. */
      if (!bUser && pCall->rc == SQLITE_OK) liveFill(pCall, zSchema, zName);
    }
    workClose(pCall, &work);
    sqlite3_free(zRow);
    if (pCall->rc == SQLITE_OK) {
      sqlite3_result_text(pCtx, zName, -1, SQLITE_TRANSIENT);
    }
    assocWriteEnd(pCall, &w);
  }
  sqlite3_free(zSchema);
}

/* ----------------------------------------------------------------- unlive */

/* Read the database, and make the statements that drop what the document has
** and the logs that only it needs. */
static void unliveOpen(AssocCall *pCall, LiveWork *pWork, const char *zSchema,
                       const char *zName) {
  AssocLive *p;
  char *zOld;
  workOpen(pCall, pWork, zSchema, 0, 0);
  p = pCall->rc == SQLITE_OK ? assocLiveOf(&pWork->set, zName) : 0;
  if (p == 0) return;
  assocLiveForget(&pWork->set, p);
  workScript(pWork);
  zOld = pWork->zDrop;
  if (zOld == 0) return;
  pWork->zDrop = assocMprintf(pCall,
                              "%sDROP TABLE IF EXISTS \"%w\".\"%w_doc\";\n"
                              "DROP TABLE IF EXISTS \"%w\".\"%w_mark\";\n",
                              zOld, zSchema, p->zName, zSchema, p->zName);
  sqlite3_free(zOld);
  zOld = pWork->zDrop;
  if (zOld == 0) return;
  /* The last document takes the table of documents with it. */
  if (pWork->set.pLive) {
    pWork->zDrop = assocMprintf(
        pCall, "%sDELETE FROM \"%w\"." LIVE_STORE " WHERE name=%Q;\n", zOld,
        zSchema, p->zName);
  } else {
    pWork->zDrop = assocMprintf(pCall, "%sDROP TABLE \"%w\"." LIVE_STORE ";\n",
                                zOld, zSchema);
  }
  sqlite3_free(zOld);
}

/* assoc_unlive(name [, options]): 1, or 0 if there is none; of a dry run the
** statements */
static void unliveFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                       sqlite3_value **ap) {
  const char *zName = assocArgText(pCall, ap[0], "the name");
  const char *zOptions = nArg > 1 ? assocArgTextOrNull(pCall, ap[1]) : 0;
  const char *zBare = 0;
  LiveOptions opt = {0, 0};
  AssocCatalog *pCat;
  AssocSchema *p;
  AssocWrite w;
  LiveWork work;
  char *zSchema = 0;
  assocSessionRefuse(pCall, "assoc_unlive");
  assocOptionsOf(pCall, zOptions, 1, aLiveOption, "assoc_unlive() has", &opt);
  if (zName == 0 || pCall->rc != SQLITE_OK) return;
  memset(&work, 0, sizeof(work));
  if (!opt.bDry) assocWriteBegin(pCall, &w, "assoc_unlive");
  pCat = assocCatalogEnter(pCall);
  p = pCat ? assocLiveSeek(pCall, pCat, zName, &zBare) : 0;
  if (p) zSchema = assocMprintf(pCall, "%s", p->zName);
  assocCatalogLeave(pCall, pCat);
  if (zSchema && !opt.bDry) {
    assocWriteAllowed(pCall, &w, "assoc_unlive");
    (void)assocWriteAgain(pCall, &w, "assoc_unlive", zSchema);
  }
  if (zSchema && pCall->rc == SQLITE_OK) {
    unliveOpen(pCall, &work, zSchema, zBare);
  }
  if (opt.bDry && pCall->rc == SQLITE_OK) {
    char *z = assocMprintf(pCall, "%s%s", work.zDrop ? work.zDrop : "",
                           work.zMake ? work.zMake : "");
    if (z) sqlite3_result_text(pCtx, z, -1, sqlite3_free);
  } else if (pCall->rc == SQLITE_OK) {
    if (zSchema) workRun(pCall, &work);
    sqlite3_result_int(pCtx, zSchema != 0);
  }
  workClose(pCall, &work);
  sqlite3_free(zSchema);
  if (!opt.bDry) assocWriteEnd(pCall, &w);
}

/* ---------------------------------------------------------------- refresh */

typedef struct RefreshOptions RefreshOptions;
struct RefreshOptions {
  AssocArena mem;
  i64 nMost;
  int bAll;              /* Take all documents for stale */
  const AssocJson *pKey; /* In mem, or 0 */
};

/* How many documents one call computes at most. */
static void refreshLimit(AssocOptionReader *r, AssocJson *p, void *pInto) {
  if (p->eType != ASSOC_J_INT || p->i < 0) {
    assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, "limit",
                 "the option limit must be a whole number from 0 on");
  } else {
    *(i64 *)pInto = p->i;
  }
}

/* The key may be any JSON value, whose form the model decides; so it is only
** known here, and refreshKeyValue() reads it. */
static void refreshKeyOption(AssocOptionReader *r, AssocJson *p, void *pInto) {
  (void)r, (void)p, (void)pInto; /* Read from the text itself */
}

static const AssocOption aRefreshOption[] = {
    {"limit", "1", "a whole number", refreshLimit,
     offsetof(RefreshOptions, nMost)},
    {"all", "b", "true or false", assocOptionFlag,
     offsetof(RefreshOptions, bAll)},
    {"key", 0, 0, refreshKeyOption, 0},
};

/* A limit, or an object of options. */
static void refreshRead(AssocCall *pCall, sqlite3_value *pVal,
                        RefreshOptions *p) {
  const char *z = assocJsonText(pCall, pVal);
  AssocOptionReader r = {pCall, &p->mem, p, 0};
  AssocJson *pJson;
  p->nMost = -1;
  if (sqlite3_value_type(pVal) == SQLITE_NULL) return;
  if (z == 0 || z[0] != '{') {
    p->nMost = assocValueWhole(pVal);
    if (p->nMost < 0) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "limit",
                   "the limit of assoc_refresh() must be a whole number, or an "
                   "object of options: {\"limit\":100}");
    }
    return;
  }
  pJson = assocJsonObject(pCall, &p->mem, z, -1, "the options");
  if (pJson == 0) return;
  assocOptionsRead(&r, pJson, ASSOC_COUNT(aRefreshOption), aRefreshOption,
                   "assoc_refresh() has");
  p->pKey = assocJsonGet(pJson, "key");
}

/* The value of the option key as an argument. OUT: freed with
** sqlite3_value_free(). */
static sqlite3_value *refreshKeyValue(AssocCall *pCall, const AssocJson *p) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "SELECT ?1");
  sqlite3_value *pVal = 0;
  AssocOut out;
  i64 n = 0;
  char *z;
  if (p->eType < ASSOC_J_ARRAY) {
    pVal = assocJsonValueOf(pCall, pStmt, p);
  } else {
    AssocJson text = {.eType = ASSOC_J_TEXT};
    assocBufInit(&out, 0x7fffffff);
    assocJsonWrite(&out, p);
    z = assocBufFinish(&out, &n);
    text.z = z;
    text.n = (int)n;
    if (z == 0) assocErrorCode(pCall, out.rc);
    if (z) pVal = assocJsonValueOf(pCall, pStmt, &text);
    sqlite3_free(z);
  }
  assocFinalize(pCall, pStmt);
  return pVal;
}

/* Append "feed":{...}. */
static void refreshResult(AssocOut *pOut, const AssocLive *p,
                          const LiveDone *pDone) {
  if (pOut->rc != SQLITE_OK) return; /* Not even the first brace was written */
  if (pOut->p[-1] != '{') assocOutText(pOut, ",", 1);
  assocJsonString(pOut, p->zName, (i64)strlen(p->zName));
  if (p->zBroken) {
    assocOutPrintf(pOut, ":{\"error\":");
    assocJsonString(pOut, p->zBroken, (i64)strlen(p->zBroken));
    assocOutText(pOut, "}", 1);
  } else {
    assocOutPrintf(pOut, ":{\"checked\":%lld,\"changed\":%lld,\"left\":%lld}",
                   pDone->nChecked, pDone->nChanged, pDone->nLeft);
  }
}

/* Refresh one live document and append its part of the result. */
static void refreshLive(AssocCall *pCall, LiveWork *pWork, AssocLive *p,
                        const RefreshOptions *pOpt, AssocOut *pOut) {
  AssocKeys key;
  LiveDone done = {0, 0, 0};
  sqlite3_value *pVal = 0;
  memset(&key, 0, sizeof(key));
  if (pOpt->bAll) p->bStale = 1;
  if (pOpt->pKey) pVal = refreshKeyValue(pCall, pOpt->pKey);
  assert(pVal == 0 || p->pModel); /* It is the one that had to compile */
  if (pVal) assocKeyRead(pCall, p->pModel, pVal, &key);
  if (pOpt->pKey == 0 || key.nKey > 0) {
    assocLiveRefresh(&pWork->set, p, pOpt->nMost, key.nKey ? key.apVal : 0,
                     &done);
  }
  refreshResult(pOut, p, &done);
  assocKeysClear(&key);
  sqlite3_value_free(pVal);
}

/* What a statement that writes cannot do, or a transaction must not. */
static void refreshDdl(AssocCall *pCall, LiveWork *pWork, const char *zSchema,
                       const char *zName) {
  if (pCall->bGate) {
    assocFail(pCall,
              &(AssocWhy){.eReason = ASSOC_E_UNSUPPORTED,
                          .zHint = "call SELECT assoc_refresh(), or run the "
                                   "statements that SELECT assoc_live(name, "
                                   "query, '{\"dryRun\":true}') gives"},
              "tables of live documents have changed, and their triggers must "
              "be made again, which a statement that writes cannot do");
    return;
  }
  workRun(pCall, pWork);
  workOpen(pCall, pWork, zSchema, zName, 0);
}

/* Read the live documents, and if there is something to do, read them again with
** the database locked: who finds nothing to do needs no lock, and no file that can
** be written. True if there is. */
static int refreshBegin(AssocCall *pCall, AssocWrite *pWrite, LiveWork *pWork,
                        const char *zSchema, const char *zName,
                        const RefreshOptions *pOpt) {
  workOpen(pCall, pWork, zSchema, zName, 0);
  if (pCall->rc == SQLITE_OK) workScript(pWork);
  if (pCall->rc != SQLITE_OK) return 0;
  if (!pOpt->bAll && !workDue(pWork) &&
      assocLiveIdle(&pWork->set, pWork->pLive)) {
    return 0;
  }
  workClose(pCall, pWork);
  (void)assocWriteAgain(pCall, pWrite, "assoc_refresh", zSchema);
  workOpen(pCall, pWork, zSchema, zName, 0);
  if (pCall->rc == SQLITE_OK) workScript(pWork);
  return pCall->rc == SQLITE_OK;
}

/* Refresh the live documents of one database; zName is one of them, or 0. */
static void refreshSchema(AssocCall *pCall, const char *zSchema,
                          const char *zName, const RefreshOptions *pOpt,
                          AssocOut *pOut) {
  AssocWrite w;
  LiveWork work;
  AssocLive *p;
  assocWriteBegin(pCall, &w, "assoc_refresh");
  if (refreshBegin(pCall, &w, &work, zSchema, zName, pOpt)) {
    if (workDue(&work)) refreshDdl(pCall, &work, zSchema, zName);
    if (pCall->rc == SQLITE_OK) assocLiveResolve(&work.set);
  }
  for (p = work.set.pLive; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    if (zName && p != work.pLive) continue;
    refreshLive(pCall, &work, p, pOpt, pOut);
  }
  workClose(pCall, &work);
  assocWriteEnd(pCall, &w);
}

/* The databases with live documents. OUT: the text, names one after another
** with a nul behind each, is freed with sqlite3_free(). */
static char *liveSchemas(AssocCall *pCall) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocSchema *p = pCat ? pCat->pSchema : 0;
  AssocOut out;
  char *z;
  i64 n = 0;
  assocBufInit(&out, 0x7fffffff);
  for (; p; p = p->pNext) {
    if (assocLiveHas(pCall, p)) {
      assocOutText(&out, p->zName, (i64)strlen(p->zName) + 1);
    }
  }
  assocCatalogLeave(pCall, pCat);
  assocOutText(&out, "", 1);
  z = assocBufText(pCall, &out, &n);
  return z;
}

/* assoc_refresh([name [, limit or options]]): what was done, as JSON */
static void refreshFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                        sqlite3_value **ap) {
  const char *zName = nArg > 0 ? assocArgTextOrNull(pCall, ap[0]) : 0;
  RefreshOptions opt;
  char *zSchema = 0, *zBare = 0, *z;
  const char *zAt;
  AssocOut out;
  i64 n = 0;
  memset(&opt, 0, sizeof(opt));
  opt.nMost = -1;
  assocSessionRefuse(pCall, "assoc_refresh");
  if (!sqlite3_get_autocommit(pCall->db)) {
    assocErrorOf(
        pCall, ASSOC_E_REFUSED, 0, 0,
        "assoc_refresh() cannot run inside a transaction: others could "
        "read versions that a ROLLBACK takes back; COMMIT first");
  }
  if (nArg > 1) refreshRead(pCall, ap[1], &opt);
  if (opt.pKey && zName == 0) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "key",
                 "a key belongs to one live document; name it");
  }
  if (pCall->rc == SQLITE_OK) {
    zSchema = zName ? liveSchema(pCall, zName, &zBare) : liveSchemas(pCall);
  }
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{", 1);
  if (zName && zSchema) {
    refreshSchema(pCall, zSchema, zBare, &opt, &out);
  } else { /* zSchema: names, each with its NUL, and an empty one at the end */
    for (zAt = zSchema; zAt && *zAt && pCall->rc == SQLITE_OK;
         zAt += strlen(zAt) + 1) {
      refreshSchema(pCall, zAt, 0, &opt, &out);
    }
  }
  assocOutText(&out, "}", 1);
  z = assocBufText(pCall, &out, &n);
  assocGiveJson(pResult, z, n);
  sqlite3_free(zSchema);
  sqlite3_free(zBare);
  assocArenaFree(&opt.mem);
}

/* -------------------------------------------------------------------- get */

/*
** How a connection reads one document.
**
**   zSql    reads a document, if it is right: asks the logs, the marks and the row
**           in assoc_store
**   zQuiet  asks whether all documents are right
**   zFast   reads a document
**
** Once zQuiet says yes, zFast is enough as long as nothing at all has changed: no
** database has another data version, this connection has changed no row, and the
** statement has not been prepared again, as it is after each change of the schema.
** That also means that the catalog is the same. The state that zQuiet has seen must
** be a committed one, so that no ROLLBACK can lead to a state before it.
*/
typedef struct LiveEntry LiveEntry;
struct LiveEntry {
  AssocArena mem;
  i64 iSerial;       /* Of the catalog that it was made from */
  const char *zName; /* As the caller spells it */
  const char *zQuery, *zPlan, *zDdl;
  const char *zSql, *zQuiet, *zFast; /* 0: there is no store to read */
  AssocStmt stmt, quiet, fast;
  u8 bText;    /* zFast also takes a text as the key */
  u8 bQuiet;   /* What follows is valid */
  int nMade;   /* Times that fast was prepared, by us and by SQLite */
  i64 nChange; /* sqlite3_total_changes() */
  u64 iVersion;
  int nSchema;
  const char **azSchema; /* All databases of the connection */
  LiveEntry *pNext;
};
/* Entries that are kept; the one used least recently is dropped. */
#define LIVE_ENTRIES 32

/* The kept statements are finalized unless the connection has closed them. */
static void entryFree(LiveEntry *p) {
  assocStmtClear(&p->stmt);
  assocStmtClear(&p->quiet);
  assocStmtClear(&p->fast);
  assocArenaFree(&p->mem);
  sqlite3_free(p);
}

/* The slot's xFree: called when the connection ends. */
static void entriesFree(void *pState) {
  LiveEntry *p = pState, *pNext;
  for (; p; p = pNext) {
    pNext = p->pNext;
    entryFree(p);
  }
}

/* The row in assoc_store says that its documents are right. Its values are
** parameters iVar and iVar+1. */
static void entryTrust(AssocLive *p, sqlite3_str *pStr, int iVar) {
  sqlite3_str_appendf(pStr,
                      "EXISTS(SELECT 1 FROM \"%w\"." LIVE_STORE
                      " s WHERE s.name=%Q AND s.stale=0 AND s.plan=?%d AND"
                      " s.ddl=?%d) AND ",
                      p->pSchema->zName, p->zName, iVar, iVar + 1);
}

/* Finish a text, in the entry's arena. */
static const char *entryText(AssocCall *pCall, LiveEntry *p,
                             sqlite3_str *pStr) {
  return assocArenaStr(pCall, &p->mem, pStr);
}

/* Write the three statements. */
static void entrySql(AssocCall *pCall, AssocLiveSet *pSet, AssocLive *pLive,
                     LiveEntry *p) {
  const AssocModel *pModel = pLive->pModel;
  const char *zSchema = pLive->pSchema->zName;
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i;
  /* zSql: the document of a key, if it is right */
  sqlite3_str_appendf(pStr, "SELECT d.json FROM \"%w\".\"%w_doc\" d WHERE ",
                      zSchema, pLive->zName);
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "d.\"%w\"=?%d AND ", assocLiveKeyName(pLive, i),
                        i + 1);
  }
  entryTrust(pLive, pStr, pModel->nKey + 1);
  assocLiveFresh(pSet, pLive, pStr);
  p->zSql = entryText(pCall, p, pStr);
  if (pModel->nKey > 1) return;
  /* zQuiet: are all documents right? zFast: the document of a key, while nothing
  ** has changed since that answer */
  pStr = sqlite3_str_new(pCall->db);
  sqlite3_str_appendall(pStr, "SELECT ");
  entryTrust(pLive, pStr, 1);
  sqlite3_str_appendf(pStr, "NOT EXISTS(SELECT 1 FROM \"%w\".\"%w_mark\") AND ",
                      zSchema, pLive->zName);
  assocLiveQuiet(pSet, pLive, pStr);
  p->zQuiet = entryText(pCall, p, pStr);
  p->zFast = assocArenaPrintf(pCall, &p->mem,
                              "SELECT json FROM \"%w\".\"%w_doc\" WHERE key=?1",
                              zSchema, pLive->zName);
  p->bText = pModel->pTable->aCol[pModel->aKey[0]].eAff == ASSOC_AFF_TEXT;
}

/* The databases whose commits may change anything. Nobody else commits to temp. A
** name of 0 means main, which SQLite then need not look for. */
static void entrySchemas(AssocCall *pCall, AssocCatalog *pCat, LiveEntry *p) {
  AssocSchema *pSchema;
  int n = 0;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) n++;
  p->azSchema = assocAlloc(pCall, &p->mem, (i64)sizeof(char *) * (n + 1));
  for (pSchema = pCat->pSchema; pSchema && p->azSchema;
       pSchema = pSchema->pNext) {
    int bMain = sqlite3_stricmp(pSchema->zName, "main") == 0;
    if (sqlite3_stricmp(pSchema->zName, "temp") == 0) continue;
    p->azSchema[p->nSchema++] =
        bMain ? 0 : assocArenaText(pCall, &p->mem, pSchema->zName, -1);
  }
}

/* Prepare what a read of the live document needs. The entry stays for later
** reads of this connection. */
static void entryMake(AssocCall *pCall, AssocCatalog *pCat, LiveEntry *p,
                      const char *zName) {
  const char *zBare = 0;
  AssocSchema *pSchema = assocLiveFind(pCall, pCat, zName, &zBare);
  AssocLiveSet set;
  AssocLive *pLive;
  if (pSchema == 0) return;
  entrySchemas(pCall, pCat, p);
  assocLiveSetRead(pCall, &set, pCat, pSchema, 0, 0);
  pLive = pCall->rc == SQLITE_OK ? assocLiveOf(&set, zBare) : 0;
  if (pLive) {
    p->zQuery = assocArenaText(pCall, &p->mem, pLive->zQuery, -1);
    p->zPlan = assocArenaText(pCall, &p->mem, pLive->zPlan, -1);
    p->zDdl = assocArenaText(pCall, &p->mem, pLive->zDdl, -1);
    if (pLive->pSite && assocLiveWhole(&set, pLive)) {
      entrySql(pCall, &set, pLive, p);
    }
  }
  assocLiveSetClear(&set);
}

/* The entry of a live document, first in the list. 0 after an error. */
static LiveEntry *entryOf(AssocCall *pCall, AssocCatalog *pCat,
                          const char *zName) {
  void **ppState = &pCall->pConn->aSlot[ASSOC_SLOT_LIVE].p;
  LiveEntry *p = *ppState, **pp = (LiveEntry **)ppState, *pNew;
  int n = 0;
  while ((p = *pp) != 0) {
    if (p->iSerial != pCat->iSerial || ++n >= LIVE_ENTRIES) {
      *pp = p->pNext;
      entryFree(p);
    } else if (strcmp(p->zName, zName) == 0) { /* Move it to the front */
      *pp = p->pNext;
      p->pNext = *ppState;
      *ppState = p;
      return p;
    } else {
      pp = &p->pNext;
    }
  }
  pNew = assocMalloc(pCall, sizeof(*pNew));
  if (pNew == 0) return 0;
  memset(pNew, 0, sizeof(*pNew));
  pNew->iSerial = pCat->iSerial;
  pNew->zName = assocArenaText(pCall, &pNew->mem, zName, -1);
  entryMake(pCall, pCat, pNew, zName);
  if (pCall->rc != SQLITE_OK) {
    entryFree(pNew);
    return 0;
  }
  pNew->pNext = *ppState;
  *ppState = pNew;
  pCall->pConn->aSlot[ASSOC_SLOT_LIVE].xFree = entriesFree;
  return pNew;
}

/* The document of the row as the result. */
static void entryResult(sqlite3_context *pCtx, sqlite3_value *pJson) {
  sqlite3_result_value(pCtx, pJson);
  sqlite3_result_subtype(pCtx, 'J');
}

/* Bind what is compared with assoc_store. */
static void entryBind(AssocCall *pCall, sqlite3_stmt *pStmt, const LiveEntry *p,
                      int iVar) {
  if (pStmt == 0) return;
  assocErrorCode(pCall,
                 sqlite3_bind_text(pStmt, iVar, p->zPlan, -1, SQLITE_STATIC));
  assocErrorCode(
      pCall, sqlite3_bind_text(pStmt, iVar + 1, p->zDdl, -1, SQLITE_STATIC));
}

/* Give the stored document, if it is right. */
static int entryStored(AssocCall *pCall, sqlite3_context *pCtx, LiveEntry *p,
                       const AssocKeys *pKey) {
  sqlite3_stmt *pStmt;
  int i, n = pKey->nCol, bFound;
  if (p->zSql == 0) return 0;
  pStmt = assocStmt(pCall, &p->stmt, p->zSql);
  if (pStmt == 0) return 0;
  for (i = 0; i < n; i++) {
    assocErrorCode(pCall, sqlite3_bind_value(pStmt, i + 1, pKey->apVal[i]));
  }
  entryBind(pCall, pStmt, p, n + 1);
  bFound = assocStep(pCall, pStmt);
  if (bFound) entryResult(pCtx, sqlite3_column_value(pStmt, 0));
  sqlite3_reset(pStmt);
  sqlite3_clear_bindings(pStmt);
  return bFound;
}

/* The data versions of all databases, as one number. */
static u64 entryVersion(sqlite3 *db, const LiveEntry *p) {
  u64 iAll = 0;
  int i;
  for (i = 0; i < p->nSchema; i++) {
    u32 iOne = 0;
    (void)sqlite3_file_control(db, p->azSchema[i], SQLITE_FCNTL_DATA_VERSION,
                               &iOne);
    iAll = iAll * 0x100000001b3u + iOne;
  }
  return iAll;
}

/* How often was the fast statement prepared? */
static int entryMade(const LiveEntry *p) {
  return (int)p->fast.nMade +
         sqlite3_stmt_status(p->fast.p, SQLITE_STMTSTATUS_REPREPARE, 0);
}

/* The catalog has been entered: can the fast statement be used from now on? */
static void entryLook(AssocCall *pCall, LiveEntry *p) {
  sqlite3_stmt *pStmt;
  p->bQuiet = 0;
  /* What this connection has not committed may be rolled back. */
  if (p->zFast == 0) return;
  if (sqlite3_txn_state(pCall->db, 0) == SQLITE_TXN_WRITE) return;
  pStmt = assocStmt(pCall, &p->quiet, p->zQuiet);
  entryBind(pCall, pStmt, p, 1);
  if (assocStmt(pCall, &p->fast, p->zFast) == 0) return;
  if (assocStep(pCall, pStmt)) {
    p->bQuiet = (u8)sqlite3_column_int(pStmt, 0);
  }
  sqlite3_reset(pStmt);
  p->nMade = entryMade(p);
  p->nChange = sqlite3_total_changes(pCall->db);
  p->iVersion = entryVersion(pCall->db, p);
}

/* Give the stored document without asking anything else. */
static int entryFast(AssocCall *pCall, sqlite3_context *pCtx, const char *zName,
                     sqlite3_value *pKey) {
  AssocConn *pConn = pCall->pConn;
  LiveEntry *p = pConn->aSlot[ASSOC_SLOT_LIVE].p;
  int bFound = 0;
  while (p && strcmp(p->zName, zName) != 0) p = p->pNext;
  assert(p == 0 || !p->bQuiet || p->fast.p); /* See entryLook() */
  if (p == 0 || !p->bQuiet || pConn->pSession || pConn->bNeedSession ||
      p->nChange != sqlite3_total_changes(pCall->db) ||
      !assocCatalogStill(pCall, p->iSerial)) {
    return 0; /* A file that was attached may call this by a view */
  }
  /* Keys that assocKeyRead() would take as they are */
  switch (sqlite3_value_type(pKey)) {
  case SQLITE_INTEGER: break;
  case SQLITE_TEXT:
    if (p->bText) break;
    return 0;
  default: return 0;
  }
  assocErrorCode(pCall, sqlite3_bind_value(p->fast.p, 1, pKey));
  if (pCall->rc != SQLITE_OK) return 0;
  /* After an error, for example a dropped table, the general way runs and
  ** reports it */
  if (sqlite3_step(p->fast.p) == SQLITE_ROW) {
    sqlite3_value *pJson = sqlite3_column_value(p->fast.p, 0);
    bFound = sqlite3_value_type(pJson) == SQLITE_TEXT &&
             p->nMade == entryMade(p) &&
             p->iVersion == entryVersion(pCall->db, p);
    if (bFound) entryResult(pCtx, pJson);
  }
  sqlite3_reset(p->fast.p);
  return bFound;
}

/* assoc_live_get(name, key): a JSON object, or NULL. A session sees what eager()
** gives to it: the store is the owner's. */
static void getLiveFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  const char *zName = assocArgText(pCall, ap[0], "the name");
  AssocCatalog *pCat;
  AssocPlan *pPlan = 0;
  LiveEntry *p;
  AssocKeys key;
  i64 n = 0;
  char *z = 0;
  (void)nArg;
  if (zName == 0 || entryFast(pCall, pCtx, zName, ap[1])) return;
  memset(&key, 0, sizeof(key));
  pCat = assocCatalogEnter(pCall);
  p = pCat ? entryOf(pCall, pCat, zName) : 0;
  if (p) pPlan = assocPlanGet(pCall, pCat, ASSOC_ASK_KEY, 0, p->zQuery);
  if (pPlan) assocKeyRead(pCall, pPlan->pRoot->pModel, ap[1], &key);
  if (key.nKey > 0 && pCall->pConn->pSession == 0) {
    if (entryStored(pCall, pCtx, p, &key)) {
      entryLook(pCall, p);
      key.nKey = 0; /* The result is given */
    }
  }
  if (key.nKey > 0 && pCall->rc == SQLITE_OK) {
    z = assocLiveCompute(pCall, pPlan, key.apVal, &n);
  }
  assocPlanRelease(pCall, pPlan);
  assocKeysClear(&key);
  assocCatalogLeave(pCall, pCat);
  if (z) assocResultJson(pCtx, z, n);
}

/* ------------------------------------------------------------- sql, check */

/* assoc_live_sql(name): a SELECT that gives json and version of the key ?1 */
static void sqlLiveFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  const char *zName = assocArgText(pCall, ap[0], "the name");
  char *zBare = 0, *zSchema = 0, *z = 0;
  LiveWork work;
  (void)nArg;
  assocSessionRefuse(pCall, "assoc_live_sql");
  if (zName) zSchema = liveSchema(pCall, zName, &zBare);
  if (zSchema && zBare) {
    workOpen(pCall, &work, zSchema, zBare, 0);
    if (work.pLive) z = assocLiveText(&work.set, work.pLive);
    if (z) assocTextFits(pCall, z);
    workClose(pCall, &work);
  }
  sqlite3_free(zSchema);
  sqlite3_free(zBare);
  if (z && pCall->rc == SQLITE_OK) {
    sqlite3_result_text(pCtx, z, -1, sqlite3_free);
  } else {
    sqlite3_free(z);
  }
}

/* assoc_live_check(name [, sample]): {"checked":n,"stale":n,"wrong":[key,...]} */
static void checkLiveFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                          sqlite3_value **ap) {
  const char *zName = assocArgText(pCall, ap[0], "the name");
  i64 nMost = nArg > 1 && sqlite3_value_type(ap[1]) != SQLITE_NULL
                  ? assocValueWhole(ap[1])
                  : -1;
  char *zBare = 0, *zSchema;
  LiveWork work;
  AssocOut out;
  i64 n = 0;
  char *z;
  assocSessionRefuse(pCall, "assoc_live_check");
  if (nMost < -1) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "sample",
                 "the sample of assoc_live_check() must be a whole number");
  }
  if (zName == 0 || pCall->rc != SQLITE_OK) return;
  zSchema = liveSchema(pCall, zName, &zBare);
  assocBufInit(&out, 0x7fffffff);
  if (zSchema && zBare) {
    workOpen(pCall, &work, zSchema, zBare, 0);
    if (work.pLive) (void)assocLiveCheck(&work.set, work.pLive, nMost, &out);
    workClose(pCall, &work);
  }
  sqlite3_free(zSchema);
  sqlite3_free(zBare);
  z = assocBufText(pCall, &out, &n);
  if (z) assocResultJson(pCtx, z, n);
}

const AssocFunction aAssocLiveFunction[] = {
    {"assoc_live", 2, 3, ASSOC_WRITER, liveFunc, "name, query [, options]", 0},
    {"assoc_live_check", 1, 2, ASSOC_READER, checkLiveFunc, "name [, sample]",
     0},
    {"assoc_live_get", 2, 2, ASSOC_READER, getLiveFunc, "name, key", 0},
    {"assoc_live_sql", 1, 1, SQLITE_UTF8, sqlLiveFunc, "name", 0},
    {"assoc_refresh", 0, 2, ASSOC_WRITER, 0, "[name [, limit or options]]",
     refreshFunc},
    {"assoc_unlive", 1, 2, ASSOC_WRITER, unliveFunc, "name [, options]", 0},
    {0, 0, 0, 0, 0, 0, 0}};
