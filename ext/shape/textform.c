/*
** Reading the text form, by recursive descent.
**
**   User(age >= 18){id name posts!(order by title limit 5){title} as p}
**
** The grammar is in ext/doc/SHAPES.md. The comment of each function below
** quotes the rule that it reads. After an error the current token is TK_END, so
** every loop ends.
**
** Keywords are not reserved. A word is a keyword only where one may stand, and
** only if the next token does not continue a predicate: in (limit < 5) it is a
** column.
**
** Where a word could be both, these tokens decide:
**
**    (limit 5)            limit is a clause: no comparison follows
**    (limit < 5)          limit is a column: "<" continues a condition
**    (some posts)         some is a keyword: a name follows
**    (some = 1)           some is a column
**    (order by a, page)   page continues the order
**    (order by a, page count)   page is a clause: count follows
**    posts.count()        count is an aggregate: "(" follows
**    posts.count          count is a column
**
** No more than three tokens are ever looked ahead.
*/
#include "shape/lex.h"

typedef struct TextParser TextParser;
struct TextParser {
  AssocCall *pCall;   /* Receives the first error */
  AssocArena *pArena; /* Holds the tree */
  AssocShape *pShape; /* The shape that is read; learns its parameters */
  const char *z;      /* The text */
  int n;              /* Its length in bytes */
  ShapeToken tok;     /* The current token */
  int nDepth;         /* Number of open blocks and parentheses */
  int nItem;          /* Number of items and conditions so far */
};

static ShapePred *textPred(TextParser *p);
static ShapeItem *textBlock(TextParser *p);
static ShapeClauses *textClauses(TextParser *p);

/* ------------------------------------------------------------- tokens */

/* Raise an error at byte iOff, and end the text. */
static void textError(TextParser *p, int iOff, const char *zFmt, ...) {
  static const AssocWhy syntax = {.eReason = ASSOC_E_SYNTAX};
  va_list ap;
  p->tok.eType = TK_END;
  if (p->pCall->rc != SQLITE_OK) return;
  va_start(ap, zFmt);
  assocFailV(p->pCall, &syntax, zFmt, ap);
  va_end(ap);
  assocShapeAt(p->pCall, p->z, iOff);
}

/* The shape is longer or deeper than the connection allows. */
static void textLimit(TextParser *p, const char *zFmt, int nMost) {
  AssocWhy why = {.eReason = ASSOC_E_LIMIT};
  assocShapeFail(p->pCall, p->z, p->tok.iOff, &why, zFmt, nMost);
  p->tok.eType = TK_END;
}

/* The token after pTok; the current token stays. */
static ShapeToken textAfter(TextParser *p, const ShapeToken *pTok) {
  assert(pTok->iOff >= 0 && pTok->n >= 0);
  return shapeLex(p->z, p->n, pTok->iOff + pTok->n);
}

/* Raise an error with advice if the current token is a known habit. False if
** there is no advice. */
static int textHabit(TextParser *p) {
  int iOff = p->tok.eType == TK_END ? p->n : p->tok.iOff;
  char *z;
  if (p->pCall->rc != SQLITE_OK) return 0;
  z = assocShapeHabit(p->pCall, p->z, p->n, iOff,
                      p->pShape->eKind == SHAPE_QUERY);
  if (z) textError(p, iOff, "%s", z);
  sqlite3_free(z);
  return z != 0;
}

/* What is wrong with a token that begins with c. */
static const char *badToken(char c) {
  if (c == '"' || c == '`') return "this quote is never closed";
  if (c == '$') return "a parameter is written ?1 or :name";
  return "a shape cannot contain this";
}

/* Go to the next token. A token that no shape can contain is an error. */
static void textAdvance(TextParser *p) {
  if (p->pCall->rc != SQLITE_OK) {
    p->tok.eType = TK_END;
    return;
  }
  p->tok = textAfter(p, &p->tok);
  if (p->tok.eType == TK_SINGLE) {
    textError(p, p->tok.iOff,
              "a text in a shape is written \"like this\", because the shape "
              "itself is in single quotes");
  } else if (p->tok.eType == TK_BAD && !textHabit(p)) {
    textError(p, p->tok.iOff, "%s", badToken(p->z[p->tok.iOff]));
  }
}

/* Raise the error that zWanted should stand here. */
static void textExpected(TextParser *p, const char *zWanted) {
  const char *z = &p->z[p->tok.iOff];
  int n = p->tok.n;
  if (textHabit(p)) return;
  if (n > 40) {
    for (n = 40; n > 0 && (z[n] & 0xc0) == 0x80; n--) {
    }
  }
  if (p->tok.eType == TK_END) {
    textError(p, p->n, "the shape ends where %s is expected", zWanted);
  } else {
    textError(p, p->tok.iOff, "%s is expected here, not %.*s", zWanted, n, z);
  }
}

/* If the current token has this type, go past it and return true. */
static int textTake(TextParser *p, int eType) {
  if (p->tok.eType != eType) return 0;
  textAdvance(p);
  return 1;
}

/* An error says what should stand here. */
static ASSOC_NOINLINE void textNeed(TextParser *p, int eType,
                                    const char *zWanted) {
  if (!textTake(p, eType)) textExpected(p, zWanted);
}

/* Is the current token this word? */
static int textIs(TextParser *p, const char *zWord) {
  return shapeIsWord(p->z, &p->tok, zWord);
}

/* If the current token is this word, go past it and return true. */
static int textTakeWord(TextParser *p, const char *zWord) {
  if (!textIs(p, zWord)) return 0;
  textAdvance(p);
  return 1;
}

/* Any word can be a name; where a keyword may stand, the caller decides. */
static int isName(const ShapeToken *pTok) {
  return pTok->eType == TK_WORD || pTok->eType == TK_QUOTED;
}

/* The index of the token's word in az, or -1. */
static int wordIndex(TextParser *p, const ShapeToken *pTok,
                     const char *const *az, int n) {
  int i;
  for (i = 0; i < n; i++) {
    if (shapeIsWord(p->z, pTok, az[i])) return i;
  }
  return -1;
}

/* Enter one more level. False and an error if the nesting is too deep. */
static int textEnter(TextParser *p) {
  if (++p->nDepth > p->pCall->pConn->mxDepth) {
    textLimit(p, "shapes nest at most %d levels deep",
              p->pCall->pConn->mxDepth);
  }
  return p->pCall->rc == SQLITE_OK;
}

/* The counterpart of textEnter(). */
static void textLeave(TextParser *p) {
  assert(p->nDepth > 0);
  p->nDepth--;
}

/* 0 after an error; the text then ends, so that all loops end, too. */
static void *textAlloc(TextParser *p, size_t n) {
  void *pNew = assocAlloc(p->pCall, p->pArena, (i64)n);
  if (pNew == 0) p->tok.eType = TK_END;
  return pNew;
}

/* Count an item or condition. An error if there are too many. */
static void textCount(TextParser *p) {
  int nMost = p->pCall->pConn->mxItem;
  if (++p->nItem > nMost) {
    textLimit(p, "a shape has at most %d items and conditions", nMost);
  }
}

/* -------------------------------------------------------------- names */

/* Copy a name of n bytes: a word as it is, or `...` with doubled backticks. NUL
** and the empty name are errors, because no table or column can have them. */
static char *textUnquote(TextParser *p, const char *z, int n) {
  int bQuoted = z[0] == '`';
  char *zNew =
      assocArenaText(p->pCall, p->pArena, z + bQuoted, bQuoted ? n - 2 : n);
  int i, j = 0;
  assert(n > 0);
  if (zNew == 0 || !bQuoted) return zNew;
  if (memchr(z, 0, (size_t)n)) {
    textError(p, (int)(z - p->z), "a name cannot contain a NUL character");
  }
  for (i = 0; zNew[i]; i++) {
    zNew[j++] = zNew[i];
    if (zNew[i] == '`') i++;
  }
  zNew[j] = 0;
  if (j == 0) {
    textError(p, (int)(z - p->z), "a name cannot be empty");
  }
  return zNew;
}

/* name = ident | "`" chars "`" */
static ShapeName *textName(TextParser *p, const char *zWanted) {
  ShapeName *pName;
  if (!isName(&p->tok)) {
    textExpected(p, zWanted);
    return 0;
  }
  pName = textAlloc(p, sizeof(*pName));
  if (pName == 0) return 0;
  pName->iOff = p->tok.iOff;
  pName->z = textUnquote(p, &p->z[p->tok.iOff], p->tok.n);
  textAdvance(p);
  return pName;
}

/*
** path = name { "." name }
**
** With pAgg: if the last segment is the name of an aggregate and "(" follows,
** it is not part of the path. It stays the current token, and *pAgg becomes its
** number.
*/
static ShapeName *textPath(TextParser *p, int *pAgg, const char *zWanted) {
  ShapeName *pFirst = textName(p, zWanted);
  ShapeName **ppEnd = pFirst ? &pFirst->pNext : 0;
  while (ppEnd && textTake(p, '.')) {
    if (pAgg) {
      ShapeToken tokNext = textAfter(p, &p->tok);
      if (p->tok.eType == TK_WORD && tokNext.eType == '(') {
        *pAgg = assocAggFind(&p->z[p->tok.iOff], p->tok.n);
        if (*pAgg >= 0) return pFirst;
      }
    }
    *ppEnd = textName(p, "a name");
    ppEnd = *ppEnd ? &(*ppEnd)->pNext : 0;
  }
  return pFirst;
}

/* -------------------------------------------------------------- values */

/* Read a string with JSON's escapes. */
static void textString(TextParser *p, ShapeVal *pVal) {
  const char *z = &p->z[p->tok.iOff];
  AssocJson *pJson = assocJsonTry(p->pCall, p->pArena, z, p->tok.n);
  if (pJson == 0) {
    textError(p, p->tok.iOff,
              "this text is not a JSON string: a backslash begins an escape, "
              "and a line break is \\n");
  }
  if (pJson == 0) return;
  pVal->z = pJson->z;
  pVal->n = pJson->n;
}

/*
** Read a number: an integer if it fits into 64 bits, else a REAL. Up to 18
** digits are read here; SQLite reads longer numbers and REALs, so that they
** have the same value as in SQL. The text is safe to pass: it has only digits,
** a dot and an exponent.
*/
static void textNumber(TextParser *p, ShapeVal *pVal, int bMinus) {
  const char *z = &p->z[p->tok.iOff];
  sqlite3_stmt *pStmt;
  int i;
  for (i = 0; i < p->tok.n && i < 18 && assocIsDigit(z[i]); i++) {
    pVal->i = pVal->i * 10 + (z[i] - '0');
  }
  if (i == p->tok.n) {
    pVal->eType = SHAPE_VAL_INT;
    if (bMinus) pVal->i = -pVal->i;
    pVal->r = (double)pVal->i;
    return;
  }
  pStmt =
      assocPrepare(p->pCall, "SELECT %s%.*s", bMinus ? "-" : "", p->tok.n, z);
  if (assocStep(p->pCall, pStmt)) {
    pVal->eType = sqlite3_column_type(pStmt, 0) == SQLITE_INTEGER
                      ? SHAPE_VAL_INT
                      : SHAPE_VAL_REAL;
    pVal->i = sqlite3_column_int64(pStmt, 0);
    pVal->r = sqlite3_column_double(pStmt, 0);
  }
  assocFinalize(p->pCall, pStmt);
}

/*
**
**  param = "?" [ digits ] | ":" name
**
** A bare "?" has the next number, as in SQLite. A :name anywhere makes the
** first argument of the call an object.
*/
static void textParam(TextParser *p, ShapeVal *pVal) {
  const char *z = &p->z[p->tok.iOff + 1];
  int i, n = p->tok.n - 1;
  assert(n >= 0);
  if (p->tok.eType == TK_NAMED) {
    pVal->eType = SHAPE_VAL_NAMED;
    pVal->z = textUnquote(p, z, n);
    pVal->n = pVal->z ? (int)strlen(pVal->z) : 0;
    p->pShape->bNamed = 1;
    return;
  }
  pVal->eType = SHAPE_VAL_INDEX;
  pVal->i = n ? 0 : p->pShape->nParam + 1;
  for (i = 0; i < n && pVal->i < 1000; i++) {
    pVal->i = pVal->i * 10 + (z[i] - '0');
  }
  if (pVal->i < 1 || pVal->i > 100) {
    textError(p, p->tok.iOff, "parameters are ?1 to ?100");
  }
  if (pVal->i > p->pShape->nParam) p->pShape->nParam = (int)pVal->i;
}

/*
**
**  val = number | string | "true" | "false" | "null" | param
**
** A word such as today is not a value, so it is an error here and not a text.
*/
static ShapeVal *textVal(TextParser *p) {
  static const char *const azWord[] = {"null", "false", "true"};
  ShapeVal *pVal = textAlloc(p, sizeof(*pVal));
  int bMinus, iWord;
  if (pVal == 0) return 0;
  pVal->iOff = p->tok.iOff;
  bMinus = textTake(p, '-');
  if (p->tok.eType == TK_NUMBER) {
    textNumber(p, pVal, bMinus);
  } else if (bMinus) {
    textExpected(p, "a number");
  } else if (p->tok.eType == TK_STRING) {
    pVal->eType = SHAPE_VAL_TEXT;
    textString(p, pVal);
  } else if (p->tok.eType == TK_INDEX || p->tok.eType == TK_NAMED) {
    textParam(p, pVal);
  } else if ((iWord = wordIndex(p, &p->tok, azWord, 3)) >= 0) {
    pVal->eType = (u8)iWord; /* SHAPE_VAL_NULL, _FALSE, _TRUE */
  } else {
    textExpected(p, "a value (a number, \"text\", true, false, null, ?1 "
                    "or :name)");
  }
  textAdvance(p);
  return pVal;
}

/* ---------------------------------------------------------- predicates */

/* Can a value begin here? A name cannot: it would be a column. */
static int isValueStart(TextParser *p, const ShapeToken *pTok) {
  static const char *const az[] = {"true", "false", "null"};
  return pTok->eType == TK_NUMBER || pTok->eType == TK_STRING ||
         pTok->eType == TK_INDEX || pTok->eType == TK_NAMED ||
         pTok->eType == '-' || wordIndex(p, pTok, az, 3) >= 0;
}

/* starts with, ends with: the index of the first word in azShapeOp, or 0. */
static int isWithWord(TextParser *p, const ShapeToken *pTok) {
  ShapeToken tok = textAfter(p, pTok);
  if (!shapeIsWord(p->z, &tok, "with")) return 0;
  if (shapeIsWord(p->z, pTok, "starts")) return SHAPE_OP_STARTS;
  return shapeIsWord(p->z, pTok, "ends") ? SHAPE_OP_ENDS : 0;
}

/* contains "x" is a condition; a column may still have the name contains. */
static int isContains(TextParser *p, const ShapeToken *pTok) {
  ShapeToken tok = textAfter(p, pTok);
  return shapeIsWord(p->z, pTok, "contains") && isValueStart(p, &tok);
}

/*
** Does the token behind a word continue a predicate, so that the word is a
** column? A comparison, a dot, in, is, like, glob, match, between, contains with
** a value, starts with, ends with, and not before one of those do.
*/
static int continuesPred(TextParser *p, const ShapeToken *pWord) {
  static const char *const az[] = {"in",    "like",    "glob",
                                   "match", "between", "is"};
  ShapeToken tok = textAfter(p, pWord);
  int n = 6;
  switch (tok.eType) {
  case '.':
  case '<':
  case '>':
  case TK_EQ:
  case TK_NE:
  case TK_LE:
  case TK_GE: return 1;
  }
  if (shapeIsWord(p->z, &tok, "not")) {
    tok = textAfter(p, &tok);
    n = 5;
  }
  return wordIndex(p, &tok, az, n) >= 0 || isWithWord(p, &tok) ||
         isContains(p, &tok);
}

/*
**
**
** aggargs = [ "distinct" ] [ [ "@" ] column ] [ ( "where" | ";" ) pred ] | pred
**
**    ()                          all related rows
**    (title)                     the values of a column
**    (distinct title)            different values
**    (title where likes > 0)     the values in some of the rows
**    (likes > 0)                 only these rows
**
** A name is the column if ")", ";" or "where" follows; otherwise it begins the
** condition. The words distinct and where are columns if a comparison follows
** them.
*/
static ShapeAgg *textAgg(TextParser *p, int eAgg) {
  ShapeAgg *pAgg = textAlloc(p, sizeof(*pAgg));
  ShapeToken tokCol, tokNext;
  assert(eAgg >= 0 && eAgg < SHAPE_NAGG);
  if (pAgg == 0 || !textEnter(p)) return 0;
  pAgg->eAgg = (u8)eAgg;
  textAdvance(p); /* The aggregate's name */
  textNeed(p, '(', "(");
  tokNext = textAfter(p, &p->tok);
  if (textIs(p, "distinct") && (isName(&tokNext) || tokNext.eType == '@') &&
      !continuesPred(p, &p->tok)) {
    pAgg->bDistinct = 1;
    textAdvance(p);
  }
  tokCol = p->tok;
  if (tokCol.eType == '@') tokCol = textAfter(p, &tokCol);
  tokNext = textAfter(p, &tokCol);
  if (isName(&tokCol) &&
      (tokNext.eType == ')' || tokNext.eType == ';' ||
       (shapeIsWord(p->z, &tokNext, "where") && !continuesPred(p, &tokNext)))) {
    pAgg->bAt = (u8)textTake(p, '@');
    pAgg->pCol = textName(p, "a column");
  }
  if (p->tok.eType != ')') {
    if (!textTake(p, ';') && !continuesPred(p, &p->tok)) {
      textTakeWord(p, "where");
    }
    pAgg->pWhere = textPred(p);
  }
  textNeed(p, ')', ")");
  textLeave(p);
  return pAgg;
}

/* Must a key or a value follow the token? Then what follows is no clause. */
static int textOpens(TextParser *p, const ShapeToken *pTok) {
  static const char *const az[] = {"and",   "or",   "not",   "some",
                                   "every", "none", "where", "between",
                                   "in",    "like", "glob",  "match"};
  switch (pTok->eType) {
  case '<':
  case '>':
  case '.':
  case '@':
  case TK_EQ:
  case TK_NE:
  case TK_LE:
  case TK_GE: return 1;
  }
  return wordIndex(p, pTok, az, ASSOC_COUNT(az)) >= 0;
}

static int isOtherClause(TextParser *p, const ShapeToken *pTok);

/*
** count() of the roots looks like an association with clauses. Are these the
** arguments of an aggregate? pTok is the "(". Not if a block follows, or if
** there are other clauses than conditions. What fits both is an aggregate here;
** the planner asks the model for an association of that name first.
*/
static int isAggArgs(TextParser *p, ShapeToken tok) {
  ShapeToken tokPrev = tok;
  int nDeep = 0;
  assert(tok.eType == '(');
  for (;;) {
    if (tok.eType == TK_END) return 0;
    if (tok.eType == '(') nDeep++;
    if (tok.eType == ')' && --nDeep == 0) break;
    if (nDeep == 1 && tok.eType == ',') return 0;
    if (nDeep == 1 && !textOpens(p, &tokPrev) && isOtherClause(p, &tok))
      return 0;
    tokPrev = tok;
    tok = textAfter(p, &tok);
  }
  tok = textAfter(p, &tok);
  return tok.eType != '{';
}

/* key = "@" name | path | path "." agg "(" [ aggargs ] ")" */
static void textKey(TextParser *p, ShapeKey *pKey, const char *zWanted) {
  int eAgg = -1;
  if (textTake(p, '@')) {
    pKey->bAt = 1;
    pKey->pPath = textName(p, "a column of the join row");
    return;
  }
  pKey->pPath = textPath(p, &eAgg, zWanted);
  if (eAgg >= 0) pKey->pAgg = textAgg(p, eAgg);
}

/* A new condition; 0 after an error. Every condition counts against the
** limit. */
static ShapePred *newPred(TextParser *p, int eOp, int iOff) {
  ShapePred *pPred = textAlloc(p, sizeof(*pPred));
  assert(eOp >= SHAPE_OP_AND && eOp < SHAPE_NOP);
  if (pPred) {
    pPred->eOp = (u8)eOp;
    pPred->iOff = iOff;
    textCount(p);
  }
  return pPred;
}

/* "(" [ val { "," val } ] ")" */
static ShapeVal *textVals(TextParser *p, const char *zWanted) {
  ShapeVal *pFirst = 0, **ppEnd = &pFirst;
  textNeed(p, '(', zWanted);
  if (textTake(p, ')')) return 0;
  do {
    *ppEnd = textVal(p);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  } while (textTake(p, ','));
  textNeed(p, ')', ")");
  return pFirst;
}

/* Read the operator words behind a key and an optional "not". False if there is
** none; the caller then says what is expected. */
static int textWordOp(TextParser *p, ShapePred *pPred) {
  int eWith = isWithWord(p, &p->tok);
  if (textTakeWord(p, "in")) {
    pPred->eOp = SHAPE_OP_IN;
    /* in ?1: the parameter holds the whole list */
    pPred->bList = p->tok.eType == TK_INDEX || p->tok.eType == TK_NAMED;
    pPred->pVal = pPred->bList ? textVal(p)
                               : textVals(p, "( and the values of in, or a "
                                             "parameter that holds them,");
  } else if (eWith || isContains(p, &p->tok)) {
    pPred->eOp = (u8)(eWith ? eWith : SHAPE_OP_CONTAINS);
    textAdvance(p);
    if (eWith) textAdvance(p); /* "starts with" is two words */
    pPred->pVal = textVal(p);
  } else if (textTakeWord(p, "between")) {
    pPred->eOp = SHAPE_OP_BETWEEN;
    pPred->pVal = textVal(p);
    if (!textTakeWord(p, "and")) textExpected(p, "and");
    if (pPred->pVal) pPred->pVal->pNext = textVal(p);
  } else if (textTakeWord(p, "like")) {
    pPred->eOp = SHAPE_OP_LIKE;
    pPred->pVal = textVal(p);
  } else if (textTakeWord(p, "glob")) {
    pPred->eOp = SHAPE_OP_GLOB;
    pPred->pVal = textVal(p);
  } else if (textTakeWord(p, "match")) {
    pPred->eOp = SHAPE_OP_MATCH;
    pPred->pVal = textVal(p);
  } else {
    return 0;
  }
  return 1;
}

/* The SHAPE_OP_* of a comparison sign, or -1. */
static int cmpOp(int eType) {
  switch (eType) {
  case TK_EQ: return SHAPE_OP_EQ;
  case TK_NE: return SHAPE_OP_NE;
  case '<': return SHAPE_OP_LT;
  case TK_LE: return SHAPE_OP_LE;
  case '>': return SHAPE_OP_GT;
  case TK_GE: return SHAPE_OP_GE;
  }
  return -1;
}

/*
**
**  cmp ( val | key )
**
** A name without "(" is another column. "= null" is never true in SQL, so it is
** an error that proposes "is null"; a parameter that is NULL matches nothing.
*/
static void textBeside(TextParser *p, ShapePred *pPred) {
  ShapeToken tokNext = textAfter(p, &p->tok);
  if (p->tok.eType == '@' ||
      (isName(&p->tok) && tokNext.eType != '(' && !isValueStart(p, &p->tok))) {
    pPred->pOther = textAlloc(p, sizeof(*pPred->pOther));
    if (pPred->pOther) textKey(p, pPred->pOther, "a value or a column");
    return;
  }
  pPred->pVal = textVal(p);
  if (pPred->pVal && pPred->pVal->eType == SHAPE_VAL_NULL) {
    textError(p, pPred->iOff, "nothing is %s null; did you mean is%s null?",
              azShapeOp[pPred->eOp], pPred->eOp == SHAPE_OP_EQ ? "" : " not");
  }
}

/*
**
**
** key ( cmp ( val | key ) | "is" [ "not" ] "null" | [ "not" ] word ... )
**
** The error points at the operator, not at the column, because readers look for
** the mistake there.
*/
static void textCompare(TextParser *p, ShapePred *pPred) {
  int eOp;
  textKey(p, &pPred->key, "a column");
  pPred->iOff = p->tok.iOff;
  eOp = cmpOp(p->tok.eType);
  if (eOp >= 0) {
    textAdvance(p);
    pPred->eOp = (u8)eOp;
    textBeside(p, pPred);
  } else if (textTakeWord(p, "is")) {
    pPred->eOp = SHAPE_OP_ISNULL;
    pPred->bNot = (u8)textTakeWord(p, "not");
    if (!textTakeWord(p, "null")) textExpected(p, "null");
  } else {
    pPred->bNot = (u8)textTakeWord(p, "not");
    if (!textWordOp(p, pPred)) {
      textExpected(p, "a comparison (=, <>, <, <=, >, >=, in, between, like, "
                      "glob, match, starts with, ends with, contains, is "
                      "null)");
    }
  }
}

/* Does "on Model" follow the path of a some? In (some posts on = 1) the "on" is
** a column. */
static int isSomeOn(TextParser *p) {
  ShapeToken tokNext = textAfter(p, &p->tok);
  return textIs(p, "on") && isName(&tokNext) && !continuesPred(p, &p->tok);
}

/* ( "some" | "every" | "none" ) path [ "on" name ] [ "(" [ pred ] ")" ] */
static void textSome(TextParser *p, ShapePred *pPred) {
  pPred->key.pPath = textPath(p, 0, "an association");
  if (isSomeOn(p)) {
    textAdvance(p);
    pPred->pOn = textName(p, "a model");
  }
  if (!textTake(p, '(')) return;
  if (p->tok.eType != ')') pPred->pSub = textPred(p);
  textNeed(p, ')', ")");
}

/*
** atom = "(" pred ")" | ( "some" | "every" | "none" ) … | key …
*/
static ShapePred *textAtom(TextParser *p) {
  static const char *const azSome[] = {"some", "every", "none"};
  ShapePred *pPred = 0;
  ShapeToken tokNext = textAfter(p, &p->tok);
  int iSome = wordIndex(p, &p->tok, azSome, 3);
  if (!textEnter(p)) return 0;
  if (textTake(p, '(')) {
    pPred = textPred(p);
    textNeed(p, ')', ")");
  } else if (iSome >= 0 && isName(&tokNext) && !continuesPred(p, &p->tok)) {
    pPred = newPred(p, SHAPE_OP_SOME + iSome, p->tok.iOff);
    textAdvance(p);
    if (pPred == 0) return 0;
    textSome(p, pPred);
  } else {
    pPred = newPred(p, SHAPE_OP_EQ, p->tok.iOff);
    if (pPred) textCompare(p, pPred);
  }
  textLeave(p);
  return pPred;
}

/* neg = [ "not" ] atom */
static ShapePred *textNeg(TextParser *p) {
  ShapePred *pNot = 0;
  if (textIs(p, "not") && !continuesPred(p, &p->tok)) {
    pNot = newPred(p, SHAPE_OP_NOT, p->tok.iOff);
    textAdvance(p);
    if (pNot == 0) return 0;
    pNot->pSub = textAtom(p);
    return pNot;
  }
  return textAtom(p);
}

/*
** conj = neg { "and" neg } and pred = conj { "or" conj }. A list of one
** predicate is that predicate.
*/
static ShapePred *textList(TextParser *p, int eOp) {
  const char *zWord = eOp == SHAPE_OP_OR ? "or" : "and";
  int iOff = p->tok.iOff;
  ShapePred *pFirst =
      eOp == SHAPE_OP_OR ? textList(p, SHAPE_OP_AND) : textNeg(p);
  ShapePred *pList, **ppEnd;
  assert(eOp == SHAPE_OP_OR || eOp == SHAPE_OP_AND);
  if (pFirst == 0 || !textIs(p, zWord)) return pFirst;
  pList = newPred(p, eOp, iOff);
  if (pList == 0) return 0;
  pList->pSub = pFirst;
  ppEnd = &pFirst->pNext;
  while (textTakeWord(p, zWord)) {
    *ppEnd = eOp == SHAPE_OP_OR ? textList(p, SHAPE_OP_AND) : textNeg(p);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
  }
  return pList;
}

/* OR binds weakest, so a whole condition is a list of ORs. */
static ShapePred *textPred(TextParser *p) {
  return textList(p, SHAPE_OP_OR);
}

/* ------------------------------------------------------------- clauses */

/* The words that begin a clause. CLAUSE_* are their indexes. */
static const char *const azClause[] = {
    "where",  "order", "limit",    "offset", "first",   "last",    "after",
    "before", "page",  "required", "scope",  "through", "paranoid"};
#define CLAUSE_WHERE 0
#define CLAUSE_ORDER 1
#define CLAUSE_LIMIT 2 /* From here to CLAUSE_BEFORE: a single value */
#define CLAUSE_BEFORE 7
#define CLAUSE_PAGE 8
#define CLAUSE_REQUIRED 9
#define CLAUSE_SCOPE 10
#define CLAUSE_THROUGH 11
#define CLAUSE_PARANOID 12
#define CLAUSE_N 13 /* Number of words */

/* Is the token the word of a clause other than "where", and no column? */
static int isOtherClause(TextParser *p, const ShapeToken *pTok) {
  return wordIndex(p, pTok, azClause, CLAUSE_N) > CLAUSE_WHERE &&
         !continuesPred(p, pTok);
}

/*
** Does a clause begin at the token, behind a comma in an order? In (order by a,
** limit 5) it does; otherwise the comma continues the order.
*/
static int clauseFollows(TextParser *p, const ShapeToken *pTok) {
  static const char *const azSort[] = {"asc", "desc", "nulls", "collate"};
  ShapeToken tokNext = textAfter(p, pTok);
  int eClause = wordIndex(p, pTok, azClause, CLAUSE_N);
  int bName = isName(&tokNext) && (wordIndex(p, &tokNext, azSort, 4) < 0 ||
                                   continuesPred(p, &tokNext));
  if (eClause >= CLAUSE_LIMIT && eClause <= CLAUSE_BEFORE) {
    return isValueStart(p, &tokNext);
  }
  switch (eClause) {
  case CLAUSE_WHERE:
    return bName || tokNext.eType == '(' || tokNext.eType == '@';
  case CLAUSE_ORDER:
    return bName || tokNext.eType == '-' || tokNext.eType == '@';
  case CLAUSE_PAGE:
    return shapeIsWord(p->z, &tokNext, "count") ||
           shapeIsWord(p->z, &tokNext, "edges") || tokNext.eType == '{';
  case CLAUSE_SCOPE: return bName;
  case CLAUSE_THROUGH: return tokNext.eType == '(';
  case CLAUSE_PARANOID:
    return shapeIsWord(p->z, &tokNext, "true") ||
           shapeIsWord(p->z, &tokNext, "false");
  }
  return 0;
}

/*
** sort = ( "-" key | key [ "collate" name ] [ "asc" | "desc" ] )
**        [ "nulls" ( "first" | "last" ) ]
*/
static ShapeSort *textSort(TextParser *p) {
  ShapeSort *pSort = textAlloc(p, sizeof(*pSort));
  if (pSort == 0) return 0;
  pSort->iOff = p->tok.iOff;
  pSort->bDesc = (u8)textTake(p, '-');
  textKey(p, &pSort->key, "a column to order by");
  if (!pSort->bDesc) {
    if (textTakeWord(p, "collate")) {
      pSort->pColl = textName(p, "a collation");
    }
    if (!textTakeWord(p, "asc")) pSort->bDesc = (u8)textTakeWord(p, "desc");
  }
  if (textTakeWord(p, "nulls")) {
    pSort->eNulls = SHAPE_NULLS_FIRST;
    if (!textTakeWord(p, "first")) {
      pSort->eNulls = SHAPE_NULLS_LAST;
      if (!textTakeWord(p, "last")) textExpected(p, "first or last");
    }
  }
  return pSort;
}

/* A comma may continue the order or begin another clause: (order by a, limit
** 5). Two tokens decide. */
static ShapeSort *textSorts(TextParser *p) {
  ShapeSort *pFirst = 0, **ppEnd = &pFirst;
  do {
    *ppEnd = textSort(p);
    if (*ppEnd == 0) return 0;
    ppEnd = &(*ppEnd)->pNext;
    if (p->tok.eType == ',') {
      ShapeToken tokNext = textAfter(p, &p->tok);
      if (clauseFollows(p, &tokNext)) break;
    }
  } while (textTake(p, ','));
  return pFirst;
}

/* "scope" ( name [ "(" [ val { "," val } ] ")" ] | "false" ) */
static void textScope(TextParser *p, ShapeClauses *pC) {
  ShapeScope *pScope, **ppEnd = &pC->pScope;
  if (textTakeWord(p, "false")) {
    pC->bUnscoped = 1;
    return;
  }
  pScope = textAlloc(p, sizeof(*pScope));
  if (pScope == 0) return;
  pScope->pName = textName(p, "the name of a scope");
  if (p->tok.eType == '(') pScope->pArg = textVals(p, "(");
  while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  *ppEnd = pScope;
}

/* Add a condition. Several conditions are joined by AND. */
static void andWhere(TextParser *p, ShapeClauses *pC, ShapePred *pPred) {
  pC->pWhere = assocShapeAnd(p->pCall, p->pArena, pC->pWhere, pPred);
}

/* Read the value of a clause. The same clause twice is an error. */
static void textOnce(TextParser *p, ShapeVal **ppVal, int iOff, int eClause) {
  if (*ppVal) {
    textError(p, iOff, "%s occurs twice", azClause[eClause]);
  } else {
    *ppVal = textVal(p);
  }
}

/* "{" { part [ "as" name ] [ parts ] } "}": parts iFirst to iLast */
static ShapePart *textParts(TextParser *p, int iFirst, int iLast) {
  ShapePart *pFirst = 0, **ppEnd = &pFirst;
  textNeed(p, '{', "{");
  while (p->tok.eType != '}' && p->tok.eType != TK_END) {
    ShapePart *pPart = textAlloc(p, sizeof(*pPart));
    ShapeName *pName;
    int i = iFirst;
    while (i <= iLast && !shapeIsWord(p->z, &p->tok, azShapePart[i])) i++;
    if (pPart == 0) return 0;
    if (i > iLast) {
      textExpected(p, iFirst == SHAPE_PART_COUNT
                          ? "count, nodes, edges or pageInfo"
                      : iFirst == SHAPE_PART_CURSOR
                          ? "cursor or node"
                          : "startCursor, endCursor, hasNextPage or "
                            "hasPreviousPage");
      return 0;
    }
    textAdvance(p);
    pPart->ePart = (u8)i;
    pPart->zName = azShapePart[i];
    pName = textTakeWord(p, "as") ? textName(p, "a name") : 0;
    if (pName) pPart->zName = pName->z;
    if (p->tok.eType == '{' && i == SHAPE_PART_EDGES) {
      pPart->pSub = textParts(p, SHAPE_PART_CURSOR, SHAPE_PART_NODE);
    } else if (p->tok.eType == '{' && i == SHAPE_PART_INFO) {
      pPart->pSub = textParts(p, SHAPE_PART_START, SHAPE_PART_BEFORE);
    }
    /* As in GraphQL: edges{node{title}} */
    if (p->tok.eType == '{' &&
        (i == SHAPE_PART_NODE || i == SHAPE_PART_NODES)) {
      textError(p, p->tok.iOff,
                "what each row has is in the block behind the parentheses: "
                "posts(page{edges{node}}){title}");
    }
    *ppEnd = pPart;
    ppEnd = &pPart->pNext;
    textTake(p, ',');
  }
  if (pFirst == 0) textExpected(p, "a part of the page");
  textNeed(p, '}', "}");
  return pFirst;
}

/* "page" ( parts | [ "edges" ] [ "count" ] ), these two in any order */
static void textPage(TextParser *p, ShapeClauses *pC) {
  int i;
  pC->bPage = 1;
  if (p->tok.eType == '{') {
    pC->pPart = textParts(p, SHAPE_PART_COUNT, SHAPE_PART_INFO);
    return;
  }
  for (i = 0; i < 2 && !continuesPred(p, &p->tok); i++) {
    if (!pC->bPageEdges && textTakeWord(p, "edges")) {
      pC->bPageEdges = 1;
    } else if (!pC->bPageCount && textTakeWord(p, "count")) {
      pC->bPageCount = 1;
    }
  }
}

/* Read a clause behind its keyword eClause; iOff is the keyword's place.
** Clauses with a single value are next to each other in azClause, in the order
** of apVal. */
static void textClause(TextParser *p, ShapeClauses *pC, int eClause, int iOff) {
  ShapeVal **apVal[] = {&pC->pLimit, &pC->pOffset, &pC->pFirst,
                        &pC->pLast,  &pC->pAfter,  &pC->pBefore};
  assert(eClause >= 0 && eClause < CLAUSE_N);
  if (eClause >= CLAUSE_LIMIT && eClause <= CLAUSE_BEFORE) {
    textOnce(p, apVal[eClause - CLAUSE_LIMIT], iOff, eClause);
    return;
  }
  switch (eClause) {
  case CLAUSE_WHERE: andWhere(p, pC, textPred(p)); break;
  case CLAUSE_ORDER:
    textTakeWord(p, "by");
    if (pC->pOrder) textError(p, iOff, "order occurs twice");
    pC->pOrder = textSorts(p);
    break;
  case CLAUSE_PAGE: textPage(p, pC); break;
  case CLAUSE_REQUIRED: pC->bRequired = 1; break;
  case CLAUSE_SCOPE: textScope(p, pC); break;
  case CLAUSE_PARANOID:
    pC->bDeleted = (u8)textTakeWord(p, "false");
    if (!pC->bDeleted && !textTakeWord(p, "true")) {
      textExpected(p, "true or false");
    }
    break;
  default:
    assert(eClause == CLAUSE_THROUGH);
    if (pC->pThrough) textError(p, iOff, "through occurs twice");
    if (p->tok.eType != '(') textExpected(p, "(");
    iOff = p->tok.iOff;
    pC->pThrough = textClauses(p);
    if (pC->pThrough && shapeNotCondition(pC->pThrough)) {
      textError(p, iOff, "%s", zShapeThrough);
    }
    break;
  }
}

/* "(" clauses ")" where clauses = { clause [ "," | ";" ] } */
static ShapeClauses *textClauses(TextParser *p) {
  ShapeClauses *pC = textAlloc(p, sizeof(*pC));
  if (pC == 0 || !textEnter(p)) return 0;
  pC->iOff = p->tok.iOff;
  textNeed(p, '(', "(");
  while (p->tok.eType != ')' && p->tok.eType != TK_END) {
    int iOff = p->tok.iOff;
    int eClause = wordIndex(p, &p->tok, azClause, CLAUSE_N);
    if (eClause >= 0 && !continuesPred(p, &p->tok)) {
      textAdvance(p);
      textClause(p, pC, eClause, iOff);
    } else {
      andWhere(p, pC, textPred(p));
    }
    if (!textTake(p, ',')) textTake(p, ';');
  }
  textNeed(p, ')', ")");
  textLeave(p);
  return pC;
}

/* --------------------------------------------------------------- items */

/* A new item at the current token; 0 after an error. */
static ASSOC_NOINLINE ShapeItem *newItem(TextParser *p, int eType) {
  ShapeItem *pItem = textAlloc(p, sizeof(*pItem));
  if (pItem == 0) return 0;
  pItem->eType = (u8)eType;
  pItem->iOff = p->tok.iOff;
  textCount(p);
  return pItem;
}

/* alias = "as" name */
static ASSOC_NOINLINE void textAlias(TextParser *p, ShapeItem *pItem) {
  ShapeToken tokNext = textAfter(p, &p->tok);
  if (!textIs(p, "as") || !isName(&tokNext)) return;
  textAdvance(p);
  pItem->pAlias = textName(p, "a name");
}

/* "^" [ int ] */
static void textRecurse(TextParser *p, ShapeItem *pItem) {
  const char *z = &p->z[p->tok.iOff];
  int i, n = 0;
  pItem->nRecurse = SHAPE_RECURSE_ALL;
  if (p->tok.eType != TK_NUMBER) return;
  for (i = 0; i < p->tok.n; i++) {
    if (!assocIsDigit(z[i]) || n > p->pCall->pConn->mxDepth) break;
    n = n * 10 + (z[i] - '0');
  }
  if (i < p->tok.n || n < 1 || n > p->pCall->pConn->mxDepth) {
    textError(p, p->tok.iOff, "levels are a number from 1 to %d",
              p->pCall->pConn->mxDepth);
  }
  pItem->nRecurse = n;
  textAdvance(p);
}

/* The block of an association without a block: every column. */
static ASSOC_NOINLINE ShapeItem *newStarBlock(TextParser *p, u8 *pbBlock) {
  *pbBlock = 1;
  return newItem(p, SHAPE_ITEM_STAR);
}

/* Does "on Post{...}" begin here? */
static int isOn(TextParser *p) {
  ShapeToken tok;
  if (!textIs(p, "on")) return 0;
  tok = textAfter(p, &p->tok);
  if (!isName(&tok)) return 0;
  tok = textAfter(p, &tok);
  return tok.eType == '{' || tok.eType == '(';
}

/* Does "word ( )" begin here, and no block behind it? */
static int isEmptyCall(TextParser *p, const char *zWord) {
  ShapeToken tok;
  if (!textIs(p, zWord)) return 0;
  tok = textAfter(p, &p->tok);
  if (tok.eType != '(') return 0;
  tok = textAfter(p, &tok);
  if (tok.eType != ')') return 0;
  tok = textAfter(p, &tok);
  return tok.eType != '{';
}

/* Does "text ( column )" begin here? */
static int isTextOf(TextParser *p) {
  ShapeToken tok;
  if (!textIs(p, "text")) return 0;
  tok = textAfter(p, &p->tok);
  if (tok.eType != '(') return 0;
  tok = textAfter(p, &tok);
  if (!isName(&tok)) return 0;
  tok = textAfter(p, &tok);
  return tok.eType == ')';
}

/* Does a constant begin here? It has a name: "User" as kind. */
static int isConstant(TextParser *p) {
  static const char *const az[] = {"null", "false", "true"};
  ShapeToken tok = textAfter(p, &p->tok);
  if (p->tok.eType == '-' && tok.eType == TK_NUMBER) {
    tok = textAfter(p, &tok);
  } else if (p->tok.eType != TK_STRING && p->tok.eType != TK_NUMBER &&
             wordIndex(p, &p->tok, az, 3) < 0) {
    return 0;
  }
  if (!shapeIsWord(p->z, &tok, "as")) return 0;
  tok = textAfter(p, &tok);
  return isName(&tok);
}

/* "cursor" "(" ")", "model" "(" ")", "text" "(" name ")" or agg "(" [ aggargs ]
** ")", each with an alias; or val alias. 0 if none of them begins here. */
static ASSOC_NOINLINE ShapeItem *textSpecial(TextParser *p) {
  ShapeToken tokNext = textAfter(p, &p->tok);
  ShapeItem *pItem;
  int bCursor = isEmptyCall(p, "cursor"), bValue = isConstant(p);
  int bModel = isEmptyCall(p, "model"), bText = isTextOf(p), eAgg = -1;
  if (p->tok.eType == TK_WORD && tokNext.eType == '(') {
    eAgg = assocAggFind(&p->z[p->tok.iOff], p->tok.n);
    /* count(limit 5) is an association named count. */
    if (eAgg >= 0 && !isAggArgs(p, tokNext)) eAgg = -1;
  }
  if (!bCursor && !bModel && !bText && !bValue && eAgg < 0) return 0;
  pItem = newItem(p, bCursor  ? SHAPE_ITEM_CURSOR
                     : bModel ? SHAPE_ITEM_MODEL
                     : bText  ? SHAPE_ITEM_NAME
                     : bValue ? SHAPE_ITEM_VALUE
                              : SHAPE_ITEM_AGG);
  if (pItem == 0) return 0;
  if (bValue) {
    ShapeToken tok = p->tok;
    if (tok.eType == TK_WORD) { /* "true as x": a column true goes first */
      pItem->pSelf = textName(p, "a value");
      p->tok = tok;
    }
    pItem->pVal = textVal(p);
  } else if (eAgg >= 0) {
    ShapeToken tok = p->tok;
    pItem->pSelf = textName(p, "an aggregate");
    p->tok = tok;
    pItem->pAgg = textAgg(p, eAgg);
    /* With a column it cannot be an association with clauses. */
    if (pItem->pAgg && pItem->pAgg->pCol) {
      pItem->pSelf = 0;
    }
  } else {
    pItem->pSelf = textName(p, "a name");
    textNeed(p, '(', "(");
    if (bText) {
      pItem->pSelf = 0;
      pItem->bText = 1;
      pItem->pPath = textName(p, "a column");
    }
    textNeed(p, ')', ")");
  }
  textAlias(p, pItem);
  return pItem;
}

/* [ "..." ] path [ "!" ] [ "^" [ int ] ] [ "(" clauses ")" ], or path "." agg with
** its arguments: what stands before the block of an item. */
static ASSOC_NOINLINE ShapeItem *textPathHead(TextParser *p) {
  ShapeItem *pItem = newItem(p, SHAPE_ITEM_NAME);
  int eAgg = -1;
  if (pItem == 0) return 0;
  pItem->bSpread = (u8)textTake(p, TK_SPREAD);
  if (pItem->bSpread && isOn(p)) { /* GraphQL's inline fragment */
    textError(p, pItem->iOff,
              "the block of one model has no dots: on Post{...}");
  }
  pItem->pPath = textPath(p, &eAgg, "a column or an association");
  if (eAgg >= 0) {
    if (pItem->bSpread) textError(p, pItem->iOff, "an aggregate has no rows");
    pItem->eType = SHAPE_ITEM_AGG;
    pItem->pAgg = textAgg(p, eAgg);
    return pItem;
  }
  pItem->bRequired = (u8)textTake(p, '!');
  if (textTake(p, '^')) textRecurse(p, pItem);
  if (p->tok.eType == '(') pItem->pClauses = textClauses(p);
  if (pItem->pClauses && pItem->pClauses->bRequired) {
    pItem->pClauses->bRequired = 0;
    pItem->bRequired = 1;
  }
  return pItem;
}

/*
**
**  [ "..." ] path [ "!" ] [ "^" [ int ] ] [ "(" clauses ")" ] [ block ] [ alias ]
**  path "." agg "(" [ aggargs ] ")" [ alias ]
**
** A path alone may be a column or an association, so it gets no block here.
** Anything that only an association can have, such as clauses, gives it the
** block {*}. "required" among the clauses means the same as "!".
*/
static ShapeItem *textPathItem(TextParser *p) {
  ShapeItem *pItem = textPathHead(p);
  if (pItem == 0) return 0;
  if (pItem->eType == SHAPE_ITEM_AGG) {
    /* It has no block */
  } else if (p->tok.eType == '{') {
    pItem->bBlock = 1;
    pItem->pBlock = textBlock(p);
  } else if (pItem->bSpread || pItem->bRequired || pItem->nRecurse ||
             pItem->pClauses) {
    pItem->pBlock = newStarBlock(p, &pItem->bBlock);
  }
  textAlias(p, pItem);
  return pItem;
}

/* "on" name [ "(" clauses ")" ] block */
static ASSOC_NOINLINE ShapeItem *textOn(TextParser *p) {
  ShapeItem *pItem = newItem(p, SHAPE_ITEM_ON);
  if (pItem == 0) return 0;
  textAdvance(p);
  pItem->pPath = textName(p, "a model");
  if (p->tok.eType == '(') pItem->pClauses = textClauses(p);
  if (pItem->pClauses && pItem->pClauses->bRequired) {
    textError(p, pItem->pClauses->iOff,
              "required belongs to an association, not to one of its models");
  }
  pItem->bBlock = 1;
  pItem->pBlock = textBlock(p);
  return pItem;
}

/* "*" | "**" | "-" name | "@" name [ alias ]; 0 for others */
static ASSOC_NOINLINE ShapeItem *textMark(TextParser *p) {
  ShapeItem *pItem;
  switch (p->tok.eType) {
  case '*':
  case TK_STARS:
    pItem =
        newItem(p, p->tok.eType == '*' ? SHAPE_ITEM_STAR : SHAPE_ITEM_STARS);
    textAdvance(p);
    return pItem;
  case '-':
  case '@':
    pItem = newItem(p, p->tok.eType == '-' ? SHAPE_ITEM_MINUS : SHAPE_ITEM_AT);
    textAdvance(p);
    if (pItem == 0) return 0;
    pItem->pPath = textName(p, "a column");
    if (pItem->eType == SHAPE_ITEM_AT) textAlias(p, pItem);
    return pItem;
  }
  return 0;
}

/* item = "*" | "**" | "-" name | "@" name [ alias ] | "on" ... | path ... */
static ShapeItem *textItem(TextParser *p) {
  ShapeItem *pItem = textSpecial(p);
  if (pItem == 0) pItem = textMark(p);
  if (pItem) return pItem;
  return isOn(p) ? textOn(p) : textPathItem(p);
}

/*
**
**
** { item [ "," ] }
**
** {-body} means {* -body}: a block that only leaves out columns means all
** others. The star is put in front, so that columns keep their order.
*/
static ShapeItem *textItems(TextParser *p) {
  ShapeItem *pFirst = 0, **ppEnd = &pFirst;
  int bMinus = 0, bStar = 0;
  while (p->tok.eType != '}' && p->tok.eType != TK_END) {
    ShapeItem *pItem = *ppEnd = textItem(p);
    if (pItem == 0) break;
    bMinus |= pItem->eType == SHAPE_ITEM_MINUS;
    bStar |= pItem->eType == SHAPE_ITEM_STAR;
    bStar |= pItem->eType == SHAPE_ITEM_STARS;
    ppEnd = &pItem->pNext;
    textTake(p, ',');
  }
  if (bMinus && !bStar) {
    ShapeItem *pStar = newItem(p, SHAPE_ITEM_STAR);
    if (pStar == 0) return 0;
    pStar->pNext = pFirst;
    pFirst = pStar;
  }
  return pFirst;
}

/* block = "{" { item [ "," ] } "}" */
static ShapeItem *textBlock(TextParser *p) {
  ShapeItem *pFirst;
  if (!textEnter(p)) return 0;
  textNeed(p, '{', "{");
  pFirst = textItems(p);
  textNeed(p, '}', "}");
  textLeave(p);
  return pFirst;
}

/* --------------------------------------------------------------- starts */

/* query = name [ "(" clauses ")" ] [ block ]; "schema.name" is a name too */
static void textOneQuery(TextParser *p, AssocShape *pShape) {
  pShape->pModel = textPath(p, 0, "a model");
  if (p->tok.eType == '(') pShape->pClauses = textClauses(p);
  if (pShape->pClauses && pShape->pClauses->bRequired) {
    textError(p, pShape->pClauses->iOff,
              "required belongs to an association, not to the roots");
  }
  if (p->tok.eType == '{') {
    pShape->bBlock = 1;
    pShape->pItem = textBlock(p);
  } else {
    pShape->pItem = newStarBlock(p, &pShape->bBlock);
  }
  if (textTakeWord(p, "as")) pShape->pAlias = textName(p, "a name");
}

/* queries = query | query alias { [ "," ] query alias } */
static void textQueries(TextParser *p, AssocShape *pShape) {
  static const char zNames[] =
      "several queries need a name each: User{...} as users, Post{...} as "
      "posts";
  textOneQuery(p, pShape);
  if (pShape->pAlias == 0 && p->tok.eType == ',') {
    textError(p, p->tok.iOff, zNames);
  }
  while (pShape->pAlias && p->tok.eType != TK_END) {
    AssocShape *pNew;
    textTake(p, ',');
    pNew = assocShapeAnother(p->pCall, p->pArena, p->pShape);
    if (pNew == 0) return;
    pShape->pNext = pNew;
    pShape = pNew;
    textOneQuery(p, pShape);
    if (pShape->pAlias == 0) {
      textError(p, p->tok.eType == TK_END ? p->n : p->tok.iOff, zNames);
    }
  }
}

/* Find the item with that name in a list, or append one. Names are compared as
** look-up does, without regard to case; the first spelling is kept. */
static ShapeItem *mergeItem(TextParser *p, ShapeItem **ppList,
                            ShapeName *pName) {
  ShapeItem *pItem;
  assert(pName->pNext == 0);
  while ((pItem = *ppList) != 0) {
    assert(pItem->eType == SHAPE_ITEM_NAME);
    if (sqlite3_stricmp(pItem->pPath->z, pName->z) == 0) return pItem;
    ppList = &pItem->pNext;
  }
  pItem = newItem(p, SHAPE_ITEM_NAME);
  if (pItem == 0) return 0;
  pItem->iOff = pName->iOff;
  pItem->pPath = pName;
  pItem->bBlock = 1;
  pItem->pBlock = newItem(p, SHAPE_ITEM_STAR);
  *ppList = pItem;
  return pItem;
}

/* A list of paths, as assoc_find() takes it: "posts.comments, profile". A text
** with anything else in it is read as a block without its braces. A wrong token
** ends the search, so that the error is the one of a list. */
static int textIsList(TextParser *p) {
  ShapeToken tok = p->tok;
  while (isName(&tok) || tok.eType == '.' || tok.eType == ',') {
    tok = textAfter(p, &tok);
  }
  return tok.eType == TK_END || tok.eType == TK_BAD || tok.eType == TK_SINGLE;
}

/*
**
**  list = path { [ "," ] path }
**
**    posts.comments, posts.tags   is   {* posts{* comments{*} tags{*}}}
**
** Every level has all its columns. Paths with the same beginning share its
** items.
*/
static ShapeItem *textPathList(TextParser *p) {
  ShapeItem *pStar = newItem(p, SHAPE_ITEM_STAR);
  while (pStar && p->tok.eType != TK_END) {
    ShapeName *pName = textPath(p, 0, "an association");
    ShapeItem **ppList = &pStar->pNext;
    p->nDepth = 0;
    while (pName && textEnter(p)) {
      ShapeName *pNext = pName->pNext;
      ShapeItem *pItem;
      pName->pNext = 0;
      pItem = mergeItem(p, ppList, pName);
      if (pItem == 0 || pItem->pBlock == 0) return pStar;
      ppList = &pItem->pBlock->pNext;
      pName = pNext;
    }
    textTake(p, ',');
  }
  return pStar;
}

/* Read one association, not an aggregate: the text of assoc_get() and its like.
** Without a block it has every column. An alias or "!" is read here and refused
** by the planner, which can say why. */
static ShapeItem *textOne(TextParser *p) {
  ShapeItem *pItem;
  if (p->tok.eType != TK_SPREAD && !isName(&p->tok)) {
    textExpected(p, "an association");
  }
  pItem = textPathItem(p);
  if (pItem == 0) return 0;
  if (pItem->eType == SHAPE_ITEM_AGG) {
    textError(p, pItem->iOff,
              "an association is expected here, not an aggregate");
  } else if (!pItem->bBlock) {
    pItem->pBlock = newStarBlock(p, &pItem->bBlock);
  }
  return pItem;
}

/* Begin before the first token, and read the whole text. */
static void textStart(TextParser *p, AssocShape *pShape) {
  p->tok.iOff = 0;
  p->tok.n = 0;
  p->tok.eType = 0;
  textAdvance(p);
  switch (pShape->eKind) {
  case SHAPE_QUERY: textQueries(p, pShape); break;
  case SHAPE_BLOCK:
    pShape->pItem = p->tok.eType == '{' ? textBlock(p)
                    : textIsList(p)     ? textPathList(p)
                                        : textItems(p);
    break;
  default: pShape->pItem = textOne(p); break;
  }
  if (p->tok.eType != TK_END) textExpected(p, "the end of the shape");
}

void assocShapeParseText(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText) {
  TextParser p;
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  p.pArena = pArena;
  p.pShape = pShape;
  p.z = pShape->zText;
  p.n = nText;
  textStart(&p, pShape);
}

/* Begin to read a text that is part of pShape's. */
static void textPart(TextParser *p, AssocCall *pCall, AssocArena *pArena,
                     AssocShape *pShape, const char *z, int n) {
  memset(pShape, 0, sizeof(*pShape));
  memset(p, 0, sizeof(*p));
  pShape->zText = z;
  pShape->eKind = SHAPE_ONE; /* The text does not begin with a model */
  p->pCall = pCall;
  p->pArena = pArena;
  p->pShape = pShape;
  p->z = z;
  p->n = n;
  textAdvance(p);
}

/* End it: nothing may follow. pOf learns the parameters. */
static void textPartEnd(TextParser *p, AssocShape *pOf, const char *zEnd) {
  if (p->tok.eType != TK_END) textExpected(p, zEnd);
  if (p->pShape->nParam > pOf->nParam) pOf->nParam = p->pShape->nParam;
  pOf->bNamed |= p->pShape->bNamed;
}

ShapeSort *assocShapeOrderText(AssocCall *pCall, AssocArena *pArena,
                               AssocShape *pOf, const char *z, int n) {
  AssocShape shape;
  TextParser p;
  ShapeSort *pSort;
  textPart(&p, pCall, pArena, &shape, z, n);
  pSort = textSorts(&p);
  textPartEnd(&p, pOf, "the end of the order");
  return pSort;
}

ShapePred *assocShapeWhereText(AssocCall *pCall, AssocArena *pArena,
                               AssocShape *pOf, const char *z, int n) {
  AssocShape shape;
  TextParser p;
  ShapePred *pPred;
  textPart(&p, pCall, pArena, &shape, z, n);
  pPred = textPred(&p);
  textPartEnd(&p, pOf, "the end of the condition");
  return pCall->rc == SQLITE_OK ? pPred : 0;
}
