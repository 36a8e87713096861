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
