/*
** Graphviz:
**
**   digraph assoc {
**     t0 [label=<...>];
**     t1 -> t0 [...];
**   }
**
** The line of a belongsToMany is dashed.
**
** Each table is an HTML label with a port for each column, so a line starts at
** the column of the foreign key. The ends are crow's feet: a fork for many, a
** bar for one, a circle for none.
*/
#include "look/picture.h"

/* As text in HTML, which Graphviz also reads in plain labels. */
static void writeHtml(AssocPicture *p, const char *z) {
  int i;
  if (z[0] == 0) sqlite3_str_appendall(p->pStr, "&nbsp;");
  /* Graphviz refuses an empty cell, and control characters in any. */
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

/* An underlined column belongs to the primary key, an arrow marks a foreign
** key. Names are escaped as HTML. */
static void dotTable(AssocPicture *p, const AssocPictureTable *pTab) {
  const AssocTable *q = pTab->pTab;
  const char **azNote = assocPictureNotes(p, pTab);
  int i;
  assert(pTab->pModel && pTab->iId < p->nTable);
  if (azNote == 0) return;
  sqlite3_str_appendf(p->pStr,
                      "  t%d [label=<<table border=\"0\" cellborder=\"1\" "
                      "cellspacing=\"0\"%s>\n"
                      "    <tr><td bgcolor=\"%s\"><b>",
                      pTab->iId, pTab->bJoin ? " style=\"dashed\"" : "",
                      pTab->bJoin ? "#f0f0f0" : "#d8e4f8");
  writeHtml(p, pTab->pModel->zLabel);
  sqlite3_str_appendf(p->pStr, "</b>%s</td></tr>\n", assocPictureKind(pTab));
  for (i = 0; i < q->nCol && !p->pOpt->bNoColumns; i++) {
    int bKey = assocPictureIsKey(pTab, i);
    if (assocPictureHides(p, q, i)) continue;
    sqlite3_str_appendf(p->pStr, "    <tr><td align=\"left\" port=\"c%d\">%s",
                        i, bKey ? "<u>" : "");
    writeHtml(p, q->aCol[i].zName);
    sqlite3_str_appendall(p->pStr, bKey ? "</u> " : " ");
    if (q->aCol[i].zType[0]) writeHtml(p, q->aCol[i].zType);
    if (azNote[i]) {
      sqlite3_str_appendall(p->pStr, " <i>");
      writeHtml(p, azNote[i]);
      sqlite3_str_appendall(p->pStr, "</i>");
    }
    sqlite3_str_appendf(p->pStr, "%s</td></tr>\n",
                        assocPictureIsForeign(pTab, i) ? " &rarr;" : "");
  }
  sqlite3_str_appendall(p->pStr, "  </table>>];\n");
}

/* The line begins at the column of the foreign key. A belongsToMany has no
** column and is dashed. */
static void dotEdge(AssocPicture *p, const AssocPictureEdge *pEdge) {
  const char *zA, *zSlash, *zB;
  int iCol = pEdge->pKey ? pEdge->pKey->aCol[0] : -1;
  assert(pEdge->pFrom && pEdge->pTo);
  assocPictureLabel(pEdge, &zA, &zSlash, &zB);
  sqlite3_str_appendf(p->pStr, "  t%d", pEdge->pFrom->iId);
  if (iCol >= 0 && iCol < pEdge->pFrom->pTab->nCol && !p->pOpt->bNoColumns) {
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

/* End the box of the group before, and begin that of the table. */
static void dotGroup(AssocPicture *p, int iBefore,
                     const AssocPictureTable *pTab) {
  assert(pTab->iGroup == 0 || pTab->pHub); /* A group has a name */
  if (pTab->iGroup == iBefore) return;
  if (iBefore) sqlite3_str_appendall(p->pStr, "  }\n");
  if (pTab->iGroup == 0) return;
  sqlite3_str_appendf(p->pStr,
                      "  subgraph cluster_%d {\n"
                      "  style=rounded; color=\"#a0a0a0\"; label=<",
                      pTab->iGroup);
  writeHtml(p, pTab->pHub->pModel->zLabel);
  sqlite3_str_appendall(p->pStr, ">;\n");
}

/* Tables of a group stand together and in a box. A table with iGroup 0 belongs
** to no group; dotGroup() ends the box before it. */
void assocPictureDot(AssocPicture *p) {
  const AssocPictureTable *pTab;
  const AssocPictureEdge *pEdge;
  int iGroup = 0;
  sqlite3_str_appendall(p->pStr,
                        "digraph assoc {\n"
                        "  graph [rankdir=LR];\n"
                        "  node [shape=plain];\n"
                        "  edge [dir=both, arrowhead=none, arrowtail=none];\n");
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) {
    dotGroup(p, iGroup, pTab);
    iGroup = pTab->iGroup;
    assert(pTab->iGroup >= iGroup); /* Groups follow each other */
    dotTable(p, pTab);
  }
  if (iGroup) sqlite3_str_appendall(p->pStr, "  }\n");
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) dotEdge(p, pEdge);
  sqlite3_str_appendall(p->pStr, "}\n");
}
