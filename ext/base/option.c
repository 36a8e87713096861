/*
** Options: JSON objects that say how something should be done.
**
**   {"dryRun": true, "guess": 0.9}
**
** A table lists the valid options: name, types, and the function that stores
** the value. An unknown option is an error that lists the valid ones.
*/
#include "base/base.h"

/* The letter of a value's type in AssocOption.zType; ' ' for an empty text or
** array. */
static char typeLetter(const AssocJson *p) {
  switch (p->eType) {
  case ASSOC_J_NULL: return 'n';
  case ASSOC_J_FALSE:
  case ASSOC_J_TRUE: return 'b';
  case ASSOC_J_TEXT: return p->n ? 't' : ' ';
  case ASSOC_J_ARRAY: return p->nChild ? 'a' : ' ';
  case ASSOC_J_OBJECT: return 'o';
  }
  return '1';
}

/* Raise the error that the value of an option has the wrong type. */
static void optionMistyped(AssocCall *pCall, const AssocJson *p,
                           const char *zMust) {
  if (typeLetter(p) == ' ') {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, p->zKey, "the option %s is empty",
                 p->zKey);
  } else {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, p->zKey,
                 "the option %s must be %s, not %s", p->zKey, zMust,
                 assocJsonTypeName(p));
  }
}

/* The option of that name, or 0. */
static const AssocOption *optionFind(const char *zKey, int n,
                                     const AssocOption *a) {
  int i;
  assert(zKey && n > 0);
  for (i = 0; i < n; i++) {
    if (strcmp(a[i].zName, zKey) == 0) return &a[i];
  }
  return 0;
}

/* Raise the error for an unknown option, with a suggestion and the list.
** bStored: the object comes from a row, which a newer version may have
** written. */
static void optionUnknown(AssocCall *pCall, int bStored, const char *zKey,
                          int n, const AssocOption *a, const char *zHas) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  AssocNearest near;
  char *z;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zKey;
  sqlite3_str_appendf(pStr, "%s%s ", bStored ? ASSOC_NEWER : "", zHas);
  for (i = 0; i < n; i++) {
    assocNearestTry(&near, a[i].zName);
    sqlite3_str_appendf(pStr, "%s%s",
                        i == 0      ? ""
                        : i < n - 1 ? ", "
                                    : " and ",
                        a[i].zName);
  }
  z = assocStrFinish(pCall, pStr);
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_OPTION,
                        .zName = zKey,
                        .zNear = near.zBest,
                        .zQuote = "\"",
                        .zHint = z},
            "there is no option \"%s\"", zKey);
  sqlite3_free(z);
}

void assocOptionsRead(AssocOptionReader *r, AssocJson *pJson, int n,
                      const AssocOption *a, const char *zHas) {
  const AssocOption *pOption;
  AssocJson *p;
  assert(pJson && pJson->eType == ASSOC_J_OBJECT);
  for (p = pJson->pChild; p && r->pCall->rc == SQLITE_OK; p = p->pNext) {
    pOption = optionFind(p->zKey, n, a);
    if (pOption == 0) {
      optionUnknown(r->pCall, r->bStored, p->zKey, n, a, zHas);
    } else if (p->eType == ASSOC_J_TEXT && (int)strlen(p->z) != p->n) {
      assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, p->zKey,
                   "the option %s must not contain a NUL character", p->zKey);
    } else if (pOption->zType && strchr(pOption->zType, typeLetter(p)) == 0) {
      optionMistyped(r->pCall, p, pOption->zMust);
    } else if (pOption->xTake && p->eType != ASSOC_J_NULL) {
      pOption->xTake(r, p, (char *)r->pInto + pOption->iInto);
    }
  }
}

char *assocOptionsStored(AssocCall *pCall, AssocArena *pArena, AssocJson *pJson,
                         int nOption, const AssocOption *aOption) {
  AssocOut out;
  i64 n = 0;
  char *z, *zKept;
  int i;
  if (pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, 0x7fffffff);
  for (i = 0; i < nOption; i++) {
    const AssocJson *p = assocJsonGet(pJson, aOption[i].zName);
    if (p == 0 || p->eType == ASSOC_J_NULL || aOption[i].xTake) continue;
    assocOutPrintf(&out, "%s\"%s\":", out.p == out.pStart ? "{" : ",", p->zKey);
    assocJsonWrite(&out, p);
  }
  if (out.p == out.pStart) assocOutText(&out, "{", 1);
  assocOutText(&out, "}", 1);
  z = assocBufText(pCall, &out, &n);
  zKept = assocArenaText(pCall, pArena, z, (int)n);
  sqlite3_free(z);
  return zKept;
}

void assocOptionsKnown(AssocCall *pCall, const AssocJson *pJson, int n,
                       const AssocOption *a, const char *zHas) {
  const AssocJson *p;
  assert(pJson && pJson->eType == ASSOC_J_OBJECT);
  for (p = pJson->pChild; p; p = p->pNext) {
    if (optionFind(p->zKey, n, a) == 0) {
      optionUnknown(pCall, 1, p->zKey, n, a, zHas);
    }
  }
}

void assocOptionsOf(AssocCall *pCall, const char *zJson, int n,
                    const AssocOption *a, const char *zHas, void *pInto) {
  AssocArena mem;
  AssocOptionReader r = {pCall, &mem, pInto, 0};
  AssocJson *pJson;
  if (zJson == 0) return;
  memset(&mem, 0, sizeof(mem));
  pJson = assocJsonObject(pCall, &mem, zJson, -1, "the options");
  if (pJson) assocOptionsRead(&r, pJson, n, a, zHas);
  assocArenaFree(&mem);
}

void assocOptionFlag(AssocOptionReader *r, AssocJson *p, void *pInto) {
  (void)r;
  *(int *)pInto = p->eType == ASSOC_J_TRUE;
}
