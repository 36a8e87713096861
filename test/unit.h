/*
** What the files of unit.so share: the insides of the lower floors, for tests.
*/
#ifndef ASSOC_UNIT_H
#define ASSOC_UNIT_H

#include "shape/shape.h"

/* The shape as JSON. OUT: the caller frees with sqlite3_free(). */
char *unitShapeJson(AssocCall *pCall, const AssocShape *pShape);

#endif /* ASSOC_UNIT_H */
