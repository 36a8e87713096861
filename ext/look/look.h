/*
** Definitions and schema, seen as a whole: associations that nobody has defined
** yet, mistakes, diagrams, and the statements that make the definitions again.
**
**    foreignkey  the foreign keys of a schema
**    style       how the schema names things
**    guess       keys that the schema does not declare, by names and values
**    discover    associations for all of them, with names
**    foundmodel  timestamps, and several models of one table
**    dump        definitions as the calls that make them
**    diagram     what relates to what, in five formats
**    rename      the new names of renamed tables and columns
**    check       problems, and the SQL that fixes them
**
** One AssocLook is one look at the databases of a connection. Its arena owns
** everything that these functions return, unless they say otherwise. Only
** assocDiscoverWrite() writes.
*/
#ifndef ASSOC_LOOK_H
#define ASSOC_LOOK_H

#include "model/model.h"

typedef struct AssocFound AssocFound;
typedef struct AssocFoundModel AssocFoundModel;
typedef struct AssocLook AssocLook;
typedef struct AssocLookKey AssocLookKey;
typedef struct AssocLookPair AssocLookPair;
typedef struct AssocProblem AssocProblem;
typedef struct AssocSkipped AssocSkipped;

struct AssocLook {
  AssocCall *pCall;                /* Receives the first error */
  AssocCatalog *pCat;              /* BORROWED: the definitions */
  AssocSchema *pSchema;            /* The database that is looked at */
  AssocArena mem;                  /* OWNED: everything below */
  AssocLookKey *pKey, *pLastKey;   /* Foreign keys of the schema */
  AssocSkipped *pSkip, *pLastSkip; /* Those that cannot be used */
  AssocFound *pFound, *pLastFound; /* Associations to define */
  AssocFoundModel *pFoundModel, *pLastModel; /* Models to describe */
  AssocFound *apFound[512]; /* The same by their models, hashed */
  int nOnly;                /* Models that are asked for; apOnly is 0: all */
  AssocModel **apOnly;      /* nOnly of them */
  AssocLookPair *pPair;     /* Pairs of keys of join tables */
  AssocProblem *pProblem;   /* Found by assocCheck() */
  int nDef; /* Associations that are defined, those of a model together */
  AssocDef **apDef;      /* nDef of them */
  u8 bHabits;            /* What follows has been looked for */
  u8 eStyle;             /* ASSOC_STYLE_*: of the names in the schema */
  int cLetter;           /* What all tables begin with, as Z of ZNOTE; or 0 */
  int nPrefix, nTable;   /* Tables that can be models, without views */
  const char **azPrefix; /* What several tables begin with: "wp_" */
  u8 *abShadow; /* One for each entry of pSchema: a shadow table. 0: not read */
  const AssocSchema
      *pColumnsOf;    /* The database whose tables are in the next: */
  AssocWords columns; /* the tables with a column of a name, for rename.c */
};

/* The next table or view of p->pSchema that is a model, from entry *pi on, or
** 0. One that cannot be read, as a view over a table that is gone, is left
** out. */
AssocModel *assocLookNextModel(AssocLook *p, int *pi);

/* ------------------------------------------------------------------- key */

/* A foreign key, declared or guessed. */
struct AssocLookKey {
  AssocNaming name;    /* Child, parent and columns are in there */
  AssocKey key, ref;   /* The same columns with their names */
  int nSure;           /* 100: declared; less: a guess */
  const char *zWhy;    /* A guess: what speaks for it */
  u8 bShared;          /* The same columns reference something else as well */
  u8 bLoose;           /* A join table's, but nothing makes a pair unique */
  AssocLookKey *pNext; /* In the order of tables and of declaration */
};

/* What was looked at and left alone. */
struct AssocSkipped {
  const char *zTable;  /* The table that has the key */
  const char *zKey;    /* "user_id", or "a, b" */
  const char *zWhy;    /* A sentence for people */
  AssocSkipped *pNext; /* The next in the order of the schema */
};

/* The foreign keys that the schema declares, of tables that are models. */
void assocLookKeys(AssocLook *p);
/* One of them, or of all. The columns are copied. OUT: in p; 0 on error. */
AssocLookKey *assocLookKeyAdd(AssocLook *p, AssocModel *pChild,
                              AssocModel *pParent, int nCol, const int *aCol,
                              const int *aRef);
/* Put them in the order of tables again, and find what the names need to know
** of each other: to be called once all keys are there. */
void assocLookKeysRelate(AssocLook *p);
/* The model that a table is, if its name is found again; else 0. */
AssocModel *assocLookModel(AssocLook *p, AssocTable *pTab);
/* Read the scopes and the soft deletion of a model. False if they cannot be
** read. */
int assocLookScopes(AssocLook *p, AssocModel *pModel);
/* "a, b". OUT: in p */
const char *assocLookNames(AssocLook *p, const AssocTable *pTab, int nCol,
                           const int *aCol);
/* Note that a table or a key was left out, and why. The list is "skipped" in
** the report of assoc_discover(). */
void assocLookSkip(AssocLook *p, const char *zTable, const char *zKey,
                   const char *zFmt, ...);
/* Are the nCol columns, or some of them, a key of their table? */
int assocLookIsUnique(AssocLook *p, AssocTable *pTab, int nCol,
                      const int *aCol);
/* The columns of a key are these, in any order. */
int assocLookSameColumns(const AssocKey *pKey, int nCol, const int *aCol);

/* The associations of a model: visit *pi, *pi+1, ... while they are its own.
** Faster than to ask the catalog again and again. */
AssocDef *assocLookFirstDef(AssocLook *p, const AssocModel *pModel, int *pi);
/* The definition at *pi, which moves on; 0 behind the last. */
AssocDef *assocLookNextDef(AssocLook *p, int *pi);
/* How the schema names things, into p. */
void assocLookHabits(AssocLook *p);
/* A table's name without what tables begin with: posts of wp_posts. */
const char *assocLookPlainName(const AssocLook *p, const char *zName);
/* Get ready to name associations over a key, in the schema's style. */
void assocLookNaming(AssocLook *p, AssocNaming *pName);
/* Has the model a definition of that name? */
int assocLookHasName(AssocLook *p, const AssocModel *pModel, const char *zName);
/* Finish a text of lines, without an end of line after the last.
** OUT: sqlite3_free() */
char *assocLookLines(AssocLook *p, sqlite3_str *pStr);

/* ----------------------------------------------------------------- guess */

/* Add keys that names and data speak for. */
void assocLookGuess(AssocLook *p);

/* -------------------------------------------------------------- discover */

/* An association that is to be defined. */
struct AssocFound {
  AssocModel *pModel, *pTarget; /* Both ends */
  int eKind;                    /* ASSOC_HASMANY, … */
  const char *zName;            /* The option "as" */
  const char *zOptions;         /* Without as */
  int nSure;         /* In hundredths; 100: the schema declares the key */
  const char *zWhy;  /* Why it is believed, for people */
  AssocFound *pNext; /* In the order of definition */
  AssocFound *pSame; /* The next one in the same bucket of p->apFound */
};

/* What assoc_model() is to say of a table. */
struct AssocFoundModel {
  AssocModel *pTable;   /* The table's own model */
  const char *zName;    /* The model that is described: this one, or another */
  const char *zLabel;   /* With the database, if that is not main */
  const char *zOptions; /* JSON for assoc_model() */
  AssocFoundModel *pNext; /* The next in the order of definition */
};
/* Models, into p->pFoundModel; only of tables that are asked for. */
void assocDiscoverModels(AssocLook *p);

/* Associations over the keys that have none, into p->pFound; of models pOnly or
** leading to them, if any is named there. */
void assocDiscover(AssocLook *p, const AssocNames *pOnly);
/* Is the model named there, or none? */
int assocDiscoverAsks(const AssocLook *p, const AssocModel *pModel);
/* Define those that are at least so sure. The catalog has been left. */
void assocDiscoverWrite(AssocLook *p, int nSure);
/* What was made and skipped, as JSON; with bGuess also what was guessed.
** OUT: sqlite3_free() */
char *assocDiscoverJson(AssocLook *p, int nSure, int bGuess, i64 *pn);
/* The calls that would define it. OUT: sqlite3_free() */
char *assocDiscoverText(AssocLook *p, int nSure, int bGuess);

/* ------------------------------------------------------------------ dump */

/* assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}') */
void assocDumpCall(AssocLook *p, sqlite3_str *pStr, const char *zModel,
                   const char *zKind, const char *zTarget, const char *zName,
                   const char *zOptions, int bTemp);
/* assoc_model('Post', '{"timestamps":true}') */
void assocDumpModelCall(AssocLook *p, sqlite3_str *pStr, const char *zModel,
                        const char *zOptions, int bTemp);
/* All definitions. OUT: sqlite3_free() */
char *assocDumpText(AssocLook *p);

/* --------------------------------------------------------------- diagram */

/* The number of a format by its name; that of mermaid for 0. */
int assocDiagramFormat(AssocCall *pCall, const char *zName);
typedef struct AssocDiagramOptions AssocDiagramOptions;
struct AssocDiagramOptions {
  AssocNames models; /* Those to show; none: all */
  AssocNames from;   /* And those within nStep lines of these */
  int nStep;         /* 1: the neighbours of "from" */
  int bNoColumns;    /* Show names alone */
};
/* OUT: sqlite3_free() */
char *assocDiagramText(AssocLook *p, int iFormat,
                       const AssocDiagramOptions *pOpt);

/* ---------------------------------------------------------------- rename */

/* What is called otherwise now. */
typedef struct AssocRenamed AssocRenamed;
struct AssocRenamed {
  int nChoice;         /* How many names it may have now */
  const char *zNow;    /* The last of them, or 0 */
  const char *zChoice; /* All of them: "a or b" */
};

/* A key that has columns which are missing. */
typedef struct AssocRenamedKey AssocRenamedKey;
struct AssocRenamedKey {
  AssocTable *pTab;          /* Its table */
  const AssocKey *pKey;      /* As the definition has it */
  const AssocTable *pParent; /* What it references */
  const AssocKey *pRef;      /* Which columns of pParent */
  AssocRenamed now;          /* What its first column is called */
  const char **azNow;        /* All columns, of the last choice */
  AssocRenamed maybe;        /* Columns that may be it, by their names alone */
};

/* The columns of a key of an association. */
void assocRenamedColumn(AssocLook *p, const AssocRel *pRel,
                        AssocRenamedKey *pKey);
/* The join table of an association. */
void assocRenamedJoin(AssocLook *p, const AssocRel *pRel, AssocRenamed *pOut);
/* Is there no model of that name, as seen from pSchema? */
int assocRenamedIsGone(AssocLook *p, AssocSchema *pSchema, const char *zName);
/* The table of a model that definitions in pSchema speak of. */
void assocRenamedModel(AssocLook *p, AssocSchema *pSchema, const char *zModel,
                       AssocRenamed *pOut);

/* ----------------------------------------------------------------- check */

struct AssocProblem {
  const char *zSeverity;             /* "error", "warning", "info" */
  AssocDef *pDef;                    /* What it is about; 0: the connection */
  const char *zModel, *zAssociation; /* As the row of assoc_check names it */
  const char *zProblem;              /* A short phrase: "key types differ" */
  const char *zDetail;               /* A sentence for people */
  const char *zFix;                  /* SQL that can be run as it is, or 0 */
  u8 bRows;            /* The fix fails at rows that break a constraint */
  AssocProblem *pNext; /* The next of its severity */
};
/* Into p->pProblem. */
void assocCheck(AssocLook *p);

#endif /* ASSOC_LOOK_H */
