/*
** The user's tables, the definitions, and the associations that follow from
** both.
**
**   schema     tables as SQLite describes them
**   catalog    the definitions, cached while they are valid
**   defrow     their rows, and what finds them
**   modelname  from a model's name to its table
**   planned    columns that models ask for, and tables that do not exist yet
**   options    the options of a definition
**   relation   from a definition to tables and columns; resolve.h lists the
**              files that take part
**   foreign    what both sides of one foreign key say about it
**   scope      conditions that belong to models
**   clock      the current time, as a column stores timestamps
**   counter    columns that have the number of related rows
**   rowpolicy  who may read and change which rows and columns
**   rowkey     the key of a row, as JSON writes it
**   inflect    singular and plural
**   assocname  the name that a person would give an association
**
**   pCat = assocCatalogEnter(pCall);
**   pModel = assocModelFind(pCall, pCat, "User");
**   pRel = assocRelFind(pCall, pModel, "posts");
**   ... pRel->foreign is Post.UserId, pRel->sourceKey is User.id
**   assocCatalogLeave(pCall, pCat);
**
** Everything that is found belongs to one AssocCatalog and lives in its arena.
** When the user changes a definition or the schema, the catalog is replaced,
** never changed. Code that needs a catalog after the call keeps a reference.
*/
#ifndef ASSOC_MODEL_H
#define ASSOC_MODEL_H

#include "base/base.h"
#include "shape/shape.h"
#include "model/inflect.h"

typedef struct AssocCatalog AssocCatalog;
typedef struct AssocColumn AssocColumn;
typedef struct AssocCounter AssocCounter;
typedef struct AssocDef AssocDef;
typedef struct AssocDefRow AssocDefRow;
typedef struct AssocDefRows AssocDefRows;
typedef struct AssocEntry AssocEntry;
typedef struct AssocFacts AssocFacts;
typedef struct AssocFkey AssocFkey;
typedef struct AssocIndex AssocIndex;
typedef struct AssocModel AssocModel;
typedef struct AssocModelName AssocModelName;
typedef struct AssocOptions AssocOptions;
typedef struct AssocPolicy AssocPolicy;
typedef struct AssocRel AssocRel;
typedef struct AssocSchema AssocSchema;
typedef struct AssocScope AssocScope;
typedef struct AssocTable AssocTable;

/* ---------------------------------------------------------------- schema */

struct AssocColumn {
  const char *zName; /* As the schema spells it */
  const char *zType; /* As declared; "" if there is no type */
  const char *zColl; /* Name of its collation; 0: a view's, unknown */
  u8 eAff;           /* ASSOC_AFF_*: affinity in comparisons */
  u8 eColl;          /* ASSOC_COLL_* */
  u8 eJson;          /* ASSOC_JSON_*: how JSON writes its values */
  u8 bNotNull;       /* Declared NOT NULL */
  u8 bHidden;        /* "*" does not include it */
  u8 bGenerated;     /* Cannot be written */
  u8 bDefault;       /* Has a DEFAULT */
  u8 bNow;           /* It is CURRENT_TIMESTAMP or datetime('now') */
  u8 eClock;         /* The form of its timestamps, if it is known: clock.c */
  int iPk;           /* Position in the PRIMARY KEY, from 1; 0: none */
};
/* Does a declared type contain zPart, in upper or lower case? */
int assocTypeHas(const char *zType, const char *zPart);

struct AssocFkey {
  const char *zParent; /* The referenced table, as spelt in the schema */
  int nCol;            /* Columns of the key */
  int *aCol;           /* nCol columns of this table */
  const char **azTo; /* nCol columns of the parent; entry 0: its primary key */
  const char *zOnDelete, *zOnUpdate; /* "CASCADE", "NO ACTION", … */
  AssocFkey *pNext;                  /* The next of the same table */
};

struct AssocIndex {
  const char *zName;   /* As the schema spells it */
  u8 bUnique;          /* No two rows have equal values */
  u8 bPartial;         /* It has a WHERE */
  u8 bPrimary;         /* Created by PRIMARY KEY */
  int nCol;            /* Indexed columns and expressions */
  int *aCol;           /* Column numbers; -2: an expression */
  const char **azColl; /* Their collations */
  u8 *abDesc;          /* Which of them are descending */
  AssocIndex *pNext;   /* The next of the same table */
};

struct AssocTable {
  AssocSchema *pSchema; /* The database that has it */
  AssocTable *pFact;    /* What the schema says, in AssocFacts */
  const char *zName;    /* As the schema spells it */
  u8 eType;             /* ASSOC_TABLE, _VIEW or _VIRTUAL */
  u8 bRowid;            /* Has a rowid */
  u8 bRefused;          /* A view that could not be read: its collations are not
                        ** known */
  int nCol;             /* Number of declared columns */
  AssocColumn *aCol;    /* nCol columns; aCol[nCol] is the rowid */
  int iRowid;           /* The INTEGER PRIMARY KEY, nCol if no column aliases
                     ** the rowid, -1 without a rowid */
  int nKey;             /* Columns of the key: PRIMARY KEY, else rowid */
  int *aKey;            /* nKey numbers of columns */
  u8 eOurs;             /* Read it with assocTableIsOurs(); 0: not yet */
  u8 bFkeys, bIndexes;  /* pFkey, pIndex have been read */
  AssocFkey *pFkey;     /* Read it with assocTableFkeys() */
  AssocIndex *pIndex;   /* Read it with assocTableIndexes() */
  i64 nRow;             /* Read it with assocTableRows(); -1: unknown */
  i64 nChange;          /* sqlite3_total_changes64() when it was estimated */
  AssocModel *pModel;   /* Set by assocModelOf() */
  int iLinked;    /* AssocCatalog.iLink when its definitions were linked */
  AssocDef *pDef; /* Then the first of these, by pNextHere, or 0 */
  u8 bPolicy;     /* pPolicy has been read: rowpolicy.c */
  AssocPolicy *pPolicy; /* The policies of its models, or 0 */
  AssocModel *pAside;   /* Its other models found so far */
  u8 bRow;              /* pRow is known */
  AssocDef *pRow;       /* The assoc_model() row of pModel, or 0 */
  u8 bPlanned;          /* It is no table yet: assoc_sync() makes it */
  int nPlan;            /* Planned: the columns that models ask for, */
  const char **azPlanName, **azPlan; /* their names, types and constraints */
  const char *zPlanKey;              /* PRIMARY KEY(a, b), or 0 */
};
#define ASSOC_TABLE 0
#define ASSOC_VIEW 1
#define ASSOC_VIRTUAL 2

/* Find a table or view of the schema by name and read its columns. 0 if there
** is no such table, or after an error: a view may be broken. */
AssocTable *assocTableFind(AssocCall *pCall, AssocSchema *pSchema,
                           const char *zName);
/* Describe a table of the scratch database: pTab->pSchema and zName are set. */
void assocTableDescribe(AssocCall *pScratch, AssocTable *pTab);
/* The name of the table zName as the model that plans it writes it, or 0. Its
** columns are not read: a mistake in them is no error here. */
const char *assocPlannedName(AssocCall *pCall, AssocSchema *pSchema,
                             const char *zName);
/* The first row of assoc_model() that plans the table, or 0: pNextWant. */
AssocDef *assocPlanRows(AssocCall *pCall, AssocSchema *pSchema,
                        const char *zName);
/* The table of that name that "columns" of models describe and that does not
** exist yet, or 0. Wrong columns are an error. */
AssocTable *assocTablePlanned(AssocCall *pCall, AssocSchema *pSchema,
                              const char *zName);
/* The table, existing or planned, or 0. */
AssocTable *assocTableAny(AssocCall *pCall, AssocSchema *pSchema,
                          const char *zName);
/* The columns that models ask for in a table, as a planned table; 0 if they ask
** for none, or after an error. With bLack also if the table has them all. */
AssocTable *assocTableWanted(AssocCall *pCall, AssocTable *pTab, int bLack);
/* Is column i that pWant has missing in pTab? */
int assocWantedMissing(const AssocTable *pTab, const AssocTable *pWant, int i);
/* Raise an error if the table does not exist yet. pTab may be 0. */
void assocTableNeed(AssocCall *pCall, const AssocTable *pTab,
                    const char *zModel);
/* The declaration of a timestamp in a new table, and its value. */
#define ASSOC_TIME_NOW "strftime('%Y-%m-%d %H:%M:%f +00:00', 'now')"
#define ASSOC_TIME_DECL "TEXT NOT NULL DEFAULT (" ASSOC_TIME_NOW ")"
/* The form in which timestamps of column iCol are stored, from 1 to below
** ASSOC_CLOCK_N; iCol -1: of a new column. iOther is the table's other timestamp,
** or -1. And the SQL of the current time in that form. */
#define ASSOC_CLOCK_N 30
int assocClockForm(AssocCall *pCall, AssocTable *pTab, int iCol, int iOther);
/* The form of CURRENT_TIMESTAMP. */
int assocClockNow(void);
/* The form in which column iCol stores when a row was marked as deleted: that of
** the model's timestamps, else of its own values. */
int assocClockDeleted(AssocCall *pCall, const AssocModel *pModel,
                      AssocTable *pTab, int iCol);
/* Append the SQL expression of the current time in that form. */
void assocClockSql(sqlite3_str *pStr, int eForm);
/* The same, but a view that SQLite cannot read is no table. */
AssocTable *assocTableSeek(AssocCall *pCall, AssocSchema *pSchema,
                           const char *zName);
/* Is zName the name of a table in which the virtual table zVirtual keeps its
** data, such as notes_content of notes? */
int assocNameIsShadow(const char *zName, const char *zVirtual);
/* The table with a row for each live document, and what the names of the logs of
** live documents begin with: see live/live.h. */
#define ASSOC_LIVE_STORE "assoc_store"
#define ASSOC_LIVE_LOG "assoc_dirty_"
/* Does the table belong to assoc, such as assoc_definitions or the tables of a
** live document? It is then no model that is discovered or drawn, and a session
** cannot name it: it shows the owner's view. */
int assocTableIsOurs(AssocCall *pCall, const AssocTable *pTab);
/* The same of a name in a database, without reading the table. */
int assocSchemaIsOurs(AssocCall *pCall, const AssocSchema *pSchema,
                      const char *zTable);
/* The number of a column by name, or -1. "rowid", "_rowid_" and "oid" give
** iRowid, unless a column has that name. */
int assocColumnFind(const AssocTable *pTab, const char *zName);
/* The number of the column that a key names; -1 if the key is a path, an
** aggregate or a column of a join row, or if there is no such column. */
int assocKeyColumn(const AssocTable *pTab, const ShapeKey *pKey);
/* The declared foreign keys or the indexes of a table, read at the first call.
** 0 for a view or a virtual table. */
AssocFkey *assocTableFkeys(AssocCall *pCall, AssocTable *pTab);
/* The indexes, those that SQLite made for PRIMARY KEY and UNIQUE included. */
AssocIndex *assocTableIndexes(AssocCall *pCall, AssocTable *pTab);
/* The condition of a partial index, as an SQL expression without comments. It
** names columns of the table without their table. In pArena; 0 after an
** error. */
const char *assocIndexWhere(AssocCall *pCall, AssocArena *pArena,
                            const AssocTable *pTab, const AssocIndex *pIdx);
/* Estimate the number of rows: from ANALYZE, else from the rowids, else
** ASSOC_ROWS_UNKNOWN. At most ASSOC_ROWS_MOST: a file may say anything, and
** sums and products of estimates must fit in 64 bits. -1 after an error. */
#define ASSOC_ROWS_UNKNOWN 1000000
#define ASSOC_ROWS_MOST 1000000000000
i64 assocTableRows(AssocCall *pCall, AssocTable *pTab);
/* Estimate how many rows share one value of column iCol: from ANALYZE, else a
** guess. -1 if no index begins with the column. */
i64 assocColumnRows(AssocCall *pCall, AssocTable *pTab, int iCol);
/* Find an index that begins with exactly these columns, in any order, and that
** = can use. *pbUnique: at most one row has one set of values. Returns the
** index's name, "" for the table's own key, 0 if there is no index. */
const char *assocTableIndexOn(AssocCall *pCall, AssocTable *pTab, int nCol,
                              const int *aCol, int *pbUnique);
/* The same under the collations of columns aAs of table pAs. A foreign key is
** compared under the collations of the columns that it references. */
const char *assocTableIndexAs(AssocCall *pCall, AssocTable *pTab, int nCol,
                              const int *aCol, const AssocTable *pAs,
                              const int *aAs, int *pbUnique);
/* Find an index that begins with columns aCol, and whose entries for one key
** are in the ascending order of columns aRest. Returns its name or 0. */
const char *assocTableIndexOrder(AssocCall *pCall, AssocTable *pTab, int nCol,
                                 const int *aCol, int nRest, const int *aRest);
/* Do two columns have the same affinity and collation? False for a view's
** column, whose collation is unknown. */
int assocColumnAlike(const AssocColumn *pA, const AssocColumn *pB);

/* --------------------------------------------------------------- catalog */

/* A table or view of a database. */
struct AssocEntry {
  const char *zName; /* As the schema spells it */
  u8 eType;          /* ASSOC_TABLE, ASSOC_VIEW or ASSOC_VIRTUAL */
};

/* What the schema of a database says. Catalogs share it until the schema
** changes, since definitions change more often. */
struct AssocFacts {
  int nRef;       /* Catalogs that share it */
  AssocArena mem; /* Holds the facts themselves, and what tables consist of */
  int nEntry;     /* Entries in aEntry */
  AssocEntry *aEntry;    /* Tables and views, sorted by name */
  AssocTable **apTable;  /* Tables already read, else 0 */
  u8 bDefs;              /* assoc_definitions has the text that we made */
  u8 bToken;             /* So has assoc_token, with its triggers */
  u8 bReferences;        /* The next one is known */
  AssocWords references; /* For each table that a foreign key refers to:
                         ** AssocReference, in the order of the entries */
};

/* A table with a foreign key to another one. */
typedef struct AssocReference AssocReference;
struct AssocReference {
  int iEntry;            /* Its index in aEntry */
  AssocReference *pNext; /* The next that refers to the same table */
};

/* One database of the connection. */
struct AssocSchema {
  const char *zName;      /* "main", "temp", or an attached name */
  AssocCatalog *pCatalog; /* The catalog that it belongs to */
  u8 bLoaded;             /* The members below have been read */
  u8 bDefs;               /* Has a table assoc_definitions */
  u8 bToken;              /* Has a valid token and its triggers */
  u8 bScanned;            /* zCaller is valid */
  u8 bUnused;             /* temp, which SQLite has not opened: it is empty */
  const char *zCaller;    /* "the view v": what in the schema calls us, or 0 */
  AssocFacts *pFacts;     /* A counted reference; 0 before it is loaded */
  int nEntry;             /* Entries in aEntry and apTable */
  const AssocEntry *aEntry; /* Those of pFacts */
  AssocTable **apTable;     /* Entries already used in this catalog, else 0 */
  AssocDefRows *pRows;      /* A counted reference; 0 without definitions */
  i64 iVersion;             /* Which version of the rows */
  int nRow;                 /* Its rows */
  int nPolicy, nSetting;    /* Those of assoc_policy(), assoc_readonly() */
  AssocWords defs;          /* Rows used so far: AssocDef, by their model */
  u8 bAll;                  /* All rows are in the next three lists */
  AssocDef *pAllDef;        /* Read it with assocSchemaDefs() */
  AssocDef *pModelDef;      /* After that: rows of assoc_model(), */
  AssocDef *pPolicyDef;     /* and of kind 'policy' */
  AssocWords plans;         /* An AssocPlanned for each planned table */
  AssocWords places;        /* An AssocTablePlace for each table used so far */
  u64 iSum;                 /* Checksum of all rows, in any order */
  AssocSchema *pNext;       /* The next database of the connection */
};

struct AssocCatalog {
  int nRef;             /* Callers that use it, and the cache */
  i64 iSerial;          /* Unique within a connection */
  u8 bViews;            /* assoc_config('views') when it was read */
  AssocArena mem;       /* OWNED: all that was found */
  AssocSchema *pSchema; /* main, the attached databases, then temp */
  int iLink;            /* Changes when definitions must be linked again */
  int iLinked;          /* iLink when pSource of all definitions was set */
  u8 bDoubt;            /* A view or virtual table could not be read */
  AssocWords names;     /* Names found so far: lists of AssocModelName */
  /* The name that was asked for last, or 0 */
  AssocModelName *pAsked;
};

/* What the rows of assoc_definitions say of a table, existing or planned. */
typedef struct AssocTablePlace AssocTablePlace;
typedef struct AssocTablePlaceRow AssocTablePlaceRow;
struct AssocTablePlace {
  u8 bRows;                 /* The next two are known */
  AssocTablePlaceRow *pRow; /* Rows of assoc_model() that find it */
  AssocDef *pWant;          /* Those with "columns" for it: pNextWant */
  int iDefs;                /* AssocCatalog.iLink of the next two; 0: unknown */
  AssocDef *pDef;           /* Its definitions, by pNextHere */
  AssocDef *pPolicy;        /* Its policies, by pNextHere */
};
struct AssocTablePlaceRow {
  AssocDef *pDef;            /* The row, of the table's database or of temp */
  u8 eRow;                   /* How it concerns the table: modelname.c */
  AssocTablePlaceRow *pNext; /* In the order of the rows */
};

/* A table that assoc_sync() makes. */
typedef struct AssocPlanned AssocPlanned;
struct AssocPlanned {
  AssocDef *pWant;  /* The rows with its columns, by pNextWant; 0: no table */
  AssocTable *pTab; /* The table, once it was asked for */
};

/* A model's name and the table that it found. Valid as long as the catalog. */
struct AssocModelName {
  const char *zName;        /* As it was asked for */
  const AssocSchema *pNear; /* The database that was searched first, or 0 */
  AssocSchema *pSchema;     /* That has the table, */
  const char *zTable;       /* which may be planned */
  AssocTable *pTable;       /* The same, once it was read; else 0 */
  u8 eOurs;                 /* 2: it is a table of assoc, 1: no, 0: not asked */
  AssocDef *pRow;           /* The assoc_model() row of that name, or 0 */
  AssocModelName *pNext;    /* In another case, or searched first elsewhere */
};

/*
** Every call that needs definitions calls assocCatalogEnter() first and
** assocCatalogLeave() at its end. Between the two a read transaction is open,
** so definitions, schema and rows belong to one snapshot. Calls nest. Enter
** returns a reference, which leave releases; 0 after an error, and leave
** accepts that 0.
*/
AssocCatalog *assocCatalogEnter(AssocCall *pCall);
/* Is a call running that has entered the catalog? */
int assocCatalogIsIn(AssocCall *pCall);
/* Between calls: is this catalog the connection's, with all its databases? The
** definitions may have changed. */
int assocCatalogIs(AssocCall *pCall, const AssocCatalog *pCat);
/* The same for the catalog with this number; and files are still trusted as
** then. */
int assocCatalogStill(AssocCall *pCall, i64 iSerial);
/* Right after assocCatalogEnter(): a number that is another one if a statement
** of the connection may have expired since it was asked for. 0 inside of another
** call, where nothing was compared. */
u32 assocCatalogStamp(AssocCall *pCall);
/* Inside a call: is the token of main all that says whether pCat is valid, as
** long as the schema stays? Then *piToken is this token. */
int assocCatalogToken(AssocCall *pCall, const AssocCatalog *pCat, i64 *piToken);
/* The end of what assocCatalogEnter() began. pCat may be 0. */
void assocCatalogLeave(AssocCall *pCall, AssocCatalog *pCat);
/* Add and release a reference. Unref accepts 0. */
AssocCatalog *assocCatalogRef(AssocCatalog *pCat);
/* Release a reference. The last one frees the catalog with all models. */
void assocCatalogUnref(AssocCatalog *pCat);

/* Read the tables' names and the definitions of a database, unless that is
** done. False after an error. */
int assocSchemaLoad(AssocCall *pCall, AssocSchema *pSchema);
/* The definitions and rows of assoc_model() of a database, in the order of the
** rows, by pNext. Most calls need only those of the tables that they use: see
** assocModelNextDef(). 0 if the database was not read, and after an error. */
AssocDef *assocSchemaDefs(AssocCall *pCall, AssocSchema *pSchema);
/* The row of assoc_model() with this text as its model, or 0. */
AssocDef *assocSchemaRow(AssocCall *pCall, AssocSchema *pSchema,
                         const char *zModel);
/* The database with this name, or 0. */
AssocSchema *assocSchemaFind(AssocCatalog *pCat, const char *zName);
/* The tables of the database that have a foreign key to a table of this name, in
** the order of aEntry; 0 also after an error. The database has been read. */
const AssocReference *assocSchemaReferences(AssocCall *pCall,
                                            const AssocSchema *pSchema,
                                            const char *zTable);
/* Index of a table or view in aEntry, or -1. */
int assocSchemaIndex(const AssocSchema *pSchema, const char *zTable);
/* The prefix of a name in this database: "aux.", or nothing for main where that is
** clear. The statement is about the table zName; 0: about one that the database
** has. */
void assocDdlSchema(sqlite3_str *pStr, const AssocSchema *pSchema,
                    const char *zName);

/*
** The views, triggers and constraints of a file are written by its author.
** SQLite lets them read and write their own database only. They must not get
** around that by calling our functions. We cannot see who calls. So raise an
** error if a row of pSchema is to be touched while the schema of another
** database, except TEMP, contains the name of a function or table of ours.
** assoc_config('views', 1) turns this check off.
*/
void assocSchemaNeedTrust(AssocCall *pCall, AssocSchema *pSchema);
/* The same for the definitions of all databases. */
void assocCatalogNeedTrust(AssocCall *pCall, AssocCatalog *pCat);

/* Raise an error if a trigger of any database contains the name of the virtual
** table. Before 3.40, SQLite does not ask whether a trigger may write to it. */
void assocSchemaNeedDirect(AssocCall *pCall, const char *zTable);

/* One row of assoc_definitions. */
struct AssocDef {
  AssocSchema *pSchema;         /* The database of its row */
  const AssocDefRow *pRow;      /* What catalogs share of it; or 0: new */
  const char *zModel;           /* The source's name; a model's own name */
  const char *zName;            /* "" for a row of assoc_model() */
  const char *zKind;            /* "hasMany", …; of other rows "model", … */
  const char *zTarget;          /* The target's name, or 0 */
  const char *zOptions;         /* JSON, or 0 */
  AssocModel *pSource;          /* Set by assocDefLink(); 0: no table */
  const AssocModelName *pFound; /* What zModel finds, if it was looked for */
  AssocRel *pRel;               /* Set by assocRelOf() */
  u8 bResolving;                /* assocRelOf() runs on it: a cycle */
  AssocOptions *pOpt;           /* Read it with assocDefOptions() */
  u8 bRead;                     /* Row of assoc_model(): pJson was read */
  AssocJson *pJson;             /* Row of assoc_model(): its options */
  u8 bPlan;             /* zPlan is known: read it with assocRowPlan() */
  const char *zPlan;    /* The table that assoc_sync() makes, or 0 */
  AssocDef *pNextOf;    /* Next row of the same database and model */
  AssocDef *pNext;      /* Next row of the same database */
  AssocDef *pNextModel; /* Next row of assoc_model() there */
  AssocDef *pNextWant;  /* Next one with "columns" of the same table */
  AssocDef *pNextHere;  /* Next definition, or policy, of the same table */
};

/* Write rows of assoc_definitions; the table is created if necessary. The
** caller has a savepoint open. One statement writes many rows. */
typedef struct AssocDefWriter AssocDefWriter;
struct AssocDefWriter {
  AssocCall *pCall;    /* Receives the first error */
  const char *zSchema; /* The database of the rows */
  sqlite3_stmt *pStmt; /* OWNED */
};
void assocDefBegin(AssocCall *pCall, AssocDefWriter *p, const char *zSchema);
void assocDefPut(AssocDefWriter *p, const char *zModel, const char *zName,
                 const char *zKind, const char *zTarget, const char *zOptions);
void assocDefEnd(AssocDefWriter *p);
/* Write one row. */
void assocDefWrite(AssocCall *pCall, const char *zSchema, const char *zModel,
                   const char *zName, const char *zKind, const char *zTarget,
                   const char *zOptions);
/* Delete a row. Returns the number of rows deleted. */
int assocDefDelete(AssocCall *pCall, const char *zSchema, const char *zModel,
                   const char *zName);

/* ----------------------------------------------------------------- names */

/*
** A table has one model of its own, and may have others beside it (single-table
** inheritance). Two names of the table mean its own model. A row of
** assoc_model() that names the table makes a model beside it, if the row has
** "values", or if several such rows name the table.
*/
struct AssocModel {
  AssocTable *pTable; /* The table of its rows */
  const char *zName;  /* As a definition spells it, else the table's; bare */
  const char *zLabel; /* zName, with the database if that is not main */
  u8 bNamed;          /* A definition gave it its spelling */
  AssocDef *pDef;     /* Its assoc_model() row, or 0 */
  int nKey;           /* Columns in aKey */
  int *aKey;    /* Columns of the key; nKey is 0 for a view without a key */
  u8 bScopes;   /* assocModelScopes() has run */
  int iDeleted; /* paranoid: column of the deletion time; else -1 */
  AssocScope *pScope;        /* Its scopes */
  u8 bAside;                 /* Not the table's own model */
  int nValue;                /* "values": the rows of the model have these */
  int *aValue;               /* nValue columns */
  const AssocJson **apValue; /* nValue texts, numbers, true or false */
  ShapePred *pValues;        /* The same as a condition, or 0 */
  AssocModel *pNextAside;    /* The table's next model beside its own */
  AssocRel *pHad;   /* Beside it: the own model's associations, used so far */
  AssocDef *pAsked; /* The definition that was asked for last, if the */
  int iAsked;       /* catalog's iLink is still this */
  const char
      *azTime[2]; /* "timestamps": createdAt and updatedAt; 0: unwanted */
  int aStamp[2];  /* The columns of both, wanted or not; -1: none */
  int aTime[2];   /* Those that writers fill in new rows; -1: none */
  int iTouch;     /* The column that writers set in changed rows; -1: none */
};

/*
** A scope that assoc_model() declares. In find options and shapes it is used by
** its name.
*/
struct AssocScope {
  const char *zName;      /* 0: the default scope */
  ShapeClauses *pClauses; /* What the scope adds to a query */
  int nParam;             /* Number of parameters */
  u8 bNamed;              /* It has others, by names: it cannot be used */
  AssocScope *pNext;      /* The next scope of the model */
};
/* Read the scopes and the column of a paranoid model, unless that is done.
** False after an error. */
int assocModelScopes(AssocCall *pCall, AssocModel *pModel);
/* Raise an error if a scope names a column that does not exist. */
void assocModelCheckScopes(AssocCall *pCall, AssocModel *pModel);
/* The options of the model's assoc_model() row, or 0. They may be of any JSON
** type if the row was written by hand. */
AssocJson *assocModelJson(AssocCall *pCall, const AssocModel *pModel);

/* zName without its database, if that is pSchema: aux.User → User. A table
** whose name contains the dot, "aux.User", keeps its name. */
const char *assocBareName(const AssocSchema *pSchema, const char *zName);
/* Find the table of a model, whatever else assoc_model() says about it. 0 if
** there is none. */
AssocTable *assocModelTable(AssocCall *pCall, AssocCatalog *pCat,
                            const char *zName);
/* Is pTab the table of the model zName in a definition of pNear? Neither an
** unknown nor an ambiguous name is. Tables are not read. */
int assocModelIsTable(AssocCall *pCall, AssocSchema *pNear, const char *zName,
                      const AssocTable *pTab);
/* Does the model zName in a definition of pNear have a table? It has none if
** the name is ambiguous. The row of assoc_model() may be wrong. */
int assocModelHasTable(AssocCall *pCall, AssocSchema *pNear, const char *zName);
/* A model's name as a row of zSchema should spell it. The name is bare if
** pSchema, the database of the model's table, is the one that is searched
** first: zSchema itself, or main for a row in temp. Otherwise the database is
** in front. */
const char *assocRowName(AssocCall *pCall, AssocArena *pArena,
                         const char *zSchema, const AssocSchema *pSchema,
                         const char *zName);
/* A hash that the names of a model and of its table share, whatever the form and
** with or without a database. Only a row of assoc_model() can name another table. */
u32 assocNameStem(const char *zName);
/* The model with this name. Seek returns 0 if there is none; Find raises an
** error. */
AssocModel *assocModelSeek(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName);
AssocModel *assocModelFind(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName);
/* The model with this name, searched first in pNear, then as
** assocModelSeek(). */
AssocModel *assocModelNear(AssocCall *pCall, AssocSchema *pNear,
                           const char *zName);
/* The same, but 0 too if the model or its assoc_model() row is wrong. */
AssocModel *assocModelTry(AssocCall *pCall, AssocSchema *pNear,
                          const char *zName);
/* The same, but a model whose table does not exist yet is found, too: for
** definitions, which come before assoc_sync(). */
AssocModel *assocModelDefined(AssocCall *pCall, AssocCatalog *pCat,
                              const char *zName);
/* The name of the table that assoc_sync() makes for a row of assoc_model() if it
** finds none, or 0: it has no "columns". OUT: *pbNamed: the row says the name. */
const char *assocRowMay(AssocCall *pCall, AssocDef *pDef, int *pbNamed);
/* The name of the table that assoc_sync() makes for a row of assoc_model(), or
** 0: it has no "columns", or finds a table. */
const char *assocRowPlan(AssocCall *pCall, AssocDef *pDef);
/* The first row of assoc_model() that asks for columns of the table pOld, or, if
** pOld is 0, of the planned table zTable; pNextWant is the next. */
AssocDef *assocRowsWant(AssocCall *pCall, AssocSchema *pSchema,
                        const AssocTable *pOld, const char *zTable);
/* The next row of assoc_model() after pLast, which may be 0, of the table's own
** database, whose name finds the table. */
AssocDef *assocTableNextRow(AssocCall *pCall, const AssocTable *pTab,
                            const AssocDef *pLast);
/* The first policy of the table, of its own database or temp; pNextHere is the
** next. */
AssocDef *assocTablePolicies(AssocCall *pCall, AssocTable *pTab);
/* The options of a row of assoc_model(); 0 if they are not JSON. */
AssocJson *assocDefJson(AssocCall *pCall, AssocDef *pDef);
/* Raise an error unless the model has a key. */
void assocModelNeedKey(AssocCall *pCall, const AssocModel *pModel);
/* Is the key of the model the rowid? */
int assocKeyIsRowid(const AssocModel *pModel);
/* Raise the error that a value is no key of the model; it says what a key looks
** like. pGiven is the wrong value, or 0. */
void assocModelKeyShape(AssocCall *pCall, const AssocModel *pModel,
                        const AssocJson *pGiven);
/* Is the value a list of keys? [1,2] is a list of two keys, except for a
** composite key: then it is one key. */
int assocModelKeyList(const AssocModel *pModel, const AssocJson *pJson);
/* Find the values of one key in JSON: a value, an array of the key's values, or
** an object with the key's columns. apPart has room for pModel->nKey values,
** which belong to pJson. False if the JSON is no key of the model. */
int assocModelKeyParts(const AssocModel *pModel, const AssocJson *pJson,
                       const AssocJson **apPart);
/* Maximum number of columns in a key, where arrays of this size hold one. */
#define ASSOC_KEY_MAX 16
/* Raise an error if the model's key has more columns. */
void assocModelKeyFits(AssocCall *pCall, const AssocModel *pModel);

/* The table's own model. 0 after an error: an assoc_model() row may be
** wrong. */
AssocModel *assocModelOf(AssocCall *pCall, AssocTable *pTab);
/* Raise the error that no table exists for the model zName. */
void assocModelMissing(AssocCall *pCall, AssocCatalog *pCat, const char *zName);
/* Set pSource of every definition, unless that is done. Whoever reads pSource
** of definitions that belong to no model at hand calls this first. */
void assocCatalogLink(AssocCall *pCall, AssocCatalog *pCat);
/* Set pSource of one definition. It stays 0 if there is no such table. */
void assocDefLink(AssocCall *pCall, AssocDef *pDef);
/* The definition of that name that a model has, or its row of assoc_model() if
** zName is "": one in TEMP wins over the model's own database. A model may have no
** table. 0 if there is none. */
AssocDef *assocDefNamed(AssocCall *pCall, AssocCatalog *pCat,
                        const char *zModel, const char *zName);
/* The names of a model's associations: "posts, profile". OUT: the caller frees
** the text with sqlite3_free(). */
char *assocModelDefNames(AssocCall *pCall, AssocModel *pModel);
/* Iterate over the associations of a model: pass 0, then the last one; 0 at the
** end. */
AssocDef *assocModelNextDef(AssocCall *pCall, AssocModel *pModel,
                            AssocDef *pLast);
/* The same of all associations that the model has: a model beside the table's own
** also has those of the own model, unless it defines one of the same name or
** the own model has values. */
AssocDef *assocModelNextHad(AssocCall *pCall, AssocModel *pModel,
                            AssocDef *pLast);

/* -------------------------------------------------------------- policies */

/* What a session may do with a row. */
#define ASSOC_MAY_READ 0
#define ASSOC_MAY_CREATE 1
#define ASSOC_MAY_UPDATE 2
#define ASSOC_MAY_DELETE 3
#define ASSOC_NMAY 4

/* A policy of a model. */
struct AssocPolicy {
  AssocDef *pDef;                /* Its row */
  AssocModel *pModel;            /* Whose rows it is about */
  u8 aSay[ASSOC_NMAY];           /* ASSOC_SAY_* */
  ShapePred *apPred[ASSOC_NMAY]; /* The condition of ASSOC_SAY_IF */
  u8 *aColumn;                   /* ASSOC_COLUMN_* of each column */
  u8 bForce;                     /* Holds without a session too */
  AssocPolicy *pNext;            /* Of another model over the same table */
};
#define ASSOC_SAY_NOTHING 0  /* Reading: all rows. Writing: none */
#define ASSOC_SAY_ALL 1      /* Every row */
#define ASSOC_SAY_NONE 2     /* No row */
#define ASSOC_SAY_IF 3       /* Rows that meet a condition */
#define ASSOC_COLUMN_HIDE 1  /* To a session the column does not exist */
#define ASSOC_COLUMN_FIXED 2 /* A session reads it and does not set it */

/* The members of a policy. All are stored as given. */
#define ASSOC_NPOLICYOPTION 7
extern const AssocOption aAssocPolicyOption[ASSOC_NPOLICYOPTION];

/* The name of a policy's row; its model is the model. */
#define ASSOC_POLICY_NAME "#policy"

/* The policies of a table: all of them; or the first that holds now, and the
** next after it. 0 if there is none, or after an error: a row may be bad. */
const AssocPolicy *assocPolicyAll(AssocCall *pCall, const AssocTable *pTab);
/* The first policy that holds for the session now, or 0. */
const AssocPolicy *assocPolicyOf(AssocCall *pCall, const AssocTable *pTab);
/* The next one that holds. All that hold must agree to a row. */
const AssocPolicy *assocPolicyNext(AssocCall *pCall, const AssocPolicy *p);
/* Does a policy that holds now hide the column (ASSOC_COLUMN_HIDE), or fix it
** (ASSOC_COLUMN_FIXED)? */
int assocColumnIs(AssocCall *pCall, const AssocTable *pTab, int iCol, int m);
/* Does it hide one of these n columns? Numbers below 0, which are no columns,
** are passed over. */
int assocColumnsHide(AssocCall *pCall, const AssocTable *pTab, int n,
                     const int *aCol);
/* The number of a column by the name that a shape or a payload gives: -1 also
** if a policy hides it. */
int assocColumnSeek(AssocCall *pCall, const AssocTable *pTab,
                    const char *zName);
/* May the session know of the model? Not where a policy says "read":false. */
int assocModelShown(AssocCall *pCall, const AssocModel *pModel);
/* The same as a question: not if a policy of the table cannot be read. */
int assocModelShownTry(AssocCall *pCall, const AssocModel *pModel);
/* May it know of the association? Not where it may not know of a model or of a
** column that the association goes by. */
int assocDefShown(AssocCall *pCall, AssocDef *pDef);
/* assocModelNextHad() for an error that proposes or lists names: without what
** the session may not know of. */
AssocDef *assocModelNextShown(AssocCall *pCall, AssocModel *pModel,
                              AssocDef *pLast);
/* May an error name this column of the table to propose it? */
int assocColumnShown(AssocCall *pCall, const AssocTable *pTab, int iCol);
/* Is a column of the association's tables hidden from the session? Then its
** scope and order are not told: they may name it. */
int assocRelHides(AssocCall *pCall, const AssocRel *pRel);
/* Does a policy that holds now hide a column of the table? pTab may be 0. */
int assocTableHides(AssocCall *pCall, const AssocTable *pTab);
/* Does a text (bSql: SQL that was written here) name a model that the session may
** not know of, or a column that is hidden from it? Or does the SQL contain the
** condition of a policy? */
int assocTextTells(AssocCall *pCall, AssocCatalog *pCat, const char *z,
                   int bSql);

/* --------------------------------------------------------------- options */

/* A list of column names. A composite key has more than one. */
typedef struct AssocNames AssocNames;
struct AssocNames {
  int n;           /* Names in az; 0: not given */
  const char **az; /* As they were given */
};

/* The same as of the foreign key, said of the other key of a join table. */
typedef struct AssocOtherKey AssocOtherKey;
struct AssocOtherKey {
  const char *zOnDelete, *zOnUpdate; /* Upper case, or 0: not given */
  AssocJson *pDefault;               /* DEFAULT of its column, or 0 */
  int eAllowNull;                    /* -1: not said, 0 or 1 */
};

struct AssocOptions {
  const char *zAs; /* The association's name, or 0 */
  AssocNames foreignKey, otherKey, sourceKey, targetKey; /* n is 0: default */
  const char *zThrough;     /* The join table, or a path of associations */
  AssocJson *pThroughScope; /* Conditions on join rows, or 0 */
  int eThroughUnique;       /* -1: not given; 0 or 1, as the two below */
  int eThroughParanoid;     /* assoc_sync() gives the join table deletedAt */
  int eThroughTimestamps;   /* and createdAt and updatedAt */
  AssocJson *pScope;        /* Conditions on targets, or 0 */
  AssocJson *pOrder;        /* The order of targets, or 0 */
  AssocJson *pPolymorphic;  /* belongsTo: an object; other kinds: a name */
  int eConstraints;         /* -1: not given; 0 or 1, as the two below */
  int eAllowNull;           /* May the foreign key be NULL? */
  int eUnique;              /* Is it UNIQUE? */
  const char *zOnDelete;    /* Upper case, or 0: not given */
  const char *zOnUpdate;    /* As zOnDelete */
  AssocJson *pDefault;  /* Of a foreign key's column that is to be made, or 0 */
  AssocOtherKey other;  /* belongsToMany: what is said of the other key */
  const char *zCounter; /* The column of the counter cache, or 0 */
  int eSymmetric;       /* belongsToMany to oneself: both ways; -1: not given */
  int bTemp, bReplace;  /* For this connection; over an older one */
};

#define ASSOC_BELONGSTO 0
#define ASSOC_HASONE 1
#define ASSOC_HASMANY 2
#define ASSOC_BELONGSTOMANY 3
#define ASSOC_NKIND 4
extern const char *const azAssocKind[ASSOC_NKIND]; /* Canonical spelling */

/* The kind with this name, in any spelling: "has_many". Seek returns -1 if
** there is none; Parse raises an error. bStored: the kind comes from a row, which
** a newer version may have written, and the error says so. */
int assocKindSeek(const char *zKind);
int assocKindParse(AssocCall *pCall, const char *zKind, int bStored);
/* The options of assoc_model(). An option without xTake is stored as given. */
typedef struct AssocModelFlags AssocModelFlags;
struct AssocModelFlags {
  int bTemp, bReplace; /* For this connection; over an older row */
};
#define ASSOC_NMODELOPTION 13
extern const AssocOption aAssocModelOption[ASSOC_NMODELOPTION];
/* Set all options to "not given". */
void assocOptionsInit(AssocOptions *pOpt);
/* Read the options of a definition from JSON. zJson may be 0. Unknown options
** are an error. bStored: as for assocKindParse(). */
AssocOptions *assocOptionsParse(AssocCall *pCall, AssocArena *pArena,
                                const char *zJson, int bStored);
/* The options of a definition, read at the first call. 0 after an error. */
AssocOptions *assocDefOptions(AssocCall *pCall, AssocDef *pDef);
/* The same, but 0 if they are wrong. */
AssocOptions *assocDefOptionsTry(AssocCall *pCall, AssocDef *pDef);
/* The options as JSON in canonical spelling, without as, temp and replace. 0 if
** no option is given. */
char *assocOptionsText(AssocCall *pCall, AssocArena *pArena,
                       const AssocOptions *pOpt);

/* -------------------------------------------------------------- relation */

/* The columns of one side of a key. aCol[i] is -1 if column azCol[i] does not
** exist yet. */
typedef struct AssocKey AssocKey;
struct AssocKey {
  int nCol;           /* Columns of the key */
  int *aCol;          /* Their numbers in the table */
  const char **azCol; /* Their names */
  u8 eFrom;           /* ASSOC_FROM_* */
};
#define ASSOC_FROM_DECLARED 0   /* From an option of the definition */
#define ASSOC_FROM_SCHEMA 1     /* From a FOREIGN KEY of the schema */
#define ASSOC_FROM_CONVENTION 2 /* A column with the usual name exists */
#define ASSOC_FROM_DEFAULT 3    /* assoc_sync() should create it */

/* One target model of a polymorphic belongsTo. A row refers to it if the row's
** type column contains zType. */
typedef struct AssocBranch AssocBranch;
struct AssocBranch {
  const char *zType;  /* What the type column has */
  AssocModel *pModel; /* The model that it stands for */
  AssocKey key;       /* The referenced columns of the model */
  AssocRel *pRel;     /* The belongsTo to this model alone: assocRelOn() */
};

/*
** An association, resolved against the current schema.
**
**   belongsTo       source.foreign = target.targetKey
**   polymorphic     source.type selects the branch, and so the target
**   hasOne/hasMany  source.sourceKey = target.foreign
**   belongsToMany   source.sourceKey = through.foreign
**                   and through.other = target.targetKey
**   through a path  the associations apPath, one after another; foreign has
**                   no columns
*/
struct AssocRel {
  AssocDef *pDef;       /* The definition that it was made from */
  const char *zName;    /* As the definition spells it */
  u8 eKind;             /* ASSOC_BELONGSTO ... ASSOC_BELONGSTOMANY */
  u8 bMany;             /* The result is a list */
  AssocModel *pSource;  /* Whose rows have the association */
  AssocModel *pTarget;  /* Whose rows it leads to */
  const char *zThrough; /* belongsToMany: name of the join table */
  AssocTable *pThrough; /* The join table, 0 while it does not exist */
  AssocKey foreign;     /* In source, target or through: see above */
  AssocKey other;       /* belongsToMany: in through */
  AssocKey sourceKey;   /* In source: what "foreign" references */
  AssocKey targetKey;   /* In target: what "foreign" or "other" references */
  int nPath;            /* Through a path: number of steps */
  AssocRel **apPath;    /* The steps; none of them is a path */
  const char *zBranch;  /* One target of a polymorphic belongsTo: only source
                        ** rows with this in the type column have it */
  int nBranch;          /* Polymorphic belongsTo: its targets */
  AssocBranch *aBranch; /* pTarget is the model of the first */
  AssocKey type;     /* Polymorphic: the type column, in the table of foreign */
  ShapePred *pScope; /* On the target, or 0 */
  ShapePred *pThroughScope; /* On the join row, or 0 */
  ShapeSort *pOrder;        /* Default order, or 0 */
  AssocOptions *pOpt;       /* The options of the definition */
  AssocCounter *pCounter;   /* Read it with assocCounterOf() */
  AssocRel *pNextHad;       /* The next in AssocModel.pHad */
};

/* The association of a model by name. Seek returns 0 if there is none; Find
** raises an error. Both raise an error if the definition cannot be resolved. */
AssocRel *assocRelSeek(AssocCall *pCall, AssocModel *pModel, const char *zName);
/* The same, but a name that does not exist is an error with a suggestion. */
AssocRel *assocRelFind(AssocCall *pCall, AssocModel *pModel, const char *zName);
/* The key or row in a value for the association. For a polymorphic belongsTo
** the value is {"post":...}: the result is the inner value, and *piBranch the
** branch of "post". Otherwise the result is pJson. 0 and an error if there is
** no such branch, or no branch is named. */
const AssocJson *assocRelBranch(AssocCall *pCall, const AssocRel *pRel,
                                const AssocJson *pJson, int *piBranch);
/* A polymorphic belongsTo as a belongsTo to one of its models, whose zBranch is
** set. The same result for the same model. 0 and an error if the association
** never leads to pModel, which may be 0 after an error. */
AssocRel *assocRelOn(AssocCall *pCall, const AssocRel *pRel,
                     const AssocModel *pModel);
/* The number of values that name a target: the columns of its key. For a
** polymorphic association: the type, and the columns of its longest key. */
int assocRelTargetWidth(const AssocRel *pRel);
/* Resolve a definition, unless that is done. 0 after an error. */
AssocRel *assocRelOf(AssocCall *pCall, AssocDef *pDef);
/* A definition that the model has, as its own association: its source is pModel.
** The same result for the same model. */
AssocRel *assocRelHad(AssocCall *pCall, AssocModel *pModel, AssocDef *pDef);
/* assocRelOf(), but 0 if the definition cannot be resolved. If pWhy is not 0, it
** receives the reason, else it stays empty; the caller frees it with
** assocErrClear(). */
AssocRel *assocRelTry(AssocCall *pCall, AssocDef *pDef, AssocErr *pWhy);
/* Do two associations of one kind relate the same tables by the same
** columns? */
int assocRelSame(const AssocRel *pA, const AssocRel *pB);
/* Raise an error if a column or table of the association does not exist. The
** error names what assoc_sync() would create. */
void assocRelNeedReady(AssocCall *pCall, const AssocRel *pRel);
/* The table that contains the foreign key: source, target or join table. 0 for
** a path. */
AssocTable *assocRelForeignTable(const AssocRel *pRel);
/* NearKey: the columns of the source that are compared. FarKey: the columns
** they are compared with; *ppTab receives their table. For a path: those of its
** first step. */
const AssocKey *assocRelNearKey(const AssocRel *pRel);
const AssocKey *assocRelFarKey(const AssocRel *pRel, AssocTable **ppTab);
/* belongsToMany: does a unique index guarantee that a target occurs at most
** once in the list of a source? */
int assocRelPairsOnce(AssocCall *pCall, const AssocRel *pRel);
/* Raise the error that the model has no association zName. */
void assocRelMissing(AssocCall *pCall, AssocModel *pModel, const char *zName);

/* Is z the usual name of a foreign key that references column zKey of zName?
** UserId and user_id are. If the key's name begins with zName, the key's own
** name is too: CustomerID for Customers. */
int assocKeyUsual(AssocCall *pCall, AssocArena *pArena, const char *z,
                  const char *zName, const char *zKey);

/* --------------------------------------------------------------- counter */

/* The counter cache of an association. Its conditions are columns of the target
** and SQL literals; a literal of 0 means IS NULL. */
struct AssocCounter {
  AssocRel *pRel;                 /* The association that is counted */
  const char *zCol;               /* The column's name */
  int iCol;                       /* In the source's table; -1: missing */
  int nCond;                      /* Conditions on the targets */
  const char **azCond, **azValue; /* nCond columns; their values */
  const char *zName; /* The names of its triggers begin with this */
  const char *zWhy;  /* Why triggers cannot keep it, or 0 */
  u8 bKept;          /* All of its triggers are there */
};
#define ASSOC_COUNTER_KEY 4 /* Most columns of the key */
/* The counter cache; 0 if the association has none, or after an error. */
AssocCounter *assocCounterOf(AssocCall *pCall, AssocRel *pRel);
/* The column of pModel that has the value of an aggregate over a path, if that
** is a counter cache that can be trusted here; else -1. bKept 0: any counter
** cache, trusted or not. */
int assocCounterColumn(AssocCall *pCall, AssocModel *pModel,
                       const ShapeName *pPath, const ShapeAgg *pAgg, int bKept);

/* --------------------------------------------------------------- foreign */

/* A foreign key, with what all the definitions that use it say. */
typedef struct AssocForeign AssocForeign;
struct AssocForeign {
  AssocSchema *pSchema;      /* The database of its table */
  const char *zTable;        /* The name of its table */
  AssocTable *pTab;          /* 0: a join table that does not exist */
  AssocKey key;              /* Its columns; aCol[i] is -1 for missing ones */
  AssocModel *pParent;       /* The model that it references */
  AssocKey parentKey;        /* Referenced columns, in the same order */
  const AssocRel *pPoly;     /* Its polymorphic belongsTo, or 0 */
  AssocRel *pRel;            /* The first association that uses it */
  const AssocRel *pJoin;     /* The first belongsToMany with this key, or 0 */
  const char *zOnDelete;     /* "CASCADE", … */
  const char *zOnUpdate;     /* "CASCADE", … */
  int eAllowNull;            /* -1: not given; 0 or 1 */
  int eUnique;               /* -1: not given; 0 or 1 */
  int eThroughUnique;        /* Join table: the pair is UNIQUE */
  const AssocJson *pDefault; /* DEFAULT of its first column, or 0 */
  const AssocRel *apSaid[6]; /* Who gave each of the six first, or 0 */
  int nScope;                /* Join table: number of scope columns */
  const AssocJson **apScope; /* One condition for each of them */
  u8 bNotNull;               /* NOT NULL is wanted */
  u8 bConstraint;            /* REFERENCES is wanted */
  u8 bSaid;                  /* Said: "constraints":true, or an action */
  u8 bHas, bJoin;          /* Used by a hasOne or hasMany; by a belongsToMany */
  AssocForeign *pNext;     /* The next of the list */
  AssocForeign *pNextHere; /* The next whose table has the same name */
};
/* List the foreign keys of all definitions. If pOnly is 0, any wrong
** definition, and any two that disagree, are an error. If pOnly is given, its
** key is the first, and only disagreements with pOnly are an error.
** OUT: pTables, for each name of a table the first of its keys, in the arena. */
AssocForeign *assocForeignList(AssocCall *pCall, AssocCatalog *pCat,
                               AssocArena *pArena, AssocRel *pOnly,
                               AssocWords *pTables);
/* The associations whose foreign keys may refer to rows of the table, in the order
** of the definitions, and *pn, how many. Wrong definitions are left out. Only those
** are resolved whose names may lead to the table. All databases are read. 0 after an
** error, and if there are none. */
AssocRel **assocRelsTo(AssocCall *pCall, AssocCatalog *pCat, AssocArena *pArena,
                       const AssocTable *pTab, int *pn);
/* List the foreign keys of the tables that have those of these associations, with
** what all definitions say of them. Nothing that is wrong is an error, and a join
** table that does not exist has no keys. */
AssocForeign *assocForeignOf(AssocCall *pCall, AssocCatalog *pCat,
                             AssocArena *pArena, int n, AssocRel *const *apRel);
/* Raise an error if another definition over a foreign key of pRel disagrees
** with pRel. Only definitions that may share its key are resolved. */
void assocForeignCheck(AssocCall *pCall, AssocRel *pRel);

/* ---------------------------------------------------------------- naming */

/* How the words of a name are joined: owner_posts, ownerPosts or OwnerPosts. */
#define ASSOC_STYLE_NONE 0
#define ASSOC_STYLE_SNAKE 1
#define ASSOC_STYLE_CAMEL 2
#define ASSOC_STYLE_PASCAL 3

/* A foreign key that needs names for its associations. */
typedef struct AssocNaming AssocNaming;
struct AssocNaming {
  const AssocModel *pChild;     /* Contains the foreign key */
  const AssocModel *pParent;    /* Is referenced by it */
  int nCol;                     /* Columns of the key */
  const int *aCol;              /* Columns of the child */
  const int *aRef;              /* Columns of the parent */
  u8 bUnique;                   /* At most one child row per parent */
  u8 bOnly;                     /* The child's only key to this parent */
  u8 bPlain;                    /* The main one of several between the two */
  u8 bAside;                    /* Owns, beside a membership: never plain */
  u8 eStyle;                    /* ASSOC_STYLE_* of the names to make */
  char cLetter;                 /* Common first letter of all names, or 0 */
  const char *zChild, *zParent; /* Table names without a common prefix */
  u8 bSelf;                     /* Set by assocNamingStart(), as those below */
  u8 bOwn;                      /* zStem is the parent's own name */
  const char *zStem;            /* "author" of author_id */
};
/* Prepare p: the caller has set the members up to zParent. */
void assocNamingStart(AssocCall *pCall, AssocArena *pArena, AssocNaming *p);
/* Candidate number iTry for a name; there is no last one, and the result is
** never 0. assocNameOne() names the child's belongsTo, assocNameHas() the
** parent's hasOne or hasMany, assocNameMany() a belongsToMany over p, with
** pOther the other key of the join table. */
const char *assocNameOne(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry);
const char *assocNameHas(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry);
const char *assocNameMany(AssocCall *pCall, AssocArena *pArena,
                          const AssocNaming *p, const AssocNaming *pOther,
                          int bPlain, int iTry);
/* Does the key name an owner, creator or leader of the child? */
int assocNamingIsAside(AssocCall *pCall, AssocArena *pArena,
                       const AssocNaming *p);

#endif /* ASSOC_MODEL_H */
