/*
** The foreign keys that definitions need: one for each table and set of
** columns, with what all associations over it say.
**
**   User hasMany Post, {"onDelete":"CASCADE"}    one key: Post.UserId,
**   Post belongsTo User, {"allowNull":false}     NOT NULL, ON DELETE CASCADE
**
** What one side says replaces the default. What both sides say must be equal.
*/
#include "model/defrow.h"
#include "model/resolve.h"

typedef struct Collector Collector;
struct Collector {
  AssocCall *pCall;   /* Receives the first error */
  AssocArena *pArena; /* Holds the list */
  AssocRel *pOnly;    /* 0: errors of all definitions count */
  int bKey;           /* Only definitions that may use the key of pOnly */
  int bTry;           /* Nothing that is wrong is an error */
  AssocForeign *pFirst, **ppEnd; /* The keys found so far */
  AssocWords tables; /* The first of each table's name; the next is pNextHere */
};

/* The options that several associations may give for one key. SAID_* are
** indexes of AssocForeign.apSaid. */
static const char *const azSaid[] = {"onDelete",       "onUpdate",
                                     "allowNull",      "unique",
                                     "through.unique", "defaultValue"};
#define SAID_ONDELETE 0
#define SAID_ONUPDATE 1
#define SAID_ALLOWNULL 2
#define SAID_UNIQUE 3
#define SAID_THROUGH 4
#define SAID_DEFAULT 5

/* The entry of a key in the list; a new one is appended. */
static AssocForeign *foreignOf(Collector *p, AssocRel *pRel,
                               AssocSchema *pSchema, const char *zTable,
                               AssocTable *pTab, const AssocKey *pKey) {
  AssocWord *pWord = assocWordsAdd(p->pCall, p->pArena, &p->tables, zTable);
  AssocForeign *pFor = pWord ? pWord->p : 0, *pLast = 0;
  for (; pFor; pFor = pFor->pNextHere) {
    if (pFor->pSchema == pSchema && assocKeySame(&pFor->key, pKey)) return pFor;
    pLast = pFor;
  }
  pFor = assocAlloc(p->pCall, p->pArena, sizeof(*pFor));
  if (pFor == 0) return 0; /* Also if there is no word */
  pFor->pSchema = pSchema;
  pFor->zTable = zTable;
  pFor->pTab = pTab;
  pFor->key = *pKey;
  pFor->pRel = pRel;
  assert(pKey->nCol > 0); /* errors name the first column */
  /* -1: nobody has said anything yet */
  pFor->eAllowNull = pFor->eUnique = pFor->eThroughUnique = -1;
  pFor->bConstraint = 1;
  *p->ppEnd = pFor;
  p->ppEnd = &pFor->pNext;
  if (pLast) {
    pLast->pNextHere = pFor;
  } else {
    pWord->p = pFor;
  }
  return pFor;
}

/* Is a disagreement on this key an error? With pOnly, only on its own key. */
static int countsError(const Collector *p, const AssocForeign *pFor) {
  return !p->bTry && (p->pOnly == 0 || pFor->pRel == p->pOnly);
}

/* Raise the error that two associations give different values for an option. */
static void disagree(Collector *p, const AssocForeign *pFor,
                     const AssocRel *pRel, int iWhat, const char *zOne,
                     const char *zOther) {
  const AssocRel *pSaid = pFor->apSaid[iWhat];
  int bTable =
      iWhat == SAID_THROUGH; /* The option concerns the table, not a column */
  assert(pSaid);
  if (!countsError(p, pFor)) return;
  assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pRel->pSource->zLabel, pRel->zName,
               "%s.%s and %s.%s disagree on %s of %s%s%s: %s and %s",
               pSaid->pSource->zLabel, pSaid->zName, pRel->pSource->zLabel,
               pRel->zName, azSaid[iWhat], pFor->zTable, bTable ? "" : ".",
               bTable ? "" : pFor->key.azCol[0], zOne, zOther);
}

/* Combine what pRel says with what others said before. 0 and -1 mean that
** nothing is said. */
static void mergeText(Collector *p, AssocForeign *pFor, const AssocRel *pRel,
                      int iWhat, const char **pz, const char *zNew) {
  if (zNew == 0) return;
  if (*pz && strcmp(*pz, zNew) != 0) disagree(p, pFor, pRel, iWhat, *pz, zNew);
  if (*pz == 0) pFor->apSaid[iWhat] = pRel;
  *pz = zNew;
}

/* -1 means that a definition does not say. The first one that says something is
** remembered, so an error can name both. */
static void mergeBool(Collector *p, AssocForeign *pFor, const AssocRel *pRel,
                      int iWhat, int *pe, int eNew) {
  static const char *const az[] = {"false", "true"};
  assert(iWhat >= 0 && iWhat < ASSOC_COUNT(azSaid));
  if (eNew < 0) return;
  if (*pe >= 0 && *pe != eNew) {
    disagree(p, pFor, pRel, iWhat, az[*pe], az[eNew]);
  }
  if (*pe < 0) pFor->apSaid[iWhat] = pRel;
  *pe = eNew;
}

/* Add the columns that a join table's scope names. */
static void mergeScope(Collector *p, AssocForeign *pFor,
                       const AssocJson *pScope) {
  const AssocJson *pCol = pScope ? pScope->pChild : 0;
  for (; pCol; pCol = pCol->pNext) {
    const AssocJson **ap;
    int i;
    for (i = 0; i < pFor->nScope; i++) {
      if (sqlite3_stricmp(pFor->apScope[i]->zKey, pCol->zKey) == 0) break;
    }
    if (i < pFor->nScope || pCol->zKey[0] == '$') continue;
    /* "$and" and the like hold conditions, and name no column by themselves. */
    ap = assocAlloc(p->pCall, p->pArena, (i64)sizeof(*ap) * (i + 1));
    if (ap == 0) return;
    if (i) memcpy(ap, pFor->apScope, sizeof(*ap) * (size_t)i);
    ap[pFor->nScope++] = pCol;
    pFor->apScope = ap;
  }
}

/* Set the referenced model. Two tables are possible only without constraints, as
** in polymorphic associations. Two models of one table stand for all of its
** rows. */
static void mergeParent(Collector *p, AssocForeign *pFor, const AssocRel *pRel,
                        AssocModel *pParent, const AssocKey *pParentKey) {
  if (pRel->pOpt->eConstraints == 0 || pRel->nBranch) pFor->bConstraint = 0;
  if (pRel->nBranch) pFor->pPoly = pRel;
  assert(pParent && pParentKey->nCol == pFor->key.nCol);
  if (pFor->pParent == 0) {
    pFor->pParent = pParent;
    pFor->parentKey = *pParentKey;
  } else if ((pFor->pParent->pTable != pParent->pTable ||
              !assocKeySame(&pFor->parentKey, pParentKey)) &&
             pFor->bConstraint && countsError(p, pFor)) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, pFor->pRel->pSource->zLabel,
                 pFor->pRel->zName,
                 "%s.%s cannot reference %s(%s), as %s.%s says, and %s(%s), as "
                 "%s.%s says; say \"constraints\":false if both are meant",
                 pFor->zTable, pFor->key.azCol[0], pFor->pParent->zLabel,
                 pFor->parentKey.azCol[0], pFor->pRel->pSource->zLabel,
                 pFor->pRel->zName, pParent->zLabel, pParentKey->azCol[0],
                 pRel->pSource->zLabel, pRel->zName);
  } else if (pFor->pParent != pParent && pFor->pParent->bAside) {
    AssocModel *pOwn = assocModelOf(p->pCall, pParent->pTable);
    if (pOwn) pFor->pParent = pOwn;
  }
}

/* Of the same type and spelling. 1 and 1.0 are different defaults in SQL
** text. */
static int sameValue(const AssocJson *pA, const AssocJson *pB) {
  return pA->eType == pB->eType && pA->n == pB->n &&
         (pA->n == 0 || memcmp(pA->z, pB->z, (size_t)pA->n) == 0);
}

/* As in mergeBool(): two different defaults for one column are an error. */
static void mergeDefault(Collector *p, AssocForeign *pFor, const AssocRel *pRel,
                         const AssocJson *pNew) {
  if (pNew == 0) return;
  if (pFor->pDefault && !sameValue(pFor->pDefault, pNew)) {
    disagree(p, pFor, pRel, SAID_DEFAULT, "one value", "another");
  }
  if (pFor->pDefault == 0) pFor->apSaid[SAID_DEFAULT] = pRel;
  pFor->pDefault = pNew;
}

/* What one association says of a key. Of the other key of a join table it says
** what the option otherKey has; the rest speaks of its own. */
static void addForeign(Collector *p, AssocRel *pRel, int bOther,
                       AssocSchema *pSchema, const char *zTable,
                       AssocTable *pTab) {
  const AssocOptions *pOpt = pRel->pOpt;
  int bHas = pRel->eKind == ASSOC_HASONE || pRel->eKind == ASSOC_HASMANY;
  int bSource = !bOther && pRel->eKind != ASSOC_BELONGSTO;
  AssocModel *pParent = bSource ? pRel->pSource : pRel->pTarget;
  const char *zDelete = bOther ? pOpt->other.zOnDelete : pOpt->zOnDelete;
  const char *zUpdate = bOther ? pOpt->other.zOnUpdate : pOpt->zOnUpdate;
  AssocForeign *pFor = foreignOf(p, pRel, pSchema, zTable, pTab,
                                 bOther ? &pRel->other : &pRel->foreign);
  if (pFor == 0) return;
  mergeParent(p, pFor, pRel, pParent,
              bSource ? &pRel->sourceKey : &pRel->targetKey);
  mergeText(p, pFor, pRel, SAID_ONDELETE, &pFor->zOnDelete, zDelete);
  mergeText(p, pFor, pRel, SAID_ONUPDATE, &pFor->zOnUpdate, zUpdate);
  mergeBool(p, pFor, pRel, SAID_ALLOWNULL, &pFor->eAllowNull,
            bOther ? pOpt->other.eAllowNull : pOpt->eAllowNull);
  mergeBool(p, pFor, pRel, SAID_UNIQUE, &pFor->eUnique, pOpt->eUnique);
  mergeBool(p, pFor, pRel, SAID_THROUGH, &pFor->eThroughUnique,
            pOpt->eThroughUnique);
  mergeDefault(p, pFor, pRel, bOther ? pOpt->other.pDefault : pOpt->pDefault);
  mergeScope(p, pFor, pOpt->pThroughScope);
  /* bSaid: somebody asks for the constraint, and does not only get the default. A
  ** table is rebuilt for such a constraint alone. */
  pFor->bSaid |= pOpt->eConstraints == 1 || zDelete || zUpdate;
  pFor->bHas |= bHas;
  pFor->bJoin |= pRel->eKind == ASSOC_BELONGSTOMANY;
  if (pRel->eKind == ASSOC_BELONGSTOMANY && !bOther && pFor->pJoin == 0) {
    pFor->pJoin = pRel;
  }
}

/* Add the keys of an association: one, or the two of a join table. */
static void addRel(Collector *p, AssocRel *pRel) {
  AssocSchema *pSchema = pRel->pSource->pTable->pSchema;
  AssocTable *pTab;
  if (pRel->nPath) return; /* The keys belong to the steps of the path */
  if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    addForeign(p, pRel, 0, pSchema, pRel->zThrough, pRel->pThrough);
    addForeign(p, pRel, 1, pSchema, pRel->zThrough, pRel->pThrough);
    return;
  }
  pTab = assocRelForeignTable(pRel);
  addForeign(p, pRel, 0, pTab->pSchema, pTab->zName, pTab);
}

/*
** Apply Sequelize's defaults. A key is NOT NULL if a definition or the schema
** says so.
*/
static void setDefaults(AssocForeign *pFor) {
  int bNotNull = pFor->eAllowNull == 0;
  int i;
  assert(pFor->pRel);
  for (i = 0; pFor->pTab && pFor->eAllowNull < 0 && i < pFor->key.nCol; i++) {
    int iCol = pFor->key.aCol[i];
    if (iCol >= 0 && pFor->pTab->aCol[iCol].bNotNull) bNotNull = 1;
  }
  pFor->bNotNull = (u8)(bNotNull || pFor->bJoin);
  if (pFor->zOnUpdate == 0) pFor->zOnUpdate = "CASCADE";
  if (pFor->zOnDelete) return;
  pFor->zOnDelete = pFor->bJoin  ? "CASCADE"
                    : !bNotNull  ? "SET NULL"
                    : pFor->bHas ? "CASCADE"
                                 : "NO ACTION";
}

/* May the definition speak of a foreign key of pOnly? Only the names of its
** tables are looked at. */
static int speaksOfKey(Collector *p, AssocDef *pDef) {
  const AssocRel *pOnly = p->pOnly;
  int eKind = assocKindSeek(pDef->zKind);
  const char *z = eKind == ASSOC_BELONGSTO ? pDef->zModel : pDef->zTarget;
  const AssocOptions *pOpt;
  const AssocTable *pTab = pOnly->eKind == ASSOC_BELONGSTOMANY
                               ? pOnly->pThrough
                               : assocRelForeignTable(pOnly);
  /* The row alone answers this, without resolving it: most definitions of a
  ** large schema are about other tables. */
  assert(pOnly);
  if (eKind == ASSOC_BELONGSTOMANY) {
    pOpt = assocDefOptionsTry(p->pCall, pDef);
    if (pOpt == 0 || pOpt->zThrough == 0 || pTab == 0) return pOpt != 0;
    return assocModelIsTable(p->pCall, pDef->pSchema, pOpt->zThrough, pTab);
  }
  assert(z); /* It was found by this name */
  return pTab && assocModelIsTable(p->pCall, pDef->pSchema, z, pTab);
}

/* Add one definition. With pOnly or bTry, a wrong definition is ignored: the error
** belongs to its own association. */
static void addDef(Collector *p, AssocDef *pDef) {
  AssocRel *pRel;
  if (pDef->zName[0] == 0 || (p->bKey && !speaksOfKey(p, pDef))) return;
  pRel = p->pOnly || p->bTry ? assocRelTry(p->pCall, pDef, 0)
                             : assocRelOf(p->pCall, pDef);
  if (pRel && pRel != p->pOnly) addRel(p, pRel);
}

/* Add all definitions. */
static void addAll(Collector *p, AssocCatalog *pCat) {
  AssocSchema *pSchema;
  AssocDef *pDef;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    for (pDef = assocSchemaDefs(p->pCall, pSchema);
         pDef && p->pCall->rc == SQLITE_OK; pDef = pDef->pNext) {
      addDef(p, pDef);
    }
  }
}

/* Add the definitions that may use a foreign key of the tables of the list, and end
** the list. */
static void foreignNear(Collector *p, AssocCatalog *pCat, AssocDefList *pList) {
  AssocSchema *pSchema;
  int i;
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    assocDefListTake(pList, pSchema, ASSOC_ROW_DEF, ASSOC_KEYS_IN);
  }
  for (i = 0; i < pList->n && p->pCall->rc == SQLITE_OK; i++) {
    addDef(p, pList->ap[i]);
  }
  assocDefListEnd(pList);
}

void assocForeignCheck(AssocCall *pCall, AssocRel *pRel) {
  const AssocTable *pTab = assocRelForeignTable(pRel);
  AssocCatalog *pCat = pRel->pSource->pTable->pSchema->pCatalog;
  Collector c;
  AssocDefList list;
  AssocArena mem;
  memset(&c, 0, sizeof(c));
  memset(&mem, 0, sizeof(mem));
  c.pCall = pCall;
  c.pArena = &mem;
  c.pOnly = pRel;
  c.bKey = 1;
  c.ppEnd = &c.pFirst;
  addRel(&c, pRel);
  if (pRel->nPath == 0) {
    assocDefListBegin(pCall, &list);
    /* A join table may not exist yet. */
    assocDefListTable(&list, pCat, pTab ? pTab->zName : pRel->zThrough);
    foreignNear(&c, pCat, &list);
  }
  assocArenaFree(&mem);
}

/*
** Both sides of an association describe one foreign key, and several
** associations may share a key. They are merged into one element, in the order
** of the definitions. With pOnly, only the key of that association is listed;
** but what all other definitions say of it still counts.
*/
AssocForeign *assocForeignList(AssocCall *pCall, AssocCatalog *pCat,
                               AssocArena *pArena, AssocRel *pOnly,
                               AssocWords *pTables) {
  Collector c;
  AssocSchema *pSchema;
  AssocForeign *pFor;
  memset(&c, 0, sizeof(c));
  c.pCall = pCall;
  c.pArena = pArena;
  c.pOnly = pOnly;
  c.ppEnd = &c.pFirst;
  for (pSchema = pCat->pSchema; pSchema && !pOnly; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(pCall, pSchema)) return 0;
  }
  if (pOnly) addRel(&c, pOnly);
  addAll(&c, pCat);
  for (pFor = c.pFirst; pFor; pFor = pFor->pNext) setDefaults(pFor);
  *pTables = c.tables;
  return pCall->rc == SQLITE_OK ? c.pFirst : 0;
}

/* See model.h. */
AssocRel **assocRelsTo(AssocCall *pCall, AssocCatalog *pCat, AssocArena *pArena,
                       const AssocTable *pTab, int *pn) {
  AssocSchema *pSchema;
  AssocRel **ap = 0;
  AssocDefList list;
  int i;
  *pn = 0;
  /* One that is read later has rows of assoc_model(), too */
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    if (!assocSchemaLoad(pCall, pSchema)) return 0;
  }
  assocDefListBegin(pCall, &list);
  assocDefListTable(&list, pCat, pTab->zName);
  for (pSchema = pCat->pSchema; pSchema; pSchema = pSchema->pNext) {
    assocDefListTake(&list, pSchema, ASSOC_ROW_DEF, ASSOC_KEYS_TO);
  }
  if (list.n) ap = assocAlloc(pCall, pArena, (i64)sizeof(*ap) * list.n);
  for (i = 0; ap && i < list.n; i++) {
    AssocRel *pRel = assocRelTry(pCall, list.ap[i], 0);
    if (pRel) ap[(*pn)++] = pRel;
  }
  assocDefListEnd(&list);
  return ap;
}

/* See model.h. */
AssocForeign *assocForeignOf(AssocCall *pCall, AssocCatalog *pCat,
                             AssocArena *pArena, int n,
                             AssocRel *const *apRel) {
  AssocForeign *pFor;
  Collector c;
  AssocDefList list;
  int i;
  memset(&c, 0, sizeof(c));
  c.pCall = pCall;
  c.pArena = pArena;
  c.bTry = 1;
  c.ppEnd = &c.pFirst;
  assocDefListBegin(pCall, &list);
  for (i = 0; i < n; i++) {
    const AssocTable *pTab = assocRelForeignTable(apRel[i]);
    if (pTab) assocDefListTable(&list, pCat, pTab->zName);
  }
  foreignNear(&c, pCat, &list);
  for (pFor = c.pFirst; pFor; pFor = pFor->pNext) setDefaults(pFor);
  return pCall->rc == SQLITE_OK ? c.pFirst : 0;
}
