/*
** What is defined, and what that means for the schema as it is.
**
**   SELECT model, association, kind, target, foreignKey FROM assoc_list;
**
** Columns that depend on the schema are NULL for a definition that cannot be
** resolved: its table is gone, or its row was made by hand and is bad.
*/
#include "surface/surface.h"

#define LIST_MODEL 0
#define LIST_ASSOCIATION 1
#define LIST_KIND 2
#define LIST_TARGET 3
#define LIST_FOREIGNKEY 4
#define LIST_OTHERKEY 5
#define LIST_THROUGH 6
#define LIST_SOURCEKEY 7
#define LIST_TARGETKEY 8
#define LIST_SCOPE 9
#define LIST_OPTIONS 10
#define LIST_SOURCE 11
#define LIST_SCHEMA 12

/* A column, or a JSON array of the columns of a composite key. */
static void listKey(AssocCall *pCall, AssocRows *p, int iCol,
                    const AssocKey *pKey) {
  AssocOut out;
  i64 n = 0;
  char *z;
  int i;
  if (pKey->nCol == 1) assocRowsText(pCall, p, iCol, pKey->azCol[0]);
  if (pKey->nCol < 2) return;
  assocBufInit(&out, 0x7fffffff);
  for (i = 0; i < pKey->nCol; i++) {
    assocOutText(&out, i ? "," : "[", 1);
    assocJsonString(&out, pKey->azCol[i], (i64)strlen(pKey->azCol[i]));
  }
  assocOutText(&out, "]", 1);
  z = assocBufFinish(&out, &n);
  if (z == 0) assocErrorCode(pCall, out.rc);
  assocRowsText(pCall, p, iCol, z);
  sqlite3_free(z);
}

static void listScope(AssocCall *pCall, AssocRows *p, const AssocJson *pScope) {
  AssocOut out;
  i64 n = 0;
  char *z;
  if (pScope == 0) return;
  assocBufInit(&out, 0x7fffffff);
  assocJsonWrite(&out, pScope);
  z = assocBufFinish(&out, &n);
  if (z == 0) assocErrorCode(pCall, out.rc);
  assocRowsText(pCall, p, LIST_SCOPE, z);
  sqlite3_free(z);
}

static void listResolved(AssocCall *pCall, AssocRows *p, const AssocRel *pRel) {
  /* By ASSOC_FROM_*: both the definition and the schema declare */
  static const char *const az[] = {"declared", "declared", "convention",
                                   "default"};
  assocRowsText(pCall, p, LIST_KIND, azAssocKind[pRel->eKind]);
  listKey(pCall, p, LIST_FOREIGNKEY, &pRel->foreign);
  listKey(pCall, p, LIST_OTHERKEY, &pRel->other);
  assocRowsText(pCall, p, LIST_THROUGH,
                pRel->nPath ? pRel->pOpt->zThrough : pRel->zThrough);
  listKey(pCall, p, LIST_SOURCEKEY, &pRel->sourceKey);
  listKey(pCall, p, LIST_TARGETKEY, &pRel->targetKey);
  listScope(pCall, p, pRel->pOpt->pScope);
  assocRowsText(pCall, p, LIST_SOURCE, az[pRel->foreign.eFrom]);
}

static void listDef(AssocCall *pCall, AssocRows *p, AssocDef *pDef) {
  AssocRel *pRel;
  assocRowsAdd(pCall, p);
  assocRowsText(pCall, p, LIST_MODEL, pDef->zModel);
  assocRowsText(pCall, p, LIST_ASSOCIATION, pDef->zName);
  assocRowsText(pCall, p, LIST_KIND, pDef->zKind);
  assocRowsText(pCall, p, LIST_TARGET, pDef->zTarget);
  assocRowsText(pCall, p, LIST_OPTIONS, pDef->zOptions);
  assocRowsText(pCall, p, LIST_SCHEMA, pDef->pSchema->zName);
  pRel = assocRelOf(pCall, pDef);
  if (pCall->rc == SQLITE_ERROR) assocErrorForget(pCall);
  if (pRel) listResolved(pCall, p, pRel);
}

static void listMake(AssocCall *pCall, AssocRows *p, int nArg,
                     sqlite3_value **ap) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocSchema *pSchema;
  AssocDef *pDef;
  (void)nArg, (void)ap;
  for (pSchema = pCat ? pCat->pSchema : 0; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(pCall, pSchema)) break;
    for (pDef = pSchema->pDef; pDef && pCall->rc == SQLITE_OK;
         pDef = pDef->pNext) {
      if (pDef->zName[0]) listDef(pCall, p, pDef);
    }
  }
  assocCatalogLeave(pCall, pCat);
}

const AssocRowsTable assocListTable = {
    "assoc_list",
    "CREATE TABLE x(model, association, kind, target, foreignKey, otherKey,"
    " through, sourceKey, targetKey, scope, options, source, schema)",
    13,
    0,
    0,
    listMake};
