/*
** Rebuild a table with foreign keys, NOT NULLs, types and defaults that ALTER
** TABLE cannot add. The way is SQLite's own procedure (lang_altertable.html,
** section 7). It costs one copy of the table:
**
**   PRAGMA foreign_keys=OFF;
**   PRAGMA legacy_alter_table=ON;
**   BEGIN;
**   CREATE TABLE assoc_new_Post(… FOREIGN KEY(UserId) REFERENCES User(id) …);
**   INSERT OR ABORT INTO assoc_new_Post SELECT * FROM Post;
**   DROP TABLE Post;
**   ALTER TABLE assoc_new_Post RENAME TO Post;
**   CREATE INDEX …;                     -- the indexes and triggers of Post
**   PRAGMA foreign_key_check(Post);
**   COMMIT;
**   PRAGMA legacy_alter_table=OFF;
**   PRAGMA foreign_keys=ON;
**
** Why foreign_keys=OFF: otherwise DROP TABLE deletes the rows first, and this
** runs the ON DELETE actions of all rows that reference them. If the table
** references itself, these actions would change the copy. Why
** legacy_alter_table=ON: otherwise RENAME parses all views, and fails at a view
** that names the dropped table.
**
** An edit of the text in sqlite_schema would need no copy. SQLite's
** documentation allows that edit for removing constraints, but asks for the
** procedure above for adding them, and a defensive connection refuses the edit.
**
** The rebuild keeps what a plain copy would lose: rowids that have no column,
** the counter of AUTOINCREMENT, the statistics of ANALYZE, indexes and
** triggers, and triggers in temp. OR ABORT overrides ON CONFLICT clauses of the
** table, so that the copy never skips a row.
*/
#include "sync/sync.h"

/* ------------------------------------------------------------ what it takes */

/* Can this table be rebuilt, and does the caller allow it? */
static int canRebuild(const AssocSync *p, const AssocForeign *pFor) {
  assert(!pFor->pTab->bPlanned); /* A planned table is made as it should be */
  return pFor->pTab->eType == ASSOC_TABLE && p->eRebuild != 0;
}

/* Is column iCol one of the key's? */
static int keyHas(const AssocKey *pKey, int iCol) {
  int i = 0;
  while (i < pKey->nCol && pKey->aCol[i] != iCol) i++;
  return i < pKey->nCol;
}

/* Does the table have a foreign key of these columns already, in any order and
** to any table? */
static int hasForeignKey(AssocSync *p, const AssocForeign *pFor) {
  const AssocFkey *pFk = assocTableFkeys(p->pCall, pFor->pTab);
  int i;
  for (; pFk; pFk = pFk->pNext) {
    if (pFk->nCol != pFor->key.nCol) continue;
    for (i = 0; i < pFk->nCol && keyHas(&pFor->key, pFk->aCol[i]); i++) {
    }
    if (i == pFk->nCol) return 1;
  }
  return 0;
}

/* Is a foreign key missing that ADD COLUMN does not bring? With eRebuild < 0 a
** foreign key that no definition names is no reason to rebuild. But if the
** table is rebuilt anyway (bAnew), the new table gets this foreign key, too. */
static int wantsForeignKey(AssocSync *p, const AssocForeign *pFor, int bAnew) {
  if (!pFor->pTab->bPlanned && !canRebuild(p, pFor)) return 0;
  if (!assocDdlCanReference(pFor)) return 0;
  if (p->eRebuild < 0 && !pFor->bSaid && !bAnew) return 0;
  if (pFor->key.nCol == 1 && pFor->key.aCol[0] < 0) return 0;
  return !hasForeignKey(p, pFor);
}

/* Is a NOT NULL missing on the key's i-th column? A rowid is never NULL. */
static int wantsNotNull(const AssocSync *p, const AssocForeign *pFor, int i) {
  int iCol = assocSyncColumnAt(pFor, i);
  if (!canRebuild(p, pFor) || pFor->eAllowNull != 0) return 0;
  if (iCol < 0) return 1;
  return !pFor->pTab->aCol[iCol].bNotNull && iCol != pFor->pTab->iRowid;
}

/* Does a rebuild give the key's i-th column another type? */
static int wantsType(const AssocSync *p, const AssocForeign *pFor, int i) {
  return p->bTypes && canRebuild(p, pFor) && i < pFor->key.nCol &&
         assocSyncTypeDiffers(pFor, i) != ASSOC_TYPE_SAME;
}

/* Is a new column with a default due? ADD COLUMN refuses a default together
** with REFERENCES while foreign_keys is on. */
static int wantsDefault(const AssocSync *p, const AssocForeign *pFor) {
  return pFor->pDefault && canRebuild(p, pFor) && pFor->key.aCol[0] < 0 &&
         assocDdlCanReference(pFor);
}

/* Only what ALTER TABLE cannot add counts, and only what a definition states,
** or what the options of assoc_sync() ask for. */
int assocRebuildFor(AssocSync *p, const AssocForeign *pFor) {
  int i;
  if (wantsDefault(p, pFor)) return 1;
  for (i = 0; i < assocSyncColumns(pFor); i++) {
    if (wantsNotNull(p, pFor, i) || wantsType(p, pFor, i)) return 1;
  }
  return wantsForeignKey(p, pFor, 0);
}

/* One reason is enough; the rebuild then adds everything that the definitions
** want of this table. */
int assocRebuildNeeded(AssocSync *p, const AssocTable *pTab) {
  const AssocForeign *pFor;
  pFor = assocSyncKeys(p, pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab == pTab && assocRebuildFor(p, pFor)) return 1;
  }
  return assocWantedRebuild(p, pTab);
}

/* ------------------------------------------------------------ the new table */

/* One table being rebuilt. */
typedef struct Rebuild Rebuild;
struct Rebuild {
  AssocSync *p;       /* The run of assoc_sync() */
  AssocTable *pTab;   /* The table as it is */
  const char *zNew;   /* The new table's name until the old one is dropped */
  AssocCreate create; /* The old text */
  int nAdded;         /* New columns so far */
  int nFkey;          /* New foreign keys so far */
};

/* Read the table's CREATE TABLE. The reader in create.c has to find as many
** columns as SQLite reports, else the text is not understood. */

/* Read the table's own text. Its columns are counted against the schema,
** because a text that was misread would lose data. */
static void readText(Rebuild *r) {
  AssocSync *p = r->p;
  sqlite3_stmt *pStmt = assocPrepare(p->pCall,
                                     "SELECT sql FROM \"%w\".sqlite_schema"
                                     " WHERE type='table' AND name=?1",
                                     r->pTab->pSchema->zName);
  const char *z = "";
  assocBindText(p->pCall, pStmt, 1, r->pTab->zName);
  if (assocStep(p->pCall, pStmt)) {
    z = assocArenaText(p->pCall, &p->mem, assocColumnText(p->pCall, pStmt, 0),
                       -1);
  }
  assocFinalize(p->pCall, pStmt);
  if (p->pCall->rc != SQLITE_OK) return;
  assocCreateRead(p->pCall, &p->mem, r->pTab->zName, z, &r->create);
  if (p->pCall->rc == SQLITE_OK && r->create.nCol != r->pTab->nCol) {
    assocErrorOf(
        p->pCall, ASSOC_E_UNSUPPORTED, 0, r->pTab->zName,
        "the text of %s in the schema cannot be read: it seems to have "
        "%d columns, but has %d",
        r->pTab->zName, r->create.nCol, r->pTab->nCol);
  }
}

/* Does any key want column iCol NOT NULL? If so, an error if rows are NULL
** there. The first such key speaks for all. */
static int columnNotNull(Rebuild *r, int iCol) {
  const AssocForeign *pFor;
  int i;
  assert(iCol >= 0 && iCol < r->pTab->nCol);
  pFor = assocSyncKeys(r->p, r->pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab != r->pTab) continue;
    for (i = 0; i < assocSyncColumns(pFor); i++) {
      if (assocSyncColumnAt(pFor, i) == iCol && wantsNotNull(r->p, pFor, i)) {
        assocCheckNotNull(r->p, pFor, i);
        return 1;
      }
    }
  }
  return 0;
}

/* The missing columns, each with a comma before it. */
static void newColumns(Rebuild *r) {
  const AssocForeign *pFor;
  int i;
  pFor = assocSyncKeys(r->p, r->pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab != r->pTab) continue;
    for (i = 0; i < assocSyncColumns(pFor); i++) {
      if (!assocSyncIsNew(r->p, pFor, i)) continue;
      if (pFor->pDefault) {
        assocCheckDefault(r->p, pFor);
      } else if (pFor->eAllowNull == 0) {
        assocCheckNotNull(r->p, pFor, i);
      }
      sqlite3_str_appendf(r->p->pStr, ",%s", r->create.zSpace);
      assocSyncColumn(r->p, pFor, i);
      r->nAdded++;
    }
  }
  r->nAdded += assocWantedRebuilt(r->p, r->pTab, r->create.zSpace);
  r->nAdded += assocTimeRebuilt(r->p, r->pTab, r->create.zSpace);
  r->nAdded += assocCountRebuilt(r->p, r->pTab, r->create.zSpace);
}

/* The missing foreign keys, each with a comma before it. */
static void newForeignKeys(Rebuild *r) {
  const AssocForeign *pFor;
  pFor = assocSyncKeys(r->p, r->pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab != r->pTab || !wantsForeignKey(r->p, pFor, 1)) continue;
    if (!r->p->bLater) assocCheckReferences(r->p, pFor);
    sqlite3_str_appendf(r->p->pStr, ",%sFOREIGN KEY", r->create.zSpace);
    assocDdlNames(r->p->pStr, &pFor->key);
    sqlite3_str_appendchar(r->p->pStr, 1, ' ');
    assocDdlReferences(r->p, pFor);
    r->nFkey++;
  }
}

/* See sync.h. */
void assocRebuildColumns(AssocSync *p, AssocTable *pTab, const char *zSpace) {
  Rebuild r = {.p = p, .pTab = pTab, .create.zSpace = zSpace};
  assert(pTab->bPlanned); /* A table that exists is rebuilt as a whole */
  newColumns(&r);
}

/* See sync.h. */
void assocRebuildKeys(AssocSync *p, AssocTable *pTab, const char *zSpace) {
  Rebuild r = {.p = p, .pTab = pTab, .create.zSpace = zSpace};
  assert(pTab->bPlanned);
  newForeignKeys(&r);
}

/* See sync.h. */
int assocRebuildNotNull(AssocSync *p, AssocTable *pTab, int iCol) {
  const AssocForeign *pFor;
  int i;
  assert(pTab->bPlanned && iCol < pTab->nCol);
  if (pTab->aCol[iCol].bNotNull || pTab->aCol[iCol].iPk) return 0;
  pFor = assocSyncKeys(p, pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab != pTab || pFor->eAllowNull != 0) continue;
    for (i = 0; i < assocSyncColumns(pFor); i++) {
      if (assocSyncColumnAt(pFor, i) == iCol) return 1;
    }
  }
  return 0;
}

/* Copy the bytes iFrom to iTo of the old text. */
static void keepText(Rebuild *r, int iFrom, int iTo) {
  assert(0 <= iFrom && iFrom <= iTo);
  sqlite3_str_append(r->p->pStr, &r->create.z[iFrom], iTo - iFrom);
}

/*
** New elements behind the last one, up to the closing parenthesis. The comma
** goes directly behind the last element. The new elements go on new lines
** behind the comments that may follow the last element on its line.
*/
static void newElements(Rebuild *r) {
  const AssocCreate *pCreate = &r->create;
  sqlite3_str *pStr = r->p->pStr, *pNew;
  char *zNew;
  int iGap = pCreate->iClose;
  while (iGap > pCreate->iLast && strchr(" \t\n\v\f\r", pCreate->z[iGap - 1])) {
    iGap--;
  }
  r->p->pStr = pNew = sqlite3_str_new(r->p->pCall->db);
  if (pCreate->iColumns == pCreate->iLast) newColumns(r);
  newForeignKeys(r);
  r->p->pStr = pStr;
  zNew = assocStrFinish(r->p->pCall, pNew);
  if (zNew && zNew[0] && pCreate->bLines) {
    sqlite3_str_appendchar(pStr, 1, ',');
    keepText(r, pCreate->iLast, iGap);
    sqlite3_str_appendall(pStr, zNew + 1);
    keepText(r, iGap, pCreate->iClose);
  } else {
    if (zNew) assocStrAdd(pStr, zNew);
    keepText(r, pCreate->iLast, pCreate->iClose);
  }
  sqlite3_free(zNew);
}

/* Does this word begin a column constraint? Then the type ends before it. */
static int endsType(const char *z, int n) {
  static const char *const az[] = {
      "constraint", "primary", "not",        "null",      "unique", "check",
      "default",    "collate", "references", "generated", "as",     "on"};
  int i;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (assocSqlIs(z, n, az[i])) return 1;
  }
  return 0;
}

/* The offset of the first token from i on that is no white space; *pn is its
** length, 0 at iEnd. */
static int tokenAt(const char *z, int i, int iEnd, int *pn, int *peType) {
  const char *zAt = &z[i];
  assert(i <= iEnd);
  *pn = assocSqlNext(&zAt, peType);
  if (zAt < &z[iEnd]) return (int)(zAt - z);
  *pn = 0;
  return iEnd;
}

/* The type and collation of another column: " INTEGER COLLATE nocase". */
static void retypeAs(Rebuild *r, const AssocColumn *pAs) {
  const char *z = pAs->zType;
  while (assocIsLetter(*z)) z++;
  if (pAs->zType[0]) { /* A quoted type may hold anything */
    sqlite3_str_appendf(r->p->pStr, *z ? " \"%w\"" : " %s", pAs->zType);
  }
  assert(pAs->zColl); /* Of a table */
  if (pAs->eColl != ASSOC_COLL_BINARY) {
    sqlite3_str_appendall(r->p->pStr, " COLLATE ");
    assocDdlName(r->p->pStr, pAs->zColl);
  }
}

/*
** Copy the old text from iAt to the end of one column at iEnd, but with the
** type and collation of pAs. Constraints stay; an old COLLATE is left out.
*/
static void retypeColumn(Rebuild *r, const AssocColumn *pAs, int iAt,
                         int iEnd) {
  const char *z = r->create.z;
  int n, eType, i = tokenAt(z, iAt, iEnd, &n, &eType), nDeep = 0;
  assert(iAt < iEnd);
  /* Skip the comma or parenthesis, and the column's name */
  if (eType == ASSOC_SQL_OTHER) i = tokenAt(z, i + n, iEnd, &n, &eType);
  i += n;
  keepText(r, iAt, i);
  retypeAs(r, pAs);
  iAt = tokenAt(z, i, iEnd, &n, &eType);
  while (n && (nDeep || !endsType(&z[iAt], n))) {
    nDeep += (z[iAt] == '(') - (z[iAt] == ')');
    i = iAt + n;
    iAt = tokenAt(z, i, iEnd, &n, &eType);
  }
  while (i < iEnd) {
    int iNext = tokenAt(z, i, iEnd, &n, &eType);
    int bColl = assocSqlIs(&z[iNext], n, "collate");
    if (bColl) iNext = tokenAt(z, iNext + n, iEnd, &n, &eType);
    if (!bColl) keepText(r, i, iNext + n);
    i = iNext + n;
    if (n == 0) break;
  }
}

/* The column whose type and collation column iCol gets; 0 if it keeps its
** own. */
static const AssocColumn *newType(Rebuild *r, int iCol) {
  const AssocForeign *pFor;
  int i;
  pFor = assocSyncKeys(r->p, r->pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab != r->pTab) continue;
    for (i = 0; i < pFor->key.nCol; i++) {
      if (pFor->key.aCol[i] != iCol || !wantsType(r->p, pFor, i)) continue;
      return &pFor->pParent->pTable->aCol[pFor->parentKey.aCol[i]];
    }
  }
  return 0;
}

/* CREATE TABLE assoc_new_Post(…) */
static void createNew(Rebuild *r) {
  AssocSync *p = r->p;
  const AssocCreate *pCreate = &r->create;
  int i, iAt = pCreate->iName;
  assocDdlBegin(p, "CREATE TABLE ");
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  assocDdlName(p->pStr, r->zNew);
  for (i = 0; i < pCreate->nCol; i++) {
    const AssocColumn *pAs = newType(r, i);
    if (pAs) {
      retypeColumn(r, pAs, iAt, pCreate->aiEnd[i]);
    } else {
      keepText(r, iAt, pCreate->aiEnd[i]);
    }
    iAt = pCreate->aiEnd[i];
    if (columnNotNull(r, i)) sqlite3_str_appendall(p->pStr, " NOT NULL");
  }
  if (pCreate->iColumns < pCreate->iLast) newColumns(r);
  keepText(r, iAt, pCreate->iLast);
  newElements(r);
  sqlite3_str_appendall(p->pStr, &pCreate->z[pCreate->iClose]);
}

/* ---------------------------------------------------------------- the rows */

/* The number that a query about one table gives. */
static i64 rebuildAsk(AssocSync *p, const char *zFmt, const AssocTable *pTab) {
  sqlite3_stmt *pStmt =
      assocPrepare(p->pCall, zFmt, pTab->pSchema->zName, pTab->zName);
  i64 n = assocStep(p->pCall, pStmt) ? sqlite3_column_int64(pStmt, 0) : 0;
  assocFinalize(p->pCall, pStmt);
  return n;
}

/* All columns that can be written. If the rowid is no column, it goes first
** under one of its names, so that the copy keeps the rowids. */
static void copyColumns(Rebuild *r) {
  const AssocTable *pTab = r->pTab;
  int i, n = 0;
  if (pTab->iRowid == pTab->nCol) {
    sqlite3_str_appendall(r->p->pStr, pTab->aCol[pTab->nCol].zName);
    n++;
  }
  for (i = 0; i < pTab->nCol; i++) {
    if (pTab->aCol[i].bGenerated) continue;
    if (n++) sqlite3_str_appendall(r->p->pStr, ", ");
    assocDdlName(r->p->pStr, pTab->aCol[i].zName);
  }
}

/* Does "INSERT … SELECT *" copy every value? SQLite then copies rows as they
** are stored, without decoding them (its transfer optimization). */
static int copiesAll(const Rebuild *r) {
  const AssocTable *pTab = r->pTab;
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    if (pTab->aCol[i].bGenerated) return 0;
  }
  return r->nAdded == 0 && pTab->iRowid != pTab->nCol;
}

/* INSERT OR ABORT INTO assoc_new_Post SELECT * FROM Post. The comment behind it
** tells a reader of the script how many rows the copy has. */
static void copyRows(Rebuild *r) {
  AssocSync *p = r->p;
  i64 n;
  assocDdlBegin(p, "INSERT OR ABORT INTO ");
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  assocDdlName(p->pStr, r->zNew);
  if (!copiesAll(r)) {
    sqlite3_str_appendchar(p->pStr, 1, '(');
    copyColumns(r);
    sqlite3_str_appendchar(p->pStr, 1, ')');
  }
  sqlite3_str_appendall(p->pStr, " SELECT ");
  if (copiesAll(r)) {
    sqlite3_str_appendchar(p->pStr, 1, '*');
  } else {
    copyColumns(r);
  }
  sqlite3_str_appendall(p->pStr, " FROM ");
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  assocDdlName(p->pStr, r->pTab->zName);
  assert(r->zNew);
  n = rebuildAsk(p, "SELECT count(*) FROM \"%w\".\"%w\"", r->pTab);
  sqlite3_str_appendf(p->pStr, " /* %lld row%s */", n, n == 1 ? "" : "s");
}

/* Copy the counter of AUTOINCREMENT before the rows: the INSERT then continues
** from this counter. */
static void copySequence(Rebuild *r) {
  AssocSync *p = r->p;
  if (!r->create.bAutoincrement) return;
  assocDdlBegin(p, "INSERT INTO ");
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  sqlite3_str_appendf(
      p->pStr, "sqlite_sequence(name, seq) SELECT %Q, seq FROM ", r->zNew);
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  sqlite3_str_appendf(p->pStr, "sqlite_sequence WHERE name = %Q",
                      r->pTab->zName);
}

/* Move the statistics of ANALYZE from one table name to another. DROP TABLE
** deletes statistics under the dropped name, so they are moved to the new
** table's name before and back afterwards. True if the database has statistics
** tables. */
static int moveStatistics(Rebuild *r, const char *zFrom, const char *zTo) {
  static const char *const az[] = {"sqlite_stat1", "sqlite_stat2",
                                   "sqlite_stat3", "sqlite_stat4"};
  AssocSync *p = r->p;
  int i, bAny = 0;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (assocSchemaIndex(r->pTab->pSchema, az[i]) < 0) continue;
    bAny = 1;
    assocDdlBegin(p, "UPDATE ");
    assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
    sqlite3_str_appendf(p->pStr, "%s SET tbl = %Q WHERE tbl = %Q", az[i], zTo,
                        zFrom);
  }
  return bAny;
}

/* DROP TABLE Post; ALTER TABLE assoc_new_Post RENAME TO Post */
static void swapTables(Rebuild *r) {
  AssocSync *p = r->p;
  assocDdlBegin(p, "DROP TABLE ");
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  assocDdlName(p->pStr, r->pTab->zName);
  assocDdlBegin(p, "ALTER TABLE ");
  assocDdlSchema(p->pStr, r->pTab->pSchema, 0);
  assocDdlName(p->pStr, r->zNew);
  sqlite3_str_appendall(p->pStr, " RENAME TO ");
  assocDdlName(p->pStr, r->pTab->zName);
}

/* -------------------------------------------------------- indexes, triggers */

/*
** Write a text of the schema as a statement. SQLite stores "CREATE INDEX name
** …" without the database, also for triggers in temp. The database's name is
** put behind zWord, "index" or "trigger".
*/
static void createAgain(AssocSync *p, const AssocSchema *pSchema,
                        const char *zWord, const char *zSql) {
  int i = 0, n, eType = 0;
  while ((n = assocSqlToken(&zSql[i], &eType)) > 0) {
    i += n;
    if (eType == ASSOC_SQL_WORD && assocSqlIs(&zSql[i - n], n, zWord)) break;
  }
  assocDdlBegin(p, "");
  sqlite3_str_append(p->pStr, zSql, i);
  sqlite3_str_appendchar(p->pStr, 1, ' ');
  assocDdlSchema(p->pStr, pSchema, 0);
  zSql += i;
  (void)assocSqlNext(&zSql, &eType);
  sqlite3_str_appendall(p->pStr, zSql);
}

/* The name at z without its quotes, in the arena. */
static const char *nameAt(AssocSync *p, const char *z, int n, int eType) {
  sqlite3_str *pStr;
  int i;
  if (eType != ASSOC_SQL_QUOTED) {
    return assocArenaText(p->pCall, &p->mem, z, n);
  }
  pStr = sqlite3_str_new(p->pCall->db);
  for (i = 1; i < n - 1; i++) {
    sqlite3_str_appendchar(pStr, 1, z[i]);
    if (z[0] != '[' && z[i] == z[0]) i++;
  }
  return assocArenaStr(p->pCall, &p->mem, pStr);
}

/*
** Is a trigger of temp, on a table of this name, on this table? The first ON of
** its text stands before the table's name, because ON without quotes cannot be a
** column's name. SQLite looks for a table without a database name in temp first,
** then in main, then in the attached databases.
*/
static int isOnTable(AssocSync *p, const AssocTable *pTab, const char *zSql) {
  AssocSchema *pSchema, *pFound = 0;
  const char *zName = 0, *zDb = 0;
  int i, n, eType = 0, nName = 0, bOn = 0;
  for (i = 0; (n = assocSqlToken(&zSql[i], &eType)) > 0; i += n) {
    if (eType == ASSOC_SQL_SPACE) continue;
    if (!bOn) {
      bOn = eType == ASSOC_SQL_WORD && assocSqlIs(&zSql[i], n, "on");
      continue;
    }
    /* name, or database.name: the dot makes nName 0, the next token 1 again. */
    if (nName && zSql[i] != '.') break;
    nName = !nName;
    if (!nName) {
      zDb = zName;
    } else {
      zName = nameAt(p, &zSql[i], n, eType);
    }
  }
  if (zName == 0) return 0;
  assert(sqlite3_stricmp(zName, pTab->zName) == 0);
  if (zDb) return sqlite3_stricmp(zDb, pTab->pSchema->zName) == 0;
  for (pSchema = pTab->pSchema->pCatalog->pSchema; pSchema;
       pSchema = pSchema->pNext) {
    int bTemp = sqlite3_stricmp(pSchema->zName, "temp") == 0;
    if ((bTemp || pFound == 0) && assocSchemaIndex(pSchema, zName) >= 0) {
      pFound = pSchema;
    }
  }
  return pFound == pTab->pSchema;
}

/* The indexes and triggers of the table that are in one database, in the order
** in which they were created: SQLite fires triggers in this order. */
static void createRest(Rebuild *r, const AssocSchema *pSchema) {
  AssocSync *p = r->p;
  int bTemp = sqlite3_stricmp(pSchema->zName, "temp") == 0;
  sqlite3_stmt *pStmt = assocPrepare(
      p->pCall,
      "SELECT type, sql FROM \"%w\".sqlite_schema"
      " WHERE tbl_name=?1 COLLATE nocase AND type IN ('index','trigger')"
      "   AND sql IS NOT NULL ORDER BY rowid",
      pSchema->zName);
  assocBindText(p->pCall, pStmt, 1, r->pTab->zName);
  while (assocStep(p->pCall, pStmt)) {
    const char *zType = assocColumnText(p->pCall, pStmt, 0);
    const char *zSql = assocColumnText(p->pCall, pStmt, 1);
    if (bTemp && zType[0] == 't' && !isOnTable(p, r->pTab, zSql)) continue;
    if (bTemp && zType[0] == 'i' && pSchema != r->pTab->pSchema) continue;
    createAgain(p, pSchema, zType, zSql);
  }
  assocFinalize(p->pCall, pStmt);
}

/* ------------------------------------------------------------------- all */

/* Note the table for assocSyncScript() and for the caller's check. */
static void remember(Rebuild *r) {
  AssocRebuilt *pNew = assocAlloc(r->p->pCall, &r->p->mem, sizeof(*pNew));
  assert(r->nFkey >= 0);
  if (pNew == 0) return;
  pNew->pTab = r->pTab;
  pNew->nFkey = r->nFkey;
  pNew->pNext = r->p->pRebuilt;
  r->p->pRebuilt = pNew;
}

/*
** SQLite's procedure for a rebuild: create a table under a free name, copy the
** rows, drop the old table, rename the new one, then create the indexes and
** triggers again. Statistics of ANALYZE are renamed with the table twice,
** because DROP TABLE deletes those of its name. Triggers in TEMP that name the
** table are dropped with it and made again, too.
*/
void assocRebuildTable(AssocSync *p, AssocTable *pTab) {
  const AssocSchema *pTemp = assocSchemaFind(pTab->pSchema->pCatalog, "temp");
  Rebuild r;
  int bStat;
  assert(pTab->eType == ASSOC_TABLE && p->eRebuild != 0);
  memset(&r, 0, sizeof(r));
  r.p = p;
  r.pTab = pTab;
  r.zNew = assocArenaPrintf(p->pCall, &p->mem, "assoc_new_%s", pTab->zName);
  if (r.zNew) r.zNew = assocDdlFreeName(p, pTab->pSchema, r.zNew);
  readText(&r);
  if (p->pCall->rc != SQLITE_OK) return;
  createNew(&r);
  copySequence(&r);
  copyRows(&r);
  (void)moveStatistics(&r, pTab->zName, r.zNew);
  swapTables(&r);
  bStat = moveStatistics(&r, r.zNew, pTab->zName);
  assocDdlLate(p);
  createRest(&r, pTab->pSchema);
  if (pTemp != pTab->pSchema) createRest(&r, pTemp);
  if (bStat) {
    assocDdlBegin(p, "ANALYZE ");
    assocDdlSchema(p->pStr, pTab->pSchema, 0);
    sqlite3_str_appendall(p->pStr, "sqlite_schema");
  }
  assocDdlLate(p);
  remember(&r);
}

/* See sync.h. */
void assocRebuiltCheck(AssocSync *p, const AssocRebuilt *pRebuilt) {
  const AssocTable *pTab = pRebuilt->pTab;
  const AssocForeign *pFor;
  sqlite3_stmt *pStmt;
  int n = 0;
  if (pRebuilt->nFkey == 0) return;
  /* table, rowid, parent, fkid */
  pStmt = assocPrepare(p->pCall, "PRAGMA \"%w\".foreign_key_check(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(p->pCall, pStmt)) {
    n += sqlite3_column_int(pStmt, 3) < pRebuilt->nFkey;
  }
  assocFinalize(p->pCall, pStmt);
  if (n == 0) return;
  pFor = assocSyncKeys(p, pTab->zName);
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pTab == pTab && wantsForeignKey(p, pFor, 1)) {
      assocCheckReferences(p, pFor);
    }
  }
  assocErrorOf(p->pCall, ASSOC_E_CONSTRAINT, 0, pTab->zName,
               "%s has rows that violate its new foreign keys", pTab->zName);
}

/* PRAGMA foreign_key_check(Post) for each rebuilt table. */
static void scriptCheck(sqlite3_str *pStr, const AssocRebuilt *pRebuilt) {
  for (; pRebuilt; pRebuilt = pRebuilt->pNext) {
    sqlite3_str_appendall(pStr, "\nPRAGMA ");
    assocDdlSchema(pStr, pRebuilt->pTab->pSchema, 0);
    sqlite3_str_appendall(pStr, "foreign_key_check(");
    assocDdlName(pStr, pRebuilt->pTab->zName);
    sqlite3_str_appendall(pStr, ");");
  }
}

/* What a person runs by hand: the pragmas have to stand outside of the
** transaction. foreign_key_check at the end gives a row for each violation, and
** nothing if all is well. */
char *assocSyncScript(AssocSync *p, const char *zTables, const char *zRest) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  int bFkey = p->bFkey && p->pRebuilt;
  int bLegacy = p->bLegacy || p->pRebuilt == 0;
  if (bFkey) sqlite3_str_appendall(pStr, "PRAGMA foreign_keys=OFF;\n");
  if (!bLegacy) sqlite3_str_appendall(pStr, "PRAGMA legacy_alter_table=ON;\n");
  if (p->pRebuilt) sqlite3_str_appendall(pStr, "BEGIN;\n");
  assocStrAdd(pStr, zTables);
  if (zTables[0] && zRest[0]) sqlite3_str_appendchar(pStr, 1, '\n');
  assocStrAdd(pStr, zRest);
  scriptCheck(pStr, p->pRebuilt);
  if (p->pRebuilt) sqlite3_str_appendall(pStr, "\nCOMMIT;");
  if (!bLegacy) {
    sqlite3_str_appendall(pStr, "\nPRAGMA legacy_alter_table=OFF;");
  }
  if (bFkey) sqlite3_str_appendall(pStr, "\nPRAGMA foreign_keys=ON;");
  return assocStrFinish(p->pCall, pStr);
}
