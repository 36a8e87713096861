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
**   EXTEND  visit_sources.id        visits(id)
**   SUFFIX  last_post_user_id       users
**   HEAD    issue_from_id           issues
**   SELF    parent_id               its own table
**   TAIL    page_id                 wiki_pages
**   PERSON  created_by              users, accounts, people
**   CLASS   priority_id             enumerations with a type IssuePriority
**   LAST    default_status_id       issue_statuses
**   SHORT   repo_id, nid            repositories, notes
**   FIRST   folder_id               folder_locations
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
    "its table extends the other",
    "its name",
    "its name",
    "its name is a role",
    "its name",
    "its name is a role",
    "its name is that of a type there",
    "its name",
    "its name is short for it",
    "its name",
    "it looks like a key",
    "the name of its table",
    "the other key beside it",
};

/* How sure each kind is before the values, in hundredths. */
static const u8 aGuessSure[] = {0,  70, 70, 65, 60, 60, 55, 55,
                                50, 50, 45, 40, 40, 30, 20};

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
    "id",   "zpk",  "key",     "name",  "uuid",  "guid", "pk",   "code",
    "hash", "fid",  "title",   "value", "rowid", "oid",  "uid",  "type",
    "slug", "path", "version", "date",  "tag",   "url",  "email"};
/* Behind a table's name, which of two keys it is. */
static const char *const azNameDirection[] = {
    "from", "to",     "old",  "new",      "a",  "b",   "src",  "dst",
    "next", "source", "prev", "previous", "in", "out", "left", "right"};
/* Rows of the same table. */
static const char *const azNameSelf[] = {
    "parent",    "root",    "ancestor", "reply",     "predecessor",
    "successor", "fork",    "copy",     "duplicate", "child",
    "opposite",  "inverse", "twin",     "sibling",   "counterpart"};
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
    "friend",    "blocker",   "blocked",   "staff",     "agent",
    "who"};
static const char *const azNamePeople[] = {
    "user",      "account",  "person",   "people", "member",
    "profile",   "employee", "customer", "staff",  "contact",
    "recipient", "player",   "jid"};
/* Things, and not people, whose names end as those of people do. */
static const char *const azNameThing[] = {
    "order",     "folder",  "number",   "header",     "server",   "layer",
    "chapter",   "letter",  "filter",   "trigger",    "provider", "container",
    "color",     "vendor",  "sensor",   "error",      "monitor",  "floor",
    "factor",    "sector",  "printer",  "router",     "offer",    "character",
    "parameter", "counter", "buffer",   "marker",     "center",   "cluster",
    "register",  "tracker", "poster",   "banner",     "footer",   "paper",
    "transfer",  "water",   "power",    "tier",       "adapter",  "connector",
    "processor", "motor",   "behavior", "identifier", "degree",   "committee",
    "coffee",    "tree",    "guarantee"};
/* What an enumeration is called. */
static const char *const azNameQuality[] = {"type",  "status",   "state",
                                            "kind",  "mode",     "level",
                                            "class", "category", "priority"};
/* Columns that people have. */
static const char *const azNameOfPerson[] = {
    "email",     "mail",         "password",  "passwd",   "login",
    "username",  "user_name",    "firstname", "lastname", "first_name",
    "last_name", "full_name",    "fullname",  "nickname", "password_hash",
    "birthday",  "display_name", "birthdate", "phone",    "encrypted_password"};
/* Keys of systems elsewhere. */
static const char *const azNameElsewhere[] = {"provider", "external", "remote",
                                              "api",      "legacy",   "stripe",
                                              "google",   "facebook", "github"};

/* Equal words are the same object, so this compares pointers. */
static int nameEqual(const AssocGuessName *pA, int iA, const AssocGuessName *pB,
                     int iB, int n) {
  assert(n >= 0 && iA + n <= pA->n && iB + n <= pB->n);
  return n > 0 &&
         memcmp(&pA->ap[iA], &pB->ap[iB], sizeof(pA->ap[0]) * (size_t)n) == 0;
}

/* The head of a compound: "status" in default_status. 0 for a name without
** words. */
static AssocGuessWord *nameLast(const AssocGuessName *p) {
  return p->n ? p->ap[p->n - 1] : 0;
}

/* n words of the name, from word i on. pOut may be p. */
static void namePart(AssocGuessName *pOut, const AssocGuessName *p, int i,
                     int n) {
  AssocGuessName part;
  assert(i >= 0 && n >= 0 && i + n <= p->n);
  memset(&part, 0, sizeof(part));
  part.n = n;
  memcpy(part.ap, &p->ap[i], sizeof(p->ap[0]) * (size_t)n);
  *pOut = part;
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
static void tablePrefix(AssocGuessTable *p) {
  AssocGuessWord *pFirst = 0;
  int i, n = 0, nCol = p->pModel->pTable->nCol;
  for (i = 0; i < nCol; i++) {
    const AssocGuessName *q = &p->aColumn[i];
    if (q->n < 2) continue;
    if (n == 0) pFirst = q->ap[0];
    n += q->ap[0] == pFirst ? 1 : -1;
  }
  for (i = n = 0; i < nCol && pFirst; i++) {
    n += p->aColumn[i].n > 1 && p->aColumn[i].ap[0] == pFirst;
  }
  if (n > 2 && n * 2 >= nCol) p->pPrefix = pFirst;
}

/* Read the names of all columns. */
static void tableColumns(AssocGuesser *g, AssocGuessTable *p) {
  const AssocTable *pTab = p->pModel->pTable;
  int i;
  p->aColumn = assocAlloc(g->pCall, &g->p->mem,
                          (i64)sizeof(*p->aColumn) * (pTab->nCol + 1));
  for (i = 0; i < pTab->nCol && p->aColumn; i++) {
    assocGuessNameRead(g, &p->aColumn[i], pTab->aCol[i].zName);
  }
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
** initials, its words glued together; the words and the prefix of its columns. */
static void tableFinish(AssocGuesser *g, AssocGuessTable *p) {
  char *z = assocAlloc(g->pCall, &g->p->mem, p->plain.n + 1);
  int i;
  for (i = 0; z && i < p->plain.n; i++) z[i] = p->plain.ap[i]->z[0];
  p->zInitial = z ? z : "";
  p->zGlued = assocGuessNameGlue(g, &p->plain);
  tableColumns(g, p);
  if (g->pCall->rc != SQLITE_OK) return;
  tablePrefix(p);
  tableJoin(p);
  if (p->plain.n) p->plain.ap[p->plain.n - 1]->bTable = 1;
}

/* How many columns has it that people have? */
static int tablePersonColumns(AssocGuesser *g, const AssocTable *pTab) {
  int i, n = 0;
  for (i = 0; i < pTab->nCol; i++) {
    const char *z = assocUnderscore(g->pCall, &g->p->mem, pTab->aCol[i].zName);
    n += z && NAME_IN(z, azNameOfPerson);
  }
  return n;
}

/* Is it a table of people? Its name is one word for people, or has such a word
** and two columns that people have. */
static int tableIsPeople(AssocGuesser *g, AssocGuessTable *p) {
  const AssocGuessName *q = &p->plain;
  int i;
  for (i = 0; i < q->n && !NAME_IN(q->ap[i]->z, azNamePeople); i++) {
  }
  if (i == q->n || p->pModel->nKey > 1) return 0;
  p->nPerson = tablePersonColumns(g, p->pModel->pTable);
  return q->n == 1 || p->nPerson > 1;
}

/* List the tables of people. */
static void tablesPerson(AssocGuesser *g) {
  int i;
  g->apPerson = assocAlloc(g->pCall, &g->p->mem,
                           (i64)sizeof(AssocGuessTable *) * (g->nTable + 1));
  for (i = 0; i < g->nTable && g->apPerson; i++) {
    if (tableIsPeople(g, &g->aTable[i])) {
      g->apPerson[g->nPerson++] = &g->aTable[i];
    }
  }
}

/* The place of the table's name in the list of words for people. */
static int personPlace(const AssocGuessTable *p) {
  int i;
  for (i = 0; i < ASSOC_COUNT(azNamePeople) &&
              (p->plain.n != 1 || strcmp(p->plain.ap[0]->z, azNamePeople[i]));
       i++) {
  }
  return i;
}

/* Is table A the likelier one? More keys refer to it, it has more columns that
** people have, and its name is earlier in the list. */
static int personIsBefore(const AssocGuessTable *pA,
                          const AssocGuessTable *pB) {
  int nA = pA->nKey + 2 * pA->nPerson, nB = pB->nKey + 2 * pB->nPerson;
  if (nA != nB) return nA > nB;
  return personPlace(pA) < personPlace(pB);
}

void assocGuessPeople(AssocGuesser *g) {
  int i, j;
  for (i = 1; i < g->nPerson; i++) {
    AssocGuessTable *p = g->apPerson[i];
    for (j = i; j > 0 && personIsBefore(p, g->apPerson[j - 1]); j--) {
      g->apPerson[j] = g->apPerson[j - 1];
    }
    g->apPerson[j] = p;
  }
}

/* A column that a foreign key may refer to. A generic name, such as id, says
** nothing about the table. */
static void parentAdd(AssocGuesser *g, AssocGuessTable *pTab, int iCol,
                      int bPrimary) {
  AssocGuessParent *q = &g->aParent[g->nParent++];
  assert(g->nParent <= 5 * g->nTable); /* The room of aParent */
  q->pTab = pTab;
  q->iCol = iCol;
  q->bPrimary = (u8)bPrimary;
  q->nRow = -1;
  q->key = pTab->aColumn[iCol];
  q->bGeneric =
      q->key.n == 0 || NAME_IN(assocGuessNameGlue(g, &q->key), azNameGeneric);
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
    AssocGuessWord *pWord = nameLast(&q->pTab->name);
    int iType = q->bPrimary ? assocColumnFind(pTab, "type") : -1;
    if (pWord) {
      q->pNextByName = pWord->pByName;
      pWord->pByName = q;
    }
    if (!q->bGeneric) {
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
  int i, j;
  g->cPrefix = tablesLetter(g);
  for (i = 0; i < g->nTable; i++) {
    const AssocTable *pTab = g->aTable[i].pModel->pTable;
    assocGuessNameLearn(g, g->aTable[i].pModel->zName, 1);
    for (j = 0; j < pTab->nCol; j++) {
      assocGuessNameLearn(g, pTab->aCol[j].zName, 0);
    }
  }
  g->bKnown = 1;
  for (i = 0; i < g->nTable && g->pCall->rc == SQLITE_OK; i++) {
    assocGuessNameRead(g, &g->aTable[i].name, g->aTable[i].pModel->zName);
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

/* initialowner: a role with something before it. */
static int wordEndsPerson(const AssocGuessWord *p) {
  int i;
  for (i = 0; i < ASSOC_COUNT(azNamePerson) && !p->bInTable; i++) {
    int n = (int)strlen(azNamePerson[i]);
    if (n > 4 && p->n > n && assocGuessEnds(p->z, azNamePerson[i])) return 1;
  }
  return 0;
}

/* resolver, merger, modifier: a noun made of a verb that no table is called. */
static int wordIsAgent(const AssocGuessWord *p) {
  const char *z = p->n > 5 ? &p->z[p->n - 2] : "";
  int i;
  if (strcmp(z, "er") && strcmp(z, "or") && strcmp(z, "ee")) return 0;
  for (i = 0; i < ASSOC_COUNT(azNameThing); i++) {
    if (assocGuessEnds(p->z, azNameThing[i])) return 0;
  }
  return !p->bInTable;
}

/* Does a table's name begin with the word, as fielddefs does with field? */
static int wordBeginsTable(const AssocGuesser *g, const AssocGuessWord *p) {
  int i;
  for (i = 0; i < g->nTable && p->n > 3; i++) {
    if (strncmp(g->aTable[i].zGlued, p->z, (size_t)p->n) == 0) return 1;
  }
  return 0;
}

/* userid is "user" and "id", if a table is called user; so is iduser.
** modifierid is "modifier" and "id"; fieldid is "field" and "id" if there is a
** table fielddefs. */
static int coreSplit(AssocGuesser *g, AssocGuessName *p) {
  const AssocGuessWord *pLast = nameLast(p);
  AssocGuessWord *pWord;
  int bEnd, bSays;
  if (pLast == 0 || pLast->n < 5) return 0;
  bEnd = assocGuessEnds(pLast->z, "id");
  if (!bEnd && strncmp(pLast->z, "id", 2) != 0) return 0;
  pWord = assocGuessWordOf(g, bEnd ? pLast->z : &pLast->z[2], pLast->n - 2);
  if (pWord == 0) return 0;
  bSays = bEnd && (wordIsAgent(pWord) || wordBeginsTable(g, pWord));
  if (!pWord->bTable && !bSays) return 0;
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
  return p->n > 2 && p->n < 5 && assocGuessEnds(p->z, "id") &&
         !NAME_IN(p->z, az);
}

/* Take the mark from the end of the core: author_id, or from its middle, with
** what follows: user_id_from, settingsIdCache. A name that is only a mark, such
** as key, is no key of another table, but for fk. */
static void coreMark(AssocGuessColumn *p) {
  static const char *const azRef[] = {"fk", "ref", "ptr"};
  int i, n = p->core.n;
  while (n && wordIsMark(p->core.ap[n - 1])) n--;
  for (i = 1; i < n && strcmp(p->core.ap[i]->z, "id") != 0; i++) {
  }
  if (i < n) n = i;
  if (n == 0) {
    p->bMarked = p->core.n && NAME_IN(p->core.ap[0]->z, azRef);
    p->core.n = 0;
    return;
  }
  p->bMarked = n < p->core.n;
  p->core.n = n;
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
  p->name = p->core = pTab->aColumn[iCol];
  coreMark(p);
  if (p->core.n > 1 && !p->bMarked && strcmp(p->core.ap[0]->z, "id") == 0) {
    namePart(&p->core, &p->core, 1, p->core.n - 1);
    p->bMarked = 1;
  }
  if (!p->bMarked && coreSplit(g, &p->core)) p->bMarked = 1;
  if (p->name.n == 1 && nameIsInitials(p->name.ap[0])) p->bMarked = 1;
}

/* ----------------------------------------------------------------- matches */

/* A verb's form, as in user_modified. */
static int wordIsPast(const AssocGuessWord *p) {
  return p->n > 4 && assocGuessEnds(p->z, "ed");
}

/* How does the core of a column fit the words of a table? Returns the kind of
** match, from EXACT to LAST, or 0. */
static int matchWords(const AssocGuessColumn *p, const AssocGuessName *q,
                      const AssocGuessTable *pTab) {
  const AssocGuessName *c = &p->core, *pOwn = &p->pTab->plain;
  int n = c->n, m = q->n, i;
  if (n == 0 || m == 0) return ASSOC_GUESS_NONE;
  if (n == m && nameEqual(c, 0, q, 0, n)) return ASSOC_GUESS_EXACT;
  /* last_post_user_id: users; EXACT behind a prefix of all columns */
  if (n > m && nameEqual(c, n - m, q, 0, m)) {
    return n == m + 1 && c->ap[0] == p->pTab->pPrefix ? ASSOC_GUESS_EXACT
                                                      : ASSOC_GUESS_SUFFIX;
  }
  /* category_id of issues: issue_categories; page_id: wiki_pages */
  if (n < m && nameEqual(c, 0, q, m - n, n)) {
    int nMore = m - n;
    if (pTab != p->pTab && pOwn->n >= nMore &&
        nameEqual(pOwn, 0, q, 0, nMore)) {
      return ASSOC_GUESS_CHILD;
    }
    return ASSOC_GUESS_TAIL;
  }
  /* issue_from_id, user_modified: behind the table a direction or a verb */
  if (n > m && nameEqual(c, 0, q, 0, m)) {
    for (i = m; i < n &&
                (NAME_IN(c->ap[i]->z, azNameDirection) || wordIsPast(c->ap[i]));
         i++) {
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
  assert(pLast && pLast->n >= 3 && n > pLast->n); /* See matchParts() */
  if (q->plain.n == 2 && q->plain.ap[0] == pLast) return ASSOC_GUESS_FIRST;
  if (strncmp(z, pLast->z, (size_t)pLast->n) == 0) {
    return q->plain.n == 1 && !pLast->bTable ? ASSOC_GUESS_SHORT
                                             : ASSOC_GUESS_NONE;
  }
  assert(assocGuessEnds(z, pLast->z));
  if (pLast->n < 4) return ASSOC_GUESS_NONE;
  if (n == nOwn + pLast->n && strncmp(z, zOwn, (size_t)nOwn) == 0) {
    return ASSOC_GUESS_CHILD;
  }
  return q->plain.n == 1 ? ASSOC_GUESS_TAIL : ASSOC_GUESS_NONE;
}

/* nid: notes; uid: users. The letters are the first of the table's words. */
static int matchInitials(const AssocGuessColumn *p, const AssocGuessTable *q) {
  const AssocGuessWord *pLast = nameLast(&p->name);
  int n = (int)strlen(q->zInitial);
  assert(p->name.n == 1 && nameIsInitials(pLast));
  if (pLast->n != n + 2) return ASSOC_GUESS_NONE;
  return strncmp(pLast->z, q->zInitial, (size_t)n) == 0 ? ASSOC_GUESS_SHORT : 0;
}

/* reports_to, replies_to: what a row does to one of its kind, even without id. */
static int coreIsVerb(const AssocGuessColumn *p) {
  static const char *const az[] = {"report", "reply", "respond", "refer"};
  int n = p->core.n;
  return n > 1 && strcmp(p->core.ap[n - 1]->z, "to") == 0 &&
         NAME_IN(p->core.ap[n - 2]->z, az);
}

/* reblog_of_id and in_reply_to_id, where no noun follows. */
int assocGuessIsOpen(const AssocGuessColumn *p) {
  static const char *const az[] = {"of", "to", "from", "into"};
  return p->bMarked && !coreIsVerb(p) && p->core.n > 1 &&
         NAME_IN(nameLast(&p->core)->z, az);
}

int assocGuessIsDone(const AssocGuessColumn *p) {
  return p->core.n > 1 && strcmp(nameLast(&p->core)->z, "by") == 0;
}

int assocGuessIsParent(const AssocGuessColumn *p) {
  int i;
  for (i = 0; i < p->core.n && strcmp(p->core.ap[i]->z, "parent") != 0; i++) {
  }
  return i < p->core.n;
}

int assocGuessIsPerson(const AssocGuessColumn *p) {
  const AssocGuessWord *pLast = nameLast(&p->core);
  assert(pLast); /* The column was matched by its last word */
  return (NAME_IN(pLast->z, azNamePerson) || wordEndsPerson(pLast)) &&
         assocGuessIsSingular(p);
}

int assocGuessIsTwin(const AssocGuessColumn *p) {
  static const char *const az[] = {"target", "other", "peer", "related"};
  const AssocGuessName *c = &p->core, *q = &p->pTab->name;
  int i;
  if (c->n == 0) return 0;
  if (!p->bMarked) return p->pTab->bJoin && wordIsPast(nameLast(c));
  if (NAME_IN(c->ap[0]->z, az)) return 1;
  if (NAME_IN(c->ap[0]->z, azNameDirection)) return 1;
  for (i = 0; i < q->n && q->ap[i] != nameLast(c); i++) {
  }
  return i < q->n;
}

int assocGuessIsSingular(const AssocGuessColumn *p) {
  const AssocGuessWord *pLast = nameLast(&p->name);
  const char *z = p->pCol->zName;
  int n = (int)strlen(z);
  return pLast && n >= pLast->n &&
         sqlite3_stricmp(&z[n - pLast->n], pLast->z) == 0;
}

/* next_token_id of refresh_tokens: a word that leads, then the end of the
** table's own name. */
static int coreIsOwn(const AssocGuessColumn *p) {
  const AssocGuessName *c = &p->core, *q = &p->pTab->plain;
  int n = c->n - 1;
  if (n < 1 || n > q->n) return 0;
  if (!NAME_IN(c->ap[0]->z, azNameDirection) &&
      !NAME_IN(c->ap[0]->z, azNameSelf)) {
    return 0;
  }
  return nameEqual(c, 1, q, q->n - n, n);
}

/* Does the name say that the key is to the same table? */
static int coreIsSelf(const AssocGuessColumn *p) {
  const AssocGuessWord *pLast = nameLast(&p->core);
  if (coreIsVerb(p)) return 1;
  return (pLast && NAME_IN(pLast->z, azNameSelf)) || assocGuessIsOpen(p) ||
         coreIsOwn(p);
}

/* created_by, assigned_to, owner: roles that people have. */
static int coreIsPerson(const AssocGuessColumn *p) {
  static const char *const az[] = {"to", "with", "for"};
  const AssocGuessWord *pLast = nameLast(&p->core);
  if (pLast == 0) return 0;
  if (NAME_IN(pLast->z, azNamePerson) || wordIsAgent(pLast)) return 1;
  if (wordEndsPerson(pLast)) return 1;
  if (NAME_IN(pLast->z, azNamePeople)) return 1;
  if (p->core.n < 2) return 0;
  if (strcmp(pLast->z, "by") == 0) return 1;
  return NAME_IN(pLast->z, az) && wordIsPast(p->core.ap[p->core.n - 2]);
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
  while (assocStep(g->pCall, pStmt)) {
    AssocGuessName name;
    assert(q->nType < 32); /* The statement's LIMIT */
    assocGuessNameRead(g, &name, assocColumnText(g->pCall, pStmt, 0));
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
      eKind == ASSOC_GUESS_HEAD ||
      (eKind == ASSOC_GUESS_TAIL && !p->bPk &&
       (p->bMarked || NAME_IN(p->core.ap[0]->z, azNameDirection))) ||
      (eKind == ASSOC_GUESS_LAST && !p->bPk && p->bMarked)) {
    assert(eKind != ASSOC_GUESS_LAST || p->core.n > 1); /* Else it is TAIL */
    return eKind;
  }
  return ASSOC_GUESS_NONE;
}

/* Insert a candidate in its place: a better kind of match first, then a better
** tie. A parent is a candidate only once, by its best kind. */
static void matchAdd(AssocGuesser *g, int *pn, AssocGuessParent *q, int eKind,
                     int nTie) {
  AssocGuessMatch match = {q, eKind, aGuessSure[eKind], nTie};
  int i;
  for (i = 0; i < *pn && g->aMatch[i].pParent != q; i++) {
  }
  if (i < *pn && g->aMatch[i].eKind <= eKind) return;
  if (i < *pn) {
    --*pn;
    for (; i < *pn; i++) g->aMatch[i] = g->aMatch[i + 1];
  }
  if (*pn >= g->nParent) return;
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
** column's own name, then a table with the child's prefix. A primary key is
** better than any other. */
static int matchTie(const AssocGuessColumn *p, const AssocGuessParent *q) {
  const AssocGuessName *pA = &p->pTab->name, *pB = &q->pTab->name;
  int n = 4 * q->pTab->plain.n;
  if (pA->n && pB->n && pA->ap[0] == pB->ap[0]) n += 2;
  if (q->key.n == p->name.n && nameEqual(&q->key, 0, &p->name, 0, q->key.n)) {
    n += 1;
  }
  return q->bPrimary ? n : n - 100;
}

/* org_id, where the table of people says of which kind they are. */
static int coreIsGroup(const AssocGuesser *g, const AssocGuessColumn *p) {
  static const char *const az[] = {"org", "organization", "organisation"};
  return p->core.n && g->nPerson > 0 && NAME_IN(nameLast(&p->core)->z, az) &&
         assocColumnFind(g->apPerson[0]->pModel->pTable, "type") >= 0;
}

/* Tables of people, the likeliest first: users before accounts. */
static void matchPeople(AssocGuesser *g, int *pn) {
  int i;
  for (i = 0; i < g->nPerson; i++) {
    AssocGuessParent *q = nameLast(&g->apPerson[i]->name)->pByName;
    for (; q; q = q->pNextByName) {
      if (q->pTab != g->apPerson[i]) continue;
      matchAdd(g, pn, q, ASSOC_GUESS_PERSON, q->bPrimary ? -i : -100 - i);
    }
  }
}

/* A number of a version, or a value of an enumeration such as a type: without a
** mark it is no key, but for a table that is called just so. */
static int coreIsValue(const AssocGuessColumn *p, int eKind) {
  const char *z = nameLast(&p->core)->z;
  if (strcmp(z, "version") == 0) return 1;
  return eKind >= ASSOC_GUESS_TAIL && NAME_IN(z, azNameQuality);
}

/* A column never refers to itself. */
static void matchTry(AssocGuesser *g, const AssocGuessColumn *p, int *pn,
                     AssocGuessParent *q, int eKind) {
  if (q->pTab == p->pTab && q->iCol == p->iCol) return;
  if (!p->bMarked && p->core.n && coreIsValue(p, eKind)) return;
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

/* visit_sources.id for visits.id: the table's name begins with the parent's,
** and the column is called as the parent's key is. */
static void matchExtend(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  const AssocGuessName *pOwn = &p->pTab->name;
  AssocGuessParent *q;
  int i;
  for (i = 0; i + 1 < pOwn->n; i++) {
    for (q = pOwn->ap[i]->pByName; q; q = q->pNextByName) {
      const AssocTable *pTo = q->pTab->pModel->pTable;
      if (q->pTab->name.n != i + 1 ||
          !nameEqual(pOwn, 0, &q->pTab->name, 0, i + 1) ||
          sqlite3_stricmp(pTo->aCol[q->iCol].zName, p->pCol->zName) != 0) {
        continue;
      }
      matchTry(g, p, pn, q, ASSOC_GUESS_EXTEND);
    }
  }
}

/* user_name for users(name): the words of the table, then those of its key. */
static void matchKeyed(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  AssocGuessParent *q;
  int i;
  for (i = 0; i + 1 < p->name.n; i++) {
    for (q = p->name.ap[i]->pByName; q; q = q->pNextByName) {
      const AssocGuessName *r = &q->pTab->plain;
      if (r->n == i + 1 && r->n + q->key.n == p->name.n &&
          nameEqual(&p->name, 0, r, 0, r->n) &&
          nameEqual(&p->name, r->n, &q->key, 0, q->key.n)) {
        matchTry(g, p, pn, q, ASSOC_GUESS_EXACT);
      }
    }
  }
}

/* assignment in assign_submissions for assign, metadata_id in statistics for
** statistics_meta: the word begins with the parent's last, and both tables are
** of one family by their first words. */
static void matchStem(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  const AssocGuessName *pOwn = &p->pTab->plain;
  const char *z = assocUnderscore(g->pCall, &g->p->mem, p->pCol->zName);
  const char *zEnd = z ? strchr(z, '_') : 0;
  AssocGuessParent *q;
  int i, nAll = zEnd ? (int)(zEnd - z) : z ? (int)strlen(z) : 0;
  if (zEnd && (strchr(zEnd + 1, '_') || !p->bMarked)) return;
  for (i = 4; i < nAll; i++) {
    const AssocGuessWord *pStem = assocGuessWordSeen(g, z, i);
    for (q = pStem ? pStem->pByName : 0; q; q = q->pNextByName) {
      const AssocGuessName *r = &q->pTab->plain;
      int n = r->n - 1;
      assert(nameLast(r) == pStem);
      if (n > pOwn->n || pOwn->n == 0) continue;
      if (n ? nameEqual(pOwn, 0, r, 0, n) : pOwn->ap[0] == pStem) {
        matchTry(g, p, pn, q, ASSOC_GUESS_EXACT);
      }
    }
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
      if (strcmp(z, w->z) == 0 || !g->aParent[i].bPrimary) continue;
      if (strncmp(z, w->z, (size_t)w->n) == 0 || assocGuessEnds(z, w->z)) {
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
    if (q->pTab == p->pTab && q->iCol != p->iCol) {
      matchAdd(g, pn, q, ASSOC_GUESS_SELF, q->bPrimary);
    }
  }
}

/* group_group_map: a table whose name has another's twice holds two keys to it,
** whatever they are called. */
static void matchDouble(AssocGuesser *g, const AssocGuessColumn *p, int *pn) {
  const AssocGuessName *pOwn = &p->pTab->plain;
  AssocGuessParent *q;
  int i;
  for (i = 0; i + 1 < pOwn->n && pOwn->ap[i] != pOwn->ap[i + 1]; i++) {
  }
  if (i + 1 >= pOwn->n || !p->bMarked || p->bPk) return;
  for (q = pOwn->ap[i]->pByName; q; q = q->pNextByName) {
    if (q->pTab != p->pTab) matchTry(g, p, pn, q, ASSOC_GUESS_SUFFIX);
  }
}

/* From the clearest kind of match to the vaguest. The vague ones are tried only
** if the clear ones found nothing. The candidates are in g->aMatch; the result
** is their number. */
int assocGuessMatches(AssocGuesser *g, const AssocGuessColumn *p) {
  int n = 0;
  if (!p->bMarked && p->core.n && coreIsValue(p, ASSOC_GUESS_NONE)) return 0;
  matchKeys(g, p, &n);
  matchTables(g, p, &n);
  matchKeyed(g, p, &n);
  matchStem(g, p, &n);
  matchExtend(g, p, &n);
  if (n == 0 || !g->aMatch[0].pParent->bPrimary) matchParts(g, p, &n);
  if (n == 0) matchDouble(g, p, &n);
  if (n == 0) matchShort(g, p, &n);
  if (coreIsSelf(p) && !p->bPk) matchSelf(g, p, &n);
  if (p->bPk) return n;
  if (coreIsPerson(p) || (n == 0 && coreIsGroup(g, p))) matchPeople(g, &n);
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
  int i;
  for (i = 0; i < ASSOC_COUNT(azFirst) && z; i++) {
    if (strncmp(z, azFirst[i], strlen(azFirst[i])) == 0) return 1;
  }
  for (i = 0; i < ASSOC_COUNT(azLast) && z && z[0]; i++) {
    if (assocGuessEnds(&z[1], azLast[i])) return 1;
  }
  return 0;
}

/* Names of keys in other systems, such as external_id and facebook_id. */
int assocGuessIsElsewhere(const AssocGuessColumn *p) {
  assert(p->core.n > 0);
  return NAME_IN(p->core.ap[0]->z, azNameElsewhere);
}

/* item_id beside item_type, or type_id beside type: no single table can be
** guessed. */
int assocGuessIsPolymorphic(const AssocGuessColumn *p) {
  int i;
  if (!p->bMarked || p->core.n == 0) return 0;
  for (i = 0; i < p->pTab->pModel->pTable->nCol; i++) {
    const AssocGuessName *q = &p->pTab->aColumn[i];
    if (q->n == 0 || strcmp(nameLast(q)->z, "type") != 0) continue;
    if (i != p->iCol && (q->n == p->core.n + 1 || q->n == p->core.n) &&
        nameEqual(q, 0, &p->core, 0, p->core.n)) {
      return 1;
    }
  }
  return 0;
}
