/*
** assoc_explain() and assoc_sql(): how a query is loaded.
**
**    SELECT path, strategy, why, actual FROM assoc_explain('User{posts}');
**    SELECT assoc_sql('User{name posts{title}}');
**
** assoc_explain() shows the plan that eager() has for the same text. After a
** run, actual is the number of rows that each node gave, and strategy and why
** say what was done. Before a run they say what would be done, for as many
** parents as the statistics let expect. Each condition on related rows has a
** row of its own behind its node: it says whether EXISTS or IN is used. In front
** of the query of a live document, a row says how documents are read now.
*/
#include "surface/surface.h"

/* "SEARCH t1 USING COVERING INDEX posts_user (user_id=?)": the name. OUT: *pn
** bytes of it. 0 if the line speaks of no index. */
static const char *explainIndex(const char *z, int *pn) {
  static const char *const az[] = {"USING INDEX ", "USING COVERING INDEX ",
                                   "USING AUTOMATIC PARTIAL COVERING INDEX ",
                                   "USING AUTOMATIC COVERING INDEX "};
  int i;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    const char *zAt = strstr(z, az[i]);
    const char *zEnd;
    if (zAt == 0) continue;
    /* An automatic index has no name: the words stand for it. */
    if (i >= 2) zAt += strlen("USING ");
    zAt += i < 2 ? strlen(az[i]) : 0;
    zEnd = strstr(zAt, " FOR IN-OPERATOR");
    if (zEnd == 0) zEnd = strstr(zAt, " (");
    *pn = zEnd ? (int)(zEnd - zAt) : (int)strlen(zAt);
    assert(*pn >= 0);
    return zAt;
  }
  if (strstr(z, "PRIMARY KEY (") == 0) return 0;
  *pn = (int)strlen("PRIMARY KEY");
  return "PRIMARY KEY";
}

/* Is z, n bytes of it, in a list with commas? */
static int explainListed(const char *zList, const char *z, int n) {
  for (; zList; zList = strchr(zList, ',')) {
    while (*zList == ',' || *zList == ' ') zList++;
    assert(n > 0);
    if (strncmp(zList, z, (size_t)n) == 0 &&
        (zList[n] == 0 || zList[n] == ',')) {
      return 1;
    }
  }
  return 0;
}

/* All the indexes that SQLite uses for a statement, as it says itself.
** OUT: freed with sqlite3_free(). */
static char *explainIndexes(AssocCall *pCall, AssocPlan *pPlan,
                            const AssocFetch *pFetch) {
  char *zList = assocMprintf(pCall, "%s", "");
  sqlite3_stmt *pStmt = assocFetchExplain(pCall, pPlan, pFetch);
  while (zList && assocStep(pCall, pStmt)) {
    int n = 0;
    const char *z = explainIndex(assocColumnText(pCall, pStmt, 3), &n);
    char *zOld = zList;
    /* An index that serves several tables of the statement is shown once. */
    if (z == 0 || explainListed(zList, z, n)) continue;
    zList = assocMprintf(pCall, "%s%s%.*s", zOld, zOld[0] ? ", " : "", n, z);
    sqlite3_free(zOld);
  }
  assocFinalize(pCall, pStmt);
  return zList;
}

/* A row for each condition on related rows: how it is asked, and why. */
static void explainChoices(AssocCall *pCall, AssocRows *p,
                           const AssocNode *pNode, const AssocFetch *pFetch) {
  const AssocChoice *pChoice;
  for (pChoice = pFetch->pChoice; pChoice; pChoice = pChoice->pNext) {
    char *z = assocMprintf(pCall, "%s: %s", pNode->zPath, pChoice->zWhat);
    /* One row for each condition on related rows: IN or EXISTS, and why. */
    assert(pNode->zPath);
    assocRowsAdd(pCall, p);
    assocRowsText(pCall, p, EXPLAIN_PATH, z);
    assocRowsText(pCall, p, EXPLAIN_STRATEGY, pChoice->bIn ? "in" : "exists");
    assocRowsText(pCall, p, EXPLAIN_WHY, pChoice->zWhy);
    sqlite3_free(z);
  }
}

/* What is run; of many to many there may be two statements. False if a session
** may not know it: then the indexes and choices are not for its eyes either. */
static int explainSql(AssocCall *pCall, AssocRows *p, const AssocNode *pNode,
                      const AssocFetch *pFetch) {
  char *z = 0;
  int bTells;
  if (pFetch == &pNode->scan && pNode->ends.zSql) {
    z = assocMprintf(pCall, "%s; %s", pNode->ends.zSql, pFetch->zSql);
  }
  /* A session does not see texts that tell what is hidden from it. */
  bTells = assocTextTells(pCall, pNode->pPlan->pCat, z ? z : pFetch->zSql, 1);
  if (!bTells) assocRowsText(pCall, p, EXPLAIN_SQL, z ? z : pFetch->zSql);
  sqlite3_free(z);
  return !bTells;
}

/* The models whose policies bound the node's rows. */
static void explainPolicies(AssocCall *pCall, AssocRows *p,
                            const AssocNode *pNode) {
  const AssocTable *ap[2];
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  char *z;
  int i;
  ap[0] = pNode->pModel->pTable;
  ap[1] = pNode->pRel ? pNode->pRel->pThrough : 0;
  for (i = 0; i < 2; i++) {
    const AssocPolicy *q = ap[i] ? assocPolicyOf(pCall, ap[i]) : 0;
    for (; q; q = assocPolicyNext(pCall, q)) {
      /* Not shown: policies that let everything be read, and a name that the
      ** session may not know. */
      if (q->aSay[ASSOC_MAY_READ] <= ASSOC_SAY_ALL) continue;
      if (!assocModelShown(pCall, q->pModel)) continue;
      sqlite3_str_appendf(pStr, "%s%s", sqlite3_str_length(pStr) ? ", " : "",
                          q->pModel->zLabel);
    }
  }
  z = assocStrFinish(pCall, pStr);
  if (z && z[0]) assocRowsText(pCall, p, EXPLAIN_POLICY, z);
  sqlite3_free(z);
}

/*
** One row for a node, and one for each of its conditions on related rows. nUp
** is the number of parents to expect; the result is the number of rows to
** expect. What the last run did is shown, unless a strategy is forced: then the
** row says what would be done now.
*/
static i64 explainNode(AssocCall *pCall, AssocRows *p, AssocNode *pNode,
                       i64 nUp) {
  u8 eWhy = ASSOC_WHY_ROOTS;
  AssocTable *pTab = pNode->pRel && pNode->pRel->pThrough
                         ? pNode->pRel->pThrough
                         : pNode->pModel->pTable;
  i64 nRow = assocTableRows(pCall, pTab), nWanted = 0;
  int bScan = 1;
  const AssocFetch *pFetch;
  char *zIndex;
  int bShown;
  if (pNode->pParent) {
    bScan = assocChoose(pCall, pNode, nUp, &eWhy, &nWanted);
    if (nWanted == 0) nWanted = pNode->bMany ? nRow : nUp;
    if (nWanted > nRow) nWanted = nRow;
  } else {
    nWanted = nRow;
  }
  if (pNode->last.eWay && assocLoadState(pCall)->eForce == ASSOC_FORCE_NOT) {
    bScan = pNode->last.eWay == ASSOC_WAY_SCAN;
    if (pNode->last.eWhy) eWhy = pNode->last.eWhy;
  }
  pFetch = bScan           ? &pNode->scan
           : pNode->bSorts ? &pNode->lookupOne
                           : &pNode->lookup;
  zIndex = explainIndexes(pCall, pNode->pPlan, pFetch);
  assocRowsAdd(pCall, p);
  assocRowsText(pCall, p, EXPLAIN_PATH, pNode->zPath);
  assocRowsText(pCall, p, EXPLAIN_STRATEGY, bScan ? "scan" : "lookup");
  assocRowsText(pCall, p, EXPLAIN_WHY, assocWhyText(eWhy));
  bShown = explainSql(pCall, p, pNode, pFetch);
  if (bShown && zIndex && zIndex[0] &&
      (!bScan || strcmp(zIndex, "PRIMARY KEY") != 0)) {
    assocRowsText(pCall, p, EXPLAIN_INDEX, zIndex);
  }
  sqlite3_free(zIndex);
  explainPolicies(pCall, p, pNode);
  if (pCall->pConn->pSession == 0) { /* It counts what a session cannot see */
    assocRowsInt(pCall, p, EXPLAIN_ESTIMATED, nWanted);
  }
  if (pNode->last.nActual >= 0) {
    assocRowsInt(pCall, p, EXPLAIN_ACTUAL, pNode->last.nActual);
  }
  if (bShown) explainChoices(pCall, p, pNode, pFetch);
  return nWanted;
}

/* The node after this one: each node stands before the nodes below it, in the
** order of the shape. */
static AssocNode *explainNext(AssocNode *pNode) {
  assert(pNode);
  if (pNode->pChild) return pNode->pChild;
  while (pNode && pNode->pNext == 0) pNode = pNode->pParent;
  return pNode ? pNode->pNext : 0;
}

/* The rows of one root's plan. Parents come before children, so the estimate of
** a parent's rows is known when its children are estimated. */
static void explainPlan(AssocCall *pCall, AssocRows *p, AssocPlan *pPlan) {
  i64 *an = assocMalloc(pCall, (i64)sizeof(i64) * pPlan->nNode);
  AssocNode *pNode = an ? pPlan->pRoot : 0;
  for (; pNode && pCall->rc == SQLITE_OK; pNode = explainNext(pNode)) {
    assert(pNode->iNode < pPlan->nNode);
    assert(pNode->pParent == 0 || pNode->pParent->iNode < pNode->iNode);
    an[pNode->iNode] = explainNode(
        pCall, p, pNode, pNode->pParent ? an[pNode->pParent->iNode] : 1);
  }
  sqlite3_free(an);
}

/* The rows of assoc_explain: first one for a live document, if the query is
** the name of one, then one for each node of the plan. */
static void explainMake(AssocCall *pCall, AssocRows *p, int nArg,
                        sqlite3_value **ap) {
  const char *zQuery = assocArgText(pCall, ap[0], "the query");
  AssocCatalog *pCat;
  AssocPlan *pPlan, *pOne;
  char *zLive;
  (void)nArg;
  if (zQuery == 0) return;
  pCat = assocCatalogEnter(pCall);
  zLive = assocLiveExplainRow(pCall, pCat, p, zQuery);
  pPlan = assocPlanGet(pCall, pCat, ASSOC_ASK_EAGER, 0, zLive ? zLive : zQuery);
  sqlite3_free(zLive);
  /* Several queries of one text: a plan for each, linked by pAnd */
  for (pOne = pPlan; pOne; pOne = pOne->pAnd) {
    explainPlan(pCall, p, pOne);
  }
  assocPlanRelease(pCall, pPlan);
  assocCatalogLeave(pCall, pCat);
}

const AssocRowsTable assocExplainTable = {
    "assoc_explain",
    "CREATE TABLE x(path, strategy, why, sql, index_used, estimated, actual,"
    " policy, query HIDDEN)",
    8,
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
  if (z && assocTextTells(pCall, pCat, z, 1)) {
    assocErrorOf(pCall, ASSOC_E_REFUSED, 0, "assoc_sql",
                 "assoc_sql() would show what is hidden from the session");
  }
  /* A statement that SQLite could not prepare is an error here, not later. */
  if (z) assocTextFits(pCall, z);
  assocPlanRelease(pCall, pPlan);
  assocCatalogLeave(pCall, pCat);
  if (z && pCall->rc == SQLITE_OK) {
    sqlite3_result_text(pCtx, z, -1, sqlite3_free);
  } else {
    sqlite3_free(z);
  }
}

const AssocFunction aAssocExplainFunction[] = {
    {"assoc_sql", 1, 1, SQLITE_UTF8, sqlFunc, "query", 0},
    {0, 0, 0, 0, 0, 0, 0}};
