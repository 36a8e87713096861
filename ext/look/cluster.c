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
#include "look/picture.h"

#define CLUSTER_LEAST 13 /* Fewer tables need no groups */
#define CLUSTER_MOST 16  /* Tables in a group that is joined from two */

typedef struct Cluster Cluster;
struct Cluster {
  int n, nEnd;      /* Tables; ends of lines */
  int *aGroup;      /* Of each table */
  int *aTotal;      /* Of each group: ends of lines */
  int *aSize;       /* Of each group: tables */
  int *aDegree;     /* Of each table: ends of lines */
  int *aNear;       /* Of each group: lines from the table at hand */
  int *aFrom, *aTo; /* The lines: two tables each, twice */
};

/* One int for each table, and one more, so that no allocation is empty. */
static int *clusterArray(AssocPicture *p, int n) {
  return assocAlloc(p->pCall, &p->p->mem, (i64)sizeof(int) * (n + 1));
}

/* Count the lines of each table. A line goes into the list from both of its
** ends. False after an error, or if there is nothing to group. */
static int clusterStart(AssocPicture *p, Cluster *q) {
  const AssocPictureEdge *pEdge;
  int i, nEdge = 0;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) nEdge++;
  q->n = p->nTable;
  q->aGroup = clusterArray(p, q->n);
  q->aTotal = clusterArray(p, q->n);
  q->aSize = clusterArray(p, q->n);
  q->aDegree = clusterArray(p, q->n);
  q->aNear = clusterArray(p, q->n);
  q->aFrom = clusterArray(p, 2 * nEdge);
  q->aTo = clusterArray(p, 2 * nEdge);
  if (p->pCall->rc != SQLITE_OK) return 0;
  /* A belongsToMany counts by the two keys of its join table. */
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (pEdge->pKey == 0 || pEdge->pFrom == pEdge->pTo) continue;
    q->aFrom[q->nEnd] = q->aTo[q->nEnd + 1] = pEdge->pFrom->iId;
    q->aTo[q->nEnd] = q->aFrom[q->nEnd + 1] = pEdge->pTo->iId;
    q->nEnd += 2;
  }
  assert(q->nEnd <= 2 * nEdge);
  for (i = 0; i < q->nEnd; i++) q->aDegree[q->aFrom[i]]++;
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

/* Move a table to where it gains most. True if it has moved. */
static int clusterStep(Cluster *q, int i) {
  int j, iOwn = q->aGroup[i], iBest = iOwn;
  double rBest = 0;
  assert(i >= 0 && i < q->n && q->nEnd > 0);
  memset(q->aNear, 0, sizeof(int) * (size_t)q->n);
  for (j = 0; j < q->nEnd; j++) {
    if (q->aFrom[j] == i) q->aNear[q->aGroup[q->aTo[j]]]++;
  }
  for (j = 0; j < q->n; j++) {
    int nTotal = q->aTotal[j] - (j == iOwn ? q->aDegree[i] : 0);
    double r = q->aNear[j] - (double)nTotal * q->aDegree[i] / (double)q->nEnd;
    if (q->aNear[j] == 0 && j != iOwn) continue;
    if (r > rBest + 1e-9 || (j == iOwn && r > rBest - 1e-9)) {
      rBest = r;
      iBest = j;
    }
  }
  if (iBest == iOwn) return 0;
  clusterMove(q, i, iBest);
  return 1;
}

/* Join the group iA with the one where that gains most. */
static int clusterJoin(Cluster *q, int iA) {
  int i, iBest = -1;
  double rBest = 1e-9;
  assert(iA >= 0 && iA < q->n);
  if (q->aSize[iA] == 0) return 0;
  memset(q->aNear, 0, sizeof(int) * (size_t)q->n);
  for (i = 0; i < q->nEnd; i++) {
    if (q->aGroup[q->aFrom[i]] == iA) q->aNear[q->aGroup[q->aTo[i]]]++;
  }
  for (i = 0; i < q->n; i++) {
    double r =
        q->aNear[i] - (double)q->aTotal[i] * q->aTotal[iA] / (double)q->nEnd;
    if (i == iA || q->aNear[i] == 0 || r <= rBest) continue;
    if (q->aSize[i] + q->aSize[iA] > CLUSTER_MOST) continue;
    rBest = r;
    iBest = i;
  }
  for (i = 0; i < q->n && iBest >= 0; i++) {
    if (q->aGroup[i] == iA) clusterMove(q, i, iBest);
  }
  return iBest >= 0;
}

/* Put the tables of a group together, the first table's group first. The table
** with most lines gives the group its name. */
static void clusterOrder(AssocPicture *p, Cluster *q) {
  AssocPictureTable *pFirst, *pTab, *pList = p->pTable, **ppLeft;
  p->ppTable = &p->pTable;
  while ((pFirst = pList) != 0) {
    int iGroup = q->aGroup[pFirst->iId];
    AssocPictureTable *pHub = pFirst;
    assert(q->aSize[iGroup] > 0);
    for (ppLeft = &pList; (pTab = *ppLeft) != 0;) {
      if (q->aGroup[pTab->iId] != iGroup) {
        ppLeft = &pTab->pNext;
        continue;
      }
      *ppLeft = pTab->pNext;
      *p->ppTable = pTab;
      p->ppTable = &pTab->pNext;
      pTab->pNext = 0;
      pTab->iGroup = q->aSize[iGroup] > 1 ? iGroup + 1 : 0;
      if (q->aDegree[pTab->iId] > q->aDegree[pHub->iId]) pHub = pTab;
    }
    for (pTab = pFirst; pTab; pTab = pTab->pNext) pTab->pHub = pHub;
    assert(pList != pFirst); /* At least one table left the list */
    *p->ppTable = 0;
  }
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
  for (iPass = 0; iPass < 20; iPass++) {
    for (i = bMoved = 0; i < cluster.n; i++) {
      bMoved |= clusterJoin(&cluster, i);
    }
    if (!bMoved) break;
  }
  clusterOrder(p, &cluster);
}
