/*
** SQL text for DDL, as a person would write it: names without needless quotes,
** types, defaults and references.
**
**   ALTER TABLE Post ADD COLUMN UserId INTEGER REFERENCES User(id)
**     ON DELETE SET NULL ON UPDATE CASCADE
*/
#include "sync/sync.h"

/* ------------------------------------------------------------------ names */

/* Each name is quoted if it needs it, so that ordinary DDL stays easy to
** read. */
void assocDdlNames(sqlite3_str *pStr, const AssocKey *pKey) {
  int i;
  assert(pKey->nCol > 0);
  sqlite3_str_appendchar(pStr, 1, '(');
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(pStr, ", ");
    assocDdlName(pStr, pKey->azCol[i]);
  }
  sqlite3_str_appendchar(pStr, 1, ')');
}

/* Begin another statement. The caller appends its text; the next call adds the
** semicolon. */
void assocDdlBegin(AssocSync *p, const char *z) {
  sqlite3_str_appendf(p->pStr, "%s%s", sqlite3_str_length(p->pStr) ? ";\n" : "",
                      z);
}

/* Switch between the two texts: tables and columns come first, then indexes and
** triggers, which need them. Calling it again switches back. */
void assocDdlLate(AssocSync *p) {
  sqlite3_str *pStr = p->pStr;
  assert(pStr && p->pLate); /* assocSyncStart() opened both */
  p->pStr = p->pLate;
  p->pLate = pStr;
}

/* A name that a database has, or that the text gives to something in it. */
typedef struct SyncName SyncName;
struct SyncName {
  const char *z;   /* The name, in the arena of the run */
  SyncName *pNext; /* In the same bucket */
};

/* The names of a database: read once, since a large schema asks for many. */
struct AssocSyncNames {
  const AssocSchema *pSchema; /* The database */
  SyncName *apName[512];      /* A hash table, by the name without case */
  AssocSyncNames *pNext;      /* Those of the next database */
};

/* The bucket of a name. */
static SyncName **nameBucket(AssocSyncNames *p, const char *zName) {
  return &p->apName[assocNameHash(zName) % ASSOC_COUNT(p->apName)];
}

/* Remember a name that is in the arena. */
static void nameAdd(AssocSync *p, AssocSyncNames *pNames, const char *zName) {
  SyncName *pNew = assocAlloc(p->pCall, &p->mem, sizeof(*pNew));
  SyncName **ppBucket;
  if (pNew == 0) return;
  assert(zName); /* It was allocated before */
  ppBucket = nameBucket(pNames, zName);
  pNew->z = zName;
  pNew->pNext = *ppBucket;
  *ppBucket = pNew;
}

/* The names of the database; 0 after an error. */
static AssocSyncNames *namesOf(AssocSync *p, const AssocSchema *pSchema) {
  AssocSyncNames *pNames = p->pNames;
  sqlite3_stmt *pStmt;
  while (pNames && pNames->pSchema != pSchema) pNames = pNames->pNext;
  if (pNames) return pNames;
  pNames = assocAlloc(p->pCall, &p->mem, sizeof(*pNames));
  if (pNames == 0) return 0;
  pNames->pSchema = pSchema;
  pStmt = assocPrepare(p->pCall, "SELECT name FROM \"%w\".sqlite_schema",
                       pSchema->zName);
  while (assocStep(p->pCall, pStmt)) {
    const char *z = assocColumnText(p->pCall, pStmt, 0);
    nameAdd(p, pNames, assocArenaText(p->pCall, &p->mem, z, -1));
  }
  assocFinalize(p->pCall, pStmt);
  pNames->pNext = p->pNames;
  p->pNames = pNames;
  return p->pCall->rc == SQLITE_OK ? pNames : 0;
}

/* Is the name free, in the schema and among the names of the new text? */
static int nameIsFree(AssocSyncNames *pNames, const char *zName) {
  const SyncName *q = *nameBucket(pNames, zName);
  while (q && sqlite3_stricmp(q->z, zName) != 0) q = q->pNext;
  return q == 0;
}

/* The text uses the name up. */
const char *assocDdlFreeName(AssocSync *p, const AssocSchema *pSchema,
                             const char *zBase) {
  AssocSyncNames *pNames = namesOf(p, pSchema);
  const char *zName = zBase;
  int i;
  if (pNames == 0) return "";
  for (i = 2; !nameIsFree(pNames, zName); i++) {
    zName = assocArenaPrintf(p->pCall, &p->mem, "%s_%d", zBase, i);
    if (zName == 0) return "";
  }
  nameAdd(p, pNames, zName);
  return zName;
}

/* ------------------------------------------------------------------ types */

/* Can the type stand without quotes: DOUBLE PRECISION, DECIMAL(10, 5)? */
static int isPlainType(const char *z) {
  int n = assocDdlPlain(z);
  while (n > 0) {
    z += n;
    while (*z == ' ') z++;
    n = assocDdlPlain(z);
  }
  if (*z == 0) return 1;
  if (*z++ != '(') return 0;
  while (assocIsDigit(*z) || *z == ',' || *z == ' ') z++;
  return strcmp(z, ")") == 0;
}

/* A type for a STRICT table, which knows six types: the same if it is one of
** these, else the one with the same affinity. */
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

/* Is the table STRICT? PRAGMA table_list tells, since 3.37. */
static int isStrict(AssocSync *p, const AssocTable *pTab) {
  /* schema, name, type, ncol, wr, strict */
  sqlite3_stmt *pStmt =
      assocPrepare(p->pCall, "PRAGMA \"%w\".table_list(\"%w\")",
                   pTab->pSchema->zName, pTab->zName);
  int b = 0;
  while (assocStep(p->pCall, pStmt)) b |= sqlite3_column_int(pStmt, 5);
  assocFinalize(p->pCall, pStmt);
  return b;
}

/* Do the targets of a polymorphic key have keys of several affinities? Then the
** key's column gets no type, so that it stores each target's values
** unchanged. */
static int isMixed(const AssocForeign *pFor, int i) {
  const AssocRel *pRel = pFor->pPoly;
  u8 eAff = pFor->pParent->pTable->aCol[pFor->parentKey.aCol[i]].eAff;
  int j;
  assert(pRel == 0 || pRel->nBranch > 0);
  for (j = 0; pRel && j < pRel->nBranch; j++) {
    const AssocBranch *pBranch = &pRel->aBranch[j];
    assert(i < pBranch->key.nCol); /* All targets have keys of one width */
    if (pBranch->pModel->pTable->aCol[pBranch->key.aCol[i]].eAff != eAff) {
      return 1;
    }
  }
  return 0;
}

/*
** A foreign key gets the type and collation of the column that it references.
** With another affinity or collation, a join could not use the index of one of
** the two columns.
*/
void assocDdlType(AssocSync *p, const AssocForeign *pFor, int i) {
  const AssocTable *pParent = pFor->pParent->pTable;
  const AssocColumn *pCol = &pParent->aCol[pFor->parentKey.aCol[i]];
  const char *zType = pCol->zType;
  int bStrict = pFor->pTab && isStrict(p, pFor->pTab);
  assert(i >= 0 && i < pFor->key.nCol);
  if (isMixed(pFor, i)) {
    zType = bStrict ? "ANY" : "";
  } else if (bStrict) {
    zType = strictType(pCol);
  }
  if (zType[0]) {
    /* A quoted type may hold anything, and comes here without its quotes */
    sqlite3_str_appendf(p->pStr, isPlainType(zType) ? " %s" : " \"%w\"", zType);
  }
  if (pCol->zColl && pCol->eColl != ASSOC_COLL_BINARY) {
    sqlite3_str_appendall(p->pStr, " COLLATE ");
    assocDdlName(p->pStr, pCol->zColl);
  }
}

/* ---------------------------------------------------------------- defaults */

/* Numbers, and other scalars, are the same text in JSON and in SQL. */
void assocDdlValue(sqlite3_str *pStr, const AssocJson *p) {
  assert(p->eType < ASSOC_J_ARRAY);
  switch (p->eType) {
  case ASSOC_J_TEXT: sqlite3_str_appendf(pStr, "%Q", p->z); break;
  case ASSOC_J_TRUE: sqlite3_str_appendall(pStr, "1"); break;
  case ASSOC_J_FALSE: sqlite3_str_appendall(pStr, "0"); break;
  default: sqlite3_str_append(pStr, p->z, p->n);
  }
}

/* One value cannot be the default of several columns, so that is an error. */
void assocDdlDefault(AssocSync *p, const AssocForeign *pFor) {
  if (pFor->pDefault == 0) return;
  if (pFor->key.nCol > 1) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pFor->pRel->pSource->zLabel,
                 pFor->pRel->zName,
                 "%s.%s gives its foreign key a defaultValue, but the key has "
                 "several columns",
                 pFor->pRel->pSource->zLabel, pFor->pRel->zName);
  }
  sqlite3_str_appendall(p->pStr, " DEFAULT ");
  assocDdlValue(p->pStr, pFor->pDefault);
}

/* ------------------------------------------------------------- references */

/* SQLite cannot reference a table of another database, a view, or a rowid that
** has no column. */
int assocDdlCanReference(const AssocForeign *pFor) {
  const AssocTable *pParent = pFor->pParent->pTable;
  return pFor->bConstraint && pParent->eType == ASSOC_TABLE &&
         pParent->pSchema == pFor->pSchema &&
         pFor->parentKey.aCol[0] < pParent->nCol;
}

/* An error if the referenced columns have no UNIQUE index: SQLite would refuse
** every row with such a foreign key ("foreign key mismatch"). */
static void checkUnique(AssocSync *p, const AssocForeign *pFor) {
  AssocTable *pParent = pFor->pParent->pTable;
  int bUnique = 0;
  assert(pFor->parentKey.nCol == pFor->key.nCol);
  (void)assocTableIndexOn(p->pCall, pParent, pFor->parentKey.nCol,
                          pFor->parentKey.aCol, &bUnique);
  if (bUnique) return;
  assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pFor->pRel->pSource->zLabel,
               pFor->pRel->zName,
               "%s.%s cannot reference %s.%s, as %s.%s asks, because that is "
               "not unique; make a UNIQUE INDEX on it, or say "
               "\"constraints\":false",
               pFor->zTable, pFor->key.azCol[0], pParent->zName,
               pFor->parentKey.azCol[0], pFor->pRel->pSource->zLabel,
               pFor->pRel->zName);
}

/* A parent key must be the primary key or UNIQUE, or SQLite would refuse every
** later write to the child ("foreign key mismatch"). So checkUnique() raises an
** error first. */
void assocDdlReferences(AssocSync *p, const AssocForeign *pFor) {
  assert(assocDdlCanReference(pFor));
  checkUnique(p, pFor);
  sqlite3_str_appendall(p->pStr, "REFERENCES ");
  assocDdlName(p->pStr, pFor->pParent->pTable->zName);
  assocDdlNames(p->pStr, &pFor->parentKey);
  sqlite3_str_appendf(p->pStr, " ON DELETE %s ON UPDATE %s", pFor->zOnDelete,
                      pFor->zOnUpdate);
}
