/*
** Interfaces for TypeScript:
**
**   export interface Post {
**     id: number;
**     title: string | null;
**   }
**   export interface PostIncludes {
**     author: (User & Partial<UserIncludes>) | null;
**     comments: (Comment & Partial<CommentIncludes>)[];
**   }
**   export interface Models {
**     posts: { row: Post; includes: PostIncludes; key: number };
**   }
**
** The first is a row as {*} gives it. The second holds what a shape or an
** include can add to a row. Models has an entry for each model, under the
** name that functions take.
**
** A type is what the declared type of a column promises. SQLite may hold
** something else there.
**
** The output depends only on the schema and the definitions, so a program can
** compare it with the file that it has checked in.
*/
#include "look/picture.h"

/* ------------------------------------------------------------------ names */

/* Is it a letter beyond ASCII that an identifier may have? Those of the most
** common scripts are. */
static int scriptIsLetter(u32 c) {
  static const u32 a[][2] = {
      {0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x24f},    {0x386, 0x386},
      {0x388, 0x38a},   {0x38e, 0x3a1},   {0x3a3, 0x3ff},   {0x400, 0x481},
      {0x48a, 0x52f},   {0x5d0, 0x5ea},   {0x620, 0x64a},   {0x904, 0x939},
      {0x3041, 0x3096}, {0x30a1, 0x30fa}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}};
  int i;
  for (i = 0; i < ASSOC_COUNT(a); i++) {
    if (c >= a[i][0] && c <= a[i][1]) return 1;
  }
  return 0;
}

/* The character at z, which is beyond ASCII, and in *pn its bytes. */
static u32 scriptCharacter(const char *z, int *pn) {
  u8 c = (u8)z[0];
  u32 u = c >= 0xf0 ? c & 7 : c >= 0xe0 ? c & 15 : c & 31;
  int i, n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  assert(c >= 0x80);
  for (i = 1; i < n && ((u8)z[i] & 0xc0) == 0x80; i++) {
    u = u << 6 | ((u8)z[i] & 0x3f);
  }
  *pn = i;
  return i == n && c >= 0xc2 ? u : 0;
}

/* z as words that begin with capitals: order_items, OrderItem where z is one
** of them. What cannot be in an identifier separates words. OUT: in the
** arena, "" if nothing is left. */
static char *scriptPascal(AssocPicture *p, const char *z) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  int n, bStart = 1, nOut = 0;
  for (; *z; z += n) {
    char c = *z;
    n = 1;
    if ((u8)c >= 0x80 && scriptIsLetter(scriptCharacter(z, &n))) {
      sqlite3_str_append(pStr, z, n);
    } else if (assocIsLetter(c) || assocIsDigit(c)) {
      if (nOut == 0 && c <= '9') sqlite3_str_appendall(pStr, "_");
      if (bStart) c = assocUpper(c);
      sqlite3_str_appendchar(pStr, 1, c);
    } else {
      bStart = 1;
      continue;
    }
    bStart = 0;
    nOut++;
  }
  return assocArenaStr(p->pCall, &p->p->mem, pStr);
}

/* Does an earlier model have one of the names that z would bring? */
static int scriptIsTaken(const AssocPicture *p, const AssocPictureTable *pEnd,
                         const char *z) {
  static const char zMore[] = "Includes";
  const AssocPictureTable *q;
  size_t n = strlen(z);
  if (strcmp(z, "Models") == 0 || strcmp(z, "Partial") == 0) return 1;
  for (q = p->pTable; q != pEnd; q = q->pNext) {
    assert(q &&
           q->zType); /* pEnd is in the list, and names before it are chosen */
    size_t m = strlen(q->zType);
    size_t nLess = n < m ? n : m;
    if (strncmp(q->zType, z, nLess) != 0) continue;
    if (n == m || strcmp(n < m ? &q->zType[n] : &z[m], zMore) == 0) return 1;
  }
  return 0;
}

/* The singular in PascalCase. A number is added if two tables would have the
** same name. */
static void scriptName(AssocPicture *p, AssocPictureTable *pTab) {
  const char *zOne =
      assocSingularize(p->pCall, &p->p->mem, pTab->pModel->zLabel);
  const char *zBase = zOne ? scriptPascal(p, zOne) : 0;
  int i;
  if (zBase == 0 || zBase[0] == 0) zBase = "Model";
  pTab->zType = zBase;
  for (i = 2; p->pCall->rc == SQLITE_OK && scriptIsTaken(p, pTab, pTab->zType);
       i++) {
    const char *z = assocArenaPrintf(p->pCall, &p->p->mem, "%s%d", zBase, i);
    if (z) pTab->zType = z;
  }
}

/* A property's name: as it is if it is an identifier, else in quotes. */
static void scriptProperty(AssocPicture *p, const char *z) {
  AssocOut out;
  int i;
  for (i = 0; assocIsWord(z[i]) || z[i] == '$'; i++) {
  }
  if (i > 0 && z[i] == 0 && (z[0] < '0' || z[0] > '9')) {
    sqlite3_str_appendall(p->pStr, z);
    return;
  }
  assocBufInit(&out, 0x7fffffff);
  assocJsonString(&out, z, (i64)strlen(z));
  assocPictureJsonEnd(p, &out);
}

/* A comment may not be ended by a name. */
static void scriptComment(AssocPicture *p, const char *zBefore,
                          const char *zName) {
  int i;
  sqlite3_str_appendf(p->pStr, "/** %s", zBefore);
  for (i = 0; zName[i]; i++) {
    u8 c = (u8)zName[i];
    int bBad = c < ' ' || (c == '/' && i && zName[i - 1] == '*');
    sqlite3_str_appendchar(p->pStr, 1, bBad ? ' ' : zName[i]);
  }
  sqlite3_str_appendall(p->pStr, ". */\n");
}

/* ------------------------------------------------------------------ types */

/* What a value of the column is in JSON, by the declared type. */
static const char *scriptType(const AssocColumn *pCol) {
  if (pCol->eJson == ASSOC_JSON_RAW) return "unknown";
  if (pCol->eJson == ASSOC_JSON_BOOL) return "boolean";
  if (assocTypeHas(pCol->zType, "BLOB")) return "string"; /* Hexadecimal */
  if (pCol->eAff == ASSOC_AFF_TEXT) return "string";
  if (pCol->eAff == ASSOC_AFF_NONE) return "string | number";
  if (assocTypeHas(pCol->zType, "INT")) return "number";
  if (assocTypeHas(pCol->zType, "DATE") || assocTypeHas(pCol->zType, "TIME")) {
    return "string";
  }
  return "number";
}

/* ": "Article";": the one value that a model's rows have in a column. */
static void scriptValue(AssocPicture *p, const AssocJson *pVal) {
  AssocOut out;
  assocBufInit(&out, 0x7fffffff);
  assocOutText(&out, ": ", 2);
  assocJsonWrite(&out, pVal);
  assocOutText(&out, ";\n", 2);
  assocPictureJsonEnd(p, &out);
}

/* "unknown" includes null already. */
static void scriptColumn(AssocPicture *p, const AssocModel *pModel, int iCol) {
  const AssocTable *pTab = pModel->pTable;
  const char *zType = scriptType(&pTab->aCol[iCol]);
  int bNull = !assocPictureIsNotNull(pTab, iCol) && strcmp(zType, "unknown");
  int i = 0;
  sqlite3_str_appendall(p->pStr, "  ");
  scriptProperty(p, pTab->aCol[iCol].zName);
  while (i < pModel->nValue && pModel->aValue[i] != iCol) i++;
  if (i < pModel->nValue) {
    scriptValue(p, pModel->apValue[i]);
    return;
  }
  sqlite3_str_appendf(p->pStr, ": %s%s;\n", zType, bNull ? " | null" : "");
}

/* Hidden columns are not part of {*}. */
static void scriptRow(AssocPicture *p, const AssocPictureTable *pTab) {
  int i;
  scriptComment(p, "A row of ", pTab->pModel->zLabel);
  sqlite3_str_appendf(p->pStr, "export interface %s {\n", pTab->zType);
  for (i = 0; i < pTab->pTab->nCol && !p->pOpt->bNoColumns; i++) {
    if (pTab->pTab->aCol[i].bHidden) continue;
    if (!assocPictureHides(p, pTab->pTab, i)) scriptColumn(p, pTab->pModel, i);
  }
  sqlite3_str_appendall(p->pStr, "}\n\n");
}

/* User & Partial<UserIncludes> */
static void scriptLoaded(AssocPicture *p, const AssocModel *pModel) {
  const AssocPictureTable *q = p->pTable;
  while (q && q->pModel != pModel) q = q->pNext;
  if (q == 0) q = assocPictureFind(p, pModel->pTable);
  if (q)
    sqlite3_str_appendf(p->pStr, "%s & Partial<%sIncludes>", q->zType,
                        q->zType);
}

/* May rows of the model be left out: deleted ones, or by its default scope, which
** has no name? */
static int scriptLeavesOut(AssocPicture *p, AssocModel *pModel) {
  const AssocScope *q;
  if (!assocLookScopes(p->p, pModel)) return 1;
  for (q = pModel->pScope; q && q->zName; q = q->pNext) {
  }
  return q || pModel->iDeleted >= 0;
}

/* Is there always a row? A key that is NOT NULL and enforced leads to one,
** unless rows are left out. */
static int scriptIsCertain(AssocPicture *p, const AssocRel *pRel) {
  if (pRel->eKind != ASSOC_BELONGSTO || pRel->nBranch) return 0;
  return assocPictureIsEnforced(p, pRel) && !scriptLeavesOut(p, pRel->pTarget);
}

/* Arrays for to-many, "| null" for a to-one that may find no row. A loaded row
** may have includes of its own. */
static void scriptTarget(AssocPicture *p, const AssocRel *pRel) {
  const AssocPictureTable *pThrough =
      pRel->pThrough ? assocPictureFind(p, pRel->pThrough) : 0;
  int bCertain = scriptIsCertain(p, pRel), i;
  for (i = 0; i < pRel->nBranch; i++) {
    sqlite3_str_appendall(p->pStr, i ? " | (" : "(");
    scriptLoaded(p, pRel->aBranch[i].pModel);
    sqlite3_str_appendall(p->pStr, ")");
  }
  if (pRel->nBranch == 0) {
    if (!bCertain) sqlite3_str_appendall(p->pStr, "(");
    scriptLoaded(p, pRel->pTarget);
  }
  if (pThrough) { /* Columns of the join row, where @ asks for them */
    sqlite3_str_appendall(p->pStr, " & { ");
    scriptProperty(p, pThrough->pModel->zName);
    sqlite3_str_appendf(p->pStr, "?: Partial<%s> }", pThrough->zType);
  }
  if (pRel->nBranch == 0 && !bCertain) sqlite3_str_appendall(p->pStr, ")");
  if (!bCertain) sqlite3_str_appendall(p->pStr, pRel->bMany ? "[]" : " | null");
}

/* An association that a column hides cannot be included by its name, so it is
** left out. */
static void scriptIncludes(AssocPicture *p, const AssocPictureTable *pTab) {
  AssocDef *pDef = 0;
  AssocRel *pRel;
  scriptComment(p, "What can be included with a row of ", pTab->pModel->zLabel);
  sqlite3_str_appendf(p->pStr, "export interface %sIncludes {\n", pTab->zType);
  while ((pRel = assocPictureNextRel(p, pTab, &pDef)) != 0) {
    if (assocColumnFind(pTab->pTab, pRel->zName) >= 0) continue;
    sqlite3_str_appendall(p->pStr, "  ");
    scriptProperty(p, pRel->zName);
    sqlite3_str_appendall(p->pStr, ": ");
    scriptTarget(p, pRel);
    sqlite3_str_appendall(p->pStr, ";\n");
  }
  sqlite3_str_appendall(p->pStr, "}\n\n");
}

/* ----------------------------------------------------------------- models */

/* number, or [number, string] of a composite key. */
static void scriptKey(AssocPicture *p, const AssocPictureTable *pTab) {
  const AssocModel *pModel = pTab->pModel;
  int i;
  if (pModel->nKey == 0) sqlite3_str_appendall(p->pStr, "never");
  if (pModel->nKey > 1) sqlite3_str_appendall(p->pStr, "[");
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(p->pStr, "%s%s", i ? ", " : "",
                        scriptType(&pTab->pTab->aCol[pModel->aKey[i]]));
  }
  if (pModel->nKey > 1) sqlite3_str_appendall(p->pStr, "]");
}

/* The name that functions take, as a property that is quoted if it needs to
** be. */
static void scriptModel(AssocPicture *p, const AssocPictureTable *pTab) {
  sqlite3_str_appendall(p->pStr, "  ");
  scriptProperty(p, pTab->pModel->zLabel);
  sqlite3_str_appendf(p->pStr,
                      ": { row: %s; includes: %sIncludes; key: ", pTab->zType,
                      pTab->zType);
  scriptKey(p, pTab);
  sqlite3_str_appendall(p->pStr, " };\n");
}

/* Put the other models of each table behind it, each as a table of its own. */
static void scriptAsides(AssocPicture *p) {
  AssocPictureTable *pTab, *pNext, *pNew;
  AssocModel *pAside;
  for (pTab = p->pTable; pTab; pTab = pNext) {
    const AssocPictureTable *pOwn = pTab;
    AssocDef *pRow = 0;
    pNext = pTab->pNext;
    while ((pAside = assocPictureAside(p, pOwn, &pRow)) != 0) {
      pNew = assocAlloc(p->pCall, &p->p->mem, sizeof(*pNew));
      if (pNew == 0) return;
      *pNew = *pOwn;
      pNew->pModel = pAside;
      pNew->pNext = pNext;
      pTab->pNext = pNew;
      pTab = pNew;
    }
  }
}

/* All names are chosen before anything is printed, because interfaces refer to
** each other. */
void assocPictureTypescript(AssocPicture *p) {
  AssocPictureTable *pTab;
  sqlite3_str_appendall(
      p->pStr, "// Made by assoc_diagram('typescript'). Do not edit.\n\n");
  scriptAsides(p);
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) scriptName(p, pTab);
  for (pTab = p->pTable; pTab && p->pCall->rc == SQLITE_OK;
       pTab = pTab->pNext) {
    scriptRow(p, pTab);
    scriptIncludes(p, pTab);
  }
  sqlite3_str_appendall(p->pStr,
                        "/** The models, by the names that functions take. */\n"
                        "export interface Models {\n");
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) scriptModel(p, pTab);
  sqlite3_str_appendall(p->pStr, "}\n");
}
