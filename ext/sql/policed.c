/*
** Tables as sources of rows, and the policies that hold for them.
**
**   "main"."posts" t1
**   (SELECT *,"rowid" FROM "main"."posts" t1 WHERE true AND (t1."owner"=?1)) t1
**
** Where it can, the subquery stands in front of the statement, as a common
** table expression of its own, WITH s4 AS (...): SQLite's parser has a limited
** depth. One that is used once is flattened just the same.
**
** The inner and the outer alias are the same, so that EXPLAIN QUERY PLAN names
** the table as it does without a policy.
**
** A policy's condition is the owner's: its relations see every row, and it may
** name every column. Otherwise policies of two models that refer to each other
** would never end.
*/
#include "sql/sql.h"

/* The columns that * leaves out: those that are hidden in a virtual table, and
** the rowid. */
static void policedColumns(AssocSql *p, const AssocTable *pTab) {
  int i;
  sqlite3_str_appendall(p->pStr, "SELECT *");
  for (i = 0; i <= pTab->nCol; i++) {
    if (i < pTab->nCol ? !pTab->aCol[i].bHidden : i != pTab->iRowid) continue;
    sqlite3_str_appendf(p->pStr, ",\"%w\"", pTab->aCol[i].zName);
  }
  sqlite3_str_appendall(p->pStr, " FROM ");
}

/* Append " AND (...)" for one policy. A policy of a model with "values" holds
** for rows with these values. */
static void policyCondition(AssocSql *p, const AssocPolicy *pPolicy, int iAlias,
                            int eMay) {
  AssocModel *pModel = pPolicy->pModel;
  int eSay = pPolicy->aSay[eMay];
  if (eSay == ASSOC_SAY_NOTHING) {
    eSay = eMay == ASSOC_MAY_READ ? ASSOC_SAY_ALL : ASSOC_SAY_NONE;
  }
  if (eSay == ASSOC_SAY_ALL) return;
  sqlite3_str_appendall(p->pStr, " AND (");
  if (pModel->pValues) {
    sqlite3_str_appendall(p->pStr, "(");
    assocSqlPred(p, pModel->pValues, pModel, iAlias);
    sqlite3_str_appendall(p->pStr, ") IS NOT TRUE OR ");
  }
  if (eSay == ASSOC_SAY_NONE) {
    sqlite3_str_appendall(p->pStr, "false");
  } else {
    sqlite3_str_appendall(p->pStr, "(");
    assocSqlPred(p, pPolicy->apPred[eMay], pModel, iAlias);
    assocErrorPrefix(p->pCall, "the policy of %s: ", pModel->zLabel);
    sqlite3_str_appendall(p->pStr, ")");
  }
  sqlite3_str_appendall(p->pStr, ")");
}

void assocSqlMay(AssocSql *p, const AssocTable *pTab, int iAlias, int eMay) {
  const AssocPolicy *pPolicy = assocPolicyOf(p->pCall, pTab);
  AssocSql old = *p;
  if (p->bPolicy) return;
  if (p->nAlias < iAlias) p->nAlias = iAlias; /* For the policy's own steps */
  p->bPolicy = p->bOwner = 1;
  p->zText = 0;
  p->pScope = 0;
  p->bMaybe = 0;
  p->pPlace = 0; /* Its paths see other rows */
  for (; pPolicy; pPolicy = assocPolicyNext(p->pCall, pPolicy)) {
    policyCondition(p, pPolicy, iAlias, eMay);
  }
  p->bPolicy = old.bPolicy;
  p->bOwner = old.bOwner;
  p->zText = old.zText;
  p->pScope = old.pScope;
  p->bMaybe = old.bMaybe;
  p->pPlace = old.pPlace;
}

int assocSqlIsPoliced(const AssocSql *p, const AssocTable *pTab) {
  const AssocPolicy *pPolicy = p->bPolicy ? 0 : assocPolicyOf(p->pCall, pTab);
  for (; pPolicy; pPolicy = assocPolicyNext(p->pCall, pPolicy)) {
    if (pPolicy->aSay[ASSOC_MAY_READ] > ASSOC_SAY_ALL) return 1;
  }
  return 0;
}

/* Append " NOT INDEXED" or " INDEXED BY x". */
static void policedIndex(AssocSql *p, int bNatural, const char *zIndex) {
  assert(!bNatural || zIndex == 0);
  if (bNatural) sqlite3_str_appendall(p->pStr, " NOT INDEXED");
  if (zIndex) sqlite3_str_appendf(p->pStr, " INDEXED BY \"%w\"", zIndex);
}

/* Do the rows that the statement reads count? Not if the text is for others to
** run. */
static int spends(const AssocSql *p) {
  return assocBudgetCounts(p->pCall->pConn) && !p->bAlone;
}

/* The number of a table is that of its statement and, in as many bits, its
** alias. */
#define SPEND_TEXT 16

/* The bit in budget.mOr of the statement that a table is in. */
static u64 spendBit(i64 iTable) {
  return (u64)1 << (iTable >> SPEND_TEXT & 63);
}

/* Append a function of the row's key: zFunction(7, t1.id). The number tells
** the table from all others. A rowid, and the key of a table without one, is in
** each index: so the function runs before any condition on other columns. */
static void spendCall(AssocSql *p, const AssocTable *pTab, int iAlias,
                      const char *zFunction) {
  int bRowid = pTab->iRowid >= 0;
  int i, n = bRowid || pTab->nKey == 0 ? 1 : pTab->nKey;
  sqlite3_str_appendf(p->pStr, "%s(%lld", zFunction,
                      (i64)p->iText << SPEND_TEXT | iAlias);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendall(p->pStr, ",");
    assocSqlColumn(p, iAlias, pTab,
                   bRowid       ? pTab->iRowid
                   : pTab->nKey ? pTab->aKey[i]
                                : 0);
  }
  sqlite3_str_appendall(p->pStr, ")");
}

/* Append " AND assoc_spend(7,t1.id) AND assoc_spent(7,t1.id)": each row that is
** read counts, before any other condition is tested. The natural order, which is
** that of the outermost loop, has no index that assoc_spend() is for. */
static void policedSpend(AssocSql *p, const AssocTable *pTab, int iAlias,
                         int bNatural) {
  if (!spends(p)) return;
  if (!bNatural) {
    sqlite3_str_appendall(p->pStr, " AND ");
    spendCall(p, pTab, iAlias, "assoc_spend");
  }
  sqlite3_str_appendall(p->pStr, " AND ");
  spendCall(p, pTab, iAlias, "assoc_spent");
}

void assocSqlSpendOr(AssocSql *p, const AssocTable *pTab, int iAlias) {
  if (!spends(p)) return;
  p->pCall->pConn->budget.mOr |= spendBit((i64)p->iText << SPEND_TEXT);
  sqlite3_str_appendall(p->pStr, " ");
  spendCall(p, pTab, iAlias, "assoc_spend_or");
  sqlite3_str_appendall(p->pStr, " AND ");
}

void assocSqlTableBy(AssocSql *p, const AssocTable *pTab, int iAlias,
                     int bNatural, const char *zIndex) {
  sqlite3_str *pOuter = 0;
  int iName;
  if (!spends(p) && !assocSqlIsPoliced(p, pTab)) {
    assocSqlTable(p, pTab);
    sqlite3_str_appendf(p->pStr, " t%d", iAlias);
    policedIndex(p, bNatural, zIndex);
    return;
  }
  iName = ++p->nAlias;
  if (p->bWith) {
    pOuter = assocSqlWith(p, "s", iName);
  } else {
    sqlite3_str_appendall(p->pStr, "(");
  }
  policedColumns(p, pTab);
  assocSqlTable(p, pTab);
  sqlite3_str_appendf(p->pStr, " t%d", iAlias);
  policedIndex(p, bNatural, zIndex);
  sqlite3_str_appendall(p->pStr, " WHERE true");
  policedSpend(p, pTab, iAlias, bNatural);
  assocSqlMay(p, pTab, iAlias, ASSOC_MAY_READ);
  if (pOuter) {
    assocSqlWithEnd(p, pOuter);
    sqlite3_str_appendf(p->pStr, "s%d t%d", iName, iAlias);
  } else {
    sqlite3_str_appendf(p->pStr, ") t%d", iAlias);
  }
}

void assocSqlTableAs(AssocSql *p, const AssocTable *pTab, int iAlias) {
  assocSqlTableBy(p, pTab, iAlias, 0, 0);
}

void assocSqlTableAll(AssocSql *p, const AssocTable *pTab, int iAlias) {
  u8 bPolicy = p->bPolicy;
  p->bPolicy = 1;
  assocSqlTableAs(p, pTab, iAlias);
  p->bPolicy = bPolicy;
}

int assocSqlColumnFind(const AssocSql *p, const AssocTable *pTab,
                       const char *zName) {
  return p->bOwner ? assocColumnFind(pTab, zName)
                   : assocColumnSeek(p->pCall, pTab, zName);
}

void assocSqlCheckPolicies(AssocCall *pCall, const AssocTable *pTab) {
  const AssocPolicy *pPolicy = assocPolicyAll(pCall, pTab);
  AssocArena mem;
  memset(&mem, 0, sizeof(mem));
  for (; pPolicy; pPolicy = pPolicy->pNext) {
    AssocSql sql;
    int i;
    assocSqlStart(&sql, pCall, &mem, 0);
    sql.nAlias = sql.bPolicy = sql.bOwner = 1;
    for (i = 0; i < ASSOC_NMAY; i++) policyCondition(&sql, pPolicy, 1, i);
    (void)assocSqlEnd(&sql);
  }
  assocArenaFree(&mem);
}

const char *assocSqlSource(AssocCall *pCall, AssocArena *pArena,
                           const AssocTable *pTab) {
  AssocSql sql;
  assocSqlStart(&sql, pCall, pArena, 0);
  sql.bLiteral = 1;
  if (!spends(&sql) && !assocSqlIsPoliced(&sql, pTab)) {
    assocSqlTable(&sql, pTab);
  } else {
    sqlite3_str_appendall(sql.pStr, "(SELECT * FROM ");
    assocSqlTableAs(&sql, pTab, 1);
    sqlite3_str_appendall(sql.pStr, ")");
  }
  return assocSqlEnd(&sql);
}

/*
** Three functions count the rows that are read:
**
**   assoc_spend     is a function of its arguments to SQLite. So it is asked as
**                   well of each row that goes into an automatic index or a
**                   Bloom filter. But t1.id=7 makes it a constant, which is
**                   computed once for all rows.
**   assoc_spent     follows it, and counts a row that it did not count. SQLite
**                   calls it for each row, but not for rows of such an index.
**   assoc_spend_or  stands in each side of an OR. Where SQLite looks up each side
**                   by an index, it counts the rows that such a look-up reads, and
**                   those that are left are not counted again. Otherwise the row
**                   was counted by the other two.
**
** For that, the last row of each table is known by a hash of its key. Only
** statements with an OR need it.
*/
#define LAST_NONE 0
#define LAST_ROW 1 /* Counted by assoc_spent() */
#define LAST_OR 2  /* Counted by assoc_spend_or() */

/* A hash of the key. */
static u64 spendHash(int nArg, sqlite3_value **apArg) {
  u64 h = ASSOC_HASH_START;
  int i, j;
  for (i = 1; i < nArg; i++) {
    sqlite3_value *p = apArg[i];
    i64 iVal = sqlite3_value_int64(p);
    int eType = sqlite3_value_type(p);
    int bBytes = eType == SQLITE_TEXT || eType == SQLITE_BLOB;
    const u8 *z = bBytes ? sqlite3_value_blob(p) : 0;
    int n = z ? sqlite3_value_bytes(p) : 0;
    for (j = 0; j < n; j++) h = assocHash(h, z[j]);
    h = assocHash(h, (u64)iVal ^ (u64)eType << 56);
  }
  return h;
}

/* Count a row, or raise the error. */
static int spendRow(sqlite3_context *pCtx) {
  if (assocBudgetRow(sqlite3_user_data(pCtx))) return 1;
  sqlite3_result_error(pCtx, "the budget is spent", -1);
  sqlite3_result_error_code(pCtx, SQLITE_ABORT);
  return 0;
}

/* Where the last row of a table is noted. */
static AssocSpent *spendSlot(AssocConn *pConn, i64 iTable) {
  u64 n = ASSOC_COUNT(pConn->budget.aLast);
  return &pConn->budget.aLast[(u64)((iTable >> SPEND_TEXT) * 8 + iTable) % n];
}

/* The row of a call. It has the state of the last row of its table if it is that
** row, else LAST_NONE. */
static AssocSpent spendOf(AssocConn *pConn, int nArg, sqlite3_value **apArg) {
  AssocSpent row = {0, 0, LAST_NONE};
  const AssocSpent *pLast;
  if (nArg) row.iTable = sqlite3_value_int64(apArg[0]);
  row.iKey = spendHash(nArg, apArg);
  pLast = spendSlot(pConn, row.iTable);
  if (pLast->iTable == row.iTable && pLast->iKey == row.iKey) return *pLast;
  return row;
}

/* It is the last row of its table now, in this state. */
static void spendNote(AssocConn *pConn, AssocSpent row, int eState) {
  row.eState = (u8)eState;
  *spendSlot(pConn, row.iTable) = row;
}

/* May assoc_spend_or() have counted rows of the table? */
static int spendHasOr(const AssocConn *pConn, int nArg, sqlite3_value **apArg) {
  u64 m = pConn->budget.mOr;
  return m && nArg && (m & spendBit(sqlite3_value_int64(apArg[0])));
}

/* assoc_spend(table, key...) */
static void spendFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  if (!spendHasOr(pConn, nArg, apArg) ||
      spendOf(pConn, nArg, apArg).eState != LAST_OR) {
    if (!spendRow(pCtx)) return;
    pConn->budget.bFresh = 1;
  }
  sqlite3_result_int(pCtx, 1);
}

/* assoc_spent(table, key...) */
static void spentFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  int bFresh = pConn->budget.bFresh, bCounted = 0;
  pConn->budget.bFresh = 0;
  if (spendHasOr(pConn, nArg, apArg)) {
    AssocSpent row = spendOf(pConn, nArg, apArg);
    bCounted = row.eState == LAST_OR;
    spendNote(pConn, row, bCounted ? LAST_NONE : LAST_ROW);
  }
  if (!bCounted && !bFresh && !spendRow(pCtx)) return;
  sqlite3_result_int(pCtx, 1);
}

/* assoc_spend_or(table, key...) */
static void spendOrFunc(sqlite3_context *pCtx, int nArg,
                        sqlite3_value **apArg) {
  AssocConn *pConn = sqlite3_user_data(pCtx);
  AssocSpent row = spendOf(pConn, nArg, apArg);
  if (row.eState != LAST_ROW) {
    if (!spendRow(pCtx)) return;
    spendNote(pConn, row, LAST_OR);
  }
  sqlite3_result_int(pCtx, 1);
}

/* Register one of the three. m: flags of SQLite beside those of all. */
static int spendRegister(AssocConn *pConn, const char *zName, int m,
                         void (*x)(sqlite3_context *, int, sqlite3_value **)) {
  return sqlite3_create_function_v2(
      pConn->db, zName, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY | m,
      assocConnRef(pConn), x, 0, 0, assocConnUnref);
}

int assocSpendRegister(AssocConn *pConn) {
  return spendRegister(pConn, "assoc_spend", SQLITE_DETERMINISTIC, spendFunc);
}

int assocSpentRegister(AssocConn *pConn) {
  return spendRegister(pConn, "assoc_spent", 0, spentFunc);
}

int assocSpendOrRegister(AssocConn *pConn) {
  return spendRegister(pConn, "assoc_spend_or", 0, spendOrFunc);
}
