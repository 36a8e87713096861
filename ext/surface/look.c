/*
** The functions of the floor look: discovery, checks, diagrams, dumps.
**
**    SELECT assoc_discover();                      -- associations over all keys
**    SELECT assoc_discover('{"dryRun":true}');     -- as calls of assoc_define()
**    SELECT assoc_discover('aux', '{"guess":true}');
**    SELECT * FROM assoc_check;
**    SELECT assoc_diagram('mermaid');
**    SELECT assoc_dump();
**
** This file reads the options and gives the results. The work is done in look/.
*/
#include "surface/surface.h"
#include "look/look.h"

/* Models that an option names. */
typedef struct LookNames LookNames;
struct LookNames {
  AssocArena *pMem; /* What follows is in there */
  AssocNames names; /* The models that are named */
};

/* Read a model or an array of models. Copy the names: the JSON is freed. */
static void lookNames(AssocOptionReader *r, AssocJson *p, void *pInto) {
  LookNames *q = pInto;
  AssocJson *pName = p->eType == ASSOC_J_ARRAY ? p->pChild : p;
  int n = p->eType == ASSOC_J_ARRAY ? p->nChild : 1;
  q->names.n = 0;
  q->names.az = assocAlloc(r->pCall, q->pMem, (i64)sizeof(char *) * (n + 1));
  for (; pName && q->names.az && q->names.n < n; pName = pName->pNext) {
    if (pName->eType != ASSOC_J_TEXT) {
      assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, p->zKey,
                   "the option %s must hold names of models, not %s", p->zKey,
                   assocJsonTypeName(pName));
      return;
    }
    q->names.az[q->names.n++] =
        assocArenaText(r->pCall, q->pMem, pName->z, pName->n);
  }
}
#define LOOK_NAMES "ta", "a model, or an array of models", lookNames

/* The options of assoc_discover(). */
typedef struct DiscoverOptions DiscoverOptions;
struct DiscoverOptions {
  int bDry;       /* "dryRun": only say what would be defined */
  int bGuess;     /* Also keys that the schema does not declare */
  int nSure;      /* What is guessed is declared if it is so sure */
  LookNames only; /* These models alone; none: all */
};

/* true: list the guesses. A number such as 0.9: also declare the guesses of at
** least this confidence. */
static void discoverGuess(AssocOptionReader *r, AssocJson *p, void *pInto) {
  DiscoverOptions *pOpt = pInto;
  double rSure = p->eType == ASSOC_J_INT ? (double)p->i : p->r;
  if (p->eType == ASSOC_J_TRUE || p->eType == ASSOC_J_FALSE) {
    pOpt->bGuess = p->eType == ASSOC_J_TRUE;
  } else if ((p->eType == ASSOC_J_INT || p->eType == ASSOC_J_REAL) &&
             rSure > 0 && rSure <= 1) {
    pOpt->bGuess = 1;
    pOpt->nSure = (int)(rSure * 100 + 0.5);
  } else {
    assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, "guess",
                 "the option guess must be true, false, or the least "
                 "confidence of the guesses to define, above 0 and up to 1");
  }
}

static const AssocOption aDiscoverOption[] = {
    {"dryRun", "b", "true or false", assocOptionFlag,
     offsetof(DiscoverOptions, bDry)},
    {"guess", 0, 0, discoverGuess, 0},
    {"only", LOOK_NAMES, offsetof(DiscoverOptions, only)},
};

/* The database of that name. */
static AssocSchema *lookSchema(AssocCall *pCall, AssocCatalog *pCat,
                               const char *zName) {
  AssocNearest near;
  AssocSchema *p = zName ? assocSchemaFind(pCat, zName) : pCat->pSchema;
  if (p) return p;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  for (p = pCat->pSchema; p; p = p->pNext) assocNearestTry(&near, p->zName);
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zName = zName,
                        .zNear = near.zBest,
                        .zHint = "ATTACH it first"},
            "there is no database '%s'", zName);
  return 0;
}

/* Nothing is read yet. */
static void lookInit(AssocLook *p, AssocCall *pCall) {
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
}

/* Enter the catalog and keep a reference, because the result uses its names. */
static int lookEnter(AssocLook *p, const char *zSchema) {
  assert(p->pCat == 0);
  p->pCat = assocCatalogEnter(p->pCall);
  if (p->pCat == 0) return 0;
  assocCatalogRef(p->pCat);
  p->pSchema = lookSchema(p->pCall, p->pCat, zSchema);
  return p->pSchema != 0;
}

/* The catalog stays referenced until lookClear(), since results point into
** it. */
static void lookLeave(AssocLook *p) {
  assocCatalogLeave(p->pCall, p->pCat);
}

/* Free everything that the look has collected. */
static void lookClear(AssocLook *p) {
  assocCatalogUnref(p->pCat);
  assocArenaFree(&p->mem);
}

/* Read two optional arguments, a text and options; both may be left out. A
** single argument that begins with "{" is the options. */
static void lookArgs(AssocCall *pCall, int nArg, sqlite3_value **ap,
                     const char **pzText, const char **pzOptions) {
  const char *z = nArg ? assocArgTextOrNull(pCall, ap[0]) : 0;
  int bOptions = nArg == 1 && z && z[0] == '{';
  assert(nArg >= 0 && nArg <= 2);
  *pzText = bOptions ? 0 : z;
  *pzOptions = nArg > 1 ? assocArgTextOrNull(pCall, ap[1]) : bOptions ? z : 0;
}

/* Find models and associations. True if there is one to declare. */
static int discoverRead(AssocLook *p, const char *zSchema,
                        const DiscoverOptions *pOpt) {
  const AssocFound *q = 0;
  if (lookEnter(p, zSchema)) {
    assocLookKeys(p);
    if (pOpt->bGuess) assocLookGuess(p);
    assocDiscover(p, &pOpt->only.names);
    for (q = p->pFound; q && q->nSure < pOpt->nSure; q = q->pNext) {
    }
  }
  lookLeave(p);
  return q != 0 || p->pFoundModel != 0;
}

/*
** assoc_discover([schema] [, options]). As in assoc_define(), the schema is read
** first, then the lock is taken, and if that restarted the transaction,
** everything is read again. A dry run takes no lock and begins no savepoint.
*/
static void discoverFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                         sqlite3_value **ap) {
  const char *zSchema, *zOptions;
  DiscoverOptions opt;
  AssocArena mem;
  AssocLook look;
  AssocWrite w;
  char *z;
  i64 n = 0;
  lookArgs(pCall, nArg, ap, &zSchema, &zOptions);
  memset(&mem, 0, sizeof(mem));
  memset(&opt, 0, sizeof(opt));
  opt.nSure = 100;
  opt.only.pMem = &mem;
  assocOptionsOf(pCall, zOptions, ASSOC_COUNT(aDiscoverOption), aDiscoverOption,
                 "assoc_discover() has", &opt);
  if (pCall->rc != SQLITE_OK) {
    assocArenaFree(&mem);
    return;
  }
  lookInit(&look, pCall);
  if (opt.bGuess) assocSessionRefuse(pCall, "assoc_discover"); /* Reads rows */
  if (!opt.bDry) assocWriteBegin(pCall, &w, "assoc_discover");
  if (discoverRead(&look, zSchema, &opt) && !opt.bDry &&
      assocWriteAgain(pCall, &w, "assoc_discover", look.pSchema->zName)) {
    lookClear(&look);
    lookInit(&look, pCall);
    (void)discoverRead(&look, zSchema, &opt);
  }
  if (!opt.bDry) {
    if (pCall->rc == SQLITE_OK) assocDiscoverWrite(&look, opt.nSure);
    z = assocDiscoverJson(&look, opt.nSure, opt.bGuess, &n);
    assocGiveJson(pResult, z, n);
    assocWriteEnd(pCall, &w);
  } else {
    z = assocDiscoverText(&look, opt.nSure, opt.bGuess);
    if (z) assocGiveText(pCall, pResult, z);
    sqlite3_free(z);
  }
  lookClear(&look);
  assocArenaFree(&mem);
}

/* assoc_dump(): the calls that make the definitions again */
static void dumpFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                     sqlite3_value **ap) {
  AssocLook look;
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  char *z = 0;
  (void)nArg, (void)ap;
  assocSessionRefuse(pCall, "assoc_dump");
  lookInit(&look, pCall);
  if (lookEnter(&look, 0)) {
    assocCatalogNeedTrust(pCall, look.pCat);
    z = assocDumpText(&look);
  }
  if (z) assocStrAdd(pStr, z);
  assocLiveDump(pCall, look.pCat, pStr);
  lookLeave(&look);
  lookClear(&look);
  sqlite3_free(z);
  z = assocStrFinish(pCall, pStr);
  if (z) sqlite3_result_text(pCtx, z, -1, sqlite3_free);
}

/* The options of assoc_diagram(). */
typedef struct DiagramOptions DiagramOptions;
struct DiagramOptions {
  LookNames models, from; /* As in AssocDiagramOptions */
  int nStep;              /* How far from "from" */
  int bColumns;           /* Show the columns of tables */
};

/* 1,000 steps cross any schema. */
static void diagramSteps(AssocOptionReader *r, AssocJson *p, void *pInto) {
  if (p->eType != ASSOC_J_INT || p->i < 0 || p->i > 1000) {
    assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, "steps",
                 "the option steps must be a whole number from 0 on");
  } else {
    *(int *)pInto = (int)p->i;
  }
}

static const AssocOption aDiagramOption[] = {
    {"models", LOOK_NAMES, offsetof(DiagramOptions, models)},
    {"from", LOOK_NAMES, offsetof(DiagramOptions, from)},
    {"steps", "1", "a whole number", diagramSteps,
     offsetof(DiagramOptions, nStep)},
    {"columns", "b", "true or false", assocOptionFlag,
     offsetof(DiagramOptions, bColumns)},
};

/* Read the options into pOut, which lasts as long as pMem. */
static void diagramRead(AssocCall *pCall, AssocArena *pMem,
                        const char *zOptions, AssocDiagramOptions *pOut) {
  DiagramOptions opt;
  memset(&opt, 0, sizeof(opt));
  opt.models.pMem = opt.from.pMem = pMem;
  opt.nStep = -1;
  opt.bColumns = 1;
  assocOptionsOf(pCall, zOptions, ASSOC_COUNT(aDiagramOption), aDiagramOption,
                 "assoc_diagram() has", &opt);
  if (opt.nStep >= 0 && opt.from.names.n == 0) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, "steps",
                 "the option steps counts from a model; name it with from");
  }
  pOut->models = opt.models.names;
  pOut->from = opt.from.names;
  pOut->nStep = opt.nStep < 0 ? 1 : opt.nStep;
  pOut->bNoColumns = !opt.bColumns;
}

/* assoc_diagram([format] [, options]): mermaid without a format. */
static void diagramFunc(AssocCall *pCall, sqlite3_context *pCtx, int nArg,
                        sqlite3_value **ap) {
  const char *zFormat, *zOptions;
  AssocDiagramOptions opt;
  AssocArena mem;
  AssocLook look;
  char *z = 0;
  int iFormat;
  memset(&mem, 0, sizeof(mem));
  memset(&opt, 0, sizeof(opt));
  lookArgs(pCall, nArg, ap, &zFormat, &zOptions);
  iFormat = assocDiagramFormat(pCall, zFormat);
  if (pCall->rc == SQLITE_OK) diagramRead(pCall, &mem, zOptions, &opt);
  if (pCall->rc == SQLITE_OK) {
    lookInit(&look, pCall);
    if (lookEnter(&look, 0)) z = assocDiagramText(&look, iFormat, &opt);
    lookLeave(&look);
    lookClear(&look);
  }
  assocArenaFree(&mem);
  if (z) sqlite3_result_text(pCtx, z, -1, sqlite3_free);
}

/* The owner's policies that cannot be used. */
static void checkPolicies(AssocLook *p, AssocRows *pRows) {
  AssocSchema *pSchema = p->pCall->pConn->pSession ? 0 : p->pCat->pSchema;
  AssocDef *pDef;
  for (; pSchema; pSchema = pSchema->pNext) {
    (void)assocSchemaDefs(p->pCall, pSchema);
    for (pDef = pSchema->pPolicyDef; pDef; pDef = pDef->pNext) {
      AssocModel *pModel;
      AssocErr why;
      AssocCall ask;
      int bBad;
      char *z = 0;
      assocTryBegin(&ask, p->pCall);
      pModel = assocModelNear(&ask, pSchema, pDef->zModel);
      if (pModel) assocSqlCheckPolicies(&ask, pModel->pTable);
      bBad = assocTryEnd(&ask, p->pCall, &why);
      if (!bBad && pModel) continue;
      z = bBad ? assocErrLine(&why)
               : assocMprintf(p->pCall, "there is no table for the model '%s'",
                              pDef->zModel);
      if (z == 0) assocErrorCode(p->pCall, SQLITE_NOMEM);
      assocRowsAdd(p->pCall, pRows);
      assocRowsText(p->pCall, pRows, CHECK_SEVERITY, "error");
      assocRowsText(p->pCall, pRows, CHECK_MODEL, pDef->zModel);
      assocRowsText(p->pCall, pRows, CHECK_PROBLEM, "bad policy");
      assocRowsText(p->pCall, pRows, CHECK_DETAIL, z);
      sqlite3_free(z);
      assocErrClear(&why);
    }
  }
}

/* May the session be told of the problem? */
static int checkShows(AssocLook *p, const AssocProblem *q) {
  return (q->pDef == 0 || assocDefShown(p->pCall, q->pDef)) &&
         !assocTextTells(p->pCall, p->pCat, q->zDetail, 0) &&
         !assocTextTells(p->pCall, p->pCat, q->zFix, 0);
}

/* assoc_check: a row for each problem */
static void checkMake(AssocCall *pCall, AssocRows *pRows, int nArg,
                      sqlite3_value **ap) {
  const AssocProblem *q;
  AssocLook look;
  (void)nArg, (void)ap;
  lookInit(&look, pCall);
  if (lookEnter(&look, 0)) assocCheck(&look);
  if (look.pCat) checkPolicies(&look, pRows);
  for (q = look.pProblem; q && pCall->rc == SQLITE_OK; q = q->pNext) {
    if (!checkShows(&look, q)) continue;
    assocRowsAdd(pCall, pRows);
    assocRowsText(pCall, pRows, CHECK_SEVERITY, q->zSeverity);
    assocRowsText(pCall, pRows, CHECK_MODEL, q->zModel);
    assocRowsText(pCall, pRows, CHECK_ASSOCIATION, q->zAssociation);
    assocRowsText(pCall, pRows, CHECK_PROBLEM, q->zProblem);
    assocRowsText(pCall, pRows, CHECK_DETAIL, q->zDetail);
    assocRowsText(pCall, pRows, CHECK_FIX, q->zFix);
  }
  assocLiveCheckRows(pCall, look.pCat, pRows);
  lookLeave(&look);
  lookClear(&look);
}

const AssocRowsTable assocCheckTable = {
    "assoc_check",
    "CREATE TABLE x(severity, model, association, problem, detail, fix)",
    6,
    0,
    0,
    checkMake};

const AssocFunction aAssocLookFunction[] = {
    {"assoc_diagram", 0, 2, ASSOC_READER, diagramFunc, "[format] [, options]",
     0},
    {"assoc_discover", 0, 2, ASSOC_WRITER, 0, "[schema] [, options]",
     discoverFunc},
    {"assoc_dump", 0, 0, ASSOC_READER, dumpFunc, "", 0},
    {0, 0, 0, 0, 0, 0, 0}};
