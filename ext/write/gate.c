/*
** All or nothing where no savepoint can be opened: inside a statement that
** writes, as xUpdate of a virtual table is.
**
** A statement that fails is undone by SQLite, with all that was written while
** it ran, if it might write several rows. Such a statement is
**
**   INSERT INTO main.assoc_gate(job) SELECT 1
**
** and what there is to do is done in the xUpdate of the table assoc_gate. It
** is found through the connection, and not by an argument that anybody could
** give. Nothing comes through the gate of its own: without a job it is closed.
*/
#include "write/write.h"

/* What the gate was opened for. */
typedef struct GateJob GateJob;
struct GateJob {
  AssocCall *pCall;
  void (*xDo)(AssocCall *, void *);
  void *pArg;
  int bDone;
};

/* A job may lead to another, by a trigger of the user: each is taken away
** from the gate before it is done. */
static int gateUpdate(sqlite3_vtab *pVtab, int argc, sqlite3_value **argv,
                      sqlite3_int64 *pRowid) {
  AssocConn *pConn = ((AssocPrivate *)pVtab)->pConn;
  GateJob *pJob = pConn->pGate;
  (void)argc, (void)argv;
  *pRowid = sqlite3_last_insert_rowid(pConn->db);
  if (pJob == 0) {
    sqlite3_free(pVtab->zErrMsg);
    pVtab->zErrMsg = sqlite3_mprintf("assoc: assoc_gate is internal");
    return SQLITE_ERROR;
  }
  pConn->pGate = 0;
  pJob->bDone = 1;
  pJob->xDo(pJob->pCall, pJob->pArg);
  return pJob->pCall->rc;
}

static const sqlite3_module gateModule = {
    ASSOC_PRIVATE_TABLE, .xConnect = assocPrivateConnect,
    .xDisconnect = assocPrivateDisconnect, .xUpdate = gateUpdate};

int assocGateRegister(AssocConn *pConn) {
  return sqlite3_create_module_v2(pConn->db, "assoc_gate", &gateModule,
                                  assocConnRef(pConn), assocConnUnref);
}

void assocGateRun(AssocCall *pCall, void (*xDo)(AssocCall *, void *),
                  void *pArg) {
  GateJob job = {pCall, xDo, pArg, 0};
  sqlite3_stmt *pStmt =
      assocPrepare(pCall, "INSERT INTO main.assoc_gate(job) SELECT 1");
  int rc;
  if (pStmt == 0) return;
  pCall->pConn->pGate = &job;
  rc = sqlite3_step(pStmt);
  pCall->pConn->pGate = 0;
  if (rc != SQLITE_DONE) assocErrorCode(pCall, sqlite3_reset(pStmt));
  sqlite3_finalize(pStmt);
  if (job.bDone) return;
  assocPrivateTaken(pCall, "assoc_gate");
}
