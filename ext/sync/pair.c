/*
** A UNIQUE index on the two keys of a join table.
**
** A join table links a pair of rows once, unless through says "unique":false.
** A join table that assoc_sync() creates has the pair as its primary key. An
** existing join table gets
**
**   CREATE UNIQUE INDEX PostTag_PostId_TagId ON PostTag(PostId, TagId)
**
** The columns of a scope that fixes one value belong to the index: the same
** pair may be linked under several values. If the table already holds a pair
** twice, this is an error where a definition says "unique":true. Where
** uniqueness is only the default, the index is left out.
*/
#include "sync/sync.h"

/* The columns of the index. */
typedef struct Pair Pair;
struct Pair {
  const AssocForeign *pFor; /* One of the two keys */
  int nCol;                 /* Columns in azCol */
  const char *azCol[24];    /* Both keys, then those of the scope */
};

/* The other key of the join table: where pFor's association leads. */
static const AssocForeign *pairOther(const AssocSync *p,
                                     const AssocForeign *pFor) {
  const AssocForeign *q;
  assert(pFor->pJoin);
  q = assocSyncKeys(p, pFor->zTable);
  while (q->pSchema != pFor->pSchema ||
         !assocSyncIsKey(q, &pFor->pJoin->other)) {
    q = q->pNextHere;
    assert(q); /* The definition's own other key is in the list */
  }
  return q;
}

/* Does another association use the table with keys other than these two? Then a
** row stands for more than the pair, and the pair need not be unique. */
static int pairIsPart(const AssocSync *p, const AssocForeign *pFor,
                      const AssocForeign *pOther) {
  const AssocForeign *q;
  for (q = assocSyncKeys(p, pFor->zTable); q; q = q->pNextHere) {
    if (q->bJoin && q != pFor && q != pOther && q->pSchema == pFor->pSchema) {
      return 1;
    }
  }
  return 0;
}

/* Add a column to the index, once. */
static void pairColumn(Pair *pPair, const char *zCol) {
  int i = 0;
  assert(pPair->nCol < ASSOC_COUNT(pPair->azCol));
  while (i < pPair->nCol && sqlite3_stricmp(pPair->azCol[i], zCol) != 0) i++;
  if (i == pPair->nCol) pPair->azCol[pPair->nCol++] = zCol;
}

/* The columns of the index of pFor's join table. False if no index is due, or
** if the other key of the same pair, earlier in the list, makes the index. */
static int pairRead(const AssocSync *p, const AssocForeign *pFor, Pair *pPair) {
  const AssocForeign *pOther, *q;
  int i;
  memset(pPair, 0, sizeof(*pPair));
  pPair->pFor = pFor;
  if (pFor->pJoin == 0 || pFor->pTab == 0 || pFor->eThroughUnique == 0 ||
      pFor->pTab->eType != ASSOC_TABLE) {
    return 0;
  }
  pOther = pairOther(p, pFor);
  assert(pOther != pFor); /* A belongsToMany with two equal keys is refused */
  for (q = assocSyncKeys(p, pFor->zTable); q != pFor; q = q->pNextHere) {
    assert(q); /* pFor is in the list */
    if (q == pOther && q->pJoin && assocSyncIsKey(pFor, &q->pJoin->other)) {
      return 0;
    }
  }
  if (pFor->eThroughUnique < 0 && pairIsPart(p, pFor, pOther)) return 0;
  if (pFor->key.nCol + pOther->key.nCol + pFor->nScope >
      ASSOC_COUNT(pPair->azCol)) {
    return 0;
  }
  for (i = 0; i < pFor->key.nCol; i++) pairColumn(pPair, pFor->key.azCol[i]);
  for (i = 0; i < pOther->key.nCol; i++)
    pairColumn(pPair, pOther->key.azCol[i]);
  for (i = 0; i < pFor->nScope; i++) {
    if (!assocSyncIsFixed(pFor->apScope[i])) continue;
    assert(assocColumnFind(pFor->pTab, pFor->apScope[i]->zKey) >= 0);
    pairColumn(pPair, pFor->apScope[i]->zKey);
  }
  return 1;
}

/* Does some UNIQUE index cover a subset of the columns? Then pairs are unique
** already. */
static int pairIsUnique(AssocSync *p, const Pair *pPair) {
  const AssocTable *pTab = pPair->pFor->pTab;
  const AssocIndex *q = assocTableIndexes(p->pCall, pPair->pFor->pTab);
  int i, j;
  for (; q; q = q->pNext) {
    if (!q->bUnique || q->bPartial) continue;
    for (i = 0; i < q->nCol; i++) {
      if (q->aCol[i] < 0) break;
      for (j = 0; j < pPair->nCol; j++) {
        if (assocColumnFind(pTab, pPair->azCol[j]) == q->aCol[i]) break;
      }
      if (j == pPair->nCol) break;
    }
    if (i == q->nCol) return 1;
  }
  return 0;
}

/* How many pairs occur more than once, and in *pz one of them: "PostId 1, TagId
** 2". OUT: *pz is freed with sqlite3_free() */
static i64 pairTwins(AssocSync *p, const Pair *pPair, char **pz) {
  const AssocTable *pTab = pPair->pFor->pTab;
  sqlite3_str *pCols = sqlite3_str_new(p->pCall->db);
  sqlite3_str *pName = sqlite3_str_new(p->pCall->db);
  sqlite3_str *pWhere = sqlite3_str_new(p->pCall->db);
  char *zCols, *zName, *zWhere;
  sqlite3_stmt *pStmt = 0;
  i64 n = 0;
  int i, bAll = 1;
  assert(pPair->nCol > 1 && pTab->eType == ASSOC_TABLE);
  *pz = 0;
  for (i = 0; i < pPair->nCol; i++) {
    const char *z = pPair->azCol[i];
    bAll = bAll && assocColumnFind(pTab, z) >= 0;
    sqlite3_str_appendf(pCols, "%s\"%w\"", i ? ", " : "", z);
    sqlite3_str_appendf(pName, "%s'%q '||quote(\"%w\")", i ? "||', '||" : "", z,
                        z);
    sqlite3_str_appendf(pWhere, "%s\"%w\" IS NOT NULL", i ? " AND " : "", z);
  }
  zCols = assocStrFinish(p->pCall, pCols);
  zName = assocStrFinish(p->pCall, pName);
  zWhere = assocStrFinish(p->pCall, pWhere);
  assocSchemaNeedTrust(p->pCall, pTab->pSchema);
  if (bAll &&
      !pTab->bPlanned) { /* A column that is still missing has no values */
    pStmt =
        assocPrepare(p->pCall,
                     "SELECT count(*), min(z) FROM (SELECT %s AS z FROM"
                     " \"%w\".\"%w\" WHERE %s GROUP BY %s"
                     " HAVING count(*) > 1)",
                     zName, pTab->pSchema->zName, pTab->zName, zWhere, zCols);
  }
  if (pStmt && assocStep(p->pCall, pStmt)) {
    n = sqlite3_column_int64(pStmt, 0);
    *pz = assocMprintf(p->pCall, "%s", assocColumnText(p->pCall, pStmt, 1));
  }
  assocFinalize(p->pCall, pStmt);
  sqlite3_free(zCols);
  sqlite3_free(zName);
  sqlite3_free(zWhere);
  return n;
}

/* assoc_check asks this: -1 if the pairs are unique or if there is no such
** table, else how many pairs occur more than once. */
i64 assocPairState(AssocSync *p, const AssocForeign *pFor, char **pzTwin) {
  Pair pair;
  *pzTwin = 0;
  if (!pairRead(p, pFor, &pair) || pairIsUnique(p, &pair)) return -1;
  return pairTwins(p, &pair, pzTwin);
}

/* CREATE UNIQUE INDEX, under a free name. */
static void pairCreate(AssocSync *p, const Pair *pPair) {
  const AssocForeign *pFor = pPair->pFor;
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const char *zName;
  int i;
  assocStrAdd(pStr, pFor->zTable);
  for (i = 0; i < pPair->nCol; i++) {
    sqlite3_str_appendf(pStr, "_%s", pPair->azCol[i]);
  }
  assert(pPair->nCol > 1);
  zName = assocArenaStr(p->pCall, &p->mem, pStr);
  zName = zName ? assocDdlFreeName(p, pFor->pSchema, zName) : "";
  assocDdlBegin(p, "CREATE UNIQUE INDEX ");
  assocDdlSchema(p->pStr, pFor->pSchema, pFor->zTable);
  assocDdlName(p->pStr, zName);
  sqlite3_str_appendall(p->pStr, " ON ");
  assocDdlName(p->pStr, pFor->zTable);
  for (i = 0; i < pPair->nCol; i++) {
    sqlite3_str_appendall(p->pStr, i ? ", " : "(");
    assocDdlName(p->pStr, pPair->azCol[i]);
  }
  sqlite3_str_appendchar(p->pStr, 1, ')');
}

/* Pairs that occur twice are an error only if a definition asks for unique
** pairs in words. A default must not stop a sync over existing data;
** assoc_check reports it. */
int assocPairIndex(AssocSync *p, const AssocForeign *pFor) {
  Pair pair;
  char *zTwin = 0;
  i64 n;
  if (!pairRead(p, pFor, &pair) || pairIsUnique(p, &pair)) return 0;
  n = pairTwins(p, &pair, &zTwin);
  if (n && pFor->eThroughUnique == 1) {
    const AssocRel *pSaid = pFor->apSaid[4] ? pFor->apSaid[4] : pFor->pJoin;
    assocFail(p->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_UNIQUE,
                          .zModel = pSaid->pSource->zLabel,
                          .zName = pSaid->zName},
              "%s cannot have each pair once, as %s.%s asks with "
              "\"unique\":true: %lld %s more than once: %s%s; delete the "
              "others, or say \"unique\":false",
              pFor->zTable, pSaid->pSource->zLabel, pSaid->zName, n,
              n == 1 ? "is there" : "are there", zTwin ? zTwin : "",
              n > 1 ? ", …" : "");
  }
  sqlite3_free(zTwin);
  if (n) return 0;
  pairCreate(p, &pair);
  return 1;
}
