/*
** assoc: associations inside SQLite.
**
** The one header that a program needs which links assoc statically
** (compiled with -DSQLITE_CORE) instead of loading it.
*/
#ifndef ASSOC_H
#define ASSOC_H

#include "sqlite3.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSOC_VERSION "0.2.0"
#define ASSOC_VERSION_NUMBER 2000 /* major*1000000 + minor*1000 + patch */

#ifdef _WIN32
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
    int sqlite3_assoc_init(sqlite3 *db, char **pzErrMsg,
                           const struct sqlite3_api_routines *pApi);

#ifdef __cplusplus
}
#endif
#endif /* ASSOC_H */
