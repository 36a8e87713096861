/*
** The rows of a payload as a list: each row behind the row that it is nested
** in.
**
**   {"name":"Alice", "company":{"name":"Acme"},
**    "posts":[{"title":"Hello", "tags":[{"name":"a"}, {"id":7}]}]}
**
** What to do with a row is decided by its members, and by whether the row that
** it is nested in exists already:
**
**   new    an object: it is inserted
**   old    an object for an existing row: its columns are changed
**   key    {"id":7} or 7: an existing row
**   ref    {"#ref":"x"}: the row that has "#id":"x"
**   none   null or []: nothing to write, but the result shows it
*/
#include "write/graph.h"
#include <stdlib.h>

/* An empty graph: no rows, nothing ready to be written. */
void assocGraphInit(AssocWriter *w, Graph *g) {
  memset(g, 0, sizeof(*g));
  g->w = w;
  g->ppEnd = &g->pFirst;
  g->ppReadyEnd = &g->pReady;
}

/* *pp is the place in the list; the row is put before what stands there. */
GraphRow *assocGraphRow(Graph *g, AssocModel *pModel, AssocRel *pBy,
                        const AssocJson *pJson, GraphRow **pp) {
  GraphRow *p = assocAlloc(g->w->pCall, &g->w->tmp, sizeof(*p));
  if (p == 0) return 0;
  p->pModel = pModel;
  p->pJson = pJson;
  p->pForm = assocWriteForm(g->w, pModel, pBy);
  p->pNext = *pp;
  *pp = p;
  return g->w->pCall->rc == SQLITE_OK ? p : 0;
}

/* --------------------------------------------------------------- classing */

/* Count what the object contains: parts of its key, other members, a label. By
** this the caller decides whether it is a new row, an existing one or a
** reference. */
void assocGraphMembers(Graph *g, GraphRow *p, GraphMembers *pMembers) {
  const AssocJson *pSub;
  int i = 0;
  memset(pMembers, 0, sizeof(*pMembers));
  for (pSub = p->pJson->pChild; pSub; pSub = pSub->pNext) {
    WriteMember *pMember = assocFormMember(g->w, p->pForm, i++, pSub->zKey);
    if (pMember == 0) return;
    switch (pMember->eType) {
    case WRITE_COLUMN:
      if (assocKeyPlace(p->pModel, pMember->iCol) >= 0) {
        pMembers->nKey++;
      } else {
        pMembers->nOther++;
      }
      break;
    case WRITE_ASSOC: pMembers->nOther++; break;
    case WRITE_THROUGH: p->pThrough = pSub; break;
    case WRITE_REF: p->eWhat = GRAPH_REF; /* Fall through */
    default:
      p->pLabel = pSub;
      if (pSub->eType != ASSOC_J_TEXT && pSub->eType != ASSOC_J_INT) {
        assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, pSub->zKey,
                     "\"%s\" must be a text or a number, not %s", pSub->zKey,
                     assocJsonTypeName(pSub));
      }
    }
  }
}

/* Such a table has nothing to insert but the key: a key alone then may make the
** row. */
int assocGraphAllKey(const AssocModel *pModel) {
  const AssocTable *pTab = pModel->pTable;
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    if (!pTab->aCol[i].bGenerated && assocKeyPlace(pModel, i) < 0) return 0;
  }
  return 1;
}

/* Classify a row nested in an existing one. With a key it must be one of the
** related rows. Without a key it is the present target of a to-one, or new. */
static void classUnderOld(Graph *g, GraphRow *p, const GraphMembers *pMembers) {
  AssocWriter *w = g->w;
  WriteLink *pLink = p->pLink;
  int bFound = 0;
  assert(p->pUp->eWhat == GRAPH_OLD && p->pUp->bDone);
  if (pMembers->nKey == 0) {
    if (!p->bList && assocLinkFirst(w, pLink, &p->pUp->row, &p->row)) {
      p->eWhat = GRAPH_OLD;
    }
  } else if (pMembers->nKey == p->pModel->nKey) {
    WriteVal *aKey = assocKeyOfJson(w, p->pModel, p->pJson);
    if (aKey == 0) return;
    p->eWhat = GRAPH_OLD;
    if (!assocLinkHas(w, pLink, &p->pUp->row, aKey, &bFound) && bFound) {
      assocErrorOf(
          w->pCall, ASSOC_E_NOT_FOUND, p->pUp->pModel->zLabel,
          p->pBy->pRel->zName,
          "the %s of that key is not among the %s of this %s; give its "
          "key alone to relate it",
          p->pModel->zLabel, p->pBy->pRel->zName, p->pUp->pModel->zLabel);
    }
    assocRowNeed(w, p->pModel, aKey, &p->row);
  }
  p->bDone = p->bRelated = p->eWhat == GRAPH_OLD;
}

/* The error for a value that is neither a row nor a key. */
static void keyMalformed(Graph *g, const GraphRow *p) {
  if (p->pModel->nKey == 1) {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, p->pUp->pModel->zLabel,
                 p->pBy->zKey, "%s.%s takes a row or a key, not %s",
                 p->pUp->pModel->zLabel, p->pBy->zKey,
                 assocJsonTypeName(p->pJson));
  } else {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, p->pUp->pModel->zLabel,
                 p->pBy->zKey,
                 "%s.%s takes a row, or a key: an array of %d values",
                 p->pUp->pModel->zLabel, p->pBy->zKey, p->pModel->nKey);
  }
}

/* Decide what to do with a nested row, and set p->eWhat. */
static void classRow(Graph *g, GraphRow *p) {
  GraphMembers members;
  assert(p->pUp && p->pLink);
  if (p->pJson->eType != ASSOC_J_OBJECT) {
    p->eWhat = GRAPH_KEY;
    p->row.aKey = assocKeyOfJson(g->w, p->pModel, p->pJson);
    if (p->row.aKey == 0) keyMalformed(g, p);
    return;
  }
  assocGraphMembers(g, p, &members);
  if (g->w->pCall->rc != SQLITE_OK) return;
  if (p->eWhat == GRAPH_REF) {
    g->nRef++;
    if (members.nKey || members.nOther) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, "#ref",
                   "\"#ref\" refers to a row elsewhere in the values; write "
                   "its columns there");
    }
    return;
  }
  if (p->pLabel) g->nLabel++;
  if (members.nOther == 0 && members.nKey == p->pModel->nKey) {
    p->eWhat = GRAPH_KEY;
    p->row.aKey = assocKeyOfJson(g->w, p->pModel, p->pJson);
    if (p->row.aKey == 0) keyMalformed(g, p);
  } else if (p->pUp->eWhat == GRAPH_OLD) {
    classUnderOld(g, p, &members);
  }
}

/* --------------------------------------------------------------- unfolding */

/* Add one row that stands under an association, behind *pp. Returns the place
** behind it. */
static GraphRow **unfoldOne(Graph *g, GraphRow *pUp, const WriteMember *pBy,
                            const AssocJson *pJson, int bList, GraphRow **pp) {
  int iBranch;
  const AssocJson *pRow =
      assocRelBranch(g->w->pCall, pBy->pRel, pJson, &iBranch);
  WriteLink *pLink = pRow ? assocLinkOf(g->w, pBy->pRel, iBranch) : 0;
  GraphRow *p =
      pLink ? assocGraphRow(g, pLink->pTarget, pBy->pRel, pRow, pp) : 0;
  if (p == 0) return pp;
  p->pLink = pLink;
  if (pRow != pJson) p->zBranch = pRow->zKey;
  p->pUp = pUp;
  p->pBy = pBy;
  p->bList = (u8)bList;
  classRow(g, p);
  return &p->pNext;
}

/* Add the row for null or an empty list. */
static GraphRow **unfoldNone(Graph *g, GraphRow *pUp, const WriteMember *pBy,
                             int bList, GraphRow **pp) {
  WriteLink *pLink =
      assocLinkOf(g->w, pBy->pRel, 0); /* Checks that it can be */
  GraphRow *p =
      pLink ? assocGraphRow(g, pBy->pRel->pTarget, pBy->pRel, 0, pp) : 0;
  if (p == 0) return pp;
  p->pUp = pUp;
  p->pBy = pBy;
  p->bList = (u8)bList;
  p->eWhat = GRAPH_NONE;
  return &p->pNext;
}

/* Add all rows under one association. */
static GraphRow **unfoldAssoc(Graph *g, GraphRow *pUp, const WriteMember *pBy,
                              const AssocJson *pJson, GraphRow **pp) {
  const AssocJson *pSub;
  int bMany = pBy->pRel->bMany;
  if (pJson->eType == ASSOC_J_NULL) return unfoldNone(g, pUp, pBy, bMany, pp);
  if (!bMany) return unfoldOne(g, pUp, pBy, pJson, 0, pp);
  if (pJson->eType != ASSOC_J_ARRAY) {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pUp->pModel->zLabel, pBy->zKey,
                 "%s.%s may be many, and takes an array, not %s",
                 pUp->pModel->zLabel, pBy->zKey, assocJsonTypeName(pJson));
    return pp;
  }
  if (pJson->nChild == 0) return unfoldNone(g, pUp, pBy, 1, pp);
  for (pSub = pJson->pChild; pSub && g->w->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    GraphRow **ppNew = pp;
    pp = unfoldOne(g, pUp, pBy, pSub, 1, pp);
    if (pp == ppNew) return pp;
    (*ppNew)->bFirst = pSub == pJson->pChild;
    (*ppNew)->bLast = pSub->pNext == 0;
  }
  return pp;
}

/* Add the rows that are nested in a row, directly behind it. */
static void unfoldRow(Graph *g, GraphRow *p) {
  GraphRow **pp = &p->pNext;
  const AssocJson *pSub;
  int i = 0;
  if (p->pJson == 0 || p->eWhat > GRAPH_OLD) return;
  for (pSub = p->pJson->pChild; pSub && g->w->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    WriteMember *pBy = assocFormMember(g->w, p->pForm, i++, pSub->zKey);
    if (pBy && pBy->eType == WRITE_ASSOC) {
      pp = unfoldAssoc(g, p, pBy, pSub, pp);
    }
  }
}

/* pRow: the row exists already, for an update or as the source of a new one. */
GraphRow *assocGraphRoot(Graph *g, AssocModel *pModel, const AssocJson *pJson,
                         const WriteRow *pRow) {
  GraphRow *p = assocGraphRow(g, pModel, 0, pJson, g->ppEnd);
  GraphMembers members;
  if (p == 0) return 0;
  if (pRow) {
    p->eWhat = GRAPH_OLD;
    p->row = *pRow;
    p->bDone = 1;
  }
  if (pJson && pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, 0,
                 "a row of %s is a JSON object, not %s", pModel->zLabel,
                 assocJsonTypeName(pJson));
  } else if (pJson) {
    assocGraphMembers(g, p, &members);
    if (p->eWhat == GRAPH_REF) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, "#ref",
                   "\"#ref\" refers to a row to link, so it belongs under an "
                   "association");
    }
    if (p->pLabel) g->nLabel++;
  }
  return g->w->pCall->rc == SQLITE_OK ? p : 0;
}

/* Rows are appended behind the row that contains them, so the loop visits the
** whole tree without recursion. */
void assocGraphUnfold(Graph *g, GraphRow *p) {
  for (; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    unfoldRow(g, p);
    g->ppEnd = &p->pNext;
  }
}

/* ------------------------------------------------------------------ labels */

/* Compare labels as bytes. */
static int labelCompare(const GraphRow *pA, const AssocJson *pLabel) {
  int nA = pA->pLabel->n, nB = pLabel->n;
  int c = memcmp(pA->pLabel->z, pLabel->z, (size_t)(nA < nB ? nA : nB));
  return c ? c : nA - nB;
}

/* For qsort(): rows by their labels. */
static int labelOrder(const void *pA, const void *pB) {
  return labelCompare(*(GraphRow *const *)pA, (*(GraphRow *const *)pB)->pLabel);
}

/* The row that has this label, or 0 (binary search). */
static GraphRow *labelFind(GraphRow **ap, int n, const AssocJson *pLabel) {
  int iLo = 0, iHi = n - 1;
  while (iLo <= iHi) {
    int iMid = (iLo + iHi) / 2;
    int c = labelCompare(ap[iMid], pLabel);
    if (c == 0) return ap[iMid];
    if (c < 0) {
      iLo = iMid + 1;
    } else {
      iHi = iMid - 1;
    }
  }
  return 0;
}

/* A label for an error. The text of a number has no nul at its end. */
static const char *labelText(Graph *g, const GraphRow *p) {
  const char *z =
      assocArenaText(g->w->pCall, &g->w->tmp, p->pLabel->z, p->pLabel->n);
  return z ? z : "";
}

/* The error for a "#ref" that names no row, with the most similar label. */
static void labelMissing(Graph *g, GraphRow **ap, int n, const GraphRow *pRef) {
  AssocNearest near;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = labelText(g, pRef);
  for (i = 0; i < n; i++) assocNearestTry(&near, labelText(g, ap[i]));
  assocFail(g->w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zName = near.zWritten,
                        .zNear = near.zBest,
                        .zQuote = "\""},
            "no row has the \"#id\" \"%s\"", near.zWritten);
}

/* Find the row that a "#ref" means. */
static void refResolve(Graph *g, GraphRow **ap, int n, GraphRow *pRef) {
  pRef->pSame = labelFind(ap, n, pRef->pLabel);
  if (pRef->pSame == 0) {
    labelMissing(g, ap, n, pRef);
  } else if (pRef->pSame->pModel != pRef->pModel) {
    assocErrorOf(
        g->w->pCall, ASSOC_E_ARGUMENT, pRef->pUp->pModel->zLabel,
        pRef->pBy->zKey, "%s.%s takes a %s, but \"#id\" \"%s\" is a %s",
        pRef->pUp->pModel->zLabel, pRef->pBy->zKey, pRef->pModel->zLabel,
        labelText(g, pRef), pRef->pSame->pModel->zLabel);
  } else {
    pRef->pSame->bMeant = 1;
  }
}

/* A "#ref" may come before its "#id", so references are resolved when the whole
** graph is known. Labels are sorted; equal ones are an error. */
void assocGraphLabels(Graph *g) {
  GraphRow **ap, *p;
  int i, n = 0;
  if (g->nLabel == 0 && g->nRef == 0) return;
  ap = assocAlloc(g->w->pCall, &g->w->tmp, (i64)sizeof(*ap) * (g->nLabel + 1));
  if (ap == 0) return;
  for (p = g->pFirst; p; p = p->pNext) {
    if (p->pLabel && p->eWhat != GRAPH_REF && n < g->nLabel) ap[n++] = p;
  }
  assert(n <= g->nLabel);
  qsort(ap, (size_t)n, sizeof(*ap), labelOrder);
  for (i = 1; i < n; i++) {
    if (labelOrder(&ap[i - 1], &ap[i]) != 0) continue;
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, "#id",
                 "two rows have the \"#id\" \"%s\"", labelText(g, ap[i]));
  }
  for (p = g->pFirst; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->eWhat == GRAPH_REF) refResolve(g, ap, n, p);
  }
}
