/*
** belongsToMany: the join table, its two keys, and the definition in the other
** direction.
**
**   assoc_define('Post', 'belongsToMany', 'Tag', '{"through":"PostTags"}')
**   Post.id = PostTags.PostId and PostTags.TagId = Tag.id
*/
#include "model/resolve.h"

/* Can pTab be the join table? It has a foreign key to each side, and the
** columns of both form a unique index or the primary key. */
static int isJoinTable(AssocResolver *p, AssocTable *pTab) {
  const AssocTable *pSrc = p->pRel->pSource->pTable;
  const AssocTable *pTgt = p->pRel->pTarget->pTable;
  const AssocFkey *pA, *pB;
  int aCol[8], i, bUnique = 0;
  for (pA = assocTableFkeys(p->pCall, pTab); pA; pA = pA->pNext) {
    if (sqlite3_stricmp(pA->zParent, pSrc->zName) != 0) continue;
    for (pB = pTab->pFkey; pB; pB = pB->pNext) {
      if (pA == pB || pA->nCol + pB->nCol > ASSOC_COUNT(aCol) ||
          sqlite3_stricmp(pB->zParent, pTgt->zName) != 0) {
        continue;
      }
      for (i = 0; i < pA->nCol; i++) aCol[i] = pA->aCol[i];
      for (i = 0; i < pB->nCol; i++) aCol[pA->nCol + i] = pB->aCol[i];
      (void)assocTableIndexOn(p->pCall, pTab, pA->nCol + pB->nCol, aCol,
                              &bUnique);
      if (bUnique) return 1;
    }
  }
  return 0;
}

/* Without the option through: the only table of the schema that can be the join
** table of source and target. None and several are errors; the second one lists
** them. */
static void findThrough(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocSchema *pSchema = pRel->pSource->pTable->pSchema;
  const AssocReference *pRef =
      assocSchemaReferences(p->pCall, pSchema, pRel->pSource->pTable->zName);
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  int n = 0;
  char *z;
  for (; pRef; pRef = pRef->pNext) {
    AssocTable *pTab =
        assocTableSeek(p->pCall, pSchema, pSchema->aEntry[pRef->iEntry].zName);
    if (pTab == 0 || !isJoinTable(p, pTab)) continue;
    sqlite3_str_appendf(pStr, "%s%s", n++ ? " or " : "", pTab->zName);
    pRel->pThrough = pTab;
    pRel->zThrough = pTab->zName;
  }
  z = assocStrFinish(p->pCall, pStr);
  if (n == 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel,
                 pRel->zName,
                 "belongsToMany needs the option through, the name of the join "
                 "table; no table joins %s and %s yet",
                 pRel->pSource->zLabel, pRel->pTarget->zLabel);
  } else if (n > 1) {
    assocErrorOf(p->pCall, ASSOC_E_AMBIGUOUS, pRel->pSource->zLabel,
                 pRel->zName,
                 "several tables join %s and %s; say which is meant with the "
                 "option through: %s",
                 pRel->pSource->zLabel, pRel->pTarget->zLabel, z);
  }
  sqlite3_free(z);
}

/* Find the join table that the option through names. If there is none, pThrough
** stays 0: assoc_sync() creates it. */
static void namedThrough(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocModel *pJoin;
  pRel->zThrough = pRel->pOpt->zThrough;
  pJoin =
      assocModelNear(p->pCall, pRel->pSource->pTable->pSchema, pRel->zThrough);
  if (pJoin == 0) return;
  pRel->pThrough = pJoin->pTable;
  pRel->zThrough = pJoin->pTable->zName;
}

/* Find the join table. Readers and writers need its own model, so a row of
** assoc_model() that is wrong is an error here, of this association alone. */
static void resolveThrough(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  assert(pRel->pSource && pRel->pTarget);
  if (pRel->pOpt->zThrough) {
    namedThrough(p);
  } else {
    findThrough(p);
  }
  if (p->pCall->rc == SQLITE_OK && pRel->pThrough) {
    (void)assocModelOf(p->pCall, pRel->pThrough);
  }
}

/* Does another belongsToMany use the same join table? Without the option
** through there is only one candidate. */
static int sameThrough(AssocResolver *p, const AssocDef *pDef,
                       const AssocOptions *pOpt) {
  AssocRel *pRel = p->pRel;
  AssocModel *pJoin;
  assert(p->pRel->zThrough && pDef->pSource);
  if (pOpt->zThrough == 0 ||
      sqlite3_stricmp(pOpt->zThrough, pRel->zThrough) == 0) {
    return 1;
  }
  pJoin =
      assocModelTry(p->pCall, pDef->pSource->pTable->pSchema, pOpt->zThrough);
  return pJoin && pJoin->pTable == pRel->pThrough;
}

/*
** The belongsToMany in the other direction: from the target to the source over
** the same join table. 0 if there is none.
*/
static AssocDef *pairOf(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->pCall, pRel->pTarget, pDef)) != 0) {
    AssocOptions *pOpt;
    AssocModel *pBack;
    if (assocResolveIsSelf(p, pDef) || pDef->zTarget == 0 ||
        assocKindSeek(pDef->zKind) != ASSOC_BELONGSTOMANY) {
      continue;
    }
    pOpt = assocDefOptionsTry(p->pCall, pDef);
    pBack = assocModelTry(p->pCall, pDef->pSchema, pDef->zTarget);
    if (pOpt == 0 || pBack != pRel->pSource) continue;
    if (sameThrough(p, pDef, pOpt)) return pDef;
  }
  return 0;
}

/*
** The two keys of a join table, and the columns that they reference. Each key
** is named by this definition, by the one in the other direction, where
** foreignKey and otherKey change places, or by the join table's FOREIGN KEYs.
** If source and target are one model, the usual names are made from the
** associations: children and parents give childId and parentId.
*/
void assocResolveMany(AssocResolver *p) {
  static const AssocNames noNames;
  AssocRel *pRel = p->pRel;
  AssocDef *pPair;
  AssocOptions *pPairOpt;
  const AssocNames *pForeign = &pRel->pOpt->foreignKey;
  const AssocNames *pOther = &pRel->pOpt->otherKey;
  const AssocNames *pSource = &pRel->pOpt->sourceKey;
  const AssocNames *pTarget = &pRel->pOpt->targetKey;
  const char *zTab;
  AssocSeeker seek;
  int bSelf = pRel->pSource == pRel->pTarget;
  memset(&seek, 0, sizeof(seek));
  resolveThrough(p);
  if (p->pCall->rc != SQLITE_OK) return;
  zTab = pRel->zThrough;
  pPair = pairOf(p);
  pPairOpt = pPair ? assocDefOptionsTry(p->pCall, pPair) : 0;
  if (pForeign->n == 0) pForeign = pPairOpt ? &pPairOpt->otherKey : &noNames;
  if (pOther->n == 0) pOther = pPairOpt ? &pPairOpt->foreignKey : &noNames;
  if (pSource->n == 0) pSource = pPairOpt ? &pPairOpt->targetKey : &noNames;
  if (pTarget->n == 0) pTarget = pPairOpt ? &pPairOpt->sourceKey : &noNames;
  assocKeyAdopt(p, pRel->pThrough, pRel->pSource, pForeign, pSource,
                &pRel->sourceKey);
  assocKeyAdopt(p, pRel->pThrough, pRel->pTarget, pOther, pTarget,
                &pRel->targetKey);
  assocKeyReferenced(p, &pRel->sourceKey, pRel->pSource, pSource, "sourceKey");
  assocKeyReferenced(p, &pRel->targetKey, pRel->pTarget, pTarget, "targetKey");
  if (p->pCall->rc != SQLITE_OK) return;
  if (pOther->n) assocKeyNamed(p, &pRel->other, pRel->pThrough, pOther);
  seek.pTab = pRel->pThrough;
  seek.pParent = pRel->pSource;
  seek.pRef = &pRel->sourceKey;
  seek.pNot = &pRel->other;
  seek.zName = assocResolveSingular(
      p, pRel->pSource, bSelf && pPair ? pPair->zName : p->pDef->zModel);
  seek.zAlso = assocResolveAside(p, pRel->pSource, seek.zName);
  seek.zOption = "foreignKey";
  if (p->pCall->rc != SQLITE_OK) return;
  assocKeyForeign(p, &seek, &pRel->foreign, pForeign, zTab);
  pRel->other.nCol = 0;
  seek.pParent = pRel->pTarget;
  seek.pRef = &pRel->targetKey;
  seek.pNot = &pRel->foreign;
  seek.zName = assocResolveSingular(p, pRel->pTarget,
                                    bSelf ? pRel->zName : p->pDef->zTarget);
  seek.zAlso = assocResolveAside(p, pRel->pTarget, seek.zName);
  seek.zOption = "otherKey";
  if (p->pCall->rc != SQLITE_OK) return;
  assocKeyForeign(p, &seek, &pRel->other, pOther, zTab);
  if (pRel->pOpt->eSymmetric == 1 &&
      (!bSelf || !assocKeySame(&pRel->sourceKey, &pRel->targetKey))) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel,
                 pRel->zName,
                 "\"symmetric\" is for a belongsToMany of a model to itself");
  }
  if (pRel->foreign.nCol == 1 && pRel->other.nCol == 1 &&
      sqlite3_stricmp(pRel->foreign.azCol[0], pRel->other.azCol[0]) == 0) {
    assocErrorOf(
        p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel, pRel->zName,
        "%s needs two foreign keys, but foreignKey and otherKey are both "
        "%s",
        zTab, pRel->foreign.azCol[0]);
  }
}
