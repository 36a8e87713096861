/*
** From tree and model to nodes: what is read, how it is found, and what
** text it becomes.
**
** Each node has its rows under alias t1 and, where they are related over a
** join table, the join rows under t2. Its statements are
**
**   lookup  SELECT <values> FROM posts t1 WHERE t1.user_id=?1 AND <where>
**            ORDER BY <order> LIMIT ?2
**   scan    SELECT assoc_emit(t1.user_id, <values>) FROM posts t1
**            NOT INDEXED WHERE <where>
**
** A scan in the order of the rowid needs no ORDER BY: NOT INDEXED leaves
** only that order. In any other order the rows come from a subquery.
*/
#include "load/load.h"

typedef struct Planner Planner;
struct Planner {
  AssocCall *pCall;
  AssocPlan *pPlan;
  AssocArena *pArena; /* pPlan->mem */
  int bReverse;       /* PRAGMA reverse_unordered_selects is on */
  int nFunctionArg;   /* Most arguments of a function */
};

static void compileBlock(Planner *p, AssocNode *pNode, const ShapeItem *pBlock);

static void *planAlloc(Planner *p, size_t n) {
  return assocAlloc(p->pCall, p->pArena, (i64)n);
}

static void planError(Planner *p, const ShapeItem *pItem, const char *zFmt,
                      ...) {
  va_list ap;
  char *z;
  if (p->pCall->rc != SQLITE_OK) return;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) {
    assocErrorCode(p->pCall, SQLITE_NOMEM);
  } else {
    assocShapeError(p->pCall, p->pPlan->pShape->zText, pItem ? pItem->iOff : -1,
                    "%s", z);
  }
  sqlite3_free(z);
}

static void sqlStart(Planner *p, AssocSql *pSql) {
  memset(pSql, 0, sizeof(*pSql));
  pSql->pCall = p->pCall;
  pSql->pArena = p->pArena;
  pSql->zText = p->pPlan->pShape->bJson ? 0 : p->pPlan->pShape->zText;
  pSql->pStr = sqlite3_str_new(p->pCall->db);
  pSql->nAlias = 2; /* t1 and t2 are the node's */
  pSql->ppBindEnd = &pSql->pBind;
}

static const char *sqlEnd(Planner *p, AssocSql *pSql) {
  return assocArenaStr(p->pCall, p->pArena, pSql->pStr);
}

/* ----------------------------------------------------------------- values */

/* The number of a value among the node's, which is added if it is new. */
static int nodeArg(Planner *p, AssocNode *pNode, const char *zSql) {
  int i;
  if (zSql == 0) return 0;
  for (i = 0; i < pNode->nArg; i++) {
    if (strcmp(pNode->azArg[i], zSql) == 0) return i;
  }
  if ((pNode->nArg & (pNode->nArg - 1)) == 0) {
    const char **az =
        planAlloc(p, sizeof(char *) * (size_t)(pNode->nArg * 2 + 1));
    if (az == 0) return 0;
    if (pNode->nArg) {
      memcpy(az, pNode->azArg, sizeof(char *) * (size_t)pNode->nArg);
    }
    pNode->azArg = az;
  }
  pNode->azArg[pNode->nArg] = zSql;
  return pNode->nArg++;
}

static int columnArg(Planner *p, AssocNode *pNode, const AssocTable *pTab,
                     int iCol, int iAlias) {
  return nodeArg(p, pNode,
                 assocArenaPrintf(p->pCall, p->pArena, "t%d.\"%w\"", iAlias,
                                  pTab->aCol[iCol].zName));
}

/* A column declared JSON, as json() gives it if it is valid. */
static int rawArg(Planner *p, AssocNode *pNode, int iArg) {
  const char *z = pNode->azArg[iArg];
  return nodeArg(p, pNode,
                 assocArenaPrintf(p->pCall, p->pArena,
                                  "CASE WHEN typeof(%s)='text' AND "
                                  "json_valid(%s) THEN json(%s) END",
                                  z, z, z));
}

/* ------------------------------------------------------------------ parts */

/* The text before a value: a brace or a comma, and the key. */
static void partKey(Planner *p, AssocPart *pPart, const char *zBefore,
                    const char *zName, const char *zAfter) {
  AssocOut out;
  i64 n = 0;
  char *z;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, zBefore, (i64)strlen(zBefore));
  if (zName) assocJsonString(&out, zName, (i64)strlen(zName));
  assocOutText(&out, zAfter, (i64)strlen(zAfter));
  z = assocBufFinish(&out, &n);
  if (z == 0) assocErrorCode(p->pCall, out.rc);
  pPart->zKey = assocArenaText(p->pCall, p->pArena, z, (int)n);
  pPart->nKey = (int)n;
  sqlite3_free(z);
}

static AssocPart *lastPart(AssocNode *pNode) {
  AssocPart *pPart = pNode->pPart;
  while (pPart && pPart->pNext) pPart = pPart->pNext;
  return pPart;
}

/* What comes before the next member of the row's text. */
static const char *beforeNext(AssocNode *pNode) {
  if (pNode->pPart) return ",";
  return pNode->bSpread ? "" : "{";
}

static AssocPart *addPart(Planner *p, AssocNode *pNode, int eType,
                          const char *zName) {
  AssocPart *pPart = planAlloc(p, sizeof(*pPart)), *pLast = lastPart(pNode);
  if (pPart == 0) return 0;
  pPart->eType = (u8)eType;
  pPart->zName = zName;
  pPart->iRaw = -1;
  partKey(p, pPart, beforeNext(pNode), zName, zName ? ":" : "");
  if (pLast) {
    pLast->pNext = pPart;
  } else {
    pNode->pPart = pPart;
  }
  return pPart;
}

/* Two equal keys are a mistake. */
static void checkKey(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                     const char *zName) {
  const AssocPart *pPart;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    if (pPart->zName == 0 || strcmp(pPart->zName, zName) != 0) continue;
    planError(p, pItem,
              "the key '%s' stands twice in one block; name one of them with "
              "as, or write both in one block: %s{...}",
              zName, zName);
    return;
  }
}

static void addColumn(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                      int iCol, const char *zName) {
  const AssocColumn *pCol = &pNode->pModel->pTable->aCol[iCol];
  AssocPart *pPart;
  checkKey(p, pNode, pItem, zName);
  pPart = addPart(p, pNode, ASSOC_PART_COLUMN, zName);
  if (pPart == 0) return;
  pPart->eJson = pCol->eJson;
  pPart->iArg = columnArg(p, pNode, pNode->pModel->pTable, iCol, 1);
  if (pCol->eJson == ASSOC_JSON_RAW) {
    pPart->eJson = ASSOC_JSON_PLAIN;
    pPart->iRaw = rawArg(p, pNode, pPart->iArg);
  }
}

/* ------------------------------------------------------------------ nodes */

static AssocNode *newNode(Planner *p, AssocNode *pParent, AssocModel *pModel,
                          const char *zPath, const ShapeItem *pItem) {
  AssocNode *pNode = planAlloc(p, sizeof(*pNode)), **pp;
  if (pNode == 0) return 0;
  pNode->pPlan = p->pPlan;
  pNode->pParent = pParent;
  pNode->pModel = pModel;
  pNode->zPath = zPath;
  pNode->pItem = pItem;
  pNode->nActual = -1;
  pNode->iNode = p->pPlan->nNode++;
  if (pParent == 0) return pNode;
  pNode->nDepth = pParent->nDepth + 1;
  for (pp = &pParent->pChild; *pp; pp = &(*pp)->pNext) {
  }
  *pp = pNode;
  pNode->iChild = pParent->nChild++;
  if (pNode->nDepth > SHAPE_MAX_DEPTH) {
    planError(p, pItem, "%s is nested more than %d levels deep", zPath,
              SHAPE_MAX_DEPTH);
  }
  if (p->pPlan->nNode > SHAPE_MAX_ITEM) {
    planError(p, pItem, "more than %d associations are to be loaded, at %s",
              SHAPE_MAX_ITEM, zPath);
  }
  return pNode;
}

static const char *childPath(Planner *p, AssocNode *pParent,
                             const char *zName) {
  if (pParent->pParent == 0) return zName;
  return assocArenaPrintf(p->pCall, p->pArena, "%s.%s", pParent->zPath, zName);
}

/*
** How one column of a key compares (datatype3.html, 4.2): if either is
** numeric, text that looks like a number becomes one, else nothing changes.
**
** A lookup binds the parent's value to a parameter, which has no affinity of
** its own, so that SQLite applies the column's to it: where a comparison of
** the two columns would change the column, or would not change the value, a
** lookup is not that comparison and the node can only scan.
*/
static void keyRule(AssocNode *pNode, AssocKeyRule *pRule,
                    const AssocColumn *pParent, const AssocColumn *pOwn) {
  int bNumeric = pParent->eAff == ASSOC_AFF_NUMERIC ||
                 pOwn->eAff == ASSOC_AFF_NUMERIC;
  pRule->eAff = bNumeric && pParent->eAff != pOwn->eAff ? ASSOC_AFF_NUMERIC
                                                        : ASSOC_AFF_NONE;
  pRule->eColl = pOwn->eColl;
  if (bNumeric && pOwn->eAff != ASSOC_AFF_NUMERIC) pNode->bScanOnly = 1;
  if (pOwn->eAff == ASSOC_AFF_TEXT && pParent->eAff == ASSOC_AFF_NONE) {
    pNode->bScanOnly = 1;
  }
  if (pOwn->eColl == ASSOC_COLL_OTHER && !bNumeric) pNode->bLookupOnly = 1;
}

/* The table and the columns that a key of the parent is looked up in. */
static const AssocKey *ownKey(const AssocNode *pNode, AssocTable **ppTab) {
  const AssocRel *pRel = pNode->pRel;
  *ppTab = pRel->pTarget->pTable;
  if (pRel->eKind == ASSOC_BELONGSTO) return &pRel->targetKey;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) *ppTab = pRel->pThrough;
  return &pRel->foreign;
}

/* The parent's columns that are the key. */
static const AssocKey *parentKey(const AssocRel *pRel) {
  return pRel->eKind == ASSOC_BELONGSTO ? &pRel->foreign : &pRel->sourceKey;
}

/* Keys: what the parent gives, how it compares, which index serves. */
static void compileKey(Planner *p, AssocNode *pNode) {
  AssocTable *pTab;
  const AssocKey *pOwn = ownKey(pNode, &pTab);
  const AssocKey *pUp = parentKey(pNode->pRel);
  const AssocTable *pUpTab = pNode->pParent->pModel->pTable;
  AssocKeyRule *aRule = planAlloc(p, sizeof(*aRule) * (size_t)(pOwn->nCol + 1));
  int i, bUnique = 0;
  pNode->aiSource = planAlloc(p, sizeof(int) * (size_t)(pOwn->nCol + 1));
  if (aRule == 0 || pNode->aiSource == 0) return;
  pNode->nKey = pOwn->nCol;
  pNode->aRule = aRule;
  for (i = 0; i < pOwn->nCol; i++) {
    keyRule(pNode, &aRule[i], &pUpTab->aCol[pUp->aCol[i]],
            &pTab->aCol[pOwn->aCol[i]]);
    pNode->aiSource[i] = columnArg(p, pNode->pParent, pUpTab, pUp->aCol[i], 1);
  }
  pNode->zIndex =
      assocTableIndexOn(p->pCall, pTab, pOwn->nCol, pOwn->aCol, &bUnique);
  pNode->bOne = !pNode->bMany && bUnique;
}

/* The text of a row that is not there, for a spread: ,"a":null,"b":[] */
static void emptyText(Planner *p, AssocNode *pNode, AssocOut *pOut) {
  const AssocPart *pPart;
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    assocOutText(pOut, pPart->zKey, pPart->nKey);
    if (pPart->eType == ASSOC_PART_SPREAD) {
      emptyText(p, pPart->pNode, pOut);
    } else if (pPart->eType == ASSOC_PART_CHILD && pPart->pNode->bMany) {
      assocOutText(pOut, "[]", 2);
    } else if (pPart->eType != ASSOC_PART_TEXT) {
      assocOutText(pOut, "null", 4);
    }
  }
}

static void setEmpty(Planner *p, AssocNode *pNode) {
  AssocOut out;
  i64 n = 0;
  char *z;
  pNode->zEmpty = pNode->bMany ? "[]" : "null";
  pNode->nEmpty = (int)strlen(pNode->zEmpty);
  if (!pNode->bSpread) return;
  assocBufInit(&out, 0x7fffffff);
  emptyText(p, pNode, &out);
  z = assocBufFinish(&out, &n);
  if (z == 0) assocErrorCode(p->pCall, out.rc);
  pNode->zEmpty = assocArenaText(p->pCall, p->pArena, z, -1);
  pNode->nEmpty = (int)n;
  sqlite3_free(z);
}

/* A dotted path gives its first association nothing but the rest. */
static const ShapeItem *restOfPath(Planner *p, const ShapeItem *pItem) {
  ShapeItem *pRest = planAlloc(p, sizeof(*pRest));
  if (pRest == 0) return 0;
  *pRest = *pItem;
  pRest->pPath = pItem->pPath->pNext;
  pRest->pNext = 0;
  pRest->pAlias = 0;
  pRest->bSpread = 0;
  return pRest;
}

static const ShapeItem *starItem(Planner *p) {
  ShapeItem *pStar = planAlloc(p, sizeof(*pStar));
  if (pStar) {
    pStar->eType = SHAPE_ITEM_STAR;
    pStar->iOff = -1;
  }
  return pStar;
}

static void checkClauses(Planner *p, const ShapeItem *pItem,
                         const ShapeClauses *pC, const AssocRel *pRel) {
  if (pC == 0) return;
  if (pC->bPage || pC->pFirst || pC->pLast || pC->pAfter || pC->pBefore) {
    planError(p, pItem, "pages are not built yet; use limit and offset");
  }
  if (pC->pScope) planError(p, pItem, "named scopes are not built yet");
  if (pC->pThrough && (pRel == 0 || pRel->eKind != ASSOC_BELONGSTOMANY)) {
    planError(p, pItem,
              "through(...) speaks of a join table, and there is "
              "none here");
  }
}

static AssocNode *addChild(Planner *p, AssocNode *pParent, AssocRel *pRel,
                           const ShapeItem *pItem, const char *zName,
                           int bSpread) {
  AssocNode *pNode =
      newNode(p, pParent, pRel->pTarget, childPath(p, pParent, zName), pItem);
  AssocPart *pPart;
  if (pNode == 0) return 0;
  if (!bSpread) checkKey(p, pParent, pItem, zName);
  if (bSpread && pRel->bMany) {
    planError(p, pItem, "%s may be many; only one row can be spread", zName);
  }
  pNode->pRel = pRel;
  pNode->bMany = pRel->bMany;
  pNode->bSpread = (u8)bSpread;
  pPart = addPart(p, pParent, bSpread ? ASSOC_PART_SPREAD : ASSOC_PART_CHILD,
                  bSpread ? 0 : zName);
  if (pPart) pPart->pNode = pNode;
  return pNode;
}

static void compileNode(Planner *p, AssocNode *pNode, const ShapeItem *pBlock);

/* An item that is an association, or a path that begins with one. */
static void compileAssoc(Planner *p, AssocNode *pParent, const ShapeItem *pItem,
                         AssocRel *pRel) {
  int bPath = pItem->pPath && pItem->pPath->pNext;
  const char *zName = pItem->pAlias  ? pItem->pAlias->z
                      : pItem->pPath ? pItem->pPath->z
                                     : pRel->zName;
  AssocNode *pNode;
  if (pItem->nRecurse) {
    planError(p, pItem, "recursion is not built yet");
    return;
  }
  pNode = addChild(p, pParent, pRel, pItem, zName, pItem->bSpread);
  if (pNode == 0 || p->pCall->rc != SQLITE_OK) return;
  if (bPath) {
    compileNode(p, pNode, restOfPath(p, pItem));
    return;
  }
  pNode->pClauses = pItem->pClauses;
  checkClauses(p, pItem, pItem->pClauses, pRel);
  compileNode(p, pNode, pItem->bBlock ? pItem->pBlock : starItem(p));
}

/* ------------------------------------------------------------------ items */

static void addNameError(Planner *p, AssocNode *pNode, const ShapeName *pName) {
  AssocSql sql;
  sqlStart(p, &sql);
  assocSqlUnknown(&sql, pNode->pModel, pName, "column or association");
  (void)sqlEnd(p, &sql);
}

/* Is a name that stands alone a column? Then its number, else -1. */
static int itemColumn(const AssocNode *pNode, const ShapeItem *pItem) {
  if (pItem->eType != SHAPE_ITEM_NAME || pItem->bInclude || pItem->bBlock ||
      pItem->pPath == 0 || pItem->pPath->pNext) {
    return -1;
  }
  return assocColumnFind(pNode->pModel->pTable, pItem->pPath->z);
}

static void compileName(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  int iCol = itemColumn(pNode, pItem);
  AssocSql sql;
  AssocRel *pRel = 0;
  if (iCol >= 0) {
    addColumn(p, pNode, pItem, iCol,
              pItem->pAlias ? pItem->pAlias->z : pItem->pPath->z);
    return;
  }
  if (pItem->pPath && pItem->pPath->pNext == 0 && !pItem->bInclude &&
      !pItem->bBlock &&
      assocRelSeek(p->pCall, pNode->pModel, pItem->pPath->z) == 0) {
    addNameError(p, pNode, pItem->pPath);
    return;
  }
  sqlStart(p, &sql);
  pRel = assocItemRel(&sql, pItem, pItem->pPath, pNode->pModel);
  (void)sqlEnd(p, &sql);
  if (pRel) compileAssoc(p, pNode, pItem, pRel);
}

/* Is the column named beside the star, or taken away? */
static int namedBeside(const AssocNode *pNode, const ShapeItem *pBlock,
                       int iCol) {
  const ShapeItem *pItem;
  for (pItem = pBlock; pItem; pItem = pItem->pNext) {
    if (pItem->eType == SHAPE_ITEM_MINUS &&
        assocColumnFind(pNode->pModel->pTable, pItem->pPath->z) == iCol) {
      return 1;
    }
    if (itemColumn(pNode, pItem) == iCol) return 1;
  }
  return 0;
}

static void compileStar(Planner *p, AssocNode *pNode, const ShapeItem *pBlock,
                        const ShapeItem *pStar) {
  const AssocTable *pTab = pNode->pModel->pTable;
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    if (pTab->aCol[i].bHidden || namedBeside(pNode, pBlock, i)) continue;
    addColumn(p, pNode, pStar, i, pTab->aCol[i].zName);
  }
}

static void checkMinus(Planner *p, AssocNode *pNode, const ShapeItem *pItem) {
  AssocSql sql;
  if (assocColumnFind(pNode->pModel->pTable, pItem->pPath->z) >= 0) return;
  sqlStart(p, &sql);
  assocSqlUnknown(&sql, pNode->pModel, pItem->pPath, "column");
  (void)sqlEnd(p, &sql);
}

/* Does "all":"…" mean this kind? */
static int isOfAll(int eAll, int eKind) {
  switch (eAll) {
  case SHAPE_ALL_BELONGSTO: return eKind == ASSOC_BELONGSTO;
  case SHAPE_ALL_HASONE: return eKind == ASSOC_HASONE;
  case SHAPE_ALL_HASMANY: return eKind == ASSOC_HASMANY;
  case SHAPE_ALL_ONE: return eKind <= ASSOC_HASONE;
  case SHAPE_ALL_HAS: return eKind == ASSOC_HASONE || eKind == ASSOC_HASMANY;
  case SHAPE_ALL_MANY: return eKind >= ASSOC_HASMANY;
  }
  return 1;
}

/* Is the model on the way from the root to here? */
static int isAbove(const AssocNode *pNode, const AssocModel *pModel) {
  for (; pNode; pNode = pNode->pParent) {
    if (pNode->pModel == pModel) return 1;
  }
  return 0;
}

/* Every association of a kind; nested ones stop at a model seen above. */
static void compileAll(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                       int eAll) {
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->pCall, pNode->pModel, pDef)) != 0) {
    AssocRel *pRel = assocRelOf(p->pCall, pDef);
    AssocNode *pChild;
    if (pRel == 0) return;
    if (!isOfAll(eAll, pRel->eKind)) continue;
    assocRelNeedReady(p->pCall, pRel);
    if (pItem->nRecurse && isAbove(pNode, pRel->pTarget)) continue;
    pChild = addChild(p, pNode, pRel, pItem, pRel->zName, 0);
    if (pChild == 0 || p->pCall->rc != SQLITE_OK) return;
    if (pItem->nRecurse) {
      ShapeItem *pNested = planAlloc(p, sizeof(*pNested));
      const ShapeItem *pStar = starItem(p);
      if (pNested == 0 || pStar == 0) return;
      *pNested = *pItem;
      pNested->pNext = 0;
      ((ShapeItem *)pStar)->pNext = pNested;
      compileNode(p, pChild, pStar);
    } else {
      compileNode(p, pChild, starItem(p));
    }
  }
}

/* Columns of the join row: each with an alias is a member of its own, the
** others are members of an object that is named like the join table. */
static void compileAt(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                      const ShapeItem *pBlock) {
  const AssocTable *pJoin = pNode->pRel ? pNode->pRel->pThrough : 0;
  const ShapeItem *pAt;
  AssocPart *pPart = 0;
  int n = 0;
  if (pJoin == 0) {
    planError(p, pItem,
              "@%s is a column of a join table, and there is none "
              "here",
              pItem->pPath->z);
    return;
  }
  for (pAt = pBlock; pAt && pAt != pItem; pAt = pAt->pNext) {
    if (pAt->eType == SHAPE_ITEM_AT && !pAt->pAlias && !pItem->pAlias) {
      return; /* The first of them has brought the others */
    }
  }
  if (!pItem->pAlias) {
    checkKey(p, pNode, pItem, pJoin->zName);
    pPart = addPart(p, pNode, ASSOC_PART_TEXT, pJoin->zName);
  }
  for (pAt = pItem; pAt; pAt = pItem->pAlias ? 0 : pAt->pNext) {
    int iCol;
    if (pAt->eType != SHAPE_ITEM_AT || (pAt->pAlias && !pItem->pAlias)) {
      continue;
    }
    iCol = assocColumnFind(pJoin, pAt->pPath->z);
    if (iCol < 0) {
      planError(p, pAt, "the join table %s has no column '%s'", pJoin->zName,
                pAt->pPath->z);
      return;
    }
    if (pItem->pAlias) checkKey(p, pNode, pItem, pItem->pAlias->z);
    pPart = addPart(p, pNode, ASSOC_PART_COLUMN,
                    pItem->pAlias ? pItem->pAlias->z : pAt->pPath->z);
    if (pPart == 0) return;
    if (!pItem->pAlias) {
      partKey(p, pPart, n++ ? "," : "{", pAt->pPath->z, ":");
      pPart->zName = 0; /* Not a key of this block */
    }
    pPart->eJson = pJoin->aCol[iCol].eJson;
    pPart->iArg = columnArg(p, pNode, pJoin, iCol, 2);
    if (pPart->eJson == ASSOC_JSON_RAW) {
      pPart->eJson = ASSOC_JSON_PLAIN;
      pPart->iRaw = rawArg(p, pNode, pPart->iArg);
    }
  }
  if (!pItem->pAlias) {
    pPart = addPart(p, pNode, ASSOC_PART_TEXT, 0);
    if (pPart) partKey(p, pPart, "}", 0, "");
  }
}

static void compileItem(Planner *p, AssocNode *pNode, const ShapeItem *pItem,
                        const ShapeItem *pBlock) {
  switch (pItem->eType) {
  case SHAPE_ITEM_NAME: compileName(p, pNode, pItem); break;
  case SHAPE_ITEM_STAR: compileStar(p, pNode, pBlock, pItem); break;
  case SHAPE_ITEM_STARS:
    compileStar(p, pNode, pBlock, pItem);
    compileAll(p, pNode, pItem, SHAPE_ALL_ONE);
    break;
  case SHAPE_ITEM_MINUS: checkMinus(p, pNode, pItem); break;
  case SHAPE_ITEM_AT: compileAt(p, pNode, pItem, pBlock); break;
  case SHAPE_ITEM_ALL: compileAll(p, pNode, pItem, pItem->eAll); break;
  case SHAPE_ITEM_ON:
    planError(p, pItem, "on %s{...} belongs in a polymorphic association",
              pItem->pPath->z);
    break;
  default:
    planError(p, pItem, "aggregates among the members are not built yet");
    break;
  }
}

static void compileBlock(Planner *p, AssocNode *pNode,
                         const ShapeItem *pBlock) {
  const ShapeItem *pItem;
  const AssocPart *pPart;
  for (pItem = pBlock; pItem && p->pCall->rc == SQLITE_OK;
       pItem = pItem->pNext) {
    compileItem(p, pNode, pItem, pBlock);
  }
  if (!pNode->bSpread) {
    AssocPart *pEnd;
    int bEmpty = pNode->pPart == 0;
    pEnd = addPart(p, pNode, ASSOC_PART_TEXT, 0);
    if (pEnd) partKey(p, pEnd, bEmpty ? "{}" : "}", 0, "");
  }
  for (pPart = pNode->pPart; pPart; pPart = pPart->pNext) {
    if (pPart->pNode) pNode->nSplit++;
  }
  setEmpty(p, pNode);
}

/* ------------------------------------------------------------- statements */

/* " FROM posts t1", with the join table where there is one. */
static void sqlFromNode(AssocSql *pSql, const AssocNode *pNode, int bScan) {
  const AssocRel *pRel = pNode->pRel;
  sqlite3_str_appendall(pSql->pStr, " FROM ");
  assocSqlTable(pSql, pNode->pModel->pTable);
  sqlite3_str_appendall(pSql->pStr, " t1");
  if (bScan) sqlite3_str_appendall(pSql->pStr, " NOT INDEXED");
  if (pRel && pRel->eKind == ASSOC_BELONGSTOMANY) {
    sqlite3_str_appendall(pSql->pStr, bScan ? " CROSS JOIN " : " JOIN ");
    assocSqlTable(pSql, pRel->pThrough);
    sqlite3_str_appendall(pSql->pStr, " t2");
  }
}

/* The join of target and join row, or nothing. */
static void sqlJoinOn(AssocSql *pSql, const AssocNode *pNode) {
  const AssocRel *pRel = pNode->pRel;
  int i;
  if (pRel == 0 || pRel->eKind != ASSOC_BELONGSTOMANY) return;
  for (i = 0; i < pRel->other.nCol; i++) {
    sqlite3_str_appendall(pSql->pStr, " AND ");
    assocSqlColumn(pSql, 2, pRel->pThrough, pRel->other.aCol[i]);
    sqlite3_str_appendall(pSql->pStr, "=");
    assocSqlColumn(pSql, 1, pRel->pTarget->pTable, pRel->targetKey.aCol[i]);
  }
}

/* Conditions, each with AND before it. */
static void sqlNodeWhere(AssocSql *pSql, const AssocNode *pNode,
                         const ShapeItem *pBlock) {
  sqlJoinOn(pSql, pNode);
  assocSqlConditions(pSql, pNode->pRel, pNode->pClauses, pNode->pModel, 1,
                     pNode->pRel && pNode->pRel->pThrough ? 2 : 0);
  assocSqlRequired(pSql, pBlock, pNode->pModel, 1);
}

/* Order of a list: the same pair twice is told apart by the join row. */
static void sqlNodeOrder(AssocSql *pSql, const AssocNode *pNode) {
  const AssocTable *pJoin = pNode->pRel ? pNode->pRel->pThrough : 0;
  int i;
  assocSqlOrder(pSql, pNode->pRel, pNode->pClauses, pNode->pModel, 1);
  for (i = 0; pJoin && i < pJoin->nKey; i++) {
    sqlite3_str_appendall(pSql->pStr, ", ");
    assocSqlColumn(pSql, 2, pJoin, pJoin->aKey[i]);
  }
}

static void sqlArgs(AssocSql *pSql, const AssocNode *pNode) {
  int i;
  for (i = 0; i < pNode->nArg; i++) {
    sqlite3_str_appendf(pSql->pStr, "%s%s", i ? "," : "", pNode->azArg[i]);
  }
  if (pNode->nArg == 0) sqlite3_str_appendall(pSql->pStr, "NULL");
}

static void sqlLimit(AssocSql *pSql, const AssocNode *pNode) {
  const ShapeClauses *pC = pNode->pClauses;
  if (pC && (pC->pLimit || pC->pOffset)) {
    sqlite3_str_appendall(pSql->pStr, " LIMIT ");
    if (pC->pLimit) {
      assocSqlCount(pSql, pC->pLimit);
    } else {
      sqlite3_str_appendall(pSql->pStr, "-1");
    }
    if (pC->pOffset) {
      sqlite3_str_appendall(pSql->pStr, " OFFSET ");
      assocSqlCount(pSql, pC->pOffset);
    }
  } else if (pNode->pRel && !pNode->bMany && !pNode->bOne) {
    sqlite3_str_appendall(pSql->pStr, " LIMIT 1");
  }
}

/* SELECT … WHERE t1.user_id=?1 …; the keys are the first parameters */
static void compileLookup(Planner *p, AssocNode *pNode,
                          const ShapeItem *pBlock) {
  AssocSql sql;
  AssocTable *pTab = pNode->pModel->pTable;
  const AssocKey *pKey = pNode->pRel ? ownKey(pNode, &pTab) : 0;
  int nKey = pKey ? pKey->nCol : pNode->pModel->nKey, i;
  sqlStart(p, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  sqlArgs(&sql, pNode);
  sqlFromNode(&sql, pNode, 0);
  for (i = 0; i < nKey; i++) {
    sqlite3_str_appendall(sql.pStr, i ? " AND " : " WHERE ");
    assocSqlColumn(&sql, pKey && pTab == pNode->pRel->pThrough ? 2 : 1, pTab,
                   pKey ? pKey->aCol[i] : pNode->pModel->aKey[i]);
    sqlite3_str_appendf(sql.pStr, "=?%d", ++sql.nVar);
  }
  sqlNodeWhere(&sql, pNode, pBlock);
  if (pNode->pRel && !pNode->bOne) sqlNodeOrder(&sql, pNode);
  sqlLimit(&sql, pNode);
  pNode->lookup.zSql = sqlEnd(p, &sql);
  pNode->lookup.pBind = sql.pBind;
}

/* Is the table, scanned as it lies, in the order of the model's key? */
static int keyOrder(Planner *p, const AssocModel *pModel) {
  AssocTable *pTab = pModel->pTable;
  const AssocIndex *pIdx;
  int i;
  if (pTab->bRowid) {
    return pModel->nKey == 1 && pModel->aKey[0] == pTab->iRowid;
  }
  for (pIdx = assocTableIndexes(p->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bPrimary) continue;
    for (i = 0; i < pModel->nKey; i++) {
      if (i >= pIdx->nCol || pIdx->aCol[i] != pModel->aKey[i] ||
          pIdx->abDesc[i]) {
        return 0;
      }
    }
    return 1;
  }
  return 0;
}

/* Do rows come in the order that is wanted if nothing is said about it? Over
** a join table they do if each target finds its join rows by an index. */
static int naturalOrder(Planner *p, const AssocNode *pNode) {
  const AssocModel *pModel = pNode->pModel;
  const AssocRel *pRel = pNode->pRel;
  int bUnique;
  if (p->bReverse || pModel->pTable->eType != ASSOC_TABLE) return 0;
  if (pNode->pClauses && pNode->pClauses->pOrder) return 0;
  if (pRel && pRel->pOrder) return 0;
  if (pRel && pRel->pThrough &&
      !assocTableIndexOn(p->pCall, pRel->pThrough, pRel->other.nCol,
                         pRel->other.aCol, &bUnique)) {
    return 0;
  }
  return pModel->nKey == 0 || pNode->bOne || keyOrder(p, pModel);
}

/* The values of a scan: the key, then the others; numbered if bNames. */
static void sqlScanValues(AssocSql *pSql, const AssocNode *pNode, int bNames) {
  AssocTable *pTab = 0;
  const AssocKey *pKey = pNode->pRel ? ownKey(pNode, &pTab) : 0;
  int i, n = pNode->nKey + pNode->nArg;
  for (i = 0; i < n; i++) {
    if (i) sqlite3_str_appendall(pSql->pStr, ",");
    if (i < pNode->nKey) {
      assocSqlColumn(pSql, pTab == pNode->pRel->pThrough ? 2 : 1, pTab,
                     pKey->aCol[i]);
    } else {
      sqlite3_str_appendall(pSql->pStr, pNode->azArg[i - pNode->nKey]);
    }
    if (bNames) sqlite3_str_appendf(pSql->pStr, " AS a%d", i);
  }
  if (n == 0) sqlite3_str_appendall(pSql->pStr, "NULL");
}

/* SELECT assoc_emit(…) FROM …, or FROM (SELECT … ORDER BY …) */
static void sqlScanStart(AssocSql *pSql, const AssocNode *pNode, int bNatural) {
  int i, n = pNode->nKey + pNode->nArg;
  sqlite3_str_appendall(pSql->pStr, "SELECT ");
  if (pNode->scan.bEmit) sqlite3_str_appendall(pSql->pStr, "assoc_emit(");
  if (pNode->scan.bEmit && !bNatural) {
    for (i = 0; i < n; i++) {
      sqlite3_str_appendf(pSql->pStr, "%sa%d", i ? "," : "", i);
    }
    sqlite3_str_appendall(pSql->pStr, ") FROM (SELECT ");
  }
  sqlScanValues(pSql, pNode, !bNatural);
  if (pNode->scan.bEmit && bNatural) sqlite3_str_appendall(pSql->pStr, ")");
}

/* Roots that are given out one at a time come by steps. */
static int oneByOne(const Planner *p, const AssocNode *pNode) {
  return pNode->pRel == 0 && p->pPlan->eAsk >= ASSOC_ASK_ROWS;
}

/*
** The rows of a query in the order of their keys, whatever order, limit and
** offset the query has: ORDER BY id on the table-valued eager(). The id of a
** composite key is a JSON array, and compares as that text.
*/
static void sqlReorder(Planner *p, AssocSql *pSql, AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  const char *zDesc = p->pPlan->eAsk == ASSOC_ASK_DESC ? " DESC" : "";
  char *zInner;
  int i;
  if (p->pPlan->eAsk != ASSOC_ASK_ASC && p->pPlan->eAsk != ASSOC_ASK_DESC) {
    return;
  }
  zInner = assocStrFinish(p->pCall, pSql->pStr);
  pSql->pStr = sqlite3_str_new(p->pCall->db);
  sqlite3_str_appendf(pSql->pStr, "SELECT * FROM (%z) ORDER BY ", zInner);
  if (pModel->nKey > 1) sqlite3_str_appendall(pSql->pStr, "json_array(");
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pSql->pStr, "%sa%d%s", i ? "," : "", pRoot->aiSource[i],
                        pModel->nKey > 1 ? "" : " COLLATE binary");
  }
  sqlite3_str_appendall(pSql->pStr, pModel->nKey > 1 ? ")" : "");
  sqlite3_str_appendall(pSql->pStr, zDesc);
}

/* All rows for all parents; of the root, all that are asked for. */
static void compileScan(Planner *p, AssocNode *pNode, const ShapeItem *pBlock) {
  const ShapeClauses *pC = pNode->pRel ? 0 : pNode->pClauses;
  int bNatural = naturalOrder(p, pNode) &&
                 !(pC && (pC->pWhere || pC->pLimit || pC->pOffset));
  AssocSql sql;
  pNode->scan.bEmit = pNode->nKey + pNode->nArg <= p->nFunctionArg &&
                      pNode->nKey + pNode->nArg > 0 && !oneByOne(p, pNode);
  if (oneByOne(p, pNode)) bNatural = 0;
  sqlStart(p, &sql);
  sqlScanStart(&sql, pNode, bNatural);
  sqlFromNode(&sql, pNode, bNatural);
  sqlite3_str_appendall(sql.pStr, " WHERE true");
  sqlNodeWhere(&sql, pNode, pBlock);
  if (!bNatural) {
    if (!pNode->bOne) sqlNodeOrder(&sql, pNode);
    if (pNode->pRel == 0) sqlLimit(&sql, pNode);
    if (pNode->scan.bEmit) sqlite3_str_appendall(sql.pStr, ")");
    if (pNode->pRel == 0) sqlReorder(p, &sql, pNode);
  }
  pNode->scan.zSql = sqlEnd(p, &sql);
  pNode->scan.pBind = sql.pBind;
}

/*
** assoc_count() and assoc_has() need no rows, only one statement. Of the
** target's key, which HAS is asked for, the values follow those of the
** root's key.
*/
static void compileAnswer(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                          AssocRel *pRel) {
  const AssocModel *pSrc = pRoot->pModel, *pTgt = pRel->pTarget;
  const ShapeClauses *pC = pItem->pClauses;
  int i, bLimit = p->pPlan->eAsk == ASSOC_ASK_COUNT && pC &&
                  (pC->pLimit || pC->pOffset);
  AssocSql sql;
  sqlStart(p, &sql);
  sqlite3_str_appendall(sql.pStr, bLimit ? "SELECT count(*) FROM (SELECT 1"
                                         : "SELECT count(*)");
  sql.nVar = pSrc->nKey;
  assocSqlRelated(&sql, pRel, pC, pItem->pBlock);
  for (i = 0; i < pSrc->nKey; i++) {
    sqlite3_str_appendall(sql.pStr, " AND ");
    assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[i]);
    sqlite3_str_appendf(sql.pStr, "=?%d", i + 1);
  }
  if (p->pPlan->eAsk == ASSOC_ASK_HAS) {
    assocModelNeedKey(p->pCall, pTgt);
    p->pPlan->iTargetVar = sql.nVar;
    for (i = 0; i < pTgt->nKey; i++) {
      sqlite3_str_appendall(sql.pStr, " AND ");
      assocSqlColumn(&sql, 2, pTgt->pTable, pTgt->aKey[i]);
      sqlite3_str_appendf(sql.pStr, "=?%d", ++sql.nVar);
    }
  }
  pRoot->pClauses = pC;
  if (bLimit) {
    sqlLimit(&sql, pRoot);
    sqlite3_str_appendall(sql.pStr, ")");
  }
  pRoot->lookup.zSql = sqlEnd(p, &sql);
  pRoot->lookup.pBind = sql.pBind;
  p->pPlan->pAnswer = pRel;
}

/* The target's key; or its columns; and what else is asked for. */
static void sqlRelatedValues(Planner *p, AssocSql *pSql, const AssocRel *pRel) {
  const AssocTable *pTgt = pRel->pTarget->pTable, *pJoin = pRel->pThrough;
  int i, n = 0;
  if (p->pPlan->eAsk == ASSOC_ASK_COLUMNS) {
    for (i = 0; i < pTgt->nCol; i++) {
      if (pTgt->aCol[i].bHidden) continue;
      if (n++) sqlite3_str_appendall(pSql->pStr, ",");
      assocSqlColumn(pSql, 2, pTgt, i);
    }
    return;
  }
  for (i = 0; i < pRel->pTarget->nKey; i++) {
    if (n++) sqlite3_str_appendall(pSql->pStr, ",");
    assocSqlColumn(pSql, 2, pTgt, pRel->pTarget->aKey[i]);
  }
  if (p->pPlan->eAsk != ASSOC_ASK_LINKS || pJoin == 0) return;
  for (i = 0; i < pJoin->nCol; i++) {
    sqlite3_str_appendall(pSql->pStr, ",");
    assocSqlColumn(pSql, 3, pJoin, i);
  }
}

/*
** The table related has two statements: the related rows of one source row
** (the root's lookup), and the keys of all source rows (its scan), each of
** which is then looked up. IDS gives the target's key, LINKS the key and the
** join row, COLUMNS the target's columns.
*/
static void compileRelated(Planner *p, AssocNode *pRoot, const ShapeItem *pItem,
                           AssocRel *pRel) {
  const AssocModel *pSrc = pRoot->pModel;
  AssocSql sql;
  int i;
  if (p->pPlan->eAsk != ASSOC_ASK_COLUMNS) {
    assocModelNeedKey(p->pCall, pRel->pTarget);
  }
  if (p->pCall->rc != SQLITE_OK) return;
  p->pPlan->pAnswer = pRel;
  pRoot->pClauses = pItem->pClauses;
  sqlStart(p, &sql);
  sqlite3_str_appendall(sql.pStr, "SELECT ");
  sqlRelatedValues(p, &sql, pRel);
  sql.nVar = pSrc->nKey;
  assocSqlRelated(&sql, pRel, pItem->pClauses, pItem->pBlock);
  for (i = 0; i < pSrc->nKey; i++) {
    sqlite3_str_appendall(sql.pStr, " AND ");
    assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[i]);
    sqlite3_str_appendf(sql.pStr, "=?%d", i + 1);
  }
  assocSqlOrder(&sql, pRel, pItem->pClauses, pRel->pTarget, 2);
  for (i = 0; pRel->pThrough && i < pRel->pThrough->nKey; i++) {
    sqlite3_str_appendall(sql.pStr, ", ");
    assocSqlColumn(&sql, 3, pRel->pThrough, pRel->pThrough->aKey[i]);
  }
  sqlLimit(&sql, pRoot);
  if (!pRel->bMany) sqlite3_str_appendall(sql.pStr, " LIMIT 1");
  pRoot->lookup.zSql = sqlEnd(p, &sql);
  pRoot->lookup.pBind = sql.pBind;
  sqlStart(p, &sql);
  for (i = 0; i < pSrc->nKey; i++) {
    sqlite3_str_appendall(sql.pStr, i ? "," : "SELECT ");
    assocSqlColumn(&sql, 1, pSrc->pTable, pSrc->aKey[i]);
  }
  sqlFromNode(&sql, pRoot, 0);
  pRoot->pClauses = 0;
  sqlNodeOrder(&sql, pRoot);
  pRoot->scan.zSql = sqlEnd(p, &sql);
}

/* Everything of a node; its rows are those of pBlock. */
static void compileNode(Planner *p, AssocNode *pNode, const ShapeItem *pBlock) {
  if (p->pCall->rc != SQLITE_OK) return;
  if (pNode->pRel) compileKey(p, pNode);
  compileBlock(p, pNode, pBlock);
  if (p->pCall->rc != SQLITE_OK) return;
  pNode->bLimit = pNode->pRel && pNode->pClauses &&
                  (pNode->pClauses->pLimit || pNode->pClauses->pOffset);
  if (pNode->bLimit && !pNode->bMany) {
    planError(p, pNode->pItem,
              "%s is one row at most; limit and offset are "
              "for lists",
              pNode->zPath);
  }
  if (pNode->pRel || pNode->bKeyed) compileLookup(p, pNode, pBlock);
  if (!pNode->bKeyed && !pNode->bLookupOnly) compileScan(p, pNode, pBlock);
}

/* ------------------------------------------------------------------ starts */

static int askPragma(AssocCall *pCall, const char *zPragma) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA %s", zPragma);
  int i = assocStep(pCall, pStmt) ? sqlite3_column_int(pStmt, 0) : 0;
  assocFinalize(pCall, pStmt);
  return i;
}

/* "aux.User" stands as a path in a query. */
static const char *pathText(Planner *p, const ShapeName *pName) {
  if (pName == 0 || pName->pNext == 0) return pName ? pName->z : "";
  return assocArenaPrintf(p->pCall, p->pArena, "%s.%s", pName->z,
                          pathText(p, pName->pNext));
}

/* assoc_get() and its kin: the root is there for its key alone. */
static void compileOne(Planner *p, AssocNode *pRoot) {
  const ShapeItem *pItem = p->pPlan->pShape->pItem;
  AssocSql sql;
  AssocRel *pRel;
  if (pItem->eType != SHAPE_ITEM_NAME || pItem->pAlias || pItem->bSpread ||
      pItem->bRequired || (pItem->pPath && pItem->pPath->pNext)) {
    planError(p, pItem,
              "one association should be named here, without as, "
              "'...', '!' or a path");
    return;
  }
  sqlStart(p, &sql);
  pRel = assocItemRel(&sql, pItem, pItem->pPath, pRoot->pModel);
  (void)sqlEnd(p, &sql);
  if (pRel == 0) return;
  checkClauses(p, pItem, pItem->pClauses, pRel);
  if (p->pPlan->eAsk == ASSOC_ASK_GET) {
    compileAssoc(p, pRoot, pItem, pRel);
    compileNode(p, pRoot, 0);
  } else if (p->pPlan->eAsk >= ASSOC_ASK_IDS) {
    compileRelated(p, pRoot, pItem, pRel);
  } else {
    compileAnswer(p, pRoot, pItem, pRel);
  }
}

/* Does the root give several rows? Among the first ten, say, one key cannot
** be looked up: they are all gone through. */
static int givesRows(const AssocPlan *pPlan, const AssocNode *pRoot) {
  const ShapeClauses *pC = pRoot->pClauses;
  if (pPlan->eAsk == ASSOC_ASK_KEY) return pC && (pC->pLimit || pC->pOffset);
  return pPlan->eAsk >= ASSOC_ASK_ROWS && pPlan->eAsk <= ASSOC_ASK_DESC;
}

/* The root's key is among its values, for the column id. */
static void keyArgs(Planner *p, AssocNode *pRoot) {
  const AssocModel *pModel = pRoot->pModel;
  int i;
  pRoot->aiSource = planAlloc(p, sizeof(int) * (size_t)(pModel->nKey + 1));
  for (i = 0; pRoot->aiSource && i < pModel->nKey; i++) {
    pRoot->aiSource[i] =
        columnArg(p, pRoot, pModel->pTable, pModel->aKey[i], 1);
  }
}

static void compileStart(Planner *p, AssocModel *pModel) {
  AssocPlan *pPlan = p->pPlan;
  const AssocShape *pShape = pPlan->pShape;
  AssocNode *pRoot = newNode(p, 0, pModel, pModel->zLabel, 0);
  pPlan->pRoot = pRoot;
  if (pRoot == 0) return;
  pRoot->pClauses = pShape->pClauses;
  pRoot->bMany = pPlan->eAsk == ASSOC_ASK_EAGER;
  pRoot->bKeyed = !pRoot->bMany && !givesRows(pPlan, pRoot);
  if (!pRoot->bMany) assocModelNeedKey(p->pCall, pModel);
  if (pShape->eKind == SHAPE_ONE) {
    compileOne(p, pRoot);
    return;
  }
  checkClauses(p, 0, pRoot->pClauses, 0);
  if (pPlan->eAsk >= ASSOC_ASK_ROWS) keyArgs(p, pRoot);
  if (p->pCall->rc == SQLITE_OK) compileNode(p, pRoot, pShape->pItem);
}

/* Nodes by number, and the names of parameters. */
static void listNodes(AssocPlan *pPlan, AssocNode *pNode) {
  for (; pNode; pNode = pNode->pNext) {
    pPlan->apNode[pNode->iNode] = pNode;
    listNodes(pPlan, pNode->pChild);
  }
}

static void listNames(Planner *p, const AssocBind *pBind) {
  AssocPlan *pPlan = p->pPlan;
  for (; pBind; pBind = pBind->pNext) {
    int i;
    if (pBind->pVal->eType != SHAPE_VAL_NAMED) continue;
    for (i = 0; i < pPlan->nName; i++) {
      if (strcmp(pPlan->azName[i], pBind->pVal->z) == 0) break;
    }
    if (i < pPlan->nName) continue;
    if ((i & (i - 1)) == 0) {
      const char **az = planAlloc(p, sizeof(char *) * (size_t)(i * 2 + 1));
      if (az == 0) return;
      if (i) memcpy(az, pPlan->azName, sizeof(char *) * (size_t)i);
      pPlan->azName = az;
    }
    pPlan->azName[pPlan->nName++] = pBind->pVal->z;
  }
}

static void finishPlan(Planner *p) {
  AssocPlan *pPlan = p->pPlan;
  int i;
  pPlan->apNode =
      planAlloc(p, sizeof(AssocNode *) * (size_t)(pPlan->nNode + 1));
  if (pPlan->apNode == 0) return;
  listNodes(pPlan, pPlan->pRoot);
  for (i = 0; i < pPlan->nNode; i++) {
    listNames(p, pPlan->apNode[i]->lookup.pBind);
    listNames(p, pPlan->apNode[i]->scan.pBind);
  }
}

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
  pPlan->eAsk = (u8)eAsk;
  pPlan->zText = assocArenaText(pCall, &pPlan->mem, zText, -1);
  pPlan->zModel = assocArenaText(pCall, &pPlan->mem, zModel, -1);
  return pPlan;
}

AssocPlan *assocPlanCompile(AssocCall *pCall, AssocCatalog *pCat, int eAsk,
                            const char *zModel, const char *zText) {
  static const u8 aKind[] = {SHAPE_QUERY, SHAPE_BLOCK, SHAPE_ONE,   SHAPE_ONE,
                             SHAPE_ONE,   SHAPE_QUERY, SHAPE_QUERY, SHAPE_QUERY,
                             SHAPE_QUERY, SHAPE_ONE,   SHAPE_ONE,   SHAPE_ONE};
  Planner p;
  AssocModel *pModel = 0;
  AssocPlan *pPlan = planNew(pCall, pCat, eAsk, zModel, zText);
  if (pPlan == 0) return 0;
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  p.pPlan = pPlan;
  p.pArena = &pPlan->mem;
  p.bReverse = askPragma(pCall, "reverse_unordered_selects");
  p.nFunctionArg = sqlite3_limit(pCall->db, SQLITE_LIMIT_FUNCTION_ARG, -1);
  pPlan->pShape =
      assocShapeParse(pCall, p.pArena, aKind[eAsk], pPlan->zText, -1);
  if (pPlan->pShape) {
    const char *z = zModel ? zModel : pathText(&p, pPlan->pShape->pModel);
    pModel = z ? assocModelFind(pCall, pCat, z) : 0;
  }
  if (pModel) compileStart(&p, pModel);
  if (pCall->rc == SQLITE_OK) finishPlan(&p);
  if (pCall->rc == SQLITE_OK) return pPlan;
  assocPlanFree(pPlan);
  return 0;
}

void assocPlanFree(AssocPlan *pPlan) {
  AssocArena mem;
  int i;
  if (pPlan == 0) return;
  for (i = 0; pPlan->apNode && i < pPlan->nNode; i++) {
    assocStmtClear(&pPlan->apNode[i]->lookup.stmt);
    assocStmtClear(&pPlan->apNode[i]->scan.stmt);
  }
  assocStmtClear(&pPlan->names);
  assocCatalogUnref(pPlan->pCat);
  mem = pPlan->mem;
  assocArenaFree(&mem);
}
