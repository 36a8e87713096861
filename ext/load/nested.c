/*
** assoc_sql(): the same load as one plain SQL statement, which runs without the
** extension.
**
**   SELECT json_group_array(json_object('name',n0.a0,'posts',
**     json((SELECT json_group_array(json_object('title',n1.a0)) FROM
**       (SELECT t1."title" AS a0 FROM "main"."posts" t1
**         WHERE t1."user_id"=n0.a1 ORDER BY t1."id") n1))))
**   FROM (SELECT t1."name" AS a0, t1."id" AS a1 FROM …) n0
**
** Each node is a subquery with its values as a0, a1, …. Parameters of the query
** stay parameters. What plain SQL cannot express is an error: recursion, pages,
** cursors, the last rows, and a spread of a row that has more than columns.
*/
#include "load/plan.h"

typedef struct TextObject TextObject;
static void textObject(AssocSql *p, const AssocNode *pNode);
static void textNode(AssocSql *p, AssocNode *pNode);

/* Append text to the statement. */
static void textPut(AssocSql *p, const char *z) {
  assocStrAdd(p->pStr, z);
}

/*
** An object being written. Functions have a limited number of arguments, so a
** wide object is joined from several:
**
**   json('{'||substr(substr(json_object(…),2),-1,-2147483647)||','||…||'}')
*/
struct TextObject {
  sqlite3_str *pOuter; /* The text that the object is part of */
  sqlite3_str *pDone;  /* The json_object()s before the last, or 0 */
  int nMember;         /* Members of the last json_object() */
};

/* Begin an object: p->pStr is its own text until objectEnd(). */
static void objectStart(AssocSql *p, TextObject *pObj) {
  memset(pObj, 0, sizeof(*pObj));
  pObj->pOuter = p->pStr;
  p->pStr = sqlite3_str_new(p->pCall->db);
}

/* Move the last json_object() to pDone: it is full, or the object ends. */
static void objectPart(AssocSql *p, TextObject *pObj) {
  char *z = assocStrFinish(p->pCall, p->pStr);
  const char *zMore = pObj->pDone ? "||','||" : "json('{'||";
  if (pObj->pDone == 0) pObj->pDone = sqlite3_str_new(p->pCall->db);
  sqlite3_str_appendf(pObj->pDone,
                      "%ssubstr(substr(json_object(%s),2),-1,-2147483647)",
                      zMore, z ? z : "");
  sqlite3_free(z);
  p->pStr = sqlite3_str_new(p->pCall->db);
  pObj->nMember = 0;
}

/* Most arguments of a function in SQLite before 3.52, which may run the
** statement. */
#define TEXT_ARGS 127

/* Write the key of the next member. The value follows. */
static void objectKey(AssocSql *p, TextObject *pObj, const char *zName) {
  int nMost = sqlite3_limit(p->pCall->db, SQLITE_LIMIT_FUNCTION_ARG, -1);
  if (nMost > TEXT_ARGS) nMost = TEXT_ARGS;
  if (pObj->nMember > 0 && pObj->nMember >= nMost / 2) objectPart(p, pObj);
  sqlite3_str_appendf(p->pStr, "%s%Q,", pObj->nMember++ ? "," : "", zName);
}

/* End an object, and append it to the outer text. */
static void objectEnd(AssocSql *p, TextObject *pObj) {
  char *z;
  if (pObj->pDone) objectPart(p, pObj);
  z = assocStrFinish(p->pCall, p->pStr);
  p->pStr = pObj->pOuter;
  if (pObj->pDone) {
    sqlite3_free(z);
    z = assocStrFinish(p->pCall, pObj->pDone);
    sqlite3_str_appendf(p->pStr, "%s||'}')", z ? z : "");
  } else {
    sqlite3_str_appendf(p->pStr, "json_object(%s)", z ? z : "");
  }
  sqlite3_free(z);
}

/* Write a value. json_object() gives it like eager() does, except JSON,
** booleans and BLOBs. */
static void textValue(AssocSql *p, const AssocNode *pNode,
                      const AssocPart *pPart) {
  char *z;
  if (pPart->eType == ASSOC_PART_VALUE) {
    int eType = pPart->pVal->eType;
    if (eType == SHAPE_VAL_TRUE || eType == SHAPE_VAL_FALSE) {
      textPut(p, eType == SHAPE_VAL_TRUE ? "json('true')" : "json('false')");
    } else {
      assocSqlVal(p, pPart->pVal);
    }
    return;
  }
  z = assocMprintf(p->pCall, "n%d.a%d", pNode->iNode, pPart->iArg);
  if (z == 0) return;
  if (pPart->iRaw >= 0) {
    sqlite3_str_appendf(
        p->pStr,
        "CASE WHEN n%d.a%d IS NOT NULL THEN json(n%d.a%d) WHEN typeof(%s)="
        "'blob' THEN hex(%s) ELSE %s END",
        pNode->iNode, pPart->iRaw, pNode->iNode, pPart->iRaw, z, z, z);
  } else if (pPart->eJson == ASSOC_JSON_TEXT) {
    sqlite3_str_appendf(p->pStr,
                        "CASE typeof(%s) WHEN 'blob' THEN hex(%s) WHEN 'text' "
                        "THEN %s WHEN 'null' THEN NULL ELSE json_quote(%s)||'' "
                        "END",
                        z, z, z, z);
  } else if (pPart->eJson == ASSOC_JSON_BOOL) {
    sqlite3_str_appendf(p->pStr,
                        "CASE WHEN %s IS 1 THEN json('true') WHEN %s IS 0 THEN "
                        "json('false') WHEN typeof(%s)='blob' THEN hex(%s) "
                        "ELSE %s END",
                        z, z, z, z, z);
  } else if (pPart->bBlob) {
    sqlite3_str_appendf(p->pStr,
                        "CASE typeof(%s) WHEN 'blob' THEN hex(%s) ELSE %s END",
                        z, z, z);
  } else {
    textPut(p, z);
  }
  sqlite3_free(z);
}

/* Is the member a value of the row itself? */
static int isOwnValue(const AssocPart *pPart) {
  return pPart->eType == ASSOC_PART_COLUMN || pPart->eType == ASSOC_PART_VALUE;
}

/* CASE type WHEN 'post' THEN … END, over the targets. */
static void textBranches(AssocSql *p, AssocNode *pNode) {
  sqlite3_str_appendf(p->pStr, "CASE n%d.a%d", pNode->pParent->iNode,
                      pNode->iType);
  for (; pNode; pNode = pNode->pBranch) {
    sqlite3_str_appendf(p->pStr, " WHEN %Q THEN ", pNode->zType);
    textNode(p, pNode);
  }
  textPut(p, " END");
}

/* A polymorphic association is one subquery for each of its models. */
static void textChild(AssocSql *p, AssocNode *pNode) {
  if (pNode->bBranch) {
    textBranches(p, pNode);
  } else {
    textNode(p, pNode);
  }
}

static void textMember(AssocSql *p, const AssocNode *pNode,
                       const AssocPart *pPart, TextObject *pObj);

/* "PostTag":{…} of a row whose members are written apart. */
static void textInner(AssocSql *p, const AssocNode *pNode,
                      const AssocPart *pPart) {
  const AssocPart *pEnd = assocPartAfter(pPart);
  TextObject object;
  objectStart(p, &object);
  for (pPart = pPart->pNext; pPart->pNext != pEnd; pPart = pPart->pNext) {
    textMember(p, pNode, pPart, &object);
  }
  objectEnd(p, &object);
}

/* Why plain SQL cannot express a node; 0 if it can. "first 3" is a LIMIT. */
static const char *textWhyNot(const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  const AssocPart *pPart = pNode->pPart;
  if (pNode->bRecurse) return "repeats itself";
  if (pNode->pPage == 0) return 0;
  if (pNode->pPage->bWrap) return "is a page";
  while (pPart && pPart->eType != ASSOC_PART_CURSOR) pPart = pPart->pNext;
  if (pPart) return "has cursors";
  if (pC->pAfter || pC->pBefore) return "begins or ends at a cursor";
  return pNode->pPage->bBack ? "takes the last rows" : 0;
}

/* An error for a node that plain SQL cannot express. True if it is one. */
static int textRefused(AssocSql *p, const AssocNode *pNode) {
  const char *zWhy = textWhyNot(pNode);
  if (zWhy == 0) return 0;
  assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, pNode->zPath,
               "assoc_sql() cannot express %s in plain SQL: it %s",
               pNode->zPath, zWhy);
  return 1;
}

/* Each member of the rows as a subquery of its own: of a to-many a list, of a
** to-one that is missing NULL. */
static void textSpread(AssocSql *p, AssocNode *pNode, TextObject *pObj) {
  const AssocPart *pPart;
  if (textRefused(p, pNode)) return;
  for (pPart = pNode->pPart; pPart; pPart = assocPartAfter(pPart)) {
    if (pPart->eType == ASSOC_PART_SPREAD ||
        (!pNode->bMany && !isOwnValue(pPart))) {
      assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, pNode->zPath,
                   "assoc_sql() cannot spread %s, which has more than columns",
                   pNode->zPath);
      return;
    }
    objectKey(p, pObj, pPart->zName);
    textPut(p, pNode->bMany ? "json((SELECT json_group_array(" : "(SELECT ");
    if (isOwnValue(pPart)) {
      textValue(p, pNode, pPart);
    } else if (pPart->eType == ASSOC_PART_TEXT) {
      textInner(p, pNode, pPart);
    } else {
      textChild(p, pPart->pNode);
    }
    textPut(p, pNode->bMany ? ") FROM " : " FROM ");
    assocStmtNested(p, pNode);
    textPut(p, pNode->bMany ? "))" : ")");
  }
}

/* A spread writes the members of another row into this object. */
static void textMember(AssocSql *p, const AssocNode *pNode,
                       const AssocPart *pPart, TextObject *pObj) {
  if (pPart->eType == ASSOC_PART_SPREAD) {
    textSpread(p, pPart->pNode, pObj);
    return;
  }
  objectKey(p, pObj, pPart->zName);
  if (isOwnValue(pPart)) {
    textValue(p, pNode, pPart);
  } else {
    textChild(p, pPart->pNode);
  }
}

/* json_object('name',n0.a0, …). The columns of a join row are an inner object:
** a TEXT part with a name begins it, one without a name ends it. */
static void textObject(AssocSql *p, const AssocNode *pNode) {
  const AssocPart *pPart;
  TextObject object, inner, *pObj = &object;
  objectStart(p, &object);
  for (pPart = pNode->pPart; pPart && p->pCall->rc == SQLITE_OK;
       pPart = pPart->pNext) {
    if (pPart->eType == ASSOC_PART_TEXT && pPart->zName) {
      objectKey(p, &object, pPart->zName);
      pObj = &inner;
      objectStart(p, pObj);
    } else if (pPart->eType == ASSOC_PART_TEXT) {
      if (pObj == &inner) objectEnd(p, &inner);
      pObj = &object;
    } else {
      textMember(p, pNode, pPart, pObj);
    }
  }
  if (pObj == &inner) objectEnd(p, &inner); /* After an error */
  objectEnd(p, &object);
}

/* Levels that are nested in each other before one is written apart: SQLite's
** parser has a limit on nesting. The text of a keyed root is itself nested in
** another one: see live/plainsql.c. */
#define TEXT_NESTED 4

/* A level in a WITH clause:
**
**   WITH c4 AS (SELECT n4.k0,n4.o,json_object(…) AS j FROM (…) n4)
**   json((SELECT json_group_array(json(j)) FROM (SELECT j FROM c4 WHERE …)))
*/
static void textApart(AssocSql *p, AssocNode *pNode) {
  sqlite3_str *pOuter = assocSqlWith(p, "c", pNode->iNode);
  int i;
  textPut(p, "SELECT ");
  for (i = 0; i < pNode->nKey; i++) {
    sqlite3_str_appendf(p->pStr, "n%d.k%d,", pNode->iNode, i);
  }
  sqlite3_str_appendf(p->pStr, "n%d.o,", pNode->iNode);
  textObject(p, pNode);
  textPut(p, " AS j FROM ");
  assocStmtNestedAll(p, pNode);
  assocSqlWithEnd(p, pOuter);
  sqlite3_str_appendf(p->pStr,
                      "json((SELECT %sjson(j)%s FROM (SELECT j FROM c%d",
                      pNode->bMany ? "json_group_array(" : "",
                      pNode->bMany ? ")" : "", pNode->iNode);
  assocStmtNestedOf(p, pNode);
  textPut(p, ")))");
}

/* Write the value of a child: a list, an object, or an aggregate. */
static void textNode(AssocSql *p, AssocNode *pNode) {
  if (textRefused(p, pNode)) return;
  if (pNode->pValue) {
    assocStmtNestedValue(p, pNode);
    return;
  }
  if ((pNode->nDepth + pNode->pPlan->pRoot->bKeyed) % TEXT_NESTED == 0) {
    textApart(p, pNode);
    return;
  }
  textPut(p, pNode->bMany ? "json((SELECT json_group_array(" : "json((SELECT ");
  textObject(p, pNode);
  textPut(p, pNode->bMany ? ") FROM " : " FROM ");
  assocStmtNested(p, pNode);
  textPut(p, "))");
}

/* The rows of a root, or the aggregates of its rows, or the row with a key. */
static void textRoot(AssocSql *p, AssocNode *pRoot) {
  int bOne = pRoot->bTotal || pRoot->bKeyed;
  if (textRefused(p, pRoot)) return;
  textPut(p, bOne ? "SELECT " : "SELECT json_group_array(");
  textObject(p, pRoot);
  textPut(p, bOne ? " FROM " : ") FROM ");
  assocStmtNested(p, pRoot);
}

/*
** One SELECT for the whole tree, with correlated subqueries. It is for reading
** and for use without the extension; the runner never uses it. Values are
** written as literals, since the text has no parameters. OUT: the caller frees
** it.
*/
char *assocPlanSql(AssocCall *pCall, AssocPlan *pPlan) {
  const AssocPlan *pOne;
  const char *zSql;
  AssocSql sql;
  assocSqlStart(&sql, pCall, &pPlan->mem, 0);
  sql.bLiteral = sql.bAlone = 1;
  sql.bWith = 1;
  sql.nAlias = 2;
  if (pPlan->zAs) textPut(&sql, "SELECT json_object(");
  for (pOne = pPlan; pOne; pOne = pOne->pAnd) {
    if (pPlan->zAs) {
      sqlite3_str_appendf(sql.pStr, "%s%Q,json((", pOne == pPlan ? "" : ",",
                          pOne->zAs);
    }
    textRoot(&sql, pOne->pRoot);
    if (pPlan->zAs) textPut(&sql, "))");
  }
  if (pPlan->zAs) textPut(&sql, ")");
  zSql = assocSqlEnd(&sql);
  return zSql ? assocMprintf(pCall, "%s", zSql) : 0;
}
