/* Gives every connection of a program that uses SQLite's shared library the
** extension, when this library is named in LD_PRELOAD. dqlite has no way to
** load an extension. The file build/assoc.c is compiled into it. */
#include <sqlite3.h>
#include "assoc.h"

__attribute__((constructor)) static void shimStart(void) {
  sqlite3_auto_extension((void (*)(void))sqlite3_assoc_init);
}
