/*
** Lists in an order of their own, sorted here.
**
** SQLite would sort the rows of all lists together, or open a sorter for each
** list. Instead the rows come as they are found, each with its sort key, and each
** list is sorted when all of them are here.
**
** The sort key is a text of bytes that compares, byte by byte, as SQLite compares
** the values:
**
**   NULL     0, or 4 where NULLs come after all values
**   number   1, the double with its sign turned, and the rest of an integer that
**            no double can be
**   text     2, the bytes, with 255 behind each nul, and two nuls
**   BLOB     3, the same
**
** All bytes of a descending term are turned round. SQLite sorts by other
** collations, by what is no plain column, and where a list has a limit.
*/
#include "load/plan.h"
#include "load/run.h"
#include "load/stmt.h"

/* ------------------------------------------------------------------- plan */

/* Can values of the column be compared here? */
static int sortIsPlain(Planner *p, const AssocTable *pTab, int iCol) {
  return iCol >= 0 && pTab->aCol[iCol].eColl == ASSOC_COLL_BINARY &&
         !assocColumnIs(p->pCall, pTab, iCol, ASSOC_COLUMN_HIDE);
}

/* The column that a term sorts by, and the alias of its table. False if it is
** another term, or if SQLite has to compare it. */
static int sortColumn(Planner *p, const AssocNode *pNode,
                      const ShapeSort *pSort, int *piAlias, int *piCol) {
  const AssocTable *pTab = pNode->pModel->pTable;
  *piAlias = 1;
  *piCol = assocKeyColumn(pTab, &pSort->key);
  if (pSort->key.bAt && isMany2Many(pNode)) {
    *piAlias = 2;
    pTab = pNode->pRel->pThrough;
    *piCol = assocColumnFind(pTab, pSort->key.pPath->z);
  }
  return pSort->pColl == 0 && sortIsPlain(p, pTab, *piCol);
}

/* Add a column to the sort keys. */
static void sortAdd(Planner *p, AssocNode *pNode, int iAlias, int iCol,
                    int eNulls, int bDesc) {
  const AssocTable *pTab =
      iAlias == 1 ? pNode->pModel->pTable : pNode->pRel->pThrough;
  AssocSort *pNew = &pNode->aSort[pNode->nSort++];
  pNew->iArg = assocNodeColumnArg(p, pNode, pTab, iCol, iAlias);
  pNew->bDesc = (u8)bDesc;
  pNew->bHigh = eNulls == (bDesc ? SHAPE_NULLS_FIRST : SHAPE_NULLS_LAST);
}

/* Does the order have the column of the model? */
static int sortHas(const ShapeSort *pSort, const AssocTable *pTab, int iCol) {
  while (pSort && assocKeyColumn(pTab, &pSort->key) != iCol) {
    pSort = pSort->pNext;
  }
  return pSort != 0;
}

/* The number of values in a sort key; 0 if SQLite has to sort the rows. */
static int sortTerms(Planner *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocTable *pJoin = isMany2Many(pNode) ? pNode->pRel->pThrough : 0;
  const ShapeSort *pSort = assocOrderOf(pNode->pRel, pNode->pClauses);
  int i, iCol, iAlias, n = 0;
  if (pNode->pRel == 0 || !pNode->bMany || pNode->bLimit || pNode->pPage ||
      (pSort == 0 && (pJoin || assocStmtIsNatural(p, pNode)))) {
    return 0;
  }
  for (; pSort; pSort = pSort->pNext, n++) {
    if (!sortColumn(p, pNode, pSort, &iAlias, &iCol)) return 0;
  }
  for (i = 0; i < pModel->nKey; i++, n++) {
    if (!sortIsPlain(p, pModel->pTable, pModel->aKey[i])) return 0;
  }
  for (i = 0; pJoin && i < pJoin->nKey; i++, n++) {
    if (!sortIsPlain(p, pJoin, pJoin->aKey[i])) return 0;
  }
  if (pNode->nScanKey + pNode->nArg + n > p->nFunctionArg) return 0;
  /* SQLite compares such texts in the order of their own bytes. */
  return assocIsUtf16(p->pCall) ? 0 : n;
}

/* The order of assocStmtOrder(), as values that a row has. They are the last of
** the node's values, unless it has them already. */
void assocSortPlan(AssocPlanner *p, AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  ShapeSort *pOrder = assocOrderOf(pNode->pRel, pNode->pClauses), *pSort;
  int n = sortTerms(p, pNode), nArg = pNode->nArg, bDesc = 0;
  int i, iCol, iAlias;
  if (n > 0) pNode->aSort = assocPlannerAlloc(p, sizeof(AssocSort) * (size_t)n);
  if (pNode->aSort == 0) return;
  for (pSort = pOrder; pSort; pSort = pSort->pNext) {
    (void)sortColumn(p, pNode, pSort, &iAlias, &iCol);
    bDesc = pSort->bDesc;
    sortAdd(p, pNode, iAlias, iCol, pSort->eNulls, bDesc);
  }
  for (i = 0; i < pModel->nKey; i++) {
    if (sortHas(pOrder, pModel->pTable, pModel->aKey[i])) continue;
    sortAdd(p, pNode, 1, pModel->aKey[i], SHAPE_NULLS_DEFAULT, bDesc);
  }
  for (i = 0; isMany2Many(pNode) && i < pNode->pRel->pThrough->nKey; i++) {
    sortAdd(p, pNode, 2, pNode->pRel->pThrough->aKey[i], SHAPE_NULLS_DEFAULT,
            0);
  }
  assert(pNode->nSort <= n);
  pNode->nSortArg = pNode->nArg - nArg;
}

/* -------------------------------------------------------------------- key */

/* Append n bytes. */
static void sortBytes(AssocOut *pOut, const u8 *a, i64 n) {
  if (!assocOutNeed(pOut, n)) return;
  memcpy(pOut->p, a, (size_t)n);
  pOut->p += n;
}

/* Append one byte. */
static void sortByte(AssocOut *pOut, int i) {
  u8 c = (u8)i;
  sortBytes(pOut, &c, 1);
}

/* A number: the double in the order of its bits, the highest byte first, and the
** rest of an integer that is beyond its precision, which is 512 at most. */
static void sortNumber(AssocOut *pOut, double r, i64 nRest) {
  u8 a[11];
  u64 u;
  int i;
  r += 0.0; /* 0 for -0 */
  memcpy(&u, &r, sizeof(u));
  u = u >> 63 ? ~u : u | (u64)1 << 63;
  a[0] = 1;
  for (i = 0; i < 8; i++) a[1 + i] = (u8)(u >> (56 - 8 * i));
  nRest += 0x8000;
  a[9] = (u8)(nRest >> 8);
  a[10] = (u8)nRest;
  sortBytes(pOut, a, sizeof(a));
}

/* What is left of an integer that has become a double. */
static i64 sortRest(i64 i, double r) {
  return i < 0 ? i - (i64)r : (i64)((u64)i - (u64)r);
}

/* A text or BLOB. */
static void sortText(AssocOut *pOut, const u8 *a, i64 n) {
  while (n > 0) {
    const u8 *pNul = memchr(a, 0, (size_t)n);
    i64 nPart = pNul ? pNul - a + 1 : n;
    sortBytes(pOut, a, nPart);
    if (pNul) sortByte(pOut, 255);
    a += nPart;
    n -= nPart;
  }
  sortBytes(pOut, (const u8 *)"\0", 2);
}

/* One value of a sort key. */
static void sortValue(AssocOut *pOut, sqlite3_value *pVal, int bHigh) {
  const u8 *a;
  double r;
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_NULL: sortByte(pOut, bHigh ? 4 : 0); break;
  case SQLITE_INTEGER:
    r = (double)sqlite3_value_int64(pVal);
    sortNumber(pOut, r, sortRest(sqlite3_value_int64(pVal), r));
    break;
  case SQLITE_FLOAT: sortNumber(pOut, sqlite3_value_double(pVal), 0); break;
  case SQLITE_TEXT:
    sortByte(pOut, 2);
    a = sqlite3_value_text(pVal);
    if (a == 0) pOut->rc = SQLITE_NOMEM;
    if (a) sortText(pOut, a, sqlite3_value_bytes(pVal));
    break;
  default:
    sortByte(pOut, 3);
    a = sqlite3_value_blob(pVal);
    sortText(pOut, a, a ? sqlite3_value_bytes(pVal) : 0);
  }
}

/* Turn the bytes from iFrom on round. */
static void sortTurn(AssocOut *pOut, i64 iFrom) {
  char *z;
  if (pOut->rc != SQLITE_OK) return;
  for (z = pOut->pStart + iFrom; z < pOut->p; z++) *z = (char)~*z;
}

/* Behind the text of a row, so that the row knows where it is: its size, and the
** sort key. */
void assocSortKey(AssocOut *pOut, const AssocNode *pNode,
                  sqlite3_value **apVal) {
  i64 nMax = pOut->nMax, iKey = pOut->p - pOut->pStart, nKey = 0;
  int i;
  pOut->nMax = ((i64)1) << 40; /* It is no part of the answer */
  sortBytes(pOut, (const u8 *)&nKey, sizeof(nKey));
  for (i = 0; i < pNode->nSort && pOut->rc == SQLITE_OK; i++) {
    const AssocSort *pSort = &pNode->aSort[i];
    i64 iFrom = pOut->p - pOut->pStart;
    sortValue(pOut, apVal[pSort->iArg], pSort->bHigh);
    if (pSort->bDesc) sortTurn(pOut, iFrom);
  }
  if (pOut->rc == SQLITE_OK) {
    nKey = pOut->p - pOut->pStart - iKey - (i64)sizeof(nKey);
    memcpy(pOut->pStart + iKey, &nKey, sizeof(nKey));
  }
  pOut->nMax = nMax;
}

/* ------------------------------------------------------------------- sort */

/* The sort key of a row, of *pn bytes. */
static const char *sortKeyOf(const AssocNode *pNode, const AssocRow *pRow,
                             i64 *pn) {
  const char *z =
      (const char *)&pRow->aWord[assocNodeWords(pNode)] + pRow->nText;
  memcpy(pn, z, sizeof(*pn));
  return z + sizeof(*pn);
}

/* Does b come before a? No sort key begins another one. */
static int sortIsBefore(const AssocNode *pNode, const AssocRow *b,
                        const AssocRow *a) {
  i64 nA, nB;
  const char *zA = sortKeyOf(pNode, a, &nA);
  const char *zB = sortKeyOf(pNode, b, &nB);
  return memcmp(zB, zA, (size_t)(nA < nB ? nA : nB)) < 0;
}

/* Sort a few rows. */
static void sortFew(const AssocNode *pNode, AssocRow **apRow, u32 n) {
  u32 i, j;
  for (i = 1; i < n; i++) {
    AssocRow *pRow = apRow[i];
    for (j = i; j > 0 && sortIsBefore(pNode, pRow, apRow[j - 1]); j--) {
      apRow[j] = apRow[j - 1];
    }
    apRow[j] = pRow;
  }
}

/* Merge the sorted rows before iMid with those behind it. apTo has room for all
** that are before it. */
static void sortMerge(const AssocNode *pNode, AssocRow **apRow, u32 iMid, u32 n,
                      AssocRow **apTo) {
  u32 i = 0, j = iMid, k = 0;
  if (!sortIsBefore(pNode, apRow[iMid], apRow[iMid - 1])) return;
  memcpy(apTo, apRow, sizeof(*apRow) * iMid);
  while (i < iMid && j < n) {
    apRow[k++] =
        sortIsBefore(pNode, apRow[j], apTo[i]) ? apRow[j++] : apTo[i++];
  }
  memcpy(&apRow[k], &apTo[i], sizeof(*apRow) * (iMid - i));
}

/* Rows that are sorted one by one, and rows after which an interrupt is looked
** for. */
#define SORT_FEW 8
#define SORT_PULSE 50000

/* Sort a list; equal rows keep their order. apTo has room for it. */
static void sortList(AssocRun *pRun, const AssocNode *pNode, AssocRow **apRow,
                     u32 n, AssocRow **apTo) {
  u32 iMid = n / 2;
  if (n <= SORT_FEW) {
    sortFew(pNode, apRow, n);
    return;
  }
  if (n > SORT_PULSE) assocRunPulse(pRun);
  if (pRun->pCall->rc != SQLITE_OK) return;
  sortList(pRun, pNode, apRow, iMid, apTo);
  sortList(pRun, pNode, &apRow[iMid], n - iMid, apTo);
  sortMerge(pNode, apRow, iMid, n, apTo);
}

void assocSortLists(AssocRun *pRun, const AssocNode *pNode) {
  const AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  AssocRow **apTo;
  u32 i, nMost = 0;
  for (i = 0; i < pState->nBucket; i++) {
    if (pState->aBucket[i].nRow > nMost) nMost = pState->aBucket[i].nRow;
  }
  apTo = assocAllocRaw(pRun->pCall, &pRun->mem, (i64)sizeof(*apTo) * nMost);
  for (i = 0; apTo && i < pState->nBucket; i++) {
    const AssocBucket *pBucket = &pState->aBucket[i];
    sortList(pRun, pNode, &pState->apRow[pBucket->iRow], pBucket->nRow, apTo);
  }
}
