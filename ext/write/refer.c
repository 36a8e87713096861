/*
** Foreign keys that refer to a table: who has to be asked when one of its rows
** goes.
**
** There are three kinds:
**
**   of associations  what any definition says of onDelete counts, then what
**                    the schema declares, then Sequelize's default
**   of the schema    FOREIGN KEYs of which no association speaks
**   free             associations without a constraint. Their rows stay as
**                    they are, unless onDelete is said all the same; and only
**                    rows in the scope, or of the type, are meant, for the
**                    key may mean rows of other tables too. Such are also
**                    those of a view, which has no constraints: its rows are
**                    those of tables, and only a view with triggers for it
**                    can be changed, so it counts only where onDelete is said
*/
#include "write/write.h"

/* What is being looked for. */
typedef struct ReferList ReferList;
struct ReferList {
  AssocWriter *w;
  AssocModel *pModel;
  WriteRefer *pFirst, **ppEnd;
};

static WriteRefer *referAdd(ReferList *p, AssocTable *pChild, int nCol,
                            const int *aCol, const int *aRef,
                            const char *zAction) {
  WriteRefer *pNew = assocAlloc(p->w->pCall, &p->w->mem, sizeof(*pNew));
  if (pNew == 0) return 0;
  pNew->pChild = pChild;
  pNew->nCol = nCol;
  pNew->aCol = aCol;
  pNew->aRef = aRef;
  pNew->zAction = zAction;
  *p->ppEnd = pNew;
  p->ppEnd = &pNew->pNext;
  return pNew;
}

/* All columns of a key are there. */
static int referReady(const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->aCol[i] < 0) return 0;
  }
  return pKey->nCol > 0;
}

static int referSameColumns(const WriteRefer *p, const AssocTable *pChild,
                            int nCol, const int *aCol) {
  return p->pChild == pChild && p->nCol == nCol &&
         memcmp(p->aCol, aCol, sizeof(int) * (size_t)nCol) == 0;
}

/* The association of a definition, or 0: a bad one spoils only itself. */
static AssocRel *referRel(AssocWriter *w, AssocDef *pDef) {
  AssocRel *pRel = pDef->zName[0] ? assocRelOf(w->pCall, pDef) : 0;
  if (w->pCall->rc == SQLITE_ERROR) assocErrorForget(w->pCall);
  return pRel;
}

/* -------------------------------------------------------- of associations */

/* The foreign key of the schema over these columns, or 0. */
static AssocFkey *referDeclared(AssocWriter *w, const AssocForeign *pFor) {
  AssocFkey *pFk;
  int i, j;
  for (pFk = assocTableFkeys(w->pCall, pFor->pTab); pFk; pFk = pFk->pNext) {
    if (pFk->nCol != pFor->key.nCol ||
        sqlite3_stricmp(pFk->zParent, pFor->pParent->pTable->zName) != 0) {
      continue;
    }
    for (i = 0; i < pFk->nCol; i++) {
      for (j = 0; j < pFk->nCol && pFk->aCol[j] != pFor->key.aCol[i]; j++) {
      }
      if (j == pFk->nCol) break;
    }
    if (i == pFk->nCol) return pFk;
  }
  return 0;
}

/* A key that SQLite computes cannot be let go of. */
static int referComputed(const AssocForeign *pFor) {
  int i;
  for (i = 0; i < pFor->key.nCol; i++) {
    if (pFor->pTab->aCol[pFor->key.aCol[i]].bGenerated) return 1;
  }
  return 0;
}

static void refersOfForeign(ReferList *p, AssocForeign *pFor) {
  for (; pFor; pFor = pFor->pNext) {
    const char *zAction = pFor->zOnDelete;
    AssocFkey *pFk;
    WriteRefer *pNew;
    if (pFor->pParent != p->pModel || !pFor->bConstraint || pFor->pTab == 0 ||
        pFor->pTab->eType == ASSOC_VIEW || !referReady(&pFor->key) ||
        !referReady(&pFor->parentKey)) {
      continue;
    }
    pFk = referDeclared(p->w, pFor);
    if (pFor->apSaid[0] == 0) {
      if (pFk) {
        zAction = pFk->zOnDelete;
      } else if (referComputed(pFor)) {
        zAction = 0;
      }
    }
    pNew = referAdd(p, pFor->pTab, pFor->key.nCol, pFor->key.aCol,
                    pFor->parentKey.aCol, zAction);
    if (pNew && pFk) pNew->zDeclared = pFk->zOnDelete;
  }
}

/* What the associations say of foreign keys. One of them has to be named to
** assocForeignList(), which then passes over others that are bad. */
static AssocForeign *referForeign(AssocWriter *w) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  AssocRel *pAny = 0;
  for (pSchema = w->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(w->pCall, pSchema)) return 0;
    for (pDef = pSchema->pDef; pDef && pAny == 0; pDef = pDef->pNext) {
      pAny = referRel(w, pDef);
    }
  }
  return pAny ? assocForeignList(w->pCall, w->pCat, &w->mem, pAny) : 0;
}

/* ----------------------------------------------------------- of the schema */

/* The columns that a foreign key of the schema references; 0 if it cannot be
** told. */
static int *referRefs(AssocWriter *w, const AssocFkey *pFk,
                      const AssocTable *pParent) {
  int *a = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * (pFk->nCol + 1));
  int i;
  for (i = 0; a && i < pFk->nCol; i++) {
    a[i] = pFk->azTo[i] ? assocColumnFind(pParent, pFk->azTo[i])
           : i < pParent->nKey && pFk->nCol == pParent->nKey ? pParent->aKey[i]
                                                             : -1;
    if (a[i] < 0 || pFk->aCol[i] < 0) return 0;
  }
  return a;
}

static void refersOfTable(ReferList *p, AssocTable *pTab) {
  const AssocTable *pParent = p->pModel->pTable;
  AssocFkey *pFk;
  for (pFk = assocTableFkeys(p->w->pCall, pTab); pFk; pFk = pFk->pNext) {
    WriteRefer *pNew;
    const int *aRef;
    if (sqlite3_stricmp(pFk->zParent, pParent->zName) != 0) continue;
    for (pNew = p->pFirst; pNew; pNew = pNew->pNext) {
      if (referSameColumns(pNew, pTab, pFk->nCol, pFk->aCol)) break;
    }
    aRef = pNew ? 0 : referRefs(p->w, pFk, pParent);
    if (aRef == 0) continue;
    pNew = referAdd(p, pTab, pFk->nCol, pFk->aCol, aRef, pFk->zOnDelete);
    if (pNew) pNew->zDeclared = pFk->zOnDelete;
  }
}

/* A view that is broken is no reason to stop. */
static void refersOfSchema(ReferList *p) {
  AssocCall *pCall = p->w->pCall;
  AssocSchema *pSchema = p->pModel->pTable->pSchema;
  int i;
  for (i = 0; i < pSchema->nEntry && pCall->rc == SQLITE_OK; i++) {
    AssocTable *pTab = assocTableFind(pCall, pSchema, pSchema->azEntry[i]);
    if (pCall->rc == SQLITE_ERROR) assocErrorForget(pCall);
    if (pTab && pTab->eType == ASSOC_TABLE) refersOfTable(p, pTab);
  }
}

/* -------------------------------------------------------------------- free */

static WriteRefer *referFree(ReferList *p, AssocRel *pRel, AssocTable *pChild,
                             const AssocKey *pKey, const AssocKey *pRef) {
  if (pChild == 0 || !referReady(pKey) || !referReady(pRef)) return 0;
  if (pChild->eType == ASSOC_VIEW && pRel->pOpt->zOnDelete == 0) return 0;
  return referAdd(p, pChild, pKey->nCol, pKey->aCol, pRef->aCol,
                  pRel->pOpt->zOnDelete);
}

/* A polymorphic belongsTo, one of whose branches leads to the model. */
static void refersOfBranches(ReferList *p, AssocRel *pRel) {
  int i;
  for (i = 0; i < pRel->nBranch; i++) {
    WriteRefer *pNew;
    if (pRel->aBranch[i].pModel != p->pModel || !referReady(&pRel->type)) {
      continue;
    }
    pNew = referFree(p, pRel, pRel->pSource->pTable, &pRel->foreign,
                     &pRel->aBranch[i].key);
    if (pNew == 0) continue;
    pNew->iType = pRel->type.aCol[0];
    pNew->zType = pRel->aBranch[i].zType;
  }
}

static void referScope(WriteRefer *pNew, const ShapePred *pScope) {
  if (pNew) pNew->pScope = pScope;
}

static void refersOfRel(ReferList *p, AssocRel *pRel) {
  int bTo = pRel->pTarget == p->pModel, bFrom = pRel->pSource == p->pModel;
  AssocTable *pTab = assocRelForeignTable(pRel);
  int bView = pTab && pTab->eType == ASSOC_VIEW;
  if (pRel->nBranch) {
    refersOfBranches(p, pRel);
  } else if (pRel->nPath || (pRel->pOpt->eConstraints != 0 && !bView)) {
    return;
  } else if (pRel->eKind == ASSOC_BELONGSTO) {
    if (bTo) referFree(p, pRel, pTab, &pRel->foreign, &pRel->targetKey);
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    if (bFrom) {
      referScope(referFree(p, pRel, pTab, &pRel->foreign, &pRel->sourceKey),
                 pRel->pThroughScope);
    }
    if (bTo) {
      referScope(referFree(p, pRel, pTab, &pRel->other, &pRel->targetKey),
                 pRel->pThroughScope);
    }
  } else if (bFrom) {
    referScope(referFree(p, pRel, pTab, &pRel->foreign, &pRel->sourceKey),
               pRel->pScope);
  }
}

static void refersFree(ReferList *p) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  for (pSchema = p->w->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    for (pDef = pSchema->pDef; pDef; pDef = pDef->pNext) {
      AssocRel *pRel = referRel(p->w, pDef);
      if (pRel) refersOfRel(p, pRel);
    }
  }
}

/* ------------------------------------------------------------------- names */

/* Does the association lead from its source to rows with that key? */
static int referLeadsOver(const WriteRefer *p, const AssocRel *pRel) {
  return pRel->eKind != ASSOC_BELONGSTO && pRel->nPath == 0 &&
         referSameColumns(p, assocRelForeignTable(pRel), pRel->foreign.nCol,
                          pRel->foreign.aCol) &&
         (p->pScope == 0 || p->pScope == pRel->pScope ||
          p->pScope == pRel->pThroughScope);
}

const char *assocReferColumns(AssocWriter *w, const WriteRefer *p) {
  sqlite3_str *pStr = sqlite3_str_new(w->pCall->db);
  const char *z;
  int i;
  for (i = 0; i < p->nCol; i++) {
    sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "",
                        p->pChild->aCol[p->aCol[i]].zName);
  }
  z = assocArenaStr(w->pCall, &w->mem, pStr);
  return z ? z : "";
}

/* "comments", or "Comment(post_id)" where no association leads there. */
static void referName(ReferList *p, WriteRefer *pRefer) {
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->w->pCall, p->pModel, pDef)) != 0) {
    AssocRel *pRel = referRel(p->w, pDef);
    if (pRel == 0 || !referLeadsOver(pRefer, pRel)) continue;
    pRefer->zName = pRel->zName;
    return;
  }
  pRefer->zName =
      assocArenaPrintf(p->w->pCall, &p->w->mem, "%s(%s)", pRefer->pChild->zName,
                       assocReferColumns(p->w, pRefer));
}

/* --------------------------------------------------------------- interface */

WriteRefer *assocRefersTo(AssocWriter *w, AssocModel *pModel) {
  ReferList list;
  WriteRefer *p;
  list.w = w;
  list.pModel = pModel;
  list.pFirst = 0;
  list.ppEnd = &list.pFirst;
  if (!w->bForeign) w->pForeign = referForeign(w);
  w->bForeign = w->pCall->rc == SQLITE_OK;
  refersOfForeign(&list, w->pForeign);
  refersOfSchema(&list);
  refersFree(&list);
  for (p = list.pFirst; p; p = p->pNext) referName(&list, p);
  return w->pCall->rc == SQLITE_OK ? list.pFirst : 0;
}
