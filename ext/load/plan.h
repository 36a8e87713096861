/*
** The planner, which makes a plan of a shape and a model. Private to load.
**
**   plan    walks the shape's tree beside the model
**   node    makes nodes: their values, the parts of their text, their keys
**   page    the order of a page, and its cursors
**
** The files of stmt.h write the SQL of the nodes.
**
** A function that takes an AssocPlanner or an AssocSql does nothing useful
** after an error in its call; what it returns may then be 0. All memory is the
** plan's.
*/
#ifndef ASSOC_PLAN_H
#define ASSOC_PLAN_H

#include "load/node.h"

/* ---------------------------------------------------------------- planner */

typedef struct AssocPlanner AssocPlanner;
struct AssocPlanner {
  AssocCall *pCall;   /* Receives the first error */
  AssocPlan *pPlan;   /* The plan that is made */
  AssocArena *pArena; /* pPlan->mem */
  int bReverse;       /* PRAGMA reverse_unordered_selects is on */
  int nFunctionArg;   /* Most arguments of a function */
  int nBefore;        /* Nodes of the roots before this one in the same call */
};
/* Memory of the plan, zeroed. 0 after an error. */
void *assocPlannerAlloc(AssocPlanner *p, size_t n);
/* An error with a caret at an item; without a caret if pItem is 0. */
void assocPlannerError(AssocPlanner *p, int eReason, const ShapeItem *pItem,
                       const char *zFmt, ...);
/* Start a statement in the plan's arena. assocSqlEnd() ends it. */
void assocPlannerSql(AssocPlanner *p, AssocSql *pSql);

/* Read a text: a plan that has its shape, and nothing else yet. Then compile
** it. See assocPlanGet() for the arguments. 0 after an error: the plan is then
** freed. */
AssocPlan *assocPlanParse(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                          const char *zModel, const char *zText);
/* Make the nodes and their statements. Names get their meaning here. */
AssocPlan *assocPlanCompile(AssocCall *pCall, AssocPlan *pPlan);
/* Give pPlan the literals of pText, a parsed text with the same mask, which it
** then owns. */
void assocPlanTake(AssocCall *pCall, AssocPlan *pPlan, AssocPlan *pText);
/* Free a plan and its statements, now or when its last holder lets it go. pPlan
** may be 0. */
void assocPlanFree(AssocPlan *pPlan);
/* Reset the held statements of a plan. */
void assocHoldReset(AssocPlan *pPlan);

/* ------------------------------------------------------------------- node */

/* A new node, the last child of its parent. zPath names it in messages. An
** error if the shape is too deep or too large. */
AssocNode *assocNodeNew(AssocPlanner *p, AssocNode *pParent, AssocModel *pModel,
                        const char *zPath, const ShapeItem *pItem);
/* The path of a child: "posts.comments". */
const char *assocNodePath(AssocPlanner *p, AssocNode *pParent,
                          const char *zName);
/* Set the node's keys. pUp are the parent's columns, pOwn the columns of pTab
** that are compared with them. bOwnIsParent: pOwn is the referenced key, as for
** belongsTo. */
void assocNodeKeys(AssocPlanner *p, AssocNode *pNode, const AssocKey *pUp,
                   const AssocKey *pOwn, AssocTable *pTab, int bOwnIsParent);
/* The same, with the columns of the node's association. */
void assocNodeRelKeys(AssocPlanner *p, AssocNode *pNode);
/* The place of a value among the node's values. A new value is added. The value
** is a key of the shape, such as a term of an order; a column of a table with
** this alias; or a JSON column as json() gives it. */
int assocNodeArg(AssocPlanner *p, AssocNode *pNode, const ShapeKey *pKey);
/* A column of the table that has the alias iAlias in the node's statements. */
int assocNodeColumnArg(AssocPlanner *p, AssocNode *pNode,
                       const AssocTable *pTab, int iCol, int iAlias);
/* The JSON column of place iArg, as json() gives it. */
int assocNodeRawArg(AssocPlanner *p, AssocNode *pNode, int iArg);
/* assocStmtBranchKey() */
int assocNodeBranchArg(AssocPlanner *p, AssocNode *pNode);
/* Add a part behind the node's others. zName is its key, or 0. */
AssocPart *assocNodePart(AssocPlanner *p, AssocNode *pNode, int eType,
                         const char *zName);
/* Remove spreads without members. All nodes below are complete. */
void assocNodeDropEmpty(AssocPlanner *p, AssocNode *pNode);
/* Set the text before a part's value: zBefore, zName as a JSON string unless it
** is 0, zAfter. */
void assocNodePartKey(AssocPlanner *p, AssocPart *pPart, const char *zBefore,
                      const char *zName, const char *zAfter);
/* Find the parts of a node that are written at once. The parts are complete. */
void assocNodeMembers(AssocPlanner *p, AssocNode *pNode);
/* An error if the object has the key zName already. */
void assocNodeCheckKey(AssocPlanner *p, AssocNode *pNode,
                       const ShapeItem *pItem, const char *zName);
/* Add a column of the model as a member with the key zName. */
void assocNodeColumn(AssocPlanner *p, AssocNode *pNode, const ShapeItem *pItem,
                     int iCol, const char *zName);
/* Write the JSON of a constant, whose literal another text may have changed. */
void assocPartConst(AssocCall *pCall, AssocArena *pArena, AssocPart *pPart);
/* Add a constant as a member with the key zName. */
void assocNodeConst(AssocPlanner *p, AssocNode *pNode, const ShapeItem *pItem,
                    const ShapeVal *pVal, const char *zName);
/* Set the text of a missing row. The parts are complete. */
void assocNodeEmpty(AssocPlanner *p, AssocNode *pNode);

/* Decide whether the lists of a node are sorted by sort keys of their rows. Adds
** the values that these need. */
void assocSortPlan(AssocPlanner *p, AssocNode *pNode);

/* ------------------------------------------------------------- statements */

/* Write the statements of a node: its lookup, its scan; or both of the value
** that it is. */
void assocStmtLookup(AssocPlanner *p, AssocNode *pNode);
/* The statement that reads the rows of all parents in one pass. */
void assocStmtScan(AssocPlanner *p, AssocNode *pNode);
/* Write the held lookup of a node below the root, if it may stay open. */
void assocStmtHeld(AssocPlanner *p, AssocNode *pNode);
/* Do the clauses, which may be 0, ask for a page? */
int assocAsksPage(const ShapeClauses *pC);
/* The held statement of the root, which joins the rows of nodes with at most one
** (bJoined). */
void assocStmtHeldRoot(AssocPlanner *p, AssocNode *pRoot);
/* The same for the number that assoc_count() or assoc_has() answers. Leaves
** the plan as it is if the association needs more than plain tables. */
void assocStmtHeldAnswer(AssocPlanner *p, AssocNode *pRoot);
void assocStmtValue(AssocPlanner *p, AssocNode *pNode);
/* Write the scan of a value again, after another value joined it (pAlso). */
void assocStmtValueScan(AssocPlanner *p, AssocNode *pNode);
/* For assoc_sql(): the node's rows, or its value, as a subquery of the
** parent's. */
void assocStmtNested(AssocSql *p, AssocNode *pNode);
/* The value of an aggregate, as a subquery. */
void assocStmtNestedValue(AssocSql *p, AssocNode *pNode);
/* For assoc_sql(): the rows of all parents as a table, and the condition that
** selects those of one parent. */
void assocStmtNestedAll(AssocSql *p, AssocNode *pNode);
/* The condition on that table in the parent's statement, and the order and
** limit. */
void assocStmtNestedOf(AssocSql *p, AssocNode *pNode);
/* The statement of assoc_count() or assoc_has(), and those of the table
** related. They need no nodes below the root. */
void assocStmtAnswer(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                     AssocRel *pRel);
/* Raises an error for a page, and for what the table's columns cannot show. */
void assocStmtRelated(AssocPlanner *p, AssocNode *pRoot, const ShapeItem *pItem,
                      AssocRel *pRel);
/* The join table of a many to many whose rows have a key. A pair may be linked
** twice: only that key then tells one of its rows from the other. Else 0. */
const AssocTable *assocStmtPairTable(const AssocRel *pRel);
/* The key of a branch's row as one value: t4."id"; of a composite key the JSON
** array of its values. */
void assocStmtBranchKey(AssocSql *p, const AssocModel *pModel, int iAlias);

/* ------------------------------------------------------------------- page */

/* Set the terms of the node's page: its order, made unique by the key. */
void assocPageTerms(AssocPlanner *p, AssocNode *pNode);
/* Write " AND (…)": rows after the cursor pVal, or with bBefore those before
** it; with bNot all other rows. */
void assocPageAfter(AssocSql *p, AssocNode *pNode, int iAlias,
                    const ShapeVal *pVal, int bBefore, int bNot);

#endif /* ASSOC_PLAN_H */
