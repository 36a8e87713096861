/*
** What a connection keeps between loads: compiled plans, and memory.
**
** A plan is found by what was asked (ASSOC_ASK_*), the model, the text, and
** whether there is a session; the session's values are bound for each run. It
** is valid as long as its catalog is the current one: a change of the schema or
** of definitions makes a new catalog. The plan used least recently is dropped
** first.
**
** A text that differs from another one only in literals shares its plan: the
** plan then gets the literals of the text that is run. To find such a plan, the
** new text is parsed; compiling it, and preparing its statements, would take
** many times as long.
*/
#include <stdlib.h>

#include "load/plan.h"

/* Plans that are kept, unless the environment or assoc_config('plans') says
** another number. Each has a handful of statements of some kilobytes. */
#define CACHE_MOST 64

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
  assocArenaFree(&p->fix);
  sqlite3_free(p);
}

/* The number in the environment variable ASSOC_PLANS, else the usual one. */
static int mostPlans(void) {
  const char *z = getenv("ASSOC_PLANS");
  int i, n = 0;
  for (i = 0; z && assocIsDigit(z[i]); i++) {
    if (n < ASSOC_PLANS_MAX) n = n * 10 + (z[i] - '0');
  }
  if (z == 0 || i == 0 || z[i]) return CACHE_MOST;
  return n < ASSOC_PLANS_MAX ? n : ASSOC_PLANS_MAX;
}

/* Made at the first use. The connection frees it. */
AssocLoadState *assocLoadState(AssocCall *pCall) {
  AssocLoadState *p = pCall->pConn->aSlot[ASSOC_SLOT_PLANS].p;
  if (p) return p;
  p = assocConnSlot(pCall, ASSOC_SLOT_PLANS, sizeof(*p), stateFree);
  if (p) p->nMost = mostPlans();
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

/* Is it the plan for this? The hash h decides nearly always. With the same
** model and text, it differs between any two ASSOC_ASK_*, since each step of
** textHash() can be undone. */
static int samePlan(const AssocPlan *pPlan, u32 h, const char *zModel,
                    const char *zText) {
  const char *zOwn = pPlan->zModel;
  if (pPlan->nHash != h || strcmp(pPlan->zText, zText) != 0) return 0;
  return strcmp(zOwn ? zOwn : "", zModel ? zModel : "") == 0;
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

void assocPlansKeep(AssocCall *pCall, int nMost) {
  AssocLoadState *p = assocLoadState(pCall);
  assert(nMost >= 0 && nMost <= ASSOC_PLANS_MAX);
  if (p == 0) return;
  p->nMost = nMost;
  while (p->nPlan > nMost) {
    AssocPlan *pPlan = p->pPlan, *pLast = 0;
    for (; pPlan; pPlan = pPlan->pNext) {
      if (!pPlan->bBusy) pLast = pPlan;
    }
    if (pLast == 0) return;
    dropPlan(p, pLast);
  }
}

/* May the plan serve a parsed text that differs from its own in literals only?
** Not one that a statement holds for its own text. */
static int mayShare(const AssocPlan *pPlan, const AssocPlan *pText) {
  const char *zModel = pText->zModel;
  if (pPlan->bBusy || pPlan->hold.nHolder || pPlan->pCat != pText->pCat ||
      pPlan->eAsk != pText->eAsk || pPlan->mAsk != pText->mAsk ||
      pPlan->eSession != pText->eSession ||
      pPlan->masked.nVal != pText->masked.nVal) {
    return 0;
  }
  if ((zModel == 0) != (pPlan->zModel == 0)) return 0;
  if (zModel && strcmp(zModel, pPlan->zModel) != 0) return 0;
  return strcmp(pPlan->masked.z, pText->masked.z) == 0;
}

/* A plan for a text that none was found for: another one with its literals, or
** a new one. 0 after an error. */
static AssocPlan *planFor(AssocCall *pCall, AssocLoadState *p,
                          AssocPlan *pText) {
  AssocPlan *pPlan;
  if (pText == 0) return 0;
  /* A plan of the same text but for its literals serves: it takes the literals
  ** over, and its statements stay prepared. */
  assert(!pText->bBusy);
  for (pPlan = pText->masked.nVal ? p->pPlan : 0; pPlan; pPlan = pPlan->pNext) {
    if (!mayShare(pPlan, pText)) continue;
    unlinkPlan(p, pPlan);
    assocHoldReset(pPlan);
    assocPlanTake(pCall, pPlan, pText);
    return pPlan;
  }
  prunePlans(p, pText->pCat, p->nMost - 1);
  return assocPlanCompile(pCall, pText);
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
  if (pCall->rc != SQLITE_OK) return 0; /* Also if there is no catalog */
  h = textHash(eAsk, zModel, zText);
  for (pPlan = p->pPlan; pPlan; pPlan = pPlan->pNext) {
    if (pPlan->eSession != assocPlanSession(pCall->pConn)) continue;
    if (pPlan->bBusy || pPlan->pCat != pCat ||
        !samePlan(pPlan, h, zModel, zText)) {
      continue;
    }
    unlinkPlan(p, pPlan);
    break;
  }
  if (pPlan == 0) {
    pPlan = planFor(pCall, p, assocPlanParse(pCall, pCat, eAsk, zModel, zText));
    if (pPlan == 0) return 0;
    pPlan->nHash = h;
  }
  assert(!pPlan->bBusy && pPlan->pCat == pCat);
  assert((pPlan->eAsk | pPlan->mAsk) == eAsk);
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
  pCall->pConn->budget.zAt = 0; /* It may be a path of the plan */
  pPlan->bBusy = 0;
  pPlan->hold.bUse = pPlan->hold.bStale = 0;
  if (pPlan->hold.nHolder == 0) assocHoldReset(pPlan);
  assert(!pPlan->hold.bDropped); /* No busy plan is dropped */
  if (pCall->rc == SQLITE_OK && p->nMost > 0) return;
  dropPlan(p, pPlan);
}
