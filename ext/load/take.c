/*
** Ids for the table related, all in one step.
**
**   SELECT assoc_take(t2.id) FROM …            the ids of one source row
**   SELECT assoc_take(a0, a1) FROM (SELECT …)  pairs of all source keys and ids
**
** A virtual table that steps its inner statement for each row pays for each
** step and its mutexes. Here the statement hands over all ids as arguments of
** an aggregate, and the table reads them from an array. If many sources are
** asked for, or no index serves, the pairs of all sources are read once, and
** kept as long as the cursor.
*/
#include "load/load.h"

/* The lists are allocated by sqlite3_malloc(), because they outlive a single
** run. */
void assocTakeClear(AssocTake *p) {
  sqlite3_free(p->aId);
  sqlite3_free(p->aNext);
  sqlite3_free(p->aHead);
  sqlite3_free(p->aTail);
  if (p->bPairs) assocKeymapClear(&p->map);
  memset(p, 0, sizeof(*p));
}

/* Grow an array. The old one stays if memory is short: p->rc is then
** SQLITE_NOMEM. */
static void *takeGrow(AssocTake *p, void *pOld, u64 nByte) {
  void *pNew = sqlite3_realloc64(pOld, nByte);
  if (pNew == 0) p->rc = SQLITE_NOMEM;
  return pNew ? pNew : pOld;
}

/* Make room for one more id. */
static void takeRoom(AssocTake *p) {
  u32 n = p->nAlloc * 2 + 64;
  if (p->n < p->nAlloc) return;
  p->aId = takeGrow(p, p->aId, sizeof(i64) * (u64)n);
  if (p->bPairs) p->aNext = takeGrow(p, p->aNext, sizeof(u32) * (u64)n);
  if (p->rc == SQLITE_OK) p->nAlloc = n;
}

/* Make room for source number iSlot. */
static void takeHeads(AssocTake *p, u32 iSlot) {
  u32 n = p->nHead * 2 + 64;
  if (iSlot < p->nHead) return;
  p->aHead = takeGrow(p, p->aHead, sizeof(u32) * (u64)n);
  p->aTail = takeGrow(p, p->aTail, sizeof(u32) * (u64)n);
  if (p->rc != SQLITE_OK) return;
  memset(&p->aHead[p->nHead], 0, sizeof(u32) * (n - p->nHead));
  p->nHead = n;
}

/* Append the last id to the list of its source. */
static void takePair(AssocTake *p, sqlite3_value **ap) {
  u32 iSlot = assocKeymapAdd(&p->map, ap, &p->rc);
  assert(p->bPairs);
  if (iSlot == ASSOC_NOSLOT) return;
  takeHeads(p, iSlot);
  if (p->rc != SQLITE_OK) return;
  p->aNext[p->n] = 0;
  if (p->aHead[iSlot]) {
    p->aNext[p->aTail[iSlot]] = p->n + 1;
  } else {
    p->aHead[iSlot] = p->n + 1;
  }
  p->aTail[iSlot] = p->n;
}

/* assoc_take(id) or assoc_take(key, id): takes the ids of a statement. */
static void takeStep(sqlite3_context *pCtx, int nArg, sqlite3_value **ap) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  AssocTake *p = pLoad ? pLoad->pTake : 0;
  if (p == 0 || nArg != 1 + p->bPairs) {
    sqlite3_result_error(pCtx, "assoc: assoc_take() is internal", -1);
    return;
  }
  takeRoom(p);
  if (p->rc == SQLITE_OK) {
    p->aId[p->n] = sqlite3_value_int64(ap[nArg - 1]);
    if (p->bPairs) takePair(p, ap);
    p->n++;
  }
  if (p->rc != SQLITE_OK) sqlite3_result_error_code(pCtx, SQLITE_ABORT);
}

/* An aggregate without rows also has to refuse calls from outside. */
static void takeFinal(sqlite3_context *pCtx) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  if (pLoad == 0 || pLoad->pTake == 0) {
    sqlite3_result_error(pCtx, "assoc: assoc_take() is internal", -1);
  }
}

/*
** assoc_take() has no argument that leads to its list: it finds the list in the
** connection's state. A statement may call related again, so the outer list is
** put back afterwards. An error of the list itself replaces the one of the
** statement, which is only its consequence.
*/
void assocTakeRun(AssocCall *pCall, AssocTake *pTake, sqlite3_stmt *pStmt) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  AssocTake *pOuter;
  if (pLoad == 0) return;
  pOuter = pLoad->pTake;
  pLoad->pTake = pTake;
  pTake->n = 0;
  pTake->rc = SQLITE_OK;
  if (pCall->rc == SQLITE_OK) {
    int rc = sqlite3_step(pStmt);
    /* An aggregate always gives a row. With SQLITE_ABORT assoc_take() ends its
    ** statement; pTake->rc says why. */
    if (rc == SQLITE_ROW) rc = SQLITE_OK;
    assocErrorCode(pCall, pTake->rc != SQLITE_OK ? pTake->rc : rc);
  }
  sqlite3_reset(pStmt);
  pLoad->pTake = pOuter;
}

/* The ids of one source out of the pairs, nMost at most. */
void assocTakeOf(AssocTake *p, AssocTake *pPairs, sqlite3_value **apKey,
                 u32 nMost) {
  u32 iSlot = assocKeymapFind(&pPairs->map, apKey, &p->rc);
  u32 i = iSlot == ASSOC_NOSLOT ? 0 : pPairs->aHead[iSlot];
  assert(pPairs->bPairs && !p->bPairs);
  p->n = 0;
  while (i && p->n < nMost) {
    takeRoom(p);
    if (p->rc != SQLITE_OK) return;
    p->aId[p->n++] = pPairs->aId[i - 1];
    i = pPairs->aNext[i - 1];
  }
}

/* A bottom-up merge sort. Sorted ids cost one pass. */
void assocTakeSort(AssocTake *p) {
  i64 *aTmp, *aFrom = p->aId, *aTo;
  u64 i, nRun;
  for (i = 1; i < p->n && p->aId[i - 1] <= p->aId[i]; i++) {
  }
  if (i >= p->n) return;
  aTmp = sqlite3_malloc64(sizeof(i64) * (u64)p->nAlloc);
  if (aTmp == 0) {
    p->rc = SQLITE_NOMEM;
    return;
  }
  aTo = aTmp;
  for (nRun = 1; nRun < p->n; nRun *= 2) {
    i64 *aSwap;
    for (i = 0; i < p->n; i += 2 * nRun) {
      u64 iA = i, iB = i + nRun, iOut = i;
      u64 nA = iB < p->n ? iB : p->n;
      u64 nB = iB + nRun < p->n ? iB + nRun : p->n;
      while (iA < nA || iB < nB) {
        int bA = iB >= nB || (iA < nA && aFrom[iA] <= aFrom[iB]);
        aTo[iOut++] = bA ? aFrom[iA++] : aFrom[iB++];
      }
    }
    aSwap = aFrom;
    aFrom = aTo;
    aTo = aSwap;
  }
  p->aId = aFrom;
  sqlite3_free(aTo);
}

/* DIRECTONLY, and an error outside of assocTakeRun(). */
int assocTakeRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_take", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), 0, takeStep, takeFinal, assocConnUnref);
}
