/*
** Fetching the rows of a plan's nodes.
**
** Rows come in two ways. A scan hands them over as the arguments of the
** internal aggregate assoc_emit():
**
**   SELECT assoc_emit(t1.user_id, t1.id, t1.title) FROM posts t1
**
** The whole table is one sqlite3_step(), and an argument costs no mutex, unlike
** sqlite3_column_value(). A lookup steps through the few rows of one key.
**
** In both ways a row is written at once as JSON text into the arena, and put
** into the list of its key: see bucket.c.
*/
#include "load/run.h"

/* ------------------------------------------------------------------- rows */

/* AssocOut.xGrow of AssocRun.row: make room in the arena for n bytes more of
** the row being written. The row may move. */
static void rowGrow(AssocOut *pOut, i64 n) {
  AssocRun *pRun = (AssocRun *)((char *)pOut - offsetof(AssocRun, row));
  i64 nUsed = pOut->p - pOut->pStart;
  if (pOut->rc != SQLITE_OK) return;
  if (assocOutTooBig(pOut, n)) {
    pOut->rc = SQLITE_TOOBIG;
    return;
  }
  assert(pOut->pStart == pRun->mem.pAt);
  pOut->rc = assocArenaMove(&pRun->mem, nUsed, nUsed + n);
  if (pOut->rc != SQLITE_OK) return;
  pOut->pStart = pRun->mem.pAt;
  pOut->p = pOut->pStart + nUsed;
  pOut->pEnd = pRun->mem.pEnd;
}

/* Write the text before a value: ,"title": Most keys are short, so whole blocks
** of ASSOC_KEY_PAD bytes are copied. The next write overwrites what is too
** much. */
static inline void rowKey(AssocOut *pOut, const AssocPart *pPart) {
  const char *z = pPart->zKey;
  int i, n = pPart->nKey;
  char *p;
  if (!assocOutNeed(pOut, n + ASSOC_KEY_PAD)) return;
  p = pOut->p;
  memcpy(p, z, ASSOC_KEY_PAD);
  for (i = ASSOC_KEY_PAD; i < n; i += ASSOC_KEY_PAD) {
    memcpy(p + i, z + i, ASSOC_KEY_PAD);
  }
  pOut->p = p + n;
}

/* Write the members of a row. The row's words get the offset of each place
** where a child's text goes. nHead is the size of the row's header, in
** bytes. */
static ASSOC_INLINE void writeParts(AssocOut *pOut, const AssocNode *pNode,
                                    i64 nHead, sqlite3_value **apVal) {
  const AssocPart *pPart;
  int iSplit = 0;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    int nMember = pPart->nMember;
    if (nMember) {
      assocJsonMembers(pOut, pPart->aMember, nMember, apVal);
      pPart = pPart->pLast;
    } else {
      rowKey(pOut, pPart);
    }
    if (pPart->bSplit) {
      ((AssocRow *)pOut->pStart)->aWord[iSplit++] =
          (u32)(pOut->p - pOut->pStart - nHead);
    }
    if (nMember) continue;
    if (pPart->eType == ASSOC_PART_VALUE) {
      assocOutText(pOut, pPart->zVal, pPart->nVal);
    } else if (pPart->eType == ASSOC_PART_CURSOR) {
      assocPageCursor(pOut, pNode, apVal);
    } else if (pPart->eType == ASSOC_PART_COLUMN) {
      if (pPart->iRaw >= 0 &&
          sqlite3_value_type(apVal[pPart->iRaw]) != SQLITE_NULL) {
        assocJsonValue(pOut, apVal[pPart->iRaw], ASSOC_JSON_RAW);
      } else {
        assocJsonValue(pOut, apVal[pPart->iArg], pPart->eJson);
      }
    }
  }
}

/* Add a key of the row to a child node's keymap. Returns the number of its
** bucket. */
static ASSOC_INLINE u32 addKey(AssocRun *pRun, const AssocNode *pChild,
                               const int *aiKey, sqlite3_value **apVal) {
  AssocKeymap *pMap = pRun->aNode[pChild->iNode].pMap;
  sqlite3_value *apKey[ASSOC_KEY_MAX];
  int i;
  assert(pChild->nKey > 0 && pChild->nKey <= ASSOC_KEY_MAX);
  if (pChild->nKey == 1) {
    return assocKeymapAdd(pMap, &apVal[aiKey[0]], &pRun->rc);
  }
  for (i = 0; i < pChild->nKey; i++) apKey[i] = apVal[aiKey[i]];
  return assocKeymapAdd(pMap, apKey, &pRun->rc);
}

/* Polymorphic: does the row's type column name this target? */
static int isOfType(AssocRun *pRun, const AssocNode *pChild,
                    sqlite3_value **apVal) {
  sqlite3_value *pType = apVal[pChild->iType];
  const char *z;
  if (sqlite3_value_type(pType) == SQLITE_NULL) return 0;
  z = (const char *)sqlite3_value_text(pType);
  if (z == 0) {
    pRun->rc = SQLITE_NOMEM;
    return 0;
  }
  return sqlite3_value_bytes(pType) == (int)strlen(pChild->zType) &&
         strcmp(z, pChild->zType) == 0;
}

const AssocKeyRule aAssocKeyPlain[ASSOC_KEY_MAX];

/* The number of the row in the recursion pNode, by the row's own key. */
static u32 addIdent(AssocRun *pRun, const AssocNode *pNode, const int *aiIdent,
                    sqlite3_value **apVal) {
  sqlite3_value *apKey[ASSOC_KEY_MAX];
  int i, n = pNode->nIdentKey;
  assert(n > 0 && n <= ASSOC_KEY_MAX);
  for (i = 0; i < n; i++) apKey[i] = apVal[aiIdent[i]];
  return assocKeymapAdd(&pRun->aNode[pNode->iNode].ident, apKey, &pRun->rc);
}

/* Add the row's keys to the keymaps of all child nodes, and of the node itself
** in a recursion. aSlot gets the numbers of the buckets, then those of rows. */
static void addKeys(AssocRun *pRun, const AssocNode *pNode, u32 *aSlot,
                    sqlite3_value **apVal) {
  const AssocNode *pChild;
  u32 *aIdent = &aSlot[pNode->nChild + pNode->bRecurse];
  for (pChild = pNode->pChild; pChild; pChild = pChild->pNext) {
    if (pChild->aiIdentUp) {
      aIdent[pChild->iIdentUp] =
          addIdent(pRun, pChild, pChild->aiIdentUp, apVal);
    }
    *aSlot = ASSOC_NOSLOT;
    if (pChild->zType == 0 || isOfType(pRun, pChild, apVal)) {
      *aSlot = addKey(pRun, pChild, pChild->aiSource, apVal);
    }
    aSlot++;
  }
  if (pNode->bRecurse) *aSlot = addKey(pRun, pNode, pNode->aiSelf, apVal);
  if (pNode->aiIdent) {
    aIdent[pNode->iIdent] = addIdent(pRun, pNode, pNode->aiIdent, apVal);
  }
}

/* Write what stands behind the text of a row: the cursor of a page's row, with a
** nul, or the sort key. The row may move. */
static AssocRow *writeBehind(AssocRun *pRun, const AssocNode *pNode,
                             sqlite3_value **apVal) {
  AssocOut *pOut = &pRun->row;
  if (pNode->nSort) {
    assocSortKey(pOut, pNode, apVal);
  } else if (pNode->pPage->bWrap && pNode->pPage->bCursor) {
    assocPageCursor(pOut, pNode, apVal);
    if (assocOutNeed(pOut, 1)) *pOut->p++ = 0;
  }
  if (pOut->rc != SQLITE_OK) pRun->rc = pOut->rc;
  return pOut->rc == SQLITE_OK ? (AssocRow *)pOut->pStart : 0;
}

/* Write a row into the arena. 0 after an error. */
static ASSOC_INLINE AssocRow *writeRow(AssocRun *pRun, AssocNode *pNode,
                                       sqlite3_value **apVal) {
  AssocArena *pMem = &pRun->mem;
  AssocOut *pOut = &pRun->row;
  AssocRow *pRow;
  int nWord = assocNodeWords(pNode);
  i64 nHead = (i64)offsetof(AssocRow, aWord) + (i64)sizeof(u32) * nWord;
  pMem->pAt += -(intptr_t)pMem->pAt & 7;
  if (pMem->pAt > pMem->pEnd) pMem->pAt = pMem->pEnd;
  pOut->pStart = pOut->p = pMem->pAt;
  pOut->pEnd = pMem->pEnd;
  if (assocOutNeed(pOut, nHead + 1)) {
    pOut->p += nHead;
    *pOut->p++ = ',';
    writeParts(pOut, pNode, nHead, apVal);
  }
  if (pOut->p - pOut->pStart - nHead - 1 > pOut->nMax) pOut->rc = SQLITE_TOOBIG;
  if (pOut->rc != SQLITE_OK) {
    if (pRun->rc == SQLITE_OK) pRun->rc = pOut->rc;
    return 0;
  }
  pRow = (AssocRow *)pOut->pStart;
  pRow->nText = (u32)(pOut->p - pOut->pStart - nHead);
  if (pNode->nSort || pNode->pPage) {
    pRow = writeBehind(pRun, pNode, apVal);
    if (pRow == 0) return 0;
  }
  pMem->pAt = pOut->p;
  if (!assocBudgetBytes(pRun->pCall->pConn, pRow->nText)) {
    if (pRun->rc == SQLITE_OK) pRun->rc = SQLITE_ABORT;
    return 0;
  }
  if (pRun->bBytes) pOut->nMax = assocBudgetMostRow(pRun->pCall->pConn);
  if (nWord > pNode->nSplit) {
    addKeys(pRun, pNode, &pRow->aWord[pNode->nSplit], apVal);
  }
  return pRow;
}

/* A row that could not be written into the result: is the row itself too big, or
** the result? */
static ASSOC_NOINLINE void directFailed(AssocRun *pRun, AssocNode *pNode,
                                        sqlite3_value **apVal) {
  if (pRun->pAhead->out.rc == SQLITE_TOOBIG) {
    (void)writeRow(pRun, pNode, apVal);
  }
  if (pRun->rc == SQLITE_OK) assocDirectFail(pRun, &pRun->pAhead->out);
}

/* Write a row directly into the result, if it comes in the order of the result;
** else false. The first rows are kept until there are enough to tell. */
static ASSOC_NOINLINE int directRow(AssocRun *pRun, AssocNode *pNode,
                                    u32 iBucket, sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  AssocDirect *p = pRun->pAhead;
  AssocOut *pOut;
  if (p == 0) {
    if (pState->nRow < ASSOC_DIRECT_ROWS || !assocDirectStart(pRun)) return 0;
    p = pRun->pAhead;
  }
  if (iBucket != p->iBucket && !assocDirectGo(pRun, iBucket)) return 0;
  pOut = &p->out;
  if (assocOutNeed(pOut, 1)) {
    *pOut->p++ = ',';
    writeParts(pOut, pNode, 0, apVal);
  }
  pState->nDirect++;
  if (pOut->rc != SQLITE_OK) directFailed(pRun, pNode, apVal);
  return 1;
}

/* A row that its list does not take, because of a limit or an offset, costs
** nothing: its text is not written. */
void assocRunRow(AssocRun *pRun, AssocNode *pNode, u32 iBucket,
                 sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  AssocRow *pRow;
  if (!assocListTakes(pState, iBucket)) return;
  if (pNode == pRun->pDirect && directRow(pRun, pNode, iBucket, apVal)) return;
  pRow = writeRow(pRun, pNode, apVal);
  if (pRow) assocListAdd(pRun, pState, iBucket, pRow);
}

/* --------------------------------------------------------------- fetching */

/* Run a statement of some hundred steps: sqlite3_interrupt() makes it fail, and
** SQLite calls a progress handler every so many steps. */
void assocRunPulse(AssocRun *pRun) {
  AssocLoadState *pLoad = assocLoadState(pRun->pCall);
  sqlite3_stmt *pStmt;
  if (pLoad == 0) return;
  pStmt = assocStmt(pRun->pCall, &pLoad->pulse,
                    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1"
                    " FROM c WHERE i<100) SELECT count(*) FROM c");
  if (pStmt == 0) return;
  (void)assocStep(pRun->pCall, pStmt);
  sqlite3_reset(pStmt);
}

/* Take a row of a scan. In a recursion every key is wanted, now or later, but
** not the rows of keys that were looked up before. Else a row whose key no
** parent has is skipped. */
static void scanRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  sqlite3_value **apKey = &apVal[pNode->iScanKey];
  u32 iBucket = 0;
  if (pNode->bRecurse) {
    iBucket = assocKeymapAdd(&pState->map, apKey, &pRun->rc);
    if (iBucket == ASSOC_NOSLOT) return;
    if (!assocListNeed(pRun, pState, iBucket + 1)) return;
    if (pState->aBucket[iBucket].bFetched) return;
  } else if (pNode->nKey) {
    iBucket = assocKeymapFind(pState->pMap, apKey, &pRun->rc);
    if (iBucket == ASSOC_NOSLOT) return;
  }
  assocRunRow(pRun, pNode, iBucket, &apVal[pNode->nScanKey]);
}

/* Look at the clock, if there is a budget of time: a statement that sorts or
** groups gives its rows after it has read all of them. */
static inline void runClock(AssocRun *pRun) {
  if (ASSOC_LIKELY(!pRun->bClock) || ++pRun->nClock % 16) return;
  assert(pRun->rc == SQLITE_OK); /* An error ends the statement */
  if (assocBudgetTime(pRun->pCall->pConn)) return;
  pRun->rc = SQLITE_ABORT;
}

/* Write the row whose values pStmt has from column iCol on. */
static void columnsRow(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                       int iCol, u32 iBucket) {
  sqlite3_value *apFew[32], **apVal = apFew;
  int bScan = iBucket == ASSOC_NOSLOT;
  int i, nVal = pNode->nArg + (bScan ? pNode->nScanKey : 0);
  runClock(pRun);
  if (nVal > ASSOC_COUNT(apFew)) {
    apVal = assocMalloc(pRun->pCall, (i64)sizeof(*apVal) * nVal);
    if (apVal == 0) return;
  }
  for (i = 0; i < nVal; i++) apVal[i] = sqlite3_column_value(pStmt, iCol + i);
  if (bScan) {
    scanRow(pRun, pNode, apVal);
  } else {
    assocRunRow(pRun, pNode, iBucket, apVal);
  }
  if (apVal != apFew) sqlite3_free(apVal);
}

/* In a scan (iBucket is ASSOC_NOSLOT) the row has its key in front. */
void assocRunStep(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                  u32 iBucket) {
  columnsRow(pRun, pNode, pStmt, 0, iBucket);
}

/* Take all rows of a statement without assoc_emit(), and reset it. */
static void stepRows(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                     u32 iBucket) {
  while (pRun->rc == SQLITE_OK && assocStep(pRun->pCall, pStmt)) {
    assocRunStep(pRun, pNode, pStmt, iBucket);
  }
  sqlite3_reset(pStmt);
}

/* SQLite refuses longer texts. So the error is raised before memory is
** spent. */
void assocRunTooBig(AssocCall *pCall, i64 nMax, const char *zPath) {
  if (zPath) pCall->pConn->budget.zAt = zPath;
  assocBudgetTooBig(pCall, nMax);
  assocErrorOf(pCall, ASSOC_E_LIMIT, 0, zPath,
               "the result is too big%s%s: SQLITE_LIMIT_LENGTH is %d bytes",
               zPath ? " at " : "", zPath ? zPath : "",
               sqlite3_limit(pCall->db, SQLITE_LIMIT_LENGTH, -1));
}

void assocRunError(AssocRun *pRun, const AssocNode *pNode) {
  if (pRun->rc == SQLITE_ABORT) assocBudgetError(pRun->pCall);
  if (pRun->rc == SQLITE_TOOBIG) {
    assocRunTooBig(pRun->pCall, pRun->row.nMax, pNode->zPath);
  } else if (pRun->rc != SQLITE_OK && pRun->pCall->rc == SQLITE_OK) {
    pRun->pCall->rc = pRun->rc;
  }
}

int assocRunAtCursor(AssocRun *pRun, const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  int n;
  if (pNode->pPage == 0) return 0;
  return (pC->pAfter && assocBindTextOf(pRun, pC->pAfter, &n)) ||
         (pC->pBefore && assocBindTextOf(pRun, pC->pBefore, &n));
}

/* Run a statement that gives all rows in one step, as arguments of
** assoc_emit(). Each row is n values, given to xEmit. The caller resets it. */
static void emitRows(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                     int n,
                     void (*xEmit)(AssocRun *, AssocNode *, sqlite3_value **)) {
  AssocLoadState *pLoad = assocLoadState(pRun->pCall);
  pRun->pNode = pNode;
  pRun->nEmit = n;
  pRun->xEmit = xEmit;
  pRun->pOuter = pLoad->pRun;
  pLoad->pRun = pRun;
  if (pRun->pCall->rc == SQLITE_OK && pRun->rc == SQLITE_OK) {
    int rc = sqlite3_step(pStmt);
    /* An aggregate always gives a row. With SQLITE_ABORT assoc_emit() ends its
    ** statement; pRun->rc says why. */
    if (rc == SQLITE_ROW) rc = SQLITE_OK;
    if (rc == SQLITE_ABORT && pRun->rc != SQLITE_OK) rc = SQLITE_OK;
    assocErrorCode(pRun->pCall, rc);
  }
  pLoad->pRun = pRun->pOuter;
}

/* Many to many: write a target once, under its key. The join rows refer to
** it. */
static void endRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  u32 iEnd = assocKeymapAdd(&pState->ends, apVal, &pRun->rc);
  if (iEnd == ASSOC_NOSLOT || !assocListEnds(pRun, pState, iEnd + 1)) return;
  pState->apEnd[iEnd] = writeRow(pRun, pNode, &apVal[pNode->nEnd]);
}

/* Many to many: put the target of a join row into its parent's bucket. Of a path
** also, but several ways may lead to one target. The values are the key of the target, then the key of the parent. */
static void linkRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  sqlite3_value **apKey = &apVal[pState->ends.nKey];
  u32 iBucket = assocKeymapFind(&pState->map, apKey, &pRun->rc), iEnd;
  if (iBucket == ASSOC_NOSLOT) return;
  iEnd = assocKeymapFind(&pState->ends, apVal, &pRun->rc);
  if (iEnd == ASSOC_NOSLOT) return;
  if (pNode->bWays) {
    assocListWay(pRun, pState, iBucket, iEnd);
    return;
  }
  if (!assocListTakes(pState, iBucket)) return;
  assocListAdd(pRun, pState, iBucket, pState->apEnd[iEnd]);
}

/* Many to many: write all targets, before the join rows are scanned. */
static void fetchEnds(AssocRun *pRun, AssocNode *pNode) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  int n = pNode->nEnd;
  sqlite3_stmt *pStmt = assocFetchOpen(pRun, &pNode->ends);
  if (pStmt == 0) return;
  assocKeymapInit(&pState->ends, n, pNode->aEnd);
  emitRows(pRun, pNode, pStmt, n + pNode->nArg, endRow);
  assocFetchClose(&pNode->ends, 0);
}

/* Aggregates that are scanned together: take the values of one parent. All
** their nodes have the same keys in the same order, so the bucket's number is
** the same. */
static void valueRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  AssocNode *pOne;
  int i = pNode->nKey;
  u32 iSlot = assocKeymapFind(pRun->aNode[pNode->iNode].pMap, apVal, &pRun->rc);
  if (iSlot == ASSOC_NOSLOT) return;
  for (pOne = pNode; pOne; pOne = pOne->pAlso) {
    assocRunRow(pRun, pOne, iSlot, &apVal[i++]);
  }
}

/* Get the nodes of valueRow() ready. Returns how many values it takes. */
static int readyValues(AssocRun *pRun, AssocNode *pNode) {
  AssocNode *pOne;
  u32 nBucket = pRun->aNode[pNode->iNode].pMap->nSlot;
  int n = 1;
  for (pOne = pNode->pAlso; pOne; pOne = pOne->pAlso) {
    AssocNodeRun *pState = &pRun->aNode[pOne->iNode];
    assert(pState->pMap->nSlot == nBucket);
    (void)assocListNeed(pRun, pState, nBucket);
    assocListLimits(pRun, pOne, 1);
    pState->bHere = 1;
    pOne->last.eWay = ASSOC_WAY_SCAN;
    pOne->last.eWhy = ASSOC_WHY_TOGETHER;
    n++;
  }
  return n;
}

/* Does this message of SQLite say that a statement goes beyond one of its
** limits? */
static int isLimit(const char *z) {
  static const char *const az[] = {
      "parser stack overflow",  "Expression tree is too large",
      "too many SQL variables", "variable number must be",
      "too many columns",       "at most 64 tables"};
  int i;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (strncmp(z, az[i], strlen(az[i])) == 0) return 1;
  }
  return 0;
}

void assocTextFits(AssocCall *pCall, const char *zSql) {
  sqlite3_stmt *pStmt = 0;
  int rc;
  if (pCall->rc != SQLITE_OK) return;
  rc = sqlite3_prepare_v2(pCall->db, zSql, -1, &pStmt, 0);
  if (rc == SQLITE_NOMEM) assocErrorCode(pCall, rc);
  if (rc == SQLITE_ERROR && isLimit(sqlite3_errmsg(pCall->db))) {
    assocErrorOf(pCall, ASSOC_E_LIMIT, 0, 0,
                 "the query is too large for one statement of SQLite: %s",
                 sqlite3_errmsg(pCall->db));
  }
  sqlite3_finalize(pStmt);
}

/* The statement of a node, with its values bound. If SQLite cannot prepare it
** because of a limit, the error names the node. 0 after an error. */
static sqlite3_stmt *openFetch(AssocRun *pRun, const AssocNode *pNode,
                               AssocFetch *pFetch) {
  AssocCall *pCall = pRun->pCall;
  sqlite3_stmt *pStmt = assocFetchOpen(pRun, pFetch);
  char *z = pCall->err.zText;
  pCall->pConn->budget.zAt = pNode->zPath;
  if (!assocBudgetTime(pCall->pConn)) assocBudgetError(pCall);
  if (pStmt || pCall->rc != SQLITE_ERROR) return pStmt;
  /* A text comes with this code, of SQLite as well as of ours. */
  if (ASSOC_NEVER(z == 0) || !isLimit(z)) return 0;
  pCall->err.zText = 0;
  pCall->rc = SQLITE_OK;
  assocFail(pCall, &(AssocWhy){.eReason = ASSOC_E_LIMIT, .zName = pNode->zPath},
            "the query on %s is too large for SQLite: %s", pNode->zPath, z);
  sqlite3_free(z);
  return 0;
}

/* Fetch the rows of all keys with one statement. */
static void fetchScan(AssocRun *pRun, AssocNode *pNode) {
  AssocCall *pCall = pRun->pCall;
  AssocFetch *pFetch =
      assocRunAtCursor(pRun, pNode) ? &pNode->scanAt : &pNode->scan;
  sqlite3_stmt *pStmt;
  assert(pFetch->zSql);
  assocListLimits(pRun, pNode, 1);
  pStmt = openFetch(pRun, pNode, pFetch);
  if (pStmt == 0) return;
  if (pNode->ends.zSql) {
    fetchEnds(pRun, pNode);
    emitRows(pRun, pNode, pStmt, pNode->nKey + pNode->nEnd, linkRow);
    if (pNode->bWays) assocListWays(pRun, &pRun->aNode[pNode->iNode]);
  } else if (pNode->pAlso) {
    int n = pNode->nKey + readyValues(pRun, pNode);
    if (pCall->rc == SQLITE_OK) emitRows(pRun, pNode, pStmt, n, valueRow);
  } else if (pFetch->bEmit) {
    emitRows(pRun, pNode, pStmt, pNode->nScanKey + pNode->nArg, scanRow);
  } else {
    stepRows(pRun, pNode, pStmt, ASSOC_NOSLOT);
  }
  assocFetchClose(pFetch, 0);
  pNode->last.eWay = ASSOC_WAY_SCAN;
}

/* Look up keys iFirst to nKey-1: bind each in turn and run the statement. */
static void stepKeys(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                     u32 iFirst, u32 nKey) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  u32 i;
  for (i = iFirst; i < nKey; i++) {
    if (pRun->pCall->rc != SQLITE_OK || pRun->rc != SQLITE_OK) break;
    assocErrorCode(pRun->pCall, assocKeymapBind(pState->pMap, i, pStmt, 1));
    stepRows(pRun, pNode, pStmt, i);
  }
}

/* Take a row of the key at which assoc_keys stands. */
static void keyRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  assert(pRun->eKeys != ASSOC_KEYS_NONE);
  if (pRun->eKeys == ASSOC_KEYS_GIVEN) {
    assert(pRun->iKey < pRun->nKey);
    assocRunRow(pRun, pNode, pRun->iKey, apVal);
  }
}

/* Look up the same keys with one statement that reads the table assoc_keys. */
void assocRunKeys(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                  u32 iFirst, u32 nKey,
                  void (*xEmit)(AssocRun *, AssocNode *, sqlite3_value **)) {
  pRun->eKeys = ASSOC_KEYS_READY;
  pRun->iKey = iFirst;
  pRun->nKey = nKey;
  emitRows(pRun, pNode, pStmt, pNode->nArg, xEmit);
  pRun->eKeys = ASSOC_KEYS_NONE;
}

/* Keys up to which a held statement, which is stepped once for each, takes less
** time than to begin and end a statement for all. */
#define HELD_KEYS 8

/* Is the held statement to be used for n keys? */
static int usesHeld(const AssocRun *pRun, const AssocNode *pNode, u32 n) {
  return pRun->pPlan->hold.bUse && pNode->held.zSql && n <= HELD_KEYS;
}

/* Take a row of the key that a held statement is asked for. */
static void heldRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  assocRunRow(pRun, pNode, pRun->iKey, apVal);
}

/* Look up the keys from iFirst on by the held statement of a node. */
static void heldKeys(AssocRun *pRun, AssocNode *pNode, u32 iFirst, u32 nKey) {
  pRun->pNode = pNode;
  pRun->nEmit = pNode->nArg;
  pRun->xEmit = heldRow;
  pRun->apHeld = 0;
  pRun->nHeld = pNode->nKey;
  assert(pRun->rc == SQLITE_OK);
  for (pRun->iKey = iFirst; pRun->iKey < nKey; pRun->iKey++) {
    if (!assocHoldStep(pRun, pNode)) break;
  }
}

/* Did the statement use a sorter? Then it gave the rows to assoc_enough()
** before they were in order. */
static int hasSorted(const AssocRun *pRun, sqlite3_stmt *pStmt) {
  if (sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_SORT, 1) == 0) return 0;
  return pRun->rc == SQLITE_OK && pRun->pCall->rc == SQLITE_OK;
}

/* The statement to look up keys with. */
static AssocFetch *lookupOf(AssocRun *pRun, AssocNode *pNode) {
  if (assocRunAtCursor(pRun, pNode)) return &pNode->lookupAt;
  return pNode->bSorts ? &pNode->lookupOne : &pNode->lookup;
}

/* Look up the keys iFirst to nKey-1. If an index turns out not to give the
** order (the planner decides by statistics), the rows are fetched again by
** another statement. Keys that the first rows gave to children then stay in
** their keymaps: no row refers to what the children find for them. */
static void fetchLookup(AssocRun *pRun, AssocNode *pNode, u32 iFirst,
                        u32 nKey) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  AssocFetch *pFetch = lookupOf(pRun, pNode);
  u32 i, nRow = pState->nRow;
  sqlite3_stmt *pStmt;
  assert(pFetch->zSql && iFirst <= nKey && nKey <= pState->nBucket);
  if (usesHeld(pRun, pNode, nKey - iFirst)) {
    assocListLimits(pRun, pNode, 0);
    heldKeys(pRun, pNode, iFirst, nKey);
    pNode->last.eWay = ASSOC_WAY_LOOKUP;
    return;
  }
  assocListLimits(pRun, pNode, pFetch->bTake);
  pStmt = openFetch(pRun, pNode, pFetch);
  if (pStmt == 0) return;
  if (pFetch->bEmit) {
    assocRunKeys(pRun, pNode, pStmt, iFirst, nKey, keyRow);
  } else {
    stepKeys(pRun, pNode, pStmt, iFirst, nKey);
  }
  assocFetchClose(pFetch, pFetch->bEmit ? 0 : pNode->nKey);
  if (pFetch->bTake && hasSorted(pRun, pStmt)) {
    memset(&pState->aBucket[iFirst], 0, sizeof(AssocBucket) * (nKey - iFirst));
    pState->nRow = nRow;
    pNode->bSorts = 1;
    fetchLookup(pRun, pNode, iFirst, nKey);
    return;
  }
  for (i = iFirst; i < nKey; i++) pState->aBucket[i].bFetched = 1;
  pNode->last.eWay = ASSOC_WAY_LOOKUP;
}

/* Scan or lookup? */
static int wantsScan(AssocRun *pRun, AssocNode *pNode, i64 nKey) {
  i64 nWanted;
  return assocChoose(pRun->pCall, pNode, nKey, &pNode->last.eWhy, &nWanted);
}

/*
** Fetch the rows of a recursion, level by level. Rows of a lookup bring new
** keys for the next level. A scan fetches all rows of the table, so no level
** follows it.
*/
static void fetchLevels(AssocRun *pRun, AssocNode *pNode) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  u32 nDone = 0;
  int nLevel = 0, bScan = 0;
  while (nDone < pState->map.nSlot && !bScan && pRun->pCall->rc == SQLITE_OK &&
         pRun->rc == SQLITE_OK) {
    u32 nKey = pState->map.nSlot;
    if (pNode->nRecurse && nLevel++ == pNode->nRecurse) break;
    if (!assocListNeed(pRun, pState, nKey)) return;
    bScan = wantsScan(pRun, pNode, nKey - nDone);
    if (bScan) {
      fetchScan(pRun, pNode);
    } else {
      fetchLookup(pRun, pNode, nDone, nKey);
    }
    nDone = nKey;
  }
  (void)assocListNeed(pRun, pState, pState->map.nSlot);
  if (pNode->aiIdent) {
    pState->abAbove =
        assocAlloc(pRun->pCall, &pRun->mem, (i64)pState->ident.nSlot + 1);
  }
}

/*
** A scan of aggregates also computes values of parents that nobody asked for,
** and one of those may be an error, such as a sum that overflows. Then the
** values of the wanted parents are looked up, for all aggregates of the scan.
** So the scan runs on a call of its own.
*/
static void fetchValues(AssocRun *pRun, AssocNode *pNode, u32 nBucket) {
  AssocCall *pCall = pRun->pCall;
  AssocCall ask;
  assocTryBegin(&ask, pCall);
  pRun->pCall = &ask;
  fetchScan(pRun, pNode);
  pRun->pCall = pCall;
  if (!assocTryEnd(&ask, pCall, 0)) return;
  for (; pNode; pNode = pNode->pAlso) {
    AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
    if (!assocListNeed(pRun, pState, nBucket)) return;
    memset(pState->aBucket, 0, sizeof(AssocBucket) * nBucket);
    pState->nRow = 0;
    pState->bHere = 1;
    fetchLookup(pRun, pNode, 0, nBucket);
    pNode->last.eWhy = ASSOC_WHY_ERROR;
  }
}

/* All rows of a node are here: sort them into buckets, set errors, end
** pages. */
static void endLists(AssocRun *pRun, AssocNode *pNode, u32 nBucket) {
  if (pRun->rc == SQLITE_OK) {
    assocListEnd(pRun, &pRun->aNode[pNode->iNode]);
    if (pNode->nSort && pRun->rc == SQLITE_OK) assocSortLists(pRun, pNode);
  }
  assocRunError(pRun, pNode);
  if (pNode->pPage && pRun->pCall->rc == SQLITE_OK) {
    assocListPages(pRun, pNode, nBucket);
  }
}

/* Fetch the rows of one node for all parents. Parents come before children. */
static void fetchNode(AssocRun *pRun, AssocNode *pNode) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  u32 nBucket = pNode->pParent ? pState->pMap->nSlot : 1;
  if (pNode->pPage && !pNode->pPage->bRows) return;
  if (nBucket == 0 || !assocListNeed(pRun, pState, nBucket)) return;
  if (pNode->bRecurse) {
    fetchLevels(pRun, pNode);
    nBucket = pState->map.nSlot;
  } else if (!pState->bHere) {
    int bScan = wantsScan(pRun, pNode, nBucket);
    if (bScan && pNode->pValue && pNode->lookup.zSql) {
      fetchValues(pRun, pNode, nBucket);
    } else if (bScan) {
      fetchScan(pRun, pNode);
    } else {
      fetchLookup(pRun, pNode, 0, nBucket);
    }
  }
  endLists(pRun, pNode, nBucket);
  pNode->last.nActual = (i64)pState->nRow + pState->nDirect;
}

/* Take the row of a node that the root's held statement joins. */
static void joinedRow(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  if (!assocListNeed(pRun, pState, 1)) return;
  assocListLimits(pRun, pNode, 0);
  pState->bHere = 1;
  if (pNode->pParent == 0 ||
      sqlite3_column_type(pStmt, pNode->iHeld) != SQLITE_NULL) {
    columnsRow(pRun, pNode, pStmt, pNode->iHeld + 1, 0);
  }
  pNode->last.eWay = ASSOC_WAY_LOOKUP;
  assocRunError(pRun, pNode);
}

sqlite3_stmt *assocRunHeldStep(AssocRun *pRun) {
  AssocNode *pRoot = pRun->pPlan->pRoot;
  pRun->pNode = pRoot;
  pRun->iKey = 0;
  if (!assocHoldStep(pRun, pRoot)) return 0;
  if (sqlite3_column_type(pRoot->held.stmt.p, pRoot->iHeld) == SQLITE_NULL) {
    return 0;
  }
  return pRoot->held.stmt.p;
}

void assocRunHeldRows(AssocRun *pRun, sqlite3_stmt *pStmt) {
  AssocPlan *pPlan = pRun->pPlan;
  int i;
  for (i = 0; i < pPlan->nNode && pRun->pCall->rc == SQLITE_OK; i++) {
    if (pPlan->apNode[i]->bJoined) joinedRow(pRun, pPlan->apNode[i], pStmt);
  }
}

/* Fetch the root, and all rows that its held statement joins. */
static void fetchHeld(AssocRun *pRun) {
  sqlite3_stmt *pStmt;
  pRun->apHeld = pRun->args.apKey;
  pRun->nHeld = pRun->args.nKey;
  pStmt = assocRunHeldStep(pRun);
  if (pStmt) assocRunHeldRows(pRun, pStmt);
}

/* Runs that do without the first rows after these were not enough. */
#define FIRST_SKIPS 15

/*
** Fetch the roots from the first rows of their table alone. True if they fill the
** LIMIT. Else they are forgotten: the statement for all rows comes next, and next
** time at once. Keys that they gave to children stay, as no row refers to them.
*/
static int fetchFirst(AssocRun *pRun, AssocNode *pNode) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  i64 nMost = assocBindCount(pRun, pNode->pClauses->pLimit);
  sqlite3_stmt *pStmt;
  if (pNode->nSkip > 0) {
    pNode->nSkip--;
    return 0;
  }
  if (nMost < 0) return 0;
  if (pRun->pDirect == pNode) pRun->pDirect = 0; /* They may be forgotten */
  assocListLimits(pRun, pNode, 1);
  pStmt = openFetch(pRun, pNode, &pNode->first);
  if (pStmt == 0) return 0;
  if (pNode->first.bEmit) {
    emitRows(pRun, pNode, pStmt, pNode->nScanKey + pNode->nArg, scanRow);
  } else {
    stepRows(pRun, pNode, pStmt, ASSOC_NOSLOT);
  }
  assocFetchClose(&pNode->first, 0);
  pNode->last.eWay = ASSOC_WAY_SCAN;
  if (pState->nRow >= nMost) return 1;
  pNode->nSkip = FIRST_SKIPS;
  pState->nRow = 0;
  return 0;
}

/* Fetch the root's rows. The key of one row is bound as the caller gave it. */
static void fetchRoot(AssocRun *pRun, AssocNode *pNode) {
  sqlite3_stmt *pStmt;
  if (!pNode->bKeyed) {
    if (pNode->first.zSql && fetchFirst(pRun, pNode)) return;
    fetchScan(pRun, pNode);
    return;
  }
  if (usesHeld(pRun, pNode, 1)) {
    fetchHeld(pRun);
    return;
  }
  assert(!pNode->lookup.bEmit); /* Only of streams */
  pStmt = openFetch(pRun, pNode, &pNode->lookup);
  if (pStmt == 0) return;
  assocFetchKey(pRun, pStmt);
  stepRows(pRun, pNode, pStmt, 0);
  assocFetchClose(&pNode->lookup, pRun->args.nKey);
  pNode->last.eWay = ASSOC_WAY_LOOKUP;
}

/* All roots are in one list, number 0. */
void assocRunRootStart(AssocRun *pRun) {
  (void)assocListNeed(pRun, &pRun->aNode[0], 1);
  assocListLimits(pRun, pRun->pPlan->pRoot, 0);
}

/* The roots are read by one statement. Their keys are collected on the way, for
** the nodes below. */
void assocRunRoot(AssocRun *pRun) {
  AssocNode *pRoot = pRun->pPlan->pRoot;
  assert(pRoot->iNode == 0);
  assocRunRootStart(pRun);
  if (pRun->pCall->rc != SQLITE_OK) return;
  if (pRoot->pPage && !pRoot->pPage->bRows) return;
  fetchRoot(pRun, pRoot);
  endLists(pRun, pRoot, 1);
  pRoot->last.nActual = (i64)pRun->aNode[0].nRow + pRun->aNode[0].nDirect;
}

/* Nodes are numbered so that a parent comes before its children. So one pass
** over the list finds the keys of each node complete. */
void assocRunChildren(AssocRun *pRun) {
  AssocPlan *pPlan = pRun->pPlan;
  int i;
  for (i = 1; i < pPlan->nNode && pRun->pCall->rc == SQLITE_OK; i++) {
    assert(pPlan->apNode[i]->pParent == 0 ||
           pPlan->apNode[i]->pParent->iNode < i);
    fetchNode(pRun, pPlan->apNode[i]);
  }
}

/* ------------------------------------------------------------- start, end */

/* Take over the memory of the last run, which is reset and not freed:
** allocating it anew would cost page faults. A nested run finds none and starts
** empty. The plan must be in use by this caller. */
void assocRunStart(AssocCall *pCall, AssocRun *pRun, AssocPlan *pPlan,
                   const AssocArgs *pArgs) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  int i;
  assert(pPlan->bBusy);
  pCall->pConn->budget.zAt = pPlan->pRoot->zPath;
  memset(pRun, 0, sizeof(*pRun));
  pRun->pCall = pCall;
  pRun->pPlan = pPlan;
  pRun->args = *pArgs;
  pRun->row.xGrow = rowGrow;
  pRun->row.nMax = assocBudgetMostRow(pCall->pConn);
  pRun->bBytes = pCall->pConn->pSession && pCall->pConn->budget.mxByte > 0;
  pRun->bClock = pCall->pConn->pSession && pCall->pConn->budget.mxMs > 0;
  pRun->mem = pLoad->mem;
  pRun->fix = pLoad->fix;
  memset(&pLoad->mem, 0, sizeof(pLoad->mem));
  memset(&pLoad->fix, 0, sizeof(pLoad->fix));
  pRun->aNode =
      assocAlloc(pCall, &pRun->fix, (i64)sizeof(AssocNodeRun) * pPlan->nNode);
  for (i = 0; pRun->aNode && i < pPlan->nNode; i++) {
    assocKeymapInit(&pRun->aNode[i].map, pPlan->apNode[i]->nKey,
                    pPlan->apNode[i]->aRule);
    pRun->aNode[i].pMap = &pRun->aNode[i].map;
    if (pPlan->apNode[i]->aiIdent) {
      assocKeymapInit(&pRun->aNode[i].ident, pPlan->apNode[i]->nIdentKey,
                      aAssocKeyPlain);
    }
  }
  for (i = 0; pRun->aNode && i < pPlan->nNode; i++) {
    const AssocNode *pList = pPlan->apNode[i]->pBeside;
    if (pList && pList->bRecurse) {
      pRun->aNode[i].pMap = &pRun->aNode[pList->iNode].map;
    }
  }
  assocBindCheck(pRun);
  if (pCall->rc == SQLITE_OK) assocBindNames(pRun);
}

/* Free the keymaps, and forget the arrays, which are in the arena. A map without
** keys was not used. */
static void clearMaps(AssocRun *pRun) {
  int i;
  for (i = 0; pRun->aNode && i < pRun->pPlan->nNode; i++) {
    AssocNodeRun *pState = &pRun->aNode[i];
    assocKeymapClear(&pState->map);
    if (pState->ends.nKey) assocKeymapClear(&pState->ends);
    if (pState->ident.nKey) assocKeymapClear(&pState->ident);
    pState->abAbove = 0;
    pState->apEnd = 0;
    pState->nEnd = 0;
    pState->aWay = 0;
    pState->nWay = pState->nWayRoom = 0;
    pState->aBucket = 0;
    pState->nBucket = 0;
    pState->apRow = 0;
    pState->nRow = 0;
    pState->nRoom = 0;
    pState->nDirect = 0;
    pState->bHere = 0;
  }
}

/* Between two batches of roots: forget the rows, and keep the memory. */
void assocRunClear(AssocRun *pRun) {
  clearMaps(pRun);
  assocArenaReset(&pRun->mem, ASSOC_KEEP_MEMORY);
}

/* Give memory back for the next run. If a nested run has already done so, this
** memory is freed. The connection has a state, because it had the plan. */
static void runRest(AssocArena *pArena, AssocArena *pKept, i64 nKeep) {
  if (pKept->pChunk == 0) {
    assocArenaReset(pArena, nKeep);
    *pKept = *pArena;
  } else {
    assocArenaFree(pArena);
  }
}

void assocRunEnd(AssocRun *pRun) {
  AssocLoadState *pLoad = pRun->pCall->pConn->aSlot[ASSOC_SLOT_PLANS].p;
  int i;
  assocDirectFree(pRun);
  clearMaps(pRun);
  for (i = 0; pRun->apNamed && i < pRun->pPlan->nName; i++) {
    sqlite3_value_free(pRun->apNamed[i]);
  }
  runRest(&pRun->mem, &pLoad->mem, ASSOC_KEEP_MEMORY);
  runRest(&pRun->fix, &pLoad->fix, ASSOC_KEEP_FIX);
}

/*
** assoc_count() and assoc_has() need no rows, only a number from one statement.
** For assoc_has(), apTarget is one target's key; without it, the statement asks
** whether the source row exists. The bindings are set to NULL afterwards, since
** they belong to the caller.
*/
i64 assocRunAnswer(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   sqlite3_value **apTarget) {
  int bSource = pPlan->eAsk == ASSOC_ASK_HAS && apTarget == 0;
  AssocFetch *pFetch = bSource ? &pPlan->pRoot->scan : &pPlan->pRoot->lookup;
  AssocRun run;
  sqlite3_stmt *pStmt;
  i64 n = 0;
  int i, nTarget = apTarget ? assocRelTargetWidth(pPlan->pAnswer) : 0;
  assert(pPlan->eAsk == ASSOC_ASK_COUNT || pPlan->eAsk == ASSOC_ASK_HAS);
  if (pPlan->hold.bUse && !bSource) {
    return assocHoldAnswer(pCall, pPlan, pArgs, apTarget);
  }
  assocRunStart(pCall, &run, pPlan, pArgs);
  pStmt = openFetch(&run, pPlan->pRoot, pFetch);
  assocFetchKey(&run, pStmt);
  for (i = 0; pStmt && i < nTarget; i++) {
    assocErrorCode(pCall, sqlite3_bind_value(pStmt, pPlan->iTargetVar + i + 1,
                                             apTarget[i]));
  }
  if (pStmt && assocStep(pCall, pStmt)) n = sqlite3_column_int64(pStmt, 0);
  assocFetchClose(pFetch, pArgs->nKey);
  for (i = 0; pStmt && i < nTarget; i++) {
    sqlite3_bind_null(pStmt, pPlan->iTargetVar + i + 1);
  }
  assocRunEnd(&run);
  return n;
}

/* ------------------------------------------------- assoc_emit, assoc_enough */

static const char zNoEmit[] = "assoc: assoc_emit() is internal";
static const char zNoEnough[] = "assoc: assoc_enough() is internal";

/* The run that waits for rows, or 0. */
static inline AssocRun *waitingRun(sqlite3_context *pCtx) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  return pLoad ? pLoad->pRun : 0;
}

/* The run that waits for rows of nArg values, or 0. */
static inline AssocRun *emitRun(sqlite3_context *pCtx, int nArg) {
  AssocRun *pRun = waitingRun(pCtx);
  return pRun && nArg == pRun->nEmit ? pRun : 0;
}

/* Give a row to the run. False after an error. */
static inline int emitRow(sqlite3_context *pCtx, AssocRun *pRun,
                          sqlite3_value **apArg) {
  runClock(pRun);
  pRun->xEmit(pRun, pRun->pNode, apArg);
  if (ASSOC_LIKELY(pRun->rc == SQLITE_OK)) return 1;
  sqlite3_result_error_code(pCtx, SQLITE_ABORT);
  return 0;
}

/* assoc_emit(key…, value…): takes the rows of a statement. */
static void emitStep(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  AssocRun *pRun = emitRun(pCtx, nArg);
  if (ASSOC_LIKELY(pRun != 0)) {
    (void)emitRow(pCtx, pRun, apArg);
  } else {
    sqlite3_result_error(pCtx, zNoEmit, -1);
  }
}

/* An aggregate without rows also has to refuse calls from outside. */
static void emitFinal(sqlite3_context *pCtx) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  if (pLoad == 0 || pLoad->pRun == 0) {
    sqlite3_result_error(pCtx, zNoEmit, -1);
  }
}

/* assoc_enough(): is the row at which the statement stands left out by an offset?
** Then it counts, and its values are not asked for. */
static void enoughSkips(sqlite3_context *pCtx, AssocRun *pRun) {
  const AssocNodeRun *pState = &pRun->aNode[pRun->pNode->iNode];
  AssocBucket *pBucket = &pState->aBucket[pRun->iKey];
  int bSkip = pBucket->u.nCame < pState->nOffset;
  pBucket->u.nCame += bSkip;
  sqlite3_result_int(pCtx, bSkip);
}

/* assoc_enough(value…): take a row of the key at which assoc_keys stands. True
** if it is the last row that is wanted, which ends the statement's inner
** loop. */
static void enoughFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  AssocRun *pRun = nArg ? emitRun(pCtx, nArg) : waitingRun(pCtx);
  const AssocNodeRun *pState;
  i64 n;
  if (pRun == 0 || pRun->eKeys != ASSOC_KEYS_GIVEN) {
    sqlite3_result_error(pCtx, zNoEnough, -1);
    return;
  }
  if (nArg == 0) {
    enoughSkips(pCtx, pRun);
    return;
  }
  if (!emitRow(pCtx, pRun, apArg)) return;
  pState = &pRun->aNode[pRun->pNode->iNode];
  n = pState->aBucket[pRun->iKey].u.nCame - pState->nOffset;
  sqlite3_result_int(pCtx, n >= pState->nMost);
}

/* The row is passed as arguments, so a whole scan is a single sqlite3_step(),
** and no value costs a call of its own. */
int assocEmitRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_emit", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), 0, emitStep, emitFinal, assocConnUnref);
}

/* The function ends the inner loop of a key as soon as the list of the key is
** full. */
int assocEnoughRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_enough", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), enoughFunc, 0, 0, assocConnUnref);
}
