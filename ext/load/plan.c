/*
** The planner: from the shape's tree and the model to nodes.
**
** A node is an association that an item names, or an aggregate, or one target
** of a polymorphic association. Its rows have values: those of its columns, and
** those by which its children find their rows. The files of stmt.h write the
** statements that give them.
**
**   User{name posts{title}}    root: t1.name, t1.id
**                              posts: t1.title, looked up by t1.user_id
*/
#include "load/plan.h"

typedef AssocPlanner Planner;

/* The item for what follows the first name of a dotted path. The first
** association then has only this item. */
static const ShapeItem *restOfPath(Planner *p, const ShapeItem *pItem) {
  ShapeItem *pRest = assocPlannerAlloc(p, sizeof(*pRest));
  if (pRest == 0) return 0;
  *pRest = *pItem;
  pRest->pPath = pItem->pPath->pNext;
  pRest->pNext = 0;
  pRest->pAlias = 0;
  pRest->bSpread = 0;
  return pRest;
}

/* "*", for an association without a block. */
static const ShapeItem *starItem(Planner *p) {
  ShapeItem *pStar = assocPlannerAlloc(p, sizeof(*pStar));
  if (pStar) {
    pStar->eType = SHAPE_ITEM_STAR;
    pStar->iOff = -1;
  }
  return pStar;
}

/* Errors for clauses that contradict each other or do not fit the association.
** pRel is 0 for the root. */
static void checkClauses(Planner *p, const ShapeItem *pItem,
                         const ShapeClauses *pC, const AssocRel *pRel) {
  if (pC == 0) return;
  if (pC->pFirst && pC->pLast) {
    assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                      "a page is read from its first rows or from its last, "
                      "not both");
  }
  if ((pC->pFirst || pC->pLast) && pC->pLimit) {
    assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                      "a page has first or last, or limit, not both");
  }
  if ((pC->pLast || (pC->pBefore && !pC->pFirst)) && pC->pOffset) {
    assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                      "offset skips rows from the front: write it beside "
                      "first, not beside last or before");
  }
  if (pRel && !pRel->bMany && (pC->pLimit || pC->pOffset)) {
    assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                      "%s is one row at most; limit and offset are for lists",
                      pRel->zName);
  }
  if (pC->pThrough && (pRel == 0 || pRel->eKind != ASSOC_BELONGSTOMANY)) {
    assocPlannerError(
        p, ASSOC_E_ARGUMENT, pItem,
        "through(...) needs a join table, and there is none here");
  }
}

/* The clauses with the order and the limit that scopes add. */
static const ShapeClauses *withScopes(Planner *p, const AssocRel *pRel,
                                      AssocModel *pModel,
                                      const ShapeClauses *pC) {
  AssocSql sql;
  assocPlannerSql(p, &sql);
  pC = assocSqlScoped(&sql, pRel, pModel, pC);
  (void)assocSqlEnd(&sql);
  return pC;
}

/* A node for the rows of an association that an item names. */
static AssocNode *childNode(Planner *p, AssocNode *pParent, AssocRel *pRel,
                            AssocModel *pModel, const ShapeItem *pItem,
                            const char *zName) {
  AssocNode *pNode =
      assocNodeNew(p, pParent, pModel, assocNodePath(p, pParent, zName), pItem);
  if (pNode == 0) return 0;
  pNode->pRel = pRel;
  pNode->bMany = pRel->bMany;
  return pNode;
}

/* The same, with its part in the parent. */
static AssocNode *addChild(Planner *p, AssocNode *pParent, AssocRel *pRel,
                           const ShapeItem *pItem, const char *zName,
                           int bSpread) {
  AssocNode *pNode = childNode(p, pParent, pRel, pRel->pTarget, pItem, zName);
  AssocPart *pPart;
  if (pNode == 0) return 0;
  if (!bSpread) assocNodeCheckKey(p, pParent, pItem, zName);
  pNode->bSpread = (u8)bSpread;
  pNode->bLists = bSpread && (pRel->bMany || pParent->bLists);
  pPart =
      assocNodePart(p, pParent, bSpread ? ASSOC_PART_SPREAD : ASSOC_PART_CHILD,
                    bSpread ? 0 : zName);
  if (pPart) pPart->pNode = pNode;
  return pNode;
}

/* The key of an item in the output: its alias, or its name. */
static const char *itemName(const ShapeItem *pItem, const AssocRel *pRel) {
  if (pItem->pAlias) return pItem->pAlias->z;
  return pItem->pPath ? pItem->pPath->z : pRel->zName;
}

/* ------------------------------------------------------------ polymorphic */

/* The items of a block that count for one branch: those outside of "on", and
** those inside of "on" this branch's model. */
static const ShapeItem *branchBlock(Planner *p, const AssocBranch *pBranch,
                                    const ShapeItem *pBlock) {
  ShapeItem *pFirst = 0, **ppEnd = &pFirst;
  const ShapeItem *pItem, *pSub;
  AssocCatalog *pCat = pBranch->pModel->pTable->pSchema->pCatalog;
  for (pItem = pBlock; pItem; pItem = pItem->pNext) {
    int bOn = pItem->eType == SHAPE_ITEM_ON;
    pSub = bOn ? pItem->pBlock : pItem;
    if (bOn &&
        assocModelSeek(p->pCall, pCat, pItem->pPath->z) != pBranch->pModel) {
      continue;
    }
    for (; pSub; pSub = bOn ? pSub->pNext : 0) {
      *ppEnd = assocPlannerAlloc(p, sizeof(*pSub));
      if (*ppEnd == 0) return pFirst;
      **ppEnd = *pSub;
      (*ppEnd)->pNext = 0;
      ppEnd = &(*ppEnd)->pNext;
    }
  }
  return pFirst;
}

/* An error unless each "on" names a model that the association leads to. */
static void checkOn(Planner *p, const AssocRel *pRel, const ShapeItem *pBlock) {
  AssocCatalog *pCat = pRel->pSource->pTable->pSchema->pCatalog;
  for (; pBlock && p->pCall->rc == SQLITE_OK; pBlock = pBlock->pNext) {
    AssocModel *pModel;
    int i;
    if (pBlock->eType != SHAPE_ITEM_ON) continue;
    pModel = assocModelFind(p->pCall, pCat, pBlock->pPath->z);
    for (i = 0; i < pRel->nBranch && pRel->aBranch[i].pModel != pModel; i++) {
    }
    if (pModel && i == pRel->nBranch) {
      assocPlannerError(p, ASSOC_E_ARGUMENT, pBlock, "%s never leads to %s",
                        pRel->zName, pModel->zLabel);
    }
  }
}

/* Errors for what a polymorphic association cannot have. */
static void checkBranches(Planner *p, const ShapeItem *pItem,
                          const AssocRel *pRel, const ShapeItem *pBlock) {
  if (pItem->bSpread || pItem->pClauses || pItem->nRecurse ||
      pItem->bRequired) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, pItem,
                      "%s is polymorphic: conditions belong to its "
                      "branches, on Model(...){...}",
                      pRel->zName);
  }
  checkOn(p, pRel, pBlock);
}

/* The node gives rows with the members of pBlock. compileRows() compiles the
** block later. */
static void openRows(AssocNode *pNode, const ShapeItem *pBlock) {
  pNode->bRows = 1;
  pNode->pBlock = pBlock;
}

/* A node for each branch. The part knows the first node, pBranch leads to the
** others. */
static void compileBranches(Planner *p, AssocNode *pParent,
                            const ShapeItem *pItem, AssocRel *pRel,
                            const ShapeItem *pBlock) {
  AssocPart *pPart;
  AssocNode **ppNext;
  int i;
  assert(pRel->nBranch > 0);
  checkBranches(p, pItem, pRel, pBlock);
  assocNodeCheckKey(p, pParent, pItem, itemName(pItem, pRel));
  pPart = assocNodePart(p, pParent, ASSOC_PART_CHILD, itemName(pItem, pRel));
  if (pPart == 0) return;
  ppNext = &pPart->pNode;
  for (i = 0; i < pRel->nBranch && p->pCall->rc == SQLITE_OK; i++) {
    AssocBranch *pBranch = &pRel->aBranch[i];
    AssocNode *pNode = childNode(p, pParent, pRel, pBranch->pModel, pItem,
                                 itemName(pItem, pRel));
    if (pNode == 0) return;
    *ppNext = pNode;
    ppNext = &pNode->pBranch;
    pNode->bBranch = 1;
    pNode->zType = pBranch->zType;
    pNode->iType = assocNodeColumnArg(p, pParent, pParent->pModel->pTable,
                                      pRel->type.aCol[0], 1);
    pNode->pClauses = withScopes(p, 0, pBranch->pModel,
                                 assocBranchClauses(p->pCall, pBranch, pBlock));
    assocNodeKeys(p, pNode, &pRel->foreign, &pBranch->key,
                  pBranch->pModel->pTable, 1);
    openRows(pNode, branchBlock(p, pBranch, pBlock));
  }
}

/* ------------------------------------------------------------- recursion */

/* Is the key the model's own? */
static int isOwnKey(const AssocModel *pModel, const AssocKey *pKey) {
  return pKey->nCol == pModel->nKey &&
         memcmp(pKey->aCol, pModel->aKey, sizeof(int) * (size_t)pModel->nKey) ==
             0;
}

/*
** A circle ends where a row is found below itself. If a row finds its children by
** its own key, as in "children^", that key tells. In "parent^" a row finds its
** parent by parent_id, which several rows may share. Then the node reads the own
** keys of its rows, and those of the rows above its first level.
*/
static void recurseIdent(Planner *p, AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  AssocNode *pUp = pNode->pParent;
  int i;
  assert(pUp);
  if (pModel->nKey == 0) return;
  if (isOwnKey(pModel, assocRelNearKey(pNode->pRel))) return;
  pNode->aiIdent = assocPlannerAlloc(p, sizeof(int) * (size_t)pModel->nKey);
  pNode->aiIdentUp = assocPlannerAlloc(p, sizeof(int) * (size_t)pModel->nKey);
  if (pNode->aiIdent == 0 || pNode->aiIdentUp == 0) return;
  for (i = 0; i < pModel->nKey; i++) {
    pNode->aiIdent[i] =
        assocNodeColumnArg(p, pNode, pModel->pTable, pModel->aKey[i], 1);
    pNode->aiIdentUp[i] =
        assocNodeColumnArg(p, pUp, pModel->pTable, pModel->aKey[i], 1);
  }
  pNode->nIdentKey = pModel->nKey;
  pNode->iIdent = pNode->nIdent++;
  pNode->iIdentUp = pUp->nIdent++;
}

/* The table related finds the JSON of a row by what tells it from the others of
** its source: its key; of a many to many the join row's. Statements for LINKS
** have the same values: see answer.c. */
static void ownIdent(Planner *p, AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocTable *pPair = assocStmtPairTable(pNode->pRel);
  int i, n = pNode->bBranch ? 1 : pPair ? pPair->nKey : pModel->nKey;
  pNode->aiIdent = assocPlannerAlloc(p, sizeof(int) * (size_t)n);
  for (i = 0; pNode->aiIdent && i < n; i++) {
    pNode->aiIdent[i] =
        pNode->bBranch ? assocNodeBranchArg(p, pNode)
        : pPair
            ? assocNodeColumnArg(p, pNode, pPair, pPair->aKey[i], 2)
            : assocNodeColumnArg(p, pNode, pModel->pTable, pModel->aKey[i], 1);
  }
  if (pPair) pNode->bAt = 1;
  pNode->nIdentKey = n;
  pNode->iIdent = pNode->nIdent++;
}

/*
** "children^": the rows are of the parent's own model, and have the same member
** again. One node serves all levels: the rows of a level become the parents of
** the next run of the same statements. aiSelf are the columns by which a row
** finds its own children.
*/
static void compileRecurse(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                           const char *zName) {
  const AssocRel *pRel = pNode->pRel;
  const AssocKey *pUp = assocRelNearKey(pRel);
  AssocPart *pPart;
  int i;
  if (pRel->pDef->pSource != pRel->pTarget) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, pItem,
                      "%s leads from %s to %s; only an association of a "
                      "model with itself can repeat",
                      pRel->zName, pRel->pSource->zLabel,
                      pRel->pTarget->zLabel);
    return;
  }
  if (pItem->bSpread) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, pItem,
                      "a recursive item cannot be spread");
  }
  pNode->bRecurse = 1;
  pNode->nRecurse = pItem->nRecurse > 0 ? pItem->nRecurse : 0;
  pNode->aiSelf = assocPlannerAlloc(p, sizeof(int) * (size_t)(pUp->nCol + 1));
  for (i = 0; pNode->aiSelf && i < pUp->nCol; i++) {
    pNode->aiSelf[i] =
        assocNodeColumnArg(p, pNode, pRel->pSource->pTable, pUp->aCol[i], 1);
  }
  recurseIdent(p, pNode);
  assocNodeCheckKey(p, pNode, pItem, zName);
  pPart = assocNodePart(p, pNode, ASSOC_PART_CHILD, zName);
  if (pPart) pPart->pNode = pNode;
}

/* ----------------------------------------------------------------- pages */

/* How JSON writes the value of an aggregate: ASSOC_JSON_*. */
static u8 aggJson(int eAgg) {
  assert(eAgg >= 0 && eAgg < SHAPE_NAGG);
  return aShapeAgg[eAgg].mFlag & SHAPE_AGG_TEST ? ASSOC_JSON_BOOL
                                                : ASSOC_JSON_PLAIN;
}

/* A hidden sibling of a node that gives one value for each parent, computed
** over the same rows: the count of a page, or whether there is a page
** before. */
static AssocNode *valueBeside(Planner *p, AssocNode *pNode, int eAgg) {
  AssocNode *pValue = assocNodeNew(p, pNode->pParent, pNode->pModel,
                                   pNode->zPath, pNode->pItem);
  ShapeKey *pKey = assocPlannerAlloc(p, sizeof(*pKey));
  ShapeAgg *pAgg = assocPlannerAlloc(p, sizeof(*pAgg));
  AssocPart *pPart;
  if (pValue == 0 || pKey == 0 || pAgg == 0) return 0;
  pAgg->eAgg = (u8)eAgg;
  pKey->pAgg = pAgg;
  pValue->pValue = pKey;
  pValue->pBeside = pNode;
  pValue->pRel = pNode->pRel;
  pValue->pClauses = pNode->pClauses;
  pValue->pBlock = pNode->pBlock;
  pValue->zEmpty = aShapeAgg[eAgg].zNone;
  pValue->nEmpty = (int)strlen(pValue->zEmpty);
  if (pNode->pRel) assocNodeRelKeys(p, pValue);
  pPart = assocPlannerAlloc(p, sizeof(*pPart));
  if (pPart == 0) return 0;
  pPart->iRaw = -1;
  assocNodePartKey(p, pPart, "", 0, "");
  pPart->eJson = aggJson(eAgg);
  pValue->pPart = pPart;
  pValue->nArg = 1;
  return pValue;
}

int assocAsksPage(const ShapeClauses *pC) {
  return pC &&
         (pC->bPage || pC->pFirst || pC->pLast || pC->pAfter || pC->pBefore);
}

/* Does an association of the model have the name of an item such as count() or
** cursor()? Then the item means the association. */
static int meansAssoc(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  return pItem->pSelf && pItem->eType != SHAPE_ITEM_VALUE &&
         assocRelSeek(p->pCall, pNode->pModel, pItem->pSelf->z) != 0;
}

/* Does the block ask for the cursor of each row? */
static int wantsCursor(Planner *p, AssocNode *pNode) {
  const ShapeItem *pItem = pNode->pBlock;
  for (; pItem; pItem = pItem->pNext) {
    if (pItem->eType == SHAPE_ITEM_CURSOR && !meansAssoc(p, pNode, pItem)) {
      return 1;
    }
  }
  return 0;
}

/* Add a part of a page to a list. Its key begins an object if it is the first.
** Returns the new end of the list. */
static AssocPagePart **addPagePart(Planner *p, AssocPagePart **ppFirst,
                                   AssocPagePart **ppEnd, int ePart,
                                   const char *zName) {
  AssocPagePart *pNew = assocPlannerAlloc(p, sizeof(*pNew));
  AssocPart part;
  if (pNew == 0) return ppEnd;
  memset(&part, 0, sizeof(part));
  assocNodePartKey(p, &part, ppEnd == ppFirst ? "{" : ",", zName, ":");
  pNew->ePart = (u8)ePart;
  pNew->zKey = part.zKey;
  pNew->nKey = part.nKey;
  *ppEnd = pNew;
  return &pNew->pNext;
}

/* The parts iFirst to iLast under their usual names. */
static AssocPagePart *usualParts(Planner *p, int iFirst, int iLast) {
  AssocPagePart *pFirst = 0, **ppEnd = &pFirst;
  int i;
  for (i = iFirst; i <= iLast; i++) {
    ppEnd = addPagePart(p, &pFirst, ppEnd, i, azShapePart[i]);
  }
  return pFirst;
}

/* Edges and pageInfo without parts have all of theirs. */
static AssocPagePart *subParts(Planner *p, int ePart) {
  if (ePart == SHAPE_PART_EDGES) {
    return usualParts(p, SHAPE_PART_CURSOR, SHAPE_PART_NODE);
  }
  if (ePart == SHAPE_PART_INFO) {
    return usualParts(p, SHAPE_PART_START, SHAPE_PART_BEFORE);
  }
  return 0;
}

/* The parts that a shape names. A key that stands twice is an error. */
static AssocPagePart *namedParts(Planner *p, const AssocNode *pNode,
                                 const ShapePart *pShape) {
  AssocPagePart *pFirst = 0, **ppEnd = &pFirst;
  const ShapePart *pPart, *pOther;
  for (pPart = pShape; pPart; pPart = pPart->pNext) {
    AssocPagePart **ppNew = ppEnd;
    for (pOther = pShape; pOther != pPart; pOther = pOther->pNext) {
      if (strcmp(pPart->zName, pOther->zName) != 0 &&
          pPart->ePart != pOther->ePart) {
        continue;
      }
      assocPlannerError(p, ASSOC_E_ARGUMENT, pNode->pItem,
                        "'%s' occurs twice in the page of %s", pPart->zName,
                        pNode->zPath);
    }
    ppEnd = addPagePart(p, &pFirst, ppEnd, pPart->ePart, pPart->zName);
    if (*ppNew == 0) return pFirst;
    (*ppNew)->pSub = pPart->pSub ? namedParts(p, pNode, pPart->pSub)
                                 : subParts(p, pPart->ePart);
  }
  return pFirst;
}

/* The parts of a page: those that are named; else the count, if asked for,
** edges or nodes, and pageInfo. */
static AssocPagePart *pageParts(Planner *p, const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  AssocPagePart *pFirst = 0, **ppEnd = &pFirst, *pPart;
  if (pC->pPart) return namedParts(p, pNode, pC->pPart);
  if (pC->bPageCount) {
    ppEnd = addPagePart(p, &pFirst, ppEnd, SHAPE_PART_COUNT,
                        azShapePart[SHAPE_PART_COUNT]);
  }
  ppEnd = addPagePart(
      p, &pFirst, ppEnd, pC->bPageEdges ? SHAPE_PART_EDGES : SHAPE_PART_NODES,
      azShapePart[pC->bPageEdges ? SHAPE_PART_EDGES : SHAPE_PART_NODES]);
  (void)addPagePart(p, &pFirst, ppEnd, SHAPE_PART_INFO,
                    azShapePart[SHAPE_PART_INFO]);
  for (pPart = pFirst; pPart; pPart = pPart->pNext) {
    pPart->pSub = subParts(p, pPart->ePart);
  }
  return pFirst;
}

/* Is the part ePart somewhere in the list? */
static int hasPart(const AssocPagePart *pPart, int ePart) {
  for (; pPart; pPart = pPart->pNext) {
    if (pPart->ePart == ePart || hasPart(pPart->pSub, ePart)) return 1;
  }
  return 0;
}

/* Errors for pages where none can be. */
static void checkPage(Planner *p, const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  int bOneByOne = p->pPlan->eAsk >= ASSOC_ASK_ROWS && pNode->pRel == 0;
  if (!pNode->bMany && pNode->pRel) {
    assocPlannerError(p, ASSOC_E_ARGUMENT, pNode->pItem,
                      "%s is one row at most; %s are for lists", pNode->zPath,
                      assocAsksPage(pC) ? "pages" : "cursors");
  } else if (pC && pNode->bSpread && pC->bPage) {
    assocPlannerError(
        p, ASSOC_E_UNSUPPORTED, pNode->pItem,
        "a spread item cannot be a page; first and after bound its "
        "lists");
  } else if (pC && pC->bPage && bOneByOne) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, 0,
                      "a page is one document: SELECT eager(...) gives it");
  } else if (pC && (pC->pLast || pC->pBefore) && bOneByOne) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, 0,
                      "rows of a table are read from the front: use first and "
                      "after, not last and before");
  }
}

/* Make the node a page, if its clauses ask for one. bBack: it is read from its
** end and turned round afterwards. The table eager() gives rows one by one, so
** it can neither wrap them in an object nor begin at the end. */
static void compilePage(Planner *p, AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  AssocPage *pPage;
  if (!assocAsksPage(pC) && !wantsCursor(p, pNode)) return;
  checkPage(p, pNode);
  if (pC == 0) pC = assocPlannerAlloc(p, sizeof(*pC));
  pPage = assocPlannerAlloc(p, sizeof(*pPage));
  if (pPage == 0) return; /* Also if there are no clauses */
  pNode->pClauses = pC;
  pNode->pPage = pPage;
  pPage->bRows = 1;
  pPage->bWrap = pC->bPage;
  pPage->bBack = pC->pLast != 0 || (pC->pBefore && !pC->pFirst);
  pPage->pMost = pC->pFirst ? pC->pFirst : pC->pLast ? pC->pLast : pC->pLimit;
  if (pPage->bWrap) {
    const AssocPagePart *pPart = pPage->pPart = pageParts(p, pNode);
    int bInfo = hasPart(pPart, SHAPE_PART_INFO);
    pPage->bCursor = hasPart(pPart, SHAPE_PART_CURSOR) ||
                     hasPart(pPart, SHAPE_PART_START) ||
                     hasPart(pPart, SHAPE_PART_END);
    pPage->bMore =
        (u8)hasPart(pPart, pPage->bBack ? SHAPE_PART_BEFORE : SHAPE_PART_MORE);
    pPage->bRows = bInfo || hasPart(pPart, SHAPE_PART_NODES) ||
                   hasPart(pPart, SHAPE_PART_EDGES);
  }
  assocPageTerms(p, pNode);
}

/* The values that a page has beside its list: the count, and whether there are
** rows on the other side of the cursor. */
static void compilePageValues(Planner *p, AssocNode *pNode) {
  AssocPage *pPage = pNode->pPage;
  const ShapeClauses *pC = pNode->pClauses;
  if (pPage == 0 || !pPage->bWrap) return;
  assert(pNode->bMany || pNode->pRel == 0);
  if (hasPart(pPage->pPart, SHAPE_PART_COUNT)) {
    pPage->pCount = valueBeside(p, pNode, SHAPE_AGG_COUNT);
    if (pPage->pCount) assocStmtValue(p, pPage->pCount);
  }
  if ((pC->pAfter || pC->pBefore || pC->pOffset) &&
      hasPart(pPage->pPart,
              pPage->bBack ? SHAPE_PART_MORE : SHAPE_PART_BEFORE)) {
    pPage->pBehind = valueBeside(p, pNode, SHAPE_AGG_EXISTS);
    if (pPage->pBehind) assocStmtValue(p, pPage->pBehind);
  }
}

/* ------------------------------------------------------------ associations */

/* An item that names an association, or a path that begins with one. */
static void compileAssoc(Planner *p, AssocNode *pParent, const ShapeItem *pItem,
                         AssocRel *pRel) {
  int bPath = pItem->pPath && pItem->pPath->pNext;
  const char *zName = itemName(pItem, pRel);
  const ShapeItem *pBlock = bPath           ? restOfPath(p, pItem)
                            : pItem->bBlock ? pItem->pBlock
                                            : starItem(p);
  AssocNode *pNode;
  if (p->pCall->rc != SQLITE_OK) return;
  if (pRel->nBranch) {
    compileBranches(p, pParent, pItem, pRel, pBlock);
    return;
  }
  pNode = addChild(p, pParent, pRel, pItem, zName, pItem->bSpread);
  if (pNode == 0 || p->pCall->rc != SQLITE_OK) return;
  if (!bPath) checkClauses(p, pItem, pItem->pClauses, pRel);
  pNode->pClauses =
      withScopes(p, pRel, pRel->pTarget, bPath ? 0 : pItem->pClauses);
  assocNodeRelKeys(p, pNode);
  openRows(pNode, pBlock);
}

/* ------------------------------------------------------------------ items */

/* The error for an unknown name, with the most similar valid name. */
static void addNameError(Planner *p, AssocNode *pNode, const ShapeName *pName) {
  AssocSql sql;
  assocPlannerSql(p, &sql);
  assocSqlUnknown(&sql, pNode->pModel, pName, "column or association");
  (void)assocSqlEnd(&sql);
}

/* The error for a part of the page in the block of its rows: posts(page){nodes{id}}.
** False if the item is none. */
static int isPartOfPage(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  static const char *const az[] = {"nodes", "edges", "node", "pageInfo"};
  const ShapeName *pName = pItem->pPath;
  int i;
  if (pNode->pPage == 0 || pName == 0 || pName->pNext) return 0;
  for (i = 0; i < ASSOC_COUNT(az) && sqlite3_stricmp(az[i], pName->z); i++) {
  }
  if (i == ASSOC_COUNT(az) || assocRelSeek(p->pCall, pNode->pModel, pName->z)) {
    return 0;
  }
  assocPlannerError(p, ASSOC_E_SYNTAX, pItem,
                    "%s is a part of the page, and the block holds what each "
                    "row has: (page{edges{cursor node} pageInfo}){id}",
                    pName->z);
  return 1;
}

/* The number of the column that an item names, or -1 if it names no column. Of
** names, only one that stood under "include" may have no path. */
static int itemColumn(Planner *p, const AssocNode *pNode,
                      const ShapeItem *pItem) {
  if (pItem->eType != SHAPE_ITEM_NAME || pItem->bInclude || pItem->bBlock ||
      pItem->pPath->pNext) {
    return -1;
  }
  return assocColumnSeek(p->pCall, pNode->pModel->pTable, pItem->pPath->z);
}

static void checkMinus(Planner *p, AssocNode *pNode, const ShapeItem *pItem);

/* An item that is a name: a column, else an association. */
static void compileName(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  int iCol = itemColumn(p, pNode, pItem);
  AssocSql sql;
  AssocRel *pRel = 0;
  if (iCol >= 0) {
    assocNodeColumn(p, pNode, pItem, iCol,
                    pItem->pAlias ? pItem->pAlias->z : pItem->pPath->z);
    return;
  }
  if (pItem->bText) {
    checkMinus(p, pNode, pItem);
    return;
  }
  if (isPartOfPage(p, pNode, pItem)) return;
  if (pItem->pPath && pItem->pPath->pNext == 0 && !pItem->bInclude &&
      !pItem->bBlock &&
      assocRelSeek(p->pCall, pNode->pModel, pItem->pPath->z) == 0) {
    addNameError(p, pNode, pItem->pPath);
    return;
  }
  assocPlannerSql(p, &sql);
  pRel = assocItemRel(&sql, pItem, pItem->pPath, pNode->pModel);
  (void)assocSqlEnd(&sql);
  if (pRel) compileAssoc(p, pNode, pItem, pRel);
}

/* The key of an aggregate: its alias, or a name such as posts_sum_likes. */
static const char *aggName(Planner *p, const ShapeItem *pItem) {
  sqlite3_str *pStr;
  const ShapeName *pName;
  if (pItem->pAlias) return pItem->pAlias->z;
  pStr = sqlite3_str_new(p->pCall->db);
  for (pName = pItem->pPath; pName; pName = pName->pNext) {
    sqlite3_str_appendf(pStr, "%s_", pName->z);
  }
  sqlite3_str_appendall(pStr, aShapeAgg[pItem->pAgg->eAgg].zName);
  if (pItem->pAgg->pCol) {
    sqlite3_str_appendf(pStr, "_%s", pItem->pAgg->pCol->z);
  }
  return assocArenaStr(p->pCall, p->pArena, pStr);
}

/* Is it an aggregate under the name of the column that has its value? */
static int isCountOf(Planner *p, const AssocNode *pNode, const ShapeItem *pItem,
                     int iCol) {
  const char *z;
  if (pItem->eType != SHAPE_ITEM_AGG ||
      assocCounterColumn(p->pCall, pNode->pModel, pItem->pPath, pItem->pAgg,
                         0) != iCol) {
    return 0;
  }
  z = aggName(p, pItem);
  return z && strcmp(z, pNode->pModel->pTable->aCol[iCol].zName) == 0;
}

/* Is the column also named in the block, or removed by "-name"? Then "*" leaves
** it out. */
static int namedBeside(Planner *p, const AssocNode *pNode,
                       const ShapeItem *pBlock, int iCol) {
  const ShapeItem *pItem;
  for (pItem = pBlock; pItem; pItem = pItem->pNext) {
    if (pItem->eType == SHAPE_ITEM_MINUS &&
        assocColumnFind(pNode->pModel->pTable, pItem->pPath->z) == iCol) {
      return 1;
    }
    if (itemColumn(p, pNode, pItem) == iCol) return 1;
    if (isCountOf(p, pNode, pItem, iCol)) return 1;
  }
  return 0;
}

/* Is the column among those of "*"? Not if it is hidden, by SQLite or by a
** policy. */
static int isOfStar(Planner *p, const AssocNode *pNode, const ShapeItem *pBlock,
                    int iCol) {
  const AssocTable *pTab = pNode->pModel->pTable;
  return !pTab->aCol[iCol].bHidden && !namedBeside(p, pNode, pBlock, iCol) &&
         !assocColumnIs(p->pCall, pTab, iCol, ASSOC_COLUMN_HIDE);
}

/* "*": all columns. */
static void compileStar(Planner *p, AssocNode *pNode, const ShapeItem *pBlock,
                        const ShapeItem *pStar) {
  const AssocTable *pTab = pNode->pModel->pTable;
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    if (!isOfStar(p, pNode, pBlock, i)) continue;
    assocNodeColumn(p, pNode, pStar, i, pTab->aCol[i].zName);
  }
}

/*
** Make the last of the block's columns, in the order of the table, the first of
** the node's values. For a column SQLite reads the head of the row up to that
** column, and goes on from there for a later one. To read all of it at once
** takes a fifth less for a row of eight columns.
*/
static void lastColumnFirst(Planner *p, AssocNode *pNode,
                            const ShapeItem *pBlock) {
  const AssocTable *pTab = pNode->pModel->pTable;
  const ShapeItem *pItem;
  int iLast = -1;
  for (pItem = pBlock; pItem; pItem = pItem->pNext) {
    int i = itemColumn(p, pNode, pItem);
    if (pItem->eType == SHAPE_ITEM_STAR || pItem->eType == SHAPE_ITEM_STARS) {
      for (i = pTab->nCol - 1; i >= 0 && !isOfStar(p, pNode, pBlock, i); i--) {
      }
    }
    if (i > iLast) iLast = i;
  }
  if (iLast >= 0) (void)assocNodeColumnArg(p, pNode, pTab, iLast, 1);
}

/* "-name": an error unless it names a column. compileStar() does the rest. */
static void checkMinus(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  AssocSql sql;
  if (assocColumnSeek(p->pCall, pNode->pModel->pTable, pItem->pPath->z) >= 0) {
    return;
  }
  assocPlannerSql(p, &sql);
  assocSqlUnknown(&sql, pNode->pModel, pItem->pPath, "column");
  (void)assocSqlEnd(&sql);
}

/* Is the model that of this node or of a node above? */
static int isAbove(const AssocNode *pNode, const AssocModel *pModel) {
  for (; pNode; pNode = pNode->pParent) {
    if (pNode->pModel == pModel) return 1;
  }
  return 0;
}

/* "**" and the like: every association of a kind that the block does not name.
** If the recursion is nested, it stops at a model that occurred above. */
static void compileAll(Planner *p, AssocNode *pNode, const ShapeItem *pBlock,
                       const ShapeItem *pAll, int mAll) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  AssocSql sql;
  assocPlannerSql(p, &sql);
  while ((pRel = assocAllNext(&sql, pNode->pModel, pBlock, mAll, &pDef)) != 0) {
    ShapeItem *pItem;
    if (pAll->nRecurse && isAbove(pNode, pRel->pTarget)) continue;
    pItem = assocAllItem(&sql, pAll, pRel);
    if (pItem) compileAssoc(p, pNode, pItem, pRel);
  }
  (void)assocSqlEnd(&sql);
}

/* The number of a join row's column. An error if there is none, or no join
** table. */
static int atColumn(Planner *p, const AssocTable *pJoin,
                    const ShapeItem *pItem) {
  AssocSql sql;
  int iCol;
  assocPlannerSql(p, &sql);
  iCol = assocSqlAtColumn(&sql, pJoin, pItem->pPath);
  (void)assocSqlEnd(&sql);
  return iCol;
}

/* "@column": columns of the join row. One with an alias is a member of its own.
** All others together are members of an object that has the join table's
** name. */
static void compileAt(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                      const ShapeItem *pBlock) {
  const AssocTable *pJoin = pNode->pRel ? pNode->pRel->pThrough : 0;
  const ShapeItem *pAt;
  AssocPart *pPart = 0;
  int n = 0;
  if (pJoin == 0) {
    (void)atColumn(p, 0, pItem);
    return;
  }
  for (pAt = pBlock; pAt != pItem; pAt = pAt->pNext) {
    assert(pAt); /* The item is one of the block */
    if (pAt->eType == SHAPE_ITEM_AT && !pAt->pAlias && !pItem->pAlias) {
      return; /* The first one has written the object with all of them */
    }
  }
  if (!pItem->pAlias) {
    assocNodeCheckKey(p, pNode, pItem, pJoin->zName);
    pPart = assocNodePart(p, pNode, ASSOC_PART_TEXT, pJoin->zName);
  }
  for (pAt = pItem; pAt; pAt = pItem->pAlias ? 0 : pAt->pNext) {
    int iCol;
    if (pAt->eType != SHAPE_ITEM_AT || (pAt->pAlias && !pItem->pAlias)) {
      continue;
    }
    iCol = atColumn(p, pJoin, pAt);
    if (iCol < 0) return;
    if (pItem->pAlias) assocNodeCheckKey(p, pNode, pItem, pItem->pAlias->z);
    pNode->bAt = 1;
    pPart = assocNodePart(p, pNode, ASSOC_PART_COLUMN,
                          pItem->pAlias ? pItem->pAlias->z : pAt->pPath->z);
    if (pPart == 0) return;
    if (!pItem->pAlias) {
      assocNodePartKey(p, pPart, n++ ? "," : "{", pAt->pPath->z, ":");
      pPart->bInner = 1;
    }
    pPart->eJson = pJoin->aCol[iCol].eJson;
    pPart->bBlob = pJoin->aCol[iCol].eAff == ASSOC_AFF_NONE;
    pPart->iArg = assocNodeColumnArg(p, pNode, pJoin, iCol, 2);
    if (pPart->eJson == ASSOC_JSON_RAW) {
      pPart->eJson = ASSOC_JSON_PLAIN;
      pPart->iRaw = assocNodeRawArg(p, pNode, pPart->iArg);
    }
  }
  if (!pItem->pAlias) {
    pPart = assocNodePart(p, pNode, ASSOC_PART_TEXT, 0);
    if (pPart) assocNodePartKey(p, pPart, "}", 0, "");
  }
}

/* The first association of the path that an aggregate goes over. 0 after an
** error. */
static AssocRel *aggFirst(Planner *p, AssocNode *pNode,
                          const ShapeItem *pItem) {
  ShapeItem item;
  AssocSql sql;
  AssocRel *pRel;
  memset(&item, 0, sizeof(item));
  assocPlannerSql(p, &sql);
  pRel = assocItemRel(&sql, &item, pItem->pPath, pNode->pModel);
  (void)assocSqlEnd(&sql);
  if (pRel && pRel->nBranch) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, pItem,
                      "%s is polymorphic, and has no aggregates", pRel->zName);
    return 0;
  }
  return pRel;
}

/* Do two paths have the same names? */
static int samePath(const ShapeName *pA, const ShapeName *pB) {
  for (; pA && pB; pA = pA->pNext, pB = pB->pNext) {
    if (sqlite3_stricmp(pA->z, pB->z) != 0) return 0;
  }
  return pA == pB;
}

/* Is the node an aggregate of all rows of its path, without a condition? */
static int isPlainAgg(const AssocNode *pNode) {
  const ShapeAgg *pAgg = pNode->pValue ? pNode->pValue->pAgg : 0;
  return pAgg && pAgg->pWhere == 0 &&
         !(aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_TEST);
}

/* Are two aggregates the same? Those with conditions never are. */
static int sameAgg(const ShapeAgg *pA, const ShapeAgg *pB) {
  return pA->eAgg == pB->eAgg && pA->bDistinct == pB->bDistinct &&
         pA->bAt == pB->bAt && pA->pWhere == 0 && pB->pWhere == 0 &&
         samePath(pA->pCol, pB->pCol);
}

/* If the parent's rows are sorted by this aggregate, they have its value
** already: then the member takes this value, and the result is true. */
static int sortedAgg(Planner *p, AssocNode *pParent, const ShapeItem *pItem,
                     const char *zName) {
  const ShapeSort *pSort = assocOrderOf(pParent->pRel, pParent->pClauses);
  const ShapeAgg *pAgg = pItem->pAgg;
  AssocPart *pPart;
  for (; pSort; pSort = pSort->pNext) {
    if (pSort->key.pAgg && sameAgg(pSort->key.pAgg, pAgg) &&
        samePath(pSort->key.pPath, pItem->pPath)) {
      break;
    }
  }
  if (pSort == 0) return 0;
  pPart = assocNodePart(p, pParent, ASSOC_PART_COLUMN, zName);
  if (pPart == 0) return 1;
  pPart->iArg = assocNodeArg(p, pParent, &pSort->key);
  pPart->iRaw = -1;
  pPart->bBlob = (aShapeAgg[pAgg->eAgg].mFlag & SHAPE_AGG_PICKS) != 0;
  pPart->eJson = aggJson(pAgg->eAgg);
  return 1;
}

/* If a column of the parent has the value, which is a counter cache, the member
** takes it, and the result is true. */
static int cachedAgg(Planner *p, AssocNode *pParent, const ShapeItem *pItem,
                     const char *zName) {
  int iCol = assocCounterColumn(p->pCall, pParent->pModel, pItem->pPath,
                                pItem->pAgg, 1);
  AssocPart *pPart;
  if (iCol < 0) return 0;
  pPart = assocNodePart(p, pParent, ASSOC_PART_COLUMN, zName);
  if (pPart == 0) return 1;
  pPart->iArg =
      assocNodeColumnArg(p, pParent, pParent->pModel->pTable, iCol, 1);
  pPart->eJson = ASSOC_JSON_PLAIN;
  return 1;
}

/* Several aggregates of the same rows need one scan: the later one joins the
** first. */
static void joinAgg(Planner *p, AssocNode *pNode) {
  AssocNode *pOne, **ppEnd;
  int n = pNode->nKey + 1;
  assert(pNode->pValue && pNode->pParent);
  if (!isPlainAgg(pNode)) return;
  for (pOne = pNode->pParent->pChild; pOne != pNode; pOne = pOne->pNext) {
    if (isPlainAgg(pOne) &&
        samePath(pOne->pValue->pPath, pNode->pValue->pPath)) {
      break;
    }
  }
  if (pOne == pNode) return;
  for (ppEnd = &pOne->pAlso; *ppEnd; ppEnd = &(*ppEnd)->pAlso) n++;
  if (n >= p->nFunctionArg) return;
  *ppEnd = pNode;
  assocStmtValueScan(p, pOne);
}

/* "comments.count()": a node whose row is the value. */
static void compileAgg(Planner *p, AssocNode *pParent, const ShapeItem *pItem) {
  const char *zName = aggName(p, pItem);
  AssocRel *pRel = aggFirst(p, pParent, pItem);
  ShapeKey *pKey = assocPlannerAlloc(p, sizeof(*pKey));
  AssocPart *pPart;
  AssocNode *pNode;
  assert(pItem->pAgg && pItem->pAgg->eAgg < SHAPE_NAGG);
  if (pRel == 0 || pKey == 0) return;
  assocNodeCheckKey(p, pParent, pItem, zName);
  if (cachedAgg(p, pParent, pItem, zName)) return;
  if (sortedAgg(p, pParent, pItem, zName)) return;
  pNode = assocNodeNew(p, pParent, pRel->pTarget,
                       assocNodePath(p, pParent, zName), pItem);
  pPart = assocNodePart(p, pParent, ASSOC_PART_CHILD, zName);
  if (pNode == 0 || pPart == 0) return;
  pPart->pNode = pNode;
  pKey->pPath = pItem->pPath;
  pKey->pAgg = pItem->pAgg;
  pNode->pRel = pRel;
  pNode->pValue = pKey;
  pNode->zEmpty = aShapeAgg[pItem->pAgg->eAgg].zNone;
  pNode->nEmpty = (int)strlen(pNode->zEmpty);
  assocNodeRelKeys(p, pNode);
  pPart = assocPlannerAlloc(p, sizeof(*pPart));
  if (pPart == 0) return;
  pPart->iRaw = -1;
  assocNodePartKey(p, pPart, "", 0, "");
  pPart->eJson = aggJson(pItem->pAgg->eAgg);
  pNode->pPart = pPart;
  pNode->nArg = 1;
  assocStmtValue(p, pNode);
  joinAgg(p, pNode);
}

/* "count()" of the roots: a value of the one row that the root then is. */
static void compileTotal(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  const char *zName = aggName(p, pItem);
  ShapeKey *pKey = assocPlannerAlloc(p, sizeof(*pKey));
  const char *zAgg = aShapeAgg[pItem->pAgg->eAgg].zName;
  const ShapeName *pCol = pItem->pAgg->pCol;
  AssocPart *pPart;
  if (pCol && assocColumnSeek(p->pCall, pNode->pModel->pTable, pCol->z) < 0 &&
      assocRelSeek(p->pCall, pNode->pModel, pCol->z)) {
    ShapeItem at = {.iOff = pCol->iOff};
    assocPlannerError(p, ASSOC_E_SYNTAX, &at,
                      "an aggregate follows its association: %s.%s()", pCol->z,
                      zAgg);
  } else if (!pNode->bTotal) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, pItem,
                      "%s() without an association is of the roots, and only "
                      "such stand beside it: User{count() as n}; did you mean "
                      "posts.%s(...)?",
                      zAgg, zAgg);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  assocNodeCheckKey(p, pNode, pItem, zName);
  pPart = assocNodePart(p, pNode, ASSOC_PART_COLUMN, zName);
  if (pPart == 0) return;
  pKey->pAgg = pItem->pAgg;
  pPart->iArg = assocNodeArg(p, pNode, pKey);
  pPart->bBlob = (aShapeAgg[pItem->pAgg->eAgg].mFlag & SHAPE_AGG_PICKS) != 0;
  pPart->eJson = aggJson(pItem->pAgg->eAgg);
}

/* An item such as count() or cursor() that means the association of this
** name, with the condition in the parentheses as its clause. */
static void compileSelf(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  ShapeItem *pNew = assocPlannerAlloc(p, sizeof(*pNew));
  ShapeClauses *pC = assocPlannerAlloc(p, sizeof(*pC));
  if (pC == 0) return; /* Also if there is no item */
  pNew->iOff = pItem->iOff;
  pNew->pPath = pItem->pSelf;
  pNew->pAlias = pItem->pAlias;
  pC->iOff = pItem->iOff;
  pC->pWhere = pItem->pAgg ? pItem->pAgg->pWhere : 0;
  if (pC->pWhere) pNew->pClauses = pC;
  compileName(p, pNode, pNew);
}

/* A constant. What is spelt as a word may be a column. */
static void compileValue(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  int iCol = pItem->pSelf ? assocColumnSeek(p->pCall, pNode->pModel->pTable,
                                            pItem->pSelf->z)
                          : -1;
  if (pItem->pAlias == 0) {
    assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                      "a constant needs a name: \"User\" as kind");
  } else if (iCol >= 0) {
    assocNodeColumn(p, pNode, pItem, iCol, pItem->pAlias->z);
  } else {
    assocNodeConst(p, pNode, pItem, pItem->pVal, pItem->pAlias->z);
  }
}

/* "model()": the name of the row's model. */
static void compileModel(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  ShapeVal *pVal = assocPlannerAlloc(p, sizeof(*pVal));
  if (pVal == 0) return;
  pVal->eType = SHAPE_VAL_TEXT;
  pVal->z = pNode->pModel->zLabel;
  pVal->n = (int)strlen(pVal->z);
  assocNodeConst(p, pNode, pItem, pVal,
                 pItem->pAlias ? pItem->pAlias->z : "model");
}

/* "cursor()": what after and before take. compilePage() has set the order. */
static void compileCursor(Planner *p, AssocNode *pNode,
                          const ShapeItem *pItem) {
  const char *zName = pItem->pAlias ? pItem->pAlias->z : "cursor";
  assert(pNode->pPage || p->pCall->rc != SQLITE_OK);
  assocNodeCheckKey(p, pNode, pItem, zName);
  (void)assocNodePart(p, pNode, ASSOC_PART_CURSOR, zName);
}

/* Compile one item of a block. */
static void compileItem(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                        const ShapeItem *pBlock) {
  if (pItem->pSelf && meansAssoc(p, pNode, pItem)) {
    compileSelf(p, pNode, pItem);
    return;
  }
  switch (pItem->eType) {
  case SHAPE_ITEM_NAME: compileName(p, pNode, pItem); break;
  case SHAPE_ITEM_STAR: compileStar(p, pNode, pBlock, pItem); break;
  case SHAPE_ITEM_STARS:
    compileStar(p, pNode, pBlock, pItem);
    compileAll(p, pNode, pBlock, pItem, SHAPE_ALL_ONE);
    break;
  case SHAPE_ITEM_MINUS: checkMinus(p, pNode, pItem); break;
  case SHAPE_ITEM_AT: compileAt(p, pNode, pItem, pBlock); break;
  case SHAPE_ITEM_ALL: compileAll(p, pNode, pBlock, pItem, pItem->mAll); break;
  case SHAPE_ITEM_ON:
    assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                      "on %s{...} belongs in a polymorphic association",
                      pItem->pPath->z);
    break;
  case SHAPE_ITEM_VALUE: compileValue(p, pNode, pItem); break;
  case SHAPE_ITEM_CURSOR: compileCursor(p, pNode, pItem); break;
  case SHAPE_ITEM_MODEL: compileModel(p, pNode, pItem); break;
  default:
    assert(pItem->eType == SHAPE_ITEM_AGG);
    if (pItem->pPath) {
      compileAgg(p, pNode, pItem);
    } else {
      compileTotal(p, pNode, pItem);
    }
    break;
  }
}

/* Does the node repeat ("^")? In "a.children^" only the last node does. */
static int repeats(const AssocNode *pNode) {
  const ShapeItem *pItem = pNode->pItem;
  if (pItem == 0 || pItem->nRecurse == 0) return 0;
  if (pItem->eType != SHAPE_ITEM_NAME) return 0;
  return pItem->pPath == 0 || pItem->pPath->pNext == 0;
}

/* Compile all items of a block. */
static void compileBlock(Planner *p, AssocNode *pNode,
                         const ShapeItem *pBlock) {
  const ShapeItem *pItem;
  lastColumnFirst(p, pNode, pBlock);
  for (pItem = pBlock; pItem && p->pCall->rc == SQLITE_OK;
       pItem = pItem->pNext) {
    compileItem(p, pNode, pItem, pBlock);
  }
  if (repeats(pNode)) {
    compileRecurse(p, pNode, pNode->pItem, itemName(pNode->pItem, pNode->pRel));
  }
}

/* The members of a node are complete: close the object, and count the offsets
** of its rows. */
static void endBlock(Planner *p, AssocNode *pNode) {
  AssocPart *pPart, **ppNode = &pNode->pNodePart;
  assocNodeDropEmpty(p, pNode);
  if (!pNode->bSpread) {
    int bEmpty = pNode->pPart == 0;
    AssocPart *pEnd = assocNodePart(p, pNode, ASSOC_PART_TEXT, 0);
    if (pEnd) assocNodePartKey(p, pEnd, bEmpty ? "{}" : "}", 0, "");
  }
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    pPart->bSplit = pPart->pNode || pNode->bLists;
    pNode->nSplit += pPart->bSplit;
    if (pPart->pNode == 0) continue;
    *ppNode = pPart;
    ppNode = &pPart->pNextNode;
  }
  assocNodeMembers(p, pNode);
  assocNodeEmpty(p, pNode);
}

/* Write the lookup and the scan, as far as the node has them. */
static void compileStatements(Planner *p, AssocNode *pNode) {
  if (p->pCall->rc != SQLITE_OK) return;
  if (pNode->pRel || pNode->bKeyed) assocStmtLookup(p, pNode);
  if (!pNode->bKeyed && !pNode->bLookupOnly) assocStmtScan(p, pNode);
}

/* Write the node's statements, after the nodes below it are complete: those add
** values. */
static void closeRows(Planner *p, AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  assert(pNode->bRows && pNode->pValue == 0);
  if (p->pCall->rc != SQLITE_OK) return;
  endBlock(p, pNode);
  pNode->bLimit = pNode->bMany && pNode->pRel && (pC->pLimit || pC->pOffset) &&
                  !pNode->pPage;
  assocSortPlan(p, pNode);
  compileStatements(p, pNode);
  compilePageValues(p, pNode);
}

/*
** Compile the blocks of all nodes for which openRows() was called. A block adds
** nodes at the end of the plan, so one loop reaches every level, without a
** level of C stack for each level of the shape. On the way back, each node
** comes after the nodes below it.
*/
static void compileRows(Planner *p) {
  AssocPlan *pPlan = p->pPlan;
  int i;
  for (i = 0; i < pPlan->nNode && p->pCall->rc == SQLITE_OK; i++) {
    AssocNode *pNode = pPlan->apNode[i];
    if (!pNode->bRows) continue;
    compilePage(p, pNode);
    compileBlock(p, pNode, pNode->pBlock);
  }
  while (--i >= 0 && p->pCall->rc == SQLITE_OK) {
    if (pPlan->apNode[i]->bRows) closeRows(p, pPlan->apNode[i]);
  }
}

/* ------------------------------------------------------------------ starts */

/* The number that a PRAGMA gives. */
static int askPragma(AssocCall *pCall, const char *zPragma) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA %s", zPragma);
  int i = assocStep(pCall, pStmt) ? sqlite3_column_int(pStmt, 0) : 0;
  assocFinalize(pCall, pStmt);
  return i;
}

/* A name in a query may have several parts: "aux.User". */
static const char *pathText(Planner *p, const ShapeName *pName) {
  assert(pName); /* Such a shape begins with its model */
  if (pName->pNext == 0) return pName->z;
  return assocArenaPrintf(p->pCall, p->pArena, "%s.%s", pName->z,
                          pathText(p, pName->pNext));
}

/* A plan that gives no JSON: a count, an answer, or the ids of the table
** related. It needs one statement and no nodes below the root. */
static void compileIds(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                       AssocRel *pRel) {
  ShapeItem one = *pItem;
  int bRelated = p->pPlan->eAsk >= ASSOC_ASK_IDS;
  if (pRel->nBranch) {
    checkBranches(p, pItem, pRel, pItem->pBlock);
  } else {
    one.pClauses =
        (ShapeClauses *)withScopes(p, pRel, pRel->pTarget, pItem->pClauses);
  }
  if (pItem->nRecurse && !bRelated) {
    assocPlannerError(
        p, ASSOC_E_UNSUPPORTED, pItem,
        "assoc_count() and assoc_has() look one level deep; what %s^ "
        "finds are the rows of related(model, key, '%s^')",
        pRel->zName, pRel->zName);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  if (bRelated) {
    assocStmtRelated(p, pRoot, &one, pRel);
  } else {
    assocStmtAnswer(p, pRoot, &one, pRel);
  }
}

/* assoc_get() and its like: one association of one row, which is found by its
** key. An alias, "..." or a path would have no place in the result, so they are
** errors. */
static void compileOne(Planner *p, AssocNode *pRoot) {
  ShapeItem *pItem = p->pPlan->pShape->pItem;
  AssocSql sql;
  AssocRel *pRel;
  /* In JSON, "where" sets bRequired; the one parent is not dropped for it. */
  if (p->pPlan->pShape->bJson) pItem->bRequired = 0;
  if (pItem->eType != SHAPE_ITEM_NAME || pItem->pAlias || pItem->bSpread ||
      pItem->bRequired || (pItem->pPath && pItem->pPath->pNext)) {
    assocPlannerError(
        p, ASSOC_E_ARGUMENT, pItem,
        "name one association here, without as, '...', '!' or a path");
    return;
  }
  assocPlannerSql(p, &sql);
  pRel = assocItemRel(&sql, pItem, pItem->pPath, pRoot->pModel);
  (void)assocSqlEnd(&sql);
  if (pRel == 0) return;
  checkClauses(p, pItem, pItem->pClauses, pRel);
  if (p->pPlan->eAsk == ASSOC_ASK_ONCE) {
    p->pPlan->pShape->pItem->nRecurse = 0;
  }
  if (p->pPlan->eAsk == ASSOC_ASK_GET || p->pPlan->eAsk == ASSOC_ASK_ONCE) {
    AssocNode *pNode;
    compileAssoc(p, pRoot, pItem, pRel);
    pNode = p->pPlan->eAsk == ASSOC_ASK_ONCE ? pRoot->pChild : 0;
    for (; pNode; pNode = pNode->pNext) ownIdent(p, pNode);
    compileRows(p);
    endBlock(p, pRoot);
    compileStatements(p, pRoot);
  } else {
    compileIds(p, pRoot, pItem, pRel);
  }
}

/* Do the clauses of the root choose rows by their place in the list? */
static int hasPlaces(const AssocNode *pRoot) {
  const ShapeClauses *pC = pRoot->pClauses;
  return pC && (pC->pLimit || pC->pOffset || assocAsksPage(pC));
}

/* Does the root's statement give several rows? With a limit, even one key is
** found by going through them all, since the limit counts first. */
static int givesRows(const AssocPlan *pPlan, const AssocNode *pRoot) {
  if (pPlan->eAsk == ASSOC_ASK_KEY) return hasPlaces(pRoot);
  return pPlan->eAsk >= ASSOC_ASK_ROWS && pPlan->eAsk <= ASSOC_ASK_DESC;
}

/* The bounds of ASSOC_ASK_RANGE and ASSOC_ASK_PAST that the root's statement
** takes. An integer that is the rowid compares with others as the column id of
** eager() does. A limit of the query counts before bounds from outside. */
static void rootBounds(const AssocPlan *pPlan, AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  if (hasPlaces(pRoot)) return;
  pRoot->bPast = (pPlan->mAsk & ASSOC_ASK_PAST) != 0;
  pRoot->bRange = (pPlan->mAsk & ASSOC_ASK_RANGE) && assocKeyIsRowid(pModel) &&
                  pModel->pTable->eType == ASSOC_TABLE;
}

/* Put the root's key among its values: for the column id of table-valued
** eager(). */
static void keyArgs(Planner *p, AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  int i;
  pRoot->aiSource =
      assocPlannerAlloc(p, sizeof(int) * (size_t)(pModel->nKey + 1));
  for (i = 0; pRoot->aiSource && i < pModel->nKey; i++) {
    pRoot->aiSource[i] =
        assocNodeColumnArg(p, pRoot, pModel->pTable, pModel->aKey[i], 1);
  }
}

/* Does the query ask for aggregates of the roots, and for nothing else? */
static int isTotal(Planner *p, AssocNode *pRoot, const AssocShape *pShape) {
  const ShapeItem *pItem = pShape->pItem;
  if (pShape->eKind != SHAPE_QUERY) return 0;
  for (; pItem; pItem = pItem->pNext) {
    if (pItem->eType != SHAPE_ITEM_AGG || pItem->pPath) return 0;
    if (meansAssoc(p, pRoot, pItem)) return 0;
  }
  return pShape->pItem != 0;
}

/* The root is one row: no list, no page, no key. */
static void startTotal(Planner *p, AssocNode *pRoot) {
  const ShapeClauses *pC = pRoot->pClauses;
  pRoot->bTotal = 1;
  pRoot->bMany = 0;
  pRoot->bOne = 1;
  if (assocAsksPage(pC)) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, 0,
                      "an aggregate of the roots has no pages; limit and "
                      "offset say which roots it is computed from");
  }
  if (p->pPlan->eAsk >= ASSOC_ASK_ROWS) {
    assocPlannerError(p, ASSOC_E_UNSUPPORTED, 0,
                      "an aggregate of the roots is one document: SELECT "
                      "eager(...) gives it");
  }
}

/* Does the root's key find one row at most? Asked for streams alone, which then
** save a step for each key. */
static int isUniqueRoot(Planner *p, const AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  int bUnique = 0;
  if (p->pPlan->eAsk != ASSOC_ASK_KEY || !pRoot->bKeyed) return 0;
  if (pModel->pTable->eType != ASSOC_TABLE) return 0;
  (void)assocTableIndexOn(p->pCall, pModel->pTable, pModel->nKey, pModel->aKey,
                          &bUnique);
  return bUnique;
}

/* Compile the root, and all below. */
static void compileStart(Planner *p, AssocModel *pModel) {
  AssocPlan *pPlan = p->pPlan;
  const AssocShape *pShape = pPlan->pShape;
  const char *zPath = pPlan->zAs ? pPlan->zAs : pModel->zLabel;
  AssocNode *pRoot = assocNodeNew(p, 0, pModel, zPath, 0);
  pPlan->pRoot = pRoot;
  if (pRoot == 0) return;
  pRoot->pClauses = pShape->eKind == SHAPE_QUERY
                        ? withScopes(p, 0, pModel, pShape->pClauses)
                        : 0;
  /* ONCE: the walk of the table related has found that the row can be read. */
  if (pPlan->eAsk == ASSOC_ASK_ROW || pPlan->eAsk == ASSOC_ASK_ONCE) {
    pRoot->pClauses = &assocAnyRow;
  }
  pRoot->bMany = pPlan->eAsk == ASSOC_ASK_EAGER;
  pRoot->bKeyed = !pRoot->bMany && !givesRows(pPlan, pRoot);
  rootBounds(pPlan, pRoot);
  if (!pRoot->bMany) assocModelNeedKey(p->pCall, pModel);
  if (p->pCall->rc == SQLITE_OK) pRoot->bOne = (u8)isUniqueRoot(p, pRoot);
  if (pShape->eKind == SHAPE_ONE) {
    compileOne(p, pRoot);
    return;
  }
  checkClauses(p, 0, pRoot->pClauses, 0);
  if (isTotal(p, pRoot, pShape)) startTotal(p, pRoot);
  if (pPlan->eAsk >= ASSOC_ASK_ROWS && pPlan->eAsk != ASSOC_ASK_ROW) {
    keyArgs(p, pRoot);
  }
  openRows(pRoot, pShape->pItem);
  compileRows(p);
}

/* Add the names of a statement's :name parameters to the plan's list, each
** once. */
static void listNames(Planner *p, const AssocBind *pBind) {
  AssocPlan *pPlan = p->pPlan;
  for (; pBind; pBind = pBind->pNext) {
    int i;
    if (pBind->pVal->eType != SHAPE_VAL_NAMED) continue;
    if (pBind->eHow == ASSOC_BIND_SESSION) continue;
    for (i = 0; i < pPlan->nName; i++) {
      if (strcmp(pPlan->azName[i], pBind->pVal->z) == 0) break;
    }
    if (i < pPlan->nName) continue;
    if ((i & (i - 1)) == 0) {
      const char **az =
          assocPlannerAlloc(p, sizeof(char *) * (size_t)(i * 2 + 1));
      if (az == 0) return;
      if (i) memcpy(az, pPlan->azName, sizeof(char *) * (size_t)i);
      pPlan->azName = az;
    }
    pPlan->azName[pPlan->nName++] = pBind->pVal->z;
  }
}

/* Collect the parameters' names from all statements. */
static void finishPlan(Planner *p) {
  AssocPlan *pPlan = p->pPlan;
  int i;
  for (i = 0; i < pPlan->nNode; i++) {
    listNames(p, pPlan->apNode[i]->lookup.pBind);
    listNames(p, pPlan->apNode[i]->lookupOne.pBind);
    listNames(p, pPlan->apNode[i]->scan.pBind);
    listNames(p, pPlan->apNode[i]->lookupAt.pBind);
    listNames(p, pPlan->apNode[i]->scanAt.pBind);
  }
}

/* An empty plan, in its own arena. */
static AssocPlan *planNew(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                          const char *zModel, const char *zText) {
  AssocArena mem;
  AssocPlan *pPlan;
  memset(&mem, 0, sizeof(mem));
  pPlan = assocAlloc(pCall, &mem, sizeof(*pPlan));
  if (pPlan == 0) {
    assocArenaFree(&mem);
    return 0;
  }
  pPlan->mem = mem;
  pPlan->pCat = assocCatalogRef(pCat);
  pPlan->mAsk = (u8)(eAsk & (ASSOC_ASK_RANGE | ASSOC_ASK_PAST | ASSOC_ASK_FEW));
  pPlan->eAsk = (u8)(eAsk - pPlan->mAsk);
  pPlan->eSession = (u8)assocPlanSession(pCall->pConn);
  pPlan->zText = assocArenaText(pCall, &pPlan->mem, zText, -1);
  pPlan->zModel = assocArenaText(pCall, &pPlan->mem, zModel, -1);
  return pPlan;
}

/* The node whose rows may be written directly into the result, or 0. They are in
** a list, have no text of others between their own, and nothing is asked of them
** when they are gathered. The rows of later nodes come later, so it is the last
** one. */
static AssocNode *directNode(const AssocPlan *pPlan) {
  AssocNode *p = pPlan->apNode[pPlan->nNode - 1];
  if (!p->bMany || p->bLists || p->bLimit || p->pPage || p->nSort) return 0;
  assert(p->pValue == 0 && p->pBranch == 0 && !p->bBranch);
  return assocNodeWords(p) || p->ends.zSql ? 0 : p;
}

/* Compile the shape of the plan: for the model zModel, or for the model that the
** query names. */
static void compilePlan(Planner *p, const char *zModel) {
  AssocPlan *pPlan = p->pPlan;
  const char *z = zModel ? zModel : pathText(p, pPlan->pShape->pModel);
  AssocModel *pModel = z ? assocModelFind(p->pCall, pPlan->pCat, z) : 0;
  p->pArena = &pPlan->mem;
  if (pPlan->pShape->pAlias) pPlan->zAs = pPlan->pShape->pAlias->z;
  if (pModel) compileStart(p, pModel);
  if (p->pCall->rc == SQLITE_OK) pPlan->pDirect = directNode(pPlan);
  /* A name in a definition alone has no value: its statement says so. */
  if (p->pCall->rc == SQLITE_OK && pPlan->pShape->bNamed) finishPlan(p);
}

/* Compile the other queries of the call. Each has a plan of its own, which is
** busy for good: only the first one is looked for in the cache. */
static void compileOthers(Planner *p, AssocPlan *pFirst) {
  AssocPlan **ppEnd = &pFirst->pAnd;
  AssocShape *pShape = pFirst->pShape->pNext;
  if (pFirst->zAs && pFirst->eAsk >= ASSOC_ASK_ROWS) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, 0, 0,
                 "several queries are one document: SELECT eager(...) gives "
                 "it");
  }
  for (; pShape && p->pCall->rc == SQLITE_OK; pShape = pShape->pNext) {
    AssocPlan *pPlan =
        planNew(p->pCall, pFirst->pCat, pFirst->eAsk, 0, pFirst->zText);
    if (pPlan == 0) return;
    *ppEnd = pPlan;
    ppEnd = &pPlan->pAnd;
    pPlan->bBusy = 1;
    pPlan->pShape = pShape;
    p->nBefore += p->pPlan->nNode;
    p->pPlan = pPlan;
    compilePlan(p, 0);
  }
}

AssocPlan *assocPlanParse(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                          const char *zModel, const char *zText) {
  static const u8 aKind[] = {SHAPE_QUERY, SHAPE_BLOCK, SHAPE_ONE,   SHAPE_ONE,
                             SHAPE_ONE,   SHAPE_QUERY, SHAPE_QUERY, SHAPE_QUERY,
                             SHAPE_QUERY, SHAPE_ONE,   SHAPE_ONE,   SHAPE_ONE,
                             SHAPE_ONE,   SHAPE_BLOCK};
  AssocPlan *pPlan = planNew(pCall, pCat, eAsk, zModel, zText);
  AssocArena *pMem = pPlan ? &pPlan->mem : 0;
  if (pPlan == 0) return 0;
  assert(pPlan->eAsk < ASSOC_COUNT(aKind));
  pPlan->pShape =
      assocShapeParse(pCall, pMem, aKind[pPlan->eAsk], pPlan->zText, -1);
  if (pPlan->pShape &&
      assocShapeMask(pCall, pMem, pPlan->pShape, &pPlan->masked)) {
    return pPlan;
  }
  assocPlanFree(pPlan);
  return 0;
}

/*
** Resolving the shape's names, writing the SQL: after this, a run needs of the
** shape only its values, and not the definitions. nFunctionArg limits how many
** columns one call of assoc_emit() takes. reverse_unordered_selects is asked
** because some plans rely on the order in which a table is scanned.
*/
AssocPlan *assocPlanCompile(AssocCall *pCall, AssocPlan *pPlan) {
  AssocPlanner p;
  assert(pPlan->pShape && pPlan->pRoot == 0);
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  p.pPlan = pPlan;
  p.pArena = &pPlan->mem;
  p.bReverse = askPragma(pCall, "reverse_unordered_selects");
  pPlan->bReverse = p.bReverse != 0;
  p.nFunctionArg = sqlite3_limit(pCall->db, SQLITE_LIMIT_FUNCTION_ARG, -1);
  compilePlan(&p, pPlan->zModel);
  compileOthers(&p, pPlan);
  if (pCall->rc == SQLITE_OK) return pPlan;
  assocPlanFree(pPlan);
  return 0;
}

/* The statement's literals are to be bound anew. Nobody may find the old ones
** in it until then. */
static void unbind(AssocFetch *pFetch) {
  if (pFetch->stmt.p) sqlite3_clear_bindings(pFetch->stmt.p);
  pFetch->nBound = 0;
}

/* Finalize the statements of pairs. */
static void clearPairs(AssocPairs *pPairs) {
  assocStmtClear(&pPairs->fetch.stmt);
  assocStmtClear(&pPairs->keys.stmt);
  assocStmtClear(&pPairs->ids.stmt);
}

/* Forget the values of the last run in all statements of the node, before the
** plan waits in the cache. */
static void unbindNode(AssocNode *pNode) {
  unbind(&pNode->held);
  unbind(&pNode->ends);
  unbind(&pNode->first);
  unbind(&pNode->lookup);
  unbind(&pNode->lookupOne);
  unbind(&pNode->scan);
  unbind(&pNode->lookupAt);
  unbind(&pNode->scanAt);
  unbind(&pNode->related.back);
  unbind(&pNode->related.pairs.fetch);
  unbind(&pNode->related.backPairs.fetch);
  unbind(&pNode->related.again);
  unbind(&pNode->related.count);
  unbind(&pNode->related.countAll);
  pNode->eSeek = 0; /* A literal may be a partial index's condition */
}

/* Write the constants of the node's rows anew, from the literals of pText. */
static void takeConsts(AssocCall *pCall, AssocNode *pNode, AssocPlan *pText) {
  AssocPart *pPart = pNode->pPart;
  for (; pPart; pPart = pPart->pNext) {
    if (pPart->eType != ASSOC_PART_VALUE) continue;
    assocPartConst(pCall, &pText->mem, pPart);
  }
}

/* The values are copied into the plan's own tree, where its statements know
** them; what they point to stays in pText. */
void assocPlanTake(AssocCall *pCall, AssocPlan *pPlan, AssocPlan *pText) {
  AssocPlan *pOne;
  int i;
  assert(strcmp(pPlan->masked.z, pText->masked.z) == 0);
  assert(pPlan->masked.nVal == pText->masked.nVal && pPlan->hold.nHolder == 0);
  for (i = 0; i < pPlan->masked.nVal; i++) {
    ShapeVal *pVal = pPlan->masked.apVal[i], *pNext = pVal->pNext;
    *pVal = *pText->masked.apVal[i];
    pVal->pNext = pNext;
  }
  for (pOne = pPlan; pOne; pOne = pOne->pAnd) {
    for (i = 0; i < pOne->nNode; i++) {
      unbindNode(pOne->apNode[i]);
      takeConsts(pCall, pOne->apNode[i], pText);
    }
    pOne->pShape->zText = pText->zText;
    pOne->zText = pText->zText;
  }
  assocPlanFree(pPlan->pText);
  pPlan->pText = pText;
}

/* The plan lies in its own arena, so the arena is copied out before it is
** freed. The statements are finalized first, while their texts are still
** there. */
void assocPlanFree(AssocPlan *pPlan) {
  AssocArena mem;
  int i;
  if (pPlan == 0) return;
  assert(pPlan->hold.bOpen == 0);
  if (pPlan->hold.nHolder > 0) {
    pPlan->hold.bDropped = 1;
    return;
  }
  assocPlanFree(pPlan->pAnd);
  assocPlanFree(pPlan->pText);
  for (i = 0; pPlan->apNode && i < pPlan->nNode; i++) {
    assocStmtClear(&pPlan->apNode[i]->held.stmt);
    assocStmtClear(&pPlan->apNode[i]->ends.stmt);
    assocStmtClear(&pPlan->apNode[i]->first.stmt);
    assocStmtClear(&pPlan->apNode[i]->lookup.stmt);
    assocStmtClear(&pPlan->apNode[i]->lookupOne.stmt);
    assocStmtClear(&pPlan->apNode[i]->scan.stmt);
    assocStmtClear(&pPlan->apNode[i]->lookupAt.stmt);
    assocStmtClear(&pPlan->apNode[i]->scanAt.stmt);
    assocStmtClear(&pPlan->apNode[i]->related.back.stmt);
    clearPairs(&pPlan->apNode[i]->related.pairs);
    clearPairs(&pPlan->apNode[i]->related.backPairs);
    assocStmtClear(&pPlan->apNode[i]->related.again.stmt);
    assocStmtClear(&pPlan->apNode[i]->related.count.stmt);
    assocStmtClear(&pPlan->apNode[i]->related.countAll.stmt);
  }
  assocStmtClear(&pPlan->names);
  assocCatalogUnref(pPlan->pCat);
  mem = pPlan->mem;
  assocArenaFree(&mem);
}
