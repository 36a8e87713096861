/*
** Statements that live longer than a call.
**
** When should an extension finalize the statements that it keeps?
** sqlite3_close() refuses to close while a statement is open, and runs the
** destructors of functions and modules only after that check. But it
** disconnects virtual tables before the check. So a private virtual table,
** assoc_state, is connected before the first statement is kept, and its
** xDisconnect finalizes all kept statements:
**
**   assocStmt()        connects assoc_state, prepares and lists the statement
**   sqlite3_close()    disconnects assoc_state
**   stateDisconnect()  finalizes the listed statements
**
** If the close fails for another reason, the next assocStmt() prepares the
** statement again. While a cursor is open, the close fails or waits for the
** cursor's statement; then assocConnRelease() of the last cursor finalizes the
** kept statements.
**
** Some hosts finalize every statement that sqlite3_next_stmt() returns before
** they close. So xDisconnect touches only statements that are still in that
** list.
*/
#include "base/base.h"

/* Remove the statement from the list without finalizing it. */
static void stmtUnlink(AssocStmt *pStmt) {
  assert(pStmt->p && pStmt->ppPrev && *pStmt->ppPrev == pStmt);
  *pStmt->ppPrev = pStmt->pNext;
  if (pStmt->pNext) pStmt->pNext->ppPrev = pStmt->ppPrev;
  pStmt->p = 0;
  pStmt->pNext = 0;
  pStmt->ppPrev = 0;
}

void assocStmtClear(AssocStmt *pStmt) {
  sqlite3_stmt *p = pStmt->p;
  if (p == 0) return;
  stmtUnlink(pStmt);
  sqlite3_finalize(p);
}

/*
** A query connects the virtual table. If a user's table of that name answers
** instead, stateConnect() has not run.
*/
static void connHook(AssocCall *pCall) {
  sqlite3_stmt *p = assocPrepare(pCall, "SELECT 1 FROM main.assoc_state");
  assocFinalize(pCall, p);
  if (!pCall->pConn->bHooked) {
    assocPrivateTaken(pCall, "assoc_state");
  }
}

sqlite3_stmt *assocStmt(AssocCall *pCall, AssocStmt *pStmt, const char *zSql) {
  AssocConn *pConn = pCall->pConn;
  assert(pStmt->pConn == 0 || pStmt->pConn == pConn);
  if (pCall->rc != SQLITE_OK) return 0;
  if (pStmt->p) return pStmt->p;
  if (!pConn->bHooked) connHook(pCall);
  if (pCall->rc != SQLITE_OK) return 0;
  assocErrorCode(pCall,
                 sqlite3_prepare_v3(pCall->db, zSql, -1,
                                    SQLITE_PREPARE_PERSISTENT, &pStmt->p, 0));
  if (pStmt->p == 0) return 0;
  pStmt->nMade++;
  pStmt->pConn = pConn;
  pStmt->pNext = pConn->pStmts;
  pStmt->ppPrev = &pConn->pStmts;
  if (pStmt->pNext) pStmt->pNext->ppPrev = &pStmt->pNext;
  pConn->pStmts = pStmt;
  return pStmt->p;
}

/* ------------------------------------------------- the table assoc_state */

/* xConnect: remember that the connection will tell us when it closes. */
static int stateConnect(sqlite3 *db, void *pAux, int argc,
                        const char *const *argv, sqlite3_vtab **ppVtab,
                        char **pzErr) {
  int rc = assocPrivateConnect(db, pAux, argc, argv, ppVtab, pzErr);
  if (rc == SQLITE_OK) ((AssocConn *)pAux)->bHooked = 1;
  return rc;
}

/* Does SQLite still know the statement? */
static int stateIsListed(sqlite3 *db, sqlite3_stmt *pWanted) {
  sqlite3_stmt *p = sqlite3_next_stmt(db, 0);
  while (p && p != pWanted) p = sqlite3_next_stmt(db, p);
  return p != 0;
}

/*
** Finalize the kept statements, except (unless bAll) those that the host has
** already finalized, which SQLite no longer lists.
*/
static void stateFinalize(AssocConn *pConn, int bAll) {
  while (pConn->pStmts) {
    AssocStmt *pStmt = pConn->pStmts;
    sqlite3_stmt *p = pStmt->p;
    stmtUnlink(pStmt);
    if (bAll || stateIsListed(pConn->db, p)) sqlite3_finalize(p);
  }
}

void assocConnHold(AssocConn *pConn) {
  assert(pConn->nHold >= 0);
  pConn->nHold++;
}

void assocConnRelease(AssocConn *pConn) {
  assert(pConn->nHold > 0);
  if (--pConn->nHold == 0 && !pConn->bHooked) {
    /* The statement that owns the cursor is in SQLite's list. An empty list
    ** means that the connection is closed already, and SQLITE_ENABLE_API_ARMOR
    ** answers nothing: then finalize all. */
    stateFinalize(pConn, sqlite3_next_stmt(pConn->db, 0) == 0);
  }
}

/* SQLite calls this when the connection closes. While a cursor is open, the
** end of that cursor finalizes the statements instead. */
static int stateDisconnect(sqlite3_vtab *pVtab) {
  AssocConn *pConn = ((AssocPrivate *)pVtab)->pConn;
  if (pConn->nHold == 0) stateFinalize(pConn, 0);
  pConn->bHooked = 0;
  return assocPrivateDisconnect(pVtab);
}

static const sqlite3_module stateModule = {ASSOC_PRIVATE_TABLE,
                                           .xConnect = stateConnect,
                                           .xDisconnect = stateDisconnect};

int assocStateRegister(AssocConn *pConn) {
  return sqlite3_create_module_v2(pConn->db, "assoc_state", &stateModule,
                                  assocConnRef(pConn), assocConnUnref);
}
