/*
** Printing a tree as text, in one spelling.
**
**   User( age>=18 ){ id,name }   →   User(age >= 18){id name}
**
** Reading the printed text gives the same tree. Two things have no text form:
** an include by model alone, and {"all":true}.
**
** The text is used for the fingerprint of a cursor (load/page.c) and by tests. So
** equal trees must give equal texts: one spelling, one order of clauses,
** backticks only where needed.
*/
#include "shape/lex.h"
#include "shape/print.h"

typedef ShapePrinter Printer;

static void printPred(Printer *p, const ShapePred *pPred, int eAround);
static void printBlock(Printer *p, const ShapeItem *pItem);

/* Errors of the buffer are kept in it and checked once at the end. */
void shapePut(Printer *p, const char *z) {
  assocOutText(&p->out, z, (i64)strlen(z));
}

/* JSON's escapes are also those of the text form. */
void shapePutString(Printer *p, const char *z, int n) {
  assocJsonString(&p->out, z, n);
}

/* ---------------------------------------------------------------- names */

/* Keywords; as names they are printed in backticks, as aggregates are. */
static const char *const azReserved[] = {
    "where",    "order",    "limit",  "offset", "first",    "last",
    "after",    "paranoid", "before", "page",   "scope",    "by",
    "required", "and",      "or",     "not",    "in",       "is",
    "through",  "like",     "glob",   "match",  "some",     "every",
    "none",     "as",       "on",     "asc",    "desc",     "nulls",
    "collate",  "true",     "false",  "null",   "distinct", "between"};

/* Can the name be printed without backticks? */
static int isPlainName(const char *z) {
  ShapeToken tok = shapeLex(z, (int)strlen(z), 0);
  int i;
  if (tok.eType != TK_WORD || tok.iOff != 0 || z[tok.n] != 0) return 0;
  for (i = 0; i < ASSOC_COUNT(azReserved); i++) {
    if (shapeIsWord(z, &tok, azReserved[i])) return 0;
  }
  if (assocAggFind(z, tok.n) >= 0) return 0;
  return 1;
}

/* A backtick inside the name is doubled. */
void shapePrintQuoted(Printer *p, const char *z) {
  shapePut(p, "`");
  for (; *z; z++) {
    if (*z == '`') shapePut(p, "`");
    assocOutText(&p->out, z, 1);
  }
  shapePut(p, "`");
}

/* Names that could be read as a keyword are quoted. */
static void printName(Printer *p, const char *z) {
  if (isPlainName(z)) {
    shapePut(p, z);
  } else {
    shapePrintQuoted(p, z);
  }
}

/* author.name */
static void printPath(Printer *p, const ShapeName *pName) {
  for (; pName; pName = pName->pNext) {
    printName(p, pName->z);
    if (pName->pNext) shapePut(p, ".");
  }
}

/* --------------------------------------------------------- values, keys */

/* 17 digits are enough for every REAL. An infinity is printed as a number that
** is too large. */
static void printReal(Printer *p, double r) {
  if (r - r != 0.0) {
    shapePut(p, r < 0 ? "-9.0e+999" : "9.0e+999");
  } else {
    assocOutPrintf(&p->out, "%!.17g", r);
  }
}

/* See print.h. */
void shapePrintLiteral(Printer *p, const ShapeVal *pVal) {
  static const char *const az[] = {"null", "false", "true"};
  if (pVal->eType <= SHAPE_VAL_TRUE) {
    shapePut(p, az[pVal->eType]);
  } else if (pVal->eType == SHAPE_VAL_INT) {
    assocJsonInt(&p->out, pVal->i);
  } else if (pVal->eType == SHAPE_VAL_REAL) {
    printReal(p, pVal->r);
  } else {
    shapePutString(p, pVal->z, pVal->n);
  }
}

/* A parameter's name is quoted if it is not a plain word. */
/* Remember a literal, and print its type alone. Of a limit also its size: a plan
** for ten rows is no good for a million. */
static void maskVal(Printer *p, ShapeVal *pVal, int bCount) {
  static const char *const az[] = {"~i", "~r", "~t"};
  ShapeMasked *pMasked = p->pMasked;
  int n = pMasked->nVal;
  i64 i;
  if ((n & (n - 1)) == 0) {
    ShapeVal **ap =
        assocAlloc(p->pCall, p->pArena, (i64)sizeof(*ap) * (n ? n * 2 : 1));
    if (ap == 0) return;
    if (n) memcpy(ap, pMasked->apVal, sizeof(*ap) * (size_t)n);
    pMasked->apVal = ap;
  }
  pMasked->apVal[pMasked->nVal++] = pVal;
  shapePut(p, az[pVal->eType - SHAPE_VAL_INT]);
  for (i = bCount ? pVal->i : 0; i > 0; i >>= 2) shapePut(p, "0");
}

/* Is the value to be replaced by its type? TRUE, FALSE and NULL stay: they
** decide how a condition is written. */
static int isMasked(const Printer *p, const ShapeVal *pVal) {
  return p->pMasked && p->nKeep == 0 && pVal->eType >= SHAPE_VAL_INT &&
         pVal->eType <= SHAPE_VAL_TEXT;
}

/* A parameter's name that is no word is written between backticks. */
static void printVal(Printer *p, const ShapeVal *pVal) {
  if (isMasked(p, pVal)) {
    maskVal(p, (ShapeVal *)pVal, 0);
  } else if (pVal->eType == SHAPE_VAL_INDEX) {
    assocOutPrintf(&p->out, "?%lld", pVal->i);
  } else if (pVal->eType == SHAPE_VAL_NAMED) {
    ShapeToken tok = shapeLex(pVal->z, pVal->n, 0);
    shapePut(p, ":");
    if (tok.eType == TK_WORD && tok.n == pVal->n) {
      shapePut(p, pVal->z);
    } else {
      shapePrintQuoted(p, pVal->z);
    }
  } else {
    shapePrintLiteral(p, pVal);
  }
}

/* (1, 2) */
static void printVals(Printer *p, const ShapeVal *pVal) {
  shapePut(p, "(");
  for (; pVal; pVal = pVal->pNext) {
    printVal(p, pVal);
    if (pVal->pNext) shapePut(p, ", ");
  }
  shapePut(p, ")");
}

/* .count(distinct title where likes > 0) */
static void printAgg(Printer *p, const ShapeAgg *pAgg) {
  assert(pAgg->eAgg < SHAPE_NAGG);
  assocOutPrintf(&p->out, "%s(", aShapeAgg[pAgg->eAgg].zName);
  if (pAgg->bDistinct) shapePut(p, "distinct ");
  if (pAgg->bAt) shapePut(p, "@");
  if (pAgg->pCol) printName(p, pAgg->pCol->z);
  if (pAgg->pWhere) {
    if (pAgg->pCol) shapePut(p, " ");
    shapePut(p, "where ");
    printPred(p, pAgg->pWhere, SHAPE_OP_OR);
  }
  shapePut(p, ")");
}

/* @pos, author.name or comments.count() */
static void printKey(Printer *p, const ShapeKey *pKey) {
  if (pKey->bAt) shapePut(p, "@");
  printPath(p, pKey->pPath);
  if (pKey->pAgg) {
    shapePut(p, ".");
    printAgg(p, pKey->pAgg);
  }
}

/* ----------------------------------------------------------- predicates */

/* The left side, the operator, and what it is compared with. */
static void printCompare(Printer *p, const ShapePred *pPred) {
  assert(pPred->eOp >= SHAPE_OP_EQ && pPred->eOp < SHAPE_NOP);
  if (p->pMasked && pPred->bSome) shapePut(p, "~some ");
  printKey(p, &pPred->key);
  if (pPred->eOp == SHAPE_OP_ISNULL) {
    shapePut(p, pPred->bNot ? " is not null" : " is null");
    return;
  }
  assocOutPrintf(&p->out, pPred->bNot ? " not %s " : " %s ",
                 azShapeOp[pPred->eOp]);
  if (pPred->pOther) {
    printKey(p, pPred->pOther);
    return;
  }
  if (pPred->eOp == SHAPE_OP_IN && !pPred->bList) {
    printVals(p, pPred->pVal);
    return;
  }
  printVal(p, pPred->pVal);
  if (pPred->eOp == SHAPE_OP_BETWEEN) {
    shapePut(p, " and ");
    printVal(p, pPred->pVal->pNext);
  }
}

/* Print the operands of an AND or OR. */
static void printOperands(Printer *p, const ShapePred *pPred) {
  const ShapePred *pSub;
  assert(pPred->eOp == SHAPE_OP_AND || pPred->eOp == SHAPE_OP_OR);
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    printPred(p, pSub, pPred->eOp);
    if (pSub->pNext) {
      assocOutPrintf(&p->out, " %s ", azShapeOp[pPred->eOp]);
    }
  }
}

/* Print a condition. eAround is the operator whose operand it is: OR binds
** weakest, then AND, then NOT. Parentheses are printed only where the text
** would otherwise be read in another way. */
static void printPred(Printer *p, const ShapePred *pPred, int eAround) {
  int bParen = 0;
  switch (pPred->eOp) {
  case SHAPE_OP_AND:
  case SHAPE_OP_OR:
    bParen = eAround == SHAPE_OP_NOT || eAround == SHAPE_OP_AND;
    if (bParen) shapePut(p, "(");
    printOperands(p, pPred);
    if (bParen) shapePut(p, ")");
    break;
  case SHAPE_OP_NOT:
    bParen = eAround == SHAPE_OP_NOT; /* An atom takes only one not */
    shapePut(p, bParen ? "(not " : "not ");
    printPred(p, pPred->pSub, SHAPE_OP_NOT);
    if (bParen) shapePut(p, ")");
    break;
  case SHAPE_OP_SOME:
  case SHAPE_OP_EVERY:
  case SHAPE_OP_NONE:
    assocOutPrintf(&p->out, "%s ", azShapeOp[pPred->eOp]);
    printPath(p, pPred->key.pPath);
    if (pPred->pOn) {
      shapePut(p, " on ");
      printName(p, pPred->pOn->z);
    }
    if (pPred->pSub) {
      shapePut(p, "(");
      printPred(p, pPred->pSub, SHAPE_OP_OR);
      shapePut(p, ")");
    }
    break;
  default: printCompare(p, pPred); break;
  }
}

/* -------------------------------------------------------------- clauses */

/* name collate nocase desc nulls last */
static void printSort(Printer *p, const ShapeSort *pSort) {
  printKey(p, &pSort->key);
  if (pSort->pColl) {
    shapePut(p, " collate ");
    printName(p, pSort->pColl->z);
  }
  if (pSort->bDesc) shapePut(p, " desc");
  if (pSort->eNulls == SHAPE_NULLS_FIRST) shapePut(p, " nulls first");
  if (pSort->eNulls == SHAPE_NULLS_LAST) shapePut(p, " nulls last");
}

/* order by a, b desc */
static void printOrder(Printer *p, const ShapeSort *pSort) {
  shapePut(p, "order by ");
  for (; pSort; pSort = pSort->pNext) {
    printSort(p, pSort);
    if (pSort->pNext) shapePut(p, ", ");
  }
}

/* Print a space if something stands after byte nBefore. */
static void printGap(Printer *p, i64 nBefore) {
  if (p->out.p - p->out.pStart > nBefore) shapePut(p, " ");
}

/* The clauses that have a single value. n is the length of the text before
** them: only if something was printed since then, a space is needed. */
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
    shapePut(p, a[i].z);
    if (isMasked(p, a[i].pVal)) {
      maskVal(p, (ShapeVal *)a[i].pVal, 1);
    } else {
      printVal(p, a[i].pVal);
    }
  }
}

/* "required" does not count: it is printed as "!" at the item. */
int shapeHasClauses(const ShapeClauses *pC) {
  return pC &&
         (pC->pWhere || pC->pOrder || pC->pLimit || pC->pOffset || pC->pFirst ||
          pC->pLast || pC->pAfter || pC->pBefore || pC->pScope || pC->bPage ||
          pC->bUnscoped || pC->bDeleted || shapeHasClauses(pC->pThrough));
}

/* {count as n pageInfo{endCursor}} */
static void printParts(Printer *p, const ShapePart *pPart) {
  if (pPart == 0) return;
  shapePut(p, "{");
  for (; pPart; pPart = pPart->pNext) {
    shapePut(p, azShapePart[pPart->ePart]);
    if (strcmp(pPart->zName, azShapePart[pPart->ePart]) != 0) {
      shapePut(p, " as ");
      printName(p, pPart->zName);
    }
    printParts(p, pPart->pSub);
    if (pPart->pNext) shapePut(p, " ");
  }
  shapePut(p, "}");
}

/* In a fixed order, whatever the order in the query was: equal trees give equal
** texts. */
static void printClauses(Printer *p, const ShapeClauses *pC) {
  const ShapeScope *pScope;
  i64 n;
  if (!shapeHasClauses(pC)) return;
  shapePut(p, "(");
  n = p->out.p - p->out.pStart;
  if (pC->pWhere) printPred(p, pC->pWhere, SHAPE_OP_OR);
  for (pScope = pC->pScope; pScope; pScope = pScope->pNext) {
    printGap(p, n);
    shapePut(p, "scope ");
    printName(p, pScope->pName->z);
    p->nKeep++;
    if (pScope->pArg) printVals(p, pScope->pArg);
    p->nKeep--;
  }
  if (pC->bUnscoped) {
    printGap(p, n);
    shapePut(p, "scope false");
  }
  if (pC->bDeleted) {
    printGap(p, n);
    shapePut(p, "paranoid false");
  }
  if (shapeHasClauses(
          pC->pThrough)) { /* Empty clauses of the join row are omitted */
    printGap(p, n);
    shapePut(p, "through");
    printClauses(p, pC->pThrough);
  }
  if (pC->pOrder) {
    printGap(p, n);
    p->nKeep++;
    printOrder(p, pC->pOrder);
    p->nKeep--;
  }
  printValClauses(p, pC, n);
  if (pC->bPage) {
    printGap(p, n);
    shapePut(p, "page");
    if (pC->bPageEdges) shapePut(p, " edges");
    if (pC->bPageCount) shapePut(p, " count");
    printParts(p, pC->pPart);
  }
  shapePut(p, ")");
}

/* ---------------------------------------------------------------- items */

/* ^ or ^3 */
static void printRecurse(Printer *p, const ShapeItem *pItem) {
  if (pItem->nRecurse == SHAPE_RECURSE_ALL) shapePut(p, "^");
  if (pItem->nRecurse > 0) assocOutPrintf(&p->out, "^%d", pItem->nRecurse);
}

/* Print what only JSON can say of an item, in a form of its own. */
static void maskItem(Printer *p, const ShapeItem *pItem) {
  if (pItem->eType == SHAPE_ITEM_ALL || pItem->bInclude) {
    assocOutPrintf(&p->out, "~%d,%d,%d,", pItem->eType, pItem->mAll,
                   pItem->bInclude);
  }
  if (pItem->pModel) printPath(p, pItem->pModel);
}

/* azBefore is indexed by the type of the item. */
static void printItem(Printer *p, const ShapeItem *pItem) {
  static const char *const azBefore[] = {
      "", "*", "**", "-", "@", "on ", "", "~all", "", "cursor()", "model()"};
  assert(pItem);
  if (p->pMasked) { /* Also what has no text form: nobody reads this text back */
    maskItem(p, pItem);
  } else if (pItem->eType == SHAPE_ITEM_ALL ||
             (pItem->eType == SHAPE_ITEM_NAME && pItem->pPath == 0)) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, 0,
                 "an include by model alone, or of all, has no text "
                 "form");
    return;
  }
  shapePut(p, azBefore[pItem->eType]);
  if (pItem->bSpread) shapePut(p, "...");
  if (pItem->bText) shapePut(p, "text(");
  printPath(p, pItem->pPath);
  if (pItem->bText) shapePut(p, ")");
  if (pItem->pVal) printVal(p, pItem->pVal);
  if (pItem->pAgg && pItem->pPath) shapePut(p, ".");
  if (pItem->pAgg) printAgg(p, pItem->pAgg);
  if (pItem->bRequired) shapePut(p, "!");
  printRecurse(p, pItem);
  printClauses(p, pItem->pClauses);
  if (pItem->bBlock) printBlock(p, pItem->pBlock);
  if (pItem->pAlias) {
    shapePut(p, " as ");
    printName(p, pItem->pAlias->z);
  }
}

/* {id name posts{title}} */
static void printBlock(Printer *p, const ShapeItem *pItem) {
  shapePut(p, "{");
  for (; pItem; pItem = pItem->pNext) {
    printItem(p, pItem);
    if (pItem->pNext) shapePut(p, " ");
  }
  shapePut(p, "}");
}

/* User{…} as users, Post{…} as posts; of one query the name is left out only if
** it has none. */
static void printQueries(Printer *p, const AssocShape *pShape) {
  for (; pShape; pShape = pShape->pNext) {
    printPath(p, pShape->pModel);
    printClauses(p, pShape->pClauses);
    if (pShape->bBlock) printBlock(p, pShape->pItem);
    if (pShape->pAlias) {
      shapePut(p, " as ");
      printName(p, pShape->pAlias->z);
    }
    if (pShape->pNext) shapePut(p, ", ");
  }
}

/* The three kinds of text: a query, the block of assoc_find(), the one item of
** assoc_get(). */
static void printShape(Printer *p, const AssocShape *pShape) {
  if (pShape->eKind == SHAPE_QUERY) {
    printQueries(p, pShape);
  } else if (pShape->eKind == SHAPE_BLOCK) {
    printBlock(p, pShape->pItem);
  } else {
    printItem(p, pShape->pItem);
  }
}

/* The two forms are told apart, since some words mean more in one of them. */
int assocShapeMask(AssocCall *pCall, AssocArena *pArena, AssocShape *pShape,
                   ShapeMasked *pMasked) {
  Printer p;
  i64 n = 0;
  char *z;
  memset(&p, 0, sizeof(p));
  memset(pMasked, 0, sizeof(*pMasked));
  p.pCall = pCall;
  p.pArena = pArena;
  p.pMasked = pMasked;
  assocBufInit(&p.out, 0x7fffffff);
  shapePut(&p, pShape->bJson ? "~json " : "");
  printShape(&p, pShape);
  z = assocBufText(pCall, &p.out, &n);
  pMasked->z = assocArenaText(pCall, pArena, z, (int)n);
  sqlite3_free(z);
  return pCall->rc == SQLITE_OK;
}

/* The printed text identifies a shape, for example in the fingerprint of a
** cursor. OUT: the caller frees it; 0 after an error. */
char *assocShapeText(AssocCall *pCall, const AssocShape *pShape) {
  Printer p;
  i64 n = 0;
  char *z;
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  assocBufInit(&p.out, 0x7fffffff);
  printShape(&p, pShape);
  z = assocBufText(pCall, &p.out, &n);
  return z;
}

/* The name as a shape spells it, in the arena. 0 after an error. */
const char *assocShapeName(AssocCall *pCall, AssocArena *pArena,
                           const char *zName) {
  Printer p;
  const char *z;
  i64 n = 0;
  char *zText;
  assert(zName);
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  assocBufInit(&p.out, 0x7fffffff);
  printName(&p, zName);
  zText = assocBufFinish(&p.out, &n);
  if (zText == 0) {
    assocErrorCode(pCall, p.out.rc);
    return 0;
  }
  z = assocArenaText(pCall, pArena, zText, (int)n);
  sqlite3_free(zText);
  return z;
}
