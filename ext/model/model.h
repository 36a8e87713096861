/*
** What relates to what: the user's tables, the definitions, and from both
** the associations.
**
**   schema    tables as SQLite describes them
**   catalog   the definitions, cached for as long as they are true
**   name      from a model's name to its table
**   options   what stands in the options of a definition
**   relation  from a definition to tables and columns, defaults and all,
**             with key, many, path and polymorphic (resolve.h)
**   foreign   what both sides of one foreign key say of it
**   scope     conditions that models and associations have of their own
**   inflect   singular and plural
**   naming    what a person would call an association
**
** Everything found hangs in one AssocCatalog and lives in its arena. A
** catalog is never changed by what the user does, it is replaced; whoever
** needs one beyond a call keeps a reference.
*/
#ifndef ASSOC_MODEL_H
#define ASSOC_MODEL_H

#include "base/base.h"
#include "shape/shape.h"
#include "model/inflect.h"

typedef struct AssocCatalog AssocCatalog;
typedef struct AssocColumn AssocColumn;
typedef struct AssocDef AssocDef;
typedef struct AssocFkey AssocFkey;
typedef struct AssocIndex AssocIndex;
typedef struct AssocModel AssocModel;
typedef struct AssocOptions AssocOptions;
typedef struct AssocRel AssocRel;
typedef struct AssocSchema AssocSchema;
typedef struct AssocScope AssocScope;
typedef struct AssocTable AssocTable;

/* ---------------------------------------------------------------- schema */

struct AssocColumn {
  const char *zName;
  const char *zType; /* As declared, "" if not */
  const char *zColl; /* Name of the collation; 0: not known (a view) */
  u8 eAff;           /* ASSOC_AFF_*, as comparisons ask for it */
  u8 eColl;          /* ASSOC_COLL_* */
  u8 eJson;          /* ASSOC_JSON_*: how a value is written */
  u8 bNotNull;
  u8 bHidden;    /* Not in "*" */
  u8 bGenerated; /* Cannot be written */
  u8 bDefault;   /* Has a DEFAULT */
  int iPk;       /* Place in the declared primary key, from 1; 0: none */
};

struct AssocFkey {
  const char *zParent; /* The table it references, as spelt there */
  int nCol;
  int *aCol;         /* nCol columns of this table */
  const char **azTo; /* nCol columns of the parent; 0: its primary key */
  const char *zOnDelete, *zOnUpdate;
  AssocFkey *pNext;
};

struct AssocIndex {
  const char *zName;
  u8 bUnique;
  u8 bPartial;
  u8 bPrimary; /* Made by PRIMARY KEY */
  int nCol;
  int *aCol; /* Column number; -1: the rowid; -2: an expression */
  const char **azColl;
  u8 *abDesc;
  AssocIndex *pNext;
};

struct AssocTable {
  AssocSchema *pSchema;
  const char *zName;
  u8 eType;          /* ASSOC_TABLE, _VIEW or _VIRTUAL */
  u8 bRowid;         /* Has a rowid */
  int nCol;          /* Declared columns */
  AssocColumn *aCol; /* nCol of them, and at aCol[nCol] the rowid */
  int iRowid;        /* The column that is the rowid: INTEGER PRIMARY KEY,
                     ** or nCol if none is; -1 without a rowid */
  int nKey;          /* Columns of the key: declared, else the rowid */
  int *aKey;
  u8 bFkeys, bIndexes;
  AssocFkey *pFkey;   /* Ask assocTableFkeys() */
  AssocIndex *pIndex; /* Ask assocTableIndexes() */
  i64 nRow;           /* -1: not asked; ask assocTableRows() */
  AssocModel *pModel; /* Once asked for */
};
#define ASSOC_TABLE 0
#define ASSOC_VIEW 1
#define ASSOC_VIRTUAL 2

/* A table or view of the schema by its name, or 0. Loads its columns. */
AssocTable *assocTableFind(AssocCall *pCall, AssocSchema *pSchema,
                           const char *zName);
/* Number of a column by name, or -1. "rowid" is nCol if there is one. */
int assocColumnFind(const AssocTable *pTab, const char *zName);
/* The number of the column of the table that a key is, and no path, aggregate
** or column of a join row; or -1. */
int assocKeyColumn(const AssocTable *pTab, const ShapeKey *pKey);
AssocFkey *assocTableFkeys(AssocCall *pCall, AssocTable *pTab);
AssocIndex *assocTableIndexes(AssocCall *pCall, AssocTable *pTab);
/* An estimate: of ANALYZE, else the span of rowids, else 1,000,000. */
i64 assocTableRows(AssocCall *pCall, AssocTable *pTab);
/* Rows that have one value of the column, if an index on it finds them: of
** ANALYZE, else a guess. -1 without an index. */
i64 assocColumnRows(AssocCall *pCall, AssocTable *pTab, int iCol);
/* An index, or the key itself, that begins with exactly these columns in
** any order and that = can use. *pbUnique: no two rows have them equal.
** Returns "" for the table's own key, 0 if there is none. */
const char *assocTableIndexOn(AssocCall *pCall, AssocTable *pTab, int nCol,
                              const int *aCol, int *pbUnique);
/* The same under the collations of columns aAs of another table: of a foreign
** key those of what it refers to. */
const char *assocTableIndexAs(AssocCall *pCall, AssocTable *pTab, int nCol,
                              const int *aCol, const AssocTable *pAs,
                              const int *aAs, int *pbUnique);
/* The same, an index by name, whose entries for one key come in the order of
** columns aRest, as in ORDER BY; or 0. */
const char *assocTableIndexOrder(AssocCall *pCall, AssocTable *pTab, int nCol,
                                 const int *aCol, int nRest, const int *aRest);
/* Do two columns compare and sort in the same way? Not known of a view's. */
int assocColumnAlike(const AssocColumn *pA, const AssocColumn *pB);

/* --------------------------------------------------------------- catalog */

/* One database of the connection. */
struct AssocSchema {
  const char *zName; /* "main", "temp", or as attached */
  AssocCatalog *pCatalog;
  u8 bLoaded;          /* What is below has been read */
  u8 bDefs;            /* Has a table of definitions */
  u8 bToken;           /* And its token and triggers */
  u8 bScanned;         /* zCaller was looked for */
  const char *zCaller; /* "view v": what in the schema calls us, or 0 */
  int nEntry;
  const char **azEntry; /* Names of tables and views, sorted */
  AssocTable **apTable; /* Those of them that were asked for, else 0 */
  AssocDef *pDef;       /* Rows of assoc_definitions */
  AssocDef *pSetting;   /* Those of them that are of the kind 'setting' */
  u64 iSum;             /* A checksum of all rows, in whatever order */
  AssocSchema *pNext;
};

struct AssocCatalog {
  int nRef;
  i64 iSerial; /* Differs between catalogs of a connection */
  u8 bViews;   /* Files were trusted when it was read */
  AssocArena mem;
  AssocSchema *pSchema; /* main, then the attached, then temp */
  u8 bLinked;           /* pSource of every definition was looked for */
  u8 bDoubt;            /* A view or virtual table could not be read */
};

/*
** A call that asks what relates to what is enclosed in these two. Between
** them one reader is open, so that definitions, schema and rows are those of
** one snapshot. They nest. Enter returns a reference that leave releases.
*/
AssocCatalog *assocCatalogEnter(AssocCall *pCall);
void assocCatalogLeave(AssocCall *pCall, AssocCatalog *pCat);
AssocCatalog *assocCatalogRef(AssocCatalog *pCat);
void assocCatalogUnref(AssocCatalog *pCat);

/* Read a database's names and definitions, if that is still to be done. */
int assocSchemaLoad(AssocCall *pCall, AssocSchema *pSchema);
AssocSchema *assocSchemaFind(AssocCatalog *pCat, const char *zName);
/* Place of a table or view in azEntry, or -1. */
int assocSchemaIndex(const AssocSchema *pSchema, const char *zTable);

/*
** A file is its author's: its views, triggers and constraints must not read or
** write, by calling us, what SQLite forbids them, which is all other databases.
** Who calls us cannot be seen. So it is an error to touch the rows of a
** database if the schema of another, but TEMP, has the name of a function or
** a table of ours, unless the user trusts the files.
*/
void assocSchemaNeedTrust(AssocCall *pCall, AssocSchema *pSchema);

/* A setting of main, or 0: a row ('', name, 'setting', …). */
AssocDef *assocSettingFind(AssocCatalog *pCat, const char *zName);

/* One row of assoc_definitions. */
struct AssocDef {
  AssocSchema *pSchema; /* The database that it is in */
  const char *zModel;
  const char *zName; /* "": the row of assoc_model() */
  const char *zKind;
  const char *zTarget;
  const char *zOptions; /* JSON, or 0 */
  AssocModel *pSource;  /* Its model, once linked; 0: there is no table */
  AssocRel *pRel;       /* Once resolved */
  u8 bResolving;        /* It is being resolved: a circle if asked for now */
  AssocOptions *pOpt;   /* Ask assocDefOptions() */
  u8 bRead;             /* The row of assoc_model(): pJson has been read */
  AssocJson *pJson;     /* Its options */
  AssocDef *pNext;      /* In its schema */
};

/* Write or delete rows; the caller has a savepoint open. The statement writes
** many. OUT: the caller finalizes with assocFinalize(). */
sqlite3_stmt *assocDefWriter(AssocCall *pCall, const char *zSchema);
void assocDefPut(AssocCall *pCall, sqlite3_stmt *pStmt, const char *zModel,
                 const char *zName, const char *zKind, const char *zTarget,
                 const char *zOptions);
void assocDefWrite(AssocCall *pCall, const char *zSchema, const char *zModel,
                   const char *zName, const char *zKind, const char *zTarget,
                   const char *zOptions);
int assocDefDelete(AssocCall *pCall, const char *zSchema, const char *zModel,
                   const char *zName);

/* ----------------------------------------------------------------- names */

struct AssocModel {
  AssocTable *pTable;
  const char *zName;  /* As definitions spell it, else the table's; bare */
  const char *zLabel; /* The same with its schema if that is not main */
  u8 bNamed;          /* A definition has given it its name */
  AssocDef *pDef;     /* Its assoc_model() row, or 0 */
  int nKey;
  int *aKey;    /* Columns of the key; nKey is 0 for a view without */
  u8 bScopes;   /* What follows has been read: assocModelScopes() */
  int iDeleted; /* The column of soft deletion, or -1 */
  AssocScope *pScope;
};

/*
** Scopes of a model, as assoc_model() declares them, and the column that
** says when a row was deleted, if deleted rows stay (Sequelize's paranoid).
*/
struct AssocScope {
  const char *zName; /* 0: the default scope */
  ShapeClauses *pClauses;
  int nParam; /* Values that it takes */
  AssocScope *pNext;
};
/* Read them, if that is still to be done. True if it went well. */
int assocModelScopes(AssocCall *pCall, AssocModel *pModel);
/* An error if a scope names a column that is not there. */
void assocModelCheckScopes(AssocCall *pCall, AssocModel *pModel);
/* The options of its assoc_model() row, or 0. */
AssocJson *assocModelJson(AssocCall *pCall, const AssocModel *pModel);

/* A name without the database that it is in, if that is pSchema: User for
** aux.User. A table that is called so, dot and all, keeps its name. */
const char *assocBareName(const AssocSchema *pSchema, const char *zName);
/* The table of that model, or 0, whatever else is said of the model. */
AssocTable *assocModelTable(AssocCall *pCall, AssocCatalog *pCat,
                            const char *zName);
/* A model's name as a row in zSchema spells it: bare if its table, in pSchema,
** is in the same database, where it is looked for first. temp is searched
** only by name, so that a row in temp looks in main first. */
const char *assocRowName(AssocCall *pCall, AssocArena *pArena,
                         const char *zSchema, const AssocSchema *pSchema,
                         const char *zName);
/* The model of that name. Seek returns 0 where find is an error. */
AssocModel *assocModelSeek(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName);
AssocModel *assocModelFind(AssocCall *pCall, AssocCatalog *pCat,
                           const char *zName);
/* The same, looked for first in the database of another. */
AssocModel *assocModelNear(AssocCall *pCall, AssocSchema *pNear,
                           const char *zName);
/* An error unless the model has a key. */
void assocModelNeedKey(AssocCall *pCall, const AssocModel *pModel);
/* An error: what a key of the model is like. pGiven is what was given, or 0. */
void assocModelKeyShape(AssocCall *pCall, const AssocModel *pModel,
                        const AssocJson *pGiven);
/* Is it a list of keys? [1,2] is one, but of a composite key it is one key. */
int assocModelKeyList(const AssocModel *pModel, const AssocJson *pJson);
/* Most columns of a key. */
#define ASSOC_KEY_MAX 16

/* A BLOB in JSON is its hexadecimal text. What asks the tables whether a key
** in JSON is a text or a BLOB: a list with one for each model, at first 0. */
typedef struct AssocBlobKeys AssocBlobKeys;
void assocBlobKeysFree(AssocBlobKeys *p);
/* Put the BLOB, in pArena, in place of each text in a key that stands for one.
** An error where the table has both rows. */
void assocBlobKey(AssocCall *pCall, AssocArena *pArena, AssocBlobKeys **ppList,
                  const AssocModel *pModel, const AssocJson **apKey);
/* The BLOB that an SQL text stands for as a key, or 0. Not where the column is
** TEXT: there it is the text. */
const AssocJson *assocBlobKeyOfText(AssocCall *pCall, AssocArena *pArena,
                                    AssocBlobKeys **ppList,
                                    const AssocModel *pModel,
                                    sqlite3_value *pVal);
/* The value that a column gets: the BLOB, in pArena, where the column is
** declared BLOB and part of a key or a FOREIGN KEY; else p itself. */
const AssocJson *assocBlobColumn(AssocCall *pCall, AssocArena *pArena,
                                 const AssocModel *pModel, int iCol,
                                 const AssocJson *p);
/* The model of a table that one has at hand. */
AssocModel *assocModelOf(AssocCall *pCall, AssocTable *pTab);
/* The error that there is no such model. */
void assocModelMissing(AssocCall *pCall, AssocCatalog *pCat, const char *zName);
/* Give every definition its model. */
void assocCatalogLink(AssocCall *pCall, AssocCatalog *pCat);

/* --------------------------------------------------------------- options */

/* A list of column names: one or, of a composite key, several. */
typedef struct AssocNames AssocNames;
struct AssocNames {
  int n;
  const char **az;
};

/* The same as of the foreign key, said of the other key of a join table. */
typedef struct AssocOtherKey AssocOtherKey;
struct AssocOtherKey {
  const char *zOnDelete, *zOnUpdate;
  AssocJson *pDefault;
};

struct AssocOptions {
  const char *zAs;
  AssocNames foreignKey, otherKey, sourceKey, targetKey;
  const char *zThrough; /* Join table, or path of associations */
  AssocJson *pThroughScope;
  int eThroughUnique;     /* -1: not said, 0 or 1 */
  int eThroughParanoid;   /* Of a join table that assoc_sync() makes: */
  int eThroughTimestamps; /* it has deletedAt; createdAt and updatedAt */
  AssocJson *pScope;
  AssocJson *pOrder;
  AssocJson *pPolymorphic; /* An object (belongsTo) or a name (the others) */
  int eConstraints;        /* -1: not said, 0 or 1 */
  int eAllowNull;
  int eUnique;
  const char *zOnDelete; /* Upper case, or 0 */
  const char *zOnUpdate;
  AssocJson *pDefault; /* Of a foreign key's column that is to be made, or 0 */
  AssocOtherKey other; /* belongsToMany: what is said of the other key */
  int bTemp, bReplace;
};

#define ASSOC_BELONGSTO 0
#define ASSOC_HASONE 1
#define ASSOC_HASMANY 2
#define ASSOC_BELONGSTOMANY 3
#define ASSOC_NKIND 4
extern const char *const azAssocKind[ASSOC_NKIND]; /* Canonical spelling */

/* A kind in any spelling: "has_many". Seek gives -1 for none. */
int assocKindSeek(const char *zKind);
int assocKindParse(AssocCall *pCall, const char *zKind);
/* Read options; unknown ones are an error. zJson may be 0. */
/* Options that say nothing. */
void assocOptionsInit(AssocOptions *pOpt);
AssocOptions *assocOptionsParse(AssocCall *pCall, AssocArena *pArena,
                                const char *zJson);
/* The options of a definition, read once. */
AssocOptions *assocDefOptions(AssocCall *pCall, AssocDef *pDef);
/* The options without as, temp and replace, in one spelling; 0 for none. */
char *assocOptionsText(AssocCall *pCall, AssocArena *pArena,
                       const AssocOptions *pOpt);

/* -------------------------------------------------------------- relation */

/* Columns on one side of a key. aCol[i] is -1 while azCol[i] is missing. */
typedef struct AssocKey AssocKey;
struct AssocKey {
  int nCol;
  int *aCol;
  const char **azCol;
  u8 eFrom; /* ASSOC_FROM_* */
};
#define ASSOC_FROM_DECLARED 0   /* The definition says so */
#define ASSOC_FROM_SCHEMA 1     /* A FOREIGN KEY of the schema says so */
#define ASSOC_FROM_CONVENTION 2 /* A column is there under the usual name */
#define ASSOC_FROM_DEFAULT 3    /* assoc_sync() is to make it */

/* One target of a polymorphic belongsTo: rows whose type column holds zType
** refer to it. */
typedef struct AssocBranch AssocBranch;
struct AssocBranch {
  const char *zType;
  AssocModel *pModel;
  AssocKey key; /* Columns of the model that are referenced */
};

/*
** An association, resolved against the schema as it is.
**
**   belongsTo       source.foreign = target.targetKey
**   polymorphic     source.type says which of aBranch is the target
**   hasOne/hasMany  source.sourceKey = target.foreign
**   belongsToMany   source.sourceKey = through.foreign
**                   and through.other = target.targetKey
**   through a path  the associations apPath, one after another; foreign has
**                   no columns then
*/
struct AssocRel {
  AssocDef *pDef;
  const char *zName;
  u8 eKind; /* ASSOC_BELONGSTO ... */
  u8 bMany; /* Gives a list */
  AssocModel *pSource;
  AssocModel *pTarget;
  const char *zThrough; /* belongsToMany: the join table's name */
  AssocTable *pThrough; /* And the table, 0 while it is missing */
  AssocKey foreign;     /* Of source, target or through: see above */
  AssocKey other;       /* belongsToMany: of through */
  AssocKey sourceKey;
  AssocKey targetKey;
  int nPath;                /* hasOne, hasMany through a path: its length */
  AssocRel **apPath;        /* None of these has a path itself */
  int nBranch;              /* Polymorphic belongsTo: its targets */
  AssocBranch *aBranch;     /* pTarget is the model of the first */
  AssocKey type;            /* Polymorphic: the type column beside foreign */
  ShapePred *pScope;        /* Of the target, or 0 */
  ShapePred *pThroughScope; /* Of the join row, or 0 */
  ShapeSort *pOrder;        /* Default order, or 0 */
  AssocOptions *pOpt;
};

/* The association of a model by name. Seek gives 0 where find is an error.
** One that cannot be resolved is an error with both. */
AssocRel *assocRelSeek(AssocCall *pCall, AssocModel *pModel, const char *zName);
AssocRel *assocRelFind(AssocCall *pCall, AssocModel *pModel, const char *zName);
/* A row or key of a polymorphic association is wrapped in what says of which
** kind it is: {"post":...}. What is in there, and the branch; else pJson
** itself. 0 and an error where there is no such branch, or none is named. */
const AssocJson *assocRelBranch(AssocCall *pCall, const AssocRel *pRel,
                                const AssocJson *pJson, int *piBranch);
/* Values that name a target: those of its key, or of a polymorphic association
** its type and as many as the longest key has. */
int assocRelTargetWidth(const AssocRel *pRel);
/* The association of a definition. */
AssocRel *assocRelOf(AssocCall *pCall, AssocDef *pDef);
/* Do two of one kind relate the same tables by the same columns? */
int assocRelSame(const AssocRel *pA, const AssocRel *pB);
/* An error that names what assoc_sync() has to make before it can be used. */
void assocRelNeedReady(AssocCall *pCall, const AssocRel *pRel);
/* The table that the foreign key is in: of source, target or join. */
AssocTable *assocRelForeignTable(const AssocRel *pRel);
/* The columns of the source that are the key, and the columns, in *ppTab, in
** which that key is looked for; of a path its first association's. */
const AssocKey *assocRelNearKey(const AssocRel *pRel);
const AssocKey *assocRelFarKey(const AssocRel *pRel, AssocTable **ppTab);
/* belongsToMany: does a target stand but once in the list of a source? */
int assocRelPairsOnce(AssocCall *pCall, const AssocRel *pRel);
/* The error that there is no such association. */
void assocRelMissing(AssocCall *pCall, AssocModel *pModel, const char *zName);
/* "posts, profile". OUT: freed with sqlite3_free(). */
char *assocModelDefNames(AssocCall *pCall, AssocModel *pModel);
/* Visit the definitions of a model: pass 0, then the last one. */
AssocDef *assocModelNextDef(AssocCall *pCall, AssocModel *pModel,
                            AssocDef *pLast);

/* Is z the usual name of a key zKey of zName? UserId, user_id; and, where
** the key itself has the name in it, that: CustomerID of Customers. */
int assocKeyUsual(AssocCall *pCall, AssocArena *pArena, const char *z,
                  const char *zName, const char *zKey);

/* --------------------------------------------------------------- foreign */

/* A foreign key as all definitions over it want it. */
typedef struct AssocForeign AssocForeign;
struct AssocForeign {
  AssocSchema *pSchema; /* The database of its table */
  const char *zTable;
  AssocTable *pTab; /* 0: a join table that is missing */
  AssocKey key;     /* Its columns; those that are missing have -1 */
  AssocModel *pParent;
  AssocKey parentKey;    /* Columns of the parent, in the same order */
  const AssocRel *pPoly; /* The polymorphic belongsTo, or 0 */
  AssocRel *pRel;        /* The first association that speaks of it */
  const AssocRel *pJoin; /* The first belongsToMany whose own key it is, or 0 */
  const char *zOnDelete; /* "CASCADE", … */
  const char *zOnUpdate;
  int eAllowNull; /* As said: -1, 0 or 1 */
  int eUnique;
  int eThroughUnique;
  const AssocJson *pDefault; /* Of its first column, or 0 */
  const AssocRel *apSaid[6]; /* Who said each of these six first, or 0 */
  int nScope;                /* Of a join table: columns of its scopes */
  const AssocJson **apScope; /* Each column once, with a condition on it */
  u8 bNotNull;
  u8 bConstraint; /* REFERENCES is wanted */
  u8 bSaid;       /* A definition says "constraints":true, or an action */
  u8 bHas, bJoin; /* Some hasOne or hasMany; some belongsToMany */
  AssocForeign *pNext;
};
/* Those of all definitions. An error where one is bad or two disagree; with
** pOnly, which then comes first, only where that is one of the two. */
AssocForeign *assocForeignList(AssocCall *pCall, AssocCatalog *pCat,
                               AssocArena *pArena, AssocRel *pOnly);

/* ---------------------------------------------------------------- naming */

/* The style of a name: as the words are that it is made of, owner_posts,
** ownerPosts or OwnerPosts. */
#define ASSOC_STYLE_NONE 0
#define ASSOC_STYLE_SNAKE 1
#define ASSOC_STYLE_CAMEL 2
#define ASSOC_STYLE_PASCAL 3

/* A foreign key for which names are looked for. */
typedef struct AssocNaming AssocNaming;
struct AssocNaming {
  const AssocModel *pChild; /* Has the key */
  const AssocModel *pParent;
  int nCol;
  const int *aCol; /* Columns of the child */
  const int *aRef; /* Columns of the parent */
  u8 bUnique;      /* At most one row of the child has it */
  u8 bOnly;        /* No other key of the child references the parent */
  u8 bPlain;       /* Of all that relates the two it goes first */
  u8 bAside;       /* What is owned, beside a membership: not plain */
  u8 eStyle;       /* ASSOC_STYLE_*: of the names that are made */
  char cLetter;    /* What every name of the schema begins with, or 0 */
  const char *zChild, *zParent; /* The tables' names without a prefix */
  u8 bSelf;                     /* Set by start, as all that follows */
  u8 bOwn;                      /* zStem is the parent's own name */
  const char *zStem;            /* "author" of author_id */
};
void assocNamingStart(AssocCall *pCall, AssocArena *pArena, AssocNaming *p);
/* The iTry-th candidate, from 0 on and without end; never 0. For the child's
** belongsTo, the parent's hasOne or hasMany, and a belongsToMany over p
** whose other key is pOther. */
const char *assocNameOne(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry);
const char *assocNameHas(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry);
const char *assocNameMany(AssocCall *pCall, AssocArena *pArena,
                          const AssocNaming *p, const AssocNaming *pOther,
                          int bPlain, int iTry);
/* Does the key say who owns, made or leads the child? */
int assocNamingIsAside(AssocCall *pCall, AssocArena *pArena,
                       const AssocNaming *p);

#endif /* ASSOC_MODEL_H */
