/*
** From a definition to tables and columns.
**
**   Post belongsTo User  →  foreign: Post.UserId, targetKey: User.id
**
** What a definition leaves open is determined when the association is used, so
** assoc_definitions contains only what was declared.
*/
#include "model/resolve.h"

/* ------------------------------------------------------------------ errors */

/* The name of a model without a table in errors: User, aux.User. */
static const char *sourceLabel(AssocResolver *p) {
  const AssocSchema *pSchema = p->pDef->pSchema;
  if (sqlite3_stricmp(pSchema->zName, "main") == 0 || pSchema->pNext == 0) {
    return p->pDef->zModel;
  }
  return assocArenaPrintf(p->pCall, p->pArena, "%s.%s", pSchema->zName,
                          assocBareName(pSchema, p->pDef->zModel));
}

/* Put "User.posts: " before the error. Many definitions may be resolved in one
** call, so the error must name its own. */
static void labelError(AssocResolver *p) {
  AssocModel *pModel = p->pRel->pSource;
  assocErrorPrefix(p->pCall, "%s.%s: ", pModel ? pModel->zLabel : p->zSource,
                   p->pRel->zName);
}

/* --------------------------------------------------------------- one foot */

/* The foreign key is in the source. Its default name comes from the
** association's name (bNamed). */
static void resolveBelongsTo(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocSeeker seek;
  memset(&seek, 0, sizeof(seek));
  seek.pTab = pRel->pSource->pTable;
  assocKeyAdopt(p, seek.pTab, pRel->pTarget, &pRel->pOpt->foreignKey,
                &pRel->pOpt->targetKey, &pRel->targetKey);
  assocKeyReferenced(p, &pRel->targetKey, pRel->pTarget, &pRel->pOpt->targetKey,
                     "targetKey");
  seek.pParent = pRel->pTarget;
  seek.pRef = &pRel->targetKey;
  seek.zName = pRel->zName;
  seek.zAlso = assocResolveAside(p, pRel->pTarget, pRel->zName);
  seek.bNamed = 1;
  seek.zOption = "foreignKey";
  if (p->pCall->rc != SQLITE_OK) return;
  assocKeyForeign(p, &seek, &pRel->foreign, &pRel->pOpt->foreignKey,
                  seek.pTab->zName);
}

/* The foreign key is in the target. Its default name comes from the source's
** name, also for hasOne: "as" does not count. */
static void resolveHas(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocSeeker seek;
  memset(&seek, 0, sizeof(seek));
  seek.pTab = pRel->pTarget->pTable;
  assocKeyAdopt(p, seek.pTab, pRel->pSource, &pRel->pOpt->foreignKey,
                &pRel->pOpt->sourceKey, &pRel->sourceKey);
  assocKeyReferenced(p, &pRel->sourceKey, pRel->pSource, &pRel->pOpt->sourceKey,
                     "sourceKey");
  seek.pParent = pRel->pSource;
  seek.pRef = &pRel->sourceKey;
  seek.zName = assocResolveSingular(p, pRel->pSource, p->pDef->zModel);
  seek.zAlso = assocResolveAside(p, pRel->pSource, seek.zName);
  seek.zOption = "foreignKey";
  if (p->pCall->rc != SQLITE_OK) return;
  assocKeyForeign(p, &seek, &pRel->foreign, &pRel->pOpt->foreignKey,
                  seek.pTab->zName);
}

/* --------------------------------------------------------- scope and order */

/* Is it the type column of a polymorphic key that assoc_sync() should
** create? */
static int isMissingType(const AssocResolver *p, const char *zName) {
  const AssocKey *pType = &p->pRel->type;
  return pType->nCol && pType->aCol[0] < 0 &&
         sqlite3_stricmp(pType->azCol[0], zName) == 0;
}

/* A scope must be testable, and writable, on one row of one table. */
static void checkBeyond(AssocResolver *p, const AssocTable *pTab) {
  assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pTab->zName, 0,
               "a scope compares columns of %s, not of related rows",
               pTab->zName);
}

/* Columns of the scope must exist when the association is defined, apart from
** the type column of a polymorphic key, which assoc_sync() may still make. */
static void checkKey(AssocResolver *p, const AssocTable *pTab,
                     const ShapeKey *pKey) {
  const ShapeName *pName = pKey->pPath;
  if (pName && pKey->bAt) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, 0, pName->z,
                 "@%s must be at the top level of a scope, as in "
                 "{\"@%s\":1,\"kind\":\"x\"}, not inside another condition",
                 pName->z, pName->z);
  } else if (pName && (pName->pNext || pKey->pAgg)) {
    checkBeyond(p, pTab);
  } else if (pName && assocColumnFind(pTab, pName->z) < 0 &&
             !isMissingType(p, pName->z)) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_COLUMN, pTab->zName, pName->z,
                 "%s has no column %s, which the scope names", pTab->zName,
                 pName->z);
  }
}

/* Check that every column of a scope exists in the table. */
static void checkWhere(AssocResolver *p, const AssocTable *pTab,
                       const ShapePred *pPred) {
  for (; pPred; pPred = pPred->pNext) {
    if (pPred->pSub) checkWhere(p, pTab, pPred->pSub);
    if (pPred->key.pPath && pPred->eOp <= SHAPE_OP_NONE) {
      checkBeyond(p, pTab);
    } else {
      checkKey(p, pTab, &pPred->key);
      if (pPred->pOther) checkKey(p, pTab, pPred->pOther);
    }
  }
}

/* "@pos": a column of the join table, if that table exists. */
static void checkAt(AssocResolver *p, const ShapeName *pName) {
  const AssocTable *pJoin = p->pRel->pThrough;
  if (p->pRel->eKind != ASSOC_BELONGSTOMANY) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, 0, pName->z,
                 "@%s is a column of a join table, which belongsToMany has",
                 pName->z);
  } else if (pJoin && assocColumnFind(pJoin, pName->z) < 0) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_COLUMN, pJoin->zName, pName->z,
                 "the join table %s has no column %s, which the order names",
                 pJoin->zName, pName->z);
  }
}

/* Check that every column of an order exists in the table. */
static void checkOrder(AssocResolver *p, const AssocTable *pTab,
                       const ShapeSort *pSort) {
  for (; pSort; pSort = pSort->pNext) {
    const ShapeName *pName = pSort->key.pPath;
    int bColumn = assocColumnFind(pTab, pName->z) >= 0;
    if (pSort->key.bAt) {
      checkAt(p, pName);
    } else if (bColumn && pName->pNext) {
      assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pTab->zName, pName->z,
                   "%s is a column of %s, so the order cannot continue with %s",
                   pName->z, pTab->zName, pName->pNext->z);
    } else if (!bColumn && !pName->pNext && pSort->key.pAgg == 0) {
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_COLUMN, pTab->zName, pName->z,
                   "%s has no column %s, which the order names", pTab->zName,
                   pName->z);
    }
  }
}

/* Read the scopes and the order, and check their columns. */
static void resolveScope(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocOptions *pOpt = pRel->pOpt;
  assert(pRel->pTarget);
  if (pOpt->pScope) {
    pRel->pScope = assocShapeWhere(p->pCall, p->pArena, pOpt->pScope);
    checkWhere(p, pRel->pTarget->pTable, pRel->pScope);
  }
  if (pOpt->pThroughScope) {
    pRel->pThroughScope =
        assocShapeWhere(p->pCall, p->pArena, pOpt->pThroughScope);
    if (pRel->pThrough) checkWhere(p, pRel->pThrough, pRel->pThroughScope);
  }
  if (pOpt->pOrder) {
    pRel->pOrder = assocShapeOrder(p->pCall, p->pArena, pOpt->pOrder);
    if (p->pCall->rc != SQLITE_OK) return;
    checkOrder(p, pRel->pTarget->pTable, pRel->pOrder);
  }
}

/* Raise an error for an option that the kind does not have. */
static void checkOptions(AssocResolver *p) {
  const AssocOptions *pOpt = p->pRel->pOpt;
  int eKind = p->pRel->eKind;
  const struct {
    const char *zName;
    int bSaid;
    int mKind; /* Bit i: azAssocKind[i] has the option */
  } a[] = {
      {"otherKey", pOpt->otherKey.n > 0, 8},
      {"sourceKey", pOpt->sourceKey.n > 0, 2 | 4 | 8},
      {"targetKey", pOpt->targetKey.n > 0, 1 | 8},
      {"through", pOpt->zThrough || pOpt->pThroughScope, 2 | 4 | 8},
      {"scope", pOpt->pScope != 0, 2 | 4 | 8},
      {"order", pOpt->pOrder != 0, 2 | 4 | 8},
      {"unique", pOpt->eUnique >= 0, 1 | 2},
      {"counterCache", pOpt->zCounter != 0, 4},
      {"symmetric", pOpt->eSymmetric >= 0, 8},
      {"defaultValue", pOpt->pDefault && pOpt->pPolymorphic, 0},
  };
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (a[i].bSaid && !(a[i].mKind & (1 << eKind))) {
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, a[i].zName,
                   "%s has no option %s", azAssocKind[eKind], a[i].zName);
    }
  }
  if (pOpt->pThroughScope && eKind != ASSOC_BELONGSTOMANY) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pDef->zModel, p->pDef->zName,
                 "a scope of join rows needs belongsToMany");
  }
  if (pOpt->zThrough && eKind != ASSOC_BELONGSTOMANY && assocResolveIsPath(p)) {
    if (pOpt->foreignKey.n || pOpt->sourceKey.n || pOpt->eUnique >= 0 ||
        pOpt->zOnDelete || pOpt->zOnUpdate || pOpt->eAllowNull >= 0 ||
        pOpt->zCounter) {
      assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pDef->zModel,
                   p->pDef->zName,
                   "an association through a path has no key of its own, only "
                   "scope and order");
    }
  } else if (pOpt->zThrough && eKind != ASSOC_BELONGSTOMANY) {
    assocErrorOf(
        p->pCall, ASSOC_E_DEFINITION, p->pDef->zModel, p->pDef->zName,
        "a join table needs belongsToMany; did you mean "
        "assoc_define('%s','belongsToMany','%s','{\"through\":\"%s\"}')?",
        p->pDef->zModel, p->pDef->zTarget, pOpt->zThrough);
  }
}

/* --------------------------------------------------------------- interface */

/* Set the source. A definition without one may still raise a better error than
** "no table", for example that two tables are possible. */
static void resolveSource(AssocResolver *p) {
  AssocSchema *pSchema = p->pDef->pSchema;
  p->pRel->pSource = p->pDef->pSource;
  if (p->pRel->pSource) return;
  p->zSource = sourceLabel(p);
  (void)assocModelNear(p->pCall, pSchema, p->pDef->zModel);
  assocModelMissing(p->pCall, pSchema->pCatalog, p->zSource);
}

/* A polymorphic belongsTo has no target; its models are resolved elsewhere. */
static void resolveTarget(AssocResolver *p) {
  AssocSchema *pSchema = p->pDef->pSchema;
  const char *zTarget = p->pDef->zTarget ? p->pDef->zTarget : "";
  p->pRel->pTarget = assocModelNear(p->pCall, pSchema, zTarget);
  if (p->pRel->pTarget == 0) {
    assocModelMissing(p->pCall, pSchema->pCatalog, zTarget);
  }
}

/* Resolve the definition. The order matters: the options decide whether there
** is a target; the kind and the target decide which options are allowed; keys
** come next, since the scope may name the columns that they add. */
static void resolveAll(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  int bPoly;
  resolveSource(p);
  if (p->pCall->rc != SQLITE_OK) return;
  pRel->eKind = (u8)assocKindParse(p->pCall, p->pDef->zKind, 1);
  pRel->pOpt = assocDefOptions(p->pCall, p->pDef);
  if (p->pCall->rc != SQLITE_OK) return;
  pRel->bMany = pRel->eKind >= ASSOC_HASMANY;
  bPoly = pRel->pOpt->pPolymorphic != 0;
  if (bPoly && (pRel->eKind == ASSOC_BELONGSTO) !=
                   (pRel->pOpt->pPolymorphic->eType == ASSOC_J_OBJECT)) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pDef->zModel, p->pDef->zName,
                 "the option polymorphic is an object for belongsTo, and for "
                 "the other kinds the name of that belongsTo");
  }
  if (!bPoly || pRel->eKind != ASSOC_BELONGSTO) {
    resolveTarget(p);
  }
  if (p->pCall->rc == SQLITE_OK) checkOptions(p);
  if (p->pCall->rc == SQLITE_OK && bPoly) {
    if (pRel->eKind == ASSOC_BELONGSTO) {
      assocResolvePolymorphic(p);
      return;
    }
    assocResolveTyped(p);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    resolveBelongsTo(p);
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    assocResolveMany(p);
  } else if (pRel->pOpt->zThrough) {
    assocResolvePath(p);
  } else {
    resolveHas(p);
  }
  if (p->pCall->rc == SQLITE_OK) resolveScope(p);
}

/* The result is kept in the definition, so it is resolved once per catalog. A
** definition that failed is tried again at its next use. bResolving finds paths
** that contain themselves. */
AssocRel *assocRelOf(AssocCall *pCall, AssocDef *pDef) {
  AssocCatalog *pCat = pDef->pSchema->pCatalog;
  AssocResolver r;
  assert(pDef);
  if (pDef->pRel || pCall->rc != SQLITE_OK) return pDef->pRel;
  assocDefLink(pCall, pDef);
  r.pCall = pCall;
  r.pArena = &pCat->mem;
  r.pDef = pDef;
  r.zSource = pDef->zModel;
  r.pRel = assocAlloc(pCall, r.pArena, sizeof(*r.pRel));
  if (r.pRel == 0) return 0;
  r.pRel->pDef = pDef;
  r.pRel->zName = pDef->zName;
  if (pDef->bResolving) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, pDef->zModel, pDef->zName,
                 "%s.%s leads back to itself by its option through",
                 pDef->zModel, pDef->zName);
    return 0;
  }
  pDef->bResolving = 1;
  resolveAll(&r);
  pDef->bResolving = 0;
  if (pCall->rc != SQLITE_OK) {
    labelError(&r);
    return 0;
  }
  pDef->pRel = r.pRel;
  return r.pRel;
}

/* The copy says whose rows are asked: related() lists them, and writers look for
** them. All columns are those of the one table. */
AssocRel *assocRelHad(AssocCall *pCall, AssocModel *pModel, AssocDef *pDef) {
  AssocRel *pRel = assocRelOf(pCall, pDef), *pHad = pModel->pHad;
  if (pRel == 0 || pRel->pSource == pModel) return pRel;
  assert(pModel->bAside && pRel->pSource->pTable == pModel->pTable);
  while (pHad && pHad->pDef != pDef) pHad = pHad->pNextHad;
  if (pHad) return pHad;
  pHad = assocAlloc(pCall, &pDef->pSchema->pCatalog->mem, sizeof(*pHad));
  if (pHad == 0) return 0;
  *pHad = *pRel;
  pHad->pSource = pModel;
  pHad->pCounter = 0;
  pHad->pNextHad = pModel->pHad;
  pModel->pHad = pHad;
  return pHad;
}

AssocRel *assocRelTry(AssocCall *pCall, AssocDef *pDef, AssocErr *pWhy) {
  AssocCall ask;
  AssocRel *pRel;
  if (pWhy) memset(pWhy, 0, sizeof(*pWhy));
  if (pDef->pRel) return pDef->pRel;
  assocTryBegin(&ask, pCall);
  if (pWhy == 0) ask.bQuiet = 1;
  pRel = assocRelOf(&ask, pDef);
  return assocTryEnd(&ask, pCall, pWhy) ? 0 : pRel;
}

/* Do both find the same rows by the same columns? Names, orders and scopes do
** not count. */
int assocRelSame(const AssocRel *pA, const AssocRel *pB) {
  int i;
  assert(pA->eKind == pB->eKind && pA->pSource == pB->pSource);
  /* The definitions were compared before: they have one target */
  if (ASSOC_NEVER(pA->pTarget != pB->pTarget) || pA->pThrough != pB->pThrough ||
      pA->nPath != pB->nPath) {
    return 0;
  }
  for (i = 0; i < pA->nPath; i++) {
    if (pA->apPath[i] != pB->apPath[i]) return 0;
  }
  if (sqlite3_stricmp(pA->zThrough, pB->zThrough) != 0) return 0;
  return assocKeySame(&pA->foreign, &pB->foreign) &&
         assocKeySame(&pA->other, &pB->other) &&
         assocKeySame(&pA->sourceKey, &pB->sourceKey) &&
         assocKeySame(&pA->targetKey, &pB->targetKey);
}

/* temp is the last database of the catalog, so its definition replaces one of
** the same name in the file. Calls mostly ask for the same one again. */
static AssocDef *findDef(AssocCall *pCall, AssocModel *pModel,
                         const char *zName) {
  const AssocCatalog *pCat = pModel->pTable->pSchema->pCatalog;
  AssocDef *pDef = 0, *pFound = 0;
  if (pModel->pAsked && pModel->iAsked == pCat->iLink &&
      pCall->rc == SQLITE_OK &&
      sqlite3_stricmp(pModel->pAsked->zName, zName) == 0) {
    return pModel->pAsked;
  }
  while ((pDef = assocModelNextHad(pCall, pModel, pDef)) != 0) {
    if (sqlite3_stricmp(pDef->zName, zName) == 0) pFound = pDef;
  }
  pModel->pAsked = pCall->rc == SQLITE_OK ? pFound : 0;
  pModel->iAsked = pCat->iLink;
  return pFound;
}

/* 0 without an error if there is no such association. */
AssocRel *assocRelSeek(AssocCall *pCall, AssocModel *pModel,
                       const char *zName) {
  AssocDef *pDef = findDef(pCall, pModel, zName);
  return pDef ? assocRelHad(pCall, pModel, pDef) : 0;
}

/*
** Suggest near names, and the plural or singular of the written one: the most
** frequent mistake is 'post' for 'posts'.
*/
void assocRelMissing(AssocCall *pCall, AssocModel *pModel, const char *zName) {
  AssocArena *pArena = &pModel->pTable->pSchema->pCatalog->mem;
  AssocNearest near;
  AssocDef *pDef = 0;
  const char *az[2];
  char *zAll = 0;
  int n = 0, i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  az[0] = assocPluralize(pCall, pArena, zName);
  az[1] = assocSingularize(pCall, pArena, zName);
  while ((pDef = assocModelNextShown(pCall, pModel, pDef)) != 0) {
    n++;
    assocNearestTry(&near, pDef->zName);
    for (i = 0; i < 2; i++) {
      if (sqlite3_stricmp(pDef->zName, az[i]) == 0) {
        near.zBest = pDef->zName;
        near.nBest = -1;
      }
    }
  }
  if (n == 0) {
    zAll = assocMprintf(pCall,
                        "it has none; declare one with "
                        "assoc_define('%s','hasMany',...)",
                        pModel->zLabel);
  } else if (near.zBest == 0) {
    char *zNames = assocModelDefNames(pCall, pModel);
    zAll = assocMprintf(pCall, "it has %s", zNames);
    sqlite3_free(zNames);
  }
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_ASSOCIATION,
                        .zModel = pModel->zLabel,
                        .zName = zName,
                        .zNear = near.zBest,
                        .zHint = zAll},
            "%s has no association '%s'", pModel->zLabel, zName);
  sqlite3_free(zAll);
}

/* 0 and an error with the nearest name if there is no such association. */
AssocRel *assocRelFind(AssocCall *pCall, AssocModel *pModel,
                       const char *zName) {
  AssocDef *pDef = findDef(pCall, pModel, zName);
  if (pDef) return assocRelHad(pCall, pModel, pDef);
  assocRelMissing(pCall, pModel, zName);
  return 0;
}

/* --------------------------------------------------------------- readiness */

/* The table that holds the foreign key; 0 for a path, which has several, and
** for a join table that does not exist yet. */
AssocTable *assocRelForeignTable(const AssocRel *pRel) {
  if (pRel->nPath) return 0;
  switch (pRel->eKind) {
  case ASSOC_BELONGSTO: return pRel->pSource->pTable;
  case ASSOC_BELONGSTOMANY: return pRel->pThrough;
  }
  return pRel->pTarget->pTable;
}

/* The columns of the source by which its related rows are found. */
const AssocKey *assocRelNearKey(const AssocRel *pRel) {
  if (pRel->nPath) return assocRelNearKey(pRel->apPath[0]);
  return pRel->eKind == ASSOC_BELONGSTO ? &pRel->foreign : &pRel->sourceKey;
}

/* The columns that are compared with the near key, and their table: the target,
** or the join table. */
const AssocKey *assocRelFarKey(const AssocRel *pRel, AssocTable **ppTab) {
  assert(pRel->nPath == 0 || pRel->apPath[0]->nPath == 0);
  if (pRel->nPath) return assocRelFarKey(pRel->apPath[0], ppTab);
  *ppTab = pRel->pTarget->pTable;
  if (pRel->eKind == ASSOC_BELONGSTO) return &pRel->targetKey;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) *ppTab = pRel->pThrough;
  return &pRel->foreign;
}

/* Raise an error if a column of the key does not exist. */
static void needColumns(AssocCall *pCall, const AssocRel *pRel,
                        const AssocTable *pTab, const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    AssocNearest near;
    int j;
    if (pKey->aCol[i] >= 0) continue;
    memset(&near, 0, sizeof(near));
    near.zWritten = pKey->azCol[i];
    for (j = 0; j < pTab->nCol; j++) {
      if (!assocColumnShown(pCall, pTab, j)) continue;
      assocNearestTry(&near, pTab->aCol[j].zName);
    }
    assocErrorOf(pCall, ASSOC_E_NOT_SYNCED, pRel->pSource->zLabel, pRel->zName,
                 "the table %s has no column %s, which %s.%s needs; SELECT "
                 "assoc_sync() adds it%s%s%s",
                 pTab->zName, pKey->azCol[i], pRel->pSource->zLabel,
                 pRel->zName, near.zBest ? ", or did you mean the column " : "",
                 near.zBest ? near.zBest : "", near.zBest ? "?" : "");
    return;
  }
}

/* An association may be defined before its columns exist. A use of it then
** needs assoc_sync() first, and the error says so. */
void assocRelNeedReady(AssocCall *pCall, const AssocRel *pRel) {
  const AssocTable *pTab = assocRelForeignTable(pRel);
  int i;
  assert(pRel->pSource);
  for (i = 0; i < pRel->nPath; i++) assocRelNeedReady(pCall, pRel->apPath[i]);
  if (pRel->nPath) return;
  assocTableNeed(pCall, pRel->pSource->pTable, pRel->pSource->zLabel);
  assocTableNeed(pCall, pRel->pTarget->pTable, pRel->pTarget->zLabel);
  assocTableNeed(pCall, pRel->pThrough, pRel->zThrough);
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocModel *pModel = pRel->aBranch[i].pModel;
    assocTableNeed(pCall, pModel->pTable, pModel->zLabel);
  }
  if (pCall->rc != SQLITE_OK) return;
  if (pTab == 0) {
    assocErrorOf(pCall, ASSOC_E_NOT_SYNCED, pRel->pSource->zLabel, pRel->zName,
                 "there is no join table %s yet, which %s.%s needs; SELECT "
                 "assoc_sync() makes it",
                 pRel->zThrough, pRel->pSource->zLabel, pRel->zName);
    return;
  }
  needColumns(pCall, pRel, pTab, &pRel->foreign);
  needColumns(pCall, pRel, pTab, &pRel->other);
  needColumns(pCall, pRel, pTab, &pRel->type);
}

/* Do join keys compare like the target's keys? */
static int comparesAlike(const AssocTable *pJoin, const AssocKey *pKey,
                         const AssocTable *pTab, const AssocKey *pRef) {
  int i;
  assert(pKey->nCol == pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    if (!assocColumnAlike(&pJoin->aCol[pKey->aCol[i]],
                          &pTab->aCol[pRef->aCol[i]])) {
      return 0;
    }
  }
  return 1;
}

/* Is there a unique index on the columns of both keys? A column of both keys
** counts once. */
int assocRelPairsOnce(AssocCall *pCall, const AssocRel *pRel) {
  const AssocKey *pFor = &pRel->foreign, *pOther = &pRel->other;
  int *aCol, bUnique = 0, i, j, n = pFor->nCol;
  assert(pRel->eKind == ASSOC_BELONGSTOMANY && pRel->pThrough);
  if (!comparesAlike(pRel->pThrough, pFor, pRel->pSource->pTable,
                     &pRel->sourceKey) ||
      !comparesAlike(pRel->pThrough, pOther, pRel->pTarget->pTable,
                     &pRel->targetKey)) {
    return 0;
  }
  aCol = assocMalloc(pCall, (i64)sizeof(int) * (n + pOther->nCol));
  if (aCol == 0) return 0;
  memcpy(aCol, pFor->aCol, sizeof(int) * (size_t)n);
  for (i = 0; i < pOther->nCol; i++) {
    for (j = 0; j < n && aCol[j] != pOther->aCol[i]; j++) {
    }
    if (j == n) aCol[n++] = pOther->aCol[i];
  }
  (void)assocTableIndexOn(pCall, pRel->pThrough, n, aCol, &bUnique);
  sqlite3_free(aCol);
  return bUnique;
}
