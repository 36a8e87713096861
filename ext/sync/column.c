/*
** The columns of a foreign key, and whether they compare like the columns that
** they reference. A polymorphic key has one column more, behind the others: the
** type, which says which table a row refers to.
**
**   UserId INTEGER NOT NULL REFERENCES User(id) ON DELETE CASCADE …
*/
#include "sync/sync.h"

AssocForeign *assocSyncKeys(const AssocSync *p, const char *zTable) {
  const AssocWord *pWord = assocWordsFind(&p->tables, zTable);
  return pWord ? pWord->p : 0;
}

/* A polymorphic key has one more column, its type. */
int assocSyncColumns(const AssocForeign *pFor) {
  return pFor->key.nCol + (pFor->pPoly != 0);
}

/* The type column comes last. */
const char *assocSyncColumnName(const AssocForeign *pFor, int i) {
  return i < pFor->key.nCol ? pFor->key.azCol[i] : pFor->pPoly->type.azCol[0];
}

/* -1 if the table does not have the column yet. */
int assocSyncColumnAt(const AssocForeign *pFor, int i) {
  assert(i >= 0 && i < assocSyncColumns(pFor));
  return i < pFor->key.nCol ? pFor->key.aCol[i] : pFor->pPoly->type.aCol[0];
}

/* The collation to write behind column i of an index: that of the referenced
** column. 0 if the key's own column has the same. */
static const char *indexCollation(const AssocForeign *pFor, int i) {
  const char *zOwn, *zRef;
  if (pFor->pPoly || pFor->pTab == 0) return 0;
  if (pFor->key.aCol[i] < 0) return 0; /* The new column copies it anyway */
  zOwn = pFor->pTab->aCol[pFor->key.aCol[i]].zColl;
  zRef = pFor->pParent->pTable->aCol[pFor->parentKey.aCol[i]].zColl;
  assert(zOwn); /* Only a view's column has none, and a view no index */
  return zRef && sqlite3_stricmp(zOwn, zRef) != 0 ? zRef : 0;
}

/* An index serves a comparison only if it has the collation of the comparison,
** which is that of the referenced column. */
void assocSyncCollation(sqlite3_str *pStr, const AssocForeign *pFor, int i) {
  const char *zColl = indexCollation(pFor, i);
  if (zColl == 0) return;
  sqlite3_str_appendall(pStr, " COLLATE ");
  assocDdlName(pStr, zColl);
}

/* For a polymorphic key the collations of the referenced keys may differ, so
** any index on the columns is accepted. */
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

/* O(keys before this one): definitions are few, and each column is asked once
** per sync. */
int assocSyncIsNew(AssocSync *p, const AssocForeign *pFor, int i) {
  const AssocForeign *pOther;
  int j;
  assert(pFor->pTab); /* A join table that is missing gets all its columns */
  if (assocSyncColumnAt(pFor, i) >= 0) return 0;
  if (!pFor->pTab->bPlanned &&
      assocWantedHas(p, pFor->pTab, assocSyncColumnName(pFor, i))) {
    return 0; /* It comes with the words of "columns" */
  }
  /* pFor is in p->pList, so the loop ends. */
  pOther = assocSyncKeys(p, pFor->zTable);
  for (; pOther != pFor; pOther = pOther->pNextHere) {
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

/* Names are compared, because some of the columns may not exist yet. */
int assocSyncIsKey(const AssocForeign *pFor, const AssocKey *pKey) {
  int i = 0;
  if (pFor->key.nCol != pKey->nCol) return 0;
  while (i < pKey->nCol &&
         sqlite3_stricmp(pFor->key.azCol[i], pKey->azCol[i]) == 0) {
    i++;
  }
  return i == pKey->nCol;
}

/* An object or array is no value of a column, and NULL is the default
** anyway. */
int assocSyncIsFixed(const AssocJson *p) {
  return p->eType != ASSOC_J_NULL && p->eType < ASSOC_J_ARRAY;
}

/* Only columns that a rebuild could change: of tables, not generated, with a
** FOREIGN KEY. Collations matter for text alone. */
int assocSyncTypeDiffers(const AssocForeign *pFor, int i) {
  const AssocTable *pTab = pFor->pTab, *pParent = pFor->pParent->pTable;
  const AssocColumn *pCol, *pRef;
  assert(i >= 0 && i < pFor->key.nCol && pTab->eType == ASSOC_TABLE);
  assert(!pFor->bConstraint || pFor->pPoly == 0);
  if (!pFor->bConstraint || pParent->eType != ASSOC_TABLE ||
      pFor->key.aCol[i] < 0 || pFor->key.aCol[i] >= pTab->nCol) {
    return ASSOC_TYPE_SAME;
  }
  pCol = &pTab->aCol[pFor->key.aCol[i]];
  pRef = &pParent->aCol[pFor->parentKey.aCol[i]];
  if (pCol->bGenerated) return ASSOC_TYPE_SAME;
  if (pCol->eAff != pRef->eAff) {
    return pCol->eAff == ASSOC_AFF_NONE ? ASSOC_TYPE_NONE : ASSOC_TYPE_AFFINITY;
  }
  assert(pCol->zColl && pRef->zColl);
  if (pCol->eAff == ASSOC_AFF_TEXT &&
      sqlite3_stricmp(pCol->zColl, pRef->zColl) != 0) {
    return ASSOC_TYPE_COLLATION;
  }
  return ASSOC_TYPE_SAME;
}

/*
**
**   UserId INTEGER NOT NULL DEFAULT 0 REFERENCES User(id) ON DELETE CASCADE
**
** A key of several columns cannot be declared at one column; it becomes a table
** constraint.
*/
void assocSyncColumn(AssocSync *p, const AssocForeign *pFor, int i) {
  assocDdlName(p->pStr, assocSyncColumnName(pFor, i));
  if (i < pFor->key.nCol) {
    assocDdlType(p, pFor, i);
  } else {
    sqlite3_str_appendall(p->pStr, " TEXT");
  }
  if (pFor->eAllowNull == 0) sqlite3_str_appendall(p->pStr, " NOT NULL");
  if (i < pFor->key.nCol) assocDdlDefault(p, pFor);
  if (pFor->key.nCol == 1 && assocDdlCanReference(pFor)) {
    sqlite3_str_appendchar(p->pStr, 1, ' ');
    assocDdlReferences(p, pFor);
  }
}
