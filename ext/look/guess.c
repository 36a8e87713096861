/*
** Keys that the schema does not declare.
**
** Two things speak for a key: the name of its column, and that every value in
** it is the key of a row of the other table.
**
**   posts.user_id     user_id is what a key of users is called        0.70
**   posts.author_user_id  ends in what it is called                   0.50
**   posts.author_id   looks like a key, and one table has its values  0.20
**
** and the more values are found, the surer, up to 0.97; without any, less.
** One value that is not found speaks against it: that is reported, and
** nothing is guessed. Of large tables 500 rows are looked at, at even
** distances.
*/
#include "look/look.h"

#define GUESS_SAMPLE 500

/* A table that can be referenced by one column, and what such columns are
** called, in snake case. */
typedef struct GuessParent GuessParent;
struct GuessParent {
  AssocModel *pModel;
  const char *zUsual; /* "user_id" */
  const char *zOwn;   /* The key's own name, if that of its table is in it */
};

typedef struct Guesser Guesser;
struct Guesser {
  AssocLook *p;
  AssocCall *pCall;
  GuessParent *a;
  int n;
};

static const char *guessSnake(Guesser *g, const char *z) {
  z = assocUnderscore(g->pCall, &g->p->mem, z);
  return z ? z : "";
}

static void guessParent(Guesser *g, AssocModel *pModel) {
  GuessParent *q = &g->a[g->n];
  const char *zKey, *zOne, *z;
  if (pModel->nKey != 1 || pModel->aKey[0] >= pModel->pTable->nCol) return;
  zKey = pModel->pTable->aCol[pModel->aKey[0]].zName;
  zOne = assocSingularize(g->pCall, &g->p->mem, pModel->zName);
  z = zOne ? assocCamelize(g->pCall, &g->p->mem, zOne, zKey) : 0;
  if (z == 0) return;
  q->pModel = pModel;
  q->zUsual = guessSnake(g, z);
  if (strlen(zKey) > strlen(zOne) &&
      sqlite3_strnicmp(zKey, zOne, (int)strlen(zOne)) == 0) {
    q->zOwn = guessSnake(g, zKey);
  }
  g->n++;
}

/* -------------------------------------------------------------------- data */

/* SQL that gives values of a column as v. OUT: sqlite3_free() */
static char *guessSample(Guesser *g, AssocTable *pTab, int iCol) {
  const char *zSchema = pTab->pSchema->zName, *zTab = pTab->zName;
  const char *zCol = pTab->aCol[iCol].zName, *zRowid;
  if (pTab->iRowid < 0 || assocTableRows(g->pCall, pTab) <= 4 * GUESS_SAMPLE) {
    return assocMprintf(g->pCall,
                        "SELECT DISTINCT v FROM (SELECT \"%w\" AS v FROM"
                        " \"%w\".\"%w\" LIMIT %d) WHERE v IS NOT NULL",
                        zCol, zSchema, zTab, 4 * GUESS_SAMPLE);
  }
  zRowid = pTab->aCol[pTab->iRowid].zName;
  return assocMprintf(
      g->pCall,
      "WITH RECURSIVE e(lo, step) AS (SELECT min(\"%w\"),"
      " (max(\"%w\") - min(\"%w\")) / %d FROM \"%w\".\"%w\"),"
      " i(n) AS (VALUES(0) UNION ALL SELECT n + 1 FROM i WHERE n < %d)"
      " SELECT DISTINCT v FROM (SELECT (SELECT c.\"%w\" FROM \"%w\".\"%w\" AS c"
      " WHERE c.\"%w\" >= lo + n * step ORDER BY c.\"%w\" LIMIT 1) AS v"
      " FROM e, i) WHERE v IS NOT NULL",
      zRowid, zRowid, zRowid, GUESS_SAMPLE, zSchema, zTab, GUESS_SAMPLE, zCol,
      zSchema, zTab, zRowid, zRowid);
}

/* How many values there are, and in *pnBad how many of them no row of the
** parent has as its key. */
static int guessCount(Guesser *g, const char *zSample, const GuessParent *q,
                      int *pnBad) {
  const AssocTable *pTab = q->pModel->pTable;
  sqlite3_stmt *pStmt = assocPrepare(
      g->pCall,
      "SELECT count(*), ifnull(sum(NOT EXISTS (SELECT 1 FROM \"%w\".\"%w\""
      " AS p WHERE p.\"%w\" = +s.v)), 0) FROM (%s) AS s",
      pTab->pSchema->zName, pTab->zName, pTab->aCol[q->pModel->aKey[0]].zName,
      zSample);
  int n = 0;
  *pnBad = 0;
  if (assocStep(g->pCall, pStmt)) {
    n = sqlite3_column_int(pStmt, 0);
    *pnBad = sqlite3_column_int(pStmt, 1);
  }
  assocFinalize(g->pCall, pStmt);
  return n;
}

/* ----------------------------------------------------------------- columns */

static int guessEnds(const char *z, const char *zEnd) {
  int n = (int)strlen(z), nEnd = (int)strlen(zEnd);
  return n > nEnd + 1 && z[n - nEnd - 1] == '_' &&
         strcmp(&z[n - nEnd], zEnd) == 0;
}

/* How much the name of a column says for a parent, in hundredths. */
static int guessName(const GuessParent *q, const char *zCol) {
  if (strcmp(zCol, q->zUsual) == 0) return 70;
  if (q->zOwn && strcmp(zCol, q->zOwn) == 0) return 70;
  if (guessEnds(zCol, q->zUsual)) return 50;
  if (q->zOwn && guessEnds(zCol, q->zOwn)) return 50;
  return 0;
}

/* A column that looks like a key: the one table that has all its values, if
** there is but one, and there are enough of them to say so. */
static const GuessParent *guessWeak(Guesser *g, const AssocModel *pChild,
                                    int iCol, const char *zSample) {
  const AssocColumn *pCol = &pChild->pTable->aCol[iCol];
  const GuessParent *pOnly = 0;
  int i, nBad;
  for (i = 0; i < g->n && g->n <= 100; i++) {
    const AssocModel *pModel = g->a[i].pModel;
    const AssocColumn *pKey = &pModel->pTable->aCol[pModel->aKey[0]];
    if (pCol->eAff != ASSOC_AFF_NONE && pCol->eAff != pKey->eAff) continue;
    if (guessCount(g, zSample, &g->a[i], &nBad) < 3 || nBad) continue;
    if (pOnly) return 0;
    pOnly = &g->a[i];
  }
  return pOnly;
}

static void guessAdd(Guesser *g, AssocModel *pChild, int iCol,
                     const GuessParent *q, int nSure, const char *zSample) {
  const AssocTable *pTab = pChild->pTable, *pParent = q->pModel->pTable;
  const char *zCol = pTab->aCol[iCol].zName;
  const char *zKey = pParent->aCol[q->pModel->aKey[0]].zName;
  int nBad, n = guessCount(g, zSample, q, &nBad);
  AssocLookKey *pKey;
  if (g->pCall->rc != SQLITE_OK) return;
  if (nBad) {
    assocLookSkip(g->p, pTab->zName, zCol,
                  "%d of %d values are not in %s.%s, which its name suggests",
                  nBad, n, pParent->zName, zKey);
    return;
  }
  pKey = assocLookKeyAdd(g->p, pChild, q->pModel, 1, &iCol, q->pModel->aKey);
  if (pKey == 0) return;
  pKey->nSure = n ? nSure + (97 - nSure) * n / (n + 5) : nSure * 4 / 5;
  pKey->zWhy =
      n ? assocArenaPrintf(g->pCall, &g->p->mem,
                           "%s, and %d of %d values are in %s.%s",
                           nSure > 20 ? "its name" : "it looks like a key", n,
                           n, pParent->zName, zKey)
        : "its name; there are no values yet";
}

static int guessIsTaken(Guesser *g, const AssocModel *pChild, int iCol) {
  const AssocLookKey *pKey;
  int i;
  for (pKey = g->p->pKey; pKey; pKey = pKey->pNext) {
    for (i = 0; pKey->name.pChild == pChild && i < pKey->key.nCol; i++) {
      if (pKey->key.aCol[i] == iCol) return 1;
    }
  }
  return 0;
}

static void guessColumn(Guesser *g, AssocModel *pChild, int iCol) {
  AssocTable *pTab = pChild->pTable;
  const char *zCol = guessSnake(g, pTab->aCol[iCol].zName);
  const GuessParent *pBest = 0;
  char *zSample;
  int i, nBest = 0;
  if (pTab->aCol[iCol].bGenerated || guessIsTaken(g, pChild, iCol)) return;
  for (i = 0; i < g->n; i++) {
    const GuessParent *q = &g->a[i];
    int nSure = guessName(q, zCol);
    if (q->pModel == pChild && q->pModel->aKey[0] == iCol) return;
    if (nSure > nBest || (nSure && nSure == nBest &&
                          strlen(q->zUsual) > strlen(pBest->zUsual))) {
      nBest = nSure;
      pBest = q;
    }
  }
  if (pBest == 0 && !guessEnds(zCol, "id")) return;
  zSample = guessSample(g, pTab, iCol);
  if (pBest == 0) {
    pBest = guessWeak(g, pChild, iCol, zSample);
    nBest = 20;
  }
  if (pBest && zSample) guessAdd(g, pChild, iCol, pBest, nBest, zSample);
  sqlite3_free(zSample);
}

/* The next table, from entry *pi on. */
static AssocModel *guessNext(Guesser *g, int *pi) {
  AssocModel *pModel;
  do {
    pModel = assocLookNextModel(g->p, pi);
  } while (pModel && pModel->pTable->eType != ASSOC_TABLE);
  return pModel;
}

void assocLookGuess(AssocLook *p) {
  AssocModel *pModel;
  Guesser g;
  int i = 0, iCol;
  memset(&g, 0, sizeof(g));
  g.p = p;
  g.pCall = p->pCall;
  g.a = assocAlloc(p->pCall, &p->mem,
                   (i64)sizeof(*g.a) * (p->pSchema->nEntry + 1));
  while (g.a && (pModel = guessNext(&g, &i)) != 0) guessParent(&g, pModel);
  for (i = 0; (pModel = guessNext(&g, &i)) != 0;) {
    for (iCol = 0; iCol < pModel->pTable->nCol; iCol++) {
      guessColumn(&g, pModel, iCol);
    }
  }
  assocLookKeysRelate(p);
}
