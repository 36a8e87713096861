/*
** Changing rows: by their keys, and by what relates to what.
**
**   row      one row of a table: found, inserted, changed, deleted
**   form     what the members of a JSON object mean for a model
**   link     two rows come to be related, or no longer are
**   target   keys and rows as callers name them
**   unfold   the rows of a payload, as a list
**   graph    rows in rows, as a payload nests them
**   refer    foreign keys that refer to a table
**   reach    which rows go when a row goes
**   destroy  a row, and what happens to all that refer to it
**   gate     all or nothing where no savepoint can be opened
**
** All of it works for one AssocWriter, which lives as long as the call of a
** function, or as one row of a statement on the table related. A writer only
** writes: that it is all or nothing is its caller's matter, by a savepoint
** or by the gate.
*/
#ifndef ASSOC_WRITE_H
#define ASSOC_WRITE_H

#include "sql/sql.h"

typedef struct AssocWriter AssocWriter;
typedef struct WriteCell WriteCell;
typedef struct WriteDestroyer WriteDestroyer;
typedef struct WriteForm WriteForm;
typedef struct WriteLink WriteLink;
typedef struct WriteMember WriteMember;
typedef struct WriteRefer WriteRefer;
typedef struct WriteRow WriteRow;
typedef struct WriteSql WriteSql;
typedef struct WriteVal WriteVal;

/* ----------------------------------------------------------------- writer */

struct AssocWriter {
  AssocCall *pCall;
  AssocCatalog *pCat;
  AssocArena mem;   /* What lasts as long as the writer */
  AssocArena tmp;   /* Rows and their values: see assocWriterReset() */
  WriteSql *pSql;   /* Its statements, the last used first */
  WriteForm *pForm; /* And forms */
  WriteLink *pLink; /* And links */
  WriteDestroyer *pDestroyer; /* And what destroys, once it is needed */
  AssocBlobKeys *pBlobs;      /* OWNED: whether keys are BLOBs */
  AssocForeign *pForeign;     /* Foreign keys of all definitions, for it */
  u8 bForeign;                /* They have been read */
  sqlite3_value **apOwned;    /* OWNED: values that rows at hand have */
  int nOwned;
  i64 nChange; /* Rows inserted, changed and deleted by its statements */
};

void assocWriterInit(AssocCall *pCall, AssocCatalog *pCat, AssocWriter *w);
void assocWriterClear(AssocWriter *w);
/* Forget all rows at hand. */
void assocWriterReset(AssocWriter *w);
/* A copy of a value, for as long as rows are at hand. */
sqlite3_value *assocWriterKeep(AssocWriter *w, sqlite3_value *pVal);

/* -------------------------------------------------------------------- row */

/* A value from one of three places: JSON, SQLite, or it is an integer. */
struct WriteVal {
  const AssocJson *pJson; /* Or 0 */
  sqlite3_value *pVal;    /* Or 0 */
  i64 i;                  /* Where both are 0 */
};

/* A value for a column. */
struct WriteCell {
  int iCol;
  WriteVal val;
};

/* A row at hand: nKey values of its model's key. */
struct WriteRow {
  AssocModel *pModel;
  WriteVal *aKey;
};

/* One statement on the rows of a table. */
struct WriteSql {
  u8 eOp; /* WRITE_* */
  AssocTable *pTab;
  int nSet, nWhere, nGet; /* Columns that are set, sought by, and given */
  int *aSet, *aWhere, *aGet;
  sqlite3_stmt *pStmt; /* OWNED */
  WriteSql *pNext;
};
#define WRITE_INSERT 0 /* INSERT INTO t(set) VALUES(...) RETURNING get */
#define WRITE_FIND 1   /* SELECT get FROM t WHERE where=... */
#define WRITE_UPDATE 2 /* UPDATE t SET set=... WHERE where=... */
#define WRITE_DELETE 3 /* DELETE FROM t WHERE where=... */
#define WRITE_OTHER 4  /* Another that assocWriteSqlKeep() has kept */

WriteSql *assocWriteSql(AssocWriter *w, int eOp, AssocTable *pTab, int nSet,
                        const int *aSet, int nWhere, const int *aWhere,
                        int nGet, const int *aGet);
/* Bind a value. pCol, the column that it is for, may be 0. */
void assocWriteBind(AssocWriter *w, sqlite3_stmt *pStmt, int i,
                    const AssocColumn *pCol, const WriteVal *pVal);
/* Any other statement: begin to write it, and prepare it, with the literals
** of scopes bound for good. OUT: the caller finalizes. */
void assocWriteSqlStart(AssocWriter *w, AssocSql *p);
sqlite3_stmt *assocWriteSqlEnd(AssocWriter *w, AssocSql *p);
/* The same, but the writer owns it; 0 after an error. */
sqlite3_stmt *assocWriteSqlKeep(AssocWriter *w, AssocSql *p);
/* A literal of a scope as JSON; 0 is null. It lasts as long as the writer. */
AssocJson *assocLiteralJson(AssocWriter *w, const ShapeVal *pVal);
int assocValIsNull(const WriteVal *pVal);
/* Are they the same? Both are as one table has them. */
int assocValSame(const WriteVal *pA, const WriteVal *pB);
/* Would the column hold the same? "1" is 1 where it makes numbers of text. */
int assocValSameIn(AssocWriter *w, const AssocColumn *pCol, const WriteVal *pA,
                   const WriteVal *pB);
/* Would they be printed alike? */
int assocValPrintsAs(AssocWriter *w, const WriteVal *pA, const WriteVal *pB);
void assocValWrite(AssocOut *pOut, const WriteVal *pVal);
/* The columns iFrom, ... of the row that pStmt stands on, kept. */
WriteVal *assocWriteGet(AssocWriter *w, sqlite3_stmt *pStmt, int iFrom, int n);
/* The key as JSON, for results: 7, "a" or [1,2]. */
void assocWriteKey(AssocOut *pOut, const AssocModel *pModel,
                   const WriteVal *aKey);

/* Find a row by its key: true if it is there. pRow gets the key as the row
** itself has it. Need makes its absence an error. */
int assocRowFind(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey,
                 WriteRow *pRow);
void assocRowNeed(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey,
                  WriteRow *pRow);
/* Place of a column in the model's key, or -1. */
int assocKeyPlace(const AssocModel *pModel, int iCol);
/* May a foreign key's column become NULL where the row is let go of? */
int assocColumnLetsGo(const AssocModel *pModel, int iCol);
/* Are they one row? Their keys are those that the table has. */
int assocRowSame(const WriteRow *pA, const WriteRow *pB);
/* The values of other columns of a row, which others refer to. Where zFor is
** given, a NULL among them is an error, which names it. */
WriteVal *assocRowGet(AssocWriter *w, const WriteRow *pRow,
                      const AssocKey *pKey, const char *zFor);
/* Insert a row. pRow gets its key; it may be 0. */
void assocRowInsert(AssocWriter *w, AssocModel *pModel, int nCell,
                    const WriteCell *aCell, WriteRow *pRow);
/* The same in two steps: the statement serves other rows with the same
** columns as well, for as long as the writer. */
WriteSql *assocRowInsertSql(AssocWriter *w, AssocModel *pModel, int nCell,
                            const WriteCell *aCell, int bKey);
void assocRowInsertBy(AssocWriter *w, WriteSql *pSql, AssocModel *pModel,
                      const WriteCell *aCell, WriteRow *pRow);
void assocRowUpdate(AssocWriter *w, const WriteRow *pRow, int nCell,
                    const WriteCell *aCell);
/* The same, but leave alone what is as it should be already: a column whose
** value, as a load would print it, is what is given. */
void assocRowChange(AssocWriter *w, const WriteRow *pRow, int nCell,
                    const WriteCell *aCell);
/* Run a statement that changes one row, after its values are bound. */
void assocWriteRun(AssocWriter *w, WriteSql *pSql);

/* ------------------------------------------------------------------- form */

/*
** What the member of an object means where a row of a model is written. Rows
** of one kind mostly have the same members in the same order: a form
** remembers those of the last row, so that a name is looked up once.
*/
struct WriteMember {
  const char *zKey; /* As it is spelt */
  u8 eType;         /* WRITE_* */
  int iCol;         /* COLUMN, of the model; its number */
  AssocRel *pRel;   /* ASSOC: the association, ready for use */
  WriteMember *pNext;
};
#define WRITE_COLUMN 0
#define WRITE_ASSOC 1
#define WRITE_THROUGH 2 /* The columns of the join row */
#define WRITE_LABEL 3   /* "#id" */
#define WRITE_REF 4     /* "#ref" */

struct WriteForm {
  AssocModel *pModel;
  AssocRel *pBy;        /* The association whose target it is, or 0 */
  WriteMember *pMember; /* All that were ever seen */
  int nLast;            /* Places of apLast */
  WriteMember **apLast; /* Those of the last row, in their order */
  WriteForm *pNext;
};

WriteForm *assocWriteForm(AssocWriter *w, AssocModel *pModel, AssocRel *pBy);
/* The meaning of the i-th member of an object, which has this key. */
WriteMember *assocFormMember(AssocWriter *w, WriteForm *pForm, int i,
                             const char *zKey);
/* Is it the name of the join table by which rows are related, if by one? */
int assocIsThrough(const AssocRel *pBy, const char *zKey);
/* A column of a join row by name; an error if there is none. */
int assocThroughColumn(AssocWriter *w, const AssocRel *pRel, const char *zName);
/* Columns of the join row of an object's members. *pn cells, which last until
** rows are forgotten. */
WriteCell *assocThroughCells(AssocWriter *w, const AssocRel *pRel,
                             const AssocJson *pJson, int *pn);

/* ------------------------------------------------------------------- link */

/* What it takes to relate rows by one association, or of a polymorphic one by
** one of its branches. */
struct WriteLink {
  AssocRel *pRel;
  const AssocBranch *pBranch; /* Or 0 */
  AssocModel *pTarget;
  const AssocKey *pTargetKey; /* belongsTo, belongsToMany: columns of it */
  AssocModel *pJoin;          /* belongsToMany: the join table as a model */
  u8 bTwice;                  /* belongsToMany: a pair may be linked again */
  u8 bOnce;                   /* But not now: those that are there are meant */
  u8 bDestroy;  /* hasOne, hasMany: a target that is let go of is destroyed */
  u8 bOperator; /* A scope compares, which does not say what to write */
  int nScope;   /* Columns of the target that the scope sets */
  WriteCell *aScope;
  int nThrough; /* Columns of the join row that its scope sets */
  WriteCell *aThrough;
  int nFree; /* Columns of the foreign key that may be NULL */
  int *aFree;
  sqlite3_stmt *pLook, *pAll, *pPair; /* Of the writer: see link.c */
  u8 mUsed;                           /* By the graph at hand: LINK_* */
  const void *pUser;                  /* Its last row that used it */
  WriteLink *pNext;
};

#define LINK_HELD 1 /* By an INSERT that writes the key */
#define LINK_LATE 2 /* By a row that is there */
#define LINK_MANY 4 /* From several rows */

/* What linking has changed, as lists of keys. */
typedef struct WriteChanges WriteChanges;
struct WriteChanges {
  AssocOut added, removed, moved;
};

/* The link of an association; of a polymorphic one its iBranch-th. */
WriteLink *assocLinkOf(AssocWriter *w, AssocRel *pRel, int iBranch);
/* An error where an operator in the scope keeps one from writing. */
void assocLinkNeedScope(AssocWriter *w, const WriteLink *pLink);
/* Relate a target, by its key. aThrough are columns of the join row. */
void assocLinkAdd(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  const WriteVal *aKey, int nThrough, const WriteCell *aThrough,
                  WriteChanges *pChanges);
/* Whether a target that is let go of is destroyed: then it may take along
** others, and one that is gone has been removed already. */
int assocLinkDestroys(const WriteLink *pLink);
void assocLinkRemove(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, WriteChanges *pChanges);
/* Make these the only targets: unrelate the others. aaKey has nKey keys. */
void assocLinkKeep(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   int nKey, const WriteVal *const *aaKey,
                   WriteChanges *pChanges);
/* Is the row of that key a target? *pbFound: is there one? */
int assocLinkHas(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                 const WriteVal *aKey, int *pbFound);
/* The only row that is related, or the first. True if there is one. */
int assocLinkFirst(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   WriteRow *pRow);
/* What the row that has the foreign key gets: a target of hasOne or hasMany,
** a source of belongsTo. pOther is the row at the other end. *pn cells. */
WriteCell *assocLinkCells(AssocWriter *w, WriteLink *pLink,
                          const WriteRow *pOther, int *pn);
/* belongsToMany: a join row for a pair that is not linked yet. */
void assocLinkJoin(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteRow *pTarget, int nThrough,
                   const WriteCell *aThrough);

void assocChangesInit(WriteChanges *p);
/* {"added":[...],"removed":[...],"moved":[...]}, and clear p.
** OUT: *pn bytes, freed with sqlite3_free(). */
char *assocChangesText(AssocCall *pCall, WriteChanges *p, i64 *pn);

/* ----------------------------------------------------------------- target */

/* A row that a caller names, to be related. */
typedef struct WriteTarget WriteTarget;
struct WriteTarget {
  WriteLink *pLink; /* Of a polymorphic association: the branch */
  const WriteVal *aKey;
  const AssocJson *pThrough; /* Columns of the join row, or 0 */
};
typedef struct WriteTargets WriteTargets;
struct WriteTargets {
  int n;
  WriteTarget *a;
};

/* The key that JSON gives: a value, an array, or an object that has the key's
** columns. 0 if it gives none. */
WriteVal *assocKeyOfJson(AssocWriter *w, const AssocModel *pModel,
                         const AssocJson *pJson);
/* The key of a row: a value, or of a composite key a JSON array. */
WriteVal *assocKeyOfValue(AssocWriter *w, const AssocModel *pModel,
                          sqlite3_value *pVal);
/* Targets of an association: one key, an array of keys, or rows with their
** keys. NULL is none. They last as long as the writer. */
void assocTargetsOf(AssocWriter *w, AssocRel *pRel, sqlite3_value *pVal,
                    WriteTargets *p);
/* Relate them, a to-one at most one. Of the join row a target gives the columns
** itself, or else aThrough does. */
void assocTargetsLink(AssocWriter *w, const AssocRel *pRel,
                      const WriteRow *pSource, const WriteTargets *p,
                      int nThrough, const WriteCell *aThrough,
                      WriteChanges *pChanges);
/* A JSON object, of which zWhat says what it should be. NULL gives 0. */
AssocJson *assocObjectOfValue(AssocWriter *w, sqlite3_value *pVal,
                              const char *zWhat);
/* Columns of a join row; none where the value is NULL, or 0. *pn cells, which
** last until rows are forgotten. */
WriteCell *assocThroughOfValue(AssocWriter *w, const AssocRel *pRel,
                               sqlite3_value *pVal, int *pn);

/* ------------------------------------------------------------------ refer */

/* A foreign key that refers to a table. */
struct WriteRefer {
  AssocTable *pChild; /* The table that has it */
  int nCol;
  const int *aCol, *aRef;  /* Its columns, and those that they refer to */
  const char *zAction;     /* What onDelete says: "CASCADE"; 0: nothing */
  const char *zName;       /* Its step on a path: "posts" */
  const char *zDeclared;   /* And what the schema says, if it has the key */
  const ShapePred *pScope; /* Only these rows are meant, or 0: all */
  const char *zType;       /* Only rows of this type, or 0 */
  int iType;               /* Which is in this column */
  WriteRefer *pNext;
};
/* Those that refer to the model's table. They last as long as the writer. */
WriteRefer *assocRefersTo(AssocWriter *w, AssocModel *pModel);
/* Its columns, for a message: "a, b". */
const char *assocReferColumns(AssocWriter *w, const WriteRefer *p);

/* ---------------------------------------------------------------- destroy */

/* Delete a row, and do to those that refer to it what onDelete says. */
void assocDestroyRow(AssocWriter *w, const WriteRow *pRow);
/* The same, with a report in JSON: which rows of which table were deleted or
** changed. OUT: *pn bytes, freed with sqlite3_free(). */
char *assocDestroyReport(AssocWriter *w, const WriteRow *pRow, int mHow,
                         i64 *pn);
#define WRITE_CASCADE 1 /* All that refer to it go too */
#define WRITE_DRYRUN 2  /* Nothing happens; the report has the ways as well */
#define WRITE_FORCE 4   /* Delete where the model would only mark */

/* ------------------------------------------------------------------- gate */

/* Do something all or not at all, inside a statement that writes. */
void assocGateRun(AssocCall *pCall, void (*xDo)(AssocCall *, void *),
                  void *pArg);
int assocGateRegister(AssocConn *pConn);
/* A table is about to be written. If that could not be undone with the job
** that runs, this is an error, and the job begins anew: it must leave nothing
** behind but what SQLite undoes. */
void assocGateNeed(AssocCall *pCall, const AssocTable *pTab);
/* The same for a database as a whole. */
void assocGateNeedSchema(AssocCall *pCall, AssocSchema *pSchema);
/* The same for all databases, if there are TEMP triggers: those may write any
** of them. */
void assocGateNeedAll(AssocCall *pCall, AssocCatalog *pCat);

/* ------------------------------------------------------------------ graph */

/* Insert what a JSON text holds: a row, rows in a row, or an array of these.
** Gives the keys in the payload's shape. OUT: *pn bytes, freed with
** sqlite3_free(). */
char *assocGraphInsert(AssocWriter *w, AssocModel *pModel, const char *zJson,
                       i64 nJson, i64 *pn);
/* Change a row, and rows that are nested in it. */
void assocGraphUpdate(AssocWriter *w, const WriteRow *pRow,
                      const AssocJson *pJson);
/* A new target for a row: of JSON, which may nest others, or of cells.
** pNew gets its key. */
void assocGraphCreate(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                      const AssocJson *pJson, int nCell, const WriteCell *aCell,
                      int nThrough, const WriteCell *aThrough, WriteRow *pNew);

#endif /* ASSOC_WRITE_H */
