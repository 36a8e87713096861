/*
** The front door: what the extension registers, and the entry points that it
** exports.
**
** Nothing is written and no schema is read here: this may run while a
** database is being opened. Loading twice finds the first load and leaves
** it alone. If anything cannot be registered, everything is taken back,
** because SQLite then unloads the code.
*/
#include "assoc.h"
#include "surface/surface.h"

#ifndef SQLITE_CORE
SQLITE_EXTENSION_INIT1
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#elif defined(__APPLE__)
#include <dlfcn.h>
#endif
#endif

/* The oldest SQLite, as sqlite3_libversion_number() says: 3.38 brought
** sqlite3_vtab_in() and JSON without an option. */
#define MIN_SQLITE 3038000

/* assoc_version(): the version, as text */
static void versionFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  (void)pCall, (void)nArg, (void)ap;
  sqlite3_result_text(pCtx, ASSOC_VERSION, -1, SQLITE_STATIC);
}

static const AssocFunction aVersion[] = {
    {"assoc_version", 0, 0,
     SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, versionFunc, "", 0},
    {0, 0, 0, 0, 0, 0, 0}};

/* Every function of SQL, by the files of surface. */
static const AssocFunction *const apFunction[] = {aVersion,
                                                  aAssocChangeFunction,
                                                  aAssocConfigFunction,
                                                  aAssocDefineFunction,
                                                  aAssocDestroyFunction,
                                                  aAssocDmlFunction,
                                                  aAssocErrorFunction,
                                                  aAssocExplainFunction,
                                                  aAssocHelpFunction,
                                                  aAssocLiveFunction,
                                                  aAssocLookFunction,
                                                  aAssocPolicyFunction,
                                                  aAssocReadFunction,
                                                  aAssocSyncFunction,
                                                  aAssocTableFunction};

/* Every virtual table that has a module of its own. */
static const struct {
  const char *zName;
  const sqlite3_module *pModule;
} aModule[] = {
    {"related", &assocRelatedModule}, {"assoc_related", &assocRelatedModule},
    {"eager", &assocEagerModule},     {"assoc_eager", &assocEagerModule},
    {"assoc_call", &assocCallModule}, {"assoc_changes", &assocChangesModule}};

/* Every table whose rows are made at once: surface/rows.c. */
static const AssocRowsTable *const apRows[] = {
    &assocCheckTable, &assocExplainTable, &assocHelpTable, &assocListTable};

/* A function's user data: what it is, and of which connection. */
typedef struct FunctionData FunctionData;
struct FunctionData {
  const AssocFunction *pFunction; /* A row of a static table */
  AssocConn *pConn;               /* A reference */
};

/* An xDestroy: the connection closes, or registers the name anew. */
static void functionFree(void *p) {
  assocConnUnref(((FunctionData *)p)->pConn);
}

/* Every function comes through here: one context, one exit for errors. */
static void functionCall(sqlite3_context *pCtx, int nArg, sqlite3_value **ap) {
  FunctionData *pData = sqlite3_user_data(pCtx);
  const AssocFunction *pFunction = pData->pFunction;
  AssocCall call;
  assocCallInit(&call, pData->pConn);
  assocBudgetBegin(pData->pConn);
  if (pFunction->mFlag & SQLITE_DIRECTONLY) {
    assocHoldEnd(pData->pConn);
    assocCallDirect(&call, pFunction->zName, 0);
  }
  if (!assocCallArgs(&call, pFunction, nArg) || call.rc != SQLITE_OK) {
    /* The error is set */
  } else if (pFunction->xWrite) {
    AssocResult result = {.pCtx = pCtx};
    pFunction->xWrite(&call, &result, nArg, ap);
  } else {
    pFunction->xFunc(&call, pCtx, nArg, ap);
  }
  (void)assocCallFailed(&call, pCtx);
}

/* How many functions are called by SQL. */
static int countFunctions(void) {
  int i, n = 0;
  for (i = 0; i < ASSOC_COUNT(apFunction); i++) {
    const AssocFunction *p = apFunction[i];
    while (p->zName) n++, p++;
  }
  return n;
}

/* The data of all functions: one allocation of the connection. 0 without
** memory. */
static FunctionData *functionData(AssocConn *pConn) {
  AssocCall call;
  FunctionData *a;
  assocCallInit(&call, pConn);
  a = assocConnSlot(&call, ASSOC_SLOT_FUNCTIONS,
                    sizeof(*a) * (size_t)countFunctions(), sqlite3_free);
  assocCallClear(&call);
  return a;
}

/* Register one function. SQLite lets pData go, also if this fails. */
static int registerFunction(AssocConn *pConn, FunctionData *pData,
                            const AssocFunction *pFunction) {
  pData->pFunction = pFunction;
  pData->pConn = assocConnRef(pConn);
  return sqlite3_create_function_v2(pConn->db, pFunction->zName, -1,
                                    pFunction->mFlag, pData, functionCall, 0, 0,
                                    functionFree);
}

/* Functions for our own statements, which register themselves. */
static const struct {
  const char *zName;
  int nArg; /* As it is registered: -1, any number */
  int (*xRegister)(AssocConn *);
} aInner[] = {{"assoc_emit", -1, assocEmitRegister},
              {"assoc_enough", -1, assocEnoughRegister},
              {"assoc_take", -1, assocTakeRegister},
              {"assoc_spend", -1, assocSpendRegister},
              {"assoc_spent", -1, assocSpentRegister},
              {"assoc_spend_or", -1, assocSpendOrRegister},
              {"assoc_early", 2, assocEarlyRegister}};

/*
** Register functions that are not there yet. A load that failed while a
** statement was running, as SELECT load_extension() is, cannot take them back,
** nor register them again.
*/
static int registerFunctions(AssocConn *pConn) {
  const AssocFunction *p;
  FunctionData *pData = functionData(pConn);
  int i, n = 0, rc = pData ? SQLITE_OK : SQLITE_NOMEM;
  for (i = 0; i < ASSOC_COUNT(aInner) && rc == SQLITE_OK; i++) {
    if (n++ < pConn->nFunction) continue;
    rc = aInner[i].xRegister(pConn);
    if (rc == SQLITE_OK) pConn->nFunction = n;
  }
  for (i = 0; i < ASSOC_COUNT(apFunction); i++) {
    for (p = apFunction[i]; p->zName && rc == SQLITE_OK; p++, pData++) {
      if (n++ < pConn->nFunction) continue;
      rc = registerFunction(pConn, pData, p);
      if (rc == SQLITE_OK) pConn->nFunction = n;
    }
  }
  return rc;
}

/* Is the name the n bytes of z, in any case? */
static int wordIs(const char *zName, const char *z, int n) {
  return sqlite3_strnicmp(zName, z, n) == 0 && zName[n] == 0;
}

/* Is that word the name of a function (2), or of nothing but a table (1)? */
static int isCallable(const char *z, int n) {
  const AssocFunction *p;
  int i, eIs = 0;
  for (i = 0; i < ASSOC_COUNT(apFunction); i++) {
    if (apFunction[i] == aAssocTableFunction) continue;
    for (p = apFunction[i]; p->zName; p++) {
      if (wordIs(p->zName, z, n)) return 2;
    }
  }
  for (i = 0; i < ASSOC_COUNT(aModule); i++) {
    if (wordIs(aModule[i].zName, z, n)) eIs = 1;
  }
  for (i = 0; i < ASSOC_COUNT(apRows); i++) {
    if (wordIs(apRows[i]->zName, z, n)) eIs = 1;
  }
  return eIs;
}

/* Register everything, until an error. Returns a result code. */
static int registerAll(AssocConn *pConn) {
  int i, rc = registerFunctions(pConn);
  pConn->xCallable = isCallable;
  if (rc == SQLITE_OK) rc = assocStateRegister(pConn);
  if (rc == SQLITE_OK) rc = assocKeysRegister(pConn);
  if (rc == SQLITE_OK) rc = assocGateRegister(pConn);
  for (i = 0; i < ASSOC_COUNT(aModule) && rc == SQLITE_OK; i++) {
    rc = sqlite3_create_module_v2(pConn->db, aModule[i].zName,
                                  aModule[i].pModule, assocConnRef(pConn),
                                  assocConnUnref);
  }
  for (i = 0; i < ASSOC_COUNT(apRows) && rc == SQLITE_OK; i++) {
    rc = assocRowsRegister(pConn, apRows[i]);
  }
  return rc;
}

/* SQLite removes a function that is registered without code. */
static void unregisterFunction(sqlite3 *db, const char *zName, int nArg) {
  sqlite3_create_function_v2(db, zName, nArg, SQLITE_UTF8, 0, 0, 0, 0, 0);
}

/* Take back all functions. While a statement runs, SQLite refuses; then they
** stay, and the next load registers what is missing. */
static void unregisterFunctions(AssocConn *pConn) {
  sqlite3 *db = pConn->db;
  sqlite3_stmt *pStmt = sqlite3_next_stmt(db, 0);
  const AssocFunction *p;
  int i;
  while (pStmt && !sqlite3_stmt_busy(pStmt))
    pStmt = sqlite3_next_stmt(db, pStmt);
  if (pStmt) return;
  for (i = 0; i < ASSOC_COUNT(apFunction); i++) {
    for (p = apFunction[i]; p->zName; p++) unregisterFunction(db, p->zName, -1);
  }
  for (i = 0; i < ASSOC_COUNT(aInner); i++) {
    unregisterFunction(db, aInner[i].zName, aInner[i].nArg);
  }
  pConn->nFunction = 0;
}

/*
** Take back what registerAll() did, as far as SQLite allows.
*/
static void unregisterAll(AssocConn *pConn) {
  sqlite3 *db = pConn->db;
  int i;
  for (i = 0; i < ASSOC_COUNT(aModule); i++) {
    sqlite3_create_module_v2(db, aModule[i].zName, 0, 0, 0);
  }
  for (i = 0; i < ASSOC_COUNT(apRows); i++) {
    sqlite3_create_module_v2(db, apRows[i]->zName, 0, 0, 0);
  }
  sqlite3_create_module_v2(db, "assoc_gate", 0, 0, 0);
  sqlite3_create_module_v2(db, "assoc_keys", 0, 0, 0);
  sqlite3_create_module_v2(db, "assoc_state", 0, 0, 0);
  unregisterFunctions(pConn);
}

#ifndef SQLITE_CORE
/*
** All calls of SQLite go through one table of functions, sqlite3_api, which
** the first load sets. A second SQLite in the process must not replace it: the
** connections of the first would then be given to functions of the second.
*/
static int otherSqlite(const struct sqlite3_api_routines *pApi) {
  return sqlite3_api != 0 && sqlite3_api != pApi;
}

/* The error for that. */
static int otherError(char **pzErrMsg,
                      const struct sqlite3_api_routines *pApi) {
  if (pzErrMsg) {
    *pzErrMsg = pApi->mprintf(
        "assoc: this file was loaded by another SQLite (%s) of the same "
        "process, and serves only that one; for this SQLite (%s) load a copy "
        "of the file under another path",
        sqlite3_libversion(), pApi->libversion());
  }
  return SQLITE_ERROR;
}
#endif

/*
** SQLite replaces no function while a statement runs, as SELECT load_extension()
** does, and answers SQLITE_BUSY. The text of that error, to be freed by
** sqlite3_free(); 0 without memory.
*/
static char *busyError(const AssocConn *pConn) {
  int i, n = pConn->nFunction - ASSOC_COUNT(aInner);
  if (pConn->nFunction == 0) {
    return sqlite3_mprintf("assoc: another copy of this extension is "
                           "loaded in this connection already");
  }
  for (i = 0; i < ASSOC_COUNT(apFunction); i++) {
    const AssocFunction *p;
    for (p = apFunction[i]; p->zName; p++) {
      if (n-- != 0) continue;
      return sqlite3_mprintf(
          "assoc: this connection has another function %s() already, and "
          "SQLite replaces none while a statement runs; load assoc before it, "
          "or by .load or sqlite3_load_extension()",
          p->zName);
    }
  }
  return 0;
}

/*
** Keep this library in memory. A load that failed while a statement was running
** leaves functions behind, and SQLite unloads the library after any error. Where
** the linker is told -z nodelete, as the Makefile does, nothing is left to do.
*/
static void keepLoaded(void) {
#if defined(_WIN32) && !defined(SQLITE_CORE)
  HMODULE hLibrary;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN |
                         GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     (LPCSTR)keepLoaded, &hLibrary);
#elif defined(__APPLE__) && !defined(SQLITE_CORE)
  Dl_info library;
  if (dladdr((void *)keepLoaded, &library)) {
    dlopen(library.dli_fname, RTLD_NOW | RTLD_NODELETE);
  }
#endif
}

/* Register everything in a connection, once. Returns a result code. */
static int loadInto(sqlite3 *db, char **pzErrMsg) {
  AssocConn *pConn = assocConnFind(db);
  int rc;
  if (pConn && pConn->bLoaded) return SQLITE_OK;
  pConn = pConn ? assocConnRef(pConn) : assocConnNew(db);
  if (pConn == 0) return SQLITE_NOMEM;
  rc = registerAll(pConn);
  if (rc == SQLITE_OK) {
    pConn->bLoaded = 1;
  } else {
    if (rc == SQLITE_BUSY && pzErrMsg) *pzErrMsg = busyError(pConn);
    if (pConn->nFunction) unregisterAll(pConn);
    if (pConn->nFunction) keepLoaded();
  }
  assocConnUnref(pConn);
  return rc;
}

#ifdef _WIN32
__declspec(dllexport)
#endif
    int sqlite3_assoc_init(sqlite3 *db, char **pzErrMsg,
                           const struct sqlite3_api_routines *pApi) {
#ifndef SQLITE_CORE
  if (otherSqlite(pApi)) return otherError(pzErrMsg, pApi);
  SQLITE_EXTENSION_INIT2(pApi);
#else
  (void)pApi;
#endif
  if (sqlite3_libversion_number() < MIN_SQLITE) {
    if (pzErrMsg) {
      *pzErrMsg =
          sqlite3_mprintf("assoc needs SQLite 3.38 or later, and this is %s",
                          sqlite3_libversion());
    }
    return SQLITE_ERROR;
  }
  return loadInto(db, pzErrMsg);
}

#ifndef SQLITE_CORE
/*
** SQLite tries this entry point first, and derives the other one's name from
** the file's. With it the library loads under any file name, such as
** assoc-linux-x64.so.
*/
#ifdef _WIN32
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
    int sqlite3_extension_init(sqlite3 *db, char **pzErrMsg,
                               const struct sqlite3_api_routines *pApi);

int sqlite3_extension_init(sqlite3 *db, char **pzErrMsg,
                           const struct sqlite3_api_routines *pApi) {
  return sqlite3_assoc_init(db, pzErrMsg, pApi);
}
#endif
