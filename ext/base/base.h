/*
** The ground floor: what every other room stands on and what knows nothing
** of associations.
**
**   error   what an error says, to people and to programs
**   call    a sticky error, and helpers that do nothing once it is set
**   arena   memory that is freed all at once
**   conn    the state of one connection; and state, the statements it keeps
**   private virtual tables that only SQLite is to call
**   json    writing JSON text; jsontext, its strings; and jsonread, reading it
**   option  the members of an object that say how
**   keymap  from key values to a small number
*/
#ifndef ASSOC_BASE_H
#define ASSOC_BASE_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1 /* MADV_HUGEPAGE of Linux, also with -std=c11 */
#endif

#ifdef SQLITE_CORE
#include "sqlite3.h"
#else
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#endif
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <string.h>

typedef sqlite3_int64 i64;
typedef sqlite3_uint64 u64;
typedef uint32_t u32;
typedef unsigned char u8;

typedef struct AssocArena AssocArena;
typedef struct AssocCall AssocCall;
typedef struct AssocConn AssocConn;
typedef struct AssocKeymap AssocKeymap;
typedef struct AssocKeyRule AssocKeyRule;
typedef struct AssocOut AssocOut;
typedef struct AssocStmt AssocStmt;

#if defined(__GNUC__)
#define ASSOC_NOINLINE __attribute__((noinline))
#define ASSOC_LIKELY(x) __builtin_expect(!!(x), 1)
#define ASSOC_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define ASSOC_NOINLINE
#define ASSOC_LIKELY(x) (x)
#define ASSOC_UNLIKELY(x) (x)
#endif

/* Conditions that hold, or never hold, while every invariant does. A test build
** stops where one does not. A release build keeps the branch as a defence. A
** coverage build leaves the branch out, since no test can take it. */
#if defined(ASSOC_COVERAGE)
#define ASSOC_ALWAYS(x) 1
#define ASSOC_NEVER(x) 0
#elif !defined(NDEBUG)
#define ASSOC_ALWAYS(x) ((x) ? 1 : (assert(!#x), 0))
#define ASSOC_NEVER(x) ((x) ? (assert(!#x), 1) : 0)
#else
#define ASSOC_ALWAYS(x) (x)
#define ASSOC_NEVER(x) (x)
#endif

#define ASSOC_COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* ---------------------------------------------------------------- error --
**
** The reasons for which a call fails. Programs see their names in
** assoc_error(); ext/doc/ERRORS.md says when each is used.
*/
#define ASSOC_E_SQLITE 0 /* SQLite's own error: only its code and text */
#define ASSOC_E_OTHER 1
#define ASSOC_E_SYNTAX 2   /* A shape or a JSON text cannot be read */
#define ASSOC_E_ARGUMENT 3 /* An argument or parameter of the wrong kind */
#define ASSOC_E_UNKNOWN_MODEL 4
#define ASSOC_E_UNKNOWN_ASSOCIATION 5
#define ASSOC_E_UNKNOWN_COLUMN 6
#define ASSOC_E_UNKNOWN_SCOPE 7
#define ASSOC_E_UNKNOWN_OPTION 8 /* Of options, settings, formats, kinds */
#define ASSOC_E_AMBIGUOUS 9      /* Several things have this name */
#define ASSOC_E_DEFINITION 10    /* A definition contradicts the schema */
#define ASSOC_E_NOT_SYNCED 11 /* A column or table is missing: assoc_sync() */
#define ASSOC_E_NOT_FOUND 12  /* There is no row of this key */
#define ASSOC_E_CONSTRAINT 13 /* Refused by onDelete, NOT NULL or UNIQUE */
#define ASSOC_E_READONLY 14
#define ASSOC_E_BUSY 15
#define ASSOC_E_LIMIT 16
#define ASSOC_E_REFUSED 17
#define ASSOC_E_UNSUPPORTED 18
#define ASSOC_NREASON 19

/* An error. Without zText it is SQLite's own text for rc. */
typedef struct AssocErr AssocErr;
struct AssocErr {
  int rc;       /* SQLite's result code */
  u8 eReason;   /* ASSOC_E_* */
  int iAt;      /* The byte of the shape's text where it is; -1: nowhere */
  char *zText;  /* OWNED: what is wrong, without the prefix "assoc: " */
  char *zHint;  /* OWNED: what to do, or 0 */
  char *zModel; /* OWNED: the model that it speaks of, or 0 */
  char *zName;  /* OWNED: the name that it speaks of, or 0 */
  char *zCaret; /* OWNED: the line of the shape and a caret, or 0 */
};

/* What assocFail() is told beside the text. */
typedef struct AssocWhy AssocWhy;
struct AssocWhy {
  int eReason;        /* ASSOC_E_*, not SQLITE */
  const char *zModel; /* Each of these may be 0 */
  const char *zName;
  const char *zNear;  /* For "did you mean 'x'?" */
  const char *zQuote; /* What stands around zNear; 0: single quotes */
  const char *zHint;  /* What to do */
};

/* Set an empty error. zText is OWNED by it from now on. False if memory ran
** out: then the error is empty, and zText is freed. */
int assocErrSet(AssocErr *p, const AssocWhy *pWhy, char *zText);
void assocErrClear(AssocErr *p);
/* SQLite's result code for a reason. */
int assocReasonCode(int eReason);
/* The text and the hint; or the whole, with prefix and caret, as SQLite is
** given it. OUT: the caller frees with sqlite3_free(); 0 if memory runs out. */
char *assocErrLine(const AssocErr *p);
char *assocErrText(const AssocErr *p);
/* The same as a JSON object. */
void assocErrJson(AssocOut *pOut, const AssocErr *p);

/* ----------------------------------------------------------------- call --
**
** A command runs on one AssocCall, usually on the stack of the SQL function
** that it implements. The first error sticks in it: from then on every
** helper that takes the call does nothing and returns 0, so that the code
** of a command is a straight line and is checked once, at its end.
*/
struct AssocCall {
  AssocConn *pConn; /* The connection's state; never 0 in a command */
  sqlite3 *db;      /* pConn->db */
  int rc;           /* SQLITE_OK, or the first error */
  int bGate;        /* Inside a statement that writes: see write/gate.c */
  AssocErr err;     /* What the first error says */
};

void assocCallInit(AssocCall *pCall, AssocConn *pConn);
void assocCallClear(AssocCall *pCall);

/* Fail for a reason, with the text "assoc: ..." and the hint behind it. */
void assocFail(AssocCall *pCall, const AssocWhy *pWhy, const char *zFmt, ...);
void assocFailV(AssocCall *pCall, const AssocWhy *pWhy, const char *zFmt,
                va_list ap);
/* The same without a particular reason: SQLITE_ERROR. */
void assocError(AssocCall *pCall, const char *zFmt, ...);
/* Fail with rc and the text, as SQLite itself might. */
void assocErrorAs(AssocCall *pCall, int rc, const char *zFmt, ...);
/* Put text before that of the error that has just been raised, if it is one
** of ours: "User.posts: ". */
void assocErrorPrefix(AssocCall *pCall, const char *zFmt, ...);
/* Fail with rc; the text is the connection's for that error. */
void assocErrorCode(AssocCall *pCall, int rc);
/* Did this extension find the error, and not SQLite? */
int assocErrorIsOurs(const AssocCall *pCall);
/* Forget the error, as one does who knows another way. */
void assocErrorForget(AssocCall *pCall);
/* Give the call's error to SQLite and clear the call. True if it had one. */
int assocCallFailed(AssocCall *pCall, sqlite3_context *pCtx);
/* The same for a virtual table: sets *pzErr and returns the code. */
int assocCallVtab(AssocCall *pCall, char **pzErr);

/* What runs statements of the user's tables is enclosed in these two: views may
** call us again, and themselves without an end. False: too deep, or an error. */
int assocCallEnter(AssocCall *pCall);
void assocCallLeave(AssocCall *pCall);

/* Fail if a function that changes state may have been called by the schema.
** SQLITE_DIRECTONLY keeps such a function out of views, triggers, indexes and
** defaults, but SQLite before 3.50 still lets it run in a CHECK constraint: in
** PRAGMA integrity_check, or (bWriting) in a statement that writes, where no
** function can open a savepoint. */
void assocCallDirect(AssocCall *pCall, const char *zFunction, int bWriting);

/* OUT: the caller frees with sqlite3_free(). 0 after an error. */
void *assocMalloc(AssocCall *pCall, i64 nByte);
char *assocMprintf(AssocCall *pCall, const char *zFmt, ...);
/* Finish pStr. OUT: the caller frees with sqlite3_free(). */
char *assocStrFinish(AssocCall *pCall, sqlite3_str *pStr);

/* OUT: the caller finalizes with assocFinalize(). The text is a format. */
sqlite3_stmt *assocPrepare(AssocCall *pCall, const char *zFmt, ...);
/* True while pStmt has a row. Once it has not, it is reset. */
int assocStep(AssocCall *pCall, sqlite3_stmt *pStmt);
void assocFinalize(AssocCall *pCall, sqlite3_stmt *pStmt);
void assocBindText(AssocCall *pCall, sqlite3_stmt *pStmt, int i, const char *z);
/* Run statements that give no rows. */
void assocExec(AssocCall *pCall, const char *zFmt, ...);
/* Column iCol as text that lasts until the next step, never 0: "" for NULL.*/
const char *assocColumnText(AssocCall *pCall, sqlite3_stmt *pStmt, int iCol);
/* A whole number that is not negative, as it may come from a program: as an
** integer, a REAL, or digits. -2 for anything else. */
i64 assocValueWhole(sqlite3_value *pValue);

/* -------------------------------------------------------------- nearest --
**
** For "did you mean": set zWritten, try every candidate, read zBest.
*/
typedef struct AssocNearest AssocNearest;
struct AssocNearest {
  const char *zWritten; /* What was written */
  const char *zBest;    /* The nearest candidate so far, or 0 */
  int nBest;            /* Its distance */
};
void assocNearestTry(AssocNearest *p, const char *z);
/* ---------------------------------------------------------------- arena --
**
** Everything that lives as long as one tree, one plan, one catalog or one
** run is cut from that thing's arena and never freed on its own.
*/
typedef struct AssocChunk AssocChunk;
struct AssocArena {
  char *pAt;          /* Next free byte of the newest chunk */
  char *pEnd;         /* End of the newest chunk */
  AssocChunk *pChunk; /* OWNED: chunks, newest first */
  i64 nByte;          /* Bytes in all chunks */
};

/* 8-byte aligned, zeroed memory; 0 after an error. */
void *assocAlloc(AssocCall *pCall, AssocArena *pArena, i64 nByte);
/* The same, but not zeroed. */
static inline void *assocAllocRaw(AssocCall *pCall, AssocArena *pArena,
                                  i64 nByte) {
  char *p = pArena->pAt;
  if (ASSOC_UNLIKELY(pArena->pEnd - p < nByte + 14 || pCall->rc != SQLITE_OK)) {
    return assocAlloc(pCall, pArena, nByte);
  }
  p += -(intptr_t)p & 7;
  pArena->pAt = p + ((nByte + 7) & ~(i64)7);
  return p;
}
char *assocArenaPrintf(AssocCall *pCall, AssocArena *pArena, const char *zFmt,
                       ...);
/* A copy of the first n bytes of z, or of all of z if n<0. 0 gives 0. */
char *assocArenaText(AssocCall *pCall, AssocArena *pArena, const char *z,
                     int n);
/* Finish pStr into the arena. */
char *assocArenaStr(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr);
/* Start a chunk with room for at least nByte. SQLITE_OK or SQLITE_NOMEM. */
int assocArenaGrow(AssocArena *pArena, i64 nByte);
/* The nUsed bytes at pAt need room for nByte: move them to pAt of a block that
** has it. The block grows by half at least, so that to write a long text takes
** time in proportion to its length. SQLITE_OK or SQLITE_NOMEM. */
int assocArenaMove(AssocArena *pArena, i64 nUsed, i64 nByte);
/* Free all chunks but, of those no larger than nKeep, the newest. */
void assocArenaReset(AssocArena *pArena, i64 nKeep);
void assocArenaFree(AssocArena *pArena);
/* Ask the kernel for huge pages in a block, where it is large enough. */
void assocHugePages(void *p, i64 nByte);

/* ----------------------------------------------------------------- conn --
**
** One AssocConn belongs to each connection that loaded the extension. It is
** counted: every function, module and virtual table that SQLite knows of
** holds a reference, for SQLite frees them in different orders.
**
** Statements that outlive a call are AssocStmt, listed in the connection.
** They are finalized when SQLite disconnects the private virtual table
** assoc_state, which it does before it asks whether any statement is left,
** so that a connection can always be closed. See state.c.
*/
#define ASSOC_SLOT_CATALOG 0 /* model: definitions and schema */
#define ASSOC_SLOT_PLANS 1   /* load: compiled plans and buffers */
#define ASSOC_SLOT_WRITE 2   /* surface: savepoints */
#define ASSOC_SLOT_RESULT 3  /* surface: what assoc_result() gives */
#define ASSOC_NSLOT 4

struct AssocConn {
  sqlite3 *db;
  AssocConn *pNext; /* In the list of all connections: see conn.c */
  int nRef;
  int bLoaded;   /* Everything has been registered */
  int nFunction; /* Functions that have been */
  int mxDepth;   /* Deepest nesting of shapes and results */
  int mxItem;    /* Most items of a shape */
  int bHooked;   /* The virtual table assoc_state is connected */
  int nHold;     /* Cursors that are open: see assocConnHold() */
  u8 bViews;     /* Files are trusted: assoc_config('views', 1) */
  /* Is that word the name of a function or a table of ours? 2: a function */
  int (*xCallable)(const char *z, int n);
  AssocErr last;     /* The last error of a call: assoc_error() */
  void *pGate;       /* BORROWED: what assoc_gate is to do, or 0 */
  void *pJob;        /* BORROWED: what it is doing, or 0 */
  int bMadeTables;   /* Tables for definitions were made: see catalog.c */
  int nInside;       /* Calls that are inside one another */
  AssocStmt *pStmts; /* Every AssocStmt that holds a statement */
  struct {
    void *p; /* OWNED: what a higher floor keeps here */
    void (*xFree)(void *);
  } aSlot[ASSOC_NSLOT];
};

AssocConn *assocConnNew(sqlite3 *db);
AssocConn *assocConnRef(AssocConn *pConn);
void assocConnUnref(void *pConn); /* An xDestroy: frees at the last one */
/* Between these two statements stay, whatever is disconnected: a cursor that
** goes on from one to the next may be open when a close fails. */
void assocConnHold(AssocConn *pConn);
void assocConnRelease(AssocConn *pConn);
/* Register the table assoc_state, which learns that the connection closes. */
int assocStateRegister(AssocConn *pConn);
/* The AssocConn of an earlier load, or 0; without a reference. Where a load
** failed while a statement ran, its functions stay, and so does this. */
AssocConn *assocConnFind(sqlite3 *db);

struct AssocStmt {
  sqlite3_stmt *p; /* The statement, or 0: not prepared or swept */
  u32 nMade;       /* How often it has been prepared */
  AssocConn *pConn;
  AssocStmt *pNext, **ppPrev; /* In pConn->pStmts while p is not 0 */
};

/* The prepared statement of pStmt, from zSql if it has to be made. */
sqlite3_stmt *assocStmt(AssocCall *pCall, AssocStmt *pStmt, const char *zSql);
void assocStmtClear(AssocStmt *pStmt);

/* -------------------------------------------------------------- private --
**
** What virtual tables have in common that only SQLite is to call: they hold
** the connection, which is the client data of their module, and are empty.
*/
typedef struct AssocPrivate AssocPrivate;
struct AssocPrivate {
  sqlite3_vtab base;
  AssocConn *pConn; /* A reference */
};
/* The error that the user has a table of that name. */
void assocPrivateTaken(AssocCall *pCall, const char *zName);
int assocPrivateNew(sqlite3 *db, void *pAux, const char *zTable,
                    sqlite3_vtab **ppVtab);
int assocPrivateConnect(sqlite3 *db, void *pAux, int argc,
                        const char *const *argv, sqlite3_vtab **ppVtab,
                        char **pzErr);
int assocPrivateDisconnect(sqlite3_vtab *pVtab);
int assocPrivateBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo);
int assocPrivateOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur);
int assocPrivateClose(sqlite3_vtab_cursor *pCur);
int assocPrivateFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                       const char *idxStr, int argc, sqlite3_value **argv);
int assocPrivateNext(sqlite3_vtab_cursor *pCur);
int assocPrivateEof(sqlite3_vtab_cursor *pCur);
int assocPrivateColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                       int iCol);
int assocPrivateRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid);

/* All methods of such a table but xConnect, xDisconnect and xUpdate. */
#define ASSOC_PRIVATE_TABLE                                                    \
  .xBestIndex = assocPrivateBestIndex, .xOpen = assocPrivateOpen,              \
  .xClose = assocPrivateClose, .xFilter = assocPrivateFilter,                  \
  .xNext = assocPrivateNext, .xEof = assocPrivateEof,                          \
  .xColumn = assocPrivateColumn, .xRowid = assocPrivateRowid

/* ----------------------------------------------------------------- json --
**
** An AssocOut is a place to write to that has room. assocOutNeed(n) makes
** room for n > 0 bytes, or says that it cannot; after another error there may
** still be room, and what is written there is of no use. A writer may ask for
** up to ASSOC_OUT_SLACK bytes more than it writes. Writers that are given
** a char* write there, need the room that their comments say, and return the
** new end.
*/
struct AssocOut {
  char *pStart; /* Start of the text that must stay together */
  char *p;      /* Where the next byte goes */
  char *pEnd;   /* End of the room */
  int rc;       /* SQLITE_OK or SQLITE_NOMEM; sticks, and pStart is then 0 */
  i64 nMax;     /* More bytes than these are SQLITE_TOOBIG */
  /* Make room for n bytes more, which there is not. Sets pStart, p, pEnd. */
  void (*xGrow)(AssocOut *, i64 n);
};

#define ASSOC_OUT_SLACK 20000

/* Would n bytes more, of which some may be slack, be too many? */
static inline int assocOutTooBig(const AssocOut *pOut, i64 n) {
  return pOut->p - pOut->pStart + n - ASSOC_OUT_SLACK > pOut->nMax;
}

static inline int assocOutNeed(AssocOut *pOut, i64 n) {
  if (!ASSOC_UNLIKELY(pOut->pEnd - pOut->p < n)) return 1;
  pOut->xGrow(pOut, n);
  return pOut->rc == SQLITE_OK;
}

/* An AssocOut on the heap; assocBufFinish gives the buffer away. */
void assocBufInit(AssocOut *pOut, i64 nMax);
void assocBufReserve(AssocOut *pOut, i64 nByte);
/* OUT: nul-terminated, *pn bytes, freed with sqlite3_free(). */
char *assocBufFinish(AssocOut *pOut, i64 *pn);
void assocBufClear(AssocOut *pOut);
void assocOutText(AssocOut *pOut, const char *z, i64 n);
void assocOutPrintf(AssocOut *pOut, const char *zFmt, ...);

/* How one column is written. */
#define ASSOC_JSON_PLAIN 0 /* As json_object() does */
#define ASSOC_JSON_BOOL 1  /* 1 and 0 are true and false */
#define ASSOC_JSON_RAW 2   /* The value is JSON already */

/* Digits that this SQLite's json_quote() gives a REAL: 15 or 17. */
int assocJsonDigits(void);
/* Write one value. */
void assocJsonValue(AssocOut *pOut, sqlite3_value *pVal, int eHow);
/* Write z as a JSON string, quotes included. */
void assocJsonString(AssocOut *pOut, const char *z, i64 n);
/* Write JSON text, of which only the UTF-8 has not been checked. */
void assocJsonRaw(AssocOut *pOut, const char *z, i64 n);
void assocJsonInt(AssocOut *pOut, i64 i);
/* Write n bytes as a string of hexadecimal digits. */
void assocJsonBlob(AssocOut *pOut, const u8 *z, i64 n);

/* ------------------------------------------------------------- jsonread --
**
** JSON that was read, as a tree.
*/
typedef struct AssocJson AssocJson;
struct AssocJson {
  u8 eType;         /* ASSOC_J_* */
  const char *zKey; /* In an object: the key. Else 0 */
  const char *z; /* TEXT: the text, and a nul. Numbers: as written, n bytes */
  int n;         /* Bytes of z */
  i64 i;         /* INT: the value. TRUE: 1 */
  double r;      /* REAL: the value */
  int nChild;    /* ARRAY, OBJECT: how many elements */
  AssocJson *pChild; /* The first element */
  AssocJson *pNext;  /* The next element of the same parent */
};
#define ASSOC_J_NULL 0
#define ASSOC_J_FALSE 1
#define ASSOC_J_TRUE 2
#define ASSOC_J_INT 3
#define ASSOC_J_REAL 4
#define ASSOC_J_TEXT 5
#define ASSOC_J_BLOB 6 /* z has n bytes. Never read, but made of a TEXT */
#define ASSOC_J_ARRAY 7
#define ASSOC_J_OBJECT 8

/* Read zJson into pArena. zWhat names it in an error: "the options". */
AssocJson *assocJsonRead(AssocCall *pCall, AssocArena *pArena,
                         const char *zJson, int nJson, const char *zWhat);
/* The same, if it is an object. */
AssocJson *assocJsonObject(AssocCall *pCall, AssocArena *pArena,
                           const char *zJson, int nJson, const char *zWhat);

/* The same for texts that may be long: one element of an array at a time, or
** the value that is no array. */
typedef struct AssocJsonKey AssocJsonKey;
struct AssocJsonKey {
  const char *z;
  int n;
  int iNext; /* The key that came after it the last time */
};
typedef struct AssocJsonReader AssocJsonReader;
struct AssocJsonReader {
  AssocCall *pCall;
  const char *zWhat;
  const char *zStart;
  const char *z, *zEnd; /* What is still to be read */
  AssocArena *pArena;   /* Of the value that is being read */
  sqlite3_stmt *pCast;  /* OWNED: reads numbers that are not easy */
  i64 nRead;            /* Calls of assocJsonNext() */
  u8 bArray;            /* The text is an array, whose elements are read */
  u8 bDone;
  u8 bStay;        /* Text and reader last as long as what is read */
  AssocArena keys; /* OWNED, if bStay: the keys; else they are in pArena */
  AssocJsonKey aKey[32]; /* Keys that were read, by a hash */
  int iKey;              /* The last one */
};
/* The text must last until the end, and with it numbers and keys do. */
void assocJsonStart(AssocCall *pCall, AssocJsonReader *p, const char *zJson,
                    i64 nJson, const char *zWhat);
/* The next element, in pArena; 0 after the last or an error. */
AssocJson *assocJsonNext(AssocJsonReader *p, AssocArena *pArena);
void assocJsonEnd(AssocJsonReader *p);

/* The text of a value that begins as an array or an object does, or 0. */
const char *assocJsonText(AssocCall *pCall, sqlite3_value *pVal);
/* The element of an object by key, or 0. */
AssocJson *assocJsonGet(AssocJson *pObject, const char *zKey);
/* Write a tree, as json() would. */
void assocJsonWrite(AssocOut *pOut, const AssocJson *p);
/* Bind an element that is no array or object; true and false are 1 and 0. */
int assocJsonBind(sqlite3_stmt *pStmt, int i, const AssocJson *p);
/* The element as a value, by way of pStmt, which is "SELECT ?1".
** OUT: freed with sqlite3_value_free(). */
sqlite3_value *assocJsonValueOf(AssocCall *pCall, sqlite3_stmt *pStmt,
                                const AssocJson *p);
/* What the element is, for an error: "a number", "an array". */
const char *assocJsonTypeName(const AssocJson *p);

/* --------------------------------------------------------------- option --
**
** Options are the members of a JSON object. A table says which there are.
*/
typedef struct AssocOptionReader AssocOptionReader;
struct AssocOptionReader {
  AssocCall *pCall;
  AssocArena *pArena; /* The JSON is in here */
  void *pInto;        /* A structure that the options go into */
};
typedef struct AssocOption AssocOption;
struct AssocOption {
  const char *zName;
  /* The types that its value may have: n null, which is not taken; b true or
  ** false; 1 a number; t a text, a an array, neither empty; o an object. 0:
  ** any. And an error's words for that: "the option x must be ...". */
  const char *zType, *zMust;
  /* Take the value, into the place of which the offset is given; or 0. */
  void (*xTake)(AssocOptionReader *, AssocJson *, void *);
  size_t iInto;
};
/* Read the members of an object. An error says what there is with zHas before
** it: "assoc_sync() has". */
void assocOptionsRead(AssocOptionReader *r, AssocJson *pJson, int nOption,
                      const AssocOption *aOption, const char *zHas);
/* Read JSON text, or nothing if it is 0. The JSON is gone afterwards. */
void assocOptionsOf(AssocCall *pCall, const char *zJson, int nOption,
                    const AssocOption *aOption, const char *zHas, void *pInto);
/* An xTake: true or false, into an int. */
void assocOptionFlag(AssocOptionReader *r, AssocJson *p, void *pInto);

/* --------------------------------------------------------------- keymap --
**
** Which parent does a child row belong to? A keymap numbers the distinct
** keys that it is given 0, 1, 2, ... and finds the number of a key again,
** equal in the sense of SQL's = between the two columns: the rule of each
** column says what SQL would do to the values before it compares them.
*/
struct AssocKeyRule {
  u8 eAff;  /* ASSOC_AFF_*: the affinity that the comparison applies */
  u8 eColl; /* ASSOC_COLL_*: how text compares */
};
#define ASSOC_AFF_NONE 0
#define ASSOC_AFF_TEXT 1
#define ASSOC_AFF_NUMERIC 2

#define ASSOC_COLL_BINARY 0
#define ASSOC_COLL_NOCASE 1
#define ASSOC_COLL_RTRIM 2
#define ASSOC_COLL_OTHER 3 /* Not one that a keymap can serve */

typedef struct AssocKeyCell AssocKeyCell;
struct AssocKeymap {
  int nKey;                  /* Values in a key */
  const AssocKeyRule *aRule; /* BORROWED: nKey rules */
  u32 nSlot;                 /* Distinct keys so far */
  u8 eMode;                  /* ASSOC_MAP_* */
  i64 iBase;                 /* RUN: the first key; the rest follow it */
  u32 nCell;                 /* INT, ANY: size of aCell, a power of 2 */
  AssocKeyCell *aCell;       /* OWNED: hash table, open addressing */
  u32 *aOrder;               /* OWNED: the cell of each key, or 0 */
  u32 nOrder;                /* Keys that it has */
  u32 nOrderCell;            /* nCell when it was made */
  u64 iSeed;                 /* INT, ANY: odd and random, for hashing */
  AssocArena mem;            /* ANY: the bytes of the keys */
  char *zScratch;            /* ANY, OWNED: a key being encoded */
  i64 nScratch;
};
#define ASSOC_MAP_RUN 0 /* Integers iBase, iBase+1, ...: no table needed */
#define ASSOC_MAP_INT 1 /* Single integers */
#define ASSOC_MAP_ANY 2 /* Anything, as bytes that are equal if the keys are */

#define ASSOC_NOSLOT 0xffffffffu

void assocKeymapInit(AssocKeymap *pMap, int nKey, const AssocKeyRule *aRule);
void assocKeymapClear(AssocKeymap *pMap);
/* The number of a key, which is added if new. ASSOC_NOSLOT: a NULL is in
** it, or memory ran out, and then *pRc is set. */
u32 assocKeymapAdd(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc);
/* Bind the values of a key to variables from iVar on; SQLITE_OK or an error. */
int assocKeymapBind(AssocKeymap *pMap, u32 iSlot, sqlite3_stmt *pStmt,
                    int iVar);
/* Value iVal of a key as the result of a virtual table's column; it must last
** no longer than the map is left as it is. */
int assocKeymapResult(AssocKeymap *pMap, u32 iSlot, int iVal,
                      sqlite3_context *pCtx);
/* The same for an integer, of a map of single keys. */
u32 assocKeymapAddInt(AssocKeymap *pMap, i64 i, int *pRc);
/* The number of a key, or ASSOC_NOSLOT. */
u32 assocKeymapFind(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc);
/* The same for a key that is one integer, in a map that has no others. */
u32 assocKeymapFindInt(AssocKeymap *pMap, i64 i);
/* The number of a key of another map, which has the same rules. */
u32 assocKeymapFindOf(AssocKeymap *pMap, AssocKeymap *pOther, u32 iSlot,
                      int *pRc);

#endif /* ASSOC_BASE_H */
