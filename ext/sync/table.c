/*
** The tables and columns of models that say "columns".
**
**   CREATE TABLE Post(
**     id INTEGER PRIMARY KEY,
**     title TEXT NOT NULL,
**     views INTEGER DEFAULT 0,
**     UserId INTEGER REFERENCES User(id) ON DELETE SET NULL …
**   );
**   ALTER TABLE Post ADD COLUMN views INTEGER DEFAULT 0;
**
** ADD COLUMN takes no UNIQUE and no PRIMARY KEY: then the table is rebuilt.
** A new table comes with everything that definitions need of it: foreign keys,
** timestamps and counter caches. The words of a column are the user's; planned.c
** of the floor model has compiled them.
*/
#include "sync/sync.h"

/* See sync.h. */
AssocTable *assocWantedNext(AssocSync *p, AssocSchema *pSchema,
                            AssocDef **ppDef, AssocTable **ppTab) {
  while (p->pCall->rc == SQLITE_OK) {
    AssocTable *pWant = 0, *pTab = 0;
    const char *zPlan;
    (void)assocSchemaDefs(p->pCall, pSchema);
    *ppDef = *ppDef ? (*ppDef)->pNextModel : pSchema->pModelDef;
    if (*ppDef == 0) return 0;
    zPlan = assocRowPlan(p->pCall, *ppDef);
    if (zPlan == 0) {
      AssocModel *pModel = assocModelTry(p->pCall, pSchema, (*ppDef)->zModel);
      if (pModel == 0) continue;
      pTab = pModel->pTable;
    }
    /* Of several rows of one table, the first counts */
    if (assocRowsWant(p->pCall, pSchema, pTab, zPlan) != *ppDef) continue;
    pWant = zPlan ? assocTablePlanned(p->pCall, pSchema, zPlan)
                  : assocTableWanted(p->pCall, pTab, 1);
    *ppTab = pTab;
    if (pWant) return pWant;
  }
  return 0;
}

/* CREATE TABLE for a planned table. */
static void tableCreate(AssocSync *p, AssocTable *pWant) {
  int i;
  assert(pWant->bPlanned && pWant->nPlan > 0);
  (void)assocDdlFreeName(p, pWant->pSchema, pWant->zName);
  assocDdlBegin(p, "CREATE TABLE ");
  assocDdlSchema(p->pStr, pWant->pSchema, 0);
  assocDdlName(p->pStr, pWant->zName);
  sqlite3_str_appendchar(p->pStr, 1, '(');
  for (i = 0; i < pWant->nPlan; i++) {
    sqlite3_str_appendall(p->pStr, i ? ",\n  " : "\n  ");
    assocDdlName(p->pStr, pWant->azPlanName[i]);
    if (pWant->azPlan[i][0]) {
      sqlite3_str_appendf(p->pStr, " %s", pWant->azPlan[i]);
    }
    if (assocRebuildNotNull(p, pWant, i)) {
      sqlite3_str_appendall(p->pStr, " NOT NULL");
    }
  }
  assocRebuildColumns(p, pWant, "\n  ");
  for (i = 0; pWant->zPlanKey && i < pWant->nKey; i++) {
    sqlite3_str_appendall(p->pStr, i ? ", " : ",\n  PRIMARY KEY (");
    assocDdlName(p->pStr, pWant->aCol[pWant->aKey[i]].zName);
  }
  if (pWant->zPlanKey) sqlite3_str_appendchar(p->pStr, 1, ')');
  assocRebuildKeys(p, pWant, "\n  ");
  sqlite3_str_appendall(p->pStr, "\n)");
}

/* Has the table a row? */
static int tableHasRows(AssocSync *p, const AssocTable *pTab) {
  sqlite3_stmt *pStmt =
      assocPrepare(p->pCall, "SELECT 1 FROM \"%w\".\"%w\" LIMIT 1",
                   pTab->pSchema->zName, pTab->zName);
  int b = assocStep(p->pCall, pStmt);
  assocFinalize(p->pCall, pStmt);
  return b;
}

/* Is column i of pWant UNIQUE or a PRIMARY KEY? ADD COLUMN takes neither. */
static int wantsRebuild(const AssocTable *pWant, int i) {
  const AssocIndex *pIdx = pWant->pIndex;
  if (pWant->aCol[i].iPk) return 1;
  for (; pIdx; pIdx = pIdx->pNext) {
    assert(pIdx->bUnique); /* No words of a column make another */
    if (pIdx->aCol[0] == i) return 1;
  }
  return 0;
}

/* Why the existing rows cannot have column i as their PRIMARY KEY, or 0. The
** copy of a row keeps its rowid, which an INTEGER PRIMARY KEY gives out. */
static const char *whyNoKey(AssocSync *p, const AssocTable *pTab,
                            const AssocTable *pWant, int i) {
  int j;
  assert(pWant->zPlanKey == 0); /* That is for new tables */
  for (j = 0; j < pTab->nCol; j++) {
    if (pTab->aCol[j].iPk) return "it has another PRIMARY KEY";
  }
  if (pWant->iRowid == i || !tableHasRows(p, pTab)) return 0;
  return "its rows would have no value for the PRIMARY KEY";
}

/* Why the table cannot get column i of pWant, or 0. */
static const char *whyNot(AssocSync *p, const AssocTable *pTab,
                          const AssocTable *pWant, int i) {
  const AssocColumn *pCol = &pWant->aCol[i];
  assert(i >= 0 && i < pWant->nPlan);
  if (pTab->eType == ASSOC_VIEW) return "a view has the columns of its SELECT";
  if (pTab->eType != ASSOC_TABLE) return "it is a virtual table";
  if (wantsRebuild(pWant, i) && p->eRebuild == 0) {
    return "SQLite adds no UNIQUE column and no PRIMARY KEY without a rebuild "
           "of the table; leave out \"rebuild\":false";
  }
  if (pCol->iPk) return whyNoKey(p, pTab, pWant, i);
  assert(!pCol->bGenerated); /* Its words alone would make no table */
  if (pCol->bNotNull && !pCol->bDefault && tableHasRows(p, pTab)) {
    return "it is NOT NULL, and the rows would have no value; give it a "
           "DEFAULT";
  }
  return 0;
}

/* Append a column of pWant with the user's words. An error if the table cannot
** have it. */
static void tableColumn(AssocSync *p, const AssocTable *pTab,
                        const AssocTable *pWant, int i) {
  const char *zWhy = whyNot(p, pTab, pWant, i);
  if (zWhy) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, pWant->azPlanName[i],
                 "%s cannot get the column %s: %s", pTab->zName,
                 pWant->azPlanName[i], zWhy);
  }
  assocDdlName(p->pStr, pWant->azPlanName[i]);
  if (pWant->azPlan[i][0]) {
    sqlite3_str_appendf(p->pStr, " %s", pWant->azPlan[i]);
  }
}

/* ALTER TABLE ADD COLUMN for column i of pWant. */
static void tableAdd(AssocSync *p, const AssocTable *pTab,
                     const AssocTable *pWant, int i) {
  assocDdlBegin(p, "ALTER TABLE ");
  assocDdlSchema(p->pStr, pTab->pSchema, 0);
  assocDdlName(p->pStr, pTab->zName);
  sqlite3_str_appendall(p->pStr, " ADD COLUMN ");
  tableColumn(p, pTab, pWant, i);
}

/* See sync.h. */
int assocWantedRebuild(AssocSync *p, const AssocTable *pTab) {
  AssocTable *pWant;
  int i;
  assert(!pTab->bPlanned);
  if (pTab->eType != ASSOC_TABLE || p->eRebuild == 0) return 0;
  pWant = assocTableWanted(p->pCall, (AssocTable *)pTab, 1);
  for (i = 0; pWant && i < pWant->nPlan; i++) {
    if (assocWantedMissing(pTab, pWant, i) && wantsRebuild(pWant, i)) return 1;
  }
  return 0;
}

/* See sync.h. */
int assocWantedRebuilt(AssocSync *p, const AssocTable *pTab,
                       const char *zSpace) {
  AssocTable *pWant =
      pTab->bPlanned ? 0 : assocTableWanted(p->pCall, (AssocTable *)pTab, 1);
  int i, n = 0;
  for (i = 0; pWant && i < pWant->nPlan; i++) {
    if (!assocWantedMissing(pTab, pWant, i)) continue;
    sqlite3_str_appendf(p->pStr, ",%s", zSpace);
    tableColumn(p, pTab, pWant, i);
    n++;
  }
  return n;
}

/* Is the table among those that a foreign key rebuilds? */
static int tableIsListed(const AssocSync *p, const AssocTable *pTab) {
  const AssocForeign *pFor = assocSyncKeys(p, pTab->zName);
  while (pFor && pFor->pTab != pTab) pFor = pFor->pNextHere;
  return pFor != 0;
}

/* See sync.h. */
void assocWantedTables(AssocSync *p, AssocCatalog *pCat) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocTable *pWant, *pTab;
    while ((pWant = assocWantedNext(p, pSchema, &pDef, &pTab)) != 0) {
      if (pTab == 0) tableCreate(p, pWant);
    }
  }
}

/* See sync.h. */
void assocWantedColumns(AssocSync *p, AssocCatalog *pCat) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocTable *pWant, *pTab;
    while ((pWant = assocWantedNext(p, pSchema, &pDef, &pTab)) != 0) {
      int i, bAnew = pTab && assocRebuildNeeded(p, pTab);
      if (bAnew && !tableIsListed(p, pTab)) assocRebuildTable(p, pTab);
      for (i = 0; pTab && !bAnew && i < pWant->nPlan; i++) {
        if (assocWantedMissing(pTab, pWant, i)) tableAdd(p, pTab, pWant, i);
      }
    }
  }
}

/* See sync.h. */
int assocWantedHas(AssocSync *p, const AssocTable *pTab, const char *zCol) {
  AssocDef *pDef = assocRowsWant(p->pCall, pTab->pSchema, pTab, 0);
  for (; pDef; pDef = pDef->pNextWant) {
    AssocJson *pCol, *pJson;
    pJson = assocJsonGet(assocDefJson(p->pCall, pDef), "columns");
    for (pCol = pJson ? pJson->pChild : 0; pCol; pCol = pCol->pNext) {
      if (sqlite3_stricmp(pCol->zKey, zCol) == 0) return 1; /* 0: no name */
    }
  }
  return 0;
}
