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

typedef struct GateTable GateTable;
struct GateTable {
  sqlite3_vtab base;
  AssocConn *pConn; /* A reference */
};

static int gateConnect(sqlite3 *db, void *pAux, int argc,
                       const char *const *argv, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  GateTable *pTab;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(job)");
  (void)argc, (void)argv, (void)pzErr;
  if (rc != SQLITE_OK) return rc;
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  pTab = sqlite3_malloc64(sizeof(*pTab));
  if (pTab == 0) return SQLITE_NOMEM;
  memset(pTab, 0, sizeof(*pTab));
  pTab->pConn = assocConnRef(pAux);
  *ppVtab = &pTab->base;
  return SQLITE_OK;
}

static int gateDisconnect(sqlite3_vtab *pVtab) {
  assocConnUnref(((GateTable *)pVtab)->pConn);
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

static int gateBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo) {
  (void)pVtab, (void)pInfo;
  return SQLITE_OK;
}

/* To read it: there is never a row. */
static int gateOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  (void)pVtab;
  *ppCur = sqlite3_malloc64(sizeof(**ppCur));
  if (*ppCur == 0) return SQLITE_NOMEM;
  memset(*ppCur, 0, sizeof(**ppCur));
  return SQLITE_OK;
}

static int gateClose(sqlite3_vtab_cursor *pCur) {
  sqlite3_free(pCur);
  return SQLITE_OK;
}

static int gateFilter(sqlite3_vtab_cursor *pCur, int idxNum, const char *idxStr,
                      int argc, sqlite3_value **argv) {
  (void)pCur, (void)idxNum, (void)idxStr, (void)argc, (void)argv;
  return SQLITE_OK;
}

static int gateNext(sqlite3_vtab_cursor *pCur) {
  (void)pCur;
  return SQLITE_OK;
}

static int gateEof(sqlite3_vtab_cursor *pCur) {
  (void)pCur;
  return 1;
}

static int gateColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                      int iCol) {
  (void)pCur, (void)pCtx, (void)iCol;
  return SQLITE_OK;
}

static int gateRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid) {
  (void)pCur;
  *pRowid = 0;
  return SQLITE_OK;
}

/* A job may lead to another, by a trigger of the user: each is taken away
** from the gate before it is done. */
static int gateUpdate(sqlite3_vtab *pVtab, int argc, sqlite3_value **argv,
                      sqlite3_int64 *pRowid) {
  AssocConn *pConn = ((GateTable *)pVtab)->pConn;
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
    .xConnect = gateConnect,
    .xBestIndex = gateBestIndex,
    .xDisconnect = gateDisconnect,
    .xOpen = gateOpen,
    .xClose = gateClose,
    .xFilter = gateFilter,
    .xNext = gateNext,
    .xEof = gateEof,
    .xColumn = gateColumn,
    .xRowid = gateRowid,
    .xUpdate = gateUpdate,
};

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
  assocError(pCall, "the name assoc_gate is taken in main, but this extension "
                    "needs it");
}
