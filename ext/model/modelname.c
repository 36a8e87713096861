/*
** From a model's name to its table.
**
** In each database the first of these steps that finds a table decides:
**
**   1. assoc_model('User', '{"table":"people"}')
**   2. a table or view of that name: User
**   3. its plural: Users
**   4. in snake case: user_profile for UserProfile
**   5. the plural of that: user_profiles
**   6. the plural that Sequelize makes, where it is another: Heros
**   7. the same in snake case: super_heros
**
** main is searched first. If it has no such table, all attached databases are
** searched together: two that have a table in the same step are an error. temp
** is searched only by name: temp.User.
**
** Two names of one table are one model, its own. Rows of assoc_model() may make
** other models beside it, which step 1 finds: see model.h.
*/
#include "model/defrow.h"

#define NAME_NSTEP 7 /* Names that are tried, the model's own among them */

/* The names to look for in steps 2 to 7. Each one is made when it is needed:
** most names are found unchanged, and making a plural costs more than a
** lookup. */
typedef struct NameSteps NameSteps;
struct NameSteps {
  AssocArena *pArena;         /* Holds the names */
  const char *az[NAME_NSTEP]; /* az[0] is the model's name */
  AssocDef *pRow;             /* OUT: the row that step 1 used, or 0 */
  AssocSchema *pSchema;       /* OUT: the database that has the table */
  const char *zTable;         /* OUT: its name there, or 0 */
};

/* The first two steps are the name as it is: first among the rows of
** assoc_model(), then among the tables. The others are computed only when they
** are needed, because inflection is not cheap. */
static void nameSteps(AssocArena *pArena, const char *zName, NameSteps *p) {
  memset(p, 0, sizeof(*p));
  p->pArena = pArena;
  p->az[0] = zName;
  p->az[1] = zName;
}

/* The name for a step; 0 after an error. */
static const char *stepName(AssocCall *pCall, NameSteps *p, int iStep) {
  assert(iStep >= 0 && iStep < NAME_NSTEP && p->az[0]);
  if (p->az[iStep]) return p->az[iStep];
  if (iStep >= 5) {
    const char *zOne = stepName(pCall, p, iStep == 5 ? 1 : 3);
    if (zOne) p->az[iStep] = assocPluralSequelize(pCall, p->pArena, zOne);
    if (zOne && p->az[iStep] == 0) {
      p->az[iStep] = stepName(pCall, p, iStep == 5 ? 2 : 4);
    }
  } else if (iStep == 3) {
    p->az[3] = assocUnderscore(pCall, p->pArena, p->az[0]);
  } else {
    const char *zOne = stepName(pCall, p, iStep - 1);
    if (zOne) p->az[iStep] = assocPluralize(pCall, p->pArena, zOne);
  }
  return p->az[iStep];
}

/* "aux.User" becomes "User" in the database aux. But a table may be called
** "aux.User" itself, which then wins. */
const char *assocBareName(const AssocSchema *pSchema, const char *zName) {
  int n = (int)strlen(pSchema->zName);
  if (sqlite3_strnicmp(zName, pSchema->zName, n) == 0 && zName[n] == '.' &&
      assocSchemaIndex(pSchema, zName) < 0) {
    return &zName[n + 1];
  }
  return zName;
}

/* The name under which a model is stored in a row of zSchema: without the
** database if both are in the same one. */
const char *assocRowName(AssocCall *pCall, AssocArena *pArena,
                         const char *zSchema, const AssocSchema *pSchema,
                         const char *zName) {
  int bTemp = sqlite3_stricmp(zSchema, "temp") == 0;
  zName = assocBareName(pSchema, zName);
  if (sqlite3_stricmp(pSchema->zName, bTemp ? "main" : zSchema) == 0) {
    return zName;
  }
  return assocArenaPrintf(pCall, pArena, "%s.%s", pSchema->zName, zName);
}

/* See model.h. */
AssocJson *assocDefJson(AssocCall *pCall, AssocDef *pDef) {
  AssocJson *p;
  if (pDef->bRead || pDef->zOptions == 0) return pDef->pJson;
  p = assocJsonTry(pCall, &pDef->pSchema->pCatalog->mem, pDef->zOptions, -1);
  if (pCall->rc == SQLITE_OK) {
    pDef->bRead = 1;
    pDef->pJson = p;
  }
  return p;
}

/* The database of a name "aux.User", or 0. *pzRest is the part behind the
** dot. */
static AssocSchema *splitName(AssocCatalog *pCat, const char *zName,
                              const char **pzRest) {
  AssocSchema *p;
  for (p = pCat->pSchema; p; p = p->pNext) {
    int n = (int)strlen(p->zName);
    if (sqlite3_strnicmp(p->zName, zName, n) == 0 && zName[n] == '.') {
      *pzRest = &zName[n + 1];
      return p;
    }
  }
  return 0;
}

/* The model's name in a row, as seen from pSchema. 0 if the row means a model
** of another database. */
static const char *rowModel(const AssocSchema *pSchema, const AssocDef *pRow) {
  const char *zBare = assocBareName(pSchema, pRow->zModel);
  const char *zRest;
  if (zBare == pRow->zModel && pRow->pSchema != pSchema &&
      splitName(pSchema->pCatalog, zBare, &zRest)) {
    return 0;
  }
  return zBare;
}

/* Is the name of the row's model that one in pSchema? p may be 0. */
static int rowIs(const AssocSchema *pSchema, const AssocDef *p,
                 const char *zName) {
  const char *z = p ? rowModel(pSchema, p) : 0;
  return z && sqlite3_stricmp(z, zName) == 0;
}

/* The assoc_model() row of pAt whose model has that name in pSchema, or 0. The row
** may have the database before the name. */
static AssocDef *rowAt(AssocCall *pCall, AssocSchema *pAt,
                       const AssocSchema *pSchema, const char *zName) {
  AssocDef *p = assocSchemaRow(pCall, pAt, zName);
  char *zFull;
  if (rowIs(pSchema, p, zName)) return p;
  if (pAt->pRows == 0 || !pAt->pRows->bDots) return 0;
  zFull = assocMprintf(pCall, "%s.%s", pSchema->zName, zName);
  p = zFull ? assocSchemaRow(pCall, pAt, zFull) : 0;
  sqlite3_free(zFull);
  return rowIs(pSchema, p, zName) ? p : 0;
}

/* The last database of the catalog. */
static AssocSchema *tempOf(const AssocSchema *pSchema) {
  return assocSchemaFind(pSchema->pCatalog, "temp");
}

/* The assoc_model() row with that name, or 0. Rows of temp take precedence over
** those of the database itself. */
static AssocDef *modelRow(AssocCall *pCall, AssocSchema *pSchema,
                          const char *zName) {
  AssocSchema *pTemp = tempOf(pSchema);
  AssocDef *p = rowAt(pCall, pTemp, pSchema, zName);
  return p || pTemp == pSchema ? p : rowAt(pCall, pSchema, pSchema, zName);
}

/* The name of a table of the database, existing or planned, as its AssocTable
** has it; or 0. Tables are not read: most definitions are never used. */
static const char *tableName(AssocCall *pCall, AssocSchema *pSchema,
                             const char *zTable) {
  int iEntry;
  if (pCall->rc != SQLITE_OK) return 0;
  iEntry = assocSchemaIndex(pSchema, zTable);
  if (iEntry >= 0) return pSchema->aEntry[iEntry].zName;
  return assocPlannedName(pCall, pSchema, zTable);
}

/* Run one step in one database. Returns the table's name, or 0. */
static const char *stepEntry(AssocCall *pCall, AssocSchema *pSchema,
                             NameSteps *pSteps, int iStep) {
  const char *zTable = stepName(pCall, pSteps, iStep);
  if (iStep == 0) {
    AssocDef *pRow = modelRow(pCall, pSchema, zTable);
    AssocJson *pName =
        pRow ? assocJsonGet(assocDefJson(pCall, pRow), "table") : 0;
    const char *z;
    if (pName == 0 || pName->eType != ASSOC_J_TEXT) return 0;
    z = tableName(pCall, pSchema, pName->z);
    if (z) pSteps->pRow = pRow;
    return z;
  }
  return zTable ? tableName(pCall, pSchema, zTable) : 0;
}

/* See model.h. */
const char *assocRowMay(AssocCall *pCall, AssocDef *pDef, int *pbNamed) {
  AssocJson *pJson = assocDefJson(pCall, pDef), *pName;
  *pbNamed = 0;
  if (pJson == 0 || assocJsonGet(pJson, "columns") == 0) return 0;
  pName = assocJsonGet(pJson, "table");
  *pbNamed = pName && pName->eType == ASSOC_J_TEXT;
  return *pbNamed ? pName->z : assocBareName(pDef->pSchema, pDef->zModel);
}

/* See model.h. A row makes tables of its own database only. */
const char *assocRowPlan(AssocCall *pCall, AssocDef *pDef) {
  AssocSchema *pSchema = pDef->pSchema;
  const char *zMay, *z;
  NameSteps steps;
  int i, bNamed;
  if (pSchema->pNext == 0) return 0; /* TEMP gets no tables */
  if (pDef->bPlan) return pDef->zPlan;
  zMay = assocRowMay(pCall, pDef, &bNamed);
  if (pCall->rc != SQLITE_OK) return 0;
  pDef->bPlan = 1;
  if (zMay == 0) return 0;
  nameSteps(&pSchema->pCatalog->mem, zMay, &steps);
  for (i = 1; i < (bNamed ? 2 : NAME_NSTEP); i++) {
    z = stepName(pCall, &steps, i);
    if (z == 0) pDef->bPlan = 0; /* Out of memory */
    if (z == 0 || assocSchemaIndex(pSchema, z) >= 0) return 0;
  }
  pDef->zPlan = zMay;
  return zMay;
}

/* Run the steps from iStep on in one database. True if one finds a table. */
static int schemaEntry(AssocCall *pCall, AssocSchema *pSchema,
                       NameSteps *pSteps, int iStep) {
  int i;
  pSteps->pSchema = pSchema;
  pSteps->zTable = 0;
  if (!assocSchemaLoad(pCall, pSchema)) return 0;
  for (i = iStep; i < NAME_NSTEP && pSteps->zTable == 0; i++) {
    pSteps->zTable = stepEntry(pCall, pSchema, pSteps, i);
    assert(i == 0 || pSteps->zTable == 0 ||
           assocNameStem(pSteps->zTable) == assocNameStem(pSteps->az[0]));
  }
  return pSteps->zTable != 0;
}

/* Run each step in all attached databases. */
static int attachedEntry(AssocCall *pCall, AssocCatalog *pCat,
                         NameSteps *pSteps) {
  AssocSchema *p;
  int i;
  pSteps->zTable = 0;
  for (i = 0; i < NAME_NSTEP && pSteps->zTable == 0; i++) {
    for (p = pCat->pSchema->pNext; p->pNext; p = p->pNext) { /* Not temp */
      const char *z = 0;
      if (assocSchemaLoad(pCall, p)) z = stepEntry(pCall, p, pSteps, i);
      if (z == 0) continue;
      if (pSteps->zTable) {
        assocErrorOf(pCall, ASSOC_E_AMBIGUOUS, pSteps->az[0], 0,
                     "the model '%s' may be %s.%s or %s.%s; write the one that "
                     "is meant with its database",
                     pSteps->az[0], pSteps->pSchema->zName, pSteps->zTable,
                     p->zName, z);
      }
      pSteps->pSchema = p;
      pSteps->zTable = z;
    }
  }
  return pSteps->zTable != 0;
}

/* The entry of a model's table in pSteps, and in pSteps->pRow its row. A name
** with the name of a database before a dot means that database, as in SQL: a file
** must not take it by a table or model of its own that is called so. Then pNear,
** if given, is searched first. */
static int lookForTable(AssocCall *pCall, AssocCatalog *pCat,
                        AssocSchema *pNear, const char *zName,
                        NameSteps *pSteps) {
  AssocSchema *pMain = pCat->pSchema, *pSchema;
  const char *zRest = 0;
  int bFound = 0;
  assert(zName);
  pSchema = splitName(pCat, zName, &zRest);
  if (pSchema) {
    nameSteps(&pCat->mem, zRest, pSteps);
    bFound = schemaEntry(pCall, pSchema, pSteps, 0);
    if (bFound || pCall->rc != SQLITE_OK) return bFound;
  }
  nameSteps(&pCat->mem, zName, pSteps);
  if (pNear && sqlite3_stricmp(pNear->zName, "temp") != 0) {
    bFound = schemaEntry(pCall, pNear, pSteps, 0);
  }
  if (!bFound) bFound = schemaEntry(pCall, pMain, pSteps, 0);
  if (bFound || pSchema || pCall->rc != SQLITE_OK) return bFound;
  return attachedEntry(pCall, pCat, pSteps);
}

/* A session cannot name tables of assoc itself: they show the owner's view. Nor
** those of SQLite: they tell of all tables, and have samples of their rows. */
static int isForbidden(AssocCall *pCall, AssocModelName *p) {
  if (pCall->pConn->pSession == 0) return 0;
  if (p->eOurs == 0) {
    int bIs = sqlite3_strnicmp(p->zTable, "sqlite_", 7) == 0 ||
              assocSchemaIsOurs(pCall, p->pSchema, p->zTable);
    if (pCall->rc != SQLITE_OK) return 1;
    p->eOurs = bIs ? 2 : 1;
  }
  return p->eOurs == 2;
}

/* The same, but each name is looked up once per catalog. Names that find no
** table are not kept: a program may ask for any number of them. Calls mostly ask
** for the same name again. 0: there is no table. */
static AssocModelName *seekName(AssocCall *pCall, AssocCatalog *pCat,
                                AssocSchema *pNear, const char *zName) {
  AssocWord *pWord;
  AssocModelName *p;
  NameSteps steps;
  if (pCall->rc != SQLITE_OK) return 0;
  p = pCat->pAsked;
  if (p && p->pNear == pNear && strcmp(p->zName, zName) == 0) return p;
  pWord = assocWordsFind(&pCat->names, zName);
  for (p = pWord ? pWord->p : 0; p; p = p->pNext) {
    if (p->pNear != pNear || strcmp(p->zName, zName) != 0) continue;
    pCat->pAsked = p;
    return p;
  }
  if (!lookForTable(pCall, pCat, pNear, zName, &steps)) return 0;
  p = assocAlloc(pCall, &pCat->mem, sizeof(*p));
  if (p == 0) return 0;
  p->zName = assocArenaText(pCall, &pCat->mem, zName, -1);
  if (p->zName == 0) return 0;
  pWord = assocWordsAdd(pCall, &pCat->mem, &pCat->names, p->zName);
  if (pWord == 0) return 0;
  p->pNear = pNear;
  p->pSchema = steps.pSchema;
  p->zTable = steps.zTable;
  p->pRow = steps.pRow;
  p->pNext = pWord->p;
  pWord->p = p;
  return p;
}

/* The same for whoever may know of the table. */
static AssocModelName *findName(AssocCall *pCall, AssocCatalog *pCat,
                                AssocSchema *pNear, const char *zName) {
  AssocModelName *p = seekName(pCall, pCat, pNear, zName);
  return p && !isForbidden(pCall, p) ? p : 0;
}

/* ---------------------------------------------------------------- models */

/* Read the option primaryKey: a column, or an array of columns. The row may
** have been written by hand, so its types are checked here. */
static void statedKey(AssocCall *pCall, AssocModel *pModel, AssocJson *pNames) {
  AssocJson *p = pNames->eType == ASSOC_J_ARRAY ? pNames->pChild : pNames;
  int n = pNames->eType == ASSOC_J_ARRAY ? pNames->nChild : 1;
  int *aKey = assocAlloc(pCall, &pModel->pTable->pSchema->pCatalog->mem,
                         (i64)sizeof(int) * (n + 1));
  if (aKey == 0) return;
  if (n == 0) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, pModel->zName, 0,
                 "the option primaryKey of the model %s is empty",
                 pModel->zName);
  } else if (p == pNames && p->eType != ASSOC_J_TEXT) {
    assocErrorOf(
        pCall, ASSOC_E_DEFINITION, pModel->zName, 0,
        "the option primaryKey of the model %s must be a column, or an "
        "array of columns, not %s",
        pModel->zName, assocJsonTypeName(p));
  }
  if (pCall->rc != SQLITE_OK) return;
  pModel->nKey = 0;
  pModel->aKey = aKey;
  for (; p && pModel->nKey < n; p = p->pNext) {
    int iCol =
        p->eType == ASSOC_J_TEXT ? assocColumnFind(pModel->pTable, p->z) : -1;
    if (iCol < 0) {
      assocErrorOf(pCall, ASSOC_E_UNKNOWN_COLUMN, pModel->pTable->zName, p->z,
                   "%s has no column %s, which assoc_model() says is in "
                   "its primary key",
                   pModel->pTable->zName, p->z ? p->z : assocJsonTypeName(p));
      return;
    }
    aKey[pModel->nKey++] = iCol;
  }
}

/* ---------------------------------------------------------------- places */

/* How a row of assoc_model() concerns a table. */
#define ROW_OWN 1    /* Its name finds the table, too */
#define ROW_NAMES 2  /* It names the table */
#define ROW_VALUES 3 /* It names the table, and has values */

/* The place of a table's name, made if it is missing. 0 after an error. */
static AssocTablePlace *placeAdd(AssocCall *pCall, AssocSchema *pSchema,
                                 const char *zTable) {
  AssocArena *pArena = &pSchema->pCatalog->mem;
  AssocWord *pWord = assocWordsAdd(pCall, pArena, &pSchema->places, zTable);
  if (pWord == 0) return 0;
  if (pWord->p == 0) {
    pWord->p = assocAlloc(pCall, pArena, sizeof(AssocTablePlace));
  }
  return pWord->p;
}

/* Does a row lead to the table zTable, and how? A row of temp hides the one of
** that name in the file. 0: it does not. */
static u8 rowLeads(AssocCall *pCall, AssocSchema *pSchema, AssocDef *pDef,
                   const char *zTable) {
  const char *zModel = rowModel(pSchema, pDef), *zFound;
  NameSteps steps;
  if (zModel == 0 || modelRow(pCall, pSchema, zModel) != pDef) return 0;
  nameSteps(&pSchema->pCatalog->mem, zModel, &steps);
  if (!schemaEntry(pCall, pSchema, &steps, 0)) return 0;
  zFound = steps.zTable;
  if (sqlite3_stricmp(zFound, zTable) != 0) return 0;
  if (steps.pRow == 0) return ROW_OWN;
  (void)schemaEntry(pCall, pSchema, &steps, 1);
  if (steps.zTable == zFound) return ROW_OWN;
  return assocJsonGet(assocDefJson(pCall, pDef), "values") ? ROW_VALUES
                                                           : ROW_NAMES;
}

/* Does a row ask for columns of the table zTable, which exists already? */
static int rowWants(AssocCall *pCall, AssocDef *pDef, const char *zTable) {
  AssocSchema *pSchema = pDef->pSchema;
  AssocJson *pJson = assocDefJson(pCall, pDef);
  NameSteps steps;
  if (pJson == 0 || assocJsonGet(pJson, "columns") == 0) return 0;
  if (assocRowPlan(pCall, pDef)) return 0;
  nameSteps(&pSchema->pCatalog->mem, assocBareName(pSchema, pDef->zModel),
            &steps);
  return schemaEntry(pCall, pSchema, &steps, 0) &&
         sqlite3_stricmp(steps.zTable, zTable) == 0;
}

/* The place of a table, with the rows of assoc_model() that concern it. 0 after an
** error. */
static AssocTablePlace *placeOf(AssocCall *pCall, AssocSchema *pSchema,
                                const char *zTable) {
  AssocTablePlace *p = placeAdd(pCall, pSchema, zTable);
  AssocTablePlaceRow *pRow, **ppRow;
  AssocSchema *pTemp = tempOf(pSchema);
  AssocDef **ppWant;
  AssocDefList list;
  int i;
  if (p == 0 || p->bRows) return p;
  ppRow = &p->pRow;
  ppWant = &p->pWant;
  assocDefListBegin(pCall, &list);
  assocDefListTable(&list, pSchema->pCatalog, zTable);
  if (pTemp != pSchema) assocDefListTake(&list, pTemp, ASSOC_ROW_MODEL, 0);
  assocDefListTake(&list, pSchema, ASSOC_ROW_MODEL, 0);
  for (i = 0; i < list.n && pCall->rc == SQLITE_OK; i++) {
    AssocDef *pDef = list.ap[i];
    u8 eRow = rowLeads(pCall, pSchema, pDef, zTable);
    if (eRow) {
      pRow = *ppRow = assocAlloc(pCall, &pSchema->pCatalog->mem, sizeof(*pRow));
      if (pRow == 0) break;
      pRow->pDef = pDef;
      pRow->eRow = eRow;
      ppRow = &pRow->pNext;
    }
    if (pDef->pSchema == pSchema && rowWants(pCall, pDef, zTable)) {
      *ppWant = pDef;
      ppWant = &pDef->pNextWant;
    }
  }
  *ppRow = 0; /* An earlier try may have failed */
  *ppWant = 0;
  assocDefListEnd(&list);
  p->bRows = pCall->rc == SQLITE_OK;
  return p->bRows ? p : 0;
}

/* See model.h. */
AssocDef *assocRowsWant(AssocCall *pCall, AssocSchema *pSchema,
                        const AssocTable *pOld, const char *zTable) {
  const AssocTablePlace *p;
  if (pOld == 0) return assocPlanRows(pCall, pSchema, zTable);
  p = placeOf(pCall, pOld->pSchema, pOld->zName);
  return p ? p->pWant : 0;
}

/* See model.h. */
AssocDef *assocTableNextRow(AssocCall *pCall, const AssocTable *pTab,
                            const AssocDef *pLast) {
  const AssocTablePlace *pPlace = placeOf(pCall, pTab->pSchema, pTab->zName);
  const AssocTablePlaceRow *p = pPlace ? pPlace->pRow : 0;
  while (p && pLast) {
    if (p->pDef == pLast) pLast = 0;
    p = p->pNext;
  }
  while (p && p->pDef->pSchema != pTab->pSchema) p = p->pNext;
  return p ? p->pDef : 0;
}

/* Look for the name of a definition's model. What finds the table is kept in the
** definition. */
static const AssocModelName *lookForDef(AssocCall *pCall, AssocDef *pDef) {
  AssocCatalog *pCat = pDef->pSchema->pCatalog;
  if (pDef->pFound == 0) {
    AssocCall ask;
    const AssocModelName *pName;
    assocTryBegin(&ask, pCall);
    pName = seekName(&ask, pCat, pDef->pSchema, pDef->zModel);
    if (!assocTryEnd(&ask, pCall, 0)) pDef->pFound = pName;
  }
  return pDef->pFound;
}

/* Put the definitions and policies of a table in its place. */
static void placeDefs(AssocCall *pCall, AssocTablePlace *p,
                      const AssocTable *pTab) {
  AssocCatalog *pCat = pTab->pSchema->pCatalog;
  AssocDef **ppDef = &p->pDef, **ppPolicy = &p->pPolicy;
  AssocSchema *pSchema;
  AssocDefList list;
  int i;
  assocDefListBegin(pCall, &list);
  assocDefListTable(&list, pCat, pTab->zName);
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    assocDefListTake(&list, pSchema, ASSOC_ROW_DEF | ASSOC_ROW_POLICY, 0);
  }
  for (i = 0; i < list.n; i++) {
    AssocDef *pDef = list.ap[i];
    const AssocModelName *pName = lookForDef(pCall, pDef);
    AssocDef ***pppEnd =
        pDef->pRow->eRow == ASSOC_ROW_POLICY ? &ppPolicy : &ppDef;
    if (pName == 0 || pName->pSchema != pTab->pSchema ||
        sqlite3_stricmp(pName->zTable, pTab->zName) != 0) {
      continue;
    }
    **pppEnd = pDef;
    *pppEnd = &pDef->pNextHere;
  }
  *ppDef = *ppPolicy = 0;
  assocDefListEnd(&list);
}

/* The place of a table, with its definitions and policies; 0 after an error. To
** look for a name may read another database, with definitions of its own: then
** iLink changes, and all begins anew. */
static AssocTablePlace *placeOfDefs(AssocCall *pCall, const AssocTable *pTab) {
  const AssocCatalog *pCat = pTab->pSchema->pCatalog;
  AssocTablePlace *p = placeAdd(pCall, pTab->pSchema, pTab->zName);
  while (p && p->iDefs != pCat->iLink && pCall->rc == SQLITE_OK) {
    int iLink = pCat->iLink;
    placeDefs(pCall, p, pTab);
    p->iDefs = pCall->rc == SQLITE_OK ? iLink : 0;
  }
  return pCall->rc == SQLITE_OK ? p : 0;
}

/* See model.h. */
AssocDef *assocTablePolicies(AssocCall *pCall, AssocTable *pTab) {
  const AssocTablePlace *p = placeOfDefs(pCall, pTab);
  return p ? p->pPolicy : 0;
}

/* The assoc_model() row of the table's own model, or 0. A row that names the
** table is its own only if no other row is. */
static AssocDef *rowOfTable(AssocCall *pCall, AssocTable *pTab) {
  AssocDef *pOwn = 0, *pNames = 0;
  const AssocTablePlace *pPlace;
  const AssocTablePlaceRow *p;
  int nNames = 0;
  if (pTab->bRow) return pTab->pRow;
  pPlace = placeOf(pCall, pTab->pSchema, pTab->zName);
  if (pCall->rc != SQLITE_OK) return 0;
  for (p = pPlace ? pPlace->pRow : 0; p; p = p->pNext) {
    if (p->eRow == ROW_OWN && pOwn == 0) pOwn = p->pDef;
    if (p->eRow != ROW_NAMES) continue;
    pNames = p->pDef;
    nNames++;
  }
  pTab->bRow = 1;
  pTab->pRow = pOwn || nNames != 1 ? pOwn : pNames;
  return pTab->pRow;
}

/* Set zName and zLabel of a model. */
static void setName(AssocCall *pCall, AssocModel *pModel, const char *zName) {
  AssocSchema *pSchema = pModel->pTable->pSchema;
  assert(pModel->pTable && zName);
  zName = assocBareName(pSchema, zName);
  pModel->zName = zName;
  pModel->zLabel = zName;
  if (sqlite3_stricmp(pSchema->zName, "main") != 0) {
    pModel->zLabel = assocArenaPrintf(pCall, &pSchema->pCatalog->mem, "%s.%s",
                                      pSchema->zName, zName);
  }
}

/* The options of assoc_model(), or 0 if there are none. */
AssocJson *assocModelJson(AssocCall *pCall, const AssocModel *pModel) {
  return pModel->pDef ? assocDefJson(pCall, pModel->pDef) : 0;
}

/* Read one of the "values". */
static void modelValue(AssocCall *pCall, AssocModel *p, const AssocJson *pVal) {
  int iCol = assocColumnFind(p->pTable, pVal->zKey);
  int i = 0;
  while (i < p->nValue && p->aValue[i] != iCol) i++;
  if (iCol < 0) {
    assocErrorOf(pCall, ASSOC_E_UNKNOWN_COLUMN, p->pTable->zName, pVal->zKey,
                 "%s has no column %s, which the values of the model %s name",
                 p->pTable->zName, pVal->zKey, p->zLabel);
  } else if (i < p->nValue) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->zLabel, pVal->zKey,
                 "the values of the model %s name %s twice", p->zLabel,
                 pVal->zKey);
  } else if (pVal->eType == ASSOC_J_NULL || pVal->eType >= ASSOC_J_ARRAY) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->zLabel, pVal->zKey,
                 "the values of the model %s are texts, numbers, true or "
                 "false; %s is %s",
                 p->zLabel, pVal->zKey, assocJsonTypeName(pVal));
  } else {
    p->aValue[p->nValue] = iCol;
    p->apValue[p->nValue++] = pVal;
  }
}

/* Read the option values: {"type":"Article"}. */
static void modelValues(AssocCall *pCall, AssocModel *p, AssocJson *pJson) {
  AssocArena *pArena = &p->pTable->pSchema->pCatalog->mem;
  const AssocJson *pVal;
  if (pJson == 0) return;
  if (pJson->eType != ASSOC_J_OBJECT || pJson->nChild == 0) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->zLabel, 0,
                 "the option values of the model %s must be an object with "
                 "columns and their values",
                 p->zLabel);
    return;
  }
  p->aValue = assocAlloc(pCall, pArena, (i64)sizeof(int) * pJson->nChild);
  p->apValue =
      assocAlloc(pCall, pArena, (i64)sizeof(*p->apValue) * pJson->nChild);
  for (pVal = pJson->pChild; pVal && pCall->rc == SQLITE_OK;
       pVal = pVal->pNext) {
    modelValue(pCall, p, pVal);
  }
  if (pCall->rc == SQLITE_OK)
    p->pValues = assocShapeWhere(pCall, pArena, pJson);
}

/* Apply the assoc_model() row. It may have been written by hand, so everything
** is checked. */
static void readRow(AssocCall *pCall, AssocModel *pModel) {
  AssocArena *pArena = &pModel->pTable->pSchema->pCatalog->mem;
  AssocDef *pDef = pModel->pDef;
  AssocJson *pJson, *p;
  if (pDef == 0) return;
  if (pDef->zKind == 0 || sqlite3_stricmp(pDef->zKind, "model") != 0) {
    assocErrorOf(pCall, ASSOC_E_UNKNOWN_OPTION, pDef->zModel, 0,
                 "the row of the model %s in assoc_definitions has the kind "
                 "'%s'; " ASSOC_NEWER "the kind must be 'model'",
                 pDef->zModel, pDef->zKind ? pDef->zKind : "NULL");
    return;
  }
  if (pDef->zOptions == 0) return;
  pJson = assocDefJson(pCall, pDef);
  if (pJson == 0) {
    const char *zWhat = assocArenaPrintf(
        pCall, pArena, "the options of the model %s", pDef->zModel);
    (void)assocJsonRead(pCall, pArena, pDef->zOptions, -1, zWhat);
    return;
  }
  if (pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, pDef->zModel, 0,
                 "the options of the model %s must be a JSON object, not %s",
                 pDef->zModel, assocJsonTypeName(pJson));
    return;
  }
  assocOptionsKnown(pCall, pJson, ASSOC_NMODELOPTION, aAssocModelOption,
                    "assoc_model() has");
  assocErrorPrefix(pCall, "the options of the model %s: ", pDef->zModel);
  p = assocJsonGet(pJson, "table");
  if (p && p->eType != ASSOC_J_TEXT) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, pDef->zModel, 0,
                 "the option table of the model %s must be a text, not %s",
                 pDef->zModel, assocJsonTypeName(p));
  }
  p = assocJsonGet(pJson, "primaryKey");
  if (p && p->eType != ASSOC_J_NULL) statedKey(pCall, pModel, p);
  modelValues(pCall, pModel, assocJsonGet(pJson, "values"));
}

/* The name of a timestamp's column: the given name, else an existing column,
** else a name in the table's style. 0: none is wanted. */
static const char *timeName(AssocCall *pCall, const AssocModel *p, int i,
                            AssocJson *pJson) {
  static const char *const az[] = {"createdAt", "updatedAt", "created_at",
                                   "updated_at"};
  const AssocJson *pName = assocJsonGet(pJson, az[i]);
  int bSnake = assocIsSnake(p->pTable->zName);
  if (pName && pName->eType == ASSOC_J_FALSE) return 0;
  if (pName && pName->eType == ASSOC_J_TEXT && pName->n > 0) return pName->z;
  if (pName && pName->eType != ASSOC_J_TRUE) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->zLabel, az[i],
                 "the option %s of the model %s must be a column, true or "
                 "false, not %s",
                 az[i], p->zLabel, assocJsonTypeName(pName));
  }
  if (assocColumnFind(p->pTable, az[i]) >= 0) return az[i];
  if (assocColumnFind(p->pTable, az[i + 2]) >= 0) return az[i + 2];
  return az[i + 2 * bSnake];
}

/* Read the options timestamps, createdAt and updatedAt. Without them a column
** of the usual name is filled in new rows if it needs a value and has no
** default: without a value, no row could be inserted. A default of the current
** time may have another form than the rows. */
static void modelTimes(AssocCall *pCall, AssocModel *p, AssocJson *pJson) {
  AssocJson *pOn = pJson ? assocJsonGet(pJson, "timestamps") : 0;
  int i, bSaid = pJson && (assocJsonGet(pJson, "createdAt") ||
                           assocJsonGet(pJson, "updatedAt"));
  if (pOn && pOn->eType == ASSOC_J_OBJECT) {
    pJson = pOn;
    bSaid = 1;
  } else if (pOn && pOn->eType == ASSOC_J_FALSE) {
    return;
  } else if (pOn && pOn->eType == ASSOC_J_TRUE) {
    bSaid = 1;
  } else if (pOn) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->zLabel, "timestamps",
                 "the option timestamps of the model %s must be true, false or "
                 "an object, not %s",
                 p->zLabel, assocJsonTypeName(pOn));
    return;
  }
  for (i = 0; i < 2; i++) {
    const char *z = timeName(pCall, p, i, pJson);
    int iCol = z ? assocColumnFind(p->pTable, z) : -1;
    const AssocColumn *pCol = iCol < 0 ? 0 : &p->pTable->aCol[iCol];
    if (bSaid) p->azTime[i] = z;
    if (pCol == 0 || pCol->bGenerated || pCol->iPk) continue;
    p->aStamp[i] = iCol;
    if (bSaid && i == 1) p->iTouch = iCol;
    if (pCol->bDefault && !pCol->bNow) continue;
    if (bSaid || pCol->bNotNull) p->aTime[i] = iCol;
  }
}

/* Make the model that a row of assoc_model() describes; pRow may be 0. */
static AssocModel *modelNew(AssocCall *pCall, AssocTable *pTab,
                            AssocDef *pRow) {
  AssocModel *p;
  if (pCall->rc != SQLITE_OK) return 0;
  p = assocAlloc(pCall, &pTab->pSchema->pCatalog->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pTable = pTab;
  p->nKey = pTab->nKey;
  p->aKey = pTab->aKey;
  p->iDeleted = p->iTouch = p->aTime[0] = p->aTime[1] = -1;
  p->aStamp[0] = p->aStamp[1] = -1;
  p->pDef = pRow;
  setName(pCall, p, pRow ? pRow->zModel : pTab->zName);
  readRow(pCall, p);
  if (pCall->rc == SQLITE_OK) {
    modelTimes(pCall, p, pRow ? assocDefJson(pCall, pRow) : 0);
  }
  return pCall->rc == SQLITE_OK ? p : 0;
}

static void linkTable(AssocCall *pCall, AssocTable *pTab);

/* The table's own model, made at its first use. The row of assoc_model() gives
** name, key and soft deletion; without it they come from the schema. */
AssocModel *assocModelOf(AssocCall *pCall, AssocTable *pTab) {
  assert(pTab);
  if (pTab->pModel == 0) {
    pTab->pModel = modelNew(pCall, pTab, rowOfTable(pCall, pTab));
    if (pTab->pModel) linkTable(pCall, pTab);
  }
  return pTab->pModel;
}

/* The table of a name, read at its first use. 0 for no name, and after an
** error. */
static AssocTable *nameTable(AssocCall *pCall, AssocModelName *p) {
  if (p == 0) return 0;
  assert(pCall->rc == SQLITE_OK); /* Else findName() gives no name */
  if (p->pTable == 0) p->pTable = assocTableAny(pCall, p->pSchema, p->zTable);
  return p->pTable;
}

/* The model of a name: the table's own, or the one of the name's row. pName may
** be 0. */
static AssocModel *modelOfName(AssocCall *pCall, AssocModelName *pName) {
  AssocTable *pTab = nameTable(pCall, pName);
  AssocModel *p;
  if (pTab == 0) return 0;
  if (pName->pRow == 0 || pName->pRow == rowOfTable(pCall, pTab)) {
    return assocModelOf(pCall, pTab);
  }
  for (p = pTab->pAside; p; p = p->pNextAside) {
    if (p->pDef == pName->pRow) return p;
  }
  p = modelNew(pCall, pTab, pName->pRow);
  if (p == 0) return 0;
  p->bAside = 1;
  p->pNextAside = pTab->pAside;
  pTab->pAside = p;
  return p;
}

/* For callers that need the table alone, without reading the model's row. */
AssocTable *assocModelTable(AssocCall *pCall, AssocCatalog *pCat,
                            const char *zName) {
  return nameTable(pCall, findName(pCall, pCat, 0, zName));
}

/* What a name in a definition finds; 0 also if it is ambiguous. */
static AssocModelName *findNear(AssocCall *pCall, AssocSchema *pNear,
                                const char *zName) {
  AssocCall ask;
  AssocModelName *p;
  assocTryBegin(&ask, pCall);
  p = findName(&ask, pNear->pCatalog, pNear, zName);
  return assocTryEnd(&ask, pCall, 0) ? 0 : p;
}

int assocModelIsTable(AssocCall *pCall, AssocSchema *pNear, const char *zName,
                      const AssocTable *pTab) {
  const AssocModelName *p = findNear(pCall, pNear, zName);
  return p && p->pSchema == pTab->pSchema && p->zTable == pTab->zName;
}

int assocModelHasTable(AssocCall *pCall, AssocSchema *pNear,
                       const char *zName) {
  return findNear(pCall, pNear, zName) != 0;
}

/* To find no model is no error here; two tables in one step are. */
AssocModel *assocModelSeek(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName) {
  return modelOfName(pCall, findName(pCall, pCat, 0, zName));
}

/* Names in a definition mean its own database first. */
AssocModel *assocModelNear(AssocCall *pCall, AssocSchema *pNear,
                           const char *zName) {
  return modelOfName(pCall, findName(pCall, pNear->pCatalog, pNear, zName));
}

AssocModel *assocModelTry(AssocCall *pCall, AssocSchema *pNear,
                          const char *zName) {
  AssocCall ask;
  AssocModel *pModel;
  assocTryBegin(&ask, pCall);
  pModel = assocModelNear(&ask, pNear, zName);
  return assocTryEnd(&ask, pCall, 0) ? 0 : pModel;
}

/* May the session know of the table's own model? */
static int entryShown(AssocCall *pCall, AssocSchema *pSchema, int i) {
  AssocModel *p;
  if (pCall->pConn->pSession == 0) return 1;
  p = assocModelTry(pCall, pSchema, pSchema->aEntry[i].zName);
  return p && assocModelShownTry(pCall, p);
}

/* The existing name that is nearest to zName: a model or table of pOnly, or, if
** pOnly is 0, of all databases except temp. */
static const char *nearestModel(AssocCall *pCall, AssocCatalog *pCat,
                                const AssocSchema *pOnly, const char *zName) {
  AssocNearest near;
  AssocSchema *p;
  AssocDef *pDef;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  for (p = pCat->pSchema; p; p = p->pNext) {
    if (pOnly ? p != pOnly : p->pNext == 0) continue;
    for (pDef = assocSchemaDefs(pCall, p); pDef; pDef = pDef->pNext) {
      if (pDef->pSource && !assocModelShownTry(pCall, pDef->pSource)) continue;
      if (pDef->pSource) assocNearestTry(&near, pDef->pSource->zName);
      if (pCall->pConn->pSession) continue;
      if (pDef->zName[0] == 0 && assocModelTry(pCall, p, pDef->zModel)) {
        assocNearestTry(&near, pDef->zModel);
      }
    }
    for (i = 0; i < p->nEntry; i++) {
      if (sqlite3_strnicmp(p->aEntry[i].zName, "assoc_", 6) == 0) continue;
      if (sqlite3_strnicmp(p->aEntry[i].zName, "sqlite_", 7) == 0) continue;
      if (entryShown(pCall, p, i)) assocNearestTry(&near, p->aEntry[i].zName);
    }
  }
  return near.zBest;
}

/* The error lists every name that was looked for, each one once, and proposes
** the nearest model or table. */
void assocModelMissing(AssocCall *pCall, AssocCatalog *pCat,
                       const char *zName) {
  const char *zRest = zName, *zNear;
  AssocSchema *pOnly;
  NameSteps steps;
  sqlite3_str *pStr;
  char *zLooked;
  int i;
  if (pCall->bQuiet) { /* To find the nearest name takes all of them */
    assocErrorOf(pCall, ASSOC_E_UNKNOWN_MODEL, zName, 0,
                 "there is no table for the model '%s'", zName);
    return;
  }
  assocCatalogLink(pCall, pCat);
  if (pCall->rc != SQLITE_OK) return;
  pOnly = splitName(pCat, zName, &zRest);
  zNear = nearestModel(pCall, pCat, pOnly, zRest);
  nameSteps(&pCat->mem, zRest, &steps);
  if (pCall->rc != SQLITE_OK) return;
  pStr = sqlite3_str_new(pCall->db);
  sqlite3_str_appendf(pStr, "looked%s%s for ", pOnly ? " in " : "",
                      pOnly ? pOnly->zName : "");
  for (i = 1; i < NAME_NSTEP && stepName(pCall, &steps, i); i++) {
    int j = 1;
    while (j < i && sqlite3_stricmp(steps.az[j], steps.az[i]) != 0) j++;
    if (j < i) continue;
    sqlite3_str_appendf(pStr, "%s%s", i > 1 ? ", " : "", steps.az[i]);
  }
  zLooked = assocStrFinish(pCall, pStr);
  if (zNear && pOnly) {
    zNear = assocArenaPrintf(pCall, &pCat->mem, "%s.%s", pOnly->zName, zNear);
  }
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_MODEL,
                        .zModel = zName,
                        .zNear = zNear,
                        .zHint = zLooked},
            "there is no table for the model '%s'", zName);
  sqlite3_free(zLooked);
}

/* As assocModelSeek(), but an unknown name is an error. */
AssocModel *assocModelDefined(AssocCall *pCall, AssocCatalog *pCat,
                              const char *zName) {
  AssocModel *p = assocModelSeek(pCall, pCat, zName);
  if (p == 0) assocModelMissing(pCall, pCat, zName);
  return p;
}

/* For readers and writers. */
AssocModel *assocModelFind(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName) {
  AssocModel *p = assocModelDefined(pCall, pCat, zName);
  if (p) assocTableNeed(pCall, p->pTable, p->zLabel);
  return pCall->rc == SQLITE_OK ? p : 0;
}

/* ------------------------------------------------------ definitions linked */

/*
** Set the model of a definition. A row in temp may concern models of every
** database; a row in any other database concerns that database only, so an
** attached file cannot change the associations of main's models. A definition
** without a model fails when it is used. The first definition of a model
** decides the spelling of its name. A table that SQLite could not read may be
** readable in the next call, when the host has registered a function or module.
*/
void assocDefLink(AssocCall *pCall, AssocDef *pDef) {
  AssocModel *p;
  AssocCall ask;
  AssocErr why;
  if (pDef->zName[0] == 0 || pDef->pSource) return;
  assocTryBegin(&ask, pCall);
  p = assocModelNear(&ask, pDef->pSchema, pDef->zModel);
  if (assocTryEnd(&ask, pCall, &why)) {
    if (why.eReason == ASSOC_E_SQLITE) pDef->pSchema->pCatalog->bDoubt = 1;
    assocErrClear(&why);
    return;
  }
  if (p == 0) return;
  if (p->pTable->pSchema != pDef->pSchema && pDef->pSchema->pNext) return;
  pDef->pSource = p;
  if (p->bNamed || p->pDef) return;
  setName(pCall, p, pDef->zModel);
  p->bNamed = 1;
}

/* Attach definitions to the models of one table. The others are not read: a
** connection that asks about two models needs no more. */
static void linkTable(AssocCall *pCall, AssocTable *pTab) {
  AssocCatalog *pCat = pTab->pSchema->pCatalog;
  const AssocTablePlace *pPlace;
  AssocDef *pDef;
  if (pTab->iLinked == pCat->iLink || pCall->rc != SQLITE_OK) return;
  pPlace = placeOfDefs(pCall, pTab);
  if (pCall->rc != SQLITE_OK) return;
  pTab->iLinked = pCat->iLink; /* Reading another database changes it */
  pTab->pDef = pPlace ? pPlace->pDef : 0;
  for (pDef = pTab->pDef; pDef; pDef = pDef->pNextHere) {
    assocDefLink(pCall, pDef);
  }
  if (pCall->rc != SQLITE_OK) pTab->iLinked = 0;
}

/* All definitions are attached to the models of their sources. A definition
** whose source does not exist stays unattached and is no error. */
void assocCatalogLink(AssocCall *pCall, AssocCatalog *pCat) {
  AssocSchema *p;
  AssocDef *pDef;
  if (pCat->iLinked == pCat->iLink || pCall->rc != SQLITE_OK) return;
  for (p = pCat->pSchema; p; p = p->pNext) {
    for (pDef = assocSchemaDefs(pCall, p); pDef; pDef = pDef->pNext) {
      assocDefLink(pCall, pDef);
    }
  }
  if (pCall->rc == SQLITE_OK) pCat->iLinked = pCat->iLink;
}

/* The next definition of pModel or pOwn after pLast. The definitions of a model
** are in its own database or in temp. pOwn may be 0. */
static AssocDef *nextDef(AssocCall *pCall, AssocModel *pModel,
                         const AssocModel *pOwn, AssocDef *pLast) {
  AssocDef *p;
  linkTable(pCall, pModel->pTable);
  if (pCall->rc != SQLITE_OK) return 0;
  for (p = pLast ? pLast->pNextHere : pModel->pTable->pDef; p;
       p = p->pNextHere) {
    /* One of another model, or without a model, is in the place, too. */
    if (p->pSource && (p->pSource == pModel || p->pSource == pOwn)) return p;
  }
  return 0;
}

AssocDef *assocModelNextDef(AssocCall *pCall, AssocModel *pModel,
                            AssocDef *pLast) {
  return nextDef(pCall, pModel, 0, pLast);
}

AssocDef *assocModelNextHad(AssocCall *pCall, AssocModel *pModel,
                            AssocDef *pLast) {
  AssocDef *p = pLast, *pMine;
  const AssocModel *pOwn = 0;
  linkTable(pCall, pModel->pTable);
  /* The own model is made with its first definition. If it has values, the rows
  ** of pModel are not among its rows. */
  if (pModel->bAside) pOwn = pModel->pTable->pModel;
  if (pOwn && pOwn->nValue) pOwn = 0;
  do {
    pMine = 0;
    p = nextDef(pCall, pModel, pOwn, p);
    if (p == 0 || p->pSource == pModel) return p;
    while ((pMine = nextDef(pCall, pModel, 0, pMine)) != 0 &&
           sqlite3_stricmp(pMine->zName, p->zName) != 0) {
    }
  } while (pMine);
  return p;
}

/* For an error that lists the choices. OUT: freed with sqlite3_free() */
char *assocModelDefNames(AssocCall *pCall, AssocModel *pModel) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  AssocDef *pDef = 0;
  int n = 0;
  while ((pDef = assocModelNextShown(pCall, pModel, pDef)) != 0) {
    sqlite3_str_appendf(pStr, "%s%s", n++ ? ", " : "", pDef->zName);
  }
  return assocStrFinish(pCall, pStr);
}

/* Is it a definition of that model? One whose table is gone is known by the name of
** its model alone. */
static int isOfModel(AssocCall *pCall, AssocDef *pDef, const AssocModel *pModel,
                     const char *zModel) {
  const AssocSchema *pSchema = pDef->pSchema;
  assert(pSchema && zModel);
  assocDefLink(pCall, pDef);
  if (pModel && (pDef->pSource == pModel || pModel->pDef == pDef)) return 1;
  return pDef->pSource == 0 &&
         sqlite3_stricmp(assocBareName(pSchema, pDef->zModel),
                         assocBareName(pSchema, zModel)) == 0;
}

/* See model.h. */
AssocDef *assocDefNamed(AssocCall *pCall, AssocCatalog *pCat,
                        const char *zModel, const char *zName) {
  AssocModel *pModel;
  AssocSchema *pSchema;
  AssocDef *pFound = 0;
  AssocDefList list;
  AssocCall ask;
  int i;
  assocTryBegin(&ask, pCall); /* The model may be a broken view */
  pModel = assocModelSeek(&ask, pCat, zModel);
  (void)assocTryEnd(&ask, pCall, 0);
  assocDefListBegin(pCall, &list);
  assocDefListTable(&list, pCat, pModel ? pModel->pTable->zName : zModel);
  assocDefListName(&list, zModel);
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    assocDefListTake(&list, pSchema, ASSOC_ROW_DEF | ASSOC_ROW_MODEL, 0);
  }
  for (i = 0; i < list.n; i++) {
    if (sqlite3_stricmp(list.ap[i]->zName, zName) == 0 &&
        isOfModel(pCall, list.ap[i], pModel, zModel)) {
      pFound = list.ap[i];
    }
  }
  assocDefListEnd(&list);
  return pFound;
}
