/*
** Mermaid's erDiagram:
**
**   erDiagram
**     users {
**       INTEGER id PK
**     }
**     users ||--o{ posts : "posts / user"
**
** The line of a belongsToMany is dotted.
**
** Mermaid has strict rules for names, so a name with other characters becomes
** the alias of a plain one: t3_["order items"]. A comment with
** the main table's name begins each group.
*/
#include "look/picture.h"

/* Words that are no entity's name there. */
static const char *const azPictureWord[] = {
    "one",      "many",       "to",        "only",     "zero",
    "or",       "more",       "class",     "classDef", "style",
    "accTitle", "accDescr",   "end",       "subgraph", "erDiagram",
    "title",    "optionally", "direction", "linkStyle"};

/* A name that Mermaid takes without quotes. */
static int pictureIsPlain(const char *z) {
  int i, b = 1;
  for (i = 0; z[i] && b; i++) {
    b = assocIsWord(z[i]) && (i || !assocIsDigit(z[i]));
  }
  return b && i > 0;
}

/* What a table is called in the text: its name, if that is one there; else
** t1_, which no table is called that goes by its name. */
static int pictureIsEntity(const AssocPictureTable *pTab) {
  const char *z = pTab->pModel->zLabel;
  int i, b = pictureIsPlain(z) && z[strlen(z) - 1] != '_';
  for (i = 0; i < ASSOC_COUNT(azPictureWord); i++) {
    b &= sqlite3_stricmp(z, azPictureWord[i]) != 0;
  }
  return b;
}

/* The name of a table inside the text: its own, if that is plain, else one that
** is made from its number. */
static void writeEntity(AssocPicture *p, const AssocPictureTable *pTab) {
  if (pictureIsEntity(pTab)) {
    sqlite3_str_appendall(p->pStr, pTab->pModel->zLabel);
  } else {
    sqlite3_str_appendf(p->pStr, "t%d_", pTab->iId);
  }
}

/* Letters, digits and what zMore has stay, all else becomes '_'. A digit does
** not come first, and "_" goes behind a word that means something there. */
static void writeWord(AssocPicture *p, const char *z, const char *zMore) {
  static const char *const az[] = {"PK", "FK", "UK"};
  int i, b = 0;
  if (!assocIsLetter(z[0])) {
    sqlite3_str_appendall(p->pStr, "_");
    b = z[0] == '_';
  }
  for (i = b; z[i]; i++) {
    char c = z[i];
    int bGood = assocIsLetter(c) || assocIsDigit(c) || strchr(zMore, c);
    if ((c & 0xc0) == 0x80) continue; /* One '_' for a letter beyond ASCII */
    sqlite3_str_appendchar(p->pStr, 1, bGood ? c : '_');
  }
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_stricmp(z, az[i]) == 0) sqlite3_str_appendchar(p->pStr, 1, '_');
  }
}

/* In quotes: what would end them, or means something in them, goes. */
static void writeQuoted(AssocPicture *p, const char *z) {
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

/* The remark behind a column: its real name, if that had to be changed, and what
** assoc does with it. */
static void mermaidRemark(AssocPicture *p, const char *zName,
                          const char *zNote) {
  int bName = !pictureIsPlain(zName);
  if (!bName && zNote == 0) return;
  sqlite3_str_appendall(p->pStr, " \"");
  if (bName) writeQuoted(p, zName);
  if (bName && zNote) sqlite3_str_appendall(p->pStr, ": ");
  if (zNote) writeQuoted(p, zNote);
  sqlite3_str_appendall(p->pStr, "\"");
}

/* Types and names are written as single words; a column's real name follows in
** quotes if it had to be changed. */
static void mermaidTable(AssocPicture *p, const AssocPictureTable *pTab) {
  const AssocTable *q = pTab->pTab;
  const char **azNote = assocPictureNotes(p, pTab);
  int i;
  if (azNote == 0) return;
  sqlite3_str_appendall(p->pStr, "  ");
  writeEntity(p, pTab);
  if (!pictureIsEntity(pTab) || pTab->bJoin || q->eType == ASSOC_VIEW) {
    sqlite3_str_appendall(p->pStr, "[\"");
    writeQuoted(p, pTab->pModel->zLabel);
    sqlite3_str_appendf(p->pStr, "%s\"]", assocPictureKind(pTab));
  }
  if (p->pOpt->bNoColumns) {
    sqlite3_str_appendall(p->pStr, "\n");
    return;
  }
  sqlite3_str_appendall(p->pStr, " {\n");
  for (i = 0; i < q->nCol; i++) {
    int bKey = assocPictureIsKey(pTab, i),
        bForeign = assocPictureIsForeign(pTab, i);
    if (assocPictureHides(p, q, i)) continue;
    sqlite3_str_appendall(p->pStr, "    ");
    writeWord(p, q->aCol[i].zType[0] ? q->aCol[i].zType : "any", "_()-");
    sqlite3_str_appendall(p->pStr, " ");
    writeWord(p, q->aCol[i].zName, "_-");
    sqlite3_str_appendall(p->pStr, bKey && bForeign ? " PK, FK"
                                   : bKey           ? " PK"
                                   : bForeign       ? " FK"
                                                    : "");
    mermaidRemark(p, q->aCol[i].zName, azNote[i]);
    sqlite3_str_appendall(p->pStr, "\n");
  }
  sqlite3_str_appendall(p->pStr, "  }\n");
}

/* t0 ||--o{ t1 : "posts / author" */
static void mermaidEdge(AssocPicture *p, const AssocPictureEdge *pEdge) {
  const char *zA, *zSlash, *zB;
  assert(pEdge->pFrom && pEdge->pTo);
  assocPictureLabel(pEdge, &zA, &zSlash, &zB);
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

/* A comment line begins each group. */
void assocPictureMermaid(AssocPicture *p) {
  const AssocPictureTable *pTab;
  const AssocPictureEdge *pEdge;
  int iGroup = 0;
  sqlite3_str_appendall(p->pStr, "erDiagram\n");
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) {
    if (pTab->iGroup != iGroup && pTab->iGroup) {
      sqlite3_str_appendall(p->pStr, "  %% ");
      writeWord(p, pTab->pHub->pModel->zLabel, "");
      sqlite3_str_appendall(p->pStr, "\n");
    }
    iGroup = pTab->iGroup;
    mermaidTable(p, pTab);
  }
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) mermaidEdge(p, pEdge);
}
