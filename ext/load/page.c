/*
** Pages, and the cursors at which they begin and end.
**
** A cursor has the values that a row is ordered by, the key last. It is opaque
** text: base64url of a number that identifies the order, and of the values with
** their types. The rows after a cursor are found by comparison, not by
** counting:
**
**   … WHERE (t1.created_at, t1.id) > (?1, ?2)
**       ORDER BY t1.created_at, t1.id LIMIT 11
**
** So a page stays the same when rows are inserted or deleted before it.
*/
#include "load/plan.h"
#include "load/run.h"

/* ------------------------------------------------------------------ terms */

/* Add a text to an FNV-1a hash. Case counts only inside of double quotes, since
** names ignore case. */
static u32 pagePrintText(u32 h, const char *z) {
  int bText = 0;
  for (; *z; z++) {
    u8 c = (u8)*z;
    if (c == '"') bText = !bText;
    if (!bText) c = (u8)assocLower((char)c);
    h = (h ^ c) * 16777619u;
  }
  return h * 16777619u;
}

/* Add the order in the form of the shape language, which has collations and all
** parts of an aggregate. */
static u32 pagePrintOrder(AssocCall *pCall, u32 h, ShapeSort *pOrder) {
  ShapeName model = {.z = ""};
  ShapeClauses clauses = {.pOrder = pOrder};
  AssocShape shape = {
      .eKind = SHAPE_QUERY, .pModel = &model, .pClauses = &clauses};
  char *z = assocShapeText(pCall, &shape);
  h = pagePrintText(h, z ? z : "");
  sqlite3_free(z);
  return h;
}

/* The number of an order. A cursor with another number is an error. */
static u32 pagePrint(AssocCall *pCall, const AssocNode *pNode,
                     ShapeSort *pOrder) {
  const AssocPage *pPage = pNode->pPage;
  const char *z = pNode->pModel->pTable->zName;
  u32 h = 2166136261u;
  int i, bMore = 0;
  for (; *z; z++) h = (h ^ (u8)*z) * 16777619u;
  for (i = 0; i < pPage->nTerm; i++) {
    const ShapeSort *pSort = &pPage->aTerm[i];
    const ShapeAgg *pAgg = pSort->key.pAgg;
    const ShapeName *pName;
    h = (h ^ (u32)(pSort->bDesc * 4 + pSort->eNulls + 1)) * 16777619u;
    if (pAgg) h = (h ^ pAgg->eAgg) * 16777619u;
    for (pName = pSort->key.pPath; pName; pName = pName->pNext) {
      h = pagePrintText(h, pName->z);
    }
    bMore |= pSort->pColl || pSort->key.bAt ||
             (pAgg && (pAgg->bDistinct || pAgg->pCol || pAgg->pWhere));
  }
  return bMore ? pagePrintOrder(pCall, h, pOrder) : h;
}

/* Is the column among the terms? */
static int hasTerm(const AssocPage *pPage, const AssocTable *pTab, int iCol) {
  int i;
  for (i = 0; i < pPage->nTerm; i++) {
    if (assocKeyColumn(pTab, &pPage->aTerm[i].key) == iCol) return 1;
  }
  return 0;
}

/* Add a column as the last term. bAt: it is a column of the join row. */
static void addTerm(AssocPlanner *p, AssocPage *pPage, const AssocTable *pTab,
                    int iCol, u8 bDesc, u8 bAt) {
  ShapeName *pName = assocAlloc(p->pCall, p->pArena, sizeof(*pName));
  if (pName == 0) return;
  pName->z = pTab->aCol[iCol].zName;
  pName->iOff = -1;
  pPage->aTerm[pPage->nTerm].bDesc = bDesc;
  pPage->aTerm[pPage->nTerm].key.bAt = bAt;
  pPage->aTerm[pPage->nTerm++].key.pPath = pName;
}

/* The join table, if a pair may be linked twice: then only the join row's key
** tells the two apart. Else 0. */
static const AssocTable *twinTable(AssocPlanner *p, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  if (pRel == 0 || pRel->eKind != ASSOC_BELONGSTOMANY) return 0;
  if (assocRelPairsOnce(p->pCall, pRel)) return 0;
  if (pRel->pThrough->nKey == 0) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, pNode->zPath,
                 "%s cannot be read in pages: its join rows in %s, which is a "
                 "view, have no key to tell two of one pair apart",
                 pNode->zPath, pRel->pThrough->zName);
  }
  return pRel->pThrough;
}

/* An error if an order names a column of the join row, "@pos", and there is
** none. */
static void checkJoined(AssocPlanner *p, const AssocNode *pNode,
                        const ShapeSort *pSort) {
  AssocSql sql;
  if (pNode->pRel && pNode->pRel->pThrough) return;
  assocPlannerSql(p, &sql);
  for (; pSort; pSort = pSort->pNext) {
    if (pSort->key.bAt) (void)assocSqlAtColumn(&sql, 0, pSort->key.pPath);
  }
  (void)assocSqlEnd(&sql);
}

/* Is the value that a term orders by a column that a policy hides? Only the
** owner's order can name one. */
static int termHidden(AssocCall *pCall, const AssocNode *pNode,
                      const ShapeKey *pKey) {
  const AssocTable *pTab = pNode->pModel->pTable;
  const ShapeName *pName = pKey->pPath;
  AssocModel *pModel = pNode->pModel;
  int iCol;
  while (pName && (pName->pNext || pKey->pAgg)) {
    AssocRel *pRel = assocRelSeek(pCall, pModel, pName->z);
    if (pRel == 0) return 0;
    pModel = pRel->pTarget;
    pTab = pModel->pTable;
    pName = pName->pNext;
  }
  if (pKey->pAgg) pName = pKey->pAgg->pCol;
  if (pKey->bAt) pTab = pNode->pRel->pThrough;
  iCol = pName ? assocColumnFind(pTab, pName->z) : -1;
  return iCol >= 0 && assocColumnIs(pCall, pTab, iCol, ASSOC_COLUMN_HIDE);
}

/* A cursor has the values of the order: an error if one of them is hidden. */
static void checkShown(AssocPlanner *p, const AssocNode *pNode,
                       const ShapeSort *pSort) {
  for (; pSort; pSort = pSort->pNext) {
    if (!pSort->key.bOwner || !termHidden(p->pCall, pNode, &pSort->key)) {
      continue;
    }
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, pNode->zPath,
                 "%s cannot be read in pages by a session: a cursor would show "
                 "what its own order goes by; give it an order",
                 pNode->zPath);
  }
}

/* The terms are those of the order, then the target's key, unless it is among
** them, then the join row's key, if needed. So no two rows have equal terms. */
void assocPageTerms(AssocPlanner *p, AssocNode *pNode) {
  AssocPage *pPage = pNode->pPage;
  const AssocModel *pModel = pNode->pModel;
  const AssocTable *pTwin = twinTable(p, pNode);
  ShapeSort *pOrder = assocOrderOf(pNode->pRel, pNode->pClauses), *pSort;
  u8 bDesc = 0;
  int i, n = pModel->nKey + (pTwin ? pTwin->nKey : 0);
  assocModelNeedKey(p->pCall, pModel);
  checkJoined(p, pNode, pOrder);
  if (p->pCall->rc != SQLITE_OK) return;
  checkShown(p, pNode, pOrder);
  for (pSort = pOrder; pSort; pSort = pSort->pNext) n++;
  pPage->aTerm = assocAlloc(p->pCall, p->pArena, (i64)sizeof(*pOrder) * n);
  pPage->aiArg = assocAlloc(p->pCall, p->pArena, (i64)sizeof(int) * n);
  if (pPage->aTerm == 0 || pPage->aiArg == 0) return;
  for (pSort = pOrder; pSort; pSort = pSort->pNext) {
    pPage->aTerm[pPage->nTerm++] = *pSort;
    bDesc = pSort->bDesc;
  }
  for (i = 0; i < pModel->nKey; i++) {
    if (hasTerm(pPage, pModel->pTable, pModel->aKey[i])) continue;
    addTerm(p, pPage, pModel->pTable, pModel->aKey[i], bDesc, 0);
  }
  for (i = 0; pTwin && i < pTwin->nKey; i++) {
    addTerm(p, pPage, pTwin, pTwin->aKey[i], 0, 1);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  for (i = 0; i < pPage->nTerm; i++) {
    pPage->aiArg[i] = assocNodeArg(p, pNode, &pPage->aTerm[i].key);
  }
  pPage->nPrint = pagePrint(p->pCall, pNode, pOrder);
}

/* ------------------------------------------------------------- comparing */

/* The ?number of value iPart of a cursor. */
static void pageVar(AssocSql *p, AssocNode *pNode, const ShapeVal *pVal,
                    int iPart) {
  AssocBind *pBind = assocSqlBind(p, pVal, ASSOC_BIND_CURSOR);
  if (pBind == 0) return;
  pBind->iPart = iPart;
  pBind->pNode = pNode;
}

/* Term i as SQL, with its collation. */
static void pageTerm(AssocSql *p, AssocNode *pNode, int iAlias, int i) {
  const ShapeSort *pSort = &pNode->pPage->aTerm[i];
  assocSqlKey(p, &pSort->key, pNode->pModel, iAlias);
  if (pSort->pColl) {
    sqlite3_str_appendf(p->pStr, " COLLATE \"%w\"", pSort->pColl->z);
  }
}

/* Can the term be NULL? */
static int pageNullable(const AssocNode *pNode, int i) {
  const ShapeKey *pKey = &pNode->pPage->aTerm[i].key;
  const AssocTable *pTab = pNode->pModel->pTable;
  int iCol = assocKeyColumn(pTab, pKey);
  if (pKey->bAt) {
    pTab = pNode->pRel->pThrough;
    iCol = assocColumnFind(pTab, pKey->pPath->z);
  }
  return iCol < 0 || (!pTab->aCol[iCol].bNotNull && iCol != pTab->iRowid);
}

/* Is one comparison of row values enough? Yes, if all terms have the same
** direction and none can be NULL. */
static int pageSimple(const AssocNode *pNode) {
  const AssocPage *pPage = pNode->pPage;
  int i;
  for (i = 0; i < pPage->nTerm; i++) {
    if (pageNullable(pNode, i) ||
        pPage->aTerm[i].bDesc != pPage->aTerm[0].bDesc) {
      return 0;
    }
  }
  return 1;
}

/* (t1.a, t1.id) > (?1, ?2) */
static void pageRowValues(AssocSql *p, AssocNode *pNode, int iAlias,
                          const ShapeVal *pVal, int bLess) {
  int i;
  for (i = 0; i < pNode->pPage->nTerm; i++) {
    sqlite3_str_appendall(p->pStr, i ? "," : "(");
    pageTerm(p, pNode, iAlias, i);
  }
  sqlite3_str_appendall(p->pStr, bLess ? ") < (" : ") > (");
  for (i = 0; i < pNode->pPage->nTerm; i++) {
    if (i) sqlite3_str_appendall(p->pStr, ",");
    pageVar(p, pNode, pVal, i);
  }
  sqlite3_str_appendall(p->pStr, ")");
}

/*
** Is term i alone beyond the cursor's value? If NULLs stand first, every value
** is beyond a NULL. If they stand last, a NULL is beyond every value.
**
**   (t1.a > ?1 OR (t1.a IS NULL AND ?1 IS NOT NULL))
*/
static void pageBeyond(AssocSql *p, AssocNode *pNode, int iAlias,
                       const ShapeVal *pVal, int i, int bBefore) {
  const ShapeSort *pSort = &pNode->pPage->aTerm[i];
  int bDesc = pSort->bDesc != bBefore;
  int bNullsFirst = pSort->eNulls == SHAPE_NULLS_DEFAULT
                        ? !pSort->bDesc
                        : pSort->eNulls == SHAPE_NULLS_FIRST;
  if (bBefore) bNullsFirst = !bNullsFirst;
  sqlite3_str_appendall(p->pStr, "(");
  assocSqlSpendOr(p, pNode->pModel->pTable, iAlias);
  pageTerm(p, pNode, iAlias, i);
  sqlite3_str_appendall(p->pStr, bDesc ? "<" : ">");
  pageVar(p, pNode, pVal, i);
  if (pageNullable(pNode, i)) {
    sqlite3_str_appendall(p->pStr, " OR (");
    assocSqlSpendOr(p, pNode->pModel->pTable, iAlias);
    pageTerm(p, pNode, iAlias, i);
    sqlite3_str_appendall(p->pStr,
                          bNullsFirst ? " IS NOT NULL AND " : " IS NULL AND ");
    pageVar(p, pNode, pVal, i);
    sqlite3_str_appendall(p->pStr, bNullsFirst ? " IS NULL)" : " IS NOT NULL)");
  }
  sqlite3_str_appendall(p->pStr, ")");
}

/* a is beyond; or a is the same and b is beyond; or … */
static void pageTerms(AssocSql *p, AssocNode *pNode, int iAlias,
                      const ShapeVal *pVal, int bBefore) {
  int i, j;
  for (i = 0; i < pNode->pPage->nTerm; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " OR (");
    if (i) assocSqlSpendOr(p, pNode->pModel->pTable, iAlias);
    for (j = 0; j < i; j++) {
      pageTerm(p, pNode, iAlias, j);
      sqlite3_str_appendall(p->pStr, " IS ");
      pageVar(p, pNode, pVal, j);
      sqlite3_str_appendall(p->pStr, " AND ");
    }
    pageBeyond(p, pNode, iAlias, pVal, i, bBefore);
    if (i) sqlite3_str_appendall(p->pStr, ")");
  }
}

/*
** A cursor that is NULL is no bound. With one cursor the statement need not ask
** for that, because it is used only if the cursor is given. Then the comparison
** stands alone, and an index can serve it.
*/
void assocPageAfter(AssocSql *p, AssocNode *pNode, int iAlias,
                    const ShapeVal *pVal, int bBefore, int bNot) {
  const ShapeClauses *pC = pNode->pClauses;
  int bAsk = bNot || (pC->pAfter && pC->pBefore);
  const char *zText = p->zText;
  p->zText = 0;
  sqlite3_str_appendall(p->pStr, bNot ? " AND ((" : " AND (");
  if (bAsk) {
    (void)assocSqlBind(p, pVal, ASSOC_BIND_VALUE);
    sqlite3_str_appendall(p->pStr, " IS NULL OR (");
  }
  if (pageSimple(pNode)) {
    pageRowValues(p, pNode, iAlias, pVal,
                  pNode->pPage->aTerm[0].bDesc != bBefore);
  } else {
    pageTerms(p, pNode, iAlias, pVal, bBefore);
  }
  sqlite3_str_appendall(p->pStr, bAsk ? "))" : ")");
  if (bNot) sqlite3_str_appendall(p->pStr, " IS NOT TRUE)"); /* Or NULL */
  p->zText = zText;
}

/* ---------------------------------------------------------------- cursors */

static const char zPage64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Bytes that are being written as base64url. */
typedef struct PageBytes PageBytes;
struct PageBytes {
  AssocOut *pOut;   /* Receives the text */
  u32 nBits, iBits; /* The last nBits of iBits are not written yet */
};

/* Append one byte. */
static void putByte(PageBytes *p, u8 c) {
  p->iBits = p->iBits << 8 | c;
  p->nBits += 8;
  while (p->nBits >= 6) {
    p->nBits -= 6;
    if (!assocOutNeed(p->pOut, 1)) return;
    *p->pOut->p++ = zPage64[(p->iBits >> p->nBits) & 63];
  }
}

/* Append n bytes. */
static void putBytes(PageBytes *p, const void *pData, i64 n) {
  const u8 *z = pData;
  for (; n > 0; n--) putByte(p, *z++);
}

/* Append a number, the lowest byte first on every machine. */
static void putNumber(PageBytes *p, u64 u, int nByte) {
  for (; nByte > 0; nByte--, u >>= 8) putByte(p, (u8)u);
}

/* Append a value: a tag (i, r, t, b or n), and its bytes, with their length
** before texts and BLOBs. So a cursor keeps the value's type, and an integer of
** 64 bits exactly. */
static void putValue(PageBytes *p, sqlite3_value *pVal) {
  const void *z;
  double r;
  u64 u;
  i64 n;
  int bText;
  switch (sqlite3_value_type(pVal)) {
  case SQLITE_INTEGER:
    putByte(p, 'i');
    putNumber(p, (u64)sqlite3_value_int64(pVal), 8);
    break;
  case SQLITE_FLOAT:
    r = sqlite3_value_double(pVal);
    memcpy(&u, &r, 8);
    putByte(p, 'r');
    putNumber(p, u, 8);
    break;
  case SQLITE_TEXT:
  case SQLITE_BLOB:
    bText = sqlite3_value_type(pVal) == SQLITE_TEXT;
    /* First, since it makes UTF-8 of UTF-16. A BLOB without bytes is 0, too. */
    z = bText ? (const void *)sqlite3_value_text(pVal)
              : sqlite3_value_blob(pVal);
    n = z ? sqlite3_value_bytes(pVal) : 0;
    if (bText && z == 0) p->pOut->rc = SQLITE_NOMEM;
    putByte(p, bText ? 't' : 'b');
    putNumber(p, (u64)n, 4);
    putBytes(p, z, n);
    break;
  default: putByte(p, 'n'); break;
  }
}

/* A cursor is the position of a row in an order: a fingerprint of the order
** (nPrint), then the value of each term, as base64url. A cursor of another
** query is recognized by the fingerprint. */
void assocPageCursor(AssocOut *pOut, const AssocNode *pNode,
                     sqlite3_value **apVal) {
  const AssocPage *pPage = pNode->pPage;
  PageBytes bytes;
  int i;
  assert(pPage->nTerm > 0);
  bytes.pOut = pOut;
  bytes.nBits = bytes.iBits = 0;
  assocOutText(pOut, "\"", 1);
  putNumber(&bytes, pPage->nPrint, 4);
  for (i = 0; i < pPage->nTerm; i++) putValue(&bytes, apVal[pPage->aiArg[i]]);
  if (bytes.nBits) putByte(&bytes, 0);
  assocOutText(pOut, "\"", 1);
}

/* The bytes of a cursor. OUT: *pn of them, freed with sqlite3_free(); 0 if
** it is no base64url. */
static u8 *pageDecode(AssocCall *pCall, const char *z, int n, int *pn) {
  u8 *a = assocMalloc(pCall, n + 1);
  u32 iBits = 0;
  int i, nBits = 0;
  *pn = 0;
  for (i = 0; a && i < n; i++) {
    const char *zAt = z[i] ? strchr(zPage64, z[i]) : 0;
    if (zAt == 0) {
      sqlite3_free(a);
      return 0;
    }
    iBits = iBits << 6 | (u32)(zAt - zPage64);
    nBits += 6;
    if (nBits < 8) continue;
    nBits -= 8;
    a[(*pn)++] = (u8)(iBits >> nBits);
  }
  return a;
}

/* Read a number of nByte bytes. */
static u64 getNumber(const u8 *a, int nByte) {
  u64 u = 0;
  for (; nByte > 0; nByte--) u = u << 8 | a[nByte - 1];
  return u;
}

/* The length of the value at a, with its tag. 0 if it is malformed or longer
** than n. */
static i64 valueLength(const u8 *a, i64 n) {
  i64 nVal;
  if (n < 1) return 0;
  switch (a[0]) {
  case 'n': return 1;
  case 'i':
  case 'r': return n >= 9 ? 9 : 0;
  case 't':
  case 'b':
    if (n < 5) return 0;
    nVal = 5 + (i64)getNumber(&a[1], 4);
    return nVal <= n ? nVal : 0;
  }
  return 0;
}

/* Bind the value at a, which pageIsOwn() has checked. */
static int bindBytesOf(sqlite3_stmt *pStmt, int iVar, const u8 *a) {
  u64 u =
      a[0] == 'n' ? 0 : getNumber(&a[1], a[0] == 'i' || a[0] == 'r' ? 8 : 4);
  double r;
  switch (a[0]) {
  case 'i': return sqlite3_bind_int64(pStmt, iVar, (i64)u);
  case 'r': memcpy(&r, &u, 8); return sqlite3_bind_double(pStmt, iVar, r);
  case 't':
    return sqlite3_bind_text(pStmt, iVar, (const char *)&a[5], (int)u,
                             SQLITE_TRANSIENT);
  case 'b':
    return sqlite3_bind_blob(pStmt, iVar, &a[5], (int)u, SQLITE_TRANSIENT);
  }
  return sqlite3_bind_null(pStmt, iVar);
}

/* Is it a whole cursor of this order? */
static int pageIsOwn(const AssocPage *pPage, const u8 *a, int n) {
  i64 iAt = 4;
  int i;
  if (n < 4 || (u32)getNumber(a, 4) != pPage->nPrint) return 0;
  for (i = 0; i < pPage->nTerm; i++) {
    i64 nVal = valueLength(&a[iAt], n - iAt);
    if (nVal == 0) return 0;
    iAt += nVal;
  }
  return n - iAt <= 1;
}

/* Each term of the order is one part of the cursor; iPart says which one the
** statement compares. The bytes come from outside, so every length is
** checked. */
void assocPageBind(AssocCall *pCall, const AssocNode *pNode,
                   sqlite3_stmt *pStmt, int iVar, int iPart, const char *z,
                   int n) {
  int nByte = 0, i;
  u8 *a = pageDecode(pCall, z, n, &nByte);
  i64 iAt = 4;
  if (a == 0 || !pageIsOwn(pNode->pPage, a, nByte)) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, pNode->zPath,
                 "this is not a cursor of %s in this order: %.60s",
                 pNode->zPath, z);
  } else {
    assert(iPart >= 0 && iPart < pNode->pPage->nTerm);
    for (i = 0; i < iPart; i++) iAt += valueLength(&a[iAt], nByte - iAt);
    assocErrorCode(pCall, bindBytesOf(pStmt, iVar, &a[iAt]));
  }
  sqlite3_free(a);
}
