/*
** "Did you mean X?": find the candidate nearest to a written name.
**
** The distance is the number of letters to insert, delete, replace or swap with
** their neighbour; case is ignored. A name that is the beginning of the other
** one is near too: 'post' and 'posts', 'comment' and 'comments_all'.
*/
#include "base/base.h"

#define NEAR_MAX 40 /* Longer words are compared by their first 40 bytes */

/* Optimal string alignment distance: three rows of the usual table suffice. */
static int distance(const char *zA, const char *zB) {
  int aRow[3][NEAR_MAX + 1];
  int nA = (int)strlen(zA), nB = (int)strlen(zB), i, j;
  if (nA > NEAR_MAX) nA = NEAR_MAX;
  if (nB > NEAR_MAX) nB = NEAR_MAX;
  for (j = 0; j <= nB; j++) aRow[0][j] = j;
  for (i = 1; i <= nA; i++) {
    int *aNew = aRow[i % 3], *aOld = aRow[(i + 2) % 3];
    int *aOlder = aRow[(i + 1) % 3];
    aNew[0] = i;
    for (j = 1; j <= nB; j++) {
      int bSame = assocLower(zA[i - 1]) == assocLower(zB[j - 1]);
      int d = aOld[j - 1] + !bSame;
      if (aOld[j] + 1 < d) d = aOld[j] + 1;
      if (aNew[j - 1] + 1 < d) d = aNew[j - 1] + 1;
      if (i > 1 && j > 1 && assocLower(zA[i - 1]) == assocLower(zB[j - 2]) &&
          assocLower(zA[i - 2]) == assocLower(zB[j - 1]) &&
          aOlder[j - 2] + 1 < d) {
        d = aOlder[j - 2] + 1;
      }
      aNew[j] = d;
    }
  }
  return aRow[nA % 3][nB];
}

/*
** Make z the best candidate if it is nearer than the best so far. At most a
** third of the letters may be wrong, one in a short word, but never all of
** them.
*/
void assocNearestTry(AssocNearest *p, const char *z) {
  int n = (int)strlen(p->zWritten), nZ = (int)strlen(z);
  int d = distance(p->zWritten, z);
  int nMost = n / 3 > 1 ? n / 3 : 1;
  int nShort = n < nZ ? n : nZ, nLong = n < nZ ? nZ : n;
  assert(p->zWritten && z);
  if (nShort >= 3 && sqlite3_strnicmp(p->zWritten, z, nShort) == 0) {
    nMost = n + nZ;
  }
  if (d < nLong && d <= nMost && (p->zBest == 0 || d < p->nBest)) {
    p->zBest = z;
    p->nBest = d;
  }
}

/* Letters that differ only in case have the same lower five bits. */
u32 assocNameHash(const char *z) {
  u32 h = 0;
  for (; *z; z++) h = h * 31 + (u32)(*z & 0x1f);
  return h;
}
