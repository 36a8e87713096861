/*
** SQLite calls assocInit() once, when it is initialised: every connection that
** is opened from then on has assoc. With -DALONE it has not, which is built
** only to tell the difference in size.
*/
#include "assoc.h"

int assocInit(const char *zUnused) {
  (void)zUnused;
#ifdef ALONE
  return SQLITE_OK;
#else
  return sqlite3_auto_extension((void (*)(void))sqlite3_assoc_init);
#endif
}
