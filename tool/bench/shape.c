/*
** Reads shapes.sql, whose head tells its form.
*/
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of a file, as a text that stays */
static char *readFile(const char *zFile) {
  FILE *p = fopen(zFile, "rb");
  size_t nMax = 1 << 20;
  char *z = malloc(nMax);
  size_t n;
  if (p == 0 || z == 0) benchFail(0, "cannot read %s", zFile);
  n = fread(z, 1, nMax, p);
  if (n == nMax) benchFail(0, "%s is too long", zFile);
  fclose(p);
  z[n] = 0;
  return z;
}

/* Is the line `-- KEY` or `-- KEY: VALUE`? The value, which may be empty. */
static const char *valueOf(const char *zLine, const char *zKey) {
  size_t n = strlen(zKey);
  if (strncmp(zLine, "-- ", 3) != 0) return 0;
  if (strncmp(zLine + 3, zKey, n) != 0) return 0;
  zLine += 3 + n;
  if (*zLine == 0) return zLine;
  if (*zLine != ':') return 0;
  return zLine + 1 + strspn(zLine + 1, " ");
}

static void addQuery(BenchShape *p, int eKind, const char *zName) {
  BenchQuery *pQuery = &p->aQuery[p->nQuery++];
  if (p->nQuery > (int)(sizeof(p->aQuery) / sizeof(p->aQuery[0]))) {
    benchFail(0, "%s: too many queries", p->zName);
  }
  pQuery->eKind = eKind;
  pQuery->zName = zName;
}

/* A line `-- …`. Returns where the SQL goes that follows, or 0. */
static const char **readKey(BenchShape *p, const char *zLine) {
  static const char *const azKind[] = {"ours", "expert", "small", "beside",
                                       "other"};
  const char *z;
  int i;
  for (i = 0; i < 5; i++) {
    if ((z = valueOf(zLine, azKind[i])) == 0) continue;
    addQuery(p, i, z);
    return &p->aQuery[p->nQuery - 1].zSql;
  }
  if (valueOf(zLine, "setup")) return &p->zSetup;
  if ((z = valueOf(zLine, "target"))) {
    *(p->nQuery ? &p->aQuery[p->nQuery - 1].rTarget : &p->rTarget) = atof(z);
    return p->nQuery ? &p->aQuery[p->nQuery - 1].zSql : 0;
  }
  if ((z = valueOf(zLine, "overhead"))) {
    p->rOverhead = atof(z);
  } else if ((z = valueOf(zLine, "floor"))) {
    p->zFloor = z;
  } else if (valueOf(zLine, "list")) {
    p->bList = 1;
  } else if ((z = valueOf(zLine, "by key"))) {
    p->nSame = atoi(z) > 0 ? atoi(z) : 1;
  } else if (valueOf(zLine, "any order")) {
    p->bAnyOrder = 1;
  } else if ((z = valueOf(zLine, "undone"))) {
    p->bUndone = 1;
    p->bOnce = strcmp(z, "once") == 0;
  } else if (valueOf(zLine, "script")) {
    p->bScript = 1;
  } else if ((z = valueOf(zLine, "fresh"))) {
    p->nFresh = atoi(z);
  } else if (valueOf(zLine, "title") == 0 && valueOf(zLine, "why") == 0) {
    benchFail(0, "shapes: what is `%s`?", zLine);
  }
  return 0;
}

/* The file is cut where it lies: a `-- …` line ends the SQL before it. */
int benchShapes(const char *zFile, BenchShape *aShape, int nMax) {
  char *zText = readFile(zFile);
  char *z = zText, *zEnd;
  const char **pzSql = 0; /* Where the SQL goes that comes next */
  int n = 0;
  for (; *z; z = zEnd + 1) {
    const char *zName;
    zEnd = z + strcspn(z, "\n");
    if (*zEnd == 0) benchFail(0, "%s does not end in a line", zFile);
    if (strncmp(z, "--", 2) != 0) {
      if (pzSql && z != zEnd) *pzSql = z, pzSql = 0;
      continue;
    }
    if (z > zText) z[-1] = 0;
    *zEnd = 0;
    if ((zName = valueOf(z, "shape"))) {
      if (n == nMax) benchFail(0, "too many shapes");
      memset(&aShape[n], 0, sizeof(aShape[n]));
      aShape[n++].zName = zName;
    } else if (n > 0) {
      pzSql = readKey(&aShape[n - 1], z);
    }
  }
  return n;
}

/* ------------------------------------------------------- the text of a query */

/* users(u): the members of an object. Returns what follows. */
static const char *members(sqlite3_str *pStr, const char *z) {
  int nTable = (int)strcspn(z, "(");
  const char *const *az = benchColumns(z, nTable);
  const char *zAlias = z + nTable + 1;
  int nAlias = (int)strcspn(zAlias, ")");
  int i;
  for (i = 0; az[i]; i++) {
    sqlite3_str_appendf(pStr, "%s'%s',%.*s.%s", i ? "," : "", az[i], nAlias,
                        zAlias, az[i]);
  }
  return zAlias + nAlias + 1;
}

/* A hundred keys, from all over the table */
static void keys(sqlite3_str *pStr, i64 nUser) {
  i64 nStep = nUser / 100;
  i64 i;
  for (i = 0; i < 100; i++) {
    sqlite3_str_appendf(pStr, "%s%lld", i ? "," : "",
                        1 + i * nStep + i * 37 % nStep);
  }
}

char *benchSql(const char *zSql, int bJsonb, i64 nUser) {
  sqlite3_str *pStr = sqlite3_str_new(0);
  const char *z = zSql;
  while (*z) {
    int n = (int)strcspn(z, "$");
    /* `->> '$.…'` is SQLite's own. */
    if (z[n] && z[n + 1] == '.') n += 2;
    sqlite3_str_append(pStr, z, n);
    z += n;
    if (*z != '$') continue;
    z++;
    if (strncmp(z, "json", 4) == 0) {
      sqlite3_str_appendall(pStr, bJsonb ? "jsonb" : "json");
      z += 4;
    } else if (strncmp(z, "keys", 4) == 0) {
      keys(pStr, nUser);
      z += 4;
    } else {
      z = members(pStr, z);
    }
  }
  return sqlite3_str_finish(pStr);
}
