/*
** What every function that writes does around its work.
**
** The savepoint makes a call all or nothing. It also keeps a writer out of
** CHECK constraints, triggers and running INSERTs: SQLite before 3.50 lets a
** DIRECTONLY function run in a CHECK, and DDL inside a statement that writes
** corrupts indexes. But no savepoint can be opened there, so the call fails at
** once.
**
** The connection keeps the statements that open and end the savepoint, because
** they cannot be prepared when memory has run out or everything is interrupted.
** For the same reason they must not have expired, as all statements do at a
** PRAGMA foreign_keys and others. The guard of the catalog tells: it would have
** been prepared anew. In a nested call, which does not run the guard, a further
** statement does it, the canary.
*/
#include "surface/surface.h"

/* The statements that the connection keeps, and their numbers. */
#define WRITE_NSTMT 6 /* Statements, by WRITE_* */
static const char *const azWrite[WRITE_NSTMT] = {
    "SAVEPOINT assoc", "RELEASE assoc", "ROLLBACK TO assoc",
    "BEGIN IMMEDIATE", "ROLLBACK",      "SELECT 1"};
#define WRITE_OPEN 0
#define WRITE_RELEASE 1
#define WRITE_ROLLBACK 2
#define WRITE_POISON 3 /* See writeUndo() */
#define WRITE_ABANDON 4
#define WRITE_CANARY 5

typedef struct WriteState WriteState;
struct WriteState {
  AssocStmt aStmt[WRITE_NSTMT]; /* SAVEPOINT, RELEASE, … */
  sqlite3_stmt *apHold[2];      /* OWNED: run while statements expire, or 0 */
  u32 iStamp; /* assocCatalogStamp() when they were fresh, or 0 */
};

/* Drop the statements if they have expired. The canary was prepared with them:
** if running it prepared it anew, the others have expired, too. */
static void writeFresh(AssocCall *pCall, WriteState *p) {
  sqlite3_stmt *pCanary =
      assocStmt(pCall, &p->aStmt[WRITE_CANARY], azWrite[WRITE_CANARY]);
  int i;
  if (pCanary == 0) return;
  (void)sqlite3_step(pCanary);
  assocErrorCode(pCall, sqlite3_reset(pCanary));
  if (sqlite3_stmt_status(pCanary, SQLITE_STMTSTATUS_REPREPARE, 1) == 0) {
    return;
  }
  for (i = 0; i < WRITE_CANARY; i++) assocStmtClear(&p->aStmt[i]);
}

/* All statements of the savepoint are prepared here, before any of them is
** needed. iStamp is assocCatalogStamp() if the guard has just run, else 0. */
static WriteState *writeState(AssocCall *pCall, u32 iStamp) {
  WriteState *p =
      assocConnSlot(pCall, ASSOC_SLOT_WRITE, sizeof(*p), sqlite3_free);
  int i;
  if (p == 0) return 0;
  if (iStamp && iStamp == p->iStamp) return p;
  writeFresh(pCall, p);
  for (i = 0; i < WRITE_CANARY; i++) {
    (void)assocStmt(pCall, &p->aStmt[i], azWrite[i]);
  }
  p->iStamp = pCall->rc == SQLITE_OK ? iStamp : 0;
  return pCall->rc == SQLITE_OK ? p : 0;
}

/* The statement is reset in any case, so it holds no lock. */
static int writeStep(AssocCall *pCall, int iStmt) {
  WriteState *p = pCall->pConn->aSlot[ASSOC_SLOT_WRITE].p;
  sqlite3_stmt *pStmt = p ? p->aStmt[iStmt].p : 0;
  assert(iStmt >= 0 && iStmt < WRITE_CANARY);
  if (pStmt == 0) return SQLITE_ERROR;
  (void)sqlite3_step(pStmt);
  return sqlite3_reset(pStmt);
}

/* ----------------------------------------------------------------- opening */

/*
** Take the lock for writing before anything is read in the transaction: a
** transaction that has read does not wait for the lock, whatever the busy timeout
** is. If the transaction is the user's, this does not help: it has the lock
** already, or it has read already.
*/
static void writeLock(AssocCall *pCall, const char *zSchema,
                      const char *zTable) {
  char *zSql;
  int rc;
  if (zTable == 0) return;
  zSql =
      assocMprintf(pCall, "DELETE FROM \"%w\".\"%w\" WHERE 0", zSchema, zTable);
  rc = zSql ? sqlite3_exec(pCall->db, zSql, 0, 0, 0) : SQLITE_OK;
  sqlite3_free(zSql);
  /* Only the lock was wanted: the statement itself may be refused */
  if (rc != SQLITE_AUTH && rc != SQLITE_ERROR) assocErrorCode(pCall, rc);
}

/* SQLITE_BUSY from SAVEPOINT means that a statement is writing: a CHECK, a
** trigger or a running INSERT has called the function. */
static void writeOpen(AssocCall *pCall, AssocWrite *p, const char *zFunction) {
  int rc;
  assert(!p->bOpen && zFunction);
  if (writeState(pCall, p->pHeld ? assocCatalogStamp(pCall) : 0) == 0) return;
  rc = writeStep(pCall, WRITE_OPEN);
  if (rc == SQLITE_BUSY) {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, zFunction,
                 "%s() writes, so it cannot run inside a statement that is "
                 "writing; call it as SELECT %s(...) alone",
                 zFunction, zFunction);
  } else {
    assocErrorCode(pCall, rc);
  }
  p->zFunction = zFunction;
  p->bOpen = rc == SQLITE_OK;
  p->iRowid = sqlite3_last_insert_rowid(pCall->db);
}

/* In autocommit the catalog is read to find the table to lock, then left, so that
** its readers are closed before the lock is asked for. It is read again under the
** lock. */
static void writeOpenLocked(AssocCall *pCall, AssocWrite *p,
                            const char *zFunction, const char *zModel) {
  AssocCatalog *pCat = p->pHeld;
  const AssocModel *pModel = assocModelFind(pCall, pCat, zModel);
  assocCatalogRef(pCat); /* The table is in it */
  assocCatalogLeave(pCall, pCat);
  p->pHeld = 0;
  writeOpen(pCall, p, zFunction);
  if (pModel && p->bOpen && pModel->pTable->eType == ASSOC_TABLE) {
    writeLock(pCall, pModel->pTable->pSchema->zName, pModel->pTable->zName);
  }
  assocCatalogUnref(pCat);
  p->pHeld = assocCatalogEnter(pCall);
}

/* What is around the call? In autocommit only a statement can have read. */
static void writeFrom(AssocCall *pCall, AssocWrite *p) {
  memset(p, 0, sizeof(*p));
  if (pCall->bGate) return;
  p->bAuto = sqlite3_get_autocommit(pCall->db);
  p->bRead = !p->bAuto || sqlite3_txn_state(pCall->db, 0) == SQLITE_TXN_READ;
}

/* In a gate there is no savepoint: the gate does what the savepoint would. Inside
** a transaction there is no lock to wait for. */
void assocWriteBeginOn(AssocCall *pCall, AssocWrite *p, const char *zFunction,
                       const char *zModel) {
  writeFrom(pCall, p);
  if (pCall->rc != SQLITE_OK) return;
  p->pHeld = assocCatalogEnter(pCall);
  if (p->pHeld == 0 || pCall->bGate) return;
  assocWriteAllowed(pCall, p, zFunction);
  if (p->bAuto) {
    writeOpenLocked(pCall, p, zFunction, zModel);
  } else {
    writeOpen(pCall, p, zFunction);
  }
}

/* For functions that write definitions: no model is locked first. */
void assocWriteBegin(AssocCall *pCall, AssocWrite *p, const char *zFunction) {
  writeFrom(pCall, p);
  assocSessionRefuse(pCall, zFunction);
  if (pCall->rc != SQLITE_OK || pCall->bGate) return;
  p->bIn = assocCatalogIsIn(pCall);
  assocCatalogLeave(pCall, assocCatalogEnter(pCall));
  if (pCall->rc == SQLITE_OK) writeOpen(pCall, p, zFunction);
}

/* A table by which a database can be locked, or 0. */
static const char *lockTable(AssocCall *pCall, AssocSchema *pSchema) {
  int i;
  assert(pCall->rc != SQLITE_OK || !pCall->bGate);
  assert(pSchema);
  if (!assocSchemaLoad(pCall, pSchema)) return 0;
  if (pSchema->bToken) return "assoc_token";
  for (i = 0; i < pSchema->nEntry && pCall->rc == SQLITE_OK; i++) {
    const char *zName = pSchema->aEntry[i].zName;
    AssocTable *pTab = assocTableSeek(pCall, pSchema, zName);
    if (pTab && pTab->eType == ASSOC_TABLE &&
        sqlite3_strnicmp(zName, "sqlite_", 7) != 0) {
      return zName;
    }
  }
  return 0;
}

/* For functions that write definitions inside a gate: cover their database. */
void assocWriteNeed(AssocCall *pCall, const char *zFunction,
                    const char *zSchema) {
  AssocCatalog *pCat;
  AssocSchema *pSchema;
  if (!pCall->bGate) return;
  if (sqlite3_stricmp(zSchema, "temp") == 0) {
    assocFail(pCall,
              &(AssocWhy){.eReason = ASSOC_E_UNSUPPORTED,
                          .zHint = "call the function by SELECT"},
              "a definition that is \"temp\" belongs to one connection, and "
              "INSERT INTO assoc_call may be run by another, so %s() "
              "cannot write it",
              zFunction);
    return;
  }
  pCat = assocCatalogEnter(pCall);
  pSchema = pCat ? assocSchemaFind(pCat, zSchema) : 0;
  if (pSchema) assocGateNeedSchema(pCall, pSchema);
  assocCatalogLeave(pCall, pCat);
}

/* Definitions are read to know whether there is anything to be written, and
** that must not need a lock: a program may declare all of them whenever it
** starts. */
int assocWriteAgain(AssocCall *pCall, AssocWrite *p, const char *zFunction,
                    const char *zSchema) {
  AssocCatalog *pCat;
  const char *zTable = 0;
  if (p->bIn) {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, zFunction,
                 "%s() cannot run inside another call of this extension, which "
                 "goes on with the definitions that it has read; call it as "
                 "SELECT %s(...) alone",
                 zFunction, zFunction);
  }
  assocWriteNeed(pCall, zFunction, zSchema);
  if (sqlite3_stricmp(zSchema, "temp") != 0) {
    assocWriteAllowed(pCall, p, zFunction);
  }
  if (pCall->rc != SQLITE_OK || !p->bAuto) return 0;
  assert(p->bOpen);
  if (sqlite3_stricmp(zSchema, "temp") == 0) return 0;
  pCat = assocCatalogEnter(pCall);
  if (pCat == 0) return 0;
  zTable = lockTable(pCall, assocSchemaFind(pCat, zSchema));
  assocCatalogRef(pCat); /* The name is in it */
  assocCatalogLeave(pCall, pCat);
  if (zTable) {
    assocErrorCode(pCall, writeStep(pCall, WRITE_RELEASE));
    if (pCall->rc == SQLITE_OK) {
      p->bOpen = 0;
      writeOpen(pCall, p, zFunction);
      writeLock(pCall, zSchema, zTable);
    }
  }
  assocCatalogUnref(pCat);
  return zTable && pCall->rc == SQLITE_OK;
}

/* ------------------------------------------------------------------ ending */

/*
** DDL such as CREATE INDEX expires all prepared statements. Those that would
** undo the work expire too, and cannot be prepared again without memory, or
** during an interrupt. But a statement that already runs does not expire, and
** SQLite rolls back the whole transaction if it fails in one of two ways:
**
**   apHold[0]  reads: rolls back if memory runs out. (It needs no journal.)
**   apHold[1]  writes: rolls back if it is interrupted.
**
** Both change nothing. While they run, no table can be dropped.
*/
void assocWriteHold(AssocCall *pCall, const char *zSchema) {
  WriteState *p = pCall->pConn->aSlot[ASSOC_SLOT_WRITE].p;
  assert(p == 0 || p->apHold[0] == 0); /* Held once in a call */
  if (pCall->rc != SQLITE_OK) return;
  p->apHold[0] = assocPrepare(
      pCall, "SELECT 1 UNION ALL SELECT token FROM \"%w\".assoc_token",
      zSchema);
  p->apHold[1] = assocPrepare(
      pCall, "UPDATE \"%w\".assoc_token SET token=token RETURNING 1", zSchema);
  (void)assocStep(pCall, p->apHold[0]);
  (void)assocStep(pCall, p->apHold[1]);
}

/* The held statements belong to one call. */
static void writeDrop(WriteState *p) {
  sqlite3_finalize(p->apHold[0]);
  sqlite3_finalize(p->apHold[1]);
  p->apHold[0] = p->apHold[1] = 0;
}

/* Release the held statements once the savepoint can end without them. */
static void writeLetGo(AssocCall *pCall) {
  WriteState *p = pCall->pConn->aSlot[ASSOC_SLOT_WRITE].p;
  assert(p); /* writeOpen() made it */
  if (p->apHold[0] == 0 || pCall->rc != SQLITE_OK) return;
  if (writeState(pCall, 0)) writeDrop(p);
}

/* Step the held statements: each fails with the interrupt or SQLITE_NOMEM, which
** rolls the transaction back. */
static void writeBreak(AssocCall *pCall) {
  WriteState *p = pCall->pConn->aSlot[ASSOC_SLOT_WRITE].p;
  int i;
  for (i = 0; i < 2 && !sqlite3_get_autocommit(pCall->db); i++) {
    if (p->apHold[i]) (void)sqlite3_step(p->apHold[i]);
  }
}

/*
** Undo the work. If the transaction is the savepoint's own, roll back all of it:
** RELEASE would be a commit, and a commit that failed would fail again. Roll back
** all of it, too, if the savepoint is gone before its only statement, as SQLite
** does where memory runs out inside a statement without a journal. If the
** rollback fails, there are two cases. SQLite has rolled back everything already,
** for example because the disk is full. Or every statement is interrupted; then
** an interrupted statement that writes rolls back the transaction.
*/
static void writeUndo(AssocCall *pCall, const AssocWrite *p) {
  assert(pCall->rc != SQLITE_OK && (p->bOpen || p->bAlone));
  if (sqlite3_get_autocommit(pCall->db)) return;
  if (p->bAuto || p->bAlone) {
    if (writeStep(pCall, WRITE_ABANDON) == SQLITE_OK) return;
  } else if (writeStep(pCall, WRITE_ROLLBACK) == SQLITE_OK &&
             writeStep(pCall, WRITE_RELEASE) == SQLITE_OK) {
    return;
  }
  if (!sqlite3_get_autocommit(pCall->db)) {
    (void)writeStep(pCall, WRITE_POISON);
  }
  writeBreak(pCall);
}

/* Inside a transaction the savepoint can be released. Outside of one, the
** savepoint itself has begun the transaction. */
void assocWriteAlone(AssocCall *pCall, void *pWrite) {
  AssocWrite *p = pWrite;
  assert(pCall->rc == SQLITE_OK);
  if (!p->bOpen || p->bAuto) return;
  assocErrorCode(pCall, writeStep(pCall, WRITE_RELEASE));
  if (pCall->rc != SQLITE_OK) return;
  p->bOpen = 0;
  p->bAlone = 1;
  p->nTotal = sqlite3_total_changes64(pCall->db);
}

/* See surface.h. */
void assocWriteReopen(AssocCall *pCall, AssocWrite *p) {
  if (!p->bAlone || pCall->rc != SQLITE_OK) return;
  assert(p->nTotal == sqlite3_total_changes64(pCall->db));
  p->bAlone = 0;
  writeOpen(pCall, p, p->zFunction);
}

/* Has the only statement succeeded? If an error follows, for example out of
** memory, the statement must be undone. */
static int writeAloneDone(AssocCall *pCall, const AssocWrite *p) {
  return p->nTotal != sqlite3_total_changes64(pCall->db);
}

/* The DML equivalent of a function, or 0. */
static const char *writeDml(const char *zFunction) {
  if (strcmp(zFunction, "assoc_add") == 0 ||
      strcmp(zFunction, "assoc_create") == 0) {
    return "INSERT INTO related";
  }
  return strcmp(zFunction, "assoc_remove") == 0 ? "DELETE FROM related" : 0;
}

/*
** A transaction that has read cannot wait for another connection that writes,
** since what it has read may no longer be true: SQLite fails at once, whatever
** the busy timeout is. A transaction that begins by writing waits.
*/
static void writeBusy(AssocCall *pCall, const AssocWrite *p) {
  const char *zDml;
  int rc = pCall->rc;
  if ((rc & 0xff) != SQLITE_BUSY || !p->bRead ||
      sqlite3_txn_state(pCall->db, 0) != SQLITE_TXN_READ) {
    return;
  }
  zDml = writeDml(p->zFunction);
  assocCallClear(pCall);
  assocErrorOf(
      pCall, ASSOC_E_BUSY, 0, p->zFunction,
      "%s() cannot write while another connection does, because the "
      "transaction or statement around it has read already, and SQLite "
      "then does not wait; start with BEGIN IMMEDIATE%s%s",
      p->zFunction, zDml ? ", or write with " : "", zDml ? zDml : "");
  if (pCall->rc == SQLITE_BUSY) pCall->rc = rc;
}

/* Release the savepoint, or roll it back after an error. Both use statements
** that exist already, so they work without memory. last_insert_rowid() is as
** before the call. */
void assocWriteEnd(AssocCall *pCall, AssocWrite *p) {
  if (p->pHeld) assocCatalogLeave(pCall, p->pHeld);
  p->pHeld = 0;
  if (!p->bOpen && !p->bAlone) return;
  writeBusy(pCall, p);
  if (p->bAlone) {
    if (pCall->rc != SQLITE_OK && writeAloneDone(pCall, p)) writeUndo(pCall, p);
  } else {
    writeLetGo(pCall);
    if (pCall->rc == SQLITE_OK) {
      assocErrorCode(pCall, writeStep(pCall, WRITE_RELEASE));
    }
    if (pCall->rc != SQLITE_OK) writeUndo(pCall, p);
    writeDrop(pCall->pConn->aSlot[ASSOC_SLOT_WRITE].p);
  }
  if (sqlite3_last_insert_rowid(pCall->db) != p->iRowid) {
    sqlite3_set_last_insert_rowid(pCall->db, p->iRowid);
  }
}
