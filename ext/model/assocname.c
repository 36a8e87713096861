/*
** Names that a person would choose for the associations over a foreign key.
**
** For messages(sender_id, recipient_id), both referencing users:
**
**   message.sender, message.recipient        the column without its "id"
**   user.sent_messages, received_messages    from the role of the column
**
** Each function returns a series of candidates without end, and the caller
** takes the first that is free. The style follows the words that a name is made
** of: sent_messages, SentMessages.
*/
#include "model/model.h"

/*
** Words with a known role. zOne replaces the word in the name of a to-one.
** zPart comes before the plural, or is itself the name of a to-many from a
** table to itself.
*/
typedef struct NamingRole NamingRole;
struct NamingRole {
  const char *zStem; /* The word in snake case */
  const char *zOne;  /* 0: the word itself */
  const char *zPart; /* "sent" of sender; "subordinates" of manager */
  u8 bSelf;          /* Applies only from a table to itself */
  u8 bAside;         /* Names an owner or leader, beside members */
};
static const NamingRole aNamingRole[] = {
    {"parent", 0, "children", 1, 0},
    {"manager", 0, "subordinates", 1, 0},
    {"supervisor", 0, "subordinates", 1, 0},
    {"boss", 0, "subordinates", 1, 0},
    {"reports_to", "manager", "subordinates", 1, 0},
    {"reply_to", 0, "replies", 1, 0},
    {"in_reply_to", 0, "replies", 1, 0},
    {"original", 0, "copies", 1, 0},
    {"mentor", 0, "mentees", 1, 0},
    {"referrer", 0, "referrals", 1, 0},
    {"referred_by", "referrer", "referrals", 1, 0},
    {"predecessor", 0, "successors", 1, 0},
    {"author", 0, "authored", 0, 0},
    {"editor", 0, "edited", 0, 0},
    {"creator", 0, "created", 0, 1},
    {"created_by", "creator", "created", 0, 1},
    {"updater", 0, "updated", 0, 0},
    {"updated_by", "updater", "updated", 0, 0},
    {"owner", 0, "owned", 0, 1},
    {"owned_by", "owner", "owned", 0, 1},
    {"sender", 0, "sent", 0, 0},
    {"sent_by", "sender", "sent", 0, 0},
    {"recipient", 0, "received", 0, 0},
    {"receiver", 0, "received", 0, 0},
    {"assignee", 0, "assigned", 0, 0},
    {"assigned_to", "assignee", "assigned", 0, 0},
    {"reviewer", 0, "reviewed", 0, 0},
    {"reviewed_by", "reviewer", "reviewed", 0, 0},
    {"approver", 0, "approved", 0, 0},
    {"approved_by", "approver", "approved", 0, 0},
    {"reporter", 0, "reported", 0, 0},
    {"seller", 0, "sold", 0, 0},
    {"buyer", 0, "bought", 0, 0},
    {"source", 0, "outgoing", 0, 0},
    {"from", 0, "outgoing", 0, 0},
    {"origin", 0, "outgoing", 0, 0},
    {"target", 0, "incoming", 0, 0},
    {"to", 0, "incoming", 0, 0},
    {"destination", 0, "incoming", 0, 0},
    {"root", 0, "descendants", 1, 0},
    {"manager", 0, "managed", 0, 1},
    {"leader", 0, "led", 0, 1},
    {"organizer", 0, "organized", 0, 1},
    {"moderator", 0, "moderated", 0, 1},
    {"host", 0, "hosted", 0, 1},
    {"uploader", 0, "uploaded", 0, 0},
    {"uploaded_by", "uploader", "uploaded", 0, 0},
    {"invited_by", "inviter", "invited", 0, 0},
    {"deleted_by", "deleter", "deleted", 0, 0},
    {"assigned_by", "assigner", "assigned", 0, 0},
    {"publisher", 0, "published", 0, 0},
    {"poster", 0, "posted", 0, 0},
};

/* The name if nothing usable is left. */
static const char zNamingNothing[] = "rows";

/* ------------------------------------------------------------------ words */

/* z as a name that needs no quotes: Order Details → OrderDetails. */
static const char *namingClean(AssocCall *pCall, AssocArena *pArena,
                               const char *z) {
  char *zOut = assocArenaText(pCall, pArena, z, -1);
  int i, n = 0;
  if (zOut == 0) return "";
  for (i = 0; zOut[i]; i++) {
    if (zOut[i] == '\'') continue; /* Part of a word */
    zOut[n++] = assocIsName(zOut[i]) ? zOut[i] : ' ';
  }
  zOut[n] = 0;
  if (strchr(zOut, ' ')) {
    int bCamel = 0;
    for (i = 0; zOut[i]; i++) bCamel |= assocIsUpper(zOut[i]);
    while (i > 0 && zOut[i - 1] == ' ') zOut[--i] = 0;
    while (zOut[0] == ' ') zOut++;
    zOut = bCamel ? assocCamelize(pCall, pArena, zOut, "")
                  : assocUnderscore(pCall, pArena, zOut);
  }
  if (zOut == 0 || zOut[0] == 0) return zNamingNothing;
  if (assocIsDigit(zOut[0])) {
    zOut = assocArenaPrintf(pCall, pArena, "_%s", zOut);
  }
  return zOut ? zOut : "";
}

/* z, with a capital first letter if zLike has one. */
static const char *namingCap(AssocCall *pCall, AssocArena *pArena,
                             const char *z, const char *zLike) {
  char *zOut;
  if (!assocIsUpper(zLike[0]) || !assocIsLower(z[0])) return z;
  zOut = assocArenaText(pCall, pArena, z, -1);
  if (zOut == 0) return "";
  zOut[0] = (char)(zOut[0] - 'a' + 'A');
  return zOut;
}

/* Join two words: sent_messages, SentMessages. */
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

/* Number i to tell z from others: z_2, z_3. */
static const char *namingNumber(AssocCall *pCall, AssocArena *pArena,
                                const char *z, int i) {
  assert(i >= 0);
  z = assocArenaPrintf(pCall, pArena, "%s_%d", z, i + 2);
  return z ? z : "";
}

/* Never 0, so callers need no check; after an error the text is empty. */
static const char *namingSnake(AssocCall *pCall, AssocArena *pArena,
                               const char *z) {
  z = assocUnderscore(pCall, pArena, z);
  return z ? z : "";
}

/* The beginning as camelCase has it. */
static const char *namingLowerFirst(AssocCall *pCall, AssocArena *pArena,
                                    const char *z) {
  char *zOut = assocArenaText(pCall, pArena, z, -1);
  int i;
  if (zOut == 0) return "";
  for (i = 0; assocIsUpper(zOut[i]); i++) { /* URLPath → urlPath */
    if (i && assocIsLower(zOut[i + 1])) break;
    zOut[i] = (char)(zOut[i] - 'A' + 'a');
  }
  return zOut;
}

/* z in the style of the schema. */
static const char *namingStyle(AssocCall *pCall, AssocArena *pArena,
                               const AssocNaming *p, const char *z) {
  if (p->eStyle == ASSOC_STYLE_NONE || pCall->rc != SQLITE_OK) return z;
  if (p->eStyle == ASSOC_STYLE_SNAKE) return namingSnake(pCall, pArena, z);
  if (z[0] != '_') {
    z = assocCamelize(pCall, pArena, z, "");
    if (z == 0) return "";
  }
  if (p->eStyle == ASSOC_STYLE_CAMEL) return namingLowerFirst(pCall, pArena, z);
  return namingCap(pCall, pArena, z, "A");
}

/* The start of the last word of z. */
static int namingLastWord(const char *z) {
  int i = (int)strlen(z);
  while (i > 0 && z[i - 1] != '_' &&
         (!assocIsUpper(z[i - 1]) || !assocIsLower(z[i]))) {
    i--;
  }
  return i && assocIsUpper(z[i - 1]) ? i - 1 : i;
}

/* Does the last word of a table's name have no other form? event_data and
** spatial_ref_sys; or a participle behind a plural: fieldsCombined. */
static int namingIsFixed(AssocCall *pCall, AssocArena *pArena, const char *z) {
  static const char *const az[] = {"data", "metadata", "media", "staff",
                                   "sys",  "meta",     "info",  "following"};
  int i, iLast = namingLastWord(z), n = (int)strlen(z);
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_stricmp(&z[iLast], az[i]) == 0) return 1;
  }
  if (n > 5 && (sqlite3_stricmp(&z[n - 4], "data") == 0 ||
                sqlite3_stricmp(&z[n - 4], "meta") == 0)) {
    return 1;
  }
  if (n - iLast < 5 || sqlite3_stricmp(&z[n - 2], "ed") != 0) return 0;
  if (iLast > 1) {
    const char *zHead = assocArenaText(pCall, pArena, z,
                                       z[iLast - 1] == '_' ? iLast - 1 : iLast);
    const char *zOne = assocSingularize(pCall, pArena, zHead);
    return zOne && strcmp(zOne, zHead) != 0;
  }
  return 0;
}

/* ------------------------------------------------------------------- stem */

/*
** The length of z, which has n bytes, without the word zWord at its end:
** author_id, authorId, but not paid. n if z does not end in that word, or is
** that word.
*/
static int namingTrimEnd(const char *z, int n, const char *zWord) {
  int nWord = (int)strlen(zWord), nLeft = n - nWord;
  if (nWord == 0 || nLeft <= 0) return n;
  if (sqlite3_strnicmp(&z[nLeft], zWord, nWord) != 0) return n;
  if (assocIsName(z[nLeft - 1]) && z[nLeft - 1] != '_' &&
      (assocIsUpper(z[nLeft - 1]) || !assocIsUpper(z[nLeft]))) {
    return n;
  }
  while (nLeft > 0 && (!assocIsName(z[nLeft - 1]) || z[nLeft - 1] == '_')) {
    nLeft--;
  }
  return nLeft ? nLeft : n;
}

/* The same at the beginning: the rest of z behind fk_ or id_. */
static const char *namingTrimStart(const char *z, int n, const char *zWord) {
  int i = (int)strlen(zWord);
  if (n <= i || sqlite3_strnicmp(z, zWord, i) != 0) return z;
  if (assocIsName(z[i]) && z[i] != '_' &&
      (!assocIsUpper(z[i]) || assocIsUpper(z[i - 1]))) {
    return z;
  }
  while (i < n && (!assocIsName(z[i]) || z[i] == '_')) i++;
  return i < n ? &z[i] : z;
}

/* Words that only say that a column is a key. The first two also stand before
** the name: fk_author. */
static const char *const azNamingKey[] = {"id",   "fk",   "key", "ref", "ptr",
                                          "uuid", "guid", "pk",  "row"};

/* Is z one of them and nothing else? */
static int namingIsKey(const char *z) {
  int i;
  for (i = 0; i < ASSOC_COUNT(azNamingKey); i++) {
    if (sqlite3_stricmp(z, azNamingKey[i]) == 0) return 1;
  }
  return 0;
}

/* A column's name without the parts that only say that it is a key of zRef. */
static const char *namingStemOf(AssocCall *pCall, AssocArena *pArena,
                                const char *zCol, const char *zRef) {
  int i, n = (int)strlen(zCol);
  if (zRef) n = namingTrimEnd(zCol, n, zRef);
  for (i = 0; i < ASSOC_COUNT(azNamingKey); i++) {
    int nLess = namingTrimEnd(zCol, n, azNamingKey[i]);
    if (nLess < n) i = -1; /* There may be more: author_id_fk */
    n = nLess;
  }
  for (i = 0; i < 2; i++) {
    const char *z = namingTrimStart(zCol, n, azNamingKey[i]);
    n -= (int)(z - zCol);
    zCol = z;
  }
  zCol = assocArenaText(pCall, pArena, zCol, n);
  return zCol ? namingClean(pCall, pArena, zCol) : "";
}

/* Words that must not change, such as "news", are returned as they are. */
static const char *namingSingular(AssocCall *pCall, AssocArena *pArena,
                                  const char *z) {
  z = namingClean(pCall, pArena, z);
  if (namingIsFixed(pCall, pArena, z)) return z;
  z = assocSingularize(pCall, pArena, z);
  return z ? z : "";
}

/* The same for the plural. */
static const char *namingPlural(AssocCall *pCall, AssocArena *pArena,
                                const char *z) {
  z = namingClean(pCall, pArena, z);
  if (namingIsFixed(pCall, pArena, z)) return z;
  z = assocPluralize(pCall, pArena, z);
  return z ? z : "";
}

/* Is zStem the model's name, or its last words? user for app_users is. */
static int namingIsOwn(AssocCall *pCall, AssocArena *pArena, const char *zStem,
                       const char *zModel) {
  const char *zA = namingSnake(pCall, pArena, zStem);
  const char *zB = namingSnake(pCall, pArena, zModel);
  int nMore = (int)strlen(zB) - (int)strlen(zA);
  if (nMore < 0 || strcmp(&zB[nMore], zA) != 0) return 0;
  return nMore == 0 || zB[nMore - 1] == '_';
}

/* A column's name without the first word that most columns of its table share:
** rev_page → page. But img_id stays: "id" alone names nothing. */
static const char *namingTrimTable(const AssocTable *pTab, const char *zCol) {
  int i, n, nSame = 0;
  for (n = 0; zCol[n] && zCol[n] != '_'; n++) {
  }
  if (n == 0 || zCol[n] == 0 || zCol[n + 1] == 0) return zCol;
  for (i = 0; i < pTab->nCol; i++) {
    nSame += sqlite3_strnicmp(pTab->aCol[i].zName, zCol, n + 1) == 0;
  }
  if (nSame < 3 || nSame * 2 < pTab->nCol || namingIsKey(&zCol[n + 1])) {
    return zCol;
  }
  return &zCol[n + 1];
}

/* The name that column i of the key gives the other row. 0 if it says no more
** than the other table's name: a column with the name of the column that it
** references, CustomerID. */
static const char *namingStemColumn(AssocCall *pCall, AssocArena *pArena,
                                    const AssocNaming *p, int i) {
  const AssocTable *pTab = p->pChild->pTable;
  const char *zCol = pTab->aCol[p->aCol[i]].zName;
  const char *zRef = p->pParent->pTable->aCol[p->aRef[i]].zName;
  const char *zOwn = namingSingular(pCall, pArena, p->zParent);
  const char *zLess = namingTrimTable(pTab, zCol);
  if (p->cLetter && zLess == zCol && zCol[0] == p->cLetter && zCol[1]) {
    zLess = zCol + 1;
  }
  if (sqlite3_stricmp(zCol, zRef) == 0) return 0;
  if (namingIsOwn(pCall, pArena, namingStemOf(pCall, pArena, zRef, 0), zOwn)) {
    zRef = 0; /* language_id: its words are the table's */
  }
  if (p->pChild->zName[0] == '_' &&
      (strcmp(zCol, "A") == 0 || strcmp(zCol, "B") == 0)) {
    return 0; /* Prisma's _RoleToUser(A, B) */
  }
  return namingStemOf(pCall, pArena, zLess, zRef);
}

/* The stem is what the columns of the key say of the parent: "author" in
** author_id. If they say nothing, it is the parent's own name. bOwn: the stem
** is the parent's name, so it adds nothing to it. */
void assocNamingStart(AssocCall *pCall, AssocArena *pArena, AssocNaming *p) {
  const char *zOwn;
  int i;
  assert(p->pChild && p->pParent && p->nCol > 0);
  if (p->zChild == 0) p->zChild = p->pChild->zName;
  if (p->zParent == 0) p->zParent = p->pParent->zName;
  zOwn = namingSingular(pCall, pArena, p->zParent);
  p->zStem = 0;
  for (i = 0; i < p->nCol && pCall->rc == SQLITE_OK; i++) {
    const char *zStem = namingStemColumn(pCall, pArena, p, i);
    if (zStem) p->zStem = zStem;
  }
  if (p->zStem == 0) p->zStem = zOwn;
  p->bOwn = (u8)namingIsOwn(pCall, pArena, p->zStem, zOwn);
  p->bSelf = p->pChild == p->pParent;
}

/* ------------------------------------------------------------- candidates */

/* The role with this word, or 0. */
static const NamingRole *namingRoleOf(AssocCall *pCall, AssocArena *pArena,
                                      const char *zStem, int bSelf) {
  const char *z = namingSnake(pCall, pArena, zStem);
  int i;
  for (i = 0; i < ASSOC_COUNT(aNamingRole); i++) {
    const NamingRole *pRole = &aNamingRole[i];
    if (strcmp(pRole->zStem, z) == 0 && pRole->bSelf <= bSelf) return pRole;
  }
  return 0;
}

/* The stem without the parent's own name at its end: parent_folder → parent,
** home_team → home. 0 if it does not end so. */
static const char *namingLess(AssocCall *pCall, AssocArena *pArena,
                              const AssocNaming *p) {
  const char *zOwn = namingSingular(pCall, pArena, p->zParent);
  int n = (int)strlen(p->zStem);
  int nLess = namingTrimEnd(p->zStem, n, zOwn);
  return nLess < n ? assocArenaText(pCall, pArena, p->zStem, nLess) : 0;
}

/* The role of the stem, with or without the parent's own name. */
static const NamingRole *namingRole(AssocCall *pCall, AssocArena *pArena,
                                    const AssocNaming *p) {
  const NamingRole *pRole = namingRoleOf(pCall, pArena, p->zStem, p->bSelf);
  const char *zLess = pRole ? 0 : namingLess(pCall, pArena, p);
  if (zLess) pRole = namingRoleOf(pCall, pArena, zLess, p->bSelf);
  return pRole;
}

/* A key such as owner_id names one person beside the members of a group. */
int assocNamingIsAside(AssocCall *pCall, AssocArena *pArena,
                       const AssocNaming *p) {
  const NamingRole *pRole = namingRole(pCall, pArena, p);
  return pRole && pRole->bAside;
}

/* Candidate iTry for the child's belongsTo, before the style is applied. */
static const char *nameOne(AssocCall *pCall, AssocArena *pArena,
                           const AssocNaming *p, int iTry) {
  const NamingRole *pRole = namingRoleOf(pCall, pArena, p->zStem, p->bSelf);
  const char *zOwn = namingSingular(pCall, pArena, p->zParent);
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

/* iTry counts up while the name is taken; each try gives a longer name. */
const char *assocNameOne(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry) {
  assert(p->zStem && iTry >= 0);
  return namingStyle(pCall, pArena, p, nameOne(pCall, pArena, p, iTry));
}

/* The word before the plural: home of home_team, created of created_by. 0 if
** there is none. */
static const char *namingPart(AssocCall *pCall, AssocArena *pArena,
                              const AssocNaming *p) {
  const NamingRole *pRole = namingRole(pCall, pArena, p);
  int n = (int)strlen(p->zStem), nPart;
  if (pRole && !pRole->bSelf) return pRole->zPart;
  nPart = namingTrimEnd(p->zStem, n, "by");
  if (nPart < n) return assocArenaText(pCall, pArena, p->zStem, nPart);
  return namingLess(pCall, pArena, p);
}

/* The name of the rows with this key, if there are several keys to one table:
** sent_messages, or messages_as_sender. */
static const char *namingQualified(AssocCall *pCall, AssocArena *pArena,
                                   const AssocNaming *p, const char *zMany,
                                   int bPart) {
  const char *zPart = bPart ? namingPart(pCall, pArena, p) : 0;
  const char *z;
  int n = zPart ? (int)strlen(zPart) : 0;
  if (n && sqlite3_strnicmp(zMany, zPart, n) == 0 &&
      (zMany[n] == '_' || assocIsUpper(zMany[n]))) {
    return zMany; /* mod_bans, not mod_mod_bans */
  }
  if (zPart) {
    zPart = namingCap(pCall, pArena, zPart, zMany);
    return namingJoin(pCall, pArena, zPart, zMany);
  }
  z = namingJoin(pCall, pArena, zMany, "as");
  return namingJoin(pCall, pArena, z, p->zStem);
}

/* Candidate iTry for the parent's hasOne or hasMany. */
static const char *nameHas(AssocCall *pCall, AssocArena *pArena,
                           const AssocNaming *p, int iTry) {
  const NamingRole *pRole = namingRole(pCall, pArena, p);
  const char *zMany = p->zChild;
  const char *zSelf = pRole && pRole->bSelf ? pRole->zPart : 0;
  zMany = p->bUnique ? namingSingular(pCall, pArena, zMany)
                     : namingPlural(pCall, pArena, zMany);
  if (p->bSelf && p->bOwn) zSelf = "children";
  if (zSelf && p->bUnique) zSelf = assocSingularize(pCall, pArena, zSelf);
  switch (iTry) {
  case 0:
    if (zSelf) return namingCap(pCall, pArena, zSelf, zMany);
    if (p->bPlain && !p->bSelf && !p->bAside) return zMany;
    return namingQualified(pCall, pArena, p, zMany, 1);
  case 1: return namingQualified(pCall, pArena, p, zMany, 1);
  case 2: return namingQualified(pCall, pArena, p, zMany, 0);
  }
  return namingNumber(pCall, pArena, zMany, iTry - 3);
}

/* As assocNameOne(), for the other side. */
const char *assocNameHas(AssocCall *pCall, AssocArena *pArena,
                         const AssocNaming *p, int iTry) {
  assert(p->zStem && iTry >= 0);
  return namingStyle(pCall, pArena, p, nameHas(pCall, pArena, p, iTry));
}

/* Is the join table a membership, and does the other key name people?
** team_members(team_id, user_id). */
static int namingIsMember(AssocCall *pCall, AssocArena *pArena,
                          const AssocNaming *pOther) {
  static const char *const azPeople[] = {"user",    "account",  "person",
                                         "player",  "employee", "profile",
                                         "contact", "customer", "student"};
  const char *zJoin = namingSingular(pCall, pArena, pOther->zChild);
  const char *zOwn = namingSingular(pCall, pArena, pOther->zParent);
  int i;
  zJoin = &zJoin[namingLastWord(zJoin)];
  if (sqlite3_stricmp(zJoin, "member") &&
      sqlite3_stricmp(zJoin, "membership")) {
    return 0;
  }
  zOwn = &zOwn[namingLastWord(zOwn)];
  for (i = 0; i < ASSOC_COUNT(azPeople); i++) {
    if (sqlite3_stricmp(zOwn, azPeople[i]) == 0) return 1;
  }
  return 0;
}

/* followed, shared_with: a verb's form, also before a preposition, has no
** plural. */
static int namingIsPast(const char *zStem) {
  static const char *const az[] = {"by", "with", "to", "from", "of", "for"};
  int i, n = (int)strlen(zStem), nLess = n;
  for (i = 0; i < ASSOC_COUNT(az) && nLess == n; i++) {
    nLess = namingTrimEnd(zStem, n, az[i]);
  }
  return nLess > 4 && sqlite3_strnicmp(&zStem[nLess - 2], "ed", 2) == 0;
}

/*
** The name of the rows behind a join table: from the key that leads to them if
** that says more than their table's name (follower_id); else their table's
** name, if it is free; else with the join table's name. For friends(person_id,
** friend_id) the other side is friend_of.
*/
static const char *nameMany(AssocCall *pCall, AssocArena *pArena,
                            const AssocNaming *p, const AssocNaming *pOther,
                            int bPlain, int iTry) {
  const char *zMany = namingPlural(pCall, pArena, pOther->zParent);
  const char *z;
  if (iTry == 0 && !pOther->bOwn) {
    if (namingLess(pCall, pArena, pOther) == 0 && namingIsPast(pOther->zStem)) {
      return pOther->zStem;
    }
    return namingPlural(pCall, pArena, pOther->zStem);
  }
  if (iTry == 0 && !p->bOwn && p->pParent == pOther->pParent) {
    z = assocSingularize(pCall, pArena, p->zStem);
    return z ? namingJoin(pCall, pArena, z, "of") : "";
  }
  if (iTry == 0 && namingIsMember(pCall, pArena, pOther)) {
    return namingCap(pCall, pArena, "members", zMany);
  }
  if (iTry < 2 && bPlain) return zMany;
  z = namingPlural(pCall, pArena, pOther->zChild);
  z = namingJoin(pCall, pArena, namingJoin(pCall, pArena, zMany, "through"), z);
  return iTry < 3 ? z : namingNumber(pCall, pArena, z, iTry - 3);
}

/* bPlain: no other join table connects the two, so the short name is clear. */
const char *assocNameMany(AssocCall *pCall, AssocArena *pArena,
                          const AssocNaming *p, const AssocNaming *pOther,
                          int bPlain, int iTry) {
  assert(p->zStem && pOther->zStem && iTry >= 0);
  return namingStyle(pCall, pArena, p,
                     nameMany(pCall, pArena, p, pOther, bPlain, iTry));
}
