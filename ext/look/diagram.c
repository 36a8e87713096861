/*
** What relates to what, as a picture.
**
** Mermaid's erDiagram:             Graphviz:            text:
**
**   erDiagram                        digraph assoc {      users
**     users {                          t0 [label=<…>];      id INTEGER, key
**       INTEGER id PK                  t1 -> t0 […];        posts: many posts
**     }                              }                        (posts.user_id)
**     users ||--o{ posts : "posts / user"
**
** An edge is a foreign key, with the names of both sides on it; or, dotted, a
** belongsToMany, beside the two keys of its join table. Definitions that are
** bad are left out: assoc_check speaks of them.
**
** Names may hold anything. What a format cannot write it gets as something
** else: see the three functions that begin with "write".
*/
#include "look/look.h"

typedef struct Picture Picture;
typedef struct PictureEdge PictureEdge;
typedef struct PictureTable PictureTable;

struct PictureTable {
  AssocTable *pTab;
  AssocModel *pModel;
  int iId;
  u8 bJoin; /* A belongsToMany goes through it */
  PictureTable *pNext;
};

struct PictureEdge {
  PictureTable *pFrom, *pTo; /* A key of pFrom references pTo */
  const AssocKey *pKey;      /* 0: many to many */
  const char *zFrom, *zTo;   /* What each calls the other, or 0 */
  PictureTable *pThrough;    /* Many to many: the join table */
  u8 bUnique, bRequired;
  PictureEdge *pNext;
};

struct Picture {
  AssocLook *p;
  AssocCall *pCall;
  sqlite3_str *pStr;
  int nTable;
  PictureTable *pTable, **ppTable;
  PictureEdge *pEdge, **ppEdge;
};

/* -------------------------------------------------------------- collecting */

static PictureTable *pictureTable(Picture *p, AssocTable *pTab) {
  PictureTable *pNew;
  for (pNew = p->pTable; pNew; pNew = pNew->pNext) {
    if (pNew->pTab == pTab) return pNew;
  }
  pNew = assocAlloc(p->pCall, &p->p->mem, sizeof(*pNew));
  if (pNew == 0) return 0;
  pNew->pTab = pTab;
  pNew->pModel = assocModelOf(p->pCall, pTab);
  pNew->iId = p->nTable++;
  if (pNew->pModel == 0) return 0;
  *p->ppTable = pNew;
  p->ppTable = &pNew->pNext;
  return pNew;
}

static int pictureSameKey(const AssocKey *pA, const AssocKey *pB) {
  int i;
  if (pA == 0 || pB == 0) return pA == pB;
  if (pA->nCol != pB->nCol) return 0;
  for (i = 0; i < pA->nCol; i++) {
    if (sqlite3_stricmp(pA->azCol[i], pB->azCol[i]) != 0) return 0;
  }
  return 1;
}

/* The edge that is there already, or a new one. */
static PictureEdge *pictureEdge(Picture *p, PictureTable *pFrom,
                                PictureTable *pTo, const AssocKey *pKey) {
  PictureEdge *pEdge;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (pKey && pEdge->pFrom == pFrom && pEdge->pTo == pTo &&
        pictureSameKey(pEdge->pKey, pKey)) {
      return pEdge;
    }
  }
  pEdge = assocAlloc(p->pCall, &p->p->mem, sizeof(*pEdge));
  if (pEdge == 0) return 0;
  pEdge->pFrom = pFrom;
  pEdge->pTo = pTo;
  pEdge->pKey = pKey;
  *p->ppEdge = pEdge;
  p->ppEdge = &pEdge->pNext;
  return pEdge;
}

/* Several names of one side: "posts, drafts". */
static void pictureName(Picture *p, const char **pz, const char *z) {
  if (*pz == 0) {
    *pz = z;
  } else {
    *pz = assocArenaPrintf(p->pCall, &p->p->mem, "%s, %s", *pz, z);
  }
}

/* A foreign key from pChild to pParent. */
static PictureEdge *pictureKey(Picture *p, AssocTable *pChild,
                               AssocTable *pParent, const AssocKey *pKey) {
  PictureTable *pFrom = pictureTable(p, pChild);
  PictureTable *pTo = pictureTable(p, pParent);
  PictureEdge *pEdge;
  int i, bThere = 1, bRequired = 1;
  if (pFrom == 0 || pTo == 0) return 0;
  pEdge = pictureEdge(p, pFrom, pTo, pKey);
  for (i = 0; i < pKey->nCol; i++) {
    bThere &= pKey->aCol[i] >= 0;
    bRequired &= bThere && pChild->aCol[pKey->aCol[i]].bNotNull;
  }
  if (pEdge == 0) return 0;
  pEdge->bRequired = (u8)bRequired;
  if (bThere && assocLookIsUnique(p->p, pChild, pKey->nCol, pKey->aCol)) {
    pEdge->bUnique = 1;
  }
  return pEdge;
}

static void pictureBelongsTo(Picture *p, AssocRel *pRel) {
  AssocTable *pTab = pRel->pSource->pTable;
  int i, n = pRel->nBranch ? pRel->nBranch : 1;
  for (i = 0; i < n; i++) {
    AssocModel *pTo = pRel->nBranch ? pRel->aBranch[i].pModel : pRel->pTarget;
    PictureEdge *pEdge = pictureKey(p, pTab, pTo->pTable, &pRel->foreign);
    if (pEdge) pictureName(p, &pEdge->zFrom, pRel->zName);
  }
}

/* Both directions of a belongsToMany are one edge. */
static PictureEdge *pictureBack(Picture *p, const AssocRel *pRel) {
  PictureEdge *pEdge;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (pEdge->pThrough && pEdge->pThrough->pTab == pRel->pThrough &&
        pEdge->zTo == 0 && pEdge->pFrom->pTab == pRel->pTarget->pTable &&
        pEdge->pTo->pTab == pRel->pSource->pTable) {
      return pEdge;
    }
  }
  return 0;
}

static void pictureMany(Picture *p, AssocRel *pRel) {
  PictureEdge *pEdge = pictureBack(p, pRel);
  PictureTable *pFrom = pictureTable(p, pRel->pSource->pTable);
  PictureTable *pTo = pictureTable(p, pRel->pTarget->pTable);
  PictureTable *pThrough = pRel->pThrough ? pictureTable(p, pRel->pThrough) : 0;
  if (pRel->pThrough) {
    (void)pictureKey(p, pRel->pThrough, pRel->pSource->pTable, &pRel->foreign);
    (void)pictureKey(p, pRel->pThrough, pRel->pTarget->pTable, &pRel->other);
  }
  if (pThrough) pThrough->bJoin = 1;
  if (pEdge) {
    pEdge->zTo = pRel->zName;
    return;
  }
  pEdge = pFrom && pTo ? pictureEdge(p, pFrom, pTo, 0) : 0;
  if (pEdge == 0) return;
  pEdge->pThrough = pThrough;
  pEdge->zFrom = pRel->zName;
}

static void pictureRel(Picture *p, AssocRel *pRel) {
  if (pRel->nPath) { /* Its steps are drawn */
    (void)pictureTable(p, pRel->pSource->pTable);
  } else if (pRel->eKind == ASSOC_BELONGSTO) {
    pictureBelongsTo(p, pRel);
  } else if (pRel->eKind == ASSOC_BELONGSTOMANY) {
    pictureMany(p, pRel);
  } else {
    PictureEdge *pEdge = pictureKey(p, pRel->pTarget->pTable,
                                    pRel->pSource->pTable, &pRel->foreign);
    if (pEdge == 0) return;
    pictureName(p, &pEdge->zTo, pRel->zName);
    pEdge->bUnique |= pRel->eKind == ASSOC_HASONE && pRel->pOrder == 0;
  }
}

/* The next definition that is good, or 0. */
static AssocRel *pictureNext(Picture *p, AssocSchema **ppSchema,
                             AssocDef **ppDef) {
  for (;;) {
    AssocDef *pDef = *ppDef = *ppDef ? (*ppDef)->pNext : (*ppSchema)->pDef;
    AssocRel *pRel;
    while (pDef == 0) {
      *ppSchema = (*ppSchema)->pNext;
      if (*ppSchema == 0 || !assocSchemaLoad(p->pCall, *ppSchema)) return 0;
      pDef = *ppDef = (*ppSchema)->pDef;
    }
    pRel = pDef->zName[0] ? assocRelOf(p->pCall, pDef) : 0;
    if (p->pCall->rc == SQLITE_ERROR) assocErrorForget(p->pCall);
    if (pRel || p->pCall->rc != SQLITE_OK) return pRel;
  }
}

/* ------------------------------------------------------------------ columns */

/* Is the column in a foreign key that is drawn? */
static int pictureIsForeign(const Picture *p, const PictureTable *pTab,
                            int iCol) {
  const PictureEdge *pEdge;
  int i;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    if (pEdge->pFrom != pTab || pEdge->pKey == 0) continue;
    for (i = 0; i < pEdge->pKey->nCol; i++) {
      if (pEdge->pKey->aCol[i] == iCol) return 1;
    }
  }
  return 0;
}

static int pictureIsKey(const PictureTable *pTab, int iCol) {
  const AssocModel *pModel = pTab->pModel;
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    if (pModel->aKey[i] == iCol) return 1;
  }
  return 0;
}

/* "posts / author": what the near side of the text calls the other first. */
static void pictureLabel(const PictureEdge *pEdge, const char **pzA,
                         const char **pzSlash, const char **pzB) {
  *pzA = pEdge->zTo ? pEdge->zTo : "";
  *pzB = pEdge->zFrom ? pEdge->zFrom : "";
  if (pEdge->pKey == 0) {
    *pzA = *pzB;
    *pzB = pEdge->zTo ? pEdge->zTo : "";
  }
  *pzSlash = (*pzA)[0] && (*pzB)[0] ? " / " : "";
}

static const char *pictureKind(const PictureTable *pTab) {
  if (pTab->bJoin) return " (join table)";
  return pTab->pTab->eType == ASSOC_VIEW ? " (view)" : "";
}

/* ------------------------------------------------------------------ mermaid */

/* Words that are no entity's name there. */
static const char *const azPictureWord[] = {
    "one",      "many",       "to",        "only",     "zero",
    "or",       "more",       "class",     "classDef", "style",
    "accTitle", "accDescr",   "end",       "subgraph", "erDiagram",
    "title",    "optionally", "direction", "linkStyle"};

static int pictureIsPlain(const char *z) {
  int i, b = 1;
  for (i = 0; z[i] && b; i++) {
    b = (z[i] >= 'a' && z[i] <= 'z') || (z[i] >= 'A' && z[i] <= 'Z') ||
        z[i] == '_' || (i && z[i] >= '0' && z[i] <= '9');
  }
  return b && i > 0;
}

/* What a table is called in the text: its name, if that is one there; else
** t1_, which no table is called that goes by its name. */
static int pictureIsEntity(const PictureTable *pTab) {
  const char *z = pTab->pModel->zLabel;
  int i, b = pictureIsPlain(z) && z[strlen(z) - 1] != '_';
  for (i = 0; i < ASSOC_COUNT(azPictureWord); i++) {
    b &= sqlite3_stricmp(z, azPictureWord[i]) != 0;
  }
  return b;
}

static void writeEntity(Picture *p, const PictureTable *pTab) {
  if (pictureIsEntity(pTab)) {
    sqlite3_str_appendall(p->pStr, pTab->pModel->zLabel);
  } else {
    sqlite3_str_appendf(p->pStr, "t%d_", pTab->iId);
  }
}

/* Letters, digits and what zMore has stay, all else becomes '_'. A digit does
** not come first, and "_" goes behind a word that means something there. */
static void writeWord(Picture *p, const char *z, const char *zMore) {
  static const char *const az[] = {"PK", "FK", "UK"};
  int i, b = 0;
  if (!((z[0] >= 'a' && z[0] <= 'z') || (z[0] >= 'A' && z[0] <= 'Z'))) {
    sqlite3_str_appendall(p->pStr, "_");
    b = z[0] == '_';
  }
  for (i = b; z[i]; i++) {
    char c = z[i];
    int bGood = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                (c >= '0' && c <= '9') || strchr(zMore, c);
    if ((c & 0xc0) == 0x80) continue; /* One '_' for a letter beyond ASCII */
    sqlite3_str_appendchar(p->pStr, 1, bGood ? c : '_');
  }
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_stricmp(z, az[i]) == 0) sqlite3_str_appendchar(p->pStr, 1, '_');
  }
}

/* In quotes: what would end them, or means something in them, goes. */
static void writeQuoted(Picture *p, const char *z) {
  int i;
  if (z[0] == 0) sqlite3_str_appendall(p->pStr, " ");
  for (i = 0; z[i]; i++) {
    u8 c = (u8)z[i];
    char cOut = z[i];
    if (c == '"') cOut = '\'';
    if (c == '%' || c == '\\' || c < ' ' || c == 0x7f) cOut = '_';
    sqlite3_str_appendchar(p->pStr, 1, cOut);
  }
}

static void mermaidTable(Picture *p, const PictureTable *pTab) {
  const AssocTable *q = pTab->pTab;
  int i;
  sqlite3_str_appendall(p->pStr, "  ");
  writeEntity(p, pTab);
  if (!pictureIsEntity(pTab) || pTab->bJoin || q->eType == ASSOC_VIEW) {
    sqlite3_str_appendall(p->pStr, "[\"");
    writeQuoted(p, pTab->pModel->zLabel);
    sqlite3_str_appendf(p->pStr, "%s\"]", pictureKind(pTab));
  }
  sqlite3_str_appendall(p->pStr, " {\n");
  for (i = 0; i < q->nCol; i++) {
    int bKey = pictureIsKey(pTab, i), bForeign = pictureIsForeign(p, pTab, i);
    sqlite3_str_appendall(p->pStr, "    ");
    writeWord(p, q->aCol[i].zType[0] ? q->aCol[i].zType : "any", "_()-");
    sqlite3_str_appendall(p->pStr, " ");
    writeWord(p, q->aCol[i].zName, "_-");
    sqlite3_str_appendf(p->pStr, "%s%s%s", bKey || bForeign ? " " : "",
                        bKey && bForeign ? "PK, FK"
                        : bKey           ? "PK"
                        : bForeign       ? "FK"
                                         : "",
                        "");
    if (!pictureIsPlain(q->aCol[i].zName)) {
      sqlite3_str_appendall(p->pStr, " \"");
      writeQuoted(p, q->aCol[i].zName);
      sqlite3_str_appendall(p->pStr, "\"");
    }
    sqlite3_str_appendall(p->pStr, "\n");
  }
  sqlite3_str_appendall(p->pStr, "  }\n");
}

/* t0 ||--o{ t1 : "posts / author" */
static void mermaidEdge(Picture *p, const PictureEdge *pEdge) {
  const char *zA, *zSlash, *zB;
  pictureLabel(pEdge, &zA, &zSlash, &zB);
  sqlite3_str_appendall(p->pStr, "  ");
  writeEntity(p, pEdge->pKey ? pEdge->pTo : pEdge->pFrom);
  if (pEdge->pKey) {
    sqlite3_str_appendf(p->pStr, " %s--%s ", pEdge->bRequired ? "||" : "|o",
                        pEdge->bUnique ? "o|" : "o{");
  } else {
    sqlite3_str_appendall(p->pStr, " }o..o{ ");
  }
  writeEntity(p, pEdge->pKey ? pEdge->pFrom : pEdge->pTo);
  sqlite3_str_appendall(p->pStr, " : \"");
  if (zA[0]) writeQuoted(p, zA);
  sqlite3_str_appendall(p->pStr, zSlash);
  if (zB[0]) writeQuoted(p, zB);
  sqlite3_str_appendall(p->pStr, "\"\n");
}

static void mermaidAll(Picture *p) {
  const PictureTable *pTab;
  const PictureEdge *pEdge;
  sqlite3_str_appendall(p->pStr, "erDiagram\n");
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) mermaidTable(p, pTab);
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) mermaidEdge(p, pEdge);
}

/* ---------------------------------------------------------------------- dot */

/* As text in HTML, which Graphviz also reads in plain labels. */
static void writeHtml(Picture *p, const char *z) {
  int i;
  if (z[0] == 0) sqlite3_str_appendall(p->pStr, "&nbsp;");
  for (i = 0; z[i]; i++) {
    u8 c = (u8)z[i];
    switch (c) {
    case '&': sqlite3_str_appendall(p->pStr, "&amp;"); break;
    case '<': sqlite3_str_appendall(p->pStr, "&lt;"); break;
    case '>': sqlite3_str_appendall(p->pStr, "&gt;"); break;
    case '"': sqlite3_str_appendall(p->pStr, "&quot;"); break;
    default:
      sqlite3_str_appendchar(p->pStr, 1, c < ' ' || c == 0x7f ? ' ' : z[i]);
    }
  }
}

static void dotTable(Picture *p, const PictureTable *pTab) {
  const AssocTable *q = pTab->pTab;
  int i;
  sqlite3_str_appendf(p->pStr,
                      "  t%d [label=<<table border=\"0\" cellborder=\"1\" "
                      "cellspacing=\"0\"%s>\n"
                      "    <tr><td bgcolor=\"%s\"><b>",
                      pTab->iId, pTab->bJoin ? " style=\"dashed\"" : "",
                      pTab->bJoin ? "#f0f0f0" : "#d8e4f8");
  writeHtml(p, pTab->pModel->zLabel);
  sqlite3_str_appendf(p->pStr, "</b>%s</td></tr>\n", pictureKind(pTab));
  for (i = 0; i < q->nCol; i++) {
    int bKey = pictureIsKey(pTab, i);
    sqlite3_str_appendf(p->pStr, "    <tr><td align=\"left\" port=\"c%d\">%s",
                        i, bKey ? "<u>" : "");
    writeHtml(p, q->aCol[i].zName);
    sqlite3_str_appendall(p->pStr, bKey ? "</u> " : " ");
    if (q->aCol[i].zType[0]) writeHtml(p, q->aCol[i].zType);
    sqlite3_str_appendf(p->pStr, "%s</td></tr>\n",
                        pictureIsForeign(p, pTab, i) ? " &rarr;" : "");
  }
  sqlite3_str_appendall(p->pStr, "  </table>>];\n");
}

static void dotEdge(Picture *p, const PictureEdge *pEdge) {
  const char *zA, *zSlash, *zB;
  int iCol = pEdge->pKey && pEdge->pKey->nCol ? pEdge->pKey->aCol[0] : -1;
  pictureLabel(pEdge, &zA, &zSlash, &zB);
  sqlite3_str_appendf(p->pStr, "  t%d", pEdge->pFrom->iId);
  if (iCol >= 0 && iCol < pEdge->pFrom->pTab->nCol) {
    sqlite3_str_appendf(p->pStr, ":c%d", iCol);
  }
  sqlite3_str_appendf(p->pStr, " -> t%d [label=<", pEdge->pTo->iId);
  if (zA[0] || zB[0] == 0) writeHtml(p, zA);
  sqlite3_str_appendall(p->pStr, zSlash);
  if (zB[0]) writeHtml(p, zB);
  if (pEdge->pKey == 0) {
    sqlite3_str_appendall(p->pStr,
                          ">, style=dashed, arrowtail=crow, arrowhead=crow");
  } else {
    sqlite3_str_appendf(p->pStr, ">, arrowtail=%s, arrowhead=%s",
                        pEdge->bUnique ? "teeodot" : "crowodot",
                        pEdge->bRequired ? "teetee" : "teeodot");
  }
  sqlite3_str_appendall(p->pStr, "];\n");
}

static void dotAll(Picture *p) {
  const PictureTable *pTab;
  const PictureEdge *pEdge;
  sqlite3_str_appendall(p->pStr, "digraph assoc {\n"
                                 "  graph [rankdir=LR];\n"
                                 "  node [shape=plain];\n"
                                 "  edge [dir=both];\n");
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) dotTable(p, pTab);
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) dotEdge(p, pEdge);
  sqlite3_str_appendall(p->pStr, "}\n");
}

/* --------------------------------------------------------------------- text */

static void textNames(Picture *p, const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(p->pStr, "%s%s", i ? ", " : "", pKey->azCol[i]);
  }
}

/* posts: many posts (posts.author_id) */
static void textRel(Picture *p, const AssocRel *pRel) {
  int i;
  sqlite3_str_appendf(p->pStr, "  %s: %s ", pRel->zName,
                      pRel->bMany ? "many" : "one");
  if (pRel->nBranch == 0) sqlite3_str_appendall(p->pStr, pRel->pTarget->zLabel);
  for (i = 0; i < pRel->nBranch; i++) {
    sqlite3_str_appendf(p->pStr, "%s%s", i ? " or " : "",
                        pRel->aBranch[i].pModel->zLabel);
  }
  if (pRel->nPath || pRel->eKind == ASSOC_BELONGSTOMANY) {
    sqlite3_str_appendf(p->pStr, " through %s",
                        pRel->nPath ? pRel->pOpt->zThrough : pRel->zThrough);
  }
  if (pRel->nPath == 0) {
    sqlite3_str_appendall(p->pStr, " (");
    if (pRel->eKind == ASSOC_HASONE || pRel->eKind == ASSOC_HASMANY) {
      sqlite3_str_appendf(p->pStr, "%s.", pRel->pTarget->zLabel);
    }
    textNames(p, &pRel->foreign);
    if (pRel->eKind == ASSOC_BELONGSTOMANY) {
      sqlite3_str_appendall(p->pStr, " - ");
      textNames(p, &pRel->other);
    }
    sqlite3_str_appendall(p->pStr, ")");
  }
  sqlite3_str_appendall(p->pStr, "\n");
}

static void textTable(Picture *p, const PictureTable *pTab) {
  const AssocTable *q = pTab->pTab;
  AssocDef *pDef;
  int i;
  sqlite3_str_appendf(p->pStr, "%s%s%s\n", pTab->iId ? "\n" : "",
                      pTab->pModel->zLabel, pictureKind(pTab));
  for (i = 0; i < q->nCol; i++) {
    sqlite3_str_appendf(p->pStr, "  %s%s%s%s\n", q->aCol[i].zName,
                        q->aCol[i].zType[0] ? " " : "", q->aCol[i].zType,
                        pictureIsKey(pTab, i) ? ", key" : "");
  }
  pDef = assocLookFirstDef(p->p, pTab->pModel, &i);
  for (; pDef; pDef = assocLookNextDef(p->p, &i)) {
    if (pDef->pRel) textRel(p, pDef->pRel);
  }
}

static void textAll(Picture *p) {
  const PictureTable *pTab;
  for (pTab = p->pTable; pTab && p->pCall->rc == SQLITE_OK;
       pTab = pTab->pNext) {
    textTable(p, pTab);
  }
}

char *assocDiagramText(AssocLook *p, int eFormat) {
  AssocSchema *pSchema = p->pCat->pSchema;
  AssocDef *pDef = 0;
  AssocRel *pRel;
  Picture pic;
  memset(&pic, 0, sizeof(pic));
  pic.p = p;
  pic.pCall = p->pCall;
  pic.ppTable = &pic.pTable;
  pic.ppEdge = &pic.pEdge;
  pic.pStr = sqlite3_str_new(p->pCall->db);
  while ((pRel = pictureNext(&pic, &pSchema, &pDef)) != 0) {
    pictureRel(&pic, pRel);
  }
  if (p->pCall->rc == SQLITE_OK) {
    if (eFormat == ASSOC_DIAGRAM_MERMAID) {
      mermaidAll(&pic);
    } else if (eFormat == ASSOC_DIAGRAM_DOT) {
      dotAll(&pic);
    } else {
      textAll(&pic);
    }
  }
  return assocLookLines(p, pic.pStr);
}
