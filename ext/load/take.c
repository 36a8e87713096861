/*
** Ids for the table related, all in one step.
**
**   SELECT assoc_take(t2.id) FROM …            the ids of one source row
**   SELECT assoc_take(a0, a1) FROM (SELECT …)  pairs of all source keys and ids
**   SELECT assoc_take(t3.post_id, t3.tag_id) FROM post_tags t3
**   SELECT assoc_take(t1.id) FROM posts t1     the keys that exist
**
** A virtual table that steps its inner statement for each row pays for each
** step and its mutexes. Here the statement hands over all ids as arguments of
** an aggregate, and the table reads them from an array. If many sources are
** asked for, or no index serves, the pairs of all sources are read once, and
** kept as long as the cursor.
**
** Where an association compares nothing but keys, pairs come from the table of
** the foreign key alone. Whether its rows refer to rows that exist, is looked up
** in maps of the keys that do. A join would look for each of them in its table.
*/
#include "load/load.h"

/* Ids are rowids. */
static const AssocKeyRule idRule = {.eAff = ASSOC_AFF_NUMERIC};

/* The lists are allocated by sqlite3_malloc(), because they outlive a single
** run. */
void assocTakeClear(AssocTake *p) {
  sqlite3_free(p->aId);
  sqlite3_free(p->aKey);
  sqlite3_free(p->aSlot);
  sqlite3_free(p->aFirst);
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
  if (p->bRowid) p->aKey = takeGrow(p, p->aKey, sizeof(i64) * (u64)n);
  if (p->bPairs) p->aSlot = takeGrow(p, p->aSlot, sizeof(u32) * (u64)n);
  if (p->rc == SQLITE_OK) p->nAlloc = n;
}

/* Take an id or a pair. NULL is no key. */
static void takeOne(AssocTake *p, sqlite3_value **ap) {
  u32 iSlot = 0;
  if (!p->bPairs) {
    p->aId[p->n++] = sqlite3_value_int64(ap[0]);
    return;
  }
  assert(p->bRowid || !p->bKeys);
  if (p->bKeys) iSlot = assocKeymapFind(&p->map, ap, &p->rc);
  if (!p->bRowid) iSlot = assocKeymapAdd(&p->map, ap, &p->rc);
  if (iSlot == ASSOC_NOSLOT) return;
  if (p->bIds && assocKeymapFind(&p->ids, &ap[1], &p->rc) == ASSOC_NOSLOT) {
    return;
  }
  p->aId[p->n] = sqlite3_value_int64(ap[1]);
  if (p->bRowid) p->aKey[p->n] = sqlite3_value_int64(ap[0]);
  p->aSlot[p->n++] = iSlot;
}

/* The number of arguments that assoc_take() is given for a list. */
static int takeWidth(const AssocTake *p) {
  return p->bPairs && p->pSet == 0 ? 2 : 1;
}

/* assoc_take(id) or assoc_take(key, id): takes the ids of a statement, or its
** pairs. assoc_take(key): takes the keys that exist. */
static void takeStep(sqlite3_context *pCtx, int nArg, sqlite3_value **ap) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  AssocTake *p = pLoad ? pLoad->pTake : 0;
  if (p == 0 || nArg != takeWidth(p)) {
    sqlite3_result_error(pCtx, "assoc: assoc_take() is internal", -1);
    return;
  }
  if (p->pSet) {
    (void)assocKeymapAdd(p->pSet, ap, &p->rc);
  } else {
    takeRoom(p);
    if (p->rc == SQLITE_OK) takeOne(p, ap);
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

/* Number the keys of the pairs. Where most integers between the first and the
** last are keys, these are their own numbers: pairs are then found without a map,
** and lie in the order in which keys are mostly asked for. */
static void takeNumber(AssocTake *p) {
  i64 iMin = INT64_MAX, iMax = INT64_MIN;
  u32 i;
  for (i = 0; i < p->n; i++) {
    if (p->aKey[i] < iMin) iMin = p->aKey[i];
    if (p->aKey[i] > iMax) iMax = p->aKey[i];
  }
  p->bDense = (u64)iMax - (u64)iMin < (u64)p->n * 4;
  assocKeymapClear(&p->map);
  for (i = 0; i < p->n; i++) {
    p->aSlot[i] = p->bDense ? (u32)((u64)p->aKey[i] - (u64)iMin)
                            : assocKeymapAddInt(&p->map, p->aKey[i], &p->rc);
  }
  p->iBase = iMin;
  p->nSlot = p->bDense ? (u32)((u64)iMax - (u64)iMin + 1) : p->map.nSlot;
  sqlite3_free(p->aKey);
  p->aKey = 0;
}

/* Count the ids of each source: that gives the place where its list begins. */
static void takeCount(AssocTake *p) {
  u32 i, iSlot, nSum = 0, n;
  for (i = 0; i < p->n; i++) p->aFirst[p->aSlot[i]]++;
  for (iSlot = 0; iSlot <= p->nSlot; iSlot++) {
    n = p->aFirst[iSlot];
    p->aFirst[iSlot] = nSum;
    nSum += n;
  }
}

/* Put the ids of each source together, in the order in which they came. Nearly
** always they came so. */
static void takeGroup(AssocCall *pCall, AssocTake *p) {
  u32 i;
  i64 *aId;
  assert(p->bPairs && p->aFirst == 0);
  p->nSlot = p->map.nSlot;
  if (p->bRowid) takeNumber(p);
  assocErrorCode(pCall, p->rc);
  if (pCall->rc != SQLITE_OK) return;
  p->aFirst = assocMalloc(pCall, (i64)sizeof(u32) * ((i64)p->nSlot + 1));
  if (p->aFirst == 0) return;
  memset(p->aFirst, 0, sizeof(u32) * ((size_t)p->nSlot + 1));
  takeCount(p);
  for (i = 1; i < p->n && p->aSlot[i - 1] <= p->aSlot[i]; i++) {
  }
  if (i < p->n) {
    aId = assocMalloc(pCall, (i64)sizeof(i64) * p->n);
    if (aId == 0) return;
    for (i = 0; i < p->n; i++) aId[p->aFirst[p->aSlot[i]]++] = p->aId[i];
    for (i = p->nSlot; i > 0; i--) p->aFirst[i] = p->aFirst[i - 1];
    p->aFirst[0] = 0;
    sqlite3_free(p->aId);
    p->aId = aId;
  }
  sqlite3_free(p->aSlot);
  p->aSlot = 0;
}

/* Fill a map with the keys that exist. */
static u8 takeSet(AssocCall *pCall, AssocPlan *pPlan, AssocFetch *pFetch,
                  AssocTake *p, AssocKeymap *pMap) {
  sqlite3_stmt *pStmt;
  if (pFetch->zSql == 0) return 0;
  pStmt = assocFetchPlain(pCall, pPlan, pFetch);
  p->pSet = pMap;
  if (pStmt) assocTakeRun(pCall, p, pStmt);
  p->pSet = 0;
  return 1;
}

/* See load.h. */
void assocTakePairs(AssocCall *pCall, AssocPlan *pPlan, AssocPairs *pPairs,
                    AssocTake *p) {
  sqlite3_stmt *pStmt;
  assert(p->aId == 0 && p->bPairs == 0);
  p->bPairs = 1;
  p->bRowid = pPairs->bRowid;
  assocKeymapInit(&p->map, 1, &pPairs->rule);
  assocKeymapInit(&p->ids, 1, &idRule);
  p->bKeys = takeSet(pCall, pPlan, &pPairs->keys, p, &p->map);
  p->bIds = takeSet(pCall, pPlan, &pPairs->ids, p, &p->ids);
  pStmt = assocFetchPlain(pCall, pPlan, &pPairs->fetch);
  if (pStmt) assocTakeRun(pCall, p, pStmt);
  assocKeymapClear(&p->ids);
  takeGroup(pCall, p);
}

/* The number of a key, if keys are their own numbers. */
static u32 takeDense(AssocTake *p, sqlite3_value **apKey) {
  i64 i;
  if (sqlite3_value_type(apKey[0]) == SQLITE_INTEGER) {
    i = sqlite3_value_int64(apKey[0]);
  } else if (!assocKeymapInteger(&p->map, apKey, &i, &p->rc)) {
    return ASSOC_NOSLOT;
  }
  return (u64)i - (u64)p->iBase < p->nSlot ? (u32)((u64)i - (u64)p->iBase)
                                           : ASSOC_NOSLOT;
}

/* See load.h. */
i64 *assocTakeOf(AssocCall *pCall, AssocTake *p, sqlite3_value **apKey,
                 u32 *pn) {
  u32 iSlot =
      p->bDense ? takeDense(p, apKey) : assocKeymapFind(&p->map, apKey, &p->rc);
  assocErrorCode(pCall, p->rc);
  *pn = 0;
  if (iSlot == ASSOC_NOSLOT) return 0;
  *pn = p->aFirst[iSlot + 1] - p->aFirst[iSlot];
  return &p->aId[p->aFirst[iSlot]];
}

/* Sort n ids by insertion. */
static void takeFew(i64 *aId, u64 n) {
  u64 i, j;
  for (i = 1; i < n; i++) {
    i64 iId = aId[i];
    for (j = i; j > 0 && aId[j - 1] > iId; j--) aId[j] = aId[j - 1];
    aId[j] = iId;
  }
}

/* Merge two sorted lists that lie one behind the other. */
static void takeMerge(const i64 *a, u64 nA, u64 n, i64 *aTo) {
  const i64 *aEnd = a + nA, *b = aEnd, *bEnd = a + n;
  while (a < aEnd && b < bEnd) *aTo++ = *a <= *b ? *a++ : *b++;
  memcpy(aTo, a, sizeof(i64) * (size_t)(aEnd - a));
  memcpy(aTo + (aEnd - a), b, sizeof(i64) * (size_t)(bEnd - b));
}

/* A bottom-up merge sort. Sorted ids cost one pass. */
#define TAKE_FEW 8
void assocTakeSort(AssocCall *pCall, i64 *aId, u32 n) {
  i64 *aTmp, *aFrom = aId, *aTo;
  u64 i, nRun;
  for (i = 1; i < n && aId[i - 1] <= aId[i]; i++) {
  }
  if (i >= n) return;
  for (i = 0; i < n; i += TAKE_FEW) {
    takeFew(aId + i, n - i < TAKE_FEW ? n - i : TAKE_FEW);
  }
  if (n <= TAKE_FEW) return;
  aTmp = assocMalloc(pCall, (i64)sizeof(i64) * n);
  if (aTmp == 0) return;
  aTo = aTmp;
  for (nRun = TAKE_FEW; nRun < n; nRun *= 2) {
    i64 *aSwap;
    for (i = 0; i < n; i += 2 * nRun) {
      u64 nBoth = n - i < 2 * nRun ? n - i : 2 * nRun;
      takeMerge(aFrom + i, nRun < nBoth ? nRun : nBoth, nBoth, aTo + i);
    }
    aSwap = aFrom;
    aFrom = aTo;
    aTo = aSwap;
  }
  if (aFrom == aTmp) memcpy(aId, aTmp, sizeof(i64) * (size_t)n);
  sqlite3_free(aTmp);
}

/* DIRECTONLY, and an error outside of assocTakeRun(). */
int assocTakeRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_take", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), 0, takeStep, takeFinal, assocConnUnref);
}
