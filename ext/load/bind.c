/*
** Binding the values of statements: literals of the shape, and values that the
** caller gives beside the shape, as ?1 or :name.
*/
#include "load/run.h"

/* The caller's value for a parameter; *ppValue is 0 for a literal. */
static const ShapeVal *valOf(AssocRun *pRun, const ShapeVal *pVal,
                             sqlite3_value **ppValue) {
  int i, iFirst = pRun->pPlan->pShape->bNamed;
  *ppValue = 0;
  /* The object of named values, if there is one, is the first argument. */
  assert(pVal);
  if (pVal->eType == SHAPE_VAL_NAMED) {
    assert(pRun->apNamed); /* assocBindNames() was called before */
    for (i = 0; i < pRun->pPlan->nName; i++) {
      if (strcmp(pRun->pPlan->azName[i], pVal->z) == 0) {
        *ppValue = pRun->apNamed[i];
      }
    }
  } else if (pVal->eType == SHAPE_VAL_INDEX) {
    i = (int)pVal->i - 1 + iFirst;
    if (i < pRun->args.nVal) *ppValue = pRun->args.apVal[i];
  }
  return pVal;
}

/* Bind a literal or a parameter to ?i. */
static void bindVal(AssocRun *pRun, sqlite3_stmt *pStmt, int i,
                    const ShapeVal *pVal) {
  sqlite3_value *pValue;
  int rc = SQLITE_OK;
  valOf(pRun, pVal, &pValue);
  assert(i > 0);
  switch (pVal->eType) {
  case SHAPE_VAL_NULL: rc = sqlite3_bind_null(pStmt, i); break;
  case SHAPE_VAL_FALSE: rc = sqlite3_bind_int(pStmt, i, 0); break;
  case SHAPE_VAL_TRUE: rc = sqlite3_bind_int(pStmt, i, 1); break;
  case SHAPE_VAL_INT: rc = sqlite3_bind_int64(pStmt, i, pVal->i); break;
  case SHAPE_VAL_REAL: rc = sqlite3_bind_double(pStmt, i, pVal->r); break;
  case SHAPE_VAL_TEXT:
    rc = sqlite3_bind_text(pStmt, i, pVal->z, pVal->n, SQLITE_STATIC);
    break;
  default:
    assert(pValue); /* assocBindCheck() counted, and definitions take none */
    rc = sqlite3_bind_value(pStmt, i, pValue);
    break;
  }
  assocErrorCode(pRun->pCall, rc);
}

/* NULL gives -1: no limit. The error has a caret at the limit or offset. */
i64 assocBindCount(AssocRun *pRun, const ShapeVal *pVal) {
  const AssocShape *pShape = pRun->pPlan->pShape;
  sqlite3_value *pValue;
  i64 n = -2;
  valOf(pRun, pVal, &pValue);
  if (pVal->eType == SHAPE_VAL_INT) n = pVal->i;
  if (pVal->eType == SHAPE_VAL_NULL) return -1;
  if (pValue && sqlite3_value_type(pValue) == SQLITE_NULL) return -1;
  if (pValue) n = assocValueWhole(pValue);
  /* NULL means no limit, as in SQLite. Everything else must be a whole number. */
  if (n >= 0) return n;
  assocShapeFail(pRun->pCall, pShape->bJson ? 0 : pShape->zText, pVal->iOff,
                 &(AssocWhy){.eReason = ASSOC_E_ARGUMENT},
                 "limit and offset are whole numbers, not below 0");
  return 0;
}

/* See run.h. */
const char *assocBindTextOf(AssocRun *pRun, const ShapeVal *pVal, int *pn) {
  sqlite3_value *pValue;
  const char *z = pVal->z;
  valOf(pRun, pVal, &pValue);
  *pn = pVal->n;
  if (pVal->eType == SHAPE_VAL_TEXT) return z;
  if (pVal->eType == SHAPE_VAL_NULL) return 0;
  if (pValue == 0) {
    *pn = 1;
    return "?"; /* A number is no cursor */
  }
  if (sqlite3_value_type(pValue) == SQLITE_NULL) return 0;
  z = (const char *)sqlite3_value_text(pValue);
  *pn = sqlite3_value_bytes(pValue);
  if (z == 0) assocErrorCode(pRun->pCall, SQLITE_NOMEM);
  return z;
}

/* Bind one value of a cursor. */
static void bindCursor(AssocRun *pRun, sqlite3_stmt *pStmt,
                       const AssocBind *pBind) {
  int n = 0;
  const char *z = assocBindTextOf(pRun, pBind->pVal, &n);
  if (z) {
    assocPageBind(pRun->pCall, pBind->pNode, pStmt, pBind->iSql, pBind->iPart,
                  z, n);
  } else {
    assocErrorCode(pRun->pCall, sqlite3_bind_null(pStmt, pBind->iSql));
  }
}

/* A list is a JSON array of single values, or NULL. */
static void bindList(AssocRun *pRun, sqlite3_stmt *pStmt,
                     const AssocBind *pBind) {
  AssocCall *pCall = pRun->pCall;
  const ShapeVal *pVal = pBind->pVal;
  sqlite3_value *pValue;
  const char *z = pVal->eType == SHAPE_VAL_TEXT ? pVal->z : 0;
  AssocJson *pJson = 0;
  valOf(pRun, pVal, &pValue);
  if (pValue && sqlite3_value_type(pValue) == SQLITE_TEXT) {
    z = (const char *)sqlite3_value_text(pValue);
    if (z == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  }
  assert(pValue || pVal->eType < SHAPE_VAL_INDEX);
  /* The statement reads the array with json_each(); it is read here only to say
  ** what is wrong with it. */
  if (z && z[strspn(z, " \t\n\r")] == '[') {
    pJson = assocJsonRead(pCall, &pRun->fix, z, -1, "the list of in");
    if (pJson == 0) return;
  } else if (pVal->eType != SHAPE_VAL_NULL &&
             (pValue == 0 || sqlite3_value_type(pValue) != SQLITE_NULL)) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "in takes a parameter that is a JSON array, such as '[1,2]'; "
                 "for one value write = or in (?1)");
  }
  for (pJson = pJson ? pJson->pChild : 0; pJson; pJson = pJson->pNext) {
    if (pJson->eType < ASSOC_J_ARRAY) continue;
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "the list of in holds single values, not %s",
                 assocJsonTypeName(pJson));
  }
  bindVal(pRun, pStmt, pBind->iSql, pVal);
}

/* Bind the LIKE pattern of a text, or NULL. */
static void bindPattern(AssocRun *pRun, sqlite3_stmt *pStmt,
                        const AssocBind *pBind) {
  ShapeVal text = *pBind->pVal;
  int n = 0;
  char *z;
  text.z = assocBindTextOf(pRun, pBind->pVal, &text.n);
  if (text.z == 0) {
    assocErrorCode(pRun->pCall, sqlite3_bind_null(pStmt, pBind->iSql));
    return;
  }
  z = assocSqlPattern(pRun->pCall, pBind->iPart, &text, &n);
  if (z == 0) return;
  assocErrorCode(pRun->pCall,
                 sqlite3_bind_text(pStmt, pBind->iSql, z, n, SQLITE_TRANSIENT));
  sqlite3_free(z);
}

/* Bind one value of the shape, as its use demands: as it is, as a cursor's
** part, as a list, or as a count that must be a whole number. MORE asks for one
** row more than the limit, which tells whether a next page exists. */
static void bindOne(AssocRun *pRun, sqlite3_stmt *pStmt,
                    const AssocBind *pBind) {
  i64 n;
  if (pBind->eHow == ASSOC_BIND_SESSION) {
    assocSessionBind(pRun->pCall, pStmt, pBind->iSql, pBind->pVal->z,
                     pBind->bList);
  } else if (pBind->eHow == ASSOC_BIND_VALUE) {
    bindVal(pRun, pStmt, pBind->iSql, pBind->pVal);
  } else if (pBind->eHow == ASSOC_BIND_CURSOR) {
    bindCursor(pRun, pStmt, pBind);
  } else if (pBind->eHow == ASSOC_BIND_LIST) {
    bindList(pRun, pStmt, pBind);
  } else if (pBind->eHow == ASSOC_BIND_LIKE) {
    bindPattern(pRun, pStmt, pBind);
  } else if (pBind->eHow == ASSOC_BIND_EARLY) {
    assocErrorCode(pRun->pCall, sqlite3_bind_pointer(pStmt, pBind->iSql, pStmt,
                                                     ASSOC_EARLY_TYPE, 0));
  } else {
    n = assocBindCount(pRun, pBind->pVal);
    /* MORE: one row beyond the page tells whether there is a next page. */
    if (n >= 0 && n < ASSOC_LIST_ALL && pBind->eHow == ASSOC_BIND_MORE) n++;
    assocErrorCode(pRun->pCall, sqlite3_bind_int64(pStmt, pBind->iSql, n));
  }
}

int assocBindIsLiteral(const AssocBind *pBind) {
  return pBind->eHow != ASSOC_BIND_CURSOR &&
         pBind->pVal->eType != SHAPE_VAL_NAMED &&
         pBind->pVal->eType != SHAPE_VAL_INDEX;
}

/*
** Literals are bound only once per prepared statement. SQLite looks at the
** pattern of a LIKE when it plans, and prepares the statement again whenever
** this value is bound again, even to the same value.
*/
sqlite3_stmt *assocFetchOpen(AssocRun *pRun, AssocFetch *pFetch) {
  AssocCall *pCall = pRun->pCall;
  sqlite3_stmt *pStmt = assocStmt(pCall, &pFetch->stmt, pFetch->zSql);
  const AssocBind *pBind;
  int bNew = pFetch->nBound != pFetch->stmt.nMade;
  assert(pFetch->zSql);
  if (pStmt == 0) return 0;
  for (pBind = pFetch->pBind; pBind; pBind = pBind->pNext) {
    if (pCall->rc != SQLITE_OK) return 0;
    if (bNew || !assocBindIsLiteral(pBind)) bindOne(pRun, pStmt, pBind);
  }
  if (pCall->rc == SQLITE_OK) pFetch->nBound = pFetch->stmt.nMade;
  return pCall->rc == SQLITE_OK ? pStmt : 0;
}

/* Prepare the statement behind EXPLAIN or EXPLAIN QUERY PLAN. */
static sqlite3_stmt *fetchExplain(AssocCall *pCall, AssocPlan *pPlan,
                                  const AssocFetch *pFetch,
                                  const char *zExplain) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "%s %s", zExplain, pFetch->zSql);
  const AssocBind *pBind;
  AssocRun run;
  memset(&run, 0, sizeof(run));
  run.pCall = pCall;
  run.pPlan = pPlan;
  for (pBind = pFetch->pBind; pBind && pStmt; pBind = pBind->pNext) {
    if (!assocBindIsLiteral(pBind)) continue;
    if (pBind->eHow == ASSOC_BIND_VALUE || pBind->eHow == ASSOC_BIND_LIKE) {
      bindOne(&run, pStmt, pBind);
    }
  }
  return pStmt;
}

/* See load.h. */
sqlite3_stmt *assocFetchExplain(AssocCall *pCall, AssocPlan *pPlan,
                                const AssocFetch *pFetch) {
  return fetchExplain(pCall, pPlan, pFetch, "EXPLAIN QUERY PLAN");
}

/* See load.h. */
int assocFetchReads(AssocCall *pCall, AssocPlan *pPlan,
                    const AssocFetch *pFetch) {
  sqlite3_stmt *pStmt = assocFetchExplain(pCall, pPlan, pFetch);
  int nIndex = 0;
  while (assocStep(pCall, pStmt)) {
    nIndex += strstr(assocColumnText(pCall, pStmt, 3), " USING INDEX ") != 0;
  }
  assocFinalize(pCall, pStmt);
  if (nIndex != 1) return nIndex > 0;
  return assocSqlMoves(pCall, fetchExplain(pCall, pPlan, pFetch, "EXPLAIN"));
}

/* For callers that have no run: the statement has no parameters of the shape,
** so an empty run is enough. */
sqlite3_stmt *assocFetchPlain(AssocCall *pCall, AssocPlan *pPlan,
                              AssocFetch *pFetch) {
  AssocRun run;
  memset(&run, 0, sizeof(run));
  run.pCall = pCall;
  run.pPlan = pPlan;
  return assocFetchOpen(&run, pFetch);
}

/*
** The statement stays prepared in its plan. Its bindings are set to NULL,
** because they may point into memory of the caller, and because a large value
** should not stay alive in the cache. Literals keep their values; they are
** bound once.
*/
void assocFetchClose(AssocFetch *pFetch, int nKey) {
  sqlite3_stmt *pStmt = pFetch->stmt.p;
  const AssocBind *pBind;
  int i;
  if (pStmt == 0) return;
  sqlite3_reset(pStmt);
  for (i = 1; i <= nKey; i++) sqlite3_bind_null(pStmt, i);
  for (pBind = pFetch->pBind; pBind; pBind = pBind->pNext) {
    if (!assocBindIsLiteral(pBind)) sqlite3_bind_null(pStmt, pBind->iSql);
  }
}

/* The key's values are ?1 and on. */
void assocFetchKey(AssocRun *pRun, sqlite3_stmt *pStmt) {
  int i;
  for (i = 0; pStmt && i < pRun->args.nKey; i++) {
    assocErrorCode(pRun->pCall,
                   sqlite3_bind_value(pStmt, i + 1, pRun->args.apKey[i]));
  }
}

/* SELECT json_type(?1), json_extract(?1,'$."s"'), json_type(?1,'$."s"'), … */
static char *namesText(AssocCall *pCall, const AssocPlan *pPlan) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i;
  sqlite3_str_appendall(pStr, "SELECT json_type(?1)");
  assert(pPlan->nName > 0);
  for (i = 0; i < pPlan->nName; i++) {
    const char *z = pPlan->azName[i];
    sqlite3_str_appendf(pStr,
                        ", json_extract(?1,'$.\"%w\"'), "
                        "json_type(?1,'$.\"%w\"')",
                        z, z);
  }
  return assocStrFinish(pCall, pStr);
}

static const char zNoObject[] = "the values of :name parameters are a JSON "
                                "object, given first after the shape";

/* One statement takes the object of names apart. The values are copied: they
** last to the end of the run. */
void assocBindNames(AssocRun *pRun) {
  AssocCall *pCall = pRun->pCall;
  AssocPlan *pPlan = pRun->pPlan;
  sqlite3_stmt *pStmt;
  char *zSql;
  int i, rc;
  if (pPlan->nName == 0) return;
  assert(pRun->args.nVal > 0); /* assocBindCheck() was called before */
  pRun->apNamed = assocAlloc(pCall, &pRun->fix,
                             (i64)sizeof(sqlite3_value *) * pPlan->nName);
  zSql = pPlan->names.p ? 0 : namesText(pCall, pPlan);
  pStmt = assocStmt(pCall, &pPlan->names, zSql);
  sqlite3_free(zSql);
  if (pStmt == 0) return;
  sqlite3_bind_value(pStmt, 1, pRun->args.apVal[0]);
  rc = sqlite3_step(pStmt);
  if (rc == SQLITE_ERROR) { /* Malformed JSON */
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0, "%s", zNoObject);
  } else if (rc != SQLITE_ROW) {
    assocErrorCode(pCall, rc == SQLITE_DONE ? SQLITE_OK : rc);
  } else {
    if (strcmp(assocColumnText(pCall, pStmt, 0), "object") != 0) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0, "%s", zNoObject);
    }
    for (i = 0; i < pPlan->nName && pCall->rc == SQLITE_OK; i++) {
      if (sqlite3_column_type(pStmt, i * 2 + 2) == SQLITE_NULL) {
        assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                     "the object of values has no \"%s\", which the "
                     "shape names",
                     pPlan->azName[i]);
      }
      pRun->apNamed[i] =
          sqlite3_value_dup(sqlite3_column_value(pStmt, i * 2 + 1));
      if (pRun->apNamed[i] == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    }
  }
  sqlite3_reset(pStmt);
  sqlite3_clear_bindings(pStmt);
}

/* The count is exact: too few and too many values are errors. */
void assocBindCheck(AssocRun *pRun) {
  const AssocShape *pShape = pRun->pPlan->pShape;
  int nWanted = pShape->nParam + (pShape->bNamed != 0);
  if (pRun->args.nVal == nWanted) return;
  assert(nWanted >= 0 && pRun->args.nVal >= 0);
  if (pRun->args.nVal < nWanted) {
    assocErrorOf(pRun->pCall, ASSOC_E_ARGUMENT, 0, 0,
                 pShape->nParam ? "the shape asks for ?%d, but %d value%s given"
                                : "the shape asks for named values, so an "
                                  "object of them should follow it",
                 pShape->nParam, pRun->args.nVal,
                 pRun->args.nVal == 1 ? " is" : "s are");
  } else {
    const char *zHint = 0;
    if (assocShapeIsOptions(pRun->pCall, pRun->args.apVal[nWanted])) {
      zHint = "options are no value: a query with its options is one text, "
              "{\"model\":\"User\",\"where\":{...}}, as is an association, "
              "{\"association\":\"posts\",\"where\":{...}}";
    }
    assocFail(pRun->pCall,
              &(AssocWhy){.eReason = ASSOC_E_ARGUMENT, .zHint = zHint},
              "%d value%s given, but the shape asks for %d", pRun->args.nVal,
              pRun->args.nVal == 1 ? " is" : "s are", nWanted);
  }
}
