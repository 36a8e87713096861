/*
** Advice for what people write by habit. If reading a shape fails, the tokens
** before that place may be known from SQL, GraphQL, PostgREST or a programming
** language. The error then says what to write instead:
**
**   User{count(posts)}      an aggregate stands behind its association:
**                           posts.count()
**   User{n: name}           an alias stands behind what it names: name as n
**
** Nothing here runs before reading has failed. So a name that equals one of
** these words stays a name.
**
** To add a habit: find the function for the place (a sign, a colon, a call, a
** word outside of the shape, in a block, or in a condition), and add the word
** to its table, or a test before the more general ones. test/words.test has a
** case for each.
*/
#include "shape/jsonform.h"
#include "shape/lex.h"

/* The innermost open bracket. */
typedef struct HabitIn HabitIn;
struct HabitIn {
  int eType;       /* '{', '(', or 0 */
  ShapeToken call; /* The word before it */
  int bMethod;     /* There is a dot before that word */
  ShapeToken arg;  /* The first token inside */
};

/* The place where reading failed, and the tokens around it. */
typedef struct Habit Habit;
struct Habit {
  AssocCall *pCall;    /* Receives an error of memory */
  const char *z;       /* The text of the shape */
  int n;               /* Its length in bytes */
  ShapeToken at, next; /* The wrong token, and the one after it */
  ShapeToken a[4];     /* The tokens before it, nearest first */
  ShapeToken first;    /* The first token of the text */
  int bModel;          /* The first token is a model */
  HabitIn in;          /* The innermost bracket that is open at the place */
};

#define HABIT_DEEP 64 /* Brackets that are nested deeper are not recorded */

/* Make a token the nearest one before the place. */
static void habitShift(Habit *p, const ShapeToken *pTok) {
  memmove(&p->a[1], &p->a[0], sizeof(p->a) - sizeof(p->a[0]));
  p->a[0] = *pTok;
}

/* Read the tokens up to iAt again. The parser keeps none of them, because most
** shapes have no error. p keeps the last four tokens and, for each open
** bracket, the word before the bracket and the first token inside. */
static void habitRead(AssocCall *pCall, Habit *p, const char *z, int n,
                      int iAt) {
  HabitIn aOpen[HABIT_DEEP];
  ShapeToken tok;
  int nOpen = 0;
  assert(iAt >= 0 && iAt <= n);
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  p->z = z;
  p->n = n;
  p->first = shapeLex(z, n, 0);
  for (tok = p->first; tok.eType != TK_END && tok.iOff < iAt;
       tok = shapeLex(z, n, tok.iOff + tok.n)) {
    if (tok.eType == '(' || tok.eType == '{') {
      if (nOpen < HABIT_DEEP) aOpen[nOpen] = p->in;
      nOpen++;
      p->in.eType = tok.eType;
      p->in.call = p->a[0];
      p->in.bMethod = p->a[1].eType == '.';
      p->in.arg = shapeLex(z, n, tok.iOff + tok.n);
    } else if ((tok.eType == ')' || tok.eType == '}') &&
               ASSOC_ALWAYS(nOpen > 0)) {
      nOpen--; /* What is before iAt was parsed, so it was open */
      if (nOpen < HABIT_DEEP) p->in = aOpen[nOpen];
    }
    habitShift(p, &tok);
  }
  p->at = tok;
  p->next = shapeLex(z, n, tok.iOff + tok.n);
}

/* Is the token one of these words? */
static int isAmong(const Habit *p, const ShapeToken *pTok,
                   const char *const *az) {
  for (; *az; az++) {
    if (shapeIsWord(p->z, pTok, *az)) return 1;
  }
  return 0;
}

/* A name with or without backticks. */
static int isWord(const ShapeToken *pTok) {
  return pTok->eType == TK_WORD || pTok->eType == TK_QUOTED;
}

/* A single comparison sign; two in a row are something like "=>". */
static int isCompare(const ShapeToken *pTok) {
  return pTok->eType >= TK_EQ || pTok->eType == '<' || pTok->eType == '>';
}

/* A value that begins with its own sign. true, false and null are words. */
static int isValue(const ShapeToken *pTok) {
  return pTok->eType == TK_NUMBER || pTok->eType == TK_STRING ||
         pTok->eType == TK_INDEX || pTok->eType == TK_NAMED;
}

/* Does the text at the place begin with zText? */
static int atText(const Habit *p, const char *zText) {
  int n = (int)strlen(zText);
  assert(p->at.iOff >= 0 && p->at.iOff <= p->n);
  return p->at.iOff + n <= p->n &&
         memcmp(&p->z[p->at.iOff], zText, (size_t)n) == 0;
}

#define TOKEN(p, pTok) ((pTok)->n > 40 ? 40 : (pTok)->n), &(p)->z[(pTok)->iOff]

/* ------------------------------------------------------------- characters */

/* A comment could hide the end of a block from a reader. */
static char *sayNoComment(const Habit *p) {
  return assocMprintf(p->pCall,
                      "a shape has no comments; write them outside of it");
}

/* Arithmetic is left out of the language on purpose: nothing in a shape is
** evaluated. */
static char *sayNoSums(const Habit *p) {
  return assocMprintf(
      p->pCall, "a shape does not calculate; ask for the columns and calculate "
                "outside, or put the expression into a view or a generated "
                "column");
}

/* Signs of other languages: comments, ||, &, [, ~, arithmetic, and a semicolon
** at the end. */
static char *habitSign(const Habit *p) {
  const ShapeToken *pAt = &p->at;
  if (atText(p, "/*") || atText(p, "//") || atText(p, "#")) {
    return sayNoComment(p);
  }
  if (pAt->eType == '-' && atText(p, "--")) return sayNoComment(p);
  if (pAt->eType == '-' && p->a[0].eType == '-') return sayNoComment(p);
  if (atText(p, "||")) {
    return assocMprintf(
        p->pCall, "there is no ||: in a condition write or; to join texts, ask "
                  "for the columns and join them outside");
  }
  if (atText(p, "&"))
    return assocMprintf(p->pCall, "there is no &: in a condition write and");
  if (atText(p, "[")) {
    return assocMprintf(
        p->pCall, "there are no square brackets: a list of values is in (1, "
                  "2), columns belong in braces, conditions in parentheses");
  }
  if (atText(p, "~")) {
    return assocMprintf(
        p->pCall,
        "there is no ~: a pattern is like \"%%text%%\", glob or match");
  }
  if (pAt->eType == TK_BAD && memchr("+/%|^", p->z[pAt->iOff], 5)) {
    return sayNoSums(p);
  }
  if (pAt->eType == ';' && p->in.eType == 0) {
    return assocMprintf(p->pCall, "a shape ends without a semicolon");
  }
  return 0;
}

/* Two comparison signs that are no operator together: === => =< */
static char *habitOperator(const Habit *p) {
  int n = p->at.iOff + p->at.n - p->a[0].iOff;
  if (!isCompare(&p->at) || !isCompare(&p->a[0]) ||
      p->a[0].iOff + p->a[0].n != p->at.iOff) {
    return 0;
  }
  return assocMprintf(
      p->pCall,
      "there is no operator %.*s; there are =, <>, <, <=, > and >=", n,
      &p->z[p->a[0].iOff]);
}

static const char *const azHabitClause[] = {
    "where", "order",  "orderby",  "order_by", "limit",    "offset", "first",
    "last",  "after",  "before",   "page",     "scope",    "sort",   "take",
    "skip",  "having", "required", "through",  "paranoid", 0};

/* A colon, as in GraphQL and JavaScript. In a block it is an alias ("n: name")
** or a nested object; in parentheses it is taken for "=". ":name" is one token,
** so "n:name" is seen as a parameter here. */
static char *habitColon(const Habit *p) {
  const ShapeToken *pAt = &p->at, *pName = &p->a[0], *pNext = &p->next;
  int nSkip = 0;
  if (!isWord(pName)) return 0;
  if (pAt->eType == TK_NAMED) {
    nSkip = 1; /* :name is one token */
    pNext = pAt;
  } else if (!atText(p, ":")) {
    return 0;
  }
  if (p->in.eType == '(' && isAmong(p, pName, azHabitClause)) {
    return assocMprintf(
        p->pCall,
        "a clause has no colon: limit 5, order by name, or a condition "
        "such as age > 18");
  }
  if (p->in.eType == '(') {
    if (pName->iOff + pName->n != pAt->iOff)
      return 0; /* "a :b" with a space is a parameter */
    return assocMprintf(p->pCall, "a condition has no colon: %.*s = ...",
                        TOKEN(p, pName));
  }
  if (isWord(pNext) || nSkip) {
    return assocMprintf(
        p->pCall, "an alias follows what it names: %.*s as %.*s",
        pNext->n - nSkip, &p->z[pNext->iOff + nSkip], TOKEN(p, pName));
  }
  return assocMprintf(p->pCall, "there is no colon before a block: %.*s{...}",
                      TOKEN(p, pName));
}

/* -------------------------------------------------------------- functions */

/* Functions of SQL other than the aggregates. */
static const char *const azHabitFunction[] = {
    "abs",         "array_agg",  "cast",         "ceil",
    "char_length", "coalesce",   "concat",       "concat_ws",
    "date",        "date_trunc", "datetime",     "extract",
    "floor",       "format",     "group_concat", "hex",
    "if",          "ifnull",     "iif",          "instr",
    "json_agg",    "json_array", "json_extract", "json_group_array",
    "json_object", "julianday",  "length",       "lower",
    "ltrim",       "now",        "nullif",       "printf",
    "random",      "rank",       "replace",      "round",
    "row_number",  "rtrim",      "strftime",     "string_agg",
    "substr",      "substring",  "time",         "trim",
    "typeof",      "unixepoch",  "upper",        0};

/*
**
**    count(posts)        posts.count()
**    sum(posts.likes)    posts.sum(likes)
**    count(distinct a)   posts.count(a)
**
** A path gives both the association and the column. A word alone is the
** association of count and exists, and the column of all others.
*/
static char *sayAggregate(const Habit *p, const ShapeToken *pName,
                          const ShapeToken *pArg) {
  ShapeToken arg = *pArg, next;
  int n;
  if (shapeIsWord(p->z, &arg, "distinct")) {
    arg = shapeLex(p->z, p->n, arg.iOff + arg.n);
  }
  if (!isWord(&arg)) {
    return assocMprintf(p->pCall,
                        "an aggregate follows its association: posts.%.*s()",
                        TOKEN(p, pName));
  }
  n = arg.n;
  next = shapeLex(p->z, p->n, arg.iOff + arg.n);
  while (next.eType == '.') { /* A path: posts.likes */
    ShapeToken last = shapeLex(p->z, p->n, next.iOff + next.n);
    if (!isWord(&last)) break;
    next = shapeLex(p->z, p->n, last.iOff + last.n);
    if (next.eType != '.') {
      return assocMprintf(
          p->pCall, "an aggregate follows its association: %.*s.%.*s(%.*s)", n,
          &p->z[arg.iOff], TOKEN(p, pName), TOKEN(p, &last));
    }
    n = last.iOff + last.n - arg.iOff;
  }
  if (aShapeAgg[assocAggFind(&p->z[pName->iOff], pName->n)].mFlag &
      SHAPE_AGG_STAR) {
    return assocMprintf(p->pCall,
                        "an aggregate follows its association: %.*s.%.*s()", n,
                        &p->z[arg.iOff], TOKEN(p, pName));
  }
  return assocMprintf(p->pCall,
                      "an aggregate follows its association: posts.%.*s(%.*s)",
                      TOKEN(p, pName), n, &p->z[arg.iOff]);
}

/* upper(name): the caller can do this outside, or bind its result. */
static char *sayFunction(const Habit *p, const ShapeToken *pName) {
  return assocMprintf(
      p->pCall,
      "a shape has no functions, so no %.*s(); ask for the column and "
      "call it outside, or give its result as ?1 or :name",
      TOKEN(p, pName));
}

/* count, sum, ...: only these words have parentheses in a shape. */
static int isAggregate(const Habit *p, const ShapeToken *pTok) {
  return assocAggFind(&p->z[pTok->iOff], pTok->n) >= 0;
}

static const char *const azHabitSome[] = {"exists", "any", "has", 0};

/* exists albums, not exists(albums), all albums(...). iWord is the index of
** that word in p->a. */
static char *habitSome(const Habit *p, int iWord, const ShapeToken *pArg) {
  const ShapeToken *pWord = &p->a[iWord];
  const char *zHow = "some";
  assert(iWord >= 0 && iWord + 1 < ASSOC_COUNT(p->a));
  if (shapeIsWord(p->z, pWord, "all")) {
    zHow = "every";
  } else if (!isAmong(p, pWord, azHabitSome)) {
    return 0;
  } else if (shapeIsWord(p->z, &p->a[iWord + 1], "not")) {
    zHow = "none";
  }
  if (!isWord(pArg)) {
    return assocMprintf(p->pCall, "to ask for related rows, write some posts, "
                                  "none posts or every posts(...)");
  }
  return assocMprintf(p->pCall, "to ask for related rows, write %s %.*s%s",
                      zHow, TOKEN(p, pArg), zHow[0] == 'e' ? "(...)" : "");
}

/* A call in a block or in a condition: count(posts), upper(name),
** exists(posts). */
static char *habitCall(const Habit *p) {
  const ShapeToken *pName = &p->a[0];
  if (p->in.eType == '(' && p->in.call.eType == TK_WORD && !p->in.bMethod &&
      (!p->bModel || p->in.call.iOff > p->first.iOff)) {
    if (isAggregate(p, &p->in.call))
      return sayAggregate(p, &p->in.call, &p->in.arg);
    if (isAmong(p, &p->in.call, azHabitFunction))
      return sayFunction(p, &p->in.call);
  }
  if ((p->in.eType != '(' && p->bModel) || p->in.eType == '{' ||
      p->at.eType != '(' || pName->eType != TK_WORD) {
    return 0;
  }
  /* SQL's functions and Sequelize's habits: lower(name) = 'x', count(posts). */
  if (isCompare(&p->a[1])) return sayFunction(p, pName);
  if (shapeIsWord(p->z, pName, "exists") || !isAggregate(p, pName)) {
    char *z = habitSome(p, 0, &p->next);
    return z ? z : sayFunction(p, pName);
  }
  return sayAggregate(p, pName, &p->next);
}

/* ------------------------------------------------------------------ words */

/* A word of another language, and what to write here. */
typedef struct HabitWord HabitWord;
struct HabitWord {
  const char *zWord;    /* In lower case */
  const char *zInstead; /* What to write instead */
};

/* Operators between a column and a value. */
static const HabitWord aHabitOperator[] = {
    {"contains", "contains \"text\""},
    {"includes", "contains \"text\""},
    {"icontains", "contains \"text\""},
    {"containing", "contains \"text\""},
    {"startswith", "starts with \"text\""},
    {"starts", "starts with \"text\""},
    {"starts_with", "starts with \"text\""},
    {"beginswith", "starts with \"text\""},
    {"endswith", "ends with \"text\""},
    {"ends_with", "ends with \"text\""},
    {"ends", "ends with \"text\""},
    {"ilike", "like, which ignores the case of A to Z"},
    {"iexact", "like, which ignores the case of A to Z"},
    {"rlike", "like, glob or match"},
    {"regexp", "like, glob or match"},
    {"regex", "like, glob or match"},
    {"matches", "like, glob or match"},
    {"similar", "like, glob or match"},
    {"eq", "="},
    {"equals", "="},
    {"ne", "<>"},
    {"neq", "<>"},
    {"gt", ">"},
    {"gte", ">="},
    {"ge", ">="},
    {"lt", "<"},
    {"lte", "<="},
    {"le", "<="},
    {"nin", "not in (1, 2)"},
    {"notin", "not in (1, 2)"},
    {"isnull", "is null"},
    {"notnull", "is not null"},
    {0, 0}};

/* Words at the start of a clause. */
static const HabitWord aHabitStart[] = {
    {"orderby", "order by name"},
    {"order_by", "order by name"},
    {"sort", "order by name"},
    {"sortby", "order by name"},
    {"sort_by", "order by name"},
    {"take", "limit 5"},
    {"top", "limit 5"},
    {"fetch", "limit 5"},
    {"skip", "offset 5"},
    {"having", "a condition such as posts.count() > 3"},
    {"when", "a condition such as age > 18"},
    {"filter", "a condition such as age > 18"},
    {"unscoped", "scope false"},
    {"escape", "contains \"50%\", which has no wildcards"},
    {0, 0}};

static const char *const azHabitGroup[] = {"group", "groupby", "group_by", 0};
static const char *const azHabitColumns[] = {
    "select", "columns", "fields", "only", "pluck", "returning", 0};
static const char *const azHabitJoin[] = {
    "join", "left",    "inner",    "outer", "cross",    "full",   "include",
    "with", "preload", "populate", "embed", "includes", "expand", 0};

/* The advice for a token, or 0. */
static const char *insteadOf(const Habit *p, const ShapeToken *pTok,
                             const HabitWord *a) {
  assert(a);
  for (; a->zWord; a++) {
    if (shapeIsWord(p->z, pTok, a->zWord)) return a->zInstead;
  }
  return 0;
}

/* A word in the place of a clause. */
static char *habitClause(const Habit *p, const ShapeToken *pWord) {
  const char *zInstead = insteadOf(p, pWord, aHabitStart);
  assert(pWord);
  if (zInstead) {
    return assocMprintf(p->pCall, "there is no %.*s here; write %s",
                        TOKEN(p, pWord), zInstead);
  }
  if (isAmong(p, pWord, azHabitGroup)) {
    return assocMprintf(p->pCall, "there is no group by: an aggregate such as "
                                  "posts.count() is computed for each row");
  }
  if (isAmong(p, pWord, azHabitColumns)) {
    return assocMprintf(p->pCall, "columns belong in braces: User{id name}");
  }
  if (isAmong(p, pWord, azHabitJoin)) {
    return assocMprintf(
        p->pCall, "related rows belong in the block: User{name posts{title}}");
  }
  return 0;
}

static const char *const azHabitSql[] = {
    "select", "insert", "update", "delete", "from", "explain", 0};

/* Words behind the shape: User WHERE ..., User{name} ORDER BY name. Also a text
** that begins with an SQL keyword, or with a brace. */
static char *habitOutside(const Habit *p) {
  const ShapeToken *pAt = &p->at;
  char *z;
  if (isAmong(p, &p->first, azHabitSql)) {
    return assocMprintf(p->pCall,
                        "a shape is no SQL: the model comes first, as in "
                        "User(age >= 18 order by name){name}");
  }
  /* From here on: outside of all braces and parentheses */
  if (p->in.eType) return 0;
  if (pAt->eType == '{' && pAt->iOff == p->first.iOff) {
    return assocMprintf(p->pCall, "braces follow a name: User{...}");
  }
  if (pAt->eType == '.' && p->a[0].eType == ')') {
    return assocMprintf(
        p->pCall, "related rows belong in the block: User(id = 1){posts{*}}");
  }
  if (isAmong(p, pAt, azHabitClause) && !shapeIsWord(p->z, pAt, "having")) {
    return assocMprintf(p->pCall,
                        "clauses belong in parentheses after the name: "
                        "User(where age > 18 order by name limit 5){...}");
  }
  z = habitClause(p, pAt);
  if (z == 0 && isWord(pAt)) z = habitClause(p, &p->a[0]);
  return z;
}

/* Clauses or quotes in a block: posts WHERE likes > 3, posts LIMIT 5, "name",
** posts.* */
static char *habitBlock(const Habit *p) {
  const ShapeToken *pAt = &p->at;
  int i;
  if (p->in.eType != '{') return 0;
  if (p->a[0].eType == '.' && (pAt->eType == '*' || pAt->eType == '{')) {
    return assocMprintf(p->pCall, "there is no dot before a block: %.*s{%s}",
                        TOKEN(p, &p->a[1]), pAt->eType == '*' ? "*" : "...");
  }
  if (pAt->eType == TK_STRING) {
    return assocMprintf(
        p->pCall,
        "a name is written without quotes, or in backticks: `a name`");
  }
  if (!isValue(pAt) && !isCompare(pAt) && pAt->eType != '(') return 0;
  /* A clause word shortly before, as in {title limit 5} */
  for (i = 0; i < 4; i++) {
    if (isAmong(p, &p->a[i], azHabitClause)) break;
  }
  if (i == 4 && !isCompare(pAt)) return 0;
  return assocMprintf(p->pCall,
                      "clauses belong in parentheses after the name: "
                      "posts(where likes > 3 order by title limit 5){...}");
}

/* ------------------------------------------------------------- conditions */

static const char *const azHabitBefore[] = {"and", "or", "not", "where", 0};

/* Does a condition begin here? */
static int startsCondition(const Habit *p) {
  int e = p->a[0].eType;
  return e == '(' || e == ',' || e == ';' ||
         isAmong(p, &p->a[0], azHabitBefore);
}

/* A value in front: 18 < age, (5), limit 5, 10. */
static char *habitValueFirst(const Habit *p) {
  const ShapeToken *pAt = &p->at;
  if (!isValue(pAt) || !startsCondition(p)) return 0;
  /* 18 < age, and MySQL's limit 10, 5 */
  if (isCompare(&p->next)) {
    return assocMprintf(p->pCall, "the column comes first: age > 18");
  }
  if (p->a[0].eType == ',' && p->a[1].eType == TK_NUMBER &&
      shapeIsWord(p->z, &p->a[2], "limit")) {
    return assocMprintf(
        p->pCall,
        "there is no second number in a limit; write limit %.*s offset "
        "%.*s",
        TOKEN(p, pAt), TOKEN(p, &p->a[1]));
  }
  if (pAt->eType == TK_STRING) {
    return assocMprintf(
        p->pCall, "a condition begins with a column, and a name is written "
                  "without quotes, or in backticks: `a name` = 1");
  }
  return assocMprintf(p->pCall, "a condition begins with a column: id = %.*s",
                      TOKEN(p, pAt));
}

/* Does an operator stand before the place whose right side is a value only? */
static int takesValue(const Habit *p) {
  static const char *const azLike[] = {"like", "glob", "match", 0};
  static const char *const azWith[] = {"starts", "ends", 0};
  if (shapeIsWord(p->z, &p->a[0], "with")) return isAmong(p, &p->a[1], azWith);
  return isAmong(p, &p->a[0], azLike);
}

/* Wrong values: = bob, = now(), = @p, in (select ...). */
static char *habitValue(const Habit *p) {
  const ShapeToken *pAt = &p->at;
  if (shapeIsWord(p->z, pAt, "select")) {
    return assocMprintf(p->pCall, "a shape has no sub-selects; to ask for "
                                  "related rows, write some posts(...)");
  }
  if (pAt->eType == '{' && (shapeIsWord(p->z, &p->a[0], "edges") ||
                            shapeIsWord(p->z, &p->a[0], "nodes") ||
                            shapeIsWord(p->z, &p->a[0], "pageInfo"))) {
    return assocMprintf(p->pCall, "the parts of a page are in one block: "
                                  "page{count edges{cursor node}}");
  }
  if (pAt->eType == '{') {
    return assocMprintf(p->pCall, "an object is allowed only in the JSON form, "
                                  "which begins with {\"model\":");
  }
  if (isWord(pAt) && p->next.eType != '(' && !isValue(&p->next) &&
      takesValue(p)) {
    return assocMprintf(p->pCall,
                        "a column stands beside another with =, <>, <, <=, > "
                        "and >= only; a text is in quotes: \"%.*s\"",
                        TOKEN(p, pAt));
  }
  /* From here on: what stands where a value is expected */
  if (!isCompare(&p->a[0])) return 0;
  if (pAt->eType == '@')
    return assocMprintf(p->pCall, "a parameter is written ?1 or :name");
  /* Any other name is a column, and no error. */
  return isWord(pAt) ? sayFunction(p, pAt) : 0;
}

/* is true, is not "x": only null can follow is. */
static char *habitIs(const Habit *p) {
  int bNot = shapeIsWord(p->z, &p->a[0], "not");
  if (!shapeIsWord(p->z, &p->a[bNot], "is") || p->at.eType == TK_END) return 0;
  return assocMprintf(p->pCall, "is compares with null only; write %s",
                      bNot || shapeIsWord(p->z, &p->at, "distinct") ? "<>"
                                                                    : "=");
}

/* A column, the token before the place, without a comparison: (active), (name,
** email). */
static char *habitAlone(const Habit *p) {
  static const char *const azEnd[] = {"and", "or", 0};
  static const char *const azOpen[] = {
      "and", "or",      "not",   "by", "like", "between", "glob", "match",
      "is",  "collate", "nulls", "in", "asc",  "desc",    0};
  int e = p->at.eType;
  if (isAmong(p, &p->a[0], azHabitClause) || isAmong(p, &p->a[0], azOpen)) {
    return 0;
  }
  if (e != ')' && e != ',' && e != ';' && !isAmong(p, &p->at, azEnd)) return 0;
  /* A column is not a condition by itself, as it is in SQL. */
  return assocMprintf(
      p->pCall,
      "%.*s alone is no condition: write %.*s = true, or for related rows some "
      "%.*s; columns belong in braces: {%.*s}",
      TOKEN(p, &p->a[0]), TOKEN(p, &p->a[0]), TOKEN(p, &p->a[0]),
      TOKEN(p, &p->a[0]));
}

/* Mistakes inside a condition. */
static char *habitCondition(const Habit *p) {
  const char *zInstead;
  char *z;
  if (p->in.eType != '(') return 0;
  if (p->at.eType == '!' && startsCondition(p)) {
    return assocMprintf(p->pCall,
                        "there is no ! before a condition; write not");
  }
  if ((p->at.eType == '-' || p->at.eType == '*') &&
      (isWord(&p->a[0]) || isValue(&p->a[0]))) {
    return sayNoSums(p);
  }
  if (p->at.eType == ',' && shapeIsWord(p->z, &p->a[1], "between")) {
    return assocMprintf(p->pCall, "between takes and: between 1 and 5");
  }
  /* The most specific advice goes first. */
  if ((z = habitIs(p)) != 0 || (z = habitValueFirst(p)) != 0 ||
      (z = habitValue(p)) != 0) {
    return z;
  }
  if (!isWord(&p->a[0])) return 0;
  zInstead = insteadOf(p, &p->at, aHabitOperator);
  if (zInstead) {
    return assocMprintf(p->pCall, "there is no %.*s; write %s",
                        TOKEN(p, &p->at), zInstead);
  }
  if (isWord(&p->at) && (z = habitSome(p, 0, &p->at)) != 0) return z;
  if (isWord(&p->at) || isValue(&p->at)) {
    if ((z = habitClause(p, &p->a[0])) != 0) return z;
  }
  return habitAlone(p);
}

/* The shape was read without errors, but a name of it was not found. It may be
** a word that means something elsewhere: User{name limit} has no column
** "limit". 0: no advice. */
const char *assocShapeInstead(const char *zName) {
  static const char *const azExpression[] = {"case", "when", "then",
                                             "end",  "cast", 0};
  ShapeToken tok = shapeLex(zName, (int)strlen(zName), 0);
  Habit habit;
  assert(zName);
  memset(&habit, 0, sizeof(habit));
  habit.z = zName;
  if (isAmong(&habit, &tok, azHabitClause) ||
      isAmong(&habit, &tok, azHabitGroup)) {
    return "clauses belong in parentheses after the name";
  }
  if (isAggregate(&habit, &tok)) {
    return "an aggregate has parentheses: posts.count()";
  }
  if (shapeIsWord(zName, &tok, "distinct")) {
    return "no row occurs twice; posts.count(distinct title) counts values";
  }
  if (isAmong(&habit, &tok, azExpression)) {
    return "a shape has no SQL expressions";
  }
  return 0;
}

/* The checks run from the surest to the vaguest; the first advice counts. OUT:
** the text is freed with sqlite3_free(). 0: no advice. */
char *assocShapeHabit(AssocCall *pCall, const char *z, int n, int iAt,
                      int bModel) {
  Habit habit;
  char *zSaid;
  assert(z && n >= 0);
  habitRead(pCall, &habit, z, n, iAt);
  habit.bModel = bModel;
  if ((zSaid = habitSign(&habit)) != 0) return zSaid;
  if ((zSaid = habitOperator(&habit)) != 0) return zSaid;
  if ((zSaid = habitColon(&habit)) != 0) return zSaid;
  if ((zSaid = habitCall(&habit)) != 0) return zSaid;
  if ((zSaid = habitOutside(&habit)) != 0) return zSaid;
  if ((zSaid = habitBlock(&habit)) != 0) return zSaid;
  return habitCondition(&habit);
}

/* ------------------------------------------------------------------- JSON */

static const char zHabitAttributes[] =
    "columns are \"attributes\":[\"id\",\"name\"]";
static const char zHabitInclude[] =
    "related rows are \"include\":[{\"association\":\"posts\"}]";
static const char zHabitLimit[] = "write \"limit\"";
static const char zHabitOffset[] = "write \"offset\"";
static const char zHabitOrder[] = "write \"order\":[[\"name\",\"DESC\"]]";
static const char zHabitGroups[] =
    "an aggregate is computed for each row: "
    "{\"aggregate\":\"count\",\"of\":\"posts\",\"as\":\"n\"}";
static const char zHabitLike[] =
    "$like, $startsWith, $endsWith and $substring ignore the case of A to Z";
static const char zHabitPart[] = "a part of a text is $substring, a related "
                                 "row {\"$some\":{\"posts\":{...}}}";
static const char zHabitPattern[] = "a pattern is $like, $glob or $match";
static const char zHabitTransaction[] =
    "the call runs in the transaction of its connection: BEGIN IMMEDIATE ... "
    "COMMIT";
static const char zHabitResult[] = "the answer is JSON: leave it out";
static const char zHabitValues[] =
    "a value of the caller is {\"$param\":\"name\"}, and stands behind the "
    "shape";
static const char zHabitWriter[] = "it belongs to a call that writes";
static const char zHabitLiteral[] =
    "there is no SQL in a shape, and no function but the aggregates: "
    "{\"aggregate\":\"count\",\"of\":\"posts\",\"as\":\"n\"}";

static const HabitWord aHabitJson[] = {
    {"select", zHabitAttributes},
    {"fields", zHabitAttributes},
    {"columns", zHabitAttributes},
    {"projection", zHabitAttributes},
    {"with", zHabitInclude},
    {"relations", zHabitInclude},
    {"populate", zHabitInclude},
    {"includes", zHabitInclude},
    {"join", zHabitInclude},
    {"joins", zHabitInclude},
    {"take", zHabitLimit},
    {"top", zHabitLimit},
    {"skip", zHabitOffset},
    {"orderBy", zHabitOrder},
    {"order_by", zHabitOrder},
    {"sort", zHabitOrder},
    {"cursor", "write \"after\" or \"before\""},
    {"group", zHabitGroups},
    {"groupBy", zHabitGroups},
    {"having", "write \"$aggregate\" in \"where\": {\"$aggregate\":{"
               "\"aggregate\":\"count\",\"of\":\"posts\",\"is\":{\"$gt\":1}}}"},
    {"fn", zHabitLiteral},
    {"col", "a count of values is {\"aggregate\":\"count\",\"column\":"
            "\"name\",\"distinct\":true}"},
    {"val", zHabitLiteral},
    {"plain", "one row is \"limit\":1, or assoc_find()"},
    {"transaction", zHabitTransaction},
    {"lock", zHabitTransaction},
    {"skipLocked", zHabitTransaction},
    {"rejectOnEmpty", "an empty answer is []"},
    {"mapToModel", zHabitResult},
    {"fieldMap", zHabitResult},
    {"instance", zHabitResult},
    {"type", zHabitResult},
    {"bind", zHabitValues},
    {"replacements", zHabitValues},
    {"searchPath", "a model of an attached database is \"aux.User\""},
    {"defaults", zHabitWriter},
    {"returning", zHabitWriter},
    {"silent", zHabitWriter},
    {"individualHooks", zHabitWriter},
    {"validate", zHabitWriter},
    {"or", "how rows are related is what the association says"},
    {"$iLike", zHabitLike},
    {"$notILike", zHabitLike},
    {"$contains", zHabitPart},
    {"contains", zHabitPart},
    {"$regexp", zHabitPattern},
    {"$notRegexp", zHabitPattern},
    {"$iRegexp", zHabitPattern},
    {"$notIRegexp", zHabitPattern},
    {"$regex", zHabitPattern},
    {"$nin", "write \"$notIn\""},
    {"notIn", "write \"$notIn\""},
    {"$nor", "write {\"$not\":{\"$or\":[...]}}"},
    {"$exists", "write {\"$ne\":null}"},
    {"equals", "write \"$eq\""},
    {"$all", "write \"$and\""},
    {"$any", "write \"$in\""},
    {"$elemMatch", "write {\"$some\":{\"posts\":{...}}}"},
    {"some", "write {\"$some\":{\"posts\":{...}}}"},
    {"every", "write {\"$every\":{\"posts\":{...}}}"},
    {"none", "write {\"$none\":{\"posts\":{...}}}"},
    {0, 0}};

/* The advice for a key of JSON, or 0. */
static const char *insteadOfKey(const HabitWord *p, const char *zKey) {
  assert(zKey);
  while (p->zWord && sqlite3_stricmp(p->zWord, zKey) != 0) p++;
  return p->zInstead;
}

/* Operators of MongoDB, Prisma and others, and options of Sequelize that have
** no meaning here. */
const char *shapeJsonInstead(const char *zKey) {
  return insteadOfKey(aHabitJson, zKey);
}

static const char zHabitBy[] =
    "to find a row or make it, give its values and by what to find it: "
    "{\"#by\":\"name\",\"name\":...}";
static const char zHabitNew[] = "a new row is its values alone: {\"name\":...}";
static const char zHabitChange[] =
    "a row is changed by its key: {\"id\":1,\"name\":...}";
static const char zHabitLetGo[] =
    "{\"#set\":[...]} is the whole list, null lets the row of a to-one go, and "
    "assoc_destroy() deletes rows";
static const char zHabitCount[] =
    "to count up, write SQL: UPDATE Post SET likes = likes + 1 WHERE id = 1";

static const HabitWord aHabitWrite[] = {
    {"where", zHabitBy},
    {"defaults", zHabitBy},
    {"connectOrCreate", zHabitBy},
    {"connect", "to relate a row, give its key: 1 or {\"id\":1}"},
    {"create", zHabitNew},
    {"createMany", zHabitNew},
    {"update", zHabitChange},
    {"updateMany", zHabitChange},
    {"upsert", "write {\"#upsert\":\"name\",\"name\":...}"},
    {"set",
     "a value or a key stands alone, and {\"#set\":[...]} is a whole list"},
    {"disconnect", zHabitLetGo},
    {"delete", zHabitLetGo},
    {"deleteMany", zHabitLetGo},
    {"_destroy", zHabitLetGo},
    {"increment", zHabitCount},
    {"decrement", zHabitCount},
    {"$inc", zHabitCount},
    {0, 0}};

/* See shape.h. */
const char *assocShapeWriteInstead(const char *zKey) {
  return insteadOfKey(aHabitWrite, zKey);
}
