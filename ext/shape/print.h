/*
** Shared by the two printers of trees: print.c prints text, test/printjson.c
** prints JSON for the tests.
*/
#ifndef ASSOC_SHAPE_PRINT_H
#define ASSOC_SHAPE_PRINT_H

#include "shape/shape.h"

typedef struct ShapePrinter ShapePrinter;
/* Where a tree is printed. */
struct ShapePrinter {
  AssocCall *pCall;     /* Receives an error of memory */
  AssocOut out;         /* OWNED: the text so far */
  AssocArena *pArena;   /* Of pMasked */
  ShapeMasked *pMasked; /* Collects literals, and prints their types; or 0 */
  int nKeep;            /* Above 0: inside a part whose literals are kept */
};

/* Do the clauses contain anything? pC may be 0. */
int shapeHasClauses(const ShapeClauses *pC);
/* Append z. */
void shapePut(ShapePrinter *p, const char *z);
/* Append n bytes of z as a string in double quotes. */
void shapePutString(ShapePrinter *p, const char *z, int n);
/* Append a name between backticks. */
void shapePrintQuoted(ShapePrinter *p, const char *z);
/* Append a literal, which is spelt alike in text and JSON. */
void shapePrintLiteral(ShapePrinter *p, const ShapeVal *pVal);

#endif /* ASSOC_SHAPE_PRINT_H */
