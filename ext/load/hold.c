/*
** A call for each row of a statement:
**
**   SELECT name, assoc_count('User', id, 'posts') FROM users
**
** Each call on its own would begin and end two statements or more: the guard of
** the catalog, and those of the plan's nodes. That costs several times what
** SQLite needs for a correlated subquery. So from the second call on the plan is
** held: its statements stay open, and each step gives the row of the next key.
**
**   SELECT g.token,
**     (SELECT count(*) FROM posts t2, users t1 WHERE … t1.id=+k.k0)
**     FROM main.assoc_keys k CROSS JOIN main.assoc_token g
**
** Of assoc_find() and assoc_get() the statement joins the root with the rows of
** which there is one at most. Lists below have held statements of their own:
**
**   SELECT g.token,n0.k0,n0.a0,n1.k0,n1.a0
**     FROM main.assoc_keys k CROSS JOIN main.assoc_token g
**     LEFT JOIN (SELECT … FROM posts t1 WHERE …) n0 ON n0.k0=+k.k0
**     LEFT JOIN (SELECT … FROM users t1 WHERE …) n1 ON n1.k0=n0.a0
**
** A cursor of eager(), which a join asks for one key after another, holds its
** plan in the same way, until SQLite closes it.
**
** SQLite keeps the hold (auxiliary data) with a constant argument of the call,
** and frees it when the calling statement ends. The open statement keeps a
** snapshot of main as long, as a correlated subquery does.
**
** Is the answer the same as that of a call on its own?
**
**   - Another connection's commit is not seen before the calling statement ends.
**   - Definitions: the token is read for each key, so ROLLBACK and ROLLBACK TO
**     are noticed as well. Rows that this connection changed are noticed by
**     sqlite3_total_changes64().
**   - Functions that write, or change a setting, reset all held statements.
**   - A statement with subqueries of its own, on views, with an automatic index
**     or a Bloom filter is not held: SQLite keeps what these read.
**   - Nothing is held while a session or a budget applies.
**   - The schema is the one with which the calling statement runs. (SQLite
**     does not prepare a running statement again, either.)
*/
#include "load/run.h"
#include "load/stmt.h"

/* The auxiliary data of a call. */
typedef struct AssocHold AssocHold;
struct AssocHold {
  AssocConn *pConn; /* A reference */
  AssocPlan *pPlan; /* Counted in hold.nHolder; 0 after the first call */
};

/* ------------------------------------------------------------ statements */

/* Is the statement still the one that was opened, and open? A failed close of
** the connection finalizes it. */
static int isOpen(const AssocFetch *pFetch) {
  return pFetch->bOpen && pFetch->stmt.p;
}

void assocHoldReset(AssocPlan *pPlan) {
  int i;
  if (!pPlan->hold.bOpen) return;
  for (i = 0; i < pPlan->nNode; i++) {
    AssocFetch *pFetch = &pPlan->apNode[i]->held;
    if (isOpen(pFetch)) sqlite3_reset(pFetch->stmt.p);
    pFetch->bOpen = 0;
  }
  pPlan->hold.bOpen = 0;
}

void assocHoldEnd(AssocConn *pConn) {
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  AssocPlan *pPlan = pLoad ? pLoad->pPlan : 0;
  for (; pPlan; pPlan = pPlan->pNext) {
    if (!pPlan->bBusy) assocHoldReset(pPlan);
  }
}

/* Has SQLite made something that the next key would find outdated? */
static int keepsRows(sqlite3_stmt *pStmt) {
  return sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_AUTOINDEX, 0) ||
         sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_FILTER_HIT, 0) ||
         sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_FILTER_MISS, 0);
}

/* The statement stands on the row of the key. */
static void holdRow(AssocPlan *pPlan, AssocNode *pNode, sqlite3_stmt *pStmt) {
  pNode->held.bOpen = 1;
  pPlan->hold.bOpen = 1;
  if (pNode == pPlan->pRoot &&
      sqlite3_column_int64(pStmt, 0) != pPlan->hold.iToken) {
    pPlan->hold.bStale = 1;
  }
  if (keepsRows(pStmt)) pPlan->hold.bNever = 1;
}

/* No row, or another row of the last key: assoc_token has not one row.
** SQLITE_ABORT without an error of the run: a ROLLBACK took the snapshot
** away. With one, pRun->rc says why the statement ended. */
int assocHoldStep(AssocRun *pRun, AssocNode *pNode) {
  AssocLoadState *pLoad = pRun->pCall->pConn->aSlot[ASSOC_SLOT_PLANS].p;
  AssocPlan *pPlan = pRun->pPlan;
  AssocFetch *pFetch = &pNode->held;
  sqlite3_stmt *pStmt = isOpen(pFetch) ? pFetch->stmt.p : 0;
  int rc;
  assert(pLoad && pPlan->hold.bUse && pFetch->zSql);
  if (pStmt == 0) pStmt = assocFetchOpen(pRun, pFetch);
  if (pStmt == 0) return 0;
  pRun->bAsked = 1;
  pRun->eKeys = ASSOC_KEYS_HELD;
  pRun->pOuter = pLoad->pRun;
  pLoad->pRun = pRun;
  rc = sqlite3_step(pStmt);
  pLoad->pRun = pRun->pOuter;
  pRun->eKeys = ASSOC_KEYS_NONE;
  if (rc == SQLITE_ROW && !pRun->bAsked) {
    holdRow(pPlan, pNode, pStmt);
    return !pPlan->hold.bStale;
  }
  if (rc == SQLITE_ROW || rc == SQLITE_DONE ||
      (rc == SQLITE_ABORT && pRun->rc == SQLITE_OK)) {
    pPlan->hold.bStale = 1;
  } else if (pRun->rc == SQLITE_OK) {
    assocErrorCode(pRun->pCall, rc);
  }
  sqlite3_reset(pStmt);
  pFetch->bOpen = 0;
  return 0;
}

i64 assocHoldAnswer(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                    sqlite3_value **apTarget) {
  sqlite3_value *apHeld[STMT_HELD_KEYS];
  AssocNode *pRoot = pPlan->pRoot;
  AssocRun run;
  int i, nTarget = apTarget ? pPlan->pAnswer->pTarget->nKey : 0;
  memset(&run, 0, sizeof(run));
  run.pCall = pCall;
  run.pPlan = pPlan;
  run.args = *pArgs;
  run.pNode = pRoot;
  run.apHeld = apHeld;
  run.nHeld = pArgs->nKey + nTarget;
  assert(run.nHeld <= STMT_HELD_KEYS);
  for (i = 0; i < pArgs->nKey; i++) apHeld[i] = pArgs->apKey[i];
  for (i = 0; i < nTarget; i++) apHeld[pArgs->nKey + i] = apTarget[i];
  assocBindCheck(&run);
  if (pCall->rc != SQLITE_OK || !assocHoldStep(&run, pRoot)) return 0;
  return sqlite3_column_int64(pRoot->held.stmt.p, 1);
}

/* ----------------------------------------------------------------- plans */

/* Are all values of the statement literals? The shape has no parameters, and a
** definition takes no values of the caller. */
static int hasLiterals(const AssocFetch *pFetch) {
  const AssocBind *pBind = pFetch->pBind;
  while (pBind && ASSOC_ALWAYS(assocBindIsLiteral(pBind))) pBind = pBind->pNext;
  return pBind == 0;
}

/* May a stream read roots ahead? Their ids are rowids, and every node is looked up
** by a held statement: then they depend on nothing but tables of main and temp,
** whose data versions tell when these change. */
static int readsAhead(const AssocPlan *pPlan) {
  const AssocModel *pModel = pPlan->pRoot->pModel;
  int i;
  if (!assocKeyIsRowid(pModel)) return 0;
  for (i = 0; i < pPlan->nNode; i++) {
    const AssocNode *pNode = pPlan->apNode[i];
    if (!pNode->bJoined && pNode->held.zSql == 0) return 0;
  }
  return 1;
}

/* Write the held statements, once. */
static void makeHeld(AssocCall *pCall, AssocPlan *pPlan) {
  AssocSchema *pMain = assocSchemaFind(pPlan->pCat, "main");
  AssocNode *pRoot = pPlan->pRoot;
  AssocPlanner p;
  int i;
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  p.pPlan = pPlan;
  p.pArena = &pPlan->mem;
  p.nFunctionArg = sqlite3_limit(pCall->db, SQLITE_LIMIT_FUNCTION_ARG, -1);
  assert(!pPlan->hold.bMade);
  /* Never, until a statement was made: an error on the way leaves it so. */
  pPlan->hold.bMade = pPlan->hold.bNever = 1;
  if (pPlan->eSession || pPlan->bReverse || pPlan->pShape->nParam ||
      pPlan->pShape->bNamed || assocSchemaIndex(pMain, "assoc_keys") >= 0) {
    return;
  }
  if (pPlan->pAnswer) {
    assocStmtHeldAnswer(&p, pRoot);
  } else {
    assocStmtHeldRoot(&p, pRoot);
    for (i = 1; i < pPlan->nNode; i++) {
      if (!pPlan->apNode[i]->bJoined) assocStmtHeld(&p, pPlan->apNode[i]);
    }
  }
  /* A node whose literals cannot be bound once and for all is not held. */
  for (i = 0; i < pPlan->nNode; i++) {
    AssocFetch *pFetch = &pPlan->apNode[i]->held;
    if (!hasLiterals(pFetch)) pFetch->zSql = 0;
  }
  if (pRoot->held.zSql) pPlan->hold.bNever = 0;
  if (pPlan->eAsk == ASSOC_ASK_KEY) pPlan->hold.bAhead = (u8)readsAhead(pPlan);
}

/* A holder lets the plan go. */
static void letGo(AssocPlan *pPlan) {
  if (pPlan == 0) return;
  assert(pPlan->hold.nHolder > 0);
  if (--pPlan->hold.nHolder > 0) return;
  if (!pPlan->bBusy) assocHoldReset(pPlan);
  if (pPlan->hold.bDropped) assocPlanFree(pPlan);
}

/* Destructor of auxiliary data. */
static void holdFree(void *pHold) {
  AssocHold *p = pHold;
  letGo(p->pPlan);
  assocConnUnref(p->pConn);
  sqlite3_free(p);
}

/* May the plan, which is held, be used without entering the catalog? It was
** compiled without a session, and for this model: SQLite keeps the hold with a
** constant argument. */
static int isCurrent(AssocCall *pCall, const AssocPlan *pPlan,
                     const char *zModel, const char *zText) {
  if (pPlan->bBusy || pPlan->hold.bDropped || pPlan->hold.bNever) return 0;
  if (!isOpen(&pPlan->pRoot->held)) return 0;
  assert(pPlan->eSession == 0);
  if (assocPlanSession(pCall->pConn)) return 0;
  if (pPlan->hold.nChange != sqlite3_total_changes64(pCall->db)) return 0;
  return ASSOC_ALWAYS(strcmp(pPlan->zModel, zModel) == 0) &&
         strcmp(pPlan->zText, zText) == 0 && assocCatalogIs(pCall, pPlan->pCat);
}

AssocPlan *assocHoldFind(AssocCall *pCall, sqlite3_context *pCtx, int iArg,
                         const char *zModel, const char *zText) {
  AssocHold *p = sqlite3_get_auxdata(pCtx, iArg);
  AssocPlan *pPlan = p ? p->pPlan : 0;
  if (pPlan == 0 || !isCurrent(pCall, pPlan, zModel, zText)) return 0;
  if (!assocCallEnter(pCall)) return 0;
  pPlan->bBusy = 1;
  pPlan->hold.bUse = 1;
  pPlan->hold.bStale = 0;
  return pPlan;
}

void assocHoldRelease(AssocCall *pCall, AssocPlan *pPlan) {
  int bEnd = pPlan->hold.bStale || pPlan->hold.bNever;
  assocPlanRelease(pCall, pPlan);
  if (bEnd && pCall->rc == SQLITE_OK) assocHoldReset(pPlan);
  assocCallLeave(pCall);
}

/* The first call leaves a hold without a plan. */
static void holdMark(sqlite3_context *pCtx, int iArg, AssocConn *pConn) {
  AssocHold *p = sqlite3_malloc64(sizeof(*p));
  if (p == 0) return;
  p->pConn = assocConnRef(pConn);
  p->pPlan = 0;
  sqlite3_set_auxdata(pCtx, iArg, p, holdFree);
}

/* The plan's statements stay open from now on. */
static void holdBegin(AssocCall *pCall, AssocPlan *pPlan, i64 iToken) {
  assocHoldReset(pPlan);
  pPlan->hold.nChange = sqlite3_total_changes64(pCall->db);
  pPlan->hold.iToken = iToken;
  pPlan->hold.bUse = 1;
}

void assocHoldStream(AssocCall *pCall, AssocPlan *pPlan) {
  i64 iToken;
  assert(pPlan->bBusy && pPlan->eAsk == ASSOC_ASK_KEY);
  if (!assocCatalogToken(pCall, pPlan->pCat, &iToken)) return;
  if (!pPlan->hold.bMade) makeHeld(pCall, pPlan);
  if (!pPlan->hold.bNever) holdBegin(pCall, pPlan, iToken);
}

int assocHoldAsks(AssocCall *pCall, AssocPlan *pPlan) {
  if (!pPlan->hold.bUse) return 0;
  if (pPlan->hold.bNever) {
    pPlan->hold.bUse = 0;
    assocHoldReset(pPlan);
  } else if (pPlan->hold.nChange != sqlite3_total_changes64(pCall->db)) {
    holdBegin(pCall, pPlan, pPlan->hold.iToken);
  }
  return pPlan->hold.bUse;
}

int assocHoldReads(const AssocPlan *pPlan) {
  return isOpen(&pPlan->pRoot->held);
}

int assocHoldFailed(AssocPlan *pPlan) {
  if (!pPlan->hold.bStale) return 0;
  pPlan->hold.bUse = pPlan->hold.bStale = 0;
  assocHoldReset(pPlan);
  return 1;
}

void assocHoldKeep(AssocCall *pCall, sqlite3_context *pCtx, int iArg,
                   AssocPlan *pPlan) {
  AssocHold *p = sqlite3_get_auxdata(pCtx, iArg);
  i64 iToken;
  assert(pPlan->bBusy);
  if (assocLoadState(pCall)->nMost == 0) return; /* No plan is kept */
  if (p == 0) {
    holdMark(pCtx, iArg, pCall->pConn);
    return;
  }
  if (!assocCatalogToken(pCall, pPlan->pCat, &iToken)) return;
  if (!pPlan->hold.bMade) makeHeld(pCall, pPlan);
  if (pPlan->hold.bNever) return;
  if (p->pPlan != pPlan) {
    letGo(p->pPlan);
    p->pPlan = pPlan;
    pPlan->hold.nHolder++;
  }
  holdBegin(pCall, pPlan, iToken);
}
