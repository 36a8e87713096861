/*
** Foreign keys that refer to a table: assoc_destroy() asks each of them for
** rows that refer to a row which goes.
**
** There are three kinds:
**
**   of associations  The action is what a definition says as onDelete, else
**                    what the schema declares, else Sequelize's default.
**   of the schema    FOREIGN KEYs that no association names.
**   free             Associations without a constraint. Their rows stay as they
**                    are, unless a definition says onDelete all the same. The
**                    key's column may refer to other tables too, so only rows
**                    in the scope, or of the type, are meant. A view has no
**                    constraints, so its associations are of this kind. Its
**                    rows are rows of other tables, which only triggers can
**                    change, so a view counts only if onDelete is defined.
*/
#include "write/write.h"

/* The list being made, for one model. */
typedef struct ReferList ReferList;
struct ReferList {
  AssocWriter *w;              /* Owns the memory */
  AssocModel *pModel;          /* To whose table the keys refer */
  WriteRefer *pFirst, **ppEnd; /* The keys found so far */
};

/* Add a foreign key of table pChild. */
static WriteRefer *referAdd(ReferList *p, AssocTable *pChild, int nCol,
                            const int *aCol, const int *aRef,
                            const char *zAction) {
  WriteRefer *pNew = assocAlloc(p->w->pCall, &p->w->mem, sizeof(*pNew));
  assert(nCol > 0);
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

/* Do all columns of a foreign key exist? Those that it refers to do, or the
** definition would be bad. */
static int referReady(const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->aCol[i] < 0) return 0;
  }
  return pKey->nCol > 0;
}

/* Is p a key of these columns of this table, in this order? */
static int referSameColumns(const WriteRefer *p, const AssocTable *pChild,
                            int nCol, const int *aCol) {
  return p->pChild == pChild && p->nCol == nCol &&
         memcmp(p->aCol, aCol, sizeof(int) * (size_t)nCol) == 0;
}

/* The association of a definition; 0 if the definition is bad, since that is no
** reason to refuse a write by another. */
static AssocRel *referRel(AssocWriter *w, AssocDef *pDef) {
  return pDef->zName[0] ? assocRelTry(w->pCall, pDef, 0) : 0;
}

/* -------------------------------------------------------- of associations */

/* The schema's foreign key over these columns to the same parent, in any order;
** 0 if there is none. */
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

/* Is a column of the key generated? SQLite computes it, so no UPDATE can set
** it. */
static int referComputed(const AssocForeign *pFor) {
  int i;
  for (i = 0; i < pFor->key.nCol; i++) {
    if (pFor->pTab->aCol[pFor->key.aCol[i]].bGenerated) return 1;
  }
  return 0;
}

/* Add the foreign keys of associations that refer to the model. The action is
** what a definition says; else what the schema declares for this key; else
** Sequelize's default. */
static void refersOfForeign(ReferList *p, AssocForeign *pFor) {
  for (; pFor; pFor = pFor->pNext) {
    const char *zAction = pFor->zOnDelete;
    AssocFkey *pFk;
    WriteRefer *pNew;
    if (pFor->pParent->pTable != p->pModel->pTable || !pFor->bConstraint ||
        pFor->pTab == 0 || pFor->pTab->eType == ASSOC_VIEW ||
        pFor->pTab->bPlanned || !referReady(&pFor->key)) {
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
    if (pNew && pFk == 0) pNew->pOf = pFor->pParent;
  }
}

/* ----------------------------------------------------------- of the schema */

/* The columns that a foreign key of the schema references: those it names, else
** the parent's primary key. 0 if these columns do not exist. */
static int *referRefs(AssocWriter *w, const AssocFkey *pFk,
                      const AssocTable *pParent) {
  int *a = assocAlloc(w->pCall, &w->mem, (i64)sizeof(int) * (pFk->nCol + 1));
  int i;
  for (i = 0; a && i < pFk->nCol; i++) {
    a[i] = pFk->azTo[i]                 ? assocColumnFind(pParent, pFk->azTo[i])
           : pFk->nCol == pParent->nKey ? pParent->aKey[i]
                                        : -1;
    if (a[i] < 0) return 0;
  }
  return a;
}

/* Add the foreign keys of one table that no association has added before. */
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

/* The same for all tables of the model's database. */
static void refersOfSchema(ReferList *p) {
  AssocCall *pCall = p->w->pCall;
  const AssocTable *pOf = p->pModel->pTable;
  const AssocReference *pRef =
      assocSchemaReferences(pCall, pOf->pSchema, pOf->zName);
  for (; pRef && pCall->rc == SQLITE_OK; pRef = pRef->pNext) {
    AssocTable *pTab = assocTableSeek(pCall, pOf->pSchema,
                                      pOf->pSchema->aEntry[pRef->iEntry].zName);
    if (pTab) refersOfTable(p, pTab);
  }
}

/* -------------------------------------------------------------------- free */

/* Add a key without a constraint, if it counts: see the head of this file. */
static WriteRefer *referFree(ReferList *p, AssocRel *pRel, AssocTable *pChild,
                             const AssocKey *pKey, const AssocKey *pRef) {
  if (pChild == 0 || !referReady(pKey)) return 0;
  if (pChild->eType == ASSOC_VIEW && pRel->pOpt->zOnDelete == 0) return 0;
  return referAdd(p, pChild, pKey->nCol, pKey->aCol, pRef->aCol,
                  pRel->pOpt->zOnDelete);
}

/* Add the branches of a polymorphic belongsTo that lead to the model. */
static void refersOfBranches(ReferList *p, AssocRel *pRel) {
  int i;
  for (i = 0; i < pRel->nBranch; i++) {
    WriteRefer *pNew;
    if (pRel->aBranch[i].pModel->pTable != p->pModel->pTable ||
        !referReady(&pRel->type)) {
      continue;
    }
    pNew = referFree(p, pRel, pRel->pSource->pTable, &pRel->foreign,
                     &pRel->aBranch[i].key);
    if (pNew == 0) continue;
    pNew->iType = pRel->type.aCol[0];
    pNew->zType = pRel->aBranch[i].zType;
    pNew->pBy = pRel->pSource;
    pNew->pOf = pRel->aBranch[i].pModel;
  }
}

/* Only rows in this scope are meant: rows of pBy that refer to rows of pOf.
** pBy is 0 for join rows. pNew may be 0. */
static void referScope(WriteRefer *pNew, const ShapePred *pScope,
                       AssocModel *pBy, AssocModel *pOf) {
  if (pNew == 0) return;
  pNew->pScope = pScope;
  pNew->pBy = pBy;
  pNew->pOf = pOf;
}

/* Add the keys of one association without a constraint. A belongsToMany has
** two, one for each side. Which of them lead to the model depends on whether it
** is the source or the target; with itself it is both. */
static void refersOfRel(ReferList *p, AssocRel *pRel) {
  const AssocTable *pOf = p->pModel->pTable;
  int bTo = pRel->pTarget->pTable == pOf, bFrom = pRel->pSource->pTable == pOf;
  AssocTable *pTab = assocRelForeignTable(pRel);
  int bView = pTab && pTab->eType == ASSOC_VIEW;
  if (pRel->nBranch) {
    refersOfBranches(p, pRel);
  } else if (pRel->nPath || (pRel->pOpt->eConstraints != 0 && !bView)) {
    return;
  } else if (pRel->eKind == ASSOC_BELONGSTO) {
    if (bTo) {
      referScope(referFree(p, pRel, pTab, &pRel->foreign, &pRel->targetKey), 0,
                 pRel->pSource, pRel->pTarget);
    }
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    if (bFrom) {
      referScope(referFree(p, pRel, pTab, &pRel->foreign, &pRel->sourceKey),
                 pRel->pThroughScope, 0, pRel->pSource);
    }
    if (bTo) {
      referScope(referFree(p, pRel, pTab, &pRel->other, &pRel->targetKey),
                 pRel->pThroughScope, 0, pRel->pTarget);
    }
  } else if (bFrom) {
    referScope(referFree(p, pRel, pTab, &pRel->foreign, &pRel->sourceKey),
               pRel->pScope, pRel->pTarget, pRel->pSource);
  }
}

/* ------------------------------------------------------------------- names */

/* Is this the key that the association goes by, from its source to other
** rows? */
static int referLeadsOver(const WriteRefer *p, const AssocRel *pRel) {
  return pRel->eKind != ASSOC_BELONGSTO && pRel->nPath == 0 &&
         referSameColumns(p, assocRelForeignTable(pRel), pRel->foreign.nCol,
                          pRel->foreign.aCol) &&
         (p->pScope == 0 || p->pScope == pRel->pScope ||
          p->pScope == pRel->pThroughScope);
}

/* Does a policy hide a column of the key? */
static int referHides(AssocWriter *w, const WriteRefer *p) {
  return assocColumnsHide(w->pCall, p->pChild, p->nCol, p->aCol);
}

/* "a, b", for errors. Never 0. A session is not told of hidden columns: the error
** is then that the call is refused. */
const char *assocReferColumns(AssocWriter *w, const WriteRefer *p) {
  sqlite3_str *pStr = sqlite3_str_new(w->pCall->db);
  const char *z;
  int i;
  if (referHides(w, p)) assocSessionDeny(w->pCall);
  for (i = 0; i < p->nCol; i++) {
    sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "",
                        p->pChild->aCol[p->aCol[i]].zName);
  }
  z = assocArenaStr(w->pCall, &w->mem, pStr);
  return z ? z : "";
}

/* The name of the step for paths in a report: "comments", or "Comment(post_id)"
** if no association of the model leads there. */
static void referName(ReferList *p, WriteRefer *pRefer) {
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->w->pCall, p->pModel, pDef)) != 0) {
    AssocRel *pRel = referRel(p->w, pDef);
    if (pRel == 0 || !referLeadsOver(pRefer, pRel)) continue;
    pRefer->zName = pRel->zName;
    return;
  }
  pRefer->zName = pRefer->pChild->zName;
  if (referHides(p->w, pRefer)) return;
  pRefer->zName =
      assocArenaPrintf(p->w->pCall, &p->w->mem, "%s(%s)", pRefer->pChild->zName,
                       assocReferColumns(p->w, pRefer));
}

/* --------------------------------------------------------------- interface */

/* What refers to a model: associations first, then foreign keys of the schema
** that no association uses. 0 if nothing does, or after an error. */
WriteRefer *assocRefersTo(AssocWriter *w, AssocModel *pModel) {
  ReferList list;
  WriteRefer *p;
  AssocRel **apRel;
  int i, n;
  list.w = w;
  list.pModel = pModel;
  list.pFirst = 0;
  list.ppEnd = &list.pFirst;
  apRel = assocRelsTo(w->pCall, w->pCat, &w->mem, pModel->pTable, &n);
  refersOfForeign(&list, assocForeignOf(w->pCall, w->pCat, &w->mem, n, apRel));
  refersOfSchema(&list);
  for (i = 0; i < n; i++) refersOfRel(&list, apRel[i]);
  for (p = list.pFirst; p; p = p->pNext) referName(&list, p);
  return w->pCall->rc == SQLITE_OK ? list.pFirst : 0;
}
