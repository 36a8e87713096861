/*
** The words of names, of which guesses about foreign keys are made.
**
** user_profile_id, userProfileId and userprofileid are user, profile and id.
** Where nothing divides two words, the other names of the schema do: userprofile
** is user and profile if both are words in other names. Words are singular, and
** equal words are one object, so that names compare by pointers.
*/
#include "look/guess.h"

/* FNV-1a. */
static u32 wordHash(const char *z, int n) {
  u32 h = 2166136261u;
  while (n-- > 0) h = (h ^ (u8)*z++) * 16777619u;
  return h;
}

/* The table of words doubles when it is half full. The old one stays in the
** arena. */
static void wordGrow(AssocGuesser *g) {
  int i, nNew = g->nSlot ? g->nSlot * 2 : 1024;
  AssocGuessWord **ap =
      assocAlloc(g->pCall, &g->p->mem, (i64)sizeof(AssocGuessWord *) * nNew);
  const char **az =
      assocAlloc(g->pCall, &g->p->mem, (i64)sizeof(char *) * nNew);
  assert((nNew & (nNew - 1)) == 0); /* wordSlot() masks with it */
  if (ap == 0 || az == 0) return;
  for (i = 0; i < g->nSlot; i++) {
    u32 h;
    if (g->azRaw[i] == 0) continue;
    h = wordHash(g->azRaw[i], (int)strlen(g->azRaw[i]));
    while (az[h & (u32)(nNew - 1)]) h++;
    az[h & (u32)(nNew - 1)] = g->azRaw[i];
    ap[h & (u32)(nNew - 1)] = g->apWord[i];
  }
  g->apWord = ap;
  g->azRaw = az;
  g->nSlot = nNew;
}

/* The slot of a word in the hash table; the slot may be free. */
static u32 wordSlot(const AssocGuesser *g, const char *z, int n) {
  u32 h = wordHash(z, n), m = (u32)g->nSlot - 1;
  assert(g->nWord < g->nSlot); /* A free slot ends the search */
  while (g->azRaw[h & m] &&
         (strncmp(g->azRaw[h & m], z, (size_t)n) || g->azRaw[h & m][n])) {
    h++;
  }
  return h & m;
}

/* The word of the n bytes at z, which are in lower case. Singular and plural
** are one word, and equal words are one object. 0 after an error. */
AssocGuessWord *assocGuessWordOf(AssocGuesser *g, const char *z, int n) {
  AssocGuessWord *pWord;
  const char *zRaw, *zOne;
  u32 i;
  assert(n > 0);
  if (g->nWord * 2 >= g->nSlot) wordGrow(g);
  if (g->pCall->rc != SQLITE_OK) return 0;
  i = wordSlot(g, z, n);
  if (g->azRaw[i]) return g->apWord[i];
  zRaw = assocArenaText(g->pCall, &g->p->mem, z, n);
  zOne = zRaw ? assocSingularize(g->pCall, &g->p->mem, zRaw) : 0;
  if (zOne == 0) return 0;
  if (strcmp(zOne, zRaw) != 0) { /* The same object as for the singular */
    pWord = assocGuessWordOf(g, zOne, (int)strlen(zOne));
    i = wordSlot(g, z, n); /* The table may have grown */
  } else {
    pWord = assocAlloc(g->pCall, &g->p->mem, sizeof(*pWord));
    if (pWord == 0) return 0;
    pWord->z = zOne;
    pWord->n = (int)strlen(zOne);
  }
  if (pWord == 0) return 0;
  g->azRaw[i] = zRaw;
  g->apWord[i] = pWord;
  g->nWord++;
  return pWord;
}

/* ------------------------------------------------------------------ parts */

/* Words that stand beside the name of a table even if no other name of the
** schema has them. */
static const char *const azWordSide[] = {
    "id",      "by",      "to",       "from",     "first",   "last",
    "next",    "prev",    "parent",   "related",  "created", "updated",
    "deleted", "changed", "modified", "original", "child",   "owner",
    "sub",     "super",   "grand"};

/* The word of the n bytes at z if some name has it, and nothing is added. */
AssocGuessWord *assocGuessWordSeen(AssocGuesser *g, const char *z, int n) {
  u32 i = wordSlot(g, z, n);
  int j;
  if (g->azRaw[i] && g->apWord[i]->bSeen) return g->apWord[i];
  for (j = 0; j < ASSOC_COUNT(azWordSide); j++) {
    if ((int)strlen(azWordSide[j]) == n &&
        memcmp(azWordSide[j], z, (size_t)n) == 0) {
      return assocGuessWordOf(g, z, n);
    }
  }
  return 0;
}

/* Cut the first n bytes of z into words that are known, at most nMost. The
** last word is the longest that fits. Returns their number; 0: impossible. */
static int wordCut(AssocGuesser *g, AssocGuessWord **ap, int nMost,
                   const char *z, int n) {
  AssocGuessWord *pWord;
  int i, nBefore;
  if (nMost < 1) return 0;
  pWord = assocGuessWordSeen(g, z, n);
  if (pWord) {
    ap[0] = pWord;
    return 1;
  }
  for (i = 3; i <= n - 2; i++) {
    if (n - i == 2 && i < 4) continue; /* "auto" is not au and to */
    pWord = assocGuessWordSeen(g, &z[i], n - i);
    if (pWord == 0) continue;
    nBefore = wordCut(g, ap, nMost - 1, z, i);
    if (nBefore == 0) continue;
    ap[nBefore] = pWord;
    return nBefore + 1;
  }
  return 0;
}

/* Find the words of which a word is made. One of them, or the word itself, must
** be in the name of a table. */
static void wordPart(AssocGuesser *g, AssocGuessWord *p) {
  AssocGuessWord *ap[ASSOC_GUESS_MXPART];
  int i, n, bTable = p->bInTable;
  p->bParted = 1;
  if (p->n < 6) return;
  p->bSeen = 0; /* Or it would be found as a whole */
  n = wordCut(g, ap, ASSOC_GUESS_MXPART, p->z, p->n);
  p->bSeen = 1;
  for (i = 0; i < n; i++) {
    if (!ap[i]->bParted) wordPart(g, ap[i]);
    bTable |= ap[i]->bInTable || ap[i]->nPart > 0;
  }
  if (n > 1 && strcmp(ap[n - 1]->z, "by") == 0) bTable = 1; /* createdby */
  if (n < 2 || !bTable) return;
  for (i = 0; i < n; i++) ap[i]->bInTable |= p->bInTable;
  memcpy(p->apPart, ap, sizeof(ap[0]) * (size_t)n);
  p->nPart = n;
}

/* Append a word to a name, or the words of which it is made. */
static void nameAppend(AssocGuesser *g, AssocGuessName *p,
                       AssocGuessWord *pWord) {
  int i;
  if (g->bKnown && pWord->bSeen && !pWord->bParted) wordPart(g, pWord);
  if (pWord->nPart == 0) {
    p->ap[p->n++] = pWord;
    return;
  }
  for (i = 0; i < pWord->nPart && p->n < ASSOC_GUESS_MXWORD; i++) {
    nameAppend(g, p, pWord->apPart[i]);
  }
}

/* Note the words of a name, so that others can be cut into them. */
void assocGuessNameLearn(AssocGuesser *g, const char *z, int bTable) {
  AssocGuessName name;
  int i;
  assert(!g->bKnown);
  assocGuessNameRead(g, &name, z);
  for (i = 0; i < name.n; i++) {
    name.ap[i]->bSeen = 1;
    name.ap[i]->bInTable |= (u8)bTable;
  }
}

/* Read the words of a name. Digits at the ends of a word are left out. */
void assocGuessNameRead(AssocGuesser *g, AssocGuessName *p, const char *z) {
  int i = 0;
  p->n = 0;
  if (g->cPrefix && z[0] == g->cPrefix) z++;
  z = assocUnderscore(g->pCall, &g->p->mem, z);
  while (z && z[i] && p->n < ASSOC_GUESS_MXWORD) {
    int iEnd, n;
    while (z[i] == '_' || assocIsDigit(z[i])) i++;
    for (n = i; z[n] && z[n] != '_'; n++) {
    }
    for (iEnd = n; iEnd > i && assocIsDigit(z[iEnd - 1]); iEnd--) {
    }
    if (iEnd > i) {
      AssocGuessWord *pWord = assocGuessWordOf(g, &z[i], iEnd - i);
      if (pWord == 0) return;
      nameAppend(g, p, pWord);
    }
    i = n;
  }
}

/* See guess.h. */
int assocGuessEnds(const char *z, const char *zEnd) {
  size_t n = strlen(z), nEnd = strlen(zEnd);
  return n >= nEnd && strcmp(&z[n - nEnd], zEnd) == 0;
}

/* The words as one. */
const char *assocGuessNameGlue(AssocGuesser *g, const AssocGuessName *p) {
  sqlite3_str *pStr = sqlite3_str_new(g->pCall->db);
  const char *z;
  int i;
  for (i = 0; i < p->n; i++) {
    sqlite3_str_append(pStr, p->ap[i]->z, p->ap[i]->n);
  }
  z = assocArenaStr(g->pCall, &g->p->mem, pStr);
  return z ? z : "";
}
