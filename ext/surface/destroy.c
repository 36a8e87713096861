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

typedef struct DestroyOptions DestroyOptions;
struct DestroyOptions {
  int bCascade, bDry, bForce;
};

static const AssocOption aDestroyOption[] = {
    {"cascade", "b", "true or false", assocOptionFlag,
     offsetof(DestroyOptions, bCascade)},
    {"dryRun", "b", "true or false", assocOptionFlag,
     offsetof(DestroyOptions, bDry)},
    {"force", "b", "true or false", assocOptionFlag,
     offsetof(DestroyOptions, bForce)},
};

/* The options as flags; 0 where there are none. */
static int destroyOptions(AssocCall *pCall, sqlite3_value *pVal) {
  DestroyOptions opt = {0, 0, 0};
  assocOptionsOf(pCall, assocArgTextOrNull(pCall, pVal),
                 ASSOC_COUNT(aDestroyOption), aDestroyOption,
                 "assoc_destroy() has", &opt);
  return (opt.bCascade ? WRITE_CASCADE : 0) | (opt.bDry ? WRITE_DRYRUN : 0) |
         (opt.bForce ? WRITE_FORCE : 0);
}

/* Destroy the row, within one snapshot. OUT: see assocDestroyReport(). */
static char *destroyByKey(AssocCall *pCall, const char *zModel,
                          sqlite3_value *pKey, int mHow, i64 *pn) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocModel *pModel = pCat ? assocModelFind(pCall, pCat, zModel) : 0;
  AssocWriter *w;
  WriteRow row = {0, 0};
  WriteVal *aKey = 0;
  char *z = 0;
  if (pCat == 0) return 0;
  w = assocWriterTake(pCall, pCat);
  if (w && pModel) aKey = assocKeyOfValue(w, pModel, pKey);
  if (aKey) assocRowNeed(w, pModel, aKey, &row);
  if (row.aKey) z = assocDestroyReport(w, &row, mHow, pn);
  assocWriterRest(w);
  assocCatalogLeave(pCall, pCat);
  return z;
}

/* assoc_destroy(model, key [, options]): what was deleted and changed */
static void destroyFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
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
  assocGiveJson(pResult, z, n);
  if (bWrite) assocWriteEnd(pCall, &save);
}

const AssocFunction aAssocDestroyFunction[] = {
    {"assoc_destroy", 2, 3, ASSOC_WRITER, 0, "model, key [, options]",
     destroyFunc},
    {0, 0, 0, 0, 0, 0, 0}};
