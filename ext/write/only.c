/*
** What a payload may hold: the option "only" of the functions that write.
**
**   assoc_update('Post', 2, body, '{"only":"{title tags{name `#by`}}"}')
**
**   {title}           these columns
**   tags{name}        new rows under an association, with these columns
**   tags{}            rows that exist already, by their key alone
**   tags{@priority}   columns of the join row
**   author{`null`}    null, which lets the related row go
**   tags{name `#by`}  the words "#by", "#upsert" and "#set"
**
** Everything else is an error that names its path. So a program can pass on
** what a browser sent. A word that is not allowed is not allowed anywhere in
** the rows of this block. The same association may stand several times:
** tags{} tags{name} allows both.
*/
#include "write/write.h"

/* The rows under one association: for a polymorphic one, by branch. */
struct WriteOnlyRel {
  AssocRel *pRel;      /* The association */
  WriteOnly **ap;      /* 0: no rows of this branch */
  WriteOnlyRel *pNext; /* The next that may be there */
};

/* State of reading a shape. */
typedef struct OnlyReader OnlyReader;
struct OnlyReader {
  AssocWriter *w;    /* Owns the memory */
  const char *zText; /* For carets */
};

static void onlyItems(OnlyReader *p, WriteOnly *pOnly, const ShapeItem *pItem);

/* ----------------------------------------------------------------- reading */

/* A node that allows nothing. */
static WriteOnly *onlyNew(AssocWriter *w, AssocModel *pModel, AssocRel *pBy) {
  WriteOnly *p = assocAlloc(w->pCall, &w->one, sizeof(*p));
  const AssocTable *pJoin = pBy ? pBy->pThrough : 0;
  if (p == 0) return 0;
  p->pModel = pModel;
  p->pBy = pBy;
  p->abColumn = assocAlloc(w->pCall, &w->one, pModel->pTable->nCol + 1);
  if (pJoin) p->abJoin = assocAlloc(w->pCall, &w->one, pJoin->nCol + 1);
  return w->pCall->rc == SQLITE_OK ? p : 0;
}

/* The error for an item that means nothing here. */
static void onlyMeaningless(OnlyReader *p, const ShapeItem *pItem) {
  assocShapeFail(p->w->pCall, p->zText, pItem->iOff,
                 &(AssocWhy){.eReason = ASSOC_E_ARGUMENT},
                 "\"only\" says what a payload may hold, by names and blocks "
                 "alone; it has no conditions, aliases or aggregates");
}

/* The error for a name that the model does not have. */
static void onlyUnknown(OnlyReader *p, AssocModel *pModel,
                        const ShapeName *pName, const char *zWhat) {
  AssocSql sql;
  if (p->w->pCall->rc != SQLITE_OK) return;
  memset(&sql, 0, sizeof(sql));
  sql.pCall = p->w->pCall;
  sql.zText = p->zText;
  assocSqlUnknown(&sql, pModel, pName, zWhat);
}

/* Has the item anything but its name and its block? */
static int itemIsMore(const ShapeItem *pItem) {
  return pItem->bSpread || pItem->bRequired || pItem->nRecurse ||
         pItem->pAlias || pItem->pClauses;
}

/* A word in backticks; or the model has a column of that name, which then is
** meant as well. True if the item is one of them. */
static int onlyWord(WriteOnly *pOnly, const ShapeItem *pItem) {
  static const struct {
    const char *z;
    u8 m;
  } a[] = {{"null", WRITE_MAY_NULL},
           {"#by", WRITE_MAY_BY},
           {"#upsert", WRITE_MAY_UPSERT},
           {"#set", WRITE_MAY_SET}};
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (strcmp(pItem->pPath->z, a[i].z) != 0) continue;
    pOnly->mMay |= a[i].m;
    return 1;
  }
  return 0;
}

/* The columns that "*" means: all that the caller can see. */
static void onlyStar(OnlyReader *p, WriteOnly *pOnly) {
  const AssocTable *pTab = pOnly->pModel->pTable;
  int i;
  for (i = 0; i < pTab->nCol; i++) {
    pOnly->abColumn[i] |=
        !assocColumnIs(p->w->pCall, pTab, i, ASSOC_COLUMN_HIDE);
  }
}

/* The node for rows of an association, made when it is first named. */
static WriteOnlyRel *onlyRelOf(AssocWriter *w, WriteOnly *pOnly,
                               AssocRel *pRel) {
  WriteOnlyRel *p;
  for (p = pOnly->pRel; p; p = p->pNext) {
    if (p->pRel == pRel) return p;
  }
  p = assocAlloc(w->pCall, &w->one, sizeof(*p));
  if (p == 0) return 0;
  p->ap =
      assocAlloc(w->pCall, &w->one, (i64)sizeof(*p->ap) * (pRel->nBranch + 1));
  if (p->ap == 0) return 0;
  assert(pRel->nBranch >= 0);
  p->pRel = pRel;
  p->pNext = pOnly->pRel;
  pOnly->pRel = p;
  return p;
}

/* A block that names no columns and no associations allows rows by their key
** alone. */
static int blockIsLink(const ShapeItem *pItem) {
  for (; pItem; pItem = pItem->pNext) {
    WriteOnly none = {0};
    if (pItem->eType == SHAPE_ITEM_AT || pItem->eType == SHAPE_ITEM_ON) {
      continue;
    }
    if (pItem->eType != SHAPE_ITEM_NAME || !onlyWord(&none, pItem)) return 0;
  }
  return 1;
}

/* Read a block for the rows of one branch, or of all. bBlock: it is there; a
** name without a block means all columns, as everywhere. */
static void onlyBlock(OnlyReader *p, WriteOnlyRel *pUnder, int iBranch,
                      int bBlock, const ShapeItem *pBlock) {
  AssocRel *pRel = pUnder->pRel;
  WriteOnly **pp = &pUnder->ap[iBranch];
  if (*pp == 0) {
    *pp = onlyNew(p->w,
                  pRel->nBranch ? pRel->aBranch[iBranch].pModel : pRel->pTarget,
                  pRel);
  }
  assert(iBranch == 0 || iBranch < pRel->nBranch);
  if (*pp == 0) return;
  if (!bBlock) {
    onlyStar(p, *pp);
  } else {
    if (blockIsLink(pBlock)) (*pp)->mMay |= WRITE_MAY_LINK;
    onlyItems(p, *pp, pBlock);
  }
}

/* Are there items outside of "on"? Or none at all? */
static int blockIsGeneral(const ShapeItem *pItem) {
  if (pItem == 0) return 1;
  for (; pItem && pItem->eType == SHAPE_ITEM_ON; pItem = pItem->pNext) {
  }
  return pItem != 0;
}

/* on post{...}: the branch of that type, or of that model. */
static void onlyOn(OnlyReader *p, WriteOnlyRel *pUnder,
                   const ShapeItem *pItem) {
  AssocRel *pRel = pUnder->pRel;
  AssocCatalog *pCat = pRel->pSource->pTable->pSchema->pCatalog;
  AssocModel *pModel = assocModelSeek(p->w->pCall, pCat, pItem->pPath->z);
  int i, bFound = 0;
  /* "on" may have the model's name, or what the type column holds. */
  for (i = 0; i < pRel->nBranch; i++) {
    if (pRel->aBranch[i].pModel != pModel &&
        sqlite3_stricmp(pRel->aBranch[i].zType, pItem->pPath->z) != 0) {
      continue;
    }
    bFound = 1;
    onlyBlock(p, pUnder, i, 1, pItem->pBlock);
  }
  if (pItem->pClauses) onlyMeaningless(p, pItem);
  if (bFound) return;
  assocShapeFail(p->w->pCall, p->zText, pItem->iOff,
                 &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                             .zModel = pRel->pSource->zLabel,
                             .zName = pItem->pPath->z},
                 "%s never leads to %s", pRel->zName, pItem->pPath->z);
}

/* An association, or the first step of a path: a.b{...} is a{b{...}}, but gives
** a nothing else. */
static void onlyAssoc(OnlyReader *p, WriteOnly *pOnly, const ShapeItem *pItem) {
  AssocCall *pCall = p->w->pCall;
  AssocRel *pRel = assocRelSeek(pCall, pOnly->pModel, pItem->pPath->z);
  WriteOnlyRel *pUnder;
  const ShapeItem *pBlock = pItem->pBlock, *pSub;
  ShapeItem rest = *pItem;
  int i, bBlock = pItem->bBlock;
  if (pRel == 0) {
    onlyUnknown(p, pOnly->pModel, pItem->pPath, "column or association");
    return;
  }
  assocRelNeedReady(pCall, pRel);
  pUnder = pCall->rc == SQLITE_OK ? onlyRelOf(p->w, pOnly, pRel) : 0;
  if (pUnder == 0) return;
  if (pItem->pPath->pNext) {
    rest.pPath = pItem->pPath->pNext;
    rest.pNext = 0;
    pBlock = &rest;
    bBlock = 1;
  }
  /* A block without "on" is for every branch. */
  for (i = 0; i == 0 || i < pRel->nBranch; i++) {
    if (pRel->nBranch == 0 || blockIsGeneral(pBlock)) {
      onlyBlock(p, pUnder, i, bBlock, pBlock);
    }
  }
  for (pSub = pRel->nBranch ? pBlock : 0; pSub; pSub = pSub->pNext) {
    if (pSub->eType == SHAPE_ITEM_ON) onlyOn(p, pUnder, pSub);
  }
}

/* @priority: a column of the join row. */
static void onlyAt(OnlyReader *p, WriteOnly *pOnly, const ShapeItem *pItem) {
  AssocRel *pBy = pOnly->pBy;
  int iCol;
  if (pOnly->abJoin == 0) {
    assocShapeFail(
        p->w->pCall, p->zText, pItem->iOff,
        &(AssocWhy){.eReason = ASSOC_E_ARGUMENT, .zName = pItem->pPath->z},
        "there is no join row whose column @%s could be", pItem->pPath->z);
    return;
  }
  assert(pBy && pBy->pThrough);
  iCol = assocThroughColumn(p->w, pBy, pItem->pPath->z);
  if (iCol >= 0) pOnly->abJoin[iCol] = 1;
}

/* A column or an association, a path, or a word. */
static void onlyName(OnlyReader *p, WriteOnly *pOnly, const ShapeItem *pItem) {
  int iCol = -1;
  if (pItem->pPath->pNext == 0 && !pItem->bBlock) {
    iCol = assocColumnSeek(p->w->pCall, pOnly->pModel->pTable, pItem->pPath->z);
    if (onlyWord(pOnly, pItem) && iCol < 0) return;
  }
  if (iCol >= 0) {
    pOnly->abColumn[iCol] = 1;
  } else {
    onlyAssoc(p, pOnly, pItem);
  }
}

/* "-admin" takes a column out of "*", in any order. */
static void onlyMinus(OnlyReader *p, WriteOnly *pOnly, const ShapeItem *pItem) {
  int iCol =
      assocColumnSeek(p->w->pCall, pOnly->pModel->pTable, pItem->pPath->z);
  if (iCol >= 0) {
    pOnly->abColumn[iCol] = 0;
  } else {
    onlyUnknown(p, pOnly->pModel, pItem->pPath, "column");
  }
}

/* Read the items of a block. */
static void onlyItems(OnlyReader *p, WriteOnly *pOnly,
                      const ShapeItem *pFirst) {
  const ShapeItem *pItem;
  for (pItem = pFirst; pItem && p->w->pCall->rc == SQLITE_OK;
       pItem = pItem->pNext) {
    if (itemIsMore(pItem) && pItem->eType != SHAPE_ITEM_ON) {
      onlyMeaningless(p, pItem);
      return;
    }
    switch (pItem->eType) {
    case SHAPE_ITEM_STAR: onlyStar(p, pOnly); break;
    case SHAPE_ITEM_NAME: onlyName(p, pOnly, pItem); break;
    case SHAPE_ITEM_AT: onlyAt(p, pOnly, pItem); break;
    case SHAPE_ITEM_MINUS: break;
    case SHAPE_ITEM_ON:
      if (pOnly->pBy && pOnly->pBy->nBranch) break; /* See onlyAssoc() */
      /* Fall through */
    default: onlyMeaningless(p, pItem); return;
    }
  }
  for (pItem = pFirst; pItem; pItem = pItem->pNext) {
    if (pItem->eType == SHAPE_ITEM_MINUS) onlyMinus(p, pOnly, pItem);
  }
}

WriteOnly *assocOnlyRead(AssocWriter *w, AssocModel *pModel, AssocRel *pBy,
                         const char *zText) {
  OnlyReader reader = {w, zText};
  AssocShape *pShape;
  WriteOnly *pOnly;
  if (zText == 0 || w->pCall->rc != SQLITE_OK) return 0;
  if (zText[strspn(zText, " \t\r\n\f")] != '{') {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, "only",
                 "\"only\" is a block, such as {title tags{name}}, not %s",
                 zText);
    return 0;
  }
  pShape = assocShapeParse(w->pCall, &w->one, SHAPE_BLOCK, zText, -1);
  pOnly = pShape ? onlyNew(w, pModel, pBy) : 0;
  if (pOnly) onlyItems(&reader, pOnly, pShape->pItem);
  return w->pCall->rc == SQLITE_OK ? pOnly : 0;
}

/* ---------------------------------------------------------------- checking */

const WriteOnly *assocOnlyUnder(const WriteOnly *pOnly, const AssocRel *pRel,
                                int iBranch) {
  const WriteOnlyRel *p;
  for (p = pOnly->pRel; p && p->pRel != pRel; p = p->pNext) {
  }
  return p ? p->ap[iBranch] : 0;
}

int assocOnlyColumn(const WriteOnly *pOnly, int iCol) {
  return pOnly->abColumn[iCol];
}

int assocOnlyKey(const WriteOnly *pOnly) {
  const AssocModel *pModel = pOnly->pModel;
  int i;
  for (i = 0; i < pModel->nKey && pOnly->abColumn[pModel->aKey[i]]; i++) {
  }
  return i == pModel->nKey;
}

void assocOnlyFail(AssocWriter *w, const char *zPath, const char *zWhat) {
  assocFail(w->pCall, &(AssocWhy){.eReason = ASSOC_E_REFUSED, .zName = zPath},
            "\"only\" does not allow %s%s", zWhat, zPath);
}

void assocOnlyThrough(AssocWriter *w, const WriteOnly *pOnly, int nCell,
                      const WriteCell *aCell, const char *zPath) {
  const AssocTable *pJoin;
  int i;
  if (pOnly == 0 || nCell == 0) return;
  assert(pOnly->pBy && pOnly->abJoin && aCell);
  pJoin = pOnly->pBy->pThrough;
  for (i = 0; i < nCell; i++) {
    const char *z;
    if (pOnly->abJoin[aCell[i].iCol]) continue;
    z = assocArenaPrintf(w->pCall, &w->one, "%s%s%s.%s", zPath,
                         zPath[0] ? "." : "", pOnly->pBy->zThrough,
                         pJoin->aCol[aCell[i].iCol].zName);
    if (z) assocOnlyFail(w, z, "");
    return;
  }
}
