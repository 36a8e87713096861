/*
** Keys that are BLOBs. JSON has no BLOB type: a load writes a BLOB as its
** hexadecimal text, and such a text in JSON can be the key of that BLOB's row.
**
**   assoc_get('K', '["0B",1]', 'parts')    the key is ('0B',1) or (x'0B',1)
**
** The rows of the table decide which of the two is meant:
**
**   SELECT DISTINCT (typeof("a")='blob')|((typeof("b")='blob')<<1)
**     FROM "main"."K" WHERE "a" IN (?1,?3) AND "b" IN (?2,?4) LIMIT 2
**
** If there is no such row, the declared type of the column decides. A row that a
** policy hides from the session is none: the answer must not tell of it.
*/
#include "sql/sql.h"

/* The statement that asks for one model. */
struct AssocBlobKeys {
  const AssocModel *pModel; /* The model whose keys it knows */
  sqlite3_stmt *pStmt;      /* OWNED */
  AssocBlobKeys *pNext;     /* The same for another model */
};

/* The list belongs to a writer or to a run; the statements are plain ones, not
** those of a plan. */
void assocBlobKeysFree(AssocBlobKeys *p) {
  while (p) {
    AssocBlobKeys *pNext = p->pNext;
    sqlite3_finalize(p->pStmt);
    sqlite3_free(p);
    p = pNext;
  }
}

/* -------------------------------------------------------------- hexadecimal */

/* Is the value a text of complete hexadecimal bytes? */
static int isHex(const AssocJson *p) {
  int i;
  if (p->eType != ASSOC_J_TEXT || p->n % 2) return 0;
  for (i = 0; i < p->n; i++) {
    if (assocHexValue(p->z[i]) < 0) return 0;
  }
  return 1;
}

/* The BLOB that a hexadecimal text means. Returns pText after an error. */
static const AssocJson *blobOf(AssocCall *pCall, AssocArena *pArena,
                               const AssocJson *pText) {
  AssocJson *p = assocAlloc(pCall, pArena, sizeof(*p));
  u8 *a = assocAlloc(pCall, pArena, (i64)pText->n / 2 + 1);
  int i;
  assert(pText->eType == ASSOC_J_TEXT && pText->n % 2 == 0);
  if (p == 0 || a == 0) return pText;
  for (i = 0; i < pText->n / 2; i++) {
    a[i] = (u8)(assocHexValue(pText->z[2 * i]) << 4 |
                assocHexValue(pText->z[2 * i + 1]));
  }
  p->eType = ASSOC_J_BLOB;
  p->zKey = pText->zKey;
  p->z = (const char *)a;
  p->n = pText->n / 2;
  return p;
}

/* The declared type decides, as it does for SQLite's own affinity: any type
** that contains "blob". */
static int isDeclaredBlob(const AssocColumn *pCol) {
  return sqlite3_strlike("%blob%", pCol->zType, 0) == 0;
}

/* -------------------------------------------------------------------- keys */

/* The SQL of the question above. */
static char *blobKeysText(AssocCall *pCall, const AssocModel *pModel) {
  const AssocTable *pTab = pModel->pTable;
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  AssocArena mem;
  const char *zFrom;
  int i;
  memset(&mem, 0, sizeof(mem));
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s((typeof(\"%w\")='blob')<<%d)",
                        i ? "|" : "SELECT DISTINCT ",
                        pTab->aCol[pModel->aKey[i]].zName, i);
  }
  zFrom = assocSqlSource(pCall, &mem, pTab);
  sqlite3_str_appendf(pStr, " FROM %s", zFrom ? zFrom : "");
  assocArenaFree(&mem);
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\" IN (?%d,?%d)", i ? " AND " : " WHERE ",
                        pTab->aCol[pModel->aKey[i]].zName, i + 1,
                        i + 1 + pModel->nKey);
  }
  sqlite3_str_appendall(pStr, " LIMIT 2");
  return assocStrFinish(pCall, pStr);
}

/* The model's statement, prepared at the first call. */
static sqlite3_stmt *blobKeysStmt(AssocCall *pCall, AssocBlobKeys **ppList,
                                  const AssocModel *pModel) {
  AssocBlobKeys *p = *ppList;
  char *z;
  while (p && p->pModel != pModel) p = p->pNext;
  if (p) return p->pStmt;
  p = assocMalloc(pCall, sizeof(*p));
  if (p == 0) return 0;
  z = blobKeysText(pCall, pModel);
  p->pModel = pModel;
  p->pStmt = assocPrepare(pCall, "%s", z ? z : "");
  p->pNext = *ppList;
  *ppList = p;
  sqlite3_free(z);
  return pCall->rc == SQLITE_OK ? p->pStmt : 0;
}

/* The table has rows of both keys. */
static void blobKeyAmbiguous(AssocCall *pCall, const AssocModel *pModel,
                             const AssocJson *pText) {
  assocErrorOf(pCall, ASSOC_E_AMBIGUOUS, pModel->zLabel, pText->z,
               "the key \"%s\" in JSON may be the text '%s' or the BLOB x'%s', "
               "and %s has rows of both",
               pText->z, pText->z, pText->z, pModel->zLabel);
}

/* Which values of the key are BLOBs? Bit i of the result stands for value i.
** Only bits of mMaybe, the hexadecimal texts, can be set. */
static u32 blobKeyAsk(AssocCall *pCall, AssocBlobKeys **ppList,
                      const AssocModel *pModel, const AssocJson *const *apText,
                      const AssocJson *const *apBlob, u32 mMaybe) {
  sqlite3_stmt *pStmt = blobKeysStmt(pCall, ppList, pModel);
  int i, n = pModel->nKey, nRow = 0;
  u32 m = 0;
  assert(n > 0 && n <= ASSOC_KEY_MAX && mMaybe != 0);
  for (i = 0; pStmt && i < n; i++) {
    assocErrorCode(pCall, assocJsonBind(pStmt, i + 1, apText[i]));
    assocErrorCode(pCall, assocJsonBind(pStmt, i + 1 + n, apBlob[i]));
  }
  while (assocStep(pCall, pStmt)) {
    u32 mRow = (u32)sqlite3_column_int(pStmt, 0) & mMaybe;
    for (i = 0; nRow && i < n; i++) {
      if ((m ^ mRow) >> i & 1) blobKeyAmbiguous(pCall, pModel, apText[i]);
    }
    m = mRow;
    nRow++;
  }
  sqlite3_reset(pStmt);
  for (i = 0; nRow == 0 && i < n; i++) {
    if (isDeclaredBlob(&pModel->pTable->aCol[pModel->aKey[i]])) m |= 1u << i;
  }
  return m & mMaybe;
}

/* In JSON a BLOB can only be written as a hexadecimal text, which may also be a
** key itself. So the table is asked, once per key, which of the two it has.
** Keys that cannot be hexadecimal, and rowids, are not asked. */
void assocBlobKey(AssocCall *pCall, AssocArena *pArena, AssocBlobKeys **ppList,
                  const AssocModel *pModel, const AssocJson **apKey) {
  const AssocJson *apBlob[ASSOC_KEY_MAX];
  const AssocTable *pTab = pModel->pTable;
  u32 mMaybe = 0, m;
  int i;
  if (pModel->nKey > ASSOC_KEY_MAX) return;
  for (i = 0; i < pModel->nKey; i++) {
    apBlob[i] = apKey[i];
    if (pModel->aKey[i] == pTab->iRowid || !isHex(apKey[i])) continue;
    mMaybe |= 1u << i;
    apBlob[i] = blobOf(pCall, pArena, apKey[i]);
  }
  if (mMaybe == 0 || pCall->rc != SQLITE_OK) return;
  m = blobKeyAsk(pCall, ppList, pModel, apKey, apBlob, mMaybe);
  for (i = 0; i < pModel->nKey; i++) {
    if (m >> i & 1) apKey[i] = apBlob[i];
  }
}

/* A plain SQL text, such as the key that a program copied from a load. Columns
** declared TEXT are left out: there the text means itself. 0: take the value as
** it is. */
const AssocJson *assocBlobKeyOfText(AssocCall *pCall, AssocArena *pArena,
                                    AssocBlobKeys **ppList,
                                    const AssocModel *pModel,
                                    sqlite3_value *pVal) {
  const AssocJson *pKey;
  AssocJson *p;
  assert(pModel->nKey == 1);
  if (sqlite3_value_type(pVal) != SQLITE_TEXT ||
      pModel->pTable->aCol[pModel->aKey[0]].eAff == ASSOC_AFF_TEXT) {
    return 0;
  }
  p = assocAlloc(pCall, pArena, sizeof(*p));
  if (p == 0) return 0;
  p->eType = ASSOC_J_TEXT;
  p->z = (const char *)sqlite3_value_text(pVal);
  p->n = sqlite3_value_bytes(pVal);
  if (p->z == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  if (p->z == 0) return 0;
  pKey = p;
  assocBlobKey(pCall, pArena, ppList, pModel, &pKey);
  return pKey != p ? pKey : 0;
}

/* ----------------------------------------------------------------- columns */

/* Does the column belong to a declared foreign key? */
static int isForeignColumn(AssocCall *pCall, AssocTable *pTab, int iCol) {
  const AssocFkey *p = assocTableFkeys(pCall, pTab);
  int i;
  for (; p; p = p->pNext) {
    for (i = 0; i < p->nCol; i++) {
      if (p->aCol[i] == iCol) return 1;
    }
  }
  return 0;
}

/* A new row has no key in the table yet, so the declaration decides. Only keys
** are converted; an ordinary BLOB column takes the text as it is. */
const AssocJson *assocBlobColumn(AssocCall *pCall, AssocArena *pArena,
                                 const AssocModel *pModel, int iCol,
                                 const AssocJson *p) {
  AssocTable *pTab = pModel->pTable;
  int i;
  assert(iCol >= 0 && iCol <= pTab->nCol);
  /* Most texts are not hexadecimal from their first characters on. */
  if (!isHex(p) || !isDeclaredBlob(&pTab->aCol[iCol])) return p;
  for (i = 0; i < pModel->nKey; i++) {
    if (pModel->aKey[i] == iCol) return blobOf(pCall, pArena, p);
  }
  return isForeignColumn(pCall, pTab, iCol) ? blobOf(pCall, pArena, p) : p;
}
