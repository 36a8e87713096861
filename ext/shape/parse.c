/*
** A shape is read: which of its two forms is it?
*/
#include "shape/shape.h"

/*
** JSON starts with "[", or with "{" and then a quote: no block of the text
** form does.
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

AssocShape *assocShapeParse(AssocCall *pCall, AssocArena *pArena, int eKind,
                            const char *zText, int nText) {
  AssocShape *pShape = assocAlloc(pCall, pArena, sizeof(*pShape));
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
