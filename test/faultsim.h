/*
** What the two halves of the test helper share. See faultsim.c and rawdb.c.
*/
#ifndef FAULTSIM_H
#define FAULTSIM_H

#include <sqlite3.h>
#include <tcl.h>

/* Register the Tcl commands that drive connections from C: rawdb.c. */
void rawdbInit(Tcl_Interp *interp);

/* An sqlite3_auto_extension(): gives every connection faultsim_handle(). */
int rawdbConnection(sqlite3 *db, char **pzErr,
                    const struct sqlite3_api_routines *pApi);

/* The callback of SQLITE_CONFIG_LOG: keeps lines for sqlite3_log_lines. */
void rawdbLog(void *pData, int rc, const char *zText);

/* Leave a SQLite error in the interpreter, and return TCL_ERROR. */
int rawdbError(Tcl_Interp *interp, int rc);

#endif /* FAULTSIM_H */
