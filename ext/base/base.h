/*
** The lowest floor. Every other floor uses this header. Nothing here knows of
** associations.
**
**   error    what an error says, to people and to programs
**   call     a sticky error, and helpers that do nothing once it is set
**   char     kinds of characters
**   nearest  "did you mean 'x'?"
**   arena    memory that is freed all at once
**   conn     the state of one connection
**   state    prepared statements that live longer than one call
**   session  the values of the session on whose behalf shapes run
**   private  methods for virtual tables that only SQLite should call
**   json     writing JSON text; jsontext.c writes its strings
**   jsonread reading JSON text into a tree
**   option   reading the members of an options object
**   sqltoken the tokens of SQL in a schema, and names in SQL for people
**   words    something for each of many names
**   keymap   a small number for each distinct key value
**
** A command looks like this:
**
**   AssocCall call;
**   assocCallInit(&call, pConn);
**   pStmt = assocPrepare(&call, "SELECT name FROM %Q", zTable);
**   while (assocStep(&call, pStmt)) { ... }
**   assocFinalize(&call, pStmt);
**   if (assocCallFailed(&call, pCtx)) return;
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
typedef struct AssocKeyList AssocKeyList;
typedef struct AssocKeymap AssocKeymap;
typedef struct AssocKeyRule AssocKeyRule;
typedef struct AssocOut AssocOut;
typedef struct AssocSession AssocSession;
typedef struct AssocStmt AssocStmt;

/* ASSOC_NOINLINE keeps a function's locals out of the frames of a recursion that
** calls it: nested shapes must fit on a small stack (test/host.test).
** ASSOC_INLINE is for what runs for every value. */
#if defined(__GNUC__)
#define ASSOC_INLINE inline __attribute__((always_inline))
#define ASSOC_NOINLINE __attribute__((noinline))
#define ASSOC_LIKELY(x) __builtin_expect(!!(x), 1)
#define ASSOC_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define ASSOC_INLINE inline
#define ASSOC_NOINLINE
#define ASSOC_LIKELY(x) (x)
#define ASSOC_UNLIKELY(x) (x)
#endif

/* ASSOC_ALWAYS(x) marks a condition that every invariant makes true,
** ASSOC_NEVER(x) one that every invariant makes false. A test build stops if
** the condition has the other value. A release build evaluates the condition
** and keeps the branch as a defence. A coverage build removes the branch,
** because no test can take it. */
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
** The reasons for an error. Programs read their names from assoc_error();
** ext/doc/ERRORS.md says when each one is used.
*/
#define ASSOC_E_SQLITE 0 /* SQLite's own error: code and text only */
#define ASSOC_E_OTHER 1
#define ASSOC_E_SYNTAX 2   /* A shape or a JSON text is malformed */
#define ASSOC_E_ARGUMENT 3 /* An argument or parameter of the wrong kind */
#define ASSOC_E_UNKNOWN_MODEL 4
#define ASSOC_E_UNKNOWN_ASSOCIATION 5
#define ASSOC_E_UNKNOWN_COLUMN 6
#define ASSOC_E_UNKNOWN_SCOPE 7
#define ASSOC_E_UNKNOWN_OPTION 8 /* Also unknown settings, formats, kinds */
#define ASSOC_E_AMBIGUOUS 9      /* Several things have this name */
#define ASSOC_E_DEFINITION 10    /* A definition contradicts the schema */
#define ASSOC_E_NOT_SYNCED 11 /* A column or table is missing: assoc_sync() */
#define ASSOC_E_NOT_FOUND 12  /* No row has this key */
#define ASSOC_E_CONSTRAINT 13 /* Refused by onDelete, NOT NULL or UNIQUE */
#define ASSOC_E_READONLY 14
#define ASSOC_E_BUSY 15
#define ASSOC_E_LIMIT 16
#define ASSOC_E_REFUSED 17
#define ASSOC_E_UNSUPPORTED 18
#define ASSOC_NREASON 19

/* An error. If zText is 0, the text is sqlite3_errstr(rc). */
typedef struct AssocErr AssocErr;
struct AssocErr {
  int rc;       /* SQLite's result code */
  u8 eReason;   /* ASSOC_E_* */
  int iAt;      /* Byte offset in the shape's text; -1: none */
  char *zText;  /* OWNED: what is wrong, without "assoc: " */
  char *zHint;  /* OWNED: what to do, or 0 */
  char *zModel; /* OWNED: the model concerned, or 0 */
  char *zName;  /* OWNED: the unknown or wrong name, or 0 */
  char *zCaret; /* OWNED: the shape's line and a caret, or 0 */
};

/* Arguments of assocFail() in addition to the text. */
typedef struct AssocWhy AssocWhy;
struct AssocWhy {
  int eReason;        /* ASSOC_E_*, but not ASSOC_E_SQLITE */
  int rc;             /* An extended result code; 0: the reason's */
  const char *zModel; /* May be 0, as the members below */
  const char *zName;  /* The association, column or function */
  const char *zNear;  /* The suggestion: "did you mean 'x'?" */
  const char *zQuote; /* Quote around zNear; 0: single quote */
  const char *zHint;  /* What to do */
};

/* Fill the empty error p. The error takes ownership of zText. Returns false if
** memory runs out; then the error stays empty and zText is freed. */
int assocErrSet(AssocErr *p, const AssocWhy *pWhy, char *zText);
/* Free the texts of an error and make the error empty. */
void assocErrClear(AssocErr *p);
/* SQLite's result code for a reason. */
int assocReasonCode(int eReason);
/* assocErrLine() returns the text and the hint. assocErrText() adds the prefix
** "assoc: " and the caret; SQLite is given this form. OUT: the caller frees the
** text with sqlite3_free(); 0 if memory runs out. */
char *assocErrLine(const AssocErr *p);
/* The same with the prefix and the caret. This is the text that SQLite's
** caller sees. */
char *assocErrText(const AssocErr *p);
/* Append the error as a JSON object: {"code":...,"message":...}. */
void assocErrJson(AssocOut *pOut, const AssocErr *p);

/* ----------------------------------------------------------------- call --
**
** A command runs on one AssocCall, usually on the stack of the SQL function
** that implements the command. The first error sticks in the call. After an
** error every helper that takes the call does nothing and returns 0. So the
** code of a command is a straight line, and its caller checks for an error
** once, at the end.
*/
struct AssocCall {
  AssocConn *pConn; /* The connection's state; never 0 */
  sqlite3 *db;      /* pConn->db */
  int rc;           /* SQLITE_OK, or the first error */
  int bGate;        /* Inside a statement that writes: see write/gate.c */
  int bQuiet;       /* Nobody reads the text of an error, only its reason */
  AssocErr err;     /* The text of the first error */
};

/* Begin a call: no error yet. Nothing is allocated. */
void assocCallInit(AssocCall *pCall, AssocConn *pConn);
/* Free the error's texts. The call can be used again afterwards. */
void assocCallClear(AssocCall *pCall);

/* Raise an error for a reason. The message is "assoc: ", the text, and the
** hint. The hint may stand in the format: its first "; " divides what is wrong
** from what to do. Does nothing if the call has an error already, as all
** functions below. */
void assocFail(AssocCall *pCall, const AssocWhy *pWhy, const char *zFmt, ...);
/* The same with the values of zFmt in ap, for functions that take them from
** their own caller. */
void assocFailV(AssocCall *pCall, const AssocWhy *pWhy, const char *zFmt,
                va_list ap);
/* The same, with a reason, a model and a name alone; the names may be 0. */
void assocErrorOf(AssocCall *pCall, int eReason, const char *zModel,
                  const char *zName, const char *zFmt, ...);
/* Raise an error of code rc with a text of its own, without the prefix "assoc:
** ". */
void assocErrorAs(AssocCall *pCall, int rc, const char *zFmt, ...);
/* Put a prefix such as "User.posts: " before the text of the call's error.
** SQLite's own errors stay unchanged. */
void assocErrorPrefix(AssocCall *pCall, const char *zFmt, ...);
/* Raise SQLite's error rc; its text is copied from the connection. Does nothing
** if rc is SQLITE_OK. */
void assocErrorCode(AssocCall *pCall, int rc);

/*
** A question that SQLite or a definition may answer with an error, such as "can
** this definition be resolved?". It is asked on a call of its own, so pCall
** never has an error that is no error.
**
**   assocTryBegin(&ask, pCall);
**   pRel = assocRelOf(&ask, pDef);
**   if (assocTryEnd(&ask, pCall, 0)) ... the answer is no
**
** TryEnd returns true if the error is an answer: SQLITE_ERROR. Every other
** error (memory, a lock, an interrupt) becomes the error of pCall, and so does
** SQLITE_ERROR_RETRY, which model/schema.c makes of an SQLITE_ERROR. If pWhy is
** not 0, it receives the answer's text; the caller frees it with
** assocErrClear(). Nothing runs if pCall has an error already.
*/
void assocTryBegin(AssocCall *pTry, const AssocCall *pCall);
/* End the question, and free what pTry has. Call this after each
** assocTryBegin(). */
int assocTryEnd(AssocCall *pTry, AssocCall *pCall, AssocErr *pWhy);
/* The same where another error is the answer: rcNo is its primary result code.
** SQLITE_OK: no error is an answer, so every error becomes that of pCall. */
int assocTryEndAs(AssocCall *pTry, AssocCall *pCall, int rcNo, AssocErr *pWhy);
/* If the call has an error: make it the result of the SQL function, remember it
** for assoc_error(), clear the call and return true. */
int assocCallFailed(AssocCall *pCall, sqlite3_context *pCtx);
/* The same for a virtual table's method: *pzErr receives the text, the return
** value is the result code. */
int assocCallVtab(AssocCall *pCall, char **pzErr);

/* Every function that runs statements on the user's tables calls
** assocCallEnter() first and assocCallLeave() afterwards. Views can call
** assoc's functions again, without end; the pair bounds that recursion. Returns
** false if the nesting is too deep or the call has an error; then
** assocCallLeave() must not be called. */
int assocCallEnter(AssocCall *pCall);
/* The end of what assocCallEnter() began. */
void assocCallLeave(AssocCall *pCall);

/* Raise an error if the schema may have called a function that changes state.
** SQLITE_DIRECTONLY keeps such a function out of views, triggers, indexes and
** defaults. But SQLite before 3.50 still runs it in a CHECK constraint: in
** PRAGMA integrity_check, or (bWriting) in a statement that writes, where no
** function can open a savepoint. */
void assocCallDirect(AssocCall *pCall, const char *zFunction, int bWriting);

/* Allocate memory or a formatted text. OUT: the caller frees the result with
** sqlite3_free(). 0 after an error. */
void *assocMalloc(AssocCall *pCall, i64 nByte);
/* A text by sqlite3_mprintf()'s rules: %q, %Q and %w quote. */
char *assocMprintf(AssocCall *pCall, const char *zFmt, ...);
/* Append a text that may be empty. sqlite3_str_appendall() allocates for an empty
** one, which sqlite3_str_appendf() does not expect of an empty string: an assert
** of SQLite's debug builds says so. */
void assocStrAdd(sqlite3_str *pStr, const char *z);
/* Finish pStr and return its text. OUT: the caller frees the text with
** sqlite3_free(); 0 after an error, "" for an empty text. */
char *assocStrFinish(AssocCall *pCall, sqlite3_str *pStr);

/* Prepare the statement that the format gives. OUT: the caller finalizes it
** with assocFinalize(). */
sqlite3_stmt *assocPrepare(AssocCall *pCall, const char *zFmt, ...);
/* The same for the text zSql, which this function frees; 0 after an error. */
sqlite3_stmt *assocPrepareText(AssocCall *pCall, char *zSql);
/* Step the statement. True if it has a row. After the last row, or an error,
** the statement is reset. */
int assocStep(AssocCall *pCall, sqlite3_stmt *pStmt);
/* Finalize the statement, also after an error. pStmt may be 0. */
void assocFinalize(AssocCall *pCall, sqlite3_stmt *pStmt);
/* Bind a copy of z to the parameter i. */
void assocBindText(AssocCall *pCall, sqlite3_stmt *pStmt, int i, const char *z);
/* Run one or more statements and ignore their rows. */
void assocExec(AssocCall *pCall, const char *zFmt, ...);
/* The text of column iCol, valid until the next step. "" for NULL; never 0. */
const char *assocColumnText(AssocCall *pCall, sqlite3_stmt *pStmt, int iCol);
/* Is the text of the database UTF-16? To ask reads the schema. False after an
** error. */
int assocIsUtf16(AssocCall *pCall);
/* Read a whole number >= 0 that a program passed as an integer, a REAL or
** digits. -2 for every other value. */
i64 assocValueWhole(sqlite3_value *pValue);

/* ----------------------------------------------------------------- char --
**
** Kinds of characters. Only ASCII has letters and digits here.
*/
#define ASSOC_CHAR_DIGIT 1
#define ASSOC_CHAR_LOWER 2
#define ASSOC_CHAR_UPPER 4
#define ASSOC_CHAR_UNDER 8  /* The underscore */
#define ASSOC_CHAR_HIGH 16  /* A byte of a character beyond ASCII */
#define ASSOC_CHAR_SPACE 32 /* White space of SQL: space, and \t to \r */
#define ASSOC_CHAR_GAP 64   /* White space of JSON: not \v and \f */
#define ASSOC_CHAR_HEX 128  /* A hexadecimal digit */
extern const u8 assocCharKind[256];
/* Is the character of one of these kinds? m: a sum of ASSOC_CHAR_*. */
#define ASSOC_CHAR_IS(c, m) ((assocCharKind[(u8)(c)] & (m)) != 0)

/* Eight bytes of 1, and eight whose highest bit is set: to test eight bytes at
** once. */
#define ASSOC_ONE_EACH 0x0101010101010101ull
#define ASSOC_HIGH_EACH 0x8080808080808080ull

/* One step of a 64-bit FNV-1a hash, which begins as ASSOC_HASH_START: add a byte,
** or a number. */
#define ASSOC_HASH_START 0xcbf29ce484222325u
static inline u64 assocHash(u64 h, u64 x) {
  return (h ^ x) * 0x100000001b3u;
}

static inline int assocIsDigit(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_DIGIT);
}
static inline int assocIsLower(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_LOWER);
}
static inline int assocIsUpper(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_UPPER);
}
static inline int assocIsLetter(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_LOWER | ASSOC_CHAR_UPPER);
}
/* A letter, a digit or an underscore. */
static inline int assocIsWord(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_LOWER | ASSOC_CHAR_UPPER |
                              ASSOC_CHAR_DIGIT | ASSOC_CHAR_UNDER);
}
/* The same, or a byte of a character beyond ASCII. */
static inline int assocIsName(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_LOWER | ASSOC_CHAR_UPPER |
                              ASSOC_CHAR_DIGIT | ASSOC_CHAR_UNDER |
                              ASSOC_CHAR_HIGH);
}
static inline int assocIsSpace(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_SPACE);
}
static inline int assocIsGap(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_GAP);
}
/* The letter in lower or upper case. Other bytes stay as they are. */
static inline char assocLower(char c) {
  return assocIsUpper(c) ? (char)(c + ('a' - 'A')) : c;
}
static inline char assocUpper(char c) {
  return assocIsLower(c) ? (char)(c - ('a' - 'A')) : c;
}
/* The value of a hexadecimal digit; -1: it is none. */
int assocHexValue(char c);

/* -------------------------------------------------------------- nearest --
**
** To suggest a name: set zWritten, call assocNearestTry() for each candidate,
** then read zBest.
*/
typedef struct AssocNearest AssocNearest;
struct AssocNearest {
  const char *zWritten; /* What was written */
  const char *zBest;    /* The nearest candidate so far, or 0 */
  int nBest;            /* The distance of zBest */
};
/* A hash of a name: the same in upper and lower case. */
u32 assocNameHash(const char *z);
/* Make z the nearest name if it is nearer than all before it, and near enough
** to be a slip of the pen. z must stay valid as long as zBest is read. */
void assocNearestTry(AssocNearest *p, const char *z);
/* ---------------------------------------------------------------- arena --
**
** An arena owns everything that lives as long as one tree, one plan, one
** catalog or one run. Nothing in an arena is freed alone.
*/
typedef struct AssocChunk AssocChunk;
struct AssocArena {
  char *pAt;          /* Next free byte of the newest chunk */
  char *pEnd;         /* End of the newest chunk */
  AssocChunk *pChunk; /* OWNED: chunks, newest first */
  i64 nByte;          /* Bytes in all chunks */
};

/* Allocate zeroed memory, aligned to 8 bytes. 0 after an error. */
void *assocAlloc(AssocCall *pCall, AssocArena *pArena, i64 nByte);
/* Allocate memory, aligned to 8 bytes, not zeroed. 0 after an error. */
void *assocAllocMore(AssocCall *pCall, AssocArena *pArena, i64 nByte);
/* The same, inline for what is allocated often. */
static inline void *assocAllocRaw(AssocCall *pCall, AssocArena *pArena,
                                  i64 nByte) {
  char *p = pArena->pAt;
  if (ASSOC_UNLIKELY(pArena->pEnd - p < nByte + 14 || pCall->rc != SQLITE_OK)) {
    return assocAllocMore(pCall, pArena, nByte);
  }
  p += -(intptr_t)p & 7;
  pArena->pAt = p + ((nByte + 7) & ~(i64)7);
  return p;
}

/* Something for each of many names, found without regard to case. Zeroed memory
** has no names. Names and words are in an arena of the caller's. */
typedef struct AssocWord AssocWord;
struct AssocWord {
  const char *zName; /* BORROWED */
  void *p;           /* Whatever the caller keeps; 0 at first */
  u32 iHash;         /* assocNameHash() */
  AssocWord *pNext;  /* In the same bucket */
};
typedef struct AssocWords AssocWords;
struct AssocWords {
  int nWord, nBucket;   /* A power of two, or 0 */
  AssocWord **apBucket; /* In the arena, as the words are */
};
/* The word of a name, or 0. */
AssocWord *assocWordsFind(const AssocWords *p, const char *zName);
/* The same, added if it is missing. The name must stay. 0 after an error. */
AssocWord *assocWordsAdd(AssocCall *pCall, AssocArena *pArena, AssocWords *p,
                         const char *zName);
/* A formatted text in the arena; 0 after an error. */
char *assocArenaPrintf(AssocCall *pCall, AssocArena *pArena, const char *zFmt,
                       ...);
/* Copy the first n bytes of z, or all of z if n<0, and append a nul. If z is 0,
** the copy is 0. */
char *assocArenaText(AssocCall *pCall, AssocArena *pArena, const char *z,
                     int n);
/* Copy n integers, such as numbers of columns. a may be 0 if n is 0. 0 after an
** error. */
int *assocArenaInts(AssocCall *pCall, AssocArena *pArena, int n, const int *a);
/* Finish pStr and move its text into the arena. */
char *assocArenaStr(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr);
/* Add a chunk with room for at least nByte bytes. SQLITE_OK or SQLITE_NOMEM. */
int assocArenaGrow(AssocArena *pArena, i64 nByte);
/* A text of nUsed bytes begins at pAt and needs room for nByte bytes. Move it
** to pAt of a chunk with that room. The chunk grows by half at least, so the
** time to write a text is linear in its length. SQLITE_OK or SQLITE_NOMEM. */
int assocArenaMove(AssocArena *pArena, i64 nUsed, i64 nByte);
/* Empty the arena. Keep the newest chunk that has at most nKeep bytes, and free
** the others. */
void assocArenaReset(AssocArena *pArena, i64 nKeep);
/* Free all chunks. The arena may be used again. */
void assocArenaFree(AssocArena *pArena);
/* Ask the kernel to use huge pages for a block, if the block is large
** enough. */
void assocHugePages(void *p, i64 nByte);

/* A row that a budget has counted, or not: see policed.c. */
typedef struct AssocSpent AssocSpent;
struct AssocSpent {
  i64 iTable; /* Tells the table in its statement from all others */
  u64 iKey;   /* A hash of the key */
  u8 eState;  /* LAST_*: what has counted it */
};

/* ----------------------------------------------------------------- conn --
**
** One AssocConn belongs to each connection that loaded the extension. It counts
** its references: every function, module and virtual table registered with
** SQLite holds one, because SQLite frees them in different orders.
**
** A statement that lives longer than a call is an AssocStmt in the connection's
** list. These statements are finalized when SQLite disconnects the private
** virtual table assoc_state. SQLite does that before sqlite3_close() looks for
** open statements, so a connection can always be closed. See state.c.
*/
#define ASSOC_SLOT_CATALOG 0 /* model: definitions and schema */
#define ASSOC_SLOT_PLANS 1   /* load: compiled plans and buffers */
#define ASSOC_SLOT_WRITE 2   /* surface: savepoints */
#define ASSOC_SLOT_RESULT 3  /* surface: what assoc_result() gives */
#define ASSOC_SLOT_WRITER 4  /* write: a writer at rest */
#define ASSOC_SLOT_LIVE 5    /* surface: statements that read live documents */
#define ASSOC_SLOT_FUNCTIONS 6 /* assoc.c: what the functions are */
#define ASSOC_NSLOT 7

struct AssocConn {
  sqlite3 *db;            /* Lives longer than its functions */
  AssocConn *pNext;       /* The next connection: see conn.c */
  int nRef;               /* Modules, tables and functions that hold it */
  int bLoaded;            /* All functions are registered */
  int nFunction;          /* Number of functions registered so far */
  int mxDepth;            /* Limit: nesting of shapes and results */
  int mxItem;             /* Limit: items of one shape */
  int bHooked;            /* The virtual table assoc_state is connected */
  int nHold;              /* Number of open holds: assocConnHold() */
  u8 mReplica;            /* surface: see replica.c; 0: not asked */
  u8 bViews;              /* assoc_config('views', 1): trust views */
  u8 bNeedSession;        /* assoc_config('session', 'required') */
  AssocSession *pSession; /* OWNED: assoc_session(), or 0 */
  i64 iSession;           /* Number of sessions begun and ended so far */
  struct {
    /* assoc_config(): what a call may spend; 0: all */
    i64 mxRow, mxGiven, mxByte, mxMs;
    /* What the call that runs has spent: nResult is the bytes of the results
    ** that it has given one at a time */
    i64 nRow, nGiven, nByte, nResult, iStart;
    const char *zAt; /* BORROWED: where in the shape it is, or 0 */
    u8 eOver;        /* ASSOC_OVER_*: what is spent, or 0 */
    u8 bFresh;       /* assoc_spend() has counted a row: see policed.c */
    u32 nText;       /* Number of statements written so far */
    u64 mOr;         /* Bit i: a text i, i+64, ... has assoc_spend_or */
    /* The last row of each table of a statement: see policed.c */
    AssocSpent aLast[32];
  } budget;
  /* Is this word a table of ours (1), a function (2), or neither (0)? */
  int (*xCallable)(const char *z, int n);
  AssocErr last;       /* The last error of a call: assoc_error() */
  void *pGate;         /* BORROWED: the job for assoc_gate, or 0 */
  void *pJob;          /* BORROWED: the job it runs now, or 0 */
  AssocKeyList *pList; /* BORROWED: keys for assoc_keys, or 0 */
  int bMadeTables;     /* Tables for definitions were made: see catalog.c */
  int nPlansView;      /* Views of which SQLite shows the program: schema.c */
  int nInside;         /* Depth of nested calls: assocCallEnter() */
  AssocStmt *pStmts;   /* Every AssocStmt that holds a statement */
  struct {
    void *p;               /* OWNED: state of a higher floor */
    void (*xFree)(void *); /* Frees p with the connection */
  } aSlot[ASSOC_NSLOT];
};

/* Create the state of a connection, with one reference, and list it. 0 if
** memory runs out. */
AssocConn *assocConnNew(sqlite3 *db);
/* Add a reference; returns pConn. */
AssocConn *assocConnRef(AssocConn *pConn);
void assocConnUnref(void *pConn); /* An xDestroy; frees after the last */
/* The state of a higher floor: n bytes in slot iSlot, which are zero when they
** are first asked for. xFree frees them with the connection. 0 after an
** error. */
void *assocConnSlot(AssocCall *pCall, int iSlot, size_t n,
                    void (*xFree)(void *));

/*
** Does a read still give what it gave? Two numbers change when this connection
** changes a row, and when a transaction begins, writes for the first time or
** ends: a ROLLBACK counts as no change. What neither tells:
**
**   - a ROLLBACK TO, inside of a write transaction;
**   - sqlite3_blob_write(), and a statement that writes and has not ended;
**   - a commit of another connection, if no statement is open that read before.
*/
typedef struct AssocSeen AssocSeen;
struct AssocSeen {
  i64 nChange;      /* sqlite3_total_changes64() */
  int eTransaction; /* SQLITE_TXN_*, or -1 */
};
/* Mark what is read from now on. */
void assocSeenNow(sqlite3 *db, AssocSeen *p);
/* Is it as it was then? */
int assocSeenStill(sqlite3 *db, const AssocSeen *p);

/* Between these two calls no kept statement is finalized, even if assoc_state
** is disconnected. An open cursor needs this: a close of the connection that
** fails disconnects assoc_state. */
void assocConnHold(AssocConn *pConn);
/* The end of what assocConnHold() began. The last one finalizes statements
** whose end was put off. */
void assocConnRelease(AssocConn *pConn);
/* Register the virtual table assoc_state, which is told when the connection
** closes. */
int assocStateRegister(AssocConn *pConn);
/* The AssocConn of an earlier load of the extension into db, or 0. The caller
** gets no reference. A load that failed while a statement ran leaves its
** functions registered, and so its AssocConn. */
AssocConn *assocConnFind(sqlite3 *db);

/* A statement that is kept between calls. Zeroed memory is a valid
** AssocStmt. */
struct AssocStmt {
  sqlite3_stmt *p;            /* 0: not prepared yet, or finalized */
  u32 nMade;                  /* Number of times it was prepared */
  AssocConn *pConn;           /* The connection in whose list it is */
  AssocStmt *pNext, **ppPrev; /* In pConn->pStmts if p is not 0 */
};

/* The statement, prepared from zSql if necessary. 0 after an error. */
sqlite3_stmt *assocStmt(AssocCall *pCall, AssocStmt *pStmt, const char *zSql);
/* Finalize the statement, if there is one. It can be prepared again. */
void assocStmtClear(AssocStmt *pStmt);

/* -------------------------------------------------------------- session --
**
** assoc_session('{"me":7}') says on whose behalf shapes run from now on. The
** values are a name space of their own: only policies read them. They are state
** of the connection, which no ROLLBACK changes.
*/
struct AssocSession {
  AssocArena mem;            /* Holds the session itself and all its memory */
  const char *zText;         /* The JSON object as it was given */
  struct AssocJson *pValues; /* The same, read */
};
/* Begin a session. An error if there is one, or if the text is no JSON object
** of single values and of arrays of such. */
void assocSessionBegin(AssocCall *pCall, const char *zText, int nText);
/* End the session, if there is one. */
void assocSessionEnd(AssocConn *pConn);
/* Bind a value of the session to the parameter i; an array as its JSON text. An
** error if the session lacks the name, if there is no session, or if bList and
** the value is no array or the reverse. */
void assocSessionBind(AssocCall *pCall, sqlite3_stmt *pStmt, int i,
                      const char *zName, int bList);
/* Raise the error that zFunction is for the owner, if there is a session. */
void assocSessionRefuse(AssocCall *pCall, const char *zFunction);
/* Raise an error if assoc_config('session', 'required') is set and there is no
** session. */
void assocSessionNeed(AssocCall *pCall);
/* Raise the one error of all that a policy does not allow. It names no table,
** column or value. */
void assocSessionDeny(AssocCall *pCall);

/* What one call may spend while there is a session. Begin counts from 0, at the
** outermost call. */
void assocBudgetBegin(AssocConn *pConn);
/* Are rows counted, since there is a session and a budget of rows or time? */
int assocBudgetCounts(const AssocConn *pConn);
/* Count a row that is read. False if the budget is spent: then eOver is set, and
** the caller ends the work with SQLITE_ABORT. So do the next three functions. */
int assocBudgetRow(AssocConn *pConn);
/* n bytes of rows, kept in memory until the answer is finished. */
int assocBudgetBytes(AssocConn *pConn, i64 n);
/* n rows of the answer. */
int assocBudgetGive(AssocConn *pConn, i64 n);
/* Look at the clock alone: for loops that neither read nor give a row. */
int assocBudgetTime(AssocConn *pConn);
#define ASSOC_OVER_ROWS 1  /* Rows that were read or written */
#define ASSOC_OVER_GIVEN 2 /* Rows of the answer */
#define ASSOC_OVER_BYTES 3 /* Bytes of rows and result */
#define ASSOC_OVER_MS 4    /* Milliseconds */
/* Count a row that a writer reads or writes; an error if the budget is
** spent. */
void assocBudgetSpend(AssocCall *pCall);
/* Raise the error for a spent budget, if one is spent and the call has no
** error. */
void assocBudgetError(AssocCall *pCall);
/* The most bytes of a result: SQLite's limit, or what is left of the budget. */
i64 assocBudgetMost(const AssocConn *pConn);
/* The most bytes of one row of a result with several rows. */
i64 assocBudgetMostRow(const AssocConn *pConn);
/* Count n bytes of such a row, when it is given to SQLite. */
void assocBudgetResult(AssocConn *pConn, i64 n);
/* A row or a result was longer than nMax, which one of these two gave: raise the
** error of the budget, if it is the budget that says so. */
void assocBudgetTooBig(AssocCall *pCall, i64 nMax);

/* -------------------------------------------------------------- private --
**
** Methods shared by virtual tables that only SQLite should call. Such a table
** holds a reference to the connection (the client data of its module) and is
** always empty.
*/
typedef struct AssocPrivate AssocPrivate;
struct AssocPrivate {
  sqlite3_vtab base; /* First, so that SQLite's pointer is ours */
  AssocConn *pConn;  /* Holds one reference */
};
/* Raise the error that the user already has a table with a name that we
** need. */
void assocPrivateTaken(AssocCall *pCall, const char *zName);
/* Declare the table zTable ("CREATE TABLE x(...)") and create its object, of
** nByte zeroed bytes, whose first member is an AssocPrivate.
** assocPrivateDisconnect() frees it. Tables that are not private do the same. */
int assocVtabNew(AssocConn *pConn, const char *zTable, size_t nByte,
                 sqlite3_vtab **ppVtab);
/* The same for a private table. */
int assocPrivateNew(sqlite3 *db, void *pAux, const char *zTable,
                    sqlite3_vtab **ppVtab);
/* The methods of a private table, for its sqlite3_module. */
int assocPrivateConnect(sqlite3 *db, void *pAux, int argc,
                        const char *const *argv, sqlite3_vtab **ppVtab,
                        char **pzErr);
/* xDisconnect: free the table, and its reference to the connection. */
int assocPrivateDisconnect(sqlite3_vtab *pVtab);
/* The xOpen of any table: a cursor of nByte zeroed bytes, whose first member is
** the sqlite3_vtab_cursor. assocPrivateClose() frees it. */
int assocCursorNew(size_t nByte, sqlite3_vtab_cursor **ppCur);
/* xBestIndex: the only plan is a scan. */
int assocPrivateBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo);
/* xOpen: a cursor without any state. */
int assocPrivateOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur);
/* xClose: free the cursor, of any type that owns nothing else. */
int assocPrivateClose(sqlite3_vtab_cursor *pCur);
/* xFilter: begin at the end, as the table has no rows. */
int assocPrivateFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                       const char *idxStr, int argc, sqlite3_value **argv);
/* xNext, which SQLite never calls for an empty table. */
int assocPrivateNext(sqlite3_vtab_cursor *pCur);
/* xEof: always true. */
int assocPrivateEof(sqlite3_vtab_cursor *pCur);
/* xColumn, which SQLite requires: NULL. */
int assocPrivateColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                       int iCol);
/* xRowid, which SQLite requires: 0. */
int assocPrivateRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid);

/* All methods of a private table except xConnect, xDisconnect and xUpdate. */
#define ASSOC_PRIVATE_TABLE                                                    \
  .xBestIndex = assocPrivateBestIndex, .xOpen = assocPrivateOpen,              \
  .xClose = assocPrivateClose, .xFilter = assocPrivateFilter,                  \
  .xNext = assocPrivateNext, .xEof = assocPrivateEof,                          \
  .xColumn = assocPrivateColumn, .xRowid = assocPrivateRowid

/* ----------------------------------------------------------------- json --
**
** An AssocOut is a buffer with room to write to. assocOutNeed(n) makes room for
** n > 0 bytes; false means that no room can be made. After an error there may
** still be room; what is written there is discarded. A writer may ask for up to
** ASSOC_OUT_SLACK bytes more than it writes. A writer that takes a char* writes
** there, needs the room that its comment states, and returns the new end.
*/
struct AssocOut {
  char *pStart; /* Start of the text, which is contiguous */
  char *p;      /* Where the next byte goes */
  char *pEnd;   /* End of the room */
  int rc;       /* SQLITE_OK or first error; then pStart is 0 */
  i64 nMax;     /* Longest text; more is SQLITE_TOOBIG */
  /* Make room for n more bytes. Called only if the room is too small. Sets
  ** pStart, p and pEnd. */
  void (*xGrow)(AssocOut *, i64 n);
};

#define ASSOC_OUT_SLACK 20000 /* Bytes */

/* Would n more bytes exceed nMax? Up to ASSOC_OUT_SLACK of them may be
** unused. */
static inline int assocOutTooBig(const AssocOut *pOut, i64 n) {
  return pOut->p - pOut->pStart + n - ASSOC_OUT_SLACK > pOut->nMax;
}

/* Make room for n bytes. True if there is room. */
static inline int assocOutNeed(AssocOut *pOut, i64 n) {
  if (!ASSOC_UNLIKELY(pOut->pEnd - pOut->p < n)) return 1;
  pOut->xGrow(pOut, n);
  return pOut->rc == SQLITE_OK;
}

/* An AssocOut on the heap, for texts of at most nMax bytes. assocBufFinish() or
** assocBufClear() ends it. */
void assocBufInit(AssocOut *pOut, i64 nMax);
/* Make room for nByte bytes in advance. No error if that fails. */
void assocBufReserve(AssocOut *pOut, i64 nByte);
/* OUT: the text, nul-terminated, *pn bytes; the caller frees it with
** sqlite3_free(). 0 after an error. */
char *assocBufFinish(AssocOut *pOut, i64 *pn);
/* The same, and an error is the call's. */
char *assocBufText(AssocCall *pCall, AssocOut *pOut, i64 *pn);
/* Free the text. */
void assocBufClear(AssocOut *pOut);
/* Append n bytes, or a formatted text. */
void assocOutText(AssocOut *pOut, const char *z, i64 n);
/* A text by sqlite3_mprintf()'s rules. For short texts: it is formatted on the
** heap first. */
void assocOutPrintf(AssocOut *pOut, const char *zFmt, ...);

/* How a column's value is written. */
#define ASSOC_JSON_PLAIN 0 /* As json_object() does */
#define ASSOC_JSON_BOOL 1  /* 1 and 0 are true and false */
#define ASSOC_JSON_RAW 2   /* The value is JSON already */
#define ASSOC_JSON_TEXT 3  /* A number becomes a string */

/* The number of digits that this SQLite's JSON functions print of a REAL: 15 or
** 17. */
int assocJsonDigits(void);
/* Append one SQL value as JSON. */
void assocJsonValue(AssocOut *pOut, sqlite3_value *pVal, int eHow);

/* A member of an object: its key, and which of the values of a row it has. */
typedef struct AssocMember AssocMember;
struct AssocMember {
  const char *zKey; /* The text before the value: ,"title": */
  int nKey;         /* Its bytes; ASSOC_KEY_PAD more can be read */
  int iVal;         /* The place of the value */
  int eJson;        /* ASSOC_JSON_*, but not RAW */
  i64 nRoom; /* Room to ask for before it is written: it and all behind */
};
#define ASSOC_KEY_PAD 16  /* Bytes: keys are copied in blocks of 16 */
#define ASSOC_MEMBERS 100 /* Members that are written at once, at most */
/* Set nRoom of n members, and of one behind them that is a key alone, of
** ASSOC_KEY_PAD bytes at most. */
void assocJsonRoom(AssocMember *aMember, int n);
/* Append n members, and the key behind them. apVal has the values of the row. */
void assocJsonMembers(AssocOut *pOut, const AssocMember *aMember, int n,
                      sqlite3_value **apVal);

/* Write the n bytes at z as the inside of a JSON string. Bytes that are not
** UTF-8 become U+FFFD. Needs room for 6 * n + 16 bytes. Texts of more than
** ASSOC_TEXT_PIECE bytes are written in pieces, so the room that is asked for
** stays small. */
char *assocJsonChars(char *p, const char *z, i64 n);
#define ASSOC_TEXT_PIECE 2000
/* Append the n bytes at z as a JSON string with its quotes. */
void assocJsonString(AssocOut *pOut, const char *z, i64 n);
/* Replace each byte that is not part of well-formed UTF-8 by "?", for texts that
** quote what was given, or a part of it. z may be 0. */
void assocTextMend(char *z);
/* Append a member whose value is the text z. zBefore is its name, with the
** punctuation around it: ,"name": */
void assocJsonMember(AssocOut *pOut, const char *zBefore, const char *z);
/* Append text that is valid JSON except that its bytes may not be UTF-8. */
void assocJsonRaw(AssocOut *pOut, const char *z, i64 n);
/* Append an integer in decimal. */
void assocJsonInt(AssocOut *pOut, i64 i);
/* Append a REAL as json_object() writes it. */
void assocJsonReal(AssocOut *pOut, double r);
/* Append a BLOB as a string of hexadecimal digits. */
void assocJsonBlob(AssocOut *pOut, const u8 *z, i64 n);

/* ------------------------------------------------------------- jsonread --
**
** One node of a JSON tree.
*/
typedef struct AssocJson AssocJson;
struct AssocJson {
  u8 eType;          /* ASSOC_J_* */
  const char *zKey;  /* The member's key in an object; else 0 */
  const char *z;     /* TEXT: nul-terminated. Numbers: as written, n bytes */
  int n;             /* Bytes of z */
  i64 i;             /* INT: the value. TRUE: 1 */
  double r;          /* REAL: the value */
  int nChild;        /* ARRAY, OBJECT: how many elements */
  AssocJson *pChild; /* The first element */
  AssocJson *pNext;  /* The next element of the same parent */
};
#define ASSOC_J_NULL 0
#define ASSOC_J_FALSE 1
#define ASSOC_J_TRUE 2
#define ASSOC_J_INT 3
#define ASSOC_J_REAL 4
#define ASSOC_J_TEXT 5
#define ASSOC_J_BLOB 6 /* z, n bytes. Made of a TEXT, never read */
#define ASSOC_J_ARRAY 7
#define ASSOC_J_OBJECT 8

/* Read zJson, nJson bytes (-1: up to its nul), into pArena. zWhat is the
** subject of an error's text: "the options". 0 after an error. */
AssocJson *assocJsonRead(AssocCall *pCall, AssocArena *pArena,
                         const char *zJson, int nJson, const char *zWhat);
/* The same, but 0 if the text is no JSON. */
AssocJson *assocJsonTry(AssocCall *pCall, AssocArena *pArena, const char *zJson,
                        int nJson);
/* The same, but an error if the value is not an object. */
AssocJson *assocJsonObject(AssocCall *pCall, AssocArena *pArena,
                           const char *zJson, int nJson, const char *zWhat);

/* Reading a long text: one element of its array at a time, or the whole value
** if it is not an array. See the head of jsonread.c for an example. */
typedef struct AssocJsonKey AssocJsonKey;
/* A key that was read before, so that equal keys share one copy. */
struct AssocJsonKey {
  const char *z; /* In the arena of the keys */
  int n;         /* Its length in bytes */
  int iNext;     /* Index of the key that followed it last time */
};
typedef struct AssocJsonReader AssocJsonReader;
struct AssocJsonReader {
  AssocCall *pCall;      /* Receives the first error */
  const char *zWhat;     /* Names the text in errors */
  const char *zStart;    /* The whole text, to count offsets from */
  const char *z, *zEnd;  /* The rest of the text */
  AssocArena *pArena;    /* Arena of the current value */
  sqlite3_stmt *pCast;   /* OWNED: converts numbers that need SQLite */
  i64 nRead;             /* Calls of assocJsonNext() */
  u8 bArray;             /* The text is an array */
  u8 bDone;              /* All of the text has been read */
  u8 bStay;              /* The text outlives the values: do not copy numbers */
  AssocArena keys;       /* OWNED: the keys, if bArray; else pArena has them */
  AssocJsonKey aKey[32]; /* Hash table of recent keys */
  int iKey;              /* Index of the last key */
};
/* Begin to read. zJson must stay valid until assocJsonEnd(); numbers and keys
** point into it or into the reader. */
void assocJsonStart(AssocCall *pCall, AssocJsonReader *p, const char *zJson,
                    i64 nJson, const char *zWhat);
/* Read the next element into pArena. 0 after the last element or an error. */
AssocJson *assocJsonNext(AssocJsonReader *p, AssocArena *pArena);
/* Free what the reader owns. Keys of its values are invalid afterwards. */
void assocJsonEnd(AssocJsonReader *p);

/* The text of a value whose first character is '[' or '{'; else 0. */
const char *assocJsonText(AssocCall *pCall, sqlite3_value *pVal);
/* The member of an object with this key, or 0. pObject may be 0. */
AssocJson *assocJsonGet(AssocJson *pObject, const char *zKey);
/* Append a tree as minified JSON, as json() does. */
void assocJsonWrite(AssocOut *pOut, const AssocJson *p);
/* Bind a scalar to the parameter i; true and false are 1 and 0. Returns a
** result code. */
int assocJsonBind(sqlite3_stmt *pStmt, int i, const AssocJson *p);
/* Give a scalar as the value of a column. */
void assocJsonResult(sqlite3_context *pCtx, const AssocJson *p);
/* Convert a scalar to an SQL value. pStmt is a prepared "SELECT ?1". OUT: the
** caller frees the value with sqlite3_value_free(). */
sqlite3_value *assocJsonValueOf(AssocCall *pCall, sqlite3_stmt *pStmt,
                                const AssocJson *p);
/* Is it what JSON.stringify() makes of bytes: {"type":"Buffer","data":[1,2]}? */
int assocJsonIsBuffer(const AssocJson *p);
/* The type of a value as words for an error: "a number", "an array". */
const char *assocJsonTypeName(const AssocJson *p);

/* --------------------------------------------------------------- option --
**
** A set of options is a JSON object. A table of AssocOption describes the
** members that are allowed.
*/
typedef struct AssocOptionReader AssocOptionReader;
struct AssocOptionReader {
  AssocCall *pCall;   /* Receives the first error */
  AssocArena *pArena; /* Arena of the JSON tree */
  void *pInto;        /* The structure that receives the options */
  int bStored; /* They were stored, perhaps by a newer version: errors say so */
};
typedef struct AssocOption AssocOption;
struct AssocOption {
  const char *zName; /* As a user spells it */
  /* The types that the value may have, one letter each: n null (xTake is not
  ** called), b true or false, 1 a number, t a text, a an array (t and a: not
  ** empty), o an object. 0: any type. zMust names the types in an error: "the
  ** option x must be ...". */
  const char *zType, *zMust;
  /* Store the value. The last argument points into pInto at offset iInto. xTake
  ** may be 0: the option is allowed and has no effect here. */
  void (*xTake)(AssocOptionReader *, AssocJson *, void *);
  size_t iInto; /* Offset of the member of pInto that xTake sets */
};
/* Read the members of an object. The error for an unknown option lists the
** valid ones after zHas: "assoc_sync() has". */
void assocOptionsRead(AssocOptionReader *r, AssocJson *pJson, int nOption,
                      const AssocOption *aOption, const char *zHas);
/* Read options from JSON text; zJson may be 0. The tree is freed before the
** function returns, so xTake must copy texts. */
void assocOptionsOf(AssocCall *pCall, const char *zJson, int nOption,
                    const AssocOption *aOption, const char *zHas, void *pInto);
/* The members of pJson in the order of aOption, as they are stored: without
** null, and without options that have an xTake, which are for the call alone.
** The text lives in the arena; 0 after an error. */
char *assocOptionsStored(AssocCall *pCall, AssocArena *pArena, AssocJson *pJson,
                         int nOption, const AssocOption *aOption);
/* Raise an error if an object that was stored has a member that aOption does
** not list. Types are not checked. */
void assocOptionsKnown(AssocCall *pCall, const AssocJson *pJson, int nOption,
                       const AssocOption *aOption, const char *zHas);
/* What errors about a stored row say before they list what is valid. */
#define ASSOC_NEWER "update assoc if a newer version wrote this; "
/* An xTake that stores true or false in an int. */
void assocOptionFlag(AssocOptionReader *r, AssocJson *p, void *pInto);

/* ------------------------------------------------------------- sqltoken -- */

/* The length in bytes of the token that z begins with; 0 at the end of the
** text. *peType is ASSOC_SQL_*. */
int assocSqlToken(const char *z, int *peType);
#define ASSOC_SQL_SPACE 0  /* White space or a comment */
#define ASSOC_SQL_WORD 1   /* A keyword, a name, a number */
#define ASSOC_SQL_QUOTED 2 /* "a", 'a', `a`, [a] */
#define ASSOC_SQL_OTHER 3  /* One character: punctuation */
/* The length of the next token that is not white space; 0 at the end of the
** text. *pz moves to the token, or to the end. */
int assocSqlNext(const char **pz, int *peType);
/* Is the token of n bytes at z the keyword zWord, in any case of letters? */
int assocSqlIs(const char *z, int n, const char *zWord);
/* The length of the word at z if it needs no quotes as a name, else 0: ASCII
** letters, digits and "_", no digit first, no keyword. */
int assocDdlPlain(const char *z);
/* Append a name, quoted only where SQLite needs the quotes. For SQL that people
** read. */
void assocDdlName(sqlite3_str *pStr, const char *z);

/* --------------------------------------------------------------- keymap --
**
** Which parent does a child row belong to? A keymap numbers distinct keys 0, 1,
** 2, ... and finds the number of a key again. Two keys are equal if SQL's = is
** true between the two columns. The rule of each column says how SQL converts
** the values before it compares them.
*/
struct AssocKeyRule {
  u8 eAff;  /* ASSOC_AFF_*: the affinity that the comparison applies */
  u8 eColl; /* ASSOC_COLL_*: how text compares */
};
#define ASSOC_AFF_NONE 0    /* Values keep their type */
#define ASSOC_AFF_TEXT 1    /* Numbers compare as texts */
#define ASSOC_AFF_NUMERIC 2 /* Texts that look like numbers are numbers */

#define ASSOC_COLL_BINARY 0 /* Byte by byte */
#define ASSOC_COLL_NOCASE 1 /* Without the case of ASCII letters */
#define ASSOC_COLL_RTRIM 2  /* Without spaces at the end */
#define ASSOC_COLL_OTHER 3  /* Any other: no keymap possible */

typedef struct AssocKeyCell AssocKeyCell;
/* Keys that a writer gives to one statement that reads assoc_keys. */
struct AssocKeyList {
  int n; /* Keys */
  int i; /* The key at which the statement stands, if it reads them once */
  /* Give column iCol of key i. */
  void (*xColumn)(const AssocKeyList *, int i, sqlite3_context *, int iCol);
};

struct AssocKeymap {
  int nKey;                  /* Values in a key */
  const AssocKeyRule *aRule; /* BORROWED: nKey rules */
  u32 nSlot;                 /* Distinct keys so far */
  u8 eMode;                  /* ASSOC_MAP_*: how keys are stored */
  i64 iBase;                 /* RUN, NEAR: the first key */
  u32 nCell;                 /* Size of aNear; of aCell, a power of 2; or 0 */
  u32 *aNear;                /* NEAR, OWNED: for iBase, iBase+1, ... the number
                             ** of this key plus one; 0: it is no key */
  AssocKeyCell *aCell;       /* INT, ANY, OWNED: hash table, open addressing */
  u32 *aOrder;               /* OWNED: place in the table by key number, or 0 */
  u32 nOrder;                /* Entries in aOrder: nSlot, or 0 if places have
                             ** changed */
  u64 iSeed;                 /* INT, ANY: odd and random, for hashing */
  AssocArena mem;            /* ANY: encoded keys */
  char *zScratch;            /* ANY, OWNED: a key being encoded */
  i64 nScratch;              /* Its size in bytes */
};
#define ASSOC_MAP_RUN 0  /* Integers iBase, iBase+1, ...: no table */
#define ASSOC_MAP_NEAR 1 /* Integers near each other: a table by key */
#define ASSOC_MAP_INT 2  /* Single integers */
#define ASSOC_MAP_ANY 3  /* Byte strings, equal exactly if the keys are */

#define ASSOC_NOSLOT 0xffffffffu /* The map does not have the key */

/* Begin an empty map. aRule must outlive the map. */
void assocKeymapInit(AssocKeymap *pMap, int nKey, const AssocKeyRule *aRule);
/* Free the map's memory. */
void assocKeymapClear(AssocKeymap *pMap);
/* The number of a key; a new key is added. ASSOC_NOSLOT if the key contains
** NULL or an error occurred; an error sets *pRc. Does nothing if *pRc is an
** error already. */
u32 assocKeymapAdd(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc);
/* Bind the values of key iSlot to the parameters iVar, iVar+1, ... The bound
** values point into the map. Returns a result code. */
int assocKeymapBind(AssocKeymap *pMap, u32 iSlot, sqlite3_stmt *pStmt,
                    int iVar);
/* Make value iVal of key iSlot the result of a virtual table's column. The
** result points into the map, which must not change while SQLite uses the
** value. */
int assocKeymapResult(AssocKeymap *pMap, u32 iSlot, int iVal,
                      sqlite3_context *pCtx);
/* assocKeymapAdd() for an integer, in a map of single-column keys. */
u32 assocKeymapAddInt(AssocKeymap *pMap, i64 i, int *pRc);
/* The number of a key that is in the map, or ASSOC_NOSLOT. */
u32 assocKeymapSeek(AssocKeymap *pMap, sqlite3_value **apVal, int *pRc);
/* The same, inline for an integer in a RUN. */
static inline u32 assocKeymapFind(AssocKeymap *pMap, sqlite3_value **apVal,
                                  int *pRc) {
  u64 i;
  if (pMap->eMode != ASSOC_MAP_RUN ||
      sqlite3_value_type(apVal[0]) != SQLITE_INTEGER) {
    return assocKeymapSeek(pMap, apVal, pRc);
  }
  assert(pMap->nSlot == 0 || pMap->aRule[0].eAff != ASSOC_AFF_TEXT);
  i = (u64)sqlite3_value_int64(apVal[0]) - (u64)pMap->iBase;
  return i < pMap->nSlot ? (u32)i : ASSOC_NOSLOT;
}
/* assocKeymapFind() for an integer, in a map that has integers only. */
u32 assocKeymapFindInt(AssocKeymap *pMap, i64 i);
/* Is a key, as the map's rule compares it, an integer? *pi receives it. */
int assocKeymapInteger(AssocKeymap *pMap, sqlite3_value **apVal, i64 *pi,
                       int *pRc);
/* Find key iSlot of another map, which has the same rules, in pMap. */
u32 assocKeymapFindOf(AssocKeymap *pMap, AssocKeymap *pOther, u32 iSlot,
                      int *pRc);

#endif /* ASSOC_BASE_H */
