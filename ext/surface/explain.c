/*
** How a query is loaded.
**
**   SELECT path, strategy, why, actual FROM assoc_explain('User{posts}');
**   SELECT assoc_sql('User{name posts{title}}');
**   SELECT assoc_config('strategy', 'lookup');
**
** assoc_explain() speaks of the plan that eager() has for the same text:
** after a run the column actual has the rows that each node gave, and
** strategy what was done; before it, what would be done for as many parents
** as statistics let expect.
*/
#include "surface/surface.h"

#define EXPLAIN_PATH 0
#define EXPLAIN_STRATEGY 1
#define EXPLAIN_WHY 2
#define EXPLAIN_SQL 3
#define EXPLAIN_INDEX 4
#define EXPLAIN_ESTIMATED 5
#define EXPLAIN_ACTUAL 6

/* Rows that the node is expected to give to nUp parents. */
static i64 explainNode(AssocCall *pCall, AssocRows *p, AssocNode *pNode,
                       i64 nUp) {
  const char *zWhy = "all roots are asked for";
  i64 nRow = assocTableRows(pCall, pNode->pModel->pTable), nWanted = 0;
  int bScan = 1;
  if (pNode->pParent) {
    bScan = assocChoose(pCall, pNode, nUp, &zWhy, &nWanted);
    if (nWanted == 0) nWanted = pNode->bMany ? nRow : nUp;
    if (nWanted > nRow) nWanted = nRow;
  } else {
    nWanted = nRow;
  }
  if (pNode->zStrategy) bScan = pNode->zStrategy[0] == 's';
  assocRowsAdd(pCall, p);
  assocRowsText(pCall, p, EXPLAIN_PATH, pNode->zPath);
  assocRowsText(pCall, p, EXPLAIN_STRATEGY, bScan ? "scan" : "lookup");
  assocRowsText(pCall, p, EXPLAIN_WHY, zWhy);
  assocRowsText(pCall, p, EXPLAIN_SQL,
                bScan ? pNode->scan.zSql : pNode->lookup.zSql);
  if (pNode->zIndex && !bScan) {
    assocRowsText(pCall, p, EXPLAIN_INDEX,
                  pNode->zIndex[0] ? pNode->zIndex : "PRIMARY KEY");
  }
  assocRowsInt(pCall, p, EXPLAIN_ESTIMATED, nWanted);
  if (pNode->nActual >= 0) {
    assocRowsInt(pCall, p, EXPLAIN_ACTUAL, pNode->nActual);
  }
  return nWanted;
}

static void explainMake(AssocCall *pCall, AssocRows *p, int nArg,
                        sqlite3_value **ap) {
  const char *zQuery = assocArgText(pCall, ap[0], "the query");
  AssocCatalog *pCat;
  AssocPlan *pPlan;
  i64 *an = 0;
  int i;
  (void)nArg;
  if (zQuery == 0) return;
  pCat = assocCatalogEnter(pCall);
  pPlan = assocPlanGet(pCall, pCat, ASSOC_ASK_EAGER, 0, zQuery);
  if (pPlan) an = assocMalloc(pCall, (i64)sizeof(i64) * pPlan->nNode);
  for (i = 0; an && i < pPlan->nNode && pCall->rc == SQLITE_OK; i++) {
    AssocNode *pNode = pPlan->apNode[i];
    an[i] = explainNode(pCall, p, pNode,
                        pNode->pParent ? an[pNode->pParent->iNode] : 1);
  }
  sqlite3_free(an);
  assocPlanRelease(pCall, pPlan);
  assocCatalogLeave(pCall, pCat);
}

const AssocRowsTable assocExplainTable = {
    "assoc_explain",
    "CREATE TABLE x(path, strategy, why, sql, index_used, estimated, actual,"
    " query HIDDEN)",
    7,
    1,
    1,
    explainMake};

/* assoc_sql(query): the same load as one plain SQL statement */
static void sqlFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  const char *zQuery = assocArgText(pCall, ap[0], "the query");
  AssocCatalog *pCat;
  AssocPlan *pPlan;
  char *z = 0;
  (void)nArg;
  if (zQuery == 0) return;
  pCat = assocCatalogEnter(pCall);
  pPlan = assocPlanGet(pCall, pCat, ASSOC_ASK_EAGER, 0, zQuery);
  if (pPlan) z = assocPlanSql(pCall, pPlan);
  assocPlanRelease(pCall, pPlan);
  assocCatalogLeave(pCall, pCat);
  if (z) sqlite3_result_text(pCtx, z, -1, sqlite3_free);
}

/* ----------------------------------------------------------------- config */

/* Nesting deeper than this would be more than a small stack bears. */
#define CONFIG_DEPTH_MAX 1000
#define CONFIG_ITEM_MAX 1000000

static const char *const azStrategy[] = {"auto", "lookup", "scan"};

static void configStrategy(AssocCall *pCall, sqlite3_context *pCtx,
                           sqlite3_value *pVal) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  const char *z = pVal ? assocArgText(pCall, pVal, "the strategy") : 0;
  int i;
  if (pLoad == 0) return;
  for (i = 0; z && i < 3; i++) {
    if (sqlite3_stricmp(z, azStrategy[i]) == 0) break;
  }
  if (z && i == 3) {
    assocError(pCall, "'%s' is no strategy; there are auto, lookup and scan",
               z);
    return;
  }
  if (z) pLoad->eForce = (u8)i;
  sqlite3_result_text(pCtx, azStrategy[pLoad->eForce], -1, SQLITE_STATIC);
}

static void configNumber(AssocCall *pCall, sqlite3_context *pCtx,
                         const char *zName, int *pi, int iMax,
                         sqlite3_value *pVal) {
  if (pVal) {
    i64 i = sqlite3_value_int64(pVal);
    if (sqlite3_value_type(pVal) != SQLITE_INTEGER || i < 1 || i > iMax) {
      assocError(pCall, "%s is a number from 1 to %d", zName, iMax);
      return;
    }
    *pi = (int)i;
  }
  sqlite3_result_int(pCtx, *pi);
}

/* assoc_config(name [, value]): what the connection has, after setting it */
static void configFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                       sqlite3_value **ap) {
  const char *z = assocArgText(pCall, ap[0], "the name");
  sqlite3_value *pVal = nArg > 1 ? ap[1] : 0;
  if (z == 0) return;
  if (sqlite3_stricmp(z, "strategy") == 0) {
    configStrategy(pCall, pCtx, pVal);
  } else if (sqlite3_stricmp(z, "depth") == 0) {
    configNumber(pCall, pCtx, "depth", &pCall->pConn->mxDepth, CONFIG_DEPTH_MAX,
                 pVal);
  } else if (sqlite3_stricmp(z, "items") == 0) {
    configNumber(pCall, pCtx, "items", &pCall->pConn->mxItem, CONFIG_ITEM_MAX,
                 pVal);
  } else {
    assocError(pCall,
               "there is no setting '%s'; there are strategy, depth "
               "and items",
               z);
  }
}

const AssocFunction aAssocExplainFunction[] = {
    {"assoc_sql", 1, 1, SQLITE_UTF8, sqlFunc, "query"},
    {"assoc_config", 1, 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, configFunc,
     "name [, value]"},
    {0, 0, 0, 0, 0, 0}};
