/*
** Scan or lookup?
**
** Chosen for each node when it is known how many keys its parents have, by
** what statistics or the span of rowids say of the size of its table.
*/
#include "load/load.h"

/* The table that a scan goes through: of many-to-many the join table. */
static AssocTable *scannedTable(const AssocNode *pNode) {
  return pNode->pRel && pNode->pRel->eKind == ASSOC_BELONGSTOMANY
             ? pNode->pRel->pThrough
             : pNode->pModel->pTable;
}

/* Rows that nKey parents have, as far as statistics tell. */
static i64 wantedRows(AssocCall *pCall, AssocNode *pNode, i64 nKey) {
  i64 nRow = assocTableRows(pCall, scannedTable(pNode));
  i64 nUp = pNode->pParent
                ? assocTableRows(pCall, pNode->pParent->pModel->pTable)
                : 1;
  i64 nWanted = nUp > nKey ? (nRow * nKey) / nUp : nRow;
  if (!pNode->bMany && pNode->bOne) nWanted = nKey;
  return nWanted < nRow ? nWanted : nRow;
}

/* Rows that a list is limited to, as far as the shape tells. */
static i64 limitOf(const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  const ShapeVal *pMost = pNode->pPage ? pNode->pPage->pMost
                          : pC         ? pC->pLimit
                                       : 0;
  if (!pNode->bMany) return 1;
  if (pMost == 0) return ((i64)1) << 40;
  return pMost->eType == SHAPE_VAL_INT && pMost->i >= 0 ? pMost->i + 1 : 20;
}

/* Do the rows of a lookup come in their order, from an index? Then a limit
** ends it early. What only ties are sorted by does not count. */
static int comesInOrder(AssocCall *pCall, AssocNode *pNode) {
  sqlite3_stmt *pStmt;
  if (pNode->eOrder) return pNode->eOrder > 0;
  pNode->eOrder = 1;
  pStmt = assocPrepare(pCall, "EXPLAIN QUERY PLAN %s", pNode->lookup.zSql);
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 3);
    if (z && strcmp(z, "USE TEMP B-TREE FOR ORDER BY") == 0) pNode->eOrder = -1;
  }
  assocFinalize(pCall, pStmt);
  return pNode->eOrder > 0;
}

/*
** Scan or lookup? Costs are in rows of a scan that no parent wants, which
** is the cheapest thing there is; measured on wide and narrow tables.
**
**   a lookup             12 for the statement, 6 for each row that it gives,
**                         and 4 for each that it sorts
**   a scan                1 for each row of the table, 10 more if they are
**                         sorted, and 3 for each that is wanted
*/
int assocChoose(AssocCall *pCall, AssocNode *pNode, i64 nKey,
                const char **pzWhy, i64 *pnWanted) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  i64 nRow, nFound, nWanted, nLookup;
  int bScan;
  *pnWanted = 0;
  if (pNode->bLookupOnly) {
    *pzWhy = "its key has a collation that only SQL can compare";
    return 0;
  }
  if (pNode->lookup.zSql == 0) {
    *pzWhy = "all rows are asked for";
    return 1;
  }
  if (pLoad && pLoad->eForce) {
    *pzWhy = "assoc_config('strategy') says so";
    return pLoad->eForce == ASSOC_FORCE_SCAN;
  }
  if (pNode->zIndex == 0) {
    *pzWhy = nKey == 1         ? "there is one key"
             : pNode->bChanges ? "the types of the keys differ, and no index "
                                 "serves"
                               : "no index serves the key";
    return nKey > 1;
  }
  if (pNode->bDear && nKey > 1) {
    *pzWhy = "an index serves the key, but not what else is asked";
    return 1;
  }
  if (nKey < 8) {
    *pzWhy = "there are few keys";
    return 0;
  }
  nRow = assocTableRows(pCall, scannedTable(pNode));
  nFound = nWanted = wantedRows(pCall, pNode, nKey);
  if (nWanted / nKey >= limitOf(pNode)) nWanted = nKey * limitOf(pNode);
  *pnWanted = nWanted;
  nLookup = nKey * 12 + nWanted * 6;
  if (nWanted < nFound && !comesInOrder(pCall, pNode)) nLookup += nFound * 4;
  bScan = nRow * (pNode->bSorted ? 11 : 1) + nWanted * 3 < nLookup;
  *pzWhy = bScan ? "most of the table is wanted"
                 : "a small part of the table is wanted";
  return bScan;
}

/*
** The table related is asked for one key after another and cannot know
** how many will come: it takes the pairs of all when what it looked up has
** cost as much as that would, so it never costs more than twice the better
** way. Measured in rows of such a scan a lookup is 12, and 2 for each of its
** rows. Of very many rows the pairs would not fit into memory.
*/
int assocChoosePairs(AssocCall *pCall, const AssocNode *pRoot,
                     const AssocPairs *pPairs, i64 nKey, i64 nId) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  i64 nRow;
  if (pPairs->fetch.zSql == 0 || pLoad == 0) return 0;
  if (pLoad->eForce) return pLoad->eForce == ASSOC_FORCE_SCAN;
  if (pPairs->zIndex == 0) return nKey > 3;
  if (nKey < 64) return 0;
  nRow = assocTableRows(pCall, assocRelForeignTable(pRoot->pPlan->pAnswer));
  return nKey * 12 + nId * 2 >= nRow && nRow <= 4000000;
}
