/*
** The state of one connection, and how a second load of the extension finds
** it: by the function assoc_state(), which is given the address to put it at.
*/
#include "base/base.h"

AssocConn *assocConnNew(sqlite3 *db) {
  AssocConn *pConn = sqlite3_malloc64(sizeof(*pConn));
  if (pConn == 0) return 0;
  memset(pConn, 0, sizeof(*pConn));
  pConn->db = db;
  pConn->nRef = 1;
  pConn->mxDepth = 400;
  pConn->mxItem = 10000;
  return pConn;
}

AssocConn *assocConnRef(AssocConn *pConn) {
  assert(pConn->nRef > 0);
  pConn->nRef++;
  return pConn;
}

/*
** Free what the floors keep. They may hold AssocStmt, never a statement:
** when the last reference goes, assoc_state has been disconnected.
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
  sqlite3_free(pConn);
}

/* ---------------------------------------------- the function assoc_state() */

/* The pointer that it is given says where the AssocConn is to be put. */
static const char zPointer[] = "AssocConn";

static void stateFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **ap) {
  AssocConn **pp = sqlite3_value_pointer(ap[0], zPointer);
  (void)nArg;
  if (pp) {
    *pp = sqlite3_user_data(pCtx);
  } else {
    sqlite3_result_error(pCtx, "assoc: assoc_state() is internal", -1);
  }
}

/*
** To prepare a call of a function reads no schema, and fails if there is no
** such function.
*/
int assocConnFind(sqlite3 *db, AssocConn **ppConn) {
  sqlite3_stmt *pStmt = 0;
  unsigned int mFlag =
      sqlite3_libversion_number() >= 3048000 ? 0x10 /* DONT_LOG */ : 0;
  int rc;
  *ppConn = 0;
  rc = sqlite3_prepare_v3(db, "SELECT assoc_state(?1)", -1, mFlag, &pStmt, 0);
  if (rc == SQLITE_ERROR) {
    /* The connection must not remember it: sqlite3_open() fails if it does
    ** after the extensions of sqlite3_auto_extension(). */
    return sqlite3_exec(db, "", 0, 0, 0);
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_pointer(pStmt, 1, ppConn, zPointer, 0);
  }
  if (rc == SQLITE_OK) (void)sqlite3_step(pStmt);
  if (rc == SQLITE_OK) return sqlite3_finalize(pStmt);
  sqlite3_finalize(pStmt);
  return rc;
}

int assocConnRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_state", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), stateFunc, 0, 0, assocConnUnref);
}
