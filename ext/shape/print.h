/*
** What the printers of trees share: print.c prints text, test/printjson.c
** prints JSON for the tests.
*/
#ifndef ASSOC_SHAPE_PRINT_H
#define ASSOC_SHAPE_PRINT_H

#include "shape/shape.h"

typedef struct ShapePrinter ShapePrinter;
struct ShapePrinter {
  AssocCall *pCall;
  AssocOut out;
};

/* Does it say anything? pC may be 0. */
int shapeHasClauses(const ShapeClauses *pC);
void shapePut(ShapePrinter *p, const char *z);
/* A string in double quotes, n bytes of z. */
void shapePutString(ShapePrinter *p, const char *z, int n);
/* A name between backticks. */
void shapePrintQuoted(ShapePrinter *p, const char *z);
/* A literal, which text and JSON spell alike. */
void shapePrintLiteral(ShapePrinter *p, const ShapeVal *pVal);

#endif /* ASSOC_SHAPE_PRINT_H */
