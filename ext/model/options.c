/*
** The options of a definition: read, checked, and written in one spelling.
*/
#include "model/model.h"

const char *const azAssocKind[ASSOC_NKIND] = {"belongsTo", "hasOne", "hasMany",
                                              "belongsToMany"};

/* ------------------------------------------------------------------ kinds */

/* Equal but for case and underscores? */
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
  assocError(pCall,
             "'%s' is no kind of association%s%s%s (there are belongsTo, "
             "hasOne, hasMany and belongsToMany)",
             zKind, near.zBest ? "; did you mean '" : "",
             near.zBest ? near.zBest : "", near.zBest ? "'?" : "");
  return -1;
}

/* ---------------------------------------------------------------- reading */

typedef struct OptionReader OptionReader;
struct OptionReader {
  AssocCall *pCall;
  AssocArena *pArena;
  AssocOptions *pOpt;
};

static int isEmpty(const AssocJson *p) {
  return (p->eType == ASSOC_J_TEXT && p->n == 0) ||
         (p->eType == ASSOC_J_ARRAY && p->nChild == 0);
}

static void optionType(OptionReader *p, AssocJson *pJson, const char *zMust) {
  if (isEmpty(pJson)) {
    assocError(p->pCall, "the option %s is empty", pJson->zKey);
  } else {
    assocError(p->pCall, "the option %s must be %s, not %s", pJson->zKey, zMust,
               assocJsonTypeName(pJson));
  }
}

static const char *optionText(OptionReader *p, AssocJson *pJson) {
  if (pJson->eType == ASSOC_J_NULL) return 0;
  if (pJson->eType != ASSOC_J_TEXT || isEmpty(pJson)) {
    optionType(p, pJson, "a text");
  }
  return p->pCall->rc == SQLITE_OK ? pJson->z : 0;
}

/* 1, 0, or -1 for null. */
static int optionBool(OptionReader *p, AssocJson *pJson) {
  switch (pJson->eType) {
  case ASSOC_J_NULL: return -1;
  case ASSOC_J_FALSE: return 0;
  case ASSOC_J_TRUE: return 1;
  }
  optionType(p, pJson, "true or false");
  return -1;
}

/* A name or an array of names. */
static void optionNames(OptionReader *p, AssocJson *pJson, AssocNames *pNames) {
  int bArray = pJson->eType == ASSOC_J_ARRAY;
  AssocJson *pSub = bArray ? pJson->pChild : pJson;
  int n = bArray ? pJson->nChild : 1;
  pNames->n = 0;
  if (pJson->eType == ASSOC_J_NULL) return;
  pNames->az = assocAlloc(p->pCall, p->pArena, (i64)sizeof(char *) * (n + 1));
  while (pSub && pNames->az && pNames->n < n) {
    if (bArray && (pSub->eType != ASSOC_J_TEXT || isEmpty(pSub))) {
      assocError(p->pCall, "the option %s must hold columns, not %s",
                 pJson->zKey,
                 isEmpty(pSub) ? "something empty" : assocJsonTypeName(pSub));
      return;
    }
    if (pSub->eType != ASSOC_J_TEXT || isEmpty(pSub)) {
      optionType(p, pJson, "a column, or an array of columns");
      return;
    }
    pNames->az[pNames->n++] = pSub->z;
    pSub = bArray ? pSub->pNext : 0;
  }
  if (n == 0) optionType(p, pJson, "a column, or an array of columns");
}

/* CASCADE, SET NULL, … in upper case. */
static const char *optionAction(OptionReader *p, AssocJson *pJson) {
  static const char *const az[] = {"CASCADE", "SET NULL", "SET DEFAULT",
                                   "RESTRICT", "NO ACTION"};
  const char *z = optionText(p, pJson);
  int i;
  if (z == 0) return 0;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_stricmp(z, az[i]) == 0) return az[i];
  }
  assocError(
      p->pCall,
      "the option %s must be CASCADE, SET NULL, SET DEFAULT, RESTRICT or "
      "NO ACTION, not \"%s\"",
      pJson->zKey, z);
  return 0;
}

static AssocJson *optionObject(OptionReader *p, AssocJson *pJson) {
  if (pJson->eType == ASSOC_J_NULL) return 0;
  if (pJson->eType != ASSOC_J_OBJECT) optionType(p, pJson, "an object");
  return pJson;
}

/* {"type":"kind","models":{"post":"Post"}}, or the name of such a belongsTo */
static void optionPolymorphic(OptionReader *p, AssocJson *pJson) {
  if (pJson->eType == ASSOC_J_NULL) return;
  if (pJson->eType != ASSOC_J_OBJECT &&
      (pJson->eType != ASSOC_J_TEXT || pJson->n == 0)) {
    optionType(p, pJson, "an object, or the name of a belongsTo");
  }
  p->pOpt->pPolymorphic = pJson;
}

/* "PostTags", "posts.comments", or {"model":…,"scope":{…},"unique":…} */
static void optionThrough(OptionReader *p, AssocJson *pJson) {
  AssocJson *pSub;
  if (pJson->eType != ASSOC_J_OBJECT) {
    p->pOpt->zThrough = optionText(p, pJson);
    return;
  }
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "model") == 0) {
      p->pOpt->zThrough = optionText(p, pSub);
    } else if (strcmp(pSub->zKey, "scope") == 0) {
      p->pOpt->pThroughScope = optionObject(p, pSub);
    } else if (strcmp(pSub->zKey, "unique") == 0) {
      p->pOpt->eThroughUnique = optionBool(p, pSub);
    } else {
      assocError(p->pCall,
                 "the option through has model, scope and unique, no \"%s\"",
                 pSub->zKey);
    }
  }
}

static int optionRead(OptionReader *p, AssocJson *pJson);

/* foreignKey as Sequelize's attribute: {"name":…,"allowNull":…,…} */
static void optionForeignKey(OptionReader *p, AssocJson *pJson) {
  AssocJson *pSub;
  if (pJson->eType != ASSOC_J_OBJECT) {
    optionNames(p, pJson, &p->pOpt->foreignKey);
    return;
  }
  for (pSub = pJson->pChild; pSub; pSub = pSub->pNext) {
    if (strcmp(pSub->zKey, "name") == 0) {
      optionNames(p, pSub, &p->pOpt->foreignKey);
    } else if (strcmp(pSub->zKey, "allowNull") == 0 ||
               strcmp(pSub->zKey, "unique") == 0 ||
               strcmp(pSub->zKey, "onDelete") == 0 ||
               strcmp(pSub->zKey, "onUpdate") == 0) {
      (void)optionRead(p, pSub);
    } else {
      assocError(p->pCall,
                 "the option foreignKey has name, allowNull, unique, "
                 "onDelete and onUpdate, no \"%s\"",
                 pSub->zKey);
    }
  }
}

static const char *const azOption[] = {
    "as",          "foreignKey", "otherKey", "sourceKey",
    "targetKey",   "through",    "scope",    "order",
    "onDelete",    "onUpdate",   "unique",   "allowNull",
    "constraints", "temp",       "replace",  "polymorphic"};

static void optionUnknown(OptionReader *p, const char *zKey) {
  AssocNearest near;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zKey;
  for (i = 0; i < ASSOC_COUNT(azOption); i++) {
    assocNearestTry(&near, azOption[i]);
  }
  assocError(p->pCall,
             "there is no option \"%s\"%s%s%s (there are as, foreignKey, "
             "otherKey, sourceKey, targetKey, through, scope, order, "
             "onDelete, onUpdate, unique, allowNull, constraints, "
             "polymorphic, temp and replace)",
             zKey, near.zBest ? "; did you mean \"" : "",
             near.zBest ? near.zBest : "", near.zBest ? "\"?" : "");
}

/* One option. True if its name is known. */
static int optionRead(OptionReader *p, AssocJson *pJson) {
  AssocOptions *pOpt = p->pOpt;
  int i = 0;
  while (i < ASSOC_COUNT(azOption) && strcmp(azOption[i], pJson->zKey) != 0) {
    i++;
  }
  switch (i) {
  case 0: pOpt->zAs = optionText(p, pJson); break;
  case 1: optionForeignKey(p, pJson); break;
  case 2: optionNames(p, pJson, &pOpt->otherKey); break;
  case 3: optionNames(p, pJson, &pOpt->sourceKey); break;
  case 4: optionNames(p, pJson, &pOpt->targetKey); break;
  case 5: optionThrough(p, pJson); break;
  case 6: pOpt->pScope = optionObject(p, pJson); break;
  case 7: pOpt->pOrder = pJson->eType == ASSOC_J_NULL ? 0 : pJson; break;
  case 8: pOpt->zOnDelete = optionAction(p, pJson); break;
  case 9: pOpt->zOnUpdate = optionAction(p, pJson); break;
  case 10: pOpt->eUnique = optionBool(p, pJson); break;
  case 11: pOpt->eAllowNull = optionBool(p, pJson); break;
  case 12: pOpt->eConstraints = optionBool(p, pJson); break;
  case 13: pOpt->bTemp = optionBool(p, pJson) == 1; break;
  case 14: pOpt->bReplace = optionBool(p, pJson) == 1; break;
  case 15: optionPolymorphic(p, pJson); break;
  default: optionUnknown(p, pJson->zKey); break;
  }
  return i < ASSOC_COUNT(azOption);
}

AssocOptions *assocOptionsParse(AssocCall *pCall, AssocArena *pArena,
                                const char *zJson) {
  OptionReader r;
  AssocJson *pJson, *pSub;
  AssocOptions *pOpt = assocAlloc(pCall, pArena, sizeof(*pOpt));
  if (pOpt == 0) return 0;
  pOpt->eThroughUnique = pOpt->eConstraints = -1;
  pOpt->eAllowNull = pOpt->eUnique = -1;
  if (zJson == 0) return pOpt;
  pJson = assocJsonRead(pCall, pArena, zJson, -1, "the options");
  if (pJson == 0) return 0;
  if (pJson->eType != ASSOC_J_OBJECT) {
    assocError(pCall, "the options must be a JSON object, not %s",
               assocJsonTypeName(pJson));
  }
  r.pCall = pCall;
  r.pArena = pArena;
  r.pOpt = pOpt;
  for (pSub = pJson->pChild; pSub && pCall->rc == SQLITE_OK;
       pSub = pSub->pNext) {
    (void)optionRead(&r, pSub);
  }
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

/* A text alone if that says it all, else an object. */
static void writeThrough(AssocOut *pOut, const AssocOptions *pOpt) {
  AssocOut sub;
  i64 n = 0;
  char *z;
  if (pOpt->pThroughScope == 0 && pOpt->eThroughUnique < 0) {
    writeText(pOut, "through", pOpt->zThrough);
    return;
  }
  assocBufInit(&sub, pOut->nMax);
  assocOutText(&sub, "{", 1);
  writeText(&sub, "model", pOpt->zThrough);
  writeJson(&sub, "scope", pOpt->pThroughScope);
  writeBool(&sub, "unique", pOpt->eThroughUnique);
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
  AssocOut out;
  i64 n = 0;
  char *z, *zKept = 0;
  if (pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{", 1);
  writeNames(&out, "foreignKey", &pOpt->foreignKey);
  writeNames(&out, "otherKey", &pOpt->otherKey);
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
