/*
** The rows of the table related, one after another.
**
** A cursor visits the source rows: those whose keys are given, or all. With "^"
** it goes on from each source row to the rows related to it, level by level,
** and visits no row twice. In a source row it visits one related row after
** another: through an array of ids, if ids are integers, which one step of a
** statement has filled; else by stepping a statement.
**
** If only the id is given, the roles change: the given key is the target's, and
** the ids in the array are those of the sources.
*/
#include "surface/related.h"

/* What a cursor does. */
typedef struct RelatedWalk RelatedWalk;
struct RelatedWalk {
  AssocPlan *pPlan;     /* The statements; busy while the cursor has it */
  AssocPlan *pJson;     /* Gives the rows as JSON, or 0 */
  char *zModel, *zItem; /* OWNED: what the plans were compiled from */
  int nModel, nItem;    /* Their lengths */
  int idxNum;           /* That of the plans */
  const char *idxStr;   /* BORROWED: which step of which statement it is */
  i64 iSession;         /* pConn->iSession: the session they are for */

  sqlite3_value *pGiven; /* BORROWED while in xFilter: the one key */
  i64 iGiven;            /* And what it is, if it will be shown */
  u8 bInt;               /* pGiven is an integer */
  sqlite3_value **apKey; /* OWNED: the keys that are wanted longer, or 0 */
  int nKey;              /* Keys in apKey, or 1 with pGiven */
  int iKey;              /* The current one, also where it is pGiven */
  sqlite3_stmt *pAll;    /* BORROWED: keys of all source rows, or 0 */
  AssocKeyRule aRule[ASSOC_KEY_MAX]; /* How keys of the model compare */
  AssocKeymap seen; /* "^": rows that were found, the start first */
  u32 iSeen;        /* The one that is the source */
  u32 iLevelEnd;    /* The first of them that is a level deeper */
  int nLevel;       /* "^": levels of the walk so far */

  sqlite3_stmt *pStmt; /* BORROWED: the rows of the source */
  AssocFetch *pFetch;  /* Whose statement that is */
  AssocTake take;      /* Their ids, if they were taken */
  AssocTake pairs;     /* Those of all sources, if they were */
  AssocSeen paired;    /* What they were read of */
  i64 nLookup;         /* Sources that were looked up one by one */
  i64 nTarget;         /* And their rows */
  i64 nOf;             /* Rows of the source, if they were taken or counted */
  i64 *aOf;            /* BORROWED: their ids, in take or pairs */
  i64 iRowOf;          /* Number of the current row in its source, from 1 */
  i64 iRow;            /* And of all, while they are counted */
  u32 nDeep;           /* Its depth */

  AssocRun run;    /* The rows of the source as JSON */
  int bRun;        /* run is started */
  AssocSeen shown; /* What they were read of */
  u32 iJson;       /* Where the next row's JSON is expected */
  u8 bQuick;  /* Rows of a source were taken or counted, and lead no further */
  u8 bIds;    /* The id of a row is in aOf. Of counted rows none is read */
  u8 bCounts; /* Rows are counted, not read */
  u8 bShown;  /* A column of a row was read after all: count no more */
  int bEof;   /* No row is left */
};

struct RelatedCursor {
  sqlite3_vtab_cursor base; /* First, so that SQLite's pointer is ours */
  RelatedWalk *pWalk;       /* OWNED: made by the first xFilter */
};

/* The state of the connection to which a cursor belongs. */
static AssocConn *relatedConn(sqlite3_vtab_cursor *pCur) {
  return ((RelatedTable *)pCur->pVtab)->dml.pConn;
}

/* ----------------------------------------------------------------- cursor */

/* A close of the connection that fails must not finalize the statements that
** this cursor steps. */
int assocRelatedOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  RelatedTable *pTab = (RelatedTable *)pVtab;
  int rc = assocCursorNew(sizeof(RelatedCursor), ppCur);
  if (rc != SQLITE_OK) return rc;
  assocConnHold(pTab->dml.pConn);
  pTab->pFresh = (RelatedCursor *)*ppCur;
  return SQLITE_OK;
}

/* Free the JSON of the source's rows. */
static void relatedEndRun(AssocCall *pCall, RelatedWalk *p) {
  if (p->bRun) {
    p->run.pCall = pCall;
    assocRunEnd(&p->run);
  }
  p->bRun = 0;
}

/* Forget the keys and rows, keep the plans and the pairs. */
static void relatedReset(AssocCall *pCall, RelatedWalk *p) {
  int i;
  relatedEndRun(pCall, p);
  if (p->pStmt && !p->pFetch->bEmit) sqlite3_reset(p->pStmt);
  if (p->pAll) sqlite3_reset(p->pAll);
  if (p->pPlan && p->pPlan->pRoot->related.again.stmt.p) {
    sqlite3_reset(p->pPlan->pRoot->related.again.stmt.p);
  }
  p->pAll = 0;
  p->pGiven = 0;
  p->bInt = 0;
  for (i = 0; p->apKey && i < p->nKey; i++) sqlite3_value_free(p->apKey[i]);
  sqlite3_free(p->apKey);
  p->apKey = 0;
  p->nKey = 0;
  p->iKey = -1;
  assocKeymapClear(&p->seen);
  p->iSeen = 0;
  p->iRowOf = p->nOf = 0;
  p->bEof = 1;
}

/* Forget the pairs. They may be read again when that pays. */
static void relatedForgetPairs(RelatedWalk *p) {
  assocTakeClear(&p->pairs);
  p->nLookup = 0;
  p->nTarget = 0;
}

/* Give back everything that depends on the model and the association. The next
** xFilter may ask for others. */
static void relatedForget(AssocCall *pCall, RelatedWalk *p) {
  relatedReset(pCall, p);
  if (p->pStmt) assocFetchClose(p->pFetch, p->pPlan->pRoot->pModel->nKey);
  p->pStmt = 0;
  assocTakeClear(&p->take);
  relatedForgetPairs(p);
  p->bShown = 0;
  assocPlanRelease(pCall, p->pPlan);
  assocPlanRelease(pCall, p->pJson);
  p->pPlan = 0;
  p->pJson = 0;
  sqlite3_free(p->zModel);
  sqlite3_free(p->zItem);
  p->zModel = 0;
  p->zItem = 0;
}

/* SQLite may close a cursor in the middle of its rows. Until 3.41 a subquery that
** runs again opens a cursor anew, and then closes the old one. The new one goes on
** with the walk and its plans, as the one cursor of a later SQLite does. */
int assocRelatedClose(sqlite3_vtab_cursor *pCur) {
  RelatedWalk *p = ((RelatedCursor *)pCur)->pWalk;
  RelatedTable *pTab = (RelatedTable *)pCur->pVtab;
  RelatedCursor *pFresh = pTab->pFresh;
  AssocCall call;
  pTab->pFresh = 0;
  assocCallInit(&call, pTab->dml.pConn);
  if (p && pFresh) {
    assert(pFresh->pWalk == 0);
    relatedReset(&call, p);
    pFresh->pWalk = p;
  } else if (p) {
    relatedForget(&call, p);
    sqlite3_free(p);
  }
  assocCallClear(&call);
  assocConnRelease(pTab->dml.pConn);
  sqlite3_free(pCur);
  return SQLITE_OK;
}

/* The creatable table declared its columns once; the target may have others
** by now. */
static void relatedCheckColumns(AssocCall *pCall, const RelatedTable *pTab,
                                const AssocPlan *pPlan) {
  int n;
  char *z;
  if (pTab->zColumns == 0 || pPlan == 0) return;
  z = assocRelatedColumns(pCall, pPlan->pAnswer->pTarget->pTable, &n);
  if (z && strcmp(z, pTab->zColumns) != 0) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, pPlan->pAnswer->pTarget->zLabel, 0,
                 "the columns of %s have changed since the virtual table was "
                 "created; drop it and create it again",
                 pPlan->pAnswer->pTarget->zLabel);
  }
  sqlite3_free(z);
}

/* Is the id given, and are the sources looked for? */
static int relatedIsBack(const RelatedWalk *p) {
  return (p->idxNum & RELATED_BACK) != 0;
}

/* The id of the current row, if ids were taken. */
static i64 relatedId(const RelatedWalk *p) {
  assert(p->pFetch->bEmit && p->iRowOf > 0 && p->iRowOf <= p->nOf);
  return p->aOf[p->iRowOf - 1];
}

/* Prepare the statement for the rows of a source, and bind all but the key. */
static void relatedPrepare(AssocCall *pCall, RelatedWalk *p) {
  AssocNode *pRoot = p->pPlan->pRoot;
  const AssocModel *pModel = pRoot->pModel;
  AssocKeyRule *aRule = p->aRule;
  int i;
  assert(pModel->nKey > 0 && pModel->nKey <= ASSOC_KEY_MAX);
  p->bCounts =
      (p->idxNum & RELATED_COUNT) && pRoot->related.count.zSql && !p->bShown;
  p->pFetch = relatedIsBack(p) ? &pRoot->related.back
              : p->bCounts     ? &pRoot->related.count
                               : &pRoot->lookup;
  p->bQuick = p->pFetch->bEmit && pRoot->nRecurse == 0;
  p->bIds = p->pFetch->bEmit && !relatedIsBack(p);
  p->pStmt = assocFetchPlain(pCall, p->pPlan, p->pFetch);
  if (p->pStmt == 0) return;
  for (i = 0; i < pModel->nKey; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aKey[i]];
    aRule[i].eAff = pCol->eAff;
    aRule[i].eColl = pCol->eColl;
  }
  assocKeymapInit(&p->seen, pModel->nKey, aRule);
}

/* Is the value the text z of n bytes? */
static int relatedIsText(sqlite3_value *pVal, const char *z, int n) {
  const char *zVal = (const char *)sqlite3_value_text(pVal);
  return zVal && sqlite3_value_bytes(pVal) == n && memcmp(zVal, z, n) == 0;
}

/* Does an xFilter need the plans of the last one? A cursor is filtered once for
** each row of an outer table, with the same two texts every time. A row may have
** begun another session. Plans of another cursor may be those of another
** statement, which ended before this xFilter: each step has an idxStr at an address
** of its own. */
static int relatedIsSame(const RelatedWalk *p, const RelatedTable *pTab,
                         const char *idxStr, sqlite3_value **argv) {
  if (p->pPlan == 0) return 0;
  assert(
      p->pStmt); /* A plan without it is an error, which ends the statement */
  assert(p->idxStr);
  if (idxStr != p->idxStr) return 0;
  if (p->iSession != pTab->dml.pConn->iSession) return 0;
  return (p->idxNum & RELATED_VARIES) == 0 ||
         (relatedIsText(argv[0], p->zModel, p->nModel) &&
          relatedIsText(argv[1], p->zItem, p->nItem));
}

/* Get the plans for a model and an association. The plan for the JSON is made
** only if the column is read. */
static void relatedPlans(AssocCall *pCall, RelatedWalk *p,
                         const RelatedTable *pTab, const char *zModel,
                         const char *zItem, int idxNum, const char *idxStr) {
  AssocCatalog *pCat;
  int eAsk = pTab->zModel             ? ASSOC_ASK_COLUMNS
             : idxNum & RELATED_LINKS ? ASSOC_ASK_LINKS
                                      : ASSOC_ASK_IDS;
  relatedForget(pCall, p);
  p->idxNum = idxNum;
  p->idxStr = idxStr;
  p->iSession = pCall->pConn->iSession;
  p->zModel = assocMprintf(pCall, "%s", zModel);
  p->zItem = assocMprintf(pCall, "%s", zItem);
  p->nModel = (int)strlen(zModel);
  p->nItem = (int)strlen(zItem);
  pCat = assocCatalogEnter(pCall);
  p->pPlan = assocPlanGet(pCall, pCat, eAsk, zModel, zItem);
  if (p->pPlan) assocModelKeyFits(pCall, p->pPlan->pRoot->pModel);
  if (p->pPlan) assocModelKeyFits(pCall, p->pPlan->pAnswer->pTarget);
  relatedCheckColumns(pCall, pTab, p->pPlan);
  if (p->pPlan && (idxNum & RELATED_JSON)) {
    p->pJson = assocPlanGet(pCall, pCat, ASSOC_ASK_ONCE, zModel, zItem);
  }
  if (p->pPlan && (p->pPlan->pShape->nParam || p->pPlan->pShape->bNamed)) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "related() takes no parameters; write the values into "
                 "the association, or use eager()");
  }
  if (p->pPlan && pCall->rc == SQLITE_OK) relatedPrepare(pCall, p);
  assocCatalogLeave(pCall, pCat);
}

/* Keys of one xFilter are kept, because their values belong to SQLite only
** until it returns. The array doubles. */
static void relatedKeep(AssocCall *pCall, RelatedWalk *p, sqlite3_value *pVal) {
  sqlite3_value **ap = p->apKey;
  assert(p->nKey >= 0);
  if (sqlite3_value_type(pVal) == SQLITE_NULL || pCall->rc != SQLITE_OK) {
    return;
  }
  if ((p->nKey & (p->nKey - 1)) == 0) {
    ap = sqlite3_realloc64(ap, sizeof(*ap) * (u64)(p->nKey * 2 + 1));
    if (ap) p->apKey = ap;
  }
  if (ap) {
    ap[p->nKey] = sqlite3_value_dup(pVal);
    if (ap[p->nKey]) {
      p->nKey++;
      return;
    }
  }
  assocErrorCode(pCall, SQLITE_NOMEM);
}

/* Read the given key, or all keys of key IN (...), which SQLite 3.38 and later
** passes in one call. NULL is no key. */
static void relatedTakeKeys(AssocCall *pCall, RelatedWalk *p, int idxNum,
                            sqlite3_value *pList) {
  sqlite3_value *pVal = 0;
  int rc;
  if (!(idxNum & RELATED_IN)) {
    int eType = sqlite3_value_type(pList);
    if (eType == SQLITE_NULL) return;
    /* A key may be read as a column. An integer is kept as one. */
    if ((idxNum & RELATED_JSON) ||
        ((idxNum & RELATED_KEY) && eType != SQLITE_INTEGER)) {
      relatedKeep(pCall, p, pList);
    } else {
      p->pGiven = pList;
      p->bInt = eType == SQLITE_INTEGER;
      p->iGiven = sqlite3_value_int64(pList);
      p->nKey = 1;
    }
    return;
  }
  rc = sqlite3_vtab_in_first(pList, &pVal);
  while (rc == SQLITE_OK) {
    relatedKeep(pCall, p, pVal);
    rc = sqlite3_vtab_in_next(pList, &pVal);
  }
  if (rc != SQLITE_DONE) assocErrorCode(pCall, rc);
}

/* ---------------------------------------------------------------- sources */

/* Does the association have "^"? */
static int relatedRepeats(const RelatedWalk *p) {
  return p->pPlan->pRoot->nRecurse != 0;
}

/* "^": only the keys of visited rows are remembered (p->seen), so the columns
** of the present one are read again. */
static sqlite3_stmt *relatedAgain(AssocCall *pCall, RelatedWalk *p) {
  AssocFetch *pAgain = &p->pPlan->pRoot->related.again;
  sqlite3_stmt *pStmt = assocStmt(pCall, &pAgain->stmt, pAgain->zSql);
  if (pStmt == 0) return 0;
  assert(relatedRepeats(p) && p->iSeen < p->seen.nSlot);
  sqlite3_reset(pStmt);
  assocErrorCode(pCall, assocKeymapBind(&p->seen, p->iSeen, pStmt, 1));
  return assocStep(pCall, pStmt) ? pStmt : 0;
}

/* The key of the present source row; if the roles are changed, that of the
** target. The values stay valid until the next source row. */
static void relatedSource(AssocCall *pCall, RelatedWalk *p, AssocKeys *pKeys) {
  const AssocModel *pModel =
      relatedIsBack(p) ? p->pPlan->pAnswer->pTarget : p->pPlan->pRoot->pModel;
  sqlite3_stmt *pStmt = p->pAll;
  if (relatedRepeats(p) && p->iSeen > 0) pStmt = relatedAgain(pCall, p);
  if (pStmt) {
    assocKeysOfRow(pCall, pModel->nKey, pStmt, pKeys);
  } else if (p->bInt && pModel->nKey == 1) { /* It needs no reading */
    pKeys->nKey = pKeys->nCol = 1;
    pKeys->pOne = p->pGiven;
    pKeys->apVal = &pKeys->pOne;
  } else if (pCall->rc == SQLITE_OK) {
    assocKeyRead(pCall, pModel, p->pGiven ? p->pGiven : p->apKey[p->iKey],
                 pKeys);
  }
}

/* Read the pairs of all sources, if that pays by now: see assocChoosePairs().
** They are kept until this connection changes a row, or ends its transaction. A
** ROLLBACK TO is not noticed, as it is not by an automatic index of SQLite: to
** keep no pairs in a write transaction would make each query in it slow. */
static void relatedTakePairs(AssocCall *pCall, RelatedWalk *p) {
  AssocNode *pRoot = p->pPlan->pRoot;
  AssocPairs *pPairs =
      relatedIsBack(p) ? &pRoot->related.backPairs : &pRoot->related.pairs;
  if (p->pairs.bPairs && !assocSeenStill(pCall->db, &p->paired)) {
    relatedForgetPairs(p);
  }
  /* An index counts cheaper than pairs are read, unless it has to look for rows */
  if (p->bCounts && pPairs->zIndex && pPairs->ids.zSql == 0) return;
  if (p->pairs.bPairs ||
      !assocChoosePairs(pCall, pRoot, pPairs, p->nLookup++, p->nTarget)) {
    return;
  }
  assocSeenNow(pCall->db, &p->paired);
  assocTakePairs(pCall, p->pPlan, pPairs, &p->pairs);
}

/* The number that a statement counts. */
static i64 relatedNumber(AssocCall *pCall, sqlite3_stmt *pStmt) {
  i64 n = 0;
  if (assocStep(pCall, pStmt)) {
    n = sqlite3_column_int64(pStmt, 0);
    sqlite3_reset(pStmt);
  }
  return n;
}

/* Take the ids of the source, or only their number. */
static void relatedTake(AssocCall *pCall, RelatedWalk *p) {
  if (p->bCounts) {
    p->nOf = relatedNumber(pCall, p->pStmt);
  } else {
    assocTakeRun(pCall, &p->take, p->pStmt);
    p->nOf = p->take.n;
    p->aOf = p->take.aId;
  }
  p->nTarget += p->nOf;
}

/* Bind the key of the present source. That of a visited row comes from where it
** is kept. */
static void relatedBind(AssocCall *pCall, RelatedWalk *p,
                        const AssocKeys *pKeys) {
  int i;
  if (p->iSeen > 0) {
    assocErrorCode(pCall, assocKeymapBind(&p->seen, p->iSeen, p->pStmt, 1));
    return;
  }
  for (i = 0; i < pKeys->nCol; i++) {
    assocErrorCode(pCall, sqlite3_bind_value(p->pStmt, i + 1, pKeys->apVal[i]));
  }
}

/*
** Prepare the rows of one source: take its ids in one step if they are
** integers, or start a statement. If many sources have been asked for, or no
** index serves, the pairs of all sources are read once instead, and those of
** this source are found by its key. pKeys is empty if the source is a visited
** row.
*/
static void relatedRows(AssocCall *pCall, RelatedWalk *p, AssocKeys *pKeys) {
  const AssocFetch *pFetch = p->pFetch;
  int bMany = relatedIsBack(p) || p->pPlan->pAnswer->bMany;
  u32 n;
  p->iRowOf = p->nOf = 0;
  relatedEndRun(pCall, p);
  if (pKeys->nKey == 0 && p->iSeen == 0) return;
  relatedTakePairs(pCall, p); /* If that costs less by now */
  if (p->pairs.bPairs && p->iSeen > 0) relatedSource(pCall, p, pKeys);
  if (pCall->rc != SQLITE_OK) return;
  if (p->pairs.bPairs) {
    p->aOf = assocTakeOf(pCall, &p->pairs, pKeys->apVal, &n);
    p->nOf = bMany || n == 0 ? n : 1;
  } else {
    sqlite3_reset(p->pStmt);
    relatedBind(pCall, p, pKeys);
    if (p->pPlan->iAgainVar) {
      assocErrorCode(
          pCall, sqlite3_bind_int(p->pStmt, p->pPlan->iAgainVar, p->iSeen > 0));
    }
    if (!pFetch->bEmit || pCall->rc != SQLITE_OK) return;
    relatedTake(pCall, p);
  }
  if (pFetch->bSort) assocTakeSort(pCall, p->aOf, (u32)p->nOf);
}

/* "^": use the next row found so far as a source. */
static int relatedDeeper(RelatedWalk *p) {
  int nMost = p->pPlan->pRoot->nRecurse;
  if (!relatedRepeats(p) || p->iSeen + 1 >= p->seen.nSlot) return 0;
  if (p->iSeen + 1 == p->iLevelEnd) { /* All of this level have been sources */
    if (nMost > 0 && p->nLevel >= nMost) return 0;
    p->nLevel++;
    p->iLevelEnd = p->seen.nSlot;
  }
  p->iSeen++;
  return 1;
}

/* Go to the next source row: the next given key, the next row of the scan, or,
** with "^", the next row that was found. False at the end. */
static int relatedNextSource(AssocCall *pCall, RelatedWalk *p) {
  AssocKeys keys;
  int bDeeper = relatedDeeper(p);
  assert(p->pPlan && !p->bEof);
  memset(&keys, 0, sizeof(keys));
  if (!bDeeper) {
    assocKeymapClear(&p->seen);
    p->iSeen = 0;
    p->nLevel = 1;
    p->iLevelEnd = 1;
    if (p->pAll) {
      if (!assocStep(pCall, p->pAll)) return 0;
    } else if (++p->iKey >= p->nKey) {
      return 0;
    }
  }
  if (!bDeeper) relatedSource(pCall, p, &keys);
  /* The start counts as visited: a circle must not lead back to it. */
  if (relatedRepeats(p) && keys.nKey) {
    int rc = SQLITE_OK;
    (void)assocKeymapAdd(&p->seen, keys.apVal, &rc);
    assocErrorCode(pCall, rc);
  }
  relatedRows(pCall, p, &keys);
  assocKeysClear(&keys);
  return pCall->rc == SQLITE_OK;
}

/* ------------------------------------------------------------------- rows */

/* "^": has the row not been visited yet? Then it is remembered, and becomes a
** source row later. This ends circles. */
static int relatedIsNew(AssocCall *pCall, RelatedWalk *p) {
  sqlite3_value *apVal[ASSOC_KEY_MAX];
  u32 nBefore = p->seen.nSlot;
  int i, rc = SQLITE_OK;
  assert(p->seen.nKey <= ASSOC_KEY_MAX);
  if (!relatedRepeats(p)) return 1;
  if (p->pFetch->bEmit) {
    (void)assocKeymapAddInt(&p->seen, relatedId(p), &rc);
  } else {
    for (i = 0; i < p->seen.nKey; i++) {
      apVal[i] = sqlite3_column_value(p->pStmt, i);
    }
    (void)assocKeymapAdd(&p->seen, apVal, &rc);
  }
  assocErrorCode(pCall, rc);
  return p->seen.nSlot > nBefore;
}

/* The next related row of the source. True if there is one. */
static int relatedNextOf(AssocCall *pCall, RelatedWalk *p) {
  int bRow;
  assert(p->pFetch && p->iRowOf >= 0);
  bRow = p->pFetch->bEmit ? p->iRowOf < p->nOf : assocStep(pCall, p->pStmt);
  if (bRow) {
    p->iRowOf++;
    p->iRow++;
  }
  return bRow;
}

/* After an error the cursor is at its end: SQLite may go on to ask. */
static int relatedDone(sqlite3_vtab_cursor *pCur, AssocCall *pCall) {
  RelatedWalk *p = ((RelatedCursor *)pCur)->pWalk;
  if (pCall->rc != SQLITE_OK) p->bEof = 1;
  return assocCallVtab(pCall, &pCur->pVtab->zErrMsg);
}

/* Go to the next related row, of this source or of a later one. Sources without
** related rows are passed over. */
static void relatedGo(AssocCall *pCall, RelatedWalk *p, int bFirst) {
  do {
    while (bFirst || !relatedNextOf(pCall, p)) {
      if (pCall->rc != SQLITE_OK || !relatedNextSource(pCall, p)) {
        p->bEof = 1;
        return;
      }
      bFirst = 0;
    }
  } while (!relatedIsNew(pCall, p) && pCall->rc == SQLITE_OK);
  p->nDeep = (u32)p->nLevel;
  if (!assocBudgetGive(pCall->pConn, 1)) assocBudgetError(pCall);
}

/* Every step may run statements on the user's tables, so it enters the call. */
static void relatedAdvance(AssocCall *pCall, RelatedWalk *p, int bFirst) {
  if (!assocCallEnter(pCall)) return;
  pCall->pConn->budget.zAt = p->zItem;
  relatedGo(pCall, p, bFirst);
  pCall->pConn->budget.zAt = 0;
  assocCallLeave(pCall);
}

/* Go to the next row. Another of the same source, which was taken or counted,
** needs no statement, and neither does the end. In a session each row costs a
** part of the budget. */
int assocRelatedNext(sqlite3_vtab_cursor *pCur) {
  RelatedWalk *p = ((RelatedCursor *)pCur)->pWalk;
  AssocCall call;
  if (p->bQuick && relatedConn(pCur)->pSession == 0) {
    if (p->iRowOf < p->nOf) {
      p->iRowOf++;
      p->iRow++;
      return SQLITE_OK;
    }
    if (p->pAll == 0 && p->iKey + 1 >= p->nKey) p->bEof = 1;
  }
  if (p->bEof) return SQLITE_OK;
  assocCallInit(&call, relatedConn(pCur));
  relatedAdvance(&call, p, 0);
  return relatedDone(pCur, &call);
}

/*
** A column is read of a row that was only counted. DELETE does not say before
** that it will read assoc_row. So go through the rows again, up to the present
** one, and read them. They are not given twice. A function in the statement's
** WHERE may have deleted some of them.
*/
static void relatedShow(AssocCall *pCall, RelatedWalk *p) {
  AssocFetch *pAll = &p->pPlan->pRoot->scan;
  i64 nRow = p->iRow;
  p->bShown = 1;
  (void)assocBudgetGive(pCall->pConn, -nRow);
  relatedPrepare(pCall, p);
  if (p->nKey == 0) {
    if (p->pAll) sqlite3_reset(p->pAll);
    p->pAll = assocFetchPlain(pCall, p->pPlan, pAll);
  } else if (p->apKey == 0) {
    sqlite3_stmt *pStmt = assocPrepare(pCall, "SELECT %lld", p->iGiven);
    p->nKey = 0;
    if (assocStep(pCall, pStmt)) {
      relatedKeep(pCall, p, sqlite3_column_value(pStmt, 0));
    }
    assocFinalize(pCall, pStmt);
  }
  p->iKey = -1;
  p->iRow = p->iRowOf = p->nOf = 0;
  while (pCall->rc == SQLITE_OK && p->iRow < nRow && !p->bEof) {
    relatedAdvance(pCall, p, p->iRow == 0);
  }
  if (p->bEof) {
    assocErrorOf(pCall, ASSOC_E_NOT_FOUND, p->pPlan->pRoot->pModel->zLabel,
                 p->pPlan->pAnswer->zName,
                 "a row of %s.%s is gone: it was changed or deleted while the "
                 "statement ran",
                 p->pPlan->pRoot->pModel->zLabel, p->pPlan->pAnswer->zName);
  }
}

/* Without a key: count the rows of all sources, or start with the sources. */
static void relatedAll(AssocCall *pCall, RelatedWalk *p) {
  AssocNode *pRoot = p->pPlan->pRoot;
  AssocFetch *pCount = &pRoot->related.countAll;
  if (p->bCounts && pCount->zSql) {
    sqlite3_stmt *pStmt = assocFetchPlain(pCall, p->pPlan, pCount);
    if (!assocCallEnter(pCall)) return;
    p->nOf = relatedNumber(pCall, pStmt);
    assocCallLeave(pCall);
  } else {
    p->pAll = assocFetchPlain(pCall, p->pPlan, &pRoot->scan);
  }
}

/* The walk of the cursor, a new one if it has none. */
static RelatedWalk *relatedWalk(AssocCall *pCall, RelatedCursor *pCur) {
  if (pCur->pWalk) return pCur->pWalk;
  pCur->pWalk = assocMalloc(pCall, sizeof(*pCur->pWalk));
  if (pCur->pWalk) memset(pCur->pWalk, 0, sizeof(*pCur->pWalk));
  return pCur->pWalk;
}

/* In a join this runs once for each row of the other table. So plans,
** statements and arrays stay in the cursor as long as model and association
** stay the same. */
int assocRelatedFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                       const char *idxStr, int argc, sqlite3_value **argv) {
  RelatedTable *pTab = (RelatedTable *)pCur->pVtab;
  const char *zModel = pTab->zModel, *zItem = pTab->zItem;
  AssocCall call;
  RelatedWalk *p;
  assocCallInit(&call, pTab->dml.pConn);
  pTab->pFresh = 0;
  p = relatedWalk(&call, (RelatedCursor *)pCur);
  if (p == 0) return assocCallVtab(&call, &pTab->dml.base.zErrMsg);
  assocBudgetBegin(call.pConn);
  relatedReset(&call, p);
  if (idxNum & RELATED_MISSING) {
    assocErrorOf(
        &call, ASSOC_E_ARGUMENT, 0, 0,
        "related() needs a model and an association: related('User', 1, "
        "'posts'), or WHERE model=... AND association=...");
  } else if (!relatedIsSame(p, pTab, idxStr, argv)) {
    if (zModel == 0) {
      zModel = assocArgText(&call, argv[0], "the model");
      zItem = assocArgText(&call, argv[1], "the association");
    }
    if (zModel && zItem) {
      relatedPlans(&call, p, pTab, zModel, zItem, idxNum, idxStr);
    }
  }
  if (call.rc == SQLITE_OK && (idxNum & (RELATED_KEY | RELATED_BACK))) {
    relatedTakeKeys(&call, p, idxNum, argv[argc - 1]);
  } else if (call.rc == SQLITE_OK) {
    relatedAll(&call, p);
  }
  if (call.rc == SQLITE_OK) {
    p->bEof = 0;
    p->iRow = 0;
    relatedAdvance(&call, p, p->nOf == 0);
  }
  p->pGiven = 0;
  p->bInt = 0;
  return relatedDone(pCur, &call);
}

/* True after the last row, and after an error. */
int assocRelatedEof(sqlite3_vtab_cursor *pCur) {
  return ((RelatedCursor *)pCur)->pWalk->bEof;
}

/* ---------------------------------------------------------------- columns */

/* Values of a statement's columns as a key. */
static void relatedKeyOf(AssocCall *pCall, sqlite3_context *pCtx,
                         sqlite3_stmt *pStmt, int nKey) {
  sqlite3_value *apVal[ASSOC_KEY_MAX];
  int i;
  assert(nKey > 0 && nKey <= ASSOC_KEY_MAX);
  for (i = 0; i < nKey; i++) apVal[i] = sqlite3_column_value(pStmt, i);
  assocResultKey(pCall, pCtx, nKey, apVal);
}

/* {"PostId":1,"TagId":2}: the columns, as far as they are shown, behind the target's key */
static void relatedThrough(AssocCall *pCall, sqlite3_context *pCtx,
                           const RelatedWalk *p) {
  const AssocRel *pRel = p->pPlan->pAnswer;
  const AssocTable *pJoin = pRel->pThrough;
  AssocOut out;
  i64 n = 0;
  char *z;
  int i, nShown = 0;
  assert(pRel);
  if (pJoin == 0) return;
  assocBufInit(&out, 0x7fffffff);
  for (i = 0; i < pJoin->nCol; i++) {
    if (assocColumnIs(pCall, pJoin, i, ASSOC_COLUMN_HIDE)) continue;
    assocOutText(&out, nShown++ ? "," : "{", 1);
    assocJsonString(&out, pJoin->aCol[i].zName,
                    (i64)strlen(pJoin->aCol[i].zName));
    assocOutText(&out, ":", 1);
    assocJsonValue(&out,
                   sqlite3_column_value(p->pStmt, pRel->pTarget->nKey + i),
                   pJoin->aCol[i].eJson == ASSOC_JSON_BOOL ? ASSOC_JSON_BOOL
                                                           : ASSOC_JSON_PLAIN);
  }
  assocOutText(&out, "}", 1);
  z = assocBufText(pCall, &out, &n);
  if (z) assocResultJson(pCtx, z, n);
}

/* Load all rows of the source as JSON when the first one is read. */
static void relatedLoad(AssocCall *pCall, RelatedWalk *p) {
  AssocKeys keys;
  AssocArgs args;
  if (!assocCallEnter(pCall)) return;
  memset(&keys, 0, sizeof(keys));
  memset(&args, 0, sizeof(args));
  relatedSource(pCall, p, &keys);
  args.nKey = keys.nCol;
  args.apKey = keys.apVal;
  if (pCall->rc == SQLITE_OK) {
    p->bRun = 1;
    p->iJson = 0;
    assocSeenNow(pCall->db, &p->shown);
    assocRunStart(pCall, &p->run, p->pJson, &args);
    if (pCall->rc == SQLITE_OK) assocRunRoot(&p->run);
    if (pCall->rc == SQLITE_OK) assocRunChildren(&p->run);
  }
  assocKeysClear(&keys);
  assocCallLeave(pCall);
}

/* Find the JSON of the current row. */
static const AssocRow *relatedFindJson(AssocCall *pCall, RelatedWalk *p,
                                       const AssocNode **ppNode) {
  const AssocNode *pRoot = p->pPlan->pRoot;
  sqlite3_value *apOwn[ASSOC_KEY_MAX];
  const AssocRow *pRow;
  int i;
  assert(p->bRun && pRoot->related.nOwn <= ASSOC_KEY_MAX);
  for (i = 0; i < pRoot->related.nOwn; i++) {
    apOwn[i] = sqlite3_column_value(p->pStmt, pRoot->related.iOwn + i);
  }
  p->run.pCall = pCall;
  pRow = assocGatherRelated(&p->run, apOwn, &p->iJson, ppNode);
  assocErrorCode(pCall, p->run.rc);
  return pRow;
}

/* The JSON of the current row. All of one source is loaded at once, when the first
** of it is asked for. So a row is found by its key: rows may have gone since, or
** come. For one that has come, they are loaded again. One that is gone has no
** JSON, as SQLite gives NULL for the columns of a row that is deleted under its
** cursor. */
static void relatedJson(AssocCall *pCall, sqlite3_context *pCtx,
                        RelatedWalk *p) {
  const AssocNode *pNode;
  const AssocRow *pRow;
  AssocOut out;
  i64 n = 0;
  char *z;
  if (p->pJson == 0) return;
  if (!p->bRun) relatedLoad(pCall, p);
  if (pCall->rc != SQLITE_OK) return;
  pRow = relatedFindJson(pCall, p, &pNode);
  if (pRow == 0 && !assocSeenStill(pCall->db, &p->shown)) {
    relatedEndRun(pCall, p);
    relatedLoad(pCall, p);
    if (pCall->rc == SQLITE_OK) pRow = relatedFindJson(pCall, p, &pNode);
  }
  if (pRow == 0) return;
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  assocBufReserve(&out, assocGatherBytes(pRow) + 16);
  assocGatherRow(&p->run, &out, pNode, pRow);
  pCall->pConn->budget.zAt = p->zItem;
  z = assocBufText(pCall, &out, &n);
  pCall->pConn->budget.zAt = 0;
  if (z) assocBudgetResult(pCall->pConn, n);
  if (z) assocResultJson(pCtx, z, n);
}

/* Values of the target's key, where the statement has them: first, or, of the
** creatable table, among the columns. */
static void relatedTarget(AssocCall *pCall, const RelatedWalk *p,
                          const RelatedTable *pTab, sqlite3_value **apVal) {
  const AssocModel *pModel = p->pPlan->pAnswer->pTarget;
  const AssocTable *pTable = pModel->pTable;
  int i, j;
  assert(pModel->nKey > 0 && pModel->nKey <= ASSOC_KEY_MAX);
  for (i = 0; i < pModel->nKey; i++) {
    int iCol = pTab->zModel ? 0 : i;
    for (j = 0; pTab->zModel && j < pModel->aKey[i]; j++) {
      if (!pTable->aCol[j].bHidden) iCol++;
    }
    if (pTab->zModel && pTable->aCol[pModel->aKey[i]].bHidden) {
      assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, pModel->zLabel, 0,
                   "%s has no key column, so its rows cannot be told apart; "
                   "write to related itself",
                   pModel->zLabel);
      return;
    }
    apVal[i] = sqlite3_column_value(p->pStmt, iCol);
  }
}

/* assoc_row: the source's key, and the target's. Ids are kept as integers, so
** they are made values again for it. */
static void relatedIdentity(AssocCall *pCall, sqlite3_context *pCtx,
                            RelatedWalk *p, const RelatedTable *pTab) {
  sqlite3_value *apVal[ASSOC_KEY_MAX];
  i64 iId = p->pFetch->bEmit ? relatedId(p) : 0;
  i64 iSource = relatedIsBack(p) ? iId : p->iGiven;
  i64 iTarget = relatedIsBack(p) ? p->iGiven : iId;
  sqlite3_stmt *pStmt =
      assocPrepare(pCall, "SELECT %lld, %lld", iSource, iTarget);
  AssocKeys keys;
  memset(&keys, 0, sizeof(keys));
  if (!assocStep(pCall, pStmt)) {
    assocFinalize(pCall, pStmt);
    return;
  }
  if (p->pFetch->bEmit) {
    apVal[0] = sqlite3_column_value(pStmt, 1);
  } else {
    relatedTarget(pCall, p, pTab, apVal);
  }
  if (p->pAll || p->apKey || (relatedRepeats(p) && p->iSeen > 0)) {
    relatedSource(pCall, p, &keys);
  } else {
    assocKeysOfRow(pCall, 1, pStmt, &keys);
  }
  if (pCall->rc == SQLITE_OK) {
    assocDmlIdentity(pCall, pCtx, p->pPlan->pAnswer, &keys, apVal);
  }
  assocKeysClear(&keys);
  assocFinalize(pCall, pStmt);
}

/* One column of the present row. In an UPDATE, SQLite asks for all columns;
** those that are not assigned cost nothing. */
static void relatedResult(AssocCall *pCall, sqlite3_context *pCtx,
                          RelatedWalk *p, const RelatedTable *pTab, int iCol) {
  const AssocRel *pRel = p->pPlan->pAnswer;
  assert(iCol >= 0 && !p->bEof);
  if (sqlite3_vtab_nochange(pCtx)) return; /* UPDATE, but not of this one */
  if (p->bCounts && iCol != pTab->iModelCol && iCol != pTab->iItemCol &&
      iCol != pTab->iKeyCol) {
    relatedShow(pCall, p);
    if (pCall->rc != SQLITE_OK) return;
  }
  if (iCol == pTab->iRowCol) {
    relatedIdentity(pCall, pCtx, p, pTab);
  } else if (iCol == pTab->iKeyCol) {
    if (relatedIsBack(p)) {
      sqlite3_result_int64(pCtx, relatedId(p));
    } else if (p->pAll) {
      relatedKeyOf(pCall, pCtx, p->pAll, p->pPlan->pRoot->pModel->nKey);
    } else if (p->apKey) {
      sqlite3_result_value(pCtx, p->apKey[p->iKey]);
    } else {
      sqlite3_result_int64(pCtx, p->iGiven);
    }
  } else if (pTab->zModel) {
    sqlite3_result_value(pCtx, sqlite3_column_value(p->pStmt, iCol));
  } else if (iCol == RELATED_COL_ID && p->pFetch->bEmit) {
    sqlite3_result_int64(pCtx, relatedIsBack(p) ? p->iGiven : relatedId(p));
  } else if (iCol == RELATED_COL_ID) {
    relatedKeyOf(pCall, pCtx, p->pStmt,
                 pRel->nBranch ? 1 : pRel->pTarget->nKey);
  } else if (iCol == RELATED_COL_DEPTH) {
    sqlite3_result_int64(pCtx, p->nDeep);
  } else if (iCol == RELATED_COL_JSON) {
    relatedJson(pCall, pCtx, p);
  } else if (iCol == RELATED_COL_THROUGH) {
    relatedThrough(pCall, pCtx, p);
  } else {
    sqlite3_result_text(pCtx, iCol == RELATED_COL_MODEL ? p->zModel : p->zItem,
                        -1, SQLITE_TRANSIENT);
  }
}

/* The error of a column is the error of the statement. An id that was taken
** raises none. */
int assocRelatedColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                       int iCol) {
  RelatedWalk *p = ((RelatedCursor *)pCur)->pWalk;
  RelatedTable *pTab = (RelatedTable *)pCur->pVtab;
  AssocCall call;
  if (iCol == RELATED_COL_ID && p->bIds) {
    /* Not by an UPDATE, which reads through as well */
    assert(!p->bCounts && !sqlite3_vtab_nochange(pCtx));
    sqlite3_result_int64(pCtx, relatedId(p));
    return SQLITE_OK;
  }
  assocCallInit(&call, relatedConn(pCur));
  relatedResult(&call, pCtx, p, pTab, iCol);
  (void)assocCallFailed(&call, pCtx);
  return SQLITE_OK;
}
