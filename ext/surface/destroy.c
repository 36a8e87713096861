/*
** Delete a row, and apply onDelete to the rows that refer to it.
**
**   SELECT assoc_destroy('User', 1);
**     {"deleted":{"User":[1]},"changed":{"Post":[1,2]}}
**   SELECT assoc_destroy('User', 1, '{"cascade":true}');
**     {"deleted":{"User":[1],"Post":[1,2]},"changed":{}}
**   SELECT assoc_destroy('User', 1, '{"dryRun":true}');
**     [{"table":"User","path":"","action":"delete","keys":[1]},
**      {"table":"Post","path":"posts","action":"set null","keys":[1,2]}]
**
** It runs in a savepoint, and does all that it should or nothing. What would
** happen can also be asked where nothing may be written.
*/
#include "surface/surface.h"

/* The options as flags. */
static int destroyHow(const AssocWriteOptions *p) {
  return (p->bCascade ? WRITE_CASCADE : 0) | (p->bDryRun ? WRITE_DRYRUN : 0) |
         (p->bForce ? WRITE_FORCE : 0);
}

/* The rows that the key names, or with "many" its keys; *pn of them. All must
** exist. */
static WriteRow *destroyRows(AssocWriter *w, AssocModel *pModel,
                             sqlite3_value *pKey, int bMany, int *pn) {
  const WriteVal *aKey = 0, **aaKey = &aKey;
  WriteRow *aRow;
  int i;
  *pn = 1;
  if (bMany) {
    aaKey = assocKeysOfList(w, pModel, pKey, pn);
  } else {
    aKey = assocKeyOfValue(w, pModel, pKey);
  }
  if (w->pCall->rc != SQLITE_OK) return 0;
  assert(*pn >= 0);
  /* All rows are looked for before the first is deleted: a cascade may delete one
  ** of the others. */
  aRow = assocAlloc(w->pCall, &w->one, (i64)sizeof(*aRow) * (*pn + 1));
  for (i = 0; aRow && i < *pn && w->pCall->rc == SQLITE_OK; i++) {
    assocRowNeed(w, pModel, aaKey[i], &aRow[i]);
  }
  return w->pCall->rc == SQLITE_OK ? aRow : 0;
}

/* The documents of the rows before they go. */
static char *destroyDocuments(AssocCall *pCall, AssocWriter *w,
                              const AssocModel *pModel, int nRow,
                              const WriteRow *aRow,
                              const AssocWriteOptions *pOpt, i64 *pn) {
  WriteKept kept;
  char *z;
  int i;
  assert(pOpt->zReturn && (nRow == 1 || pOpt->bMany));
  memset(&kept, 0, sizeof(kept));
  for (i = 0; i < nRow && pCall->rc == SQLITE_OK; i++) {
    assocKeptAdd(w, &kept, &aRow[i]);
  }
  z = assocDocuments(pCall, w->pCat, pModel->zLabel, pOpt->zReturn, &kept,
                     pOpt->bMany, pn);
  assocKeptClear(&kept);
  return z;
}

/* Destroy one row, whether or not it exists. OUT: as destroyByKey(); 0 if the row has
** to be looked for. */
static char *destroyQuick(AssocWriter *w, AssocWrite *pSave, AssocModel *pModel,
                          sqlite3_value *pKey, const AssocWriteOptions *pOpt,
                          i64 *pn) {
  WriteRow row = {pModel, 0};
  char *z;
  if (pOpt->bMany || pOpt->bDryRun || pOpt->zReturn) return 0;
  row.aKey = assocKeyOfValue(w, pModel, pKey);
  if (row.aKey == 0) return 0;
  assocWriterAlone(w, assocWriteAlone, pSave);
  z = assocDestroyAlone(w, &row, pn);
  if (z == 0) assocWriteReopen(w->pCall, pSave);
  return z;
}

/* Destroy the rows, within one snapshot. OUT: the result, *pn bytes, freed with
** sqlite3_free(). */
static char *destroyByKey(AssocCall *pCall, AssocWrite *pSave,
                          const char *zModel, sqlite3_value *pKey,
                          const AssocWriteOptions *pOpt, i64 *pn) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocModel *pModel = pCat ? assocModelFind(pCall, pCat, zModel) : 0;
  AssocWriter *w;
  WriteRow *aRow = 0;
  char *z = 0, *zBefore = 0;
  i64 nBefore = 0;
  int nRow = 0;
  if (pCat == 0) return 0;
  w = assocWriterTake(pCall, pCat);
  if (pModel) pCall->pConn->budget.zAt = pModel->zLabel;
  assert(w || pCall->rc != SQLITE_OK);
  if (w) z = destroyQuick(w, pSave, pModel, pKey, pOpt, pn);
  if (w && z == 0) aRow = destroyRows(w, pModel, pKey, pOpt->bMany, &nRow);
  if (aRow && pOpt->zReturn) { /* Afterwards there is nothing to read */
    zBefore = destroyDocuments(pCall, w, pModel, nRow, aRow, pOpt, &nBefore);
  }
  if (aRow && nRow == 1 && !pOpt->bDryRun) {
    assocWriterAlone(w, assocWriteAlone, pSave);
    assocWriterLast(w, aRow);
  }
  if (aRow) z = assocDestroyReport(w, nRow, aRow, destroyHow(pOpt), pn);
  if (z && zBefore) {
    sqlite3_free(z);
    z = zBefore;
    *pn = nBefore;
  } else {
    sqlite3_free(zBefore);
  }
  assocWriterRest(w);
  assocCatalogLeave(pCall, pCat);
  return z;
}

/* assoc_destroy(model, key [, options]): what was deleted and changed */
static void destroyFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                        sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  AssocWriteOptions opt;
  AssocWrite save;
  char *z;
  i64 n = 0;
  assocWriteOptionsRead(pCall, "assoc_destroy", nArg > 2 ? ap[2] : 0, &opt);
  if (pCall->rc == SQLITE_OK) {
    if (!opt.bDryRun) assocWriteBeginOn(pCall, &save, "assoc_destroy", zModel);
    /* A dry run opens no savepoint: it works on a read-only file. */
    z = destroyByKey(pCall, &save, zModel, ap[1], &opt, &n);
    assocGiveJson(pResult, z, n);
    if (!opt.bDryRun) assocWriteEnd(pCall, &save);
  }
  assocWriteOptionsClear(&opt);
}

const AssocFunction aAssocDestroyFunction[] = {
    {"assoc_destroy", 2, 3, ASSOC_WRITER, 0, "model, key [, options]",
     destroyFunc},
    {0, 0, 0, 0, 0, 0, 0}};
