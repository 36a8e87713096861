/*
** What is defined, and what that means for the schema as it is.
**
**   SELECT model, association, kind, target, foreignKey FROM assoc_list;
**
** The column decided says what each part is and where that comes from:
**
**   {"foreignKey":{"is":"author_id","from":"schema"},
**    "targetKey":{"is":"id","from":"default"}}
**
** declared: the definition says so, or the one of the other side. schema: a
** FOREIGN KEY does. convention: a column is there under a usual name. default:
** nothing else is known, and assoc_sync() makes it if it is missing.
**
** A policy has a row of the kind policy, without an association.
**
** Columns that depend on the schema are NULL for a definition that cannot be
** resolved: its table is gone, or its row was made by hand and is bad.
*/
#include "surface/surface.h"

/* Store the text of pOut in a cell of the current row. */
static void listCell(AssocCall *pCall, AssocRows *p, int iCol, AssocOut *pOut) {
  i64 n = 0;
  char *z = assocBufText(pCall, pOut, &n);
  assocRowsText(pCall, p, iCol, z);
  sqlite3_free(z);
}

/* "a", or ["a","b"] of a composite key. */
static void listColumns(AssocOut *pOut, const AssocKey *pKey) {
  int i;
  assert(pKey->nCol > 0);
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->nCol > 1) assocOutText(pOut, i ? "," : "[", 1);
    assocJsonString(pOut, pKey->azCol[i], (i64)strlen(pKey->azCol[i]));
  }
  if (pKey->nCol > 1) assocOutText(pOut, "]", 1);
}

/* A column, or a JSON array of the columns of a composite key. */
static void listKey(AssocCall *pCall, AssocRows *p, int iCol,
                    const AssocKey *pKey) {
  AssocOut out;
  if (pKey->nCol == 1) assocRowsText(pCall, p, iCol, pKey->azCol[0]);
  if (pKey->nCol < 2) return;
  assocBufInit(&out, 0x7fffffff);
  listColumns(&out, pKey);
  listCell(pCall, p, iCol, &out);
}

/* NULL for an association without a scope. */
static void listScope(AssocCall *pCall, AssocRows *p, const AssocJson *pScope) {
  AssocOut out;
  if (pScope == 0) return;
  assocBufInit(&out, 0x7fffffff);
  assocJsonWrite(&out, pScope);
  listCell(pCall, p, LIST_SCOPE, &out);
}

/* The origin of a key, indexed by ASSOC_FROM_*. */
static const char *const azListFrom[] = {"declared", "schema", "convention",
                                         "default"};

/* Begin a member of the object. */
static void decidedWord(AssocOut *pOut, const char *zWhat) {
  int bFirst = pOut->p - pOut->pStart <= 1; /* Only the brace is there */
  assert(pOut->rc != SQLITE_OK || pOut->pStart[0] == '{');
  assocOutPrintf(pOut, "%s\"%s\":{\"is\":", bFirst ? "" : ",", zWhat);
}

/* A key that the association does not have is left out. */
static void decidedKey(AssocOut *pOut, const char *zWhat,
                       const AssocKey *pKey) {
  assert(pKey->eFrom < ASSOC_COUNT(azListFrom));
  if (pKey->nCol == 0) return;
  decidedWord(pOut, zWhat);
  listColumns(pOut, pKey);
  assocOutPrintf(pOut, ",\"from\":\"%s\"}", azListFrom[pKey->eFrom]);
}

/* A value that is not set is left out. */
static void decidedText(AssocOut *pOut, const char *zWhat, const char *z,
                        const char *zFrom) {
  if (z == 0) return;
  decidedWord(pOut, zWhat);
  assocJsonString(pOut, z, (i64)strlen(z));
  assocOutPrintf(pOut, ",\"from\":\"%s\"}", zFrom);
}

/* The FOREIGN KEY of the schema over the columns, or 0. */
static const AssocFkey *listFkey(AssocCall *pCall, const AssocRel *pRel) {
  AssocTable *pTab = assocRelForeignTable(pRel);
  const AssocFkey *pFk = pTab ? assocTableFkeys(pCall, pTab) : 0;
  int i, j;
  for (; pFk; pFk = pFk->pNext) {
    if (pFk->nCol != pRel->foreign.nCol) continue;
    for (i = 0; i < pFk->nCol; i++) {
      for (j = 0; j < pFk->nCol; j++) {
        if (pRel->foreign.aCol[j] == pFk->aCol[i]) break;
      }
      if (j == pFk->nCol) break;
    }
    assert(pFk->nCol > 0);
    if (i == pFk->nCol) return pFk;
  }
  return 0;
}

/* Where each value comes from: the definition, the schema, a usual name, or a
** default. */
static void listDecided(AssocCall *pCall, AssocRows *p, const AssocRel *pRel) {
  const AssocOptions *pOpt = pRel->pOpt;
  const AssocFkey *pFk = listFkey(pCall, pRel);
  AssocOut out;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{", 1);
  decidedKey(&out, "foreignKey", &pRel->foreign);
  decidedKey(&out, "otherKey", &pRel->other);
  decidedKey(&out, "type", &pRel->type);
  decidedText(&out, "through", pRel->nPath ? pOpt->zThrough : pRel->zThrough,
              pOpt->zThrough ? "declared" : "schema");
  decidedKey(&out, "sourceKey", &pRel->sourceKey);
  decidedKey(&out, "targetKey", &pRel->targetKey);
  /* Defaults of assoc_sync() are not listed: they become declared with it. */
  decidedText(&out, "onDelete",
              pOpt->zOnDelete ? pOpt->zOnDelete
              : pFk           ? pFk->zOnDelete
                              : 0,
              pOpt->zOnDelete ? "declared" : "schema");
  decidedText(&out, "onUpdate",
              pOpt->zOnUpdate ? pOpt->zOnUpdate
              : pFk           ? pFk->zOnUpdate
                              : 0,
              pOpt->zOnUpdate ? "declared" : "schema");
  assocOutText(&out, "}", 1);
  listCell(pCall, p, LIST_DECIDED, &out);
}

/* The columns that depend on the schema. */
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
  if (!assocRelHides(pCall, pRel)) listScope(pCall, p, pRel->pOpt->pScope);
  assocRowsText(pCall, p, LIST_SOURCE, az[pRel->foreign.eFrom]);
  listDecided(pCall, p, pRel);
}

/* A definition that cannot be resolved still has a row, with NULL in these
** columns. */
static void listDef(AssocCall *pCall, AssocRows *p, AssocDef *pDef) {
  AssocRel *pRel;
  assocRowsAdd(pCall, p);
  assocRowsText(pCall, p, LIST_MODEL, pDef->zModel);
  assocRowsText(pCall, p, LIST_ASSOCIATION, pDef->zName);
  assocRowsText(pCall, p, LIST_KIND, pDef->zKind);
  assocRowsText(pCall, p, LIST_TARGET, pDef->zTarget);
  assocRowsText(pCall, p, LIST_SCHEMA, pDef->pSchema->zName);
  /* A definition that cannot be resolved is listed, too, with what its row
  ** says. */
  pRel = assocRelTry(pCall, pDef, 0);
  if (pRel) listResolved(pCall, p, pRel);
  if (pRel == 0 || !assocRelHides(pCall, pRel)) {
    assocRowsText(pCall, p, LIST_OPTIONS, pDef->zOptions);
  }
}

/* A policy: for the owner alone. */
static void listPolicy(AssocCall *pCall, AssocRows *p, const AssocDef *pDef) {
  assocRowsAdd(pCall, p);
  assocRowsText(pCall, p, LIST_MODEL, pDef->zModel);
  assocRowsText(pCall, p, LIST_KIND, pDef->zKind);
  assocRowsText(pCall, p, LIST_OPTIONS, pDef->zOptions);
  assocRowsText(pCall, p, LIST_SCHEMA, pDef->pSchema->zName);
}

/* Rows of assoc_model() and settings are not associations, so they are left
** out. */
static void listMake(AssocCall *pCall, AssocRows *p, int nArg,
                     sqlite3_value **ap) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocSchema *pSchema;
  AssocDef *pDef;
  (void)nArg, (void)ap;
  if (pCat) assocCatalogNeedTrust(pCall, pCat);
  for (pSchema = pCat ? pCat->pSchema : 0; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(pCall, pSchema)) break;
    for (pDef = assocSchemaDefs(pCall, pSchema); pDef && pCall->rc == SQLITE_OK;
         pDef = pDef->pNext) {
      if (pDef->zName[0] && assocDefShown(pCall, pDef)) listDef(pCall, p, pDef);
    }
    /* Policies are the owner's business: a session sees none. */
    for (pDef = pCall->pConn->pSession ? 0 : pSchema->pPolicyDef; pDef;
         pDef = pDef->pNext) {
      listPolicy(pCall, p, pDef);
    }
  }
  assocLiveListRows(pCall, pCat, p);
  assocCatalogLeave(pCall, pCat);
}

const AssocRowsTable assocListTable = {
    "assoc_list",
    "CREATE TABLE x(model, association,"
    " kind COLLATE NOCASE, target, foreignKey, otherKey,"
    " through, sourceKey, targetKey, scope, options, source, schema, decided)",
    14,
    0,
    0,
    listMake};
