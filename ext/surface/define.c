/*
** The functions that write definitions.
**
**    SELECT assoc_define('User', 'hasMany', 'Post');         -- Posts
**    SELECT assoc_define('Post', 'belongsTo', 'User',
**                        '{"as":"author","foreignKey":"authorId"}');
**    SELECT assoc_undefine('Post', 'author');                -- 1
**    SELECT assoc_model('Report', '{"primaryKey":"id"}');    -- Report
**
** A definition is stored first and resolved then, inside one savepoint: so the
** check sees the database as later calls will see it. If the check fails, the
** row is gone again. Equal definitions write nothing.
*/
#include "surface/surface.h"

typedef struct Definer Definer;
struct Definer {
  AssocCall *pCall;              /* Receives the first error */
  AssocCatalog *pCat;            /* A reference, while the call runs */
  AssocArena mem;                /* OWNED: texts and options */
  int eKind;                     /* ASSOC_HASMANY, … */
  AssocModel *pSource, *pTarget; /* pTarget is 0 of a polymorphic one */
  AssocOptions *pOpt;            /* The options, in mem */
  const char *zSchema;           /* The database that gets the row */
  const char *zModel;            /* What is written in its columns */
  const char *zName;             /* The association's name */
  const char *zTarget;           /* The target as it is stored */
  const char *zOptions;          /* Canonical JSON, or 0 */
};

/* ------------------------------------------------------------------ names */

/* The source model's name: as other definitions spell it, else as given. */
static const char *sourceName(Definer *p, const char *zModel) {
  const AssocModel *pModel = p->pSource;
  assert(pModel && p->zSchema);
  if (pModel->bNamed || pModel->pDef) zModel = pModel->zName;
  return assocRowName(p->pCall, &p->mem, p->zSchema, pModel->pTable->pSchema,
                      zModel);
}

/* The name under which the target is stored: without the database if the
** definition is in the same one. */
static const char *targetName(Definer *p, const char *zTarget) {
  if (p->pTarget == 0) return 0; /* Polymorphic */
  return assocRowName(p->pCall, &p->mem, p->zSchema,
                      p->pTarget->pTable->pSchema, zTarget);
}

/* Sequelize's default name: the target's name, in the plural for a to-many. */
static const char *defaultName(Definer *p, const char *zTarget) {
  if (p->pTarget == 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, 0,
                 "a polymorphic belongsTo needs the option as: it has "
                 "no one target to be named after");
    return 0;
  }
  assert(zTarget);
  zTarget = assocBareName(p->pTarget->pTable->pSchema, zTarget);
  if (p->eKind >= ASSOC_HASMANY) {
    return assocPluralize(p->pCall, &p->mem, zTarget);
  }
  return assocSingularize(p->pCall, &p->mem, zTarget);
}

/* The name must not hide a column. And of two directions of one table, each
** needs a name of its own. */
static void checkName(Definer *p) {
  const AssocTable *pTab = p->pSource->pTable;
  int iCol = assocColumnFind(pTab, p->zName);
  assert(pTab);
  if (iCol >= 0 && iCol < pTab->nCol) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pSource->zLabel,
                 pTab->aCol[iCol].zName,
                 "%s has a column %s, so an association cannot have that name; "
                 "choose another with the option as",
                 p->pSource->zLabel, pTab->aCol[iCol].zName);
  }
  if (p->eKind == ASSOC_BELONGSTOMANY && p->pSource == p->pTarget &&
      p->pOpt->zAs == 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pSource->zLabel, 0,
                 "%s belongsToMany %s needs the option as: each direction "
                 "needs its own name",
                 p->pSource->zLabel, p->pTarget->zLabel);
  }
}

/* --------------------------------------------------------------- mistakes */

/* For errors that propose the right direction: the name of a column of pTab
** that references pParent, by a FOREIGN KEY or by a usual name; 0 if there is
** none. */
static const char *leadsTo(Definer *p, AssocTable *pTab, AssocModel *pParent) {
  const AssocFkey *pFk;
  const char *zName;
  int i, j;
  assert(pTab && pParent);
  for (pFk = assocTableFkeys(p->pCall, pTab); pFk; pFk = pFk->pNext) {
    if (sqlite3_stricmp(pFk->zParent, pParent->pTable->zName) == 0) {
      return pTab->aCol[pFk->aCol[0]].zName;
    }
  }
  zName = assocSingularize(p->pCall, &p->mem, pParent->zName);
  for (i = 0; zName && i < pParent->nKey; i++) {
    const char *zKey = pParent->pTable->aCol[pParent->aKey[i]].zName;
    const char *zCamel = assocCamelize(p->pCall, &p->mem, zName, zKey);
    const char *zSnake =
        zCamel ? assocUnderscore(p->pCall, &p->mem, zCamel) : 0;
    for (j = 0; zSnake && j < pTab->nCol; j++) {
      if (sqlite3_stricmp(pTab->aCol[j].zName, zCamel) == 0 ||
          sqlite3_stricmp(pTab->aCol[j].zName, zSnake) == 0) {
        return pTab->aCol[j].zName;
      }
    }
  }
  return 0;
}

/* Refuse a kind whose foreign key exists only in the other table. */
static void checkDirection(Definer *p, const AssocRel *pRel) {
  const char *zCol;
  /* Only where the key was not named: the schema has a key, but on the other
  ** side. The user has the direction reversed. */
  assert(pRel->eKind != ASSOC_BELONGSTOMANY);
  if (pRel->eKind == ASSOC_BELONGSTO) {
    zCol = leadsTo(p, p->pTarget->pTable, p->pSource);
    if (zCol == 0) return;
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, zCol,
                 "%s belongsTo %s would need a foreign key in %s, but it is in "
                 "%s: %s; did you mean assoc_define('%s','hasMany','%s')? (if "
                 "another key is meant, name it with the option foreignKey)",
                 p->zModel, p->zTarget, p->pSource->pTable->zName,
                 p->pTarget->pTable->zName, zCol, p->zModel, p->zTarget);
  } else {
    zCol = leadsTo(p, p->pSource->pTable, p->pTarget);
    if (zCol == 0) return;
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, zCol,
                 "%s %s %s would need a foreign key in %s, but it is in %s: "
                 "%s; did you mean assoc_define('%s','belongsTo','%s')? (if "
                 "another key is meant, name it with the option foreignKey)",
                 p->zModel, azAssocKind[pRel->eKind], p->zTarget,
                 p->pTarget->pTable->zName, p->pSource->pTable->zName, zCol,
                 p->zModel, p->zTarget);
  }
}

/* Refuse belongsTo on both sides if neither table has a foreign key: one of
** them was meant to be a hasMany or hasOne. If this were allowed, assoc_sync()
** would create two keys. */
static void checkBothSides(Definer *p, const AssocRel *pRel) {
  AssocDef *pDef = 0;
  const char *zPlain;
  if (pRel->eKind != ASSOC_BELONGSTO) return;
  assert(p->pSource != p->pTarget);
  while ((pDef = assocModelNextDef(p->pCall, p->pTarget, pDef)) != 0) {
    AssocRel *pBack;
    if (assocKindSeek(pDef->zKind) != ASSOC_BELONGSTO) continue;
    pBack = assocRelTry(p->pCall, pDef, 0);
    if (pBack == 0 || pBack->pTarget != p->pSource ||
        pBack->foreign.eFrom != ASSOC_FROM_DEFAULT) {
      continue;
    }
    /* One with a name of its own was meant, as 'pinned' beside 'author' */
    zPlain = assocSingularize(
        p->pCall, &p->mem,
        assocBareName(p->pSource->pTable->pSchema, pDef->zTarget));
    if (zPlain && sqlite3_stricmp(pDef->zName, zPlain) != 0) continue;
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pSource->zLabel, pDef->zName,
                 "%s belongsTo %s already (%s), and only one of two sides has "
                 "the foreign key; did you mean "
                 "assoc_define('%s','hasMany','%s') or hasOne? (if both have "
                 "one, name this one with the option foreignKey)",
                 p->pTarget->zLabel, p->pSource->zLabel, pDef->zName, p->zModel,
                 p->zTarget);
    return;
  }
}

/* Refuse a name that equals the foreign key that assoc_sync() will create. */
static void checkKeyName(Definer *p, const AssocRel *pRel) {
  const AssocKey *ap[] = {&pRel->foreign, &pRel->type};
  int i, j;
  if (assocRelForeignTable(pRel) != pRel->pSource->pTable) return;
  /* assoc_sync() would make a column of the association's name, which the shape
  ** would then read in place of the association. */
  for (i = 0; i < ASSOC_COUNT(ap); i++) {
    for (j = 0; j < ap[i]->nCol; j++) {
      if (sqlite3_stricmp(ap[i]->azCol[j], pRel->zName) != 0) continue;
      assocErrorOf(
          p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel, pRel->zName,
          "%s.%s would have the name of its own foreign key, a column "
          "of %s; choose another name with the option as, or another "
          "column with foreignKey",
          pRel->pSource->zLabel, pRel->zName, pRel->pSource->pTable->zName);
    }
  }
}

/* The row is written; now resolve it. It must be what was meant: a default that
** finds the key only in the other table is an error, unless the definition
** names its foreign key. */
static void checkRow(Definer *p) {
  AssocCatalog *pOld = p->pCat;
  AssocModel *pModel;
  AssocRel *pRel;
  p->pCat = assocCatalogEnter(p->pCall);
  if (p->pCat == 0) {
    p->pCat = pOld;
    return;
  }
  /* The row is written: the catalog is read again, and resolves the association as
  ** every later call will. An error undoes the row. */
  pModel = assocModelDefined(p->pCall, p->pCat, p->pSource->zLabel);
  pRel = pModel ? assocRelFind(p->pCall, pModel, p->zName) : 0;
  if (pRel) {
    p->pSource = pRel->pSource;
    p->pTarget = pRel->pTarget;
    if (p->pOpt->foreignKey.n == 0 && p->pOpt->zAs == 0 &&
        pRel->foreign.eFrom == ASSOC_FROM_DEFAULT &&
        pRel->eKind != ASSOC_BELONGSTOMANY && p->pSource != p->pTarget) {
      assert(pRel->nPath == 0 && pRel->nBranch == 0);
      checkDirection(p, pRel);
      checkBothSides(p, pRel);
    }
    checkKeyName(p, pRel);
    assocForeignCheck(p->pCall, pRel);
  }
  assocCatalogLeave(p->pCall, p->pCat);
  p->pCat = pOld;
}

/* ----------------------------------------------------------------- define */

/* Are the texts equal, or both 0? */
static int sameText(const char *zA, const char *zB) {
  if (zA == 0 || zB == 0) return zA == zB;
  return strcmp(zA, zB) == 0;
}

/* The definition that has the name already, in the new one's database first,
** then in the other of file and TEMP. 0: the name is free. */
static AssocDef *takenBy(Definer *p) {
  AssocDef *pDef = 0, *pFound = 0;
  while ((pDef = assocModelNextDef(p->pCall, p->pSource, pDef)) != 0) {
    if (sqlite3_stricmp(pDef->zName, p->zName) != 0) continue;
    pFound = pDef;
    if (sqlite3_stricmp(pDef->pSchema->zName, p->zSchema) == 0) break;
  }
  return pFound;
}

/* Delete the definition that is replaced. Its row may spell the model
** differently, so INSERT OR REPLACE would not find it; and a row in TEMP would
** still win over one in the file. */
static void replaceOld(Definer *p) {
  AssocDef *pDef = 0;
  while ((pDef = assocModelNextDef(p->pCall, p->pSource, pDef)) != 0) {
    const AssocSchema *pSchema = pDef->pSchema;
    if (sqlite3_stricmp(pDef->zName, p->zName) != 0) continue;
    /* A temporary definition hides one of the file, and both are replaced. */
    if (sqlite3_stricmp(pSchema->zName, p->zSchema) == 0 || !pSchema->pNext) {
      assocWriteNeed(p->pCall, "assoc_define", pSchema->zName);
      assocDefDelete(p->pCall, pSchema->zName, pDef->zModel, pDef->zName);
    }
  }
}

/* The new definition as a row, to resolve it before it is written. */
static AssocDef *newDef(Definer *p, AssocSchema *pSchema) {
  AssocDef *pDef = assocAlloc(p->pCall, &p->mem, sizeof(*pDef));
  if (pDef == 0) return 0;
  assert(p->eKind >= 0);
  pDef->pSchema = pSchema;
  pDef->zModel = p->zModel;
  pDef->zName = p->zName;
  pDef->zKind = azAssocKind[p->eKind];
  pDef->zTarget = p->zTarget;
  pDef->zOptions = p->zOptions;
  pDef->pSource = p->pSource;
  pDef->pOpt = p->pOpt;
  return pDef;
}

/* The options that do not decide which rows are related. The constraints of the
** existing definition count, unless the new one gives some. */
static char *restText(Definer *p, const AssocOptions *pOpt) {
  AssocOptions rest = *pOpt;
  if (p->pOpt->eConstraints < 0) rest.eConstraints = -1;
  memset(&rest.foreignKey, 0, sizeof(rest.foreignKey));
  memset(&rest.otherKey, 0, sizeof(rest.otherKey));
  memset(&rest.sourceKey, 0, sizeof(rest.sourceKey));
  memset(&rest.targetKey, 0, sizeof(rest.targetKey));
  /* What is left are the options that say more than which columns are meant. */
  rest.zThrough = 0;
  return assocOptionsText(p->pCall, &p->mem, &rest);
}

/* Do both definitions resolve to the same tables and columns? One may state
** what the other leaves to a default, as assoc_discover() does. */
static int isSameMeaning(Definer *p, AssocDef *pOld, AssocDef *pNew) {
  AssocRel *pA, *pB = 0;
  if (!sameText(restText(p, pOld->pOpt), restText(p, p->pOpt))) return 0;
  pA = assocRelTry(p->pCall, pNew, 0);
  if (pA) pB = assocRelTry(p->pCall, pOld, 0);
  return pA && pB && assocRelSame(pA, pB);
}

/* Is this definition the same as the existing one? Compare the normalised
** options, then what they resolve to. */
static int isSame(Definer *p, AssocDef *pDef) {
  AssocOptions *pOpt = assocDefOptionsTry(p->pCall, pDef);
  AssocModel *pTarget =
      pDef->zTarget ? assocModelTry(p->pCall, pDef->pSchema, pDef->zTarget) : 0;
  AssocDef *pNew;
  if (pOpt == 0 || pTarget != p->pTarget ||
      assocKindSeek(pDef->zKind) != p->eKind ||
      sqlite3_stricmp(pDef->pSchema->zName, p->zSchema) != 0) {
    return 0;
  }
  if (sameText(assocOptionsText(p->pCall, &p->mem, pOpt), p->zOptions)) {
    return 1;
  }
  /* Other words may mean the same: the names of defaults, written out. */
  pNew = newDef(p, pDef->pSchema);
  return pNew && isSameMeaning(p, pDef, pNew);
}

/*
** Check everything that can be checked before writing: model and kind, then the
** options, the target, the spelling under which names are stored, and whether
** the name is free. True if there is something to write. An equal definition
** writes nothing, and its name is the result. What depends on other definitions
** is checked when the row is written.
*/
static int prepare(Definer *p, const char *zModel, const char *zKind,
                   const char *zTarget, const char *zOptions) {
  AssocDef *pTaken;
  p->pSource = assocModelDefined(p->pCall, p->pCat, zModel);
  p->eKind = p->pSource ? assocKindParse(p->pCall, zKind, 0) : 0;
  p->pOpt = assocOptionsParse(p->pCall, &p->mem, zOptions, 0);
  if (p->pCall->rc != SQLITE_OK) return 0;
  if (p->eKind == ASSOC_BELONGSTO && p->pOpt->pPolymorphic) {
    if (zTarget) {
      assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, 0,
                   "a polymorphic belongsTo has its targets in the "
                   "option; its target here is NULL, not '%s'",
                   zTarget);
    }
  } else if (zTarget == 0) {
    assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, 0, 0, "the target is NULL");
  } else {
    p->pTarget = assocModelDefined(p->pCall, p->pCat, zTarget);
  }
  if (p->pCall->rc != SQLITE_OK) return 0;
  assert(p->pSource && p->pOpt);
  p->zSchema = p->pOpt->bTemp ? "temp" : p->pSource->pTable->pSchema->zName;
  p->zModel = sourceName(p, zModel);
  p->zName = p->pOpt->zAs ? p->pOpt->zAs : defaultName(p, zTarget);
  p->zTarget = targetName(p, zTarget);
  p->zOptions = assocOptionsText(p->pCall, &p->mem, p->pOpt);
  checkName(p);
  if (p->pCall->rc != SQLITE_OK) return 0;
  pTaken = takenBy(p);
  if (pTaken == 0) return 1;
  /* To define the same again writes nothing, so programs may do it at each
  ** start, on a read-only file, too. */
  if (isSame(p, pTaken)) {
    p->zName = pTaken->zName;
    return 0;
  }
  if (!p->pOpt->bReplace) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->pSource->zLabel,
                 pTaken->zName,
                 "%s has an association '%s' already (%s %s); choose another "
                 "name with the option as, or say \"replace\":true",
                 p->pSource->zLabel, pTaken->zName, pTaken->zKind,
                 pTaken->zTarget ? pTaken->zTarget : "polymorphic");
  }
  return p->pCall->rc == SQLITE_OK;
}

/* Read and check the definition. True if there is a row to write. It runs twice
** if the lock had to be taken in between: what was read before the lock may
** have changed. */
static int defineRead(Definer *p, const char *zModel, const char *zKind,
                      const char *zTarget, const char *zOptions) {
  AssocCall *pCall = p->pCall;
  int bWrite;
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  p->pCat = assocCatalogEnter(pCall);
  if (p->pCat == 0) return 0;
  bWrite = prepare(p, zModel, zKind, zTarget, zOptions);
  assocCatalogRef(p->pCat); /* The names in it are needed to the end */
  assocCatalogLeave(pCall, p->pCat);
  return bWrite;
}

/* The catalog may be the last reference to an old state. */
static void defineClear(Definer *p) {
  assocCatalogUnref(p->pCat);
  assocArenaFree(&p->mem);
}

/*
** assoc_define(model, kind, target [, options]): the association's name. Five
** steps: read and check; take the lock, if there is something to write; read
** again, if the lock had to be waited for; write the row; resolve it. Any error
** rolls the savepoint back.
*/
static void defineFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                       sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zKind = assocArgText(pCall, ap[1], "the kind");
  const char *zTarget = assocArgTextOrNull(pCall, ap[2]);
  const char *zOptions = nArg > 3 ? assocArgTextOrNull(pCall, ap[3]) : 0;
  AssocWrite w;
  Definer d;
  int bWrite;
  if (pCall->rc != SQLITE_OK) return;
  d.pCall = pCall;
  assocWriteBegin(pCall, &w, "assoc_define");
  bWrite = defineRead(&d, zModel, zKind, zTarget, zOptions);
  /* The lock came after the first reading: all is read again under it. */
  if (bWrite && assocWriteAgain(pCall, &w, "assoc_define", d.zSchema)) {
    defineClear(&d);
    bWrite = defineRead(&d, zModel, zKind, zTarget, zOptions);
  }
  if (bWrite && pCall->rc == SQLITE_OK) {
    assert(d.zSchema && d.zModel && d.zName);
    if (d.pOpt->bReplace) replaceOld(&d);
    assocDefWrite(pCall, d.zSchema, d.zModel, d.zName, azAssocKind[d.eKind],
                  d.zTarget, d.zOptions);
    checkRow(&d);
  }
  assocGiveText(pCall, pResult, d.zName);
  assocWriteEnd(pCall, &w);
  defineClear(&d);
}

/* --------------------------------------------------------------- undefine */

/* The definition to be deleted, in the present catalog, or 0. *ppCat is a
** reference to it, which the caller gives back. */
static AssocDef *undefineRead(AssocCall *pCall, AssocCatalog **ppCat,
                              const char *zModel, const char *zName) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocDef *pDef = pCat ? assocDefNamed(pCall, pCat, zModel, zName) : 0;
  assocCatalogUnref(*ppCat);
  *ppCat = pCat ? assocCatalogRef(pCat) : 0; /* pDef is in it */
  assocCatalogLeave(pCall, pCat);
  return pDef;
}

/* assoc_undefine(model, association): 1, or 0 if there was none. The name ''
** is the row of assoc_model(). */
static void undefineFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                         sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zName = assocArgText(pCall, ap[1], "the association");
  AssocCatalog *pCat = 0;
  AssocDef *pDef;
  AssocWrite w;
  int n = 0;
  (void)nArg;
  if (pCall->rc != SQLITE_OK) return;
  assocWriteBegin(pCall, &w, "assoc_undefine");
  pDef = undefineRead(pCall, &pCat, zModel, zName);
  if (pDef &&
      assocWriteAgain(pCall, &w, "assoc_undefine", pDef->pSchema->zName)) {
    pDef = undefineRead(pCall, &pCat, zModel, zName);
  }
  if (pDef && pCall->rc == SQLITE_OK) {
    /* By the row's own spelling of the model, which may be a table's name */
    n = assocDefDelete(pCall, pDef->pSchema->zName, pDef->zModel, zName);
  }
  assocWriteEnd(pCall, &w);
  assocCatalogUnref(pCat);
  assocGiveInt(pResult, n);
}

/* ------------------------------------------------------------------ model */

/* The arguments of assoc_model(). */
typedef struct Modeller Modeller;
struct Modeller {
  AssocCall *pCall;       /* Receives the first error */
  AssocArena mem;         /* OWNED: everything below */
  AssocJson *pJson;       /* The options */
  AssocModelFlags flags;  /* Of these */
  const char *zHome;      /* The database of the table */
  const char *zModel;     /* The name, bare */
  const char *zRowSchema; /* The database that gets the row */
  const char *zRowModel;  /* What is written in its columns */
  const char *zText;      /* The options as they are stored */
};

/* Only the form is checked here; tables and columns are checked when the row is
** stored. */
static void modelOptions(Modeller *m, const char *zOptions) {
  AssocOptionReader r = {m->pCall, &m->mem, &m->flags, 0};
  m->pJson = assocJsonObject(m->pCall, &m->mem, zOptions, -1, "the options");
  if (m->pJson) {
    assert(m->pJson->eType == ASSOC_J_OBJECT);
    assocOptionsRead(&r, m->pJson, ASSOC_NMODELOPTION, aAssocModelOption,
                     "assoc_model() has");
    if (m->flags.bTemp && assocJsonGet(m->pJson, "columns")) {
      assocErrorOf(m->pCall, ASSOC_E_DEFINITION, 0, "columns",
                   "\"columns\" make a table of a file, so the model cannot be "
                   "\"temp\"");
    }
  }
}

/* Where is the row stored? "aux.User" means User in the database aux; otherwise
** the database of its table, or main. */
static void modelHome(Modeller *m, AssocCatalog *pCat, const char *zModel) {
  AssocTable *pTab;
  AssocSchema *p, *pHome = pCat->pSchema;
  assert(pCat->pSchema && zModel);
  for (p = pCat->pSchema; p; p = p->pNext) {
    if (assocBareName(p, zModel) != zModel) break;
  }
  if (p) {
    pHome = p;
  } else {
    pTab = assocModelTable(m->pCall, pCat, zModel);
    if (pTab) pHome = pTab->pSchema;
  }
  m->zHome = assocArenaText(m->pCall, &m->mem, pHome->zName, -1);
  m->zModel =
      assocArenaText(m->pCall, &m->mem, assocBareName(pHome, zModel), -1);
  m->zRowSchema = m->flags.bTemp ? "temp" : m->zHome;
  if (m->pCall->rc != SQLITE_OK) return;
  m->zRowModel =
      assocRowName(m->pCall, &m->mem, m->zRowSchema, pHome, m->zModel);
}

/* Check that the table in the options exists. */
static void modelTable(Modeller *m, AssocSchema *pSchema) {
  AssocJson *pTable = assocJsonGet(m->pJson, "table");
  AssocTable *pTab;
  AssocNearest near;
  int i;
  if (pTable == 0) return;
  if (assocJsonGet(m->pJson, "columns")) return; /* assoc_sync() makes it */
  pTab = assocTableAny(m->pCall, pSchema, pTable->z);
  assert(pTable->eType == ASSOC_J_TEXT);
  if (pTab || m->pCall->rc != SQLITE_OK) return;
  memset(&near, 0, sizeof(near));
  near.zWritten = pTable->z;
  for (i = 0; i < pSchema->nEntry; i++) {
    assocNearestTry(&near, pSchema->aEntry[i].zName);
  }
  assocFail(m->pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_MODEL,
                        .zName = pTable->z,
                        .zNear = near.zBest,
                        .zQuote = ""},
            "there is no table %s in %s", pTable->z, pSchema->zName);
}

/* Compare with the stored row. True if there is a row to write. */
static int modelPrepare(Modeller *m, AssocCatalog *pCat) {
  AssocCall *pCall = m->pCall;
  AssocSchema *pHome = assocSchemaFind(pCat, m->zHome);
  AssocSchema *pSchema = assocSchemaFind(pCat, m->zRowSchema);
  AssocDef *pDef;
  assert(pHome && pSchema);
  if (!assocSchemaLoad(pCall, pHome)) return 0;
  modelTable(m, pHome);
  pDef = assocSchemaRow(pCall, pSchema, m->zRowModel);
  if (pDef) {
    m->zModel =
        assocArenaText(pCall, &m->mem, assocBareName(pHome, pDef->zModel), -1);
    if (sameText(pDef->zOptions, m->zText)) return 0;
    if (!m->flags.bReplace) {
      assocErrorOf(pCall, ASSOC_E_DEFINITION, pDef->zModel, 0,
                   "the model %s has other options already: %s; say "
                   "\"replace\":true to replace them",
                   pDef->zModel, pDef->zOptions ? pDef->zOptions : "{}");
    }
  }
  return pCall->rc == SQLITE_OK;
}

/* The row is written; now look whether the model finds its table and its key,
** and that no other row names the same table. */
static void modelCheck(Modeller *m) {
  AssocCall *pCall = m->pCall;
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  int bMain = sqlite3_stricmp(m->zHome, "main") == 0;
  char *zName = assocMprintf(pCall, "%s%s%s", bMain ? "" : m->zHome,
                             bMain ? "" : ".", m->zModel);
  AssocModel *p = pCat && zName ? assocModelDefined(pCall, pCat, zName) : 0;
  /* Two models without values over one table would be one model. */
  if (p && p->pDef && sqlite3_stricmp(p->pDef->zModel, m->zRowModel) != 0) {
    assocErrorOf(pCall, ASSOC_E_DEFINITION, p->pDef->zModel, p->pTable->zName,
                 "the table %s is the model %s already", p->pTable->zName,
                 p->pDef->zModel);
  }
  if (p) assocModelCheckScopes(pCall, p);
  if (p && pCall->rc == SQLITE_OK) (void)assocTableWanted(pCall, p->pTable, 0);
  sqlite3_free(zName);
  assocCatalogLeave(pCall, pCat);
}

/* Read and check the definition. True if there is a row to write. */
static int modelRead(Modeller *m, const char *zModel) {
  AssocCatalog *pCat = assocCatalogEnter(m->pCall);
  int bWrite;
  if (pCat) modelHome(m, pCat, zModel);
  bWrite = pCat && m->pCall->rc == SQLITE_OK && modelPrepare(m, pCat);
  assocCatalogLeave(m->pCall, pCat);
  return bWrite;
}

/* assoc_model(model, options): the model's name. The steps are those of
** assoc_define(). */
static void modelFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                      sqlite3_value **ap) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  const char *zOptions = assocArgText(pCall, ap[1], "the options");
  AssocWrite w;
  Modeller m;
  int bWrite;
  (void)nArg;
  if (pCall->rc != SQLITE_OK) return;
  memset(&m, 0, sizeof(m));
  m.pCall = pCall;
  modelOptions(&m, zOptions);
  /* The canonical text is stored: without temp and replace, which are not of the
  ** model. */
  m.zText = assocOptionsStored(pCall, &m.mem, m.pJson, ASSOC_NMODELOPTION,
                               aAssocModelOption);
  assocWriteBegin(pCall, &w, "assoc_model");
  bWrite = modelRead(&m, zModel);
  if (bWrite && assocWriteAgain(pCall, &w, "assoc_model", m.zRowSchema)) {
    bWrite = modelRead(&m, zModel);
  }
  if (bWrite && pCall->rc == SQLITE_OK) {
    assocDefWrite(pCall, m.zRowSchema, m.zRowModel, "", "model", 0, m.zText);
    modelCheck(&m);
  }
  assocGiveText(pCall, pResult, m.zModel);
  assocWriteEnd(pCall, &w);
  assocArenaFree(&m.mem);
}

const AssocFunction aAssocDefineFunction[] = {
    {"assoc_define", 3, 4, ASSOC_WRITER, 0, "model, kind, target [, options]",
     defineFunc},
    {"assoc_undefine", 2, 2, ASSOC_WRITER, 0, "model, association",
     undefineFunc},
    {"assoc_model", 2, 2, ASSOC_WRITER, 0, "model, options", modelFunc},
    {0, 0, 0, 0, 0, 0, 0}};
