/*
** A row is deleted, and with it happens to all that refer to it what onDelete
** says: of the associations, and of the foreign keys that the schema
** declares, whether PRAGMA foreign_keys is on or off.
**
** First it is found out what is to be done, in memory, and nothing is
** changed:
**
**   tables   those that have rows to be deleted; each numbers its rows, which
**            are gone through in that order, and so may grow behind
**   edges    foreign keys, from a table that is referred to to the table that
**            refers to it; each row of the one is asked for rows of the other
**   groups   rows that came by one edge, for the report
**
** An edge that cascades adds its rows to their table. Others remember them,
** since in the end they may be deleted by another way: rows that only have
** to let go get NULL or the default, and those whose key forbids it stop
** everything. Then rows change, and rows are deleted, those that refer
** before those that are referred to. There is no recursion: a chain of a
** million rows is a table with a million rows.
**
** A row of a model with soft deletion is marked, and stays.
*/
#include "write/write.h"
#include <stdlib.h>

typedef struct DestroyEdge DestroyEdge;
typedef struct DestroyGroup DestroyGroup;
typedef struct DestroyPair DestroyPair;
typedef struct DestroyRows DestroyRows;
typedef struct DestroyTable DestroyTable;

/* What happens to the rows of an edge. */
#define DESTROY_CASCADE 0
#define DESTROY_NULL 1
#define DESTROY_DEFAULT 2
#define DESTROY_RESTRICT 3 /* And NO ACTION: nothing may dangle */
#define DESTROY_NOT (-1)   /* No constraint */

#define DESTROY_MOST_KEY 64 /* Columns of a key */

/* Rows of one table by what identifies them: the rowid, else the key. */
struct DestroyRows {
  AssocKeymap map;
  u32 n, nAlloc;
  i64 *aInt;             /* OWNED: the rowids, by number; or */
  sqlite3_value **apVal; /* OWNED: the values of the keys */
};

/* Rows for the report. */
struct DestroyGroup {
  DestroyTable *pTable;
  const char *zPath; /* By which associations one comes to them */
  u8 eAction;
  AssocOut keys; /* Their keys, with commas between */
  DestroyGroup *pNext;
};

struct DestroyTable {
  AssocTable *pTab;
  AssocModel *pModel;
  int nId; /* Columns that identify a row */
  const int *aId;
  u8 bRowid;           /* They are the rowid */
  u8 bKeyIsId;         /* They are the model's key */
  u8 bEdges;           /* pEdge has been found */
  u8 bOrdered;         /* Its rows have been deleted */
  DestroyRows rows;    /* To be deleted */
  u32 iDone;           /* Of these, the first that was not gone through */
  const char *zPath;   /* By which way its first row came */
  DestroyEdge *pEdge;  /* Keys that refer to it */
  AssocKeymap changed; /* Rows that changed, for the report */
  sqlite3_stmt *pLoad; /* OWNED: identity and key of a row, by its identity */
  DestroyTable *pNext; /* In the order in which they came */
};

struct DestroyEdge {
  DestroyTable *pParent, *pChild;
  int nCol;
  const int *aCol, *aRef; /* Columns of the child, and of the parent */
  int eAction;            /* As it is said */
  int eNow;               /* As it is in this run */
  const char *zAction;    /* In the words of SQL */
  const char *zName;      /* Its step on a path */
  AssocRel *pRel;         /* Where there is no constraint: only its rows */
  DestroyRows found;      /* Rows that do not cascade */
  DestroyGroup *pGroup;   /* Rows that came by it in this run */
  sqlite3_stmt *pFind;    /* OWNED: the rows that refer to a row */
  u8 bIndexed;
  i64 nAsked;
  DestroyPair *aPair; /* OWNED: without an index, all pairs of rowids */
  i64 nPair;
  DestroyEdge *pNext; /* Of the same parent */
};

struct DestroyPair {
  i64 iParent, iChild;
};

struct WriteDestroyer {
  AssocWriter *w;
  AssocForeign *pForeign; /* Foreign keys of the associations */
  u8 bForeign;
  u8 bCascade, bDryRun, bReport;
  u8 bSoft; /* Rows are marked as deleted, and stay */
  u8 bKnot; /* A row was found twice: some may refer to each other */
  DestroyTable *pTable, **ppTableEnd;
  DestroyGroup *pGroup, **ppGroupEnd; /* Of this run */
};

/* ------------------------------------------------------------------- rows */

static void destroyRowsInit(const DestroyTable *pTable, DestroyRows *p,
                            const AssocKeyRule *aRule) {
  memset(p, 0, sizeof(*p));
  assocKeymapInit(&p->map, pTable->nId, aRule);
}

static void destroyRowsClear(const DestroyTable *pTable, DestroyRows *p) {
  u32 i;
  for (i = 0; p->apVal && i < p->n * (u32)pTable->nId; i++) {
    sqlite3_value_free(p->apVal[i]);
  }
  sqlite3_free(p->apVal);
  sqlite3_free(p->aInt);
  p->apVal = 0;
  p->aInt = 0;
  p->n = p->nAlloc = 0;
  assocKeymapClear(&p->map);
}

/* Room for one row more. */
static int destroyRowsGrow(AssocCall *pCall, const DestroyTable *pTable,
                           DestroyRows *p) {
  u64 n = (u64)p->nAlloc * 2 + 16;
  void *pNew;
  if (p->n < p->nAlloc) return 1;
  if (pTable->bRowid) {
    pNew = sqlite3_realloc64(p->aInt, sizeof(i64) * n);
    if (pNew) p->aInt = pNew;
  } else {
    pNew =
        sqlite3_realloc64(p->apVal, sizeof(*p->apVal) * n * (u64)pTable->nId);
    if (pNew) p->apVal = pNew;
  }
  if (pNew) p->nAlloc = (u32)n;
  if (pNew == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  return pNew != 0;
}

/* The row that pStmt stands on, by its columns from iFrom on. True if it is
** a new one. */
static int destroyRowsAdd(AssocCall *pCall, const DestroyTable *pTable,
                          DestroyRows *p, sqlite3_stmt *pStmt) {
  sqlite3_value *apVal[DESTROY_MOST_KEY];
  int i, rc = SQLITE_OK;
  u32 iSlot;
  if (!destroyRowsGrow(pCall, pTable, p)) return 0;
  if (pTable->bRowid) {
    i64 id = sqlite3_column_int64(pStmt, 0);
    iSlot = assocKeymapAddInt(&p->map, id, &rc);
    p->aInt[p->n] = id;
  } else {
    for (i = 0; i < pTable->nId; i++) apVal[i] = sqlite3_column_value(pStmt, i);
    iSlot = assocKeymapAdd(&p->map, apVal, &rc);
  }
  assocErrorCode(pCall, rc);
  if (pCall->rc != SQLITE_OK || iSlot != p->n) return 0;
  for (i = 0; !pTable->bRowid && i < pTable->nId; i++) {
    sqlite3_value *pVal = sqlite3_value_dup(apVal[i]);
    if (pVal == 0) assocErrorCode(pCall, SQLITE_NOMEM);
    p->apVal[p->n * (u32)pTable->nId + (u32)i] = pVal;
  }
  p->n++;
  return pCall->rc == SQLITE_OK;
}

/* Bind the identity of a row from variable iVar on. */
static void destroyRowsBind(AssocCall *pCall, const DestroyTable *pTable,
                            const DestroyRows *p, u32 iRow, sqlite3_stmt *pStmt,
                            int iVar) {
  int i, rc = SQLITE_OK;
  if (pTable->bRowid) rc = sqlite3_bind_int64(pStmt, iVar, p->aInt[iRow]);
  for (i = 0; !pTable->bRowid && i < pTable->nId && rc == SQLITE_OK; i++) {
    rc = sqlite3_bind_value(pStmt, iVar + i,
                            p->apVal[iRow * (u32)pTable->nId + (u32)i]);
  }
  assocErrorCode(pCall, rc);
}

/* Is a row of one list in another? */
static int destroyRowsHas(AssocCall *pCall, const DestroyTable *pTable,
                          DestroyRows *p, const DestroyRows *pOther, u32 iRow) {
  int rc = SQLITE_OK;
  u32 iSlot;
  if (p->n == 0) return 0;
  if (pTable->bRowid) {
    return assocKeymapFindInt(&p->map, pOther->aInt[iRow]) != ASSOC_NOSLOT;
  }
  iSlot =
      assocKeymapFind(&p->map, &pOther->apVal[iRow * (u32)pTable->nId], &rc);
  assocErrorCode(pCall, rc);
  return iSlot != ASSOC_NOSLOT;
}

/* ----------------------------------------------------------------- tables */

static void tableIdentity(DestroyTable *p) {
  if (p->pTab->iRowid >= 0 && p->pTab->eType != ASSOC_VIEW) {
    p->bRowid = 1;
    p->nId = 1;
    p->aId = &p->pTab->iRowid;
  } else {
    p->nId = p->pModel->nKey;
    p->aId = p->pModel->aKey;
  }
  p->bKeyIsId =
      p->nId == p->pModel->nKey &&
      memcmp(p->aId, p->pModel->aKey, sizeof(int) * (size_t)p->nId) == 0;
}

/* The table among those that are known, or a new one. */
static DestroyTable *destroyTable(WriteDestroyer *d, AssocTable *pTab) {
  AssocWriter *w = d->w;
  AssocKeyRule *aRule;
  DestroyTable *p;
  for (p = d->pTable; p; p = p->pNext) {
    if (p->pTab == pTab) return p;
  }
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pTab = pTab;
  p->pModel = assocModelOf(w->pCall, pTab);
  if (p->pModel == 0) return 0;
  assocModelNeedKey(w->pCall, p->pModel);
  tableIdentity(p);
  if (p->nId > DESTROY_MOST_KEY) {
    assocError(w->pCall, "the key of %s has more than %d columns",
               p->pModel->zLabel, DESTROY_MOST_KEY);
  }
  /* Values of one table are compared, so that equal is identical */
  aRule = assocAlloc(w->pCall, &w->mem, (i64)sizeof(*aRule) * (p->nId + 1));
  if (aRule == 0) return 0;
  destroyRowsInit(p, &p->rows, aRule);
  assocKeymapInit(&p->changed, p->nId, aRule);
  *d->ppTableEnd = p;
  d->ppTableEnd = &p->pNext;
  return p;
}

/* "t1"."id", and where the key is something else, that as well. */
static void tableIdentitySql(AssocSql *p, const DestroyTable *pTable) {
  int i;
  for (i = 0; i < pTable->nId; i++) {
    if (i) sqlite3_str_appendall(p->pStr, ",");
    assocSqlColumn(p, 1, pTable->pTab, pTable->aId[i]);
  }
  for (i = 0; !pTable->bKeyIsId && i < pTable->pModel->nKey; i++) {
    sqlite3_str_appendall(p->pStr, ",");
    assocSqlColumn(p, 1, pTable->pTab, pTable->pModel->aKey[i]);
  }
}

static void tableIdentityIs(AssocSql *p, int iAlias,
                            const DestroyTable *pTable) {
  int i;
  for (i = 0; i < pTable->nId; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, iAlias, pTable->pTab, pTable->aId[i]);
    sqlite3_str_appendf(p->pStr, "=?%d", ++p->nVar);
  }
}

/* SELECT t1.rowid, t1.key FROM posts t1 WHERE t1.rowid=?1 */
static sqlite3_stmt *tableLoad(AssocWriter *w, DestroyTable *p) {
  AssocSql sql;
  if (p->pLoad || w->pCall->rc != SQLITE_OK) return p->pLoad;
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  tableIdentitySql(&sql, p);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTable(&sql, p->pTab);
  sqlite3_str_appendall(sql.pStr, " t1 WHERE ");
  tableIdentityIs(&sql, 1, p);
  p->pLoad = assocWriteSqlEnd(w, &sql);
  return p->pLoad;
}

/* ------------------------------------------------------------------ groups */

static DestroyGroup *destroyGroup(WriteDestroyer *d, DestroyTable *pTable,
                                  const char *zPath, int eAction) {
  DestroyGroup *p = assocAlloc(d->w->pCall, &d->w->tmp, sizeof(*p));
  if (p == 0) return 0;
  p->pTable = pTable;
  p->zPath = zPath;
  p->eAction = (u8)eAction;
  assocBufInit(&p->keys, 0x7fffffff);
  *d->ppGroupEnd = p;
  d->ppGroupEnd = &p->pNext;
  return p;
}

/* The key of the row that pStmt, which begins with tableIdentitySql(), stands on. */
static void groupAdd(WriteDestroyer *d, DestroyGroup *pGroup,
                     sqlite3_stmt *pStmt) {
  const DestroyTable *pTable = pGroup->pTable;
  AssocOut *pOut = &pGroup->keys;
  int i, n = pTable->pModel->nKey, iFrom = pTable->bKeyIsId ? 0 : pTable->nId;
  if (!d->bReport) return;
  if (pOut->p != pOut->pStart) assocOutText(pOut, ",", 1);
  if (n > 1) assocOutText(pOut, "[", 1);
  for (i = 0; i < n; i++) {
    if (i) assocOutText(pOut, ",", 1);
    assocJsonValue(pOut, sqlite3_column_value(pStmt, iFrom + i),
                   ASSOC_JSON_PLAIN);
  }
  if (n > 1) assocOutText(pOut, "]", 1);
  assocErrorCode(d->w->pCall, pOut->rc);
}

/*
** The way to an edge's rows: that to its parent's first row, and the edge. A
** table that refers to itself would make it as long as the data is deep; it
** is written as the shape language writes recursion: "children^".
*/
static const char *edgePath(WriteDestroyer *d, const DestroyEdge *pEdge) {
  const char *zUp = pEdge->pParent->zPath;
  return assocArenaPrintf(d->w->pCall, &d->w->tmp, "%s%s%s%s", zUp ? zUp : "",
                          zUp && zUp[0] ? "." : "", pEdge->zName,
                          pEdge->pParent == pEdge->pChild ? "^" : "");
}

static DestroyGroup *edgeGroup(WriteDestroyer *d, DestroyEdge *pEdge) {
  if (pEdge->pGroup == 0) {
    const char *zPath = edgePath(d, pEdge);
    if (zPath) {
      pEdge->pGroup = destroyGroup(d, pEdge->pChild, zPath, pEdge->eNow);
    }
    if (pEdge->pChild->zPath == 0) pEdge->pChild->zPath = zPath;
  }
  return pEdge->pGroup;
}

/* ------------------------------------------------------------------- edges */

static int edgeAction(const char *z) {
  if (strcmp(z, "CASCADE") == 0) return DESTROY_CASCADE;
  if (strcmp(z, "SET NULL") == 0) return DESTROY_NULL;
  if (strcmp(z, "SET DEFAULT") == 0) return DESTROY_DEFAULT;
  return DESTROY_RESTRICT;
}

static int edgeSame(const DestroyEdge *p, const DestroyTable *pChild, int nCol,
                    const int *aCol) {
  return p->pRel == 0 && p->pChild == pChild && p->nCol == nCol &&
         memcmp(p->aCol, aCol, sizeof(int) * (size_t)nCol) == 0;
}

/* Can an index of the child serve the search for rows that refer to a row?
** Not if the parent's column makes numbers of the child's. */
static int edgeIndexed(AssocWriter *w, const DestroyEdge *p) {
  int i, bUnique = 0;
  for (i = 0; i < p->nCol; i++) {
    if (p->pChild->pTab->aCol[p->aCol[i]].eAff !=
        p->pParent->pTab->aCol[p->aRef[i]].eAff) {
      return 0;
    }
  }
  return assocTableIndexOn(w->pCall, p->pChild->pTab, p->nCol, p->aCol,
                           &bUnique) != 0;
}

static DestroyEdge *edgeNew(WriteDestroyer *d, DestroyTable *pParent,
                            AssocTable *pChild, int nCol, const int *aCol,
                            const int *aRef, const char *zAction) {
  AssocWriter *w = d->w;
  DestroyEdge *p = assocAlloc(w->pCall, &w->mem, sizeof(*p)), **pp;
  if (p == 0) return 0;
  p->pParent = pParent;
  p->pChild = destroyTable(d, pChild);
  if (p->pChild == 0) return 0;
  p->nCol = nCol;
  p->aCol = aCol;
  p->aRef = aRef;
  p->zAction = zAction;
  p->eAction = zAction ? edgeAction(zAction) : DESTROY_NOT;
  destroyRowsInit(p->pChild, &p->found, p->pChild->rows.map.aRule);
  p->bIndexed = (u8)edgeIndexed(w, p);
  for (pp = &pParent->pEdge; *pp; pp = &(*pp)->pNext) {
  }
  *pp = p;
  return p;
}

/* Does the association lead from its source to rows with that foreign key? */
static int edgeLeadsOver(const AssocRel *pRel, const DestroyEdge *p) {
  return pRel->eKind != ASSOC_BELONGSTO &&
         assocRelForeignTable(pRel) == p->pChild->pTab &&
         pRel->foreign.nCol == p->nCol &&
         memcmp(pRel->foreign.aCol, p->aCol, sizeof(int) * (size_t)p->nCol) ==
             0;
}

/* An association of the model that resolves, after the last; 0: no more. A
** bad one spoils only itself. */
static AssocRel *edgeNextRel(AssocWriter *w, AssocModel *pModel,
                             AssocDef **ppDef) {
  while ((*ppDef = assocModelNextDef(w->pCall, pModel, *ppDef)) != 0) {
    AssocRel *pRel = assocRelOf(w->pCall, *ppDef);
    if (w->pCall->rc == SQLITE_ERROR) assocErrorForget(w->pCall);
    if (pRel) return pRel;
  }
  return 0;
}

/* "comments", or "Comment(post_id)" where no association leads there. */
static void edgeName(WriteDestroyer *d, DestroyEdge *p) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  while ((pRel = edgeNextRel(d->w, p->pParent->pModel, &pDef)) != 0) {
    if (!edgeLeadsOver(pRel, p)) continue;
    p->zName = pRel->zName;
    return;
  }
  p->zName = assocArenaPrintf(d->w->pCall, &d->w->mem, "%s(%s)",
                              p->pChild->pTab->zName,
                              p->pChild->pTab->aCol[p->aCol[0]].zName);
}

static int edgeKeyIsThere(const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->aCol[i] < 0) return 0;
  }
  return pKey->nCol > 0;
}

/* The foreign key of the schema over these columns, or 0. */
static AssocFkey *edgeDeclared(AssocWriter *w, AssocTable *pTab, int nCol,
                               const int *aCol) {
  AssocFkey *pFk;
  int i, j;
  for (pFk = assocTableFkeys(w->pCall, pTab); pFk; pFk = pFk->pNext) {
    if (pFk->nCol != nCol) continue;
    for (i = 0; i < nCol; i++) {
      for (j = 0; j < nCol && pFk->aCol[j] != aCol[i]; j++) {
      }
      if (j == nCol) break;
    }
    if (i == nCol) return pFk;
  }
  return 0;
}

/* Keys that associations speak of. What they say of onDelete counts, then
** what the schema declares, then the default. */
static void edgesOfForeign(WriteDestroyer *d, DestroyTable *p) {
  AssocForeign *pFor;
  for (pFor = d->pForeign; pFor; pFor = pFor->pNext) {
    const char *zAction = pFor->zOnDelete;
    AssocFkey *pFk;
    DestroyEdge *pEdge;
    if (pFor->pParent != p->pModel || !pFor->bConstraint || pFor->pTab == 0 ||
        pFor->pTab->eType != ASSOC_TABLE || !edgeKeyIsThere(&pFor->key) ||
        !edgeKeyIsThere(&pFor->parentKey)) {
      continue;
    }
    pFk = edgeDeclared(d->w, pFor->pTab, pFor->key.nCol, pFor->key.aCol);
    if (pFk && pFor->apSaid[0] == 0) zAction = pFk->zOnDelete;
    pEdge = edgeNew(d, p, pFor->pTab, pFor->key.nCol, pFor->key.aCol,
                    pFor->parentKey.aCol, zAction);
    if (pEdge) edgeName(d, pEdge);
  }
}

/* The columns that a foreign key of the schema references; 0 if it cannot be
** told. */
static int *edgeRefs(AssocWriter *w, const AssocFkey *pFk,
                     const AssocTable *pParent) {
  int *a = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * (pFk->nCol + 1));
  int i;
  for (i = 0; a && i < pFk->nCol; i++) {
    a[i] = pFk->azTo[i] ? assocColumnFind(pParent, pFk->azTo[i])
           : i < pParent->nKey && pFk->nCol == pParent->nKey ? pParent->aKey[i]
                                                             : -1;
    if (a[i] < 0 || pFk->aCol[i] < 0) return 0;
  }
  return a;
}

/* Foreign keys of one table of the schema that reference p. */
static void edgesOfTable(WriteDestroyer *d, DestroyTable *p, AssocTable *pTab) {
  AssocFkey *pFk;
  for (pFk = assocTableFkeys(d->w->pCall, pTab); pFk; pFk = pFk->pNext) {
    DestroyTable *pChild;
    DestroyEdge *pEdge;
    const int *aRef;
    if (sqlite3_stricmp(pFk->zParent, p->pTab->zName) != 0) continue;
    aRef = edgeRefs(d->w, pFk, p->pTab);
    pChild = destroyTable(d, pTab);
    for (pEdge = p->pEdge; pChild && pEdge; pEdge = pEdge->pNext) {
      if (edgeSame(pEdge, pChild, pFk->nCol, pFk->aCol)) break;
    }
    if (pEdge || aRef == 0 || pChild == 0) continue;
    pEdge = edgeNew(d, p, pTab, pFk->nCol, pFk->aCol, aRef, pFk->zOnDelete);
    if (pEdge) edgeName(d, pEdge);
  }
}

/* Those that only the schema declares. A view that is broken is no reason to
** stop. */
static void edgesOfSchema(WriteDestroyer *d, DestroyTable *p) {
  AssocCall *pCall = d->w->pCall;
  AssocSchema *pSchema = p->pTab->pSchema;
  int i;
  for (i = 0; i < pSchema->nEntry && pCall->rc == SQLITE_OK; i++) {
    AssocTable *pTab = assocTableFind(pCall, pSchema, pSchema->azEntry[i]);
    if (pCall->rc == SQLITE_ERROR) assocErrorForget(pCall);
    if (pTab && pTab->eType == ASSOC_TABLE) edgesOfTable(d, p, pTab);
  }
}

/*
** Associations without a constraint. Their rows stay as they are, unless
** onDelete is said all the same or everything is to go; and then only those
** that are in the scope, for the key may mean other tables' rows too.
*/
static void edgesOfFree(WriteDestroyer *d, DestroyTable *p) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  while ((pRel = edgeNextRel(d->w, p->pModel, &pDef)) != 0) {
    AssocTable *pTab = assocRelForeignTable(pRel);
    DestroyEdge *pEdge;
    if (pRel->eKind == ASSOC_BELONGSTO || pRel->pOpt->eConstraints != 0 ||
        pTab == 0 || pTab->eType != ASSOC_TABLE ||
        !edgeKeyIsThere(&pRel->foreign)) {
      continue;
    }
    pEdge = edgeNew(d, p, pTab, pRel->foreign.nCol, pRel->foreign.aCol,
                    pRel->sourceKey.aCol, pRel->pOpt->zOnDelete);
    if (pEdge == 0) return;
    pEdge->zName = pRel->zName;
    pEdge->pRel = pRel;
  }
}

/* What the associations say of foreign keys. One of them has to be named to
** assocForeignList(), which then passes over others that are bad. */
static void edgeReadForeign(WriteDestroyer *d) {
  AssocWriter *w = d->w;
  AssocSchema *pSchema;
  AssocDef *pDef;
  AssocRel *pAny = 0;
  if (d->bForeign) return;
  for (pSchema = w->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(w->pCall, pSchema)) return;
    for (pDef = pSchema->pDef; pDef && pAny == 0; pDef = pDef->pNext) {
      if (pDef->zName[0]) pAny = assocRelOf(w->pCall, pDef);
      if (w->pCall->rc == SQLITE_ERROR) assocErrorForget(w->pCall);
    }
  }
  if (pAny) {
    d->pForeign = assocForeignList(w->pCall, w->pCat, &w->mem, pAny);
  }
  d->bForeign = w->pCall->rc == SQLITE_OK;
}

static int isSoft(AssocWriter *w, AssocModel *pModel) {
  return assocModelScopes(w->pCall, pModel) && pModel->iDeleted >= 0;
}

/*
** The edges of a table, and what each does in this run. Where rows are only
** marked, those that refer to them have lost nothing: with "cascade" they are
** marked too, if their model can be.
*/
static void tableEdges(WriteDestroyer *d, DestroyTable *p) {
  DestroyEdge *pEdge;
  if (!p->bEdges) {
    edgeReadForeign(d);
    edgesOfForeign(d, p);
    edgesOfSchema(d, p);
    edgesOfFree(d, p);
    p->bEdges = 1;
  }
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    pEdge->eNow = d->bCascade ? DESTROY_CASCADE : pEdge->eAction;
    if (d->bSoft && (!d->bCascade || !isSoft(d->w, pEdge->pChild->pModel))) {
      pEdge->eNow = DESTROY_NOT;
    }
  }
}

/* ---------------------------------------------------------------- finding */

/* t1.user_id=t2.id AND <scope> */
static void edgeSql(AssocSql *p, const DestroyEdge *pEdge) {
  int i;
  for (i = 0; i < pEdge->nCol; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, 1, pEdge->pChild->pTab, pEdge->aCol[i]);
    sqlite3_str_appendall(p->pStr, "=");
    assocSqlColumn(p, 2, pEdge->pParent->pTab, pEdge->aRef[i]);
  }
  if (pEdge->pRel) {
    const ShapePred *pScope = pEdge->pRel->eKind == ASSOC_BELONGSTOMANY
                                  ? pEdge->pRel->pThroughScope
                                  : pEdge->pRel->pScope;
    if (pScope == 0) return;
    sqlite3_str_appendall(p->pStr, " AND (");
    assocSqlPred(p, pScope, pEdge->pChild->pModel, 1);
    sqlite3_str_appendall(p->pStr, ")");
  }
}

/* SELECT t1.id FROM posts t1, users t2 WHERE t2.id=?1 AND t1.user_id=t2.id;
** or, of all rows that refer to any, both rowids. */
static sqlite3_stmt *edgeStmt(AssocWriter *w, const DestroyEdge *p,
                              int bPairs) {
  AssocSql sql;
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  if (bPairs) {
    assocSqlColumn(&sql, 2, p->pParent->pTab, p->pParent->aId[0]);
    sqlite3_str_appendall(sql.pStr, ",");
  }
  tableIdentitySql(&sql, p->pChild);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTable(&sql, p->pChild->pTab);
  sqlite3_str_appendall(sql.pStr, bPairs ? " t1 CROSS JOIN " : " t1, ");
  assocSqlTable(&sql, p->pParent->pTab);
  sqlite3_str_appendall(sql.pStr, " t2 WHERE ");
  if (!bPairs) {
    tableIdentityIs(&sql, 2, p->pParent);
    sqlite3_str_appendall(sql.pStr, " AND ");
  }
  edgeSql(&sql, p);
  return assocWriteSqlEnd(w, &sql);
}

/* A row that refers to one that will be deleted: pStmt stands on it. */
static void edgeFound(WriteDestroyer *d, DestroyEdge *p, sqlite3_stmt *pStmt) {
  AssocCall *pCall = d->w->pCall;
  if (p->eNow != DESTROY_CASCADE) {
    (void)destroyRowsAdd(pCall, p->pChild, &p->found, pStmt);
  } else if (destroyRowsAdd(pCall, p->pChild, &p->pChild->rows, pStmt)) {
    DestroyGroup *pGroup = edgeGroup(d, p);
    if (pGroup) groupAdd(d, pGroup, pStmt);
  } else {
    d->bKnot = 1;
  }
}

static int pairCompare(const void *pA, const void *pB) {
  const DestroyPair *a = pA, *b = pB;
  if (a->iParent != b->iParent) return a->iParent < b->iParent ? -1 : 1;
  return a->iChild < b->iChild ? -1 : a->iChild > b->iChild;
}

/* Without an index each search reads the whole table: after the first, it is
** read once more, and all pairs are kept. */
static void edgePairs(AssocWriter *w, DestroyEdge *p) {
  sqlite3_stmt *pStmt = edgeStmt(w, p, 1);
  i64 nAlloc = 0;
  p->nPair = 0;
  while (assocStep(w->pCall, pStmt)) {
    if (p->nPair == nAlloc || p->aPair == 0) {
      DestroyPair *a;
      nAlloc = nAlloc * 2 + 100;
      a = sqlite3_realloc64(p->aPair, sizeof(*a) * (u64)nAlloc);
      if (a == 0) {
        assocErrorCode(w->pCall, SQLITE_NOMEM);
        break;
      }
      p->aPair = a;
    }
    p->aPair[p->nPair].iParent = sqlite3_column_int64(pStmt, 0);
    p->aPair[p->nPair++].iChild = sqlite3_column_int64(pStmt, 1);
  }
  assocFinalize(w->pCall, pStmt);
  if (p->aPair) {
    qsort(p->aPair, (size_t)p->nPair, sizeof(*p->aPair), pairCompare);
  }
}

/* The first pair of a parent, or where it would be. */
static i64 pairFirst(const DestroyEdge *p, i64 iParent) {
  i64 iLo = 0, iHi = p->nPair;
  while (iLo < iHi) {
    i64 iMid = iLo + (iHi - iLo) / 2;
    if (p->aPair[iMid].iParent < iParent) {
      iLo = iMid + 1;
    } else {
      iHi = iMid;
    }
  }
  return iLo;
}

static void edgeFindPairs(WriteDestroyer *d, DestroyEdge *p, i64 iParent) {
  AssocWriter *w = d->w;
  sqlite3_stmt *pStmt = tableLoad(w, p->pChild);
  i64 i;
  if (p->nAsked == 2) edgePairs(w, p);
  if (w->pCall->rc != SQLITE_OK) return;
  for (i = pairFirst(p, iParent);
       i < p->nPair && p->aPair[i].iParent == iParent; i++) {
    assocErrorCode(w->pCall, sqlite3_bind_int64(pStmt, 1, p->aPair[i].iChild));
    if (assocStep(w->pCall, pStmt)) edgeFound(d, p, pStmt);
    sqlite3_reset(pStmt);
  }
}

/* The rows that refer to a row by this edge. */
static void edgeFind(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  AssocWriter *w = d->w;
  if (p->eNow == DESTROY_NOT) return;
  p->nAsked++;
  if (!p->bIndexed && p->nAsked > 1 && p->pParent->bRowid &&
      p->pChild->bRowid) {
    edgeFindPairs(d, p, p->pParent->rows.aInt[iRow]);
    return;
  }
  if (p->pFind == 0) p->pFind = edgeStmt(w, p, 0);
  if (w->pCall->rc != SQLITE_OK) return;
  destroyRowsBind(w->pCall, p->pParent, &p->pParent->rows, iRow, p->pFind, 1);
  while (assocStep(w->pCall, p->pFind)) edgeFound(d, p, p->pFind);
  sqlite3_reset(p->pFind);
}

/* Go through all rows of all tables, those included that come meanwhile. */
static void destroyFind(WriteDestroyer *d) {
  int bMore = 1;
  while (bMore && d->w->pCall->rc == SQLITE_OK) {
    DestroyTable *p;
    bMore = 0;
    for (p = d->pTable; p; p = p->pNext) {
      if (p->iDone < p->rows.n) tableEdges(d, p);
      while (p->iDone < p->rows.n && d->w->pCall->rc == SQLITE_OK) {
        DestroyEdge *pEdge;
        u32 iRow = p->iDone++;
        for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
          edgeFind(d, pEdge, iRow);
        }
        bMore = 1;
      }
    }
  }
}

/* --------------------------------------------------------------- judging */

/* The first keys of an edge's rows that would be left. OUT: freed with
** sqlite3_free(); *pn is how many there are in all. */
static char *edgeLeft(WriteDestroyer *d, DestroyEdge *p, i64 *pn) {
  AssocCall *pCall = d->w->pCall;
  sqlite3_stmt *pStmt = tableLoad(d->w, p->pChild);
  DestroyGroup group;
  i64 n = 0;
  u32 i;
  memset(&group, 0, sizeof(group));
  group.pTable = p->pChild;
  assocBufInit(&group.keys, 0x7fffffff);
  for (i = 0; i < p->found.n && pCall->rc == SQLITE_OK; i++) {
    if (destroyRowsHas(pCall, p->pChild, &p->pChild->rows, &p->found, i)) {
      continue;
    }
    if (++*pn > 10) continue;
    destroyRowsBind(pCall, p->pChild, &p->found, i, pStmt, 1);
    if (assocStep(pCall, pStmt)) groupAdd(d, &group, pStmt);
    sqlite3_reset(pStmt);
  }
  return assocBufFinish(&group.keys, &n);
}

/* A key that forbids it, where rows have it that will not be deleted. */
static void edgeJudge(WriteDestroyer *d, DestroyEdge *p) {
  int bReport = d->bReport;
  i64 n = 0;
  char *z;
  if (p->eNow != DESTROY_RESTRICT || p->found.n == 0) return;
  d->bReport = 1;
  z = edgeLeft(d, p, &n);
  d->bReport = (u8)bReport;
  if (n > 0) {
    assocError(d->w->pCall,
               "%s has %lld row%s that refer by %s to what would be "
               "destroyed, and onDelete is %s: %s%s; {\"cascade\":true} "
               "destroys them too",
               p->pChild->pTab->zName, n, n == 1 ? "" : "s",
               p->pChild->pTab->aCol[p->aCol[0]].zName, p->zAction, z ? z : "",
               n > 10 ? ",..." : "");
  }
  sqlite3_free(z);
}

/* ---------------------------------------------------------------- changing */

/* Is the text a literal: a number, 'a text', NULL, TRUE or FALSE? */
static AssocJson *edgeDefault(AssocWriter *w, const char *z) {
  int n = (int)strlen(z);
  AssocJson *p;
  if (n > 1 && z[0] == '\'' && z[n - 1] == '\'') {
    char *zText = assocArenaText(w->pCall, &w->tmp, z + 1, n - 2);
    int i, j = 0;
    p = assocAlloc(w->pCall, &w->tmp, sizeof(*p));
    if (zText == 0 || p == 0) return 0;
    for (i = 0; zText[i]; i++) {
      zText[j++] = zText[i];
      if (zText[i] == '\'' && zText[i + 1] == '\'') i++;
    }
    p->eType = ASSOC_J_TEXT;
    p->z = zText;
    p->n = j;
    return p;
  }
  if (sqlite3_stricmp(z, "null") == 0) z = "null";
  if (sqlite3_stricmp(z, "true") == 0) z = "true";
  if (sqlite3_stricmp(z, "false") == 0) z = "false";
  p = assocJsonRead(w->pCall, &w->tmp, z, -1, "the default");
  if (w->pCall->rc == SQLITE_ERROR) assocErrorForget(w->pCall);
  return p && p->eType < ASSOC_J_TEXT ? p : 0;
}

/* What a column of the edge gets: NULL, or its default. PRAGMA table_xinfo
** gives cid, name, type, notnull, dflt_value. */
static AssocJson *edgeValue(WriteDestroyer *d, DestroyEdge *p, int iCol) {
  AssocWriter *w = d->w;
  AssocTable *pTab = p->pChild->pTab;
  AssocJson *pJson = assocLiteralJson(w, 0);
  sqlite3_stmt *pStmt;
  if (p->eNow != DESTROY_DEFAULT || !pTab->aCol[iCol].bDefault) return pJson;
  pStmt = assocPrepare(w->pCall, "PRAGMA \"%w\".table_xinfo(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(w->pCall, pStmt)) {
    if (sqlite3_column_int(pStmt, 0) != iCol) continue;
    pJson = edgeDefault(w, assocColumnText(w->pCall, pStmt, 4));
  }
  assocFinalize(w->pCall, pStmt);
  if (pJson == 0) {
    assocError(w->pCall,
               "onDelete of %s.%s is SET DEFAULT, but its default is an "
               "expression",
               pTab->zName, pTab->aCol[iCol].zName);
  }
  return pJson;
}

/* Columns that are set: all, but of those that become NULL only such as may. */
static int edgeColumns(AssocWriter *w, const DestroyEdge *p, int **paCol) {
  int *a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(int) * (p->nCol + 1));
  int i, n = 0;
  *paCol = a;
  for (i = 0; a && i < p->nCol; i++) {
    if (p->eNow == DESTROY_NULL && p->pChild->pTab->aCol[p->aCol[i]].bNotNull) {
      continue;
    }
    a[n++] = p->aCol[i];
  }
  if (a && n == 0) a[n++] = p->aCol[0]; /* SQLite says that it cannot be */
  return n;
}

static void edgeBind(WriteDestroyer *d, DestroyEdge *p, const WriteSql *pSql) {
  int i;
  for (i = 0; i < pSql->nSet; i++) {
    WriteVal val = {0, 0, 0};
    val.pJson = edgeValue(d, p, pSql->aSet[i]);
    if (val.pJson) assocWriteBind(d->w, pSql->pStmt, i + 1, 0, &val);
  }
}

/* Once for the report, whichever edges lead to the row. */
static void edgeReport(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  AssocWriter *w = d->w;
  sqlite3_stmt *pStmt = tableLoad(w, p->pChild);
  DestroyGroup *pGroup = edgeGroup(d, p);
  u32 nOld = p->pChild->changed.nSlot;
  int rc = SQLITE_OK;
  if (pGroup == 0 || w->pCall->rc != SQLITE_OK) return;
  if (p->pChild->bRowid) {
    assocKeymapAddInt(&p->pChild->changed, p->found.aInt[iRow], &rc);
  } else {
    assocKeymapAdd(&p->pChild->changed,
                   &p->found.apVal[iRow * (u32)p->pChild->nId], &rc);
  }
  assocErrorCode(w->pCall, rc);
  if (p->pChild->changed.nSlot == nOld && !d->bDryRun) return;
  destroyRowsBind(w->pCall, p->pChild, &p->found, iRow, pStmt, 1);
  if (assocStep(w->pCall, pStmt)) groupAdd(d, pGroup, pStmt);
  sqlite3_reset(pStmt);
}

/* The rows of an edge that stay let go of what goes. */
static void edgeChange(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql;
  int *aCol, n;
  u32 i;
  if (p->eNow == DESTROY_RESTRICT || p->found.n == 0) return;
  n = edgeColumns(w, p, &aCol);
  pSql = aCol ? assocWriteSql(w, WRITE_UPDATE, p->pChild->pTab, n, aCol,
                              p->pChild->nId, p->pChild->aId, 0, 0)
              : 0;
  if (pSql) edgeBind(d, p, pSql);
  for (i = 0; pSql && i < p->found.n && w->pCall->rc == SQLITE_OK; i++) {
    if (destroyRowsHas(w->pCall, p->pChild, &p->pChild->rows, &p->found, i)) {
      continue;
    }
    if (d->bReport) edgeReport(d, p, i);
    if (d->bDryRun) continue;
    destroyRowsBind(w->pCall, p->pChild, &p->found, i, pSql->pStmt, n + 1);
    assocWriteRun(w, pSql);
  }
}

/* ---------------------------------------------------------------- deleting */

/* A row that was not deleted is gone already, by a trigger or by SQLite's
** own foreign keys; or a trigger keeps it, and then nothing may go. */
static void tableCheckGone(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  AssocCall *pCall = d->w->pCall;
  sqlite3_stmt *pStmt = tableLoad(d->w, p);
  if (pCall->rc != SQLITE_OK || p->pTab->eType != ASSOC_TABLE) return;
  destroyRowsBind(pCall, p, &p->rows, iRow, pStmt, 1);
  if (assocStep(pCall, pStmt)) {
    assocError(pCall, "a trigger of %s kept a row from being deleted",
               p->pTab->zName);
  }
  sqlite3_reset(pStmt);
}

/* The time, as the column of soft deletion takes it. */
static sqlite3_value *tableNow(WriteDestroyer *d, const DestroyTable *p) {
  AssocWriter *w = d->w;
  const AssocColumn *pCol = &p->pTab->aCol[p->pModel->iDeleted];
  int bInt = sqlite3_strlike("%INT%", pCol->zType, 0) == 0;
  sqlite3_value *pNow = 0;
  sqlite3_stmt *pStmt =
      assocPrepare(w->pCall, bInt ? "SELECT CAST(strftime('%%s') AS INTEGER)"
                                  : "SELECT CURRENT_TIMESTAMP");
  if (assocStep(w->pCall, pStmt)) {
    pNow = assocWriterKeep(w, sqlite3_column_value(pStmt, 0));
  }
  assocFinalize(w->pCall, pStmt);
  return pNow;
}

/* Mark the rows as deleted. */
static void tableMark(WriteDestroyer *d, DestroyTable *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql = assocWriteSql(w, WRITE_UPDATE, p->pTab, 1,
                                 &p->pModel->iDeleted, p->nId, p->aId, 0, 0);
  WriteVal now = {0, 0, 0};
  u32 i;
  now.pVal = tableNow(d, p);
  for (i = 0; pSql && i < p->rows.n && w->pCall->rc == SQLITE_OK; i++) {
    assocWriteBind(w, pSql->pStmt, 1, 0, &now);
    destroyRowsBind(w->pCall, p, &p->rows, i, pSql->pStmt, 2);
    assocWriteRun(w, pSql);
  }
}

/* Those that were found last go first: they refer to others. */
static void tableDelete(WriteDestroyer *d, DestroyTable *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql =
      assocWriteSql(w, WRITE_DELETE, p->pTab, 0, 0, p->nId, p->aId, 0, 0);
  u32 i;
  for (i = p->rows.n; pSql && i > 0 && w->pCall->rc == SQLITE_OK; i--) {
    int n;
    destroyRowsBind(w->pCall, p, &p->rows, i - 1, pSql->pStmt, 1);
    if (w->pCall->rc != SQLITE_OK || assocStep(w->pCall, pSql->pStmt)) break;
    n = sqlite3_changes(w->pCall->db);
    w->nChange += n;
    if (n == 0) tableCheckGone(d, p, i - 1);
  }
}

/* Does another table that still has its rows refer to this one? */
static int tableIsReferred(const DestroyTable *p) {
  const DestroyEdge *pEdge;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (pEdge->pChild != p && !pEdge->pChild->bOrdered &&
        pEdge->pChild->rows.n) {
      return 1;
    }
  }
  return 0;
}

/* The table whose rows can go next; of tables that refer to each other the
** last. 0: none is left. */
static DestroyTable *tableNext(WriteDestroyer *d) {
  DestroyTable *p, *pLast = 0;
  for (p = d->pTable; p; p = p->pNext) {
    if (p->bOrdered || p->rows.n == 0) continue;
    if (!tableIsReferred(p)) return p;
    pLast = p;
  }
  if (pLast) d->bKnot = 1;
  return pLast;
}

static int destroyPragma(AssocCall *pCall, const char *zPragma) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA %s", zPragma);
  int i = assocStep(pCall, pStmt) ? sqlite3_column_int(pStmt, 0) : 0;
  assocFinalize(pCall, pStmt);
  return i;
}

/* Rows that refer to each other can go in no order that SQLite would let
** pass at every step: it is to look at the end. */
static int destroyDefer(WriteDestroyer *d) {
  AssocCall *pCall = d->w->pCall;
  if (!d->bKnot || !destroyPragma(pCall, "foreign_keys") ||
      destroyPragma(pCall, "defer_foreign_keys")) {
    return 0;
  }
  assocExec(pCall, "PRAGMA defer_foreign_keys=ON");
  return 1;
}

static void destroyAll(WriteDestroyer *d) {
  DestroyTable *p, *pFirst = tableNext(d);
  int bDefer = destroyDefer(d);
  for (p = pFirst; p && d->w->pCall->rc == SQLITE_OK; p = tableNext(d)) {
    if (d->bKnot && !bDefer) bDefer = destroyDefer(d);
    if (d->bSoft) {
      tableMark(d, p);
    } else {
      tableDelete(d, p);
    }
    p->bOrdered = 1;
  }
  if (bDefer)
    sqlite3_exec(d->w->pCall->db, "PRAGMA defer_foreign_keys=OFF", 0, 0, 0);
}

/* ------------------------------------------------------------------ report */

/* "posts", or "aux.posts" */
static void reportTable(AssocOut *pOut, const AssocTable *pTab) {
  char *z;
  int bMain = sqlite3_stricmp(pTab->pSchema->zName, "main") == 0;
  z = sqlite3_mprintf("%s%s%s", bMain ? "" : pTab->pSchema->zName,
                      bMain ? "" : ".", pTab->zName);
  if (z) {
    assocJsonString(pOut, z, (i64)strlen(z));
  } else if (pOut->rc == SQLITE_OK) {
    pOut->rc = SQLITE_NOMEM;
  }
  sqlite3_free(z);
}

/* "posts":[1,2],"comments":[5] of the groups that were deleted, or changed */
static void reportTables(WriteDestroyer *d, AssocOut *pOut, int bDeleted) {
  DestroyTable *p;
  DestroyGroup *pGroup;
  int n = 0;
  for (p = d->pTable; p; p = p->pNext) {
    int nKey = 0;
    for (pGroup = d->pGroup; pGroup; pGroup = pGroup->pNext) {
      AssocOut *pKeys = &pGroup->keys;
      if (pGroup->pTable != p || pKeys->pStart == pKeys->p ||
          (pGroup->eAction == DESTROY_CASCADE) != bDeleted) {
        continue;
      }
      if (nKey++ == 0) {
        if (n++) assocOutText(pOut, ",", 1);
        reportTable(pOut, p->pTab);
        assocOutText(pOut, ":[", 2);
      } else {
        assocOutText(pOut, ",", 1);
      }
      assocOutText(pOut, pKeys->pStart, pKeys->p - pKeys->pStart);
    }
    if (nKey) assocOutText(pOut, "]", 1);
  }
}

/* [{"table":"posts","path":"posts","action":"delete","keys":[1,2]}, …] */
static void reportGroups(WriteDestroyer *d, AssocOut *pOut) {
  const char *const az[] = {d->bSoft ? "mark" : "delete", "set null",
                            "set default"};
  DestroyGroup *p;
  int n = 0;
  assocOutText(pOut, "[", 1);
  for (p = d->pGroup; p; p = p->pNext) {
    if (p->keys.pStart == p->keys.p) continue;
    assocOutPrintf(pOut, "%s{\"table\":", n++ ? "," : "");
    reportTable(pOut, p->pTable->pTab);
    assocOutPrintf(pOut, ",\"path\":");
    assocJsonString(pOut, p->zPath, (i64)strlen(p->zPath));
    assocOutPrintf(pOut, ",\"action\":\"%s\",\"keys\":[", az[p->eAction]);
    assocOutText(pOut, p->keys.pStart, p->keys.p - p->keys.pStart);
    assocOutText(pOut, "]}", 2);
  }
  assocOutText(pOut, "]", 1);
}

static char *destroyReport(WriteDestroyer *d, i64 *pn) {
  AssocCall *pCall = d->w->pCall;
  AssocOut out;
  char *z;
  if (pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, sqlite3_limit(pCall->db, SQLITE_LIMIT_LENGTH, -1));
  if (d->bDryRun) {
    reportGroups(d, &out);
  } else {
    assocOutText(&out, "{\"deleted\":{", 12);
    reportTables(d, &out, 1);
    assocOutText(&out, "},\"changed\":{", 13);
    reportTables(d, &out, 0);
    assocOutText(&out, "}}", 2);
  }
  z = assocBufFinish(&out, pn);
  if (z == 0) assocErrorCode(pCall, out.rc);
  return z;
}

/* --------------------------------------------------------------- interface */

static WriteDestroyer *destroyerOf(AssocWriter *w) {
  WriteDestroyer *d = w->pDestroyer;
  if (d || w->pCall->rc != SQLITE_OK) return d;
  d = assocAlloc(w->pCall, &w->mem, sizeof(*d));
  if (d == 0) return 0;
  d->w = w;
  d->ppTableEnd = &d->pTable;
  d->ppGroupEnd = &d->pGroup;
  w->pDestroyer = d;
  return d;
}

/* Forget the rows; tables, edges and statements serve again. */
static void destroyerReset(WriteDestroyer *d) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  DestroyGroup *pGroup;
  for (pGroup = d->pGroup; pGroup; pGroup = pGroup->pNext) {
    assocBufClear(&pGroup->keys);
  }
  d->pGroup = 0;
  d->ppGroupEnd = &d->pGroup;
  d->bKnot = 0;
  for (p = d->pTable; p; p = p->pNext) {
    destroyRowsClear(p, &p->rows);
    assocKeymapClear(&p->changed);
    p->iDone = 0;
    p->zPath = 0;
    p->bOrdered = 0;
    for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
      destroyRowsClear(pEdge->pChild, &pEdge->found);
      pEdge->pGroup = 0;
      pEdge->nAsked = 0;
      sqlite3_free(pEdge->aPair);
      pEdge->aPair = 0;
      pEdge->nPair = 0;
    }
  }
}

void assocDestroyClear(AssocWriter *w) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  if (w->pDestroyer == 0) return;
  destroyerReset(w->pDestroyer);
  for (p = w->pDestroyer->pTable; p; p = p->pNext) {
    sqlite3_finalize(p->pLoad);
    for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
      sqlite3_finalize(pEdge->pFind);
    }
  }
}

/* The row itself, by its key. */
static void destroyRoot(WriteDestroyer *d, const WriteRow *pRow) {
  AssocWriter *w = d->w;
  DestroyTable *p = destroyTable(d, pRow->pModel->pTable);
  DestroyGroup *pGroup;
  AssocSql sql;
  sqlite3_stmt *pStmt;
  int i;
  if (p == 0) return;
  p->zPath = "";
  pGroup = destroyGroup(d, p, "", DESTROY_CASCADE);
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  tableIdentitySql(&sql, p);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTable(&sql, p->pTab);
  for (i = 0; i < p->pModel->nKey; i++) {
    sqlite3_str_appendall(sql.pStr, i ? " AND " : " t1 WHERE ");
    assocSqlColumn(&sql, 1, p->pTab, p->pModel->aKey[i]);
    sqlite3_str_appendf(sql.pStr, "=?%d", i + 1);
  }
  pStmt = assocWriteSqlEnd(w, &sql);
  for (i = 0; pStmt && i < p->pModel->nKey; i++) {
    assocWriteBind(w, pStmt, i + 1, 0, &pRow->aKey[i]);
  }
  if (assocStep(w->pCall, pStmt) && pGroup) {
    if (destroyRowsAdd(w->pCall, p, &p->rows, pStmt)) {
      groupAdd(d, pGroup, pStmt);
    }
  }
  assocFinalize(w->pCall, pStmt);
}

static void destroyRun(WriteDestroyer *d, const WriteRow *pRow) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  AssocCall *pCall = d->w->pCall;
  int i;
  destroyRoot(d, pRow);
  destroyFind(d);
  for (i = 0; i < 2; i++) { /* Judge all before anything is changed */
    for (p = d->pTable; p; p = p->pNext) {
      for (pEdge = p->pEdge; pEdge && pCall->rc == SQLITE_OK;
           pEdge = pEdge->pNext) {
        if (i == 0) edgeJudge(d, pEdge);
        if (i == 1) edgeChange(d, pEdge);
      }
    }
  }
  if (!d->bDryRun && pCall->rc == SQLITE_OK) destroyAll(d);
}

void assocDestroyRow(AssocWriter *w, const WriteRow *pRow) {
  WriteDestroyer *d = destroyerOf(w);
  if (d == 0 || w->pCall->rc != SQLITE_OK) return;
  d->bCascade = d->bDryRun = d->bReport = 0;
  d->bSoft = (u8)isSoft(w, pRow->pModel);
  destroyRun(d, pRow);
  destroyerReset(d);
}

char *assocDestroyReport(AssocWriter *w, const WriteRow *pRow, int mHow,
                         i64 *pn) {
  WriteDestroyer *d = destroyerOf(w);
  char *z;
  if (d == 0 || w->pCall->rc != SQLITE_OK) return 0;
  d->bCascade = (mHow & WRITE_CASCADE) != 0;
  d->bDryRun = (mHow & WRITE_DRYRUN) != 0;
  d->bSoft = !(mHow & WRITE_FORCE) && isSoft(w, pRow->pModel);
  d->bReport = 1;
  destroyRun(d, pRow);
  z = destroyReport(d, pn);
  destroyerReset(d);
  return z;
}
