/*
** The problems that assoc_check reports, and the SQL that fixes them.
**
** For every association: can its definition be used, do its tables and columns
** exist, is its name free. For every foreign key, once for all associations
** over it: does an index serve it, do its columns compare as the same, does the
** schema declare it, do rows refer to nothing. At the end, what only several
** associations together show: one side without the other, and circles of keys
** that are all NOT NULL.
**
**    severity  error    a call fails, or gives wrong rows
**              warning  a call is slow, or may give wrong rows later
**              info     something is missing that a person may want
**
** A fix can be run as it is, and all fixes one after another: a fix that
** changes a table reads it when it runs, so no fix undoes another one. No fix
** deletes a definition, a column or a constraint. If only a person can know
** what is right, fix is NULL and detail lists the choices.
*/
#include "look/look.h"
#include "sql/sql.h"
#include "sync/sync.h"

/* A proposed index. Its first nFixed columns may stand in any order. */
typedef struct CheckIndex CheckIndex;
struct CheckIndex {
  AssocTable *pTab;         /* The table to index */
  int nCol, nFixed;         /* Columns; those in any order */
  int aCol[16];             /* Their numbers in pTab */
  u8 abDesc[16];            /* Which are in descending order */
  const AssocForeign *pFor; /* The key that it is for, or 0 */
  CheckIndex *pNext;        /* In the same bucket of apProposed */
};

/* A name that a fix gives to an association of pModel. */
typedef struct CheckName CheckName;
struct CheckName {
  const AssocModel *pModel; /* The model that gets the association */
  const char *zName;        /* The name that the fix gives */
  const AssocRel *pRel;     /* The association that asks for it */
  CheckName *pNext;         /* In the same bucket of apName */
};

typedef struct CheckNode CheckNode;
typedef struct Checker Checker;
struct Checker {
  AssocLook *p;                /* Receives the problems */
  AssocCall *pCall;            /* p->pCall */
  AssocSync sync;              /* Names of indexes that are proposed */
  AssocForeign *pList;         /* Foreign keys of all definitions */
  AssocRel **apRel;            /* Associations that can be resolved */
  int nRel;                    /* Their number */
  int bDisagree;               /* Two definitions do, and it has been said */
  CheckIndex *apProposed[256]; /* Indexes that fixes make, by their tables */
  CheckName *apName[256]; /* Names of associations that fixes make, by models */
  CheckNode *apNode[256]; /* Models that keys which are NOT NULL join */
  int bOrphans; /* Rows are in the way of constraints, and no fix mends them */
  int bStuck;   /* A definition is bad that no fix mends */
  AssocProblem *apProblem[3]; /* By severity, the last one first */
};

/* The bucket of a table or model in one of the arrays of 256. */
static int checkBucket(const void *p) {
  return (int)(((u32)((uintptr_t)p >> 4) * 2654435761u) >> 24);
}

/* ---------------------------------------------------------------- problems */

#define CHECK_INFO 0    /* Works, and could be better */
#define CHECK_WARNING 1 /* Works, but slowly or not as one would think */
#define CHECK_ERROR 2   /* Does not work */

/* Add a problem of the definition pDef to the list of its severity. zModel and
** zName must last as long as the look. zFix may be 0; it is copied into the
** arena and freed with sqlite3_free(). The detail is formatted from zFmt. 0
** after an error. */
static AssocProblem *problemAdd(Checker *c, int eSeverity, AssocDef *pDef,
                                const char *zModel, const char *zName,
                                const char *zProblem, char *zFix,
                                const char *zFmt, ...) {
  static const char *const az[] = {"info", "warning", "error"};
  AssocLook *p = c->p;
  AssocProblem *q = assocAlloc(c->pCall, &p->mem, sizeof(*q));
  va_list ap;
  char *z;
  assert(eSeverity >= CHECK_INFO && eSeverity <= CHECK_ERROR);
  va_start(ap, zFmt);
  z = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if (z == 0) assocErrorCode(c->pCall, SQLITE_NOMEM);
  if (q) {
    q->zSeverity = az[eSeverity];
    q->pDef = pDef;
    q->zModel = zModel;
    q->zAssociation = zName;
    q->zProblem = zProblem;
    q->zDetail = assocArenaText(c->pCall, &p->mem, z, -1);
    if (zFix) q->zFix = assocArenaText(c->pCall, &p->mem, zFix, -1);
    q->pNext = c->apProblem[eSeverity];
    c->apProblem[eSeverity] = q;
  }
  sqlite3_free(z);
  sqlite3_free(zFix);
  return q;
}

/* A problem of an association, or of a key by the first that speaks of it. */
#define CHECK_REL(pRel) (pRel)->pDef, (pRel)->pSource->zLabel, (pRel)->zName

/* A model of main or temp is found without its database's name. */
static int isBare(const Checker *c, const AssocSchema *pSchema) {
  return pSchema == c->p->pCat->pSchema || pSchema->pNext == 0;
}

/* SELECT assoc_undefine('User', 'posts'); OUT: sqlite3_free() */
static char *fixUndefine(Checker *c, const AssocDef *pDef) {
  const AssocSchema *pSchema = pDef->pSchema;
  int bBare = isBare(c, pSchema);
  return assocMprintf(
      c->pCall, "SELECT assoc_undefine('%q%s%q', %Q);",
      bBare ? "" : pSchema->zName, bBare ? "" : ".",
      bBare ? pDef->zModel : assocBareName(pSchema, pDef->zModel), pDef->zName);
}

/* Is it a TEMP table? Then its definitions are TEMP, too. */
static int isOfTemp(const AssocModel *pModel) {
  return sqlite3_stricmp(pModel->pTable->pSchema->zName, "temp") == 0;
}

/* SELECT assoc_define(…) of an association of pModel. OUT: sqlite3_free() */
static char *fixDefine(Checker *c, AssocModel *pModel, int eKind,
                       AssocModel *pTarget, const char *zName,
                       const AssocOptions *pOpt, int bReplace) {
  sqlite3_str *pStr = sqlite3_str_new(c->pCall->db);
  int bTemp = isOfTemp(pModel) || (pTarget && isOfTemp(pTarget));
  char *zOptions = assocOptionsText(c->pCall, &c->p->mem, pOpt);
  /* The text is a JSON object: "replace" goes in front of its last brace. */
  assert(zOptions == 0 || zOptions[0] == '{');
  if (bReplace && zOptions) {
    zOptions[strlen(zOptions) - 1] = 0;
    zOptions = assocArenaPrintf(c->pCall, &c->p->mem, "%s,\"replace\":true}",
                                zOptions);
  }
  sqlite3_str_appendall(pStr, "SELECT ");
  assocDumpCall(c->p, pStr, pModel->zLabel, azAssocKind[eKind],
                pTarget ? pTarget->zLabel : 0, zName, zOptions, bTemp);
  sqlite3_str_appendall(pStr, ";");
  return assocStrFinish(c->pCall, pStr);
}

/* SQL that replaces the definition: another kind or other options.
** OUT: sqlite3_free() */
static char *fixReplace(Checker *c, const AssocRel *pRel, int eKind,
                        const AssocOptions *pOpt) {
  return fixDefine(c, pRel->pSource, eKind, pRel->nBranch ? 0 : pRel->pTarget,
                   pRel->zName, pOpt, 1);
}

/* assoc_sync() refuses a constraint that rows break. */
static void problemNeedsRows(AssocProblem *q) {
  if (q) q->bRows = 1;
}

/* A fix that needs no values. OUT: freed with the problem's row. */
static char *fixText(Checker *c, const char *z) {
  return assocMprintf(c->pCall, "%s", z);
}

/* Is the name free for an association of the model? It must not be the name of
** a column, of a definition, or of an association that another fix makes. */
static int checkNameFree(Checker *c, AssocModel *pModel, const char *zName) {
  const CheckName *q;
  assert(pModel->pTable);
  if (assocColumnFind(pModel->pTable, zName) >= 0) return 0;
  for (q = c->apName[checkBucket(pModel)]; q; q = q->pNext) {
    if (q->pModel == pModel && sqlite3_stricmp(q->zName, zName) == 0) return 0;
  }
  return !assocLookHasName(c->p, pModel, zName);
}

/* Remember a name that a fix proposes. Two fixes must not define associations
** with one name, as all fixes can be run one after another. */
static void nameTake(Checker *c, const AssocModel *pModel, const char *zName,
                     const AssocRel *pRel) {
  CheckName *pNew = assocAlloc(c->pCall, &c->p->mem, sizeof(*pNew));
  CheckName **ppBucket = &c->apName[checkBucket(pModel)];
  if (pNew == 0) return;
  assert(zName);
  /* Names that a fix would give are taken as well, so that two fixes that run one
  ** after the other do not collide. */
  pNew->pModel = pModel;
  pNew->zName = zName;
  pNew->pRel = pRel;
  pNew->pNext = *ppBucket;
  *ppBucket = pNew;
}

/* assoc_sync() refuses to run while a definition is bad. */
static char *fixSync(Checker *c, const char *zOptions) {
  return c->bStuck ? 0
                   : assocMprintf(c->pCall, "SELECT assoc_sync(%s);", zOptions);
}

/* ------------------------------------------------------------- definitions */

/* The name of a model of the definition that has no table, or 0. */
static const char *badModel(Checker *c, const AssocDef *pDef) {
  const char *z = pDef->pSource ? pDef->zTarget : pDef->zModel;
  AssocJson *q;
  if (z) return assocRenamedIsGone(c->p, pDef->pSchema, z) ? z : 0;
  q = pDef->pOpt ? pDef->pOpt->pPolymorphic : 0;
  q = q && q->eType == ASSOC_J_OBJECT ? assocJsonGet(q, "models") : 0;
  /* Polymorphic: any of its models may be gone. */
  for (q = q ? q->pChild : 0; q; q = q->pNext) {
    if (q->eType == ASSOC_J_TEXT &&
        assocRenamedIsGone(c->p, pDef->pSchema, q->z)) {
      return q->z;
    }
  }
  return 0;
}

/* {…,"table":"people"}: the options of a model with another table. What cannot
** be read is left out. OUT: sqlite3_free() */
static char *fixModelOptions(Checker *c, const AssocDef *pDef,
                             const char *zTable, int bTemp) {
  AssocCall call;
  AssocJson *p = 0;
  AssocOut out;
  i64 n = 0;
  char *z;
  assocBufInit(&out, 0x7fffffff);
  if (pDef && pDef->zOptions) {
    assocCallInit(&call, c->pCall->pConn);
    p = assocJsonObject(&call, &c->p->mem, pDef->zOptions, -1, "the options");
    if (call.rc != SQLITE_ERROR) assocErrorCode(c->pCall, call.rc);
    assocCallClear(&call);
  }
  /* All other options of the model stay as they are. */
  assocOutText(&out, "{", 1);
  for (p = p ? p->pChild : 0; p; p = p->pNext) {
    assert(p->zKey);
    if (strcmp(p->zKey, "table") == 0) continue;
    assocJsonString(&out, p->zKey, (i64)strlen(p->zKey));
    assocOutText(&out, ":", 1);
    assocJsonWrite(&out, p);
    assocOutText(&out, ",", 1);
  }
  assocOutText(&out, "\"table\":", 8);
  assocJsonString(&out, zTable, (i64)strlen(zTable));
  if (bTemp) assocOutText(&out, ",\"temp\":true", 12);
  if (pDef) assocOutText(&out, ",\"replace\":true", 15);
  assocOutText(&out, "}", 1);
  z = assocBufText(c->pCall, &out, &n);
  return z;
}

/* SELECT assoc_model('User', '{"table":"people"}'); OUT: sqlite3_free() */
static char *fixModel(Checker *c, AssocSchema *pSchema, const char *zModel,
                      const char *zTable) {
  int bBare = isBare(c, pSchema);
  AssocDef *pDef = assocSchemaRow(c->pCall, pSchema, zModel);
  char *zOptions, *zFix = 0;
  /* main and temp need no name in front: a model is looked for there anyway. */
  zOptions = fixModelOptions(c, pDef, zTable, pSchema->pNext == 0);
  if (zOptions) {
    zFix = assocMprintf(c->pCall, "SELECT assoc_model('%q%s%q', %Q);",
                        bBare ? "" : pSchema->zName, bBare ? "" : ".", zModel,
                        zOptions);
  }
  sqlite3_free(zOptions);
  return zFix;
}

/* The name that definitions use for the model of a renamed table. The name of a
** source goes first. */
static const char *renamedAs(Checker *c, AssocSchema *pSchema,
                             const char *zModel, const char *zTable) {
  AssocDef *pDef;
  assert(zModel && zTable);
  pDef = assocSchemaDefs(c->pCall, pSchema);
  for (; pDef; pDef = pDef->pNext) {
    AssocRenamed now;
    if (pDef->pSource || pDef->zName[0] == 0) continue;
    memset(&now, 0, sizeof(now));
    assocRenamedModel(c->p, pSchema, pDef->zModel, &now);
    if (now.nChoice == 1 && sqlite3_stricmp(now.zNow, zTable) == 0) {
      return pDef->zModel;
    }
  }
  return zModel;
}

/* The model gets its new table. A definition that spells it otherwise gets the
** one spelling as its target. OUT: sqlite3_free() */
static char *fixTable(Checker *c, AssocDef *pDef, const char *zModel,
                      const char *zTable) {
  const char *zName = renamedAs(c, pDef->pSchema, zModel, zTable), *zOptions;
  char *zFix = fixModel(c, pDef->pSchema, zName, zTable);
  int eKind = assocKindSeek(pDef->zKind);
  sqlite3_str *pStr;
  assert(zTable && pDef->zName[0]);
  if (zFix == 0 || sqlite3_stricmp(zName, zModel) == 0) return zFix;
  if (pDef->pSource == 0 || pDef->zTarget == 0 || pDef->pOpt == 0) {
    sqlite3_free(zFix);
    return 0;
  }
  zOptions = assocOptionsText(c->pCall, &c->p->mem, pDef->pOpt);
  zOptions =
      assocArenaPrintf(c->pCall, &c->p->mem, "{%.*s%s\"replace\":true}",
                       zOptions ? (int)strlen(zOptions) - 2 : 0,
                       zOptions ? zOptions + 1 : "", zOptions ? "," : "");
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendf(pStr, "%s SELECT ", zFix);
  sqlite3_free(zFix);
  assocDumpCall(c->p, pStr, pDef->pSource->zLabel, azAssocKind[eKind], zName,
                pDef->zName, zOptions, pDef->pSchema->pNext == 0);
  sqlite3_str_appendall(pStr, ";");
  return assocStrFinish(c->pCall, pStr);
}

/* A definition that cannot be resolved, because of pWhy, which is then empty. If a model's table is gone, and one
** table has all the keys that the definitions speak of, the fix names that
** table. */
static void problemBad(Checker *c, AssocDef *pDef, AssocErr *pWhy) {
  char *zWhy = assocErrLine(pWhy);
  const char *zGone;
  char *zFix = 0;
  AssocRenamed now;
  assert(pWhy->rc == SQLITE_ERROR);
  memset(&now, 0, sizeof(now));
  assocErrClear(pWhy);
  if (zWhy == 0) {
    assocErrorCode(c->pCall, SQLITE_NOMEM);
    return;
  }
  zGone = badModel(c, pDef);
  if (zGone) assocRenamedModel(c->p, pDef->pSchema, zGone, &now);
  if (now.nChoice == 1) zFix = fixTable(c, pDef, zGone, now.zNow);
  c->bStuck |= zFix == 0;
  problemAdd(c, CHECK_ERROR, pDef, pDef->zModel, pDef->zName,
             zGone ? "missing table" : "bad definition", zFix, "%s%s%s%s", zWhy,
             now.nChoice == 1 ? "; its keys lead to " : "",
             now.nChoice > 1 ? "; say which it is with assoc_model(): " : "",
             now.nChoice ? now.zChoice : "");
  sqlite3_free(zWhy);
}

/* Does another definition name this one: a path, or the other sides of a
** polymorphic key? */
static const AssocRel *nameIsUsed(const Checker *c, const AssocRel *pRel) {
  int i, j;
  for (i = 0; i < c->nRel; i++) {
    const AssocRel *q = c->apRel[i];
    const AssocJson *pPoly = q->pDef->pOpt->pPolymorphic;
    /* A path names its steps: a step under another name would break it. */
    for (j = 0; j < q->nPath; j++) {
      if (q->apPath[j] == pRel) return q;
    }
    if (pRel->nBranch && q->nBranch == 0 && pPoly &&
        sqlite3_stricmp(pPoly->z, pRel->zName) == 0) {
      return q;
    }
  }
  return 0;
}

/* {"type":"about_type","models":…}: the option polymorphic of an association that
** gets another name, with the type column that it has. 0 after an error. */
static AssocJson *namedPolymorphic(Checker *c, const AssocRel *pRel) {
  AssocJson *pModels = assocJsonGet(pRel->pOpt->pPolymorphic, "models");
  AssocJson *p = assocAlloc(c->pCall, &c->p->mem, 3 * (i64)sizeof(*p));
  assert(pModels && pRel->type.nCol == 1);
  if (p == 0) return 0;
  p[0].eType = ASSOC_J_OBJECT;
  p[0].nChild = 2;
  p[0].pChild = &p[1];
  p[1].eType = ASSOC_J_TEXT;
  p[1].zKey = "type";
  p[1].z = pRel->type.azCol[0];
  p[1].n = (int)strlen(p[1].z);
  p[1].pNext = &p[2];
  p[2] = *pModels;
  p[2].pNext = 0;
  return p;
}

/*
** Report an association whose name is also a column: a shape reads the column,
** so the association cannot be loaded by its name.
**
**  error | User | bio | name is a column | User has a column bio, ...
**  SELECT assoc_define('User', 'hasOne', 'Bio', '{"as":"bio_2"}');
**    SELECT assoc_undefine('User', 'bio');
**
** If other definitions name this one, a new name would break them, so a person
** has to decide.
*/
static void problemName(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = pRel->pSource->pTable;
  int i = assocColumnFind(pTab, pRel->zName), n = 2;
  const char *zNew = 0;
  const AssocRel *pUser;
  char *zUndefine, *z;
  AssocOptions opt;
  sqlite3_str *pStr;
  if (i < 0 || i >= pTab->nCol) return;
  pUser = nameIsUsed(c, pRel); /* Reads all definitions */
  if (pUser && !assocDefShown(c->pCall, pUser->pDef)) return;
  if (pUser) {
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "name is a column", 0,
               "%s has a column %s, which is what the name means; rename the "
               "column, or define %s and %s.%s, which needs it, anew",
               pTab->zName, pRel->zName, pRel->zName, pUser->pSource->zLabel,
               pUser->zName);
    return;
  }
  do {
    zNew = assocArenaPrintf(c->pCall, &c->p->mem, "%s_%d", pRel->zName, n++);
  } while (zNew && !checkNameFree(c, pRel->pSource, zNew));
  nameTake(c, pRel->pSource, zNew, pRel);
  opt = *pRel->pDef->pOpt;
  if (opt.foreignKey.n == 0 && pRel->eKind == ASSOC_BELONGSTO) {
    opt.foreignKey.n = pRel->foreign.nCol; /* Its default is in the name */
    opt.foreignKey.az = pRel->foreign.azCol;
  }
  if (pRel->nBranch) opt.pPolymorphic = namedPolymorphic(c, pRel);
  zUndefine = fixUndefine(c, pRel->pDef);
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendall(pStr, "SELECT ");
  assocDumpCall(c->p, pStr, pRel->pSource->zLabel, azAssocKind[pRel->eKind],
                pRel->nBranch ? 0 : pRel->pTarget->zLabel, zNew,
                assocOptionsText(c->pCall, &c->p->mem, &opt),
                pRel->pDef->pSchema->pNext == 0);
  sqlite3_str_appendf(pStr, "; %s", zUndefine);
  sqlite3_free(zUndefine);
  z = assocStrFinish(c->pCall, pStr);
  problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "name is a column", z,
             "%s has a column %s, which is what the name means", pTab->zName,
             pRel->zName);
}

/* Do all columns of the key exist? */
static int problemHasAll(const AssocKey *pKey) {
  int i;
  assert(pKey->nCol >= 0);
  for (i = 0; i < pKey->nCol && pKey->aCol[i] >= 0; i++) {
  }
  return i == pKey->nCol;
}

/* Report a missing join table. Three cases: no table has both columns, so
** assoc_sync() makes it; one table has them, so it is the renamed one; several
** have them, and a person has to choose. */
static void problemJoin(Checker *c, AssocRel *pRel) {
  AssocOptions opt = *pRel->pDef->pOpt;
  AssocRenamed now;
  char *zFix = 0;
  assert(pRel->pThrough == 0 && pRel->eKind == ASSOC_BELONGSTOMANY);
  memset(&now, 0, sizeof(now));
  assocRenamedJoin(c->p, pRel, &now);
  if (now.nChoice == 0) zFix = fixSync(c, "");
  if (now.nChoice == 1) {
    opt.zThrough = now.zNow;
    zFix = fixReplace(c, pRel, pRel->eKind, &opt);
  }
  problemAdd(
      c, CHECK_ERROR, CHECK_REL(pRel), "missing join table", zFix,
      "there is no table %s%s%s%s", pRel->zThrough, now.nChoice ? "" : " yet",
      now.nChoice == 1  ? "; its columns are in "
      : now.nChoice > 1 ? "; say which is meant with the option through: "
                        : "",
      now.nChoice ? now.zChoice : "");
}

/*
** Report one missing column of a key.
**
**    now    columns that it is now, by what the schema says: one is the answer
**    maybe  columns that only look like it: a person has to choose
**    else   it never existed, and assoc_sync() makes it
*/
static void problemColumn(Checker *c, AssocRel *pRel, AssocRenamedKey *pKey,
                          const char *zCol, const char *zFix) {
  const AssocRenamed *pNow = &pKey->now;
  const char *zTab = pKey->pTab->zName;
  char *z = zFix ? fixText(c, zFix) : 0;
  /* Renamed for certain; renamed perhaps; never there. */
  if (pNow->nChoice) {
    problemAdd(
        c, CHECK_ERROR, CHECK_REL(pRel), "missing column", z,
        "%s has no column %s; %s", zTab, zCol,
        pNow->nChoice == 1
            ? assocArenaPrintf(c->pCall, &c->p->mem, "it is %s now", pNow->zNow)
            : assocArenaPrintf(c->pCall, &c->p->mem, "define it anew with %s",
                               pNow->zChoice));
  } else if (pKey->maybe.nChoice) {
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "missing column", z,
               "%s has no column %s; if it is %s now, define it again with "
               "that name; if it never existed, assoc_sync() adds it",
               zTab, zCol, pKey->maybe.zChoice);
  } else {
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "missing column", z,
               "%s has no column %s yet", zTab, zCol);
  }
}

/* The keys of an association, with what they reference. A belongsToMany has
** two, in its join table; the others have one. Returns their number. */
static int keysOf(const AssocRel *pRel, AssocRenamedKey *a) {
  int bBelongs = pRel->eKind == ASSOC_BELONGSTO;
  const AssocModel *pParent = bBelongs ? pRel->pTarget : pRel->pSource;
  assert(pRel->nPath == 0);
  memset(a, 0, sizeof(*a) * 2);
  a[0].pTab = a[1].pTab = assocRelForeignTable(pRel);
  a[0].pKey = &pRel->foreign;
  a[0].pParent = pParent->pTable;
  a[0].pRef = bBelongs ? &pRel->targetKey : &pRel->sourceKey;
  if (pRel->nBranch) a[0].pRef = &pRel->aBranch[0].key;
  a[1].pKey = &pRel->other;
  a[1].pParent = pRel->pTarget->pTable;
  a[1].pRef = &pRel->targetKey;
  return pRel->eKind == ASSOC_BELONGSTOMANY ? 2 : 1;
}

/* The columns that are missing. If each key of the association has one column
** that it can be, a single definition follows all of them at once. If only some
** have, there is no fix: a half-right definition would be wrong. */
static void problemColumns(Checker *c, AssocRel *pRel) {
  AssocRenamedKey a[2];
  AssocOptions opt = *pRel->pDef->pOpt;
  int n = keysOf(pRel, a), i, j, nKey = 0, nNow = 0, nMaybe = 0;
  char *z = 0;
  for (i = 0; i < n; i++) {
    AssocNames *pNames = i ? &opt.otherKey : &opt.foreignKey;
    if (problemHasAll(a[i].pKey)) continue;
    assocRenamedColumn(c->p, pRel, &a[i]);
    nKey++;
    nNow += a[i].now.nChoice == 1;
    nMaybe += a[i].now.nChoice > 1 || a[i].maybe.nChoice > 0;
    if (a[i].now.nChoice != 1) continue;
    pNames->n = a[i].pRef->nCol;
    pNames->az = a[i].azNow;
  }
  /* A fix only if every key has exactly one new name. If nothing looks renamed, the
  ** columns are missing, and assoc_sync() makes them. */
  assert(nNow <= nKey && n <= ASSOC_COUNT(a));
  if (nKey && nNow == nKey) z = fixReplace(c, pRel, pRel->eKind, &opt);
  if (nNow == 0 && nMaybe == 0) z = fixSync(c, "");
  for (i = 0; i < n; i++) {
    for (j = 0; j < a[i].pKey->nCol; j++) {
      if (a[i].pKey->aCol[j] >= 0) continue;
      problemColumn(c, pRel, &a[i], a[i].pKey->azCol[j], z);
    }
  }
  sqlite3_free(z);
}

/* Report what assoc_sync() would create, except what was only renamed. */
static void problemReady(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = assocRelForeignTable(pRel);
  int j;
  if (pRel->nPath) return;
  /* A path has no table of its own: its steps are checked by themselves. */
  if (pTab == 0) {
    problemJoin(c, pRel);
    return;
  }
  problemColumns(c, pRel);
  for (j = 0; j < pRel->type.nCol; j++) {
    if (pRel->type.aCol[j] >= 0) continue;
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "missing column",
               fixSync(c, ""), "%s has no column %s yet", pTab->zName,
               pRel->type.azCol[j]);
  }
}

/* ------------------------------------------------------------ foreign keys */

/*
** Does an index on these columns serve the proposed one? Its first nFixed
** columns are compared with =, so their order does not matter. The others are
** an order; SQLite can read an index backwards, so all of them may be turned
** together.
*/
static int indexServes(const CheckIndex *pWant, int nCol, const int *aCol,
                       const u8 *abDesc) {
  int i, j, bTurn = -1;
  assert(pWant->nFixed <= pWant->nCol);
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

/* The column of soft deletion of the model; -1 if it has none. A scope that
** cannot be read is no error here: nothing is known of soft deletion then. */
static int modelDeleted(Checker *c, AssocModel *pModel) {
  return assocLookScopes(c->p, pModel) ? pModel->iDeleted : -1;
}

/* The same of the association's model whose table it is. */
static int indexDeleted(Checker *c, const AssocRel *pRel,
                        const AssocTable *pTab) {
  if (pRel->pSource->pTable == pTab) return modelDeleted(c, pRel->pSource);
  if (pRel->pTarget->pTable == pTab) return modelDeleted(c, pRel->pTarget);
  return -1;
}

/* Is a partial index enough? SQLite says whether its WHERE follows from a
** comparison of the wanted columns and from iDeleted IS NULL: it refuses an
** INDEXED BY of an index that has not all the rows. */
static int indexHolds(Checker *c, const CheckIndex *pWant,
                      const AssocIndex *pIdx, int iDeleted) {
  const AssocTable *pTab = pWant->pTab;
  sqlite3_str *pStr;
  AssocCall ask;
  char *zSql;
  int i;
  assert(pWant->nFixed > 0);
  if (!pIdx->bPartial) return 1;
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendf(pStr,
                      "SELECT 1 FROM \"%w\".\"%w\" INDEXED BY \"%w\" WHERE 1",
                      pTab->pSchema->zName, pTab->zName, pIdx->zName);
  for (i = 0; i < pWant->nFixed; i++) {
    sqlite3_str_appendf(pStr, " AND \"%w\"=?1",
                        pTab->aCol[pWant->aCol[i]].zName);
  }
  if (iDeleted >= 0) {
    sqlite3_str_appendf(pStr, " AND \"%w\" IS NULL",
                        pTab->aCol[iDeleted].zName);
  }
  zSql = assocStrFinish(c->pCall, pStr);
  if (zSql == 0) return 0;
  assocTryBegin(&ask, c->pCall);
  assocFinalize(&ask, assocPrepare(&ask, "%s", zSql));
  sqlite3_free(zSql);
  return !assocTryEnd(&ask, c->pCall, 0);
}

/* Is the index sorted as the wanted columns compare? */
static int indexCollates(const CheckIndex *pWant, const AssocIndex *pIdx) {
  int i;
  for (i = 0; i < pWant->nCol; i++) {
    const char *zColl = pWant->pTab->aCol[pIdx->aCol[i]].zColl;
    assert(zColl); /* Only a view's column has none, and a view no index */
    if (sqlite3_stricmp(pIdx->azColl[i], zColl) != 0) return 0;
  }
  return 1;
}

/* Has the table an index that serves? */
static int indexExists(Checker *c, const CheckIndex *pWant, int iDeleted) {
  const AssocIndex *pIdx = assocTableIndexes(c->pCall, pWant->pTab);
  for (; pIdx; pIdx = pIdx->pNext) {
    assert(pWant->nCol > 0);
    if (indexServes(pWant, pIdx->nCol, pIdx->aCol, pIdx->abDesc) &&
        indexCollates(pWant, pIdx) && indexHolds(c, pWant, pIdx, iDeleted)) {
      return 1;
    }
  }
  return 0;
}

/* Will such an index exist after the fixes so far? All fixes can be run one
** after another, so two of them must not make the same index. */
static int indexProposed(const Checker *c, const CheckIndex *pWant) {
  const CheckIndex *q;
  for (q = c->apProposed[checkBucket(pWant->pTab)]; q; q = q->pNext) {
    assert(q->nCol > 0);
    if (q->pTab == pWant->pTab &&
        indexServes(pWant, q->nCol, q->aCol, q->abDesc)) {
      return 1;
    }
  }
  return 0;
}

/*
** CREATE INDEX IF NOT EXISTS posts_user_id ON posts(user_id, "order" DESC); the
** name is one that is free. The index is remembered, so that no other fix makes
** it again. IF NOT EXISTS: assoc_sync(), the fix for another problem, may make
** the same index. OUT: freed with sqlite3_free()
*/
static char *fixIndex(Checker *c, const CheckIndex *pWant) {
  const AssocTable *pTab = pWant->pTab;
  CheckIndex *pNew = assocAlloc(c->pCall, &c->p->mem, sizeof(*pNew));
  sqlite3_str *pName = sqlite3_str_new(c->pCall->db), *pStr;
  const char *zName;
  int i;
  assert(pWant->nCol > 0 && pWant->nCol <= ASSOC_COUNT(pWant->aCol));
  assocStrAdd(pName, pTab->zName);
  for (i = 0; i < pWant->nCol; i++) {
    sqlite3_str_appendf(pName, "_%s", pTab->aCol[pWant->aCol[i]].zName);
  }
  zName = assocArenaStr(c->pCall, &c->p->mem, pName);
  zName = zName ? assocDdlFreeName(&c->sync, pTab->pSchema, zName) : "";
  pStr = sqlite3_str_new(c->pCall->db);
  /* assoc_sync(), the fix for other problems, may have made it before */
  sqlite3_str_appendall(pStr, "CREATE INDEX IF NOT EXISTS ");
  assocDdlSchema(pStr, pTab->pSchema, 0);
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
    pNew->pNext = c->apProposed[checkBucket(pTab)];
    c->apProposed[checkBucket(pTab)] = pNew;
  }
  return assocStrFinish(c->pCall, pStr);
}

/* An index may be missing, or have a collation by which it cannot serve. Each
** index is proposed once, also if several associations need it. A polymorphic
** key needs its type first: statements compare the type with a constant. */
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
  if (indexProposed(c, &want)) return;
  if (!bOwn && indexExists(c, &want, indexDeleted(c, pFor->pRel, pFor->pTab))) {
    return;
  }
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

/* The collation of a table's column, if it is another one than BINARY; else
** "". */
static const char *collationShown(const AssocColumn *p) {
  assert(p->zColl);
  return p->eColl ? p->zColl : "";
}

/* Can an index on the column serve a comparison with the column it
** references? */
static void problemType(Checker *c, AssocForeign *pFor, int i) {
  static const char *const azWhy[] = {
      "", ", so that its index cannot serve a join",
      ", so that values may be equal that are not the same", ""};
  const AssocTable *pTab = pFor->pTab, *pParent = pFor->pParent->pTable;
  const AssocColumn *pCol = &pTab->aCol[pFor->key.aCol[i]];
  const AssocColumn *pRef = &pParent->aCol[pFor->parentKey.aCol[i]];
  const char *zColl, *zRef;
  int eDiffers = assocSyncTypeDiffers(pFor, i);
  const char *zProblem = "key types differ";
  assert(eDiffers >= 0 && eDiffers < ASSOC_COUNT(azWhy));
  if (eDiffers == ASSOC_TYPE_SAME) return; /* So it is between a view's, too */
  zColl = collationShown(pCol);
  zRef = collationShown(pRef);
  if (eDiffers == ASSOC_TYPE_COLLATION) zProblem = "key collations differ";
  if (eDiffers == ASSOC_TYPE_NONE && pCol->zType[0] == 0) zProblem = "no type";
  problemNeedsRows(problemAdd(
      c, CHECK_WARNING, CHECK_REL(pFor->pRel), zProblem,
      fixSync(c, "'{\"types\":true}'"), "%s.%s is %s%s%s and %s.%s %s%s%s%s",
      pTab->zName, pCol->zName, pCol->zType[0] ? pCol->zType : "of no type",
      zColl[0] ? " collate " : "", zColl, pParent->zName, pRef->zName,
      pRef->zType[0] ? pRef->zType : "of no type", zRef[0] ? " collate " : "",
      zRef, azWhy[eDiffers]));
}

/* Is there a FOREIGN KEY over these columns to that table? */
static int problemIsDeclared(Checker *c, const AssocForeign *pFor) {
  const AssocFkey *pFk = assocTableFkeys(c->pCall, pFor->pTab);
  assert(pFor->pParent);
  for (; pFk; pFk = pFk->pNext) {
    if (sqlite3_stricmp(pFk->zParent, pFor->pParent->pTable->zName) == 0 &&
        assocLookSameColumns(&pFor->key, pFk->nCol, pFk->aCol)) {
      return 1;
    }
  }
  return 0;
}

/* Only an info: many people leave constraints out on purpose. assoc_sync()
** refuses the constraint while rows break it, so the fix is withheld if nothing
** can repair the rows. */
static void problemConstraint(Checker *c, AssocForeign *pFor) {
  assert(pFor->pTab && pFor->pParent);
  if (pFor->pTab->eType != ASSOC_TABLE || !assocDdlCanReference(pFor) ||
      problemIsDeclared(c, pFor)) {
    return;
  }
  problemNeedsRows(problemAdd(
      c, CHECK_INFO, CHECK_REL(pFor->pRel), "no constraint",
      fixSync(c, "'{\"rebuild\":true}'"),
      "%s does not declare that %s references %s", pFor->zTable,
      assocLookNames(c->p, pFor->pTab, pFor->key.nCol, pFor->key.aCol),
      pFor->pParent->pTable->zName));
}

/* UPDATE of the rows that meet a condition on c: the key is set to NULL. 0 if
** that may not be: to delete rows is for a person to decide.
** OUT: sqlite3_free() */
static char *fixRows(Checker *c, const AssocTable *pTab, const AssocKey *pKey,
                     const char *zWhere) {
  sqlite3_str *pStr;
  int i;
  assert(pKey->nCol > 0);
  for (i = 0; i < pKey->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[pKey->aCol[i]];
    if (!pCol->bNotNull && !pCol->iPk && !pCol->bGenerated) break;
  }
  if (i == pKey->nCol) return 0;
  pStr = sqlite3_str_new(c->pCall->db);
  sqlite3_str_appendall(pStr, "UPDATE ");
  assocDdlSchema(pStr, pTab->pSchema, 0);
  assocDdlName(pStr, pTab->zName);
  sqlite3_str_appendall(pStr, " AS c SET ");
  assocDdlName(pStr, pKey->azCol[i]);
  sqlite3_str_appendf(pStr, " = NULL WHERE %s;", zWhere);
  return assocStrFinish(c->pCall, pStr);
}

/* A table as a source of rows: for a session, what it can read. */
static const char *rowsOf(Checker *c, const AssocTable *pTab) {
  const char *z = assocSqlSource(c->pCall, &c->p->mem, pTab);
  return z ? z : "";
}

/* Can the rows of the table be read? If a policy cannot be used, that is a
** problem of its own, and nothing is said of the rows. */
static int hasRows(Checker *c, const AssocTable *pTab) {
  AssocCall ask;
  assocTryBegin(&ask, c->pCall);
  (void)assocSqlSource(&ask, &c->p->mem, pTab);
  return !assocTryEnd(&ask, c->pCall, 0);
}

/* Does a policy let only a part of the table through? No fix is made of that: it
** would change rows that refer to hidden ones. */
static int isPart(const char *zRows) {
  return zRows[0] == '(';
}

/* No row of pParent has the key of c. True if only a part of pParent is read. */
static int whereMissing(Checker *c, sqlite3_str *pStr,
                        const AssocTable *pParent, const AssocKey *pRef,
                        const AssocKey *pKey) {
  const char *zRows = rowsOf(c, pParent);
  int i;
  assert(pRef->nCol == pKey->nCol);
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(pStr, "c.\"%w\" IS NOT NULL AND ", pKey->azCol[i]);
  }
  sqlite3_str_appendf(pStr, "NOT EXISTS (SELECT 1 FROM %s AS p", zRows);
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(pStr, "%s p.\"%w\" = +c.\"%w\"", i ? " AND" : " WHERE",
                        pRef->azCol[i], pKey->azCol[i]);
  }
  sqlite3_str_appendall(pStr, ")");
  return isPart(zRows);
}

/* How many rows of c, and the keys of some: "7, 8, 9". OUT: *pz is freed with
** sqlite3_free(). */
static i64 countThat(Checker *c, const AssocTable *pTab, const char *zCol,
                     const char *zWhere, char **pz) {
  sqlite3_stmt *pStmt;
  i64 n = 0;
  assert(zCol && zWhere);
  *pz = 0;
  assocSchemaNeedTrust(c->pCall, pTab->pSchema);
  pStmt = assocPrepare(c->pCall,
                       "SELECT count(*), (SELECT group_concat(k, ', ') FROM"
                       " (SELECT DISTINCT quote(c.\"%w\") AS k FROM"
                       " %s AS c WHERE %s LIMIT 3))"
                       " FROM %s AS c WHERE %s",
                       zCol, rowsOf(c, pTab), zWhere, rowsOf(c, pTab), zWhere);
  if (assocStep(c->pCall, pStmt)) {
    n = sqlite3_column_int64(pStmt, 0);
    *pz = assocMprintf(c->pCall, "%s", assocColumnText(c->pCall, pStmt, 1));
  }
  assocFinalize(c->pCall, pStmt);
  return n;
}

/* Rows that meet the condition: how many, and the first three of them. pWhere
** is freed; bPart: it reads only a part of a table. If no fix for the rows exists,
** other fixes that would need right rows are withheld (bOrphans). */
static void problemRows(Checker *c, AssocRel *pRel, const char *zProblem,
                        const AssocTable *pTab, const AssocKey *pKey,
                        sqlite3_str *pWhere, int bPart, const char *zWhat) {
  char *zWhere = assocStrFinish(c->pCall, pWhere), *zSome = 0;
  i64 n = zWhere ? countThat(c, pTab, pKey->azCol[0], zWhere, &zSome) : 0;
  if (n > 0 && c->pCall->rc == SQLITE_OK) {
    char *zFix =
        bPart || isPart(rowsOf(c, pTab)) ? 0 : fixRows(c, pTab, pKey, zWhere);
    /* Rows that only a person can mend: fixes that would fail because of them are
    ** left out by problemLink(). */
    c->bOrphans |= zFix == 0;
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), zProblem, zFix,
               "%lld %s of %s %s by %s: %s%s%s", n, n == 1 ? "row" : "rows",
               pTab->zName, zWhat, pKey->azCol[0], zSome, n > 3 ? ", …" : "",
               zFix ? "" : "; delete them, or add what they refer to");
  }
  sqlite3_free(zWhere);
  sqlite3_free(zSome);
}

/* Rows whose foreign key refers to no row. Only keys that are meant as
** constraints are tested. */
static void problemOrphans(Checker *c, AssocForeign *pFor) {
  sqlite3_str *pStr;
  int bPart;
  assert(pFor->pTab && pFor->pParent);
  if (!pFor->bConstraint || pFor->pTab->eType != ASSOC_TABLE) return;
  if (pFor->pParent->pTable->bPlanned) return; /* It has no rows yet */
  if (!hasRows(c, pFor->pTab) || !hasRows(c, pFor->pParent->pTable)) return;
  pStr = sqlite3_str_new(c->pCall->db);
  bPart = whereMissing(c, pStr, pFor->pParent->pTable, &pFor->parentKey,
                       &pFor->key);
  problemRows(c, pFor->pRel, "orphans", pFor->pTab, &pFor->key, pStr, bPart,
              assocArenaPrintf(c->pCall, &c->p->mem, "refer to no row of %s",
                               pFor->pParent->pTable->zName));
}

/*
** Report rows of a polymorphic key that lead nowhere:
**
**    the type is NULL, but the key is not
**    no branch has the type
**    the branch's table has no row of the key
**
** A FOREIGN KEY cannot prevent these; the triggers of "constraints":true can.
*/
static void problemBranches(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = pRel->pSource->pTable;
  sqlite3_str *pStr;
  int i, bPart = 0;
  assert(pRel->nBranch > 0);
  if (!problemHasAll(&pRel->foreign) || !problemHasAll(&pRel->type)) return;
  if (pTab->eType != ASSOC_TABLE || pTab->bPlanned || !hasRows(c, pTab)) return;
  for (i = 0; i < pRel->nBranch; i++) {
    const AssocTable *pTo = pRel->aBranch[i].pModel->pTable;
    if (pTo->bPlanned || !hasRows(c, pTo)) return;
  }
  pStr = sqlite3_str_new(c->pCall->db);
  /* c is the row with the key. One condition finds all three kinds. */
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
    bPart |= whereMissing(c, pStr, pBranch->pModel->pTable, &pBranch->key,
                          &pRel->foreign);
    sqlite3_str_appendall(pStr, ")");
  }
  sqlite3_str_appendall(pStr, ")");
  problemRows(c, pRel, "no target", pTab, &pRel->foreign, pStr, bPart,
              "have no target");
}

/* Report triggers that another tool dropped together with the table, as a
** rebuild of the table does. Without them nothing keeps a polymorphic key
** right. */
static void problemGuard(Checker *c, AssocForeign *pFor) {
  const AssocRel *pPoly = pFor->pPoly;
  int nAll, n = assocGuardMissing(&c->sync, pFor, &nAll);
  if (n == 0) return;
  problemNeedsRows(problemAdd(
      c, CHECK_WARNING, CHECK_REL(pPoly), "missing guard", fixSync(c, ""),
      "%d of the %d triggers that enforce %s.%s %s missing or changed", n, nAll,
      pPoly->pSource->zLabel, pPoly->zName, n == 1 ? "is" : "are"));
}

/* Report a join table that contains, or allows, a pair twice. It is worse if a
** definition says in words that pairs are unique. If pairs occur twice, no
** index can be made before a person has deleted the others. */
static void problemPair(Checker *c, AssocForeign *pFor) {
  char *zTwin;
  i64 n = assocPairState(&c->sync, pFor, &zTwin);
  const AssocRel *pJoin = pFor->pJoin;
  int bSaid = pFor->eThroughUnique == 1;
  /* n<0: each pair is kept unique already, or it is no join table. */
  if (n == 0) {
    problemAdd(c, bSaid ? CHECK_WARNING : CHECK_INFO, CHECK_REL(pJoin),
               "pairs not unique", fixSync(c, ""),
               "no UNIQUE index of %s keeps a pair of keys from being there "
               "twice",
               pFor->zTable);
  } else if (n > 0) {
    problemAdd(c, bSaid ? CHECK_ERROR : CHECK_WARNING, CHECK_REL(pJoin),
               "pairs not unique", 0,
               "%lld %s of %s %s there more than once: %s%s; delete the "
               "others, or say \"through\":{\"unique\":false}",
               n, n == 1 ? "pair" : "pairs", pFor->zTable,
               n == 1 ? "is" : "are", zTwin, n > 1 ? ", …" : "");
  }
  sqlite3_free(zTwin);
}

/* The columns that a pair in the other direction has: the two keys exchanged
** (bBack), and all others but a key of its own. */
static void mirrorColumns(sqlite3_str *pStr, const AssocRel *pRel, int bBack) {
  const AssocTable *pTab = pRel->pThrough;
  const AssocKey *apKey[2];
  int i, j, n = 0;
  apKey[bBack] = &pRel->foreign;
  apKey[!bBack] = &pRel->other;
  for (i = 0; i < 2; i++) {
    for (j = 0; j < apKey[i]->nCol; j++) {
      sqlite3_str_appendall(pStr, n++ ? ", " : "");
      assocDdlName(pStr, apKey[i]->azCol[j]);
    }
  }
  for (i = 0; i < pTab->nCol; i++) {
    if (pTab->aCol[i].bGenerated || pTab->aCol[i].iPk) continue;
    for (j = 0; j < pRel->foreign.nCol; j++) {
      if (pRel->foreign.aCol[j] == i || pRel->other.aCol[j] == i) break;
    }
    if (j < pRel->foreign.nCol) continue;
    sqlite3_str_appendall(pStr, ", ");
    assocDdlName(pStr, pTab->aCol[i].zName);
  }
}

/* Report pairs of a symmetric association that are stored in one direction only,
** as clients without assoc write them. Rows outside of a scope, and deleted ones,
** may have another meaning: these associations are left out. */
static void problemOneWay(Checker *c, AssocRel *pRel) {
  AssocTable *pTab = pRel->pThrough;
  AssocModel *pJoin = pTab ? assocModelOf(c->pCall, pTab) : 0;
  sqlite3_str *pStr;
  char *zWhere, *zSome = 0, *zFix = 0;
  i64 n;
  int i;
  if (pRel->pOpt->eSymmetric != 1 || pRel->pThroughScope || pJoin == 0) return;
  if (pTab->eType != ASSOC_TABLE || pTab->bPlanned || !hasRows(c, pTab)) return;
  if (isPart(rowsOf(c, pTab))) return;
  if (!problemHasAll(&pRel->foreign) || !problemHasAll(&pRel->other)) return;
  if (modelDeleted(c, pJoin) >= 0) return;
  pStr = sqlite3_str_new(c->pCall->db);
  for (i = 0; i < pRel->foreign.nCol; i++) {
    sqlite3_str_appendf(pStr,
                        "c.\"%w\" IS NOT NULL AND c.\"%w\" IS NOT NULL AND ",
                        pRel->foreign.azCol[i], pRel->other.azCol[i]);
  }
  sqlite3_str_appendf(pStr, "NOT EXISTS (SELECT 1 FROM %s AS d",
                      rowsOf(c, pTab));
  for (i = 0; i < pRel->foreign.nCol; i++) {
    sqlite3_str_appendf(pStr, "%s d.\"%w\" = c.\"%w\" AND d.\"%w\" = c.\"%w\"",
                        i ? " AND" : " WHERE", pRel->foreign.azCol[i],
                        pRel->other.azCol[i], pRel->other.azCol[i],
                        pRel->foreign.azCol[i]);
  }
  sqlite3_str_appendall(pStr, ")");
  zWhere = assocStrFinish(c->pCall, pStr);
  n = zWhere ? countThat(c, pTab, pRel->foreign.azCol[0], zWhere, &zSome) : 0;
  if (n > 0) {
    pStr = sqlite3_str_new(c->pCall->db);
    sqlite3_str_appendall(pStr, "INSERT INTO ");
    assocDdlSchema(pStr, pTab->pSchema, 0);
    assocDdlName(pStr, pTab->zName);
    sqlite3_str_appendall(pStr, "(");
    mirrorColumns(pStr, pRel, 0);
    sqlite3_str_appendall(pStr, ") SELECT ");
    mirrorColumns(pStr, pRel, 1);
    sqlite3_str_appendf(pStr, " FROM %s AS c WHERE %s;", rowsOf(c, pTab),
                        zWhere);
    zFix = assocStrFinish(c->pCall, pStr);
    problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "one way", zFix,
               "%lld %s of %s %s stored in one direction only, by %s: %s%s", n,
               n == 1 ? "pair" : "pairs", pTab->zName, n == 1 ? "is" : "are",
               pRel->foreign.azCol[0], zSome, n > 3 ? ", …" : "");
  }
  sqlite3_free(zWhere);
  sqlite3_free(zSome);
}

/* Everything about one foreign key. An index comes before the orphans: with it,
** the search for orphans is fast. */
static void problemForeign(Checker *c, AssocForeign *pFor) {
  int i;
  if (pFor->pTab == 0 || pFor->pTab->bPlanned) return;
  if (!problemHasAll(&pFor->key)) return;
  if (pFor->pPoly && !problemHasAll(&pFor->pPoly->type)) return;
  /* problemReady() reports what does not exist yet. */
  if (pFor->pTab->eType == ASSOC_TABLE) {
    problemIndex(c, pFor);
    for (i = 0; i < pFor->key.nCol; i++) problemType(c, pFor, i);
  }
  problemGuard(c, pFor);
  problemPair(c, pFor);
  problemOrphans(c, pFor);
  problemConstraint(c, pFor);
}

/* Report timestamps that a model wants: columns that are missing, and triggers
** that another tool has dropped together with the table. */
static void problemTime(Checker *c, AssocModel *pModel) {
  const char *azCol[2];
  AssocTriggers list;
  int nCol = assocTimeMissing(pModel, azCol), n, nAll;
  assocTriggersInit(&list);
  assocTimeOfModel(&c->sync, pModel, &list);
  n = assocTriggersMissing(&c->sync, &list, pModel->pTable->pSchema, &nAll);
  assert(nCol >= 0 && nCol <= 2);
  if (nCol + n == 0) return;
  problemAdd(c, CHECK_WARNING, pModel->pDef, pModel->zLabel, 0,
             "missing timestamps", fixSync(c, ""),
             nCol ? "%s has no column %s%s%s"
                  : "triggers of %s that keep its timestamps are missing or "
                    "changed",
             pModel->pTable->zName, nCol ? azCol[0] : "",
             nCol > 1 ? " and no " : "", nCol > 1 ? azCol[1] : "");
}

/* The next table for which models say "columns". Columns that cannot be made
** are a problem of their model, and no error here. */
static AssocTable *problemNextWanted(Checker *c, AssocSchema *pSchema,
                                     AssocDef **ppDef, AssocTable **ppTab) {
  for (;;) {
    AssocCall ask;
    AssocErr why;
    AssocTable *pWant;
    assocTryBegin(&ask, c->pCall);
    c->sync.pCall = &ask;
    pWant = assocWantedNext(&c->sync, pSchema, ppDef, ppTab);
    c->sync.pCall = c->pCall;
    if (!assocTryEnd(&ask, c->pCall, &why)) return pWant;
    /* *ppDef stands behind the bad row, so the loop ends. */
    assert(*ppDef);
    c->bStuck = 1;
    problemAdd(c, CHECK_ERROR, *ppDef, (*ppDef)->zModel, 0, "bad definition", 0,
               "%s", why.zText ? why.zText : "");
    assocErrClear(&why);
  }
}

/* Report a table that assoc_sync() will make, and columns that it will add. */
static void problemWanted(Checker *c) {
  AssocSchema *pSchema;
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocTable *pWant, *pTab;
    while ((pWant = problemNextWanted(c, pSchema, &pDef, &pTab)) != 0) {
      int i;
      if (pTab == 0) {
        problemAdd(c, CHECK_ERROR, pDef, pDef->zModel, 0, "missing table",
                   fixSync(c, ""), "there is no table %s yet", pWant->zName);
      }
      assert(pWant->nPlan == 0 || pWant->azPlanName);
      for (i = 0; pTab && i < pWant->nPlan; i++) {
        if (!assocWantedMissing(pTab, pWant, i)) continue;
        problemAdd(c, CHECK_ERROR, pDef, pDef->zModel, 0, "missing column",
                   fixSync(c, ""), "%s has no column %s yet", pTab->zName,
                   pWant->azPlanName[i]);
      }
    }
  }
}

/* All models with timestamps, of all databases. */
static void problemTimes(Checker *c) {
  AssocSchema *pSchema;
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocModel *pModel;
    while ((pModel = assocTimeNext(&c->sync, pSchema, &pDef)) != 0) {
      problemTime(c, pModel);
    }
  }
}

/* Report a counter cache that is not kept, and numbers that are wrong. */
static void problemCounter(Checker *c, const AssocCounter *p) {
  AssocTriggers list;
  int n, nAll;
  i64 nWrong;
  if (p->zWhy) {
    problemAdd(c, CHECK_ERROR, CHECK_REL(p->pRel), "no counter cache", 0,
               "%s.%s cannot have a counter cache: %s; define it without "
               "\"counterCache\", or change that",
               p->pRel->pSource->zLabel, p->pRel->zName, p->zWhy);
    c->bStuck = 1;
    return;
  }
  /* Which triggers there should be, as assoc_sync() would write them. */
  assocTriggersInit(&list);
  assocCountOf(&c->sync, p, &list);
  n = assocTriggersMissing(&c->sync, &list, p->pRel->pDef->pSchema, &nAll);
  nWrong = assocCountWrong(&c->sync, p);
  if (c->pCall->rc != SQLITE_OK) return;
  if (p->iCol < 0 || n) {
    problemAdd(c, CHECK_WARNING, CHECK_REL(p->pRel), "missing counter",
               fixSync(c, ""), "%s.%s is not kept: %s",
               p->pRel->pSource->pTable->zName, p->zCol,
               p->iCol < 0 ? "there is no such column"
                           : "triggers are missing or changed");
  } else if (nWrong) {
    char *z = assocCountFill(&c->sync, p);
    problemAdd(c, CHECK_ERROR, CHECK_REL(p->pRel), "wrong count",
               assocMprintf(c->pCall, "%s;", z), "%s.%s is wrong in %lld row%s",
               p->pRel->pSource->pTable->zName, p->zCol, nWrong,
               nWrong == 1 ? "" : "s");
    sqlite3_free(z);
  }
}

/* All counter caches, of all databases. */
static void problemCounters(Checker *c) {
  AssocSchema *pSchema;
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    AssocDef *pDef = 0;
    AssocCounter *p;
    while ((p = assocCountNext(&c->sync, pSchema, &pDef)) != 0) {
      problemCounter(c, p);
    }
  }
}

/* Report constraints that are not enforced: PRAGMA foreign_keys is off. */
static void problemEnforced(Checker *c) {
  const AssocForeign *pFor;
  int bOn = 0;
  sqlite3_db_config(c->pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &bOn);
  for (pFor = c->pList; pFor && !bOn; pFor = pFor->pNext) {
    /* One row for all: the pragma is the connection's. */
    if (pFor->pTab && problemHasAll(&pFor->key) && problemIsDeclared(c, pFor)) {
      problemAdd(c, CHECK_WARNING, 0, 0, 0, "foreign keys off",
                 fixText(c, "PRAGMA foreign_keys=ON;"),
                 "constraints are declared, but this connection does not "
                 "enforce them");
      return;
    }
  }
}

/* ----------------------------------------------------------------- several */

/* Report a hasOne with several rows for one source. A join would give one of
** them by chance. With an order there is no problem: the first row is meant.
** With a scope the rows may be told apart by it. */
static void problemOne(Checker *c, AssocRel *pRel) {
  const AssocTable *pTab = pRel->pTarget->pTable;
  sqlite3_str *pStr;
  sqlite3_stmt *pStmt;
  AssocOptions opt;
  char *z;
  i64 n = 0;
  int i;
  if (pRel->eKind != ASSOC_HASONE || pRel->nPath || pRel->pOrder ||
      pRel->pScope || !problemHasAll(&pRel->foreign) || pTab->bPlanned ||
      !hasRows(c, pTab)) {
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
                       "SELECT count(*) FROM (SELECT 1 FROM %s"
                       " WHERE \"%w\" IS NOT NULL GROUP BY %s"
                       " HAVING count(*) > 1)",
                       rowsOf(c, pTab), pRel->foreign.azCol[0], z);
  sqlite3_free(z);
  if (assocStep(c->pCall, pStmt)) n = sqlite3_column_int64(pStmt, 0);
  assocFinalize(c->pCall, pStmt);
  if (n == 0) return;
  opt = *pRel->pDef->pOpt;
  /* The fix is what the data says: there are many rows, so it is a hasMany. */
  opt.eUnique = -1; /* A hasMany has no such option */
  opt.foreignKey.n = pRel->foreign.nCol;
  opt.foreignKey.az = pRel->foreign.azCol;
  problemAdd(c, CHECK_ERROR, CHECK_REL(pRel), "several rows",
             fixReplace(c, pRel, ASSOC_HASMANY, &opt),
             "%lld %s several rows in %s, where one is expected", n,
             n == 1 ? "row has" : "rows have", pTab->zName);
}

/* The association of a model that leads back over the same key; 0 if there is
** none. */
static AssocRel *backOf(Checker *c, AssocRel *pRel, const AssocModel *pModel) {
  AssocDef *pDef;
  int i;
  pDef = assocLookFirstDef(c->p, pModel, &i);
  for (; pDef; pDef = assocLookNextDef(c->p, &i)) {
    AssocRel *q = pDef->pRel;
    int bBelongs = pRel->eKind == ASSOC_BELONGSTO;
    if (q == 0 || q == pRel || q->nPath || q->pTarget != pRel->pSource) {
      continue;
    }
    assert(q->pSource == pModel);
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

/* The association of the target that leads back over the same key: its own, or
** the one of its table's own model, which it has, too. */
static AssocRel *problemBack(Checker *c, AssocRel *pRel) {
  const AssocModel *pTarget = pRel->pTarget;
  AssocRel *q = backOf(c, pRel, pTarget);
  if (q == 0 && pTarget->bAside && pTarget->pTable->pModel) {
    q = backOf(c, pRel, pTarget->pTable->pModel);
  }
  return q;
}

/* Does the definition of q come before the one of pRel? */
static int relIsBefore(const Checker *c, const AssocRel *q,
                       const AssocRel *pRel) {
  int i;
  for (i = 0; c->apRel[i] != pRel; i++) {
    assert(i < c->nRel);
    if (c->apRel[i] == q) return 1;
  }
  return 0;
}

/*
** Both sides say belongsTo, but only one table has the key. The side without a
** column was meant to be a hasMany, if its name is the target's own: a name
** such as 'pinned' beside 'author' was chosen for a second key. True if it was
** reported.
*/
static int problemBoth(Checker *c, AssocRel *pRel) {
  AssocOptions opt = *pRel->pDef->pOpt;
  const char *zPlain =
      assocSingularize(c->pCall, &c->p->mem, pRel->pTarget->zName);
  AssocDef *pDef;
  int i;
  /* A key that exists, or that was named, was chosen on purpose. */
  if (pRel->foreign.eFrom != ASSOC_FROM_DEFAULT ||
      pRel->pTarget == pRel->pSource || zPlain == 0 ||
      sqlite3_stricmp(pRel->zName, zPlain) != 0) {
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
    if (q->foreign.eFrom == ASSOC_FROM_DEFAULT && relIsBefore(c, q, pRel)) {
      continue;
    }
    opt.foreignKey.n = q->foreign.nCol;
    opt.foreignKey.az = q->foreign.azCol;
    problemAdd(c, CHECK_WARNING, CHECK_REL(pRel), "both sides belongsTo",
               fixReplace(c, pRel, ASSOC_HASMANY, &opt),
               "%s.%s is a belongsTo as well, and one side has no foreign key",
               q->pSource->zLabel, q->zName);
    return 1;
  }
  return 0;
}

/* A free name for the other side, as assoc_discover() would give it. */
static const char *problemBackName(Checker *c, AssocRel *pRel, int bUnique) {
  AssocModel *pOther = pRel->pTarget;
  AssocNaming name;
  const char *z = "";
  int i, bBelongs = pRel->eKind == ASSOC_BELONGSTO;
  memset(&name, 0, sizeof(name));
  name.pChild = bBelongs ? pRel->pSource : pRel->pTarget;
  name.pParent = bBelongs ? pRel->pTarget : pRel->pSource;
  name.nCol = pRel->foreign.nCol;
  name.aCol = pRel->foreign.aCol;
  name.aRef = bBelongs ? pRel->targetKey.aCol : pRel->sourceKey.aCol;
  name.bUnique = (u8)bUnique;
  name.bOnly = name.bPlain = 1;
  assocLookNaming(c->p, &name);
  /* Candidates never end, so a free name is found. */
  assert(name.nCol > 0);
  for (i = 0; c->pCall->rc == SQLITE_OK; i++) {
    z = bBelongs ? assocNameHas(c->pCall, &c->p->mem, &name, i)
                 : assocNameOne(c->pCall, &c->p->mem, &name, i);
    if (c->pCall->rc == SQLITE_OK && checkNameFree(c, pOther, z)) break;
  }
  nameTake(c, pOther, z, pRel);
  return z;
}

/* The definition of the other side: over the same columns of both tables. A key
** that is a default need not be named; then it follows a change of the schema.
** OUT: freed with sqlite3_free() */
static char *fixBack(Checker *c, const AssocRel *pRel, int eKind,
                     const char *zName) {
  int bBelongs = pRel->eKind == ASSOC_BELONGSTO;
  const AssocKey *pRef = bBelongs ? &pRel->targetKey : &pRel->sourceKey;
  AssocOptions opt;
  AssocNames *pNames = bBelongs ? &opt.sourceKey : &opt.targetKey;
  assocOptionsInit(&opt);
  opt.eConstraints = pRel->pOpt->eConstraints == 0 ? 0 : -1;
  opt.foreignKey.n = pRel->foreign.nCol;
  opt.foreignKey.az = pRel->foreign.azCol;
  /* The other side must reference the same columns; the primary key is the
  ** default. */
  if (pRef->eFrom != ASSOC_FROM_DEFAULT) {
    pNames->n = pRef->nCol;
    pNames->az = pRef->azCol;
  }
  return fixDefine(c, pRel->pTarget, eKind, pRel->pSource, zName, &opt, 0);
}

/* Will the fix of another problem define the other side already? Two
** associations over one key need one other side only. */
static int problemIsAsked(const Checker *c, const AssocRel *pRel) {
  const CheckName *q;
  for (q = c->apName[checkBucket(pRel->pTarget)]; q; q = q->pNext) {
    const AssocRel *pOther = q->pRel;
    assert(pOther);
    if (q->pModel == pRel->pTarget && pOther->pSource == pRel->pSource &&
        (pOther->eKind == ASSOC_BELONGSTO) ==
            (pRel->eKind == ASSOC_BELONGSTO) &&
        assocLookSameColumns(&pOther->foreign, pRel->foreign.nCol,
                             pRel->foreign.aCol)) {
      return 1;
    }
  }
  return 0;
}

/* Either both tables claim the key, or only one side is defined. A scope, a
** path or a polymorphic key has no plain other side, so nothing is said about
** these. */
static void problemSides(Checker *c, AssocRel *pRel) {
  int bBelongs = pRel->eKind == ASSOC_BELONGSTO, bUnique, eKind;
  if (pRel->nPath || pRel->nBranch || pRel->eKind == ASSOC_BELONGSTOMANY ||
      pRel->pOpt->pPolymorphic || pRel->pScope) {
    return;
  }
  if (bBelongs && problemBoth(c, pRel)) return;
  if (!problemHasAll(&pRel->foreign) || problemBack(c, pRel)) return;
  if (problemIsAsked(c, pRel)) return;
  /* A unique key has one row on the other side: hasOne */
  assert(pRel->foreign.nCol > 0);
  bUnique =
      bBelongs && assocLookIsUnique(c->p, pRel->pSource->pTable,
                                    pRel->foreign.nCol, pRel->foreign.aCol);
  eKind = !bBelongs ? ASSOC_BELONGSTO : bUnique ? ASSOC_HASONE : ASSOC_HASMANY;
  problemAdd(c, CHECK_INFO, CHECK_REL(pRel), "one side only",
             fixBack(c, pRel, eKind, problemBackName(c, pRel, bUnique)),
             "%s has no association that leads back over %s",
             pRel->pTarget->zLabel, pRel->foreign.azCol[0]);
}

/* ------------------------------------------------------------------ circles */

/* Is this key NOT NULL, and enforced at the end of each statement? A deferred
** constraint is checked at the end of the transaction only, so a circle through
** it can be filled. */
static int circleIsStrict(Checker *c, const AssocRel *pRel) {
  const AssocTable *pTab = pRel->pSource->pTable;
  AssocForeign foreign;
  int i;
  if (pRel->eKind != ASSOC_BELONGSTO || pRel->nBranch ||
      !problemHasAll(&pRel->foreign)) {
    return 0;
  }
  for (i = 0; i < pRel->foreign.nCol; i++) {
    if (pTab->aCol[pRel->foreign.aCol[i]].bNotNull) break;
  }
  if (i == pRel->foreign.nCol) return 0;
  assert(pRel->nPath == 0);
  /* Only a declared key that is checked at once keeps a first row out. */
  memset(&foreign, 0, sizeof(foreign));
  foreign.pTab = pRel->pSource->pTable;
  foreign.key = pRel->foreign;
  foreign.pParent = pRel->pTarget;
  return problemIsDeclared(c, &foreign) &&
         !assocCreateIsDeferred(c->pCall, pTab, &pRel->foreign);
}

/* One strict key between two models, for problemCircles(). */
typedef struct CheckEdge CheckEdge;
struct CheckEdge {
  CheckEdge *pSame;   /* Another key to the target */
  CheckNode *pSource; /* The model whose table has the key */
};

/* A model that strict keys lead from or to. */
struct CheckNode {
  const AssocModel *pModel; /* The model itself */
  int nOut; /* Keys that lead from it to a model that is not crossed out */
  CheckEdge *pInto; /* Keys that lead to it */
  CheckNode *pSame; /* In the same bucket */
  CheckNode *pNext; /* In the list of those to cross out, or to look at */
  int iSearch;      /* The last search that has met it */
};

/* The node of a model; 0 after an error. */
static CheckNode *circleNode(Checker *c, const AssocModel *pModel) {
  CheckNode **ppBucket = &c->apNode[checkBucket(pModel)], *p = *ppBucket;
  while (p && p->pModel != pModel) p = p->pSame;
  if (p) return p;
  p = assocAlloc(c->pCall, &c->p->mem, sizeof(*p));
  if (p == 0) return 0;
  assert(pModel);
  p->pModel = pModel;
  p->pSame = *ppBucket;
  *ppBucket = p;
  return p;
}

/* Add a strict key to both of its models. */
static void circleEdge(Checker *c, const AssocRel *pRel) {
  CheckNode *pSource = circleNode(c, pRel->pSource);
  CheckNode *pTarget = circleNode(c, pRel->pTarget);
  CheckEdge *pEdge = assocAlloc(c->pCall, &c->p->mem, sizeof(*pEdge));
  if (pSource == 0 || pTarget == 0 || pEdge == 0) return;
  /* Edges are kept at their target: the search goes backwards. */
  pSource->nOut++;
  pEdge->pSource = pSource;
  pEdge->pSame = pTarget->pInto;
  pTarget->pInto = pEdge;
}

/*
** Find the models from which strict keys lead into a circle: their nOut stays
** above 0. A model without such a key leads nowhere, so the keys to it are
** crossed out, and then those to models that had no others. In most schemas
** none is left.
*/
static void circleCross(Checker *c) {
  CheckNode *pTodo = 0, *p;
  CheckEdge *pEdge;
  int i;
  for (i = 0; i < c->nRel && c->pCall->rc == SQLITE_OK; i++) {
    AssocRel *q = c->apRel[i];
    if (circleIsStrict(c, q) && q->pTarget != q->pSource) circleEdge(c, q);
  }
  for (i = 0; i < ASSOC_COUNT(c->apNode); i++) {
    for (p = c->apNode[i]; p; p = p->pSame) {
      if (p->nOut) continue; /* It may be in a circle */
      p->pNext = pTodo;
      pTodo = p;
    }
  }
  while (pTodo) {
    pEdge = pTodo->pInto;
    pTodo = pTodo->pNext;
    for (; pEdge; pEdge = pEdge->pSame) {
      assert(pEdge->pSource->nOut > 0);
      /* The last key of the source: it leads nowhere, too. */
      if (--pEdge->pSource->nOut) continue;
      pEdge->pSource->pNext = pTodo;
      pTodo = pEdge->pSource;
    }
  }
}

/* Do strict keys lead from the target of this strict key into a circle? */
static int circleMay(Checker *c, const AssocRel *pRel) {
  const CheckNode *p = c->apNode[checkBucket(pRel->pTarget)];
  while (p && p->pModel != pRel->pTarget) p = p->pSame;
  return p && p->nOut;
}

/* Do strict keys lead from the target back to the source? They are followed
** backwards. iSearch is the number of this search, from 1. */
static int circleLeadsBack(Checker *c, const AssocRel *pFirst, int iSearch) {
  CheckNode *pTodo = circleNode(c, pFirst->pSource);
  CheckNode *pEnd = circleNode(c, pFirst->pTarget);
  assert(pTodo && pEnd); /* circleCross() made them, or an error ended it */
  if (pTodo == pEnd) return 0;
  pTodo->iSearch = iSearch;
  pTodo->pNext = 0;
  /* Depth first, from the source against the direction of the keys. iSearch marks
  ** the nodes that this search has met. */
  assert(iSearch > 0);
  while (pTodo && pTodo != pEnd) {
    CheckEdge *pEdge = pTodo->pInto;
    pTodo = pTodo->pNext;
    for (; pEdge; pEdge = pEdge->pSame) {
      CheckNode *q = pEdge->pSource;
      if (q->iSearch == iSearch) continue;
      q->iSearch = iSearch;
      q->pNext = pTodo;
      pTodo = q;
    }
  }
  return pTodo != 0;
}

/* Report a circle of NOT NULL keys. It is legal, and PRAGMA defer_foreign_keys
** allows rows in it, so there is no fix. */
static void problemCircles(Checker *c) {
  int i;
  circleCross(c);
  for (i = 0; i < c->nRel && c->pCall->rc == SQLITE_OK; i++) {
    AssocRel *q = c->apRel[i];
    if (!circleMay(c, q) || !circleIsStrict(c, q) ||
        !circleLeadsBack(c, q, i + 1)) {
      continue;
    }
    assert(q->foreign.nCol > 0);
    problemAdd(c, CHECK_WARNING, CHECK_REL(q), "required keys in a circle", 0,
               "%s.%s must not be NULL, and neither must the keys that lead "
               "from %s back to %s: a first row can only be inserted under "
               "PRAGMA defer_foreign_keys=ON; declare one of the keys "
               "DEFERRABLE INITIALLY DEFERRED, or let it be NULL",
               q->pSource->pTable->zName, q->foreign.azCol[0],
               q->pTarget->zLabel, q->pSource->zLabel);
  }
}

/* ------------------------------------------------------------------- orders */

/* Add a column to an index that is wanted. */
static void indexColumn(CheckIndex *pWant, int iCol, int bDesc) {
  pWant->abDesc[pWant->nCol] = (u8)bDesc;
  pWant->aCol[pWant->nCol++] = iCol;
}

/*
** The index that would deliver the rows of one parent in their order: first the
** key, then what a scope compares with =, then the columns of the order, as far
** as an index can have them. An order by an expression, or by another
** collation, ends it.
*/
static void indexOfOrder(const AssocRel *pRel, CheckIndex *pWant) {
  const AssocTable *pTab = pRel->pTarget->pTable;
  const ShapePred *q;
  const ShapeSort *pSort;
  int i;
  for (i = 0; i < pRel->foreign.nCol; i++) {
    indexColumn(pWant, pRel->foreign.aCol[i], 0);
  }
  q = pRel->pScope;
  if (q && q->eOp == SHAPE_OP_AND) q = q->pSub;
  for (; q && pWant->nCol < 12; q = q->pNext) {
    i = q->eOp == SHAPE_OP_EQ && !q->pOther ? assocKeyColumn(pTab, &q->key)
                                            : -1;
    if (i >= 0) indexColumn(pWant, i, 0);
  }
  /* Up to here the order of the columns does not matter: all are compared with
  ** "=". From here on it is the order of the sort. */
  assert(pWant->nCol <= ASSOC_COUNT(pWant->aCol));
  pWant->nFixed = pWant->nCol;
  for (pSort = pRel->pOrder; pSort && pWant->nCol < ASSOC_COUNT(pWant->aCol);
       pSort = pSort->pNext) {
    i = assocKeyColumn(pTab, &pSort->key);
    if (i < 0 || i == pTab->iRowid || pSort->pColl) break;
    indexColumn(pWant, i, pSort->bDesc);
  }
}

/* Without such an index SQLite sorts the rows of each parent. An existing
** index, or one that another fix makes, may serve as well. */
static void problemOrder(Checker *c, AssocRel *pRel) {
  AssocTable *pTab = pRel->pTarget->pTable;
  CheckIndex want = {.pTab = pTab};
  if (pRel->nPath || pTab->eType != ASSOC_TABLE ||
      (pRel->eKind != ASSOC_HASMANY && pRel->eKind != ASSOC_HASONE) ||
      (pRel->pOrder == 0 && pRel->pScope == 0) || pRel->foreign.nCol > 8 ||
      !problemHasAll(&pRel->foreign)) {
    return;
  }
  indexOfOrder(pRel, &want);
  if (want.nCol == pRel->foreign.nCol) return;
  if (indexExists(c, &want, indexDeleted(c, pRel, pTab))) return;
  if (indexProposed(c, &want)) return;
  assert(want.nCol > pRel->foreign.nCol);
  problemAdd(
      c, CHECK_INFO, CHECK_REL(pRel), "order without index", fixIndex(c, &want),
      "no index of %s has the key and then what the %s of %s asks for",
      pTab->zName, want.nCol > want.nFixed ? "order" : "scope", pRel->zName);
}

/* --------------------------------------------------------------------- all */

/* Resolve every definition, and report those that fail. The others are
** collected in apRel, in the order of their rows; everything below looks only
** at these. */
static void problemDefs(Checker *c) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  int n = 0;
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(c->pCall, pSchema)) return;
    pDef = assocSchemaDefs(c->pCall, pSchema);
    for (; pDef; pDef = pDef->pNext) n++;
  }
  c->apRel =
      assocAlloc(c->pCall, &c->p->mem, (i64)sizeof(AssocRel *) * (n + 1));
  for (pSchema = c->p->pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    pDef = assocSchemaDefs(c->pCall, pSchema);
    for (; pDef; pDef = pDef->pNext) {
      AssocErr why;
      AssocRel *pRel;
      if (pDef->zName[0] == 0) continue;
      pRel = assocRelTry(c->pCall, pDef, &why);
      if (c->pCall->rc != SQLITE_OK) return;
      if (pRel) {
        assert(c->nRel < n);
        c->apRel[c->nRel++] = pRel;
      } else {
        problemBad(c, pDef, &why);
      }
    }
  }
}

/* Report definitions that disagree on one foreign key, once: when one of the two
** is gone, the other is right. */
static void problemDisagree(Checker *c, AssocRel *pRel) {
  AssocCall ask;
  AssocErr why;
  if (c->bDisagree) return;
  assocTryBegin(&ask, c->pCall);
  assocForeignCheck(&ask, pRel);
  if (assocTryEnd(&ask, c->pCall, &why)) {
    problemBad(c, pRel->pDef, &why);
    c->bDisagree = 1;
  }
}

/* Try to list all foreign keys, with the errors of pOnly, or of all. */
static void problemList(Checker *c, AssocRel *pOnly) {
  AssocCall ask;
  assocTryBegin(&ask, c->pCall);
  c->pList =
      assocForeignList(&ask, c->p->pCat, &c->p->mem, pOnly, &c->sync.tables);
  (void)assocTryEnd(&ask, c->pCall, 0);
}

/* The list of all foreign keys. If a definition is wrong or two disagree, each
** is asked alone, and the list is that of the first one that gives a list. */
static void problemKeys(Checker *c) {
  int i;
  problemList(c, 0);
  if (c->pList) return;
  for (i = 0; i < c->nRel && c->pCall->rc == SQLITE_OK; i++) {
    problemDisagree(c, c->apRel[i]);
  }
  /* Two definitions disagree, so there is no common list. The keys of the first
  ** eight definitions are better than none. */
  for (i = 0; i < c->nRel && i < 8 && c->pList == 0; i++) {
    problemList(c, c->apRel[i]);
  }
}

/* The worst first; problems of one severity in the order of their discovery. */
static void problemLink(Checker *c) {
  int i;
  for (i = CHECK_INFO; i <= CHECK_ERROR; i++) {
    while (c->apProblem[i]) {
      AssocProblem *q = c->apProblem[i];
      c->apProblem[i] = q->pNext;
      /* The last added comes first in the list: errors are added last. */
      assert(i >= CHECK_INFO && i <= CHECK_ERROR);
      if (c->bOrphans && q->bRows) q->zFix = 0;
      q->pNext = c->p->pProblem;
      c->p->pProblem = q;
    }
  }
}

/*
** A wrong definition must not hide the problems of the others, so each is
** resolved alone, and an error becomes a row. If two definitions contradict
** each other, the list of foreign keys cannot be made for both; then it is made
** for the first one that allows it. problemLink() puts the rows in order, the
** worst first.
*/
void assocCheck(AssocLook *p) {
  AssocForeign *pFor;
  Checker c;
  int i;
  memset(&c, 0, sizeof(c));
  c.p = p;
  c.pCall = c.sync.pCall = p->pCall;
  problemDefs(&c);
  problemKeys(&c);
  for (i = 0; i < c.nRel && p->pCall->rc == SQLITE_OK; i++) {
    AssocRel *pRel = c.apRel[i];
    problemName(&c, pRel);
    problemReady(&c, pRel);
    if (pRel->nBranch) problemBranches(&c, pRel);
    problemOne(&c, pRel);
    problemOneWay(&c, pRel);
    problemSides(&c, pRel);
  }
  c.sync.pList = c.pList;
  for (pFor = c.pList; pFor && p->pCall->rc == SQLITE_OK; pFor = pFor->pNext) {
    problemForeign(&c, pFor);
  }
  /* After the indexes of keys: one of them may serve here, too */
  for (i = 0; i < c.nRel && p->pCall->rc == SQLITE_OK; i++) {
    problemOrder(&c, c.apRel[i]);
  }
  problemWanted(&c);
  problemTimes(&c);
  problemCounters(&c);
  problemEnforced(&c);
  problemCircles(&c);
  problemLink(&c);
  assocArenaFree(&c.sync.mem);
}
