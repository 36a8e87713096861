/*
** A query whose roots are given out one at a time.
**
** The root's statement stays open, and with it a read transaction. A batch of
** roots is stepped, then the children of all of them are fetched together, then
** the JSON of each root is gathered when the caller asks for it.
**
** Roots that are asked for by their keys make batches as well. One statement
** looks up the roots of many keys, as it does for children. If several roots may
** have a key, they are looked up one after another. A batch is as large as memory
** lets it be, since a node may scan its table once for each.
**
** A join asks for one root after another:
**
**   SELECT … FROM posts p JOIN eager('User{name}') e ON e.id = p.user_id
**
** Often these are the same root again, or the next ones of the table. So roots of
** which the ids are rowids are read ahead: if the last ids followed each other,
** a batch has the roots of the next ids, too, twice as many as the last batch. An
** id that is among those of the batch costs no statement. Few roots are read in
** vain, since a batch grows only after most of the last one was asked for.
**
** What is read ahead must be what a load would read when the id is asked for:
**
**   - The root's held statement (hold.c) keeps a read transaction, so commits of
**     other connections are not seen.
**   - A change by this connection adds to sqlite3_total_changes64(). Some that
**     do not, such as sqlite3_blob_write(), change a data version when they are
**     committed.
**   - In a write transaction nothing is kept: a ROLLBACK TO changes no number.
**   - An error in a root that nobody asked for is none: the roots are then
**     loaded one by one.
**   - In a session, and if a node has no held statement, nothing is read ahead.
*/
#include "load/run.h"

/* Most bytes of a batch's rows, and what a root takes beside them: its key, and
** the numbers of its lists. */
#define STREAM_BYTES ((i64)1 << 20)
#define STREAM_ROOT 100
/* Without an index each batch scans whole tables. There should not be many more
** batches than this. */
#define STREAM_BATCHES 32
/* Most roots of the first batch, whose size in bytes is not known yet. */
#define STREAM_FIRST 16

/* Most ids of which the roots are read ahead, and how far two ids may be apart
** that count as following each other. */
#define STREAM_AHEAD 256
#define STREAM_NEAR 2

/* The ids of which the batch has the roots. */
typedef struct StreamAhead StreamAhead;
struct StreamAhead {
  i64 iFirst;     /* The first id */
  int n;          /* Ids from it on; 0: none */
  i64 iLast;      /* The id that was asked for last */
  int nLast;      /* n, if all ids since the load followed each other */
  u8 bKept;       /* The batch is valid as long as these are the same: */
  AssocSeen seen; /* What was read */
  u64 iVersion;   /* dataVersions() */
  /* The number of each id's root in the batch, from 1; 0: there is none */
  uint16_t aRoot[STREAM_AHEAD];
};

struct AssocStream {
  AssocRun run;            /* The run of a batch after another */
  AssocFetch *pFetch;      /* The statement that gives the roots */
  sqlite3_stmt *pStmt;     /* BORROWED: the root's, while it has rows */
  i64 iFrom, iTo;          /* With bRange: the rowids that are wanted */
  i64 nPast;               /* Roots to leave out first */
  sqlite3_value **apOwned; /* OWNED: copies of the arguments */
  int nOwned;              /* Values in apOwned */
  sqlite3_value **apKey;   /* OWNED: keys of the batch's roots */
  int nAlloc;              /* Roots that apKey has room for */
  i64 nLeast;              /* Fewest roots of a batch, or 0 */
  int nRoot;               /* Roots of the batch */
  int iRoot;               /* The root given out last, from 1; 0: none yet */
  int nWant;               /* Roots to step for the next batch */
  i64 nExpect;             /* Roots that the caller will read, or 0: unknown */
  int bSkip;               /* Do not fetch the children */
  int bEnd;                /* There are no more roots */
  int bAgain;              /* Begun anew: the plan is held, if it can be */
  AssocRow *pRow;          /* The root given out last */
  AssocKeymap keys;        /* Keys whose roots are looked up */
  u32 iKey;                /* How many of them were */
  AssocKeymap seen;        /* Keys of these roots, if there are several */
  u32 iSeen, iSeenBy;      /* The last of them, and the key that it came by */
  StreamAhead ahead;       /* With hold.bAhead */
};

/* Free the keys of the batch. The batch is then empty. */
static void freeKeys(AssocStream *p) {
  int i, n = p->nRoot * p->run.pPlan->pRoot->pModel->nKey;
  for (i = 0; i < n; i++) sqlite3_value_free(p->apKey[i]);
  p->nRoot = 0;
  p->iRoot = 0;
  p->pRow = 0;
}

/* Copy the arguments, which only live as long as the call that gave them. */
static void copyArgs(AssocCall *pCall, AssocStream *p, AssocArgs *pTo,
                     const AssocArgs *pArgs) {
  int i, n = pArgs->nVal;
  assert(pArgs->nKey == 0);
  memset(pTo, 0, sizeof(*pTo));
  if (n == 0) return;
  p->apOwned = assocMalloc(pCall, (i64)sizeof(sqlite3_value *) * n);
  for (i = 0; p->apOwned && i < n; i++) {
    p->apOwned[i] = sqlite3_value_dup(pArgs->apVal[i]);
    if (p->apOwned[i] == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    p->nOwned++;
  }
  pTo->nVal = n;
  pTo->apVal = p->apOwned;
}

/* Is the root looked up by keys? */
static int isKeyed(const AssocStream *p) {
  return p->run.pPlan->pRoot->bKeyed;
}

/* The statement that gives the roots. A keyed root has no cursor. */
static AssocFetch *rootFetch(AssocStream *p) {
  AssocNode *pRoot = p->run.pPlan->pRoot;
  if (isKeyed(p)) {
    int bOne = pRoot->lookup.bEmit && p->keys.nSlot == 1;
    return bOne ? &pRoot->lookupOne : &pRoot->lookup;
  }
  return assocRunAtCursor(&p->run, pRoot) ? &pRoot->scanAt : &pRoot->scan;
}

/* Is each key bound to the root's statement? */
static int bindsKeys(const AssocStream *p) {
  return isKeyed(p) && !p->pFetch->bEmit;
}

/* Reset the statement: an open one would block DROP TABLE and checkpoints. */
static void closeRoot(AssocStream *p) {
  if (p->pStmt) assocFetchClose(p->pFetch, bindsKeys(p) ? p->keys.nKey : 0);
  p->pStmt = 0;
}

/* Bind the bounds. Roots that the statement itself does not leave out are
** stepped over. */
static int boundRoot(AssocCall *pCall, AssocStream *p) {
  const AssocNode *pRoot = p->run.pPlan->pRoot;
  i64 i;
  if (p->pStmt == 0) return 0;
  if (pRoot->bRange) {
    assocErrorCode(pCall, sqlite3_bind_int64(p->pStmt, 1, p->iFrom));
    assocErrorCode(pCall, sqlite3_bind_int64(p->pStmt, 2, p->iTo));
  }
  if (pRoot->bPast) {
    assocErrorCode(pCall, sqlite3_bind_int64(p->pStmt, 3, p->nPast));
    return pCall->rc == SQLITE_OK;
  }
  for (i = 0; i < p->nPast; i++) {
    if (!assocStep(pCall, p->pStmt)) return 0;
  }
  return pCall->rc == SQLITE_OK;
}

/* Open the root's statement for all roots, or for the next key. False if there
** is no key left. */
static int openRoot(AssocCall *pCall, AssocStream *p) {
  if (isKeyed(p) && p->iKey >= p->keys.nSlot) return 0;
  if (p->pStmt == 0) p->pStmt = assocFetchOpen(&p->run, p->pFetch);
  if (p->pStmt == 0 || !isKeyed(p)) return boundRoot(pCall, p);
  sqlite3_reset(p->pStmt);
  assocErrorCode(pCall, assocKeymapBind(&p->keys, p->iKey++, p->pStmt, 1));
  return pCall->rc == SQLITE_OK;
}

/* Does a node scan a table for any number of keys, because no index serves? */
static int hasUnserved(AssocCall *pCall, const AssocPlan *pPlan) {
  int i;
  for (i = 1; i < pPlan->nNode; i++) {
    if (!assocNodeSeeks(pCall, pPlan->apNode[i])) return 1;
  }
  return 0;
}

/*
** The arguments are copied, because the virtual table's caller may free them
** before the last row. The first batch has one root, which tells how large the
** others may be. nLeast is the smallest batch where an association has no
** index: each batch then scans its table once.
*/
AssocStream *assocStreamOpen(AssocCall *pCall, AssocPlan *pPlan,
                             const AssocArgs *pArgs) {
  AssocStream *p = assocMalloc(pCall, sizeof(*p));
  AssocArgs args;
  if (p == 0) return 0;
  memset(p, 0, sizeof(*p));
  copyArgs(pCall, p, &args, pArgs);
  assocRunStart(pCall, &p->run, pPlan, &args);
  if (isKeyed(p)) assocModelKeyFits(pCall, pPlan->pRoot->pModel);
  /* A key that SQL converts before it compares is dealt with by isAnew() */
  assocKeymapInit(&p->keys, pPlan->pRoot->pModel->nKey, aAssocKeyPlain);
  assocKeymapInit(&p->seen, pPlan->pRoot->pModel->nKey, aAssocKeyPlain);
  if (p->run.aNode) p->run.aNode[0].pMap = &p->keys;
  p->nWant = 1;
  if (hasUnserved(pCall, pPlan)) {
    p->nLeast = assocTableRows(pCall, pPlan->pRoot->pModel->pTable);
    p->nLeast = p->nLeast / STREAM_BATCHES + 1;
  }
  return p;
}

void assocStreamSeek(AssocCall *pCall, AssocStream *p, sqlite3_value **apKey) {
  int rc = SQLITE_OK;
  assert(isKeyed(p) && p->nRoot == 0);
  if (pCall->rc != SQLITE_OK) return;
  (void)assocKeymapAdd(&p->keys, apKey, &rc);
  assocErrorCode(pCall, rc);
}

/* The stream is begun anew: hold its plan, if that can be done. */
static void beginAgain(AssocCall *pCall, AssocStream *p) {
  p->run.pCall = pCall;
  if (!p->bAgain) assocHoldStream(pCall, p->run.pPlan);
  p->bAgain = 1;
}

void assocStreamRewind(AssocCall *pCall, AssocStream *p) {
  beginAgain(pCall, p);
  p->ahead.n = p->ahead.bKept = 0;
  closeRoot(p);
  freeKeys(p);
  if (p->keys.nSlot) assocKeymapClear(&p->keys);
  if (p->seen.nSlot) assocKeymapClear(&p->seen);
  p->iKey = 0;
  p->bEnd = 0;
  p->nWant = 1;
  p->run.rc = p->run.row.rc = SQLITE_OK;
}

void assocStreamBounds(AssocStream *p, i64 iFrom, i64 iTo, i64 nPast) {
  assert(!isKeyed(p) && p->nRoot == 0);
  p->iFrom = iFrom;
  p->iTo = iTo;
  p->nPast = nPast;
}

void assocStreamExpect(AssocStream *p, i64 nRow) {
  p->nExpect = nRow;
  if (nRow > 0) p->nWant = nRow < STREAM_FIRST ? (int)nRow : STREAM_FIRST;
}

/* SQLite may skip rows for OFFSET; they need no text. */
void assocStreamSkip(AssocStream *p, int bSkip) {
  p->bSkip = bSkip;
}

/* Free the key of a root that is not given out. */
static int dropKey(AssocStream *p) {
  int i, nKey = p->keys.nKey;
  for (i = 0; i < nKey; i++) sqlite3_value_free(p->apKey[p->nRoot * nKey + i]);
  return 0;
}

/* Two keys can find one root: 1 and '1'. Has no other key found this root
** before? A view may have several roots of one key. */
static int isAnew(AssocCall *pCall, AssocStream *p, sqlite3_value **apKey) {
  u32 n = p->seen.nSlot, i;
  int rc = SQLITE_OK;
  if (!isKeyed(p) || p->keys.nSlot < 2) return 1;
  i = assocKeymapAdd(&p->seen, apKey, &rc);
  assocErrorCode(pCall, rc);
  if (i < n) return i == p->iSeen && p->iKey == p->iSeenBy;
  p->iSeen = i;
  p->iSeenBy = p->iKey;
  return 1;
}

/* Copy the key of a root that is loaded. Is the root to be given out? */
static int takeKey(AssocCall *pCall, AssocStream *p, sqlite3_value **apOf) {
  int i, nKey = p->keys.nKey;
  sqlite3_value **apKey = &p->apKey[p->nRoot * nKey];
  assert(p->nRoot < p->nAlloc);
  for (i = 0; i < nKey; i++) {
    apKey[i] = sqlite3_value_dup(apOf[i]);
    if (apKey[i] == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  }
  if (pCall->rc != SQLITE_OK || !isAnew(pCall, p, apKey)) return dropKey(p);
  p->nRoot++;
  return 1;
}

/* The same of the root at which the statement stands. Its values are in the
** columns from iCol on. */
static int takeKeyAt(AssocCall *pCall, AssocStream *p, sqlite3_stmt *pStmt,
                     int iCol) {
  const AssocNode *pRoot = p->run.pPlan->pRoot;
  sqlite3_value *apKey[ASSOC_KEY_MAX];
  int i;
  for (i = 0; i < p->keys.nKey; i++) {
    apKey[i] = sqlite3_column_value(pStmt, iCol + pRoot->aiSource[i]);
  }
  return takeKey(pCall, p, apKey);
}

/* Step the root's statement to a row: of the same key, unless a key has only
** one, or of the next keys. False at the end and after an error. */
static int stepToRoot(AssocCall *pCall, AssocStream *p) {
  int bOne = isKeyed(p) && p->run.pPlan->pRoot->bOne;
  int bMore = p->pStmt && !bOne;
  for (;;) {
    if (bMore && assocStep(pCall, p->pStmt)) return 1;
    if (bMore && !isKeyed(p)) return 0;
    if (pCall->rc != SQLITE_OK || !openRoot(pCall, p)) return 0;
    bMore = 1;
  }
}

/* Step to the next root, and write it. At the end the statement is closed. */
static int stepRoot(AssocCall *pCall, AssocStream *p) {
  AssocNode *pRoot = p->run.pPlan->pRoot;
  do {
    if (!stepToRoot(pCall, p)) {
      p->bEnd = 1;
      closeRoot(p);
      return 0;
    }
  } while (!takeKeyAt(pCall, p, p->pStmt, 0) && pCall->rc == SQLITE_OK);
  if (pCall->rc == SQLITE_OK) assocRunStep(&p->run, pRoot, p->pStmt, 0);
  assocRunError(&p->run, pRoot);
  return pCall->rc == SQLITE_OK;
}

/* Take the root of the key at which assoc_keys stands. */
static void emitRoot(AssocRun *pRun, AssocNode *pRoot, sqlite3_value **apVal) {
  AssocStream *p = (AssocStream *)pRun; /* Its first member */
  sqlite3_value *apKey[ASSOC_KEY_MAX];
  int i;
  for (i = 0; i < p->keys.nKey; i++) apKey[i] = apVal[pRoot->aiSource[i]];
  p->iKey = pRun->iKey + 1;
  if (takeKey(pRun->pCall, p, apKey)) assocRunRow(pRun, pRoot, 0, apVal);
  if (pRun->rc == SQLITE_OK) pRun->rc = pRun->pCall->rc;
}

/* Load the roots of the next keys, by one statement for as many as are wanted.
** Some may have no root. The last statement stays open: the children are read
** in its read transaction. */
static void emitRoots(AssocCall *pCall, AssocStream *p) {
  AssocNode *pRoot = p->run.pPlan->pRoot;
  while (p->nRoot < p->nWant && p->iKey < p->keys.nSlot) {
    u32 nWant = (u32)(p->nWant - p->nRoot), nLeft = p->keys.nSlot - p->iKey;
    u32 nEnd = p->iKey + (nWant < nLeft ? nWant : nLeft);
    if (p->pStmt == 0) p->pStmt = assocFetchOpen(&p->run, p->pFetch);
    if (p->pStmt == 0) return;
    sqlite3_reset(p->pStmt);
    assocRunKeys(&p->run, pRoot, p->pStmt, p->iKey, nEnd, emitRoot);
    assocRunError(&p->run, pRoot);
    if (pCall->rc != SQLITE_OK) return;
    p->iKey = nEnd;
  }
}

/* Choose the number of roots of the next batch by the bytes that a root of this
** batch took. At most eight times as many as before, and no more than the caller
** will read. */
static void planBatch(AssocStream *p) {
  const AssocArena *pMem = &p->run.mem;
  i64 nByte = pMem->nByte - (pMem->pEnd - pMem->pAt);
  i64 n = STREAM_BYTES / (nByte / p->nRoot + STREAM_ROOT);
  assert(nByte >= 0);
  if (n < p->nLeast) n = p->nLeast;
  if (n > (i64)p->nWant * 8) n = (i64)p->nWant * 8;
  p->nExpect -= p->nRoot;
  if (p->nExpect > 0 && n > p->nExpect) n = p->nExpect;
  p->nWant = n < 1 ? 1 : (int)n;
}

/* Make room for the keys of the next batch. The last batch has no keys any
** more. */
static void needKeys(AssocCall *pCall, AssocStream *p) {
  if (p->nAlloc >= p->nWant) return;
  sqlite3_free(p->apKey);
  p->nAlloc = p->nWant;
  p->apKey = assocMalloc(pCall, (i64)sizeof(sqlite3_value *) * p->nAlloc *
                                    p->run.pPlan->pRoot->pModel->nKey);
  if (p->apKey == 0) p->nAlloc = 0;
}

/* A batch without roots. */
static void startBatch(AssocStream *p) {
  freeKeys(p);
  assocRunClear(&p->run);
  assocRunRootStart(&p->run);
}

/* Load the root of the only key by the held statements. False if they gave no
** valid answer: then the batch is empty. */
static int loadHeld(AssocCall *pCall, AssocStream *p) {
  AssocPlan *pPlan = p->run.pPlan;
  sqlite3_stmt *pStmt = assocRunHeldStep(&p->run);
  assert(pPlan->pRoot->bOne && p->nWant == 1);
  if (pStmt && takeKeyAt(pCall, p, pStmt, pPlan->pRoot->iHeld + 1)) {
    assocRunHeldRows(&p->run, pStmt);
    if (pCall->rc == SQLITE_OK && !p->bSkip) assocRunChildren(&p->run);
  }
  p->bEnd = !assocHoldFailed(pPlan);
  if (!p->bEnd) startBatch(p);
  return p->bEnd;
}

/* Load the next batch. */
static void loadBatch(AssocCall *pCall, AssocStream *p) {
  if (p->nRoot) planBatch(p);
  freeKeys(p);
  needKeys(pCall, p);
  if (pCall->rc != SQLITE_OK) return;
  startBatch(p);
  if (p->keys.nSlot == 1 && assocHoldAsks(pCall, p->run.pPlan) &&
      loadHeld(pCall, p)) {
    return;
  }
  if (p->pStmt == 0) p->pFetch = rootFetch(p);
  if (p->pFetch->bEmit) {
    emitRoots(pCall, p);
  } else {
    while (p->nRoot < p->nWant && stepRoot(pCall, p)) {
    }
  }
  if (p->nRoot && pCall->rc == SQLITE_OK && !p->bSkip) {
    assocRunChildren(&p->run);
  }
  if (isKeyed(p) && p->run.pPlan->pRoot->bOne && p->iKey >= p->keys.nSlot) {
    p->bEnd = 1;
    closeRoot(p);
  }
}

/* A batch is loaded inside assocCallEnter(), which bounds the recursion of views
** that call eager() again. */
static void enterBatch(AssocCall *pCall, AssocStream *p) {
  if (!assocCallEnter(pCall)) return;
  loadBatch(pCall, p);
  assocCallLeave(pCall);
}

/* The next root of the batch, or the first of another batch. */
int assocStreamNext(AssocCall *pCall, AssocStream *p) {
  p->run.pCall = pCall;
  pCall->pConn->budget.zAt = p->run.pPlan->pRoot->zPath;
  if (p->ahead.n) return 0; /* The others of the batch were not asked for */
  if (p->iRoot >= p->nRoot) {
    if (p->bEnd) return 0;
    enterBatch(pCall, p);
    if (pCall->rc != SQLITE_OK || p->nRoot == 0) return 0;
    p->iRoot = 0;
  }
  if (!assocBudgetGive(pCall->pConn, 1)) {
    pCall->pConn->budget.zAt = p->run.pPlan->pRoot->zPath;
    assocBudgetError(pCall);
    return 0;
  }
  p->pRow = p->run.aNode[0].apRow[p->iRoot++];
  return 1;
}

/* ------------------------------------------------------------ reading ahead */

/* The data versions of main and temp, which each commit changes. A plan is held
** only if it reads no other database: see assocCatalogToken(). */
static u64 dataVersions(AssocCall *pCall) {
  u32 iMain = 0, iTemp = 0;
  (void)sqlite3_file_control(pCall->db, "main", SQLITE_FCNTL_DATA_VERSION,
                             &iMain);
  (void)sqlite3_file_control(pCall->db, "temp", SQLITE_FCNTL_DATA_VERSION,
                             &iTemp);
  return (u64)iMain << 32 | iTemp;
}

/* Is a write transaction open? What is read in it may be rolled back. */
static int isWriting(AssocCall *pCall) {
  return sqlite3_txn_state(pCall->db, 0) == SQLITE_TXN_WRITE;
}

/* Are the roots of the batch what a load would give now? */
static int isKept(AssocCall *pCall, const AssocStream *p) {
  const StreamAhead *pAhead = &p->ahead;
  return pAhead->bKept && assocSeenStill(pCall->db, &pAhead->seen) &&
         !isWriting(pCall) && pAhead->iVersion == dataVersions(pCall);
}

/* Does the id follow the last one? */
static int isNearBy(const AssocStream *p, i64 i) {
  return (u64)i - (u64)p->ahead.iLast <= STREAM_NEAR;
}

/* From now on the batch can be kept, unless something changes. */
static void keepBatch(AssocCall *pCall, AssocStream *p) {
  assocSeenNow(pCall->db, &p->ahead.seen);
  p->ahead.iVersion = dataVersions(pCall);
  p->ahead.bKept = !isWriting(pCall);
}

/* Load the roots of the n ids from i on, to be kept; or with 0 that of i. */
static void loadAhead(AssocCall *pCall, AssocStream *p, i64 i, int n) {
  StreamAhead *pAhead = &p->ahead;
  int j, rc = SQLITE_OK;
  assocStreamRewind(pCall, p);
  if (n) keepBatch(pCall, p);
  pAhead->iFirst = i;
  pAhead->n = n ? n : 1;
  pAhead->nLast = pAhead->n;
  memset(pAhead->aRoot, 0, sizeof(pAhead->aRoot[0]) * (size_t)pAhead->n);
  p->nWant = pAhead->n;
  for (j = 0; j < pAhead->n; j++) {
    (void)assocKeymapAddInt(&p->keys, i + j, &rc);
  }
  assert(rc == SQLITE_OK); /* Numbers in a row take no memory */
  enterBatch(pCall, p);
  if (!assocHoldReads(p->run.pPlan)) pAhead->bKept = 0;
  for (j = 0; j < p->nRoot; j++) {
    pAhead->aRoot[sqlite3_value_int64(p->apKey[j]) - i] = (uint16_t)(j + 1);
  }
}

/* How many ids are to be read from i on? 0: i alone, and nothing kept. If ids
** follow each other, first one, then twice as many as the batch has, as far as
** memory lets it. */
static int chooseAhead(AssocCall *pCall, AssocStream *p, i64 i) {
  int n = p->ahead.nLast * 2;
  if (!isNearBy(p, i)) return 0;
  if (n == 0 || !isKept(pCall, p)) return 1;
  if (p->nRoot) {
    planBatch(p);
    if (n > p->nWant) n = p->nWant;
  }
  if (n > STREAM_AHEAD) n = STREAM_AHEAD;
  return i > INT64_MAX - n ? 1 : n;
}

/* Load the roots of several ids. False if that failed: then the root of i has to
** be loaded alone, since another one may be the reason. */
static int tryAhead(AssocCall *pCall, AssocStream *p, i64 i, int n) {
  AssocCall ask;
  int rc;
  if (n < 2) return 0;
  assocTryBegin(&ask, pCall);
  loadAhead(&ask, p, i, n);
  p->run.pCall = pCall;
  rc = ask.rc & 0xff;
  if (assocTryEndAs(&ask, pCall, rc == SQLITE_INTERRUPT ? 0 : rc, 0)) return 0;
  return !assocHoldFailed(p->run.pPlan);
}

int assocStreamJoin(AssocCall *pCall, AssocStream *p, sqlite3_value *pId) {
  StreamAhead *pAhead = &p->ahead;
  i64 i = sqlite3_value_int64(pId);
  beginAgain(pCall, p);
  if (!p->run.pPlan->hold.bUse || !p->run.pPlan->hold.bAhead) return -1;
  if (sqlite3_value_type(pId) != SQLITE_INTEGER) return -1;
  pCall->pConn->budget.zAt = p->run.pPlan->pRoot->zPath;
  if ((u64)i - (u64)pAhead->iFirst >= (u64)pAhead->n || !isKept(pCall, p)) {
    int n = chooseAhead(pCall, p, i);
    if (!tryAhead(pCall, p, i, n)) loadAhead(pCall, p, i, n > 0);
  } else if (!isNearBy(p, i)) {
    pAhead->nLast = 0;
  }
  pAhead->iLast = i;
  p->iRoot = pAhead->aRoot[i - pAhead->iFirst];
  if (pCall->rc != SQLITE_OK || p->iRoot == 0) return 0;
  p->pRow = p->run.aNode[0].apRow[p->iRoot - 1];
  return 1;
}

/* The text is made when the column is read, so a query that reads only id pays
** nothing. OUT: the caller frees it. */
char *assocStreamJson(AssocCall *pCall, AssocStream *p, i64 *pn) {
  AssocOut out;
  char *z;
  p->run.pCall = pCall;
  p->run.nPulse = 0;
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  assocBufReserve(&out, p->pRow->nText + 100);
  assocGatherRow(&p->run, &out, p->run.pPlan->pRoot, p->pRow);
  z = assocRunText(pCall, p->run.pPlan, &out, pn);
  if (z) assocBudgetResult(pCall->pConn, *pn);
  return z;
}

/* The values stay valid until the next batch. */
sqlite3_value **assocStreamKey(AssocStream *p) {
  assert(p->iRoot > 0 && p->iRoot <= p->nRoot);
  return &p->apKey[(p->iRoot - 1) * p->run.pPlan->pRoot->pModel->nKey];
}

/* Also after an error in the middle of a batch. p may be 0. */
void assocStreamClose(AssocCall *pCall, AssocStream *p) {
  int i;
  if (p == 0) return;
  p->run.pCall = pCall;
  closeRoot(p);
  freeKeys(p);
  assocKeymapClear(&p->keys);
  assocKeymapClear(&p->seen);
  assocRunEnd(&p->run);
  for (i = 0; i < p->nOwned; i++) sqlite3_value_free(p->apOwned[i]);
  sqlite3_free(p->apOwned);
  sqlite3_free(p->apKey);
  sqlite3_free(p);
}
