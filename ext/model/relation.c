/*
** From a definition to tables and columns.
**
** What a definition does not say is found when the association is used, so
** that the table of definitions holds only what was declared. For the
** columns of a foreign key, the first of these that gives an answer wins:
**
**   1. the option foreignKey (otherKey, for the far side of a join table)
**   2. a FOREIGN KEY that the schema declares between the two tables, if
**      exactly one can be meant
**   3. a column that is there under a usual name: UserId, userId, user_id
**   4. the name under which assoc_sync() is to make it
**
** The usual name is made as Sequelize makes it: of the source's name for
** hasOne and hasMany, of the association's name for belongsTo, and of the
** key that is referenced.
*/
#include "model/model.h"

/* What is at hand while one definition is resolved. */
typedef struct Resolver Resolver;
struct Resolver {
  AssocCall *pCall;
  AssocArena *pArena;
  AssocDef *pDef;
  AssocRel *pRel;
  const char *zSource; /* What the source is called if there is no table */
};

/* ------------------------------------------------------------------ errors */

/* What a definition without a table calls its model: User, aux.User. */
static const char *sourceLabel(Resolver *p) {
  const AssocSchema *pSchema = p->pDef->pSchema;
  if (sqlite3_stricmp(pSchema->zName, "main") == 0 || pSchema->pNext == 0) {
    return p->pDef->zModel;
  }
  return assocArenaPrintf(p->pCall, p->pArena, "%s.%s", pSchema->zName,
                          assocBareName(pSchema, p->pDef->zModel));
}

/* Put "User.posts: " before the error: a row may have been made by hand, and
** many are resolved in one call. What SQLite itself says stays as it is. */
static void labelError(Resolver *p) {
  AssocModel *pModel = p->pRel->pSource;
  char *z = p->pCall->zErr;
  if (p->pCall->rc != SQLITE_ERROR || z == 0) return;
  if (strncmp(z, "assoc: ", 7) != 0) return;
  p->pCall->zErr =
      sqlite3_mprintf("assoc: %s.%s: %s", pModel ? pModel->zLabel : p->zSource,
                      p->pRel->zName, z + 7);
  if (p->pCall->zErr == 0) p->pCall->rc = SQLITE_NOMEM;
  sqlite3_free(z);
}

/* -------------------------------------------------------------------- keys */

static void keyAlloc(Resolver *p, AssocKey *pKey, int n) {
  pKey->aCol = assocAlloc(p->pCall, p->pArena, (i64)sizeof(int) * (n + 1));
  pKey->azCol = assocAlloc(p->pCall, p->pArena, (i64)sizeof(char *) * (n + 1));
  pKey->nCol = p->pCall->rc == SQLITE_OK ? n : 0;
}

/* The column of that name becomes the i-th of the key. pTab may be 0. */
static void keySet(AssocKey *pKey, int i, const AssocTable *pTab,
                   const char *zName) {
  if (i >= pKey->nCol || zName == 0) return;
  pKey->aCol[i] = pTab ? assocColumnFind(pTab, zName) : -1;
  pKey->azCol[i] = pKey->aCol[i] >= 0 ? pTab->aCol[pKey->aCol[i]].zName : zName;
}

static void keyFromNames(Resolver *p, AssocKey *pKey, const AssocTable *pTab,
                         const AssocNames *pNames) {
  int i;
  keyAlloc(p, pKey, pNames->n);
  for (i = 0; i < pKey->nCol; i++) keySet(pKey, i, pTab, pNames->az[i]);
  pKey->eFrom = ASSOC_FROM_DECLARED;
}

static void keyFromColumns(Resolver *p, AssocKey *pKey, const AssocTable *pTab,
                           int nCol, const int *aCol) {
  int i;
  keyAlloc(p, pKey, nCol);
  for (i = 0; i < pKey->nCol; i++) {
    pKey->aCol[i] = aCol[i];
    pKey->azCol[i] = pTab->aCol[aCol[i]].zName;
  }
}

/*
** sourceKey or targetKey: the columns of a model that are referenced. They
** have to be there.
*/
static void resolveReferenced(Resolver *p, AssocKey *pKey, AssocModel *pModel,
                              const AssocNames *pNames, const char *zOption) {
  int i;
  if (pNames->n == 0) {
    assocModelNeedKey(p->pCall, pModel);
    keyFromColumns(p, pKey, pModel->pTable, pModel->nKey, pModel->aKey);
    pKey->eFrom = ASSOC_FROM_DEFAULT;
    return;
  }
  keyFromNames(p, pKey, pModel->pTable, pNames);
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->aCol[i] >= 0) continue;
    assocError(p->pCall, "%s has no column %s, which %s names", pModel->zLabel,
               pKey->azCol[i], zOption);
  }
}

/* ----------------------------------------------------------- foreign keys */

/* Columns that a foreign key references: as written, or the parent's key. */
static int fkeyReferences(const AssocFkey *pFk, const AssocTable *pParent,
                          const AssocKey *pKey) {
  int i, j;
  if (pFk->nCol != pKey->nCol) return 0;
  for (i = 0; i < pKey->nCol; i++) {
    for (j = 0; j < pFk->nCol; j++) {
      int iCol = pFk->azTo[j]        ? assocColumnFind(pParent, pFk->azTo[j])
                 : j < pParent->nKey ? pParent->aKey[j]
                                     : -1;
      if (iCol == pKey->aCol[i] && iCol >= 0) break;
    }
    if (j == pFk->nCol) return 0;
  }
  return 1;
}

/* The foreign key's own columns, in the order of the referenced key. */
static void keyFromFkey(Resolver *p, AssocKey *pKey, const AssocTable *pTab,
                        const AssocFkey *pFk, const AssocTable *pParent,
                        const AssocKey *pRef) {
  int i, j;
  keyAlloc(p, pKey, pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    for (j = 0; j < pFk->nCol; j++) {
      int iCol = pFk->azTo[j] ? assocColumnFind(pParent, pFk->azTo[j])
                              : pParent->aKey[j];
      if (iCol == pRef->aCol[i]) break;
    }
    if (j == pFk->nCol || pFk->aCol[j] < 0) return;
    pKey->aCol[i] = pFk->aCol[j];
    pKey->azCol[i] = pTab->aCol[pFk->aCol[j]].zName;
  }
  pKey->eFrom = ASSOC_FROM_SCHEMA;
}

int assocKeyUsual(AssocCall *pCall, AssocArena *pArena, const char *z,
                  const char *zName, const char *zKey) {
  const char *zCamel = assocCamelize(pCall, pArena, zName, zKey);
  const char *zSnake = zCamel ? assocUnderscore(pCall, pArena, zCamel) : 0;
  int nName = (int)strlen(zName);
  if (zSnake == 0) return 0;
  if (sqlite3_stricmp(z, zCamel) == 0 || sqlite3_stricmp(z, zSnake) == 0) {
    return 1;
  }
  return sqlite3_stricmp(z, zKey) == 0 && (int)strlen(zKey) > nName &&
         sqlite3_strnicmp(zKey, zName, nName) == 0;
}

static int usualName(Resolver *p, const char *z, const char *zName,
                     const char *zKey) {
  return assocKeyUsual(p->pCall, p->pArena, z, zName, zKey);
}

/* Are these columns, each, under the usual name? */
static int usualColumns(Resolver *p, const AssocTable *pTab, int nCol,
                        const int *aCol, const char *zName,
                        const AssocKey *pRef) {
  int i;
  if (nCol != pRef->nCol) return 0;
  for (i = 0; i < nCol; i++) {
    if (aCol[i] < 0 ||
        !usualName(p, pTab->aCol[aCol[i]].zName, zName, pRef->azCol[i])) {
      return 0;
    }
  }
  return nCol > 0;
}

/* Options of another definition: one that is bad spoils only itself. */
static AssocOptions *otherOptions(Resolver *p, AssocDef *pDef) {
  AssocOptions *pOpt = assocDefOptions(p->pCall, pDef);
  if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
  return pOpt;
}

/*
** Does another belongsTo of the same model speak of this foreign key, by its
** option or by its name? Then it is not the one that is meant: with
** sender_id alone in the table, the association 'recipient' is not it.
*/
static int takenByAnother(Resolver *p, const AssocTable *pTab,
                          const AssocFkey *pFk, const AssocKey *pRef) {
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->pCall, p->pRel->pSource, pDef)) != 0) {
    AssocOptions *pOpt;
    if (pDef == p->pDef || assocKindSeek(pDef->zKind) != ASSOC_BELONGSTO) {
      continue;
    }
    pOpt = otherOptions(p, pDef);
    if (pOpt == 0) continue;
    if (pOpt->foreignKey.n == pFk->nCol && pFk->aCol[0] >= 0 &&
        sqlite3_stricmp(pOpt->foreignKey.az[0],
                        pTab->aCol[pFk->aCol[0]].zName) == 0) {
      return 1;
    }
    if (pOpt->foreignKey.n == 0 &&
        usualColumns(p, pTab, pFk->nCol, pFk->aCol, pDef->zName, pRef)) {
      return 1;
    }
  }
  return 0;
}

/*
** Where a foreign key is looked for.
*/
typedef struct Seeker Seeker;
struct Seeker {
  AssocTable *pTab;     /* The table that has it */
  AssocModel *pParent;  /* The model that it references */
  const AssocKey *pRef; /* Columns of it that are referenced */
  const char *zName;    /* What the usual name is made of */
  const AssocKey *pNot; /* Columns that are something else already, or 0 */
  int bNamed;           /* Others of this table go by other names */
  const char *zOption;  /* The option that settles it */
};

static int fkeyCounts(Resolver *p, const Seeker *pSeek, const AssocFkey *pFk) {
  const AssocTable *pParent = pSeek->pParent->pTable;
  if (pSeek->pTab->pSchema != pParent->pSchema) return 0;
  if (sqlite3_stricmp(pFk->zParent, pParent->zName) != 0) return 0;
  if (!fkeyReferences(pFk, pParent, pSeek->pRef)) return 0;
  if (pSeek->pNot && pSeek->pNot->nCol && pFk->aCol[0] >= 0 &&
      pSeek->pNot->azCol[0] &&
      sqlite3_stricmp(pSeek->pTab->aCol[pFk->aCol[0]].zName,
                      pSeek->pNot->azCol[0]) == 0) {
    return 0;
  }
  return !pSeek->bNamed || !takenByAnother(p, pSeek->pTab, pFk, pSeek->pRef);
}

static void ambiguous(Resolver *p, const Seeker *pSeek) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const AssocFkey *pFk;
  char *z;
  int n = 0;
  for (pFk = pSeek->pTab->pFkey; pFk; pFk = pFk->pNext) {
    if (!fkeyCounts(p, pSeek, pFk) || pFk->aCol[0] < 0) continue;
    sqlite3_str_appendf(pStr, "%s%s", n++ ? " or " : "",
                        pSeek->pTab->aCol[pFk->aCol[0]].zName);
  }
  z = assocStrFinish(p->pCall, pStr);
  assocError(p->pCall,
             "%s has several foreign keys to %s; say which is meant with the "
             "option %s: %s",
             pSeek->pTab->zName, pSeek->pParent->zLabel, pSeek->zOption, z);
  sqlite3_free(z);
}

/* Step 2: a declared foreign key. */
static void seekDeclared(Resolver *p, const Seeker *pSeek, AssocKey *pKey,
                         int *pnFound) {
  const AssocFkey *pFk, *pOnly = 0;
  for (pFk = assocTableFkeys(p->pCall, pSeek->pTab); pFk; pFk = pFk->pNext) {
    if (!fkeyCounts(p, pSeek, pFk)) continue;
    (*pnFound)++;
    pOnly = pFk;
    if (usualColumns(p, pSeek->pTab, pFk->nCol, pFk->aCol, pSeek->zName,
                     pSeek->pRef)) {
      *pnFound = 1;
      break;
    }
  }
  if (*pnFound == 1) {
    keyFromFkey(p, pKey, pSeek->pTab, pOnly, pSeek->pParent->pTable,
                pSeek->pRef);
  }
}

/* Step 3: columns under the usual names. */
static void seekUsual(Resolver *p, const Seeker *pSeek, AssocKey *pKey) {
  const AssocTable *pTab = pSeek->pTab;
  int i, j;
  keyAlloc(p, pKey, pSeek->pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    for (j = 0; j < pTab->nCol; j++) {
      /* In a model with itself the key is not its own foreign key */
      if (pTab == pSeek->pParent->pTable && j == pSeek->pRef->aCol[i]) continue;
      if (usualName(p, pTab->aCol[j].zName, pSeek->zName,
                    pSeek->pRef->azCol[i])) {
        break;
      }
    }
    if (j == pTab->nCol) {
      pKey->nCol = 0;
      return;
    }
    keySet(pKey, i, pTab, pTab->aCol[j].zName);
  }
  pKey->eFrom = ASSOC_FROM_CONVENTION;
}

/* Step 4: user_id where both tables are in snake case, else UserId. */
static void defaultKey(Resolver *p, const Seeker *pSeek, AssocKey *pKey,
                       const char *zTab) {
  int i;
  keyAlloc(p, pKey, pSeek->pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    char *z =
        assocCamelize(p->pCall, p->pArena, pSeek->zName, pSeek->pRef->azCol[i]);
    if (z && assocIsSnake(zTab) &&
        assocIsSnake(pSeek->pParent->pTable->zName)) {
      z = assocUnderscore(p->pCall, p->pArena, z);
    }
    keySet(pKey, i, pSeek->pTab, z);
  }
  pKey->eFrom = ASSOC_FROM_DEFAULT;
}

/* Steps 1 to 4. zTab is the name of the table, which may be missing. */
static void resolveForeign(Resolver *p, const Seeker *pSeek, AssocKey *pKey,
                           const AssocNames *pNames, const char *zTab) {
  int nFound = 0;
  if (pNames->n) {
    keyFromNames(p, pKey, pSeek->pTab, pNames);
    if (pNames->n != pSeek->pRef->nCol) {
      assocError(p->pCall,
                 "%s names %d columns, but the key of %s has %d; give them in "
                 "the same order",
                 pSeek->zOption, pNames->n, pSeek->pParent->zLabel,
                 pSeek->pRef->nCol);
    }
    return;
  }
  if (pSeek->pTab) {
    seekDeclared(p, pSeek, pKey, &nFound);
    if (pKey->nCol == 0) seekUsual(p, pSeek, pKey);
    if (pKey->nCol == 0 && nFound > 1) ambiguous(p, pSeek);
  }
  if (pKey->nCol == 0 && p->pCall->rc == SQLITE_OK) {
    defaultKey(p, pSeek, pKey, zTab);
  }
}

/* --------------------------------------------------------------- one foot */

/*
** A foreign key that references other columns than the primary key, and the
** definition does not say which: what the schema declares is meant.
*/
static void adoptReferenced(Resolver *p, AssocTable *pTab, AssocModel *pParent,
                            AssocKey *pRef) {
  const AssocFkey *pFk, *pOnly = 0;
  int i, n = 0;
  for (pFk = assocTableFkeys(p->pCall, pTab); pFk; pFk = pFk->pNext) {
    if (pTab->pSchema != pParent->pTable->pSchema ||
        sqlite3_stricmp(pFk->zParent, pParent->pTable->zName) != 0) {
      continue;
    }
    n++;
    pOnly = pFk;
  }
  if (n != 1 || pOnly->azTo[0] == 0) return;
  keyAlloc(p, pRef, pOnly->nCol);
  for (i = 0; i < pRef->nCol; i++) {
    keySet(pRef, i, pParent->pTable, pOnly->azTo[i]);
    if (pRef->aCol[i] < 0) pRef->nCol = 0; /* It references nothing */
  }
  pRef->eFrom = ASSOC_FROM_SCHEMA;
}

static void resolveBelongsTo(Resolver *p) {
  AssocRel *pRel = p->pRel;
  Seeker seek;
  memset(&seek, 0, sizeof(seek));
  seek.pTab = pRel->pSource->pTable;
  if (pRel->pOpt->targetKey.n == 0 && pRel->pOpt->foreignKey.n == 0) {
    adoptReferenced(p, seek.pTab, pRel->pTarget, &pRel->targetKey);
  }
  if (pRel->targetKey.nCol == 0) {
    resolveReferenced(p, &pRel->targetKey, pRel->pTarget,
                      &pRel->pOpt->targetKey, "targetKey");
  }
  seek.pParent = pRel->pTarget;
  seek.pRef = &pRel->targetKey;
  seek.zName = pRel->zName;
  seek.bNamed = 1;
  seek.zOption = "foreignKey";
  if (p->pCall->rc != SQLITE_OK) return;
  resolveForeign(p, &seek, &pRel->foreign, &pRel->pOpt->foreignKey,
                 seek.pTab->zName);
}

/* A name in the singular, as the definition spells it; of a model, without
** its database. */
static const char *singularOf(Resolver *p, const AssocModel *pModel,
                              const char *zName) {
  return assocSingularize(p->pCall, p->pArena,
                          assocBareName(pModel->pTable->pSchema, zName));
}

static void resolveHas(Resolver *p) {
  AssocRel *pRel = p->pRel;
  Seeker seek;
  memset(&seek, 0, sizeof(seek));
  seek.pTab = pRel->pTarget->pTable;
  if (pRel->pOpt->sourceKey.n == 0 && pRel->pOpt->foreignKey.n == 0) {
    adoptReferenced(p, seek.pTab, pRel->pSource, &pRel->sourceKey);
  }
  if (pRel->sourceKey.nCol == 0) {
    resolveReferenced(p, &pRel->sourceKey, pRel->pSource,
                      &pRel->pOpt->sourceKey, "sourceKey");
  }
  seek.pParent = pRel->pSource;
  seek.pRef = &pRel->sourceKey;
  seek.zName = singularOf(p, pRel->pSource, p->pDef->zModel);
  seek.zOption = "foreignKey";
  if (p->pCall->rc != SQLITE_OK) return;
  resolveForeign(p, &seek, &pRel->foreign, &pRel->pOpt->foreignKey,
                 seek.pTab->zName);
}

/* -------------------------------------------------------------- many-many */

/* Can pTab be the join table? It has a foreign key to each side, and they
** make up its key or a unique index. */
static int isJoinTable(Resolver *p, AssocTable *pTab) {
  const AssocTable *pSrc = p->pRel->pSource->pTable;
  const AssocTable *pTgt = p->pRel->pTarget->pTable;
  const AssocFkey *pA, *pB;
  int aCol[8], i, bUnique = 0;
  if (pTab->eType != ASSOC_TABLE) return 0;
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

/* The only join table of the schema between source and target. */
static void findThrough(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocSchema *pSchema = pRel->pSource->pTable->pSchema;
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  int i, n = 0;
  char *z;
  for (i = 0; i < pSchema->nEntry && p->pCall->rc == SQLITE_OK; i++) {
    AssocTable *pTab = assocTableFind(p->pCall, pSchema, pSchema->azEntry[i]);
    if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
    if (pTab == 0 || !isJoinTable(p, pTab)) continue;
    sqlite3_str_appendf(pStr, "%s%s", n++ ? " or " : "", pTab->zName);
    pRel->pThrough = pTab;
    pRel->zThrough = pTab->zName;
  }
  z = assocStrFinish(p->pCall, pStr);
  if (n == 0) {
    assocError(p->pCall,
               "belongsToMany needs the option through, the name of the join "
               "table; no table joins %s and %s yet",
               pRel->pSource->zLabel, pRel->pTarget->zLabel);
  } else if (n > 1) {
    assocError(p->pCall,
               "several tables join %s and %s; say which is meant with the "
               "option through: %s",
               pRel->pSource->zLabel, pRel->pTarget->zLabel, z);
  }
  sqlite3_free(z);
}

static void resolveThrough(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocModel *pJoin;
  if (pRel->pOpt->zThrough == 0) {
    findThrough(p);
    return;
  }
  pRel->zThrough = pRel->pOpt->zThrough;
  pJoin =
      assocModelNear(p->pCall, pRel->pSource->pTable->pSchema, pRel->zThrough);
  if (pJoin == 0) return;
  pRel->pThrough = pJoin->pTable;
  pRel->zThrough = pJoin->pTable->zName;
}

/* Is the join table of another belongsToMany the same? Without the option
** through it is the only one between the two. */
static int sameThrough(Resolver *p, const AssocDef *pDef,
                       const AssocOptions *pOpt) {
  AssocRel *pRel = p->pRel;
  AssocModel *pJoin;
  if (pOpt->zThrough == 0 ||
      sqlite3_stricmp(pOpt->zThrough, pRel->zThrough) == 0) {
    return 1;
  }
  pJoin =
      assocModelNear(p->pCall, pDef->pSource->pTable->pSchema, pOpt->zThrough);
  if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
  return pJoin && pJoin->pTable == pRel->pThrough;
}

/*
** The belongsToMany in the other direction: from the target to the source
** over the same join table. 0 if there is none.
*/
static AssocDef *pairOf(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->pCall, pRel->pTarget, pDef)) != 0) {
    AssocOptions *pOpt;
    AssocModel *pBack;
    if (pDef == p->pDef || pDef->zTarget == 0 ||
        assocKindSeek(pDef->zKind) != ASSOC_BELONGSTOMANY) {
      continue;
    }
    pOpt = otherOptions(p, pDef);
    pBack = assocModelNear(p->pCall, pDef->pSchema, pDef->zTarget);
    if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
    if (pOpt == 0 || pBack != pRel->pSource) continue;
    if (sameThrough(p, pDef, pOpt)) return pDef;
  }
  return 0;
}

/*
** The two keys of a join table. Each may be said here, or by the definition
** of the other direction, where it has the other's name. In an association
** of a model with itself the usual names are made of the associations:
** children and parents give childId and parentId.
*/
static void resolveMany(Resolver *p) {
  static const AssocNames noNames;
  AssocRel *pRel = p->pRel;
  AssocDef *pPair;
  AssocOptions *pPairOpt;
  const AssocNames *pForeign = &pRel->pOpt->foreignKey;
  const AssocNames *pOther = &pRel->pOpt->otherKey;
  const char *zTab;
  Seeker seek;
  int bSelf = pRel->pSource == pRel->pTarget;
  memset(&seek, 0, sizeof(seek));
  resolveThrough(p);
  resolveReferenced(p, &pRel->sourceKey, pRel->pSource, &pRel->pOpt->sourceKey,
                    "sourceKey");
  resolveReferenced(p, &pRel->targetKey, pRel->pTarget, &pRel->pOpt->targetKey,
                    "targetKey");
  if (p->pCall->rc != SQLITE_OK) return;
  zTab = pRel->zThrough;
  pPair = pairOf(p);
  pPairOpt = pPair ? otherOptions(p, pPair) : 0;
  if (pForeign->n == 0) pForeign = pPairOpt ? &pPairOpt->otherKey : &noNames;
  if (pOther->n == 0) pOther = pPairOpt ? &pPairOpt->foreignKey : &noNames;
  if (pOther->n) keyFromNames(p, &pRel->other, pRel->pThrough, pOther);
  seek.pTab = pRel->pThrough;
  seek.pParent = pRel->pSource;
  seek.pRef = &pRel->sourceKey;
  seek.pNot = &pRel->other;
  seek.zName = singularOf(p, pRel->pSource,
                          bSelf && pPair ? pPair->zName : p->pDef->zModel);
  seek.zOption = "foreignKey";
  if (p->pCall->rc != SQLITE_OK) return;
  resolveForeign(p, &seek, &pRel->foreign, pForeign, zTab);
  pRel->other.nCol = 0;
  seek.pParent = pRel->pTarget;
  seek.pRef = &pRel->targetKey;
  seek.pNot = &pRel->foreign;
  seek.zName =
      singularOf(p, pRel->pTarget, bSelf ? pRel->zName : p->pDef->zTarget);
  seek.zOption = "otherKey";
  if (p->pCall->rc != SQLITE_OK) return;
  resolveForeign(p, &seek, &pRel->other, pOther, zTab);
  if (pRel->foreign.nCol && pRel->other.nCol && p->pCall->rc == SQLITE_OK &&
      sqlite3_stricmp(pRel->foreign.azCol[0], pRel->other.azCol[0]) == 0 &&
      pRel->foreign.nCol == 1 && pRel->other.nCol == 1) {
    assocError(
        p->pCall,
        "%s needs two foreign keys, but foreignKey and otherKey are both "
        "%s",
        zTab, pRel->foreign.azCol[0]);
  }
}

/* ----------------------------------------------------------- through a path */

/* The associations of a path, with those that are paths themselves taken
** apart. */
static void pathAdd(Resolver *p, AssocRel *pStep) {
  AssocRel *pRel = p->pRel;
  int i, n = pStep->nPath ? pStep->nPath : 1;
  AssocRel **ap =
      assocAlloc(p->pCall, p->pArena, (i64)sizeof(*ap) * (pRel->nPath + n));
  if (ap == 0) return;
  if (pRel->nPath) {
    memcpy(ap, pRel->apPath, sizeof(*ap) * (size_t)pRel->nPath);
  }
  for (i = 0; i < n; i++) {
    ap[pRel->nPath++] = pStep->nPath ? pStep->apPath[i] : pStep;
  }
  pRel->apPath = ap;
}

static AssocRel *pathEnd(const AssocRel *pRel) {
  return pRel->apPath[pRel->nPath - 1];
}

/* The path ends before the target: the one association that leads there. */
static void pathLast(Resolver *p) {
  AssocModel *pAt = pathEnd(p->pRel)->pTarget;
  AssocDef *pDef = 0, *pOnly = 0;
  int n = 0;
  while ((pDef = assocModelNextDef(p->pCall, pAt, pDef)) != 0) {
    if (pDef == p->pDef || pDef->zTarget == 0) continue;
    if (assocModelNear(p->pCall, pDef->pSchema, pDef->zTarget) !=
        p->pRel->pTarget) {
      continue;
    }
    n++;
    pOnly = pDef;
  }
  if (n == 1) {
    AssocRel *pLast = assocRelOf(p->pCall, pOnly);
    if (pLast) pathAdd(p, pLast);
  } else {
    assocError(
        p->pCall,
        "the path %s leads to %s, and %s association of that leads on to "
        "%s; write the path to its end",
        p->pRel->pOpt->zThrough, pAt->zLabel, n ? "more than one" : "no",
        p->pRel->pTarget->zLabel);
  }
}

/* "posts.comments": one name after another, each an association of the model
** where the one before it ends. */
static void resolvePath(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocModel *pAt = pRel->pSource;
  const char *z = pRel->pOpt->zThrough;
  while (*z && p->pCall->rc == SQLITE_OK) {
    int n = 0;
    AssocRel *pStep;
    while (z[n] && z[n] != '.') n++;
    pStep =
        assocRelFind(p->pCall, pAt, assocArenaText(p->pCall, p->pArena, z, n));
    if (pStep == 0) return;
    if (pStep->nBranch) {
      assocError(p->pCall, "%s is polymorphic, and a path cannot go through it",
                 pStep->zName);
      return;
    }
    pathAdd(p, pStep);
    pAt = pStep->pTarget;
    z += n + (z[n] == '.');
  }
  assert(p->pCall->rc != SQLITE_OK || pRel->nPath > 0);
  if (p->pCall->rc == SQLITE_OK && pAt != pRel->pTarget) pathLast(p);
  if (p->pCall->rc == SQLITE_OK) {
    const AssocRel *pFirst = pRel->apPath[0];
    pRel->sourceKey =
        pFirst->eKind == ASSOC_BELONGSTO ? pFirst->foreign : pFirst->sourceKey;
  }
}

/* Is the option through of a hasOne or hasMany a path? It begins with an
** association of the source. */
static int isPath(Resolver *p) {
  const char *z = p->pRel->pOpt->zThrough;
  AssocDef *pDef = 0;
  int n = 0;
  while (z[n] && z[n] != '.') n++;
  if (z[n] == '.') return 1;
  while ((pDef = assocModelNextDef(p->pCall, p->pRel->pSource, pDef)) != 0) {
    if (sqlite3_stricmp(pDef->zName, z) == 0) return 1;
  }
  return 0;
}

/* ------------------------------------------------------------- polymorphic */

/* A default name of a polymorphic key: commentableId or commentable_type,
** whichever is there. */
static void polymorphicColumn(Resolver *p, AssocKey *pKey,
                              const char *zSuffix) {
  const AssocTable *pTab = p->pRel->pSource->pTable;
  const char *zCamel =
      assocCamelize(p->pCall, p->pArena, p->pRel->zName, zSuffix);
  const char *zSnake =
      zCamel ? assocUnderscore(p->pCall, p->pArena, zCamel) : 0;
  keyAlloc(p, pKey, 1);
  if (zSnake == 0) return;
  keySet(pKey, 0, pTab, assocIsSnake(pTab->zName) ? zSnake : zCamel);
  if (pKey->nCol && pKey->aCol[0] < 0) {
    const char *zOther = assocIsSnake(pTab->zName) ? zCamel : zSnake;
    if (assocColumnFind(pTab, zOther) >= 0) keySet(pKey, 0, pTab, zOther);
  }
  pKey->eFrom = pKey->nCol && pKey->aCol[0] >= 0 ? ASSOC_FROM_CONVENTION
                                                 : ASSOC_FROM_DEFAULT;
}

static void addBranch(Resolver *p, const char *zType, const char *zModel) {
  AssocRel *pRel = p->pRel;
  AssocBranch *pBranch = &pRel->aBranch[pRel->nBranch++];
  pBranch->zType = zType;
  pBranch->pModel = assocModelNear(p->pCall, p->pDef->pSchema, zModel);
  if (pBranch->pModel == 0) {
    assocModelMissing(p->pCall, p->pDef->pSchema->pCatalog, zModel);
    return;
  }
  resolveReferenced(p, &pBranch->key, pBranch->pModel, &pRel->pOpt->targetKey,
                    "targetKey");
  if (p->pCall->rc == SQLITE_OK &&
      pBranch->key.nCol != pRel->aBranch[0].key.nCol) {
    assocError(p->pCall,
               "the keys of %s and %s have different numbers of columns",
               pRel->aBranch[0].pModel->zLabel, pBranch->pModel->zLabel);
  }
}

/* {"type":"kind","models":{"post":"Post"}}, or "models":["Post","Image"] */
static void resolvePolymorphic(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocJson *pOpt = pRel->pOpt->pPolymorphic;
  AssocJson *pModels = assocJsonGet(pOpt, "models"), *pSub;
  AssocJson *pType = assocJsonGet(pOpt, "type");
  if (pModels == 0 || pModels->eType < ASSOC_J_ARRAY || pModels->nChild == 0) {
    assocError(p->pCall,
               "the option polymorphic needs \"models\", from what the type "
               "column holds to a model: {\"post\":\"Post\"}");
    return;
  }
  pRel->aBranch = assocAlloc(p->pCall, p->pArena,
                             (i64)sizeof(AssocBranch) * pModels->nChild);
  if (pRel->aBranch == 0) return;
  for (pSub = pModels->pChild; pSub && p->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    if (pSub->eType != ASSOC_J_TEXT) {
      assocError(p->pCall, "\"models\" of polymorphic must be names of models");
      return;
    }
    addBranch(p, pSub->zKey ? pSub->zKey : pSub->z, pSub->z);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  pRel->pTarget = pRel->aBranch[0].pModel;
  pRel->targetKey = pRel->aBranch[0].key;
  if (pType && pType->eType == ASSOC_J_TEXT) {
    keyAlloc(p, &pRel->type, 1);
    keySet(&pRel->type, 0, pRel->pSource->pTable, pType->z);
  } else {
    polymorphicColumn(p, &pRel->type, "type");
  }
  if (pRel->pOpt->foreignKey.n) {
    keyFromNames(p, &pRel->foreign, pRel->pSource->pTable,
                 &pRel->pOpt->foreignKey);
  } else {
    polymorphicColumn(p, &pRel->foreign, "id");
  }
  if (p->pCall->rc == SQLITE_OK && pRel->foreign.nCol != pRel->targetKey.nCol) {
    assocError(p->pCall,
               "foreignKey names %d columns, but the key of %s has %d",
               pRel->foreign.nCol, pRel->pTarget->zLabel, pRel->targetKey.nCol);
  }
}

/* Options as the other side of a polymorphic belongsTo has them: its foreign
** key, and a scope that says which type. */
static AssocJson *typeScope(Resolver *p, const AssocRel *pBack,
                            AssocJson *pScope) {
  AssocJson *pObj = assocAlloc(p->pCall, p->pArena, sizeof(*pObj));
  AssocJson *pVal = assocAlloc(p->pCall, p->pArena, sizeof(*pVal));
  int i = 0;
  if (pObj == 0 || pVal == 0) return 0;
  while (i < pBack->nBranch && pBack->aBranch[i].pModel != p->pRel->pSource) {
    i++;
  }
  if (i == pBack->nBranch) {
    assocError(p->pCall, "%s.%s is polymorphic, but not to %s",
               pBack->pSource->zLabel, pBack->zName, p->pRel->pSource->zLabel);
    return 0;
  }
  pVal->eType = ASSOC_J_TEXT;
  pVal->zKey = pBack->type.azCol[0];
  pVal->z = pBack->aBranch[i].zType;
  pVal->n = (int)strlen(pVal->z);
  pObj->eType = ASSOC_J_OBJECT;
  pObj->pChild = pVal;
  pObj->nChild = 1;
  if (pScope) {
    pVal->pNext = pScope->pChild;
    pObj->nChild += pScope->nChild;
  }
  return pObj;
}

static AssocNames namesOfKey(const AssocKey *pKey) {
  AssocNames names;
  names.n = pKey->nCol;
  names.az = pKey->azCol;
  return names;
}

/* hasOne, hasMany and belongsToMany with "polymorphic":"commentable". */
static void adoptPolymorphic(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocModel *pWhere = pRel->pTarget;
  AssocOptions *pOpt;
  AssocRel *pBack;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pWhere = pRel->pOpt->zThrough ? assocModelNear(p->pCall, p->pDef->pSchema,
                                                   pRel->pOpt->zThrough)
                                  : 0;
    if (pWhere == 0) {
      assocError(p->pCall,
                 "a polymorphic belongsToMany needs the option through, and "
                 "the join table must be there");
      return;
    }
  }
  pBack = assocRelFind(p->pCall, pWhere, pRel->pOpt->pPolymorphic->z);
  pOpt = assocAlloc(p->pCall, p->pArena, sizeof(*pOpt));
  if (pBack == 0 || pOpt == 0) return;
  *pOpt = *pRel->pOpt;
  pOpt->foreignKey = namesOfKey(&pBack->foreign);
  pOpt->eConstraints = 0;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pOpt->pThroughScope = typeScope(p, pBack, pOpt->pThroughScope);
  } else {
    pOpt->pScope = typeScope(p, pBack, pOpt->pScope);
  }
  pRel->pOpt = pOpt;
}

/* --------------------------------------------------------- scope and order */

/* Every column of a predicate is one of the table. */
static void checkWhere(Resolver *p, const AssocTable *pTab,
                       const ShapePred *pPred) {
  for (; pPred; pPred = pPred->pNext) {
    if (pPred->pSub) checkWhere(p, pTab, pPred->pSub);
    if (pPred->key.pPath == 0) continue;
    if (pPred->key.pPath->pNext || pPred->key.pAgg ||
        pPred->eOp <= SHAPE_OP_NONE) {
      assocError(p->pCall, "a scope compares columns of %s, and nothing beyond",
                 pTab->zName);
    } else if (assocColumnFind(pTab, pPred->key.pPath->z) < 0) {
      assocError(p->pCall, "%s has no column %s, which the scope names",
                 pTab->zName, pPred->key.pPath->z);
    }
  }
}

static void checkOrder(Resolver *p, const AssocTable *pTab,
                       const ShapeSort *pSort) {
  for (; pSort; pSort = pSort->pNext) {
    const ShapeName *pName = pSort->key.pPath;
    int bColumn = pName && assocColumnFind(pTab, pName->z) >= 0;
    if (pName == 0 && pSort->key.pAgg == 0) {
      assocError(p->pCall, "an order needs a column");
    } else if (bColumn && pName->pNext) {
      assocError(p->pCall,
                 "%s is a column of %s, so that the order cannot go on to %s",
                 pName->z, pTab->zName, pName->pNext->z);
    } else if (pName && !bColumn && !pName->pNext && pSort->key.pAgg == 0) {
      assocError(p->pCall, "%s has no column %s, which the order names",
                 pTab->zName, pName->z);
    }
  }
}

static void resolveScope(Resolver *p) {
  AssocRel *pRel = p->pRel;
  AssocOptions *pOpt = pRel->pOpt;
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
    checkOrder(p, pRel->pTarget->pTable, pRel->pOrder);
  }
}

/* Options that the kind does not have. */
static void checkOptions(Resolver *p) {
  const AssocOptions *pOpt = p->pRel->pOpt;
  int eKind = p->pRel->eKind;
  const struct {
    const char *zName;
    int bSaid;
    int mKind; /* Bit i: azAssocKind[i] has it */
  } a[] = {
      {"otherKey", pOpt->otherKey.n > 0, 8},
      {"sourceKey", pOpt->sourceKey.n > 0, 2 | 4 | 8},
      {"targetKey", pOpt->targetKey.n > 0, 1 | 8},
      {"through", pOpt->zThrough || pOpt->pThroughScope, 2 | 4 | 8},
      {"scope", pOpt->pScope != 0, 2 | 4 | 8},
      {"order", pOpt->pOrder != 0, 2 | 4 | 8},
      {"unique", pOpt->eUnique >= 0, 1 | 2},
  };
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (a[i].bSaid && !(a[i].mKind & (1 << eKind))) {
      assocError(p->pCall, "%s has no option %s", azAssocKind[eKind],
                 a[i].zName);
    }
  }
  if (pOpt->zThrough && eKind != ASSOC_BELONGSTOMANY && isPath(p)) {
    if (pOpt->foreignKey.n || pOpt->sourceKey.n || pOpt->eUnique >= 0 ||
        pOpt->zOnDelete || pOpt->zOnUpdate || pOpt->eAllowNull >= 0) {
      assocError(p->pCall,
                 "an association through a path has no key of its own, only "
                 "scope and order");
    }
  } else if (pOpt->zThrough && eKind != ASSOC_BELONGSTOMANY) {
    assocError(
        p->pCall,
        "a join table needs belongsToMany; did you mean "
        "assoc_define('%s','belongsToMany','%s','{\"through\":\"%s\"}')?",
        p->pDef->zModel, p->pDef->zTarget, pOpt->zThrough);
  }
}

/* --------------------------------------------------------------- interface */

/* Both models. A definition that has no model of its own may still find
** one elsewhere, or fail in its own way, as where two might be meant. */
static void resolveSource(Resolver *p) {
  AssocSchema *pSchema = p->pDef->pSchema;
  p->pRel->pSource = p->pDef->pSource;
  if (p->pRel->pSource) return;
  p->zSource = sourceLabel(p);
  (void)assocModelNear(p->pCall, pSchema, p->pDef->zModel);
  assocModelMissing(p->pCall, pSchema->pCatalog, p->zSource);
}

static void resolveTarget(Resolver *p) {
  AssocSchema *pSchema = p->pDef->pSchema;
  const char *zTarget = p->pDef->zTarget ? p->pDef->zTarget : "";
  p->pRel->pTarget = assocModelNear(p->pCall, pSchema, zTarget);
  if (p->pRel->pTarget == 0) {
    assocModelMissing(p->pCall, pSchema->pCatalog, zTarget);
  }
}

static void resolveAll(Resolver *p) {
  AssocRel *pRel = p->pRel;
  int bPoly;
  resolveSource(p);
  if (p->pCall->rc != SQLITE_OK) return;
  pRel->eKind = (u8)assocKindParse(p->pCall, p->pDef->zKind);
  pRel->pOpt = assocDefOptions(p->pCall, p->pDef);
  if (p->pCall->rc != SQLITE_OK) return;
  pRel->bMany = pRel->eKind >= ASSOC_HASMANY;
  bPoly = pRel->pOpt->pPolymorphic != 0;
  if (bPoly && (pRel->eKind == ASSOC_BELONGSTO) !=
                   (pRel->pOpt->pPolymorphic->eType == ASSOC_J_OBJECT)) {
    assocError(p->pCall,
               "the option polymorphic is an object for belongsTo, and for "
               "the other kinds the name of that belongsTo");
  }
  if (!bPoly || pRel->eKind != ASSOC_BELONGSTO) {
    resolveTarget(p);
  }
  if (p->pCall->rc == SQLITE_OK) checkOptions(p);
  if (p->pCall->rc == SQLITE_OK && bPoly) {
    if (pRel->eKind == ASSOC_BELONGSTO) {
      resolvePolymorphic(p);
      return;
    }
    adoptPolymorphic(p);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    resolveBelongsTo(p);
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    resolveMany(p);
  } else if (pRel->pOpt->zThrough) {
    resolvePath(p);
  } else {
    resolveHas(p);
  }
  if (p->pCall->rc == SQLITE_OK) resolveScope(p);
}

AssocRel *assocRelOf(AssocCall *pCall, AssocDef *pDef) {
  AssocCatalog *pCat = pDef->pSchema->pCatalog;
  Resolver r;
  if (pDef->pRel || pCall->rc != SQLITE_OK) return pDef->pRel;
  assocCatalogLink(pCall, pCat);
  r.pCall = pCall;
  r.pArena = &pCat->mem;
  r.pDef = pDef;
  r.zSource = pDef->zModel;
  r.pRel = assocAlloc(pCall, r.pArena, sizeof(*r.pRel));
  if (r.pRel == 0) return 0;
  r.pRel->pDef = pDef;
  r.pRel->zName = pDef->zName;
  if (pDef->bResolving) {
    assocError(pCall, "%s.%s leads back to itself by its option through",
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

/* Definitions of a model are in its own database, or in temp. */
AssocDef *assocModelNextDef(AssocCall *pCall, AssocModel *pModel,
                            AssocDef *pLast) {
  AssocSchema *pSchema =
      pLast ? pLast->pSchema : pModel->pTable->pSchema->pCatalog->pSchema;
  AssocDef *p = pLast ? pLast->pNext : pSchema->pDef;
  assocCatalogLink(pCall, pModel->pTable->pSchema->pCatalog);
  if (pCall->rc != SQLITE_OK) return 0;
  for (;;) {
    for (; p; p = p->pNext) {
      if (p->pSource == pModel && p->zName[0]) return p;
    }
    pSchema = pSchema->pNext;
    if (pSchema == 0) return 0;
    p = pSchema->bLoaded ? pSchema->pDef : 0;
  }
}

/* A definition in temp goes before one of the same name in the file: temp
** is the last database of the catalog. */
static AssocDef *findDef(AssocCall *pCall, AssocModel *pModel,
                         const char *zName) {
  AssocDef *pDef = 0, *pFound = 0;
  while ((pDef = assocModelNextDef(pCall, pModel, pDef)) != 0) {
    if (sqlite3_stricmp(pDef->zName, zName) == 0) pFound = pDef;
  }
  return pFound;
}

AssocRel *assocRelSeek(AssocCall *pCall, AssocModel *pModel,
                       const char *zName) {
  AssocDef *pDef = findDef(pCall, pModel, zName);
  return pDef && pCall->rc == SQLITE_OK ? assocRelOf(pCall, pDef) : 0;
}

/*
** Names that are near, and the plural and singular of what was written: the
** most frequent mistake is 'post' for 'posts'.
*/
void assocRelMissing(AssocCall *pCall, AssocModel *pModel, const char *zName) {
  AssocArena *pArena = &pModel->pTable->pSchema->pCatalog->mem;
  AssocNearest near;
  AssocDef *pDef = 0;
  const char *az[2];
  int n = 0, i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  az[0] = assocPluralize(pCall, pArena, zName);
  az[1] = assocSingularize(pCall, pArena, zName);
  while ((pDef = assocModelNextDef(pCall, pModel, pDef)) != 0) {
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
    assocError(pCall,
               "%s has no association '%s': it has none at all; declare one "
               "with assoc_define('%s','hasMany',...)",
               pModel->zLabel, zName, pModel->zLabel);
  } else if (near.zBest) {
    assocError(pCall, "%s has no association '%s'; did you mean '%s'?",
               pModel->zLabel, zName, near.zBest);
  } else {
    char *zAll = assocModelDefNames(pCall, pModel);
    assocError(pCall, "%s has no association '%s'; it has %s", pModel->zLabel,
               zName, zAll);
    sqlite3_free(zAll);
  }
}

char *assocModelDefNames(AssocCall *pCall, AssocModel *pModel) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  AssocDef *pDef = 0;
  int n = 0;
  while ((pDef = assocModelNextDef(pCall, pModel, pDef)) != 0) {
    sqlite3_str_appendf(pStr, "%s%s", n++ ? ", " : "", pDef->zName);
  }
  return assocStrFinish(pCall, pStr);
}

AssocRel *assocRelFind(AssocCall *pCall, AssocModel *pModel,
                       const char *zName) {
  AssocDef *pDef = findDef(pCall, pModel, zName);
  if (pDef) return assocRelOf(pCall, pDef);
  assocRelMissing(pCall, pModel, zName);
  return 0;
}

/* --------------------------------------------------------------- readiness */

AssocTable *assocRelForeignTable(const AssocRel *pRel) {
  if (pRel->nPath) return 0;
  switch (pRel->eKind) {
  case ASSOC_BELONGSTO: return pRel->pSource->pTable;
  case ASSOC_BELONGSTOMANY: return pRel->pThrough;
  }
  return pRel->pTarget->pTable;
}

const AssocKey *assocRelNearKey(const AssocRel *pRel) {
  if (pRel->nPath) return assocRelNearKey(pRel->apPath[0]);
  return pRel->eKind == ASSOC_BELONGSTO ? &pRel->foreign : &pRel->sourceKey;
}

const AssocKey *assocRelFarKey(const AssocRel *pRel, AssocTable **ppTab) {
  if (pRel->nPath) return assocRelFarKey(pRel->apPath[0], ppTab);
  *ppTab = pRel->pTarget->pTable;
  if (pRel->eKind == ASSOC_BELONGSTO) return &pRel->targetKey;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) *ppTab = pRel->pThrough;
  return &pRel->foreign;
}

static int needColumns(AssocCall *pCall, const AssocRel *pRel,
                       const AssocTable *pTab, const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    AssocNearest near;
    int j;
    if (pKey->aCol[i] >= 0) continue;
    memset(&near, 0, sizeof(near));
    near.zWritten = pKey->azCol[i];
    for (j = 0; j < pTab->nCol; j++) {
      assocNearestTry(&near, pTab->aCol[j].zName);
    }
    assocError(pCall,
               "the table %s has no column %s, which %s.%s needs; SELECT "
               "assoc_sync() adds it%s%s%s",
               pTab->zName, pKey->azCol[i], pRel->pSource->zLabel, pRel->zName,
               near.zBest ? ", or did you mean the column " : "",
               near.zBest ? near.zBest : "", near.zBest ? "?" : "");
    return 0;
  }
  return 1;
}

void assocRelNeedReady(AssocCall *pCall, const AssocRel *pRel) {
  const AssocTable *pTab = assocRelForeignTable(pRel);
  int i;
  for (i = 0; i < pRel->nPath; i++) assocRelNeedReady(pCall, pRel->apPath[i]);
  if (pCall->rc != SQLITE_OK || pRel->nPath) return;
  if (pTab == 0) {
    assocError(pCall,
               "there is no join table %s yet, which %s.%s needs; SELECT "
               "assoc_sync() makes it",
               pRel->zThrough, pRel->pSource->zLabel, pRel->zName);
    return;
  }
  if (needColumns(pCall, pRel, pTab, &pRel->foreign) &&
      needColumns(pCall, pRel, pTab, &pRel->other)) {
    needColumns(pCall, pRel, pTab, &pRel->type);
  }
}
