/*
** A live document as plain SQL, for clients without the extension:
**
**   WITH plain(json) AS (what assoc_sql() gives for the key)
**   SELECT CASE WHEN d.json IS NOT NULL THEN d.json
**     ELSE (SELECT json FROM plain) END AS json, d.version AS version
**   FROM (SELECT 1) LEFT JOIN feed_doc d ON d.key=?1 AND (the document is right)
**
** Where a table of the store or a log is missing, it is the plain SQL alone.
**
** The text is valid for one meaning of the query: it compares the plan in
** assoc_store with the plan of now. If the definitions change, it computes the
** documents as they were defined when it was made.
*/
#include "live/live.h"

/* Append the condition that the store can be trusted. */
static void textTrust(AssocLiveSet *pSet, const AssocLive *p,
                      sqlite3_str *pStr) {
  char *zTexts = assocLiveTexts(pSet, p);
  int bMain = sqlite3_stricmp(p->pSchema->zName, "main") == 0;
  assert(p->zPlan); /* A broken query has no text */
  /* The schema cookie is one number, and mostly enough: as long as it is the same,
  ** no text can have changed. Only main's can be read in a query. */
  sqlite3_str_appendf(pStr,
                      "EXISTS(SELECT 1 FROM \"%w\"." LIVE_STORE
                      " s WHERE s.name=%Q AND s.plan=%Q AND s.stale=0 AND (",
                      p->pSchema->zName, p->zName, p->zPlan);
  if (bMain) {
    sqlite3_str_appendall(
        pStr,
        "s.cookie=(SELECT schema_version FROM pragma_schema_version) OR ");
  }
  sqlite3_str_appendf(pStr, "s.ddl=%s))", zTexts ? zTexts : "NULL");
  sqlite3_free(zTexts);
}

char *assocLiveText(AssocLiveSet *pSet, AssocLive *p) {
  AssocCall *pCall = pSet->pCall;
  AssocPlan *pPlan =
      assocPlanGet(pCall, pSet->pCat, ASSOC_ASK_KEY, 0, p->zQuery);
  char *zPlain = pPlan ? assocPlanSql(pCall, pPlan) : 0;
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i;
  assert(p->pModel || pCall->rc != SQLITE_OK);
  if (!assocLiveWhole(pSet, p)) { /* Somebody has dropped a table of ours */
    sqlite3_str_appendf(pStr, "SELECT (%s) AS json,NULL AS version",
                        zPlain ? zPlain : "");
    sqlite3_free(zPlain);
    assocPlanRelease(pCall, pPlan);
    return assocStrFinish(pCall, pStr);
  }
  sqlite3_str_appendf(pStr,
                      "WITH plain(json) AS (%s) SELECT CASE WHEN d.json IS NOT"
                      " NULL THEN d.json ELSE (SELECT json FROM plain) END AS"
                      " json,d.version AS version FROM (SELECT 1) LEFT JOIN"
                      " \"%w\".\"%w_doc\" d ON ",
                      zPlain ? zPlain : "", p->pSchema->zName, p->zName);
  for (i = 0; i < p->pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "d.\"%w\"=?%d AND ", assocLiveKeyName(p, i),
                        i + 1);
  }
  assocLiveFresh(pSet, p, pStr);
  sqlite3_str_appendall(pStr, " AND ");
  textTrust(pSet, p, pStr);
  sqlite3_free(zPlain);
  assocPlanRelease(pCall, pPlan);
  return assocStrFinish(pCall, pStr);
}
