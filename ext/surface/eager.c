/*
** The table-valued form of eager(): a row for each root.
**
**   SELECT id, json FROM eager('User{name posts{title}}');
**   SELECT json FROM eager('User(age >= ?1)', 18) LIMIT 10;
**   SELECT json FROM eager('User{name posts}') WHERE id = 7;
**   SELECT json FROM eager('User{name posts}') WHERE id IN (SELECT …);
**
** The query and its parameters p1 to p8 are hidden columns. Plans, from the
** bits of idxNum:
**
**   EAGER_KEY   id = ?         one root, by its key      cost 30
**   EAGER_IN    id IN (…)      the roots of all these keys  cost 300
**   EAGER_FROM  id > ? or >=   roots from that rowid on  a quarter of the cost
**   EAGER_TO    id < ? or <=   roots up to that rowid    a quarter of the cost
**   EAGER_ASC   ORDER BY id    roots in that order       cost 10,000
**   EAGER_DESC  … DESC
**   EAGER_PAST  OFFSET is ours: no constraint is left to SQLite
**   EAGER_JSON  the column json is read
**   EAGER_QUERY, EAGER_LIMIT, EAGER_OFFSET, EAGER_P1 << N   are given
**   EAGER_MISSING  there is no query: an error, once it is run. SQLite asks
**               for such plans too, for a side of an OR, or where it knows
**               already that no row qualifies.
**
** Which root a row is, is in its hidden column assoc_row: its id, or if that is
** NULL its place among all. By it SQLite tells rows apart where it asks several
** times, for the sides of an OR or for a RIGHT JOIN; a number of the row would
** not do, for that is another in each answer.
**
** xFilter gets the query, the id or its bounds, LIMIT, OFFSET and the parameters,
** in this order. Constraints on id are checked by SQLite again: what = means
** between the id and a value is SQLite's matter. LIMIT is, too: it only tells how
** many roots to load at once. So does OFFSET, unless nothing else is left to
** SQLite. idxStr says the plan in words, for EXPLAIN QUERY PLAN:
**
**    SCAN eager VIRTUAL TABLE INDEX 73:id = ?, json
**
** A cursor holds a stream (load/stream.c), which loads a batch of roots at a
** time. In a join SQLite filters a cursor once for each row of the outer table:
** the stream is kept as long as the query is the same and has no parameters.
*/
#include "surface/surface.h"

/* Bits of idxNum: see above. */
#define EAGER_KEY 1
#define EAGER_ASC 2
#define EAGER_DESC 4
#define EAGER_JSON 8
#define EAGER_MISSING 16
#define EAGER_IN 32 /* With EAGER_KEY */
#define EAGER_QUERY 64
#define EAGER_LIMIT 128
#define EAGER_OFFSET 256
#define EAGER_P1 512 /* To EAGER_P1 << 7 */
#define EAGER_FROM (EAGER_P1 << 8)
#define EAGER_TO (EAGER_P1 << 9)
#define EAGER_PAST (EAGER_P1 << 10)  /* With EAGER_OFFSET */
#define EAGER_ABOVE (EAGER_P1 << 11) /* EAGER_FROM is >, not >= */
#define EAGER_BELOW (EAGER_P1 << 12) /* EAGER_TO is <, not <= */

/* Columns by number. */
#define EAGER_COL_ID 0
#define EAGER_COL_JSON 1
#define EAGER_COL_QUERY 2
#define EAGER_COL_P1 3                              /* p1 to p8, hidden */
#define EAGER_NPARAM 8                              /* Parameters as columns */
#define EAGER_COL_ROW (EAGER_COL_P1 + EAGER_NPARAM) /* The hidden PRIMARY KEY */
/* A LIMIT from here on says nothing about batches. */
#define EAGER_FEW ((i64)1 << 40)
#define EAGER_NARG (EAGER_NPARAM + 5) /* And query, bounds, LIMIT, OFFSET */

typedef struct EagerCursor EagerCursor;
struct EagerCursor {
  sqlite3_vtab_cursor base; /* First, so that SQLite's pointer is ours */
  AssocPlan *pPlan;         /* Busy while the cursor has it */
  AssocStream *pStream;     /* OWNED */
  sqlite3_value *pQuery;    /* OWNED */
  int idxNum;               /* That of pStream */
  i64 iRow;                 /* Place of the root in the result, from 1 */
  int bEof;                 /* No root is left */
};

/* The state of the connection to which a cursor belongs. */
static AssocConn *eagerConn(sqlite3_vtab_cursor *pCur) {
  return ((AssocPrivate *)pCur->pVtab)->pConn;
}

/* WITHOUT ROWID with one hidden key: SQLite can then tell rows apart by a value
** of our own instead of by their place. */
static int eagerConnect(sqlite3 *db, void *pAux, int argc,
                        const char *const *argv, sqlite3_vtab **ppVtab,
                        char **pzErr) {
  (void)db, (void)argc, (void)argv, (void)pzErr;
  return assocVtabNew(
      pAux,
      "CREATE TABLE x(id, json, query TEXT HIDDEN, p1 BLOB HIDDEN,"
      " p2 BLOB HIDDEN, p3 BLOB HIDDEN, p4 BLOB HIDDEN, p5 BLOB HIDDEN,"
      " p6 BLOB HIDDEN, p7 BLOB HIDDEN, p8 BLOB HIDDEN,"
      " assoc_row HIDDEN PRIMARY KEY) WITHOUT ROWID",
      sizeof(AssocPrivate), ppVtab);
}

/* The constraints that give a value to xFilter, by column; then those of LIMIT
** and OFFSET, and the bounds of the id. -1: none. */
#define EAGER_AT_LIMIT (EAGER_COL_ROW + 1)
#define EAGER_AT_OFFSET (EAGER_COL_ROW + 2)
#define EAGER_AT_FROM (EAGER_COL_ROW + 3)
#define EAGER_AT_TO (EAGER_COL_ROW + 4)
typedef struct EagerWant EagerWant;
struct EagerWant {
  int aCons[EAGER_AT_TO + 1]; /* Index of each constraint, or -1 */
  int bUnusable;              /* The query or a parameter is not known yet */
  int bChecks;                /* SQLite checks a constraint itself */
};

/* The place of a bound of the id in aCons. */
static int eagerBound(unsigned char op) {
  switch (op) {
  case SQLITE_INDEX_CONSTRAINT_GT:
  case SQLITE_INDEX_CONSTRAINT_GE: return EAGER_AT_FROM;
  case SQLITE_INDEX_CONSTRAINT_LT:
  case SQLITE_INDEX_CONSTRAINT_LE: return EAGER_AT_TO;
  default: return -1;
  }
}

/* The place of the constraint in aCons; -1: it gives no value. */
static int eagerPlace(const struct sqlite3_index_constraint *p) {
  if (p->op == SQLITE_INDEX_CONSTRAINT_LIMIT) return EAGER_AT_LIMIT;
  if (p->op == SQLITE_INDEX_CONSTRAINT_OFFSET) return EAGER_AT_OFFSET;
  if (p->op != SQLITE_INDEX_CONSTRAINT_EQ) {
    return p->iColumn == EAGER_COL_ID ? eagerBound(p->op) : -1;
  }
  return p->iColumn == EAGER_COL_JSON ? -1 : p->iColumn;
}

/* Is the constraint met by every row, so that SQLite need not check it? */
static int eagerIsOurs(int iAt) {
  return iAt >= EAGER_COL_QUERY && iAt < EAGER_COL_ROW;
}

/* Collect the constraints. Only an extra argument of eager() can constrain
** assoc_row, usable or not. */
static void eagerWant(const sqlite3_index_info *pInfo, EagerWant *pWant) {
  int i;
  for (i = 0; i < ASSOC_COUNT(pWant->aCons); i++) pWant->aCons[i] = -1;
  pWant->bUnusable = pWant->bChecks = 0;
  for (i = 0; i < pInfo->nConstraint; i++) {
    int iAt = eagerPlace(&pInfo->aConstraint[i]);
    if (iAt != EAGER_AT_LIMIT && iAt != EAGER_AT_OFFSET && !eagerIsOurs(iAt)) {
      pWant->bChecks = 1;
    }
    if (iAt < 0 || pWant->aCons[iAt] >= 0) continue;
    assert(iAt < ASSOC_COUNT(pWant->aCons));
    if (iAt == EAGER_COL_ROW || pInfo->aConstraint[i].usable) {
      pWant->aCons[iAt] = i;
    } else {
      pWant->bUnusable |= eagerIsOurs(iAt);
    }
  }
}

/* Hand the value to xFilter, if there is one, and set the bit. SQLite checks
** the id, LIMIT and OFFSET itself, too. */
static void eagerUse(sqlite3_index_info *pInfo, const EagerWant *pWant, int iAt,
                     int mBit, int *pn) {
  int iCons = pWant->aCons[iAt];
  if (iCons < 0) return;
  assert(iCons < pInfo->nConstraint && *pn < EAGER_NARG);
  pInfo->aConstraintUsage[iCons].argvIndex = ++(*pn);
  pInfo->aConstraintUsage[iCons].omit = (unsigned char)eagerIsOurs(iAt);
  pInfo->idxNum |= mBit;
}

/* Only ORDER BY id alone; any other order is left to SQLite. */
static void eagerOrder(sqlite3_index_info *pInfo) {
  if (pInfo->nOrderBy != 1 || pInfo->aOrderBy[0].iColumn != EAGER_COL_ID) {
    return;
  }
  pInfo->idxNum |= pInfo->aOrderBy[0].desc ? EAGER_DESC : EAGER_ASC;
  pInfo->orderByConsumed = 1;
}

/* There is an argument more than eager() has. */
static int eagerTooMany(sqlite3_vtab *pVtab) {
  sqlite3_free(pVtab->zErrMsg);
  pVtab->zErrMsg = sqlite3_mprintf(
      "assoc: eager() takes a query and up to %d values", EAGER_NPARAM);
  return SQLITE_ERROR;
}

/* The id may be given by IN, whose values SQLite then passes together. */
static void eagerIn(sqlite3_index_info *pInfo, int iCons) {
  if (iCons >= 0 && sqlite3_vtab_in(pInfo, iCons, -1)) {
    sqlite3_vtab_in(pInfo, iCons, 1);
    pInfo->idxNum |= EAGER_IN;
  }
}

/* Hand over a bound of the id. mOpen: the id may not be equal to it. */
static void eagerUseBound(sqlite3_index_info *pInfo, const EagerWant *pWant,
                          int iAt, int mBit, int mOpen, int *pn) {
  int iCons = pWant->aCons[iAt], op;
  if (iCons < 0) return;
  op = pInfo->aConstraint[iCons].op;
  eagerUse(pInfo, pWant, iAt, mBit, pn);
  if (op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_LT) {
    pInfo->idxNum |= mOpen;
  }
}

/* Hand over the id, or else its bounds. */
static void eagerUseId(sqlite3_index_info *pInfo, const EagerWant *pWant,
                       int *pn) {
  eagerUse(pInfo, pWant, EAGER_COL_ID, EAGER_KEY, pn);
  if (pInfo->idxNum & EAGER_KEY) return;
  eagerUseBound(pInfo, pWant, EAGER_AT_FROM, EAGER_FROM, EAGER_ABOVE, pn);
  eagerUseBound(pInfo, pWant, EAGER_AT_TO, EAGER_TO, EAGER_BELOW, pn);
}

/* The cost of a plan that reads all roots, or those between bounds. */
static void eagerScanCost(sqlite3_index_info *pInfo) {
  int nShare =
      (pInfo->idxNum & EAGER_FROM ? 4 : 1) * (pInfo->idxNum & EAGER_TO ? 4 : 1);
  pInfo->estimatedCost = 10000.0 / nShare;
  pInfo->estimatedRows = 1000 / nShare;
}

/* Leave out the rows of OFFSET ourselves. That is right if SQLite neither checks
** a constraint nor sorts, since then each of our rows is a row of the answer. */
static void eagerPast(sqlite3_index_info *pInfo, const EagerWant *pWant) {
  int iCons = pWant->aCons[EAGER_AT_OFFSET];
  if (iCons < 0 || pWant->bChecks) return;
  if (pInfo->nOrderBy > 0 && !pInfo->orderByConsumed) return;
  pInfo->aConstraintUsage[iCons].omit = 1;
  pInfo->idxNum |= EAGER_PAST;
}

/* The cost of a plan whose roots are found by their keys. */
static void eagerKeyCost(sqlite3_index_info *pInfo) {
  int bIn = (pInfo->idxNum & EAGER_IN) != 0;
  pInfo->estimatedCost = bIn ? 300 : 30;
  pInfo->estimatedRows = bIn ? 10 : 1;
  if (!bIn) pInfo->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
}

/* The plan in words. SQLite frees the text. */
static int eagerSay(sqlite3_index_info *pInfo) {
  int m = pInfo->idxNum;
  /* idxStr is for people: EXPLAIN QUERY PLAN shows it, and nobody reads it back. */
  pInfo->idxStr = sqlite3_mprintf(
      "%s%s%s%s%s",
      m & EAGER_MISSING ? "query missing"
      : m & EAGER_IN    ? "id IN (...)"
      : m & EAGER_KEY   ? "id = ?"
      : m & EAGER_ASC   ? "every root ORDER BY id"
      : m & EAGER_DESC  ? "every root ORDER BY id DESC"
                        : "every root",
      m & EAGER_FROM ? ", id > ?" : "", m & EAGER_TO ? ", id < ?" : "",
      m & EAGER_PAST ? ", OFFSET" : "", m & EAGER_JSON ? ", json" : "");
  pInfo->needToFreeIdxStr = 1;
  return pInfo->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* See the head of this file for the plans. A constraint on a parameter that is
** not usable yet makes the plan impossible, because the query cannot run
** without its parameters. */
static int eagerBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo) {
  EagerWant want;
  int i, n = 0;
  eagerWant(pInfo, &want);
  if (want.aCons[EAGER_COL_ROW] >= 0) return eagerTooMany(pVtab);
  if (want.bUnusable) return SQLITE_CONSTRAINT;
  eagerUse(pInfo, &want, EAGER_COL_QUERY, EAGER_QUERY, &n);
  eagerUseId(pInfo, &want, &n);
  eagerUse(pInfo, &want, EAGER_AT_LIMIT, EAGER_LIMIT, &n);
  eagerUse(pInfo, &want, EAGER_AT_OFFSET, EAGER_OFFSET, &n);
  for (i = 0; i < EAGER_NPARAM; i++) {
    eagerUse(pInfo, &want, EAGER_COL_P1 + i, EAGER_P1 << i, &n);
  }
  eagerIn(pInfo, want.aCons[EAGER_COL_ID]);
  /* Without a query there are no rows. The plan is the dearest of all, so that
  ** SQLite takes it only if no other order gives the query. */
  if ((pInfo->idxNum & EAGER_QUERY) == 0) {
    pInfo->idxNum |= EAGER_MISSING;
    pInfo->estimatedCost = 1e50;
    pInfo->estimatedRows = 1000000000000;
    return eagerSay(pInfo);
  }
  if (pInfo->colUsed & (1u << EAGER_COL_JSON)) pInfo->idxNum |= EAGER_JSON;
  assert(pInfo->idxNum & EAGER_QUERY);
  if (pInfo->idxNum & EAGER_KEY) {
    eagerKeyCost(pInfo);
    return eagerSay(pInfo);
  }
  eagerScanCost(pInfo);
  eagerOrder(pInfo);
  eagerPast(pInfo, &want);
  return eagerSay(pInfo);
}

/* A close of the connection that fails must not finalize the statements that
** this cursor steps. */
static int eagerOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  int rc = assocCursorNew(sizeof(EagerCursor), ppCur);
  if (rc == SQLITE_OK) assocConnHold(((AssocPrivate *)pVtab)->pConn);
  return rc;
}

/* Back to a cursor without rows; the plan goes back to the cache. */
static void eagerReset(AssocCall *pCall, EagerCursor *p) {
  assert(p->pStream == 0 || p->pPlan);
  assocStreamClose(pCall, p->pStream);
  assocPlanRelease(pCall, p->pPlan);
  sqlite3_value_free(p->pQuery);
  p->pStream = 0;
  p->pPlan = 0;
  p->pQuery = 0;
  p->bEof = 1;
}

/* SQLite may close a cursor in the middle of its rows. */
static int eagerClose(sqlite3_vtab_cursor *pCur) {
  AssocCall call;
  assocCallInit(&call, eagerConn(pCur));
  eagerReset(&call, (EagerCursor *)pCur);
  assocCallClear(&call);
  assocConnRelease(eagerConn(pCur));
  sqlite3_free(pCur);
  return SQLITE_OK;
}

/* After an error the cursor is at its end: SQLite may go on to ask. */
static int eagerDone(sqlite3_vtab_cursor *pCur, AssocCall *pCall) {
  EagerCursor *p = (EagerCursor *)pCur;
  if (pCall->rc != SQLITE_OK) p->bEof = 1;
  return assocCallVtab(pCall, &pCur->pVtab->zErrMsg);
}

/* iRow is the place of the row, for rows whose id is NULL. */
static int eagerNext(sqlite3_vtab_cursor *pCur) {
  EagerCursor *p = (EagerCursor *)pCur;
  AssocCall call;
  assocCallInit(&call, eagerConn(pCur));
  p->iRow++;
  p->bEof = !assocStreamNext(&call, p->pStream);
  return eagerDone(pCur, &call);
}

/* The arguments of xFilter, sorted. */
typedef struct EagerArgs EagerArgs;
struct EagerArgs {
  sqlite3_value *pQuery, *pId;          /* BORROWED; pId 0: all roots */
  i64 iFrom, iTo;                       /* Bounds of the id, if it is a rowid */
  sqlite3_value *apParam[EAGER_NPARAM]; /* BORROWED: ?1 and on */
  int nParam;                           /* The number of the last one given */
  i64 nLimit, nOffset;                  /* 0: none */
};

/* The first rowid, or with iStep -1 the last, that a bound lets through. bOpen:
** not the bound itself. One that is no number, or a very large one, leaves all to
** SQLite, which looks at the id once more. */
static i64 eagerRowid(sqlite3_value *pVal, int iStep, int bOpen, i64 iElse) {
  int eType = sqlite3_value_type(pVal);
  double r = sqlite3_value_double(pVal), rOff;
  i64 i = sqlite3_value_int64(pVal);
  if (eType != SQLITE_INTEGER && eType != SQLITE_FLOAT) return iElse;
  if (r < -9.2e18 || r > 9.2e18) return iElse;
  rOff = eType == SQLITE_FLOAT ? ((double)i - r) * iStep : 0;
  return rOff < 0 || (rOff == 0 && bOpen) ? i + iStep : i;
}

/* Sort the values by the bits of idxNum. A parameter may not be left out in
** front of another, since ?2 would then mean the wrong one. */
static void eagerTake(AssocCall *pCall, EagerArgs *p, int idxNum,
                      sqlite3_value **argv) {
  int i;
  memset(p, 0, sizeof(*p));
  p->iFrom = INT64_MIN;
  p->iTo = INT64_MAX;
  /* The values come in the order in which eagerBestIndex() asked for them. */
  if (idxNum & EAGER_QUERY) p->pQuery = *argv++;
  if (idxNum & EAGER_KEY) p->pId = *argv++;
  if (idxNum & EAGER_FROM) {
    p->iFrom = eagerRowid(*argv++, 1, (idxNum & EAGER_ABOVE) != 0, p->iFrom);
  }
  if (idxNum & EAGER_TO) {
    p->iTo = eagerRowid(*argv++, -1, (idxNum & EAGER_BELOW) != 0, p->iTo);
  }
  if (idxNum & EAGER_LIMIT) p->nLimit = sqlite3_value_int64(*argv++);
  if (idxNum & EAGER_OFFSET) p->nOffset = sqlite3_value_int64(*argv++);
  for (i = 0; i < EAGER_NPARAM; i++) {
    if ((idxNum & (EAGER_P1 << i)) == 0) continue;
    assert(i < EAGER_NPARAM);
    p->apParam[i] = *argv++;
    p->nParam = i + 1;
  }
  for (i = 0; i < p->nParam; i++) {
    if (p->apParam[i]) continue;
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "eager() is given p%d, but not p%d", p->nParam, i + 1);
  }
}

/* Ask for the root with this id. An id that cannot be a key of the model finds
** no row and is no error: "id = 'x'" is simply false. */
static void eagerSeek(AssocCall *pCall, EagerCursor *p, sqlite3_value *pId) {
  AssocKeys key;
  AssocCall ask;
  memset(&key, 0, sizeof(key));
  assocTryBegin(&ask, pCall);
  assocKeyRead(&ask, p->pPlan->pRoot->pModel, pId, &key);
  /* A value that is no key of the model, such as a text that is no JSON, finds no
  ** row. In a WHERE this is no error. */
  (void)assocTryEnd(&ask, pCall, 0);
  if (key.nKey) assocStreamSeek(pCall, p->pStream, key.apVal);
  assocKeysClear(&key);
}

/* Ask for the roots of the id, or of all in id IN (…). */
static void eagerIds(AssocCall *pCall, EagerCursor *p, sqlite3_value *pId,
                     int idxNum) {
  sqlite3_value *pVal = 0;
  int rc;
  if (!(idxNum & EAGER_IN)) {
    eagerSeek(pCall, p, pId);
    return;
  }
  rc = sqlite3_vtab_in_first(pId, &pVal);
  /* All ids of IN are one batch, loaded together. */
  while (rc == SQLITE_OK) {
    eagerSeek(pCall, p, pVal);
    rc = sqlite3_vtab_in_next(pId, &pVal);
  }
  if (rc != SQLITE_DONE) assocErrorCode(pCall, rc);
}

/* Is the cursor's stream one for this query, asked in the same way? */
static int eagerIsSame(AssocCall *pCall, const EagerCursor *p,
                       const EagerArgs *pArgs, const char *zQuery) {
  return p->pStream && pArgs->nParam == 0 && zQuery &&
         p->pPlan->pRoot->bKeyed &&
         p->pPlan->eSession == assocPlanSession(pCall->pConn) &&
         strcmp(zQuery, p->pPlan->zText) == 0;
}

/* Compile the query, and open its stream. */
static void eagerPrepare(AssocCall *pCall, EagerCursor *p, AssocCatalog *pCat,
                         const EagerArgs *pArgs, const char *zQuery, int eAsk) {
  AssocArgs args;
  memset(&args, 0, sizeof(args));
  args.nVal = pArgs->nParam;
  args.apVal = (sqlite3_value **)pArgs->apParam;
  assert(p->pPlan == 0 && p->pStream == 0);
  p->pPlan = assocPlanGet(pCall, pCat, eAsk, 0, zQuery ? zQuery : "");
  if (p->pPlan) p->pStream = assocStreamOpen(pCall, p->pPlan, &args);
}

/* Go to the first root of the stream. */
static void eagerFirst(AssocCall *pCall, EagerCursor *p, const EagerArgs *pArgs,
                       int idxNum) {
  if (p->pStream == 0 || pCall->rc != SQLITE_OK) return;
  if (p->pPlan->pRoot->bKeyed) eagerIds(pCall, p, pArgs->pId, idxNum);
  if (idxNum & (EAGER_FROM | EAGER_TO | EAGER_PAST)) {
    assocStreamBounds(p->pStream, pArgs->iFrom, pArgs->iTo,
                      idxNum & EAGER_PAST ? pArgs->nOffset : 0);
  }
  assocStreamSkip(p->pStream, !(idxNum & EAGER_JSON));
  /* A small LIMIT makes the first batch small. */
  assert(p->pPlan);
  if (pArgs->nLimit > 0 && pArgs->nOffset >= 0 &&
      pArgs->nOffset < EAGER_FEW - pArgs->nLimit) {
    i64 nOffset = idxNum & EAGER_PAST ? 0 : pArgs->nOffset;
    assocStreamExpect(p->pStream, pArgs->nLimit + nOffset);
  }
  p->bEof = !assocStreamNext(pCall, p->pStream);
}

/* Go on with the query of the last xFilter, for another id. */
static void eagerAgain(AssocCall *pCall, EagerCursor *p, const EagerArgs *pArgs,
                       int idxNum) {
  int bRow = assocStreamJoin(pCall, p->pStream, pArgs->pId);
  p->bEof = bRow < 1;
  if (bRow >= 0) return;
  assocStreamRewind(pCall, p->pStream);
  eagerFirst(pCall, p, pArgs, idxNum);
}

/* Start the query, or go on with that of the last xFilter. The query is copied,
** because the column query may be read after the caller's value is gone. */
static void eagerStart(AssocCall *pCall, EagerCursor *p, const EagerArgs *pArgs,
                       int idxNum) {
  const char *zQuery = assocArgText(pCall, pArgs->pQuery, "the query");
  int eAsk = idxNum & EAGER_KEY    ? ASSOC_ASK_KEY
             : idxNum & EAGER_ASC  ? ASSOC_ASK_ASC
             : idxNum & EAGER_DESC ? ASSOC_ASK_DESC
                                   : ASSOC_ASK_ROWS;
  if (idxNum & (EAGER_FROM | EAGER_TO)) eAsk |= ASSOC_ASK_RANGE;
  if (idxNum & EAGER_PAST) eAsk |= ASSOC_ASK_PAST;
  if ((idxNum & EAGER_LIMIT) && !(idxNum & EAGER_KEY)) eAsk |= ASSOC_ASK_FEW;
  /* The sides of an OR may share a cursor. */
  if (idxNum != p->idxNum) eagerReset(pCall, p);
  p->idxNum = idxNum;
  /* In a join each outer row comes here: the same query keeps its plan. */
  if (eagerIsSame(pCall, p, pArgs, zQuery)) {
    eagerAgain(pCall, p, pArgs, idxNum);
  } else {
    AssocCatalog *pCat;
    eagerReset(pCall, p);
    p->pQuery = pArgs->pQuery ? sqlite3_value_dup(pArgs->pQuery) : 0;
    pCat = assocCatalogEnter(pCall);
    eagerPrepare(pCall, p, pCat, pArgs, zQuery, eAsk);
    eagerFirst(pCall, p, pArgs, idxNum);
    assocCatalogLeave(pCall, pCat);
  }
}

/* SQLite calls this again for each row of an outer table. */
static int eagerFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                       const char *idxStr, int argc, sqlite3_value **argv) {
  EagerCursor *p = (EagerCursor *)pCur;
  EagerArgs args;
  AssocCall call;
  (void)argc, (void)idxStr;
  assocCallInit(&call, eagerConn(pCur));
  assocBudgetBegin(call.pConn);
  eagerTake(&call, &args, idxNum, argv);
  p->bEof = 1;
  p->iRow = 1;
  assert((idxNum & EAGER_MISSING) == 0 || args.pQuery == 0);
  if (idxNum & EAGER_MISSING) {
    assocErrorOf(&call, ASSOC_E_ARGUMENT, 0, 0,
                 "eager() needs a query: eager('User{...}')");
  }
  if (call.rc == SQLITE_OK) eagerStart(&call, p, &args, idxNum);
  return eagerDone(pCur, &call);
}

/* True after the last root, and after an error. */
static int eagerEof(sqlite3_vtab_cursor *pCur) {
  return ((EagerCursor *)pCur)->bEof;
}

/* The identity of a root for SQLite: its id, or, if that is NULL, its place
** among all rows. */
static void eagerRow(AssocCall *pCall, sqlite3_context *pCtx,
                     const EagerCursor *p) {
  int nKey = p->pPlan->pRoot->pModel->nKey;
  sqlite3_value **apKey = assocStreamKey(p->pStream);
  assert(nKey > 0); /* The plan needs a key for the column id */
  if (sqlite3_value_type(apKey[0]) == SQLITE_NULL) {
    sqlite3_result_blob(pCtx, &p->iRow, sizeof(p->iRow), SQLITE_TRANSIENT);
  } else {
    assocResultKey(pCall, pCtx, nKey, apKey);
  }
}

/* The JSON is made only if the column is read. */
static int eagerColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                       int iCol) {
  EagerCursor *p = (EagerCursor *)pCur;
  AssocCall call;
  i64 n = 0;
  char *z;
  assocCallInit(&call, eagerConn(pCur));
  assert(!p->bEof && p->pStream); /* SQLite asks only for rows */
  switch (iCol) {
  case EAGER_COL_ID:
    assocResultKey(&call, pCtx, p->pPlan->pRoot->pModel->nKey,
                   assocStreamKey(p->pStream));
    break;
  case EAGER_COL_JSON:
    z = assocStreamJson(&call, p->pStream, &n);
    if (z) assocResultJson(pCtx, z, n);
    break;
  case EAGER_COL_QUERY: sqlite3_result_value(pCtx, p->pQuery); break;
  case EAGER_COL_ROW: eagerRow(&call, pCtx, p); break;
  }
  (void)assocCallFailed(&call, pCtx);
  return SQLITE_OK;
}

const sqlite3_module assocEagerModule = {
    .xConnect = eagerConnect,
    .xBestIndex = eagerBestIndex,
    .xDisconnect = assocPrivateDisconnect,
    .xOpen = eagerOpen,
    .xClose = eagerClose,
    .xFilter = eagerFilter,
    .xNext = eagerNext,
    .xEof = eagerEof,
    .xColumn = eagerColumn,
};
