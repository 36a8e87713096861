/*
** A row is destroyed, and what relates to it lets go or goes with it.
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

static const char *const azDestroy[] = {"cascade", "dryRun", "force"};
static const int aDestroy[] = {WRITE_CASCADE, WRITE_DRYRUN, WRITE_FORCE};

static void destroyUnknown(AssocCall *pCall, const char *zKey) {
  AssocNearest near;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zKey;
  for (i = 0; i < ASSOC_COUNT(azDestroy); i++) {
    assocNearestTry(&near, azDestroy[i]);
  }
  assocError(pCall,
             "assoc_destroy() has no option \"%s\"%s%s%s (there are cascade, "
             "dryRun and force)",
             zKey, near.zBest ? "; did you mean \"" : "",
             near.zBest ? near.zBest : "", near.zBest ? "\"?" : "");
}

/* One option, as flags. */
static int destroyOption(AssocCall *pCall, const AssocJson *pJson) {
  int i = 0;
  while (i < ASSOC_COUNT(azDestroy) && strcmp(azDestroy[i], pJson->zKey) != 0) {
    i++;
  }
  if (i == ASSOC_COUNT(azDestroy)) {
    destroyUnknown(pCall, pJson->zKey);
    return 0;
  }
  if (pJson->eType != ASSOC_J_TRUE && pJson->eType != ASSOC_J_FALSE) {
    assocError(pCall, "the option %s is true or false, not %s", azDestroy[i],
               assocJsonTypeName(pJson));
  }
  return pJson->eType == ASSOC_J_TRUE ? aDestroy[i] : 0;
}

/* The options as flags; 0 where there are none. */
static int destroyOptions(AssocCall *pCall, sqlite3_value *pVal) {
  AssocArena mem;
  const AssocJson *pJson = 0, *p;
  const char *z = assocArgTextOrNull(pCall, pVal);
  int mHow = 0;
  memset(&mem, 0, sizeof(mem));
  if (z) {
    pJson =
        assocJsonRead(pCall, &mem, z, sqlite3_value_bytes(pVal), "the options");
  }
  if (pJson && pJson->eType != ASSOC_J_OBJECT) {
    assocError(pCall, "the options must be a JSON object, not %s",
               assocJsonTypeName(pJson));
  }
  for (p = pCall->rc == SQLITE_OK && pJson ? pJson->pChild : 0; p;
       p = p->pNext) {
    mHow |= destroyOption(pCall, p);
  }
  assocArenaFree(&mem);
  return mHow;
}

/* Destroy the row, within one snapshot. OUT: see assocDestroyReport(). */
static char *destroyByKey(AssocCall *pCall, const char *zModel,
                          sqlite3_value *pKey, int mHow, i64 *pn) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocModel *pModel = pCat ? assocModelFind(pCall, pCat, zModel) : 0;
  AssocWriter w;
  WriteRow row = {0, 0};
  WriteVal *aKey = 0;
  char *z = 0;
  if (pCat == 0) return 0;
  assocWriterInit(pCall, pCat, &w);
  if (pModel) aKey = assocKeyOfValue(&w, pModel, pKey);
  if (aKey) assocRowNeed(&w, pModel, aKey, &row);
  if (row.aKey) z = assocDestroyReport(&w, &row, mHow, pn);
  assocWriterClear(&w);
  assocCatalogLeave(pCall, pCat);
  return z;
}

/* assoc_destroy(model, key [, options]): what was deleted and changed */
static void destroyFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  int mHow = nArg > 2 ? destroyOptions(pCall, ap[2]) : 0;
  int bWrite = (mHow & WRITE_DRYRUN) == 0;
  AssocWrite save;
  char *z;
  i64 n = 0;
  if (pCall->rc != SQLITE_OK) return;
  if (bWrite) assocWriteBeginOn(pCall, &save, "assoc_destroy", zModel);
  z = destroyByKey(pCall, zModel, ap[1], mHow, &n);
  if (z) assocResultJson(pCtx, z, n); /* If memory suffices, it is done */
  if (bWrite) assocWriteEnd(pCall, &save);
}

const AssocFunction aAssocDestroyFunction[] = {{"assoc_destroy", 2, 3,
                                                ASSOC_WRITER, destroyFunc,
                                                "model, key [, options]"},
                                               {0, 0, 0, 0, 0, 0}};
