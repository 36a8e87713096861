/*
** The foreign keys of a schema, and what is known about each for naming its
** associations: the other keys between the same tables, whether it is unique,
** whether its table is a join table.
**
** A key whose parent is missing, or is no table, is skipped. The list of
** skipped keys says why.
*/
#include "look/look.h"
#include <stdlib.h>

/* -------------------------------------------------------------- small help */

/* "a, b"; "?" for a column that does not exist. Never 0. */
const char *assocLookNames(AssocLook *p, const AssocTable *pTab, int nCol,
                           const int *aCol) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const char *z;
  int i;
  for (i = 0; i < nCol; i++) {
    sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "",
                        aCol[i] < 0 ? "?" : pTab->aCol[aCol[i]].zName);
  }
  /* "?" is a column that the schema names but that does not exist. */
  z = assocArenaStr(p->pCall, &p->mem, pStr);
  return z ? z : "";
}

/* Remember why a key gave no association, but not for a session: the reason may
** name what is hidden. zTable and zKey must last as long as p. */
void assocLookSkip(AssocLook *p, const char *zTable, const char *zKey,
                   const char *zFmt, ...) {
  AssocSkipped *pSkip;
  char *z;
  va_list ap;
  if (p->pCall->pConn->pSession) return;
  pSkip = assocAlloc(p->pCall, &p->mem, sizeof(*pSkip));
  if (pSkip == 0) return;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) assocErrorCode(p->pCall, SQLITE_NOMEM);
  assert(zTable && zKey);
  /* A session is told nothing: what was skipped may be hidden from it. */
  pSkip->zTable = zTable;
  pSkip->zKey = zKey;
  pSkip->zWhy = assocArenaText(p->pCall, &p->mem, z, -1);
  sqlite3_free(z);
  if (p->pLastSkip) {
    p->pLastSkip->pNext = pSkip;
  } else {
    p->pSkip = pSkip;
  }
  p->pLastSkip = pSkip;
}

/* Are these the same columns, in any order? */
int assocLookSameColumns(const AssocKey *pKey, int nCol, const int *aCol) {
  int i, j;
  if (pKey->nCol != nCol) return 0;
  assert(nCol > 0);
  for (i = 0; i < nCol; i++) {
    for (j = 0; j < nCol && pKey->aCol[j] != aCol[i]; j++) {
    }
    if (j == nCol) return 0;
  }
  return 1;
}

/* A key is also unique if one of its columns alone is. */
int assocLookIsUnique(AssocLook *p, AssocTable *pTab, int nCol,
                      const int *aCol) {
  int i, bUnique = 0;
  (void)assocTableIndexOn(p->pCall, pTab, nCol, aCol, &bUnique);
  for (i = 0; i < nCol && !bUnique; i++) {
    (void)assocTableIndexOn(p->pCall, pTab, 1, &aCol[i], &bUnique);
  }
  return bUnique;
}

/* The text without its last line break. OUT: the caller frees it; 0 after an
** error. */
char *assocLookLines(AssocLook *p, sqlite3_str *pStr) {
  char *z = assocStrFinish(p->pCall, pStr);
  i64 n = z ? (i64)strlen(z) : 0;
  if (n && z[n - 1] == '\n') z[n - 1] = 0;
  return z;
}

/* The model of a table; 0 if another table has taken its name by assoc_model(),
** because no definition can then name this one. */
AssocModel *assocLookModel(AssocLook *p, AssocTable *pTab) {
  AssocCall ask;
  AssocModel *pModel;
  const char *zName = 0;
  assocTryBegin(&ask, p->pCall); /* A row of assoc_model() may be bad */
  pModel = assocModelOf(&ask, pTab);
  if (pModel) {
    zName = assocRowName(&ask, &p->mem, p->pSchema->zName, p->pSchema,
                         pModel->zName);
  }
  if (zName && assocModelNear(&ask, p->pSchema, zName) != pModel) pModel = 0;
  if (assocTryEnd(&ask, p->pCall, 0) || pModel == 0) return 0;
  return assocModelShownTry(p->pCall, pModel) ? pModel : 0;
}

/* An error of the model's row is another problem's matter. */
int assocLookScopes(AssocLook *p, AssocModel *pModel) {
  AssocCall ask;
  assocTryBegin(&ask, p->pCall);
  (void)assocModelScopes(&ask, pModel);
  return !assocTryEnd(&ask, p->pCall, 0);
}

/* ----------------------------------------------------------------- tables */

/*
** A mark for every entry of the schema in which a virtual table keeps its data.
** PRAGMA table_list knows those of modules that are loaded. For others the
** usual names are tried, since a file may use modules that this program lacks.
*/
static void lookShadows(AssocLook *p) {
  AssocSchema *pSchema = p->pSchema;
  sqlite3_stmt *pStmt;
  int i;
  p->abShadow = assocAlloc(p->pCall, &p->mem, pSchema->nEntry + 1);
  if (p->abShadow == 0) return;
  /* schema, name, type, ncol, wr, strict */
  pStmt = assocPrepare(p->pCall, "PRAGMA \"%w\".table_list", pSchema->zName);
  while (assocStep(p->pCall, pStmt)) {
    if (strcmp(assocColumnText(p->pCall, pStmt, 2), "shadow") != 0) continue;
    i = assocSchemaIndex(pSchema, assocColumnText(p->pCall, pStmt, 1));
    if (i >= 0) p->abShadow[i] = 1;
  }
  assocFinalize(p->pCall, pStmt);
  pStmt = assocPrepare(p->pCall,
                       "SELECT name FROM \"%w\".sqlite_schema"
                       " WHERE type = 'table' AND ifnull(rootpage, 0) = 0",
                       pSchema->zName);
  while (assocStep(p->pCall, pStmt)) {
    const char *zVirtual = assocColumnText(p->pCall, pStmt, 0);
    for (i = 0; i < pSchema->nEntry; i++) {
      p->abShadow[i] |=
          (u8)assocNameIsShadow(pSchema->aEntry[i].zName, zVirtual);
    }
  }
  assocFinalize(p->pCall, pStmt);
}

/* Tables of SQLite and of a virtual table are no models. */
static int lookIsInternal(const AssocLook *p, int i) {
  const char *zName = p->pSchema->aEntry[i].zName;
  assert(i >= 0 && i < p->pSchema->nEntry);
  return p->abShadow[i] || sqlite3_strnicmp(zName, "sqlite_", 7) == 0;
}

/* Views that cannot be read are skipped one by one, since a schema may hold
** broken ones. The tables of virtual tables, of SQLite and of assoc itself are
** skipped, too. *pi begins at 0; the result is 0 at the end. */
AssocModel *assocLookNextModel(AssocLook *p, int *pi) {
  AssocSchema *pSchema = p->pSchema;
  assert(*pi >= 0);
  if (!assocSchemaLoad(p->pCall, pSchema)) return 0;
  if (p->abShadow == 0) lookShadows(p);
  while (*pi < pSchema->nEntry && p->pCall->rc == SQLITE_OK) {
    int i = (*pi)++;
    AssocModel *pModel = 0;
    AssocTable *pTab = 0;
    if (!lookIsInternal(p, i)) {
      pTab = assocTableSeek(p->pCall, pSchema, pSchema->aEntry[i].zName);
    }
    if (pTab && assocTableIsOurs(p->pCall, pTab)) continue;
    if (pTab) pModel = assocLookModel(p, pTab);
    if (pModel) return pModel;
  }
  return 0;
}

/* ------------------------------------------------------------ definitions */

/* Order definitions by model, then by name. */
static int lookCompare(const void *pA, const void *pB) {
  const AssocDef *pX = *(AssocDef *const *)pA, *pY = *(AssocDef *const *)pB;
  uintptr_t x = (uintptr_t)pX->pSource, y = (uintptr_t)pY->pSource;
  if (x == y) return sqlite3_stricmp(pX->zName, pY->zName);
  return x < y ? -1 : 1;
}

/* Sort all definitions by model. */
static void lookDefs(AssocLook *p) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  int n = 0;
  assocCatalogLink(p->pCall, p->pCat);
  for (pSchema = p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    pDef = assocSchemaDefs(p->pCall, pSchema);
    for (; pDef; pDef = pDef->pNext) n++;
  }
  p->apDef = assocAlloc(p->pCall, &p->mem, (i64)sizeof(AssocDef *) * (n + 1));
  if (p->apDef == 0) return;
  for (pSchema = p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    pDef = assocSchemaDefs(p->pCall, pSchema);
    for (; pDef; pDef = pDef->pNext) {
      if (pDef->pSource && assocDefShown(p->pCall, pDef)) {
        assert(pDef->zName[0] && p->nDef < n);
        p->apDef[p->nDef++] = pDef;
      }
    }
  }
  qsort(p->apDef, (size_t)p->nDef, sizeof(AssocDef *), lookCompare);
}

/* The definitions are sorted by their models once, then found by binary search:
** a schema may have thousands. 0 if the model has none. */
AssocDef *assocLookFirstDef(AssocLook *p, const AssocModel *pModel, int *pi) {
  int iLo = 0, iHi;
  if (p->apDef == 0) lookDefs(p);
  iHi = p->nDef;
  /* Binary search; addresses are the order, as in lookCompare(). */
  assert(iLo >= 0 && iHi <= p->nDef);
  while (iLo < iHi) {
    int iMid = (iLo + iHi) / 2;
    if ((uintptr_t)p->apDef[iMid]->pSource < (uintptr_t)pModel) {
      iLo = iMid + 1;
    } else {
      iHi = iMid;
    }
  }
  *pi = iLo;
  return iLo < p->nDef && p->apDef[iLo]->pSource == pModel ? p->apDef[iLo] : 0;
}

/* 0 after the last definition of the model. */
AssocDef *assocLookNextDef(AssocLook *p, int *pi) {
  const AssocModel *pModel = p->apDef[*pi]->pSource;
  int i = ++*pi;
  assert(pModel && i > 0);
  return i < p->nDef && p->apDef[i]->pSource == pModel ? p->apDef[i] : 0;
}

/* Associations look up names without regard to case. */
int assocLookHasName(AssocLook *p, const AssocModel *pModel,
                     const char *zName) {
  int i;
  AssocDef *pDef = assocLookFirstDef(p, pModel, &i);
  while (pDef && sqlite3_stricmp(pDef->zName, zName) != 0) {
    pDef = assocLookNextDef(p, &i);
  }
  return pDef != 0;
}

/* ------------------------------------------------------------------- keys */

/* Set a key to these columns, with their names. */
static void lookKeyNames(AssocLook *p, AssocKey *pKey, const AssocTable *pTab,
                         int nCol, int *aCol) {
  int i;
  assert(nCol > 0);
  pKey->aCol = aCol;
  pKey->azCol = assocAlloc(p->pCall, &p->mem, (i64)sizeof(char *) * (nCol + 1));
  if (pKey->azCol == 0) return;
  assert(aCol); /* It was allocated before */
  pKey->nCol = nCol;
  for (i = 0; i < nCol; i++) pKey->azCol[i] = pTab->aCol[aCol[i]].zName;
}

/* Keys are listed in the order of the schema, guessed ones behind them. 0 after
** an error. */
AssocLookKey *assocLookKeyAdd(AssocLook *p, AssocModel *pChild,
                              AssocModel *pParent, int nCol, const int *aCol,
                              const int *aRef) {
  AssocLookKey *pKey = assocAlloc(p->pCall, &p->mem, sizeof(*pKey));
  assert(pChild && pParent && nCol > 0);
  if (pKey == 0) return 0;
  /* The caller's arrays may be gone soon. */
  lookKeyNames(p, &pKey->key, pChild->pTable, nCol,
               assocArenaInts(p->pCall, &p->mem, nCol, aCol));
  lookKeyNames(p, &pKey->ref, pParent->pTable, nCol,
               assocArenaInts(p->pCall, &p->mem, nCol, aRef));
  if (p->pCall->rc != SQLITE_OK) return 0;
  pKey->name.pChild = pChild;
  pKey->name.pParent = pParent;
  pKey->name.nCol = nCol;
  pKey->name.aCol = pKey->key.aCol;
  pKey->name.aRef = pKey->ref.aCol;
  pKey->name.bUnique =
      (u8)assocLookIsUnique(p, pChild->pTable, nCol, pKey->key.aCol);
  pKey->nSure = 100;
  if (p->pLastKey) {
    p->pLastKey->pNext = pKey;
  } else {
    p->pKey = pKey;
  }
  p->pLastKey = pKey;
  return pKey;
}

/* Find the columns that pFk references, into aRef. 0, or the reason why the key
** cannot be followed. A key without columns references the declared primary
** key; a rowid without a name cannot be referenced. */
static const char *lookReferenced(AssocLook *p, const AssocFkey *pFk,
                                  const AssocModel *pParent, int *aRef) {
  const AssocTable *pTab = pParent->pTable;
  int i;
  assert(pFk->nCol > 0 && aRef);
  if (pFk->azTo[0] == 0) { /* REFERENCES parent: its declared primary key */
    if (pTab->nKey != pFk->nCol || pTab->aKey[0] >= pTab->nCol) {
      return assocArenaPrintf(
          p->pCall, &p->mem,
          "it references the primary key of %s, which has "
          "%d columns, not %d",
          pTab->zName,
          pTab->nKey && pTab->aKey[0] < pTab->nCol ? pTab->nKey : 0, pFk->nCol);
    }
    memcpy(aRef, pTab->aKey, sizeof(int) * (size_t)pFk->nCol);
    return 0;
  }
  for (i = 0; i < pFk->nCol; i++) {
    aRef[i] = assocColumnFind(pTab, pFk->azTo[i]);
    /* "rowid" is not a column that a foreign key can reference */
    if (aRef[i] < 0 ||
        sqlite3_stricmp(pTab->aCol[aRef[i]].zName, pFk->azTo[i]) != 0 ||
        aRef[i] >= pTab->nCol) {
      return assocArenaPrintf(p->pCall, &p->mem,
                              "%s has no column %s, which it references",
                              pTab->zName, pFk->azTo[i]);
    }
  }
  return 0;
}

/* Was this key found already? Sets bShared if another key has its columns. */
static int lookIsTwice(AssocLook *p, AssocLookKey *pFirst,
                       const AssocModel *pParent, const AssocFkey *pFk,
                       const int *aRef, u8 *pbShared) {
  AssocLookKey *pKey;
  (void)p;
  for (pKey = pFirst; pKey; pKey = pKey->pNext) {
    if (!assocLookSameColumns(&pKey->key, pFk->nCol, pFk->aCol)) continue;
    /* The same columns may refer to two tables: that is shared, and no mistake. */
    if (pKey->name.pParent == pParent &&
        assocLookSameColumns(&pKey->ref, pFk->nCol, aRef)) {
      return 1;
    }
    *pbShared = 1;
  }
  return 0;
}

/* One FOREIGN KEY. The keys behind pFirst, the last key of the table before,
** belong to the same table: among them duplicates are looked for. */
static void lookFkey(AssocLook *p, AssocModel *pChild, const AssocFkey *pFk,
                     AssocLookKey *pBefore) {
  const AssocTable *pTab = pChild->pTable;
  const char *zKey = assocLookNames(p, pTab, pFk->nCol, pFk->aCol), *zWhy;
  AssocTable *pParentTab = assocTableSeek(p->pCall, p->pSchema, pFk->zParent);
  AssocModel *pParent = 0;
  AssocLookKey *pKey;
  u8 bShared = 0;
  int *aRef = assocAlloc(p->pCall, &p->mem, (i64)sizeof(int) * pFk->nCol);
  if (p->pCall->rc != SQLITE_OK) return;
  if (pParentTab && pParentTab->eType == ASSOC_TABLE) {
    pParent = assocLookModel(p, pParentTab);
  }
  if (pParent == 0) {
    assocLookSkip(p, pTab->zName, zKey,
                  pParentTab == 0 ? "there is no table %s"
                  : pParentTab->eType == ASSOC_TABLE
                      ? "the name %s means another table"
                      : "%s is not an ordinary table",
                  pFk->zParent);
    return;
  }
  assert(pFk->nCol > 0 && aRef);
  zWhy = lookReferenced(p, pFk, pParent, aRef);
  if (zWhy) {
    assocLookSkip(p, pTab->zName, zKey, "%s", zWhy);
    return;
  }
  pKey = pBefore ? pBefore->pNext : p->pKey;
  if (assocColumnsHide(p->pCall, pTab, pFk->nCol, pFk->aCol) ||
      assocColumnsHide(p->pCall, pParentTab, pFk->nCol, aRef)) {
    return;
  }
  if (lookIsTwice(p, pKey, pParent, pFk, aRef, &bShared)) {
    assocLookSkip(p, pTab->zName, zKey, "the same key is declared twice");
    return;
  }
  pKey = assocLookKeyAdd(p, pChild, pParent, pFk->nCol, pFk->aCol, aRef);
  if (pKey) pKey->bShared = bShared;
}

/* SQLite lists foreign keys in reverse order of declaration. */
static void lookTable(AssocLook *p, AssocTable *pTab) {
  AssocFkey *pFk = assocTableFkeys(p->pCall, pTab), *pAt, *pEnd = 0;
  AssocLookKey *pBefore = p->pLastKey;
  AssocModel *pChild;
  assert(pTab->eType == ASSOC_TABLE);
  if (pFk == 0) return;
  pChild = assocLookModel(p, pTab);
  while (pEnd != pFk && p->pCall->rc == SQLITE_OK) {
    for (pAt = pFk; pAt->pNext != pEnd; pAt = pAt->pNext) {
    }
    if (pChild) {
      lookFkey(p, pChild, pAt, pBefore);
    } else {
      assocLookSkip(p, pTab->zName,
                    assocLookNames(p, pTab, pAt->nCol, pAt->aCol),
                    "the name %s means another table", pTab->zName);
    }
    pEnd = pAt;
  }
}

/* Views have no declared keys, and broken views are skipped. */
void assocLookKeys(AssocLook *p) {
  int i;
  if (!assocSchemaLoad(p->pCall, p->pSchema)) return;
  assocCatalogLink(p->pCall, p->pCat);
  for (i = 0; i < p->pSchema->nEntry && p->pCall->rc == SQLITE_OK; i++) {
    AssocTable *pTab =
        assocTableSeek(p->pCall, p->pSchema, p->pSchema->aEntry[i].zName);
    assert(p->pKey == 0 || p->pLastKey);
    if (pTab && pTab->eType == ASSOC_TABLE) lookTable(p, pTab);
  }
  assocLookKeysRelate(p);
}

/* ------------------------------------------------------------------ names */

/* A key, and its place in the list. */
typedef struct LookPlace LookPlace;
struct LookPlace {
  AssocLookKey *pKey; /* The key itself */
  int i;              /* Its place, to keep equal keys in order */
};

/* Sort keys by table; within a table, declared keys first, then guesses in the
** order of the columns. */
static int lookByTable(const void *pA, const void *pB) {
  const LookPlace *pX = pA, *pY = pB;
  const AssocLookKey *p = pX->pKey, *q = pY->pKey;
  int c = sqlite3_stricmp(p->name.pChild->pTable->zName,
                          q->name.pChild->pTable->zName);
  if (c == 0) c = (q->nSure == 100) - (p->nSure == 100);
  if (c == 0 && p->nSure < 100) c = p->key.aCol[0] - q->key.aCol[0];
  return c ? c : pX->i - pY->i;
}

/* Relink the list of keys in the order of the array. */
static void lookLink(AssocLook *p, LookPlace *a, int n) {
  int i;
  if (n == 0) return;
  qsort(a, (size_t)n, sizeof(*a), lookByTable);
  for (i = 0; i < n; i++) {
    /* From here on i is the place in the list, by which lookByPair() breaks ties. */
    assert(a[i].pKey);
    a[i].i = i;
    a[i].pKey->pNext = i + 1 < n ? a[i + 1].pKey : 0;
  }
  p->pKey = a[0].pKey;
  p->pLastKey = a[n - 1].pKey;
}

/* Group keys by child and parent; keep the order within a group. */
static int lookByPair(const void *pA, const void *pB) {
  const LookPlace *pX = pA, *pY = pB;
  uintptr_t x = (uintptr_t)pX->pKey->name.pChild;
  uintptr_t y = (uintptr_t)pY->pKey->name.pChild;
  if (x == y) {
    x = (uintptr_t)pX->pKey->name.pParent;
    y = (uintptr_t)pY->pKey->name.pParent;
  }
  if (x == y) return pX->i - pY->i;
  return x < y ? -1 : 1;
}

/* Of several keys of a child to one parent, the one that is named after the
** parent is the plain one: user_id beside reviewer_id. It gets the plain
** names. */
static void lookRelate(LookPlace *a, int n) {
  int i, nOwn = 0;
  assert(n > 0);
  for (i = 0; i < n; i++) {
    AssocNaming *p = &a[i].pKey->name;
    nOwn += p->bOwn;
    p->bOnly = n == 1;
    p->bPlain = (u8)(n == 1 || (p->bOwn && nOwn == 1));
  }
}

/* Names are made without the prefix that all tables share. */
void assocLookNaming(AssocLook *p, AssocNaming *pName) {
  assert(pName->pChild && pName->pParent);
  assocLookHabits(p);
  pName->eStyle = p->eStyle;
  pName->cLetter = (char)p->cLetter;
  pName->zChild = assocLookPlainName(p, pName->pChild->zName);
  pName->zParent = assocLookPlainName(p, pName->pParent->zName);
  assocNamingStart(p->pCall, &p->mem, pName);
}

/* Each key needs to know the others between the same two tables, because two
** keys to one table need different names. Sorting brings them together, so the
** work is not quadratic. */
void assocLookKeysRelate(AssocLook *p) {
  AssocLookKey *pKey;
  LookPlace *a;
  int i, j, n = 0;
  assocLookHabits(p);
  for (pKey = p->pKey; pKey; pKey = pKey->pNext) n++;
  a = assocAlloc(p->pCall, &p->mem, (i64)sizeof(*a) * (n + 1));
  for (pKey = p->pKey, i = 0; pKey && a; pKey = pKey->pNext, i++) {
    assert(i < n);
    assocLookNaming(p, &pKey->name);
    a[i].pKey = pKey;
    a[i].i = i;
  }
  if (p->pCall->rc != SQLITE_OK) return;
  lookLink(p, a, n);
  qsort(a, (size_t)n, sizeof(*a), lookByPair);
  for (i = 0; i < n; i = j) {
    for (j = i + 1; j < n && a[j].pKey->name.pChild == a[i].pKey->name.pChild &&
                    a[j].pKey->name.pParent == a[i].pKey->name.pParent;
         j++) {
    }
    /* All keys between the same two tables: their names must differ. */
    assert(j > i);
    lookRelate(&a[i], j - i);
  }
}
