/*
** How a schema names things: the style of its words, and the prefix of its
** tables.
**
**    style    owner_id: snake; ownerId: camel; OwnerID: Pascal. The columns
**             decide; if all of them are single words, the tables do.
**    prefix   wp_ of wp_posts: at least three tables begin with it, and no table
**             has it as its name. Half of the tables must begin with one: where
**             only three of thirty do, such as local_site, it is a word
**    letter   Z of ZNOTE: every table begins with it, in capitals
**
** New associations get names of this style, without prefix and letter.
*/
#include "look/look.h"

/* The style of a name of several words; ASSOC_STYLE_NONE of a single word. */
static int habitStyle(const char *z) {
  int i, bBreak = 0;
  while (*z == '_') z++;
  for (i = 0; z[i]; i++) {
    if (z[i] == ' ') return ASSOC_STYLE_NONE;
    if (z[i] == '_' && z[i + 1]) return ASSOC_STYLE_SNAKE;
    bBreak |= i && assocIsUpper(z[i]) && assocIsLower(z[i - 1]);
  }
  if (!bBreak) return ASSOC_STYLE_NONE;
  return assocIsUpper(z[0]) ? ASSOC_STYLE_PASCAL : ASSOC_STYLE_CAMEL;
}

/* The most frequent style; NONE if there are only single words. */
static int habitMost(const int *an) {
  int i, eBest = ASSOC_STYLE_NONE, n = 0;
  for (i = ASSOC_STYLE_SNAKE; i <= ASSOC_STYLE_PASCAL; i++) {
    if (an[i] <= n) continue;
    n = an[i];
    eBest = i;
  }
  return eBest;
}

/* Length of the first word of a name that has several: 2 of wp_posts. */
static int habitFirst(const char *z) {
  int i;
  for (i = 0; z[i] && z[i] != '_'; i++) {
  }
  return i && z[i] && assocIsLetter(z[i + 1]) ? i : 0;
}

/* Is a table called like the n letters at z, as one or as many? */
static int habitIsTable(AssocLook *p, const char *z, int n) {
  const char *zWord = assocArenaText(p->pCall, &p->mem, z, n);
  const char *zMany = assocPluralize(p->pCall, &p->mem, zWord);
  const char *zOne = assocSingularize(p->pCall, &p->mem, zWord);
  return zMany && zOne &&
         (assocSchemaIndex(p->pSchema, zMany) >= 0 ||
          assocSchemaIndex(p->pSchema, zOne) >= 0);
}

/* The entries are sorted, so that those of one prefix stand together. */
static void habitPrefixes(AssocLook *p) {
  const AssocSchema *pSchema = p->pSchema;
  int i, j, nTable = 0;
  p->azPrefix = assocAlloc(p->pCall, &p->mem,
                           (i64)sizeof(char *) * (pSchema->nEntry + 1));
  for (i = 0; i < pSchema->nEntry && p->azPrefix; i = j) {
    const char *z = pSchema->aEntry[i].zName;
    int n = habitFirst(z);
    for (j = i + 1; j < pSchema->nEntry && n; j++) {
      const char *zNext = pSchema->aEntry[j].zName;
      if (habitFirst(zNext) != n || sqlite3_strnicmp(z, zNext, n)) break;
    }
    assert(j > i);
    if (n && j - i >= 3 && !habitIsTable(p, z, n)) {
      const char *zPrefix = assocArenaText(p->pCall, &p->mem, z, n + 1);
      if (zPrefix) p->azPrefix[p->nPrefix++] = zPrefix;
      nTable += j - i;
    }
  }
  if (nTable * 2 < p->nTable) p->nPrefix = 0;
}

/* Read once for each look. A letter counts if all of at least three tables
** begin with it. */
void assocLookHabits(AssocLook *p) {
  int anColumn[4] = {0, 0, 0, 0}, anTable[4] = {0, 0, 0, 0}, i = 0, j;
  AssocModel *pModel;
  assert(p->pSchema);
  if (p->bHabits) return;
  p->bHabits = 1;
  p->cLetter = -1;
  while ((pModel = assocLookNextModel(p, &i)) != 0) {
    const AssocTable *pTab = pModel->pTable;
    if (pTab->eType != ASSOC_TABLE) continue;
    p->nTable++;
    anTable[habitStyle(pTab->zName)]++;
    for (j = 0; j < pTab->nCol; j++)
      anColumn[habitStyle(pTab->aCol[j].zName)]++;
    if (p->cLetter < 0) p->cLetter = pTab->zName[0];
    /* ZNOTE, Z_METADATA: a capital, and behind it a capital or "_" */
    if (pTab->zName[0] != p->cLetter || !assocIsUpper(pTab->zName[0]) ||
        (!assocIsUpper(pTab->zName[1]) && pTab->zName[1] != '_')) {
      p->cLetter = 0;
    }
  }
  if (p->nTable < 3) p->cLetter = 0;
  p->eStyle = (u8)habitMost(anColumn); /* Columns have more words */
  if (p->eStyle == ASSOC_STYLE_NONE) p->eStyle = (u8)habitMost(anTable);
  habitPrefixes(p);
}

/* A part of zName, which is not copied: the name without its prefix. */
const char *assocLookPlainName(const AssocLook *p, const char *zName) {
  int i;
  assert(p->bHabits); /* assocLookHabits() was called */
  if (zName[0] == '_' && assocIsLetter(zName[1])) {
    zName++;
  }
  if (p->cLetter && zName[0] == p->cLetter && zName[1]) return &zName[1];
  for (i = 0; i < p->nPrefix; i++) {
    int n = (int)strlen(p->azPrefix[i]);
    if (sqlite3_strnicmp(zName, p->azPrefix[i], n) == 0 &&
        habitFirst(zName) == n - 1) {
      return &zName[n];
    }
  }
  return zName;
}
