/*
** What JSON.stringify() makes of Sequelize's fn(), col(), literal(), cast() and
** where().
**
**   col('age')                        {"col":"age"}
**   fn('COUNT', col('posts.id'))      {"fn":"COUNT","args":[{"col":"posts.id"}]}
**   literal('1+1')                    {"val":"1+1"}
**
** A column is understood, and so is an aggregate of a column. It is an error to
** write other functions, or SQL.
*/
#include "shape/jsonform.h"

int shapeJsonIsCall(AssocJson *pJson) {
  if (pJson == 0 || pJson->eType != ASSOC_J_OBJECT) return 0;
  if (assocJsonGet(pJson, "fn") && assocJsonGet(pJson, "args")) return 1;
  if (assocJsonGet(pJson, "comparator") && assocJsonGet(pJson, "logic")) {
    return 1;
  }
  if (assocJsonGet(pJson, "val")) return 1;
  return pJson->nChild == 1 && assocJsonGet(pJson, "col") != 0;
}

/* The error for SQL and functions. */
static void callError(JsonParser *p, AssocJson *pJson) {
  const AssocJson *pFn = assocJsonGet(pJson, "fn");
  int bFn = pFn && pFn->eType == ASSOC_J_TEXT;
  if (assocJsonGet(pJson, "logic")) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a shape has no where(...) of Sequelize; a condition is "
                 "{\"age\":{\"$gte\":18}}");
  }
  assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, bFn ? pFn->z : 0,
               "%s%s cannot be asked for; %s", bFn ? pFn->z : "literal SQL",
               bFn ? "()" : "", shapeJsonInstead("val"));
}

/* "posts.id": the column of an aggregate, and the path before it. "*" is no
** column. */
static void callColumn(JsonParser *p, AssocJson *pCol, ShapeKey *pKey) {
  ShapeName **pp = &pKey->pPath;
  if (pCol->n == 1 && pCol->z[0] == '*') return;
  *pp = shapeJsonPath(p, pCol->z, pCol->n);
  while (*pp && (*pp)->pNext) pp = &(*pp)->pNext;
  pKey->pAgg->pCol = *pp;
  *pp = 0;
}

/* fn("COUNT", col("posts.id")), or fn("COUNT", fn("DISTINCT", col("id"))) */
static void callAggregate(JsonParser *p, AssocJson *pJson, int eAgg,
                          ShapeKey *pKey) {
  AssocJson *pArg = assocJsonGet(pJson, "args"), *pFn, *pCol;
  pKey->pAgg = shapeJsonAlloc(p, sizeof(*pKey->pAgg));
  if (pKey->pAgg == 0) return;
  pKey->pAgg->eAgg = (u8)eAgg;
  pArg = pArg->eType == ASSOC_J_ARRAY && pArg->nChild == 1 ? pArg->pChild : 0;
  pFn = assocJsonGet(pArg, "fn");
  if (pFn && pFn->eType == ASSOC_J_TEXT &&
      sqlite3_stricmp(pFn->z, "distinct") == 0) {
    pKey->pAgg->bDistinct = 1;
    pArg = assocJsonGet(pArg, "args");
    pArg = pArg && pArg->eType == ASSOC_J_ARRAY && pArg->nChild == 1
               ? pArg->pChild
               : 0;
  }
  /* fn('COUNT', fn('DISTINCT', col('posts.id'))) */
  assert(eAgg >= 0);
  pCol = assocJsonGet(pArg, "col");
  if (pCol == 0 || pCol->eType != ASSOC_J_TEXT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, aShapeAgg[eAgg].zName,
                 "%s takes one column, col(\"posts.likes\"), or is "
                 "{\"aggregate\":\"%s\",\"of\":\"posts\"}",
                 aShapeAgg[eAgg].zName, aShapeAgg[eAgg].zName);
    return;
  }
  callColumn(p, pCol, pKey);
}

void shapeJsonCall(JsonParser *p, AssocJson *pJson, ShapeKey *pKey) {
  AssocJson *pCol = assocJsonGet(pJson, "col");
  AssocJson *pFn = assocJsonGet(pJson, "fn");
  int eAgg = pFn && pFn->eType == ASSOC_J_TEXT
                 ? assocAggFind(pFn->z, (int)strlen(pFn->z))
                 : -1;
  assert(shapeJsonIsCall(pJson));
  if (eAgg >= 0) {
    callAggregate(p, pJson, eAgg, pKey);
  } else if (pCol && pFn == 0) {
    pKey->pPath = shapeJsonPathOf(p, pCol, "\"col\"");
  } else {
    callError(p, pJson);
  }
}
