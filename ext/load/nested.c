/*
** The same load as one plain SQL statement, which runs without the
** extension:
**
**   SELECT json_group_array(json_object('name',n0.a0,'posts',
**     json((SELECT json_group_array(json_object('title',n1.a0)) FROM
**       (SELECT t1."title" AS a0 FROM "main"."posts" t1
**         WHERE t1."user_id"=n0.a1 ORDER BY t1."id") n1))))
**   FROM (SELECT t1."name" AS a0, t1."id" AS a1 FROM …) n0
**
** Each node is a subquery with its values as a0, a1, …; parameters of the
** query stay parameters. What SQL has no words for, or not these, is an
** error: recursion, pages, and a spread of what has members of its own.
*/
#include "load/load.h"

static void textObject(AssocSql *p, const AssocNode *pNode);
static void textNode(AssocSql *p, AssocNode *pNode);

static void textPut(AssocSql *p, const char *z) {
  sqlite3_str_appendall(p->pStr, z);
}

/* json_object() gives a value as eager() does, but for these. */
static void textValue(AssocSql *p, const AssocNode *pNode,
                      const AssocPart *pPart) {
  char *z = assocMprintf(p->pCall, "n%d.a%d", pNode->iNode, pPart->iArg);
  if (z == 0) return;
  if (pPart->iRaw >= 0) {
    sqlite3_str_appendf(
        p->pStr,
        "CASE WHEN n%d.a%d IS NOT NULL THEN json(n%d.a%d) WHEN typeof(%s)="
        "'blob' THEN hex(%s) ELSE %s END",
        pNode->iNode, pPart->iRaw, pNode->iNode, pPart->iRaw, z, z, z);
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

/* Each column of the row as a subquery of its own: NULLs if it is missing. */
static void textSpread(AssocSql *p, AssocNode *pNode, int *pn) {
  const AssocPart *pPart;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    if (pPart->eType != ASSOC_PART_COLUMN) {
      assocError(p->pCall,
                 "assoc_sql() cannot spread %s, which has more than columns",
                 pNode->zPath);
      return;
    }
    sqlite3_str_appendf(p->pStr, "%s%Q,(SELECT ", (*pn)++ ? "," : "",
                        pPart->zName);
    textValue(p, pNode, pPart);
    textPut(p, " FROM ");
    assocStmtNested(p, pNode);
    textPut(p, ")");
  }
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

static void textMember(AssocSql *p, const AssocNode *pNode,
                       const AssocPart *pPart, int *pn) {
  if (pPart->eType == ASSOC_PART_SPREAD) {
    textSpread(p, pPart->pNode, pn);
    return;
  }
  sqlite3_str_appendf(p->pStr, "%s%Q,", (*pn)++ ? "," : "", pPart->zName);
  if (pPart->eType == ASSOC_PART_COLUMN) {
    textValue(p, pNode, pPart);
  } else if (pPart->pNode->zType) {
    textBranches(p, pPart->pNode);
  } else {
    textNode(p, pPart->pNode);
  }
}

/* json_object('name',n0.a0, …); the columns of a join row are an object in
** it: a name without a value, members, and a text that ends it */
static void textObject(AssocSql *p, const AssocNode *pNode) {
  const AssocPart *pPart;
  int n = 0, bInner = 0;
  textPut(p, "json_object(");
  for (pPart = pNode->pPart; pPart && p->pCall->rc == SQLITE_OK;
       pPart = pPart->pNext) {
    if (pPart->eType == ASSOC_PART_TEXT && pPart->zName) {
      sqlite3_str_appendf(p->pStr, "%s%Q,json_object(", n ? "," : "",
                          pPart->zName);
      n = 0;
      bInner = 1;
    } else if (pPart->eType == ASSOC_PART_TEXT) {
      if (bInner) textPut(p, ")");
      bInner = 0;
      n = 1;
    } else {
      textMember(p, pNode, pPart, &n);
    }
  }
  textPut(p, ")");
}

/* The value of a child: a list, an object, or a number. */
static void textNode(AssocSql *p, AssocNode *pNode) {
  if (pNode->bRecurse || pNode->pPage) {
    assocError(p->pCall, "assoc_sql() cannot say %s in plain SQL: it %s",
               pNode->zPath, pNode->pPage ? "is a page" : "repeats itself");
    return;
  }
  if (pNode->pValue) {
    assocStmtNestedValue(p, pNode);
    return;
  }
  textPut(p, pNode->bMany ? "json((SELECT json_group_array(" : "json((SELECT ");
  textObject(p, pNode);
  textPut(p, pNode->bMany ? ") FROM " : " FROM ");
  assocStmtNested(p, pNode);
  textPut(p, "))");
}

char *assocPlanSql(AssocCall *pCall, AssocPlan *pPlan) {
  AssocNode *pRoot = pPlan->pRoot;
  AssocSql sql;
  assocSqlStart(&sql, pCall, &pPlan->mem, 0);
  sql.bLiteral = 1;
  sql.nAlias = 2;
  if (pRoot->pPage) {
    assocError(pCall, "assoc_sql() cannot say a page in plain SQL");
  }
  textPut(&sql, "SELECT json_group_array(");
  textObject(&sql, pRoot);
  textPut(&sql, ") FROM ");
  assocStmtNested(&sql, pRoot);
  return assocStrFinish(pCall, sql.pStr);
}
