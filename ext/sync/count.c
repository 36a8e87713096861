/*
** Counter caches: the column, and the triggers that keep it whichever program
** writes.
**
**   ALTER TABLE User ADD COLUMN n INTEGER NOT NULL DEFAULT 0;
**   UPDATE User SET n = (SELECT count(*) …) WHERE n IS NOT (SELECT count(*) …);
**
** A child that comes, goes, or gets another parent changes the number by one.
** REPLACE deletes rows without firing their delete triggers, unless PRAGMA
** recursive_triggers is on. So a BEFORE trigger looks for the rows that would
** be replaced, and notes their parents' keys in the table assoc_recount; the
** AFTER trigger counts the children of these parents anew. A note that stays,
** after INSERT OR IGNORE or an upsert, does no harm: the next change counts
** once more.
**
**   before_insert, before_update   note the parents of rows to be replaced
**   insert, delete, update         plus one, minus one; count noted parents
**   parent_insert, parent_update   a new parent, or one with a new key, counts
**
** Where parents and children are one table, the insert and update triggers of
** both would fire in an order that SQLite does not promise. One trigger does
** the work of both then, and only parent_insert is left out.
*/
#include "sync/sync.h"

/* What is being written. */
typedef struct CountMaker CountMaker;
struct CountMaker {
  AssocSync *p;                 /* The run of assoc_sync() */
  const AssocCounter *c;        /* The counter whose triggers are made */
  const AssocTable *pUp, *pTab; /* The parents, the children */
  AssocTriggers *pList;         /* Receives the triggers */
  sqlite3_str *pStr;            /* The text being written */
  int bQuery; /* A statement of its own, which has to name the database */
};

/* m lives on the caller's stack. m->pStr belongs to the trigger that is
** written at the time. */
static void countInit(CountMaker *m, AssocSync *p, const AssocCounter *c,
                      AssocTriggers *pList) {
  assert(c->pRel->foreign.nCol == c->pRel->sourceKey.nCol);
  memset(m, 0, sizeof(*m));
  m->p = p;
  m->c = c;
  m->pUp = c->pRel->pSource->pTable;
  m->pTab = c->pRel->pTarget->pTable;
  m->pList = pList;
}

/* Append z to the text of the trigger. */
static void countPut(CountMaker *m, const char *z) {
  assocStrAdd(m->pStr, z);
}

/* NEW.user_id. zRow stands before the name. */
static void countName(CountMaker *m, const char *zRow, const char *zName) {
  countPut(m, zRow);
  assocDdlName(m->pStr, zName);
}

/* See sync.h. Bad definitions are no error here. */
AssocCounter *assocCountNext(AssocSync *p, AssocSchema *pSchema,
                             AssocDef **ppDef) {
  while (p->pCall->rc == SQLITE_OK) {
    AssocCounter *c;
    AssocRel *pRel;
    AssocCall ask;
    *ppDef = *ppDef ? (*ppDef)->pNext : assocSchemaDefs(p->pCall, pSchema);
    if (*ppDef == 0) return 0;
    if ((*ppDef)->zName[0] == 0) continue; /* A row of assoc_model() */
    pRel = assocRelTry(p->pCall, *ppDef, 0);
    if (pRel == 0) continue;
    assocTryBegin(&ask, p->pCall);
    c = assocCounterOf(&ask, pRel);
    if (!assocTryEnd(&ask, p->pCall, 0) && c) return c;
  }
  return 0;
}

/* ------------------------------------------------------------------ pieces */

/* User, or aux.User */
static void countTable(CountMaker *m, const AssocTable *pTab) {
  if (m->bQuery) assocDdlSchema(m->pStr, pTab->pSchema, 0);
  assocDdlName(m->pStr, pTab->zName);
}

/* AND c.kind = 'x' AND c.deletedAt IS NULL */
static void countConds(CountMaker *m, const char *zRow) {
  int i;
  assert(m->c->zWhy == 0); /* The conditions are complete */
  for (i = 0; i < m->c->nCond; i++) {
    countPut(m, " AND ");
    countName(m, zRow, m->c->azCond[i]);
    if (m->c->azValue[i]) {
      sqlite3_str_appendf(m->pStr, " = %s", m->c->azValue[i]);
    } else {
      countPut(m, " IS NULL");
    }
  }
}

/* Do both columns of a key have one affinity? Else "+" takes away that of the
** child's column, so that the parent's decides, as in a FOREIGN KEY. */
static int isAlikeKey(const CountMaker *m, int i) {
  const AssocRel *pRel = m->c->pRel;
  int iChild = pRel->foreign.aCol[i];
  assert(i < pRel->foreign.nCol);
  return iChild < 0 || m->pTab->aCol[iChild].eAff ==
                           m->pUp->aCol[pRel->sourceKey.aCol[i]].eAff;
}

/* (SELECT count(*) FROM Comment AS c WHERE User.id = c.UserId AND …) */
static void countAll(CountMaker *m) {
  const AssocRel *pRel = m->c->pRel;
  int i;
  countPut(m, "(SELECT count(*) FROM ");
  countTable(m, m->pTab);
  countPut(m, " AS c WHERE ");
  for (i = 0; i < pRel->foreign.nCol; i++) {
    if (i) countPut(m, " AND ");
    countName(m, "", m->pUp->zName);
    countName(m, ".", pRel->sourceKey.azCol[i]);
    countPut(m, isAlikeKey(m, i) ? " = " : " = +");
    countName(m, "c.", pRel->foreign.azCol[i]);
  }
  countConds(m, "c.");
  countPut(m, ")");
}

/* UPDATE User SET n = */
static void countUpdate(CountMaker *m) {
  countPut(m, "UPDATE ");
  countTable(m, m->pUp);
  countName(m, " SET ", m->c->zCol);
  countPut(m, " = ");
}

/* UPDATE User SET n = n + 1 WHERE id = +NEW.UserId AND NEW.kind = 'x'; */
static void countStep(CountMaker *m, const char *zStep, const char *zRow) {
  const AssocRel *pRel = m->c->pRel;
  int i;
  countPut(m, "\n  ");
  countUpdate(m);
  countName(m, "", m->c->zCol);
  countPut(m, zStep);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    countName(m, i ? " AND " : " WHERE ", pRel->sourceKey.azCol[i]);
    countPut(m, " = +");
    countName(m, zRow, pRel->foreign.azCol[i]);
  }
  countConds(m, zRow);
  countPut(m, ";");
}

/* WHERE counter = '…' of assoc_recount */
static void countNoted(CountMaker *m) {
  sqlite3_str_appendf(m->pStr, " FROM assoc_recount WHERE counter = %Q",
                      m->c->zName);
}

/* AND n IS NOT (SELECT count(*) …): a row that is right is not changed, so that
** it fires no triggers. */
static void countDiffers(CountMaker *m, const char *zBefore) {
  countName(m, zBefore, m->c->zCol);
  countPut(m, " IS NOT ");
  countAll(m);
}

/* Count the children of the parents that are noted, and delete the notes. */
static void countDrain(CountMaker *m) {
  const AssocKey *pKey = &m->c->pRel->sourceKey;
  int i;
  assert(pKey->nCol <= ASSOC_COUNTER_KEY); /* k1 to k4 of assoc_recount */
  countPut(m, "\n  ");
  countUpdate(m);
  countAll(m);
  countPut(m, " WHERE (");
  for (i = 0; i < pKey->nCol; i++) {
    countName(m, i ? ", " : "", pKey->azCol[i]);
  }
  countPut(m, ") IN (SELECT ");
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(m->pStr, "%s+k%d", i ? ", " : "", i + 1);
  }
  countNoted(m);
  countPut(m, ")");
  countDiffers(m, " AND ");
  countPut(m, ";\n  DELETE");
  countNoted(m);
  countPut(m, ";");
}

/* Count the children of the parent in NEW. */
static void countParent(CountMaker *m) {
  countPut(m, "\n  ");
  countUpdate(m);
  countAll(m);
  countPut(m, " WHERE ");
  assocTriggerIs(m->pStr, m->pUp, "", "NEW.");
  countDiffers(m, " AND ");
  countPut(m, ";");
}

/* NEW.a IS NOT OLD.a, to the byte: 'bob' may refer where 'BOB' does not. */
static void countChanged(CountMaker *m, const char *zCol, const char *zBefore) {
  countPut(m, zBefore);
  countName(m, "NEW.", zCol);
  countName(m, " IS NOT OLD.", zCol);
  countPut(m, " COLLATE BINARY");
}

/* ---------------------------------------------------------------- replaced */

/* One column of a unique key: c.a = +NEW.a COLLATE nocase. A NULL that becomes
** the column's default may meet any row. */
static void replacedColumn(CountMaker *m, int iCol, const char *zColl) {
  const AssocColumn *pCol = &m->pTab->aCol[iCol];
  int bDefault = pCol->bNotNull && pCol->bDefault;
  if (bDefault) countPut(m, "(");
  countName(m, "c.", pCol->zName);
  countName(m, " = +NEW.", pCol->zName);
  if (zColl) countName(m, " COLLATE ", zColl);
  if (bDefault) {
    countName(m, " OR NEW.", pCol->zName);
    countPut(m, " IS NULL)");
  }
}

/* The rows that share a unique key with NEW. Expressions of an index are left
** out, as is its WHERE: a row too many is only counted again. */
static void replacedRows(CountMaker *m) {
  AssocTable *pTab = (AssocTable *)m->pTab;
  const AssocIndex *pIdx = assocTableIndexes(m->p->pCall, pTab);
  int i, n = 0, nCol;
  if (pTab->iRowid >= 0) {
    replacedColumn(m, pTab->iRowid, 0);
    n++;
  }
  for (; pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bUnique) continue;
    countPut(m, n++ ? " OR " : "");
    for (i = nCol = 0; i < pIdx->nCol; i++) {
      if (pIdx->aCol[i] < 0) continue;
      if (nCol++) countPut(m, " AND ");
      replacedColumn(m, pIdx->aCol[i], pIdx->azColl[i]);
    }
    if (nCol == 0) countPut(m, "1");
  }
  if (n == 0) countPut(m, "0");
}

/* ---------------------------------------------------------------- triggers */

/* "name" zEvent ON table */
static const char *countBegin(CountMaker *m, const char *zSuffix,
                              const char *zEvent, const AssocTable *pTab) {
  const char *zName =
      assocArenaPrintf(m->p->pCall, &m->p->mem, "%s_%s", m->c->zName, zSuffix);
  m->pStr = sqlite3_str_new(m->p->pCall->db);
  if (zName) assocDdlName(m->pStr, zName);
  sqlite3_str_appendf(m->pStr, " %s ON ", zEvent);
  assocDdlName(m->pStr, pTab->zName);
  return zName;
}

/* End the trigger's text and add the trigger to the list. */
static void countEnd(CountMaker *m, const char *zName) {
  countPut(m, "\nEND");
  (void)assocTriggerAdd(m->p, m->pList, m->pTab->pSchema, zName, m->pStr);
}

/* In a table that counts its own rows, what our triggers change would fire them
** again under PRAGMA recursive_triggers: leave these changes out. */
static void countNotOurs(CountMaker *m, const char *zBefore) {
  if (m->pUp != m->pTab) return;
  countPut(m, zBefore);
  countName(m, "NEW.", m->c->zCol);
  countName(m, " IS OLD.", m->c->zCol);
}

/* The triggers that note the parents of rows that would be replaced. */
static void countBefore(CountMaker *m, int bUpdate) {
  const AssocKey *pKey = &m->c->pRel->foreign;
  const char *zName =
      countBegin(m, bUpdate ? "before_update" : "before_insert",
                 bUpdate ? "BEFORE UPDATE" : "BEFORE INSERT", m->pTab);
  int i;
  if (bUpdate) countNotOurs(m, "\nWHEN ");
  countPut(m, "\nBEGIN\n  INSERT INTO assoc_recount(counter");
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(m->pStr, ", k%d", i + 1);
  }
  sqlite3_str_appendf(m->pStr, ") SELECT %Q", m->c->zName);
  for (i = 0; i < pKey->nCol; i++) countName(m, ", c.", pKey->azCol[i]);
  countPut(m, " FROM ");
  assocDdlName(m->pStr, m->pTab->zName);
  countPut(m, " AS c WHERE (");
  replacedRows(m);
  countPut(m, ")");
  if (bUpdate) {
    countPut(m, " AND NOT (");
    assocTriggerIs(m->pStr, m->pTab, "c.", "OLD.");
    countPut(m, ")");
  }
  countPut(m, ";");
  countEnd(m, zName);
}

/* After an UPDATE, if the key or a condition's column has changed. */
static void countAfterUpdate(CountMaker *m) {
  const AssocRel *pRel = m->c->pRel;
  const char *zName = countBegin(m, "update", "AFTER UPDATE", m->pTab);
  int bSelf = m->pUp == m->pTab, i;
  countPut(m, "\nWHEN ");
  for (i = 0; i < pRel->foreign.nCol; i++) {
    countChanged(m, pRel->foreign.azCol[i], i ? " OR " : "");
    if (bSelf) countChanged(m, pRel->sourceKey.azCol[i], " OR ");
  }
  for (i = 0; i < m->c->nCond; i++) countChanged(m, m->c->azCond[i], " OR ");
  countPut(m, " OR EXISTS (SELECT 1");
  countNoted(m);
  countPut(m, ")");
  countNotOurs(m, " AND ");
  countPut(m, "\nBEGIN");
  countStep(m, " - 1", "OLD.");
  countStep(m, " + 1", "NEW.");
  countDrain(m);
  if (bSelf) countParent(m);
  countEnd(m, zName);
}

/* A new parent may have children already, and one with a new key has others. */
static void countParents(CountMaker *m) {
  const AssocKey *pKey = &m->c->pRel->sourceKey;
  const char *zName = countBegin(m, "parent_insert", "AFTER INSERT", m->pUp);
  int i;
  countPut(m, "\nBEGIN");
  countParent(m);
  countEnd(m, zName);
  zName = countBegin(m, "parent_update", "AFTER UPDATE", m->pUp);
  for (i = 0; i < pKey->nCol; i++) {
    countChanged(m, pKey->azCol[i], i ? " OR " : "\nWHEN ");
  }
  countPut(m, "\nBEGIN");
  countParent(m);
  countEnd(m, zName);
}

/* See sync.h. */
void assocCountOf(AssocSync *p, const AssocCounter *c, AssocTriggers *pList) {
  CountMaker m;
  const char *zName;
  assert(c->zWhy == 0 && pList);
  countInit(&m, p, c, pList);
  countBefore(&m, 0);
  countBefore(&m, 1);
  zName = countBegin(&m, "insert", "AFTER INSERT", m.pTab);
  countPut(&m, "\nBEGIN");
  countStep(&m, " + 1", "NEW.");
  countDrain(&m);
  if (m.pUp == m.pTab) countParent(&m);
  countEnd(&m, zName);
  zName = countBegin(&m, "delete", "AFTER DELETE", m.pTab);
  countPut(&m, "\nBEGIN");
  countStep(&m, " - 1", "OLD.");
  countEnd(&m, zName);
  countAfterUpdate(&m);
  if (m.pUp != m.pTab) countParents(&m);
}

/* -------------------------------------------------------------------- all */

/* An error for a counter cache that triggers cannot keep. */
static void countCheck(AssocSync *p, const AssocCounter *c) {
  if (c->zWhy == 0) return;
  assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, c->pRel->pSource->zLabel,
               c->pRel->zName, "%s.%s cannot have a counter cache: %s",
               c->pRel->pSource->zLabel, c->pRel->zName, c->zWhy);
}

/* Is it the first counter cache that names this column? */
static int countIsFirst(AssocSync *p, const AssocCounter *c) {
  AssocSchema *pSchema = c->pRel->pDef->pSchema;
  AssocDef *pDef = 0;
  AssocCounter *pOther = assocCountNext(p, pSchema, &pDef);
  while (pOther && pOther != c &&
         (pOther->pRel->pSource->pTable != c->pRel->pSource->pTable ||
          sqlite3_stricmp(pOther->zCol, c->zCol) != 0)) {
    pOther = assocCountNext(p, pSchema, &pDef);
  }
  if (pOther && pOther != c) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, c->pRel->pSource->zLabel,
                 c->pRel->zName,
                 "%s.%s and %s.%s have the same counter cache, %s",
                 pOther->pRel->pSource->zLabel, pOther->pRel->zName,
                 c->pRel->pSource->zLabel, c->pRel->zName, c->zCol);
  }
  return pOther == c;
}

/* n INTEGER NOT NULL DEFAULT 0 */
static void countColumn(AssocSync *p, const AssocCounter *c) {
  assocDdlName(p->pStr, c->zCol);
  sqlite3_str_appendall(p->pStr, " INTEGER NOT NULL DEFAULT 0");
}

/* See sync.h. */
void assocCountColumns(AssocSync *p, AssocCatalog *pCat) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocCounter *c;
    int bTable = assocSchemaIndex(pSchema, "assoc_recount") >= 0;
    while ((c = assocCountNext(p, pSchema, &pDef)) != 0) {
      countCheck(p, c);
      if (!countIsFirst(p, c)) continue; /* Or after the error of zWhy */
      if (!bTable) {
        assocDdlBegin(p, "CREATE TABLE ");
        assocDdlSchema(p->pStr, pSchema, 0);
        sqlite3_str_appendall(p->pStr,
                              "assoc_recount(counter TEXT, k1, k2, k3, k4)");
        bTable = 1;
      }
      if (c->iCol >= 0 || c->pRel->pSource->pTable->bPlanned) continue;
      if (assocRebuildNeeded(p, c->pRel->pSource->pTable)) continue;
      assocDdlBegin(p, "ALTER TABLE ");
      assocDdlSchema(p->pStr, pSchema, 0);
      assocDdlName(p->pStr, c->pRel->pSource->pTable->zName);
      sqlite3_str_appendall(p->pStr, " ADD COLUMN ");
      countColumn(p, c);
    }
  }
}

/* See sync.h. If a counter has a zWhy, assocCountColumns() raises its error
** later. */
int assocCountRebuilt(AssocSync *p, const AssocTable *pTab,
                      const char *zSpace) {
  AssocDef *pDef = 0;
  AssocCounter *c;
  int n = 0;
  while ((c = assocCountNext(p, pTab->pSchema, &pDef)) != 0) {
    if (c->pRel->pSource->pTable != pTab || c->iCol >= 0) continue;
    sqlite3_str_appendf(p->pStr, ",%s", zSpace);
    countColumn(p, c);
    n++;
  }
  return n;
}

/* See sync.h. */
void assocCountTriggers(AssocSync *p, AssocCatalog *pCat,
                        AssocTriggers *pList) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocCounter *c;
    while ((c = assocCountNext(p, pSchema, &pDef)) != 0) {
      if (c->zWhy == 0) assocCountOf(p, c, pList);
    }
  }
}

/* UPDATE User SET n = (…) WHERE n IS NOT (…). OUT: the caller frees the text
** with sqlite3_free(). */
char *assocCountFill(AssocSync *p, const AssocCounter *c) {
  CountMaker m;
  assert(c->zWhy == 0);
  countInit(&m, p, c, 0);
  m.bQuery = 1;
  m.pStr = sqlite3_str_new(p->pCall->db);
  countUpdate(&m);
  countAll(&m);
  countDiffers(&m, " WHERE ");
  return assocStrFinish(p->pCall, m.pStr);
}

/* How many parents have a wrong number; 0 without the column. */
i64 assocCountWrong(AssocSync *p, const AssocCounter *c) {
  sqlite3_stmt *pStmt;
  CountMaker m;
  i64 n;
  assert(c->zWhy == 0);
  if (c->iCol < 0) return 0;
  countInit(&m, p, c, 0);
  if (m.pUp->bPlanned || m.pTab->bPlanned) return 0;
  m.bQuery = 1;
  m.pStr = sqlite3_str_new(p->pCall->db);
  countPut(&m, "SELECT count(*) FROM ");
  countTable(&m, m.pUp);
  countDiffers(&m, " WHERE ");
  pStmt = assocPrepareText(p->pCall, assocStrFinish(p->pCall, m.pStr));
  n = assocStep(p->pCall, pStmt) ? sqlite3_column_int64(pStmt, 0) : 0;
  assocFinalize(p->pCall, pStmt);
  return n;
}

/* See sync.h. The counters' old triggers are dropped, and the new ones are not
** there yet. */
void assocCountFills(AssocSync *p, AssocCatalog *pCat,
                     const AssocTriggers *pList) {
  AssocSchema *pSchema;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocCounter *c;
    while ((c = assocCountNext(p, pSchema, &pDef)) != 0) {
      const AssocTrigger *pOne = pList->pFirst;
      char *z;
      assert(c->zName);
      while (pOne && (pOne->bThere || pOne->pSchema != pSchema ||
                      strncmp(pOne->zName, c->zName, strlen(c->zName)) != 0)) {
        pOne = pOne->pNext;
      }
      if (pOne == 0) continue;
      z = assocCountFill(p, c);
      if (z) assocDdlBegin(p, z);
      sqlite3_free(z);
    }
  }
}

/* See sync.h. */
void assocCountKept(AssocSync *p, sqlite3_str *pStr, const AssocTable *pTab) {
  AssocDef *pDef = 0;
  AssocCounter *c;
  while ((c = assocCountNext(p, pTab->pSchema, &pDef)) != 0) {
    if (c->pRel->pSource->pTable != pTab || c->zWhy) continue;
    sqlite3_str_appendall(pStr, " AND NEW.");
    assocDdlName(pStr, c->zCol);
    sqlite3_str_appendall(pStr, " IS OLD.");
    assocDdlName(pStr, c->zCol);
  }
}
