/*
** Settings of the connection.
**
**   SELECT assoc_config('depth', 100);   -- set it; gives 100
**   SELECT assoc_config('strategy');     -- ask for it; gives auto
**   SELECT assoc_config('views', 1);     -- views of a file may read others
**
** A setting lives in AssocConn, so it ends with the connection. A value that is
** out of its range is an error and changes nothing.
*/
#include "surface/surface.h"

/* 400 levels of any kind fit on a thread's stack of 128 KiB, 700 on one of
** 256 KiB: test/host.test measures it. */
#define CONFIG_DEPTH_MAX 700
#define CONFIG_ITEM_MAX 1000000

static const char *const azStrategy[] = {"auto", "lookup", "scan"};

/* For measurements and tests. Without a value, tell the present one. */
static void configStrategy(AssocCall *pCall, sqlite3_context *pCtx,
                           sqlite3_value *pVal) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  const char *z = pVal ? assocArgText(pCall, pVal, "the strategy") : 0;
  int i;
  if (pLoad == 0) return;
  assert(pLoad->eForce < ASSOC_COUNT(azStrategy));
  for (i = 0; z && i < 3; i++) {
    if (sqlite3_stricmp(z, azStrategy[i]) == 0) break;
  }
  if (z && i == 3) {
    assocErrorOf(pCall, ASSOC_E_UNKNOWN_OPTION, 0, z,
                 "'%s' is not a strategy; there are auto, lookup and scan", z);
    return;
  }
  if (z) pLoad->eForce = (u8)i;
  sqlite3_result_text(pCtx, azStrategy[pLoad->eForce], -1, SQLITE_STATIC);
}

/* Without a value, tell the present one. iMax keeps the engine's stack and
** memory bounded. */
static void configNumber(AssocCall *pCall, sqlite3_context *pCtx,
                         const char *zName, int *pi, int iMax,
                         sqlite3_value *pVal) {
  assert(*pi >= 1 && *pi <= iMax);
  if (pVal) {
    i64 i = assocValueWhole(pVal);
    if (i < 1 || i > iMax) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, zName,
                   "%s is a number from 1 to %d", zName, iMax);
      return;
    }
    *pi = (int)i;
  }
  sqlite3_result_int(pCtx, *pi);
}

/* How many compiled plans does the connection keep? */
static void configPlans(AssocCall *pCall, sqlite3_context *pCtx,
                        sqlite3_value *pVal) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  if (pLoad == 0) return;
  if (pVal) {
    i64 i = assocValueWhole(pVal);
    if (i < 0 || i > ASSOC_PLANS_MAX) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "plans",
                   "plans is a number from 0 to %d", ASSOC_PLANS_MAX);
      return;
    }
    assert(i <= ASSOC_PLANS_MAX);
    assocPlansKeep(pCall, (int)i);
  }
  sqlite3_result_int(pCtx, pLoad->nMost);
}

/* May views and triggers of one file use our functions on other files? */
static void configViews(AssocCall *pCall, sqlite3_context *pCtx,
                        sqlite3_value *pVal) {
  if (pVal) {
    i64 i = assocValueWhole(pVal);
    if (i != 0 && i != 1) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "views", "views is 1 or 0");
      return;
    }
    assert(i == 0 || i == 1);
    /* The catalog compares this with what it was read under: see cacheCheck(). */
    pCall->pConn->bViews = (u8)i;
  }
  sqlite3_result_int(pCtx, pCall->pConn->bViews);
}

/* What a call of a session may spend: a whole number; 0 sets no bound. */
static void configBudget(AssocCall *pCall, sqlite3_context *pCtx,
                         const char *zName, i64 *pi, sqlite3_value *pVal) {
  assert(*pi >= 0);
  if (pVal) {
    i64 i = assocValueWhole(pVal);
    if (i < 0) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, zName,
                   "%s is a whole number; 0 sets no bound", zName);
      return;
    }
    *pi = i;
  }
  sqlite3_result_int64(pCtx, *pi);
}

/* Must every call have a session? */
static void configSession(AssocCall *pCall, sqlite3_context *pCtx,
                          sqlite3_value *pVal) {
  static const char *const az[] = {"optional", "required"};
  const char *z = pVal ? assocArgText(pCall, pVal, "the value") : 0;
  if (z) {
    int i = sqlite3_stricmp(z, az[1]) == 0;
    if (!i && sqlite3_stricmp(z, az[0]) != 0) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "session",
                   "session is required or optional, not '%s'", z);
      return;
    }
    assert(i == 0 || i == 1);
    pCall->pConn->bNeedSession = (u8)i;
  }
  sqlite3_result_text(pCtx, az[pCall->pConn->bNeedSession], -1, SQLITE_STATIC);
}

/* assoc_config(name [, value]): set the value, if given, and return the present
** one. Only a call of the user may set one: a view could otherwise lift its own
** limits. */
static void configFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                       sqlite3_value **ap) {
  const char *z = assocArgText(pCall, ap[0], "the name");
  sqlite3_value *pVal = nArg > 1 ? ap[1] : 0;
  if (pVal) assocCallDirect(pCall, "assoc_config", 1);
  if (pVal) assocSessionRefuse(pCall, "assoc_config");
  if (z == 0 || pCall->rc != SQLITE_OK) return;
  /* Reading a setting is allowed everywhere; changing one only to the owner, and
  ** not from a view or trigger. */
  if (sqlite3_stricmp(z, "strategy") == 0) {
    configStrategy(pCall, pCtx, pVal);
  } else if (sqlite3_stricmp(z, "depth") == 0) {
    configNumber(pCall, pCtx, "depth", &pCall->pConn->mxDepth, CONFIG_DEPTH_MAX,
                 pVal);
  } else if (sqlite3_stricmp(z, "items") == 0) {
    configNumber(pCall, pCtx, "items", &pCall->pConn->mxItem, CONFIG_ITEM_MAX,
                 pVal);
  } else if (sqlite3_stricmp(z, "plans") == 0) {
    configPlans(pCall, pCtx, pVal);
  } else if (sqlite3_stricmp(z, "views") == 0) {
    configViews(pCall, pCtx, pVal);
  } else if (sqlite3_stricmp(z, "rows") == 0) {
    configBudget(pCall, pCtx, "rows", &pCall->pConn->budget.mxRow, pVal);
  } else if (sqlite3_stricmp(z, "given") == 0) {
    configBudget(pCall, pCtx, "given", &pCall->pConn->budget.mxGiven, pVal);
  } else if (sqlite3_stricmp(z, "bytes") == 0) {
    configBudget(pCall, pCtx, "bytes", &pCall->pConn->budget.mxByte, pVal);
  } else if (sqlite3_stricmp(z, "milliseconds") == 0) {
    configBudget(pCall, pCtx, "milliseconds", &pCall->pConn->budget.mxMs, pVal);
  } else if (sqlite3_stricmp(z, "session") == 0) {
    configSession(pCall, pCtx, pVal);
  } else {
    assocErrorOf(pCall, ASSOC_E_UNKNOWN_OPTION, 0, z,
                 "there is no setting '%s'; there are strategy, depth, items, "
                 "plans, rows, given, bytes, milliseconds, session and views",
                 z);
  }
}

const AssocFunction aAssocConfigFunction[] = {{"assoc_config", 1, 2,
                                               SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                               configFunc, "name [, value]", 0},
                                              {0, 0, 0, 0, 0, 0, 0}};
