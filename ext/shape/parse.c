/*
** Reading a shape: decides between its two forms.
*/
#include "shape/shape.h"

/*
** JSON begins with "[", or with "{" and a quote. A block of the text form may
** begin with a constant, {"User" as kind}, and in JSON no "as" follows a text.
*/
static int textIsJson(const char *z, int n) {
  int i = 0;
  while (i < n && assocIsGap(z[i])) i++;
  if (i < n && z[i] == '[') return 1;
  if (i >= n || z[i] != '{') return 0;
  for (i++; i < n && assocIsGap(z[i]); i++) {
  }
  if (i >= n || z[i] != '"') return 0;
  for (i++; i < n && z[i] != '"'; i++) {
    if (z[i] == '\\') i++;
  }
  for (i++; i < n && assocIsGap(z[i]); i++) {
  }
  return i + 1 >= n || sqlite3_strnicmp(&z[i], "as", 2) != 0;
}

/* Several queries share their parameters, and each has a key of its own. */
static void endQueries(AssocCall *pCall, AssocShape *pShape) {
  AssocShape *p, *pOther;
  for (p = pShape; p; p = p->pNext) {
    p->bNamed = pShape->bNamed;
    p->nParam = pShape->nParam;
    for (pOther = pShape; pOther != p; pOther = pOther->pNext) {
      if (strcmp(p->pAlias->z, pOther->pAlias->z) != 0) continue;
      assocShapeFail(pCall, p->bJson ? 0 : p->zText, p->pAlias->iOff,
                     &(AssocWhy){.eReason = ASSOC_E_ARGUMENT},
                     "two queries have the name '%s'", p->pAlias->z);
    }
  }
}

/* The text is copied: the tree points into it, and errors show it later. */
AssocShape *assocShapeParse(AssocCall *pCall, AssocArena *pArena, int eKind,
                            const char *zText, int nText) {
  AssocShape *pShape = assocAlloc(pCall, pArena, sizeof(*pShape));
  assert(eKind >= SHAPE_QUERY && eKind <= SHAPE_ONE);
  if (pShape == 0) return 0;
  pShape->eKind = (u8)eKind;
  if (nText < 0) nText = (int)strlen(zText);
  pShape->zText = assocArenaText(pCall, pArena, zText, nText);
  if (pShape->zText == 0) return 0;
  pShape->bJson = (u8)textIsJson(pShape->zText, nText);
  if (pShape->bJson) {
    assocShapeParseJson(pCall, pArena, pShape, nText);
  } else {
    assocShapeParseText(pCall, pArena, pShape, nText);
  }
  if (pCall->rc == SQLITE_OK) endQueries(pCall, pShape);
  return pCall->rc == SQLITE_OK ? pShape : 0;
}
