/*
** From changed rows to the roots that depend on them, in one statement:
**
**   WITH RECURSIVE
**     n1(i0) AS (SELECT t0.id FROM assoc_dirty_comments t1 CROSS JOIN posts t0
**                WHERE t0.id=t1.post_id)
**   INSERT OR IGNORE INTO feed_mark(key)
**     SELECT t1.id FROM assoc_dirty_users t1
**     UNION ALL SELECT t0.id FROM assoc_dirty_posts t1 CROSS JOIN users t0
**               WHERE t0.id=t1.user_id
**     UNION ALL SELECT t0.id FROM n1 CROSS JOIN posts t1 CROSS JOIN users t0
**               WHERE t1.id=n1.i0 AND t0.id=t1.user_id
**
** A site with sites below it is a common table expression, nS, of the rows on
** which a change below has an effect. The links are followed in the tables as
** they are now. That is enough: if a row on the way has changed as well, its
** own log rows lead on from there.
**
** The rows of nS are told apart by their rowid or primary key, compared as
** BINARY, and not by the values of links: two that are equal under a collation
** need not lead to the same rows.
*/
#include "live/live.h"

typedef struct Climber Climber;
struct Climber {
  AssocLive *pLive;         /* The live document whose marks are set */
  const LiveTable *pTables; /* Base tables, for the names of their logs */
  AssocSql sql;             /* The statement so far */
  int n;                    /* Arms of the compound so far */
};

LiveTable *assocLiveTableOf(LiveTable *p, const AssocTable *pTab) {
  while (p && p->pTab != pTab) p = p->pNext;
  return p;
}

/* Append "main"."posts" t1, whatever policies say. */
static void climbFrom(Climber *c, const AssocTable *pTab, int iAlias) {
  assert(pTab->eType == ASSOC_TABLE);
  assocSqlTable(&c->sql, pTab);
  sqlite3_str_appendf(c->sql.pStr, " t%d", iAlias);
}

/* Append t1."a"=t2."b": the rows of the site and of the site above belong
** together. */
static void climbLink(Climber *c, const LiveSite *p, int iUp, int iAlias) {
  const LiveLink *l = &p->link;
  assert(p->pUp); /* A root has no link */
  assocSqlEqual(&c->sql, l->bRefIsUp ? iUp : iAlias, l->pRefTab, l->pRef,
                l->bRefIsUp ? iAlias : iUp, l->pForTab, l->pFor);
}

/* Append the columns that an arm selects: the identity of rows of pUp under t0,
** or the root's key. */
static void climbSelect(Climber *c, const LiveSite *pUp) {
  sqlite3_str *pStr = c->sql.pStr;
  int aCol[ASSOC_KEY_MAX], i, n;
  sqlite3_str_appendall(pStr, "SELECT ");
  if (pUp->pUp == 0) {
    assocSqlKeyColumns(&c->sql, c->pLive->pModel, 0, 0);
    return;
  }
  /* pUp is not the root: its rows are identified by their rowid or primary key.
  */
  n = assocLiveIdentity(c->sql.pCall, pUp->pTab, aCol);
  for (i = 0; i < n; i++) {
    if (i) sqlite3_str_appendall(pStr, ",");
    assocSqlColumn(&c->sql, 0, pUp->pTab, aCol[i]);
    if (!pUp->pTab->bRowid) sqlite3_str_appendall(pStr, " COLLATE BINARY");
  }
}

/* Append t1.id=t9.i0 AND ...: the row under iAlias is one of a nS. */
static void climbSame(Climber *c, const AssocTable *pTab, int iAlias) {
  int aCol[ASSOC_KEY_MAX], i, n = assocLiveIdentity(c->sql.pCall, pTab, aCol);
  assert(n > 0 && n <= ASSOC_KEY_MAX);
  for (i = 0; i < n; i++) {
    if (i) sqlite3_str_appendall(c->sql.pStr, " AND ");
    assocSqlColumn(&c->sql, iAlias, pTab, aCol[i]);
    sqlite3_str_appendf(c->sql.pStr, "=n.i%d", i);
  }
}

/* Begin one more SELECT of the compound. */
static void climbArm(Climber *c, const LiveSite *pUp) {
  /* UNION ends a recursion: a row that was found before is not followed again.
  ** Marks need no UNION, because INSERT OR IGNORE drops repeated keys. */
  if (c->n++) {
    sqlite3_str_appendall(c->sql.pStr, pUp->pUp ? " UNION " : " UNION ALL ");
  }
  climbSelect(c, pUp);
}

int assocLiveLeads(const LiveSite *p) {
  assert(p->bChild || p->pSelf == 0); /* A loop begins with a site below */
  return p->bChild;
}

/* What leads from the site p to the site above: its log, and its nS. */
static void climbChild(Climber *c, const LiveSite *p) {
  sqlite3_str *pStr = c->sql.pStr;
  const char *zSchema = c->pLive->pSchema->zName;
  const LiveTable *pTab = assocLiveTableOf((LiveTable *)c->pTables, p->pTab);
  assert(p->pUp && pTab); /* Each base table has a log */
  /* First arm: rows of p that changed themselves. CROSS JOIN keeps SQLite from
  ** reading the large table before the log. */
  climbArm(c, p->pUp);
  sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w\" t1 CROSS JOIN ", zSchema,
                      pTab->zLog);
  climbFrom(c, p->pUp->pTab, 0);
  sqlite3_str_appendall(pStr, " WHERE ");
  climbLink(c, p, 0, 1);
  if (!assocLiveLeads(p)) return;
  climbArm(c, p->pUp);
  /* Second arm: rows of p that a change further below has reached. */
  sqlite3_str_appendf(pStr, " FROM n%d n CROSS JOIN ", p->iSite);
  climbFrom(c, p->pTab, 1);
  sqlite3_str_appendall(pStr, " CROSS JOIN ");
  climbFrom(c, p->pUp->pTab, 0);
  sqlite3_str_appendall(pStr, " WHERE ");
  climbSame(c, p->pTab, 1);
  sqlite3_str_appendall(pStr, " AND ");
  climbLink(c, p, 0, 1);
}

/* "^": the rows of the site once more, as the last step of the loop, and from
** there up to the site again. */
static void climbLoop(Climber *c, const LiveSite *pAt) {
  sqlite3_str *pStr = c->sql.pStr;
  const LiveSite *p;
  int i = 0, nStep = 0;
  for (p = pAt->pSelf; p != pAt; p = p->pUp) {
    assert(p); /* The loop leads back to the site */
    nStep++;
  }
  climbArm(c, pAt);
  sqlite3_str_appendf(pStr, " FROM n%d n", pAt->iSite);
  for (p = pAt->pSelf, i = nStep; i >= 0; p = p->pUp, i--) {
    sqlite3_str_appendall(pStr, " CROSS JOIN ");
    climbFrom(c, p->pTab, i);
  }
  sqlite3_str_appendall(pStr, " WHERE ");
  assert(nStep > 0); /* The loop has at least one step */
  climbSame(c, pAt->pTab, nStep);
  for (p = pAt->pSelf, i = nStep; i > 0; p = p->pUp, i--) {
    sqlite3_str_appendall(pStr, " AND ");
    climbLink(c, p, i - 1, i);
  }
}

/* All arms of a site. */
static void climbSite(Climber *c, const LiveSite *pAt) {
  const LiveSite *p;
  for (p = pAt->pNext; p; p = p->pNext) {
    if (p->pUp == pAt) climbChild(c, p);
  }
  if (pAt->pSelf) climbLoop(c, pAt);
}

/* The common table expression of a site. */
static void climbTable(Climber *c, const LiveSite *p, int bFirst) {
  int aCol[ASSOC_KEY_MAX], i;
  int n = assocLiveIdentity(c->sql.pCall, p->pTab, aCol);
  assert(p->pUp && n > 0); /* siteApart() has seen to it */
  sqlite3_str_appendf(c->sql.pStr, "%sn%d(", bFirst ? "WITH RECURSIVE " : ",",
                      p->iSite);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(c->sql.pStr, "%si%d", i ? "," : "", i);
  }
  sqlite3_str_appendall(c->sql.pStr, ") AS (");
  c->n = 0;
  climbSite(c, p);
  sqlite3_str_appendall(c->sql.pStr, ")");
}

/* INSERT OR IGNORE INTO feed_mark(key) SELECT ...: roots that were changed
** themselves, and those that the other sites lead to. NULL is no key. */
static void climbRoots(Climber *c) {
  sqlite3_str *pStr = c->sql.pStr;
  AssocLive *p = c->pLive;
  const AssocModel *pModel = p->pModel;
  const LiveTable *pTab =
      assocLiveTableOf((LiveTable *)c->pTables, pModel->pTable);
  int i;
  assert(pTab && p->pSite && p->pSite->pUp == 0);
  sqlite3_str_appendf(pStr, " INSERT OR IGNORE INTO \"%w\".\"%w_mark\"(",
                      p->pSchema->zName, p->zName);
  for (i = 0; i < pModel->nKey; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\"", i ? "," : "", assocLiveKeyName(p, i));
  }
  sqlite3_str_appendall(pStr, ") ");
  c->n = 0;
  climbArm(c, p->pSite);
  sqlite3_str_appendf(pStr, " FROM \"%w\".\"%w\" t0 WHERE ", p->pSchema->zName,
                      pTab->zLog);
  for (i = 0; i < pModel->nKey; i++) {
    const AssocColumn *pCol = &pModel->pTable->aCol[pModel->aKey[i]];
    sqlite3_str_appendf(pStr, "%st0.\"%w\" IS NOT NULL", i ? " AND " : "",
                        pCol->zName);
  }
  climbSite(c, p->pSite);
}

char *assocLiveClimb(AssocLive *p, const LiveTable *pTables) {
  Climber c = {.pLive = p, .pTables = pTables};
  const LiveSite **apSite, *pSite;
  const char *z;
  int i, n = 0;
  apSite =
      assocAlloc(p->pCall, p->pArena, (i64)sizeof(*apSite) * (p->nSite + 1));
  if (apSite == 0) return 0;
  for (pSite = p->pSite; pSite; pSite = pSite->pNext) {
    assert(pSite->iSite >= 0 && pSite->iSite < p->nSite);
    apSite[pSite->iSite] = pSite;
  }
  assocSqlStart(&c.sql, p->pCall, p->pArena, 0);
  /* From the last site on: an nS names only sites of greater numbers, and
  ** itself. */
  for (i = p->nSite - 1; i > 0; i--) {
    if (assocLiveLeads(apSite[i])) climbTable(&c, apSite[i], n++ == 0);
  }
  climbRoots(&c);
  z = assocSqlEnd(&c.sql);
  return z ? assocMprintf(p->pCall, "%s", z) : 0;
}
