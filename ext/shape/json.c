/*
** The JSON form: Sequelize's find options under their own names, read into
** the tree of the text form.
**
**   {"model":"User", "attributes":["id","name"],
**    "where":{"age":{"$gte":18}},
**    "include":[{"association":"posts", "limit":5,
**                "order":[["created_at","DESC"]]}]}
**
** Attributes come before includes, whatever the order of the keys.
** A path is names with dots between; a name that has a dot itself stands in
** backticks, as in the text form.
*/
#include "shape/shape.h"

typedef struct JsonParser JsonParser;
struct JsonParser {
  AssocCall *pCall;
  AssocArena *pArena;
  AssocShape *pShape;
  int nDepth;
  int nItem;
};

static ShapePred *jsonWhere(JsonParser *p, AssocJson *pJson);
static void jsonFind(JsonParser *p, AssocJson *pObj, ShapeItem *pItem,
                     ShapeClauses **ppClauses);

static void *jsonAlloc(JsonParser *p, size_t n) {
  return assocAlloc(p->pCall, p->pArena, (i64)n);
}

static int jsonEnter(JsonParser *p) {
  if (++p->nDepth > p->pCall->pConn->mxDepth) {
    assocError(p->pCall, "shapes nest at most %d levels deep",
               p->pCall->pConn->mxDepth);
  }
  return p->pCall->rc == SQLITE_OK;
}
static void jsonLeave(JsonParser *p) {
  p->nDepth--;
}

/* One more item or condition: together they are bounded. */
static void jsonCount(JsonParser *p) {
  int nMost = p->pCall->pConn->mxItem;
  if (++p->nItem > nMost) {
    assocError(p->pCall, "a shape has at most %d items and conditions", nMost);
  }
}

/* ---------------------------------------------------------------- names */

/* What comes behind a NUL would be cut off. */
static void jsonNoNul(JsonParser *p, const char *z, int n) {
  if (n > 0 && memchr(z, 0, (size_t)n)) {
    assocError(p->pCall, "a name cannot have a NUL in it");
  }
}

static ShapeName *jsonName(JsonParser *p, const char *z, int n) {
  ShapeName *pName = jsonAlloc(p, sizeof(*pName));
  if (pName == 0) return 0;
  if (n == 0) assocError(p->pCall, "a name cannot be empty");
  jsonNoNul(p, z, n);
  pName->z = assocArenaText(p->pCall, p->pArena, z, n);
  pName->iOff = -1;
  return pName;
}

/* The name at the front of a path, up to a dot; *pn is what it took. */
static ShapeName *jsonSegment(JsonParser *p, const char *z, int n, int *pn) {
  int i = 0, j = 0;
  char *zName;
  if (n == 0 || z[0] != '`') {
    while (i < n && z[i] != '.') i++;
    *pn = i;
    return jsonName(p, z, i);
  }
  zName = assocAlloc(p->pCall, p->pArena, (i64)n + 1);
  if (zName == 0) return 0;
  for (i = 1; i < n; i++) {
    if (z[i] == '`' && (++i >= n || z[i] != '`')) break;
    zName[j++] = z[i];
  }
  *pn = i;
  return jsonName(p, zName, j);
}

static ShapeName *jsonPath(JsonParser *p, const char *z, int n) {
  ShapeName *pFirst = 0, **ppEnd = &pFirst;
  while (p->pCall->rc == SQLITE_OK) {
    int nUsed = 0;
    *ppEnd = jsonSegment(p, z, n, &nUsed);
    if (*ppEnd == 0 || nUsed >= n) break;
    if (z[nUsed] != '.') {
      assocError(p->pCall, "%.*s is no path of names", n, z);
    }
    ppEnd = &(*ppEnd)->pNext;
    z += nUsed + 1;
    n -= nUsed + 1;
  }
  return pFirst;
}

/* Fail unless pJson is a text. */
static int jsonIsText(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  if (pJson && pJson->eType == ASSOC_J_TEXT) return 1;
  assocError(p->pCall, "%s must be a text, not %s", zWhat,
             assocJsonTypeName(pJson));
  return 0;
}

static ShapeName *jsonPathOf(JsonParser *p, AssocJson *pJson,
                             const char *zWhat) {
  if (!jsonIsText(p, pJson, zWhat)) return 0;
  return jsonPath(p, pJson->z, pJson->n);
}

static int jsonIsTrue(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  if (pJson == 0 || pJson->eType == ASSOC_J_FALSE) return 0;
  if (pJson->eType == ASSOC_J_TRUE) return 1;
  assocError(p->pCall, "\"%s\" is true or false, not %s", zWhat,
             assocJsonTypeName(pJson));
  return 0;
}

/* --------------------------------------------------------------- values */

/* {"$param":"s"} or {"$param":1} */
static void jsonParam(JsonParser *p, AssocJson *pJson, ShapeVal *pVal) {
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
    assocError(p->pCall, "\"$param\" is a name or a number from 1 to 100");
  }
}

static AssocJson *jsonIsParam(AssocJson *pJson) {
  if (pJson->eType != ASSOC_J_OBJECT || pJson->nChild != 1) return 0;
  return strcmp(pJson->pChild->zKey, "$param") == 0 ? pJson->pChild : 0;
}

static ShapeVal *jsonVal(JsonParser *p, AssocJson *pJson, const char *zWhat) {
  ShapeVal *pVal = jsonAlloc(p, sizeof(*pVal));
  AssocJson *pParam = jsonIsParam(pJson);
  if (pVal == 0) return 0;
  pVal->iOff = -1;
  if (pParam) {
    jsonParam(p, pParam, pVal);
    return pVal;
  }
  if (pJson->eType >= ASSOC_J_ARRAY) {
    assocError(p->pCall, "%s must be one value, not %s", zWhat,
               assocJsonTypeName(pJson));
  }
  pVal->eType = pJson->eType; /* The first six kinds are the same */
  pVal->i = pJson->i;
  pVal->r = pJson->eType == ASSOC_J_INT ? (double)pJson->i : pJson->r;
  pVal->z = pJson->z;
  pVal->n = pJson->n;
  return pVal;
}

static ShapeVal *jsonVals(JsonParser *p, AssocJson *pArray, const char *zWhat) {
  ShapeVal *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  if (pArray->eType != ASSOC_J_ARRAY) {
    assocError(p->pCall, "%s must be an array, not %s", zWhat,
               assocJsonTypeName(pArray));
    return 0;
  }
  for (pSub = pArray->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = jsonVal(p, pSub, zWhat);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

/* ----------------------------------------------------------- aggregates */

static int aggOf(JsonParser *p, AssocJson *pName) {
  int i;
  if (!jsonIsText(p, pName, "\"aggregate\"")) return 0;
  for (i = 0; i < SHAPE_NAGG; i++) {
    if (sqlite3_stricmp(pName->z, azShapeAgg[i]) == 0) return i;
  }
  assocError(p->pCall,
             "%s is no aggregate; there are count, sum, avg, min, max, "
             "total and exists",
             pName->z);
  return 0;
}

/* {"aggregate":"sum","of":"posts","column":"likes","distinct":true,
**  "where":{…}}; also "as", which the caller reads. */
static void jsonAgg(JsonParser *p, AssocJson *pObj, ShapeKey *pKey) {
  AssocJson *pSub;
  ShapeAgg *pAgg = pKey->pAgg = jsonAlloc(p, sizeof(*pAgg));
  if (pAgg == 0) return;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "aggregate") == 0) {
      pAgg->eAgg = (u8)aggOf(p, pSub);
    } else if (strcmp(pSub->zKey, "of") == 0) {
      pKey->pPath = jsonPathOf(p, pSub, "\"of\"");
    } else if (strcmp(pSub->zKey, "column") == 0) {
      if (jsonIsText(p, pSub, "\"column\"")) {
        pAgg->pCol = jsonName(p, pSub->z, pSub->n);
      }
    } else if (strcmp(pSub->zKey, "distinct") == 0) {
      pAgg->bDistinct = (u8)jsonIsTrue(p, pSub, "distinct");
    } else if (strcmp(pSub->zKey, "where") == 0) {
      pAgg->pWhere = jsonWhere(p, pSub);
    } else if (strcmp(pSub->zKey, "as") != 0) {
      assocError(p->pCall,
                 "an aggregate has no \"%s\"; it has aggregate, of, column, "
                 "distinct, where and as",
                 pSub->zKey);
    }
  }
  if (assocJsonGet(pObj, "aggregate") == 0) {
    assocError(p->pCall, "an aggregate needs \"aggregate\": count, sum, avg, "
                         "min, max, total or exists");
  }
  if (pKey->pPath == 0) {
    assocError(p->pCall, "an aggregate needs \"of\", a path of associations");
  }
}

/* ----------------------------------------------------------- predicates */

static ShapePred *jsonNewPred(JsonParser *p, int eOp) {
  ShapePred *pPred = jsonAlloc(p, sizeof(*pPred));
  if (pPred == 0) return 0;
  jsonCount(p);
  pPred->eOp = (u8)eOp;
  pPred->iOff = -1;
  return pPred;
}

static ShapePred *jsonAnd(JsonParser *p, ShapePred *p1, ShapePred *p2) {
  return assocShapeAnd(p->pCall, p->pArena, p1, p2);
}

/* A list of predicates under OR (or AND); one alone is itself. */
static ShapePred *jsonJoin(JsonParser *p, int eOp, ShapePred *pFirst) {
  ShapePred *pList;
  if (pFirst == 0 || pFirst->pNext == 0) return pFirst;
  pList = jsonNewPred(p, eOp);
  if (pList) pList->pSub = pFirst;
  return pList;
}

/* Operators on one key. */
static const struct {
  const char *zName;
  u8 eOp;
  u8 bNot;
} aJsonOp[] = {
    {"$eq", SHAPE_OP_EQ, 0},           {"$ne", SHAPE_OP_NE, 0},
    {"$gt", SHAPE_OP_GT, 0},           {"$gte", SHAPE_OP_GE, 0},
    {"$lt", SHAPE_OP_LT, 0},           {"$lte", SHAPE_OP_LE, 0},
    {"$in", SHAPE_OP_IN, 0},           {"$notIn", SHAPE_OP_IN, 1},
    {"$like", SHAPE_OP_LIKE, 0},       {"$notLike", SHAPE_OP_LIKE, 1},
    {"$between", SHAPE_OP_BETWEEN, 0}, {"$notBetween", SHAPE_OP_BETWEEN, 1},
    {"$glob", SHAPE_OP_GLOB, 0},       {"$notGlob", SHAPE_OP_GLOB, 1},
    {"$match", SHAPE_OP_MATCH, 0},     {"$notMatch", SHAPE_OP_MATCH, 1},
    {"$is", SHAPE_OP_EQ, 0},           {"$not", SHAPE_OP_NE, 0},
};

/* key op value, where null under = and <> means IS NULL. */
static ShapePred *jsonOp(JsonParser *p, const ShapeKey *pKey, int iOp,
                         AssocJson *pJson) {
  const char *zName = aJsonOp[iOp].zName;
  ShapePred *pPred = jsonNewPred(p, aJsonOp[iOp].eOp);
  if (pPred == 0) return 0;
  pPred->key = *pKey;
  pPred->bNot = aJsonOp[iOp].bNot;
  if (pPred->eOp == SHAPE_OP_IN || pPred->eOp == SHAPE_OP_BETWEEN) {
    pPred->pVal = jsonVals(p, pJson, zName);
    if (pPred->eOp == SHAPE_OP_BETWEEN && pJson->nChild != 2) {
      assocError(p->pCall, "%s takes two values", zName);
    }
  } else if (pJson->eType == ASSOC_J_NULL && pPred->eOp <= SHAPE_OP_NE) {
    pPred->bNot = pPred->eOp == SHAPE_OP_NE;
    pPred->eOp = SHAPE_OP_ISNULL;
  } else if (pJson->eType == ASSOC_J_NULL && pPred->eOp <= SHAPE_OP_GE) {
    assocError(p->pCall, "nothing is %s null; did you mean {\"$ne\":null}?",
               azShapeOp[pPred->eOp]);
  } else {
    pPred->pVal = jsonVal(p, pJson, zName);
  }
  return pPred;
}

/* $startsWith, $endsWith and $substring, as Sequelize has them: like, with %
** before or behind the text. */
static const struct {
  const char *zName;
  u8 bBefore, bBehind;
} aJsonPart[] = {
    {"$startsWith", 0, 1}, {"$endsWith", 1, 0}, {"$substring", 1, 1}};

static ShapePred *jsonPart(JsonParser *p, const ShapeKey *pKey, int iPart,
                           AssocJson *pJson) {
  AssocJson like;
  int i, n = 0;
  char *z;
  memset(&like, 0, sizeof(like));
  if (!jsonIsText(p, pJson, aJsonPart[iPart].zName)) return 0;
  z = assocAlloc(p->pCall, p->pArena, (i64)pJson->n + 3);
  if (z == 0) return 0;
  if (aJsonPart[iPart].bBefore) z[n++] = '%';
  memcpy(&z[n], pJson->z, (size_t)pJson->n);
  n += pJson->n;
  if (aJsonPart[iPart].bBehind) z[n++] = '%';
  like.eType = ASSOC_J_TEXT;
  like.z = z;
  like.n = n;
  for (i = 0; strcmp(aJsonOp[i].zName, "$like") != 0; i++) {
  }
  return jsonOp(p, pKey, i, &like);
}

/* Which of them it is, or -1. */
static int jsonPartOf(const char *zKey) {
  int i = ASSOC_COUNT(aJsonPart) - 1;
  while (i >= 0 && strcmp(aJsonPart[i].zName, zKey) != 0) i--;
  return i;
}

static ShapePred *jsonKeyTest(JsonParser *p, const ShapeKey *pKey,
                              AssocJson *pJson);

static ShapePred *jsonNot(JsonParser *p, ShapePred *pSub) {
  ShapePred *pNot = jsonNewPred(p, SHAPE_OP_NOT);
  if (pSub == 0)
    assocError(p->pCall, "$not takes a condition, not an empty {}");
  if (pNot) pNot->pSub = pSub;
  return pNot;
}

/* Each element of an array or object of tests on one key. */
static ShapePred *jsonKeyList(JsonParser *p, const ShapeKey *pKey, int eOp,
                              AssocJson *pJson);

/* {"$gte":18, "$lt":65, "$or":[…], "$not":{…}} of one key */
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
        !jsonIsParam(pSub)) {
      pOne = jsonNot(p, jsonKeyTest(p, pKey, pSub));
    } else if (i < ASSOC_COUNT(aJsonOp)) {
      pOne = jsonOp(p, pKey, i, pSub);
    } else if (jsonPartOf(pSub->zKey) >= 0) {
      pOne = jsonPart(p, pKey, jsonPartOf(pSub->zKey), pSub);
    } else if (strcmp(pSub->zKey, "$and") == 0) {
      pOne = jsonKeyList(p, pKey, SHAPE_OP_AND, pSub);
    } else if (strcmp(pSub->zKey, "$or") == 0) {
      pOne = jsonKeyList(p, pKey, SHAPE_OP_OR, pSub);
    } else {
      assocError(p->pCall,
                 "%s is no operator; there are $eq $ne $gt $gte $lt $lte $in "
                 "$notIn $like $notLike $startsWith $endsWith $substring "
                 "$between $notBetween $glob $notGlob $match $notMatch $is "
                 "$not $and $or",
                 pSub->zKey);
    }
    pAll = jsonAnd(p, pAll, pOne);
  }
  if (pAll == 0) assocError(p->pCall, "an empty {} compares with nothing");
  return pAll;
}

static ShapePred *jsonKeyList(JsonParser *p, const ShapeKey *pKey, int eOp,
                              AssocJson *pJson) {
  ShapePred *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub, one;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    one = *pSub; /* An object's member is an object of its own */
    if (pJson->eType == ASSOC_J_OBJECT) {
      memset(&one, 0, sizeof(one));
      one.eType = ASSOC_J_OBJECT;
      one.nChild = 1;
      one.pChild = jsonAlloc(p, sizeof(one));
      if (one.pChild == 0) return 0;
      *one.pChild = *pSub;
      one.pChild->pNext = 0;
    }
    *ppEnd = jsonKeyTest(p, pKey, &one);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  if (pFirst == 0) assocError(p->pCall, "$and and $or take a list");
  return jsonJoin(p, eOp, pFirst);
}

/* What a key is compared with: a value, null, an array, or operators. */
static ShapePred *jsonKeyTest(JsonParser *p, const ShapeKey *pKey,
                              AssocJson *pJson) {
  ShapePred *pPred = 0;
  if (!jsonEnter(p)) return 0;
  if (pJson->eType == ASSOC_J_OBJECT && !jsonIsParam(pJson)) {
    pPred = jsonKeyOps(p, pKey, pJson);
  } else if (pJson->eType == ASSOC_J_ARRAY) {
    pPred = jsonNewPred(p, SHAPE_OP_IN);
    if (pPred) {
      pPred->key = *pKey;
      pPred->pVal = jsonVals(p, pJson, "a list");
    }
  } else {
    pPred = jsonOp(p, pKey, 0, pJson); /* $eq */
  }
  jsonLeave(p);
  return pPred;
}

/* {"$some":{"posts":{…}}} */
static ShapePred *jsonSome(JsonParser *p, int eOp, AssocJson *pObj) {
  ShapePred *pAll = 0;
  AssocJson *pSub;
  if (pObj->eType != ASSOC_J_OBJECT || pObj->nChild == 0) {
    assocError(p->pCall, "$%s takes {\"association\":{…}}", azShapeOp[eOp]);
    return 0;
  }
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    ShapePred *pPred = jsonNewPred(p, eOp);
    if (pPred == 0) return 0;
    pPred->key.pPath = jsonPath(p, pSub->zKey, (int)strlen(pSub->zKey));
    if (pSub->eType != ASSOC_J_OBJECT || pSub->nChild) {
      pPred->pSub = jsonWhere(p, pSub);
    }
    pAll = jsonAnd(p, pAll, pPred);
  }
  return pAll;
}

/* {"$aggregate":{"aggregate":"count","of":"comments","is":{"$gte":3}}} */
static ShapePred *jsonAggTest(JsonParser *p, AssocJson *pObj) {
  AssocJson *pIs = 0, rest = *pObj, **pp;
  ShapeKey key = {0, 0};
  for (pp = &rest.pChild; *pp; pp = &(*pp)->pNext) {
    if ((*pp)->zKey && strcmp((*pp)->zKey, "is") == 0) {
      pIs = *pp;
      *pp = pIs->pNext;
      break;
    }
  }
  if (pIs == 0 || pObj->eType != ASSOC_J_OBJECT) {
    assocError(p->pCall, "$aggregate takes an aggregate and \"is\", what it "
                         "is compared with");
    return 0;
  }
  jsonAgg(p, &rest, &key);
  return jsonKeyTest(p, &key, pIs);
}

/* A list of conditions under $and or $or: an array, or an object. */
static ShapePred *jsonWhereList(JsonParser *p, int eOp, AssocJson *pJson);

/* One member of a where object. */
static ShapePred *jsonMember(JsonParser *p, AssocJson *pJson) {
  const char *zKey = pJson->zKey;
  int n = (int)strlen(zKey), eOp;
  ShapeKey key = {0, 0};
  ShapePred *pPred;
  if (strcmp(zKey, "$and") == 0) return jsonWhereList(p, SHAPE_OP_AND, pJson);
  if (strcmp(zKey, "$or") == 0) return jsonWhereList(p, SHAPE_OP_OR, pJson);
  if (strcmp(zKey, "$not") == 0) return jsonNot(p, jsonWhere(p, pJson));
  if (strcmp(zKey, "$aggregate") == 0) return jsonAggTest(p, pJson);
  for (eOp = SHAPE_OP_SOME; eOp <= SHAPE_OP_NONE; eOp++) {
    if (zKey[0] == '$' && strcmp(&zKey[1], azShapeOp[eOp]) == 0) {
      return jsonSome(p, eOp, pJson);
    }
  }
  if (n > 2 && zKey[0] == '$' && zKey[n - 1] == '$') {
    key.pPath = jsonPath(p, &zKey[1], n - 2);
    pPred = jsonKeyTest(p, &key, pJson);
    if (pPred) pPred->bSome = 1;
    return pPred;
  }
  if (zKey[0] == '$') {
    assocError(p->pCall,
               "%s is no operator here; there are $and $or $not $some $every "
               "$none $aggregate, and \"$path.column$\"",
               zKey);
    return 0;
  }
  key.pPath = jsonName(p, zKey, n);
  return jsonKeyTest(p, &key, pJson);
}

static ShapePred *jsonWhereList(JsonParser *p, int eOp, AssocJson *pJson) {
  ShapePred *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  if (pJson->eType < ASSOC_J_ARRAY || pJson->nChild == 0) {
    assocError(p->pCall, "%s takes a list of conditions", pJson->zKey);
    return 0;
  }
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = pJson->eType == ASSOC_J_ARRAY ? jsonWhere(p, pSub)
                                           : jsonMember(p, pSub);
    if (p->pCall->rc != SQLITE_OK) return 0;
    if (*ppEnd) {
      ppEnd = &(*ppEnd)->pNext;
    } else if (eOp == SHAPE_OP_OR) {
      assocError(p->pCall, "an empty {} in $or is met by every row");
    }
  }
  return jsonJoin(p, eOp, pFirst);
}

/* {"a":1,"b":{…}}, or an array of such, all of which must hold */
static ShapePred *jsonWhere(JsonParser *p, AssocJson *pJson) {
  ShapePred *pAll = 0;
  AssocJson *pSub;
  if (pJson->eType < ASSOC_J_ARRAY) {
    assocError(p->pCall, "\"where\" must be an object, not %s",
               assocJsonTypeName(pJson));
    return 0;
  }
  if (!jsonEnter(p)) return 0;
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    pAll = jsonAnd(p, pAll,
                   pJson->eType == ASSOC_J_ARRAY ? jsonWhere(p, pSub)
                                                 : jsonMember(p, pSub));
  }
  jsonLeave(p);
  return pAll;
}

/* ----------------------------------------------------------------- order */

/* "ASC", "DESC", "DESC NULLS LAST", "NULLS FIRST". True if z is one. */
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

/* A step on the way to the column: "posts", or {"model":…,"as":"posts"}. */
static ShapeName *jsonSortStep(JsonParser *p, AssocJson *pJson) {
  AssocJson *pName = pJson;
  if (pJson->eType == ASSOC_J_OBJECT) {
    pName = assocJsonGet(pJson, "as");
    if (pName == 0) pName = assocJsonGet(pJson, "association");
    if (pName == 0) pName = assocJsonGet(pJson, "model");
  }
  return jsonPathOf(p, pName, "a name in \"order\"");
}

/* ["title","DESC"], ["author","name"], [{"aggregate":…},"DESC"];
** {"collate":"NOCASE"} may stand before the direction */
static ShapeSort *jsonSortList(JsonParser *p, AssocJson *pArray) {
  ShapeSort *pSort = jsonAlloc(p, sizeof(*pSort));
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
    if (pColl) {
      pSort->pColl = jsonPathOf(p, pColl, "\"collate\"");
    } else if (assocJsonGet(pSub, "aggregate")) {
      jsonAgg(p, pSub, &pSort->key);
    } else {
      *ppEnd = jsonSortStep(p, pSub);
      while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
    }
  }
  if (pSort->key.pPath == 0) {
    assocError(p->pCall, "an order needs a column");
  }
  return pSort;
}

/* [["created_at","DESC"],"title"] or a text in the text form's words */
static ShapeSort *jsonOrder(JsonParser *p, AssocJson *pJson) {
  ShapeSort *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  if (pJson->eType == ASSOC_J_TEXT) {
    return assocShapeOrderText(p->pCall, p->pArena, pJson->z, pJson->n);
  }
  if (pJson->eType != ASSOC_J_ARRAY) {
    assocError(p->pCall, "\"order\" must be an array or a text, not %s",
               assocJsonTypeName(pJson));
    return 0;
  }
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    if (pSub->eType == ASSOC_J_ARRAY) {
      *ppEnd = jsonSortList(p, pSub);
    } else if (jsonIsText(p, pSub, "an element of \"order\"")) {
      *ppEnd = assocShapeOrderText(p->pCall, p->pArena, pSub->z, pSub->n);
    }
    while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

/* ---------------------------------------------------------------- items */

static ShapeItem *jsonNewItem(JsonParser *p, int eType) {
  ShapeItem *pItem = jsonAlloc(p, sizeof(*pItem));
  if (pItem == 0) return 0;
  pItem->eType = (u8)eType;
  pItem->iOff = -1;
  jsonCount(p);
  return pItem;
}

/* An attribute: "name", ["name","alias"], {"aggregate":…}, "*", "-name". */
static ShapeItem *jsonAttribute(JsonParser *p, AssocJson *pJson, int eType) {
  ShapeItem *pItem = jsonNewItem(p, eType);
  ShapeKey key = {0, 0};
  AssocJson *pAs = 0;
  if (pItem == 0) return 0;
  if (pJson->eType == ASSOC_J_OBJECT && eType == SHAPE_ITEM_NAME) {
    jsonAgg(p, pJson, &key);
    pItem->eType = SHAPE_ITEM_AGG;
    pItem->pPath = key.pPath;
    pItem->pAgg = key.pAgg;
    pAs = assocJsonGet(pJson, "as");
  } else if (pJson->eType == ASSOC_J_ARRAY && pJson->nChild == 2 &&
             eType != SHAPE_ITEM_MINUS) {
    pItem->pPath = jsonPathOf(p, pJson->pChild, "an attribute");
    pAs = pJson->pChild->pNext;
  } else if (jsonIsText(p, pJson, "an attribute")) {
    if (eType == SHAPE_ITEM_NAME && strcmp(pJson->z, "*") == 0) {
      pItem->eType = SHAPE_ITEM_STAR;
    } else if (eType == SHAPE_ITEM_NAME && strcmp(pJson->z, "**") == 0) {
      pItem->eType = SHAPE_ITEM_STARS;
    } else if (eType == SHAPE_ITEM_NAME && pJson->z[0] == '-') {
      pItem->eType = SHAPE_ITEM_MINUS;
      pItem->pPath = jsonPath(p, &pJson->z[1], pJson->n - 1);
    } else {
      pItem->pPath = jsonPath(p, pJson->z, pJson->n);
    }
  }
  if (pItem->eType != SHAPE_ITEM_NAME && pItem->eType != SHAPE_ITEM_AGG &&
      pItem->pPath && pItem->pPath->pNext) {
    assocError(p->pCall, "%s is a path where one column should stand",
               pJson->eType == ASSOC_J_TEXT ? pJson->z : pJson->pChild->z);
  }
  if (pAs && jsonIsText(p, pAs, "\"as\"")) {
    pItem->pAlias = jsonName(p, pAs->z, pAs->n);
  }
  return pItem;
}

/* Append each element of an array as an item of eType. */
static ShapeItem **jsonAttributeList(JsonParser *p, AssocJson *pArray,
                                     int eType, ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pArray->eType != ASSOC_J_ARRAY) {
    assocError(p->pCall, "\"attributes\" must be an array, not %s",
               assocJsonTypeName(pArray));
    return ppEnd;
  }
  for (pSub = pArray->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = jsonAttribute(p, pSub, eType);
    if (*ppEnd == 0) return ppEnd;
    ppEnd = &(*ppEnd)->pNext;
  }
  return ppEnd;
}

/* ["-body"] takes away from what is not there: ["*","-body"] is meant. */
static int lacksStar(const AssocJson *pArray) {
  const AssocJson *pSub;
  int bMinus = 0;
  for (pSub = pArray->pChild; pSub; pSub = pSub->pNext) {
    if (pSub->eType != ASSOC_J_TEXT) continue;
    if (strcmp(pSub->z, "*") == 0 || strcmp(pSub->z, "**") == 0) return 0;
    bMinus |= pSub->z[0] == '-';
  }
  return bMinus;
}

/* Is it among these texts? */
static int jsonHasText(const AssocJson *pArray, const AssocJson *pText) {
  const AssocJson *pSub = pArray ? pArray->pChild : 0;
  for (; pSub; pSub = pSub->pNext) {
    if (pSub->eType == ASSOC_J_TEXT &&
        sqlite3_stricmp(pSub->z, pText->z) == 0) {
      return 1;
    }
  }
  return 0;
}

/* "*" leaves out a column that stands beside it under another name, but what
** "include" names comes on top of all: then it stands there as itself too. */
static ShapeItem **jsonAliased(JsonParser *p, AssocJson *pObj,
                               ShapeItem **ppEnd) {
  AssocJson *pInclude = assocJsonGet(pObj, "include");
  AssocJson *pExclude = assocJsonGet(pObj, "exclude");
  AssocJson *pSub = pInclude ? pInclude->pChild : 0, *pOld;
  for (; pSub; pSub = pSub->pNext) {
    AssocJson *pCol = pSub->pChild;
    if (pSub->eType != ASSOC_J_ARRAY || pSub->nChild != 2 ||
        pCol->eType != ASSOC_J_TEXT || strchr(pCol->z, '.') ||
        jsonHasText(pInclude, pCol) || jsonHasText(pExclude, pCol)) {
      continue;
    }
    for (pOld = pInclude->pChild; pOld != pSub; pOld = pOld->pNext) {
      if (pOld->eType == ASSOC_J_ARRAY && jsonHasText(pOld, pCol)) break;
    }
    if (pOld != pSub) continue;
    *ppEnd = jsonAttribute(p, pCol, SHAPE_ITEM_NAME);
    if (*ppEnd == 0) return ppEnd;
    ppEnd = &(*ppEnd)->pNext;
  }
  return ppEnd;
}

/* [...] or {"include":[...],"exclude":[...]}; none means every column */
static ShapeItem **jsonAttributes(JsonParser *p, AssocJson *pJson,
                                  ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pJson && pJson->eType != ASSOC_J_OBJECT) {
    if (lacksStar(pJson)) {
      *ppEnd = jsonNewItem(p, SHAPE_ITEM_STAR);
      if (*ppEnd == 0) return ppEnd;
      ppEnd = &(*ppEnd)->pNext;
    }
    return jsonAttributeList(p, pJson, SHAPE_ITEM_NAME, ppEnd);
  }
  *ppEnd = jsonNewItem(p, SHAPE_ITEM_STAR);
  if (*ppEnd == 0) return ppEnd;
  ppEnd = &(*ppEnd)->pNext;
  if (pJson) ppEnd = jsonAliased(p, pJson, ppEnd);
  for (pSub = pJson ? pJson->pChild : 0; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "include") == 0) {
      ppEnd = jsonAttributeList(p, pSub, SHAPE_ITEM_NAME, ppEnd);
    } else if (strcmp(pSub->zKey, "exclude") == 0) {
      ppEnd = jsonAttributeList(p, pSub, SHAPE_ITEM_MINUS, ppEnd);
    } else {
      assocError(p->pCall, "\"attributes\" has include and exclude, no \"%s\"",
                 pSub->zKey);
    }
  }
  return ppEnd;
}

/* {"all":true | "HasMany" …, "nested":true} */
static void jsonAll(JsonParser *p, AssocJson *pObj, ShapeItem *pItem) {
  static const char *const az[] = {"All", "BelongsTo", "HasOne", "HasMany",
                                   "One", "Has",       "Many"};
  AssocJson *pAll = assocJsonGet(pObj, "all"), *pSub;
  int i;
  pItem->eType = SHAPE_ITEM_ALL;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "nested") == 0) {
      if (jsonIsTrue(p, pSub, "nested")) pItem->nRecurse = SHAPE_RECURSE_ALL;
    } else if (pSub != pAll) {
      assocError(p->pCall, "{\"all\":…} has nested, no \"%s\"", pSub->zKey);
    }
  }
  if (pAll->eType == ASSOC_J_TRUE) return;
  for (i = 0; i < 7 && pAll->eType == ASSOC_J_TEXT; i++) {
    if (sqlite3_stricmp(pAll->z, az[i]) == 0) {
      pItem->eAll = (u8)i;
      return;
    }
  }
  assocError(p->pCall, "\"all\" is true, BelongsTo, HasOne, HasMany, One, "
                       "Has, Many or All");
}

/* An element of "include". */
static ShapeItem *jsonInclude(JsonParser *p, AssocJson *pJson) {
  ShapeItem *pItem = jsonNewItem(p, SHAPE_ITEM_NAME);
  if (pItem == 0) return 0;
  pItem->bInclude = 1;
  if (pJson->eType == ASSOC_J_TEXT) {
    pItem->pPath = jsonPath(p, pJson->z, pJson->n);
    pItem->bBlock = 1;
    pItem->pBlock = jsonNewItem(p, SHAPE_ITEM_STAR);
  } else if (pJson->eType != ASSOC_J_OBJECT) {
    assocError(p->pCall,
               "an include is the name of an association or an object, "
               "not %s",
               assocJsonTypeName(pJson));
  } else if (assocJsonGet(pJson, "all")) {
    jsonAll(p, pJson, pItem);
  } else {
    jsonFind(p, pJson, pItem, &pItem->pClauses);
  }
  return pItem;
}

static ShapeItem **jsonIncludes(JsonParser *p, AssocJson *pJson,
                                ShapeItem **ppEnd) {
  AssocJson *pSub = pJson;
  int bArray = pJson->eType == ASSOC_J_ARRAY;
  if (!jsonEnter(p)) return ppEnd;
  if (bArray) pSub = pJson->pChild;
  while (pSub) {
    *ppEnd = jsonInclude(p, pSub);
    if (*ppEnd == 0) break;
    ppEnd = &(*ppEnd)->pNext;
    pSub = bArray ? pSub->pNext : 0;
  }
  jsonLeave(p);
  return ppEnd;
}

/* --------------------------------------------------------- find options */

/* "scope":"name" or ["name",1,…] or {"method":["name",1,…]}, or a list of
** those: one that starts with an array, or has a "method" in it */
static ShapeScope *jsonScope(JsonParser *p, AssocJson *pJson) {
  ShapeScope *pScope = jsonAlloc(p, sizeof(*pScope));
  ShapeVal **ppEnd;
  AssocJson *pSub = assocJsonGet(pJson, "method");
  if (pScope == 0) return 0;
  if (pSub && pJson->nChild == 1) pJson = pSub;
  if (pJson->eType == ASSOC_J_TEXT) {
    pScope->pName = jsonName(p, pJson->z, pJson->n);
    return pScope;
  }
  if (pJson->eType != ASSOC_J_ARRAY ||
      !jsonIsText(p, pJson->pChild, "the name of a scope")) {
    assocError(p->pCall, "\"scope\" is a name, or a name and its values");
    return 0;
  }
  pScope->pName = jsonName(p, pJson->pChild->z, pJson->pChild->n);
  ppEnd = &pScope->pArg;
  for (pSub = pJson->pChild->pNext; pSub; pSub = pSub->pNext) {
    *ppEnd = jsonVal(p, pSub, "a scope's value");
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pScope;
}

static ShapeScope *jsonScopes(JsonParser *p, AssocJson *pJson) {
  ShapeScope *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub = pJson->eType == ASSOC_J_ARRAY ? pJson->pChild : 0;
  if (pSub && pSub->eType != ASSOC_J_ARRAY) {
    while (pSub && assocJsonGet(pSub, "method") == 0) pSub = pSub->pNext;
  }
  if (pSub == 0) return jsonScope(p, pJson);
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = jsonScope(p, pSub);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

/* A clause. True if the key is one. */
static int jsonClause(JsonParser *p, AssocJson *pJson, ShapeClauses *pC) {
  const struct {
    const char *zKey;
    ShapeVal **ppVal;
  } aVal[] = {{"limit", &pC->pLimit}, {"offset", &pC->pOffset},
              {"first", &pC->pFirst}, {"last", &pC->pLast},
              {"after", &pC->pAfter}, {"before", &pC->pBefore}};
  int i;
  for (i = 0; i < ASSOC_COUNT(aVal); i++) {
    if (strcmp(pJson->zKey, aVal[i].zKey) == 0) {
      *aVal[i].ppVal = jsonVal(p, pJson, aVal[i].zKey);
      return 1;
    }
  }
  if (strcmp(pJson->zKey, "where") == 0) {
    pC->pWhere = jsonWhere(p, pJson);
  } else if (strcmp(pJson->zKey, "order") == 0) {
    pC->pOrder = jsonOrder(p, pJson);
  } else if (strcmp(pJson->zKey, "scope") == 0) {
    pC->bUnscoped = pJson->eType == ASSOC_J_FALSE;
    if (!pC->bUnscoped) pC->pScope = jsonScopes(p, pJson);
  } else if (strcmp(pJson->zKey, "paranoid") == 0) {
    pC->bDeleted = !jsonIsTrue(p, pJson, "paranoid");
  } else if (strcmp(pJson->zKey, "page") == 0) {
    pC->bPageCount =
        pJson->eType == ASSOC_J_TEXT && strcmp(pJson->z, "count") == 0;
    pC->bPage = pC->bPageCount || jsonIsTrue(p, pJson, "page");
  } else {
    return 0;
  }
  return 1;
}

/* "through":{"attributes":["priority"],"where":{…}}, and other clauses of the
** join row; the attributes are items of the block that has its columns */
static ShapeItem **jsonThrough(JsonParser *p, AssocJson *pObj, ShapeClauses *pC,
                               ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pObj->eType != ASSOC_J_OBJECT) {
    assocError(p->pCall, "\"through\" must be an object, not %s",
               assocJsonTypeName(pObj));
    return ppEnd;
  }
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "attributes") == 0) {
      ppEnd = jsonAttributeList(p, pSub, SHAPE_ITEM_AT, ppEnd);
      continue;
    }
    if (pC->pThrough == 0) pC->pThrough = jsonAlloc(p, sizeof(*pC));
    if (pC->pThrough == 0) break;
    if (!jsonClause(p, pSub, pC->pThrough)) {
      assocError(p->pCall,
                 "\"through\" has attributes, where and other clauses, no "
                 "\"%s\"",
                 pSub->zKey);
    }
  }
  return ppEnd;
}

static void jsonRecurse(JsonParser *p, AssocJson *pJson, ShapeItem *pItem) {
  if (pJson->eType == ASSOC_J_TRUE) {
    pItem->nRecurse = SHAPE_RECURSE_ALL;
  } else if (pJson->eType == ASSOC_J_INT && pJson->i >= 1 &&
             pJson->i <= p->pCall->pConn->mxDepth) {
    pItem->nRecurse = (int)pJson->i;
  } else {
    assocError(p->pCall, "\"recurse\" is true or a number from 1 to %d",
               p->pCall->pConn->mxDepth);
  }
}

/* What an include has beside clauses. True if the key is one of them. */
static int jsonIncludeKey(JsonParser *p, AssocJson *pJson, ShapeItem *pItem) {
  static const char *const azAdvice[] = {"separate", "subQuery", "duplicating"};
  const char *zKey = pJson->zKey;
  int i;
  for (i = 0; i < 3; i++) {
    if (strcmp(zKey, azAdvice[i]) == 0) {
      (void)jsonIsTrue(p, pJson, zKey); /* The engine chooses by itself */
      return 1;
    }
  }
  if (pItem->eType == SHAPE_ITEM_ON) return 0;
  if (strcmp(zKey, "required") == 0) {
    pItem->bRequired = (u8)jsonIsTrue(p, pJson, zKey);
  } else if (strcmp(zKey, "spread") == 0) {
    pItem->bSpread = (u8)jsonIsTrue(p, pJson, zKey);
  } else if (strcmp(zKey, "recurse") == 0) {
    jsonRecurse(p, pJson, pItem);
  } else {
    return 0;
  }
  return 1;
}

/*
** Which association an include means: {"association":"posts"}, with "as" to
** rename it; or {"model":"Post"}, with "as" to say which; or "as" alone. In
** a polymorphic association, {"on":"Post"} is what is loaded of a Post.
*/
static void jsonIdentify(JsonParser *p, AssocJson *pObj, ShapeItem *pItem) {
  AssocJson *pOn = assocJsonGet(pObj, "on");
  AssocJson *pAssoc = assocJsonGet(pObj, "association");
  AssocJson *pModel = assocJsonGet(pObj, "model");
  AssocJson *pAs = assocJsonGet(pObj, "as");
  if (pModel) pItem->pModel = jsonPathOf(p, pModel, "\"model\"");
  if (pOn) {
    pItem->eType = SHAPE_ITEM_ON;
    pItem->pPath = jsonPathOf(p, pOn, "\"on\"");
  } else if (pAssoc) {
    pItem->pPath = jsonPathOf(p, pAssoc, "\"association\"");
    if (pAs && jsonIsText(p, pAs, "\"as\"")) {
      pItem->pAlias = jsonName(p, pAs->z, pAs->n);
    }
  } else if (pAs) {
    pItem->pPath = jsonPathOf(p, pAs, "\"as\"");
  } else if (pModel == 0) {
    assocError(p->pCall, "an include needs \"association\" or \"model\"");
  }
}

static int isIdentifyKey(const char *zKey) {
  return strcmp(zKey, "association") == 0 || strcmp(zKey, "model") == 0 ||
         strcmp(zKey, "as") == 0 || strcmp(zKey, "on") == 0;
}

/* An option that is null is as if it were not there: {"where":null}. */
static AssocJson *jsonOption(AssocJson *pObj, const char *zKey) {
  AssocJson *p = assocJsonGet(pObj, zKey);
  return p && p->eType == ASSOC_J_NULL ? 0 : p;
}

static int jsonIsAbsent(const AssocJson *p) {
  static const char *const az[] = {"attributes", "where",   "include",
                                   "order",      "through", "required"};
  int i = 0;
  if (p->eType != ASSOC_J_NULL) return 0;
  while (i < ASSOC_COUNT(az) && strcmp(az[i], p->zKey) != 0) i++;
  return i < ASSOC_COUNT(az);
}

/* A key that is none of them. The roots, and what is "on" a model, have not
** those that say how an include is taken. */
static void findUnknown(JsonParser *p, const char *zKey, int bFew) {
  static const char *const az[] = {
      "model", "attributes", "include", "where",    "order",
      "limit", "offset",     "scope",   "paranoid", "page",
      "first", "last",       "after",   "before",   "association",
      "as",    "required",   "through", "spread",   "recurse"};
  int i, n = bFew ? 14 : ASSOC_COUNT(az);
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  AssocNearest near;
  char *z;
  memset(&near, 0, sizeof(near));
  near.zWritten = zKey;
  for (i = 0; i < n; i++) {
    assocNearestTry(&near, az[i]);
    sqlite3_str_appendf(pStr, "%s%s", i < n - 1 ? i ? ", " : "" : " and ",
                        az[i]);
  }
  z = assocStrFinish(p->pCall, pStr);
  assocError(p->pCall, "there is no find option \"%s\"%s%s%s (there are %s)",
             zKey, ASSOC_DID_YOU_MEAN(near.zBest, "\""), z);
  sqlite3_free(z);
}

/*
** An object of find options, into an item. The roots have one too; what it
** is called and whether it is required is then not asked.
*/
static void jsonFind(JsonParser *p, AssocJson *pObj, ShapeItem *pItem,
                     ShapeClauses **ppClauses) {
  ShapeClauses *pC = jsonAlloc(p, sizeof(*pC));
  AssocJson *pSub, *pInclude = 0, *pThrough = 0;
  ShapeItem **ppEnd = &pItem->pBlock;
  int bRoot = !pItem->bInclude;
  if (pC == 0) return;
  pC->iOff = -1;
  if (!bRoot) jsonIdentify(p, pObj, pItem);
  pItem->bBlock = 1;
  pItem->bRequired = !bRoot && pItem->eType == SHAPE_ITEM_NAME &&
                     jsonOption(pObj, "where") != 0;
  ppEnd = jsonAttributes(p, jsonOption(pObj, "attributes"), ppEnd);
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (jsonIsAbsent(pSub)) continue;
    if (strcmp(pSub->zKey, "include") == 0) {
      pInclude = pSub;
    } else if (strcmp(pSub->zKey, "through") == 0 && !bRoot) {
      pThrough = pSub;
    } else if (jsonClause(p, pSub, pC)) {
      *ppClauses = pC; /* Without one there are none, as in the text form */
    } else if (strcmp(pSub->zKey, "attributes") != 0 &&
               !isIdentifyKey(pSub->zKey) &&
               (bRoot ? strcmp(pSub->zKey, "subQuery") != 0
                      : !jsonIncludeKey(p, pSub, pItem))) {
      findUnknown(p, pSub->zKey, bRoot || pItem->eType == SHAPE_ITEM_ON);
    }
  }
  if (pThrough) {
    *ppClauses = pC;
    ppEnd = jsonThrough(p, pThrough, pC, ppEnd);
  }
  if (pInclude) jsonIncludes(p, pInclude, ppEnd);
}

/* --------------------------------------------------------------- starts */

static void jsonQuery(JsonParser *p, AssocJson *pRoot) {
  ShapeItem *pItem = jsonNewItem(p, SHAPE_ITEM_NAME);
  AssocShape *pShape = p->pShape;
  if (pItem == 0) return;
  if (pRoot->eType != ASSOC_J_OBJECT) {
    assocError(p->pCall, "a query in JSON is an object with \"model\"");
    return;
  }
  pShape->pModel =
      jsonPathOf(p, assocJsonGet(pRoot, "model"), "\"model\" of a query");
  jsonFind(p, pRoot, pItem, &pShape->pClauses);
  pShape->bBlock = 1;
  pShape->pItem = pItem->pBlock;
}

/* An array of includes, or find options without clauses. */
static void jsonBlock(JsonParser *p, AssocJson *pRoot) {
  ShapeItem **ppEnd = &p->pShape->pItem;
  AssocJson *pSub;
  if (pRoot->eType == ASSOC_J_ARRAY) {
    ppEnd = jsonAttributes(p, 0, ppEnd);
    jsonIncludes(p, pRoot, ppEnd);
    return;
  }
  ppEnd = jsonAttributes(p, jsonOption(pRoot, "attributes"), ppEnd);
  for (pSub = pRoot->pChild; pSub; pSub = pSub->pNext) {
    if (jsonIsAbsent(pSub)) continue;
    if (strcmp(pSub->zKey, "include") == 0) {
      ppEnd = jsonIncludes(p, pSub, ppEnd);
    } else if (strcmp(pSub->zKey, "attributes") != 0) {
      assocError(p->pCall,
                 "a shape in JSON has attributes and include, "
                 "no \"%s\"",
                 pSub->zKey);
    }
  }
}

void assocShapeParseJson(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText) {
  JsonParser p;
  AssocJson *pRoot =
      assocJsonRead(pCall, pArena, pShape->zText, nText, "the shape");
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  p.pArena = pArena;
  p.pShape = pShape;
  if (pRoot == 0) return;
  switch (pShape->eKind) {
  case SHAPE_QUERY: jsonQuery(&p, pRoot); break;
  case SHAPE_BLOCK: jsonBlock(&p, pRoot); break;
  default: pShape->pItem = jsonInclude(&p, pRoot); break;
  }
}

ShapeClauses *assocShapeScope(AssocCall *pCall, AssocArena *pArena,
                              AssocJson *pJson, int *pnParam) {
  static const char *const az[] = {"where", "order", "limit", "offset"};
  JsonParser p;
  AssocShape shape;
  AssocJson *pSub;
  ShapeClauses *pC = assocAlloc(pCall, pArena, sizeof(*pC));
  memset(&p, 0, sizeof(p));
  memset(&shape, 0, sizeof(shape));
  p.pCall = pCall;
  p.pArena = pArena;
  p.pShape = &shape;
  if (pC && pJson->eType != ASSOC_J_OBJECT) {
    assocError(pCall, "a scope must be an object, not %s",
               assocJsonTypeName(pJson));
  }
  for (pSub = pJson->pChild; pC && pSub && pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    int i = 0;
    while (i < 4 && strcmp(pSub->zKey, az[i]) != 0) i++;
    if (i == 4) {
      assocError(pCall,
                 "a scope has where, order, limit and offset, no "
                 "\"%s\"",
                 pSub->zKey);
    } else {
      (void)jsonClause(&p, pSub, pC);
    }
  }
  *pnParam = shape.nParam;
  return pC;
}

ShapePred *assocShapeWhere(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson) {
  JsonParser p;
  AssocShape shape;
  memset(&p, 0, sizeof(p));
  memset(&shape, 0, sizeof(shape));
  p.pCall = pCall;
  p.pArena = pArena;
  p.pShape = &shape;
  return jsonWhere(&p, pJson);
}

ShapeSort *assocShapeOrder(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson) {
  JsonParser p;
  AssocShape shape;
  memset(&p, 0, sizeof(p));
  memset(&shape, 0, sizeof(shape));
  p.pCall = pCall;
  p.pArena = pArena;
  p.pShape = &shape;
  return jsonOrder(&p, pJson);
}
