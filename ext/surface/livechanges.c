/*
** What changed in a live document since a version.
**
**   SELECT key, version, json, now FROM assoc_changes('feed', 12);
**
** json is NULL if the root is gone. The hidden column now is the last version
** of the same snapshot: what a reader passes as since the next time. Plans, from
** the bits of idxNum:
**
**   CHANGES_NAME   name = ?     needed, else it is an error
**   CHANGES_SINCE  since = ?    else all documents
*/
#include "surface/surface.h"
#include "live/live.h"

/* The columns of assoc_changes, by number. */
#define CHANGES_COL_KEY 0
#define CHANGES_COL_VERSION 1
#define CHANGES_COL_JSON 2
#define CHANGES_COL_NAME 3
#define CHANGES_COL_SINCE 4
#define CHANGES_COL_NOW 5

/* Bits of idxNum: see above. */
#define CHANGES_NAME 1
#define CHANGES_SINCE 2

typedef struct ChangesCursor ChangesCursor;
struct ChangesCursor {
  sqlite3_vtab_cursor base; /* First, so that SQLite's pointer is ours */
  sqlite3_stmt *pStmt;      /* OWNED: key, version, json, name, since, now */
  int bEof;                 /* No change is left */
};

/* The arguments name, since and now are hidden columns, as in every
** table-valued function. */
static int changesConnect(sqlite3 *db, void *pAux, int argc,
                          const char *const *argv, sqlite3_vtab **ppVtab,
                          char **pzErr) {
  (void)argc, (void)argv, (void)pzErr;
  return assocPrivateNew(db, pAux,
                         "CREATE TABLE x(key, version INTEGER, json,"
                         " name TEXT HIDDEN, since INTEGER HIDDEN,"
                         " now INTEGER HIDDEN)",
                         ppVtab);
}

/* A missing name is an error of xFilter. Rows come in the order of versions. */
static int changesBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo) {
  int i, aiCons[2] = {-1, -1}, n = 0, bUnusable = 0;
  (void)pVtab;
  for (i = 0; i < pInfo->nConstraint; i++) {
    int iCol = pInfo->aConstraint[i].iColumn - CHANGES_COL_NAME;
    if (pInfo->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (iCol < 0 || iCol > 1) continue;
    if (!pInfo->aConstraint[i].usable) {
      bUnusable = 1;
    } else if (aiCons[iCol] < 0) {
      aiCons[iCol] = i;
    }
  }
  /* In a join another order makes the arguments usable. */
  if (bUnusable) return SQLITE_CONSTRAINT;
  for (i = 0; i < 2; i++) {
    if (aiCons[i] < 0) continue;
    assert(n < 2);
    pInfo->aConstraintUsage[aiCons[i]].argvIndex = ++n;
    pInfo->aConstraintUsage[aiCons[i]].omit = 1;
    pInfo->idxNum |= i ? CHANGES_SINCE : CHANGES_NAME;
  }
  if (pInfo->nOrderBy == 1 &&
      pInfo->aOrderBy[0].iColumn == CHANGES_COL_VERSION &&
      !pInfo->aOrderBy[0].desc) {
    pInfo->orderByConsumed = 1;
  }
  pInfo->estimatedCost = pInfo->idxNum & CHANGES_SINCE ? 100 : 10000;
  pInfo->estimatedRows = pInfo->idxNum & CHANGES_SINCE ? 100 : 10000;
  return SQLITE_OK;
}

/* A zeroed cursor: it has no statement until xFilter. */
static int changesOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  (void)pVtab;
  return assocCursorNew(sizeof(ChangesCursor), ppCur);
}

/* The statement may stand in the middle of its rows. */
static int changesClose(sqlite3_vtab_cursor *pCur) {
  sqlite3_finalize(((ChangesCursor *)pCur)->pStmt);
  sqlite3_free(pCur);
  return SQLITE_OK;
}

/* After an error the cursor is at its end. */
static int changesDone(sqlite3_vtab_cursor *pCur, AssocCall *pCall) {
  if (pCall->rc != SQLITE_OK) ((ChangesCursor *)pCur)->bEof = 1;
  return assocCallVtab(pCall, &pCur->pVtab->zErrMsg);
}

/* The statement's rows are the cursor's rows. */
static int changesNext(sqlite3_vtab_cursor *pCur) {
  ChangesCursor *p = (ChangesCursor *)pCur;
  AssocCall call;
  assocCallInit(&call, ((AssocPrivate *)pCur->pVtab)->pConn);
  p->bEof = !assocStep(&call, p->pStmt);
  return changesDone(pCur, &call);
}

/* Prepare the statement for the document zName. */
static void changesStart(AssocCall *pCall, ChangesCursor *p, const char *zName,
                         sqlite3_value *pSince) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  const char *zBare = 0;
  AssocSchema *pSchema;
  assocSessionRefuse(pCall, "assoc_changes");
  pSchema = pCat ? assocLiveFind(pCall, pCat, zName, &zBare) : 0;
  if (pSchema) {
    p->pStmt = assocPrepare(
        pCall,
        "SELECT d.key,d.version,d.json,?1,?2,s.version FROM \"%w\"." LIVE_STORE
        " s CROSS JOIN \"%w\".\"%w_doc\" d WHERE s.name=?3 AND"
        " d.version>coalesce(CAST(?2 AS INTEGER),0) ORDER BY d.version",
        pSchema->zName, pSchema->zName, zBare);
    assocBindText(pCall, p->pStmt, 1, zName);
    assocBindText(pCall, p->pStmt, 3, zBare);
  }
  if (p->pStmt && pSince) {
    assocErrorCode(pCall, sqlite3_bind_value(p->pStmt, 2, pSince));
  }
  assert(p->bEof); /* Set by changesFilter() */
  p->bEof = !assocStep(pCall, p->pStmt);
  assocCatalogLeave(pCall, pCat);
}

/* The arguments come in the order that changesBestIndex() asked for. */
static int changesFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                         const char *idxStr, int argc, sqlite3_value **argv) {
  ChangesCursor *p = (ChangesCursor *)pCur;
  const char *zName = 0;
  AssocCall call;
  (void)idxStr, (void)argc;
  assocCallInit(&call, ((AssocPrivate *)pCur->pVtab)->pConn);
  sqlite3_finalize(p->pStmt);
  p->pStmt = 0;
  p->bEof = 1;
  if (idxNum & CHANGES_NAME) {
    zName = assocArgText(&call, argv[0], "the name");
  } else {
    assocErrorOf(&call, ASSOC_E_ARGUMENT, 0, 0,
                 "assoc_changes() needs a name: assoc_changes('feed', 0)");
  }
  assert(p->pStmt == 0);
  if (zName) {
    changesStart(&call, p, zName, idxNum & CHANGES_SINCE ? argv[1] : 0);
  }
  return changesDone(pCur, &call);
}

/* Set by the last step. */
static int changesEof(sqlite3_vtab_cursor *pCur) {
  return ((ChangesCursor *)pCur)->bEof;
}

/* The statement selects the columns in the table's order. The document has the
** subtype of JSON, so that json functions nest it. */
static int changesColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                         int iCol) {
  sqlite3_value *pVal =
      sqlite3_column_value(((ChangesCursor *)pCur)->pStmt, iCol);
  sqlite3_result_value(pCtx, pVal);
  if (iCol == CHANGES_COL_JSON) sqlite3_result_subtype(pCtx, 'J');
  return SQLITE_OK;
}

/* The version, as SQLite wants some number. Nothing looks a row up by it. */
static int changesRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid) {
  *pRowid =
      sqlite3_column_int64(((ChangesCursor *)pCur)->pStmt, CHANGES_COL_VERSION);
  return SQLITE_OK;
}

const sqlite3_module assocChangesModule = {
    .xConnect = changesConnect,
    .xBestIndex = changesBestIndex,
    .xDisconnect = assocPrivateDisconnect,
    .xOpen = changesOpen,
    .xClose = changesClose,
    .xFilter = changesFilter,
    .xNext = changesNext,
    .xEof = changesEof,
    .xColumn = changesColumn,
    .xRowid = changesRowid,
};
