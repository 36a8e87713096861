/*
** The options of functions that write rows, as their last argument:
**
**   SELECT assoc_update('Post', 2, '{"title":"x"}',
**     '{"only":"{title}","return":"{* tags}"}');
**
** "return" makes a call give the document of the row as it is afterwards, or of
** assoc_destroy() as it was before, in place of its own result:
**
**   {"id":2,"title":"x","tags":[{"id":1,"name":"sql"}]}
**
** The row is read by its key, and no scope of its model applies to it.
*/
#include "surface/surface.h"

/* ---------------------------------------------------------------- options */

/* Copy a text. It stays when the JSON of the options is freed. */
static void optionCopy(AssocOptionReader *r, AssocJson *p, void *pInto) {
  char **pz = pInto;
  sqlite3_free(*pz);
  *pz = assocMprintf(r->pCall, "%s", p->z);
}

#define OPTION_SHAPE(zName, zInto)                                             \
  {                                                                            \
    zName, "t", "a shape as text", optionCopy,                                 \
        offsetof(AssocWriteOptions, zInto)                                     \
  }
#define OPTION_FLAG(zName, bInto)                                              \
  {                                                                            \
    zName, "b", "true or false", assocOptionFlag,                              \
        offsetof(AssocWriteOptions, bInto)                                     \
  }

static const AssocOption aInsertOption[] = {OPTION_SHAPE("only", zOnly),
                                            OPTION_SHAPE("return", zReturn)};
static const AssocOption aUpdateOption[] = {OPTION_SHAPE("only", zOnly),
                                            OPTION_SHAPE("return", zReturn),
                                            OPTION_FLAG("many", bMany)};
static const AssocOption aUnlinkOption[] = {OPTION_SHAPE("only", zOnly),
                                            OPTION_SHAPE("return", zReturn),
                                            OPTION_FLAG("destroy", bDestroy)};
static const AssocOption aDestroyOption[] = {
    OPTION_FLAG("cascade", bCascade), OPTION_FLAG("dryRun", bDryRun),
    OPTION_FLAG("force", bForce), OPTION_FLAG("many", bMany),
    OPTION_SHAPE("return", zReturn)};

/* Which options a function has. */
static const struct {
  const char *zFunction, *zHas;
  int n;
  const AssocOption *a;
} aTaker[] = {
    {"assoc_insert", "assoc_insert() has", ASSOC_COUNT(aInsertOption),
     aInsertOption},
    {"assoc_create", "assoc_create() has", ASSOC_COUNT(aInsertOption),
     aInsertOption},
    {"assoc_add", "assoc_add() has", ASSOC_COUNT(aInsertOption), aInsertOption},
    {"assoc_update", "assoc_update() has", ASSOC_COUNT(aUpdateOption),
     aUpdateOption},
    {"assoc_set", "assoc_set() has", ASSOC_COUNT(aUnlinkOption), aUnlinkOption},
    {"assoc_remove", "assoc_remove() has", ASSOC_COUNT(aUnlinkOption),
     aUnlinkOption},
    {"assoc_destroy", "assoc_destroy() has", ASSOC_COUNT(aDestroyOption),
     aDestroyOption},
};

void assocWriteOptionsRead(AssocCall *pCall, const char *zFunction,
                           sqlite3_value *pVal, AssocWriteOptions *p) {
  int i = 0;
  memset(p, 0, sizeof(*p));
  if (pVal == 0) return;
  while (i < ASSOC_COUNT(aTaker) - 1 &&
         strcmp(aTaker[i].zFunction, zFunction) != 0) {
    i++;
  }
  assert(strcmp(aTaker[i].zFunction, zFunction) == 0);
  assocOptionsOf(pCall, assocArgTextOrNull(pCall, pVal), aTaker[i].n,
                 aTaker[i].a, aTaker[i].zHas, p);
  if (p->bDryRun && p->zReturn) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "return",
                 "a dry run gives what would happen, so \"dryRun\" and "
                 "\"return\" exclude each other");
  }
}

void assocWriteOptionsClear(AssocWriteOptions *p) {
  sqlite3_free(p->zOnly);
  sqlite3_free(p->zReturn);
  memset(p, 0, sizeof(*p));
}

/* --------------------------------------------------------------- documents */

/* Append the document of one row. */
static void documentOf(AssocCall *pCall, AssocPlan *pPlan,
                       const AssocArgs *pArgs, AssocOut *pOut) {
  i64 n = 0;
  int bNull = 1;
  char *z = assocRunJson(pCall, pPlan, pArgs, &n, &bNull);
  if (z) {
    assocOutText(pOut, z, n);
  } else {
    assocOutText(pOut, "null", 4); /* A "!" of the shape left it out */
  }
  sqlite3_free(z);
}

char *assocDocuments(AssocCall *pCall, AssocCatalog *pCat, const char *zModel,
                     const char *zShape, const WriteKept *pKept, int bList,
                     i64 *pn) {
  AssocPlan *pPlan = assocPlanGet(pCall, pCat, ASSOC_ASK_ROW, zModel, zShape);
  AssocArgs args = {.nKey = pKept->nCol};
  AssocOut out;
  char *z;
  i64 i;
  if (pPlan == 0) return 0;
  assert(bList || pKept->n == 1);
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  if (bList) assocOutText(&out, "[", 1);
  for (i = 0; i < pKept->n && pCall->rc == SQLITE_OK; i++) {
    if (i) assocOutText(&out, ",", 1);
    args.apKey = &pKept->ap[i * pKept->nCol];
    documentOf(pCall, pPlan, &args, &out);
  }
  if (bList) assocOutText(&out, "]", 1);
  z = assocRunText(pCall, pPlan, &out, pn);
  assocPlanRelease(pCall, pPlan);
  if (pCall->rc == SQLITE_OK) return z;
  sqlite3_free(z);
  return 0;
}
