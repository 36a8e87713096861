/*
** What SQL sees. Each file of this room is one family of functions or one
** table-valued function, and gives it as a table of functions, or a module,
** that assoc.c registers.
*/
#ifndef ASSOC_SURFACE_H
#define ASSOC_SURFACE_H

#include "load/load.h"

typedef struct AssocFunction AssocFunction;
struct AssocFunction {
  const char *zName;
  int nMin, nMax; /* Arguments; nMax<0: no bound */
  int mFlag;      /* SQLITE_DIRECTONLY, SQLITE_DETERMINISTIC, … */
  void (*xFunc)(AssocCall *, sqlite3_context *, int, sqlite3_value **);
  const char *zArgs; /* For the error that there are too few or too many */
};

/* Ends with a zName of 0. */
extern const AssocFunction aAssocDefineFunction[];
extern const AssocFunction aAssocReadFunction[];
extern const AssocFunction aAssocSyncFunction[];

extern const sqlite3_module assocEagerModule;
extern const sqlite3_module assocListModule;
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
  AssocArena mem;  /* OWNED: holds apVal */
  int nOwned;      /* The first of apVal, that are to be freed */
};
/* One key of a model, as its value or as a JSON array if it is composite. */
void assocKeyRead(AssocCall *pCall, const AssocModel *pModel,
                  sqlite3_value *pVal, AssocKeys *pKeys);
/* Targets: one key, an array of keys, or rows with their keys. */
void assocTargetsRead(AssocCall *pCall, const AssocModel *pModel,
                      sqlite3_value *pVal, AssocKeys *pKeys);
void assocKeysClear(AssocKeys *pKeys);

/* Give JSON text to SQLite. zJson is freed with sqlite3_free(). */
void assocResultJson(sqlite3_context *pCtx, char *zJson, i64 n);

/* ------------------------------------------------------------------ write */

/* A savepoint around a function that writes. Fails inside a statement that
** writes. */
void assocWriteBegin(AssocCall *pCall, const char *zFunction);
void assocWriteEnd(AssocCall *pCall);

#endif /* ASSOC_SURFACE_H */
