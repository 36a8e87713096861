/*
** Putting the rows' texts together.
**
** A row's text begins with a comma, so a list of rows without children is
** their texts one after another, and its first comma becomes the bracket.
** Where a row has children, its text is cut at the places that it noted.
*/
#include "load/load.h"

static inline void putText(AssocOut *pOut, const char *z, i64 n) {
  if (!assocOutNeed(pOut, n)) return;
  memcpy(pOut->p, z, (size_t)n);
  pOut->p += n;
}

static inline const char *rowText(const AssocNode *pNode,
                                  const AssocRow *pRow) {
  return (const char *)&pRow->aWord[pNode->nSplit + pNode->nChild];
}

/* Texts of rows that have no children. */
static void gatherLeaves(AssocOut *pOut, const AssocNode *pNode,
                         const AssocRow *pRow) {
  for (; pRow; pRow = pRow->pNext) {
#if defined(__GNUC__)
    __builtin_prefetch(pRow->pNext);
#endif
    putText(pOut, rowText(pNode, pRow), pRow->nText);
  }
}

/* From byte iFrom of its text on: 0 takes the comma along. */
static void gatherText(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       const AssocRow *pRow, u32 iFrom) {
  const char *z = rowText(pNode, pRow);
  const AssocPart *pPart;
  int iSplit = 0;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    const AssocNode *pChild = pPart->pNode;
    u32 iTo;
    if (pChild == 0) continue;
    iTo = pRow->aWord[iSplit++];
    putText(pOut, &z[iFrom], iTo - iFrom);
    assocGatherBucket(pRun, pOut, pChild,
                      pRow->aWord[pNode->nSplit + pChild->iChild]);
    iFrom = iTo;
  }
  putText(pOut, &z[iFrom], pRow->nText - iFrom);
}

void assocGatherRow(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                    const AssocRow *pRow) {
  gatherText(pRun, pOut, pNode, pRow, 1);
}

static void gatherList(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       const AssocRow *pRow) {
  i64 iStart = pOut->p - pOut->pStart;
  if (pNode->nSplit == 0) {
    gatherLeaves(pOut, pNode, pRow);
  } else {
    for (; pRow; pRow = pRow->pNext) {
      gatherText(pRun, pOut, pNode, pRow, 0);
    }
  }
  if (pOut->rc == SQLITE_OK) pOut->pStart[iStart] = '[';
  putText(pOut, "]", 1);
}

void assocGatherBucket(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       u32 iBucket) {
  const AssocBucket *aBucket = pRun->aNode[pNode->iNode].aBucket;
  const AssocRow *pRow =
      iBucket == ASSOC_NOSLOT || aBucket == 0 ? 0 : aBucket[iBucket].pFirst;
  if (pRow == 0) {
    putText(pOut, pNode->zEmpty, pNode->nEmpty);
  } else if (pNode->bMany) {
    gatherList(pRun, pOut, pNode, pRow);
  } else {
    assocGatherRow(pRun, pOut, pNode, pRow);
  }
}

/* A little more than what the rows take, or what the last result took. */
static void reserve(AssocRun *pRun, AssocOut *pOut) {
  AssocLoadState *pLoad = assocLoadState(pRun->pCall);
  i64 n = pRun->mem.nByte - (pRun->mem.pEnd - pRun->mem.pAt);
  if (pLoad && n < pLoad->nLast && pLoad->nLast < n * 4) n = pLoad->nLast;
  assocBufReserve(pOut, n + n / 16);
}

/* Which bucket is the result: of EAGER and FIND the root's, of GET that of
** its one child. */
static void gatherResult(AssocRun *pRun, AssocOut *pOut, int *pbNull) {
  const AssocNode *pNode = pRun->pPlan->pRoot;
  const AssocBucket *pRoots = pRun->aNode[0].aBucket;
  u32 iBucket = 0;
  if (pRun->pPlan->eAsk != ASSOC_ASK_EAGER && pRoots->pFirst == 0) {
    *pbNull = 1;
    return;
  }
  if (pRun->pPlan->eAsk == ASSOC_ASK_GET) {
    iBucket = pRoots->pFirst->aWord[pNode->nSplit];
    pNode = pNode->pChild;
    if (!pNode->bMany) {
      const AssocBucket *a = pRun->aNode[pNode->iNode].aBucket;
      *pbNull = a == 0 || iBucket == ASSOC_NOSLOT || a[iBucket].pFirst == 0;
      if (*pbNull) return;
    }
  }
  reserve(pRun, pOut);
  assocGatherBucket(pRun, pOut, pNode, iBucket);
}

char *assocRunJson(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   i64 *pn, int *pbNull) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  AssocRun run;
  AssocOut out;
  char *z = 0;
  *pn = 0;
  *pbNull = 0;
  assocRunStart(pCall, &run, pPlan, pArgs);
  if (pCall->rc == SQLITE_OK) assocRunRoot(&run);
  if (pCall->rc == SQLITE_OK) assocRunChildren(&run);
  assocBufInit(&out, sqlite3_limit(pCall->db, SQLITE_LIMIT_LENGTH, -1));
  if (pCall->rc == SQLITE_OK) gatherResult(&run, &out, pbNull);
  if (pCall->rc == SQLITE_OK && !*pbNull) {
    z = assocBufFinish(&out, pn);
    if (z == 0 && out.rc == SQLITE_TOOBIG) {
      assocError(pCall,
                 "the result is too big: SQLITE_LIMIT_LENGTH is %lld bytes",
                 out.nMax);
    }
    if (z == 0) assocErrorCode(pCall, out.rc);
    pLoad->nLast = *pn;
  }
  assocBufClear(&out);
  assocRunEnd(&run);
  return z;
}
