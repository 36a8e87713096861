/*
** Tokens of the text form. lex.c makes them; textform.c, advice.c and print.c
** use them.
*/
#ifndef ASSOC_SHAPE_LEX_H
#define ASSOC_SHAPE_LEX_H

#include "shape/shape.h"

typedef struct ShapeToken ShapeToken;
/* One token of the text. */
struct ShapeToken {
  int eType; /* TK_*, or the character itself: '{', '=', ... */
  int iOff;  /* Byte offset of its start */
  int n;     /* Its length in bytes */
};
#define TK_END 256    /* The end of the text */
#define TK_BAD 257    /* Not allowed in a shape */
#define TK_WORD 258   /* A name or a keyword */
#define TK_QUOTED 259 /* `name` */
#define TK_NUMBER 260
#define TK_STRING 261 /* "text" */
#define TK_SINGLE 262 /* 'text': an error, textform.c says why */
#define TK_INDEX 263  /* ? or ?n */
#define TK_NAMED 264  /* :name or :`name` */
#define TK_STARS 265  /* Two stars: every column and to-one */
#define TK_SPREAD 266 /* ... */
#define TK_EQ 267     /* = and ==. From here on: comparisons */
#define TK_NE 268     /* != and <> */
#define TK_LE 269     /* <= */
#define TK_GE 270     /* >= */

/* The first token that starts at or after byte iFrom of z. n is the length of
** z. */
ShapeToken shapeLex(const char *z, int n, int iFrom);

/* Is the token the word zWord? zWord is in lower case; case is ignored. */
int shapeIsWord(const char *z, const ShapeToken *pTok, const char *zWord);

#endif /* ASSOC_SHAPE_LEX_H */
