/*
** Rows by the values of UNIQUE indexes, as SQLite would find a conflict.
**
**   {"#by":"name", "name":"sql"}
**
**   SELECT "id", "deletedAt" IS NOT NULL FROM "main"."Tag"
**    WHERE "name"=?1 COLLATE "nocase" AND (active = 1)
**
** Rows may also take over UNIQUE values from each other:
**
**   {"lines":{"#set":[{"id":1,"pos":2}, {"id":2,"pos":1}]}}
**
** SQLite checks each row as it is written. So a row waits until no other row
** has its new values. If all rows wait for each other, one of them is parked:
** it gives up its values for NULL or, where NULL is not allowed, for a value
** that no row has.
*/
#include "write/write.h"

/* ------------------------------------------------------------------ choice */

/* Is the column among these? */
static int columnAmong(int iCol, int n, const int *a) {
  int i;
  for (i = 0; i < n; i++) {
    if (a[i] == iCol) return 1;
  }
  return 0;
}

/* Are all columns of a among those of b? */
static int columnsWithin(int nA, const int *aA, int nB, const int *aB) {
  int i;
  for (i = 0; i < nA && columnAmong(aA[i], nB, aB); i++) {
  }
  return i == nA;
}

/* The writer's entry of an index that also reads columns; pIdx 0 means the
** model's key. */
static WriteUnique *uniqueReading(AssocWriter *w, AssocModel *pModel,
                                  const AssocIndex *pIdx, int nGet,
                                  const int *aGet) {
  WriteUnique *p;
  for (p = w->pUnique; p; p = p->pNext) {
    if (p->pModel == pModel && p->pIdx == pIdx && p->nGet == nGet &&
        (nGet == 0 || memcmp(p->aGet, aGet, sizeof(int) * (size_t)nGet) == 0)) {
      return p;
    }
  }
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pModel = pModel;
  p->pIdx = pIdx;
  p->nGet = nGet;
  p->aGet = assocArenaInts(w->pCall, &w->mem, nGet, aGet);
  if (w->pCall->rc != SQLITE_OK) return 0;
  p->nCol = pIdx ? pIdx->nCol : pModel->nKey;
  p->aCol = pIdx ? pIdx->aCol : pModel->aKey;
  p->pNext = w->pUnique;
  w->pUnique = p;
  return p;
}

/* The same without columns. */
static WriteUnique *uniqueOf(AssocWriter *w, AssocModel *pModel,
                             const AssocIndex *pIdx) {
  return uniqueReading(w, pModel, pIdx, 0, 0);
}

WriteUnique *assocUniqueReading(AssocWriter *w, const WriteUnique *p, int nGet,
                                const int *aGet) {
  return uniqueReading(w, p->pModel, p->pIdx, nGet, aGet);
}

/* Is it a UNIQUE index of columns alone? */
static int indexIsPlain(const AssocIndex *pIdx) {
  int i;
  for (i = 0; i < pIdx->nCol && pIdx->aCol[i] >= 0; i++) {
  }
  return pIdx->bUnique && i == pIdx->nCol;
}

/* Append "a, b". */
static void columnNames(sqlite3_str *pStr, const AssocTable *pTab, int n,
                        const int *a) {
  int i;
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "", pTab->aCol[a[i]].zName);
  }
}

/* The error that no UNIQUE index has these columns, with those that exist. */
static void uniqueMissing(AssocWriter *w, AssocModel *pModel, int nBy,
                          const int *aBy) {
  AssocTable *pTab = pModel->pTable;
  sqlite3_str *pStr = sqlite3_str_new(w->pCall->db);
  sqlite3_str *pBy = sqlite3_str_new(w->pCall->db);
  const AssocIndex *pIdx;
  char *z, *zBy;
  sqlite3_str_appendall(pStr, "UNIQUE are (");
  columnNames(pStr, pTab, pModel->nKey, pModel->aKey);
  sqlite3_str_appendall(pStr, ")");
  for (pIdx = assocTableIndexes(w->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (!indexIsPlain(pIdx) || pIdx->bPrimary) continue;
    if (assocColumnsHide(w->pCall, pTab, pIdx->nCol, pIdx->aCol)) continue;
    sqlite3_str_appendall(pStr, ", (");
    columnNames(pStr, pTab, pIdx->nCol, pIdx->aCol);
    sqlite3_str_appendall(pStr, ")");
  }
  columnNames(pBy, pTab, nBy, aBy);
  z = assocStrFinish(w->pCall, pStr);
  zBy = assocStrFinish(w->pCall, pBy);
  assocFail(w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zModel = pModel->zLabel,
                        .zName = zBy,
                        .zHint = z},
            "no UNIQUE index of %s tells rows apart by (%s)", pModel->zLabel,
            zBy);
  sqlite3_free(z);
  sqlite3_free(zBy);
}

WriteUnique **assocUniquesBy(AssocWriter *w, AssocModel *pModel, int nBy,
                             const int *aBy, int nGiven, const int *aGiven,
                             int *pn) {
  AssocIndex *pFirst = assocTableIndexes(w->pCall, pModel->pTable), *pIdx;
  WriteUnique **ap;
  int ePass, nIdx = 1, n = 0;
  for (pIdx = pFirst; pIdx; pIdx = pIdx->pNext) nIdx++;
  ap = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*ap) * (nIdx + 1));
  if (ap == 0) return 0;
  if (pModel->nKey == nBy && columnsWithin(nBy, aBy, nBy, pModel->aKey)) {
    ap[n++] = uniqueOf(w, pModel, 0);
  }
  /* First the indexes of just these columns, the partial ones last; if there is
  ** none, the indexes that also have given columns. */
  for (ePass = 0; ePass < 4 && (n == 0 || (ePass & 1)); ePass++) {
    for (pIdx = pFirst; pIdx; pIdx = pIdx->pNext) {
      int i, bFits = indexIsPlain(pIdx) && pIdx->bPartial == (ePass & 1) &&
                     columnsWithin(nBy, aBy, pIdx->nCol, pIdx->aCol);
      for (i = 0; bFits && i < pIdx->nCol; i++) {
        bFits = columnAmong(pIdx->aCol[i], nBy, aBy) ||
                (ePass >= 2 && columnAmong(pIdx->aCol[i], nGiven, aGiven));
      }
      if (bFits) ap[n++] = uniqueOf(w, pModel, pIdx);
    }
  }
  assert(n <= nIdx);
  if (n == 0) uniqueMissing(w, pModel, nBy, aBy);
  *pn = n;
  return w->pCall->rc == SQLITE_OK ? ap : 0;
}

/* ------------------------------------------------------------------ finding */

/* The statement that finds a row: see the head of this file. */
static WriteSql *uniqueStmt(AssocWriter *w, WriteUnique *p) {
  AssocModel *pModel = p->pModel;
  AssocTable *pTab = pModel->pTable;
  AssocSql sql;
  int i;
  if (p->pFind) return p->pFind;
  (void)assocModelScopes(w->pCall, pModel);
  assocSchemaNeedTrust(w->pCall, pTab->pSchema);
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(sql.pStr, "\"%w\", ",
                        pTab->aCol[pModel->aKey[i]].zName);
  }
  if (pModel->iDeleted >= 0) {
    sqlite3_str_appendf(sql.pStr, "\"%w\" IS NOT NULL",
                        pTab->aCol[pModel->iDeleted].zName);
  } else {
    sqlite3_str_appendall(sql.pStr, "0");
  }
  for (i = 0; i < p->nGet; i++) {
    sqlite3_str_appendf(sql.pStr, ", \"%w\"", pTab->aCol[p->aGet[i]].zName);
  }
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTableAll(&sql, pTab, 1);
  for (i = 0; i < p->nCol; i++) {
    sqlite3_str_appendf(sql.pStr, "%s\"%w\"=?%d", i ? " AND " : " WHERE ",
                        pTab->aCol[p->aCol[i]].zName, ++sql.nVar);
    if (p->pIdx) {
      sqlite3_str_appendf(sql.pStr, " COLLATE \"%w\"", p->pIdx->azColl[i]);
    }
  }
  if (p->pIdx && p->pIdx->bPartial) {
    const char *z = assocIndexWhere(w->pCall, &w->mem, pTab, p->pIdx);
    sqlite3_str_appendf(sql.pStr, " AND (%s)", z ? z : "");
  }
  p->pFind = assocWriteSqlKeep(w, &sql);
  return p->pFind;
}

/* The cell of a column, or 0. */
static const WriteCell *cellAt(int iCol, int nCell, const WriteCell *aCell) {
  int i;
  for (i = 0; i < nCell; i++) {
    if (aCell[i].iCol == iCol) return &aCell[i];
  }
  return 0;
}

/* Read the row that the statement finds, whose values are bound. */
static int uniqueRead(AssocWriter *w, const WriteUnique *p, sqlite3_stmt *pStmt,
                      WriteRow *pRow, int *pbDead, WriteCell *aRest,
                      int *pnRest) {
  int n = p->pModel->nKey;
  pRow->pModel = p->pModel;
  pRow->aKey = 0;
  if (assocStep(w->pCall, pStmt)) {
    pRow->aKey = assocWriteGet(w, pStmt, 0, n);
    *pbDead = sqlite3_column_int(pStmt, n);
    if (p->nGet)
      *pnRest = assocRowLacks(w, p->pModel, pStmt, n + 1, p->nGet, aRest);
  }
  sqlite3_reset(pStmt);
  return pRow->aKey != 0;
}

int assocUniqueFind(AssocWriter *w, WriteUnique *p, int nCell,
                    const WriteCell *aCell, WriteRow *pRow, int *pbDead,
                    WriteCell *aRest, int *pnRest) {
  const AssocModel *pModel = p->pModel;
  sqlite3_stmt *pStmt = assocWriteSqlUse(w, uniqueStmt(w, p));
  int i;
  for (i = 0; i < p->nCol; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[p->aCol[i]];
    const WriteCell *pCell = cellAt(p->aCol[i], nCell, aCell);
    if (pCell == 0 || assocValIsNull(&pCell->val)) {
      assocErrorOf(
          w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, pCol->zName,
          "a row of %s is to be found by %s, which %s; give it a value",
          pModel->zLabel, pCol->zName, pCell ? "is NULL" : "is not there");
      return 0;
    }
    assocWriteBind(w, pStmt, i + 1, pCol, &pCell->val);
  }
  assert(p->nGet == 0 || aRest);
  return uniqueRead(w, p, pStmt, pRow, pbDead, aRest, pnRest);
}

/* ---------------------------------------------------------------- changing */

/* The values that the index would have of a row after the change: those of the
** cells, else the present ones. 0 if one of them is NULL, or after an error. */
static WriteCell *valuesAfter(AssocWriter *w, const WriteUnique *p,
                              const WriteNew *pNew) {
  WriteCell *a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (p->nCol + 1));
  AssocKey key = {.nCol = p->nCol, .aCol = (int *)p->aCol};
  const WriteVal *aHas = assocRowGet(w, &pNew->row, &key, 0);
  int i;
  assert(pNew->row.pModel == p->pModel);
  if (a == 0 || aHas == 0) return 0;
  for (i = 0; i < p->nCol; i++) {
    const WriteCell *pCell = cellAt(p->aCol[i], pNew->nCell, pNew->aCell);
    a[i].iCol = p->aCol[i];
    a[i].val = pCell ? pCell->val : aHas[i];
    if (assocValIsNull(&a[i].val)) return 0;
  }
  return a;
}

/* Do the row's cells change a column of the index? */
static int indexTouched(const AssocIndex *pIdx, const WriteNew *pNew) {
  int i;
  for (i = 0; i < pNew->nCell; i++) {
    if (columnAmong(pNew->aCell[i].iCol, pIdx->nCol, pIdx->aCol)) return 1;
  }
  return 0;
}

/* Does another row have UNIQUE values that this row is to get? Then *pOther is
** that row. */
static int rowIsBlocked(AssocWriter *w, const WriteNew *pNew,
                        WriteRow *pOther) {
  AssocModel *pModel = pNew->row.pModel;
  const AssocIndex *pIdx = assocTableIndexes(w->pCall, pModel->pTable);
  for (; pIdx; pIdx = pIdx->pNext) {
    WriteUnique *p;
    const WriteCell *a;
    int bDead;
    if (!indexIsPlain(pIdx) || !indexTouched(pIdx, pNew)) continue;
    p = uniqueOf(w, pModel, pIdx);
    a = p ? valuesAfter(w, p, pNew) : 0;
    if (a && assocUniqueFind(w, p, p->nCol, a, pOther, &bDead, 0, 0) &&
        !assocRowSame(pOther, &pNew->row)) {
      return 1;
    }
  }
  return 0;
}

/* A statement that gives a column of one row a value that no row has, of the
** type that it has now:
**
**   UPDATE "main"."Line" SET "pos"=CASE typeof("pos") WHEN 'integer' THEN
**     (SELECT max("pos")+1 FROM "main"."Line" WHERE typeof("pos")='integer') …
**    WHERE "id"=?1
*/
static WriteSql *parkStmt(AssocWriter *w, const AssocModel *pModel, int iCol) {
  static const char *const azNumber[] = {"integer", "real"};
  const AssocTable *pTab = pModel->pTable;
  const char *zCol = pTab->aCol[iCol].zName;
  AssocSql sql;
  int i;
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "UPDATE ");
  assocSqlTable(&sql, pTab);
  sqlite3_str_appendf(sql.pStr, " SET \"%w\"=CASE typeof(\"%w\")", zCol, zCol);
  for (i = 0; i < ASSOC_COUNT(azNumber); i++) {
    sqlite3_str_appendf(sql.pStr, " WHEN '%s' THEN (SELECT max(\"%w\")+1 FROM ",
                        azNumber[i], zCol);
    assocSqlTable(&sql, pTab);
    sqlite3_str_appendf(sql.pStr, " WHERE typeof(\"%w\")='%s')", zCol,
                        azNumber[i]);
  }
  sqlite3_str_appendall(sql.pStr, " WHEN 'blob' THEN randomblob(16) ELSE "
                                  "hex(randomblob(16)) END");
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(sql.pStr, "%s\"%w\"=?%d", i ? " AND " : " WHERE ",
                        pTab->aCol[pModel->aKey[i]].zName, ++sql.nVar);
  }
  return assocWriteSqlKeep(w, &sql);
}

/* Take away the value of one column of a row. The row gets its new value
** later, so this is no change that counts. */
static void parkColumn(AssocWriter *w, const WriteRow *pRow, int iCol) {
  const AssocModel *pModel = pRow->pModel;
  const WriteCell cell = {iCol, {&assocNull, 0, 0}};
  i64 nChange = w->nChange;
  sqlite3_stmt *pStmt;
  int i;
  if (!pModel->pTable->aCol[iCol].bNotNull) {
    assocRowUpdate(w, pRow, 1, &cell);
  } else {
    pStmt = assocWriteSqlUse(w, parkStmt(w, pModel, iCol));
    for (i = 0; i < pModel->nKey; i++) {
      assocWriteBind(w, pStmt, i + 1, 0, &pRow->aKey[i]);
    }
    (void)assocStep(w->pCall, pStmt);
  }
  w->nChange = nChange;
}

/* Is the column in a declared foreign key? A value that no row has is then in no
** row of the parent either. */
static int columnRefers(AssocCall *pCall, AssocTable *pTab, int iCol) {
  const AssocFkey *p = assocTableFkeys(pCall, pTab);
  while (p && !columnAmong(iCol, p->nCol, p->aCol)) p = p->pNext;
  return p != 0;
}

/* How well a column of an index can be parked; 0: not at all. A column that the
** row's cells do not write has to get its value again. */
static int parkRank(AssocWriter *w, const WriteNew *pNew, int iCol) {
  AssocModel *pModel = pNew->row.pModel;
  const AssocColumn *pCol = &pModel->pTable->aCol[iCol];
  int bWritten = cellAt(iCol, pNew->nCell, pNew->aCell) != 0;
  if (assocKeyPlace(pModel, iCol) >= 0 || pCol->bGenerated) return 0;
  if (!pCol->bNotNull) return bWritten ? 5 : 3;
  if (columnRefers(w->pCall, pModel->pTable, iCol)) return bWritten;
  return bWritten ? 4 : 2;
}

/* The row's cells, and the present value of one more column. */
static void parkLater(AssocWriter *w, WriteNew *pNew, int iCol) {
  AssocKey key = {.nCol = 1, .aCol = &iCol};
  const WriteVal *aHas = assocRowGet(w, &pNew->row, &key, 0);
  WriteCell *a =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (pNew->nCell + 1));
  if (a == 0 || aHas == 0) return;
  if (pNew->nCell) memcpy(a, pNew->aCell, sizeof(*a) * (size_t)pNew->nCell);
  a[pNew->nCell].iCol = iCol;
  a[pNew->nCell++].val = aHas[0];
  pNew->aCell = a;
}

/* Park a row: of each UNIQUE index that its cells touch, take away the value of
** the column that can best do without. */
static void rowPark(AssocWriter *w, WriteNew *pNew) {
  AssocTable *pTab = pNew->row.pModel->pTable;
  const AssocIndex *pIdx = assocTableIndexes(w->pCall, pTab);
  pNew->bParked = 1;
  for (; pIdx; pIdx = pIdx->pNext) {
    int i, iPark = -1, eBest = 0;
    if (!indexIsPlain(pIdx) || !indexTouched(pIdx, pNew)) continue;
    for (i = 0; i < pIdx->nCol; i++) {
      int e = parkRank(w, pNew, pIdx->aCol[i]);
      if (e > eBest) iPark = pIdx->aCol[i];
      if (e > eBest) eBest = e;
    }
    if (iPark < 0) continue;
    if (!cellAt(iPark, pNew->nCell, pNew->aCell)) parkLater(w, pNew, iPark);
    if (w->pCall->rc == SQLITE_OK) parkColumn(w, &pNew->row, iPark);
  }
}

/* The row of the list that blocks row iRow, or 0 if a row that stays does. Lists
** are mostly in the order of the values, so the search begins with the row
** behind. */
static WriteNew *blockerOf(int nRow, WriteNew *aRow, int iRow,
                           const WriteRow *pOther) {
  int i;
  for (i = 1; i < nRow; i++) {
    WriteNew *p = &aRow[(iRow + i) % nRow];
    if (!p->bDone && assocRowSame(&p->row, pOther)) return p;
  }
  return 0;
}

/* Update a row, after the rows that block it. The rows that wait for each other
** are linked by pWaiter. If they wait in a circle, one of them is parked. If a
** row that stays blocks a row, SQLite says so. */
static void changeOne(AssocWriter *w, int nRow, WriteNew *aRow, int iRow) {
  WriteNew *p = &aRow[iRow], *pBlock;
  WriteRow other;
  while (p && w->pCall->rc == SQLITE_OK) {
    pBlock = 0;
    p->bWaits = 1;
    if (!p->bDone && rowIsBlocked(w, p, &other)) {
      pBlock = blockerOf(nRow, aRow, (int)(p - aRow), &other);
    }
    if (pBlock && !pBlock->bWaits) {
      pBlock->pWaiter = p;
      p = pBlock;
    } else if (pBlock && !pBlock->bParked) {
      rowPark(w, pBlock);
    } else {
      if (!p->bDone) assocRowUpdate(w, &p->row, p->nCell, p->aCell);
      p->bDone = 1;
      p->bWaits = 0;
      p = p->pWaiter;
    }
  }
}

void assocRowsChange(AssocWriter *w, int nRow, WriteNew *aRow) {
  int i;
  for (i = 0; i < nRow; i++) {
    aRow[i].aCell = assocRowDiffer(w, &aRow[i].row, aRow[i].nCell,
                                   aRow[i].aCell, &aRow[i].nCell);
    aRow[i].bDone = aRow[i].nCell == 0;
  }
  for (i = 0; i < nRow && w->pCall->rc == SQLITE_OK; i++) {
    changeOne(w, nRow, aRow, i);
  }
}
