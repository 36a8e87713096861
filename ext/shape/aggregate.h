/*
** The registry of aggregates. An aggregate is one row here: the two readers,
** the printers, the planner and the writers of SQL are all made from it.
**
**   name    the word in a shape, and the SQL function that computes it
**   zNone   its JSON for a parent without related rows
**   mFlag   what the writers of SQL and JSON must know of it
*/
#ifndef ASSOC_SHAPE_AGGREGATE_H
#define ASSOC_SHAPE_AGGREGATE_H

#include "base/base.h"

#define SHAPE_AGGREGATES(X)                                                    \
  X(COUNT, "count", "0", SHAPE_AGG_STAR)                                       \
  X(SUM, "sum", "null", 0)                                                     \
  X(AVG, "avg", "null", 0)                                                     \
  X(MIN, "min", "null", SHAPE_AGG_PICKS)                                       \
  X(MAX, "max", "null", SHAPE_AGG_PICKS)                                       \
  X(TOTAL, "total", "0.0", 0)                                                  \
  X(EXISTS, "exists", "false", SHAPE_AGG_STAR | SHAPE_AGG_TEST)

#define SHAPE_AGG_STAR 1  /* Needs no column: posts.count() */
#define SHAPE_AGG_PICKS 2 /* Returns one of the values, maybe a BLOB */
#define SHAPE_AGG_TEST 4  /* EXISTS(SELECT ...) instead of a function */

/* SHAPE_AGG_COUNT, ...: the number of an aggregate. */
enum {
#define SHAPE_AGG_NUMBER(NUMBER, zName, zNone, mFlag) SHAPE_AGG_##NUMBER,
  SHAPE_AGGREGATES(SHAPE_AGG_NUMBER)
#undef SHAPE_AGG_NUMBER
  SHAPE_NAGG
};

typedef struct ShapeAggregate ShapeAggregate;
struct ShapeAggregate {
  const char *zName; /* "count": the word of a shape and of SQL */
  const char *zNone; /* Its JSON for a parent without related rows */
  int mFlag;         /* A set of SHAPE_AGG_STAR, _PICKS and _TEST */
};
extern const ShapeAggregate aShapeAgg[SHAPE_NAGG];

/* The number of the aggregate whose name is the n bytes of z, in any case, or
** -1. */
int assocAggFind(const char *z, int n);
/* The names of all aggregates, with zLast before the last one: "count, sum and
** exists". The text lives in pArena; 0 after an error. */
const char *assocAggNames(AssocCall *pCall, AssocArena *pArena,
                          const char *zLast);

#endif /* ASSOC_SHAPE_AGGREGATE_H */
