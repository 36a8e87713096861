/*
** Rows that are written directly into the result.
**
** Rows are kept until all are here, since they come in any order. But the rows
** of the last node often come in the order in which the result has them: those
** of a lookup, and those of a table in which the rows of a parent lie together.
** Then each row is written behind the one before, and copied no more.
**
**   around  ,{"id":7,"posts":},{"id":8,"posts":}    of one root, with gaps
**   out     [{"id":1,"posts":[{…},{…}]}, … ,{"id":7,"posts":[{…},{…}
**
** Nobody knows beforehand in what order rows come. So the first few are kept.
** If they came list by list, the result begins. When the first row comes for a
** list that the result has passed, this and all later rows are kept. Then the
** result is gathered as ever; a list is its part of what was written, and the
** rows that were kept.
*/
#include "load/run.h"

void assocDirectFail(AssocRun *pRun, const AssocOut *pOut) {
  pRun->rc = pOut->rc;
  if (pOut->rc != SQLITE_TOOBIG) return;
  /* The error has no path, as that of a result that was gathered. */
  assocRunTooBig(pRun->pCall, pOut->nMax, 0);
  pRun->rc = SQLITE_ABORT;
}

/* The list of the gap at which the result stands. */
static AssocBucket *openList(AssocRun *pRun) {
  AssocDirect *p = pRun->pAhead;
  assert(p->iGap < p->nGap);
  return &pRun->aNode[p->pNode->iNode].aBucket[p->aGap[p->iGap].iBucket];
}

/* Note which part of the result is the list that is written. */
static i64 noteList(AssocRun *pRun) {
  AssocDirect *p = pRun->pAhead;
  AssocBucket *pBucket = openList(pRun);
  pBucket->u.ahead.iText = p->iStart;
  pBucket->u.ahead.nText = (u32)(p->out.p - p->out.pStart - p->iStart);
  return pBucket->u.ahead.nText;
}

/* End this list. Each row has a comma in front, the first one becomes the
** bracket. */
static void endList(AssocRun *pRun) {
  AssocDirect *p = pRun->pAhead;
  if (noteList(pRun) == 0) {
    assocOutText(&p->out, p->pNode->zEmpty, p->pNode->nEmpty);
  } else {
    p->out.pStart[p->iStart] = '[';
    assocOutText(&p->out, "]", 1);
  }
}

void assocDirectGap(AssocRun *pRun, u32 iBucket) {
  AssocDirect *p = pRun->pAhead;
  if (p->nGap == p->nGapRoom) {
    u32 nNew = p->nGap * 2 + 30;
    AssocGap *a =
        assocAllocRaw(pRun->pCall, &pRun->mem, (i64)sizeof(AssocGap) * nNew);
    if (a == 0) {
      p->around.rc = pRun->pCall->rc;
      return;
    }
    if (p->nGap) memcpy(a, p->aGap, sizeof(AssocGap) * p->nGap);
    p->aGap = a;
    p->nGapRoom = nNew;
  }
  if (iBucket < p->iLeast) p->bTwice = 1;
  p->iLeast = iBucket + 1;
  p->aGap[p->nGap].iBucket = iBucket;
  p->aGap[p->nGap++].iText = (u32)(p->around.p - p->around.pStart);
}

/* Gather the text around the lists of the next root; of a single root, or of a
** page, the whole text. False if there is none, if the lists are not in the
** order of their numbers, or after an error. */
static int gatherAround(AssocRun *pRun) {
  AssocDirect *p = pRun->pAhead;
  const AssocNodeRun *pRoot = &pRun->aNode[0];
  u32 nRoot = p->bList ? pRoot->aBucket[0].nRow : 1;
  int bNull = 0;
  p->around.p = p->around.pStart;
  p->iAround = 0;
  p->nGap = p->iGap = 0;
  if (p->iRoot == nRoot) return 0;
  if (p->bList) {
    assocOutText(&p->around, ",", 1);
    assocGatherRow(pRun, &p->around, pRun->pPlan->pRoot,
                   pRoot->apRow[p->iRoot]);
  } else {
    assocGatherResult(pRun, &p->around, &bNull);
    assert(!bNull); /* There are rows below */
  }
  p->iRoot++;
  if (p->around.rc != SQLITE_OK) assocDirectFail(pRun, &p->around);
  if (p->around.rc == SQLITE_OK && !p->bTwice) return 1;
  p->nGap = 0; /* The result does not come to these gaps */
  return 0;
}

/* Write the text around up to the next gap, or its end. */
static void writeAround(AssocDirect *p) {
  i64 iTo = p->iGap < p->nGap ? (i64)p->aGap[p->iGap].iText
                              : p->around.p - p->around.pStart;
  assocOutText(&p->out, &p->around.pStart[p->iAround], iTo - p->iAround);
  p->iAround = iTo;
}

/* End the list, and go on to the next gap. False if there is none, as
** gatherAround() says. */
static int nextGap(AssocRun *pRun) {
  AssocDirect *p = pRun->pAhead;
  if (p->iGap < p->nGap) {
    endList(pRun);
    p->iGap++;
    writeAround(p);
  }
  while (p->iGap == p->nGap && p->out.rc == SQLITE_OK) {
    if (!gatherAround(pRun)) return 0;
    writeAround(p);
  }
  if (p->out.rc != SQLITE_OK) {
    assocDirectFail(pRun, &p->out);
    return 0;
  }
  p->iStart = (u32)(p->out.p - p->out.pStart);
  return 1;
}

int assocDirectGo(AssocRun *pRun, u32 iBucket) {
  AssocDirect *p = pRun->pAhead;
  while (p->iGap == p->nGap || p->aGap[p->iGap].iBucket < iBucket) {
    if (!nextGap(pRun)) break;
  }
  p->iBucket = iBucket;
  if (p->iGap < p->nGap) {
    if (p->aGap[p->iGap].iBucket == iBucket) return 1;
    (void)noteList(pRun);
  }
  pRun->pDirect = 0;
  return 0;
}

/* Did the rows come list by list? */
static int inOrder(const AssocNodeRun *pState) {
  u32 i = 1;
  while (i < pState->nRow && pState->aiList[i] >= pState->aiList[i - 1]) i++;
  return i == pState->nRow;
}

/* Write the rows that are here. False if they are not in the order of the
** result, or after an error. */
static int writeFirst(AssocRun *pRun, AssocNodeRun *pState) {
  u32 i;
  for (i = 0; i < pState->nRow; i++) {
    const AssocRow *pRow = pState->apRow[i];
    if (!assocDirectGo(pRun, pState->aiList[i])) return 0;
    assocOutText(&pRun->pAhead->out, (const char *)pRow->aWord, pRow->nText);
    if (pRun->pAhead->out.rc != SQLITE_OK) {
      assocDirectFail(pRun, &pRun->pAhead->out);
      return 0;
    }
  }
  return 1;
}

/* Room for as much as the last time, if the same is asked again. */
static void directReserve(AssocRun *pRun) {
  i64 n = pRun->pPlan->nLast;
  if (pRun->args.nKey == 0 && pRun->args.nVal == 0) {
    assocBufReserve(&pRun->pAhead->out, n + n / 16);
  }
}

int assocDirectStart(AssocRun *pRun) {
  AssocNode *pNode = pRun->pDirect;
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const AssocNode *pRoot = pRun->pPlan->pRoot;
  AssocDirect *p;
  u32 i;
  pRun->pDirect = 0;
  if (!inOrder(pState)) return 0;
  p = assocAlloc(pRun->pCall, &pRun->mem, sizeof(*p));
  if (p == 0) {
    pRun->rc = pRun->pCall->rc;
    return 0;
  }
  pRun->pAhead = p;
  assocBufInit(&p->out, assocBudgetMost(pRun->pCall->pConn));
  assocBufInit(&p->around, p->out.nMax);
  p->pNode = pNode;
  p->bList = pRoot->bMany && pRoot != pNode && pRoot->pPage == 0;
  directReserve(pRun);
  if (writeFirst(pRun, pState)) {
    pRun->pDirect = pNode;
    pState->nDirect = pState->nRow;
    pState->nRow = 0;
    return 1;
  }
  /* All of these rows are still kept. */
  for (i = 0; i < pState->nRow; i++) {
    pState->aBucket[pState->aiList[i]].u.nCame = 0;
  }
  return 0;
}

int assocDirectEnd(AssocRun *pRun, AssocOut *pOut) {
  AssocDirect *p = pRun->pAhead;
  if (p == 0 || pRun->pDirect == 0) return 0;
  while (nextGap(pRun)) {
  }
  if (pRun->rc != SQLITE_OK) assocErrorCode(pRun->pCall, pRun->rc);
  if (pRun->pCall->rc != SQLITE_OK || p->bTwice) return 0;
  if (p->bList) {
    p->out.pStart[0] = '[';
    assocOutText(&p->out, "]", 1);
  }
  assert(pOut->pStart == 0);
  *pOut = p->out;
  assocBufInit(&p->out, 0);
  return 1;
}

void assocDirectFree(AssocRun *pRun) {
  if (pRun->pAhead == 0) return;
  assocBufClear(&pRun->pAhead->out);
  assocBufClear(&pRun->pAhead->around);
}
