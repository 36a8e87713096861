/*
** Predicates, orders and joins as SQL.
**
** Paths of associations never multiply the rows of the outer table. A path that
** leads to one row at most is joined, where the statement has a place for that.
** Other paths become correlated subqueries:
**
**   author.name = "Ann"       t2.name = ?1, and behind the tables
**                              LEFT JOIN users t2 ON t2.id=t1.author_id
**   top.title = "x"           (SELECT t2.title FROM posts t2
**                              WHERE t2.user_id=t1.id ORDER BY ... LIMIT 1) = ?1
**   some posts(likes > 3)     EXISTS(SELECT 1 FROM posts t2
**                              WHERE t2.user_id=t1.id AND (t2.likes > ?1))
**   posts.count() >= 3        (SELECT count(*) FROM posts t2
**                              WHERE t2.user_id=t1.id) >= ?1
*/
#include "sql/sql.h"

/* Append text that this file made itself. */
static void sqlPut(AssocSql *p, const char *z) {
  assocStrAdd(p->pStr, z);
}

/* ----------------------------------------------------------------- paths */

/* The last step of a list: ppEnd points to its pNext. */
static AssocHop *hopBefore(AssocHop **ppEnd) {
  assert(ppEnd);
  return (AssocHop *)((char *)ppEnd - offsetof(AssocHop, pNext));
}

/* Append a step. An association through a path becomes the steps of the path.
** Returns the new end of the list; 0 after an error. */
static AssocHop **addHop(AssocSql *p, AssocRel *pRel, AssocHop **ppEnd,
                         int *piFrom) {
  AssocHop *pHop, **ppStart = ppEnd;
  int i;
  for (i = 0; i < pRel->nPath; i++) {
    ppEnd = addHop(p, pRel->apPath[i], ppEnd, piFrom);
    if (ppEnd == 0) return 0;
  }
  if (pRel->nPath) {
    hopBefore(ppEnd)->pAlso = pRel;
    hopBefore(ppEnd)->pStart = *ppStart;
    return ppEnd;
  }
  if (pRel->nBranch) {
    assocErrorOf(
        p->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel, pRel->zName,
        "%s.%s is polymorphic: its rows are of several models, so it "
        "cannot be part of a condition or a path; for one model write "
        "some %s on %s(...)",
        pRel->pSource->zLabel, pRel->zName, pRel->zName, pRel->pTarget->zLabel);
    return 0;
  }
  pHop = assocAlloc(p->pCall, p->pArena, sizeof(*pHop));
  if (pHop == 0) return 0;
  pHop->pRel = pRel;
  pHop->iFrom = *piFrom;
  pHop->iAlias = *piFrom = ++p->nAlias;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pHop->iJoin = ++p->nAlias;
    assocSqlJoined(p, pHop->iAlias, pRel, pHop->iJoin);
  }
  *ppEnd = pHop;
  return &pHop->pNext;
}

/* Set which row the association that ends with this step means:
** ASSOC_FIRST_*. */
static void hopMeans(AssocHop *pHop, int eFirst) {
  assert(pHop && eFirst >= ASSOC_FIRST_VALUE && eFirst <= ASSOC_FIRST_NOT);
  if (pHop->pAlso) {
    pHop->eAlso = (u8)eFirst;
  } else {
    pHop->eFirst = (u8)eFirst;
  }
}

/* An association through a path has several steps; the last one carries the
** association's scope. */
AssocHop *assocSqlHops(AssocSql *p, AssocRel *pRel, int iFrom, int eFirst) {
  AssocHop *pFirst = 0, **ppEnd = addHop(p, pRel, &pFirst, &iFrom);
  if (ppEnd == 0) return 0;
  hopMeans(hopBefore(ppEnd), eFirst);
  return pFirst;
}

/* "on Cake": the polymorphic association as one to this model. */
static AssocRel *relOn(AssocSql *p, const AssocRel *pRel,
                       const ShapeName *pOn) {
  AssocCatalog *pCat = pRel->pSource->pTable->pSchema->pCatalog;
  AssocRel *pNew = 0;
  if (pRel->nBranch == 0) {
    assocShapeFail(
        p->pCall, p->zText, pOn->iOff,
        &(AssocWhy){.eReason = ASSOC_E_ARGUMENT, .zName = pRel->zName},
        "%s leads to %s only; on names a model of a polymorphic association",
        pRel->zName, pRel->pTarget->zLabel);
    return 0;
  }
  pNew = assocRelOn(p->pCall, pRel, assocModelFind(p->pCall, pCat, pOn->z));
  if (pNew == 0) assocShapeAt(p->pCall, p->zText, pOn->iOff);
  return pNew;
}

/* The steps of the names before pEnd. With pOn, the last of them is a
** polymorphic association, and this is its model. */
static AssocHop *hopsTo(AssocSql *p, const ShapeName *pPath,
                        const ShapeName *pEnd, const ShapeName *pOn,
                        AssocModel **ppModel, int iFrom, int eFirst) {
  AssocHop *pFirst = 0, **ppEnd = &pFirst;
  for (; pPath != pEnd; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, *ppModel, pPath);
    if (pRel && pOn && pPath->pNext == pEnd) pRel = relOn(p, pRel, pOn);
    if (pRel == 0) return 0;
    ppEnd = addHop(p, pRel, ppEnd, &iFrom);
    if (ppEnd == 0) return 0;
    hopMeans(hopBefore(ppEnd), eFirst);
    *ppModel = pRel->pTarget;
  }
  return pFirst;
}

/* The path may begin anywhere in the model, so *ppModel is both the start (IN)
** and the end (OUT). */
AssocHop *assocSqlPath(AssocSql *p, const ShapeName *pPath,
                       AssocModel **ppModel, int iFrom, int eFirst) {
  return hopsTo(p, pPath, 0, 0, ppModel, iFrom, eFirst);
}

/* Append that a row under iAlias has the type that a polymorphic association
** needs, and zAnd behind it. Nothing for other associations. */
void assocSqlOfType(AssocSql *p, const AssocRel *pRel, int iAlias,
                    const char *zAnd) {
  if (pRel->zBranch == 0) return;
  assocSqlColumn(p, iAlias, pRel->pSource->pTable, pRel->type.aCol[0]);
  sqlPut(p, " IS "); /* Never NULL, as conditions on related rows are not */
  assocSqlTypeVal(p, pRel->zBranch);
  sqlPut(p, zAnd);
}

/* Append the condition that the join row and the target belong together. */
static void sqlJoinRow(AssocSql *p, const AssocHop *pHop) {
  const AssocRel *pRel = pHop->pRel;
  assocSqlEqual(p, pHop->iAlias, pRel->pTarget->pTable, &pRel->targetKey,
                pHop->iJoin, pRel->pThrough, &pRel->other);
}

/* Append the condition that a step belongs to the rows before it. */
static void sqlLink(AssocSql *p, const AssocHop *pHop) {
  const AssocRel *pRel = pHop->pRel;
  const AssocTable *pSrc = pRel->pSource->pTable;
  const AssocTable *pTgt = pRel->pTarget->pTable;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    assocSqlOfType(p, pRel, pHop->iFrom, " AND ");
    assocSqlEqual(p, pHop->iAlias, pTgt, &pRel->targetKey, pHop->iFrom, pSrc,
                  &pRel->foreign);
  } else if (pHop->iJoin) {
    assocSqlEqual(p, pHop->iFrom, pSrc, &pRel->sourceKey, pHop->iJoin,
                  pRel->pThrough, &pRel->foreign);
  } else {
    assocSqlEqual(p, pHop->iFrom, pSrc, &pRel->sourceKey, pHop->iAlias, pTgt,
                  &pRel->foreign);
  }
}

/* Append the tables of a step, in the order in which a path is read from its
** beginning. The first table is read as it lies. */
static void sqlHopAlong(AssocSql *p, const AssocHop *pHop, int bFirst) {
  const AssocRel *pRel = pHop->pRel;
  if (!bFirst) sqlPut(p, " CROSS JOIN ");
  if (pHop->iJoin) {
    assocSqlTableBy(p, pRel->pThrough, pHop->iJoin, bFirst, 0);
    sqlPut(p, " CROSS JOIN ");
  }
  assocSqlTableBy(p, pRel->pTarget->pTable, pHop->iAlias,
                  bFirst && pHop->iJoin == 0, 0);
}

/* Append the tables of a step. */
static void sqlHopTables(AssocSql *p, const AssocHop *pHop) {
  assocSqlTableAs(p, pHop->pRel->pTarget->pTable, pHop->iAlias);
  if (pHop->iJoin == 0) return;
  sqlPut(p, ", ");
  assocSqlTableAs(p, pHop->pRel->pThrough, pHop->iJoin);
}

/* The step whose target are the rows that a path leads to. */
static const AssocHop *lastHop(const AssocHop *pHop) {
  while (pHop->pNext) pHop = pHop->pNext;
  return pHop;
}

/* The path's last name. */
static const ShapeName *lastName(const ShapeName *pPath) {
  while (pPath->pNext) pPath = pPath->pNext;
  return pPath;
}

/* See sql.h. */
void assocSqlKeyColumns(AssocSql *p, const AssocModel *pModel, int iAlias,
                        int bParen) {
  int i;
  if (bParen && pModel->nKey > 1) sqlPut(p, "(");
  for (i = 0; i < pModel->nKey; i++) {
    if (i) sqlPut(p, ",");
    assocSqlColumn(p, iAlias, pModel->pTable, pModel->aKey[i]);
  }
  if (bParen && pModel->nKey > 1) sqlPut(p, ")");
}

/* See sql.h. */
int assocFirstOfMany(AssocCall *pCall, const AssocRel *pRel) {
  int bUnique = 0, i;
  assert(pRel);
  if (pRel->bMany) return 0;
  for (i = 0; i < pRel->nPath; i++) {
    if (pRel->apPath[i]->bMany || assocFirstOfMany(pCall, pRel->apPath[i]))
      return 1;
  }
  if (pRel->nPath) return 0;
  (void)assocFarIndex(pCall, pRel, &bUnique);
  return !bUnique;
}

/* Append " AND t9.user_id=t3.user_id": pHop starts from the same row as
** pOther. */
static void sqlSameWay(AssocSql *p, const AssocHop *pHop,
                       const AssocHop *pOther) {
  int i;
  assert(assocRelNearKey(pHop->pRel)->nCol ==
         assocRelNearKey(pOther->pRel)->nCol);
  for (i = 0; i < assocRelNearKey(pHop->pRel)->nCol; i++) {
    sqlPut(p, " AND ");
    assocSqlFarColumn(p, pHop, i);
    sqlPut(p, "=");
    assocSqlFarColumn(p, pOther, i);
  }
}

/* Do the clauses contain conditions that are tested after the first row is
** chosen? */
static int asksAfter(const ShapeClauses *pC) {
  assert(pC);
  return pC->pWhere || pC->pScope;
}

/*
** What applies before the first row is chosen: the default scope, whether
** deleted rows count, and the order. Named scopes and conditions are tested on
** the chosen row.
*/
const ShapeClauses *assocSqlBefore(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC) {
  const ShapeClauses *pScoped = assocSqlScoped(p, pRel, pModel, pC);
  ShapeClauses *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return 0; /* Also if there are no clauses */
  pNew->pOrder = pScoped->pOrder;
  pNew->bDeleted = pScoped->bDeleted;
  pNew->bUnscoped = pScoped->bUnscoped;
  if (pScoped->pScope) pNew->pScope = assocScopeDefault(p, pScoped->pScope);
  if (pScoped->pScope && pNew->pScope == 0) pNew->bUnscoped = 1;
  return pNew;
}

/* Append t9.user_id, converted as it compares, and t9.id: the columns by which
** a step is found, and the key of its target. bNames: name them k0, k1, ...
** Returns their number. */
static int sqlWayColumns(AssocSql *p, const AssocHop *pStart, int iLast,
                         const AssocModel *pTgt, int bNames) {
  int i, n = assocRelNearKey(pStart->pRel)->nCol;
  for (i = 0; i < n + pTgt->nKey; i++) {
    if (i) sqlPut(p, ",");
    if (i < n) {
      assocSqlFarColumn(p, pStart, i);
    } else {
      assocSqlColumn(p, iLast, pTgt->pTable, pTgt->aKey[i - n]);
    }
    if (bNames) sqlite3_str_appendf(p->pStr, " AS k%d", i);
  }
  return i;
}

/*
** Append:
**
**   (SELECT k0,k1 FROM (SELECT t9.user_id AS k0, t9.id AS k1, row_number() OVER
**     (PARTITION BY t9.user_id ORDER BY ...) AS n FROM posts t9 WHERE true)
**     WHERE n=1)
**
** This is the first row for each value of user_id, which may be an expression.
*/
void assocSqlFirsts(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC) {
  AssocModel *pTgt = pRel->pTarget;
  const AssocHop *pFirst = assocSqlHops(p, pRel, 0, ASSOC_FIRST_NOT);
  int iLast, nKey, i;
  assocModelNeedKey(p->pCall, pTgt);
  if (p->pCall->rc != SQLITE_OK) return;
  iLast = lastHop(pFirst)->iAlias;
  nKey = assocRelNearKey(pFirst->pRel)->nCol;
  for (i = 0; i < nKey + pTgt->nKey; i++) {
    sqlite3_str_appendf(p->pStr, "%sk%d", i ? "," : "(SELECT ", i);
  }
  sqlPut(p, " FROM (SELECT ");
  (void)sqlWayColumns(p, pFirst, iLast, pTgt, 1);
  for (i = 0; i < nKey; i++) {
    sqlPut(p, i ? "," : ",row_number() OVER (PARTITION BY ");
    assocSqlFarColumn(p, pFirst, i);
  }
  assocSqlOrder(p, pRel, pC, pTgt, iLast, 0);
  sqlPut(p, ") AS n");
  assocSqlFrom(p, pFirst, pC, 1);
  sqlPut(p, ") WHERE n=1)");
}

/* Append "(SELECT t9.id FROM posts t9 WHERE t9.user_id=t1.id ...", and then
** "ORDER BY ... LIMIT 1)": the first row of an association from alias iFrom;
** iFrom is 0 if the row is not joined to anything yet. Returns the first step;
** 0 after an error. */
const AssocHop *assocSqlFirst(AssocSql *p, AssocRel *pRel, int iFrom,
                              const ShapeClauses *pC) {
  const AssocHop *pFirst = assocSqlHops(p, pRel, iFrom, ASSOC_FIRST_NOT);
  assocModelNeedKey(p->pCall, pRel->pTarget);
  if (p->pCall->rc != SQLITE_OK) return 0;
  sqlPut(p, "(SELECT ");
  assocSqlKeyColumns(p, pRel->pTarget, lastHop(pFirst)->iAlias, 0);
  assocSqlFrom(p, pFirst, pC, iFrom == 0);
  return pFirst;
}

/* The order that chooses the row: the one that the query asks for, else the
** association's, and the key in the end. So every strategy chooses the same
** row. */
void assocSqlFirstEnd(AssocSql *p, AssocRel *pRel, const AssocHop *pFirst,
                      const ShapeClauses *pC) {
  if (pFirst == 0) return;
  assocSqlOrder(p, pRel, pC, pRel->pTarget, lastHop(pFirst)->iAlias, 0);
  sqlPut(p, " LIMIT 1)");
}

/* The clauses under which the first row of a to-one is chosen; 0 if there is no
** choice. With an order the choice comes first. Without an order the row is
** chosen among those that meet the conditions. */
static const ShapeClauses *choiceOf(AssocSql *p, AssocRel *pRel,
                                    const ShapeClauses *pC, int eFirst) {
  const ShapeClauses *pScoped;
  if (eFirst == ASSOC_FIRST_NOT || !assocFirstOfMany(p->pCall, pRel)) return 0;
  pScoped = assocSqlScoped(p, pRel, pRel->pTarget, pC);
  if (assocOrderOf(pRel, pScoped)) {
    return assocSqlBefore(p, pRel, pRel->pTarget, pC);
  }
  return eFirst == ASSOC_FIRST_VALUE ? pScoped : 0;
}

/* Without conditions that apply after the choice, the caller may simply take
** the first row that arrives. An item with "!" in the block is such a condition
** too. */
const ShapeClauses *assocSqlChoice(AssocSql *p, AssocRel *pRel,
                                   const ShapeClauses *pC,
                                   const ShapeItem *pBlock) {
  while (pBlock && (pBlock->eType != SHAPE_ITEM_NAME || !pBlock->bRequired)) {
    pBlock = pBlock->pNext;
  }
  if (pBlock == 0 && !asksAfter(pC)) return 0;
  return choiceOf(p, pRel, pC, ASSOC_FIRST_FILTER);
}

/*
** Append the choice of a to-one that can find several rows:
**
**   AND t3.id=(SELECT t9.id FROM posts t9 WHERE t9.user_id=t1.id
**              ORDER BY t9.id DESC LIMIT 1)
**
** If step pStart is not joined to rows before it, the subquery is joined to the
** step itself. If no index serves, assocSqlFirsts() finds all first rows at
** once.
*/
static void sqlChoose(AssocSql *p, AssocRel *pRel, const AssocHop *pStart,
                      const AssocHop *pLast, const ShapeClauses *pC, int bFree,
                      int eFirst) {
  const ShapeClauses *pIn = choiceOf(p, pRel, pC, eFirst);
  const AssocHop *pFirst;
  assert(pStart && pLast);
  if (pIn == 0) return; /* Nothing to choose, or an error */
  if (!assocHopServed(p->pCall, pRel)) {
    sqlPut(p, " AND (");
    (void)sqlWayColumns(p, pStart, pLast->iAlias, pRel->pTarget, 0);
    sqlPut(p, ") IN ");
    assocSqlFirsts(p, pRel, pIn);
    return;
  }
  sqlPut(p, " AND ");
  assocSqlKeyColumns(p, pRel->pTarget, pLast->iAlias, 1);
  sqlPut(p, "=");
  pFirst = assocSqlFirst(p, pRel, bFree ? 0 : pStart->iFrom, pIn);
  if (pFirst == 0) return;
  if (bFree) sqlSameWay(p, pFirst, pStart);
  assocSqlFirstEnd(p, pRel, pFirst, pIn);
}

/* Append how a step is joined to the rows before it, and its conditions. pFree
** is the step that is not joined. */
static void sqlHopWhere(AssocSql *p, const AssocHop *pHop,
                        const ShapeClauses *pC, const AssocHop *pFree) {
  AssocModel *pTgt = pHop->pRel->pTarget;
  const char *zAnd = "";
  assert(pHop->iAlias > 0);
  if (pHop != pFree) {
    sqlLink(p, pHop);
    zAnd = " AND ";
  }
  if (pHop->iJoin) {
    sqlPut(p, zAnd);
    sqlJoinRow(p, pHop);
  } else if (pHop == pFree) {
    sqlPut(p, "true");
  }
  assocSqlConditions(p, pHop->pRel, pC, pTgt, pHop->iAlias, pHop->iJoin);
  if (pHop->pAlso == 0) {
    sqlChoose(p, pHop->pRel, pHop, pHop, pC, pHop == pFree, pHop->eFirst);
    return;
  }
  sqlChoose(p, pHop->pRel, pHop, pHop,
            pC ? assocSqlBefore(p, pHop->pRel, pTgt, pC) : 0, pHop == pFree,
            ASSOC_FIRST_VALUE);
  assocSqlScope(p, pHop->pAlso->pScope, pTgt, pHop->iAlias);
  sqlChoose(p, pHop->pAlso, pHop->pStart, pHop, pC, pHop->pStart == pFree,
            pHop->eAlso);
}

/* SQLite joins at most 64 tables. Paths use at most 60, to leave room for the
** tables beside them. */
#define MOST_TABLES 64
#define PATH_TABLES 60

/* The number of tables that the steps join. SQLite joins at most 64. */
static int hopTables(const AssocHop *pHop) {
  int n = 0;
  for (; pHop; pHop = pHop->pNext) n += pHop->iJoin ? 2 : 1;
  return n;
}

/* Raise the error that a path is too long; it shows the path's beginning and
** end. */
static void tooLong(AssocSql *p, const AssocHop *pHop, int n) {
  assocErrorOf(
      p->pCall, ASSOC_E_LIMIT, 0, pHop->pRel->zName,
      "the path %s.%s...%s goes through %d tables, and SQLite joins at "
      "most %d; ask for a part of it in some ...(...)",
      pHop->pRel->zName, pHop->pNext->pRel->zName, lastHop(pHop)->pRel->zName,
      n, MOST_TABLES);
}

/*
** Append the tables of the steps, and how they are joined:
**
**   posts t2, comments t3 WHERE t2.userId=t1.id AND t3.postId=t2.id
**
** The clauses belong to the rows at the end of the path. The step pFree is not
** tied to the row before it. Inside the subquery a NULL counts as false, so
** bMaybe starts again at 0.
*/
static void sqlSteps(AssocSql *p, const AssocHop *pFirst,
                     const ShapeClauses *pC, const AssocHop *pFree) {
  const AssocHop *pHop;
  u8 bMaybe = p->bMaybe, bAlong = p->bAlong;
  p->bMaybe = p->bAlong = 0;
  for (pHop = pFirst; pHop; pHop = pHop->pNext) {
    if (bAlong) {
      sqlHopAlong(p, pHop, pHop == pFirst);
      continue;
    }
    if (pHop != pFirst) sqlPut(p, ", ");
    sqlHopTables(p, pHop);
  }
  assocSqlPlace(p, lastHop(pFirst)->iAlias, hopTables(pFirst));
  assocSqlPlaceHere(p);
  sqlPut(p, " WHERE ");
  for (pHop = pFirst; pHop; pHop = pHop->pNext) {
    if (pHop != pFirst) sqlPut(p, " AND ");
    sqlHopWhere(p, pHop, pHop->pNext ? 0 : pC, pFree);
  }
  assocSqlPlaceEnd(p);
  p->bMaybe = bMaybe;
}

/* See sql.h. With bFree the caller compares the key of the first step itself,
** with IN or GROUP BY. */
void assocSqlFrom(AssocSql *p, const AssocHop *pFirst, const ShapeClauses *pC,
                  int bFree) {
  int n = hopTables(pFirst);
  assert(pFirst || p->pCall->rc != SQLITE_OK);
  if (n > MOST_TABLES) {
    tooLong(p, pFirst, n);
    return;
  }
  sqlPut(p, " FROM ");
  sqlSteps(p, pFirst, pC, bFree ? pFirst : 0);
}

/* ------------------------------------------------------------- predicates */

/* The number of the column with that name; -1 and an error if there is none. */
static int sqlColumnOf(AssocSql *p, AssocModel *pModel,
                       const ShapeName *pName) {
  int iCol = assocSqlColumnFind(p, pModel->pTable, pName->z);
  AssocRel *pRel;
  if (iCol >= 0 && p->bMatch && !p->bOwner &&
      assocTableHides(p->pCall, pModel->pTable)) {
    assocShapeFail(p->pCall, p->zText, pName->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_REFUSED,
                               .zModel = pModel->zLabel,
                               .zName = pName->z},
                   "a session cannot search %s by match: a policy hides a "
                   "column, which the text of a match can name",
                   pModel->zLabel);
  }
  if (iCol >= 0 || p->pCall->rc != SQLITE_OK) return iCol;
  pRel = assocRelSeek(p->pCall, pModel, pName->z);
  if (pRel) {
    assocShapeFail(p->pCall, p->zText, pName->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN,
                               .zModel = pModel->zLabel,
                               .zName = pName->z},
                   "'%s' is an association of %s, not a column; did you "
                   "mean %s%s%s?",
                   pName->z, pModel->zLabel, pRel->bMany ? "some " : "",
                   pName->z, pRel->bMany ? "(...)" : ".column");
  } else {
    assocSqlUnknown(p, pModel, pName, "column");
  }
  return -1;
}

/* Append the collation, which a subquery would lose; that of binary only if
** bAlways. */
static void sqlCollate(AssocSql *p, const AssocColumn *pCol, int bAlways) {
  if (pCol->zColl && (bAlways || pCol->eColl != ASSOC_COLL_BINARY)) {
    sqlite3_str_appendf(p->pStr, " COLLATE \"%w\"", pCol->zColl);
  }
}

/* The first to-many name in a path; 0 if there is none. */
static const ShapeName *manyAt(AssocSql *p, const ShapeName *pPath,
                               const ShapeName *pEnd, AssocModel *pModel) {
  for (; pPath != pEnd && p->pCall->rc == SQLITE_OK; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, pModel, pPath);
    if (pRel == 0) return 0;
    if (pRel->bMany) return pPath;
    pModel = pRel->pTarget;
  }
  return 0;
}

/* The steps of a path that form one subquery. A subquery ends where a to-one
** means the first of several rows, because the next steps must start from that
** row only. */
typedef struct PathPart PathPart;
struct PathPart {
  AssocHop *pFirst; /* Its first step */
  AssocRel *pRel;   /* The last association, whose order counts */
  PathPart *pOuter; /* The part before it, or 0: the first */
};

/* The subqueries for the names before pEnd, the innermost first. *piAlias
** becomes the alias of the column. 0 if there is none, or after an error. */
static PathPart *pathParts(AssocSql *p, const ShapeName *pPath,
                           const ShapeName *pEnd, AssocModel **ppModel,
                           int *piAlias) {
  PathPart *pPart = 0;
  AssocHop **ppEnd = 0;
  for (; pPath != pEnd; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, *ppModel, pPath);
    if (pRel == 0) return 0;
    if (ppEnd == 0) {
      PathPart *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
      if (pNew == 0) return 0;
      pNew->pOuter = pPart;
      pPart = pNew;
      ppEnd = &pPart->pFirst;
    }
    ppEnd = addHop(p, pRel, ppEnd, piAlias);
    if (ppEnd == 0) return 0;
    pPart->pRel = pRel;
    *ppModel = pRel->pTarget;
    if (!assocFirstOfMany(p->pCall, pRel)) {
      /* The next steps may not fit into the same join */
      if (hopTables(pPart->pFirst) > PATH_TABLES / 2) ppEnd = 0;
      continue;
    }
    hopMeans(hopBefore(ppEnd), ASSOC_FIRST_NOT); /* The subquery has a LIMIT */
    ppEnd = 0;
  }
  return p->pCall->rc == SQLITE_OK ? pPart : 0;
}

/* Whether the collation of a column at the end of a path is written. */
#define COLLATE_OTHER 0 /* If it is another than binary */
#define COLLATE_ALWAYS 1
#define COLLATE_NEVER 2

/* The row to which an association leads, joined to the row under iFrom. */
typedef struct AssocLed AssocLed;
struct AssocLed {
  const AssocRel *pRel;
  int iFrom;
  int iEnd;          /* Its alias */
  const char *zJoin; /* LEFT JOIN users t3 ON t3.id=t1.user_id */
  AssocLed *pNext;   /* The next of the place, in the order of the joins */
};

/* A place behind the tables of a FROM, where more tables can be joined. */
struct AssocPlace {
  int iAlias;         /* For paths that begin in the rows under this alias */
  int nLeft;          /* So many tables more */
  sqlite3_str *pStr;  /* The place is in this text; 0: not written yet */
  int iOff;           /* At this offset */
  AssocLed *pLed;     /* What is joined there */
  AssocPlace *pOuter; /* The place that was begun before, or 0 */
};

/* SQLite plans a join of many tables badly: a place joins at most these. */
#define JOIN_TABLES 16
/* And one path at most these. */
#define JOIN_PATH 4

/* See sql.h. */
void assocSqlPlace(AssocSql *p, int iAlias, int nTable) {
  AssocPlace *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return;
  pNew->iAlias = iAlias;
  pNew->nLeft = PATH_TABLES - nTable;
  if (pNew->nLeft > JOIN_TABLES) pNew->nLeft = JOIN_TABLES;
  pNew->pOuter = p->pPlace;
  p->pPlace = pNew;
}

/* See sql.h. */
void assocSqlPlaceHere(AssocSql *p) {
  if (p->pPlace == 0 || p->pPlace->pStr) return;
  p->pPlace->pStr = p->pStr;
  p->pPlace->iOff = sqlite3_str_length(p->pStr);
}

/* See sql.h. */
void assocSqlPlaceEnd(AssocSql *p) {
  const AssocPlace *pPlace = p->pPlace;
  const AssocLed *pLed = pPlace ? pPlace->pLed : 0;
  char *z;
  if (pPlace) p->pPlace = pPlace->pOuter;
  if (pLed == 0 || p->pCall->rc != SQLITE_OK) return;
  assert(pPlace->pStr == p->pStr);
  z = assocMprintf(p->pCall, "%s", sqlite3_str_value(p->pStr));
  if (z == 0) return;
  sqlite3_str_reset(p->pStr);
  sqlite3_str_append(p->pStr, z, pPlace->iOff);
  for (; pLed; pLed = pLed->pNext) sqlPut(p, pLed->zJoin);
  sqlPut(p, z + pPlace->iOff);
  sqlite3_free(z);
}

/* The tables that an association joins, if it leads to one row at most that
** can be joined; else more than a path may join. A policy's source is a
** subquery. */
static int ledTables(AssocSql *p, const AssocRel *pRel) {
  int i, n = 0;
  if (pRel->bMany || pRel->nBranch || assocFirstOfMany(p->pCall, pRel)) {
    return JOIN_PATH + 1;
  }
  for (i = 0; i < pRel->nPath; i++) n += ledTables(p, pRel->apPath[i]);
  if (pRel->nPath) return n;
  return assocSqlIsPoliced(p, pRel->pTarget->pTable) ? JOIN_PATH + 1 : 1;
}

/* The row that an association leads to from iFrom, if it is joined already; else
** 0. */
static AssocLed *ledFind(const AssocPlace *pPlace, const AssocRel *pRel,
                         int iFrom) {
  AssocLed *pLed = pPlace->pLed;
  while (pLed && (pLed->pRel != pRel || pLed->iFrom != iFrom)) {
    pLed = pLed->pNext;
  }
  return pLed;
}

/* Join the row that an association leads to. 0 after an error. */
static const AssocLed *ledAdd(AssocSql *p, AssocPlace *pPlace, AssocRel *pRel,
                              int iFrom) {
  AssocLed *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  AssocLed **ppEnd = &pPlace->pLed;
  const AssocHop *pHop = assocSqlHops(p, pRel, iFrom, ASSOC_FIRST_VALUE);
  sqlite3_str *pOuter = p->pStr;
  u8 bMaybe = p->bMaybe;
  if (pNew == 0 || pHop == 0) return 0;
  p->pStr = sqlite3_str_new(p->pCall->db);
  p->bMaybe = 0; /* A NULL in ON counts as false */
  for (; pHop; pHop = pHop->pNext) {
    assert(pHop->iJoin == 0);
    sqlPut(p, " LEFT JOIN ");
    sqlHopTables(p, pHop);
    sqlPut(p, " ON ");
    sqlHopWhere(p, pHop, 0, 0);
    pNew->iEnd = pHop->iAlias;
    pPlace->nLeft--;
  }
  p->bMaybe = bMaybe;
  pNew->pRel = pRel;
  pNew->iFrom = iFrom;
  pNew->zJoin = assocArenaStr(p->pCall, p->pArena, p->pStr);
  p->pStr = pOuter;
  while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  *ppEnd = pNew;
  return pNew->zJoin ? pNew : 0;
}

/* Can the rows of a path be joined at the place, those that are not yet? */
static int ledFits(AssocSql *p, const AssocPlace *pPlace,
                   const ShapeName *pPath, AssocModel *pModel) {
  int n = 0, nNew = 0, iFrom = pPlace->iAlias;
  for (; pPath->pNext; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, pModel, pPath);
    const AssocLed *pLed = pRel ? ledFind(pPlace, pRel, iFrom) : 0;
    if (pRel == 0) return 0;
    n += ledTables(p, pRel);
    if (n > JOIN_PATH) return 0;
    if (pLed == 0) nNew = n;
    iFrom = pLed ? pLed->iEnd : 0;
    pModel = pRel->pTarget;
  }
  return nNew <= pPlace->nLeft;
}

/*
** Append the column at the end of a path as one of a joined row: t3.name, with
** " LEFT JOIN users t3 ON t3.id=t1.user_id" behind the tables. Paths that begin
** with the same associations share their rows. A subquery in its place takes a
** third longer in a condition, and twice as long in an order. False if the path
** cannot be joined.
*/
static int sqlLedColumn(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                        int iAlias, int eCollate) {
  AssocPlace *pPlace = p->pPlace;
  const ShapeName *pPath = pKey->pPath;
  int iCol;
  while (pPlace && pPlace->iAlias != iAlias) pPlace = pPlace->pOuter;
  if (pPlace == 0 || p->bMatch || !ledFits(p, pPlace, pPath, pModel)) return 0;
  for (; pPath->pNext; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, pModel, pPath); /* ledFits() found it */
    const AssocLed *pLed = ledFind(pPlace, pRel, iAlias);
    if (pLed == 0) pLed = ledAdd(p, pPlace, pRel, iAlias);
    if (pLed == 0) return 1;
    iAlias = pLed->iEnd;
    pModel = pRel->pTarget;
  }
  iCol = sqlColumnOf(p, pModel, pPath);
  if (iCol < 0) return 1;
  assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  if (eCollate != COLLATE_NEVER) {
    sqlCollate(p, &pModel->pTable->aCol[iCol], eCollate == COLLATE_ALWAYS);
  }
  return 1;
}

/* Append author.company.name. Every step of the path must be to-one. */
static void sqlPathColumn(AssocSql *p, const ShapeName *pPath,
                          AssocModel *pModel, int iAlias, int eCollate) {
  const ShapeName *pCol = lastName(pPath);
  const ShapeName *pMany = manyAt(p, pPath, pCol, pModel);
  PathPart *pPart, *pOuter;
  int iCol;
  if (pMany) {
    assocShapeFail(
        p->pCall, p->zText, pMany->iOff,
        &(AssocWhy){.eReason = ASSOC_E_UNSUPPORTED, .zName = pMany->z},
        "%s may be many; did you mean some %s(...)?", pMany->z, pMany->z);
  }
  pPart = pathParts(p, pPath, pCol, &pModel, &iAlias);
  iCol = pPart ? sqlColumnOf(p, pModel, pCol) : -1;
  if (iCol < 0) return;
  for (pOuter = pPart; pOuter; pOuter = pOuter->pOuter) {
    sqlPut(p, "(SELECT ");
  }
  assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  for (; pPart; pPart = pPart->pOuter) {
    AssocModel *pEnd = pPart->pRel->pTarget;
    assocSqlFrom(p, pPart->pFirst, 0, 0);
    assocSqlOrder(p, pPart->pRel, assocSqlScoped(p, pPart->pRel, pEnd, 0), pEnd,
                  lastHop(pPart->pFirst)->iAlias, 0);
    sqlPut(p, " LIMIT 1)");
  }
  if (eCollate != COLLATE_NEVER) {
    sqlCollate(p, &pModel->pTable->aCol[iCol], eCollate == COLLATE_ALWAYS);
  }
}

/* Append a FILTER that is always true, for min() and max(). With statistics,
** SQLite 3.40 may stop at the first row that an IN with a subquery finds, and
** return it as the greatest. The FILTER prevents this. Elsewhere it is not
** written, because it also prevents SQLite from reading the greatest value from
** an index. */
static void sqlAggAll(AssocSql *p, const ShapeAgg *pAgg) {
  if (aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_PICKS) {
    sqlPut(p, " FILTER (WHERE true)");
  }
}

/* See sql.h. */
void assocSqlAggCall(AssocSql *p, const ShapeAgg *pAgg, const ShapeName *pPath,
                     AssocModel *pModel, int iAlias) {
  int iCol = pAgg->pCol && !pAgg->bAt ? sqlColumnOf(p, pModel, pAgg->pCol) : -1;
  const ShapeAggregate *pFn = &aShapeAgg[pAgg->eAgg];
  assert(pAgg->eAgg < SHAPE_NAGG && !(pFn->mFlag & SHAPE_AGG_TEST));
  if (pAgg->pCol == 0 && !(pFn->mFlag & SHAPE_AGG_STAR) && pPath == 0) {
    assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, 0, pFn->zName,
                 "%s() needs a column: %s(column)", pFn->zName, pFn->zName);
  } else if (pAgg->pCol == 0 && !(pFn->mFlag & SHAPE_AGG_STAR)) {
    assocShapeFail(p->pCall, p->zText, pPath->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_ARGUMENT, .zName = pPath->z},
                   "%s() needs a column: %s.%s(column)", pFn->zName, pPath->z,
                   pFn->zName);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  sqlite3_str_appendf(p->pStr, "%s(%s", pFn->zName,
                      pAgg->bDistinct ? "DISTINCT " : "");
  if (pAgg->bAt) {
    assocSqlAt(p, pAgg->pCol, iAlias);
  } else if (iCol < 0) {
    sqlPut(p, "*");
  } else {
    assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  }
  sqlPut(p, ")");
  if (pAgg->pWhere) sqlAggAll(p, pAgg);
}

/* Append " tags t7 WHERE t7.id IN (SELECT ...)": the targets of a path, each of
** them once. */
static void sqlTargetsOnce(AssocSql *p, AssocModel *pTgt, int iTarget,
                           const AssocHop *pFirst, const ShapeClauses *pC) {
  assocSqlTableAs(p, pTgt->pTable, iTarget);
  sqlPut(p, " WHERE ");
  assocSqlKeyColumns(p, pTgt, iTarget, 1);
  sqlPut(p, " IN (SELECT ");
  assocSqlKeyColumns(p, pTgt, lastHop(pFirst)->iAlias, 0);
  assocSqlFrom(p, pFirst, pC, 0);
  sqlPut(p, ")");
}

/* Append a condition on related rows whose result is never NULL. */
static void filterExactly(AssocSql *p, const AssocFilter *pF) {
  u8 bMaybe = p->bMaybe;
  p->bMaybe = 1;
  assocSqlFilter(p, pF);
  p->bMaybe = bMaybe;
}

/* Append whether there is any row. */
static void sqlAggExists(AssocSql *p, const ShapeAgg *pAgg,
                         const AssocHop *pFirst, AssocModel *pEnd) {
  AssocFilter filter = {0};
  filter.zWord = "some";
  filter.pFirst = pFirst;
  filter.pEnd = pEnd;
  filter.pPred = pAgg->pWhere;
  filterExactly(p, &filter);
}

/* Append (SELECT count(*) FROM ...) or EXISTS(SELECT 1 FROM ...). */
static void sqlAgg(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                   int iAlias) {
  const ShapeAgg *pAgg = pKey->pAgg;
  const ShapeClauses clauses = {.pWhere = pAgg->pWhere};
  int bExists = (aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_TEST) != 0, iLast,
      bOnce;
  int iCol = assocCounterColumn(p->pCall, pModel, pKey->pPath, pAgg, 1);
  const AssocHop *pFirst;
  if (iCol >= 0) {
    assocSqlColumn(p, iAlias, pModel->pTable, iCol);
    return;
  }
  pFirst = assocSqlPath(p, pKey->pPath, &pModel, iAlias,
                        bExists ? ASSOC_FIRST_FILTER : ASSOC_FIRST_VALUE);
  if (p->pCall->rc != SQLITE_OK) return;
  if (bExists) {
    sqlAggExists(p, pAgg, pFirst, pModel);
    return;
  }
  iLast = lastHop(pFirst)->iAlias;
  bOnce = assocHopsMeet(p->pCall, pFirst);
  if (!bOnce && assocSqlGrouped(p, pKey, pFirst, pModel, iLast)) return;
  if (bOnce) {
    assocModelNeedKey(p->pCall, pModel);
    iLast = ++p->nAlias;
  }
  sqlPut(p, "(SELECT ");
  assocSqlAggCall(p, pAgg, pKey->pPath, pModel, iLast);
  if (bOnce) {
    if (pAgg->pWhere == 0) sqlAggAll(p, pAgg);
    sqlPut(p, " FROM ");
    sqlTargetsOnce(p, pModel, iLast, pFirst, &clauses);
  } else {
    assocSqlFrom(p, pFirst, &clauses, 0);
  }
  sqlPut(p, ")");
}

/* Append an aggregate of the statement's own rows: sum(t1.likes) FILTER (WHERE
** ...). */
static void sqlTotal(AssocSql *p, const ShapeAgg *pAgg, AssocModel *pModel,
                     int iAlias) {
  int bTest = (aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_TEST) != 0;
  ShapeAgg agg = *pAgg;
  agg.pWhere = 0;
  if (bTest) {
    sqlPut(p, "count(*)");
  } else {
    assocSqlAggCall(p, &agg, 0, pModel, iAlias);
  }
  if (pAgg->pWhere) {
    sqlPut(p, " FILTER (WHERE ");
    assocSqlPred(p, pAgg->pWhere, pModel, iAlias);
    sqlPut(p, ")");
  }
  if (bTest) sqlPut(p, ">0");
}

/* Append a column or an aggregate of related rows. assocSqlFilter() counts its
** own nesting. */
static void sqlFar(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                   int iAlias, int eCollate) {
  const ShapeAgg *pAgg = pKey->pAgg;
  int n = pAgg == 0 || !(aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_TEST);
  if (!assocSqlNests(p, pKey->pPath->z)) return;
  p->nFar += n;
  if (pAgg) {
    sqlAgg(p, pKey, pModel, iAlias);
  } else if (!sqlLedColumn(p, pKey, pModel, iAlias, eCollate)) {
    sqlPathColumn(p, pKey->pPath, pModel, iAlias, eCollate);
  }
  p->nFar -= n;
}

/* See assocSqlKey(). */
static void sqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                   int iAlias, int eCollate) {
  u8 bOwner = p->bOwner;
  p->bOwner |= pKey->bOwner;
  if (pKey->bAt) {
    assocSqlAt(p, pKey->pPath, iAlias);
  } else if (pKey->pAgg && pKey->pPath == 0) {
    sqlTotal(p, pKey->pAgg, pModel, iAlias);
  } else if (pKey->pAgg || pKey->pPath->pNext) {
    sqlFar(p, pKey, pModel, iAlias, eCollate);
  } else {
    int iCol = sqlColumnOf(p, pModel, pKey->pPath);
    if (iCol >= 0) assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  }
  p->bOwner = bOwner;
}

/* See sql.h. */
void assocSqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                 int iAlias) {
  sqlKey(p, pKey, pModel, iAlias, COLLATE_OTHER);
}

/*
** Append sal > boss.sal. Two columns of a row compare as they would in a join, by the
** collation of the left one, which a subquery would lose. A column that is not
** there may be meant as a text.
*/
static void sqlBeside(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                      int iAlias) {
  const ShapeKey *pOther = pPred->pOther;
  sqlKey(p, &pPred->key, pModel, iAlias, COLLATE_ALWAYS);
  sqlite3_str_appendf(p->pStr, " %s ", azShapeOp[pPred->eOp]);
  if (pOther->bAt && !assocSqlHasJoined(p, iAlias)) {
    assocShapeFail(p->pCall, p->zText, pOther->pPath->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_SYNTAX,
                               .zName = pOther->pPath->z,
                               .zHint = "a parameter is written ?1 or :name"},
                   "there is no join row here, so no @%s", pOther->pPath->z);
  }
  if (pOther->pPath->pNext == 0 && !pOther->pAgg && !pOther->bAt &&
      p->pCall->rc == SQLITE_OK &&
      assocSqlColumnFind(p, pModel->pTable, pOther->pPath->z) < 0 &&
      !assocRelSeek(p->pCall, pModel, pOther->pPath->z)) {
    const char *z =
        assocArenaPrintf(p->pCall, p->pArena, "write a text in quotes: \"%s\"",
                         pOther->pPath->z);
    assocShapeFail(p->pCall, p->zText, pOther->pPath->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN,
                               .zModel = pModel->zLabel,
                               .zName = pOther->pPath->z,
                               .zHint = z},
                   "%s has no column '%s'", pModel->zLabel, pOther->pPath->z);
  }
  sqlKey(p, pOther, pModel, iAlias,
         pPred->key.pAgg ? COLLATE_OTHER : COLLATE_NEVER);
}

/*
** Append (SELECT +value FROM json_each(…)): a parameter that holds a list. A
** parameter that is NULL matches nothing, whether there is a NOT or not. The + makes values of
** them, as those of a list are, which take the affinity of the left side.
*/
static void sqlList(AssocSql *p, const ShapeVal *pVal,
                    const AssocModel *pModel) {
  AssocCatalog *pCat = pModel->pTable->pSchema->pCatalog;
  AssocSchema *pMain = assocSchemaFind(pCat, "main");
  if (assocSchemaIndex(pMain, "json_each") >= 0) {
    assocPrivateTaken(p->pCall, "json_each");
  }
  sqlPut(p, "(SELECT +value FROM main.json_each(coalesce(");
  (void)assocSqlBind(p, pVal, ASSOC_BIND_LIST);
  sqlPut(p, ",'[null]')))");
}

/* Append a list of values in parentheses. */
static void sqlVals(AssocSql *p, const ShapeVal *pVal) {
  sqlPut(p, "(");
  for (; pVal; pVal = pVal->pNext) {
    assocSqlVal(p, pVal);
    if (pVal->pNext) sqlPut(p, ",");
  }
  sqlPut(p, ")");
}

/* The characters that LIKE needs a backslash for. */
static const char zLikeSpecial[] = "\\%_";

char *assocSqlPattern(AssocCall *pCall, int eOp, const ShapeVal *pText,
                      int *pn) {
  char *z = assocMalloc(pCall, 2 * (i64)pText->n + 3);
  int i, n = 0;
  if (z == 0) return 0;
  if (eOp != SHAPE_OP_STARTS) z[n++] = '%';
  for (i = 0; i < pText->n; i++) {
    if (pText->z[i] && strchr(zLikeSpecial, pText->z[i])) z[n++] = '\\';
    z[n++] = pText->z[i];
  }
  if (eOp != SHAPE_OP_ENDS) z[n++] = '%';
  z[n] = 0;
  *pn = n;
  return z;
}

/* Append '%50\%%': the pattern for a literal text. Of a statement with
** parameters, it is made when it is bound. */
static void sqlPatternOf(AssocSql *p, int eOp, const ShapeVal *pText) {
  AssocBind *pBind;
  char *z;
  int n = 0;
  if (!p->bLiteral) {
    pBind = assocSqlBind(p, pText, ASSOC_BIND_LIKE);
    if (pBind) pBind->iPart = eOp;
    return;
  }
  z = assocSqlPattern(p->pCall, eOp, pText, &n);
  sqlite3_str_appendf(p->pStr, "%Q", z ? z : "");
  sqlite3_free(z);
}

/* Does an index serve "starts with": on the column, without the case of letters? */
static int servesStart(AssocSql *p, const ShapePred *pPred,
                       const AssocModel *pModel) {
  AssocTable *pTab = pModel->pTable;
  int iCol = assocKeyColumn(pTab, &pPred->key);
  const AssocIndex *pIdx;
  if (iCol < 0 || pTab->aCol[iCol].eAff != ASSOC_AFF_TEXT) return 0;
  pIdx = assocTableIndexes(p->pCall, pTab);
  while (pIdx && (pIdx->aCol[0] != iCol ||
                  sqlite3_stricmp(pIdx->azColl[0], "NOCASE") != 0)) {
    pIdx = pIdx->pNext;
  }
  return pIdx != 0;
}

/* Is the pattern of the value to be bound as a whole? A literal becomes one pattern.
** So does a parameter if an index may serve, since SQLite then plans the statement
** anew for each value, which takes longer than to test some rows. */
static int bindsPattern(AssocSql *p, const ShapePred *pPred,
                        const AssocModel *pModel, const ShapeVal *pVal) {
  if (pVal->eType == SHAPE_VAL_TEXT) return 1;
  if (pVal->eType < SHAPE_VAL_INDEX || p->bLiteral || p->bPolicy) return 0;
  if (pPred->eOp != SHAPE_OP_STARTS || pPred->bNot) return 0;
  return servesStart(p, pPred, pModel);
}

/*
** Append the LIKE of starts, ends and contains:
**
**   t1.name LIKE '50\%%' ESCAPE '\'
**   t1.name LIKE '%'||replace(replace(replace(?1,'\','\\'),...)||'%' ESCAPE '\'
**
** SQLite can use an index for one pattern.
*/
static void sqlPattern(AssocSql *p, const ShapePred *pPred,
                       const AssocModel *pModel) {
  const ShapeVal *pVal = assocScopeVal(p->pCall, p->pScope, pPred->pVal);
  const char *z;
  assert(pPred->pVal);
  sqlPut(p, pPred->bNot ? " NOT LIKE " : " LIKE ");
  if (bindsPattern(p, pPred, pModel, pVal)) {
    sqlPatternOf(p, pPred->eOp, pVal);
  } else {
    if (pPred->eOp != SHAPE_OP_STARTS) sqlPut(p, "'%'||");
    sqlPut(p, "replace(replace(replace(");
    assocSqlVal(p, pPred->pVal);
    for (z = zLikeSpecial; *z; z++) {
      sqlite3_str_appendf(p->pStr, ",'%c','\\%c')", *z, *z);
    }
    if (pPred->eOp != SHAPE_OP_ENDS) sqlPut(p, "||'%'");
  }
  sqlPut(p, " ESCAPE '\\'");
}

/* Append a comparison of a key with values. */
static void sqlCompare(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                       int iAlias) {
  if (pPred->pOther) {
    sqlBeside(p, pPred, pModel, iAlias);
    return;
  }
  p->bMatch = pPred->eOp == SHAPE_OP_MATCH;
  assocSqlKey(p, &pPred->key, pModel, iAlias);
  p->bMatch = 0;
  if (pPred->eOp == SHAPE_OP_ISNULL) {
    sqlPut(p, pPred->bNot ? " IS NOT NULL" : " IS NULL");
    return;
  }
  if (pPred->eOp >= SHAPE_OP_STARTS) {
    sqlPattern(p, pPred, pModel);
    return;
  }
  sqlite3_str_appendf(p->pStr, "%s %s ", pPred->bNot ? " NOT" : "",
                      azShapeOp[pPred->eOp]);
  if (pPred->bList) {
    sqlList(p, pPred->pVal, pModel);
    return;
  }
  if (pPred->eOp == SHAPE_OP_IN) {
    sqlVals(p, pPred->pVal);
    return;
  }
  assocSqlVal(p, pPred->pVal);
  if (pPred->eOp == SHAPE_OP_BETWEEN) {
    sqlPut(p, " AND ");
    assocSqlVal(p, pPred->pVal->pNext);
  }
}

static void sqlSome(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                    int iAlias);

/* Write some a.b.c(...) as some a(some b.c(...)), because the path is too long
** for one join. */
static void sqlSomeSplit(AssocSql *p, const ShapePred *pPred,
                         AssocModel *pModel, int iAlias) {
  ShapePred outer = *pPred, inner = *pPred;
  ShapeName *pName = pPred->key.pPath, *pFirst = 0, **ppEnd = &pFirst;
  int i, n = 0;
  assert(pPred->key.pPath->pNext);
  for (; pName; pName = pName->pNext) n++;
  pName = pPred->key.pPath;
  for (i = 0; i < n / 2; i++, pName = pName->pNext) {
    *ppEnd = assocAlloc(p->pCall, p->pArena, sizeof(*pName));
    if (*ppEnd == 0) return;
    **ppEnd = *pName;
    (*ppEnd)->pNext = 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  if (pPred->eOp != SHAPE_OP_EVERY) inner.eOp = SHAPE_OP_SOME;
  inner.key.pPath = pName;
  inner.pNext = 0;
  outer.key.pPath = pFirst;
  outer.pOn = 0;
  outer.pSub = &inner;
  sqlSome(p, &outer, pModel, iAlias);
}

/* Append some: EXISTS(...); none: NOT EXISTS(...); every: there is no row for
** which the predicate is not true. */
static void sqlSome(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                    int iAlias) {
  AssocModel *pStart = pModel;
  AssocFilter filter = {0};
  filter.zWord = azShapeOp[pPred->eOp];
  filter.pFirst = hopsTo(p, pPred->key.pPath, 0, pPred->pOn, &pModel, iAlias,
                         ASSOC_FIRST_FILTER);
  filter.pEnd = pModel;
  filter.pPred = pPred->pSub;
  filter.bNotTrue = pPred->eOp == SHAPE_OP_EVERY;
  if (p->pCall->rc != SQLITE_OK) return;
  if (hopTables(filter.pFirst) > PATH_TABLES && pPred->key.pPath->pNext) {
    sqlSomeSplit(p, pPred, pStart, iAlias);
    return;
  }
  if (pPred->eOp == SHAPE_OP_SOME) {
    assocSqlFilter(p, &filter);
  } else {
    sqlPut(p, "NOT ");
    filterExactly(p, &filter);
  }
}

/* Is the predicate true if its column is NULL, and so for a missing row? */
static int trueOfNull(const ShapePred *pPred) {
  const ShapePred *pSub = pPred->pSub;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
    while (pSub && trueOfNull(pSub)) pSub = pSub->pNext;
    return pSub == 0;
  case SHAPE_OP_OR:
    while (pSub && !trueOfNull(pSub)) pSub = pSub->pNext;
    return pSub != 0;
  case SHAPE_OP_ISNULL: return !pPred->bNot;
  case SHAPE_OP_IN: return pPred->bNot && pPred->pVal == 0;
  }
  return 0;
}

/* May it be true, as "not in" is of a parameter that holds an empty list? */
static int maybeOfNull(const ShapePred *pPred) {
  return trueOfNull(pPred) || (pPred->bList && pPred->bNot);
}

/* Does a path contain a to-one that can find several rows and has no order? */
static int looseAt(AssocSql *p, const ShapeName *pPath, const ShapeName *pEnd,
                   AssocModel *pModel) {
  for (; pPath != pEnd && p->pCall->rc == SQLITE_OK; pPath = pPath->pNext) {
    AssocRel *pRel = assocSqlRel(p, pModel, pPath);
    if (pRel == 0) return 0;
    pModel = pRel->pTarget;
    if (assocFirstOfMany(p->pCall, pRel) &&
        !assocOrderOf(pRel, assocSqlScoped(p, pRel, pModel, 0))) {
      return 1;
    }
  }
  return 0;
}

/* Kinds of paths in a comparison. */
#define PATH_OWN 0     /* There is no path */
#define PATH_ONE 1     /* The path has one value */
#define PATH_LOOSE 2   /* It may have several values, as in a join */
#define PATH_SEVERAL 3 /* To-many, from JSON: "$posts.title$" */

/* How is a condition on a path tested? PATH_OWN: on the row itself. PATH_ONE: a
** plain to-one path. PATH_LOOSE: a to-one that may find several rows.
** PATH_SEVERAL: a to-many path, which JSON allows and which means "some". */
static int pathKind(AssocSql *p, const ShapePred *pPred, AssocModel *pModel) {
  const ShapeName *pPath = pPred->key.pPath, *pCol;
  if (pPred->key.pAgg || pPath->pNext == 0) return PATH_OWN;
  if (pPred->pOther) return PATH_OWN; /* Of the row that it is asked of */
  pCol = lastName(pPath);
  if (manyAt(p, pPath, pCol, pModel)) {
    return pPred->bSome ? PATH_SEVERAL
                        : PATH_OWN; /* sqlPathColumn() raises the error */
  }
  return looseAt(p, pPath, pCol, pModel) ? PATH_LOOSE : PATH_ONE;
}

/* Make a filter for the rows at the end of a path: those for which the
** predicate about their column is true. */
static void pathFilter(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                       int iAlias, AssocFilter *pFilter) {
  const ShapeName *pCol = lastName(pPred->key.pPath);
  ShapePred *pLast = assocAlloc(p->pCall, p->pArena, sizeof(*pLast));
  assert(pPred->key.pPath->pNext);
  memset(pFilter, 0, sizeof(*pFilter));
  pFilter->zWord = "some";
  pFilter->pEnd = pModel;
  pFilter->pFirst = hopsTo(p, pPred->key.pPath, pCol, 0, &pFilter->pEnd, iAlias,
                           ASSOC_FIRST_FILTER);
  if (pLast == 0) return;
  *pLast = *pPred;
  pLast->key.pPath = (ShapeName *)pCol;
  pLast->pNext = 0;
  pFilter->pPred = pLast;
}

/*
** Append coalesce((SELECT max(t3.shop=?1) FROM pays t3 WHERE ...),0): is the
** comparison true for any row, else false for any row, else NULL? NOT needs
** this difference. A list that is a parameter may be empty, and NULL IN () is
** false: so what is asked of no row is asked of NULL.
*/
static void sqlMaybe(AssocSql *p, const AssocFilter *pF) {
  const ShapePred *pPred = pF->pPred;
  int bNone =
      (pPred->eOp == SHAPE_OP_IN && pPred->pVal == 0) ||
      pPred->eOp == SHAPE_OP_ISNULL; /* IS NULL and IN () are never NULL */
  int bList = pPred->eOp == SHAPE_OP_IN && pPred->bList;
  assert(bNone || !trueOfNull(pPred)); /* A comparison, no list of them */
  sqlPut(p, bNone || bList ? "coalesce((SELECT max(" : "(SELECT max(");
  assocSqlPred(p, pPred, pF->pEnd, lastHop(pF->pFirst)->iAlias);
  sqlPut(p, ")");
  assocSqlFrom(p, pF->pFirst, 0, 0);
  if (bList) {
    sqlPut(p, pPred->bNot ? "),NULL NOT IN " : "),NULL IN ");
    sqlList(p, pPred->pVal, pF->pEnd);
    sqlPut(p, ")");
    return;
  }
  sqlPut(p, trueOfNull(pPred) ? "),1)" : bNone ? "),0)" : ")");
}

/* Make the predicate some posts(...). If the inner predicate is true for NULL,
** it is "none posts or some posts(...)", because a missing row counts as a row
** of NULLs. */
static const ShapePred *predSome(AssocSql *p, ShapeName *pPath,
                                 ShapePred *pSub) {
  ShapePred *pSome = assocAlloc(p->pCall, p->pArena, sizeof(*pSome) * 3);
  ShapePred *pOr, *pNone;
  if (pSome == 0) return 0; /* Also if there is no path */
  pSome->eOp = SHAPE_OP_SOME;
  pSome->key.pPath = pPath;
  pSome->pSub = pSub;
  if (!trueOfNull(pSub)) return pSome;
  pOr = pSome + 1;
  pNone = pSome + 2;
  pNone->eOp = SHAPE_OP_NONE;
  pNone->key.pPath = pPath;
  pNone->pNext = pSome;
  pOr->eOp = SHAPE_OP_OR;
  pOr->pSub = pNone;
  return pOr;
}

/* Copy the names of a path except the last. */
static ShapeName *pathBefore(AssocSql *p, const ShapeName *pPath) {
  ShapeName *pFirst = 0, **ppEnd = &pFirst;
  for (; pPath->pNext; pPath = pPath->pNext) {
    *ppEnd = assocAlloc(p->pCall, p->pArena, sizeof(*pPath));
    if (*ppEnd == 0) return 0;
    **ppEnd = *pPath;
    (*ppEnd)->pNext = 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

/* Append a comparison at the end of a path as a filter, if the path may have
** several values, or if starting from the related rows is better. Returns 0 if
** nothing was written. */
static int sqlSomeColumn(AssocSql *p, const ShapePred *pPred,
                         AssocModel *pModel, int iAlias) {
  int eKind = pathKind(p, pPred, pModel);
  AssocFilter filter;
  if (p->pCall->rc != SQLITE_OK) return 1;
  if (eKind == PATH_OWN || (eKind == PATH_ONE && maybeOfNull(pPred))) return 0;
  pathFilter(p, pPred, pModel, iAlias, &filter);
  if (p->pCall->rc != SQLITE_OK) return 1;
  if (eKind == PATH_ONE) {
    if (hopTables(filter.pFirst) > PATH_TABLES) return 0;
    return assocSqlFilterFirst(p, &filter);
  }
  if (eKind == PATH_LOOSE &&
      (p->bMaybe || (maybeOfNull(pPred) && !trueOfNull(pPred)))) {
    sqlMaybe(p, &filter);
  } else if (trueOfNull(pPred) || hopTables(filter.pFirst) > PATH_TABLES) {
    const ShapePred *pNew =
        predSome(p, pathBefore(p, pPred->key.pPath), (ShapePred *)filter.pPred);
    if (pNew) assocSqlPred(p, pNew, pModel, iAlias);
  } else {
    assocSqlFilter(p, &filter);
  }
  return 1;
}

/* ------------------------------------------------------- lists of predicates */

/* The association with which all paths of a predicate begin, if they may find
** several rows; else 0. */
static const ShapeName *severalOf(AssocSql *p, const ShapePred *pPred,
                                  AssocModel *pModel) {
  const ShapeName *pName = 0, *pOther;
  const ShapePred *pSub;
  if (pPred->eOp == SHAPE_OP_AND || pPred->eOp == SHAPE_OP_OR) {
    for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
      pOther = severalOf(p, pSub, pModel);
      if (pOther == 0) return 0;
      if (pName && sqlite3_stricmp(pName->z, pOther->z) != 0) return 0;
      pName = pOther;
    }
    return pName;
  }
  if (pPred->pSub) return 0;
  return pathKind(p, pPred, pModel) >= PATH_LOOSE ? pPred->key.pPath : 0;
}

/* Copy a predicate without the first name of its paths: it is then about the
** rows of that association. */
static ShapePred *predBehind(AssocSql *p, const ShapePred *pPred) {
  ShapePred *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew)), **ppEnd;
  const ShapePred *pSub;
  if (pNew == 0) return 0;
  *pNew = *pPred;
  pNew->pNext = 0;
  pNew->pSub = 0;
  ppEnd = &pNew->pSub;
  if (pPred->pSub == 0) pNew->key.pPath = pPred->key.pPath->pNext;
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    *ppEnd = predBehind(p, pSub);
    if (*ppEnd == 0) return pNew;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pNew;
}

/*
** In an AND, the paths that begin with the same association mean the same row,
** as in a join: "$posts.title$" and "$posts.n$" become some posts(title ... and
** n ...). Join a[0] with the later predicates of its association, and set those
** to 0.
*/
static void predTogether(AssocSql *p, const ShapePred **a, int n,
                         AssocModel *pModel) {
  const ShapeName *pFirst = severalOf(p, a[0], pModel), *pName;
  ShapePred *pAnd, **ppEnd;
  ShapeName *pPath;
  int i, nSame = 0;
  assert(n > 0 && a[0]);
  if (pFirst == 0) return;
  pAnd = assocAlloc(p->pCall, p->pArena, sizeof(*pAnd));
  pPath = assocAlloc(p->pCall, p->pArena, sizeof(*pPath));
  if (pPath == 0) return;
  *pPath = *pFirst;
  pPath->pNext = 0;
  pAnd->eOp = SHAPE_OP_AND;
  ppEnd = &pAnd->pSub;
  for (i = 0; i < n; i++) {
    pName = a[i] ? severalOf(p, a[i], pModel) : 0;
    if (pName == 0 || sqlite3_stricmp(pName->z, pPath->z) != 0) continue;
    if (nSame++ == 0 && i == n - 1) return; /* No other path begins so */
    *ppEnd = predBehind(p, a[i]);
    if (*ppEnd == 0) return;
    ppEnd = &(*ppEnd)->pNext;
    if (i > 0) a[i] = 0;
  }
  if (nSame > 1) a[0] = predSome(p, pPath, pAnd);
}

/* The most predicates side by side. SQLite limits the depth of expressions, and
** a AND b AND c has depth 3. So a long list becomes a list of lists. */
#define PRED_SIDE 16

/* Is the predicate about a column behind a plain to-one, and false for a missing
** row? Then the first name of its path, else 0. */
static const ShapeName *oneOf(AssocSql *p, const ShapePred *pPred,
                              AssocModel *pModel) {
  if (pPred == 0 || pPred->pSub || pathKind(p, pPred, pModel) != PATH_ONE) {
    return 0;
  }
  return maybeOfNull(pPred) ? 0 : pPred->key.pPath;
}

/*
** Conditions behind the same to-one, post.author.city = "Oslo" and post.likes > 3,
** are some post(author.city = "Oslo" and likes > 3), if it is better to start from
** the posts: one list of those that meet both is shorter than two. Join a[0] with
** the later ones, and set those to 0. Not looked for in long lists.
*/
static void predBehindOne(AssocSql *p, const ShapePred **a, int n,
                          AssocModel *pModel, int iAlias) {
  const ShapeName *pFirst = n > PRED_SIDE ? 0 : oneOf(p, a[0], pModel), *pName;
  AssocFilter filter = {.zWord = "some", .pEnd = pModel};
  ShapePred *pAnd, **ppEnd;
  ShapeName *pPath;
  u8 abSame[PRED_SIDE] = {0};
  int i, nSame = 0;
  if (pFirst == 0) return;
  pAnd = assocAlloc(p->pCall, p->pArena, sizeof(*pAnd));
  pPath = assocAlloc(p->pCall, p->pArena, sizeof(*pPath));
  if (pPath == 0) return; /* Also if there is no AND */
  filter.pPred = pAnd;
  ppEnd = &pAnd->pSub;
  *pPath = *pFirst;
  pPath->pNext = 0;
  pAnd->eOp = SHAPE_OP_AND;
  for (i = 0; i < n; i++) {
    pName = oneOf(p, a[i], pModel);
    if (pName == 0 || sqlite3_stricmp(pName->z, pPath->z) != 0) continue;
    *ppEnd = predBehind(p, a[i]);
    if (*ppEnd == 0) return;
    ppEnd = &(*ppEnd)->pNext;
    abSame[i] = 1;
    nSame++;
  }
  if (nSame < 2) return;
  filter.pFirst =
      hopsTo(p, pPath, 0, 0, &filter.pEnd, iAlias, ASSOC_FIRST_FILTER);
  if (filter.pFirst == 0 || !assocSqlFilterLeads(p, &filter)) return;
  for (i = 1; i < n; i++) {
    if (abSame[i]) a[i] = 0;
  }
  a[0] = predSome(p, pPath, pAnd);
}

/* The number of predicates in an AND or OR, including those in nested lists of
** the same kind. If a is not 0, it receives them. */
static int predList(const ShapePred *pPred, int eOp, const ShapePred **a) {
  const ShapePred *pSub;
  int n = 0;
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    if (pSub->eOp == eOp) {
      n += predList(pSub, eOp, a ? &a[n] : 0);
    } else {
      if (a) a[n] = pSub;
      n++;
    }
  }
  return n;
}

/* Append n predicates, joined by AND or OR, as a balanced tree. */
static void sqlPredList(AssocSql *p, const ShapePred **a, int n, int eOp,
                        AssocModel *pModel, int iAlias) {
  int i, nStep = 1;
  assert(n > 0);
  while (nStep * PRED_SIDE < n) nStep *= PRED_SIDE;
  for (i = 0; i < n && p->pCall->rc == SQLITE_OK; i += nStep) {
    int nHere = n - i < nStep ? n - i : nStep;
    sqlPut(p, i == 0 ? "(" : eOp == SHAPE_OP_AND ? ") AND (" : ") OR (");
    if (eOp == SHAPE_OP_OR) assocSqlSpendOr(p, pModel->pTable, iAlias);
    if (nHere > 1) {
      sqlPredList(p, &a[i], nHere, eOp, pModel, iAlias);
    } else {
      assocSqlPred(p, a[i], pModel, iAlias);
    }
  }
  sqlPut(p, ")");
}

/* Append the operands of an AND or OR. Conditions on the same to-many path in
** one AND are written as one subquery, because they must hold for the same
** related row; predTogether() sets the others to 0. */
static void sqlPreds(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                     int iAlias) {
  int eOp = pPred->eOp, n = predList(pPred, eOp, 0), i, nLeft = 0;
  /* The + keeps SQLite from looking up each side of an OR by its own index */
  int bPlus = eOp == SHAPE_OP_OR && p->bNatural;
  const ShapePred **a =
      assocAlloc(p->pCall, p->pArena, (i64)sizeof(*a) * (n + 1));
  if (a == 0) return;
  (void)predList(pPred, eOp, a);
  for (i = 0; i < n; i++) {
    if (a[i] == 0) continue;
    if (eOp == SHAPE_OP_AND) {
      predTogether(p, &a[i], n - i, pModel);
      if (a[i]) predBehindOne(p, &a[i], n - i, pModel, iAlias);
    }
    a[nLeft++] = a[i];
  }
  if (p->pCall->rc != SQLITE_OK) return;
  if (nLeft == 0) sqlPut(p, "true");
  if (bPlus) sqlPut(p, "+(");
  if (nLeft) sqlPredList(p, a, nLeft, eOp, pModel, iAlias);
  if (bPlus) sqlPut(p, ")");
}

/* Under NOT, false and NULL are different results, so a condition must not be
** written in a form that turns one into the other: bMaybe says this to the
** functions below. */
void assocSqlPred(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                  int iAlias) {
  u8 bMaybe;
  assert(pPred || p->pCall->rc != SQLITE_OK);
  if (p->pCall->rc != SQLITE_OK) return;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
  case SHAPE_OP_OR: sqlPreds(p, pPred, pModel, iAlias); break;
  case SHAPE_OP_NOT:
    sqlPut(p, "NOT (");
    bMaybe = p->bMaybe;
    p->bMaybe = 1;
    assocSqlPred(p, pPred->pSub, pModel, iAlias);
    p->bMaybe = bMaybe;
    sqlPut(p, ")");
    break;
  case SHAPE_OP_SOME:
  case SHAPE_OP_EVERY:
  case SHAPE_OP_NONE: sqlSome(p, pPred, pModel, iAlias); break;
  default:
    if (!sqlSomeColumn(p, pPred, pModel, iAlias)) {
      sqlCompare(p, pPred, pModel, iAlias);
    }
    break;
  }
}

/* ------------------------------------------------------------- conditions */

/* Append " AND (...)"; pPred may be 0. */
static void sqlAnd(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                   int iAlias) {
  if (pPred == 0) return;
  sqlPut(p, " AND (");
  assocSqlPred(p, pPred, pModel, iAlias);
  sqlPut(p, ")");
}

/* See sql.h. The predicate is not part of the shape's text, so errors have no
** caret. */
void assocSqlScope(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                   int iAlias) {
  const char *zText = p->zText;
  u8 bOwner = p->bOwner;
  p->zText = 0;
  p->bOwner = 1;
  sqlAnd(p, pPred, pModel, iAlias);
  p->zText = zText;
  p->bOwner = bOwner;
}

/* The order does not matter for the result. Scopes stand first, because SQLite
** often has an index for them. */
void assocSqlConditions(AssocSql *p, const AssocRel *pRel,
                        const ShapeClauses *pC, AssocModel *pModel, int iAlias,
                        int iJoin) {
  assocSqlModel(p, pModel, pC, iAlias);
  if (pRel) assocSqlScope(p, pRel->pScope, pModel, iAlias);
  if (pRel && iJoin) {
    AssocModel *pJoin = assocModelOf(p->pCall, pRel->pThrough);
    if (pJoin == 0) return;
    assocSqlModel(p, pJoin, pC ? pC->pThrough : 0, iJoin);
    assocSqlScope(p, pRel->pThroughScope, pJoin, iJoin);
    if (pC && pC->pThrough) sqlAnd(p, pC->pThrough->pWhere, pJoin, iJoin);
  }
  if (pC) sqlAnd(p, pC->pWhere, pModel, iAlias);
}

/* Can the steps be joined to their source in one statement, so that each target
** comes once? With bWays it may come once for each way. */
static int joinsSteps(AssocSql *p, const AssocHop *pFirst, int bWays) {
  return hopTables(pFirst) < MOST_TABLES &&
         (bWays || !assocHopsMeet(p->pCall, pFirst));
}

/* Append the rows of a path. Without bWays a target counts once, however many
** ways lead to it. */
static void sqlRelatedPath(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                           const ShapeClauses *pIn, int bWays) {
  AssocModel *pTgt = pRel->pTarget;
  AssocHop *pFirst = assocSqlHops(p, pRel, 1, ASSOC_FIRST_NOT), *pLast = pFirst;
  const ShapeClauses *pBefore = assocSqlBefore(p, pRel, pTgt, pC);
  assocModelNeedKey(p->pCall, pTgt);
  if (p->pCall->rc != SQLITE_OK) return;
  assocSqlTableAs(p, pRel->pSource->pTable, 1);
  sqlPut(p, ", ");
  if (joinsSteps(p, pFirst, bWays)) {
    while (pLast->pNext) pLast = pLast->pNext;
    pLast->iAlias = 2;
    sqlSteps(p, pFirst, pIn ? pBefore : pC, 0);
    if (pIn == 0) return;
  } else {
    sqlTargetsOnce(p, pTgt, 2, pFirst, pBefore);
  }
  assocSqlConditions(p, 0, pC, pTgt, 2, 0);
  if (pIn == 0) return;
  sqlPut(p, " AND ");
  assocSqlKeyColumns(p, pTgt, 2, 1);
  sqlPut(p, "=");
  assocSqlFirstEnd(p, pRel, assocSqlFirst(p, pRel, 1, pIn), pIn);
}

/* See sql.h. */
int assocSqlMeets(AssocSql *p, AssocRel *pRel) {
  const AssocHop *pFirst = assocSqlHops(p, pRel, 1, ASSOC_FIRST_NOT);
  return pFirst == 0 || !joinsSteps(p, pFirst, 0);
}

/* Models are compared, not names: "on post" and "on Post" may mean one
** model. */
const ShapeClauses *assocBranchClauses(AssocCall *pCall,
                                       const AssocBranch *pBranch,
                                       const ShapeItem *pBlock) {
  AssocCatalog *pCat = pBranch->pModel->pTable->pSchema->pCatalog;
  for (; pBlock; pBlock = pBlock->pNext) {
    if (pBlock->eType == SHAPE_ITEM_ON &&
        assocModelSeek(pCall, pCat, pBlock->pPath->z) == pBranch->pModel) {
      return pBlock->pClauses;
    }
  }
  return 0;
}

/* Append the rows of a polymorphic belongsTo: the type selects the table, and
** the row must exist there. */
static void sqlRelatedBranches(AssocSql *p, AssocRel *pRel,
                               const ShapeItem *pBlock) {
  const AssocTable *pSrc = pRel->pSource->pTable;
  int i;
  assocSqlTableAs(p, pSrc, 1);
  sqlPut(p, " WHERE (false");
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocBranch *pBranch = &pRel->aBranch[i];
    int iAlias = ++p->nAlias;
    sqlPut(p, " OR ");
    assocSqlSpendOr(p, pSrc, 1);
    assocSqlColumn(p, 1, pSrc, pRel->type.aCol[0]);
    sqlPut(p, "=");
    assocSqlTypeVal(p, pBranch->zType);
    sqlPut(p, " AND EXISTS(SELECT 1 FROM ");
    assocSqlTableAs(p, pBranch->pModel->pTable, iAlias);
    sqlPut(p, " WHERE ");
    assocSqlEqual(p, iAlias, pBranch->pModel->pTable, &pBranch->key, 1, pSrc,
                  &pRel->foreign);
    assocSqlConditions(p, 0, assocBranchClauses(p->pCall, pBranch, pBlock),
                       pBranch->pModel, iAlias, 0);
    sqlPut(p, ")");
  }
  sqlPut(p, ")");
}

/* The statement of assoc_count(), assoc_has() and assoc_get(): t1 is the source
** row, t2 the related rows, t3 a join row. A polymorphic association has one
** SELECT for each of its models. */
void assocSqlRelated(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                     const ShapeItem *pBlock, int bWays) {
  AssocHop hop;
  const ShapeClauses *pIn =
      pRel->nBranch ? 0 : assocSqlChoice(p, pRel, pC, pBlock);
  assert(pRel);
  sqlPut(p, " FROM ");
  if (p->nAlias < 3) p->nAlias = 3; /* A polymorphic key comes before */
  if (pRel->nPath) {
    sqlRelatedPath(p, pRel, pC, pIn, bWays);
  } else if (pRel->nBranch) {
    sqlRelatedBranches(p, pRel, pBlock);
    return;
  } else {
    memset(&hop, 0, sizeof(hop));
    hop.pRel = pRel;
    hop.iFrom = 1;
    hop.iAlias = 2;
    hop.eFirst = pIn ? ASSOC_FIRST_FILTER : ASSOC_FIRST_NOT;
    if (pRel->eKind == ASSOC_BELONGSTOMANY) hop.iJoin = 3;
    assocSqlJoined(p, 2, pRel, 3);
    assocSqlTableAs(p, pRel->pSource->pTable, 1);
    sqlPut(p, ", ");
    sqlHopTables(p, &hop);
    assocSqlPlace(p, 2, 3);
    assocSqlPlaceHere(p);
    sqlPut(p, " WHERE ");
    sqlHopWhere(p, &hop, pC, 0);
  }
  assocSqlRequired(p, pBlock, pRel->pTarget, 2);
}

/* {"all":...,"where":...}: each of these associations is required. */
static void sqlRequiredAll(AssocSql *p, const ShapeItem *pBlock,
                           const ShapeItem *pAll, AssocModel *pModel,
                           int iAlias) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  if (!pAll->bRequired) return;
  while ((pRel = assocAllNext(p, pModel, pBlock, pAll->mAll, &pDef)) != 0) {
    const ShapeItem *pItem = assocAllItem(p, pAll, pRel);
    if (pItem) assocSqlRequired(p, pItem, pModel, iAlias);
  }
}

/* "!" on an item of a block is a condition on the parent: at least one related
** row exists. An {"all":...} is expanded first. */
void assocSqlRequired(AssocSql *p, const ShapeItem *pBlock, AssocModel *pModel,
                      int iAlias) {
  const ShapeItem *pItem;
  for (pItem = pBlock; pItem && p->pCall->rc == SQLITE_OK;
       pItem = pItem->pNext) {
    AssocModel *pAt = pModel;
    AssocFilter filter = {0};
    if (pItem->eType == SHAPE_ITEM_ALL) {
      sqlRequiredAll(p, pBlock, pItem, pModel, iAlias);
    }
    if (pItem->eType != SHAPE_ITEM_NAME || !pItem->bRequired) continue;
    if (pItem->pPath && pItem->pPath->pNext) {
      filter.pFirst =
          hopsTo(p, pItem->pPath, 0, 0, &pAt, iAlias, ASSOC_FIRST_FILTER);
    } else {
      AssocRel *pRel = assocItemRel(p, pItem, pItem->pPath, pModel);
      if (pRel)
        filter.pFirst = assocSqlHops(p, pRel, iAlias, ASSOC_FIRST_FILTER);
      if (pRel) pAt = pRel->pTarget;
    }
    if (filter.pFirst == 0) return;
    filter.zWord = "required";
    filter.pEnd = pAt;
    filter.pC = pItem->pClauses;
    filter.pBlock = pItem->pBlock;
    sqlPut(p, " AND ");
    assocSqlFilter(p, &filter);
  }
}

/* ------------------------------------------------------------------ order */

/* Append COLLATE. The connection must know the collation. */
static void sqlCollation(AssocSql *p, const ShapeName *pName) {
  sqlite3_stmt *pStmt = assocPrepare(p->pCall, "PRAGMA collation_list");
  int bFound = 0;
  while (assocStep(p->pCall, pStmt)) {
    if (sqlite3_stricmp(assocColumnText(p->pCall, pStmt, 1), pName->z) == 0) {
      bFound = 1;
    }
  }
  assocFinalize(p->pCall, pStmt);
  if (!bFound) {
    assocShapeFail(
        p->pCall, p->zText, pName->iOff,
        &(AssocWhy){.eReason = ASSOC_E_UNSUPPORTED, .zName = pName->z},
        "there is no collation '%s'", pName->z);
  }
  sqlite3_str_appendf(p->pStr, " COLLATE \"%w\"", pName->z);
}

/* Raise an error if a to-many path should order its parents. In Sequelize such
** an order orders the related rows themselves. */
static void sqlSortMany(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel) {
  const ShapeName *pCol, *pMany;
  if (pKey->pAgg) return;
  pCol = lastName(pKey->pPath);
  pMany = manyAt(p, pKey->pPath, pCol, pModel);
  if (pMany == 0) return;
  assocShapeFail(
      p->pCall, p->zText, pMany->iOff,
      &(AssocWhy){.eReason = ASSOC_E_UNSUPPORTED, .zName = pMany->z},
      "%s may be many, so they cannot order their parents; to order them, give "
      "%s itself an order; or did you mean an aggregate, such as min, of %s?",
      pMany->z, pMany->z, pCol->z);
}

/* The number of the selected column that is this key; 0 if there is none. */
static int sqlListed(const AssocSql *p, const ShapeKey *pKey) {
  int i;
  for (i = 0; i < p->nListed; i++) {
    if (p->aListed[i].pKey == pKey) return p->iListed + i;
  }
  return 0;
}

int assocLinkAlike(const AssocRel *pRel, int iCol) {
  int i;
  for (i = 0; i < pRel->targetKey.nCol; i++) {
    if (pRel->targetKey.aCol[i] != iCol) continue;
    return assocColumnAlike(&pRel->pThrough->aCol[pRel->other.aCol[i]],
                            &pRel->pTarget->pTable->aCol[iCol])
               ? pRel->other.aCol[i]
               : -1;
  }
  return -1;
}

/* The column of the join row t2 that may stand for a column of t1 in an order; -1
** if there is none. Orders inside this one are of other rows. */
static int sqlLinked(const AssocSql *p, int iAlias, int iCol) {
  if (p->pLinked == 0 || iAlias != 1 || iCol < 0) return -1;
  return assocLinkAlike(p->pLinked, iCol);
}

/* Append a column to sort by. */
static void sqlSortColumn(AssocSql *p, AssocModel *pModel, int iAlias,
                          int iCol) {
  int iLink = sqlLinked(p, iAlias, iCol);
  if (iLink >= 0) {
    assocSqlColumn(p, 2, p->pLinked->pThrough, iLink);
  } else {
    assocSqlColumn(p, iAlias, pModel->pTable, iCol);
  }
}

/* Append a term of an order. NULLs come first in an ascending order and last in
** a descending one, unless the term says otherwise. bTurned reverses both. */
static void sqlSort(AssocSql *p, const ShapeSort *pSort, AssocModel *pModel,
                    int iAlias, int bTurned) {
  int bDesc = pSort->bDesc != bTurned, iListed = sqlListed(p, &pSort->key);
  int iCol = assocKeyColumn(pModel->pTable, &pSort->key);
  sqlSortMany(p, &pSort->key, pModel);
  if (sqlLinked(p, iAlias, iCol) >= 0) {
    sqlSortColumn(p, pModel, iAlias, iCol);
  } else if (iListed) {
    sqlite3_str_appendf(p->pStr, "%d", iListed);
  } else {
    assocSqlKey(p, &pSort->key, pModel, iAlias);
  }
  if (pSort->pColl) sqlCollation(p, pSort->pColl);
  if (bDesc) sqlPut(p, " DESC");
  if (pSort->eNulls == SHAPE_NULLS_DEFAULT) return;
  sqlPut(p, (pSort->eNulls == SHAPE_NULLS_FIRST) != bTurned ? " NULLS FIRST"
                                                            : " NULLS LAST");
}

/* Does the order contain this column? */
static int sortsBy(const ShapeSort *pSort, const AssocTable *pTab, int iCol) {
  for (; pSort; pSort = pSort->pNext) {
    if (assocKeyColumn(pTab, &pSort->key) == iCol) return 1;
  }
  return 0;
}

/* An order in parentheses replaces the association's order; they are never
** combined. */
ShapeSort *assocOrderOf(const AssocRel *pRel, const ShapeClauses *pC) {
  if (pC && pC->pOrder) return pC->pOrder;
  return pRel ? pRel->pOrder : 0;
}

/* Is the order so long that SQLite 3.40 crashes where it leaves out a LEFT JOIN
** that only ORDER BY uses? That is from 64 terms on. */
static int isLongOrder(const AssocRel *pRel, const ShapeSort *pSort,
                       const AssocModel *pModel) {
  int n = pModel->nKey;
  if (pRel && pRel->pThrough) n += pRel->pThrough->nKey;
  for (; pSort; pSort = pSort->pNext) n++;
  return n >= 64;
}

/*
** The key is appended as the last terms, in the direction of the last term, so
** that no two rows are equal and every strategy gives the same order. Key
** columns that the order already has are left out. While the order of a
** definition is written, zText is 0, because its offsets do not belong to the
** text of the shape.
*/
void assocSqlOrder(AssocSql *p, const AssocRel *pRel, const ShapeClauses *pC,
                   AssocModel *pModel, int iAlias, int bTurned) {
  const ShapeSort *pOrder = assocOrderOf(pRel, pC), *pSort;
  const char *zText = p->zText;
  AssocPlace *pPlace = p->pPlace;
  int i, n = 0, bDesc = bTurned;
  assert(iAlias > 0);
  if (pC == 0 || pOrder != pC->pOrder) p->zText = 0;
  if (isLongOrder(pRel, pOrder, pModel)) p->pPlace = 0;
  for (pSort = pOrder; pSort; pSort = pSort->pNext) {
    sqlPut(p, n++ ? ", " : " ORDER BY ");
    sqlSort(p, pSort, pModel, iAlias, bTurned);
    bDesc = pSort->bDesc != bTurned;
  }
  p->zText = zText;
  p->pPlace = pPlace;
  for (i = 0; i < pModel->nKey; i++) {
    if (sortsBy(pOrder, pModel->pTable, pModel->aKey[i])) continue;
    sqlPut(p, n++ ? ", " : " ORDER BY ");
    sqlSortColumn(p, pModel, iAlias, pModel->aKey[i]);
    if (bDesc) sqlPut(p, " DESC");
  }
}
