/*
** The columns of a foreign key: its own and, of a polymorphic one, that of the
** type behind them.
*/
#include "sync/sync.h"

int assocSyncColumns(const AssocForeign *pFor) {
  return pFor->key.nCol + (pFor->pPoly != 0);
}

const char *assocSyncColumnName(const AssocForeign *pFor, int i) {
  return i < pFor->key.nCol ? pFor->key.azCol[i] : pFor->pPoly->type.azCol[0];
}

int assocSyncColumnAt(const AssocForeign *pFor, int i) {
  return i < pFor->key.nCol ? pFor->key.aCol[i] : pFor->pPoly->type.aCol[0];
}

/* The collation that an index of column i needs beside the column's own, or 0:
** that of what the key refers to. */
static const char *indexCollation(const AssocForeign *pFor, int i) {
  const char *zOwn, *zRef;
  if (pFor->pPoly || pFor->pTab == 0 || i >= pFor->key.nCol) return 0;
  if (pFor->key.aCol[i] < 0) return 0; /* A new column is made like it */
  zOwn = pFor->pTab->aCol[pFor->key.aCol[i]].zColl;
  zRef = pFor->pParent->pTable->aCol[pFor->parentKey.aCol[i]].zColl;
  return zOwn && zRef && sqlite3_stricmp(zOwn, zRef) != 0 ? zRef : 0;
}

void assocSyncCollation(sqlite3_str *pStr, const AssocForeign *pFor, int i) {
  const char *zColl = indexCollation(pFor, i);
  if (zColl == 0) return;
  sqlite3_str_appendall(pStr, " COLLATE ");
  assocDdlName(pStr, zColl);
}

const char *assocSyncIndexOn(AssocCall *pCall, const AssocForeign *pFor,
                             int *pbUnique) {
  const AssocKey *pKey = &pFor->key;
  if (pFor->pPoly) {
    return assocTableIndexOn(pCall, pFor->pTab, pKey->nCol, pKey->aCol,
                             pbUnique);
  }
  return assocTableIndexAs(pCall, pFor->pTab, pKey->nCol, pKey->aCol,
                           pFor->pParent->pTable, pFor->parentKey.aCol,
                           pbUnique);
}

int assocSyncIsNew(const AssocSync *p, const AssocForeign *pFor, int i) {
  const AssocForeign *pOther;
  int j;
  if (assocSyncColumnAt(pFor, i) >= 0) return 0;
  for (pOther = p->pList; pOther != pFor; pOther = pOther->pNext) {
    if (pOther->pTab != pFor->pTab) continue;
    for (j = 0; j < assocSyncColumns(pOther); j++) {
      if (sqlite3_stricmp(assocSyncColumnName(pOther, j),
                          assocSyncColumnName(pFor, i)) == 0) {
        return 0;
      }
    }
  }
  return 1;
}

void assocSyncColumn(AssocSync *p, const AssocForeign *pFor, int i) {
  assocDdlName(p->pStr, assocSyncColumnName(pFor, i));
  if (i < pFor->key.nCol) {
    assocDdlType(p, pFor, i);
  } else {
    sqlite3_str_appendall(p->pStr, " TEXT");
  }
  if (pFor->eAllowNull == 0) sqlite3_str_appendall(p->pStr, " NOT NULL");
  if (pFor->key.nCol == 1 && assocDdlCanReference(pFor)) {
    sqlite3_str_appendchar(p->pStr, 1, ' ');
    assocDdlReferences(p, pFor);
  }
}
