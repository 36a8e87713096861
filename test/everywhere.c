/* Linked into SQLite's testfixture, which calls assocEverywhere() for each new
** connection: if the environment says so, the connection gets assoc. */
#include <stdlib.h>
#include <sqlite3.h>
#include "assoc.h"

int assocEverywhere(sqlite3 *db);
int assocEverywhere(sqlite3 *db) {
  if (getenv("ASSOC_EVERYWHERE") == 0) return SQLITE_OK;
  return sqlite3_assoc_init(db, 0, 0);
}
