/*
** Memory that is freed all at once: an arena is a list of chunks, and each
** allocation takes the next bytes of the newest chunk.
**
**   AssocArena mem = {0};
**   z = assocArenaText(pCall, &mem, zName, -1);
**   ...
**   assocArenaFree(&mem);
**
** Chunk sizes double up to ARENA_LARGEST. Large chunks use huge pages if the
** kernel has them: page faults are a third of the time of a large load.
*/
#include "base/base.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

struct AssocChunk {
  AssocChunk *pNext; /* Older chunk */
  i64 nByte;         /* Bytes after this header */
};

/* The build of `make mcdc` makes a chunk for each allocation, so that each of
** them may fail. */
#define ARENA_FIRST 1000
#if defined(ASSOC_COVERAGE)
#define ARENA_LARGEST 0
#else
#define ARENA_LARGEST ((i64)8 << 20)
#endif

/*
** madvise() is only a hint, so its result is ignored. Only huge pages that lie
** completely inside the block are named.
*/
void assocHugePages(void *p, i64 nByte) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const uintptr_t huge = (uintptr_t)2 << 20;
  uintptr_t iFrom = ((uintptr_t)p + huge - 1) & ~(huge - 1);
  uintptr_t iTo = ((uintptr_t)p + (uintptr_t)nByte) & ~(huge - 1);
  if (iTo > iFrom) (void)madvise((void *)iFrom, iTo - iFrom, MADV_HUGEPAGE);
#else
  (void)p;
  (void)nByte;
#endif
}

int assocArenaGrow(AssocArena *pArena, i64 nByte) {
  AssocChunk *pNew;
  i64 n = pArena->pChunk ? pArena->pChunk->nByte * 2 : ARENA_FIRST;
  assert(nByte >= 0);
  if (n > ARENA_LARGEST) n = ARENA_LARGEST;
  if (n < nByte) n = nByte;
  n = (n + 7) & ~(i64)7;
  pNew = sqlite3_malloc64((u64)n + sizeof(*pNew));
  if (pNew == 0) return SQLITE_NOMEM;
  assocHugePages(pNew, n);
  pNew->nByte = n;
  pNew->pNext = pArena->pChunk;
  pArena->pChunk = pNew;
  pArena->pAt = (char *)&pNew[1];
  pArena->pEnd = pArena->pAt + n;
  pArena->nByte += n;
  return SQLITE_OK;
}

/* Enlarge the newest chunk in place. The chunk contains only the text that
** grows, so no other pointer into the arena becomes invalid. */
static int growBlock(AssocArena *pArena, i64 nByte) {
  AssocChunk *pOld = pArena->pChunk, *pNew;
  assert(pOld && pArena->pAt == (char *)&pOld[1]);
  pNew = sqlite3_realloc64(pOld, (u64)nByte + sizeof(*pNew));
  if (pNew == 0) return SQLITE_NOMEM;
  pArena->nByte += nByte - pNew->nByte;
  pNew->nByte = nByte;
  pArena->pChunk = pNew;
  pArena->pAt = (char *)&pNew[1];
  pArena->pEnd = pArena->pAt + nByte;
  return SQLITE_OK;
}

int assocArenaMove(AssocArena *pArena, i64 nUsed, i64 nByte) {
  const char *zOld = pArena->pAt;
  int rc;
  assert(nUsed >= 0 && nUsed <= nByte);
  if (nByte < nUsed + nUsed / 2) nByte = nUsed + nUsed / 2;
  nByte = (nByte + 7) & ~(i64)7;
  if (nUsed > ARENA_FIRST && zOld == (const char *)&pArena->pChunk[1]) {
    return growBlock(pArena, nByte);
  }
  rc = assocArenaGrow(pArena, nByte);
  if (rc == SQLITE_OK && nUsed) memcpy(pArena->pAt, zOld, (size_t)nUsed);
  return rc;
}

/* The alignment skips up to 7 bytes. assocArenaMove() may have left pAt
** unaligned. */
void *assocAllocMore(AssocCall *pCall, AssocArena *pArena, i64 nByte) {
  char *p;
  assert(nByte >= 0);
  if (pCall->rc != SQLITE_OK) return 0;
  nByte = (nByte + 7) & ~(i64)7;
  if (pArena->pAt) pArena->pAt += -(intptr_t)pArena->pAt & 7;
  if (pArena->pEnd - pArena->pAt < nByte) {
    assocErrorCode(pCall, assocArenaGrow(pArena, nByte));
    if (pCall->rc != SQLITE_OK) return 0;
  }
  p = pArena->pAt;
  pArena->pAt += nByte;
  assert(((uintptr_t)p & 7) == 0 && pArena->pAt <= pArena->pEnd);
  return p;
}

void *assocAlloc(AssocCall *pCall, AssocArena *pArena, i64 nByte) {
  void *p = assocAllocRaw(pCall, pArena, nByte);
  if (p) memset(p, 0, (size_t)nByte);
  return p;
}

char *assocArenaText(AssocCall *pCall, AssocArena *pArena, const char *z,
                     int n) {
  char *zNew;
  if (z == 0) return 0;
  if (n < 0) n = (int)strlen(z);
  zNew = assocAlloc(pCall, pArena, (i64)n + 1);
  if (zNew) memcpy(zNew, z, (size_t)n);
  return zNew;
}

char *assocArenaPrintf(AssocCall *pCall, AssocArena *pArena, const char *zFmt,
                       ...) {
  va_list ap;
  char *z, *zNew;
  if (pCall->rc != SQLITE_OK) return 0;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) {
    assocErrorCode(pCall, SQLITE_NOMEM);
    return 0;
  }
  zNew = assocArenaText(pCall, pArena, z, -1);
  sqlite3_free(z);
  return zNew;
}

int *assocArenaInts(AssocCall *pCall, AssocArena *pArena, int n, const int *a) {
  int *aNew = assocAlloc(pCall, pArena, (i64)sizeof(int) * (n + 1));
  assert(n >= 0);
  if (aNew && n) memcpy(aNew, a, sizeof(int) * (size_t)n);
  return aNew;
}

char *assocArenaStr(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr) {
  char *z = assocStrFinish(pCall, pStr);
  char *zNew = assocArenaText(pCall, pArena, z, -1);
  sqlite3_free(z);
  return zNew;
}

void assocArenaReset(AssocArena *pArena, i64 nKeep) {
  AssocChunk *pKeep = 0, *p, *pNext;
  assert(pArena->pAt <= pArena->pEnd);
  for (p = pArena->pChunk; p; p = pNext) {
    pNext = p->pNext;
    if (pKeep == 0 && p->nByte <= nKeep) {
      pKeep = p;
    } else {
      sqlite3_free(p);
    }
  }
  memset(pArena, 0, sizeof(*pArena));
  if (pKeep == 0) return;
  pKeep->pNext = 0;
  pArena->pChunk = pKeep;
  pArena->pAt = (char *)&pKeep[1];
  pArena->pEnd = pArena->pAt + pKeep->nByte;
  pArena->nByte = pKeep->nByte;
}

void assocArenaFree(AssocArena *pArena) {
  assocArenaReset(pArena, -1);
}
