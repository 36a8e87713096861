/*
** What the name of a column says for a table that it may reference.
**
** Names are read as words: fixed_version_id, fixedVersionId and fixedversionid
** are fixed, version and id. Words are singular, and equal words are one
** object, so that names compare by pointers. id, fk and the like only mark a
** key; the words that are left are the core, which is compared with the words
** of tables:
**
**   EXACT   author_id               authors
**   SAME    idFile                  files(idFile): the key has that name
**   CHILD   issues.category_id      issue_categories
**   SUFFIX  last_post_user_id       users
**   HEAD    issue_from_id           issues
**   SELF    parent_id               its own table
**   TAIL    page_id                 wiki_pages
**   PERSON  created_by              users, accounts, people
**   CLASS   priority_id             enumerations with a type IssuePriority
**   LAST    default_status_id       issue_statuses
**   SHORT   repo_id, nid            repositories, notes
**
** A prefix that tables share (wp_posts, auth_user), and a letter that all
** names begin with (ZNOTE), are left aside. Nothing of this looks at rows,
** except for the classes.
*/
#include "look/guess.h"

const char *const azAssocGuessWhy[] = {
    "",
    "its name",
    "its name is that of the key",
    "its name",
    "its name",
    "its name",
    "its name is a role",
    "its name",
    "its name is a role",
    "its name is that of a type there",
    "its name",
    "its name is short for it",
    "it looks like a key",
    "the name of its table",
};

/* How sure each kind is before the values, in hundredths. */
static const u8 aGuessSure[] = {0,  70, 70, 65, 60, 55, 55,
                                50, 50, 45, 40, 40, 20};

/* Is z one of these words? */
static int nameIn(const char *z, const char *const *az, int n) {
  int i;
  for (i = 0; i < n; i++) {
    if (strcmp(az[i], z) == 0) return 1;
  }
  return 0;
}
#define NAME_IN(z, az) nameIn(z, az, ASSOC_COUNT(az))

/* Words that mark a key at its end, and one that does at its start. */
static const char *const azNameMark[] = {"id",   "fk",   "ref",  "row",
                                         "uuid", "guid", "pk",   "key",
                                         "ptr",  "oid",  "code", "rowid"};
/* A table of its own name has the key called so. */
static const char *const azNameGeneric[] = {
    "id",   "_id",  "key",  "name",    "uuid",  "guid",  "pk",  "code",
    "hash", "z_pk", "fid",  "title",   "value", "rowid", "oid", "uid",
    "type", "slug", "path", "version", "date",  "tag",   "url", "email"};
/* Behind a table's name, which of two keys it is. */
static const char *const azNameDirection[] = {
    "from", "to",     "old",  "new",      "a",  "b",   "src",  "dst",
    "next", "source", "prev", "previous", "in", "out", "left", "right"};
/* Rows of the same table. */
static const char *const azNameSelf[] = {"parent", "root",        "ancestor",
                                         "reply",  "predecessor", "successor",
                                         "fork",   "copy",        "duplicate"};
/* People, and which tables hold them. */
static const char *const azNamePerson[] = {
    "author",    "owner",     "creator",   "editor",    "assignee",
    "poster",    "publisher", "reporter",  "reviewer",  "approver",
    "sender",    "receiver",  "recipient", "manager",   "supervisor",
    "moderator", "follower",  "following", "followee",  "member",
    "customer",  "seller",    "buyer",     "student",   "teacher",
    "employee",  "boss",      "user",      "person",    "uploader",
    "inviter",   "invitee",   "referrer",  "guest",     "host",
    "leader",    "admin",     "operator",  "organizer", "assigned",
    "player",    "winner",    "contact",   "requester", "responder",
    "driver",    "patient",   "doctor",    "client",    "subscriber",
    "voter",     "commenter", "writer",    "reader",    "liker",
    "friend",    "blocker",   "blocked",   "staff",     "agent"};
static const char *const azNamePeople[] = {
    "user",      "account",  "person",   "people", "member",
    "profile",   "employee", "customer", "staff",  "contact",
    "recipient", "player",   "jid"};
/* Keys of systems elsewhere. */
static const char *const azNameElsewhere[] = {"provider", "external", "remote",
                                              "api",      "legacy",   "stripe",
                                              "google",   "facebook", "github"};

/* ------------------------------------------------------------------ words */

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
  while (g->azRaw[h & m] &&
         (strncmp(g->azRaw[h & m], z, (size_t)n) || g->azRaw[h & m][n])) {
    h++;
  }
  return h & m;
}

/* The word of the n bytes at z, which are in lower case. Singular and plural
** are one word, and equal words are one object. 0 after an error. */
static AssocGuessWord *wordOf(AssocGuesser *g, const char *z, int n) {
  AssocGuessWord *pWord;
  const char *zRaw, *zOne;
  u32 i;
  if (g->nWord * 2 >= g->nSlot) wordGrow(g);
  if (g->pCall->rc != SQLITE_OK) return 0;
  i = wordSlot(g, z, n);
  if (g->azRaw[i]) return g->apWord[i];
  zRaw = assocArenaText(g->pCall, &g->p->mem, z, n);
  zOne = zRaw ? assocSingularize(g->pCall, &g->p->mem, zRaw) : 0;
  if (zOne == 0) return 0;
  g->azRaw[i] = zRaw;
  g->nWord++;
  if (strcmp(zOne, zRaw) != 0) { /* The same object as for the singular */
    return g->apWord[i] = wordOf(g, zOne, (int)strlen(zOne));
  }
  pWord = assocAlloc(g->pCall, &g->p->mem, sizeof(*pWord));
  if (pWord == 0) return 0;
  pWord->z = zOne;
  pWord->n = (int)strlen(zOne);
  return g->apWord[i] = pWord;
}

/* ASCII only. */
static int nameIsDigit(char c) {
  return c >= '0' && c <= '9';
}

/* Read the words of a name. Digits at the ends of a word are left out. */
static void nameRead(AssocGuesser *g, AssocGuessName *p, const char *z) {
  int i = 0;
  p->n = 0;
  if (g->cPrefix && z[0] == g->cPrefix) z++;
  z = assocUnderscore(g->pCall, &g->p->mem, z);
  while (z && z[i] && p->n < ASSOC_GUESS_MXWORD) {
    int iEnd, n;
    while (z[i] == '_' || nameIsDigit(z[i])) i++;
    for (n = i; z[n] && z[n] != '_'; n++) {
    }
    for (iEnd = n; iEnd > i && nameIsDigit(z[iEnd - 1]); iEnd--) {
    }
    if (iEnd > i) {
      AssocGuessWord *pWord = wordOf(g, &z[i], iEnd - i);
      if (pWord == 0) return;
      p->ap[p->n++] = pWord;
    }
    i = n;
  }
}

/* Equal words are the same object, so this compares pointers. */
static int nameEqual(const AssocGuessName *pA, int iA, const AssocGuessName *pB,
                     int iB, int n) {
  return n > 0 &&
         memcmp(&pA->ap[iA], &pB->ap[iB], sizeof(pA->ap[0]) * (size_t)n) == 0;
}

/* The head of a compound: "status" in default_status. 0 for a name without
** words. */
static AssocGuessWord *nameLast(const AssocGuessName *p) {
  return p->n ? p->ap[p->n - 1] : 0;
}

/* Without the last n words, and the first i. */
static void namePart(AssocGuessName *pOut, const AssocGuessName *p, int i,
                     int n) {
  AssocGuessName part;
  memset(&part, 0, sizeof(part));
  part.n = n;
  memcpy(part.ap, &p->ap[i], sizeof(p->ap[0]) * (size_t)n);
  *pOut = part;
}

/* The words as one. */
static const char *nameGlue(AssocGuesser *g, const AssocGuessName *p) {
  sqlite3_str *pStr = sqlite3_str_new(g->pCall->db);
  const char *z;
  int i;
  for (i = 0; i < p->n; i++) {
    sqlite3_str_append(pStr, p->ap[i]->z, p->ap[i]->n);
  }
  z = assocArenaStr(g->pCall, &g->p->mem, pStr);
  return z ? z : "";
}

/* ----------------------------------------------------------------- tables */

/* A capital that every table's name begins with, before a capital or '_', in
** a schema of at least three tables: Core Data's Z. */
static char tablesLetter(AssocGuesser *g) {
  char c = g->nTable > 2 ? g->aTable[0].pModel->zName[0] : 0;
  int i;
  if (c < 'A' || c > 'Z') return 0;
  for (i = 0; i < g->nTable; i++) {
    const char *z = g->aTable[i].pModel->zName;
    if (z[0] != c) return 0;
    if (z[1] != '_' && (z[1] < 'A' || z[1] > 'Z')) return 0;
  }
  return c;
}

/* The words of a table's name without its prefix. A first word is a prefix if
** other tables begin with it and no table has it as its name: wp_ of wp_posts,
** but not issue_ of issue_statuses. */
static void tablePlain(AssocGuesser *g, AssocGuessTable *p) {
  int i, n = 0;
  p->plain = p->name;
  for (i = 0; i < g->nTable && p->name.n > 1; i++) {
    const AssocGuessName *q = &g->aTable[i].name;
    if (q->n == 0 || q->ap[0] != p->name.ap[0]) continue;
    if (q->n == 1) return;
    n++;
  }
  if (n > 1) namePart(&p->plain, &p->name, 1, p->name.n - 1);
}

/* The word that at least half of the columns begin with. */
static void tablePrefix(AssocGuesser *g, AssocGuessTable *p) {
  const AssocTable *pTab = p->pModel->pTable;
  AssocGuessWord *pFirst = 0;
  AssocGuessName name;
  int i, n = 0;
  for (i = 0; i < pTab->nCol; i++) {
    nameRead(g, &name, pTab->aCol[i].zName);
    if (name.n < 2) continue;
    if (n == 0) pFirst = name.ap[0];
    n += name.ap[0] == pFirst ? 1 : -1;
  }
  for (i = n = 0; i < pTab->nCol && pFirst; i++) {
    nameRead(g, &name, pTab->aCol[i].zName);
    n += name.n > 1 && name.ap[0] == pFirst;
  }
  if (n > 2 && n * 2 >= pTab->nCol) p->pPrefix = pFirst;
}

/* A column that a join table may have beside its two keys: an id, an order, a
** time. */
static int columnIsSide(const AssocTable *pTab, int iCol) {
  static const char *const az[] = {"id",          "_id",        "created_at",
                                   "createdat",   "updated_at", "updatedat",
                                   "position",    "sort_order", "item_order",
                                   "last_update", "orderindex", "order_index"};
  int i;
  for (i = 0; i < ASSOC_COUNT(az); i++) {
    if (sqlite3_stricmp(pTab->aCol[iCol].zName, az[i]) == 0) return 1;
  }
  return 0;
}

/* A table that has exactly two columns beside ids, orders and times. */
static void tableJoin(AssocGuessTable *p) {
  const AssocTable *pTab = p->pModel->pTable;
  int i, n = 0;
  for (i = 0; i < pTab->nCol; i++) n += !columnIsSide(pTab, i);
  p->bJoin = n == 2;
}

/* What can be known of a table's name only when all names have been read: its
** initials, its words glued together, the prefix of its columns. */
static void tableFinish(AssocGuesser *g, AssocGuessTable *p) {
  char *z = assocAlloc(g->pCall, &g->p->mem, p->plain.n + 1);
  int i;
  for (i = 0; z && i < p->plain.n; i++) z[i] = p->plain.ap[i]->z[0];
  p->zInitial = z ? z : "";
  p->zGlued = nameGlue(g, &p->plain);
  tablePrefix(g, p);
  tableJoin(p);
  if (p->plain.n) p->plain.ap[p->plain.n - 1]->bTable = 1;
}

/* List the tables of people; their words have an order, so that users come
** before accounts. */
static void tablesPerson(AssocGuesser *g) {
  int i, j;
  g->apPerson = assocAlloc(g->pCall, &g->p->mem,
                           (i64)sizeof(AssocGuessTable *) * (g->nTable + 1));
  for (i = 0; i < ASSOC_COUNT(azNamePeople) && g->apPerson; i++) {
    for (j = 0; j < g->nTable; j++) {
      const AssocGuessName *q = &g->aTable[j].plain;
      if (q->n == 1 && strcmp(q->ap[0]->z, azNamePeople[i]) == 0 &&
          g->nPerson < g->nTable) {
        g->apPerson[g->nPerson++] = &g->aTable[j];
      }
    }
  }
}

/* A column that a foreign key may refer to. A generic name, such as id, says
** nothing about the table. */
static void parentAdd(AssocGuesser *g, AssocGuessTable *pTab, int iCol,
                      int bPrimary) {
  AssocGuessParent *q = &g->aParent[g->nParent++];
  const char *z = pTab->pModel->pTable->aCol[iCol].zName;
  q->pTab = pTab;
  q->iCol = iCol;
  q->bPrimary = (u8)bPrimary;
  q->nRow = -1;
  nameRead(g, &q->key, z);
  q->bGeneric = q->key.n == 0 || NAME_IN(nameGlue(g, &q->key), azNameGeneric) ||
                sqlite3_stricmp(z, "_id") == 0 ||
                sqlite3_stricmp(z, "Z_PK") == 0;
}

/* The key of a table, and other columns that have a UNIQUE index. */
static void tableParents(AssocGuesser *g, AssocGuessTable *p) {
  AssocModel *pModel = p->pModel;
  AssocTable *pTab = pModel->pTable;
  int iKey = pModel->nKey == 1 ? pModel->aKey[0] : -1;
  const AssocIndex *pIdx;
  if (iKey >= pTab->nCol) iKey = -1; /* The rowid is no column */
  if (iKey >= 0) parentAdd(g, p, iKey, 1);
  for (pIdx = assocTableIndexes(g->pCall, pTab); pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bUnique || pIdx->bPartial || pIdx->nCol != 1) continue;
    if (pIdx->aCol[0] < 0 || pIdx->aCol[0] == iKey) continue;
    if (g->nParent < 4 * g->nTable) parentAdd(g, p, pIdx->aCol[0], 0);
  }
}

/* Some schemas call every key by one word, such as fid. If the keys of several
** tables have it, it is a mark and no name. */
static void parentMarks(AssocGuesser *g) {
  int i, j;
  for (i = 0; i < g->nParent; i++) {
    const AssocGuessParent *q = &g->aParent[i];
    if (q->key.n != 1 || !q->bPrimary || q->key.ap[0]->bTable) continue;
    for (j = 0; j < i; j++) {
      const AssocGuessParent *r = &g->aParent[j];
      if (r->bPrimary && r->key.n == 1 && r->key.ap[0] == q->key.ap[0]) {
        q->key.ap[0]->bMark = 1;
      }
    }
  }
}

/* List the parents by the last words of their tables and of their keys, and
** those that can hold rows of several classes. */
static void parentIndex(AssocGuesser *g) {
  int i;
  g->apClass = assocAlloc(g->pCall, &g->p->mem,
                          (i64)sizeof(AssocGuessParent *) * (g->nParent + 1));
  for (i = g->nParent - 1; i >= 0 && g->apClass; i--) {
    AssocGuessParent *q = &g->aParent[i];
    const AssocTable *pTab = q->pTab->pModel->pTable;
    AssocGuessWord *pWord = q->pTab->name.n ? nameLast(&q->pTab->name) : 0;
    int iType = q->bPrimary ? assocColumnFind(pTab, "type") : -1;
    if (q->bPrimary && pWord) {
      q->pNextByName = pWord->pByName;
      pWord->pByName = q;
    }
    if (q->key.n && !q->bGeneric) {
      pWord = nameLast(&q->key);
      q->pNextByKey = pWord->pByKey;
      pWord->pByKey = q;
    }
    if (iType >= 0 && pTab->aCol[iType].eAff == ASSOC_AFF_TEXT) {
      g->apClass[g->nClass++] = q;
    }
  }
}

/* The order matters: prefixes are known only after all names are read, and
** people only after the prefixes are gone. A table has at most 5 columns that
** count as parents. */
void assocGuessNames(AssocGuesser *g) {
  int i;
  g->cPrefix = tablesLetter(g);
  for (i = 0; i < g->nTable && g->pCall->rc == SQLITE_OK; i++) {
    nameRead(g, &g->aTable[i].name, g->aTable[i].pModel->zName);
  }
  for (i = 0; i < g->nTable; i++) tablePlain(g, &g->aTable[i]);
  for (i = 0; i < g->nTable && g->pCall->rc == SQLITE_OK; i++) {
    tableFinish(g, &g->aTable[i]);
  }
  tablesPerson(g);
  g->aParent = assocAlloc(g->pCall, &g->p->mem,
                          (i64)sizeof(*g->aParent) * (5 * g->nTable + 1));
  for (i = 0; i < g->nTable && g->pCall->rc == SQLITE_OK; i++) {
    tableParents(g, &g->aTable[i]);
  }
  parentMarks(g);
  parentIndex(g);
  g->aMatch = assocAlloc(g->pCall, &g->p->mem,
                         (i64)sizeof(*g->aMatch) * (g->nParent + 1));
}

/* ----------------------------------------------------------------- columns */

/* userid is "user" and "id", if a table is called user; so is iduser. */
static int coreSplit(AssocGuesser *g, AssocGuessName *p) {
  const AssocGuessWord *pLast = nameLast(p);
  AssocGuessWord *pWord;
  int bEnd;
  if (pLast == 0 || pLast->n < 5) return 0;
  bEnd = strcmp(&pLast->z[pLast->n - 2], "id") == 0;
  if (!bEnd && strncmp(pLast->z, "id", 2) != 0) return 0;
  pWord = wordOf(g, bEnd ? pLast->z : &pLast->z[2], pLast->n - 2);
  if (pWord == 0 || !pWord->bTable) return 0;
  p->ap[p->n - 1] = pWord;
  return 1;
}

/* Words such as id and fk, and those that this schema uses in the same way. */
static int wordIsMark(const AssocGuessWord *p) {
  return p->bMark || NAME_IN(p->z, azNameMark);
}

/* nid, uid: one or two letters before "id". */
static int nameIsInitials(const AssocGuessWord *p) {
  static const char *const az[] = {"paid", "void", "grid", "acid", "said",
                                   "guid", "uuid", "arid", "laid", "fluid"};
  return p->n > 2 && p->n < 5 && strcmp(&p->z[p->n - 2], "id") == 0 &&
         !NAME_IN(p->z, az);
}

/* Divide a column's name into its core and its mark: author_id is "author" and
** "id". The mark may also come first (id_author), or be glued to the word
** (authorid). */
void assocGuessColumn(AssocGuesser *g, AssocGuessColumn *p,
                      AssocGuessTable *pTab, int iCol) {
  const AssocModel *pModel = pTab->pModel;
  memset(p, 0, sizeof(*p));
  p->pTab = pTab;
  p->iCol = iCol;
  p->pCol = &pModel->pTable->aCol[iCol];
  p->bPk = pModel->nKey == 1 && pModel->aKey[0] == iCol;
  nameRead(g, &p->name, p->pCol->zName);
  if (g->pCall->rc != SQLITE_OK) return;
  p->core = p->name;
  while (p->core.n && wordIsMark(nameLast(&p->core))) {
    p->core.n--;
    p->bMarked = 1;
  }
  if (p->core.n > 1 && !p->bMarked && strcmp(p->core.ap[0]->z, "id") == 0) {
    namePart(&p->core, &p->core, 1, p->core.n - 1);
    p->bMarked = 1;
  }
  if (!p->bMarked && coreSplit(g, &p->core)) p->bMarked = 1;
  if (p->name.n == 1 && nameIsInitials(p->name.ap[0])) p->bMarked = 1;
}

/* ----------------------------------------------------------------- matches */

/* How does the core of a column fit the words of a table? Returns the kind of
** match, from EXACT to LAST, or 0. */
static int matchWords(const AssocGuessColumn *p, const AssocGuessName *q,
                      const AssocGuessTable *pTab) {
  const AssocGuessName *c = &p->core, *pOwn = &p->pTab->plain;
  int n = c->n, m = q->n, i;
  if (n == 0 || m == 0) return ASSOC_GUESS_NONE;
  if (n == m && nameEqual(c, 0, q, 0, n)) return ASSOC_GUESS_EXACT;
  if (n > m && nameEqual(c, n - m, q, 0, m)) {
    return n == m + 1 && c->ap[0] == p->pTab->pPrefix ? ASSOC_GUESS_EXACT
                                                      : ASSOC_GUESS_SUFFIX;
  }
  if (n < m && nameEqual(c, 0, q, m - n, n)) {
    int nMore = m - n;
    if (pTab != p->pTab && pOwn->n >= nMore &&
        nameEqual(pOwn, 0, q, 0, nMore)) {
      return ASSOC_GUESS_CHILD;
    }
    return ASSOC_GUESS_TAIL;
  }
  if (n > m && nameEqual(c, 0, q, 0, m)) {
    for (i = m; i < n && NAME_IN(c->ap[i]->z, azNameDirection); i++) {
    }
    if (i == n) return ASSOC_GUESS_HEAD;
  }
  return c->ap[n - 1] == q->ap[m - 1] ? ASSOC_GUESS_LAST : ASSOC_GUESS_NONE;
}

/* NOTE of ZNOTEBODY; visit of historyvisits; repo of repository. */
static int matchLetters(const AssocGuessColumn *p, const AssocGuessTable *q) {
  const AssocGuessWord *pLast = nameLast(&p->core);
  const char *zOwn = p->pTab->zGlued, *z = q->zGlued;
  int n = (int)strlen(z), nOwn = (int)strlen(zOwn);
  if (pLast == 0 || pLast->n < 3 || n <= pLast->n) return ASSOC_GUESS_NONE;
  if (strncmp(z, pLast->z, (size_t)pLast->n) == 0) {
    return q->plain.n == 1 ? ASSOC_GUESS_SHORT : ASSOC_GUESS_NONE;
  }
  if (pLast->n < 4 || strcmp(&z[n - pLast->n], pLast->z) != 0) {
    return ASSOC_GUESS_NONE;
  }
  if (n == nOwn + pLast->n && strncmp(z, zOwn, (size_t)nOwn) == 0) {
    return ASSOC_GUESS_CHILD;
  }
  return q->plain.n == 1 ? ASSOC_GUESS_TAIL : ASSOC_GUESS_NONE;
}

/* nid: notes; uid: users. The letters are the first of the table's words. */
static int matchInitials(const AssocGuessColumn *p, const AssocGuessTable *q) {
  const AssocGuessWord *pLast = nameLast(&p->name);
  int n = (int)strlen(q->zInitial);
  if (p->name.n != 1 || !nameIsInitials(pLast) || pLast->n != n + 2) return 0;
  return strncmp(pLast->z, q->zInitial, (size_t)n) == 0 ? ASSOC_GUESS_SHORT : 0;
}

/* Is the end of the core a role: parent; author, created_by? */
static int coreIsSelf(const AssocGuessColumn *p) {
  const AssocGuessWord *pLast = nameLast(&p->core);
  return pLast && NAME_IN(pLast->z, azNameSelf);
}

/* created_by, assigned_to, owner: roles that people have. */
static int coreIsPerson(const AssocGuessColumn *p) {
  const AssocGuessWord *pLast = nameLast(&p->core);
  if (pLast == 0) return 0;
  if (NAME_IN(pLast->z, azNamePerson)) return 1;
  if (p->core.n < 2) return 0;
  if (strcmp(pLast->z, "by") == 0) return 1;
  return strcmp(pLast->z, "to") == 0 &&
         strcmp(p->core.ap[p->core.n - 2]->z, "assigned") == 0;
}

/* The words of single-table inheritance: type IssuePriority gives "priority".
** 1,000 rows and 32 types are enough for an enumeration. */
static void classRead(AssocGuesser *g, AssocGuessTable *q) {
  const AssocTable *pTab = q->pModel->pTable;
  sqlite3_stmt *pStmt;
  if (q->bTypes) return;
  q->bTypes = 1;
  q->apType =
      assocAlloc(g->pCall, &g->p->mem, (i64)sizeof(AssocGuessWord *) * 32);
  pStmt = assocPrepare(g->pCall,
                       "SELECT DISTINCT \"type\" FROM (SELECT \"type\" FROM"
                       " \"%w\".\"%w\" LIMIT 1000) LIMIT 32",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(g->pCall, pStmt) && q->apType && q->nType < 32) {
    AssocGuessName name;
    nameRead(g, &name, assocColumnText(g->pCall, pStmt, 0));
    if (name.n > 1) q->apType[q->nType++] = name.ap[name.n - 1];
  }
  assocFinalize(g->pCall, pStmt);
}

/* Is one of the table's classes (the values of its type column) named by the
** core? */
static int matchClass(AssocGuesser *g, const AssocGuessColumn *p,
                      AssocGuessTable *q) {
  int i;
  classRead(g, q);
  for (i = 0; i < q->nType; i++) {
    if (q->apType[i] == nameLast(&p->core)) return ASSOC_GUESS_CLASS;
  }
  return ASSOC_GUESS_NONE;
}

/* Does the table's name fit, with its prefix or without? */
static int matchTable(const AssocGuessColumn *p, const AssocGuessTable *pTab) {
  int eKind = matchWords(p, &pTab->name, pTab);
  int eMore = 0;
  if (eKind == ASSOC_GUESS_NONE || eKind > ASSOC_GUESS_CHILD) {
    eMore = matchWords(p, &pTab->plain, pTab);
  }
  return eMore && (eKind == 0 || eMore < eKind) ? eMore : eKind;
}

/* A table is its own parent only by a role or by more words. */
static int matchOwn(const AssocGuessColumn *p, const AssocGuessTable *pTab,
                    int eKind) {
  if (pTab != p->pTab || eKind == ASSOC_GUESS_SUFFIX ||
      eKind == ASSOC_GUESS_HEAD || (eKind == ASSOC_GUESS_TAIL && !p->bPk)) {
    return eKind;
  }
  return ASSOC_GUESS_NONE;
}

/* Insert a candidate in its place: a better kind of match first, then a better
** tie. A parent is a candidate only once. */
static void matchAdd(AssocGuesser *g, int *pn, AssocGuessParent *q, int eKind,
                     int nTie) {
  AssocGuessMatch match = {q, eKind, aGuessSure[eKind], nTie};
  int i;
  for (i = 0; i < *pn && g->aMatch[i].pParent != q; i++) {
  }
  if (i < *pn || *pn >= g->nParent) return;
  for (i = *pn; i > 0; i--) {
    const AssocGuessMatch *pBefore = &g->aMatch[i - 1];
    if (pBefore->eKind < eKind ||
        (pBefore->eKind == eKind && pBefore->nTie >= nTie)) {
      break;
    }
    g->aMatch[i] = *pBefore;
  }
  g->aMatch[i] = match;
  ++*pn;
}

/* Which of two equal matches is better? The longer name, then a key with the
** column's own name, then a table with the child's prefix. */
static int matchTie(const AssocGuessColumn *p, const AssocGuessParent *q) {
  const AssocGuessName *pA = &p->pTab->name, *pB = &q->pTab->name;
  int n = 4 * q->pTab->plain.n;
  if (pA->n && pB->n && pA->ap[0] == pB->ap[0]) n += 2;
  if (q->key.n == p->name.n && nameEqual(&q->key, 0, &p->name, 0, q->key.n)) {
    n += 1;
  }
  return n;
}

/* Tables of people, the likeliest first: users before accounts. */
static void matchPeople(AssocGuesser *g, int *pn) {
  int i;
  for (i = 0; i < g->nPerson; i++) {
    AssocGuessParent *q = nameLast(&g->apPerson[i]->name)->pByName;
    for (; q; q = q->pNextByName) {
      if (q->pTab != g->apPerson[i]) continue;
      matchAdd(g, pn, q, ASSOC_GUESS_PERSON, -i);
    }
  }
}

/* A column never refers to itself. */
static void matchTry(AssocGuesser *g, const AssocGuessColumn *p, int *pn,
                     AssocGuessParent *q, int eKind) {
  if (q->pTab == p->pTab && q->iCol == p->iCol) return;
  eKind = matchOwn(p, q->pTab, eKind);
  if (eKind) matchAdd(g, pn, q, eKind, matchTie(p, q));
}

/* Parents whose key has the column's own name. */
static void matchKeys(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  AssocGuessParent *q = p->name.n ? nameLast(&p->name)->pByKey : 0;
  for (; q; q = q->pNextByKey) {
    if (q->pTab == p->pTab || q->key.n != p->name.n ||
        !nameEqual(&q->key, 0, &p->name, 0, q->key.n)) {
      continue;
    }
    matchTry(g, p, pn, q,
             matchWords(p, &q->pTab->plain, q->pTab) == ASSOC_GUESS_EXACT
                 ? ASSOC_GUESS_EXACT
                 : ASSOC_GUESS_SAME);
  }
}

/* Parents whose table has a word of the core as its last. */
static void matchTables(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  AssocGuessParent *q;
  int i;
  for (i = 0; i < p->core.n; i++) {
    for (q = p->core.ap[i]->pByName; q; q = q->pNextByName) {
      matchTry(g, p, pn, q, matchTable(p, q->pTab));
    }
  }
}

/* Parents whose name contains the last word of the core inside of a longer one,
** such as history in historyvisits. */
static void matchParts(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  AssocGuessWord *w = nameLast(&p->core);
  int i;
  if (w == 0 || w->n < 3) return;
  if (!w->bLetters) {
    w->bLetters = 1;
    w->apLetter = assocAlloc(g->pCall, &g->p->mem,
                             (i64)sizeof(AssocGuessParent *) * g->nParent);
    for (i = 0; i < g->nParent && w->apLetter; i++) {
      const char *z = g->aParent[i].pTab->zGlued;
      int n = (int)strlen(z);
      if (n <= w->n || !g->aParent[i].bPrimary) continue;
      if (strncmp(z, w->z, (size_t)w->n) == 0 ||
          strcmp(&z[n - w->n], w->z) == 0) {
        w->apLetter[w->nLetter++] = &g->aParent[i];
      }
    }
  }
  for (i = 0; i < w->nLetter; i++) {
    matchTry(g, p, pn, w->apLetter[i], matchLetters(p, w->apLetter[i]->pTab));
  }
}

/* Short forms: nid for notes.id, and the types of an enumeration. */
static void matchShort(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  int i;
  if (p->name.n == 1 && nameIsInitials(p->name.ap[0])) {
    for (i = 0; i < g->nParent; i++) {
      AssocGuessParent *q = &g->aParent[i];
      if (q->bPrimary) matchTry(g, p, pn, q, matchInitials(p, q->pTab));
    }
  }
  for (i = 0; i < g->nClass && p->bMarked && p->core.n; i++) {
    matchTry(g, p, pn, g->apClass[i], matchClass(g, p, g->apClass[i]->pTab));
  }
}

/* parent_id refers to its own table. */
static void matchSelf(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  AssocGuessParent *q = p->pTab->name.n ? nameLast(&p->pTab->name)->pByName : 0;
  for (; q; q = q->pNextByName) {
    if (q->pTab == p->pTab) {
      matchAdd(g, pn, q, ASSOC_GUESS_SELF, 0);
    }
  }
}

/* From the clearest kind of match to the vaguest. The vague ones are tried only
** if the clear ones found nothing. The candidates are in g->aMatch; the result
** is their number. */
int assocGuessMatches(AssocGuesser *g, const AssocGuessColumn *p) {
  int n = 0;
  matchKeys(g, p, &n);
  matchTables(g, p, &n);
  if (n == 0 || !g->aMatch[0].pParent->bPrimary) matchParts(g, p, &n);
  if (n == 0) matchShort(g, p, &n);
  if (coreIsSelf(p) && !p->bPk) matchSelf(g, p, &n);
  if (coreIsPerson(p) && !p->bPk) matchPeople(g, &n);
  return n;
}

/* Names of counts and flags, such as comment_count and is_admin: integers that
** are no keys. */
int assocGuessIsNumber(AssocGuesser *g, const AssocGuessColumn *p) {
  static const char *const azFirst[] = {"is_",  "has_", "can_",   "was_",
                                        "num_", "max_", "min_",   "total_",
                                        "nb_",  "no_",  "allow_", "count_"};
  static const char *const azLast[] = {"_count", "_total", "_size", "_num"};
  const char *z = assocUnderscore(g->pCall, &g->p->mem, p->pCol->zName);
  int i, n = z ? (int)strlen(z) : 0;
  for (i = 0; i < ASSOC_COUNT(azFirst) && z; i++) {
    if (strncmp(z, azFirst[i], strlen(azFirst[i])) == 0) return 1;
  }
  for (i = 0; i < ASSOC_COUNT(azLast) && z; i++) {
    int nLast = (int)strlen(azLast[i]);
    if (n > nLast && strcmp(&z[n - nLast], azLast[i]) == 0) return 1;
  }
  return 0;
}

/* Names of keys in other systems, such as external_id and facebook_id. */
int assocGuessIsElsewhere(const AssocGuessColumn *p) {
  return p->core.n && NAME_IN(p->core.ap[0]->z, azNameElsewhere);
}

/* item_id beside item_type: no single table can be guessed. */
int assocGuessIsPolymorphic(AssocGuesser *g, const AssocGuessColumn *p) {
  const AssocTable *pTab = p->pTab->pModel->pTable;
  AssocGuessName name;
  int i;
  if (!p->bMarked || p->core.n == 0) return 0;
  for (i = 0; i < pTab->nCol && g->pCall->rc == SQLITE_OK; i++) {
    nameRead(g, &name, pTab->aCol[i].zName);
    if (name.n == p->core.n + 1 &&
        nameEqual(&name, 0, &p->core, 0, p->core.n) &&
        strcmp(nameLast(&name)->z, "type") == 0) {
      return 1;
    }
  }
  return 0;
}
