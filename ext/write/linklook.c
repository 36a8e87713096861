/*
** What is linked now: the rows that are related to a source, and what a row's
** relation to it is. Nothing here changes a row.
**
** Three statements of each association read the present state:
**
**   look  SELECT t1.id, <has a key>, <needs no change> FROM posts t1
**          WHERE t1.id=?1
**   all   SELECT t1.id FROM posts t1 WHERE t1.user_id=?1 AND <scope>
**          ORDER BY t1.id
**   pair  SELECT t2.post_id, t2.tag_id FROM post_tags t2
**          WHERE t2.post_id=?1 AND t2.tag_id=?2 AND <scope>
**
** Of a belongsToMany "look" reads the pair as well, if no policy or budget
** concerns either table:
**
**   look  SELECT t1.id, 0, <needs no change>, t2.post_id, t2.tag_id, <alive>
**           FROM tags t1 LEFT JOIN post_tags t2
**             ON t2.post_id=?2 AND t2.tag_id=+t1.id AND <scope>
**          WHERE t1.id=?1
**
** For a list of targets FROM and WHERE are
**
**          FROM main.assoc_keys k LEFT JOIN tags t1 ON t1.id=+k.k0 …
**
** and for a list of pairs, where t3 is the source,
**
**          FROM main.assoc_keys k LEFT JOIN tags t1 ON t1.id=+k.k0
**            LEFT JOIN posts t3 ON t3.id=+k.k1
**            LEFT JOIN post_tags t2 ON t2.post_id=+t3.id AND t2.tag_id=+t1.id …
**
** Pairs that need no more than a join row are linked without a look:
**
**   INSERT OR IGNORE INTO post_tags(tag_id, post_id) SELECT t1.id, t3.id
**     FROM main.assoc_keys k CROSS JOIN tags t1 ON t1.id=+k.k0
**       CROSS JOIN posts t3 ON t3.id=+k.k1
*/
#include "write/link.h"

/* ------------------------------------------------------------- statements */

/* t1.a IS NOT NULL AND t1.b IS NOT NULL */
static void linkGivenSql(AssocSql *p, const AssocTable *pTab,
                         const AssocKey *pKey) {
  int i;
  assert(pKey->nCol > 0);
  for (i = 0; i < pKey->nCol; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, 1, pTab, pKey->aCol[i]);
    sqlite3_str_appendall(p->pStr, " IS NOT NULL");
  }
}

/* Of a polymorphic belongsTo: AND t2.type='post' */
static void linkTypeSql(AssocSql *p, const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  if (pLink->pBranch == 0) return;
  sqlite3_str_appendall(p->pStr, " AND ");
  assocSqlColumn(p, 2, pRel->pSource->pTable, pRel->type.aCol[0]);
  sqlite3_str_appendall(p->pStr, "=");
  assocSqlTypeVal(p, pLink->pBranch->zType);
}

int assocLinkMeets(AssocWriter *w, const WriteLink *pLink) {
  return pLink->pJoin && !assocBudgetCounts(w->pCall->pConn) &&
         !assocAllowAsks(w, pLink->pTarget->pTable) &&
         !assocAllowAsks(w, pLink->pJoin->pTable);
}

/* The key of the join row t2, and whether there is one that is alive: a
** soft-deleted one can be revived. */
static void pairColumns(AssocSql *p, const WriteLink *pLink) {
  AssocModel *pJoin = pLink->pJoin;
  assocSqlKeyColumns(p, pJoin, 2, 0);
  sqlite3_str_appendall(p->pStr, ", (");
  assocSqlColumn(p, 2, pJoin->pTable, pLink->pRel->foreign.aCol[0]);
  sqlite3_str_appendall(p->pStr, " IS NOT NULL");
  assocSqlAlive(p, pJoin, 2);
  sqlite3_str_appendall(p->pStr, ")");
}

/* The condition that t2 is a join row of the source and of the target: of the
** rows with these aliases, or else of values, from ?iVar on. Literals, which take
** the next numbers, do not stand in it. */
static void pairWhere(AssocSql *p, WriteLink *pLink, int iVar, int iSource,
                      int iTarget) {
  AssocRel *pRel = pLink->pRel;
  const AssocTable *pTab = pLink->pJoin->pTable;
  int nVar = p->nVar;
  p->nVar = iVar - 1;
  assocSqlRefIs(p, 2, pTab, &pRel->foreign, iSource, pRel->pSource->pTable,
                &pRel->sourceKey);
  sqlite3_str_appendall(p->pStr, " AND ");
  assocSqlRefIs(p, 2, pTab, &pRel->other, iTarget, pRel->pTarget->pTable,
                &pRel->targetKey);
  p->nVar = nVar;
}

/* The columns of "look" that tell of the target alone; of pairs, the source's key
** stands behind the target's. Where they compare with the source, its values are
** the variables behind the target's key. */
static void lookColumns(AssocSql *p, WriteLink *pLink, int eList) {
  AssocRel *pRel = pLink->pRel;
  AssocModel *pTgt = pLink->pTarget;
  int bHas = pRel->eKind == ASSOC_HASONE || pRel->eKind == ASSOC_HASMANY;
  int nVar = p->nVar;
  assocSqlKeyColumns(p, pTgt, 1, 0);
  if (eList == LINK_PAIRS) {
    sqlite3_str_appendall(p->pStr, ", ");
    assocSqlKeyColumns(p, pRel->pSource, 3, 0);
  }
  sqlite3_str_appendall(p->pStr, bHas ? ", (" : ", (0");
  if (bHas) linkGivenSql(p, pTgt->pTable, &pRel->foreign);
  sqlite3_str_appendall(p->pStr, bHas ? "), (" : "), (1");
  p->nVar = pTgt->nKey;
  if (bHas) {
    assocSqlRefIs(p, 1, pTgt->pTable, &pRel->foreign, 0, pRel->pSource->pTable,
                  &pRel->sourceKey);
  }
  p->nVar = nVar;
  assocSqlScope(p, pRel->pScope, pTgt, 1);
  assert(p->nVar >= nVar);
  sqlite3_str_appendall(p->pStr, ")");
}

/* LEFT JOIN posts t3 ON t3.id=+k.k1: the row whose key stands in assoc_keys from
** column iKey on. */
static void lookListed(AssocSql *p, const char *zJoin, AssocModel *pModel,
                       int iAlias, int iKey) {
  int i;
  assocStrAdd(p->pStr, zJoin);
  assocSqlTableAs(p, pModel->pTable, iAlias);
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendall(p->pStr, i ? " AND " : " ON ");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
    sqlite3_str_appendf(p->pStr, "=+k.k%d", iKey + i);
  }
  assocSqlScope(p, pModel->pValues, pModel, iAlias);
}

/* The tables of "look", and the key that finds the target: ?1, or of a list each
** key of assoc_keys. */
static void lookTables(AssocSql *p, WriteLink *pLink, int eList) {
  AssocModel *pTgt = pLink->pTarget;
  int nVar;
  if (eList) {
    sqlite3_str_appendall(p->pStr, "main.assoc_keys k");
    lookListed(p, " LEFT JOIN ", pTgt, 1, 0);
  } else {
    assocSqlTableAs(p, pTgt->pTable, 1);
  }
  if (eList == LINK_PAIRS) {
    lookListed(p, " LEFT JOIN ", pLink->pRel->pSource, 3, pTgt->nKey);
  }
  if (pLink->bMeets) {
    sqlite3_str_appendall(p->pStr, " LEFT JOIN ");
    assocSqlTableAs(p, pLink->pJoin->pTable, 2);
    sqlite3_str_appendall(p->pStr, " ON ");
    pairWhere(p, pLink, pTgt->nKey + 1, eList == LINK_PAIRS ? 3 : 0, 1);
    assocSqlScope(p, pLink->pRel->pThroughScope, pLink->pJoin, 2);
  }
  /* A list has its keys in assoc_keys; one key is bound. */
  if (eList) return;
  sqlite3_str_appendall(p->pStr, " WHERE ");
  nVar = p->nVar;
  p->nVar = 0;
  assocSqlKeyIs(p, 1, pTgt->pTable, pTgt->nKey, pTgt->aKey);
  p->nVar = nVar;
  assocSqlScope(p, pTgt->pValues, pTgt, 1);
}

sqlite3_stmt *assocLinkLookStmt(AssocWriter *w, WriteLink *pLink, int eList) {
  WriteSql **pp = &pLink->apLook[eList];
  AssocSql sql;
  if (*pp) return assocWriteSqlUse(w, *pp);
  assert(pLink->pTarget->nKey > 0);
  pLink->bMeets = (u8)assocLinkMeets(w, pLink);
  assert(eList != LINK_PAIRS || pLink->bMeets);
  assocWriteSqlStart(w, &sql);
  sql.nVar = pLink->pTarget->nKey + pLink->pRel->sourceKey.nCol;
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  lookColumns(&sql, pLink, eList);
  if (pLink->bMeets) {
    sqlite3_str_appendall(sql.pStr, ", ");
    pairColumns(&sql, pLink);
  }
  sqlite3_str_appendall(sql.pStr, " FROM ");
  lookTables(&sql, pLink, eList);
  *pp = assocWriteSqlKeep(w, &sql);
  return assocWriteSqlUse(w, *pp);
}

/* "a","b": the columns of pKey in a join row. */
static void pairNames(AssocSql *p, const WriteLink *pLink,
                      const AssocKey *pKey) {
  const AssocTable *pTab = pLink->pRel->pThrough;
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(p->pStr, "%s\"%w\"", i ? "," : "",
                        pTab->aCol[pKey->aCol[i]].zName);
  }
}

sqlite3_stmt *assocLinkPairsStmt(AssocWriter *w, WriteLink *pLink, int nCell,
                                 const WriteCell *aCell) {
  const AssocRel *pRel = pLink->pRel;
  const AssocTable *pTab = pRel->pThrough;
  AssocSql sql;
  int i;
  if (pLink->pPairs) return assocWriteSqlUse(w, pLink->pPairs);
  assert(pRel->eKind == ASSOC_BELONGSTOMANY && pTab);
  assocWriteSqlStart(w, &sql);
  sqlite3_str_appendf(sql.pStr, "INSERT OR IGNORE INTO \"%w\".\"%w\"(",
                      pTab->pSchema->zName, pTab->zName);
  for (i = 0; i < nCell; i++) {
    sqlite3_str_appendf(sql.pStr, "\"%w\",", pTab->aCol[aCell[i].iCol].zName);
  }
  pairNames(&sql, pLink, &pRel->other);
  sqlite3_str_appendall(sql.pStr, ",");
  pairNames(&sql, pLink, &pRel->foreign);
  sqlite3_str_appendall(sql.pStr, ") SELECT ");
  for (i = 0; i < nCell; i++) sqlite3_str_appendf(sql.pStr, "?%d,", i + 1);
  sql.nVar = nCell;
  assocSqlKeyColumns(&sql, pLink->pTarget, 1, 0);
  sqlite3_str_appendall(sql.pStr, ",");
  assocSqlKeyColumns(&sql, pRel->pSource, 3, 0);
  sqlite3_str_appendall(sql.pStr, " FROM main.assoc_keys k");
  lookListed(&sql, " CROSS JOIN ", pLink->pTarget, 1, 0);
  lookListed(&sql, " CROSS JOIN ", pRel->pSource, 3, pLink->pTarget->nKey);
  pLink->pPairs = assocWriteSqlKeep(w, &sql);
  return assocWriteSqlUse(w, pLink->pPairs);
}

/* The condition of the statement "all". t1 is the target, t2 the row that has
** the foreign key: the join row, or of belongsTo the source. */
static void allWhere(AssocSql *p, const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  AssocModel *pSrc = pRel->pSource;
  const AssocTable *pTab = assocRelForeignTable(pRel);
  const AssocKey *pKey =
      pRel->eKind == ASSOC_BELONGSTO ? &pRel->foreign : &pRel->other;
  int nVar = p->nVar;
  p->nVar = 0; /* The key's variables come first: assocLinkAll() */
  if (pRel->eKind == ASSOC_BELONGSTO) {
    assocSqlKeyIs(p, 2, pSrc->pTable, pSrc->nKey, pSrc->aKey);
  } else {
    assocSqlRefIs(p, pRel->eKind == ASSOC_BELONGSTOMANY ? 2 : 1, pTab,
                  &pRel->foreign, 0, pSrc->pTable, &pRel->sourceKey);
  }
  p->nVar = nVar;
  if (pLink->pTargetKey->nCol) {
    sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlEqual(p, 1, pLink->pTarget->pTable, pLink->pTargetKey, 2, pTab,
                  pKey);
  }
  linkTypeSql(p, pLink);
  assocSqlScope(p, pLink->pTarget->pValues, pLink->pTarget, 1);
  assocSqlAlive(p, pLink->pTarget, 1);
  if (pLink->pJoin) assocSqlAlive(p, pLink->pJoin, 2);
}

/*
** The statement "all" (see the head of this file): the related rows of a
** source. The variables of the key come first. Where no index forbids that pairs
** occur twice, each target counts once. For a hasOne the first row in its order is the one that
** readers see. Otherwise the order is that of the target's key, so that results
** do not depend on how SQLite joins the tables.
*/
static sqlite3_stmt *allStmt(AssocWriter *w, WriteLink *pLink) {
  AssocRel *pRel = pLink->pRel;
  AssocModel *pTgt = pLink->pTarget;
  AssocSql sql;
  int bOnce;
  if (pLink->pAll) return assocWriteSqlUse(w, pLink->pAll);
  assert(pRel->nPath == 0 && pLink->pTargetKey);
  assocWriteSqlStart(w, &sql);
  sql.nVar =
      pRel->eKind == ASSOC_BELONGSTO ? pRel->pSource->nKey : pRel->foreign.nCol;
  bOnce = pLink->pJoin == 0 || pLink->bUnique;
  sqlite3_str_appendf(sql.pStr, "SELECT %s", bOnce ? "" : "DISTINCT ");
  assocSqlKeyColumns(&sql, pTgt, 1, 0);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTableAs(&sql, pTgt->pTable, 1);
  if (pLink->pTargetKey->nCol) {
    sqlite3_str_appendall(sql.pStr, ", ");
    assocSqlTableAs(&sql, assocRelForeignTable(pRel), 2);
  }
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  allWhere(&sql, pLink);
  assocSqlScope(&sql, pRel->pScope, pTgt, 1);
  assocSqlScope(&sql, pRel->pThroughScope, pLink->pJoin, 2);
  assocSqlOrder(&sql, pRel->eKind == ASSOC_HASONE ? pRel : 0, 0, pTgt, 1, 0);
  pLink->pAll = assocWriteSqlKeep(w, &sql);
  return assocWriteSqlUse(w, pLink->pAll);
}

/* The statement "pair" (see the head of this file): the join rows of two
** keys. */
static sqlite3_stmt *pairStmt(AssocWriter *w, WriteLink *pLink) {
  AssocRel *pRel = pLink->pRel;
  AssocModel *pJoin = pLink->pJoin;
  AssocSql sql;
  assert(pJoin);
  if (pLink->pPair) return assocWriteSqlUse(w, pLink->pPair);
  assocWriteSqlStart(w, &sql);
  sql.nVar = pRel->foreign.nCol + pRel->other.nCol;
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  pairColumns(&sql, pLink);
  sqlite3_str_appendall(sql.pStr, " FROM ");
  assocSqlTableAs(&sql, pJoin->pTable, 2);
  sqlite3_str_appendall(sql.pStr, " WHERE ");
  pairWhere(&sql, pLink, 1, 0, 0);
  assocSqlScope(&sql, pRel->pThroughScope, pJoin, 2);
  pLink->pPair = assocWriteSqlKeep(w, &sql);
  return assocWriteSqlUse(w, pLink->pPair);
}

/* ------------------------------------------------------- the present state */

void assocLinkBind(AssocWriter *w, sqlite3_stmt *pStmt, int iVar, int n,
                   const WriteVal *aVal) {
  int i;
  for (i = 0; aVal && i < n; i++) {
    assocWriteBind(w, pStmt, iVar + i, 0, &aVal[i]);
  }
}

WriteVal *assocLinkRef(AssocWriter *w, const WriteLink *pLink,
                       const WriteRow *pSource, int bMake) {
  const AssocRel *pRel = pLink->pRel;
  return assocRowGet(w, pSource, &pRel->sourceKey, bMake ? pRel->zName : 0);
}

void assocKeepInit(AssocWriter *w, LinkKeep *p, int nKey) {
  AssocKeyRule *aRule =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aRule) * (nKey + 1));
  p->apVal = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*p->apVal) * (nKey + 1));
  assocKeymapInit(&p->map, nKey, aRule);
}

sqlite3_value **assocKeptKey(LinkKeep *p, sqlite3_stmt *pStmt) {
  int i;
  for (i = 0; i < p->map.nKey; i++) {
    p->apVal[i] = sqlite3_column_value(pStmt, i);
  }
  return p->apVal;
}

/* Add the row whose key pStmt gives from column iFrom on. */
static void rowsAdd(AssocWriter *w, LinkRows *p, AssocModel *pModel,
                    sqlite3_stmt *pStmt, int iFrom) {
  if (p->n == p->nAlloc) {
    WriteRow *a;
    int nNew = p->nAlloc * 2 + 8;
    a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * nNew);
    if (a == 0) return;
    if (p->n) memcpy(a, p->a, sizeof(*a) * (size_t)p->n);
    p->a = a;
    p->nAlloc = nNew;
  }
  assert(p->n < p->nAlloc);
  p->a[p->n].pModel = pModel;
  p->a[p->n].aKey = assocWriteGet(w, pStmt, iFrom, pModel->nKey);
  if (p->a[p->n].aKey) p->n++;
}

void assocLinkAll(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  LinkKeep *pBut, LinkRows *p) {
  const AssocRel *pRel = pLink->pRel;
  sqlite3_stmt *pStmt = allStmt(w, pLink);
  int rc = SQLITE_OK;
  memset(p, 0, sizeof(*p));
  if (w->pCall->rc != SQLITE_OK) return;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    assocLinkBind(w, pStmt, 1, pSource->pModel->nKey, pSource->aKey);
  } else {
    assocLinkBind(w, pStmt, 1, pRel->sourceKey.nCol,
                  assocLinkRef(w, pLink, pSource, 0));
  }
  assert(pBut == 0 || pLink->pTarget->nKey > 0);
  while (assocStep(w->pCall, pStmt)) {
    if (pBut) {
      u32 iSlot = assocKeymapFind(&pBut->map, assocKeptKey(pBut, pStmt), &rc);
      assocErrorCode(w->pCall, rc);
      if (iSlot != ASSOC_NOSLOT) {
        pBut->abFound[iSlot] = 1;
        continue;
      }
    }
    rowsAdd(w, p, pLink->pTarget, pStmt, 0);
  }
}

/* Add the join row that pStmt gives from column iFrom on, as pairColumns() says,
** if it gives one. */
static void pairTake(AssocWriter *w, const WriteLink *pLink,
                     sqlite3_stmt *pStmt, int iFrom, LinkRows *p) {
  AssocModel *pJoin = pLink->pJoin;
  if (sqlite3_column_int(pStmt, iFrom + pJoin->nKey)) {
    rowsAdd(w, p, pJoin, pStmt, iFrom);
  } else if (p->dead.aKey == 0 &&
             sqlite3_column_type(pStmt, iFrom) != SQLITE_NULL) {
    p->dead.pModel = pJoin;
    p->dead.aKey = assocWriteGet(w, pStmt, iFrom, pJoin->nKey);
  }
}

void assocLinkPair(AssocWriter *w, WriteLink *pLink, const WriteVal *aRef,
                   const WriteVal *aOther, LinkRows *p) {
  sqlite3_stmt *pStmt = pairStmt(w, pLink);
  const AssocRel *pRel = pLink->pRel;
  memset(p, 0, sizeof(*p));
  if (w->pCall->rc != SQLITE_OK) return;
  assocLinkBind(w, pStmt, 1, pRel->foreign.nCol, aRef);
  assocLinkBind(w, pStmt, 1 + pRel->foreign.nCol, pRel->other.nCol, aOther);
  while (assocStep(w->pCall, pStmt)) pairTake(w, pLink, pStmt, 0, p);
}

void assocLinkLookPair(AssocWriter *w, WriteLink *pLink,
                       const WriteRow *pSource, LinkLook *p) {
  assocLinkPair(w, pLink, assocLinkRef(w, pLink, pSource, 0),
                assocRowGet(w, &p->row, pLink->pTargetKey, 0), &p->pair);
}

/* Look at the row with this key; with bPair also at its join rows, if the
** association has such. */
static void linkLook(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, int bPair, LinkLook *p) {
  AssocModel *pTgt = pLink->pTarget;
  sqlite3_stmt *pStmt = assocLinkLookStmt(w, pLink, LINK_ONE);
  int bMeets = pLink->bMeets;
  memset(p, 0, sizeof(*p));
  p->row.pModel = pTgt;
  if (w->pCall->rc != SQLITE_OK) return;
  assocLinkBind(w, pStmt, 1, pTgt->nKey, aKey);
  if (pLink->pJoin == 0 || bMeets) {
    assocLinkBind(w, pStmt, 1 + pTgt->nKey, pLink->pRel->sourceKey.nCol,
                  assocLinkRef(w, pLink, pSource, 0));
  }
  /* Several rows only where the target has several join rows with the source. */
  while (assocStep(w->pCall, pStmt)) {
    if (p->row.aKey == 0) {
      p->row.aKey = assocWriteGet(w, pStmt, 0, pTgt->nKey);
      p->bHasKey = sqlite3_column_int(pStmt, pTgt->nKey);
      p->bGood = sqlite3_column_int(pStmt, pTgt->nKey + 1);
    }
    if (bMeets && bPair) pairTake(w, pLink, pStmt, pTgt->nKey + 2, &p->pair);
    if (!bMeets || !bPair || pLink->bUnique) break;
  }
  sqlite3_reset(pStmt);
  if (pLink->pJoin && !bMeets && bPair && p->row.aKey) {
    assocLinkLookPair(w, pLink, pSource, p);
  }
}

void assocLinkNeed(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteVal *aKey, int bPair, LinkLook *p) {
  linkLook(w, pLink, pSource, aKey, bPair, p);
  if (p->row.aKey == 0) assocRowNeed(w, pLink->pTarget, aKey, &p->row);
}

/* False if there is no related row. */
int assocLinkFirst(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   WriteRow *pRow) {
  LinkRows all;
  assocLinkAll(w, pLink, pSource, 0, &all);
  if (all.n) *pRow = all.a[0];
  return all.n > 0;
}

/* A row whose foreign key is NULL belongs to nobody. */
int assocLinkTaken(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteVal *aKey) {
  LinkLook look;
  if (pLink->pRel->eKind != ASSOC_HASONE &&
      pLink->pRel->eKind != ASSOC_HASMANY) {
    return 0;
  }
  linkLook(w, pLink, pSource, aKey, 0, &look);
  return look.bHasKey && !look.bGood;
}

int assocLinkFind(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  const WriteVal *aKey, LinkLook *p) {
  LinkRows list;
  if (pLink->pRel->eKind != ASSOC_BELONGSTO) {
    linkLook(w, pLink, pSource, aKey, 1, p);
    return p->bGood && (pLink->pJoin == 0 || p->pair.n > 0);
  }
  memset(p, 0, sizeof(*p));
  if (!assocRowFind(w, pLink->pTarget, aKey, &p->row)) return 0;
  assocLinkAll(w, pLink, pSource, 0, &list);
  return list.n > 0 && assocRowSame(&list.a[0], &p->row);
}

/* *pbFound tells a missing row from a row that exists and is not related. */
int assocLinkHas(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                 const WriteVal *aKey, int *pbFound) {
  LinkLook look;
  int bHas = assocLinkFind(w, pLink, pSource, aKey, &look);
  *pbFound = look.row.aKey != 0;
  return bHas;
}
