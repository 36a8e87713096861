/*
** Conditions on related rows: is there at least one that ...?
**
** There are two ways to test, and neither is always better:
**
**   EXISTS(SELECT 1 FROM posts t3 WHERE t3.user_id=t1.id AND (t3.likes>?1))
**   (t1.id IN (SELECT t3.user_id FROM posts t3 WHERE t3.user_id IS NOT NULL
**              AND (t3.likes>?1)))
**
** EXISTS looks for related rows of each tested row. It needs an index, and is
** better if few rows are tested, for example with a LIMIT. IN finds all related
** rows once. It is better if they are few, or if no index serves EXISTS, which
** would then read the whole table for each row. SQLite can also begin with the
** IN list and look up only the rows in it.
**
** With a LIMIT nobody knows how many rows will be tested. Then the first ones are
** tested by EXISTS, and the others by IN, whose list SQLite makes when it is first
** needed. So the statement never costs much more than the better way:
**
**   CASE WHEN assoc_early(500,?2) THEN EXISTS(…) ELSE (t1.id IN (…)) END
**
** Without an index each EXISTS reads the table until it finds a row. So the rows
** that are read count as well: SQLite counts them for each statement, and ?2 is a
** pointer to this one.
**
** If nothing is asked of the related rows, IN has no WHERE, and SQLite looks the
** keys up in the index itself: no list is made. An index may hold NULLs, so this
** IN may be NULL where it is not true.
**
** Except for these NULLs neither is ever NULL, because both exclude NULL keys.
** assoc_explain() shows which one was chosen and why.
*/
#include "sql/sql.h"

/* Append text that this file made itself. Names and values have their own
** functions, which quote and bind. */
static void filterPut(AssocSql *p, const char *z) {
  assocStrAdd(p->pStr, z);
}

/* ---------------------------------------------------------------- choosing */

/* See sql.h. An index does not serve if the comparison converts the indexed
** values: 1 equals '1' and '1.0'. */
int assocHopServed(AssocCall *pCall, const AssocRel *pRel) {
  int bUnique, i;
  for (i = 0; i < pRel->nPath; i++) {
    if (!assocHopServed(pCall, pRel->apPath[i])) return 0;
  }
  if (pRel->nPath) return 1;
  if (!assocFarIndex(pCall, pRel, &bUnique)) return 0;
  if (pRel->eKind != ASSOC_BELONGSTOMANY) return 1;
  return assocTableIndexOn(pCall, pRel->pTarget->pTable, pRel->targetKey.nCol,
                           pRel->targetKey.aCol, &bUnique) != 0;
}

static void filterEnd(AssocSql *p, const AssocFilter *pF, int bIn);
static int keyWidth(const AssocHop *pFirst);

/*
** SQLite is asked how it finds the related rows of one row, by EXPLAIN or EXPLAIN
** QUERY PLAN of
**
**   SELECT EXISTS(SELECT 1 FROM posts t2 WHERE t2.user_id=t1.id AND ...)
**   FROM users t1
**
** Conditions nested in this one are left out.
*/
static sqlite3_stmt *filterExplain(AssocSql *p, const AssocFilter *pF,
                                   const char *zExplain) {
  const AssocHop *pFirst = pF->pFirst;
  AssocSql ask = *p;
  char *zSql;
  sqlite3_stmt *pStmt;
  ask.bAsks = ask.bLiteral = 1;
  ask.bWith = 0;
  ask.pPlace = 0;
  ask.pStr = sqlite3_str_new(p->pCall->db);
  filterPut(&ask, zExplain);
  filterPut(&ask, " SELECT EXISTS(SELECT 1");
  assocSqlFrom(&ask, pFirst, pF->pC, 0);
  filterEnd(&ask, pF, 0);
  filterPut(&ask, ") FROM ");
  assocSqlTableAs(&ask, pFirst->pRel->pSource->pTable, pFirst->iFrom);
  zSql = assocStrFinish(p->pCall, ask.pStr);
  pStmt = assocPrepare(p->pCall, "%s", zSql ? zSql : "");
  sqlite3_free(zSql);
  return pStmt;
}

/* Does SQLite find the related rows of one row? An index may serve that
** assocHopServed() does not know, such as a partial one whose condition follows
** from the scope. */
static int filterSeeks(AssocSql *p, const AssocFilter *pF) {
  const AssocHop *pFirst = pF->pFirst;
  char zAll[20];
  if (p->bAsks || p->pCall->rc != SQLITE_OK) return 0;
  sqlite3_snprintf(sizeof(zAll), zAll, "t%d", pFirst->iFrom);
  return assocSqlSeeks(p->pCall, filterExplain(p, pF, "EXPLAIN QUERY PLAN"),
                       pFirst->pRel, zAll);
}

/* By which columns an index finds the related rows of one row. */
#define NARROW_KEY 0   /* The key */
#define NARROW_SOME 1  /* The key and a column of the condition */
#define NARROW_INDEX 2 /* The same, and no row of a table is read */

static int filterNarrows(AssocSql *p, const AssocFilter *pF) {
  int nIndex = 0;
  if (p->bAsks) return NARROW_KEY;
  if (!assocSqlNarrows(p->pCall, filterExplain(p, pF, "EXPLAIN QUERY PLAN"),
                       pF->pFirst->pRel, &nIndex)) {
    return NARROW_KEY;
  }
  if (nIndex != 1) return nIndex ? NARROW_SOME : NARROW_INDEX;
  return assocSqlMoves(p->pCall, filterExplain(p, pF, "EXPLAIN"))
             ? NARROW_SOME
             : NARROW_INDEX;
}

/* Does an index serve every step? */
static int allServed(AssocSql *p, const AssocFilter *pF) {
  const AssocHop *pHop;
  for (pHop = pF->pFirst; pHop; pHop = pHop->pNext) {
    if (!assocHopServed(p->pCall, pHop->pRel)) return filterSeeks(p, pF);
  }
  return 1;
}

/* A table without rowid tells nothing: then each row on the larger side is taken
** to have a few. */
i64 assocJoinRows(AssocCall *pCall, const AssocRel *pRel) {
  i64 n = assocTableRows(pCall, pRel->pThrough);
  i64 nSource, nTarget;
  if (n != ASSOC_ROWS_UNKNOWN || pRel->pThrough->bRowid) return n;
  nSource = assocTableRows(pCall, pRel->pSource->pTable);
  nTarget = assocTableRows(pCall, pRel->pTarget->pTable);
  return (nSource > nTarget ? nSource : nTarget) * 4;
}

/* The number of rows in all tables of the steps. */
static i64 hopRows(AssocSql *p, const AssocHop *pHop) {
  i64 n = 0;
  for (; pHop; pHop = pHop->pNext) {
    n += assocTableRows(p->pCall, pHop->pRel->pTarget->pTable);
    if (pHop->iJoin) n += assocJoinRows(p->pCall, pHop->pRel);
  }
  return n;
}

/* Estimate the rows that a predicate leaves, if an index finds them: a column =
** a value, or in a list. -1 if all rows must be read. */
static i64 predRows(AssocSql *p, const ShapePred *pPred, AssocModel *pModel) {
  i64 nBest = -1;
  const ShapePred *pSub;
  assert(pModel);
  if (pPred == 0 || pPred->bNot) return -1;
  if (pPred->eOp == SHAPE_OP_AND) {
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      i64 n = predRows(p, pSub, pModel);
      if (n >= 0 && (nBest < 0 || n < nBest)) nBest = n;
    }
  } else if (pPred->eOp == SHAPE_OP_EQ || pPred->eOp == SHAPE_OP_IN) {
    int iCol = assocKeyColumn(pModel->pTable, &pPred->key);
    const ShapeVal *pVal;
    if (iCol < 0 || pPred->pOther) return -1;
    nBest = assocColumnRows(p->pCall, pModel->pTable, iCol);
    for (pVal = pPred->pVal;
         nBest > 0 && nBest < ASSOC_ROWS_MOST && pVal && pVal->pNext;
         pVal = pVal->pNext) {
      nBest *= 2;
    }
    if (nBest > ASSOC_ROWS_MOST) nBest = ASSOC_ROWS_MOST;
    if (pPred->bList) nBest *= 8; /* Who knows */
  }
  return nBest;
}

/* Estimate the rows on which a statement tests its conditions. A scan tests the
** rows of the table, fewer with an index. A lookup tests the rows of one
** parent. */
static i64 testedRows(AssocSql *p) {
  const AssocTested *pTested = &p->tested;
  i64 n, nUp, nPred;
  assert(p->tested.pUp == 0 || p->tested.pModel);
  if (pTested->pModel == 0) return 0;
  if (pTested->bOne) return 1;
  n = assocTableRows(p->pCall, pTested->pModel->pTable);
  if (pTested->pUp) {
    nUp = assocTableRows(p->pCall, pTested->pUp->pTable);
    return n / (nUp > 0 ? nUp : 1) + 2;
  }
  if (pTested->pC == 0) return n;
  nPred = predRows(p, pTested->pC->pWhere, pTested->pModel);
  return nPred >= 0 && nPred < n ? nPred + 2 : n;
}

#define SHARE_VALUE 1000 /* "=" is guessed to leave one row of so many */
#define SHARE_RANGE 4    /* Any other comparison */

/* The share of rows that a predicate is guessed to leave, as 1/n, where no index
** tells. */
static i64 predShare(const ShapePred *pPred, i64 nRow) {
  const ShapePred *pSub;
  i64 n = 1;
  if (pPred == 0) return 1;
  if (pPred->bNot) return 2;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      i64 nSub = predShare(pSub, nRow);
      if (nSub > n) n = nSub;
    }
    return n;
  case SHAPE_OP_OR:
    n = SHARE_VALUE;
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      i64 nSub = predShare(pSub, nRow);
      if (nSub < n) n = nSub;
    }
    return n;
  case SHAPE_OP_EQ:
  case SHAPE_OP_IN: return nRow < SHARE_VALUE ? nRow + 1 : SHARE_VALUE;
  default: return SHARE_RANGE;
  }
}

/* Do rows come in the order of the clauses without a sorter? Not if the order
** begins with anything but a column that an index begins with. */
static int filterInOrder(AssocSql *p, const AssocTested *pTested) {
  const ShapeSort *pSort = pTested->pC ? pTested->pC->pOrder : 0;
  int iCol;
  if (pSort == 0) return 1;
  iCol = assocKeyColumn(pTested->pModel->pTable, &pSort->key);
  return iCol >= 0 && pSort->pColl == 0 && pSort->eNulls == 0 &&
         assocColumnRows(p->pCall, pTested->pModel->pTable, iCol) >= 0;
}

/* How many of the tested rows end the statement, by its LIMIT? -1: it tests
** all. A list that must be sorted is read whole. */
static i64 limitRowsOf(AssocSql *p) {
  const AssocTested *pTested = &p->tested;
  const ShapeClauses *pC = pTested->pC;
  const ShapeVal *pMost = pC ? (pC->pLimit ? pC->pLimit : pC->pFirst) : 0;
  i64 n;
  if (!pTested->bRoots || p->nFilter > 0) return -1;
  if (pMost && pMost->eType < SHAPE_VAL_INT) return -1;
  if (!filterInOrder(p, pTested)) return -1;
  if (pMost == 0) return pTested->bFew ? 100 : -1;
  n = pMost->eType == SHAPE_VAL_INT ? pMost->i : 100;
  assert(n >= 0); /* The readers of shapes take no other */
  if (n >= ASSOC_ROWS_MOST) return -1;
  if (pC->pOffset && pC->pOffset->eType == SHAPE_VAL_INT) {
    if (pC->pOffset->i >= ASSOC_ROWS_MOST) return -1;
    if (pC->pOffset->i > 0) n += pC->pOffset->i;
  }
  return n;
}

/* What the two forms are estimated to cost. The unit is one row that is read in
** the order of its table. */
typedef struct FilterCost FilterCost;
struct FilterCost {
  i64 nIn;     /* IN, for any number of tested rows */
  i64 nOne;    /* EXISTS, for one tested row */
  i64 nExists; /* EXISTS, until the LIMIT is reached */
  i64 nAll;    /* EXISTS, for all tested rows */
  u8 bFew;     /* IN finds few rows, by an index or from a small table */
  u8 bLimit;   /* A LIMIT may end the statement early */
  u8 bLeads;   /* SQLite can begin with the list of IN, and test no other row */
};

/* Measured, in rows that are read in order: */
#define COST_SEEK 8 /* To look a key up in an index */
#define COST_ROW 6  /* To read a row behind the index, and test it */
#define COST_KEEP 3 /* To add a key to the list of IN */

/* Of IN: all rows once, or from the rows at the end that the predicate leaves.
** Behind each of those there are nAll/nEnd rows to go back through. */
static void inCost(FilterCost *pCost, i64 nAll, i64 nEnd, i64 nPred,
                   i64 nShare) {
  i64 nBack = nAll / (nEnd > 0 ? nEnd : 1) + 1, n;
  pCost->nIn = nAll + nAll / nShare * COST_KEEP;
  if (nPred >= 0) {
    n = nPred * nBack * COST_SEEK;
    if (nPred > ASSOC_ROWS_MOST / nBack) n = pCost->nIn;
  } else if (nEnd < nAll / 4) {
    n = nEnd + nAll / nShare * COST_SEEK;
  } else {
    return;
  }
  if (n >= pCost->nIn) return;
  pCost->nIn = n;
  pCost->bFew = 1;
}

/* What EXISTS takes for one tested row, which has nEach related rows. A column of
** the condition in the index leaves a share of them. */
static i64 oneCost(i64 nEach, int eNarrow) {
  if (eNarrow != NARROW_KEY) nEach = nEach / SHARE_RANGE + 1;
  return COST_SEEK + (eNarrow == NARROW_INDEX ? nEach : nEach * COST_ROW);
}

/* Is the related row chosen by an order? The choice nests further. */
static int isChosen(const AssocFilter *pF) {
  const AssocRel *pRel = pF->pFirst->pRel;
  return !pRel->bMany && assocOrderOf(pRel, pF->pC) != 0;
}

/* Estimate both. All costs are 0 after an error. */
static FilterCost filterCost(AssocSql *p, const AssocFilter *pF, int eNarrow) {
  FilterCost cost = {0, 0, 0, 0, 0, 0, 0};
  const AssocKey *pNear = assocRelNearKey(pF->pFirst->pRel);
  const ShapePred *pPred = pF->pPred ? pF->pPred : pF->pC ? pF->pC->pWhere : 0;
  i64 nSource = assocTableRows(p->pCall, pF->pFirst->pRel->pSource->pTable);
  i64 nEnd = assocTableRows(p->pCall, pF->pEnd->pTable);
  i64 nAll = hopRows(p, pF->pFirst), nShare, nEach, nPass, nTested, nWanted;
  i64 nPred = pF->bNotTrue ? -1 : predRows(p, pPred, pF->pEnd);
  int bUnique;
  if (p->pCall->rc != SQLITE_OK) return cost; /* Nothing is estimated */
  assert(nEnd >= 0 && nAll >= 0);
  if (nSource < 1) nSource = 1;
  nShare = pF->bNotTrue                 ? 2
           : nPred >= 0 && nPred < nEnd ? nEnd / (nPred + 1)
                                        : predShare(pPred, nEnd);
  nEach = nAll / nSource + 1; /* Related rows of a tested row */
  if (nEach > ASSOC_ROWS_UNKNOWN) nEach = ASSOC_ROWS_UNKNOWN;
  inCost(&cost, nAll, nEnd, nPred, nShare);
  cost.nOne = pPred ? oneCost(nEach, eNarrow) : COST_SEEK;
  /* Each row that passes is compared with the one that is chosen of its source. */
  if (isChosen(pF)) cost.nIn += nAll / nShare * cost.nOne;
  /* EXISTS: until the LIMIT is reached, judging by how many rows pass */
  nTested = p->nTested;
  cost.nAll = nTested * cost.nOne;
  nWanted = limitRowsOf(p);
  nPass = nShare / nEach + 1;
  if (nWanted >= 0 && nWanted < nTested / nPass) nTested = nWanted * nPass + 2;
  cost.nExists = nTested * cost.nOne;
  cost.bLimit = nWanted >= 0;
  cost.bLeads = assocTableIndexOn(p->pCall, pF->pFirst->pRel->pSource->pTable,
                                  pNear->nCol, pNear->aCol, &bUnique) != 0;
  return cost;
}

/* Is nothing asked of the related rows, so that IN has no WHERE? Then SQLite looks
** into an index, if one begins with the key. */
static int inIsPlain(AssocSql *p, const AssocFilter *pF) {
  static const char zEnd[] = " WHERE true";
  const AssocHop *pFirst = pF->pFirst;
  AssocSql ask = *p;
  char *z;
  int n, b;
  if (pFirst->pNext || pFirst->iJoin || keyWidth(pFirst) != 1) return 0;
  if (isChosen(pF)) return 0;
  if (assocSqlIsPoliced(&ask, pF->pEnd->pTable)) return 0;
  ask.bAsks = ask.bLiteral = 1;
  ask.bWith = 0;
  ask.pPlace = 0;
  ask.pStr = sqlite3_str_new(p->pCall->db);
  assocSqlFrom(&ask, pFirst, pF->pC, 1);
  filterEnd(&ask, pF, 1);
  n = sqlite3_str_length(ask.pStr) - (int)sizeof(zEnd) + 1;
  z = assocStrFinish(p->pCall, ask.pStr);
  assert(z == 0 || n > 0); /* FROM is before it */
  b = z && strcmp(&z[n], zEnd) == 0;
  sqlite3_free(z);
  return b;
}

/* How to test. */
#define FILTER_EXISTS 0
#define FILTER_IN 1
#define FILTER_PLAIN 2 /* IN without WHERE */
#define FILTER_EARLY 3 /* EXISTS for the first rows, then IN */
#define FILTER_LATE 4  /* The same, but IN is thought to be needed */

/* By the costs. *pnEarly: how many rows are tested by EXISTS first. They may cost an
** eighth of what IN costs. Not if SQLite can begin with the list of IN and most of
** the cost would be to test the other rows. */
static int costsLess(AssocSql *p, const FilterCost *pCost, const char **pzWhy,
                     i64 *pnEarly) {
  int bIn = pCost->nIn < pCost->nExists;
  /* A text for others has no tested.bRoots, and so no LIMIT here. */
  assert(!pCost->bLimit || !p->bAlone);
  if (pCost->bLimit && (!bIn || !pCost->bFew) && pCost->nAll > pCost->nIn * 2 &&
      (!pCost->bLeads || p->nTested * COST_KEEP <= pCost->nIn)) {
    *pzWhy =
        "the first rows are tested one by one, and if they are not enough, "
        "reading the related rows once costs less";
    *pnEarly = pCost->nIn / pCost->nOne / 8 + 1;
    return bIn ? FILTER_LATE : FILTER_EARLY;
  }
  /* SQLite begins with the list, which is bad if most rows pass. */
  if (bIn && pCost->bLimit && pCost->nIn > 500)
    p->nMay = pCost->nIn / pCost->nOne / 2 + 100;
  *pzWhy = !bIn          ? "an index leads to the related rows"
           : pCost->bFew ? "an index finds the few rows that match"
                         : "reading the related rows once costs less";
  return bIn ? FILTER_IN : FILTER_EXISTS;
}

/*
** Without an index EXISTS reads one table until it finds a row. May the first rows
** be tested so? They are, until that has cost a quarter of IN or half a reading of
** the table, more or less. One row more may read the whole table, which IN does as
** well. A join of several tables would cost more. Under NOT each row that passes
** would read the whole table.
*/
static int testsUnserved(AssocSql *p, const AssocFilter *pF, i64 *pnEarly) {
  const AssocHop *pFirst = pF->pFirst;
  FilterCost cost;
  if (p->bMaybe || isChosen(pF)) return 0;
  if (pFirst->pNext || pFirst->iJoin) return 0;
  cost = filterCost(p, pF, NARROW_KEY);
  if (!cost.bLimit) return 0;
  *pnEarly = (cost.nIn + assocTableRows(p->pCall, pF->pEnd->pTable)) / 4 + 1;
  return 1;
}

/* Choose IN? *pzWhy receives the reason. Where the cost is a guess, the guess is
** such that a wrong one costs least: rows that pass are taken for rare. */
static int choosesIn(AssocSql *p, const AssocFilter *pF, const char **pzWhy,
                     i64 *pnEarly) {
  FilterCost cost;
  int bServed = allServed(p, pF), eHow;
  assert(pF->pFirst && pF->pEnd);
  *pnEarly = 0;
  if (p->nTested < 0) p->nTested = testedRows(p);
  if (!bServed) p->bDear = 1;
  *pzWhy = "the way the columns compare is not known";
  if (!assocHopKnown(pF->pFirst->pRel)) return FILTER_EXISTS;
  *pzWhy = "one row is tested";
  if (p->nTested == 1 || p->nFirst) return FILTER_EXISTS;
  *pzWhy = "no index leads to the related rows";
  if (!bServed) {
    if (!testsUnserved(p, pF, pnEarly)) return FILTER_IN;
    *pzWhy =
        "no index leads to the related rows: the first rows are tested one "
        "by one, and if that reads too many, all are read once";
    return FILTER_LATE;
  }
  *pzWhy = "an index has the keys of all related rows";
  if (inIsPlain(p, pF)) return FILTER_PLAIN;
  cost = filterCost(p, pF, NARROW_KEY);
  if (cost.nIn < cost.nExists && !cost.bFew) {
    cost = filterCost(p, pF, filterNarrows(p, pF));
  }
  eHow = costsLess(p, &cost, pzWhy, pnEarly);
  if (eHow == FILTER_IN && !cost.bFew && cost.nIn > 100) p->bDear = 1;
  return eHow;
}

/* Append "posts.comments" for assoc_explain(). */
static void notePath(sqlite3_str *pStr, const AssocHop *pHop) {
  const char *zDot = " ";
  for (; pHop; pHop = pHop->pNext) {
    sqlite3_str_appendf(pStr, "%s%s", zDot, pHop->pRel->zName);
    zDot = ".";
  }
}

/* Record the choice for assoc_explain(). */
static void noteChoice(AssocSql *p, const AssocFilter *pF, int bIn,
                       const char *zWhy) {
  AssocChoice **pp = &p->pChoice, *pNew;
  sqlite3_str *pStr;
  while (*pp) pp = &(*pp)->pNext;
  pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return;
  pStr = sqlite3_str_new(p->pCall->db);
  sqlite3_str_appendall(pStr, pF->zWord);
  notePath(pStr, pF->pFirst);
  pNew->zWhat = assocArenaStr(p->pCall, p->pArena, pStr);
  pNew->bIn = (u8)bIn;
  pNew->zWhy = zWhy;
  *pp = pNew;
}

/* ----------------------------------------------------------------- writing */

/* Append column i of the key on the side of the tested rows, or of the related
** rows. */
static void nearColumn(AssocSql *p, const AssocHop *pFirst, int i) {
  assocSqlColumn(p, pFirst->iFrom, pFirst->pRel->pSource->pTable,
                 assocRelNearKey(pFirst->pRel)->aCol[i]);
}

/* Append column i of the rows to which the first step leads: of the join row,
** if there is one, because then the related rows themselves need not be
** read. */
static void farColumn(AssocSql *p, const AssocHop *pFirst, int i) {
  AssocTable *pTab;
  const AssocKey *pKey = assocRelFarKey(pFirst->pRel, &pTab);
  assocSqlColumn(p, pFirst->iJoin ? pFirst->iJoin : pFirst->iAlias, pTab,
                 pKey->aCol[i]);
}

/* The number of columns by which the first step finds its rows. IN compares
** them as a row value if there are several. */
static int keyWidth(const AssocHop *pFirst) {
  return assocRelNearKey(pFirst->pRel)->nCol;
}

/* Is the column declared NOT NULL, or the rowid? */
static int neverNull(const AssocTable *pTab, int iCol) {
  return iCol == pTab->iRowid || pTab->aCol[iCol].bNotNull;
}

/* Append t1.a IN (, with bMaybe t1.a IS NOT NULL AND t1.a IN ( */
static void inStart(AssocSql *p, const AssocHop *pFirst) {
  const AssocTable *pTab = pFirst->pRel->pSource->pTable;
  int i, n = keyWidth(pFirst);
  assocSqlOfType(p, pFirst->pRel, pFirst->iFrom, " AND ");
  /* Where NULL counts as false, IN alone does. SQLite might even search by IS NOT
  ** NULL in place of IN. */
  for (i = 0; i < n && p->bMaybe; i++) {
    if (neverNull(pTab, assocRelNearKey(pFirst->pRel)->aCol[i])) continue;
    nearColumn(p, pFirst, i);
    filterPut(p, " IS NOT NULL AND ");
  }
  filterPut(p, n > 1 ? "(" : "");
  for (i = 0; i < n; i++) {
    if (i) filterPut(p, ",");
    assocSqlInNear(p, pFirst, i);
  }
  filterPut(p, n > 1 ? ") IN (" : " IN (");
}

static void inNotNull(AssocSql *p, const AssocHop *pFirst);

/* Append SELECT t3.x FROM posts t3 WHERE ... AND t3.x IS NOT NULL; with bPlain
** without WHERE. */
static void inSelect(AssocSql *p, const AssocFilter *pF, int bPlain) {
  int i, n = keyWidth(pF->pFirst);
  assert(keyWidth(pF->pFirst) > 0);
  for (i = 0; i < n; i++) {
    filterPut(p, i ? "," : "SELECT ");
    assocSqlInFar(p, pF->pFirst, i);
  }
  if (bPlain) {
    filterPut(p, " FROM ");
    assocSqlTableAs(p, pF->pEnd->pTable, pF->pFirst->iAlias);
    return;
  }
  assocSqlFrom(p, pF->pFirst, pF->pC, 1);
  filterEnd(p, pF, 1);
  inNotNull(p, pF->pFirst); /* Tested last, on the few rows left */
}

/* Append " AND t3.x IS NOT NULL". */
static void inNotNull(AssocSql *p, const AssocHop *pFirst) {
  AssocTable *pTab;
  const AssocKey *pKey = assocRelFarKey(pFirst->pRel, &pTab);
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    if (neverNull(pTab, pKey->aCol[i])) continue;
    filterPut(p, " AND ");
    farColumn(p, pFirst, i);
    filterPut(p, " IS NOT NULL");
  }
}

/* Append the conditions on the last row of the steps. Conditions nested in them
** are tested on each row that gets so far. */
static void filterEnd(AssocSql *p, const AssocFilter *pF, int bIn) {
  const AssocHop *pLast = pF->pFirst;
  i64 nTested = p->nTested;
  u8 bMaybe = p->bMaybe;
  assert(pF->pFirst);
  while (pLast->pNext) pLast = pLast->pNext;
  if (bIn || nTested != 1) {
    p->nTested = assocTableRows(p->pCall, pF->pEnd->pTable);
  }
  p->bMaybe = 0; /* NULL counts as false here */
  if (pF->pPred) {
    filterPut(p, " AND (");
    assocSqlPred(p, pF->pPred, pF->pEnd, pLast->iAlias);
    filterPut(p, pF->bNotTrue ? ") IS NOT TRUE" : ")");
  }
  assocSqlRequired(p, pF->pBlock, pF->pEnd, pLast->iAlias);
  p->nTested = nTested;
  p->bMaybe = bMaybe;
}

/* Every third nested condition becomes a common table expression. */
#define FILTER_NESTED 3

/* SQLite takes 2 KiB of C stack for each level of conditions in each other, so
** one is allowed for ten levels of a shape: 41 fit into 128 KiB, and the 71 of
** the largest limit into 256 KiB. */
#define FILTER_LEVELS 10

/* See sql.h. */
int assocSqlNests(AssocSql *p, const char *zName) {
  int n = p->pCall->pConn->mxDepth / FILTER_LEVELS + 1;
  if (p->nFilter + p->nFar < n) return p->pCall->rc == SQLITE_OK;
  assocErrorOf(p->pCall, ASSOC_E_LIMIT, 0, zName,
               "conditions on related rows nest at most %d levels deep, and "
               "%s is one more",
               n, zName);
  return 0;
}

/* EXISTS(SELECT 1 FROM posts t2 WHERE t2.userId=t1.id AND ...) */
static void filterExists(AssocSql *p, const AssocFilter *pF) {
  filterPut(p, "EXISTS(SELECT 1");
  assocSqlFrom(p, pF->pFirst, pF->pC, 0);
  filterEnd(p, pF, 0);
  filterPut(p, ")");
}

/* (t1.id IN (SELECT userId FROM posts t2 WHERE ...)). With bApart the SELECT is a
** common table expression. */
static void filterIn(AssocSql *p, const AssocFilter *pF, int bPlain,
                     int bApart) {
  int bTest = bPlain && p->bMaybe;
  filterPut(p, p->bNatural ? "+(" : "(");
  if (bTest) filterPut(p, "(");
  inStart(p, pF->pFirst);
  if (bApart) {
    int iName = ++p->nAlias;
    sqlite3_str *pOuter = assocSqlWith(p, "x", iName);
    inSelect(p, pF, 0);
    assocSqlWithEnd(p, pOuter);
    sqlite3_str_appendf(p->pStr, "SELECT * FROM x%d", iName);
  } else {
    inSelect(p, pF, bPlain);
  }
  filterPut(p, "))");
  if (bTest) filterPut(p, " IS TRUE)");
}

/*
**
**  EXISTS(SELECT 1 FROM posts t2 WHERE t2.userId=t1.id AND ...)
**  (t1.id IN (SELECT userId FROM posts t2 WHERE ...))
**
** Both mean the same; choosesIn() estimates which one reads fewer rows. An IN
** inside another condition, and every FILTER_NESTED levels any condition, becomes
** a common table expression, since the parser's stack is limited. Only IN allows
** this: an EXISTS refers to the outer row. In a statement whose rows must come in
** physical order, the + keeps SQLite from using an index for the IN.
*/
void assocSqlFilter(AssocSql *p, const AssocFilter *pF) {
  const char *zWhy = 0;
  int eHow, bApart, bDeep;
  i64 nEarly;
  if (p->pCall->rc != SQLITE_OK) return;
  if (p->bAsks) {
    filterPut(p, "1");
    return;
  }
  if (!assocSqlNests(p, pF->pFirst->pRel->zName)) return;
  eHow = choosesIn(p, pF, &zWhy, &nEarly);
  bDeep = eHow != FILTER_EXISTS
              ? p->nFilter > 0 || isChosen(pF)
              : p->nFilter % FILTER_NESTED == FILTER_NESTED - 1;
  bApart = bDeep && p->bWith && assocHopKnown(pF->pFirst->pRel);
  if (bApart && eHow == FILTER_EXISTS) {
    zWhy = "it is nested too deep for EXISTS";
    eHow = FILTER_IN;
  }
  noteChoice(p, pF, eHow == FILTER_IN || eHow == FILTER_PLAIN, zWhy);
  p->nFilter++;
  if (eHow >= FILTER_EARLY) {
    static const ShapeVal none = {.eType = SHAPE_VAL_NULL};
    sqlite3_str_appendf(p->pStr, "CASE WHEN assoc_early(%lld,", nEarly);
    (void)assocSqlBind(p, &none, ASSOC_BIND_EARLY);
    filterPut(p, ") THEN ");
  }
  if (eHow >= FILTER_EARLY || eHow == FILTER_EXISTS) filterExists(p, pF);
  if (eHow >= FILTER_EARLY) filterPut(p, " ELSE ");
  if (eHow != FILTER_EXISTS) filterIn(p, pF, eHow == FILTER_PLAIN, bApart);
  if (eHow >= FILTER_EARLY) filterPut(p, " END");
  p->nFilter--;
}

/*
** See sql.h. For author.name = "Ann" in a place where NULL counts as false:
** rows without an author fail too, so the authors with that name can be found
** first.
*/
int assocSqlFilterLeads(AssocSql *p, const AssocFilter *pF) {
  const char *zWhy;
  u8 bDear = p->bDear;
  i64 nEarly;
  int eHow;
  if (p->bMaybe || p->bNatural) return 0;
  eHow = choosesIn(p, pF, &zWhy, &nEarly);
  if (eHow != FILTER_EXISTS && eHow != FILTER_EARLY) return 1;
  /* A join of the one row costs less than EXISTS. */
  p->bDear = bDear;
  return 0;
}

int assocSqlFilterFirst(AssocSql *p, const AssocFilter *pF) {
  if (!assocSqlFilterLeads(p, pF)) return 0;
  assocSqlFilter(p, pF);
  return 1;
}

/* -------------------------------------------------------------- aggregates */

/*
** An aggregate over each row's related rows, if no index leads to them: all
** related rows are grouped once, and SQLite builds an index on the groups. Where
** keys compare by RTRIM, SQLite 3.40 does not find all of them in such an index.
**
**   coalesce((SELECT v FROM (SELECT t3.user_id AS k0, count(*) AS v
**     FROM posts t3 WHERE ... GROUP BY t3.user_id) WHERE k0=t1.id),0)
*/
int assocSqlGrouped(AssocSql *p, const ShapeKey *pKey, const AssocHop *pFirst,
                    AssocModel *pModel, int iLast) {
  const ShapeAgg *pAgg = pKey->pAgg;
  const ShapeClauses clauses = {.pWhere = pAgg->pWhere};
  const AssocFilter filter = {.pFirst = pFirst, .pEnd = pModel, .pC = &clauses};
  const char *zNone = aShapeAgg[pAgg->eAgg].zNone;
  int bNull = strcmp(zNone, "null") == 0;
  int i, n = keyWidth(pFirst), bUp = pFirst->pRel->eKind == ASSOC_BELONGSTO;
  assert(pAgg && pFirst);
  if (allServed(p, &filter) || assocHopTrims(pFirst->pRel)) return 0;
  p->bDear = 1;
  if (p->nTested < 0) p->nTested = testedRows(p);
  if (p->nTested == 1) return 0;
  filterPut(p, bNull ? "(SELECT v FROM (SELECT "
                     : "coalesce((SELECT v FROM (SELECT ");
  for (i = 0; i < n; i++) {
    assocSqlFarColumn(p, pFirst, i);
    sqlite3_str_appendf(p->pStr, " AS k%d,", i);
  }
  assocSqlAggCall(p, pAgg, pKey->pPath, pModel, iLast);
  filterPut(p, " AS v");
  assocSqlFrom(p, pFirst, &clauses, 1);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(p->pStr, "%s%d", i ? "," : " GROUP BY ", i + 1);
  }
  filterPut(p, ")");
  for (i = 0; i < n; i++) {
    filterPut(p, i ? " AND " : " WHERE ");
    if (bUp) sqlite3_str_appendf(p->pStr, "k%d=", i);
    assocSqlInNear(p, pFirst, i);
    if (!bUp) sqlite3_str_appendf(p->pStr, "=k%d", i);
  }
  if (pFirst->pRel->zBranch) {
    filterPut(p, " AND ");
    assocSqlOfType(p, pFirst->pRel, pFirst->iFrom, "");
  }
  filterPut(p, ")");
  if (!bNull) sqlite3_str_appendf(p->pStr, ",%s)", zNone);
  return 1;
}

/* ------------------------------------------------------------------- early */

/* What is left to one run of a statement. */
typedef struct EarlyRun EarlyRun;
struct EarlyRun {
  i64 nLeft; /* Rows to test, and to read in search of one */
  u32 nRead; /* Rows that SQLite had read when it asked last */
};

/* How many rows the statement has read in tables without the help of an index. */
static u32 earlyRead(sqlite3_stmt *pStmt) {
  if (pStmt == 0) return 0;
  return (u32)sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
}

/* Begin a run. 0 after an error. */
static EarlyRun *earlyStart(sqlite3_context *pCtx, sqlite3_stmt *pStmt,
                            i64 nMost) {
  EarlyRun *pRun = sqlite3_malloc64(sizeof(*pRun));
  if (pRun) {
    pRun->nLeft = nMost;
    pRun->nRead = earlyRead(pStmt);
    sqlite3_set_auxdata(pCtx, 0, pRun, sqlite3_free);
    /* SQLite may have freed it at once. */
    pRun = sqlite3_get_auxdata(pCtx, 0);
  }
  if (pRun == 0) sqlite3_result_error_nomem(pCtx);
  return pRun;
}

/* assoc_early(N, P): true until one run of the statement P has tested and read N
** rows. */
static void earlyFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  EarlyRun *pRun = sqlite3_get_auxdata(pCtx, 0);
  sqlite3_stmt *pStmt = sqlite3_value_pointer(apArg[1], ASSOC_EARLY_TYPE);
  u32 nRead;
  (void)nArg;
  if (pRun == 0) {
    pRun = earlyStart(pCtx, pStmt, sqlite3_value_int64(apArg[0]));
    if (pRun == 0) return;
  }
  if (pRun->nLeft > 0) {
    nRead = earlyRead(pStmt);
    pRun->nLeft -= (i64)(u32)(nRead - pRun->nRead);
    pRun->nRead = nRead;
  }
  sqlite3_result_int(pCtx, pRun->nLeft > 0);
  pRun->nLeft--;
}

int assocEarlyRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_early", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), earlyFunc, 0, 0, assocConnUnref);
}
