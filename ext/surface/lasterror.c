/*
** The last error of the connection, for programs.
**
**   SELECT assoc_error();
**   -- {"code":"unknown-model","message":"there is no table for …",…}
*/
#include "surface/surface.h"

/* assoc_error(): the last error of a call on this connection as a JSON object;
** NULL if there was none. */
static void errorFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                      sqlite3_value **ap) {
  const AssocErr *pLast = &pCall->pConn->last;
  AssocOut out;
  i64 n = 0;
  char *z;
  (void)nArg, (void)ap;
  if (pLast->rc == SQLITE_OK) return;
  assocBufInit(&out, 0x7fffffff);
  assocErrJson(&out, pLast);
  z = assocBufText(pCall, &out, &n);
  if (z) assocResultJson(pCtx, z, n);
}

const AssocFunction aAssocErrorFunction[] = {
    {"assoc_error", 0, 0, ASSOC_DIRECT, errorFunc, "", 0},
    {0, 0, 0, 0, 0, 0, 0}};
