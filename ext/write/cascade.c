/*
** Destroying a row: the row is deleted, and to all rows that refer to it
** happens what onDelete says. This covers the associations and the foreign keys
** that the schema declares, whether PRAGMA foreign_keys is on or off.
**
**   1. reach.c collects the rows that go, and changes nothing.
**   2. Rows that refer to those and stay: if a key says RESTRICT, this is an
**      error, before anything is changed.
**   3. The keys of rows that stay become NULL or the default:
**        UPDATE posts SET user_id=NULL WHERE rowid=?2
**   4. In a circle of foreign keys that SQLite enforces, one row's key becomes
**      NULL too, although the row goes.
**   5. The rows are deleted, those that refer to others first:
**        DELETE FROM posts WHERE rowid=?1
**      Many rows are deleted by the key that led to them, before the row to which
**      they refer:
**        DELETE FROM posts WHERE user_id=?1
**
** A row of a model with soft deletion is not deleted but marked:
**        UPDATE posts SET deletedAt=?1 WHERE rowid=?2
*/
#include "write/cascade.h"

/* --------------------------------------------------------------- judging */

/*
** Look at the rows that an edge found and that do not cascade. If they stay and
** the key says RESTRICT, an error lists the first ten. If they go by another
** way although SQLite enforces this key, the order of deletion has to respect
** the key too (bTangled).
*/
static void edgeJudge(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  const WriteRefer *pRefer = p->pRefer;
  AssocOut keys;
  i64 nLeft = 0, n = 0;
  char *z;
  u32 i;
  assocBufInit(&keys, 0x7fffffff);
  for (i = 0; i < p->found.nSlot; i++) {
    sqlite3_stmt *pStmt;
    if (assocDestroyGoes(w, p->pChild, &p->found, i)) {
      if (d->bEnforced && pRefer->zDeclared) d->bTangled = 1;
      continue;
    }
    if (p->eNow != DESTROY_RESTRICT) continue;
    assocAllowOf(w, p->pChild->pTab, p->pChild->nId, p->pChild->aId, &p->found,
                 i, ASSOC_MAY_READ, 1);
    /* Ten keys are enough for a person; the count tells how many there are. */
    if (++nLeft <= 10) {
      pStmt = assocDestroyLoad(w, p->pChild, &p->found, i);
      if (pStmt) assocDestroyKey(w, p->pChild, &keys, pStmt);
      sqlite3_reset(pStmt);
    }
  }
  z = assocBufFinish(&keys, &n);
  if (nLeft > 0) {
    assocFail(w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_FOREIGNKEY,
                          .zName = p->pChild->pTab->zName},
              "%s has %lld row%s that refer%s by %s to what would be "
              "destroyed, and onDelete is %s: %s%s; {\"cascade\":true} "
              "destroys them too",
              p->pChild->pTab->zName, nLeft, nLeft == 1 ? "" : "s",
              nLeft == 1 ? "s" : "", assocReferColumns(w, pRefer),
              pRefer->zAction, z ? z : "", nLeft > 10 ? ",..." : "");
  }
  assert(nLeft <= (i64)p->found.nSlot);
  sqlite3_free(z);
}

/* ---------------------------------------------------------------- changing */

/* The value of a column's default as the schema's text has it: a number, 'a
** text', NULL, TRUE or FALSE. 0 if it is an expression. */
static AssocJson *edgeDefault(AssocWriter *w, const char *z) {
  int n = (int)strlen(z);
  AssocJson *p;
  /* A text literal: two quotes inside it are one. */
  if (n > 1 && z[0] == '\'' && z[n - 1] == '\'') {
    char *zText = assocArenaText(w->pCall, &w->tmp, z + 1, n - 2);
    int i, j = 0;
    p = assocAlloc(w->pCall, &w->tmp, sizeof(*p));
    if (p == 0) return 0; /* Also if there is no text */
    for (i = 0; zText[i]; i++) {
      zText[j++] = zText[i];
      if (zText[i] != '\'') continue;
      if (zText[++i] != '\'') return 0; /* 'a' || 'b' */
    }
    p->eType = ASSOC_J_TEXT;
    p->z = zText;
    p->n = j;
    return p;
  }
  if (sqlite3_stricmp(z, "null") == 0) z = "null";
  if (sqlite3_stricmp(z, "true") == 0) z = "true";
  if (sqlite3_stricmp(z, "false") == 0) z = "false";
  /* Numbers are spelt alike in SQL and JSON, but for forms such as 0x10, which are
  ** refused as expressions. */
  p = assocJsonTry(w->pCall, &w->tmp, z, -1);
  return p && p->eType < ASSOC_J_TEXT ? p : 0;
}

/* The value for a column of the edge: NULL, or the column's default. PRAGMA
** table_xinfo gives cid, name, type, notnull, dflt_value. */
static const AssocJson *edgeValue(WriteDestroyer *d, const DestroyEdge *p,
                                  int eAction, int iCol) {
  AssocWriter *w = d->w;
  AssocTable *pTab = p->pChild->pTab;
  const AssocJson *pJson = &assocNull;
  sqlite3_stmt *pStmt;
  if (eAction != DESTROY_DEFAULT || !pTab->aCol[iCol].bDefault) return pJson;
  pStmt = assocPrepare(w->pCall, "PRAGMA \"%w\".table_xinfo(\"%w\")",
                       pTab->pSchema->zName, pTab->zName);
  while (assocStep(w->pCall, pStmt)) {
    if (sqlite3_column_int(pStmt, 0) != iCol) continue;
    pJson = edgeDefault(w, assocColumnText(w->pCall, pStmt, 4));
  }
  assocFinalize(w->pCall, pStmt);
  if (pJson == 0) {
    (void)assocReferColumns(w, p->pRefer); /* May they be named? */
    assocErrorOf(w->pCall, ASSOC_E_UNSUPPORTED, pTab->zName,
                 pTab->aCol[iCol].zName,
                 "onDelete of %s.%s is SET DEFAULT, but its default is an "
                 "expression",
                 pTab->zName, pTab->aCol[iCol].zName);
  }
  return pJson;
}

/* The columns to set. All of them for a default; for NULL only those that may
** be NULL. Returns how many. OUT: *paCol lasts until rows are forgotten. */
static int edgeColumns(AssocWriter *w, const DestroyEdge *p, int eAction,
                       int **paCol) {
  const WriteRefer *pRefer = p->pRefer;
  int *a = assocAlloc(w->pCall, &w->tmp, (i64)sizeof(int) * (pRefer->nCol + 1));
  int i, n = 0;
  assert(eAction == DESTROY_NULL || eAction == DESTROY_DEFAULT);
  *paCol = a;
  for (i = 0; a && i < pRefer->nCol; i++) {
    if (eAction == DESTROY_NULL &&
        !assocColumnLetsGo(p->pChild->pModel, pRefer->aCol[i])) {
      continue;
    }
    assert(n < pRefer->nCol);
    a[n++] = pRefer->aCol[i];
  }
  return n;
}

/* UPDATE posts SET user_id=NULL WHERE id=?2, with every value bound except the
** row's identity. */
static WriteSql *edgeUpdate(WriteDestroyer *d, const DestroyEdge *p,
                            int eAction, int nCol, const int *aCol) {
  AssocWriter *w = d->w;
  DestroyTable *pChild = p->pChild;
  WriteSql *pSql = assocWriteSql(w, WRITE_UPDATE, pChild->pTab, nCol, aCol,
                                 pChild->nId, pChild->aId, 0, 0);
  int i;
  assert(nCol > 0 && pChild->nId > 0);
  /* Without a value the variable stays NULL */
  for (i = 0; pSql && i < nCol; i++) {
    WriteVal val = {0, 0, 0};
    val.pJson = edgeValue(d, p, eAction, aCol[i]);
    if (val.pJson) assocWriteBind(w, pSql->pStmt, i + 1, 0, &val);
  }
  return w->pCall->rc == SQLITE_OK ? pSql : 0;
}

/* Put a changed row into the report, once, even if several edges lead to it. A
** dry run shows every edge. */
static void edgeReportChange(WriteDestroyer *d, DestroyEdge *p, u32 iRow) {
  DestroyTable *pChild = p->pChild;
  u32 nOld = pChild->changed.nSlot;
  sqlite3_stmt *pStmt;
  if (!d->bReport) return;
  pStmt = assocDestroyLoad(d->w, pChild, &p->found, iRow);
  if (pStmt == 0) return;
  (void)assocDestroyRowOf(d->w, pChild, &pChild->changed, pStmt, 0, 1);
  if (pChild->changed.nSlot != nOld || d->bDryRun)
    assocDestroyShow(d, p, pStmt);
  sqlite3_reset(pStmt);
}

/* A dry run raises the error that SQLite's NOT NULL would raise in a real
** run. */
static void edgeRefused(AssocWriter *w, const DestroyEdge *p, int iCol) {
  const AssocTable *pTab = p->pChild->pTab;
  if (p->eNow != DESTROY_NULL || !pTab->aCol[iCol].bNotNull) return;
  (void)assocReferColumns(w, p->pRefer); /* May they be named? */
  assocErrorAs(w->pCall, SQLITE_CONSTRAINT_NOTNULL,
               "NOT NULL constraint failed: %s.%s", pTab->zName,
               pTab->aCol[iCol].zName);
}

/* May the session set these columns of a row that stays? */
static void edgeAllowed(WriteDestroyer *d, DestroyEdge *p, u32 iRow, int nCol,
                        const int *aCol) {
  const DestroyTable *pChild = p->pChild;
  int i;
  assocAllowOf(d->w, pChild->pTab, pChild->nId, pChild->aId, &p->found, iRow,
               ASSOC_MAY_UPDATE, 1);
  for (i = 0; i < nCol; i++) assocAllowColumn(d->w, pChild->pTab, aCol[i]);
}

/* Set the keys of the rows that stay to NULL or the default. If no column of
** the key may be NULL, the UPDATE fails with SQLite's own error. */
static void edgeChange(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql = 0;
  int *aCol, n;
  u32 i;
  if (p->eNow != DESTROY_NULL && p->eNow != DESTROY_DEFAULT) return;
  if (p->found.nSlot == 0) return;
  n = edgeColumns(w, p, p->eNow, &aCol);
  /* No column may be NULL: SQLite is asked to set the first, and its error is the
  ** call's. */
  if (n == 0 && aCol) aCol[n++] = p->pRefer->aCol[0];
  if (aCol) pSql = edgeUpdate(d, p, p->eNow, n, aCol);
  if (pSql && d->bDryRun) edgeRefused(w, p, aCol[0]);
  for (i = 0; pSql && i < p->found.nSlot && w->pCall->rc == SQLITE_OK; i++) {
    if (assocDestroyGoes(w, p->pChild, &p->found, i)) continue;
    edgeAllowed(d, p, i, n, aCol);
    edgeReportChange(d, p, i);
    if (d->bDryRun) continue;
    assocErrorCode(w->pCall, assocKeymapBind(&p->found, i, pSql->pStmt, n + 1));
    assocWriteRun(w, pSql);
    assocAllowOf(w, p->pChild->pTab, p->pChild->nId, p->pChild->aId, &p->found,
                 i, ASSOC_MAY_UPDATE, 0);
  }
}

/* Does SQLite check this key only when the transaction ends? No PRAGMA tells,
** but EXPLAIN does: in the UPDATE of a deferred key, FkCounter has P1 = 1. */
static int edgeDeferred(WriteDestroyer *d, const DestroyEdge *p) {
  AssocCall *pCall = d->w->pCall;
  const AssocTable *pTab = p->pChild->pTab;
  const char *zCol = pTab->aCol[p->pRefer->aCol[0]].zName;
  sqlite3_stmt *pStmt = assocPrepare(pCall, "PRAGMA defer_foreign_keys");
  int bDeferred = 0;
  while (assocStep(pCall, pStmt)) bDeferred = sqlite3_column_int(pStmt, 0);
  assocFinalize(pCall, pStmt);
  if (bDeferred) return 1;
  /* No pragma tells whether a foreign key is INITIALLY DEFERRED. The program of an
  ** UPDATE does: it counts deferred violations in another counter. */
  pStmt = assocPrepare(pCall, "EXPLAIN UPDATE \"%w\".\"%w\" SET \"%w\"=1",
                       pTab->pSchema->zName, pTab->zName, zCol);
  while (!bDeferred && assocStep(pCall, pStmt)) {
    bDeferred = strcmp(assocColumnText(pCall, pStmt, 1), "FkCounter") == 0 &&
                sqlite3_column_int(pStmt, 2) == 1;
  }
  assocFinalize(pCall, pStmt);
  return bDeferred;
}

#define DESTROY_DEFER                                                          \
  "; they can go in a transaction with PRAGMA defer_foreign_keys=ON"

/* The error for a circle that cannot be deleted. zBut is the end of its
** text. */
static void edgeCircle(WriteDestroyer *d, const DestroyEdge *p,
                       const char *zBut) {
  const AssocTable *pTab = p->pChild->pTab;
  (void)assocReferColumns(d->w, p->pRefer); /* May they be named? */
  assocFail(d->w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                        .rc = SQLITE_CONSTRAINT_FOREIGNKEY,
                        .zModel = pTab->zName,
                        .zName = pTab->aCol[p->pRefer->aCol[0]].zName},
            "rows refer to each other in a circle, and %s.%s cannot be NULL%s",
            pTab->zName, pTab->aCol[p->pRefer->aCol[0]].zName, zBut);
}

/*
** A circle where no key may be NULL. SQLite can delete such rows only if it
** checks the key at the end of the transaction: the key is DEFERRABLE INITIALLY
** DEFERRED, or PRAGMA defer_foreign_keys is on. (assoc does not turn this
** PRAGMA on itself: all statements would have to be prepared anew, also those
** of the rollback, and memory may not suffice for that.) If the declared action
** is CASCADE or SET DEFAULT, SQLite resolves the circle itself.
*/
static void edgeTied(WriteDestroyer *d, DestroyEdge *p) {
  const char *zDeclared = p->pRefer->zDeclared;
  assert(zDeclared);
  if (strcmp(zDeclared, "NO ACTION") == 0) {
    if (d->pTied == 0) d->pTied = p;
    if (d->bDryRun && !edgeDeferred(d, p)) edgeCircle(d, p, DESTROY_DEFER);
  } else if (strcmp(zDeclared, "RESTRICT") == 0 ||
             strcmp(zDeclared, "SET NULL") == 0) {
    edgeCircle(d, p, ", which ON DELETE of that key does not allow");
  }
}

/* Set the key of the rows that close a circle to NULL, although they go. */
static void edgeUntie(WriteDestroyer *d, DestroyEdge *p) {
  AssocWriter *w = d->w;
  WriteSql *pSql;
  int *aCol, n;
  u32 i;
  if (p->knot.nSlot == 0) return;
  n = edgeColumns(w, p, DESTROY_NULL, &aCol);
  if (n == 0) edgeTied(d, p);
  if (d->bDryRun) return;
  assert(p->pRefer->zDeclared); /* Only a declared key ties rows */
  pSql = n ? edgeUpdate(d, p, DESTROY_NULL, n, aCol) : 0;
  for (i = 0; pSql && i < p->knot.nSlot; i++) {
    assocErrorCode(w->pCall, assocKeymapBind(&p->knot, i, pSql->pStmt, n + 1));
    assocWriteRun(w, pSql);
  }
}

/* Call xDo for all edges of all tables, until an error. */
static void destroyEdges(WriteDestroyer *d,
                         void (*xDo)(WriteDestroyer *, DestroyEdge *)) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  for (p = d->pTable; p; p = p->pNext) {
    for (pEdge = p->pEdge; pEdge && d->w->pCall->rc == SQLITE_OK;
         pEdge = pEdge->pNext) {
      xDo(d, pEdge);
    }
  }
}

/* ---------------------------------------------------------------- deleting */

/* The DELETE of a row changed nothing. Either a trigger or one of SQLite's own
** actions deleted the row before. Or a trigger keeps the row: this is an error,
** since then nothing may be deleted. */
static void tableCheckGone(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  sqlite3_stmt *pStmt;
  if (p->pTab->eType != ASSOC_TABLE) return;
  assert(iRow < p->rows.nSlot);
  /* Rows of a view may still exist: its triggers decide. */
  pStmt = assocDestroyLoad(d->w, p, &p->rows, iRow);
  if (pStmt) {
    assocFail(d->w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_TRIGGER,
                          .zName = p->pTab->zName},
              "a trigger of %s prevented a row from being deleted",
              p->pTab->zName);
  }
  sqlite3_reset(pStmt);
}

/* Run a DELETE of rows of p, whose variables are bound. Returns how many went. If
** a circle makes SQLite refuse, the error says what can be done. */
static int tableDeleteRun(WriteDestroyer *d, DestroyTable *p, WriteSql *pSql) {
  AssocWriter *w = d->w;
  int n, rc;
  if (w->pCall->rc != SQLITE_OK) return 0;
  do { /* PRAGMA count_changes gives a row */
    rc = sqlite3_step(pSql->pStmt);
  } while (rc == SQLITE_ROW);
  if (d->pTied && (rc & 0xff) == SQLITE_CONSTRAINT &&
      sqlite3_extended_errcode(w->pCall->db) == SQLITE_CONSTRAINT_FOREIGNKEY) {
    edgeCircle(d, d->pTied, DESTROY_DEFER);
  } else if (rc != SQLITE_DONE) {
    assocErrorCode(w->pCall, rc);
  }
  sqlite3_reset(pSql->pStmt);
  if (w->pCall->rc != SQLITE_OK) return 0;
  n = sqlite3_changes(w->pCall->db);
  w->nChange += n;
  p->nGone += (u32)n;
  return n;
}

/* Delete one row. */
static void tableDelete(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  AssocWriter *w = d->w;
  WriteSql *pSql =
      assocWriteSql(w, WRITE_DELETE, p->pTab, 0, 0, p->nId, p->aId, 0, 0);
  assert(!d->bSoft && !d->bDryRun);
  if (pSql == 0) return;
  assocBudgetSpend(w->pCall);
  assocErrorCode(w->pCall, assocKeymapBind(&p->rows, iRow, pSql->pStmt, 1));
  assocSqlAlone(w, pSql);
  if (tableDeleteRun(d, p, pSql) > 0 || w->pCall->rc != SQLITE_OK) return;
  tableCheckGone(d, p, iRow);
}

/* --------------------------------------------------------- deleting by keys */

/* With fewer rows, asking whether keys can delete them costs more than it
** saves. */
#define DESTROY_MANY 50

/* True if the key of the edge finds the same rows when they are deleted as when
** they were collected. For that, both columns must compare alike. */
static int edgeIsPlain(const DestroyEdge *p) {
  const WriteRefer *pRefer = p->pRefer;
  int i;
  assert(p->eNow == DESTROY_CASCADE);
  /* pOf: not all rows of the table are meant, but those of a scope or a type */
  if (!p->bIndexed || p->iEdge >= DESTROY_MASK || pRefer->pOf ||
      pRefer->nCol != p->pParent->nId) {
    return 0;
  }
  for (i = 0; i < pRefer->nCol; i++) {
    if (pRefer->aRef[i] != p->pParent->aId[i] ||
        p->pChild->pTab->aCol[pRefer->aCol[i]].eColl != ASSOC_COLL_BINARY ||
        p->pParent->pTab->aCol[pRefer->aRef[i]].eColl != ASSOC_COLL_BINARY) {
      return 0;
    }
  }
  return 1;
}

/* True if a DELETE of rows of the table does nothing else: no trigger runs. */
static int tableIsPlain(WriteDestroyer *d, const DestroyTable *p) {
  return assocRowsSql(d->w, WRITE_DELETE, p->pTab, 0, 0, p->nId, p->aId) != 0;
}

/* True if nothing that this run does with rows of the table can make a new row
** refer to a deleted one. Triggers and SET DEFAULT could. */
static int tableIsQuiet(WriteDestroyer *d, const DestroyTable *p) {
  const DestroyEdge *pEdge;
  if (!tableIsPlain(d, p)) return 0;
  for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
    const char *zDeclared = pEdge->pRefer->zDeclared;
    if (pEdge->eNow == DESTROY_DEFAULT || pEdge->knot.nSlot) return 0;
    if (zDeclared && strcmp(zDeclared, "SET DEFAULT") == 0) return 0;
    if (pEdge->found.nSlot && !tableIsPlain(d, pEdge->pChild)) return 0;
  }
  return 1;
}

/* Choose the tables whose rows are deleted by keys: those that only plain edges
** lead to. None if anything that is written could make new rows. */
static void destroyChoose(WriteDestroyer *d) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  if (d->bSoft || d->bTangled || d->order.n < DESTROY_MANY ||
      assocBudgetCounts(d->w->pCall->pConn)) {
    return;
  }
  for (p = d->pTable; p; p = p->pNext) {
    if (p->rows.nSlot && !tableIsQuiet(d, p)) return;
  }
  for (p = d->pTable; p; p = p->pNext) p->bByKey = p->rows.nSlot > 0;
  for (p = d->pTable; p; p = p->pNext) {
    for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) {
      if (p->rows.nSlot == 0 || pEdge->eNow != DESTROY_CASCADE) continue;
      if (!edgeIsPlain(pEdge)) pEdge->pChild->bByKey = 0;
    }
  }
}

/* Delete the rows that refer to a row which goes next. */
static void stepByKeys(WriteDestroyer *d, const DestroyStep *pStep) {
  AssocWriter *w = d->w;
  DestroyEdge *p;
  for (p = pStep->pTable->pEdge; p; p = p->pNext) {
    WriteSql *pSql;
    if (!p->pChild->bByKey || p->eNow != DESTROY_CASCADE) continue;
    assert(p->iEdge < DESTROY_MASK); /* edgeIsPlain() */
    if (!(pStep->mFound >> p->iEdge & 1)) continue;
    pSql = assocWriteSql(w, WRITE_DELETE, p->pChild->pTab, 0, 0,
                         p->pRefer->nCol, p->pRefer->aCol, 0, 0);
    if (pSql == 0) return;
    assocErrorCode(w->pCall, assocKeymapBind(&pStep->pTable->rows, pStep->iRow,
                                             pSql->pStmt, 1));
    (void)tableDeleteRun(d, p->pChild, pSql);
  }
}

/* Is the row deleted by a key? The rows that were named are not. */
static int stepIsByKey(const WriteDestroyer *d, const DestroyStep *pStep) {
  int bNamed = pStep->pTable == d->pTable && pStep->iRow < d->nRoot;
  return pStep->pTable->bByKey && !bNamed;
}

/* The current time in the form that the soft-deletion column stores. */
static sqlite3_value *tableNow(WriteDestroyer *d, const DestroyTable *p) {
  AssocWriter *w = d->w;
  assert(p->iDeleted >= 0 && p->iDeleted < p->pTab->nCol);
  return assocWriteNow(
      w, assocClockDeleted(w->pCall, p->pModel, p->pTab, p->iDeleted));
}

/* Mark one row as deleted. All rows of a run get the same time. */
static void tableMark(WriteDestroyer *d, DestroyTable *p, u32 iRow) {
  AssocWriter *w = d->w;
  WriteSql *pSql = assocWriteSql(w, WRITE_UPDATE, p->pTab, 1, &p->iDeleted,
                                 p->nId, p->aId, 0, 0);
  assert(d->bSoft && p->iDeleted >= 0);
  if (p->pNow == 0) p->pNow = tableNow(d, p);
  if (pSql == 0 || p->pNow == 0) return;
  assocErrorCode(w->pCall, sqlite3_bind_value(pSql->pStmt, 1, p->pNow));
  assocErrorCode(w->pCall, assocKeymapBind(&p->rows, iRow, pSql->pStmt, 2));
  assocWriteRun(w, pSql);
}

/* May the session delete all these rows? Those that only the owner can see are
** among them, because a reference to a deleted row must not stay behind. */
static void destroyAllowed(WriteDestroyer *d) {
  i64 i;
  for (i = 0; i < d->order.n && d->w->pCall->rc == SQLITE_OK; i++) {
    DestroyTable *p = d->order.a[i].pTable;
    assocAllowOf(d->w, p->pTab, p->nId, p->aId, &p->rows, d->order.a[i].iRow,
                 ASSOC_MAY_DELETE, 1);
  }
}

/* Delete or mark all rows in order. */
static void destroyAll(WriteDestroyer *d) {
  i64 i;
  DestroyTable *p;
  destroyChoose(d);
  for (i = 0; i < d->order.n && d->w->pCall->rc == SQLITE_OK; i++) {
    const DestroyStep *pStep = &d->order.a[i];
    if (d->bSoft) {
      tableMark(d, pStep->pTable, pStep->iRow);
    } else {
      if (pStep->mFound) stepByKeys(d, pStep);
      if (!stepIsByKey(d, pStep)) tableDelete(d, pStep->pTable, pStep->iRow);
    }
  }
  for (p = d->pTable; p && d->w->pCall->rc == SQLITE_OK; p = p->pNext) {
    if (ASSOC_NEVER(p->bByKey && p->nGone != p->rows.nSlot)) {
      assocErrorCode(d->w->pCall, SQLITE_INTERNAL);
    }
  }
}

/* ------------------------------------------------------------------ report */

/* "posts", or "aux.posts" */
static void reportTable(AssocWriter *w, AssocOut *pOut,
                        const AssocTable *pTab) {
  const char *zSchema = pTab->pSchema->zName;
  const char *z = pTab->zName;
  if (sqlite3_stricmp(zSchema, "main") != 0) {
    z = assocArenaPrintf(w->pCall, &w->tmp, "%s.%s", zSchema, z);
  }
  if (z) assocJsonString(pOut, z, (i64)strlen(z));
}

/* "posts":[1,2],"comments":[5]: rows by table, either the deleted or the
** changed ones. */
static void reportTables(WriteDestroyer *d, AssocOut *pOut, int bDeleted) {
  DestroyTable *p;
  DestroyGroup *pGroup;
  int n = 0;
  for (p = d->pTable; p; p = p->pNext) {
    int nKey = 0;
    for (pGroup = d->pGroup; pGroup; pGroup = pGroup->pNext) {
      AssocOut *pKeys = &pGroup->keys;
      if (pGroup->pTable != p ||
          (pGroup->eAction == DESTROY_CASCADE) != bDeleted) {
        continue;
      }
      /* Groups of one table, by different ways, are one list of keys. */
      if (nKey++ == 0) {
        if (n++) assocOutText(pOut, ",", 1);
        reportTable(d->w, pOut, p->pTab);
        assocOutText(pOut, ":[", 2);
      } else {
        assocOutText(pOut, ",", 1);
      }
      assocOutText(pOut, pKeys->pStart, pKeys->p - pKeys->pStart);
    }
    if (nKey) assocOutText(pOut, "]", 1);
  }
}

/* [{"table":"posts","path":"posts","action":"delete","keys":[1,2]}, …] */
static void reportGroups(WriteDestroyer *d, AssocOut *pOut) {
  const char *const az[] = {d->bSoft ? "mark" : "delete", "set null",
                            "set default"};
  DestroyGroup *p;
  int n = 0;
  assocOutText(pOut, "[", 1);
  for (p = d->pGroup; p; p = p->pNext) {
    assert(p->eAction >= 0 && p->eAction < ASSOC_COUNT(az));
    if (p->keys.pStart == p->keys.p) continue;
    assocOutPrintf(pOut, "%s{\"table\":", n++ ? "," : "");
    reportTable(d->w, pOut, p->pTable->pTab);
    assocOutPrintf(pOut, ",\"path\":");
    assocJsonString(pOut, p->zPath, (i64)strlen(p->zPath));
    assocOutPrintf(pOut, ",\"action\":\"%s\",\"keys\":[", az[p->eAction]);
    assocOutText(pOut, p->keys.pStart, p->keys.p - p->keys.pStart);
    assocOutText(pOut, "]}", 2);
  }
  assocOutText(pOut, "]", 1);
}

/* The report as JSON: of a dry run the groups, else the tables.
** OUT: *pn bytes, freed with sqlite3_free(). */
static char *destroyReport(WriteDestroyer *d, i64 *pn) {
  AssocCall *pCall = d->w->pCall;
  AssocOut out;
  char *z;
  if (pCall->rc != SQLITE_OK) return 0;
  assocBufInit(&out, assocBudgetMost(pCall->pConn));
  if (d->bDryRun) {
    reportGroups(d, &out);
  } else {
    assocOutText(&out, "{\"deleted\":{", 12);
    reportTables(d, &out, 1);
    assocOutText(&out, "},\"changed\":{", 13);
    reportTables(d, &out, 0);
    assocOutText(&out, "}}", 2);
  }
  z = assocBufText(pCall, &out, pn);
  if (pCall->rc == SQLITE_OK) return z;
  sqlite3_free(z);
  return 0;
}

/* --------------------------------------------------------------- interface */

/* The writer's destroyer, made at first use. 0 after an error. */
static WriteDestroyer *destroyerOf(AssocWriter *w) {
  WriteDestroyer *d = w->pDestroyer;
  if (w->pCall->rc != SQLITE_OK) return 0;
  if (d) return d;
  d = assocAlloc(w->pCall, &w->mem, sizeof(*d));
  if (d == 0) return 0;
  d->w = w;
  d->ppTableEnd = &d->pTable;
  d->ppGroupEnd = &d->pGroup;
  w->pDestroyer = d;
  return d;
}

/* Forget the rows that an edge found. */
static void edgeReset(DestroyEdge *p) {
  assocKeymapClear(&p->found);
  assocKeymapClear(&p->knot);
  assocKeymapClear(&p->pairParent);
  assocKeymapClear(&p->pairChild);
  sqlite3_free(p->aPair);
  p->aPair = 0;
  p->nPair = 0;
  p->nAsked = 0;
  p->pGroup = 0;
}

/* Forget all rows. What is known about tables, the edges between them, and the
** prepared statements stay for the next run: assoc_destroy() of many rows in
** one transaction collects them once. */
static void destroyerReset(WriteDestroyer *d) {
  DestroyTable *p;
  DestroyEdge *pEdge;
  DestroyGroup *pGroup;
  for (pGroup = d->pGroup; pGroup; pGroup = pGroup->pNext) {
    assocBufClear(&pGroup->keys);
  }
  d->pGroup = 0;
  d->ppGroupEnd = &d->pGroup;
  d->bTangled = 0;
  d->nRoot = 0;
  d->pTied = 0;
  assocDestroyStepsClear(&d->todo);
  assocDestroyStepsClear(&d->order);
  /* The tables and their statements stay with the writer for the next row. */
  for (p = d->pTable; p; p = p->pNext) {
    assocKeymapClear(&p->rows);
    assocKeymapClear(&p->changed);
    sqlite3_free(p->aState);
    p->aState = 0;
    p->nState = 0;
    p->zPath = 0;
    p->pNow = 0;
    p->bMet = 0;
    p->bByKey = 0;
    p->nGone = 0;
    for (pEdge = p->pEdge; pEdge; pEdge = pEdge->pNext) edgeReset(pEdge);
  }
  d->pTable = 0;
  d->ppTableEnd = &d->pTable;
}

/* Take in a row to destroy, which pStmt stands on, unless it was named before.
** A row that was marked before is an error in a report, and nothing to do
** otherwise. */
static void destroyFirst(WriteDestroyer *d, DestroyTable *p,
                         sqlite3_stmt *pStmt) {
  p->zPath = "";
  if (d->bSoft && assocDestroyIsDead(p, pStmt)) {
    if (!d->bReport) return;
    assocErrorOf(d->w->pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel, 0,
                 "this row of %s is marked as deleted already; "
                 "{\"force\":true} deletes it",
                 p->pModel->zLabel);
  }
  if (d->pGroup == 0) (void)assocDestroyGroup(d, p, "", DESTROY_CASCADE);
  if (d->pGroup == 0) return;
  (void)assocDestroyRowOf(d->w, p, &p->rows, pStmt, 0, 1);
  assert(p->rows.nSlot >= d->nRoot);
  /* A key that was given twice is one row */
  if (p->rows.nSlot == d->nRoot) return;
  d->nRoot = p->rows.nSlot;
  if (d->bReport) assocDestroyKey(d->w, p, &d->pGroup->keys, pStmt);
}

/* The table of the rows to destroy, with these as its first rows. */
static DestroyTable *destroyRoots(WriteDestroyer *d, int nRow,
                                  const WriteRow *aRow) {
  AssocWriter *w = d->w;
  AssocModel *pModel = aRow->pModel;
  DestroyTable *p = assocDestroyTable(d, pModel->pTable);
  sqlite3_stmt *pStmt;
  int i, iRow;
  if (p == 0) return 0;
  if (pModel->iDeleted >= 0) p->iDeleted = pModel->iDeleted;
  if (p->pRoot == 0)
    p->pRoot = assocDestroyStmt(w, p, pModel->nKey, pModel->aKey);
  pStmt = assocWriteSqlUse(w, p->pRoot);
  for (iRow = 0; pStmt && iRow < nRow; iRow++) {
    assert(aRow[iRow].pModel == pModel);
    for (i = 0; i < pModel->nKey; i++) {
      assocWriteBind(w, pStmt, i + 1, 0, &aRow[iRow].aKey[i]);
    }
    if (assocStep(w->pCall, pStmt)) destroyFirst(d, p, pStmt);
    sqlite3_reset(pStmt);
  }
  return p;
}

/* The five steps: see the head of this file. mHow: WRITE_CASCADE, … */
static void destroyRun(WriteDestroyer *d, int nRow, const WriteRow *aRow,
                       int mHow) {
  AssocCall *pCall = d->w->pCall;
  DestroyTable *pRoot;
  int bEnforced = 0, bLast = d->w->bLast;
  d->w->bLast = 0;
  if (!assocModelScopes(pCall, aRow->pModel)) return;
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &bEnforced);
  d->bCascade = (mHow & WRITE_CASCADE) != 0;
  d->bDryRun = (mHow & WRITE_DRYRUN) != 0;
  d->bSoft = !(mHow & WRITE_FORCE) && aRow->pModel->iDeleted >= 0;
  d->bEnforced = bEnforced && !d->bSoft;
  assert(d->order.n == 0 && d->todo.n == 0);
  pRoot = destroyRoots(d, nRow, aRow);
  assocDestroyVisit(d, pRoot);
  destroyAllowed(d);
  destroyEdges(d, edgeJudge); /* All, before anything is changed */
  assocDestroyReorder(d, pRoot);
  destroyEdges(d, edgeChange);
  destroyEdges(d, edgeUntie);
  if (d->bDryRun || pCall->rc != SQLITE_OK) return;
  /* Nothing refers to the table, so one statement is all */
  if (d->order.n == 1 && pRoot->pEdge == 0) d->w->bLast = (u8)bLast;
  destroyAll(d);
}

int assocDestroyIsAlone(AssocWriter *w, const AssocModel *pModel) {
  const DestroyTable *p = w->pDestroyer ? w->pDestroyer->pKnown : 0;
  while (p && p->pTab != pModel->pTable) p = p->pNextKnown;
  return p && p->bEdges && p->pEdge == 0 && pModel->iDeleted < 0 &&
         assocRowReads(w, pModel);
}

/* The DELETE of a row, with its key bound. 0 if the row may need more, or after an
** error. */
static WriteSql *destroyAlone(AssocWriter *w, const WriteRow *pRow) {
  const AssocModel *pModel = pRow->pModel;
  WriteSql *pSql;
  int i;
  if (!assocDestroyIsAlone(w, pModel)) return 0;
  pSql = assocWriteSql(w, WRITE_DELETE, pModel->pTable, 0, 0, pModel->nKey,
                       pModel->aKey, 0, 0);
  if (pSql == 0 || !assocSqlKnownAlone(w, pSql)) return 0;
  for (i = 0; i < pModel->nKey; i++) {
    assocWriteBind(w, pSql->pStmt, i + 1, 0, &pRow->aKey[i]);
  }
  return pSql;
}

/* An error if the key of a row has NULL: no statement finds the row by it. */
static void destroyNeedKey(AssocWriter *w, const WriteRow *pRow) {
  const AssocModel *pModel = pRow->pModel;
  int i;
  for (i = 0; i < pModel->nKey; i++) {
    const char *zCol = pModel->pTable->aCol[pModel->aKey[i]].zName;
    if (!assocValIsNull(&pRow->aKey[i])) continue;
    assocFail(w->pCall,
              &(AssocWhy){.eReason = ASSOC_E_CONSTRAINT,
                          .rc = SQLITE_CONSTRAINT_NOTNULL,
                          .zModel = pModel->zLabel,
                          .zName = zCol},
              "a row of %s that goes has NULL in its key, for %s; give it a "
              "value, or DELETE the row",
              pModel->zLabel, zCol);
  }
}

/* For assoc_set() and assoc_remove(), which report only their own keys. */
void assocDestroyRow(AssocWriter *w, const WriteRow *pRow) {
  WriteDestroyer *d = destroyerOf(w);
  WriteSql *pSql;
  destroyNeedKey(w, pRow);
  if (w->pCall->rc != SQLITE_OK) return;
  pSql = destroyAlone(w, pRow);
  if (pSql) {
    assocWriteRun(w, pSql);
    return;
  }
  d->bReport = 0;
  destroyRun(d, 1, pRow, 0);
  destroyerReset(d);
}

/* The whole work of assoc_destroy(). OUT: the text is freed with
** sqlite3_free(). 0 after an error. */
char *assocDestroyReport(AssocWriter *w, int nRow, const WriteRow *aRow,
                         int mHow, i64 *pn) {
  WriteDestroyer *d = destroyerOf(w);
  char *z;
  if (d == 0) return 0;
  d->bReport = 1;
  d->bDryRun = (mHow & WRITE_DRYRUN) != 0;
  if (nRow) destroyRun(d, nRow, aRow, mHow);
  z = destroyReport(d, pn);
  destroyerReset(d);
  return z;
}

/* The key of a rowid is an integer, as it is given. */
char *assocDestroyAlone(AssocWriter *w, const WriteRow *pRow, i64 *pn) {
  const AssocModel *pModel = pRow->pModel;
  WriteSql *pSql;
  AssocOut out;
  i64 iKey;
  if (!assocKeyIsRowid(pModel) || !assocValIsInt(pRow->aKey, &iKey)) return 0;
  pSql = destroyAlone(w, pRow);
  if (pSql == 0) return 0;
  assocWriterLast(w, pRow);
  assocSqlAlone(w, pSql);
  while (assocStep(w->pCall, pSql->pStmt)) {
  }
  if (w->pCall->rc != SQLITE_OK || sqlite3_changes(w->pCall->db) == 0) return 0;
  assocBufInit(&out, assocBudgetMost(w->pCall->pConn));
  assocOutText(&out, "{\"deleted\":{", 12);
  reportTable(w, &out, pModel->pTable);
  assocOutText(&out, ":[", 2);
  assocJsonInt(&out, iKey);
  assocOutText(&out, "]},\"changed\":{}}", 16);
  return assocBufText(w->pCall, &out, pn);
}
