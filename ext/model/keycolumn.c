/*
** The columns of keys that a definition does not name.
**
** For the columns of a foreign key, the first of these steps that gives an
** answer decides:
**
**   1. the option foreignKey (otherKey for the far side of a join table)
**   2. a FOREIGN KEY declared between the two tables, if there is exactly
**      one candidate
**   3. an existing column with a usual name: UserId, userId, user_id
**   4. the name of the column that assoc_sync() should create
**
** The usual name is made as in Sequelize: from the source's name for hasOne and
** hasMany, from the association's name for belongsTo, followed by the name of
** the referenced column.
*/
#include "model/resolve.h"

/* See resolve.h. */
const char *assocResolveSingular(AssocResolver *p, const AssocModel *pModel,
                                 const char *zName) {
  return assocSingularize(p->pCall, p->pArena,
                          assocBareName(pModel->pTable->pSchema, zName));
}

/* See resolve.h. */
const char *assocResolveAside(AssocResolver *p, const AssocModel *pModel,
                              const char *zName) {
  const char *z;
  if (!pModel->bAside) return 0;
  z = assocResolveSingular(p, pModel, pModel->zName);
  if (sqlite3_stricmp(z, zName) != 0) return 0;
  return assocResolveSingular(p, pModel, pModel->pTable->zName);
}

/* -------------------------------------------------------------------- keys */

/* One element more than needed: an allocation of 0 bytes would look like an
** error. After an error the key has no columns. */
void assocKeyAlloc(AssocResolver *p, AssocKey *pKey, int n) {
  assert(n >= 0);
  pKey->aCol = assocAlloc(p->pCall, p->pArena, (i64)sizeof(int) * (n + 1));
  pKey->azCol = assocAlloc(p->pCall, p->pArena, (i64)sizeof(char *) * (n + 1));
  pKey->nCol = p->pCall->rc == SQLITE_OK ? n : 0;
}

/* See resolve.h. An existing column's own spelling replaces zName. */
void assocKeySet(AssocKey *pKey, int i, const AssocTable *pTab,
                 const char *zName) {
  assert(i >= 0);
  if (i >= pKey->nCol || zName == 0) return;
  pKey->aCol[i] = pTab ? assocColumnFind(pTab, zName) : -1;
  pKey->azCol[i] = pKey->aCol[i] >= 0 ? pTab->aCol[pKey->aCol[i]].zName : zName;
}

/* The columns may be missing in the table; aCol[i] is then -1, and assoc_sync()
** can create them. */
void assocKeyNamed(AssocResolver *p, AssocKey *pKey, const AssocTable *pTab,
                   const AssocNames *pNames) {
  int i;
  assocKeyAlloc(p, pKey, pNames->n);
  for (i = 0; i < pKey->nCol; i++) assocKeySet(pKey, i, pTab, pNames->az[i]);
  pKey->eFrom = ASSOC_FROM_DECLARED;
}

/* Set a key to columns of a table, by number. */
static void keyFromColumns(AssocResolver *p, AssocKey *pKey,
                           const AssocTable *pTab, int nCol, const int *aCol) {
  int i;
  assocKeyAlloc(p, pKey, nCol);
  for (i = 0; i < pKey->nCol; i++) {
    pKey->aCol[i] = aCol[i];
    pKey->azCol[i] = pTab->aCol[aCol[i]].zName;
  }
}

/* Are these the columns of the foreign key? */
static int isFkeyOf(const AssocTable *pTab, const AssocFkey *pFk,
                    const AssocNames *pNames) {
  int i, j;
  if (pFk->nCol != pNames->n) return 0;
  /* The order of the columns does not matter here: names tell them apart. */
  assert(pNames->n > 0);
  for (i = 0; i < pFk->nCol; i++) {
    if (pFk->aCol[i] < 0) return 0;
    for (j = 0; j < pNames->n; j++) {
      if (sqlite3_stricmp(pTab->aCol[pFk->aCol[i]].zName, pNames->az[j]) == 0) {
        break;
      }
    }
    if (j == pNames->n) return 0;
  }
  return 1;
}

AssocNames assocKeyNames(const AssocKey *pKey) {
  AssocNames names;
  names.n = pKey->nCol;
  names.az = pKey->azCol;
  return names;
}

/* Names are compared, since the columns of an unsynced key have no numbers. */
int assocKeySame(const AssocKey *pA, const AssocKey *pB) {
  int i = 0;
  if (pA->nCol != pB->nCol) return 0;
  while (i < pA->nCol && sqlite3_stricmp(pA->azCol[i], pB->azCol[i]) == 0) i++;
  return i == pA->nCol;
}

/* The columns of the parent that a foreign key references, for the columns of
** it that are named, in their order, else for all of it. True if they are
** there and not just the parent's key. */
static int adoptOne(AssocResolver *p, const AssocTable *pTab,
                    const AssocFkey *pFk, AssocModel *pParent,
                    const AssocNames *pNames, AssocKey *pRef) {
  int i, j, bKey = pFk->nCol == pParent->nKey;
  assocKeyAlloc(p, pRef, pFk->nCol);
  for (i = 0; i < pRef->nCol; i++) {
    j = pNames->n ? 0 : i;
    while (pNames->n && sqlite3_stricmp(pTab->aCol[pFk->aCol[j]].zName,
                                        pNames->az[i]) != 0) {
      j++; /* isFkeyOf() has found it */
    }
    assert(j < pFk->nCol);
    if (pFk->azTo[j] == 0) return 0;
    assocKeySet(pRef, i, pParent->pTable, pFk->azTo[j]);
    if (pRef->aCol[i] < 0) return 0; /* It references nothing */
    bKey = bKey && pParent->aKey[i] == pRef->aCol[i];
  }
  return pRef->nCol > 0 && !bKey;
}

/*
** A foreign key that references other columns than the primary key, where no
** option says which: what the schema declares is meant, if all foreign keys
** that can be meant reference the same.
*/
void assocKeyAdopt(AssocResolver *p, AssocTable *pTab, AssocModel *pParent,
                   const AssocNames *pNames, const AssocNames *pSaid,
                   AssocKey *pRef) {
  const AssocFkey *pFk =
      pTab && !pSaid->n ? assocTableFkeys(p->pCall, pTab) : 0;
  AssocKey ref;
  int n = 0;
  memset(&ref, 0, sizeof(ref));
  for (; pFk; pFk = pFk->pNext) {
    if (pTab->pSchema != pParent->pTable->pSchema ||
        sqlite3_stricmp(pFk->zParent, pParent->pTable->zName) != 0 ||
        (pNames->n && !isFkeyOf(pTab, pFk, pNames))) {
      continue;
    }
    /* Two that reference different columns, in whatever order: none is adopted,
    ** and the model's key is meant. */
    if (!adoptOne(p, pTab, pFk, pParent, pNames, &ref) ||
        (n++ && !assocKeySame(pRef, &ref))) {
      pRef->nCol = 0;
      return;
    }
    *pRef = ref;
    pRef->eFrom = ASSOC_FROM_SCHEMA;
  }
}

/*
** sourceKey and targetKey: the referenced columns must exist.
*/
void assocKeyReferenced(AssocResolver *p, AssocKey *pKey, AssocModel *pModel,
                        const AssocNames *pNames, const char *zOption) {
  int i;
  if (pKey->nCol) return; /* Adopted */
  if (pNames->n == 0) {
    assocModelNeedKey(p->pCall, pModel);
    keyFromColumns(p, pKey, pModel->pTable, pModel->nKey, pModel->aKey);
    pKey->eFrom = ASSOC_FROM_DEFAULT;
    return;
  }
  assocKeyNamed(p, pKey, pModel->pTable, pNames);
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->aCol[i] >= 0) continue;
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_COLUMN, pModel->zLabel,
                 pKey->azCol[i], "%s has no column %s, which %s names",
                 pModel->zLabel, pKey->azCol[i], zOption);
  }
}

/* ----------------------------------------------------------- foreign keys */

/* Does a foreign key reference exactly the columns pKey of pParent? A foreign
** key without columns references the parent's key. */
static int fkeyReferences(const AssocFkey *pFk, const AssocTable *pParent,
                          const AssocKey *pKey) {
  int i, j;
  if (pFk->nCol != pKey->nCol) return 0;
  assert(pKey->nCol > 0);
  for (i = 0; i < pKey->nCol; i++) {
    assert(pKey->aCol[i] >= 0); /* What is referenced is there */
    for (j = 0; j < pFk->nCol; j++) {
      int iCol = pFk->azTo[j]        ? assocColumnFind(pParent, pFk->azTo[j])
                 : j < pParent->nKey ? pParent->aKey[j]
                                     : -1;
      if (iCol == pKey->aCol[i]) break;
    }
    if (j == pFk->nCol) return 0;
  }
  return 1;
}

/* Set pKey to the foreign key's own columns, in the order of the referenced
** key. */
static void keyFromFkey(AssocResolver *p, AssocKey *pKey,
                        const AssocTable *pTab, const AssocFkey *pFk,
                        const AssocTable *pParent, const AssocKey *pRef) {
  int i, j;
  assert(pFk->nCol == pRef->nCol || p->pCall->rc != SQLITE_OK);
  assocKeyAlloc(p, pKey, pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    for (j = 0; j < pFk->nCol; j++) {
      int iCol = pFk->azTo[j] ? assocColumnFind(pParent, pFk->azTo[j])
                              : pParent->aKey[j];
      if (iCol == pRef->aCol[i]) break;
    }
    assert(j < pFk->nCol); /* It references these columns */
    pKey->aCol[i] = pFk->aCol[j];
    pKey->azCol[i] = pTab->aCol[pFk->aCol[j]].zName;
  }
  pKey->eFrom = ASSOC_FROM_SCHEMA;
}

/* Is z a usual name for a column that refers to zKey of zName? userId and
** user_id are. So is userCode, if the key that it refers to is called userCode
** itself. */
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

/* The same, with the memory of a resolver. */
static int usualName(AssocResolver *p, const char *z, const char *zName,
                     const char *zKey) {
  return assocKeyUsual(p->pCall, p->pArena, z, zName, zKey);
}

/* Do all these columns have the usual name? */
static int usualColumns(AssocResolver *p, const AssocTable *pTab, int nCol,
                        const int *aCol, const char *zName,
                        const AssocKey *pRef) {
  int i;
  if (nCol != pRef->nCol) return 0;
  for (i = 0; i < nCol; i++) {
    if (!usualName(p, pTab->aCol[aCol[i]].zName, zName, pRef->azCol[i])) {
      return 0;
    }
  }
  return nCol > 0;
}

/* Is it the definition itself, or one of the same name: what it replaces, or
** is replaced by? */
int assocResolveIsSelf(const AssocResolver *p, const AssocDef *pDef) {
  return pDef == p->pDef || (pDef->pSource == p->pDef->pSource &&
                             sqlite3_stricmp(pDef->zName, p->pDef->zName) == 0);
}

/*
** Does another belongsTo of the same model claim this foreign key, by its
** option or by its name? Then this definition does not mean it. For example,
** with sender_id as the only key, the association 'recipient' must not use it.
*/
static int takenByAnother(AssocResolver *p, const AssocTable *pTab,
                          const AssocFkey *pFk, const AssocKey *pRef) {
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->pCall, p->pRel->pSource, pDef)) != 0) {
    AssocOptions *pOpt;
    if (assocResolveIsSelf(p, pDef) ||
        assocKindSeek(pDef->zKind) != ASSOC_BELONGSTO) {
      continue;
    }
    pOpt = assocDefOptionsTry(p->pCall, pDef);
    if (pOpt == 0) continue;
    if (pOpt->foreignKey.n == pFk->nCol &&
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

/* Is it the join table's other key? Both may have a column in common. */
static int isOtherKey(const AssocSeeker *pSeek, const AssocFkey *pFk) {
  AssocNames names;
  if (pSeek->pNot == 0 || pSeek->pNot->nCol == 0) return 0;
  names = assocKeyNames(pSeek->pNot);
  return isFkeyOf(pSeek->pTab, pFk, &names);
}

/* Is this foreign key a candidate for pSeek? */
static int fkeyCounts(AssocResolver *p, const AssocSeeker *pSeek,
                      const AssocFkey *pFk) {
  const AssocTable *pParent = pSeek->pParent->pTable;
  if (pSeek->pTab->pSchema != pParent->pSchema) return 0;
  if (sqlite3_stricmp(pFk->zParent, pParent->zName) != 0) return 0;
  if (!fkeyReferences(pFk, pParent, pSeek->pRef)) return 0;
  if (isOtherKey(pSeek, pFk)) return 0;
  return !pSeek->bNamed || !takenByAnother(p, pSeek->pTab, pFk, pSeek->pRef);
}

/* Raise the error that several foreign keys are candidates. */
static void ambiguous(AssocResolver *p, const AssocSeeker *pSeek) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const AssocFkey *pFk;
  char *z;
  int n = 0, i;
  assert(pSeek->pTab);
  for (pFk = pSeek->pTab->pFkey; pFk; pFk = pFk->pNext) {
    if (!fkeyCounts(p, pSeek, pFk)) continue;
    if (n++) sqlite3_str_appendall(pStr, " or ");
    for (i = 0; i < pFk->nCol; i++) {
      sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "",
                          pSeek->pTab->aCol[pFk->aCol[i]].zName);
    }
  }
  z = assocStrFinish(p->pCall, pStr);
  assocErrorOf(p->pCall, ASSOC_E_AMBIGUOUS, pSeek->pParent->zLabel,
               pSeek->zOption,
               "%s has several foreign keys to %s; say which is meant with the "
               "option %s: %s",
               pSeek->pTab->zName, pSeek->pParent->zLabel, pSeek->zOption, z);
  sqlite3_free(z);
}

/* Step 2: the only candidate, or the first one with the usual name. *pnFound is
** the number of candidates. */
static void seekDeclared(AssocResolver *p, const AssocSeeker *pSeek,
                         AssocKey *pKey, int *pnFound) {
  const AssocFkey *pFk, *pOnly = 0;
  assert(pSeek->pTab && *pnFound == 0);
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

/* Step 3: existing columns with the usual names, made from zName. */
static void seekUsual(AssocResolver *p, const AssocSeeker *pSeek,
                      const char *zName, AssocKey *pKey) {
  const AssocTable *pTab = pSeek->pTab;
  int i, j;
  assocKeyAlloc(p, pKey, pSeek->pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    for (j = 0; j < pTab->nCol; j++) {
      /* A key of a model to itself is not its own foreign key */
      if (pTab == pSeek->pParent->pTable && j == pSeek->pRef->aCol[i]) continue;
      if (usualName(p, pTab->aCol[j].zName, zName, pSeek->pRef->azCol[i])) {
        break;
      }
    }
    if (j == pTab->nCol) {
      pKey->nCol = 0;
      return;
    }
    assocKeySet(pKey, i, pTab, pTab->aCol[j].zName);
  }
  pKey->eFrom = ASSOC_FROM_CONVENTION;
}

/* Step 4: user_id if both table names are in snake case, else UserId. */
static void defaultKey(AssocResolver *p, const AssocSeeker *pSeek,
                       AssocKey *pKey, const char *zTab) {
  int i;
  assocKeyAlloc(p, pKey, pSeek->pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    char *z =
        assocCamelize(p->pCall, p->pArena, pSeek->zName, pSeek->pRef->azCol[i]);
    if (z && assocIsSnake(zTab) &&
        assocIsSnake(pSeek->pParent->pTable->zName)) {
      z = assocUnderscore(p->pCall, p->pArena, z);
    }
    assocKeySet(pKey, i, pSeek->pTab, z);
  }
  pKey->eFrom = ASSOC_FROM_DEFAULT;
}

/* Steps 1 to 4 of the head of this file. Several declared keys are no error yet
** if a usual name decides between them. zTab names the table in the default
** name, also if it does not exist. */
void assocKeyForeign(AssocResolver *p, const AssocSeeker *pSeek, AssocKey *pKey,
                     const AssocNames *pNames, const char *zTab) {
  int nFound = 0;
  assert(pSeek->pParent && pSeek->pRef && pSeek->zOption);
  if (pNames->n) {
    assocKeyNamed(p, pKey, pSeek->pTab, pNames);
    if (pNames->n != pSeek->pRef->nCol) {
      assocErrorOf(
          p->pCall, ASSOC_E_DEFINITION, pSeek->pParent->zLabel, pSeek->zOption,
          "%s names %d columns, but the key of %s has %d; give them in "
          "the same order",
          pSeek->zOption, pNames->n, pSeek->pParent->zLabel, pSeek->pRef->nCol);
    }
    return;
  }
  if (pSeek->pTab) {
    seekDeclared(p, pSeek, pKey, &nFound);
    if (pKey->nCol == 0) seekUsual(p, pSeek, pSeek->zName, pKey);
    if (pKey->nCol == 0 && pSeek->zAlso) {
      seekUsual(p, pSeek, pSeek->zAlso, pKey);
    }
    if (pKey->nCol == 0 && nFound > 1) ambiguous(p, pSeek);
  }
  if (pKey->nCol == 0 && p->pCall->rc == SQLITE_OK) {
    defaultKey(p, pSeek, pKey, zTab);
  }
}
