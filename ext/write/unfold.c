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
**   by     {"#by":"name", ...}: found by a UNIQUE index, else new
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

/* Add the columns of one name in "#by": a column's, or those of the foreign key
** of a belongsTo. */
static void byColumn(Graph *g, GraphRow *p, const AssocJson *pName) {
  AssocModel *pModel = p->pModel;
  AssocRel *pRel = 0;
  int i, iCol = assocColumnSeek(g->w->pCall, pModel->pTable, pName->z);
  if (iCol < 0) pRel = assocRelSeek(g->w->pCall, pModel, pName->z);
  if (pRel && pRel->eKind == ASSOC_BELONGSTO) { /* Which has no path */
    for (i = 0; i < pRel->foreign.nCol; i++) {
      p->aBy[p->nBy++] = pRel->foreign.aCol[i];
    }
    for (i = 0; i < pRel->type.nCol; i++) {
      p->aBy[p->nBy++] = pRel->type.aCol[i];
    }
  } else if (iCol >= 0) {
    p->aBy[p->nBy++] = iCol;
  } else if (pName->z[0] == '#') {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, pName->z,
                 "a row of %s is found by its columns, not by \"%s\"; write "
                 "\"#by\":\"name\" and the value of the column beside it",
                 pModel->zLabel, pName->z);
  } else if (pRel) {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, pRel->zName,
                 "%s.%s gives the row no columns by which it could be found",
                 pModel->zLabel, pRel->zName);
  } else {
    assocFormUnknown(g->w, pModel, pName->z, "column");
  }
}

void assocGraphBy(Graph *g, GraphRow *p, const WriteMember *pMember,
                  const AssocJson *pJson) {
  AssocCall *pCall = g->w->pCall;
  const AssocJson *pSub = pJson;
  int n = 0;
  if (p->pUnique) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel, pMember->zKey,
                 "a row has either \"#by\" or \"#upsert\", and once");
  }
  p->pUnique = pJson;
  p->bUpsert = pMember->eType == WRITE_UPSERT;
  if (pJson->eType == ASSOC_J_ARRAY) pSub = pJson->pChild;
  for (; pSub && pSub->eType == ASSOC_J_TEXT; n++) {
    pSub = pSub == pJson ? 0 : pSub->pNext;
  }
  if (pSub || n == 0) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel, pMember->zKey,
                 "\"%s\" takes the name of a column or an array of names, not "
                 "%s",
                 pMember->zKey,
                 pJson->eType == ASSOC_J_ARRAY && n == 0
                     ? "an array without names"
                     : assocJsonTypeName(pJson));
  }
  p->nBy = 0;
  p->aBy = assocAlloc(pCall, &g->w->tmp,
                      (i64)sizeof(int) * (n + 1) * (ASSOC_KEY_MAX + 1));
  if (p->aBy == 0) return;
  pSub = pJson->eType == ASSOC_J_ARRAY ? pJson->pChild : pJson;
  for (; n > 0; n--, pSub = pSub->pNext) {
    byColumn(g, p, pSub);
  }
}

const char *assocGraphPath(Graph *g, const GraphRow *p, const char *zName) {
  const char *z = zName ? zName : "";
  for (; z && p->pUp && p->pUp->pOnly; p = p->pUp) {
    z = assocArenaPrintf(g->w->pCall, &g->w->tmp, "%s%s%s%s%s", p->pBy->zKey,
                         p->zBranch ? "." : "", p->zBranch ? p->zBranch : "",
                         z[0] ? "." : "", z);
  }
  return z ? z : "";
}

/* Raise an error if "only" does not allow a member of the row. Columns of its key
** are judged later: they may be all that it has. */
static void membersAllow(Graph *g, const GraphRow *p,
                         const WriteMember *pMember, const AssocJson *pJson) {
  const WriteOnly *pOnly = p->pOnly;
  const WriteCell *aCell;
  int i, n = 0, bMay = 1;
  if (pOnly == 0) return;
  switch (pMember->eType) {
  case WRITE_COLUMN:
    bMay = assocOnlyColumn(pOnly, pMember->iCol) ||
           assocKeyPlace(p->pModel, pMember->iCol) >= 0;
    break;
  case WRITE_ASSOC:
    bMay = 0;
    for (i = 0; i == 0 || i < pMember->pRel->nBranch; i++) {
      bMay |= assocOnlyUnder(pOnly, pMember->pRel, i) != 0;
    }
    break;
  case WRITE_THROUGH:
    aCell = assocThroughCells(g->w, p->pLink->pRel, pJson, &n);
    if (aCell) {
      assocOnlyThrough(g->w, pOnly, n, aCell, assocGraphPath(g, p, 0));
    }
    return;
  case WRITE_BY: bMay = pOnly->mMay & WRITE_MAY_BY; break;
  case WRITE_UPSERT: bMay = pOnly->mMay & WRITE_MAY_UPSERT; break;
  }
  if (!bMay) assocOnlyFail(g->w, assocGraphPath(g, p, pJson->zKey), "");
}

/* The same of the key's columns of a row that has more than its key. */
static void keyAllow(Graph *g, const GraphRow *p) {
  const AssocJson *pSub;
  int i = 0;
  if (p->pOnly == 0 || g->w->pCall->rc != SQLITE_OK) return;
  for (pSub = p->pJson->pChild; pSub; pSub = pSub->pNext) {
    const WriteMember *pMember =
        assocFormMember(g->w, p->pForm, i++, pSub->zKey);
    assert(pMember); /* assocGraphMembers() has looked for it */
    if (pMember->eType == WRITE_COLUMN &&
        !assocOnlyColumn(p->pOnly, pMember->iCol)) {
      assocOnlyFail(g->w, assocGraphPath(g, p, pSub->zKey), "");
    }
  }
}

/* The same of a row that is named by its key alone. Rows that are related already
** may be named so if their key's columns are allowed. */
static void linkAllow(Graph *g, GraphRow *p) {
  int bFound, bMay;
  if (p->pOnly == 0) return;
  bMay = (p->pOnly->mMay & WRITE_MAY_LINK) != 0;
  if (!bMay && assocOnlyKey(p->pOnly)) {
    bMay = assocGraphAllKey(g->w->pCall, p->pModel);
    if (!bMay && p->pUp->eWhat == GRAPH_OLD) {
      bMay = assocLinkHas(g->w, p->pLink, &p->pUp->row, p->row.aKey, &bFound);
    }
  }
  if (!bMay) {
    assocOnlyFail(g->w, assocGraphPath(g, p, 0), "rows by their key alone in ");
  }
}

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
    membersAllow(g, p, pMember, pSub);
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
    case WRITE_BY:
    case WRITE_UPSERT: assocGraphBy(g, p, pMember, pSub); break;
    case WRITE_SET:
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel, "#set",
                   "\"#set\" stands alone under an association that may be "
                   "many, before the list of its rows");
      break;
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
int assocGraphAllKey(AssocCall *pCall, const AssocModel *pModel) {
  const AssocTable *pTab = pModel->pTable;
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    if (pTab->aCol[i].bGenerated || assocKeyPlace(pModel, i) >= 0) continue;
    if (!assocColumnIs(pCall, pTab, i, ASSOC_COLUMN_HIDE)) return 0;
  }
  return 1;
}

/* Classify a row nested in an existing one. With a key it must be one of the
** related rows. Without a key it is the present target of a to-one, or new. */
static void classUnderOld(Graph *g, GraphRow *p, const GraphMembers *pMembers) {
  AssocWriter *w = g->w;
  WriteLink *pLink = p->pLink;
  int bFound = 0;
  assert(p->pUp->eWhat == GRAPH_OLD && p->pUp->row.aKey);
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

/*
** Decide what to do with a nested row, and set p->eWhat. A value or an array is
** a key. An object is a reference if it has "#ref", a key if it has its key and
** nothing else, and otherwise a row: new, unless the row around it exists
** already, where it may be one of the related rows.
*/
static void classRow(Graph *g, GraphRow *p) {
  GraphMembers members;
  assert(p->pUp && p->pLink);
  if (p->pJson->eType != ASSOC_J_OBJECT) {
    p->eWhat = GRAPH_KEY;
    p->row.aKey = assocKeyOfJson(g->w, p->pModel, p->pJson);
    if (p->row.aKey == 0) keyMalformed(g, p);
    linkAllow(g, p);
    return;
  }
  assocGraphMembers(g, p, &members);
  if (g->w->pCall->rc != SQLITE_OK) return;
  if (p->eWhat == GRAPH_REF) {
    g->nRef++;
    if (members.nKey || members.nOther || p->pUnique) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, "#ref",
                   "\"#ref\" refers to a row elsewhere in the values; write "
                   "its columns there");
    }
    return;
  }
  if (p->pLabel) g->nLabel++;
  if (p->pUnique) {
    keyAllow(g, p);
    p->eWhat = GRAPH_BY;
  } else if (members.nOther == 0 && members.nKey == p->pModel->nKey) {
    p->eWhat = GRAPH_KEY;
    p->row.aKey = assocKeyOfJson(g->w, p->pModel, p->pJson);
    if (p->row.aKey == 0) keyMalformed(g, p);
    linkAllow(g, p);
  } else {
    keyAllow(g, p);
    if (p->pUp->eWhat == GRAPH_OLD) classUnderOld(g, p, &members);
  }
}

/* --------------------------------------------------------------- unfolding */

/* Add one row that stands under an association, behind *pp. Returns the place
** behind it. */
static GraphRow **unfoldOne(Graph *g, GraphRow *pUp, const WriteMember *pBy,
                            const AssocJson *pJson, int bList, GraphSet *pSet,
                            GraphRow **pp) {
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
  if (pUp->pOnly) {
    p->pOnly = assocOnlyUnder(pUp->pOnly, pBy->pRel, iBranch);
    if (p->pOnly == 0) assocOnlyFail(g->w, assocGraphPath(g, p, 0), "");
    if (p->pOnly == 0) return pp;
  }
  p->bList = (u8)bList;
  p->pSet = pSet;
  classRow(g, p);
  return &p->pNext;
}

/* Raise an error if "only" does not allow a word under an association. */
static void wordAllow(Graph *g, const GraphRow *pUp, const WriteMember *pBy,
                      int m, const char *zWhat) {
  int i, mMay = 0;
  if (pUp->pOnly == 0) return;
  for (i = 0; i == 0 || i < pBy->pRel->nBranch; i++) {
    const WriteOnly *p = assocOnlyUnder(pUp->pOnly, pBy->pRel, i);
    if (p) mMay |= p->mMay;
  }
  if (!(mMay & m)) {
    assocOnlyFail(g->w, assocGraphPath(g, pUp, pBy->zKey), zWhat);
  }
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

/* {"#set":[...]}: note that the list is the whole list, and give it. An object
** that is anything else is an error. */
static const AssocJson *unfoldSet(Graph *g, GraphRow *pUp,
                                  const WriteMember *pBy,
                                  const AssocJson *pJson, GraphSet **ppSet) {
  static const AssocJson none = {.eType = ASSOC_J_ARRAY};
  const AssocJson *pList = pJson->pChild;
  GraphSet *p;
  if (pJson->nChild != 1 || strcmp(pList->zKey, "#set") != 0) return pJson;
  if (pList->eType == ASSOC_J_NULL) pList = &none;
  if (pList->eType != ASSOC_J_ARRAY) {
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pUp->pModel->zLabel, pBy->zKey,
                 "\"#set\" of %s.%s takes an array, not %s",
                 pUp->pModel->zLabel, pBy->zKey, assocJsonTypeName(pList));
  }
  wordAllow(g, pUp, pBy, WRITE_MAY_SET, "\"#set\" in ");
  p = assocAlloc(g->w->pCall, &g->w->tmp, sizeof(*p));
  if (p == 0) return pList;
  p->pUp = pUp;
  p->pBy = pBy;
  p->pNext = g->pSet;
  g->pSet = *ppSet = p;
  return pList;
}

/* Add all rows under one association. */
static GraphRow **unfoldAssoc(Graph *g, GraphRow *pUp, const WriteMember *pBy,
                              const AssocJson *pJson, GraphRow **pp) {
  const AssocJson *pSub;
  GraphSet *pSet = 0;
  int bMany = pBy->pRel->bMany;
  if (bMany && pJson->eType == ASSOC_J_OBJECT) {
    pJson = unfoldSet(g, pUp, pBy, pJson, &pSet);
  }
  if (pJson->eType == ASSOC_J_NULL && !bMany) {
    wordAllow(g, pUp, pBy, WRITE_MAY_NULL, "null for ");
  }
  if (pJson->eType == ASSOC_J_NULL) return unfoldNone(g, pUp, pBy, bMany, pp);
  if (!bMany) return unfoldOne(g, pUp, pBy, pJson, 0, 0, pp);
  if (pJson->eType != ASSOC_J_ARRAY) {
    const char *zInstead = assocWriteInstead(pJson);
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pUp->pModel->zLabel, pBy->zKey,
                 "%s.%s may be many, and takes an array, not %s; %s",
                 pUp->pModel->zLabel, pBy->zKey, assocJsonTypeName(pJson),
                 zInstead ? zInstead
                          : "an array adds its rows, {\"#set\":[...]} is the "
                            "whole list");
    return pp;
  }
  if (pJson->nChild == 0) return unfoldNone(g, pUp, pBy, 1, pp);
  for (pSub = pJson->pChild; pSub && g->w->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    GraphRow **ppNew = pp;
    pp = unfoldOne(g, pUp, pBy, pSub, 1, pSet, pp);
    if (pp == ppNew) return pp;
    (*ppNew)->bFirst = pSub == pJson->pChild;
    (*ppNew)->bLast = pSub->pNext == 0;
  }
  return pp;
}

/* Does the association give a value to a column by which the row is to be
** found? */
static int unfoldHelps(const GraphRow *p, const AssocRel *pRel) {
  int i, j;
  if (pRel->eKind != ASSOC_BELONGSTO) return 0;
  for (i = 0; i < p->nBy; i++) {
    for (j = 0; j < pRel->foreign.nCol; j++) {
      if (p->aBy[i] == pRel->foreign.aCol[j]) return 1;
    }
  }
  return 0;
}

GraphRow *assocGraphEnd(const GraphRow *p) {
  GraphRow *pEnd;
  const GraphRow *pUp;
  for (pEnd = p->pNext; pEnd; pEnd = pEnd->pNext) {
    for (pUp = pEnd->pUp; pUp && pUp != p; pUp = pUp->pUp) {
    }
    if (pUp == 0) return pEnd;
  }
  return 0;
}

/* Add the rows that are nested in a row, directly behind it. bRest: rows that
** help to find it stand there already. */
static void unfoldRow(Graph *g, GraphRow *p, int bRest) {
  GraphRow **pp = &p->pNext;
  const AssocJson *pSub;
  int i = 0;
  if (p->pJson == 0) return;
  if (p->eWhat > GRAPH_OLD && p->eWhat != GRAPH_BY) return;
  for (pSub = p->pJson->pChild; pSub && g->w->pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    WriteMember *pBy = assocFormMember(g->w, p->pForm, i++, pSub->zKey);
    assert(pBy); /* assocGraphMembers() has looked for it */
    if (pBy->eType != WRITE_ASSOC) continue;
    if (bRest && unfoldHelps(p, pBy->pRel)) {
      GraphRow *pEnd = assocGraphEnd(*pp);
      while (*pp != pEnd) pp = &(*pp)->pNext;
    } else if (p->eWhat != GRAPH_BY || unfoldHelps(p, pBy->pRel)) {
      pp = unfoldAssoc(g, p, pBy, pSub, pp);
    }
  }
}

/* pRow: the row exists already, for an update or as the source of a new one. */
void assocGraphNew(Graph *g, GraphRow *p) {
  GraphMembers members;
  assocGraphMembers(g, p, &members);
  keyAllow(g, p);
}

GraphRow *assocGraphRoot(Graph *g, AssocModel *pModel, const AssocJson *pJson,
                         const WriteRow *pRow, const WriteOnly *pOnly) {
  GraphRow *p = assocGraphRow(g, pModel, 0, pJson, g->ppEnd);
  GraphMembers members;
  if (p == 0) return 0;
  p->bTied = 1;
  p->pOnly = pOnly;
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
    keyAllow(g, p);
    if (p->eWhat == GRAPH_REF) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, "#ref",
                   "\"#ref\" refers to a row to link, so it belongs under an "
                   "association");
    }
    if (p->pLabel) g->nLabel++;
    if (p->pUnique && pRow) {
      assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, "#by",
                   "the row of %s is named by its key, so \"#by\" and "
                   "\"#upsert\" cannot find another",
                   pModel->zLabel);
    }
    if (p->pUnique) p->eWhat = GRAPH_BY;
  }
  return g->w->pCall->rc == SQLITE_OK ? p : 0;
}

/* Rows are appended behind the row that contains them, so the loop visits the
** whole tree without recursion. */
void assocGraphUnfold(Graph *g, GraphRow *p) {
  for (; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    unfoldRow(g, p, 0);
    g->ppEnd = &p->pNext;
  }
}

void assocGraphUnfoldRest(Graph *g, GraphRow *p) {
  GraphRow *pEnd = assocGraphEnd(p);
  int nLabel = g->nLabel, nRef = g->nRef;
  assert(p->eWhat != GRAPH_BY);
  unfoldRow(g, p, 1);
  for (p = p->pNext; p != pEnd && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (!p->bTied) unfoldRow(g, p, 0);
  }
  if (pEnd == 0) {
    while (*g->ppEnd) g->ppEnd = &(*g->ppEnd)->pNext;
  }
  if (nLabel != g->nLabel || nRef != g->nRef) assocGraphLabels(g);
}

int assocGraphIsNew(const GraphRow *p) {
  return p->eWhat == GRAPH_NEW || p->eWhat == GRAPH_BY;
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
  if (pRef->pOnly && !(pRef->pOnly->mMay & WRITE_MAY_LINK) && pRef->pSame &&
      pRef->pSame->eWhat != GRAPH_NEW) {
    assocOnlyFail(g->w, assocGraphPath(g, pRef, 0),
                  "rows by their key alone in ");
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
    if (p->pLabel && p->eWhat != GRAPH_REF) ap[n++] = p;
  }
  assert(n <= g->nLabel);
  qsort(ap, (size_t)n, sizeof(*ap), labelOrder);
  for (i = 1; i < n; i++) {
    if (labelOrder(&ap[i - 1], &ap[i]) != 0) continue;
    assocErrorOf(g->w->pCall, ASSOC_E_ARGUMENT, 0, "#id",
                 "two rows have the \"#id\" \"%s\"", labelText(g, ap[i]));
  }
  for (p = g->pFirst; p && g->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->eWhat == GRAPH_REF && p->pSame == 0) refResolve(g, ap, n, p);
  }
}
