/*
** What SQL sees. Each file of this floor is one family of functions, or one
** virtual table. It ends with a table of its functions, or with a module, which
** assoc.c registers.
**
** A function's body has the form xCall(pCall, pCtx, nArg, apArg), or
** xWrite(pCall, pResult, nArg, apArg) if INSERT INTO assoc_call can run it,
** too. It raises errors in pCall and returns nothing; the caller turns the
** error into SQLite's.
*/
#ifndef ASSOC_SURFACE_H
#define ASSOC_SURFACE_H

#include "load/load.h"
#include "write/write.h"

/*
** The result of a function that writes. If SELECT calls the function, the result
** goes into the context of the call. If a statement on related or assoc_call
** runs it, the result is kept here, and assoc_result() gives it.
*/
typedef struct AssocResult AssocResult;
struct AssocResult {
  sqlite3_context *pCtx; /* 0: the result is kept here */
  int eType;             /* What is kept: SQLITE_INTEGER, SQLITE_TEXT, or 0 */
  int bJson;             /* The text is JSON */
  i64 i, n;              /* INTEGER: the value. TEXT: bytes of z */
  char *z;               /* OWNED: a text of n bytes */
  sqlite3_value *pVal;   /* OWNED: a value of any type, or 0 */
  int bRowid;            /* A row was made; its rowid is iRowid */
  i64 iRowid;            /* Valid if bRowid */
  int bUnread;           /* The next row of the statement replaces it */
};

typedef struct AssocFunction AssocFunction;
struct AssocFunction {
  const char *zName; /* The name in SQL */
  int nMin, nMax;    /* Arguments; nMax<0: no bound */
  int mFlag;         /* SQLITE_DIRECTONLY, SQLITE_DETERMINISTIC, … */
  void (*xFunc)(AssocCall *, sqlite3_context *, int,
                sqlite3_value **); /* Body */
  const char *zArgs; /* The arguments, for the error about their number */
  /* Used in place of xFunc, if INSERT INTO assoc_call can run the function */
  void (*xWrite)(AssocCall *, AssocResult *, int, sqlite3_value **);
};

/* One table for each family. The last row of a table has the zName 0. */
extern const AssocFunction aAssocChangeFunction[];
extern const AssocFunction aAssocConfigFunction[];
extern const AssocFunction aAssocDefineFunction[];
extern const AssocFunction aAssocDestroyFunction[];
extern const AssocFunction aAssocDmlFunction[];
extern const AssocFunction aAssocErrorFunction[];
extern const AssocFunction aAssocExplainFunction[];
extern const AssocFunction aAssocHelpFunction[];
extern const AssocFunction aAssocLiveFunction[];
extern const AssocFunction aAssocLookFunction[];
extern const AssocFunction aAssocPolicyFunction[];
extern const AssocFunction aAssocReadFunction[];
extern const AssocFunction aAssocSyncFunction[];
extern const AssocFunction aAssocTableFunction[];

extern const sqlite3_module assocCallModule;
extern const sqlite3_module assocChangesModule;
extern const sqlite3_module assocEagerModule;
extern const sqlite3_module assocRelatedModule;

/* Flags of functions that read tables, of those that write, and of those that
** tell of other calls, which are no business of a file's views. */
#define ASSOC_READER (SQLITE_UTF8 | ASSOC_RESULT_SUBTYPE)
#define ASSOC_WRITER (SQLITE_UTF8 | SQLITE_DIRECTONLY | ASSOC_RESULT_SUBTYPE)
#define ASSOC_DIRECT ASSOC_WRITER
#define ASSOC_RESULT_SUBTYPE 0x001000000 /* SQLITE_RESULT_SUBTYPE, 3.45 */

/* ------------------------------------------------------------------- args */

/* The argument as text, valid as long as the argument. NULL is an error, in
** which zWhat names the argument. */
const char *assocArgText(AssocCall *pCall, sqlite3_value *pVal,
                         const char *zWhat);
/* The same, but 0 for NULL. */
const char *assocArgTextOrNull(AssocCall *pCall, sqlite3_value *pVal);

/* Keys, one after another in apVal. */
typedef struct AssocKeys AssocKeys;
struct AssocKeys {
  int nKey;              /* Keys */
  int nCol;              /* Values of each */
  sqlite3_value **apVal; /* nKey * nCol values */
  sqlite3_value *pOne;   /* A single value: apVal is its address */
  AssocArena mem;        /* OWNED: holds apVal of several values */
  int nOwned;            /* The first nOwned values of apVal are OWNED */
};
/* Read one key of a model: its value, or a JSON array if it is composite. */
void assocKeyRead(AssocCall *pCall, const AssocModel *pModel,
                  sqlite3_value *pVal, AssocKeys *pKeys);
/* Read the targets of an association: one key, an array of keys, or rows with
** their keys. A key has assocRelTargetWidth() values. */
void assocTargetsRead(AssocCall *pCall, const AssocRel *pRel,
                      sqlite3_value *pVal, AssocKeys *pKeys);
/* The first nCol columns of pStmt's row as a key, valid until the next step. */
void assocKeysOfRow(AssocCall *pCall, int nCol, sqlite3_stmt *pStmt,
                    AssocKeys *pKeys);
/* Free what pKeys owns. pKeys may be zeroed memory. */
void assocKeysClear(AssocKeys *pKeys);

/* A key as a result: its value, or a JSON array of its values. */
void assocResultKey(AssocCall *pCall, sqlite3_context *pCtx, int nVal,
                    sqlite3_value **apVal);
/* Give JSON text to SQLite. zJson is freed with sqlite3_free(). */
void assocResultJson(sqlite3_context *pCtx, char *zJson, i64 n);

/* The result of a function that writes. z of Json is freed with sqlite3_free(),
** or 0 after an error; that of Text is copied. */
void assocGiveInt(AssocResult *p, i64 i);
/* z is copied. 0 is NULL. */
void assocGiveText(AssocCall *pCall, AssocResult *p, const char *z);
/* z of n bytes is taken over, and freed with sqlite3_free(). 0 after an error.
*/
void assocGiveJson(AssocResult *p, char *z, i64 n);
/* The value is copied. */
void assocGiveValue(AssocCall *pCall, AssocResult *p, sqlite3_value *pVal);
/* The key of a new row: its value, or an array if it is composite. */
void assocGiveKey(AssocCall *pCall, AssocResult *p, const WriteRow *pRow);
/* Free what a kept result owns, and empty it. */
void assocResultClear(AssocResult *p);
/* Forget what assoc_result() gives. */
void assocResultForget(AssocConn *pConn);

/* ------------------------------------------------------------------ write */

/* A function that writes works between assocWriteBegin() and assocWriteEnd().
** Begin opens a savepoint; inside a statement that writes this is an error. End
** releases the savepoint, or undoes all work after an error. The result is set
** before the end, so that the work is undone if memory runs out for it. */
typedef struct AssocWrite AssocWrite;
struct AssocWrite {
  int bOpen;  /* The savepoint is open */
  int bAuto;  /* The savepoint is the whole transaction */
  int bRead;  /* What is around the call may have read before */
  int bIn;    /* Another call of ours is around it */
  int bAlone; /* The savepoint is gone already, before the only statement */
  i64 nTotal; /* If bAlone: what sqlite3_total_changes64() was then */
  const char *zFunction; /* BORROWED: the name for errors */
  i64 iRowid;            /* last_insert_rowid() before; End restores it */
  AssocCatalog *pHeld;   /* The catalog, if it was entered; End leaves it */
};
void assocWriteBegin(AssocCall *pCall, AssocWrite *p, const char *zFunction);
/* The same for rows of a model, whose database is locked at once. The catalog
** stays entered until the end. */
void assocWriteBeginOn(AssocCall *pCall, AssocWrite *p, const char *zFunction,
                       const char *zModel);
/* Prepare to write definitions after reading: check assocWriteAllowed() and
** assocWriteNeed(). Inside another call it is an error, since that goes on with the
** definitions that it has. If the transaction is the function's own, restart it with
** zSchema locked and return 1: the caller must read everything again. */
int assocWriteAgain(AssocCall *pCall, AssocWrite *p, const char *zFunction,
                    const char *zSchema);
/* Raise an error if a replica would lose the writes of a SELECT, or if
** assoc_readonly() is on. See replica.c. */
void assocWriteAllowed(AssocCall *pCall, const AssocWrite *p,
                       const char *zFunction);
/* For a function that changes the schema, and so has no DML form: the call that
** gives the function's statements as text. 0 for other functions. */
const char *assocWriteDry(const char *zFunction);
/* Is the setting of assoc_readonly() on? */
int assocWriteReadonly(AssocCall *pCall);
/* Raise an error if definitions of zSchema cannot be written, because a failed
** statement around the call could not undo it. */
void assocWriteNeed(AssocCall *pCall, const char *zFunction,
                    const char *zSchema);
/* Called between Begin and End, before DDL that expires all statements of the
** connection, such as CREATE INDEX: keeps the savepoint undoable. No table can
** be dropped from then on. The database zSchema must have a token. */
void assocWriteHold(AssocCall *pCall, const char *zSchema);
/* End the savepoint. Safe if Begin failed. */
void assocWriteEnd(AssocCall *pCall, AssocWrite *p);
/* An xAlone of assocWriterAlone(): pWrite is the AssocWrite. */
void assocWriteAlone(AssocCall *pCall, void *pWrite);
/* The statement for which the savepoint was given up changed nothing, and others
** follow: open the savepoint again. */
void assocWriteReopen(AssocCall *pCall, AssocWrite *p);

/* The options of a function that writes rows. Texts are OWNED. */
typedef struct AssocWriteOptions AssocWriteOptions;
struct AssocWriteOptions {
  char *zOnly;   /* A shape of what the payload may hold, or 0 */
  char *zReturn; /* The shape of the document to give, or 0 */
  int bMany;     /* The key is an array of keys */
  int bDestroy, bCascade, bDryRun, bForce; /* Of assoc_destroy() and set */
};
/* Read the options that this function has. pVal may be 0 or NULL. */
void assocWriteOptionsRead(AssocCall *pCall, const char *zFunction,
                           sqlite3_value *pVal, AssocWriteOptions *p);
/* Free the texts. */
void assocWriteOptionsClear(AssocWriteOptions *p);
/* The documents of existing rows, read by their keys: an array if bList, else
** the only document. OUT: *pn bytes, freed with sqlite3_free(); 0 after an
** error. */
char *assocDocuments(AssocCall *pCall, AssocCatalog *pCat, const char *zModel,
                     const char *zShape, const WriteKept *pKept, int bList,
                     i64 *pn);

/* -------------------------------------------------------------------- dml --
**
** Tables whose rows are written: related, those made with it, and assoc_call.
*/

/* Rows of an INSERT ... SELECT that were read before any is written. */
typedef struct AssocSource AssocSource;
struct AssocSource {
  i64 nRow, nAlloc;      /* Rows that were read; room for */
  int nVal;              /* Values of a row, as xUpdate got them */
  sqlite3_value **apVal; /* OWNED: nRow*nVal values. A row may have pNull, and
                         ** texts of the row before; the others are OWNED */
  sqlite3_value *pNull;  /* OWNED: the value of all that are NULL, or 0 */
};

/* The common head of these virtual tables. */
typedef struct AssocDmlTable AssocDmlTable;
struct AssocDmlTable {
  sqlite3_vtab base;    /* First, so that SQLite's pointer is ours */
  AssocConn *pConn;     /* A reference */
  char *zName;          /* OWNED: of the table itself */
  AssocSource *pSource; /* BORROWED: xUpdate keeps rows there, and writes none.
                        ** 0: it writes them */
  sqlite3_stmt *pDone;  /* BORROWED: an INSERT that still runs, but whose rows
                        ** are all written; or 0 */
  i64 iDoneRowid;       /* last_insert_rowid() after the rows of pDone */
  char *zReads;         /* OWNED: a text that inserts several rows, or 0 */
};

/* Rows to write: the one row of xUpdate, or all rows of an INSERT ... SELECT.
** xRow writes the first row. xMore, or 0, writes those of the n rows behind it
** that differ from it only in their keys, and returns how many it wrote; -1 to be
** asked no more. The last members are for related alone:
** the numbers of its columns, -1 for a column that the table lacks. */
typedef struct AssocDml AssocDml;
struct AssocDml {
  void (*xRow)(AssocCall *, const AssocDml *, AssocResult *);
  i64 (*xMore)(AssocCall *, const AssocDml *, i64 n);
  int nVal;                   /* Values of a row, as xUpdate got them */
  sqlite3_value **apVal;      /* nRow*nVal values */
  i64 nRow;                   /* Rows in apVal */
  int bDefines;               /* Rows may write definitions */
  const char *zModel, *zItem; /* Of a table made with related, else 0 */
  int iId, iJson, iThrough, iModel, iKey, iItem, iDepth, iRow, iOption;
};
/* Begin a table, in zeroed memory, and the call that creates it. pAux is the
** module's connection, zName the table's name. */
void assocDmlTableInit(AssocCall *pCall, AssocDmlTable *p, void *pAux,
                       const char *zName);
/* Tell SQLite that the table supports OR IGNORE and the other conflict
** clauses. */
void assocDmlTableReady(AssocCall *pCall);
/* Free what the table owns, but not the table: it is part of a larger object.
*/
void assocDmlTableClear(AssocDmlTable *p);
/* Run xUpdate with the arguments in pDml. */
int assocDmlUpdate(AssocDmlTable *p, AssocDml *pDml, sqlite3_int64 *piRowid);
/* The transaction methods of these modules. */
int assocDmlBegin(sqlite3_vtab *pVtab);
/* All of them forget pDone: a statement that starts later may have its
** address. */
int assocDmlCommit(sqlite3_vtab *pVtab);
int assocDmlRollback(sqlite3_vtab *pVtab);
int assocDmlSavepoint(sqlite3_vtab *pVtab, int iSavepoint);
int assocDmlRelease(sqlite3_vtab *pVtab, int iSavepoint);
int assocDmlRollbackTo(sqlite3_vtab *pVtab, int iSavepoint);

/* The transaction methods in a module. They exist since version 2. */
#define ASSOC_DML_TABLE                                                        \
  .iVersion = 2, .xBegin = assocDmlBegin, .xCommit = assocDmlCommit,           \
  .xRollback = assocDmlRollback, .xSavepoint = assocDmlSavepoint,              \
  .xRelease = assocDmlRelease, .xRollbackTo = assocDmlRollbackTo

/* The running statement, if it inserts several rows into this table; or 0. */
sqlite3_stmt *assocSourceStmt(AssocDmlTable *p);
/* Read all its rows. The caller clears pSource. See source.c. */
void assocSourceRead(AssocCall *pCall, AssocDmlTable *p, sqlite3_stmt *pStmt,
                     AssocSource *pSource);
/* Keep a row: SQLITE_OK or SQLITE_NOMEM. */
int assocSourceKeep(AssocDmlTable *p, int nVal, sqlite3_value **apVal);
/* Free the rows. */
void assocSourceClear(AssocSource *pSource);

/* Write a row of related, or of a table made with it: see AssocDml.xRow. */
i64 assocRelatedMore(AssocCall *pCall, const AssocDml *pDml, i64 n);
void assocRelatedRow(AssocCall *pCall, const AssocDml *pDml, AssocResult *p);
/* The hidden column assoc_row as a result: what identifies a row. */
void assocDmlIdentity(AssocCall *pCall, sqlite3_context *pCtx,
                      const AssocRel *pRel, const AssocKeys *pSource,
                      sqlite3_value **apTarget);
/* Run a function that writes, as its name and arguments say. */
void assocCallByName(AssocCall *pCall, AssocResult *p, const char *zName,
                     int nArg, sqlite3_value **ap);
/* Raise an error if the function takes another number of arguments. True if it
** takes nArg. */
int assocCallArgs(AssocCall *pCall, const AssocFunction *p, int nArg);

/* ------------------------------------------------------------------- live */

/* Iterate over the live documents of all databases: call xRow with the document's
** database, name and query. */
void assocLiveEach(AssocCall *pCall, AssocCatalog *pCat,
                   void (*xRow)(AssocCall *, void *, AssocSchema *,
                                const char *zName, const char *zQuery),
                   void *pArg);
/* Append the calls of assoc_live() that make all live documents again. */
void assocLiveDump(AssocCall *pCall, AssocCatalog *pCat, sqlite3_str *pStr);

/* ------------------------------------------------------------------- rows */

/*
** A table-valued function that makes all its rows at once. Its first nArg hidden
** columns, behind the visible ones, are the arguments.
*/
typedef struct AssocRows AssocRows;
typedef struct AssocRowsTable AssocRowsTable;
struct AssocRowsTable {
  const char *zName;   /* The name in SQL */
  const char *zSchema; /* "CREATE TABLE x(...)" */
  int nCol;            /* Visible columns */
  int nArg, nNeed;     /* Arguments, and how many of them are needed */
  void (*xMake)(AssocCall *, AssocRows *, int nArg,
                sqlite3_value **); /* Adds the rows */
};
/* Add a row of NULLs. */
void assocRowsAdd(AssocCall *pCall, AssocRows *p);
/* Set a cell of the last row. The text is copied; z may be 0. */
void assocRowsText(AssocCall *pCall, AssocRows *p, int iCol, const char *z);
/* The same with an integer. */
void assocRowsInt(AssocCall *pCall, AssocRows *p, int iCol, i64 i);

/* The columns of assoc_list, by number. */
#define LIST_MODEL 0
#define LIST_ASSOCIATION 1
#define LIST_KIND 2
#define LIST_TARGET 3
#define LIST_FOREIGNKEY 4
#define LIST_OTHERKEY 5
#define LIST_THROUGH 6
#define LIST_SOURCEKEY 7
#define LIST_TARGETKEY 8
#define LIST_SCOPE 9
#define LIST_OPTIONS 10
#define LIST_SOURCE 11
#define LIST_SCHEMA 12
#define LIST_DECIDED 13

/* The columns of assoc_explain, by number. */
#define EXPLAIN_PATH 0
#define EXPLAIN_STRATEGY 1
#define EXPLAIN_WHY 2
#define EXPLAIN_SQL 3
#define EXPLAIN_INDEX 4
#define EXPLAIN_ESTIMATED 5
#define EXPLAIN_ACTUAL 6
#define EXPLAIN_POLICY 7

/* The columns of assoc_check, by number. */
#define CHECK_SEVERITY 0
#define CHECK_MODEL 1
#define CHECK_ASSOCIATION 2
#define CHECK_PROBLEM 3
#define CHECK_DETAIL 4
#define CHECK_FIX 5

/* Add the problems of live documents to the rows of assoc_check. */
void assocLiveCheckRows(AssocCall *pCall, AssocCatalog *pCat, AssocRows *p);
/* Add one row for each live document to the rows of assoc_list. */
void assocLiveListRows(AssocCall *pCall, AssocCatalog *pCat, AssocRows *p);
/* If zName is a live document, and no table, add the row of assoc_explain that
** says how it is read now. OUT: its query is freed with sqlite3_free(); else 0. */
char *assocLiveExplainRow(AssocCall *pCall, AssocCatalog *pCat, AssocRows *p,
                          const char *zName);

extern const AssocRowsTable assocCheckTable;
extern const AssocRowsTable assocExplainTable;
extern const AssocRowsTable assocHelpTable;
extern const AssocRowsTable assocListTable;
/* Register the table as a module of its name. Returns a result code. */
int assocRowsRegister(AssocConn *pConn, const AssocRowsTable *pTable);

#endif /* ASSOC_SURFACE_H */
