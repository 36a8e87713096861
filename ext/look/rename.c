/*
** The new names of tables and columns that were renamed.
**
**    ALTER TABLE posts RENAME COLUMN user_id TO author_id;
**    ALTER TABLE users RENAME TO people;
**    ALTER TABLE post_tags RENAME TO taggings;
**
** SQLite renames a table or column in foreign keys and indexes too, but not in
** definitions. So the schema still shows what was renamed:
**
**    column  a FOREIGN KEY between the same two tables that no definition of
**            the same kind uses; or the index that assoc_sync() made, which
**            keeps its name: posts_user_id ON posts(author_id)
**    table   the foreign keys that the definitions name are in it, or lead to it
**    join    it has both columns
**
** A single candidate is the answer. Several are a choice that only a person can
** make; so is a column that only looks like a key, and a table that two models
** whose tables are gone may both have had.
*/
#include "look/look.h"

/* One more that it may be. */
static void renamedAdd(AssocLook *p, AssocRenamed *pOut, const char *zName) {
  assert(zName && pOut->nChoice >= 0);
  pOut->zNow = zName;
  pOut->zChoice = pOut->nChoice++ == 0
                      ? zName
                      : assocArenaPrintf(p->pCall, &p->mem, "%s or %s",
                                         pOut->zChoice, zName);
}

/* All definitions, sorted by model. */
static AssocDef **renamedDefs(AssocLook *p, int *pn) {
  int i;
  (void)assocLookFirstDef(p, 0, &i);
  *pn = p->nDef;
  return p->apDef;
}

/* ----------------------------------------------------------------- columns */

/* Does an association use exactly these columns of pTab as a key? */
static int usesKey(const AssocRel *pRel, const AssocTable *pTab, int nCol,
                   const int *aCol) {
  return pRel->nPath == 0 && assocRelForeignTable(pRel) == pTab &&
         (assocLookSameColumns(&pRel->foreign, nCol, aCol) ||
          assocLookSameColumns(&pRel->other, nCol, aCol));
}

/* Does another association of the same model and direction? With bAny, does
** any at all? */
static int isUsed(AssocLook *p, const AssocRel *pRel, const AssocTable *pTab,
                  int nCol, const int *aCol, int bAny) {
  int i, n;
  AssocDef **ap = renamedDefs(p, &n);
  for (i = 0; i < n; i++) {
    const AssocRel *q = ap[i]->pRel;
    if (q == 0 || q == pRel || !usesKey(q, pTab, nCol, aCol)) continue;
    if (bAny ||
        (q->pSource == pRel->pSource &&
         (q->eKind == ASSOC_BELONGSTO) == (pRel->eKind == ASSOC_BELONGSTO))) {
      return 1;
    }
  }
  return 0;
}

/* Columns of the key, in its order, by a foreign key that references the same
** columns; 0 if it does not. */
static const char **keyOfFkey(AssocLook *p, const AssocTable *pTab,
                              const AssocFkey *pFk, const AssocTable *pParent,
                              const AssocKey *pRef) {
  const char **az =
      assocAlloc(p->pCall, &p->mem, (i64)sizeof(char *) * (pRef->nCol + 1));
  int i, j, iTo;
  assert(pRef->nCol > 0);
  if (az == 0 || pFk->nCol != pRef->nCol) return 0;
  for (i = 0; i < pRef->nCol; i++) {
    for (j = 0; j < pFk->nCol; j++) {
      iTo = pFk->azTo[j]        ? assocColumnFind(pParent, pFk->azTo[j])
            : j < pParent->nKey ? pParent->aKey[j]
                                : -1;
      if (iTo == pRef->aCol[i]) break;
    }
    if (j == pFk->nCol) return 0;
    az[i] = pTab->aCol[pFk->aCol[j]].zName;
  }
  return az;
}

/* A declared foreign key follows a renaming. If one such key is used by no
** other definition, this definition meant it. */
static void renamedByFkey(AssocLook *p, const AssocRel *pRel,
                          AssocRenamedKey *pKey) {
  const AssocFkey *pFk = assocTableFkeys(p->pCall, pKey->pTab);
  assert(pKey->pTab && pKey->pParent && pKey->pRef);
  for (; pFk; pFk = pFk->pNext) {
    const char **az;
    if (pKey->pTab->pSchema != pKey->pParent->pSchema ||
        sqlite3_stricmp(pFk->zParent, pKey->pParent->zName) != 0 ||
        isUsed(p, pRel, pKey->pTab, pFk->nCol, pFk->aCol, 0)) {
      continue;
    }
    az = keyOfFkey(p, pKey->pTab, pFk, pKey->pParent, pKey->pRef);
    if (az == 0) continue;
    pKey->azNow = az;
    renamedAdd(p, &pKey->now, az[0]);
  }
}

/* posts_user_id begins with the column that user_id is now. */
static void renamedByIndex(AssocLook *p, AssocRenamedKey *pKey) {
  const AssocIndex *pIdx = assocTableIndexes(p->pCall, pKey->pTab);
  const char *zOld = pKey->pKey->azCol[0];
  const char *zName =
      assocArenaPrintf(p->pCall, &p->mem, "%s_%s", pKey->pTab->zName, zOld);
  if (pKey->pKey->nCol != 1 || zName == 0) return;
  while (pIdx && sqlite3_stricmp(pIdx->zName, zName) != 0) pIdx = pIdx->pNext;
  if (pIdx == 0 || pIdx->aCol[0] < 0) return; /* An expression */
  pKey->azNow = assocAlloc(p->pCall, &p->mem, sizeof(char *));
  if (pKey->azNow == 0) return;
  pKey->azNow[0] = pKey->pTab->aCol[pIdx->aCol[0]].zName;
  renamedAdd(p, &pKey->now, pKey->azNow[0]);
}

/* vendor_id, vendorId, VendorID */
static int endsLikeKey(const char *z) {
  int n = (int)strlen(z);
  if (n < 3 || sqlite3_stricmp(&z[n - 2], "id") != 0) return 0;
  return z[n - 3] == '_' || (z[n - 2] == 'I' && assocIsLower(z[n - 3]));
}

/* Columns that no definition names and whose names look like keys. A column
** named after the parent itself would have been found before. */
static void renamedByName(AssocLook *p, const AssocRel *pRel,
                          AssocRenamedKey *pKey) {
  const AssocTable *pTab = pKey->pTab;
  const AssocFkey *pFk = assocTableFkeys(p->pCall, pKey->pTab);
  const AssocColumn *pRef;
  const char *zOne = assocSingularize(p->pCall, &p->mem, pKey->pParent->zName);
  int i;
  assert(pKey->pRef->nCol == pKey->pKey->nCol);
  if (pKey->pKey->nCol != 1 || zOne == 0) return;
  pRef = &pKey->pParent->aCol[pKey->pRef->aCol[0]];
  for (i = 0; i < pTab->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[i];
    const AssocFkey *q = pFk;
    if (pCol->iPk || pCol->bGenerated || pCol->eAff != pRef->eAff ||
        !endsLikeKey(pCol->zName) || isUsed(p, pRel, pTab, 1, &i, 1) ||
        assocKeyUsual(p->pCall, &p->mem, pCol->zName, zOne, pRef->zName)) {
      continue;
    }
    while (q && (q->nCol != 1 || q->aCol[0] != i)) q = q->pNext;
    if (q == 0) renamedAdd(p, &pKey->maybe, pCol->zName);
  }
}

/* The surest evidence first; the next one is asked only if it finds nothing. */
void assocRenamedColumn(AssocLook *p, const AssocRel *pRel,
                        AssocRenamedKey *pKey) {
  renamedByFkey(p, pRel, pKey);
  if (pKey->now.nChoice == 0) renamedByIndex(p, pKey);
  if (pKey->now.nChoice == 0) renamedByName(p, pRel, pKey);
}

/* ------------------------------------------------------------- join tables */

/* Is the table a model, or the join table, of some association? */
static int isTaken(AssocLook *p, const AssocTable *pTab, int bJoin) {
  int i, j, n;
  AssocDef **ap = renamedDefs(p, &n);
  for (i = 0; i < n; i++) {
    const AssocRel *q = ap[i]->pRel;
    if (ap[i]->pSource->pTable == pTab) return 1;
    if (q == 0) continue;
    if (q->pTarget->pTable == pTab || (bJoin && q->pThrough == pTab)) return 1;
    for (j = 0; j < q->nBranch; j++) {
      if (q->aBranch[j].pModel->pTable == pTab) return 1;
    }
  }
  return 0;
}

/* The next table of the schema that may be a model, or 0. */
static AssocTable *nextTable(AssocLook *p, AssocSchema *pSchema, int *pi) {
  while (*pi < pSchema->nEntry && p->pCall->rc == SQLITE_OK) {
    const char *zName = pSchema->aEntry[(*pi)++].zName;
    AssocTable *pTab;
    if (sqlite3_strnicmp(zName, "sqlite_", 7) == 0) continue;
    pTab = assocTableSeek(p->pCall, pSchema, zName);
    if (pTab && pTab->eType == ASSOC_TABLE &&
        !assocTableIsOurs(p->pCall, pTab)) {
      return pTab;
    }
  }
  return 0;
}

/* Tables that have a column of one name. */
typedef struct ColumnTable ColumnTable;
struct ColumnTable {
  AssocTable *pTab;
  ColumnTable *pNext; /* In the order of the schema, */
  ColumnTable *pLast; /* the last, in the first */
};

/* One table more has the column. */
static void columnAdd(AssocLook *p, AssocTable *pTab, const char *zCol) {
  AssocWord *pWord = assocWordsAdd(p->pCall, &p->mem, &p->columns, zCol);
  ColumnTable *pNew = assocAlloc(p->pCall, &p->mem, sizeof(*pNew)), *pFirst;
  if (pNew == 0) return; /* Also if there is no word */
  pFirst = pWord->p;
  pNew->pTab = pTab;
  if (pFirst == 0) {
    pWord->p = pFirst = pNew;
  } else {
    pFirst->pLast->pNext = pNew;
  }
  pFirst->pLast = pNew;
}

/* The tables of the database with the column, or 0. All tables are read once: many
** join tables may be missing before assoc_sync() has run. */
static const ColumnTable *columnTables(AssocLook *p, AssocSchema *pSchema,
                                       const char *zCol) {
  const AssocWord *pWord;
  AssocTable *pTab;
  int i = 0, j;
  if (p->pColumnsOf != pSchema) {
    memset(&p->columns, 0, sizeof(p->columns));
    while ((pTab = nextTable(p, pSchema, &i)) != 0) {
      for (j = 0; j < pTab->nCol; j++) columnAdd(p, pTab, pTab->aCol[j].zName);
    }
    p->pColumnsOf = pSchema;
  }
  pWord = assocWordsFind(&p->columns, zCol);
  return pWord ? pWord->p : 0;
}

/* Does the table have all columns of the key? */
static int hasColumns(const AssocTable *pTab, const AssocKey *pKey) {
  int i = 0;
  assert(pKey->nCol > 0);
  while (i < pKey->nCol && assocColumnFind(pTab, pKey->azCol[i]) >= 0) i++;
  return i == pKey->nCol;
}

/* A table that another definition uses is no candidate. */
void assocRenamedJoin(AssocLook *p, const AssocRel *pRel, AssocRenamed *pOut) {
  AssocSchema *pSchema = pRel->pSource->pTable->pSchema;
  const ColumnTable *q = columnTables(p, pSchema, pRel->foreign.azCol[0]);
  for (; q; q = q->pNext) {
    if (hasColumns(q->pTab, &pRel->foreign) &&
        hasColumns(q->pTab, &pRel->other) && !isTaken(p, q->pTab, 1)) {
      renamedAdd(p, pOut, q->pTab->zName);
    }
  }
}

/* ------------------------------------------------------------------- models */

/* A model whose table is gone, and a table that it may be. */
typedef struct RenamedModel RenamedModel;
struct RenamedModel {
  AssocLook *p;         /* Keeps memory and errors */
  AssocSchema *pSchema; /* The database of the definitions */
  const char *zModel;   /* The model's name */
  AssocTable *pTab;     /* The candidate that is compared */
};

/* Does no table fit the name any more? */
int assocRenamedIsGone(AssocLook *p, AssocSchema *pSchema, const char *zName) {
  assert(zName);
  return !assocModelHasTable(p->pCall, pSchema, zName);
}

/* Has pTab the columns? -1: no. 0: none are named. */
static int hasNames(const AssocTable *pTab, const AssocNames *pNames) {
  int i;
  for (i = 0; i < pNames->n; i++) {
    if (assocColumnFind(pTab, pNames->az[i]) < 0) return -1;
  }
  return pNames->n > 0;
}

/* Is there a FOREIGN KEY of pChild to pParent, over these columns if they are
** named and there? */
static int hasFkey(AssocLook *p, AssocTable *pChild, const AssocTable *pParent,
                   const AssocNames *pNames) {
  const AssocFkey *pFk;
  int iCol;
  if (pChild == 0) return 0;
  iCol = pNames->n ? assocColumnFind(pChild, pNames->az[0]) : -1;
  for (pFk = assocTableFkeys(p->pCall, pChild); pFk; pFk = pFk->pNext) {
    int i = 0;
    if (sqlite3_stricmp(pFk->zParent, pParent->zName) != 0) continue;
    if (iCol < 0) return 1;
    while (i < pFk->nCol && pFk->aCol[i] != iCol) i++;
    if (i < pFk->nCol) return 1;
  }
  return 0;
}

/* Does a join table lead to the table, and to that of the other side? Its own
** name may be gone, too. */
static int joinFits(RenamedModel *r, const AssocOptions *pOpt, int bSource,
                    AssocTable *pOther) {
  const AssocNames *pMine = bSource ? &pOpt->foreignKey : &pOpt->otherKey;
  const AssocNames *pHis = bSource ? &pOpt->otherKey : &pOpt->foreignKey;
  AssocModel *pJoin = assocModelTry(r->p->pCall, r->pSchema, pOpt->zThrough);
  AssocTable *pTab;
  int i = 0;
  if (pJoin) return hasFkey(r->p, pJoin->pTable, r->pTab, pMine);
  while (pOther && (pTab = nextTable(r->p, r->pTab->pSchema, &i)) != 0) {
    if (hasFkey(r->p, pTab, r->pTab, pMine) &&
        hasFkey(r->p, pTab, pOther, pHis)) {
      return 1;
    }
  }
  return 0;
}

/* What a definition between a source and a target says of the table: 1 that
** it fits, -1 that it does not, 0 nothing. pOther is the table of the other
** side. */
static int modelFits(RenamedModel *r, AssocOptions *pOpt, int eKind,
                     int bSource, AssocTable *pOther) {
  static const AssocNames none;
  AssocLook *p = r->p;
  assert(eKind >= 0 && r->pTab);
  if (eKind == ASSOC_BELONGSTOMANY) return joinFits(r, pOpt, bSource, pOther);
  if (pOpt->zThrough || pOpt->pPolymorphic) return 0;
  if ((eKind == ASSOC_BELONGSTO) == bSource) { /* The key is in the table */
    int eHas = hasNames(r->pTab, &pOpt->foreignKey);
    if (pOther && hasFkey(p, r->pTab, pOther, &none)) return 1;
    return eHas;
  }
  if (hasNames(r->pTab, eKind == ASSOC_BELONGSTO ? &pOpt->targetKey
                                                 : &pOpt->sourceKey) < 0) {
    return -1;
  }
  return hasFkey(p, pOther, r->pTab, &pOpt->foreignKey);
}

/* Does the name in a definition mean the model? */
static int isModel(const RenamedModel *r, const char *zName) {
  return zName && sqlite3_stricmp(zName, r->zModel) == 0;
}

/* Does the candidate table fit what one definition says about the model? -1: it
** contradicts; 0: nothing can be said; 1: it fits. */
static int defFits(RenamedModel *r, AssocDef *pDef) {
  int bSource = isModel(r, pDef->zModel);
  int bTarget = isModel(r, pDef->zTarget);
  int eKind = assocKindSeek(pDef->zKind), eFits = 0;
  AssocOptions *pOpt;
  AssocTable *pOther = r->pTab;
  assert(pDef->pSchema == r->pSchema);
  if (pDef->zName[0] == 0 || eKind < 0 || (!bSource && !bTarget)) return 0;
  pOpt = assocDefOptionsTry(r->p->pCall, pDef);
  if (pOpt == 0) return 0;
  if (!bSource) pOther = pDef->pSource ? pDef->pSource->pTable : 0;
  if (!bTarget) {
    AssocModel *pModel =
        pDef->zTarget ? assocModelTry(r->p->pCall, pDef->pSchema, pDef->zTarget)
                      : 0;
    pOther = pModel ? pModel->pTable : 0;
  }
  if (bSource) eFits = modelFits(r, pOpt, eKind, 1, pOther);
  if (bTarget && eFits >= 0) eFits |= modelFits(r, pOpt, eKind, 0, pOther);
  return eFits;
}

/* Does the candidate fit every definition that speaks of the model, and does at
** least one confirm it? */
static int tableFits(RenamedModel *r) {
  AssocDef *pDef;
  int n = 0, eFits;
  for (pDef = assocSchemaDefs(r->p->pCall, r->pSchema); pDef;
       pDef = pDef->pNext) {
    eFits = defFits(r, pDef);
    if (eFits < 0) return 0;
    n += eFits > 0;
  }
  return n > 0;
}

/* User, users and user are one model. OUT: in p; 0 after an error */
static const char *plainName(AssocLook *p, const char *z) {
  z = assocUnderscore(p->pCall, &p->mem, z);
  return z ? assocSingularize(p->pCall, &p->mem, z) : 0;
}

/* Has the candidate an index that is called after the model? assoc_sync() makes
** posts_user_id for posts, and the name stays when the table is renamed. */
static int indexNames(RenamedModel *r, const char *zModel) {
  const AssocIndex *pIdx = assocTableIndexes(r->p->pCall, r->pTab);
  for (; pIdx; pIdx = pIdx->pNext) {
    const char *z = plainName(r->p, pIdx->zName);
    const char *zEnd = z ? strchr(z, '_') : 0;
    for (; zEnd; zEnd = strchr(zEnd + 1, '_')) {
      const char *zHead =
          assocArenaText(r->p->pCall, &r->p->mem, z, (i64)(zEnd - z));
      zHead = zHead ? plainName(r->p, zHead) : 0;
      if (zHead && strcmp(zHead, zModel) == 0) return 1;
    }
  }
  return 0;
}

/* Another model whose table is gone, too, and which the candidate fits as well;
** 0 if there is none. An index that is called after one of the two decides: if
** it is the other one, *pbHis is set. */
static const char *otherModel(RenamedModel *r, int *pbHis) {
  const char *zMine = plainName(r->p, r->zModel), *zOther = 0;
  AssocDef *pDef;
  int bMine = zMine && indexNames(r, zMine);
  for (pDef = assocSchemaDefs(r->p->pCall, r->pSchema); pDef && zMine;
       pDef = pDef->pNext) {
    RenamedModel his = *r;
    const char *zHis;
    his.zModel = pDef->pSource ? pDef->zTarget : pDef->zModel;
    zHis = his.zModel ? plainName(r->p, his.zModel) : 0;
    if (zHis == 0 || strcmp(zHis, zMine) == 0) continue;
    if (!assocRenamedIsGone(r->p, r->pSchema, his.zModel)) continue;
    if (!tableFits(&his)) continue;
    if (!bMine && indexNames(r, zHis)) *pbHis = 1;
    zOther = his.zModel;
  }
  return bMine ? 0 : zOther;
}

/* Two models that are gone may both have been the candidate; then only a person
** can say which. */
void assocRenamedModel(AssocLook *p, AssocSchema *pSchema, const char *zModel,
                       AssocRenamed *pOut) {
  RenamedModel r = {p, pSchema, zModel, 0};
  AssocSchema *pHome = pSchema->pNext ? pSchema : p->pCat->pSchema;
  int i = 0;
  assocCatalogLink(p->pCall, p->pCat);
  while ((r.pTab = nextTable(p, pHome, &i)) != 0) {
    const char *zOther;
    int bHis = 0;
    if (isTaken(p, r.pTab, 0) || !tableFits(&r)) continue;
    zOther = otherModel(&r, &bHis);
    if (bHis) continue;
    renamedAdd(p, pOut, r.pTab->zName);
    if (zOther == 0) continue;
    pOut->nChoice++;
    pOut->zChoice =
        assocArenaPrintf(p->pCall, &p->mem, "%s, which may be %s as well",
                         pOut->zChoice, zOther);
  }
}
