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
  for (; pPolicy; pPolicy = assocPolicyNext(p->pCall, pPolicy)) {
    policyCondition(p, pPolicy, iAlias, eMay);
  }
  p->bPolicy = old.bPolicy;
  p->bOwner = old.bOwner;
  p->zText = old.zText;
  p->pScope = old.pScope;
  p->bMaybe = old.bMaybe;
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

/* Append " AND assoc_spend(t1.id)": each row that is read counts, before any
** other condition is tested. */
static void policedSpend(AssocSql *p, const AssocTable *pTab, int iAlias) {
  int iCol = pTab->iRowid >= 0 ? pTab->iRowid : 0;
  if (!spends(p) || pTab->nCol == 0) return;
  sqlite3_str_appendall(p->pStr, " AND assoc_spend(");
  assocSqlColumn(p, iAlias, pTab, iCol);
  sqlite3_str_appendall(p->pStr, ")");
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
  policedSpend(p, pTab, iAlias);
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
  for (; pPolicy && pCall->rc == SQLITE_OK; pPolicy = pPolicy->pNext) {
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

/* assoc_spend(x): true, or an error if the budget is spent. SQLite takes it for
** a function of its argument alone. So it is asked of each row as well that
** goes into an automatic index or a Bloom filter. */
static void spendFunc(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg) {
  (void)nArg, (void)apArg;
  if (assocBudgetRow(sqlite3_user_data(pCtx))) {
    sqlite3_result_int(pCtx, 1);
  } else {
    sqlite3_result_error(pCtx, "the budget is spent", -1);
    sqlite3_result_error_code(pCtx, SQLITE_ABORT);
  }
}

int assocSpendRegister(AssocConn *pConn) {
  return sqlite3_create_function_v2(
      pConn->db, "assoc_spend", 1,
      SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC,
      assocConnRef(pConn), spendFunc, 0, 0, assocConnUnref);
}
