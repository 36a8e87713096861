/*
** The quick way for rows that have nothing but columns, and perhaps "#upsert".
**
**   {"name":"Ann", "n":1}
**   {"#upsert":"name", "name":"Ann", "n":2}
**
** They need no graph. A row that "#upsert" names is found, and its other columns
** are read, by one statement:
**
**   SELECT "id", 0, "n" FROM "main"."User" t1 WHERE "name"=?1 COLLATE "BINARY"
**
** What is unusual goes the general way, and all errors about the payload come
** from there.
*/
#include "write/graph.h"

/* Values of PlainRows.eUpsert. */
#define PLAIN_ASK 0
#define PLAIN_YES 1
#define PLAIN_NO 2

void assocPlainInit(PlainRows *p, WriteForm *pForm, const WriteOnly *pOnly) {
  memset(p, 0, sizeof(*p));
  p->pForm = pForm;
  p->pOnly = pOnly;
  p->iBy = -1;
}

/* Make room for n members. */
static int plainRoom(AssocWriter *w, PlainRows *p, int n) {
  if (n <= p->nAlloc) return 1;
  p->bKnown = 0;
  p->nAlloc = 0;
  p->aCell = assocAlloc(w->pCall, &w->one, (i64)sizeof(*p->aCell) * 4 * n);
  p->azKey = assocAlloc(w->pCall, &w->one, (i64)sizeof(*p->azKey) * 2 * n);
  if (p->azKey == 0) return 0;
  p->aRest = &p->aCell[2 * n];
  p->nAlloc = 2 * n;
  return 1;
}

/* May rows of the model have "#upsert" here? Not if a policy, "values", "only" or
** a budget asks for more than the index finds. */
static int plainUpserts(AssocWriter *w, PlainRows *p) {
  if (p->eUpsert == PLAIN_ASK) {
    p->eUpsert = p->pOnly == 0 && w->pCall->pConn->pSession == 0 &&
                         assocRowReads(w, p->pForm->pModel)
                     ? PLAIN_YES
                     : PLAIN_NO;
  }
  return p->eUpsert == PLAIN_YES;
}

/* Take "#upsert", the member i of a row. The columns that it means are kept for
** rows with the same text. */
static int plainBy(AssocWriter *w, PlainRows *p, int i,
                   const WriteMember *pMember, const AssocJson *pJson) {
  GraphRow row = {.pModel = p->pForm->pModel};
  Graph g;
  if (!plainUpserts(w, p) || p->iBy >= 0) return 0;
  p->iBy = i;
  assocGraphInit(w, &g);
  assocGraphBy(&g, &row, pMember, pJson);
  p->nBy = row.nBy;
  p->aBy = assocArenaInts(w->pCall, &w->one, row.nBy, row.aBy);
  p->zBy = 0;
  if (w->pCall->rc == SQLITE_OK && pJson->eType == ASSOC_J_TEXT) {
    p->zBy = assocArenaText(w->pCall, &w->one, pJson->z, pJson->n);
  }
  return w->pCall->rc == SQLITE_OK;
}

/* Take a member that the last row had not at this place. False if the row needs
** the general way. */
static int plainMember(AssocWriter *w, PlainRows *p, int i, int n,
                       const AssocJson *pJson) {
  WriteMember *pMember = assocFormMember(w, p->pForm, i, pJson->zKey);
  if (pMember == 0) return 0;
  p->azKey[i] = pJson->zKey;
  if (pMember->eType == WRITE_UPSERT) {
    return plainBy(w, p, i, pMember, pJson);
  }
  if (pMember->eType != WRITE_COLUMN) return 0;
  if (p->pOnly && !assocOnlyColumn(p->pOnly, pMember->iCol)) return 0;
  p->aCell[n].iCol = pMember->iCol;
  return 1;
}

/* Has the row the members of the last row, in the same order? */
static int plainSame(const PlainRows *p, const AssocJson *pJson) {
  const AssocJson *pSub;
  int i = 0;
  if (!p->bKnown || pJson->nChild != p->nMember) return 0;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext, i++) {
    if (p->azKey[i] != pSub->zKey) return 0;
    if (i == p->iBy && (p->zBy == 0 || pSub->eType != ASSOC_J_TEXT ||
                        strcmp(p->zBy, pSub->z) != 0)) {
      return 0;
    }
  }
  return 1;
}

/* Learn the columns of a row. False if it has more than columns, has one that
** "only" does not allow, or has one twice: the general way then writes it or
** reports it. */
static int plainLearn(AssocWriter *w, PlainRows *p, const AssocJson *pJson) {
  const AssocJson *pSub;
  int i = 0, j, n = 0;
  p->bKnown = 0;
  p->pSql = 0;
  p->nFind = 0;
  p->iBy = -1;
  if (!plainRoom(w, p, pJson->nChild)) return 0;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext, i++) {
    if (!plainMember(w, p, i, n, pSub)) return 0;
    if (i == p->iBy) continue;
    for (j = 0; j < n; j++) {
      if (p->aCell[j].iCol == p->aCell[n].iCol) return 0;
    }
    n++;
  }
  p->nMember = i;
  p->n = n;
  p->bKnown = 1;
  return 1;
}

/* Take the cells of a row. False if the row needs the general way. */
static int plainCells(AssocWriter *w, PlainRows *p, const AssocJson *pJson) {
  const AssocJson *pSub;
  int i = 0, n = 0;
  if (!plainSame(p, pJson) && !plainLearn(w, p, pJson)) return 0;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    if (i++ == p->iBy) continue;
    p->aCell[n].val.pJson = assocBlobColumn(w->pCall, &w->tmp, p->pForm->pModel,
                                            p->aCell[n].iCol, pSub);
    n++;
  }
  return w->pCall->rc == SQLITE_OK;
}

/* ---------------------------------------------------------------- finding */

/* Set p->aRest to the cells of other columns than those by which the row is found,
** *pn of them. False if one is of the row's key. */
static int plainRest(PlainRows *p, int *pn) {
  int i, j, n = 0;
  for (i = 0; i < p->n; i++) {
    for (j = 0; j < p->nBy && p->aBy[j] != p->aCell[i].iCol; j++) {
    }
    if (j < p->nBy) continue;
    if (assocKeyPlace(p->pForm->pModel, p->aCell[i].iCol) >= 0) return 0;
    p->aRest[n++] = p->aCell[i];
  }
  *pn = n;
  return 1;
}

/* Has the row a value for each column by which it is to be found? */
static int plainHasBy(const PlainRows *p) {
  int i, j;
  for (i = 0; i < p->nBy; i++) {
    for (j = 0; j < p->n && p->aCell[j].iCol != p->aBy[i]; j++) {
    }
    if (j == p->n || assocValIsNull(&p->aCell[j].val)) return 0;
  }
  return 1;
}

/* Choose the indexes that find the row. False if one is partial, or after an
** error. */
static int plainChoose(AssocWriter *w, PlainRows *p, int nRest) {
  int *aCol = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(int) * (nRest + 1));
  int i, n = 0;
  WriteUnique **ap =
      assocUniquesBy(w, p->pForm->pModel, p->nBy, p->aBy, 0, 0, &n);
  p->apFind = assocAlloc(w->pCall, &w->one, (i64)sizeof(*ap) * (n + 1));
  if (p->apFind == 0) return 0; /* Also if there is no index, or no aCol */
  for (i = 0; i < nRest; i++) aCol[i] = p->aRest[i].iCol;
  for (i = 0; i < n; i++) {
    if (ap[i]->pIdx && ap[i]->pIdx->bPartial) return 0;
    p->apFind[i] = assocUniqueReading(w, ap[i], nRest, aCol);
    if (p->apFind[i] == 0) return 0;
  }
  p->nFind = n;
  return 1;
}

#define FIND_GENERAL 0 /* The row needs the general way, or an error */
#define FIND_NONE 1    /* There is no such row */
#define FIND_ROW 2     /* The row is there */

/* Find the row that "#upsert" means: FIND_*. Of its cells, *pnRest of p->aRest are
** to be changed. */
static int plainFind(AssocWriter *w, PlainRows *p, WriteRow *pRow,
                     int *pnRest) {
  int i, bDead = 0;
  if (!plainHasBy(p) || !plainRest(p, pnRest)) return FIND_GENERAL;
  if (p->nFind == 0 && !plainChoose(w, p, *pnRest)) return FIND_GENERAL;
  for (i = 0; i < p->nFind; i++) {
    if (assocUniqueFind(w, p->apFind[i], p->n, p->aCell, pRow, &bDead, p->aRest,
                        pnRest)) {
      return bDead || !assocGraphHasKey(pRow) ? FIND_GENERAL : FIND_ROW;
    }
  }
  return w->pCall->rc == SQLITE_OK ? FIND_NONE : FIND_GENERAL;
}

/* ----------------------------------------------------------------- writing */

/* {"id":1 or {"a":1,"b":2. The name of a key of one column is escaped only
** once. */
static void plainKey(AssocWriter *w, PlainRows *p, const AssocModel *pModel,
                     const WriteVal *aKey, AssocOut *pOut) {
  i64 iStart = pOut->p - pOut->pStart;
  assert(aKey);
  if (pModel->nKey > 1) {
    assocGraphKey(pOut, pModel, aKey);
    return;
  }
  if (p->zKey) {
    assocOutText(pOut, p->zKey, p->nKey);
  } else {
    assocGraphName(pOut, pModel, 0);
    p->nKey = (int)(pOut->p - pOut->pStart - iStart);
    if (pOut->rc == SQLITE_OK) {
      p->zKey =
          assocArenaText(w->pCall, &w->one, pOut->pStart + iStart, p->nKey);
    }
  }
  assocValWrite(pOut, aKey);
}

/* Insert the row of the cells. */
static void plainNew(AssocWriter *w, PlainRows *p, WriteRow *pRow) {
  AssocModel *pModel = p->pForm->pModel;
  int n = p->n;
  const WriteCell *aCell = assocRowFill(w, pModel, &n, p->aCell);
  if (p->pSql == 0) p->pSql = assocRowInsertSql(w, pModel, n, aCell, 1);
  assocAllowCells(w, pModel->pTable, p->n, p->aCell);
  assocWriterLast(w, 0);
  if (w->pCall->rc == SQLITE_OK) {
    assocRowInsertBy(w, p->pSql, pModel, aCell, pRow);
  }
}

int assocPlainInsert(AssocWriter *w, PlainRows *p, AssocModel *pModel,
                     const AssocJson *pJson, AssocOut *pOut, WriteHow *pHow) {
  WriteRow row = {0, 0};
  int nRest = 0, eFound = FIND_NONE;
  if (pJson->eType != ASSOC_J_OBJECT || p->pForm == 0) return 0;
  if (!plainCells(w, p, pJson)) return w->pCall->rc != SQLITE_OK;
  if (p->iBy >= 0) eFound = plainFind(w, p, &row, &nRest);
  if (eFound == FIND_GENERAL) return w->pCall->rc != SQLITE_OK;
  /* A row of columns alone needs no graph: this path makes bulk inserts fast. */
  if (eFound == FIND_NONE) {
    plainNew(w, p, &row);
  } else {
    assocWriterLast(w, &row);
    assocRowUpdate(w, &row, nRest, p->aRest);
  }
  if (w->pCall->rc == SQLITE_OK) {
    assocGraphSeparate(pOut);
    plainKey(w, p, pModel, row.aKey, pOut);
    if (p->iBy >= 0 && eFound == FIND_NONE) {
      assocOutText(pOut, ",\"#made\":true", 13);
    }
    assocOutText(pOut, "}", 1);
    assocGraphTell(w, &row, pHow);
  }
  assocWriterReset(w);
  return 1;
}

int assocPlainCreate(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const AssocJson *pJson, const WriteOnly *pOnly,
                     WriteRow *pNew) {
  AssocModel *pModel = pLink->pTarget;
  PlainRows plain;
  WriteCell *a, *aLink;
  int i, n = 0, nLink = 0;
  assocPlainInit(&plain, assocWriteForm(w, pModel, pLink->pRel), pOnly);
  plain.eUpsert = PLAIN_NO;
  if (plain.pForm == 0) return 1;
  if (!plainCells(w, &plain, pJson)) return w->pCall->rc != SQLITE_OK;
  assocLinkNeedScope(w, pLink);
  aLink = assocLinkCells(w, pLink, pSource, &nLink);
  a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (nLink + plain.n + 1));
  if (a == 0) return 1; /* Also if there are no cells of the link */
  memcpy(a, aLink, sizeof(*a) * (size_t)nLink);
  n = nLink;
  for (i = 0; i < plain.n; i++) { /* Columns of the link win */
    if (!assocCellAmong(nLink, aLink, plain.aCell[i].iCol)) {
      a[n++] = plain.aCell[i];
    }
  }
  assocAllowCells(w, pModel->pTable, n - nLink, &a[nLink]);
  assocWriterLast(w, 0);
  assocRowInsert(w, pModel, n, a, pNew);
  return 1;
}

/* Only columns that a row before had: so nothing is wrong with them. */
int assocPlainNew(AssocWriter *w, WriteLink *pLink, const WriteVal *aKey,
                  const AssocJson *pJson, WriteRow *pNew) {
  const AssocJson *pSub;
  PlainRows plain;
  int i = 0;
  assocPlainInit(&plain, assocWriteForm(w, pLink->pTarget, pLink->pRel), 0);
  if (plain.pForm == 0) return 0;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    const WriteMember *p = assocFormKnown(plain.pForm, i++, pSub->zKey);
    if (p == 0 || p->eType != WRITE_COLUMN) return 0;
    if (pSub->eType >= ASSOC_J_ARRAY) return 0; /* Not for each column */
  }
  return plainCells(w, &plain, pJson) &&
         assocLinkNewRow(w, pLink, aKey, plain.n, plain.aCell, pNew);
}
