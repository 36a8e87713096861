/*
** Tables as SQLite describes them: columns, keys, foreign keys, indexes.
**
**   PRAGMA "main".table_xinfo("users")    columns, types, primary key
**
** PRAGMA statements are used in their plain form. A user may have a table named
** pragma_table_xinfo, which would hide the table-valued function.
*/
#include "model/model.h"

/* --------------------------------------------------------------- columns */

int assocTypeHas(const char *z, const char *zPart) {
  int n = (int)strlen(zPart);
  for (; *z; z++) {
    if (sqlite3_strnicmp(z, zPart, n) == 0) return 1;
  }
  return 0;
}

/*
** The affinity of a declared type (datatype3.html, 3.1), as far as it makes a
** difference in comparisons. INTEGER, REAL and NUMERIC behave alike.
*/
static u8 affinityOf(const char *zType) {
  if (assocTypeHas(zType, "INT")) return ASSOC_AFF_NUMERIC;
  if (assocTypeHas(zType, "CHAR") || assocTypeHas(zType, "CLOB") ||
      assocTypeHas(zType, "TEXT")) {
    return ASSOC_AFF_TEXT;
  }
  if (zType[0] == 0 || assocTypeHas(zType, "BLOB")) return ASSOC_AFF_NONE;
  return ASSOC_AFF_NUMERIC;
}

/* How JSON writes a column of this type: ASSOC_JSON_*. */
static u8 jsonOf(const char *zType) {
  if (sqlite3_stricmp(zType, "JSON") == 0) return ASSOC_JSON_RAW;
  if (sqlite3_stricmp(zType, "BOOLEAN") == 0 ||
      sqlite3_stricmp(zType, "BOOL") == 0) {
    return ASSOC_JSON_BOOL;
  }
  return ASSOC_JSON_PLAIN;
}

/* The number of a collation: ASSOC_COLL_*. */
static u8 collationOf(const char *zColl) {
  if (zColl == 0) return ASSOC_COLL_OTHER;
  if (sqlite3_stricmp(zColl, "BINARY") == 0) return ASSOC_COLL_BINARY;
  if (sqlite3_stricmp(zColl, "NOCASE") == 0) return ASSOC_COLL_NOCASE;
  if (sqlite3_stricmp(zColl, "RTRIM") == 0) return ASSOC_COLL_RTRIM;
  return ASSOC_COLL_OTHER;
}

/* Keep the name of a column's collation; 0: it is not known. */
static void keepCollation(AssocCall *pCall, AssocTable *pTab, AssocColumn *pCol,
                          const char *zColl, int n) {
  pCol->zColl = assocArenaText(pCall, &pTab->pSchema->pFacts->mem, zColl, n);
  pCol->eColl = collationOf(pCol->zColl);
}

/* Read the collation of a column of a table. */
static void loadCollation(AssocCall *pCall, AssocTable *pTab,
                          AssocColumn *pCol) {
  const char *zColl = 0;
  if (pCall->rc != SQLITE_OK) return;
  assocErrorCode(pCall, sqlite3_table_column_metadata(
                            pCall->db, pTab->pSchema->zName, pTab->zName,
                            pCol->zName, 0, &zColl, 0, 0, 0));
  keepCollation(pCall, pTab, pCol, zColl, -1);
}

/*
** SQLite does not tell the collations of a view. But each comparison of the
** program that EXPLAIN shows has one, and the last ones before the row are these:
**
**   SELECT x."id"=?1,x."name"=?1 FROM (SELECT * FROM "main"."v" LIMIT 1) x LIMIT 1
**
** The two limits keep the view apart from the comparisons.
*/
static sqlite3_stmt *viewProgram(AssocCall *pCall, const AssocTable *pTab) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    sqlite3_str_appendf(pStr, "%sx.\"%w\"=?1", i ? "," : "EXPLAIN SELECT ",
                        pTab->aCol[i].zName);
  }
  sqlite3_str_appendf(pStr,
                      " FROM (SELECT * FROM \"%w\".\"%w\" LIMIT 1) x"
                      " LIMIT 1",
                      pTab->pSchema->zName, pTab->zName);
  return assocPrepareText(pCall, assocStrFinish(pCall, pStr));
}

/* Go on to the next comparison of a program. False where its row is given. */
static int nextComparison(AssocCall *pCall, sqlite3_stmt *pStmt) {
  while (assocStep(pCall, pStmt)) {
    const char *z = assocColumnText(pCall, pStmt, 1);
    if (strcmp(z, "Eq") == 0 || strcmp(z, "Ne") == 0) return 1;
    if (strcmp(z, "ResultRow") == 0) return 0;
  }
  return 0;
}

/* Keep the collation of a comparison: "NOCASE-8", or nothing where numbers are
** compared. Of a long name EXPLAIN shows the first bytes, so it is not known. */
#define COLLATION_SHOWN 18
static void viewCollation(AssocCall *pCall, AssocTable *pTab, AssocColumn *pCol,
                          const char *z) {
  const char *zDash = strrchr(z, '-');
  if (zDash == 0) {
    keepCollation(pCall, pTab, pCol, "BINARY", -1);
  } else if (zDash - z < COLLATION_SHOWN) {
    keepCollation(pCall, pTab, pCol, z, (int)(zDash - z));
  }
}

/* Read the collations of a view. They stay unknown if SQLite refuses to read it,
** which is an error where it is read, and are asked for again in the next catalog:
** an authorizer may allow it then. The view may call related(), which would ask
** for this view to estimate its rows. */
static void loadView(AssocCall *pCall, AssocTable *pTab) {
  AssocCall ask;
  sqlite3_stmt *pStmt;
  int i, n = 0, rc;
  for (i = 0; i < pTab->nCol; i++) pTab->aCol[i].eColl = ASSOC_COLL_OTHER;
  assocTryBegin(&ask, pCall);
  pCall->pConn->nPlansView++;
  pStmt = viewProgram(&ask, pTab);
  while (nextComparison(&ask, pStmt)) n++;
  sqlite3_reset(pStmt);
  for (i = pTab->nCol - n; i < pTab->nCol && nextComparison(&ask, pStmt); i++) {
    if (i < 0) continue;
    viewCollation(&ask, pTab, &pTab->aCol[i], assocColumnText(&ask, pStmt, 5));
  }
  assocFinalize(&ask, pStmt);
  pCall->pConn->nPlansView--;
  rc = ask.rc & 0xff;
  pTab->bRefused =
      (u8)assocTryEndAs(&ask, pCall, rc == SQLITE_AUTH ? rc : SQLITE_ERROR, 0);
}

/* Read one row of PRAGMA table_xinfo: cid, name, type, notnull, dflt_value, pk,
** hidden (1: hidden; 2, 3: generated). */
static void loadColumn(AssocCall *pCall, AssocTable *pTab, sqlite3_stmt *pStmt,
                       AssocColumn *pCol) {
  AssocArena *pArena = &pTab->pSchema->pFacts->mem;
  const char *zDefault = assocColumnText(pCall, pStmt, 4);
  int eHidden = sqlite3_column_int(pStmt, 6);
  pCol->zName =
      assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 1), -1);
  pCol->zType =
      assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 2), -1);
  if (pCol->zType == 0) return; /* Also if there is no name */
  pCol->eAff = affinityOf(pCol->zType);
  pCol->eJson = jsonOf(pCol->zType);
  pCol->bNotNull = sqlite3_column_int(pStmt, 3) != 0;
  pCol->bDefault = sqlite3_column_type(pStmt, 4) != SQLITE_NULL;
  pCol->bNow = sqlite3_stricmp(zDefault, "CURRENT_TIMESTAMP") == 0 ||
               sqlite3_stricmp(zDefault, "datetime('now')") == 0;
  pCol->iPk = sqlite3_column_int(pStmt, 5);
  pCol->bHidden = eHidden == 1;
  pCol->bGenerated = eHidden > 1;
}

/* The array a of n elements, with room for two more; after an error as it is.
** The PRAGMAs are run once, as to run one costs more than a longer array. */
static void *moreRoom(AssocCall *pCall, AssocArena *pArena, void *a, int n,
                      size_t nByte) {
  void *aNew;
  if (n & (n - 1)) return a;
  aNew = assocAlloc(pCall, pArena, (i64)nByte * (2 * n + 2));
  if (aNew == 0) return a;
  if (n) memcpy(aNew, a, nByte * (size_t)n);
  return aNew;
}

/* In a STRICT table the type ANY has no affinity. */
static void strictAny(AssocCall *pCall, AssocTable *pTab) {
  sqlite3_stmt *pStmt = 0;
  int i, bStrict = 0;
  for (i = 0; i < pTab->nCol; i++) {
    if (sqlite3_stricmp(pTab->aCol[i].zType, "ANY") == 0) break;
  }
  if (i == pTab->nCol) return;
  /* Columns: schema, name, type, ncol, wr, strict */
  pStmt = assocPrepare(pCall, "PRAGMA \"%w\".table_list(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(pCall, pStmt)) {
    if (sqlite3_column_int(pStmt, 5)) bStrict = 1;
  }
  assocFinalize(pCall, pStmt);
  for (; bStrict && i < pTab->nCol; i++) {
    if (sqlite3_stricmp(pTab->aCol[i].zType, "ANY") == 0) {
      pTab->aCol[i].eAff = ASSOC_AFF_NONE;
    }
  }
}

/* Read the columns, and leave room for the rowid behind them. */
static void loadColumns(AssocCall *pCall, AssocTable *pTab) {
  AssocArena *pArena = &pTab->pSchema->pFacts->mem;
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA \"%w\".table_xinfo(\"%w\")",
                                     pTab->pSchema->zName, pTab->zName);
  int i;
  while (assocStep(pCall, pStmt)) {
    pTab->aCol =
        moreRoom(pCall, pArena, pTab->aCol, pTab->nCol, sizeof(*pTab->aCol));
    if (pCall->rc != SQLITE_OK) break;
    loadColumn(pCall, pTab, pStmt, &pTab->aCol[pTab->nCol]);
    pTab->nCol++;
  }
  assocFinalize(pCall, pStmt);
  if (pTab->aCol == 0) pTab->nCol = 0; /* There was no memory for more */
  if (pTab->nCol == 0)
    assocErrorCode(pCall, SQLITE_AUTH); /* An authorizer ignored the PRAGMA */
  if (pCall->rc != SQLITE_OK) return;   /* There may be no columns then */
  strictAny(pCall, pTab);
  if (pTab->eType == ASSOC_VIEW) {
    loadView(pCall, pTab);
    return;
  }
  for (i = 0; i < pTab->nCol; i++) {
    loadCollation(pCall, pTab, &pTab->aCol[i]);
  }
}

/* ------------------------------------------------------------------- key */

static const char *const azRowid[] = {"rowid", "_rowid_", "oid"};

/* The number of a declared column by name, or -1. */
static int declaredFind(const AssocTable *pTab, const char *zName) {
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    if (sqlite3_stricmp(pTab->aCol[i].zName, zName) == 0) return i;
  }
  return -1;
}

/*
** The column that aliases the rowid, or -1. INTEGER PRIMARY KEY aliases the
** rowid, except when declared DESC: then the primary key has an index.
*/
static int integerKey(AssocCall *pCall, AssocTable *pTab) {
  sqlite3_stmt *pStmt;
  int i, n = 0, iCol = -1;
  for (i = 0; i < pTab->nCol; i++) {
    if (pTab->aCol[i].iPk == 0) continue;
    n++;
    if (sqlite3_stricmp(pTab->aCol[i].zType, "INTEGER") == 0) iCol = i;
  }
  if (n != 1 || iCol < 0 || pTab->eType != ASSOC_TABLE) return -1;
  /* Columns: seq, name, unique, origin, partial */
  pStmt = assocPrepare(pCall, "PRAGMA \"%w\".index_list(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(pCall, pStmt)) {
    if (assocColumnText(pCall, pStmt, 3)[0] == 'p') iCol = -1;
  }
  assocFinalize(pCall, pStmt);
  return iCol;
}

/*
** Does the table have a rowid, and under which name? For a WITHOUT ROWID table
** SQLite has no metadata of it. A column may hide one of the three names.
*/
static void loadRowid(AssocCall *pCall, AssocTable *pTab) {
  AssocColumn *pCol = &pTab->aCol[pTab->nCol];
  int i, rc;
  assert(pTab->aCol);
  pTab->iRowid = -1;
  if (pTab->eType == ASSOC_VIEW) return;
  for (i = 0; i < 3 && declaredFind(pTab, azRowid[i]) >= 0; i++) {
  }
  if (i == 3) return;
  rc = sqlite3_table_column_metadata(pCall->db, pTab->pSchema->zName,
                                     pTab->zName, azRowid[i], 0, 0, 0, 0, 0);
  if (rc == SQLITE_NOMEM) assocErrorCode(pCall, rc);
  if (rc != SQLITE_OK) return;
  pTab->bRowid = 1;
  pTab->iRowid = pTab->nCol;
  pCol->zName = azRowid[i];
  pCol->zType = "INTEGER";
  pCol->zColl = "BINARY";
  pCol->eAff = ASSOC_AFF_NUMERIC;
  pCol->bNotNull = 1;
  pCol->bHidden = 1;
  i = integerKey(pCall, pTab);
  if (i >= 0) pTab->iRowid = i;
}

/* Set the key: the declared primary key, else the rowid. */
static void loadKey(AssocCall *pCall, AssocTable *pTab) {
  int i, n = 0;
  assert(pTab->nKey == 0);
  for (i = 0; i < pTab->nCol; i++) n += pTab->aCol[i].iPk > 0;
  pTab->aKey = assocAlloc(pCall, &pTab->pSchema->pFacts->mem,
                          (i64)sizeof(int) * (n + 1));
  if (pTab->aKey == 0) return;
  pTab->nKey = n;
  for (i = 0; i < pTab->nCol; i++) {
    int iPk = pTab->aCol[i].iPk;
    if (iPk > 0 && ASSOC_ALWAYS(iPk <= n)) pTab->aKey[iPk - 1] = i;
  }
  if (n == 0 && pTab->iRowid >= 0) {
    pTab->nKey = 1;
    pTab->aKey[0] = pTab->iRowid;
  }
}

/* Is it feed_doc or feed_mark, of a live document feed? */
static int isOfLive(AssocCall *pCall, const AssocSchema *pSchema,
                    const char *zTable) {
  static const char *const az[] = {"_doc", "_mark"};
  int i, n = (int)strlen(zTable), bIs = 0;
  if (assocSchemaIndex(pSchema, ASSOC_LIVE_STORE) < 0) return 0;
  for (i = 0; i < ASSOC_COUNT(az) && !bIs; i++) {
    int nEnd = (int)strlen(az[i]);
    sqlite3_stmt *pStmt;
    if (n <= nEnd || sqlite3_stricmp(&zTable[n - nEnd], az[i]) != 0) {
      continue;
    }
    pStmt = assocPrepare(pCall,
                         "SELECT 1 FROM \"%w\"." ASSOC_LIVE_STORE
                         " WHERE name=substr(?1,1,%d)",
                         pSchema->zName, n - nEnd);
    assocBindText(pCall, pStmt, 1, zTable);
    bIs = assocStep(pCall, pStmt);
    assocFinalize(pCall, pStmt);
  }
  return bIs;
}

int assocSchemaIsOurs(AssocCall *pCall, const AssocSchema *pSchema,
                      const char *zTable) {
  static const char *const az[] = {"assoc_definitions", "assoc_token",
                                   "assoc_recount", ASSOC_LIVE_STORE};
  int i, bIs = sqlite3_strnicmp(zTable, ASSOC_LIVE_LOG,
                                (int)strlen(ASSOC_LIVE_LOG)) == 0;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    bIs |= sqlite3_stricmp(zTable, az[i]) == 0;
  }
  return bIs || isOfLive(pCall, pSchema, zTable);
}

int assocTableIsOurs(AssocCall *pCall, const AssocTable *pTab) {
  int bIs;
  if (pTab->eOurs) return pTab->eOurs == 2;
  bIs = assocSchemaIsOurs(pCall, pTab->pSchema, pTab->zName);
  if (pCall->rc == SQLITE_OK) ((AssocTable *)pTab)->eOurs = bIs ? 2 : 1;
  return bIs;
}

/* rowid, oid and _rowid_ name the rowid unless a column has the name. */
int assocColumnFind(const AssocTable *pTab, const char *zName) {
  int i = declaredFind(pTab, zName);
  if (i < 0 && pTab->iRowid >= 0) {
    int j;
    for (j = 0; j < 3; j++) {
      if (sqlite3_stricmp(azRowid[j], zName) == 0) return pTab->iRowid;
    }
  }
  return i;
}

/* -1 if the key is more than one plain column of this table. */
int assocKeyColumn(const AssocTable *pTab, const ShapeKey *pKey) {
  const ShapeName *pName = pKey->pPath;
  if (pName == 0 || pName->pNext || pKey->pAgg || pKey->bAt) return -1;
  return assocColumnFind(pTab, pName->z);
}

/* ----------------------------------------------------------------- table */

/* aEntry is sorted without regard to case, so this is a binary search. -1: no
** such table or view. */
int assocSchemaIndex(const AssocSchema *pSchema, const char *zTable) {
  int iLo = 0, iHi = pSchema->nEntry - 1;
  while (iLo <= iHi) {
    int iMid = (iLo + iHi) / 2;
    int c = sqlite3_stricmp(zTable, pSchema->aEntry[iMid].zName);
    if (c == 0) return iMid;
    if (c < 0) {
      iHi = iMid - 1;
    } else {
      iLo = iMid + 1;
    }
  }
  return -1;
}

/* Has temp a table of this name, or, for 0, one whose name a table of the database
** has? Both have our own tables where both have definitions: they do not count. */
static int isHidden(const AssocSchema *pSchema, const char *zName) {
  const AssocSchema *pTemp = pSchema;
  int i;
  while (pTemp->pNext) pTemp = pTemp->pNext;
  if (zName) return assocSchemaIndex(pTemp, zName) >= 0;
  for (i = 0; i < pTemp->nEntry; i++) {
    const char *z = pTemp->aEntry[i].zName;
    if (sqlite3_strnicmp(z, "assoc_", 6) == 0) continue;
    if (assocSchemaIndex(pSchema, z) >= 0) return 1;
  }
  return 0;
}

/* "main." is left out: the text is shown to people and stored in migrations. But
** where temp has a table of the same name, the name alone would mean that one. */
void assocDdlSchema(sqlite3_str *pStr, const AssocSchema *pSchema,
                    const char *zName) {
  if (sqlite3_stricmp(pSchema->zName, "main") == 0 &&
      !isHidden(pSchema, zName)) {
    return;
  }
  assocDdlName(pStr, pSchema->zName);
  sqlite3_str_appendchar(pStr, 1, '.');
}

/*
** A view may be broken, and a module be missing: that is SQLITE_ERROR, and
** spoils only what speaks of it. An ordinary table can always be described, so
** that an error is one of the moment, such as an authorizer that gives no known
** answer. It must not be taken for an answer: see assocTryEnd().
*/
static void errorOfTable(AssocCall *pCall, const AssocTable *pTab) {
  if (pCall->rc == SQLITE_ERROR && pTab->eType == ASSOC_TABLE) {
    pCall->rc = SQLITE_ERROR_RETRY;
  }
}

/* Read what the schema says of a table, for all catalogs that share it. */
static AssocTable *factOf(AssocCall *pCall, AssocSchema *pSchema, int iEntry) {
  AssocFacts *pFacts = pSchema->pFacts;
  AssocTable *pTab = pFacts->apTable[iEntry];
  if (pTab) return pTab;
  pTab = assocAlloc(pCall, &pFacts->mem, sizeof(*pTab));
  if (pTab == 0) return 0;
  pTab->pSchema = pSchema;
  pTab->zName = pFacts->aEntry[iEntry].zName;
  pTab->eType = pFacts->aEntry[iEntry].eType;
  pTab->nRow = -1;
  loadColumns(pCall, pTab);
  if (pCall->rc == SQLITE_OK) loadRowid(pCall, pTab);
  if (pCall->rc == SQLITE_OK) loadKey(pCall, pTab);
  if (pCall->rc != SQLITE_OK) {
    errorOfTable(pCall, pTab);
    return 0;
  }
  pTab->pSchema = 0; /* It belongs to no catalog */
  if (!pTab->bRefused) pFacts->apTable[iEntry] = pTab;
  return pTab;
}

/* Each table is read at its first use. 0 without an error if there is no such
** table. A view that cannot be read is an error here, and only here: scans of a
** schema skip it. */
AssocTable *assocTableFind(AssocCall *pCall, AssocSchema *pSchema,
                           const char *zName) {
  int iEntry = assocSchemaIndex(pSchema, zName);
  AssocTable *pTab, *pFact;
  if (iEntry < 0) return 0;
  if (pSchema->apTable[iEntry]) return pSchema->apTable[iEntry];
  pFact = factOf(pCall, pSchema, iEntry);
  if (pFact == 0) return 0;
  pTab = assocAlloc(pCall, &pSchema->pCatalog->mem, sizeof(*pTab));
  if (pTab == 0) return 0;
  *pTab = *pFact;
  pTab->pSchema = pSchema;
  pTab->pFact = pFact;
  pSchema->apTable[iEntry] = pTab;
  return pTab;
}

AssocTable *assocTableSeek(AssocCall *pCall, AssocSchema *pSchema,
                           const char *zName) {
  AssocCall ask;
  AssocTable *pTab;
  assocTryBegin(&ask, pCall);
  pTab = assocTableFind(&ask, pSchema, zName);
  return assocTryEnd(&ask, pCall, 0) ? 0 : pTab;
}

/* ---------------------------------------------------------- foreign keys */

/* Append a column to pFk from a row of PRAGMA foreign_key_list: id, seq, table,
** from, to, on_update, on_delete. */
static void fkeyColumn(AssocCall *pCall, AssocTable *pTab, AssocFkey *pFk,
                       sqlite3_stmt *pStmt) {
  AssocArena *pArena = &pTab->pSchema->pFacts->mem;
  int i = pFk->nCol;
  int *aCol = assocAlloc(pCall, pArena, (i64)sizeof(int) * (i + 1));
  const char **azTo = assocAlloc(pCall, pArena, (i64)sizeof(char *) * (i + 1));
  assert(pFk->nCol >= 0);
  if (aCol == 0 || azTo == 0) return;
  if (i) {
    memcpy(aCol, pFk->aCol, sizeof(int) * (size_t)i);
    memcpy(azTo, pFk->azTo, sizeof(char *) * (size_t)i);
  }
  aCol[i] = assocColumnFind(pTab, assocColumnText(pCall, pStmt, 3));
  assert(aCol[i] >= 0 || pCall->rc != SQLITE_OK); /* SQLite checks the name */
  if (sqlite3_column_type(pStmt, 4) != SQLITE_NULL) {
    azTo[i] =
        assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 4), -1);
  }
  pFk->aCol = aCol;
  pFk->azTo = azTo;
  pFk->nCol++;
}

/* PRAGMA foreign_key_list gives a row for each column; seq 0 begins another
** key. */
AssocFkey *assocTableFkeys(AssocCall *pCall, AssocTable *pTab) {
  AssocArena *pArena = &pTab->pSchema->pFacts->mem;
  AssocFkey *pFk = 0, **ppEnd = &pTab->pFkey;
  sqlite3_stmt *pStmt;
  if (pTab->bFkeys || pTab->eType != ASSOC_TABLE) return pTab->pFkey;

  pStmt = assocPrepare(pCall, "PRAGMA \"%w\".foreign_key_list(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(pCall, pStmt)) {
    if (sqlite3_column_int(pStmt, 1) == 0) {
      pFk = *ppEnd = assocAlloc(pCall, pArena, sizeof(*pFk));
      if (pFk == 0) break;
      ppEnd = &pFk->pNext;
      pFk->zParent =
          assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 2), -1);
      pFk->zOnUpdate =
          assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 5), -1);
      pFk->zOnDelete =
          assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 6), -1);
    }
    if (pFk) fkeyColumn(pCall, pTab, pFk, pStmt);
  }
  assocFinalize(pCall, pStmt);
  pTab->bFkeys = pCall->rc == SQLITE_OK;
  if (!pTab->bFkeys)
    pTab->pFkey = 0; /* An incomplete list is worse than none */
  if (pTab->pFact) {
    pTab->pFact->bFkeys = pTab->bFkeys;
    pTab->pFact->pFkey = pTab->pFkey;
  }
  return pTab->pFkey;
}

/* --------------------------------------------------------------- indexes */

/* Read the key columns of an index. PRAGMA index_xinfo: seqno, cid, name, desc,
** coll, key. */
static void loadIndexColumns(AssocCall *pCall, AssocTable *pTab,
                             AssocIndex *pIdx) {
  AssocArena *pArena = &pTab->pSchema->pFacts->mem;
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA \"%w\".index_xinfo(\"%w\")",
                                     pTab->pSchema->zName, pIdx->zName);
  while (assocStep(pCall, pStmt)) {
    int n = pIdx->nCol;
    if (sqlite3_column_int(pStmt, 5) == 0) continue;
    pIdx->aCol = moreRoom(pCall, pArena, pIdx->aCol, n, sizeof(int));
    pIdx->azColl = moreRoom(pCall, pArena, pIdx->azColl, n, sizeof(char *));
    pIdx->abDesc = moreRoom(pCall, pArena, pIdx->abDesc, n, 1);
    if (pCall->rc != SQLITE_OK) break;
    pIdx->aCol[pIdx->nCol] = sqlite3_column_int(pStmt, 1);
    pIdx->abDesc[pIdx->nCol] = sqlite3_column_int(pStmt, 3) != 0;
    pIdx->azColl[pIdx->nCol] =
        assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 4), -1);
    pIdx->nCol++;
  }
  assocFinalize(pCall, pStmt);
}

/* The primary key of a WITHOUT ROWID table is in this list, a rowid is not. */
AssocIndex *assocTableIndexes(AssocCall *pCall, AssocTable *pTab) {
  AssocArena *pArena = &pTab->pSchema->pFacts->mem;
  AssocIndex *pIdx, **ppEnd = &pTab->pIndex;
  sqlite3_stmt *pStmt;
  if (pTab->bIndexes || pTab->eType != ASSOC_TABLE) return pTab->pIndex;

  /* Columns: seq, name, unique, origin, partial */
  pStmt = assocPrepare(pCall, "PRAGMA \"%w\".index_list(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(pCall, pStmt)) {
    pIdx = *ppEnd = assocAlloc(pCall, pArena, sizeof(*pIdx));
    if (pIdx == 0) break;
    ppEnd = &pIdx->pNext;
    pIdx->zName =
        assocArenaText(pCall, pArena, assocColumnText(pCall, pStmt, 1), -1);
    pIdx->bUnique = sqlite3_column_int(pStmt, 2) != 0;
    pIdx->bPrimary = assocColumnText(pCall, pStmt, 3)[0] == 'p';
    pIdx->bPartial = sqlite3_column_int(pStmt, 4) != 0;
  }
  assocFinalize(pCall, pStmt);
  for (pIdx = pTab->pIndex; pIdx && pCall->rc == SQLITE_OK;
       pIdx = pIdx->pNext) {
    loadIndexColumns(pCall, pTab, pIdx);
  }
  pTab->bIndexes = pCall->rc == SQLITE_OK;
  if (!pTab->bIndexes) pTab->pIndex = 0;
  if (pTab->pFact) {
    pTab->pFact->bIndexes = pTab->bIndexes;
    pTab->pFact->pIndex = pTab->pIndex;
  }
  return pTab->pIndex;
}

/* See model.h. Everything is read at once: the scratch database goes. */
void assocTableDescribe(AssocCall *pScratch, AssocTable *pTab) {
  loadColumns(pScratch, pTab);
  if (pScratch->rc == SQLITE_OK) loadRowid(pScratch, pTab);
  if (pScratch->rc == SQLITE_OK) loadKey(pScratch, pTab);
  (void)assocTableFkeys(pScratch, pTab);
  (void)assocTableIndexes(pScratch, pTab);
  pTab->nRow = 0;
}

/* The text behind the WHERE of a CREATE INDEX, its tokens with a space between
** them, so that no comment is left. The first WHERE outside of parentheses and
** quotes is the one. */
static void whereTokens(const char *z, sqlite3_str *pStr) {
  int nDepth = 0, bIn = 0, eType = 0, n;
  for (; (n = assocSqlToken(z, &eType)) > 0; z += n) {
    if (eType == ASSOC_SQL_SPACE) {
      if (bIn) sqlite3_str_appendchar(pStr, 1, ' ');
    } else if (bIn) {
      sqlite3_str_append(pStr, z, n);
    } else {
      nDepth += (*z == '(') - (*z == ')');
      bIn = nDepth == 0 && eType == ASSOC_SQL_WORD && assocSqlIs(z, n, "where");
    }
  }
}

const char *assocIndexWhere(AssocCall *pCall, AssocArena *pArena,
                            const AssocTable *pTab, const AssocIndex *pIdx) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  sqlite3_stmt *pStmt = assocPrepare(
      pCall,
      "SELECT sql FROM \"%w\".sqlite_schema WHERE type='index' AND name=%Q",
      pTab->pSchema->zName, pIdx->zName);
  assert(pIdx->bPartial);
  if (assocStep(pCall, pStmt)) {
    whereTokens(assocColumnText(pCall, pStmt, 0), pStr);
  }
  assocFinalize(pCall, pStmt);
  return assocArenaStr(pCall, pArena, pStr);
}

/* The columns that an index should begin with, in any order. */
typedef struct IndexWant IndexWant;
struct IndexWant {
  int nCol;              /* Columns in aCol */
  const int *aCol;       /* Their numbers in the table */
  const AssocTable *pAs; /* Compare under the collations of */
  const int *aAs;        /* columns aAs of pAs; 0: of aCol */
};

/* The wanted collation of column j. A view's collation is unknown. */
static const char *wantColl(const AssocTable *pTab, const IndexWant *p, int j) {
  const char *zColl = p->pAs ? p->pAs->aCol[p->aAs[j]].zColl : 0;
  return zColl ? zColl : pTab->aCol[p->aCol[j]].zColl;
}

/* Does the index begin with the wanted columns and collations? A partial index
** does not contain all rows. */
static int indexBegins(const AssocTable *pTab, const AssocIndex *pIdx,
                       const IndexWant *p) {
  int i, j;
  if (pIdx->bPartial || pIdx->nCol < p->nCol) return 0;
  for (i = 0; i < p->nCol; i++) {
    for (j = 0; j < p->nCol && p->aCol[j] != pIdx->aCol[i]; j++) {
    }
    if (j == p->nCol) return 0; /* Also for an expression */
    if (sqlite3_stricmp(pIdx->azColl[i], wantColl(pTab, p, j)) != 0) return 0;
  }
  return 1;
}

/* See assocTableIndexOn(). A unique index is preferred. */
static const char *indexOn(AssocCall *pCall, AssocTable *pTab,
                           const IndexWant *p, int *pbUnique) {
  const char *zBest = 0;
  AssocIndex *pIdx;
  assert(pbUnique);
  *pbUnique = 0;
  if (p->nCol == 1 && p->aCol[0] == pTab->iRowid) {
    *pbUnique = 1;
    return "";
  }
  for (pIdx = assocTableIndexes(pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (!indexBegins(pTab, pIdx, p)) continue;
    if (zBest == 0) zBest = pIdx->zName;
    if (pIdx->bUnique && pIdx->nCol == p->nCol) {
      *pbUnique = 1;
      return pIdx->bPrimary && !pTab->bRowid ? "" : pIdx->zName;
    }
    if (pIdx->bPrimary && !pTab->bRowid) zBest = "";
  }
  return zBest;
}

/* 0 if no index begins with these columns. *pbUnique: they are unique. */
const char *assocTableIndexOn(AssocCall *pCall, AssocTable *pTab, int nCol,
                              const int *aCol, int *pbUnique) {
  const IndexWant want = {.nCol = nCol, .aCol = aCol};
  return indexOn(pCall, pTab, &want, pbUnique);
}

/* The same for a comparison with the columns aAs of pAs, by whose collations
** the index must be sorted. */
const char *assocTableIndexAs(AssocCall *pCall, AssocTable *pTab, int nCol,
                              const int *aCol, const AssocTable *pAs,
                              const int *aAs, int *pbUnique) {
  const IndexWant want = {.nCol = nCol, .aCol = aCol, .pAs = pAs, .aAs = aAs};
  return indexOn(pCall, pTab, &want, pbUnique);
}

/* Is "a = b" the same as "b = a", with no conversion? Unknown collations, as in
** views, are never alike. */
int assocColumnAlike(const AssocColumn *pA, const AssocColumn *pB) {
  return pA->zColl && pB->zColl && pA->eAff == pB->eAff &&
         sqlite3_stricmp(pA->zColl, pB->zColl) == 0;
}

/* For equal values of the first n columns, are the entries of the index in the
** order of columns aRest? Behind its own columns an index has the rowid. */
static int indexGoesOn(const AssocTable *pTab, const AssocIndex *pIdx, int n,
                       int nRest, const int *aRest) {
  int i, j = 0;
  for (i = n; i < pIdx->nCol && j < nRest; i++, j++) {
    int iCol = pIdx->aCol[i];
    if (iCol != aRest[j] || pIdx->abDesc[i]) return 0;
    if (sqlite3_stricmp(pIdx->azColl[i], pTab->aCol[iCol].zColl) != 0) return 0;
  }
  return j == nRest ||
         (pTab->bRowid && j == nRest - 1 && aRest[j] == pTab->iRowid);
}

/* The index finds the rows of a key and delivers them in the wanted order, so
** no sorter is needed. */
const char *assocTableIndexOrder(AssocCall *pCall, AssocTable *pTab, int nCol,
                                 const int *aCol, int nRest, const int *aRest) {
  const IndexWant want = {.nCol = nCol, .aCol = aCol};
  AssocIndex *pIdx;
  for (pIdx = assocTableIndexes(pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (indexBegins(pTab, pIdx, &want) &&
        indexGoesOn(pTab, pIdx, nCol, nRest, aRest)) {
      return pIdx->zName;
    }
  }
  return 0;
}

/* Tables that virtual tables keep their data in, as FTS and R-Tree do: their
** names are that of the virtual table, '_' and one of these, which have no '_'
** themselves. SQLite says the same of them, but only where the module is there. */
static const char *const azShadow[] = {
    "data",   "idx",  "content", "docsize", "config", "segments",
    "segdir", "stat", "node",    "parent",  "rowid"};

int assocNameIsShadow(const char *zName, const char *zVirtual) {
  int i, n = (int)strlen(zVirtual);
  if (sqlite3_strnicmp(zName, zVirtual, n) != 0 || zName[n] != '_') return 0;
  for (i = 0; i < ASSOC_COUNT(azShadow); i++) {
    if (sqlite3_stricmp(&zName[n + 1], azShadow[i]) == 0) return 1;
  }
  return 0;
}

/* -------------------------------------------------------------- row count */

/* The first integer of the first row; -1 if there is none or it is NULL.
** Finalizes pStmt. */
static i64 askRows(AssocCall *pCall, sqlite3_stmt *pStmt) {
  i64 n = -1;
  if (assocStep(pCall, pStmt) && sqlite3_column_type(pStmt, 0) != SQLITE_NULL) {
    n = sqlite3_column_int64(pStmt, 0);
  }
  assocFinalize(pCall, pStmt);
  return n;
}

/* The row count of sqlite_stat1, or -1. */
static i64 rowsOfAnalyze(AssocCall *pCall, AssocTable *pTab) {
  sqlite3_stmt *pStmt;
  if (assocSchemaIndex(pTab->pSchema, "sqlite_stat1") < 0) return -1;
  pStmt = assocPrepare(pCall,
                       "SELECT max(CAST(stat AS INTEGER))"
                       "  FROM \"%w\".sqlite_stat1"
                       " WHERE tbl=?1 COLLATE nocase",
                       pTab->pSchema->zName);
  assocBindText(pCall, pStmt, 1, pTab->zName);
  return askRows(pCall, pStmt);
}

/* Rows at each end of a table by which rowsOfIds() measures, and the span of
** rowids up to which it does not. */
#define ROWS_SAMPLE 512
#define ROWS_SPAN 4096

/*
** Estimate the rows of a table by its rowids, or -1. Rowids without gaps say it
** by their span. Others, such as random numbers and those that begin with a
** time, lie as densely in between as at both ends, more or less.
*/
static i64 rowsOfIds(AssocCall *pCall, AssocTable *pTab) {
  const char *zId = pTab->aCol[pTab->nCol].zName;
  const char *zDb = pTab->pSchema->zName, *zTab = pTab->zName;
  i64 n = askRows(pCall, assocPrepare(pCall,
                                      "SELECT (SELECT %s FROM \"%w\".\"%w\""
                                      "         ORDER BY 1 DESC LIMIT 1)"
                                      "     - (SELECT %s FROM \"%w\".\"%w\""
                                      "         ORDER BY 1 LIMIT 1) + 1",
                                      zId, zDb, zTab, zId, zDb, zTab));
  if (n <= ROWS_SPAN) return n < 0 ? 0 : n;
  return askRows(
      pCall,
      assocPrepare(pCall,
                   "SELECT (d - a + 1.0) *"
                   "  (m / (b - a + 1.0) + n / (d - c + 1.0)) / 2"
                   "  FROM (SELECT min(i) AS a, max(i) AS b, count(*) AS m"
                   "    FROM (SELECT %s AS i FROM \"%w\".\"%w\""
                   "           ORDER BY 1 LIMIT %d)),"
                   "  (SELECT min(i) AS c, max(i) AS d, count(*) AS n"
                   "    FROM (SELECT %s AS i FROM \"%w\".\"%w\""
                   "           ORDER BY 1 DESC LIMIT %d))",
                   zId, zDb, zTab, ROWS_SAMPLE, zId, zDb, zTab, ROWS_SAMPLE));
}

/* Rows that this connection may change before a small table is estimated
** again. */
#define ROWS_CHANGED 1000

/* An estimate that costs little: the statistics of ANALYZE, else the rowids,
** else a million for views and tables without rowids. It is made again after
** this connection may have doubled the table. */
i64 assocTableRows(AssocCall *pCall, AssocTable *pTab) {
  i64 nChange = sqlite3_total_changes64(pCall->db);
  if (pCall->rc != SQLITE_OK) return pTab->nRow;
  if (pTab->nRow >= 0 && nChange - pTab->nChange <= pTab->nRow + ROWS_CHANGED) {
    return pTab->nRow;
  }
  pTab->nChange = nChange;
  pTab->nRow = rowsOfAnalyze(pCall, pTab);
  if (pTab->nRow < 0 && pTab->bRowid && pTab->eType == ASSOC_TABLE) {
    pTab->nRow = rowsOfIds(pCall, pTab);
  }
  if (pTab->nRow < 0) pTab->nRow = ASSOC_ROWS_UNKNOWN;
  if (pTab->nRow > ASSOC_ROWS_MOST) pTab->nRow = ASSOC_ROWS_MOST;
  if (pCall->rc != SQLITE_OK) pTab->nRow = -1; /* Try again next time */
  return pTab->nRow;
}

/* SQLite's own guess of how many rows share a value of an indexed column. */
#define ROWS_OF_VALUE 10

/* An estimate of how many rows have the same value in this column. -1: no
** index, so nobody can look it up. */
i64 assocColumnRows(AssocCall *pCall, AssocTable *pTab, int iCol) {
  int bUnique = 0;
  const char *zIndex = assocTableIndexOn(pCall, pTab, 1, &iCol, &bUnique);
  sqlite3_stmt *pStmt;
  i64 n;
  assert(iCol >= 0 && iCol <= pTab->nCol);
  if (zIndex == 0) return -1;
  if (bUnique) return 1;
  if (assocSchemaIndex(pTab->pSchema, "sqlite_stat1") < 0) return ROWS_OF_VALUE;
  /* stat is "10000 12 1": rows, rows per value of the first column, ... */
  pStmt = assocPrepare(pCall,
                       "SELECT CAST(substr(stat,instr(stat,' ')+1) AS INTEGER)"
                       "  FROM \"%w\".sqlite_stat1"
                       " WHERE tbl=?1 COLLATE nocase AND idx=?2 COLLATE nocase",
                       pTab->pSchema->zName);
  assocBindText(pCall, pStmt, 1, pTab->zName);
  assocBindText(pCall, pStmt, 2, zIndex);
  n = askRows(pCall, pStmt);
  return n > 0 ? n : ROWS_OF_VALUE;
}
