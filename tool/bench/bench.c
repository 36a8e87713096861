/*
** Measure assoc against the SQL that an expert writes by hand: `make bench`.
**
**   bench [options] SHAPES    (tool/bench/shapes.sql)
**     -n 1000,10000   users of each database: sizes ten apart show growth
**     -s GLOB         only the shapes of that name
**     -t SECONDS      to spend on a shape, more or less (0.5)
**     -x FILE         the extension (./assoc)
**     -d DIRECTORY    where the databases are, or are made (build/bench)
**     -o FILE         write the numbers there too, with tabs between
**     -c              the rows of a parent lie together in the file
**     -a              run ANALYZE on the databases
**     -p ours|expert  run but that side, in benchProfile(), for a profiler, and
**                     count the pages that it reads
**     -r RUNS         so many times
**
** Each shape is prepared in our form and in all of the expert's, on the same
** connection. All are run once, and must give the same bytes. Then ours and
** those of the expert's that were not far from the best are run in turn. The
** ratio is the median of those of the pairs, the range beside it the quartiles.
** Short ones are run many times in a row, so that a turn lasts two
** milliseconds, after one run that does not count. The time is that of the processor, in the program and in the
** system for it, so that others disturb less: nothing here ever waits. It is
** from the first sqlite3_step() to sqlite3_reset(), with every column fetched.
**
** The floor of a load is what SQLite needs to tell the types of all columns
** that are read. `floors` is our time over twice the floor plus the time to
** copy the result once: one or less leaves little to gain.
*/
#define _GNU_SOURCE /* getopt(), getloadavg() */
#include "bench.h"
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define DATA_VERSION 5 /* In PRAGMA user_version: other data is made anew */
#define SHAPE_MAX 256
#define SIDE_MAX 12
#define ROUND_MAX 301
#define TURN 2.0    /* Milliseconds of a turn, at least */
#define NEAR 1.5    /* Times the best of the expert's: no need to go on */
#define KEYS_MAX 20 /* Keys of which the answers are compared */

static struct {
  i64 anUser[4];
  int nSize;
  const char *zGlob;
  double rSecond;
  const char *zExtension;
  const char *zDirectory;
  const char *zProfile;
  int nRun;
  int bClustered, bAnalyze;
  FILE *pOut;
} opt = {{1000, 10000}, 2, "*", 0.5, "./assoc", "build/bench", 0, 0, 0, 0, 0};

/* What a query answered */
typedef struct Answer Answer;
struct Answer {
  i64 nRow, nByte;
  unsigned long long iHash;
};

/* A query being measured */
typedef struct Side Side;
struct Side {
  const BenchQuery *pQuery;
  char zName[40];
  char *zSql; /* OWNED */
  sqlite3_stmt *pStmt;
  Answer answer;
  double rFirst; /* Of one run, in ms, as all that follow */
  double rMedian;
  double aTime[ROUND_MAX];
};

/* A shape on one database */
typedef struct Bench Bench;
struct Bench {
  sqlite3 *db;
  i64 nUser;
  const BenchShape *pShape;
  Side aSide[SIDE_MAX]; /* The first is ours */
  int nSide;
  int nTurn;  /* Runs in a turn */
  int nRound; /* Turns of each side */
};

void benchFail(sqlite3 *db, const char *zFmt, ...) {
  va_list ap;
  va_start(ap, zFmt);
  fprintf(stderr, "bench: ");
  vfprintf(stderr, zFmt, ap);
  if (db) fprintf(stderr, ": %s", sqlite3_errmsg(db));
  fprintf(stderr, "\n");
  va_end(ap);
  exit(1);
}

void benchExec(sqlite3 *db, const char *zSql) {
  if (sqlite3_exec(db, zSql, 0, 0, 0)) benchFail(db, "%.300s", zSql);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compareNumbers(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The number below which a share of n numbers lies: 0.5 for the median */
static double quantile(const double *aFrom, int n, double rShare) {
  double a[ROUND_MAX];
  double rAt = rShare * (n - 1);
  int i = (int)rAt;
  memcpy(a, aFrom, sizeof(a[0]) * (size_t)n);
  qsort(a, (size_t)n, sizeof(a[0]), compareNumbers);
  return i + 1 < n ? a[i] + (rAt - i) * (a[i + 1] - a[i]) : a[i];
}

/* --------------------------------------------------------------- databases */

/* look(X, …): at the type of each argument. */
static void lookFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **ap) {
  int i, n = 0;
  for (i = 0; i < nArg; i++) n += sqlite3_value_type(ap[i]) != SQLITE_NULL;
  sqlite3_result_int(pCtx, n);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *zSql) {
  sqlite3_stmt *pStmt = 0;
  if (sqlite3_prepare_v3(db, zSql, -1, SQLITE_PREPARE_PERSISTENT, &pStmt, 0)) {
    benchFail(db, "%s", zSql);
  }
  return pStmt;
}

static int dataVersion(sqlite3 *db) {
  sqlite3_stmt *pStmt = prepare(db, "PRAGMA user_version");
  int n = sqlite3_step(pStmt) == SQLITE_ROW ? sqlite3_column_int(pStmt, 0) : 0;
  sqlite3_finalize(pStmt);
  return n;
}

static void loadExtension(sqlite3 *db) {
  char *zErr = 0;
  sqlite3_enable_load_extension(db, 1);
  if (sqlite3_load_extension(db, opt.zExtension, 0, &zErr)) {
    benchFail(0, "%s: %s", opt.zExtension, zErr);
  }
}

/* Make a file: of nSmall small tables, or else of the data of nUser users. */
static void makeData(const char *zFile, i64 nUser, int nSmall) {
  char *zNew = sqlite3_mprintf("%s-new", zFile);
  char *zSql = sqlite3_mprintf("PRAGMA user_version = %d", DATA_VERSION);
  sqlite3 *db;
  printf("making %s\n", zFile);
  unlink(zNew);
  if (sqlite3_open(zNew, &db)) benchFail(db, "%s", zNew);
  if (nSmall == 0) benchData(db, nUser, opt.bClustered);
  loadExtension(db);
  if (nSmall == 0) benchDefine(db);
  if (nSmall) benchSmall(db, nSmall);
  if (opt.bAnalyze) benchExec(db, "ANALYZE");
  benchExec(db, zSql);
  sqlite3_close(db);
  if (rename(zNew, zFile)) benchFail(0, "cannot make %s", zFile);
  sqlite3_free(zSql);
  sqlite3_free(zNew);
}

/* bench_directory(): where the databases are, for what a setup attaches. */
static void directoryFunc(sqlite3_context *pCtx, int nArg,
                          sqlite3_value **apArg) {
  (void)nArg;
  (void)apArg;
  sqlite3_result_text(pCtx, opt.zDirectory, -1, SQLITE_STATIC);
}

/* Open the database of so many users, made if it is not there. */
static sqlite3 *openData(i64 nUser) {
  char *zFile = sqlite3_mprintf("%s/%lld%s%s.db", opt.zDirectory, nUser,
                                opt.bClustered ? "-clustered" : "",
                                opt.bAnalyze ? "-analyzed" : "");
  sqlite3 *db = 0;
  if (sqlite3_open(zFile, &db) || dataVersion(db) != DATA_VERSION) {
    sqlite3_close(db);
    makeData(zFile, nUser, 0);
    if (sqlite3_open(zFile, &db)) benchFail(db, "%s", zFile);
  }
  sqlite3_free(zFile);
  loadExtension(db);
  sqlite3_create_function(db, "look", -1, SQLITE_UTF8, 0, lookFunc, 0, 0);
  sqlite3_create_function(db, "bench_directory", 0, SQLITE_UTF8, 0,
                          directoryFunc, 0, 0);
  return db;
}

/* -------------------------------------------------------------------- runs */

static unsigned long long hashBytes(unsigned long long h, const void *p,
                                    int n) {
  const unsigned char *a = p;
  int i;
  for (i = 0; i < n; i++) h = (h ^ a[i]) * 0x100000001b3ull;
  return (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9ull;
}

/* Fetch the row that the statement stands on, and note it for comparison. */
static void fetchRow(const Bench *p, Side *pSide, int bNote) {
  Answer *pAnswer = &pSide->answer;
  unsigned long long h = 1;
  int nCol = sqlite3_column_count(pSide->pStmt);
  int i;
  if (!p->pShape->bAnyOrder) h += (unsigned long long)pAnswer->nRow;
  for (i = 0; i < nCol; i++) {
    const void *pCol = sqlite3_column_text(pSide->pStmt, i);
    int n = sqlite3_column_bytes(pSide->pStmt, i);
    if (!bNote) continue;
    h = hashBytes(h, pCol, n);
    pAnswer->nByte += n;
  }
  if (!bNote) return;
  pAnswer->iHash += h;
  pAnswer->nRow++;
}

/* The file that each run of the shape opens. OUT: freed with sqlite3_free(). */
static char *freshFile(const BenchShape *pShape) {
  return sqlite3_mprintf("%s/small-%d.db", opt.zDirectory, pShape->nFresh);
}

/* Open it as the side does: what the expert writes needs no extension. */
static sqlite3 *freshOpen(const Bench *p, const Side *pSide) {
  char *zFile = freshFile(p->pShape);
  sqlite3 *db = 0;
  if (sqlite3_open_v2(zFile, &db, SQLITE_OPEN_READWRITE, 0)) {
    benchFail(db, "%s", zFile);
  }
  sqlite3_free(zFile);
  if (pSide->pQuery->eKind == OURS) loadExtension(db);
  return db;
}

/* Run it once on a connection of its own. */
static void freshRun(const Bench *p, Side *pSide, int bNote) {
  sqlite3 *db = freshOpen(p, pSide);
  pSide->pStmt = prepare(db, pSide->zSql);
  while (sqlite3_step(pSide->pStmt) == SQLITE_ROW) fetchRow(p, pSide, bNote);
  if (sqlite3_finalize(pSide->pStmt)) benchFail(db, "%.300s", pSide->zSql);
  pSide->pStmt = 0;
  sqlite3_close(db);
}

/* Run its statements, and show no rows. */
static void scriptRun(const Bench *p, const Side *pSide) {
  if (sqlite3_exec(p->db, pSide->zSql, 0, 0, 0)) {
    benchFail(p->db, "%.300s", pSide->zSql);
  }
}

/* Run a prepared statement once, run number i. */
static void stmtRun(const Bench *p, Side *pSide, int i, int bNote) {
  sqlite3_stmt *pStmt = pSide->pStmt;
  if (p->pShape->nSame) {
    sqlite3_bind_int64(pStmt, 1,
                       1 + (i / p->pShape->nSame * 7919 + 5) % p->nUser);
  }
  while (sqlite3_step(pStmt) == SQLITE_ROW) fetchRow(p, pSide, bNote);
  if (sqlite3_reset(pStmt)) benchFail(p->db, "%.300s", pSide->zSql);
}

/* As many as show all keys. */
static int runsOfAll(const BenchShape *pShape) {
  return pShape->nSame ? KEYS_MAX * pShape->nSame : 1;
}

/* Run it so many times. Returns the time of one. What is to be undone runs in a
** transaction, which is not measured. */
static double runs(const Bench *p, Side *pSide, int n, int bNote) {
  double rStart, rTime;
  int i;
  if (p->pShape->bUndone) benchExec(p->db, "BEGIN IMMEDIATE");
  rStart = now();
  for (i = 0; i < n; i++) {
    if (p->pShape->bScript) {
      scriptRun(p, pSide);
    } else if (p->pShape->nFresh) {
      freshRun(p, pSide, bNote);
    } else {
      stmtRun(p, pSide, i, bNote);
    }
  }
  rTime = (now() - rStart) / n;
  if (p->pShape->bUndone) benchExec(p->db, "ROLLBACK");
  return rTime;
}

/* A turn. Of several runs the first finds the pages that the other side left in
** the cache and not its own, and does not count. */
static double turn(const Bench *p, Side *pSide) {
  if (p->nTurn > 1) (void)runs(p, pSide, 1, 0);
  return runs(p, pSide, p->nTurn, 0);
}

/* ------------------------------------------------------------------- sides */

static void addSide(Bench *p, const BenchQuery *pQuery, int bJsonb) {
  Side *pSide = &p->aSide[p->nSide++];
  memset(pSide, 0, sizeof(*pSide));
  pSide->pQuery = pQuery;
  snprintf(pSide->zName, sizeof(pSide->zName), "%s%s", pQuery->zName,
           bJsonb ? ", jsonb" : "");
  pSide->zSql = benchSql(pQuery->zSql, bJsonb, p->nUser);
  if (p->pShape->nFresh == 0 && p->pShape->bScript == 0) {
    pSide->pStmt = prepare(p->db, pSide->zSql);
  }
}

/* Make the file that each run opens, if it is not there. */
static void freshMake(const BenchShape *pShape) {
  char *zFile = freshFile(pShape);
  if (access(zFile, F_OK) != 0) makeData(zFile, 0, pShape->nFresh);
  sqlite3_free(zFile);
}

static void addSides(Bench *p) {
  int bHasJsonb = sqlite3_libversion_number() >= 3045000;
  int i;
  p->nSide = 0;
  if (p->pShape->nFresh) freshMake(p->pShape);
  if (p->pShape->zSetup) benchExec(p->db, p->pShape->zSetup);
  for (i = 0; i < p->pShape->nQuery; i++) {
    const BenchQuery *pQuery = &p->pShape->aQuery[i];
    if (pQuery->eKind == SMALL && p->nUser > 1000) continue;
    addSide(p, pQuery, 0);
    if (bHasJsonb && strstr(pQuery->zSql, "$json_")) addSide(p, pQuery, 1);
  }
}

static void dropSides(Bench *p) {
  int i;
  for (i = 0; i < p->nSide; i++) {
    sqlite3_finalize(p->aSide[i].pStmt);
    sqlite3_free(p->aSide[i].zSql);
  }
}

static int isExperts(const Side *pSide) {
  return pSide->pQuery->eKind == EXPERT || pSide->pQuery->eKind == SMALL;
}

/* Say where two answers of one row begin to differ. */
static void showDifference(Side *pA, Side *pB) {
  const char *zA, *zB;
  int i = 0;
  if (sqlite3_step(pA->pStmt) != SQLITE_ROW ||
      sqlite3_step(pB->pStmt) != SQLITE_ROW) {
    return;
  }
  zA = (const char *)sqlite3_column_text(pA->pStmt, 0);
  zB = (const char *)sqlite3_column_text(pB->pStmt, 0);
  if (zA == 0 || zB == 0) return;
  while (zA[i] && zA[i] == zB[i]) i++;
  i = i < 60 ? 0 : i - 60;
  fprintf(stderr, "at %d ours:     %.160s\nat %d expert's: %.160s\n", i, zA + i,
          i, zB + i);
}

/* Run each side a first time and compare what they say. */
static void verify(Bench *p) {
  Side *pOurs = &p->aSide[0];
  int i;
  p->nTurn = runsOfAll(p->pShape);
  for (i = 0; i < p->nSide; i++) {
    Side *pSide = &p->aSide[i];
    pSide->rFirst = runs(p, pSide, p->nTurn, 1);
    if (pSide->pQuery->eKind == OTHER) continue;
    if (memcmp(&pSide->answer, &pOurs->answer, sizeof(Answer)) == 0) continue;
    fprintf(stderr, "%lld rows, %lld bytes; expert's %lld rows, %lld bytes\n",
            pOurs->answer.nRow, pOurs->answer.nByte, pSide->answer.nRow,
            pSide->answer.nByte);
    showDifference(pOurs, pSide);
    benchFail(0, "%s: ours and the expert's (%s) differ: %s", p->pShape->zName,
              pSide->zName, pSide->zSql);
  }
}

/* ----------------------------------------------------------------- measure */

/* Leave out those of the expert's that are far from the best. */
static void dropSlow(Bench *p) {
  double rBest = 1e99;
  int i, n = 0;
  for (i = 1; i < p->nSide; i++) {
    Side *pSide = &p->aSide[i];
    if (isExperts(pSide) && pSide->rFirst < rBest) rBest = pSide->rFirst;
  }
  for (i = 0; i < p->nSide; i++) {
    Side *pSide = &p->aSide[i];
    if (isExperts(pSide) && pSide->rFirst > NEAR * rBest + 0.1) {
      sqlite3_finalize(pSide->pStmt);
      sqlite3_free(pSide->zSql);
    } else {
      p->aSide[n++] = *pSide;
    }
  }
  p->nSide = n;
}

/* As many runs as fill a turn. What is undone after the turn is written once for
** each key: a second run would find nothing to do, or an error. */
static int turnOf(const Bench *p, double rOnce) {
  int n = 1 + (int)(TURN / rOnce), nKey = p->nUser * p->pShape->nSame;
  return p->pShape->bUndone && nKey > 0 && n > nKey ? nKey : n;
}

/* All sides in turn, as long as there is time, but no less than three times
** unless that takes very long. */
static void alternate(Bench *p) {
  double rStart = now();
  double rOnce = runs(p, &p->aSide[0], p->nTurn, 0);
  int i;
  if (rOnce * p->nTurn < TURN && !p->pShape->bOnce) {
    p->nTurn = turnOf(p, rOnce);
  }
  for (p->nRound = 0; p->nRound < ROUND_MAX; p->nRound++) {
    double rUsed = (now() - rStart) / 1e3;
    if (p->nRound > 0 && rUsed > opt.rSecond * (p->nRound < 3 ? 5 : 1)) break;
    for (i = 0; i < p->nSide; i++) {
      p->aSide[i].aTime[p->nRound] = turn(p, &p->aSide[i]);
    }
  }
  for (i = 0; i < p->nSide; i++) {
    p->aSide[i].rMedian = quantile(p->aSide[i].aTime, p->nRound, 0.5);
  }
}

/* The fastest of the expert's */
static const Side *fastest(const Bench *p) {
  const Side *pBest = 0;
  int i;
  for (i = 1; i < p->nSide; i++) {
    const Side *pSide = &p->aSide[i];
    if (!isExperts(pSide)) continue;
    if (pBest == 0 || pSide->rMedian < pBest->rMedian) pBest = pSide;
  }
  return pBest;
}

static double timeOf(int n, void (*xRun)(void *), void *pArg) {
  double aTime[ROUND_MAX];
  int i;
  xRun(pArg);
  for (i = 0; i < n; i++) {
    double rStart = now();
    xRun(pArg);
    aTime[i] = now() - rStart;
  }
  return quantile(aTime, n, 0.5);
}

typedef struct Copy Copy;
struct Copy {
  char *aFrom, *aTo;
  size_t n;
};

static void copyOnce(void *pArg) {
  Copy *p = pArg;
  memcpy(p->aTo, p->aFrom, p->n);
}

static double timeOfCopy(size_t nByte) {
  Copy copy = {calloc(1, nByte), malloc(nByte), nByte};
  double r;
  memset(copy.aFrom, 'x', nByte);
  r = timeOf(5, copyOnce, &copy);
  free(copy.aFrom);
  free(copy.aTo);
  return r;
}

static void stepAll(void *pArg) {
  sqlite3_stmt *pStmt = pArg;
  while (sqlite3_step(pStmt) == SQLITE_ROW) continue;
  sqlite3_reset(pStmt);
}

/* The time to tell the types of all columns of a table */
static double floorOf(sqlite3 *db, const char *zTable, int nTable) {
  const char *const *az = benchColumns(zTable, nTable);
  sqlite3_str *pStr = sqlite3_str_new(db);
  sqlite3_stmt *pStmt;
  double r;
  char *zSql;
  int i;
  for (i = 0; az[i]; i++) {
    sqlite3_str_appendf(pStr, "%s%s", i ? "," : "SELECT count(look(", az[i]);
  }
  sqlite3_str_appendf(pStr, ")) FROM %.*s NOT INDEXED", nTable, zTable);
  zSql = sqlite3_str_finish(pStr);
  pStmt = prepare(db, zSql);
  r = timeOf(5, stepAll, pStmt);
  sqlite3_finalize(pStmt);
  sqlite3_free(zSql);
  return r;
}

static double floorOfAll(sqlite3 *db, const char *zTables) {
  double r = 0;
  while (*zTables) {
    int n = (int)strcspn(zTables, " ");
    r += floorOf(db, zTables, n);
    zTables += n + (zTables[n] == ' ');
  }
  return r;
}

/* ------------------------------------------------------------------ report */

static void reportHead(const Bench *p) {
  printf("\n%lld users, %lld posts, %lld comments; SQLite %s\n\n", p->nUser,
         p->nUser * 10, p->nUser * 50, sqlite3_libversion());
  printf("%-20s %10s %10s %10s %6s %12s %6s %6s\n", "shape", "bytes",
         "ours, ms", "expert, ms", "ratio", "", "target", "floors");
}

/* What is wanted: so many times as fast, or not so much slower. 1: missed, by
** the upper quartile too. 2: that, but not much more is left to gain. */
static int misses(const BenchShape *pShape, double rHigh, double rMore,
                  double rFloors) {
  int bMiss = pShape->rOverhead > 0 ? rMore * 1e3 > pShape->rOverhead
                                    : rHigh < pShape->rTarget;
  return bMiss && rFloors > 0 && rFloors <= 1 ? 2 : bMiss;
}

/* "12.5 × assoc_find, 0.6 × the store": what is beside it, as times of ours. OUT:
** freed with sqlite3_free(). *pbMiss is set if one misses its target. */
static char *besides(const Bench *p, int *pbMiss) {
  sqlite3_str *pStr = sqlite3_str_new(0);
  int i;
  for (i = 1; i < p->nSide; i++) {
    const Side *pSide = &p->aSide[i];
    double r = pSide->rMedian / p->aSide[0].rMedian;
    if (isExperts(pSide)) continue;
    if (r < pSide->pQuery->rTarget) *pbMiss = 1;
    sqlite3_str_appendf(pStr, "%s%.3g × %s",
                        sqlite3_str_length(pStr) ? ", " : "", r, pSide->zName);
  }
  return sqlite3_str_finish(pStr);
}

static void report(const Bench *p) {
  static const char *const azMiss[] = {"", "MISS ", "near the floor "};
  const BenchShape *pShape = p->pShape;
  const Side *pOurs = &p->aSide[0];
  const Side *pExpert = fastest(p);
  double rFloors = 0;
  double aRatio[ROUND_MAX], rRatio, rLow, rHigh;
  i64 nByte = pOurs->answer.nByte / runsOfAll(pShape);
  char *zBeside;
  int eMiss;
  int i;
  for (i = 0; i < p->nRound; i++) {
    aRatio[i] = pExpert->aTime[i] / pOurs->aTime[i];
  }
  rLow = quantile(aRatio, p->nRound, 0.25);
  rRatio = quantile(aRatio, p->nRound, 0.5);
  rHigh = quantile(aRatio, p->nRound, 0.75);
  if (pShape->zFloor) {
    rFloors = pOurs->rMedian / (2 * floorOfAll(p->db, pShape->zFloor) +
                                timeOfCopy((size_t)nByte));
  }
  eMiss = misses(pShape, rHigh, pOurs->rMedian - pExpert->rMedian, rFloors);
  zBeside = besides(p, &eMiss);
  printf("%-20s %10lld %10.3f %10.3f %6.2f (%4.2f-%5.2f) %6.2f %6.2f  %s%s",
         pShape->zName, nByte, pOurs->rMedian, pExpert->rMedian, rRatio, rLow,
         rHigh, pShape->rTarget, rFloors, azMiss[eMiss], pExpert->zName);
  printf("%s%s\n", zBeside ? "; " : "", zBeside ? zBeside : "");
  fflush(stdout);
  if (opt.pOut) {
    fprintf(opt.pOut, "%s\t%lld\t%s\t%lld\t%.5f\t%.5f\t%.3f\t%.3f\t%.3f\t%.3f",
            sqlite3_libversion(), p->nUser, pShape->zName, nByte,
            pOurs->rMedian, pExpert->rMedian, rRatio, rLow, rHigh, rFloors);
    fprintf(opt.pOut, "\t%d\t%s\t%s\n", eMiss, pExpert->zName,
            zBeside ? zBeside : "");
  }
  sqlite3_free(zBeside);
}

/* The side of which a profile is wanted, and nothing else. Callgrind:
** --toggle-collect=benchProfile */
__attribute__((noinline)) void benchProfile(const Bench *p, Side *pSide);
void benchProfile(const Bench *p, Side *pSide) {
  (void)runs(p, pSide, p->nTurn, 0);
}

/* A counter of the connection's page cache, set back to 0 */
static int pages(const Bench *p, int eOp) {
  int n = 0, nMost;
  sqlite3_db_status(p->db, eOp, &n, &nMost, 1);
  return n;
}

static void profile(Bench *p) {
  Side *pSide = &p->aSide[opt.zProfile[0] == 'e'];
  p->nTurn =
      opt.nRun > 0 && !p->pShape->bOnce ? opt.nRun : runsOfAll(p->pShape);
  (void)runs(p, pSide, p->nTurn, 0);
  (void)pages(p, SQLITE_DBSTATUS_CACHE_MISS);
  (void)pages(p, SQLITE_DBSTATUS_CACHE_HIT);
  benchProfile(p, pSide);
  printf("%-20s pages found in the cache %d, read %d\n", p->pShape->zName,
         pages(p, SQLITE_DBSTATUS_CACHE_HIT),
         pages(p, SQLITE_DBSTATUS_CACHE_MISS));
}

/* All shapes at one size */
static void benchSize(i64 nUser, const BenchShape *aShape, int nShape) {
  static Bench b;
  int i;
  b.db = openData(nUser);
  b.nUser = nUser;
  reportHead(&b);
  for (i = 0; i < nShape; i++) {
    if (fnmatch(opt.zGlob, aShape[i].zName, 0) != 0) continue;
    b.pShape = &aShape[i];
    addSides(&b);
    if (opt.zProfile) {
      profile(&b);
    } else {
      verify(&b);
      dropSlow(&b);
      alternate(&b);
      report(&b);
    }
    dropSides(&b);
  }
  if (sqlite3_close(b.db)) benchFail(b.db, "close");
}

/* "AMD EPYC", where the system says so */
static void processor(char *z, size_t n) {
  FILE *p = fopen("/proc/cpuinfo", "r");
  char zLine[300];
  snprintf(z, n, "unknown processor");
  while (p && fgets(zLine, sizeof(zLine), p)) {
    char *zColon = strchr(zLine, ':');
    if (strncmp(zLine, "model name", 10) == 0 && zColon) {
      zColon[strcspn(zColon, "\n")] = 0;
      snprintf(z, n, "%s", zColon + 2);
      break;
    }
  }
  if (p) fclose(p);
}

static void reportMachine(FILE *p) {
  struct utsname name;
  char zCpu[100];
  double aLoad[1] = {0};
  processor(zCpu, sizeof(zCpu));
  uname(&name);
  (void)getloadavg(aLoad, 1);
  fprintf(p, "# %s, %ld cores, %ld GB, %s %s, compiler %s; load %.1f\n", zCpu,
          sysconf(_SC_NPROCESSORS_ONLN),
          (sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) + 524288) /
              1048576,
          name.sysname, name.machine, __VERSION__, aLoad[0]);
}

/* ------------------------------------------------------------------- main */

static void readSizes(const char *z) {
  opt.nSize = 0;
  while (*z && opt.nSize < 4) {
    char *zEnd;
    i64 n = strtoll(z, &zEnd, 10);
    if (zEnd == z || n < 100) benchFail(0, "a size is 100 users or more");
    opt.anUser[opt.nSize++] = n;
    z = zEnd + (*zEnd == ',');
  }
}

static void readOptions(int argc, char **argv) {
  int c;
  while ((c = getopt(argc, argv, "n:s:t:x:d:o:p:r:ac")) != -1) {
    switch (c) {
    case 'n': readSizes(optarg); break;
    case 's': opt.zGlob = optarg; break;
    case 't': opt.rSecond = atof(optarg); break;
    case 'x': opt.zExtension = optarg; break;
    case 'd': opt.zDirectory = optarg; break;
    case 'p': opt.zProfile = optarg; break;
    case 'r': opt.nRun = atoi(optarg); break;
    case 'a': opt.bAnalyze = 1; break;
    case 'c': opt.bClustered = 1; break;
    case 'o':
      opt.pOut = fopen(optarg, "w");
      if (opt.pOut == 0) benchFail(0, "cannot write %s", optarg);
      break;
    default: exit(2);
    }
  }
  if (optind + 1 != argc) benchFail(0, "where are the shapes?");
}

int main(int argc, char **argv) {
  static BenchShape aShape[SHAPE_MAX];
  int nShape, i;
  readOptions(argc, argv);
  nShape = benchShapes(argv[optind], aShape, SHAPE_MAX);
  reportMachine(stdout);
  if (opt.pOut) reportMachine(opt.pOut);
  for (i = 0; i < opt.nSize; i++) benchSize(opt.anUser[i], aShape, nShape);
  if (opt.pOut) fclose(opt.pOut);
  return 0;
}
