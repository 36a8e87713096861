/*
** All or nothing where no savepoint can be opened: inside a statement that
** writes, for example in the xUpdate of a virtual table.
**
** SQLite undoes a statement that fails, with everything that was written while
** it ran, if the statement might write several rows. Such a statement is
**
**   INSERT INTO main.assoc_gate(job) SELECT 1
**
** The work, called the job, runs in the xUpdate of the table assoc_gate. The
** table finds the job through the connection, not through an argument that
** anybody could bind. Without a job an INSERT into the table is an error.
**
** SQLite undoes only the databases that the statement itself writes. The
** statement above writes main. For each other database that the job writes,
** also TEMP, there is one more statement in between, called a carrier. A
** carrier names a table of that database, writes no row, but reads assoc_gate,
** whose xFilter runs the next carrier or the job:
**
**   INSERT OR ABORT INTO "aux"."posts"("id") SELECT 1 FROM main.assoc_gate
**
** Which databases a job writes is only known when it prepares its first
** statement on one of them. If this database has no carrier yet, the job fails
** on purpose, SQLite undoes all of it, and it starts again with one more
** carrier.
*/
#include "write/write.h"

/* Most carriers of a job: SQLite attaches up to 125 databases, and has TEMP. */
#define GATE_COVERS 127

/* Work that the gate does. */
typedef struct GateJob GateJob;
struct GateJob {
  AssocCall *pCall;                 /* That of the try that runs */
  void (*xDo)(AssocCall *, void *); /* The work */
  void *pArg;                       /* Its second argument */
  int bDone;                        /* It has started */
  GateJob *pUp;     /* The job that runs around it, by a trigger; or 0 */
  int nCover;       /* Databases that have a carrier */
  int iCover;       /* Carriers that run now */
  char **azSchema;  /* OWNED: names of nCover databases, each OWNED */
  char **azCarrier; /* OWNED: their carriers, each OWNED */
  int bAgain;       /* It failed only because it needs one more carrier */
  int bAll;         /* This try covers all that TEMP triggers may write to */
};

/* Run the job. The connection forgets it first, since the job may fire a
** trigger of the user that starts a job of its own. */
static void gateDo(AssocConn *pConn, GateJob *pJob) {
  pConn->pGate = 0;
  pJob->bDone = 1;
  pJob->pUp = pConn->pJob;
  pConn->pJob = pJob;
  pJob->xDo(pJob->pCall, pJob->pArg);
  pConn->pJob = pJob->pUp;
}

/* Run the next carrier; after the last one, the job. Returns the call's rc. */
static int gateNext(AssocConn *pConn) {
  GateJob *pJob = pConn->pGate;
  AssocCall *pCall = pJob->pCall;
  assert(pJob && pJob->iCover <= pJob->nCover);
  if (pJob->iCover < pJob->nCover) {
    sqlite3_stmt *pStmt =
        assocPrepare(pCall, "%s", pJob->azCarrier[pJob->iCover++]);
    while (assocStep(pCall, pStmt)) {
    }
    assocFinalize(pCall, pStmt);
  } else {
    gateDo(pConn, pJob);
  }
  return pCall->rc;
}

/* xUpdate of assoc_gate: the INSERT of gateTry(). */
static int gateUpdate(sqlite3_vtab *pVtab, int argc, sqlite3_value **argv,
                      sqlite3_int64 *pRowid) {
  AssocConn *pConn = ((AssocPrivate *)pVtab)->pConn;
  (void)argc, (void)argv;
  *pRowid = sqlite3_last_insert_rowid(pConn->db);
  if (pConn->pGate) return gateNext(pConn);
  sqlite3_free(pVtab->zErrMsg);
  pVtab->zErrMsg = sqlite3_mprintf("assoc: assoc_gate is internal");
  return SQLITE_ERROR;
}

/* xFilter of assoc_gate, which a carrier reads. The table has no rows. */
static int gateFilter(sqlite3_vtab_cursor *pCur, int idxNum, const char *idxStr,
                      int argc, sqlite3_value **argv) {
  AssocConn *pConn = ((AssocPrivate *)pCur->pVtab)->pConn;
  GateJob *pJob = pConn->pGate;
  (void)idxNum, (void)idxStr, (void)argc, (void)argv;
  if (pJob == 0) return SQLITE_OK; /* The job runs already */
  assert(pJob->iCover > 0);        /* gateUpdate() comes before */
  return gateNext(pConn);
}

static const sqlite3_module gateModule = {.xConnect = assocPrivateConnect,
                                          .xDisconnect = assocPrivateDisconnect,
                                          .xBestIndex = assocPrivateBestIndex,
                                          .xOpen = assocPrivateOpen,
                                          .xClose = assocPrivateClose,
                                          .xFilter = gateFilter,
                                          .xNext = assocPrivateNext,
                                          .xEof = assocPrivateEof,
                                          .xColumn = assocPrivateColumn,
                                          .xRowid = assocPrivateRowid,
                                          .xUpdate = gateUpdate};

/* The module holds a reference to the connection's state, which outlives it. */
int assocGateRegister(AssocConn *pConn) {
  return sqlite3_create_module_v2(pConn->db, "assoc_gate", &gateModule,
                                  assocConnRef(pConn), assocConnUnref);
}

/* --------------------------------------------------------------- carriers */

/* A column for the carrier's INSERT: the rowid or the first column of the key.
** The INSERT could then fail by a conflict, so SQLite keeps a statement
** journal. 0 if there is no such column. */
static const char *carrierColumn(const AssocTable *pTab) {
  if (pTab->eType != ASSOC_TABLE) return 0;
  if (pTab->iRowid >= 0) return pTab->aCol[pTab->iRowid].zName;
  return pTab->nKey > 0 ? pTab->aCol[pTab->aKey[0]].zName : 0;
}

/* A table of the database that can have a carrier, or 0. assoc_token comes
** first, since it belongs to assoc. */
static const AssocTable *carrierTable(AssocCall *pCall, AssocSchema *pSchema) {
  const AssocTable *pTab = 0;
  const char *zCol = 0;
  sqlite3_stmt *pStmt;
  if (!assocSchemaLoad(pCall, pSchema)) return 0;
  pStmt = assocPrepare(pCall,
                       "SELECT name FROM \"%w\".sqlite_schema WHERE"
                       " type='table' AND rootpage>0 AND name NOT LIKE"
                       " 'sqlite|_%%' ESCAPE '|'"
                       " ORDER BY name<>'assoc_token', name",
                       pSchema->zName);
  while (zCol == 0 && assocStep(pCall, pStmt)) {
    pTab = assocTableFind(pCall, pSchema, assocColumnText(pCall, pStmt, 0));
    zCol = pTab ? carrierColumn(pTab) : 0;
  }
  assocFinalize(pCall, pStmt);
  return zCol ? pTab : 0;
}

/* Does the job have a carrier in this database? */
static int gateCovers(const GateJob *pJob, const char *zSchema) {
  int i;
  for (i = 0; i < pJob->nCover; i++) {
    if (sqlite3_stricmp(pJob->azSchema[i], zSchema) == 0) return 1;
  }
  return 0;
}

/* The outermost running job without a carrier in this database, or 0. */
static GateJob *gateBare(AssocConn *pConn, const char *zSchema) {
  GateJob *p, *pBare = 0;
  for (p = pConn->pJob; p; p = p->pUp) {
    if (!gateCovers(p, zSchema)) pBare = p;
  }
  return pBare;
}

/* Give the job a carrier for its next try, and make this try fail. */
static void gateCover(AssocCall *pCall, GateJob *pJob, const AssocTable *pTab) {
  i64 nByte = (i64)sizeof(char *) * GATE_COVERS;
  if (pJob->azSchema == 0) pJob->azSchema = assocMalloc(pCall, nByte);
  if (pJob->azCarrier == 0) pJob->azCarrier = assocMalloc(pCall, nByte);
  if (pCall->rc != SQLITE_OK) return;
  assert(pJob->nCover < GATE_COVERS); /* Each database has one */
  pJob->azSchema[pJob->nCover] =
      assocMprintf(pCall, "%s", pTab->pSchema->zName);
  pJob->azCarrier[pJob->nCover] =
      assocMprintf(pCall,
                   "INSERT OR ABORT INTO \"%w\".\"%w\"(\"%w\") SELECT 1 FROM"
                   " main.assoc_gate",
                   pTab->pSchema->zName, pTab->zName, carrierColumn(pTab));
  pJob->nCover++;
  pJob->bAgain = pCall->rc == SQLITE_OK;
  assocErrorCode(pCall, SQLITE_ERROR); /* Nobody reads its text */
}

/* pTab is a table of the database that can have a carrier, or 0. */
static void gateNeed(AssocCall *pCall, AssocSchema *pSchema,
                     const AssocTable *pTab) {
  GateJob *pJob = gateBare(pCall->pConn, pSchema->zName);
  if (pJob == 0) return;
  assert(pTab == 0 || pTab->pSchema == pSchema);
  /* The nested statement writes main by itself: see the head of this file. */
  if (sqlite3_stricmp(pSchema->zName, "main") == 0) return;
  if (pTab == 0) pTab = carrierTable(pCall, pSchema);
  if (pTab) {
    gateCover(pCall, pJob, pTab);
  } else {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, pSchema->zName,
                 "%s has no table of its own, so a failed statement on related "
                 "could not be undone there; call the function instead",
                 pSchema->zName);
  }
}

/* Called before each write. Outside of a gate it does nothing, since the
** savepoint covers every database. Main is covered by the gate's own
** statement. */
void assocGateNeed(AssocCall *pCall, const AssocTable *pTab) {
  gateNeed(pCall, pTab->pSchema, carrierColumn(pTab) ? pTab : 0);
}

/* For writes to tables that cannot carry a statement themselves. */
void assocGateNeedSchema(AssocCall *pCall, AssocSchema *pSchema) {
  gateNeed(pCall, pSchema, 0);
}

/* Are there TEMP triggers? */
static int gateHasTriggers(AssocCall *pCall) {
  sqlite3_stmt *pStmt = assocPrepare(
      pCall, "SELECT 1 FROM temp.sqlite_schema WHERE type='trigger'");
  int bTriggers = assocStep(pCall, pStmt);
  assocFinalize(pCall, pStmt);
  return bTriggers;
}

/* A TEMP trigger may write to any database, and nothing tells which. So every
** database that can be written is covered, if there is such a trigger. A job of
** many rows asks once. */
void assocGateNeedAll(AssocCall *pCall, AssocCatalog *pCat) {
  GateJob *pRuns = pCall->pConn->pJob;
  AssocSchema *p;
  assert(pRuns); /* The caller is a statement that writes */
  if (pRuns->bAll) return;
  pRuns->bAll = 1;
  /* Without TEMP triggers no statement writes another file than its own. */
  if (!gateHasTriggers(pCall)) return;
  for (p = pCat->pSchema->pNext; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    GateJob *pJob = gateBare(pCall->pConn, p->zName);
    const AssocTable *pTab;
    if (pJob == 0 || sqlite3_db_readonly(pCall->db, p->zName)) continue;
    pTab = carrierTable(pCall, p);
    if (pTab) gateCover(pCall, pJob, pTab);
  }
}

/* -------------------------------------------------------------------- run */

/*
** Tables for definitions were made, and then undone with the rest: SQLite has
** still got them in its copy of the schema, and only a statement that is
** prepared anew notices. If that cannot be, the whole transaction has to go, as
** it does after this error, which SQLite tells as having no memory.
*/
static void gateReread(AssocCall *pCall, const GateJob *pJob) {
  AssocCall call;
  int i;
  assert(pCall->rc != SQLITE_OK); /* The tables were made, and are undone */
  assocCallInit(&call, pCall->pConn);
  for (i = -1; i < pJob->nCover; i++) {
    sqlite3_stmt *pStmt =
        assocPrepare(&call, "SELECT 1 FROM \"%w\".sqlite_schema",
                     i < 0 ? "main" : pJob->azSchema[i]);
    (void)assocStep(&call, pStmt);
    assocFinalize(&call, pStmt);
  }
  if (call.rc != SQLITE_OK) pCall->rc = SQLITE_IOERR_NOMEM;
  assocCallClear(&call);
}

/* Try the job once. */
static void gateTry(AssocCall *pCall, GateJob *pJob) {
  sqlite3_stmt *pStmt =
      assocPrepare(pCall, "INSERT INTO main.assoc_gate(job) SELECT 1");
  int rc;
  if (pStmt == 0) return;
  pJob->iCover = pJob->bDone = pJob->bAgain = pJob->bAll = 0;
  pCall->pConn->pGate = pJob;
  pCall->pConn->bMadeTables = 0;
  assert(pJob->nCover >= 0);
  rc = sqlite3_step(pStmt);
  pCall->pConn->pGate = 0;
  if (rc != SQLITE_DONE) assocErrorCode(pCall, sqlite3_reset(pStmt));
  sqlite3_finalize(pStmt);
  if (pCall->rc != SQLITE_OK && pCall->pConn->bMadeTables) {
    gateReread(pCall, pJob);
  }
  if (!pJob->bDone) assocPrivateTaken(pCall, "assoc_gate");
}

/* The job may find, in the middle, that it writes to a database that this try
** does not cover. Then the try is undone and the job starts again with one
** carrier more. Each try covers at least one database more, so this ends. */
void assocGateRun(AssocCall *pCall, void (*xDo)(AssocCall *, void *),
                  void *pArg) {
  GateJob job = {.xDo = xDo, .pArg = pArg};
  int i, bAgain = 1;
  while (bAgain) {
    AssocCall once;
    assocTryBegin(&once, pCall);
    once.bGate = 1;
    job.pCall = &once;
    gateTry(&once, &job);
    /* The error that gateCover() raised to undo this try says: once more. */
    bAgain =
        assocTryEndAs(&once, pCall, job.bAgain ? SQLITE_ERROR : SQLITE_OK, 0);
  }
  assert(!job.bAgain || pCall->rc != SQLITE_OK);
  for (i = 0; i < job.nCover; i++) {
    sqlite3_free(job.azSchema[i]);
    sqlite3_free(job.azCarrier[i]);
  }
  sqlite3_free(job.azSchema);
  sqlite3_free(job.azCarrier);
}
