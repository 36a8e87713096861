/*
** Keys and rows as callers name them.
**
**   7   'abc'                 one key
**   '[1,2]'                   two keys; or one composite key
**   '[[1,2],[1,3]]'           two composite keys
**   '{"id":7, ...}'           a row with its key, as a load gives it. Beside
**   '[{"id":7}, ...]'         the key only the join row's columns count
**   '{"post":7}'              a target of a polymorphic association
*/
#include "write/write.h"

/* Can this JSON name a row? NULL cannot, and an array cannot for a key of one
** column. */
static int namesRow(const AssocModel *pModel, const AssocJson *pJson) {
  return pJson->eType != ASSOC_J_NULL &&
         (pJson->eType != ASSOC_J_ARRAY || pModel->nKey > 1);
}

/* The key in a JSON value, in this arena of the writer. */
static WriteVal *keyIn(AssocWriter *w, AssocArena *pArena,
                       const AssocModel *pModel, const AssocJson *pJson) {
  int i, n = pModel->nKey;
  WriteVal *aKey = assocAlloc(w->pCall, pArena, (i64)sizeof(*aKey) * (n + 1));
  const AssocJson **apPart =
      assocAlloc(w->pCall, pArena, (i64)sizeof(*apPart) * (n + 1));
  if (aKey == 0 || apPart == 0 || !namesRow(pModel, pJson)) return 0;
  if (!assocModelKeyParts(pModel, pJson, apPart)) return 0;
  assocBlobKey(w->pCall, pArena, &w->pBlobs, pModel, apPart);
  for (i = 0; i < n; i++) aKey[i].pJson = apPart[i];
  return w->pCall->rc == SQLITE_OK ? aKey : 0;
}

WriteVal *assocKeyOfJson(AssocWriter *w, const AssocModel *pModel,
                         const AssocJson *pJson) {
  return keyIn(w, &w->tmp, pModel, pJson);
}

/* A key of one column. Text may stand for a BLOB: see sql/blobkey.c. */
static WriteVal *keyOfOne(AssocWriter *w, const AssocModel *pModel,
                          sqlite3_value *pVal) {
  WriteVal *aKey = assocAlloc(w->pCall, &w->one, sizeof(*aKey));
  if (pModel->nKey != 1) assocModelKeyShape(w->pCall, pModel, 0);
  if (w->pCall->rc != SQLITE_OK) return 0;
  if (sqlite3_value_type(pVal) == SQLITE_INTEGER) {
    aKey->i = sqlite3_value_int64(pVal);
    return aKey;
  }
  aKey->pJson = assocBlobKeyOfText(w->pCall, &w->one, &w->pBlobs, pModel, pVal);
  if (aKey->pJson == 0) aKey->pVal = pVal;
  return w->pCall->rc == SQLITE_OK ? aKey : 0;
}

/* The argument "key" of every writer. 0 after an error. */
WriteVal *assocKeyOfValue(AssocWriter *w, const AssocModel *pModel,
                          sqlite3_value *pVal) {
  const char *z = pModel->nKey > 1 ? assocJsonText(w->pCall, pVal) : 0;
  AssocJson *pJson;
  WriteVal *aKey = 0;
  assocModelNeedKey(w->pCall, pModel);
  if (w->pCall->rc != SQLITE_OK) return 0;
  if (z == 0) return keyOfOne(w, pModel, pVal);
  pJson = assocJsonRead(w->pCall, &w->one, z, sqlite3_value_bytes(pVal),
                        "a composite key");
  if (pJson) aKey = assocKeyOfJson(w, pModel, pJson);
  if (aKey == 0) assocModelKeyShape(w->pCall, pModel, 0);
  return aKey;
}

const WriteVal **assocKeysOfList(AssocWriter *w, const AssocModel *pModel,
                                 sqlite3_value *pVal, int *pn) {
  const char *z = assocJsonText(w->pCall, pVal);
  const AssocJson *pSub, *pJson = 0;
  const WriteVal **aaKey;
  *pn = 0;
  assocModelNeedKey(w->pCall, pModel);
  if (z) {
    pJson = assocJsonRead(w->pCall, &w->one, z, sqlite3_value_bytes(pVal),
                          "the keys");
  }
  if (pJson == 0 || pJson->eType != ASSOC_J_ARRAY) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, "many",
                 "with {\"many\":true} the keys of %s are a JSON array",
                 pModel->zLabel);
    return 0;
  }
  aaKey =
      assocAlloc(w->pCall, &w->one, (i64)sizeof(*aaKey) * (pJson->nChild + 1));
  for (pSub = pJson->pChild; aaKey && pSub; pSub = pSub->pNext) {
    aaKey[*pn] = keyIn(w, &w->one, pModel, pSub);
    if (aaKey[*pn] == 0) assocModelKeyShape(w->pCall, pModel, pSub);
    if (w->pCall->rc != SQLITE_OK) return 0;
    (*pn)++;
  }
  return aaKey;
}

/* 0 without an error for SQL NULL. */
AssocJson *assocObjectOfValue(AssocWriter *w, sqlite3_value *pVal,
                              const char *zWhat) {
  const char *z;
  if (sqlite3_value_type(pVal) == SQLITE_NULL) return 0;
  z = (const char *)sqlite3_value_text(pVal);
  if (z == 0) assocErrorCode(w->pCall, SQLITE_NOMEM);
  if (z == 0) return 0;
  return assocJsonObject(w->pCall, &w->one, z, sqlite3_value_bytes(pVal),
                         zWhat);
}

/* 0 and *pn=0 for NULL, which is allowed for every kind of association. */
WriteCell *assocThroughOfValue(AssocWriter *w, const AssocRel *pRel,
                               sqlite3_value *pVal, int *pn) {
  AssocJson *pJson = 0;
  *pn = 0;
  if (pVal) pJson = assocObjectOfValue(w, pVal, "the columns of the join row");
  if (pJson == 0) return 0;
  if (pRel->eKind != ASSOC_BELONGSTOMANY) {
    assocErrorOf(
        w->pCall, ASSOC_E_UNSUPPORTED, pRel->pSource->zLabel, pRel->zName,
        "%s.%s has no join table, whose columns could be set; only and "
        "return belong to the options, which are another argument",
        pRel->pSource->zLabel, pRel->zName);
    return 0;
  }
  return assocThroughCells(w, pRel, pJson, pn);
}

/* ----------------------------------------------------------------- targets */

/* The member of a target that has the columns of the join row, or 0. */
static const AssocJson *throughOf(const AssocRel *pRel,
                                  const AssocJson *pJson) {
  const AssocJson *p = pJson->eType == ASSOC_J_OBJECT ? pJson->pChild : 0;
  for (; p; p = p->pNext) {
    if (p->eType == ASSOC_J_OBJECT && assocIsThrough(pRel, p->zKey)) return p;
  }
  return 0;
}

/* One target: a key or a row with its key. An error if it is neither. */
static void targetOfJson(AssocWriter *w, AssocRel *pRel, const AssocJson *pJson,
                         WriteTarget *p) {
  int iBranch;
  pJson = assocRelBranch(w->pCall, pRel, pJson, &iBranch);
  p->pLink = pJson ? assocLinkOf(w, pRel, iBranch) : 0;
  if (p->pLink == 0) return;
  p->pThrough = throughOf(pRel, pJson);
  p->aKey = assocKeyOfJson(w, p->pLink->pTarget, pJson);
  if (p->aKey) return;
  if (pJson->eType == ASSOC_J_OBJECT && w->pCall->rc == SQLITE_OK) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pRel->pSource->zLabel, pRel->zName,
                 "a target of %s.%s needs its key, and this row has none; "
                 "assoc_create() makes new rows",
                 pRel->pSource->zLabel, pRel->zName);
  }
  assocModelKeyShape(w->pCall, p->pLink->pTarget, 0);
}
/* All targets in a JSON text: one, or an array of them. */

/* One key, or a list of them; for a composite key an array of values is one
** key. */
static void targetsOfJson(AssocWriter *w, AssocRel *pRel,
                          const AssocJson *pJson, WriteTargets *p) {
  int bList = assocModelKeyList(pRel->pTarget, pJson),
      n = bList ? pJson->nChild : 1;
  const AssocJson *pSub = bList ? pJson->pChild : pJson;
  p->a = assocAlloc(w->pCall, &w->one, (i64)sizeof(*p->a) * (n + 1));
  while (p->n < n && w->pCall->rc == SQLITE_OK) {
    if (bList && pSub->eType == ASSOC_J_ARRAY && pRel->pTarget->nKey == 1) {
      assocModelKeyShape(w->pCall, pRel->pTarget, 0);
      return;
    }
    targetOfJson(w, pRel, pSub, &p->a[p->n++]);
    pSub = pSub->pNext;
  }
}

/* NULL means no targets. All targets are read before the first one is
** linked. */
void assocTargetsOf(AssocWriter *w, AssocRel *pRel, sqlite3_value *pVal,
                    WriteTargets *p) {
  const char *z = assocJsonText(w->pCall, pVal);
  int iBranch;
  memset(p, 0, sizeof(*p));
  if (w->pCall->rc != SQLITE_OK || sqlite3_value_type(pVal) == SQLITE_NULL) {
    return;
  }
  assocModelNeedKey(w->pCall, pRel->pTarget);
  if (z) {
    AssocJson *pJson = assocJsonRead(
        w->pCall, &w->one, z, sqlite3_value_bytes(pVal), "a list of targets");
    if (pJson) targetsOfJson(w, pRel, pJson, p);
    return;
  }
  p->a = assocAlloc(w->pCall, &w->one, sizeof(*p->a));
  if (p->a == 0) return;
  (void)assocRelBranch(w->pCall, pRel, 0, &iBranch);
  p->a[0].pLink = assocLinkOf(w, pRel, 0);
  if (p->a[0].pLink == 0) return;
  p->a[0].aKey = keyOfOne(w, p->a[0].pLink->pTarget, pVal);
  p->n = 1;
}

/* The keys of the targets from the first on that are to be related in the same
** way. *pn of them; 0 if they are fewer than two, or after an error. */
static const WriteVal **targetsAlike(AssocWriter *w, const WriteTargets *p,
                                     int *pn) {
  const WriteTarget *a = p->a;
  const WriteVal **aaKey = 0;
  int i, n = 0;
  while (n < p->n && a[n].pLink == a[0].pLink && !a[n].pThrough) n++;
  if (n > 1 && w->pCall->rc == SQLITE_OK) {
    aaKey = assocAlloc(w->pCall, &w->one, (i64)sizeof(*aaKey) * n);
  }
  for (i = 0; aaKey && i < n; i++) aaKey[i] = a[i].aKey;
  *pn = n;
  return aaKey;
}

void assocTargetsUnlink(AssocWriter *w, const WriteRow *pSource,
                        const WriteTargets *p, WriteChanges *pChanges) {
  int i = 0, n;
  const WriteVal **aaKey = targetsAlike(w, p, &n);
  if (aaKey) {
    i = assocLinkRemoveSome(w, p->a[0].pLink, pSource, n, aaKey, 0, pChanges);
  }
  for (; i < p->n && w->pCall->rc == SQLITE_OK; i++) {
    assocLinkRemove(w, p->a[i].pLink, pSource, p->a[i].aKey, pChanges);
  }
}

/* Columns of a target's own join row replace those of the call. */
void assocTargetsLink(AssocWriter *w, const AssocRel *pRel,
                      const WriteRow *pSource, const WriteTargets *p,
                      int nThrough, const WriteCell *aThrough,
                      const WriteOnly *pOnly, WriteChanges *pChanges) {
  const WriteVal **aaKey;
  int i = 0, n;
  if (!pRel->bMany && p->n > 1) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pRel->pSource->zLabel, pRel->zName,
                 "%s.%s is one row, and %d were given", pRel->pSource->zLabel,
                 pRel->zName, p->n);
  }
  assert(p->n == 0 || p->a);
  aaKey = targetsAlike(w, p, &n);
  if (aaKey) {
    i = assocLinkAddSome(w, p->a[0].pLink, pSource, n, aaKey, nThrough,
                         aThrough, pChanges);
  }
  for (; i < p->n && w->pCall->rc == SQLITE_OK; i++) {
    const WriteTarget *pTarget = &p->a[i];
    const WriteCell *aOwn = aThrough;
    int nOwn = nThrough;
    if (pTarget->pThrough) {
      aOwn = assocThroughCells(w, pRel, pTarget->pThrough, &nOwn);
      if (aOwn == 0) return;
    }
    assocOnlyThrough(w, pOnly, nOwn, aOwn, "");
    assocLinkAdd(w, pTarget->pLink, pSource, pTarget->aKey, nOwn, aOwn,
                 pChanges);
  }
}
