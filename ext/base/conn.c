/*
** The state of one connection, and the list by which a second load of the
** extension finds it.
**
** SQLite has no silent way to ask a connection whether a function exists. A
** statement that calls a missing function is reported to sqlite3_log(), and one
** that calls an existing function to sqlite3_trace_v2(). So all connections
** share one list, guarded by a mutex that SQLite reserves for applications.
** sqlite3_close() frees the functions before the connection; the last of them
** removes the list's entry.
*/
#include "base/base.h"

/* The list of all connections. Guarded by SQLITE_MUTEX_STATIC_APP1. */
static AssocConn *pConnFirst = 0;

/* SQLite compiled with SQLITE_THREADSAFE=0 has no mutex functions at all. */
#if defined(SQLITE_CORE) && defined(SQLITE_THREADSAFE) && SQLITE_THREADSAFE == 0
#define NO_MUTEX
#endif

/* Lock and unlock the list. The mutex is 0 if SQLite runs without threads. */
static sqlite3_mutex *listEnter(void) {
  sqlite3_mutex *pMutex = 0;
#ifndef NO_MUTEX
  if (sqlite3_threadsafe()) {
    pMutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(pMutex);
  }
#endif
  return pMutex;
}

/* The list is shared by all connections of the process, which threads may open
** and close at the same time. */
static void listLeave(sqlite3_mutex *pMutex) {
#ifndef NO_MUTEX
  if (pMutex) sqlite3_mutex_leave(pMutex);
#else
  (void)pMutex;
#endif
}

/* assocConnFind() finds the connection from now on, until listRemove(). */
static void listAdd(AssocConn *pConn) {
  sqlite3_mutex *pMutex = listEnter();
  pConn->pNext = pConnFirst;
  pConnFirst = pConn;
  listLeave(pMutex);
}

/* Called when the last reference goes, so pConn is in the list. */
static void listRemove(AssocConn *pConn) {
  sqlite3_mutex *pMutex = listEnter();
  AssocConn **pp = &pConnFirst;
  assert(pConnFirst);
  while (*pp != pConn) pp = &(*pp)->pNext;
  *pp = pConn->pNext;
  listLeave(pMutex);
}

AssocConn *assocConnFind(sqlite3 *db) {
  sqlite3_mutex *pMutex = listEnter();
  AssocConn *p = pConnFirst;
  while (p && p->db != db) p = p->pNext;
  listLeave(pMutex);
  return p;
}

AssocConn *assocConnNew(sqlite3 *db) {
  AssocConn *pConn = sqlite3_malloc64(sizeof(*pConn));
  assert(db);
  if (pConn == 0) return 0;
  memset(pConn, 0, sizeof(*pConn));
  pConn->db = db;
  pConn->nRef = 1;
  pConn->mxDepth = 400;
  pConn->mxItem = 10000;
  pConn->last.iAt = -1;
  listAdd(pConn);
  return pConn;
}

AssocConn *assocConnRef(AssocConn *pConn) {
  assert(pConn->nRef > 0);
  pConn->nRef++;
  return pConn;
}

/*
** Free the state of the higher floors. They may have AssocStmts, but none of
** these holds a statement: assoc_state held a reference too, and finalized all
** statements when it was disconnected.
*/
void assocConnUnref(void *p) {
  AssocConn *pConn = p;
  int i;
  assert(pConn->nRef > 0);
  if (--pConn->nRef > 0) return;
  for (i = ASSOC_NSLOT - 1; i >= 0; i--) {
    if (pConn->aSlot[i].xFree) pConn->aSlot[i].xFree(pConn->aSlot[i].p);
  }
  assert(pConn->pStmts == 0);
  assocSessionEnd(pConn);
  assocErrClear(&pConn->last);
  listRemove(pConn);
  sqlite3_free(pConn);
}

/* SQLITE_TXN_*, or -1 outside of a transaction: to ask SQLite takes its mutex. */
static int transactionOf(sqlite3 *db) {
  return sqlite3_get_autocommit(db) ? -1 : sqlite3_txn_state(db, 0);
}

void assocSeenNow(sqlite3 *db, AssocSeen *p) {
  p->nChange = sqlite3_total_changes64(db);
  p->eTransaction = transactionOf(db);
}

int assocSeenStill(sqlite3 *db, const AssocSeen *p) {
  return p->nChange == sqlite3_total_changes64(db) &&
         p->eTransaction == transactionOf(db);
}

void *assocConnSlot(AssocCall *pCall, int iSlot, size_t n,
                    void (*xFree)(void *)) {
  AssocConn *pConn = pCall->pConn;
  void *p = pConn->aSlot[iSlot].p;
  assert(iSlot >= 0 && iSlot < ASSOC_NSLOT);
  if (p) return p;
  p = assocMalloc(pCall, (i64)n);
  if (p == 0) return 0;
  memset(p, 0, n);
  pConn->aSlot[iSlot].p = p;
  pConn->aSlot[iSlot].xFree = xFree;
  return p;
}
