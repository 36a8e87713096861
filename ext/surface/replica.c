/*
** Where a function must not write, since what a SELECT writes there is lost or
** unwanted, and what to write instead.
**
**   SELECT assoc_readonly(1)   in the file, for everybody
**   ASSOC_READONLY=1           in the environment, for the process: no SQL
**                              takes it back
**   sqld                       a replica answers a SELECT itself; what that
**                              writes never reaches the primary
**   dqlite                     a SELECT outside a transaction is not replicated
**
** A statement that writes is forwarded or replicated by all of them, and is
** never refused here.
*/
#include "surface/surface.h"
#include <stdlib.h>
#ifdef __linux__
#include <dirent.h>
#include <unistd.h>
#endif

/* Bits of AssocConn.mReplica. */
#define REPLICA_ASKED 1
#define REPLICA_ENV 2    /* ASSOC_READONLY is set */
#define REPLICA_SQLD 4   /* A replica of sqld */
#define REPLICA_DQLITE 8 /* The file is dqlite's */

/* A replica of sqld keeps this file beside the database, and open. */
static const char zIndex[] = "client_wal_index";

/* ------------------------------------------------------------------- sqld */

/* Does this process have a file of that name open? A primary that was a replica
** before still has the file, but not open. 1 also on systems that cannot tell;
** such a primary is started with ASSOC_READONLY=0. */
static int replicaHolds(void) {
#ifdef __linux__
  DIR *pDir = opendir("/proc/self/fd");
  const struct dirent *pEntry;
  int bHolds = pDir == 0;
  while (!bHolds && (pEntry = readdir(pDir)) != 0) {
    char zPath[300], zLink[4096];
    const char *zTail;
    ssize_t n;
    sqlite3_snprintf(sizeof(zPath), zPath, "/proc/self/fd/%s", pEntry->d_name);
    n = readlink(zPath, zLink, sizeof(zLink) - 1);
    zLink[n > 0 ? n : 0] = 0;
    zTail = strrchr(zLink, '/');
    bHolds = zTail && strcmp(zTail + 1, zIndex) == 0;
  }
  if (pDir) closedir(pDir);
  return bHolds;
#else
  return 1;
#endif
}

/* Is there a file client_wal_index beside the main database? 0 also if memory
** runs out; then *pRc is set. */
static int replicaBeside(sqlite3 *db, sqlite3_vfs *pVfs, int *pRc) {
  const char *zMain = sqlite3_db_filename(db, "main");
  const char *zTail = zMain ? strrchr(zMain, '/') : 0;
  int bThere = 0;
  char *z;
  assert(*pRc == SQLITE_OK);
  if (zTail == 0) return 0;
  z = sqlite3_mprintf("%.*s%s", (int)(zTail + 1 - zMain), zMain, zIndex);
  if (z == 0) {
    *pRc = SQLITE_NOMEM;
    return 0;
  }
  /* To SQLITE_ACCESS_EXISTS an empty file does not exist */
  if (pVfs->xAccess(pVfs, z, SQLITE_ACCESS_READWRITE, &bThere) != SQLITE_OK) {
    bThere = 0;
  }
  sqlite3_free(z);
  return bThere;
}

/* -------------------------------------------------------------------- ask */

/* The bits of the connection. They are asked once, because they cannot change
** while the connection is open. */
static int replicaAsk(AssocCall *pCall) {
  AssocConn *pConn = pCall->pConn;
  const char *zEnv;
  sqlite3_vfs *pVfs = 0;
  int rc = SQLITE_OK, m = REPLICA_ASKED;
  if (pConn->mReplica) return pConn->mReplica;
  zEnv = getenv("ASSOC_READONLY");
  if (zEnv && zEnv[0] && strcmp(zEnv, "0") != 0) m |= REPLICA_ENV;
  sqlite3_file_control(pCall->db, "main", SQLITE_FCNTL_VFS_POINTER, &pVfs);
  if (ASSOC_ALWAYS(pVfs) && (zEnv == 0 || strcmp(zEnv, "0") != 0)) {
    if (sqlite3_strnicmp(pVfs->zName, "dqlite", 6) == 0) m |= REPLICA_DQLITE;
    if (replicaBeside(pCall->db, pVfs, &rc) && replicaHolds()) {
      m |= REPLICA_SQLD;
    }
  }
  assocErrorCode(pCall, rc);
  if (rc == SQLITE_OK) pConn->mReplica = (u8)m;
  return m;
}

int assocWriteReadonly(AssocCall *pCall) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  int b = pCat && pCat->pSchema->nSetting > 0;
  assocCatalogLeave(pCall, pCat);
  return b;
}

/* The functions that change the schema. */
const char *assocWriteDry(const char *zFunction) {
  static const struct {
    const char *zName, *zCall;
  } a[] = {
      {"assoc_sync", "assoc_sync('{\"dryRun\":true}')"},
      {"assoc_live", "assoc_live(name, query, '{\"dryRun\":true}')"},
      {"assoc_unlive", "assoc_unlive(name, '{\"dryRun\":true}')"},
  };
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (sqlite3_stricmp(a[i].zName, zFunction) == 0) return a[i].zCall;
  }
  return 0;
}

/* What to write in place of SELECT zFunction(...). OUT: freed with
** sqlite3_free(). */
static char *replicaInstead(AssocCall *pCall, const char *zFunction) {
  const char *zDry = assocWriteDry(zFunction);
  if (zDry) {
    return assocMprintf(pCall, "run the statements that SELECT %s gives", zDry);
  }
  return assocMprintf(
      pCall,
      "write INSERT INTO assoc_call(name, a1, ...) VALUES('%s', "
      "...)",
      zFunction);
}

/* Inside a gate, the call is part of a statement that writes, which is
** forwarded; so it is allowed. */
void assocWriteAllowed(AssocCall *pCall, const AssocWrite *p,
                       const char *zFunction) {
  const char *zWhy = 0;
  char *zHint;
  int m;
  if (pCall->bGate || pCall->rc != SQLITE_OK) return;
  m = replicaAsk(pCall);
  if (m & REPLICA_ENV) {
    zWhy = "ASSOC_READONLY allows that only to statements that write";
  } else if (m & REPLICA_SQLD) {
    zWhy = "this is a replica of sqld, which loses what a SELECT writes";
  } else if ((m & REPLICA_DQLITE) && p->bAuto) {
    zWhy = "dqlite loses what a SELECT writes outside a transaction";
  } else if (p->pHeld ? p->pHeld->pSchema->nSetting > 0
                      : assocWriteReadonly(pCall)) {
    zWhy = "this database allows that only to statements that write";
  }
  if (zWhy == 0) return;
  zHint = replicaInstead(pCall, zFunction);
  assocFail(pCall, &(AssocWhy){.eReason = ASSOC_E_READONLY, .zHint = zHint},
            "%s() writes, and %s", zFunction, zWhy);
  sqlite3_free(zHint);
}
