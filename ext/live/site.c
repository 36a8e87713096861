/*
** The sites of a query: every place where it reads rows of a table.
**
**   Post{title author{name} comments.count(spam = 0)}
**
**   site 0  posts                          the roots
**   site 1  users      posts.author_id = users.id
**   site 2  comments   posts.id = comments.post_id
**
** A change of a row can change a document only if the row is at a site, before
** or after the change. Conditions, orders and limits are not looked at, except
** for the tables that they read: so a site may have more rows than the query
** reads, and never fewer.
*/
#include "live/live.h"

typedef struct SiteWalk SiteWalk;
struct SiteWalk {
  AssocCall *pCall;   /* Receives the first error */
  AssocArena *pArena; /* Holds the sites */
  AssocLive *pLive;   /* The document whose sites are collected */
  AssocSql sql;       /* To find associations by name; writes nothing */
  sqlite3_str *pSign; /* What the query means: definitions, keys, columns */
  LiveSite **ppEnd;   /* The last pNext of the list */
  LiveSite **apNode;  /* The site of each node of the plan */
  int bLike;          /* A condition uses LIKE */
  int nDepth;         /* Levels of the shape above */
};

static void walkPred(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                     const ShapePred *pPred);
static void walkSort(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                     const ShapeSort *pSort);
static void walkModel(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                      const ShapeClauses *pC);

/* ------------------------------------------------------------- signature */

/* The names of the key's columns, for the text that identifies what a query
** means. */
static void signKey(SiteWalk *w, const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(w->pSign, " %Q", pKey->azCol[i]);
  }
}

/* A new site: its table, its link, and the definition behind it. */
static void signSite(SiteWalk *w, const LiveSite *p) {
  const AssocDef *pDef = p->pRel ? p->pRel->pDef : 0;
  assert(p->eStep <= LIVE_STEP_BRANCH);
  assert(p->pUp == 0 || p->pUp->iSite < p->iSite);
  /* The table's name comes from the schema as it spells it. The database's name is
  ** not written: another connection may attach the file under another one. */
  sqlite3_str_appendf(w->pSign, "site %d %d %d %d %Q", p->iSite,
                      p->pUp ? p->pUp->iSite : -1, p->eStep,
                      p->pLoop ? p->pLoop->iSite : -1, p->pTab->zName);
  if (p->pUp) {
    signKey(w, p->link.pRef);
    signKey(w, p->link.pFor);
  }
  if (pDef) {
    sqlite3_str_appendf(w->pSign, " %Q %Q %Q %Q %Q %Q", pDef->zModel,
                        pDef->zName, pDef->zKind, pDef->zTarget, pDef->zOptions,
                        p->pRel->pSource->zName);
  }
  /* The definition's own text, and not what it resolves to: a change of it makes
  ** the store stale even where it happens to mean the same. */
  if (p->eStep == LIVE_STEP_BRANCH) {
    sqlite3_str_appendf(w->pSign, " %Q", p->pRel->aBranch[p->iBranch].zType);
  }
  sqlite3_str_appendall(w->pSign, "\n");
}

/* PRAGMA case_sensitive_like, which belongs to the connection. */
static void signLike(SiteWalk *w) {
  sqlite3_stmt *pStmt = assocPrepare(w->pCall, "SELECT 'a' LIKE 'A'");
  if (assocStep(w->pCall, pStmt)) {
    sqlite3_str_appendf(w->pSign, "like %d\n", sqlite3_column_int(pStmt, 0));
  }
  assocFinalize(w->pCall, pStmt);
}

/* ------------------------------------------------------------------ sites */

/* Does a policy of the table hide columns, or bind the owner too? */
static int hidesFromOwner(AssocCall *pCall, const AssocTable *pTab) {
  const AssocPolicy *p = assocPolicyAll(pCall, pTab);
  int i;
  if (pCall->rc != SQLITE_OK) return 0; /* Not all of it was read */
  for (; p; p = p->pNext) {
    if (p->bForce) return 1;
    for (i = 0; i < pTab->nCol; i++) {
      if (p->aColumn[i] & ASSOC_COLUMN_HIDE) return 1;
    }
  }
  return 0;
}

/* A base table must be an ordinary table of the same file as the roots, and its
** links must not be rowids, which VACUUM may change. */
static void siteCheck(SiteWalk *w, const LiveSite *p) {
  const AssocTable *pTab = p->pTab;
  const AssocKey *pKey = p->link.bRefIsUp ? p->link.pFor : p->link.pRef;
  const AssocKey *pUpKey = p->link.bRefIsUp ? p->link.pRef : p->link.pFor;
  int i;
  /* Three refusals. The error names one: each needs another answer from the
  ** user. */
  if (pTab->eType != ASSOC_TABLE) {
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pTab->zName, w->pLive->zName,
                 "a live document cannot read the %s %s; its changes cannot be "
                 "logged",
                 pTab->eType == ASSOC_VIEW ? "view" : "virtual table",
                 pTab->zName);
  } else if (hidesFromOwner(w->pCall, pTab)) {
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pTab->zName, w->pLive->zName,
                 "a live document cannot read %s, whose policy says hide or "
                 "force: everybody can read a stored document by SQL",
                 pTab->zName);
  } else if (pTab->pSchema != w->pLive->pSchema) {
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pTab->zName, w->pLive->zName,
                 "a live document reads the tables of one database; %s is in "
                 "%s, not in %s",
                 pTab->zName, pTab->pSchema->zName, w->pLive->pSchema->zName);
  }
  if (p->pUp == 0) return;
  assert(pKey->nCol == pUpKey->nCol); /* A link compares column by column */
  /* A column number of nCol stands for a rowid without a column */
  for (i = 0; i < pKey->nCol; i++) {
    if (pKey->aCol[i] < pTab->nCol && pUpKey->aCol[i] < p->pUp->pTab->nCol) {
      continue;
    }
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pTab->zName, p->pRel->zName,
                 "a live document cannot follow %s by a rowid, which VACUUM "
                 "may change; declare an INTEGER PRIMARY KEY",
                 p->pRel->zName);
  }
}

/* Append a copy of pFrom with a number of its own, check that its table can be
** logged, and add it to the text that identifies the query. */
static LiveSite *siteNew(SiteWalk *w, const LiveSite *pFrom) {
  LiveSite *p = assocAlloc(w->pCall, w->pArena, sizeof(*p));
  if (p == 0) return 0;
  *p = *pFrom;
  p->iSite = w->pLive->nSite++;
  assert(p->pTab && (p->pUp != 0) == (p->iSite > 0)); /* One root, the first */
  if (p->pUp) p->pUp->bChild = 1;
  *w->ppEnd = p;
  w->ppEnd = &p->pNext;
  siteCheck(w, p);
  signSite(w, p);
  return w->pCall->rc == SQLITE_OK ? p : 0;
}

/* The site that one step leads to. *pbNew is 1 if the query takes this step for
** the first time. */
static LiveSite *siteStep(SiteWalk *w, const LiveSite *pWanted, int *pbNew) {
  LiveSite *p;
  assert(pWanted->pUp); /* A step has a site above */
  *pbNew = 0;
  if (w->pCall->rc != SQLITE_OK) return 0;
  /* Sites below come behind pUp in the list, since they were made after it. A
  ** query that names an association twice, in an item and in a condition, has one
  ** site for both: which rows each takes does not matter here. */
  for (p = pWanted->pUp->pNext; p; p = p->pNext) {
    if (p->pUp == pWanted->pUp && p->pRel == pWanted->pRel &&
        p->iBranch == pWanted->iBranch && p->pLoop == pWanted->pLoop) {
      assert(p->eStep == pWanted->eStep); /* It follows from the association */
      return p;
    }
  }
  *pbNew = 1;
  return siteNew(w, pWanted);
}

/* The join rows of a belongsToMany. */
static LiveSite *siteJoin(SiteWalk *w, LiveSite *pUp, AssocRel *pRel,
                          LiveSite *pLoop) {
  LiveSite want = {.pUp = pUp, .pTab = pRel->pThrough, .pRel = pRel};
  AssocModel *pJoin = assocModelOf(w->pCall, pRel->pThrough);
  LiveSite *p;
  int bNew;
  assert(pRel->eKind == ASSOC_BELONGSTOMANY && pRel->nPath == 0);
  want.eStep = LIVE_STEP_JOIN;
  want.pLoop = pLoop;
  want.link.pRefTab = pRel->pSource->pTable;
  want.link.pRef = &pRel->sourceKey;
  want.link.pForTab = pRel->pThrough;
  want.link.pFor = &pRel->foreign;
  want.link.bRefIsUp = 1;
  p = siteStep(w, &want, &bNew);
  if (p && bNew) {
    assert(pJoin);
    walkModel(w, p, pJoin, 0);
    walkPred(w, p, pJoin, pRel->pThroughScope);
  }
  return p;
}

/* Set the link of a step that has no join table. */
static void siteLink(LiveSite *p, const AssocRel *pRel) {
  int bUp = pRel->eKind == ASSOC_BELONGSTO;
  const AssocTable *pSrc = pRel->pSource->pTable;
  const AssocTable *pTgt = pRel->pTarget->pTable;
  assert(pRel->eKind != ASSOC_BELONGSTOMANY && pRel->nPath == 0);
  p->link.pRefTab = bUp ? pTgt : pSrc;
  p->link.pRef = bUp ? &pRel->targetKey : &pRel->sourceKey;
  p->link.pForTab = bUp ? pSrc : pTgt;
  p->link.pFor = &pRel->foreign;
  p->link.bRefIsUp = (u8)!bUp;
}

/* The rows of an association that is no path. pLoop: the loop whose step it
** is, or 0; bLast: and the loop ends with it. */
static LiveSite *siteRows(SiteWalk *w, LiveSite *pUp, AssocRel *pRel,
                          LiveSite *pLoop) {
  LiveSite want = {.pTab = pRel->pTarget->pTable, .pRel = pRel};
  LiveSite *p;
  int bNew;
  assert(pRel->nPath == 0); /* siteRel() takes a path apart */
  want.pLoop = pLoop;
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pUp = siteJoin(w, pUp, pRel, pLoop);
    if (pUp == 0) return 0;
    want.eStep = LIVE_STEP_TARGET;
    want.link.pRefTab = pRel->pTarget->pTable;
    want.link.pRef = &pRel->targetKey;
    want.link.pForTab = pRel->pThrough;
    want.link.pFor = &pRel->other;
  } else {
    want.eStep = LIVE_STEP_ROWS;
    siteLink(&want, pRel);
  }
  want.pUp = pUp;
  p = siteStep(w, &want, &bNew);
  if (p == 0 || !bNew) return p;
  walkPred(w, p, pRel->pTarget, pRel->pScope);
  walkSort(w, p, pRel->pTarget, pRel->pOrder);
  return p;
}

/* One target of a polymorphic association. */
static LiveSite *siteBranch(SiteWalk *w, LiveSite *pUp, AssocRel *pRel,
                            int iBranch) {
  const AssocBranch *pBranch = &pRel->aBranch[iBranch];
  LiveSite want = {.pUp = pUp, .pTab = pBranch->pModel->pTable, .pRel = pRel};
  int bNew;
  assert(iBranch >= 0 && iBranch < pRel->nBranch);
  want.eStep = LIVE_STEP_BRANCH;
  want.iBranch = iBranch;
  want.link.pRefTab = pBranch->pModel->pTable;
  want.link.pRef = &pBranch->key;
  want.link.pForTab = pRel->pSource->pTable;
  want.link.pFor = &pRel->foreign;
  return siteStep(w, &want, &bNew);
}

/* The rows of an association; through a path, those of its last step. */
static LiveSite *siteRel(SiteWalk *w, LiveSite *pUp, AssocRel *pRel,
                         const ShapeClauses *pC, LiveSite *pLoop) {
  int i;
  if (w->pCall->rc != SQLITE_OK) return 0;
  assert(pUp && pRel);
  /* The clauses belong to the last step: they speak of the rows at the end. */
  if (pRel->nPath) {
    for (i = 0; i < pRel->nPath; i++) {
      pUp = siteRel(w, pUp, pRel->apPath[i], 0, pLoop);
    }
    walkPred(w, pUp, pRel->pTarget, pRel->pScope);
    walkSort(w, pUp, pRel->pTarget, pRel->pOrder);
  } else {
    pUp = siteRows(w, pUp, pRel, pLoop);
  }
  walkModel(w, pUp, pRel->pTarget, pC);
  return pUp;
}

/* The site at the end of a path of names before pEnd. With pOn, the last of
** them is a polymorphic association, and this is its model. */
static LiveSite *siteNames(SiteWalk *w, LiveSite *pAt, AssocModel **ppModel,
                           const ShapeName *pName, const ShapeName *pEnd,
                           const ShapeName *pOn) {
  AssocCatalog *pCat = w->pLive->pSchema->pCatalog;
  for (; pName && pName != pEnd; pName = pName->pNext) {
    AssocRel *pRel = assocSqlRel(&w->sql, *ppModel, pName);
    if (pRel == 0) return 0;
    /* Without "on", assocSqlRel() refuses a polymorphic association in a path. */
    if (pOn && pName->pNext == pEnd) {
      pRel = assocRelOn(w->pCall, pRel, assocModelFind(w->pCall, pCat, pOn->z));
      if (pRel == 0) return 0;
    }
    pAt = siteRel(w, pAt, pRel, 0, 0);
    *ppModel = pRel->pTarget;
  }
  return pAt;
}

/* -------------------------------------------------------------- conditions */

/* What a comparison or an order reads. */
static void walkKey(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                    const ShapeKey *pKey) {
  const ShapeName *pEnd;
  if (pKey == 0 || pKey->bAt) return;
  assert(pKey->pPath);
  if (pKey->pAgg) {
    pAt = siteNames(w, pAt, &pModel, pKey->pPath, 0, 0);
    walkPred(w, pAt, pModel, pKey->pAgg->pWhere);
    return;
  }
  /* The last name is a column: the path that leads to it ends before. */
  for (pEnd = pKey->pPath; pEnd->pNext; pEnd = pEnd->pNext) {
  }
  (void)siteNames(w, pAt, &pModel, pKey->pPath, pEnd, 0);
}

/* The tables that a condition reads. pAt: the site of the tested rows. */
static void walkPred(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                     const ShapePred *pPred) {
  const ShapePred *pSub;
  if (pPred == 0 || w->pCall->rc != SQLITE_OK) return;
  if (pPred->eOp == SHAPE_OP_SOME || pPred->eOp == SHAPE_OP_EVERY ||
      pPred->eOp == SHAPE_OP_NONE) {
    pAt = siteNames(w, pAt, &pModel, pPred->key.pPath, 0, pPred->pOn);
    walkPred(w, pAt, pModel, pPred->pSub);
    return;
  }
  for (pSub = pPred->pSub; pSub; pSub = pSub->pNext) {
    walkPred(w, pAt, pModel, pSub);
  }
  if (pPred->eOp <= SHAPE_OP_NOT) return;
  w->bLike |= pPred->eOp == SHAPE_OP_LIKE || pPred->eOp >= SHAPE_OP_STARTS;
  walkKey(w, pAt, pModel, &pPred->key);
  walkKey(w, pAt, pModel, pPred->pOther);
}

/* The tables that an order reads. */
static void walkSort(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                     const ShapeSort *pSort) {
  for (; pSort; pSort = pSort->pNext) walkKey(w, pAt, pModel, &pSort->key);
}

/* The scopes of a model that apply under the clauses. */
static void walkModel(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                      const ShapeClauses *pC) {
  const ShapeScope *pUse = 0;
  const AssocScope *pScope;
  int bStarted = 0;
  if (w->pCall->rc != SQLITE_OK) return;
  if (pModel->pDef) {
    sqlite3_str_appendf(w->pSign, "model %d %Q %Q\n", pAt->iSite,
                        pModel->pDef->zModel, pModel->pDef->zOptions);
  }
  while ((pScope = assocScopeNext(&w->sql, pModel, pC, &pUse, &bStarted))) {
    walkPred(w, pAt, pModel, pScope->pClauses->pWhere);
    walkSort(w, pAt, pModel, pScope->pClauses->pOrder);
  }
}

/* Conditions and order of an item, whose rows are at pAt. */
static void walkClauses(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                        const ShapeClauses *pC) {
  if (pC == 0 || pAt == 0) return;
  walkPred(w, pAt, pModel, pC->pWhere);
  walkSort(w, pAt, pModel, pC->pOrder);
  if (pC->pThrough) {
    AssocModel *pJoin = assocModelOf(w->pCall, pAt->pUp->pTab);
    assert(pAt->eStep == LIVE_STEP_TARGET); /* Others have no join rows */
    if (pJoin == 0) return;
    walkModel(w, pAt->pUp, pJoin, pC->pThrough);
    walkPred(w, pAt->pUp, pJoin, pC->pThrough->pWhere);
  }
}

/* Required items of a block. Those without members are no nodes of the plan. */
static void walkRequired(SiteWalk *w, LiveSite *pAt, AssocModel *pModel,
                         const ShapeItem *pItem) {
  for (; pItem; pItem = pItem->pNext) {
    AssocModel *pEnd = pModel;
    LiveSite *pTo = pAt;
    if (pItem->eType != SHAPE_ITEM_NAME || !pItem->bRequired) continue;
    if (pItem->pPath->pNext) {
      pTo = siteNames(w, pAt, &pEnd, pItem->pPath, 0, 0);
    } else {
      AssocRel *pRel = assocItemRel(&w->sql, pItem, pItem->pPath, pModel);
      if (pRel == 0) return;
      pTo = siteRel(w, pAt, pRel, pItem->pClauses, 0);
      pEnd = pRel->pTarget;
    }
    walkClauses(w, pTo, pEnd, pItem->pClauses);
    walkRequired(w, pTo, pEnd, pItem->pBlock);
  }
}

/* ------------------------------------------------------------------- plan */

/* "^": from the rows of a site the same association leads to rows of the same
** site. */
static void walkLoop(SiteWalk *w, LiveSite *pAt, AssocRel *pRel) {
  assert(pAt->pTab == pRel->pTarget->pTable); /* Of a model with itself */
  pAt->pSelf = siteRel(w, pAt, pRel, 0, pAt);
}

/* The number of a polymorphic association's target. */
static int siteBranchOf(const AssocNode *pNode) {
  int i = 0;
  while (pNode->pRel->aBranch[i].pModel != pNode->pModel ||
         strcmp(pNode->pRel->aBranch[i].zType, pNode->zType) != 0) {
    i++;
    assert(i < pNode->pRel->nBranch);
  }
  return i;
}

/* The sites of one node. Nodes come in the order of their numbers, so the
** parent's site exists. */
static void walkNode(SiteWalk *w, const AssocNode *pNode) {
  LiveSite *pUp = pNode->pParent ? w->apNode[pNode->pParent->iNode] : 0;
  LiveSite *pAt;
  assert(pNode->pParent == 0 || pUp); /* A value has no nodes below it */
  if (pNode->pValue && pNode->pValue->pPath) {
    walkKey(w, pUp, pNode->pParent->pModel, pNode->pValue);
    return;
  }
  if (pNode->pParent == 0) {
    pAt = w->pLive->pSite;
    walkModel(w, pAt, pNode->pModel, pNode->pClauses);
  } else if (pNode->bBranch) {
    pAt = siteBranch(w, pUp, pNode->pRel, siteBranchOf(pNode));
    walkModel(w, pAt, pNode->pModel, pNode->pClauses);
  } else {
    pAt = siteRel(w, pUp, pNode->pRel, pNode->pClauses, 0);
  }
  assert(pAt || w->pCall->rc != SQLITE_OK);
  w->apNode[pNode->iNode] = pAt;
  if (pAt == 0) return;
  walkClauses(w, pAt, pNode->pModel, pNode->pClauses);
  if (pNode->pValue) return;
  walkRequired(w, pAt, pNode->pModel, pNode->pBlock);
  if (pNode->bRecurse) walkLoop(w, pAt, pNode->pRel);
}

/* ----------------------------------------------------------------- refusal */

/* What a live document cannot have at its roots. */
static void checkRoot(SiteWalk *w, const AssocPlan *pPlan) {
  const AssocModel *pModel = pPlan->pRoot->pModel;
  const ShapeClauses *pC = pPlan->pShape->pClauses;
  const ShapeClauses *pAll = pPlan->pRoot->pClauses;
  int bUnique = 0;
  if (pPlan->nName + pPlan->pShape->nParam + pPlan->pShape->bNamed > 0) {
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, 0, w->pLive->zName,
                 "a live document has no parameters; write the values into its "
                 "query");
  }
  /* The plan of roots that are read one after another has none of these. */
  assert(pAll && !pAll->bPage && !pAll->pLast && !pAll->pBefore);
  if ((pC && pC->pOrder) || pAll->pLimit || pAll->pOffset || pAll->pFirst ||
      pAll->pAfter) {
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, 0, w->pLive->zName,
                 "the roots of a live document have no order, limit, offset or "
                 "page; order and limit the rows where you read them");
  }
  if (w->pCall->rc != SQLITE_OK) return;
  /* A document is found by its root's key, so the key must name one root. */
  (void)assocTableIndexOn(w->pCall, pModel->pTable, pModel->nKey, pModel->aKey,
                          &bUnique);
  if (pModel->pTable->eType == ASSOC_TABLE &&
      (!bUnique || pModel->aKey[0] >= pModel->pTable->nCol)) {
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pModel->zLabel, w->pLive->zName,
                 "a live document needs roots with a PRIMARY KEY, which %s "
                 "does not have",
                 pModel->zLabel);
  }
  assocModelKeyFits(w->pCall, pModel);
}

/* The rows of a site that leads on to others must have an identity. */
static void siteApart(SiteWalk *w) {
  const LiveSite *p;
  int aCol[ASSOC_KEY_MAX];
  for (p = w->pLive->pSite; p && w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (p->pUp && assocLiveLeads(p)) {
      (void)assocLiveIdentity(w->pCall, p->pTab, aCol);
    }
  }
}

/* Two numbers of 64 bits as a text. Two queries that mean different things have
** different texts. */
static const char *signHash(SiteWalk *w, const char *z) {
  u64 a = 0xcbf29ce484222325u, b = 0x9e3779b97f4a7c15u;
  for (; *z; z++) {
    a = (a ^ (u8)*z) * 0x100000001b3u;
    b = (b ^ (u8)*z ^ (b >> 29)) * 0xbf58476d1ce4e5b9u;
  }
  return assocArenaPrintf(w->pCall, w->pArena, "%016llx%016llx", a, b);
}

void assocLiveSites(AssocLive *p, AssocPlan *pPlan) {
  SiteWalk w = {.pCall = p->pCall, .pArena = p->pArena, .pLive = p};
  LiveSite root = {.pTab = pPlan->pRoot->pModel->pTable};
  char *z;
  int i;
  assert(p->pCall->rc == SQLITE_OK && pPlan->pRoot);
  assert(pPlan->apNode[0] == pPlan->pRoot); /* The root's site is the first */
  checkRoot(&w, pPlan);
  assocSqlStart(&w.sql, p->pCall, p->pArena, 0);
  w.pSign = sqlite3_str_new(p->pCall->db);
  /* Another version may print REAL values and JSON columns in another way */
  sqlite3_str_appendf(w.pSign, "%d\n%s\n", sqlite3_libversion_number(),
                      p->zQuery);
  w.apNode = assocAlloc(p->pCall, p->pArena,
                        (i64)sizeof(*w.apNode) * (pPlan->nNode + 1));
  p->pModel = pPlan->pRoot->pModel;
  p->nSite = 0;
  w.ppEnd = &p->pSite;
  if (w.apNode) (void)siteNew(&w, &root);
  for (i = 0; i < pPlan->nNode && p->pCall->rc == SQLITE_OK; i++) {
    walkNode(&w, pPlan->apNode[i]);
  }
  siteApart(&w);
  (void)assocSqlEnd(&w.sql);
  if (w.bLike) signLike(&w);
  z = assocStrFinish(p->pCall, w.pSign);
  if (z) p->zPlan = signHash(&w, z);
  sqlite3_free(z);
}
