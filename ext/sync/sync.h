/*
** Making the definitions real: the DDL that it takes.
**
**   ddl      names, types and references as one would write them
**   column   the columns that a foreign key needs
**   create   the CREATE TABLE of a table that is there, read and added to
**   plan     what is missing: columns, join tables, indexes
**   rebuild  a table made anew, with what ALTER TABLE cannot add
**   check    rows that are in the way of a constraint
**   pair     the index that makes pairs of a join table unique
**   guard    triggers that keep polymorphic keys from dangling
**
** One AssocSync is one reading of the schema, and the text made from it.
** Nothing here writes to the database.
*/
#ifndef ASSOC_SYNC_H
#define ASSOC_SYNC_H

#include "model/model.h"

typedef struct AssocSync AssocSync;
typedef struct AssocRebuilt AssocRebuilt;

struct AssocSync {
  AssocCall *pCall;
  int eRebuild; /* 1: rebuild tables for every constraint that is missing; -1:
                ** for those that a definition asks for in so many words; 0:
                ** rebuild none */
  int bFkey, bLegacy; /* PRAGMA foreign_keys, legacy_alter_table, as they are
                      ** while nothing is made anew */
  AssocArena mem;
  AssocForeign *pList;
  sqlite3_str *pStr;      /* The statements so far */
  sqlite3_str *pLate;     /* Those for when all tables are there */
  AssocRebuilt *pRebuilt; /* Tables that are made anew */
  int bTypes;             /* Key columns get the types of what they reference */
  const char **azName;    /* Names that are taken by what it makes */
  int nName;
};

struct AssocRebuilt {
  const AssocSchema *pSchema;
  const char *zTable;
  int nFkey; /* Foreign keys that it gets; SQLite numbers them from 0 */
  AssocRebuilt *pNext;
};

/* The statements, in the order in which they can run: first those about
** tables, then the others. "" where nothing is missing. The caller frees
** p->mem. OUT: both are freed with sqlite3_free(). */
void assocSyncText(AssocSync *p, AssocCatalog *pCat, char **pzTables,
                   char **pzRest);
/* The same around what makes the statements. */
void assocSyncStart(AssocSync *p);
void assocSyncFinish(AssocSync *p, char **pzTables, char **pzRest);
/* Both as a script, which says what has to be so while tables are made anew.
** OUT: sqlite3_free() */
char *assocSyncScript(AssocSync *p, const char *zTables, const char *zRest);

/* ------------------------------------------------------------------- ddl */

/* A name as one would write it: quoted only where it must be. */
void assocDdlName(sqlite3_str *pStr, const char *z);
/* (a, b) */
void assocDdlNames(sqlite3_str *pStr, const AssocKey *pKey);
/* What goes before a thing of that database: aux., or nothing for main. */
void assocDdlSchema(sqlite3_str *pStr, const AssocSchema *pSchema);
/* Start a statement, and end the one before it. */
void assocDdlBegin(AssocSync *p, const char *z);
/* From here on statements are late ones; and from here on they are not. */
void assocDdlLate(AssocSync *p);
/* " INTEGER COLLATE nocase" of the i-th column of a key, as it is or is to be
** in its own table. */
void assocDdlType(AssocSync *p, const AssocForeign *pFor, int i);
/* " DEFAULT 1", where a definition gives the key a defaultValue. */
void assocDdlDefault(AssocSync *p, const AssocForeign *pFor);
/* The value alone. */
void assocDdlValue(sqlite3_str *pStr, const AssocJson *p);
/* Can there be a constraint? */
int assocDdlCanReference(const AssocForeign *pFor);
/* REFERENCES User(id) ON DELETE CASCADE ON UPDATE CASCADE */
void assocDdlReferences(AssocSync *p, const AssocForeign *pFor);
/* A name that nothing has yet: zBase, or zBase_2. It lasts as long as p. */
const char *assocDdlFreeName(AssocSync *p, const AssocSchema *pSchema,
                             const char *zBase);

/* ---------------------------------------------------------------- column */

/* Columns that a key needs: its own, and of a polymorphic one the type. */
int assocSyncColumns(const AssocForeign *pFor);
const char *assocSyncColumnName(const AssocForeign *pFor, int i);
/* Its number in the table, or -1 while it is missing. */
int assocSyncColumnAt(const AssocForeign *pFor, int i);
/* " COLLATE nocase" behind column i of an index, where what the key refers to
** has another collation than the column; and the index that so serves the key. */
void assocSyncCollation(sqlite3_str *pStr, const AssocForeign *pFor, int i);
const char *assocSyncIndexOn(AssocCall *pCall, const AssocForeign *pFor,
                             int *pbUnique);
/* Is it missing, and no key before this one names it too? */
int assocSyncIsNew(const AssocSync *p, const AssocForeign *pFor, int i);
/* Is pKey the same key? */
int assocSyncIsKey(const AssocForeign *pFor, const AssocKey *pKey);
/* Does a condition of a scope say which value new rows get? */
int assocSyncIsFixed(const AssocJson *p);
/* Does the i-th column of a key compare otherwise than the column that it
** references? Then the table is to be made anew with its type. */
int assocSyncTypeDiffers(const AssocForeign *pFor, int i);
#define ASSOC_TYPE_SAME 0
#define ASSOC_TYPE_NONE 1      /* It has no affinity, the other has */
#define ASSOC_TYPE_AFFINITY 2  /* It has another affinity */
#define ASSOC_TYPE_COLLATION 3 /* It has another collation */
/* UserId INTEGER NOT NULL REFERENCES User(id) … */
void assocSyncColumn(AssocSync *p, const AssocForeign *pFor, int i);

/* --------------------------------------------------------------- rebuild */

/* Has a table to be made anew for this key? */
int assocRebuildFor(AssocSync *p, const AssocForeign *pFor);
/* For any? */
int assocRebuildNeeded(AssocSync *p, const AssocTable *pTab);
/* The statements that do it. */
void assocRebuildTable(AssocSync *p, AssocTable *pTab);

/* ----------------------------------------------------------------- check */

/* An error that lists them, if there are rows that a foreign key would not
** allow; */
void assocCheckReferences(AssocSync *p, const AssocForeign *pFor);
/* that have no value in the i-th column, or would have none; */
void assocCheckNotNull(AssocSync *p, const AssocForeign *pFor, int i);
/* that would get a default which is in no row of the parent; */
void assocCheckDefault(AssocSync *p, const AssocForeign *pFor);
/* that refer to nothing by a polymorphic key. In zWhere the row is c. */
void assocCheckOrphans(AssocSync *p, const AssocForeign *pFor,
                       const char *zWhere);

/* ----------------------------------------------------------------- guard */

/* The triggers of all polymorphic keys. */
void assocGuards(AssocSync *p, AssocCatalog *pCat);
/* How many triggers of a key are missing or have another text, of *pnAll. */
int assocGuardMissing(AssocSync *p, const AssocForeign *pFor, int *pnAll);

/* ------------------------------------------------------------------ pair */

/* The index that makes a join table that is there have each pair once, for the
** first of the two keys. True if it is made: it serves that key, too. */
int assocPairIndex(AssocSync *p, const AssocForeign *pFor);
/* -1: there is such an index, or need not be one. Else it is missing, and this
** many pairs are there more than once. OUT: *pzTwin, one of them, is freed with
** sqlite3_free(). */
i64 assocPairState(AssocSync *p, const AssocForeign *pFor, char **pzTwin);

/* ---------------------------------------------------------------- create */

/* The length of the token that z begins with, 0 at the end. */
int assocSqlToken(const char *z, int *peType);
#define ASSOC_SQL_SPACE 0  /* White space or a comment */
#define ASSOC_SQL_WORD 1   /* A keyword, a name, a number */
#define ASSOC_SQL_QUOTED 2 /* "a", 'a', `a`, [a] */
#define ASSOC_SQL_OTHER 3
/* Is the token the keyword zWord? */
int assocSqlIs(const char *z, int n, const char *zWord);

/* Places in the text of a CREATE TABLE. */
typedef struct AssocCreate AssocCreate;
struct AssocCreate {
  const char *z;      /* The text */
  int iName;          /* Behind the table's name */
  int iColumns;       /* Behind the last column */
  int iLast;          /* Behind the last column or constraint */
  int iClose;         /* The parenthesis that closes the list */
  int nCol;           /* Columns */
  int *aiEnd;         /* Behind each of them */
  u8 bLines;          /* Every element stands on a line of its own */
  u8 bAutoincrement;  /* It says AUTOINCREMENT */
  const char *zSpace; /* The white space that goes before an element */
};
/* An error if it cannot be read. zTable names it there. */
void assocCreateRead(AssocCall *pCall, AssocArena *pArena, const char *zTable,
                     const char *zSql, AssocCreate *p);
/* Does the table declare the foreign key of these columns DEFERRABLE INITIALLY
** DEFERRED? No PRAGMA tells. */
int assocCreateIsDeferred(AssocCall *pCall, const AssocTable *pTab,
                          const AssocKey *pKey);

#endif /* ASSOC_SYNC_H */
