/*
** Counter caches: a column of the source that has the number of targets.
**
**   assoc_define('User', 'hasMany', 'Comment', '{"counterCache":"n_comments"}')
**
** assoc_sync() makes the column and the triggers that keep it (sync/count.c). A
** load reads it for comments.count(), if all of these triggers are there. Their
** names contain a hash of what they count, so that a changed definition does
** not trust old triggers.
**
** What is counted is what comments.count() gives: targets in the association's
** scope, with the values of their model, in its default scope, not softly
** deleted. Triggers can only compare columns with plain values.
*/
#include "model/model.h"

/* Triggers that a counter has: see sync/count.c. In a table that counts its own
** rows, two of them are part of others. */
#define COUNTER_NTRIGGER 7
#define COUNTER_NTRIGGER_SELF 6
#define COUNTER_MAX_COND 32

/* A value as an SQL literal that equals what the column stores: a number of a
** column of texts is a text. 0: no plain value. */
static const char *counterLiteral(AssocCall *pCall, AssocArena *pArena,
                                  const AssocColumn *pCol,
                                  const ShapeVal *pVal) {
  int bText = pCol->eAff == ASSOC_AFF_TEXT;
  char *z = 0;
  const char *zKept;
  /* Only where the trigger's comparison cannot convert differently from the
  ** load's: a REAL as text, or a text in a number column, is refused. */
  switch (pVal->eType) {
  case SHAPE_VAL_FALSE: z = sqlite3_mprintf(bText ? "'0'" : "0"); break;
  case SHAPE_VAL_TRUE: z = sqlite3_mprintf(bText ? "'1'" : "1"); break;
  case SHAPE_VAL_INT:
    z = sqlite3_mprintf(bText ? "'%lld'" : "%lld", pVal->i);
    break;
  case SHAPE_VAL_REAL:
    if (bText) return 0;
    z = sqlite3_mprintf("%!.17g", pVal->r);
    break;
  case SHAPE_VAL_TEXT:
    if ((int)strlen(pVal->z) != pVal->n) return 0;
    if (!bText && pCol->eAff != ASSOC_AFF_NONE) return 0;
    z = sqlite3_mprintf("%Q", pVal->z);
    break;
  default: return 0;
  }
  if (z == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  zKept = assocArenaText(pCall, pArena, z, -1);
  sqlite3_free(z);
  return zKept;
}

/* Add a condition. zValue 0: the column is NULL. */
static void counterAdd(AssocCounter *p, const char *zCol, const char *zValue) {
  if (p->nCond >= COUNTER_MAX_COND) {
    p->zWhy = "it has too many conditions";
    return;
  }
  p->azCond[p->nCond] = zCol;
  p->azValue[p->nCond++] = zValue;
}

/* Add the conditions of a scope; all of them hold. */
static void counterPreds(AssocCall *pCall, AssocArena *pArena, AssocCounter *p,
                         const ShapePred *pPred) {
  const AssocTable *pTab = p->pRel->pTarget->pTable;
  for (; pPred && p->zWhy == 0; pPred = pPred->pNext) {
    int iCol =
        pPred->eOp >= SHAPE_OP_EQ ? assocKeyColumn(pTab, &pPred->key) : -1;
    const char *z = 0;
    assert(pPred->eOp < SHAPE_NOP);
    if (pPred->eOp == SHAPE_OP_AND) {
      counterPreds(pCall, pArena, p, pPred->pSub);
      continue;
    }
    if (iCol >= 0 && pPred->eOp == SHAPE_OP_EQ && pPred->pVal) {
      z = counterLiteral(pCall, pArena, &pTab->aCol[iCol], pPred->pVal);
    }
    if (iCol < 0 ||
        (z == 0 && (pPred->eOp != SHAPE_OP_ISNULL || pPred->bNot))) {
      p->zWhy = "its scope compares with more than plain values";
      return;
    }
    counterAdd(p, pTab->aCol[iCol].zName, z);
  }
}

/* The default scope and soft deletion of the target. */
static void counterTarget(AssocCall *pCall, AssocArena *pArena,
                          AssocCounter *p) {
  AssocModel *pTgt = p->pRel->pTarget;
  const AssocScope *pScope;
  counterPreds(pCall, pArena, p, pTgt->pValues);
  if (!assocModelScopes(pCall, pTgt)) return;
  for (pScope = pTgt->pScope; pScope; pScope = pScope->pNext) {
    /* Named scopes are asked for by name; comments.count() does not. */
    if (pScope->zName) continue;
    counterPreds(pCall, pArena, p, pScope->pClauses->pWhere);
    if (pScope->pClauses->pLimit || pScope->pClauses->pOffset) {
      p->zWhy = "the default scope of its target has a limit";
    }
  }
  if (pTgt->iDeleted >= 0) {
    assert(pTgt->iDeleted < pTgt->pTable->nCol);
    counterAdd(p, pTgt->pTable->aCol[pTgt->iDeleted].zName, 0);
  }
}

/* Why no triggers can count this association; 0 if they can. */
static const char *counterWhy(const AssocRel *pRel) {
  const AssocTable *pUp = pRel->pSource->pTable, *pTab = pRel->pTarget->pTable;
  int i;
  if (pUp->eType != ASSOC_TABLE || pTab->eType != ASSOC_TABLE) {
    return "only tables have the triggers";
  }
  if (pUp->pSchema != pTab->pSchema || pRel->pDef->pSchema != pTab->pSchema) {
    return "its tables and its definition must be in one database";
  }
  if (pRel->foreign.nCol > ASSOC_COUNTER_KEY) return "its key is too long";
  for (i = 0; i < pRel->sourceKey.nCol; i++) {
    if (pRel->sourceKey.aCol[i] >= pUp->nCol) {
      return "its source has no column for the key";
    }
  }
  return 0;
}

/* Add a text and its end to a hash. */
static u64 counterHash(u64 h, const char *z) {
  for (; z && *z; z++) h = assocHash(h, (u8)*z);
  return assocHash(h, z ? 0xfe : 0xff);
}

/* assoc_count_User.comments_0123456789abcdef */
static const char *counterName(AssocCall *pCall, AssocArena *pArena,
                               const AssocCounter *p) {
  const AssocRel *pRel = p->pRel;
  u64 h = counterHash(ASSOC_HASH_START, p->zCol);
  int i;
  h = counterHash(h, pRel->pTarget->pTable->zName);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    h = counterHash(h, pRel->foreign.azCol[i]);
    h = counterHash(h, pRel->sourceKey.azCol[i]);
  }
  assert(p->nCond <= COUNTER_MAX_COND);
  /* All that the triggers compare is part of the name: triggers of an older
  ** definition have another name, and do not count. */
  for (i = 0; i < p->nCond; i++) {
    h = counterHash(h, p->azCond[i]);
    h = counterHash(h, p->azValue[i]);
  }
  return assocArenaPrintf(pCall, pArena, "assoc_count_%s.%s_%016llx",
                          pRel->pSource->pTable->zName, pRel->zName, h);
}

/* Are all triggers of the counter there? */
static int counterKept(AssocCall *pCall, const AssocCounter *p) {
  const AssocTable *pUp = p->pRel->pSource->pTable;
  int bSelf = pUp == p->pRel->pTarget->pTable, n;
  sqlite3_stmt *pStmt;
  if (p->zWhy || p->iCol < 0 || p->zName == 0) return 0;
  assert(p->iCol < pUp->nCol);
  pStmt = assocPrepare(pCall,
                       "SELECT count(*) FROM \"%w\".sqlite_schema"
                       " WHERE type='trigger' AND substr(name,1,%d)=%Q",
                       pUp->pSchema->zName, (int)strlen(p->zName), p->zName);
  n = assocStep(pCall, pStmt) ? sqlite3_column_int(pStmt, 0) : 0;
  assocFinalize(pCall, pStmt);
  return n == (bSelf ? COUNTER_NTRIGGER_SELF : COUNTER_NTRIGGER);
}

/* It is made once for each association; the catalog is read again when the
** schema changes, so bKept does not get old. */
AssocCounter *assocCounterOf(AssocCall *pCall, AssocRel *pRel) {
  AssocArena *pArena = &pRel->pDef->pSchema->pCatalog->mem;
  AssocCounter *p;
  if (pRel->pOpt->zCounter == 0 || pRel->pCounter) return pRel->pCounter;
  p = assocAlloc(pCall, pArena, sizeof(*p));
  if (p == 0) return 0;
  p->pRel = pRel;
  p->zCol = pRel->pOpt->zCounter;
  p->iCol = assocColumnFind(pRel->pSource->pTable, p->zCol);
  if (p->iCol >= 0) p->zCol = pRel->pSource->pTable->aCol[p->iCol].zName;
  p->azCond = assocAlloc(pCall, pArena, sizeof(char *) * COUNTER_MAX_COND);
  p->azValue = assocAlloc(pCall, pArena, sizeof(char *) * COUNTER_MAX_COND);
  if (p->azCond == 0 || p->azValue == 0) return 0;
  assert(pRel->eKind == ASSOC_HASMANY); /* The options were checked */
  p->zWhy = counterWhy(pRel);
  counterPreds(pCall, pArena, p, pRel->pScope);
  counterTarget(pCall, pArena, p);
  p->zName = counterName(pCall, pArena, p);
  p->bKept = (u8)counterKept(pCall, p);
  if (pCall->rc != SQLITE_OK) return 0;
  pRel->pCounter = p;
  return p;
}

/* A policy hides rows from some and not from others, so that no one number is
** right. */
int assocCounterColumn(AssocCall *pCall, AssocModel *pModel,
                       const ShapeName *pPath, const ShapeAgg *pAgg,
                       int bKept) {
  AssocCounter *p = 0;
  AssocRel *pRel;
  if (pAgg->eAgg != SHAPE_AGG_COUNT || pAgg->pCol || pAgg->pWhere ||
      pPath == 0 || pPath->pNext) {
    return -1;
  }
  pRel = assocRelSeek(pCall, pModel, pPath->z);
  if (pRel) p = assocCounterOf(pCall, pRel);
  if (p == 0) return -1;
  if (!bKept) return p->iCol;
  /* A session counts only the rows that it may see, and the column counts all. */
  if (!p->bKept || assocPolicyOf(pCall, pRel->pTarget->pTable) ||
      assocColumnSeek(pCall, pModel->pTable, p->zCol) < 0) {
    return -1;
  }
  return p->iCol;
}
