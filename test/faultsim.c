/*
** A test helper for Tcl: makes memory run out and disks fail, on purpose.
**
**   load build/test/faultsim.so
**   faultsim_install          ;# before any connection is opened
**   package require sqlite3
**
** The Tcl package sqlite3 must be linked with the same libsqlite3 as this
** file, since the faults are put into that library: between it and its
** allocator, and between it and its file system.
**
**   sqlite3_memdebug_fail N ?-repeat R? ?-benigncnt VARIABLE?
**       Let N allocations succeed and then R of them fail (1 if R is 0).
**       Returns how many have failed since the last call; of these, VARIABLE
**       gets the number that SQLite had declared harmless. N<0 disarms.
**   faultsim_io_fail N ?-repeat R? ?-kind ioerr|full|busy|cantopen|shm|short?
**       The same for file operations. ioerr: read, write, sync, truncate, the
**       file's size, delete and access fail; full: write; busy: lock; cantopen:
**       open; shm: mapping and locking shared memory, and mapping the file;
**       short: a read of a database ends before the first byte.
**   faultsim_record ?MARK?
**       The first call starts to record what is done to databases, journals and
**       WALs. With MARK, add that to the record. Without, a later call ends it
**       and returns it, a list of: open FILE; write FILE OFFSET BYTES; truncate
**       FILE SIZE; sync FILE; delete FILE SYNCED; mark MARK. powercut.test makes of
**       it what a power cut may leave.
**   faultsim_places           the first call begins to note where each operation
**       that may fail is asked for, the second ends that and returns the list: a
**       number for each, equal where the same calls of the extension led there,
**       or 0 where none did. Without unwind.h all places are 0.
**   faultsim_work DB          what the statements of the connection have done
**       since the last call: {steps of the virtual machine, rows that full scans
**       and automatic indexes stepped over, rows of tables that any loop visited}.
**       The last is -1 if SQLite was built without SQLITE_ENABLE_STMT_SCANSTATUS.
**       The first call begins to count.
**   faultsim_clock DB N ?KIND?    from now on the clock of the VFS goes on by one
**       millisecond for N of these steps; 0: it is the machine's again. KIND old: a
**       VFS of the first version, which tells the time in days; days: one of a later
**       version that has only that clock
**   sqlite3_memory_used       bytes that SQLite holds
**   sqlite3_malloc_outstanding    allocations that SQLite holds
**
** sqlite3_memdebug_fail has the contract that it has in SQLite's own test
** program. Syncs are counted but never reach the disk, so that tests that
** commit a lot are quick.
*/
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* dl_iterate_phdr */
#endif
#include "faultsim.h"
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <link.h>
#include <unwind.h>
#endif

/* Whether the next operation fails. */
typedef struct Fault Fault;
struct Fault {
  int nBefore; /* Operations that succeed before the first failure; <0: off */
  int nRepeat; /* Failures to come after nBefore has run down */
  int nFail;   /* Failures so far */
  int nBenign; /* Of these, the harmless ones */
};

static Fault memFault = {-1, 0, 0, 0};
static Fault ioFault = {-1, 0, 0, 0};

/* An operation fails now. A debugger can stop here. */
static void faultHit(Fault *p) {
  p->nFail++;
}

/* ---------------------------------------------------------------- places */

static Tcl_Obj *pPlaces = 0; /* While places are noted */

#if defined(__linux__)
/* The code of the extension and of unit.c, while they are loaded. */
static const char *const azCode[] = {"/assoc.", "/unit."};
static struct { uintptr_t iBegin, iEnd; } aCode[2];

static int codeFind(struct dl_phdr_info *p, size_t n, void *pData) {
  const char *z = strrchr(p->dlpi_name, '/');
  int i, j;
  (void)n, (void)pData;
  for (j = 0; z && j < 2; j++) {
    if (strncmp(z, azCode[j], strlen(azCode[j]))) continue;
    for (i = 0; i < p->dlpi_phnum; i++) {
      if (p->dlpi_phdr[i].p_type != PT_LOAD) continue;
      if ((p->dlpi_phdr[i].p_flags & PF_X) == 0) continue;
      aCode[j].iBegin = p->dlpi_addr + p->dlpi_phdr[i].p_vaddr;
      aCode[j].iEnd = aCode[j].iBegin + p->dlpi_phdr[i].p_memsz;
    }
  }
  return 0;
}

static _Unwind_Reason_Code placeFrame(struct _Unwind_Context *p, void *pData) {
  Tcl_WideUInt *pHash = pData;
  uintptr_t i = _Unwind_GetIP(p);
  int j;
  for (j = 0; j < 2; j++) {
    if (i < aCode[j].iBegin || i >= aCode[j].iEnd) continue;
    *pHash = (*pHash ^ (i - aCode[j].iBegin)) * 0x100000001b3 + 1;
  }
  return _URC_NO_REASON;
}

static Tcl_WideUInt placeHere(void) {
  Tcl_WideUInt hash = 0;
  if (aCode[0].iEnd == 0 && aCode[1].iEnd == 0) dl_iterate_phdr(codeFind, 0);
  _Unwind_Backtrace(placeFrame, &hash);
  return hash;
}

/* The extension may have been loaded anew, and elsewhere. */
static void placeBegin(void) {
  memset(aCode, 0, sizeof(aCode));
}
#else
static Tcl_WideUInt placeHere(void) {
  return 0;
}

static void placeBegin(void) {
}
#endif

static int faultStep(Fault *p, int bBenign) {
  if (p->nBefore < 0) return 0;
  if (pPlaces) {
    Tcl_ListObjAppendElement(0, pPlaces,
                             Tcl_NewWideIntObj((Tcl_WideInt)placeHere()));
  }
  if (p->nBefore > 0) {
    p->nBefore--;
    return 0;
  }
  faultHit(p);
  p->nBenign += bBenign;
  if (--p->nRepeat <= 0) p->nBefore = -1;
  return 1;
}

/* ---------------------------------------------------------------- memory */

static sqlite3_mem_methods realMem;
static int nBenignDepth = 0;    /* SQLite says: a failure here is harmless */
static sqlite3_int64 nHeld = 0; /* Allocations not freed yet */

static void *memMalloc(int n) {
  void *p;
  if (faultStep(&memFault, nBenignDepth > 0)) return 0;
  p = realMem.xMalloc(n);
  nHeld += p != 0;
  return p;
}

static void memFree(void *p) {
  nHeld -= p != 0;
  realMem.xFree(p);
}

static void *memRealloc(void *p, int n) {
  if (faultStep(&memFault, nBenignDepth > 0)) return 0;
  return realMem.xRealloc(p, n);
}

static void memBenignBegin(void) {
  nBenignDepth++;
}

static void memBenignEnd(void) {
  nBenignDepth--;
}

/* ----------------------------------------------------------------- files
**
** A VFS that stands before the default one and passes everything on. It is
** a copy of it with another xOpen; the inherited methods do not look at the
** sqlite3_vfs that they are given, and xOpen gets the real one.
*/
static sqlite3_vfs *pRealVfs;
static sqlite3_vfs faultVfs;
static enum {
  IO_ERR,
  IO_FULL,
  IO_BUSY,
  IO_OPEN,
  IO_SHM,
  IO_SHORT
} eIoKind;

typedef struct File File;
struct File {
  sqlite3_file base;
  sqlite3_io_methods methods; /* Of the version that the real file has */
  sqlite3_file *pReal;        /* Right behind this structure */
  const char *zName;          /* BORROWED of SQLite; 0: not recorded */
  int bMain;                  /* A database, not a journal */
};

#define REAL(p) (((File *)(p))->pReal)
#define CALL(p, xMethod) REAL(p)->pMethods->xMethod

static int ioFails(int eKind) {
  return eIoKind == (unsigned)eKind && faultStep(&ioFault, 0);
}

/* ---------------------------------------------------------------- record */

static Tcl_Obj *pRecord = 0; /* While something is recorded */

/* Add "zOp zName a b" to the record; a and b may be 0. Takes them over. */
static void record(const char *zOp, const char *zName, Tcl_Obj *a, Tcl_Obj *b) {
  Tcl_Obj *pLine = Tcl_NewListObj(0, 0);
  const char *zTail = strrchr(zName, '/');
  Tcl_ListObjAppendElement(0, pLine, Tcl_NewStringObj(zOp, -1));
  Tcl_ListObjAppendElement(0, pLine,
                           Tcl_NewStringObj(zTail ? zTail + 1 : zName, -1));
  if (a) Tcl_ListObjAppendElement(0, pLine, a);
  if (b) Tcl_ListObjAppendElement(0, pLine, b);
  Tcl_ListObjAppendElement(0, pRecord, pLine);
}

/* Is what happens to this file recorded? */
static int recorded(sqlite3_file *p) {
  return pRecord && ((File *)p)->zName;
}

/* --------------------------------------------------------------- methods */

static int fileClose(sqlite3_file *p) {
  return CALL(p, xClose)(REAL(p));
}

static int fileRead(sqlite3_file *p, void *pBuf, int n, sqlite3_int64 iOff) {
  if (ioFails(IO_ERR)) return SQLITE_IOERR_READ;
  if (((File *)p)->bMain && ioFails(IO_SHORT)) {
    memset(pBuf, 0, (size_t)n);
    return SQLITE_IOERR_SHORT_READ;
  }
  return CALL(p, xRead)(REAL(p), pBuf, n, iOff);
}

static int fileWrite(sqlite3_file *p, const void *pBuf, int n,
                     sqlite3_int64 iOff) {
  if (ioFails(IO_ERR)) return SQLITE_IOERR_WRITE;
  if (ioFails(IO_FULL)) return SQLITE_FULL;
  if (recorded(p)) {
    record("write", ((File *)p)->zName, Tcl_NewWideIntObj(iOff),
           Tcl_NewByteArrayObj(pBuf, n));
  }
  return CALL(p, xWrite)(REAL(p), pBuf, n, iOff);
}

static int fileTruncate(sqlite3_file *p, sqlite3_int64 n) {
  if (ioFails(IO_ERR)) return SQLITE_IOERR_TRUNCATE;
  if (recorded(p)) {
    record("truncate", ((File *)p)->zName, Tcl_NewWideIntObj(n), 0);
  }
  return CALL(p, xTruncate)(REAL(p), n);
}

static int fileSync(sqlite3_file *p, int flags) {
  (void)flags;
  if (ioFails(IO_ERR)) return SQLITE_IOERR_FSYNC;
  if (recorded(p)) record("sync", ((File *)p)->zName, 0, 0);
  return SQLITE_OK;
}

static int fileFileSize(sqlite3_file *p, sqlite3_int64 *pSize) {
  if (ioFails(IO_ERR)) return SQLITE_IOERR_FSTAT;
  return CALL(p, xFileSize)(REAL(p), pSize);
}

static int fileLock(sqlite3_file *p, int eLock) {
  if (ioFails(IO_BUSY)) return SQLITE_BUSY;
  return CALL(p, xLock)(REAL(p), eLock);
}

static int fileUnlock(sqlite3_file *p, int eLock) {
  return CALL(p, xUnlock)(REAL(p), eLock);
}

static int fileCheckReservedLock(sqlite3_file *p, int *pOut) {
  return CALL(p, xCheckReservedLock)(REAL(p), pOut);
}

static int fileFileControl(sqlite3_file *p, int op, void *pArg) {
  return CALL(p, xFileControl)(REAL(p), op, pArg);
}

static int fileSectorSize(sqlite3_file *p) {
  return CALL(p, xSectorSize)(REAL(p));
}

static int fileDeviceCharacteristics(sqlite3_file *p) {
  return CALL(p, xDeviceCharacteristics)(REAL(p));
}

static int fileShmMap(sqlite3_file *p, int iPg, int nPg, int bExtend,
                      void volatile **pp) {
  if (ioFails(IO_SHM)) return SQLITE_IOERR_SHMMAP;
  return CALL(p, xShmMap)(REAL(p), iPg, nPg, bExtend, pp);
}

static int fileShmLock(sqlite3_file *p, int iOff, int n, int flags) {
  if ((flags & SQLITE_SHM_LOCK) && ioFails(IO_SHM)) {
    return SQLITE_IOERR_SHMLOCK;
  }
  return CALL(p, xShmLock)(REAL(p), iOff, n, flags);
}

static void fileShmBarrier(sqlite3_file *p) {
  CALL(p, xShmBarrier)(REAL(p));
}

static int fileShmUnmap(sqlite3_file *p, int bDelete) {
  return CALL(p, xShmUnmap)(REAL(p), bDelete);
}

static int fileFetch(sqlite3_file *p, sqlite3_int64 iOff, int n, void **pp) {
  *pp = 0;
  if (ioFails(IO_SHM)) return SQLITE_IOERR_MMAP;
  return CALL(p, xFetch)(REAL(p), iOff, n, pp);
}

static int fileUnfetch(sqlite3_file *p, sqlite3_int64 iOff, void *pPage) {
  return CALL(p, xUnfetch)(REAL(p), iOff, pPage);
}

static const sqlite3_io_methods fileMethods = {
    3,
    fileClose,
    fileRead,
    fileWrite,
    fileTruncate,
    fileSync,
    fileFileSize,
    fileLock,
    fileUnlock,
    fileCheckReservedLock,
    fileFileControl,
    fileSectorSize,
    fileDeviceCharacteristics,
    fileShmMap,
    fileShmLock,
    fileShmBarrier,
    fileShmUnmap,
    fileFetch,
    fileUnfetch,
};

static int vfsOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile,
                   int flags, int *pFlags) {
  File *p = (File *)pFile;
  int rc;
  (void)pVfs;
  memset(p, 0, sizeof(*p));
  if (ioFails(IO_OPEN)) return SQLITE_CANTOPEN;
  p->pReal = (sqlite3_file *)&p[1];
  rc = pRealVfs->xOpen(pRealVfs, zName, p->pReal, flags, pFlags);
  if (p->pReal->pMethods) {
    p->methods = fileMethods;
    p->methods.iVersion = p->pReal->pMethods->iVersion;
    p->base.pMethods = &p->methods;
    p->bMain = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    if (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL |
                 SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL)) {
      p->zName = zName;
    }
    if (recorded(pFile)) record("open", zName, 0, 0);
  }
  return rc;
}

static int vfsDelete(sqlite3_vfs *pVfs, const char *zName, int bSyncDir) {
  (void)pVfs;
  if (ioFails(IO_ERR)) return SQLITE_IOERR_DELETE;
  if (pRecord) record("delete", zName, Tcl_NewIntObj(bSyncDir), 0);
  return pRealVfs->xDelete(pRealVfs, zName, bSyncDir);
}

static int vfsAccess(sqlite3_vfs *pVfs, const char *zName, int flags,
                     int *pOut) {
  (void)pVfs;
  *pOut = 0;
  if (ioFails(IO_ERR)) return SQLITE_IOERR_ACCESS;
  return pRealVfs->xAccess(pRealVfs, zName, flags, pOut);
}

/* ------------------------------------------------------------------ work */

static struct {
  sqlite3 *db;
  sqlite3_int64 nStep;  /* Of the virtual machine */
  sqlite3_int64 nRow;   /* Stepped over by full scans and automatic indexes */
  sqlite3_int64 nVisit; /* Of tables, visited by any loop */
  int nPace;            /* Steps for a millisecond, or 0 */
} work;

#define WORK_EVERY 20 /* Steps that are counted together */

static int workStep(void *p) {
  (void)p;
  work.nStep += WORK_EVERY;
  return 0;
}

/* Not every SQLite has it. */
#pragma weak sqlite3_stmt_scanstatus
#pragma weak sqlite3_stmt_scanstatus_reset

/* Is it the name of a table of the user's, or of an index on one? */
static int workIsTable(const char *z) {
  static const char *const azNot[] = {
      "assoc_*",      "sqlite_autoindex_assoc_*",
      "sqlite_[^a]*", "related",
      "eager",        "json_*",
      "pragma_*",     "s[0-9]*",
      "auto-*",       "(*"};
  unsigned i;
  for (i = 0; i < sizeof(azNot) / sizeof(azNot[0]); i++) {
    if (sqlite3_strglob(azNot[i], z) == 0) return 0;
  }
  return 1;
}

/* The rows that a statement visited in tables and their indexes, not in those that
** it made for itself. */
static void workVisits(sqlite3_stmt *pStmt) {
  sqlite3_int64 n = 0;
  const char *z = 0;
  int i;
  if (sqlite3_stmt_scanstatus == 0) return;
  for (i = 0;
       sqlite3_stmt_scanstatus(pStmt, i, SQLITE_SCANSTAT_NVISIT, &n) == 0;
       i++) {
    sqlite3_stmt_scanstatus(pStmt, i, SQLITE_SCANSTAT_NAME, &z);
    if (n > 0 && z && workIsTable(z)) {
      work.nVisit += n;
      if (getenv("ASSOC_VISITS")) fprintf(stderr, "%s %lld\n", z, n);
    }
  }
  sqlite3_stmt_scanstatus_reset(pStmt);
}

/* A statement has ended. */
static int workEnd(unsigned m, void *p, void *pStmt, void *pTime) {
  (void)m, (void)p, (void)pTime;
  work.nRow += sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
  work.nRow += sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_AUTOINDEX, 1);
  workVisits(pStmt);
  return 0;
}

static int vfsTime(sqlite3_vfs *pVfs, sqlite3_int64 *piNow) {
  (void)pVfs;
  if (work.nPace == 0) return pRealVfs->xCurrentTimeInt64(pRealVfs, piNow);
  *piNow = 212700000000000 + work.nStep / work.nPace;
  return SQLITE_OK;
}

static int vfsDays(sqlite3_vfs *pVfs, double *prNow) {
  sqlite3_int64 iNow = 0;
  int rc = vfsTime(pVfs, &iNow);
  *prNow = (double)iNow / 86400000.0;
  return rc;
}

/* ------------------------------------------------------------ Tcl commands */

/* The connection behind a command of the Tcl package sqlite3, whose client data
** begin with it. From now on its work is counted. */
static int workOn(Tcl_Interp *interp, Tcl_Obj *pName) {
  Tcl_CmdInfo info;
  sqlite3 *db;
  if (!Tcl_GetCommandInfo(interp, Tcl_GetString(pName), &info)) {
    Tcl_SetResult(interp, "there is no such connection", TCL_STATIC);
    return TCL_ERROR;
  }
  db = *(sqlite3 **)info.objClientData;
  if (db == work.db) return TCL_OK;
  work.db = db;
  work.nStep = work.nRow = work.nVisit = 0;
  sqlite3_progress_handler(db, WORK_EVERY, workStep, 0);
  sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, workEnd, 0);
  return TCL_OK;
}

/* faultsim_work DB */
static int cmdWork(ClientData cd, Tcl_Interp *interp, int objc,
                   Tcl_Obj *const objv[]) {
  Tcl_Obj *apObj[3];
  (void)cd;
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "DB");
    return TCL_ERROR;
  }
  if (workOn(interp, objv[1]) != TCL_OK) return TCL_ERROR;
  apObj[0] = Tcl_NewWideIntObj(work.nStep);
  apObj[1] = Tcl_NewWideIntObj(work.nRow);
  apObj[2] = Tcl_NewWideIntObj(sqlite3_stmt_scanstatus ? work.nVisit : -1);
  Tcl_SetObjResult(interp, Tcl_NewListObj(3, apObj));
  work.nRow = work.nVisit = 0;
  if (work.nPace == 0) work.nStep = 0;
  return TCL_OK;
}

/* faultsim_clock DB N */
static int cmdClock(ClientData cd, Tcl_Interp *interp, int objc,
                    Tcl_Obj *const objv[]) {
  const char *zKind = objc == 4 ? Tcl_GetString(objv[3]) : "";
  (void)cd;
  if (objc != 3 && objc != 4) {
    Tcl_WrongNumArgs(interp, 1, objv, "DB N ?KIND?");
    return TCL_ERROR;
  }
  if (workOn(interp, objv[1]) != TCL_OK) return TCL_ERROR;
  faultVfs.iVersion = strcmp(zKind, "old") == 0 ? 1 : pRealVfs->iVersion;
  faultVfs.xCurrentTimeInt64 = strcmp(zKind, "days") == 0 ? 0 : vfsTime;
  return Tcl_GetIntFromObj(interp, objv[2], &work.nPace);
}

/* faultsim_install: put both between SQLite and the machine. Once. */
static int cmdInstall(ClientData cd, Tcl_Interp *interp, int objc,
                      Tcl_Obj *const objv[]) {
  sqlite3_mem_methods mem;
  int rc;
  (void)cd;
  if (objc != 1) {
    Tcl_WrongNumArgs(interp, 1, objv, "");
    return TCL_ERROR;
  }
  if (pRealVfs) return TCL_OK;
  sqlite3_shutdown();
  rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &realMem);
  mem = realMem;
  mem.xMalloc = memMalloc;
  mem.xFree = memFree;
  mem.xRealloc = memRealloc;
  if (rc == SQLITE_OK) rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &mem);
  if (rc == SQLITE_OK) rc = sqlite3_config(SQLITE_CONFIG_LOG, rawdbLog, 0);
  if (rc == SQLITE_OK) {
    sqlite3_test_control(SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS, memBenignBegin,
                         memBenignEnd);
    rc = sqlite3_initialize();
  }
  if (rc == SQLITE_OK) {
    pRealVfs = sqlite3_vfs_find(0);
    faultVfs = *pRealVfs;
    faultVfs.zName = "faultsim";
    faultVfs.pNext = 0;
    faultVfs.szOsFile += (int)sizeof(File);
    faultVfs.xOpen = vfsOpen;
    faultVfs.xDelete = vfsDelete;
    faultVfs.xAccess = vfsAccess;
    faultVfs.xCurrentTimeInt64 = vfsTime;
    faultVfs.xCurrentTime = vfsDays;
    rc = sqlite3_vfs_register(&faultVfs, 1);
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_auto_extension((void (*)(void))rawdbConnection);
  }
  return rc == SQLITE_OK ? TCL_OK : rawdbError(interp, rc);
}

/* The commands that arm and disarm; cd is the fault. */
static int cmdFail(ClientData cd, Tcl_Interp *interp, int objc,
                   Tcl_Obj *const objv[]) {
  static const char *const azMemOpt[] = {"-repeat", "-benigncnt", 0};
  static const char *const azIoOpt[] = {"-repeat", "-kind", 0};
  static const char *const azKind[] = {"ioerr", "full",  "busy", "cantopen",
                                       "shm",   "short", 0};
  Fault *p = cd;
  Fault next = {-1, 0, 0, 0};
  Tcl_Obj *pVar = 0;
  int eKind = IO_ERR;
  int i, eOpt;

  if (objc < 2 || objc % 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "N ?-option VALUE ...?");
    return TCL_ERROR;
  }
  if (Tcl_GetIntFromObj(interp, objv[1], &next.nBefore)) return TCL_ERROR;
  for (i = 2; i < objc; i += 2) {
    int rc = Tcl_GetIndexFromObj(interp, objv[i],
                                 p == &memFault ? azMemOpt : azIoOpt, "option",
                                 0, &eOpt);
    if (rc == TCL_OK && eOpt == 0) {
      rc = Tcl_GetIntFromObj(interp, objv[i + 1], &next.nRepeat);
    } else if (rc == TCL_OK && p == &memFault) {
      pVar = objv[i + 1];
    } else if (rc == TCL_OK) {
      rc = Tcl_GetIndexFromObj(interp, objv[i + 1], azKind, "kind", 0, &eKind);
    }
    if (rc != TCL_OK) return rc;
  }
  if (pVar && !Tcl_ObjSetVar2(interp, pVar, 0, Tcl_NewIntObj(p->nBenign),
                              TCL_LEAVE_ERR_MSG)) {
    return TCL_ERROR;
  }
  Tcl_SetObjResult(interp, Tcl_NewIntObj(p->nFail));
  *p = next;
  if (p == &ioFault) eIoKind = (unsigned)eKind;
  return TCL_OK;
}

static int cmdMemoryUsed(ClientData cd, Tcl_Interp *interp, int objc,
                         Tcl_Obj *const objv[]) {
  (void)cd, (void)objc, (void)objv;
  Tcl_SetObjResult(interp, Tcl_NewWideIntObj(sqlite3_memory_used()));
  return TCL_OK;
}

static int cmdOutstanding(ClientData cd, Tcl_Interp *interp, int objc,
                          Tcl_Obj *const objv[]) {
  (void)cd, (void)objc, (void)objv;
  Tcl_SetObjResult(interp, Tcl_NewWideIntObj(nHeld));
  return TCL_OK;
}

/* faultsim_record ?MARK? */
static int cmdRecord(ClientData cd, Tcl_Interp *interp, int objc,
                     Tcl_Obj *const objv[]) {
  (void)cd;
  if (objc > 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "?MARK?");
    return TCL_ERROR;
  }
  if (pRecord == 0) {
    pRecord = Tcl_NewListObj(0, 0);
    Tcl_IncrRefCount(pRecord);
  } else if (objc == 2) {
    record("mark", Tcl_GetString(objv[1]), 0, 0);
  } else {
    Tcl_SetObjResult(interp, pRecord);
    Tcl_DecrRefCount(pRecord);
    pRecord = 0;
  }
  return TCL_OK;
}

/* faultsim_places */
static int cmdPlaces(ClientData cd, Tcl_Interp *interp, int objc,
                     Tcl_Obj *const objv[]) {
  (void)cd;
  if (objc != 1) {
    Tcl_WrongNumArgs(interp, 1, objv, "");
    return TCL_ERROR;
  }
  if (pPlaces == 0) {
    pPlaces = Tcl_NewListObj(0, 0);
    Tcl_IncrRefCount(pPlaces);
    placeBegin();
  } else {
    Tcl_SetObjResult(interp, pPlaces);
    Tcl_DecrRefCount(pPlaces);
    pPlaces = 0;
  }
  return TCL_OK;
}

/* faultsim_vfs NAME: the real VFS under another name, as an engine has its own */
static int cmdVfs(void *p, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv) {
  static sqlite3_vfs vfs;
  static char zName[40];
  (void)p;
  if (objc != 2 || pRealVfs == 0 || vfs.zName) {
    Tcl_SetResult(interp, "faultsim_vfs NAME, once", TCL_STATIC);
    return TCL_ERROR;
  }
  sqlite3_snprintf(sizeof(zName), zName, "%s", Tcl_GetString(objv[1]));
  vfs = *pRealVfs;
  vfs.zName = zName;
  vfs.pNext = 0;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? TCL_OK : TCL_ERROR;
}

/* Tcl calls this when it loads the library. */
int Faultsim_Init(Tcl_Interp *interp);
int Faultsim_Init(Tcl_Interp *interp) {
  if (!Tcl_InitStubs(interp, "8.6-", 0)) return TCL_ERROR;
  Tcl_CreateObjCommand(interp, "faultsim_install", cmdInstall, 0, 0);
  Tcl_CreateObjCommand(interp, "faultsim_vfs", cmdVfs, 0, 0);
  Tcl_CreateObjCommand(interp, "faultsim_record", cmdRecord, 0, 0);
  Tcl_CreateObjCommand(interp, "faultsim_places", cmdPlaces, 0, 0);
  Tcl_CreateObjCommand(interp, "faultsim_work", cmdWork, 0, 0);
  Tcl_CreateObjCommand(interp, "faultsim_clock", cmdClock, 0, 0);
  Tcl_CreateObjCommand(interp, "sqlite3_memdebug_fail", cmdFail, &memFault, 0);
  Tcl_CreateObjCommand(interp, "faultsim_io_fail", cmdFail, &ioFault, 0);
  Tcl_CreateObjCommand(interp, "sqlite3_memory_used", cmdMemoryUsed, 0, 0);
  Tcl_CreateObjCommand(interp, "sqlite3_malloc_outstanding", cmdOutstanding, 0,
                       0);
  rawdbInit(interp);
  return TCL_OK;
}
