/*
** INSERT INTO assoc_call: every function that writes rows or definitions, as a
** statement. Engines that replicate statements forward it, and drivers begin a
** transaction for it.
**
**    INSERT INTO assoc_call(name, a1, a2, a3, a4)
**      VALUES ('assoc_set', 'User', 1, 'posts', '[1,2]');
**    SELECT assoc_result();      -- {"added":[2],"removed":[],"moved":[]}
**
** The last argument is the last one that is not NULL; the hidden column argc
** gives another number. The table has no rows.
*/
#include "surface/surface.h"

#define CALL_NAME 0 /* The columns, by number: name */
#define CALL_A1 1   /* a1, and behind it the other arguments */
#define CALL_ARGS 6 /* Arguments of a call, at most */
#define CALL_ARGC (CALL_A1 + CALL_ARGS) /* argc */

static const AssocFunction *const apWriter[] = {
    aAssocChangeFunction, aAssocDefineFunction, aAssocDestroyFunction,
    aAssocLiveFunction,   aAssocLookFunction,   aAssocPolicyFunction};

/* ------------------------------------------------------------------- name */

/* Three cases: assoc_sync() cannot run inside a statement; a function that only
** reads needs no statement; and a name that does not exist. */
static void callUnknown(AssocCall *pCall, const char *zName,
                        const char *zNear) {
  AssocWhy why = {.eReason = ASSOC_E_ARGUMENT, .zName = zName};
  const char *zDry = assocWriteDry(zName);
  /* Three cases: DDL, a function that only reads, a name that does not exist. */
  if (zDry) {
    char *z = assocMprintf(pCall,
                           "run the statements that SELECT %s gives, which any "
                           "engine forwards",
                           zDry);
    why.zHint = z;
    assocFail(pCall, &why,
              "%s() changes the schema, which a statement that writes cannot "
              "do",
              zName);
    sqlite3_free(z);
  } else if (pCall->pConn->xCallable(zName, (int)strlen(zName)) == 2) {
    assocFail(pCall, &why,
              "%s() writes no rows and no definitions; call it by SELECT",
              zName);
  } else {
    why.zNear = zNear;
    assocFail(pCall, &why, "there is no function '%s' that writes", zName);
  }
}

/* 0 if there is no such function. pNear, which may be 0, is told of each. */
static const AssocFunction *callSeek(const char *zName, AssocNearest *pNear) {
  const AssocFunction *p;
  int i;
  for (i = 0; i < ASSOC_COUNT(apWriter); i++) {
    for (p = apWriter[i]; p->zName; p++) {
      assert(p->zName[0]);
      if (p->xWrite == 0) continue;
      if (sqlite3_stricmp(p->zName, zName) == 0) return p;
      if (pNear) assocNearestTry(pNear, p->zName);
    }
  }
  return 0;
}

/* 0 and an error if there is no such function. The nearest name is looked for
** only then, since that takes longer than most calls do. */
static const AssocFunction *callFind(AssocCall *pCall, const char *zName) {
  AssocNearest near = {.zWritten = zName};
  const AssocFunction *p = callSeek(zName, 0);
  if (p) return p;
  (void)callSeek(zName, &near);
  callUnknown(pCall, zName, near.zBest);
  return 0;
}

/* SQLite checks the number of arguments of a function itself; the virtual table
** needs this check. */
int assocCallArgs(AssocCall *pCall, const AssocFunction *p, int nArg) {
  assert(nArg >= 0 && (p->nMax < 0 || p->nMin <= p->nMax));
  if (nArg >= p->nMin && (p->nMax < 0 || nArg <= p->nMax)) return 1;
  assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, p->zName,
               "%s(%s) was called with %d argument%s", p->zName, p->zArgs, nArg,
               nArg == 1 ? "" : "s");
  return 0;
}

/* The function may write anywhere, so every database that TEMP triggers could
** write is covered by the gate first. */
void assocCallByName(AssocCall *pCall, AssocResult *pResult, const char *zName,
                     int nArg, sqlite3_value **ap) {
  const AssocFunction *p = callFind(pCall, zName);
  AssocCatalog *pCat;
  if (p == 0 || !assocCallArgs(pCall, p, nArg)) return;
  pCat = assocCatalogEnter(pCall);
  if (pCat) assocGateNeedAll(pCall, pCat);
  assocCatalogLeave(pCall, pCat);
  if (pCall->rc == SQLITE_OK) p->xWrite(pCall, pResult, nArg, ap);
}

/* ------------------------------------------------------------------- rows */

/* The number of arguments: argc if it is given, else without the NULLs at the
** end. -1 after an error. */
static int callCount(AssocCall *pCall, sqlite3_value **ap) {
  i64 n;
  int i = CALL_ARGS;
  if (sqlite3_value_type(ap[CALL_ARGC]) != SQLITE_NULL) {
    n = assocValueWhole(ap[CALL_ARGC]);
    if (n >= 0 && n <= CALL_ARGS) return (int)n;
    assocFail(pCall, &(AssocWhy){.eReason = ASSOC_E_ARGUMENT},
              "argc is the number of arguments, from 0 to %d", CALL_ARGS);
    return -1;
  }
  /* The last argument is the last that is not NULL. A call that ends with NULL
  ** arguments says argc. */
  while (i > 0 && sqlite3_value_type(ap[CALL_A1 + i - 1]) == SQLITE_NULL) i--;
  return i;
}

/* One row of the INSERT: the first two values are the old and the new rowid. */
static void callRow(AssocCall *pCall, const AssocDml *pDml, AssocResult *p) {
  sqlite3_value **ap = &pDml->apVal[2];
  assert(pDml->nVal == 2 + CALL_ARGC + 1);
  const char *zName = assocArgText(pCall, ap[CALL_NAME], "the name");
  int nArg = zName ? callCount(pCall, ap) : -1;
  if (nArg >= 0) assocCallByName(pCall, p, zName, nArg, &ap[CALL_A1]);
}

/* The job runs inside a gate, which undoes it as a whole. */
static int callUpdate(sqlite3_vtab *pVtab, int argc, sqlite3_value **argv,
                      sqlite3_int64 *pRowid) {
  AssocDml dml = {
      .xRow = callRow, .nVal = argc, .apVal = argv, .nRow = 1, .bDefines = 1};
  return assocDmlUpdate((AssocDmlTable *)pVtab, &dml, pRowid);
}

/* ------------------------------------------------------------------ table */

/* Also called by callConnect() after an error. */
static int callDisconnect(sqlite3_vtab *pVtab) {
  AssocDmlTable *p = (AssocDmlTable *)pVtab;
  assocDmlTableClear(p);
  sqlite3_free(p);
  return SQLITE_OK;
}

/* Six arguments are enough for every function; argc is hidden. DIRECTONLY:
** triggers and views cannot write to this table. */
static int callConnect(sqlite3 *db, void *pAux, int argc,
                       const char *const *argv, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  AssocDmlTable *p = sqlite3_malloc64(sizeof(*p));
  AssocCall call;
  (void)argc;
  if (p == 0) return SQLITE_NOMEM;
  memset(p, 0, sizeof(*p));
  assert(argc >= 3); /* SQLite gives the names of module, database and table */
  assocDmlTableInit(&call, p, pAux, argv[2]);
  assocErrorCode(&call, sqlite3_declare_vtab(
                            db, "CREATE TABLE x(name TEXT, a1, a2, a3, a4, a5,"
                                " a6, argc INTEGER HIDDEN)"));
  assocDmlTableReady(&call);
  assocErrorCode(&call, sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY));
  if (call.rc == SQLITE_OK) {
    *ppVtab = &p->base;
  } else {
    callDisconnect(&p->base);
  }
  return assocCallVtab(&call, pzErr);
}

const sqlite3_module assocCallModule = {
    .xConnect = callConnect,
    ASSOC_PRIVATE_TABLE,
    .xDisconnect = callDisconnect,
    .xUpdate = callUpdate,
    ASSOC_DML_TABLE,
};
