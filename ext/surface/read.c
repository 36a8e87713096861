/*
** Reading: what is related to what, as JSON.
**
**   SELECT eager('User{name posts{title}}');
**     [{"name":"Alice","posts":[{"title":"Hello"}]}]
**   SELECT assoc_find('User', 1, 'posts.comments, profile');
**   SELECT assoc_get('User', 1, 'posts(order by id desc limit 3){title}');
**   SELECT assoc_count('User', 1, 'posts');
**   SELECT assoc_has('User', 1, 'posts', '[1,2]');
**
** All of them get a plan for their text, run it, and give it back; a Reader
** holds what they share. A source row that cannot be read, because it does not
** exist, is soft-deleted or is outside its default scope, gives NULL or 0.
*/
#include "surface/surface.h"

/* One call of a function of this file. */
typedef struct Reader Reader;
struct Reader {
  AssocCall *pCall;           /* Receives the first error */
  sqlite3_context *pCtx;      /* Receives the answer */
  int eAsk;                   /* ASSOC_ASK_*: what the function asks */
  const char *zModel, *zText; /* zModel is 0 for a query */
  sqlite3_value *pKey;        /* Of the root; 0 for a query */
  sqlite3_value *pTargets;    /* HAS */
  AssocPlan *pPlan;           /* Busy while the call runs */
  AssocKeys key;              /* OWNED: the root's key */
  AssocArgs args;             /* Parameters of the shape */
  char *zJson;                /* OWNED: the answer, of nJson bytes; or 0 */
  i64 nJson;                  /* Bytes of zJson */
  i64 iAnswer;                /* That of COUNT and HAS */
};

/* Does a composite key contain NULL? No row has such a key. */
static int noKey(const Reader *p) {
  assert(p->pPlan);
  return p->pPlan->pRoot->bKeyed && p->key.nKey == 0;
}

/* Is every one of the targets related? Without targets, does the source row
** exist? */
static int hasAll(Reader *p) {
  AssocKeys targets;
  int i, bAll = 1;
  assert(p->eAsk == ASSOC_ASK_HAS && p->pTargets);
  if (sqlite3_value_type(p->pTargets) == SQLITE_NULL) return 0;
  assocTargetsRead(p->pCall, p->pPlan->pAnswer, p->pTargets, &targets);
  for (i = 0; i < targets.nKey && bAll && p->pCall->rc == SQLITE_OK; i++) {
    bAll = assocRunAnswer(p->pCall, p->pPlan, &p->args,
                          &targets.apVal[i * targets.nCol]) > 0;
  }
  if (targets.nKey == 0 && p->pCall->rc == SQLITE_OK) {
    bAll = assocRunAnswer(p->pCall, p->pPlan, &p->args, 0) > 0;
  }
  assocKeysClear(&targets);
  return bAll;
}

/* Is the value the text of a JSON object? */
static int isObject(AssocCall *pCall, sqlite3_value *pVal) {
  const char *z = assocJsonText(pCall, pVal);
  AssocJson *pJson = 0;
  AssocArena mem;
  int bObject;
  memset(&mem, 0, sizeof(mem));
  if (z) pJson = assocJsonTry(pCall, &mem, z, sqlite3_value_bytes(pVal));
  bObject = pJson && pJson->eType == ASSOC_J_OBJECT;
  assocArenaFree(&mem);
  return bObject;
}

/* The options or the condition of Sequelize's findOne() in the place of a key:
** no row has such a key where the column holds numbers, so say what to write. Where
** it holds texts, do so if there is no such row (bMissing), and the text has nothing
** but options. */
static void readerNeedKey(Reader *p, int bMissing) {
  const AssocModel *pModel = p->pPlan->pRoot->pModel;
  const AssocTable *pTab = pModel->pTable;
  int eOptions;
  if (pModel->nKey != 1 || sqlite3_value_type(p->pKey) != SQLITE_TEXT) return;
  if (!bMissing && (pTab->aCol[pModel->aKey[0]].eAff != ASSOC_AFF_NUMERIC ||
                    !isObject(p->pCall, p->pKey))) {
    return;
  }
  eOptions = assocShapeIsOptions(p->pCall, p->pKey);
  if (bMissing && eOptions != ASSOC_OPTIONS_ALL) return;
  assocFail(p->pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zModel = pModel->zLabel,
                        .zHint =
                            "rows by a condition are a query: "
                            "eager('{\"model\":\"User\",\"where\":{...}}')"},
            "a key of %s is one value, not %s", pModel->zLabel,
            eOptions ? "find options" : "a JSON object");
}

/* Run the plan: the answer is in p, unless the call has an error. */
static void readerRun(Reader *p) {
  AssocCall *pCall = p->pCall;
  int bNull;
  if (p->pKey) {
    readerNeedKey(p, 0);
    assocKeyRead(pCall, p->pPlan->pRoot->pModel, p->pKey, &p->key);
    p->args.nKey = p->key.nCol;
    p->args.apKey = p->key.apVal;
  }
  if (pCall->rc == SQLITE_OK && !noKey(p)) {
    if (p->eAsk == ASSOC_ASK_COUNT) {
      p->iAnswer = assocRunAnswer(pCall, p->pPlan, &p->args, 0);
    } else if (p->eAsk == ASSOC_ASK_HAS) {
      p->iAnswer = hasAll(p);
    } else {
      p->zJson = assocRunJson(pCall, p->pPlan, &p->args, &p->nJson, &bNull);
    }
  }
  assocKeysClear(&p->key);
}

/* The answer is valid. If no row has the key, is it none? */
static void readerDone(Reader *p) {
  if (p->eAsk == ASSOC_ASK_FIND && p->zJson == 0) readerNeedKey(p, 1);
}

/* Run the plan that an earlier call in the same statement holds. False if there
** is none, or if its answer is not valid. */
static int readerHeld(Reader *p) {
  int bStale;
  assert(p->pPlan == 0 && p->zJson == 0);
  if (p->pKey == 0) return 0;
  p->pPlan = assocHoldFind(p->pCall, p->pCtx, 0, p->zModel, p->zText);
  if (p->pPlan == 0) return 0;
  readerRun(p);
  bStale = p->pPlan->hold.bStale;
  if (!bStale) readerDone(p);
  assocHoldRelease(p->pCall, p->pPlan);
  if (!bStale) return 1;
  sqlite3_free(p->zJson);
  p->zJson = 0;
  return p->pCall->rc != SQLITE_OK;
}

/* Answer the call, by a held plan or by one of the cache. */
static void readerCall(Reader *p, int nVal, sqlite3_value **apVal) {
  AssocCall *pCall = p->pCall;
  AssocCatalog *pCat;
  assert(nVal >= 0);
  p->args.nVal = nVal;
  p->args.apVal = apVal;
  if (pCall->rc != SQLITE_OK || readerHeld(p)) return;
  pCat = assocCatalogEnter(pCall);
  p->pPlan = assocPlanGet(pCall, pCat, p->eAsk, p->zModel, p->zText);
  if (p->pPlan && p->pKey) assocHoldKeep(pCall, p->pCtx, 0, p->pPlan);
  if (p->pPlan) {
    readerRun(p);
    readerDone(p);
  }
  assocPlanRelease(pCall, p->pPlan);
  assocCatalogLeave(pCall, pCat);
}

/* The answer as JSON, or NULL. */
static void readerJson(Reader *p) {
  if (p->pCall->rc == SQLITE_OK && p->zJson) {
    assocResultJson(p->pCtx, p->zJson, p->nJson);
  } else {
    sqlite3_free(p->zJson);
  }
}

/* eager(query [, params…]): a JSON array */
static void eagerFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                      sqlite3_value **ap) {
  Reader r = {.pCall = pCall, .pCtx = pCtx, .eAsk = ASSOC_ASK_EAGER};
  r.zText = assocArgText(pCall, ap[0], "the query");
  readerCall(&r, nArg - 1, ap + 1);
  readerJson(&r);
}

/* assoc_find(model, key [, shape [, params…]]): a JSON object, or NULL */
static void findFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  Reader r = {.pCall = pCall, .pCtx = pCtx, .eAsk = ASSOC_ASK_FIND};
  r.zModel = assocArgText(pCall, ap[0], "the model");
  r.pKey = ap[1];
  r.zText = nArg > 2 ? assocArgText(pCall, ap[2], "the shape") : "{*}";
  readerCall(&r, nArg > 3 ? nArg - 3 : 0, ap + (nArg > 3 ? 3 : 0));
  readerJson(&r);
}

/* The arguments that get, count and has begin with: model, key, association */
static void readerItem(Reader *p, sqlite3_value **ap) {
  p->zModel = assocArgText(p->pCall, ap[0], "the model");
  p->pKey = ap[1];
  p->zText = assocArgText(p->pCall, ap[2], "the association");
}

/* assoc_get(model, key, association [, params…]): a JSON array, or an object
** or NULL where the association is to-one */
static void getFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  Reader r = {.pCall = pCall, .pCtx = pCtx, .eAsk = ASSOC_ASK_GET};
  readerItem(&r, ap);
  readerCall(&r, nArg - 3, ap + 3);
  readerJson(&r);
}

/* assoc_count(model, key, association [, params…]): an integer */
static void countFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                      sqlite3_value **ap) {
  Reader r = {.pCall = pCall, .pCtx = pCtx, .eAsk = ASSOC_ASK_COUNT};
  readerItem(&r, ap);
  readerCall(&r, nArg - 3, ap + 3);
  sqlite3_result_int64(pCtx, r.iAnswer);
}

/* assoc_has(model, key, association, targets [, params…]): 1 or 0 */
static void hasFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  Reader r = {.pCall = pCall, .pCtx = pCtx, .eAsk = ASSOC_ASK_HAS};
  readerItem(&r, ap);
  r.pTargets = ap[3];
  readerCall(&r, nArg - 4, ap + 4);
  sqlite3_result_int(pCtx, r.iAnswer != 0);
}

const AssocFunction aAssocReadFunction[] = {
    {"eager", 1, -1, ASSOC_READER, eagerFunc, "query [, params...]", 0},
    {"assoc_eager", 1, -1, ASSOC_READER, eagerFunc, "query [, params...]", 0},
    {"assoc_find", 2, -1, ASSOC_READER, findFunc,
     "model, key [, shape [, params...]]", 0},
    {"assoc_get", 3, -1, ASSOC_READER, getFunc,
     "model, key, association [, params...]", 0},
    {"assoc_count", 3, -1, ASSOC_READER, countFunc,
     "model, key, association [, params...]", 0},
    {"assoc_has", 4, -1, ASSOC_READER, hasFunc,
     "model, key, association, targets [, params...]", 0},
    {0, 0, 0, 0, 0, 0, 0}};
