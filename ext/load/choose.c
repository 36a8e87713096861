/*
** Scan or lookup?
**
** Each run chooses for each node, once it knows how many keys the parents have.
** The size of the node's table comes from the statistics of ANALYZE, else from
** the rowids.
*/
#include "load/node.h"

/* The texts of ASSOC_WHY_*, in their order. */
const char *assocWhyText(int eWhy) {
  static const char *const az[] = {
      0,
      "all roots are asked for",
      "its key has a collation that only SQL can compare",
      "all rows are asked for",
      "assoc_config('strategy') says so",
      "there is one key",
      "the types of the keys differ, and no index serves",
      "no index serves the key",
      "an index serves the key, but not what else is asked",
      "there are few keys",
      "most of the table is wanted",
      "a small part of the table is wanted",
      "they are computed together with another aggregate",
      "the scan failed, perhaps at rows that the query does not need"};
  assert(ASSOC_COUNT(az) == ASSOC_WHY_COUNT);
  assert(eWhy >= 0 && eWhy < ASSOC_WHY_COUNT);
  return az[eWhy];
}

/* The table that a scan reads: for many-to-many the join table. */
static AssocTable *scannedTable(const AssocNode *pNode) {
  return pNode->pRel->eKind == ASSOC_BELONGSTOMANY ? pNode->pRel->pThrough
                                                   : pNode->pModel->pTable;
}

/* The rows that a scan reads. Over a path on which several ways may lead to a
** row, it reads all tables of the path, to make the pairs of its ends. */
static i64 scannedRows(AssocCall *pCall, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  i64 n = 0;
  int i;
  assert(pRel); /* The roots are read once, and nothing is to choose */
  if (pRel->nPath == 0 || pNode->bDown) {
    return assocTableRows(pCall, scannedTable(pNode));
  }
  /* A scan of a path reads the tables of all its steps. */
  for (i = 0; i < pRel->nPath; i++) {
    const AssocRel *pStep = pRel->apPath[i];
    n += assocTableRows(pCall, pStep->pTarget->pTable);
    if (pStep->pThrough) n += assocTableRows(pCall, pStep->pThrough);
  }
  return n;
}

/* Are the parents all rows of their table? The table eager() loads batches. The
** roots of a query always have clauses. */
static int hasAllParents(const AssocNode *pNode) {
  const AssocNode *pUp = pNode->pParent;
  const ShapeClauses *pC = pUp->pClauses;
  return pNode->pPlan->eAsk == ASSOC_ASK_EAGER && pUp->pRel == 0 &&
         !pUp->pPage && pC->pWhere == 0 && pC->pLimit == 0 && pC->pOffset == 0;
}

/* An estimate of the rows that nKey parents have. */
static i64 wantedRows(AssocCall *pCall, AssocNode *pNode, i64 nKey) {
  i64 nRow = scannedRows(pCall, pNode);
  i64 nUp = hasAllParents(pNode)
                ? nKey
                : assocTableRows(pCall, pNode->pParent->pModel->pTable);
  i64 nWanted = nUp > nKey ? (nRow * nKey) / nUp : nRow;
  if (!pNode->bMany && pNode->bOne) nWanted = nKey;
  return nWanted < nRow ? nWanted : nRow;
}

/* Most rows of a list, as far as the shape tells. The value of a parameter is
** not known here; 20 is a guess. */
static i64 limitOf(const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  const ShapeVal *pMost = pNode->pPage ? pNode->pPage->pMost
                          : pC         ? pC->pLimit
                                       : 0;
  const i64 nAll = ((i64)1) << 40;
  if (!pNode->bMany) return 1;
  if (pMost == 0) return nAll;
  if (pMost->eType != SHAPE_VAL_INT || pMost->i < 0) return 20;
  return pMost->i < nAll ? pMost->i + 1 : nAll;
}

/* Ask SQLite: does the node's lookup search a table by the first column of the
** association's key, and nowhere read a whole one? */
static int asksSeek(AssocCall *pCall, AssocNode *pNode, const AssocRel *pRel) {
  sqlite3_stmt *pStmt = assocFetchExplain(pCall, pNode->pPlan, &pNode->lookup);
  return assocSqlSeeks(pCall, pStmt, pRel, "k VIRTUAL TABLE");
}

/* Does SQLite find the rows of a key by an index that is in no zIndex, such as a
** partial one? SQLite decides from the WHERE whether it may use it. So the lookup
** is prepared once and SQLite is asked; eSeek keeps the answer. */
static int lookupSeeks(AssocCall *pCall, AssocNode *pNode,
                       const AssocRel *pRel) {
  if (pNode->eSeek == 0) pNode->eSeek = asksSeek(pCall, pNode, pRel) ? 1 : -1;
  return pNode->eSeek > 0;
}

/* Does an index find the rows of one parent? */
int assocNodeSeeks(AssocCall *pCall, AssocNode *pNode) {
  if (pNode->zIndex) return !pNode->bDear;
  assert(pNode->pRel && pNode->lookup.zSql); /* It is related to its parent */
  if (pNode->bBranch) return 0;
  return lookupSeeks(pCall, pNode, pNode->pRel);
}

/* Does an index give the rows of a lookup in their order? Then a limit ends the
** lookup early. EXPLAIN QUERY PLAN tells, once per plan. A sort of ties alone
** has another text ("… LAST TERM OF ORDER BY") and does not count. */
static int comesInOrder(AssocCall *pCall, AssocNode *pNode) {
  sqlite3_stmt *pStmt;
  assert(pNode->eOrder >= -1 && pNode->eOrder <= 1); /* 0: not asked yet */
  if (pNode->eOrder) return pNode->eOrder > 0;
  pNode->eOrder = 1;
  pStmt = assocFetchExplain(pCall, pNode->pPlan, &pNode->lookup);
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 3);
    if (strcmp(z, "USE TEMP B-TREE FOR ORDER BY") == 0) pNode->eOrder = -1;
  }
  assocFinalize(pCall, pStmt);
  return pNode->eOrder > 0;
}

/* Does an index alone give the rows of a lookup, so that it reads no table and
** sorts nothing? EXPLAIN QUERY PLAN tells, once per plan. Not asked of a path,
** whose lookup reads more than the rows that it gives. */
static int isCovered(AssocCall *pCall, AssocNode *pNode) {
  sqlite3_stmt *pStmt;
  if (pNode->pRel->nPath) return 0;
  if (pNode->eCover) return pNode->eCover > 0;
  pNode->eCover = 1;
  pStmt = assocFetchExplain(pCall, pNode->pPlan, &pNode->lookup);
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 3);
    if (strncmp(z, "SCAN k ", 7) != 0 && strstr(z, " COVERING INDEX ") == 0) {
      pNode->eCover = -1;
    }
  }
  assocFinalize(pCall, pStmt);
  return pNode->eCover > 0;
}

/* Is each value of the node, and of those that its scan computes too, the first
** or the last of its key in an index? */
static int readsEnds(const AssocNode *pNode) {
  while (pNode && pNode->bEnds) pNode = pNode->pAlso;
  return pNode == 0;
}

/* min() or max() in an index: one row for each key. SQLite takes four times as
** long for that as to compare one row of a scan by groups. */
static int choosesEnds(i64 nRow, i64 nKey, u8 *peWhy, i64 *pnWanted) {
  int bScan = nRow < nKey * 4;
  *pnWanted = nKey;
  *peWhy = bScan ? ASSOC_WHY_MOST : ASSOC_WHY_SMALL;
  return bScan;
}

/* An aggregate of many targets: a lookup reads each from another page, a scan in
** the order of their keys, and it sorts. */
static int choosesSweep(i64 nRow, i64 nKey, i64 nWanted, u8 *peWhy) {
  int bScan = nRow * 5 < nKey * 12 + nWanted * 12;
  *peWhy = bScan ? ASSOC_WHY_MOST : ASSOC_WHY_SMALL;
  return bScan;
}

/* Rows of a table that the page cache is taken to hold. */
#define CACHED_ROWS 16384

/* Is the one row of a key found by the primary key of a small table? Then no page is
** read twice. */
static int isNear(const AssocNode *pNode, i64 nRow) {
  assert(!pNode->bOne || pNode->zIndex);
  return pNode->bOne && pNode->zIndex[0] == 0 && nRow <= CACHED_ROWS;
}

/*
** The unit of cost is a row of a scan that no parent wants, the cheapest step
** there is. The numbers were measured on wide and narrow tables.
**
**   a lookup   12 for each key, 6 for each row that it gives, or 2 if an index
**              alone gives it, 4 for each row that it sorts, 3 for each of these
**              that a limit leaves out; of the one row by the primary key of a
**              small table 7 for both
**   a scan     1 for each row of the table, 6 more if it sorts, 3 for each row
**              that a parent wants
*/
int assocChoose(AssocCall *pCall, AssocNode *pNode, i64 nKey, u8 *peWhy,
                i64 *pnWanted) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  i64 nRow, nFound, nWanted, nLookup, nScan;
  int bScan;
  assert(nKey >= 0);
  *pnWanted = 0;
  if (pNode->bLookupOnly) {
    *peWhy = ASSOC_WHY_COLLATION;
    return 0;
  }
  if (pNode->lookup.zSql == 0) {
    *peWhy = ASSOC_WHY_ALL;
    return 1;
  }
  if (pLoad->eForce) {
    *peWhy = ASSOC_WHY_FORCED;
    return pLoad->eForce == ASSOC_FORCE_SCAN;
  }
  if (pNode->zIndex == 0 && (nKey == 1 || !assocNodeSeeks(pCall, pNode))) {
    *peWhy = nKey == 1         ? ASSOC_WHY_ONE_KEY
             : pNode->bChanges ? ASSOC_WHY_TYPES
                               : ASSOC_WHY_NO_INDEX;
    return nKey > 1;
  }
  if (pNode->zIndex && pNode->bDear && nKey > 1) {
    *peWhy = ASSOC_WHY_OTHER;
    return 1;
  }
  if (nKey < 8) {
    *peWhy = ASSOC_WHY_FEW_KEYS;
    return 0;
  }
  nRow = scannedRows(pCall, pNode);
  if (readsEnds(pNode)) return choosesEnds(nRow, nKey, peWhy, pnWanted);
  nFound = nWanted = wantedRows(pCall, pNode, nKey);
  *pnWanted = nWanted;
  if (pNode->bSweeps) return choosesSweep(nRow, nKey, nWanted, peWhy);
  if (nWanted / nKey >= limitOf(pNode)) nWanted = nKey * limitOf(pNode);
  *pnWanted = nWanted;
  nLookup = isNear(pNode, nRow) ? nKey * 7 : nKey * 12 + nWanted * 6;
  if ((nWanted < nFound || pNode->bSorted) && !comesInOrder(pCall, pNode)) {
    nLookup += nFound * 4 + (nFound - nWanted) * 3;
  }
  nScan = nRow * (pNode->bSorted ? 7 : 1) + nWanted * 3;
  bScan = nScan < nLookup;
  if (bScan && nScan >= nLookup - nWanted * 4) {
    bScan = !isCovered(pCall, pNode);
  }
  *peWhy = bScan ? ASSOC_WHY_MOST : ASSOC_WHY_SMALL;
  return bScan;
}

/* The rows that are read to make the pairs of all sources and targets. */
static i64 pairRows(AssocCall *pCall, const AssocRel *pRel) {
  i64 n = 0;
  int i;
  if (pRel->pThrough) return assocJoinRows(pCall, pRel);
  if (pRel->nPath == 0) {
    return assocTableRows(pCall, assocRelForeignTable(pRel));
  }
  for (i = 0; i < pRel->nPath; i++) n += pairRows(pCall, pRel->apPath[i]);
  return n;
}

/* The rows that are read to know which sources and targets exist. */
static i64 endRows(AssocCall *pCall, const AssocRel *pRel) {
  i64 n = 0;
  if (pRel->eKind != ASSOC_BELONGSTO) {
    n += assocTableRows(pCall, pRel->pSource->pTable);
  }
  if (pRel->eKind == ASSOC_BELONGSTO || pRel->pThrough) {
    n += assocTableRows(pCall, pRel->pTarget->pTable);
  }
  return n;
}

/* Does an index find the rows of a key after all? Not asked for the way back. */
static int pairsSeek(AssocCall *pCall, AssocNode *pRoot,
                     const AssocPairs *pPairs) {
  return pPairs == &pRoot->related.pairs &&
         lookupSeeks(pCall, pRoot, pRoot->pPlan->pAnswer);
}

/*
** The table related is asked for one key after another, and cannot know how
** many keys will follow. As soon as its lookups have cost as much as reading
** all pairs, it reads all pairs. So it never costs more than twice the better
** way. In rows of a scan, a lookup costs 12, and 2 for each of its rows. Over a
** path each row costs 3, as it is joined to others. A pair of a many-to-many costs
** 12, as both of its ends are looked up; but not if they are looked up in maps,
** where each of them costs 1 once. A lookup costs 8 for each of these rows. The
** pairs of more than four million rows would take too much memory.
*/
int assocChoosePairs(AssocCall *pCall, AssocNode *pRoot,
                     const AssocPairs *pPairs, i64 nKey, i64 nId) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  const AssocRel *pRel = pRoot->pPlan->pAnswer;
  i64 nRow, nCost, nSpent;
  if (pPairs->fetch.zSql == 0) return 0;
  if (pLoad->eForce) return pLoad->eForce == ASSOC_FORCE_SCAN;
  if (pPairs->zIndex == 0 && nKey <= 3) return 0;
  if (pPairs->zIndex == 0 && !pairsSeek(pCall, pRoot, pPairs)) return 1;
  nSpent = nKey * 12 + nId * (pRel->pThrough ? 8 : 2);
  if (nSpent < 64 * 12) return 0;
  nRow = pairRows(pCall, pRel);
  if (pPairs->bBare) {
    nCost = nRow + endRows(pCall, pRel);
  } else {
    nCost = nRow * (pRel->nPath ? 3 : pRel->pThrough ? 12 : 1);
  }
  return nSpent >= nCost && nRow <= 4000000;
}
