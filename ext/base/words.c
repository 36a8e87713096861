/*
** Something for each of many names, without regard to case, as SQLite compares
** the names of tables.
*/
#include "base/base.h"

static AssocWord **wordBucket(const AssocWords *p, u32 iHash) {
  assert(p->nBucket > 0 && (p->nBucket & (p->nBucket - 1)) == 0);
  return &p->apBucket[(iHash ^ iHash >> 15) & (u32)(p->nBucket - 1)];
}

/* See base.h. */
AssocWord *assocWordsFind(const AssocWords *p, const char *zName) {
  AssocWord *pWord;
  u32 iHash;
  if (p->nWord == 0) return 0;
  iHash = assocNameHash(zName);
  pWord = *wordBucket(p, iHash);
  while (pWord &&
         (pWord->iHash != iHash || sqlite3_stricmp(pWord->zName, zName) != 0)) {
    pWord = pWord->pNext;
  }
  return pWord;
}

/* Twice as many buckets. The old ones stay in the arena. */
static void wordsGrow(AssocCall *pCall, AssocArena *pArena, AssocWords *p) {
  AssocWords old = *p;
  int i, n = old.nBucket ? old.nBucket * 2 : 16;
  AssocWord **ap = assocAlloc(pCall, pArena, (i64)sizeof(*ap) * n);
  if (ap == 0) return;
  p->apBucket = ap;
  p->nBucket = n;
  for (i = 0; i < old.nBucket; i++) {
    AssocWord *pWord, *pNext;
    for (pWord = old.apBucket[i]; pWord; pWord = pNext) {
      AssocWord **pp = wordBucket(p, pWord->iHash);
      pNext = pWord->pNext;
      pWord->pNext = *pp;
      *pp = pWord;
    }
  }
}

/* See base.h. */
AssocWord *assocWordsAdd(AssocCall *pCall, AssocArena *pArena, AssocWords *p,
                         const char *zName) {
  AssocWord *pWord = assocWordsFind(p, zName), **pp;
  if (pWord) return pWord;
  if (p->nWord >= p->nBucket) wordsGrow(pCall, pArena, p);
  pWord = assocAlloc(pCall, pArena, sizeof(*pWord));
  if (pWord == 0) return 0; /* Also if it could not grow */
  pWord->zName = zName;
  pWord->iHash = assocNameHash(zName);
  pp = wordBucket(p, pWord->iHash);
  pWord->pNext = *pp;
  *pp = pWord;
  p->nWord++;
  return pWord;
}
