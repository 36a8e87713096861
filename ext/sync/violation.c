/*
** Rows that violate a constraint before it is made. The error lists them, so
** that the user knows what to correct:
**
**   assoc: Post.UserId cannot reference User(id), as User.Posts asks: 2 rows
**   have a value there that is in no row of User: id 5 (UserId 99), …
*/
#include "sync/sync.h"

/* An SQL expression that names a row of c: "id 5 (UserId 99)". nShow columns of
** the key stand in the parentheses. */
static void rowName(sqlite3_str *pStr, const AssocTable *pTab,
                    const AssocForeign *pFor, int nShow) {
  int i;
  assert(nShow >= 0 && nShow <= assocSyncColumns(pFor));
  if (pTab->nKey == 0) sqlite3_str_appendall(pStr, "'a row'");
  for (i = 0; i < pTab->nKey; i++) {
    const char *z = pTab->aCol[pTab->aKey[i]].zName;
    sqlite3_str_appendf(pStr, "%s'%q '||quote(c.\"%w\")", i ? "||', '||" : "",
                        z, z);
  }
  for (i = 0; i < nShow; i++) {
    const char *z = assocSyncColumnName(pFor, i);
    sqlite3_str_appendf(pStr, "||'%s%q '||quote(c.\"%w\")", i ? ", " : " (", z,
                        z);
  }
  if (nShow) sqlite3_str_appendall(pStr, "||')'");
}

/*
** The first five rows of c for which zWhere is true, as text, and in *pn the
** number of all of them; none if rows are not looked for in this reading.
** OUT: freed with sqlite3_free().
*/
static char *rowsThat(AssocSync *p, const AssocTable *pTab,
                      const AssocForeign *pFor, int nShow, const char *zWhere,
                      i64 *pn) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  sqlite3_str *pRows = sqlite3_str_new(p->pCall->db);
  sqlite3_stmt *pStmt;
  char *zName, *zOrder;
  int i;
  assert(pTab);
  *pn = 0;
  if (pTab->bPlanned || p->bNoRows) { /* It has no rows */
    sqlite3_free(sqlite3_str_finish(pStr));
    return assocStrFinish(p->pCall, pRows);
  }
  rowName(pStr, pTab, pFor, nShow);
  zName = assocStrFinish(p->pCall, pStr);
  pStr = sqlite3_str_new(p->pCall->db);
  for (i = 0; i < pTab->nKey; i++) {
    sqlite3_str_appendf(pStr, "%sc.\"%w\"", i ? ", " : " ORDER BY ",
                        pTab->aCol[pTab->aKey[i]].zName);
  }
  zOrder = assocStrFinish(p->pCall, pStr);
  pStmt =
      assocPrepare(p->pCall, "SELECT %s FROM \"%w\".\"%w\" AS c WHERE %s%s",
                   zName, pTab->pSchema->zName, pTab->zName, zWhere, zOrder);
  sqlite3_free(zOrder);
  sqlite3_free(zName);
  *pn = 0;
  while (assocStep(p->pCall, pStmt)) {
    if (++*pn > 5) continue;
    sqlite3_str_appendf(pRows, "%s%s", *pn > 1 ? ", " : "",
                        assocColumnText(p->pCall, pStmt, 0));
  }
  if (*pn > 5) sqlite3_str_appendall(pRows, ", …");
  assocFinalize(p->pCall, pStmt);
  return assocStrFinish(p->pCall, pRows);
}

/* zOne for one row, else zMany. */
static const char *plural(i64 n, const char *zOne, const char *zMany) {
  return n == 1 ? zOne : zMany;
}

/*
** Rows whose key is in no row of the parent.
**
**   … WHERE c.UserId IS NOT NULL AND NOT EXISTS
**     (SELECT 1 FROM User AS p WHERE p.id=+c.UserId)
**
** The "+" takes away the affinity of the child's column. As in a foreign key,
** the parent's column decides the affinity and the collation of the comparison.
*/
void assocCheckReferences(AssocSync *p, const AssocForeign *pFor) {
  const AssocTable *pParent = pFor->pParent->pTable;
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  char *zWhere, *zRows;
  int i, bMissing = 0;
  i64 n;
  assert(pFor->pTab && pFor->key.nCol == pFor->parentKey.nCol);
  for (i = 0; i < pFor->key.nCol; i++) {
    bMissing |= pFor->key.aCol[i] < 0;
    sqlite3_str_appendf(pStr, "c.\"%w\" IS NOT NULL AND ", pFor->key.azCol[i]);
  }
  if (pParent->bPlanned) { /* A new table has no rows */
    sqlite3_str_appendall(pStr, "(1");
  } else {
    sqlite3_str_appendf(pStr, "NOT EXISTS (SELECT 1 FROM \"%w\".\"%w\" AS p",
                        pParent->pSchema->zName, pParent->zName);
  }
  for (i = 0; i < pFor->key.nCol && !pParent->bPlanned; i++) {
    sqlite3_str_appendf(pStr, "%s p.\"%w\"=+c.\"%w\"", i ? " AND" : " WHERE",
                        pFor->parentKey.azCol[i], pFor->key.azCol[i]);
  }
  sqlite3_str_appendchar(pStr, 1, ')');
  zWhere = assocStrFinish(p->pCall, pStr);
  zRows =
      bMissing ? 0 : rowsThat(p, pFor->pTab, pFor, pFor->key.nCol, zWhere, &n);
  if (zRows && n) {
    assocFail(p->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_FOREIGNKEY,
                          .zModel = pFor->pRel->pSource->zLabel,
                          .zName = pFor->pRel->zName},
              "%s.%s cannot reference %s(%s), as %s.%s asks: %lld %s a value "
              "there that is in no row of %s: %s; correct %s, or say "
              "\"constraints\":false",
              pFor->zTable, pFor->key.azCol[0], pParent->zName,
              pFor->parentKey.azCol[0], pFor->pRel->pSource->zLabel,
              pFor->pRel->zName, n, plural(n, "row has", "rows have"),
              pParent->zName, zRows, plural(n, "it", "them"));
  }
  sqlite3_free(zRows);
  sqlite3_free(zWhere);
}

/* A new column without a default would be NULL in all rows. */
void assocCheckNotNull(AssocSync *p, const AssocForeign *pFor, int i) {
  const char *zName = assocSyncColumnName(pFor, i);
  int bMissing = assocSyncColumnAt(pFor, i) < 0;
  char *zWhere = bMissing ? assocMprintf(p->pCall, "1")
                          : assocMprintf(p->pCall, "c.\"%w\" IS NULL", zName);
  i64 n;
  char *zRows = rowsThat(p, pFor->pTab, pFor, 0, zWhere, &n);
  assert(pFor->pTab && pFor->eAllowNull == 0);
  if (zRows && n) {
    const AssocRel *pSaid = pFor->apSaid[2] ? pFor->apSaid[2] : pFor->pRel;
    assocFail(p->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_NOTNULL,
                          .zModel = pSaid->pSource->zLabel,
                          .zName = pSaid->zName},
              "%s.%s cannot be NOT NULL, as %s.%s asks with "
              "\"allowNull\":false: %lld %s no value there: %s",
              pFor->zTable, zName, pSaid->pSource->zLabel, pSaid->zName, n,
              bMissing ? plural(n, "row would have", "rows would have")
                       : plural(n, "row has", "rows have"),
              zRows);
  }
  sqlite3_free(zRows);
  sqlite3_free(zWhere);
}

/* All existing rows get the default of a new column, so the default must be a
** key of the parent, or the table must be empty. */
void assocCheckDefault(AssocSync *p, const AssocForeign *pFor) {
  const AssocTable *pParent = pFor->pParent->pTable;
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  char *zValue, *zRows = 0, *zWhere;
  i64 n = 0;
  assert(pFor->pDefault);
  assocDdlValue(pStr, pFor->pDefault);
  zValue = assocStrFinish(p->pCall, pStr);
  if (zValue && assocDdlCanReference(pFor)) {
    zWhere = pParent->bPlanned
                 ? assocMprintf(p->pCall, "1")
                 : assocMprintf(p->pCall,
                                "NOT EXISTS (SELECT 1 FROM \"%w\".\"%w\" AS p"
                                " WHERE p.\"%w\"=%s)",
                                pParent->pSchema->zName, pParent->zName,
                                pFor->parentKey.azCol[0], zValue);
    zRows = rowsThat(p, pFor->pTab, pFor, 0, zWhere, &n);
    sqlite3_free(zWhere);
  }
  if (n) {
    assocFail(p->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_FOREIGNKEY,
                          .zModel = pFor->apSaid[5]->pSource->zLabel,
                          .zName = pFor->apSaid[5]->zName},
              "%s.%s cannot have the default %s, as %s.%s asks: no row of %s "
              "has that key, and %lld %s it: %s",
              pFor->zTable, pFor->key.azCol[0], zValue,
              pFor->apSaid[5]->pSource->zLabel, pFor->apSaid[5]->zName,
              pParent->zName, n, plural(n, "row would get", "rows would get"),
              zRows ? zRows : "");
  }
  sqlite3_free(zRows);
  sqlite3_free(zValue);
}

/* The trigger's own condition finds the rows: see guard.c. */
void assocCheckOrphans(AssocSync *p, const AssocForeign *pFor,
                       const char *zWhere) {
  i64 n;
  char *zRows =
      rowsThat(p, pFor->pTab, pFor, assocSyncColumns(pFor), zWhere, &n);
  if (n > 0) {
    assocFail(p->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_FOREIGNKEY,
                          .zModel = pFor->pPoly->pSource->zLabel,
                          .zName = pFor->pPoly->zName},
              "%s.%s cannot have the constraint that it asks for: %lld %s to "
              "nothing: %s; correct %s, or say \"constraints\":false",
              pFor->pPoly->pSource->zLabel, pFor->pPoly->zName, n,
              plural(n, "row refers", "rows refer"), zRows,
              plural(n, "it", "them"));
  }
  sqlite3_free(zRows);
}
