/*
** Policies: who may read and change which rows of a model, and which columns.
**
**   assoc_policy('Post', '{"read":"published = true or authorId = :me",
**     "create":"authorId = :me","update":"authorId = :me","delete":false,
**     "hide":["secret"],"fixed":["createdAt"]}')
**
** A policy is a row of kind 'policy' in assoc_definitions. It holds while there
** is a session (base/session.c); one with "force":true also without. Several
** models may share one table, and each may have a policy: a row is then seen if
** all of them allow it.
**
** The owner's texts are not bound by policies in what they name: a policy, a
** scope and the order of an association may name hidden columns. A policy's
** condition also sees every row, because it decides which rows the others see.
*/
#include "model/model.h"

static const char *const azMember[ASSOC_NMAY] = {"read", "create", "update",
                                                 "delete"};

const AssocOption aAssocPolicyOption[ASSOC_NPOLICYOPTION] = {
    {"read", "nbto", "a condition, true or false", 0, 0},
    {"create", "nbto", "a condition, true or false", 0, 0},
    {"update", "nbto", "a condition, true or false", 0, 0},
    {"delete", "nbto", "a condition, true or false", 0, 0},
    {"hide", "nta", "a column, or an array of columns", 0, 0},
    {"fixed", "nta", "a column, or an array of columns", 0, 0},
    {"force", "nb", "true or false", 0, 0},
};

/* Raise an error if a condition names a join row: the rows of some ...(...)
** alone have one. */
static void checkPred(AssocCall *pCall, const AssocPolicy *p,
                      const ShapePred *pPred) {
  for (; pPred; pPred = pPred->pNext) {
    if (pPred->key.bAt || (pPred->pOther && pPred->pOther->bAt)) {
      assocErrorOf(pCall, ASSOC_E_DEFINITION, p->pModel->zLabel, 0,
                   "a policy cannot use a column of a join row: @%s",
                   pPred->key.bAt ? pPred->key.pPath->z
                                  : pPred->pOther->pPath->z);
    }
    if (pPred->eOp <= SHAPE_OP_NOT) checkPred(pCall, p, pPred->pSub);
  }
}

/* Read one condition: true, false, or a text or object of the shape
** language. */
static void readMay(AssocCall *pCall, AssocPolicy *p, int eMay,
                    AssocJson *pJson) {
  AssocArena *pArena = &p->pModel->pTable->pSchema->pCatalog->mem;
  int nParam = 0;
  if (pJson == 0 || pJson->eType == ASSOC_J_NULL) return;
  p->aSay[eMay] = ASSOC_SAY_IF;
  if (pJson->eType == ASSOC_J_TRUE || pJson->eType == ASSOC_J_FALSE) {
    p->aSay[eMay] =
        pJson->eType == ASSOC_J_TRUE ? ASSOC_SAY_ALL : ASSOC_SAY_NONE;
  } else if (pJson->eType != ASSOC_J_TEXT && pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->pModel->zLabel, azMember[eMay],
                 "\"%s\" is a condition, true or false, not %s", azMember[eMay],
                 assocJsonTypeName(pJson));
  } else {
    p->apPred[eMay] = assocShapeCondition(pCall, pArena, pJson, &nParam);
    if (nParam) {
      assocErrorOf(pCall, ASSOC_E_DEFINITION, p->pModel->zLabel, azMember[eMay],
                   "a policy takes its values from the session, as :name, not "
                   "as ?%d",
                   nParam);
    }
    if (pCall->rc == SQLITE_OK) checkPred(pCall, p, p->apPred[eMay]);
  }
}

/* Read a list of columns: a text or an array of texts. Each sets a bit m in the
** table's column. */
static void readColumns(AssocCall *pCall, AssocPolicy *p, const char *zWhat,
                        AssocJson *pJson, u8 m) {
  AssocTable *pTab = p->pModel->pTable;
  AssocJson *pOne =
      pJson && pJson->eType == ASSOC_J_ARRAY ? pJson->pChild : pJson;
  int i, iCol;
  if (pJson && pJson->eType == ASSOC_J_NULL) return;
  for (; pOne; pOne = pOne->pNext) {
    iCol = pOne->eType == ASSOC_J_TEXT ? assocColumnFind(pTab, pOne->z) : -1;
    if (iCol < 0) {
      assocErrorOf(pCall, ASSOC_E_UNKNOWN_COLUMN, p->pModel->zLabel, pOne->z,
                   "%s has no column %s, which \"%s\" of its policy names",
                   p->pModel->zLabel,
                   pOne->eType == ASSOC_J_TEXT ? pOne->z
                                               : assocJsonTypeName(pOne),
                   zWhat);
      return;
    }
    for (i = 0; m == ASSOC_COLUMN_HIDE && i < p->pModel->nKey; i++) {
      if (p->pModel->aKey[i] != iCol) continue;
      assocErrorOf(pCall, ASSOC_E_DEFINITION, p->pModel->zLabel, pOne->z,
                   "%s is in the key of %s, which results and errors show, so "
                   "it cannot be hidden",
                   pOne->z, p->pModel->zLabel);
      return;
    }
    if (p->aColumn) p->aColumn[iCol] |= m;
    if (pJson->eType != ASSOC_J_ARRAY) return;
  }
}

/* A virtual table with a hidden column: hide the columns, too, by which FTS
** searches all of them. */
static void hideWhole(AssocPolicy *p) {
  const AssocTable *pTab = p->pModel->pTable;
  int i, bHides = 0;
  if (pTab->eType != ASSOC_VIRTUAL) return;
  for (i = 0; i < pTab->nCol; i++) bHides |= p->aColumn[i] & ASSOC_COLUMN_HIDE;
  for (i = 0; bHides && i < pTab->nCol; i++) {
    if (pTab->aCol[i].bHidden) p->aColumn[i] |= ASSOC_COLUMN_HIDE;
  }
}

/* Read the options of a policy. */
static void readPolicy(AssocCall *pCall, AssocPolicy *p) {
  AssocTable *pTab = p->pModel->pTable;
  AssocArena *pArena = &pTab->pSchema->pCatalog->mem;
  const char *z = p->pDef->zOptions;
  AssocJson *pJson, *pForce;
  int i;
  pJson = assocJsonObject(pCall, pArena, z ? z : "", -1, "the policy");
  p->aColumn = assocAlloc(pCall, pArena, pTab->nCol + 1);
  if (pJson == 0 || p->aColumn == 0) return;
  /* A member that is ignored could be one that forbids */
  assocOptionsKnown(pCall, pJson, ASSOC_NPOLICYOPTION, aAssocPolicyOption,
                    "a policy has");
  for (i = 0; i < ASSOC_NMAY; i++) {
    readMay(pCall, p, i, assocJsonGet(pJson, azMember[i]));
  }
  readColumns(pCall, p, "hide", assocJsonGet(pJson, "hide"), ASSOC_COLUMN_HIDE);
  hideWhole(p);
  readColumns(pCall, p, "fixed", assocJsonGet(pJson, "fixed"),
              ASSOC_COLUMN_FIXED);
  pForce = assocJsonGet(pJson, "force");
  if (pForce && pForce->eType > ASSOC_J_TRUE) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->pModel->zLabel, "force",
                 "\"force\" is true or false, not %s",
                 assocJsonTypeName(pForce));
  }
  p->bForce = pForce && pForce->eType == ASSOC_J_TRUE;
}

/* The virtual table that keeps its data in this one, as docs does in
** docs_content; else 0. */
static AssocTable *shadowOwner(AssocCall *pCall, AssocTable *pTab) {
  const char *z = pTab->zName, *zEnd = strrchr(z, '_');
  AssocTable *pOwner = 0;
  char *zOwner;
  if (pTab->eType != ASSOC_TABLE || zEnd == 0) return 0;
  zOwner = assocMprintf(pCall, "%.*s", (int)(zEnd - z), z);
  if (zOwner && assocNameIsShadow(z, zOwner)) {
    pOwner = assocTableSeek(pCall, pTab->pSchema, zOwner);
  }
  sqlite3_free(zOwner);
  return pOwner && pOwner->eType == ASSOC_VIRTUAL ? pOwner : 0;
}

/* The table in which FTS keeps the rows of a virtual table with a policy shows
** them all, so that nobody but the owner may know of it. */
static void shadowPolicy(AssocCall *pCall, AssocTable *pTab,
                         AssocPolicy **ppEnd) {
  AssocTable *pOwner = shadowOwner(pCall, pTab);
  const AssocPolicy *pOf = pOwner ? assocPolicyAll(pCall, pOwner) : 0;
  AssocArena *pArena = &pTab->pSchema->pCatalog->mem;
  AssocPolicy *p;
  for (; pOf; pOf = pOf->pNext) {
    p = assocAlloc(pCall, pArena, sizeof(*p));
    if (p == 0) return;
    p->pDef = pOf->pDef;
    p->pModel = assocModelOf(pCall, pTab);
    p->aColumn = assocAlloc(pCall, pArena, pTab->nCol + 1);
    if (p->aColumn == 0) return; /* Also if there is no model */
    memset(p->aSay, ASSOC_SAY_NONE, sizeof(p->aSay));
    p->bForce = pOf->bForce;
    *ppEnd = p;
    ppEnd = &p->pNext;
  }
}

/* Read the policies of a table. A row speaks of tables of its own database; one
** in temp, the last, of every database. */
static void tablePolicies(AssocCall *pCall, AssocTable *pTab) {
  AssocCatalog *pCat = pTab->pSchema->pCatalog;
  AssocPolicy **ppEnd = &pTab->pPolicy;
  AssocDef *pDef;
  pTab->pPolicy = 0; /* An earlier try may have failed in the middle */
  if (!assocSchemaLoad(pCall, pTab->pSchema)) return;
  for (pDef = assocTablePolicies(pCall, pTab); pDef; pDef = pDef->pNextHere) {
    AssocModel *pModel;
    AssocPolicy *p;
    if (pDef->pSchema != pTab->pSchema && pDef->pSchema->pNext) continue;
    /* If the model's own row is wrong, that is an error: a policy that nobody
    ** can read must not allow everything to other models of the table. */
    pModel = assocModelNear(pCall, pDef->pSchema, pDef->zModel);
    if (pModel == 0) continue; /* Or a session may not name the table */
    assert(pModel->pTable == pTab);
    p = assocAlloc(pCall, &pCat->mem, sizeof(*p));
    if (p == 0) return;
    p->pDef = pDef;
    p->pModel = pModel;
    readPolicy(pCall, p);
    assocErrorPrefix(pCall, "the policy of %s: ", pModel->zLabel);
    *ppEnd = p;
    ppEnd = &p->pNext;
  }
  shadowPolicy(pCall, pTab, ppEnd);
  pTab->bPolicy = pCall->rc == SQLITE_OK;
}

/* Is there any policy in the catalog? Nearly always not. */
static int anyPolicy(const AssocCatalog *pCat) {
  const AssocSchema *p;
  for (p = pCat->pSchema; p; p = p->pNext) {
    if (p->nPolicy || !p->bLoaded) return 1;
  }
  return 0;
}

const AssocPolicy *assocPolicyAll(AssocCall *pCall, const AssocTable *pTable) {
  AssocTable *pTab = (AssocTable *)pTable;
  if (pCall->rc != SQLITE_OK) return 0;
  if (!pTab->bPolicy && anyPolicy(pTab->pSchema->pCatalog)) {
    tablePolicies(pCall, pTab);
  }
  return pCall->rc == SQLITE_OK ? pTab->pPolicy : 0;
}

/* The first policy from p on that holds now. */
static const AssocPolicy *holding(const AssocCall *pCall,
                                  const AssocPolicy *p) {
  while (p && pCall->pConn->pSession == 0 && !p->bForce) p = p->pNext;
  return p;
}

const AssocPolicy *assocPolicyOf(AssocCall *pCall, const AssocTable *pTab) {
  return holding(pCall, assocPolicyAll(pCall, pTab));
}

const AssocPolicy *assocPolicyNext(AssocCall *pCall, const AssocPolicy *p) {
  return holding(pCall, p->pNext);
}

int assocColumnIs(AssocCall *pCall, const AssocTable *pTab, int iCol, int m) {
  const AssocPolicy *p = assocPolicyOf(pCall, pTab);
  assert(iCol >= 0 && iCol <= pTab->nCol);
  for (; p; p = assocPolicyNext(pCall, p)) {
    if (p->aColumn[iCol] & m) return 1;
  }
  return 0;
}

int assocColumnSeek(AssocCall *pCall, const AssocTable *pTab,
                    const char *zName) {
  int i = assocColumnFind(pTab, zName);
  if (i < 0 || !assocColumnIs(pCall, pTab, i, ASSOC_COLUMN_HIDE)) return i;
  return -1;
}

int assocModelShown(AssocCall *pCall, const AssocModel *pModel) {
  const AssocPolicy *p = assocPolicyOf(pCall, pModel->pTable);
  for (; p; p = assocPolicyNext(pCall, p)) {
    if (p->aSay[ASSOC_MAY_READ] == ASSOC_SAY_NONE &&
        (p->pModel == pModel || p->pModel->nValue == 0)) {
      return 0;
    }
  }
  return pCall->rc == SQLITE_OK;
}

int assocColumnsHide(AssocCall *pCall, const AssocTable *pTab, int n,
                     const int *aCol) {
  int i;
  for (i = 0; i < n; i++) {
    if (aCol[i] >= 0 &&
        assocColumnIs(pCall, pTab, aCol[i], ASSOC_COLUMN_HIDE)) {
      return 1;
    }
  }
  return 0;
}

/* Does a policy hide a column of the key? pTab is 0 if there is no table. */
static int keyHidden(AssocCall *pCall, const AssocTable *pTab,
                     const AssocKey *pKey) {
  return pTab && assocColumnsHide(pCall, pTab, pKey->nCol, pKey->aCol);
}

/* May the session know of one association that is no path, and of the columns
** that it goes by? */
static int relShown(AssocCall *pCall, AssocRel *pRel) {
  const AssocTable *pSrc = pRel->pSource->pTable;
  int i, bShown = assocModelShown(pCall, pRel->pSource);
  for (i = 0; i < pRel->nBranch; i++) {
    bShown = bShown && assocModelShown(pCall, pRel->aBranch[i].pModel);
  }
  if (pRel->nBranch == 0 && !assocModelShown(pCall, pRel->pTarget)) return 0;
  if (pRel->pThrough) {
    const AssocModel *pJoin = assocModelOf(pCall, pRel->pThrough);
    assert(pJoin); /* Else the association would be none */
    bShown = bShown && assocModelShown(pCall, pJoin);
  }
  return bShown &&
         !keyHidden(pCall, assocRelForeignTable(pRel), &pRel->foreign) &&
         !keyHidden(pCall, pRel->pThrough, &pRel->other) &&
         !keyHidden(pCall, pSrc, &pRel->sourceKey) &&
         (pRel->nBranch ||
          !keyHidden(pCall, pRel->pTarget->pTable, &pRel->targetKey));
}

/* May the session know of what the definition says? An error is an answer,
** too: what cannot be read is not shown. */
static int defShown(AssocCall *pCall, AssocDef *pDef) {
  AssocRel *pRel;
  int i;
  if (pDef->zName[0] == 0) {
    AssocModel *p = assocModelNear(pCall, pDef->pSchema, pDef->zModel);
    return p && assocModelShown(pCall, p);
  }
  pRel = assocRelOf(pCall, pDef);
  if (pRel == 0) return 0;
  for (i = 0; i < pRel->nPath; i++) {
    if (!relShown(pCall, pRel->apPath[i])) return 0;
  }
  return pRel->nPath > 0 || relShown(pCall, pRel);
}

int assocDefShown(AssocCall *pCall, AssocDef *pDef) {
  AssocCall ask;
  int bShown;
  if (pCall->pConn->pSession == 0) return 1;
  assocTryBegin(&ask, pCall);
  bShown = defShown(&ask, pDef);
  return !assocTryEnd(&ask, pCall, 0) && bShown;
}

int assocModelShownTry(AssocCall *pCall, const AssocModel *pModel) {
  AssocCall ask;
  int bShown;
  assocTryBegin(&ask, pCall);
  bShown = assocModelShown(&ask, pModel);
  return !assocTryEnd(&ask, pCall, 0) && bShown;
}

AssocDef *assocModelNextShown(AssocCall *pCall, AssocModel *pModel,
                              AssocDef *pLast) {
  do {
    pLast = assocModelNextHad(pCall, pModel, pLast);
  } while (pLast && !assocDefShown(pCall, pLast));
  return pLast;
}

int assocColumnShown(AssocCall *pCall, const AssocTable *pTab, int iCol) {
  const AssocModel *pModel;
  if (pCall->pConn->pSession == 0) return 1;
  pModel = assocModelOf(pCall, (AssocTable *)pTab);
  return pModel && assocModelShown(pCall, pModel) &&
         !assocColumnIs(pCall, pTab, iCol, ASSOC_COLUMN_HIDE);
}

int assocTableHides(AssocCall *pCall, const AssocTable *pTab) {
  int i;
  for (i = 0; pTab && i < pTab->nCol; i++) {
    if (assocColumnIs(pCall, pTab, i, ASSOC_COLUMN_HIDE)) return 1;
  }
  return 0;
}

int assocRelHides(AssocCall *pCall, const AssocRel *pRel) {
  if (pCall->pConn->pSession == 0) return 0;
  return assocTableHides(pCall, pRel->pSource->pTable) ||
         assocTableHides(pCall, pRel->pTarget->pTable) ||
         assocTableHides(pCall, pRel->pThrough);
}

/* Does the text have the name, as a word, or in SQL of ours in quotes? Names
** ignore case. */
static int hasWord(const char *z, const char *zName, int bSql) {
  int n = (int)strlen(zName);
  const char *zAt;
  for (zAt = z; *zAt; zAt++) {
    if (sqlite3_strnicmp(zAt, zName, n) != 0) continue;
    if (bSql && (zAt == z || zAt[-1] != '"' || zAt[n] != '"')) continue;
    if (zAt > z && (sqlite3_strglob("[A-Za-z0-9_]*", zAt - 1) == 0)) continue;
    if (sqlite3_strglob("[A-Za-z0-9_]*", zAt + n) == 0) continue;
    return 1;
  }
  return 0;
}

/* Does a policy say by a condition which rows of the table are read? */
static int readsIf(AssocCall *pCall, const AssocTable *pTab) {
  const AssocPolicy *p = assocPolicyOf(pCall, pTab);
  while (p && p->aSay[ASSOC_MAY_READ] != ASSOC_SAY_IF) {
    p = assocPolicyNext(pCall, p);
  }
  return p != 0;
}

/* Does the text tell what the policies of the model keep from the session? The
** condition of a policy is the owner's. The SQL has it at each use of the
** table. */
static int modelTells(AssocCall *pCall, AssocModel *pModel, const char *z,
                      int bSql) {
  const AssocTable *pTab = pModel->pTable;
  int i;
  if (bSql && readsIf(pCall, pTab) && hasWord(z, pTab->zName, 1)) return 1;
  if (!assocModelShown(pCall, pModel) &&
      (hasWord(z, pModel->zName, bSql) || hasWord(z, pTab->zName, bSql))) {
    return 1;
  }
  for (i = 0; i < pTab->nCol; i++) {
    if (assocColumnIs(pCall, pTab, i, ASSOC_COLUMN_HIDE) &&
        hasWord(z, pTab->aCol[i].zName, bSql)) {
      return 1;
    }
  }
  return 0;
}

/* A policy that cannot be read may keep all of its model from the session. */
int assocTextTells(AssocCall *pCall, AssocCatalog *pCat, const char *z,
                   int bSql) {
  AssocSchema *p;
  AssocDef *pDef;
  if (pCall->pConn->pSession == 0 || z == 0) return 0;
  for (p = pCat->pSchema; p; p = p->pNext) {
    (void)assocSchemaDefs(pCall, p);
    for (pDef = p->pPolicyDef; pDef; pDef = pDef->pNext) {
      AssocCall ask;
      AssocModel *pModel;
      int bTells;
      assocTryBegin(&ask, pCall);
      pModel = assocModelNear(&ask, p, pDef->zModel);
      bTells = pModel && modelTells(&ask, pModel, z, bSql);
      if (assocTryEnd(&ask, pCall, 0)) bTells = hasWord(z, pDef->zModel, bSql);
      if (bTells) return 1;
    }
  }
  return 0;
}
