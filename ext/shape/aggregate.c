/*
** The registry of aggregates as a table: see aggregate.h.
*/
#include "shape/aggregate.h"

const ShapeAggregate aShapeAgg[SHAPE_NAGG] = {
#define SHAPE_AGG_ROW(NUMBER, zName, zNone, mFlag) {zName, zNone, mFlag},
    SHAPE_AGGREGATES(SHAPE_AGG_ROW)
#undef SHAPE_AGG_ROW
};

/* z need not end in a NUL. -1: there is no such aggregate. */
int assocAggFind(const char *z, int n) {
  int i;
  assert(z && n >= 0);
  for (i = 0; i < SHAPE_NAGG; i++) {
    const char *zName = aShapeAgg[i].zName;
    if ((int)strlen(zName) == n && sqlite3_strnicmp(z, zName, n) == 0) return i;
  }
  return -1;
}

/* "count, sum, ... and exists": zLast is the text before the last name. The
** list is made from the table, so an error never forgets a new aggregate. */
const char *assocAggNames(AssocCall *pCall, AssocArena *pArena,
                          const char *zLast) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i;
  for (i = 0; i < SHAPE_NAGG; i++) {
    sqlite3_str_appendf(pStr, "%s%s",
                        i == 0               ? ""
                        : i < SHAPE_NAGG - 1 ? ", "
                                             : zLast,
                        aShapeAgg[i].zName);
  }
  return assocArenaStr(pCall, pArena, pStr);
}
