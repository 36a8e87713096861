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

/* Raise the error for an unknown option, with a suggestion and the list. */
static void optionUnknown(AssocCall *pCall, const char *zKey, int n,
                          const AssocOption *a, const char *zHas) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  AssocNearest near;
  char *z;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zKey;
  sqlite3_str_appendf(pStr, "%s ", zHas);
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
  AssocJson *p;
  int i;
  assert(pJson && pJson->eType == ASSOC_J_OBJECT);
  for (p = pJson->pChild; p && r->pCall->rc == SQLITE_OK; p = p->pNext) {
    for (i = 0; i < n && strcmp(a[i].zName, p->zKey) != 0; i++) {
    }
    if (i == n) {
      optionUnknown(r->pCall, p->zKey, n, a, zHas);
    } else if (p->eType == ASSOC_J_TEXT && (int)strlen(p->z) != p->n) {
      assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, p->zKey,
                   "the option %s must not contain a NUL character", p->zKey);
    } else if (a[i].zType && strchr(a[i].zType, typeLetter(p)) == 0) {
      optionMistyped(r->pCall, p, a[i].zMust);
    } else if (a[i].xTake && p->eType != ASSOC_J_NULL) {
      a[i].xTake(r, p, (char *)r->pInto + a[i].iInto);
    }
  }
}

void assocOptionsOf(AssocCall *pCall, const char *zJson, int n,
                    const AssocOption *a, const char *zHas, void *pInto) {
  AssocArena mem;
  AssocOptionReader r = {pCall, &mem, pInto};
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
