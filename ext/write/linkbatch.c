/*
** Lists of targets: linked, unlinked, or put in place of the present ones.
**
** A list of targets is looked at by one statement, and those that are to be
** related, or unrelated, are collected and written by another one. A row that
** needs more than that ends the run: what was collected is written, and that row
** is written alone. So all happens in the order of the list. A list of pairs names
** the source of each target, too: its key stands behind the target's.
**
**   look at all  SELECT t1.id, … FROM main.assoc_keys k LEFT JOIN tags t1 …
**   write some   INSERT INTO post_tags … SELECT … FROM main.assoc_keys k
**
** Pairs are first linked without a look, which says enough if all of them are new.
*/
#include "write/link.h"

/* ------------------------------------------------- linking and unlinking */

/* A list of targets and what is written for them. */
typedef struct LinkRun LinkRun;
struct LinkRun {
  AssocWriter *w;            /* Writes the links */
  WriteLink *pLink;          /* The association */
  const WriteRow *pSource;   /* 0: the list is one of pairs */
  WriteChanges *pChanges;    /* Or 0 */
  int nKey;                  /* Columns of a key of the list */
  int bRemove;               /* They are unrelated */
  int bKnown;                /* They are known to be related, each named once */
  int nThrough;              /* Of join rows, from the caller */
  const WriteCell *aThrough; /* The same */
  WriteSql *pSql;            /* What is written, for each key of assoc_keys */
  int nCell;                 /* What is the same for all */
  const WriteCell *aCell;    /* The same */
  int n;                     /* Targets that are collected */
  const WriteVal **aaKey;    /* Their keys */
  const WriteVal **aaPair;   /* The keys of join rows that are removed, or 0 */
  u8 *abMoved;               /* hasMany: had the row another parent? */
  LinkKeep keep;             /* Keys that were collected since the list began */
};

/* Are the values of join rows in the columns of pKey, which refer to the columns
** of pRef, equal only where the keys of the model are the same values? */
static int manyKeysDiffer(const AssocTable *pJoin, const AssocKey *pKey,
                          const AssocModel *pModel, const AssocKey *pRef) {
  int i;
  if (pRef->nCol != pModel->nKey) return 0;
  /* Two rows with different keys must have different join keys, or one pair
  ** would stand twice in the batch. */
  for (i = 0; i < pModel->nKey; i++) {
    const AssocColumn *pCol = &pJoin->aCol[pKey->aCol[i]];
    if (pRef->aCol[i] != pModel->aKey[i]) return 0;
    if (pCol->eColl != ASSOC_COLL_BINARY) return 0;
    if (pCol->eAff != pModel->pTable->aCol[pModel->aKey[i]].eAff) return 0;
  }
  return 1;
}

/* May the sources of a list of pairs be read before any of them is written? */
static int manyMayPair(const LinkRun *p) {
  const AssocRel *pRel = p->pLink->pRel;
  return p->pSource || (pRel->pSource->pTable->eType == ASSOC_TABLE &&
                        pRel->pSource->pTable != pRel->pThrough &&
                        !assocAllowAsks(p->w, pRel->pSource->pTable) &&
                        manyKeysDiffer(pRel->pThrough, &pRel->foreign,
                                       pRel->pSource, &pRel->sourceKey));
}

/* Can what one target needs not depend on what was written for those before? */
static int manyMay(const LinkRun *p) {
  const WriteLink *pLink = p->pLink;
  const AssocRel *pRel = pLink->pRel;
  AssocWriter *w = p->w;
  /* Can no target's own join row stand in the way of another's? */
  int bApart = p->bRemove ? pLink->bUnique : !pLink->bTwice || pLink->bOnce;
  if (pLink->pTarget->pTable->eType != ASSOC_TABLE || pLink->bOperator ||
      !assocKeysMay(w) || assocAllowAsks(w, pLink->pTarget->pTable)) {
    return 0;
  }
  if (pRel->eKind == ASSOC_HASMANY) {
    return !p->bRemove || (!assocLinkDestroys(pLink) && pLink->nFree == 1);
  }
  return bApart && assocLinkMeets(w, pLink) && pRel->pOpt->eSymmetric != 1 &&
         pRel->pThrough != pLink->pTarget->pTable && manyMayPair(p) &&
         manyKeysDiffer(pRel->pThrough, &pRel->other, pLink->pTarget,
                        pLink->pTargetKey);
}

/* Do the cells have one of these columns? */
static int cellsAmong(const LinkRun *p, int n, const int *aCol) {
  int i;
  for (i = 0; p->aCell && i < n; i++) {
    if (assocCellAmong(p->nCell, p->aCell, aCol[i])) return 1;
  }
  return 0;
}

/* The INSERT of join rows. 0 if they are not the same but for the columns of a
** key of the list. */
static WriteSql *manyJoins(LinkRun *p, const WriteVal *aRef) {
  AssocModel *pJoin = p->pLink->pJoin;
  const AssocKey *pOther = &p->pLink->pRel->other;
  const AssocKey *pForeign = &p->pLink->pRel->foreign;
  int aCol[2 * ASSOC_KEY_MAX];
  p->aCell = assocLinkJoinCells(p->w, p->pLink, aRef, 0, p->nThrough,
                                p->aThrough, &p->nCell);
  p->aCell = assocRowFill(p->w, pJoin, &p->nCell, p->aCell);
  memcpy(aCol, pOther->aCol, sizeof(int) * (size_t)pOther->nCol);
  memcpy(&aCol[pOther->nCol], pForeign->aCol,
         sizeof(int) * (size_t)pForeign->nCol);
  if (cellsAmong(p, p->nKey, aCol)) return 0;
  return assocRowsSql(p->w, WRITE_INSERTS, pJoin->pTable, p->nCell, p->aCell,
                      p->nKey, aCol);
}

/* Is the key of a join row both of its foreign keys, the target's a column that
** compares as the source's does? */
static int partsByPair(const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  const AssocModel *pJoin = pLink->pJoin;
  int i;
  if (pRel->other.nCol != 1 || pJoin->nKey != pRel->foreign.nCol + 1) return 0;
  if (assocKeyPlace(pJoin, pRel->other.aCol[0]) < 0) return 0;
  for (i = 0; i < pRel->foreign.nCol; i++) {
    const AssocColumn *pCol = &pJoin->pTable->aCol[pRel->foreign.aCol[i]];
    const AssocTable *pTab = pRel->pSource->pTable;
    if (assocKeyPlace(pJoin, pRel->foreign.aCol[i]) < 0) return 0;
    if (pRel->foreign.aCol[i] == pRel->other.aCol[0]) return 0;
    if (pCol->eColl != ASSOC_COLL_BINARY) return 0;
    if (pCol->eAff != pTab->aCol[pRel->sourceKey.aCol[i]].eAff) return 0;
  }
  return 1;
}

/* The DELETE of join rows: by the source and the targets' keys where these are
** their key, which costs SQLite less than the key itself. 0 if other rows go with
** them, or if they are kept. */
static WriteSql *manyParts(LinkRun *p, const WriteVal *aRef) {
  AssocModel *pJoin = p->pLink->pJoin;
  const AssocRel *pRel = p->pLink->pRel;
  WriteCell *aCell;
  if (pJoin->iDeleted >= 0 || assocRefersTo(p->w, pJoin)) return 0;
  if (partsByPair(p->pLink)) {
    aCell = assocAlloc(p->w->pCall, &p->w->tmp,
                       (i64)sizeof(*aCell) * (pRel->foreign.nCol + 1));
    if (aCell == 0) return 0;
    p->nCell = assocCellsOfKey(aCell, 0, &pRel->foreign, aRef);
    p->aCell = aCell;
    return assocRowsSql(p->w, WRITE_DELETES, pJoin->pTable, p->nCell, aCell, 1,
                        pRel->other.aCol);
  }
  return assocRowsSql(p->w, WRITE_DELETES, pJoin->pTable, 0, 0, pJoin->nKey,
                      pJoin->aKey);
}

/* The UPDATE of targets. */
static WriteSql *manyChanges(LinkRun *p) {
  AssocModel *pModel = p->pLink->pTarget;
  p->aCell = p->bRemove ? assocLinkFreeCells(p->w, p->pLink)
                        : assocLinkCells(p->w, p->pLink, p->pSource, &p->nCell);
  if (p->bRemove) p->nCell = p->pLink->nFree;
  p->aCell = assocRowTouch(p->w, pModel, &p->nCell, p->aCell);
  if (cellsAmong(p, pModel->nKey, pModel->aKey)) return 0;
  return assocRowsSql(p->w, WRITE_UPDATES, pModel->pTable, p->nCell, p->aCell,
                      pModel->nKey, pModel->aKey);
}

/* Prepare what is written. False if it is not the same for all targets. */
static int manyPrepare(LinkRun *p) {
  const AssocRel *pRel = p->pLink->pRel;
  const WriteVal *aRef;
  int i;
  if (p->pSource == 0) p->pSql = manyJoins(p, 0);
  if (p->pSource == 0) return p->pSql != 0;
  aRef = assocLinkRef(p->w, p->pLink, p->pSource, 0);
  if (aRef == 0) return 0;
  /* A NULL key relates to nothing: row by row, its error names the row. */
  for (i = 0; i < pRel->sourceKey.nCol; i++) {
    if (assocValIsNull(&aRef[i])) return 0;
  }
  p->pSql = p->pLink->pJoin == 0 ? manyChanges(p)
            : p->bRemove         ? manyParts(p, aRef)
                                 : manyJoins(p, aRef);
  return p->pSql != 0;
}

/* Is a column of the join row's key NULL, by which it would be removed? */
static int pairHasNull(const LinkRun *p, sqlite3_stmt *pStmt) {
  int i = 0, n = p->aaPair ? p->pLink->pJoin->nKey : 0;
  while (i < n && sqlite3_column_type(pStmt, p->nKey + 2 + i) != SQLITE_NULL) {
    i++;
  }
  return i < n;
}

#define RUN_NOTHING 0 /* The row is as it should be */
#define RUN_WRITE 1   /* To be written with the others */
#define RUN_ALONE 2   /* To be written alone */

/* What does the row need that pStmt gives? RUN_*. */
static int manyWhat(LinkRun *p, sqlite3_stmt *pStmt) {
  const WriteLink *pLink = p->pLink;
  int nKey = p->nKey, rc = SQLITE_OK, bHas, bGood = 1;
  u32 iSlot, nSlot = p->keep.map.nSlot;
  if (sqlite3_column_type(pStmt, 0) == SQLITE_NULL) return RUN_ALONE;
  if (nKey > 1 && sqlite3_column_type(pStmt, nKey - 1) == SQLITE_NULL) {
    return RUN_ALONE;
  }
  /* A target of a belongsToMany without a scope is as good as any other. */
  if (pLink->pJoin == 0 || pLink->pRel->pScope) {
    bGood = sqlite3_column_int(pStmt, nKey + 1);
  }
  bHas = bGood;
  if (pLink->pJoin) {
    bHas = sqlite3_column_int(pStmt, nKey + 2 + pLink->pJoin->nKey);
    if (!p->bRemove && (!bGood || (bHas && p->nThrough))) return RUN_ALONE;
    if (!p->bRemove && !bHas &&
        sqlite3_column_type(pStmt, nKey + 2) != SQLITE_NULL) {
      return RUN_ALONE; /* It is softly deleted */
    }
  }
  if (p->bRemove ? !bHas || !bGood : bHas) return RUN_NOTHING;
  if (pairHasNull(p, pStmt)) return RUN_ALONE;
  iSlot = assocKeymapAdd(&p->keep.map, assocKeptKey(&p->keep, pStmt), &rc);
  assocErrorCode(p->w->pCall, rc);
  return iSlot >= nSlot ? RUN_WRITE : p->bRemove ? RUN_NOTHING : RUN_ALONE;
}

/* Collect what is to be written. Returns the number of the key that ends the
** run. */
static int manyRead(LinkRun *p, int nKey, const WriteVal *const *aaKey) {
  AssocWriter *w = p->w;
  const WriteLink *pLink = p->pLink;
  int nCol = p->nKey, eWhat = RUN_NOTHING;
  sqlite3_stmt *pStmt =
      assocLinkLookStmt(w, p->pLink, p->pSource ? LINK_LIST : LINK_PAIRS);
  WriteKeys keys;
  if (p->pSource) {
    assocLinkBind(w, pStmt, 1 + nCol, pLink->pRel->sourceKey.nCol,
                  assocLinkRef(w, pLink, p->pSource, 0));
  }
  if (w->pCall->rc != SQLITE_OK) return 0;
  p->n = 0;
  assocKeysGive(w, &keys, nCol, nKey, aaKey);
  while (eWhat != RUN_ALONE && assocStep(w->pCall, pStmt)) {
    eWhat = manyWhat(p, pStmt);
    if (eWhat != RUN_WRITE) continue;
    if (pLink->pJoin == 0) {
      p->abMoved[p->n] = (u8)sqlite3_column_int(pStmt, nCol);
    }
    if (p->aaPair) {
      p->aaPair[p->n] = assocWriteGet(w, pStmt, nCol + 2, pLink->pJoin->nKey);
    }
    p->aaKey[p->n++] = assocWriteGet(w, pStmt, 0, nCol);
  }
  assert(p->n <= nKey);
  sqlite3_reset(pStmt);
  assocKeysTake(w);
  return eWhat == RUN_ALONE ? keys.base.i : nKey;
}

/* Write one target alone. */
static void manyAlone(LinkRun *p, const WriteVal *aKey) {
  AssocRel *pRel = p->pLink->pRel;
  WriteRow row;
  if (p->pSource == 0) {
    assocRowNeed(p->w, pRel->pSource, &aKey[p->pLink->pTarget->nKey], &row);
    if (row.aKey == 0) return;
    assocLinkAdd(p->w, p->pLink, &row, aKey, p->nThrough, p->aThrough,
                 p->pChanges);
  } else if (p->bRemove) {
    assocLinkRemove(p->w, p->pLink, p->pSource, aKey, p->pChanges);
  } else {
    assocLinkAdd(p->w, p->pLink, p->pSource, aKey, p->nThrough, p->aThrough,
                 p->pChanges);
  }
}

/* Write what was collected. */
static void manyWrite(LinkRun *p) {
  WriteRow row = {p->pLink->pTarget, 0};
  int i, bDone;
  if (p->n == 0 || p->w->pCall->rc != SQLITE_OK) return;
  assert(p->pSql);
  bDone = assocRowsRun(p->w, p->pSql, p->aCell, p->n,
                       p->aaPair ? p->aaPair : p->aaKey);
  for (i = 0; i < p->n && p->w->pCall->rc == SQLITE_OK; i++) {
    row.aKey = (WriteVal *)p->aaKey[i];
    if (!bDone) {
      manyAlone(p, row.aKey);
    } else {
      assocChangeAdd(p->pChanges,
                     p->bRemove      ? CHANGE_REMOVED
                     : p->abMoved[i] ? CHANGE_MOVED
                                     : CHANGE_ADDED,
                     &row);
    }
  }
}

/* Link pairs by one statement, without a look. True if it inserted a join row for
** each: so all rows exist, and none were linked before. */
static int manyAtOnce(LinkRun *p, int nKey, const WriteVal *const *aaKey) {
  const WriteLink *pLink = p->pLink;
  const AssocRel *pRel = pLink->pRel;
  AssocWriter *w = p->w;
  sqlite3_stmt *pStmt;
  WriteKeys keys;
  int i;
  if (p->pSource || !pLink->bUnique || pRel->pScope ||
      pLink->pJoin->iDeleted >= 0) {
    return 0;
  }
  pStmt = assocLinkPairsStmt(w, p->pLink, p->nCell, p->aCell);
  for (i = 0; i < p->nCell; i++) {
    assocWriteBind(w, pStmt, i + 1, &pRel->pThrough->aCol[p->aCell[i].iCol],
                   &p->aCell[i].val);
  }
  if (w->pCall->rc != SQLITE_OK) return 0;
  assocKeysGive(w, &keys, p->nKey, nKey, aaKey);
  while (assocStep(w->pCall, pStmt)) {
  }
  assocKeysTake(w);
  if (w->pCall->rc != SQLITE_OK) return 0;
  i = sqlite3_changes(w->pCall->db);
  assert(i <= nKey);
  w->nChange += i;
  return i == nKey;
}

/* Each run ends with a row that is written alone; if most rows are, there is
** nothing to gain. (A list of pairs is written to its end.) */
#define RUN_TRY 8

/* Write the targets with these keys. Returns how many were written. */
static int manyRun(LinkRun *p, int nKey, const WriteVal *const *aaKey) {
  AssocWriter *w = p->w;
  i64 nByte = (i64)sizeof(*p->aaKey) * (nKey + 1);
  int i = 0, nAlone = 0;
  p->nKey = p->pLink->pTarget->nKey;
  if (p->pSource == 0) p->nKey += p->pLink->pRel->pSource->nKey;
  assert(p->nKey <= ASSOC_KEY_MAX); /* Keys of pairs have one column */
  if (nKey < 2 || !manyMay(p) || !manyPrepare(p)) return 0;
  if (manyAtOnce(p, nKey, aaKey)) return nKey;
  p->aaKey = assocAlloc(w->pCall, &w->tmp, nByte);
  p->abMoved = assocAlloc(w->pCall, &w->tmp, nKey + 1);
  if (p->bRemove && p->pLink->pJoin && p->nCell == 0) {
    p->aaPair = assocAlloc(w->pCall, &w->tmp, nByte);
  }
  if (w->pCall->rc != SQLITE_OK) return 0;
  if (p->bKnown && p->aaPair == 0) {
    memcpy(p->aaKey, aaKey, (size_t)nByte - sizeof(*p->aaKey));
    p->n = nKey;
    manyWrite(p);
    return nKey;
  }
  assocKeepInit(w, &p->keep, p->nKey);
  while (i < nKey && w->pCall->rc == SQLITE_OK &&
         (p->pSource == 0 || nAlone < RUN_TRY || 2 * nAlone < i)) {
    i += manyRead(p, nKey - i, &aaKey[i]);
    manyWrite(p);
    if (i < nKey && w->pCall->rc == SQLITE_OK) {
      manyAlone(p, aaKey[i++]);
      nAlone++;
    }
  }
  assert(i <= nKey);
  assocKeymapClear(&p->keep.map);
  return i;
}

int assocLinkAddSome(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     int nKey, const WriteVal *const *aaKey, int nThrough,
                     const WriteCell *aThrough, WriteChanges *pChanges) {
  LinkRun run = {.w = w,
                 .pLink = pLink,
                 .pSource = pSource,
                 .pChanges = pChanges,
                 .nThrough = nThrough,
                 .aThrough = aThrough};
  return manyRun(&run, nKey, aaKey);
}

int assocLinkAddPairs(AssocWriter *w, WriteLink *pLink, int nKey,
                      const WriteVal *const *aaKey) {
  LinkRun run = {.w = w, .pLink = pLink};
  assert(pLink->pRel->eKind == ASSOC_BELONGSTOMANY);
  return manyRun(&run, nKey, aaKey);
}

int assocLinkRemoveSome(AssocWriter *w, WriteLink *pLink,
                        const WriteRow *pSource, int nKey,
                        const WriteVal *const *aaKey, int bKnown,
                        WriteChanges *pChanges) {
  LinkRun run = {.w = w,
                 .pLink = pLink,
                 .pSource = pSource,
                 .pChanges = pChanges,
                 .bRemove = 1,
                 .bKnown = bKnown};
  return manyRun(&run, nKey, aaKey);
}

/* ---------------------------------------------------------------- setting */

/* The error for a row that a list has twice, each time with values. */
void assocLinkTwice(AssocWriter *w, const WriteLink *pLink,
                    const WriteVal *aKey) {
  char *z = assocRowKeyText(w, pLink->pTarget, aKey);
  assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pLink->pRel->pSource->zLabel,
               pLink->pRel->zName,
               "\"#set\" of %s.%s gives values twice to the row with the key "
               "%s",
               pLink->pRel->pSource->zLabel, pLink->pRel->zName, z ? z : "");
  sqlite3_free(z);
}

/* The rows of a list, by their keys. */
typedef struct KeepList KeepList;
struct KeepList {
  int nKey;                     /* Keys of the list */
  const WriteVal *const *aaKey; /* The keys, as they were given */
  const u8 *abOnce;             /* Those that bring values, or 0 */
  u32 *aSlot;                   /* The numbers of their rows */
};

/* Add the key of row i, as pStmt gives it. An error if two keys of one row bring
** values: abHas, by the number, says whether one before did. */
static void keepOne(AssocWriter *w, LinkKeep *p, WriteLink *pLink,
                    const KeepList *pList, int i, sqlite3_stmt *pStmt,
                    u8 *abHas) {
  int rc = SQLITE_OK;
  u32 iSlot = assocKeymapAdd(&p->map, assocKeptKey(p, pStmt), &rc);
  assocErrorCode(w->pCall, rc);
  if (rc != SQLITE_OK) return;
  pList->aSlot[i] = iSlot;
  if (pList->abOnce == 0) return;
  if (abHas[iSlot] && pList->abOnce[i]) {
    assocLinkTwice(w, pLink, pList->aaKey[i]);
  }
  abHas[iSlot] |= pList->abOnce[i];
}

/* Add keys in the form that their rows have. An error if a row does not exist,
** or if two keys of one row both bring values. */
static void keepAdd(AssocWriter *w, LinkKeep *p, WriteLink *pLink,
                    const KeepList *pList) {
  AssocModel *pModel = pLink->pTarget;
  WriteSql *pSql = assocRowFindSql(w, pModel);
  u8 *abHas = assocAlloc(w->pCall, &w->tmp, pList->nKey + 1);
  WriteRow row;
  int i;
  if (abHas == 0) return; /* Also if there is no statement */
  for (i = 0; i < pList->nKey && w->pCall->rc == SQLITE_OK; i++) {
    assocLinkBind(w, pSql->pStmt, 1, pModel->nKey, pList->aaKey[i]);
    if (assocStep(w->pCall, pSql->pStmt)) {
      keepOne(w, p, pLink, pList, i, pSql->pStmt, abHas);
      sqlite3_reset(pSql->pStmt);
    } else {
      assocRowNeed(w, pModel, pList->aaKey[i], &row);
    }
  }
}

/* The same for a list of integers, the keys of which the table stores as they are:
** rows that are related exist, and need no look. False if it is no such list. */
static int keepInts(AssocWriter *w, LinkKeep *p, const WriteLink *pLink,
                    const KeepList *pList) {
  const AssocModel *pModel = pLink->pTarget;
  int i, rc = SQLITE_OK;
  i64 iKey;
  if (pList->abOnce || !assocKeyIsRowid(pModel) || !assocRowReads(w, pModel)) {
    return 0;
  }
  for (i = 0; i < pList->nKey; i++) {
    if (!assocValIsInt(pList->aaKey[i], &iKey)) return 0;
  }
  for (i = 0; i < pList->nKey; i++) {
    (void)assocValIsInt(pList->aaKey[i], &iKey);
    pList->aSlot[i] = assocKeymapAddInt(&p->map, iKey, &rc);
    if (rc != SQLITE_OK) pList->aSlot[i] = 0;
  }
  assocErrorCode(w->pCall, rc);
  return 1;
}

/* After that: an error if one of the other rows does not exist. */
static void keepNeed(AssocWriter *w, const LinkKeep *p, const WriteLink *pLink,
                     const KeepList *pList) {
  WriteRow row;
  int i;
  for (i = 0; i < pList->nKey && w->pCall->rc == SQLITE_OK; i++) {
    if (p->abFound[pList->aSlot[i]]) continue;
    assocRowNeed(w, pLink->pTarget, pList->aaKey[i], &row);
  }
}

/* Release every related row whose key is not in the list. The keys are compared
** by a hash map with SQLite's rules, so a set of 10,000 keys stays linear. */
void assocLinkKeep(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   int nKey, const WriteVal *const *aaKey, const u8 *abOnce,
                   u8 *abHas, WriteChanges *pChanges) {
  KeepList list = {nKey, aaKey, abOnce, 0};
  const WriteVal **aaGo;
  LinkRows rows;
  LinkKeep keep;
  int i, bInts;
  if (w->pCall->rc != SQLITE_OK) return;
  if (pLink->pRel->eKind == ASSOC_BELONGSTO) {
    assert(nKey == 0); /* assocLinkAdd() replaces the target of a belongsTo */
    assocLinkDrop(w, pLink, pSource, pChanges);
    return;
  }
  memset(&rows, 0, sizeof(rows));
  assocKeepInit(w, &keep, pLink->pTarget->nKey);
  keep.abFound = assocAlloc(w->pCall, &w->tmp, nKey + 1);
  list.aSlot =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*list.aSlot) * (nKey + 1));
  if (w->pCall->rc == SQLITE_OK) {
    bInts = keepInts(w, &keep, pLink, &list);
    if (!bInts) keepAdd(w, &keep, pLink, &list);
    assocLinkAll(w, pLink, pSource, &keep, &rows);
    if (bInts) keepNeed(w, &keep, pLink, &list);
  }
  assocKeymapClear(&keep.map);
  aaGo = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aaGo) * (rows.n + 1));
  if (aaGo == 0) return;
  for (i = 0; i < rows.n; i++) aaGo[i] = rows.a[i].aKey;
  i = assocLinkRemoveSome(w, pLink, pSource, rows.n, aaGo, 1, pChanges);
  /* What is removed one by one may take kept rows along. */
  if (abHas && i == rows.n) {
    for (i = 0; i < nKey; i++) abHas[i] = keep.abFound[list.aSlot[i]];
    i = rows.n;
  }
  for (; i < rows.n; i++) {
    assocChangeAdd(pChanges, CHANGE_REMOVED, &rows.a[i]);
    assocLinkUnlink(w, pLink, pSource, &rows.a[i]);
  }
}
