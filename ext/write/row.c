/*
** One row of a table: found, inserted, changed, deleted.
**
**   INSERT INTO "main"."posts"("title", "user_id") VALUES(?1, ?2)
**   SELECT "id" FROM "main"."posts" WHERE "id"=?1
**   UPDATE "main"."posts" SET "user_id"=?1 WHERE "id"=?2
**
** A writer prepares each of these statements once and runs it for many rows. So
** bulk data costs little more than a loop over a prepared INSERT. Many calls
** for one row each are cheap, too: between calls the writer rests in the
** connection with its statements. It serves as long as its catalog is current.
*/
#include "write/write.h"

/* Bytes of the arenas tmp and one that stay allocated between rows and between
** calls. */
#define KEEP_ROWS 200000
#define KEEP_CALL 20000
/* A writer with more statements or memory than this is freed, not kept. */
#define REST_SQL 256
#define REST_BYTES 1000000

const AssocJson assocNull = {.eType = ASSOC_J_NULL};

/* Between two rows of a bulk write: forget values, keep statements. */
void assocWriterReset(AssocWriter *w) {
  int i;
  for (i = 0; i < w->nOwned; i++) sqlite3_value_free(w->apOwned[i]);
  w->nOwned = 0;
  assocArenaReset(&w->tmp, KEEP_ROWS);
}

/* Called when the connection closes or the catalog has changed. p may be 0. */
static void writerFree(void *p) {
  AssocWriter *w = p;
  WriteSql *pSql;
  if (w == 0) return;
  assocWriterReset(w);
  for (pSql = w->pSql; pSql; pSql = pSql->pNext) assocStmtClear(&pSql->stmt);
  assocBlobKeysFree(w->pBlobs);
  sqlite3_free(w->apOwned);
  assocArenaFree(&w->tmp);
  assocArenaFree(&w->one);
  assocArenaFree(&w->json);
  assocArenaFree(&w->mem);
  assocCatalogUnref(w->pCat);
  sqlite3_free(w);
}

/* The connection's writer is taken out of its place, so a nested call gets
** another one. It keeps its prepared statements as long as the catalog stays
** the same. The caller gives it back with assocWriterRest(). */
AssocWriter *assocWriterTake(AssocCall *pCall, AssocCatalog *pCat) {
  AssocConn *pConn = pCall->pConn;
  AssocWriter *w = pConn->aSlot[ASSOC_SLOT_WRITER].p;
  if (pCall->rc != SQLITE_OK) return 0;
  pConn->aSlot[ASSOC_SLOT_WRITER].p = 0;
  if (w && (w->pCat != pCat || w->iSession != pConn->iSession)) {
    writerFree(w);
    w = 0;
  }
  if (w == 0) {
    w = assocMalloc(pCall, sizeof(*w));
    if (w == 0) return 0;
    memset(w, 0, sizeof(*w));
    w->pCat = assocCatalogRef(pCat);
    w->iSession = pConn->iSession;
  }
  assert(w->pCall == 0); /* assocWriterRest() has seen to it */
  w->pCall = pCall;
  w->nBegin = sqlite3_total_changes64(pCall->db);
  return w;
}

/* Unbind the values of the call, which are freed. Literals stay bound. */
static void sqlRest(WriteSql *p) {
  int i;
  assert(!sqlite3_stmt_busy(p->pStmt));
  if (p->bLiteral) {
    for (i = 1; i <= p->nVar; i++) (void)sqlite3_bind_null(p->pStmt, i);
  } else {
    (void)sqlite3_clear_bindings(p->pStmt);
  }
  p->bUsed = 0;
}

/* Forget all that belongs to the call. */
static void writerForget(AssocWriter *w) {
  WriteSql *pSql;
  WriteLink *pLink;
  for (pSql = w->pUsed; pSql; pSql = pSql->pNextUsed) sqlRest(pSql);
  w->pUsed = 0;
  for (pLink = w->pLink; pLink; pLink = pLink->pNext) {
    pLink->bOnce = pLink->bDestroy = pLink->mUsed = 0;
    pLink->pUser = 0;
  }
  assocBlobKeysFree(w->pBlobs);
  w->pBlobs = 0;
  assocWriterReset(w);
  assocArenaReset(&w->one, KEEP_CALL);
  assocArenaReset(&w->json, KEEP_CALL);
  w->nChange = 0;
  w->pTimed = 0;
  w->xAlone = 0;
  w->bLast = 0;
  w->pCall = 0;
}

/*
** A writer with an error is freed: a statement may be bad, or stand on a row.
** A writer is also freed if its catalog may be linked again, or if it has
** grown. A call inside another has a writer of its own. Of the two, the one
** with more statements is kept.
*/
void assocWriterRest(AssocWriter *w) {
  AssocConn *pConn;
  AssocWriter *pOther;
  if (w == 0) return;
  pConn = w->pCall->pConn;
  pOther = pConn->aSlot[ASSOC_SLOT_WRITER].p;
  if (w->pCall->rc != SQLITE_OK || w->pCat->bDoubt || w->nSql > REST_SQL ||
      w->mem.nByte > REST_BYTES || (pOther && pOther->nSql >= w->nSql)) {
    writerFree(w);
    return;
  }
  writerFree(pOther);
  writerForget(w);
  pConn->budget.zAt = 0; /* It was a name of the catalog */
  pConn->aSlot[ASSOC_SLOT_WRITER].p = w;
  pConn->aSlot[ASSOC_SLOT_WRITER].xFree = writerFree;
}

/* A copy, because a value of a statement is gone with its next step. Freed by
** assocWriterReset(). 0 after an error. */
sqlite3_value *assocWriterKeep(AssocWriter *w, sqlite3_value *pVal) {
  sqlite3_value *pNew;
  assert(pVal);
  if (w->pCall->rc != SQLITE_OK) return 0;
  if ((w->nOwned & (w->nOwned + 1)) == 0) { /* Full at 0, 1, 3, 7, … values */
    sqlite3_value **ap =
        sqlite3_realloc64(w->apOwned, sizeof(*ap) * ((u64)w->nOwned * 2 + 1));
    if (ap == 0) {
      assocErrorCode(w->pCall, SQLITE_NOMEM);
      return 0;
    }
    w->apOwned = ap;
  }
  pNew = sqlite3_value_dup(pVal);
  if (pNew == 0) {
    assocErrorCode(w->pCall, SQLITE_NOMEM);
  } else {
    w->apOwned[w->nOwned++] = pNew;
  }
  return pNew;
}

/* ----------------------------------------------------------------- values */

/* JSON null and SQL NULL mean the same here. */
int assocValIsNull(const WriteVal *pVal) {
  if (pVal->pJson) return pVal->pJson->eType == ASSOC_J_NULL;
  return pVal->pVal && sqlite3_value_type(pVal->pVal) == SQLITE_NULL;
}

int assocValIsInt(const WriteVal *pVal, i64 *pi) {
  int bIs = 1;
  *pi = pVal->i;
  if (pVal->pJson) {
    bIs = pVal->pJson->eType == ASSOC_J_INT;
    *pi = pVal->pJson->i;
  } else if (pVal->pVal) {
    bIs = sqlite3_value_type(pVal->pVal) == SQLITE_INTEGER;
    if (bIs) *pi = sqlite3_value_int64(pVal->pVal);
  }
  return bIs;
}

/* For values that were read from the same column: equal type and equal content.
** Collations do not count. */
int assocValSame(const WriteVal *pA, const WriteVal *pB) {
  int nA, nB;
  assert(pA->pJson == 0 && pB->pJson == 0);
  if (pA->pVal == 0 || pB->pVal == 0) {
    return pA->pVal == pB->pVal && pA->i == pB->i;
  }
  if (pA->pVal == pB->pVal) return 1;
  if (sqlite3_value_type(pA->pVal) != sqlite3_value_type(pB->pVal)) return 0;
  if (sqlite3_value_type(pA->pVal) == SQLITE_INTEGER) {
    return sqlite3_value_int64(pA->pVal) == sqlite3_value_int64(pB->pVal);
  }
  if (sqlite3_value_type(pA->pVal) == SQLITE_FLOAT) {
    return sqlite3_value_double(pA->pVal) == sqlite3_value_double(pB->pVal);
  }
  nA = sqlite3_value_bytes(pA->pVal);
  nB = sqlite3_value_bytes(pB->pVal);
  return nA == nB && memcmp(sqlite3_value_blob(pA->pVal),
                            sqlite3_value_blob(pB->pVal), (size_t)nA) == 0;
}

/* Put a value into a keymap (bAdd) or find it there: its number, or
** ASSOC_NOSLOT. pStmt is "SELECT ?1", which makes an sqlite3_value of it. The
** keymap compares by the affinity of its rule. */
static u32 valSlot(AssocWriter *w, AssocKeymap *pMap, sqlite3_stmt *pStmt,
                   const WriteVal *pVal, int bAdd) {
  sqlite3_value *p;
  u32 iSlot = ASSOC_NOSLOT;
  int rc = SQLITE_OK;
  assocWriteBind(w, pStmt, 1, 0, pVal);
  if (assocStep(w->pCall, pStmt)) {
    p = sqlite3_column_value(pStmt, 0);
    iSlot =
        bAdd ? assocKeymapAdd(pMap, &p, &rc) : assocKeymapFind(pMap, &p, &rc);
    assocErrorCode(w->pCall, rc);
  }
  assert(pMap->nKey == 1);
  sqlite3_reset(pStmt);
  return iSlot;
}

/* Would SQLite store the same value in this column? '7' and 7 are the same in
** an INTEGER column. Two NULLs are the same. */
int assocValSameIn(AssocWriter *w, const AssocColumn *pCol, const WriteVal *pA,
                   const WriteVal *pB) {
  AssocKeyRule rule = {pCol->eAff, ASSOC_COLL_BINARY};
  AssocKeymap map;
  sqlite3_stmt *pStmt;
  int bSame;
  if (assocValIsNull(pA) || assocValIsNull(pB)) {
    return assocValIsNull(pA) && assocValIsNull(pB);
  }
  if (pA->pJson == 0 && pB->pJson == 0 && assocValSame(pA, pB)) return 1;
  assocKeymapInit(&map, 1, &rule);
  pStmt = assocPrepare(w->pCall, "SELECT ?1");
  (void)valSlot(w, &map, pStmt, pA, 1);
  bSame = valSlot(w, &map, pStmt, pB, 0) != ASSOC_NOSLOT;
  assocFinalize(w->pCall, pStmt);
  assocKeymapClear(&map);
  return bSame;
}

/* As a load would print it. */
void assocValWrite(AssocOut *pOut, const WriteVal *pVal) {
  if (pVal->pJson) {
    assocJsonWrite(pOut, pVal->pJson);
  } else if (pVal->pVal) {
    assocJsonValue(pOut, pVal->pVal, ASSOC_JSON_PLAIN);
  } else {
    assocJsonInt(pOut, pVal->i);
  }
}

/* Bind a value to a column declared JSON: its JSON text, strings with their
** quotes. So a load reads the same JSON value that was written. */
static void rowBindJson(AssocWriter *w, sqlite3_stmt *pStmt, int i,
                        const AssocJson *pJson) {
  AssocOut out;
  i64 n = 0;
  char *z;
  if (pJson->eType == ASSOC_J_NULL) {
    sqlite3_bind_null(pStmt, i);
    return;
  }
  /* The text may be as long as SQLite allows; it is handed over, not copied. */
  assocBufInit(&out, sqlite3_limit(w->pCall->db, SQLITE_LIMIT_LENGTH, -1));
  assocJsonWrite(&out, pJson);
  z = assocBufFinish(&out, &n);
  if (z == 0) {
    assocErrorCode(w->pCall, out.rc);
  } else {
    assocErrorCode(w->pCall, sqlite3_bind_text64(pStmt, i, z, (u64)n,
                                                 sqlite3_free, SQLITE_UTF8));
  }
}

/* Is it what literal() or fn() of Sequelize become? */
static int isOwnSql(const AssocJson *pJson) {
  const AssocJson *pFirst = pJson->pChild;
  if (pJson->nChild == 1) return strcmp(pFirst->zKey, "val") == 0;
  return pJson->nChild == 2 && strcmp(pFirst->zKey, "fn") == 0 &&
         strcmp(pFirst->pNext->zKey, "args") == 0;
}

const char *assocWriteInstead(const AssocJson *pJson) {
  const AssocJson *pFirst = pJson->eType == ASSOC_J_OBJECT ? pJson->pChild : 0;
  if (assocJsonIsBuffer(pJson)) {
    return "JSON has no bytes: the BLOB of a key is its hexadecimal text, and "
           "others are written by INSERT or UPDATE";
  }
  if (pFirst && isOwnSql(pJson)) {
    return "literal() and fn() are SQL: write an INSERT or UPDATE of your "
           "own";
  }
  return pFirst ? assocShapeWriteInstead(pFirst->zKey) : 0;
}

/* An array or object is a value only for a column declared JSON. pCol may be 0:
** then the value is a key. */
void assocWriteBind(AssocWriter *w, sqlite3_stmt *pStmt, int i,
                    const AssocColumn *pCol, const WriteVal *pVal) {
  AssocCall *pCall = w->pCall;
  int rc = SQLITE_OK;
  assert(i > 0);
  if (pCall->rc != SQLITE_OK) return;
  if (pVal->pJson && pCol && pCol->eJson == ASSOC_JSON_RAW) {
    rowBindJson(w, pStmt, i, pVal->pJson);
  } else if (pVal->pJson && pVal->pJson->eType >= ASSOC_J_ARRAY) {
    const char *zInstead = assocWriteInstead(pVal->pJson);
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, pCol ? pCol->zName : 0,
                 "%s takes one value, not %s; %s", pCol ? pCol->zName : "a key",
                 assocJsonTypeName(pVal->pJson),
                 zInstead ? zInstead
                          : "only a column declared JSON can hold that");
  } else if (pVal->pJson) {
    rc = assocJsonBind(pStmt, i, pVal->pJson);
  } else if (pVal->pVal) {
    rc = sqlite3_bind_value(pStmt, i, pVal->pVal);
  } else {
    rc = sqlite3_bind_int64(pStmt, i, pVal->i);
  }
  assocErrorCode(pCall, rc);
}

/* Integers, the most frequent keys, are stored without an allocation. 0 after
** an error. */
WriteVal *assocWriteGet(AssocWriter *w, sqlite3_stmt *pStmt, int iFrom, int n) {
  WriteVal *aVal = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aVal) * n);
  int i;
  assert(n > 0 && iFrom >= 0);
  for (i = 0; aVal && i < n; i++) {
    sqlite3_value *pVal = sqlite3_column_value(pStmt, iFrom + i);
    if (sqlite3_value_type(pVal) == SQLITE_INTEGER) {
      aVal[i].i = sqlite3_value_int64(pVal);
    } else {
      aVal[i].pVal = assocWriterKeep(w, pVal);
    }
  }
  return w->pCall->rc == SQLITE_OK ? aVal : 0;
}

/* Do two buffers hold the same text? Clears both. */
static int rowSameText(AssocWriter *w, AssocOut *pA, AssocOut *pB) {
  i64 nA = 0, nB = 0;
  char *zA = assocBufFinish(pA, &nA);
  char *zB = assocBufFinish(pB, &nB);
  int bSame = 0;
  if (zA && zB) {
    bSame = nA == nB && memcmp(zA, zB, (size_t)nA) == 0;
  } else {
    assocErrorCode(w->pCall, SQLITE_NOMEM);
  }
  sqlite3_free(zA);
  sqlite3_free(zB);
  return bSame;
}

/* Programs see keys as JSON. Two values that print alike are the same to
** them. */
int assocValPrintsAs(AssocWriter *w, const WriteVal *pA, const WriteVal *pB) {
  AssocOut a, b;
  assocBufInit(&a, 0x7fffffff);
  assocBufInit(&b, 0x7fffffff);
  assocValWrite(&a, pA);
  assocValWrite(&b, pB);
  return rowSameText(w, &a, &b);
}

/* A composite key is an array. */
void assocWriteKey(AssocOut *pOut, const AssocModel *pModel,
                   const WriteVal *aKey) {
  int i;
  if (pModel->nKey != 1) assocOutText(pOut, "[", 1);
  for (i = 0; i < pModel->nKey; i++) {
    if (i) assocOutText(pOut, ",", 1);
    assocValWrite(pOut, &aKey[i]);
  }
  if (pModel->nKey != 1) assocOutText(pOut, "]", 1);
}

/* ------------------------------------------------------- other statements */

/* Values of a scope are written by the same functions as values of a payload. 0
** after an error. */
AssocJson *assocLiteralJson(AssocWriter *w, const ShapeVal *pVal) {
  AssocJson *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0 || pVal == 0) return p;
  /* The first six types have the same numbers in the shape language and in
  ** JSON. */
  p->eType = pVal->eType;
  p->i = p->eType == ASSOC_J_TRUE ? 1 : pVal->i;
  p->r = pVal->r;
  p->z = pVal->z;
  p->n = pVal->n;
  return p;
}

/* The text lasts as long as the writer; errors show no place. */
void assocWriteSqlStart(AssocWriter *w, AssocSql *p) {
  assocSqlStart(p, w->pCall, &w->mem, 0);
}

/* Statements in use are listed, so that all can be reset when the call ends,
** also after an error. */
sqlite3_stmt *assocWriteSqlUse(AssocWriter *w, WriteSql *p) {
  if (p == 0) return 0;
  if (!p->bUsed) {
    p->bUsed = 1;
    p->pNextUsed = w->pUsed;
    w->pUsed = p;
  }
  return p->pStmt;
}

/* Prepare a statement of the writer, and free its text. */
static void sqlPrepare(AssocWriter *w, WriteSql *p, char *zSql) {
  p->pStmt = zSql ? assocStmt(w->pCall, &p->stmt, zSql) : 0;
  sqlite3_free(zSql);
  if (p->pStmt == 0) return;
  p->nVar = sqlite3_bind_parameter_count(p->pStmt);
  p->pNext = w->pSql;
  w->pSql = p;
  w->nSql++;
  (void)assocWriteSqlUse(w, p);
}

/* Bind the literals of scopes, and the values of the session. They stay bound as
** long as the writer lasts; the variables before them are the caller's. */
static void sqlBind(AssocWriter *w, WriteSql *p, const AssocBind *pBind) {
  for (; p->pStmt && pBind; pBind = pBind->pNext) {
    const AssocJson *pJson = 0;
    char *z;
    int n = 0;
    if (pBind->iSql <= p->nVar) p->nVar = pBind->iSql - 1;
    p->bLiteral = 1;
    if (pBind->eHow == ASSOC_BIND_SESSION) {
      assocSessionBind(w->pCall, p->pStmt, pBind->iSql, pBind->pVal->z,
                       pBind->bList);
      continue;
    }
    if (pBind->eHow == ASSOC_BIND_LIKE) {
      z = assocSqlPattern(w->pCall, pBind->iPart, pBind->pVal, &n);
      if (z == 0) break;
      assocErrorCode(w->pCall, sqlite3_bind_text(p->pStmt, pBind->iSql, z, n,
                                                 SQLITE_TRANSIENT));
      sqlite3_free(z);
      continue;
    }
    pJson = assocLiteralJson(w, pBind->pVal);
    if (pJson == 0) break;
    assocErrorCode(w->pCall, assocJsonBind(p->pStmt, pBind->iSql, pJson));
  }
}

WriteSql *assocWriteSqlKeep(AssocWriter *w, AssocSql *pSql) {
  char *z = assocStrFinish(w->pCall, pSql->pStr);
  WriteSql *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) {
    sqlite3_free(z);
    return 0;
  }
  assert(pSql->pCall == w->pCall);
  p->eOp = WRITE_OTHER;
  sqlPrepare(w, p, z);
  sqlBind(w, p, pSql->pBind);
  return w->pCall->rc == SQLITE_OK ? p : 0;
}

/* ------------------------------------------------------------- statements */

/* "a","b" */
static void rowSqlColumns(sqlite3_str *pStr, const AssocTable *pTab, int n,
                          const int *a) {
  int i;
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\"", i ? "," : "", pTab->aCol[a[i]].zName);
  }
}

/* "a"=?1, "b"=?2 or with AND between. iVar is the number of the variable before
** the first. */
static void rowSqlEquals(sqlite3_str *pStr, const AssocTable *pTab, int n,
                         const int *a, int iVar, const char *zBetween) {
  int i;
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\"=?%d", i ? zBetween : "",
                        pTab->aCol[a[i]].zName, iVar + i + 1);
  }
}

/* SELECT k0,k1 FROM main.assoc_keys, after n variables: the "+" takes away the
** columns' affinity, so that keys compare like bound values. */
static void rowSqlKeys(sqlite3_str *pStr, const WriteSql *p, int n) {
  int i;
  sqlite3_str_appendall(pStr, "SELECT ");
  for (i = 0; i < n; i++) sqlite3_str_appendf(pStr, "?%d,", i + 1);
  for (i = 0; i < p->nWhere; i++) {
    sqlite3_str_appendf(pStr, "%s+k%d", i ? "," : "", i);
  }
  sqlite3_str_appendall(pStr, " FROM main.assoc_keys");
}

/* The end of a statement for the rows of assoc_keys. */
static void rowSqlMany(sqlite3_str *pStr, const WriteSql *p) {
  if (p->eOp == WRITE_INSERTS) {
    sqlite3_str_appendall(pStr, "(");
    rowSqlColumns(pStr, p->pTab, p->nSet, p->aSet);
    sqlite3_str_appendall(pStr, p->nSet ? "," : "");
    rowSqlColumns(pStr, p->pTab, p->nWhere, p->aWhere);
    sqlite3_str_appendall(pStr, ") ");
    rowSqlKeys(pStr, p, p->nSet);
  } else {
    sqlite3_str_appendall(pStr, " WHERE ");
    if (p->eOp == WRITE_DELETES && p->nSet) {
      rowSqlEquals(pStr, p->pTab, p->nSet, p->aSet, 0, " AND ");
      sqlite3_str_appendall(pStr, " AND ");
    }
    sqlite3_str_appendall(pStr, "(");
    rowSqlColumns(pStr, p->pTab, p->nWhere, p->aWhere);
    sqlite3_str_appendall(pStr, ") IN (");
    rowSqlKeys(pStr, p, 0);
    sqlite3_str_appendall(pStr, ")");
  }
}

/* The rest of an INSERT: ("a","b") VALUES(?1,?2) RETURNING "id" */
static void rowSqlInsert(sqlite3_str *pStr, const WriteSql *p) {
  int i;
  if (p->nSet) {
    sqlite3_str_appendall(pStr, "(");
    rowSqlColumns(pStr, p->pTab, p->nSet, p->aSet);
    sqlite3_str_appendall(pStr, ") VALUES(");
    for (i = 0; i < p->nSet; i++) {
      sqlite3_str_appendf(pStr, "%s?%d", i ? "," : "", i + 1);
    }
    sqlite3_str_appendall(pStr, ")");
  } else {
    sqlite3_str_appendall(pStr, " DEFAULT VALUES");
  }
  assert(p->eOp == WRITE_INSERT && p->nWhere == 0);
  if (p->nGet == 0) return;
  sqlite3_str_appendall(pStr, " RETURNING ");
  rowSqlColumns(pStr, p->pTab, p->nGet, p->aGet);
}

/* The text of a statement: see the head of this file. The variables are in the
** order SET, WHERE. OUT: freed with sqlite3_free(); 0 after an error. */
static char *rowSqlText(AssocWriter *w, const WriteSql *p) {
  static const char *const azStart[] = {
      "INSERT INTO", "SELECT ",     "UPDATE", "DELETE FROM", "not used: 4",
      "SELECT ",     "INSERT INTO", "UPDATE", "DELETE FROM"};
  sqlite3_str *pStr = sqlite3_str_new(w->pCall->db);
  assert(p->eOp != WRITE_OTHER);
  sqlite3_str_appendall(pStr, azStart[p->eOp]);
  if (p->eOp == WRITE_FIND || p->eOp == WRITE_READ) {
    rowSqlColumns(pStr, p->pTab, p->nGet, p->aGet);
    sqlite3_str_appendall(pStr, " FROM");
  }
  sqlite3_str_appendf(pStr, " \"%w\".\"%w\"", p->pTab->pSchema->zName,
                      p->pTab->zName);
  if (p->eOp == WRITE_INSERT) rowSqlInsert(pStr, p);
  if (p->eOp == WRITE_UPDATE || p->eOp == WRITE_UPDATES) {
    sqlite3_str_appendall(pStr, " SET ");
    rowSqlEquals(pStr, p->pTab, p->nSet, p->aSet, 0, ", ");
  }
  if (p->eOp >= WRITE_INSERTS) {
    rowSqlMany(pStr, p);
  } else if (p->nWhere) {
    sqlite3_str_appendall(pStr, " WHERE ");
    rowSqlEquals(pStr, p->pTab, p->nWhere, p->aWhere, p->nSet, " AND ");
  }
  return assocStrFinish(w->pCall, pStr);
}

/* Are two lists of columns the same, in the same order? */
static int rowSameColumns(int nA, const int *aA, int nB, const int *aB) {
  return nA == nB && (nA == 0 || memcmp(aA, aB, sizeof(int) * (size_t)nA) == 0);
}

/* Prepare a WRITE_FIND that obeys the policies of its table, or a read whose
** rows count. */
static void rowSqlPoliced(AssocWriter *w, WriteSql *p) {
  AssocSql sql;
  int i;
  assocWriteSqlStart(w, &sql);
  assert(p->nSet == 0 && p->nGet > 0);
  sql.nVar = p->nWhere;
  for (i = 0; i < p->nGet; i++) {
    sqlite3_str_appendall(sql.pStr, i ? "," : "SELECT ");
    assocSqlColumn(&sql, 1, p->pTab, p->aGet[i]);
  }
  sqlite3_str_appendall(sql.pStr, " FROM ");
  sql.bPolicy = p->eOp == WRITE_READ;
  assocSqlTableAs(&sql, p->pTab, 1);
  for (i = 0; i < p->nWhere; i++) {
    sqlite3_str_appendall(sql.pStr, i ? " AND " : " WHERE ");
    assocSqlColumn(&sql, 1, p->pTab, p->aWhere[i]);
    sqlite3_str_appendf(sql.pStr, "=?%d", i + 1);
  }
  sqlPrepare(w, p, assocStrFinish(w->pCall, sql.pStr));
  sqlBind(w, p, sql.pBind);
}

/* Does the statement give rows? All others write, and count their changes. */
static int readsRows(const WriteSql *p) {
  return p->eOp == WRITE_FIND || p->eOp == WRITE_READ;
}

/* Prepare a statement like pLike, and add it to the writer's. */
static WriteSql *rowSqlNew(AssocWriter *w, const WriteSql *pLike) {
  WriteSql *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  *p = *pLike;
  /* The caller's lists live only as long as its call. */
  p->aSet = assocArenaInts(w->pCall, &w->mem, p->nSet, p->aSet);
  p->aWhere = assocArenaInts(w->pCall, &w->mem, p->nWhere, p->aWhere);
  p->aGet = assocArenaInts(w->pCall, &w->mem, p->nGet, p->aGet);
  assocSchemaNeedTrust(w->pCall, p->pTab->pSchema);
  if (w->pCall->rc != SQLITE_OK) return 0;
  if ((p->eOp == WRITE_FIND && assocAllowAsks(w, p->pTab)) ||
      (readsRows(p) && assocBudgetCounts(w->pCall->pConn))) {
    rowSqlPoliced(w, p);
  } else {
    sqlPrepare(w, p, rowSqlText(w, p));
  }
  return p;
}

/* Statements are found by what they do: operation, table, columns. The last one
** used stands first, since rows of one kind mostly follow each other. 0 after
** an error. */
WriteSql *assocWriteSql(AssocWriter *w, int eOp, AssocTable *pTab, int nSet,
                        const int *aSet, int nWhere, const int *aWhere,
                        int nGet, const int *aGet) {
  WriteSql **pp, *p,
      like = {(u8)eOp, pTab, .nSet = nSet, .nWhere = nWhere, .nGet = nGet};
  if (!readsRows(&like)) assocGateNeed(w->pCall, pTab);
  for (pp = &w->pSql; (p = *pp) != 0; pp = &p->pNext) {
    if (p->eOp != eOp || p->pTab != pTab ||
        !rowSameColumns(p->nSet, p->aSet, nSet, aSet) ||
        !rowSameColumns(p->nWhere, p->aWhere, nWhere, aWhere) ||
        !rowSameColumns(p->nGet, p->aGet, nGet, aGet)) {
      continue;
    }
    *pp = p->pNext; /* Move to the front: the next row asks for it again */
    p->pNext = w->pSql;
    w->pSql = p;
    (void)assocWriteSqlUse(w, p);
    return w->pCall->rc == SQLITE_OK ? p : 0;
  }
  like.aSet = (int *)aSet;
  like.aWhere = (int *)aWhere;
  like.aGet = (int *)aGet;
  p = rowSqlNew(w, &like);
  return w->pCall->rc == SQLITE_OK ? p : 0;
}

/* What the schema says of a table: see tableSays(). */
#define TABLE_TRIGGER 1
#define TABLE_LIKE 2

/* TABLE_TRIGGER: the table has triggers. TABLE_LIKE: its CREATE TABLE is like
** zLike. (The operator LIKE would obey PRAGMA case_sensitive_like.) */
static int tableSays(AssocWriter *w, const AssocTable *pTab,
                     const char *zLike) {
  sqlite3_stmt *pStmt = assocPrepare(
      w->pCall,
      "SELECT type='trigger', sql FROM (SELECT type, tbl_name, sql FROM"
      " \"%w\".sqlite_schema WHERE type<>'index' UNION ALL SELECT type,"
      " tbl_name, sql FROM temp.sqlite_schema WHERE type='trigger')"
      " WHERE tbl_name=%Q COLLATE nocase",
      pTab->pSchema->zName, pTab->zName);
  int m = 0;
  while (assocStep(w->pCall, pStmt)) {
    if (sqlite3_column_int(pStmt, 0)) {
      m |= TABLE_TRIGGER;
    } else if (sqlite3_strlike(zLike, assocColumnText(w->pCall, pStmt, 1), 0) ==
               0) {
      m |= TABLE_LIKE;
    }
  }
  assocFinalize(w->pCall, pStmt);
  return m;
}

/*
** The error for a row that SQLite silently skipped: because of a BEFORE trigger
** with RAISE(IGNORE), or of a constraint that says ON CONFLICT IGNORE. The
** schema tells which of these the table has.
*/
static void rowSqlIgnored(AssocWriter *w, const WriteSql *pSql) {
  static const char *const azDone[] = {"inserted", 0, "changed", "deleted"};
  static const char *const azWho[] = {
      "a constraint of %s that says ON CONFLICT IGNORE", "a trigger of %s",
      "a constraint of %s that says ON CONFLICT IGNORE",
      "a trigger of %s, or a constraint that says ON CONFLICT IGNORE,"};
  const AssocTable *pTab = pSql->pTab;
  int m = tableSays(w, pTab, "%conflict%ignore%");
  char *z = assocMprintf(w->pCall, azWho[m], pTab->zName);
  assert(pSql->eOp <= WRITE_DELETE && azDone[pSql->eOp]);
  assocFail(w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                        .rc = SQLITE_CONSTRAINT_TRIGGER,
                        .zName = pTab->zName},
            "%s prevented a row from being %s", z, azDone[pSql->eOp]);
  sqlite3_free(z);
}

/* Count the rows that a statement changed. None is an error, because the caller
** asked for a change. SQLite does not count what the triggers of a view do. */
static void rowSqlCount(AssocWriter *w, const WriteSql *pSql) {
  int n;
  if (w->pCall->rc != SQLITE_OK) return;
  n = pSql->pTab->eType == ASSOC_VIEW ? 1 : sqlite3_changes(w->pCall->db);
  assert(n >= 0);
  w->nChange += n;
  if (n == 0) rowSqlIgnored(w, pSql);
}

/* ------------------------------------------------------------------ alone */

/* Values of WriteSql.eAlone. */
#define ALONE_ASK 0
#define ALONE_YES 1
#define ALONE_NO 2
/* Most bytes of a value in a key that a result repeats, and the least limit of
** a text: so no result is too long. */
#define ALONE_KEY 1000
#define ALONE_LIMIT 1000000

void assocWriterAlone(AssocWriter *w, void (*xAlone)(AssocCall *, void *),
                      void *pAlone) {
  if (sqlite3_limit(w->pCall->db, SQLITE_LIMIT_LENGTH, -1) < ALONE_LIMIT) {
    return;
  }
  if (assocBudgetCounts(w->pCall->pConn)) return; /* It may end at any time */
  w->xAlone = xAlone;
  w->pAlone = pAlone;
  w->nTotal = sqlite3_total_changes64(w->pCall->db);
}

void assocWriterLast(AssocWriter *w, const WriteRow *pRow) {
  int i;
  w->bLast = w->xAlone != 0;
  for (i = 0; w->bLast && pRow && i < pRow->pModel->nKey; i++) {
    sqlite3_value *pVal = pRow->aKey[i].pVal;
    /* The bytes of a number would make a text of it */
    if (pVal && sqlite3_value_type(pVal) >= SQLITE_TEXT &&
        sqlite3_value_bytes(pVal) > ALONE_KEY) {
      w->bLast = 0;
    }
  }
}

/* Does an UPDATE of column iCol set it, or may it compute it anew? -1 and -2 are
** no column. */
static int aloneSets(const WriteSql *p, int iCol) {
  int i;
  if (iCol >= 0 && p->pTab->aCol[iCol].bGenerated) return 1;
  assert(iCol <= p->pTab->nCol); /* A rowid without a column is the last */
  for (i = 0; i < p->nSet; i++) {
    if (p->aSet[i] == iCol) return 1;
  }
  return 0;
}

/* Does an UPDATE change a key to which other rows may refer? It may change those,
** too. */
static int aloneSetsKey(AssocWriter *w, const WriteSql *p) {
  const AssocTable *pTab = p->pTab;
  const AssocIndex *pIdx;
  int i;
  for (i = 0; i < pTab->nKey; i++) {
    if (aloneSets(p, pTab->aKey[i])) return 1;
  }
  for (pIdx = assocTableIndexes(w->pCall, p->pTab); pIdx; pIdx = pIdx->pNext) {
    for (i = 0; pIdx->bUnique && i < pIdx->nCol; i++) {
      if (aloneSets(p, pIdx->aCol[i])) return 1;
    }
  }
  return 0;
}

/* Does SQLite undo the statement as a whole if it fails, and is nothing asked
** afterwards? A new key that may be NULL, and policies, are. Triggers and ON
** CONFLICT may write more than the row, or keep a part of it. A DELETE that says
** to be the last is of a table to which nothing refers. */
static int sqlIsAlone(AssocWriter *w, const WriteSql *p) {
  int i;
  if (p->pTab->eType != ASSOC_TABLE || assocAllowAsks(w, p->pTab)) return 0;
  for (i = 0; i < p->nGet; i++) {
    if (!p->pTab->aCol[p->aGet[i]].bNotNull) return 0;
  }
  if ((p->eOp == WRITE_UPDATE || p->eOp == WRITE_UPDATES) &&
      aloneSetsKey(w, p)) {
    return 0;
  }
  return tableSays(w, p->pTab, "%conflict%") == 0;
}

/* The same, asked once for each statement. */
int assocSqlKnownAlone(AssocWriter *w, WriteSql *p) {
  assert(p->eOp != WRITE_FIND && p->eOp != WRITE_READ);
  if (p->eAlone == ALONE_ASK) {
    p->eAlone = sqlIsAlone(w, p) ? ALONE_YES : ALONE_NO;
  }
  return p->eAlone == ALONE_YES && w->pCall->rc == SQLITE_OK;
}

void assocSqlAlone(AssocWriter *w, WriteSql *p) {
  int bLast = w->bLast;
  w->bLast = 0;
  if (!bLast || w->pCall->rc != SQLITE_OK) return;
  if (w->nTotal != sqlite3_total_changes64(w->pCall->db)) return;
  if (assocSqlKnownAlone(w, p)) w->xAlone(w->pCall, w->pAlone);
}

/* INSERT with RETURNING gives rows; they are passed over. */
void assocWriteRun(AssocWriter *w, WriteSql *pSql) {
  assert(pSql->eOp != WRITE_FIND);
  assocBudgetSpend(w->pCall);
  assocSqlAlone(w, pSql);
  if (w->pCall->rc != SQLITE_OK) return;
  while (assocStep(w->pCall, pSql->pStmt)) {
  }
  assocAllowError(w, pSql->pTab);
  rowSqlCount(w, pSql);
}

/* ------------------------------------------------------------- many at once */

/* The column numbers of some cells. */
static int *rowCellColumns(AssocWriter *w, int nCell, const WriteCell *aCell) {
  int *a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(int) * (nCell + 1));
  int i;
  for (i = 0; a && i < nCell; i++) a[i] = aCell[i].iCol;
  return a;
}

/* Bind the cells to ?1 and on, in the order of the statement's columns. */
static void rowBindCells(AssocWriter *w, const WriteSql *pSql,
                         const WriteCell *aCell) {
  int i;
  for (i = 0; i < pSql->nSet; i++) {
    assocWriteBind(w, pSql->pStmt, i + 1, &pSql->pTab->aCol[aCell[i].iCol],
                   &aCell[i].val);
  }
}

/* Give column iCol of a key to assoc_keys. */
static void keysColumnOf(const AssocKeyList *pList, int i,
                         sqlite3_context *pCtx, int iCol) {
  const WriteKeys *p = (const WriteKeys *)pList;
  const WriteVal *pVal = &p->aaKey[i][iCol];
  assert(iCol < p->nCol);
  if (pVal->pJson) {
    assocJsonResult(pCtx, pVal->pJson);
  } else if (pVal->pVal) {
    sqlite3_result_value(pCtx, pVal->pVal);
  } else {
    sqlite3_result_int64(pCtx, pVal->i);
  }
}

void assocKeysGive(AssocWriter *w, WriteKeys *p, int nCol, int n,
                   const WriteVal *const *aaKey) {
  assert(n >= 0 && nCol > 0);
  assert(w->pCall->pConn->pList == 0); /* One list at a time */
  p->base.n = n;
  p->base.i = 0;
  p->base.xColumn = keysColumnOf;
  p->nCol = nCol;
  p->aaKey = aaKey;
  w->pCall->pConn->pList = &p->base;
}

void assocKeysTake(AssocWriter *w) {
  assert(w->pCall->pConn->pList);
  w->pCall->pConn->pList = 0;
}

int assocKeysMay(AssocWriter *w) {
  return assocSchemaIndex(assocSchemaFind(w->pCat, "main"), "assoc_keys") < 0 &&
         !assocBudgetCounts(w->pCall->pConn);
}

WriteSql *assocRowsSql(AssocWriter *w, int eOp, AssocTable *pTab, int nCell,
                       const WriteCell *aCell, int nKey, const int *aKey) {
  int *aCol = rowCellColumns(w, nCell, aCell);
  WriteSql *p;
  if (aCol == 0) return 0;
  p = assocWriteSql(w, eOp, pTab, nCell, aCol, nKey, aKey, 0, 0);
  return p && assocSqlKnownAlone(w, p) ? p : 0;
}

int assocRowsRun(AssocWriter *w, WriteSql *p, const WriteCell *aCell, int n,
                 const WriteVal *const *aaKey) {
  WriteKeys keys;
  int rc;
  rowBindCells(w, p, aCell);
  if (w->pCall->rc != SQLITE_OK) return 0;
  assocKeysGive(w, &keys, p->nWhere, n, aaKey);
  (void)sqlite3_step(p->pStmt);
  assocKeysTake(w);
  rc = sqlite3_reset(p->pStmt);
  if ((rc & 0xff) == SQLITE_CONSTRAINT) return 0;
  assocErrorCode(w->pCall, rc);
  if (rc != SQLITE_OK) return 0;
  assert(sqlite3_changes(w->pCall->db) == n);
  w->nChange += n;
  return 1;
}

/* ------------------------------------------------------------------- rows */

/* Bind the values of a key to ?iVar and on. */
static void rowBindKey(AssocWriter *w, const WriteSql *pSql, int iVar,
                       const AssocModel *pModel, const WriteVal *aKey) {
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    assocWriteBind(w, pSql->pStmt, iVar + i, 0, &aKey[i]);
  }
}

/* The columns of "values" are compared behind those of the key. */
static WriteSql *rowLookSql(AssocWriter *w, int eOp, AssocModel *pModel) {
  int aCol[2 * ASSOC_KEY_MAX], *a = pModel->aKey, n = pModel->nKey, i;
  WriteSql *pSql;
  if (pModel->nValue) {
    n += pModel->nValue;
    a = n <= ASSOC_COUNT(aCol)
            ? aCol
            : assocAlloc(w->pCall, &w->tmp, (i64)sizeof(int) * n);
    if (a == 0) return 0;
    memcpy(a, pModel->aKey, sizeof(int) * (size_t)pModel->nKey);
    memcpy(&a[pModel->nKey], pModel->aValue,
           sizeof(int) * (size_t)pModel->nValue);
  }
  pSql = assocWriteSql(w, eOp, pModel->pTable, 0, 0, n, a, pModel->nKey,
                       pModel->aKey);
  for (i = 0; pSql && i < pModel->nValue; i++) {
    const WriteVal val = {pModel->apValue[i], 0, 0};
    assocWriteBind(w, pSql->pStmt, pModel->nKey + i + 1,
                   &pModel->pTable->aCol[pModel->aValue[i]], &val);
  }
  return pSql;
}

WriteSql *assocRowFindSql(AssocWriter *w, AssocModel *pModel) {
  return rowLookSql(w, WRITE_FIND, pModel);
}

/* Find a row by its key, by WRITE_FIND or WRITE_READ. True if it exists. The key
** that is read back has the table's own type: '7' finds the row 7. */
static int rowLook(AssocWriter *w, int eOp, AssocModel *pModel,
                   const WriteVal *aKey, WriteRow *pRow) {
  WriteSql *pSql = rowLookSql(w, eOp, pModel);
  pRow->pModel = pModel;
  pRow->aKey = 0;
  if (pSql == 0) return 0;
  rowBindKey(w, pSql, 1, pModel, aKey);
  if (assocStep(w->pCall, pSql->pStmt)) {
    pRow->aKey = assocWriteGet(w, pSql->pStmt, 0, pModel->nKey);
  }
  sqlite3_reset(pSql->pStmt);
  return pRow->aKey != 0;
}

int assocRowFind(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey,
                 WriteRow *pRow) {
  return rowLook(w, WRITE_FIND, pModel, aKey, pRow);
}

int assocRowReads(AssocWriter *w, const AssocModel *pModel) {
  return pModel->pTable->eType == ASSOC_TABLE && pModel->nValue == 0 &&
         !assocAllowAsks(w, pModel->pTable) &&
         !assocBudgetCounts(w->pCall->pConn);
}

int assocRowStays(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey) {
  WriteRow row;
  return assocAllowAsks(w, pModel->pTable) &&
         rowLook(w, WRITE_READ, pModel, aKey, &row);
}

/* Write a key for an error text. Some drivers bind 99 as 99.0; SQL compares
** these as equal, so the text shows 99. */
static void rowShowKey(AssocOut *pOut, const AssocModel *pModel,
                       const WriteVal *aKey) {
  int i;
  if (pModel->nKey != 1) assocOutText(pOut, "[", 1);
  for (i = 0; i < pModel->nKey; i++) {
    const WriteVal *p = &aKey[i];
    double r = 0.5; /* Not an integer: shown as it is */
    if (p->pJson && p->pJson->eType == ASSOC_J_REAL) r = p->pJson->r;
    if (p->pJson == 0 && p->pVal &&
        sqlite3_value_type(p->pVal) == SQLITE_FLOAT) {
      r = sqlite3_value_double(p->pVal);
    }
    if (i) assocOutText(pOut, ",", 1);
    if (r > -9e15 && r < 9e15 && r == (double)(i64)r) {
      assocJsonInt(pOut, (i64)r);
    } else {
      assocValWrite(pOut, p);
    }
  }
  if (pModel->nKey != 1) assocOutText(pOut, "]", 1);
}

/* See write.h. */
char *assocRowKeyText(AssocWriter *w, const AssocModel *pModel,
                      const WriteVal *aKey) {
  AssocOut out;
  i64 n = 0;
  char *z;
  assocBufInit(&out, 1000);
  rowShowKey(&out, pModel, aKey);
  z = assocBufFinish(&out, &n);
  if (out.rc == SQLITE_NOMEM) assocErrorCode(w->pCall, SQLITE_NOMEM);
  return z;
}

/* A hint for a key that is the text of a list or of an object. */
static const char *rowKeyHint(const char *z) {
  if (z && z[0] == '"' && z[1] == '[') {
    return "; to mean several rows, say {\"many\":true}";
  }
  if (z && z[0] == '"' && z[1] == '{') {
    return "; a key is one value; for rows by a condition, give an array of "
           "their keys and say {\"many\":true}";
  }
  return "";
}

/* A missing row is an error that shows the key. */
void assocRowNeed(AssocWriter *w, AssocModel *pModel, const WriteVal *aKey,
                  WriteRow *pRow) {
  char *z;
  if (assocRowFind(w, pModel, aKey, pRow) || w->pCall->rc != SQLITE_OK) return;
  assocAllowMissing(w, pModel->pTable);
  if (w->pCall->rc != SQLITE_OK) return;
  z = assocRowKeyText(w, pModel, aKey);
  assocErrorOf(w->pCall, ASSOC_E_NOT_FOUND, pModel->zLabel, z,
               "there is no %s with the key %s%s", pModel->zLabel,
               z ? z : "that is given", rowKeyHint(z));
  sqlite3_free(z);
}

/* Is pKey the model's own key, in the same order? Then a row at hand knows its
** values. */
static int rowIsModelKey(const AssocModel *pModel, const AssocKey *pKey) {
  return rowSameColumns(pModel->nKey, pModel->aKey, pKey->nCol, pKey->aCol);
}

/* The key itself needs no query. With zFor, a NULL is an error, because nothing
** can refer to it. 0 after an error. */
WriteVal *assocRowGet(AssocWriter *w, const WriteRow *pRow,
                      const AssocKey *pKey, const char *zFor) {
  const AssocModel *pModel = pRow->pModel;
  WriteVal *aVal = pRow->aKey;
  int i;
  if (w->pCall->rc != SQLITE_OK) return 0;
  assert(pRow->aKey && pKey->nCol > 0);
  if (!rowIsModelKey(pModel, pKey)) {
    WriteSql *pSql =
        assocWriteSql(w, WRITE_READ, pModel->pTable, 0, 0, pModel->nKey,
                      pModel->aKey, pKey->nCol, pKey->aCol);
    if (pSql == 0) return 0;
    rowBindKey(w, pSql, 1, pModel, pRow->aKey);
    aVal = 0;
    if (assocStep(w->pCall, pSql->pStmt)) {
      aVal = assocWriteGet(w, pSql->pStmt, 0, pKey->nCol);
    }
    sqlite3_reset(pSql->pStmt);
  }
  for (i = 0; aVal && zFor && i < pKey->nCol; i++) {
    if (!assocValIsNull(&aVal[i])) continue;
    assocFail(w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_NOTNULL,
                          .zModel = pModel->zLabel,
                          .zName = pKey->azCol[i]},
              "%s.%s is NULL, so %s has nothing to refer to", pModel->zLabel,
              pKey->azCol[i], zFor);
  }
  return w->pCall->rc == SQLITE_OK ? aVal : 0;
}

/* Both keys were read from the table, so equal values have equal types. */
int assocRowSame(const WriteRow *pA, const WriteRow *pB) {
  int i;
  assert(pA->aKey && pB->aKey);
  if (pA->pModel->pTable != pB->pModel->pTable) return 0;
  for (i = 0; i < pA->pModel->nKey; i++) {
    if (!assocValSame(&pA->aKey[i], &pB->aKey[i])) return 0;
  }
  return 1;
}

/* -1: the column is not part of the key. */
int assocKeyPlace(const AssocModel *pModel, int iCol) {
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    if (pModel->aKey[i] == iCol) return i;
  }
  return -1;
}

/* Can the column become NULL? A primary key cannot, even where SQLite would
** allow it. */
int assocColumnLetsGo(const AssocModel *pModel, int iCol) {
  return !pModel->pTable->aCol[iCol].bNotNull &&
         assocKeyPlace(pModel, iCol) < 0;
}

/* The error for an INSERT that left a key's column NULL. */
static void rowNeedsKey(AssocWriter *w, const AssocModel *pModel, int iCol) {
  assocFail(w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                        .rc = SQLITE_CONSTRAINT_NOTNULL,
                        .zModel = pModel->zLabel,
                        .zName = pModel->pTable->aCol[iCol].zName},
            "a new row of %s needs a key; give it a value for %s",
            pModel->zLabel, pModel->pTable->aCol[iCol].zName);
}

/* Run an INSERT into a table, and set pRow->aKey to the key of the new row. */
static void rowInsertRun(AssocWriter *w, WriteSql *pSql, WriteRow *pRow) {
  const AssocModel *pModel = pRow->pModel;
  int i;
  assert(pModel->pTable->eType == ASSOC_TABLE);
  assert(pSql->nGet == pModel->nKey || assocKeyIsRowid(pModel));
  assocBudgetSpend(w->pCall);
  assocSqlAlone(w, pSql);
  while (assocStep(w->pCall, pSql->pStmt)) {
    pRow->aKey = assocWriteGet(w, pSql->pStmt, 0, pModel->nKey);
  }
  if (w->pCall->rc != SQLITE_OK) sqlite3_reset(pSql->pStmt);
  assocAllowError(w, pSql->pTab);
  rowSqlCount(w, pSql);
  if (pSql->nGet == 0 && w->pCall->rc == SQLITE_OK) {
    pRow->aKey = assocAlloc(w->pCall, &w->tmp, sizeof(WriteVal));
    if (pRow->aKey) pRow->aKey->i = sqlite3_last_insert_rowid(w->pCall->db);
  }
  for (i = 0; pRow->aKey && i < pModel->nKey; i++) {
    if (assocValIsNull(&pRow->aKey[i])) {
      rowNeedsKey(w, pModel, pModel->aKey[i]);
    }
  }
}

/* RETURNING gives the key, unless it is the rowid, which last_insert_rowid()
** gives for less, or the model is a view, which has none. */
WriteSql *assocRowInsertSql(AssocWriter *w, AssocModel *pModel, int nCell,
                            const WriteCell *aCell, int bKey) {
  int *aCol = rowCellColumns(w, nCell, aCell);
  int bTold = bKey && pModel->pTable->eType == ASSOC_TABLE;
  /* Of a rowid, sqlite3_last_insert_rowid() tells it */
  int nGet = bTold && !assocKeyIsRowid(pModel) ? pModel->nKey : 0;
  if (aCol == 0) return 0;
  return assocWriteSql(w, WRITE_INSERT, pModel->pTable, nCell, aCol, 0, 0, nGet,
                       pModel->aKey);
}

/*
** Run an INSERT into a view or a virtual table, and find the key of the new
** row.
**
** In a view the triggers make the row, if they do. It is looked up by the key
** that the caller gave. RETURNING would only repeat the given values, and
** before SQLite 3.41 it would do so even where no trigger made a row. In a
** virtual table RETURNING does not know a new rowid, but SQLite does after the
** INSERT.
*/
static void rowInsertFind(AssocWriter *w, WriteSql *pSql, AssocModel *pModel,
                          const WriteCell *aCell, WriteRow *pRow) {
  WriteVal *aKey =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aKey) * (pModel->nKey + 1));
  int bView = pModel->pTable->eType == ASSOC_VIEW, iAsk = -1;
  int i, j;
  assert(pModel->pTable->eType != ASSOC_TABLE);
  if (aKey == 0) return;
  for (i = 0; i < pModel->nKey; i++) {
    for (j = 0; j < pSql->nSet && aCell[j].iCol != pModel->aKey[i]; j++) {
    }
    if (j < pSql->nSet) {
      aKey[i] = aCell[j].val;
    } else if (bView || pModel->nKey > 1) {
      rowNeedsKey(w, pModel, pModel->aKey[i]);
    } else {
      iAsk = i;
    }
  }
  assocWriteRun(w, pSql);
  if (w->pCall->rc != SQLITE_OK) return;
  if (iAsk >= 0) aKey[iAsk].i = sqlite3_last_insert_rowid(w->pCall->db);
  if (!bView && (iAsk < 0 || pModel->aKey[0] == pModel->pTable->iRowid)) {
    pRow->aKey = aKey; /* A look-up might not find it: content may be absent */
    return;
  }
  if (rowLook(w, WRITE_READ, pModel, aKey, pRow)) return;
  if (w->pCall->rc != SQLITE_OK) return;
  if (bView) {
    assocFail(w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_TRIGGER,
                          .zModel = pModel->zLabel},
              "the triggers of %s did not insert the row", pModel->zLabel);
  } else {
    rowNeedsKey(w, pModel, pModel->aKey[0]);
  }
}

/* A view's INSTEAD OF trigger decides what is stored, so the new row is looked
** for by its values. */
void assocRowInsertBy(AssocWriter *w, WriteSql *pSql, AssocModel *pModel,
                      const WriteCell *aCell, WriteRow *pRow) {
  assert(pSql->eOp == WRITE_INSERT);
  rowBindCells(w, pSql, aCell);
  if (pRow == 0) {
    assocWriteRun(w, pSql);
  } else {
    pRow->pModel = pModel;
    pRow->aKey = 0;
    if (pModel->pTable->eType != ASSOC_TABLE) {
      rowInsertFind(w, pSql, pModel, aCell, pRow);
    } else {
      rowInsertRun(w, pSql, pRow);
    }
    assert(pRow->aKey || w->pCall->rc != SQLITE_OK);
    if (w->pCall->rc == SQLITE_OK) assocAllowRow(w, pRow, ASSOC_MAY_CREATE, 0);
  }
}

/* Add the value of a model to the cells, unless they have it. A new row cannot
** have another. Returns the new number. */
static int fillValue(AssocWriter *w, const AssocModel *pModel, int iValue,
                     WriteCell *a, int n) {
  const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aValue[iValue]];
  const WriteVal val = {pModel->apValue[iValue], 0, 0};
  int i = 0;
  while (i < n && a[i].iCol != pModel->aValue[iValue]) i++;
  if (i == n) {
    a[n].iCol = pModel->aValue[iValue];
    a[n++].val = val;
  } else if (!assocValSameIn(w, pCol, &a[i].val, &val)) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, pCol->zName,
                 "a new row of %s has its own %s, so that no other can be "
                 "given",
                 pModel->zLabel, pCol->zName);
  }
  return n;
}

/* The time of a row: both of its timestamps are the same moment, at least where
** their form is. It starts with zeros. */
typedef struct RowNow RowNow;
struct RowNow {
  int eForm;           /* ASSOC_CLOCK_*: the form of pVal */
  sqlite3_value *pVal; /* The time, valid until assocWriterReset() */
};

/* The form of timestamp i of the model: asked once in a call, because a table
** without such values would be read for each row. */
static int timeForm(AssocWriter *w, const AssocModel *pModel, int i) {
  if (w->pTimed != pModel) {
    w->pTimed = pModel;
    w->aForm[0] = w->aForm[1] = 0;
  }
  if (w->aForm[i] == 0) {
    w->aForm[i] = assocClockForm(w->pCall, pModel->pTable, pModel->aStamp[i],
                                 pModel->aStamp[!i]);
  }
  return w->aForm[i];
}

sqlite3_value *assocWriteNow(AssocWriter *w, int eForm) {
  WriteSql **pp = &w->apNow[eForm];
  sqlite3_value *pNow = 0;
  sqlite3_stmt *pStmt;
  if (*pp == 0) {
    AssocSql sql;
    assocWriteSqlStart(w, &sql);
    sqlite3_str_appendall(sql.pStr, "SELECT ");
    assocClockSql(sql.pStr, eForm);
    *pp = assocWriteSqlKeep(w, &sql);
  }
  pStmt = assocWriteSqlUse(w, *pp);
  if (pStmt && assocStep(w->pCall, pStmt)) {
    pNow = assocWriterKeep(w, sqlite3_column_value(pStmt, 0));
  }
  sqlite3_reset(pStmt);
  return pNow;
}

/* The current time as timestamp i of the model is stored. 0 after an error. */
static sqlite3_value *timeNow(AssocWriter *w, const AssocModel *pModel, int i,
                              RowNow *pNow) {
  int eForm = timeForm(w, pModel, i);
  if (pNow->pVal && pNow->eForm == eForm) return pNow->pVal;
  pNow->eForm = eForm;
  pNow->pVal = assocWriteNow(w, eForm);
  return pNow->pVal;
}

/* Set timestamp iTime in column iCol, unless the cells have it. Returns the new
** number. */
static int fillTime(AssocWriter *w, const AssocModel *pModel, int iTime,
                    int iCol, WriteCell *a, int n, RowNow *pNow) {
  int i = 0;
  while (i < n && a[i].iCol != iCol) i++;
  if (iCol < 0 || i < n) return n;
  a[n].iCol = iCol;
  memset(&a[n].val, 0, sizeof(a[n].val));
  a[n].val.pVal = timeNow(w, pModel, iTime, pNow);
  return n + (a[n].val.pVal != 0);
}

/* The given cells are not changed: the caller may use them again. */
const WriteCell *assocRowFill(AssocWriter *w, const AssocModel *pModel, int *pn,
                              const WriteCell *aCell) {
  RowNow now = {0, 0};
  WriteCell *a;
  int i, n = *pn;
  if (w->pCall->rc != SQLITE_OK ||
      (pModel->nValue == 0 && pModel->aTime[0] < 0 && pModel->aTime[1] < 0)) {
    return aCell;
  }
  a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (n + pModel->nValue + 2));
  if (a == 0) return 0;
  if (n) memcpy(a, aCell, sizeof(*a) * (size_t)n);
  for (i = 0; i < pModel->nValue; i++) n = fillValue(w, pModel, i, a, n);
  for (i = 0; i < 2; i++) {
    int iCol = pModel->aTime[i];
    /* A default of CURRENT_TIMESTAMP does, if the rows have that form. */
    if (iCol >= 0 && pModel->pTable->aCol[iCol].bNow &&
        timeForm(w, pModel, i) == assocClockNow()) {
      continue;
    }
    n = fillTime(w, pModel, i, iCol, a, n, &now);
  }
  *pn = n;
  return a;
}

/* pRow may be 0 if nobody needs the key: no policy asks about the row. */
void assocRowInsert(AssocWriter *w, AssocModel *pModel, int nCell,
                    const WriteCell *aGiven, WriteRow *pRow) {
  const WriteCell *aCell = assocRowFill(w, pModel, &nCell, aGiven);
  WriteSql *pSql = 0;
  assert(pRow || !assocAllowAsks(w, pModel->pTable));
  if (w->pCall->rc == SQLITE_OK) {
    pSql = assocRowInsertSql(w, pModel, nCell, aCell, pRow != 0);
  }
  if (pSql) assocRowInsertBy(w, pSql, pModel, aCell, pRow);
}

/* The given cells are not changed. */
const WriteCell *assocRowTouch(AssocWriter *w, const AssocModel *pModel,
                               int *pn, const WriteCell *aCell) {
  RowNow now = {0, 0};
  WriteCell *a;
  if (pModel->iTouch < 0) return aCell;
  assert(aCell || w->pCall->rc != SQLITE_OK);
  a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (*pn + 1));
  if (a == 0) return 0;
  memcpy(a, aCell, sizeof(*a) * (size_t)*pn);
  *pn = fillTime(w, pModel, 1, pModel->iTouch, a, *pn, &now);
  return a;
}

/* The row must exist. Without cells nothing is run. The key in pRow finds the
** row, so a cell must not change the key. */
void assocRowUpdate(AssocWriter *w, const WriteRow *pRow, int nCell,
                    const WriteCell *aCell) {
  AssocModel *pModel = pRow->pModel;
  WriteSql *pSql = 0;
  int *aCol;
  if (nCell == 0) return;
  assocAllowCells(w, pModel->pTable, nCell, aCell); /* Not the time of change */
  aCell = assocRowTouch(w, pModel, &nCell, aCell);
  if (aCell == 0) return;
  aCol = rowCellColumns(w, nCell, aCell);
  if (aCol) {
    pSql = assocWriteSql(w, WRITE_UPDATE, pModel->pTable, nCell, aCol,
                         pModel->nKey, pModel->aKey, 0, 0);
  }
  if (pSql == 0) return;
  assert(pRow->aKey);
  assocAllowRow(w, pRow, ASSOC_MAY_UPDATE, 1);
  rowBindCells(w, pSql, aCell);
  rowBindKey(w, pSql, nCell + 1, pModel, pRow->aKey);
  assocWriteRun(w, pSql);
  assocAllowRow(w, pRow, ASSOC_MAY_UPDATE, 0);
}

/* Write a value as a load prints it: JSON text of a column declared JSON
** without its white space, if it is valid JSON. */
static void rowPrint(AssocWriter *w, AssocOut *pOut, const AssocColumn *pCol,
                     sqlite3_value *pVal) {
  AssocArena mem;
  AssocJson *pJson = 0;
  memset(&mem, 0, sizeof(mem));
  if (pCol->eJson == ASSOC_JSON_RAW &&
      sqlite3_value_type(pVal) == SQLITE_TEXT) {
    const char *z = (const char *)sqlite3_value_text(pVal);
    int n = sqlite3_value_bytes(pVal);
    if (z) pJson = assocJsonTry(w->pCall, &mem, z, n);
  }
  if (pJson) {
    assocJsonWrite(pOut, pJson);
  } else {
    assocJsonValue(pOut, pVal,
                   pCol->eJson == ASSOC_JSON_BOOL ? ASSOC_JSON_BOOL
                                                  : ASSOC_JSON_PLAIN);
  }
  assocArenaFree(&mem);
}

/* Would a load print the column's present value as the wanted JSON? */
static int rowIsPrinted(AssocWriter *w, const AssocColumn *pCol,
                        sqlite3_value *pHas, const AssocJson *pWanted) {
  AssocOut has, wanted;
  assocBufInit(&has, 0x7fffffff);
  assocBufInit(&wanted, 0x7fffffff);
  rowPrint(w, &has, pCol, pHas);
  assocJsonWrite(&wanted, pWanted);
  return rowSameText(w, &has, &wanted);
}

/* Are both the same text, and not empty? Then both are printed alike. (A text has
** no bytes after a failure, too.) */
static int rowIsText(sqlite3_value *pHas, const AssocJson *pWanted) {
  return pWanted->eType == ASSOC_J_TEXT && pWanted->n > 0 &&
         sqlite3_value_type(pHas) == SQLITE_TEXT &&
         sqlite3_value_bytes(pHas) == pWanted->n &&
         memcmp(sqlite3_value_text(pHas), pWanted->z, (size_t)pWanted->n) == 0;
}

/* Is the column's present value the one that a cell gives it? */
static int rowHas(AssocWriter *w, const AssocColumn *pCol, sqlite3_value *pHas,
                  const WriteVal *pVal) {
  const AssocJson *pJson = pVal->pJson;
  int eType = sqlite3_value_type(pHas);
  WriteVal has = {0, 0, 0};
  has.pVal = pHas;
  if (pJson && pCol->eJson == ASSOC_JSON_PLAIN) {
    if (pJson->eType == ASSOC_J_INT && eType == SQLITE_INTEGER) {
      return sqlite3_value_int64(pHas) == pJson->i;
    }
    if (rowIsText(pHas, pJson)) return 1;
  }
  if (pJson) {
    if (rowIsPrinted(w, pCol, pHas, pJson)) return 1;
    /* In a column of TEXT 5 is stored as '5', in one of INTEGER '5' as 5 */
    if (pJson->eType > ASSOC_J_TEXT || pCol->eJson == ASSOC_JSON_RAW ||
        (pJson->eType == ASSOC_J_TEXT && eType == SQLITE_TEXT)) {
      return 0;
    }
  }
  return assocValSameIn(w, pCol, &has, pVal);
}

/* A column differs if a load would print another value. */
int assocRowLacks(AssocWriter *w, const AssocModel *pModel, sqlite3_stmt *pStmt,
                  int iFrom, int nCell, WriteCell *aCell) {
  int i, n = 0;
  for (i = 0; i < nCell; i++) {
    if (!rowHas(w, &pModel->pTable->aCol[aCell[i].iCol],
                sqlite3_column_value(pStmt, iFrom + i), &aCell[i].val)) {
      aCell[n++] = aCell[i];
    }
  }
  return n;
}

WriteCell *assocRowDiffer(AssocWriter *w, const WriteRow *pRow, int nCell,
                          const WriteCell *aCell, int *pn) {
  AssocModel *pModel = pRow->pModel;
  int *aCol = rowCellColumns(w, nCell, aCell);
  WriteCell *aDiffer =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aDiffer) * (nCell + 1));
  WriteSql *pSql = 0;
  *pn = 0;
  if (nCell == 0) return aDiffer;
  if (aCol && aDiffer) {
    pSql = assocWriteSql(w, WRITE_READ, pModel->pTable, 0, 0, pModel->nKey,
                         pModel->aKey, nCell, aCol);
  }
  if (pSql == 0) return 0;
  memcpy(aDiffer, aCell, sizeof(*aDiffer) * (size_t)nCell);
  rowBindKey(w, pSql, 1, pModel, pRow->aKey);
  if (assocStep(w->pCall, pSql->pStmt)) {
    *pn = assocRowLacks(w, pModel, pSql->pStmt, 0, nCell, aDiffer);
  }
  sqlite3_reset(pSql->pStmt);
  return w->pCall->rc == SQLITE_OK ? aDiffer : 0;
}

/* Update only what differs, so that triggers fire for real changes only and the
** count is right. */
void assocRowChange(AssocWriter *w, const WriteRow *pRow, int nCell,
                    const WriteCell *aCell) {
  int n = 0;
  const WriteCell *aDiffer = assocRowDiffer(w, pRow, nCell, aCell, &n);
  if (aDiffer) assocRowUpdate(w, pRow, n, aDiffer);
}
