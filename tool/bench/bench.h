/*
** The benchmark of assoc against the SQL that an expert writes by hand.
**
**   data    makes the database that is read
**   shape   reads shapes.sql: our query, the expert's, and the target
**   bench   asks both in turn, compares what they answer, and measures
*/
#ifndef BENCH_H
#define BENCH_H

#include <sqlite3.h>

typedef sqlite3_int64 i64;

/* A message to stderr, and the end: what the database says, if there is one,
** comes after it. */
void benchFail(sqlite3 *db, const char *zFmt, ...);
/* Run SQL of which no rows are expected. */
void benchExec(sqlite3 *db, const char *zSql);

/* ------------------------------------------------------------------- data */

/* Make the tables, with so many users, in an empty database. The rows of one
** parent lie in the file as they came in time, or, clustered, together. */
void benchData(sqlite3 *db, i64 nUser, int bClustered);
/* Declare to assoc how the tables relate. */
void benchDefine(sqlite3 *db);
/* Make so many small tables, each of which refers to the one before, and declare
** how they relate. */
void benchSmall(sqlite3 *db, int nTable);
/* The columns of a table, the names one after another, and a 0. */
const char *const *benchColumns(const char *zTable, int nTable);

/* ------------------------------------------------------------------ shape */

/* One way of asking */
typedef struct BenchQuery BenchQuery;
struct BenchQuery {
  enum {
    OURS,
    EXPERT,
    SMALL,
    BESIDE,
    OTHER
  } eKind; /* As in shapes.sql */
  const char *zName;
  const char *zSql;
  double rTarget; /* Its time by ours is to be this at least, or 0 */
};

typedef struct BenchShape BenchShape;
struct BenchShape {
  const char *zName;
  double rTarget;   /* The expert's time by ours is to be this at least */
  double rOverhead; /* Or 0: microseconds that we may need beyond it */
  int bList, bAnyOrder;
  int bUndone;          /* It writes: each turn is rolled back */
  int bOnce;            /* A turn is one run: a second has nothing to do */
  int bScript;          /* Several statements */
  int nFresh;           /* Tables of the file that each run opens, or that a
                        ** script attaches; or 0 */
  int nSame;            /* Runs in a row of the same key; 0: it is given none */
  const char *zFloor;   /* Tables that are read whole, or 0 */
  const char *zSetup;   /* SQL to run once, or 0 */
  BenchQuery aQuery[6]; /* The first is ours */
  int nQuery;
};

/* Read the shapes, nMax at most; returns how many there are. They live as long
** as the process. */
int benchShapes(const char *zFile, BenchShape *aShape, int nMax);
/* The SQL of a query. OUT: freed with sqlite3_free(). */
char *benchSql(const char *zSql, int bJsonb, i64 nUser);

#endif /* BENCH_H */
