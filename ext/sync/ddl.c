/*
** Names, types and references as one would write them by hand:
**
**   ALTER TABLE Post ADD COLUMN UserId INTEGER REFERENCES User(id)
**     ON DELETE SET NULL ON UPDATE CASCADE
*/
#include "sync/sync.h"

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

void assocDdlName(sqlite3_str *pStr, const char *z) {
  int n = plainWord(z);
  sqlite3_str_appendf(pStr, n && z[n] == 0 ? "%s" : "\"%w\"", z);
}

void assocDdlNames(sqlite3_str *pStr, const AssocKey *pKey) {
  int i;
  sqlite3_str_appendchar(pStr, 1, '(');
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(pStr, ", ");
    assocDdlName(pStr, pKey->azCol[i]);
  }
  sqlite3_str_appendchar(pStr, 1, ')');
}

void assocDdlSchema(sqlite3_str *pStr, const AssocSchema *pSchema) {
  if (sqlite3_stricmp(pSchema->zName, "main") == 0) return;
  assocDdlName(pStr, pSchema->zName);
  sqlite3_str_appendchar(pStr, 1, '.');
}

void assocDdlBegin(AssocSync *p, const char *z) {
  sqlite3_str_appendf(p->pStr, "%s%s", sqlite3_str_length(p->pStr) ? ";\n" : "",
                      z);
}

void assocDdlLate(AssocSync *p) {
  sqlite3_str *pStr = p->pStr;
  p->pStr = p->pLate;
  p->pLate = pStr;
}

/* Is the name free, in the schema and in what is being made? */
static int nameIsFree(AssocSync *p, const AssocSchema *pSchema,
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

const char *assocDdlFreeName(AssocSync *p, const AssocSchema *pSchema,
                             const char *zBase) {
  const char *zName = zBase;
  const char **az;
  int i;
  for (i = 2; zName && !nameIsFree(p, pSchema, zName); i++) {
    zName = assocArenaPrintf(p->pCall, &p->mem, "%s_%d", zBase, i);
  }
  az = assocAlloc(p->pCall, &p->mem, (i64)sizeof(char *) * (p->nName + 1));
  if (az == 0 || zName == 0) return "";
  if (p->nName) memcpy(az, p->azName, sizeof(char *) * (size_t)p->nName);
  az[p->nName++] = zName;
  p->azName = az;
  return zName;
}

/* ------------------------------------------------------------------ types */

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

/* Do the targets of a polymorphic key have keys of several kinds? Then its
** column has none, so that it takes the values of each as they are. */
static int isMixed(const AssocForeign *pFor, int i) {
  const AssocRel *pRel = pFor->pPoly;
  u8 eAff = pFor->pParent->pTable->aCol[pFor->parentKey.aCol[i]].eAff;
  int j;
  for (j = 0; pRel && j < pRel->nBranch; j++) {
    const AssocBranch *pBranch = &pRel->aBranch[j];
    if (pBranch->pModel->pTable->aCol[pBranch->key.aCol[i]].eAff != eAff) {
      return 1;
    }
  }
  return 0;
}

/*
** The type and collation of the column that is referenced: a foreign key
** without a type could not use its index in a join.
*/
void assocDdlType(AssocSync *p, const AssocForeign *pFor, int i) {
  const AssocTable *pParent = pFor->pParent->pTable;
  const AssocColumn *pCol = &pParent->aCol[pFor->parentKey.aCol[i]];
  const char *zType = pCol->zType;
  int bStrict = pFor->pTab && isStrict(p, pFor->pTab);
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

void assocDdlValue(sqlite3_str *pStr, const AssocJson *p) {
  switch (p->eType) {
  case ASSOC_J_TEXT: sqlite3_str_appendf(pStr, "%Q", p->z); break;
  case ASSOC_J_TRUE: sqlite3_str_appendall(pStr, "1"); break;
  case ASSOC_J_FALSE: sqlite3_str_appendall(pStr, "0"); break;
  default: sqlite3_str_append(pStr, p->z, p->n);
  }
}

void assocDdlDefault(AssocSync *p, const AssocForeign *pFor) {
  if (pFor->pDefault == 0) return;
  if (pFor->key.nCol > 1) {
    assocError(p->pCall,
               "%s.%s gives its foreign key a defaultValue, but that has "
               "several columns",
               pFor->pRel->pSource->zLabel, pFor->pRel->zName);
  }
  sqlite3_str_appendall(p->pStr, " DEFAULT ");
  assocDdlValue(p->pStr, pFor->pDefault);
}

/* ------------------------------------------------------------- references */

/* Not across databases, nor to a view, nor to a rowid that is no column. */
int assocDdlCanReference(const AssocForeign *pFor) {
  const AssocTable *pParent = pFor->pParent->pTable;
  return pFor->bConstraint && pParent->eType == ASSOC_TABLE &&
         pParent->pSchema == pFor->pSchema &&
         pFor->parentKey.aCol[0] < pParent->nCol;
}

/* SQLite would refuse every row of a table whose foreign key references
** columns that are not unique. */
static void checkUnique(AssocSync *p, const AssocForeign *pFor) {
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

void assocDdlReferences(AssocSync *p, const AssocForeign *pFor) {
  checkUnique(p, pFor);
  sqlite3_str_appendall(p->pStr, "REFERENCES ");
  assocDdlName(p->pStr, pFor->pParent->pTable->zName);
  assocDdlNames(p->pStr, &pFor->parentKey);
  sqlite3_str_appendf(p->pStr, " ON DELETE %s ON UPDATE %s", pFor->zOnDelete,
                      pFor->zOnUpdate);
}
