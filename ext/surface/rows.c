/*
** Table-valued functions whose rows are made all at once, such as assoc_list.
**
**    const AssocRowsTable assocListTable = {"assoc_list",
**      "CREATE TABLE x(model, association, ...)", 14, 0, 0, listMake};
**
** A maker fills an AssocRows with texts and integers; this file gives them to
** SQLite. Arguments are hidden columns behind the visible ones. The rows live
** until the cursor is reset, so they show one state of the database.
*/
#include "surface/surface.h"

typedef struct RowsCell RowsCell;
struct RowsCell {
  u8 eType;      /* SQLITE_NULL, SQLITE_TEXT or SQLITE_INTEGER */
  const char *z; /* TEXT: in the arena of the rows */
  i64 i;         /* INTEGER: the value */
};

struct AssocRows {
  AssocArena mem;   /* OWNED: everything below */
  int nCol;         /* Visible columns */
  i64 nRow, nAlloc; /* Rows that are complete; room for */
  RowsCell *aCell;  /* nRow rows of nCol cells */
};

/* Client data of the module. */
typedef struct AssocRowsData AssocRowsData;
struct AssocRowsData {
  const AssocRowsTable *pTable; /* How the rows are made */
  AssocConn *pConn;             /* A reference */
};

typedef struct RowsTable RowsTable;
struct RowsTable {
  AssocPrivate head;          /* First, so that SQLite's pointer is ours */
  const AssocRowsTable *pDef; /* How the rows are made */
};

typedef struct RowsCursor RowsCursor;
struct RowsCursor {
  sqlite3_vtab_cursor base; /* First, so that SQLite's pointer is ours */
  AssocRows rows;           /* OWNED: made by xFilter */
  sqlite3_value *apArg[10]; /* OWNED: the arguments, for their columns */
  i64 iRow;                 /* The current row, from 0 */
};

/* ------------------------------------------------------------- for makers */

/* Begin a row; all its cells are NULL. The rows double, and the old ones stay
** in the arena. */
void assocRowsAdd(AssocCall *pCall, AssocRows *p) {
  if (p->nRow == p->nAlloc) {
    i64 n = p->nAlloc * 2 + 16;
    RowsCell *a =
        assocAlloc(pCall, &p->mem, (i64)sizeof(RowsCell) * n * p->nCol);
    if (a == 0) return;
    if (p->nRow) {
      memcpy(a, p->aCell, sizeof(RowsCell) * (size_t)(p->nRow * p->nCol));
    }
    p->aCell = a;
    p->nAlloc = n;
  }
  p->nRow++;
}

/* A cell of the last row; 0 after an error. */
static RowsCell *cellOf(AssocCall *pCall, AssocRows *p, int iCol) {
  if (pCall->rc != SQLITE_OK || ASSOC_NEVER(p->nRow == 0)) return 0;
  assert(iCol >= 0 && iCol < p->nCol);
  return &p->aCell[(p->nRow - 1) * p->nCol + iCol];
}

/* z is copied; 0 stays NULL. */
void assocRowsText(AssocCall *pCall, AssocRows *p, int iCol, const char *z) {
  RowsCell *pCell = cellOf(pCall, p, iCol);
  if (pCell == 0 || z == 0) return;
  pCell->eType = SQLITE_TEXT;
  pCell->z = assocArenaText(pCall, &p->mem, z, -1);
}

/* Set a cell of the last row. */
void assocRowsInt(AssocCall *pCall, AssocRows *p, int iCol, i64 i) {
  RowsCell *pCell = cellOf(pCall, p, iCol);
  if (pCell == 0) return;
  pCell->eType = SQLITE_INTEGER;
  pCell->i = i;
}

/* ------------------------------------------------------------- the module */

/* The module's data says which table this is. */
static int rowsConnect(sqlite3 *db, void *pAux, int argc,
                       const char *const *argv, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  AssocRowsData *pData = pAux;
  int rc = assocVtabNew(pData->pConn, pData->pTable->zSchema, sizeof(RowsTable),
                        ppVtab);
  (void)db, (void)argc, (void)argv, (void)pzErr;
  if (rc == SQLITE_OK) ((RowsTable *)*ppVtab)->pDef = pData->pTable;
  return rc;
}

/* idxStr has a digit for each argument that is given. If a needed argument is
** not usable yet, the plan is impossible, and SQLite tries another order of the
** join. If it is missing altogether, running the plan is an error. */
static int rowsBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo) {
  const AssocRowsTable *pDef = ((RowsTable *)pVtab)->pDef;
  char *zIdx = sqlite3_malloc64((u64)pDef->nArg + 1);
  int i, n = 0;
  u32 mGiven = 0;
  assert(pDef->nNeed <= pDef->nArg && pDef->nArg < 10); /* One digit each */
  if (zIdx == 0) return SQLITE_NOMEM;
  for (i = 0; i < pInfo->nConstraint; i++) {
    int iArg = pInfo->aConstraint[i].iColumn - pDef->nCol;
    if (pInfo->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (iArg < 0 || (mGiven >> iArg & 1)) continue;
    if (!pInfo->aConstraint[i].usable) {
      sqlite3_free(zIdx);
      return SQLITE_CONSTRAINT;
    }
    mGiven |= 1u << iArg;
    pInfo->aConstraintUsage[i].argvIndex = n + 1;
    pInfo->aConstraintUsage[i].omit = 1;
    zIdx[n++] = (char)('0' + iArg);
  }
  zIdx[n] = 0;
  pInfo->idxStr = zIdx;
  pInfo->needToFreeIdxStr = 1;
  for (i = 0; i < pDef->nNeed; i++) {
    if (mGiven >> i & 1) continue;
    sqlite3_free(pVtab->zErrMsg);
    pVtab->zErrMsg =
        sqlite3_mprintf("assoc: %s() needs %d argument%s", pDef->zName,
                        pDef->nNeed, pDef->nNeed == 1 ? "" : "s");
    return SQLITE_ERROR;
  }
  pInfo->estimatedCost = 1000;
  pInfo->estimatedRows = 100;
  return SQLITE_OK;
}

/* The rows are made by xFilter, when the arguments are known. */
static int rowsOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  (void)pVtab;
  return assocCursorNew(sizeof(RowsCursor), ppCur);
}

/* Free the rows and the copies of the arguments. */
static void rowsReset(RowsCursor *p) {
  int i;
  assocArenaFree(&p->rows.mem);
  memset(&p->rows, 0, sizeof(p->rows));
  for (i = 0; i < ASSOC_COUNT(p->apArg); i++) {
    sqlite3_value_free(p->apArg[i]);
    p->apArg[i] = 0;
  }
}

/* The rows may not have been read to their end. */
static int rowsClose(sqlite3_vtab_cursor *pCur) {
  rowsReset((RowsCursor *)pCur);
  sqlite3_free(pCur);
  return SQLITE_OK;
}

/* Make all rows. idxStr holds, for each value, the number of the argument that
** it is. */
static int rowsFilter(sqlite3_vtab_cursor *pCur, int idxNum, const char *idxStr,
                      int argc, sqlite3_value **argv) {
  RowsCursor *p = (RowsCursor *)pCur;
  RowsTable *pTab = (RowsTable *)pCur->pVtab;
  AssocCall call;
  int i, nArg = 0;
  (void)idxNum;
  rowsReset(p);
  assocCallInit(&call, pTab->head.pConn);
  for (i = 0; i < argc; i++) {
    int iArg = idxStr[i] - '0';
    assert(iArg >= 0 && iArg < pTab->pDef->nArg);
    assert(p->apArg[iArg] == 0); /* Each argument is given once */
    p->apArg[iArg] = sqlite3_value_dup(argv[i]);
    if (p->apArg[iArg] == 0) assocErrorCode(&call, SQLITE_NOMEM);
    if (iArg >= nArg) nArg = iArg + 1;
  }
  p->rows.nCol = pTab->pDef->nCol;
  p->iRow = 0;
  if (call.rc == SQLITE_OK) {
    pTab->pDef->xMake(&call, &p->rows, nArg, p->apArg);
  }
  if (call.rc != SQLITE_OK) p->rows.nRow = 0;
  return assocCallVtab(&call, &pTab->head.base.zErrMsg);
}

/* The rows are in memory, so nothing can fail. */
static int rowsNext(sqlite3_vtab_cursor *pCur) {
  ((RowsCursor *)pCur)->iRow++;
  return SQLITE_OK;
}

/* After an error there are no rows. */
static int rowsEof(sqlite3_vtab_cursor *pCur) {
  RowsCursor *p = (RowsCursor *)pCur;
  return p->iRow >= p->rows.nRow;
}

/* Columns behind the visible ones are the arguments. */
static int rowsColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                      int iCol) {
  RowsCursor *p = (RowsCursor *)pCur;
  const RowsCell *pCell;
  assert(iCol >= 0 && p->iRow < p->rows.nRow);
  if (iCol >= p->rows.nCol) {
    sqlite3_value *pArg = p->apArg[iCol - p->rows.nCol];
    if (pArg) sqlite3_result_value(pCtx, pArg);
    return SQLITE_OK;
  }
  pCell = &p->rows.aCell[p->iRow * p->rows.nCol + iCol];
  if (pCell->eType == SQLITE_TEXT) {
    sqlite3_result_text(pCtx, pCell->z, -1, SQLITE_TRANSIENT);
  } else if (pCell->eType == SQLITE_INTEGER) {
    sqlite3_result_int64(pCtx, pCell->i);
  }
  return SQLITE_OK;
}

/* The number of the row, from 1. */
static int rowsRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid) {
  *pRowid = ((RowsCursor *)pCur)->iRow + 1;
  return SQLITE_OK;
}

static const sqlite3_module rowsModule = {
    .xConnect = rowsConnect,
    .xBestIndex = rowsBestIndex,
    .xDisconnect = assocPrivateDisconnect,
    .xOpen = rowsOpen,
    .xClose = rowsClose,
    .xFilter = rowsFilter,
    .xNext = rowsNext,
    .xEof = rowsEof,
    .xColumn = rowsColumn,
    .xRowid = rowsRowid,
};

/* SQLite calls it when the module goes. */
static void rowsDataFree(void *p) {
  assocConnUnref(((AssocRowsData *)p)->pConn);
  sqlite3_free(p);
}

/* After an error, sqlite3_create_module_v2() frees the data itself. */
int assocRowsRegister(AssocConn *pConn, const AssocRowsTable *pTable) {
  AssocRowsData *pData = sqlite3_malloc64(sizeof(*pData));
  if (pData == 0) return SQLITE_NOMEM;
  pData->pTable = pTable;
  pData->pConn = assocConnRef(pConn);
  return sqlite3_create_module_v2(pConn->db, pTable->zName, &rowsModule, pData,
                                  rowsDataFree);
}
