/*
** What every function that writes does around its work.
**
** The savepoint makes it all or nothing. It is also the guard that keeps a
** writer out of CHECK constraints, triggers and running INSERTs: SQLite
** before 3.50 lets a DIRECTONLY function run in a CHECK, and DDL inside a
** statement that writes corrupts indexes; but a savepoint cannot be opened
** there.
*/
#include "surface/surface.h"

void assocWriteBegin(AssocCall *pCall, AssocWrite *p, const char *zFunction) {
  int rc;
  memset(p, 0, sizeof(*p));
  if (pCall->rc != SQLITE_OK) return;
  rc = sqlite3_exec(pCall->db, "SAVEPOINT assoc", 0, 0, 0);
  if (rc == SQLITE_BUSY) {
    assocError(pCall,
               "%s() writes, so it cannot run inside a statement that is "
               "writing; call it as SELECT %s(...) alone",
               zFunction, zFunction);
  } else {
    assocErrorCode(pCall, rc);
  }
  p->bOpen = rc == SQLITE_OK;
  p->iRowid = sqlite3_last_insert_rowid(pCall->db);
}

/*
** The error that the work ended with stays, whatever the rollback says: a
** full disk or an interrupt may have rolled back everything already.
*/
void assocWriteEnd(AssocCall *pCall, AssocWrite *p) {
  if (!p->bOpen) return;
  if (pCall->rc == SQLITE_OK) {
    assocErrorCode(pCall, sqlite3_exec(pCall->db, "RELEASE assoc", 0, 0, 0));
  }
  if (pCall->rc != SQLITE_OK) {
    sqlite3_exec(pCall->db, "ROLLBACK TO assoc", 0, 0, 0);
    sqlite3_exec(pCall->db, "RELEASE assoc", 0, 0, 0);
  }
  sqlite3_set_last_insert_rowid(pCall->db, p->iRowid);
}
