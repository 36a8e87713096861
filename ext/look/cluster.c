/*
** Groups of tables that belong together, for large diagrams.
**
** To be connected says little: many keys lead to tables such as users, so they
** are near everything. What counts is how many more keys there are among the
** tables of a group than chance would bring (Newman's modularity). First each
** table moves to the neighbouring group where this gains most, until no table
** moves. Then groups are joined while that gains, up to a size that fits on a
** page.
**
** The result depends only on the schema, so a diagram changes little when the
** schema does.
*/
#include <stdlib.h>

#include "look/picture.h"

#define CLUSTER_LEAST 13 /* Fewer tables need no groups */
#define CLUSTER_MOST 16  /* Tables in a group that is joined from two */

typedef struct Cluster Cluster;
struct Cluster {
  int n, nEnd;  /* Tables; ends of lines */
  int *aGroup;  /* Of each table */
  int *aTotal;  /* Of each group: ends of lines */
  int *aSize;   /* Of each group: tables */
  int *aDegree; /* Of each table: ends of lines */
  int *
      aFirst; /* Of each table: the place of its first line in aOther; nEnd last */
  int *aOther; /* The other ends of the lines of table 0, of table 1, … */
  int *aNear;  /* Of each group: lines from what is at hand; else 0 */
  int *aTouch; /* Groups that are not 0 in aNear */
  int nTouch;
  int *aHead;                  /* Of each group: its first table, or -1 */
  int *aNext;                  /* Of each table: the next of its group, or -1 */
  AssocPictureTable **apTable; /* The tables by number */
};

/* One int for each table, and one more, so that no allocation is empty. */
static int *clusterArray(AssocPicture *p, int n) {
  return assocAlloc(p->pCall, &p->p->mem, (i64)sizeof(int) * (n + 1));
}

/* Does the line count? A belongsToMany counts by the two keys of its join table. */
static int clusterCounts(const AssocPictureEdge *pEdge) {
  return pEdge->pKey && pEdge->pFrom != pEdge->pTo;
}

/* Sort the lines by their tables. A line is there from both of its ends. */
static void clusterLines(AssocPicture *p, Cluster *q) {
  const AssocPictureEdge *pEdge;
  int i, *aAt = q->aNext; /* Not used yet */
  for (i = 0; i < q->n; i++) {
    q->aFirst[i + 1] = q->aFirst[i] + q->aDegree[i];
    aAt[i] = q->aFirst[i];
  }
  assert(q->aFirst[q->n] == q->nEnd);
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (!clusterCounts(pEdge)) continue;
    q->aOther[aAt[pEdge->pFrom->iId]++] = pEdge->pTo->iId;
    q->aOther[aAt[pEdge->pTo->iId]++] = pEdge->pFrom->iId;
  }
}

/* Count the lines of each table. False after an error, or if there is nothing to
** group. */
static int clusterStart(AssocPicture *p, Cluster *q) {
  const AssocPictureEdge *pEdge;
  AssocPictureTable *pTab;
  int i, nEdge = 0;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) nEdge++;
  q->n = p->nTable;
  q->aGroup = clusterArray(p, q->n);
  q->aTotal = clusterArray(p, q->n);
  q->aSize = clusterArray(p, q->n);
  q->aDegree = clusterArray(p, q->n);
  q->aFirst = clusterArray(p, q->n);
  q->aOther = clusterArray(p, 2 * nEdge);
  q->aNear = clusterArray(p, q->n);
  q->aTouch = clusterArray(p, q->n);
  q->aHead = clusterArray(p, q->n);
  q->aNext = clusterArray(p, q->n);
  q->apTable =
      assocAlloc(p->pCall, &p->p->mem, (i64)sizeof(*q->apTable) * q->n);
  if (p->pCall->rc != SQLITE_OK) return 0;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (!clusterCounts(pEdge)) continue;
    q->aDegree[pEdge->pFrom->iId]++;
    q->aDegree[pEdge->pTo->iId]++;
    q->nEnd += 2;
  }
  clusterLines(p, q);
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) q->apTable[pTab->iId] = pTab;
  for (i = 0; i < q->n; i++) { /* At first each table is a group of its own */
    q->aGroup[i] = i;
    q->aSize[i] = 1;
    q->aTotal[i] = q->aDegree[i];
  }
  return q->nEnd > 0;
}

/* Put table i into another group, and keep both groups' sums right. */
static void clusterMove(Cluster *q, int i, int iGroup) {
  int iOld = q->aGroup[i];
  assert(iOld != iGroup && q->aSize[iOld] > 0);
  q->aTotal[iOld] -= q->aDegree[i];
  q->aSize[iOld]--;
  q->aGroup[i] = iGroup;
  q->aTotal[iGroup] += q->aDegree[i];
  q->aSize[iGroup]++;
}

/* Count the lines of table i to each group. */
static void clusterTouch(Cluster *q, int i) {
  int j;
  for (j = q->aFirst[i]; j < q->aFirst[i + 1]; j++) {
    int iGroup = q->aGroup[q->aOther[j]];
    if (q->aNear[iGroup]++ == 0) q->aTouch[q->nTouch++] = iGroup;
  }
}

/* For qsort(): the order of the groups. */
static int groupCompare(const void *pA, const void *pB) {
  return *(const int *)pA - *(const int *)pB;
}

/* Groups that are equally good are tried in their order. */
static void clusterTouched(Cluster *q) {
  if (q->nTouch == 0) return;
  qsort(q->aTouch, (size_t)q->nTouch, sizeof(int), groupCompare);
}

/* Forget what clusterTouch() counted. */
static void clusterUntouch(Cluster *q) {
  while (q->nTouch > 0) q->aNear[q->aTouch[--q->nTouch]] = 0;
}

/* Move a table to where it gains most. True if it has moved. */
static int clusterStep(Cluster *q, int i) {
  int k, iOwn = q->aGroup[i], iBest = iOwn;
  double rBest = 0;
  assert(i >= 0 && i < q->n && q->nEnd > 0 && q->nTouch == 0);
  clusterTouch(q, i);
  if (q->aNear[iOwn] == 0) q->aTouch[q->nTouch++] = iOwn;
  clusterTouched(q);
  for (k = 0; k < q->nTouch; k++) {
    int j = q->aTouch[k];
    int nTotal = q->aTotal[j] - (j == iOwn ? q->aDegree[i] : 0);
    double r = q->aNear[j] - (double)nTotal * q->aDegree[i] / (double)q->nEnd;
    if (r > rBest + 1e-9 || (j == iOwn && r > rBest - 1e-9)) {
      rBest = r;
      iBest = j;
    }
  }
  clusterUntouch(q);
  if (iBest == iOwn) return 0;
  clusterMove(q, i, iBest);
  return 1;
}

/* List the tables of each group, in their order. */
static void clusterLists(Cluster *q) {
  int i;
  for (i = 0; i < q->n; i++) q->aHead[i] = -1;
  for (i = q->n - 1; i >= 0; i--) {
    q->aNext[i] = q->aHead[q->aGroup[i]];
    q->aHead[q->aGroup[i]] = i;
  }
}

/* Join the group iA with the one where that gains most. */
static int clusterJoin(Cluster *q, int iA) {
  int i, k, iNext, iBest = -1;
  double rBest = 1e-9;
  assert(iA >= 0 && iA < q->n && q->nTouch == 0);
  for (i = q->aHead[iA]; i >= 0; i = q->aNext[i]) clusterTouch(q, i);
  clusterTouched(q);
  for (k = 0; k < q->nTouch; k++) {
    double r;
    i = q->aTouch[k];
    r = q->aNear[i] - (double)q->aTotal[i] * q->aTotal[iA] / (double)q->nEnd;
    if (i == iA || r <= rBest) continue;
    if (q->aSize[i] + q->aSize[iA] > CLUSTER_MOST) continue;
    rBest = r;
    iBest = i;
  }
  clusterUntouch(q);
  if (iBest < 0) return 0;
  for (i = q->aHead[iA]; i >= 0; i = iNext) {
    iNext = q->aNext[i];
    clusterMove(q, i, iBest);
    q->aNext[i] = q->aHead[iBest];
    q->aHead[iBest] = i;
  }
  q->aHead[iA] = -1;
  return 1;
}

/* Put the tables of a group together, the first table's group first. The table
** with most lines gives the group its name. */
static void clusterOrder(AssocPicture *p, Cluster *q) {
  AssocPictureTable *pTab;
  int i, j;
  clusterLists(q);
  p->ppTable = &p->pTable;
  for (i = 0; i < q->n; i++) {
    int iGroup = q->aGroup[i], iHub = i;
    for (j = q->aHead[iGroup]; j >= 0; j = q->aNext[j]) {
      if (q->aDegree[j] > q->aDegree[iHub]) iHub = j;
    }
    for (j = q->aHead[iGroup]; j >= 0; j = q->aNext[j]) {
      pTab = *p->ppTable = q->apTable[j];
      p->ppTable = &pTab->pNext;
      pTab->iGroup = q->aSize[iGroup] > 1 ? iGroup + 1 : 0;
      pTab->pHub = q->apTable[iHub];
    }
    q->aHead[iGroup] = -1; /* All of the group are in the list */
  }
  *p->ppTable = 0;
}

/* Small pictures are not grouped. 20 passes are far more than schemas need; the
** bound makes sure that the loop ends. */
void assocPictureCluster(AssocPicture *p) {
  Cluster cluster;
  int i, iPass, bMoved;
  memset(&cluster, 0, sizeof(cluster));
  if (p->nTable < CLUSTER_LEAST || !clusterStart(p, &cluster)) return;
  /* First each table goes where most of its neighbours are, then whole groups
  ** join. Both end early; 20 passes bound a schema that never comes to rest. */
  assert(cluster.n > 0);
  for (iPass = 0; iPass < 20; iPass++) {
    for (i = bMoved = 0; i < cluster.n; i++) {
      bMoved |= clusterStep(&cluster, i);
    }
    if (!bMoved) break;
  }
  clusterLists(&cluster);
  for (iPass = 0; iPass < 20; iPass++) {
    for (i = bMoved = 0; i < cluster.n; i++) {
      bMoved |= clusterJoin(&cluster, i);
    }
    if (!bMoved) break;
  }
  clusterOrder(p, &cluster);
}
