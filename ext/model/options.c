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

int assocKindSeek(const char *zKind) {
  int i;
  for (i = 0; i < ASSOC_NKIND; i++) {
    if (zKind && sameKind(zKind, azAssocKind[i])) return i;
  }
  return -1;
}

int assocKindParse(AssocCall *pCall, const char *zKind) {
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
                        .zHint = "there are belongsTo, hasOne, hasMany and "
                                 "belongsToMany"},
            "'%s' is no kind of association", zKind);
  return -1;
}

/* ---------------------------------------------------------------- reading */

static void optionText(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  (void)r;
  *(const char **)pInto = pJson->z;
}

static void optionJson(AssocOptionReader *r, AssocJson *pJson, void *pInto) {
  (void)r;
  *(AssocJson **)pInto = pJson;
}

/* Read a name or an array of names. */
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

/* Read the option foreignKey. */
static void optionForeignKey(AssocOptionReader *r, AssocJson *pJson,
                             void *pInto) {
  AssocOptions *pOpt = pInto;
  AssocJson *pField;
  if (pJson->eType != ASSOC_J_OBJECT) {
    optionNames(r, pJson, &pOpt->foreignKey);
    return;
  }
  assocOptionsRead(r, pJson, ASSOC_COUNT(aForeignKeyOption), aForeignKeyOption,
                   "the option foreignKey has");
  pField = assocJsonGet(pJson, "field");
  if (pField && pField->eType != ASSOC_J_NULL && r->pCall->rc == SQLITE_OK) {
    optionNames(r, pField, &pOpt->foreignKey);
  }
}

static void optionOtherKey(AssocOptionReader *r, AssocJson *pJson,
                           void *pInto) {
  AssocOptions *pOpt = pInto;
  AssocJson *pField;
  if (pJson->eType != ASSOC_J_OBJECT) {
    optionNames(r, pJson, &pOpt->otherKey);
    return;
  }
  assocOptionsRead(r, pJson, ASSOC_COUNT(aOtherKeyOption), aOtherKeyOption,
                   "the option otherKey has");
  pField = assocJsonGet(pJson, "field");
  if (pField && pField->eType != ASSOC_J_NULL && r->pCall->rc == SQLITE_OK) {
    optionNames(r, pField, &pOpt->otherKey);
  }
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
    /* {"type":"kind","models":{"post":"Post"}}, or such a belongsTo's name */
    {"polymorphic", "ton", "an object, or the name of a belongsTo", optionJson,
     OPTION_INTO(pPolymorphic)},
    {"temp", OPTION_BOOL, OPTION_INTO(bTemp)},
    {"replace", OPTION_BOOL, OPTION_INTO(bReplace)},
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

static void optionsAt(AssocOptionReader *r, AssocOptions *pOpt) {
  AssocJson *pScope = pOpt->pScope, **pp = pScope ? &pScope->pChild : 0;
  while (pp && *pp && r->pCall->rc == SQLITE_OK) {
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

void assocOptionsInit(AssocOptions *pOpt) {
  memset(pOpt, 0, sizeof(*pOpt));
  pOpt->eConstraints = pOpt->eAllowNull = pOpt->eUnique = -1;
  pOpt->eThroughUnique = pOpt->eThroughParanoid = -1;
  pOpt->eThroughTimestamps = pOpt->other.eAllowNull = -1;
}

AssocOptions *assocOptionsParse(AssocCall *pCall, AssocArena *pArena,
                                const char *zJson) {
  AssocOptionReader r = {pCall, pArena, 0};
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

AssocOptions *assocDefOptions(AssocCall *pCall, AssocDef *pDef) {
  if (pDef->pOpt == 0) {
    pDef->pOpt =
        assocOptionsParse(pCall, &pDef->pSchema->pCatalog->mem, pDef->zOptions);
  }
  return pDef->pOpt;
}

/* ---------------------------------------------------------------- writing */

/* Append a comma if necessary, the key and a colon. */
static void writeKey(AssocOut *pOut, const char *zKey) {
  int bFirst = pOut->p - pOut->pStart <= 1; /* Only the brace is there */
  assocOutText(pOut, bFirst ? "\"" : ",\"", bFirst ? 1 : 2);
  assocOutText(pOut, zKey, (i64)strlen(zKey));
  assocOutText(pOut, "\":", 2);
}

static void writeText(AssocOut *pOut, const char *zKey, const char *z) {
  if (z == 0) return;
  writeKey(pOut, zKey);
  assocJsonString(pOut, z, (i64)strlen(z));
}

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

static void writeJson(AssocOut *pOut, const char *zKey, const AssocJson *p) {
  if (p == 0) return;
  writeKey(pOut, zKey);
  assocJsonWrite(pOut, p);
}

static void writeBool(AssocOut *pOut, const char *zKey, int e) {
  if (e < 0) return;
  writeKey(pOut, zKey);
  assocOutText(pOut, e ? "true" : "false", e ? 4 : 5);
}

/* The names alone if they say it all, else {"name":…,"defaultValue":…}. */
static void writeKeyOption(AssocOut *pOut, const char *zKey,
                           const AssocNames *pNames, const AssocJson *pDefault,
                           const AssocOtherKey *pOther) {
  AssocOut sub;
  i64 n = 0;
  char *z;
  if (pDefault == 0 && pOther->zOnDelete == 0 && pOther->zOnUpdate == 0 &&
      pOther->eAllowNull < 0) {
    writeNames(pOut, zKey, pNames);
    return;
  }
  assocBufInit(&sub, pOut->nMax);
  assocOutText(&sub, "{", 1);
  writeNames(&sub, "name", pNames);
  writeJson(&sub, "defaultValue", pDefault);
  writeBool(&sub, "allowNull", pOther->eAllowNull);
  writeText(&sub, "onDelete", pOther->zOnDelete);
  writeText(&sub, "onUpdate", pOther->zOnUpdate);
  assocOutText(&sub, "}", 1);
  z = assocBufFinish(&sub, &n);
  if (z == 0) {
    pOut->rc = sub.rc;
    return;
  }
  writeKey(pOut, zKey);
  assocOutText(pOut, z, n);
  sqlite3_free(z);
}

/* Write a text if that is enough, else an object. */
static void writeThrough(AssocOut *pOut, const AssocOptions *pOpt) {
  AssocOut sub;
  i64 n = 0;
  char *z;
  if (pOpt->pThroughScope == 0 && pOpt->eThroughUnique < 0 &&
      pOpt->eThroughParanoid < 0 && pOpt->eThroughTimestamps < 0) {
    writeText(pOut, "through", pOpt->zThrough);
    return;
  }
  assocBufInit(&sub, pOut->nMax);
  assocOutText(&sub, "{", 1);
  writeText(&sub, "model", pOpt->zThrough);
  writeJson(&sub, "scope", pOpt->pThroughScope);
  writeBool(&sub, "unique", pOpt->eThroughUnique);
  writeBool(&sub, "paranoid", pOpt->eThroughParanoid);
  writeBool(&sub, "timestamps", pOpt->eThroughTimestamps);
  assocOutText(&sub, "}", 1);
  z = assocBufFinish(&sub, &n);
  if (z == 0) {
    pOut->rc = sub.rc;
    return;
  }
  writeKey(pOut, "through");
  assocOutText(pOut, z, n);
  sqlite3_free(z);
}

char *assocOptionsText(AssocCall *pCall, AssocArena *pArena,
                       const AssocOptions *pOpt) {
  static const AssocOtherKey none = {0, 0, 0, -1};
  AssocOut out;
  i64 n = 0;
  char *z, *zKept = 0;
  if (pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{", 1);
  writeKeyOption(&out, "foreignKey", &pOpt->foreignKey, pOpt->pDefault, &none);
  writeKeyOption(&out, "otherKey", &pOpt->otherKey, pOpt->other.pDefault,
                 &pOpt->other);
  writeNames(&out, "sourceKey", &pOpt->sourceKey);
  writeNames(&out, "targetKey", &pOpt->targetKey);
  writeThrough(&out, pOpt);
  writeJson(&out, "scope", pOpt->pScope);
  writeJson(&out, "order", pOpt->pOrder);
  writeText(&out, "onDelete", pOpt->zOnDelete);
  writeText(&out, "onUpdate", pOpt->zOnUpdate);
  writeBool(&out, "unique", pOpt->eUnique);
  writeBool(&out, "allowNull", pOpt->eAllowNull);
  writeBool(&out, "constraints", pOpt->eConstraints);
  writeJson(&out, "polymorphic", pOpt->pPolymorphic);
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
