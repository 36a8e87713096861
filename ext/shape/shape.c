/*
** Shared by the two forms of the shape language: names of operators,
** errors with a caret, and the AND of predicates.
**
**   User{name pots}
**             ^
*/
#include "shape/shape.h"

const char *const azShapeAll[SHAPE_NALL] = {
    "All", "BelongsTo", "HasOne", "HasMany", "One", "Has", "Many"};

const char *const azShapeOp[SHAPE_NOP] = {
    "and",  "or",   "not",   "some",        "every",     "none",     "=",
    "<>",   "<",    "<=",    ">",           ">=",        "in",       "between",
    "like", "glob", "match", "starts with", "ends with", "contains", "is null"};

const char *const azShapePart[SHAPE_NPART] = {
    "count", "nodes",       "edges",     "pageInfo",    "cursor",
    "node",  "startCursor", "endCursor", "hasNextPage", "hasPreviousPage"};

/*
** Append the line that contains byte iOff, and a caret under that byte. A long
** line is cut around the byte. Columns are counted in characters, so the caret
** is right behind letters outside ASCII; a tab stands under a tab.
*/
static void appendCaret(sqlite3_str *pStr, const char *z, int iOff) {
  int iFrom = iOff, iTo = iOff, i;
  assert(iOff >= 0);
  while (iFrom > 0 && z[iFrom - 1] != '\n') iFrom--;
  while (z[iTo] && z[iTo] != '\n' && z[iTo] != '\r') iTo++;
  if (iOff - iFrom > 60) {
    iFrom = iOff - 60;
    while ((z[iFrom] & 0xc0) == 0x80) iFrom++;
  }
  if (iTo - iFrom > 76 && iTo - iOff > 20) {
    iTo = iOff + 20;
    while ((z[iTo] & 0xc0) == 0x80) iTo--;
  }
  sqlite3_str_appendf(pStr, "\n  %.*s\n  ", iTo - iFrom, &z[iFrom]);
  for (i = iFrom; i < iOff; i++) {
    if ((z[i] & 0xc0) == 0x80) continue;
    sqlite3_str_appendchar(pStr, 1, z[i] == '\t' ? '\t' : ' ');
  }
  sqlite3_str_appendchar(pStr, 1, '^');
}

/* The caret is added to an error that exists already and has none. Errors of
** SQLite itself have no place. iOff is a byte; the caret counts characters. */
void assocShapeAt(AssocCall *pCall, const char *zText, int iOff) {
  AssocErr *pErr = &pCall->err;
  sqlite3_str *pStr;
  assert(pErr->iAt < 0); /* Nothing looks for a place after an earlier error */
  if (pErr->eReason == ASSOC_E_SQLITE || iOff < 0) return;
  if (zText == 0) return;
  pStr = sqlite3_str_new(pCall->db);
  appendCaret(pStr, zText, iOff);
  pErr->zCaret = sqlite3_str_finish(pStr);
  pErr->iAt = iOff;
  if (pErr->zCaret) return;
  assocErrClear(pErr);
  pCall->rc = SQLITE_NOMEM;
}

/* Raise an error and show its place. After an earlier error nothing happens. */
void assocShapeFail(AssocCall *pCall, const char *zText, int iOff,
                    const AssocWhy *pWhy, const char *zFmt, ...) {
  va_list ap;
  if (pCall->rc != SQLITE_OK) return;
  va_start(ap, zFmt);
  assocFailV(pCall, pWhy, zFmt, ap);
  va_end(ap);
  assocShapeAt(pCall, zText, iOff);
}

const char zShapeInside[] =
    "a shape does not look into JSON, but a generated column can";
const char zShapeThrough[] =
    "through (...) takes conditions of the join row only; write order, limit "
    "and the like beside it; there, @column is a column of the join row";

/* Do the clauses contain anything but conditions? The clause "through (...)"
** may not. */
int shapeNotCondition(const ShapeClauses *pC) {
  return pC->pOrder || pC->pLimit || pC->pOffset || pC->pFirst || pC->pLast ||
         pC->pAfter || pC->pBefore || pC->pThrough || pC->bRequired ||
         pC->bPage;
}

AssocShape *assocShapeAnother(AssocCall *pCall, AssocArena *pArena,
                              AssocShape *pFirst) {
  AssocShape *pNew = assocAlloc(pCall, pArena, sizeof(*pNew));
  if (pNew == 0) return 0;
  pNew->zText = pFirst->zText;
  pNew->eKind = pFirst->eKind;
  pNew->bJson = pFirst->bJson;
  return pNew;
}

/* Nested ANDs become one list, so that conditions on one path can be found
** together. */
ShapePred *assocShapeAnd(AssocCall *pCall, AssocArena *pArena, ShapePred *p1,
                         ShapePred *p2) {
  ShapePred *pAnd, **ppEnd;
  assert(p1 == 0 || p1 != p2);
  if (p1 == 0 || p2 == 0) return p1 ? p1 : p2;
  pAnd = assocAlloc(pCall, pArena, sizeof(*pAnd));
  if (pAnd == 0) return 0;
  pAnd->eOp = SHAPE_OP_AND;
  pAnd->iOff = p1->iOff;
  pAnd->pSub = p1->eOp == SHAPE_OP_AND ? p1->pSub : p1;
  for (ppEnd = &pAnd->pSub; *ppEnd; ppEnd = &(*ppEnd)->pNext) {
  }
  *ppEnd = p2->eOp == SHAPE_OP_AND ? p2->pSub : p2;
  return pAnd;
}
