/*
** Models for programs, as JSON:
**
**   {"models":[
**     {"name":"users","schema":"main","table":"users","type":"table",
**      "joinTable":false,"primaryKey":["id"],
**      "columns":[{"name":"id","type":"INTEGER","notNull":true,
**                  "hasDefault":false,"generated":false},...],
**      "associations":[
**        {"name":"posts","kind":"hasMany","many":true,"target":"posts",
**         "foreignKey":["user_id"],"sourceKey":["id"],"inverse":"user"},
**        ...]},
**     ...]}
**
** Keys are always arrays. A member that does not apply is absent.
**
** The format is documented in REFERENCE-look.md; programs rely on it, so
** members may be added, and none may change its meaning.
*/
#include "look/picture.h"

/* true or false. */
static void jsonFlag(AssocOut *pOut, const char *zBefore, int b) {
  assocOutPrintf(pOut, "%s%s", zBefore, b ? "true" : "false");
}

/* ,"foreignKey":["a","b"] */
static void jsonKey(AssocOut *pOut, const char *zName, const AssocKey *pKey) {
  int i;
  if (pKey->nCol == 0) return;
  assocOutPrintf(pOut, ",\"%s\":[", zName);
  for (i = 0; i < pKey->nCol; i++) {
    assocJsonMember(pOut, i ? "," : "", pKey->azCol[i]);
  }
  assocOutText(pOut, "]", 1);
}

/* The declared type is given as it was written; programs interpret it. */
static void jsonColumn(AssocOut *pOut, const AssocTable *pTab, int iCol) {
  const AssocColumn *pCol = &pTab->aCol[iCol];
  assocJsonMember(pOut, "{\"name\":", pCol->zName);
  assocJsonMember(pOut, ",\"type\":", pCol->zType);
  jsonFlag(pOut, ",\"notNull\":", assocPictureIsNotNull(pTab, iCol));
  jsonFlag(pOut, ",\"hasDefault\":", pCol->bDefault);
  jsonFlag(pOut, ",\"generated\":", pCol->bGenerated);
  assocOutText(pOut, "}", 1);
}

/* ,"polymorphic":{"typeColumn":"thing_type","targets":[...]} */
static void jsonBranches(AssocOut *pOut, const AssocRel *pRel) {
  int i;
  assert(pRel->nBranch > 0 && pRel->type.nCol == 1);
  assocJsonMember(pOut,
                  ",\"polymorphic\":{\"typeColumn\":", pRel->type.azCol[0]);
  assocOutText(pOut, ",\"targets\":[", 12);
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocBranch *q = &pRel->aBranch[i];
    assocJsonMember(pOut, i ? ",{\"type\":" : "{\"type\":", q->zType);
    assocJsonMember(pOut, ",\"model\":", q->pModel->zLabel);
    jsonKey(pOut, "targetKey", &q->key);
    assocOutText(pOut, "}", 1);
  }
  assocOutText(pOut, "]}", 2);
}

/* A part of the options, as the definition has it. */
static void jsonTree(AssocOut *pOut, const char *zBefore, AssocJson *p) {
  if (p == 0) return;
  assocOutText(pOut, zBefore, (i64)strlen(zBefore));
  assocJsonWrite(pOut, p);
}

/* The association that goes back over the same key, or 0. */
static const AssocRel *jsonInverse(AssocPicture *p, const AssocRel *pRel) {
  AssocDef *pDef = 0;
  assert(pRel->pTarget || pRel->nBranch);
  if (pRel->nPath || pRel->nBranch) return 0;
  while ((pDef = assocModelNextShown(p->pCall, pRel->pTarget, pDef)) != 0) {
    const AssocRel *q = pDef->pRel;
    if (q && pDef != pRel->pDef && assocPictureIsInverse(pRel, q)) return q;
  }
  return 0;
}

/* Keys that the association does not have are absent. A polymorphic one has a
** target key for each of its models. */
static void jsonKeys(AssocOut *pOut, const AssocRel *pRel) {
  jsonKey(pOut, "foreignKey", &pRel->foreign);
  jsonKey(pOut, "otherKey", &pRel->other);
  jsonKey(pOut, "sourceKey", &pRel->sourceKey);
  if (pRel->nBranch == 0) jsonKey(pOut, "targetKey", &pRel->targetKey);
}

/* One association, as it was resolved against the schema. */
static void jsonRel(AssocPicture *p, AssocOut *pOut, const AssocRel *pRel) {
  const AssocRel *pInverse = jsonInverse(p, pRel);
  assocJsonMember(pOut, "{\"name\":", pRel->zName);
  assocJsonMember(pOut, ",\"kind\":", azAssocKind[pRel->eKind]);
  jsonFlag(pOut, ",\"many\":", pRel->bMany);
  if (pRel->nBranch) {
    jsonBranches(pOut, pRel);
  } else {
    assocJsonMember(pOut, ",\"target\":", pRel->pTarget->zLabel);
  }
  if (pRel->nPath) assocJsonMember(pOut, ",\"path\":", pRel->pOpt->zThrough);
  if (pRel->zThrough) assocJsonMember(pOut, ",\"through\":", pRel->zThrough);
  if (pRel->nPath == 0) jsonKeys(pOut, pRel);
  if (pRel->pOpt->eSymmetric == 1) jsonFlag(pOut, ",\"symmetric\":", 1);
  if (pRel->pOpt->zCounter &&
      !assocPictureHidesName(p, pRel->pSource->pTable, pRel->pOpt->zCounter)) {
    assocJsonMember(pOut, ",\"counterCache\":", pRel->pOpt->zCounter);
  }
  if (!assocRelHides(p->pCall, pRel)) {
    jsonTree(pOut, ",\"scope\":", pRel->pOpt->pScope);
    jsonTree(pOut, ",\"order\":", pRel->pOpt->pOrder);
  }
  if (pInverse) assocJsonMember(pOut, ",\"inverse\":", pInverse->zName);
  assocOutText(pOut, "}", 1);
}

/* Associations whose targets the picture leaves out are left out, too. */
static void jsonRels(AssocPicture *p, AssocOut *pOut,
                     const AssocPictureTable *pTab) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  int n = 0;
  assocOutText(pOut, ",\"associations\":[", 17);
  while ((pRel = assocPictureNextRel(p, pTab, &pDef)) != 0) {
    if (n++) assocOutText(pOut, ",", 1);
    jsonRel(p, pOut, pRel);
  }
  assocOutText(pOut, "]", 1);
}

/* ,"values":{"type":"Article"},"createdAt":"made_at": what tells the model's
** rows apart, and its timestamps; without columns that a policy hides. */
static void jsonModel(AssocPicture *p, AssocOut *pOut,
                      const AssocModel *pModel) {
  static const char *const azTime[] = {",\"createdAt\":", ",\"updatedAt\":"};
  const AssocTable *q = pModel->pTable;
  int i, n = 0;
  for (i = 0; i < pModel->nValue; i++) {
    if (assocPictureHides(p, q, pModel->aValue[i])) continue;
    assocJsonMember(pOut, n++ ? "," : ",\"values\":{",
                    q->aCol[pModel->aValue[i]].zName);
    assocOutText(pOut, ":", 1);
    assocJsonWrite(pOut, pModel->apValue[i]);
  }
  if (n) assocOutText(pOut, "}", 1);
  for (i = 0; i < 2; i++) {
    const char *z = pModel->azTime[i];
    if (z && !assocPictureHidesName(p, q, z))
      assocJsonMember(pOut, azTime[i], z);
  }
}

/* Hidden columns of virtual tables are left out. */
static void jsonTable(AssocPicture *p, AssocOut *pOut,
                      const AssocPictureTable *pTab) {
  const AssocModel *pModel = pTab->pModel;
  AssocTable *q = pTab->pTab;
  int i, n = 0;
  assocJsonMember(pOut, "{\"name\":", pModel->zLabel);
  assocJsonMember(pOut, ",\"schema\":", q->pSchema->zName);
  assocJsonMember(pOut, ",\"table\":", q->zName);
  assocJsonMember(pOut, ",\"type\":",
                  q->eType == ASSOC_VIEW      ? "view"
                  : q->eType == ASSOC_VIRTUAL ? "virtual"
                                              : "table");
  jsonFlag(pOut, ",\"joinTable\":", pTab->bJoin);
  jsonModel(p, pOut, pModel);
  assocOutText(pOut, ",\"primaryKey\":[", 15);
  for (i = 0; i < pModel->nKey; i++) {
    assocJsonMember(pOut, i ? "," : "", q->aCol[pModel->aKey[i]].zName);
  }
  assocOutText(pOut, "],\"columns\":[", 13);
  for (i = 0; i < q->nCol; i++) {
    if (q->aCol[i].bHidden || p->pOpt->bNoColumns) continue;
    if (assocPictureHides(p, q, i)) continue;
    if (n++) assocOutText(pOut, ",", 1);
    jsonColumn(pOut, q, i);
  }
  assocOutText(pOut, "]", 1);
  jsonRels(p, pOut, pTab);
  assocOutText(pOut, "}", 1);
}

/* The text is built in a buffer of its own, because the JSON functions write to
** one. */
void assocPictureJson(AssocPicture *p) {
  const AssocPictureTable *pTab;
  AssocModel *pAside;
  AssocDef *pRow;
  AssocOut out;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{\"models\":[", 11);
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) {
    if (pTab != p->pTable) assocOutText(&out, ",", 1);
    jsonTable(p, &out, pTab);
    pRow = 0;
    while ((pAside = assocPictureAside(p, pTab, &pRow)) != 0) {
      AssocPictureTable one = *pTab;
      one.pModel = pAside;
      assocOutText(&out, ",", 1);
      jsonTable(p, &out, &one);
    }
  }
  assocOutText(&out, "]}", 2);
  assocPictureJsonEnd(p, &out);
}
