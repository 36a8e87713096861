/*
** Making the definitions real in the schema.
**
**   SELECT assoc_sync();                      -- the DDL that was run
**   SELECT assoc_sync('{"dryRun":true}');     -- the DDL that would be run
**   SELECT assoc_sync('{"rebuild":true}');    -- constraints of existing
**                                             -- are there already as well
**   SELECT assoc_sync('{"types":true}');      -- and keys get the types of
**                                             -- what they reference
**
** What is missing is added: columns of foreign keys, of the type of the key
** that they reference; join tables; an index for every foreign key, so that
** both directions of an association are found by one. The text is made from one
** reading of the schema and then run, all of it or nothing.
*/
#include "surface/surface.h"
#include "sync/sync.h"

/* The options of assoc_sync(). */
typedef struct SyncOptions SyncOptions;
struct SyncOptions {
  int bDry;     /* "dryRun": give the DDL and run nothing */
  int eRebuild; /* AssocSync.eRebuild */
  int bTypes;   /* AssocSync.bTypes */
};

static const AssocOption aSyncOption[] = {
    {"dryRun", "b", "true or false", assocOptionFlag,
     offsetof(SyncOptions, bDry)},
    {"rebuild", "b", "true or false", assocOptionFlag,
     offsetof(SyncOptions, eRebuild)},
    {"types", "b", "true or false", assocOptionFlag,
     offsetof(SyncOptions, bTypes)},
};

/* ------------------------------------------------------------------- flags */

/*
** While tables are made anew, foreign keys must not be enforced, and RENAME
** must not read the views: see rebuild.c. PRAGMA foreign_keys does nothing in
** a transaction, for the violations that a deferred constraint has counted
** would no longer be true if rows changed unseen. Here they do not change:
** the same rows are there afterwards, and so the count stays true. That is
** why the flag can be set directly, which also cannot fail, and so is undone
** on every path.
*/
typedef struct SyncFlags SyncFlags;
struct SyncFlags {
  int bFkey, bLegacy; /* What the two were */
  int bSet;           /* They are set for the rebuild */
};

/* sqlite3_db_config() works inside a transaction, where the pragmas do
** nothing. */
static void flagsRead(AssocCall *pCall, SyncFlags *p) {
  memset(p, 0, sizeof(*p));
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &p->bFkey);
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, -1,
                    &p->bLegacy);
}

/* Foreign keys off, so that DROP TABLE deletes no children; legacy ALTER TABLE
** on, so that RENAME leaves other tables alone. */
static void flagsSet(AssocCall *pCall, SyncFlags *p) {
  sqlite3 *db = pCall->db;
  int bFkey = 0, bLegacy = 0;
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, &bFkey);
  sqlite3_db_config(db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1, &bLegacy);
  p->bSet = 1;
  /* A later SQLite may have it otherwise; then nothing is touched */
  if (ASSOC_NEVER(bFkey || !bLegacy)) assocErrorCode(pCall, SQLITE_MISUSE);
}

/* Runs on every way out. */
static void flagsRestore(AssocCall *pCall, const SyncFlags *p) {
  if (!p->bSet) return;
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, p->bFkey, (int *)0);
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, p->bLegacy,
                    (int *)0);
}

/* --------------------------------------------------------------------- run */

/* One reading of the schema. */
typedef struct SyncRun SyncRun;
struct SyncRun {
  AssocSync sync;     /* The statements that are needed */
  AssocCatalog *pCat; /* A reference: the tables are in it */
  char *zTables;      /* OWNED: what is to be run first */
  char *zRest;        /* OWNED: and then */
  char *zScript;      /* OWNED: both, to be run by hand */
};

/* Read everything before anything is changed: the text is made for one state of
** the schema. bNoRows: rows that violate a new constraint are no error. bLater: of
** a foreign key, they are looked for when it is there, by SQLite itself. */
static void runRead(AssocCall *pCall, SyncRun *p, const SyncOptions *pOpt,
                    const SyncFlags *pFlags, int bNoRows, int bLater) {
  memset(p, 0, sizeof(*p));
  p->sync.pCall = pCall;
  p->sync.bNoRows = (u8)bNoRows;
  p->sync.bLater = (u8)bLater;
  p->sync.bFkey = pFlags->bFkey;
  p->sync.bLegacy = pFlags->bLegacy;
  p->sync.eRebuild = pOpt->eRebuild;
  p->sync.bTypes = pOpt->bTypes;
  p->pCat = assocCatalogEnter(pCall);
  if (p->pCat == 0) return;
  assocCatalogRef(p->pCat);
  assocSyncText(&p->sync, p->pCat, &p->zTables, &p->zRest);
  if (pCall->rc == SQLITE_OK) {
    p->zScript = assocSyncScript(&p->sync, p->zTables, p->zRest);
  }
  assocCatalogLeave(pCall, p->pCat);
}

/* Return the script. */
static void runResult(SyncRun *p, sqlite3_context *pCtx) {
  sqlite3_result_text(pCtx, p->zScript, -1, sqlite3_free);
  p->zScript = 0;
}

/* Also after an error. */
static void runClear(SyncRun *p) {
  sqlite3_free(p->zTables);
  sqlite3_free(p->zRest);
  sqlite3_free(p->zScript);
  assocArenaFree(&p->sync.mem);
  assocCatalogUnref(p->pCat);
}

/* Check the rebuilt tables, the first one first: the list begins with the last. */
static void checkRebuilt(SyncRun *p) {
  const AssocRebuilt *pEnd = 0, *pRebuilt;
  while (pEnd != p->sync.pRebuilt && p->sync.pCall->rc == SQLITE_OK) {
    pRebuilt = p->sync.pRebuilt;
    while (pRebuilt->pNext != pEnd) pRebuilt = pRebuilt->pNext;
    assocRebuiltCheck(&p->sync, pRebuilt);
    pEnd = pRebuilt;
  }
}

/* A database with definitions, main before others; "" where there is none. */
static const char *defsSchema(const AssocCatalog *pCat) {
  const AssocSchema *pSchema = pCat ? pCat->pSchema : 0;
  while (pSchema && !pSchema->bToken) pSchema = pSchema->pNext;
  return pSchema ? pSchema->zName : "";
}

/* Tables first, then what needs them. A table that another statement reads
** cannot be dropped; SQLite's message would not say why. */
static void runAll(AssocCall *pCall, SyncRun *p) {
  int rc;
  if (pCall->rc != SQLITE_OK) return;
  rc = sqlite3_exec(pCall->db, p->zTables, 0, 0, 0);
  if (rc == SQLITE_LOCKED && p->sync.pRebuilt) {
    assocFail(pCall,
              &(AssocWhy){.eReason = ASSOC_E_BUSY,
                          .rc = SQLITE_LOCKED,
                          .zName = p->sync.pRebuilt->pTab->zName},
              "%s cannot be rebuilt while a statement reads from the "
              "database; let it end, and call SELECT assoc_sync() alone",
              p->sync.pRebuilt->pTab->zName);
  }
  assocErrorCode(pCall, rc);
  if (pCall->rc == SQLITE_OK && p->zRest[0] && defsSchema(p->pCat)[0]) {
    assocWriteHold(pCall, defsSchema(p->pCat));
  }
  assocExec(pCall, "%s", p->zRest ? p->zRest : "");
  checkRebuilt(p);
}

/*
** What is to be done is read twice: the flags are set before the savepoint is
** opened, and only where a table is to be made anew, for to set them expires
** all statements of the connection; and what is run has to come from a
** reading in the savepoint. Rows are looked at in the second reading alone.
*/
static void runSync(AssocCall *pCall, SyncRun *p, sqlite3_context *pCtx,
                    const SyncOptions *pOpt, SyncFlags *pFlags) {
  AssocWrite w;
  char *zLock = 0;
  runRead(pCall, p, pOpt, pFlags, 1, 1);
  if (p->sync.pRebuilt && pCall->rc == SQLITE_OK) flagsSet(pCall, pFlags);
  if (p->zScript && p->zScript[0]) {
    zLock = assocMprintf(pCall, "%s", defsSchema(p->pCat));
  }
  runClear(p);
  assocWriteBegin(pCall, &w, "assoc_sync");
  if (zLock) assocWriteAllowed(pCall, &w, "assoc_sync");
  /* Triggers may be left over where all definitions are gone: no table of ours
  ** is there to lock. */
  if (zLock && zLock[0]) {
    (void)assocWriteAgain(pCall, &w, "assoc_sync", zLock);
  }
  sqlite3_free(zLock);
  runRead(pCall, p, pOpt, pFlags, 0, 1);
  if (p->sync.pRebuilt && !pFlags->bSet) {
    assocErrorOf(pCall, ASSOC_E_BUSY, 0, 0,
                 "the schema has just been changed; call assoc_sync() "
                 "again");
  }
  runAll(pCall, p);
  runResult(p, pCtx);
  assocWriteEnd(pCall, &w);
  flagsRestore(pCall, pFlags);
}

/* assoc_sync([options]): the DDL that was run; '' where nothing is missing */
static void syncFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  const char *zOptions = nArg ? assocArgTextOrNull(pCall, ap[0]) : 0;
  SyncOptions opt = {0, -1, 0};
  SyncFlags flags;
  SyncRun run;
  assocSessionRefuse(pCall, "assoc_sync"); /* The DDL and the errors tell */
  assocOptionsOf(pCall, zOptions, ASSOC_COUNT(aSyncOption), aSyncOption,
                 "assoc_sync() has", &opt);
  if (pCall->rc != SQLITE_OK) return;
  flagsRead(pCall, &flags);
  if (opt.bDry) {
    runRead(pCall, &run, &opt, &flags, 0, 0);
    runResult(&run, pCtx);
  } else {
    runSync(pCall, &run, pCtx, &opt, &flags);
  }
  runClear(&run);
}

const AssocFunction aAssocSyncFunction[] = {
    {"assoc_sync", 0, 1, ASSOC_WRITER, syncFunc, "[options]", 0},
    {0, 0, 0, 0, 0, 0, 0}};
