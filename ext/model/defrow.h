/*
** Shared by the files that find the rows of assoc_definitions. No other file
** uses it.
**
**   defrow.c      keeps the rows, and finds them by the names in them
**   catalog.c     reads them, and follows one that is written
**   modelname.c   the rows that concern a table
**   planned.c     those that plan a table
**   foreign.c     those that speak of a foreign key
*/
#ifndef ASSOC_MODEL_DEFROW_H
#define ASSOC_MODEL_DEFROW_H

#include "model/model.h"

typedef struct AssocDefList AssocDefList;
typedef struct AssocDefName AssocDefName;

/* A row of assoc_definitions. */
struct AssocDefRow {
  const char *zModel, *zName;             /* Never 0 */
  const char *zKind, *zTarget, *zOptions; /* 0 for NULL */
  const char *zTable;   /* The join table of a belongsToMany, or the table of a
                      ** row of assoc_model(), if the options name it; else 0 */
  u8 eRow;              /* ASSOC_ROW_* */
  u8 bKey;              /* It is in the lists by which foreign keys are found */
  u64 iSum;             /* Checksum */
  i64 iFrom, iTo;       /* Versions that have it: iFrom and up to below iTo */
  AssocDefRow *pNext;   /* The next of the same model, by name */
  AssocDefRow *pNextTo; /* The next with the same target, in pTo or pBy */
  AssocDefRow *pNextTable; /* The next with the same zTable */
  AssocDefRow *pNextAll;   /* The next of all */
};
#define ASSOC_ROW_DEF 1     /* A definition */
#define ASSOC_ROW_MODEL 2   /* assoc_model() */
#define ASSOC_ROW_POLICY 4  /* assoc_policy() */
#define ASSOC_ROW_SETTING 8 /* assoc_readonly() */

/* A name that rows contain. */
struct AssocDefName {
  const char *zName;       /* As the first row spells it */
  u32 iStem;               /* Of this name: assocNameStem() */
  AssocDefRow *pRow;       /* Rows of the model, by name */
  AssocDefRow *pRowLast;   /* The last of these */
  AssocDefRow *pTo;        /* hasOne and hasMany that lead to it */
  AssocDefRow *pBy;        /* belongsTo and belongsToMany that lead to it */
  AssocDefRow *pTable;     /* Rows whose zTable it is */
  AssocDefName *pNextStem; /* The next in the same bucket */
};

/* The rows of one database. A version has one row more or less than the one
** before. Rows that are gone stay, for catalogs of earlier versions. */
struct AssocDefRows {
  int nRef;               /* Catalogs that share it */
  AssocArena mem;         /* Holds the rows, and this itself */
  AssocWords names;       /* An AssocDefName for each name */
  int nStem;              /* Buckets in apStem: a power of two, or 0 */
  AssocDefName **apStem;  /* The names by their stems */
  AssocDefRow *pAll;      /* All rows, the newest first */
  u8 bKeys;               /* Definitions are found by their keys, too: */
  AssocDefRow *pLoose;    /* belongsToMany without a zTable, by pNextTable */
  AssocDefRow *pAnywhere; /* belongsTo whose targets only their options tell, by
                          ** pNextTo */
  u8 bDots;               /* A name contains a dot */
  u8 bColumns;            /* A row of assoc_model() may have "columns" */
  i64 iVersion;           /* The newest version */
  int nGone;              /* Rows that this version has no more */
};

/* No rows yet, with one reference. 0 after an error. */
AssocDefRows *assocDefRowsNew(AssocCall *pCall);
/* Release a reference; p may be 0. The last one frees the rows. */
void assocDefRowsUnref(AssocDefRows *p);
/* Make a row of the texts of its columns, which are copied. No list has it yet.
** az[0] and az[1] are not 0. 0 after an error. */
AssocDefRow *assocDefRowNew(AssocCall *pCall, AssocDefRows *p,
                            const char *const *az, u64 iSum);
/* Add the row to the newest version. Rows of one model come fastest in the order
** of their names. */
void assocDefRowAdd(AssocCall *pCall, AssocDefRows *p, AssocDefRow *pRow);
/* The row of these names in the version of pSchema, or 0. */
AssocDefRow *assocDefRowSeek(const AssocSchema *pSchema, const char *zModel,
                             const char *zName);

/* A list of rows that may concern a table, as definitions of one catalog. */
struct AssocDefList {
  AssocCall *pCall; /* Receives the first error */
  AssocArena mem;   /* OWNED: the list */
  AssocDef **ap;    /* n definitions */
  int n, nMax;      /* nMax: room in ap */
  u32 *aStem;       /* Stems of the names that may lead to the tables */
  int nStem, nMost; /* nMost: room in aStem */
  int nSorted;      /* The first of aStem, sorted and each once */
};
/* Begin an empty list. */
void assocDefListBegin(AssocCall *pCall, AssocDefList *p);
/* Rows may concern the table zTable: find the stems of names that may lead there.
** That is a table's own stem, and that of each model whose row names the table. */
void assocDefListTable(AssocDefList *p, const AssocCatalog *pCat,
                       const char *zTable);
/* A name may lead there, too. */
void assocDefListName(AssocDefList *p, const char *zName);
/* Append rows of a database, in their order, each once: those of kinds m
** (ASSOC_ROW_*) whose model may lead to the tables. With eKeys only definitions, by
** their foreign keys (ASSOC_KEYS_*). */
void assocDefListTake(AssocDefList *p, AssocSchema *pSchema, int m, int eKeys);
#define ASSOC_KEYS_IN 1 /* The tables may have the key */
#define ASSOC_KEYS_TO 2 /* The key may refer to the tables */
/* Free the list. */
void assocDefListEnd(AssocDefList *p);

#endif /* ASSOC_MODEL_DEFROW_H */
