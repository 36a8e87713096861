/*
** INSERT INTO related ... SELECT reads its source to the end before it writes.
**
**    INSERT INTO related(model, key, association, json)
**      SELECT 'User', 1, 'posts', json_object('title', title) FROM Post;
**
** SQLite hands over each row as soon as it has read it. Here the row becomes a
** post, the SELECT then finds this post too, and would never end. For an
** ordinary table SQLite collects the rows first, and this file does the same:
** when the first row comes, the running statement is prepared a second time and
** run to its end, while its rows are only kept. Then all of them are written.
** The rows that the running statement still hands over have been written
** already and are skipped.
**
** The running statement is searched among those of the connection: it writes,
** it is busy, and its text says INSERT INTO this table. Only its text is
** available, so the copy borrows its parameters while it runs. If the statement
** is not found, as for the INSERT ... SELECT of a trigger, each row is written
** as it comes.
**
** The rows of INSERT ... VALUES (...), (...) are read in the same way, so they
** are written together.
*/
#include "surface/surface.h"

/* SQLite may be compiled without deprecated functions. */
#if defined(SQLITE_OMIT_DEPRECATED)
#define sourceLend(pFrom, pTo) SQLITE_ERROR
#define sourceLends() 0
#else
#define sourceLend(pFrom, pTo) sqlite3_transfer_bindings(pFrom, pTo)
#ifdef SQLITE_CORE
#define sourceLends() 1
#else
#define sourceLends() (sqlite3_api->transfer_bindings != 0)
#endif
#endif

/* ------------------------------------------------------------------- text */

/* Is the token this name, quoted or not? */
static int sourceNames(const char *z, int n, int eType, const char *zName) {
  if (eType == ASSOC_SQL_QUOTED && ASSOC_ALWAYS(n > 1)) {
    return assocSqlIs(z + 1, n - 2, zName);
  }
  return assocSqlIs(z, n, zName);
}

/* The text behind the word INTO of a statement that inserts, or 0. WITH and
** its parentheses may come first. */
static const char *sourceInto(const char *z) {
  int n, eType, nDepth = 0, bInsert = 0;
  for (; (n = assocSqlNext(&z, &eType)) > 0; z += n) {
    if (*z == '(') nDepth++;
    if (*z == ')') nDepth--;
    if (nDepth || eType != ASSOC_SQL_WORD) continue;
    if (assocSqlIs(z, n, "explain")) return 0;
    if (assocSqlIs(z, n, "insert") || assocSqlIs(z, n, "replace")) bInsert = 1;
    if (bInsert && assocSqlIs(z, n, "into")) return z + n;
  }
  return 0;
}

/* Does the text insert several rows into this table? With RETURNING SQLite
** keeps them aside itself. */
static int sourceReads(const AssocDmlTable *p, const char *z) {
  int n, eType, nDepth = 0, bValues = 0, bMany = 0;
  assert(p->zName);
  z = z ? sourceInto(z) : 0;
  if (z == 0) return 0;
  n = assocSqlNext(&z, &eType);
  if (z[n] == '.') {
    z += n + 1;
    n = assocSqlNext(&z, &eType);
  }
  if (!sourceNames(z, n, eType, p->zName)) return 0;
  for (z += n; (n = assocSqlNext(&z, &eType)) > 0; z += n) {
    nDepth += *z == '(';
    nDepth -= *z == ')';
    if (bValues && nDepth == 0 && *z == ',') bMany = 1;
    if (eType != ASSOC_SQL_WORD) continue;
    if (assocSqlIs(z, n, "from")) bMany = 1;
    if (assocSqlIs(z, n, "values")) bValues = 1;
    if (assocSqlIs(z, n, "returning")) return 0;
  }
  return bMany;
}

/* The same, but the last text that does so is kept, since each row that the
** statement hands over asks again. Without memory it is read each time. */
static int sourceIsRead(AssocDmlTable *p, const char *z) {
  if (p->zReads && z && strcmp(p->zReads, z) == 0) return 1;
  if (!sourceReads(p, z)) return 0;
  sqlite3_free(p->zReads);
  p->zReads = sqlite3_mprintf("%s", z);
  return 1;
}

/* Only a clear answer counts: if two statements fit, none is taken. Where
** SQLite was compiled without deprecated functions, parameters cannot be
** copied, so statements with parameters are left out. */
sqlite3_stmt *assocSourceStmt(AssocDmlTable *p) {
  sqlite3_stmt *pStmt = 0, *pFound = 0;
  int n = 0;
  while ((pStmt = sqlite3_next_stmt(p->pConn->db, pStmt)) != 0) {
    if (!sqlite3_stmt_busy(pStmt) || sqlite3_stmt_readonly(pStmt)) continue;
    if (sqlite3_bind_parameter_count(pStmt) && !sourceLends()) continue;
    if (!sourceIsRead(p, sqlite3_sql(pStmt))) continue;
    pFound = pStmt;
    n++;
  }
  return n == 1 ? pFound : 0;
}

/* ------------------------------------------------------------------- rows */

/* Is value i of a row the one of the row before? The first row has none. */
static int sourceShares(const AssocSource *pSource, sqlite3_value **apVal,
                        int i) {
  return apVal != pSource->apVal && apVal[i] == apVal[i - pSource->nVal];
}

/* Free the first n values of a row that no row before has. */
static void sourceFree(AssocSource *pSource, sqlite3_value **apVal, int n) {
  while (n-- > 0) {
    if (apVal[n] == pSource->pNull || sourceShares(pSource, apVal, n)) continue;
    sqlite3_value_free(apVal[n]);
  }
}

/* Are both the same short text, as names of models and associations are? */
static int sourceSame(sqlite3_value *pA, sqlite3_value *pB) {
  const unsigned char *zA, *zB;
  int n;
  if (sqlite3_value_type(pA) != SQLITE_TEXT) return 0;
  if (sqlite3_value_type(pB) != SQLITE_TEXT) return 0;
  zA = sqlite3_value_text(pA);
  zB = sqlite3_value_text(pB);
  n = sqlite3_value_bytes(pA);
  if (zA == 0 || zB == 0 || n > 100 || n != sqlite3_value_bytes(pB)) return 0;
  return memcmp(zA, zB, (size_t)n) == 0;
}

/* A copy of a value for column i of a row. Most columns of related are NULL, and
** these are one copy; a text that the row before has is shared with it. 0 if
** memory runs out. */
static sqlite3_value *sourceCopy(AssocSource *pSource, sqlite3_value **apNew,
                                 int i, sqlite3_value *pVal) {
  if (sqlite3_value_type(pVal) == SQLITE_NULL) {
    if (pSource->pNull == 0) pSource->pNull = sqlite3_value_dup(pVal);
    return pSource->pNull;
  }
  if (pSource->nRow > 0 && sourceSame(pVal, apNew[i - pSource->nVal])) {
    return apNew[i - pSource->nVal];
  }
  return sqlite3_value_dup(pVal);
}

/* Copies of the row's values. Called from xUpdate, so the result is a plain
** code. */
int assocSourceKeep(AssocDmlTable *p, int nVal, sqlite3_value **apVal) {
  AssocSource *pSource = p->pSource;
  sqlite3_value **apNew;
  int i;
  assert(nVal > 1 && pSource->nRow <= pSource->nAlloc);
  if (pSource->nRow >= pSource->nAlloc) {
    i64 nNew = pSource->nAlloc * 2 + 64;
    sqlite3_value **ap =
        sqlite3_realloc64(pSource->apVal, sizeof(*ap) * (u64)(nNew * nVal));
    if (ap == 0) return SQLITE_NOMEM;
    pSource->apVal = ap;
    pSource->nAlloc = nNew;
  }
  assert(pSource->nVal == 0 || pSource->nVal == nVal);
  pSource->nVal = nVal;
  apNew = &pSource->apVal[pSource->nRow * nVal];
  for (i = 0; i < nVal; i++) {
    apNew[i] = sourceCopy(pSource, apNew, i, apVal[i]);
    if (apNew[i]) continue;
    sourceFree(pSource, apNew, i);
    return SQLITE_NOMEM;
  }
  pSource->nRow++;
  return SQLITE_OK;
}

/* Safe on a structure with no rows. The last row goes first, because a row shares
** values with the one before. */
void assocSourceClear(AssocSource *pSource) {
  i64 i;
  for (i = pSource->nRow - 1; i >= 0; i--) {
    sourceFree(pSource, &pSource->apVal[i * pSource->nVal], pSource->nVal);
  }
  sqlite3_value_free(pSource->pNull);
  sqlite3_free(pSource->apVal);
  memset(pSource, 0, sizeof(*pSource));
}

/* Run the copy to its end. The statement may have no parameters to transfer. */
static void sourceRun(AssocCall *pCall, sqlite3_stmt *pFrom,
                      sqlite3_stmt *pCopy) {
  int bLend = sqlite3_bind_parameter_count(pFrom) > 0;
  if (pCopy == 0) return;
  if (bLend) assocErrorCode(pCall, sourceLend(pFrom, pCopy));
  while (assocStep(pCall, pCopy)) {
  }
  sqlite3_reset(pCopy);
  if (bLend) assocErrorCode(pCall, sourceLend(pCopy, pFrom));
}

/* p->pSource tells xUpdate to keep the rows of the copy instead of writing
** them. */
void assocSourceRead(AssocCall *pCall, AssocDmlTable *p, sqlite3_stmt *pStmt,
                     AssocSource *pSource) {
  sqlite3_stmt *pCopy = assocPrepare(pCall, "%s", sqlite3_sql(pStmt));
  assert(p->pSource == 0 && sqlite3_stmt_busy(pStmt));
  memset(pSource, 0, sizeof(*pSource));
  p->pSource = pSource;
  sourceRun(pCall, pStmt, pCopy);
  p->pSource = 0;
  assocFinalize(pCall, pCopy);
}
