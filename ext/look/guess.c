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

#define GUESS_SAMPLE 200 /* Distinct values that are compared, at most */

/* The distinct values of the column under test. */
typedef struct GuessValues GuessValues;
struct GuessValues {
  int n;                           /* Values in ap */
  sqlite3_value *ap[GUESS_SAMPLE]; /* OWNED */
  u8 bRead;                        /* The column has been read */
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
  while (assocStep(g->pCall, pStmt)) {
    sqlite3_value *pVal = sqlite3_value_dup(sqlite3_column_value(pStmt, 0));
    assert(v->n < GUESS_SAMPLE); /* The statement's LIMIT */
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

/* How many values that look like keys of the parent are there for each of its
** rows? If its keys are 1, 2, 3, ..., one for each: small numbers match by
** chance, and prove nothing. A text is taken for one of a thousand. */
static void parentSize(AssocGuesser *g, AssocGuessParent *q) {
  AssocTable *pTab = q->pTab->pModel->pTable;
  const char *zCol = pTab->aCol[q->iCol].zName;
  sqlite3_stmt *pStmt;
  assert(q->iCol >= 0 && q->iCol <= pTab->nCol);
  if (q->nRow >= 0) return;
  q->nRow = assocTableRows(g->pCall, pTab);
  q->rOdds = 1;
  pStmt = assocPrepare(g->pCall,
                       "SELECT typeof(min(\"%w\")), min(\"%w\"), max(\"%w\"),"
                       " (SELECT count(*) FROM (SELECT 1 FROM \"%w\".\"%w\""
                       " LIMIT 5000)) FROM \"%w\".\"%w\"",
                       zCol, zCol, zCol, pTab->pSchema->zName, pTab->zName,
                       pTab->pSchema->zName, pTab->zName);
  if (assocStep(g->pCall, pStmt)) {
    const char *zType = assocColumnText(g->pCall, pStmt, 0);
    double rMost = sqlite3_column_double(pStmt, 2);
    i64 n = sqlite3_column_int64(pStmt, 3);
    if (n < 5000) q->nRow = n;
    if (strcmp(zType, "text") == 0 || strcmp(zType, "blob") == 0) {
      q->rOdds = 1000;
    } else if (q->nRow > 0) {
      q->rOdds = rMost / (double)q->nRow;
    }
  }
  assocFinalize(g->pCall, pStmt);
}

/* Is it unlikely that n values are keys of the parent by chance, when nTry
** parents are tried? */
static int valuesTell(AssocGuesser *g, AssocGuessParent *q, int n, int nTry) {
  double r = 1, rEnough = 256.0 * nTry;
  parentSize(g, q);
  if (q->rOdds <= 1) return 0;
  while (n-- > 0 && r < rEnough) r *= q->rOdds;
  return r >= rEnough;
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
  /* Dates, flags and fractions are no keys, whatever their affinity. */
  assert(pCol->zType);
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
    assert(n < v->n);
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
  assert(nSure > 0 && nSure <= 97 && n >= 0);
  p->pTab->abTaken[p->iCol] = 1;
  p->pTab->apTo[p->iCol] = pMatch->pParent;
  q->pTab->nKey++;
  if (!p->bMarked) p->pTab->bPlain = 1;
  if (p->bMarked) {
    g->nMarked++;
  } else {
    g->nPlain++;
  }
  /* Each value that fits brings the guess nearer to 97; without values it loses a
  ** fifth. 100 is for declared keys alone. */
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
    assert(pIdx->nCol > 0);
    if (pIdx->aCol[0] == p->iCol) return 1;
  }
  return 0;
}

/* Does the schema already have a key to this parent in a column of the same
** name? Then the name is a habit, and counts. */
static int matchIsHabit(AssocGuesser *g, const AssocGuessColumn *p,
                        const AssocGuessMatch *pMatch, int n) {
  const AssocGuessParent *q = pMatch->pParent;
  const AssocLookKey *pKey;
  if (p->bClass || (n == 0 && pMatch->eKind > ASSOC_GUESS_SUFFIX)) return 0;
  for (pKey = g->p->pKey; pKey; pKey = pKey->pNext) {
    /* A declared or guessed key of the same name leads there. */
    assert(pKey->key.nCol == pKey->ref.nCol);
    if (pKey->name.pParent == q->pTab->pModel && pKey->key.nCol == 1 &&
        pKey->ref.aCol[0] == q->iCol &&
        sqlite3_stricmp(pKey->key.azCol[0], p->pCol->zName) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Are there enough values for a column whose name has no word such as id? An
** index, other such keys of the schema, or a table that only joins speak for
** it; so does the name of a table in the singular, and created_by. */
static int plainIsBacked(AssocGuesser *g, const AssocGuessColumn *p,
                         const AssocGuessMatch *pMatch, int n) {
  int bIndexed = columnIsIndexed(g, p);
  int bHabit = p->pTab->bPlain || g->nPlain * 2 >= g->nMarked;
  int bNumber = p->pCol->eAff == ASSOC_AFF_NUMERIC;
  if (bNumber && !bIndexed && !p->pTab->bJoin && !assocGuessIsSingular(p)) {
    return 0; /* A count */
  }
  switch (pMatch->eKind) {
  case ASSOC_GUESS_SELF: return n > 0;
  case ASSOC_GUESS_EXTEND:
    return n > 0 && (!p->bPk || valuesTell(g, pMatch->pParent, n, 1));
  case ASSOC_GUESS_SAME:
  case ASSOC_GUESS_EXACT:
    if (n > (p->core.n > 1 ? 0 : 2) && assocGuessIsSingular(p)) return 1;
    break;
  case ASSOC_GUESS_PERSON:
    if (n > 1 && assocGuessIsDone(p)) return 1;
    if (n > 2 && bNumber && assocGuessIsPerson(p)) return 1;
    break;
  }
  if (n > 2 && valuesTell(g, pMatch->pParent, n, 1)) return 1;
  return n >= 2 - bIndexed && (bIndexed || bHabit || p->pTab->bJoin);
}

/* Are there enough values for this kind of match? The vaguer the name, the more
** values it takes. */
static int matchIsBacked(AssocGuesser *g, const AssocGuessColumn *p,
                         const AssocGuessMatch *pMatch, int n) {
  AssocGuessParent *q = pMatch->pParent;
  if (!q->bPrimary && pMatch->eKind != ASSOC_GUESS_SAME &&
      !valuesTell(g, q, n, 1)) {
    return 0;
  }
  if (p->bClass &&
      (pMatch->eKind > ASSOC_GUESS_SUFFIX ||
       (pMatch->eKind > ASSOC_GUESS_SAME && !valuesTell(g, q, n, 1)))) {
    return 0;
  }
  /* bMarked: the name has a word such as "id", so that it says to be a key. */
  if (!p->bMarked && pMatch->eKind != ASSOC_GUESS_PAIR) {
    return plainIsBacked(g, p, pMatch, n);
  }
  switch (pMatch->eKind) {
  case ASSOC_GUESS_PAIR:
  case ASSOC_GUESS_EXACT:
  case ASSOC_GUESS_SAME:
  case ASSOC_GUESS_CHILD:
  case ASSOC_GUESS_HEAD: return 1;
  case ASSOC_GUESS_SELF:
    if (assocGuessIsOpen(p)) return n > 0 && valuesTell(g, q, n, 1);
    return n > 0 || assocGuessIsParent(p);
  case ASSOC_GUESS_SUFFIX: return n > 0 || !assocGuessIsElsewhere(p);
  case ASSOC_GUESS_PERSON: return n > 0 || pMatch->nTie == 0;
  case ASSOC_GUESS_EXTEND:
  case ASSOC_GUESS_TAIL: return n > 0;
  case ASSOC_GUESS_FIRST: return valuesTell(g, q, n, 1);
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
  assert(nBad >= 0 && nBad <= n);
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
  return pLast && assocGuessEnds(p->pTab->zGlued, pLast->z);
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
  /* The table that all others reference comes first. */
  assert(iBest < n && n <= nMatch);
  best.nTie++;
  for (i = iBest; i > 0; i--) a[i] = a[i - 1];
  a[0] = best;
  return nMatch;
}

/* May a match of this kind decide for a column that is its table's key? */
static int matchFitsKey(AssocGuesser *g, const AssocGuessColumn *p,
                        const AssocGuessMatch *m, int n) {
  if (!p->bPk || m->eKind <= ASSOC_GUESS_SUFFIX) return 1;
  return m->eKind == ASSOC_GUESS_TAIL && valuesTell(g, m->pParent, n, 1);
}

/* Try the candidates of the kinds up to eMost, the best first. True if the
** column is a key now. *ppBad becomes the best match that the values rule out;
** the vaguer ones are not tried then. */
static int guessMatches(AssocGuesser *g, const AssocGuessColumn *p,
                        GuessValues *v, int nMatch, int eMost,
                        const AssocGuessMatch **ppBad) {
  int i, n, nBad;
  for (i = 0; i < nMatch && g->pCall->rc == SQLITE_OK; i++) {
    const AssocGuessMatch *m = &g->aMatch[i];
    const AssocTable *pTo = m->pParent->pTab->pModel->pTable;
    if (m->eKind > eMost) break;
    if (*ppBad && m->eKind > ASSOC_GUESS_SUFFIX) break;
    if (!typeFits(p->pCol, &pTo->aCol[m->pParent->iCol])) continue;
    valuesRead(g, v, p);
    n = valuesIn(g, v, m->pParent, &nBad);
    /* One value that the table does not have rules the match out. The first such
    ** match with a telling name is reported as skipped. */
    assert(nBad >= 0 && nBad <= n);
    if (nBad) {
      if (p->bMarked && m->eKind <= ASSOC_GUESS_SUFFIX && *ppBad == 0) {
        *ppBad = m;
      }
      continue;
    }
    if (!matchFitsKey(g, p, m, n)) continue;
    if (!matchIsBacked(g, p, m, n) && !matchIsHabit(g, p, m, n)) continue;
    if (matchIsTied(g, v, g->aMatch, nMatch, i)) return 0;
    guessAdd(g, p, m, n);
    return 1;
  }
  return 0;
}

/* Does a UNIQUE index join the column to another, or the table only these two?
*/
static int columnsPair(AssocGuesser *g, const AssocGuessColumn *p, int iOther) {
  int aCol[2], bUnique = 0;
  if (p->pTab->bJoin) return 1;
  aCol[0] = p->iCol;
  aCol[1] = iOther;
  (void)assocTableIndexOn(g->pCall, p->pTab->pModel->pTable, 2, aCol, &bUnique);
  return bUnique;
}

/* The other key of a table that relates rows of one table: target_id beside
** person_id. True if the column is a key now. */
static int guessTwin(AssocGuesser *g, const AssocGuessColumn *p,
                     GuessValues *v) {
  AssocGuessMatch match = {0, ASSOC_GUESS_TWIN, 50, 0};
  int i, n, nBad;
  if (p->bPk || p->bClass || !assocGuessIsTwin(p)) return 0;
  for (i = 0; i < p->pTab->pModel->pTable->nCol; i++) {
    AssocGuessParent *q = p->pTab->apTo[i];
    if (q == 0 || q->pTab == p->pTab || !columnsPair(g, p, i)) continue;
    if (match.pParent && match.pParent != q) return 0;
    match.pParent = q;
  }
  if (match.pParent == 0) return 0;
  if (!typeFits(
          p->pCol,
          &match.pParent->pTab->pModel->pTable->aCol[match.pParent->iCol])) {
    return 0;
  }
  valuesRead(g, v, p);
  n = valuesIn(g, v, match.pParent, &nBad);
  if (n == 0 || nBad) return 0;
  guessAdd(g, p, &match, n);
  return 1;
}

/* May values alone decide for the column? */
static int columnIsOpen(AssocGuesser *g, const AssocGuessColumn *p) {
  if (g->nTable > 100 || p->bPk || p->bClass) return 0;
  if (p->core.n == 0 && !p->bMarked) return 0;
  return p->bMarked ||
         (columnIsIndexed(g, p) &&
          !assocLookIsUnique(g->p, p->pTab->pModel->pTable, 1, &p->iCol));
}

/* Guess by values alone: the only table that has them all. Of several the main
** one, if the values are texts: those do not agree by chance. True if the column
** is a key now. */
static int guessByValues(AssocGuesser *g, const AssocGuessColumn *p,
                         GuessValues *v) {
  AssocGuessMatch match = {0, ASSOC_GUESS_VALUES, 20, 0};
  int i, n, nBad, nBest = 0;
  if (!columnIsOpen(g, p)) return 0;
  valuesRead(g, v, p);
  for (i = 0; i < g->nParent && g->pCall->rc == SQLITE_OK; i++) {
    AssocGuessParent *q = &g->aParent[i];
    const AssocTable *pTo = q->pTab->pModel->pTable;
    if (q->pTab == p->pTab && q->iCol == p->iCol) continue;
    if (!typeFits(p->pCol, &pTo->aCol[q->iCol])) continue;
    n = valuesIn(g, v, q, &nBad);
    if (n < 3 || nBad) continue;
    if (q->pTab == p->pTab && p->pCol->eAff == ASSOC_AFF_NUMERIC) return 0;
    if (match.pParent) {
      parentSize(g, q);
      if (q->rOdds < 1000) return 0; /* Both have them */
      if (!tableIsRoot(g, q->pTab, match.pParent->pTab)) continue;
    }
    match.pParent = q;
    nBest = n;
  }
  if (match.pParent == 0) return 0;
  if (!valuesTell(g, match.pParent, nBest, g->nParent)) return 0;
  guessAdd(g, p, &match, nBest);
  return 1;
}

/* Is it the key of its own table by name: creatorTypeID of creatorTypes? */
static int columnIsName(AssocGuesser *g, const AssocGuessColumn *p) {
  const AssocGuessName *q = &p->pTab->name;
  if (p->bPk && p->core.n < q->n) q = &p->pTab->plain;
  if (p->core.n != q->n || q->n == 0 ||
      memcmp(p->core.ap, q->ap, sizeof(q->ap[0]) * (size_t)q->n) != 0) {
    return 0;
  }
  return p->bPk ||
         assocLookIsUnique(g->p, p->pTab->pModel->pTable, 1, &p->iCol);
}

/* One column, whose name has been read. Kinds of match that are vaguer than
** eMost wait for a later pass. */
static void guessColumn(AssocGuesser *g, AssocGuessColumn *p, GuessValues *v,
                        int eMost) {
  const AssocGuessMatch *pBad = 0;
  int n, nBad, nMatch = assocGuessMatches(g, p);
  p->bClass = (u8)assocGuessIsPolymorphic(p);
  nMatch = matchRoot(g, p, nMatch);
  if (guessMatches(g, p, v, nMatch, eMost, &pBad)) return;
  if (eMost < ASSOC_GUESS_VALUES) return;
  if (pBad == 0) {
    if (!guessTwin(g, p, v)) (void)guessByValues(g, p, v);
    return;
  }
  n = valuesIn(g, v, pBad->pParent, &nBad);
  if (nBad < n || !guessByValues(g, p, v)) guessSkipBad(g, p, pBad, nBad, n);
}

/* Guess for the columns of one table: those whose name has a mark such as id,
** or those without one. */
static void guessTable(AssocGuesser *g, AssocGuessTable *pTab, int bMarked,
                       int eMost) {
  AssocGuessColumn col;
  GuessValues v;
  int i;
  memset(&v, 0, sizeof(v));
  for (i = 0; i < pTab->pModel->pTable->nCol; i++) {
    if (pTab->abTaken[i] || pTab->pModel->pTable->aCol[i].bGenerated) continue;
    assocGuessColumn(g, &col, pTab, i);
    if (g->pCall->rc != SQLITE_OK) break;
    if (col.bMarked != bMarked || columnIsName(g, &col)) continue;
    if (!bMarked && assocGuessIsNumber(g, &col)) continue;
    guessColumn(g, &col, &v, eMost);
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
  const AssocGuessMatch *pBad = 0;
  AssocGuessMatch match = {q, ASSOC_GUESS_PAIR, 80, 0};
  AssocGuessColumn col;
  GuessValues v;
  memset(&v, 0, sizeof(v));
  assocGuessColumn(g, &col, pTab, iCol);
  g->aMatch[0] = match;
  if (!pTab->abTaken[iCol]) {
    (void)guessMatches(g, &col, &v, 1, ASSOC_GUESS_PAIR, &pBad);
  }
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
    q->apTo = assocAlloc(g->pCall, &g->p->mem,
                         (i64)sizeof(*q->apTo) * (pModel->pTable->nCol + 1));
    if (q->abTaken == 0 || q->apTo == 0) return;
    q->pModel = pModel;
    g->nTable++;
  }
  if (g->aTable == 0) return;
  qsort(g->aTable, (size_t)g->nTable, sizeof(*g->aTable), guessByModel);
  guessDeclared(g);
  qsort(g->aTable, (size_t)g->nTable, sizeof(*g->aTable), guessByTable);
}

/* ------------------------------------------------------------------- views */

/* Does the text, which begins with CREATE, name the table? */
static int viewReads(const char *zSql, const char *zTable) {
  int n = (int)strlen(zTable);
  for (; zSql[0]; zSql++) {
    if (sqlite3_strnicmp(&zSql[1], zTable, n) == 0 && !assocIsName(zSql[0]) &&
        !assocIsName(zSql[1 + n])) {
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

/* One look at all tables. */
static void guessPass(AssocGuesser *g, int bMarked, int eMost) {
  int i;
  for (i = 0; i < g->nTable && g->pCall->rc == SQLITE_OK; i++) {
    guessTable(g, &g->aTable[i], bMarked, eMost);
  }
}

/* What is clear comes first, because it tells how the schema names keys: Prisma's
** join tables; names that are those of tables; then roles, when it is known to
** which tables of people keys refer; then names without a mark such as id, twice,
** when it is known whether the schema has keys with such names. */
void assocLookGuess(AssocLook *p) {
  AssocGuesser g;
  int i;
  memset(&g, 0, sizeof(g));
  g.p = p;
  g.pCall = p->pCall;
  guessTables(&g);
  if (p->pCall->rc == SQLITE_OK) assocGuessNames(&g);
  for (i = 0; i < g.nTable && p->pCall->rc == SQLITE_OK; i++) {
    guessPair(&g, &g.aTable[i]);
  }
  guessPass(&g, 1, ASSOC_GUESS_SELF);
  assocGuessPeople(&g);
  guessPass(&g, 1, ASSOC_GUESS_VALUES);
  guessPass(&g, 0, ASSOC_GUESS_VALUES);
  guessPass(&g, 0, ASSOC_GUESS_VALUES);
  guessViews(&g);
  for (i = 0; i < g.nParent; i++) assocFinalize(p->pCall, g.aParent[i].pFind);
  assocLookKeysRelate(p);
}
