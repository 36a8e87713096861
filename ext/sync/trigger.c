/*
** The triggers that assoc_sync() keeps.
**
** A module of this floor lists the triggers that definitions ask for. Then
** assoc_sync() drops those that no definition asks for, and makes those that
** are missing or have another text. Whatever has one of these names belongs to
** assoc_sync():
**
**   assoc_guard_…   polymorphic keys do not dangle: guard.c
**   assoc_time_…    timestamps: time.c
**   assoc_count_…   counter caches: count.c
*/
#include "sync/sync.h"

/* The list may be filled by several modules, one after another. */
void assocTriggersInit(AssocTriggers *p) {
  p->pFirst = 0;
  p->ppEnd = &p->pFirst;
}

/* Two modules never use one name: each has its own prefix. */
AssocTrigger *assocTriggerAdd(AssocSync *p, AssocTriggers *pList,
                              const AssocSchema *pSchema, const char *zName,
                              sqlite3_str *pStr) {
  AssocTrigger *pNew = assocAlloc(p->pCall, &p->mem, sizeof(*pNew));
  const char *zSql = assocArenaStr(p->pCall, &p->mem, pStr);
  if (pNew == 0 || zSql == 0) return 0;
  pNew->pSchema = pSchema;
  pNew->zName = zName;
  pNew->zSql = zSql;
  *pList->ppEnd = pNew;
  pList->ppEnd = &pNew->pNext;
  return pNew;
}

/* Mark the triggers that one database already has, word for word. With bDrop,
** drop its other triggers of these names. In sqlite_schema the text begins with
** "CREATE TRIGGER ", 15 characters. */
static void triggersOfSchema(AssocSync *p, AssocTriggers *pList,
                             const AssocSchema *pSchema, int bDrop) {
  sqlite3_stmt *pStmt = assocPrepare(
      p->pCall,
      "SELECT name, substr(sql, 16) FROM \"%w\".sqlite_schema"
      " WHERE type='trigger' AND (substr(name,1,12)='assoc_guard_' OR"
      " substr(name,1,12)='assoc_count_' OR substr(name,1,11)='assoc_time_')"
      " ORDER BY rowid",
      pSchema->zName);
  while (assocStep(p->pCall, pStmt)) {
    const char *zName = assocColumnText(p->pCall, pStmt, 0);
    const char *zSql = assocColumnText(p->pCall, pStmt, 1);
    AssocTrigger *pOne = pList->pFirst;
    while (pOne &&
           (pOne->pSchema != pSchema || strcmp(pOne->zName, zName) != 0 ||
            strcmp(pOne->zSql, zSql) != 0)) {
      pOne = pOne->pNext;
    }
    if (pOne) {
      pOne->bThere = 1;
      continue;
    }
    if (!bDrop) continue;
    assocDdlBegin(p, "DROP TRIGGER ");
    assocDdlSchema(p->pStr, pSchema, 0);
    assocDdlName(p->pStr, zName);
  }
  assocFinalize(p->pCall, pStmt);
}

/* For assoc_check: nothing is written. */
int assocTriggersMissing(AssocSync *p, AssocTriggers *pList,
                         const AssocSchema *pSchema, int *pnAll) {
  const AssocTrigger *pOne;
  int nMissing = 0;
  *pnAll = 0;
  if (pList->pFirst) triggersOfSchema(p, pList, pSchema, 0);
  for (pOne = pList->pFirst; pOne; pOne = pOne->pNext) {
    nMissing += !pOne->bThere;
    ++*pnAll;
  }
  return nMissing;
}

/* Drops come before all creations, since a new trigger may have an old name. */
void assocTriggersMark(AssocSync *p, AssocTriggers *pList, AssocCatalog *pCat) {
  const AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    triggersOfSchema(p, pList, pSchema, 1);
  }
}

/* Only for a trigger that assocTriggersMark() did not find. */
void assocTriggerCreate(AssocSync *p, const AssocTrigger *pOne) {
  assert(!pOne->bThere);
  assocDdlBegin(p, "CREATE TRIGGER ");
  assocDdlSchema(p->pStr, pOne->pSchema, 0);
  sqlite3_str_appendall(p->pStr, pOne->zSql);
}

/* "t"."id" = NEW.id for each column that identifies a row: the rowid if there
** is one, else the primary key. */
void assocTriggerIs(sqlite3_str *pStr, const AssocTable *pTab,
                    const char *zLeft, const char *zRow) {
  int i, n = pTab->iRowid >= 0 ? 1 : pTab->nKey;
  const int *a = pTab->iRowid >= 0 ? &pTab->iRowid : pTab->aKey;
  for (i = 0; i < n; i++) {
    if (i) sqlite3_str_appendall(pStr, " AND ");
    assocStrAdd(pStr, zLeft);
    assocDdlName(pStr, pTab->aCol[a[i]].zName);
    sqlite3_str_appendf(pStr, " IS %s", zRow);
    assocDdlName(pStr, pTab->aCol[a[i]].zName);
  }
}
