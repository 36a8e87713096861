/*
** Making the definitions real in the schema.
**
**   SELECT assoc_sync();                      -- the DDL that was run
**   SELECT assoc_sync('{"dryRun":true}');     -- the DDL that would be run
**
** What is missing is added: columns of foreign keys, of the type of the key
** that they reference; join tables; an index for every foreign key, so that
** both directions of an association are found by one. The text is made from
** one reading of the schema and then run, all of it or nothing.
*/
#include "surface/surface.h"

typedef struct Syncer Syncer;
struct Syncer {
  AssocCall *pCall;
  AssocArena mem;
  AssocForeign *pList;
  sqlite3_str *pStr; /* The DDL so far */
  int nStatement;
  const char **azName; /* Names of indexes that it makes */
  int nName;
};

/* ------------------------------------------------------------------ names */

static int isPlainDigit(char c) {
  return c >= '0' && c <= '9';
}

/* Length of the word at z that needs no quotes, or 0. */
static int plainWord(const char *z) {
  int n = 0;
  while ((z[n] >= 'a' && z[n] <= 'z') || (z[n] >= 'A' && z[n] <= 'Z') ||
         isPlainDigit(z[n]) || z[n] == '_') {
    n++;
  }
  return isPlainDigit(z[0]) || sqlite3_keyword_check(z, n) ? 0 : n;
}

/* A name as one would write it: quoted only where it must be. */
static void ddlName(Syncer *p, const char *z) {
  int n = plainWord(z);
  sqlite3_str_appendf(p->pStr, n && z[n] == 0 ? "%s" : "\"%w\"", z);
}

/* Is it a type as one would write it: DOUBLE PRECISION, DECIMAL(10, 5)? */
static int isPlainType(const char *z) {
  int n = plainWord(z);
  while (n > 0) {
    z += n;
    while (*z == ' ') z++;
    n = plainWord(z);
  }
  if (*z == 0) return 1;
  if (*z++ != '(') return 0;
  while (isPlainDigit(*z) || *z == ',' || *z == ' ') z++;
  return strcmp(z, ")") == 0;
}

static void ddlNames(Syncer *p, const AssocKey *pKey) {
  int i;
  sqlite3_str_appendchar(p->pStr, 1, '(');
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(p->pStr, ", ");
    ddlName(p, pKey->azCol[i]);
  }
  sqlite3_str_appendchar(p->pStr, 1, ')');
}

/* Things in main go without a database. */
static void ddlSchema(Syncer *p, const AssocSchema *pSchema) {
  if (sqlite3_stricmp(pSchema->zName, "main") == 0) return;
  ddlName(p, pSchema->zName);
  sqlite3_str_appendchar(p->pStr, 1, '.');
}

static void ddlBegin(Syncer *p, const char *z) {
  sqlite3_str_appendf(p->pStr, "%s%s", p->nStatement++ ? ";\n" : "", z);
}

/* ---------------------------------------------------------------- columns */

/* STRICT tables know six types; others become the one of their affinity. */
static const char *strictType(const AssocColumn *pCol) {
  static const char *const az[] = {"INT",  "INTEGER", "REAL",
                                   "TEXT", "BLOB",    "ANY"};
  int i;
  for (i = 0; i < 6; i++) {
    if (sqlite3_stricmp(az[i], pCol->zType) == 0) return pCol->zType;
  }
  if (pCol->eAff == ASSOC_AFF_TEXT) return "TEXT";
  if (sqlite3_strlike("%INT%", pCol->zType, 0) == 0) return "INTEGER";
  return "ANY";
}

static int isStrict(Syncer *p, const AssocTable *pTab) {
  /* schema, name, type, ncol, wr, strict */
  sqlite3_stmt *pStmt =
      assocPrepare(p->pCall, "PRAGMA \"%w\".table_list(\"%w\")",
                   pTab->pSchema->zName, pTab->zName);
  int b = 0;
  while (assocStep(p->pCall, pStmt)) b |= sqlite3_column_int(pStmt, 5);
  assocFinalize(p->pCall, pStmt);
  return b;
}

/*
** The type and collation of the column that is referenced: a foreign key
** without a type could not use its index in a join.
*/
static void ddlType(Syncer *p, const AssocForeign *pFor, int i) {
  const AssocTable *pParent = pFor->pParent->pTable;
  const AssocColumn *pCol = &pParent->aCol[pFor->parentKey.aCol[i]];
  const char *zType = pCol->zType;
  if (pFor->pTab && isStrict(p, pFor->pTab)) zType = strictType(pCol);
  if (zType[0]) {
    /* A quoted type may hold anything, and comes here without its quotes */
    sqlite3_str_appendf(p->pStr, isPlainType(zType) ? " %s" : " \"%w\"", zType);
  }
  if (pCol->zColl && pCol->eColl != ASSOC_COLL_BINARY) {
    sqlite3_str_appendall(p->pStr, " COLLATE ");
    ddlName(p, pCol->zColl);
  }
}

/* Can there be a constraint? Not across databases, nor to a view, nor to a
** rowid that is no column. */
static int canReference(const AssocForeign *pFor) {
  const AssocTable *pParent = pFor->pParent->pTable;
  return pFor->bConstraint && pParent->eType == ASSOC_TABLE &&
         pParent->pSchema == pFor->pSchema &&
         pFor->parentKey.aCol[0] < pParent->nCol;
}

/* SQLite would refuse every row of a table whose foreign key references
** columns that are not unique. */
static void checkUnique(Syncer *p, const AssocForeign *pFor) {
  AssocTable *pParent = pFor->pParent->pTable;
  int bUnique = 0;
  (void)assocTableIndexOn(p->pCall, pParent, pFor->parentKey.nCol,
                          pFor->parentKey.aCol, &bUnique);
  if (bUnique) return;
  assocError(p->pCall,
             "%s.%s cannot reference %s.%s, as %s.%s asks, for that is not "
             "unique; make a UNIQUE INDEX on it, or say "
             "\"constraints\":false",
             pFor->zTable, pFor->key.azCol[0], pParent->zName,
             pFor->parentKey.azCol[0], pFor->pRel->pSource->zLabel,
             pFor->pRel->zName);
}

/* REFERENCES User(id) ON DELETE CASCADE ON UPDATE CASCADE */
static void ddlReferences(Syncer *p, const AssocForeign *pFor) {
  checkUnique(p, pFor);
  sqlite3_str_appendall(p->pStr, "REFERENCES ");
  ddlName(p, pFor->pParent->pTable->zName);
  ddlNames(p, &pFor->parentKey);
  sqlite3_str_appendf(p->pStr, " ON DELETE %s ON UPDATE %s", pFor->zOnDelete,
                      pFor->zOnUpdate);
}

/* ALTER TABLE Post ADD COLUMN UserId INTEGER REFERENCES … */
static void ddlColumn(Syncer *p, const AssocForeign *pFor, int i) {
  if (pFor->pTab->eType != ASSOC_TABLE) {
    assocError(p->pCall,
               "%s is a %s, so assoc_sync() cannot give it the "
               "column %s, which %s.%s needs",
               pFor->zTable,
               pFor->pTab->eType == ASSOC_VIEW ? "view" : "virtual table",
               pFor->key.azCol[i], pFor->pRel->pSource->zLabel,
               pFor->pRel->zName);
    return;
  }
  if (pFor->bNotNull && !pFor->bJoin) {
    assocError(p->pCall,
               "SQLite cannot add the column %s.%s as NOT NULL, which %s.%s "
               "asks for with \"allowNull\":false; add it by hand, or leave "
               "that option out",
               pFor->zTable, pFor->key.azCol[i], pFor->pRel->pSource->zLabel,
               pFor->pRel->zName);
    return;
  }
  ddlBegin(p, "ALTER TABLE ");
  ddlSchema(p, pFor->pSchema);
  ddlName(p, pFor->zTable);
  sqlite3_str_appendall(p->pStr, " ADD COLUMN ");
  ddlName(p, pFor->key.azCol[i]);
  ddlType(p, pFor, i);
  if (pFor->key.nCol == 1 && canReference(pFor)) {
    sqlite3_str_appendchar(p->pStr, 1, ' ');
    ddlReferences(p, pFor);
  }
}

static void syncColumns(Syncer *p, const AssocForeign *pFor) {
  const AssocForeign *pOther;
  int i, j;
  for (i = 0; pFor->pTab && i < pFor->key.nCol; i++) {
    int bAdded = 0;
    if (pFor->key.aCol[i] >= 0) continue;
    /* Another key over the same column may have added it */
    for (pOther = p->pList; pOther != pFor; pOther = pOther->pNext) {
      for (j = 0; pOther->pTab == pFor->pTab && j < pOther->key.nCol; j++) {
        bAdded |=
            sqlite3_stricmp(pOther->key.azCol[j], pFor->key.azCol[i]) == 0;
      }
    }
    if (!bAdded) ddlColumn(p, pFor, i);
  }
}

/* ------------------------------------------------------------ join tables */

/* What stands between the elements of a list. */
static void ddlNext(Syncer *p, int *pn, const char *zFirst, const char *zNext) {
  sqlite3_str_appendall(p->pStr, (*pn)++ ? zNext : zFirst);
}

static void joinColumns(Syncer *p, const AssocForeign *pFor, int *pn) {
  int i;
  for (i = 0; i < pFor->key.nCol; i++) {
    ddlNext(p, pn, "(\n  ", ",\n  ");
    ddlName(p, pFor->key.azCol[i]);
    ddlType(p, pFor, i);
    sqlite3_str_appendall(p->pStr, " NOT NULL");
    if (pFor->key.nCol == 1 && canReference(pFor)) {
      sqlite3_str_appendchar(p->pStr, 1, ' ');
      ddlReferences(p, pFor);
    }
  }
}

static void joinForeignKey(Syncer *p, const AssocForeign *pFor) {
  if (pFor->key.nCol == 1 || !canReference(pFor)) return;
  sqlite3_str_appendall(p->pStr, ",\n  FOREIGN KEY");
  ddlNames(p, &pFor->key);
  sqlite3_str_appendchar(p->pStr, 1, ' ');
  ddlReferences(p, pFor);
}

/* The first value of a condition on a column of the join row: [1,2]: 1. */
static const AssocJson *scopeValue(const AssocJson *p) {
  while (p->eType >= ASSOC_J_ARRAY && p->pChild) p = p->pChild;
  return p;
}

/* Does the scope say which value new rows get? Then it is never NULL. */
static int isFixed(const AssocJson *p) {
  return p->eType != ASSOC_J_NULL && p->eType < ASSOC_J_ARRAY;
}

static void scopeColumns(Syncer *p, const AssocForeign *pFor, int *pn) {
  int i;
  for (i = 0; i < pFor->nScope; i++) {
    const AssocJson *pVal = scopeValue(pFor->apScope[i]);
    ddlNext(p, pn, "(\n  ", ",\n  ");
    ddlName(p, pFor->apScope[i]->zKey);
    sqlite3_str_appendall(p->pStr, pVal->eType == ASSOC_J_TEXT   ? " TEXT"
                                   : pVal->eType == ASSOC_J_REAL ? " REAL"
                                                                 : " INTEGER");
    if (isFixed(pFor->apScope[i])) sqlite3_str_appendall(p->pStr, " NOT NULL");
  }
}

/* Both keys; and the columns of a scope, for the same pair may be linked
** under several of its values. */
static void joinKey(Syncer *p, const AssocForeign *pA, const AssocForeign *pB) {
  int i, n = 0;
  for (i = 0; i < pA->key.nCol; i++) {
    ddlNext(p, &n, ",\n  PRIMARY KEY (", ", ");
    ddlName(p, pA->key.azCol[i]);
  }
  for (i = 0; i < pB->key.nCol; i++) {
    ddlNext(p, &n, "", ", ");
    ddlName(p, pB->key.azCol[i]);
  }
  for (i = 0; i < pA->nScope; i++) {
    if (!isFixed(pA->apScope[i])) continue;
    ddlNext(p, &n, "", ", ");
    ddlName(p, pA->apScope[i]->zKey);
  }
  sqlite3_str_appendchar(p->pStr, 1, ')');
}

static int allowsDuplicates(const AssocForeign *pFor) {
  return pFor->eThroughUnique == 0;
}

/* Associations that name their keys differently, or have different targets,
** would need a column more, and no row could fill them all. */
static void checkTwoKeys(Syncer *p, const AssocForeign *pA,
                         const AssocForeign *pB) {
  const AssocForeign *pFor;
  for (pFor = p->pList; pFor; pFor = pFor->pNext) {
    if (pFor == pA || pFor == pB || pFor->pTab || !pFor->bJoin ||
        pFor->pSchema != pA->pSchema ||
        sqlite3_stricmp(pFor->zTable, pA->zTable) != 0) {
      continue;
    }
    assocError(p->pCall,
               "the join table %s has two foreign keys, %s and %s, but %s.%s "
               "asks for a third, %s; give it a table of its own, or name the "
               "keys with foreignKey and otherKey",
               pA->zTable, pA->key.azCol[0], pB->key.azCol[0],
               pFor->pRel->pSource->zLabel, pFor->pRel->zName,
               pFor->key.azCol[0]);
  }
}

/*
** As Sequelize makes it: both keys are the primary key. WITHOUT ROWID the
** table is that index, and the index for the other direction covers it.
*/
static void createJoin(Syncer *p, const AssocForeign *pA,
                       const AssocForeign *pB) {
  int bTwice = allowsDuplicates(pA), n = 0;
  checkTwoKeys(p, pA, pB);
  ddlBegin(p, "CREATE TABLE ");
  ddlSchema(p, pA->pSchema);
  ddlName(p, pA->zTable);
  if (bTwice) {
    ddlNext(p, &n, "(\n  ", "");
    sqlite3_str_appendall(p->pStr, "id INTEGER PRIMARY KEY");
  }
  joinColumns(p, pA, &n);
  joinColumns(p, pB, &n);
  scopeColumns(p, pA, &n);
  if (!bTwice) joinKey(p, pA, pB);
  joinForeignKey(p, pA);
  joinForeignKey(p, pB);
  sqlite3_str_appendall(p->pStr, bTwice ? "\n)" : "\n) WITHOUT ROWID");
}

/* The other key of a join table that is to be made. */
static AssocForeign *otherSide(Syncer *p, const AssocForeign *pFor) {
  AssocForeign *pOther;
  for (pOther = p->pList; pOther; pOther = pOther->pNext) {
    if (pOther != pFor && pOther->pTab == 0 && pOther->bJoin &&
        pOther->pSchema == pFor->pSchema &&
        sqlite3_stricmp(pOther->zTable, pFor->zTable) == 0) {
      return pOther;
    }
  }
  return 0;
}

static int isBefore(const AssocForeign *pA, const AssocForeign *pB) {
  for (; pA; pA = pA->pNext) {
    if (pA == pB) return 1;
  }
  return 0;
}

/* ---------------------------------------------------------------- indexes */

/* Is the name free, in the schema and in what is being made? */
static int nameIsFree(Syncer *p, const AssocSchema *pSchema,
                      const char *zName) {
  sqlite3_stmt *pStmt = assocPrepare(p->pCall,
                                     "SELECT 1 FROM \"%w\".sqlite_schema"
                                     " WHERE name=%Q COLLATE nocase",
                                     pSchema->zName, zName);
  int i, b = assocStep(p->pCall, pStmt);
  assocFinalize(p->pCall, pStmt);
  for (i = 0; i < p->nName; i++) {
    b |= sqlite3_stricmp(p->azName[i], zName) == 0;
  }
  return !b;
}

/* posts_user_id, or posts_user_id_2 if that is taken. */
static const char *indexName(Syncer *p, const AssocForeign *pFor) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const char *zBase, *zName;
  const char **az;
  int i;
  sqlite3_str_appendall(pStr, pFor->zTable);
  for (i = 0; i < pFor->key.nCol; i++) {
    sqlite3_str_appendf(pStr, "_%s", pFor->key.azCol[i]);
  }
  zBase = zName = assocArenaStr(p->pCall, &p->mem, pStr);
  for (i = 2; zName && !nameIsFree(p, pFor->pSchema, zName); i++) {
    zName = assocArenaPrintf(p->pCall, &p->mem, "%s_%d", zBase, i);
  }
  az = assocAlloc(p->pCall, &p->mem, (i64)sizeof(char *) * (p->nName + 1));
  if (az == 0 || zName == 0) return "";
  if (p->nName) memcpy(az, p->azName, sizeof(char *) * (size_t)p->nName);
  az[p->nName++] = zName;
  p->azName = az;
  return zName;
}

/* Does an index of the table, or the key of a join table that is being made,
** serve already? */
static int isIndexed(Syncer *p, const AssocForeign *pFor) {
  int i, bUnique = 0;
  const char *z;
  if (pFor->pTab == 0) {
    const AssocForeign *pOther = otherSide(p, pFor);
    return pOther && isBefore(pFor, pOther) && !allowsDuplicates(pFor);
  }
  if (pFor->pTab->eType != ASSOC_TABLE) return 1;
  for (i = 0; i < pFor->key.nCol; i++) {
    if (pFor->key.aCol[i] < 0) return 0;
  }
  z = assocTableIndexOn(p->pCall, pFor->pTab, pFor->key.nCol, pFor->key.aCol,
                        &bUnique);
  return z && (bUnique || pFor->eUnique != 1);
}

static void syncIndex(Syncer *p, const AssocForeign *pFor) {
  const char *zName;
  if (isIndexed(p, pFor) || p->pCall->rc != SQLITE_OK) return;
  zName = indexName(p, pFor);
  ddlBegin(p, pFor->eUnique == 1 ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
  ddlSchema(p, pFor->pSchema);
  ddlName(p, zName);
  sqlite3_str_appendall(p->pStr, " ON ");
  ddlName(p, pFor->zTable);
  ddlNames(p, &pFor->key);
}

/* ------------------------------------------------------------------- sync */

/* Statements in the order in which they can run. OUT: freed with
** sqlite3_free(). */
static char *syncText(Syncer *p, AssocCatalog *pCat) {
  AssocForeign *pFor;
  char *z;
  p->pStr = sqlite3_str_new(p->pCall->db);
  p->pList = assocForeignList(p->pCall, pCat, &p->mem, 0);
  for (pFor = p->pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    AssocForeign *pOther;
    if (pFor->pTab) {
      syncColumns(p, pFor);
      continue;
    }
    pOther = otherSide(p, pFor);
    if (pOther && isBefore(pFor, pOther)) createJoin(p, pFor, pOther);
  }
  for (pFor = p->pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    syncIndex(p, pFor);
  }
  if (p->nStatement) sqlite3_str_appendchar(p->pStr, 1, ';');
  z = assocStrFinish(p->pCall, p->pStr);
  return z;
}

void assocSyncCheck(AssocCall *pCall, AssocRel *pRel) {
  AssocArena mem;
  memset(&mem, 0, sizeof(mem));
  (void)assocForeignList(pCall, pRel->pSource->pTable->pSchema->pCatalog, &mem,
                         pRel);
  assocArenaFree(&mem);
}

static int dryRun(AssocCall *pCall, const char *zOptions) {
  AssocArena mem;
  AssocJson *pJson, *p;
  int bDry = 0;
  if (zOptions == 0) return 0;
  memset(&mem, 0, sizeof(mem));
  pJson = assocJsonRead(pCall, &mem, zOptions, -1, "the options");
  if (pJson && pJson->eType != ASSOC_J_OBJECT) {
    assocError(pCall, "the options must be a JSON object, not %s",
               assocJsonTypeName(pJson));
  }
  for (p = pJson ? pJson->pChild : 0; p && p->zKey; p = p->pNext) {
    if (strcmp(p->zKey, "dryRun") == 0) {
      bDry = p->eType == ASSOC_J_TRUE;
      if (!bDry && p->eType != ASSOC_J_FALSE) {
        assocError(pCall, "the option dryRun must be true or false, not %s",
                   assocJsonTypeName(p));
      }
    } else {
      assocError(pCall, "there is no option \"%s\"; assoc_sync() has dryRun",
                 p->zKey);
    }
  }
  assocArenaFree(&mem);
  return bDry;
}

/* assoc_sync([options]): the DDL that was run; '' where nothing is missing */
static void syncFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  const char *zOptions = nArg ? assocArgTextOrNull(pCall, ap[0]) : 0;
  int bDry = dryRun(pCall, zOptions);
  AssocCatalog *pCat;
  AssocWrite w;
  Syncer s;
  char *z = 0;
  memset(&s, 0, sizeof(s));
  s.pCall = pCall;
  if (pCall->rc != SQLITE_OK) return;
  if (!bDry) assocWriteBegin(pCall, &w, "assoc_sync");
  pCat = assocCatalogEnter(pCall);
  if (pCat) z = syncText(&s, pCat);
  assocCatalogLeave(pCall, pCat);
  if (!bDry) {
    if (s.nStatement) assocExec(pCall, "%s", z);
    assocWriteEnd(pCall, &w);
  }
  assocArenaFree(&s.mem);
  if (pCall->rc == SQLITE_OK) {
    sqlite3_result_text(pCtx, z, -1, sqlite3_free);
  } else {
    sqlite3_free(z);
  }
}

const AssocFunction aAssocSyncFunction[] = {
    {"assoc_sync", 0, 1, ASSOC_WRITER, syncFunc, "[options]"},
    {0, 0, 0, 0, 0, 0}};
