/*
** Shared by the files of the JSON form. No other file uses it.
**
**   jsonform.c   reads an object of find options, and its includes
**   jsonwhere.c  reads names, values, aggregates, conditions and orders
**   jsoncall.c   reads what Sequelize's fn() and col() become
*/
#ifndef ASSOC_SHAPE_JSON_H
#define ASSOC_SHAPE_JSON_H

#include "shape/shape.h"

typedef struct JsonParser JsonParser;
/* The state of reading one shape or one part of it. */
struct JsonParser {
  AssocCall *pCall;   /* Receives the first error */
  AssocArena *pArena; /* Holds the tree */
  AssocShape *pShape; /* The shape that is read; learns its parameters */
  int nDepth; /* Objects and conditions that are open: shapeJsonEnter() */
  int nItem;  /* Items and conditions so far: shapeJsonCount() */
};

/* Zeroed memory that lives as long as the tree. 0 after an error. */
void *shapeJsonAlloc(JsonParser *p, size_t n);
/* Enter one more level. False and an error if the nesting is too deep. If it is
** true, the caller calls shapeJsonLeave(). */
int shapeJsonEnter(JsonParser *p);
/* The counterpart of shapeJsonEnter(). */
void shapeJsonLeave(JsonParser *p);
/* Count an item or condition. An error if there are too many. */
void shapeJsonCount(JsonParser *p);

/* A name of n bytes. 0 after an error. */
ShapeName *shapeJsonName(JsonParser *p, const char *z, int n);
/* A path from a text of n bytes with dots: "author.name". 0 after an error. */
ShapeName *shapeJsonPath(JsonParser *p, const char *z, int n);
/* The same of a JSON text; anything else is an error, in which zWhat names it. */
ShapeName *shapeJsonPathOf(JsonParser *p, AssocJson *pJson, const char *zWhat);
/* False and an error unless pJson is a text. */
int shapeJsonIsText(JsonParser *p, AssocJson *pJson, const char *zWhat);
/* The value of a boolean. False if it is absent; any other type is an error. */
int shapeJsonIsTrue(JsonParser *p, AssocJson *pJson, const char *zWhat);

/* A literal or a parameter. zWhat names it in an error. */
ShapeVal *shapeJsonVal(JsonParser *p, AssocJson *pJson, const char *zWhat);
/* Read an aggregate: {"aggregate":"count","of":"comments"}. With bRoots "of" may
** be absent: it is of the roots. */
void shapeJsonAgg(JsonParser *p, AssocJson *pObj, ShapeKey *pKey, int bRoots);
/* Is it the JSON of Sequelize's fn(), col(), literal(), cast() or where()? */
int shapeJsonIsCall(AssocJson *pJson);
/* Read that: *pKey becomes a column or an aggregate. Anything else is an
** error. */
void shapeJsonCall(JsonParser *p, AssocJson *pJson, ShapeKey *pKey);
/* Read the value of "where". 0 if it has no condition, or after an error. */
ShapePred *shapeJsonWhere(JsonParser *p, AssocJson *pJson);
/* Read the value of "order": the first term. 0 after an error. */
ShapeSort *shapeJsonOrder(JsonParser *p, AssocJson *pJson);

/* What to write instead of an option or operator known from other libraries; 0
** if there is no advice. */
const char *shapeJsonInstead(const char *zKey);

#endif /* ASSOC_SHAPE_JSON_H */
