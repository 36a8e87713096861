/*
** Conditions that find rows by values which each run of a statement binds, and
** conditions that every related row meets.
**
**   assocSqlKeyIs      t1.a=?1 AND t1.b=?2
**   assocSqlRefIs     the same for a foreign key, under the referenced columns
**   assocSqlTypeVal   ?3, the name of a polymorphic type
**   assocSqlAlive     AND t1.deletedAt IS NULL
**
** Loads and writers share them, so that both mean the same rows.
*/
#include "sql/sql.h"

void assocSqlKeyIs(AssocSql *p, int iAlias, const AssocTable *pTab, int n,
                   const int *aCol) {
  int i;
  assert(n > 0);
  for (i = 0; i < n; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, iAlias, pTab, aCol[i]);
    sqlite3_str_appendf(p->pStr, "=?%d", ++p->nVar);
  }
}

void assocSqlRefIs(AssocSql *p, int iAlias, const AssocTable *pTab,
                   const AssocKey *pKey, int iParent, const AssocTable *pParent,
                   const AssocKey *pRef) {
  int i;
  assert(pKey->nCol > 0 && pKey->nCol == pRef->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[pKey->aCol[i]];
    const AssocSides sides = {pParent, &pParent->aCol[pRef->aCol[i]], pCol};
    const char *z = assocArenaPrintf(p->pCall, p->pArena, "t%d.\"%w\"", iAlias,
                                     pCol->zName);
    if (z) z = assocSqlSide(p->pCall, p->pArena, &sides, 0, z);
    if (z == 0) return;
    sqlite3_str_appendf(p->pStr, "%s%s=", i ? " AND " : "", z);
    if (iParent) {
      sqlite3_str_appendall(p->pStr, "+");
      assocSqlColumn(p, iParent, pParent, pRef->aCol[i]);
    } else {
      sqlite3_str_appendf(p->pStr, "?%d", ++p->nVar);
    }
  }
}

void assocSqlTypeVal(AssocSql *p, const char *zType) {
  ShapeVal *pVal = assocAlloc(p->pCall, p->pArena, sizeof(*pVal));
  u8 bOwner = p->bOwner;
  assert(zType);
  if (pVal == 0) return;
  pVal->eType = SHAPE_VAL_TEXT;
  pVal->z = zType;
  pVal->n = (int)strlen(zType);
  p->bOwner = 1; /* The definition names it */
  assocSqlVal(p, pVal);
  p->bOwner = bOwner;
}

void assocSqlAlive(AssocSql *p, const AssocModel *pModel, int iAlias) {
  assert(iAlias > 0);
  if (pModel->iDeleted < 0) return;
  sqlite3_str_appendall(p->pStr, " AND ");
  assocSqlColumn(p, iAlias, pModel->pTable, pModel->iDeleted);
  sqlite3_str_appendall(p->pStr, " IS NULL");
}
