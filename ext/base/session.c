/*
** The session: the values on whose behalf shapes run.
**
**   SELECT assoc_session('{"me":7, "teams":[1,2]}');
**
** A policy of a model names them :me and :teams. They are kept as they were
** given until the session ends.
*/
#include "base/base.h"

/* Are all elements single values? */
static int isSingles(const AssocJson *p) {
  for (p = p->pChild; p; p = p->pNext) {
    if (p->eType >= ASSOC_J_ARRAY) return 0;
  }
  return 1;
}

/* An error unless each member is a single value, or an array of such. */
static void checkValues(AssocCall *pCall, const AssocJson *pValues) {
  const AssocJson *p;
  for (p = pValues->pChild; p; p = p->pNext) {
    if (p->eType < ASSOC_J_ARRAY) continue;
    if (p->eType == ASSOC_J_ARRAY && isSingles(p)) continue;
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, p->zKey,
                 "the value of a session must be a single value or an array of "
                 "single values, and %s is %s",
                 p->zKey, assocJsonTypeName(p));
  }
}

void assocSessionBegin(AssocCall *pCall, const char *zText, int nText) {
  AssocSession *p;
  AssocArena mem;
  memset(&mem, 0, sizeof(mem));
  if (pCall->pConn->pSession) {
    assocErrorOf(pCall, ASSOC_E_REFUSED, 0, 0,
                 "there is a session already; end it first: SELECT "
                 "assoc_session(NULL)");
  }
  p = assocAlloc(pCall, &mem, sizeof(*p));
  if (p) p->pValues = assocJsonObject(pCall, &mem, zText, nText, "a session");
  if (p) p->zText = assocArenaText(pCall, &mem, zText, nText);
  if (p && p->pValues) checkValues(pCall, p->pValues);
  if (pCall->rc != SQLITE_OK) {
    assocArenaFree(&mem);
    return;
  }
  p->mem = mem;
  assocErrClear(&pCall->pConn->last); /* It may be of another session */
  pCall->pConn->pSession = p;
  pCall->pConn->iSession++;
}

void assocSessionEnd(AssocConn *pConn) {
  AssocSession *p = pConn->pSession;
  AssocArena mem;
  if (p == 0) return;
  pConn->pSession = 0;
  pConn->iSession++;
  mem = p->mem; /* The session is in its own arena */
  assocArenaFree(&mem);
}

/* The value of a name. 0 and an error if there is none. */
static const AssocJson *sessionValue(AssocCall *pCall, const char *zName) {
  const AssocSession *pSession = pCall->pConn->pSession;
  const AssocJson *p = pSession ? assocJsonGet(pSession->pValues, zName) : 0;
  if (p) return p;
  assocErrorOf(pCall, ASSOC_E_REFUSED, 0, zName,
               pSession
                   ? "a policy asks for :%s, which the session does not have"
                   : "a policy asks for :%s, and there is no session; "
                     "begin one: SELECT assoc_session('{...}')",
               zName);
  return 0;
}

/* Bind an array as its JSON text. */
static void bindArray(AssocCall *pCall, sqlite3_stmt *pStmt, int i,
                      const AssocJson *p) {
  AssocOut out;
  i64 n = 0;
  char *z;
  assocBufInit(&out, 0x7fffffff);
  assocJsonWrite(&out, p);
  z = assocBufFinish(&out, &n);
  if (z == 0) {
    assocErrorCode(pCall, out.rc);
  } else {
    assocErrorCode(pCall, sqlite3_bind_text64(pStmt, i, z, (u64)n, sqlite3_free,
                                              SQLITE_UTF8));
  }
}

void assocSessionBind(AssocCall *pCall, sqlite3_stmt *pStmt, int i,
                      const char *zName, int bList) {
  const AssocJson *p;
  if (pCall->rc != SQLITE_OK) return;
  p = sessionValue(pCall, zName);
  if (p == 0) return;
  if (bList != (p->eType == ASSOC_J_ARRAY) && p->eType != ASSOC_J_NULL) {
    assocErrorOf(pCall, ASSOC_E_REFUSED, 0, zName,
                 bList ? "a policy asks for :%s as an array, and it is %s"
                       : "a policy asks for :%s as a single value, and it is "
                         "%s",
                 zName, assocJsonTypeName(p));
  } else if (bList && p->eType == ASSOC_J_ARRAY) {
    bindArray(pCall, pStmt, i, p);
  } else {
    assocErrorCode(pCall, assocJsonBind(pStmt, i, p));
  }
}

void assocSessionRefuse(AssocCall *pCall, const char *zFunction) {
  if (pCall->pConn->pSession == 0) return;
  assocErrorOf(pCall, ASSOC_E_REFUSED, 0, zFunction,
               "%s() is for the owner, and a session runs; end it first: "
               "SELECT assoc_session(NULL)",
               zFunction);
}

void assocSessionNeed(AssocCall *pCall) {
  if (!pCall->pConn->bNeedSession || pCall->pConn->pSession) return;
  assocErrorOf(pCall, ASSOC_E_REFUSED, 0, 0,
               "this connection needs a session; begin one: SELECT "
               "assoc_session('{...}')");
}

void assocSessionDeny(AssocCall *pCall) {
  assocErrorOf(pCall, ASSOC_E_REFUSED, 0, 0, "refused");
}

/* ---------------------------------------------------------------- budgets */

/* Milliseconds since some day. The clock is the one of SQLite's own; an old VFS
** tells it in days. */
static i64 budgetNow(void) {
  sqlite3_vfs *pVfs = sqlite3_vfs_find(0);
  sqlite3_int64 iNow = 0;
  double rDay = 0;
  assert(pVfs); /* A connection is open */
  if (pVfs->iVersion >= 2 && pVfs->xCurrentTimeInt64) {
    (void)pVfs->xCurrentTimeInt64(pVfs, &iNow);
    return iNow;
  }
  (void)pVfs->xCurrentTime(pVfs, &rDay);
  return (i64)(rDay * 86400000.0);
}

void assocBudgetBegin(AssocConn *pConn) {
  if (pConn->pSession == 0 || pConn->nInside > 0) return;
  pConn->budget.nRow = pConn->budget.nByte = 0;
  pConn->budget.nGiven = pConn->budget.nResult = 0;
  pConn->budget.zAt = 0;
  pConn->budget.eOver = 0;
  if (pConn->budget.mxMs) pConn->budget.iStart = budgetNow();
}

int assocBudgetCounts(const AssocConn *pConn) {
  return pConn->pSession && (pConn->budget.mxRow || pConn->budget.mxMs);
}

/* Is n more than mx, which 0 does not bound? Then eOver says what is spent. */
static int isOver(AssocConn *pConn, i64 n, i64 mx, int eOver) {
  if (mx == 0 || n <= mx) return 0;
  pConn->budget.eOver = (u8)eOver;
  return 1;
}

int assocBudgetTime(AssocConn *pConn) {
  if (pConn->pSession == 0 || pConn->budget.mxMs == 0) return 1;
  return !isOver(pConn, budgetNow() - pConn->budget.iStart, pConn->budget.mxMs,
                 ASSOC_OVER_MS);
}

/* Rows between two looks at the clock. */
#define BUDGET_CLOCK 16

int assocBudgetRow(AssocConn *pConn) {
  if (pConn->pSession == 0) return 1;
  if (isOver(pConn, ++pConn->budget.nRow, pConn->budget.mxRow,
             ASSOC_OVER_ROWS)) {
    return 0;
  }
  return pConn->budget.nRow % BUDGET_CLOCK != 0 || assocBudgetTime(pConn);
}

int assocBudgetBytes(AssocConn *pConn, i64 n) {
  if (pConn->pSession == 0) return 1;
  pConn->budget.nByte += n;
  return !isOver(pConn, pConn->budget.nByte, pConn->budget.mxByte,
                 ASSOC_OVER_BYTES);
}

int assocBudgetGive(AssocConn *pConn, i64 n) {
  if (pConn->pSession == 0) return 1;
  pConn->budget.nGiven += n;
  return !isOver(pConn, pConn->budget.nGiven, pConn->budget.mxGiven,
                 ASSOC_OVER_GIVEN);
}

void assocBudgetSpend(AssocCall *pCall) {
  if (pCall->rc != SQLITE_OK || !assocBudgetCounts(pCall->pConn)) return;
  if (!assocBudgetRow(pCall->pConn)) assocBudgetError(pCall);
}

void assocBudgetError(AssocCall *pCall) {
  static const char *const az[] = {"", "rows", "given rows", "bytes",
                                   "milliseconds"};
  AssocConn *pConn = pCall->pConn;
  const i64 an[] = {0, pConn->budget.mxRow, pConn->budget.mxGiven,
                    pConn->budget.mxByte, pConn->budget.mxMs};
  const char *zAt = pConn->budget.zAt;
  int eOver = pConn->pSession ? pConn->budget.eOver : 0;
  if (eOver == 0) return;
  assocErrorOf(pCall, ASSOC_E_LIMIT, 0, zAt,
               "the budget of %lld %s is spent%s%s", an[eOver], az[eOver],
               zAt ? " at " : "", zAt ? zAt : "");
}

/* What is left of the budget of bytes after n, but no more than SQLite's
** limit. */
static i64 bytesLeft(const AssocConn *pConn, i64 n) {
  i64 mxByte = pConn->pSession ? pConn->budget.mxByte : 0;
  i64 mx = sqlite3_limit(pConn->db, SQLITE_LIMIT_LENGTH, -1);
  if (mxByte == 0) return mx;
  n = n < mxByte ? mxByte - n : 0;
  return n < mx ? n : mx;
}

i64 assocBudgetMost(const AssocConn *pConn) {
  return bytesLeft(pConn, pConn->budget.nResult);
}

i64 assocBudgetMostRow(const AssocConn *pConn) {
  return bytesLeft(pConn, pConn->budget.nByte);
}

void assocBudgetResult(AssocConn *pConn, i64 n) {
  pConn->budget.nResult += n;
}

void assocBudgetTooBig(AssocCall *pCall, i64 nMax) {
  AssocConn *pConn = pCall->pConn;
  if (nMax >= sqlite3_limit(pConn->db, SQLITE_LIMIT_LENGTH, -1)) return;
  pConn->budget.eOver = ASSOC_OVER_BYTES;
  assocBudgetError(pCall);
}
