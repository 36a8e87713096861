/*
** Fetching the rows of a plan's nodes.
**
** Rows come in two ways. A scan hands them over as the arguments of the
** internal aggregate assoc_emit(): the whole table is one sqlite3_step(),
** and an argument costs no mutex as sqlite3_column_value() does. A lookup
** steps through the few rows of one key.
**
** Either way a row is written at once, as JSON text, into the arena.
*/
#include "load/load.h"

/* ------------------------------------------------------------ parameters */

static const ShapeVal *valOf(AssocRun *pRun, const ShapeVal *pVal,
                             sqlite3_value **ppValue) {
  int i, iFirst = pRun->pPlan->nName > 0 || pRun->pPlan->pShape->bNamed;
  *ppValue = 0;
  if (pVal->eType == SHAPE_VAL_NAMED) {
    for (i = 0; i < pRun->pPlan->nName; i++) {
      if (strcmp(pRun->pPlan->azName[i], pVal->z) == 0) {
        *ppValue = pRun->apNamed[i];
      }
    }
  } else if (pVal->eType == SHAPE_VAL_INDEX) {
    i = (int)pVal->i - 1 + iFirst;
    if (i < pRun->args.nVal) *ppValue = pRun->args.apVal[i];
  }
  return pVal;
}

static void bindVal(AssocRun *pRun, sqlite3_stmt *pStmt, int i,
                    const ShapeVal *pVal) {
  sqlite3_value *pValue;
  int rc = SQLITE_OK;
  valOf(pRun, pVal, &pValue);
  switch (pVal->eType) {
  case SHAPE_VAL_NULL: rc = sqlite3_bind_null(pStmt, i); break;
  case SHAPE_VAL_FALSE: rc = sqlite3_bind_int(pStmt, i, 0); break;
  case SHAPE_VAL_TRUE: rc = sqlite3_bind_int(pStmt, i, 1); break;
  case SHAPE_VAL_INT: rc = sqlite3_bind_int64(pStmt, i, pVal->i); break;
  case SHAPE_VAL_REAL: rc = sqlite3_bind_double(pStmt, i, pVal->r); break;
  case SHAPE_VAL_TEXT:
    rc = sqlite3_bind_text(pStmt, i, pVal->z, pVal->n, SQLITE_STATIC);
    break;
  default: rc = sqlite3_bind_value(pStmt, i, pValue); break;
  }
  assocErrorCode(pRun->pCall, rc);
}

/* A whole number that is not negative, as it may come from a program: as an
** integer, a REAL, or digits. -2 for anything else. */
static i64 wholeNumber(sqlite3_value *pValue) {
  const u8 *z;
  double r;
  i64 n = 0;
  switch (sqlite3_value_type(pValue)) {
  case SQLITE_INTEGER:
    n = sqlite3_value_int64(pValue);
    return n < 0 ? -2 : n;
  case SQLITE_FLOAT:
    r = sqlite3_value_double(pValue);
    return r >= 0 && r < 1e15 && (double)(i64)r == r ? (i64)r : -2;
  case SQLITE_TEXT:
    z = sqlite3_value_text(pValue);
    if (z == 0 || z[0] == 0) return -2;
    for (; *z >= '0' && *z <= '9' && n < (i64)1e15; z++) n = n * 10 + *z - '0';
    return *z ? -2 : n;
  }
  return -2;
}

/* A limit or offset; -1 for NULL, which is none. */
static i64 countVal(AssocRun *pRun, const ShapeVal *pVal) {
  const AssocShape *pShape = pRun->pPlan->pShape;
  sqlite3_value *pValue;
  i64 n = -2;
  valOf(pRun, pVal, &pValue);
  if (pVal->eType == SHAPE_VAL_INT) n = pVal->i;
  if (pVal->eType == SHAPE_VAL_NULL) return -1;
  if (pValue && sqlite3_value_type(pValue) == SQLITE_NULL) return -1;
  if (pValue) n = wholeNumber(pValue);
  if (n >= 0) return n;
  assocShapeError(pRun->pCall, pShape->bJson ? 0 : pShape->zText, pVal->iOff,
                  "limit and offset are whole numbers, not below 0");
  return 0;
}

void assocRunBind(AssocRun *pRun, sqlite3_stmt *pStmt, const AssocBind *pBind) {
  for (; pBind && pRun->pCall->rc == SQLITE_OK; pBind = pBind->pNext) {
    if (pBind->bCount) {
      i64 n = countVal(pRun, pBind->pVal);
      assocErrorCode(pRun->pCall, sqlite3_bind_int64(pStmt, pBind->iSql, n));
    } else {
      bindVal(pRun, pStmt, pBind->iSql, pBind->pVal);
    }
  }
}

/* SELECT json_extract(?1,'$."s"'), json_type(?1,'$."s"'), … */
static char *namesText(AssocCall *pCall, const AssocPlan *pPlan) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i;
  sqlite3_str_appendall(pStr, "SELECT json_type(?1)");
  for (i = 0; i < pPlan->nName; i++) {
    const char *z = pPlan->azName[i];
    sqlite3_str_appendf(pStr,
                        ", json_extract(?1,'$.\"%w\"'), "
                        "json_type(?1,'$.\"%w\"')",
                        z, z);
  }
  return assocStrFinish(pCall, pStr);
}

/* The values of :name parameters, out of the object that is given first. */
static void takeNames(AssocRun *pRun) {
  AssocCall *pCall = pRun->pCall;
  AssocPlan *pPlan = pRun->pPlan;
  sqlite3_stmt *pStmt;
  char *zSql;
  int i;
  if (pPlan->nName == 0) return;
  if (pRun->args.nVal == 0) {
    assocError(pCall,
               "the shape has :%s, so an object of values should follow it: "
               "json_object('%s', ...)",
               pPlan->azName[0], pPlan->azName[0]);
    return;
  }
  pRun->apNamed = assocAlloc(pCall, &pRun->fix,
                             (i64)sizeof(sqlite3_value *) * pPlan->nName);
  zSql = pPlan->names.p ? 0 : namesText(pCall, pPlan);
  pStmt = assocStmt(pCall, &pPlan->names, zSql);
  sqlite3_free(zSql);
  if (pStmt == 0) return;
  sqlite3_bind_value(pStmt, 1, pRun->args.apVal[0]);
  if (assocStep(pCall, pStmt)) {
    if (strcmp(assocColumnText(pCall, pStmt, 0), "object") != 0) {
      assocError(pCall, "the values of :name parameters are a JSON object, "
                        "given first after the shape");
    }
    for (i = 0; i < pPlan->nName && pCall->rc == SQLITE_OK; i++) {
      if (sqlite3_column_type(pStmt, i * 2 + 2) == SQLITE_NULL) {
        assocError(pCall,
                   "the object of values has no \"%s\", which the "
                   "shape names",
                   pPlan->azName[i]);
      }
      pRun->apNamed[i] =
          sqlite3_value_dup(sqlite3_column_value(pStmt, i * 2 + 1));
      if (pRun->apNamed[i] == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    }
  }
  sqlite3_reset(pStmt);
  sqlite3_clear_bindings(pStmt);
}

/* As many values as the shape asks for. */
static void checkArgs(AssocRun *pRun) {
  const AssocShape *pShape = pRun->pPlan->pShape;
  int nWanted = pShape->nParam + (pShape->bNamed != 0);
  if (pRun->args.nVal == nWanted) return;
  if (pRun->args.nVal < nWanted) {
    assocError(pRun->pCall,
               pShape->nParam ? "the shape asks for ?%d, but %d value%s given"
                              : "the shape asks for named values, so an "
                                "object of them should follow it",
               pShape->nParam, pRun->args.nVal,
               pRun->args.nVal == 1 ? " is" : "s are");
  } else {
    assocError(pRun->pCall, "%d values are given, but the shape asks for %d",
               pRun->args.nVal, nWanted);
  }
}

/* ------------------------------------------------------------------- rows */

/* Room in the arena for a row that is being written: it moves along. */
static void rowGrow(AssocOut *pOut, i64 n) {
  AssocRun *pRun = (AssocRun *)((char *)pOut - offsetof(AssocRun, row));
  i64 nUsed = pOut->p - pOut->pStart;
  char *zOld = pOut->pStart;
  if (pOut->rc != SQLITE_OK) return;
  if (nUsed + n > pOut->nMax) {
    pOut->rc = SQLITE_TOOBIG;
    return;
  }
  pOut->rc = assocArenaGrow(&pRun->mem, nUsed + n);
  if (pOut->rc != SQLITE_OK) return;
  memcpy(pRun->mem.pAt, zOld, (size_t)nUsed);
  pOut->pStart = pRun->mem.pAt;
  pOut->p = pOut->pStart + nUsed;
  pOut->pEnd = pRun->mem.pEnd;
}

/* Copy a short text that the room is there for. */
static inline void rowKey(AssocOut *pOut, const AssocPart *pPart) {
  if (!assocOutNeed(pOut, pPart->nKey)) return;
  memcpy(pOut->p, pPart->zKey, (size_t)pPart->nKey);
  pOut->p += pPart->nKey;
}

/* The members; where a child goes, its offset is put among the words. */
static void writeParts(AssocRun *pRun, const AssocNode *pNode, i64 nHead,
                       sqlite3_value **apVal) {
  AssocOut *pOut = &pRun->row;
  const AssocPart *pPart;
  int iSplit = 0;
  for (pPart = pNode->pPart; pPart && pOut->rc == SQLITE_OK;
       pPart = pPart->pNext) {
    rowKey(pOut, pPart);
    if (pPart->eType == ASSOC_PART_COLUMN) {
      if (pPart->iRaw >= 0 &&
          sqlite3_value_type(apVal[pPart->iRaw]) != SQLITE_NULL) {
        assocJsonValue(pOut, apVal[pPart->iRaw], ASSOC_JSON_RAW);
      } else {
        assocJsonValue(pOut, apVal[pPart->iArg], pPart->eJson);
      }
    } else if (pPart->pNode) {
      ((AssocRow *)pOut->pStart)->aWord[iSplit++] =
          (u32)(pOut->p - pOut->pStart - nHead);
    }
  }
}

/* Give the keys of the row to the child nodes. */
static void addKeys(AssocRun *pRun, const AssocNode *pNode, u32 *aSlot,
                    sqlite3_value **apVal) {
  const AssocNode *pChild;
  sqlite3_value *apKey[8], **ap;
  int i, n = 0;
  for (pChild = pNode->pChild; pChild; pChild = pChild->pNext) {
    AssocKeymap *pMap = &pRun->aNode[pChild->iNode].map;
    ap = apKey;
    if (pChild->nKey == 1) {
      ap = &apVal[pChild->aiSource[0]];
    } else {
      for (i = 0; i < pChild->nKey && i < ASSOC_COUNT(apKey); i++) {
        apKey[i] = apVal[pChild->aiSource[i]];
      }
    }
    aSlot[n++] = assocKeymapAdd(pMap, ap, &pRun->rc);
  }
}

void assocRunRow(AssocRun *pRun, AssocNode *pNode, AssocBucket *pBucket,
                 sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  AssocArena *pMem = &pRun->mem;
  AssocOut *pOut = &pRun->row;
  AssocRow *pRow;
  i64 nHead = (i64)offsetof(AssocRow, aWord) +
              (i64)sizeof(u32) * (pNode->nSplit + pNode->nChild);
  i64 iRow = pBucket->n++;
  if (iRow < pState->nOffset || iRow - pState->nOffset >= pState->nMost) {
    return;
  }
  pMem->pAt += -(intptr_t)pMem->pAt & 7;
  if (pMem->pAt > pMem->pEnd) pMem->pAt = pMem->pEnd;
  pOut->pStart = pOut->p = pMem->pAt;
  pOut->pEnd = pMem->pEnd;
  if (assocOutNeed(pOut, nHead + 1)) {
    pOut->p += nHead;
    *pOut->p++ = ',';
    writeParts(pRun, pNode, nHead, apVal);
  }
  if (pOut->rc != SQLITE_OK) {
    if (pRun->rc == SQLITE_OK) pRun->rc = pOut->rc;
    return;
  }
  pRow = (AssocRow *)pOut->pStart;
  pRow->pNext = 0;
  pRow->nText = (u32)(pOut->p - pOut->pStart - nHead);
  pMem->pAt = pOut->p;
  addKeys(pRun, pNode, &pRow->aWord[pNode->nSplit], apVal);
  if (pBucket->pLast) {
    pBucket->pLast->pNext = pRow;
  } else {
    pBucket->pFirst = pRow;
  }
  pBucket->pLast = pRow;
  pState->nRow++;
}

/* --------------------------------------------------------------- fetching */

/* A row of a scan: the first values are its key. */
static void scanRow(AssocRun *pRun, AssocNode *pNode, sqlite3_value **apVal) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  AssocBucket *pBucket = pState->aBucket;
  if (pNode->nKey) {
    u32 iSlot = assocKeymapFind(&pState->map, apVal, &pRun->rc);
    if (iSlot == ASSOC_NOSLOT) return;
    pBucket += iSlot;
    if (!pNode->bMany && pBucket->n) return;
  }
  assocRunRow(pRun, pNode, pBucket, &apVal[pNode->nKey]);
}

/* pBucket is 0 for a scan, whose rows bring the key that tells. */
void assocRunStep(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                  AssocBucket *pBucket) {
  sqlite3_value *apFew[32], **apVal = apFew;
  int i, nVal = pNode->nArg + (pBucket ? 0 : pNode->nKey);
  if (nVal > ASSOC_COUNT(apFew)) {
    apVal = assocMalloc(pRun->pCall, (i64)sizeof(*apVal) * nVal);
    if (apVal == 0) return;
  }
  for (i = 0; i < nVal; i++) apVal[i] = sqlite3_column_value(pStmt, i);
  if (pBucket) {
    assocRunRow(pRun, pNode, pBucket, apVal);
  } else {
    scanRow(pRun, pNode, apVal);
  }
  if (apVal != apFew) sqlite3_free(apVal);
}

/* All rows of a statement that does not emit. */
static void stepRows(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                     AssocBucket *pBucket) {
  while (pRun->rc == SQLITE_OK && assocStep(pRun->pCall, pStmt)) {
    assocRunStep(pRun, pNode, pStmt, pBucket);
  }
  sqlite3_reset(pStmt);
}

static void runError(AssocRun *pRun, const AssocNode *pNode) {
  if (pRun->rc == SQLITE_TOOBIG) {
    assocError(pRun->pCall,
               "the result is too big at %s: SQLITE_LIMIT_LENGTH"
               " is %d bytes",
               pNode->zPath,
               sqlite3_limit(pRun->pCall->db, SQLITE_LIMIT_LENGTH, -1));
  } else if (pRun->rc != SQLITE_OK && pRun->pCall->rc == SQLITE_OK) {
    pRun->pCall->rc = pRun->rc;
  }
}

/* One statement run for all keys. */
static void fetchScan(AssocRun *pRun, AssocNode *pNode) {
  AssocCall *pCall = pRun->pCall;
  AssocLoadState *pLoad = assocLoadState(pCall);
  sqlite3_stmt *pStmt = assocStmt(pCall, &pNode->scan.stmt, pNode->scan.zSql);
  if (pStmt == 0) return;
  assocRunBind(pRun, pStmt, pNode->scan.pBind);
  pRun->pNode = pNode;
  pRun->pBucket = 0;
  if (pNode->scan.bEmit) {
    pRun->pOuter = pLoad->pRun;
    pLoad->pRun = pRun;
    (void)assocStep(pCall, pStmt);
    pLoad->pRun = pRun->pOuter;
    sqlite3_reset(pStmt);
  } else {
    stepRows(pRun, pNode, pStmt, 0);
  }
  sqlite3_clear_bindings(pStmt);
  pNode->zStrategy = "scan";
}

/* One statement run for each key. */
static void fetchLookup(AssocRun *pRun, AssocNode *pNode) {
  AssocCall *pCall = pRun->pCall;
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  sqlite3_stmt *pStmt =
      assocStmt(pCall, &pNode->lookup.stmt, pNode->lookup.zSql);
  u32 i;
  if (pStmt == 0) return;
  assocRunBind(pRun, pStmt, pNode->lookup.pBind);
  for (i = 0; i < pState->map.nSlot; i++) {
    if (pCall->rc != SQLITE_OK || pRun->rc != SQLITE_OK) break;
    assocErrorCode(pCall, assocKeymapBind(&pState->map, i, pStmt));
    stepRows(pRun, pNode, pStmt, &pState->aBucket[i]);
  }
  sqlite3_clear_bindings(pStmt);
  pNode->zStrategy = "lookup";
}

/*
** Scan or lookup? Costs are in rows of a scan that no parent wants, which
** is the cheapest thing there is; measured on wide and narrow tables.
**
**   a lookup             12 for the statement, and 6 for each row
**   a scan                1 for each row of the table, and 3 for each that
**                         is wanted
*/
static int wantsScan(AssocRun *pRun, AssocNode *pNode) {
  AssocLoadState *pLoad = assocLoadState(pRun->pCall);
  i64 nKey = pRun->aNode[pNode->iNode].map.nSlot;
  i64 nRow, nUp, nWanted;
  if (pNode->bLookupOnly) return 0;
  if (pNode->bScanOnly) return 1;
  if (pLoad && pLoad->eForce) return pLoad->eForce == ASSOC_FORCE_SCAN;
  if (pNode->zIndex == 0) return nKey > 1;
  if (nKey < 8) return 0;
  nRow = assocTableRows(pRun->pCall, pNode->pModel->pTable);
  nUp = assocTableRows(pRun->pCall, pNode->pParent->pModel->pTable);
  nWanted = nKey;
  if (pNode->bMany) {
    nWanted = nUp > nKey ? nRow / nUp * nKey : nRow;
    if (pNode->bLimit && nWanted > nKey * 20) nWanted = nKey * 20;
  }
  if (nWanted > nRow) nWanted = nRow;
  return nRow + nWanted * 3 < nKey * 12 + nWanted * 6;
}

/* The limits of each bucket, where the statement does not keep them. */
static void setLimits(AssocRun *pRun, AssocNode *pNode, int bScan) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  const ShapeClauses *pC = pNode->pClauses;
  pState->nOffset = 0;
  pState->nMost = ((i64)1) << 62;
  if (!bScan || !pNode->bLimit) return;
  if (pC->pOffset) pState->nOffset = countVal(pRun, pC->pOffset);
  if (pState->nOffset < 0) pState->nOffset = 0;
  if (pC->pLimit) {
    i64 n = countVal(pRun, pC->pLimit);
    if (n >= 0) pState->nMost = n;
  }
}

static void newBuckets(AssocRun *pRun, AssocNodeRun *pState, u32 n) {
  pState->aBucket =
      assocAlloc(pRun->pCall, &pRun->mem, (i64)sizeof(AssocBucket) * n);
}

static void fetchNode(AssocRun *pRun, AssocNode *pNode) {
  AssocNodeRun *pState = &pRun->aNode[pNode->iNode];
  u32 nKey = pState->map.nSlot;
  int bScan;
  if (nKey == 0) return;
  newBuckets(pRun, pState, nKey);
  bScan = wantsScan(pRun, pNode);
  setLimits(pRun, pNode, bScan);
  if (pRun->pCall->rc != SQLITE_OK) return;
  if (bScan) {
    fetchScan(pRun, pNode);
  } else {
    fetchLookup(pRun, pNode);
  }
  runError(pRun, pNode);
  pNode->nActual = pState->nRow;
}

/* The root's key is bound as the caller gave it. */
static void fetchRoot(AssocRun *pRun, AssocNode *pNode) {
  AssocCall *pCall = pRun->pCall;
  sqlite3_stmt *pStmt;
  int i;
  if (!pNode->bKeyed) {
    fetchScan(pRun, pNode);
    return;
  }
  pStmt = assocStmt(pCall, &pNode->lookup.stmt, pNode->lookup.zSql);
  if (pStmt == 0) return;
  for (i = 0; i < pRun->args.nKey; i++) {
    assocErrorCode(pCall,
                   sqlite3_bind_value(pStmt, i + 1, pRun->args.apKey[i]));
  }
  assocRunBind(pRun, pStmt, pNode->lookup.pBind);
  stepRows(pRun, pNode, pStmt, pRun->aNode[0].aBucket);
  sqlite3_clear_bindings(pStmt);
  pNode->zStrategy = "lookup";
}

void assocRunRootStart(AssocRun *pRun) {
  newBuckets(pRun, &pRun->aNode[0], 1);
  setLimits(pRun, pRun->pPlan->pRoot, 0);
}

void assocRunRoot(AssocRun *pRun) {
  AssocNode *pRoot = pRun->pPlan->pRoot;
  assocRunRootStart(pRun);
  if (pRun->pCall->rc != SQLITE_OK) return;
  fetchRoot(pRun, pRoot);
  runError(pRun, pRoot);
  pRoot->nActual = pRun->aNode[0].nRow;
}

void assocRunChildren(AssocRun *pRun) {
  AssocPlan *pPlan = pRun->pPlan;
  int i;
  for (i = 1; i < pPlan->nNode && pRun->pCall->rc == SQLITE_OK; i++) {
    fetchNode(pRun, pPlan->apNode[i]);
  }
}

/* ------------------------------------------------------------- start, end */

void assocRunStart(AssocCall *pCall, AssocRun *pRun, AssocPlan *pPlan,
                   const AssocArgs *pArgs) {
  AssocLoadState *pLoad = assocLoadState(pCall);
  int i;
  memset(pRun, 0, sizeof(*pRun));
  pRun->pCall = pCall;
  pRun->pPlan = pPlan;
  pRun->args = *pArgs;
  pRun->row.xGrow = rowGrow;
  pRun->row.nMax = sqlite3_limit(pCall->db, SQLITE_LIMIT_LENGTH, -1);
  if (pLoad == 0) return;
  pRun->mem = pLoad->mem;
  memset(&pLoad->mem, 0, sizeof(pLoad->mem));
  pRun->aNode =
      assocAlloc(pCall, &pRun->fix, (i64)sizeof(AssocNodeRun) * pPlan->nNode);
  for (i = 0; pRun->aNode && i < pPlan->nNode; i++) {
    assocKeymapInit(&pRun->aNode[i].map, pPlan->apNode[i]->nKey,
                    pPlan->apNode[i]->aRule);
  }
  checkArgs(pRun);
  if (pCall->rc == SQLITE_OK) takeNames(pRun);
}

static void clearMaps(AssocRun *pRun) {
  int i;
  for (i = 0; pRun->aNode && i < pRun->pPlan->nNode; i++) {
    assocKeymapClear(&pRun->aNode[i].map);
    pRun->aNode[i].aBucket = 0;
    pRun->aNode[i].nRow = 0;
  }
}

void assocRunClear(AssocRun *pRun) {
  clearMaps(pRun);
  assocArenaReset(&pRun->mem, ASSOC_KEEP_MEMORY);
}

void assocRunEnd(AssocRun *pRun) {
  AssocLoadState *pLoad = pRun->pCall->pConn->aSlot[ASSOC_SLOT_PLANS].p;
  int i;
  clearMaps(pRun);
  for (i = 0; pRun->apNamed && i < pRun->pPlan->nName; i++) {
    sqlite3_value_free(pRun->apNamed[i]);
  }
  if (pLoad && pLoad->mem.pChunk == 0) {
    assocArenaReset(&pRun->mem, ASSOC_KEEP_MEMORY);
    pLoad->mem = pRun->mem;
  } else {
    assocArenaFree(&pRun->mem);
  }
  assocArenaFree(&pRun->fix);
}

i64 assocRunAnswer(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                   sqlite3_value **apTarget) {
  AssocNode *pRoot = pPlan->pRoot;
  AssocRun run;
  sqlite3_stmt *pStmt;
  i64 n = 0;
  int i;
  assocRunStart(pCall, &run, pPlan, pArgs);
  pStmt = assocStmt(pCall, &pRoot->lookup.stmt, pRoot->lookup.zSql);
  for (i = 0; pStmt && i < pArgs->nKey; i++) {
    assocErrorCode(pCall, sqlite3_bind_value(pStmt, i + 1, pArgs->apKey[i]));
  }
  for (i = 0; pStmt && apTarget && i < pPlan->pAnswer->pTarget->nKey; i++) {
    assocErrorCode(pCall, sqlite3_bind_value(pStmt, pPlan->iTargetVar + i + 1,
                                             apTarget[i]));
  }
  if (pStmt) {
    assocRunBind(&run, pStmt, pRoot->lookup.pBind);
    if (assocStep(pCall, pStmt)) n = sqlite3_column_int64(pStmt, 0);
    sqlite3_reset(pStmt);
    sqlite3_clear_bindings(pStmt);
  }
  assocRunEnd(&run);
  return n;
}

/* ------------------------------------------------------------- assoc_emit */

/* assoc_emit(key…, value…): the aggregate that takes the rows of a scan. */
static void emitStep(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  AssocRun *pRun = pLoad ? pLoad->pRun : 0;
  if (ASSOC_UNLIKELY(pRun == 0 ||
                     nArg != pRun->pNode->nKey + pRun->pNode->nArg)) {
    sqlite3_result_error(pCtx, "assoc: assoc_emit() is internal", -1);
    return;
  }
  scanRow(pRun, pRun->pNode, apArg);
  if (ASSOC_UNLIKELY(pRun->rc != SQLITE_OK)) {
    sqlite3_result_error_code(pCtx, SQLITE_ABORT);
  }
}

static void emitFinal(sqlite3_context *pCtx) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  if (pLoad == 0 || pLoad->pRun == 0) {
    sqlite3_result_error(pCtx, "assoc: assoc_emit() is internal", -1);
  }
}

int assocRunRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_emit", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      assocConnRef(pConn), 0, emitStep, emitFinal, assocConnUnref);
}
