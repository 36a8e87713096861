/*
** The table related, and tables made with it, can be written.
**
**   INSERT INTO related(model, json)
**     VALUES('User', '{"name":"Zoe","posts":[{"title":"x"}]}'); -- a new root
**   INSERT INTO related(model, key, association, id)
**     VALUES('User', 1, 'posts', 7);                         -- links
**   INSERT INTO related(model, key, association, json)
**     VALUES('User', 1, 'posts', '{"title":"World"}');       -- creates
**   DELETE FROM related WHERE model='User' AND key=1
**      AND association='posts' AND id=7;                     -- unlinks
**   UPDATE related SET json='{"title":"Hi"}' WHERE model='User' AND key=1
**      AND association='posts';                              -- changes rows
**   UPDATE related SET through='{"priority":1}' WHERE ...    -- join rows
**
**   CREATE VIRTUAL TABLE temp.user_posts USING related(User, posts);
**   INSERT INTO user_posts(assoc_key, title) VALUES(1, 'World');
**   UPDATE user_posts SET title='Hi' WHERE assoc_key=1;
**   DELETE FROM user_posts WHERE assoc_key=1 AND id=7;
**
** What a row is, is in its hidden column assoc_row: the model, the
** association, and the values of both keys. SQLite hands it to xUpdate.
**
** INSERT INTO related does what assoc_insert(), assoc_create() and assoc_add()
** do, and calls them. A table made with it has the target's columns, for which
** there is no function.
*/
#include "surface/surface.h"

/* One row of a statement. */
typedef struct DmlRow DmlRow;
struct DmlRow {
  const AssocDml *pDml; /* The row's values, and its columns */
  AssocCall *pCall;     /* Receives the first error */
  AssocResult *pResult; /* What assoc_result() will give */
  AssocWriter *pWriter; /* Given back by dmlEnd() */
  AssocCatalog *pCat;   /* A reference */
  AssocModel *pModel;   /* The source, and which of its rows */
  AssocRel *pRel;       /* The association, or 0 */
  WriteRow source;      /* The row of that model, by its key */
  WriteVal *aTarget;    /* UPDATE, DELETE: the key of the target */
};

/* Enter the catalog and take a writer. dmlEnd() gives both back. False after an
** error. */
static int dmlBegin(DmlRow *p) {
  p->pCat = assocCatalogEnter(p->pCall);
  if (p->pCat == 0) return 0;
  p->pWriter = assocWriterTake(p->pCall, p->pCat);
  if (p->pWriter == 0) assocCatalogLeave(p->pCall, p->pCat);
  return p->pWriter != 0;
}

/* Give back what dmlStart() took. */
static void dmlEnd(DmlRow *p) {
  assocWriterRest(p->pWriter);
  assocCatalogLeave(p->pCall, p->pCat);
}

/* --------------------------------------------------------------- identity */

/* A tag, a length for texts and BLOBs, and the bytes. The identity is used
** within one statement only, so its byte order does not matter. */
static void identityBytes(AssocOut *pOut, char cTag, const void *p, int n) {
  assert(n >= 0);
  assocOutText(pOut, &cTag, 1);
  if (cTag == 't' || cTag == 'b') {
    assocOutText(pOut, (const char *)&n, sizeof(n));
  }
  if (n) assocOutText(pOut, p, n);
}

/* Append a value: a type letter, the length of a text or BLOB, the bytes. */
static void identityValue(AssocCall *pCall, AssocOut *pOut,
                          sqlite3_value *pVal) {
  const void *z;
  double r;
  i64 i;
  /* Each value has a letter for its type and its length in front, so that no two
  ** rows have the same bytes. */
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_INTEGER:
    i = sqlite3_value_int64(pVal);
    identityBytes(pOut, 'i', &i, sizeof(i));
    break;
  case SQLITE_FLOAT:
    r = sqlite3_value_double(pVal);
    identityBytes(pOut, 'r', &r, sizeof(r));
    break;
  case SQLITE_TEXT:
    z = sqlite3_value_text(pVal);
    if (z == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    if (z) identityBytes(pOut, 't', z, sqlite3_value_bytes(pVal));
    break;
  case SQLITE_BLOB:
    z = sqlite3_value_blob(pVal);
    identityBytes(pOut, 'b', z, sqlite3_value_bytes(pVal));
    break;
  default: identityBytes(pOut, 'n', 0, 0);
  }
}

/* The hidden key of the table: model, association, and the values of both keys.
** SQLite gives it back to xUpdate, which needs nothing else to find the row.
** Its bytes are compared, so equal rows must give equal bytes. */
void assocDmlIdentity(AssocCall *pCall, sqlite3_context *pCtx,
                      const AssocRel *pRel, const AssocKeys *pSource,
                      sqlite3_value **apTarget) {
  const char *zModel = pRel->pSource->zLabel;
  AssocOut out;
  i64 n = 0;
  char *z;
  int i;
  assocBufInit(&out, 0x3fffffff);
  identityBytes(&out, 't', zModel, (int)strlen(zModel));
  identityBytes(&out, 't', pRel->zName, (int)strlen(pRel->zName));
  for (i = 0; i < pSource->nCol; i++) {
    identityValue(pCall, &out, pSource->apVal[i]);
  }
  for (i = 0; i < pRel->pTarget->nKey; i++) {
    identityValue(pCall, &out, apTarget[i]);
  }
  assert(pSource->nCol > 0);
  z = assocBufText(pCall, &out, &n);
  if (z) sqlite3_result_blob64(pCtx, z, (u64)n, sqlite3_free);
}

/* Copy the next value of an identity. SQLite gives back the bytes that
** assocDmlIdentity() made; a wrong tag or length ends them nevertheless. 0
** after an error. */
static sqlite3_value *identityNext(DmlRow *p, sqlite3_stmt *pStmt,
                                   const char **pz, const char *zEnd) {
  const char *z = *pz;
  sqlite3_value *pVal = 0;
  double r = 0;
  i64 i = 0;
  int n = 0, rc = SQLITE_OK;
  char cTag = z < zEnd ? *z++ : 0;
  assert(z <= zEnd);
  if (p->pCall->rc != SQLITE_OK) return 0;
  if (cTag == 'i' || cTag == 'r') n = 8;
  if ((cTag == 't' || cTag == 'b') &&
      ASSOC_ALWAYS(zEnd - z >= (int)sizeof(n))) {
    memcpy(&n, z, sizeof(n));
    z += sizeof(n);
  }
  if (ASSOC_NEVER(cTag == 0 || n < 0 || n > zEnd - z)) {
    assocErrorCode(p->pCall, SQLITE_CORRUPT_VTAB);
    return 0;
  }
  if (cTag == 'i') memcpy(&i, z, sizeof(i));
  if (cTag == 'r') memcpy(&r, z, sizeof(r));
  if (cTag == 'i') rc = sqlite3_bind_int64(pStmt, 1, i);
  if (cTag == 'r') rc = sqlite3_bind_double(pStmt, 1, r);
  if (cTag == 't') rc = sqlite3_bind_text(pStmt, 1, z, n, SQLITE_TRANSIENT);
  if (cTag == 'b') rc = sqlite3_bind_blob(pStmt, 1, z, n, SQLITE_TRANSIENT);
  if (cTag == 'n') rc = sqlite3_bind_null(pStmt, 1);
  *pz = z + n;
  assocErrorCode(p->pCall, rc);
  if (assocStep(p->pCall, pStmt)) {
    pVal = assocWriterKeep(p->pWriter, sqlite3_column_value(pStmt, 0));
  }
  sqlite3_reset(pStmt);
  return pVal;
}

/* Read the values of one key. 0 after an error. */
static WriteVal *identityKey(DmlRow *p, sqlite3_stmt *pStmt, int nKey,
                             const char **pz, const char *zEnd) {
  WriteVal *aKey =
      assocAlloc(p->pCall, &p->pWriter->one, (i64)sizeof(*aKey) * (nKey + 1));
  int i;
  assert(nKey > 0);
  for (i = 0; aKey && i < nKey; i++) {
    aKey[i].pVal = identityNext(p, pStmt, pz, zEnd);
  }
  return p->pCall->rc == SQLITE_OK ? aKey : 0;
}

/* Find the source, the association and the target's key by assoc_row. The rows
** may be gone by now; then it is an error, as for every key without a row. The
** statement has just read them, so what it wrote since then counts as well. */
static void dmlIdentify(DmlRow *p, sqlite3_value *pIdentity) {
  AssocCall *pCall = p->pCall;
  const char *z = sqlite3_value_blob(pIdentity);
  const char *zEnd = z ? z + sqlite3_value_bytes(pIdentity) : 0;
  sqlite3_stmt *pStmt = assocPrepare(pCall, "SELECT ?1");
  sqlite3_value *pModel = identityNext(p, pStmt, &z, zEnd);
  sqlite3_value *pItem = identityNext(p, pStmt, &z, zEnd);
  const char *zModel = pItem ? assocArgText(pCall, pModel, "the model") : 0;
  const char *zItem = 0;
  WriteVal *aKey = 0;
  p->pWriter->nBegin = -1;
  if (zModel) zItem = assocArgText(pCall, pItem, "the association");
  if (zItem) p->pModel = assocModelFind(pCall, p->pCat, zModel);
  if (p->pModel) p->pRel = assocRelFind(pCall, p->pModel, zItem);
  if (p->pRel && p->pRel->nBranch) {
    assocErrorOf(
        pCall, ASSOC_E_UNSUPPORTED, p->pModel->zLabel, p->pRel->zName,
        "rows of %s.%s are of several kinds; change the key in %s itself",
        p->pModel->zLabel, p->pRel->zName, p->pModel->zLabel);
  }
  if (p->pRel && pCall->rc == SQLITE_OK) {
    (void)assocLinkOf(p->pWriter, p->pRel, 0); /* Can it be? */
    aKey = identityKey(p, pStmt, p->pModel->nKey, &z, zEnd);
    p->aTarget = identityKey(p, pStmt, p->pRel->pTarget->nKey, &z, zEnd);
  }
  assocFinalize(pCall, pStmt);
  if (aKey && p->aTarget) {
    assocRowNeed(p->pWriter, p->pModel, aKey, &p->source);
  }
}

/* ----------------------------------------------------------------- values */

/* The new value of a column. 0 if an UPDATE does not set it. */
static sqlite3_value *dmlNew(const DmlRow *p, int iCol) {
  sqlite3_value *pVal = p->pDml->apVal[2 + iCol];
  assert(iCol >= 0 && 2 + iCol < p->pDml->nVal);
  return sqlite3_value_nochange(pVal) ? 0 : pVal;
}

/* The new value of a column. 0 if it is NULL, or not set by an UPDATE. */
static sqlite3_value *dmlGiven(const DmlRow *p, int iCol) {
  sqlite3_value *pVal = iCol < 0 ? 0 : dmlNew(p, iCol);
  return pVal && sqlite3_value_type(pVal) != SQLITE_NULL ? pVal : 0;
}

/* The columns of the join row that the column "through" gives; 0 if it is not
** set. */
static const WriteCell *dmlThrough(DmlRow *p, int *pn) {
  return assocThroughOfValue(p->pWriter, p->pRel,
                             dmlGiven(p, p->pDml->iThrough), pn);
}

/* Tables made with related have the target's columns. For an INSERT, the cells
** are those with a value, so defaults apply to the others; for an UPDATE, those
** that are set. */
static WriteCell *dmlCells(DmlRow *p, int bUpdate, int *pn) {
  const AssocTable *pTab = p->pRel->pTarget->pTable;
  WriteCell *a = assocAlloc(p->pCall, &p->pWriter->one,
                            (i64)sizeof(*a) * (pTab->nCol + 1));
  int i, iCol = 0;
  assert(p->pDml->zModel);
  *pn = 0;
  for (i = 0; a && i < pTab->nCol; i++) {
    sqlite3_value *pVal;
    if (pTab->aCol[i].bHidden) continue;
    pVal = bUpdate ? dmlNew(p, iCol) : dmlGiven(p, iCol);
    iCol++;
    if (pVal == 0) continue;
    if (pTab->aCol[i].bGenerated) {
      assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, p->pRel->pTarget->zLabel,
                   pTab->aCol[i].zName,
                   "%s.%s is generated, and cannot be written",
                   p->pRel->pTarget->zLabel, pTab->aCol[i].zName);
    }
    a[*pn].iCol = i;
    a[(*pn)++].val.pVal = pVal;
  }
  return p->pCall->rc == SQLITE_OK ? a : 0;
}

/* ------------------------------------------------------------------ insert */

/* Find the source row and the association of a table that was made with
** related. */
static void madeSource(DmlRow *p) {
  const AssocDml *pDml = p->pDml;
  AssocCall *pCall = p->pCall;
  WriteVal *aKey = 0;
  assert(pDml->zModel && pDml->zItem);
  p->pModel = assocModelFind(pCall, p->pCat, pDml->zModel);
  if (p->pModel) p->pRel = assocRelFind(pCall, p->pModel, pDml->zItem);
  if (p->pRel) (void)assocLinkOf(p->pWriter, p->pRel, 0); /* Can it be? */
  if (pCall->rc == SQLITE_OK) {
    aKey = assocKeyOfValue(p->pWriter, p->pModel, dmlNew(p, pDml->iKey));
  }
  if (aKey) assocRowNeed(p->pWriter, p->pModel, aKey, &p->source);
}

/* Insert a row with the given columns. */
static void madeInsert(DmlRow *p) {
  AssocWriter *w = p->pWriter;
  const WriteCell *aCell;
  WriteRow row = {0, 0};
  WriteLink *pLink;
  int nCell = 0;
  madeSource(p);
  if (p->pCall->rc != SQLITE_OK) return;
  aCell = dmlCells(p, 0, &nCell);
  pLink = aCell ? assocLinkOf(w, p->pRel, 0) : 0;
  if (pLink == 0) return;
  assert(aCell && p->pRel->nPath == 0);
  /* The row's columns are cells; there is no JSON payload. */
  assocGraphCreate(w, pLink, &p->source, 0, nCell, aCell, 0, 0, 0, &row);
  if (p->pCall->rc == SQLITE_OK) assocGiveKey(p->pCall, p->pResult, &row);
}

/* INSERT INTO related: call the function that does the same, by the columns
** that have a value. Only model and json: assoc_insert(); with id: assoc_add();
** with json: assoc_create(). */
static void dmlCall(DmlRow *p) {
  const AssocDml *pDml = p->pDml;
  sqlite3_value *pId = dmlGiven(p, pDml->iId);
  sqlite3_value *pJson = dmlGiven(p, pDml->iJson);
  sqlite3_value *pThrough = dmlGiven(p, pDml->iThrough);
  sqlite3_value *pOptions = dmlGiven(p, pDml->iOption);
  int bRoot = !dmlGiven(p, pDml->iKey) && !dmlGiven(p, pDml->iItem) && pId == 0;
  sqlite3_value *ap[6] = {dmlNew(p, pDml->iModel),   dmlNew(p, pDml->iKey),
                          dmlNew(p, pDml->iItem),    pId ? pId : pJson,
                          dmlNew(p, pDml->iThrough), dmlNew(p, pDml->iOption)};
  /* The six arguments are those of assoc_add() and assoc_create(); a root has
  ** two or three of them. */
  if ((pId != 0) == (pJson != 0)) {
    assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "INSERT INTO related needs either id, to link a row "
                 "that is there, or json, to create one");
  } else if (bRoot && pThrough) {
    assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, 0, "through",
                 "through sets columns of a join row, and a row without key "
                 "and association has none");
  } else if (bRoot) {
    ap[1] = pJson;
    ap[2] = ap[5];
    assocCallByName(p->pCall, p->pResult, "assoc_insert", pOptions ? 3 : 2, ap);
  } else {
    assocCallByName(p->pCall, p->pResult, pId ? "assoc_add" : "assoc_create",
                    pOptions   ? 6
                    : pThrough ? 5
                               : 4,
                    ap);
  }
}

/* Rows that are linked at once. */
#define MORE_ROWS 1000

/* May the value be a key, and nothing else? */
static int moreIsKey(AssocCall *pCall, sqlite3_value *pVal) {
  int eType = sqlite3_value_type(pVal);
  return eType == SQLITE_INTEGER ||
         (eType == SQLITE_TEXT && assocJsonText(pCall, pVal) == 0);
}

/* Does the row link a target, without options? */
static int moreLinks(AssocCall *pCall, const DmlRow *p) {
  const AssocDml *pDml = p->pDml;
  return dmlGiven(p, pDml->iId) && !dmlGiven(p, pDml->iJson) &&
         !dmlGiven(p, pDml->iThrough) && !dmlGiven(p, pDml->iOption) &&
         !dmlGiven(p, pDml->iRow) && moreIsKey(pCall, dmlNew(p, pDml->iKey)) &&
         moreIsKey(pCall, dmlNew(p, pDml->iId));
}

/* How many of the n rows behind the first, at most MORE_ROWS, link by the
** association of the first? source.c gives equal texts of both the same value.
*/
static int moreCount(AssocCall *pCall, const AssocDml *pDml, i64 n) {
  sqlite3_value *pModel = pDml->apVal[2 + pDml->iModel];
  sqlite3_value *pItem = pDml->apVal[2 + pDml->iItem];
  AssocDml dml = *pDml;
  DmlRow row = {.pDml = &dml};
  int i = 0;
  if (!moreLinks(pCall, &row)) return 0;
  for (; i < n && i < MORE_ROWS; i++) {
    dml.apVal += dml.nVal;
    if (dmlNew(&row, dml.iModel) != pModel) break;
    if (dmlNew(&row, dml.iItem) != pItem || !moreLinks(pCall, &row)) break;
  }
  return i;
}

/* Their keys: of the target, then of the source. 0 after an error. */
static const WriteVal **moreKeys(DmlRow *p, int n) {
  AssocWriter *w = p->pWriter;
  const AssocDml *pDml = p->pDml;
  WriteVal *aKey, *aId, *aPair;
  const WriteVal **aa;
  int i;
  aa = assocAlloc(p->pCall, &w->one, (i64)sizeof(*aa) * n);
  aPair = assocAlloc(p->pCall, &w->one, (i64)sizeof(*aPair) * 2 * n);
  if (aa == 0 || aPair == 0) return 0;
  for (i = 0; i < n; i++) {
    sqlite3_value **ap = &pDml->apVal[(i + 1) * pDml->nVal + 2];
    aId = assocKeyOfValue(w, p->pRel->pTarget, ap[pDml->iId]);
    aKey = assocKeyOfValue(w, p->pModel, ap[pDml->iKey]);
    if (aId == 0 || aKey == 0) return 0;
    aPair[2 * i] = *aId;
    aPair[2 * i + 1] = *aKey;
    aa[i] = &aPair[2 * i];
  }
  return aa;
}

/* Fewer rows of one source are not worth to be looked for. */
#define MORE_OWN 16

/* Number the sources of the rows, from 0 on, in the order in which they occur.
** Returns how many there are; 0 if a key is no integer, if a target occurs twice, so
** that the order of the rows tells, or after an error. */
static u32 moreSources(DmlRow *p, int n, const WriteVal *const *aaKey,
                       u32 *aSource) {
  const AssocKeyRule rule = {0, 0};
  AssocKeymap source, target;
  int i, rc = SQLITE_OK;
  i64 iKey, iId;
  u32 nSource;
  assocKeymapInit(&source, 1, &rule);
  assocKeymapInit(&target, 1, &rule);
  for (i = 0; i < n && assocValIsInt(&aaKey[i][0], &iId) &&
              assocValIsInt(&aaKey[i][1], &iKey);
       i++) {
    aSource[i] = assocKeymapAddInt(&source, iKey, &rc);
    (void)assocKeymapAddInt(&target, iId, &rc);
  }
  assocErrorCode(p->pCall, rc);
  nSource = i == n && target.nSlot == (u32)n ? source.nSlot : 0;
  assocKeymapClear(&source);
  assocKeymapClear(&target);
  return rc == SQLITE_OK ? nSource : 0;
}

/* hasMany: link rows whose sources alternate, the rows of one source after those of
** another. Returns how many were linked: all or none. */
static int moreByTurns(DmlRow *p, WriteLink *pLink, int n,
                       const WriteVal *const *aaKey) {
  AssocWriter *w = p->pWriter;
  u32 *aSource = assocAlloc(p->pCall, &w->one, (i64)sizeof(*aSource) * n);
  const WriteVal **aa = assocAlloc(p->pCall, &w->one, (i64)sizeof(*aa) * n);
  u32 iSource, nSource = 0;
  WriteRow source;
  int i, j, nOf;
  if (assocLinkInAnyOrder(w, pLink)) { /* Not after an error */
    nSource = moreSources(p, n, aaKey, aSource);
  }
  if (nSource * MORE_OWN > (u32)n) return 0;
  for (iSource = 0; iSource < nSource && p->pCall->rc == SQLITE_OK; iSource++) {
    for (i = nOf = 0; i < n; i++) {
      if (aSource[i] == iSource) aa[nOf++] = aaKey[i];
    }
    assocRowNeed(w, p->pModel, &aa[0][1], &source);
    if (p->pCall->rc != SQLITE_OK) return 0;
    j = assocLinkAddSome(w, pLink, &source, nOf, aa, 0, 0, 0);
    if (j == 0 && iSource == 0) return 0; /* A trigger may see the order */
    for (; j < nOf; j++) assocLinkAdd(w, pLink, &source, aa[j], 0, 0, 0);
  }
  return nSource ? n : 0;
}

/* hasMany: link the first of the rows, as many as name the same source, or all of
** them. Returns how many were linked. */
static int moreOwn(DmlRow *p, WriteLink *pLink, int n,
                   const WriteVal *const *aaKey) {
  WriteVal key = aaKey[0][1];
  WriteRow source;
  int i = 0;
  while (i < n && key.pJson == 0 && aaKey[i][1].pJson == 0 &&
         assocValSame(&key, &aaKey[i][1])) {
    i++;
  }
  if (i < MORE_OWN) return moreByTurns(p, pLink, n, aaKey);
  assocRowNeed(p->pWriter, p->pModel, &key, &source);
  if (p->pCall->rc != SQLITE_OK) return 0;
  return assocLinkAddSome(p->pWriter, pLink, &source, i, aaKey, 0, 0, 0);
}

/* Link them. Returns how many were linked: none if they cannot be linked at
** once. */
static int moreLink(DmlRow *p, int n) {
  const AssocDml *pDml = p->pDml;
  const WriteVal **aaKey;
  WriteLink *pLink;
  const char *zModel, *zItem;
  zModel = assocArgText(p->pCall, dmlNew(p, pDml->iModel), "the model");
  zItem = assocArgText(p->pCall, dmlNew(p, pDml->iItem), "the association");
  if (zItem) p->pModel = assocModelFind(p->pCall, p->pCat, zModel);
  if (p->pModel) p->pRel = assocRelFind(p->pCall, p->pModel, zItem);
  /* The first row has found it, and all rows see the same catalog. */
  if (ASSOC_NEVER(p->pRel == 0)) return 0;
  if (p->pRel->eKind != ASSOC_BELONGSTOMANY &&
      p->pRel->eKind != ASSOC_HASMANY) {
    return 0;
  }
  /* A key of more columns is JSON, which the first row would have been. */
  assert(p->pModel->nKey == 1 && p->pRel->pTarget->nKey == 1);
  aaKey = moreKeys(p, n);
  pLink = aaKey ? assocLinkOf(p->pWriter, p->pRel, 0) : 0;
  if (pLink == 0) return 0;
  return p->pRel->eKind == ASSOC_HASMANY
             ? moreOwn(p, pLink, n, aaKey)
             : assocLinkAddPairs(p->pWriter, pLink, n, aaKey);
}

i64 assocRelatedMore(AssocCall *pCall, const AssocDml *pDml, i64 n) {
  DmlRow row = {.pDml = pDml, .pCall = pCall};
  int nMore, nDone;
  if (pCall->rc != SQLITE_OK || n < 2) return 0;
  nMore = moreCount(pCall, pDml, n);
  if (nMore < 2 || !dmlBegin(&row)) return 0;
  nDone = moreLink(&row, nMore);
  dmlEnd(&row);
  assert(nDone <= nMore);
  return nDone > 0 ? nDone : -1;
}

/* ---------------------------------------------------------- update, delete */

/* The result of a DELETE: the same JSON as that of assoc_remove(). */
static void dmlChanges(DmlRow *p, WriteChanges *pChanges) {
  i64 n = 0;
  char *z = assocChangesText(p->pCall, pChanges, &n);
  assocGiveJson(p->pResult, z, n);
}

/* The related row is unlinked, as by assoc_remove(). The row itself stays,
** unless its foreign key cannot become NULL. */
static void dmlDelete(DmlRow *p) {
  WriteLink *pLink;
  WriteChanges changes;
  assert(p->pDml->nVal == 1);
  dmlIdentify(p, p->pDml->apVal[0]);
  if (p->pCall->rc != SQLITE_OK) return;
  pLink = assocLinkOf(p->pWriter, p->pRel, 0);
  assocChangesInit(&changes);
  if (pLink) {
    assocLinkRemove(p->pWriter, pLink, &p->source, p->aTarget, &changes);
  }
  dmlChanges(p, &changes);
}

/* Refuse an UPDATE of the keys: DELETE and INSERT change relations. */
static void dmlCheckSet(DmlRow *p) {
  const AssocDml *pDml = p->pDml;
  const int aCol[] = {pDml->iKey,  pDml->iRow, pDml->iModel,
                      pDml->iItem, pDml->iId,  pDml->iDepth};
  int i;
  for (i = 0; i < ASSOC_COUNT(aCol); i++) {
    if (aCol[i] < 0 || dmlNew(p, aCol[i]) == 0) continue;
    assert(aCol[i] >= 0);
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, 0,
                 "UPDATE changes %s; to relate other rows, DELETE and INSERT",
                 pDml->zModel ? "the target's columns"
                              : "json and through of related");
    return;
  }
}

/* The options of an UPDATE, which are those of assoc_update() for one row. */
static void dmlOptions(DmlRow *p, AssocWriteOptions *pOpt) {
  assocWriteOptionsRead(p->pCall, "assoc_update", dmlGiven(p, p->pDml->iOption),
                        pOpt);
  if (pOpt->bMany) {
    assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, 0, "many",
                 "an UPDATE of related changes the rows that its WHERE finds, "
                 "without \"many\"");
  }
}

/* Give the document of a row that was changed. */
static void dmlDocument(DmlRow *p, const char *zShape, const WriteRow *pRow) {
  WriteKept kept;
  i64 n = 0;
  memset(&kept, 0, sizeof(kept));
  if (p->pCall->rc != SQLITE_OK) return;
  assert(pRow->pModel && zShape);
  assocKeptAdd(p->pWriter, &kept, pRow);
  if (p->pCall->rc == SQLITE_OK) {
    char *z = assocDocuments(p->pCall, p->pCat, pRow->pModel->zLabel, zShape,
                             &kept, 0, &n);
    assocGiveJson(p->pResult, z, n);
  }
  assocKeptClear(&kept);
}

/* json changes the related row, through changes the join row. Which rows are
** related cannot be changed by UPDATE. */
static void dmlUpdate(DmlRow *p) {
  const AssocDml *pDml = p->pDml;
  AssocWriter *w = p->pWriter;
  const WriteCell *aThrough, *aCell = 0;
  AssocJson *pJson = 0;
  WriteRow row = {0, 0};
  WriteChanges changes;
  AssocWriteOptions opt;
  const WriteOnly *pOnly;
  int nThrough = 0, nCell = 0;
  dmlCheckSet(p);
  if (p->pCall->rc == SQLITE_OK) dmlIdentify(p, pDml->apVal[0]);
  if (p->pCall->rc != SQLITE_OK) return;
  assocRowNeed(w, p->pRel->pTarget, p->aTarget, &row);
  if (pDml->zModel) {
    aCell = dmlCells(p, 1, &nCell);
  } else if (dmlNew(p, pDml->iJson)) {
    pJson = assocObjectOfValue(w, dmlNew(p, pDml->iJson), "json");
    if (pJson == 0)
      assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, 0, "json", "json is NULL");
  }
  aThrough = dmlThrough(p, &nThrough);
  if (p->pCall->rc != SQLITE_OK) return;
  dmlOptions(p, &opt);
  pOnly = assocOnlyRead(w, p->pRel->pTarget, p->pRel, opt.zOnly);
  assocOnlyThrough(w, pOnly, nThrough, aThrough, "");
  assocChangesInit(&changes);
  if (nThrough && p->pCall->rc == SQLITE_OK) {
    WriteLink *pLink = assocLinkOf(w, p->pRel, 0);
    if (pLink) pLink->bOnce = 1; /* The rows that are there are meant */
    assocLinkAdd(w, pLink, &p->source, p->aTarget, nThrough, aThrough,
                 &changes);
  }
  dmlChanges(p, &changes);
  if (nCell) assocRowUpdate(w, &row, nCell, aCell);
  if (pJson) assocGraphUpdate(w, &row, 0, pJson, pOnly);
  assocGiveInt(p->pResult, w->nChange);
  if (opt.zReturn) dmlDocument(p, opt.zReturn, &row);
  assocWriteOptionsClear(&opt);
}

/* --------------------------------------------------------------- interface */

/* xUpdate's convention: one value is DELETE; an old row that is NULL is INSERT;
** everything else is UPDATE. */
static void dmlRow(DmlRow *p) {
  const AssocDml *pDml = p->pDml;
  if (!dmlBegin(p)) return;
  /* xUpdate's own convention: one value is a DELETE, a first value of NULL an
  ** INSERT, everything else an UPDATE. */
  assert(pDml->nVal >= 1);
  if (pDml->nVal == 1) {
    dmlDelete(p);
  } else if (sqlite3_value_type(pDml->apVal[0]) == SQLITE_NULL) {
    madeInsert(p);
  } else {
    dmlUpdate(p);
  }
  dmlEnd(p);
}

/* INSERT INTO related calls the functions of change.c. A table of the user has
** columns, so its rows are written here. */
void assocRelatedRow(AssocCall *pCall, const AssocDml *pDml, AssocResult *p) {
  DmlRow row = {.pDml = pDml, .pCall = pCall, .pResult = p};
  int bInsert =
      pDml->nVal > 1 && sqlite3_value_type(pDml->apVal[0]) == SQLITE_NULL;
  assert(pDml->nVal >= 1);
  if (bInsert && dmlGiven(&row, pDml->iRow)) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "assoc_row",
                 "assoc_row is computed, and cannot be given");
  } else if (bInsert && pDml->zModel == 0) {
    dmlCall(&row);
  } else {
    dmlRow(&row);
  }
}
