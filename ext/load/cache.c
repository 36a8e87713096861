/*
** What a connection keeps between loads: compiled plans, and memory.
**
** A plan is found by what was asked (ASSOC_ASK_*), the model, the text, and
** whether there is a session; the session's values are bound for each run. It
** is valid as long as its catalog is the current one: a change of the schema or
** of definitions makes a new catalog. The plan used least recently is dropped
** first.
*/
#include "load/plan.h"

/* Plans that are kept. Each has a handful of statements of some kilobytes. */
#define CACHE_MAX 64

/* Take a plan out of the list. It must be there. */
static void unlinkPlan(AssocLoadState *p, AssocPlan *pPlan) {
  AssocPlan **pp = &p->pPlan;
  while (*pp != pPlan) pp = &(*pp)->pNext;
  *pp = pPlan->pNext;
  pPlan->pNext = 0;
  p->nPlan--;
}

/* Take a plan out of the list, and free it unless a statement holds it. */
static void dropPlan(AssocLoadState *p, AssocPlan *pPlan) {
  unlinkPlan(p, pPlan);
  assocHoldReset(pPlan);
  assocPlanFree(pPlan);
}

/* AssocConn.aSlot[].xFree: free all that the connection keeps for loads. */
static void stateFree(void *pState) {
  AssocLoadState *p = pState;
  while (p->pPlan) {
    AssocPlan *pPlan = p->pPlan;
    dropPlan(p, pPlan);
  }
  assocStmtClear(&p->pulse);
  assocArenaFree(&p->mem);
  sqlite3_free(p);
}

/* Made at the first use. The connection frees it. */
AssocLoadState *assocLoadState(AssocCall *pCall) {
  AssocConn *pConn = pCall->pConn;
  AssocLoadState *p = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  if (p) return p;
  p = assocMalloc(pCall, sizeof(*p));
  if (p == 0) return 0;
  memset(p, 0, sizeof(*p));
  pConn->aSlot[ASSOC_SLOT_PLANS].p = p;
  pConn->aSlot[ASSOC_SLOT_PLANS].xFree = stateFree;
  return p;
}

int assocPlanSession(const AssocConn *pConn) {
  return (pConn->pSession != 0) + 2 * assocBudgetCounts(pConn);
}

/* FNV-1a of everything that a plan is found by. */
static u32 textHash(int eAsk, const char *zModel, const char *zText) {
  u32 h = (u32)eAsk * 0x9e3779b1u + 1;
  for (; zModel && *zModel; zModel++) h = (h ^ (u8)*zModel) * 0x01000193u;
  for (h *= 31; *zText; zText++) h = (h ^ (u8)*zText) * 0x01000193u;
  return h;
}

/* Is it the plan for this? The hash h decides nearly always. */
static int samePlan(const AssocPlan *pPlan, u32 h, int eAsk, const char *zModel,
                    const char *zText) {
  if (pPlan->nHash != h || pPlan->eAsk != eAsk) return 0;
  if (strcmp(pPlan->zText, zText) != 0) return 0;
  return zModel == 0 ? pPlan->zModel == 0
                     : pPlan->zModel && strcmp(pPlan->zModel, zModel) == 0;
}

/* Drop plans of other catalogs, and the oldest ones if there are more than
** nMost. A busy plan stays: its run ends soon. */
static void prunePlans(AssocLoadState *p, const AssocCatalog *pCat, int nMost) {
  AssocPlan *pPlan, *pNext;
  int n = 0;
  for (pPlan = p->pPlan; pPlan; pPlan = pNext) {
    pNext = pPlan->pNext;
    if (pPlan->bBusy || (pPlan->pCat == pCat && ++n <= nMost)) continue;
    dropPlan(p, pPlan);
  }
}

/*
** A plan in use (bBusy) is not shared: a nested call of the same text, as in
** eager() inside eager(), compiles a second one. A plan of an older catalog is
** never used; prunePlans() frees it later. The plan that is returned stands
** first, so the last in the list is the one that was unused longest. The caller
** gives it back with assocPlanRelease().
*/
AssocPlan *assocPlanGet(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                        const char *zModel, const char *zText) {
  AssocLoadState *p = assocLoadState(pCall);
  AssocPlan *pPlan;
  u32 h;
  if (p == 0 || pCat == 0 || pCall->rc != SQLITE_OK) return 0;
  h = textHash(eAsk, zModel, zText);
  for (pPlan = p->pPlan; pPlan; pPlan = pPlan->pNext) {
    if (pPlan->eSession != assocPlanSession(pCall->pConn)) continue;
    if (pPlan->bBusy || pPlan->pCat != pCat ||
        !samePlan(pPlan, h, eAsk, zModel, zText)) {
      continue;
    }
    unlinkPlan(p, pPlan);
    break;
  }
  if (pPlan == 0) {
    prunePlans(p, pCat, CACHE_MAX - 1);
    pPlan = assocPlanCompile(pCall, pCat, eAsk, zModel, zText);
    if (pPlan == 0) return 0;
    pPlan->nHash = h;
  }
  assert(!pPlan->bBusy && pPlan->pCat == pCat);
  pPlan->bBusy = 1;
  pPlan->pNext = p->pPlan;
  p->pPlan = pPlan;
  p->nPlan++;
  return pPlan;
}

/* After an error the plan is dropped, since its statements may be the
** reason. */
void assocPlanRelease(AssocCall *pCall, AssocPlan *pPlan) {
  AssocLoadState *p = pCall->pConn->aSlot[ASSOC_SLOT_PLANS].p;
  if (pPlan == 0) return;
  assert(pPlan->bBusy);
  pPlan->bBusy = 0;
  pPlan->hold.bUse = pPlan->hold.bStale = 0;
  if (pCall->rc == SQLITE_OK || pPlan->hold.bDropped) return;
  dropPlan(p, pPlan);
}
