/*
** The tree of a shape as JSON, in one spelling: for the tests of the JSON form
** (test/shape.test), which read the printed JSON again.
**
** Reading it gives the same tree, except that JSON puts attributes before the
** columns of a join row, and both before includes.
*/
#include "unit.h"
#include "shape/print.h"

typedef ShapePrinter Printer;

static void printWhere(Printer *p, const ShapePred *pPred);
static void printIncludes(Printer *p, const ShapeItem *pItem);

/* "name": with a comma before it unless it is the first of an object. */
static void putKey(Printer *p, const char *z) {
  if (p->out.rc == SQLITE_OK && p->out.p > p->out.pStart &&
      p->out.p[-1] != '{') {
    shapePut(p, ",");
  }
  shapePutString(p, z, (int)strlen(z));
  shapePut(p, ":");
}

/* A comma unless it is the first of an array. */
static void putComma(Printer *p) {
  if (p->out.rc == SQLITE_OK && p->out.p > p->out.pStart &&
      p->out.p[-1] != '[') {
    shapePut(p, ",");
  }
}

/* A path as a JSON text; zAround stands before and behind it. */
static void putPath(Printer *p, const ShapeName *pName, const char *zBefore,
                    const char *zAfter) {
  Printer q;
  i64 n = 0;
  char *z;
  q.pCall = p->pCall;
  assocBufInit(&q.out, 0x7fffffff);
  shapePut(&q, zBefore);
  for (; pName; pName = pName->pNext) {
    const char *zName = pName->z;
    if (strchr(zName, '.') == 0 && strchr("`-*@", zName[0]) == 0) {
      shapePut(&q, zName);
    } else {
      shapePrintQuoted(&q, zName);
    }
    if (pName->pNext) shapePut(&q, ".");
  }
  shapePut(&q, zAfter);
  z = assocBufFinish(&q.out, &n);
  if (z) shapePutString(p, z, (int)n);
  if (z == 0) p->out.rc = q.out.rc;
  sqlite3_free(z);
}

/* A column, and "@pos" of the join row: here a dot is no path. */
static void putColumn(Printer *p, const char *z, int bAt) {
  ShapeName name = {.z = z};
  size_t n = strlen(z);
  int bQuoted = n > 2 && z[0] == '`' && z[n - 1] == '`';
  if (bAt || bQuoted || z[0] == '@') {
    putPath(p, &name, bAt ? "@" : "", "");
  } else {
    shapePutString(p, z, (int)strlen(z));
  }
}

static void jsonPrintVal(Printer *p, const ShapeVal *pVal) {
  if (pVal->eType == SHAPE_VAL_INDEX) {
    assocOutPrintf(&p->out, "{\"$param\":%lld}", pVal->i);
  } else if (pVal->eType == SHAPE_VAL_NAMED) {
    shapePut(p, "{\"$param\":");
    shapePutString(p, pVal->z, pVal->n);
    shapePut(p, "}");
  } else {
    shapePrintLiteral(p, pVal);
  }
}

static void jsonPrintVals(Printer *p, const ShapeVal *pVal) {
  shapePut(p, "[");
  for (; pVal; pVal = pVal->pNext) {
    jsonPrintVal(p, pVal);
    if (pVal->pNext) shapePut(p, ",");
  }
  shapePut(p, "]");
}

/* The members of an aggregate, without the braces. */
static void jsonPrintAgg(Printer *p, const ShapeName *pPath,
                         const ShapeAgg *pAgg) {
  putKey(p, "aggregate");
  shapePutString(p, aShapeAgg[pAgg->eAgg].zName,
                 (int)strlen(aShapeAgg[pAgg->eAgg].zName));
  if (pPath) {
    putKey(p, "of");
    putPath(p, pPath, "", "");
  }
  if (pAgg->pCol) {
    putKey(p, "column");
    putColumn(p, pAgg->pCol->z, pAgg->bAt);
  }
  if (pAgg->bDistinct) {
    putKey(p, "distinct");
    shapePut(p, "true");
  }
  if (pAgg->pWhere) {
    putKey(p, "where");
    printWhere(p, pAgg->pWhere);
  }
}

/* {"$col":"boss.sal"} */
static void jsonPrintOther(Printer *p, const ShapeKey *pKey) {
  shapePut(p, "{\"$col\":");
  if (pKey->pAgg) {
    shapePut(p, "{");
    jsonPrintAgg(p, pKey->pPath, pKey->pAgg);
    shapePut(p, "}");
  } else {
    putPath(p, pKey->pPath, pKey->bAt ? "@" : "", "");
  }
  shapePut(p, "}");
}

/* What a key is compared with. */
static void jsonPrintTest(Printer *p, const ShapePred *pPred) {
  static const char *const az[] = {
      "$eq",    "$ne",         "$lt",       "$lte",      "$gt",
      "$gte",   "$in",         "$between",  "$like",     "$glob",
      "$match", "$startsWith", "$endsWith", "$substring"};
  static const char *const azNot[] = {
      "$notIn",    "$notBetween",    "$notLike",     "$notGlob",
      "$notMatch", "$notStartsWith", "$notEndsWith", "$notSubstring"};
  if (pPred->eOp == SHAPE_OP_ISNULL) {
    shapePut(p, pPred->bNot ? "{\"$ne\":null}" : "null");
    return;
  }
  shapePut(p, "{");
  putKey(p, pPred->bNot ? azNot[pPred->eOp - SHAPE_OP_IN]
                        : az[pPred->eOp - SHAPE_OP_EQ]);
  if (pPred->pOther) {
    jsonPrintOther(p, pPred->pOther);
  } else if (pPred->bList) {
    jsonPrintVal(p, pPred->pVal);
  } else if (pPred->eOp == SHAPE_OP_IN || pPred->eOp == SHAPE_OP_BETWEEN) {
    jsonPrintVals(p, pPred->pVal);
  } else {
    jsonPrintVal(p, pPred->pVal);
  }
  shapePut(p, "}");
}

static void jsonPrintCompare(Printer *p, const ShapePred *pPred) {
  const ShapeName *pPath = pPred->key.pPath;
  if (pPred->key.pAgg) {
    putKey(p, "$aggregate");
    shapePut(p, "{");
    jsonPrintAgg(p, pPath, pPred->key.pAgg);
    putKey(p, "is");
    jsonPrintTest(p, pPred);
    shapePut(p, "}");
    return;
  }
  if (pPath->pNext || (pPath->z[0] == '$' && !pPred->key.bAt)) {
    putPath(p, pPath, "$", "$");
    shapePut(p, ":");
  } else {
    putKey(p, "");
    p->out.p -= 3; /* The empty key, and its colon */
    putColumn(p, pPath->z, pPred->key.bAt);
    shapePut(p, ":");
  }
  jsonPrintTest(p, pPred);
}

static void printWhere(Printer *p, const ShapePred *pPred) {
  static const char *const az[] = {"$and",  "$or",    "$not",
                                   "$some", "$every", "$none"};
  const ShapePred *pSub;
  shapePut(p, "{");
  if (pPred->eOp > SHAPE_OP_NONE) {
    jsonPrintCompare(p, pPred);
  } else {
    putKey(p, az[pPred->eOp]);
    if (pPred->eOp <= SHAPE_OP_OR) {
      shapePut(p, "[");
      for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
        putComma(p);
        printWhere(p, pSub);
      }
      shapePut(p, "]");
    } else if (pPred->eOp == SHAPE_OP_NOT) {
      printWhere(p, pPred->pSub);
    } else {
      shapePut(p, "{");
      putPath(p, pPred->key.pPath, "", "");
      shapePut(p, ":");
      if (pPred->pOn) {
        shapePut(p, "{");
        putKey(p, "$on");
        putPath(p, pPred->pOn, "", "");
        shapePut(p, pPred->pSub ? ",\"$and\":[" : "}");
      }
      if (pPred->pSub) {
        printWhere(p, pPred->pSub);
        if (pPred->pOn) shapePut(p, "]}");
      } else if (!pPred->pOn) {
        shapePut(p, "{}");
      }
      shapePut(p, "}");
    }
  }
  shapePut(p, "}");
}

static void jsonPrintSort(Printer *p, const ShapeSort *pSort) {
  const ShapeName *pName;
  shapePut(p, "[");
  if (pSort->key.pAgg) {
    shapePut(p, "{");
    jsonPrintAgg(p, pSort->key.pPath, pSort->key.pAgg);
    shapePut(p, "}");
  } else {
    for (pName = pSort->key.pPath; pName; pName = pName->pNext) {
      ShapeName one = *pName;
      one.pNext = 0;
      putComma(p);
      putPath(p, &one, pSort->key.bAt ? "@" : "", "");
    }
  }
  if (pSort->pColl) {
    shapePut(p, ",{");
    putKey(p, "collate");
    putPath(p, pSort->pColl, "", "");
    shapePut(p, "}");
  }
  assocOutPrintf(&p->out, ",\"%s%s\"]", pSort->bDesc ? "DESC" : "ASC",
                 pSort->eNulls == SHAPE_NULLS_FIRST  ? " NULLS FIRST"
                 : pSort->eNulls == SHAPE_NULLS_LAST ? " NULLS LAST"
                                                     : "");
}

static void jsonPrintScopes(Printer *p, const ShapeScope *pScope) {
  const ShapeVal *pArg;
  putKey(p, "scope");
  shapePut(p, "[");
  for (; pScope; pScope = pScope->pNext) {
    putComma(p);
    shapePut(p, "[");
    shapePutString(p, pScope->pName->z, (int)strlen(pScope->pName->z));
    for (pArg = pScope->pArg; pArg; pArg = pArg->pNext) {
      shapePut(p, ",");
      jsonPrintVal(p, pArg);
    }
    shapePut(p, "]");
  }
  shapePut(p, "]");
}

/* {"count":"n","edges":["edges",{"node":"node"}]} */
static void jsonPrintParts(Printer *p, const ShapePart *pPart) {
  shapePut(p, "{");
  for (; pPart; pPart = pPart->pNext) {
    putKey(p, azShapePart[pPart->ePart]);
    if (pPart->pSub) shapePut(p, "[");
    shapePutString(p, pPart->zName, (int)strlen(pPart->zName));
    if (pPart->pSub) {
      shapePut(p, ",");
      jsonPrintParts(p, pPart->pSub);
      shapePut(p, "]");
    }
  }
  shapePut(p, "}");
}

static void jsonPrintClauses(Printer *p, const ShapeClauses *pC) {
  const struct {
    const char *z;
    const ShapeVal *pVal;
  } a[] = {{"limit", pC->pLimit}, {"offset", pC->pOffset},
           {"first", pC->pFirst}, {"last", pC->pLast},
           {"after", pC->pAfter}, {"before", pC->pBefore}};
  const ShapeSort *pSort;
  int i;
  if (pC->pWhere) {
    putKey(p, "where");
    printWhere(p, pC->pWhere);
  }
  if (pC->pScope) jsonPrintScopes(p, pC->pScope);
  if (pC->bUnscoped) {
    putKey(p, "scope");
    shapePut(p, "false");
  }
  if (pC->bDeleted) {
    putKey(p, "paranoid");
    shapePut(p, "false");
  }
  if (pC->pOrder) {
    putKey(p, "order");
    shapePut(p, "[");
    for (pSort = pC->pOrder; pSort; pSort = pSort->pNext) {
      putComma(p);
      jsonPrintSort(p, pSort);
    }
    shapePut(p, "]");
  }
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (a[i].pVal == 0) continue;
    putKey(p, a[i].z);
    jsonPrintVal(p, a[i].pVal);
  }
  if (pC->bPage) {
    putKey(p, "page");
    if (pC->pPart) {
      jsonPrintParts(p, pC->pPart);
    } else if (pC->bPageEdges) {
      shapePut(p, pC->bPageCount ? "\"edges count\"" : "\"edges\"");
    } else {
      shapePut(p, pC->bPageCount ? "\"count\"" : "true");
    }
  }
}

/* Does the item stand under "include"? A bare name may be a column. */
static int isInclude(const ShapeItem *pItem) {
  if (pItem->eType == SHAPE_ITEM_ON || pItem->eType == SHAPE_ITEM_ALL) {
    return 1;
  }
  return pItem->eType == SHAPE_ITEM_NAME &&
         (pItem->bInclude || pItem->bBlock || pItem->bSpread ||
          pItem->bRequired || pItem->nRecurse || pItem->pClauses);
}

/* A constant, a column as text, the cursor or the model of the row. */
static void jsonPrintSpecial(Printer *p, const ShapeItem *pItem) {
  shapePut(p, "{");
  if (pItem->eType == SHAPE_ITEM_VALUE) {
    putKey(p, "value");
    shapePrintLiteral(p, pItem->pVal);
  } else if (pItem->bText) {
    putKey(p, "column");
    shapePutString(p, pItem->pPath->z, (int)strlen(pItem->pPath->z));
    putKey(p, "text");
    shapePut(p, "true");
  } else {
    putKey(p, pItem->eType == SHAPE_ITEM_CURSOR ? "cursor" : "model");
    shapePut(p, "true");
  }
  if (pItem->pAlias) {
    putKey(p, "as");
    shapePutString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
  }
  shapePut(p, "}");
}

static void jsonPrintAttribute(Printer *p, const ShapeItem *pItem) {
  putComma(p);
  if (pItem->bText || pItem->eType >= SHAPE_ITEM_VALUE) {
    jsonPrintSpecial(p, pItem);
    return;
  }
  switch (pItem->eType) {
  case SHAPE_ITEM_STAR: shapePut(p, "\"*\""); break;
  case SHAPE_ITEM_STARS: shapePut(p, "\"**\""); break;
  case SHAPE_ITEM_MINUS: putPath(p, pItem->pPath, "-", ""); break;
  case SHAPE_ITEM_AGG:
    shapePut(p, "{");
    jsonPrintAgg(p, pItem->pPath, pItem->pAgg);
    if (pItem->pAlias) {
      putKey(p, "as");
      shapePutString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
    }
    shapePut(p, "}");
    break;
  default:
    if (pItem->pAlias) shapePut(p, "[");
    putPath(p, pItem->pPath, "", "");
    if (pItem->pAlias) {
      shapePut(p, ",");
      shapePutString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
      shapePut(p, "]");
    }
    break;
  }
}

/* "attributes", unless the block is just every column and may say nothing */
static void jsonPrintAttributes(Printer *p, const ShapeItem *pItem,
                                int bAlways) {
  const ShapeItem *pSub;
  int nStar = 0, nOther = 0;
  for (pSub = pItem; pSub; pSub = pSub->pNext) {
    if (pSub->eType == SHAPE_ITEM_STAR) nStar++;
    if (pSub->eType != SHAPE_ITEM_STAR && pSub->eType != SHAPE_ITEM_AT &&
        !isInclude(pSub)) {
      nOther++;
    }
  }
  if (nStar == 1 && nOther == 0 && !bAlways) return;
  putKey(p, "attributes");
  shapePut(p, "[");
  for (pSub = pItem; pSub; pSub = pSub->pNext) {
    if (!isInclude(pSub) && pSub->eType != SHAPE_ITEM_AT) {
      jsonPrintAttribute(p, pSub);
    }
  }
  shapePut(p, "]");
}

static void jsonPrintThrough(Printer *p, const ShapeItem *pBlock,
                             const ShapeClauses *pC) {
  const ShapeItem *pSub;
  int nAt = 0, bClauses = pC && shapeHasClauses(pC->pThrough);
  for (pSub = pBlock; pSub; pSub = pSub->pNext) {
    if (pSub->eType == SHAPE_ITEM_AT) nAt++;
  }
  if (nAt == 0 && !bClauses) return;
  putKey(p, "through");
  shapePut(p, "{");
  if (nAt) {
    putKey(p, "attributes");
    shapePut(p, "[");
    for (pSub = pBlock; pSub; pSub = pSub->pNext) {
      if (pSub->eType == SHAPE_ITEM_AT) jsonPrintAttribute(p, pSub);
    }
    shapePut(p, "]");
  }
  if (bClauses) jsonPrintClauses(p, pC->pThrough);
  shapePut(p, "}");
}

static void jsonPrintAll(Printer *p, const ShapeItem *pItem) {
  int i, bList = (pItem->mAll & (pItem->mAll - 1)) != 0;
  putKey(p, "all");
  if (bList) shapePut(p, "[");
  for (i = 0; i < SHAPE_NALL; i++) {
    if ((pItem->mAll >> i & 1) == 0) continue;
    if (bList) putComma(p);
    if (i == 0 && !bList) {
      shapePut(p, "true");
    } else {
      shapePutString(p, azShapeAll[i], (int)strlen(azShapeAll[i]));
    }
  }
  if (bList) shapePut(p, "]");
  if (pItem->nRecurse) {
    putKey(p, "nested");
    shapePut(p, "true");
  }
}

/* Which association the include means. */
static void jsonPrintIdentity(Printer *p, const ShapeItem *pItem) {
  if (pItem->eType == SHAPE_ITEM_ON) {
    putKey(p, "on");
    putPath(p, pItem->pPath, "", "");
    return;
  }
  if (pItem->pModel) {
    putKey(p, "model");
    putPath(p, pItem->pModel, "", "");
  }
  if (pItem->pPath) {
    putKey(p, pItem->pModel && !pItem->pAlias ? "as" : "association");
    putPath(p, pItem->pPath, "", "");
  }
  if (pItem->pAlias) {
    putKey(p, "as");
    shapePutString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
  }
}

static void jsonPrintInclude(Printer *p, const ShapeItem *pItem) {
  const ShapeClauses *pC = pItem->pClauses;
  int bWhere = pC && pC->pWhere && !pC->pLimit;
  putComma(p);
  shapePut(p, "{");
  if (pItem->eType == SHAPE_ITEM_ALL) {
    jsonPrintAll(p, pItem);
  } else {
    jsonPrintIdentity(p, pItem);
  }
  if (pItem->bSpread) {
    putKey(p, "spread");
    shapePut(p, "true");
  }
  if (pItem->nRecurse && pItem->eType != SHAPE_ITEM_ALL) {
    putKey(p, "recurse");
    if (pItem->nRecurse > 0) {
      assocJsonInt(&p->out, pItem->nRecurse);
    } else {
      shapePut(p, "true");
    }
  }
  if (pItem->bBlock) jsonPrintAttributes(p, pItem->pBlock, 0);
  if (pItem->pClauses) jsonPrintClauses(p, pItem->pClauses);
  if (pItem->eType != SHAPE_ITEM_ON && pItem->bRequired != bWhere) {
    putKey(p, "required");
    shapePut(p, pItem->bRequired ? "true" : "false");
  }
  jsonPrintThrough(p, pItem->pBlock, pItem->pClauses);
  printIncludes(p, pItem->pBlock);
  shapePut(p, "}");
}

static void printIncludes(Printer *p, const ShapeItem *pItem) {
  const ShapeItem *pSub = pItem;
  while (pSub && !isInclude(pSub)) pSub = pSub->pNext;
  if (pSub == 0) return;
  putKey(p, "include");
  shapePut(p, "[");
  for (; pSub; pSub = pSub->pNext) {
    if (isInclude(pSub)) jsonPrintInclude(p, pSub);
  }
  shapePut(p, "]");
}

/* A query, or a block. */
static void printFind(Printer *p, const AssocShape *pShape) {
  shapePut(p, "{");
  if (pShape->pAlias) {
    putKey(p, "as");
    shapePutString(p, pShape->pAlias->z, (int)strlen(pShape->pAlias->z));
  }
  if (pShape->eKind == SHAPE_QUERY) {
    putKey(p, "model");
    putPath(p, pShape->pModel, "", "");
  }
  if (pShape->bBlock || pShape->eKind == SHAPE_BLOCK) {
    /* A block that says nothing would be {}, which is no JSON form */
    jsonPrintAttributes(p, pShape->pItem, pShape->eKind == SHAPE_BLOCK);
  }
  if (pShape->pClauses) jsonPrintClauses(p, pShape->pClauses);
  printIncludes(p, pShape->pItem);
  shapePut(p, "}");
}

char *unitShapeJson(AssocCall *pCall, const AssocShape *pShape) {
  const AssocShape *pOne;
  Printer p;
  i64 n = 0;
  char *z;
  p.pCall = pCall;
  assocBufInit(&p.out, 0x7fffffff);
  if (pShape->eKind == SHAPE_ONE) {
    jsonPrintInclude(&p, pShape->pItem);
  } else {
    if (pShape->pAlias) shapePut(&p, "[");
    for (pOne = pShape; pOne; pOne = pOne->pNext) {
      if (pShape->pAlias) putComma(&p);
      printFind(&p, pOne);
    }
    if (pShape->pAlias) shapePut(&p, "]");
  }
  z = assocBufFinish(&p.out, &n);
  if (z == 0) assocErrorCode(pCall, p.out.rc);
  return z;
}
