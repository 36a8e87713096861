/*
** Changing rows: by their keys, and by their associations.
**
**   row      one row of a table: found, inserted, changed, deleted
**   unique   rows by the values of UNIQUE indexes
**   form     what the members of a JSON object mean for a model
**   only     what a payload may hold
**   link     relating rows, and undoing that; link.h lists its files
**   target   keys and rows as callers name them
**   unfold   the rows of a payload, as a list
**   graph    writing the rows of a payload, in the order that keys demand
**   plain    the quick way for rows that have nothing but columns
**   refer    foreign keys that refer to a table
**   reach    which rows go when a row goes
**   cascade  deleting a row, and what happens to rows that refer to it
**   allow    what policies allow a session to write
**   gate     all or nothing where no savepoint can be opened
**
** One AssocWriter does all the work. It lasts for one call of a function, or
** for one row of a statement on the table related. A writer only writes. Its
** caller makes the work all or nothing, by a savepoint or by the gate.
**
** A function that takes an AssocWriter does nothing after an error in w->pCall.
*/
#ifndef ASSOC_WRITE_H
#define ASSOC_WRITE_H

#include "sql/sql.h"

typedef struct AssocWriter AssocWriter;
typedef struct WriteAllow WriteAllow;
typedef struct WriteCell WriteCell;
typedef struct WriteDestroyer WriteDestroyer;
typedef struct WriteForm WriteForm;
typedef struct WriteHow WriteHow;
typedef struct WriteKept WriteKept;
typedef struct WriteLink WriteLink;
typedef struct WriteMember WriteMember;
typedef struct WriteOnly WriteOnly;
typedef struct WriteOnlyRel WriteOnlyRel;
typedef struct WriteRefer WriteRefer;
typedef struct WriteRow WriteRow;
typedef struct WriteSql WriteSql;
typedef struct WriteUnique WriteUnique;
typedef struct WriteVal WriteVal;

/* ----------------------------------------------------------------- writer */

struct AssocWriter {
  AssocCall *pCall;   /* The call that has taken it, or 0 */
  AssocCatalog *pCat; /* A reference */
  AssocArena mem;     /* Lasts as long as the writer */
  AssocArena one;     /* Lasts until assocWriterRest() */
  AssocArena json;    /* Of a payload: one row of its list after another */
  AssocArena tmp;     /* Rows and their values, until assocWriterReset() */
  WriteSql *pSql;     /* Its statements, the last used first */
  int nSql;           /* Length of that list */
  WriteSql *pUsed;    /* Statements used since the writer was taken */
  /* The current time in each form, or 0 */
  WriteSql *apNow[ASSOC_CLOCK_N];
  /* The model whose timestamps the call set last, or 0 */
  const AssocModel *pTimed;
  int aForm[2];               /* The forms of both; 0: not asked */
  WriteForm *pForm;           /* Its forms */
  WriteLink *pLink;           /* Its links */
  WriteUnique *pUnique;       /* Its UNIQUE indexes */
  WriteDestroyer *pDestroyer; /* Made by the first destroy, or 0 */
  WriteAllow *pAllow;         /* Its questions to policies: allow.c */
  i64 iSession;               /* pConn->iSession: the session it is for */
  AssocBlobKeys *pBlobs;      /* OWNED: whether keys are BLOBs */
  sqlite3_value **apOwned;    /* OWNED: values of rows in tmp */
  int nOwned;                 /* Values in apOwned */
  i64 nChange; /* Rows that its statements inserted, changed and deleted */
  void (*xAlone)(AssocCall *, void *); /* See assocWriterLast(); or 0 */
  void *pAlone;                        /* The second argument of xAlone */
  i64 nTotal; /* sqlite3_total_changes64() when xAlone was set */
  /* The same when the call began; -1 if rows before it wrote in the statement */
  i64 nBegin;
  u8 bLast; /* The next statement is the last of the call */
};

/* A writer for a catalog: the one at rest in the connection, or a new one. The
** caller gives it back with assocWriterRest(). 0 after an error. */
AssocWriter *assocWriterTake(AssocCall *pCall, AssocCatalog *pCat);
/*
** A statement that is the only one of its call to write needs no savepoint: if
** it fails, SQLite undoes it. While there is a savepoint, SQLite copies each
** page that changes, which costs as much as the statement itself.
**
** assocWriterAlone(): the caller writes one row, and afterwards nothing but
** lack of memory can make it fail. xAlone is called before such a statement.
** assocWriterLast(): the statement that comes next is the last of the call, if
** it writes at all. The result has the key of pRow, if that is not 0.
*/
void assocWriterAlone(AssocWriter *w, void (*xAlone)(AssocCall *, void *),
                      void *pAlone);
/* Without effect if assocWriterAlone() was not called, or if the key is long:
** then a copy of it could fail. */
void assocWriterLast(AssocWriter *w, const WriteRow *pRow);
/* Called before each statement that may be that one, when it is bound. */
void assocSqlAlone(AssocWriter *w, WriteSql *pSql);
/* Does SQLite undo the statement as a whole if it fails, and does nothing else
** in the schema write with it? */
int assocSqlKnownAlone(AssocWriter *w, WriteSql *pSql);
/* Keep the writer's statements, forms and links for the next call. w may be 0.
*/
void assocWriterRest(AssocWriter *w);
/* Free rows and values, and empty tmp. Statements, forms and links stay. */
void assocWriterReset(AssocWriter *w);
/* A copy of a value, valid until assocWriterReset(). 0 after an error. */
sqlite3_value *assocWriterKeep(AssocWriter *w, sqlite3_value *pVal);

/* -------------------------------------------------------------------- row */

/* A value from JSON or from SQLite, or an integer. */
struct WriteVal {
  const AssocJson *pJson; /* Or 0 */
  sqlite3_value *pVal;    /* Or 0 */
  i64 i;                  /* The value, if both are 0 */
};

/* A value for a column, by the column's number in the table. */
struct WriteCell {
  int iCol;     /* The column's number in its table */
  WriteVal val; /* What it gets */
};

/* A row by its key: nKey values of its model's key. */
struct WriteRow {
  AssocModel *pModel; /* The row's model */
  WriteVal *aKey;     /* pModel->nKey values */
};

/* A prepared statement on the rows of a table. */
struct WriteSql {
  u8 eOp;                    /* WRITE_* */
  AssocTable *pTab;          /* The table it reads or writes */
  int nSet, nWhere, nGet;    /* Columns that are set, searched by, and given */
  int *aSet, *aWhere, *aGet; /* Their numbers, in the writer's arena mem */
  sqlite3_stmt *pStmt;       /* The statement of stmt */
  WriteSql *pNext;           /* The one used before this one */
  AssocStmt stmt;            /* OWNED */
  int nVar;    /* Each use binds ?1 to ?nVar. Higher ones are literals */
  u8 bLiteral; /* There are such */
  u8 bUsed;    /* In the writer's list pUsed */
  u8 eAlone;   /* ALONE_*: can it be undone without a savepoint? */
  WriteSql *pNextUsed;  /* In the writer's list pUsed */
  WriteSql *pNextQuick; /* In the list pQuick of its link */
};
#define WRITE_INSERT 0 /* INSERT INTO t(set) VALUES(...) RETURNING get */
#define WRITE_FIND 1   /* SELECT get FROM t WHERE where=..., what may be read */
#define WRITE_UPDATE 2 /* UPDATE t SET set=... WHERE where=... */
#define WRITE_DELETE 3 /* DELETE FROM t WHERE where=... */
#define WRITE_OTHER 4  /* A statement kept by assocWriteSqlKeep() */
#define WRITE_READ 5 /* As WRITE_FIND, of any row: one that was found before */
/* The same for each key of assoc_keys, whose columns are aWhere. An INSERT also
** writes these; a DELETE finds its rows by the columns of aSet as well. */
#define WRITE_INSERTS 6
#define WRITE_UPDATES 7
#define WRITE_DELETES 8

/* The statement of this kind over these columns, prepared once per writer. Its
** variables are the values of aSet, then those of aWhere, from ?1. 0 after an
** error. The writer owns it. */
WriteSql *assocWriteSql(AssocWriter *w, int eOp, AssocTable *pTab, int nSet,
                        const int *aSet, int nWhere, const int *aWhere,
                        int nGet, const int *aGet);
/* What to write instead of an object that begins with a word of another library,
** such as {"connect":...} or {"increment":1}. 0 for all others. */
const char *assocWriteInstead(const AssocJson *pJson);
/* Bind a value to ?i. pCol is the column that takes it, or 0 for a key. */
void assocWriteBind(AssocWriter *w, sqlite3_stmt *pStmt, int i,
                    const AssocColumn *pCol, const WriteVal *pVal);
/* For other statements: begin the text, and prepare it with the literals of
** scopes bound. The literals have higher numbers than the variables that each
** use binds. The writer owns the statement. 0 after an error. */
void assocWriteSqlStart(AssocWriter *w, AssocSql *p);
/* The caller must not finalize it: assocWriterClear() does. */
WriteSql *assocWriteSqlKeep(AssocWriter *w, AssocSql *p);
/* Get the statement for use. 0 if p is 0. */
sqlite3_stmt *assocWriteSqlUse(AssocWriter *w, WriteSql *p);
/* A literal of a scope as JSON; pVal 0 gives null. Lasts as long as the
** writer. */
AssocJson *assocLiteralJson(AssocWriter *w, const ShapeVal *pVal);
/* The JSON value null. */
extern const AssocJson assocNull;
/* Is it NULL, or null in JSON? */
int assocValIsNull(const WriteVal *pVal);
/* Is it an integer, as a rowid is stored? *pi is set to it. */
int assocValIsInt(const WriteVal *pVal, i64 *pi);
/* Are two values identical? Both come from the same column, not from JSON. */
int assocValSame(const WriteVal *pA, const WriteVal *pB);
/* Would the column store the same for both? By its affinity: '1' is 1 in an
** INTEGER column. */
int assocValSameIn(AssocWriter *w, const AssocColumn *pCol, const WriteVal *pA,
                   const WriteVal *pB);
/* Are the two values the same JSON text? */
int assocValPrintsAs(AssocWriter *w, const WriteVal *pA, const WriteVal *pB);
/* Write a value as JSON. */
void assocValWrite(AssocOut *pOut, const WriteVal *pVal);
/* n columns from iFrom on of the row that pStmt stands on, copied. They last
** until assocWriterReset(). 0 after an error. */
WriteVal *assocWriteGet(AssocWriter *w, sqlite3_stmt *pStmt, int iFrom, int n);
/* Write a key as JSON, for results: 7, "a" or [1,2]. */
void assocWriteKey(AssocOut *pOut, const AssocModel *pModel,
                   const WriteVal *aKey);

/* Find a row by its key. True if it exists; pRow then has the key in the form
** that the table stores. assocRowNeed() makes a missing row an error. */
int assocRowFind(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey,
                 WriteRow *pRow);
/* The statement for that: it selects the key of the row that has the key ?1 and
** on, and the values of the model, which are bound. 0 after an error. */
WriteSql *assocRowFindSql(AssocWriter *w, AssocModel *pModel);
/* A key as an error shows it. OUT: sqlite3_free(); 0 after an error. */
char *assocRowKeyText(AssocWriter *w, const AssocModel *pModel,
                      const WriteVal *aKey);
/* Does a read of columns tell whether a row exists? Without policies, "values" and
** a budget it does. */
int assocRowReads(AssocWriter *w, const AssocModel *pModel);
/* The current time in the form ASSOC_CLOCK_*, valid until assocWriterReset(). 0
** after an error. */
sqlite3_value *assocWriteNow(AssocWriter *w, int eForm);
/* Is there such a row of a table with policies, whatever they hide? */
int assocRowStays(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey);
/* Find the row with this key, or raise the error "not-found". A row that a
** policy hides is an error like one that does not exist. See also
** assocAllowMissing(). */
void assocRowNeed(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey,
                  WriteRow *pRow);
/* Place of a column in the model's key, from 0, or -1. */
int assocKeyPlace(const AssocModel *pModel, int iCol);
/* May unlinking set this column of a foreign key to NULL? Not if it is NOT NULL
** or part of the row's own key. */
int assocColumnLetsGo(const AssocModel *pModel, int iCol);
/* Are two rows the same? Their keys have the form that the table stores. */
int assocRowSame(const WriteRow *pA, const WriteRow *pB);
/* The values of the columns of pKey in a row, to which other rows refer. With
** zFor, the name of an association, a NULL among them is an error. 0 after an
** error or if the row does not exist. */
WriteVal *assocRowGet(AssocWriter *w, const WriteRow *pRow,
                      const AssocKey *pKey, const char *zFor);
/* Insert a row, with what its model adds to the cells. *pRow gets its key; pRow
** may be 0. */
void assocRowInsert(AssocWriter *w, AssocModel *pModel, int nCell,
                    const WriteCell *aGiven, WriteRow *pRow);
/* The cells of a new row with what its model adds: values and timestamps. *pn is their
** number. They last until assocWriterReset(). 0 after an error. */
const WriteCell *assocRowFill(AssocWriter *w, const AssocModel *pModel, int *pn,
                              const WriteCell *aCell);
/* Insert a row in two steps. The statement also serves other rows with the same
** columns in the same order. The cells are those of assocRowFill(). bKey: the
** caller wants keys of new rows. */
WriteSql *assocRowInsertSql(AssocWriter *w, AssocModel *pModel, int nCell,
                            const WriteCell *aCell, int bKey);
/* Run it for one row. *pRow receives the key, if bKey was set. */
void assocRowInsertBy(AssocWriter *w, WriteSql *pSql, AssocModel *pModel,
                      const WriteCell *aCell, WriteRow *pRow);
/* The cells of a row that changes with the time of the change. As above. */
const WriteCell *assocRowTouch(AssocWriter *w, const AssocModel *pModel,
                               int *pn, const WriteCell *aCell);
/* UPDATE a row. No cells: nothing to do. */
void assocRowUpdate(AssocWriter *w, const WriteRow *pRow, int nCell,
                    const WriteCell *aCell);
/* Like assocRowUpdate(), but skips a column if a load already prints the given
** JSON for it. So a loaded row, written back unchanged, changes nothing. */
void assocRowChange(AssocWriter *w, const WriteRow *pRow, int nCell,
                    const WriteCell *aCell);
/* Those of the cells that assocRowChange() would write: *pn of them, valid until
** assocWriterReset(). 0 after an error. */
WriteCell *assocRowDiffer(AssocWriter *w, const WriteRow *pRow, int nCell,
                          const WriteCell *aCell, int *pn);
/* The same where a statement stands on the row, whose columns from iFrom on are
** those of the cells. Keeps the cells that differ, and returns their number. */
int assocRowLacks(AssocWriter *w, const AssocModel *pModel, sqlite3_stmt *pStmt,
                  int iFrom, int nCell, WriteCell *aCell);
/* The same change of many rows by one statement, which reads their keys from
** assoc_keys: may that table be read? */
int assocKeysMay(AssocWriter *w);
/* The statement of WRITE_INSERTS and so on. The writer owns it. 0 after an error,
** or if a trigger, a policy or a constraint could make a difference between one
** statement and many. */
WriteSql *assocRowsSql(AssocWriter *w, int eOp, AssocTable *pTab, int nCell,
                       const WriteCell *aCell, int nKey, const int *aKey);
/* Run it for n keys. False if there was an error, or if a constraint fails:
** SQLite has undone all of it then, and the caller changes one row after another,
** so that the error names the right one. */
int assocRowsRun(AssocWriter *w, WriteSql *p, const WriteCell *aCell, int n,
                 const WriteVal *const *aaKey);
/* Keys for the statement that is stepped next. On the stack of the caller. */
typedef struct WriteKeys WriteKeys;
struct WriteKeys {
  AssocKeyList base;            /* First: what assoc_keys reads */
  int nCol;                     /* Values of a key */
  const WriteVal *const *aaKey; /* BORROWED: the keys */
};
/* Let assoc_keys give these n keys of nCol values until assocKeysTake(). p is
** filled; p and the keys must last as long. */
void assocKeysGive(AssocWriter *w, WriteKeys *p, int nCol, int n,
                   const WriteVal *const *aaKey);
/* The statement has ended: assoc_keys is empty again. */
void assocKeysTake(AssocWriter *w);
/* Run a statement whose values are bound. An error if it changes no row. */
void assocWriteRun(AssocWriter *w, WriteSql *pSql);

/* ------------------------------------------------------------------ allow */

/* Raise the error "refused" unless the policies of a row's table allow eMay
** (ASSOC_MAY_*) of the row as it is now, and, if bRead, to read it. */
void assocAllowRow(AssocWriter *w, const WriteRow *pRow, int eMay, int bRead);
/* The same of row iRow of a keymap of columns aId. aId must last as long as the
** writer. */
void assocAllowOf(AssocWriter *w, const AssocTable *pTab, int nId,
                  const int *aId, AssocKeymap *pMap, u32 iRow, int eMay,
                  int bRead);
/* Does the table have a policy that holds now? Then the key of a new row is
** needed. */
int assocAllowAsks(AssocWriter *w, const AssocTable *pTab);
/* Raise the error "refused" if the column is fixed. */
void assocAllowColumn(AssocWriter *w, const AssocTable *pTab, int iCol);
/* The same if one of the columns is fixed: of a new row those
** that the caller gives, of an existing one those that change. */
void assocAllowCells(AssocWriter *w, const AssocTable *pTab, int nCell,
                     const WriteCell *aCell);
/* A row of the table is not found. Raise the error "refused" if the call has
** written before, and a policy bounds what is read of the table. */
void assocAllowMissing(AssocWriter *w, const AssocTable *pTab);
/* If the call's error is one of SQLite's constraints of this table, and would
** tell of a hidden row or name a hidden column: make it "refused". */
void assocAllowError(AssocWriter *w, const AssocTable *pTab);

/* ----------------------------------------------------------------- unique */

/*
** A UNIQUE index of a table, or a model's key. It finds rows as SQLite would
** find a conflict: by the collations of the index, and of a partial index only
** rows that its condition holds for. An index with an expression is left aside.
*/
struct WriteUnique {
  AssocModel *pModel;     /* The model of the table */
  const AssocIndex *pIdx; /* 0: the model's key */
  int nCol;               /* Columns of the index */
  const int *aCol;        /* Their numbers in the table */
  int nGet, *aGet;        /* Columns that are read of the row that is found */
  WriteSql *pFind;        /* See unique.c */
  WriteUnique *pNext;     /* The next of the writer */
};

/* The indexes that serve to find a row by the nBy columns aBy: they have these
** columns, or also some of the nGiven columns aGiven. *pn of them, in the order
** in which they are tried, valid until assocWriterReset(). 0 and an error that
** lists the choices if there is none. */
WriteUnique **assocUniquesBy(AssocWriter *w, AssocModel *pModel, int nBy,
                             const int *aBy, int nGiven, const int *aGiven,
                             int *pn);
/* The same index, of whose row some columns are read, too. It lasts as long as
** the writer. 0 after an error. */
WriteUnique *assocUniqueReading(AssocWriter *w, const WriteUnique *p, int nGet,
                                const int *aGet);
/* Find the row that has these cells' values. Cells of other columns are
** ignored. True if there is one; then *pbDead tells if it is soft-deleted. An
** error if a column is NULL or has no cell. Of an index that reads columns, aRest
** are p->nGet cells for them: *pnRest are left, which assocRowChange() would
** write. */
int assocUniqueFind(AssocWriter *w, WriteUnique *p, int nCell,
                    const WriteCell *aCell, WriteRow *pRow, int *pbDead,
                    WriteCell *aRest, int *pnRest);
/* One row to update. The caller sets row, nCell and aCell, and the other members
** to 0. */
typedef struct WriteNew WriteNew;
struct WriteNew {
  WriteRow row;              /* The row to update */
  int nCell;                 /* Cells in aCell */
  WriteCell *aCell;          /* What changes */
  u8 bDone, bParked, bWaits; /* Set by assocRowsChange() for itself */
  WriteNew *pWaiter;         /* The row that waits for this one, or 0 */
};
/* UPDATE rows that may take over UNIQUE values from each other. Cells whose
** values the rows have already are left alone. */
void assocRowsChange(AssocWriter *w, int nRow, WriteNew *aRow);

/* ------------------------------------------------------------------- form */

/*
** The meaning of each member of an object, where a row of a model is written.
** Rows of one payload mostly have the same members in the same order. So a form
** keeps the members of the last row, and looks up each name once.
*/
struct WriteMember {
  const char *zKey;   /* The name, as the payload spells it */
  u8 eType;           /* WRITE_* */
  int iCol;           /* COLUMN: its number in the table; else -1 */
  AssocRel *pRel;     /* ASSOC: the association, ready for use */
  WriteMember *pNext; /* The member seen before */
};
#define WRITE_COLUMN 0  /* A column of the row */
#define WRITE_ASSOC 1   /* Related rows */
#define WRITE_THROUGH 2 /* The columns of the join row */
#define WRITE_LABEL 3   /* "#id" */
#define WRITE_REF 4     /* "#ref" */
#define WRITE_BY 5      /* "#by" */
#define WRITE_UPSERT 6  /* "#upsert" */
#define WRITE_SET 7     /* "#set" */

/* The members that a model takes. */
struct WriteForm {
  AssocModel *pModel;   /* The model of the rows */
  AssocRel *pBy;        /* The association whose target the row is, or 0 */
  WriteMember *pMember; /* All members seen so far */
  int nLast;            /* Size of apLast */
  WriteMember **apLast; /* Members of the last row, in their order */
  WriteForm *pNext;     /* The next of the writer */
};

/* The form of a model, or of a model as the target of pBy. 0 after an error. */
WriteForm *assocWriteForm(AssocWriter *w, AssocModel *pModel, AssocRel *pBy);
/* The i-th member of an object, whose name is zKey. 0 after an error: the name
** is unknown or cannot be written. */
WriteMember *assocFormMember(AssocWriter *w, WriteForm *pForm, int i,
                             const char *zKey);
/* The same if it was seen at this place before; else 0. Never an error. */
const WriteMember *assocFormKnown(const WriteForm *pForm, int i,
                                  const char *zKey);
/* Raise the error that the model has no zWhat ("column", ...) of that name, with
** the most similar valid name. */
void assocFormUnknown(AssocWriter *w, AssocModel *pModel, const char *zKey,
                      const char *zWhat);
/* Is zKey the name of pBy's join table? pBy may be 0. */
int assocIsThrough(const AssocRel *pBy, const char *zKey);
/* A column of a join row by its name. An error and -1 if there is none. */
int assocThroughColumn(AssocWriter *w, const AssocRel *pRel, const char *zName);
/* An object's members as cells of the join row. *pn cells, valid until
** assocWriterReset(). 0 after an error. */
WriteCell *assocThroughCells(AssocWriter *w, const AssocRel *pRel,
                             const AssocJson *pJson, int *pn);

/* ------------------------------------------------------------------- link */
/* ------------------------------------------------------------------- link */

/* How to relate rows by one association, or by one branch of a polymorphic one.
** One per writer. */
struct WriteLink {
  AssocRel *pRel;             /* The association */
  const AssocBranch *pBranch; /* Or 0 */
  AssocModel *pTarget;        /* Its target, or the branch's */
  const AssocKey *pTargetKey; /* The target's columns that are referred to, for
                              ** belongsTo and belongsToMany */
  AssocModel *pJoin;          /* belongsToMany: the join table as a model */
  u8 bUnique;                 /* belongsToMany: the schema keeps pairs apart */
  u8 bTwice;         /* belongsToMany: a pair may be linked several times */
  u8 bOnce;          /* But not by this call: it means the existing join rows */
  u8 bDestroy;       /* hasOne, hasMany: destroy a target that is unlinked */
  u8 bMeets;         /* belongsToMany: pLook reads the pair as well */
  u8 eQuick;         /* See linkpair.c */
  u8 bOperator;      /* A scope compares, so it does not tell what to write */
  int nScope;        /* Columns of the target that the scope fixes */
  WriteCell *aScope; /* Their values: nScope cells */
  int nThrough;      /* Columns of the join row that its scope fixes */
  WriteCell *aThrough;    /* Their values: nThrough cells */
  int nFree;              /* Columns of the foreign key that may become NULL */
  int *aFree;             /* nFree numbers of columns */
  WriteSql *apLook[3];    /* LINK_ONE, … */
  WriteSql *pAll, *pPair; /* See linklook.c */
  WriteSql *apPair[2];    /* linkpair.c: links two rows, unlinks them */
  u8 bFresh;              /* linkpair.c: the last target had no source */
  WriteSql *pQuick;       /* linkpair.c: new rows of a hasMany */
  WriteSql *pPairs;       /* assocLinkPairsStmt() */
  u8 mUsed;               /* graph.c: LINK_*, for this payload */
  const void *pUser;      /* graph.c: its last row that used it */
  WriteLink *pNext;       /* The next of the writer */
};

/* Whom the statement "look" is about. */
#define LINK_ONE 0   /* One target */
#define LINK_LIST 1  /* A list of targets */
#define LINK_PAIRS 2 /* A list of targets, each with its source */

#define LINK_HELD 1 /* An INSERT writes the key, or it was there before */
#define LINK_LATE 2 /* An UPDATE of an existing row writes it */
#define LINK_MANY 4 /* Several rows are sources */

/* What linking has changed. */
typedef struct WriteChanges WriteChanges;
struct WriteChanges {
  AssocOut aOut[3]; /* By CHANGE_*: empty, or keys in JSON behind their name */
};
#define CHANGE_ADDED 0
#define CHANGE_REMOVED 1
#define CHANGE_MOVED 2 /* It had another source */

/* The link of an association; of a polymorphic one that of its branch iBranch.
** An error and 0 if rows cannot be related by it. */
WriteLink *assocLinkOf(AssocWriter *w, AssocRel *pRel, int iBranch);
/* An error if the scope compares, so that nobody knows which values to
** write. */
void assocLinkNeedScope(AssocWriter *w, const WriteLink *pLink);
/* May keys be given to assocLinkPairAlone(), and of a hasMany to
** assocLinkNewRow(), before anyone looks whether the rows exist? */
int assocLinkMayPair(AssocWriter *w, WriteLink *pLink);
/* Link two rows by one statement, or unlink them. False if nothing was changed:
** then assocLinkAdd() or assocLinkRemove() does it, or says why not. */
int assocLinkPairAlone(AssocWriter *w, WriteLink *pLink, int bUnlink,
                       const WriteRow *pSource, const WriteRow *pTarget,
                       WriteChanges *pChanges);
/* Insert a new target of the source with this key by one statement. False if
** nothing was inserted: the source may be missing. */
int assocLinkNewRow(AssocWriter *w, WriteLink *pLink, const WriteVal *aKey,
                    int nCell, const WriteCell *aGiven, WriteRow *pNew);
/* Relate pSource to the target with this key. aThrough: columns of the join
** row. pChanges may be 0. */
void assocLinkAdd(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  const WriteVal *aKey, int nThrough, const WriteCell *aThrough,
                  WriteChanges *pChanges);
/* The same for the nKey keys of aaKey. Returns how many of them were done, from
** the first on; the caller adds the others one by one. */
int assocLinkAddSome(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     int nKey, const WriteVal *const *aaKey, int nThrough,
                     const WriteCell *aThrough, WriteChanges *pChanges);
/* The same for nKey pairs: each of aaKey has the key of a target, and behind it
** that of its source. All are done, or none. */
int assocLinkAddPairs(AssocWriter *w, WriteLink *pLink, int nKey,
                      const WriteVal *const *aaKey);
/* hasMany: can rows be linked in any order? Not if the values of a UNIQUE index
** depend on the foreign key: a value must be free before another row takes it. */
int assocLinkInAnyOrder(AssocWriter *w, const WriteLink *pLink);
/* Does unlinking destroy the target? Then it may destroy other targets too, so
** a target that is missing counts as removed. */
int assocLinkDestroys(const WriteLink *pLink);
/* Unlink the target with this key. Nothing happens if it is not related. */
void assocLinkRemove(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, WriteChanges *pChanges);
/* The same for the nKey keys of aaKey. Returns how many of them were done, as
** assocLinkAddSome() does. bKnown: they are related, and each is named once. */
int assocLinkRemoveSome(AssocWriter *w, WriteLink *pLink,
                        const WriteRow *pSource, int nKey,
                        const WriteVal *const *aaKey, int bKnown,
                        WriteChanges *pChanges);
/* Unlink all targets except those with the nKey keys of aaKey. abOnce, or 0: the
** keys that bring values; two of these for one row are an error. OUT: abHas, or 0:
** the keys whose rows are related. */
void assocLinkKeep(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   int nKey, const WriteVal *const *aaKey, const u8 *abOnce,
                   u8 *abHas, WriteChanges *pChanges);
/* That error. */
void assocLinkTwice(AssocWriter *w, const WriteLink *pLink,
                    const WriteVal *aKey);
/* Is the row with this key a target of pSource? *pbFound: does the row
** exist? */
int assocLinkHas(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                 const WriteVal *aKey, int *pbFound);
/* Does the row with this key belong to another source? Only a target of hasOne
** or hasMany belongs to one source. */
int assocLinkTaken(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteVal *aKey);
/* The first target, which is the only one of a to-one. True if there is one. */
int assocLinkFirst(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   WriteRow *pRow);
/* The cells that relate the row with the foreign key: a target of hasOne or
** hasMany, a source of belongsTo. Of belongsToMany: the scope of the target.
** pOther is the row at the other end. *pn cells, valid until
** assocWriterReset(). */
WriteCell *assocLinkCells(AssocWriter *w, WriteLink *pLink,
                          const WriteRow *pOther, int *pn);
/* Do the n cells have this column? */
int assocCellAmong(int n, const WriteCell *aCell, int iCol);
/* The same for a target that has another source now: columns of its own key must
** have the right values, and are left out. */
WriteCell *assocLinkMoved(AssocWriter *w, WriteLink *pLink,
                          const WriteRow *pSource, const WriteRow *pRow,
                          int *pn);
/* The cells that set the foreign key of a row to NULL: nFree of them, valid
** until assocWriterReset(). 0 after an error. */
WriteCell *assocLinkFreeCells(AssocWriter *w, const WriteLink *pLink);
/* belongsToMany: insert a join row. The caller knows that the pair has none. */
void assocLinkJoin(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteRow *pTarget, int nThrough,
                   const WriteCell *aThrough);

/* No changes yet. assocChangesText() frees them. */
void assocChangesInit(WriteChanges *p);
/* The changes as {"added":[...],"removed":[...],"moved":[...]}. Clears p.
** OUT: *pn bytes, freed with sqlite3_free(). */
char *assocChangesText(AssocCall *pCall, WriteChanges *p, i64 *pn);

/* ------------------------------------------------------------------- only */

/* What rows of a payload may hold, at one place of it. */
struct WriteOnly {
  AssocModel *pModel; /* The model of the rows */
  AssocRel *pBy;      /* The association whose target the rows are, or 0 */
  u8 *abColumn;       /* For each column: may the rows have it? */
  u8 *abJoin;         /* belongsToMany: the same of the join row; or 0 */
  u8 mMay;            /* WRITE_MAY_* */
  WriteOnlyRel *pRel; /* The associations that may be there */
};
#define WRITE_MAY_LINK 1   /* Rows that exist, by their key alone */
#define WRITE_MAY_NULL 2   /* null instead of a row */
#define WRITE_MAY_BY 4     /* "#by" */
#define WRITE_MAY_UPSERT 8 /* "#upsert" */
#define WRITE_MAY_SET 16   /* "#set" */

/* Read the option "only" for rows of a model, or of a model as the target of
** pBy. It lasts as long as the call. 0 if zText is 0, or after an error. */
WriteOnly *assocOnlyRead(AssocWriter *w, AssocModel *pModel, AssocRel *pBy,
                         const char *zText);
/* What may stand under an association of these rows; 0: nothing. */
const WriteOnly *assocOnlyUnder(const WriteOnly *pOnly, const AssocRel *pRel,
                                int iBranch);
/* May rows have the column? May they have all columns of their key? */
int assocOnlyColumn(const WriteOnly *pOnly, int iCol);
/* The key decides whether a row of the payload is a new one. */
int assocOnlyKey(const WriteOnly *pOnly);
/* Raise the error that zWhat is not allowed at a path: "posts.title". */
void assocOnlyFail(AssocWriter *w, const char *zPath, const char *zWhat);
/* Raise it if a cell of a join row is not allowed. zPath leads to the row. pOnly
** may be 0: everything is allowed. */
void assocOnlyThrough(AssocWriter *w, const WriteOnly *pOnly, int nCell,
                      const WriteCell *aCell, const char *zPath);

/* ----------------------------------------------------------------- target */

/* A row that a caller names, to be related to a source. */
typedef struct WriteTarget WriteTarget;
struct WriteTarget {
  WriteLink *pLink; /* Of a polymorphic association: of the target's branch */
  const WriteVal *aKey;      /* Its key, as the caller names it */
  const AssocJson *pThrough; /* Columns of the join row, or 0 */
};
/* Several of them, in the caller's order. */
typedef struct WriteTargets WriteTargets;
struct WriteTargets {
  int n;          /* Targets in a */
  WriteTarget *a; /* In the writer's arena tmp */
};

/* The key in a JSON value: a scalar, an array, or an object with the key's
** columns. 0 if it holds no key, which is no error. */
WriteVal *assocKeyOfJson(AssocWriter *w, const AssocModel *pModel,
                         const AssocJson *pJson);
/* The key in an SQL value: a scalar, or a JSON array for a composite key. An
** error and 0 if it is none. */
WriteVal *assocKeyOfValue(AssocWriter *w, const AssocModel *pModel,
                          sqlite3_value *pVal);
/* The keys in an SQL value, a JSON array of them. An error if it is anything
** else. The writer's arena one holds them. *pn keys; 0 after an error. */
const WriteVal **assocKeysOfList(AssocWriter *w, const AssocModel *pModel,
                                 sqlite3_value *pVal, int *pn);
/* The targets in an SQL value: one key, a JSON array of keys, or rows with
** their keys. NULL gives none. They last as long as the writer. */
void assocTargetsOf(AssocWriter *w, AssocRel *pRel, sqlite3_value *pVal,
                    WriteTargets *p);
/* Relate the targets to pSource. An error if a to-one gets several. A target's
** own columns for its join row win over aThrough. pOnly may be 0. */
void assocTargetsLink(AssocWriter *w, const AssocRel *pRel,
                      const WriteRow *pSource, const WriteTargets *p,
                      int nThrough, const WriteCell *aThrough,
                      const WriteOnly *pOnly, WriteChanges *pChanges);
/* Unrelate the targets. */
void assocTargetsUnlink(AssocWriter *w, const WriteRow *pSource,
                        const WriteTargets *p, WriteChanges *pChanges);
/* The JSON object in an SQL value. NULL gives 0. zWhat names it in an error. */
AssocJson *assocObjectOfValue(AssocWriter *w, sqlite3_value *pVal,
                              const char *zWhat);
/* The columns of a join row in an SQL value, a JSON object. 0 for NULL, or if
** pVal is 0. *pn cells, valid until assocWriterReset(). */
WriteCell *assocThroughOfValue(AssocWriter *w, const AssocRel *pRel,
                               sqlite3_value *pVal, int *pn);

/* ------------------------------------------------------------------ refer */

/* A foreign key that refers to a table, found by refer.c. */
struct WriteRefer {
  AssocTable *pChild;      /* The table that has the key */
  int nCol;                /* Columns of the key */
  const int *aCol, *aRef;  /* Its columns, and the columns they refer to */
  const char *zAction;     /* onDelete: "CASCADE", …; 0: no constraint */
  const char *zName;       /* Its step in a report's path: "posts" */
  const char *zDeclared;   /* ON DELETE in the schema; 0: the schema lacks it */
  const ShapePred *pScope; /* Only rows in this scope are meant, or 0: all */
  const char *zType;       /* Polymorphic: only rows of this type, or 0 */
  int iType;               /* The column of the type */
  AssocModel *pBy, *pOf;   /* Only rows of pBy that refer to rows of pOf; 0: any
                           ** rows of the table */
  WriteRefer *pNext;       /* The next that refers to the table */
};
/* All foreign keys that refer to the model's table. They last as long as the
** writer. 0 if there are none, or after an error. */
WriteRefer *assocRefersTo(AssocWriter *w, AssocModel *pModel);
/* The columns of a foreign key, for an error: "a, b". */
const char *assocReferColumns(AssocWriter *w, const WriteRefer *p);

/* ---------------------------------------------------------------- destroy */

/* assocDestroyReport() of a row that may not exist, by one statement. 0 if nothing
** was deleted: then the row has to be looked for. */
char *assocDestroyAlone(AssocWriter *w, const WriteRow *pRow, i64 *pn);
/* Is a row of the model deleted by one statement? True if nothing refers to the
** table, as an earlier assocDestroyRow() or assocDestroyReport() has found. */
int assocDestroyIsAlone(AssocWriter *w, const AssocModel *pModel);
/* Delete a row, and apply onDelete to the rows that refer to it. */
void assocDestroyRow(AssocWriter *w, const WriteRow *pRow);
/* The same for nRow rows of one model, with options and a report in JSON: the
** keys of the rows that were deleted or changed, by table. OUT: *pn bytes, freed
** with sqlite3_free(). */
char *assocDestroyReport(AssocWriter *w, int nRow, const WriteRow *aRow,
                         int mHow, i64 *pn);
#define WRITE_CASCADE                                                          \
  1 /* All rows that refer to it go, whatever onDelete says */
#define WRITE_DRYRUN 2 /* Change nothing; report the paths to the rows */
#define WRITE_FORCE 4  /* Delete, even if the model has soft deletion */

/* ------------------------------------------------------------------- gate */

/* Do something all or not at all, inside a statement that writes. */
void assocGateRun(AssocCall *pCall, void (*xDo)(AssocCall *, void *),
                  void *pArg);
/* Register the table assoc_gate, by which the nested statement runs. Returns a
** result code. */
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

/* Keys of rows as SQLite values, which outlive the writer. Begins as zeros. */
struct WriteKept {
  int nCol;           /* Values of a key */
  i64 n, nAlloc;      /* Keys */
  sqlite3_value **ap; /* OWNED: n*nCol values, each OWNED */
};
/* Add the key of a row. All rows are of one model. */
void assocKeptAdd(AssocWriter *w, WriteKept *p, const WriteRow *pRow);
/* Free the keys. p may be zeroed memory. */
void assocKeptClear(WriteKept *p);

/* What a caller asks of a graph, and learns of it. Begins as zeros. */
struct WriteHow {
  const WriteOnly *pOnly; /* What the payload may hold; 0: everything */
  WriteKept *pKept;       /* OUT: keys of the outermost rows, if it is not 0 */
  int bList;              /* OUT: the payload is an array */
  int bRowid; /* OUT: the last outermost row has a key of one integer */
  i64 iRowid; /* OUT: this integer */
};
/* Insert the rows of a JSON text: an object, which may nest others, or an array
** of objects. Gives their keys as JSON in the payload's shape. OUT: *pn bytes,
** freed with sqlite3_free(). */
char *assocGraphInsert(AssocWriter *w, AssocModel *pModel, const char *zJson,
                       i64 nJson, WriteHow *pHow, i64 *pn);
/* Change a row, and write the rows that pJson nests in it. bGiven: its key is as
** a caller gave it. What is wrong with pJson is told before that there is no such
** row, with policies and without. pOnly may be 0. */
void assocGraphUpdate(AssocWriter *w, const WriteRow *pRow, int bGiven,
                      const AssocJson *pJson, const WriteOnly *pOnly);
/* Insert a new target of the source with this key, which nobody has looked for. False
** if it was not inserted: assocGraphCreate() does it, or says why not. */
int assocPlainNew(AssocWriter *w, WriteLink *pLink, const WriteVal *aKey,
                  const AssocJson *pJson, WriteRow *pNew);
/* Insert a new target of pSource, from JSON, which may nest other rows, or from
** cells. *pNew gets its key. */
void assocGraphCreate(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                      const AssocJson *pJson, int nCell, const WriteCell *aCell,
                      int nThrough, const WriteCell *aThrough,
                      const WriteOnly *pOnly, WriteRow *pNew);

#endif /* ASSOC_WRITE_H */
