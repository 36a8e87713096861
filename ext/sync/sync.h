/*
** assoc_sync(): the DDL that makes the database match the definitions.
**
**   ddl        names, types, defaults and references as SQL text
**   column     the columns that a foreign key needs
**   create     a reader of CREATE TABLE texts, for edits that keep the rest
**   table      tables and columns of models that say "columns"
**   missing    missing columns, join tables and indexes
**   rebuild    a copy of a table, for constraints that ALTER TABLE cannot add
**   violation  rows that violate a constraint before it is made
**   pair       the UNIQUE index on the two keys of an existing join table
**   trigger    the list of triggers: those that are missing, those to drop
**   guard      triggers that keep polymorphic keys from dangling
**   time       timestamps of models: columns and triggers
**   count      counter caches: columns and triggers
**
** One AssocSync reads the schema once and holds the text made from it. Nothing
** on this floor writes to the database: the caller runs the text.
*/
#ifndef ASSOC_SYNC_H
#define ASSOC_SYNC_H

#include "model/model.h"

typedef struct AssocSync AssocSync;
typedef struct AssocRebuilt AssocRebuilt;
typedef struct AssocSyncNames AssocSyncNames; /* Private to ddl.c */

/* One run of assoc_sync() or of a check. The caller sets pCall, eRebuild,
** bFkey, bLegacy and bTypes, and clears the rest. */
struct AssocSync {
  AssocCall *pCall; /* Receives the first error */
  int eRebuild;     /* 1: rebuild a table for every missing constraint; -1: only
                ** for constraints that a definition names; 0: never */
  int bFkey, bLegacy;     /* PRAGMA foreign_keys and legacy_alter_table, as the
                      ** script restores them after a rebuild */
  AssocArena mem;         /* Freed by the caller */
  AssocForeign *pList;    /* Foreign keys of all definitions, in mem */
  AssocWords tables;      /* The same: read it with assocSyncKeys() */
  sqlite3_str *pStr;      /* Statements about tables so far */
  sqlite3_str *pLate;     /* Those that need all tables: indexes, triggers */
  AssocRebuilt *pRebuilt; /* Tables that the text rebuilds, the last first */
  int bTypes;             /* Give key columns the types that they reference */
  u8 bNoRows; /* Rows that violate a constraint are not looked for */
  u8 bLater;  /* assocRebuiltCheck() looks for those of foreign keys */
  AssocSyncNames *pNames; /* By database: names that are taken, in mem */
};

/* A table that the text rebuilds. */
struct AssocRebuilt {
  const AssocTable *pTab; /* The table as it was before */
  int nFkey; /* Foreign keys that it gets; SQLite numbers them from 0 */
  AssocRebuilt *pNext; /* The table that was rebuilt before */
};

/* The statements, in the order in which they can run: first those about tables,
** then those about indexes and triggers. "" where nothing is missing. The
** caller frees p->mem. OUT: both are freed with sqlite3_free(). */
void assocSyncText(AssocSync *p, AssocCatalog *pCat, char **pzTables,
                   char **pzRest);
/* The first and last step of assocSyncText(), for callers that write their own
** statements between them: open both texts; close and hand over both. */
void assocSyncStart(AssocSync *p);
/* OUT: the caller frees both texts with sqlite3_free(); 0 after an error. */
void assocSyncFinish(AssocSync *p, char **pzTables, char **pzRest);
/* A rebuilt table has its new foreign keys: an error that lists the rows which
** violate them. Older keys may have been violated before. */
void assocRebuiltCheck(AssocSync *p, const AssocRebuilt *pRebuilt);
/* Both texts as one script, with the PRAGMAs and the transaction that a rebuild
** needs. OUT: freed with sqlite3_free() */
char *assocSyncScript(AssocSync *p, const char *zTables, const char *zRest);

/* ------------------------------------------------------------------- ddl */

/* (a, b) */
void assocDdlNames(sqlite3_str *pStr, const AssocKey *pKey);
/* End the statement before, if any, and start the next with the text z. */
void assocDdlBegin(AssocSync *p, const char *z);
/* Swap p->pStr and p->pLate: from here on statements are late ones. A second
** call swaps them back. */
void assocDdlLate(AssocSync *p);
/* " INTEGER COLLATE nocase": type and collation of the i-th column of a key,
** copied from the column that it references. */
void assocDdlType(AssocSync *p, const AssocForeign *pFor, int i);
/* " DEFAULT 1" if a definition gives the key a defaultValue, else nothing. */
void assocDdlDefault(AssocSync *p, const AssocForeign *pFor);
/* A JSON scalar as an SQL literal. */
void assocDdlValue(sqlite3_str *pStr, const AssocJson *p);
/* Is a FOREIGN KEY wanted, and can SQLite hold it? */
int assocDdlCanReference(const AssocForeign *pFor);
/* REFERENCES User(id) ON DELETE CASCADE ON UPDATE CASCADE. An error if the
** referenced columns are not unique. */
void assocDdlReferences(AssocSync *p, const AssocForeign *pFor);
/* zBase if no table, index or trigger has this name, else zBase_2, zBase_3, …
** The name counts as taken from now on, and lasts as long as p->mem. "" after
** an error. */
const char *assocDdlFreeName(AssocSync *p, const AssocSchema *pSchema,
                             const char *zBase);

/* ---------------------------------------------------------------- column */

/* The first of p->pList whose table has this name, in any database. The next ones
** are found by pNextHere. 0 if there is none. */
AssocForeign *assocSyncKeys(const AssocSync *p, const char *zTable);
/* How many columns a key needs: its own, and one more for the type if it is
** polymorphic. The functions below number them from 0, the type last. */
int assocSyncColumns(const AssocForeign *pFor);
/* Name of the i-th of these columns. */
const char *assocSyncColumnName(const AssocForeign *pFor, int i);
/* Its number in the table, or -1 while the column is missing. */
int assocSyncColumnAt(const AssocForeign *pFor, int i);
/* " COLLATE nocase" behind column i of an index, if the referenced column
** compares by another collation than the key's own column. */
void assocSyncCollation(sqlite3_str *pStr, const AssocForeign *pFor, int i);
/* Name of an index that serves lookups by the key, with those collations; 0 if
** there is none. *pbUnique: the index is unique. */
const char *assocSyncIndexOn(AssocCall *pCall, const AssocForeign *pFor,
                             int *pbUnique);
/* Is column i missing, and named by no key before this one in p->pList? So each
** missing column is added once. */
int assocSyncIsNew(AssocSync *p, const AssocForeign *pFor, int i);
/* Does pKey name the same columns in the same order? */
int assocSyncIsKey(const AssocForeign *pFor, const AssocKey *pKey);
/* Does a condition of a scope fix one value, which new rows then get? A list or
** an operator does not. */
int assocSyncIsFixed(const AssocJson *p);
/* Does the i-th column of a key compare by other rules than the column that it
** references? Returns ASSOC_TYPE_*; other than SAME, a rebuild with bTypes
** gives the column the referenced type. */
int assocSyncTypeDiffers(const AssocForeign *pFor, int i);
#define ASSOC_TYPE_SAME 0
#define ASSOC_TYPE_NONE 1      /* It has no affinity, the referenced one has */
#define ASSOC_TYPE_AFFINITY 2  /* It has another affinity */
#define ASSOC_TYPE_COLLATION 3 /* It has another collation */
/* Declaration of column i: UserId INTEGER NOT NULL REFERENCES User(id) … */
void assocSyncColumn(AssocSync *p, const AssocForeign *pFor, int i);

/* --------------------------------------------------------------- rebuild */

/* Does this key need a constraint that only a rebuild of its table adds? */
int assocRebuildFor(AssocSync *p, const AssocForeign *pFor);
/* Does any key of the table need a rebuild? */
int assocRebuildNeeded(AssocSync *p, const AssocTable *pTab);
/* Write the statements that rebuild the table with all its missing columns and
** constraints. An error if existing rows violate one of them. */
void assocRebuildTable(AssocSync *p, AssocTable *pTab);

/* Append what definitions need of a planned table, each after a comma and
** zSpace: columns; then FOREIGN KEYs. */
void assocRebuildColumns(AssocSync *p, AssocTable *pTab, const char *zSpace);
/* The FOREIGN KEY clauses, which SQLite wants behind all columns. */
void assocRebuildKeys(AssocSync *p, AssocTable *pTab, const char *zSpace);
/* Does a definition ask for NOT NULL on a column of a planned table that is not
** NOT NULL itself? */
int assocRebuildNotNull(AssocSync *p, AssocTable *pTab, int iCol);

/* ----------------------------------------------------------------- table */

/* The next table of the database for which models say "columns", as a planned
** table. *ppTab is the existing table, or 0; *ppDef begins as 0. 0 at the
** end. */
AssocTable *assocWantedNext(AssocSync *p, AssocSchema *pSchema,
                            AssocDef **ppDef, AssocTable **ppTab);
/* CREATE TABLE for those that do not exist; ADD COLUMN for the others. */
void assocWantedTables(AssocSync *p, AssocCatalog *pCat);
/* A table that needs more than ADD COLUMN is rebuilt here, with all its
** columns. */
void assocWantedColumns(AssocSync *p, AssocCatalog *pCat);
/* Does the table lack a column that ADD COLUMN does not take: UNIQUE, or a
** PRIMARY KEY? */
int assocWantedRebuild(AssocSync *p, const AssocTable *pTab);
/* As assocTimeRebuilt(). */
int assocWantedRebuilt(AssocSync *p, const AssocTable *pTab,
                       const char *zSpace);
/* Do models ask for the column of an existing table? */
int assocWantedHas(AssocSync *p, const AssocTable *pTab, const char *zCol);

/* ------------------------------------------------------------- violation */

/* Each of these raises an error that lists up to five rows, if rows of the
** key's table are in the way of a constraint. */

/* Rows whose key is in no row of the parent. */
void assocCheckReferences(AssocSync *p, const AssocForeign *pFor);
/* Rows that are NULL in the i-th column, or would be in a new one. */
void assocCheckNotNull(AssocSync *p, const AssocForeign *pFor, int i);
/* Rows that would get a default which is in no row of the parent. */
void assocCheckDefault(AssocSync *p, const AssocForeign *pFor);
/* Rows that refer to nothing by a polymorphic key. zWhere is the condition that
** finds them; it calls the row c. */
void assocCheckOrphans(AssocSync *p, const AssocForeign *pFor,
                       const char *zWhere);

/* --------------------------------------------------------------- trigger */

/* One trigger that should exist. */
typedef struct AssocTrigger AssocTrigger;
struct AssocTrigger {
  const AssocSchema *pSchema; /* The database that gets it */
  const char *zName;          /* assoc_…_ */
  const char *zSql;           /* Its text from the name on */
  int bThere;                 /* The schema has it, word for word */
  const AssocForeign *pFor;   /* Set in the first guard of each key: that key */
  AssocTrigger *pNext;        /* The next to be made */
};
typedef struct AssocTriggers AssocTriggers;
struct AssocTriggers {
  AssocTrigger *pFirst, **ppEnd; /* A list in the order of making */
};
/* An empty list. */
void assocTriggersInit(AssocTriggers *p);
/* Add a trigger. pStr has its text from the name on, and is freed. 0 after an
** error. */
AssocTrigger *assocTriggerAdd(AssocSync *p, AssocTriggers *pList,
                              const AssocSchema *pSchema, const char *zName,
                              sqlite3_str *pStr);
/* How many triggers of a list, all of one database, are missing or have an
** outdated text. *pnAll: how many there should be. */
int assocTriggersMissing(AssocSync *p, AssocTriggers *pList,
                         const AssocSchema *pSchema, int *pnAll);
/* Mark the triggers of the list that exist, and write DROP TRIGGER for others
** of these names that exist. */
void assocTriggersMark(AssocSync *p, AssocTriggers *pList, AssocCatalog *pCat);
/* Write CREATE TRIGGER. */
void assocTriggerCreate(AssocSync *p, const AssocTrigger *pOne);
/* Append "id IS NEW.id": zLeft and zRow stand before the two columns. For each
** column that identifies a row. */
void assocTriggerIs(sqlite3_str *pStr, const AssocTable *pTab,
                    const char *zLeft, const char *zRow);

/* ------------------------------------------------------------------ time */

/* The next model of the database whose timestamps assoc_sync() keeps. *ppDef is
** its row, and begins as 0. 0 at the end. */
AssocModel *assocTimeNext(AssocSync *p, AssocSchema *pSchema, AssocDef **ppDef);
/* Missing timestamp columns, and values for the rows that are there. Columns of
** tables that are rebuilt come with the rebuild. */
void assocTimeColumns(AssocSync *p, AssocCatalog *pCat);
/* The triggers of all timestamps. */
void assocTimeTriggers(AssocSync *p, AssocCatalog *pCat, AssocTriggers *pList);
/* Those of one model; and the columns that its table lacks, 0 to 2 names. */
void assocTimeOfModel(AssocSync *p, AssocModel *pModel, AssocTriggers *pList);
/* Returns how many names it wrote into azCol, which has room for two. */
int assocTimeMissing(const AssocModel *pModel, const char **azCol);
/* Append the missing columns of a table that is rebuilt, each after zComma and
** zSpace. Returns their number. */
int assocTimeRebuilt(AssocSync *p, const AssocTable *pTab, const char *zSpace);

/* ----------------------------------------------------------------- count */

/* The next counter cache of the database. *ppDef is its definition, and begins
** as 0. 0 at the end. */
AssocCounter *assocCountNext(AssocSync *p, AssocSchema *pSchema,
                             AssocDef **ppDef);
/* Missing columns, and the table assoc_recount. Columns of tables that are
** rebuilt come with the rebuild. An error for a counter cache that triggers
** cannot keep. */
void assocCountColumns(AssocSync *p, AssocCatalog *pCat);
/* As assocTimeRebuilt(). */
int assocCountRebuilt(AssocSync *p, const AssocTable *pTab, const char *zSpace);
/* The triggers of all counter caches; of one. */
void assocCountTriggers(AssocSync *p, AssocCatalog *pCat, AssocTriggers *pList);
/* Append the triggers of one counter cache to pList. */
void assocCountOf(AssocSync *p, const AssocCounter *c, AssocTriggers *pList);
/* After assocTriggersMark(): count where triggers are missing. */
void assocCountFills(AssocSync *p, AssocCatalog *pCat,
                     const AssocTriggers *pList);
/* The statement that counts. OUT: freed with sqlite3_free(). */
char *assocCountFill(AssocSync *p, const AssocCounter *c);
/* How many rows have a wrong number; 0 while the column is missing. */
i64 assocCountWrong(AssocSync *p, const AssocCounter *c);
/* Append " AND NEW.n IS OLD.n" for each counter cache of a table. */
void assocCountKept(AssocSync *p, sqlite3_str *pStr, const AssocTable *pTab);

/* ----------------------------------------------------------------- guard */

/* Add the triggers of all polymorphic keys to an empty list. */
void assocGuardTriggers(AssocSync *p, AssocTriggers *pList);
/* CREATE TRIGGER for all triggers of the list that are not there, after
** assocTriggersMark(). An error if rows break a guard. */
void assocGuardCreate(AssocSync *p, AssocTriggers *pList);
/* How many triggers of a key are missing or have an outdated text. *pnAll: how
** many triggers the key needs. */
int assocGuardMissing(AssocSync *p, const AssocForeign *pFor, int *pnAll);

/* ------------------------------------------------------------------ pair */

/* Write the UNIQUE index over both keys of an existing join table, if it is
** missing and pFor is the key that the association names first. True if the
** text has the index: it serves lookups by pFor, too. */
int assocPairIndex(AssocSync *p, const AssocForeign *pFor);
/* -1 if such an index exists or none is due. Else the index is missing, and the
** result is the number of pairs that occur more than once. OUT: *pzTwin, one of
** those pairs as text or 0, is freed with sqlite3_free(). */
i64 assocPairState(AssocSync *p, const AssocForeign *pFor, char **pzTwin);

/* ---------------------------------------------------------------- create */

/* Places in the text of a CREATE TABLE, as byte offsets into z. An edit inserts
** text at these places and copies the rest. */
typedef struct AssocCreate AssocCreate;
struct AssocCreate {
  const char *z;      /* The text; the caller keeps it alive */
  int iName;          /* Behind the table's name */
  int iColumns;       /* Behind the last column */
  int iLast;          /* Behind the last column or table constraint */
  int iClose;         /* The parenthesis that closes the list */
  int nCol;           /* Number of columns */
  int *aiEnd;         /* Behind each column */
  u8 bLines;          /* Every element stands on a line of its own */
  u8 bAutoincrement;  /* The text has AUTOINCREMENT */
  const char *zSpace; /* The white space to put before a new element */
};
/* Find the places. An error, which names the table zTable, if the text is not
** a CREATE TABLE with a list of columns. */
void assocCreateRead(AssocCall *pCall, AssocArena *pArena, const char *zTable,
                     const char *zSql, AssocCreate *p);
/* Does the table declare the foreign key of these columns DEFERRABLE INITIALLY
** DEFERRED? Reads the schema text, since no PRAGMA tells. */
int assocCreateIsDeferred(AssocCall *pCall, const AssocTable *pTab,
                          const AssocKey *pKey);

#endif /* ASSOC_SYNC_H */
