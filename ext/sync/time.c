/*
** Timestamps of models: assoc_model('Post', '{"timestamps":true}').
**
**   ALTER TABLE Post ADD COLUMN createdAt TEXT;
**   UPDATE Post SET createdAt = strftime(…) WHERE createdAt IS NULL;
**   CREATE TRIGGER assoc_time_Post_insert AFTER INSERT ON Post
**   WHEN NEW.createdAt IS NULL OR NEW.updatedAt IS NULL BEGIN
**     UPDATE Post SET createdAt = coalesce(createdAt, strftime(…)), …
**      WHERE id IS NEW.id;
**   END;
**   CREATE TRIGGER assoc_time_Post_update AFTER UPDATE ON Post
**   WHEN NEW.updatedAt IS OLD.updatedAt AND NEW.createdAt IS OLD.createdAt
**    AND NEW.updatedAt IS NOT strftime(…) BEGIN
**     UPDATE Post SET updatedAt = strftime(…) WHERE id IS NEW.id;
**   END;
**
** ADD COLUMN takes no default that is an expression, so the new column may be
** NULL; a table that is rebuilt for another reason gets NOT NULL and a default.
** The triggers end even with PRAGMA recursive_triggers: an UPDATE that changes
** a timestamp does not fire the second one. 'now' is one time in a statement. A
** counter cache that changes does not touch updatedAt.
*/
#include "sync/sync.h"

/* The model of a row of assoc_model(), if its timestamps are for assoc_sync():
** those of a table, said by a row of the same file. Else 0. A bad row is no
** error here. */
static AssocModel *timeModel(AssocSync *p, AssocDef *pDef) {
  AssocModel *pModel = assocModelTry(p->pCall, pDef->pSchema, pDef->zModel);
  if (pModel == 0 || pModel->pDef != pDef ||
      pModel->pTable->pSchema != pDef->pSchema ||
      pModel->pTable->eType != ASSOC_TABLE ||
      (pModel->azTime[0] == 0 && pModel->azTime[1] == 0)) {
    return 0;
  }
  return pModel;
}

/* See sync.h. Of several models of one table, only the first counts. */
AssocModel *assocTimeNext(AssocSync *p, AssocSchema *pSchema,
                          AssocDef **ppDef) {
  AssocDef *pOther;
  AssocModel *pModel = 0;
  while (pModel == 0 && p->pCall->rc == SQLITE_OK) {
    (void)assocSchemaDefs(p->pCall, pSchema);
    *ppDef = *ppDef ? (*ppDef)->pNextModel : pSchema->pModelDef;
    if (*ppDef == 0) return 0;
    pModel = timeModel(p, *ppDef);
    pOther = 0;
    while (pModel && (pOther = assocTableNextRow(p->pCall, pModel->pTable,
                                                 pOther)) != *ppDef) {
      /* The table's rows were found when its model was: *ppDef is one of them */
      if (ASSOC_NEVER(pOther == 0) || timeModel(p, pOther)) pModel = 0;
    }
  }
  return pModel;
}

/* A wanted column that the table lacks. */
int assocTimeMissing(const AssocModel *pModel, const char **azCol) {
  int i, n = 0;
  for (i = 0; i < 2; i++) {
    const char *z = pModel->azTime[i];
    if (z && assocColumnFind(pModel->pTable, z) < 0) azCol[n++] = z;
  }
  assert(n <= 2); /* azCol has room for both */
  return n;
}

/* UPDATE Post SET createdAt = … WHERE createdAt IS NULL */
static void timeAdd(AssocSync *p, const AssocTable *pTab, const char *zCol) {
  assocDdlBegin(p, "ALTER TABLE ");
  assocDdlSchema(p->pStr, pTab->pSchema, 0);
  assocDdlName(p->pStr, pTab->zName);
  sqlite3_str_appendall(p->pStr, " ADD COLUMN ");
  assocDdlName(p->pStr, zCol);
  sqlite3_str_appendall(p->pStr, " TEXT");
  assocDdlBegin(p, "UPDATE ");
  assocDdlSchema(p->pStr, pTab->pSchema, 0);
  assocDdlName(p->pStr, pTab->zName);
  sqlite3_str_appendall(p->pStr, " SET ");
  assocDdlName(p->pStr, zCol);
  sqlite3_str_appendall(p->pStr, " = " ASSOC_TIME_NOW " WHERE ");
  assocDdlName(p->pStr, zCol);
  sqlite3_str_appendall(p->pStr, " IS NULL");
}

/* See sync.h. The triggers come later, so they do not see this UPDATE. */
void assocTimeColumns(AssocSync *p, AssocCatalog *pCat) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocModel *pModel;
    while ((pModel = assocTimeNext(p, pSchema, &pDef)) != 0) {
      const char *azCol[2];
      int i, n = assocTimeMissing(pModel, azCol);
      if (n == 0) continue;
      assert(!pModel->pTable->bPlanned); /* It comes with its timestamps */
      if (assocRebuildNeeded(p, pModel->pTable)) continue;
      for (i = 0; i < n; i++) timeAdd(p, pModel->pTable, azCol[i]);
    }
  }
}

/* The new table is filled by an INSERT that names the old columns only, so its
** rows get the default. */
int assocTimeRebuilt(AssocSync *p, const AssocTable *pTab, const char *zSpace) {
  AssocSchema *pSchema = pTab->pSchema;
  AssocDef *pDef = 0;
  AssocModel *pModel;
  while ((pModel = assocTimeNext(p, pSchema, &pDef)) != 0) {
    const char *azCol[2];
    int i, n;
    if (pModel->pTable != pTab) continue;
    n = assocTimeMissing(pModel, azCol);
    for (i = 0; i < n; i++) {
      sqlite3_str_appendf(p->pStr, ",%s", zSpace);
      assocDdlName(p->pStr, azCol[i]);
      sqlite3_str_appendall(p->pStr, " " ASSOC_TIME_DECL);
    }
    return n;
  }
  return 0;
}

/* Start the text of a trigger. *pzName gets its name. */
static sqlite3_str *timeBegin(AssocSync *p, const AssocTable *pTab,
                              const char *zEvent, const char **pzName) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  assert(zEvent[0] == 'I' || zEvent[0] == 'U');
  *pzName = assocArenaPrintf(p->pCall, &p->mem, "assoc_time_%s_%s", pTab->zName,
                             zEvent[0] == 'I' ? "insert" : "update");
  if (*pzName) assocDdlName(pStr, *pzName);
  sqlite3_str_appendf(pStr, " AFTER %s ON ", zEvent);
  assocDdlName(pStr, pTab->zName);
  sqlite3_str_appendall(pStr, "\nWHEN ");
  return pStr;
}

/* UPDATE Post SET: the start of the body. */
static void timeBody(sqlite3_str *pStr, const AssocTable *pTab) {
  sqlite3_str_appendall(pStr, "\nBEGIN\n  UPDATE ");
  assocDdlName(pStr, pTab->zName);
  sqlite3_str_appendall(pStr, " SET ");
}

/* WHERE id IS NEW.id; END */
static void timeEnd(AssocSync *p, AssocTriggers *pList, const AssocTable *pTab,
                    const char *zName, sqlite3_str *pStr) {
  sqlite3_str_appendall(pStr, " WHERE ");
  assocTriggerIs(pStr, pTab, "", "NEW.");
  sqlite3_str_appendall(pStr, ";\nEND");
  (void)assocTriggerAdd(p, pList, pTab->pSchema, zName, pStr);
}

/* The current time, as timestamp i of the model is stored. */
static void timeValue(AssocSync *p, const AssocModel *pModel, int i,
                      sqlite3_str *pStr) {
  assocClockSql(pStr, assocClockForm(p->pCall, pModel->pTable,
                                     pModel->aStamp[i], pModel->aStamp[!i]));
}

/* NEW.a IS OLD.a */
static void timeKept(sqlite3_str *pStr, const char *zCol) {
  sqlite3_str_appendall(pStr, "NEW.");
  assocDdlName(pStr, zCol);
  sqlite3_str_appendall(pStr, " IS OLD.");
  assocDdlName(pStr, zCol);
}

/* The trigger for changed rows. */
static void timeUpdate(AssocSync *p, AssocModel *pModel, AssocTriggers *pList) {
  const AssocTable *pTab = pModel->pTable;
  const char *zName;
  sqlite3_str *pStr = timeBegin(p, pTab, "UPDATE", &zName);
  assert(pModel->azTime[1]);
  timeKept(pStr, pModel->azTime[1]);
  if (pModel->azTime[0]) {
    sqlite3_str_appendall(pStr, " AND ");
    timeKept(pStr, pModel->azTime[0]);
  }
  sqlite3_str_appendall(pStr, " AND NEW.");
  assocDdlName(pStr, pModel->azTime[1]);
  sqlite3_str_appendall(pStr, " IS NOT ");
  timeValue(p, pModel, 1, pStr);
  assocCountKept(p, pStr, pTab);
  timeBody(pStr, pTab);
  assocDdlName(pStr, pModel->azTime[1]);
  sqlite3_str_appendall(pStr, " = ");
  timeValue(p, pModel, 1, pStr);
  timeEnd(p, pList, pTab, zName, pStr);
}

/* See sync.h. */
void assocTimeOfModel(AssocSync *p, AssocModel *pModel, AssocTriggers *pList) {
  const AssocTable *pTab = pModel->pTable;
  const char *zName;
  sqlite3_str *pStr = timeBegin(p, pTab, "INSERT", &zName);
  int i, n = 0;
  for (i = 0; i < 2; i++) {
    if (pModel->azTime[i] == 0) continue;
    sqlite3_str_appendf(pStr, "%sNEW.", n++ ? " OR " : "");
    assocDdlName(pStr, pModel->azTime[i]);
    sqlite3_str_appendall(pStr, " IS NULL");
  }
  assert(n > 0); /* assocTimeNext() gives no model without timestamps */
  timeBody(pStr, pTab);
  for (i = n = 0; i < 2; i++) {
    if (pModel->azTime[i] == 0) continue;
    if (n++) sqlite3_str_appendall(pStr, ", ");
    assocDdlName(pStr, pModel->azTime[i]);
    sqlite3_str_appendall(pStr, " = coalesce(");
    assocDdlName(pStr, pModel->azTime[i]);
    sqlite3_str_appendall(pStr, ", ");
    timeValue(p, pModel, i, pStr);
    sqlite3_str_appendall(pStr, ")");
  }
  timeEnd(p, pList, pTab, zName, pStr);
  if (pModel->azTime[1]) timeUpdate(p, pModel, pList);
}

/* See sync.h. */
void assocTimeTriggers(AssocSync *p, AssocCatalog *pCat, AssocTriggers *pList) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocModel *pModel;
    while ((pModel = assocTimeNext(p, pSchema, &pDef)) != 0) {
      assocTimeOfModel(p, pModel, pList);
    }
  }
}
