/*
** Names that a person would choose for the associations over a foreign key.
**
** For messages(sender_id, recipient_id), both of which reference users:
**
**   message.sender, message.recipient        the column without its "id"
**   user.sent_messages, received_messages    what the sender's messages are
**
** Each function gives candidates, one after another and without end, and the
** caller takes the first that is free. The style is that of the words that
** a name is made of: sent_messages, SentMessages.
*/
#include "model/model.h"

/*
** Words that say more than themselves. zOne replaces the word where a name
** of one is made; zPart stands before the plural, or is the name itself in
** an association of a table with itself.
*/
typedef struct NamingRole NamingRole;
struct NamingRole {
  const char *zStem; /* In snake case */
  const char *zOne;  /* 0: the word as it is */
  const char *zPart;
  u8 bSelf; /* Only of a table with itself */
};
static const NamingRole aNamingRole[] = {
    {"parent", 0, "children", 1},
    {"manager", 0, "subordinates", 1},
    {"supervisor", 0, "subordinates", 1},
    {"boss", 0, "subordinates", 1},
    {"reports_to", "manager", "subordinates", 1},
    {"reply_to", 0, "replies", 1},
    {"in_reply_to", 0, "replies", 1},
    {"original", 0, "copies", 1},
    {"mentor", 0, "mentees", 1},
    {"referrer", 0, "referrals", 1},
    {"referred_by", "referrer", "referrals", 1},
    {"predecessor", 0, "successors", 1},
    {"author", 0, "authored", 0},
    {"editor", 0, "edited", 0},
    {"creator", 0, "created", 0},
    {"created_by", "creator", "created", 0},
    {"updater", 0, "updated", 0},
    {"updated_by", "updater", "updated", 0},
    {"owner", 0, "owned", 0},
    {"owned_by", "owner", "owned", 0},
    {"sender", 0, "sent", 0},
    {"sent_by", "sender", "sent", 0},
    {"recipient", 0, "received", 0},
    {"receiver", 0, "received", 0},
    {"assignee", 0, "assigned", 0},
    {"assigned_to", "assignee", "assigned", 0},
    {"reviewer", 0, "reviewed", 0},
    {"reviewed_by", "reviewer", "reviewed", 0},
    {"approver", 0, "approved", 0},
    {"approved_by", "approver", "approved", 0},
    {"reporter", 0, "reported", 0},
    {"seller", 0, "sold", 0},
    {"buyer", 0, "bought", 0},
    {"source", 0, "outgoing", 0},
    {"from", 0, "outgoing", 0},
    {"origin", 0, "outgoing", 0},
    {"target", 0, "incoming", 0},
    {"to", 0, "incoming", 0},
    {"destination", 0, "incoming", 0},
};

/* Where nothing of a name is left that can be in one. */
static const char zNamingNothing[] = "rows";

/* ------------------------------------------------------------------ words */

static int namingIsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || (u8)c >= 0x80;
}

static int namingIsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}

/* z as a name that needs no quotes: OrderDetails for Order Details. */
static const char *namingClean(AssocCall *pCall, AssocArena *pArena,
                               const char *z) {
  char *zOut = assocArenaText(pCall, pArena, z, -1);
  int i, n = 0;
  if (zOut == 0) return "";
  for (i = 0; zOut[i]; i++) {
    if (zOut[i] == '\'') continue; /* Part of a word */
    zOut[n++] = namingIsWord(zOut[i]) ? zOut[i] : ' ';
  }
  zOut[n] = 0;
  if (strchr(zOut, ' ')) {
    int bCamel = 0;
    for (i = 0; zOut[i]; i++) bCamel |= namingIsUpper(zOut[i]);
    while (i > 0 && zOut[i - 1] == ' ') zOut[--i] = 0;
    while (zOut[0] == ' ') zOut++;
    zOut = bCamel ? assocCamelize(pCall, pArena, zOut, "")
                  : assocUnderscore(pCall, pArena, zOut);
  }
  if (zOut == 0 || zOut[0] == 0) return zNamingNothing;
  if (zOut[0] >= '0' && zOut[0] <= '9') {
    zOut = assocArenaPrintf(pCall, pArena, "_%s", zOut);
  }
  return zOut ? zOut : "";
}

/* z with a first letter that is a capital if that of zLike is. */
static const char *namingCap(AssocCall *pCall, AssocArena *pArena,
                             const char *z, const char *zLike) {
  char *zOut;
  if (!namingIsUpper(zLike[0]) || z[0] < 'a' || z[0] > 'z') return z;
  zOut = assocArenaText(pCall, pArena, z, -1);
  if (zOut == 0) return "";
  zOut[0] = (char)(zOut[0] - 'a' + 'A');
  return zOut;
}

/* Two words as one: sent_messages, SentMessages. */
static const char *namingJoin(AssocCall *pCall, AssocArena *pArena,
                              const char *zA, const char *zB) {
  const char *z;
  if (assocIsSnake(zA) && assocIsSnake(zB)) {
    z = assocArenaPrintf(pCall, pArena, "%s_%s", zA, zB);
  } else {
    z = assocCamelize(pCall, pArena, zA, zB);
  }
  return z ? z : "";
}

/* The i-th way to tell z from others of the name: z_2, z_3. */
static const char *namingNumber(AssocCall *pCall, AssocArena *pArena,
                                const char *z, int i) {
  z = assocArenaPrintf(pCall, pArena, "%s_%d", z, i + 2);
  return z ? z : "";
}

static const char *namingSnake(AssocCall *pCall, AssocArena *pArena,
                               const char *z) {
  z = assocUnderscore(pCall, pArena, z);
  return z ? z : "";
}

/* ------------------------------------------------------------------- stem */

/*
** The length that is left of z, of n, without zWord at its end, where that
** is a word: author_id, authorId, but not paid. n if it is not, or is all.
*/
static int namingTrimEnd(const char *z, int n, const char *zWord) {
  int nWord = (int)strlen(zWord), nLeft = n - nWord;
  if (nWord == 0 || nLeft <= 0) return n;
  if (sqlite3_strnicmp(&z[nLeft], zWord, nWord) != 0) return n;
  if (namingIsWord(z[nLeft - 1]) && z[nLeft - 1] != '_' &&
      (namingIsUpper(z[nLeft - 1]) || !namingIsUpper(z[nLeft]))) {
    return n;
  }
  while (nLeft > 0 && (!namingIsWord(z[nLeft - 1]) || z[nLeft - 1] == '_')) {
    nLeft--;
  }
  return nLeft ? nLeft : n;
}

/* The same for the beginning: where z goes on behind fk_, id_. */
static const char *namingTrimStart(const char *z, int n, const char *zWord) {
  int i = (int)strlen(zWord);
  if (n <= i || sqlite3_strnicmp(z, zWord, i) != 0) return z;
  if (namingIsWord(z[i]) && z[i] != '_' &&
      (!namingIsUpper(z[i]) || namingIsUpper(z[i - 1]))) {
    return z;
  }
  while (i < n && (!namingIsWord(z[i]) || z[i] == '_')) i++;
  return i < n ? &z[i] : z;
}

/* A column without what only says that it is a key to zRef. */
static const char *namingStemOf(AssocCall *pCall, AssocArena *pArena,
                                const char *zCol, const char *zRef) {
  static const char *const azKey[] = {"id",   "fk",   "key", "ref",
                                      "uuid", "guid", "pk"};
  int i, n = namingTrimEnd(zCol, (int)strlen(zCol), zRef);
  for (i = 0; i < ASSOC_COUNT(azKey); i++) {
    int nLess = namingTrimEnd(zCol, n, azKey[i]);
    if (nLess < n) i = -1; /* There may be more: author_id_fk */
    n = nLess;
  }
  for (i = 0; i < 2; i++) {
    const char *z = namingTrimStart(zCol, n, azKey[i]);
    n -= (int)(z - zCol);
    zCol = z;
  }
  zCol = assocArenaText(pCall, pArena, zCol, n);
  return zCol ? namingClean(pCall, pArena, zCol) : "";
}

static const char *namingSingular(AssocCall *pCall, AssocArena *pArena,
                                  const AssocModel *pModel) {
  const char *z = namingClean(pCall, pArena, pModel->zName);
  z = assocSingularize(pCall, pArena, z);
  return z ? z : "";
}

static const char *namingPlural(AssocCall *pCall, AssocArena *pArena,
                                const char *z) {
  z = assocPluralize(pCall, pArena, namingClean(pCall, pArena, z));
  return z ? z : "";
}

/* Is zStem the name of the model, or its last words: user of app_users? */
static int namingIsOwn(AssocCall *pCall, AssocArena *pArena, const char *zStem,
                       const char *zModel) {
  const char *zA = namingSnake(pCall, pArena, zStem);
  const char *zB = namingSnake(pCall, pArena, zModel);
  int nMore = (int)strlen(zB) - (int)strlen(zA);
  if (nMore < 0 || strcmp(&zB[nMore], zA) != 0) return 0;
  return nMore == 0 || zB[nMore - 1] == '_';
}

/*
** A column that is called as the one it references says nothing of what the
** other row is to this one: CustomerID, or tenant_id in a composite key.
*/
void assocNamingStart(AssocCall *pCall, AssocArena *pArena, AssocNaming *p) {
  const char *zOwn = namingSingular(pCall, pArena, p->pParent);
  int i;
  p->zStem = 0;
  for (i = 0; i < p->nCol && pCall->rc == SQLITE_OK; i++) {
    const char *zCol = p->pChild->pTable->aCol[p->aCol[i]].zName;
    const char *zRef = p->pParent->pTable->aCol[p->aRef[i]].zName;
    if (sqlite3_stricmp(zCol, zRef) == 0) continue;
    p->zStem = namingStemOf(pCall, pArena, zCol, zRef);
  }
  if (p->zStem == 0) p->zStem = zOwn;
  p->bOwn = (u8)namingIsOwn(pCall, pArena, p->zStem, zOwn);
  p->bSelf = p->pChild == p->pParent;
}

/* ------------------------------------------------------------- candidates */

static const NamingRole *namingRole(AssocCall *pCall, AssocArena *pArena,
                                    const AssocNaming *p) {
  const char *z = namingSnake(pCall, pArena, p->zStem);
  int i;
  for (i = 0; i < ASSOC_COUNT(aNamingRole); i++) {
    const NamingRole *pRole = &aNamingRole[i];
    if (strcmp(pRole->zStem, z) == 0 && pRole->bSelf <= p->bSelf) return pRole;
  }
  return 0;
}

const char *assocNameOne(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry) {
  const NamingRole *pRole = namingRole(pCall, pArena, p);
  const char *zOwn = namingSingular(pCall, pArena, p->pParent);
  switch (iTry) {
  case 0:
    if (pRole == 0 || pRole->zOne == 0) return p->zStem;
    return namingCap(pCall, pArena, pRole->zOne, p->zStem);
  case 1:
    if (p->bOnly && !p->bSelf) return zOwn;
    return namingJoin(pCall, pArena, p->zStem, zOwn);
  case 2: return namingJoin(pCall, pArena, p->zStem, zOwn);
  }
  return namingNumber(pCall, pArena, p->zStem, iTry - 3);
}

/* What stands before the plural: home of home_team, created of created_by.
** 0 if there is no such thing. */
static const char *namingPart(AssocCall *pCall, AssocArena *pArena,
                              const AssocNaming *p) {
  const NamingRole *pRole = namingRole(pCall, pArena, p);
  const char *zOwn = namingSingular(pCall, pArena, p->pParent);
  int n = (int)strlen(p->zStem), nPart;
  if (pRole && !pRole->bSelf) return pRole->zPart;
  nPart = namingTrimEnd(p->zStem, n, "by");
  if (nPart == n) nPart = namingTrimEnd(p->zStem, n, zOwn);
  return nPart < n ? assocArenaText(pCall, pArena, p->zStem, nPart) : 0;
}

/* Of several keys to one table, the rows that have this one. */
static const char *namingQualified(AssocCall *pCall, AssocArena *pArena,
                                   const AssocNaming *p, const char *zMany,
                                   int bPart) {
  const char *zPart = bPart ? namingPart(pCall, pArena, p) : 0;
  const char *z;
  if (zPart) {
    zPart = namingCap(pCall, pArena, zPart, zMany);
    return namingJoin(pCall, pArena, zPart, zMany);
  }
  z = namingJoin(pCall, pArena, zMany, "as");
  return namingJoin(pCall, pArena, z, p->zStem);
}

const char *assocNameHas(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry) {
  const NamingRole *pRole = namingRole(pCall, pArena, p);
  const char *zMany = p->pChild->zName;
  const char *zSelf = pRole && pRole->bSelf ? pRole->zPart : 0;
  zMany = p->bUnique ? namingSingular(pCall, pArena, p->pChild)
                     : namingPlural(pCall, pArena, zMany);
  if (p->bSelf && p->bOwn) zSelf = "children";
  if (zSelf && p->bUnique) zSelf = assocSingularize(pCall, pArena, zSelf);
  switch (iTry) {
  case 0:
    if (zSelf) return namingCap(pCall, pArena, zSelf, zMany);
    if (p->bPlain && !p->bSelf) return zMany;
    return namingQualified(pCall, pArena, p, zMany, 1);
  case 1: return namingQualified(pCall, pArena, p, zMany, 1);
  case 2: return namingQualified(pCall, pArena, p, zMany, 0);
  }
  return namingNumber(pCall, pArena, zMany, iTry - 3);
}

/*
** The rows behind a join table: named after the key that leads to them if
** that says more than their table does, as follower_id does; else after the
** table, if that name is theirs, or with the join table.
*/
const char *assocNameMany(AssocCall *pCall, AssocArena *pArena,
                          const AssocNaming *pOther, int bPlain, int iTry) {
  const char *zMany = namingPlural(pCall, pArena, pOther->pParent->zName);
  const char *z;
  if (iTry == 0 && !pOther->bOwn) {
    return namingPlural(pCall, pArena, pOther->zStem);
  }
  if (iTry == 0 && bPlain) return zMany;
  z = namingPlural(pCall, pArena, pOther->pChild->zName);
  z = namingJoin(pCall, pArena, namingJoin(pCall, pArena, zMany, "through"), z);
  return iTry < 2 ? z : namingNumber(pCall, pArena, z, iTry - 2);
}
