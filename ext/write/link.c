/*
** Relating two rows by an association, and undoing that.
**
** What a link is depends on the kind of the association:
**
**   belongsTo       the foreign key of the source has the target's key
**   hasOne/hasMany  the foreign key of the target has the source's key, and
**                   columns of the scope their values
**   belongsToMany   a join row has both keys, and what the join table's scope
**                   and the caller give it; the target has the scope's values
*/
#include "write/link.h"

/* ------------------------------------------------------------------ scopes */

/* The columns to which a scope gives one value each: counted in *pn, and
** written to aCell unless it is 0. *pbOperator is set if the scope also
** compares. */
static void scopeCells(AssocWriter *w, const ShapePred *pPred,
                       const AssocTable *pTab, int *pn, WriteCell *aCell,
                       u8 *pbOperator) {
  const ShapePred *pSub;
  if (pPred == 0) return;
  /* A scope that is written may only say column = value, or column IS NULL. When it
  ** was defined, checkKey() saw to it that it names columns of the table alone. */
  if (pPred->eOp == SHAPE_OP_AND) {
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      scopeCells(w, pSub, pTab, pn, aCell, pbOperator);
    }
  } else if ((pPred->eOp == SHAPE_OP_EQ ||
              (pPred->eOp == SHAPE_OP_ISNULL && !pPred->bNot)) &&
             !pPred->pOther) {
    assert(pPred->key.pPath && pPred->key.pAgg == 0);
    if (aCell) {
      aCell[*pn].iCol = assocColumnFind(pTab, pPred->key.pPath->z);
      aCell[*pn].val.pJson = assocLiteralJson(w, pPred->pVal);
    }
    (*pn)++;
  } else {
    *pbOperator = 1;
  }
}

/* The same into new memory of the writer. */
static WriteCell *scopeRead(AssocWriter *w, const ShapePred *pPred,
                            const AssocTable *pTab, int *pn, u8 *pbOperator) {
  WriteCell *aCell;
  int n = 0;
  scopeCells(w, pPred, pTab, &n, 0, pbOperator);
  aCell = assocAlloc(w->pCall, &w->mem, (i64)sizeof(*aCell) * (n + 1));
  if (aCell) scopeCells(w, pPred, pTab, pn, aCell, pbOperator);
  return aCell;
}

/* An operator such as $gt does not tell which value to write. */
void assocLinkNeedScope(AssocWriter *w, const WriteLink *pLink) {
  if (!pLink->bOperator) return;
  assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pLink->pRel->pSource->zLabel,
               pLink->pRel->zName,
               "the scope of %s.%s contains an operator, so the values to "
               "write are unknown; change the rows of %s themselves",
               pLink->pRel->pSource->zLabel, pLink->pRel->zName,
               pLink->pTarget->zLabel);
}

/* ------------------------------------------------------------------ links */

/* May a pair be linked several times? The association, or one in the other
** direction over the same join table, says "unique":false. */
static int linkTwice(AssocWriter *w, const AssocRel *pRel) {
  AssocDef *pDef = 0;
  if (pRel->pOpt->eThroughUnique >= 0) return !pRel->pOpt->eThroughUnique;
  /* "unique":false of the other direction counts, too: it is one join table. */
  assert(pRel->eKind == ASSOC_BELONGSTOMANY);
  while ((pDef = assocModelNextDef(w->pCall, pRel->pTarget, pDef)) != 0) {
    AssocRel *pBack = 0;
    if (assocKindSeek(pDef->zKind) == ASSOC_BELONGSTOMANY) {
      pBack = assocRelTry(w->pCall, pDef, 0);
    }
    if (pBack && pBack->pThrough == pRel->pThrough &&
        pBack->pOpt->eThroughUnique == 0) {
      return 1;
    }
  }
  return 0;
}

/* Is the value of this column of a join row given by the association itself:
** one of both keys, or of the join table's scope? */
static int throughTaken(const WriteLink *pLink, int iCol) {
  const AssocRel *pRel = pLink->pRel;
  int i;
  assert(pRel->pThrough && iCol >= 0);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    if (pRel->foreign.aCol[i] == iCol) return 1;
  }
  for (i = 0; i < pRel->other.nCol; i++) {
    if (pRel->other.aCol[i] == iCol) return 1;
  }
  for (i = 0; i < pLink->nThrough; i++) {
    if (pLink->aThrough[i].iCol == iCol) return 1;
  }
  return 0;
}

/* Does column i of the index keep apart what compares as equal to one row that
** pKey refers to? An untyped column may hold 2 and '2', which both refer to the
** INTEGER 2. True of a column that is not part of the key. */
static int indexApart(const AssocIndex *pIdx, int i, const AssocTable *pTab,
                      const AssocKey *pKey, const AssocTable *pRefTab,
                      const AssocKey *pRef) {
  const AssocColumn *pChild, *pParent;
  int iKey = 0;
  while (iKey < pKey->nCol && pKey->aCol[iKey] != pIdx->aCol[i]) iKey++;
  if (iKey == pKey->nCol) return 1;
  pChild = &pTab->aCol[pKey->aCol[iKey]];
  pParent = &pRefTab->aCol[pRef->aCol[iKey]];
  /* The affinity of the parent is applied to the values of the child: sql.c. */
  if (pChild->eAff != pParent->eAff && pChild->eAff != ASSOC_AFF_NUMERIC &&
      pParent->eAff != ASSOC_AFF_NONE) {
    return 0;
  }
  return pParent->eColl == ASSOC_COLL_BINARY ||
         (pParent->zColl &&
          sqlite3_stricmp(pParent->zColl, pIdx->azColl[i]) == 0);
}

/* Does a UNIQUE index of the schema forbid linking a pair twice? */
static int linkUnique(AssocWriter *w, const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  AssocTable *pTab = pRel->pThrough;
  AssocIndex *pIdx = pTab ? assocTableIndexes(w->pCall, pTab) : 0;
  int i;
  for (; pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bUnique || pIdx->bPartial) continue;
    for (i = 0; i < pIdx->nCol; i++) {
      if (!throughTaken(pLink, pIdx->aCol[i]) ||
          !indexApart(pIdx, i, pTab, &pRel->foreign, pRel->pSource->pTable,
                      &pRel->sourceKey) ||
          !indexApart(pIdx, i, pTab, &pRel->other, pLink->pTarget->pTable,
                      pLink->pTargetKey)) {
        break;
      }
    }
    if (i == pIdx->nCol) return 1;
  }
  return 0;
}

/* Find the columns that unlinking sets to NULL: those of the foreign key, and
** the type of a polymorphic one. There are none if the key must have a value,
** or if it is part of the row's own key. */
static void linkFree(AssocWriter *w, WriteLink *p) {
  AssocTable *pTab = assocRelForeignTable(p->pRel);
  const AssocModel *pModel = assocModelOf(w->pCall, pTab);
  const AssocKey *pKey = &p->pRel->foreign, *pType = &p->pRel->type;
  int i;
  p->aFree = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * (pKey->nCol + 2));
  /* Columns that the row's own key shares, such as a tenant's, stay as they
  ** are. */
  for (i = 0; p->aFree && i < pKey->nCol; i++) {
    if (p->pRel->pOpt->eAllowNull == 0) continue;
    if (!assocColumnLetsGo(pModel, pKey->aCol[i])) continue;
    p->aFree[p->nFree++] = pKey->aCol[i];
  }
  if (p->nFree && p->pBranch && assocColumnLetsGo(pModel, pType->aCol[0])) {
    p->aFree[p->nFree++] = pType->aCol[0];
  }
}

/* An error unless rows can be related by the association: not over a path. */
static void linkCheck(AssocWriter *w, AssocRel *pRel) {
  assocRelNeedReady(w->pCall, pRel);
  if (pRel->nPath == 0) return;
  assocErrorOf(
      w->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel, pRel->zName,
      "%s.%s leads over %s; an association through a path cannot be written",
      pRel->pSource->zLabel, pRel->zName, pRel->pOpt->zThrough);
}

/* Kept with the writer, one for each association and branch. Everything that
** can be wrong with the association is found here, before the first row is
** written. */
WriteLink *assocLinkOf(AssocWriter *w, AssocRel *pRel, int iBranch) {
  const AssocBranch *pBranch = pRel->nBranch ? &pRel->aBranch[iBranch] : 0;
  WriteLink *p;
  assert(iBranch >= 0 && (iBranch < pRel->nBranch || pRel->nBranch == 0));
  if (w->pCall->rc != SQLITE_OK) return 0;
  for (p = w->pLink; p; p = p->pNext) {
    if (p->pRel == pRel && p->pBranch == pBranch) return p;
  }
  linkCheck(w, pRel);
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pRel = pRel;
  p->pBranch = pBranch;
  p->pTarget = pBranch ? pBranch->pModel : pRel->pTarget;
  p->pTargetKey = pBranch ? &pBranch->key : &pRel->targetKey;
  assocModelNeedKey(w->pCall, pRel->pSource);
  assocModelNeedKey(w->pCall, p->pTarget);
  (void)assocModelScopes(w->pCall, p->pTarget);
  p->aScope =
      scopeRead(w, pRel->pScope, p->pTarget->pTable, &p->nScope, &p->bOperator);
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    p->pJoin = assocModelOf(w->pCall, pRel->pThrough);
    if (p->pJoin) assocModelNeedKey(w->pCall, p->pJoin);
    p->aThrough = scopeRead(w, pRel->pThroughScope, pRel->pThrough,
                            &p->nThrough, &p->bOperator);
    if (p->pJoin) (void)assocModelScopes(w->pCall, p->pJoin);
    p->bUnique = (u8)linkUnique(w, p);
    p->bTwice = (u8)(!p->bUnique && linkTwice(w, pRel));
  }
  linkFree(w, p);
  p->pNext = w->pLink;
  w->pLink = p;
  return w->pCall->rc == SQLITE_OK ? p : 0;
}

/* ---------------------------------------------------------------- changes */

/* The text before the keys of each list. */
static const char *const azChanges[] = {"{\"added\":[", "],\"removed\":[",
                                        "],\"moved\":["};

/* Empty buffers own no memory. */
void assocChangesInit(WriteChanges *p) {
  int i;
  for (i = 0; i < ASSOC_COUNT(p->aOut); i++) {
    assocBufInit(&p->aOut[i], 0x7fffffff);
  }
}

/* Begin the list, unless it has keys. */
static void changeStart(WriteChanges *p, int eChange) {
  const char *z = azChanges[eChange];
  if (p->aOut[eChange].pStart) return;
  assocOutText(&p->aOut[eChange], z, (i64)strlen(z));
}

void assocChangeAdd(WriteChanges *p, int eChange, const WriteRow *pRow) {
  AssocOut *pOut;
  if (p == 0) return;
  pOut = &p->aOut[eChange];
  if (pOut->pStart) {
    assocOutText(pOut, ",", 1);
  } else {
    changeStart(p, eChange);
  }
  assocWriteKey(pOut, pRow->pModel, pRow->aKey);
}

/* The other lists are appended to the first, and cleared, also after an error.
** OUT: the text is freed with sqlite3_free(). */
char *assocChangesText(AssocCall *pCall, WriteChanges *p, i64 *pn) {
  AssocOut *pOut = &p->aOut[0];
  int i;
  pOut->nMax = assocBudgetMost(pCall->pConn);
  changeStart(p, 0);
  for (i = 1; i < ASSOC_COUNT(p->aOut); i++) {
    AssocOut *pMore = &p->aOut[i];
    if (pMore->pStart) {
      assocOutText(pOut, pMore->pStart, pMore->p - pMore->pStart);
      assocBufClear(pMore);
    } else {
      assocOutText(pOut, azChanges[i], (i64)strlen(azChanges[i]));
    }
    assocErrorCode(pCall, pMore->rc);
  }
  assocOutText(pOut, "]}", 2);
  return assocBufText(pCall, pOut, pn);
}

/* ----------------------------------------------------------------- cells */

/* Append cells to others, except for columns that are there already. Returns
** the new number. */
static int cellsAppend(WriteCell *aCell, int n, int nMore,
                       const WriteCell *aMore) {
  int i, j, nOld = n;
  for (i = 0; i < nMore; i++) {
    for (j = 0; j < nOld && aCell[j].iCol != aMore[i].iCol; j++) {
    }
    if (j == nOld) aCell[n++] = aMore[i];
  }
  return n;
}

int assocLinkInAnyOrder(AssocWriter *w, const WriteLink *pLink) {
  const AssocKey *pKey = &pLink->pRel->foreign;
  const AssocIndex *p =
      assocTableIndexes(w->pCall, assocRelForeignTable(pLink->pRel));
  int i, j;
  for (; p; p = p->pNext) {
    if (!p->bUnique) continue;
    if (p->bPartial) return 0;
    for (i = 0; i < p->nCol; i++) {
      if (p->aCol[i] < 0) return 0;
      for (j = 0; j < pKey->nCol; j++) {
        if (p->aCol[i] == pKey->aCol[j]) return 0;
      }
    }
  }
  return w->pCall->rc == SQLITE_OK;
}

int assocCellAmong(int n, const WriteCell *aCell, int iCol) {
  int i;
  for (i = 0; i < n && aCell[i].iCol != iCol; i++) {
  }
  return i < n;
}

int assocCellsOfKey(WriteCell *aCell, int n, const AssocKey *pKey,
                    const WriteVal *aVal) {
  int i;
  for (i = 0; aVal && i < pKey->nCol; i++) {
    aCell[n].iCol = pKey->aCol[i];
    aCell[n++].val = aVal[i];
  }
  return n;
}

/* Append the cell for the type column of a polymorphic belongsTo. */
static int cellOfType(AssocWriter *w, const WriteLink *pLink, WriteCell *aCell,
                      int n) {
  AssocJson *pJson;
  if (pLink->pBranch == 0) return n;
  pJson = assocAlloc(w->pCall, &w->tmp, sizeof(*pJson));
  if (pJson == 0) return n;
  pJson->eType = ASSOC_J_TEXT;
  pJson->z = pLink->pBranch->zType;
  pJson->n = (int)strlen(pJson->z);
  aCell[n].iCol = pLink->pRel->type.aCol[0];
  aCell[n++].val.pJson = pJson;
  return n;
}

/* The columns that relate a new row: foreign key, type, and the scope's values.
** pOther is the row at the other end. A belongsToMany has none of them in the
** row itself. Memory lasts until assocWriterReset(). */
WriteCell *assocLinkCells(AssocWriter *w, WriteLink *pLink,
                          const WriteRow *pOther, int *pn) {
  const AssocRel *pRel = pLink->pRel;
  int nMost = pRel->foreign.nCol + pLink->nScope + 1, n = 0;
  WriteCell *aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (nMost + 1));
  if (aCell == 0) return 0;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    n = assocCellsOfKey(aCell, n, &pRel->foreign,
                        assocRowGet(w, pOther, pLink->pTargetKey, pRel->zName));
    n = cellOfType(w, pLink, aCell, n);
  } else if (pRel->eKind != ASSOC_BELONGSTOMANY) {
    n = assocCellsOfKey(aCell, n, &pRel->foreign,
                        assocLinkRef(w, pLink, pOther, 1));
  }
  if (pRel->eKind != ASSOC_BELONGSTO) {
    n = cellsAppend(aCell, n, pLink->nScope, pLink->aScope);
  }
  assert(n <= nMost);
  *pn = n;
  return w->pCall->rc == SQLITE_OK ? aCell : 0;
}

/* -------------------------------------------------------------- unlinking */

WriteCell *assocLinkFreeCells(AssocWriter *w, const WriteLink *pLink) {
  WriteCell *aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (pLink->nFree + 1));
  int i;
  assert(pLink->nFree > 0);
  for (i = 0; aCell && i < pLink->nFree; i++) {
    aCell[i].iCol = pLink->aFree[i];
    aCell[i].val.pJson = &assocNull;
  }
  return aCell;
}

/* Set the foreign key of a row to NULL. */
static void setFree(AssocWriter *w, const WriteLink *pLink,
                    const WriteRow *pRow) {
  const WriteCell *aCell = assocLinkFreeCells(w, pLink);
  if (aCell) assocRowChange(w, pRow, pLink->nFree, aCell);
}

/* A row that cannot be released, because no column of its key may be NULL, has
** to be deleted. */
int assocLinkDestroys(const WriteLink *pLink) {
  return (pLink->nFree == 0 || pLink->bDestroy) &&
         (pLink->pRel->eKind == ASSOC_HASONE ||
          pLink->pRel->eKind == ASSOC_HASMANY);
}

/* Is the pair stored both ways? With itself a row is paired once. */
static int linkMirrors(const WriteLink *pLink, const WriteRow *pSource,
                       const WriteRow *pTarget) {
  return pLink->pRel->pOpt->eSymmetric == 1 && !assocRowSame(pSource, pTarget);
}

/* Unlink a pair, whose join rows are known: destroy them, with what refers to
** them. */
static void unlinkPair(AssocWriter *w, WriteLink *pLink,
                       const WriteRow *pSource, const WriteRow *pTarget,
                       const LinkRows *pPair) {
  LinkRows pair;
  int i, bMirrors = linkMirrors(pLink, pSource, pTarget);
  for (i = 0; i < pPair->n; i++) assocDestroyRow(w, &pPair->a[i]);
  if (!bMirrors) return;
  assocLinkPair(w, pLink, assocLinkRef(w, pLink, pTarget, 0),
                assocRowGet(w, pSource, pLink->pTargetKey, 0), &pair);
  for (i = 0; i < pair.n; i++) assocDestroyRow(w, &pair.a[i]);
}

void assocLinkUnlink(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteRow *pTarget) {
  const AssocRel *pRel = pLink->pRel;
  LinkRows pair;
  assert(pTarget || pRel->eKind == ASSOC_BELONGSTO);
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    assocLinkPair(w, pLink, assocLinkRef(w, pLink, pSource, 0),
                  assocRowGet(w, pTarget, pLink->pTargetKey, 0), &pair);
    unlinkPair(w, pLink, pSource, pTarget, &pair);
  } else if (pRel->eKind != ASSOC_BELONGSTO) {
    if (!assocLinkDestroys(pLink)) {
      setFree(w, pLink, pTarget);
    } else {
      assocDestroyRow(w, pTarget);
    }
  } else if (pLink->nFree) {
    setFree(w, pLink, pSource);
  } else {
    assocFail(w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_NOTNULL,
                          .zModel = pRel->pSource->zLabel,
                          .zName = pRel->zName},
              "%s.%s cannot be removed, because its key must have a value; set "
              "another, or destroy the row",
              pRel->pSource->zLabel, pRel->zName);
  }
}

/* Removing what is not related changes nothing. But a key without a row is an
** error, unless rows of this association are deleted when they are removed:
** then the row may be gone because of that. It is not gone if a policy hides it
** since then. */
void assocLinkRemove(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, WriteChanges *pChanges) {
  LinkLook look;
  int bHas = assocLinkFind(w, pLink, pSource, aKey, &look);
  const WriteRow *pRow = &look.row;
  if (pRow->aKey == 0 && assocLinkDestroys(pLink) &&
      !assocRowStays(w, pLink->pTarget, aKey)) {
    return;
  }
  if (pRow->aKey == 0) assocRowNeed(w, pLink->pTarget, aKey, &look.row);
  if (w->pCall->rc != SQLITE_OK || !bHas) return;
  assert(pRow->aKey);
  assocChangeAdd(pChanges, CHANGE_REMOVED, pRow);
  if (pLink->pJoin) {
    if (look.pair.n == 1 && !linkMirrors(pLink, pSource, pRow)) {
      assocWriterLast(w, pRow);
    }
    unlinkPair(w, pLink, pSource, pRow, &look.pair);
  } else {
    assocWriterLast(w, pRow);
    assocLinkUnlink(w, pLink, pSource, pRow);
  }
}

/* ---------------------------------------------------------------- linking */

/* Unlink all targets but pBut, for a to-one that gets a new target. */
static void unlinkOthers(AssocWriter *w, WriteLink *pLink,
                         const WriteRow *pSource, const WriteRow *pBut,
                         WriteChanges *pChanges) {
  LinkRows all;
  int i;
  assocLinkAll(w, pLink, pSource, 0, &all);
  for (i = 0; i < all.n; i++) {
    if (assocRowSame(&all.a[i], pBut)) continue;
    assocChangeAdd(pChanges, CHANGE_REMOVED, &all.a[i]);
    assocLinkUnlink(w, pLink, pSource, &all.a[i]);
  }
}

/*
** Of the cells that relate a row, keep those that can be written; returns their
** number. A foreign key may share columns with the row's own key, for example a
** tenant's id. Those columns must have the right value already: to change them
** would make it another row.
*/
static int linkFit(AssocWriter *w, const WriteLink *pLink, const WriteRow *pRow,
                   int nCell, WriteCell *aCell) {
  const AssocModel *pModel = pRow->pModel;
  int i, iKey, n = 0;
  for (i = 0; i < nCell && w->pCall->rc == SQLITE_OK; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[aCell[i].iCol];
    iKey = assocKeyPlace(pModel, aCell[i].iCol);
    if (iKey < 0) {
      aCell[n++] = aCell[i];
    } else if (!assocValSameIn(w, pCol, &pRow->aKey[iKey], &aCell[i].val)) {
      assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pLink->pRel->pSource->zLabel,
                   pLink->pRel->zName,
                   "to relate these rows by %s.%s would change the key of the "
                   "row of %s: %s",
                   pLink->pRel->pSource->zLabel, pLink->pRel->zName,
                   pModel->zLabel, pCol->zName);
    }
  }
  assert(n <= nCell);
  return n;
}

/* Write the cells that relate a row. */
static void linkWrite(AssocWriter *w, const WriteLink *pLink,
                      const WriteRow *pRow, int nCell, WriteCell *aCell) {
  assocRowUpdate(w, pRow, linkFit(w, pLink, pRow, nCell, aCell), aCell);
}

/* See write.h. */
WriteCell *assocLinkMoved(AssocWriter *w, WriteLink *pLink,
                          const WriteRow *pSource, const WriteRow *pRow,
                          int *pn) {
  WriteCell *aCell;
  assocLinkNeedScope(w, pLink);
  aCell = assocLinkCells(w, pLink, pSource, pn);
  if (aCell) *pn = linkFit(w, pLink, pRow, *pn, aCell);
  return aCell;
}

/* hasOne and hasMany: the target's foreign key, and its scope. */
static void linkHas(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                    const WriteVal *aKey, WriteChanges *pChanges) {
  LinkLook look;
  WriteCell *aCell;
  int n = 0;
  assert(pLink->pRel->eKind == ASSOC_HASONE ||
         pLink->pRel->eKind == ASSOC_HASMANY);
  assocLinkNeed(w, pLink, pSource, aKey, 0, &look);
  if (w->pCall->rc != SQLITE_OK) return;
  if (pLink->pRel->eKind == ASSOC_HASONE) {
    unlinkOthers(w, pLink, pSource, &look.row, pChanges);
  }
  if (look.bGood) return;
  aCell = assocLinkCells(w, pLink, pSource, &n);
  if (aCell == 0) return;
  if (pChanges) {
    assocChangeAdd(pChanges, look.bHasKey ? CHANGE_MOVED : CHANGE_ADDED,
                   &look.row);
    assocWriterLast(w, &look.row);
  }
  linkWrite(w, pLink, &look.row, n, aCell);
}

/* The present targets of a belongsTo, by whichever branch. True if pBut is
** one. */
static int linkOld(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteRow *pBut, LinkRows *p) {
  AssocRel *pRel = pLink->pRel;
  int i, j;
  assert(pRel->eKind == ASSOC_BELONGSTO);
  memset(p, 0, sizeof(*p));
  for (i = 0; i == 0 || i < pRel->nBranch; i++) {
    WriteLink *pOther = assocLinkOf(w, pRel, i);
    LinkRows all;
    if (pOther == 0) return 0;
    assocLinkAll(w, pOther, pSource, 0, &all);
    for (j = 0; j < all.n; j++) {
      if (pBut && pOther == pLink && assocRowSame(&all.a[j], pBut)) return 1;
      *p = all;
    }
  }
  return 0;
}

/* belongsTo: the source's foreign key. */
static void linkBelongs(AssocWriter *w, WriteLink *pLink,
                        const WriteRow *pSource, const WriteVal *aKey,
                        WriteChanges *pChanges) {
  WriteCell *aCell;
  LinkRows old;
  WriteRow row;
  int i, n = 0;
  assocRowNeed(w, pLink->pTarget, aKey, &row);
  if (w->pCall->rc != SQLITE_OK) return;
  assert(pLink->pRel->eKind == ASSOC_BELONGSTO && pLink->pJoin == 0);
  if (linkOld(w, pLink, pSource, &row, &old)) return;
  aCell = assocLinkCells(w, pLink, &row, &n);
  if (aCell == 0) return;
  if (pChanges) {
    for (i = 0; i < old.n; i++)
      assocChangeAdd(pChanges, CHANGE_REMOVED, &old.a[i]);
    assocChangeAdd(pChanges, CHANGE_ADDED, &row);
    if (old.n == 0) assocWriterLast(w, &row);
  }
  linkWrite(w, pLink, pSource, n, aCell);
}

/* Write the caller's columns into an existing join row. The keys and the scope
** stay as they are: a payload that was loaded before repeats them. If a pair
** has several rows, a payload that has the join row's own key means only the
** row of that key. */
static void linkGive(AssocWriter *w, const WriteLink *pLink,
                     const WriteRow *pRow, int nThrough,
                     const WriteCell *aThrough) {
  WriteCell *a =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (nThrough + 1));
  int i, iKey, n = 0;
  for (i = 0; a && i < nThrough; i++) {
    if (throughTaken(pLink, aThrough[i].iCol)) continue;
    iKey = assocKeyPlace(pLink->pJoin, aThrough[i].iCol);
    if (iKey < 0) {
      a[n++] = aThrough[i];
    } else if (pLink->bTwice &&
               !assocValPrintsAs(w, &pRow->aKey[iKey], &aThrough[i].val)) {
      return;
    }
  }
  assert(n <= nThrough);
  if (n) assocRowChange(w, pRow, n, a);
}

/* Undo the soft deletion of a join row. */
static void linkRevive(AssocWriter *w, const WriteLink *pLink,
                       const WriteRow *pRow, int nThrough,
                       const WriteCell *aThrough) {
  WriteCell cell = {pLink->pJoin->iDeleted, {&assocNull, 0, 0}};
  assert(cell.iCol >= 0);
  assocRowUpdate(w, pRow, 1, &cell);
  linkGive(w, pLink, pRow, nThrough, aThrough);
}

/* Insert a join row, if a policy allows it. */
static void linkInsert(AssocWriter *w, const WriteLink *pLink, int n,
                       const WriteCell *aCell) {
  WriteRow row;
  if (!assocAllowAsks(w, pLink->pRel->pThrough)) {
    assocRowInsert(w, pLink->pJoin, n, aCell, 0);
    return;
  }
  assocRowInsert(w, pLink->pJoin, n, aCell, &row);
  assocAllowRow(w, &row, ASSOC_MAY_READ, 1);
}

/* Insert the pair the other way, with the join row's other columns of aCell, or
** change the existing row. */
static void linkMirror(AssocWriter *w, WriteLink *pLink,
                       const WriteRow *pSource, const WriteRow *pTarget,
                       int nCell, const WriteCell *aCell) {
  const AssocRel *pRel = pLink->pRel;
  WriteVal *aRef = assocLinkRef(w, pLink, pSource, 1);
  WriteVal *aOther = assocRowGet(w, pTarget, pLink->pTargetKey, pRel->zName);
  WriteCell *a;
  LinkRows pair;
  int i, n = 0;
  memset(&pair, 0, sizeof(pair));
  a = assocAlloc(w->pCall, &w->tmp,
                 (i64)sizeof(*a) * (nCell + 2 * ASSOC_KEY_MAX + 1));
  if (a == 0 || aRef == 0 || aOther == 0) return;
  if (!pLink->bTwice || pLink->bOnce)
    assocLinkPair(w, pLink, aRef, aOther, &pair);
  for (i = 0; i < pair.n; i++) linkGive(w, pLink, &pair.a[i], nCell, aCell);
  if (pair.n || w->pCall->rc != SQLITE_OK) return;
  if (pair.dead.aKey) {
    linkRevive(w, pLink, &pair.dead, nCell, aCell);
    return;
  }
  assert(pRel->pOpt->eSymmetric == 1);
  n = assocCellsOfKey(a, n, &pRel->foreign, aRef);
  n = assocCellsOfKey(a, n, &pRel->other, aOther);
  n = cellsAppend(a, n, nCell, aCell);
  linkInsert(w, pLink, n, a);
}

/* The scope's values come first: cellsAppend() skips columns that are set. */
WriteCell *assocLinkJoinCells(AssocWriter *w, const WriteLink *pLink,
                              const WriteVal *aRef, const WriteVal *aOther,
                              int nThrough, const WriteCell *aThrough,
                              int *pn) {
  const AssocRel *pRel = pLink->pRel;
  int nMost =
      pRel->foreign.nCol + pRel->other.nCol + pLink->nThrough + nThrough;
  WriteCell *aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (nMost + 1));
  int n = 0;
  if (aCell == 0) return 0;
  n = assocCellsOfKey(aCell, n, &pRel->foreign, aRef);
  n = assocCellsOfKey(aCell, n, &pRel->other, aOther);
  n = cellsAppend(aCell, n, pLink->nThrough, pLink->aThrough);
  *pn = cellsAppend(aCell, n, nThrough, aThrough);
  assert(*pn <= nMost);
  return aCell;
}

void assocLinkJoin(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteRow *pTarget, int nThrough,
                   const WriteCell *aThrough) {
  const AssocRel *pRel = pLink->pRel;
  WriteVal *aRef = assocLinkRef(w, pLink, pSource, 1);
  WriteVal *aOther = assocRowGet(w, pTarget, pLink->pTargetKey, pRel->zName);
  WriteCell *aCell;
  int n = 0;
  assert(pRel->eKind == ASSOC_BELONGSTOMANY);
  if (aRef == 0 || aOther == 0) return;
  assocAllowCells(w, pRel->pThrough, nThrough, aThrough);
  aCell = assocLinkJoinCells(w, pLink, aRef, aOther, nThrough, aThrough, &n);
  if (aCell == 0) return;
  linkInsert(w, pLink, n, aCell);
  if (linkMirrors(pLink, pSource, pTarget)) {
    linkMirror(w, pLink, pTarget, pSource, n, aCell);
  }
}

/*
** belongsToMany: insert a join row, or write the caller's columns into the one
** that exists. If pairs may occur twice, another join row is inserted, except
** for bOnce. A join row that was soft-deleted is revived instead of a second
** one being made.
*/
static void linkMany(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, int nThrough,
                     const WriteCell *aThrough, WriteChanges *pChanges) {
  int i, bPair = !pLink->bTwice || pLink->bOnce;
  LinkLook look;
  LinkRows pair;
  assert(pLink->pJoin);
  assocLinkNeed(w, pLink, pSource, aKey, bPair, &look);
  if (w->pCall->rc != SQLITE_OK) return;
  if (!look.bGood) { /* A trigger may change the pair, too */
    assocRowUpdate(w, &look.row, pLink->nScope, pLink->aScope);
    if (bPair) assocLinkLookPair(w, pLink, pSource, &look);
  }
  pair = look.pair;
  for (i = 0; i < pair.n; i++) {
    linkGive(w, pLink, &pair.a[i], nThrough, aThrough);
  }
  if (w->pCall->rc != SQLITE_OK) return;
  if (pair.dead.aKey && pair.n == 0) {
    linkRevive(w, pLink, &pair.dead, nThrough, aThrough);
  }
  if ((pair.n || pair.dead.aKey) && linkMirrors(pLink, pSource, &look.row)) {
    linkMirror(w, pLink, &look.row, pSource, nThrough, aThrough);
  }
  if (pair.n) return;
  assocChangeAdd(pChanges, CHANGE_ADDED, &look.row);
  if (pair.dead.aKey == 0) {
    if (pChanges && !linkMirrors(pLink, pSource, &look.row)) {
      assocWriterLast(w, &look.row);
    }
    assocLinkJoin(w, pLink, pSource, &look.row, nThrough, aThrough);
  }
}

/* Linking what is linked already changes nothing and is no error. */
void assocLinkAdd(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  const WriteVal *aKey, int nThrough, const WriteCell *aThrough,
                  WriteChanges *pChanges) {
  assocLinkNeedScope(w, pLink);
  if (w->pCall->rc != SQLITE_OK) return;
  switch (pLink->pRel->eKind) {
  case ASSOC_BELONGSTO: linkBelongs(w, pLink, pSource, aKey, pChanges); break;
  case ASSOC_BELONGSTOMANY:
    linkMany(w, pLink, pSource, aKey, nThrough, aThrough, pChanges);
    break;
  default: linkHas(w, pLink, pSource, aKey, pChanges); break;
  }
}

void assocLinkDrop(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   WriteChanges *pChanges) {
  LinkRows old;
  int i;
  (void)linkOld(w, pLink, pSource, 0, &old);
  if (w->pCall->rc != SQLITE_OK) return;
  for (i = 0; i < old.n; i++) {
    assocChangeAdd(pChanges, CHANGE_REMOVED, &old.a[i]);
  }
  assocLinkUnlink(w, pLink, pSource, 0);
}
