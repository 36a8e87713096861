/*
** Which rows does an INSERT OR REPLACE delete?
**
** SQLite fires no delete trigger for them unless recursive_triggers is on. So
** the triggers BEFORE INSERT and BEFORE UPDATE look for them: by each UNIQUE
** index, as the index compares.
**
**   UNIQUE(slug)             WHERE "slug"=NEW."slug"
**   … (slug COLLATE NOCASE)  WHERE "slug" COLLATE "NOCASE"=NEW."slug"
**   … (slug) WHERE live      WHERE "slug"=NEW."slug" AND (live)
**   … (lower(slug))          WHERE (lower(slug))=(SELECT lower(slug) FROM
**                              (SELECT NEW."id" AS "id",NEW."slug" AS "slug"))
**
** The same conditions are the trigger's WHEN, because an INSERT ... SELECT in a
** trigger is slow, even if it finds nothing.
*/
#include "live/live.h"
#include "sync/sync.h"

/* The text of an index: SQLite has parsed it before. Its terms are z[aiTerm[i]]
** to z[aiEnd[i]]; behind its WHERE is zWhere, or 0. */
typedef struct ProbeIndex ProbeIndex;
struct ProbeIndex {
  char *z;             /* OWNED */
  int nTerm;           /* Terms of the index */
  int *aiTerm, *aiEnd; /* In the arena */
  const char *zWhere;
};

/* A term starts at byte i of the index's text. aiTerm and aiEnd have room for
** nMost terms. */
static void termBegin(ProbeIndex *p, int nMost, int i) {
  assert(i > 0); /* Behind a parenthesis or comma */
  if (p->nTerm < nMost) p->aiTerm[p->nTerm] = i;
}

/* A term ends before byte i. */
static void termEnd(ProbeIndex *p, int nMost, int i) {
  assert(p->nTerm == nMost || p->aiTerm[p->nTerm] <= i);
  if (p->nTerm < nMost) p->aiEnd[p->nTerm++] = i;
}

/* Divide the text of an index with nMost terms. A word ASC or DESC at the end
** of a term does not belong to its expression. */
static void indexRead(ProbeIndex *p, int nMost) {
  int i = 0, n, eType, nDepth = 0, iLast = 0, bDone = 0;
  assert(p->z && nMost > 0);
  /* nDepth counts parentheses: commas of depth 1 divide terms. iLast is the end of
  ** the last token that belongs to the term. */
  for (; (n = assocSqlToken(&p->z[i], &eType)) > 0; i += n) {
    char c = eType == ASSOC_SQL_OTHER ? p->z[i] : 0;
    if (eType == ASSOC_SQL_SPACE) continue;
    if (bDone) {
      if (assocSqlIs(&p->z[i], n, "where")) p->zWhere = &p->z[i + n];
      return;
    }
    if (c == '(' && nDepth++ == 0) {
      termBegin(p, nMost, i + 1);
      continue;
    }
    if (nDepth == 1 && (c == ',' || c == ')')) {
      termEnd(p, nMost, iLast);
      if (c == ',') termBegin(p, nMost, i + 1);
    }
    if (c == ')' && --nDepth == 0) bDone = 1;
    if (nDepth == 1 &&
        (assocSqlIs(&p->z[i], n, "asc") || assocSqlIs(&p->z[i], n, "desc"))) {
      continue;
    }
    iLast = i + n;
  }
}

/* Append (SELECT expr FROM (SELECT NEW."a" AS "a", ...)). */
static void probeNew(sqlite3_str *pStr, const AssocTable *pTab,
                     const char *zExpr, int nExpr) {
  int i;
  sqlite3_str_appendf(pStr, "(SELECT %.*s FROM (SELECT ", nExpr, zExpr);
  for (i = 0; i < pTab->nCol; i++) {
    sqlite3_str_appendf(pStr, "%sNEW.\"%w\" AS \"%w\"", i ? "," : "",
                        pTab->aCol[i].zName, pTab->aCol[i].zName);
  }
  sqlite3_str_appendall(pStr, "))");
}

/* Append the comparison of one term. */
static void probeTerm(sqlite3_str *pStr, const AssocTable *pTab,
                      const AssocIndex *pIdx, int i, const ProbeIndex *pText) {
  int iCol = pIdx->aCol[i];
  const AssocColumn *pCol;
  if (i) sqlite3_str_appendall(pStr, " AND ");
  if (iCol < 0) { /* An expression */
    const char *z = &pText->z[pText->aiTerm[i]];
    int n = pText->aiEnd[i] - pText->aiTerm[i];
    sqlite3_str_appendf(pStr, "(%.*s)=", n, z);
    probeNew(pStr, pTab, z, n);
    return;
  }
  assert(iCol < pTab->nCol);
  pCol = &pTab->aCol[iCol];
  sqlite3_str_appendf(pStr, "\"%w\"", pCol->zName);
  if (sqlite3_stricmp(pCol->zColl, pIdx->azColl[i]) != 0) {
    sqlite3_str_appendf(pStr, " COLLATE \"%w\"", pIdx->azColl[i]);
  }
  sqlite3_str_appendf(pStr, "=NEW.\"%w\"", pCol->zName);
}

/* Append the condition that an UPDATE changes a column of the index. */
static void probeMoved(sqlite3_str *pStr, const AssocTable *pTab,
                       const AssocIndex *pIdx) {
  int i;
  for (i = 0; i < pIdx->nCol; i++) {
    int iCol = pIdx->aCol[i];
    sqlite3_str_appendf(pStr, "%sNEW.\"%w\" IS NOT OLD.\"%w\" COLLATE BINARY",
                        i ? " OR " : "(", pTab->aCol[iCol].zName,
                        pTab->aCol[iCol].zName);
  }
  sqlite3_str_appendall(pStr, ") AND ");
}

/* Does the index have terms that are expressions? */
static int hasExpression(const AssocIndex *pIdx) {
  int i = 0;
  while (i < pIdx->nCol && pIdx->aCol[i] != -2) i++;
  return i < pIdx->nCol;
}

int assocLiveProbeColumns(AssocCall *pCall, const LiveTable *p, u8 *abCol) {
  const AssocTable *pTab = p->pTab;
  const AssocIndex *pIdx = assocTableIndexes(pCall, p->pTab);
  int i;
  assert(abCol);
  if (pTab->iRowid >= 0) abCol[pTab->iRowid] = 1;
  for (; pIdx; pIdx = pIdx->pNext) {
    if (!pIdx->bUnique) continue;
    if (pIdx->bPartial || hasExpression(pIdx)) return 0;
    for (i = 0; i < pIdx->nCol; i++) {
      int iCol = pIdx->aCol[i];
      if (pTab->aCol[iCol].bGenerated) return 0;
      abCol[iCol] = 1;
    }
  }
  return 1;
}

/* Begin a probe: a statement of the trigger's body, or (bWhen) a part of its
** WHEN. probeWhere() begins the condition on the rows. */
static void probeStart(sqlite3_str *pStr, const LiveTable *p, int bWhen,
                       int *pn) {
  if (bWhen) {
    sqlite3_str_appendall(pStr, (*pn)++ ? " OR (" : "(");
    return;
  }
  (*pn)++;
  sqlite3_str_appendf(pStr, " INSERT INTO \"%w\"(", p->zLog);
  assocLiveLinks(pStr, p, "");
  sqlite3_str_appendall(pStr, ") SELECT ");
  assocLiveLinks(pStr, p, "");
  sqlite3_str_appendf(pStr, " FROM \"%w\" WHERE ", p->pTab->zName);
}

/* In the trigger's body the statement has its WHERE already; in a WHEN the
** condition becomes an EXISTS. */
static void probeWhere(sqlite3_str *pStr, const LiveTable *p, int bWhen) {
  if (!bWhen) return;
  sqlite3_str_appendf(pStr, "EXISTS(SELECT 1 FROM \"%w\" WHERE ",
                      p->pTab->zName);
}

/* Close what probeStart() and probeWhere() opened. */
static void probeEnd(sqlite3_str *pStr, int bWhen) {
  sqlite3_str_appendall(pStr, bWhen ? "))" : ";");
}

/* Read the text of an index that has expressions or a WHERE. OUT: p->z is freed
** with sqlite3_free(). */
static void probeText(AssocCall *pCall, AssocArena *pArena,
                      const AssocTable *pTab, const AssocIndex *pIdx,
                      ProbeIndex *p) {
  sqlite3_stmt *pStmt =
      assocPrepare(pCall,
                   "SELECT sql FROM \"%w\".sqlite_schema WHERE type='index' AND"
                   " name=%Q",
                   pTab->pSchema->zName, pIdx->zName);
  int bRow = assocStep(pCall, pStmt); /* Always, but for an error */
  p->z =
      assocMprintf(pCall, "%s", bRow ? assocColumnText(pCall, pStmt, 0) : "");
  assocFinalize(pCall, pStmt);
  /* The text is SQLite's own: it has parsed it, so it can be divided. */
  p->aiTerm = assocAlloc(pCall, pArena, (i64)sizeof(int) * pIdx->nCol);
  p->aiEnd = assocAlloc(pCall, pArena, (i64)sizeof(int) * pIdx->nCol);
  if (pCall->rc == SQLITE_OK) indexRead(p, pIdx->nCol);
}

/* The probe by one UNIQUE index. */
static void probeIndex(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr,
                       const LiveTable *p, const AssocIndex *pIdx, int bUpdate,
                       int bWhen, int *pn) {
  int i, bText = pIdx->bPartial || hasExpression(pIdx);
  ProbeIndex text = {0};
  if (bText) probeText(pCall, pArena, p->pTab, pIdx, &text);
  if (pCall->rc == SQLITE_OK &&
      !ASSOC_NEVER(bText && text.nTerm != pIdx->nCol)) {
    assert(pIdx->bUnique && pIdx->nCol > 0);
    probeStart(pStr, p, bWhen, pn);
    if (bUpdate && !bText) probeMoved(pStr, p->pTab, pIdx);
    probeWhere(pStr, p, bWhen);
    for (i = 0; i < pIdx->nCol; i++) {
      probeTerm(pStr, p->pTab, pIdx, i, &text);
    }
    if (text.zWhere) sqlite3_str_appendf(pStr, " AND (%s)", text.zWhere);
    probeEnd(pStr, bWhen);
  }
  sqlite3_free(text.z);
}

void assocLiveProbes(AssocCall *pCall, AssocArena *pArena, sqlite3_str *pStr,
                     const LiveTable *p, int bUpdate, int bWhen) {
  const AssocTable *pTab = p->pTab;
  const AssocIndex *pIdx;
  int n = 0;
  if (pTab->iRowid >= 0) {
    const char *z = pTab->aCol[pTab->iRowid].zName;
    probeStart(pStr, p, bWhen, &n);
    if (bUpdate) {
      sqlite3_str_appendf(pStr, "NEW.\"%w\" IS NOT OLD.\"%w\" AND ", z, z);
    }
    if (bWhen) {
      /* -1: SQLite will choose the rowid; see log.c */
      if (!bUpdate) sqlite3_str_appendf(pStr, "NEW.\"%w\"<>-1 AND ", z);
      sqlite3_str_appendf(pStr, "NEW.\"%w\" IN (SELECT \"%w\" FROM \"%w\"))", z,
                          z, pTab->zName);
    } else {
      sqlite3_str_appendf(pStr, "\"%w\"=NEW.\"%w\";", z, z);
    }
  }
  pIdx = assocTableIndexes(pCall, p->pTab);
  for (; pIdx && pCall->rc == SQLITE_OK; pIdx = pIdx->pNext) {
    if (pIdx->bUnique) {
      probeIndex(pCall, pArena, pStr, p, pIdx, bUpdate, bWhen, &n);
    }
  }
  /* Without a rowid that has a name, or an index, no row is replaced */
  if (n == 0) sqlite3_str_appendall(pStr, bWhen ? "0" : " SELECT 1;");
}
