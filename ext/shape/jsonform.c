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
**
** Each key becomes the part of the tree that the text form has for it:
**
**    "attributes":["a",["b","c"]]       {a b as c}
**    "attributes":{"exclude":["a"]}     {* -a}
**    "include":["posts"]                {posts{*}}
**    "where":{...}, "required":false    posts(...)
**    "where":{...}                      posts!(...)
**    "order":[["a","DESC"]]             (order by a desc)
**    "limit":5, "offset":10             (limit 5 offset 10)
**    "separate":true                    nothing; but a where then drops no rows
**    "through":{"attributes":["a"]}     {@a}
**    "spread":true                      ...posts
**    "recurse":3                        posts^3
**
** So the floors above do not know which form a shape had, apart from bJson and
** bInclude.
*/
#include "shape/jsonform.h"

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

/* An error for a member of an attribute's object that is not in az. */
static void jsonOnly(JsonParser *p, const AssocJson *pObj,
                     const char *const *az, const char *zHas) {
  const AssocJson *pSub;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    int i = 0;
    while (az[i] && strcmp(az[i], pSub->zKey) != 0) i++;
    if (az[i]) continue;
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                 "%s, no \"%s\"", zHas, pSub->zKey);
  }
}

/* Read {"column":"id","text":true}, {"value":"User"}, {"cursor":true} or
** {"model":true}; each may have "as". */
static void jsonSpecial(JsonParser *p, AssocJson *pObj, ShapeItem *pItem) {
  static const char *const azColumn[] = {"column", "text", "as", 0};
  static const char *const azValue[] = {"value", "as", 0};
  static const char *const azCursor[] = {"cursor", "as", 0};
  static const char *const azModel[] = {"model", "as", 0};
  AssocJson *pColumn = assocJsonGet(pObj, "column");
  AssocJson *pValue = assocJsonGet(pObj, "value");
  AssocJson *pCursor = assocJsonGet(pObj, "cursor");
  AssocJson *pModel = assocJsonGet(pObj, "model");
  assert(pObj->eType == ASSOC_J_OBJECT && pItem);
  if (pColumn) {
    jsonOnly(p, pObj, azColumn, "a column has column, text and as");
    pItem->bText = (u8)shapeJsonIsTrue(p, assocJsonGet(pObj, "text"), "text");
    if (shapeJsonIsText(p, pColumn, "\"column\"")) {
      pItem->pPath = shapeJsonName(p, pColumn->z, pColumn->n);
    }
  } else if (pValue) {
    jsonOnly(p, pObj, azValue, "a constant has value and as");
    pItem->eType = SHAPE_ITEM_VALUE;
    pItem->pVal = shapeJsonVal(p, pValue, "\"value\"");
    if (pItem->pVal && pItem->pVal->eType >= SHAPE_VAL_INDEX) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "\"value\" is a constant, not a parameter");
    }
  } else if (shapeJsonIsTrue(p, pCursor, "cursor")) {
    jsonOnly(p, pObj, azCursor, "a cursor has cursor and as");
    pItem->eType = SHAPE_ITEM_CURSOR;
  } else if (shapeJsonIsTrue(p, pModel, "model")) {
    jsonOnly(p, pObj, azModel, "the name of a model has model and as");
    pItem->eType = SHAPE_ITEM_MODEL;
  } else { /* {"cursor":false}, too */
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an attribute that is an object has one of aggregate, column, "
                 "value, cursor and model");
  }
}

/* An attribute that may be fn(), col() or literal(): itself, or the first of two
** elements; the second is the alias. */
static AssocJson *jsonCallOf(AssocJson *pJson) {
  if (pJson->eType != ASSOC_J_ARRAY) return pJson;
  return pJson->nChild == 2 ? pJson->pChild : 0;
}

/*
**
**    "name"               a column, or a path that ends in one
**    "*", "**", "-name"   as in the text form
**    ["name","alias"]     name as alias
**    {"aggregate":...}    an aggregate; its alias is "as"
**
** In "exclude", only names are allowed.
*/
static ShapeItem *jsonAttribute(JsonParser *p, AssocJson *pJson, int eType) {
  ShapeItem *pItem = jsonNewItem(p, eType);
  ShapeKey key = {0};
  AssocJson *pAs = 0;
  assert(pJson);
  if (pItem == 0) return 0;
  if (eType == SHAPE_ITEM_NAME && shapeJsonIsCall(jsonCallOf(pJson))) {
    /* fn('COUNT', …), or [fn('COUNT', …), "alias"] */
    shapeJsonCall(p, jsonCallOf(pJson), &key);
    pItem->eType = key.pAgg ? SHAPE_ITEM_AGG : SHAPE_ITEM_NAME;
    pItem->pPath = key.pPath;
    pItem->pAgg = key.pAgg;
    if (pJson->eType == ASSOC_J_ARRAY) pAs = pJson->pChild->pNext;
  } else if (pJson->eType == ASSOC_J_OBJECT && eType == SHAPE_ITEM_NAME) {
    pAs = assocJsonGet(pJson, "as"); /* An object has its alias inside */
    if (assocJsonGet(pJson, "aggregate") == 0) {
      jsonSpecial(p, pJson, pItem);
    } else {
      shapeJsonAgg(p, pJson, &key, 1);
      pItem->eType = SHAPE_ITEM_AGG;
      pItem->pPath = key.pPath;
      pItem->pAgg = key.pAgg;
    }
  } else if (pJson->eType == ASSOC_J_ARRAY && pJson->nChild == 2 &&
             eType != SHAPE_ITEM_MINUS) {
    pItem->pPath = shapeJsonPathOf(p, pJson->pChild, "an attribute");
    pAs = pJson->pChild->pNext;
  } else if (pJson->eType == ASSOC_J_ARRAY && eType != SHAPE_ITEM_MINUS) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "an attribute that is an array has two elements: [\"column\","
                 "\"alias\"]");
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
  /* Only a name and an aggregate may lead to another model. */
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

/* Append each element of an array as an item of eType: NAME for columns to
** show, MINUS for columns to leave out. Returns the new end of the list, as all
** functions here with ppEnd. */
static ShapeItem **jsonAttributeList(JsonParser *p, AssocJson *pArray,
                                     int eType, ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pArray->eType != ASSOC_J_ARRAY) {
    assocErrorOf(
        p->pCall, ASSOC_E_SYNTAX, 0, 0, "\"%s\" must be an array, not %s",
        pArray->zKey ? pArray->zKey : "attributes", assocJsonTypeName(pArray));
    return ppEnd;
  }
  assert(*ppEnd == 0);
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

/* The column of ["name","n"] or {"column":"name","as":"n"}; else 0. */
static AssocJson *jsonAliasedColumn(AssocJson *p) {
  AssocJson *pCol = assocJsonGet(p, "column");
  if (p->eType == ASSOC_J_ARRAY && p->nChild == 2) pCol = p->pChild;
  if (pCol && p->eType == ASSOC_J_OBJECT && assocJsonGet(p, "as") == 0)
    return 0;
  if (pCol == 0 || pCol->eType != ASSOC_J_TEXT || strchr(pCol->z, '.'))
    return 0;
  return pCol;
}

/* "*" omits a column that also has an alias. But a column under "include" is
** added to all columns, so it appears under its own name too. */
static ShapeItem **jsonAliased(JsonParser *p, AssocJson *pObj,
                               ShapeItem **ppEnd) {
  AssocJson *pInclude = assocJsonGet(pObj, "include");
  AssocJson *pExclude = assocJsonGet(pObj, "exclude");
  AssocJson *pSub = pInclude ? pInclude->pChild : 0, *pOld;
  /* ["name","n"] in "include" adds an alias; the column itself stays, as in
  ** Sequelize, unless it is excluded. */
  for (; pSub; pSub = pSub->pNext) {
    AssocJson *pCol = jsonAliasedColumn(pSub), *pOther = 0;
    if (pCol == 0 || jsonHasText(pInclude, pCol) ||
        jsonHasText(pExclude, pCol)) {
      continue;
    }
    for (pOld = pInclude->pChild; pOld != pSub; pOld = pOld->pNext) {
      pOther = jsonAliasedColumn(pOld);
      if (pOther && sqlite3_stricmp(pOther->z, pCol->z) == 0) break;
    }
    if (pOld != pSub) continue;
    *ppEnd = jsonAttribute(p, pCol, SHAPE_ITEM_NAME);
    if (*ppEnd == 0) return ppEnd;
    ppEnd = &(*ppEnd)->pNext;
  }
  return ppEnd;
}

static ShapeItem *jsonInclude(JsonParser *p, AssocJson *pJson);

/* Is an element of "items" an include, and not an attribute? */
static int isInclude(AssocJson *pJson) {
  const AssocJson *pModel = assocJsonGet(pJson, "model");
  return assocJsonGet(pJson, "association") || assocJsonGet(pJson, "all") ||
         assocJsonGet(pJson, "on") || (pModel && pModel->eType != ASSOC_J_TRUE);
}

/* Read "items": columns and associations in the order of the output. A name is
** either: the model decides. */
static ShapeItem **jsonItems(JsonParser *p, AssocJson *pJson,
                             ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pJson->eType != ASSOC_J_ARRAY) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"items\" must be an array, not %s",
                 assocJsonTypeName(pJson));
    return ppEnd;
  }
  if (!shapeJsonEnter(p)) return ppEnd;
  if (lacksStar(pJson)) {
    *ppEnd = jsonNewItem(p, SHAPE_ITEM_STAR);
    if (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  }
  for (pSub = pJson->pChild; pSub && p->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    AssocJson *pName = pSub->eType == ASSOC_J_ARRAY ? pSub->pChild : pSub;
    AssocJson at;
    if (isInclude(pSub)) {
      *ppEnd = jsonInclude(p, pSub);
    } else if (pName && pName->eType == ASSOC_J_TEXT && pName->z[0] == '@') {
      ShapeItem *pItem;
      /* "@weight": a column of the join row, alone or with an alias */
      at = *pSub;
      if (pSub == pName) {
        at.z++;
        at.n--;
      } else if (pSub->nChild == 2) {
        at.pChild = shapeJsonAlloc(p, sizeof(at));
        if (at.pChild == 0) break;
        *at.pChild = *pName;
        at.pChild->z++;
        at.pChild->n--;
      }
      pItem = jsonAttribute(p, &at, SHAPE_ITEM_AT);
      *ppEnd = pItem;
    } else {
      *ppEnd = jsonAttribute(p, pSub, SHAPE_ITEM_NAME);
    }
    if (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  }
  shapeJsonLeave(p);
  return ppEnd;
}

/*
**
**    absent                    {*}
**    ["a","b"]                 {a b}
**    {"exclude":["a"]}         {* -a}
**    {"include":[["a","b"]]}   {* a a as b}
**
** The last one keeps "a", as in Sequelize; see jsonAliased().
*/
static ShapeItem **jsonAttributes(JsonParser *p, AssocJson *pJson,
                                  ShapeItem **ppEnd) {
  AssocJson *pSub;
  if (pJson && pJson->eType != ASSOC_J_OBJECT) {
    if (lacksStar(pJson)) {
      /* No list: all columns. A list of columns to leave out needs them, too. */
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

/*
** Read {"all":true | "HasMany" | ["HasOne","BelongsTo"], "nested":true}. The
** other members, such as "attributes", are the options that each of these
** includes gets: they are read as those of an ordinary include. Which
** associations are meant is decided by the planner, which knows them.
*/
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
  assert(rest.eType == ASSOC_J_OBJECT);
  /* The other keys are read as those of any include. */
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

/* Read an element of "include": a name, find options with an association, or
** {"all":...}. A name alone has all its columns. null is what JSON.stringify()
** makes of a class or function, so the error explains this. */
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
  assert(pJson->nChild > 0 && pJson->pChild);
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
  /* ["by","x"] is one scope with a value; [["by","x"],["active"]] are two. An
  ** element with "method" also means that the list is of scopes. */
  if (pSub == 0) return jsonScope(p, pJson);
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    *ppEnd = jsonScope(p, pSub);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pFirst;
}

static ShapePart *jsonPagePart(JsonParser *p, AssocJson *pJson, int iFirst,
                               int iLast);

/* Read the parts of a page, or of one of its parts, iFirst to iLast. */
static ShapePart *jsonPageParts(JsonParser *p, AssocJson *pObj, int iFirst,
                                int iLast) {
  ShapePart *pFirst = 0, **ppEnd = &pFirst;
  AssocJson *pSub;
  for (pSub = pObj->pChild; pSub; pSub = pSub->pNext) {
    if (pSub->eType == ASSOC_J_FALSE) continue;
    *ppEnd = jsonPagePart(p, pSub, iFirst, iLast);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  assert(iFirst <= iLast && iLast < SHAPE_NPART);
  if (pFirst == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0, "a page needs a part");
  }
  return pFirst;
}

/* Read one of them: its key says which it is, its value true, a name, the parts
** that it has, or [name, parts]. */
static ShapePart *jsonPagePart(JsonParser *p, AssocJson *pJson, int iFirst,
                               int iLast) {
  ShapePart *pPart = shapeJsonAlloc(p, sizeof(*pPart));
  AssocJson *pName = 0, *pSub = 0;
  int i = iFirst;
  if (pPart == 0) return 0;
  while (i <= iLast && strcmp(pJson->zKey, azShapePart[i]) != 0) i++;
  if (i > iLast) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pJson->zKey,
                 "a page has count, nodes, edges with cursor and node, and "
                 "pageInfo with startCursor, endCursor, hasNextPage and "
                 "hasPreviousPage; no \"%s\" here",
                 pJson->zKey);
    return 0;
  }
  assert(i >= iFirst && i < SHAPE_NPART);
  pPart->ePart = (u8)i;
  pPart->zName = azShapePart[i]; /* Unless it is given a name */
  if (pJson->eType == ASSOC_J_TEXT) pName = pJson;
  if (pJson->eType == ASSOC_J_OBJECT) pSub = pJson;
  if (pJson->eType == ASSOC_J_ARRAY && pJson->nChild >= 1) {
    pName = pJson->pChild;
    pSub = pName->pNext;
  }
  if (pName && shapeJsonIsText(p, pName, "the name of a page's part")) {
    ShapeName *pNew = shapeJsonName(p, pName->z, pName->n);
    if (pNew) pPart->zName = pNew->z;
  }
  if (pSub && (pSub->eType != ASSOC_J_OBJECT ||
               (i != SHAPE_PART_EDGES && i != SHAPE_PART_INFO))) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"%s\" of a page is true or its name; only edges and "
                 "pageInfo have parts: [\"name\",{...}]",
                 azShapePart[i]);
  } else if (pSub) {
    pPart->pSub =
        i == SHAPE_PART_EDGES
            ? jsonPageParts(p, pSub, SHAPE_PART_CURSOR, SHAPE_PART_NODE)
            : jsonPageParts(p, pSub, SHAPE_PART_START, SHAPE_PART_BEFORE);
  } else if (pName == 0) {
    (void)shapeJsonIsTrue(p, pJson, azShapePart[i]);
  }
  return pPart;
}

/* Read "page": true, "count", "edges", "edges count", or its parts. */
static void jsonPage(JsonParser *p, AssocJson *pJson, ShapeClauses *pC) {
  static const char *const az[] = {"", "count", "edges", "edges count",
                                   "count edges"};
  int i = 0;
  if (pJson->eType == ASSOC_J_OBJECT) {
    pC->bPage = 1;
    pC->pPart = jsonPageParts(p, pJson, SHAPE_PART_COUNT, SHAPE_PART_INFO);
    return;
  }
  if (pJson->eType == ASSOC_J_TEXT) {
    for (i = 4; i > 0 && strcmp(pJson->z, az[i]) != 0; i--) {
    }
  }
  assert(i >= 0 && i < ASSOC_COUNT(az));
  if (i == 4) i = 3;
  /* The place in az is a mask: 1 count, 2 edges */
  pC->bPageCount = i & 1;
  pC->bPageEdges = i >> 1 & 1;
  if (i == 0 && pJson->eType != ASSOC_J_TRUE && pJson->eType != ASSOC_J_FALSE) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, "page",
                 "\"page\" is true, false, \"count\", \"edges\", \"edges "
                 "count\" or an object of its parts, not %s",
                 pJson->eType == ASSOC_J_TEXT ? pJson->z
                                              : assocJsonTypeName(pJson));
  }
  pC->bPage = i > 0 || pJson->eType == ASSOC_J_TRUE;
}

/* Read a clause: where, order, limit and the like. False if the key is no
** clause, so that the caller tries other options. null is an error for most of
** them: it comes from undefined or NaN in a program. */
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
    jsonPage(p, pJson, pC);
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
    assert(pSub->zKey); /* A member of an object has a key */
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

/* Read an option that only includes have, such as "through" and "spread". False
** if the key is none; then it is unknown. */
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
  if (pOn && pOn->eType == ASSOC_J_OBJECT) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, "on",
                 "\"on\" names a model of a polymorphic association; how rows "
                 "are related is what the association says, and \"where\" "
                 "filters them");
  }
  /* "as" alone names the association, as in Sequelize. Beside "association" it is
  ** the key in the result. */
  assert(pItem->pPath == 0);
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

/* Find options of Sequelize that say how a query is run, and not what it gives.
** They are ignored. */
static int isAboutRunning(const char *zKey) {
  static const char *const az[] = {"raw",
                                   "nest",
                                   "logging",
                                   "benchmark",
                                   "hooks",
                                   "useMaster",
                                   "indexHints",
                                   "tableHint",
                                   "tableHints",
                                   "distinct",
                                   "minifyAliases",
                                   "retry",
                                   0};
  int i = 0;
  while (az[i] && strcmp(az[i], zKey) != 0) i++;
  return az[i] != 0;
}

/* Does this null, or false, mean that an option that there is not is not used? */
static int isUnused(const AssocJson *p) {
  static const char *const az[] = {
      "transaction",   "lock",         "skipLocked", "plain",
      "rejectOnEmpty", "mapToModel",   "group",      "having",
      "bind",          "replacements", "searchPath", 0};
  int i = 0;
  if (p->eType != ASSOC_J_NULL && p->eType != ASSOC_J_FALSE) return 0;
  while (az[i] && strcmp(az[i], p->zKey) != 0) i++;
  return az[i] != 0;
}

/* Does this null mean that the option is absent? */
static int jsonIsAbsent(const AssocJson *p) {
  static const char *const az[] = {"attributes", "where",    "include", "order",
                                   "through",    "required", "items"};
  int i = 0;
  if (isAboutRunning(p->zKey) || isUnused(p)) return 1;
  if (p->eType != ASSOC_J_NULL) return 0;
  while (i < ASSOC_COUNT(az) && strcmp(az[i], p->zKey) != 0) i++;
  return i < ASSOC_COUNT(az);
}

/* Raise the error for an unknown find option, with the list of valid ones.
** bFew: without the options that only includes have. */
static void findUnknown(JsonParser *p, const char *zKey, int bFew) {
  const char *zInstead = shapeJsonInstead(zKey);
  static const char *const az[] = {
      "model",   "attributes", "include", "items",       "where", "order",
      "limit",   "offset",     "scope",   "paranoid",    "page",  "first",
      "last",    "after",      "before",  "association", "as",    "required",
      "through", "spread",     "recurse"};
  int i, n = bFew ? 15 : ASSOC_COUNT(az);
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
  /* bFew: at the roots, where the last six make no sense */
  assert(n <= ASSOC_COUNT(az));
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

/* Read "items", or else "attributes". */
static ShapeItem **jsonOwn(JsonParser *p, AssocJson *pObj, ShapeItem **ppEnd) {
  AssocJson *pItems = jsonOption(pObj, "items");
  if (pItems == 0)
    return jsonAttributes(p, jsonOption(pObj, "attributes"), ppEnd);
  if (jsonOption(pObj, "attributes") || jsonOption(pObj, "include")) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "\"items\" has columns and associations; \"attributes\" and "
                 "\"include\" do not stand beside it");
  }
  return jsonItems(p, pItems, ppEnd);
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
  ppEnd = jsonOwn(p, pObj, ppEnd);
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
               strcmp(pSub->zKey, "items") != 0 && !isIdentifyKey(pSub->zKey) &&
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

/* What names the association of an include names nothing in a query. "as" is
** the key of one of several queries. */
static void jsonRootNames(JsonParser *p, AssocJson *pRoot, int bSeveral) {
  static const char *const az[] = {"association", "on", "as"};
  int i, n = bSeveral ? 2 : 3;
  for (i = 0; i < n; i++) {
    if (jsonOption(pRoot, az[i]) == 0) continue;
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, az[i],
                 "\"%s\" belongs in an include: {\"model\":\"User\","
                 "\"include\":[{\"association\":\"posts\"}]}%s",
                 az[i],
                 i < 2 ? ""
                       : "; the answer of several queries has names: "
                         "[{\"as\":\"users\",\"model\":\"User\"}]");
    return;
  }
}

/* The query is read as if it were an include, whose clauses and block then
** become those of the roots. bSeveral: it is one of several. */
static void jsonQuery(JsonParser *p, AssocJson *pRoot, AssocShape *pShape,
                      int bSeveral) {
  ShapeItem *pItem = jsonNewItem(p, SHAPE_ITEM_NAME);
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
  jsonRootNames(p, pRoot, bSeveral);
  jsonFind(p, pRoot, pItem, &pShape->pClauses);
  assert(pShape->pItem == 0);
  pShape->bBlock = 1;
  pShape->pItem = pItem->pBlock;
}

/* Read [{"as":"a","model":"User",…},{"as":"b",…}]. */
static void jsonQueries(JsonParser *p, AssocJson *pRoot) {
  AssocShape *pShape = p->pShape;
  AssocJson *pSub = pRoot->pChild;
  if (pRoot->eType != ASSOC_J_ARRAY) { /* The only query needs no name */
    jsonQuery(p, pRoot, pShape, 0);
    return;
  }
  if (pSub == 0) {
    assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a list of queries needs a query: "
                 "[{\"as\":\"users\",\"model\":\"User\"}]");
  }
  for (; pSub; pSub = pSub->pNext) {
    AssocJson *pAs = assocJsonGet(pSub, "as");
    if (pSub->eType == ASSOC_J_OBJECT && pAs == 0) {
      assocErrorOf(p->pCall, ASSOC_E_SYNTAX, 0, 0,
                   "several queries need a name each: \"as\":\"users\"");
      return;
    }
    jsonQuery(p, pSub, pShape, 1);
    if (pAs && shapeJsonIsText(p, pAs, "\"as\"")) {
      pShape->pAlias = shapeJsonName(p, pAs->z, pAs->n);
    }
    if (pSub->pNext == 0 || p->pCall->rc != SQLITE_OK) return;
    assert(pShape->pNext == 0);
    pShape->pNext = assocShapeAnother(p->pCall, p->pArena, p->pShape);
    pShape = pShape->pNext;
    if (pShape == 0) return;
  }
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
  ppEnd = jsonOwn(p, pRoot, ppEnd);
  for (pSub = pRoot->pChild; pSub; pSub = pSub->pNext) {
    assert(pSub->zKey);
    if (jsonIsAbsent(pSub)) continue;
    if (strcmp(pSub->zKey, "include") == 0) {
      ppEnd = jsonIncludes(p, pSub, ppEnd);
    } else if (strcmp(pSub->zKey, "attributes") != 0 &&
               strcmp(pSub->zKey, "items") != 0) {
      assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_OPTION, 0, pSub->zKey,
                   "a shape in JSON has attributes and include, or items, "
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
  case SHAPE_QUERY: jsonQueries(&p, pRoot); break;
  case SHAPE_BLOCK: jsonBlock(&p, pRoot); break;
  default: pShape->pItem = jsonInclude(&p, pRoot); break;
  }
}

/* See shape.h. */
int assocShapeIsOptions(AssocCall *pCall, sqlite3_value *pVal) {
  static const char *const az[] = {"where", "include",    "attributes", "order",
                                   "limit", "offset",     "paranoid",   "raw",
                                   "model", "association"};
  const char *z = assocJsonText(pCall, pVal);
  AssocJson *pObj = 0;
  AssocArena mem;
  int i, n = 0, nAll = 0;
  memset(&mem, 0, sizeof(mem));
  if (z) pObj = assocJsonTry(pCall, &mem, z, sqlite3_value_bytes(pVal));
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    n += assocJsonGet(pObj, az[i]) != 0; /* Not of an array */
  }
  if (pObj) nAll = pObj->nChild;
  /* The caller only wants to know; an object that is no JSON is no options. */
  assocArenaFree(&mem);
  if (n == 0) return 0;
  return n == nAll ? ASSOC_OPTIONS_ALL : ASSOC_OPTIONS_SOME;
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

/* A definition is used by any caller, so it has no values of one. Otherwise its
** ?1 would be a value that the caller gives for something else. */
static void noParams(AssocCall *pCall, const AssocShape *pShape) {
  if (pShape->nParam == 0 && !pShape->bNamed) return;
  assocErrorOf(pCall, ASSOC_E_DEFINITION, 0, 0,
               "a definition has no values of a caller; only a named scope "
               "takes values, by number: {\"$param\":1}");
}

/* A scope can have the parts of a query that make sense wherever the model is
** read. *pnParam is the greatest ?n, so a use with too few arguments is found. The
** default scope has no parameters, and pnParam is 0. */
ShapeClauses *assocShapeScope(AssocCall *pCall, AssocArena *pArena,
                              AssocJson *pJson, int *pnParam, u8 *pbNamed) {
  static const char *const az[] = {"where", "order", "limit", "offset"};
  JsonParser p;
  AssocShape shape;
  AssocJson *pSub;
  ShapeClauses *pC = assocAlloc(pCall, pArena, sizeof(*pC));
  assert(pJson);
  jsonPart(&p, pCall, pArena, &shape);
  if (pC == 0) return 0;
  if (pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(pCall, ASSOC_E_SYNTAX, 0, 0,
                 "a scope must be an object, not %s", assocJsonTypeName(pJson));
  }
  for (pSub = pJson->pChild; pSub && pCall->rc == SQLITE_OK;
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
  ownSorts(pC->pOrder);
  if (pnParam) {
    *pnParam = shape.nParam;
    *pbNamed = shape.bNamed;
  } else {
    noParams(pCall, &shape);
  }
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
  ShapePred *pPred;
  assert(pJson);
  jsonPart(&p, pCall, pArena, &shape);
  pPred = shapeJsonWhere(&p, pJson);
  noParams(pCall, &shape);
  return pPred;
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
  noParams(pCall, &shape);
  return pSort;
}
