/*
** Parts of find options: names, values, aggregates, conditions, orders.
**
**   "where":{"age":{"$gte":18}, "$or":[{"name":"Ann"}, {"id":{"$in":[1,2]}}]}
**   "order":[["created_at","DESC"], "id"]
**
** A path is names with dots between them. A name that contains a dot stands in
** backticks, as in the text form.
**
** Each member of a where is a condition, and all of them hold:
**
**    "a":1                          a = 1
**    "a":null                       a is null
**    "a":[1,2]                      a in (1, 2)
**    "a":{"$gt":1,"$lt":5}          a > 1 and a < 5
**    "a":{"$or":[1,{"$gt":5}]}      a = 1 or a > 5
**    "$or":[{"a":1},{"b":2}]        a = 1 or b = 2
**    "$not":{"a":1}                 not a = 1
**    "$posts.title$":"x"            some posts(title = "x")
**    "$some":{"posts":{"a":1}}      some posts(a = 1)
**    "a":{"$col":"b"}               a = b
**    "a":{"$param":"p"}             a = :p
**
** Operators of Sequelize have its names. Others have the words of the text
** form.
*/
#include "shape/jsonform.h"

/* The tree and all its texts are in the arena of the shape. */
void *shapeJsonAlloc(JsonParser *p, size_t n) {
  return assocAlloc(p->pCall, p->pArena, (i64)n);
}

/* Reading is recursive, so the depth bounds the C stack as well. */
int shapeJsonEnter(JsonParser *p) {
  if (++p->nDepth > p->pCall->pConn->mxDepth) {
    assocErrorOf(p->pCall, ASSOC_E_LIMIT, 0, 0,
                 "shapes nest at most %d levels deep",
                 p->pCall->pConn->mxDepth);
  }
  return p->pCall->rc == SQLITE_OK;
}

/* The counterpart of shapeJsonEnter(). */
void shapeJsonLeave(JsonParser *p) {
  assert(p->nDepth > 0);
  p->nDepth--;
}

/* See jsonform.h. */
void shapeJsonCount(JsonParser *p) {
  int nMost = p->pCall->pConn->mxItem;
  if (++p->nItem > nMost) {
    assocErrorOf(p->pCall, ASSOC_E_LIMIT, 0, 0,
                 "a shape has at most %d items and conditions", nMost);
  }
}

/* ---------------------------------------------------------------- names */

/* An error if the text contains a NUL: the rest would be lost. */
static void jsonNoNul(JsonParser *p, const char *z, int n) {
  if (n > 0 && memchr(z, 0, (size_t)n)) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a name cannot contain a NUL character");
  }
}

/* A name from a JSON text may contain any character except NUL. */
ShapeName *shapeJsonName(JsonParser *p, const char *z, int n) {
  ShapeName *pName = shapeJsonAlloc(p, sizeof(*pName));
  if (pName == 0) return 0;
  if (n == 0)
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "a name cannot be empty");
  jsonNoNul(p, z, n);
  pName->z = assocArenaText(p->pCall, p->pArena, z, n);
  pName->iOff = -1;
  return pName;
}

/* Read the first name of a path. *pn receives the number of bytes used. */
static ShapeName *jsonSegment(JsonParser *p, const char *z, int n, int *pn) {
  int i = 0, j = 0;
  char *zName;
  if (n == 0 || z[0] != '`') {
    while (i < n && z[i] != '.') i++;
    *pn = i;
    return shapeJsonName(p, z, i);
  }
  zName = assocAlloc(p->pCall, p->pArena, (i64)n + 1);
  if (zName == 0) return 0;
  for (i = 1; i < n; i++) {
    if (z[i] == '`' && (++i >= n || z[i] != '`')) break;
    zName[j++] = z[i];
  }
  *pn = i;
  return shapeJsonName(p, zName, j);
}

/* A segment in backticks may contain a dot: "`a.b`.c" has two segments. */
ShapeName *shapeJsonPath(JsonParser *p, const char *z, int n) {
  ShapeName *pFirst = 0, **ppEnd = &pFirst;
  while (p->pCall->rc == SQLITE_OK) {
    int nUsed = 0;
    *ppEnd = jsonSegment(p, z, n, &nUsed);
    if (*ppEnd == 0 || nUsed >= n) break;
    if (z[nUsed] != '.') {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "%.*s is not a path of names", n, z);
    }
    ppEnd = &(*ppEnd)->pNext;
    z += nUsed + 1;
    n -= nUsed + 1;
  }
  return pFirst;
}

/* Read one name. A dot has no meaning in it. "@pos" is a column of the join
** row. In backticks a name may begin with any character. */
static ShapeName *jsonColumnName(JsonParser *p, const char *z, int n,
                                 u8 *pbAt) {
  ShapeName *pName;
  int nUsed, bQuoted;
  *pbAt = n > 1 && z[0] == '@';
  z += *pbAt;
  nUsed = n -= *pbAt;
  bQuoted = n > 2 && z[0] == '`' && z[n - 1] == '`';
  pName = bQuoted ? jsonSegment(p, z, n, &nUsed) : shapeJsonName(p, z, n);
  if (nUsed < n)
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "%.*s is not the name of a column", n, z);
  return pName;
}

/* See jsonform.h. */
int shapeJsonIsText(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  if (pJson && pJson->eType == ASSOC_J_TEXT) return 1;
  assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "%s must be a text, not %s",
               zWhat, assocJsonTypeName(pJson));
  return 0;
}

/* For members whose value is a path. */
ShapeName *shapeJsonPathOf(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  if (!shapeJsonIsText(p, pJson, zWhat)) return 0;
  return shapeJsonPath(p, pJson->z, pJson->n);
}

/* Only true and false: 1 or "true" would be a mistake in most programs. */
int shapeJsonIsTrue(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  if (pJson == 0 || pJson->eType == ASSOC_J_FALSE) return 0;
  if (pJson->eType == ASSOC_J_TRUE) return 1;
  assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
               "\"%s\" is true or false, not %s", zWhat,
               assocJsonTypeName(pJson));
  return 0;
}

/* --------------------------------------------------------------- values */

/* Read the value of "$param": a name or a number. */
static void jsonParam(JsonParser *p, AssocJson *pJson, ShapeVal *pVal) {
  assert(p->pShape);
  if (pJson->eType == ASSOC_J_INT && pJson->i >= 1 && pJson->i <= 100) {
    pVal->eType = SHAPE_VAL_INDEX;
    pVal->i = pJson->i;
    if (pVal->i > p->pShape->nParam) p->pShape->nParam = (int)pVal->i;
  } else if (pJson->eType == ASSOC_J_TEXT && pJson->n > 0) {
    pVal->eType = SHAPE_VAL_NAMED;
    jsonNoNul(p, pJson->z, pJson->n);
    pVal->z = pJson->z;
    pVal->n = pJson->n;
    p->pShape->bNamed = 1;
  } else {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"$param\" is a name or a number from 1 to 100");
  }
}

/* The value of "$param" if the object has only that member; else 0. */
static AssocJson *jsonIsParam(AssocJson *pJson) {
  if (pJson->eType != ASSOC_J_OBJECT || pJson->nChild != 1) return 0;
  return strcmp(pJson->pChild->zKey, "$param") == 0 ? pJson->pChild : 0;
}

/* {"$col":"boss.sal"}, or {"col":"sal"} as Sequelize's col() becomes. */
static AssocJson *jsonIsColumn(AssocJson *pJson) {
  if (pJson->eType != ASSOC_J_OBJECT || pJson->nChild != 1) return 0;
  if (strcmp(pJson->pChild->zKey, "$col") == 0) return pJson->pChild;
  return strcmp(pJson->pChild->zKey, "col") == 0 ? pJson->pChild : 0;
}

/* Raise the error for fn(), literal() and the like in place of a value. True if
** it is one. */
static int jsonIsNoValue(JsonParser *p, AssocJson *pJson) {
  ShapeKey key = {0};
  if (!shapeJsonIsCall(pJson) || jsonIsColumn(pJson)) return 0;
  shapeJsonCall(p, pJson, &key);
  assocErrorOf(
      p->pCall, ASSOC_E_SYNTAX, 0, 0,
      "a value cannot be an aggregate; write \"$aggregate\" in \"where\"");
  return 1;
}

/* JSON values have their own types, so nothing is converted: "1" and 1 are
** different values. */
ShapeVal *shapeJsonVal(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  ShapeVal *pVal = shapeJsonAlloc(p, sizeof(*pVal));
  AssocJson *pParam = jsonIsParam(pJson);
  assert(pJson && zWhat);
  if (pVal == 0) return 0;
  pVal->iOff = -1;
  if (pParam) {
    jsonParam(p, pParam, pVal);
    return pVal;
  }
  if (jsonIsColumn(pJson)) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a column, {\"$col\":...}, may follow $eq, $ne, $gt, $gte, "
                 "$lt and $lte, not %s",
                 zWhat);
  } else if (assocJsonIsBuffer(pJson)) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "%s cannot be a Buffer, since JSON has no bytes; write "
                 "{\"$param\":1}, and pass the bytes behind the shape",
                 zWhat);
  } else if (!jsonIsNoValue(p, pJson) && pJson->eType >= ASSOC_J_ARRAY) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "%s must be one value, not %s",
                 zWhat, assocJsonTypeName(pJson));
  }
  pVal->eType = pJson->eType; /* The first six types have the same numbers */
  pVal->i = pJson->i;
  pVal->r = pJson->eType == ASSOC_J_INT ? (double)pJson->i : pJson->r;
  pVal->z = pJson->z;
  pVal->n = pJson->n;
  return pVal;
}

/* The values of $in and $between, and the arguments of a scope. */
static ShapeVal *jsonVals(JsonParser *p, AssocJson *pArray, const char *zWhat) {
  ShapeVal *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  if (pArray->eType != ASSOC_J_ARRAY) {
    (void)jsonIsNoValue(p, pArray);
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "%s must be an array, not %s",
                 zWhat, assocJsonTypeName(pArray));
    return 0;
  }
  for (pSub = pArray->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = shapeJsonVal(p, pSub, zWhat);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

/* ----------------------------------------------------------- aggregates */

/* 0, the first aggregate, after an error: the caller need not check. */
static int aggOf(JsonParser *p, AssocJson *pName) {
  int eAgg;
  if (!shapeJsonIsText(p, pName, "\"aggregate\"")) return 0;
  eAgg = assocAggFind(pName->z, (int)strlen(pName->z));
  if (eAgg >= 0) return eAgg;
  assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pName->z,
               "%s is not an aggregate; there are %s", pName->z,
               assocAggNames(p->pCall, p->pArena, " and "));
  return 0;
}

/*
**
**  {"aggregate":"sum","of":"posts","column":"likes","distinct":true,
**   "where":{...}}
**
** "of" may be left out only at the root, where the roots are counted. The
** caller reads "as", because an aggregate in a condition or an order has no
** name.
*/
void shapeJsonAgg(JsonParser *p, AssocJson *pObj, ShapeKey *pKey, int bRoots) {
  AssocJson *pSub;
  ShapeAgg *pAgg = pKey->pAgg = shapeJsonAlloc(p, sizeof(*pAgg));
  if (pAgg == 0) return;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "aggregate") == 0) {
      pAgg->eAgg = (u8)aggOf(p, pSub);
    } else if (strcmp(pSub->zKey, "of") == 0) {
      pKey->pPath = shapeJsonPathOf(p, pSub, "\"of\"");
    } else if (strcmp(pSub->zKey, "column") == 0) {
      if (shapeJsonIsText(p, pSub, "\"column\"")) {
        pAgg->pCol = jsonColumnName(p, pSub->z, pSub->n, &pAgg->bAt);
      }
    } else if (strcmp(pSub->zKey, "distinct") == 0) {
      pAgg->bDistinct = (u8)shapeJsonIsTrue(p, pSub, "distinct");
    } else if (strcmp(pSub->zKey, "where") == 0) {
      pAgg->pWhere = shapeJsonWhere(p, pSub);
    } else if (strcmp(pSub->zKey, "as") != 0) {
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                   "an aggregate has no \"%s\"; it has aggregate, of, column, "
                   "distinct, where and as",
                   pSub->zKey);
    }
  }
  /* Members come in any order, so what is missing is known only now. */
  if (assocJsonGet(pObj, "aggregate") == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an aggregate needs \"aggregate\": %s",
                 assocAggNames(p->pCall, p->pArena, " or "));
  }
  if (pKey->pPath == 0 && !bRoots) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an aggregate needs \"of\", a path of associations");
  }
}

/* ----------------------------------------------------------- predicates */

/* JSON.stringify() turns {[Op.gte]:18} into {}. */
static const char zJsonSymbol[] =
    "; JSON.stringify() leaves out a Symbol such as Op.gte and what is "
    "undefined: write \"$gte\"";

/* Every condition counts against the limit of items. */
static ShapePred *jsonNewPred(JsonParser *p, int eOp) {
  ShapePred *pPred = shapeJsonAlloc(p, sizeof(*pPred));
  if (pPred == 0) return 0;
  shapeJsonCount(p);
  pPred->eOp = (u8)eOp;
  pPred->iOff = -1;
  return pPred;
}

/* Either may be 0: no condition. */
static ShapePred *jsonAnd(JsonParser *p, ShapePred *p1, ShapePred *p2) {
  return assocShapeAnd(p->pCall, p->pArena, p1, p2);
}

/* Make an AND or OR of a list. One predicate alone stays itself. */
static ShapePred *jsonJoin(JsonParser *p, int eOp, ShapePred *pFirst) {
  ShapePred *pList;
  assert(eOp == SHAPE_OP_AND || eOp == SHAPE_OP_OR);
  if (pFirst == 0 || pFirst->pNext == 0) return pFirst;
  pList = jsonNewPred(p, eOp);
  if (pList) pList->pSub = pFirst;
  return pList;
}

/* The operators on one key. */
static const struct {
  const char *zName;
  u8 eOp;
  u8 bNot;
} aJsonOp[] = {
    {"$eq", SHAPE_OP_EQ, 0},
    {"$ne", SHAPE_OP_NE, 0},
    {"$gt", SHAPE_OP_GT, 0},
    {"$gte", SHAPE_OP_GE, 0},
    {"$lt", SHAPE_OP_LT, 0},
    {"$lte", SHAPE_OP_LE, 0},
    {"$in", SHAPE_OP_IN, 0},
    {"$notIn", SHAPE_OP_IN, 1},
    {"$like", SHAPE_OP_LIKE, 0},
    {"$notLike", SHAPE_OP_LIKE, 1},
    {"$between", SHAPE_OP_BETWEEN, 0},
    {"$notBetween", SHAPE_OP_BETWEEN, 1},
    {"$glob", SHAPE_OP_GLOB, 0},
    {"$notGlob", SHAPE_OP_GLOB, 1},
    {"$match", SHAPE_OP_MATCH, 0},
    {"$notMatch", SHAPE_OP_MATCH, 1},
    {"$is", SHAPE_OP_EQ, 0},
    {"$not", SHAPE_OP_NE, 0},
    {"$startsWith", SHAPE_OP_STARTS, 0},
    {"$notStartsWith", SHAPE_OP_STARTS, 1},
    {"$endsWith", SHAPE_OP_ENDS, 0},
    {"$notEndsWith", SHAPE_OP_ENDS, 1},
    {"$substring", SHAPE_OP_CONTAINS, 0},
    {"$notSubstring", SHAPE_OP_CONTAINS, 1},
};

/* "boss.sal", "@pos" or an aggregate, in {"$col":…} */
static ShapeKey *jsonOtherKey(JsonParser *p, AssocJson *pJson) {
  ShapeKey *pKey = shapeJsonAlloc(p, sizeof(*pKey));
  if (pKey == 0) return 0;
  if (pJson->eType == ASSOC_J_OBJECT) {
    shapeJsonAgg(p, pJson, pKey, 0);
  } else if (shapeJsonIsText(p, pJson, "\"$col\"")) {
    if (pJson->z[0] == '@') {
      pKey->pPath = jsonColumnName(p, pJson->z, pJson->n, &pKey->bAt);
    } else {
      pKey->pPath = shapeJsonPath(p, pJson->z, pJson->n);
    }
  }
  return pKey;
}

/* key op value. {"$eq":null} and {"$ne":null} become IS NULL and IS NOT NULL,
** as in Sequelize. A list is a value of $in and $notIn only, and of $between,
** where it has two elements. */
static ShapePred *jsonOp(JsonParser *p, const ShapeKey *pKey, int iOp,
                         AssocJson *pJson) {
  const char *zName = aJsonOp[iOp].zName;
  ShapePred *pPred = jsonNewPred(p, aJsonOp[iOp].eOp);
  assert(iOp >= 0 && iOp < ASSOC_COUNT(aJsonOp));
  if (pPred == 0) return 0;
  pPred->key = *pKey;
  pPred->bNot = aJsonOp[iOp].bNot;
  if (jsonIsColumn(pJson) && pPred->eOp <= SHAPE_OP_GE) {
    pPred->pOther = jsonOtherKey(p, pJson->pChild);
  } else if (pPred->eOp == SHAPE_OP_IN && jsonIsParam(pJson)) {
    pPred->bList = 1;
    pPred->pVal = shapeJsonVal(p, pJson, zName);
  } else if (pPred->eOp == SHAPE_OP_IN || pPred->eOp == SHAPE_OP_BETWEEN) {
    pPred->pVal = jsonVals(p, pJson, zName);
    if (pPred->eOp == SHAPE_OP_BETWEEN && pJson->nChild != 2) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "%s takes two values",
                   zName);
    }
  } else if (pJson->eType == ASSOC_J_NULL && pPred->eOp <= SHAPE_OP_NE) {
    pPred->bNot = pPred->eOp == SHAPE_OP_NE;
    pPred->eOp = SHAPE_OP_ISNULL;
  } else if (pJson->eType == ASSOC_J_NULL && pPred->eOp <= SHAPE_OP_GE) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "nothing is %s null; did you mean {\"$ne\":null}?",
                 azShapeOp[pPred->eOp]);
  } else if (pPred->eOp >= SHAPE_OP_STARTS && !jsonIsParam(pJson) &&
             !jsonIsColumn(pJson)) {
    if (shapeJsonIsText(p, pJson, zName)) {
      pPred->pVal = shapeJsonVal(p, pJson, zName);
    }
  } else {
    pPred->pVal = shapeJsonVal(p, pJson, zName);
  }
  return pPred;
}

static ShapePred *jsonKeyTest(JsonParser *p, const ShapeKey *pKey,
                              AssocJson *pJson);

/* An empty object would make $not mean "no row", which nobody wants. */
static ShapePred *jsonNot(JsonParser *p, ShapePred *pSub) {
  ShapePred *pNot = jsonNewPred(p, SHAPE_OP_NOT);
  if (pSub == 0)
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "$not takes a condition, not an empty {}%s", zJsonSymbol);
  if (pNot) pNot->pSub = pSub;
  return pNot;
}

/* Read each element of an array or object as a test on the same key. */
static ShapePred *jsonKeyList(JsonParser *p, const ShapeKey *pKey, int eOp,
                              AssocJson *pJson);

/* Raise the error for an unknown operator. A name without "$" or in another
** case gets the right one proposed; an operator of another library gets advice;
** for all others, the operators are listed. */
static void jsonNoOperator(JsonParser *p, const char *zKey) {
  const char *zInstead = shapeJsonInstead(zKey);
  int i;
  for (i = 0; i < ASSOC_COUNT(aJsonOp); i++) {
    if (sqlite3_stricmp(&aJsonOp[i].zName[1], zKey) == 0 ||
        sqlite3_stricmp(aJsonOp[i].zName, zKey) == 0) {
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, zKey,
                   "%s is not an operator; did you mean \"%s\"?", zKey,
                   aJsonOp[i].zName);
      return;
    }
  }
  if (zInstead) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, zKey,
                 "%s is not an operator; %s", zKey, zInstead);
    return;
  }
  assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, zKey,
               "%s is not an operator; there are $eq $ne $gt $gte $lt $lte $in "
               "$notIn $like $notLike $startsWith $endsWith $substring "
               "$between $notBetween $glob $notGlob $match $notMatch $is "
               "$not $and $or%s%s",
               zKey, zKey[0] == '$' ? "" : "; ",
               zKey[0] == '$' ? "" : zShapeInside);
}

/*
** Read the operators on one key; all of them must hold: {"$gte":18, "$lt":65,
** "$or":[...], "$not":{...}}. An empty object is an error: JSON.stringify()
** leaves out keys that are Symbols, such as Op.gte, and values that are
** undefined.
*/
static ShapePred *jsonKeyOps(JsonParser *p, const ShapeKey *pKey,
                             AssocJson *pObj) {
  ShapePred *pAll = 0;
  AssocJson *pSub;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    ShapePred *pOne = 0;
    int i = 0;
    while (i < ASSOC_COUNT(aJsonOp) &&
           strcmp(aJsonOp[i].zName, pSub->zKey) != 0) {
      i++;
    }
    if (strcmp(pSub->zKey, "$not") == 0 && pSub->eType >= ASSOC_J_ARRAY &&
        !jsonIsParam(pSub) && !jsonIsColumn(pSub)) {
      pOne = jsonNot(p, jsonKeyTest(p, pKey, pSub));
    } else if (i < ASSOC_COUNT(aJsonOp)) {
      pOne = jsonOp(p, pKey, i, pSub);
    } else if (strcmp(pSub->zKey, "$and") == 0) {
      pOne = jsonKeyList(p, pKey, SHAPE_OP_AND, pSub);
    } else if (strcmp(pSub->zKey, "$or") == 0) {
      pOne = jsonKeyList(p, pKey, SHAPE_OP_OR, pSub);
    } else {
      jsonNoOperator(p, pSub->zKey);
    }
    pAll = jsonAnd(p, pAll, pOne);
  }
  if (pObj->nChild == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an empty {} compares with nothing%s", zJsonSymbol);
  }
  return pAll;
}

/* {"$or":[1,{"$gt":5}]} on one key: the elements are tests of this key. An
** object is a list of its members. */
static ShapePred *jsonKeyList(JsonParser *p, const ShapeKey *pKey, int eOp,
                              AssocJson *pJson) {
  ShapePred *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub, one;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    one = *pSub; /* Treat each member of an object as an object */
    if (pJson->eType == ASSOC_J_OBJECT) {
      memset(&one, 0, sizeof(one));
      one.eType = ASSOC_J_OBJECT;
      one.nChild = 1;
      one.pChild = shapeJsonAlloc(p, sizeof(one));
      if (one.pChild == 0) return 0;
      *one.pChild = *pSub;
      one.pChild->pNext = 0;
    }
    *ppEnd = jsonKeyTest(p, pKey, &one);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  if (pJson->eType < ASSOC_J_ARRAY) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "$and and $or take a list");
  }
  return jsonJoin(p, eOp, pFirst);
}

/*
**
**    5, "x", true     equal to it
**    null             is null
**    [1,2]            one of them
**    {"$gt":1}        operators
**    {"$param":...}, {"$col":...}   equal to a parameter or a column
*/
static ShapePred *jsonKeyTest(JsonParser *p, const ShapeKey *pKey,
                              AssocJson *pJson) {
  ShapePred *pPred = 0;
  if (!shapeJsonEnter(p)) return 0;
  if (jsonIsNoValue(p, pJson)) {
    assert(p->pCall->rc != SQLITE_OK);
  } else if (pJson->eType == ASSOC_J_OBJECT && !jsonIsParam(pJson) &&
             !jsonIsColumn(pJson) && !assocJsonIsBuffer(pJson)) {
    pPred = jsonKeyOps(p, pKey, pJson);
  } else if (pJson->eType == ASSOC_J_ARRAY) {
    pPred = jsonNewPred(p, SHAPE_OP_IN);
    if (pPred) {
      pPred->key = *pKey;
      pPred->pVal = jsonVals(p, pJson, "a list");
    }
  } else {
    pPred = jsonOp(p, pKey, 0, pJson); /* Index 0 is $eq */
  }
  shapeJsonLeave(p);
  return pPred;
}

/* The object without its member "$on", which *ppOn becomes: {"$on":"Cake",…}
** names the model at the end of a polymorphic path. */
static AssocJson *jsonWithoutOn(JsonParser *p, AssocJson *pJson,
                                ShapeName **ppOn) {
  AssocJson *pNew, *pOn = assocJsonGet(pJson, "$on"), **ppEnd, *pSub;
  *ppOn = 0;
  if (pOn == 0) return pJson;
  *ppOn = shapeJsonPathOf(p, pOn, "\"$on\"");
  pNew = shapeJsonAlloc(p, sizeof(*pNew));
  if (pNew == 0) return pJson;
  *pNew = *pJson;
  pNew->nChild--;
  pNew->pChild = 0;
  ppEnd = &pNew->pChild;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    if (pSub == pOn) continue;
    *ppEnd = shapeJsonAlloc(p, sizeof(*pSub));
    if (*ppEnd == 0) return pJson;
    **ppEnd = *pSub;
    (*ppEnd)->pNext = 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pNew;
}

/* Read {"$some":{"posts":{...}}}. An empty object asks for any related row.
** Several associations must all have one. */
static ShapePred *jsonSome(JsonParser *p, int eOp, AssocJson *pObj) {
  ShapePred *pAll = 0;
  AssocJson *pSub, *pWhere;
  assert(eOp >= SHAPE_OP_SOME && eOp <= SHAPE_OP_NONE);
  if (pObj->eType != ASSOC_J_OBJECT || pObj->nChild == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "$%s takes {\"association\":{…}}", azShapeOp[eOp]);
    return 0;
  }
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    ShapePred *pPred = jsonNewPred(p, eOp);
    if (pPred == 0) return 0;
    pPred->key.pPath = shapeJsonPath(p, pSub->zKey, (int)strlen(pSub->zKey));
    pWhere = jsonWithoutOn(p, pSub, &pPred->pOn);
    if (pWhere->eType != ASSOC_J_OBJECT || pWhere->nChild) {
      pPred->pSub = shapeJsonWhere(p, pWhere);
    }
    pAll = jsonAnd(p, pAll, pPred);
  }
  return pAll;
}

/* Read {"aggregate":"count","of":"comments","is":{"$gte":3}}: an aggregate, and
** "is" with what a column would be compared with. */
static ShapePred *jsonAggTest(JsonParser *p, AssocJson *pObj) {
  AssocJson *pIs = 0, rest = *pObj, **pp;
  ShapeKey key = {0};
  for (pp = &rest.pChild; *pp; pp = &(*pp)->pNext) {
    if ((*pp)->zKey && strcmp((*pp)->zKey, "is") == 0) {
      pIs = *pp;
      *pp = pIs->pNext;
      break;
    }
  }
  if (pIs == 0) { /* An array has no keys */
    assocErrorOf(
        p->pCall, ASSOC_E_SYNTAX, 0, 0,
        "$aggregate takes an aggregate, and \"is\" with the comparison");
    return 0;
  }
  shapeJsonAgg(p, &rest, &key, 0);
  return jsonKeyTest(p, &key, pIs);
}

/* Read the conditions of $and or $or: an array or an object. */
static ShapePred *jsonWhereList(JsonParser *p, int eOp, AssocJson *pJson);

/* Read one member of a where object. Keys that begin with "$" are combinations,
** "$path.column$", or mistakes with advice; all others are columns. */
static ShapePred *jsonMember(JsonParser *p, AssocJson *pJson) {
  const char *zKey = pJson->zKey;
  int n = (int)strlen(zKey), eOp;
  ShapeKey key = {0};
  ShapePred *pPred;
  assert(zKey);
  if (strcmp(zKey, "$and") == 0) return jsonWhereList(p, SHAPE_OP_AND, pJson);
  if (strcmp(zKey, "$or") == 0) return jsonWhereList(p, SHAPE_OP_OR, pJson);
  if (strcmp(zKey, "$not") == 0) return jsonNot(p, shapeJsonWhere(p, pJson));
  if (strcmp(zKey, "$aggregate") == 0) return jsonAggTest(p, pJson);
  /* "$some", "$every", "$none": the operators' names behind a "$" */
  for (eOp = SHAPE_OP_SOME; eOp <= SHAPE_OP_NONE; eOp++) {
    if (zKey[0] == '$' && strcmp(&zKey[1], azShapeOp[eOp]) == 0) {
      return jsonSome(p, eOp, pJson);
    }
  }
  /* Sequelize's "$posts.title$" is a column of an included model. */
  if (n > 2 && zKey[0] == '$' && zKey[n - 1] == '$') {
    key.pPath = shapeJsonPath(p, &zKey[1], n - 2);
    pPred = jsonKeyTest(p, &key, pJson);
    if (pPred) pPred->bSome = 1;
    return pPred;
  }
  if (zKey[0] == '$' && shapeJsonInstead(zKey)) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, zKey,
                 "%s is not an operator; %s", zKey, shapeJsonInstead(zKey));
    return 0;
  }
  if (zKey[0] == '$') {
    assocErrorOf(
        p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, zKey,
        "%s is not an operator here; there are $and $or $not $some $every "
        "$none $aggregate, and \"$path.column$\"",
        zKey);
    return 0;
  }
  /* JSON.stringify() drops a Symbol; somebody wrote its name as a text. */
  if (strncmp(zKey, "Op.", 3) == 0) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, zKey,
                 "%s is a symbol of Sequelize; in JSON write \"$%s\"", zKey,
                 &zKey[3]);
    return 0;
  }
  key.pPath = jsonColumnName(p, zKey, n, &key.bAt);
  return jsonKeyTest(p, &key, pJson);
}

/* In an AND, an empty object adds nothing. In an OR it would make the whole
** condition true, which is an error rather than a surprise. */
static ShapePred *jsonWhereList(JsonParser *p, int eOp, AssocJson *pJson) {
  ShapePred *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  if (pJson->eType < ASSOC_J_ARRAY) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "%s takes a list of conditions", pJson->zKey);
    return 0;
  }
  if (!shapeJsonEnter(p)) return 0; /* The list is a level, too */
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = pJson->eType == ASSOC_J_ARRAY ? shapeJsonWhere(p, pSub)
                                           : jsonMember(p, pSub);
    if (p->pCall->rc != SQLITE_OK) break;
    if (*ppEnd) {
      ppEnd = &(*ppEnd)->pNext;
    } else if (eOp == SHAPE_OP_OR) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "an empty {} in $or is true for every row%s", zJsonSymbol);
      break;
    }
  }
  shapeJsonLeave(p);
  if (p->pCall->rc != SQLITE_OK) return 0;
  return jsonJoin(p, eOp, pFirst);
}

/* Is the condition a where() or fn() of Sequelize? {"fn":"x","args":[1]} may
** speak of two columns. */
static int jsonIsCondition(AssocJson *pJson) {
  const AssocJson *pArgs = assocJsonGet(pJson, "args");
  AssocJson *pSub = pArgs ? pArgs->pChild : 0;
  if (!shapeJsonIsCall(pJson)) return 0;
  if (assocJsonGet(pJson, "comparator")) return 1;
  while (pSub && !shapeJsonIsCall(pSub)) pSub = pSub->pNext;
  return pSub != 0;
}

/* Read {"a":1,"b":{...}}, or an array of those; all must be true. 0 for an
** empty object, which is no condition. */
ShapePred *shapeJsonWhere(JsonParser *p, AssocJson *pJson) {
  ShapePred *pAll = 0;
  AssocJson *pSub;
  if (pJson->eType < ASSOC_J_ARRAY) {
    assocErrorOf(
        p->pCall, ASSOC_E_SYNTAX, 0, 0, "\"where\" must be an object, not %s%s",
        assocJsonTypeName(pJson),
        pJson->eType == ASSOC_J_TEXT
            ? "; conditions in words belong to the text form: User(age > 18)"
            : "");
    return 0;
  }
  if (jsonIsCondition(pJson)) {
    (void)jsonIsNoValue(p, pJson);
    return 0;
  }
  if (!shapeJsonEnter(p)) return 0;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    pAll = jsonAnd(p, pAll,
                   pJson->eType == ASSOC_J_ARRAY ? shapeJsonWhere(p, pSub)
                                                 : jsonMember(p, pSub));
  }
  shapeJsonLeave(p);
  return pAll;
}

/* ----------------------------------------------------------------- order */

/* Read "ASC", "DESC", "DESC NULLS LAST", "NULLS FIRST". False if z is none of
** them. */
static int jsonDirection(const char *z, ShapeSort *pSort) {
  static const struct {
    const char *z;
    u8 bDesc, eNulls;
  } a[] = {{"ASC", 0, SHAPE_NULLS_DEFAULT},
           {"DESC", 1, SHAPE_NULLS_DEFAULT},
           {"ASC NULLS FIRST", 0, SHAPE_NULLS_FIRST},
           {"ASC NULLS LAST", 0, SHAPE_NULLS_LAST},
           {"DESC NULLS FIRST", 1, SHAPE_NULLS_FIRST},
           {"DESC NULLS LAST", 1, SHAPE_NULLS_LAST},
           {"NULLS FIRST", 0, SHAPE_NULLS_FIRST},
           {"NULLS LAST", 0, SHAPE_NULLS_LAST}};
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (sqlite3_stricmp(z, a[i].z) == 0) {
      pSort->bDesc = a[i].bDesc;
      pSort->eNulls = a[i].eNulls;
      return 1;
    }
  }
  return 0;
}

/* Read a step of the path to the column: "posts", or
** {"model":...,"as":"posts"}. */
static ShapeName *jsonSortStep(JsonParser *p, AssocJson *pJson) {
  AssocJson *pName = pJson;
  if (pJson->eType == ASSOC_J_OBJECT) {
    pName = assocJsonGet(pJson, "as");
    if (pName == 0) pName = assocJsonGet(pJson, "association");
    if (pName == 0) pName = assocJsonGet(pJson, "model");
    if (pName == 0) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "an object in \"order\" is an association, {\"as\":"
                   "\"posts\"}, an aggregate, {\"aggregate\":\"count\",\"of\":"
                   "\"posts\"}, or {\"collate\":\"NOCASE\"}");
    }
  }
  return shapeJsonPathOf(p, pName, "a name in \"order\"");
}

/*
**
**    ["title","DESC"]                 title desc
**    ["author","name"]                author.name
**    [{"model":"User","as":"author"},"name"]   author.name
**    [{"aggregate":...},"DESC"]       posts.count() desc
**    ["name",{"collate":"NOCASE"}]    name collate nocase
**
** The last text is the direction if it is one, except where it is the only
** element.
*/
static ShapeSort *jsonSortList(JsonParser *p, AssocJson *pArray) {
  ShapeSort *pSort = shapeJsonAlloc(p, sizeof(*pSort));
  ShapeName **ppEnd;
  AssocJson *pSub;
  if (pSort == 0) return 0;
  pSort->iOff = -1;
  ppEnd = &pSort->key.pPath;
  for (pSub = pArray->pChild; pSub; pSub = pSub->pNext) {
    AssocJson *pColl =
        pSub->eType == ASSOC_J_OBJECT ? assocJsonGet(pSub, "collate") : 0;
    if (pSub != pArray->pChild && pSub->pNext == 0 &&
        pSub->eType == ASSOC_J_TEXT && jsonDirection(pSub->z, pSort)) {
      break;
    }
    /* A misspelt direction would be read as a column. */
    if (pSub->eType == ASSOC_J_TEXT &&
        (sqlite3_stricmp(pSub->z, "descending") == 0 ||
         sqlite3_stricmp(pSub->z, "ascending") == 0 ||
         sqlite3_strnicmp(pSub->z, "desc ", 5) == 0 ||
         sqlite3_strnicmp(pSub->z, "asc ", 4) == 0)) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "a direction is ASC or DESC, also with NULLS FIRST or NULLS "
                   "LAST, not %s",
                   pSub->z);
      return pSort;
    }
    if (pColl) {
      pSort->pColl = shapeJsonPathOf(p, pColl, "\"collate\"");
    } else if (assocJsonGet(pSub, "aggregate")) {
      shapeJsonAgg(p, pSub, &pSort->key, 0);
    } else if (shapeJsonIsCall(pSub) && pSort->key.pPath == 0) {
      shapeJsonCall(p, pSub, &pSort->key);
      /* count() of the roots orders nothing: the error below */
      if (pSort->key.pAgg && pSort->key.pPath == 0) break;
    } else if (pSub->eType == ASSOC_J_TEXT && pSub->z[0] == '@' &&
               pSort->key.pPath == 0) {
      pSort->key.pPath = jsonColumnName(p, pSub->z, pSub->n, &pSort->key.bAt);
      if (pSort->key.pPath == 0) break;
      ppEnd = &pSort->key.pPath->pNext;
    } else { /* One more step; the last one is the column */
      *ppEnd = jsonSortStep(p, pSub);
      while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
    }
  }
  if (pSort->key.pAgg && pSort->key.pPath == 0) {
    const char *z = aShapeAgg[pSort->key.pAgg->eAgg].zName;
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, z,
                 "%s() of the rows themselves cannot order them; order by a "
                 "column, [\"likes\",\"DESC\"], or by %s() of related rows, "
                 "col(\"posts.likes\")",
                 z, z);
  } else if (pSort->key.pPath == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "an order needs a column");
  } else if (pSort->key.bAt && pSort->key.pPath->pNext) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "@%s is a column, so the order cannot continue with %s",
                 pSort->key.pPath->z, pSort->key.pPath->pNext->z);
  }
  return pSort;
}

/* fn() or col() alone: the list of which it is the one element. */
static ShapeSort *jsonSortCall(JsonParser *p, const AssocJson *pJson) {
  AssocJson list = {.eType = ASSOC_J_ARRAY, .nChild = 1}, one = *pJson;
  one.pNext = 0;
  list.pChild = &one;
  return jsonSortList(p, &list);
}

/* An array of orders, or an order in the text form:
** [["created_at","DESC"],"title"], "title desc". Elements of the array may be
** texts, too. */
ShapeSort *shapeJsonOrder(JsonParser *p, AssocJson *pJson) {
  ShapeSort *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  if (pJson->eType == ASSOC_J_TEXT) {
    return assocShapeOrderText(p->pCall, p->pArena, p->pShape, pJson->z,
                               pJson->n);
  }
  if (shapeJsonIsCall(pJson)) return jsonSortCall(p, pJson);
  if (pJson->eType != ASSOC_J_ARRAY) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"order\" must be an array or a text, not %s",
                 assocJsonTypeName(pJson));
    return 0;
  }
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    if (pSub->eType == ASSOC_J_ARRAY) {
      *ppEnd = jsonSortList(p, pSub);
    } else if (shapeJsonIsCall(pSub)) {
      *ppEnd = jsonSortCall(p, pSub);
    } else if (shapeJsonIsText(p, pSub, "an element of \"order\"")) {
      *ppEnd =
          assocShapeOrderText(p->pCall, p->pArena, p->pShape, pSub->z, pSub->n);
    }
    while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}
