/*
** Relating two rows by an association, and undoing that.
**
** What a link is depends on the kind of the association:
**
**   belongsTo       the foreign key of the source has the target's key
**   hasOne/hasMany  the foreign key of the target has the source's key, and
**                   columns of the scope their values
**   belongsToMany   a join row has both keys, and what the join table's scope
**                   and the caller give it; the target has the scope's values
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
** Of a belongsToMany "look" reads the pair as well, as long as no policy or
** budget speaks of one of both tables:
**
**   look  SELECT t1.id, 0, <needs no change>, t2.post_id, t2.tag_id, <alive>
**           FROM tags t1 LEFT JOIN post_tags t2
**             ON t2.post_id=?2 AND t2.tag_id=+t1.id AND <scope>
**          WHERE t1.id=?1
**
** For a list of targets FROM and WHERE are
**
**          FROM main.assoc_keys k LEFT JOIN tags t1 ON t1.id=+k.k0 …
*/
#include "write/write.h"

/* ------------------------------------------------------------------ scopes */

/* The columns to which a scope gives one value each: counted in *pn, and
** written to aCell unless it is 0. *pbOperator is set if the scope also
** compares. */
static void scopeCells(AssocWriter *w, const ShapePred *pPred,
                       const AssocTable *pTab, int *pn, WriteCell *aCell,
                       u8 *pbOperator) {
  const ShapePred *pSub;
  if (pPred == 0) return;
  /* A scope that is written may only say column = value, or column IS NULL. */
  if (pPred->eOp == SHAPE_OP_AND) {
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      scopeCells(w, pSub, pTab, pn, aCell, pbOperator);
    }
  } else if ((pPred->eOp == SHAPE_OP_EQ ||
              (pPred->eOp == SHAPE_OP_ISNULL && !pPred->bNot)) &&
             pPred->key.pPath && pPred->key.pAgg == 0 && !pPred->pOther) {
    if (aCell) {
      aCell[*pn].iCol = assocColumnFind(pTab, pPred->key.pPath->z);
      aCell[*pn].val.pJson = assocLiteralJson(w, pPred->pVal);
    }
    (*pn)++;
  } else {
    *pbOperator = 1;
  }
}

/* The same into new memory of the writer. */
static WriteCell *scopeRead(AssocWriter *w, const ShapePred *pPred,
                            const AssocTable *pTab, int *pn, u8 *pbOperator) {
  WriteCell *aCell;
  int n = 0;
  scopeCells(w, pPred, pTab, &n, 0, pbOperator);
  aCell = assocAlloc(w->pCall, &w->mem, (i64)sizeof(*aCell) * (n + 1));
  if (aCell) scopeCells(w, pPred, pTab, pn, aCell, pbOperator);
  return aCell;
}

/* An operator such as $gt does not tell which value to write. */
void assocLinkNeedScope(AssocWriter *w, const WriteLink *pLink) {
  if (!pLink->bOperator) return;
  assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pLink->pRel->pSource->zLabel,
               pLink->pRel->zName,
               "the scope of %s.%s contains an operator, so the values to "
               "write are unknown; change the rows of %s themselves",
               pLink->pRel->pSource->zLabel, pLink->pRel->zName,
               pLink->pTarget->zLabel);
}

/* ------------------------------------------------------------------ links */

/* May a pair be linked several times? The association, or one in the other
** direction over the same join table, says "unique":false. */
static int linkTwice(AssocWriter *w, const AssocRel *pRel) {
  AssocDef *pDef = 0;
  if (pRel->pOpt->eThroughUnique >= 0) return !pRel->pOpt->eThroughUnique;
  /* "unique":false of the other direction counts, too: it is one join table. */
  assert(pRel->eKind == ASSOC_BELONGSTOMANY);
  while ((pDef = assocModelNextDef(w->pCall, pRel->pTarget, pDef)) != 0) {
    AssocRel *pBack = 0;
    if (assocKindSeek(pDef->zKind) == ASSOC_BELONGSTOMANY) {
      pBack = assocRelTry(w->pCall, pDef, 0);
    }
    if (pBack && pBack->pThrough == pRel->pThrough &&
        pBack->pOpt->eThroughUnique == 0) {
      return 1;
    }
  }
  return 0;
}

/* Is the value of this column of a join row given by the association itself:
** one of both keys, or of the join table's scope? */
static int throughTaken(const WriteLink *pLink, int iCol) {
  const AssocRel *pRel = pLink->pRel;
  int i;
  assert(pRel->pThrough && iCol >= 0);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    if (pRel->foreign.aCol[i] == iCol) return 1;
  }
  for (i = 0; i < pRel->other.nCol; i++) {
    if (pRel->other.aCol[i] == iCol) return 1;
  }
  for (i = 0; i < pLink->nThrough; i++) {
    if (pLink->aThrough[i].iCol == iCol) return 1;
  }
  return 0;
}

/* Does a UNIQUE index of the schema forbid linking a pair twice? */
static int linkUnique(AssocWriter *w, const WriteLink *pLink) {
  AssocTable *pTab = pLink->pRel->pThrough;
  AssocIndex *pIdx = pTab ? assocTableIndexes(w->pCall, pTab) : 0;
  int i;
  for (; pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bUnique || pIdx->bPartial) continue;
    for (i = 0; i < pIdx->nCol && throughTaken(pLink, pIdx->aCol[i]); i++) {
    }
    if (i == pIdx->nCol) return 1;
  }
  return 0;
}

/* Find the columns that unlinking sets to NULL: those of the foreign key, and
** the type of a polymorphic one. There are none if the key must have a value,
** or if it is part of the row's own key. */
static void linkFree(AssocWriter *w, WriteLink *p) {
  AssocTable *pTab = assocRelForeignTable(p->pRel);
  const AssocModel *pModel = assocModelOf(w->pCall, pTab);
  const AssocKey *pKey = &p->pRel->foreign, *pType = &p->pRel->type;
  int i;
  p->aFree = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * (pKey->nCol + 2));
  /* Columns that the row's own key shares, such as a tenant's, stay as they
  ** are. */
  for (i = 0; p->aFree && pModel && i < pKey->nCol; i++) {
    if (p->pRel->pOpt->eAllowNull == 0) continue;
    if (!assocColumnLetsGo(pModel, pKey->aCol[i])) continue;
    p->aFree[p->nFree++] = pKey->aCol[i];
  }
  if (p->nFree && p->pBranch && assocColumnLetsGo(pModel, pType->aCol[0])) {
    p->aFree[p->nFree++] = pType->aCol[0];
  }
}

/* An error unless rows can be related by the association: not over a path. */
static void linkCheck(AssocWriter *w, AssocRel *pRel) {
  assocRelNeedReady(w->pCall, pRel);
  if (pRel->nPath == 0) return;
  assocErrorOf(
      w->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel, pRel->zName,
      "%s.%s leads over %s; an association through a path cannot be written",
      pRel->pSource->zLabel, pRel->zName, pRel->pOpt->zThrough);
}

/* Kept with the writer, one for each association and branch. Everything that
** can be wrong with the association is found here, before the first row is
** written. */
WriteLink *assocLinkOf(AssocWriter *w, AssocRel *pRel, int iBranch) {
  const AssocBranch *pBranch = pRel->nBranch ? &pRel->aBranch[iBranch] : 0;
  WriteLink *p;
  assert(iBranch >= 0 && (iBranch < pRel->nBranch || pRel->nBranch == 0));
  if (w->pCall->rc != SQLITE_OK) return 0;
  for (p = w->pLink; p; p = p->pNext) {
    if (p->pRel == pRel && p->pBranch == pBranch) return p;
  }
  linkCheck(w, pRel);
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pRel = pRel;
  p->pBranch = pBranch;
  p->pTarget = pBranch ? pBranch->pModel : pRel->pTarget;
  p->pTargetKey = pBranch ? &pBranch->key : &pRel->targetKey;
  assocModelNeedKey(w->pCall, pRel->pSource);
  assocModelNeedKey(w->pCall, p->pTarget);
  (void)assocModelScopes(w->pCall, p->pTarget);
  p->aScope =
      scopeRead(w, pRel->pScope, p->pTarget->pTable, &p->nScope, &p->bOperator);
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    p->pJoin = assocModelOf(w->pCall, pRel->pThrough);
    if (p->pJoin) assocModelNeedKey(w->pCall, p->pJoin);
    p->aThrough = scopeRead(w, pRel->pThroughScope, pRel->pThrough,
                            &p->nThrough, &p->bOperator);
    if (p->pJoin) (void)assocModelScopes(w->pCall, p->pJoin);
    p->bUnique = (u8)linkUnique(w, p);
    p->bTwice = (u8)(!p->bUnique && linkTwice(w, pRel));
  }
  linkFree(w, p);
  p->pNext = w->pLink;
  w->pLink = p;
  return w->pCall->rc == SQLITE_OK ? p : 0;
}

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

/* Does "look" read the pair as well? */
static int linkMeets(AssocWriter *w, const WriteLink *pLink) {
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

/* The condition that t2 is a join row of the source, whose values are ?iVar and
** on, and of the target: of t1, or else of the values behind. Literals, which
** take the next numbers, do not stand in it. */
static void pairWhere(AssocSql *p, WriteLink *pLink, int iVar, int iTarget) {
  AssocRel *pRel = pLink->pRel;
  const AssocTable *pTab = pLink->pJoin->pTable;
  int nVar = p->nVar;
  p->nVar = iVar - 1;
  assocSqlRefIs(p, 2, pTab, &pRel->foreign, 0, pRel->pSource->pTable,
                &pRel->sourceKey);
  sqlite3_str_appendall(p->pStr, " AND ");
  assocSqlRefIs(p, 2, pTab, &pRel->other, iTarget, pRel->pTarget->pTable,
                &pRel->targetKey);
  p->nVar = nVar;
}

/* The columns of "look" that tell of the target alone. Where they compare with
** the source, its values are the variables behind the target's key. */
static void lookColumns(AssocSql *p, WriteLink *pLink) {
  AssocRel *pRel = pLink->pRel;
  AssocModel *pTgt = pLink->pTarget;
  int bHas = pRel->eKind == ASSOC_HASONE || pRel->eKind == ASSOC_HASMANY;
  int nVar = p->nVar;
  assocSqlKeyColumns(p, pTgt, 1, 0);
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

/* The tables of "look", and the key that finds the target: ?1, or with bList
** each key of assoc_keys. */
static void lookTables(AssocSql *p, WriteLink *pLink, int bList) {
  AssocModel *pTgt = pLink->pTarget;
  int i, nVar;
  if (bList) {
    sqlite3_str_appendall(p->pStr, "main.assoc_keys k LEFT JOIN ");
    assocSqlTableAs(p, pTgt->pTable, 1);
    for (i = 0; i < pTgt->nKey; i++) {
      sqlite3_str_appendall(p->pStr, i ? " AND " : " ON ");
      assocSqlColumn(p, 1, pTgt->pTable, pTgt->aKey[i]);
      sqlite3_str_appendf(p->pStr, "=+k.k%d", i);
    }
    assocSqlScope(p, pTgt->pValues, pTgt, 1);
  } else {
    assocSqlTableAs(p, pTgt->pTable, 1);
  }
  if (pLink->bMeets) {
    sqlite3_str_appendall(p->pStr, " LEFT JOIN ");
    assocSqlTableAs(p, pLink->pJoin->pTable, 2);
    sqlite3_str_appendall(p->pStr, " ON ");
    pairWhere(p, pLink, pTgt->nKey + 1, 1);
    assocSqlScope(p, pLink->pRel->pThroughScope, pLink->pJoin, 2);
  }
  /* A list has its keys in assoc_keys; one key is bound. */
  if (bList) return;
  sqlite3_str_appendall(p->pStr, " WHERE ");
  nVar = p->nVar;
  p->nVar = 0;
  assocSqlKeyIs(p, 1, pTgt->pTable, pTgt->nKey, pTgt->aKey);
  p->nVar = nVar;
  assocSqlScope(p, pTgt->pValues, pTgt, 1);
}

/* The statement "look" (see the head of this file): one query says whether the
** target exists, whether it has another parent, and whether it is related
** already with all values of the scope. With bList of all keys of assoc_keys. */
static sqlite3_stmt *lookStmt(AssocWriter *w, WriteLink *pLink, int bList) {
  WriteSql **pp = bList ? &pLink->pLooks : &pLink->pLook;
  AssocSql sql;
  if (*pp) return assocWriteSqlUse(w, *pp);
  assert(pLink->pTarget->nKey > 0);
  pLink->bMeets = (u8)linkMeets(w, pLink);
  assocWriteSqlStart(w, &sql);
  sql.nVar = pLink->pTarget->nKey + pLink->pRel->sourceKey.nCol;
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  lookColumns(&sql, pLink);
  if (pLink->bMeets) {
    sqlite3_str_appendall(sql.pStr, ", ");
    pairColumns(&sql, pLink);
  }
  sqlite3_str_appendall(sql.pStr, " FROM ");
  lookTables(&sql, pLink, bList);
  *pp = assocWriteSqlKeep(w, &sql);
  return assocWriteSqlUse(w, *pp);
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
  p->nVar = 0; /* The key's variables come first: linkAll() */
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
** source. The variables of the key come first. If pairs may occur twice, each
** target counts once. For a hasOne the first row in its order is the one that
** readers see. Otherwise the order is that of the target's key, so that results
** do not depend on how SQLite joins the tables.
*/
static sqlite3_stmt *allStmt(AssocWriter *w, WriteLink *pLink) {
  AssocRel *pRel = pLink->pRel;
  AssocModel *pTgt = pLink->pTarget;
  AssocSql sql;
  if (pLink->pAll) return assocWriteSqlUse(w, pLink->pAll);
  assert(pRel->nPath == 0 && pLink->pTargetKey);
  assocWriteSqlStart(w, &sql);
  sql.nVar =
      pRel->eKind == ASSOC_BELONGSTO ? pRel->pSource->nKey : pRel->foreign.nCol;
  sqlite3_str_appendf(sql.pStr, "SELECT %s", pLink->bTwice ? "DISTINCT " : "");
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
  pairWhere(&sql, pLink, 1, 0);
  assocSqlScope(&sql, pRel->pThroughScope, pJoin, 2);
  pLink->pPair = assocWriteSqlKeep(w, &sql);
  return assocWriteSqlUse(w, pLink->pPair);
}

/* ------------------------------------------------------- the present state */

/* Bind n values to ?iVar and on. aVal is 0 after an error. */
static void linkBind(AssocWriter *w, sqlite3_stmt *pStmt, int iVar, int n,
                     const WriteVal *aVal) {
  int i;
  for (i = 0; aVal && i < n; i++) {
    assocWriteBind(w, pStmt, iVar + i, 0, &aVal[i]);
  }
}

/* The source's values to which targets or join rows refer. A NULL among them
** means that no row refers to the source; with bMake it is an error. */
static WriteVal *sourceRef(AssocWriter *w, const WriteLink *pLink,
                           const WriteRow *pSource, int bMake) {
  const AssocRel *pRel = pLink->pRel;
  return assocRowGet(w, pSource, &pRel->sourceKey, bMake ? pRel->zName : 0);
}

/*
** A set of keys of one table, each in the form that the table itself stores. So
** equal keys are identical values.
*/
typedef struct KeepMap KeepMap;
struct KeepMap {
  AssocKeymap map;
  sqlite3_value **apVal; /* A key that is added or looked for */
};

/* An empty set. */
static void keepInit(AssocWriter *w, KeepMap *p, const AssocModel *pModel) {
  AssocKeyRule *aRule =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aRule) * (pModel->nKey + 1));
  p->apVal = assocAlloc(w->pCall, &w->tmp,
                        (i64)sizeof(*p->apVal) * (pModel->nKey + 1));
  assocKeymapInit(&p->map, pModel->nKey, aRule);
}

/* The key that a statement gives. */
static sqlite3_value **keptKey(KeepMap *p, sqlite3_stmt *pStmt) {
  int i;
  for (i = 0; i < p->map.nKey; i++) {
    p->apVal[i] = sqlite3_column_value(pStmt, i);
  }
  return p->apVal;
}

/* A list of rows by their keys, in the writer's arena tmp. */
typedef struct LinkRows LinkRows;
struct LinkRows {
  int n, nAlloc;
  WriteRow *a;
  WriteRow dead; /* Of join rows: one that was softly deleted, if aKey is set */
};

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

/* The present targets, without those whose keys are in pBut, if it is not 0. */
static void linkAll(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                    KeepMap *pBut, LinkRows *p) {
  const AssocRel *pRel = pLink->pRel;
  sqlite3_stmt *pStmt = allStmt(w, pLink);
  int rc = SQLITE_OK;
  memset(p, 0, sizeof(*p));
  if (w->pCall->rc != SQLITE_OK) return;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    linkBind(w, pStmt, 1, pSource->pModel->nKey, pSource->aKey);
  } else {
    linkBind(w, pStmt, 1, pRel->sourceKey.nCol,
             sourceRef(w, pLink, pSource, 0));
  }
  assert(pBut == 0 || pLink->pTarget->nKey > 0);
  while (assocStep(w->pCall, pStmt)) {
    if (pBut && assocKeymapFind(&pBut->map, keptKey(pBut, pStmt), &rc) !=
                    ASSOC_NOSLOT) {
      continue;
    }
    assocErrorCode(w->pCall, rc);
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

/* The present join rows of a pair. */
static void linkPair(AssocWriter *w, WriteLink *pLink, const WriteVal *aRef,
                     const WriteVal *aOther, LinkRows *p) {
  sqlite3_stmt *pStmt = pairStmt(w, pLink);
  const AssocRel *pRel = pLink->pRel;
  memset(p, 0, sizeof(*p));
  if (w->pCall->rc != SQLITE_OK) return;
  linkBind(w, pStmt, 1, pRel->foreign.nCol, aRef);
  linkBind(w, pStmt, 1 + pRel->foreign.nCol, pRel->other.nCol, aOther);
  while (assocStep(w->pCall, pStmt)) pairTake(w, pLink, pStmt, 0, p);
}

/* What a target's row and its join rows say of its relation to a source. */
typedef struct LinkLook LinkLook;
struct LinkLook {
  WriteRow row; /* aKey is 0 if there is no such row */
  int bHasKey;  /* Its foreign key has a value */
  int bGood;    /* It refers to this source, and has the scope's values */
  LinkRows pair;
};

/* Of a belongsToMany: read the pair, if "look" did not. */
static void lookPair(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     LinkLook *p) {
  linkPair(w, pLink, sourceRef(w, pLink, pSource, 0),
           assocRowGet(w, &p->row, pLink->pTargetKey, 0), &p->pair);
}

/* Look at the row with this key; with bPair also at its join rows, if the
** association has such. */
static void linkLook(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, int bPair, LinkLook *p) {
  AssocModel *pTgt = pLink->pTarget;
  sqlite3_stmt *pStmt = lookStmt(w, pLink, 0);
  int bMeets = pLink->bMeets;
  memset(p, 0, sizeof(*p));
  p->row.pModel = pTgt;
  if (w->pCall->rc != SQLITE_OK) return;
  linkBind(w, pStmt, 1, pTgt->nKey, aKey);
  if (pLink->pJoin == 0 || bMeets) {
    linkBind(w, pStmt, 1 + pTgt->nKey, pLink->pRel->sourceKey.nCol,
             sourceRef(w, pLink, pSource, 0));
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
    lookPair(w, pLink, pSource, p);
  }
}

/* The same, but an error if there is no such row. */
static void linkNeed(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, int bPair, LinkLook *p) {
  linkLook(w, pLink, pSource, aKey, bPair, p);
  if (p->row.aKey == 0) assocRowNeed(w, pLink->pTarget, aKey, &p->row);
}

/* Both keys were read from the table, so equal values have equal types. */
int assocRowSame(const WriteRow *pA, const WriteRow *pB) {
  int i;
  assert(pA->aKey && pB->aKey);
  if (pA->pModel->pTable != pB->pModel->pTable) return 0;
  for (i = 0; i < pA->pModel->nKey; i++) {
    if (!assocValSame(&pA->aKey[i], &pB->aKey[i])) return 0;
  }
  return 1;
}

/* False if there is no related row. */
int assocLinkFirst(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   WriteRow *pRow) {
  LinkRows all;
  linkAll(w, pLink, pSource, 0, &all);
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
  return look.row.aKey && look.bHasKey && !look.bGood;
}

/* Look at the row with this key, which may be of any kind of association. True
** if it is related. */
static int linkFind(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                    const WriteVal *aKey, LinkLook *p) {
  LinkRows list;
  if (pLink->pRel->eKind != ASSOC_BELONGSTO) {
    linkLook(w, pLink, pSource, aKey, 1, p);
    return p->bGood && (pLink->pJoin == 0 || p->pair.n > 0);
  }
  memset(p, 0, sizeof(*p));
  if (!assocRowFind(w, pLink->pTarget, aKey, &p->row)) return 0;
  linkAll(w, pLink, pSource, 0, &list);
  return list.n > 0 && assocRowSame(&list.a[0], &p->row);
}

/* *pbFound tells a missing row from a row that exists and is not related. */
int assocLinkHas(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                 const WriteVal *aKey, int *pbFound) {
  LinkLook look;
  int bHas = linkFind(w, pLink, pSource, aKey, &look);
  *pbFound = look.row.aKey != 0;
  return bHas;
}

/* ---------------------------------------------------------------- changes */

/* Empty buffers own no memory. */
void assocChangesInit(WriteChanges *p) {
  assocBufInit(&p->added, 0x7fffffff);
  assocBufInit(&p->removed, 0x7fffffff);
  assocBufInit(&p->moved, 0x7fffffff);
}

/* Add the key of a row, with a comma between keys. */
static void changeAdd(AssocOut *pOut, const WriteRow *pRow) {
  if (pOut->p != pOut->pStart) assocOutText(pOut, ",", 1);
  assocWriteKey(pOut, pRow->pModel, pRow->aKey);
}

/* The buffers are cleared, also after an error. OUT: the text is freed with
** sqlite3_free(). */
char *assocChangesText(AssocCall *pCall, WriteChanges *p, i64 *pn) {
  static const char *const az[] = {"{\"added\":[", "],\"removed\":[",
                                   "],\"moved\":["};
  AssocOut *ap[3], out;
  char *z;
  int i;
  ap[0] = &p->added;
  ap[1] = &p->removed;
  ap[2] = &p->moved;
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  for (i = 0; i < 3; i++) {
    assert(ap[i]->pStart == 0 || ap[i]->p > ap[i]->pStart);
    assocOutText(&out, az[i], (i64)strlen(az[i]));
    if (ap[i]->pStart) {
      assocOutText(&out, ap[i]->pStart, ap[i]->p - ap[i]->pStart);
    }
    assocErrorCode(pCall, ap[i]->rc);
    assocBufClear(ap[i]);
  }
  assocOutText(&out, "]}", 2);
  z = assocBufText(pCall, &out, pn);
  return z;
}

/* ----------------------------------------------------------------- cells */

/* Append cells to others, except for columns that are there already. Returns
** the new number. */
static int cellsAppend(WriteCell *aCell, int n, int nMore,
                       const WriteCell *aMore) {
  int i, j, nOld = n;
  for (i = 0; i < nMore; i++) {
    for (j = 0; j < nOld && aCell[j].iCol != aMore[i].iCol; j++) {
    }
    if (j == nOld) aCell[n++] = aMore[i];
  }
  return n;
}

/* Do the cells have this column? */
static int cellAmong(int n, const WriteCell *aCell, int iCol) {
  int i;
  for (i = 0; i < n && aCell[i].iCol != iCol; i++) {
  }
  return i < n;
}

/* Append cells that give the columns of a key their values. */
static int cellsOfKey(WriteCell *aCell, int n, const AssocKey *pKey,
                      const WriteVal *aVal) {
  int i;
  for (i = 0; aVal && i < pKey->nCol; i++) {
    aCell[n].iCol = pKey->aCol[i];
    aCell[n++].val = aVal[i];
  }
  return n;
}

/* Append the cell for the type column of a polymorphic belongsTo. */
static int cellOfType(AssocWriter *w, const WriteLink *pLink, WriteCell *aCell,
                      int n) {
  AssocJson *pJson;
  if (pLink->pBranch == 0) return n;
  pJson = assocAlloc(w->pCall, &w->tmp, sizeof(*pJson));
  if (pJson == 0) return n;
  pJson->eType = ASSOC_J_TEXT;
  pJson->z = pLink->pBranch->zType;
  pJson->n = (int)strlen(pJson->z);
  aCell[n].iCol = pLink->pRel->type.aCol[0];
  aCell[n++].val.pJson = pJson;
  return n;
}

/* The columns that relate a new row: foreign key, type, and the scope's values.
** pOther is the row at the other end. A belongsToMany has none of them in the
** row itself. Memory lasts until assocWriterReset(). */
WriteCell *assocLinkCells(AssocWriter *w, WriteLink *pLink,
                          const WriteRow *pOther, int *pn) {
  const AssocRel *pRel = pLink->pRel;
  int nMost = pRel->foreign.nCol + pLink->nScope + 1, n = 0;
  WriteCell *aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (nMost + 1));
  if (aCell == 0) return 0;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    n = cellsOfKey(aCell, n, &pRel->foreign,
                   assocRowGet(w, pOther, pLink->pTargetKey, pRel->zName));
    n = cellOfType(w, pLink, aCell, n);
  } else if (pRel->eKind != ASSOC_BELONGSTOMANY) {
    n = cellsOfKey(aCell, n, &pRel->foreign, sourceRef(w, pLink, pOther, 1));
  }
  if (pRel->eKind != ASSOC_BELONGSTO) {
    n = cellsAppend(aCell, n, pLink->nScope, pLink->aScope);
  }
  assert(n <= nMost);
  *pn = n;
  return w->pCall->rc == SQLITE_OK ? aCell : 0;
}

/* -------------------------------------------------------------- unlinking */

/* The cells that set the foreign key of a row to NULL: nFree of them. 0 after an
** error. */
static WriteCell *freeCells(AssocWriter *w, const WriteLink *pLink) {
  WriteCell *aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (pLink->nFree + 1));
  int i;
  assert(pLink->nFree > 0);
  for (i = 0; aCell && i < pLink->nFree; i++) {
    aCell[i].iCol = pLink->aFree[i];
    aCell[i].val.pJson = &assocNull;
  }
  return aCell;
}

/* Set the foreign key of a row to NULL. */
static void setFree(AssocWriter *w, const WriteLink *pLink,
                    const WriteRow *pRow) {
  const WriteCell *aCell = freeCells(w, pLink);
  if (aCell) assocRowChange(w, pRow, pLink->nFree, aCell);
}

/* A row that cannot be released, because no column of its key may be NULL, has
** to be deleted. */
int assocLinkDestroys(const WriteLink *pLink) {
  return (pLink->nFree == 0 || pLink->bDestroy) &&
         (pLink->pRel->eKind == ASSOC_HASONE ||
          pLink->pRel->eKind == ASSOC_HASMANY);
}

/* Is the pair stored both ways? With itself a row is paired once. */
static int linkMirrors(const WriteLink *pLink, const WriteRow *pSource,
                       const WriteRow *pTarget) {
  return pLink->pRel->pOpt->eSymmetric == 1 && !assocRowSame(pSource, pTarget);
}

/* Unlink a pair, whose join rows are known: destroy them, with what refers to
** them. */
static void unlinkPair(AssocWriter *w, WriteLink *pLink,
                       const WriteRow *pSource, const WriteRow *pTarget,
                       const LinkRows *pPair) {
  LinkRows pair;
  int i, bMirrors = linkMirrors(pLink, pSource, pTarget);
  for (i = 0; i < pPair->n; i++) assocDestroyRow(w, &pPair->a[i]);
  if (!bMirrors) return;
  linkPair(w, pLink, sourceRef(w, pLink, pTarget, 0),
           assocRowGet(w, pSource, pLink->pTargetKey, 0), &pair);
  for (i = 0; i < pair.n; i++) assocDestroyRow(w, &pair.a[i]);
}

/* Unlink a target. hasOne and hasMany: release the row, or destroy it.
** belongsTo: set the source's own key to NULL; pTarget may then be 0. */
static void unlinkTarget(AssocWriter *w, WriteLink *pLink,
                         const WriteRow *pSource, const WriteRow *pTarget) {
  const AssocRel *pRel = pLink->pRel;
  LinkRows pair;
  assert(pTarget || pRel->eKind == ASSOC_BELONGSTO);
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    linkPair(w, pLink, sourceRef(w, pLink, pSource, 0),
             assocRowGet(w, pTarget, pLink->pTargetKey, 0), &pair);
    unlinkPair(w, pLink, pSource, pTarget, &pair);
  } else if (pRel->eKind != ASSOC_BELONGSTO) {
    if (!assocLinkDestroys(pLink)) {
      setFree(w, pLink, pTarget);
    } else {
      assocDestroyRow(w, pTarget);
    }
  } else if (pLink->nFree) {
    setFree(w, pLink, pSource);
  } else {
    assocFail(w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_NOTNULL,
                          .zModel = pRel->pSource->zLabel,
                          .zName = pRel->zName},
              "%s.%s cannot be removed, because its key must have a value; set "
              "another, or destroy the row",
              pRel->pSource->zLabel, pRel->zName);
  }
}

/* Removing what is not related changes nothing. But a key without a row is an
** error, unless rows of this association are deleted when they are removed:
** then the row may be gone because of that. */
void assocLinkRemove(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, WriteChanges *pChanges) {
  LinkLook look;
  int bHas = linkFind(w, pLink, pSource, aKey, &look);
  const WriteRow *pRow = &look.row;
  if (pRow->aKey == 0 && assocLinkDestroys(pLink)) return;
  if (pRow->aKey == 0) assocRowNeed(w, pLink->pTarget, aKey, &look.row);
  if (w->pCall->rc != SQLITE_OK || !bHas) return;
  assert(pRow->aKey);
  if (pChanges) changeAdd(&pChanges->removed, pRow);
  if (pLink->pJoin) {
    if (look.pair.n == 1 && !linkMirrors(pLink, pSource, pRow)) {
      assocWriterLast(w, pRow);
    }
    unlinkPair(w, pLink, pSource, pRow, &look.pair);
  } else {
    assocWriterLast(w, pRow);
    unlinkTarget(w, pLink, pSource, pRow);
  }
}

/* ---------------------------------------------------------------- linking */

/* Unlink all targets but pBut, for a to-one that gets a new target. */
static void unlinkOthers(AssocWriter *w, WriteLink *pLink,
                         const WriteRow *pSource, const WriteRow *pBut,
                         WriteChanges *pChanges) {
  LinkRows all;
  int i;
  linkAll(w, pLink, pSource, 0, &all);
  for (i = 0; i < all.n; i++) {
    if (pBut && assocRowSame(&all.a[i], pBut)) continue;
    if (pChanges) changeAdd(&pChanges->removed, &all.a[i]);
    unlinkTarget(w, pLink, pSource, &all.a[i]);
  }
}

/*
** Write the cells that relate a row. A foreign key may share columns with the
** row's own key, for example a tenant's id. Those columns must have the right
** value already: to change them would make it another row.
*/
static void linkWrite(AssocWriter *w, const WriteLink *pLink,
                      const WriteRow *pRow, int nCell, WriteCell *aCell) {
  const AssocModel *pModel = pRow->pModel;
  int i, iKey, n = 0;
  for (i = 0; i < nCell && w->pCall->rc == SQLITE_OK; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[aCell[i].iCol];
    iKey = assocKeyPlace(pModel, aCell[i].iCol);
    if (iKey < 0) {
      aCell[n++] = aCell[i];
    } else if (!assocValSameIn(w, pCol, &pRow->aKey[iKey], &aCell[i].val)) {
      assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pLink->pRel->pSource->zLabel,
                   pLink->pRel->zName,
                   "to relate these rows by %s.%s would change the key of the "
                   "row of %s: %s",
                   pLink->pRel->pSource->zLabel, pLink->pRel->zName,
                   pModel->zLabel, pCol->zName);
    }
  }
  assert(n <= nCell);
  assocRowUpdate(w, pRow, n, aCell);
}

/* hasOne and hasMany: the target's foreign key, and its scope. */
static void linkHas(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                    const WriteVal *aKey, WriteChanges *pChanges) {
  LinkLook look;
  WriteCell *aCell;
  int n = 0;
  assert(pLink->pRel->eKind == ASSOC_HASONE ||
         pLink->pRel->eKind == ASSOC_HASMANY);
  linkNeed(w, pLink, pSource, aKey, 0, &look);
  if (w->pCall->rc != SQLITE_OK) return;
  if (pLink->pRel->eKind == ASSOC_HASONE) {
    unlinkOthers(w, pLink, pSource, &look.row, pChanges);
  }
  if (look.bGood) return;
  aCell = assocLinkCells(w, pLink, pSource, &n);
  if (aCell == 0 || w->pCall->rc != SQLITE_OK) return;
  if (pChanges) {
    changeAdd(look.bHasKey ? &pChanges->moved : &pChanges->added, &look.row);
    assocWriterLast(w, &look.row);
  }
  linkWrite(w, pLink, &look.row, n, aCell);
}

/* The present targets of a belongsTo, by whichever branch. True if pBut is
** one. */
static int linkOld(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteRow *pBut, LinkRows *p) {
  AssocRel *pRel = pLink->pRel;
  int i, j;
  assert(pRel->eKind == ASSOC_BELONGSTO);
  memset(p, 0, sizeof(*p));
  for (i = 0; i == 0 || i < pRel->nBranch; i++) {
    WriteLink *pOther = assocLinkOf(w, pRel, i);
    LinkRows all;
    if (pOther == 0) return 0;
    linkAll(w, pOther, pSource, 0, &all);
    for (j = 0; j < all.n; j++) {
      if (pBut && pOther == pLink && assocRowSame(&all.a[j], pBut)) return 1;
      *p = all;
    }
  }
  return 0;
}

/* belongsTo: the source's foreign key. */
static void linkBelongs(AssocWriter *w, WriteLink *pLink,
                        const WriteRow *pSource, const WriteVal *aKey,
                        WriteChanges *pChanges) {
  WriteCell *aCell;
  LinkRows old;
  WriteRow row;
  int i, n = 0;
  assocRowNeed(w, pLink->pTarget, aKey, &row);
  if (w->pCall->rc != SQLITE_OK) return;
  assert(pLink->pRel->eKind == ASSOC_BELONGSTO && pLink->pJoin == 0);
  if (linkOld(w, pLink, pSource, &row, &old)) return;
  aCell = assocLinkCells(w, pLink, &row, &n);
  if (aCell == 0) return;
  if (pChanges) {
    for (i = 0; i < old.n; i++) changeAdd(&pChanges->removed, &old.a[i]);
    changeAdd(&pChanges->added, &row);
    if (old.n == 0) assocWriterLast(w, &row);
  }
  linkWrite(w, pLink, pSource, n, aCell);
}

/* Write the caller's columns into an existing join row. The keys and the scope
** stay as they are: a payload that was loaded before repeats them. If a pair
** has several rows, a payload that has the join row's own key means only the
** row of that key. */
static void linkGive(AssocWriter *w, const WriteLink *pLink,
                     const WriteRow *pRow, int nThrough,
                     const WriteCell *aThrough) {
  WriteCell *a =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*a) * (nThrough + 1));
  int i, iKey, n = 0;
  for (i = 0; a && i < nThrough; i++) {
    if (throughTaken(pLink, aThrough[i].iCol)) continue;
    iKey = assocKeyPlace(pLink->pJoin, aThrough[i].iCol);
    if (iKey < 0) {
      a[n++] = aThrough[i];
    } else if (pLink->bTwice &&
               !assocValPrintsAs(w, &pRow->aKey[iKey], &aThrough[i].val)) {
      return;
    }
  }
  assert(n <= nThrough);
  if (n) assocRowChange(w, pRow, n, a);
}

/* Undo the soft deletion of a join row. */
static void linkRevive(AssocWriter *w, const WriteLink *pLink,
                       const WriteRow *pRow, int nThrough,
                       const WriteCell *aThrough) {
  WriteCell cell = {pLink->pJoin->iDeleted, {&assocNull, 0, 0}};
  assert(cell.iCol >= 0);
  assocRowUpdate(w, pRow, 1, &cell);
  linkGive(w, pLink, pRow, nThrough, aThrough);
}

/* Insert a join row, if a policy allows it. */
static void linkInsert(AssocWriter *w, const WriteLink *pLink, int n,
                       const WriteCell *aCell) {
  WriteRow row;
  if (!assocAllowAsks(w, pLink->pRel->pThrough)) {
    assocRowInsert(w, pLink->pJoin, n, aCell, 0);
    return;
  }
  assocRowInsert(w, pLink->pJoin, n, aCell, &row);
  assocAllowRow(w, &row, ASSOC_MAY_READ, 1);
}

/* Insert the pair the other way, with the join row's other columns of aCell, or
** change the row that is there. */
static void linkMirror(AssocWriter *w, WriteLink *pLink,
                       const WriteRow *pSource, const WriteRow *pTarget,
                       int nCell, const WriteCell *aCell) {
  const AssocRel *pRel = pLink->pRel;
  WriteVal *aRef = sourceRef(w, pLink, pSource, 1);
  WriteVal *aOther = assocRowGet(w, pTarget, pLink->pTargetKey, pRel->zName);
  WriteCell *a;
  LinkRows pair;
  int i, n = 0;
  memset(&pair, 0, sizeof(pair));
  a = assocAlloc(w->pCall, &w->tmp,
                 (i64)sizeof(*a) * (nCell + 2 * ASSOC_KEY_MAX + 1));
  if (a == 0 || aRef == 0 || aOther == 0) return;
  if (!pLink->bTwice || pLink->bOnce) linkPair(w, pLink, aRef, aOther, &pair);
  for (i = 0; i < pair.n; i++) linkGive(w, pLink, &pair.a[i], nCell, aCell);
  if (pair.n || w->pCall->rc != SQLITE_OK) return;
  if (pair.dead.aKey) {
    linkRevive(w, pLink, &pair.dead, nCell, aCell);
    return;
  }
  assert(pRel->pOpt->eSymmetric == 1);
  n = cellsOfKey(a, n, &pRel->foreign, aRef);
  n = cellsOfKey(a, n, &pRel->other, aOther);
  n = cellsAppend(a, n, nCell, aCell);
  linkInsert(w, pLink, n, a);
}

/* The cells of a join row with these keys. The scope's values win over the
** caller's, because they come first: cellsAppend() skips columns that are set.
** *pn cells, valid until assocWriterReset(). 0 after an error. */
static WriteCell *joinCells(AssocWriter *w, const WriteLink *pLink,
                            const WriteVal *aRef, const WriteVal *aOther,
                            int nThrough, const WriteCell *aThrough, int *pn) {
  const AssocRel *pRel = pLink->pRel;
  int nMost =
      pRel->foreign.nCol + pRel->other.nCol + pLink->nThrough + nThrough;
  WriteCell *aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (nMost + 1));
  int n = 0;
  if (aCell == 0) return 0;
  n = cellsOfKey(aCell, n, &pRel->foreign, aRef);
  n = cellsOfKey(aCell, n, &pRel->other, aOther);
  n = cellsAppend(aCell, n, pLink->nThrough, pLink->aThrough);
  *pn = cellsAppend(aCell, n, nThrough, aThrough);
  assert(*pn <= nMost);
  return aCell;
}

void assocLinkJoin(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteRow *pTarget, int nThrough,
                   const WriteCell *aThrough) {
  const AssocRel *pRel = pLink->pRel;
  WriteVal *aRef = sourceRef(w, pLink, pSource, 1);
  WriteVal *aOther = assocRowGet(w, pTarget, pLink->pTargetKey, pRel->zName);
  WriteCell *aCell;
  int n = 0;
  assert(pRel->eKind == ASSOC_BELONGSTOMANY);
  if (aRef == 0 || aOther == 0) return;
  assocAllowCells(w, pRel->pThrough, nThrough, aThrough);
  aCell = joinCells(w, pLink, aRef, aOther, nThrough, aThrough, &n);
  if (aCell == 0) return;
  linkInsert(w, pLink, n, aCell);
  if (linkMirrors(pLink, pSource, pTarget)) {
    linkMirror(w, pLink, pTarget, pSource, n, aCell);
  }
}

/*
** belongsToMany: insert a join row, or write the caller's columns into the one
** that exists. If pairs may occur twice, another join row is inserted, except
** for bOnce. A join row that was soft-deleted is revived instead of a second
** one being made.
*/
static void linkMany(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteVal *aKey, int nThrough,
                     const WriteCell *aThrough, WriteChanges *pChanges) {
  int i, bPair = !pLink->bTwice || pLink->bOnce;
  LinkLook look;
  LinkRows pair;
  assert(pLink->pJoin);
  linkNeed(w, pLink, pSource, aKey, bPair, &look);
  if (w->pCall->rc != SQLITE_OK) return;
  if (!look.bGood) { /* A trigger may change the pair, too */
    assocRowUpdate(w, &look.row, pLink->nScope, pLink->aScope);
    if (bPair) lookPair(w, pLink, pSource, &look);
  }
  pair = look.pair;
  for (i = 0; i < pair.n; i++) {
    linkGive(w, pLink, &pair.a[i], nThrough, aThrough);
  }
  if (w->pCall->rc != SQLITE_OK) return;
  if (pair.dead.aKey && pair.n == 0) {
    linkRevive(w, pLink, &pair.dead, nThrough, aThrough);
  }
  if ((pair.n || pair.dead.aKey) && linkMirrors(pLink, pSource, &look.row)) {
    linkMirror(w, pLink, &look.row, pSource, nThrough, aThrough);
  }
  if (pair.n || w->pCall->rc != SQLITE_OK) return;
  if (pChanges) changeAdd(&pChanges->added, &look.row);
  if (pair.dead.aKey == 0) {
    if (pChanges && !linkMirrors(pLink, pSource, &look.row)) {
      assocWriterLast(w, &look.row);
    }
    assocLinkJoin(w, pLink, pSource, &look.row, nThrough, aThrough);
  }
}

/* Linking what is linked already changes nothing and is no error. */
void assocLinkAdd(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  const WriteVal *aKey, int nThrough, const WriteCell *aThrough,
                  WriteChanges *pChanges) {
  assocLinkNeedScope(w, pLink);
  if (w->pCall->rc != SQLITE_OK) return;
  switch (pLink->pRel->eKind) {
  case ASSOC_BELONGSTO: linkBelongs(w, pLink, pSource, aKey, pChanges); break;
  case ASSOC_BELONGSTOMANY:
    linkMany(w, pLink, pSource, aKey, nThrough, aThrough, pChanges);
    break;
  default: linkHas(w, pLink, pSource, aKey, pChanges); break;
  }
}

/* ------------------------------------------------------------ many at once */

/*
** A list of targets is looked at by one statement, and those that are to be
** related, or unrelated, are collected and written by another one. A row that
** needs more than that ends the run: what was collected is written, and that row
** is written alone. So all happens in the order of the list.
*/
typedef struct LinkRun LinkRun;
struct LinkRun {
  AssocWriter *w;
  WriteLink *pLink;
  const WriteRow *pSource;
  WriteChanges *pChanges;    /* Or 0 */
  int bRemove;               /* They are unrelated */
  int bKnown;                /* They are known to be related, each named once */
  int nThrough;              /* Of join rows, from the caller */
  const WriteCell *aThrough; /* The same */
  WriteSql *pSql;            /* What is written, for each key of assoc_keys */
  int nCell;                 /* What is the same for all */
  const WriteCell *aCell;    /* The same */
  int n;                     /* Targets that are collected */
  const WriteVal **aaKey;    /* Their keys */
  const WriteVal **aaPair;   /* The keys of join rows that are removed, or 0 */
  u8 *abMoved;               /* hasMany: had the row another parent? */
  KeepMap keep;              /* Keys that were collected since the list began */
};

/* Are the keys of join rows equal only where the targets' keys are the same
** values? */
static int manyKeysDiffer(const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  const AssocModel *pTgt = pLink->pTarget;
  int i;
  if (pLink->pTargetKey->nCol != pTgt->nKey) return 0;
  /* Two targets with different keys must have different join keys, or one pair
  ** would stand twice in the batch. */
  for (i = 0; i < pTgt->nKey; i++) {
    const AssocColumn *pCol = &pRel->pThrough->aCol[pRel->other.aCol[i]];
    if (pLink->pTargetKey->aCol[i] != pTgt->aKey[i]) return 0;
    if (pCol->eColl != ASSOC_COLL_BINARY) return 0;
    if (pCol->eAff != pTgt->pTable->aCol[pTgt->aKey[i]].eAff) return 0;
  }
  return 1;
}

/* Can what one target needs not depend on what was written for those before? */
static int manyMay(const LinkRun *p) {
  const WriteLink *pLink = p->pLink;
  const AssocRel *pRel = pLink->pRel;
  AssocWriter *w = p->w;
  if (pLink->pTarget->pTable->eType != ASSOC_TABLE || pLink->bOperator ||
      !assocKeysMay(w) || assocAllowAsks(w, pLink->pTarget->pTable)) {
    return 0;
  }
  if (pRel->eKind == ASSOC_HASMANY) {
    return !p->bRemove || (!assocLinkDestroys(pLink) && pLink->nFree == 1);
  }
  return pRel->eKind == ASSOC_BELONGSTOMANY && linkMeets(w, pLink) &&
         pRel->pOpt->eSymmetric != 1 &&
         pRel->pThrough != pLink->pTarget->pTable && manyKeysDiffer(pLink) &&
         (p->bRemove ? pLink->bUnique : !pLink->bTwice || pLink->bOnce);
}

/* Do the cells have one of these columns? */
static int cellsAmong(const LinkRun *p, int n, const int *aCol) {
  int i;
  for (i = 0; p->aCell && i < n; i++) {
    if (cellAmong(p->nCell, p->aCell, aCol[i])) return 1;
  }
  return 0;
}

/* The INSERT of join rows. 0 if they are not the same but for the target. */
static WriteSql *manyJoins(LinkRun *p, const WriteVal *aRef) {
  AssocModel *pJoin = p->pLink->pJoin;
  const AssocKey *pOther = &p->pLink->pRel->other;
  p->aCell =
      joinCells(p->w, p->pLink, aRef, 0, p->nThrough, p->aThrough, &p->nCell);
  p->aCell = assocRowFill(p->w, pJoin, &p->nCell, p->aCell);
  if (cellsAmong(p, pOther->nCol, pOther->aCol)) return 0;
  return assocRowsSql(p->w, WRITE_INSERTS, pJoin->pTable, p->nCell, p->aCell,
                      pOther->nCol, pOther->aCol);
}

/* Is the key of a join row both of its foreign keys, the target's a column that
** compares as the source's does? */
static int partsByPair(const WriteLink *pLink) {
  const AssocRel *pRel = pLink->pRel;
  const AssocModel *pJoin = pLink->pJoin;
  int i;
  if (pRel->other.nCol != 1 || pJoin->nKey != pRel->foreign.nCol + 1) return 0;
  if (assocKeyPlace(pJoin, pRel->other.aCol[0]) < 0) return 0;
  for (i = 0; i < pRel->foreign.nCol; i++) {
    const AssocColumn *pCol = &pJoin->pTable->aCol[pRel->foreign.aCol[i]];
    const AssocTable *pTab = pRel->pSource->pTable;
    if (assocKeyPlace(pJoin, pRel->foreign.aCol[i]) < 0) return 0;
    if (pRel->foreign.aCol[i] == pRel->other.aCol[0]) return 0;
    if (pCol->eColl != ASSOC_COLL_BINARY) return 0;
    if (pCol->eAff != pTab->aCol[pRel->sourceKey.aCol[i]].eAff) return 0;
  }
  return 1;
}

/* The DELETE of join rows: by the source and the targets' keys where these are
** their key, which costs SQLite less than the key itself. 0 if other rows go with
** them, or if they are kept. */
static WriteSql *manyParts(LinkRun *p, const WriteVal *aRef) {
  AssocModel *pJoin = p->pLink->pJoin;
  const AssocRel *pRel = p->pLink->pRel;
  WriteCell *aCell;
  if (pJoin->iDeleted >= 0 || assocRefersTo(p->w, pJoin)) return 0;
  if (partsByPair(p->pLink)) {
    aCell = assocAlloc(p->w->pCall, &p->w->tmp,
                       (i64)sizeof(*aCell) * (pRel->foreign.nCol + 1));
    if (aCell == 0) return 0;
    p->nCell = cellsOfKey(aCell, 0, &pRel->foreign, aRef);
    p->aCell = aCell;
    return assocRowsSql(p->w, WRITE_DELETES, pJoin->pTable, p->nCell, aCell, 1,
                        pRel->other.aCol);
  }
  return assocRowsSql(p->w, WRITE_DELETES, pJoin->pTable, 0, 0, pJoin->nKey,
                      pJoin->aKey);
}

/* The UPDATE of targets. */
static WriteSql *manyChanges(LinkRun *p) {
  AssocModel *pModel = p->pLink->pTarget;
  p->aCell = p->bRemove ? freeCells(p->w, p->pLink)
                        : assocLinkCells(p->w, p->pLink, p->pSource, &p->nCell);
  if (p->bRemove) p->nCell = p->pLink->nFree;
  p->aCell = assocRowTouch(p->w, pModel, &p->nCell, p->aCell);
  if (cellsAmong(p, pModel->nKey, pModel->aKey)) return 0;
  return assocRowsSql(p->w, WRITE_UPDATES, pModel->pTable, p->nCell, p->aCell,
                      pModel->nKey, pModel->aKey);
}

/* Prepare what is written. False if it is not the same for all targets. */
static int manyPrepare(LinkRun *p) {
  const AssocRel *pRel = p->pLink->pRel;
  const WriteVal *aRef = sourceRef(p->w, p->pLink, p->pSource, 0);
  int i;
  /* A NULL key relates to nothing: row by row, its error names the row. */
  for (i = 0; aRef && i < pRel->sourceKey.nCol; i++) {
    if (assocValIsNull(&aRef[i])) return 0;
  }
  if (aRef == 0) return 0;
  p->pSql = p->pLink->pJoin == 0 ? manyChanges(p)
            : p->bRemove         ? manyParts(p, aRef)
                                 : manyJoins(p, aRef);
  return p->pSql != 0;
}

/* What the row that pStmt gives needs: nothing, to be written with the others,
** or to be written alone. */
#define RUN_NOTHING 0
#define RUN_WRITE 1
#define RUN_ALONE 2
static int manyWhat(LinkRun *p, sqlite3_stmt *pStmt) {
  const WriteLink *pLink = p->pLink;
  int nKey = pLink->pTarget->nKey, rc = SQLITE_OK, bHas, bGood;
  u32 iSlot, nSlot = p->keep.map.nSlot;
  if (sqlite3_column_type(pStmt, 0) == SQLITE_NULL) return RUN_ALONE;
  bHas = bGood = sqlite3_column_int(pStmt, nKey + 1);
  if (pLink->pJoin) {
    bHas = sqlite3_column_int(pStmt, nKey + 2 + pLink->pJoin->nKey);
    if (!p->bRemove && (!bGood || (bHas && p->nThrough))) return RUN_ALONE;
    if (!p->bRemove && !bHas &&
        sqlite3_column_type(pStmt, nKey + 2) != SQLITE_NULL) {
      return RUN_ALONE; /* It is softly deleted */
    }
  }
  if (p->bRemove ? !bHas || !bGood : bHas) return RUN_NOTHING;
  iSlot = assocKeymapAdd(&p->keep.map, keptKey(&p->keep, pStmt), &rc);
  assocErrorCode(p->w->pCall, rc);
  return iSlot >= nSlot ? RUN_WRITE : p->bRemove ? RUN_NOTHING : RUN_ALONE;
}

/* May the key stand in assoc_keys? Of what is no value an error is told. */
static int manyTakes(const WriteLink *pLink, const WriteVal *aKey) {
  int i;
  for (i = 0; i < pLink->pTarget->nKey; i++) {
    if (aKey[i].pJson && aKey[i].pJson->eType >= ASSOC_J_ARRAY) return 0;
  }
  return 1;
}

/* Collect what is to be written. Returns the number of the key that ends the
** run. */
static int manyRead(LinkRun *p, int nKey, const WriteVal *const *aaKey) {
  AssocWriter *w = p->w;
  const WriteLink *pLink = p->pLink;
  int nCol = pLink->pTarget->nKey, eWhat = RUN_NOTHING, n = 0;
  sqlite3_stmt *pStmt = lookStmt(w, p->pLink, 1);
  WriteKeys keys;
  while (n < nKey && manyTakes(pLink, aaKey[n])) n++;
  linkBind(w, pStmt, 1 + nCol, pLink->pRel->sourceKey.nCol,
           sourceRef(w, pLink, p->pSource, 0));
  if (w->pCall->rc != SQLITE_OK) return 0;
  p->n = 0;
  assocKeysGive(w, &keys, nCol, n, aaKey);
  while (eWhat != RUN_ALONE && assocStep(w->pCall, pStmt)) {
    eWhat = manyWhat(p, pStmt);
    if (eWhat != RUN_WRITE) continue;
    p->abMoved[p->n] = (u8)sqlite3_column_int(pStmt, nCol);
    if (p->aaPair) {
      p->aaPair[p->n] = assocWriteGet(w, pStmt, nCol + 2, pLink->pJoin->nKey);
    }
    p->aaKey[p->n++] = assocWriteGet(w, pStmt, 0, nCol);
  }
  assert(p->n <= n);
  sqlite3_reset(pStmt);
  assocKeysTake(w);
  return eWhat == RUN_ALONE ? keys.base.i : n;
}

/* Write one target alone. */
static void manyAlone(LinkRun *p, const WriteVal *aKey) {
  if (p->bRemove) {
    assocLinkRemove(p->w, p->pLink, p->pSource, aKey, p->pChanges);
  } else {
    assocLinkAdd(p->w, p->pLink, p->pSource, aKey, p->nThrough, p->aThrough,
                 p->pChanges);
  }
}

/* Write what was collected. */
static void manyWrite(LinkRun *p) {
  WriteRow row = {p->pLink->pTarget, 0};
  WriteChanges *pChanges = p->pChanges;
  int i, bDone;
  if (p->n == 0 || p->w->pCall->rc != SQLITE_OK) return;
  assert(p->pSql);
  bDone = assocRowsRun(p->w, p->pSql, p->aCell, p->n,
                       p->aaPair ? p->aaPair : p->aaKey);
  for (i = 0; i < p->n && p->w->pCall->rc == SQLITE_OK; i++) {
    row.aKey = (WriteVal *)p->aaKey[i];
    if (!bDone) {
      manyAlone(p, row.aKey);
    } else if (pChanges) {
      changeAdd(p->bRemove      ? &pChanges->removed
                : p->abMoved[i] ? &pChanges->moved
                                : &pChanges->added,
                &row);
    }
  }
}

/* Each run ends with a row that is written alone; if most rows are, there is
** nothing to gain. */
#define RUN_TRY 8

/* Write the targets with these keys. Returns how many were written. */
static int manyRun(LinkRun *p, int nKey, const WriteVal *const *aaKey) {
  AssocWriter *w = p->w;
  i64 nByte = (i64)sizeof(*p->aaKey) * (nKey + 1);
  int i = 0, nAlone = 0;
  if (w->pCall->rc != SQLITE_OK || nKey < 2 || !manyMay(p)) return 0;
  if (!manyPrepare(p)) return 0;
  p->aaKey = assocAlloc(w->pCall, &w->tmp, nByte);
  p->abMoved = assocAlloc(w->pCall, &w->tmp, nKey + 1);
  if (p->bRemove && p->pLink->pJoin && p->nCell == 0) {
    p->aaPair = assocAlloc(w->pCall, &w->tmp, nByte);
  }
  if (p->bKnown && p->aaPair == 0 && w->pCall->rc == SQLITE_OK) {
    memcpy(p->aaKey, aaKey, (size_t)nByte - sizeof(*p->aaKey));
    p->n = nKey;
    manyWrite(p);
    return nKey;
  }
  keepInit(w, &p->keep, p->pLink->pTarget);
  while (i < nKey && w->pCall->rc == SQLITE_OK &&
         (nAlone < RUN_TRY || 2 * nAlone < i)) {
    i += manyRead(p, nKey - i, &aaKey[i]);
    manyWrite(p);
    if (i < nKey && w->pCall->rc == SQLITE_OK) {
      manyAlone(p, aaKey[i++]);
      nAlone++;
    }
  }
  assert(i <= nKey);
  assocKeymapClear(&p->keep.map);
  return i;
}

int assocLinkAddSome(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     int nKey, const WriteVal *const *aaKey, int nThrough,
                     const WriteCell *aThrough, WriteChanges *pChanges) {
  LinkRun run = {.w = w,
                 .pLink = pLink,
                 .pSource = pSource,
                 .pChanges = pChanges,
                 .nThrough = nThrough,
                 .aThrough = aThrough};
  return manyRun(&run, nKey, aaKey);
}

int assocLinkRemoveSome(AssocWriter *w, WriteLink *pLink,
                        const WriteRow *pSource, int nKey,
                        const WriteVal *const *aaKey, int bKnown,
                        WriteChanges *pChanges) {
  LinkRun run = {.w = w,
                 .pLink = pLink,
                 .pSource = pSource,
                 .pChanges = pChanges,
                 .bRemove = 1,
                 .bKnown = bKnown};
  return manyRun(&run, nKey, aaKey);
}

/* ---------------------------------------------------------------- setting */

/* The error for a row that a list has twice, each time with values. */
void assocLinkTwice(AssocWriter *w, const WriteLink *pLink,
                    const WriteVal *aKey) {
  char *z = assocRowKeyText(w, pLink->pTarget, aKey);
  assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pLink->pRel->pSource->zLabel,
               pLink->pRel->zName,
               "\"#set\" of %s.%s gives values twice to the row with the key "
               "%s",
               pLink->pRel->pSource->zLabel, pLink->pRel->zName, z ? z : "");
  sqlite3_free(z);
}

/* Add keys in the form that their rows have. An error if a row does not exist,
** or if two keys of one row both bring values (abOnce, or 0). */
static void keepAdd(AssocWriter *w, KeepMap *p, WriteLink *pLink, int nKey,
                    const WriteVal *const *aaKey, const u8 *abOnce) {
  AssocModel *pModel = pLink->pTarget;
  WriteSql *pSql = assocRowFindSql(w, pModel);
  u8 *abHas = assocAlloc(w->pCall, &w->tmp, nKey + 1);
  WriteRow row;
  int i, rc = SQLITE_OK;
  for (i = 0; pSql && abHas && i < nKey && w->pCall->rc == SQLITE_OK; i++) {
    linkBind(w, pSql->pStmt, 1, pModel->nKey, aaKey[i]);
    if (assocStep(w->pCall, pSql->pStmt)) {
      u32 iSlot = assocKeymapAdd(&p->map, keptKey(p, pSql->pStmt), &rc);
      /* abHas is by the number of the key: does a row before give it values? */
      if (abOnce && iSlot < (u32)nKey) {
        if (abHas[iSlot] && abOnce[i]) assocLinkTwice(w, pLink, aaKey[i]);
        abHas[iSlot] |= abOnce[i];
      }
      sqlite3_reset(pSql->pStmt);
      assocErrorCode(w->pCall, rc);
    } else {
      assocRowNeed(w, pModel, aaKey[i], &row);
    }
  }
}

/* The source of a belongsTo lets go, even if its key leads to no row. */
static void linkDrop(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     WriteChanges *pChanges) {
  LinkRows old;
  int i;
  (void)linkOld(w, pLink, pSource, 0, &old);
  if (w->pCall->rc != SQLITE_OK) return;
  for (i = 0; i < old.n && pChanges; i++) {
    changeAdd(&pChanges->removed, &old.a[i]);
  }
  unlinkTarget(w, pLink, pSource, 0);
}

/* Release every related row whose key is not in the list. The keys are compared
** by a hash map with SQLite's rules, so a set of 10,000 keys stays linear. */
void assocLinkKeep(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   int nKey, const WriteVal *const *aaKey, const u8 *abOnce,
                   WriteChanges *pChanges) {
  const WriteVal **aaGo;
  LinkRows rows;
  KeepMap keep;
  int i;
  if (w->pCall->rc != SQLITE_OK) return;
  if (pLink->pRel->eKind == ASSOC_BELONGSTO) {
    assert(nKey == 0); /* assocLinkAdd() replaces the target of a belongsTo */
    linkDrop(w, pLink, pSource, pChanges);
    return;
  }
  memset(&rows, 0, sizeof(rows));
  keepInit(w, &keep, pLink->pTarget);
  if (w->pCall->rc == SQLITE_OK) {
    keepAdd(w, &keep, pLink, nKey, aaKey, abOnce);
    linkAll(w, pLink, pSource, &keep, &rows);
  }
  assocKeymapClear(&keep.map);
  aaGo = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aaGo) * (rows.n + 1));
  if (aaGo == 0) return;
  for (i = 0; i < rows.n; i++) aaGo[i] = rows.a[i].aKey;
  i = assocLinkRemoveSome(w, pLink, pSource, rows.n, aaGo, 1, pChanges);
  for (; i < rows.n && w->pCall->rc == SQLITE_OK; i++) {
    if (pChanges) changeAdd(&pChanges->removed, &rows.a[i]);
    unlinkTarget(w, pLink, pSource, &rows.a[i]);
  }
}
