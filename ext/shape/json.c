/*
** The JSON form: Sequelize's find options under their own names, read into the
** tree that the text form has too.
**
**   {"model":"User", "attributes":["id","name"],
**    "where":{"age":{"$gte":18}},
**    "include":[{"association":"posts", "limit":5,
**                "order":[["created_at","DESC"]]}]}
**
** Attributes come before includes in the result, whatever the order of the
** keys. jsonwhere.c reads names, values, conditions and orders.
*/
#include "shape/json.h"

static void jsonFind(JsonParser *p, AssocJson *pObj, ShapeItem *pItem,
                     ShapeClauses **ppClauses);

/* JSON.stringify() turns {"model":User} into this. */
static const char zJsonClass[] =
    "; JSON.stringify() leaves out a class or a function: write its name, "
    "\"model\":\"User\"";

/* ---------------------------------------------------------------- items */

/* An item of the JSON form has no place in the text: -1. */
static ShapeItem *jsonNewItem(JsonParser *p, int eType) {
  ShapeItem *pItem = shapeJsonAlloc(p, sizeof(*pItem));
  if (pItem == 0) return 0;
  pItem->eType = (u8)eType;
  pItem->iOff = -1;
  shapeJsonCount(p);
  return pItem;
}

/* Read an attribute: "name", ["name","alias"], {"aggregate":...}, "*",
** "-name". */
static ShapeItem *jsonAttribute(JsonParser *p, AssocJson *pJson, int eType) {
  ShapeItem *pItem = jsonNewItem(p, eType);
  ShapeKey key = {0};
  AssocJson *pAs = 0;
  assert(pJson);
  if (pItem == 0) return 0;
  if (pJson->eType == ASSOC_J_OBJECT && eType == SHAPE_ITEM_NAME) {
    shapeJsonAgg(p, pJson, &key);
    pItem->eType = SHAPE_ITEM_AGG;
    pItem->pPath = key.pPath;
    pItem->pAgg = key.pAgg;
    pAs = assocJsonGet(pJson, "as");
  } else if (pJson->eType == ASSOC_J_ARRAY && pJson->nChild == 2 &&
             eType != SHAPE_ITEM_MINUS) {
    pItem->pPath = shapeJsonPathOf(p, pJson->pChild, "an attribute");
    pAs = pJson->pChild->pNext;
  } else if (shapeJsonIsText(p, pJson, "an attribute")) {
    if (eType == SHAPE_ITEM_NAME && strcmp(pJson->z, "*") == 0) {
      pItem->eType = SHAPE_ITEM_STAR;
    } else if (eType == SHAPE_ITEM_NAME && strcmp(pJson->z, "**") == 0) {
      pItem->eType = SHAPE_ITEM_STARS;
    } else if (eType == SHAPE_ITEM_NAME && pJson->z[0] == '-') {
      pItem->eType = SHAPE_ITEM_MINUS;
      pItem->pPath = shapeJsonPath(p, &pJson->z[1], pJson->n - 1);
    } else {
      pItem->pPath = shapeJsonPath(p, pJson->z, pJson->n);
    }
  }
  if (pItem->eType != SHAPE_ITEM_NAME && pItem->eType != SHAPE_ITEM_AGG &&
      pItem->pPath && pItem->pPath->pNext) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "%s is a path where one column is expected",
                 pJson->eType == ASSOC_J_TEXT ? pJson->z : pJson->pChild->z);
  }
  if (pAs && shapeJsonIsText(p, pAs, "\"as\"")) {
    pItem->pAlias = shapeJsonName(p, pAs->z, pAs->n);
  }
  return pItem;
}

/* Append each element of an array as an item of eType. Returns the new end of
** the list, as all functions here with ppEnd. */
static ShapeItem **jsonAttributeList(JsonParser *p, AssocJson *pArray,
                                     int eType, ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pArray->eType != ASSOC_J_ARRAY) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"attributes\" must be an array, not %s",
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

/* Does a list only exclude columns? ["-body"] means ["*","-body"]. */
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

/* Does the array contain this text? */
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

/* "*" omits a column that also has an alias. But a column under "include" is
** added to all columns, so it appears under its own name too. */
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

/* Read [...] or {"include":[...],"exclude":[...]}. No attributes means every
** column. */
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
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                   "\"attributes\" has include and exclude, no \"%s\"",
                   pSub->zKey);
    }
  }
  return ppEnd;
}

/* Is the key one of those that name the association of an include? */
static int isIdentifyKey(const char *zKey) {
  return strcmp(zKey, "association") == 0 || strcmp(zKey, "model") == 0 ||
         strcmp(zKey, "as") == 0 || strcmp(zKey, "on") == 0;
}

/* Add a kind such as "HasMany" to the set of an item. */
static void jsonAllKind(JsonParser *p, const AssocJson *pJson,
                        ShapeItem *pItem) {
  int i;
  for (i = 0; i < SHAPE_NALL && pJson->eType == ASSOC_J_TEXT; i++) {
    if (sqlite3_stricmp(pJson->z, azShapeAll[i]) == 0) {
      pItem->mAll |= (u8)(1 << i);
      return;
    }
  }
  assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
               "\"all\" is true, BelongsTo, HasOne, HasMany, One, "
               "Has, Many or All, or a list of them");
}

/* Read {"all":true | "HasMany" | ["HasOne","BelongsTo"], "nested":true}, and
** the options that each of these includes gets. */
static ASSOC_NOINLINE void jsonAll(JsonParser *p, AssocJson *pObj,
                                   ShapeItem *pItem) {
  AssocJson rest = *pObj, **ppEnd = &rest.pChild, *pSub;
  pItem->eType = SHAPE_ITEM_ALL;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    AssocJson *pKind = pSub->pChild;
    if (strcmp(pSub->zKey, "nested") == 0) {
      if (shapeJsonIsTrue(p, pSub, "nested"))
        pItem->nRecurse = SHAPE_RECURSE_ALL;
    } else if (strcmp(pSub->zKey, "all") != 0) {
      *ppEnd = shapeJsonAlloc(p, sizeof(**ppEnd));
      if (*ppEnd == 0) return;
      **ppEnd = *pSub;
      ppEnd = &(*ppEnd)->pNext;
      if (isIdentifyKey(pSub->zKey)) {
        assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                     "{\"all\":…} names no association, so it has no "
                     "\"%s\"",
                     pSub->zKey);
      }
    } else if (pSub->eType == ASSOC_J_TRUE) {
      pItem->mAll |= SHAPE_ALL_ANY;
    } else if (pSub->eType == ASSOC_J_ARRAY && pKind) {
      for (; pKind; pKind = pKind->pNext) jsonAllKind(p, pKind, pItem);
    } else {
      jsonAllKind(p, pSub, pItem);
    }
  }
  *ppEnd = 0;
  jsonFind(p, &rest, pItem, &pItem->pClauses);
  if (assocJsonGet(pObj, "recurse")) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "{\"all\":…} has \"nested\", no \"recurse\"");
  }
  if (pItem->nRecurse && pItem->bRequired) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "{\"all\":…,\"nested\":true} cannot be required; add "
                 "\"required\":false");
  }
}

/* Read an element of "include". */
static ShapeItem *jsonInclude(JsonParser *p, AssocJson *pJson) {
  ShapeItem *pItem = jsonNewItem(p, SHAPE_ITEM_NAME);
  if (pItem == 0) return 0;
  pItem->bInclude = 1;
  if (pJson->eType == ASSOC_J_TEXT) {
    pItem->pPath = shapeJsonPath(p, pJson->z, pJson->n);
    pItem->bBlock = 1;
    pItem->pBlock = jsonNewItem(p, SHAPE_ITEM_STAR);
  } else if (pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an include is the name of an association or an object, "
                 "not %s%s",
                 assocJsonTypeName(pJson),
                 pJson->eType == ASSOC_J_NULL ? zJsonClass : "");
  } else if (assocJsonGet(pJson, "all")) {
    jsonAll(p, pJson, pItem);
  } else {
    jsonFind(p, pJson, pItem, &pItem->pClauses);
  }
  return pItem;
}

/* "include" is an array or a single element. Returns the new end of the
** list. */
static ShapeItem **jsonIncludes(JsonParser *p, AssocJson *pJson,
                                ShapeItem **ppEnd) {
  AssocJson *pSub = pJson;
  int bArray = pJson->eType == ASSOC_J_ARRAY;
  assert(pJson && ppEnd);
  if (!shapeJsonEnter(p)) return ppEnd;
  if (bArray) pSub = pJson->pChild;
  while (pSub) {
    *ppEnd = jsonInclude(p, pSub);
    if (*ppEnd == 0) break;
    ppEnd = &(*ppEnd)->pNext;
    pSub = bArray ? pSub->pNext : 0;
  }
  shapeJsonLeave(p);
  return ppEnd;
}

/* --------------------------------------------------------- find options */

/* Read "name", ["name",1,...] or {"method":["name",1,...]}. jsonScopes() also
** reads a list of those: an array whose first element is an array, or that
** contains a "method". */
static ShapeScope *jsonScope(JsonParser *p, AssocJson *pJson) {
  ShapeScope *pScope = shapeJsonAlloc(p, sizeof(*pScope));
  ShapeVal **ppEnd;
  AssocJson *pSub = assocJsonGet(pJson, "method");
  if (pScope == 0) return 0;
  if (pSub && pJson->nChild == 1) pJson = pSub;
  if (pJson->eType == ASSOC_J_TEXT) {
    pScope->pName = shapeJsonName(p, pJson->z, pJson->n);
    return pScope;
  }
  if (pJson->eType != ASSOC_J_ARRAY ||
      !shapeJsonIsText(p, pJson->pChild, "the name of a scope")) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"scope\" is a name, or a name and its values");
    return 0;
  }
  pScope->pName = shapeJsonName(p, pJson->pChild->z, pJson->pChild->n);
  ppEnd = &pScope->pArg;
  for (pSub = pJson->pChild->pNext; pSub; pSub = pSub->pNext) {
    *ppEnd = shapeJsonVal(p, pSub, "a scope's value");
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pScope;
}

/* One scope, or several. ["by","x"] is one scope with an argument, and
** [["a"],["by","x"]] is two: an array is a list of scopes if its elements are
** arrays, or if one of them is a {"method":...}. */
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

/* Read a clause. False if the key is no clause. */
static int jsonClause(JsonParser *p, AssocJson *pJson, ShapeClauses *pC) {
  const struct {
    const char *zKey;
    ShapeVal **ppVal;
  } aVal[] = {{"limit", &pC->pLimit}, {"offset", &pC->pOffset},
              {"first", &pC->pFirst}, {"last", &pC->pLast},
              {"after", &pC->pAfter}, {"before", &pC->pBefore}};
  int i;
  assert(pJson->zKey);
  for (i = 0; i < ASSOC_COUNT(aVal); i++) {
    if (strcmp(pJson->zKey, aVal[i].zKey) == 0) {
      if (pJson->eType == ASSOC_J_NULL && i < 4) { /* A cursor may be null */
        assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                     "\"%s\" is null, which undefined and NaN become in JSON; "
                     "leave it out instead",
                     pJson->zKey);
      }
      *aVal[i].ppVal = shapeJsonVal(p, pJson, aVal[i].zKey);
      return 1;
    }
  }
  if (strcmp(pJson->zKey, "where") == 0) {
    pC->pWhere = shapeJsonWhere(p, pJson);
  } else if (strcmp(pJson->zKey, "order") == 0) {
    pC->pOrder = shapeJsonOrder(p, pJson);
  } else if (strcmp(pJson->zKey, "scope") == 0) {
    pC->bUnscoped = pJson->eType == ASSOC_J_FALSE;
    if (!pC->bUnscoped) pC->pScope = jsonScopes(p, pJson);
  } else if (strcmp(pJson->zKey, "paranoid") == 0) {
    pC->bDeleted = !shapeJsonIsTrue(p, pJson, "paranoid");
  } else if (strcmp(pJson->zKey, "page") == 0) {
    pC->bPageCount =
        pJson->eType == ASSOC_J_TEXT && strcmp(pJson->z, "count") == 0;
    pC->bPage = pC->bPageCount || shapeJsonIsTrue(p, pJson, "page");
  } else {
    return 0;
  }
  return 1;
}

/* Read "through":{"attributes":["priority"],"where":{...}}. The conditions
** apply to the join row. The attributes become items of the block. */
static ShapeItem **jsonThrough(JsonParser *p, AssocJson *pObj, ShapeClauses *pC,
                               ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pObj->eType != ASSOC_J_OBJECT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"through\" must be an object, not %s",
                 assocJsonTypeName(pObj));
    return ppEnd;
  }
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "attributes") == 0) {
      ppEnd = jsonAttributeList(p, pSub, SHAPE_ITEM_AT, ppEnd);
      continue;
    }
    if (pC->pThrough == 0) pC->pThrough = shapeJsonAlloc(p, sizeof(*pC));
    if (pC->pThrough == 0) break;
    if (!jsonClause(p, pSub, pC->pThrough)) {
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                   "\"through\" has attributes, where, scope and paranoid, no "
                   "\"%s\"",
                   pSub->zKey);
    }
  }
  if (pC->pThrough && shapeNotCondition(pC->pThrough)) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "%s", zShapeThrough);
  }
  return ppEnd;
}

/* Read "recurse": true, or a number of levels. */
static void jsonRecurse(JsonParser *p, AssocJson *pJson, ShapeItem *pItem) {
  if (pJson->eType == ASSOC_J_TRUE) {
    pItem->nRecurse = SHAPE_RECURSE_ALL;
  } else if (pJson->eType == ASSOC_J_INT && pJson->i >= 1 &&
             pJson->i <= p->pCall->pConn->mxDepth) {
    pItem->nRecurse = (int)pJson->i;
  } else {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"recurse\" is true or a number from 1 to %d",
                 p->pCall->pConn->mxDepth);
  }
}

/* Read an option that only includes have. False if the key is none. */
static int jsonIncludeKey(JsonParser *p, AssocJson *pJson, ShapeItem *pItem) {
  static const char *const azAdvice[] = {"separate", "subQuery", "duplicating",
                                         "right"};
  const char *zKey = pJson->zKey;
  int i;
  assert(pJson->zKey && pItem->bInclude);
  for (i = 0; i < ASSOC_COUNT(azAdvice); i++) {
    if (strcmp(zKey, azAdvice[i]) == 0) {
      (void)shapeJsonIsTrue(
          p, pJson,
          zKey); /* Checked, then ignored: the engine decides itself */
      return 1;
    }
  }
  if (pItem->eType == SHAPE_ITEM_ON) return 0;
  if (strcmp(zKey, "required") == 0) {
    pItem->bRequired = (u8)shapeJsonIsTrue(p, pJson, zKey);
  } else if (strcmp(zKey, "spread") == 0) {
    pItem->bSpread = (u8)shapeJsonIsTrue(p, pJson, zKey);
  } else if (strcmp(zKey, "recurse") == 0) {
    jsonRecurse(p, pJson, pItem);
  } else {
    return 0;
  }
  return 1;
}

/* Is it {"posts":true} or {"posts":{...}}, includes by name as in Prisma? */
static int isMap(const AssocJson *pObj) {
  return pObj->nChild == 1 && (pObj->pChild->eType == ASSOC_J_TRUE ||
                               pObj->pChild->eType == ASSOC_J_OBJECT);
}

/*
** Read which association an include means: {"association":"posts"}, where "as"
** renames it; or {"model":"Post"}, where "as" says which one; or "as" alone.
** {"on":"Post"} describes one model of a polymorphic association.
*/
static void jsonIdentify(JsonParser *p, AssocJson *pObj, ShapeItem *pItem) {
  AssocJson *pOn = assocJsonGet(pObj, "on");
  AssocJson *pAssoc = assocJsonGet(pObj, "association");
  AssocJson *pModel = assocJsonGet(pObj, "model");
  AssocJson *pAs = assocJsonGet(pObj, "as");
  if (pModel && pModel->eType != ASSOC_J_TEXT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"model\" must be a text, not %s%s",
                 assocJsonTypeName(pModel),
                 pModel->eType == ASSOC_J_OBJECT ? zJsonClass : "");
  }
  if (pModel) pItem->pModel = shapeJsonPathOf(p, pModel, "\"model\"");
  if (pOn) {
    pItem->eType = SHAPE_ITEM_ON;
    pItem->pPath = shapeJsonPathOf(p, pOn, "\"on\"");
  } else if (pAssoc) {
    pItem->pPath = shapeJsonPathOf(p, pAssoc, "\"association\"");
    if (pAs && shapeJsonIsText(p, pAs, "\"as\"")) {
      pItem->pAlias = shapeJsonName(p, pAs->z, pAs->n);
    }
  } else if (pAs) {
    pItem->pPath = shapeJsonPathOf(p, pAs, "\"as\"");
  } else if (pModel == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an include needs \"association\" or \"model\"%s",
                 isMap(pObj)
                     ? "; includes are a list: [{\"association\":\"posts\"}]"
                     : zJsonClass);
  }
}

/* The value of an option. {"where":null} counts as absent. */
static AssocJson *jsonOption(AssocJson *pObj, const char *zKey) {
  AssocJson *p = assocJsonGet(pObj, zKey);
  return p && p->eType == ASSOC_J_NULL ? 0 : p;
}

/* Would Sequelize load the include by a separate query, which drops no
** parents? */
static int isSeparate(AssocJson *pObj) {
  const AssocJson *p = jsonOption(pObj, "separate");
  return p ? p->eType == ASSOC_J_TRUE : jsonOption(pObj, "limit") != 0;
}

/* Does this null mean that the option is absent? */
static int jsonIsAbsent(const AssocJson *p) {
  static const char *const az[] = {"attributes", "where",   "include",
                                   "order",      "through", "required"};
  int i = 0;
  if (p->eType != ASSOC_J_NULL) return 0;
  while (i < ASSOC_COUNT(az) && strcmp(az[i], p->zKey) != 0) i++;
  return i < ASSOC_COUNT(az);
}

/* Raise the error for an unknown find option, with the list of valid ones.
** bFew: without the options that only includes have. */
static void findUnknown(JsonParser *p, const char *zKey, int bFew) {
  const char *zInstead = shapeJsonInstead(zKey);
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
  if (zInstead) {
    assocFail(p->pCall,
              &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_OPTION,
                          .zName = zKey,
                          .zHint = zInstead},
              "there is no find option \"%s\"", zKey);
  }
  sqlite3_str_appendall(pStr, "there are ");
  for (i = 0; i < n; i++) {
    assocNearestTry(&near, az[i]);
    sqlite3_str_appendf(pStr, "%s%s", i < n - 1 ? i ? ", " : "" : " and ",
                        az[i]);
  }
  z = assocStrFinish(p->pCall, pStr);
  assocFail(p->pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_OPTION,
                        .zName = zKey,
                        .zNear = near.zBest,
                        .zQuote = "\"",
                        .zHint = z},
            "there is no find option \"%s\"", zKey);
  sqlite3_free(z);
}

/*
** Read the find options of an object, except its includes, into an item. The
** roots have an item too; it has no name and is not required. Returns where the
** includes are appended; *ppInclude is their JSON, or 0.
**
** It is not part of jsonFind(), which every level of a shape calls: so many
** large stack frames would not fit on a small stack.
*/
static ASSOC_NOINLINE ShapeItem **jsonFindOwn(JsonParser *p, AssocJson *pObj,
                                              ShapeItem *pItem,
                                              ShapeClauses **ppClauses,
                                              AssocJson **ppInclude) {
  ShapeClauses *pC = shapeJsonAlloc(p, sizeof(*pC));
  AssocJson *pSub, *pThrough = 0;
  ShapeItem **ppEnd = &pItem->pBlock;
  int bRoot = !pItem->bInclude;
  *ppInclude = 0;
  if (pC == 0) return ppEnd;
  pC->iOff = -1;
  if (!bRoot && pItem->eType != SHAPE_ITEM_ALL) jsonIdentify(p, pObj, pItem);
  pItem->bBlock = 1;
  pItem->bRequired = !bRoot && pItem->eType != SHAPE_ITEM_ON &&
                     jsonOption(pObj, "where") != 0 && !isSeparate(pObj);
  ppEnd = jsonAttributes(p, jsonOption(pObj, "attributes"), ppEnd);
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (jsonIsAbsent(pSub)) continue;
    if (strcmp(pSub->zKey, "include") == 0) {
      *ppInclude = pSub;
    } else if (strcmp(pSub->zKey, "through") == 0 && !bRoot) {
      pThrough = pSub;
    } else if (jsonClause(p, pSub, pC)) {
      *ppClauses =
          pC; /* Without clauses the pointer stays 0, as in the text form */
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
  return ppEnd;
}

/* Read an object of find options into an item. */
static void jsonFind(JsonParser *p, AssocJson *pObj, ShapeItem *pItem,
                     ShapeClauses **ppClauses) {
  AssocJson *pInclude;
  ShapeItem **ppEnd = jsonFindOwn(p, pObj, pItem, ppClauses, &pInclude);
  if (pInclude) jsonIncludes(p, pInclude, ppEnd);
}

/* --------------------------------------------------------------- starts */

/* The query is read as if it were an include, whose clauses and block then
** become those of the roots. */
static void jsonQuery(JsonParser *p, AssocJson *pRoot) {
  ShapeItem *pItem = jsonNewItem(p, SHAPE_ITEM_NAME);
  AssocShape *pShape = p->pShape;
  AssocJson *pModel;
  if (pItem == 0) return;
  if (pRoot->eType != ASSOC_J_OBJECT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a query in JSON is an object with \"model\"");
    return;
  }
  pModel = assocJsonGet(pRoot, "model");
  if (pModel == 0 || pModel->eType != ASSOC_J_TEXT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"model\" of a query must be a text, not %s%s",
                 assocJsonTypeName(pModel),
                 pModel && pModel->eType <= ASSOC_J_TEXT ? "" : zJsonClass);
    return;
  }
  pShape->pModel = shapeJsonPath(p, pModel->z, pModel->n);
  jsonFind(p, pRoot, pItem, &pShape->pClauses);
  pShape->bBlock = 1;
  pShape->pItem = pItem->pBlock;
}

/* Read an array of includes, or find options without clauses. */
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
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                   "a shape in JSON has attributes and include, "
                   "no \"%s\"",
                   pSub->zKey);
    }
  }
}

/* assoc_get() and its like take an include alone: its association is the
** item. */
void assocShapeParseJson(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText) {
  JsonParser p;
  AssocJson *pRoot =
      assocJsonRead(pCall, pArena, pShape->zText, nText, "the shape");
  assert(pShape->eKind <= SHAPE_ONE && pShape->zText);
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

/* Begin to read JSON that is no whole shape. */
static void jsonPart(JsonParser *p, AssocCall *pCall, AssocArena *pArena,
                     AssocShape *pShape) {
  memset(p, 0, sizeof(*p));
  memset(pShape, 0, sizeof(*pShape));
  p->pCall = pCall;
  p->pArena = pArena;
  p->pShape = pShape;
}

/* An order of a definition may name columns that a policy hides. */
static void ownSorts(ShapeSort *pSort) {
  for (; pSort; pSort = pSort->pNext) pSort->key.bOwner = 1;
}

/* The parts of a scope are those of a query that have a meaning wherever a
** model is read. *pnParam is the greatest ?n, so a use with too few arguments
** is found. */
ShapeClauses *assocShapeScope(AssocCall *pCall, AssocArena *pArena,
                              AssocJson *pJson, int *pnParam) {
  static const char *const az[] = {"where", "order", "limit", "offset"};
  JsonParser p;
  AssocShape shape;
  AssocJson *pSub;
  ShapeClauses *pC = assocAlloc(pCall, pArena, sizeof(*pC));
  assert(pJson && pnParam);
  jsonPart(&p, pCall, pArena, &shape);
  if (pC && pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a scope must be an object, not %s", assocJsonTypeName(pJson));
  }
  for (pSub = pJson->pChild; pC && pSub && pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    int i = 0;
    while (i < 4 && strcmp(pSub->zKey, az[i]) != 0) i++;
    if (i == 4) {
      assocErrorOf(pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                   "a scope has where, order, limit and offset, no "
                   "\"%s\"",
                   pSub->zKey);
    } else {
      (void)jsonClause(&p, pSub, pC);
    }
  }
  if (pC) ownSorts(pC->pOrder);
  *pnParam = shape.nParam;
  return pC;
}

/* A policy is written as a text or as JSON; both give the same tree. */
ShapePred *assocShapeCondition(AssocCall *pCall, AssocArena *pArena,
                               AssocJson *pJson, int *pnParam) {
  JsonParser p;
  AssocShape shape;
  ShapePred *pPred;
  assert(pJson && pnParam);
  jsonPart(&p, pCall, pArena, &shape);
  pPred = pJson->eType == ASSOC_J_TEXT
              ? assocShapeWhereText(pCall, pArena, &shape, pJson->z, pJson->n)
              : shapeJsonWhere(&p, pJson);
  *pnParam = shape.nParam;
  return pPred;
}

/* The scope of an association. It has no parameters. */
ShapePred *assocShapeWhere(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson) {
  JsonParser p;
  AssocShape shape;
  assert(pJson);
  jsonPart(&p, pCall, pArena, &shape);
  return shapeJsonWhere(&p, pJson);
}

/* The order of an association: JSON, or the words of the text form. */
ShapeSort *assocShapeOrder(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson) {
  JsonParser p;
  AssocShape shape;
  ShapeSort *pSort;
  assert(pJson);
  jsonPart(&p, pCall, pArena, &shape);
  pSort = shapeJsonOrder(&p, pJson);
  ownSorts(pSort);
  return pSort;
}
