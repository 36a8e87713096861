/*
** Gathering: joining the texts of rows into one JSON text.
**
** A row's text begins with a comma. So a list of rows without children is their
** texts one after another, and the first comma is replaced by "[". If a row has
** children, its text is cut at the offsets in its words, and the children's
** texts go in between.
*/
#include "load/run.h"

/* Append n bytes. */
static inline void putText(AssocOut *pOut, const char *z, i64 n) {
  if (n == 0 || !assocOutNeed(pOut, n)) return;
  memcpy(pOut->p, z, (size_t)n);
  pOut->p += n;
}

/* A row's text, which stands behind its words. */
static inline const char *rowText(const AssocNode *pNode,
                                  const AssocRow *pRow) {
  return (const char *)&pRow->aWord[assocNodeWords(pNode)];
}

/* Count rows of the answer, before they are appended. False if the budget of
** the call is spent. A node of one value, such as a count, has a row that does not
** count. */
static int give(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                u32 nRow) {
  AssocConn *pConn = pRun->pCall->pConn;
  if (ASSOC_LIKELY(pConn->pSession == 0) || pNode->pValue) return 1;
  if (assocBudgetGive(pConn, nRow)) return 1;
  pConn->budget.zAt = pNode->zPath;
  assocBudgetError(pRun->pCall);
  pOut->rc = SQLITE_ABORT;
  return 0;
}

/* Prefetch a row that is needed soon. */
static inline void fetchAhead(AssocRow *const *apRow) {
#if defined(__GNUC__)
  __builtin_prefetch(apRow[ASSOC_LIST_AHEAD]);
#else
  (void)apRow;
#endif
}

/* Append the texts of rows that have no children. */
static void gatherLeaves(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                         AssocRow *const *apRow, u32 nRow) {
  int nWord = assocNodeWords(pNode);
  u32 i;
  if (!give(pRun, pOut, pNode, nRow)) return;
  for (i = 0; i < nRow; i++) {
    fetchAhead(&apRow[i]);
    putText(pOut, (const char *)&apRow[i]->aWord[nWord], apRow[i]->nText);
  }
}

/* The number of a row's bucket in a child node, or in the node itself
** (recursion). */
static u32 bucketOf(const AssocNode *pNode, const AssocRow *pRow,
                    const AssocNode *pChild) {
  if (pChild == pNode) return pRow->aWord[pNode->nSplit + pNode->nChild];
  return pRow->aWord[pNode->nSplit + pChild->iChild];
}

/* Polymorphic: the branch that a row's type names. */
static const AssocNode *branchOf(const AssocNode *pNode, const AssocRow *pRow,
                                 const AssocNode *pChild) {
  while (pChild->pBranch && bucketOf(pNode, pRow, pChild) == ASSOC_NOSLOT) {
    pChild = pChild->pBranch;
  }
  return pChild;
}

/* The flag that the row is above the one being gathered. The recursion pChild
** begins below the row, or the row is one of its own. 0 if the recursion has no
** such flags: then isCircle() looks at the row's bucket. */
static u8 *aboveOf(const AssocRun *pRun, const AssocNode *pNode,
                   const AssocRow *pRow, const AssocNode *pChild) {
  const AssocNodeRun *pState = &pRun->aNode[pChild->iNode];
  int i = pNode == pChild ? pNode->iIdent : pChild->iIdentUp;
  u32 iRow;
  if (pChild->aiIdent == 0 || pState->abAbove == 0) return 0;
  iRow = pRow->aWord[pNode->nSplit + pNode->nChild + pNode->bRecurse + i];
  return iRow < pState->ident.nSlot ? &pState->abAbove[iRow] : 0;
}

/* Append the text of a row's child. */
static inline void gatherChild(AssocRun *pRun, AssocOut *pOut,
                               const AssocNode *pNode, const AssocRow *pRow,
                               const AssocNode *pChild) {
  u8 *pbAbove = aboveOf(pRun, pNode, pRow, pChild);
  if (pbAbove) *pbAbove = 1;
  assocGatherBucket(pRun, pOut, pChild, bucketOf(pNode, pRow, pChild));
  if (pbAbove) *pbAbove = 0;
}

/* Append a row's text from byte iFrom on, with the texts of its children in
** between; aWord says where each one belongs. Byte 0 is the comma that
** separates rows. */
static void gatherText(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       const AssocRow *pRow, u32 iFrom) {
  const char *z = rowText(pNode, pRow);
  const AssocPart *pPart;
  int iSplit = 0;
  for (pPart = pNode->pNodePart; pPart; pPart = pPart->pNextNode) {
    const AssocNode *pChild = pPart->pNode;
    u32 iTo = pRow->aWord[iSplit++];
    if (pChild == pNode && pNode->nRecurse &&
        pRun->aNode[pNode->iNode].nLevel >= pNode->nRecurse) {
      /* The last level of ^n has no such member. Its key brings the brace if
      ** the block is empty. */
      u32 nKey = (u32)pPart->nKey - (pPart->zKey[0] == '{');
      iTo -= nKey;
      putText(pOut, &z[iFrom], iTo - iFrom);
      iFrom = iTo + nKey;
      continue;
    }
    assert(iFrom <= iTo && iTo <= pRow->nText);
    putText(pOut, &z[iFrom], iTo - iFrom);
    pChild = branchOf(pNode, pRow, pChild);
    gatherChild(pRun, pOut, pNode, pRow, pChild);
    iFrom = iTo;
  }
  putText(pOut, &z[iFrom], pRow->nText - iFrom);
}

/* A row's own text was written when the row was read; only the texts of related
** rows are put between its parts here. */
void assocGatherRow(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                    const AssocRow *pRow) {
  gatherText(pRun, pOut, pNode, pRow, 1);
}

/* Without the texts of related rows; the caller uses it to reserve memory. */
i64 assocGatherBytes(const AssocRow *pRow) {
  return pRow->nText;
}

/* In a recursion: is the row above itself, or are its own children being gathered
** right now? Then the data have a circle here. */
static int isCircle(AssocRun *pRun, const AssocNode *pNode,
                    const AssocRow *pRow) {
  u32 i;
  const u8 *pbAbove;
  if (!pNode->bRecurse) return 0;
  pbAbove = aboveOf(pRun, pNode, pRow, pNode);
  if (pbAbove) return *pbAbove;
  i = bucketOf(pNode, pRow, pNode);
  return i != ASSOC_NOSLOT && pRun->aNode[pNode->iNode].aBucket[i].bOpen;
}

/* Bytes of the result between two checks for an interrupt. */
#define GATHER_PULSE ((i64)4 << 20)

/* Give the caller a chance to interrupt. */
static ASSOC_NOINLINE void pulse(AssocRun *pRun, AssocOut *pOut) {
  pRun->nPulse = pOut->p - pOut->pStart;
  assocRunPulse(pRun);
  if (!assocBudgetTime(pRun->pCall->pConn)) assocBudgetError(pRun->pCall);
  if (pRun->pCall->rc != SQLITE_OK) pOut->rc = SQLITE_ABORT;
}

/* Append the rows of a bucket as a JSON list. */
static void gatherRows(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       u32 iBucket) {
  const AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const AssocBucket *pBucket = &pState->aBucket[iBucket];
  AssocRow *const *apRow = &pState->apRow[pBucket->iRow];
  i64 iStart = pOut->p - pOut->pStart;
  u32 i;
  assert(pNode->bMany && iBucket < pState->nBucket);
  assert(pBucket->nRow > 0); /* The caller has written an empty list */
  if (ASSOC_UNLIKELY(iStart - pRun->nPulse > GATHER_PULSE)) pulse(pRun, pOut);
  if (pNode->nSplit == 0) {
    gatherLeaves(pRun, pOut, pNode, apRow, pBucket->nRow);
  } else {
    for (i = 0; i < pBucket->nRow && pOut->rc == SQLITE_OK; i++) {
      fetchAhead(&apRow[i]);
      if (!isCircle(pRun, pNode, apRow[i]) && give(pRun, pOut, pNode, 1)) {
        gatherText(pRun, pOut, pNode, apRow[i], 0);
      }
    }
  }
  if (pOut->rc != SQLITE_OK) return;
  /* Each row writes a comma in front of itself; the first comma becomes the
  ** bracket. No row at all: all were ancestors of themselves. */
  if (pOut->p - pOut->pStart == iStart) putText(pOut, "[", 1);
  if (pOut->rc == SQLITE_OK) pOut->pStart[iStart] = '[';
  putText(pOut, "]", 1);
}

/* Append a page's cursor, which stands behind the row's text; or null. */
static void gatherCursor(AssocOut *pOut, const AssocNode *pNode,
                         const AssocRow *pRow) {
  const char *z = pRow ? rowText(pNode, pRow) + pRow->nText : "null";
  putText(pOut, z, (i64)strlen(z));
}

/* Is the value beside a page, such as hasPreviousPage, true in this bucket? */
static int saysTrue(AssocRun *pRun, const AssocNode *pNode, u32 iBucket) {
  const AssocRow *pRow;
  if (pNode == 0) return 0;
  pRow = assocListFirst(&pRun->aNode[pNode->iNode], iBucket);
  return pRow && rowText(pNode, pRow)[1] == 't';
}

/* Enter a level of a recursion: its bucket is open then. The depth is limited,
** since C calls itself for each level, and no reader wants JSON that is hundreds
** of levels deep. */
static AssocBucket *enterLevel(AssocRun *pRun, AssocOut *pOut,
                               const AssocNode *pNode, u32 iBucket) {
  AssocBucket *pBucket = &pRun->aNode[pNode->iNode].aBucket[iBucket];
  int nDepth = pNode->nDepth + pRun->nLevel;
  assert(pNode->bRecurse);
  if (nDepth > pRun->pCall->pConn->mxDepth) {
    assocErrorOf(pRun->pCall, ASSOC_E_LIMIT, 0, pNode->zPath,
                 "%s is nested more than %d levels deep; bound it with ^n, or "
                 "read it as rows from related()",
                 pNode->zPath, pRun->pCall->pConn->mxDepth);
    pOut->rc = SQLITE_ABORT;
    return 0;
  }
  pBucket->bOpen = 1;
  pRun->nLevel++;
  pRun->aNode[pNode->iNode].nLevel++;
  return pBucket;
}

/* The bucket's rows are written. A recursion may come to this node again. */
static void leaveLevel(AssocRun *pRun, const AssocNode *pNode,
                       AssocBucket *pBucket) {
  pRun->aNode[pNode->iNode].nLevel--;
  pRun->nLevel--;
  pBucket->bOpen = 0;
}

/* A page that is being gathered: its rows in one bucket. */
typedef struct GatherPage GatherPage;
struct GatherPage {
  AssocRun *pRun;         /* The run that has fetched the rows */
  AssocOut *pOut;         /* Receives the text */
  const AssocNode *pNode; /* The node with the page */
  u32 iBucket;            /* The parent's bucket */
  AssocRow *const *apRow; /* nRow rows */
  u32 nRow;               /* Rows of this page alone */
};

/* Append [{"cursor":"…","node":{…}},…]. */
static void gatherEdges(const GatherPage *p, const AssocPagePart *pEdge) {
  const AssocPagePart *pPart;
  int n = 0;
  u32 i;
  putText(p->pOut, "[", 1);
  for (i = 0; i < p->nRow && p->pOut->rc == SQLITE_OK; i++) {
    const AssocRow *pRow = p->apRow[i];
    /* n, not i: rows that are left out have no comma. */
    if (isCircle(p->pRun, p->pNode, pRow)) continue;
    if (!give(p->pRun, p->pOut, p->pNode, 1)) return;
    if (n++) putText(p->pOut, ",", 1);
    for (pPart = pEdge; pPart; pPart = pPart->pNext) {
      putText(p->pOut, pPart->zKey, pPart->nKey);
      if (pPart->ePart == SHAPE_PART_NODE) {
        assocGatherRow(p->pRun, p->pOut, p->pNode, pRow);
      } else {
        gatherCursor(p->pOut, p->pNode, pRow);
      }
    }
    putText(p->pOut, "}", 1);
    if (p->pOut->p - p->pOut->pStart - p->pRun->nPulse > GATHER_PULSE) {
      pulse(p->pRun, p->pOut);
    }
  }
  putText(p->pOut, "]", 1);
}

/* Append the value of one part. */
static void gatherPart(const GatherPage *p, const AssocPagePart *pPart) {
  const AssocPage *pPage = p->pNode->pPage;
  const AssocNodeRun *pState = &p->pRun->aNode[p->pNode->iNode];
  int bMore = p->iBucket != ASSOC_NOSLOT && pState->aBucket &&
              pState->aBucket[p->iBucket].bMore;
  switch (pPart->ePart) {
  case SHAPE_PART_COUNT:
    assocGatherBucket(p->pRun, p->pOut, pPage->pCount, p->iBucket);
    break;
  case SHAPE_PART_NODES:
    if (p->nRow) gatherRows(p->pRun, p->pOut, p->pNode, p->iBucket);
    if (!p->nRow) putText(p->pOut, "[]", 2);
    break;
  case SHAPE_PART_EDGES: gatherEdges(p, pPart->pSub); break;
  case SHAPE_PART_INFO:
    for (pPart = pPart->pSub; pPart; pPart = pPart->pNext) {
      putText(p->pOut, pPart->zKey, pPart->nKey);
      gatherPart(p, pPart);
    }
    putText(p->pOut, "}", 1);
    break;
  case SHAPE_PART_START:
    gatherCursor(p->pOut, p->pNode, p->nRow ? p->apRow[0] : 0);
    break;
  case SHAPE_PART_END:
    gatherCursor(p->pOut, p->pNode, p->nRow ? p->apRow[p->nRow - 1] : 0);
    break;
  default:
    assert(pPart->ePart == SHAPE_PART_MORE ||
           pPart->ePart == SHAPE_PART_BEFORE);
    if ((pPart->ePart == SHAPE_PART_MORE) == pPage->bBack) {
      bMore = saysTrue(p->pRun, pPage->pBehind, p->iBucket);
    }
    putText(p->pOut, bMore ? "true" : "false", bMore ? 4 : 5);
    break;
  }
}

/* Append {"count":9,"nodes":[…],"pageInfo":{…}}, or what parts the page has. The
** values beside a list got the same keys in the same order, so their buckets
** have the same numbers. */
static ASSOC_NOINLINE void gatherPage(AssocRun *pRun, AssocOut *pOut,
                                      const AssocNode *pNode, u32 iBucket) {
  const AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const AssocPagePart *pPart;
  AssocBucket *pLevel = 0;
  GatherPage page = {pRun, pOut, pNode, iBucket, 0, 0};
  if (assocListFirst(pState, iBucket)) {
    page.apRow = &pState->apRow[pState->aBucket[iBucket].iRow];
    page.nRow = pState->aBucket[iBucket].nRow;
    if (pNode->bRecurse) pLevel = enterLevel(pRun, pOut, pNode, iBucket);
  }
  assert(pNode->pPage);
  for (pPart = pNode->pPage->pPart; pPart && pOut->rc == SQLITE_OK;
       pPart = pPart->pNext) {
    putText(pOut, pPart->zKey, pPart->nKey);
    gatherPart(&page, pPart);
  }
  putText(pOut, "}", 1);
  if (pLevel) leaveLevel(pRun, pNode, pLevel);
}

/* Append one level of a recursion. */
static ASSOC_NOINLINE void gatherLevel(AssocRun *pRun, AssocOut *pOut,
                                       const AssocNode *pNode, u32 iBucket,
                                       const AssocRow *pRow) {
  AssocBucket *pBucket = enterLevel(pRun, pOut, pNode, iBucket);
  if (pBucket == 0) return;
  if (pNode->bMany) {
    gatherRows(pRun, pOut, pNode, iBucket);
  } else if (isCircle(pRun, pNode, pRow)) {
    putText(pOut, "null", 4);
  } else if (give(pRun, pOut, pNode, 1)) {
    assocGatherRow(pRun, pOut, pNode, pRow);
  }
  leaveLevel(pRun, pNode, pBucket);
}

/* -------------------------------------------------------- lists of members */

/* A member of the rows of a to-many that is spread, or of what is spread in
** them: {…,"name":["a","b"],…}. */
typedef struct GatherMember GatherMember;
struct GatherMember {
  const AssocNode *pNode; /* Whose row has it */
  const AssocPart *pPart; /* The member */
  int iPart;              /* Its number among the parts */
};

static void memberOfBucket(AssocRun *pRun, AssocOut *pOut,
                           const AssocNode *pNode, u32 iBucket,
                           const GatherMember *p);

/* Where the value of a member ends in its row's text: before the key of what
** follows. */
static u32 memberEnd(const GatherMember *p, const AssocRow *pRow) {
  const AssocPart *pNext = assocPartAfter(p->pPart), *pPart = p->pPart;
  int i = p->iPart;
  if (pNext == 0) return pRow->nText;
  for (; pPart != pNext; pPart = pPart->pNext) i++;
  return pRow->aWord[i] - (u32)pNext->nKey;
}

/* One member of a spread to-many: the value that this row adds to the member's
** list. The value may stand in a node below, in one of several models, or in
** the row's own text. */
static void memberOfRow(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                        const AssocRow *pRow, const GatherMember *p) {
  const AssocNode *pChild = p->pNode;
  u32 iFrom;
  if (!give(pRun, pOut, pNode, 1)) return;
  /* The member lies deeper: follow the node that leads there. */
  if (pChild != pNode) {
    while (pChild->pParent != pNode) pChild = pChild->pParent;
    memberOfBucket(pRun, pOut, pChild, bucketOf(pNode, pRow, pChild), p);
  } else if (p->pPart->pNode) {
    pChild = branchOf(pNode, pRow, p->pPart->pNode);
    gatherChild(pRun, pOut, pNode, pRow, pChild);
  } else {
    iFrom = pRow->aWord[p->iPart];
    putText(pOut, rowText(pNode, pRow) + iFrom, memberEnd(p, pRow) - iFrom);
  }
}

/* The value of a member if the to-one finds no row. */
static void memberMissing(AssocRun *pRun, AssocOut *pOut,
                          const AssocNode *pNode, const GatherMember *p) {
  const AssocNode *pAt = p->pPart->pNode ? p->pPart->pNode : p->pNode;
  if (p->pPart->pNode && assocNodeIsPage(pAt)) {
    gatherPage(pRun, pOut, pAt, ASSOC_NOSLOT);
    return;
  }
  /* null, or [] if a list lies on the way to the member */
  while (pAt != pNode && !pAt->bMany) pAt = pAt->pParent;
  if (pAt == pNode) {
    putText(pOut, "null", 4);
  } else {
    putText(pOut, "[]", 2);
  }
}

/* The member of all rows of a to-many, or of the one of a to-one. */
static void memberOfBucket(AssocRun *pRun, AssocOut *pOut,
                           const AssocNode *pNode, u32 iBucket,
                           const GatherMember *p) {
  const AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const AssocRow *pFirst = assocListFirst(pState, iBucket);
  const AssocBucket *pBucket = pFirst ? &pState->aBucket[iBucket] : 0;
  u32 i;
  if (!pNode->bMany && pFirst == 0) {
    memberMissing(pRun, pOut, pNode, p);
    return;
  }
  assert(pNode->bMany || pFirst);
  if (!pNode->bMany) {
    memberOfRow(pRun, pOut, pNode, pFirst, p);
    return;
  }
  putText(pOut, "[", 1);
  for (i = 0; pFirst && i < pBucket->nRow && pOut->rc == SQLITE_OK; i++) {
    if (i) putText(pOut, ",", 1);
    memberOfRow(pRun, pOut, pNode, pState->apRow[pBucket->iRow + i], p);
  }
  putText(pOut, "]", 1);
  if (pOut->p - pOut->pStart - pRun->nPulse > GATHER_PULSE) pulse(pRun, pOut);
}

/* "name":["a","b"],"x":[1,2]: the members of pNode, which is spread in the rows
** of pList or is that itself. */
static void gatherLists(AssocRun *pRun, AssocOut *pOut, const AssocNode *pList,
                        u32 iBucket, const AssocNode *pNode) {
  const AssocPart *pPart, *pTo = pNode->pPart;
  GatherMember member = {pNode, 0, 0};
  for (pPart = pTo; pPart && pOut->rc == SQLITE_OK;
       pPart = pPart->pNext, member.iPart++) {
    if (pPart != pTo) continue; /* Of an object inside */
    pTo = assocPartAfter(pPart);
    putText(pOut, pPart->zKey, pPart->nKey);
    if (pPart->eType == ASSOC_PART_SPREAD) {
      gatherLists(pRun, pOut, pList, iBucket, pPart->pNode);
    } else {
      member.pPart = pPart;
      memberOfBucket(pRun, pOut, pList, iBucket, &member);
    }
  }
}

/* A list whose rows are written directly into the result. The text around has a
** gap for it. If rows came out of order later, the list is what was written, and
** then those rows. */
static ASSOC_NOINLINE void gatherAhead(AssocRun *pRun, AssocOut *pOut,
                                       const AssocNode *pNode, u32 iBucket) {
  const AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const AssocBucket *pBucket = &pState->aBucket[iBucket];
  const AssocDirect *p = pRun->pAhead;
  i64 iStart = pOut->p - pOut->pStart;
  if (pOut == &p->around) {
    assocDirectGap(pRun, iBucket);
    return;
  }
  if (pBucket->u.ahead.nText == 0 && pBucket->nRow == 0) {
    putText(pOut, pNode->zEmpty, pNode->nEmpty);
    return;
  }
  if (ASSOC_UNLIKELY(iStart - pRun->nPulse > GATHER_PULSE)) pulse(pRun, pOut);
  putText(pOut, &p->out.pStart[pBucket->u.ahead.iText], pBucket->u.ahead.nText);
  gatherLeaves(pRun, pOut, pNode, &pState->apRow[pBucket->iRow], pBucket->nRow);
  if (pOut->rc == SQLITE_OK) pOut->pStart[iStart] = '[';
  putText(pOut, "]", 1);
}

/* Append the related rows of one parent, in the form that the node asks for:
** lists of values, a page, levels of a recursion, an array, or one object. The
** calls nest as deep as the shape, on a thread's stack of 128 KiB; so gatherPage()
** and gatherLevel() keep their variables out of this frame. */
void assocGatherBucket(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       u32 iBucket) {
  const AssocRow *pRow = assocListFirst(&pRun->aNode[pNode->iNode], iBucket);
  if (pOut->rc != SQLITE_OK) return;
  if (pRun->pAhead && pNode == pRun->pAhead->pNode && iBucket != ASSOC_NOSLOT) {
    gatherAhead(pRun, pOut, pNode, iBucket);
    return;
  }
  /* From the rarest form to the most frequent one. An empty bucket has a text of
  ** its own: [] or null. */
  if (pNode->bLists) {
    gatherLists(pRun, pOut, pNode, iBucket, pNode);
  } else if (assocNodeIsPage(pNode)) {
    gatherPage(pRun, pOut, pNode, iBucket);
  } else if (pRow == 0) {
    putText(pOut, pNode->zEmpty, pNode->nEmpty);
  } else if (pNode->bRecurse) {
    gatherLevel(pRun, pOut, pNode, iBucket, pRow);
  } else if (pNode->bMany) {
    gatherRows(pRun, pOut, pNode, iBucket);
  } else if (give(pRun, pOut, pNode, 1)) {
    assocGatherRow(pRun, pOut, pNode, pRow);
  }
}

/* Reserve a little more than the rows take, or what the last result took. */
static void reserve(AssocRun *pRun, AssocOut *pOut) {
  i64 n = pRun->mem.nByte - (pRun->mem.pEnd - pRun->mem.pAt);
  i64 nLast = pRun->pPlan->nLast;
  if (pRun->pAhead) n += pRun->pAhead->out.p - pRun->pAhead->out.pStart;
  if (n < nLast && nLast < n * 4) n = nLast;
  assocBufReserve(pOut, n + n / 16);
}

/* The child node of a root that has only one. */
static const AssocNode *partNode(const AssocNode *pRoot) {
  const AssocPart *pPart = pRoot->pPart;
  while (pPart->pNode == 0) pPart = pPart->pNext;
  /* A plan of GET has one member with a node */
  return pPart->pNode;
}

/* A run of GET: the bucket of the related rows, and in *ppNode its node. */
static u32 relatedBucket(AssocRun *pRun, const AssocNode **ppNode) {
  const AssocNode *pRoot = pRun->pPlan->pRoot;
  const AssocRow *pSource = assocListFirst(&pRun->aNode[0], 0);
  if (pSource == 0) return ASSOC_NOSLOT;
  *ppNode = branchOf(pRoot, pSource, partNode(pRoot));
  return bucketOf(pRoot, pSource, *ppNode);
}

/* Is one of the values that tell rows apart NULL? Such rows have no number. */
static int hasNull(const AssocNode *pNode, sqlite3_value **apOwn) {
  int i = 0;
  while (i < pNode->nIdentKey && sqlite3_value_type(apOwn[i]) != SQLITE_NULL) {
    i++;
  }
  return i < pNode->nIdentKey;
}

/* See load.h. Rows whose key has a NULL are given in their order. */
const AssocRow *assocGatherRelated(AssocRun *pRun, sqlite3_value **apOwn,
                                   u32 *piRow, const AssocNode **ppNode) {
  u32 iBucket = relatedBucket(pRun, ppNode), iOwn, i;
  const AssocBucket *pBucket;
  AssocNodeRun *pState;
  int iWord;
  if (iBucket == ASSOC_NOSLOT) return 0;
  pState = &pRun->aNode[(*ppNode)->iNode];
  pBucket = &pState->aBucket[iBucket];
  iOwn = assocKeymapFind(&pState->ident, apOwn, &pRun->rc);
  if (iOwn == ASSOC_NOSLOT && !hasNull(*ppNode, apOwn)) return 0;
  iWord = (*ppNode)->nSplit + (*ppNode)->nChild + (*ppNode)->iIdent;
  assert(!(*ppNode)->bRecurse); /* Of ONCE */
  for (i = 0; i < pBucket->nRow; i++) {
    u32 iRow = (*piRow + i) % pBucket->nRow;
    const AssocRow *pRow = pState->apRow[pBucket->iRow + iRow];
    if (pRow->aWord[iWord] != iOwn) continue;
    *piRow = iRow + 1;
    return pRow;
  }
  return 0;
}

void assocGatherResult(AssocRun *pRun, AssocOut *pOut, int *pbNull) {
  const AssocNode *pNode = pRun->pPlan->pRoot;
  u32 iBucket = 0;
  if (pRun->pPlan->eAsk != ASSOC_ASK_EAGER &&
      assocListFirst(&pRun->aNode[0], 0) == 0) {
    *pbNull = 1;
    return;
  }
  /* One root, and it is there: its related rows are the result. */
  if (pRun->pPlan->eAsk == ASSOC_ASK_GET) {
    iBucket = relatedBucket(pRun, &pNode);
    *pbNull = !pNode->bMany &&
              assocListFirst(&pRun->aNode[pNode->iNode], iBucket) == 0;
    if (*pbNull) return;
  }
  assocGatherBucket(pRun, pOut, pNode, iBucket);
}

/* All rows are here. If the last ones were written directly, the result is
** finished. */
static void finishResult(AssocRun *pRun, AssocOut *pOut, int *pbNull) {
  if (assocDirectEnd(pRun, pOut) || pRun->pCall->rc != SQLITE_OK) return;
  reserve(pRun, pOut);
  pRun->nPulse = pOut->p - pOut->pStart;
  assocGatherResult(pRun, pOut, pbNull);
}

/* Run one root's plan and append what it gives. */
static void runRoot(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                    AssocOut *pOut, int *pbNull) {
  AssocRun run;
  assocRunStart(pCall, &run, pPlan, pArgs);
  if (pPlan->zAs == 0 && pCall->pConn->pSession == 0) {
    run.pDirect = pPlan->pDirect;
  }
  if (pCall->rc == SQLITE_OK) assocRunRoot(&run);
  if (pCall->rc == SQLITE_OK) assocRunChildren(&run);
  if (pCall->rc == SQLITE_OK) finishResult(&run, pOut, pbNull);
  assocRunEnd(&run);
}

/* Run the plans of several roots: {"users":[…],"posts":[…]} */
static void runRoots(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                     AssocOut *pOut) {
  const AssocPlan *pFirst = pPlan;
  int bNull = 0;
  for (; pPlan && pCall->rc == SQLITE_OK; pPlan = pPlan->pAnd) {
    assocOutText(pOut, pPlan == pFirst ? "{" : ",", 1);
    assocJsonString(pOut, pPlan->zAs, (i64)strlen(pPlan->zAs));
    assocOutText(pOut, ":", 1);
    runRoot(pCall, pPlan, pArgs, pOut, &bNull);
    assert(!bNull); /* A query gives a list or an object */
  }
  assocOutText(pOut, "}", 1);
}

char *assocRunText(AssocCall *pCall, const AssocPlan *pPlan, AssocOut *pOut,
                   i64 *pn) {
  char *z = assocBufFinish(pOut, pn);
  pCall->pConn->budget.zAt = pPlan->pRoot->zPath;
  if (z == 0 && pOut->rc == SQLITE_TOOBIG) assocRunTooBig(pCall, pOut->nMax, 0);
  if (z == 0) assocErrorCode(pCall, pOut->rc);
  return z;
}

/*
** Rows are read level by level, and the text is joined at the end. The length
** of the result is remembered, so the next run's buffer has the right size from
** the start. 0 with *pbNull: the result is SQL NULL. Otherwise 0 is an error.
** OUT: the caller frees the text with sqlite3_free().
*/
char *assocRunJson(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   i64 *pn, int *pbNull) {
  AssocOut out;
  char *z = 0;
  *pn = 0;
  *pbNull = 0;
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  if (pPlan->zAs) {
    runRoots(pCall, pPlan, pArgs, &out);
  } else {
    runRoot(pCall, pPlan, pArgs, &out, pbNull);
  }
  if (pCall->rc == SQLITE_OK && !*pbNull) {
    z = assocRunText(pCall, pPlan, &out, pn);
    /* The next result is likely to be as long: reserve() asks for as much. */
    assert(z || pCall->rc != SQLITE_OK);
    pPlan->nLast = *pn;
  }
  assocBufClear(&out);
  return z;
}
