/*
** Words of the text form. Used by lex.c and text.c only.
*/
#ifndef ASSOC_SHAPE_LEX_H
#define ASSOC_SHAPE_LEX_H

#include "shape/shape.h"

typedef struct ShapeToken ShapeToken;
struct ShapeToken {
  int eType; /* TK_*, or the character itself: '{', '=', ... */
  int iOff;  /* Where it starts */
  int n;     /* How many bytes it has */
};
#define TK_END 256
#define TK_BAD 257    /* Nothing that a text may hold */
#define TK_WORD 258   /* A name or a keyword */
#define TK_QUOTED 259 /* `name` */
#define TK_NUMBER 260
#define TK_STRING 261 /* "text" */
#define TK_SINGLE 262 /* 'text', which is a mistake */
#define TK_INDEX 263  /* ? or ?n */
#define TK_NAMED 264  /* :name or :`name` */
#define TK_STARS 265  /* two stars */
#define TK_SPREAD 266 /* ... */
#define TK_EQ 267     /* = and == */
#define TK_NE 268     /* != and <> */
#define TK_LE 269
#define TK_GE 270

/* The token at or after byte iFrom of z, which has n bytes. */
ShapeToken shapeLex(const char *z, int n, int iFrom);

/* True if zWord, in lower case, is the word of the token. */
int shapeIsWord(const char *z, const ShapeToken *pTok, const char *zWord);

#endif /* ASSOC_SHAPE_LEX_H */
