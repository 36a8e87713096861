/*
** The text of a CREATE TABLE, and the places in it where something can be
** put without a change to what is there:
**
**   CREATE TABLE Post(
**     id INTEGER PRIMARY KEY,
**     UserId INTEGER  -- who wrote it
**   ) STRICT;
**
** Behind INTEGER there is room for NOT NULL, and for a comma; before the
** parenthesis for a FOREIGN KEY. Only names, quotes, comments and parentheses
** have to be told apart for that. SQLite has read the text before, so that it
** is known to be right; and it stores it from the name on as it was written.
*/
#include "sync/sync.h"

static int isSqlSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static int isSqlWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '$' || (c & 0x80);
}

/* Up to and with the quote that ends it; a doubled one does not. */
static int sqlQuoted(const char *z, char cEnd) {
  int n = 1;
  while (z[n]) {
    if (z[n++] != cEnd) continue;
    if (cEnd == ']' || z[n] != cEnd) break;
    n++;
  }
  return n;
}

static int sqlComment(const char *z) {
  int n = 2;
  if (z[0] == '-') {
    while (z[n] && z[n] != '\n') n++;
    return n;
  }
  while (z[n] && !(z[n] == '*' && z[n + 1] == '/')) n++;
  return z[n] ? n + 2 : n;
}

int assocSqlToken(const char *z, int *peType) {
  int n = 0;
  *peType = ASSOC_SQL_SPACE;
  while (isSqlSpace(z[n])) n++;
  if (n) return n;
  if ((z[0] == '-' && z[1] == '-') || (z[0] == '/' && z[1] == '*')) {
    return sqlComment(z);
  }
  *peType = ASSOC_SQL_WORD;
  while (isSqlWord(z[n])) n++;
  if (n) return n;
  *peType = ASSOC_SQL_QUOTED;
  if (z[0] == '"' || z[0] == '\'' || z[0] == '`') return sqlQuoted(z, z[0]);
  if (z[0] == '[') return sqlQuoted(z, ']');
  *peType = ASSOC_SQL_OTHER;
  return z[0] != 0;
}

int assocSqlIs(const char *z, int n, const char *zWord) {
  return (int)strlen(zWord) == n && sqlite3_strnicmp(z, zWord, n) == 0;
}

/* Tokens one after another; *piAt goes behind each. 0 at the end. */
static int nextToken(const char *z, int *piAt, int *peType) {
  int n;
  do {
    n = assocSqlToken(&z[*piAt], peType);
    *piAt += n;
  } while (n && *peType == ASSOC_SQL_SPACE);
  return n;
}

/* CREATE TABLE name: where the name ends. */
static int nameEnd(const char *z) {
  int i = 0, eType = 0;
  int n = nextToken(z, &i, &eType);
  if (!assocSqlIs(&z[i - n], n, "create")) return 0;
  n = nextToken(z, &i, &eType);
  if (!assocSqlIs(&z[i - n], n, "table")) return 0;
  n = nextToken(z, &i, &eType);
  return n && eType != ASSOC_SQL_OTHER ? i : 0;
}

/* Does a constraint of the table begin with this word? None of these can be
** the name of a column without quotes. */
static int beginsConstraint(const char *z, int n) {
  return assocSqlIs(z, n, "constraint") || assocSqlIs(z, n, "primary") ||
         assocSqlIs(z, n, "unique") || assocSqlIs(z, n, "check") ||
         assocSqlIs(z, n, "foreign");
}

/* One element of the list ends before the comma or parenthesis. */
static void elementEnd(AssocCreate *p, int iLast, int bColumn) {
  p->iLast = iLast;
  if (!bColumn) return;
  p->iColumns = iLast;
  p->aiEnd[p->nCol++] = iLast;
}

/* The elements between the parentheses; true if they end well. */
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
    bFirst = 0;
    nDepth += (*z == '(') - (*z == ')');
    if (eType == ASSOC_SQL_WORD && assocSqlIs(z, n, "autoincrement")) {
      p->bAutoincrement = 1;
    }
    iLast = i;
  }
  return 0;
}

/* Where a line ends before the parenthesis, elements stand on lines. What goes
** before the first of them goes before every other. */
static void readLayout(AssocCall *pCall, AssocArena *pArena, AssocCreate *p,
                       int iFirst) {
  int i, n = 0;
  for (i = p->iLast; i < p->iClose; i++) p->bLines |= p->z[i] == '\n';
  while (isSqlSpace(p->z[iFirst + n])) n++;
  p->zSpace = " ";
  if (!p->bLines) return;
  p->zSpace = "\n  ";
  for (i = 0; i < n; i++) {
    if (p->z[iFirst + i] == '\n') {
      p->zSpace = assocArenaText(pCall, pArena, &p->z[iFirst + i], n - i);
    }
  }
}

void assocCreateRead(AssocCall *pCall, AssocArena *pArena, const char *zTable,
                     const char *zSql, AssocCreate *p) {
  int i, n, eType = 0, bRead = 0;
  memset(p, 0, sizeof(*p));
  p->z = zSql;
  p->iName = i = nameEnd(zSql);
  /* There are no more columns than bytes */
  p->aiEnd =
      assocAlloc(pCall, pArena, (i64)sizeof(int) * ((i64)strlen(zSql) + 1));
  if (p->aiEnd == 0) return;
  n = i ? nextToken(zSql, &i, &eType) : 0;
  if (n && zSql[i - 1] == '(' && eType == ASSOC_SQL_OTHER) {
    int iFirst = i;
    bRead = readElements(p, i);
    if (bRead) readLayout(pCall, pArena, p, iFirst);
  }
  if (!bRead) {
    assocError(pCall, "the text of %s in the schema cannot be read: %s", zTable,
               zSql);
  }
}

/* ---------------------------------------------------- deferred foreign keys */

/* Which column constraint or table constraint is being read. */
typedef struct DeferReader DeferReader;
struct DeferReader {
  const AssocKey *pKey; /* The foreign key that is looked for */
  int nDepth;           /* Parentheses that are open */
  int iElement;         /* Tokens of the element so far */
  int bTable;           /* It is a constraint of the table */
  int nName, nHit;      /* Its columns, and those of them that are the key's */
  int bKey;             /* A REFERENCES of the key came last */
  int bNot, bInitially; /* NOT, INITIALLY came last */
};

/* A name in quotes or without them. */
static int isColumn(const DeferReader *p, const char *z, int n, int eType,
                    int i) {
  const char *zName = p->pKey->azCol[i];
  int iCol = 0;
  if (eType == ASSOC_SQL_WORD) return assocSqlIs(z, n, zName);
  for (z++, n -= 2; n > 0; z++, n--, iCol++) {
    if (sqlite3_strnicmp(z, &zName[iCol], 1) != 0) return 0;
    if (n > 1 && *z == z[1] && strchr("\"`", *z)) z++, n--;
  }
  return zName[iCol] == 0;
}

static void deferName(DeferReader *p, const char *z, int n, int eType) {
  int i;
  p->nName++;
  for (i = 0; i < p->pKey->nCol; i++) p->nHit += isColumn(p, z, n, eType, i);
}

/* One token; true if it says that the key is deferred. */
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
  r.nDepth = -1;
  while (!bDeferred && (n = nextToken(z, &i, &eType)) > 0) {
    const char *zAt = &z[i - n];
    r.nDepth -= *zAt == ')' && eType == ASSOC_SQL_OTHER;
    if (*zAt == ',' && r.nDepth == 0) {
      r.iElement = 0;
    } else {
      r.iElement++;
      bDeferred = deferToken(&r, zAt, n, eType);
    }
    if (*zAt == '(' && eType == ASSOC_SQL_OTHER && r.nDepth++ < 0) {
      r.iElement = 0;
    }
  }
  assocFinalize(pCall, pStmt);
  return bDeferred;
}
