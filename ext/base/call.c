/*
** AssocCall: the sticky error, and SQLite's interface with that error. See
** base.h for the idea and an example.
*/
#include "base/base.h"

void assocCallInit(AssocCall *pCall, AssocConn *pConn) {
  assert(pConn);
  memset(pCall, 0, sizeof(*pCall));
  pCall->err.iAt = -1;
  pCall->pConn = pConn;
  pCall->db = pConn->db;
}

void assocCallClear(AssocCall *pCall) {
  if (pCall->rc == SQLITE_OK) return; /* Without an error err is empty */
  assocErrClear(&pCall->err);
  pCall->rc = SQLITE_OK;
}

/* Each nested call needs several kilobytes of the C stack. */
#define CALLS_INSIDE 40

int assocCallEnter(AssocCall *pCall) {
  if (pCall->pConn->nInside >= CALLS_INSIDE) {
    assocErrorOf(pCall, ASSOC_E_LIMIT, 0, 0,
                 "more than %d calls are inside one another: does a view call "
                 "eager() or related() on itself?",
                 CALLS_INSIDE);
  }
  if (pCall->rc != SQLITE_OK) return 0;
  pCall->pConn->nInside++;
  return 1;
}

void assocCallLeave(AssocCall *pCall) {
  assert(pCall->pConn->nInside > 0);
  pCall->pConn->nInside--;
}

/* Skip white space and SQL comments. */
static const char *sqlStart(const char *z) {
  for (;;) {
    if (assocIsSpace(*z)) {
      z++;
    } else if (strncmp(z, "--", 2) == 0) {
      z += strcspn(z, "\n");
    } else if (strncmp(z, "/*", 2) == 0) {
      z = strstr(z + 2, "*/");
      if (z == 0) return "";
      z += 2;
    } else {
      return z;
    }
  }
}

/* Does the statement evaluate CHECK constraints? PRAGMA integrity_check and
** quick_check do. */
static int isCheckPragma(sqlite3_stmt *pStmt) {
  const char *z = sqlite3_sql(pStmt);
  z = z ? sqlStart(z) : "";
  return sqlite3_strnicmp(z, "PRAGMA", 6) == 0 &&
         sqlite3_strlike("%\\_check%", z, '\\') == 0;
}

/* Only running statements can have called us, so the others are skipped. */
void assocCallDirect(AssocCall *pCall, const char *zFunction, int bWriting) {
  sqlite3_stmt *p;
  if (sqlite3_libversion_number() >= 3050000) return;
  for (p = sqlite3_next_stmt(pCall->db, 0); p;
       p = sqlite3_next_stmt(pCall->db, p)) {
    if (!sqlite3_stmt_busy(p)) continue;
    if (bWriting ? sqlite3_stmt_readonly(p) : !isCheckPragma(p)) continue;
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, zFunction,
                 "%s() changes something, so it cannot run inside a statement "
                 "that %s; call it as SELECT %s(...) alone",
                 zFunction, bWriting ? "is writing" : "checks the database",
                 zFunction);
    return;
  }
}

void assocTryBegin(AssocCall *pTry, const AssocCall *pCall) {
  assert(pTry != pCall);
  assocCallInit(pTry, pCall->pConn);
  pTry->bGate = pCall->bGate;
  pTry->bQuiet = pCall->bQuiet;
  pTry->rc = pCall->rc;
}

int assocTryEnd(AssocCall *pTry, AssocCall *pCall, AssocErr *pWhy) {
  return assocTryEndAs(pTry, pCall, SQLITE_ERROR, pWhy);
}

int assocTryEndAs(AssocCall *pTry, AssocCall *pCall, int rcNo, AssocErr *pWhy) {
  int bNo = pCall->rc == SQLITE_OK && rcNo && (pTry->rc & 0xff) == rcNo &&
            pTry->rc != SQLITE_ERROR_RETRY;
  AssocErr *pTo = bNo ? pWhy : pCall->rc == SQLITE_OK ? &pCall->err : 0;
  assert(pTry->pConn == pCall->pConn);
  if (pWhy) memset(pWhy, 0, sizeof(*pWhy));
  if (pTo && pTry->rc != SQLITE_OK) {
    pTry->err.rc = pTry->rc;
    *pTo = pTry->err;
    memset(&pTry->err, 0, sizeof(pTry->err));
  }
  if (pCall->rc == SQLITE_OK && !bNo) pCall->rc = pTry->rc;
  assocCallClear(pTry);
  return bNo;
}

/* How many bytes the first n bytes of a format make; -1 if memory runs out. */
static int formatLength(const char *zFmt, int n, va_list ap) {
  char *zHead = sqlite3_mprintf("%.*s", n, zFmt);
  char *z = zHead ? sqlite3_vmprintf(zHead, ap) : 0;
  n = z ? (int)strlen(z) : -1;
  sqlite3_free(z);
  sqlite3_free(zHead);
  return n;
}

void assocFailV(AssocCall *pCall, const AssocWhy *pWhy, const char *zFmt,
                va_list ap) {
  const char *zHint = strstr(zFmt, "; ");
  AssocWhy why = *pWhy;
  va_list ap2;
  char *z;
  int n = 0;
  assert(pWhy->eReason > ASSOC_E_SQLITE && zFmt);
  if (pCall->rc != SQLITE_OK) return;
  va_copy(ap2, ap);
  if (zHint) n = formatLength(zFmt, (int)(zHint - zFmt), ap2);
  va_end(ap2);
  z = n < 0 ? 0 : sqlite3_vmprintf(zFmt, ap);
  if (z && zHint) {
    assert(why.zHint == 0 && why.zNear == 0 && strncmp(&z[n], "; ", 2) == 0);
    z[n] = 0;
    why.zHint = &z[n + 2];
  }
  pCall->rc = SQLITE_NOMEM;
  if (assocErrSet(&pCall->err, &why, z)) pCall->rc = pCall->err.rc;
}

void assocFail(AssocCall *pCall, const AssocWhy *pWhy, const char *zFmt, ...) {
  va_list ap;
  va_start(ap, zFmt);
  assocFailV(pCall, pWhy, zFmt, ap);
  va_end(ap);
}

void assocErrorOf(AssocCall *pCall, int eReason, const char *zModel,
                  const char *zName, const char *zFmt, ...) {
  AssocWhy why = {.eReason = eReason, .zModel = zModel, .zName = zName};
  va_list ap;
  va_start(ap, zFmt);
  assocFailV(pCall, &why, zFmt, ap);
  va_end(ap);
}

void assocErrorPrefix(AssocCall *pCall, const char *zFmt, ...) {
  AssocErr *p = &pCall->err;
  va_list ap;
  char *zBefore, *z;
  if (p->eReason == ASSOC_E_SQLITE) return;
  assert(p->zText); /* A reason has a text */
  va_start(ap, zFmt);
  zBefore = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  z = zBefore ? sqlite3_mprintf("%s%s", zBefore, p->zText) : 0;
  sqlite3_free(zBefore);
  if (z == 0) {
    assocErrClear(p);
    pCall->rc = SQLITE_NOMEM;
    return;
  }
  sqlite3_free(p->zText);
  p->zText = z;
}

void assocErrorAs(AssocCall *pCall, int rc, const char *zFmt, ...) {
  va_list ap;
  assert(rc != SQLITE_OK);
  if (pCall->rc != SQLITE_OK) return;
  va_start(ap, zFmt);
  pCall->err.zText = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  pCall->rc = pCall->err.zText ? rc : SQLITE_NOMEM;
}

/*
** The message is copied at once, because the next statement on the connection
** replaces it, even if that statement succeeds. If the connection has another
** error by now, its message would be wrong, so err.zText stays 0.
*/
void assocErrorCode(AssocCall *pCall, int rc) {
  if (pCall->rc != SQLITE_OK || rc == SQLITE_OK) return;
  if (rc == SQLITE_ABORT) assocBudgetError(pCall);
  if (pCall->rc != SQLITE_OK) return;
  pCall->rc = rc;
  if (rc == SQLITE_NOMEM) return;
  if (sqlite3_extended_errcode(pCall->db) == rc ||
      sqlite3_errcode(pCall->db) == (rc & 0xff)) {
    pCall->err.zText = sqlite3_mprintf("%s", sqlite3_errmsg(pCall->db));
    if (pCall->err.zText == 0) pCall->rc = SQLITE_NOMEM;
  }
}

/* Make the call's error the last error of the connection, which assoc_error()
** returns. OUT: the text, freed with sqlite3_free(); 0 if memory runs out. */
static char *callEnd(AssocCall *pCall) {
  AssocErr *pLast = &pCall->pConn->last;
  char *z;
  assert(pCall->rc != SQLITE_OK);
  pCall->err.rc = pCall->rc;
  z = assocErrText(&pCall->err);
  assocErrClear(pLast);
  *pLast = pCall->err;
  memset(&pCall->err, 0, sizeof(pCall->err));
  return z;
}

/*
** The text must be set first, because sqlite3_result_error() resets the code.
*/
int assocCallFailed(AssocCall *pCall, sqlite3_context *pCtx) {
  char *z;
  if (pCall->rc == SQLITE_OK) return 0;
  z = callEnd(pCall);
  if (pCall->rc == SQLITE_NOMEM || z == 0) {
    sqlite3_result_error_nomem(pCtx);
  } else {
    sqlite3_result_error(pCtx, z, -1);
    sqlite3_result_error_code(pCtx, pCall->rc);
  }
  sqlite3_free(z);
  assocCallClear(pCall);
  return 1;
}

int assocCallVtab(AssocCall *pCall, char **pzErr) {
  int rc = pCall->rc;
  if (rc != SQLITE_OK) {
    int bText = pCall->err.zText != 0;
    char *z = callEnd(pCall);
    if (z == 0) rc = SQLITE_NOMEM;
    if (bText && z) {
      sqlite3_free(*pzErr);
      *pzErr = z;
    } else {
      sqlite3_free(z);
    }
  }
  assocCallClear(pCall);
  return rc;
}

void *assocMalloc(AssocCall *pCall, i64 nByte) {
  void *p;
  assert(nByte >= 0);
  if (pCall->rc != SQLITE_OK) return 0;
  p = sqlite3_malloc64((u64)nByte);
  if (p == 0) pCall->rc = SQLITE_NOMEM;
  return p;
}

char *assocMprintf(AssocCall *pCall, const char *zFmt, ...) {
  va_list ap;
  char *z;
  if (pCall->rc != SQLITE_OK) return 0;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) pCall->rc = SQLITE_NOMEM;
  return z;
}

/*
** sqlite3_str_finish() returns 0 for an empty text and also if memory ran out.
** Only the error code tells the two apart.
*/
char *assocStrFinish(AssocCall *pCall, sqlite3_str *pStr) {
  int rc = sqlite3_str_errcode(pStr);
  char *z = sqlite3_str_finish(pStr);
  if (rc != SQLITE_OK) assocErrorCode(pCall, rc);
  if (z == 0) return assocMprintf(pCall, "");
  if (pCall->rc == SQLITE_OK) return z;
  sqlite3_free(z);
  return 0;
}

/* See base.h. */
void assocStrAdd(sqlite3_str *pStr, const char *z) {
  assert(z);
  if (*z) sqlite3_str_appendall(pStr, z);
}

sqlite3_stmt *assocPrepareText(AssocCall *pCall, char *zSql) {
  sqlite3_stmt *pStmt = 0;
  if (zSql == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  if (pCall->rc == SQLITE_OK) {
    assocErrorCode(pCall, sqlite3_prepare_v2(pCall->db, zSql, -1, &pStmt, 0));
  }
  sqlite3_free(zSql);
  return pStmt;
}

sqlite3_stmt *assocPrepare(AssocCall *pCall, const char *zFmt, ...) {
  va_list ap;
  char *zSql;
  if (pCall->rc != SQLITE_OK) return 0;
  va_start(ap, zFmt);
  zSql = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  return assocPrepareText(pCall, zSql);
}

int assocStep(AssocCall *pCall, sqlite3_stmt *pStmt) {
  int rc;
  assert(pStmt || pCall->rc != SQLITE_OK);
  if (pCall->rc != SQLITE_OK) return 0;
  rc = sqlite3_step(pStmt);
  if (rc == SQLITE_ROW) return 1;
  if (rc != SQLITE_DONE) assocErrorCode(pCall, rc);
  sqlite3_reset(pStmt);
  return 0;
}

int assocIsUtf16(AssocCall *pCall) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA encoding");
  int b = assocStep(pCall, pStmt) &&
          strcmp(assocColumnText(pCall, pStmt, 0), "UTF-8") != 0;
  assocFinalize(pCall, pStmt);
  return b;
}

void assocFinalize(AssocCall *pCall, sqlite3_stmt *pStmt) {
  (void)pCall; /* assocStep() has reported the error already */
  sqlite3_finalize(pStmt);
}

void assocBindText(AssocCall *pCall, sqlite3_stmt *pStmt, int i,
                   const char *z) {
  if (pCall->rc != SQLITE_OK) return;
  assocErrorCode(pCall, sqlite3_bind_text(pStmt, i, z, -1, SQLITE_TRANSIENT));
}

void assocExec(AssocCall *pCall, const char *zFmt, ...) {
  va_list ap;
  char *zSql;
  assert(zFmt);
  if (pCall->rc != SQLITE_OK) return;
  va_start(ap, zFmt);
  zSql = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (zSql == 0) {
    assocErrorCode(pCall, SQLITE_NOMEM);
    return;
  }
  assocErrorCode(pCall, sqlite3_exec(pCall->db, zSql, 0, 0, 0));
  sqlite3_free(zSql);
}

const char *assocColumnText(AssocCall *pCall, sqlite3_stmt *pStmt, int iCol) {
  const char *z;
  if (pCall->rc != SQLITE_OK) return "";
  z = (const char *)sqlite3_column_text(pStmt, iCol);
  if (z == 0 && sqlite3_column_type(pStmt, iCol) != SQLITE_NULL) {
    assocErrorCode(pCall, SQLITE_NOMEM);
  }
  return z ? z : "";
}

i64 assocValueWhole(sqlite3_value *pValue) {
  const u8 *z, *zEnd;
  double r;
  i64 n = 0;
  switch (sqlite3_value_type(pValue)) {
  case SQLITE_INTEGER: n = sqlite3_value_int64(pValue); return n < 0 ? -2 : n;
  case SQLITE_FLOAT:
    r = sqlite3_value_double(pValue);
    return r >= 0 && r < 1e15 && (double)(i64)r == r ? (i64)r : -2;
  case SQLITE_TEXT:
    z = sqlite3_value_text(pValue);
    if (z == 0 || z[0] == 0) return -2;
    zEnd = z + sqlite3_value_bytes(pValue);
    for (; assocIsDigit((char)*z) && n < (i64)1e15; z++) n = n * 10 + *z - '0';
    return z < zEnd ? -2 : n;
  }
  return -2;
}
