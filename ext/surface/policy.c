/*
** Policies and sessions: who may see and do what.
**
**   SELECT assoc_policy('Post', '{"read":"published = true or authorId = :me",
**     "update":"authorId = :me","hide":["secret"]}');   -- Post
**   SELECT assoc_policy('Post', NULL);                  -- 1: forgets it
**   SELECT assoc_session('{"me":7}');                   -- begins; {"me":7}
**   SELECT assoc_session();                             -- tells; {"me":7}
**   SELECT assoc_session(NULL);                         -- ends; NULL
*/
#include "surface/surface.h"

/* The arguments of assoc_policy(). */
typedef struct Policer Policer;
struct Policer {
  AssocCall *pCall;    /* Receives the first error */
  AssocArena mem;      /* OWNED: everything below */
  AssocJson *pJson;    /* The policy, or 0 to forget it */
  char *zText;         /* The same, normalised */
  const char *zName;   /* The model's name */
  const char *zSchema; /* The database that has the row */
  const char *zModel;  /* What the row has as its model */
  const char *zOld;    /* The model in the existing row, or 0 */
};

/* Read the policy; zText is 0 for NULL. */
static void policyRead(Policer *m, const char *zText) {
  AssocOptionReader r = {m->pCall, &m->mem, m, 0};
  assert(m->pJson == 0 && m->zText == 0);
  if (zText == 0) return;
  m->pJson = assocJsonObject(m->pCall, &m->mem, zText, -1, "the policy");
  if (m->pJson == 0) return;
  assocOptionsRead(&r, m->pJson, ASSOC_NPOLICYOPTION, aAssocPolicyOption,
                   "assoc_policy() has");
  m->zText = assocOptionsStored(m->pCall, &m->mem, m->pJson,
                                ASSOC_NPOLICYOPTION, aAssocPolicyOption);
}

/* Find the model, and the row that it has. True if something is to be
** written. */
static int policyPrepare(Policer *m, const char *zModel) {
  AssocCall *pCall = m->pCall;
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocModel *pModel = pCat ? assocModelDefined(pCall, pCat, zModel) : 0;
  AssocSchema *pSchema = pModel ? pModel->pTable->pSchema : 0;
  AssocDef *p = pModel ? assocTablePolicies(pCall, pModel->pTable) : 0;
  int bWrite = 0;
  if (pModel) {
    m->zName = assocArenaText(pCall, &m->mem, pModel->zName, -1);
    m->zSchema = assocArenaText(pCall, &m->mem, pSchema->zName, -1);
    m->zModel = assocRowName(pCall, &m->mem, pSchema->zName, pSchema,
                             assocBareName(pSchema, zModel));
    bWrite = m->zText != 0;
  }
  for (m->zOld = 0; p; p = p->pNextHere) {
    if (p->pSchema != pSchema) continue; /* Of temp */
    if (assocModelTry(pCall, pSchema, p->zModel) != pModel) continue;
    m->zOld = assocArenaText(pCall, &m->mem, p->zModel, -1);
    bWrite =
        m->zText == 0 || p->zOptions == 0 || strcmp(p->zOptions, m->zText) != 0;
  }
  assocCatalogLeave(pCall, pCat);
  return bWrite && pCall->rc == SQLITE_OK;
}

/* The row is written; now look whether its conditions can be compiled. */
static void policyCheck(Policer *m, const char *zModel) {
  AssocCatalog *pCat = assocCatalogEnter(m->pCall);
  AssocModel *p = pCat ? assocModelDefined(m->pCall, pCat, zModel) : 0;
  assert(m->zText); /* The row is there */
  if (p) assocSqlCheckPolicies(m->pCall, p->pTable);
  assocCatalogLeave(m->pCall, pCat);
}

/* assoc_policy(model, policy): the model's name. assoc_policy(model, NULL): 1,
** or 0 if there was none. The steps are those of assoc_define(). */
static void policyFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                       sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zText = assocArgTextOrNull(pCall, ap[1]);
  AssocWrite w;
  Policer m;
  int bWrite;
  (void)nArg;
  if (pCall->rc != SQLITE_OK) return;
  memset(&m, 0, sizeof(m));
  m.pCall = pCall;
  policyRead(&m, zText);
  assocWriteBegin(pCall, &w, "assoc_policy");
  bWrite = policyPrepare(&m, zModel);
  if (bWrite && assocWriteAgain(pCall, &w, "assoc_policy", m.zSchema)) {
    bWrite = policyPrepare(&m, zModel);
  }
  if (bWrite && m.zOld) {
    (void)assocDefDelete(pCall, m.zSchema, m.zOld, ASSOC_POLICY_NAME);
  }
  if (bWrite && m.zText) {
    assocDefWrite(pCall, m.zSchema, m.zModel, ASSOC_POLICY_NAME, "policy", 0,
                  m.zText);
    policyCheck(&m, zModel);
  }
  if (m.zText) {
    assocGiveText(pCall, pResult, m.zName);
  } else {
    assocGiveInt(pResult, bWrite);
  }
  assocWriteEnd(pCall, &w);
  assocArenaFree(&m.mem);
}

/* assoc_session(values): begin one. assoc_session(NULL): end it.
** assoc_session(): its values as JSON, or NULL. */
static void sessionFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  if (nArg) assocCallDirect(pCall, "assoc_session", 1);
  if (pCall->rc != SQLITE_OK) return;
  if (nArg && sqlite3_value_type(ap[0]) == SQLITE_NULL) {
    assocSessionEnd(pCall->pConn);
  } else if (nArg) {
    const char *z = assocArgText(pCall, ap[0], "the session");
    if (z) assocSessionBegin(pCall, z, sqlite3_value_bytes(ap[0]));
    if (pCall->rc == SQLITE_OK) assocResultForget(pCall->pConn);
  }
  if (pCall->rc != SQLITE_OK || pCall->pConn->pSession == 0) return;
  sqlite3_result_text(pCtx, pCall->pConn->pSession->zText, -1,
                      SQLITE_TRANSIENT);
  sqlite3_result_subtype(pCtx, 'J');
}

const AssocFunction aAssocPolicyFunction[] = {
    {"assoc_policy", 2, 2, ASSOC_WRITER, 0, "model, policy", policyFunc},
    {"assoc_session", 0, 1, ASSOC_WRITER, sessionFunc, "[values]", 0},
    {0, 0, 0, 0, 0, 0, 0}};
