/*
** Is the store right? Compute documents that count as right, and compare.
**
** Changes that no trigger sees make a document wrong: sqlite3_blob_write(),
** triggers switched off, a hand that writes into the store.
*/
#include "live/live.h"

typedef struct LiveChecker LiveChecker;
struct LiveChecker {
  AssocCall *pCall;     /* Receives the first error */
  AssocLiveSet *pSet;   /* All live documents of the database */
  AssocLive *pLive;     /* The one that is compared */
  AssocPlan *pPlan;     /* Computes the document of one key */
  AssocOut *pOut;       /* The keys of wrong documents */
  i64 nChecked, nWrong; /* Documents so far */
};

/* The row of pStmt is a key and the stored document, or NULL. */
static void recomputeRow(LiveChecker *c, sqlite3_stmt *pStmt) {
  sqlite3_value *apKey[ASSOC_KEY_MAX];
  int i, nKey = c->pLive->pModel->nKey, nStored;
  const char *zStored;
  i64 n = 0;
  char *z;
  assert(nKey > 0 && nKey <= ASSOC_KEY_MAX); /* checkRoot() has seen to it */
  for (i = 0; i < nKey; i++) apKey[i] = sqlite3_column_value(pStmt, i);
  z = assocLiveCompute(c->pCall, c->pPlan, apKey, &n);
  zStored = (const char *)sqlite3_column_text(pStmt, nKey);
  nStored = sqlite3_column_bytes(pStmt, nKey);
  c->nChecked += zStored != 0;
  if (c->pCall->rc == SQLITE_OK &&
      ((z == 0) != (zStored == 0) ||
       (z && (nStored != n || memcmp(z, zStored, (size_t)n) != 0)))) {
    if (c->nWrong++) assocOutText(c->pOut, ",", 1);
    for (i = 0; i < nKey; i++) {
      if (nKey > 1) assocOutText(c->pOut, i ? "," : "[", 1);
      assocJsonValue(c->pOut, apKey[i], ASSOC_JSON_PLAIN);
    }
    if (nKey > 1) assocOutText(c->pOut, "]", 1);
  }
  sqlite3_free(z);
}

/* Append the key under the alias z: d."key1",d."key2"; of the root's table
** with bRoot. */
static void recomputeKey(AssocLive *p, sqlite3_str *pStr, char cAlias,
                         int bRoot) {
  int i;
  assert(cAlias == 'd' || cAlias == 'r');
  for (i = 0; i < p->pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s%c.\"%w\"", i ? "," : "", cAlias,
                        bRoot
                            ? p->pModel->pTable->aCol[p->pModel->aKey[i]].zName
                            : assocLiveKeyName(p, i));
  }
}

/* Compare the documents that the query pStr gives, which is freed: nMost of them,
** chosen at random, or all if nMost<0. */
static void recomputeRun(LiveChecker *c, sqlite3_str *pStr, i64 nMost) {
  sqlite3_stmt *pStmt;
  assert(c->pPlan || c->pCall->rc != SQLITE_OK);
  if (nMost >= 0) {
    sqlite3_str_appendf(pStr, " ORDER BY random() LIMIT %lld", nMost);
  }
  pStmt = assocPrepareText(c->pCall, assocStrFinish(c->pCall, pStr));
  while (assocStep(c->pCall, pStmt)) recomputeRow(c, pStmt);
  assocFinalize(c->pCall, pStmt);
}

/* Documents in the store. */
static void recomputeStored(LiveChecker *c, i64 nMost) {
  AssocLive *p = c->pLive;
  sqlite3_str *pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendall(pStr, "SELECT ");
  recomputeKey(p, pStr, 'd', 0);
  sqlite3_str_appendf(pStr, ",d.json FROM \"%w\".\"%w_doc\" d WHERE ",
                      p->pSchema->zName, p->zName);
  assocLiveFresh(c->pSet, p, pStr);
  recomputeRun(c, pStr, nMost);
}

/* Roots without a document, unless they are marked or a log may concern them.
*/
static void recomputeMissing(LiveChecker *c, i64 nMost) {
  AssocLive *p = c->pLive;
  sqlite3_str *pStr = sqlite3_str_new(c->pCall->db);
  int i;
  sqlite3_str_appendall(pStr, "SELECT ");
  recomputeKey(p, pStr, 'r', 1);
  sqlite3_str_appendf(pStr, ",NULL FROM \"%w\".\"%w\" r WHERE ",
                      p->pSchema->zName, p->pModel->pTable->zName);
  /* No document, and no mark: the store believes that there is no such root. */
  for (i = 0; i < 2; i++) {
    sqlite3_str_appendall(pStr, i ? " AND (" : "(");
    recomputeKey(p, pStr, 'r', 1);
    sqlite3_str_appendall(pStr, ") NOT IN (SELECT ");
    recomputeKey(p, pStr, 'd', 0);
    sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w_%s\" d%s)", p->pSchema->zName,
                        p->zName, i ? "mark" : "doc",
                        i ? "" : " WHERE d.json IS NOT NULL");
  }
  sqlite3_str_appendall(pStr, " AND ");
  assocLiveQuiet(c->pSet, p, pStr);
  recomputeRun(c, pStr, nMost);
}

/* Documents that are not known to be right: all, where the store cannot be
** trusted. */
static i64 recomputeStale(LiveChecker *c, int bTrust) {
  AssocLive *p = c->pLive;
  sqlite3_str *pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_stmt *pStmt;
  i64 n = 0;
  assert(p->pModel); /* The query is not broken */
  sqlite3_str_appendf(pStr,
                      "SELECT count(*) FROM \"%w\".\"%w_doc\" d WHERE d.json"
                      " IS NOT NULL",
                      p->pSchema->zName, p->zName);
  if (bTrust) {
    sqlite3_str_appendall(pStr, " AND NOT (");
    assocLiveFresh(c->pSet, p, pStr);
    sqlite3_str_appendall(pStr, ")");
  }
  pStmt = assocPrepareText(c->pCall, assocStrFinish(c->pCall, pStr));
  if (assocStep(c->pCall, pStmt)) n = sqlite3_column_int64(pStmt, 0);
  assocFinalize(c->pCall, pStmt);
  return n;
}

/* The first base table whose log has rows, or 0. */
static const LiveTable *recomputeLogged(AssocLiveSet *pSet,
                                        const AssocLive *p) {
  AssocCall *pCall = pSet->pCall;
  const LiveTable *pTab;
  for (pTab = pSet->pTable; pTab; pTab = pTab->pNext) {
    sqlite3_stmt *pStmt;
    int bRows;
    if (!assocLiveReads(p, pTab)) continue;
    pStmt =
        assocPrepare(pCall, "SELECT 1 FROM \"%w\".\"%w\" WHERE %s>=0 LIMIT 1",
                     p->pSchema->zName, pTab->zLog, assocLiveRowid(pTab));
    bRows = assocStep(pCall, pStmt);
    assocFinalize(pCall, pStmt);
    if (bRows) return pTab;
  }
  return 0;
}

void assocLiveState(AssocLiveSet *pSet, AssocLive *p, LiveState *pState) {
  LiveChecker c = {.pCall = pSet->pCall, .pSet = pSet, .pLive = p};
  const LiveTable *pTab = recomputeLogged(pSet, p);
  int bTrust = assocLiveTrusted(p);
  memset(pState, 0, sizeof(*pState));
  /* First all documents, then those that are not known to be right. */
  pState->nDocument = recomputeStale(&c, 0);
  pState->nRight = pState->nDocument - recomputeStale(&c, bTrust);
  assert(pState->nRight >= 0 || pSet->pCall->rc != SQLITE_OK);
  pState->bStored = bTrust && pTab == 0;
  if (!bTrust) {
    pState->zWhy =
        assocMprintf(pSet->pCall, "definitions or tables have changed "
                                  "since the last refresh");
  } else if (pTab) {
    pState->zWhy = assocMprintf(pSet->pCall, "changes of %s wait for a refresh",
                                pTab->pTab->zName);
  } else if (pState->nRight < pState->nDocument) {
    pState->zWhy = assocMprintf(pSet->pCall, "marked documents are computed");
  } else {
    pState->zWhy = assocMprintf(pSet->pCall, "nothing has changed since");
  }
}

i64 assocLiveCheck(AssocLiveSet *pSet, AssocLive *p, i64 nMost,
                   AssocOut *pOut) {
  LiveChecker c = {.pCall = pSet->pCall, .pSet = pSet, .pLive = p};
  AssocOut wrong;
  int bTrust = assocLiveTrusted(p);
  i64 nStale = recomputeStale(&c, bTrust), n = 0;
  char *z;
  assert(p->zBroken == 0);
  assocBufInit(&wrong, 0x7fffffff);
  c.pOut = &wrong;
  c.pPlan = assocPlanGet(pSet->pCall, pSet->pCat, ASSOC_ASK_KEY, 0, p->zQuery);
  assocOutText(&wrong, "[", 1);
  if (bTrust) recomputeStored(&c, nMost);
  /* Missing documents are looked for only while nothing waits: a mark or a log
  ** row may be about just these roots. */
  if (bTrust && nStale == 0) recomputeMissing(&c, nMost);
  assocPlanRelease(pSet->pCall, c.pPlan);
  assocOutText(&wrong, "]", 1);
  z = assocBufText(pSet->pCall, &wrong, &n);
  assocOutPrintf(pOut, "{\"checked\":%lld,\"stale\":%lld,\"wrong\":%s}",
                 c.nChecked, nStale, z ? z : "[]");
  sqlite3_free(z);
  return c.nWrong;
}

/* Documents that assoc_check computes of each live document. */
#define CHECK_SAMPLE 20

void assocLiveProblem(AssocLiveSet *pSet, AssocLive *p, LiveProblem *pProblem) {
  AssocCall *pCall = pSet->pCall;
  AssocOut out;
  i64 n = 0, nWrong;
  char *z;
  memset(pProblem, 0, sizeof(*pProblem));
  if (p->zBroken) {
    pProblem->zSeverity = "error";
    pProblem->zProblem = "live query";
    pProblem->zDetail = assocMprintf(
        pCall,
        "the query of the live document %s has an error: %s; define what is "
        "missing, or forget it: SELECT assoc_unlive(%Q)",
        p->zName, p->zBroken, p->zName);
    return;
  }
  if (!assocLiveTrusted(p)) {
    pProblem->zSeverity = "warning";
    pProblem->zProblem = "live store";
    pProblem->zDetail = assocMprintf(
        pCall,
        "definitions or tables of the live document %s have changed since its "
        "last refresh, so all its documents are computed when they are read",
        p->zName);
    pProblem->zFix = assocMprintf(pCall, "SELECT assoc_refresh(%Q);", p->zName);
    return;
  }
  assocBufInit(&out, 0x7fffffff);
  nWrong = assocLiveCheck(pSet, p, CHECK_SAMPLE, &out);
  z = assocBufText(pCall, &out, &n);
  if (z && nWrong) {
    pProblem->zSeverity = "error";
    pProblem->zProblem = "live document";
    pProblem->zDetail = assocMprintf(
        pCall,
        "documents of %s are not what its query gives: %s; something has "
        "written without triggers",
        p->zName, z);
    pProblem->zFix = assocMprintf(
        pCall, "SELECT assoc_refresh(%Q, '{\"all\":true}');", p->zName);
  }
  sqlite3_free(z);
}
