/*
** Associations for the foreign keys that a schema declares.
**
** posts(author_id REFERENCES users) gives
**
**    posts belongsTo users, "author"        users hasMany posts, "posts"
**
** A key that is unique gives a hasOne instead of the hasMany. A table whose two
** keys are its own primary key, such as likes(user_id, post_id), also gives
**
**    users belongsToMany posts through likes, and posts belongsToMany users
**
** Keys that a definition covers already are left alone. A name that a
** definition or a column has is not used again. All belongsTo come first, then
** their other sides, then the associations through join tables: if two want the
** same name, the nearer one gets it.
**
** Nothing is written before assocDiscoverWrite(): a dry run prints the same
** list as calls.
*/
#include "look/look.h"
#include "sql/sql.h"

/* ------------------------------------------------------ what is there already */

/* Is every key of the order a column of the join row? */
static int foundIsAtOrder(const ShapeSort *pSort) {
  while (pSort && pSort->key.bAt) pSort = pSort->pNext;
  return pSort == 0;
}

/* Is pRel the association of that kind over the key? Over a join table, pOther
** is the other key. An association with a scope gives only some of the rows,
** and one with an order is a list of its own, so neither of them is it. Only
** the join table's own order does not matter: discovery declares it, too. */
static int foundIs(const AssocRel *pRel, int eKind, const AssocLookKey *pKey,
                   const AssocLookKey *pOther) {
  const AssocNaming *pName = &pKey->name;
  const AssocTable *pTab = pName->pChild->pTable;
  assert(pOther == 0 || eKind == ASSOC_BELONGSTOMANY);
  if (pRel->nPath || pRel->nBranch || pRel->pScope) return 0;
  if (pOther ? !foundIsAtOrder(pRel->pOrder) : pRel->pOrder != 0) return 0;
  if (!assocLookSameColumns(&pRel->foreign, pName->nCol, pName->aCol)) return 0;
  if (pOther) {
    return pRel->eKind == ASSOC_BELONGSTOMANY && pRel->pThrough == pTab &&
           pRel->pThroughScope == 0 &&
           assocLookSameColumns(&pRel->other, pOther->name.nCol,
                                pOther->name.aCol);
  }
  if (eKind == ASSOC_BELONGSTO) {
    return pRel->eKind == eKind && pRel->pTarget == pName->pParent;
  }
  return (pRel->eKind == ASSOC_HASONE || pRel->eKind == ASSOC_HASMANY) &&
         pRel->pTarget == pName->pChild;
}

/* The definition that covers the key already; 0 if there is none. Definitions
** that cannot be resolved do not count. */
static AssocDef *foundBefore(AssocLook *p, AssocModel *pModel, int eKind,
                             const AssocLookKey *pKey,
                             const AssocLookKey *pOther) {
  int i;
  AssocDef *pDef = assocLookFirstDef(p, pModel, &i);
  for (; pDef; pDef = assocLookNextDef(p, &i)) {
    AssocRel *pRel = assocRelTry(p->pCall, pDef, 0);
    if (pRel && foundIs(pRel, eKind, pKey, pOther)) return pDef;
  }
  return 0;
}

/* The list of what was found for a model, among those of its bucket. */
static AssocFound **foundBucket(AssocLook *p, const AssocModel *pModel) {
  u32 h = (u32)((uintptr_t)pModel >> 4) * 2654435761u;
  return &p->apFound[h % ASSOC_COUNT(p->apFound)];
}

/* A name is taken if the model has a column or a definition of the name, or if
** this discovery has used it already. */
static int foundTaken(AssocLook *p, AssocModel *pModel, const char *zName) {
  AssocFound *pFound;
  int iCol = assocColumnSeek(p->pCall, pModel->pTable, zName);
  if (iCol >= 0) return 1;
  /* A name that a column has, that this discovery gives, or that is defined. */
  assert(zName);
  for (pFound = *foundBucket(p, pModel); pFound; pFound = pFound->pSame) {
    if (pFound->pModel == pModel &&
        sqlite3_stricmp(pFound->zName, zName) == 0) {
      return 1;
    }
  }
  return assocLookHasName(p, pModel, zName);
}

/* --------------------------------------------------------------- one found */

/* Set the options that name a key: its columns in the order of the referenced
** key, and the referenced columns if they are not the primary key. */
static void foundKeys(AssocLook *p, const AssocLookKey *pKey,
                      AssocNames *pForeign, AssocNames *pReferenced) {
  const AssocModel *pParent = pKey->name.pParent;
  int i, j, n = pKey->key.nCol;
  assert(n > 0 && pKey->ref.nCol == n);
  pForeign->az = pKey->key.azCol;
  pForeign->n = n;
  if (!assocLookSameColumns(&pKey->ref, pParent->nKey, pParent->aKey)) {
    pReferenced->az = pKey->ref.azCol;
    pReferenced->n = n;
    return;
  }
  pForeign->az = assocAlloc(p->pCall, &p->mem, (i64)sizeof(char *) * (n + 1));
  for (i = 0; i < n && pForeign->az; i++) {
    for (j = 0; pKey->ref.aCol[j] != pParent->aKey[i]; j++) {
      assert(j < n - 1); /* ref has the same columns */
    }
    pForeign->az[i] = pKey->key.azCol[j];
  }
}

/* A table as a source of rows: for a session, what it can read. */
static const char *foundRows(AssocLook *p, const AssocTable *pTab) {
  const char *z = assocSqlSource(p->pCall, &p->mem, pTab);
  return z ? z : "";
}

/* Is the column hidden from the session? */
static int foundHides(AssocLook *p, const AssocTable *pTab, int iCol) {
  assert(pTab->eType == ASSOC_TABLE); /* SQLite hides none of its columns */
  return assocColumnIs(p->pCall, pTab, iCol, ASSOC_COLUMN_HIDE);
}

/* Do the first hundred rows of the parent have the number of their children in
** column iCol, and one of them more than zero? */
static int foundCounts(AssocLook *p, const AssocLookKey *pKey, int iCol) {
  const AssocTable *pUp = pKey->name.pParent->pTable;
  const AssocTable *pTab = pKey->name.pChild->pTable;
  const char *zCol = pUp->aCol[iCol].zName;
  sqlite3_stmt *pStmt = assocPrepare(
      p->pCall,
      "SELECT min(ok), max(n) FROM (SELECT p.\"%w\" AS n, p.\"%w\" IS"
      " (SELECT count(*) FROM %s AS c"
      " WHERE p.\"%w\" = +c.\"%w\") AS ok FROM %s AS p LIMIT 100)",
      zCol, zCol, foundRows(p, pTab), pKey->ref.azCol[0], pKey->key.azCol[0],
      foundRows(p, pUp));
  int b = assocStep(p->pCall, pStmt) && sqlite3_column_int(pStmt, 0) == 1 &&
          sqlite3_column_int64(pStmt, 1) > 0;
  assert(iCol >= 0 && iCol < pUp->nCol && pKey->ref.nCol == 1);
  assocFinalize(p->pCall, pStmt);
  return b;
}

/* The column of the parent that is a counter cache of the children, by its name
** and its values: comments_count, commentsCount or comment_count. 0: none. */
static const char *foundCounter(AssocLook *p, const AssocFound *pFound,
                                const AssocLookKey *pKey) {
  AssocCall *pCall = p->pCall;
  const AssocTable *pUp = pFound->pModel->pTable;
  const char *az[2], *zCol;
  int i, j;
  if (pFound->eKind != ASSOC_HASMANY || pKey->key.nCol != 1) return 0;
  assert(pUp->eType == ASSOC_TABLE); /* No key leads to another kind */
  if (pUp == pFound->pTarget->pTable) return 0;
  az[0] = assocUnderscore(pCall, &p->mem, pFound->zName);
  az[1] = az[0] ? assocSingularize(pCall, &p->mem, az[0]) : 0;
  /* comments_count or comment_count, in any style of writing */
  assert(pFound->pTarget);
  for (i = 0; i < pUp->nCol && az[1]; i++) {
    const AssocColumn *pCol = &pUp->aCol[i];
    if (pCol->eAff != ASSOC_AFF_NUMERIC || pCol->bGenerated) continue;
    if (foundHides(p, pUp, i)) continue;
    zCol = assocUnderscore(pCall, &p->mem, pCol->zName);
    for (j = 0; zCol && j < 2; j++) {
      int n = (int)strlen(az[j]);
      if (strncmp(zCol, az[j], (size_t)n) != 0) continue;
      if (strcmp(&zCol[n], "_count") != 0) continue;
      if (foundCounts(p, pKey, i)) return pCol->zName;
    }
  }
  return 0;
}

/* ------------------------------------------------------- order columns */

/* Is the last word of z one of them? */
static int foundEnds(AssocLook *p, const char *z, const char *const *az,
                     int n) {
  int i, nLess;
  z = assocUnderscore(p->pCall, &p->mem, z);
  for (i = 0; z && i < n; i++) {
    nLess = (int)strlen(z) - (int)strlen(az[i]);
    /* A whole word at the end: sort_order, but not border */
    if (nLess >= 0 && strcmp(&z[nLess], az[i]) == 0 &&
        (nLess == 0 || z[nLess - 1] == '_')) {
      return 1;
    }
  }
  return 0;
}

/* A column by which the rows of a list are ordered. */
static int foundIsOrder(AssocLook *p, const AssocColumn *pCol) {
  static const char *const az[] = {"position", "order", "sort",  "rank",
                                   "sequence", "seq",   "index", "ordinal",
                                   "pos",      "idx"};
  return pCol->eAff == ASSOC_AFF_NUMERIC &&
         foundEnds(p, pCol->zName, az, ASSOC_COUNT(az));
}

/* Is the column part of a key? */
static int foundIsKey(const AssocLook *p, const AssocModel *pChild, int iCol) {
  const AssocLookKey *pKey = p->pKey;
  int i;
  for (; pKey; pKey = pKey->pNext) {
    if (pKey->name.pChild != pChild) continue;
    assert(pKey->key.nCol > 0);
    for (i = 0; i < pKey->key.nCol && pKey->key.aCol[i] != iCol; i++) {
    }
    if (i < pKey->key.nCol) return 1;
  }
  return 0;
}

/* The order column of a join table, such as sort_order; -1 if there is none, or
** more than one. */
static int foundOrderColumn(AssocLook *p, const AssocModel *pChild) {
  const AssocTable *pTab = pChild->pTable;
  int i, iOrder = -1;
  for (i = 0; i < pTab->nCol; i++) {
    if (foundHides(p, pTab, i) || !foundIsOrder(p, &pTab->aCol[i]) ||
        foundIsKey(p, pChild, i)) {
      continue;
    }
    /* Two such columns: nobody knows which one sorts. */
    if (iOrder >= 0) return -1;
    iOrder = i;
  }
  return iOrder;
}

/* Is (key, order column) unique by an index? */
static int foundNumbers(AssocLook *p, const AssocLookKey *pKey, int iOrder) {
  int aCol[16], i, bUnique = 0;
  assert(iOrder >= 0);
  if (pKey->key.nCol >= ASSOC_COUNT(aCol)) return 0;
  for (i = 0; i < pKey->key.nCol; i++) aCol[i] = pKey->key.aCol[i];
  aCol[i++] = iOrder;
  (void)assocTableIndexOn(p->pCall, pKey->name.pChild->pTable, i, aCol,
                          &bUnique);
  return bUnique;
}

/* Of the first 2,000 rows: how many more pairs of pA and order column differ
** than pairs of pB and order column. */
static int foundNumbersMore(AssocLook *p, const AssocLookKey *pA,
                            const AssocLookKey *pB, int iOrder) {
  const AssocTable *pTab = pA->name.pChild->pTable;
  sqlite3_stmt *pStmt;
  int n = 0;
  assert(pA->name.pChild == pB->name.pChild && iOrder >= 0);
  if (pA->key.nCol != 1 || pB->key.nCol != 1) return 0;
  pStmt = assocPrepare(
      p->pCall,
      "WITH t AS MATERIALIZED (SELECT \"%w\" AS a, \"%w\" AS b, \"%w\" AS o"
      " FROM %s LIMIT 2000)"
      " SELECT (SELECT count(*) FROM (SELECT DISTINCT a, o FROM t))"
      " - (SELECT count(*) FROM (SELECT DISTINCT b, o FROM t))",
      pA->key.azCol[0], pB->key.azCol[0], pTab->aCol[iOrder].zName,
      foundRows(p, pTab));
  if (assocStep(p->pCall, pStmt)) n = sqlite3_column_int(pStmt, 0);
  assocFinalize(p->pCall, pStmt);
  return n;
}

/*
** Does the order column count in the lists of pA? It counts 1, 2, 3 in each
** playlist, not in the playlists of a track. What tells: a UNIQUE index on key
** and order column; values that repeat less often; the key that is first in the
** table.
*/
static int foundOrders(AssocLook *p, const AssocLookKey *pA,
                       const AssocLookKey *pB, int iOrder) {
  int bA = foundNumbers(p, pA, iOrder), bB = foundNumbers(p, pB, iOrder), n;
  if (bA != bB) return bA;
  n = foundNumbersMore(p, pA, pB, iOrder);
  return n ? n > 0 : pA->key.aCol[0] < pB->key.aCol[0];
}

/* Set the option order to "@sort_order" if the join table has such a column. */
static void foundOrder(AssocLook *p, const AssocLookKey *pA,
                       const AssocLookKey *pB, AssocOptions *pOpt) {
  int iOrder = foundOrderColumn(p, pA->name.pChild);
  AssocJson *pJson;
  const char *z;
  assert(pA->name.pChild == pB->name.pChild);
  if (iOrder < 0 || !foundOrders(p, pA, pB, iOrder)) return;
  z = assocShapeName(p->pCall, &p->mem,
                     pA->name.pChild->pTable->aCol[iOrder].zName);
  pJson = assocAlloc(p->pCall, &p->mem, sizeof(*pJson));
  if (z == 0 || pJson == 0) return;
  pJson->eType = ASSOC_J_TEXT;
  pJson->z = assocArenaPrintf(p->pCall, &p->mem, "@%s", z);
  if (pJson->z == 0) return;
  pJson->n = (int)strlen(pJson->z);
  pOpt->pOrder = pJson;
}

/* The columns are always named: a later change of the schema must not change
** what the definition means. Constraints are left to the schema, which has the
** key already. */
static void foundOptions(AssocLook *p, AssocFound *pFound,
                         const AssocLookKey *pKey, const AssocLookKey *pOther) {
  AssocNames *pReferenced;
  AssocOptions opt;
  assocOptionsInit(&opt);
  pReferenced =
      pFound->eKind == ASSOC_BELONGSTO ? &opt.targetKey : &opt.sourceKey;
  foundKeys(p, pKey, &opt.foreignKey, pReferenced);
  if (pOther) {
    foundKeys(p, pOther, &opt.otherKey, &opt.targetKey);
    opt.zThrough = assocRowName(p->pCall, &p->mem, p->pSchema->zName,
                                p->pSchema, pKey->name.pChild->zName);
    if (pKey->bLoose) opt.eThroughUnique = 0;
    foundOrder(p, pKey, pOther, &opt);
  }
  /* A column has one constraint at most that a definition may speak of */
  if (pKey->bShared || (pOther && pOther->bShared)) opt.eConstraints = 0;
  if (pOther == 0) opt.zCounter = foundCounter(p, pFound, pKey);
  pFound->zOptions = assocOptionsText(p->pCall, &p->mem, &opt);
}

/* The first name that is free. */
static const char *foundName(AssocLook *p, AssocModel *pModel, int eKind,
                             const AssocLookKey *pKey,
                             const AssocLookKey *pOther, int bPlain) {
  AssocCall *pCall = p->pCall;
  const char *z = "";
  int i;
  /* Candidates never end: the last ones have a number. */
  assert(pKey);
  for (i = 0; pCall->rc == SQLITE_OK; i++) {
    if (pOther) {
      z = assocNameMany(pCall, &p->mem, &pKey->name, &pOther->name, bPlain, i);
    } else if (eKind == ASSOC_BELONGSTO) {
      z = assocNameOne(pCall, &p->mem, &pKey->name, i);
    } else {
      z = assocNameHas(pCall, &p->mem, &pKey->name, i);
    }
    if (pCall->rc == SQLITE_OK && !foundTaken(p, pModel, z)) break;
  }
  return z;
}

/* Does the option "only" include the model? */
int assocDiscoverAsks(const AssocLook *p, const AssocModel *pModel) {
  int i;
  for (i = 0; i < p->nOnly && p->apOnly[i] != pModel; i++) {
  }
  return p->apOnly == 0 || i < p->nOnly;
}

/* Append an association to the list, unless it is defined already or not asked
** for. An association over two keys is as sure as the less sure of both. */
static void foundAdd(AssocLook *p, AssocModel *pModel, int eKind,
                     AssocModel *pTarget, const AssocLookKey *pKey,
                     const AssocLookKey *pOther, int bPlain) {
  AssocDef *pDef;
  AssocFound *pFound;
  assert((pOther != 0) == (eKind == ASSOC_BELONGSTOMANY));
  if (!assocDiscoverAsks(p, pModel) && !assocDiscoverAsks(p, pTarget)) return;
  /* An association under another name over the same key is the same. */
  pDef = foundBefore(p, pModel, eKind, pKey, pOther);
  if (pDef) {
    assocLookSkip(p, pKey->name.pChild->pTable->zName,
                  assocLookNames(p, pKey->name.pChild->pTable, pKey->key.nCol,
                                 pKey->key.aCol),
                  "%s %s %s is defined already: %s", pModel->zLabel,
                  pDef->zKind, pTarget->zLabel, pDef->zName);
    return;
  }
  pFound = assocAlloc(p->pCall, &p->mem, sizeof(*pFound));
  if (pFound == 0) return;
  pFound->pModel = pModel;
  pFound->pTarget = pTarget;
  pFound->eKind = eKind;
  pFound->zName = foundName(p, pModel, eKind, pKey, pOther, bPlain);
  pFound->nSure = pKey->nSure;
  pFound->zWhy = pKey->zWhy;
  if (pOther && pOther->nSure < pKey->nSure) {
    pFound->nSure = pOther->nSure;
    pFound->zWhy = pOther->zWhy;
  }
  foundOptions(p, pFound, pKey, pOther);
  if (p->pLastFound) {
    p->pLastFound->pNext = pFound;
  } else {
    p->pFound = pFound;
  }
  p->pLastFound = pFound;
  pFound->pSame = *foundBucket(p, pModel);
  *foundBucket(p, pModel) = pFound;
}

/* ------------------------------------------------------------ join tables */

/* A join table's two keys. */
struct AssocLookPair {
  AssocLookKey *pA, *pB; /* In the order of the schema */
  AssocLookPair *pNext;  /* The next pair of the schema */
};

/* Is it a column that any table may have, such as created_at? */
static int foundIsStamp(AssocLook *p, const AssocColumn *pCol) {
  static const char *const az[] = {"created_at",  "updated_at",  "created_on",
                                   "updated_on",  "created",     "updated",
                                   "inserted_at", "last_update", "added_at"};
  return foundEnds(p, pCol->zName, az, ASSOC_COUNT(az));
}

/* Has the table columns with something to tell beside two keys and its own? */
static int foundHasData(AssocLook *p, const AssocLookKey *pA,
                        const AssocLookKey *pB) {
  const AssocTable *pTab = pA->name.pChild->pTable;
  int i;
  assert(pA->name.pChild == pB->name.pChild);
  for (i = 0; i < pTab->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[i];
    if (i == pA->key.aCol[0] || i == pB->key.aCol[0] || pCol->iPk) continue;
    if (assocColumnIs(p->pCall, pTab, i, ASSOC_COLUMN_HIDE)) continue;
    if (!foundIsOrder(p, pCol) && !foundIsStamp(p, pCol)) return 1;
  }
  return 0;
}

/* Does the table's name combine both parents' names, as posts_tags does? */
static int foundIsNamedSo(AssocLook *p, const AssocLookKey *pA,
                          const AssocLookKey *pB) {
  AssocCall *pCall = p->pCall;
  const char *z = assocUnderscore(pCall, &p->mem, pA->name.pChild->zName);
  const char *zA = assocSingularize(
      pCall, &p->mem, assocUnderscore(pCall, &p->mem, pA->name.zParent));
  const char *zB = assocSingularize(
      pCall, &p->mem, assocUnderscore(pCall, &p->mem, pB->name.zParent));
  /* posts_tags, post_tag, tags_of_posts: both words occur. */
  return z && zA && zB && pA->name.pParent != pB->name.pParent &&
         strstr(z, zA) && strstr(z, zB);
}

/* Of the first 2,000 rows: how many have the same pair as another row, and in
** *pn how many have a pair at all. */
static int foundTwins(AssocLook *p, const AssocLookKey *pA,
                      const AssocLookKey *pB, int *pn) {
  const AssocTable *pTab = pA->name.pChild->pTable;
  sqlite3_stmt *pStmt = assocPrepare(
      p->pCall,
      "SELECT sum(n), count(*) FROM (SELECT count(*) AS n FROM (SELECT \"%w\""
      " AS a, \"%w\" AS b FROM %s LIMIT 2000) WHERE a IS NOT NULL"
      " AND b IS NOT NULL GROUP BY a, b)",
      pA->key.azCol[0], pB->key.azCol[0], foundRows(p, pTab));
  int nPair = 0;
  assert(pA->key.nCol == 1 && pB->key.nCol == 1);
  *pn = 0;
  if (assocStep(p->pCall, pStmt)) {
    *pn = sqlite3_column_int(pStmt, 0);
    nPair = sqlite3_column_int(pStmt, 1);
  }
  assocFinalize(p->pCall, pStmt);
  return *pn - nPair;
}

/*
** Two keys of which no index says that they are unique. They join if nothing
** else is in the table, or if it is called after both of its parents; and if
** no pair is there twice: then the rows are events.
*/
static int foundJoinsLoosely(AssocLook *p, const AssocLookKey *pA,
                             const AssocLookKey *pB) {
  assert(pA != pB && pA->name.pChild == pB->name.pChild);
  static const char *const azEvent[] = {
      "logs",     "log",      "events",   "event",        "visits",
      "views",    "logins",   "history",  "transactions", "payments",
      "messages", "comments", "sessions", "actions",      "readings",
      "orders",   "bookings", "rentals",  "entries",      "notifications"};
  const AssocLookKey *pC = p->pKey;
  int n, bNamed;
  for (; pC; pC = pC->pNext) { /* A third key, or one to it: more than a pair */
    if (pC->name.pParent == pA->name.pChild) return 0;
    if (pC->name.pChild == pA->name.pChild && pC != pA && pC != pB) return 0;
  }
  if (pA->key.nCol != 1 || pB->key.nCol != 1) return 0;
  bNamed = foundIsNamedSo(p, pA, pB);
  if (!bNamed &&
      (foundHasData(p, pA, pB) ||
       foundEnds(p, pA->name.pChild->zName, azEvent, ASSOC_COUNT(azEvent)))) {
    return 0;
  }
  return foundTwins(p, pA, pB, &n) == 0 && (bNamed || n > 1);
}

/* Do both keys together identify a row of their table, and neither alone? */
static int foundJoins(AssocLook *p, AssocLookKey *pA, AssocLookKey *pB) {
  AssocTable *pTab = pA->name.pChild->pTable;
  int aCol[16], n = 0, i, j, bUnique = 0;
  if (pA->name.bUnique || pB->name.bUnique) return 0;
  if (pTab->eType != ASSOC_TABLE) return 0;
  if (pA->key.nCol + pB->key.nCol > ASSOC_COUNT(aCol)) return 0;
  for (i = 0; i < pA->key.nCol; i++) aCol[n++] = pA->key.aCol[i];
  for (i = 0; i < pB->key.nCol; i++) {
    for (j = 0; j < pA->key.nCol && aCol[j] != pB->key.aCol[i]; j++) {
    }
    if (j == pA->key.nCol) aCol[n++] = pB->key.aCol[i];
  }
  if (n == pA->key.nCol) return 0; /* One lies in the other */
  (void)assocTableIndexOn(p->pCall, pTab, n, aCol, &bUnique);
  if (bUnique) return 1;
  if (!foundJoinsLoosely(p, pA, pB)) return 0;
  pA->bLoose = pB->bLoose = 1;
  return 1;
}

/* The pairs of keys of one table that make it a join table. */
static void foundPairs(AssocLook *p) {
  AssocLookPair **ppEnd = &p->pPair;
  AssocLookKey *pA, *pB;
  for (pA = p->pKey; pA; pA = pA->pNext) {
    for (pB = pA->pNext; pB && pB->name.pChild == pA->name.pChild;
         pB = pB->pNext) {
      AssocLookPair *pPair;
      if (!foundJoins(p, pA, pB)) continue;
      pPair = assocAlloc(p->pCall, &p->mem, sizeof(*pPair));
      if (pPair == 0) return;
      assert(pA != pB && pA->name.pChild == pB->name.pChild);
      /* Keys of one table are neighbours in the list. */
      pPair->pA = pA;
      pPair->pB = pB;
      *ppEnd = pPair;
      ppEnd = &pPair->pNext;
    }
  }
}

/* Is the key between these two models, in either direction? */
static int foundRelates(const AssocNaming *p, const AssocModel *pM,
                        const AssocModel *pN) {
  return (p->pChild == pM && p->pParent == pN) ||
         (p->pChild == pN && p->pParent == pM);
}

/* Does the key name what its rows have of the parent, such as thumbnail_asset,
** and not only the parent? */
static int foundIsRole(const AssocNaming *pName) {
  return !pName->bOwn && !pName->bSelf && !pName->bUnique;
}

/* Name what a person owns or made "owned_teams" where "teams" are the person's
** memberships, by a join table; and the albums of which an asset is the
** thumbnail otherwise than those that it is in. */
static void foundAside(AssocLook *p) {
  const AssocLookPair *q;
  AssocLookKey *pKey;
  for (q = p->pPair; q; q = q->pNext) { /* friends are people, not rows */
    if (q->pA->name.pParent != q->pB->name.pParent) continue;
    q->pA->name.bPlain = q->pB->name.bPlain = 0;
  }
  for (pKey = p->pKey; pKey && p->pPair; pKey = pKey->pNext) {
    int bAside = assocNamingIsAside(p->pCall, &p->mem, &pKey->name);
    if (!bAside && !foundIsRole(&pKey->name)) continue;
    for (q = p->pPair; q && !pKey->name.bAside; q = q->pNext) {
      if (!bAside && !foundIsNamedSo(p, q->pA, q->pB)) continue;
      pKey->name.bAside = (u8)foundRelates(&pKey->name, q->pA->name.pParent,
                                           q->pB->name.pParent);
    }
  }
}

/* Does nothing else relate the two models of the pair? */
static int foundIsOnlyPair(AssocLook *p, const AssocLookPair *pPair) {
  const AssocModel *pM = pPair->pA->name.pParent;
  const AssocModel *pN = pPair->pB->name.pParent;
  const AssocLookPair *q;
  AssocLookKey *pKey;
  int n = 0;
  for (pKey = p->pKey; pKey; pKey = pKey->pNext) {
    if (!pKey->name.bAside && foundRelates(&pKey->name, pM, pN)) return 0;
  }
  for (q = p->pPair; q; q = q->pNext) {
    const AssocModel *pX = q->pA->name.pParent, *pY = q->pB->name.pParent;
    n += (pX == pM && pY == pN) || (pX == pN && pY == pM);
  }
  /* The pair itself is one of them. */
  assert(n >= 1);
  return n == 1;
}

/* -------------------------------------------------------------------- all */

/* One of the three kinds over one key. */
static void foundOver(AssocLook *p, AssocLookKey *pKey, int eKind) {
  AssocModel *pChild = (AssocModel *)pKey->name.pChild;
  AssocModel *pParent = (AssocModel *)pKey->name.pParent;
  assert(eKind == ASSOC_BELONGSTO || eKind == ASSOC_HASMANY);
  if (eKind == ASSOC_BELONGSTO) {
    foundAdd(p, pChild, eKind, pParent, pKey, 0, 0);
  } else if (pChild->pTable->eType ==
             ASSOC_TABLE) { /* A view has no other side */
    eKind = pKey->name.bUnique ? ASSOC_HASONE : ASSOC_HASMANY;
    foundAdd(p, pParent, eKind, pChild, pKey, 0, 0);
  }
}

/* A join table is seen from both of its ends. */
static void foundThrough(AssocLook *p, const AssocLookPair *pPair) {
  AssocLookKey *pA = pPair->pA, *pB = pPair->pB;
  AssocModel *pM = (AssocModel *)pA->name.pParent;
  AssocModel *pN = (AssocModel *)pB->name.pParent;
  int bPlain = foundIsOnlyPair(p, pPair);
  foundAdd(p, pM, ASSOC_BELONGSTOMANY, pN, pA, pB, bPlain);
  foundAdd(p, pN, ASSOC_BELONGSTOMANY, pM, pB, pA, bPlain);
}

/* Find the models that are named, in their database first. */
static void foundOnly(AssocLook *p, const AssocNames *pOnly) {
  int i;
  p->apOnly =
      assocAlloc(p->pCall, &p->mem, (i64)sizeof(AssocModel *) * (pOnly->n + 1));
  for (i = 0; i < pOnly->n && p->apOnly; i++) {
    AssocModel *pModel = assocModelNear(p->pCall, p->pSchema, pOnly->az[i]);
    if (pModel == 0)
      pModel = assocModelDefined(p->pCall, p->pCat, pOnly->az[i]);
    assert(p->nOnly < pOnly->n);
    if (pModel) p->apOnly[p->nOnly++] = pModel;
  }
}

/* Declared keys come first, then guessed ones, so that a guess never takes the
** name of something that is certain. */
void assocDiscover(AssocLook *p, const AssocNames *pOnly) {
  const AssocLookPair *pPair;
  AssocLookKey *pKey;
  int bGuess;
  if (pOnly->n) foundOnly(p, pOnly);
  assocDiscoverModels(p);
  foundPairs(p);
  foundAside(p);
  /* What is declared takes the good names first, and belongsTo before the rest:
  ** names of hasMany and belongsToMany depend on it. */
  for (bGuess = 0; bGuess < 2; bGuess++) {
    for (pKey = p->pKey; pKey; pKey = pKey->pNext) {
      if (bGuess == (pKey->nSure < 100)) foundOver(p, pKey, ASSOC_BELONGSTO);
    }
    for (pKey = p->pKey; pKey; pKey = pKey->pNext) {
      if (bGuess == (pKey->nSure < 100)) foundOver(p, pKey, ASSOC_HASMANY);
    }
    for (pPair = p->pPair; pPair; pPair = pPair->pNext) {
      int bSure = pPair->pA->nSure == 100 && pPair->pB->nSure == 100;
      if (bGuess == !bSure) foundThrough(p, pPair);
    }
  }
}

/* One prepared statement writes all rows. Names in the rows are as
** assoc_define() would store them, so defining the same again finds them. */
void assocDiscoverWrite(AssocLook *p, int nSure) {
  AssocCall *pCall = p->pCall;
  const char *zSchema = p->pSchema->zName;
  AssocDefWriter w = {0, 0, 0};
  const AssocFoundModel *pModel = p->pFoundModel;
  AssocFound *q;
  for (; pModel && pCall->rc == SQLITE_OK; pModel = pModel->pNext) {
    if (w.pStmt == 0) assocDefBegin(pCall, &w, zSchema);
    assocDefPut(
        &w, assocRowName(pCall, &p->mem, zSchema, p->pSchema, pModel->zName),
        "", "model", 0, pModel->zOptions);
  }
  /* Models first: associations may be of them. The statement is prepared with the
  ** first row, so a discovery without a result makes no table. */
  for (q = p->pFound; q && pCall->rc == SQLITE_OK; q = q->pNext) {
    const char *zModel, *zTarget;
    if (q->nSure < nSure) continue;
    if (w.pStmt == 0) assocDefBegin(pCall, &w, zSchema);
    zModel =
        assocRowName(pCall, &p->mem, zSchema, p->pSchema, q->pModel->zName);
    zTarget =
        assocRowName(pCall, &p->mem, zSchema, p->pSchema, q->pTarget->zName);
    assocDefPut(&w, zModel, q->zName, azAssocKind[q->eKind], zTarget,
                q->zOptions);
  }
  assocDefEnd(&w);
}

/* ----------------------------------------------------------------- results */

/* The call that defines it. OUT: sqlite3_free() */
static char *foundCall(AssocLook *p, const AssocFound *q) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  assert(q->zName[0]);
  assocDumpCall(p, pStr, q->pModel->zLabel, azAssocKind[q->eKind],
                q->pTarget->zLabel, q->zName, q->zOptions, 0);
  return assocStrFinish(p->pCall, pStr);
}

/* One association. A guess also has its confidence and its reason, and, with
** bCall, the call that would define it. */
static void foundJson(AssocLook *p, AssocOut *pOut, const AssocFound *q,
                      int bCall) {
  assert(q->nSure > 0 && q->nSure <= 100 && (q->nSure == 100 || q->zWhy));
  assocJsonMember(pOut, "{\"model\":", q->pModel->zLabel);
  assocJsonMember(pOut, ",\"association\":", q->zName);
  assocJsonMember(pOut, ",\"kind\":", azAssocKind[q->eKind]);
  assocJsonMember(pOut, ",\"target\":", q->pTarget->zLabel);
  assocOutPrintf(pOut, ",\"options\":%s", q->zOptions ? q->zOptions : "{}");
  if (q->nSure < 100) {
    assocOutPrintf(pOut, ",\"confidence\":0.%02d", q->nSure);
    assocJsonMember(pOut, ",\"reason\":", q->zWhy);
  }
  if (bCall) {
    char *z = foundCall(p, q);
    if (z) assocJsonMember(pOut, ",\"define\":", z);
    sqlite3_free(z);
  }
  assocOutText(pOut, "}", 1);
}

/* The associations whose confidence is between two bounds, 100 being
** certain. */
static void foundJsonList(AssocLook *p, AssocOut *pOut, int nFrom, int nTo,
                          int bCall) {
  const AssocFound *q;
  int n = 0;
  for (q = p->pFound; q; q = q->pNext) {
    if (q->nSure < nFrom || q->nSure > nTo) continue;
    if (n++) assocOutText(pOut, ",", 1);
    foundJson(p, pOut, q, bCall);
  }
}

/* ,"models":[...], if there are any. */
static void foundJsonModels(AssocLook *p, AssocOut *pOut) {
  const AssocFoundModel *q;
  for (q = p->pFoundModel; q; q = q->pNext) {
    assocOutPrintf(pOut, q == p->pFoundModel ? "],\"models\":[" : ",");
    assocJsonMember(pOut, "{\"model\":", q->zLabel);
    assocOutPrintf(pOut, ",\"options\":%s}", q->zOptions);
  }
}

/* Keys for which nothing was defined, with the reasons. */
static void foundJsonSkipped(AssocLook *p, AssocOut *pOut) {
  const AssocSkipped *q;
  for (q = p->pSkip; q; q = q->pNext) {
    if (q != p->pSkip) assocOutText(pOut, ",", 1);
    assert(q->zTable && q->zKey);
    assocJsonMember(pOut, "{\"table\":", q->zTable);
    assocJsonMember(pOut, ",\"foreignKey\":", q->zKey);
    assocJsonMember(pOut, ",\"reason\":", q->zWhy ? q->zWhy : "");
    assocOutText(pOut, "}", 1);
  }
}

/* The hint to try {"guess":true} where the schema declares no foreign key;
** else 0. */
static const char *foundHint(const AssocLook *p, int bGuess) {
  if (bGuess || p->pKey || p->pSkip || p->nTable < 2) return 0;
  return "no foreign key is declared; with {\"guess\":true}, assoc_discover() "
         "looks at names and values";
}

/* Is a model of that name defined whose table is not there? */
static int foundIsGone(AssocLook *p, const char *zModel) {
  /* All rows have been read */
  const AssocWord *pWord = assocWordsFind(&p->pSchema->defs, zModel);
  const AssocDef *pDef = pWord ? pWord->p : 0;
  while (pDef && (pDef->zName[0] == 0 || pDef->pSource)) pDef = pDef->pNextOf;
  return pDef != 0;
}

/* The missing table that the definition names, or 0. *pNow is its new name, if
** it was renamed. A join table that is not there may never have been made, so
** only a renamed one counts. */
static const char *foundGone(AssocLook *p, AssocDef *pDef, AssocRenamed *pNow) {
  const char *zGone = pDef->pSource == 0 ? pDef->zModel : pDef->zTarget;
  AssocRel *pRel;
  memset(pNow, 0, sizeof(*pNow));
  if (zGone && (pDef->pSource == 0 || foundIsGone(p, zGone))) {
    assocRenamedModel(p, pDef->pSchema, zGone, pNow);
    return zGone;
  }
  /* Not the models, but the join table may be gone. */
  pRel = assocKindSeek(pDef->zKind) == ASSOC_BELONGSTOMANY
             ? assocRelTry(p->pCall, pDef, 0)
             : 0;
  if (pRel == 0 || pRel->pThrough) return 0;
  assert(pRel->nPath == 0);
  assocRenamedJoin(p, pRel, pNow);
  return pNow->nChoice == 1 ? pRel->zThrough : 0;
}

/* ,"gone":[...]: definitions of, to or through tables that are not there. */
static void foundJsonGone(AssocLook *p, AssocOut *pOut) {
  AssocDef *pDef;
  int n = 0;
  assocCatalogLink(p->pCall, p->pCat);
  for (pDef = assocSchemaDefs(p->pCall, p->pSchema); pDef; pDef = pDef->pNext) {
    AssocRenamed now;
    const char *zGone;
    if (p->pCall->rc != SQLITE_OK) return;
    zGone = pDef->zName[0] ? foundGone(p, pDef, &now) : 0;
    /* The member "gone" is there only if it has an element. */
    if (zGone == 0) continue;
    assocJsonMember(
        pOut, n++ ? ",{\"model\":" : ",\"gone\":[{\"model\":", pDef->zModel);
    assocJsonMember(pOut, ",\"association\":", pDef->zName);
    assocJsonMember(pOut, ",\"table\":", zGone);
    if (now.nChoice == 1) assocJsonMember(pOut, ",\"now\":", now.zNow);
    assocOutText(pOut, "}", 1);
  }
  if (n) assocOutText(pOut, "]", 1);
}

/* nSure is the confidence from which associations are made; the less certain
** ones stand under "guessed". OUT: the caller frees the text; 0 after an
** error. */
char *assocDiscoverJson(AssocLook *p, int nSure, int bGuess, i64 *pn) {
  AssocOut out;
  char *z;
  *pn = 0;
  if (p->pCall->rc != SQLITE_OK) return 0;
  assert(nSure > 0 && nSure <= 100);
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{\"made\":[", 9);
  foundJsonList(p, &out, nSure, 100, 0);
  foundJsonModels(p, &out);
  assocOutText(&out, "],\"skipped\":[", 13);
  foundJsonSkipped(p, &out);
  if (bGuess) {
    assocOutText(&out, "],\"guessed\":[", 13);
    foundJsonList(p, &out, 0, nSure - 1, 1);
  }
  assocOutText(&out, "]", 1);
  foundJsonGone(p, &out);
  if (foundHint(p, bGuess))
    assocJsonMember(&out, ",\"hint\":", foundHint(p, bGuess));
  assocOutText(&out, "}", 1);
  z = assocBufText(p->pCall, &out, pn);
  return z;
}

/* A comment to the end of the line; a name may have an end of line in it. */
static void foundComment(AssocLook *p, sqlite3_str *pStr, const char *zFmt,
                         ...) {
  va_list ap;
  char *z, *zAt;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) assocErrorCode(p->pCall, SQLITE_NOMEM);
  /* A line break would end the comment, and run the rest as SQL. */
  for (zAt = z; zAt && *zAt; zAt++) {
    if (*zAt == '\n' || *zAt == '\r') *zAt = ' ';
  }
  sqlite3_str_appendf(pStr, "-- %s\n", z);
  sqlite3_free(z);
}

/* The dry run. Guesses that would not be made are comments, so the text can be
** run as it is. OUT: the caller frees it; 0 after an error. */
char *assocDiscoverText(AssocLook *p, int nSure, int bGuess) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const AssocSkipped *pSkip;
  const AssocFoundModel *pModel = p->pFoundModel;
  const AssocFound *q;
  for (; pModel; pModel = pModel->pNext) {
    sqlite3_str_appendall(pStr, "SELECT ");
    assocDumpModelCall(p, pStr, pModel->zLabel, pModel->zOptions, 0);
    sqlite3_str_appendall(pStr, ";\n");
  }
  for (q = p->pFound; q && p->pCall->rc == SQLITE_OK; q = q->pNext) {
    char *z = foundCall(p, q);
    if (z && q->nSure < 100) {
      foundComment(p, pStr, "a guess, confidence 0.%02d: %s", q->nSure,
                   q->zWhy);
    }
    assert(q->nSure >= 0 && q->nSure <= 100);
    /* Less sure than asked for: shown, but not run */
    if (z && q->nSure < nSure) {
      foundComment(p, pStr, "SELECT %s;", z);
    } else if (z) {
      sqlite3_str_appendf(pStr, "SELECT %s;\n", z);
    }
    sqlite3_free(z);
  }
  for (pSkip = p->pSkip; pSkip; pSkip = pSkip->pNext) {
    foundComment(p, pStr, "skipped %s(%s): %s", pSkip->zTable, pSkip->zKey,
                 pSkip->zWhy);
  }
  if (foundHint(p, bGuess)) foundComment(p, pStr, "%s", foundHint(p, bGuess));
  return assocLookLines(p, pStr);
}
