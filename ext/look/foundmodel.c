/*
** Models that a schema and its rows describe, for assoc_discover():
**
**    posts(…, created_at NOT NULL, updated_at NOT NULL)
**        assoc_model('posts', '{"timestamps":true}')
**    entries(…, type) with rows 'Article' and 'News'
**        assoc_model('Article', '{"table":"entries","values":{"type":"Article"}}')
**
** A table that has a row of assoc_model() keeps it. Timestamps count if other
** tools must give updated_at a value: it is NOT NULL and has no default. A column
** "type" counts if all of its values are names of classes, and there is more
** than one.
*/
#include "look/look.h"

/* Rows whose type is read, and the most classes of a table. */
#define FOUND_ROWS 100000
#define FOUND_CLASSES 32

/* Remember a model that discovery will define for the table. Its label has the
** database's name in front where the table's label has. */
static void foundModelAdd(AssocLook *p, AssocModel *pTable, const char *zName,
                          const char *zOptions) {
  AssocFoundModel *q = assocAlloc(p->pCall, &p->mem, sizeof(*q));
  if (q == 0) return;
  assert(zName && zOptions); /* They were allocated before */
  q->pTable = pTable;
  q->zName = zName;
  q->zLabel = pTable->zLabel;
  if (zName != pTable->zName && pTable->zLabel != pTable->zName) {
    q->zLabel =
        assocArenaPrintf(p->pCall, &p->mem, "%s.%s", p->pSchema->zName, zName);
  } else if (zName != pTable->zName) {
    q->zLabel = zName;
  }
  if (q->zLabel == 0) return;
  assert(zOptions[0] == '{');
  q->zOptions = zOptions;
  if (p->pLastModel) {
    p->pLastModel->pNext = q;
  } else {
    p->pFoundModel = q;
  }
  p->pLastModel = q;
}

/* Timestamps that Sequelize, Rails or Prisma keep. */
static void foundTimes(AssocLook *p, AssocModel *pModel) {
  int iCol = pModel->aTime[1];
  if (pModel->pDef || iCol < 0 || pModel->pTable->aCol[iCol].bDefault) return;
  foundModelAdd(p, pModel, pModel->zName,
                pModel->aStamp[0] < 0 ? "{\"createdAt\":false}"
                                      : "{\"timestamps\":true}");
}

/* The column of the table's classes, or -1. */
static int foundTypeColumn(const AssocTable *pTab) {
  int i = assocColumnFind(pTab, "type");
  if (i < 0 || pTab->aCol[i].iPk) return -1;
  if (pTab->aCol[i].bGenerated || pTab->aCol[i].eAff != ASSOC_AFF_TEXT) {
    return -1;
  }
  return i;
}

/* The class that a value names, without its modules: Article of Blog::Article.
** 0 if it is no such name. An enumeration such as 'INVOICE' or 'open' is
** none. */
static const char *foundClass(const char *z) {
  const char *zClass = z;
  int bLower = 0;
  while (z) {
    if (!assocIsUpper(*z)) return 0;
    for (z++; assocIsWord(*z); z++) bLower |= assocIsLower(*z);
    if (*z == 0) return bLower ? zClass : 0;
    /* Ruby's modules: Blog::Article is the class Article. */
    if (z[0] != ':' || z[1] != ':') return 0;
    z += 2;
    zClass = z;
  }
  return 0;
}

/* The values of the type column, if all are classes and there are two or more;
** else *pn is 0. */
static const char **foundTypes(AssocLook *p, const AssocTable *pTab, int iCol,
                               int *pn) {
  const char **az =
      assocAlloc(p->pCall, &p->mem, (i64)sizeof(char *) * (FOUND_CLASSES + 1));
  sqlite3_stmt *pStmt = assocPrepare(
      p->pCall,
      "SELECT DISTINCT \"%w\" FROM (SELECT \"%w\" FROM \"%w\".\"%w\" LIMIT %d)"
      " WHERE \"%w\" IS NOT NULL ORDER BY 1 LIMIT %d",
      pTab->aCol[iCol].zName, pTab->aCol[iCol].zName, pTab->pSchema->zName,
      pTab->zName, FOUND_ROWS, pTab->aCol[iCol].zName, FOUND_CLASSES + 1);
  int bClasses = 1;
  *pn = 0;
  while (az && bClasses && assocStep(p->pCall, pStmt)) {
    const char *z = assocColumnText(p->pCall, pStmt, 0);
    if (z) z = assocArenaText(p->pCall, &p->mem, z, -1);
    /* One value that is no class, or too many values: the column is no type. */
    bClasses = z && *pn < FOUND_CLASSES && foundClass(z);
    if (bClasses) az[(*pn)++] = z;
  }
  assocFinalize(p->pCall, pStmt);
  assert(*pn <= FOUND_CLASSES);
  if (!bClasses || *pn < 2) *pn = 0;
  return az;
}

/* The name as a model: the base class is the table itself, as User of users is.
** A name that another table or model has stays theirs. */
static void foundClassAdd(AssocLook *p, AssocModel *pModel, const char *zCol,
                          const char *zType) {
  const char *zClass = foundClass(zType);
  AssocModel *pOther = assocModelTry(p->pCall, p->pSchema, zClass);
  const AssocFoundModel *q = p->pFoundModel;
  AssocOut out;
  char *z;
  i64 n = 0;
  while (q && sqlite3_stricmp(q->zName, zClass) != 0) q = q->pNext;
  /* The class that the table is called after: its own model has all rows. */
  assert(zClass); /* foundTypes() gives classes only */
  if (pOther && pOther->pTable == pModel->pTable) return;
  if (pOther || q) {
    assocLookSkip(p, pModel->pTable->zName, zCol,
                  "there is a model %s already; name the rows of '%s' with "
                  "assoc_model()",
                  pOther ? pOther->zLabel : zClass, zType);
    return;
  }
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, "{\"table\":", 9);
  assocJsonString(&out, pModel->pTable->zName,
                  (i64)strlen(pModel->pTable->zName));
  assocOutText(&out, ",\"values\":{", 11);
  assocJsonString(&out, zCol, (i64)strlen(zCol));
  assocOutText(&out, ":", 1);
  assocJsonString(&out, zType, (i64)strlen(zType));
  assocOutText(&out, "}}", 2);
  z = assocBufText(p->pCall, &out, &n);
  if (z) {
    foundModelAdd(p, pModel, zClass, assocArenaText(p->pCall, &p->mem, z, -1));
  }
  sqlite3_free(z);
}

/* Single-table inheritance. */
static void foundClasses(AssocLook *p, AssocModel *pModel) {
  const AssocTable *pTab = pModel->pTable;
  int iCol = foundTypeColumn(pTab), i, n;
  const char **az;
  if (iCol < 0) return;
  assert(iCol < pTab->nCol);
  az = foundTypes(p, pTab, iCol, &n);
  for (i = 0; i < n && p->pCall->rc == SQLITE_OK; i++) {
    foundClassAdd(p, pModel, pTab->aCol[iCol].zName, az[i]);
  }
}

/* See look.h. */
void assocDiscoverModels(AssocLook *p) {
  AssocModel *pModel;
  int i = 0;
  if (p->pCall->pConn->pSession) return; /* Values are not for its eyes */
  while ((pModel = assocLookNextModel(p, &i)) != 0) {
    if (pModel->pTable->eType != ASSOC_TABLE) continue;
    if (!assocDiscoverAsks(p, pModel)) continue;
    foundTimes(p, pModel);
    foundClasses(p, pModel);
  }
}
