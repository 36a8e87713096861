/*
** What is wrong, and the SQL that puts it right.
**
** Of every association: does it mean anything, are its tables and columns
** there, is its name free. Of every foreign key, once for all associations
** over it: has it an index, does it compare with what it references, is there
** a constraint, are there rows that refer to nothing. Then what only several
** associations together can have: one side without the other, keys that all
** must be there before any.
**
** A fix can be run as it is, outside of a transaction where it makes a table
** anew. It is one that loses no definition and, where there is a choice, no
** row.
*/
#include "look/look.h"
#include "sync/sync.h"

/* An index that there should be: the first nFixed columns in any order. */
typedef struct CheckIndex CheckIndex;
struct CheckIndex {
  const AssocTable *pTab;
  int nCol, nFixed;
  int aCol[16];
  u8 abDesc[16];
  const AssocForeign *pFor; /* The key that it is for, or 0 */
  CheckIndex *pNext;
};

typedef struct Checker Checker;
struct Checker {
  AssocLook *p;
  AssocCall *pCall;
  AssocSync sync; /* Names of indexes that are proposed, and rebuilt tables */
  AssocForeign *pList;
  AssocRel **apRel;
  int nRel;
  int bDisagree;         /* Two definitions do, and it has been said */
  CheckIndex *pProposed; /* Indexes that fixes make */
};

/* ---------------------------------------------------------------- problems */

/* Add a problem. zFix is freed with sqlite3_free(). */
static AssocProblem *problemAdd(Checker *c, int eSeverity, const char *zModel,
                                const char *zName, const char *zProblem,
                                char *zFix, const char *zFmt, ...) {
  static const char *const az[] = {"info", "warning", "error"};
  AssocLook *p = c->p;
  AssocProblem *q = assocAlloc(c->pCall, &p->mem, sizeof(*q));
  va_list ap;
  char *z;
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) assocErrorCode(c->pCall, SQLITE_NOMEM);
  if (q) {
    q->zSeverity = az[eSeverity];
    q->zModel = zModel;
    q->zAssociation = zName;
    q->zProblem = zProblem;
    q->zDetail = assocArenaText(c->pCall, &p->mem, z, -1);
    q->zFix = assocArenaText(c->pCall, &p->mem, zFix, -1);
    if (p->pLastProblem) {
      p->pLastProblem->pNext = q;
    } else {
      p->pProblem = q;
    }
    p->pLastProblem = q;
  }
  sqlite3_free(z);
  sqlite3_free(zFix);
  return q;
}

#define CHECK_INFO 0
#define CHECK_WARNING 1
#define CHECK_ERROR 2

/* A problem of an association, or of a key by the first that speaks of it. */
#define CHECK_REL(pRel) (pRel)->pSource->zLabel, (pRel)->zName

/* SELECT assoc_undefine('User', 'posts'); OUT: sqlite3_free() */
static char *fixUndefine(Checker *c, const AssocDef *pDef) {
  const AssocSchema *pSchema = pDef->pSchema;
  int bBare = pSchema == c->p->pCat->pSchema || pSchema->pNext == 0;
  return assocMprintf(
      c->pCall, "SELECT assoc_undefine('%q%s%q', %Q);",
      bBare ? "" : pSchema->zName, bBare ? "" : ".",
      bBare ? pDef->zModel : assocBareName(pSchema, pDef->zModel), pDef->zName);
}

/* A table of this connection alone? So is what is defined of it. */
static int isOfTemp(const AssocModel *pModel) {
  return sqlite3_stricmp(pModel->pTable->pSchema->zName, "temp") == 0;
}

/* SELECT assoc_define(…) of something else under the same name.
** OUT: sqlite3_free() */
static char *fixDefine(Checker *c, AssocModel *pModel, int eKind,
                       AssocModel *pTarget, const char *zName,
                       const AssocKey *pKey, int bReplace) {
  sqlite3_str *pStr = sqlite3_str_new(c->pCall->db);
  int bTemp = isOfTemp(pModel) || isOfTemp(pTarget);
  AssocOptions opt;
  char *zOptions;
  memset(&opt, 0, sizeof(opt));
  opt.eConstraints = opt.eAllowNull = opt.eUnique = opt.eThroughUnique = -1;
  opt.foreignKey.n = pKey->nCol;
  opt.foreignKey.az = pKey->azCol;
  zOptions = assocOptionsText(c->pCall, &c->p->mem, &opt);
  if (bReplace && zOptions) {
    zOptions[strlen(zOptions) - 1] = 0;
    zOptions = assocArenaPrintf(c->pCall, &c->p->mem, "%s,\"replace\":true}",
                                zOptions);
  }
  sqlite3_str_appendall(pStr, "SELECT ");
  assocDumpCall(c->p, pStr, pModel->zLabel, azAssocKind[eKind], pTarget->zLabel,
                zName, zOptions, bTemp);
  sqlite3_str_appendall(pStr, ";");
  return assocStrFinish(c->pCall, pStr);
}

static char *fixText(Checker *c, const char *z) {
  return assocMprintf(c->pCall, "%s", z);
}

/* ------------------------------------------------------------- definitions */

/* One that cannot be used at all. */
static void problemBad(Checker *c, AssocDef *pDef) {
  char *zWhy = assocErrLine(&c->pCall->err);
  int bGone = c->pCall->err.eReason == ASSOC_E_UNKNOWN_MODEL;
  assocErrorForget(c->pCall);
  if (zWhy == 0) {
    assocErrorCode(c->pCall, SQLITE_NOMEM);
    return;
  }
  problemAdd(c, CHECK_ERROR, pDef->zModel, pDef->zName,
             bGone ? "missing table" : "bad definition", fixUndefine(c, pDef),
             "%s", zWhy);
  sqlite3_free(zWhy);
}

/* A column that came later has the name: it wins in a shape. */
static void problemName(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = pRel->pSource->pTable;
  int i = assocColumnFind(pTab, pRel->zName), n = 2;
  const char *zNew = 0;
  char *zUndefine, *z;
  AssocOptions opt;
  sqlite3_str *pStr;
  if (i < 0 || i >= pTab->nCol) return;
  do {
    zNew = assocArenaPrintf(c->pCall, &c->p->mem, "%s_%d", pRel->zName, n++);
    i = zNew ? assocColumnFind(pTab, zNew) : -1;
    if (zNew && i < 0) i = assocRelSeek(c->pCall, pRel->pSource, zNew) ? 0 : -1;
  } while (i >= 0 && c->pCall->rc == SQLITE_OK);
  opt = *pRel->pDef->pOpt;
  if (opt.foreignKey.n == 0 && pRel->eKind == ASSOC_BELONGSTO) {
    opt.foreignKey.n = pRel->foreign.nCol; /* Its default is in the name */
    opt.foreignKey.az = pRel->foreign.azCol;
  }
  zUndefine = fixUndefine(c, pRel->pDef);
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendf(pStr, "%s SELECT ", zUndefine);
  assocDumpCall(c->p, pStr, pRel->pSource->zLabel, azAssocKind[pRel->eKind],
                pRel->nBranch ? 0 : pRel->pTarget->zLabel, zNew,
                assocOptionsText(c->pCall, &c->p->mem, &opt),
                pRel->pDef->pSchema->pNext == 0);
  sqlite3_str_appendall(pStr, ";");
  sqlite3_free(zUndefine);
  z = assocStrFinish(c->pCall, pStr);
  problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "name is a column", z,
             "%s has a column %s, which is what the name means", pTab->zName,
             pRel->zName);
}

static int problemHasAll(const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol && pKey->aCol[i] >= 0; i++) {
  }
  return i == pKey->nCol;
}

/* What assoc_sync() would make. */
static void problemReady(Checker *c, AssocRel *pRel) {
  const AssocKey *ap[] = {&pRel->foreign, &pRel->other, &pRel->type};
  const AssocTable *pTab = assocRelForeignTable(pRel);
  int i, j;
  if (pRel->nPath) return;
  if (pTab == 0) {
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "missing join table",
               fixText(c, "SELECT assoc_sync();"), "there is no table %s yet",
               pRel->zThrough);
    return;
  }
  for (i = 0; i < ASSOC_COUNT(ap); i++) {
    for (j = 0; j < ap[i]->nCol; j++) {
      if (ap[i]->aCol[j] >= 0) continue;
      problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "missing column",
                 fixText(c, "SELECT assoc_sync();"), "%s has no column %s yet",
                 pTab->zName, ap[i]->azCol[j]);
    }
  }
}

/* ------------------------------------------------------------ foreign keys */

/* Does an index of these columns do for what is wanted? It may be walked
** backwards. */
static int indexServes(const CheckIndex *pWant, int nCol, const int *aCol,
                       const u8 *abDesc) {
  int i, j, bTurn = -1;
  if (nCol < pWant->nCol) return 0;
  for (i = 0; i < pWant->nFixed; i++) {
    for (j = 0; j < pWant->nFixed && pWant->aCol[j] != aCol[i]; j++) {
    }
    if (j == pWant->nFixed) return 0;
  }
  for (; i < pWant->nCol; i++) {
    int bOther = pWant->abDesc[i] != abDesc[i];
    if (pWant->aCol[i] != aCol[i] || (bTurn >= 0 && bTurn != bOther)) return 0;
    bTurn = bOther;
  }
  return 1;
}

/* Will there be such an index when the fixes so far have been run? */
static int indexProposed(const Checker *c, const CheckIndex *pWant) {
  const CheckIndex *q;
  for (q = c->pProposed; q; q = q->pNext) {
    if (q->pTab == pWant->pTab &&
        indexServes(pWant, q->nCol, q->aCol, q->abDesc)) {
      return 1;
    }
  }
  return 0;
}

/* CREATE INDEX posts_user_id ON posts(user_id, "order" DESC);
** OUT: sqlite3_free() */
static char *fixIndex(Checker *c, const CheckIndex *pWant) {
  const AssocTable *pTab = pWant->pTab;
  CheckIndex *pNew = assocAlloc(c->pCall, &c->p->mem, sizeof(*pNew));
  sqlite3_str *pName = sqlite3_str_new(c->pCall->db), *pStr;
  const char *zName;
  int i;
  sqlite3_str_appendall(pName, pTab->zName);
  for (i = 0; i < pWant->nCol; i++) {
    sqlite3_str_appendf(pName, "_%s", pTab->aCol[pWant->aCol[i]].zName);
  }
  zName = assocArenaStr(c->pCall, &c->p->mem, pName);
  zName = zName ? assocDdlFreeName(&c->sync, pTab->pSchema, zName) : "";
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendall(pStr, "CREATE INDEX ");
  assocDdlSchema(pStr, pTab->pSchema);
  assocDdlName(pStr, zName);
  sqlite3_str_appendall(pStr, " ON ");
  assocDdlName(pStr, pTab->zName);
  for (i = 0; i < pWant->nCol; i++) {
    sqlite3_str_appendall(pStr, i ? ", " : "(");
    assocDdlName(pStr, pTab->aCol[pWant->aCol[i]].zName);
    if (pWant->pFor) assocSyncCollation(pStr, pWant->pFor, i);
    if (pWant->abDesc[i]) sqlite3_str_appendall(pStr, " DESC");
  }
  sqlite3_str_appendall(pStr, ");");
  if (pNew) {
    *pNew = *pWant;
    pNew->pNext = c->pProposed;
    c->pProposed = pNew;
  }
  return assocStrFinish(c->pCall, pStr);
}

static void problemIndex(Checker *c, AssocForeign *pFor) {
  CheckIndex want = {.pTab = pFor->pTab};
  int i, bUnique, bOwn, n = assocSyncColumns(pFor);
  if (n > ASSOC_COUNT(want.aCol)) return;
  want.nCol = want.nFixed = n;
  for (i = 0; i < n; i++) {
    /* The type goes first: SQL asks for it with a constant */
    want.aCol[i] = assocSyncColumnAt(pFor, pFor->pPoly ? (i + n - 1) % n : i);
  }
  bOwn = assocTableIndexOn(c->pCall, pFor->pTab, n, want.aCol, &bUnique) != 0;
  if (pFor->pPoly ? bOwn : assocSyncIndexOn(c->pCall, pFor, &bUnique) != 0) {
    return;
  }
  if (pFor->pPoly == 0) want.pFor = pFor;
  if (c->pCall->rc != SQLITE_OK || indexProposed(c, &want)) return;
  if (bOwn) {
    problemAdd(c, CHECK_WARNING, CHECK_REL(pFor->pRel), "index collation",
               fixIndex(c, &want),
               "the index of %s(%s) has another collation than %s, to which "
               "the key refers: it does not find the rows",
               pFor->zTable, assocLookNames(c->p, pFor->pTab, n, want.aCol),
               pFor->pParent->zLabel);
    return;
  }
  problemAdd(c, CHECK_WARNING, CHECK_REL(pFor->pRel), "no index",
             fixIndex(c, &want),
             "no index of %s begins with %s: rows are found by reading all",
             pFor->zTable, assocLookNames(c->p, pFor->pTab, n, want.aCol));
}

/* The script that declares a column anew. OUT: sqlite3_free() */
static char *fixColumn(Checker *c, AssocTable *pTab, int iCol,
                       const AssocColumn *pAs, int bNullable) {
  AssocSync *p = &c->sync;
  char *zTables, *zRest, *z = 0;
  sqlite3_db_config(c->pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &p->bFkey);
  sqlite3_db_config(c->pCall->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, -1,
                    &p->bLegacy);
  p->pRetype = pTab;
  p->iRetype = iCol;
  p->pAs = pAs;
  p->bNullable = bNullable;
  p->pRebuilt = 0;
  p->nName = 0; /* The name of the new table may be used again and again */
  assocSyncStart(p);
  assocRebuildTable(p, pTab);
  assocSyncFinish(p, &zTables, &zRest);
  if (c->pCall->rc == SQLITE_OK) z = assocSyncScript(p, zTables, zRest);
  sqlite3_free(zTables);
  sqlite3_free(zRest);
  return z;
}

/* Can the column be compared with the one it references, by its index? */
static void problemType(Checker *c, AssocForeign *pFor, int i) {
  AssocTable *pTab = pFor->pTab;
  const AssocColumn *pCol = &pTab->aCol[pFor->key.aCol[i]];
  const AssocTable *pParent = pFor->pParent->pTable;
  const AssocColumn *pRef = &pParent->aCol[pFor->parentKey.aCol[i]];
  const char *zProblem = 0, *zWhy = "";
  if (pCol->bGenerated || pFor->key.aCol[i] >= pTab->nCol) return;
  if (pTab->eType != ASSOC_TABLE || pParent->eType != ASSOC_TABLE) return;
  if (pCol->eAff == ASSOC_AFF_NONE && pRef->eAff != ASSOC_AFF_NONE) {
    zProblem = pCol->zType[0] ? "key types differ" : "no type";
    zWhy = ", so that its index cannot serve a join";
  } else if (pCol->eAff != pRef->eAff) {
    zProblem = "key types differ";
    zWhy = ", so that values may be equal that are not the same";
  } else if (pCol->eAff == ASSOC_AFF_TEXT && pCol->zColl && pRef->zColl &&
             sqlite3_stricmp(pCol->zColl, pRef->zColl) != 0) {
    zProblem = "key collations differ";
  }
  if (zProblem == 0) return;
  problemAdd(c, CHECK_WARNING, CHECK_REL(pFor->pRel), zProblem,
             fixColumn(c, pTab, pFor->key.aCol[i], pRef, 0),
             "%s.%s is %s%s%s and %s.%s %s%s%s%s", pTab->zName, pCol->zName,
             pCol->zType[0] ? pCol->zType : "of no type",
             pCol->zColl && pCol->eColl ? " collate " : "",
             pCol->zColl && pCol->eColl ? pCol->zColl : "", pParent->zName,
             pRef->zName, pRef->zType[0] ? pRef->zType : "of no type",
             pRef->zColl && pRef->eColl ? " collate " : "",
             pRef->zColl && pRef->eColl ? pRef->zColl : "", zWhy);
}

/* Is there a FOREIGN KEY over these columns to that table? */
static int problemIsDeclared(Checker *c, const AssocForeign *pFor) {
  const AssocFkey *pFk = assocTableFkeys(c->pCall, pFor->pTab);
  for (; pFk; pFk = pFk->pNext) {
    if (sqlite3_stricmp(pFk->zParent, pFor->pParent->pTable->zName) == 0 &&
        assocLookSameColumns(&pFor->key, pFk->nCol, pFk->aCol)) {
      return 1;
    }
  }
  return 0;
}

static void problemConstraint(Checker *c, AssocForeign *pFor) {
  if (pFor->pTab->eType != ASSOC_TABLE || !assocDdlCanReference(pFor) ||
      problemIsDeclared(c, pFor)) {
    return;
  }
  if (c->pCall->rc != SQLITE_OK) return;
  problemAdd(c, CHECK_INFO, CHECK_REL(pFor->pRel), "no constraint",
             fixText(c, "SELECT assoc_sync('{\"rebuild\":true}');"),
             "%s does not declare that %s references %s", pFor->zTable,
             assocLookNames(c->p, pFor->pTab, pFor->key.nCol, pFor->key.aCol),
             pFor->pParent->pTable->zName);
}

/* UPDATE or DELETE of the rows that meet a condition on c: the key is set to
** NULL where it may be. OUT: sqlite3_free() */
static char *fixRows(Checker *c, const AssocTable *pTab, const AssocKey *pKey,
                     const char *zWhere) {
  sqlite3_str *pStr = sqlite3_str_new(c->pCall->db);
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[pKey->aCol[i]];
    if (!pCol->bNotNull && !pCol->iPk && !pCol->bGenerated) break;
  }
  sqlite3_str_appendall(pStr, i < pKey->nCol ? "UPDATE " : "DELETE FROM ");
  assocDdlSchema(pStr, pTab->pSchema);
  assocDdlName(pStr, pTab->zName);
  sqlite3_str_appendall(pStr, " AS c");
  if (i < pKey->nCol) {
    sqlite3_str_appendall(pStr, " SET ");
    assocDdlName(pStr, pKey->azCol[i]);
    sqlite3_str_appendall(pStr, " = NULL");
  }
  sqlite3_str_appendf(pStr, " WHERE %s;", zWhere);
  return assocStrFinish(c->pCall, pStr);
}

/* No row of pParent has the key of c. */
static void whereMissing(sqlite3_str *pStr, const AssocTable *pParent,
                         const AssocKey *pRef, const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(pStr, "c.\"%w\" IS NOT NULL AND ", pKey->azCol[i]);
  }
  sqlite3_str_appendf(pStr, "NOT EXISTS (SELECT 1 FROM \"%w\".\"%w\" AS p",
                      pParent->pSchema->zName, pParent->zName);
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(pStr, "%s p.\"%w\" = +c.\"%w\"", i ? " AND" : " WHERE",
                        pRef->azCol[i], pKey->azCol[i]);
  }
  sqlite3_str_appendall(pStr, ")");
}

/* How many rows of c, and the keys of some: "7, 8, 9". OUT: *pz is freed with
** sqlite3_free(). */
static i64 countThat(Checker *c, const AssocTable *pTab, const char *zCol,
                     const char *zWhere, char **pz) {
  sqlite3_stmt *pStmt;
  i64 n = 0;
  *pz = 0;
  assocSchemaNeedTrust(c->pCall, pTab->pSchema);
  pStmt = assocPrepare(c->pCall,
                       "SELECT count(*), (SELECT group_concat(k, ', ') FROM"
                       " (SELECT DISTINCT quote(c.\"%w\") AS k FROM"
                       " \"%w\".\"%w\" AS c WHERE %s LIMIT 3))"
                       " FROM \"%w\".\"%w\" AS c WHERE %s",
                       zCol, pTab->pSchema->zName, pTab->zName, zWhere,
                       pTab->pSchema->zName, pTab->zName, zWhere);
  if (assocStep(c->pCall, pStmt)) {
    n = sqlite3_column_int64(pStmt, 0);
    *pz = assocMprintf(c->pCall, "%s", assocColumnText(c->pCall, pStmt, 1));
  }
  assocFinalize(c->pCall, pStmt);
  return n;
}

static void problemRows(Checker *c, AssocRel *pRel, const char *zProblem,
                        const AssocTable *pTab, const AssocKey *pKey,
                        sqlite3_str *pWhere, const char *zWhat) {
  char *zWhere = assocStrFinish(c->pCall, pWhere), *zSome = 0;
  i64 n = zWhere ? countThat(c, pTab, pKey->azCol[0], zWhere, &zSome) : 0;
  if (n > 0 && c->pCall->rc == SQLITE_OK) {
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), zProblem,
               fixRows(c, pTab, pKey, zWhere), "%lld %s of %s %s by %s: %s%s",
               n, n == 1 ? "row" : "rows", pTab->zName, zWhat, pKey->azCol[0],
               zSome, n > 3 ? ", …" : "");
  }
  sqlite3_free(zWhere);
  sqlite3_free(zSome);
}

static void problemOrphans(Checker *c, AssocForeign *pFor) {
  sqlite3_str *pStr;
  if (!pFor->bConstraint || pFor->pTab->eType != ASSOC_TABLE) return;
  pStr = sqlite3_str_new(c->pCall->db);
  whereMissing(pStr, pFor->pParent->pTable, &pFor->parentKey, &pFor->key);
  problemRows(c, pFor->pRel, "orphans", pFor->pTab, &pFor->key, pStr,
              assocArenaPrintf(c->pCall, &c->p->mem, "refer to no row of %s",
                               pFor->pParent->pTable->zName));
}

/* Rows of a polymorphic key whose type is none, or whose row is not there. */
static void problemBranches(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = pRel->pSource->pTable;
  sqlite3_str *pStr;
  int i;
  if (!problemHasAll(&pRel->foreign) || !problemHasAll(&pRel->type)) return;
  if (pTab->eType != ASSOC_TABLE) return;
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendf(pStr, "c.\"%w\" IS NOT NULL AND (c.\"%w\" IS NULL",
                      pRel->foreign.azCol[0], pRel->type.azCol[0]);
  sqlite3_str_appendf(pStr, " OR c.\"%w\" NOT IN (", pRel->type.azCol[0]);
  for (i = 0; i < pRel->nBranch; i++) {
    sqlite3_str_appendf(pStr, "%s%Q", i ? ", " : "", pRel->aBranch[i].zType);
  }
  sqlite3_str_appendall(pStr, ")");
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocBranch *pBranch = &pRel->aBranch[i];
    sqlite3_str_appendf(pStr, " OR (c.\"%w\" = %Q AND ", pRel->type.azCol[0],
                        pBranch->zType);
    whereMissing(pStr, pBranch->pModel->pTable, &pBranch->key, &pRel->foreign);
    sqlite3_str_appendall(pStr, ")");
  }
  sqlite3_str_appendall(pStr, ")");
  problemRows(c, pRel, "no target", pTab, &pRel->foreign, pStr,
              "have no target");
}

static void problemForeign(Checker *c, AssocForeign *pFor) {
  int i;
  if (pFor->pTab == 0 || !problemHasAll(&pFor->key)) return;
  if (pFor->pPoly && !problemHasAll(&pFor->pPoly->type)) return;
  if (pFor->pTab->eType == ASSOC_TABLE) {
    problemIndex(c, pFor);
    for (i = 0; i < pFor->key.nCol && !pFor->pPoly && pFor->bConstraint; i++) {
      problemType(c, pFor, i);
    }
  }
  problemOrphans(c, pFor);
  problemConstraint(c, pFor);
}

/* Constraints that nobody enforces. */
static void problemEnforced(Checker *c) {
  const AssocForeign *pFor;
  int bOn = 0;
  sqlite3_db_config(c->pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &bOn);
  for (pFor = c->pList; pFor && !bOn; pFor = pFor->pNext) {
    if (pFor->pTab && problemHasAll(&pFor->key) && problemIsDeclared(c, pFor)) {
      problemAdd(c, CHECK_WARNING, 0, 0, "foreign keys off",
                 fixText(c, "PRAGMA foreign_keys=ON;"),
                 "constraints are declared, but this connection does not "
                 "enforce them");
      return;
    }
  }
}

/* ----------------------------------------------------------------- several */

/* Has some row of a hasOne two? With an order, the first of them is meant. */
static void problemOne(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = pRel->pTarget->pTable;
  sqlite3_str *pStr;
  sqlite3_stmt *pStmt;
  char *z;
  i64 n = 0;
  int i;
  if (pRel->eKind != ASSOC_HASONE || pRel->nPath || pRel->pOrder ||
      pRel->pScope || !problemHasAll(&pRel->foreign)) {
    return;
  }
  pStr = sqlite3_str_new(c->pCall->db);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\"", i ? ", " : "",
                        pRel->foreign.azCol[i]);
  }
  z = assocStrFinish(c->pCall, pStr);
  assocSchemaNeedTrust(c->pCall, pTab->pSchema);
  pStmt = assocPrepare(c->pCall,
                       "SELECT count(*) FROM (SELECT 1 FROM \"%w\".\"%w\""
                       " WHERE \"%w\" IS NOT NULL GROUP BY %s"
                       " HAVING count(*) > 1)",
                       pTab->pSchema->zName, pTab->zName,
                       pRel->foreign.azCol[0], z);
  sqlite3_free(z);
  if (assocStep(c->pCall, pStmt)) n = sqlite3_column_int64(pStmt, 0);
  assocFinalize(c->pCall, pStmt);
  if (n == 0) return;
  problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "several rows",
             fixDefine(c, pRel->pSource, ASSOC_HASMANY, pRel->pTarget,
                       pRel->zName, &pRel->foreign, 1),
             "%lld %s several rows in %s, where one is expected", n,
             n == 1 ? "row has" : "rows have", pTab->zName);
}

/* Is there an association of a model that goes back over the same key? */
static AssocRel *problemBack(Checker *c, AssocRel *pRel) {
  AssocModel *pTarget = pRel->pTarget;
  AssocDef *pDef;
  int i;
  pDef = assocLookFirstDef(c->p, pTarget, &i);
  for (; pDef; pDef = assocLookNextDef(c->p, &i)) {
    AssocRel *q = pDef->pRel;
    int bBelongs = pRel->eKind == ASSOC_BELONGSTO;
    if (q == 0 || q == pRel || q->nPath || q->pTarget != pRel->pSource) {
      continue;
    }
    if (bBelongs ? q->eKind != ASSOC_HASONE && q->eKind != ASSOC_HASMANY
                 : q->eKind != ASSOC_BELONGSTO) {
      continue;
    }
    if (q->foreign.nCol == pRel->foreign.nCol &&
        sqlite3_stricmp(q->foreign.azCol[0], pRel->foreign.azCol[0]) == 0) {
      return q;
    }
  }
  return 0;
}

/* belongsTo on both sides, and on this one no column. */
static int problemBoth(Checker *c, AssocRel *pRel) {
  AssocDef *pDef;
  int i;
  if (pRel->foreign.eFrom != ASSOC_FROM_DEFAULT ||
      pRel->pTarget == pRel->pSource) {
    return 0;
  }
  pDef = assocLookFirstDef(c->p, pRel->pTarget, &i);
  for (; pDef; pDef = assocLookNextDef(c->p, &i)) {
    AssocRel *q = pDef->pRel;
    if (q == 0 || q->eKind != ASSOC_BELONGSTO || q->nBranch ||
        q->pTarget != pRel->pSource) {
      continue;
    }
    /* Where neither has a column, it is said once */
    if (q->foreign.eFrom == ASSOC_FROM_DEFAULT && q < pRel) continue;
    problemAdd(c, CHECK_WARNING, CHECK_REL(pRel), "both sides belongsTo",
               fixDefine(c, pRel->pSource, ASSOC_HASMANY, pRel->pTarget,
                         pRel->zName, &q->foreign, 1),
               "%s.%s is a belongsTo as well, and one side has no foreign key",
               q->pSource->zLabel, q->zName);
    return 1;
  }
  return 0;
}

/* A name for the other side that is free. */
static const char *problemBackName(Checker *c, AssocRel *pRel, int bUnique) {
  AssocModel *pOther = pRel->pTarget;
  AssocNaming name;
  const char *z = "";
  int i, iCol, bBelongs = pRel->eKind == ASSOC_BELONGSTO;
  memset(&name, 0, sizeof(name));
  name.pChild = bBelongs ? pRel->pSource : pRel->pTarget;
  name.pParent = bBelongs ? pRel->pTarget : pRel->pSource;
  name.nCol = pRel->foreign.nCol;
  name.aCol = pRel->foreign.aCol;
  name.aRef = bBelongs ? pRel->targetKey.aCol : pRel->sourceKey.aCol;
  name.bUnique = (u8)bUnique;
  name.bOnly = name.bPlain = 1;
  assocLookNaming(c->p, &name);
  for (i = 0; c->pCall->rc == SQLITE_OK; i++) {
    z = bBelongs ? assocNameHas(c->pCall, &c->p->mem, &name, i)
                 : assocNameOne(c->pCall, &c->p->mem, &name, i);
    iCol = assocColumnFind(pOther->pTable, z);
    if (iCol < 0 && assocRelSeek(c->pCall, pOther, z) == 0) break;
  }
  return z;
}

static void problemSides(Checker *c, AssocRel *pRel) {
  int bBelongs = pRel->eKind == ASSOC_BELONGSTO, bUnique, eKind;
  if (pRel->nPath || pRel->nBranch || pRel->eKind == ASSOC_BELONGSTOMANY ||
      pRel->pOpt->pPolymorphic || pRel->pScope) {
    return;
  }
  if (bBelongs && problemBoth(c, pRel)) return;
  if (!problemHasAll(&pRel->foreign) || problemBack(c, pRel)) return;
  if (c->pCall->rc != SQLITE_OK) return;
  bUnique =
      bBelongs && assocLookIsUnique(c->p, pRel->pSource->pTable,
                                    pRel->foreign.nCol, pRel->foreign.aCol);
  eKind = !bBelongs ? ASSOC_BELONGSTO : bUnique ? ASSOC_HASONE : ASSOC_HASMANY;
  problemAdd(c, CHECK_INFO, CHECK_REL(pRel), "one side only",
             fixDefine(c, pRel->pTarget, eKind, pRel->pSource,
                       problemBackName(c, pRel, bUnique), &pRel->foreign, 0),
             "%s has no association that leads back over %s",
             pRel->pTarget->zLabel, pRel->foreign.azCol[0]);
}

/* ------------------------------------------------------------------ circles */

/*
** Keys that must not be NULL and lead in a circle: breadth first from the
** target of each, as far as keys are required. The circle is named by the
** first association of it.
*/
static int problemLeadsBack(Checker *c, const AssocRel *pFirst, u8 *abSeen) {
  AssocModel **ap =
      assocAlloc(c->pCall, &c->p->mem, (i64)sizeof(*ap) * (c->nRel + 1));
  int n = 0, i, j, k;
  if (ap == 0) return 0;
  ap[n++] = pFirst->pTarget;
  for (i = 0; i < n; i++) {
    AssocDef *pDef = assocLookFirstDef(c->p, ap[i], &j);
    if (ap[i] == pFirst->pSource) return 1;
    for (; pDef; pDef = assocLookNextDef(c->p, &j)) {
      AssocRel *q = pDef->pRel;
      if (q == 0 || abSeen[j] || q->eKind != ASSOC_BELONGSTO || q->nBranch ||
          !assocRelRequired(q)) {
        continue;
      }
      for (k = 0; k < n && ap[k] != q->pTarget; k++) {
      }
      if (k == n && n < c->nRel) ap[n++] = q->pTarget;
    }
  }
  return 0;
}

static void problemCircles(Checker *c) {
  u8 *abSeen = assocAlloc(c->pCall, &c->p->mem, c->nRel + c->p->nDef + 1);
  int i, iCol;
  for (i = 0; i < c->nRel && abSeen && c->pCall->rc == SQLITE_OK; i++) {
    AssocRel *q = c->apRel[i];
    AssocTable *pTab = q->pSource->pTable;
    int j;
    if (q->eKind != ASSOC_BELONGSTO || q->nBranch || !assocRelRequired(q) ||
        !problemHasAll(&q->foreign) || q->pOpt->eAllowNull >= 0) {
      continue;
    }
    for (iCol = j = 0; j < q->foreign.nCol; j++) {
      iCol = q->foreign.aCol[j];
      if (pTab->aCol[iCol].bNotNull && !pTab->aCol[iCol].iPk) break;
    }
    if (j == q->foreign.nCol || !problemLeadsBack(c, q, abSeen)) continue;
    problemAdd(c, CHECK_ERROR, CHECK_REL(q), "required keys in a circle",
               fixColumn(c, pTab, iCol, 0, 1),
               "%s.%s must not be NULL, and neither must the keys that lead "
               "from %s back to %s: no row could be the first",
               pTab->zName, pTab->aCol[iCol].zName, q->pTarget->zLabel,
               q->pSource->zLabel);
  }
}

/* ------------------------------------------------------------------- orders */

/* Add a column to an index that is wanted. */
static void indexColumn(CheckIndex *pWant, int iCol, int bDesc) {
  pWant->abDesc[pWant->nCol] = (u8)bDesc;
  pWant->aCol[pWant->nCol++] = iCol;
}

/* The key, what a scope compares with =, of one level, and the order as far as
** an index can have it. */
static void indexOfOrder(const AssocRel *pRel, CheckIndex *pWant) {
  const AssocTable *pTab = pRel->pTarget->pTable;
  const ShapePred *q;
  const ShapeSort *pSort;
  int i;
  for (i = 0; i < pRel->foreign.nCol; i++) {
    indexColumn(pWant, pRel->foreign.aCol[i], 0);
  }
  for (q = pRel->pScope; q && pWant->nCol < 12; q = q->pNext) {
    i = q->eOp == SHAPE_OP_EQ && q->key.pPath && !q->key.pAgg
            ? assocColumnFind(pTab, q->key.pPath->z)
            : -1;
    if (i >= 0) indexColumn(pWant, i, 0);
  }
  pWant->nFixed = pWant->nCol;
  for (pSort = pRel->pOrder; pSort && pWant->nCol < ASSOC_COUNT(pWant->aCol);
       pSort = pSort->pNext) {
    i = pSort->key.pPath && !pSort->key.pPath->pNext && !pSort->key.pAgg
            ? assocColumnFind(pTab, pSort->key.pPath->z)
            : -1;
    if (i < 0 || i == pTab->iRowid || pSort->pColl) break;
    indexColumn(pWant, i, pSort->bDesc);
  }
}

/* An index over key, scope and order gives the rows of one parent sorted. One
** does for all associations that ask for the same. */
static void problemOrder(Checker *c, AssocRel *pRel) {
  AssocTable *pTab = pRel->pTarget->pTable;
  CheckIndex want = {.pTab = pTab};
  const AssocIndex *pIdx;
  if (pRel->nPath || pTab->eType != ASSOC_TABLE ||
      (pRel->eKind != ASSOC_HASMANY && pRel->eKind != ASSOC_HASONE) ||
      (pRel->pOrder == 0 && pRel->pScope == 0) || pRel->foreign.nCol > 8 ||
      !problemHasAll(&pRel->foreign)) {
    return;
  }
  indexOfOrder(pRel, &want);
  if (want.nCol == pRel->foreign.nCol) return;
  for (pIdx = assocTableIndexes(c->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bPartial &&
        indexServes(&want, pIdx->nCol, pIdx->aCol, pIdx->abDesc)) {
      return;
    }
  }
  if (c->pCall->rc != SQLITE_OK || indexProposed(c, &want)) return;
  problemAdd(
      c, CHECK_INFO, CHECK_REL(pRel), "order without index", fixIndex(c, &want),
      "no index of %s has the key and then what the %s of %s asks for",
      pTab->zName, want.nCol > want.nFixed ? "order" : "scope", pRel->zName);
}

/* --------------------------------------------------------------------- all */

/* Resolve everything; what cannot be is a problem. */
static void problemDefs(Checker *c) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  int n = 0;
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(c->pCall, pSchema)) return;
    for (pDef = pSchema->pDef; pDef; pDef = pDef->pNext) n++;
  }
  c->apRel =
      assocAlloc(c->pCall, &c->p->mem, (i64)sizeof(AssocRel *) * (n + 1));
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    for (pDef = pSchema->pDef; pDef; pDef = pDef->pNext) {
      AssocRel *pRel = pDef->zName[0] ? assocRelOf(c->pCall, pDef) : 0;
      if (c->pCall->rc == SQLITE_ERROR) problemBad(c, pDef);
      if (c->pCall->rc != SQLITE_OK) return;
      if (pRel) c->apRel[c->nRel++] = pRel;
    }
  }
}

/* What one says of a key, and another says otherwise. Only those that say
** anything can. */
static void problemDisagree(Checker *c, AssocRel *pRel) {
  const AssocOptions *q = pRel->pOpt;
  AssocArena mem;
  if (q->zOnDelete == 0 && q->zOnUpdate == 0 && q->eAllowNull < 0 &&
      q->eUnique < 0 && q->eThroughUnique < 0) {
    return;
  }
  /* One at a time: when one of the two is gone, the other is right */
  if (c->bDisagree) {
    return;
  }
  memset(&mem, 0, sizeof(mem));
  (void)assocForeignList(c->pCall, c->p->pCat, &mem, pRel);
  assocArenaFree(&mem);
  if (c->pCall->rc == SQLITE_ERROR) {
    problemBad(c, pRel->pDef);
    c->bDisagree = 1;
  }
}

void assocCheck(AssocLook *p) {
  AssocForeign *pFor;
  Checker c;
  int i;
  memset(&c, 0, sizeof(c));
  c.p = p;
  c.pCall = c.sync.pCall = p->pCall;
  problemDefs(&c);
  for (i = 0; i < c.nRel && p->pCall->rc == SQLITE_OK; i++) {
    AssocRel *pRel = c.apRel[i];
    problemDisagree(&c, pRel);
    problemName(&c, pRel);
    problemReady(&c, pRel);
    if (pRel->nBranch) problemBranches(&c, pRel);
    problemOne(&c, pRel);
    problemSides(&c, pRel);
  }
  /* One that disagrees with another gives no list */
  for (i = 0; i < c.nRel && i < 8 && c.pList == 0; i++) {
    c.pList = assocForeignList(p->pCall, p->pCat, &p->mem, c.apRel[i]);
    if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
  }
  for (pFor = c.pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    problemForeign(&c, pFor);
  }
  /* After the indexes of keys, of which one may do for these too */
  for (i = 0; i < c.nRel && p->pCall->rc == SQLITE_OK; i++) {
    problemOrder(&c, c.apRel[i]);
  }
  problemEnforced(&c);
  problemCircles(&c);
  assocArenaFree(&c.sync.mem);
}
