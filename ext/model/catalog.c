/*
** The definitions, cached while they are valid.
**
** Definitions are rows of the user's database. The user may roll them back,
** delete them by hand, or change them in another connection, and every call
** must see the current rows. Reading all of them in each call would cost more
** than most calls do. So each call runs one statement, the guard:
**
**   SELECT main.assoc_token.token, ... FROM main.assoc_token, ...
**
** Triggers set the token to random() whenever a definition changes. So equal
** tokens mean equal definitions, also after a ROLLBACK. (A counter would return
** to an old number with other content.) If SQLite had to prepare the guard
** again, the schema has changed. If a user made assoc_definitions without the
** token and the triggers, the guard compares all rows.
**
** A definition of the connection's own changes the token as well. But its writer
** knows the row and that nothing else was changed, so the next catalog shares the
** rows of the one before: see rowChangeBegin().
**
** The guard stays open until the call ends. Its read transaction gives the call
** one snapshot.
*/
#include <stdlib.h>

#include "model/defrow.h"

/* The cache of one connection. */
typedef struct CatalogCache CatalogCache;
struct CatalogCache {
  AssocCatalog *pCat;      /* Holds a reference; may be 0 */
  AssocStmt guard;         /* The statement that each call runs */
  char *zGuard;            /* OWNED: the guard's SQL */
  sqlite3_value **apToken; /* OWNED, each too: the guard's row for pCat */
  int nToken;              /* Values in apToken */
  u8 bSchema;    /* The guard stands on a row, and the schema has not changed */
  u8 bNoTrigger; /* Triggers were off when the guard was prepared */
  AssocStmt rows;           /* Selects all definitions */
  u64 iVersion;             /* Data versions when the rows were those of pCat */
  u64 iOther;               /* The same of other connections' commits, */
  u8 bOther;                /* if it is known */
  int nDepth;               /* Number of nested calls */
  i64 iSerial;              /* The serial number given last */
  sqlite3_stmt *apHold[16]; /* OWNED: readers on databases that the guard did
                            ** not cover when the call began */
  int nHold;                /* Statements in apHold */
};

static const char zDefs[] =
    "assoc_definitions(model TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL "
    "COLLATE NOCASE, kind TEXT NOT NULL,\n"
    "  target TEXT, options TEXT, PRIMARY KEY(model, name)) WITHOUT ROWID";
static const char zToken[] = "assoc_token(token INTEGER NOT NULL)";
static const char *const azChange[] = {"insert", "update", "delete"};
/* As sqlite_schema stores it. The name of the schema comes after CREATE
** TRIGGER. */
static const char zTriggerText[] =
    "assoc_definitions_%s AFTER %s ON assoc_definitions\n"
    "  BEGIN UPDATE assoc_token SET token = random(); END";

/* ---------------------------------------------------------------- schemas */

/* The list is short: main, the attached databases, and temp as the last. */
AssocSchema *assocSchemaFind(AssocCatalog *pCat, const char *zName) {
  AssocSchema *p = pCat->pSchema;
  while (p && sqlite3_stricmp(p->zName, zName) != 0) p = p->pNext;
  return p;
}

/* Room for an entry more. Old arrays stay in the arena. */
static int growEntries(AssocCall *pCall, AssocFacts *p) {
  int n = p->nEntry;
  AssocEntry *aEntry;
  /* The array is full at 0, 16, 32, 64, ... entries: its size needs no member
  ** of its own. */
  if (n & (n - 1) || (n && n < 16)) return 1;
  n = n ? n * 2 : 16;
  aEntry = assocAlloc(pCall, &p->mem, (i64)sizeof(*aEntry) * n);
  if (aEntry == 0) return 0;
  if (p->nEntry) memcpy(aEntry, p->aEntry, sizeof(*aEntry) * (size_t)p->nEntry);
  assert(p->nEntry < n);
  p->aEntry = aEntry;
  return 1;
}

/* For qsort(): the order that assocSchemaIndex() needs. */
static int entryCompare(const void *pA, const void *pB) {
  return sqlite3_stricmp(((const AssocEntry *)pA)->zName,
                         ((const AssocEntry *)pB)->zName);
}

/* Is zSql "CREATE TABLE x" or "CREATE TRIGGER x", where x is zText? zType has the
** space behind it. */
static int isCreate(const char *zSql, const char *zType, const char *zText) {
  int n = (int)strlen(zType);
  return strncmp(zSql, "CREATE ", 7) == 0 &&
         sqlite3_strnicmp(&zSql[7], zType, n) == 0 &&
         strcmp(&zSql[7 + n], zText) == 0;
}

/* Is the trigger one of the three that assocDefWrite() made? */
static int isOurTrigger(AssocCall *pCall, const char *zName, const char *zSql) {
  int i, bIs = 0;
  if (sqlite3_strnicmp(zName, "assoc_definitions_", 18) != 0) return 0;
  for (i = 0; i < ASSOC_COUNT(azChange) && !bIs; i++) {
    char *z = assocMprintf(pCall, zTriggerText, azChange[i], azChange[i]);
    bIs = z && isCreate(zSql, "trigger ", z);
    sqlite3_free(z);
  }
  return bIs;
}

/* Add a table or view. A virtual table has no root page. */
static void addEntry(AssocCall *pCall, AssocFacts *p, sqlite3_stmt *pStmt,
                     const char *zType) {
  AssocEntry *pEntry;
  if (!growEntries(pCall, p)) return;
  pEntry = &p->aEntry[p->nEntry];
  pEntry->eType = zType[0] == 'v'                    ? ASSOC_VIEW
                  : sqlite3_column_int(pStmt, 2) > 0 ? ASSOC_TABLE
                                                     : ASSOC_VIRTUAL;
  pEntry->zName =
      assocArenaText(pCall, &p->mem, assocColumnText(pCall, pStmt, 1), -1);
  if (pEntry->zName) p->nEntry++;
}

/* Read the tables and views of a database, and which of them have the texts that
** assocDefWrite() made. The texts are compared here: a statement that compares
** and sorts them costs three times as much to prepare. */
static void loadEntries(AssocCall *pCall, AssocFacts *p, const char *zSchema) {
  sqlite3_stmt *pStmt =
      assocPrepare(pCall,
                   "SELECT type, name, rootpage, sql FROM \"%w\".sqlite_schema"
                   " WHERE type<>'index'",
                   zSchema);
  int nTrigger = 0, bToken = 0;
  while (assocStep(pCall, pStmt)) {
    const char *zType = assocColumnText(pCall, pStmt, 0);
    const char *zSql = assocColumnText(pCall, pStmt, 3);
    if (strcmp(zType, "trigger") == 0) {
      nTrigger += isOurTrigger(pCall, assocColumnText(pCall, pStmt, 1), zSql);
      continue;
    }
    bToken |= isCreate(zSql, "table ", zToken);
    p->bDefs |= isCreate(zSql, "table ", zDefs);
    addEntry(pCall, p, pStmt, zType);
  }
  assocFinalize(pCall, pStmt);
  if (p->nEntry) {
    qsort(p->aEntry, (size_t)p->nEntry, sizeof(*p->aEntry), entryCompare);
  }
  p->bToken = bToken && nTrigger == 3;
}

/* Facts are shared by the catalogs that follow each other while a table stays
** the same. The last reference frees them. */
static void factsUnref(AssocFacts *p) {
  AssocArena mem;
  assert(p == 0 || p->nRef > 0);
  if (p == 0 || --p->nRef > 0) return;
  mem = p->mem; /* The facts are in their own arena */
  assocArenaFree(&mem);
}

/* The facts of a database, with one reference. 0 after an error. */
static AssocFacts *factsRead(AssocCall *pCall, const AssocSchema *pSchema) {
  AssocArena mem;
  AssocFacts *p;
  memset(&mem, 0, sizeof(mem));
  p = assocAlloc(pCall, &mem, sizeof(*p));
  if (p == 0) return 0;
  /* The facts lie in their own arena: they move with it, and end with it. */
  p->mem = mem;
  p->nRef = 1;
  if (!pSchema->bUnused) loadEntries(pCall, p, pSchema->zName);
  p->apTable =
      assocAlloc(pCall, &p->mem, (i64)sizeof(AssocTable *) * (p->nEntry + 1));
  if (pCall->rc == SQLITE_OK) return p;
  factsUnref(p);
  return 0;
}

/* Give the schema its facts: those of an earlier catalog, or they are read. */
static void useFacts(AssocCall *pCall, AssocSchema *pSchema) {
  AssocFacts *p = pSchema->pFacts;
  if (p == 0) p = pSchema->pFacts = factsRead(pCall, pSchema);
  if (p == 0) return;
  pSchema->nEntry = p->nEntry;
  pSchema->aEntry = p->aEntry;
  pSchema->apTable = assocAlloc(pCall, &pSchema->pCatalog->mem,
                                (i64)sizeof(AssocTable *) * (p->nEntry + 1));
}

/* The first integer of the first row; 0 if there is no row. Finalizes pStmt. */
static int askInt(AssocCall *pCall, sqlite3_stmt *pStmt) {
  int n = assocStep(pCall, pStmt) ? sqlite3_column_int(pStmt, 0) : 0;
  assocFinalize(pCall, pStmt);
  return n;
}

/* Is there a table assoc_token that assocDefWrite() made? */
static int hasTokenTable(AssocCall *pCall, const char *zSchema) {
  return askInt(pCall,
                assocPrepare(pCall,
                             "SELECT count(*) FROM \"%w\".sqlite_schema"
                             " WHERE type='table' AND sql='CREATE TABLE %q'",
                             zSchema, zToken));
}

/* Do the token and its three triggers exist as assocDefWrite() made them? A
** user may have deleted the token's row. */
static int hasToken(AssocCall *pCall, AssocSchema *pSchema) {
  return pSchema->pFacts->bToken &&
         askInt(pCall,
                assocPrepare(pCall, "SELECT count(*) FROM \"%w\".assoc_token",
                             pSchema->zName));
}

/*
** Only an ordinary table can contain definitions. A view or virtual table of
** that name could call this extension, and so recurse without end. A table that
** we made has all columns.
*/
static void checkDefs(AssocCall *pCall, AssocSchema *pSchema, int iEntry) {
  static const char *const az[] = {"model", "name", "kind", "target",
                                   "options"};
  AssocTable *pTab;
  int i;
  if (pSchema->pFacts->aEntry[iEntry].eType != ASSOC_TABLE) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, "assoc_definitions",
                 "assoc_definitions in %s is not a table that can keep "
                 "definitions; rename it",
                 pSchema->zName);
    return;
  }
  assert(iEntry >= 0 && iEntry < pSchema->pFacts->nEntry);
  /* The table's text is ours: its columns are known. */
  if (pSchema->pFacts->bDefs) return;
  pTab = assocTableFind(pCall, pSchema, "assoc_definitions");
  if (pTab == 0) return;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (assocColumnFind(pTab, az[i]) >= 0) continue;
    assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, "assoc_definitions",
                 "the table assoc_definitions in %s has no column %s; it must "
                 "have model, name, kind, target and options",
                 pSchema->zName, az[i]);
  }
}

/* Add a column to a row's checksum: NULL, an empty text and no column differ.
** Returns the text; 0 for NULL. */
static const char *columnSum(AssocCall *pCall, sqlite3_stmt *pStmt, int iCol,
                             u64 *pSum) {
  sqlite3_value *pVal = sqlite3_column_value(pStmt, iCol);
  int eType = sqlite3_value_type(pVal);
  const char *z =
      eType == SQLITE_NULL ? 0 : (const char *)sqlite3_value_text(pVal);
  const char *p = z ? z : "";
  u64 h = *pSum;
  if (eType != SQLITE_NULL && z == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  /* The type counts: '1' and 1 are different rows. 0xff ends a value, as no UTF-8
  ** text contains it. */
  h = assocHash(h, (u64)eType);
  for (; *p; p++) h = assocHash(h, (u8)*p);
  *pSum = assocHash(h, 0xff);
  return z;
}

/* The checksum of a row of assoc_definitions. */
static u64 rowSum(AssocCall *pCall, sqlite3_stmt *pStmt) {
  u64 h = ASSOC_HASH_START;
  int i;
  for (i = 0; i < 5; i++) (void)columnSum(pCall, pStmt, i, &h);
  return h;
}

/* Raise an error if a row speaks of the whole file, or of a whole model, in a
** way that this version does not know: it may forbid what a call is about to
** do. A newer version writes such a row with an empty model, or with a name
** that starts with '#'. Any other row concerns one association. */
static void checkNewer(AssocCall *pCall, const AssocSchema *pSchema,
                       const AssocDefRow *p) {
  const char *zKind = p->zKind ? p->zKind : "NULL";
  int bWide = p->zModel[0] == 0 || p->zName[0] == '#';
  /* A row about one association is refused when the association is used. A row
  ** about a model or about the file may change what every row means. */
  if (strcmp(zKind, "setting") == 0) {
    if (sqlite3_stricmp(p->zName, "readonly") == 0) return;
  } else if (!bWide || strcmp(zKind, "policy") == 0 ||
             strcmp(zKind, "model") == 0 || assocKindSeek(zKind) >= 0) {
    return;
  }
  assocErrorOf(pCall, ASSOC_E_UNKNOWN_OPTION, p->zModel, p->zName,
               "%s.assoc_definitions has a row that this version of assoc does "
               "not know: the %s '%s'; update assoc: a newer version wrote "
               "it",
               pSchema->zName, zKind, p->zName);
}

/* Read the row on which a statement stands: zModel, zName, zKind, zTarget and
** zOptions. *piSum becomes its checksum. Rows without a model or name are ignored.
** 0 for such a row, and after an error. */
static AssocDefRow *defRowRead(AssocCall *pCall, AssocDefRows *p,
                               sqlite3_stmt *pStmt, u64 *piSum) {
  const char *az[5];
  int i;
  *piSum = ASSOC_HASH_START;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    az[i] = columnSum(pCall, pStmt, i, piSum);
  }
  return az[0] && az[1] ? assocDefRowNew(pCall, p, az, *piSum) : 0;
}

/* Count a row that comes (1) or goes (-1). */
static void countRow(AssocSchema *pSchema, const AssocDefRow *pRow, int n) {
  pSchema->nRow += n;
  if (pRow->eRow == ASSOC_ROW_POLICY) pSchema->nPolicy += n;
  if (pRow->eRow == ASSOC_ROW_SETTING) pSchema->nSetting += n;
}

/* Read the definitions. */
static void loadDefs(AssocCall *pCall, AssocSchema *pSchema) {
  AssocDefRows *p = assocDefRowsNew(pCall);
  sqlite3_stmt *pStmt =
      assocPrepare(pCall,
                   "SELECT model, name, kind, target, options"
                   "  FROM \"%w\".assoc_definitions ORDER BY model, name",
                   pSchema->zName);
  /* An earlier try may have failed in the middle. */
  pSchema->nRow = pSchema->nPolicy = pSchema->nSetting = 0;
  pSchema->iSum = 0;
  while (assocStep(pCall, pStmt)) {
    u64 iSum;
    AssocDefRow *pRow = defRowRead(pCall, p, pStmt, &iSum);
    pSchema->iSum += iSum;
    if (pRow == 0) continue;
    checkNewer(pCall, pSchema, pRow);
    assocDefRowAdd(pCall, p, pRow);
    countRow(pSchema, pRow, 1);
  }
  assocFinalize(pCall, pStmt);
  if (pCall->rc == SQLITE_OK) {
    pSchema->pRows = p;
    pSchema->iVersion = p->iVersion;
  } else {
    assocDefRowsUnref(p);
  }
}

/*
** Open a reader on a database that the guard does not cover, so that it stays
** in one snapshot until the call ends.
*/
static void holdReader(AssocCall *pCall, AssocSchema *pSchema) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  sqlite3_stmt *pStmt;
  assert(pCache);
  if (pCache->nHold >= ASSOC_COUNT(pCache->apHold)) return;
  pStmt =
      assocPrepare(pCall, "SELECT 1 FROM \"%w\".sqlite_schema", pSchema->zName);
  if (pStmt) {
    int rc = sqlite3_step(pStmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) assocErrorCode(pCall, rc);
    pCache->apHold[pCache->nHold++] = pStmt;
  }
}

/* -------------------------------------------------------- whom files call */

/* Skip the closing quote of a name, white space and comments. */
static const char *skipSpace(const char *z) {
  /* Quotes are skipped, too: "eager"(...) is a call like eager(...). */
  for (;;) {
    if (*z && strchr("\"'`] \t\n\f\r", *z)) {
      z++;
    } else if (strncmp(z, "--", 2) == 0) {
      z += strcspn(z, "\n");
    } else if (strncmp(z, "/*", 2) == 0) {
      const char *zEnd = strstr(z + 2, "*/");
      if (zEnd == 0) return "";
      z = zEnd + 2;
    } else {
      return z;
    }
  }
}

/*
** Find a name of ours in SQL. In a view or trigger any word counts, even inside
** a string. In a table only a call, or the module of a virtual table, counts.
** Returns the name, and its length in *pn; 0 if there is none from z on.
*/
static const char *findCaller(AssocCall *pCall, const char *z, int bTable,
                              int *pn) {
  int n, bBody = !bTable, bUsing = 0;
  assert(z && pn);
  for (; *z; z += n) {
    for (n = 0; assocIsName(z[n]); n++) {
    }
    if (n == 0) {
      if (*z == '(') bBody = 1;
      n = 1;
      continue;
    }
    *pn = n;
    if ((bUsing || (bBody && (!bTable || *skipSpace(&z[n]) == '('))) &&
        pCall->pConn->xCallable(z, n)) {
      return z;
    }
    bUsing = bTable && n == 5 && sqlite3_strnicmp(z, "using", 5) == 0;
  }
  return 0;
}

/* Does the database have a table of that name? Then the name means that
** table. */
static int hidesTable(AssocCall *pCall, const char *zSchema, const char *z,
                      int n) {
  if (pCall->pConn->xCallable(z, n) == 2)
    return 0; /* A table cannot hide a function */
  return askInt(pCall, assocPrepare(pCall,
                                    "SELECT count(*) FROM \"%w\"."
                                    "sqlite_schema WHERE type IN ('table',"
                                    "'view') AND name='%.*q' COLLATE nocase",
                                    zSchema, n, z));
}

/* Set zCaller to the first schema object that calls one of our functions. The
** texts are searched here: a pragma changes what SQL's LIKE finds. */
static void scanCallers(AssocCall *pCall, AssocSchema *pSchema) {
  AssocArena *pArena = &pSchema->pCatalog->mem;
  sqlite3_stmt *pStmt;
  holdReader(pCall, pSchema);
  pStmt = assocPrepare(pCall,
                       "SELECT type, name, sql FROM \"%w\".sqlite_schema"
                       " WHERE type<>'index'",
                       pSchema->zName);
  while (pSchema->zCaller == 0 && assocStep(pCall, pStmt)) {
    const char *zType = assocColumnText(pCall, pStmt, 0);
    const char *z = assocColumnText(pCall, pStmt, 2);
    int n = 0;
    assert(zType[0] && zType[1]); /* table, view or trigger */
    while ((z = findCaller(pCall, z, zType[1] == 'a', &n)) != 0 &&
           hidesTable(pCall, pSchema->zName, z, n)) {
      z += n;
    }
    if (z == 0) continue;
    pSchema->zCaller = assocArenaPrintf(pCall, pArena, "the %s %s", zType,
                                        assocColumnText(pCall, pStmt, 1));
  }
  assocFinalize(pCall, pStmt);
  pSchema->bScanned = pCall->rc == SQLITE_OK;
}

/* The text of a schema is scanned once per schema version. temp is left out:
** its views and triggers were made by this connection. */
void assocSchemaNeedTrust(AssocCall *pCall, AssocSchema *pSchema) {
  AssocSchema *p;
  if (pCall->pConn->bViews) return;
  for (p = pSchema->pCatalog->pSchema; p; p = p->pNext) {
    if (p == pSchema || p->pNext == 0) continue; /* The last database is temp */
    if (!p->bScanned && pCall->rc == SQLITE_OK) scanCallers(pCall, p);
    if (p->zCaller == 0) continue;
    assocErrorOf(pCall, ASSOC_E_REFUSED, 0, p->zName,
                 "%s of %s calls this extension, so that only %s can be read "
                 "and written; if you trust the file, SELECT "
                 "assoc_config('views', 1)",
                 p->zCaller, p->zName, p->zName);
  }
}

/* See model.h. */
void assocCatalogNeedTrust(AssocCall *pCall, AssocCatalog *pCat) {
  AssocSchema *p;
  for (p = pCat->pSchema; p->pNext; p = p->pNext) { /* Not temp */
    if (!assocSchemaLoad(pCall, p)) return;
    if (p->nRow > p->nSetting) assocSchemaNeedTrust(pCall, p);
  }
}

/* Does the text contain the name, in capitals or not? */
static int hasText(const char *z, const char *zName) {
  int n = (int)strlen(zName);
  while (*z && sqlite3_strnicmp(z, zName, n) != 0) z++;
  return *z != 0;
}

/* See model.h. */
void assocSchemaNeedDirect(AssocCall *pCall, const char *zTable) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocSchema *p;
  for (p = pCat ? pCat->pSchema : 0; p; p = p->pNext) {
    sqlite3_stmt *pStmt =
        assocPrepare(pCall,
                     "SELECT name, sql FROM \"%w\".sqlite_schema"
                     " WHERE type='trigger'",
                     p->zName);
    while (assocStep(pCall, pStmt)) {
      const char *zTrigger = assocColumnText(pCall, pStmt, 0);
      if (!hasText(assocColumnText(pCall, pStmt, 1), zTable)) continue;
      assocErrorOf(pCall, ASSOC_E_REFUSED, 0, zTable,
                   "unsafe use of virtual table \"%s\": the trigger %s of %s "
                   "names it, and this version of SQLite would let it write; "
                   "drop the trigger, or use SQLite 3.40 or later",
                   zTable, zTrigger, p->zName);
    }
    assocFinalize(pCall, pStmt);
  }
  assocCatalogLeave(pCall, pCat);
}

/* A database is read when a name is first looked for in it, not before: a
** connection may have attached files that no call needs. The reader is held
** until the call ends, so all tables of the database are seen in one state. */
int assocSchemaLoad(AssocCall *pCall, AssocSchema *pSchema) {
  int iEntry;
  if (pSchema->bLoaded || pCall->rc != SQLITE_OK) {
    return pCall->rc == SQLITE_OK;
  }
  /* The catalog holds a read transaction open until all is read, so that facts and
  ** definitions are of one moment. */
  if (pSchema->pFacts == 0 && !pSchema->bUnused) holdReader(pCall, pSchema);
  useFacts(pCall, pSchema);
  if (pCall->rc != SQLITE_OK) return 0;
  iEntry = assocSchemaIndex(pSchema, "assoc_definitions");
  pSchema->bDefs = iEntry >= 0;
  if (pSchema->bDefs && pSchema->pRows == 0) {
    checkDefs(pCall, pSchema, iEntry);
    pSchema->bToken = (u8)hasToken(pCall, pSchema);
    loadDefs(pCall, pSchema);
  }
  pSchema->bLoaded = pCall->rc == SQLITE_OK;
  if (pSchema->bDefs) pSchema->pCatalog->iLink++;
  return pSchema->bLoaded;
}

/* ---------------------------------------------------------------- catalog */

/* Plans keep the catalog for which they were made, since they point into it. */
AssocCatalog *assocCatalogRef(AssocCatalog *pCat) {
  assert(pCat->nRef > 0);
  pCat->nRef++;
  return pCat;
}

/* The last owner frees everything at once. p may be 0. */
void assocCatalogUnref(AssocCatalog *pCat) {
  AssocArena mem;
  AssocSchema *p;
  assert(pCat == 0 || pCat->nRef > 0);
  if (pCat == 0 || --pCat->nRef > 0) return;
  for (p = pCat->pSchema; p; p = p->pNext) {
    factsUnref(p->pFacts);
    assocDefRowsUnref(p->pRows);
  }
  mem = pCat->mem; /* The catalog is in its own arena */
  assocArenaFree(&mem);
}

/* Make an AssocSchema for each row of PRAGMA database_list; temp is the last.
** SQLite lists temp once it is used: before, nothing is in it, and to ask would
** open it. The first change of its schema expires all statements, the guard, too. */
static void listSchemas(AssocCall *pCall, AssocCatalog *pCat) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA database_list");
  AssocSchema **ppEnd = &pCat->pSchema, *pTemp, *p;
  int bUsed = 0;
  pTemp = assocAlloc(pCall, &pCat->mem, sizeof(*pTemp));
  while (assocStep(pCall, pStmt)) {
    const char *zName = assocColumnText(pCall, pStmt, 1);
    if (sqlite3_stricmp(zName, "temp") == 0) {
      bUsed = 1;
      continue;
    }
    p = assocAlloc(pCall, &pCat->mem, sizeof(*p));
    if (p == 0) break;
    p->zName = assocArenaText(pCall, &pCat->mem, zName, -1);
    p->pCatalog = pCat;
    *ppEnd = p;
    ppEnd = &p->pNext;
  }
  assocFinalize(pCall, pStmt);
  if (pTemp == 0) return;
  /* TEMP is last: a name that only the connection knows hides no other. */
  assert(*ppEnd == 0);
  pTemp->zName = "temp";
  pTemp->pCatalog = pCat;
  pTemp->bUnused = (u8)!bUsed;
  *ppEnd = pTemp;
}

/* Take over from an earlier catalog what the schema says, which is the same. */
static void shareFacts(AssocCall *pCall, AssocSchema *p, AssocCatalog *pOld) {
  const AssocSchema *pFrom = assocSchemaFind(pOld, p->zName);
  if (pFrom == 0) return;
  p->bScanned = pFrom->bScanned;
  p->zCaller = assocArenaText(pCall, &p->pCatalog->mem, pFrom->zCaller, -1);
  if (!pFrom->bLoaded) return;
  p->pFacts = pFrom->pFacts;
  p->pFacts->nRef++;
}

/* Take over the rows of the definitions, which are the same. */
static void shareRows(AssocSchema *p, AssocCatalog *pOld) {
  const AssocSchema *pFrom = assocSchemaFind(pOld, p->zName);
  if (ASSOC_NEVER(pFrom == 0)) return;
  if (pFrom->pRows == 0) return;
  p->pRows = pFrom->pRows;
  p->pRows->nRef++;
  p->iVersion = pFrom->iVersion;
  p->nRow = pFrom->nRow;
  p->nPolicy = pFrom->nPolicy;
  p->nSetting = pFrom->nSetting;
  p->iSum = pFrom->iSum;
  p->bToken = pFrom->bToken;
}

/* Make a new catalog. main and temp are read now, attached databases at their
** first use. pOld is an earlier catalog of the same schemas, or 0. bRows: its rows
** are still those of the databases. */
static AssocCatalog *catalogRead(AssocCall *pCall, CatalogCache *pCache,
                                 AssocCatalog *pOld, int bRows) {
  AssocArena mem;
  AssocCatalog *pCat;
  AssocSchema *p;
  memset(&mem, 0, sizeof(mem));
  pCat = assocAlloc(pCall, &mem, sizeof(*pCat));
  if (pCat == 0) return 0;
  pCat->mem = mem;
  pCat->nRef = 1;
  pCat->iLink = 1;
  pCat->iSerial = ++pCache->iSerial;
  pCat->bViews = pCall->pConn->bViews;
  listSchemas(pCall, pCat);
  for (p = pCat->pSchema; p && pCall->rc == SQLITE_OK; p = p->pNext) {
    if (pOld) shareFacts(pCall, p, pOld);
    if (bRows) shareRows(p, pOld);
    /* main and temp at once; attached databases when a name leads there. */
    if (p == pCat->pSchema || p->pNext == 0 || p->pFacts) {
      assocSchemaLoad(pCall, p);
    }
  }
  if (pCall->rc == SQLITE_OK) return pCat;
  assocCatalogUnref(pCat);
  return 0;
}

/* ------------------------------------------------------------------ guard */

/* Append an SQL expression whose value changes when the definitions of p do, and
** to pFrom the table of the token, if there is one. */
static void guardColumn(sqlite3_str *pStr, sqlite3_str *pFrom,
                        const AssocSchema *p) {
  assert(p->zName);
  /* From the cheapest to the dearest way to notice a changed definition */
  if (p->bToken) {
    sqlite3_str_appendf(pStr, "\"%w\".assoc_token.token", p->zName);
    sqlite3_str_appendf(pFrom, "%s\"%w\".assoc_token",
                        sqlite3_str_length(pFrom) ? "," : " FROM ", p->zName);
  } else if (p->bDefs) {
    sqlite3_str_appendf(
        pStr,
        "(SELECT group_concat(quote(model)||quote(name)||quote(kind)||"
        "quote(target)||quote(options)) FROM \"%w\".assoc_definitions)",
        p->zName);
  } else {
    sqlite3_str_appendf(pStr, "(SELECT 1 FROM \"%w\".sqlite_schema LIMIT 1)",
                        p->zName);
  }
}

/* Has a call asked for anything in the database? */
static int wasRead(const AssocSchema *p) {
  return p->bLoaded || p->bScanned;
}

/* The guard's SQL: one statement for all databases that were read. */
static char *guardText(AssocCall *pCall, const AssocCatalog *pCat) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  sqlite3_str *pFrom = sqlite3_str_new(pCall->db);
  const AssocSchema *p;
  char *zFrom;
  for (p = pCat->pSchema; p; p = p->pNext) {
    if (!wasRead(p)) continue;
    if (sqlite3_stricmp(p->zName, "temp") == 0 && !p->bDefs) continue;
    sqlite3_str_appendall(pStr, sqlite3_str_length(pStr) ? "," : "SELECT ");
    guardColumn(pStr, pFrom, p);
  }
  zFrom = assocStrFinish(pCall, pFrom);
  assocStrAdd(pStr, zFrom ? zFrom : "");
  sqlite3_free(zFrom);
  return assocStrFinish(pCall, pStr);
}

/* Free the guard's row. */
static void tokensFree(CatalogCache *pCache) {
  while (pCache->nToken > 0) {
    sqlite3_value_free(pCache->apToken[--pCache->nToken]);
  }
  sqlite3_free(pCache->apToken);
  pCache->apToken = 0;
}

/* Keep the row on which the guard stands. */
static void tokensKeep(AssocCall *pCall, CatalogCache *pCache) {
  sqlite3_stmt *pStmt = pCache->guard.p;
  int i, n = pCall->rc == SQLITE_OK ? sqlite3_data_count(pStmt) : 0;
  assert(pCache->apToken == 0);
  pCache->apToken = assocMalloc(pCall, (i64)sizeof(sqlite3_value *) * (n + 1));
  for (i = 0; i < n && pCall->rc == SQLITE_OK; i++) {
    sqlite3_value *p = sqlite3_value_dup(sqlite3_column_value(pStmt, i));
    if (p == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    if (p) pCache->apToken[pCache->nToken++] = p;
  }
}

/* Are two values the same, in type and content? A token is an integer. */
static int tokenIs(sqlite3_value *pA, sqlite3_value *pB) {
  const char *zA, *zB;
  if (sqlite3_value_type(pA) != sqlite3_value_type(pB)) return 0;
  if (sqlite3_value_type(pA) == SQLITE_NULL) return 1;
  if (sqlite3_value_type(pA) == SQLITE_INTEGER) {
    return sqlite3_value_int64(pA) == sqlite3_value_int64(pB);
  }
  zA = (const char *)sqlite3_value_text(pA);
  zB = (const char *)sqlite3_value_text(pB);
  return zA && zB && strcmp(zA, zB) == 0;
}

/* Does the guard stand on the row that was kept? */
static int tokensSame(const CatalogCache *pCache) {
  sqlite3_stmt *pStmt = pCache->guard.p;
  int i;
  if (sqlite3_data_count(pStmt) != pCache->nToken) return 0;
  for (i = 0; i < pCache->nToken; i++) {
    if (!tokenIs(sqlite3_column_value(pStmt, i), pCache->apToken[i])) return 0;
  }
  return 1;
}

/* Open the guard: it then stands on its row. True if that is the row that was
** kept and the schema is unchanged. */
static int guardOpen(AssocCall *pCall, CatalogCache *pCache) {
  sqlite3_stmt *pStmt = assocStmt(pCall, &pCache->guard, pCache->zGuard);
  int rc;
  /* SQLite prepares the guard anew if the schema has changed. It counts that, and
  ** reading the counter resets it. */
  pCache->bSchema = 0;
  if (pStmt == 0) return 0;
  rc = sqlite3_step(pStmt);
  if (rc != SQLITE_ROW) { /* Without a row, a token is missing */
    if (rc != SQLITE_DONE) assocErrorCode(pCall, rc);
    sqlite3_reset(pStmt);
    return 0;
  }
  pCache->bSchema =
      sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_REPREPARE, 1) == 0;
  return pCache->bSchema && tokensSame(pCache);
}

/* The data versions of the databases whose tokens are asked, as one number:
** commits of any connection change them, ours too. */
static u64 dataVersion(AssocCall *pCall, const AssocCatalog *pCat) {
  const AssocSchema *p;
  u64 iAll = 0;
  for (p = pCat->pSchema; p; p = p->pNext) {
    const char *zName = p == pCat->pSchema ? 0 : p->zName; /* 0: main */
    u32 i = 0;
    if (!p->bToken) continue;
    (void)sqlite3_file_control(pCall->db, zName, SQLITE_FCNTL_DATA_VERSION, &i);
    iAll = iAll * 0x100000001b3u + i;
  }
  return iAll;
}

/* The same without the commits of this connection, which fire the triggers of
** the token: to turn triggers off expires the guard. */
static u64 otherVersion(AssocCall *pCall, const AssocCatalog *pCat) {
  const AssocSchema *p;
  u64 iAll = 0;
  for (p = pCat->pSchema; p; p = p->pNext) {
    if (!p->bToken) continue;
    iAll = assocHash(
        iAll,
        (u64)askInt(pCall, assocPrepare(pCall, "PRAGMA \"%w\".data_version",
                                        p->zName)));
  }
  return iAll;
}

/* SQL that gives all of these definitions. */
static char *rowsText(AssocCall *pCall, const AssocCatalog *pCat) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  const AssocSchema *p;
  for (p = pCat->pSchema; p; p = p->pNext) {
    /* Without a token the guard itself compares the rows. */
    if (!p->bToken) continue;
    sqlite3_str_appendf(pStr,
                        "%sSELECT model, name, kind, target, options"
                        " FROM \"%w\".assoc_definitions",
                        sqlite3_str_length(pStr) ? " UNION ALL " : "",
                        p->zName);
  }
  return assocStrFinish(pCall, pStr);
}

/* The guard is open and says that nothing has changed. Is that so, where the
** data version is another? */
static int rowsAreSame(AssocCall *pCall, CatalogCache *pCache) {
  u64 iVersion = dataVersion(pCall, pCache->pCat), iSum = 0, iOther;
  const AssocSchema *p;
  sqlite3_stmt *pStmt;
  char *zRows;
  if (iVersion == pCache->iVersion) return 1;
  iOther = otherVersion(pCall, pCache->pCat);
  if (pCache->bOther && pCache->iOther == iOther) {
    pCache->iVersion = iVersion;
    return 1;
  }
  zRows = pCache->rows.p ? 0 : rowsText(pCall, pCache->pCat);
  pStmt = assocStmt(pCall, &pCache->rows, zRows);
  while (pStmt && assocStep(pCall, pStmt)) iSum += rowSum(pCall, pStmt);
  sqlite3_free(zRows);
  for (p = pCache->pCat->pSchema; p; p = p->pNext) {
    if (p->bToken) iSum -= p->iSum;
  }
  /* The sums of all rows are added up, so their order does not matter. After an
  ** error some are missing. */
  if (iSum) return 0;
  pCache->iVersion = iVersion;
  pCache->iOther = iOther;
  pCache->bOther = pCall->rc == SQLITE_OK;
  return 1;
}

/* Forget the catalog and its guard. */
static void cacheDrop(CatalogCache *pCache) {
  assocStmtClear(&pCache->guard);
  assocStmtClear(&pCache->rows);
  sqlite3_free(pCache->zGuard);
  tokensFree(pCache);
  assocCatalogUnref(pCache->pCat);
  pCache->zGuard = 0;
  pCache->pCat = 0;
  pCache->bOther = 0;
}

/* The connection closes: its reader statements must be gone by then. */
static void cacheFree(void *p) {
  cacheDrop(p);
  sqlite3_free(p);
}

/* The cache of the connection, created at the first call. */
static CatalogCache *cacheOf(AssocCall *pCall) {
  return assocConnSlot(pCall, ASSOC_SLOT_CATALOG, sizeof(CatalogCache),
                       cacheFree);
}

/* Does the connection have a database of number i? main is 0, and temp is 1. SQLite
** can be asked since 3.39; before, the databases are counted. */
static int hasSchema(AssocCall *pCall, int i) {
  sqlite3_stmt *pStmt;
  int n = 1; /* temp, which PRAGMA database_list may leave out */
#if SQLITE_VERSION_NUMBER >= 3039000
  if (sqlite3_libversion_number() >= 3039000) {
    return sqlite3_db_name(pCall->db, i) != 0;
  }
#endif
  pStmt = assocPrepare(pCall, "PRAGMA database_list");
  while (assocStep(pCall, pStmt)) {
    n += sqlite3_stricmp(assocColumnText(pCall, pStmt, 1), "temp") != 0;
  }
  assocFinalize(pCall, pStmt);
  return n > i;
}

/* Does the connection have the same databases as the catalog? The guard fails
** if a database was detached, so only additional ones matter. */
static int sameSchemas(AssocCall *pCall, const AssocCatalog *pCat) {
  const AssocSchema *p;
  int n = 0;
  for (p = pCat->pSchema; p; p = p->pNext) n++;
  return !hasSchema(pCall, n); /* n is the first number behind the list */
}

/* Close the readers opened by holdReader(). */
static void dropHolds(CatalogCache *pCache) {
  assert(pCache->nHold <= ASSOC_COUNT(pCache->apHold));
  while (pCache->nHold > 0) sqlite3_finalize(pCache->apHold[--pCache->nHold]);
}

/*
** Read the catalog again. Its content must belong to the snapshot of the guard:
** the readers that assocSchemaLoad() opens stay open until the guard is.
*/
static void cacheRead(AssocCall *pCall, CatalogCache *pCache) {
  int bTriggers = 1;
  assert(pCache->nDepth == 0);
  cacheDrop(pCache);
  /* To turn them on or off expires the guard */
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &bTriggers);
  pCache->bNoTrigger = !bTriggers;
  pCache->pCat = catalogRead(pCall, pCache, 0, 0);
  if (pCache->pCat) pCache->zGuard = guardText(pCall, pCache->pCat);
  if (pCall->rc == SQLITE_OK) {
    (void)guardOpen(pCall, pCache);
    tokensKeep(pCall, pCache);
    pCache->iVersion = dataVersion(pCall, pCache->pCat);
  }
  if (pCall->rc != SQLITE_OK) cacheDrop(pCache);
  dropHolds(pCache);
}

/* The guard is open. Keep its row, and pNew in place of the catalog. */
static void cacheReplace(AssocCall *pCall, CatalogCache *pCache,
                         AssocCatalog *pNew) {
  assert(pNew != pCache->pCat);
  assocCatalogUnref(pCache->pCat);
  pCache->pCat = pNew;
  tokensFree(pCache);
  tokensKeep(pCall, pCache);
  pCache->iVersion = dataVersion(pCall, pNew);
}

/*
** The guard is open and says that definitions have changed, but not the schema.
** Read the definitions again, in the guard's snapshot. False if the guard no
** longer fits, or after an error.
*/
static int cacheRenew(AssocCall *pCall, CatalogCache *pCache) {
  AssocCatalog *pNew = catalogRead(pCall, pCache, pCache->pCat, 0);
  char *zGuard = pNew ? guardText(pCall, pNew) : 0;
  int bFits = zGuard && strcmp(zGuard, pCache->zGuard) == 0;
  sqlite3_free(zGuard);
  if (!bFits) {
    assocCatalogUnref(pNew);
    return 0;
  }
  cacheReplace(pCall, pCache, pNew);
  return pCall->rc == SQLITE_OK;
}

/*
** Is the catalog valid? If so, its guard is open afterwards. A guard that a
** failed close finalized could not report a changed schema, and without
** triggers the token does not change: in both cases the catalog counts as
** invalid.
*/
static int cacheCheck(AssocCall *pCall, CatalogCache *pCache) {
  AssocCall ask;
  int bSame, bRenew;
  assert(pCache->nDepth == 0);
  if (pCache->pCat == 0 || pCache->guard.p == 0 || pCache->bNoTrigger) return 0;
  if (pCache->pCat->bViews != pCall->pConn->bViews) return 0;
  assocTryBegin(&ask, pCall); /* What the guard reads may be gone */
  pCache->bSchema = 0;
  bSame = sameSchemas(&ask, pCache->pCat) && guardOpen(&ask, pCache) &&
          rowsAreSame(&ask, pCache);
  bRenew = !bSame && pCache->bSchema;
  if (assocTryEnd(&ask, pCall, 0)) bSame = bRenew = 0;
  if (bRenew) bSame = cacheRenew(pCall, pCache);
  /* The guard reports a changed schema only once */
  if (pCall->rc == SQLITE_OK) return bSame;
  cacheDrop(pCache);
  return 0;
}

/* End the call's snapshot. */
static void closeReaders(CatalogCache *pCache) {
  if (pCache->guard.p) sqlite3_reset(pCache->guard.p);
  dropHolds(pCache);
}

/* Has SQLite not read the schema of any database yet? */
static int schemaIsUnread(AssocCall *pCall) {
  int n = 0, nMost = 0;
  sqlite3_db_status(pCall->db, SQLITE_DBSTATUS_SCHEMA_USED, &n, &nMost, 0);
  return n == 0;
}

/*
** A statement that was prepared before SQLite had read the schema takes its own
** texts for UTF-8. If the text of the database is UTF-16, old versions of SQLite
** misread these texts when the statement runs again (3.40 does, 3.53 does not).
** The PRAGMA reads the schema; then a setting that changes makes SQLite prepare
** every statement anew.
*/
static void prepareAnew(AssocCall *pCall) {
  int bOld = 0;
  if (!assocIsUtf16(pCall)) return;
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_QPSG, -1, &bOld);
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_QPSG, !bOld, (int *)0);
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_QPSG, bOld, (int *)0);
}

/* Read the definitions, for the first time or anew. */
static void cacheLoad(AssocCall *pCall, CatalogCache *pCache) {
  /* Before statements of our own are prepared */
  if (pCache->pCat == 0 && schemaIsUnread(pCall)) prepareAnew(pCall);
  if (pCall->rc == SQLITE_OK) cacheRead(pCall, pCache);
}

/*
** Only the outermost call compares the tokens and the schema cookies. A nested
** call sees the same catalog, because the outer call's readers hold the state.
** If a view or virtual table could not be read in the last call, models are
** linked again (bDoubt): it may be readable now.
*/
AssocCatalog *assocCatalogEnter(AssocCall *pCall) {
  CatalogCache *pCache = cacheOf(pCall);
  assocSessionNeed(pCall);
  if (pCache == 0 || pCall->rc != SQLITE_OK) return 0;
  if (!assocCallEnter(pCall)) return 0;
  if (pCache->nDepth == 0 && !cacheCheck(pCall, pCache)) {
    if (pCall->rc == SQLITE_OK) cacheLoad(pCall, pCache);
  }
  if (pCall->rc != SQLITE_OK) {
    if (pCache->nDepth == 0) closeReaders(pCache);
    assocCallLeave(pCall);
    return 0;
  }
  assert(pCache->pCat && pCache->nDepth >= 0);
  if (pCache->nDepth++ == 0 && pCache->pCat->bDoubt) {
    pCache->pCat->bDoubt = 0;
    pCache->pCat->iLink++;
  }
  return assocCatalogRef(pCache->pCat);
}

int assocCatalogIsIn(AssocCall *pCall) {
  const CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  return pCache && pCache->nDepth > 0;
}

int assocCatalogIs(AssocCall *pCall, const AssocCatalog *pCat) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  assert(pCache); /* Who has a catalog has entered one */
  return pCache->pCat == pCat && sameSchemas(pCall, pCat);
}

int assocCatalogStill(AssocCall *pCall, i64 iSerial) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  const AssocCatalog *pCat = pCache ? pCache->pCat : 0;
  return pCat && pCat->iSerial == iSerial &&
         pCat->bViews == pCall->pConn->bViews && sameSchemas(pCall, pCat);
}

u32 assocCatalogStamp(AssocCall *pCall) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  assert(pCache); /* The caller has entered the catalog */
  return pCache->nDepth == 1 ? pCache->guard.nMade : 0;
}

int assocCatalogToken(AssocCall *pCall, const AssocCatalog *pCat,
                      i64 *piToken) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  const AssocSchema *p;
  if (!assocCatalogIs(pCall, pCat) || pCache->nToken != 1) return 0;
  /* main has a token, temp and attached databases have no definitions. */
  for (p = pCat->pSchema; p; p = p->pNext) {
    int bMain = p == pCat->pSchema;
    if (bMain ? !p->bToken : p->bDefs) return 0;
    if (!bMain && p->pNext && wasRead(p)) return 0;
  }
  if (sqlite3_value_type(pCache->apToken[0]) != SQLITE_INTEGER) return 0;
  *piToken = sqlite3_value_int64(pCache->apToken[0]);
  return 1;
}

/*
** Add the databases that were read in this call to the guard, while their
** readers still hold the snapshot.
*/
static void widenGuard(AssocCall *pCall, CatalogCache *pCache) {
  AssocCall call;
  assocCallInit(&call, pCall->pConn);
  assocStmtClear(&pCache->guard);
  assocStmtClear(&pCache->rows);
  sqlite3_free(pCache->zGuard);
  tokensFree(pCache);
  pCache->bOther = 0;
  pCache->zGuard = guardText(&call, pCache->pCat);
  (void)guardOpen(&call, pCache);
  tokensKeep(&call, pCache);
  pCache->iVersion = dataVersion(&call, pCache->pCat);
  if (call.rc != SQLITE_OK) cacheDrop(pCache);
  /* A token that cannot be read is found missing by the next call */
  if (call.rc != SQLITE_ERROR) assocErrorCode(pCall, call.rc);
  assocCallClear(&call);
}

/* The outermost call closes its readers, so that no read transaction outlives
** it. p may be 0, after an Enter that failed. */
void assocCatalogLeave(AssocCall *pCall, AssocCatalog *pCat) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  if (pCat == 0) return;
  assert(pCache->nDepth > 0);
  if (--pCache->nDepth == 0) {
    if (pCache->nHold > 0) widenGuard(pCall, pCache);
    closeReaders(pCache);
  }
  assocCallLeave(pCall);
  assocCatalogUnref(pCat);
}

/* ---------------------------------------------------------------- writing */

/* Is there a table, index, view or trigger of that name? They share one name
** space. */
static int hasName(AssocCall *pCall, const char *zSchema, const char *zName) {
  return askInt(pCall, assocPrepare(pCall,
                                    "SELECT count(*) FROM \"%w\".sqlite_schema"
                                    " WHERE name=%Q COLLATE nocase",
                                    zSchema, zName));
}

/* Create assoc_definitions, the token, and the triggers that change it. If the
** user has another table named assoc_token, no triggers are made. */
static void makeTables(AssocCall *pCall, const char *zSchema) {
  int i;
  pCall->pConn->bMadeTables = 1;
  if (!hasName(pCall, zSchema, "assoc_definitions")) {
    assocExec(pCall, "CREATE TABLE \"%w\".%s", zSchema, zDefs);
  }
  if (!hasName(pCall, zSchema, "assoc_token")) {
    assocExec(pCall, "CREATE TABLE \"%w\".%s", zSchema, zToken);
  }
  /* The user's table may have the name: then definitions work without a token. */
  if (!hasTokenTable(pCall, zSchema)) return;
  assocExec(pCall,
            "INSERT INTO \"%w\".assoc_token SELECT random()"
            " WHERE NOT EXISTS (SELECT 1 FROM \"%w\".assoc_token)",
            zSchema, zSchema);
  for (i = 0; i < 3; i++) {
    char *zText = assocMprintf(pCall, zTriggerText, azChange[i], azChange[i]);
    if (zText) {
      assocExec(pCall, "DROP TRIGGER IF EXISTS \"%w\".assoc_definitions_%s",
                zSchema, azChange[i]);
      assocExec(pCall, "CREATE TRIGGER \"%w\".%s", zSchema, zText);
    }
    sqlite3_free(zText);
  }
}

/* Are the tables and triggers complete in zSchema? */
static int hasTriggers(AssocCall *pCall, const char *zSchema) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocSchema *p = pCat ? assocSchemaFind(pCat, zSchema) : 0;
  int b;
  if (p) (void)assocSchemaLoad(pCall, p);
  b = p && p->bToken;
  assocCatalogLeave(pCall, pCat);
  return b;
}

/*
** A row that is written, and the catalog that it changes. The next catalog has the
** same rows but one, so that they are not read again: to make n definitions takes
** time for n rows. What the statement changed is counted: the row, and the token.
** If triggers of the user's changed more, all is read.
*/
typedef struct RowChange RowChange;
struct RowChange {
  AssocCatalog *pCat;   /* A reference to that before the change; 0: all rows
                        ** are read again */
  AssocSchema *pSchema; /* The database of the row, in pCat */
  AssocDefRow *pOld;    /* The row that goes, or 0 */
  AssocDefRow *pNew;    /* The row that comes, or 0 */
  i64 nChange;          /* sqlite3_total_changes64() before */
};

/* Before a row is written: the cache is what the database says. A table with
** other columns, collations or unique indexes than ours is always read again. All
** rows are read again, too, if more rows are gone than are there: that frees their
** memory. */
static void rowChangeBegin(AssocCall *pCall, RowChange *p, const char *zSchema,
                           const char *zModel, const char *zName) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  const CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  AssocSchema *pSchema = pCat ? assocSchemaFind(pCat, zSchema) : 0;
  AssocTable *pTab = 0;
  const AssocIndex *pIdx = 0;
  memset(p, 0, sizeof(*p));
  if (pSchema && pSchema->bToken && pSchema->pFacts->bDefs) {
    pTab = assocTableFind(pCall, pSchema, "assoc_definitions");
  }
  if (pTab) pIdx = assocTableIndexes(pCall, pTab);
  if (pIdx && pIdx->pNext == 0 && pCache->nDepth == 1 &&
      pSchema->pRows->nGone <= pSchema->nRow) {
    p->pCat = assocCatalogRef(pCat);
    p->pSchema = pSchema;
    p->pOld = assocDefRowSeek(pSchema, zModel, zName);
    p->nChange = sqlite3_total_changes64(pCall->db);
    assert(pSchema->iVersion == pSchema->pRows->iVersion);
  }
  assocCatalogLeave(pCall, pCat);
}

/* Run the statement. With PRAGMA count_changes a DELETE returns a row. An INSERT
** returns the new one, as it is stored. */
static void rowChangeRun(AssocCall *pCall, RowChange *p, sqlite3_stmt *pStmt) {
  while (assocStep(pCall, pStmt)) {
    u64 iSum;
    if (p->pCat && sqlite3_column_count(pStmt) > 1) {
      p->pNew = defRowRead(pCall, p->pSchema->pRows, pStmt, &iSum);
    }
  }
}

/* Did the statement write one row, and a trigger the token, and nothing else? A
** trigger of the user's may also have called us, and so made a newer catalog. */
static int rowChangeIsOne(AssocCall *pCall, const RowChange *p,
                          const CatalogCache *pCache) {
  return pCall->rc == SQLITE_OK && pCache->pCat == p->pCat &&
         sqlite3_changes(pCall->db) == 1 &&
         sqlite3_total_changes64(pCall->db) - p->nChange == 2;
}

/* Make the next version of the rows. */
static void rowChangeRows(AssocCall *pCall, const RowChange *p,
                          AssocSchema *pSchema) {
  AssocDefRows *pRows = pSchema->pRows;
  pSchema->iVersion = ++pRows->iVersion;
  if (p->pOld) {
    p->pOld->iTo = pSchema->iVersion;
    pRows->nGone++;
    pSchema->iSum -= p->pOld->iSum;
    countRow(pSchema, p->pOld, -1);
  }
  if (p->pNew) {
    assocDefRowAdd(pCall, pRows, p->pNew);
    pSchema->iSum += p->pNew->iSum;
    countRow(pSchema, p->pNew, 1);
  }
}

/* The row is written: make the catalog that has it. The guard must say that the
** token is another one, and the schema the same. After an error nothing is
** remembered, since only catalogs of earlier versions are left. */
static void rowChangeEnd(AssocCall *pCall, RowChange *p) {
  CatalogCache *pCache = pCall->pConn->aSlot[ASSOC_SLOT_CATALOG].p;
  AssocCall ask;
  if (p->pCat == 0) return;
  assocTryBegin(&ask, pCall);
  if (rowChangeIsOne(pCall, p, pCache) && !guardOpen(&ask, pCache) &&
      pCache->bSchema) {
    AssocCatalog *pNew = catalogRead(&ask, pCache, p->pCat, 1);
    if (pNew) {
      rowChangeRows(&ask, p, assocSchemaFind(pNew, p->pSchema->zName));
      cacheReplace(&ask, pCache, pNew);
    }
    if (ask.rc != SQLITE_OK) cacheDrop(pCache);
  }
  closeReaders(pCache);
  (void)assocTryEnd(&ask, pCall, 0);
  assocCatalogUnref(p->pCat);
}

/* The table is made with the first definition, not when the extension is
** loaded. OR REPLACE: the caller has decided what happens to an existing
** row. */
void assocDefBegin(AssocCall *pCall, AssocDefWriter *p, const char *zSchema) {
  p->pCall = pCall;
  p->zSchema = zSchema;
  if (!hasTriggers(pCall, zSchema)) makeTables(pCall, zSchema);
  p->pStmt = assocPrepare(pCall,
                          "INSERT OR REPLACE INTO \"%w\".assoc_definitions"
                          "(model, name, kind, target, options)"
                          " VALUES(?1,?2,?3,?4,?5)"
                          " RETURNING model, name, kind, target, options",
                          zSchema);
}

/* One statement serves many definitions, as in assoc_discover(). */
void assocDefPut(AssocDefWriter *p, const char *zModel, const char *zName,
                 const char *zKind, const char *zTarget, const char *zOptions) {
  AssocCall *pCall = p->pCall;
  RowChange change;
  assert(p->pStmt || pCall->rc != SQLITE_OK);
  rowChangeBegin(pCall, &change, p->zSchema, zModel, zName);
  assocBindText(pCall, p->pStmt, 1, zModel);
  assocBindText(pCall, p->pStmt, 2, zName);
  assocBindText(pCall, p->pStmt, 3, zKind);
  assocBindText(pCall, p->pStmt, 4, zTarget);
  assocBindText(pCall, p->pStmt, 5, zOptions);
  rowChangeRun(pCall, &change, p->pStmt);
  rowChangeEnd(pCall, &change);
}

void assocDefEnd(AssocDefWriter *p) {
  assocFinalize(p->pCall, p->pStmt);
}

/* The triggers on the table change the token, by which every connection notices
** the new row. */
void assocDefWrite(AssocCall *pCall, const char *zSchema, const char *zModel,
                   const char *zName, const char *zKind, const char *zTarget,
                   const char *zOptions) {
  AssocDefWriter w;
  assocDefBegin(pCall, &w, zSchema);
  assocDefPut(&w, zModel, zName, zKind, zTarget, zOptions);
  assocDefEnd(&w);
}

/* The result is the number of rows, 0 or 1. */
int assocDefDelete(AssocCall *pCall, const char *zSchema, const char *zModel,
                   const char *zName) {
  RowChange change;
  int n = 0;
  sqlite3_stmt *pStmt;
  if (!hasTriggers(pCall, zSchema)) makeTables(pCall, zSchema);
  rowChangeBegin(pCall, &change, zSchema, zModel, zName);
  pStmt = assocPrepare(pCall,
                       "DELETE FROM \"%w\".assoc_definitions"
                       " WHERE model=?1 AND name=?2",
                       zSchema);
  assocBindText(pCall, pStmt, 1, zModel);
  assocBindText(pCall, pStmt, 2, zName);
  assert(zModel && zName);
  rowChangeRun(pCall, &change, pStmt);
  if (pCall->rc == SQLITE_OK) n = sqlite3_changes(pCall->db);
  rowChangeEnd(pCall, &change);
  assocFinalize(pCall, pStmt);
  return n;
}
