/*
** Reading a shape: decides between its two forms.
*/
#include "shape/shape.h"

/*
** JSON begins with "[", or with "{" and a quote. No block of the text form
** begins so.
*/
static int textIsJson(const char *z, int n) {
  int i = 0;
  while (i < n && strchr(" \t\r\n", z[i])) i++;
  if (i < n && z[i] == '[') return 1;
  if (i >= n || z[i] != '{') return 0;
  for (i++; i < n && strchr(" \t\r\n", z[i]); i++) {
  }
  return i < n && z[i] == '"';
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
  return pCall->rc == SQLITE_OK ? pShape : 0;
}
