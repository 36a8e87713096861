/*
** The keys of a lookup, as the private virtual table assoc_keys.
**
** To run a statement once per key would cost more than the few rows that it
** gives. So one statement reads all keys from this table, and hands over all
** rows in one step:
**
**   SELECT assoc_emit(t1.id, t1.title) FROM main.assoc_keys k
**     CROSS JOIN posts t1 INDEXED BY posts_user WHERE t1.user_id=+k.k0
**
** The "+" takes away the column's affinity, so that the key compares like a
** bound value. assoc_emit() puts a row into the bucket of the key at which the
** table stands. Only the run that uses the table sees rows in it.
**
** If only some rows of a key are wanted, or the index is read backwards, a
** condition takes rows until there are enough:
**
**   SELECT count((SELECT 1 FROM posts t1 INDEXED BY posts_user_created
**                  WHERE t1.user_id=+k.k0 AND assoc_enough(t1.id, t1.title)
**                  ORDER BY t1.created_at DESC, t1.id DESC LIMIT 1))
**     FROM main.assoc_keys k
**
** This is right only as long as the index gives the order. If SQLite sorted the
** rows, it would do so after assoc_enough() took them. The run checks
** afterwards whether SQLite did (see run.c). If the order of the index itself
** is wanted, there is no ORDER BY.
**
** Writers give a list of keys to one of their statements in the same way
** (AssocKeyList in base.h).
**
** In a held statement (hold.c) the table never ends: each row is the key that
** the run asks for when it steps the statement.
*/
#include "load/run.h"

typedef struct KeysCursor KeysCursor;
struct KeysCursor {
  sqlite3_vtab_cursor base; /* First, so that SQLite's pointer is ours */
  AssocRun *pRun;           /* BORROWED: the run whose keys these are, or 0 */
  AssocKeyList *pList;      /* BORROWED: the keys of a writer, or 0 */
  int iList;                /* The key of pList at which it stands */
  u8 bHeld; /* The statement is held: keys of one run after another */
  u8 bEof;  /* Held: the run has asked for no other key */
};

/* The run that steps the statement now. */
static AssocRun *keysRun(sqlite3_vtab_cursor *pCur) {
  AssocConn *pConn = ((AssocPrivate *)pCur->pVtab)->pConn;
  AssocLoadState *pLoad = pConn->aSlot[ASSOC_SLOT_PLANS].p;
  return pLoad ? pLoad->pRun : 0;
}

/* k0 to k15: a key has at most ASSOC_KEY_MAX columns. The table is in no
** schema; only statements that the engine wrote can use it. */
static int keysConnect(sqlite3 *db, void *pAux, int argc,
                       const char *const *argv, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  (void)argc, (void)argv, (void)pzErr;
  return assocPrivateNew(db, pAux,
                         "CREATE TABLE x(k0,k1,k2,k3,k4,k5,k6,k7,k8,k9,k10,k11,"
                         "k12,k13,k14,k15)",
                         ppVtab);
}

/* The cursor holds only a pointer to the run that asks, which keysFilter()
** sets. */
static int keysOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur) {
  (void)pVtab;
  return assocCursorNew(sizeof(KeysCursor), ppCur);
}

/* A held statement goes to the next key only if the run asks for one. Else the
** row of assoc_token is not there, and the statement ends. */
static void keysTake(KeysCursor *p, AssocRun *pRun) {
  p->bEof = !pRun->bAsked;
  pRun->bAsked = 0;
}

/* Does a run step one of its own statements? */
static int keysGiven(const AssocRun *pRun) {
  return pRun &&
         (pRun->eKeys == ASSOC_KEYS_HELD || pRun->eKeys == ASSOC_KEYS_READY);
}

/* xFilter: the run becomes the cursor's. Only its own statement may read the
** keys, by one cursor. */
static int keysFilter(sqlite3_vtab_cursor *pCur, int idxNum, const char *idxStr,
                      int argc, sqlite3_value **argv) {
  KeysCursor *p = (KeysCursor *)pCur;
  AssocRun *pRun = keysRun(pCur);
  AssocConn *pConn = ((AssocPrivate *)pCur->pVtab)->pConn;
  (void)idxNum, (void)idxStr, (void)argc, (void)argv;
  p->pRun = pRun;
  p->bHeld = 0;
  p->iList = 0;
  /* Three users of this table: a list of a writer, a held statement, a run. */
  p->pList = keysGiven(pRun) ? 0 : pConn->pList;
  if (p->pList) {
    p->pList->i = 0;
    return SQLITE_OK;
  }
  p->bHeld = pRun && pRun->eKeys == ASSOC_KEYS_HELD;
  if (p->bHeld) {
    keysTake(p, pRun);
    return SQLITE_OK;
  }
  if (pRun == 0 || pRun->eKeys != ASSOC_KEYS_READY) {
    sqlite3_free(pCur->pVtab->zErrMsg);
    pCur->pVtab->zErrMsg = sqlite3_mprintf("assoc: assoc_keys is internal");
    return SQLITE_ERROR;
  }
  pRun->eKeys = ASSOC_KEYS_GIVEN;
  return SQLITE_OK;
}

/* The position is kept in the run, not in the cursor. The run reads it to know
** to which parent the row belongs that SQLite has just delivered. */
static int keysNext(sqlite3_vtab_cursor *pCur) {
  KeysCursor *p = (KeysCursor *)pCur;
  if (p->pList) {
    p->pList->i = ++p->iList;
  } else if (p->bHeld) {
    keysTake(p, keysRun(pCur));
  } else {
    p->pRun->iKey++;
  }
  return SQLITE_OK;
}

/* True behind the last key of the node. */
static int keysEof(sqlite3_vtab_cursor *pCur) {
  KeysCursor *p = (KeysCursor *)pCur;
  if (p->pList) return p->iList >= p->pList->n;
  return p->bHeld ? p->bEof : p->pRun->iKey >= p->pRun->nKey;
}

/* The keys are read where the run keeps them; they are not copied into a
** table. */
static int keysColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                      int iCol) {
  KeysCursor *p = (KeysCursor *)pCur;
  AssocRun *pRun = p->bHeld ? keysRun(pCur) : p->pRun;
  if (p->pList) {
    p->pList->xColumn(p->pList, p->iList, pCtx, iCol);
    return SQLITE_OK;
  }
  assert(pRun);
  if (p->bHeld && pRun->apHeld) {
    assert(iCol < pRun->nHeld); /* The statement asks for no more */
    sqlite3_result_value(pCtx, pRun->apHeld[iCol]);
    return SQLITE_OK;
  }
  return assocKeymapResult(pRun->aNode[pRun->pNode->iNode].pMap, pRun->iKey,
                           iCol, pCtx);
}

/* The number of the key. No statement uses it, but SQLite requires the
** method. */
static int keysRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *pRowid) {
  KeysCursor *p = (KeysCursor *)pCur;
  *pRowid = p->pList ? (i64)p->iList : p->bHeld ? 0 : (i64)p->pRun->iKey;
  return SQLITE_OK;
}

static const sqlite3_module keysModule = {
    .xConnect = keysConnect,
    .xBestIndex = assocPrivateBestIndex,
    .xDisconnect = assocPrivateDisconnect,
    .xOpen = keysOpen,
    .xClose = assocPrivateClose,
    .xFilter = keysFilter,
    .xNext = keysNext,
    .xEof = keysEof,
    .xColumn = keysColumn,
    .xRowid = keysRowid,
};

/* The module holds a reference to the connection's state, which outlives it. */
int assocKeysRegister(AssocConn *pConn) {
  return sqlite3_create_module_v2(pConn->db, "assoc_keys", &keysModule,
                                  assocConnRef(pConn), assocConnUnref);
}
