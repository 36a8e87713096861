/*
** Plain text, for the terminal:
**
**   users
**     id INTEGER, key
**     posts: many posts (posts.user_id)
**
** Other models of a table follow it: "Article (model of entries: type = Article)".
** Each table shows its columns and then its associations, in the order of their
** definition.
*/
#include "look/picture.h"

/* "a, b". */
static void textNames(AssocPicture *p, const AssocKey *pKey) {
  int i;
  for (i = 0; i < pKey->nCol; i++) {
    sqlite3_str_appendf(p->pStr, "%s%s", i ? ", " : "", pKey->azCol[i]);
  }
}

/*
**
**    posts: many posts (posts.author_id)
**
** The column tells in which table the key is.
*/
static void textRel(AssocPicture *p, const AssocRel *pRel) {
  int i;
  assert(pRel->nBranch || pRel->pTarget);
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
  if (pRel->nPath == 0) { /* A path has no key of its own */
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
  if (pRel->pOpt->eSymmetric == 1) {
    sqlite3_str_appendall(p->pStr, ", both ways");
  }
  sqlite3_str_appendall(p->pStr, "\n");
}

/* The associations of a model. */
static void textRels(AssocPicture *p, AssocModel *pModel) {
  int i;
  AssocDef *pDef = assocLookFirstDef(p->p, pModel, &i);
  for (; pDef; pDef = assocLookNextDef(p->p, &i)) {
    if (pDef->pRel) textRel(p, pDef->pRel);
  }
}

/* An empty line separates tables and models. */
static void textTable(AssocPicture *p, const AssocPictureTable *pTab) {
  const AssocTable *q = pTab->pTab;
  AssocDef *pRow = 0;
  AssocModel *pAside;
  const char **azNote = assocPictureNotes(p, pTab);
  int i, n;
  if (azNote == 0) return;
  sqlite3_str_appendf(p->pStr, "%s%s%s\n", pTab->iId ? "\n" : "",
                      pTab->pModel->zLabel, assocPictureKind(pTab));
  for (i = 0; i < q->nCol && !p->pOpt->bNoColumns; i++) {
    if (assocPictureHides(p, q, i)) continue;
    sqlite3_str_appendf(p->pStr, "  %s%s%s%s%s%s\n", q->aCol[i].zName,
                        q->aCol[i].zType[0] ? " " : "", q->aCol[i].zType,
                        assocPictureIsKey(pTab, i) ? ", key" : "",
                        azNote[i] ? ": " : "", azNote[i] ? azNote[i] : "");
  }
  textRels(p, pTab->pModel);
  /* Models with "values" over the same table */
  while ((pAside = assocPictureAside(p, pTab, &pRow)) != 0) {
    sqlite3_str_appendf(p->pStr, "\n%s (model of %s", pAside->zLabel, q->zName);
    n = 0;
    for (i = 0; i < pAside->nValue; i++) {
      if (assocPictureHides(p, q, pAside->aValue[i])) continue;
      sqlite3_str_appendf(p->pStr, "%s%s = %s", n++ ? ", " : ": ",
                          q->aCol[pAside->aValue[i]].zName,
                          assocPictureValue(pAside->apValue[i]));
    }
    sqlite3_str_appendall(p->pStr, ")\n");
    textRels(p, pAside);
  }
}

/* Tables in the order in which they were collected. */
void assocPictureOutline(AssocPicture *p) {
  const AssocPictureTable *pTab;
  for (pTab = p->pTable; pTab; pTab = pTab->pNext) textTable(p, pTab);
}
