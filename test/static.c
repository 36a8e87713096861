/*
** A program that has assoc inside instead of loading it: SQLite's library and
** the amalgamation compiled with -DSQLITE_CORE. `make check` builds and runs
** it; it prints the version, or says what went wrong and fails.
**
** It has to be there in a connection that asks for it, and after
** sqlite3_auto_extension() in every one, where asking again does nothing.
*/
#include <stdio.h>
#include "assoc.h"

static int printRow(void *pArg, int nCol, char **azVal, char **azName) {
  (void)pArg, (void)nCol, (void)azName;
  printf("assoc %s, linked with SQLite %s\n", azVal[0], azVal[1]);
  return 0;
}

static int tryConnection(int bAsk) {
  sqlite3 *db = 0;
  char *zErr = 0;
  int rc = sqlite3_open(":memory:", &db);
  if (rc == SQLITE_OK && bAsk) rc = sqlite3_assoc_init(db, 0, 0);
  if (rc == SQLITE_OK) {
    rc = sqlite3_exec(db, "SELECT assoc_version(), sqlite_version()", printRow,
                      0, &zErr);
  }
  if (rc != SQLITE_OK) {
    fprintf(stderr, "%s\n", zErr ? zErr : sqlite3_errmsg(db));
  }
  sqlite3_free(zErr);
  if (sqlite3_close(db) != SQLITE_OK) rc = SQLITE_BUSY;
  return rc;
}

int main(void) {
  int rc = tryConnection(1);
  if (rc == SQLITE_OK) {
    rc = sqlite3_auto_extension((void (*)(void))sqlite3_assoc_init);
  }
  if (rc == SQLITE_OK) rc = tryConnection(0);
  if (rc == SQLITE_OK) rc = tryConnection(1);
  return rc != SQLITE_OK;
}
