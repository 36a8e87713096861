/*
** What only SQLite knows: whether it finds rows by an index that no rule of ours
** knows to serve, such as a partial one, and whether the index alone is enough.
** EXPLAIN QUERY PLAN tells, for example
**
**   SEARCH t2 USING INDEX posts_user (user_id=?)
*/
#include "sql/sql.h"

/* Does a line of EXPLAIN QUERY PLAN search a table by this column? */
static int seeksBy(const char *zLine, const char *zCol) {
  int nCol = (int)strlen(zCol);
  const char *z = strchr(zLine, '(');
  if (strncmp(zLine, "SEARCH ", 7) != 0) return 0;
  while (z) {
    z += z[0] == '(' ? 1 : 5;
    if (strncmp(z, zCol, (size_t)nCol) == 0 && strncmp(z + nCol, "=?", 2) == 0)
      return 1;
    z = strstr(z, " AND ");
  }
  return 0;
}

/* Does a line read a whole table? Of zAll all rows are wanted. */
static int readsAll(const char *zLine, const char *zAll) {
  size_t nAll = strlen(zAll);
  if (strstr(zLine, "AUTOMATIC")) return 1;
  if (strncmp(zLine, "SCAN ", 5) != 0) return 0;
  if (strcmp(zLine, "SCAN CONSTANT ROW") == 0) return 0;
  return strncmp(zLine + 5, zAll, nAll) != 0 ||
         (zLine[5 + nAll] != 0 && zLine[5 + nAll] != ' ');
}

/* See sql.h. */
int assocSqlSeeks(AssocCall *pCall, sqlite3_stmt *pStmt, const AssocRel *pRel,
                  const char *zAll) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pRel, &pTab);
  const char *zCol = pTab->aCol[pKey->aCol[0]].zName;
  int bSeek = 0, bAll = 0;
  assert(pKey->nCol > 0);
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 3);
    if (seeksBy(z, zCol)) bSeek = 1;
    if (readsAll(z, zAll)) bAll = 1;
  }
  assocFinalize(pCall, pStmt);
  return bSeek && !bAll;
}

/* The number of "?" in a line: the columns by which it searches. */
static int searchedBy(const char *zLine) {
  int n = 0;
  while ((zLine = strchr(zLine, '?')) != 0) zLine++, n++;
  return n;
}

/* See sql.h. */
int assocSqlNarrows(AssocCall *pCall, sqlite3_stmt *pStmt, const AssocRel *pRel,
                    int *pnIndex) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = assocRelFarKey(pRel, &pTab);
  const char *zCol = pTab->aCol[pKey->aCol[0]].zName;
  int b = 0;
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 3);
    *pnIndex += strstr(z, " USING INDEX ") != 0;
    b |= seeksBy(z, zCol) && searchedBy(z) > pKey->nCol;
  }
  assocFinalize(pCall, pStmt);
  return b;
}

/*
** See sql.h. EXPLAIN QUERY PLAN calls an index covering if it has all columns of
** the table that the statement names. A partial index need not have those of its
** own condition: if the WHERE has the same condition, SQLite does not test it. It
** moves to the row of the table only when a column of that is asked for:
**
**   DeferredSeek 3 0 1      cursor 3 is the index, 1 the table
**   Column       3 0 11     Column 1 … would read the table
*/
int assocSqlMoves(AssocCall *pCall, sqlite3_stmt *pStmt) {
  int nSeek = 0, iTable = -1, bMoves = 0;
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 1);
    if (strcmp(z, "DeferredSeek") == 0) {
      iTable = sqlite3_column_int(pStmt, 4);
      nSeek++;
    } else if (strcmp(z, "Column") == 0) {
      bMoves |= sqlite3_column_int(pStmt, 2) == iTable;
    }
  }
  assocFinalize(pCall, pStmt);
  return nSeek != 1 || bMoves;
}
