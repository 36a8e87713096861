/*
** Shapes made from bytes: whatever they are, the text is nearly a right one.
**
** Each choice takes a byte, so the fuzzer learns which bytes lead where. Now
** and then a name is wrong on purpose, or a clause does not fit.
*/
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "fuzz.h"

static const FuzzModel aModel[] = {
    {"User", {"id", "name", "age", "bio", "active", 0}},
    {"Post", {"id", "title", "user_id", "score", "data", 0}},
    {"Comment", {"id", "body", "about_id", "about_type", "user_id", 0}},
    {"Tag", {"name", "colour", 0}},
    {"Profile", {"id", "user_id", "motto", 0}},
    {"Node", {"id", "parent_id", "name", 0}},
    {"Line", {"no", "line", "text", 0}},
    {"Part", {"id", "no", "line", "name", 0}},
    {"Recent", {"id", "title", "user_id", 0}},
};

static const FuzzRel aRel[] = {
    {"User", "posts", "Post", 1},
    {"User", "profile", "Profile", 0},
    {"User", "latest", "Post", 0},
    {"User", "comments", "Comment", 1},
    {"User", "remarks", "Comment", 1},
    {"User", "tags", "Tag", 1},
    {"User", "recents", "Recent", 1},
    {"Post", "author", "User", 0},
    {"Post", "tags", "Tag", 1},
    {"Post", "comments", "Comment", 1},
    {"Tag", "posts", "Post", 1},
    {"Comment", "author", "User", 0},
    {"Comment", "about", "", 0},
    {"Profile", "user", "User", 0},
    {"Profile", "comments", "Comment", 1},
    {"Node", "children", "Node", 1},
    {"Node", "parent", "Node", 0},
    {"Line", "parts", "Part", 1},
    {"Part", "whole", "Line", 0},
    {"Recent", "author", "User", 0},
    {"Post", "hot", "Comment", 1},
};

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* ----------------------------------------------------------------- choices */

/* A number below n. */
static int pick(FuzzSpeech *p, int n) {
  if (p->n == 0) return 0;
  p->n--;
  return *p->p++ % n;
}

static int chance(FuzzSpeech *p, int nOf8) {
  return pick(p, 8) >= 8 - nOf8;
}

static void say(FuzzSpeech *p, const char *zFmt, ...) {
  va_list ap;
  int n;
  va_start(ap, zFmt);
  n = vsnprintf(p->z + p->nText, (size_t)(FUZZ_TEXT - p->nText), zFmt, ap);
  va_end(ap);
  p->nText += n;
  if (p->nText > FUZZ_TEXT - 1) p->nText = FUZZ_TEXT - 1;
}

static const FuzzModel *modelOf(const char *zName) {
  int i;
  for (i = 0; i < COUNT(aModel); i++) {
    if (strcmp(aModel[i].zName, zName) == 0) return &aModel[i];
  }
  return 0;
}

static const char *column(FuzzSpeech *p, const FuzzModel *pModel) {
  int n = 0;
  while (pModel->azCol[n]) n++;
  return pick(p, 64) == 63 ? "colour" : pModel->azCol[pick(p, n)];
}

/* An association of the model, if there is one. */
static const FuzzRel *relation(FuzzSpeech *p, const FuzzModel *pModel) {
  int i, n = 0, iPick;
  for (i = 0; i < COUNT(aRel); i++) {
    n += strcmp(aRel[i].zModel, pModel->zName) == 0;
  }
  iPick = n ? pick(p, n) : -1;
  for (i = 0; i < COUNT(aRel); i++) {
    if (strcmp(aRel[i].zModel, pModel->zName) != 0) continue;
    if (iPick-- == 0) return &aRel[i];
  }
  return 0;
}

/* ------------------------------------------------------------------ values */

static void value(FuzzSpeech *p) {
  static const char *const azValue[] = {
      "0",    "1",     "2",    "3",    "-1",  "2.5", "\"a\"", "\"B\"",
      "\"\"", "\"1\"", "true", "null", "1e3", "?1",  "?2",    "\"\\u00e9\""};
  const char *z = azValue[pick(p, COUNT(azValue))];
  say(p, "%s", p->bPolicy && z[0] == '?' ? ":me" : z);
}

static void sayPredicate(FuzzSpeech *p, const FuzzModel *pModel, int nDeep);

static void aggregateArgs(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  const char *zDistinct = chance(p, 2) ? "distinct " : "";
  if (chance(p, 4)) say(p, "%s%s", zDistinct, column(p, pModel));
  if (nDeep < 4 && chance(p, 2)) {
    say(p, " where ");
    sayPredicate(p, pModel, nDeep + 1);
  }
}

static const char *const azAgg[] = {"count", "sum",   "avg",   "min",
                                    "max",   "total", "exists"};

static void aggregate(FuzzSpeech *p, const FuzzRel *pRel, int nDeep) {
  const FuzzModel *pTo = modelOf(pRel->zTarget);
  say(p, "%s.%s(", pRel->zName, azAgg[pick(p, COUNT(azAgg))]);
  if (pTo) aggregateArgs(p, pTo, nDeep);
  say(p, ")");
}

/* A column, one of a to-one, an aggregate or a column of the join row. */
static void key(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  const FuzzRel *pRel = chance(p, 2) ? relation(p, pModel) : 0;
  const FuzzModel *pTo = pRel ? modelOf(pRel->zTarget) : 0;
  if (nDeep > 0 && pick(p, 16) == 15) {
    say(p, "@priority");
  } else if (pTo && !pRel->bMany && chance(p, 6)) {
    say(p, "%s.%s", pRel->zName, column(p, pTo));
  } else if (pTo) {
    aggregate(p, pRel, nDeep);
  } else {
    say(p, "%s", column(p, pModel));
  }
}

static void comparison(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  static const char *const azWord[] = {"starts with", "ends with", "contains"};
  static const char *const azCmp[] = {"=", "<>", "<", "<=", ">", ">=", "=="};
  switch (pick(p, 12)) {
  case 0: say(p, " is %snull", chance(p, 4) ? "not " : ""); break;
  case 1:
    say(p, "%s in (", chance(p, 3) ? " not" : "");
    value(p);
    while (chance(p, 4)) {
      say(p, ", ");
      value(p);
    }
    say(p, ")");
    break;
  case 2:
    say(p, "%s between ", chance(p, 3) ? " not" : "");
    value(p);
    say(p, " and ");
    value(p);
    break;
  case 3:
    say(p, " %s%s \"%s\"", chance(p, 2) ? "not " : "",
        chance(p, 4) ? "like" : "glob", chance(p, 4) ? "%a%" : "*1");
    break;
  case 4:
    say(p, " %s%s \"%s\"", chance(p, 2) ? "not " : "",
        azWord[pick(p, COUNT(azWord))], chance(p, 4) ? "a" : "_%");
    break;
  case 5: say(p, " %sin ?1", chance(p, 3) ? "not " : ""); break;
  case 6:
    say(p, " %s ", azCmp[pick(p, COUNT(azCmp))]);
    key(p, pModel, nDeep);
    break;
  default: say(p, " %s ", azCmp[pick(p, COUNT(azCmp))]); value(p);
  }
}

/* The targets of polymorphic associations. */
static const char *const azOn[] = {"User", "Post", "Profile"};

static void quantifier(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  static const char *const azHow[] = {"some", "every", "none"};
  const FuzzRel *pRel = relation(p, pModel);
  const FuzzModel *pTo = pRel ? modelOf(pRel->zTarget) : 0;
  if (pRel == 0) {
    say(p, "1 = 1");
    return;
  }
  say(p, "%s %s", azHow[pick(p, 3)], pRel->zName);
  if (pTo == 0) {
    const char *zOn = azOn[pick(p, COUNT(azOn))];
    if (chance(p, 7)) say(p, " on %s", zOn);
    pTo = modelOf(zOn);
  }
  if (chance(p, 5)) {
    say(p, "(");
    sayPredicate(p, pTo, nDeep + 1);
    say(p, ")");
  }
}

static void sayPredicate(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  int nMore = nDeep < 4 ? pick(p, 3) : 0;
  do {
    if (chance(p, 1)) say(p, "not ");
    if (nDeep < 4 && chance(p, 1)) {
      say(p, "(");
      sayPredicate(p, pModel, nDeep + 1);
      say(p, ")");
    } else if (nDeep < 4 && chance(p, 2)) {
      quantifier(p, pModel, nDeep);
    } else {
      key(p, pModel, nDeep);
      comparison(p, pModel, nDeep);
    }
    if (nMore) say(p, chance(p, 4) ? " and " : " or ");
  } while (nMore--);
}

/* ----------------------------------------------------------------- clauses */

static void order(FuzzSpeech *p, const FuzzModel *pModel) {
  say(p, "order by ");
  do {
    key(p, pModel, 3);
    if (chance(p, 1)) say(p, " collate nocase");
    if (chance(p, 3)) say(p, " desc");
    if (chance(p, 1)) say(p, " nulls %s", chance(p, 4) ? "first" : "last");
  } while (chance(p, 2) && (say(p, ", "), 1));
}

static void clause(FuzzSpeech *p, const FuzzModel *pModel) {
  switch (pick(p, 14)) {
  case 0:
  case 1: order(p, pModel); break;
  case 2:
  case 3: say(p, "limit %d", pick(p, 5)); break;
  case 4: say(p, "offset %d", pick(p, 3)); break;
  case 5: say(p, "page count first %d", pick(p, 4)); break;
  case 6: say(p, "page last %d", 1 + pick(p, 3)); break;
  case 7: say(p, "scope big(%d)", pick(p, 9)); break;
  case 8: say(p, "required"); break;
  case 9: say(p, "paranoid false"); break;
  case 10:
    say(p, "page edges %sfirst %d", chance(p, 4) ? "count " : "", pick(p, 4));
    break;
  case 11:
    say(p, "page{pageInfo{endCursor hasNextPage} edges{node cursor}} first %d",
        pick(p, 4));
    break;
  default: sayPredicate(p, pModel, 1);
  }
}

static void clauses(FuzzSpeech *p, const FuzzModel *pModel) {
  if (!chance(p, 3)) return;
  say(p, "(");
  do {
    clause(p, pModel);
  } while (chance(p, 3) && (say(p, " "), 1));
  say(p, ")");
}

/* ------------------------------------------------------------------- items */

static void block(FuzzSpeech *p, const FuzzModel *pModel, int nDeep);

static void branches(FuzzSpeech *p, int nDeep) {
  int i;
  say(p, "{");
  for (i = 0; i < 3; i++) {
    if (!chance(p, 5)) continue;
    say(p, " on %s", azOn[i]);
    block(p, modelOf(azOn[i]), nDeep + 1);
  }
  say(p, "}");
}

static void association(FuzzSpeech *p, const FuzzRel *pRel, int nDeep) {
  const FuzzModel *pTo = modelOf(pRel->zTarget);
  int bSpread = chance(p, 1);
  say(p, "%s%s%s", bSpread ? "..." : "", pRel->zName, chance(p, 1) ? "!" : "");
  if (strcmp(pRel->zModel, "Node") == 0 && chance(p, 4)) {
    say(p, chance(p, 4) ? "^" : "^2");
  }
  if (pTo) clauses(p, pTo);
  if (pTo && nDeep < 4 && chance(p, 5)) {
    block(p, pTo, nDeep + 1);
  } else if (pTo == 0) {
    branches(p, nDeep);
  }
  if (!bSpread && chance(p, 2)) say(p, " as a%d", p->nAlias++);
}

static void item(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  const FuzzRel *pRel = chance(p, 4) ? relation(p, pModel) : 0;
  if (pRel && chance(p, 2) && pRel->zTarget[0]) {
    aggregate(p, pRel, nDeep);
    say(p, " as a%d", p->nAlias++);
  } else if (pRel) {
    association(p, pRel, nDeep);
  } else {
    switch (pick(p, 18)) {
    case 12: say(p, "\"a\" as a%d", p->nAlias++); break;
    case 13: say(p, "-2.5 as a%d", p->nAlias++); break;
    case 14: say(p, "model() as a%d", p->nAlias++); break;
    case 15: say(p, "cursor() as a%d", p->nAlias++); break;
    case 16:
      say(p, "text(%s) as a%d", column(p, pModel), p->nAlias);
      p->nAlias++;
      break;
    case 0: say(p, "*"); break;
    case 1: say(p, "**"); break;
    case 2: say(p, "-%s", column(p, pModel)); break;
    case 3: say(p, "@priority as a%d", p->nAlias++); break;
    case 4: say(p, "%s", column(p, pModel)); break;
    default: say(p, "%s as a%d", column(p, pModel), p->nAlias++);
    }
  }
}

static void block(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  say(p, "{");
  do {
    say(p, " ");
    item(p, pModel, nDeep);
  } while (p->n && chance(p, 5));
  say(p, "}");
}

/* Aggregates of the roots. */
static void totals(FuzzSpeech *p, const FuzzModel *pModel) {
  say(p, "{");
  do {
    say(p, " %s(", azAgg[pick(p, COUNT(azAgg))]);
    aggregateArgs(p, pModel, 0);
    say(p, ") as a%d", p->nAlias++);
  } while (p->n && chance(p, 4));
  say(p, "}");
}

static void query(FuzzSpeech *p) {
  const FuzzModel *pModel = &aModel[pick(p, COUNT(aModel))];
  say(p, "%s", pModel->zName);
  clauses(p, pModel);
  if (chance(p, 1)) {
    totals(p, pModel);
  } else {
    block(p, pModel, 0);
  }
}

/* One query, or two that each have a name. */
void fuzzQuery(FuzzSpeech *p) {
  int bTwo = pick(p, 16) == 15;
  query(p);
  if (!bTwo) return;
  say(p, " as one, ");
  query(p);
  say(p, " as two");
}

const char *fuzzItem(FuzzSpeech *p) {
  const FuzzModel *pModel = &aModel[pick(p, COUNT(aModel))];
  const FuzzRel *pRel = relation(p, pModel);
  association(p, pRel, 2);
  return pModel->zName;
}

const char *fuzzCondition(FuzzSpeech *p) {
  const FuzzModel *pModel = &aModel[pick(p, COUNT(aModel))];
  sayPredicate(p, pModel, 1);
  return pModel->zName;
}

/* ---------------------------------------------------------------- payloads */

static void payloadValue(FuzzSpeech *p) {
  static const char *const azValue[] = {
      "1",    "2",     "99",    "null", "\"a\"",    "\"new\"",   "2.5",
      "true", "[1,2]", "[1,1]", "\"\"", "\"00FF\"", "{\"a\":1}", "-9"};
  say(p, "%s", azValue[pick(p, COUNT(azValue))]);
}

/* One of the words that begin with #. */
static void payloadWord(FuzzSpeech *p, const FuzzModel *pModel) {
  switch (pick(p, 5)) {
  case 0: say(p, "\"#by\":\"%s\"", column(p, pModel)); break;
  case 1: say(p, "\"#upsert\":\"%s\"", column(p, pModel)); break;
  case 2: say(p, "\"#id\":\"x\""); break;
  case 3: say(p, "\"#ref\":\"x\""); break;
  case 4:
    say(p, "\"#by\":[\"%s\",\"%s\"]", column(p, pModel), column(p, pModel));
    break;
  }
}

static void payload(FuzzSpeech *p, const FuzzModel *pModel, int nDeep);

/* What stands under an association: a row, a list, or {"#set":[...]}. */
static void payloadRelated(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  const FuzzRel *pRel = relation(p, pModel);
  const FuzzModel *pTo = pRel ? modelOf(pRel->zTarget) : 0;
  int i, n = pick(p, 4), bSet = chance(p, 2);
  if (pRel == 0) return;
  say(p, ",\"%s\":", pRel->zName);
  if (pTo == 0) {
    say(p, "{\"Post\":");
    payload(p, modelOf("Post"), nDeep + 1);
    say(p, "}");
    return;
  }
  if (!pRel->bMany && chance(p, 7)) n = -1;
  if (n < 0) {
    payload(p, pTo, nDeep + 1);
    return;
  }
  say(p, bSet ? "{\"#set\":[" : "[");
  for (i = 0; i < n; i++) {
    if (i) say(p, ",");
    payload(p, pTo, nDeep + 1);
  }
  say(p, bSet ? "]}" : "]");
}

/* A row: a key alone, or columns and what is related. */
static void payload(FuzzSpeech *p, const FuzzModel *pModel, int nDeep) {
  int i, n = pick(p, 4);
  if (chance(p, 2) || p->n == 0) {
    payloadValue(p);
    return;
  }
  say(p, "{");
  if (chance(p, 3)) {
    payloadWord(p, pModel);
  } else {
    say(p, "\"%s\":", column(p, pModel));
    payloadValue(p);
  }
  for (i = 0; i < n; i++) {
    say(p, ",\"%s\":", column(p, pModel));
    payloadValue(p);
  }
  for (i = pick(p, 3); nDeep < 5 && i > 0; i--) {
    payloadRelated(p, pModel, nDeep);
  }
  say(p, "}");
}

const char *fuzzPayload(FuzzSpeech *p) {
  const FuzzModel *pModel = &aModel[pick(p, COUNT(aModel))];
  int i, n = 1 + pick(p, 3), bList = chance(p, 3);
  if (bList) say(p, "[");
  for (i = 0; i < (bList ? n : 1); i++) {
    if (i) say(p, ",");
    payload(p, pModel, 0);
  }
  if (bList) say(p, "]");
  return pModel->zName;
}

/* ---------------------------------------------------------------- policies */

/* A predicate as a text in JSON. */
static void quoted(FuzzSpeech *p, const FuzzModel *pModel) {
  static char z[FUZZ_TEXT];
  int i, iStart = p->nText;
  sayPredicate(p, pModel, 2);
  memcpy(z, p->z + iStart, (size_t)(p->nText - iStart) + 1);
  p->nText = iStart;
  say(p, "\"");
  for (i = 0; z[i]; i++) {
    say(p, z[i] == '"' || z[i] == '\\' ? "\\%c" : "%c", z[i]);
  }
  say(p, "\"");
}

const char *fuzzPolicy(FuzzSpeech *p) {
  static const char *const azMay[] = {"read", "create", "update", "delete"};
  const FuzzModel *pModel = &aModel[pick(p, COUNT(aModel))];
  int i, bPolicy = p->bPolicy;
  p->bPolicy = 1;
  say(p, "{\"force\":true");
  for (i = 0; i < COUNT(azMay); i++) {
    if (chance(p, 3)) continue;
    say(p, ",\"%s\":", azMay[i]);
    if (chance(p, i ? 5 : 1)) {
      say(p, "%s", chance(p, 6) ? "true" : "false");
    } else {
      quoted(p, pModel);
    }
  }
  if (chance(p, 3)) say(p, ",\"hide\":[\"%s\"]", column(p, pModel));
  if (chance(p, 3)) say(p, ",\"fixed\":[\"%s\"]", column(p, pModel));
  say(p, "}");
  p->bPolicy = bPolicy;
  return pModel->zName;
}
