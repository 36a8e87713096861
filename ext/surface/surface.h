/*
** What SQL sees. Each file of this room is one family of functions or one
** table-valued function, and gives it as a table of functions, or a module,
** that assoc.c registers.
*/
#ifndef ASSOC_SURFACE_H
#define ASSOC_SURFACE_H

#include "load/load.h"
#include "write/write.h"

typedef struct AssocFunction AssocFunction;
struct AssocFunction {
  const char *zName;
  int nMin, nMax; /* Arguments; nMax<0: no bound */
  int mFlag;      /* SQLITE_DIRECTONLY, SQLITE_DETERMINISTIC, … */
  void (*xFunc)(AssocCall *, sqlite3_context *, int, sqlite3_value **);
  const char *zArgs; /* For the error that there are too few or too many */
};

/* Ends with a zName of 0. */
extern const AssocFunction aAssocChangeFunction[];
extern const AssocFunction aAssocConfigFunction[];
extern const AssocFunction aAssocDefineFunction[];
extern const AssocFunction aAssocDestroyFunction[];
extern const AssocFunction aAssocErrorFunction[];
extern const AssocFunction aAssocExplainFunction[];
extern const AssocFunction aAssocLookFunction[];
extern const AssocFunction aAssocReadFunction[];
extern const AssocFunction aAssocSyncFunction[];

extern const sqlite3_module assocEagerModule;
extern const sqlite3_module assocRelatedModule;

/* Flags of functions that read tables, and of those that write. */
#define ASSOC_READER (SQLITE_UTF8 | ASSOC_RESULT_SUBTYPE)
#define ASSOC_WRITER (SQLITE_UTF8 | SQLITE_DIRECTONLY | ASSOC_RESULT_SUBTYPE)
#define ASSOC_RESULT_SUBTYPE 0x001000000 /* SQLITE_RESULT_SUBTYPE, 3.45 */

/* ------------------------------------------------------------------- args */

/* Argument i as text that lasts as long as the argument. An error if it is
** NULL; zWhat names it. */
const char *assocArgText(AssocCall *pCall, sqlite3_value *pVal,
                         const char *zWhat);
/* The same, but 0 for NULL. */
const char *assocArgTextOrNull(AssocCall *pCall, sqlite3_value *pVal);

/* Keys: nKey values each, one after another in apVal. */
typedef struct AssocKeys AssocKeys;
struct AssocKeys {
  int nKey; /* Keys */
  int nCol; /* Values of each */
  sqlite3_value **apVal;
  sqlite3_value *pOne; /* apVal is the address of this for one value */
  AssocArena mem;      /* OWNED: else it is in here */
  int nOwned;          /* The first of apVal, that are to be freed */
};
/* One key of a model, as its value or as a JSON array if it is composite. */
void assocKeyRead(AssocCall *pCall, const AssocModel *pModel,
                  sqlite3_value *pVal, AssocKeys *pKeys);
/* Targets of an association: one key, an array of keys, or rows with their
** keys. As wide as assocRelTargetWidth() says. */
void assocTargetsRead(AssocCall *pCall, const AssocRel *pRel,
                      sqlite3_value *pVal, AssocKeys *pKeys);
/* The first nCol columns of the row that pStmt stands on, while it does. */
void assocKeysOfRow(AssocCall *pCall, int nCol, sqlite3_stmt *pStmt,
                    AssocKeys *pKeys);
void assocKeysClear(AssocKeys *pKeys);

/* A key as a result: its value, or a JSON array of its values. */
void assocResultKey(AssocCall *pCall, sqlite3_context *pCtx, int nVal,
                    sqlite3_value **apVal);
/* Give JSON text to SQLite. zJson is freed with sqlite3_free(). */
void assocResultJson(sqlite3_context *pCtx, char *zJson, i64 n);

/* ------------------------------------------------------------------ write */

/* Around the work of a function that writes. Begin fails inside a statement
** that writes; end makes it all or nothing. The result is set before the end:
** where memory does not suffice for it, nothing is done. */
typedef struct AssocWrite AssocWrite;
struct AssocWrite {
  int bOpen; /* The savepoint is open */
  int bAuto; /* And it is the whole transaction */
  int bRead; /* There was a transaction that had read and not written */
  const char *zFunction;
  i64 iRowid; /* last_insert_rowid() before, and again after */
};
void assocWriteBegin(AssocCall *pCall, AssocWrite *p, const char *zFunction);
/* The same for rows of a model, whose database is locked at once. */
void assocWriteBeginOn(AssocCall *pCall, AssocWrite *p, const char *zFunction,
                       const char *zModel);
/* What was read calls for writing: where the transaction is the function's
** own, end it and begin again with that database locked. Returns 1 if so: then
** all has to be read again. */
int assocWriteAgain(AssocCall *pCall, AssocWrite *p, const char *zFunction,
                    const char *zSchema);
/* Between them, before DDL that makes the connection's statements expire, and
** after the last table was dropped. The database has a token. */
void assocWriteHold(AssocCall *pCall, const char *zSchema);
void assocWriteEnd(AssocCall *pCall, AssocWrite *p);

/* An error if another definition over the same foreign key disagrees. */
void assocSyncCheck(AssocCall *pCall, AssocRel *pRel);

/* -------------------------------------------------------------------- dml */

/* Rows of a statement that writes to related, or to a table made with it: one,
** or those of an INSERT ... SELECT. Columns that a table has not are -1. */
typedef struct AssocDml AssocDml;
struct AssocDml {
  const char *zModel, *zItem; /* Of a table made with it, else 0 */
  int nVal;                   /* What xUpdate got for a row */
  sqlite3_value **apVal;      /* nRow*nVal values */
  i64 nRow;
  int iId, iJson, iThrough, iModel, iKey, iItem, iDepth, iRow;
};
void assocDmlRun(AssocCall *pCall, const AssocDml *pDml, i64 *piRowid);
/* The hidden column assoc_row as a result: what identifies a row. */
void assocDmlIdentity(AssocCall *pCall, sqlite3_context *pCtx,
                      const AssocRel *pRel, const AssocKeys *pSource,
                      sqlite3_value **apTarget);

/* ------------------------------------------------------------------- rows */

/*
** A table-valued function whose rows are all made at once: what it makes
** them with, and the columns. The first nArg hidden columns behind the
** visible ones are its arguments.
*/
typedef struct AssocRows AssocRows;
typedef struct AssocRowsTable AssocRowsTable;
struct AssocRowsTable {
  const char *zName;
  const char *zSchema; /* "CREATE TABLE x(...)" */
  int nCol;            /* Visible columns */
  int nArg, nNeed;     /* Arguments, and how many of them are needed */
  void (*xMake)(AssocCall *, AssocRows *, int nArg, sqlite3_value **);
};
/* Add a row; its cells are set by the two that follow, others are NULL. */
void assocRowsAdd(AssocCall *pCall, AssocRows *p);
void assocRowsText(AssocCall *pCall, AssocRows *p, int iCol, const char *z);
void assocRowsInt(AssocCall *pCall, AssocRows *p, int iCol, i64 i);

extern const AssocRowsTable assocCheckTable;
extern const AssocRowsTable assocExplainTable;
extern const AssocRowsTable assocListTable;
/* Register it under its name. */
int assocRowsRegister(AssocConn *pConn, const AssocRowsTable *pTable);

#endif /* ASSOC_SURFACE_H */
