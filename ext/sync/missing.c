/*
** The statements that create what is missing: columns of foreign keys, join
** tables, and an index for every foreign key, so that both directions of an
** association are fast.
**
**   ALTER TABLE Post ADD COLUMN UserId INTEGER REFERENCES User(id) …;
**   CREATE TABLE PostTag(PostId …, TagId …, PRIMARY KEY (PostId, TagId))
**     WITHOUT ROWID;
**   CREATE INDEX Post_UserId ON Post(UserId);
**
** A table that needs a constraint which ALTER TABLE cannot add goes to
** rebuild.c.
*/
#include "sync/sync.h"

/* ---------------------------------------------------------------- columns */

/* Raise the error that ALTER TABLE cannot add column i as the association asks
** for, which zAs and zBy put into words. */
static void needsRebuild(AssocSync *p, const AssocForeign *pFor, int i,
                         const char *zAs, const char *zBy) {
  const AssocRel *pRel = pFor->pRel;
  assocErrorOf(
      p->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel, pRel->zName,
      "SQLite cannot add the column %s.%s %s %s.%s asks for%s, without "
      "a rebuild of the table; leave out \"rebuild\":false",
      pFor->zTable, assocSyncColumnName(pFor, i), zAs, pRel->pSource->zLabel,
      pRel->zName, zBy);
}

/* ALTER TABLE Post ADD COLUMN UserId INTEGER REFERENCES …. Errors for tables
** that cannot get the column, and for columns that only a rebuild could add, if
** the caller forbids rebuilds. */
static void addColumn(AssocSync *p, const AssocForeign *pFor, int i) {
  assert(assocSyncColumnAt(pFor, i) < 0);
  if (pFor->pTab->eType != ASSOC_TABLE) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, pFor->pRel->pSource->zLabel,
                 pFor->pRel->zName,
                 "%s is a %s, so assoc_sync() cannot give it the "
                 "column %s, which %s.%s needs",
                 pFor->zTable,
                 pFor->pTab->eType == ASSOC_VIEW ? "view" : "virtual table",
                 assocSyncColumnName(pFor, i), pFor->pRel->pSource->zLabel,
                 pFor->pRel->zName);
    return;
  }
  if (pFor->eAllowNull == 0) {
    needsRebuild(p, pFor, i, "as NOT NULL, which", " with \"allowNull\":false");
    return;
  }
  if (pFor->pDefault && assocDdlCanReference(pFor)) {
    needsRebuild(p, pFor, i, "with REFERENCES and the default that", "");
    return;
  }
  assocDdlBegin(p, "ALTER TABLE ");
  assocDdlSchema(p->pStr, pFor->pSchema, 0);
  assocDdlName(p->pStr, pFor->zTable);
  sqlite3_str_appendall(p->pStr, " ADD COLUMN ");
  assocSyncColumn(p, pFor, i);
}

/* Add the columns that this key misses. */
static void syncColumns(AssocSync *p, const AssocForeign *pFor) {
  int i;
  for (i = 0; i < assocSyncColumns(pFor); i++) {
    if (assocSyncIsNew(p, pFor, i)) addColumn(p, pFor, i);
  }
}

/* ------------------------------------------------------------ join tables */

/* The text before an element of a list: zFirst for the first, else zNext. *pn
** counts the elements. */
static void ddlNext(AssocSync *p, int *pn, const char *zFirst,
                    const char *zNext) {
  assocStrAdd(p->pStr, (*pn)++ ? zNext : zFirst);
}

/* The columns of one key of a join table. */
static void joinColumns(AssocSync *p, const AssocForeign *pFor, int *pn) {
  int i;
  for (i = 0; i < pFor->key.nCol; i++) {
    ddlNext(p, pn, "(\n  ", ",\n  ");
    assocDdlName(p->pStr, pFor->key.azCol[i]);
    assocDdlType(p, pFor, i);
    sqlite3_str_appendall(p->pStr, " NOT NULL");
    assocDdlDefault(p, pFor);
    if (pFor->key.nCol == 1 && assocDdlCanReference(pFor)) {
      sqlite3_str_appendchar(p->pStr, 1, ' ');
      assocDdlReferences(p, pFor);
    }
  }
}

/* A FOREIGN KEY for a key of several columns; REFERENCES in the column serves
** keys of one. */
static void joinForeignKey(AssocSync *p, const AssocForeign *pFor) {
  if (pFor->key.nCol == 1 || !assocDdlCanReference(pFor)) return;
  sqlite3_str_appendall(p->pStr, ",\n  FOREIGN KEY");
  assocDdlNames(p->pStr, &pFor->key);
  sqlite3_str_appendchar(p->pStr, 1, ' ');
  assocDdlReferences(p, pFor);
}

/* The first value of a condition on a column of the join row: of [1,2] it is 1.
** Its type becomes the column's type. */
static const AssocJson *scopeValue(const AssocJson *p) {
  while (p->eType >= ASSOC_J_ARRAY && p->pChild) p = p->pChild;
  return p;
}

/* The columns of the join row that scopes name. */
static void scopeColumns(AssocSync *p, const AssocForeign *pFor, int *pn) {
  int i;
  for (i = 0; i < pFor->nScope; i++) {
    const AssocJson *pVal = scopeValue(pFor->apScope[i]);
    ddlNext(p, pn, "(\n  ", ",\n  ");
    assocDdlName(p->pStr, pFor->apScope[i]->zKey);
    sqlite3_str_appendall(p->pStr, pVal->eType == ASSOC_J_TEXT   ? " TEXT"
                                   : pVal->eType == ASSOC_J_REAL ? " REAL"
                                                                 : " INTEGER");
    if (assocSyncIsFixed(pFor->apScope[i]))
      sqlite3_str_appendall(p->pStr, " NOT NULL");
  }
}

/* PRIMARY KEY over both keys and the columns of a scope that fixes one value:
** the same pair may be linked under several of its values. */
static void joinKey(AssocSync *p, const AssocForeign *pA,
                    const AssocForeign *pB) {
  int i, n = 0;
  for (i = 0; i < pA->key.nCol; i++) {
    ddlNext(p, &n, ",\n  PRIMARY KEY (", ", ");
    assocDdlName(p->pStr, pA->key.azCol[i]);
  }
  for (i = 0; i < pB->key.nCol; i++) {
    ddlNext(p, &n, "", ", ");
    assocDdlName(p->pStr, pB->key.azCol[i]);
  }
  for (i = 0; i < pA->nScope; i++) {
    if (!assocSyncIsFixed(pA->apScope[i])) continue;
    ddlNext(p, &n, "", ", ");
    assocDdlName(p->pStr, pA->apScope[i]->zKey);
  }
  assert(n > 1); /* A pair */
  sqlite3_str_appendchar(p->pStr, 1, ')');
}

/* Does through say "unique":false? */
static int allowsDuplicates(const AssocForeign *pFor) {
  return pFor->eThroughUnique == 0;
}

/* An error if a third key names the same join table. A join row of one
** association could not fill the key of the other. */
static void checkTwoKeys(AssocSync *p, const AssocForeign *pA,
                         const AssocForeign *pB) {
  const AssocForeign *pFor;
  pFor = assocSyncKeys(p, pA->zTable);
  for (; pFor; pFor = pFor->pNextHere) {
    assert(pFor->pTab || pFor->bJoin);
    if (pFor == pA || pFor == pB || pFor->pTab ||
        pFor->pSchema != pA->pSchema) {
      continue;
    }
    assocErrorOf(
        p->pCall, ASSOC_E_DEFINITION, pFor->pRel->pSource->zLabel,
        pFor->pRel->zName,
        "the join table %s has two foreign keys, %s and %s, but %s.%s "
        "asks for a third, %s; give it a table of its own, or name the "
        "keys with foreignKey and otherKey",
        pA->zTable, pA->key.azCol[0], pB->key.azCol[0],
        pFor->pRel->pSource->zLabel, pFor->pRel->zName, pFor->key.azCol[0]);
  }
}

/* The options of the belongsToMany that has the key; none of them is given if
** no belongsToMany has it. */
static const AssocOptions *joinOptions(const AssocForeign *p) {
  static const AssocOptions none;
  return p->pJoin ? p->pJoin->pOpt : &none;
}

/* Does one of the two directions ask for soft deletion of join rows? */
static int joinIsParanoid(const AssocForeign *pA, const AssocForeign *pB) {
  return joinOptions(pA)->eThroughParanoid > 0 ||
         joinOptions(pB)->eThroughParanoid > 0;
}

/* The columns of "timestamps" and "paranoid", which Sequelize calls createdAt,
** updatedAt and deletedAt; in snake case where the keys are. The format of the
** times is Sequelize's. */
static void joinTimes(AssocSync *p, const AssocForeign *pA,
                      const AssocForeign *pB, int *pn) {
  static const char *const az[] = {"createdAt",  "updatedAt",  "deletedAt",
                                   "created_at", "updated_at", "deleted_at"};
  int bTimes = joinOptions(pA)->eThroughTimestamps > 0 ||
               joinOptions(pB)->eThroughTimestamps > 0;
  int bDeleted = joinIsParanoid(pA, pB);
  int i, iStyle = assocIsSnake(pA->key.azCol[0]) ? 3 : 0;
  for (i = 0; i < 3; i++) {
    if (i < 2 ? !bTimes : !bDeleted) continue;
    ddlNext(p, pn, "(\n  ", ",\n  ");
    sqlite3_str_appendf(p->pStr, "%s TEXT%s", az[iStyle + i],
                        i < 2 ? " NOT NULL DEFAULT "
                                "(strftime('%Y-%m-%d %H:%M:%f +00:00', 'now'))"
                              : "");
  }
}

/* A join table with soft deletion is a model that says so: the definition is a
** statement of the script like any other, for engines that forward it. */
static void joinModel(AssocSync *p, const AssocForeign *pA,
                      const AssocForeign *pB) {
  const AssocSchema *pSchema = pA->pRel->pDef->pSchema;
  if (!joinIsParanoid(pA, pB)) return;
  assocDdlBegin(p, "INSERT OR IGNORE INTO ");
  assocDdlSchema(p->pStr, pSchema, "assoc_definitions");
  sqlite3_str_appendf(p->pStr,
                      "assoc_definitions VALUES(%Q,'','model',NULL,"
                      "'{\"paranoid\":true}')",
                      pA->zTable);
}

/*
** CREATE TABLE for a join table, with both keys as its primary key, as
** Sequelize makes it. WITHOUT ROWID stores the table as this index. The index
** for the other direction then has all columns, so lookups need not visit the
** table.
*/
static void createJoin(AssocSync *p, const AssocForeign *pA,
                       const AssocForeign *pB) {
  int bTwice = allowsDuplicates(pA), n = 0;
  assert(pA != pB && pA->pTab == 0 && pB->pTab == 0);
  checkTwoKeys(p, pA, pB);
  assocDdlBegin(p, "CREATE TABLE ");
  assocDdlSchema(p->pStr, pA->pSchema, 0);
  assocDdlName(p->pStr, pA->zTable);
  if (bTwice) {
    ddlNext(p, &n, "(\n  ", "");
    sqlite3_str_appendall(p->pStr, "id INTEGER PRIMARY KEY");
  }
  joinColumns(p, pA, &n);
  joinColumns(p, pB, &n);
  scopeColumns(p, pA, &n);
  joinTimes(p, pA, pB, &n);
  if (!bTwice) joinKey(p, pA, pB);
  joinForeignKey(p, pA);
  joinForeignKey(p, pB);
  sqlite3_str_appendall(p->pStr, bTwice ? "\n)" : "\n) WITHOUT ROWID");
  joinModel(p, pA, pB);
}

/* The other key of a missing join table: the first one in the list. */
static AssocForeign *otherSide(AssocSync *p, const AssocForeign *pFor) {
  AssocForeign *pOther = assocSyncKeys(p, pFor->zTable);
  assert(pFor->pTab == 0); /* The join table is missing */
  while (pOther == pFor || pOther->pTab || pOther->pSchema != pFor->pSchema) {
    pOther = pOther->pNextHere;
    assert(pOther); /* A belongsToMany has two keys */
  }
  return pOther;
}

/* Does pA stand before pB in the list? Both are of one table. */
static int isBefore(const AssocForeign *pA, const AssocForeign *pB) {
  for (; pA; pA = pA->pNextHere) {
    if (pA == pB) return 1;
  }
  return 0;
}

/* ---------------------------------------------------------------- indexes */

/* posts_user_id, or posts_user_id_2 if this name is taken. */
static const char *indexName(AssocSync *p, const AssocForeign *pFor) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const char *zBase;
  int i;
  assocStrAdd(pStr, pFor->zTable);
  for (i = 0; i < assocSyncColumns(pFor); i++) {
    sqlite3_str_appendf(pStr, "_%s", assocSyncColumnName(pFor, i));
  }
  zBase = assocArenaStr(p->pCall, &p->mem, pStr);
  return zBase ? assocDdlFreeName(p, pFor->pSchema, zBase) : "";
}

/* Is the key unique? Of a polymorphic key: together with its type. */
static int isUnique(AssocSync *p, const AssocForeign *pFor) {
  int n = assocSyncColumns(pFor), i, bUnique = 0;
  int *aCol;
  if (pFor->pPoly == 0) {
    (void)assocSyncIndexOn(p->pCall, pFor, &bUnique);
    return bUnique;
  }
  aCol = assocAlloc(p->pCall, &p->mem, (i64)sizeof(int) * n);
  if (aCol == 0) return 0;
  for (i = 0; i < n; i++) aCol[i] = assocSyncColumnAt(pFor, i);
  (void)assocTableIndexOn(p->pCall, pFor->pTab, n, aCol, &bUnique);
  return bUnique;
}

/* Does an index serve the key already? In a missing join table the primary key
** serves the key that is its first part. Views need no index. */
static int isIndexed(AssocSync *p, const AssocForeign *pFor) {
  int i, bUnique = 0;
  const char *z;
  if (pFor->pTab == 0) {
    const AssocForeign *pOther = otherSide(p, pFor);
    return isBefore(pFor, pOther) && !allowsDuplicates(pFor);
  }
  if (pFor->pTab->eType != ASSOC_TABLE) return 1;
  for (i = 0; i < assocSyncColumns(pFor); i++) {
    if (assocSyncColumnAt(pFor, i) < 0) return 0;
  }
  z = assocSyncIndexOn(p->pCall, pFor, &bUnique);
  return z && (pFor->eUnique != 1 || isUnique(p, pFor));
}

/* CREATE INDEX for one key, unless an index serves it. The key's own columns go
** before the type: loads look for an index that begins with the key alone. */
static void syncIndex(AssocSync *p, const AssocForeign *pFor) {
  const char *zName;
  int i;
  assert(assocSyncColumns(pFor) > 0);
  if (assocPairIndex(p, pFor) || isIndexed(p, pFor) ||
      p->pCall->rc != SQLITE_OK) {
    return;
  }
  zName = indexName(p, pFor);
  assocDdlBegin(p,
                pFor->eUnique == 1 ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
  assocDdlSchema(p->pStr, pFor->pSchema, pFor->zTable);
  assocDdlName(p->pStr, zName);
  sqlite3_str_appendall(p->pStr, " ON ");
  assocDdlName(p->pStr, pFor->zTable);
  for (i = 0; i < assocSyncColumns(pFor); i++) {
    sqlite3_str_appendall(p->pStr, i ? ", " : "(");
    assocDdlName(p->pStr, assocSyncColumnName(pFor, i));
    assocSyncCollation(p->pStr, pFor, i);
  }
  sqlite3_str_appendchar(p->pStr, 1, ')');
}

/* ------------------------------------------------------------------- all */

/* Is pFor the first key of its table? So each table is rebuilt once. */
static int isFirst(AssocSync *p, const AssocForeign *pFor) {
  const AssocForeign *pOther = assocSyncKeys(p, pFor->zTable);
  assert(pFor->pTab);
  while (pOther->pTab != pFor->pTab) pOther = pOther->pNextHere;
  return pOther == pFor;
}

/* The statements for one key: a rebuild of its table, or missing columns, or
** its join table. */
static void syncTable(AssocSync *p, AssocForeign *pFor) {
  AssocForeign *pOther;
  if (pFor->pTab && pFor->pTab->bPlanned) return; /* See table.c */
  if (pFor->pTab && !assocRebuildNeeded(p, pFor->pTab)) {
    syncColumns(p, pFor);
  } else if (pFor->pTab) {
    if (isFirst(p, pFor)) assocRebuildTable(p, pFor->pTab);
  } else {
    pOther = otherSide(p, pFor);
    if (isBefore(pFor, pOther)) createJoin(p, pFor, pOther);
  }
}

/* Close a text of statements with a semicolon. */
static char *finishText(AssocSync *p, sqlite3_str *pStr) {
  if (sqlite3_str_length(pStr)) sqlite3_str_appendchar(pStr, 1, ';');
  return assocStrFinish(p->pCall, pStr);
}

/* Two texts: one for tables and columns, and one for what needs them. */
void assocSyncStart(AssocSync *p) {
  p->pStr = sqlite3_str_new(p->pCall->db);
  p->pLate = sqlite3_str_new(p->pCall->db);
}

/* Either text may be empty. Both are OWNED by the caller, also after an
** error. */
void assocSyncFinish(AssocSync *p, char **pzTables, char **pzRest) {
  *pzTables = finishText(p, p->pStr);
  *pzRest = finishText(p, p->pLate);
}

/* Nothing runs here; the caller runs the text or only shows it. The tables come
** before the indexes, because an index may be on a column that another
** definition adds. */
void assocSyncText(AssocSync *p, AssocCatalog *pCat, char **pzTables,
                   char **pzRest) {
  AssocTriggers list;
  AssocForeign *pFor;
  assocSyncStart(p);
  assocTriggersInit(&list);
  p->pList = assocForeignList(p->pCall, pCat, &p->mem, 0, &p->tables);
  assocWantedTables(p, pCat);
  for (pFor = p->pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    syncTable(p, pFor);
  }
  assocWantedColumns(p, pCat);
  assocTimeColumns(p, pCat);
  assocCountColumns(p, pCat);
  assocDdlLate(p);
  for (pFor = p->pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    syncIndex(p, pFor);
  }
  assocGuardTriggers(p, &list);
  assocTimeTriggers(p, pCat, &list);
  assocCountTriggers(p, pCat, &list);
  assocTriggersMark(p, &list, pCat);
  assocCountFills(p, pCat, &list);
  assocGuardCreate(p, &list);
  assocDdlLate(p);
  assocSyncFinish(p, pzTables, pzRest);
}
