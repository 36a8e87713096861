/*
** Associations over the foreign keys that are there.
**
** posts(author_id REFERENCES users) gives
**
**   posts belongsTo users, "author"        users hasMany posts, "posts"
**
** a key that is unique a hasOne instead of the hasMany, and a table whose two
** keys make up its own, as likes(user_id, post_id) does,
**
**   users belongsToMany posts through likes, and posts belongsToMany users
**
** What a definition says of a key already is left alone; a name that is
** taken, by a definition or a column, is not used. All belongsTo come first,
** then their other sides, then those through join tables: where two would
** have one name, the nearer gets it.
*/
#include "look/look.h"

/* ------------------------------------------------------ what is there already */

/* Is pRel the association of that kind over the key? Over a join table, pOther
** is the other key. One with a scope gives only some of the rows. */
static int foundIs(const AssocRel *pRel, int eKind, const AssocLookKey *pKey,
                   const AssocLookKey *pOther) {
  const AssocNaming *pName = &pKey->name;
  const AssocTable *pTab = pName->pChild->pTable;
  if (pRel->nPath || pRel->nBranch || pRel->pScope) return 0;
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

/* The definition that says it already, or 0. Bad ones say nothing. */
static AssocDef *foundBefore(AssocLook *p, AssocModel *pModel, int eKind,
                             const AssocLookKey *pKey,
                             const AssocLookKey *pOther) {
  int i;
  AssocDef *pDef = assocLookFirstDef(p, pModel, &i);
  for (; pDef; pDef = assocLookNextDef(p, &i)) {
    AssocRel *pRel = assocRelOf(p->pCall, pDef);
    if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
    if (pRel && foundIs(pRel, eKind, pKey, pOther)) return pDef;
  }
  return 0;
}

static int foundTaken(AssocLook *p, AssocModel *pModel, const char *zName) {
  AssocDef *pDef;
  AssocFound *pFound;
  int iCol = assocColumnFind(pModel->pTable, zName), i;
  if (iCol >= 0) return 1;
  for (pFound = p->pFound; pFound; pFound = pFound->pNext) {
    if (pFound->pModel == pModel &&
        sqlite3_stricmp(pFound->zName, zName) == 0) {
      return 1;
    }
  }
  pDef = assocLookFirstDef(p, pModel, &i);
  for (; pDef; pDef = assocLookNextDef(p, &i)) {
    if (sqlite3_stricmp(pDef->zName, zName) == 0) return 1;
  }
  return 0;
}

/* --------------------------------------------------------------- one found */

/* Columns in the order of the key that they reference; and of that the names,
** if it is not the primary key. */
static void foundKeys(AssocLook *p, const AssocLookKey *pKey,
                      AssocNames *pForeign, AssocNames *pReferenced) {
  const AssocModel *pParent = pKey->name.pParent;
  int i, j, n = pKey->key.nCol;
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
    }
    pForeign->az[i] = pKey->key.azCol[j];
  }
}

static void foundOptions(AssocLook *p, AssocFound *pFound,
                         const AssocLookKey *pKey, const AssocLookKey *pOther) {
  AssocNames *pReferenced;
  AssocOptions opt;
  memset(&opt, 0, sizeof(opt));
  opt.eConstraints = opt.eAllowNull = opt.eUnique = opt.eThroughUnique = -1;
  pReferenced =
      pFound->eKind == ASSOC_BELONGSTO ? &opt.targetKey : &opt.sourceKey;
  foundKeys(p, pKey, &opt.foreignKey, pReferenced);
  if (pOther) {
    foundKeys(p, pOther, &opt.otherKey, &opt.targetKey);
    opt.zThrough = assocRowName(p->pCall, &p->mem, p->pSchema->zName,
                                p->pSchema, pKey->name.pChild->zName);
  }
  /* A column has one constraint at most that a definition may speak of */
  if (pKey->bShared || (pOther && pOther->bShared)) opt.eConstraints = 0;
  pFound->zOptions = assocOptionsText(p->pCall, &p->mem, &opt);
}

/* The first name that is free. */
static const char *foundName(AssocLook *p, AssocModel *pModel, int eKind,
                             const AssocLookKey *pKey,
                             const AssocLookKey *pOther, int bPlain) {
  AssocCall *pCall = p->pCall;
  const char *z = "";
  int i;
  for (i = 0; pCall->rc == SQLITE_OK; i++) {
    if (pOther) {
      z = assocNameMany(pCall, &p->mem, &pOther->name, bPlain, i);
    } else if (eKind == ASSOC_BELONGSTO) {
      z = assocNameOne(pCall, &p->mem, &pKey->name, i);
    } else {
      z = assocNameHas(pCall, &p->mem, &pKey->name, i);
    }
    if (pCall->rc == SQLITE_OK && !foundTaken(p, pModel, z)) break;
  }
  return z;
}

static void foundAdd(AssocLook *p, AssocModel *pModel, int eKind,
                     AssocModel *pTarget, const AssocLookKey *pKey,
                     const AssocLookKey *pOther, int bPlain) {
  AssocDef *pDef = foundBefore(p, pModel, eKind, pKey, pOther);
  AssocFound *pFound;
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
}

/* ------------------------------------------------------------ join tables */

/* Do both keys together identify a row of their table, and neither alone? */
static int foundJoins(AssocLook *p, const AssocLookKey *pA,
                      const AssocLookKey *pB) {
  AssocTable *pTab = pA->name.pChild->pTable;
  int aCol[16], n = 0, i, j, bUnique = 0;
  if (pA->name.bUnique || pB->name.bUnique) return 0;
  for (i = 0; i < pA->key.nCol && n < ASSOC_COUNT(aCol); i++) {
    aCol[n++] = pA->key.aCol[i];
  }
  for (i = 0; i < pB->key.nCol && n < ASSOC_COUNT(aCol); i++) {
    for (j = 0; j < pA->key.nCol && aCol[j] != pB->key.aCol[i]; j++) {
    }
    if (j == pA->key.nCol) aCol[n++] = pB->key.aCol[i];
  }
  if (n == pA->key.nCol) return 0; /* One lies in the other */
  (void)assocTableIndexOn(p->pCall, pTab, n, aCol, &bUnique);
  return bUnique;
}

/* The next pair of keys of one table that make it a join table. */
static int foundNextPair(AssocLook *p, AssocLookKey **ppA, AssocLookKey **ppB) {
  AssocLookKey *pA = *ppA, *pB = *ppB;
  if (pA == 0) pB = pA = p->pKey;
  while (pA && p->pCall->rc == SQLITE_OK) {
    pB = pB->pNext;
    if (pB == 0 || pB->name.pChild != pA->name.pChild) {
      pB = pA = pA->pNext;
    } else if (foundJoins(p, pA, pB)) {
      *ppA = pA;
      *ppB = pB;
      return 1;
    }
  }
  return 0;
}

/* Does nothing else relate the two models of the pair? */
static int foundIsOnlyPair(AssocLook *p, const AssocLookKey *pA,
                           const AssocLookKey *pB) {
  const AssocModel *pM = pA->name.pParent, *pN = pB->name.pParent;
  AssocLookKey *pC = 0, *pD = 0, *pKey;
  int n = 0;
  for (pKey = p->pKey; pKey; pKey = pKey->pNext) {
    const AssocNaming *q = &pKey->name;
    if ((q->pChild == pM && q->pParent == pN) ||
        (q->pChild == pN && q->pParent == pM)) {
      return 0;
    }
  }
  while (foundNextPair(p, &pC, &pD)) {
    const AssocModel *pX = pC->name.pParent, *pY = pD->name.pParent;
    n += (pX == pM && pY == pN) || (pX == pN && pY == pM);
  }
  return n == 1;
}

/* -------------------------------------------------------------------- all */

/* One of the three kinds over one key. */
static void foundOver(AssocLook *p, AssocLookKey *pKey, int eKind) {
  AssocModel *pChild = (AssocModel *)pKey->name.pChild;
  AssocModel *pParent = (AssocModel *)pKey->name.pParent;
  if (eKind == ASSOC_BELONGSTO) {
    foundAdd(p, pChild, eKind, pParent, pKey, 0, 0);
  } else {
    eKind = pKey->name.bUnique ? ASSOC_HASONE : ASSOC_HASMANY;
    foundAdd(p, pParent, eKind, pChild, pKey, 0, 0);
  }
}

static void foundThrough(AssocLook *p, AssocLookKey *pA, AssocLookKey *pB) {
  AssocModel *pM = (AssocModel *)pA->name.pParent;
  AssocModel *pN = (AssocModel *)pB->name.pParent;
  int bPlain = foundIsOnlyPair(p, pA, pB);
  foundAdd(p, pM, ASSOC_BELONGSTOMANY, pN, pA, pB, bPlain);
  foundAdd(p, pN, ASSOC_BELONGSTOMANY, pM, pB, pA, bPlain);
}

/* Guesses come after all that is declared, so that they take no names. */
void assocDiscover(AssocLook *p) {
  AssocLookKey *pKey, *pB;
  int bGuess;
  for (bGuess = 0; bGuess < 2; bGuess++) {
    for (pKey = p->pKey; pKey; pKey = pKey->pNext) {
      if (bGuess == (pKey->nSure < 100)) foundOver(p, pKey, ASSOC_BELONGSTO);
    }
    for (pKey = p->pKey; pKey; pKey = pKey->pNext) {
      if (bGuess == (pKey->nSure < 100)) foundOver(p, pKey, ASSOC_HASMANY);
    }
    pKey = pB = 0;
    while (foundNextPair(p, &pKey, &pB)) {
      int bSure = pKey->nSure == 100 && pB->nSure == 100;
      if (bGuess == !bSure) foundThrough(p, pKey, pB);
    }
  }
}

void assocDiscoverWrite(AssocLook *p, int nSure) {
  AssocCall *pCall = p->pCall;
  const char *zSchema = p->pSchema->zName;
  sqlite3_stmt *pStmt = 0;
  AssocFound *q;
  for (q = p->pFound; q && pCall->rc == SQLITE_OK; q = q->pNext) {
    const char *zModel, *zTarget;
    if (q->nSure < nSure) continue;
    if (pStmt == 0) pStmt = assocDefWriter(pCall, zSchema);
    zModel =
        assocRowName(pCall, &p->mem, zSchema, p->pSchema, q->pModel->zName);
    zTarget =
        assocRowName(pCall, &p->mem, zSchema, p->pSchema, q->pTarget->zName);
    assocDefPut(pCall, pStmt, zModel, q->zName, azAssocKind[q->eKind], zTarget,
                q->zOptions);
  }
  assocFinalize(pCall, pStmt);
}

/* ----------------------------------------------------------------- results */

static void foundText(AssocOut *pOut, const char *zKey, const char *z) {
  assocOutText(pOut, zKey, (i64)strlen(zKey));
  assocJsonString(pOut, z, (i64)strlen(z));
}

/* The call that defines it. OUT: sqlite3_free() */
static char *foundCall(AssocLook *p, const AssocFound *q) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  assocDumpCall(p, pStr, q->pModel->zLabel, azAssocKind[q->eKind],
                q->pTarget->zLabel, q->zName, q->zOptions, 0);
  return assocStrFinish(p->pCall, pStr);
}

static void foundJson(AssocLook *p, AssocOut *pOut, const AssocFound *q,
                      int bCall) {
  foundText(pOut, "{\"model\":", q->pModel->zLabel);
  foundText(pOut, ",\"association\":", q->zName);
  foundText(pOut, ",\"kind\":", azAssocKind[q->eKind]);
  foundText(pOut, ",\"target\":", q->pTarget->zLabel);
  assocOutPrintf(pOut, ",\"options\":%s", q->zOptions ? q->zOptions : "{}");
  if (q->nSure < 100) {
    assocOutPrintf(pOut, ",\"confidence\":0.%02d", q->nSure);
    foundText(pOut, ",\"reason\":", q->zWhy);
  }
  if (bCall) {
    char *z = foundCall(p, q);
    if (z) foundText(pOut, ",\"define\":", z);
    sqlite3_free(z);
  }
  assocOutText(pOut, "}", 1);
}

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

static void foundJsonSkipped(AssocLook *p, AssocOut *pOut) {
  const AssocSkipped *q;
  for (q = p->pSkip; q; q = q->pNext) {
    if (q != p->pSkip) assocOutText(pOut, ",", 1);
    foundText(pOut, "{\"table\":", q->zTable);
    foundText(pOut, ",\"foreignKey\":", q->zKey);
    foundText(pOut, ",\"reason\":", q->zWhy ? q->zWhy : "");
    assocOutText(pOut, "}", 1);
  }
}

char *assocDiscoverJson(AssocLook *p, int nSure, int bGuess, i64 *pn) {
  AssocOut out;
  char *z;
  *pn = 0;
  if (p->pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{\"made\":[", 9);
  foundJsonList(p, &out, nSure, 100, 0);
  assocOutText(&out, "],\"skipped\":[", 13);
  foundJsonSkipped(p, &out);
  if (bGuess) {
    assocOutText(&out, "],\"guessed\":[", 13);
    foundJsonList(p, &out, 0, nSure - 1, 1);
  }
  assocOutText(&out, "]}", 2);
  z = assocBufFinish(&out, pn);
  if (z == 0) assocErrorCode(p->pCall, out.rc);
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
  for (zAt = z; zAt && *zAt; zAt++) {
    if (*zAt == '\n' || *zAt == '\r') *zAt = ' ';
  }
  sqlite3_str_appendf(pStr, "-- %s\n", z);
  sqlite3_free(z);
}

char *assocDiscoverText(AssocLook *p, int nSure) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const AssocSkipped *pSkip;
  const AssocFound *q;
  for (q = p->pFound; q && p->pCall->rc == SQLITE_OK; q = q->pNext) {
    char *z = foundCall(p, q);
    if (z && q->nSure < 100) {
      foundComment(p, pStr, "a guess, confidence 0.%02d: %s", q->nSure,
                   q->zWhy);
    }
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
  return assocLookLines(p, pStr);
}
