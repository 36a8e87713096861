/* Linked into SQLite's testfixture, which calls assocEverywhere() when SQLite
** is initialized: if the environment says so, every connection gets assoc. */
#include <stdlib.h>
#include <sqlite3.h>
#include "assoc.h"

int assocEverywhere(const char *zUnused);
int assocEverywhere(const char *zUnused) {
  (void)zUnused;
  if (getenv("ASSOC_EVERYWHERE") == 0) return SQLITE_OK;
  return sqlite3_auto_extension((void (*)(void))sqlite3_assoc_init);
}
