/*
** Live documents in assoc_list, assoc_check, assoc_explain and assoc_dump.
**
**   SELECT association, kind, options FROM assoc_list WHERE kind = 'live';
**   SELECT assoc_dump();    -- … SELECT assoc_live('feed', 'Post{...}');
*/
#include "surface/surface.h"
#include "live/live.h"

void assocLiveEach(AssocCall *pCall, AssocCatalog *pCat,
                   void (*xRow)(AssocCall *, void *, AssocSchema *,
                                const char *zName, const char *zQuery),
                   void *pArg) {
  AssocSchema *p = pCat ? pCat->pSchema : 0;
  if (pCall->pConn->pSession) return; /* They are the owner's */
  for (; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    sqlite3_stmt *pStmt;
    if (!assocLiveHas(pCall, p)) continue;
    pStmt = assocPrepare(
        pCall, "SELECT name,query FROM \"%w\"." LIVE_STORE " ORDER BY name",
        p->zName);
    while (assocStep(pCall, pStmt)) {
      xRow(pCall, pArg, p, assocColumnText(pCall, pStmt, 0),
           assocColumnText(pCall, pStmt, 1));
    }
    assocFinalize(pCall, pStmt);
  }
}

/* One call of assoc_live(), on a line of its own. */
static void dumpRow(AssocCall *pCall, void *pArg, AssocSchema *pSchema,
                    const char *zName, const char *zQuery) {
  sqlite3_str *pStr = pArg;
  (void)pCall, (void)pSchema;
  if (sqlite3_str_length(pStr) > 0) sqlite3_str_appendall(pStr, "\n");
  sqlite3_str_appendf(pStr, "SELECT assoc_live(%Q, %Q);", zName, zQuery);
}

void assocLiveDump(AssocCall *pCall, AssocCatalog *pCat, sqlite3_str *pStr) {
  assocLiveEach(pCall, pCat, dumpRow, pStr);
}

/* The model that a query names: as it spells it. */
static const char *queryModel(AssocCall *pCall, AssocArena *pMem,
                              const char *zQuery) {
  AssocCall ask;
  AssocShape *pShape;
  const ShapeName *pName;
  const char *z = 0;
  assocTryBegin(&ask, pCall);
  pShape = assocShapeParse(&ask, pMem, SHAPE_QUERY, zQuery, -1);
  for (pName = pShape ? pShape->pModel : 0; pName; pName = pName->pNext) {
    z = z ? assocArenaPrintf(&ask, pMem, "%s.%s", z, pName->z) : pName->z;
  }
  return assocTryEnd(&ask, pCall, 0) ? 0 : z;
}

/* One row of assoc_list: the name, the query as JSON. */
static void listRow(AssocCall *pCall, void *pArg, AssocSchema *pSchema,
                    const char *zName, const char *zQuery) {
  AssocRows *p = pArg;
  AssocArena mem;
  AssocOut out;
  char *z;
  i64 n = 0;
  memset(&mem, 0, sizeof(mem));
  assocBufInit(&out, 0x7fffffff);
  assocOutPrintf(&out, "{\"query\":");
  assocJsonString(&out, zQuery, (i64)strlen(zQuery));
  assocOutText(&out, "}", 1);
  z = assocBufText(pCall, &out, &n);
  assocRowsAdd(pCall, p);
  assocRowsText(pCall, p, LIST_MODEL, queryModel(pCall, &mem, zQuery));
  assocRowsText(pCall, p, LIST_ASSOCIATION, zName);
  assocRowsText(pCall, p, LIST_KIND, "live");
  assocRowsText(pCall, p, LIST_OPTIONS, z);
  assocRowsText(pCall, p, LIST_SOURCE, "declared");
  assocRowsText(pCall, p, LIST_SCHEMA, pSchema->zName);
  sqlite3_free(z);
  assocArenaFree(&mem);
}

void assocLiveListRows(AssocCall *pCall, AssocCatalog *pCat, AssocRows *p) {
  assocLiveEach(pCall, pCat, listRow, p);
}

void assocLiveCheckRows(AssocCall *pCall, AssocCatalog *pCat, AssocRows *p) {
  AssocSchema *pSchema = pCat ? pCat->pSchema : 0;
  if (pCall->pConn->pSession) return;
  for (; pSchema && pCall->rc == SQLITE_OK; pSchema = pSchema->pNext) {
    AssocLiveSet set;
    AssocLive *pLive;
    if (!assocLiveHas(pCall, pSchema)) continue;
    assocLiveSetRead(pCall, &set, pCat, pSchema, 0, 0);
    for (pLive = set.pLive; pLive && pCall->rc == SQLITE_OK;
         pLive = pLive->pNext) {
      LiveProblem problem;
      assocLiveProblem(&set, pLive, &problem);
      if (problem.zSeverity) {
        assocRowsAdd(pCall, p);
        assocRowsText(pCall, p, CHECK_SEVERITY, problem.zSeverity);
        assocRowsText(pCall, p, CHECK_MODEL,
                      pLive->pModel ? pLive->pModel->zLabel : 0);
        assocRowsText(pCall, p, CHECK_ASSOCIATION, pLive->zName);
        assocRowsText(pCall, p, CHECK_PROBLEM, problem.zProblem);
        assocRowsText(pCall, p, CHECK_DETAIL, problem.zDetail);
        assocRowsText(pCall, p, CHECK_FIX, problem.zFix);
      }
      sqlite3_free(problem.zDetail);
      sqlite3_free(problem.zFix);
    }
    assocLiveSetClear(&set);
  }
}

char *assocLiveExplainRow(AssocCall *pCall, AssocCatalog *pCat, AssocRows *p,
                          const char *zName) {
  const char *zBare = 0;
  AssocSchema *pSchema = 0;
  AssocLiveSet set;
  AssocLive *pLive;
  LiveState state = {0};
  char *z = 0;
  /* A shape with a block is no name. */
  if (pCall->pConn->pSession || strchr(zName, '{')) return 0;
  if (pCat) pSchema = assocLiveSeek(pCall, pCat, zName, &zBare);
  if (pSchema == 0 || assocSchemaIndex(pSchema, zBare) >= 0) return 0;
  assocLiveSetRead(pCall, &set, pCat, pSchema, zBare, 0);
  pLive = pCall->rc == SQLITE_OK ? assocLiveOf(&set, zBare) : 0;
  if (pLive) {
    assocLiveState(&set, pLive, &state);
    assocRowsAdd(pCall, p);
    assocRowsText(pCall, p, EXPLAIN_PATH, pLive->zName);
    assocRowsText(pCall, p, EXPLAIN_STRATEGY,
                  state.bStored ? "stored" : "computed");
    assocRowsText(pCall, p, EXPLAIN_WHY, state.zWhy);
    assocRowsInt(pCall, p, EXPLAIN_ESTIMATED, state.nDocument);
    assocRowsInt(pCall, p, EXPLAIN_ACTUAL, state.nRight);
    z = assocMprintf(pCall, "%s", pLive->zQuery);
  }
  sqlite3_free(state.zWhy);
  assocLiveSetClear(&set);
  return z;
}
