/*
** Private virtual tables: assoc_state, assoc_gate and assoc_keys.
**
** SQLite calls their methods at moments that the extension needs to know of.
** They have no rows, so SELECT * FROM assoc_state is empty.
*/
#include "base/base.h"

void assocPrivateTaken(AssocCall *pCall, const char *zName) {
  assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, zName,
               "the name %s is taken in main, but this extension needs it; "
               "rename that table",
               zName);
}

int assocVtabNew(AssocConn *pConn, const char *zTable, size_t nByte,
                 sqlite3_vtab **ppVtab) {
  AssocPrivate *pTab;
  int rc = sqlite3_declare_vtab(pConn->db, zTable);
  assert(nByte >= sizeof(*pTab));
  if (rc != SQLITE_OK) return rc;
  pTab = sqlite3_malloc64(nByte);
  if (pTab == 0) return SQLITE_NOMEM;
  memset(pTab, 0, nByte);
  pTab->pConn = assocConnRef(pConn);
  *ppVtab = &pTab->base;
  return SQLITE_OK;
}

/* SQLITE_VTAB_DIRECTONLY keeps the table out of views and triggers. */
int assocPrivateNew(sqlite3 *db, void *pAux, const char *zTable,
                    sqlite3_vtab **ppVtab) {
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  return assocVtabNew(pAux, zTable, sizeof(AssocPrivate), ppVtab);
}

int assocPrivateConnect(sqlite3 *db, void *pAux, int argc,
                        const char *const *argv, sqlite3_vtab **ppVtab,
                        char **pzErr) {
  (void)argc, (void)argv, (void)pzErr;
  return assocPrivateNew(db, pAux, "CREATE TABLE x(job)", ppVtab);
}

int assocPrivateDisconnect(sqlite3_vtab *pVtab) {
  assocConnUnref(((AssocPrivate *)pVtab)->pConn);
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

/* With an estimate of zero, all plans of a join would seem to cost the same. */
int assocPrivateBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo) {
  (void)pVtab;
  pInfo->estimatedRows = 100;
  pInfo->estimatedCost = 100;
  return SQLITE_OK;
}

int assocCursorNew(size_t nByte, sqlite3_vtab_cursor **ppCur) {
  assert(nByte >= sizeof(**ppCur));
  *ppCur = sqlite3_malloc64(nByte);
  if (*ppCur == 0) return SQLITE_NOMEM;
  memset(*ppCur, 0, nByte);
  return SQLITE_OK;
}

int assocPrivateOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  (void)pVtab;
  return assocCursorNew(sizeof(**ppCur), ppCur);
}

int assocPrivateClose(sqlite3_vtab_cursor *pCur) {
  sqlite3_free(pCur);
  return SQLITE_OK;
}

int assocPrivateFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                       const char *idxStr, int argc, sqlite3_value **argv) {
  (void)pCur, (void)idxNum, (void)idxStr, (void)argc, (void)argv;
  return SQLITE_OK;
}

int assocPrivateNext(sqlite3_vtab_cursor *pCur) {
  (void)pCur;
  return SQLITE_OK;
}

int assocPrivateEof(sqlite3_vtab_cursor *pCur) {
  (void)pCur;
  return 1;
}

int assocPrivateColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                       int iCol) {
  (void)pCur, (void)pCtx, (void)iCol;
  return SQLITE_OK;
}

int assocPrivateRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid) {
  (void)pCur;
  *pRowid = 0;
  return SQLITE_OK;
}
