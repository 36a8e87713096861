/*
** The content of a diagram: the models and the lines between them.
**
** First all tables and lines are collected from the definitions; then the
** options choose some of them; then cluster.c groups them; then a writer prints
** them. Two associations over one foreign key are one line, with both names on
** it:
**
**    users 1 ---- n posts      "posts / author"
*/
#include "look/picture.h"

/* -------------------------------------------------------------- collecting */

/* 0 if the picture does not show the table. */
AssocPictureTable *assocPictureFind(const AssocPicture *p,
                                    const AssocTable *pTab) {
  const AssocWord *pWord = assocWordsFind(&p->tables, pTab->zName);
  AssocPictureTable *q = pWord ? pWord->p : 0;
  while (q && q->pTab != pTab) q = q->pSame;
  return q && !q->bLeftOut ? q : 0;
}

/* Find the table, or add it. 0 after an error, and for a table whose row of
** assoc_model() or policy is wrong: one such row does not spoil the picture. */
static AssocPictureTable *pictureTable(AssocPicture *p, AssocTable *pTab) {
  AssocPictureTable *pNew = assocPictureFind(p, pTab);
  AssocModel *pModel;
  AssocWord *pWord;
  AssocCall ask;
  if (pNew) return pNew;
  assocSchemaNeedTrust(p->pCall, pTab->pSchema);
  assocTryBegin(&ask, p->pCall);
  pModel = assocModelOf(&ask, pTab);
  if (pModel) (void)assocModelShown(&ask, pModel); /* Reads its policies */
  if (assocTryEnd(&ask, p->pCall, 0)) return 0;
  pWord = assocWordsAdd(p->pCall, &p->p->mem, &p->tables, pTab->zName);
  pNew = assocAlloc(p->pCall, &p->p->mem, sizeof(*pNew));
  if (pNew == 0) return 0; /* Also if there is no word */
  pNew->pSame = pWord->p;
  pWord->p = pNew;
  pNew->pTab = pTab;
  pNew->ppEdge = &pNew->pEdge;
  pNew->pModel = pModel;
  pNew->iId = p->nTable++;
  *p->ppTable = pNew;
  p->ppTable = &pNew->pNext;
  return pNew;
}

/* pA is 0 of a line without a key: a belongsToMany. */
static int pictureSameKey(const AssocKey *pA, const AssocKey *pB) {
  int i;
  if (pA == 0) return 0;
  if (pA->nCol != pB->nCol) return 0;
  for (i = 0; i < pA->nCol; i++) {
    if (sqlite3_stricmp(pA->azCol[i], pB->azCol[i]) != 0) return 0;
  }
  return 1;
}

/* Find the edge, or add it. */
static AssocPictureEdge *pictureEdge(AssocPicture *p, AssocPictureTable *pFrom,
                                     AssocPictureTable *pTo,
                                     const AssocKey *pKey) {
  AssocPictureEdge *pEdge;
  assert(pFrom && pTo);
  for (pEdge = pKey ? pFrom->pEdge : 0; pEdge; pEdge = pEdge->pNextFrom) {
    if (pEdge->pTo == pTo && pictureSameKey(pEdge->pKey, pKey)) return pEdge;
  }
  pEdge = assocAlloc(p->pCall, &p->p->mem, sizeof(*pEdge));
  if (pEdge == 0) return 0;
  pEdge->pFrom = pFrom;
  pEdge->pTo = pTo;
  pEdge->pKey = pKey;
  *p->ppEdge = pEdge;
  p->ppEdge = &pEdge->pNext;
  *pFrom->ppEdge = pEdge;
  pFrom->ppEdge = &pEdge->pNextFrom;
  return pEdge;
}

/* Add a name to one side of a line. Several associations over one key share it:
** "posts, drafts". */
static void pictureName(AssocPicture *p, const char **pz, const char *z) {
  if (*pz == 0) {
    *pz = z;
  } else {
    *pz = assocArenaPrintf(p->pCall, &p->p->mem, "%s, %s", *pz, z);
  }
}

/* A foreign key from pChild to pParent. */
static AssocPictureEdge *pictureKey(AssocPicture *p, AssocTable *pChild,
                                    AssocTable *pParent, const AssocKey *pKey) {
  AssocPictureTable *pFrom = pictureTable(p, pChild);
  AssocPictureTable *pTo = pictureTable(p, pParent);
  AssocPictureEdge *pEdge;
  int i, bThere = 1, bRequired = 1;
  assert(pKey->nCol > 0);
  if (pFrom == 0 || pTo == 0) return 0;
  pEdge = pictureEdge(p, pFrom, pTo, pKey);
  for (i = 0; i < pKey->nCol; i++) {
    bThere &= pKey->aCol[i] >= 0;
    bRequired &= bThere && pChild->aCol[pKey->aCol[i]].bNotNull;
  }
  if (pEdge == 0) return 0;
  pEdge->bRequired = (u8)bRequired;
  if (bThere && assocLookIsUnique(p->p, pChild, pKey->nCol, pKey->aCol)) {
    pEdge->bUnique = 1;
  }
  return pEdge;
}

/* A polymorphic belongsTo has a line to each of its models. */
static void pictureBelongsTo(AssocPicture *p, AssocRel *pRel) {
  AssocTable *pTab = pRel->pSource->pTable;
  int i, n = pRel->nBranch ? pRel->nBranch : 1;
  for (i = 0; i < n; i++) {
    AssocModel *pTo = pRel->nBranch ? pRel->aBranch[i].pModel : pRel->pTarget;
    AssocPictureEdge *pEdge = pictureKey(p, pTab, pTo->pTable, &pRel->foreign);
    if (pEdge) pictureName(p, &pEdge->zFrom, pRel->zName);
  }
}

/* Both directions of a belongsToMany are one edge. */
static AssocPictureEdge *pictureBack(AssocPicture *p, const AssocRel *pRel) {
  const AssocPictureTable *pFrom = assocPictureFind(p, pRel->pTarget->pTable);
  AssocPictureEdge *pEdge = pFrom ? pFrom->pEdge : 0;
  assert(pRel->eKind == ASSOC_BELONGSTOMANY);
  for (; pEdge; pEdge = pEdge->pNextFrom) {
    if (pEdge->pThrough && pEdge->pThrough->pTab == pRel->pThrough &&
        pEdge->zTo == 0 && pEdge->pTo->pTab == pRel->pSource->pTable) {
      return pEdge;
    }
  }
  return 0;
}

/* Both directions of a belongsToMany are one line. Its join table is shown with
** its two keys, whether associations use them or not. */
static void pictureMany(AssocPicture *p, AssocRel *pRel) {
  AssocPictureEdge *pEdge = pictureBack(p, pRel);
  AssocPictureTable *pFrom = pictureTable(p, pRel->pSource->pTable);
  AssocPictureTable *pTo = pictureTable(p, pRel->pTarget->pTable);
  AssocPictureTable *pThrough =
      pRel->pThrough ? pictureTable(p, pRel->pThrough) : 0;
  if (pRel->pThrough) {
    (void)pictureKey(p, pRel->pThrough, pRel->pSource->pTable, &pRel->foreign);
    (void)pictureKey(p, pRel->pThrough, pRel->pTarget->pTable, &pRel->other);
  }
  if (pThrough) pThrough->bJoin = 1;
  if (pEdge) {
    pEdge->zTo = pRel->zName;
    return;
  }
  pEdge = pFrom && pTo ? pictureEdge(p, pFrom, pTo, 0) : 0;
  if (pEdge == 0) return;
  pEdge->pThrough = pThrough;
  pEdge->zFrom = pRel->zName;
}

/* A hasOne with an order is one of several rows, so its line does not say that
** the key is unique. */
static void pictureRel(AssocPicture *p, AssocRel *pRel) {
  assert(pRel->pTarget || pRel->nBranch);
  if (pRel->nPath) { /* Its steps are drawn */
    (void)pictureTable(p, pRel->pSource->pTable);
  } else if (pRel->eKind == ASSOC_BELONGSTO) {
    pictureBelongsTo(p, pRel);
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pictureMany(p, pRel);
  } else {
    AssocPictureEdge *pEdge = pictureKey(p, pRel->pTarget->pTable,
                                         pRel->pSource->pTable, &pRel->foreign);
    if (pEdge == 0) return;
    pictureName(p, &pEdge->zTo, pRel->zName);
    pEdge->bUnique |= pRel->eKind == ASSOC_HASONE && pRel->pOrder == 0;
  }
}

/* The next definition that can be resolved, or 0. */
static AssocRel *pictureNext(AssocPicture *p, AssocSchema **ppSchema,
                             AssocDef **ppDef) {
  for (;;) {
    AssocDef *pDef = *ppDef =
        *ppDef ? (*ppDef)->pNext : assocSchemaDefs(p->pCall, *ppSchema);
    AssocRel *pRel;
    while (pDef == 0) {
      *ppSchema = (*ppSchema)->pNext;
      if (*ppSchema == 0 || !assocSchemaLoad(p->pCall, *ppSchema)) return 0;
      pDef = *ppDef = assocSchemaDefs(p->pCall, *ppSchema);
    }
    pRel = pDef->zName[0] ? assocRelTry(p->pCall, pDef, 0) : 0;
    if (pRel && !assocDefShown(p->pCall, pDef)) continue;
    if (pRel || p->pCall->rc != SQLITE_OK) return pRel;
  }
}

/* Also tables that no definition uses. */
static void pictureEveryTable(AssocPicture *p) {
  AssocModel *pModel;
  int i = 0;
  while ((pModel = assocLookNextModel(p->p, &i)) != 0) {
    (void)pictureTable(p, pModel->pTable);
  }
}

/* bAll: every table and view of main, in the order of the schema. */
void assocPictureCollect(AssocPicture *p, int bAll) {
  AssocSchema *pSchema = p->p->pCat->pSchema;
  AssocDef *pDef = 0;
  AssocRel *pRel;
  p->ppTable = &p->pTable;
  p->ppEdge = &p->pEdge;
  if (bAll) pictureEveryTable(p);
  while ((pRel = pictureNext(p, &pSchema, &pDef)) != 0) {
    pictureRel(p, pRel);
  }
}

/* ----------------------------------------------------------------- choosing */

/* The tables of the models that are named. An unknown one is an error. */
static void chooseNamed(AssocPicture *p, const AssocNames *pNames) {
  int i;
  for (i = 0; i < pNames->n && p->pCall->rc == SQLITE_OK; i++) {
    AssocModel *pModel = assocModelDefined(p->pCall, p->p->pCat, pNames->az[i]);
    AssocPictureTable *pTab;
    if (pModel && !assocModelShown(p->pCall, pModel)) {
      assocModelMissing(p->pCall, p->p->pCat, pNames->az[i]);
      return;
    }
    if (pModel == 0) return;
    pTab = pictureTable(p, pModel->pTable);
    if (pTab) {
      pTab->bChosen = 1;
    } else { /* It was named, so what is wrong with it is an error */
      (void)assocModelOf(p->pCall, pModel->pTable);
      (void)assocModelShown(p->pCall, pModel);
    }
  }
}

/* Add the tables at the other end of each line. They are marked differently
** until the step is over, so one step adds direct neighbours only. */
static void chooseNear(AssocPicture *p) {
  AssocPictureEdge *pEdge;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    u8 b = pEdge->pFrom->bChosen | pEdge->pTo->bChosen;
    if ((b & 1) == 0) continue;
    pEdge->pFrom->bChosen |= 2; /* From the next step on */
    pEdge->pTo->bChosen |= 2;
    if (pEdge->pThrough) pEdge->pThrough->bChosen |= 2;
  }
}

/* Keep the tables that are chosen, with new numbers, and lines among them. */
static void chooseKeep(AssocPicture *p) {
  AssocPictureTable **ppTab = &p->pTable;
  AssocPictureEdge **ppEdge = &p->pEdge;
  p->nTable = 0;
  while (*ppTab) {
    if ((*ppTab)->bChosen) {
      (*ppTab)->iId = p->nTable++;
      ppTab = &(*ppTab)->pNext;
    } else {
      (*ppTab)->bLeftOut = 1;
      *ppTab = (*ppTab)->pNext;
    }
  }
  while (*ppEdge) {
    if ((*ppEdge)->pFrom->bChosen && (*ppEdge)->pTo->bChosen) {
      ppEdge = &(*ppEdge)->pNext;
    } else {
      *ppEdge = (*ppEdge)->pNext;
    }
  }
}

/* "from" starts with the named models, and each step adds their neighbours;
** "models" adds models as they are. Without both, everything is shown. */
void assocPictureChoose(AssocPicture *p) {
  const AssocDiagramOptions *pOpt = p->pOpt;
  AssocPictureTable *pTab;
  int i;
  if (pOpt->models.n + pOpt->from.n == 0) return;
  chooseNamed(p, &pOpt->from);
  for (i = 0; i < pOpt->nStep && pOpt->from.n; i++) {
    chooseNear(p);
    for (pTab = p->pTable; pTab; pTab = pTab->pNext) {
      pTab->bChosen = pTab->bChosen != 0;
    }
  }
  chooseNamed(p, &pOpt->models);
  if (p->pCall->rc == SQLITE_OK) chooseKeep(p);
}

/* ------------------------------------------------------------------ columns */

/* Is the column left out, since a policy hides it? */
int assocPictureHides(const AssocPicture *p, const AssocTable *pTab, int iCol) {
  return assocColumnIs(p->pCall, pTab, iCol, ASSOC_COLUMN_HIDE);
}

/* The same of a name. One that is no column hides nothing. */
int assocPictureHidesName(const AssocPicture *p, const AssocTable *pTab,
                          const char *zName) {
  int i = assocColumnFind(pTab, zName);
  return i >= 0 && assocPictureHides(p, pTab, i);
}

/* Is the column in a foreign key that is drawn? */
int assocPictureIsForeign(const AssocPictureTable *pTab, int iCol) {
  const AssocPictureEdge *pEdge;
  int i;
  for (pEdge = pTab->pEdge; pEdge; pEdge = pEdge->pNextFrom) {
    if (pEdge->pTo->bLeftOut || pEdge->pKey == 0) continue;
    for (i = 0; i < pEdge->pKey->nCol; i++) {
      if (pEdge->pKey->aCol[i] == iCol) return 1;
    }
  }
  return 0;
}

/* Is the column part of the model's key? */
int assocPictureIsKey(const AssocPictureTable *pTab, int iCol) {
  const AssocModel *pModel = pTab->pModel;
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    if (pModel->aKey[i] == iCol) return 1;
  }
  return 0;
}

/* The label of a line: "posts / author", what the left side calls the other one
** first. */
void assocPictureLabel(const AssocPictureEdge *pEdge, const char **pzA,
                       const char **pzSlash, const char **pzB) {
  assert(pEdge->pKey == 0 || pEdge->pThrough == 0);
  *pzA = pEdge->zTo ? pEdge->zTo : "";
  *pzB = pEdge->zFrom ? pEdge->zFrom : "";
  if (pEdge->pKey == 0) {
    *pzA = *pzB;
    *pzB = pEdge->zTo ? pEdge->zTo : "";
  }
  *pzSlash = (*pzA)[0] && (*pzB)[0] ? " / " : "";
}

/* A remark behind a table's name; "" for an ordinary table. */
const char *assocPictureKind(const AssocPictureTable *pTab) {
  if (pTab->bJoin) return " (join table)";
  return pTab->pTab->eType == ASSOC_VIEW ? " (view)" : "";
}

/* A rowid is never NULL, whatever its column declares. */
int assocPictureIsNotNull(const AssocTable *pTab, int iCol) {
  assert(iCol >= 0 && iCol <= pTab->nCol); /* nCol: the rowid */
  return pTab->aCol[iCol].bNotNull || pTab->iRowid == iCol;
}

/* ------------------------------------------------------------- associations */

/* Can the association be resolved, and are all its target models drawn? */
static int pictureHasTargets(const AssocPicture *p, const AssocRel *pRel) {
  int i;
  if (pRel == 0) return 0;
  for (i = 0; i < pRel->nBranch; i++) {
    if (!assocPictureFind(p, pRel->aBranch[i].pModel->pTable)) return 0;
  }
  return pRel->nBranch || assocPictureFind(p, pRel->pTarget->pTable) != 0;
}

/* Definitions that cannot be resolved are left out: pRel is 0. */
AssocRel *assocPictureNextRel(AssocPicture *p, const AssocPictureTable *pTab,
                              AssocDef **ppDef) {
  AssocModel *pModel = pTab->pModel;
  while ((*ppDef = assocModelNextShown(p->pCall, pModel, *ppDef)) != 0) {
    AssocDef *pDef = *ppDef;
    if (!pictureHasTargets(p, pDef->pRel)) continue;
    return assocRelHad(p->pCall, pModel, pDef);
  }
  return 0;
}

/* Does q lead back over the same key? An association with a scope leads back to
** some of the rows only, so it is no inverse. */
int assocPictureIsInverse(const AssocRel *pRel, const AssocRel *q) {
  int bFrom = pRel->eKind == ASSOC_BELONGSTO;
  int bTo = q->eKind == ASSOC_BELONGSTO;
  assert(pRel->nPath == 0);
  if (q->nPath || q->nBranch || q->pScope) return 0;
  if (q->pTarget != pRel->pSource && q->pTarget != pRel->pDef->pSource) {
    return 0;
  }
  if (pRel->eKind == ASSOC_BELONGSTOMANY || q->eKind == ASSOC_BELONGSTOMANY) {
    return pRel->eKind == q->eKind && pRel->pThrough == q->pThrough &&
           pRel->pThrough && pictureSameKey(&pRel->foreign, &q->other) &&
           pictureSameKey(&pRel->other, &q->foreign);
  }
  return bFrom != bTo && pictureSameKey(&pRel->foreign, &q->foreign);
}

/* Only then a belongsTo always finds its row, and programs need no test for
** null. */
int assocPictureIsEnforced(AssocPicture *p, const AssocRel *pRel) {
  AssocTable *pTab = pRel->pSource->pTable;
  const AssocFkey *pFk = assocTableFkeys(p->pCall, pTab);
  int i;
  assert(pRel->eKind == ASSOC_BELONGSTO);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    int iCol = pRel->foreign.aCol[i];
    if (iCol < 0 || !assocPictureIsNotNull(pTab, iCol)) return 0;
  }
  for (; pFk; pFk = pFk->pNext) {
    if (sqlite3_stricmp(pFk->zParent, pRel->pTarget->pTable->zName) == 0 &&
        assocLookSameColumns(&pRel->foreign, pFk->nCol, pFk->aCol)) {
      return 1;
    }
  }
  return 0;
}

/* See picture.h. Rows of TEMP make no model of the file. */
AssocModel *assocPictureAside(AssocPicture *p, const AssocPictureTable *pTab,
                              AssocDef **ppRow) {
  AssocSchema *pSchema = pTab->pTab->pSchema;
  AssocDef *pRow = *ppRow;
  while ((pRow = assocTableNextRow(p->pCall, pTab->pTab, pRow)) != 0) {
    AssocModel *q = assocModelTry(p->pCall, pSchema, pRow->zModel);
    *ppRow = pRow;
    /* A row written by hand may have the name of another database's model. */
    if (q && q->bAside && q->pDef == pRow && assocModelShown(p->pCall, q)) {
      assert(q->pTable == pTab->pTab);
      return q;
    }
  }
  return 0;
}

/* See picture.h. */
void assocPictureJsonEnd(AssocPicture *p, AssocOut *pOut) {
  i64 n = 0;
  char *z = assocBufText(p->pCall, pOut, &n);
  if (z) sqlite3_str_append(p->pStr, z, (int)n);
  sqlite3_free(z);
}

/* ------------------------------------------------------------------ notes */

/* See picture.h. */
const char *assocPictureValue(const AssocJson *pVal) {
  if (pVal->eType == ASSOC_J_TRUE) return "true";
  if (pVal->eType == ASSOC_J_FALSE) return "false";
  return pVal->z;
}

/* Add a remark on a column. The rowid, and -1 for no column, get none. */
static void noteAdd(AssocPicture *p, const AssocTable *pTab,
                    const char **azNote, int iCol, const char *zWhat,
                    const char *zOf) {
  const char *z;
  if (iCol < 0 || iCol >= pTab->nCol) return;
  z = azNote[iCol];
  azNote[iCol] = assocArenaPrintf(p->pCall, &p->p->mem, "%s%s%s%s", z ? z : "",
                                  z ? ", " : "", zWhat, zOf);
}

/* Add what one model says of its columns. */
static void notesOfModel(AssocPicture *p, AssocModel *pModel,
                         const char **azNote) {
  static const char *const azTime[] = {"set when inserted", "set when changed"};
  const AssocTable *pTab = pModel->pTable;
  AssocDef *pDef;
  int i;
  for (i = 0; i < pModel->nValue; i++) {
    noteAdd(p, pTab, azNote, pModel->aValue[i],
            assocPictureValue(pModel->apValue[i]), "");
  }
  for (i = 0; i < 2; i++) {
    if (pModel->azTime[i] == 0) continue;
    noteAdd(p, pTab, azNote, pModel->aStamp[i], azTime[i], "");
  }
  pDef = assocLookFirstDef(p->p, pModel, &i);
  for (; pDef; pDef = assocLookNextDef(p->p, &i)) {
    const char *z = pDef->pRel ? pDef->pRel->pOpt->zCounter : 0;
    if (z == 0) continue;
    noteAdd(p, pTab, azNote, assocColumnFind(pTab, z), "counts ", pDef->zName);
  }
}

/* See picture.h. */
const char **assocPictureNotes(AssocPicture *p, const AssocPictureTable *pTab) {
  const char **azNote = assocAlloc(
      p->pCall, &p->p->mem, (i64)sizeof(char *) * (pTab->pTab->nCol + 1));
  AssocDef *pRow = 0;
  AssocModel *pAside;
  if (azNote == 0) return 0;
  notesOfModel(p, pTab->pModel, azNote);
  while ((pAside = assocPictureAside(p, pTab, &pRow)) != 0) {
    notesOfModel(p, pAside, azNote);
  }
  return azNote;
}
