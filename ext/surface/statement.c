/*
** What all statements that write to our virtual tables have in common, and
** their result:
**
**    INSERT INTO related(model, json) VALUES ('User', '{"name":"Zoe"}');
**    SELECT assoc_result();                                  -- {"id":3}
**
** Each row is changed with everything that belongs to it, or not at all: see
** write/gate.c. The rows of an INSERT ... SELECT are read before the first one
** is written: see source.c.
*/
#include "surface/surface.h"

/* ----------------------------------------------------------------- result */

/* The connection closes. */
static void resultFree(void *p) {
  assocResultClear(p);
  sqlite3_free(p);
}

/* What the last row gave, on this connection; 0 if memory runs out. */
static AssocResult *resultOf(AssocCall *pCall) {
  return assocConnSlot(pCall, ASSOC_SLOT_RESULT, sizeof(AssocResult),
                       resultFree);
}

/* A statement or a session begins: nothing has been written. */
void assocResultForget(AssocConn *pConn) {
  AssocResult *p = pConn->aSlot[ASSOC_SLOT_RESULT].p;
  if (p) assocResultClear(p);
}

/* assoc_result(): what the function that does the same would have given, of the
** last row that a statement wrote to related or assoc_call */
static void resultFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                       sqlite3_value **ap) {
  const AssocResult *p = pCall->pConn->aSlot[ASSOC_SLOT_RESULT].p;
  (void)nArg, (void)ap;
  if (p == 0) return;
  if (p->pVal) {
    sqlite3_result_value(pCtx, p->pVal);
  } else if (p->eType == SQLITE_INTEGER) {
    sqlite3_result_int64(pCtx, p->i);
  } else if (p->eType == SQLITE_TEXT) {
    sqlite3_result_text64(pCtx, p->z, (u64)p->n, SQLITE_TRANSIENT, SQLITE_UTF8);
    if (p->bJson) sqlite3_result_subtype(pCtx, 'J');
  }
}

const AssocFunction aAssocDmlFunction[] = {
    {"assoc_result", 0, 0, ASSOC_DIRECT, resultFunc, "", 0},
    {0, 0, 0, 0, 0, 0, 0}};

/* ------------------------------------------------------------------- rows */

/* Rows that are written together, and the result of the last. */
typedef struct DmlJob DmlJob;
struct DmlJob {
  const AssocDml *pDml; /* The rows */
  AssocResult result;   /* OWNED: that of the last row */
};

/* Runs inside the gate: all rows, or none. The result is that of the last row,
** which xRow writes. Rows that write no definitions all see the same ones, so the
** catalog is compared once for all. */
static void dmlJob(AssocCall *pCall, void *pArg) {
  DmlJob *p = pArg;
  AssocDml dml = *p->pDml;
  AssocCatalog *pCat = dml.bDefines ? 0 : assocCatalogEnter(pCall);
  i64 i, n;
  assert(pCall->bGate);
  for (i = 0; i < dml.nRow && pCall->rc == SQLITE_OK; i += 1 + n) {
    assocResultClear(&p->result);
    p->result.bUnread = i + 1 < dml.nRow;
    dml.xRow(pCall, &dml, &p->result);
    n = dml.xMore ? dml.xMore(pCall, &dml, dml.nRow - i - 2) : 0;
    if (n < 0) dml.xMore = 0;
    if (n < 0) n = 0;
    dml.apVal += dml.nVal * (1 + n);
  }
  assocCatalogLeave(pCall, pCat);
}

/* Write all rows, or none. After an error the kept result is what it was
** before. */
static void dmlRun(AssocCall *pCall, const AssocDml *pDml, i64 *piRowid) {
  i64 iOld = sqlite3_last_insert_rowid(pCall->db);
  AssocResult *pKept = resultOf(pCall);
  AssocResult old;
  DmlJob job = {.pDml = pDml};
  if (pKept == 0) return;
  old = *pKept;
  memset(pKept, 0, sizeof(*pKept));
  assocGateRun(pCall, dmlJob, &job);
  assocResultClear(pKept); /* A trigger may have written here, too */
  if (pCall->rc == SQLITE_OK) {
    *pKept = job.result;
    assocResultClear(&old);
  } else {
    *pKept = old;
    assocResultClear(&job.result);
  }
  *piRowid = pCall->rc == SQLITE_OK && pKept->bRowid ? pKept->iRowid : iOld;
  sqlite3_set_last_insert_rowid(pCall->db, *piRowid);
}

/*
** Write the rows of an INSERT ... SELECT. OR IGNORE and OR FAIL keep the rows
** before an error, so they are written one by one. Otherwise all rows are one
** job of the gate, which undoes them together, also in attached databases.
*/
static void dmlInsertAll(AssocCall *pCall, AssocDml *pDml, i64 *piRowid) {
  int eOr = sqlite3_vtab_on_conflict(pCall->db);
  i64 nRow = pDml->nRow;
  assert(nRow >= 0 && (nRow == 0 || pDml->apVal));
  if (eOr != SQLITE_IGNORE && eOr != SQLITE_FAIL) {
    if (nRow) dmlRun(pCall, pDml, piRowid);
    return;
  }
  pDml->nRow = 1;
  for (; nRow > 0 && pCall->rc == SQLITE_OK; nRow--) {
    AssocCall row;
    assocTryBegin(&row, pCall);
    dmlRun(&row, pDml, piRowid);
    pDml->apVal += pDml->nVal;
    /* OR IGNORE passes over a row that breaks a constraint. */
    (void)assocTryEndAs(
        &row, pCall, eOr == SQLITE_IGNORE ? SQLITE_CONSTRAINT : SQLITE_OK, 0);
  }
}

/* Triggers may write to related while the schema is trusted, and never to
** assoc_call. Since 3.40, SQLite keeps them away by itself; before, false and an
** error if one could be writing. */
static int dmlMay(AssocCall *pCall, const AssocDmlTable *p) {
  int bTrusted = 1;
  if (sqlite3_libversion_number() >= 3040000) return 1;
  (void)sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1,
                          &bTrusted);
  if (bTrusted && sqlite3_stricmp(p->zName, "assoc_call") != 0) return 1;
  assocSchemaNeedDirect(pCall, p->zName);
  return pCall->rc == SQLITE_OK;
}

/* The first row of a statement writes all of its rows; the others find that
** their statement is done. */
static void dmlInsert(AssocCall *pCall, AssocDmlTable *p, AssocDml *pDml,
                      i64 *piRowid) {
  sqlite3_stmt *pStmt = assocSourceStmt(p);
  AssocSource source;
  assert(p->pSource == 0); /* xUpdate only keeps rows then */
  if (pStmt && pStmt == p->pDone) {
    *piRowid = p->iDoneRowid;
    return;
  }
  if (!dmlMay(pCall, p)) return;
  assocResultForget(pCall->pConn);
  if (pStmt == 0) {
    dmlRun(pCall, pDml, piRowid);
    return;
  }
  assocSourceRead(pCall, p, pStmt, &source);
  pDml->apVal = source.apVal;
  pDml->nRow = source.nRow;
  if (pCall->rc == SQLITE_OK) dmlInsertAll(pCall, pDml, piRowid);
  p->pDone = pCall->rc == SQLITE_OK ? pStmt : 0;
  p->iDoneRowid = *piRowid;
  assocSourceClear(&source);
}

void assocDmlTableInit(AssocCall *pCall, AssocDmlTable *p, void *pAux,
                       const char *zName) {
  assert(p->pConn == 0 && p->zName == 0);
  p->pConn = assocConnRef(pAux);
  assocCallInit(pCall, p->pConn);
  p->zName = assocMprintf(pCall, "%s", zName);
}

void assocDmlTableReady(AssocCall *pCall) {
  assocErrorCode(
      pCall, sqlite3_vtab_config(pCall->db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1));
}

void assocDmlTableClear(AssocDmlTable *p) {
  assert(p->pSource == 0);
  assocConnUnref(p->pConn);
  sqlite3_free(p->zName);
  sqlite3_free(p->zReads);
}

/* The xUpdate of all our virtual tables. SQLite offers OR IGNORE only for the
** plain code SQLITE_CONSTRAINT, so the extended code is cut off here;
** assoc_error() still has it. */
int assocDmlUpdate(AssocDmlTable *p, AssocDml *pDml, sqlite3_int64 *piRowid) {
  int bInsert =
      pDml->nVal > 1 && sqlite3_value_type(pDml->apVal[0]) == SQLITE_NULL;
  AssocCall call;
  i64 iRowid = sqlite3_last_insert_rowid(p->pConn->db);
  int rc;
  *piRowid = iRowid;
  if (bInsert && p->pSource) return assocSourceKeep(p, pDml->nVal, pDml->apVal);
  assocHoldEnd(p->pConn);
  assocCallInit(&call, p->pConn);
  if (bInsert) {
    dmlInsert(&call, p, pDml, &iRowid);
  } else if (dmlMay(&call, p)) {
    assocResultForget(p->pConn);
    dmlRun(&call, pDml, &iRowid);
  }
  *piRowid = iRowid;
  if (call.rc != SQLITE_OK) p->pDone = 0;
  rc = assocCallVtab(&call, &p->base.zErrMsg);
  /* Only the plain code makes SQLite ask for OR IGNORE */
  return (rc & 0xff) == SQLITE_CONSTRAINT ? SQLITE_CONSTRAINT : rc;
}

/* ----------------------------------------------------------- transactions */

/*
** A statement has begun or ended, so rows that come from now on belong to another
** statement. SQLite tells this by xBegin, or inside the user's transaction by
** xSavepoint. Statements that run while the rows are written call these methods
** as well; this does no harm, because pDone and the result are set afterwards.
*/
int assocDmlBegin(sqlite3_vtab *pVtab) {
  AssocDmlTable *p = (AssocDmlTable *)pVtab;
  p->pDone = 0;
  assocResultForget(p->pConn);
  return SQLITE_OK;
}

/* The statement that was done is over. */
int assocDmlCommit(sqlite3_vtab *pVtab) {
  ((AssocDmlTable *)pVtab)->pDone = 0;
  return SQLITE_OK;
}

/* What was written is gone, and so is its result. */
int assocDmlRollback(sqlite3_vtab *pVtab) {
  return assocDmlBegin(pVtab);
}

/* Inside the user's transaction, SQLite opens a savepoint for an INSERT ...
** SELECT. So this is also the sign that another statement begins, and the last
** result is forgotten. */
int assocDmlSavepoint(sqlite3_vtab *pVtab, int iSavepoint) {
  AssocDmlTable *p = (AssocDmlTable *)pVtab;
  (void)iSavepoint;
  p->pDone = 0;
  if (p->pConn->pJob == 0 && assocSourceStmt(p)) assocResultForget(p->pConn);
  return SQLITE_OK;
}

/* The statement has ended. */
int assocDmlRelease(sqlite3_vtab *pVtab, int iSavepoint) {
  (void)iSavepoint;
  return assocDmlCommit(pVtab);
}

/* The statement failed after its rows were written, and they are undone. */
int assocDmlRollbackTo(sqlite3_vtab *pVtab, int iSavepoint) {
  return assocDmlSavepoint(pVtab, iSavepoint);
}
