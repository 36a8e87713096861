/*
** What policies allow a session to write.
**
**   create   asked of the new row, after its INSERT
**   update   asked of the row as it was, and of the row as it is afterwards
**   delete   asked of each row that is deleted, or marked as deleted
**
** A row that a session changes or deletes is one that it can read, too. What is
** not allowed is one error, "refused", which names no table, column or value.
** The savepoint or gate around the work undoes what was written before it.
**
**   SELECT 1 FROM "main"."posts" t1 WHERE t1."id"=?1 AND (<read>) AND (<update>)
*/
#include "write/write.h"

/* A statement that asks whether a row may be changed in one way. */
struct WriteAllow {
  const AssocTable *pTab; /* The table whose policies it asks */
  int eMay, bRead;   /* ASSOC_MAY_*, and whether it must be readable, too */
  int nId;           /* Columns of the key it is asked by */
  const int *aId;    /* The columns by which the row is found */
  WriteSql *pSql;    /* 0: nothing needs to be asked */
  WriteAllow *pNext; /* The next of the writer */
};

/* Does a policy leave any doubt about eMay? */
static int mayDoubt(AssocCall *pCall, const AssocTable *pTab, int eMay) {
  const AssocPolicy *p = assocPolicyOf(pCall, pTab);
  for (; p; p = assocPolicyNext(pCall, p)) {
    int eSay = p->aSay[eMay];
    if (eSay == ASSOC_SAY_ALL) continue;
    if (eSay == ASSOC_SAY_NOTHING && eMay == ASSOC_MAY_READ) continue;
    return 1;
  }
  return 0;
}

/* Prepare the statement of p, if one is needed. */
static void allowPrepare(AssocWriter *w, WriteAllow *p) {
  AssocSql sql;
  int i;
  if (!mayDoubt(w->pCall, p->pTab, p->eMay) &&
      (!p->bRead || !mayDoubt(w->pCall, p->pTab, ASSOC_MAY_READ))) {
    return;
  }
  /* No policy doubts such a row: without a statement, allowAsk() is not called. */
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT 1 FROM ");
  assocSqlTableAll(&sql, p->pTab, 1);
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  for (i = 0; i < p->nId; i++) {
    if (i) sqlite3_str_appendall(sql.pStr, " AND ");
    assocSqlColumn(&sql, 1, p->pTab, p->aId[i]);
    sqlite3_str_appendf(sql.pStr, "=?%d", ++sql.nVar);
  }
  if (p->bRead) assocSqlMay(&sql, p->pTab, 1, ASSOC_MAY_READ);
  assocSqlMay(&sql, p->pTab, 1, p->eMay);
  p->pSql = assocWriteSqlKeep(w, &sql);
}

/* The statement that asks this. 0 if nothing needs to be asked, or after an
** error. */
static WriteSql *allowOf(AssocWriter *w, const AssocTable *pTab, int nId,
                         const int *aId, int eMay, int bRead) {
  WriteAllow *p;
  assert(nId > 0); /* A row that cannot be named cannot be asked about */
  for (p = w->pAllow; p; p = p->pNext) {
    if (p->pTab == pTab && p->eMay == eMay && p->bRead == bRead &&
        p->nId == nId && memcmp(p->aId, aId, sizeof(int) * (size_t)nId) == 0) {
      return p->pSql;
    }
  }
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pTab = pTab;
  p->eMay = eMay;
  p->bRead = bRead;
  p->nId = nId;
  p->aId = aId;
  allowPrepare(w, p);
  if (w->pCall->rc != SQLITE_OK) return 0;
  p->pNext = w->pAllow;
  w->pAllow = p;
  return p->pSql;
}

/* Run the statement, whose values are bound: no row means refused. */
static void allowAsk(AssocWriter *w, sqlite3_stmt *pStmt) {
  int b = assocStep(w->pCall, pStmt);
  sqlite3_reset(pStmt);
  if (!b) assocSessionDeny(w->pCall);
}

void assocAllowRow(AssocWriter *w, const WriteRow *pRow, int eMay, int bRead) {
  const AssocModel *pModel = pRow->pModel;
  WriteSql *pSql;
  sqlite3_stmt *pStmt;
  int i;
  if (w->pCall->rc != SQLITE_OK) return;
  if (assocPolicyOf(w->pCall, pModel->pTable) == 0) return;
  assert(pRow->aKey);
  pSql = allowOf(w, pModel->pTable, pModel->nKey, pModel->aKey, eMay, bRead);
  pStmt = assocWriteSqlUse(w, pSql);
  if (pStmt == 0) return;
  for (i = 0; i < pModel->nKey; i++) {
    assocWriteBind(w, pStmt, i + 1, 0, &pRow->aKey[i]);
  }
  allowAsk(w, pStmt);
}

void assocAllowOf(AssocWriter *w, const AssocTable *pTab, int nId,
                  const int *aId, AssocKeymap *pMap, u32 iRow, int eMay,
                  int bRead) {
  sqlite3_stmt *pStmt;
  if (w->pCall->rc != SQLITE_OK || assocPolicyOf(w->pCall, pTab) == 0) return;
  pStmt = assocWriteSqlUse(w, allowOf(w, pTab, nId, aId, eMay, bRead));
  if (pStmt == 0) return;
  assocErrorCode(w->pCall, assocKeymapBind(pMap, iRow, pStmt, 1));
  allowAsk(w, pStmt);
}

int assocAllowAsks(AssocWriter *w, const AssocTable *pTab) {
  return assocPolicyOf(w->pCall, pTab) != 0;
}

void assocAllowColumn(AssocWriter *w, const AssocTable *pTab, int iCol) {
  assert(iCol >= 0);
  if (assocColumnIs(w->pCall, pTab, iCol, ASSOC_COLUMN_FIXED)) {
    assocSessionDeny(w->pCall);
  }
}

void assocAllowCells(AssocWriter *w, const AssocTable *pTab, int nCell,
                     const WriteCell *aCell) {
  int i;
  if (assocPolicyOf(w->pCall, pTab) == 0) return;
  for (i = 0; i < nCell; i++) assocAllowColumn(w, pTab, aCell[i].iCol);
}

/* Without the policy the call might find the row: it made it, or changed what the
** policy asks. Whether a hidden row has the key makes no difference. */
void assocAllowMissing(AssocWriter *w, const AssocTable *pTab) {
  if (w->nBegin == sqlite3_total_changes64(w->pCall->db)) return;
  if (mayDoubt(w->pCall, pTab, ASSOC_MAY_READ)) assocSessionDeny(w->pCall);
}

/* Does SQLite's message name a hidden column? */
static int namesHidden(AssocCall *pCall, const AssocTable *pTab,
                       const char *z) {
  int i;
  assert(z); /* Each error of a constraint has a text */
  /* SQLite's message of a constraint names columns: "t.a, t.b". Any part of it
  ** that looks like a hidden name counts, rather one too many than one too few. */
  for (i = 0; i < pTab->nCol; i++) {
    const AssocPolicy *p = assocPolicyOf(pCall, pTab);
    for (; p; p = assocPolicyNext(pCall, p)) {
      if ((p->aColumn[i] & ASSOC_COLUMN_HIDE) &&
          strstr(z, pTab->aCol[i].zName)) {
        return 1;
      }
    }
  }
  return 0;
}

void assocAllowError(AssocWriter *w, const AssocTable *pTab) {
  AssocCall *pCall = w->pCall;
  AssocCall ask;
  int rc = pCall->rc, bDeny;
  if ((rc & 0xff) != SQLITE_CONSTRAINT) return;
  rc = sqlite3_extended_errcode(pCall->db);
  /* pCall has an error, so questions are asked on a call of their own. */
  assocCallInit(&ask, pCall->pConn);
  bDeny = rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_ROWID ||
          rc == SQLITE_CONSTRAINT_PRIMARYKEY;
  bDeny = bDeny && mayDoubt(&ask, pTab, ASSOC_MAY_READ);
  if (bDeny || namesHidden(&ask, pTab, pCall->err.zText)) {
    assocCallClear(pCall);
    assocSessionDeny(pCall);
  }
  assocCallClear(&ask);
}
