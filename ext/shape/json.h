/*
** What the two files of the JSON form share: json.c, which reads find options,
** and jsonwhere.c, which reads what stands in them. Used by no other.
*/
#ifndef ASSOC_SHAPE_JSON_H
#define ASSOC_SHAPE_JSON_H

#include "shape/shape.h"

typedef struct JsonParser JsonParser;
struct JsonParser {
  AssocCall *pCall;
  AssocArena *pArena;
  AssocShape *pShape;
  int nDepth;
  int nItem;
};

/* Zeroed memory that lasts as long as the tree; 0 after an error. */
void *shapeJsonAlloc(JsonParser *p, size_t n);
/* One level deeper: false if that is too deep. Left again if it is true. */
int shapeJsonEnter(JsonParser *p);
void shapeJsonLeave(JsonParser *p);
/* One more item or condition: together they are bounded. */
void shapeJsonCount(JsonParser *p);

/* A name; a path of names with dots between, which may be said to be zWhat. */
ShapeName *shapeJsonName(JsonParser *p, const char *z, int n);
ShapeName *shapeJsonPath(JsonParser *p, const char *z, int n);
ShapeName *shapeJsonPathOf(JsonParser *p, AssocJson *pJson, const char *zWhat);
/* Fail unless pJson is a text. Is it true? It may also be false, or absent. */
int shapeJsonIsText(JsonParser *p, AssocJson *pJson, const char *zWhat);
int shapeJsonIsTrue(JsonParser *p, AssocJson *pJson, const char *zWhat);

/* A literal or a parameter. */
ShapeVal *shapeJsonVal(JsonParser *p, AssocJson *pJson, const char *zWhat);
/* {"aggregate":"count","of":"comments"} */
void shapeJsonAgg(JsonParser *p, AssocJson *pObj, ShapeKey *pKey);
/* What stands under "where" and under "order". */
ShapePred *shapeJsonWhere(JsonParser *p, AssocJson *pJson);
ShapeSort *shapeJsonOrder(JsonParser *p, AssocJson *pJson);

/* What to write instead of a find option or an operator that other languages
** have, or 0. */
const char *shapeJsonInstead(const char *zKey);

#endif /* ASSOC_SHAPE_JSON_H */
