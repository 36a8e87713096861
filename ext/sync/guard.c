/*
** Triggers that do for a polymorphic key what REFERENCES does for others: no
** statement, from whatever client, can make a row that refers to nothing.
** SQLite has no FOREIGN KEY whose target depends on another column, so a
** definition asks for triggers with "constraints":true.
**
**   CREATE TRIGGER "assoc_guard_Comment.commentable_insert"
**     AFTER INSERT ON Comment
**     WHEN NEW.commentableId IS NOT NULL AND NEW.commentableType IS NOT NULL
**   BEGIN
**     SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: …') WHERE NOT
**       CASE NEW.commentableType
**       WHEN 'Post' THEN EXISTS (SELECT 1 FROM Post WHERE id=+NEW.commentableId)
**       ELSE 0 END;
**   END
**
** A key has one trigger for inserts, one for updates, and for every target one
** for deletes and one for updates, which do what onDelete and onUpdate say. No
** trigger says UPDATE OF a column, because an UPDATE may also change an INTEGER
** PRIMARY KEY under the name rowid. The "+" before a value takes away its
** affinity: the comparison then uses the affinity and the index of the column
** on the left.
**
** The triggers' names begin with assoc_guard_: see trigger.c.
*/
#include "sync/sync.h"

/* The triggers of one run, and the text that is being written. */
typedef struct GuardMaker GuardMaker;
struct GuardMaker {
  AssocSync *p;             /* The run of assoc_sync() */
  const AssocForeign *pFor; /* The polymorphic key to guard */
  const AssocRel *pRel;     /* The polymorphic belongsTo */
  sqlite3_str *pStr;        /* The text being written */
  int bQuery;               /* The text is a query, not a trigger */
  const char *zName;        /* The name of the trigger being written */
  AssocTriggers *pList;     /* All triggers so far */
};

/* ------------------------------------------------------------------- pieces */

/* Start the text of a trigger: "name" AFTER zEvent ON table */
static void guardBegin(GuardMaker *g, const char *zType, const char *zSuffix,
                       const char *zEvent, const AssocTable *pTab) {
  AssocSync *p = g->p;
  g->zName = assocArenaPrintf(p->pCall, &p->mem, "assoc_guard_%s.%s_%s%s%s",
                              g->pFor->zTable, g->pRel->zName, zType,
                              zType[0] ? "_" : "", zSuffix);
  g->pStr = sqlite3_str_new(p->pCall->db);
  if (g->zName) assocDdlName(g->pStr, g->zName);
  sqlite3_str_appendf(g->pStr, " AFTER %s ON ", zEvent);
  assocDdlName(g->pStr, pTab->zName);
}

/* End the text of a trigger, and add the trigger to the list. */
static void guardEnd(GuardMaker *g) {
  assert(g->pStr && g->pFor->pPoly);
  sqlite3_str_appendall(g->pStr, ";\nEND");
  (void)assocTriggerAdd(g->p, g->pList, g->pFor->pSchema, g->zName, g->pStr);
}

/* NEW.commentableId. zRow is "NEW.", "OLD.", or "" for the bare name. */
static void guardName(GuardMaker *g, const char *zRow, const char *zName) {
  assocStrAdd(g->pStr, zRow);
  assocDdlName(g->pStr, zName);
}

/* SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: Comment.commentable').
** Clients that look for SQLite's own words find them. */
static void guardRaise(GuardMaker *g) {
  char *z = sqlite3_mprintf("FOREIGN KEY constraint failed: %s.%s",
                            g->pFor->zTable, g->pRel->zName);
  assert(g->pStr && !g->bQuery); /* RAISE() is for triggers */
  if (z == 0) assocErrorCode(g->p->pCall, SQLITE_NOMEM);
  sqlite3_str_appendf(g->pStr, "\n  SELECT RAISE(ABORT, %Q)", z);
  sqlite3_free(z);
}

/* NEW.commentableId IS NOT NULL AND NEW.commentableType IS NOT NULL */
static void guardNotNull(GuardMaker *g, const char *zRow) {
  int i;
  for (i = 0; i < assocSyncColumns(g->pFor); i++) {
    if (i) sqlite3_str_appendall(g->pStr, " AND ");
    guardName(g, zRow, assocSyncColumnName(g->pFor, i));
    sqlite3_str_appendall(g->pStr, " IS NOT NULL");
  }
}

/* NOT CASE … END: true if zRow refers to no row. Inside of a trigger a table
** name means the trigger's own database; a query has to name the database. */
static void guardOrphan(GuardMaker *g, const char *zRow) {
  int i, j;
  sqlite3_str_appendall(g->pStr, "NOT CASE ");
  guardName(g, zRow, g->pRel->type.azCol[0]);
  for (i = 0; i < g->pRel->nBranch; i++) {
    const AssocBranch *pBranch = &g->pRel->aBranch[i];
    assert(pBranch->key.nCol == g->pFor->key.nCol);
    if (g->bQuery && pBranch->pModel->pTable->bPlanned) { /* No rows yet */
      sqlite3_str_appendf(g->pStr, "\n    WHEN %Q THEN 0", pBranch->zType);
      continue;
    }
    sqlite3_str_appendf(g->pStr, "\n    WHEN %Q THEN EXISTS (SELECT 1 FROM ",
                        pBranch->zType);
    if (g->bQuery) assocDdlSchema(g->pStr, g->pFor->pSchema, 0);
    assocDdlName(g->pStr, pBranch->pModel->pTable->zName);
    if (g->bQuery) sqlite3_str_appendall(g->pStr, " AS p");
    for (j = 0; j < pBranch->key.nCol; j++) {
      sqlite3_str_appendall(g->pStr, j ? " AND " : " WHERE ");
      guardName(g, g->bQuery ? "p." : "", pBranch->key.azCol[j]);
      sqlite3_str_appendall(g->pStr, " = +");
      guardName(g, zRow, g->pFor->key.azCol[j]);
    }
    sqlite3_str_appendchar(g->pStr, 1, ')');
  }
  sqlite3_str_appendall(g->pStr, "\n    ELSE 0 END");
}

/* WHERE commentableType = 'Post' AND commentableId = +OLD.id */
static void guardChildren(GuardMaker *g, const AssocBranch *pBranch) {
  int i;
  assert(pBranch->key.nCol == g->pFor->key.nCol && !g->bQuery);
  sqlite3_str_appendall(g->pStr, " WHERE ");
  guardName(g, "", g->pRel->type.azCol[0]);
  sqlite3_str_appendf(g->pStr, " = %Q", pBranch->zType);
  for (i = 0; i < g->pFor->key.nCol; i++) {
    sqlite3_str_appendall(g->pStr, " AND ");
    guardName(g, "", g->pFor->key.azCol[i]);
    sqlite3_str_appendall(g->pStr, " = +");
    guardName(g, "OLD.", pBranch->key.azCol[i]);
  }
}

/* ------------------------------------------------------------------ actions */

/* RESTRICT and NO ACTION: refuse if rows refer to the target. */
static void guardRestrict(GuardMaker *g, const AssocBranch *pBranch) {
  guardRaise(g);
  sqlite3_str_appendall(g->pStr, " WHERE EXISTS (SELECT 1 FROM ");
  assocDdlName(g->pStr, g->pFor->zTable);
  guardChildren(g, pBranch);
  sqlite3_str_appendchar(g->pStr, 1, ')');
}

/* UPDATE Comment SET */
static void guardUpdate(GuardMaker *g) {
  sqlite3_str_appendall(g->pStr, "\n  UPDATE ");
  assocDdlName(g->pStr, g->pFor->zTable);
  sqlite3_str_appendall(g->pStr, " SET ");
}

/* SET NULL: the key and the type. */
static void guardSetNull(GuardMaker *g, const AssocBranch *pBranch) {
  int i;
  guardUpdate(g);
  for (i = 0; i < assocSyncColumns(g->pFor); i++) {
    if (i) sqlite3_str_appendall(g->pStr, ", ");
    guardName(g, "", assocSyncColumnName(g->pFor, i));
    sqlite3_str_appendall(g->pStr, " = NULL");
  }
  guardChildren(g, pBranch);
}

/* ON UPDATE CASCADE: copy the target's new key. */
static void guardSetKey(GuardMaker *g, const AssocBranch *pBranch) {
  int i;
  assert(pBranch->key.nCol == g->pFor->key.nCol);
  guardUpdate(g);
  for (i = 0; i < g->pFor->key.nCol; i++) {
    if (i) sqlite3_str_appendall(g->pStr, ", ");
    guardName(g, "", g->pFor->key.azCol[i]);
    sqlite3_str_appendall(g->pStr, " = ");
    guardName(g, "NEW.", pBranch->key.azCol[i]);
  }
  guardChildren(g, pBranch);
}

/* (a, b), or a alone: a left side for IN. */
static void guardTuple(GuardMaker *g, const char *zRow, const AssocKey *pKey) {
  int i;
  if (pKey->nCol > 1) sqlite3_str_appendchar(g->pStr, 1, '(');
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(g->pStr, ", ");
    guardName(g, zRow, pKey->azCol[i]);
  }
  if (pKey->nCol > 1) sqlite3_str_appendchar(g->pStr, 1, ')');
}

/*
** CASCADE where target and child are the same table: delete all descendants of
** the row at once. A trigger does not fire for its own changes unless PRAGMA
** recursive_triggers is on, so one DELETE finds every level.
*/
static void guardDeleteTree(GuardMaker *g, const AssocBranch *pBranch) {
  const AssocKey *pKey = &pBranch->key;
  int i;
  assert(pBranch->pModel->pTable == g->pFor->pTab);
  sqlite3_str_appendall(g->pStr, "\n   WHERE ");
  guardName(g, "", g->pRel->type.azCol[0]);
  sqlite3_str_appendf(g->pStr, " = %Q AND ", pBranch->zType);
  guardTuple(g, "", &g->pFor->key);
  sqlite3_str_appendall(g->pStr, " IN (\n    WITH RECURSIVE assoc_gone(");
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(g->pStr, "%sk%d", i ? ", " : "", i + 1);
  }
  sqlite3_str_appendall(g->pStr, ") AS (\n      SELECT ");
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(g->pStr, ", ");
    guardName(g, "OLD.", pKey->azCol[i]);
  }
  sqlite3_str_appendall(g->pStr, "\n      UNION SELECT ");
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(g->pStr, ", ");
    guardName(g, "c.", pKey->azCol[i]);
  }
  sqlite3_str_appendall(g->pStr, " FROM assoc_gone JOIN ");
  assocDdlName(g->pStr, g->pFor->zTable);
  sqlite3_str_appendall(g->pStr, " c ON ");
  guardName(g, "c.", g->pRel->type.azCol[0]);
  sqlite3_str_appendf(g->pStr, " = %Q", pBranch->zType);
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendall(g->pStr, " AND ");
    guardName(g, "c.", g->pFor->key.azCol[i]);
    sqlite3_str_appendf(g->pStr, " = +assoc_gone.k%d", i + 1);
  }
  sqlite3_str_appendall(g->pStr, "\n    ) SELECT * FROM assoc_gone)");
}

/* ON DELETE CASCADE. */
static void guardDelete(GuardMaker *g, const AssocBranch *pBranch) {
  sqlite3_str_appendall(g->pStr, "\n  DELETE FROM ");
  assocDdlName(g->pStr, g->pFor->zTable);
  if (pBranch->pModel->pTable == g->pFor->pTab) {
    guardDeleteTree(g, pBranch);
  } else {
    guardChildren(g, pBranch);
  }
}

/* The body of a target's trigger. zAction is onDelete or onUpdate. */
static void guardAction(GuardMaker *g, const AssocBranch *pBranch,
                        const char *zAction, int bDelete) {
  if (strcmp(zAction, "SET NULL") == 0) {
    guardSetNull(g, pBranch);
  } else if (strcmp(zAction, "CASCADE") == 0 && bDelete) {
    guardDelete(g, pBranch);
  } else if (strcmp(zAction, "CASCADE") == 0) {
    guardSetKey(g, pBranch);
  } else {
    guardRestrict(g, pBranch);
  }
}

/* ----------------------------------------------------------------- triggers */

/* The trigger for a new or changed row on the polymorphic side: the target must
** exist. The one for updates checks only if the key or type changes. */
static void guardSource(GuardMaker *g, const char *zSuffix,
                        const char *zEvent) {
  assert(zSuffix[0] == 'i' || zSuffix[0] == 'u');
  int i;
  guardBegin(g, "", zSuffix, zEvent, g->pFor->pTab);
  sqlite3_str_appendall(g->pStr, "\nWHEN ");
  guardNotNull(g, "NEW.");
  for (i = 0; zSuffix[0] == 'u' && i < assocSyncColumns(g->pFor); i++) {
    sqlite3_str_appendall(g->pStr, i ? " OR " : "\n AND (");
    guardName(g, "NEW.", assocSyncColumnName(g->pFor, i));
    sqlite3_str_appendall(g->pStr, " IS NOT ");
    guardName(g, "OLD.", assocSyncColumnName(g->pFor, i));
  }
  if (zSuffix[0] == 'u') sqlite3_str_appendchar(g->pStr, 1, ')');
  sqlite3_str_appendall(g->pStr, "\nBEGIN");
  guardRaise(g);
  sqlite3_str_appendall(g->pStr, " WHERE ");
  guardOrphan(g, "NEW.");
  guardEnd(g);
}

/* The triggers for a deleted target, and for a target whose key changes. */
static void guardTarget(GuardMaker *g, const AssocBranch *pBranch) {
  const AssocTable *pTab = pBranch->pModel->pTable;
  int i;
  guardBegin(g, pBranch->zType, "delete", "DELETE", pTab);
  sqlite3_str_appendall(g->pStr, "\nBEGIN");
  guardAction(g, pBranch, g->pFor->zOnDelete, 1);
  guardEnd(g);
  guardBegin(g, pBranch->zType, "update", "UPDATE", pTab);
  for (i = 0; i < pBranch->key.nCol; i++) {
    sqlite3_str_appendall(g->pStr, i ? " OR " : "\nWHEN ");
    guardName(g, "OLD.", pBranch->key.azCol[i]);
    sqlite3_str_appendall(g->pStr, " IS NOT ");
    guardName(g, "NEW.", pBranch->key.azCol[i]);
  }
  sqlite3_str_appendall(g->pStr, "\nBEGIN");
  guardAction(g, pBranch, g->pFor->zOnUpdate, 0);
  guardEnd(g);
}

/* Errors for what triggers cannot do. */
static void guardCheck(GuardMaker *g) {
  AssocCall *pCall = g->p->pCall;
  const AssocForeign *pFor = g->pFor;
  const char *zModel = g->pRel->pSource->zLabel, *zName = g->pRel->zName;
  int i;
  if (strcmp(pFor->zOnDelete, "SET DEFAULT") == 0 ||
      strcmp(pFor->zOnUpdate, "SET DEFAULT") == 0) {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, zModel, zName,
                 "%s.%s is polymorphic, and triggers cannot SET DEFAULT; say "
                 "SET NULL, CASCADE or RESTRICT",
                 zModel, zName);
  }
  if (g->pRel->pDef->pSchema != pFor->pSchema) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, zModel, zName,
                 "%s.%s asks for \"constraints\":true, but its triggers would "
                 "outlive a definition in %s; define it without \"temp\"",
                 zModel, zName, g->pRel->pDef->pSchema->zName);
  }
  for (i = 0; i < g->pRel->nBranch; i++) {
    const AssocModel *pModel = g->pRel->aBranch[i].pModel;
    if (pModel->pTable->pSchema == pFor->pSchema &&
        pModel->pTable->eType == ASSOC_TABLE &&
        pFor->pTab->eType == ASSOC_TABLE) {
      continue;
    }
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, zModel, zName,
                 "%s.%s asks for \"constraints\":true, which triggers can keep "
                 "only between tables of one database, but not to %s",
                 zModel, zName, pModel->zLabel);
  }
}

/* All triggers of one key. */
static void guardForeign(GuardMaker *g, const AssocForeign *pFor) {
  int i;
  assert(pFor->pPoly);
  g->pFor = pFor;
  g->pRel = pFor->pPoly;
  guardSource(g, "insert", "INSERT");
  guardSource(g, "update", "UPDATE");
  for (i = 0; i < g->pRel->nBranch && g->p->pCall->rc == SQLITE_OK; i++) {
    guardTarget(g, &g->pRel->aBranch[i]);
  }
}

/* --------------------------------------------- triggers that exist already */

/* An error if rows already refer to nothing: a trigger would not find them. */
static void checkOrphans(GuardMaker *g, const AssocForeign *pFor) {
  char *zWhere;
  int i;
  assert(pFor->pPoly);
  for (i = 0; i < assocSyncColumns(pFor); i++) {
    if (assocSyncColumnAt(pFor, i) < 0) return; /* New column: all NULL */
  }
  g->pFor = pFor;
  g->pRel = pFor->pPoly;
  g->bQuery = 1;
  g->pStr = sqlite3_str_new(g->p->pCall->db);
  guardNotNull(g, "c.");
  sqlite3_str_appendall(g->pStr, " AND ");
  guardOrphan(g, "c.");
  zWhere = assocStrFinish(g->p->pCall, g->pStr);
  assocCheckOrphans(g->p, pFor, zWhere);
  sqlite3_free(zWhere);
}

/* Does the definition ask for triggers? */
static int isGuarded(const AssocForeign *pFor) {
  return pFor->pPoly && pFor->pPoly->pOpt->eConstraints == 1;
}

/* The triggers are made in memory and compared with those of the schema by
** their text. An old form of a trigger therefore counts as missing. */
int assocGuardMissing(AssocSync *p, const AssocForeign *pFor, int *pnAll) {
  AssocTriggers list;
  GuardMaker g;
  *pnAll = 0;
  if (!isGuarded(pFor) || p->pCall->rc != SQLITE_OK) return 0;
  memset(&g, 0, sizeof(g));
  assocTriggersInit(&list);
  g.p = p;
  g.pList = &list;
  guardForeign(&g, pFor);
  return assocTriggersMissing(p, &list, pFor->pSchema, pnAll);
}

/* See sync.h. */
void assocGuardTriggers(AssocSync *p, AssocTriggers *pList) {
  const AssocForeign *pFor;
  GuardMaker g;
  memset(&g, 0, sizeof(g));
  g.p = p;
  g.pList = pList;
  for (pFor = p->pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    AssocTrigger **ppMine = pList->ppEnd;
    if (!isGuarded(pFor)) continue;
    g.pFor = pFor;
    g.pRel = pFor->pPoly;
    guardCheck(&g);
    if (p->pCall->rc == SQLITE_OK) guardForeign(&g, pFor);
    if (*ppMine) (*ppMine)->pFor = pFor;
  }
}

/* Each key's orphans are checked before its first trigger. */
void assocGuardCreate(AssocSync *p, AssocTriggers *pList) {
  const AssocTrigger *pOne;
  GuardMaker g;
  memset(&g, 0, sizeof(g));
  g.p = p;
  for (pOne = pList->pFirst; pOne; pOne = pOne->pNext) {
    if (pOne->bThere) continue;
    if (pOne->pFor) checkOrphans(&g, pOne->pFor);
    assocTriggerCreate(p, pOne);
  }
}
