/*
** The tree as text and as JSON, in one spelling each.
**
** Reading what was printed gives the same tree, but that JSON puts
** attributes before the columns of a join row and both before includes.
** Two things have no text form: an include by model alone, and
** {"all":true}.
*/
#include "shape/lex.h"

typedef struct Printer Printer;
struct Printer {
  AssocCall *pCall;
  AssocOut out;
};

static void printPred(Printer *p, const ShapePred *pPred, int eAround);
static void printBlock(Printer *p, const ShapeItem *pItem);
static void printWhere(Printer *p, const ShapePred *pPred);
static void printIncludes(Printer *p, const ShapeItem *pItem);

static void put(Printer *p, const char *z) {
  assocOutText(&p->out, z, (i64)strlen(z));
}

static void putString(Printer *p, const char *z, int n) {
  assocJsonString(&p->out, z, n);
}

/* ---------------------------------------------------------------- names */

/* Words that mean something somewhere, and so are quoted as names. */
static const char *const azReserved[] = {
    "where",    "order",    "limit",  "offset", "first", "last",
    "after",    "paranoid", "before", "page",   "scope", "by",
    "required", "and",      "or",     "not",    "in",    "is",
    "through",  "like",     "glob",   "match",  "some",  "every",
    "none",     "as",       "on",     "asc",    "desc",  "nulls",
    "collate",  "true",     "false",  "null",   "count", "sum",
    "distinct", "avg",      "min",    "max",    "total", "exists",
    "between"};

static int isPlainName(const char *z) {
  ShapeToken tok = shapeLex(z, (int)strlen(z), 0);
  int i;
  if (tok.eType != TK_WORD || tok.iOff != 0 || z[tok.n] != 0) return 0;
  for (i = 0; i < ASSOC_COUNT(azReserved); i++) {
    if (shapeIsWord(z, &tok, azReserved[i])) return 0;
  }
  return 1;
}

static void printQuoted(Printer *p, const char *z) {
  put(p, "`");
  for (; *z; z++) {
    if (*z == '`') put(p, "`");
    assocOutText(&p->out, z, 1);
  }
  put(p, "`");
}

static void printName(Printer *p, const char *z) {
  if (isPlainName(z)) {
    put(p, z);
  } else {
    printQuoted(p, z);
  }
}

static void printPath(Printer *p, const ShapeName *pName) {
  for (; pName; pName = pName->pNext) {
    printName(p, pName->z);
    if (pName->pNext) put(p, ".");
  }
}

/* --------------------------------------------------------- values, keys */

/* 17 digits are enough for any; an infinity is a number that is too large. */
static void printReal(Printer *p, double r) {
  if (r - r != 0.0) {
    put(p, r < 0 ? "-9.0e+999" : "9.0e+999");
  } else {
    assocOutPrintf(&p->out, "%!.17g", r);
  }
}

/* A literal, which text and JSON spell alike. */
static void printLiteral(Printer *p, const ShapeVal *pVal) {
  static const char *const az[] = {"null", "false", "true"};
  if (pVal->eType <= SHAPE_VAL_TRUE) {
    put(p, az[pVal->eType]);
  } else if (pVal->eType == SHAPE_VAL_INT) {
    assocJsonInt(&p->out, pVal->i);
  } else if (pVal->eType == SHAPE_VAL_REAL) {
    printReal(p, pVal->r);
  } else {
    putString(p, pVal->z, pVal->n);
  }
}

static void printVal(Printer *p, const ShapeVal *pVal) {
  if (pVal->eType == SHAPE_VAL_INDEX) {
    assocOutPrintf(&p->out, "?%lld", pVal->i);
  } else if (pVal->eType == SHAPE_VAL_NAMED) {
    ShapeToken tok = shapeLex(pVal->z, pVal->n, 0);
    put(p, ":");
    if (tok.eType == TK_WORD && tok.n == pVal->n) {
      put(p, pVal->z);
    } else {
      printQuoted(p, pVal->z);
    }
  } else {
    printLiteral(p, pVal);
  }
}

static void printVals(Printer *p, const ShapeVal *pVal) {
  put(p, "(");
  for (; pVal; pVal = pVal->pNext) {
    printVal(p, pVal);
    if (pVal->pNext) put(p, ", ");
  }
  put(p, ")");
}

static void printAgg(Printer *p, const ShapeAgg *pAgg) {
  assocOutPrintf(&p->out, ".%s(", azShapeAgg[pAgg->eAgg]);
  if (pAgg->bDistinct) put(p, "distinct ");
  if (pAgg->pCol) printName(p, pAgg->pCol->z);
  if (pAgg->pWhere) {
    if (pAgg->pCol) put(p, " ");
    put(p, "where ");
    printPred(p, pAgg->pWhere, SHAPE_OP_OR);
  }
  put(p, ")");
}

static void printKey(Printer *p, const ShapeKey *pKey) {
  printPath(p, pKey->pPath);
  if (pKey->pAgg) printAgg(p, pKey->pAgg);
}

/* ----------------------------------------------------------- predicates */

static void printCompare(Printer *p, const ShapePred *pPred) {
  printKey(p, &pPred->key);
  if (pPred->eOp == SHAPE_OP_ISNULL) {
    put(p, pPred->bNot ? " is not null" : " is null");
    return;
  }
  assocOutPrintf(&p->out, pPred->bNot ? " not %s " : " %s ",
                 azShapeOp[pPred->eOp]);
  if (pPred->eOp == SHAPE_OP_IN) {
    printVals(p, pPred->pVal);
    return;
  }
  printVal(p, pPred->pVal);
  if (pPred->eOp == SHAPE_OP_BETWEEN) {
    put(p, " and ");
    printVal(p, pPred->pVal->pNext);
  }
}

/* The operands of an AND or OR. */
static void printOperands(Printer *p, const ShapePred *pPred) {
  const ShapePred *pSub;
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    printPred(p, pSub, pPred->eOp);
    if (pSub->pNext) {
      assocOutPrintf(&p->out, " %s ", azShapeOp[pPred->eOp]);
    }
  }
}

/* eAround is what the predicate is an operand of: OR binds loosest. */
static void printPred(Printer *p, const ShapePred *pPred, int eAround) {
  int bParen = 0;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
  case SHAPE_OP_OR:
    bParen = eAround == SHAPE_OP_NOT || eAround == SHAPE_OP_AND;
    if (bParen) put(p, "(");
    printOperands(p, pPred);
    if (bParen) put(p, ")");
    break;
  case SHAPE_OP_NOT:
    bParen = eAround == SHAPE_OP_NOT; /* There is one not before an atom */
    put(p, bParen ? "(not " : "not ");
    printPred(p, pPred->pSub, SHAPE_OP_NOT);
    if (bParen) put(p, ")");
    break;
  case SHAPE_OP_SOME:
  case SHAPE_OP_EVERY:
  case SHAPE_OP_NONE:
    assocOutPrintf(&p->out, "%s ", azShapeOp[pPred->eOp]);
    printPath(p, pPred->key.pPath);
    if (pPred->pSub) {
      put(p, "(");
      printPred(p, pPred->pSub, SHAPE_OP_OR);
      put(p, ")");
    }
    break;
  default: printCompare(p, pPred); break;
  }
}

/* -------------------------------------------------------------- clauses */

static void printSort(Printer *p, const ShapeSort *pSort) {
  printKey(p, &pSort->key);
  if (pSort->pColl) {
    put(p, " collate ");
    printName(p, pSort->pColl->z);
  }
  if (pSort->bDesc) put(p, " desc");
  if (pSort->eNulls == SHAPE_NULLS_FIRST) put(p, " nulls first");
  if (pSort->eNulls == SHAPE_NULLS_LAST) put(p, " nulls last");
}

static void printOrder(Printer *p, const ShapeSort *pSort) {
  put(p, "order by ");
  for (; pSort; pSort = pSort->pNext) {
    printSort(p, pSort);
    if (pSort->pNext) put(p, ", ");
  }
}

/* A space between clauses, none before the first. */
static void printGap(Printer *p, i64 nBefore) {
  if (p->out.p - p->out.pStart > nBefore) put(p, " ");
}

static void printValClauses(Printer *p, const ShapeClauses *pC, i64 n) {
  const struct {
    const char *z;
    const ShapeVal *pVal;
  } a[] = {{"limit ", pC->pLimit}, {"offset ", pC->pOffset},
           {"first ", pC->pFirst}, {"last ", pC->pLast},
           {"after ", pC->pAfter}, {"before ", pC->pBefore}};
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (a[i].pVal == 0) continue;
    printGap(p, n);
    put(p, a[i].z);
    printVal(p, a[i].pVal);
  }
}

static int hasClauses(const ShapeClauses *pC) {
  return pC &&
         (pC->pWhere || pC->pOrder || pC->pLimit || pC->pOffset || pC->pFirst ||
          pC->pLast || pC->pAfter || pC->pBefore || pC->pScope || pC->bPage ||
          pC->bUnscoped || pC->bDeleted || hasClauses(pC->pThrough));
}

static void printClauses(Printer *p, const ShapeClauses *pC) {
  const ShapeScope *pScope;
  i64 n;
  if (!hasClauses(pC)) return;
  put(p, "(");
  n = p->out.p - p->out.pStart;
  if (pC->pWhere) printPred(p, pC->pWhere, SHAPE_OP_OR);
  for (pScope = pC->pScope; pScope; pScope = pScope->pNext) {
    printGap(p, n);
    put(p, "scope ");
    printName(p, pScope->pName->z);
    if (pScope->pArg) printVals(p, pScope->pArg);
  }
  if (pC->bUnscoped) {
    printGap(p, n);
    put(p, "scope false");
  }
  if (pC->bDeleted) {
    printGap(p, n);
    put(p, "paranoid false");
  }
  if (hasClauses(pC->pThrough)) { /* through() says nothing */
    printGap(p, n);
    put(p, "through");
    printClauses(p, pC->pThrough);
  }
  if (pC->pOrder) {
    printGap(p, n);
    printOrder(p, pC->pOrder);
  }
  printValClauses(p, pC, n);
  if (pC->bPage) {
    printGap(p, n);
    put(p, pC->bPageCount ? "page count" : "page");
  }
  put(p, ")");
}

/* ---------------------------------------------------------------- items */

static void printRecurse(Printer *p, const ShapeItem *pItem) {
  if (pItem->nRecurse == SHAPE_RECURSE_ALL) put(p, "^");
  if (pItem->nRecurse > 0) assocOutPrintf(&p->out, "^%d", pItem->nRecurse);
}

static void printItem(Printer *p, const ShapeItem *pItem) {
  static const char *const azBefore[] = {"", "*", "**", "-", "@", "on ", ""};
  if (pItem->eType == SHAPE_ITEM_ALL ||
      (pItem->eType == SHAPE_ITEM_NAME && pItem->pPath == 0)) {
    assocError(p->pCall, "an include by model alone, or of all, has no text "
                         "form");
    return;
  }
  put(p, azBefore[pItem->eType]);
  if (pItem->bSpread) put(p, "...");
  printPath(p, pItem->pPath);
  if (pItem->pAgg) printAgg(p, pItem->pAgg);
  if (pItem->bRequired) put(p, "!");
  printRecurse(p, pItem);
  printClauses(p, pItem->pClauses);
  if (pItem->bBlock) printBlock(p, pItem->pBlock);
  if (pItem->pAlias) {
    put(p, " as ");
    printName(p, pItem->pAlias->z);
  }
}

static void printBlock(Printer *p, const ShapeItem *pItem) {
  put(p, "{");
  for (; pItem; pItem = pItem->pNext) {
    printItem(p, pItem);
    if (pItem->pNext) put(p, " ");
  }
  put(p, "}");
}

char *assocShapeText(AssocCall *pCall, const AssocShape *pShape) {
  Printer p;
  i64 n = 0;
  char *z;
  p.pCall = pCall;
  assocBufInit(&p.out, 0x7fffffff);
  if (pShape->eKind == SHAPE_QUERY) {
    printPath(&p, pShape->pModel);
    printClauses(&p, pShape->pClauses);
    if (pShape->bBlock) printBlock(&p, pShape->pItem);
  } else if (pShape->eKind == SHAPE_BLOCK) {
    printBlock(&p, pShape->pItem);
  } else {
    printItem(&p, pShape->pItem);
  }
  z = assocBufFinish(&p.out, &n);
  if (z == 0) assocErrorCode(pCall, p.out.rc);
  return z;
}

/* ------------------------------------------------------------------ JSON */

/* "name": with a comma before it unless it is the first of an object. */
static void putKey(Printer *p, const char *z) {
  if (p->out.rc == SQLITE_OK && p->out.p > p->out.pStart &&
      p->out.p[-1] != '{') {
    put(p, ",");
  }
  putString(p, z, (int)strlen(z));
  put(p, ":");
}

/* A comma unless it is the first of an array. */
static void putComma(Printer *p) {
  if (p->out.rc == SQLITE_OK && p->out.p > p->out.pStart &&
      p->out.p[-1] != '[') {
    put(p, ",");
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
  put(&q, zBefore);
  for (; pName; pName = pName->pNext) {
    const char *zName = pName->z;
    if (strchr(zName, '.') == 0 && zName[0] != '`' && zName[0] != '-' &&
        zName[0] != '*') {
      put(&q, zName);
    } else {
      printQuoted(&q, zName);
    }
    if (pName->pNext) put(&q, ".");
  }
  put(&q, zAfter);
  z = assocBufFinish(&q.out, &n);
  if (z) putString(p, z, (int)n);
  if (z == 0) p->out.rc = q.out.rc;
  sqlite3_free(z);
}

static void jsonPrintVal(Printer *p, const ShapeVal *pVal) {
  if (pVal->eType == SHAPE_VAL_INDEX) {
    assocOutPrintf(&p->out, "{\"$param\":%lld}", pVal->i);
  } else if (pVal->eType == SHAPE_VAL_NAMED) {
    put(p, "{\"$param\":");
    putString(p, pVal->z, pVal->n);
    put(p, "}");
  } else {
    printLiteral(p, pVal);
  }
}

static void jsonPrintVals(Printer *p, const ShapeVal *pVal) {
  put(p, "[");
  for (; pVal; pVal = pVal->pNext) {
    jsonPrintVal(p, pVal);
    if (pVal->pNext) put(p, ",");
  }
  put(p, "]");
}

/* The members of an aggregate, without the braces. */
static void jsonPrintAgg(Printer *p, const ShapeName *pPath,
                         const ShapeAgg *pAgg) {
  putKey(p, "aggregate");
  putString(p, azShapeAgg[pAgg->eAgg], (int)strlen(azShapeAgg[pAgg->eAgg]));
  putKey(p, "of");
  putPath(p, pPath, "", "");
  if (pAgg->pCol) {
    putKey(p, "column");
    putString(p, pAgg->pCol->z, (int)strlen(pAgg->pCol->z));
  }
  if (pAgg->bDistinct) {
    putKey(p, "distinct");
    put(p, "true");
  }
  if (pAgg->pWhere) {
    putKey(p, "where");
    printWhere(p, pAgg->pWhere);
  }
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
    put(p, pPred->bNot ? "{\"$ne\":null}" : "null");
    return;
  }
  put(p, "{");
  putKey(p, pPred->bNot ? azNot[pPred->eOp - SHAPE_OP_IN]
                        : az[pPred->eOp - SHAPE_OP_EQ]);
  if (pPred->eOp == SHAPE_OP_IN || pPred->eOp == SHAPE_OP_BETWEEN) {
    jsonPrintVals(p, pPred->pVal);
  } else {
    jsonPrintVal(p, pPred->pVal);
  }
  put(p, "}");
}

static void jsonPrintCompare(Printer *p, const ShapePred *pPred) {
  const ShapeName *pPath = pPred->key.pPath;
  if (pPred->key.pAgg) {
    putKey(p, "$aggregate");
    put(p, "{");
    jsonPrintAgg(p, pPath, pPred->key.pAgg);
    putKey(p, "is");
    jsonPrintTest(p, pPred);
    put(p, "}");
    return;
  }
  if (pPath->pNext || pPath->z[0] == '$') {
    putPath(p, pPath, "$", "$");
    put(p, ":");
  } else {
    putKey(p, pPath->z);
  }
  jsonPrintTest(p, pPred);
}

static void printWhere(Printer *p, const ShapePred *pPred) {
  static const char *const az[] = {"$and",  "$or",    "$not",
                                   "$some", "$every", "$none"};
  const ShapePred *pSub;
  put(p, "{");
  if (pPred->eOp > SHAPE_OP_NONE) {
    jsonPrintCompare(p, pPred);
  } else {
    putKey(p, az[pPred->eOp]);
    if (pPred->eOp <= SHAPE_OP_OR) {
      put(p, "[");
      for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
        putComma(p);
        printWhere(p, pSub);
      }
      put(p, "]");
    } else if (pPred->eOp == SHAPE_OP_NOT) {
      printWhere(p, pPred->pSub);
    } else {
      put(p, "{");
      putPath(p, pPred->key.pPath, "", "");
      put(p, ":");
      if (pPred->pSub) {
        printWhere(p, pPred->pSub);
      } else {
        put(p, "{}");
      }
      put(p, "}");
    }
  }
  put(p, "}");
}

static void jsonPrintSort(Printer *p, const ShapeSort *pSort) {
  const ShapeName *pName;
  put(p, "[");
  if (pSort->key.pAgg) {
    put(p, "{");
    jsonPrintAgg(p, pSort->key.pPath, pSort->key.pAgg);
    put(p, "}");
  } else {
    for (pName = pSort->key.pPath; pName; pName = pName->pNext) {
      ShapeName one = *pName;
      one.pNext = 0;
      putComma(p);
      putPath(p, &one, "", "");
    }
  }
  if (pSort->pColl) {
    put(p, ",{");
    putKey(p, "collate");
    putPath(p, pSort->pColl, "", "");
    put(p, "}");
  }
  assocOutPrintf(&p->out, ",\"%s%s\"]", pSort->bDesc ? "DESC" : "ASC",
                 pSort->eNulls == SHAPE_NULLS_FIRST  ? " NULLS FIRST"
                 : pSort->eNulls == SHAPE_NULLS_LAST ? " NULLS LAST"
                                                     : "");
}

static void jsonPrintScopes(Printer *p, const ShapeScope *pScope) {
  const ShapeVal *pArg;
  putKey(p, "scope");
  put(p, "[");
  for (; pScope; pScope = pScope->pNext) {
    putComma(p);
    put(p, "[");
    putString(p, pScope->pName->z, (int)strlen(pScope->pName->z));
    for (pArg = pScope->pArg; pArg; pArg = pArg->pNext) {
      put(p, ",");
      jsonPrintVal(p, pArg);
    }
    put(p, "]");
  }
  put(p, "]");
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
    put(p, "false");
  }
  if (pC->bDeleted) {
    putKey(p, "paranoid");
    put(p, "false");
  }
  if (pC->pOrder) {
    putKey(p, "order");
    put(p, "[");
    for (pSort = pC->pOrder; pSort; pSort = pSort->pNext) {
      putComma(p);
      jsonPrintSort(p, pSort);
    }
    put(p, "]");
  }
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (a[i].pVal == 0) continue;
    putKey(p, a[i].z);
    jsonPrintVal(p, a[i].pVal);
  }
  if (pC->bPage) {
    putKey(p, "page");
    put(p, pC->bPageCount ? "\"count\"" : "true");
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

static void jsonPrintAttribute(Printer *p, const ShapeItem *pItem) {
  putComma(p);
  switch (pItem->eType) {
  case SHAPE_ITEM_STAR: put(p, "\"*\""); break;
  case SHAPE_ITEM_STARS: put(p, "\"**\""); break;
  case SHAPE_ITEM_MINUS: putPath(p, pItem->pPath, "-", ""); break;
  case SHAPE_ITEM_AGG:
    put(p, "{");
    jsonPrintAgg(p, pItem->pPath, pItem->pAgg);
    if (pItem->pAlias) {
      putKey(p, "as");
      putString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
    }
    put(p, "}");
    break;
  default:
    if (pItem->pAlias) put(p, "[");
    putPath(p, pItem->pPath, "", "");
    if (pItem->pAlias) {
      put(p, ",");
      putString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
      put(p, "]");
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
  put(p, "[");
  for (pSub = pItem; pSub; pSub = pSub->pNext) {
    if (!isInclude(pSub) && pSub->eType != SHAPE_ITEM_AT) {
      jsonPrintAttribute(p, pSub);
    }
  }
  put(p, "]");
}

static void jsonPrintThrough(Printer *p, const ShapeItem *pBlock,
                             const ShapeClauses *pC) {
  const ShapeItem *pSub;
  int nAt = 0, bClauses = pC && hasClauses(pC->pThrough);
  for (pSub = pBlock; pSub; pSub = pSub->pNext) {
    if (pSub->eType == SHAPE_ITEM_AT) nAt++;
  }
  if (nAt == 0 && !bClauses) return;
  putKey(p, "through");
  put(p, "{");
  if (nAt) {
    putKey(p, "attributes");
    put(p, "[");
    for (pSub = pBlock; pSub; pSub = pSub->pNext) {
      if (pSub->eType == SHAPE_ITEM_AT) jsonPrintAttribute(p, pSub);
    }
    put(p, "]");
  }
  if (bClauses) jsonPrintClauses(p, pC->pThrough);
  put(p, "}");
}

static void jsonPrintAll(Printer *p, const ShapeItem *pItem) {
  static const char *const az[] = {"true",        "\"BelongsTo\"", "\"HasOne\"",
                                   "\"HasMany\"", "\"One\"",       "\"Has\"",
                                   "\"Many\""};
  putKey(p, "all");
  put(p, az[pItem->eAll]);
  if (pItem->nRecurse) {
    putKey(p, "nested");
    put(p, "true");
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
    putString(p, pItem->pAlias->z, (int)strlen(pItem->pAlias->z));
  }
}

static void jsonPrintInclude(Printer *p, const ShapeItem *pItem) {
  putComma(p);
  put(p, "{");
  if (pItem->eType == SHAPE_ITEM_ALL) {
    jsonPrintAll(p, pItem);
    put(p, "}");
    return;
  }
  jsonPrintIdentity(p, pItem);
  if (pItem->bSpread) {
    putKey(p, "spread");
    put(p, "true");
  }
  if (pItem->nRecurse) {
    putKey(p, "recurse");
    if (pItem->nRecurse > 0) {
      assocJsonInt(&p->out, pItem->nRecurse);
    } else {
      put(p, "true");
    }
  }
  if (pItem->bBlock) jsonPrintAttributes(p, pItem->pBlock, 0);
  if (pItem->pClauses) jsonPrintClauses(p, pItem->pClauses);
  if (pItem->eType == SHAPE_ITEM_NAME &&
      pItem->bRequired != (pItem->pClauses && pItem->pClauses->pWhere)) {
    putKey(p, "required");
    put(p, pItem->bRequired ? "true" : "false");
  }
  jsonPrintThrough(p, pItem->pBlock, pItem->pClauses);
  printIncludes(p, pItem->pBlock);
  put(p, "}");
}

static void printIncludes(Printer *p, const ShapeItem *pItem) {
  const ShapeItem *pSub = pItem;
  while (pSub && !isInclude(pSub)) pSub = pSub->pNext;
  if (pSub == 0) return;
  putKey(p, "include");
  put(p, "[");
  for (; pSub; pSub = pSub->pNext) {
    if (isInclude(pSub)) jsonPrintInclude(p, pSub);
  }
  put(p, "]");
}

char *assocShapeJson(AssocCall *pCall, const AssocShape *pShape) {
  Printer p;
  i64 n = 0;
  char *z;
  p.pCall = pCall;
  assocBufInit(&p.out, 0x7fffffff);
  if (pShape->eKind == SHAPE_ONE) {
    jsonPrintInclude(&p, pShape->pItem);
  } else {
    put(&p, "{");
    if (pShape->eKind == SHAPE_QUERY) {
      putKey(&p, "model");
      putPath(&p, pShape->pModel, "", "");
    }
    if (pShape->bBlock || pShape->eKind == SHAPE_BLOCK) {
      /* A block that says nothing would be {}, which is no JSON form */
      jsonPrintAttributes(&p, pShape->pItem, pShape->eKind == SHAPE_BLOCK);
    }
    if (pShape->pClauses) jsonPrintClauses(&p, pShape->pClauses);
    printIncludes(&p, pShape->pItem);
    put(&p, "}");
  }
  z = assocBufFinish(&p.out, &n);
  if (z == 0) assocErrorCode(pCall, p.out.rc);
  return z;
}
