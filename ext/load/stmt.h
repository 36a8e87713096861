/*
** Between the files that write the statements of nodes: stmt.c has what they
** share, lookup.c, scan.c and value.c a way to the rows each, answer.c what is
** asked of one row.
*/
#ifndef ASSOC_STMT_H
#define ASSOC_STMT_H

#include "load/plan.h"

typedef AssocPlanner Planner;

static inline void stmtPut(AssocSql *p, const char *z) {
  sqlite3_str_appendall(p->pStr, z);
}

/* What stands between the elements of a list. */
static inline void stmtNext(AssocSql *p, int *pn, const char *zFirst,
                            const char *zNext) {
  stmtPut(p, (*pn)++ ? zNext : zFirst);
}

/* Are t1 the targets and t2 the rows of a join table? */
static inline int isMany2Many(const AssocNode *pNode) {
  return pNode->pRel && pNode->pRel->eKind == ASSOC_BELONGSTOMANY;
}

/* Is the association a path of others? Then t1 is its last table. */
static inline int isPathNode(const AssocNode *pNode) {
  return pNode->pRel && pNode->pRel->nPath > 0;
}

/* The last step of a path. */
static inline const AssocHop *stmtLast(const AssocHop *pHop) {
  while (pHop->pNext) pHop = pHop->pNext;
  return pHop;
}

/* Is iCol among the n columns of aCol? */
static inline int hasColumn(int n, const int *aCol, int iCol) {
  int i;
  for (i = 0; i < n; i++) {
    if (aCol[i] == iCol) return 1;
  }
  return 0;
}

/* Has the page a statement of its own for the middle of the list? */
static inline int stmtHasCursor(const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  return pNode->pPage && (pC->pAfter || pC->pBefore);
}

/* A statement about the rows of a node; how many they are is asked if need
** be. Its end puts it into pFetch. */
void assocStmtStart(Planner *p, AssocSql *pSql, AssocNode *pNode, int bScan);
/* Closes pSql. Nothing is prepared yet: a statement is prepared when it first
** runs. */
void assocStmtEnd(AssocSql *pSql, AssocFetch *pFetch);

/* The values; of a scan the key first. Named a0, a1, … if bNames. */
void assocStmtValues(AssocSql *p, const AssocNode *pNode, int bScan,
                     int bNames);
/* Does a scan give rows in the order of their lists without an ORDER BY? */
int assocStmtIsNatural(AssocPlanner *p, const AssocNode *pNode);
/* " FROM posts t1", with t2 where there is one; or " FROM main.assoc_keys
** k". */
void assocStmtFrom(AssocSql *p, const AssocNode *pNode, int bNatural);
/* Rows of paths from t1 can be joined behind the tables of the next
** assocStmtFrom(): see assocSqlPlace(). */
void assocStmtPlace(AssocSql *p, const AssocNode *pNode);
/* Raises an error if the user has a table of the name assoc_keys. */
void assocStmtKeys(AssocSql *p, const AssocNode *pNode);
/* The same with the conditions, for aggregates of the roots.
** assocStmtIsChosen(): are their rows chosen in a subquery? */
int assocStmtIsChosen(const AssocNode *pNode);
void assocStmtTotals(AssocSql *p, AssocNode *pNode);
/* With bOfKey: only the pairs of one parent. pFirst is the path's first step. */
void assocStmtPairsOf(AssocSql *p, const AssocNode *pNode,
                      const AssocHop *pFirst);
/* How t2 hangs on t1, each condition with AND before it; and with it all else
** that is asked of the rows. */
void assocStmtJoin(AssocSql *p, const AssocNode *pNode);
/* The pairs of a path's ends, once for each way: the key of the target, the key of
** the parent, and ")" before the FROM. */
void assocStmtWays(AssocSql *p, const AssocNode *pNode);
/* The conditions on the targets of these pairs. */
void assocStmtEndsWhere(AssocSql *p, const AssocNode *pNode);
/* Calls assocStmtJoin() first. */
void assocStmtWhere(AssocSql *p, const AssocNode *pNode);
/* Is anything asked of the rows, beside that they are related by pRel? */
int assocStmtAsks(Planner *p, AssocNode *pNode, const AssocRel *pRel);
/* Is the row of a to-one chosen before its conditions are asked? */
int assocStmtChooses(Planner *p, AssocNode *pNode);
/* Value i of the parent that is the key. */
void assocStmtParent(AssocSql *p, const AssocNode *pNode, int i);
/* For assoc_sql(): only parents of the type of a polymorphic path. */
void assocStmtOfType(AssocSql *p, const AssocNode *pNode);
/* Where a page begins and ends, the order, and the limit. */
void assocStmtCursors(AssocSql *p, AssocNode *pNode);
/* Turned round for a page that is read from its end. The join row's key comes
** last, so that equal rows have one order. */
void assocStmtOrder(AssocSql *p, const AssocNode *pNode);
/* A to-one without limit gets one, too, unless its key is unique. */
void assocStmtLimit(AssocSql *p, const AssocNode *pNode);

/* The index that has the rows of a key in the order of the list, and whether it
** is to be read backwards; 0 if there is none: lookup.c. */
const char *assocStmtKeyIndex(Planner *p, const AssocNode *pNode, int *pbDesc);
/* "posts t1 INDEXED BY …": the node's tables. The first one is read by the
** index. */
void assocStmtIndexed(AssocSql *p, const AssocNode *pNode, const char *zIndex);
/* Do the keys in join rows sort like the targets' keys? */
int assocStmtSortsAlike(const AssocRel *pRel, const AssocModel *pModel);

/* ------------------------------------------------------------------- held */

/* A held statement of the root selects the token of the definitions, and what
** is asked of one key; a number as a subquery:
**
**   SELECT g.token,
**     (SELECT count(*) FROM posts t2, users t1 WHERE … t1.id=+k.k0)
**     FROM main.assoc_keys k CROSS JOIN main.assoc_token g
*/
#define STMT_HELD_KEYS 16 /* Columns of assoc_keys */
#define STMT_HELD_TABLES                                                       \
  8 /* Tables that a held statement joins: no more, since
                           ** to prepare it should not take long */

/* Its tables; of the root's statement with the token. */
void assocStmtHeldFrom(AssocSql *p, int bRoot);
/* End a held statement, which selects nSelect times. It is not held if it has
** further subqueries: SQLite may keep what one selects for the next key. */
void assocStmtHeldEnd(AssocSql *p, AssocFetch *pFetch, int nSelect);

#endif /* ASSOC_STMT_H */
