/*
** The rows of assoc_definitions.
**
**   Post belongsTo User    found by Post, Posts, posts: its model
**                          and by User: its target
**
** Catalogs follow each other while definitions are made, and each differs from
** the one before by one row. So they share their rows. A row says in which
** versions it is there, and a catalog knows its version. An older catalog, which
** a statement may still use, thus sees the rows of its own time.
**
** A catalog makes an AssocDef only of rows that a call needs. They are found by
** the stem of a name, a hash that all forms of the name share.
*/
#include <stdlib.h>

#include "model/defrow.h"

#define ROW_ALWAYS ((i64)1 << 62) /* A version that never comes */

/* ------------------------------------------------------------------ stems */

/* The stem of a name: the database before a dot does not count. */
u32 assocNameStem(const char *zName) {
  const char *zDot = strrchr(zName, '.');
  return assocStemHash(zDot ? zDot + 1 : zName);
}

/* The bucket of a stem. */
static AssocDefName **stemBucket(const AssocDefRows *p, u32 iStem) {
  assert(p->nStem > 0);
  return &p->apStem[(iStem ^ iStem >> 16) & (u32)(p->nStem - 1)];
}

/* Twice as many buckets. The old ones stay in the arena. */
static void stemsGrow(AssocCall *pCall, AssocDefRows *p) {
  AssocDefRows old = *p;
  int i, n = old.nStem ? old.nStem * 2 : 16;
  AssocDefName **ap =
      assocAlloc(pCall, &p->mem, (i64)sizeof(AssocDefName *) * n);
  if (ap == 0) return;
  p->apStem = ap;
  p->nStem = n;
  for (i = 0; i < old.nStem; i++) {
    AssocDefName *pName, *pNext;
    for (pName = old.apStem[i]; pName; pName = pNext) {
      AssocDefName **pp = stemBucket(p, pName->iStem);
      pNext = pName->pNextStem;
      pName->pNextStem = *pp;
      *pp = pName;
    }
  }
}

/* ------------------------------------------------------------------- rows */

void assocDefRowsUnref(AssocDefRows *p) {
  AssocArena mem;
  assert(p == 0 || p->nRef > 0);
  if (p == 0 || --p->nRef > 0) return;
  mem = p->mem;
  assocArenaFree(&mem);
}

AssocDefRows *assocDefRowsNew(AssocCall *pCall) {
  AssocArena mem;
  AssocDefRows *p;
  memset(&mem, 0, sizeof(mem));
  p = assocAlloc(pCall, &mem, sizeof(*p));
  if (p == 0) return 0;
  p->mem = mem; /* They move with their arena, and end with it */
  p->nRef = 1;
  p->iVersion = 1;
  stemsGrow(pCall, p);
  if (pCall->rc == SQLITE_OK) return p;
  assocDefRowsUnref(p);
  return 0;
}

/* The text of an option, which may be the member "model" of an object, too. */
static const char *defOptionText(AssocJson *pJson, const char *zOption) {
  AssocJson *p = assocJsonGet(pJson, zOption);
  if (p && p->eType == ASSOC_J_OBJECT) p = assocJsonGet(p, "model");
  return p && p->eType == ASSOC_J_TEXT ? p->z : 0;
}

/* Read the table that the options of a row name. Wrong options name none. */
static void rowTable(AssocCall *pCall, AssocDefRows *p, AssocDefRow *pRow,
                     const char *zOption) {
  AssocArena mem;
  AssocJson *pJson;
  if (pRow->zOptions == 0) return;
  memset(&mem, 0, sizeof(mem));
  pJson = assocJsonTry(pCall, &mem, pRow->zOptions, -1);
  if (pJson) {
    pRow->zTable =
        assocArenaText(pCall, &p->mem, defOptionText(pJson, zOption), -1);
    p->bColumns |= assocJsonGet(pJson, "columns") != 0;
  }
  assocArenaFree(&mem);
}

/* What does a row of this kind and name say? */
static u8 rowOf(const char *zKind, const char *zName) {
  if (zKind && strcmp(zKind, "setting") == 0) return ASSOC_ROW_SETTING;
  if (zKind && strcmp(zKind, "policy") == 0) return ASSOC_ROW_POLICY;
  return zName[0] ? ASSOC_ROW_DEF : ASSOC_ROW_MODEL;
}

AssocDefRow *assocDefRowNew(AssocCall *pCall, AssocDefRows *p,
                            const char *const *az, u64 iSum) {
  AssocDefRow *pRow = assocAlloc(pCall, &p->mem, sizeof(*pRow));
  if (pRow == 0) return 0;
  assert(az[0] && az[1]);
  pRow->zModel = assocArenaText(pCall, &p->mem, az[0], -1);
  pRow->zName = assocArenaText(pCall, &p->mem, az[1], -1);
  pRow->zKind = assocArenaText(pCall, &p->mem, az[2], -1);
  pRow->zTarget = assocArenaText(pCall, &p->mem, az[3], -1);
  pRow->zOptions = assocArenaText(pCall, &p->mem, az[4], -1);
  pRow->iSum = iSum;
  pRow->iTo = ROW_ALWAYS;
  if (pCall->rc != SQLITE_OK) return 0;
  pRow->eRow = rowOf(pRow->zKind, pRow->zName);
  if (pRow->eRow == ASSOC_ROW_MODEL) rowTable(pCall, p, pRow, "table");
  return pCall->rc == SQLITE_OK ? pRow : 0;
}

/* ------------------------------------------------------------------ names */

/* What has the name, or 0. */
static AssocDefName *nameFind(const AssocDefRows *p, const char *zName) {
  const AssocWord *pWord = assocWordsFind(&p->names, zName);
  return pWord ? pWord->p : 0;
}

/* The same, added if it is missing. zName is in the arena. 0 after an error. */
static AssocDefName *defNameAdd(AssocCall *pCall, AssocDefRows *p,
                                const char *zName) {
  AssocDefName *pName = nameFind(p, zName), **pp;
  AssocWord *pWord;
  if (pName) return pName;
  if (p->names.nWord >= p->nStem) stemsGrow(pCall, p);
  pWord = assocWordsAdd(pCall, &p->mem, &p->names, zName);
  pName = assocAlloc(pCall, &p->mem, sizeof(*pName));
  if (pName == 0) return 0; /* Also if there is no word */
  pName->zName = zName;
  pName->iStem = assocNameStem(zName);
  pp = stemBucket(p, pName->iStem);
  pName->pNextStem = *pp;
  *pp = pName;
  p->bDots |= strchr(zName, '.') != 0;
  pWord->p = pName;
  return pName;
}

/* Put a row among those of its model. Most come in their order. */
static void nameRow(AssocDefName *pName, AssocDefRow *pRow) {
  AssocDefRow **pp = &pName->pRow, *pLast = pName->pRowLast;
  if (pLast && sqlite3_stricmp(pLast->zName, pRow->zName) <= 0) {
    pp = &pLast->pNext;
  }
  while (*pp && sqlite3_stricmp((*pp)->zName, pRow->zName) <= 0) {
    pp = &(*pp)->pNext;
  }
  pRow->pNext = *pp;
  *pp = pRow;
  if (pRow->pNext == 0) pName->pRowLast = pRow;
}

/* May the options name targets? Only a polymorphic belongsTo has such options. A
** member's name may be written with escapes. */
static int mayBranch(const AssocDefRow *pRow) {
  const char *z = pRow->zOptions ? pRow->zOptions : "";
  return strstr(z, "polymorphic") != 0 || strchr(z, '\\') != 0;
}

/* The list in which a definition is found by its target, or 0. pLead is the name of
** the target, or 0. */
static AssocDefRow **listOfTarget(AssocDefRows *p, const AssocDefRow *pRow,
                                  int eKind, AssocDefName *pLead) {
  if (eKind == ASSOC_BELONGSTO && (pLead == 0 || mayBranch(pRow))) {
    return &p->pAnywhere;
  }
  if (pLead == 0) return 0;
  return eKind == ASSOC_HASONE || eKind == ASSOC_HASMANY ? &pLead->pTo
                                                         : &pLead->pBy;
}

/* Put a definition where it is found by its foreign key. A belongsToMany has that
** in its join table, a hasOne or hasMany in the table of its target. */
static void defRowKey(AssocCall *pCall, AssocDefRows *p, AssocDefRow *pRow) {
  int eKind = assocKindSeek(pRow->zKind);
  AssocDefName *pLead = 0, *pJoin = 0;
  AssocDefRow **pp;
  if (pRow->bKey || pRow->eRow != ASSOC_ROW_DEF) return;
  if (eKind == ASSOC_BELONGSTOMANY) rowTable(pCall, p, pRow, "through");
  if (pRow->zTable) pJoin = defNameAdd(pCall, p, pRow->zTable);
  if (pRow->zTarget) pLead = defNameAdd(pCall, p, pRow->zTarget);
  if (pCall->rc != SQLITE_OK) return; /* The row is in no list */
  if (eKind == ASSOC_BELONGSTOMANY) {
    pp = pJoin ? &pJoin->pTable : &p->pLoose;
    pRow->pNextTable = *pp;
    *pp = pRow;
  }
  pp = listOfTarget(p, pRow, eKind, pLead);
  if (pp) {
    pRow->pNextTo = *pp;
    *pp = pRow;
  }
  pRow->bKey = 1;
}

/* The same for all rows, at the first question: readers do not ask it. */
static void rowKeys(AssocCall *pCall, AssocDefRows *p) {
  AssocDefRow *pRow = p->bKeys ? 0 : p->pAll;
  for (; pRow && pCall->rc == SQLITE_OK; pRow = pRow->pNextAll) {
    defRowKey(pCall, p, pRow);
  }
  p->bKeys = pCall->rc == SQLITE_OK;
}

void assocDefRowAdd(AssocCall *pCall, AssocDefRows *p, AssocDefRow *pRow) {
  AssocDefName *pModel = defNameAdd(pCall, p, pRow->zModel), *pTable = 0;
  if (pRow->zTable) pTable = defNameAdd(pCall, p, pRow->zTable);
  if (pCall->rc != SQLITE_OK) return;
  pRow->iFrom = p->iVersion;
  nameRow(pModel, pRow);
  if (pTable) {
    pRow->pNextTable = pTable->pTable;
    pTable->pTable = pRow;
  }
  pRow->pNextAll = p->pAll;
  p->pAll = pRow;
  if (p->bKeys) defRowKey(pCall, p, pRow);
}

/* Is the row in the version of pSchema? */
static int rowIsIn(const AssocSchema *pSchema, const AssocDefRow *p) {
  return p->iFrom <= pSchema->iVersion && pSchema->iVersion < p->iTo;
}

/* The rows of the model zModel, of any version, or 0. */
static const AssocDefName *modelFind(const AssocSchema *pSchema,
                                     const char *zModel) {
  return pSchema->pRows ? nameFind(pSchema->pRows, zModel) : 0;
}

AssocDefRow *assocDefRowSeek(const AssocSchema *pSchema, const char *zModel,
                             const char *zName) {
  const AssocDefName *pName = modelFind(pSchema, zModel);
  AssocDefRow *p = pName ? pName->pRow : 0;
  while (p && (!rowIsIn(pSchema, p) || sqlite3_stricmp(p->zName, zName) != 0)) {
    p = p->pNext;
  }
  return p;
}

/* ------------------------------------------------------------ definitions */

/* A row as a definition of pSchema's catalog. */
static AssocDef *defNew(AssocCall *pCall, AssocSchema *pSchema,
                        const AssocDefRow *pRow) {
  AssocDef *p = assocAlloc(pCall, &pSchema->pCatalog->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pSchema = pSchema;
  p->pRow = pRow;
  p->zModel = pRow->zModel;
  p->zName = pRow->zName;
  p->zKind = pRow->zKind;
  p->zTarget = pRow->zTarget;
  p->zOptions = pRow->zOptions;
  return p;
}

/* The first of a model's rows as definitions, by pNextOf. They are made at the
** first call. */
static AssocDef *defsOf(AssocCall *pCall, AssocSchema *pSchema,
                        const AssocDefName *pName) {
  AssocWord *pWord = assocWordsAdd(pCall, &pSchema->pCatalog->mem,
                                   &pSchema->defs, pName->zName);
  AssocDef *pFirst = 0, **pp = &pFirst;
  const AssocDefRow *pRow;
  if (pWord == 0 || pWord->p) return pWord ? pWord->p : 0;
  for (pRow = pName->pRow; pRow; pRow = pRow->pNext) {
    if (!rowIsIn(pSchema, pRow)) continue;
    *pp = defNew(pCall, pSchema, pRow);
    if (*pp == 0) return 0;
    pp = &(*pp)->pNextOf;
  }
  pWord->p = pFirst;
  return pFirst;
}

/* The definition of a row; 0 after an error. */
static AssocDef *defOf(AssocCall *pCall, AssocSchema *pSchema,
                       const AssocDefRow *pRow) {
  AssocDef *p = defsOf(pCall, pSchema, nameFind(pSchema->pRows, pRow->zModel));
  while (p && p->pRow != pRow) p = p->pNextOf;
  return p;
}

/* See model.h. */
AssocDef *assocSchemaRow(AssocCall *pCall, AssocSchema *pSchema,
                         const char *zModel) {
  const AssocDefRow *pRow = assocDefRowSeek(pSchema, zModel, "");
  if (pRow == 0 || pRow->eRow != ASSOC_ROW_MODEL) return 0;
  return defOf(pCall, pSchema, pRow);
}

/* For qsort(): the order of the rows' models. */
static int nameCompare(const void *pA, const void *pB) {
  return sqlite3_stricmp((*(AssocDefName *const *)pA)->zName,
                         (*(AssocDefName *const *)pB)->zName);
}

/* All names of rows, sorted; 0 after an error. */
static AssocDefName **namesSorted(AssocCall *pCall, AssocArena *pArena,
                                  const AssocDefRows *p) {
  AssocDefName **ap = assocAlloc(
      pCall, pArena, (i64)sizeof(AssocDefName *) * (p->names.nWord + 1));
  AssocDefName *pName;
  int i, n = 0;
  if (ap == 0) return 0;
  for (i = 0; i < p->nStem; i++) {
    for (pName = p->apStem[i]; pName; pName = pName->pNextStem) {
      ap[n++] = pName;
    }
  }
  qsort(ap, (size_t)n, sizeof(*ap), nameCompare);
  return ap;
}

/* Append the rows of a model to the lists of all rows. */
static void listDefs(AssocDef *pDef, AssocDef ***appEnd) {
  for (; pDef; pDef = pDef->pNextOf) {
    int eRow = pDef->pRow->eRow;
    if (eRow == ASSOC_ROW_SETTING) continue;
    *appEnd[eRow == ASSOC_ROW_POLICY] = pDef;
    appEnd[eRow == ASSOC_ROW_POLICY] = &pDef->pNext;
    if (eRow != ASSOC_ROW_MODEL) continue;
    *appEnd[2] = pDef;
    appEnd[2] = &pDef->pNextModel;
  }
}

/* See model.h. */
AssocDef *assocSchemaDefs(AssocCall *pCall, AssocSchema *pSchema) {
  AssocDef **appEnd[3] = {&pSchema->pAllDef, &pSchema->pPolicyDef,
                          &pSchema->pModelDef};
  AssocDefName **ap;
  AssocArena mem;
  int i;
  if (pSchema->bAll || pSchema->pRows == 0) return pSchema->pAllDef;
  memset(&mem, 0, sizeof(mem));
  ap = namesSorted(pCall, &mem, pSchema->pRows);
  for (i = 0; ap && ap[i]; i++) {
    listDefs(defsOf(pCall, pSchema, ap[i]), appEnd);
  }
  for (i = 0; i < 3; i++) *appEnd[i] = 0; /* An earlier try may have failed */
  assocArenaFree(&mem);
  pSchema->bAll = pCall->rc == SQLITE_OK;
  return pSchema->pAllDef;
}

/* ------------------------------------------------------------------ lists */

/* The array a of n elements, with room for one more. *pnMax: its room. */
static void *listRoom(AssocDefList *p, void *a, int n, int *pnMax,
                      size_t nByte) {
  void *aNew;
  if (n < *pnMax) return a;
  aNew = assocAlloc(p->pCall, &p->mem, (i64)nByte * (2 * n + 8));
  if (aNew == 0) return a;
  if (n) memcpy(aNew, a, nByte * (size_t)n);
  *pnMax = 2 * n + 8;
  return aNew;
}

void assocDefListBegin(AssocCall *pCall, AssocDefList *p) {
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
}

void assocDefListName(AssocDefList *p, const char *zName) {
  p->aStem = listRoom(p, p->aStem, p->nStem, &p->nMost, sizeof(*p->aStem));
  if (p->nStem < p->nMost) p->aStem[p->nStem++] = assocNameStem(zName);
}

/* The models whose rows name the table may be called as they like. */
void assocDefListTable(AssocDefList *p, const AssocCatalog *pCat,
                       const char *zTable) {
  const AssocSchema *pSchema;
  assocDefListName(p, zTable);
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    const AssocDefName *pName = modelFind(pSchema, zTable);
    const AssocDefRow *pRow = pName ? pName->pTable : 0;
    for (; pRow; pRow = pRow->pNextTable) {
      if (pRow->eRow == ASSOC_ROW_MODEL) assocDefListName(p, pRow->zModel);
    }
  }
}

/* For qsort(): the order of numbers. */
static int stemCompare(const void *pA, const void *pB) {
  u32 iA = *(const u32 *)pA, iB = *(const u32 *)pB;
  return (iA > iB) - (iA < iB);
}

/* Each stem once. */
static void listSort(AssocDefList *p) {
  int i, n = 0;
  if (p->nSorted == p->nStem) return;
  qsort(p->aStem, (size_t)p->nStem, sizeof(*p->aStem), stemCompare);
  for (i = 0; i < p->nStem; i++) {
    if (n == 0 || p->aStem[i] != p->aStem[n - 1]) p->aStem[n++] = p->aStem[i];
  }
  p->nStem = p->nSorted = n;
}

/* Append a row, if it is of the kinds m. */
static void defListAdd(AssocDefList *p, AssocSchema *pSchema,
                       const AssocDefRow *pRow, int m) {
  AssocDef *pDef;
  if ((pRow->eRow & m) == 0 || !rowIsIn(pSchema, pRow)) return;
  pDef = defOf(p->pCall, pSchema, pRow);
  if (pDef == 0) return;
  p->ap = listRoom(p, p->ap, p->n, &p->nMax, sizeof(*p->ap));
  if (p->n < p->nMax) p->ap[p->n++] = pDef;
}

/* Append rows that have the same target, or no known one. */
static void listTargets(AssocDefList *p, AssocSchema *pSchema,
                        const AssocDefRow *pRow, int m) {
  for (; pRow; pRow = pRow->pNextTo) defListAdd(p, pSchema, pRow, m);
}

/* The same with the same join table, or no known one. */
static void listTables(AssocDefList *p, AssocSchema *pSchema,
                       const AssocDefRow *pRow, int m) {
  for (; pRow; pRow = pRow->pNextTable) defListAdd(p, pSchema, pRow, m);
}

/* Append the rows of a name. A belongsTo has its key in the table of its model. */
static void listName(AssocDefList *p, AssocSchema *pSchema,
                     const AssocDefName *pName, int m, int eKeys) {
  const AssocDefRow *pRow;
  for (pRow = pName->pRow; pRow; pRow = pRow->pNext) {
    int bHere = assocKindSeek(pRow->zKind) == ASSOC_BELONGSTO;
    if (eKeys == 0 || bHere == (eKeys == ASSOC_KEYS_IN)) {
      defListAdd(p, pSchema, pRow, m);
    }
  }
  if (eKeys == ASSOC_KEYS_IN) {
    listTargets(p, pSchema, pName->pTo, m);
    listTables(p, pSchema, pName->pTable, m);
  } else if (eKeys == ASSOC_KEYS_TO) {
    listTargets(p, pSchema, pName->pBy, m);
  }
}

/* For qsort(): the order of the rows. */
static int defCompare(const void *pA, const void *pB) {
  const AssocDef *p = *(AssocDef *const *)pA, *q = *(AssocDef *const *)pB;
  int c = sqlite3_stricmp(p->zModel, q->zModel);
  if (c == 0) c = sqlite3_stricmp(p->zName, q->zName);
  return c ? c : (p > q) - (p < q);
}

/* Sort the definitions from iFrom on. One that was found by two names is there
** twice. */
static void listOrder(AssocDefList *p, int iFrom) {
  int i, n = iFrom;
  if (p->n - iFrom < 2) return;
  qsort(&p->ap[iFrom], (size_t)(p->n - iFrom), sizeof(*p->ap), defCompare);
  for (i = iFrom; i < p->n; i++) {
    if (n == iFrom || p->ap[i] != p->ap[n - 1]) p->ap[n++] = p->ap[i];
  }
  p->n = n;
}

void assocDefListTake(AssocDefList *p, AssocSchema *pSchema, int m, int eKeys) {
  AssocDefRows *pRows = pSchema->pRows;
  const AssocDefName *pName;
  int i, n = p->n;
  if (pRows == 0) return;
  if (eKeys) rowKeys(p->pCall, pRows);
  listSort(p);
  for (i = 0; i < p->nStem; i++) {
    pName = *stemBucket(pRows, p->aStem[i]);
    for (; pName; pName = pName->pNextStem) {
      if (pName->iStem == p->aStem[i]) listName(p, pSchema, pName, m, eKeys);
    }
  }
  if (eKeys == ASSOC_KEYS_IN) {
    listTables(p, pSchema, pRows->pLoose, m);
  } else if (eKeys == ASSOC_KEYS_TO) {
    listTargets(p, pSchema, pRows->pAnywhere, m);
  }
  listOrder(p, n);
}

void assocDefListEnd(AssocDefList *p) {
  assocArenaFree(&p->mem);
}
