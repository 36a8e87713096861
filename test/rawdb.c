/*
** A test helper for Tcl: drives connections as C programs do, where the Tcl
** package sqlite3 would be too kind to them. Part of the library faultsim.
**
**   raw_open FILE             open a connection; returns DB
**   raw_exec DB SQL           run statements; returns all values of all rows
**   raw_load DB FILE          sqlite3_load_extension()
**   raw_errmsg DB             the text of the last error
**   raw_close DB ?v2?         sqlite3_close(), or sqlite3_close_v2(). Returns
**                             the result code: SQLITE_OK, SQLITE_BUSY, ...
**   raw_prepare DB SQL        prepare one statement; returns STMT
**   raw_step STMT             SQLITE_ROW, SQLITE_DONE or the error's code
**   raw_column STMT N         the value of a column, as text
**   raw_reset STMT            return the result code
**   raw_finalize STMT
**
**   sqlite3_next_stmt_sweep DB    finalize every statement that the
**                             connection lists, as some hosts do before they
**                             close; returns how many there were
**   sqlite3_next_stmt_count DB    how many it lists
**   sqlite3_interrupt_after DB N  sqlite3_interrupt() at the N-th step of the
**                             progress handler; N<=0 takes that back. Returns
**                             how often it has struck
**   sqlite3_db_config DB OPTION ?BOOLEAN?    set (or get) an option:
**                             defensive, trusted_schema, enable_trigger, ...
**   sqlite3_limit DB NAME ?N?     set (or get) a limit: length, sql_length, ...
**   sqlite3_hard_heap_limit N     how much memory all connections may take in
**                             all: 0 is no limit. Returns what it was
**   sqlite3_log_lines         what sqlite3_log() has reported since this was
**                             asked before, one line each
**
**   sqlite3_library           the path of the SQLite that the tests use
**   second_sqlite LIBRARY EXTENSION SQL    load the SQLite LIBRARY beside that
**                             one, open :memory: with it, load EXTENSION, and
**                             run SQL: the first value, or the error
**   on_small_stack KB DB SQL  raw_exec on a thread with a stack of KB
**   raw_load_as DB FILE N ?quiet?    raw_load of a copy of the extension, which
**                             FILE names and nothing else has loaded. It sees a
**                             SQLite with the version number N, 3052000, and
**                             where a connection was closed by raw_close v2 one
**                             that was built with SQLITE_ENABLE_API_ARMOR; if N
**                             is less than 3040000, with SQLITE_OMIT_DEPRECATED.
**                             With quiet the entry point has no place for a
**                             message
**
** DB is what raw_open returned or the name of a Tcl connection. Where it is
** the latter, the statements that Tcl itself keeps are dropped first.
*/
#define _GNU_SOURCE 1 /* dladdr() */
#include "faultsim.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define SQLITE_CORE 1 /* Only the type of the table of functions is wanted */
#include <sqlite3ext.h>

/* ---------------------------------------------------------------- handles */

static void handleFunc(sqlite3_context *pCtx, int n, sqlite3_value **ap) {
  (void)n, (void)ap;
  sqlite3_result_int64(pCtx,
                       (sqlite3_int64)(size_t)sqlite3_context_db_handle(pCtx));
}

static const sqlite3_api_routines *pRealApi = 0;

int rawdbConnection(sqlite3 *db, char **pzErr,
                    const struct sqlite3_api_routines *pApi) {
  (void)pzErr;
  pRealApi = pApi;
  return sqlite3_create_function(db, "faultsim_handle", 0,
                                 SQLITE_UTF8 | SQLITE_INNOCUOUS, 0, handleFunc,
                                 0, 0);
}

static const char *codeName(int rc) {
  static char zOther[30];
  switch (rc) {
  case SQLITE_OK: return "SQLITE_OK";
  case SQLITE_ERROR: return "SQLITE_ERROR";
  case SQLITE_ABORT: return "SQLITE_ABORT";
  case SQLITE_BUSY: return "SQLITE_BUSY";
  case SQLITE_LOCKED: return "SQLITE_LOCKED";
  case SQLITE_NOMEM: return "SQLITE_NOMEM";
  case SQLITE_READONLY: return "SQLITE_READONLY";
  case SQLITE_INTERRUPT: return "SQLITE_INTERRUPT";
  case SQLITE_IOERR: return "SQLITE_IOERR";
  case SQLITE_CORRUPT: return "SQLITE_CORRUPT";
  case SQLITE_FULL: return "SQLITE_FULL";
  case SQLITE_CANTOPEN: return "SQLITE_CANTOPEN";
  case SQLITE_SCHEMA: return "SQLITE_SCHEMA";
  case SQLITE_TOOBIG: return "SQLITE_TOOBIG";
  case SQLITE_CONSTRAINT: return "SQLITE_CONSTRAINT";
  case SQLITE_MISMATCH: return "SQLITE_MISMATCH";
  case SQLITE_MISUSE: return "SQLITE_MISUSE";
  case SQLITE_AUTH: return "SQLITE_AUTH";
  case SQLITE_RANGE: return "SQLITE_RANGE";
  case SQLITE_ROW: return "SQLITE_ROW";
  case SQLITE_DONE: return "SQLITE_DONE";
  }
  sqlite3_snprintf(sizeof(zOther), zOther, "%d", rc);
  return zOther;
}

int rawdbError(Tcl_Interp *interp, int rc) {
  Tcl_SetObjResult(interp, Tcl_NewStringObj(sqlite3_errstr(rc), -1));
  return TCL_ERROR;
}

static int dbError(Tcl_Interp *interp, sqlite3 *db) {
  Tcl_SetObjResult(interp, Tcl_NewStringObj(sqlite3_errmsg(db), -1));
  return TCL_ERROR;
}

static int codeResult(Tcl_Interp *interp, int rc) {
  Tcl_SetObjResult(interp, Tcl_NewStringObj(codeName(rc), -1));
  return TCL_OK;
}

static int countResult(Tcl_Interp *interp, int n) {
  Tcl_SetObjResult(interp, Tcl_NewIntObj(n));
  return TCL_OK;
}

static Tcl_Obj *pointerObj(void *p) {
  char z[40];
  snprintf(z, sizeof(z), "%p", p);
  return Tcl_NewStringObj(z, -1);
}

/* A pointer as pointerObj() wrote it. */
static int toPointer(Tcl_Interp *interp, Tcl_Obj *pObj, void **pp) {
  if (sscanf(Tcl_GetString(pObj), "%p", pp) == 1 && *pp) return TCL_OK;
  Tcl_SetObjResult(interp, Tcl_NewStringObj("not a handle", -1));
  return TCL_ERROR;
}

/* A connection: what raw_open returned, or a Tcl command, which is asked. */
static int toDb(Tcl_Interp *interp, Tcl_Obj *pObj, sqlite3 **pDb) {
  const char *zName = Tcl_GetString(pObj);
  Tcl_WideInt i = 0;
  Tcl_Obj *pScript;
  int rc;
  if (strncmp(zName, "0x", 2) == 0) return toPointer(interp, pObj, (void *)pDb);
  pScript = Tcl_ObjPrintf("%s cache flush;"
                          "set faultsim_handle [%s onecolumn"
                          " {SELECT faultsim_handle()}];"
                          "%s cache flush;"
                          "set faultsim_handle",
                          zName, zName, zName);
  Tcl_IncrRefCount(pScript);
  rc = Tcl_EvalObjEx(interp, pScript, TCL_EVAL_GLOBAL);
  Tcl_DecrRefCount(pScript);
  if (rc == TCL_OK) {
    rc = Tcl_GetWideIntFromObj(interp, Tcl_GetObjResult(interp), &i);
  }
  *pDb = (sqlite3 *)(size_t)i;
  Tcl_ResetResult(interp);
  return rc;
}

/* ----------------------------------------------------------- connections */

static int rawOpen(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db = 0;
  int rc = sqlite3_open(Tcl_GetString(apArg[0]), &db);
  if (rc == SQLITE_OK) {
    sqlite3_enable_load_extension(db, 1);
    Tcl_SetObjResult(interp, pointerObj(db));
    return TCL_OK;
  }
  sqlite3_close(db);
  return rawdbError(interp, rc);
}

/* The sqlite3_exec() callback: append the row's values to a list. */
static int appendRow(void *pList, int nCol, char **azVal, char **azName) {
  int i;
  (void)azName;
  for (i = 0; i < nCol; i++) {
    Tcl_ListObjAppendElement(0, pList,
                             Tcl_NewStringObj(azVal[i] ? azVal[i] : "", -1));
  }
  return 0;
}

static int rawExec(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  Tcl_Obj *pList;
  sqlite3 *db;
  char *zErr = 0;
  int rc;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  pList = Tcl_NewListObj(0, 0);
  Tcl_IncrRefCount(pList);
  rc = sqlite3_exec(db, Tcl_GetString(apArg[1]), appendRow, pList, &zErr);
  if (rc == SQLITE_OK) {
    Tcl_SetObjResult(interp, pList);
  } else {
    Tcl_SetObjResult(interp,
                     Tcl_NewStringObj(zErr ? zErr : sqlite3_errstr(rc), -1));
  }
  sqlite3_free(zErr);
  Tcl_DecrRefCount(pList);
  return rc == SQLITE_OK ? TCL_OK : TCL_ERROR;
}

static int rawLoad(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db;
  char *zErr = 0;
  int rc;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  rc = sqlite3_load_extension(db, Tcl_GetString(apArg[1]), 0, &zErr);
  if (rc == SQLITE_OK) return TCL_OK;
  Tcl_SetObjResult(interp,
                   Tcl_NewStringObj(zErr ? zErr : sqlite3_errstr(rc), -1));
  sqlite3_free(zErr);
  return TCL_ERROR;
}

static int rawErrmsg(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  dbError(interp, db);
  return TCL_OK;
}

/* What a copy of the extension sees that raw_load_as has loaded. */
static sqlite3_api_routines otherApi;
static int nOtherVersion;
static void *pZombie = 0; /* The connection that raw_close v2 has closed last */

static int otherVersion(void) {
  return nOtherVersion;
}

static sqlite3_stmt *otherNext(sqlite3 *db, sqlite3_stmt *p) {
  return db == pZombie ? 0 : sqlite3_next_stmt(db, p);
}

static int rawLoadAs(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  int (*xInit)(sqlite3 *, char **, const sqlite3_api_routines *);
  void *pLib, *x;
  char *zErr = 0;
  sqlite3 *db;
  int rc;
  if (toDb(interp, apArg[0], &db) ||
      Tcl_GetIntFromObj(interp, apArg[2], &nOtherVersion)) {
    return TCL_ERROR;
  }
  pLib = dlopen(Tcl_GetString(apArg[1]), RTLD_NOW | RTLD_LOCAL);
  x = pLib ? dlsym(pLib, "sqlite3_assoc_init") : 0;
  if (x == 0) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj(dlerror(), -1));
    return TCL_ERROR;
  }
  memcpy(&xInit, &x, sizeof(x));
  otherApi = *pRealApi;
  otherApi.libversion_number = otherVersion;
  otherApi.next_stmt = otherNext;
  if (nOtherVersion < 3040000) otherApi.transfer_bindings = 0;
  pZombie = 0; /* The address may be used again */
  rc = xInit(db, apArg[3] ? 0 : &zErr, &otherApi);
  if (rc == SQLITE_OK) return TCL_OK;
  Tcl_SetObjResult(interp,
                   Tcl_NewStringObj(zErr ? zErr : sqlite3_errstr(rc), -1));
  sqlite3_free(zErr);
  return TCL_ERROR;
}

static int rawClose(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  void *db;
  int bV2 = apArg[1] != 0;
  if (bV2 && strcmp(Tcl_GetString(apArg[1]), "v2")) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj("should be: v2", -1));
    return TCL_ERROR;
  }
  if (toPointer(interp, apArg[0], &db)) return TCL_ERROR;
  if (bV2) pZombie = db;
  return codeResult(interp, bV2 ? sqlite3_close_v2(db) : sqlite3_close(db));
}

/* ------------------------------------------------------------ statements */

static int rawPrepare(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db;
  sqlite3_stmt *pStmt = 0;
  int rc;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  rc = sqlite3_prepare_v2(db, Tcl_GetString(apArg[1]), -1, &pStmt, 0);
  if (rc != SQLITE_OK) return dbError(interp, db);
  Tcl_SetObjResult(interp, pointerObj(pStmt));
  return TCL_OK;
}

static int rawStep(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  void *p;
  if (toPointer(interp, apArg[0], &p)) return TCL_ERROR;
  return codeResult(interp, sqlite3_step(p));
}

static int rawColumn(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  const char *z;
  void *p;
  int i;
  if (toPointer(interp, apArg[0], &p)) return TCL_ERROR;
  if (Tcl_GetIntFromObj(interp, apArg[1], &i)) return TCL_ERROR;
  z = (const char *)sqlite3_column_text(p, i);
  Tcl_SetObjResult(interp, Tcl_NewStringObj(z ? z : "", -1));
  return TCL_OK;
}

static int rawReset(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  void *p;
  if (toPointer(interp, apArg[0], &p)) return TCL_ERROR;
  return codeResult(interp, sqlite3_reset(p));
}

static int rawFinalize(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  void *p;
  if (toPointer(interp, apArg[0], &p)) return TCL_ERROR;
  return codeResult(interp, sqlite3_finalize(p));
}

static int nextStmtSweep(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db;
  sqlite3_stmt *p;
  int n = 0;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  for (; (p = sqlite3_next_stmt(db, 0)) != 0; n++) sqlite3_finalize(p);
  return countResult(interp, n);
}

static int nextStmtCount(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db;
  sqlite3_stmt *p = 0;
  int n = 0;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  while ((p = sqlite3_next_stmt(db, p)) != 0) n++;
  return countResult(interp, n);
}

/* -------------------------------------------------- interrupts, options */

static int nUntilInterrupt = 0;
static int nInterrupt = 0;

static int progress(void *pDb) {
  if (nUntilInterrupt > 0 && --nUntilInterrupt == 0) {
    nInterrupt++;
    sqlite3_interrupt(pDb);
  }
  return 0;
}

static int interruptAfter(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  sqlite3 *db;
  int n;
  if (Tcl_GetIntFromObj(interp, apArg[1], &n)) return TCL_ERROR;
  nUntilInterrupt = 0;
  if (toDb(interp, apArg[0], &db)) return TCL_ERROR;
  sqlite3_progress_handler(db, n > 0, n > 0 ? progress : 0, db);
  countResult(interp, nInterrupt);
  nInterrupt = 0;
  nUntilInterrupt = n;
  return TCL_OK;
}

typedef struct Name Name;
struct Name {
  const char *zName;
  int iValue;
};

static int dbConfig(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  static const Name aOption[] = {
      {"enable_fkey", SQLITE_DBCONFIG_ENABLE_FKEY},
      {"enable_trigger", SQLITE_DBCONFIG_ENABLE_TRIGGER},
      {"enable_view", SQLITE_DBCONFIG_ENABLE_VIEW},
      {"enable_load_extension", SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION},
      {"enable_qpsg", SQLITE_DBCONFIG_ENABLE_QPSG},
      {"defensive", SQLITE_DBCONFIG_DEFENSIVE},
      {"dqs_ddl", SQLITE_DBCONFIG_DQS_DDL},
      {"dqs_dml", SQLITE_DBCONFIG_DQS_DML},
      {"legacy_alter_table", SQLITE_DBCONFIG_LEGACY_ALTER_TABLE},
      {"no_ckpt_on_close", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE},
      {"reset_database", SQLITE_DBCONFIG_RESET_DATABASE},
      {"trusted_schema", SQLITE_DBCONFIG_TRUSTED_SCHEMA},
      {"writable_schema", SQLITE_DBCONFIG_WRITABLE_SCHEMA},
      {0, 0},
  };
  sqlite3 *db;
  int i, b = -1, rc;
  if (Tcl_GetIndexFromObjStruct(interp, apArg[1], aOption, sizeof(Name),
                                "option", 0, &i) ||
      (apArg[2] && Tcl_GetBooleanFromObj(interp, apArg[2], &b)) ||
      toDb(interp, apArg[0], &db)) {
    return TCL_ERROR;
  }
  rc = sqlite3_db_config(db, aOption[i].iValue, b, &b);
  return rc ? rawdbError(interp, rc) : countResult(interp, b);
}

static int dbLimit(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  static const Name aLimit[] = {
      {"attached", SQLITE_LIMIT_ATTACHED},
      {"column", SQLITE_LIMIT_COLUMN},
      {"compound_select", SQLITE_LIMIT_COMPOUND_SELECT},
      {"expr_depth", SQLITE_LIMIT_EXPR_DEPTH},
      {"function_arg", SQLITE_LIMIT_FUNCTION_ARG},
      {"length", SQLITE_LIMIT_LENGTH},
      {"like_pattern_length", SQLITE_LIMIT_LIKE_PATTERN_LENGTH},
      {"sql_length", SQLITE_LIMIT_SQL_LENGTH},
      {"trigger_depth", SQLITE_LIMIT_TRIGGER_DEPTH},
      {"variable_number", SQLITE_LIMIT_VARIABLE_NUMBER},
      {"vdbe_op", SQLITE_LIMIT_VDBE_OP},
      {"worker_threads", SQLITE_LIMIT_WORKER_THREADS},
      {0, 0},
  };
  sqlite3 *db;
  int i, n = -1;
  if (Tcl_GetIndexFromObjStruct(interp, apArg[1], aLimit, sizeof(Name), "limit",
                                0, &i) ||
      (apArg[2] && Tcl_GetIntFromObj(interp, apArg[2], &n)) ||
      toDb(interp, apArg[0], &db)) {
    return TCL_ERROR;
  }
  sqlite3_limit(db, aLimit[i].iValue, n);
  return countResult(interp, sqlite3_limit(db, aLimit[i].iValue, -1));
}

/* sqlite3_hard_heap_limit N */
static int heapLimit(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  Tcl_WideInt n;
  if (Tcl_GetWideIntFromObj(interp, apArg[0], &n)) return TCL_ERROR;
  Tcl_SetObjResult(interp, Tcl_NewWideIntObj(sqlite3_hard_heap_limit64(n)));
  return TCL_OK;
}

/* -------------------------------------------------------------- the host */

static char zLog[20000];

void rawdbLog(void *pData, int rc, const char *zText) {
  size_t n = strlen(zLog);
  (void)pData, (void)rc;
  snprintf(zLog + n, sizeof(zLog) - n, "%s\n", zText);
}

static int logLines(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  (void)apArg;
  Tcl_SetObjResult(interp, Tcl_NewStringObj(zLog, -1));
  zLog[0] = 0;
  return TCL_OK;
}

static int libraryPath(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  Dl_info info;
  void *p = 0;
  int (*x)(const char *, sqlite3 **) = sqlite3_open;
  (void)apArg;
  memcpy(&p, &x, sizeof(p));
  if (dladdr(p, &info) == 0) return TCL_ERROR;
  Tcl_SetObjResult(interp, Tcl_NewStringObj(info.dli_fname, -1));
  return TCL_OK;
}

/* The functions of another SQLite that are needed of it. */
typedef struct Second Second;
struct Second {
  int (*xOpen)(const char *, sqlite3 **);
  int (*xEnable)(sqlite3 *, int);
  int (*xLoad)(sqlite3 *, const char *, const char *, char **);
  int (*xExec)(sqlite3 *, const char *, sqlite3_callback, void *, char **);
  int (*xClose)(sqlite3 *);
  void (*xFree)(void *);
};

static int secondFind(void *pLib, Second *p) {
  static const struct {
    const char *zName;
    size_t iInto;
  } a[] = {{"sqlite3_open", offsetof(Second, xOpen)},
           {"sqlite3_enable_load_extension", offsetof(Second, xEnable)},
           {"sqlite3_load_extension", offsetof(Second, xLoad)},
           {"sqlite3_exec", offsetof(Second, xExec)},
           {"sqlite3_close", offsetof(Second, xClose)},
           {"sqlite3_free", offsetof(Second, xFree)}};
  size_t i;
  for (i = 0; i < sizeof(a) / sizeof(a[0]); i++) {
    void *x = dlsym(pLib, a[i].zName);
    if (x == 0) return 0;
    memcpy((char *)p + a[i].iInto, &x, sizeof(x));
  }
  return 1;
}

static int firstValue(void *p, int nCol, char **azVal, char **azName) {
  (void)azName;
  if (nCol > 0 && azVal[0]) Tcl_SetStringObj(p, azVal[0], -1);
  return 0;
}

static int secondSqlite(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  void *pLib = dlopen(Tcl_GetString(apArg[0]), RTLD_NOW | RTLD_LOCAL);
  Tcl_Obj *pResult = Tcl_NewObj();
  sqlite3 *db = 0;
  char *zErr = 0;
  Second s;
  int rc;
  Tcl_SetObjResult(interp, pResult);
  if (pLib == 0 || !secondFind(pLib, &s)) {
    Tcl_SetStringObj(pResult, pLib ? "no SQLite" : dlerror(), -1);
    return TCL_ERROR;
  }
  rc = s.xOpen(":memory:", &db);
  if (rc == SQLITE_OK) rc = s.xEnable(db, 1);
  if (rc == SQLITE_OK) rc = s.xLoad(db, Tcl_GetString(apArg[1]), 0, &zErr);
  if (rc == SQLITE_OK) {
    rc = s.xExec(db, Tcl_GetString(apArg[2]), firstValue, pResult, &zErr);
  }
  if (rc != SQLITE_OK) Tcl_SetStringObj(pResult, zErr ? zErr : "?", -1);
  s.xFree(zErr);
  s.xClose(db);
  return rc == SQLITE_OK ? TCL_OK : TCL_ERROR;
}

/* What a thread does, and what came of it. */
typedef struct SmallStack SmallStack;
struct SmallStack {
  sqlite3 *db;
  const char *zSql;
  char *zErr;
  char *zValue; /* The first value of the last row */
  int rc;
};

static int keepValue(void *p, int nCol, char **azVal, char **azName) {
  char **pz = p;
  (void)azName;
  sqlite3_free(*pz);
  *pz = sqlite3_mprintf("%s", nCol > 0 && azVal[0] ? azVal[0] : "");
  return 0;
}

static void *smallStackRun(void *pArg) {
  SmallStack *p = pArg;
  p->rc = sqlite3_exec(p->db, p->zSql, keepValue, &p->zValue, &p->zErr);
  return 0;
}

static int onSmallStack(Tcl_Interp *interp, Tcl_Obj *const *apArg) {
  SmallStack s = {0, Tcl_GetString(apArg[2]), 0, 0, SQLITE_ERROR};
  pthread_attr_t attr;
  pthread_t thread;
  int nKb, rc;
  if (Tcl_GetIntFromObj(interp, apArg[0], &nKb) ||
      toDb(interp, apArg[1], &s.db)) {
    return TCL_ERROR;
  }
  pthread_attr_init(&attr);
  rc = pthread_attr_setstacksize(&attr, (size_t)nKb * 1024);
  if (rc == 0) rc = pthread_create(&thread, &attr, smallStackRun, &s);
  if (rc == 0) rc = pthread_join(thread, 0);
  pthread_attr_destroy(&attr);
  Tcl_SetObjResult(interp, Tcl_NewStringObj(rc         ? "no thread"
                                            : s.rc     ? s.zErr
                                            : s.zValue ? s.zValue
                                                       : "",
                                            -1));
  sqlite3_free(s.zErr);
  sqlite3_free(s.zValue);
  return rc == 0 && s.rc == SQLITE_OK ? TCL_OK : TCL_ERROR;
}

/* --------------------------------------------------------- registration */

typedef struct Command Command;
struct Command {
  const char *zName;
  const char *zArg;                         /* For the error message */
  int nMin, nMax;                           /* Arguments */
  int (*x)(Tcl_Interp *, Tcl_Obj *const *); /* Absent ones are 0 */
};

static const Command aCommand[] = {
    {"raw_open", "FILE", 1, 1, rawOpen},
    {"raw_exec", "DB SQL", 2, 2, rawExec},
    {"raw_load", "DB FILE", 2, 2, rawLoad},
    {"raw_load_as", "DB FILE N ?quiet?", 3, 4, rawLoadAs},
    {"raw_errmsg", "DB", 1, 1, rawErrmsg},
    {"raw_close", "DB ?v2?", 1, 2, rawClose},
    {"raw_prepare", "DB SQL", 2, 2, rawPrepare},
    {"raw_step", "STMT", 1, 1, rawStep},
    {"raw_column", "STMT N", 2, 2, rawColumn},
    {"raw_reset", "STMT", 1, 1, rawReset},
    {"raw_finalize", "STMT", 1, 1, rawFinalize},
    {"sqlite3_next_stmt_sweep", "DB", 1, 1, nextStmtSweep},
    {"sqlite3_next_stmt_count", "DB", 1, 1, nextStmtCount},
    {"sqlite3_interrupt_after", "DB N", 2, 2, interruptAfter},
    {"sqlite3_db_config", "DB OPTION ?BOOLEAN?", 2, 3, dbConfig},
    {"sqlite3_limit", "DB NAME ?N?", 2, 3, dbLimit},
    {"sqlite3_hard_heap_limit", "N", 1, 1, heapLimit},
    {"sqlite3_log_lines", "", 0, 0, logLines},
    {"sqlite3_library", "", 0, 0, libraryPath},
    {"second_sqlite", "LIBRARY EXTENSION SQL", 3, 3, secondSqlite},
    {"on_small_stack", "KB DB SQL", 3, 3, onSmallStack},
};

static int command(ClientData cd, Tcl_Interp *interp, int objc,
                   Tcl_Obj *const objv[]) {
  const Command *p = cd;
  Tcl_Obj *apArg[4] = {0, 0, 0, 0};
  int i;
  if (objc - 1 < p->nMin || objc - 1 > p->nMax) {
    Tcl_WrongNumArgs(interp, 1, objv, p->zArg);
    return TCL_ERROR;
  }
  for (i = 1; i < objc; i++) apArg[i - 1] = objv[i];
  return p->x(interp, apArg);
}

void rawdbInit(Tcl_Interp *interp) {
  size_t i;
  for (i = 0; i < sizeof(aCommand) / sizeof(aCommand[0]); i++) {
    Tcl_CreateObjCommand(interp, aCommand[i].zName, command,
                         (ClientData)&aCommand[i], 0);
  }
}
