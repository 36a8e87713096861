/*
** Foreign keys that the schema does not declare.
**
** Two things speak for a key: the name of its column (guessname.c), and its
** values, if they are keys of rows of the other table. The name gives
** candidates, each with a confidence; the values then decide. A single value
** that the other table does not have rules a key out; this is reported, and
** nothing is guessed. 0, -1 and '' count as "none" if the parent has no such
** row.
**
** How much the values prove depends on the parent. In a table with the keys 1,
** 2, 3, ... small numbers are found by chance. Texts, and numbers with gaps
** between them, are not. So a column whose name says nothing is guessed only if
** it looks like a key, its values are of the second sort, and only one table
** has them. A name without a word such as id counts only if the column has an
** index, if its table only joins two others, or if other keys of the schema
** have such names, too. Therefore these columns come last.
**
** In large tables some hundred rows are read, at even distances.
*/
#include "look/guess.h"
#include <stdlib.h>

#define GUESS_SAMPLE 200

/* The distinct values of the column under test. */
typedef struct GuessValues GuessValues;
struct GuessValues {
  int n;
  sqlite3_value *ap[GUESS_SAMPLE]; /* OWNED */
  u8 bRead;
};

/* Free the samples of a column; it can be read again. */
static void valuesClear(GuessValues *v) {
  while (v->n > 0) sqlite3_value_free(v->ap[--v->n]);
  v->bRead = 0;
}

/* ------------------------------------------------------------------ sample */

/* A statement that gives values of a column.
** OUT: finalized with assocFinalize() */
static sqlite3_stmt *sampleRead(AssocGuesser *g, AssocTable *pTab, int iCol) {
  const char *zSchema = pTab->pSchema->zName, *zTab = pTab->zName;
  const char *zCol = pTab->aCol[iCol].zName, *zRowid;
  assert(iCol >= 0 && iCol <= pTab->nCol);
  if (pTab->iRowid < 0 || assocTableRows(g->pCall, pTab) <= 8 * GUESS_SAMPLE) {
    return assocPrepare(g->pCall,
                        "SELECT DISTINCT v FROM (SELECT \"%w\" AS v FROM"
                        " \"%w\".\"%w\" LIMIT %d) WHERE v IS NOT NULL LIMIT %d",
                        zCol, zSchema, zTab, 8 * GUESS_SAMPLE, GUESS_SAMPLE);
  }
  zRowid = pTab->aCol[pTab->iRowid].zName;
  return assocPrepare(
      g->pCall,
      "WITH RECURSIVE e(lo, step) AS (SELECT min(\"%w\"),"
      " (max(\"%w\") - min(\"%w\")) / %d FROM \"%w\".\"%w\"),"
      " i(n) AS (VALUES(0) UNION ALL SELECT n + 1 FROM i WHERE n < %d)"
      " SELECT DISTINCT v FROM (SELECT (SELECT c.\"%w\" FROM \"%w\".\"%w\" AS c"
      " WHERE c.\"%w\" >= lo + n * step ORDER BY c.\"%w\" LIMIT 1) AS v"
      " FROM e, i) WHERE v IS NOT NULL LIMIT %d",
      zRowid, zRowid, zRowid, GUESS_SAMPLE, zSchema, zTab, GUESS_SAMPLE, zCol,
      zSchema, zTab, zRowid, zRowid, GUESS_SAMPLE);
}

/* A sample of the column's values, read at the first use: most columns are
** ruled out by their names. */
static void valuesRead(AssocGuesser *g, GuessValues *v,
                       const AssocGuessColumn *p) {
  sqlite3_stmt *pStmt;
  if (v->bRead) return;
  assert(v->n == 0);
  v->bRead = 1;
  pStmt = sampleRead(g, p->pTab->pModel->pTable, p->iCol);
  while (assocStep(g->pCall, pStmt) && v->n < GUESS_SAMPLE) {
    sqlite3_value *pVal = sqlite3_value_dup(sqlite3_column_value(pStmt, 0));
    if (pVal == 0) {
      assocErrorCode(g->pCall, SQLITE_NOMEM);
      break;
    }
    v->ap[v->n++] = pVal;
  }
  assocFinalize(g->pCall, pStmt);
}

/* ------------------------------------------------------------------ parent */

/* Has the parent a row of this key? */
static int parentHas(AssocGuesser *g, AssocGuessParent *q,
                     sqlite3_value *pVal) {
  const AssocTable *pTab = q->pTab->pModel->pTable;
  int bHas, rc;
  assert(q->iCol >= 0 && q->iCol <= pTab->nCol);
  if (q->pFind == 0) {
    q->pFind = assocPrepare(
        g->pCall, "SELECT 1 FROM \"%w\".\"%w\" WHERE \"%w\" = ?1",
        pTab->pSchema->zName, pTab->zName, pTab->aCol[q->iCol].zName);
  }
  if (q->pFind == 0) return 0;
  rc = sqlite3_bind_value(q->pFind, 1, pVal);
  if (rc != SQLITE_OK) assocErrorCode(g->pCall, rc);
  bHas = assocStep(g->pCall, q->pFind);
  sqlite3_reset(q->pFind);
  sqlite3_clear_bindings(q->pFind);
  return bHas;
}

/* Count the parent's rows. If its keys are 1, 2, 3, ..., small numbers match by
** chance, and prove nothing. */
static void parentSize(AssocGuesser *g, AssocGuessParent *q) {
  AssocTable *pTab = q->pTab->pModel->pTable;
  const char *zCol = pTab->aCol[q->iCol].zName;
  sqlite3_stmt *pStmt;
  assert(q->iCol >= 0 && q->iCol <= pTab->nCol);
  if (q->nRow >= 0) return;
  q->nRow = assocTableRows(g->pCall, pTab);
  q->bDense = 1;
  pStmt = assocPrepare(g->pCall,
                       "SELECT typeof(min(\"%w\")), min(\"%w\"), max(\"%w\"),"
                       " (SELECT count(*) FROM (SELECT 1 FROM \"%w\".\"%w\""
                       " LIMIT 5000)) FROM \"%w\".\"%w\"",
                       zCol, zCol, zCol, pTab->pSchema->zName, pTab->zName,
                       pTab->pSchema->zName, pTab->zName);
  if (assocStep(g->pCall, pStmt)) {
    const char *zType = assocColumnText(g->pCall, pStmt, 0);
    double rSpan = sqlite3_column_double(pStmt, 2);
    i64 n = sqlite3_column_int64(pStmt, 3);
    if (n < 5000) q->nRow = n;
    q->bDense = strcmp(zType, "text") != 0 && strcmp(zType, "blob") != 0 &&
                rSpan < 8.0 * (double)q->nRow + 100;
  }
  assocFinalize(g->pCall, pStmt);
}

/* Can values of this column be equal to keys of that one, by their types? */
static int typeFits(const AssocColumn *pCol, const AssocColumn *pKey) {
  static const char *const az[] = {"BOOL", "DATE", "TIME", "REAL",
                                   "FLOA", "DOUB", "DEC"};
  int i;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_strlike("%_", pCol->zType, 0) == 0 &&
        sqlite3_strnicmp(pCol->zType, az[i], (int)strlen(az[i])) == 0) {
      return 0;
    }
  }
  if (pCol->eAff == ASSOC_AFF_NONE || pKey->eAff == ASSOC_AFF_NONE) return 1;
  return pCol->eAff == pKey->eAff;
}

/* Is it a value that means "none", such as 0? */
static int valueIsNone(sqlite3_value *pVal) {
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_INTEGER:
    return sqlite3_value_int64(pVal) == 0 || sqlite3_value_int64(pVal) == -1;
  case SQLITE_TEXT: return sqlite3_value_bytes(pVal) == 0;
  }
  return 0;
}

/* How many sampled values mean a row, and in *pnBad how many of them the parent
** does not have. */
static int valuesIn(AssocGuesser *g, const GuessValues *v, AssocGuessParent *q,
                    int *pnBad) {
  int i, n = 0;
  *pnBad = 0;
  for (i = 0; i < v->n && g->pCall->rc == SQLITE_OK; i++) {
    int bHas = parentHas(g, q, v->ap[i]);
    if (!bHas && valueIsNone(v->ap[i])) continue;
    n++;
    *pnBad += !bHas;
  }
  return n;
}

/* ---------------------------------------------------------------- decision */

/* With n values found, the confidence grows from the name's own towards 97,
** never to certainty. Without any values it shrinks, since nothing confirms the
** name. */
static void guessAdd(AssocGuesser *g, const AssocGuessColumn *p,
                     const AssocGuessMatch *pMatch, int n) {
  const AssocGuessParent *q = pMatch->pParent;
  AssocModel *pParent = q->pTab->pModel;
  int nSure = pMatch->nSure;
  AssocLookKey *pKey =
      assocLookKeyAdd(g->p, p->pTab->pModel, pParent, 1, &p->iCol, &q->iCol);
  if (pKey == 0) return;
  p->pTab->abTaken[p->iCol] = 1;
  if (!p->bMarked) p->pTab->bPlain = 1;
  if (p->bMarked) {
    g->nMarked++;
  } else {
    g->nPlain++;
  }
  pKey->nSure = n ? nSure + (97 - nSure) * n / (n + 5) : nSure * 4 / 5;
  pKey->zWhy =
      n ? assocArenaPrintf(g->pCall, &g->p->mem,
                           "%s, and %d of %d values are in %s.%s",
                           azAssocGuessWhy[pMatch->eKind], n, n, pParent->zName,
                           pParent->pTable->aCol[q->iCol].zName)
        : assocArenaPrintf(g->pCall, &g->p->mem, "%s; there are no values yet",
                           azAssocGuessWhy[pMatch->eKind]);
}

/* Is it the first column of an index? Somebody then looks rows up by it. */
static int columnIsIndexed(AssocGuesser *g, const AssocGuessColumn *p) {
  const AssocIndex *pIdx = assocTableIndexes(g->pCall, p->pTab->pModel->pTable);
  for (; pIdx; pIdx = pIdx->pNext) {
    if (pIdx->nCol && pIdx->aCol[0] == p->iCol) return 1;
  }
  return 0;
}

/* Does the schema already have a key to this parent in a column of the same
** name? Then the name is a habit, and counts. */
static int matchIsHabit(AssocGuesser *g, const AssocGuessColumn *p,
                        const AssocGuessMatch *pMatch) {
  const AssocGuessParent *q = pMatch->pParent;
  const AssocLookKey *pKey;
  for (pKey = g->p->pKey; pKey; pKey = pKey->pNext) {
    if (pKey->name.pParent == q->pTab->pModel && pKey->key.nCol == 1 &&
        pKey->ref.aCol[0] == q->iCol &&
        sqlite3_stricmp(pKey->key.azCol[0], p->pCol->zName) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Are there enough values for this kind of match? The vaguer the name, the more
** values it takes. */
static int matchIsBacked(AssocGuesser *g, const AssocGuessColumn *p,
                         const AssocGuessMatch *pMatch, int n) {
  if (!p->bMarked && pMatch->eKind != ASSOC_GUESS_PAIR) {
    int bIndexed = columnIsIndexed(g, p);
    int bHabit = p->pTab->bPlain || g->nPlain * 2 >= g->nMarked;
    if (pMatch->eKind == ASSOC_GUESS_SELF) return n > 0;
    return n >= 2 - bIndexed && (bIndexed || bHabit || p->pTab->bJoin);
  }
  switch (pMatch->eKind) {
  case ASSOC_GUESS_PAIR:
  case ASSOC_GUESS_EXACT:
  case ASSOC_GUESS_SAME:
  case ASSOC_GUESS_CHILD:
  case ASSOC_GUESS_HEAD:
  case ASSOC_GUESS_SELF: return 1;
  case ASSOC_GUESS_SUFFIX: return n > 0 || !assocGuessIsElsewhere(p);
  case ASSOC_GUESS_PERSON: return n > 0 || pMatch->nTie == 0;
  case ASSOC_GUESS_TAIL: return n > 0;
  }
  return n > 1;
}

/* Is there another match that is as good, and whose parent has the values, too?
** Then nothing is guessed. */
static int matchIsTied(AssocGuesser *g, const GuessValues *v,
                       const AssocGuessMatch *a, int nMatch, int i) {
  int j, nBad;
  assert(i >= 0 && i < nMatch);
  for (j = i + 1; j < nMatch; j++) {
    if (a[j].eKind != a[i].eKind || a[j].nTie != a[i].nTie) break;
    if (a[j].pParent->pTab == a[i].pParent->pTab) continue;
    (void)valuesIn(g, v, a[j].pParent, &nBad);
    if (nBad == 0) return 1;
  }
  return 0;
}

/* The name fits, but the values do not: the result says so, because this is
** often a mistake in the data. */
static void guessSkipBad(AssocGuesser *g, const AssocGuessColumn *p,
                         const AssocGuessMatch *pMatch, int nBad, int n) {
  const AssocTable *pTo = pMatch->pParent->pTab->pModel->pTable;
  assert(nBad > 0 && nBad <= n);
  assocLookSkip(g->p, p->pTab->pModel->pTable->zName, p->pCol->zName,
                "%d of %d values are not in %s.%s, which its name suggests",
                nBad, n, pTo->zName, pTo->aCol[pMatch->pParent->iCol].zName);
}

/* Does table A look like the main one: more rows than B, or as many and a
** shorter name? */
static int tableIsRoot(AssocGuesser *g, const AssocGuessTable *pA,
                       const AssocGuessTable *pB) {
  i64 nA = assocTableRows(g->pCall, pA->pModel->pTable);
  i64 nB = assocTableRows(g->pCall, pB->pModel->pTable);
  if (nA != nB) return nA > nB;
  return pA->name.n < pB->name.n;
}

/* Is the column named after its own table, as run_id of statistics_runs is?
** Then it is rather the table's own number than a key to another. */
static int columnIsOwn(const AssocGuessColumn *p) {
  const AssocGuessWord *pLast = p->core.n ? p->core.ap[p->core.n - 1] : 0;
  int n = (int)strlen(p->pTab->zGlued);
  return pLast && n >= pLast->n &&
         strcmp(&p->pTab->zGlued[n - pLast->n], pLast->z) == 0;
}

/* Several tables may have a key of the column's name: items(itemID) and
** itemNotes(itemID). The main one has all the values of the others. Put it
** first. 0 if it is the column's own table. */
static int matchRoot(AssocGuesser *g, const AssocGuessColumn *p, int nMatch) {
  AssocGuessMatch *a = g->aMatch, best;
  int i, n, iBest = 0;
  for (n = 0; n < nMatch && a[n].eKind == ASSOC_GUESS_SAME; n++) {
    if (tableIsRoot(g, a[n].pParent->pTab, a[iBest].pParent->pTab)) iBest = n;
  }
  if (n == 0) return nMatch;
  best = a[iBest];
  if (p->bPk && columnIsOwn(p)) return 0;
  if (p->bPk && !tableIsRoot(g, best.pParent->pTab, p->pTab)) return 0;
  for (i = 0; i < n; i++) {
    if (i != iBest && !tableIsRoot(g, best.pParent->pTab, a[i].pParent->pTab)) {
      return nMatch;
    }
  }
  best.nTie++;
  for (i = iBest; i > 0; i--) a[i] = a[i - 1];
  a[0] = best;
  return nMatch;
}

/* Try the candidates, the best first. True if the question is decided: the
** column is a key, or its values show that it is none. */
static int guessMatches(AssocGuesser *g, const AssocGuessColumn *p,
                        GuessValues *v, const AssocGuessMatch *aMatch,
                        int nMatch) {
  int i, n, nBad;
  for (i = 0; i < nMatch && g->pCall->rc == SQLITE_OK; i++) {
    const AssocGuessMatch *m = &aMatch[i];
    const AssocTable *pTo = m->pParent->pTab->pModel->pTable;
    if (p->bPk && m->eKind > ASSOC_GUESS_SUFFIX) break;
    if (!typeFits(p->pCol, &pTo->aCol[m->pParent->iCol])) continue;
    valuesRead(g, v, p);
    n = valuesIn(g, v, m->pParent, &nBad);
    if (nBad) {
      if (!p->bMarked || m->eKind > ASSOC_GUESS_SUFFIX) continue;
      if (i + 1 < nMatch && aMatch[i + 1].eKind <= ASSOC_GUESS_SUFFIX) {
        continue;
      }
      guessSkipBad(g, p, m, nBad, n);
      return 1;
    }
    if (!matchIsBacked(g, p, m, n) && !matchIsHabit(g, p, m)) continue;
    if (matchIsTied(g, v, aMatch, nMatch, i)) return 0;
    guessAdd(g, p, m, n);
    return 1;
  }
  return 0;
}

/* Guess by values alone: the only table that contains them all. */
static void guessByValues(AssocGuesser *g, const AssocGuessColumn *p,
                          GuessValues *v) {
  AssocGuessMatch match = {0, ASSOC_GUESS_VALUES, 20, 0};
  int i, n, nBad, nBest = 0;
  if (g->nTable > 100) return;
  valuesRead(g, v, p);
  for (i = 0; i < g->nParent && g->pCall->rc == SQLITE_OK; i++) {
    AssocGuessParent *q = &g->aParent[i];
    const AssocTable *pTo = q->pTab->pModel->pTable;
    if (q->pTab == p->pTab && q->iCol == p->iCol) continue;
    if (!q->bPrimary || !typeFits(p->pCol, &pTo->aCol[q->iCol])) continue;
    n = valuesIn(g, v, q, &nBad);
    if (n < 3 || nBad) continue;
    if (match.pParent) return; /* Another one has them, too */
    match.pParent = q;
    nBest = n;
  }
  if (match.pParent == 0 || match.pParent->pTab == p->pTab) return;
  parentSize(g, match.pParent);
  if (!match.pParent->bDense) guessAdd(g, p, &match, nBest);
}

/* Is it the key of its own table by name: creatorTypeID of creatorTypes? */
static int columnIsName(const AssocGuessColumn *p) {
  const AssocGuessName *q = &p->pTab->name;
  return p->bPk && p->core.n == q->n && q->n > 0 &&
         memcmp(p->core.ap, q->ap, sizeof(q->ap[0]) * (size_t)q->n) == 0;
}

/* Guess for the columns of one table: those whose name has a mark such as id,
** or those without one. */
static void guessTable(AssocGuesser *g, AssocGuessTable *pTab, int bMarked) {
  AssocGuessColumn col;
  GuessValues v;
  int i;
  memset(&v, 0, sizeof(v));
  for (i = 0; i < pTab->pModel->pTable->nCol; i++) {
    int nMatch;
    if (pTab->abTaken[i] || pTab->pModel->pTable->aCol[i].bGenerated) continue;
    assocGuessColumn(g, &col, pTab, i);
    if (g->pCall->rc != SQLITE_OK) break;
    if (col.bMarked != bMarked || columnIsName(&col)) continue;
    if (!bMarked && assocGuessIsNumber(g, &col)) continue;
    nMatch = assocGuessMatches(g, &col);
    if (nMatch && g->aMatch[0].eKind > ASSOC_GUESS_SAME &&
        assocGuessIsPolymorphic(g, &col)) {
      continue;
    }
    nMatch = matchRoot(g, &col, nMatch);
    if (!guessMatches(g, &col, &v, g->aMatch, nMatch) && !col.bPk &&
        !assocGuessIsPolymorphic(g, &col)) {
      if (bMarked) guessByValues(g, &col, &v);
    }
    valuesClear(&v);
  }
  valuesClear(&v);
}

/* The parent whose table has this name of n letters, or 0. */
static AssocGuessParent *pairParent(AssocGuesser *g, const char *z, int n) {
  int i;
  for (i = 0; i < g->nParent; i++) {
    const char *zName = g->aParent[i].pTab->pModel->zName;
    if (g->aParent[i].bPrimary && strncmp(zName, z, (size_t)n) == 0 &&
        zName[n] == 0) {
      return &g->aParent[i];
    }
  }
  return 0;
}

/* One side of Prisma's join table: the columns A and B say nothing, but the
** table's name says where they lead. */
static void guessSide(AssocGuesser *g, AssocGuessTable *pTab, int iCol,
                      AssocGuessParent *q) {
  AssocGuessMatch match = {q, ASSOC_GUESS_PAIR, 80, 0};
  AssocGuessColumn col;
  GuessValues v;
  memset(&v, 0, sizeof(v));
  assocGuessColumn(g, &col, pTab, iCol);
  if (!pTab->abTaken[iCol]) (void)guessMatches(g, &col, &v, &match, 1);
  valuesClear(&v);
}

/* Prisma's _RoleToUser(A, B) joins Role and User. */
static void guessPair(AssocGuesser *g, AssocGuessTable *pTab) {
  const AssocTable *q = pTab->pModel->pTable;
  const char *z = q->zName, *zTo = z;
  if (z[0] != '_' || q->nCol != 2) return;
  if (strcmp(q->aCol[0].zName, "A") || strcmp(q->aCol[1].zName, "B")) return;
  while ((zTo = strstr(zTo + 1, "To")) != 0) {
    AssocGuessParent *pA = pairParent(g, z + 1, (int)(zTo - z - 1));
    AssocGuessParent *pB = pairParent(g, zTo + 2, (int)strlen(zTo + 2));
    if (pA == 0 || pB == 0) continue;
    guessSide(g, pTab, 0, pA);
    guessSide(g, pTab, 1, pB);
    return;
  }
}

/* For a binary search of models; the order itself has no meaning. */
static int guessByModel(const void *pA, const void *pB) {
  uintptr_t x = (uintptr_t)((const AssocGuessTable *)pA)->pModel;
  uintptr_t y = (uintptr_t)((const AssocGuessTable *)pB)->pModel;
  return (x > y) - (x < y);
}

/* Mark the columns that are keys already. The tables are sorted by address for
** this, so each one is found by binary search. */
static void guessDeclared(AssocGuesser *g) {
  const AssocLookKey *pKey;
  int i;
  for (pKey = g->p->pKey; pKey; pKey = pKey->pNext) {
    AssocGuessTable like, *q;
    like.pModel = (AssocModel *)pKey->name.pChild;
    q = bsearch(&like, g->aTable, (size_t)g->nTable, sizeof(like),
                guessByModel);
    for (i = 0; q && i < pKey->key.nCol; i++) q->abTaken[pKey->key.aCol[i]] = 1;
  }
}

/* The order in which guesses are made, so that the result does not depend on
** addresses. */
static int guessByTable(const void *pA, const void *pB) {
  return sqlite3_stricmp(((const AssocGuessTable *)pA)->pModel->pTable->zName,
                         ((const AssocGuessTable *)pB)->pModel->pTable->zName);
}

/* The tables in which keys are looked for. Columns with a declared key are
** marked as taken. */
static void guessTables(AssocGuesser *g) {
  AssocModel *pModel;
  int i = 0;
  g->aTable = assocAlloc(g->pCall, &g->p->mem,
                         (i64)sizeof(*g->aTable) * (g->p->pSchema->nEntry + 1));
  while (g->aTable && (pModel = assocLookNextModel(g->p, &i)) != 0) {
    AssocGuessTable *q = &g->aTable[g->nTable];
    if (pModel->pTable->eType != ASSOC_TABLE) continue;
    q->abTaken = assocAlloc(g->pCall, &g->p->mem, pModel->pTable->nCol + 1);
    if (q->abTaken == 0) return;
    q->pModel = pModel;
    g->nTable++;
  }
  if (g->aTable == 0) return;
  qsort(g->aTable, (size_t)g->nTable, sizeof(*g->aTable), guessByModel);
  guessDeclared(g);
  qsort(g->aTable, (size_t)g->nTable, sizeof(*g->aTable), guessByTable);
}

/* ------------------------------------------------------------------- views */

/* A character of a name in the text of a view. */
static int viewIsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || (u8)c >= 0x80;
}

/* Does the text name the table? */
static int viewReads(const char *zSql, const char *zTable) {
  int i, n = (int)strlen(zTable);
  for (i = 0; zSql[i]; i++) {
    if (sqlite3_strnicmp(&zSql[i], zTable, n) == 0 &&
        (i == 0 || !viewIsWord(zSql[i - 1])) && !viewIsWord(zSql[i + n])) {
      return 1;
    }
  }
  return 0;
}

/* A column of a view that has the name of a key of a table that the view
** reads; 0 if there is none, or two to different parents. */
static const AssocLookKey *viewKey(AssocGuesser *g, const char *zSql,
                                   const char *zCol) {
  const AssocLookKey *pKey, *pBest = 0;
  for (pKey = g->p->pKey; pKey; pKey = pKey->pNext) {
    const AssocTable *pTab = pKey->name.pChild->pTable;
    if (pKey->key.nCol != 1 || pTab->eType != ASSOC_TABLE) continue;
    if (sqlite3_stricmp(pKey->key.azCol[0], zCol) != 0) continue;
    if (!viewReads(zSql, pTab->zName)) continue;
    if (pBest && pBest->name.pParent != pKey->name.pParent) return 0;
    pBest = pKey;
  }
  return pBest;
}

/* Are the first values of the view's column keys of the parent? This rules out
** columns that the view computes. */
static int viewHasKeys(AssocGuesser *g, AssocModel *pView, int iCol,
                       const AssocLookKey *pOf) {
  AssocGuessParent *q = g->aParent, *pEnd = &g->aParent[g->nParent];
  sqlite3_stmt *pStmt;
  int n = 0, nBad = 0, rc = SQLITE_DONE;
  while (q < pEnd && (q->pTab->pModel != pOf->name.pParent ||
                      q->iCol != pOf->ref.aCol[0])) {
    q++;
  }
  if (q == pEnd) return 0;
  pStmt = assocPrepare(g->pCall, "SELECT \"%w\" FROM \"%w\".\"%w\" LIMIT 50",
                       pView->pTable->aCol[iCol].zName,
                       pView->pTable->pSchema->zName, pView->pTable->zName);
  while (pStmt && (rc = sqlite3_step(pStmt)) == SQLITE_ROW) {
    if (sqlite3_column_type(pStmt, 0) == SQLITE_NULL) continue;
    n++;
    nBad += !parentHas(g, q, sqlite3_column_value(pStmt, 0));
  }
  /* A view that fails is one without keys */
  if (rc != SQLITE_DONE && rc != SQLITE_ERROR) assocErrorCode(g->pCall, rc);
  sqlite3_finalize(pStmt);
  return rc == SQLITE_DONE && n > 0 && nBad == 0;
}

/* A view has the keys of the tables that it reads, if it shows the column under
** its own name and all its values are keys of the parent. It is never more than
** 80 % sure. */
static void guessView(AssocGuesser *g, AssocModel *pView, const char *zSql) {
  int i;
  for (i = 0; i < pView->pTable->nCol && g->pCall->rc == SQLITE_OK; i++) {
    const AssocLookKey *pOf = viewKey(g, zSql, pView->pTable->aCol[i].zName);
    AssocLookKey *pKey;
    if (pOf == 0 || !viewHasKeys(g, pView, i, pOf)) continue;
    pKey = assocLookKeyAdd(g->p, pView, (AssocModel *)pOf->name.pParent, 1, &i,
                           pOf->ref.aCol);
    if (pKey == 0) return;
    pKey->nSure = pOf->nSure < 80 ? pOf->nSure : 80;
    pKey->zWhy =
        assocArenaPrintf(g->pCall, &g->p->mem, "the view reads it from %s",
                         pOf->name.pChild->pTable->zName);
  }
}

/* A view has the keys of the tables that it reads. */
static void guessViews(AssocGuesser *g) {
  AssocModel *pModel;
  int i = 0;
  while ((pModel = assocLookNextModel(g->p, &i)) != 0) {
    sqlite3_stmt *pStmt;
    char *zSql = 0;
    if (pModel->pTable->eType != ASSOC_VIEW) continue;
    pStmt = assocPrepare(g->pCall,
                         "SELECT sql FROM \"%w\".sqlite_schema"
                         " WHERE type = 'view' AND name = ?1",
                         g->p->pSchema->zName);
    assocBindText(g->pCall, pStmt, 1, pModel->pTable->zName);
    if (assocStep(g->pCall, pStmt)) {
      zSql = assocArenaText(g->pCall, &g->p->mem,
                            assocColumnText(g->pCall, pStmt, 0), -1);
    }
    assocFinalize(g->pCall, pStmt);
    if (zSql) guessView(g, pModel, zSql);
  }
}

/* Three passes: Prisma's join tables and clear names first, then unclear names,
** then names without a mark such as id, when it is known whether the schema
** names keys so. */
void assocLookGuess(AssocLook *p) {
  AssocGuesser g;
  int i, iPass;
  memset(&g, 0, sizeof(g));
  g.p = p;
  g.pCall = p->pCall;
  guessTables(&g);
  if (p->pCall->rc == SQLITE_OK) assocGuessNames(&g);
  for (iPass = 0; iPass < 3; iPass++) { /* The third knows the habit */
    for (i = 0; i < g.nTable && p->pCall->rc == SQLITE_OK; i++) {
      if (iPass == 0) guessPair(&g, &g.aTable[i]);
      guessTable(&g, &g.aTable[i], iPass == 0);
    }
  }
  guessViews(&g);
  for (i = 0; i < g.nParent; i++) assocFinalize(p->pCall, g.aParent[i].pFind);
  assocLookKeysRelate(p);
}
