/*
** Definitions as the calls that make them again:
**
**    SELECT assoc_model('User', '{"table":"people"}');
**    SELECT assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}');
**    SELECT assoc_policy('Post', '{"read":"userId = :user"}');
**
** The order matters, since a call looks at what is defined already. Models come
** before the definitions that use them; definitions that name their keys before
** those that look for them; a polymorphic belongsTo before its other sides; a
** path after its steps; policies after all associations, which their conditions
** may name. A row that these functions would refuse becomes a comment with the
** reason.
*/
#include "look/look.h"

/* {"as":"posts",...,"temp":true}: the options as the row has them, with the
** name as "as". OUT: freed with sqlite3_free() */
static char *dumpOptions(AssocLook *p, const char *zName, const char *zOptions,
                         int bTemp) {
  AssocOut out;
  char *z;
  i64 n = 0;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{", 1);
  if (zName) {
    assocOutText(&out, "\"as\":", 5);
    assocJsonString(&out, zName, (i64)strlen(zName));
  }
  /* The stored text, without its braces: "as" and "temp" are not in it. */
  assert(zOptions == 0 || zOptions[0] == '{');
  if (zOptions && strlen(zOptions) > 2) {
    if (zName) assocOutText(&out, ",", 1);
    assocOutText(&out, zOptions + 1, (i64)strlen(zOptions) - 2);
  }
  if (bTemp) {
    const char *zTemp = ",\"temp\":true";
    if (out.p - out.pStart == 1) zTemp++;
    assocOutText(&out, zTemp, (i64)strlen(zTemp));
  }
  assocOutText(&out, "}", 1);
  z = assocBufText(p->pCall, &out, &n);
  return z;
}

/* The options contain the name as "as", because a default name may differ when
** the call is run in another schema. */
void assocDumpCall(AssocLook *p, sqlite3_str *pStr, const char *zModel,
                   const char *zKind, const char *zTarget, const char *zName,
                   const char *zOptions, int bTemp) {
  char *z;
  if (p->pCall->rc != SQLITE_OK) return;
  z = dumpOptions(p, zName, zOptions, bTemp);
  assert(zModel && zKind); /* zTarget 0 is NULL */
  if (z) {
    sqlite3_str_appendf(pStr, "assoc_define(%Q, %Q, %Q, %Q)", zModel, zKind,
                        zTarget, z);
  }
  sqlite3_free(z);
}

/* See look.h. */
void assocDumpModelCall(AssocLook *p, sqlite3_str *pStr, const char *zModel,
                        const char *zOptions, int bTemp) {
  char *z = dumpOptions(p, 0, zOptions, bTemp);
  if (z) sqlite3_str_appendf(pStr, "assoc_model(%Q, %Q)", zModel, z);
  sqlite3_free(z);
}

/* A name as it is written outside its own database. Rows of temp have it
** written so already. */
static const char *dumpName(AssocLook *p, const AssocDef *pDef,
                            const char *zName, const AssocModel *pModel) {
  const AssocSchema *pSchema = pDef->pSchema;
  const char *z;
  assert(zName);
  if (pSchema == p->pCat->pSchema || pSchema->pNext == 0) return zName;
  /* The name leads to another database already. */
  if (pModel && pModel->pTable->pSchema != pSchema) return zName;
  z = assocArenaPrintf(p->pCall, &p->mem, "%s.%s", pSchema->zName,
                       assocBareName(pSchema, zName));
  return z ? z : "";
}

/* A comment, whose text may have an end of line in it. */
static void dumpComment(AssocLook *p, sqlite3_str *pStr, const AssocDef *pDef,
                        const char *zWhy) {
  char *z =
      assocMprintf(p->pCall, "%s.%s: %s", pDef->zModel, pDef->zName, zWhy);
  int i;
  for (i = 0; z && z[i]; i++) {
    /* A comment is one line: the rest of a message would be run as SQL. */
    if (z[i] == '\n' || z[i] == '\r') z[i] = ' ';
  }
  if (z) sqlite3_str_appendf(pStr, "-- %s\n", z);
  sqlite3_free(z);
}

/* The same for an error, which is then empty. */
static void dumpWhy(AssocLook *p, sqlite3_str *pStr, const AssocDef *pDef,
                    AssocErr *pWhy) {
  char *zWhy = assocErrText(pWhy);
  assocErrClear(pWhy);
  if (zWhy == 0) assocErrorCode(p->pCall, SQLITE_NOMEM);
  if (zWhy) dumpComment(p, pStr, pDef, zWhy);
  sqlite3_free(zWhy);
}

/* ----------------------------------------------------------------- models */

/* The row's options as one line of JSON: a row that was made by hand may have
** spaces. If they are no JSON object, a comment is printed instead. OUT: freed
** with sqlite3_free(); 0 if there are none, or after an error. */
static char *dumpRowOptions(AssocLook *p, sqlite3_str *pStr,
                            const AssocDef *pDef) {
  AssocArena mem;
  AssocCall ask;
  AssocErr why;
  AssocJson *pJson;
  AssocOut out;
  char *zOptions = 0;
  i64 n = 0;
  memset(&mem, 0, sizeof(mem));
  assocTryBegin(&ask, p->pCall);
  pJson = assocJsonObject(&ask, &mem, pDef->zOptions ? pDef->zOptions : "{}",
                          -1, "the options");
  if (pJson) {
    assocBufInit(&out, 0x7fffffff);
    assocJsonWrite(&out, pJson);
    zOptions = assocBufText(&ask, &out, &n);
  }
  /* Read and written again: a text that is no JSON becomes a comment, and not a
  ** call that fails. */
  assocArenaFree(&mem);
  if (assocTryEnd(&ask, p->pCall, &why)) {
    dumpWhy(p, pStr, pDef, &why);
    return 0;
  }
  return zOptions;
}

/* A row of assoc_model() as its call. */
static void dumpModel(AssocLook *p, sqlite3_str *pStr, const AssocDef *pDef) {
  char *zOptions = dumpRowOptions(p, pStr, pDef);
  if (zOptions == 0) return;
  sqlite3_str_appendall(pStr, "SELECT ");
  assocDumpModelCall(p, pStr, dumpName(p, pDef, pDef->zModel, 0), zOptions,
                     pDef->pSchema->pNext == 0);
  sqlite3_str_appendall(pStr, ";\n");
  sqlite3_free(zOptions);
}

/* Rows that make tables come before those that name these tables. */
static int dumpModelStage(AssocLook *p, AssocDef *pDef) {
  AssocJson *pJson = assocDefJson(p->pCall, pDef);
  assert(pDef->zName[0] == 0);
  if (pJson == 0 || assocJsonGet(pJson, "columns") == 0) return 2;
  return assocJsonGet(pJson, "values") != 0;
}

/* Rows of assoc_model(), whose name is ''. */
static void dumpModels(AssocLook *p, sqlite3_str *pStr) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  int i;
  for (i = 0; i < 3; i++) {
    for (pSchema = p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
      if (!assocSchemaLoad(p->pCall, pSchema)) return;
      pDef = assocSchemaDefs(p->pCall, pSchema);
      for (; pDef; pDef = pDef->pNext) {
        assert(i < 3);
        /* Stages: what the options of a later model need comes first. */
        if (pDef->zName[0] || dumpModelStage(p, pDef) != i) continue;
        dumpModel(p, pStr, pDef);
      }
    }
  }
}

/* ----------------------------------------------------------- associations */

/* The stages of a dump: a definition comes after those that it depends on. An
** association that does not name its keys may get them from other definitions:
** of two keys to one table, it gets the key that no other association takes. */
#define DUMP_BAD -1
#define DUMP_SAYS 0  /* Its keys are named, or found by their own names */
#define DUMP_SEEKS 1 /* Its keys are those that others leave */
#define DUMP_TYPED 2 /* It needs a polymorphic belongsTo, its other side */
#define DUMP_PATH 3  /* It needs the steps of its path */
#define DUMP_NSTAGE 4

/* Does it find its keys independently of other definitions? */
static int dumpSays(AssocLook *p, const AssocRel *pRel) {
  const AssocOptions *pOpt = pRel->pOpt;
  assert(pRel->nPath == 0);
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    return pOpt->foreignKey.n && pOpt->otherKey.n && pOpt->zThrough;
  }
  if (pRel->eKind != ASSOC_BELONGSTO || pOpt->foreignKey.n) return 1;
  assert(pRel->targetKey.nCol == pRel->foreign.nCol);
  return pRel->foreign.nCol == 1 &&
         assocKeyUsual(p->pCall, &p->mem, pRel->foreign.azCol[0], pRel->zName,
                       pRel->targetKey.azCol[0]);
}

/* In which stage does the definition come? A definition that cannot be resolved
** has no stage; with bComment, its error is printed. */
static int dumpStage(AssocLook *p, sqlite3_str *pStr, AssocDef *pDef,
                     int bComment) {
  AssocErr why;
  AssocRel *pRel = assocRelTry(p->pCall, pDef, &why);
  if (pRel == 0) {
    if (bComment && p->pCall->rc == SQLITE_OK) dumpWhy(p, pStr, pDef, &why);
    assocErrClear(&why);
    return DUMP_BAD;
  }
  /* A path comes after its steps, a typed one after its polymorphic belongsTo. */
  if (pRel->nPath) return DUMP_PATH;
  if (pRel->eKind != ASSOC_BELONGSTO && pRel->pOpt->pPolymorphic) {
    return DUMP_TYPED;
  }
  return dumpSays(p, pRel) ? DUMP_SAYS : DUMP_SEEKS;
}

/* The row's own texts are printed where possible, so that a dump of a dump is
** the same. */
static void dumpDef(AssocLook *p, sqlite3_str *pStr, AssocDef *pDef) {
  AssocRel *pRel = assocRelOf(p->pCall, pDef);
  const char *zOptions;
  assert(pDef->zName[0]);
  if (pRel == 0) return;
  /* The row may have been made by hand, with an "as" of its own */
  zOptions = assocOptionsText(p->pCall, &p->mem, pDef->pOpt);
  sqlite3_str_appendall(pStr, "SELECT ");
  assocDumpCall(p, pStr, dumpName(p, pDef, pDef->zModel, pRel->pSource),
                azAssocKind[pRel->eKind],
                pRel->nBranch ? 0
                              : dumpName(p, pDef, pDef->zTarget, pRel->pTarget),
                pDef->zName, zOptions, pDef->pSchema->pNext == 0);
  sqlite3_str_appendall(pStr, ";\n");
}

/* The paths, each after those that are its steps: one pass more for each
** level, for a path knows its steps only by their names. */
typedef struct DumpPaths DumpPaths;
struct DumpPaths {
  AssocDef **ap; /* Paths that are not printed yet */
  int n;         /* Their number */
};

/* Is the definition a path that has not been printed yet? */
static int dumpIsPending(const DumpPaths *pPaths, const AssocDef *pDef) {
  int i;
  for (i = 0; i < pPaths->n; i++) {
    if (pPaths->ap[i] == pDef) return 1;
  }
  return 0;
}

/* Is a step of the path among those that are still to be written? */
static int dumpWaits(AssocLook *p, const DumpPaths *pPaths, AssocDef *pDef) {
  AssocModel *pAt = pDef->pRel->pSource;
  const char *z = pDef->pRel->pOpt->zThrough;
  assert(pDef->pRel && pDef->pRel->nPath > 0);
  while (*z) {
    int n = 0;
    AssocRel *pStep;
    while (z[n] && z[n] != '.') n++;
    pStep =
        assocRelSeek(p->pCall, pAt, assocArenaText(p->pCall, &p->mem, z, n));
    if (pStep == 0) return 0;
    if (dumpIsPending(pPaths, pStep->pDef)) return 1;
    pAt = pStep->pTarget;
    z += n + (z[n] == '.');
  }
  return 0;
}

/* Print the paths whose steps have been printed, again and again, until none is
** left. A circle of paths cannot exist: resolving it is an error. */
static void dumpPaths(AssocLook *p, sqlite3_str *pStr, DumpPaths *pPaths) {
  int i, n = -1;
  while (pPaths->n > 0) {
    DumpPaths left = {pPaths->ap, 0};
    if (ASSOC_NEVER(pPaths->n == n)) return;
    n = pPaths->n;
    for (i = 0; i < n; i++) {
      AssocDef *pDef = pPaths->ap[i];
      if (dumpWaits(p, pPaths, pDef)) {
        left.ap[left.n++] = pDef;
      } else {
        dumpDef(p, pStr, pDef);
      }
    }
    pPaths->n = left.n;
  }
}

/* The rows of assoc_policy(). */
static void dumpPolicies(AssocLook *p, sqlite3_str *pStr) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  for (pSchema = p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    for (pDef = pSchema->pPolicyDef; pDef; pDef = pDef->pNext) {
      char *z = dumpRowOptions(p, pStr, pDef);
      if (z) {
        sqlite3_str_appendf(pStr, "SELECT assoc_policy(%Q, %Q);\n",
                            dumpName(p, pDef, pDef->zModel, 0), z);
      }
      sqlite3_free(z);
    }
  }
}

/* One stage after the other over all databases. The comments about wrong rows
** are printed in the first stage. OUT: the caller frees the text; 0 after an
** error. */
char *assocDumpText(AssocLook *p) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  DumpPaths paths = {0, 0};
  AssocSchema *pSchema;
  AssocDef *pDef;
  int eStage, n = 0;
  dumpModels(p, pStr);
  for (pSchema = p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    pDef = assocSchemaDefs(p->pCall, pSchema);
    for (; pDef; pDef = pDef->pNext) n++;
  }
  paths.ap = assocAlloc(p->pCall, &p->mem, (i64)sizeof(AssocDef *) * (n + 1));
  for (eStage = 0; eStage < DUMP_NSTAGE; eStage++) {
    for (pSchema = p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
      pDef = assocSchemaDefs(p->pCall, pSchema);
      for (; pDef && p->pCall->rc == SQLITE_OK; pDef = pDef->pNext) {
        if (pDef->zName[0] == 0) continue;
        if (dumpStage(p, pStr, pDef, eStage == 0) != eStage) continue;
        if (eStage < DUMP_PATH) {
          dumpDef(p, pStr, pDef);
        } else {
          assert(paths.n < n);
          paths.ap[paths.n++] = pDef;
        }
      }
    }
  }
  dumpPaths(p, pStr, &paths);
  dumpPolicies(p, pStr);
  return assocLookLines(p, pStr);
}
