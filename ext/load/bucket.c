/*
** The rows of a node, in lists.
**
** Rows come in any order, each with the number of its bucket. When all rows are
** here, they are sorted by bucket (a counting sort), so that the rows of a
** bucket lie next to each other in one array. Whoever reads them knows early
** which rows come next, and can prefetch them. A chain of pointers through much
** memory would not allow this.
*/
#include "load/run.h"

/* A larger array in the arena. The old array stays there until the run ends. */
static void *listGrow(AssocRun *pRun, const void *pOld, i64 nOld, i64 nNew) {
  void *pNew = assocAllocRaw(pRun->pCall, &pRun->mem, nNew);
  if (pNew == 0 && pRun->rc == SQLITE_OK) pRun->rc = SQLITE_NOMEM;
  if (pNew && nOld) memcpy(pNew, pOld, (size_t)nOld);
  return pNew;
}

/* The lists double, so that adding n lists one by one costs O(n). New lists are
** empty. The old array stays in the arena until the run ends. False after an
** error. */
int assocListNeed(AssocRun *pRun, AssocNodeRun *pState, u32 n) {
  const i64 nOne = sizeof(AssocBucket);
  AssocBucket *aNew;
  u32 nOld = pState->nBucket, nNew = nOld ? nOld * 2 : n;
  if (n <= nOld) return 1;
  if (nNew < n) nNew = n;
  aNew = listGrow(pRun, pState->aBucket, nOne * nOld, nOne * nNew);
  if (aNew == 0) return 0;
  assert(nNew >= n && nNew > nOld);
  memset(&aNew[nOld], 0, (size_t)(nOne * (nNew - nOld)));
  pState->aBucket = aNew;
  pState->nBucket = nNew;
  return 1;
}

/* In a many-to-many, the row of each target is written once, and every list
** that contains the target shares it: apEnd[i] is the row of target i. */
int assocListEnds(AssocRun *pRun, AssocNodeRun *pState, u32 n) {
  const i64 nOne = sizeof(AssocRow *);
  u32 nOld = pState->nEnd, nNew = n * 2 + 62;
  AssocRow **apNew;
  if (n <= nOld) return 1;
  apNew = listGrow(pRun, pState->apEnd, nOne * nOld, nOne * nNew);
  if (apNew == 0) return 0;
  pState->apEnd = apNew;
  pState->nEnd = nNew;
  return 1;
}

/*
** nMost counts the rows of one parent. A to-one keeps one row. The limit of the
** clauses counts only if no statement has applied it already (bHere). A page
** keeps one row more, by which gather.c sees that a next page exists. A
** negative limit means no limit, as in SQL; so does one that no list can reach.
*/
void assocListLimits(AssocRun *pRun, const AssocNode *pNode, int bHere) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const ShapeClauses *pC = pNode->pClauses;
  const AssocPage *pPage = pNode->pPage;
  const ShapeVal *pMost = pPage ? pPage->pMost : pC ? pC->pLimit : 0;
  /* bHere: the runner counts rows itself, because one statement reads the rows of
  ** all parents. Else SQL's LIMIT has counted them. */
  pState->nOffset = 0;
  pState->nMost = ASSOC_LIST_ALL;
  if (pNode->pRel && !pNode->bMany) {
    pState->nMost = 1;
  } else if (bHere && pNode->pRel) { /* A list, which always has clauses */
    i64 n = pMost ? assocBindCount(pRun, pMost) : -1;
    if (n >= 0 && n < ASSOC_LIST_ALL)
      pState->nMost = n + (pPage && pPage->bMore);
    if (pC->pOffset) pState->nOffset = assocBindCount(pRun, pC->pOffset);
    if (pState->nOffset < 0) pState->nOffset = 0;
  }
  pState->bLimited = pState->nMost < ASSOC_LIST_ALL || pState->nOffset > 0;
}

/* Both arrays grow together, as one block: row i of the run belongs to list
** aiList[i]. They grow fourfold, since the old memory is not freed before the run
** ends. */
int assocListRoom(AssocRun *pRun, AssocNodeRun *pState) {
  u32 n = pState->nRow, nNew = n * 4 + 60;
  const i64 nRows = (i64)sizeof(AssocRow *) * nNew;
  AssocRow **apRow = listGrow(pRun, pState->apRow, (i64)sizeof(*apRow) * n,
                              nRows + (i64)sizeof(*pState->aiList) * nNew);
  u32 *aiList = (u32 *)&apRow[nNew];
  if (apRow == 0) return 0;
  if (n) memcpy(aiList, pState->aiList, sizeof(*aiList) * n);
  pState->apRow = apRow;
  pState->aiList = aiList;
  pState->nRoom = nNew;
  return 1;
}

void assocListWay(AssocRun *pRun, AssocNodeRun *pState, u32 iBucket, u32 iEnd) {
  const i64 nOne = sizeof(AssocWay);
  u32 nOld = pState->nWay;
  if (nOld == pState->nWayRoom) {
    u32 nNew = nOld * 4 + 60;
    AssocWay *aNew = listGrow(pRun, pState->aWay, nOne * nOld, nOne * nNew);
    if (aNew == 0) return;
    pState->aWay = aNew;
    pState->nWayRoom = nNew;
  }
  pState->aWay[pState->nWay++] = (AssocWay){iBucket, iEnd};
}

/* Sort the ways by their targets: count, then place. Then two ways from a parent to
** a target follow each other among the ways of this parent. */
void assocListWays(AssocRun *pRun, AssocNodeRun *pState) {
  u32 nEnd = pState->ends.nSlot, i, iSum = 0;
  const i64 nWord = sizeof(u32);
  u32 *aiEnd = listGrow(pRun, 0, 0, nWord * ((i64)nEnd + pState->nBucket));
  AssocWay *aWay = listGrow(pRun, 0, 0, (i64)sizeof(AssocWay) * pState->nWay);
  u32 *aiLast = &aiEnd[nEnd];
  if (aiEnd == 0 || aWay == 0) return;
  memset(aiEnd, 0, (size_t)(nWord * nEnd));
  memset(aiLast, 0xff, (size_t)(nWord * pState->nBucket));
  for (i = 0; i < pState->nWay; i++) aiEnd[pState->aWay[i].iEnd]++;
  for (i = 0; i < nEnd; i++) {
    u32 n = aiEnd[i];
    aiEnd[i] = iSum;
    iSum += n;
  }
  for (i = 0; i < pState->nWay; i++) {
    aWay[aiEnd[pState->aWay[i].iEnd]++] = pState->aWay[i];
  }
  for (i = 0; i < pState->nWay && pRun->rc == SQLITE_OK; i++) {
    u32 iBucket = aWay[i].iBucket, iEnd = aWay[i].iEnd;
    if (aiLast[iBucket] == iEnd) continue;
    aiLast[iBucket] = iEnd;
    if (!assocListTakes(pState, iBucket)) continue;
    assocListAdd(pRun, pState, iBucket, pState->apEnd[iEnd]);
  }
}

/* Count the rows of each bucket. True if the rows came bucket by bucket. */
static int listCount(AssocNodeRun *pState) {
  u32 i, iLast = 0;
  int bInOrder = 1;
  for (i = 0; i < pState->nRow; i++) {
    u32 iBucket = pState->aiList[i];
    assert(iBucket < pState->nBucket);
    pState->aBucket[iBucket].nRow++;
    if (iBucket < iLast) bInOrder = 0;
    iLast = iBucket;
  }
  return bInOrder;
}

/* Sort the rows by their lists, in two linear passes: count, then place. Rows
** of one list keep the order in which they arrived, which is the order of the
** result. If they already arrived list by list, nothing moves. */
void assocListEnd(AssocRun *pRun, AssocNodeRun *pState) {
  AssocRow **apRow;
  u32 i, iRow = 0;
  int bInOrder = listCount(pState);
  for (i = 0; i < pState->nBucket; i++) {
    pState->aBucket[i].iRow = iRow;
    iRow += pState->aBucket[i].nRow;
  }
  assert(iRow == pState->nRow);
  if (bInOrder) return;
  apRow = listGrow(pRun, 0, 0, (i64)sizeof(*apRow) * pState->nRoom);
  if (apRow == 0) return;
  for (i = 0; i < pState->nRow; i++) {
    apRow[pState->aBucket[pState->aiList[i]].iRow++] = pState->apRow[i];
  }
  for (i = 0; i < pState->nBucket; i++) {
    pState->aBucket[i].iRow -= pState->aBucket[i].nRow;
  }
  pState->apRow = apRow;
}

/* Reverse a list. */
static void listTurn(AssocRow **apRow, u32 nRow) {
  u32 i;
  for (i = 0; i < nRow / 2; i++) {
    AssocRow *pRow = apRow[i];
    apRow[i] = apRow[nRow - 1 - i];
    apRow[nRow - 1 - i] = pRow;
  }
}

/* A page was fetched with one row more than it gives: see if there is more. */
void assocListPages(AssocRun *pRun, const AssocNode *pNode, u32 nBucket) {
  const AssocPage *pPage = pNode->pPage;
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  i64 nMost = pPage->pMost ? assocBindCount(pRun, pPage->pMost) : -1;
  u32 i;
  assert(nBucket <= pState->nBucket);
  for (i = 0; i < nBucket; i++) {
    AssocBucket *p = &pState->aBucket[i];
    if (pPage->bMore && nMost >= 0 && p->nRow > nMost) {
      p->bMore = 1;
      p->nRow = (u32)nMost;
    }
    if (pPage->bBack && p->nRow) listTurn(&pState->apRow[p->iRow], p->nRow);
  }
}
