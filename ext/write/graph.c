/*
** Writing the rows of a payload: a JSON object that nests rows in rows.
**
**   assoc_insert('User', '{"name":"Alice", "company":{"name":"Acme"},
**     "posts":[{"title":"Hello", "tags":[{"name":"a"}, {"id":7}]}]}')
**
** unfold.c makes a list of the payload's rows. A tie stands for "these two rows
** are related". If the foreign key of a tie is in a new row, that row holds the
** tie: the row waits until the other row exists, and its INSERT writes the key.
** Other ties are made later, when both rows exist.
**
** This gives the order of the INSERTs. The list is processed from its start. A
** row that has to wait is passed over, and is inserted as soon as the last row
** that it waits for exists. At the end, only rows that wait for each other are
** left. Of these, a row whose key may be NULL is inserted without the key, and
** gets the key by an UPDATE afterwards.
**
** A row with "#by" waits in the same way. When all keys are there that help to
** find it, it is looked for. Then it is an existing row or a new one, and only
** then what is nested in it joins the list.
*/
#include "write/graph.h"

/* -------------------------------------------------------------------- ties */

/* The end that has the foreign key, and the other end. Not for
** belongsToMany. */
static GraphRow *tieHolder(const GraphTie *p) {
  return p->pLink->pRel->eKind == ASSOC_BELONGSTO ? p->pSource : p->pTarget;
}

/* The row that holds no foreign key of this tie. */
static GraphRow *tieOther(const GraphTie *p) {
  return p->pLink->pRel->eKind == ASSOC_BELONGSTO ? p->pTarget : p->pSource;
}

/* Can the holder's INSERT write the key? Only if the holder is a new row that
** is nested here: a "#ref" means a row that is inserted in its own place. */
static int tieCanHold(const GraphTie *p) {
  switch (p->pLink->pRel->eKind) {
  case ASSOC_BELONGSTO: return assocGraphIsNew(p->pSource);
  case ASSOC_BELONGSTOMANY: return 0;
  }
  return assocGraphIsNew(p->pRow);
}

/* Add a tie to the lists of both ends, behind their other ties: ties are made
** in the order of the payload. */
static void tieAppend(GraphTie *p) {
  GraphRow *pSource = p->pSource, *pTarget = p->pTarget;
  assert(pSource && pTarget);
  assert(!pSource->pOfSource == !pSource->pLastOfSource);
  assert(!pTarget->pOfTarget == !pTarget->pLastOfTarget);
  if (pSource->pOfSource) {
    pSource->pLastOfSource->pNextOfSource = p;
  } else {
    pSource->pOfSource = p;
  }
  pSource->pLastOfSource = p;
  if (pTarget->pOfTarget) {
    pTarget->pLastOfTarget->pNextOfTarget = p;
  } else {
    pTarget->pOfTarget = p;
  }
  pTarget->pLastOfTarget = p;
}

/* Make the tie between a row and the row that it is nested in. */
static void tieRow(Graph *g, GraphRow *pRow) {
  GraphTie *p;
  if (pRow->bRelated && pRow->pThrough == 0) return;
  p = assocAlloc(g->w->pCall, &g->w->tmp, sizeof(*p));
  if (p == 0) return;
  p->pLink = pRow->pLink;
  p->pRow = pRow;
  p->pSource = pRow->pUp;
  p->pTarget = pRow->pSame ? pRow->pSame : pRow;
  tieAppend(p);
  p->bHeld = (u8)tieCanHold(p);
  /* A held tie is a foreign key in a row that is not inserted yet: the row waits
  ** for the other one. A late tie is written once both rows are there. */
  if (p->bHeld) {
    GraphRow *pHolder = tieHolder(p);
    p->pNextHeld = pHolder->pHeld;
    pHolder->pHeld = p;
    pHolder->nWait += !tieOther(p)->bDone;
  } else {
    p->nWait = !p->pSource->bDone + !p->pTarget->bDone;
    g->nLate++;
  }
}

/* Make the ties of the rows from p on, up to pEnd, that have not got them. */
static void graphTies(Graph *g, GraphRow *p, const GraphRow *pEnd) {
  for (; p != pEnd && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->pUp && p->eWhat != GRAPH_NONE && !p->bTied) tieRow(g, p);
    p->bTied = 1;
  }
}

/* Relate the two rows of a tie. Both exist. */
static void tieMake(Graph *g, GraphTie *p) {
  AssocWriter *w = g->w;
  const GraphRow *pRow = p->pRow;
  const WriteCell *aThrough = pRow->aThrough;
  int nThrough = pRow->nThrough;
  assert(p->pSource->bDone && p->pTarget->bDone);
  if (w->pCall->rc != SQLITE_OK || p->bMade) return;
  p->bMade = 1;
  if (pRow->pThrough) {
    aThrough = assocThroughCells(w, p->pLink->pRel, pRow->pThrough, &nThrough);
    if (aThrough == 0) return;
  }
  if (p->pLink->pRel->eKind == ASSOC_BELONGSTOMANY &&
      pRow->eWhat == GRAPH_NEW && !pRow->bMeant) {
    assocLinkNeedScope(w, p->pLink);
    assocLinkJoin(w, p->pLink, &p->pSource->row, &p->pTarget->row, nThrough,
                  aThrough);
  } else {
    if (p->pTarget->eWhat == GRAPH_NEW) { /* It is looked at as any other row */
      assocAllowRow(w, &p->pTarget->row, ASSOC_MAY_READ, 1);
    }
    /* It is linked already, or the list says what is linked */
    p->pLink->bOnce = pRow->eWhat == GRAPH_OLD || pRow->pSet != 0;
    assocLinkAdd(w, p->pLink, &p->pSource->row, p->pTarget->row.aKey, nThrough,
                 aThrough, 0);
    p->pLink->bOnce = 0;
  }
}

/* ------------------------------------------------------------------- cells */

/* The cells of a row to insert or update. */
typedef struct GraphCells GraphCells;
struct GraphCells {
  int n, nHeld; /* Cells so far; the first nHeld are from ties and scopes */
  WriteCell *a; /* In the writer's arena tmp */
};

/* Add cells from a tie. Two ties may write the same column, but only with the
** same value. */
static void cellsTie(Graph *g, const GraphRow *pRow, GraphCells *p, int n,
                     const WriteCell *aCell) {
  const AssocTable *pTab = pRow->pModel->pTable;
  int i, j;
  for (i = 0; aCell && i < n; i++) {
    for (j = 0; j < p->n && p->a[j].iCol != aCell[i].iCol; j++) {
    }
    /* Two associations may set one column, if they give it the same value. */
    if (j == p->n) {
      p->a[p->n++] = aCell[i];
    } else if (!assocValSameIn(g->w, &pTab->aCol[aCell[i].iCol], &p->a[j].val,
                               &aCell[i].val)) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pRow->pModel->zLabel,
                   pTab->aCol[aCell[i].iCol].zName,
                   "a row of %s is related to two rows by %s at once",
                   pRow->pModel->zLabel, pTab->aCol[aCell[i].iCol].zName);
    }
  }
}

/* Add the cells that a tie writes: the foreign key, and the scope's columns. */
static void cellsOfTie(Graph *g, const GraphRow *pRow, GraphTie *pTie,
                       GraphCells *p) {
  int n = 0;
  WriteCell *aCell;
  assocLinkNeedScope(g->w, pTie->pLink);
  aCell = assocLinkCells(g->w, pTie->pLink, &tieOther(pTie)->row, &n);
  cellsTie(g, pRow, p, n, aCell);
}

/* An upper bound for the cells of a tie. */
static int tieMost(const GraphTie *p) {
  return p->pLink->pRel->foreign.nCol + p->pLink->nScope + 1;
}

/* Does the UPDATE of an existing row write the key of a tie, too? With two
** UPDATEs, the row between them could violate a UNIQUE index over this key and
** another column. */
static int tieFolds(const GraphRow *pRow, const GraphTie *p) {
  const AssocKey *pKey = &p->pLink->pRel->foreign;
  int i;
  if (pRow->eWhat != GRAPH_OLD || !tieOther(p)->bDone) return 0;
  switch (p->pLink->pRel->eKind) {
  case ASSOC_BELONGSTO:
    if (p->pSource != pRow) return 0;
    break;
  case ASSOC_HASMANY:
    if (p->pRow != pRow) return 0;
    break;
  default: return 0;
  }
  /* Columns of the row's own key cannot change, which the link says in words */
  for (i = 0; i < pKey->nCol; i++) {
    if (assocKeyPlace(pRow->pModel, pKey->aCol[i]) >= 0) return 0;
  }
  return 1;
}

/* An upper bound for the cells of a row, with one more for rowKeepFloor(). */
static int cellsMost(const GraphRow *pRow) {
  const GraphTie *pTie;
  int nChild = pRow->pJson ? pRow->pJson->nChild : 0;
  int n = 1 + pRow->nCell + nChild;
  for (pTie = pRow->pHeld; pTie; pTie = pTie->pNextHeld) {
    n += tieMost(pTie);
  }
  for (pTie = pRow->pOfTarget; pTie; pTie = pTie->pNextOfTarget) {
    n += pTie->pLink->nScope + tieMost(pTie);
  }
  for (pTie = pRow->pOfSource; pTie; pTie = pTie->pNextOfSource) {
    n += tieMost(pTie);
  }
  if (pRow->eWhat != GRAPH_OLD) return n;
  return n + nChild * (ASSOC_KEY_MAX + 1); /* cellsOfNone() */
}

/* Add the cells of "owner":null, by which an existing row belongs to none. */
static void cellsOfNone(Graph *g, const GraphRow *pRow, GraphCells *p) {
  const GraphRow *pNone, *pEnd = assocGraphEnd(pRow);
  for (pNone = pRow->pNext; pNone != pEnd; pNone = pNone->pNext) {
    WriteLink *pLink;
    if (pNone->pUp != pRow || pNone->eWhat != GRAPH_NONE) continue;
    if (pNone->pBy->pRel->eKind != ASSOC_BELONGSTO) continue;
    pLink = assocLinkOf(g->w, pNone->pBy->pRel, 0);
    if (pLink == 0) return;
    if (pLink->nFree == 0) continue;
    cellsTie(g, pRow, p, pLink->nFree, assocLinkFreeCells(g->w, pLink));
  }
}

/* Add the columns that the payload gives. Columns of ties and scopes win over
** the payload. It is an error if the payload has a column twice. */
static void cellsOfPayload(Graph *g, const GraphRow *pRow, GraphCells *p) {
  const AssocJson *pSub = pRow->pJson ? pRow->pJson->pChild : 0;
  int i, j = 0;
  for (i = 0; i < pRow->nCell; i++) p->a[p->n++] = pRow->aCell[i];
  for (; pSub; pSub = pSub->pNext) {
    WriteMember *pMember = assocFormMember(g->w, pRow->pForm, j++, pSub->zKey);
    if (pMember == 0) return;
    if (pMember->eType != WRITE_COLUMN) continue;
    for (i = 0; i < p->n && p->a[i].iCol != pMember->iCol; i++) {
    }
    /* A foreign key of an association overrides the payload's column. */
    if (i < p->nHeld) continue;
    if (i < p->n) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pRow->pModel->zLabel,
                   pSub->zKey, "%s.%s occurs twice in one row",
                   pRow->pModel->zLabel, pSub->zKey);
      return;
    }
    p->a[p->n].iCol = pMember->iCol;
    p->a[p->n++].val.pJson = assocBlobColumn(g->w->pCall, &g->w->tmp,
                                             pRow->pModel, pMember->iCol, pSub);
  }
}

/* All cells of a row. */
static void rowCells(Graph *g, GraphRow *pRow, GraphCells *p) {
  GraphTie *pTie;
  memset(p, 0, sizeof(*p));
  p->a = assocAlloc(g->w->pCall, &g->w->tmp,
                    (i64)sizeof(*p->a) * (cellsMost(pRow) + 1));
  if (p->a == 0) return;
  for (pTie = pRow->pHeld; pTie; pTie = pTie->pNextHeld) {
    cellsOfTie(g, pRow, pTie, p);
  }
  for (pTie = pRow->pOfTarget; pTie; pTie = pTie->pNextOfTarget) {
    if (pTie->pLink->pRel->eKind == ASSOC_BELONGSTOMANY && pTie->pRow == pRow) {
      cellsTie(g, pRow, p, pTie->pLink->nScope, pTie->pLink->aScope);
    }
    if (tieFolds(pRow, pTie)) cellsOfTie(g, pRow, pTie, p);
  }
  for (pTie = pRow->pOfSource; pTie; pTie = pTie->pNextOfSource) {
    if (tieFolds(pRow, pTie)) cellsOfTie(g, pRow, pTie, p);
  }
  if (pRow->eWhat == GRAPH_OLD) cellsOfNone(g, pRow, p);
  p->nHeld = p->n;
  cellsOfPayload(g, pRow, p);
  assert(p->nHeld <= p->n && p->n < cellsMost(pRow));
}

/* -------------------------------------------------------------------- rows */

static void rowDone(Graph *g, GraphRow *pRow);
static void rowBy(Graph *g, GraphRow *p);
static void rowMake(Graph *g, GraphRow *p);
static void runReady(Graph *g);

/* A new hasOne target replaces the present target of an existing row. */
static void replaceOne(Graph *g, const GraphRow *pRow) {
  GraphTie *pTie;
  for (pTie = pRow->pHeld; pTie; pTie = pTie->pNextHeld) {
    if (pTie->pLink->pRel->eKind != ASSOC_HASONE ||
        pTie->pSource->eWhat != GRAPH_OLD) {
      continue;
    }
    assocLinkKeep(g->w, pTie->pLink, &pTie->pSource->row, 0, 0, 0, 0, 0);
  }
}

/* ---------------------------------------------------------------- finding */

int assocGraphHasKey(const WriteRow *pRow) {
  int i = 0;
  while (i < pRow->pModel->nKey && !assocValIsNull(&pRow->aKey[i])) i++;
  return i == pRow->pModel->nKey;
}

/* A UNIQUE index found a row that cannot be meant: it is softly deleted, it has no
** key, or it is of another model of the table. */
static void byTwin(Graph *g, const GraphRow *p, const WriteRow *pFound,
                   int bDead) {
  assert(p->pUnique);
  assocFail(g->w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                        .rc = SQLITE_CONSTRAINT_UNIQUE,
                        .zModel = p->pModel->zLabel,
                        .zName = p->pUnique->z,
                        .zHint = bDead ? "restore it, or delete it by "
                                         "{\"force\":true}"
                                       : 0},
            "the row of %s that \"%s\" finds %s", p->pModel->zLabel,
            p->pUnique->zKey,
            bDead                       ? "is marked as deleted"
            : !assocGraphHasKey(pFound) ? "has NULL in its key"
                                        : "is one of another model");
}

/* The columns that have a value without the payload: of ties, scopes and the
** model. */
static int *byGiven(Graph *g, const GraphRow *p, const GraphCells *pCells,
                    int *pn) {
  const AssocModel *pModel = p->pModel;
  int *a = assocAlloc(g->w->pCall, &g->w->tmp,
                      (i64)sizeof(int) * (pCells->nHeld + pModel->nValue + 1));
  int i, n = 0;
  for (i = 0; a && i < pCells->nHeld; i++) a[n++] = pCells->a[i].iCol;
  for (i = 0; a && i < pModel->nValue; i++) a[n++] = pModel->aValue[i];
  *pn = n;
  return a;
}

/* Is a row that an index finds known to be the model's? Then it need not be
** read again: no values, policies or budget concern it, and its key has no
** NULL. */
static int byIsWhole(AssocWriter *w, const WriteRow *pRow) {
  const AssocModel *pModel = pRow->pModel;
  return assocGraphHasKey(pRow) && pModel->nValue == 0 &&
         w->pCall->pConn->pSession == 0 && !assocAllowAsks(w, pModel->pTable);
}

/* Look for the row that "#by" or "#upsert" means, by the first index that finds
** one. True if it is there. */
static int byFind(Graph *g, GraphRow *p, const GraphCells *pCells) {
  AssocWriter *w = g->w;
  int i, nGiven, n = 0, bDead = 0, nCell = pCells->n;
  int *aGiven = byGiven(g, p, pCells, &nGiven);
  const WriteCell *aCell = assocRowFill(w, p->pModel, &nCell, pCells->a);
  WriteUnique **ap;
  if (w->pCall->rc != SQLITE_OK) return 0;
  ap = assocUniquesBy(w, p->pModel, p->nBy, p->aBy, nGiven, aGiven, &n);
  if (ap == 0) return 0; /* No index, or no memory: an error */
  p->bPartial = ap[0]->pIdx && ap[0]->pIdx->bPartial;
  for (i = 0; i < n; i++) {
    WriteRow found;
    if (!assocUniqueFind(w, ap[i], nCell, aCell, &found, &bDead, 0, 0))
      continue;
    assocAllowRow(w, &found, ASSOC_MAY_READ, 1);
    /* A partial index may hold deleted rows alone. If not, the INSERT fails. */
    if (bDead && ap[i]->pIdx && ap[i]->pIdx->bPartial) continue;
    if (!bDead && byIsWhole(w, &found)) {
      p->row = found;
      return 1;
    }
    if (!bDead && assocRowFind(w, p->pModel, found.aKey, &p->row)) return 1;
    byTwin(g, p, &found, bDead);
  }
  return 0;
}

/* The row has been made since it was not found. The next call has to find it: a
** partial index must hold it. */
static void byCheckMade(Graph *g, GraphRow *p, const GraphCells *pCells) {
  WriteRow made = p->row;
  int bFound = byFind(g, p, pCells);
  p->row = made;
  if (bFound) return;
  assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel, p->pUnique->z,
               "the new row of %s is not in the partial index by which \"%s\" "
               "looks for it, so it would be made again each time",
               p->pModel->zLabel, p->pUnique->zKey);
}

/* Remove the columns by which an existing row was found from the cells, and
** return the new number. */
static int byDrop(const GraphRow *p, GraphCells *pCells) {
  int i, j, n = 0;
  for (i = 0; i < pCells->n; i++) {
    for (j = 0; j < p->nBy && p->aBy[j] != pCells->a[i].iCol; j++) {
    }
    if (j == p->nBy) pCells->a[n++] = pCells->a[i];
  }
  return n;
}

/* -------------------------------------------------------------------- keys */

/* The highest rowid of the model's table; 0 if it has no rows. */
static i64 floorMax(AssocWriter *w, const AssocModel *pModel) {
  const AssocTable *pTab = pModel->pTable;
  sqlite3_stmt *pStmt = assocPrepare(
      w->pCall, "SELECT max(\"%w\") FROM \"%w\".\"%w\"",
      pTab->aCol[pTab->iRowid].zName, pTab->pSchema->zName, pTab->zName);
  i64 i = assocStep(w->pCall, pStmt) ? sqlite3_column_int64(pStmt, 0) : 0;
  assocFinalize(w->pCall, pStmt);
  return i;
}

/* Before rows are unlinked: note the highest key of a table that may get new rows.
** Keys of several columns, or of another type, are the caller's. */
static void floorNote(Graph *g, AssocModel *pModel) {
  GraphFloor *p;
  if (pModel->pTable->eType != ASSOC_TABLE) return;
  if (!assocKeyIsRowid(pModel)) return;
  for (p = g->pFloor; p; p = p->pNext) {
    if (p->pModel == pModel) return;
  }
  /* The greatest rowid before the call deletes any row */
  p = assocAlloc(g->w->pCall, &g->w->tmp, sizeof(*p));
  if (p == 0) return;
  p->pModel = pModel;
  p->iMax = floorMax(g->w, pModel);
  p->pNext = g->pFloor;
  g->pFloor = p;
}

/* The same of the tables of what is nested in the JSON of a row, or of a list of
** rows, that has not been unfolded yet. Below "#set" stand rows of the same model.
** Recursion is bounded by the reader. */
static void floorsBelow(Graph *g, AssocModel *pModel, const AssocJson *pJson) {
  const AssocJson *p;
  for (p = pJson->pChild; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    AssocRel *pRel = 0;
    int i;
    if (p->pChild == 0) continue;
    if (pJson->eType == ASSOC_J_OBJECT) {
      pRel = assocRelSeek(g->w->pCall, pModel, p->zKey);
    }
    if (pRel == 0) {
      floorsBelow(g, pModel, p);
      continue;
    }
    for (i = 0; i == 0 || i < pRel->nBranch; i++) {
      AssocModel *pTarget =
          pRel->nBranch ? pRel->aBranch[i].pModel : pRel->pTarget;
      floorNote(g, pTarget);
      floorsBelow(g, pTarget, pRel->nBranch ? p->pChild : p);
    }
  }
}

/* The same of all tables that may get new rows. */
static void floorsNote(Graph *g) {
  const GraphRow *p;
  for (p = g->pFirst; p; p = p->pNext) {
    if (assocGraphIsNew(p)) floorNote(g, p->pModel);
    if (p->eWhat == GRAPH_BY) floorsBelow(g, p->pModel, p->pJson);
  }
}

/* Give a new row a key above those that were deleted, unless it has one. */
static void rowKeepFloor(Graph *g, const GraphRow *p, GraphCells *pCells) {
  GraphFloor *pFloor = g->pFloor;
  WriteCell *pCell;
  i64 iMax;
  int i;
  while (pFloor && pFloor->pModel != p->pModel) pFloor = pFloor->pNext;
  if (pFloor == 0 || pFloor->iMax >= INT64_MAX - 1) return;
  for (i = 0; i < pCells->n; i++) {
    if (pCells->a[i].iCol == p->pModel->aKey[0]) return;
  }
  iMax = floorMax(g->w, p->pModel);
  if (iMax >= pFloor->iMax) return;
  /* SQLite would choose the key of a deleted row again. */
  assert(iMax < INT64_MAX - 1);
  pCell = &pCells->a[pCells->n++];
  memset(pCell, 0, sizeof(*pCell));
  pCell->iCol = p->pModel->aKey[0];
  pCell->val.i = pFloor->iMax + 1;
}

/* Is the row the only one that the payload writes, and no tie waits for it? It may
** hang on an existing row that is not written, as assoc_create() makes it. What a
** row has nested follows in the list. */
static int rowIsAlone(const Graph *g, const GraphRow *p) {
  const GraphRow *pUp = p->pUp;
  if (pUp && (pUp != g->pFirst || pUp->pNext != p || pUp->pJson)) return 0;
  assert(pUp == 0 || (pUp->nCell == 0 && pUp->eWhat == GRAPH_OLD));
  return (pUp || p == g->pFirst) && p->pNext == 0 && g->nLate == 0 &&
         p->pUnique == 0;
}

/* Insert a new row, with the keys of the ties that it holds. */
static void rowInsert(Graph *g, GraphRow *p) {
  GraphCells cells;
  assert(!p->bDone);
  replaceOne(g, p);
  rowCells(g, p, &cells);
  if (g->w->pCall->rc != SQLITE_OK) return;
  assocAllowCells(g->w, p->pModel->pTable, cells.n - cells.nHeld,
                  &cells.a[cells.nHeld]);
  rowKeepFloor(g, p, &cells);
  if (rowIsAlone(g, p)) assocWriterLast(g->w, 0);
  assocRowInsert(g->w, p->pModel, cells.n, cells.a, &p->row);
  if (p->bMade && p->bPartial) byCheckMade(g, p, &cells);
}

/* Look for a row whose key is as a caller gave it. False if there is none. */
static int rowGiven(Graph *g, GraphRow *p) {
  if (p->bGiven) assocRowNeed(g->w, p->pModel, p->row.aKey, &p->row);
  p->bGiven = 0;
  return g->w->pCall->rc == SQLITE_OK;
}

/* Remove the key's columns from the cells of an existing row, and return the
** new number. The key only says which row is meant. At the root, and of a row
** that was found by other columns, a key with another value is an error: a row's
** key is not changed here. byDrop() has removed the key's columns by which a row
** was found, because a collation may hold other values for equal. */
static int rowDropKey(Graph *g, GraphRow *p, GraphCells *pCells) {
  const AssocColumn *aCol = p->pModel->pTable->aCol;
  int i, j, n = 0;
  for (i = 0; i < pCells->n; i++) {
    j = assocKeyPlace(p->pModel, pCells->a[i].iCol);
    if (j < 0) {
      pCells->a[n++] = pCells->a[i];
    } else if (rowGiven(g, p) && (p->pUp == 0 || p->pUnique) &&
               !assocValPrintsAs(g->w, &p->row.aKey[j], &pCells->a[i].val) &&
               !assocValSameIn(g->w, &aCol[pCells->a[i].iCol], &p->row.aKey[j],
                               &pCells->a[i].val)) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel,
                   aCol[pCells->a[i].iCol].zName,
                   "the key of a row of %s cannot be changed: %s",
                   p->pModel->zLabel, aCol[pCells->a[i].iCol].zName);
    }
  }
  assert(n <= pCells->n);
  return n;
}

/* Make a row to which another is going to belong, and before it those for which
** it waits. */
static void ownerMake(Graph *g, GraphRow *p) {
  GraphTie *pTie;
  if (p->bDone || p->bPassed) return;
  p->bPassed = 1;
  if (p->nWait == 0) {
    rowMake(g, p);
    return;
  }
  for (pTie = p->pHeld; pTie; pTie = pTie->pNextHeld) {
    ownerMake(g, tieOther(pTie));
  }
  if (p->nWait) g->bLeft = 1; /* In a circle */
  runReady(g);
}

/* Make the rows that an existing row is going to belong to, so that one UPDATE
** writes their keys with its other columns. */
static void rowOwners(Graph *g, GraphRow *p) {
  GraphTie *pTie;
  for (pTie = p->pOfSource; pTie; pTie = pTie->pNextOfSource) {
    if (pTie->pLink->pRel->eKind != ASSOC_BELONGSTO) continue;
    assert(!pTie->bHeld); /* Only a new row holds ties */
    ownerMake(g, pTie->pTarget);
  }
}

/* Write the payload's columns into an existing row. A row without a difference
** may be none. */
static void rowUpdate(Graph *g, GraphRow *p) {
  const WriteCell *aDiffer;
  GraphCells cells;
  int n = 0;
  if (p->bChanged || p->pJson == 0) return;
  p->bChanged = 1; /* Lists inside of its owners leave it out */
  rowOwners(g, p);
  rowCells(g, p, &cells);
  if (g->w->pCall->rc != SQLITE_OK) return;
  cells.n = byDrop(p, &cells);
  cells.n = rowDropKey(g, p, &cells);
  if (rowIsAlone(g, p)) assocWriterLast(g->w, 0);
  aDiffer = assocRowDiffer(g->w, &p->row, cells.n, cells.a, &n);
  if (n == 0) (void)rowGiven(g, p);
  if (aDiffer && n) assocRowUpdate(g->w, &p->row, n, aDiffer);
}

/* Find a row by the payload's key. If the model has no columns but its key, a
** missing row is inserted. */
static void rowByKey(Graph *g, GraphRow *p) {
  AssocWriter *w = g->w;
  WriteVal *aKey = p->row.aKey;
  WriteCell *aCell;
  int i;
  if (assocRowFind(w, p->pModel, aKey, &p->row)) return;
  if (!assocGraphAllKey(w->pCall, p->pModel)) {
    assocRowNeed(w, p->pModel, aKey, &p->row);
    return;
  }
  /* The table has no other columns, so its key is the whole row: insert it. */
  aCell = assocAlloc(w->pCall, &w->tmp,
                     (i64)sizeof(*aCell) * (p->pModel->nKey + 1));
  if (aCell == 0) return;
  for (i = 0; i < p->pModel->nKey; i++) {
    aCell[i].iCol = p->pModel->aKey[i];
    aCell[i].val = aKey[i];
  }
  assocRowInsert(w, p->pModel, p->pModel->nKey, aCell, &p->row);
}

/* null for a to-one: unlink the present target of an existing row. */
static void rowNone(Graph *g, GraphRow *p) {
  WriteLink *pLink;
  assert(p->pUp && p->pBy);
  if (p->pUp->eWhat != GRAPH_OLD || p->bList) return;
  pLink = assocLinkOf(g->w, p->pBy->pRel, 0);
  if (pLink) assocLinkKeep(g->w, pLink, &p->pUp->row, 0, 0, 0, 0, 0);
}

/* Write one row, and then what waits for it. */
static void rowMake(Graph *g, GraphRow *p) {
  switch (p->eWhat) {
  case GRAPH_BY: rowBy(g, p); return;
  case GRAPH_NEW: rowInsert(g, p); break;
  case GRAPH_OLD: rowUpdate(g, p); break;
  case GRAPH_KEY: rowByKey(g, p); break;
  case GRAPH_NONE: rowNone(g, p); return;
  default: return;
  }
  if (g->w->pCall->rc == SQLITE_OK) rowDone(g, p);
}

/* Is its key going to be written by the UPDATE of an existing row? */
static int tieIsDue(const GraphTie *p) {
  const GraphRow *pHolder = tieHolder(p);
  return p->pLink->pRel->eKind == ASSOC_BELONGSTO &&
         pHolder->eWhat == GRAPH_OLD && !pHolder->bWritten;
}

/* Tell a tie that its end pRow exists now. If its holder waits no more and was
** passed over, put the holder on the list of ready rows. */
static void tieCount(Graph *g, GraphTie *pTie, const GraphRow *pRow) {
  GraphRow *pHolder = tieHolder(pTie);
  assert(pTie->bHeld || pTie->nWait > 0);
  assert(!pTie->bHeld || pHolder == pRow || pHolder->nWait > 0);
  if (!pTie->bHeld) {
    pTie->nWait--;
  } else if (pHolder != pRow && --pHolder->nWait == 0 && pHolder->bPassed) {
    assert(!pHolder->bDone);
    *g->ppReadyEnd = pHolder;
    g->ppReadyEnd = &pHolder->pNextReady;
  }
}

/* The same, and make the tie if it waits no more. */
static void tieNotify(Graph *g, GraphTie *pTie, const GraphRow *pRow) {
  tieCount(g, pTie, pRow);
  if (!pTie->bHeld && pTie->nWait == 0 && !tieIsDue(pTie)) tieMake(g, pTie);
}

/* A row exists now: tell its ties. An existing row counted as there when its
** ties were made; only its late ties whose other end exists as well are due. */
static void rowDone(Graph *g, GraphRow *pRow) {
  GraphTie *pTie;
  int bOld = pRow->bDone; /* It was there when ties were made */
  assert(!bOld || pRow->eWhat == GRAPH_OLD);
  pRow->bDone = pRow->bWritten = 1;
  for (pTie = pRow->pOfTarget; pTie; pTie = pTie->pNextOfTarget) {
    if (!bOld) tieNotify(g, pTie, pRow);
    if (bOld && !pTie->bHeld && pTie->nWait == 0) tieMake(g, pTie);
  }
  for (pTie = pRow->pOfSource; pTie; pTie = pTie->pNextOfSource) {
    if (!bOld) tieNotify(g, pTie, pRow);
    if (bOld && !pTie->bHeld && pTie->nWait == 0) tieMake(g, pTie);
  }
}

/* --------------------------------------------------------------------- run */

/* Write the rows that were passed over and need not wait any more. */
static void runReady(Graph *g) {
  while (g->pReady && g->w->pCall->rc == SQLITE_OK) {
    GraphRow *p = g->pReady;
    g->pReady = p->pNextReady;
    if (g->pReady == 0) g->ppReadyEnd = &g->pReady;
    p->pNextReady = 0;
    if (!p->bDone) rowMake(g, p);
  }
}

/* Write the rows from p on, up to pEnd. Rows that have to wait are passed
** over. */
static void runRows(Graph *g, GraphRow *p, const GraphRow *pEnd) {
  for (; p != pEnd && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->bPassed) continue;
    p->bPassed = 1;
    if (p->nWait == 0) {
      rowMake(g, p);
      runReady(g);
    } else {
      g->bLeft = 1;
    }
  }
}

/* Ties that the row's INSERT would have written are made by an UPDATE. The row
** itself is not done yet. */
static void tiesLate(Graph *g, GraphRow *pRow) {
  GraphTie *p;
  assert(!pRow->bDone);
  for (p = pRow->pHeld; p; p = p->pNextHeld) {
    p->bHeld = 0;
    g->nLate++;
    p->nWait = !p->pSource->bDone + !p->pTarget->bDone;
    if (p->pSource == p->pTarget) p->nWait = 2; /* One row tells both ends */
  }
  pRow->pHeld = 0;
}

/* -------------------------------------------------------------------- sets */

/*
** {"lines":{"#set":[...]}}: rows that are not in the list are unlinked first,
** then existing rows are changed, then the others are made. So a value of a
** UNIQUE index is free before another row takes it.
*/

/* "only" without links: what was found must not be taken from another row. */
static void byAllow(Graph *g, GraphRow *p) {
  if (p->pOnly == 0 || (p->pOnly->mMay & WRITE_MAY_LINK)) return;
  if (p->pUp == 0 || !p->pUp->bDone) return;
  if (assocLinkTaken(g->w, p->pLink, &p->pUp->row, p->row.aKey)) {
    assocOnlyFail(g->w, assocGraphPath(g, p, 0), "rows of another parent in ");
  }
}

/* A row was looked for: add what is nested in it. */
static void byNested(Graph *g, GraphRow *p) {
  assocGraphUnfoldRest(g, p);
  graphTies(g, p->pNext, assocGraphEnd(p));
}

/* A row that "#upsert" found counts as there from now on, like one that is named by
** its key: it is changed with the others, and its ties are made when its turn
** comes. */
static void setFound(Graph *g, GraphRow *p) {
  GraphTie *pTie;
  byAllow(g, p);
  tiesLate(g, p);
  p->eWhat = GRAPH_OLD;
  p->bDone = 1;
  for (pTie = p->pOfTarget; pTie; pTie = pTie->pNextOfTarget) {
    tieCount(g, pTie, p);
  }
  for (pTie = p->pOfSource; pTie; pTie = pTie->pNextOfSource) {
    tieCount(g, pTie, p);
  }
  byNested(g, p);
}

/* Look for the rows of a list that have "#by", because these are not unlinked.
** What they need to be found is written before. */
static void setFind(Graph *g, const GraphSet *pSet) {
  GraphRow *p;
  GraphCells cells;
  for (p = pSet->pUp->pNext; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->pSet != pSet || p->eWhat != GRAPH_BY) continue;
    runRows(g, p->pNext, assocGraphEnd(p));
    if (p->nWait) continue;
    rowCells(g, p, &cells);
    if (g->w->pCall->rc == SQLITE_OK) p->bFound = (u8)byFind(g, p, &cells);
    p->bMissed = !p->bFound;
    if (p->bFound && p->bUpsert) setFound(g, p);
  }
}

/* The key of a row of a list, if the row exists; else 0. */
static const WriteVal *setKey(Graph *g, const GraphRow *p) {
  WriteRow row = p->row;
  if (p->pSame) p = p->pSame;
  if (p->bDone || p->bFound) return p->row.aKey;
  if (p->eWhat != GRAPH_KEY) return 0;
  return assocRowFind(g->w, p->pModel, p->row.aKey, &row) ? row.aKey : 0;
}

/* Let go of the rows that are related and not in the list. */
static void setLetGo(Graph *g, const GraphSet *pSet) {
  WriteLink *pLink = assocLinkOf(g->w, pSet->pBy->pRel, 0);
  const GraphRow *p;
  const WriteVal **aaKey;
  u8 *abOnce; /* Does the row bring values? Then it must not occur twice */
  int n = 0;
  for (p = pSet->pUp->pNext; p; p = p->pNext) n += p->pSet == pSet;
  for (p = pSet->pMoved; p; p = p->pNextMoved) n++;
  aaKey = assocAlloc(g->w->pCall, &g->w->tmp, (i64)sizeof(*aaKey) * (n + 1));
  abOnce = assocAlloc(g->w->pCall, &g->w->tmp, n + 1);
  if (abOnce == 0) return; /* Or there is no link, or no room for keys */
  n = 0;
  for (p = pSet->pUp->pNext; p; p = p->pNext) {
    if (p->pSet != pSet || (aaKey[n] = setKey(g, p)) == 0) continue;
    abOnce[n++] = p->eWhat == GRAPH_OLD;
  }
  for (p = pSet->pMoved; p; p = p->pNextMoved) {
    if ((aaKey[n] = setKey(g, p)) != 0) abOnce[n++] = 0;
  }
  assocLinkKeep(g->w, pLink, &pSet->pUp->row, n, aaKey, abOnce, 0, 0);
}

/* The other "#set" list of the association that has this row now and is going to
** unlink it; or 0. */
static GraphSet *setHaving(Graph *g, const GraphRow *pRow,
                           const WriteVal *aKey) {
  GraphSet *p;
  int bFound;
  for (p = g->pSet; p; p = p->pNext) {
    if (p == pRow->pSet || p->bDone || p->pUp->eWhat != GRAPH_OLD ||
        p->pBy->pRel != pRow->pBy->pRel) {
      continue;
    }
    if (assocLinkHas(g->w, pRow->pLink, &p->pUp->row, aKey, &bFound)) return p;
  }
  return 0;
}

/* Note the rows that move by their key from one list to another, if unlinking
** would delete them. */
static void setsMoved(Graph *g) {
  GraphRow *p;
  for (p = g->pFirst; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    const WriteVal *aKey;
    int bFound;
    if (p->eWhat != GRAPH_KEY || p->pSet == 0 || p->pSet->bDone) continue;
    if (p->pUp->eWhat != GRAPH_OLD || !assocLinkDestroys(p->pLink)) continue;
    aKey = setKey(g, p);
    if (aKey == 0) continue;
    if (!assocLinkHas(g->w, p->pLink, &p->pUp->row, aKey, &bFound)) {
      p->pFrom = setHaving(g, p, aKey);
    }
    if (p->pFrom == 0) continue;
    p->pNextMoved = p->pFrom->pMoved;
    p->pFrom->pMoved = p;
  }
}

/* A row that moves: the columns that relate it to its new parent. False if a
** trigger has deleted it. */
static int setMove(Graph *g, GraphRow *p, WriteNew *pNew) {
  p->pFrom = 0;
  if (!assocRowFind(g->w, p->pModel, p->row.aKey, &pNew->row)) return 0;
  pNew->aCell =
      assocLinkMoved(g->w, p->pLink, &p->pUp->row, &pNew->row, &pNew->nCell);
  return pNew->aCell != 0;
}

/* Is the row nested in itself? */
static int rowIsAbove(const GraphRow *p) {
  const GraphRow *pUp;
  for (pUp = p->pUp; pUp; pUp = pUp->pUp) {
    if (pUp->eWhat == GRAPH_OLD && assocRowSame(&pUp->row, &p->row)) return 1;
  }
  return 0;
}

/* Change the existing rows that have not been changed, and move those that go to
** another list. A row that is nested in itself waits for its turn: then it has the
** values of the row above. */
static void setsChange(Graph *g) {
  AssocWriter *w = g->w;
  GraphRow *p;
  WriteNew *a;
  GraphCells cells;
  int n = 0;
  for (p = g->pFirst; p; p = p->pNext) n += p->eWhat == GRAPH_OLD || p->pFrom;
  a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (n + 1));
  /* All at once: values that are UNIQUE may go from one row to another. */
  n = 0;
  for (p = g->pFirst; p && a; p = p->pNext) {
    if (p->pFrom) n += setMove(g, p, &a[n]);
    if (p->eWhat != GRAPH_OLD || p->bChanged || p->pJson == 0) continue;
    if (rowIsAbove(p)) continue;
    p->bChanged = 1;
    rowOwners(g, p);
    rowCells(g, p, &cells);
    if (w->pCall->rc != SQLITE_OK) return;
    cells.n = rowDropKey(g, p, &cells);
    cells.n = byDrop(p, &cells);
    a[n].row = p->row;
    a[n].nCell = cells.n;
    a[n++].aCell = cells.a;
  }
  if (a) assocRowsChange(w, n, a);
}

/* Do this for the lists that are new. */
static void setsRun(Graph *g) {
  GraphSet *p;
  const GraphSet *pFirst, *pEnd = 0;
  int bAny = 0;
  for (p = g->pSet; p; p = p->pNext) {
    bAny |= !p->bDone && p->pUp->eWhat == GRAPH_OLD;
  }
  if (!bAny) return;
  /* Find, release, change: in this order, so that a UNIQUE value of a released row
  ** is free before another row takes it. What is found may hold lists, which come
  ** first then. */
  while (pEnd != g->pSet) {
    pFirst = g->pSet;
    for (p = g->pSet; p != pEnd; p = p->pNext) {
      if (!p->bDone && p->pUp->eWhat == GRAPH_OLD) setFind(g, p);
    }
    pEnd = pFirst;
  }
  floorsNote(g);
  setsMoved(g);
  for (p = g->pSet; p; p = p->pNext) {
    if (!p->bDone && p->pUp->eWhat == GRAPH_OLD) setLetGo(g, p);
    p->bDone = 1;
  }
  setsChange(g);
}

/* A row with "#by" or "#upsert": find it, or make it. All keys that could help to
** find it are there. */
static void rowBy(Graph *g, GraphRow *p) {
  GraphCells cells;
  if (!p->bFound) {
    rowCells(g, p, &cells);
    if (g->w->pCall->rc != SQLITE_OK) return;
    p->bFound = (u8)byFind(g, p, &cells);
    if (g->w->pCall->rc != SQLITE_OK) return;
    /* It was not there before this list */
    if (p->bFound && p->bUpsert && p->bMissed) {
      assocLinkTwice(g->w, p->pLink, p->row.aKey);
    }
  }
  p->bPassed = 1;
  if (!p->bFound) {
    p->eWhat = GRAPH_NEW;
    p->bMade = 1;
    byNested(g, p);
    setsRun(g);
    if (p->nWait == 0) rowMake(g, p);
    runRows(g, p->pNext, assocGraphEnd(p));
    return;
  }
  byAllow(g, p);
  tiesLate(g, p);
  p->eWhat = p->bUpsert ? GRAPH_OLD : GRAPH_FOUND;
  if (p->bUpsert) {
    byNested(g, p);
    rowUpdate(g, p);
  }
  rowDone(g, p);
  if (!p->bUpsert) return;
  setsRun(g);
  runRows(g, p->pNext, assocGraphEnd(p));
}

/* May the key of a tie be NULL for a while? */
static int tieCanWait(const GraphTie *p) {
  return p->pLink->nFree > 0;
}

/* Insert a row without the keys that it waits for, if those may be NULL. Its
** ties to rows that do not exist yet become late ties. True if the row was
** inserted. */
static int runWithout(Graph *g, GraphRow *pRow) {
  GraphTie **pp, *p;
  for (p = pRow->pHeld; p; p = p->pNextHeld) {
    if (!tieOther(p)->bDone && !tieCanWait(p)) return 0;
  }
  for (pp = &pRow->pHeld; (p = *pp) != 0;) {
    if (tieOther(p)->bDone) {
      pp = &p->pNextHeld;
      continue;
    }
    p->bHeld = 0;
    g->nLate++;
    p->nWait = !p->pSource->bDone + !p->pTarget->bDone;
    if (p->pSource == p->pTarget) p->nWait = 2; /* One row tells both ends */
    *pp = p->pNextHeld;
  }
  pRow->nWait = 0;
  rowMake(g, pRow);
  runReady(g);
  return 1;
}

/* The error for rows that wait for each other where no key may be NULL. */
static void runStuck(Graph *g, const GraphRow *pRow) {
  const GraphTie *p = pRow->pHeld;
  while (tieOther(p)->bDone) p = p->pNextHeld; /* It waits for another */
  assert(p->bHeld && !pRow->bDone);
  assocFail(g->w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                        .rc = SQLITE_CONSTRAINT_NOTNULL,
                        .zModel = pRow->pModel->zLabel,
                        .zName = p->pLink->pRel->foreign.azCol[0]},
            "the rows of %s and %s need each other, so neither can be inserted "
            "first, and %s must not be "
            "NULL",
            pRow->pModel->zLabel, tieOther(p)->pModel->zLabel,
            p->pLink->pRel->foreign.azCol[0]);
}

/* Insert the rows that wait for each other, until none is left or stuck. */
static void runCircles(Graph *g) {
  GraphRow *p, *pStuck;
  int bMoved;
  do {
    bMoved = 0;
    pStuck = 0;
    for (p = g->pFirst; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
      /* Insert a row without a foreign key that may be NULL, and set it later. */
      if (p->bDone || !assocGraphIsNew(p)) continue;
      if (runWithout(g, p)) {
        bMoved = 1;
      } else {
        pStuck = p;
      }
    }
  } while (bMoved && pStuck);
  if (pStuck) runStuck(g, pStuck);
}

/* --------------------------------------------------------------- contests */

/*
** A late tie updates an existing row. If the payload has this row twice,
** another tie may update the same columns, and the second would undo the first.
** This has to be an error. The links tell cheaply whether that can happen at
** all; only then the rows are compared.
*/

/* Do two links write the same column of the same table? */
static int linksShare(const WriteLink *pA, const WriteLink *pB) {
  const AssocKey *pKeyA = &pA->pRel->foreign, *pKeyB = &pB->pRel->foreign;
  int i, j;
  if (assocRelForeignTable(pA->pRel) != assocRelForeignTable(pB->pRel)) {
    return 0;
  }
  assert(pKeyA->nCol > 0 && pKeyB->nCol > 0);
  for (i = 0; i < pKeyA->nCol; i++) {
    for (j = 0; j < pKeyB->nCol; j++) {
      if (pKeyA->aCol[i] == pKeyB->aCol[j]) return 1;
    }
  }
  return 0;
}

/* Do two ties write different values into the same row? */
static int tiesMeet(const GraphTie *pA, const GraphTie *pB) {
  if (pA == pB || !linksShare(pA->pLink, pB->pLink)) return 0;
  if (pA->pLink == pB->pLink && pA->pSource == pB->pSource) return 0;
  return assocRowSame(&tieHolder(pA)->row, &tieHolder(pB)->row);
}

/* A row is not related as a tie says. If another tie undid it, the error names
** the column. If a trigger of the user did, that is fine. */
static void tieLost(Graph *g, GraphTie *p) {
  GraphRow *pRow;
  GraphTie *pOther;
  GraphCells cells = {0, 0, 0};
  for (pRow = g->pFirst; pRow; pRow = pRow->pNext) {
    for (pOther = pRow->pOfSource; pOther; pOther = pOther->pNextOfSource) {
      if (!tiesMeet(p, pOther)) continue;
      /* cellsOfTie() raises the error, if the two ties need different values. */
      cells.n = 0;
      cells.a =
          assocAlloc(g->w->pCall, &g->w->tmp,
                     (i64)sizeof(*cells.a) * (tieMost(p) + tieMost(pOther)));
      if (cells.a == 0) return;
      cellsOfTie(g, tieHolder(p), p, &cells);
      cellsOfTie(g, tieHolder(p), pOther, &cells);
    }
  }
}

/* Note that a tie of the row uses its link: LINK_*. */
static void linkUsed(const GraphTie *p, const GraphRow *pRow, int eUse) {
  WriteLink *pLink = p->pLink;
  if (pLink->pRel->eKind == ASSOC_BELONGSTOMANY) return;
  if (pLink->pUser && pLink->pUser != pRow) pLink->mUsed |= LINK_MANY;
  pLink->mUsed |= (u8)eUse;
  pLink->pUser = pRow;
}

/* The tie by which a row was related before the call, which writes nothing. False
** if there is none. */
static int rowTie(GraphRow *pRow, GraphTie *p) {
  memset(p, 0, sizeof(*p));
  p->pLink = pRow->pLink;
  p->pSource = pRow->pUp;
  p->pRow = p->pTarget = pRow;
  return pRow->bRelated;
}

/* Note for each link how the payload's ties use it. */
static void linksUsed(Graph *g) {
  GraphRow *pRow;
  const GraphTie *p;
  GraphTie was;
  WriteLink *pLink;
  for (pLink = g->w->pLink; pLink; pLink = pLink->pNext) {
    pLink->mUsed = 0;
    pLink->pUser = 0;
  }
  for (pRow = g->pFirst; pRow; pRow = pRow->pNext) {
    if (rowTie(pRow, &was)) linkUsed(&was, pRow->pUp, LINK_HELD);
    for (p = pRow->pOfSource; p; p = p->pNextOfSource) {
      linkUsed(p, pRow, p->bHeld ? LINK_HELD : LINK_LATE);
    }
  }
}

/* May ties of this link undo ties of another one? At least one must be late. */
static int linkContested(const Graph *g, const WriteLink *pLink) {
  const WriteLink *p;
  for (p = g->w->pLink; p; p = p->pNext) {
    if (p->mUsed == 0 || !linksShare(p, pLink)) continue;
    if (p == pLink && !(p->mUsed & LINK_MANY)) continue;
    if ((p->mUsed | pLink->mUsed) & LINK_LATE) return 1;
  }
  return 0;
}

/* Raise an error if another tie has undone this one. */
static void tieCheck(Graph *g, GraphTie *p) {
  int bFound;
  if (g->w->pCall->rc != SQLITE_OK) return;
  if (p->pLink->mUsed == 0 || !linkContested(g, p->pLink)) return;
  if (!assocLinkHas(g->w, p->pLink, &p->pSource->row, p->pTarget->row.aKey,
                    &bFound)) {
    tieLost(g, p);
  }
}

/* After all rows are written: raise an error if a tie was undone. */
static void runContests(Graph *g) {
  GraphRow *pRow;
  GraphTie *p, was;
  if (g->nLate == 0 || g->w->pCall->rc != SQLITE_OK) return;
  /* Held and late ties, or two rows, may have written one foreign key: look
  ** whether each tie is there. */
  linksUsed(g);
  for (pRow = g->pFirst; pRow; pRow = pRow->pNext) {
    if (rowTie(pRow, &was)) tieCheck(g, &was);
    for (p = pRow->pOfSource; p; p = p->pNextOfSource) tieCheck(g, p);
  }
}

/* Write all rows of the list. */
static void graphRun(Graph *g) {
  assocGraphLabels(g);
  graphTies(g, g->pFirst, 0);
  setsRun(g);
  runRows(g, g->pFirst, 0);
  if (g->bLeft) runCircles(g);
  runContests(g);
}

/* ------------------------------------------------------------------ result */

void assocGraphName(AssocOut *pOut, const AssocModel *pModel, int i) {
  const char *zName = pModel->pTable->aCol[pModel->aKey[i]].zName;
  assocOutText(pOut, i ? "," : "{", 1);
  assocJsonString(pOut, zName, (i64)strlen(zName));
  assocOutText(pOut, ":", 1);
}

void assocGraphKey(AssocOut *pOut, const AssocModel *pModel,
                   const WriteVal *aKey) {
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    assocGraphName(pOut, pModel, i);
    assocValWrite(pOut, &aKey[i]);
  }
}

/* Close the object of a row, and the list if the row is its last. Returns the
** row that it is nested in. */
static GraphRow *resultClose(AssocOut *pOut, GraphRow *p) {
  assocOutText(pOut, "}}", p->zBranch ? 2 : 1);
  if (p->bLast) assocOutText(pOut, "]", 1);
  return p->pUp;
}

/* Open a row: a comma if needed, "posts":[ before the first of a list, and the
** key without the closing brace. Returns the row that is open then. */
static GraphRow *resultOpen(AssocOut *pOut, GraphRow *p) {
  if (p->pUp) assocOutText(pOut, ",", 1);
  if (p->pUp && (!p->bList || p->bFirst || p->eWhat == GRAPH_NONE)) {
    assocJsonString(pOut, p->pBy->zKey, (i64)strlen(p->pBy->zKey));
    assocOutText(pOut, ":[", p->bFirst ? 2 : 1);
  }
  assert(p->pUp == 0 || p->pBy);
  if (p->eWhat == GRAPH_NONE) {
    assocOutText(pOut, p->bList ? "[]" : "null", p->bList ? 2 : 4);
    return p->pUp;
  }
  if (p->zBranch) {
    assocOutText(pOut, "{", 1);
    assocJsonString(pOut, p->zBranch, (i64)strlen(p->zBranch));
    assocOutText(pOut, ":", 1);
  }
  assocGraphKey(pOut, p->pModel, p->pSame ? p->pSame->row.aKey : p->row.aKey);
  if (p->bMade) assocOutText(pOut, ",\"#made\":true", 13);
  return p;
}

/* Write the keys of all rows in the payload's shape. */
static void graphResult(Graph *g, AssocOut *pOut) {
  GraphRow *p, *pOpen = 0;
  if (g->w->pCall->rc != SQLITE_OK) return;
  for (p = g->pFirst; p; p = p->pNext) {
    while (pOpen && pOpen != p->pUp) pOpen = resultClose(pOut, pOpen);
    if (p->pUp == 0 && p != g->pFirst) assocOutText(pOut, ",", 1);
    pOpen = resultOpen(pOut, p);
  }
  while (pOpen) pOpen = resultClose(pOut, pOpen);
  assocErrorCode(g->w->pCall, pOut->rc);
}

/* --------------------------------------------------------------- interface */

void assocKeptAdd(AssocWriter *w, WriteKept *p, const WriteRow *pRow) {
  int i, n = pRow->pModel->nKey;
  sqlite3_stmt *pStmt;
  assert(p->n == 0 || p->nCol == n);
  p->nCol = n;
  if (p->n == p->nAlloc) {
    i64 nNew = p->nAlloc * 2 + 1;
    sqlite3_value **ap =
        sqlite3_realloc64(p->ap, sizeof(*ap) * (u64)(nNew * n));
    if (ap == 0) {
      assocErrorCode(w->pCall, SQLITE_NOMEM);
      return;
    }
    memset(&ap[p->nAlloc * n], 0,
           sizeof(*ap) * (size_t)((nNew - p->nAlloc) * n));
    p->ap = ap;
    p->nAlloc = nNew;
  }
  pStmt = assocPrepare(w->pCall, "SELECT ?1");
  for (i = 0; i < n && w->pCall->rc == SQLITE_OK; i++) {
    assocWriteBind(w, pStmt, 1, 0, &pRow->aKey[i]);
    if (!assocStep(w->pCall, pStmt)) continue;
    p->ap[p->n * n + i] = sqlite3_value_dup(sqlite3_column_value(pStmt, 0));
    if (p->ap[p->n * n + i] == 0) assocErrorCode(w->pCall, SQLITE_NOMEM);
    sqlite3_reset(pStmt);
  }
  assocFinalize(w->pCall, pStmt);
  p->n++;
}

void assocKeptClear(WriteKept *p) {
  i64 i;
  for (i = 0; i < p->n * p->nCol; i++) sqlite3_value_free(p->ap[i]);
  sqlite3_free(p->ap);
  memset(p, 0, sizeof(*p));
}

void assocGraphSeparate(AssocOut *pOut) {
  if (pOut->p - pOut->pStart > 1) assocOutText(pOut, ",", 1);
}

void assocGraphTell(AssocWriter *w, const WriteRow *pRow, WriteHow *pHow) {
  const WriteVal *pVal = pRow->aKey;
  if (w->pCall->rc != SQLITE_OK) return;
  assert(pVal);
  if (pHow->pKept) assocKeptAdd(w, pHow->pKept, pRow);
  pHow->bRowid = pRow->pModel->nKey == 1;
  if (pVal->pJson) {
    pHow->bRowid &= pVal->pJson->eType == ASSOC_J_INT;
    pHow->iRowid = pVal->pJson->i;
  } else if (pVal->pVal) {
    pHow->bRowid &= sqlite3_value_type(pVal->pVal) == SQLITE_INTEGER;
    pHow->iRowid = sqlite3_value_int64(pVal->pVal);
  } else {
    pHow->iRowid = pVal->i;
  }
}

/* The same of all outermost rows of a graph. */
static void rootsTell(AssocWriter *w, const Graph *g, WriteHow *pHow) {
  const GraphRow *p;
  for (p = g->pFirst; p && w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->pUp == 0) assocGraphTell(w, &p->row, pHow);
  }
}

/* Write the rows of a graph, add their keys to the result, and empty the
** graph. */
static void insertSome(AssocWriter *w, Graph *g, AssocOut *pOut,
                       WriteHow *pHow) {
  if (g->pFirst == 0 || w->pCall->rc != SQLITE_OK) return;
  graphRun(g);
  assocGraphSeparate(pOut);
  graphResult(g, pOut);
  rootsTell(w, g, pHow);
  assocGraphInit(w, g);
  assocWriterReset(w);
}

/*
** The rows of an array are inserted one after another, and memory is reused.
** Only if the text has a "#ref" are all rows read before the first is written,
** because a row may refer to a later one.
*/
char *assocGraphInsert(AssocWriter *w, AssocModel *pModel, const char *zJson,
                       i64 nJson, WriteHow *pHow, i64 *pn) {
  AssocCall *pCall = w->pCall;
  AssocJsonReader r;
  AssocOut out;
  AssocJson *pJson;
  PlainRows plain;
  Graph g;
  char *z;
  int bAll = strstr(zJson, "\"#ref\"") != 0;
  assocGraphInit(w, &g);
  assocModelNeedKey(pCall, pModel);
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  assocJsonStart(pCall, &r, zJson, nJson, "the values");
  assocPlainInit(&plain, bAll ? 0 : assocWriteForm(w, pModel, 0), pHow->pOnly);
  pHow->bList = r.bArray;
  if (r.bArray) w->xAlone = 0; /* Each row is the last of its own graph */
  if (r.bArray) assocOutText(&out, "[", 1);
  while ((pJson = assocJsonNext(&r, &w->json)) != 0) {
    if (!assocPlainInsert(w, &plain, pModel, pJson, &out, pHow)) {
      assocGraphUnfold(&g, assocGraphRoot(&g, pModel, pJson, 0, pHow->pOnly));
      if (bAll) continue;
      insertSome(w, &g, &out, pHow);
    }
    assocArenaReset(&w->json, 200000);
  }
  insertSome(w, &g, &out, pHow);
  if (r.bArray) assocOutText(&out, "]", 1);
  assocJsonEnd(&r);
  z = assocBufText(pCall, &out, pn);
  return z;
}

/* The graph's root is the existing row; what is nested in it is planned as for
** an insert. */
void assocGraphUpdate(AssocWriter *w, const WriteRow *pRow, int bGiven,
                      const AssocJson *pJson, const WriteOnly *pOnly) {
  AssocModel *pModel = pRow->pModel;
  GraphRow *p;
  Graph g;
  assocGraphInit(w, &g);
  p = assocGraphRoot(&g, pModel, pJson, pRow, pOnly);
  assocGraphUnfold(&g, p);
  if (w->pCall->rc != SQLITE_OK) return;
  /* Of a row alone its present values are read, which tells that it exists. */
  p->bGiven = bGiven && rowIsAlone(&g, p) && assocRowReads(w, pModel);
  if (bGiven && !p->bGiven) assocRowNeed(w, pModel, pRow->aKey, &p->row);
  if (w->pCall->rc == SQLITE_OK) graphRun(&g);
}

/* The member by which the new row of assoc_create() is nested in its source. */
static WriteMember *memberOf(AssocWriter *w, AssocRel *pRel) {
  WriteMember *p = assocAlloc(w->pCall, &w->one, sizeof(*p));
  if (p == 0) return 0;
  p->zKey = pRel->zName;
  p->eType = WRITE_ASSOC;
  p->pRel = pRel;
  return p;
}

/* The source is the root of the graph, the new row hangs on it through one
** link. nCell: columns that a caller sets beside the JSON, as the virtual table
** does. */
void assocGraphCreate(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                      const AssocJson *pJson, int nCell, const WriteCell *aCell,
                      int nThrough, const WriteCell *aThrough,
                      const WriteOnly *pOnly, WriteRow *pNew) {
  AssocRel *pRel = pLink->pRel;
  WriteMember *pBy;
  GraphRow *pRoot, *p = 0;
  Graph g;
  if (pRel->eKind == ASSOC_HASMANY && pJson &&
      assocPlainCreate(w, pLink, pSource, pJson, pOnly, pNew)) {
    return;
  }
  pBy = memberOf(w, pRel);
  assocGraphInit(w, &g);
  pRoot = assocGraphRoot(&g, pSource->pModel, 0, pSource, 0);
  if (pRoot) p = assocGraphRow(&g, pLink->pTarget, pRel, pJson, &pRoot->pNext);
  if (p == 0) return;
  assert(p->pNext ==
         0); /* The root and the new row are all that there is yet */
  p->pLink = pLink;
  p->pUp = pRoot;
  p->pBy = pBy;
  p->nCell = nCell;
  p->aCell = aCell;
  p->nThrough = nThrough;
  p->aThrough = aThrough;
  p->pOnly = pOnly;
  if (pJson) assocGraphNew(&g, p);
  if (p->eWhat == GRAPH_REF) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, 0, "#ref",
                 "\"#ref\" cannot be the row that is created");
  }
  if (p->pUnique) p->eWhat = GRAPH_BY;
  if (p->pLabel) g.nLabel++;
  assocGraphUnfold(&g, p);
  if (w->pCall->rc == SQLITE_OK) graphRun(&g);
  *pNew = p->row;
}
