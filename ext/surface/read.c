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
**
** All of them get a plan for their text, run it, and give it back; a Reader
** holds what they share. A source row that cannot be read, because it does not
** exist, is soft-deleted or is outside its default scope, gives NULL or 0.
*/
#include "surface/surface.h"

/* State that all functions of this file share. */
typedef struct Reader Reader;
struct Reader {
  AssocCall *pCall;
  AssocCatalog *pCat;
  AssocPlan *pPlan;
  AssocKeys key;
  AssocArgs args;
};

/* Compile the shape and read the root's key. zModel is 0 for a query. */
static void readerOpen(AssocCall *pCall, Reader *p, int eAsk,
                       const char *zModel, sqlite3_value *pKey,
                       const char *zText) {
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  p->pCat = assocCatalogEnter(pCall);
  p->pPlan = assocPlanGet(pCall, p->pCat, eAsk, zModel, zText);
  if (p->pPlan == 0 || pKey == 0) return;
  assocKeyRead(pCall, p->pPlan->pRoot->pModel, pKey, &p->key);
  p->args.nKey = p->key.nCol;
  p->args.apKey = p->key.apVal;
}

/* The arguments behind the shape. They stay the caller's. */
static void readerParams(Reader *p, int n, sqlite3_value **ap) {
  p->args.nVal = n;
  p->args.apVal = ap;
}

/* Also after an error at any point of the opening. */
static void readerClose(Reader *p) {
  assocPlanRelease(p->pCall, p->pPlan);
  assocKeysClear(&p->key);
  assocCatalogLeave(p->pCall, p->pCat);
}

/* Does a composite key contain NULL? No row has such a key. */
static int noKey(const Reader *p) {
  return p->pPlan && p->pPlan->pRoot->bKeyed && p->key.nKey == 0;
}

/* No key, no row: the result stays NULL. */
static void readerJson(Reader *p, sqlite3_context *pCtx) {
  i64 n = 0;
  int bNull = 1;
  char *z = 0;
  if (p->pCall->rc == SQLITE_OK && !noKey(p)) {
    z = assocRunJson(p->pCall, p->pPlan, &p->args, &n, &bNull);
  }
  readerClose(p);
  if (p->pCall->rc == SQLITE_OK && z) {
    assocResultJson(pCtx, z, n);
  } else {
    sqlite3_free(z);
  }
}

/* eager(query [, params…]): a JSON array */
static void eagerFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                      sqlite3_value **ap) {
  const char *zQuery = assocArgText(pCall, ap[0], "the query");
  Reader r;
  if (zQuery == 0) return;
  readerOpen(pCall, &r, ASSOC_ASK_EAGER, 0, 0, zQuery);
  readerParams(&r, nArg - 1, ap + 1);
  readerJson(&r, pCtx);
}

/* assoc_find(model, key [, shape [, params…]]): a JSON object, or NULL */
static void findFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zShape =
      nArg > 2 ? assocArgText(pCall, ap[2], "the shape") : "{*}";
  Reader r;
  if (pCall->rc != SQLITE_OK) return;
  readerOpen(pCall, &r, ASSOC_ASK_FIND, zModel, ap[1], zShape);
  if (nArg > 3) readerParams(&r, nArg - 3, ap + 3);
  readerJson(&r, pCtx);
}

/* assoc_get(model, key, association [, params…]): a JSON array, or an object
** or NULL where the association is to-one */
static void getFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zItem = assocArgText(pCall, ap[2], "the association");
  Reader r;
  if (pCall->rc != SQLITE_OK) return;
  readerOpen(pCall, &r, ASSOC_ASK_GET, zModel, ap[1], zItem);
  readerParams(&r, nArg - 3, ap + 3);
  readerJson(&r, pCtx);
}

/* assoc_count(model, key, association [, params…]): an integer */
static void countFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                      sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zItem = assocArgText(pCall, ap[2], "the association");
  Reader r;
  i64 n = 0;
  if (pCall->rc != SQLITE_OK) return;
  readerOpen(pCall, &r, ASSOC_ASK_COUNT, zModel, ap[1], zItem);
  readerParams(&r, nArg - 3, ap + 3);
  if (pCall->rc == SQLITE_OK && !noKey(&r)) {
    n = assocRunAnswer(pCall, r.pPlan, &r.args, 0);
  }
  readerClose(&r);
  sqlite3_result_int64(pCtx, n);
}

/* Is every one of the targets related? */
static int hasAll(Reader *p, sqlite3_value *pTargets) {
  AssocKeys targets;
  int i, bAll = 1;
  assocTargetsRead(p->pCall, p->pPlan->pAnswer, pTargets, &targets);
  for (i = 0; i < targets.nKey && bAll && p->pCall->rc == SQLITE_OK; i++) {
    bAll = assocRunAnswer(p->pCall, p->pPlan, &p->args,
                          &targets.apVal[i * targets.nCol]) > 0;
  }
  assocKeysClear(&targets);
  return bAll;
}

/* assoc_has(model, key, association, targets [, params…]): 1 or 0 */
static void hasFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zItem = assocArgText(pCall, ap[2], "the association");
  Reader r;
  int b = 0;
  if (pCall->rc != SQLITE_OK) return;
  readerOpen(pCall, &r, ASSOC_ASK_HAS, zModel, ap[1], zItem);
  readerParams(&r, nArg - 4, ap + 4);
  if (pCall->rc == SQLITE_OK && !noKey(&r)) {
    b = sqlite3_value_type(ap[3]) != SQLITE_NULL && hasAll(&r, ap[3]) &&
        assocRunAnswer(pCall, r.pPlan, &r.args, 0) > 0;
  }
  readerClose(&r);
  sqlite3_result_int(pCtx, b);
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
