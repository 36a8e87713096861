/*
** A reader of CREATE TABLE texts, and the places in them where text can be
** inserted while everything else stays as the user wrote it:
**
**   CREATE TABLE Post(
**     id INTEGER PRIMARY KEY,
**     UserId INTEGER  -- who wrote it
**   ) STRICT;
**
** Behind INTEGER there is room for NOT NULL and for a comma; before the closing
** parenthesis there is room for a FOREIGN KEY. The reader only tells apart
** words, quotes, comments and parentheses. That is enough, because SQLite has
** parsed the text before and stores it from the name on as it was written.
*/
#include "sync/sync.h"

/* The length of the next token that is no white space; 0 at the end. *piAt
** moves behind the token, which so begins at *piAt minus the length. */
static int nextToken(const char *z, int *piAt, int *peType) {
  const char *zAt = &z[*piAt];
  int n = assocSqlNext(&zAt, peType);
  *piAt = (int)(zAt - z) + n;
  return n;
}

/* The offset behind "CREATE TABLE name"; 0 if the text does not begin so.
** SQLite stores neither TEMP, nor IF NOT EXISTS, nor the database's name. */
static int nameEnd(const char *z) {
  int i = 0, eType = 0;
  int n = nextToken(z, &i, &eType);
  if (!assocSqlIs(&z[i - n], n, "create")) return 0;
  n = nextToken(z, &i, &eType);
  if (!assocSqlIs(&z[i - n], n, "table")) return 0;
  n = nextToken(z, &i, &eType);
  return n && eType != ASSOC_SQL_OTHER ? i : 0;
}

/* Does a table constraint begin with this word? SQLite allows none of these
** words as a column name without quotes. */
static int beginsConstraint(const char *z, int n) {
  return assocSqlIs(z, n, "constraint") || assocSqlIs(z, n, "primary") ||
         assocSqlIs(z, n, "unique") || assocSqlIs(z, n, "check") ||
         assocSqlIs(z, n, "foreign");
}

/* Note the end of one element of the list, a column or a table constraint. */
static void elementEnd(AssocCreate *p, int iLast, int bColumn) {
  assert(iLast >= p->iLast);
  p->iLast = iLast;
  if (!bColumn) return;
  p->iColumns = iLast;
  p->aiEnd[p->nCol++] = iLast;
}

/* Read the elements behind the opening parenthesis, up to the closing one.
** False if the text ends before. */
static int readElements(AssocCreate *p, int i) {
  int nDepth = 0, bFirst = 1, bColumn = 1, iLast = i, eType, n;
  while ((n = nextToken(p->z, &i, &eType)) > 0) {
    const char *z = &p->z[i - n];
    if (nDepth == 0 && (*z == ',' || *z == ')')) {
      elementEnd(p, iLast, bColumn);
      bFirst = 1;
      p->iClose = i - 1;
      if (*z == ')') return 1;
      continue;
    }
    if (bFirst && eType == ASSOC_SQL_WORD && beginsConstraint(z, n)) {
      bColumn = 0;
    }
    /* Commas and parentheses inside of parentheses do not end an element. */
    bFirst = 0;
    nDepth += (*z == '(') - (*z == ')');
    if (eType == ASSOC_SQL_WORD && assocSqlIs(z, n, "autoincrement")) {
      p->bAutoincrement = 1;
    }
    assert(nDepth >= 0);
    iLast = i;
  }
  return 0;
}

/* If a line ends before the closing parenthesis, elements stand on lines of
** their own. A new element then gets the same indent as the first. */
static void readLayout(AssocCall *pCall, AssocArena *pArena, AssocCreate *p,
                       int iFirst) {
  int i, n = 0;
  assert(p->iLast <= p->iClose);
  for (i = p->iLast; i < p->iClose; i++) p->bLines |= p->z[i] == '\n';
  while (assocIsSpace(p->z[iFirst + n])) n++;
  p->zSpace = " ";
  if (!p->bLines) return;
  p->zSpace = "\n  ";
  for (i = 0; i < n; i++) {
    if (p->z[iFirst + i] == '\n') {
      p->zSpace = assocArenaText(pCall, pArena, &p->z[iFirst + i], n - i);
    }
  }
}

/* Only as much is read as a rebuild changes: where the name stands, where each
** column ends, and where constraints begin. Everything else of the text is
** copied as it is, comments included. */
void assocCreateRead(AssocCall *pCall, AssocArena *pArena, const char *zTable,
                     const char *zSql, AssocCreate *p) {
  int i, n, eType = 0, bRead = 0;
  memset(p, 0, sizeof(*p));
  p->z = zSql;
  p->iName = i = nameEnd(zSql);
  /* A column takes at least one byte, so this is room enough. */
  p->aiEnd =
      assocAlloc(pCall, pArena, (i64)sizeof(int) * ((i64)strlen(zSql) + 1));
  if (p->aiEnd == 0) return;
  n = i ? nextToken(zSql, &i, &eType) : 0;
  if (n && zSql[i - 1] == '(') {
    int iFirst = i;
    bRead = readElements(p, i);
    assert(!bRead || (p->iColumns <= p->iLast && p->iLast <= p->iClose));
    if (bRead) readLayout(pCall, pArena, p, iFirst);
  }
  if (!bRead) {
    assocErrorOf(pCall, ASSOC_E_UNSUPPORTED, 0, zTable,
                 "the text of %s in the schema cannot be read: %s", zTable,
                 zSql);
  }
}

/* ---------------------------------------------------- deferred foreign keys */

/* A reader that goes through the elements of a CREATE TABLE, token by token. */
typedef struct DeferReader DeferReader;
struct DeferReader {
  const AssocKey *pKey; /* The foreign key to find */
  int nDepth;           /* Open parentheses inside of the list */
  int iElement;         /* Tokens of this element so far */
  int bTable;           /* The element is a table constraint */
  int nName, nHit;      /* Column names so far, and how many are the key's */
  int bKey;             /* The last REFERENCES was the key's */
  int bNot, bInitially; /* NOT, INITIALLY was the last word */
};

/* Is the token the name of column i of the key, in quotes or without? */
static int isColumn(const DeferReader *p, const char *z, int n, int eType,
                    int i) {
  const char *zName = p->pKey->azCol[i];
  int iCol = 0;
  assert(i < p->pKey->nCol);
  if (eType == ASSOC_SQL_WORD) return assocSqlIs(z, n, zName);
  for (z++, n -= 2; n > 0; z++, n--, iCol++) {
    if (sqlite3_strnicmp(z, &zName[iCol], 1) != 0) return 0;
    /* A doubled quote inside of quotes is one character of the name. */
    if (n > 1 && *z == z[1] && strchr("\"`", *z)) z++, n--;
  }
  return zName[iCol] == 0;
}

/* Count one column name of the constraint. */
static void deferName(DeferReader *p, const char *z, int n, int eType) {
  int i;
  p->nName++;
  for (i = 0; i < p->pKey->nCol; i++) p->nHit += isColumn(p, z, n, eType, i);
}

/* Read one token. True if it completes INITIALLY DEFERRED for the key. */
static int deferToken(DeferReader *p, const char *z, int n, int eType) {
  int bWord = eType == ASSOC_SQL_WORD, bDeferred;
  int bName = bWord || eType == ASSOC_SQL_QUOTED;
  if (p->iElement == 1) {
    p->bTable = bWord && beginsConstraint(z, n);
    p->nName = p->nHit = p->bKey = 0;
    if (!p->bTable) deferName(p, z, n, eType);
  }
  /* FOREIGN KEY(a, b): the first parentheses of the constraint */
  if (p->bTable && bName && p->nDepth == 1) deferName(p, z, n, eType);
  if (p->nDepth || !bWord) return 0;
  if (p->bTable && assocSqlIs(z, n, "key")) p->nName = p->nHit = 0;
  if (assocSqlIs(z, n, "references")) {
    p->bKey = p->nName == p->pKey->nCol && p->nHit == p->nName;
    /* The names behind it are the parent's */
    p->bTable = 0;
    p->bNot = 0;
  }
  if (assocSqlIs(z, n, "not")) p->bNot = 1;
  if (assocSqlIs(z, n, "null")) p->bNot = 0;
  bDeferred =
      p->bKey && p->bInitially && !p->bNot && assocSqlIs(z, n, "deferred");
  p->bInitially = assocSqlIs(z, n, "initially");
  return bDeferred;
}

/* PRAGMA foreign_key_list does not say this, so the text of the table is read.
** A constraint at a column and one at the end of the table both count. */
int assocCreateIsDeferred(AssocCall *pCall, const AssocTable *pTab,
                          const AssocKey *pKey) {
  DeferReader r;
  sqlite3_stmt *pStmt =
      assocPrepare(pCall,
                   "SELECT sql FROM \"%w\".sqlite_schema WHERE type='table'"
                   " AND name=%Q",
                   pTab->pSchema->zName, pTab->zName);
  const char *z =
      assocStep(pCall, pStmt) ? assocColumnText(pCall, pStmt, 0) : "";
  int i = nameEnd(z), n, eType = 0, bDeferred = 0;
  memset(&r, 0, sizeof(r));
  r.pKey = pKey;
  r.nDepth = -1; /* The list's own parenthesis opens level 0 */
  while (!bDeferred && (n = nextToken(z, &i, &eType)) > 0) {
    const char *zAt = &z[i - n];
    r.nDepth -= *zAt == ')';
    if (*zAt == ',' && r.nDepth == 0) {
      r.iElement = 0;
    } else {
      r.iElement++;
      bDeferred = deferToken(&r, zAt, n, eType);
    }
    if (*zAt == '(' && r.nDepth++ < 0) {
      r.iElement = 0;
    }
  }
  assocFinalize(pCall, pStmt);
  return bDeferred;
}
