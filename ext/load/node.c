/*
** Making nodes: their values, the parts of their text, and their keys.
**
** plan.c decides what a node gives, and page.c what its cursors need. Both call
** this file.
*/
#include "load/plan.h"

typedef AssocPlanner Planner;

/* The plan owns the memory; it is freed with the plan. */
void *assocPlannerAlloc(Planner *p, size_t n) {
  return assocAlloc(p->pCall, p->pArena, (i64)n);
}

/* The caret stands under the item; without an item no place is shown. */
void assocPlannerError(Planner *p, int eReason, const ShapeItem *pItem,
                       const char *zFmt, ...) {
  AssocWhy why = {.eReason = eReason};
  va_list ap;
  if (p->pCall->rc != SQLITE_OK) return;
  va_start(ap, zFmt);
  assocFailV(p->pCall, &why, zFmt, ap);
  va_end(ap);
  assocShapeAt(p->pCall, p->pPlan->pShape->zText, pItem ? pItem->iOff : -1);
}

/* ----------------------------------------------------------------- values */

/* Add a value to the node's rows. Returns its place. */
static int addArg(Planner *p, AssocNode *pNode, const char *zSql,
                  const ShapeKey *pKey) {
  if ((pNode->nArg & (pNode->nArg - 1)) == 0) {
    AssocArg *a =
        assocPlannerAlloc(p, sizeof(*a) * (size_t)(pNode->nArg * 2 + 1));
    if (a == 0) return 0;
    if (pNode->nArg) {
      memcpy(a, pNode->aArg, sizeof(*a) * (size_t)pNode->nArg);
    }
    pNode->aArg = a;
  }
  pNode->aArg[pNode->nArg].zSql = zSql;
  pNode->aArg[pNode->nArg].pKey = pKey;
  return pNode->nArg++;
}

/* The place of a value among the node's values. A new value is added. */
static int nodeArg(Planner *p, AssocNode *pNode, const char *zSql) {
  int i;
  if (zSql == 0) return 0;
  for (i = 0; i < pNode->nArg; i++) {
    if (pNode->aArg[i].zSql && strcmp(pNode->aArg[i].zSql, zSql) == 0) {
      return i;
    }
  }
  return addArg(p, pNode, zSql, 0);
}

/* Equal expressions share one argument, so a column that is shown, sorted by
** and used as a key is read once. */
int assocNodeColumnArg(Planner *p, AssocNode *pNode, const AssocTable *pTab,
                       int iCol, int iAlias) {
  return nodeArg(p, pNode,
                 assocArenaPrintf(p->pCall, p->pArena, "t%d.\"%w\"", iAlias,
                                  pTab->aCol[iCol].zName));
}

/* A plain column is selected by its name. A path or an aggregate needs SQL that
** is made later, so its key is kept. */
int assocNodeArg(AssocPlanner *p, AssocNode *pNode, const ShapeKey *pKey) {
  const AssocTable *pTab = pNode->pModel->pTable;
  const AssocTable *pJoin = pNode->pRel ? pNode->pRel->pThrough : 0;
  int iCol = assocKeyColumn(pTab, pKey);
  if (iCol >= 0) return assocNodeColumnArg(p, pNode, pTab, iCol, 1);
  if (pKey->bAt) {
    assert(pJoin); /* checkJoined() has seen to it */
    iCol = assocColumnFind(pJoin, pKey->pPath->z);
    if (iCol >= 0) return assocNodeColumnArg(p, pNode, pJoin, iCol, 2);
  }
  return addArg(p, pNode, 0, pKey);
}

/* The value as json() gives it, or NULL if the text is not valid JSON. */
int assocNodeRawArg(Planner *p, AssocNode *pNode, int iArg) {
  const char *z;
  if (p->pCall->rc != SQLITE_OK) return 0;
  assert(iArg >= 0 && iArg < pNode->nArg);
  z = pNode->aArg[iArg].zSql;
  return nodeArg(p, pNode,
                 assocArenaPrintf(p->pCall, p->pArena,
                                  "CASE WHEN typeof(%s)='text' AND "
                                  "json_valid(%s) THEN json(%s) END",
                                  z, z, z));
}

/* As the table related gives it. */
int assocNodeBranchArg(Planner *p, AssocNode *pNode) {
  AssocSql sql;
  assocPlannerSql(p, &sql);
  assocStmtBranchKey(&sql, pNode->pModel, 1);
  return nodeArg(p, pNode, assocSqlEnd(&sql));
}

/* ------------------------------------------------------------------ parts */

/* The text gets ASSOC_KEY_PAD bytes of padding, so that the runner can copy
** blocks. */
void assocNodePartKey(Planner *p, AssocPart *pPart, const char *zBefore,
                      const char *zName, const char *zAfter) {
  AssocOut out;
  i64 n = 0;
  char *z, *zKept;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, zBefore, (i64)strlen(zBefore));
  if (zName) assocJsonString(&out, zName, (i64)strlen(zName));
  assocOutText(&out, zAfter, (i64)strlen(zAfter));
  z = assocBufText(p->pCall, &out, &n);
  zKept = assocAlloc(p->pCall, p->pArena, n + ASSOC_KEY_PAD);
  if (zKept) memcpy(zKept, z, (size_t)n);
  pPart->zKey = zKept;
  pPart->nKey = (int)n;
  sqlite3_free(z);
}

/* The node's last part, or 0. */
static AssocPart *lastPart(AssocNode *pNode) {
  AssocPart *pPart = pNode->pPart;
  while (pPart && pPart->pNext) pPart = pPart->pNext;
  return pPart;
}

/* The text before the next member: a comma, or a brace before the first. */
static const char *beforeNext(AssocNode *pNode) {
  if (pNode->pPart) return ",";
  return pNode->bSpread ? "" : "{";
}

/* The text between the values, such as ,"title": is made here, once for the
** plan. The runner only copies it. */
AssocPart *assocNodePart(Planner *p, AssocNode *pNode, int eType,
                         const char *zName) {
  AssocPart *pPart = assocPlannerAlloc(p, sizeof(*pPart)),
            *pLast = lastPart(pNode);
  if (pPart == 0) return 0;
  pPart->eType = (u8)eType;
  pPart->zName = zName;
  pPart->iRaw = -1;
  assocNodePartKey(p, pPart, beforeNext(pNode), zName, zName ? ":" : "");
  if (pLast) {
    pLast->pNext = pPart;
  } else {
    pNode->pPart = pPart;
  }
  return pPart;
}

/* If the first part is removed, the next one becomes the first and gets the
** brace. */
void assocNodeDropEmpty(Planner *p, AssocNode *pNode) {
  AssocPart **pp = &pNode->pPart, *pFirst = *pp;
  while (*pp) {
    if ((*pp)->eType == ASSOC_PART_SPREAD && (*pp)->pNode->pPart == 0) {
      *pp = (*pp)->pNext;
    } else {
      pp = &(*pp)->pNext;
    }
  }
  if (pNode->pPart == 0 || pNode->pPart == pFirst) return;
  pFirst = pNode->pPart;
  assocNodePartKey(p, pFirst, pNode->bSpread ? "" : "{", pFirst->zName,
                   pFirst->zName ? ":" : "");
}

/* Does the object have this key already? Members of spreads count. */
static int hasKey(const AssocNode *pNode, const char *zName) {
  const AssocPart *pPart;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    if (pPart->eType == ASSOC_PART_SPREAD) {
      if (hasKey(pPart->pNode, zName)) return 1;
    } else if (pPart->zName && !pPart->bInner &&
               strcmp(pPart->zName, zName) == 0) {
      return 1;
    }
  }
  return 0;
}

/* The members of a spread belong to the object around it, so equal keys are
** looked for there. */
void assocNodeCheckKey(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                       const char *zName) {
  const AssocNode *pObject = pNode;
  while (pObject->bSpread) pObject = pObject->pParent;
  if (!hasKey(pObject, zName)) return;
  assocPlannerError(p, ASSOC_E_ARGUMENT, pItem,
                    "the key '%s' occurs twice in one block; name one of them "
                    "with as, or write both in one block: %s{...}",
                    zName, zName);
}

/* A column declared JSON is selected twice: as a text, and as json(), which is
** NULL where the text is not valid. The row writer takes the first that
** applies. */
void assocNodeColumn(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                     int iCol, const char *zName) {
  const AssocColumn *pCol = &pNode->pModel->pTable->aCol[iCol];
  AssocPart *pPart;
  assocNodeCheckKey(p, pNode, pItem, zName);
  pPart = assocNodePart(p, pNode, ASSOC_PART_COLUMN, zName);
  if (pPart == 0) return;
  pPart->eJson = pItem->bText ? ASSOC_JSON_TEXT : pCol->eJson;
  pPart->bBlob = pCol->eAff == ASSOC_AFF_NONE;
  pPart->iArg = assocNodeColumnArg(p, pNode, pNode->pModel->pTable, iCol, 1);
  if (pItem->bText) return;
  if (pCol->eJson == ASSOC_JSON_RAW) {
    pPart->eJson = ASSOC_JSON_PLAIN;
    pPart->iRaw = assocNodeRawArg(p, pNode, pPart->iArg);
  }
}

/* See plan.h. */
void assocPartConst(AssocCall *pCall, AssocArena *pArena, AssocPart *pPart) {
  static const char *const az[] = {"null", "false", "true"};
  const ShapeVal *pVal = pPart->pVal;
  AssocOut out;
  i64 n = 0;
  char *z;
  assert(pPart->eType == ASSOC_PART_VALUE && pVal->eType <= SHAPE_VAL_TEXT);
  assocBufInit(&out, 0x7fffffff);
  if (pVal->eType <= SHAPE_VAL_TRUE) {
    assocOutText(&out, az[pVal->eType], (i64)strlen(az[pVal->eType]));
  } else if (pVal->eType == SHAPE_VAL_INT) {
    assocJsonInt(&out, pVal->i);
  } else if (pVal->eType == SHAPE_VAL_REAL) {
    assocJsonReal(&out, pVal->r);
  } else {
    assocJsonString(&out, pVal->z, pVal->n);
  }
  z = assocBufText(pCall, &out, &n);
  pPart->zVal = assocArenaText(pCall, pArena, z, -1);
  pPart->nVal = (int)n;
  sqlite3_free(z);
}

void assocNodeConst(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                    const ShapeVal *pVal, const char *zName) {
  AssocPart *pPart;
  assocNodeCheckKey(p, pNode, pItem, zName);
  pPart = assocNodePart(p, pNode, ASSOC_PART_VALUE, zName);
  if (pPart == 0) return;
  pPart->pVal = pVal;
  assocPartConst(p->pCall, p->pArena, pPart);
}

/* Can the part be written without a look at the row, but for its value? */
static int isMember(const AssocPart *pPart) {
  return pPart->eType == ASSOC_PART_COLUMN && !pPart->bSplit && pPart->iRaw < 0;
}

/* Does a row have no more of the part than its key, in one block? */
static int isShortKey(const AssocPart *pPart) {
  return pPart->nKey <= ASSOC_KEY_PAD &&
         (pPart->eType == ASSOC_PART_TEXT || pPart->eType == ASSOC_PART_CHILD);
}

/* Set the key that assocJsonMembers() writes. */
static void memberKey(AssocMember *pMember, const AssocPart *pPart) {
  pMember->zKey = pPart->zKey;
  pMember->nKey = pPart->nKey;
}

/* See plan.h. What follows the columns, such as the last brace or the key of a
** child, is written with them if it is short. */
void assocNodeMembers(Planner *p, AssocNode *pNode) {
  AssocPart *pPart, *pOne;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    static const char zNone[ASSOC_KEY_PAD];
    AssocMember *a;
    int n = 0;
    for (pOne = pPart; pOne && n < ASSOC_MEMBERS && isMember(pOne); n++) {
      pOne = pOne->pNext;
    }
    if (n == 0) continue;
    a = assocPlannerAlloc(p, sizeof(*a) * (size_t)(n + 1));
    if (a == 0) return;
    pPart->aMember = a;
    pPart->nMember = n;
    a[n].zKey = zNone;
    for (pOne = pPart, n = 0; n < pPart->nMember; n++) {
      memberKey(&a[n], pOne);
      a[n].iVal = pOne->iArg;
      a[n].eJson = pOne->eJson;
      pPart->pLast = pOne;
      pOne = pOne->pNext;
    }
    if (pOne && isShortKey(pOne)) {
      memberKey(&a[n], pOne);
      pPart->pLast = pOne;
    }
    assocJsonRoom(a, n);
    pPart = pPart->pLast;
  }
}

/* ------------------------------------------------------------------ nodes */

/* Add a node to the plan's list, behind its parent. */
static void listNode(Planner *p, AssocNode *pNode) {
  AssocPlan *pPlan = p->pPlan;
  int n = pPlan->nNode;
  if ((n & (n - 1)) == 0) {
    AssocNode **ap = assocPlannerAlloc(p, sizeof(*ap) * (size_t)(n * 2 + 1));
    if (ap == 0) return;
    if (n) memcpy(ap, pPlan->apNode, sizeof(*ap) * (size_t)n);
    pPlan->apNode = ap;
  }
  pNode->iNode = n;
  pPlan->apNode[pPlan->nNode++] = pNode;
}

/*
** A node is linked in three ways: in the plan's list by number, in which
** parents come before their children; in its parent's list of children; and by
** nDepth. The limit of items is checked here, so no later step has to: a
** polymorphic item of the shape becomes a node for each of its models.
*/
AssocNode *assocNodeNew(Planner *p, AssocNode *pParent, AssocModel *pModel,
                        const char *zPath, const ShapeItem *pItem) {
  AssocNode *pNode = assocPlannerAlloc(p, sizeof(*pNode)), **pp;
  if (pNode == 0) return 0;
  pNode->pPlan = p->pPlan;
  pNode->pParent = pParent;
  pNode->pModel = pModel;
  pNode->zPath = zPath;
  pNode->pItem = pItem;
  pNode->last.nActual = -1;
  listNode(p, pNode);
  if (pParent == 0) return pNode;
  assert(pParent->pPlan == p->pPlan);
  pNode->nDepth = pParent->nDepth + 1;
  for (pp = &pParent->pChild; *pp; pp = &(*pp)->pNext) {
  }
  *pp = pNode;
  pNode->iChild = pParent->nChild++;
  /* The readers of shapes count the same levels, so they refuse deeper ones. */
  assert(pNode->nDepth <= p->pCall->pConn->mxDepth);
  if (p->nBefore + p->pPlan->nNode > p->pCall->pConn->mxItem) {
    assocPlannerError(p, ASSOC_E_LIMIT, pItem,
                      "more than %d associations are to be loaded, at %s",
                      p->pCall->pConn->mxItem, zPath);
  }
  return pNode;
}

/* The root has no name in paths: its associations are "posts", not
** "User.posts". */
const char *assocNodePath(Planner *p, AssocNode *pParent, const char *zName) {
  if (pParent->pParent == 0 && p->pPlan->zAs == 0) return zName;
  return assocArenaPrintf(p->pCall, p->pArena, "%s.%s", pParent->zPath, zName);
}

/* How one column of a key compares. If the affinities differ, the parent's
** affinity is applied to the child's value. The collation is the parent's. */
static void keyRule(AssocNode *pNode, AssocKeyRule *pRule, const AssocSides *p,
                    const AssocColumn *pOwn) {
  int bOther = p->pParent->eAff != p->pChild->eAff;
  int bNumeric = p->pParent->eAff == ASSOC_AFF_NUMERIC ||
                 p->pChild->eAff == ASSOC_AFF_NUMERIC;
  pRule->eAff = !bOther                              ? ASSOC_AFF_NONE
                : p->pParent->eAff != ASSOC_AFF_NONE ? p->pParent->eAff
                : bNumeric                           ? ASSOC_AFF_NUMERIC
                                                     : ASSOC_AFF_NONE;
  pRule->eColl = p->pParent->zColl ? p->pParent->eColl : pOwn->eColl;
  if (pRule->eColl == ASSOC_COLL_OTHER && !bNumeric) pNode->bLookupOnly = 1;
}

/* Does a path have only steps for which one way leads to each row at the end?
** Then no row comes twice, and no DISTINCT is needed. */
static int pathIsDown(AssocCall *pCall, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  int i;
  for (i = 0; i < pRel->nPath; i++) {
    const AssocRel *pStep = pRel->apPath[i];
    if (!pStep->bMany || !assocStepIsDown(pCall, pStep)) return 0;
  }
  return pRel->nPath > 1 && pRel->bMany;
}

/* SQL of a key's column in the node's own rows: under t1; in a join row, or in
** the first step of a path, under t2; in the pairs of a path's ends (stmt.c)
** its name is k0. */
static const char *keySql(Planner *p, const AssocNode *pNode,
                          const AssocTable *pTab, int iCol, int i) {
  if (pNode->bDown) {
    return assocArenaPrintf(p->pCall, p->pArena, "t2.\"%w\"",
                            pTab->aCol[iCol].zName);
  }
  if (pNode->pRel->nPath) {
    return assocArenaPrintf(p->pCall, p->pArena, "t2.k%d", i);
  }
  return assocArenaPrintf(p->pCall, p->pArena, "t%d.\"%w\"",
                          pTab == pNode->pRel->pThrough ? 2 : 1,
                          pTab->aCol[iCol].zName);
}

/* See plan.h. The key's SQL, its rules, its places in the parent, and its
** index. */
void assocNodeKeys(Planner *p, AssocNode *pNode, const AssocKey *pUp,
                   const AssocKey *pOwn, AssocTable *pTab, int bOwnIsParent) {
  const AssocTable *pUpTab = pNode->pParent->pModel->pTable;
  AssocKeyRule *aRule =
      assocPlannerAlloc(p, sizeof(*aRule) * (size_t)pOwn->nCol);
  int i, bUnique = 0;
  assert(pUp->nCol == pOwn->nCol && pOwn->nCol > 0);
  pNode->aiSource = assocPlannerAlloc(p, sizeof(int) * (size_t)pOwn->nCol);
  pNode->azKey = assocPlannerAlloc(p, sizeof(char *) * (size_t)pOwn->nCol);
  if (aRule == 0 || pNode->aiSource == 0 || pNode->azKey == 0) return;
  if (pOwn->nCol > ASSOC_KEY_MAX) {
    assocPlannerError(p, ASSOC_E_LIMIT, pNode->pItem,
                      "a key of %s has more than %d columns", pNode->zPath,
                      ASSOC_KEY_MAX);
    return;
  }
  pNode->nKey = pNode->nScanKey = pOwn->nCol;
  pNode->aRule = aRule;
  pNode->bDown = (u8)pathIsDown(p->pCall, pNode);
  for (i = 0; i < pOwn->nCol; i++) {
    const AssocColumn *pUpCol = &pUpTab->aCol[pUp->aCol[i]];
    const AssocColumn *pCol = &pTab->aCol[pOwn->aCol[i]];
    const AssocSides sides = {bOwnIsParent ? pTab : pUpTab,
                              bOwnIsParent ? pCol : pUpCol,
                              bOwnIsParent ? pUpCol : pCol};
    keyRule(pNode, &aRule[i], &sides, pCol);
    pNode->azKey[i] = keySql(p, pNode, pTab, pOwn->aCol[i], i);
    pNode->aiSource[i] =
        assocNodeColumnArg(p, pNode->pParent, pUpTab, pUp->aCol[i], 1);
    if (pUpCol->eAff != pCol->eAff) pNode->bPlus = 1;
    if (!bOwnIsParent && assocSideVague(&sides)) {
      const char *z = pNode->pParent->aArg[pNode->aiSource[i]].zSql;
      pNode->aiSource[i] = nodeArg(
          p, pNode->pParent, assocSqlSide(p->pCall, p->pArena, &sides, 1, z));
    }
    if (pNode->pRel->nPath == 0 || pNode->bDown) {
      pNode->azKey[i] = assocSqlSide(p->pCall, p->pArena, &sides, bOwnIsParent,
                                     pNode->azKey[i]);
    }
    if (assocSideChanges(&sides, bOwnIsParent)) pNode->bChanges = 1;
  }
  if (pNode->bChanges) {
    pNode->zIndex = 0;
  } else if (bOwnIsParent) {
    pNode->zIndex =
        assocTableIndexOn(p->pCall, pTab, pOwn->nCol, pOwn->aCol, &bUnique);
  } else {
    pNode->zIndex = assocTableIndexAs(p->pCall, pTab, pOwn->nCol, pOwn->aCol,
                                      pUpTab, pUp->aCol, &bUnique);
  }
  pNode->bOne = !pNode->bMany && bUnique && !pNode->pRel->nPath;
}

/* The near key is read from the parent's row, the far key from the related row.
** If the first step is a belongsTo, several parents may have the same key. */
void assocNodeRelKeys(Planner *p, AssocNode *pNode) {
  AssocTable *pTab = 0;
  const AssocKey *pOwn = assocRelFarKey(pNode->pRel, &pTab);
  const AssocRel *pFirst = pNode->pRel;
  while (pFirst->nPath) pFirst = pFirst->apPath[0];
  if (pFirst->zBranch) {
    pNode->zType = pFirst->zBranch;
    pNode->iType = assocNodeColumnArg(
        p, pNode->pParent, pFirst->pSource->pTable, pFirst->type.aCol[0], 1);
  }
  assocNodeKeys(p, pNode, assocRelNearKey(pNode->pRel), pOwn, pTab,
                pFirst->eKind == ASSOC_BELONGSTO);
}

/* Append the text of a page without rows: {"count":0,"nodes":[],…}. The keys of
** its parts open the objects. */
static void emptyPage(AssocOut *pOut, const AssocPagePart *pPart) {
  for (; pPart; pPart = pPart->pNext) {
    assocOutText(pOut, pPart->zKey, pPart->nKey);
    switch (pPart->ePart) {
    case SHAPE_PART_COUNT: assocOutText(pOut, "0", 1); break;
    case SHAPE_PART_NODES:
    case SHAPE_PART_EDGES: assocOutText(pOut, "[]", 2); break;
    case SHAPE_PART_INFO: emptyPage(pOut, pPart->pSub); break;
    case SHAPE_PART_START:
    case SHAPE_PART_END: assocOutText(pOut, "null", 4); break;
    default: assocOutText(pOut, "false", 5); break;
    }
  }
  assocOutText(pOut, "}", 1);
}

/* Append the text of a missing row of a spread: ,"a":null,"b":[] */
static void emptyText(Planner *p, AssocNode *pNode, AssocOut *pOut) {
  const AssocPart *pPart;
  for (pPart = pNode->pPart; pPart; pPart = assocPartAfter(pPart)) {
    assocOutText(pOut, pPart->zKey, pPart->nKey);
    if (pPart->eType == ASSOC_PART_SPREAD) {
      emptyText(p, pPart->pNode, pOut);
    } else if (pPart->eType == ASSOC_PART_CHILD && !pNode->bLists &&
               assocNodeIsPage(pPart->pNode)) {
      emptyPage(pOut, pPart->pNode->pPage->pPart);
    } else if (pNode->bLists ||
               (pPart->eType == ASSOC_PART_CHILD && pPart->pNode->bMany)) {
      assocOutText(pOut, "[]", 2);
    } else if (pPart->eType != ASSOC_PART_TEXT) {
      assocOutText(pOut, "null", 4);
    }
  }
}

/* The text for a parent without related rows, made once: [] or null. A spread
** writes each of its members with that value instead. */
void assocNodeEmpty(Planner *p, AssocNode *pNode) {
  AssocOut out;
  i64 n = 0;
  char *z;
  pNode->zEmpty = pNode->bMany ? "[]" : "null";
  pNode->nEmpty = (int)strlen(pNode->zEmpty);
  if (!pNode->bSpread) return;
  assocBufInit(&out, 0x7fffffff);
  emptyText(p, pNode, &out);
  z = assocBufText(p->pCall, &out, &n);
  pNode->zEmpty = assocArenaText(p->pCall, p->pArena, z, -1);
  pNode->nEmpty = (int)n;
  sqlite3_free(z);
}
