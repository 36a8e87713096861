/*
** The options of a definition: read, checked, and written in canonical
** spelling.
**
**   {"foreign_key":...}  error: did you mean "foreignKey"?
**   {"foreignKey":["user_id"],"onDelete":"cascade"}
**   → {"foreignKey":"user_id","onDelete":"CASCADE"}
*/
#include "model/model.h"

const char *const azAssocKind[ASSOC_NKIND] = {"belongsTo", "hasOne", "hasMany",
                                              "belongsToMany"};

/* ------------------------------------------------------------------ kinds */

/* Are the names equal, except for case and underscores? */
static int sameKind(const char *z, const char *zKind) {
  while (*z) {
    if (*z == '_') {
      z++;
    } else if (sqlite3_strnicmp(z++, zKind++, 1) != 0) {
      return 0;
    }
  }
  return *zKind == 0;
}

/* -1 for an unknown kind; zKind may be 0. */
int assocKindSeek(const char *zKind) {
  int i;
  if (zKind == 0) return -1;
  for (i = 0; i < ASSOC_NKIND; i++) {
    if (sameKind(zKind, azAssocKind[i])) return i;
  }
  return -1;
}

#define KIND_LIST "there are belongsTo, hasOne, hasMany and belongsToMany"

/* -1 and an error for an unknown kind. */
int assocKindParse(AssocCall *pCall, const char *zKind, int bStored) {
  AssocNearest near;
  int i = assocKindSeek(zKind);
  if (i >= 0) return i;
  if (zKind == 0) zKind = "NULL";
  memset(&near, 0, sizeof(near));
  near.zWritten = zKind;
  for (i = 0; i < ASSOC_NKIND; i++) assocNearestTry(&near, azAssocKind[i]);
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_OPTION,
                        .zName = zKind,
                        .zNear = near.zBest,
                        .zHint = bStored ? ASSOC_NEWER KIND_LIST : KIND_LIST},
            "'%s' is not a kind of association", zKind);
  return -1;
}

/* ---------------------------------------------------------------- reading */

/* The reader has checked the type already. */
static void optionText(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  (void)r;
  *(const char **)pInto = pJson->z;
}

/* Kept as a tree: the values of a scope or an order are read when they are
** used. */
static void optionJson(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  (void)r;
  *(AssocJson **)pInto = pJson;
}

/* Read a name or an array of names. The texts are not copied; they live in the
** arena of the options. */
static void optionNames(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  AssocNames *pNames = pInto;
  int bArray = pJson->eType == ASSOC_J_ARRAY;
  AssocJson *pSub = bArray ? pJson->pChild : pJson;
  int n = bArray ? pJson->nChild : 1;
  pNames->n = 0;
  pNames->az = assocAlloc(r->pCall, r->pArena, (i64)sizeof(char *) * (n + 1));
  while (pNames->az && pNames->n < n) {
    int bEmpty = (pSub->eType == ASSOC_J_TEXT && pSub->n == 0) ||
                 (pSub->eType == ASSOC_J_ARRAY && pSub->nChild == 0);
    if (pSub->eType == ASSOC_J_TEXT && (int)strlen(pSub->z) != pSub->n) {
      assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, pJson->zKey,
                   "the option %s must not contain a NUL character",
                   pJson->zKey);
      return;
    }
    if (pSub->eType != ASSOC_J_TEXT || bEmpty) {
      assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, pJson->zKey,
                   "the option %s must hold columns, not %s", pJson->zKey,
                   bEmpty ? "something empty" : assocJsonTypeName(pSub));
      return;
    }
    pNames->az[pNames->n++] = pSub->z;
    pSub = pSub->pNext;
  }
}

/* Read CASCADE, SET NULL, ... in any case. */
static void optionAction(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  static const char *const az[] = {"CASCADE", "SET NULL", "SET DEFAULT",
                                   "RESTRICT", "NO ACTION"};
  int i;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_stricmp(pJson->z, az[i]) != 0) continue;
    *(const char **)pInto = az[i];
    return;
  }
  assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, pJson->zKey,
               "the option %s must be CASCADE, SET NULL, SET DEFAULT, RESTRICT "
               "or NO ACTION, not \"%s\"",
               pJson->zKey, pJson->z);
}

/* The members of AssocOption that belong together. */
#define OPTION_INTO(x) offsetof(AssocOptions, x)
#define OPTION_TEXT "tn", "a text", optionText
#define OPTION_BOOL "bn", "true or false", assocOptionFlag
#define OPTION_OBJECT "on", "an object", optionJson
#define OPTION_NAMES "tan", "a column, or an array of columns", optionNames
#define OPTION_ACTION "tn", "a text", optionAction

/*
** The options of a definition. These tables are the one list of them: the
** reader, the errors, and the writer of the canonical spelling use no other. To
** add an option, add its row and its member of AssocOptions.
*/

/* "PostTags", "posts.comments", or {"model":...,"scope":{...},"unique":...} */
static const AssocOption aThroughOption[] = {
    {"model", OPTION_TEXT, OPTION_INTO(zThrough)},
    {"scope", OPTION_OBJECT, OPTION_INTO(pThroughScope)},
    {"unique", OPTION_BOOL, OPTION_INTO(eThroughUnique)},
    {"paranoid", OPTION_BOOL, OPTION_INTO(eThroughParanoid)},
    {"timestamps", OPTION_BOOL, OPTION_INTO(eThroughTimestamps)},
};

/* Read the option through. */
static void optionThrough(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  AssocOptions *pOpt = pInto;
  if (pJson->eType == ASSOC_J_TEXT) {
    pOpt->zThrough = pJson->z;
  } else {
    assocOptionsRead(r, pJson, ASSOC_COUNT(aThroughOption), aThroughOption,
                     "the option through has");
  }
}

/* Read the DEFAULT of a column. */
static void optionValue(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  if (pJson->eType >= ASSOC_J_ARRAY) {
    assocErrorOf(r->pCall, ASSOC_E_ARGUMENT, 0, "defaultValue",
                 "the option defaultValue must be a text, a number, true or "
                 "false, not %s",
                 assocJsonTypeName(pJson));
  }
  *(AssocJson **)pInto = pJson;
}

/* Columns, or Sequelize's attribute: {"name":...,"allowNull":...,...}. If there
** is a field, it names the column, and name is only the JavaScript name. */
#define OPTION_VALUE 0, 0, optionValue
static const AssocOption aForeignKeyOption[] = {
    {"name", OPTION_NAMES, OPTION_INTO(foreignKey)},
    {"field", OPTION_NAMES, OPTION_INTO(foreignKey)},
    {"defaultValue", OPTION_VALUE, OPTION_INTO(pDefault)},
    {"allowNull", OPTION_BOOL, OPTION_INTO(eAllowNull)},
    {"unique", OPTION_BOOL, OPTION_INTO(eUnique)},
    {"onDelete", OPTION_ACTION, OPTION_INTO(zOnDelete)},
    {"onUpdate", OPTION_ACTION, OPTION_INTO(zOnUpdate)},
};
static const AssocOption aOtherKeyOption[] = {
    {"name", OPTION_NAMES, OPTION_INTO(otherKey)},
    {"field", OPTION_NAMES, OPTION_INTO(otherKey)},
    {"defaultValue", OPTION_VALUE, OPTION_INTO(other.pDefault)},
    {"allowNull", OPTION_BOOL, OPTION_INTO(other.eAllowNull)},
    {"onDelete", OPTION_ACTION, OPTION_INTO(other.zOnDelete)},
    {"onUpdate", OPTION_ACTION, OPTION_INTO(other.zOnUpdate)},
};

/* Read the option foreignKey or otherKey: columns, or what table a lists. */
static void optionKey(AssocOptionReader *r, AssocJson *pJson, int n,
                      const AssocOption *a, const char *zHas,
                      AssocNames *pNames) {
  AssocJson *pField;
  if (pJson->eType != ASSOC_J_OBJECT) {
    optionNames(r, pJson, pNames);
    return;
  }
  assocOptionsRead(r, pJson, n, a, zHas);
  pField = assocJsonGet(pJson, "field");
  if (pField && pField->eType != ASSOC_J_NULL) optionNames(r, pField, pNames);
}

/* foreignKey is a name, or an object of the options that aForeignKeyOption
** lists. */
static void optionForeignKey(AssocOptionReader *r, AssocJson *pJson,
                             void *pInto) {
  optionKey(r, pJson, ASSOC_COUNT(aForeignKeyOption), aForeignKeyOption,
            "the option foreignKey has", &((AssocOptions *)pInto)->foreignKey);
}

/* Either names of columns, or Sequelize's object for one column. */
static void optionOtherKey(AssocOptionReader *r, AssocJson *pJson,
                           void *pInto) {
  optionKey(r, pJson, ASSOC_COUNT(aOtherKeyOption), aOtherKeyOption,
            "the option otherKey has", &((AssocOptions *)pInto)->otherKey);
}

/* {"type":"kind","models":{"post":"Post"}}; polymorphic.c reads the models. */
static const AssocOption aPolymorphicOption[] = {
    {"type", "tn", "a column", 0, 0},
    {"models", 0, 0, 0, 0},
};

/* Or the name of such a belongsTo. Rows of older versions may have members that
** say nothing. */
static void optionPolymorphic(AssocOptionReader *r, AssocJson *pJson,
                              void *pInto) {
  if (pJson->eType == ASSOC_J_OBJECT && !r->bStored) {
    assocOptionsRead(r, pJson, ASSOC_COUNT(aPolymorphicOption),
                     aPolymorphicOption, "the option polymorphic has");
  }
  optionJson(r, pJson, pInto);
}

static const AssocOption aDefineOption[] = {
    {"as", OPTION_TEXT, OPTION_INTO(zAs)},
    {"foreignKey", "taon", "a column, or an array of columns", optionForeignKey,
     0},
    {"otherKey", "taon", "a column, or an array of columns", optionOtherKey, 0},
    {"sourceKey", OPTION_NAMES, OPTION_INTO(sourceKey)},
    {"targetKey", OPTION_NAMES, OPTION_INTO(targetKey)},
    {"through", "ton", "a text", optionThrough, 0},
    {"scope", OPTION_OBJECT, OPTION_INTO(pScope)},
    {"order", 0, 0, optionJson, OPTION_INTO(pOrder)},
    {"onDelete", OPTION_ACTION, OPTION_INTO(zOnDelete)},
    {"onUpdate", OPTION_ACTION, OPTION_INTO(zOnUpdate)},
    {"unique", OPTION_BOOL, OPTION_INTO(eUnique)},
    {"allowNull", OPTION_BOOL, OPTION_INTO(eAllowNull)},
    {"constraints", OPTION_BOOL, OPTION_INTO(eConstraints)},
    {"polymorphic", "ton", "an object, or the name of a belongsTo",
     optionPolymorphic, OPTION_INTO(pPolymorphic)},
    {"symmetric", OPTION_BOOL, OPTION_INTO(eSymmetric)},
    {"counterCache", OPTION_TEXT, OPTION_INTO(zCounter)},
    {"temp", OPTION_BOOL, OPTION_INTO(bTemp)},
    {"replace", OPTION_BOOL, OPTION_INTO(bReplace)},
};

/* The options of assoc_model(). Those with xTake are not stored. */
const AssocOption aAssocModelOption[ASSOC_NMODELOPTION] = {
    {"table", "t", "a text", 0, 0},
    {"columns", "o", "an object", 0, 0},
    {"values", "o", "an object", 0, 0},
    {"primaryKey", "ta", "a column, or an array of columns", 0, 0},
    {"defaultScope", "o", "an object", 0, 0},
    {"scopes", "o", "an object", 0, 0},
    {"paranoid", "b", "true or false", 0, 0},
    {"deletedAt", "t", "a column", 0, 0},
    {"timestamps", "bo", "true, false, or an object", 0, 0},
    {"createdAt", "tb", "a column, true or false", 0, 0},
    {"updatedAt", "tb", "a column, true or false", 0, 0},
    {"temp", "b", "true or false", assocOptionFlag,
     offsetof(AssocModelFlags, bTemp)},
    {"replace", "b", "true or false", assocOptionFlag,
     offsetof(AssocModelFlags, bReplace)},
};

/* {"@role":"admin"} of the scope is a condition of the join row's scope, which
** writers obey too. */
static void optionsAtOne(AssocOptionReader *r, AssocOptions *pOpt,
                         AssocJson *pAt) {
  AssocJson **ppEnd;
  pAt->zKey++;
  pAt->pNext = 0;
  if (pOpt->pThroughScope == 0) {
    pOpt->pThroughScope = assocAlloc(r->pCall, r->pArena, sizeof(*pAt));
    if (pOpt->pThroughScope == 0) return;
    pOpt->pThroughScope->eType = ASSOC_J_OBJECT;
  }
  if (assocJsonGet(pOpt->pThroughScope, pAt->zKey)) {
    assocErrorOf(r->pCall, ASSOC_E_DEFINITION, 0, pAt->zKey,
                 "the scope says @%s twice", pAt->zKey);
  }
  ppEnd = &pOpt->pThroughScope->pChild;
  while (*ppEnd) ppEnd = &(*ppEnd)->pNext;
  *ppEnd = pAt;
  pOpt->pThroughScope->nChild++;
}

/* Take the "@" members out of a scope: they are about the join row, and belong
** to the scope of through. */
static void optionsAt(AssocOptionReader *r, AssocOptions *pOpt) {
  AssocJson *pScope = pOpt->pScope, **pp = pScope ? &pScope->pChild : 0;
  while (pp && *pp) {
    AssocJson *pAt = *pp;
    if (pAt->zKey[0] != '@') {
      pp = &pAt->pNext;
      continue;
    }
    *pp = pAt->pNext;
    if (--pScope->nChild == 0) pOpt->pScope = 0;
    optionsAtOne(r, pOpt, pAt);
  }
}

/* -1 is "not said" for everything that is true or false. */
void assocOptionsInit(AssocOptions *pOpt) {
  memset(pOpt, 0, sizeof(*pOpt));
  pOpt->eConstraints = pOpt->eAllowNull = pOpt->eUnique = -1;
  pOpt->eThroughUnique = pOpt->eThroughParanoid = -1;
  pOpt->eThroughTimestamps = pOpt->other.eAllowNull = -1;
  pOpt->eSymmetric = -1;
}

/* 0 after an error. Without a text, all options have their defaults. The
** strings point into the arena. */
AssocOptions *assocOptionsParse(AssocCall *pCall, AssocArena *pArena,
                                const char *zJson, int bStored) {
  AssocOptionReader r = {pCall, pArena, 0, bStored};
  AssocJson *pJson;
  AssocOptions *pOpt = assocAlloc(pCall, pArena, sizeof(*pOpt));
  if (pOpt == 0) return 0;
  assocOptionsInit(pOpt);
  if (zJson == 0) return pOpt;
  pJson = assocJsonObject(pCall, pArena, zJson, -1, "the options");
  if (pJson == 0) return 0;
  r.pInto = pOpt;
  assocOptionsRead(&r, pJson, ASSOC_COUNT(aDefineOption), aDefineOption,
                   "there are");
  optionsAt(&r, pOpt);
  return pCall->rc == SQLITE_OK ? pOpt : 0;
}

/* Read at the first use, so a bad row is an error only where it is used. */
AssocOptions *assocDefOptions(AssocCall *pCall, AssocDef *pDef) {
  if (pDef->pOpt == 0) {
    pDef->pOpt = assocOptionsParse(pCall, &pDef->pSchema->pCatalog->mem,
                                   pDef->zOptions, 1);
  }
  return pDef->pOpt;
}

AssocOptions *assocDefOptionsTry(AssocCall *pCall, AssocDef *pDef) {
  AssocCall ask;
  AssocOptions *pOpt;
  assocTryBegin(&ask, pCall);
  pOpt = assocDefOptions(&ask, pDef);
  return assocTryEnd(&ask, pCall, 0) ? 0 : pOpt;
}

/* ---------------------------------------------------------------- writing */

/* Append a comma if necessary, the key and a colon. */
static void writeKey(AssocOut *pOut, const char *zKey) {
  int bFirst = pOut->p - pOut->pStart <= 1; /* Only the brace is there */
  assocOutText(pOut, bFirst ? "\"" : ",\"", bFirst ? 1 : 2);
  assocOutText(pOut, zKey, (i64)strlen(zKey));
  assocOutText(pOut, "\":", 2);
}

/* An option that is not set is left out. */
static void writeText(AssocOut *pOut, const char *zKey, const char *z) {
  if (z == 0) return;
  writeKey(pOut, zKey);
  assocJsonString(pOut, z, (i64)strlen(z));
}

/* One column is a text, several are an array. */
static void writeNames(AssocOut *pOut, const char *zKey,
                       const AssocNames *pNames) {
  int i;
  assert(pNames->n >= 0);
  if (pNames->n == 1) writeText(pOut, zKey, pNames->az[0]);
  if (pNames->n < 2) return;
  writeKey(pOut, zKey);
  for (i = 0; i < pNames->n; i++) {
    assocOutText(pOut, i ? "," : "[", 1);
    assocJsonString(pOut, pNames->az[i], (i64)strlen(pNames->az[i]));
  }
  assocOutText(pOut, "]", 1);
}

/* As the caller wrote it, in the spelling of assocJsonWrite(). */
static void writeJson(AssocOut *pOut, const char *zKey, const AssocJson *p) {
  if (p == 0) return;
  writeKey(pOut, zKey);
  assocJsonWrite(pOut, p);
}

/* -1 is not written. */
static void writeBool(AssocOut *pOut, const char *zKey, int e) {
  if (e < 0) return;
  writeKey(pOut, zKey);
  assocOutText(pOut, e ? "true" : "false", e ? 4 : 5);
}

/* Is option i of a table another spelling of an earlier one, or of one that a
** definition has outside the table? Then that one is written. */
static int isAlias(const AssocOption *a, int i) {
  int j;
  for (j = 0; j < i; j++) {
    if (a[j].iInto == a[i].iInto) return 1;
  }
  assert(a != aDefineOption && a[i].iInto > 0);
  for (j = 0; j < ASSOC_COUNT(aDefineOption); j++) {
    if (aDefineOption[j].iInto == a[i].iInto) return 1;
  }
  return 0;
}

/* Write an option, if it is given. How it is read says how it is written. */
static void writeOption(AssocOut *pOut, const AssocOption *p,
                        const AssocOptions *pOpt) {
  const void *pFrom = (const char *)pOpt + p->iInto;
  if (p->xTake == optionText || p->xTake == optionAction) {
    writeText(pOut, p->zName, *(const char *const *)pFrom);
  } else if (p->xTake == optionNames) {
    writeNames(pOut, p->zName, pFrom);
  } else if (p->xTake == assocOptionFlag) {
    writeBool(pOut, p->zName, *(const int *)pFrom);
  } else {
    assert(p->xTake == optionJson || p->xTake == optionValue ||
           p->xTake == optionPolymorphic);
    writeJson(pOut, p->zName, *(AssocJson *const *)pFrom);
  }
}

/* Write what a table says of one option: the first member alone if that is all,
** else an object. */
static void writeTable(AssocOut *pOut, const char *zKey, int nOption,
                       const AssocOption *a, const AssocOptions *pOpt) {
  AssocOption first = a[0];
  AssocOut sub;
  i64 n = 0, nFirst;
  char *z;
  int i;
  assert(nOption > 1);
  assocBufInit(&sub, pOut->nMax);
  assocOutText(&sub, "{", 1);
  writeOption(&sub, &first, pOpt);
  nFirst = sub.p - sub.pStart;
  for (i = 1; i < nOption; i++) {
    if (!isAlias(a, i)) writeOption(&sub, &a[i], pOpt);
  }
  assocOutText(&sub, "}", 1);
  z = assocBufFinish(&sub, &n);
  if (z == 0) {
    pOut->rc = sub.rc;
  } else if (n == nFirst + 1) {
    first.zName = zKey;
    writeOption(pOut, &first, pOpt);
  } else {
    writeKey(pOut, zKey);
    assocOutText(pOut, z, n);
  }
  sqlite3_free(z);
}

/* Equal options have equal texts: they are written in a fixed order. Thus
** "defined again" can be told from "defined differently". 0 if no option is
** set, or after an error. */
char *assocOptionsText(AssocCall *pCall, AssocArena *pArena,
                       const AssocOptions *pOpt) {
  AssocOptions own = *pOpt;
  AssocOut out;
  i64 n = 0;
  char *z, *zKept = 0;
  int i;
  if (pCall->rc != SQLITE_OK) return 0;
  own.zAs = 0;
  own.bTemp = own.bReplace = -1;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{", 1);
  for (i = 0; i < ASSOC_COUNT(aDefineOption); i++) {
    const AssocOption *p = &aDefineOption[i];
    if (p->xTake == optionForeignKey) {
      writeTable(&out, p->zName, ASSOC_COUNT(aForeignKeyOption),
                 aForeignKeyOption, &own);
    } else if (p->xTake == optionOtherKey) {
      writeTable(&out, p->zName, ASSOC_COUNT(aOtherKeyOption), aOtherKeyOption,
                 &own);
    } else if (p->xTake == optionThrough) {
      writeTable(&out, p->zName, ASSOC_COUNT(aThroughOption), aThroughOption,
                 &own);
    } else {
      writeOption(&out, p, &own);
    }
  }
  assocOutText(&out, "}", 1);
  z = assocBufFinish(&out, &n);
  if (z == 0) {
    assocErrorCode(pCall, out.rc);
  } else if (n > 2) {
    zKept = assocArenaText(pCall, pArena, z, (int)n);
  }
  sqlite3_free(z);
  return zKept;
}
