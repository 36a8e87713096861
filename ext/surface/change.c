/*
** The functions that write rows.
**
**    SELECT assoc_insert('User', '{"name":"Alice","posts":[{"title":"x"}]}');
**      {"id":1,"posts":[{"id":1}]}
**    SELECT assoc_create('User', 1, 'posts', '{"title":"World"}');
**      2
**    SELECT assoc_add('User', 2, 'posts', '[1,2]');
**      {"added":[],"removed":[],"moved":[1,2]}
**    SELECT assoc_set('Post', 1, 'tags', '[3]', '{"priority":1}');
**      {"added":[3],"removed":[1],"moved":[]}
**    SELECT assoc_remove('User', 2, 'posts', 1);
**      {"added":[],"removed":[1],"moved":[]}
**    SELECT assoc_remove('User', 2, 'posts', 1, '{"destroy":true}');
**      {"added":[],"removed":[1],"moved":[]}
**    SELECT assoc_update('User', 1, '{"name":"Ann","profile":{"bio":"x"}}');
**      2
**    SELECT assoc_readonly(1);
**      1
**
** Each call opens a savepoint, reads its arguments, runs functions of the floor
** write, sets its result, and releases the savepoint. After an error the
** savepoint is rolled back.
*/
#include "surface/surface.h"

/* State that all functions of this file share. */
typedef struct Changer Changer;
struct Changer {
  AssocCall *pCall;      /* Receives the first error */
  AssocWrite save;       /* The savepoint around the call */
  AssocCatalog *pCat;    /* The catalog, which save leaves */
  AssocWriter *pWriter;  /* Given back by changeEnd() */
  AssocModel *pModel;    /* The first argument */
  AssocRel *pRel;        /* The association that is named, or 0 */
  WriteLink *pLink;      /* Its link; of a polymorphic one its first */
  WriteRow row;          /* The row that is named by its key */
  AssocWriteOptions opt; /* OWNED: the last argument */
  WriteKept kept;        /* With "return": the rows whose documents are given */
};

/* Begin to write; ap[0] is the model, and ap[iOption] has options if there are
** so many arguments. False after an error. The caller ends the work in both
** cases. */
static int changeBegin(AssocCall *pCall, Changer *p, const char *zFunction,
                       int nArg, sqlite3_value **ap, int iOption) {
  const char *zModel = assocArgText(pCall, ap[0], "the model");
  assert(iOption >= 2); /* The options follow the model and something more */
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  if (zModel == 0) return 0;
  assocWriteOptionsRead(pCall, zFunction, nArg > iOption ? ap[iOption] : 0,
                        &p->opt);
  if (pCall->rc != SQLITE_OK) return 0;
  assocWriteBeginOn(pCall, &p->save, zFunction, zModel);
  if (pCall->rc != SQLITE_OK) return 0;
  p->pCat = p->save.pHeld;
  p->pWriter = assocWriterTake(pCall, p->pCat);
  p->pModel = assocModelFind(pCall, p->pCat, zModel);
  if (p->pModel) pCall->pConn->budget.zAt = p->pModel->zLabel;
  return p->pWriter && p->pModel;
}

/* One row is written, and nothing is read afterwards: if one statement does it,
** the savepoint can go before it. */
static void changeAlone(Changer *p) {
  if (p->opt.zReturn == 0 && p->pCall->rc == SQLITE_OK) {
    assocWriterAlone(p->pWriter, assocWriteAlone, &p->save);
  }
}

/* The row whose key is ap[1], which may not exist. */
static int changeKey(Changer *p, sqlite3_value **ap) {
  assert(p->pWriter && p->pModel);
  p->row.pModel = p->pModel;
  p->row.aKey = assocKeyOfValue(p->pWriter, p->pModel, ap[1]);
  return p->pCall->rc == SQLITE_OK;
}

/* Find the row by its key, ap[1]. */
static int changeRow(Changer *p, sqlite3_value **ap) {
  if (changeKey(p, ap)) {
    assocRowNeed(p->pWriter, p->pModel, p->row.aKey, &p->row);
  }
  return p->pCall->rc == SQLITE_OK;
}

/* Find the association named by ap[2]. */
static int changeRel(Changer *p, sqlite3_value **ap) {
  const char *z = assocArgText(p->pCall, ap[2], "the association");
  if (z) p->pRel = assocRelFind(p->pCall, p->pModel, z);
  if (p->pRel) p->pLink = assocLinkOf(p->pWriter, p->pRel, 0); /* Can it be? */
  return p->pCall->rc == SQLITE_OK;
}

/* Reset all readers, then end the savepoint. */
static void changeEnd(Changer *p) {
  assocWriterRest(p->pWriter);
  assocKeptClear(&p->kept);
  assocWriteOptionsClear(&p->opt);
  assocWriteEnd(p->pCall, &p->save);
}

/* With "return": give the documents of the rows that were kept, and return 1.
** Otherwise the caller gives its own result. */
static int changeDocuments(Changer *p, AssocResult *pResult, const char *zModel,
                           int bList) {
  i64 n = 0;
  char *z;
  if (p->opt.zReturn == 0 || p->pCall->rc != SQLITE_OK) return 0;
  z = assocDocuments(p->pCall, p->pCat, zModel, p->opt.zReturn, &p->kept, bList,
                     &n);
  assocGiveJson(pResult, z, n);
  return 1;
}

/* With "return": keep a row for changeDocuments(). */
static void changeKeep(Changer *p, const WriteRow *pRow) {
  assert(p->pCall->rc != SQLITE_OK || pRow->pModel);
  if (p->opt.zReturn && p->pCall->rc == SQLITE_OK) {
    assocKeptAdd(p->pWriter, &p->kept, pRow);
  }
}

/* --------------------------------------------------------- insert, update */

/* assoc_insert(model, values [, options]): the keys, in the shape of the
** values */
static void insertFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                       sqlite3_value **ap) {
  const char *zJson = assocArgText(pCall, ap[1], "what is to be inserted");
  WriteHow how = {0};
  Changer c;
  i64 n = 0;
  char *z = 0;
  if (changeBegin(pCall, &c, "assoc_insert", nArg, ap, 2)) {
    if (c.opt.zReturn) how.pKept = &c.kept;
    changeAlone(&c);
    how.pOnly = assocOnlyRead(c.pWriter, c.pModel, 0, c.opt.zOnly);
    z = assocGraphInsert(c.pWriter, c.pModel, zJson, sqlite3_value_bytes(ap[1]),
                         &how, &n);
  }
  /* With "return" the documents are the result, in place of the keys. */
  if (changeDocuments(&c, pResult, c.pModel ? c.pModel->zLabel : "",
                      how.bList)) {
    sqlite3_free(z);
  } else {
    assocGiveJson(pResult, z, n);
  }
  pResult->bRowid = how.bRowid;
  pResult->iRowid = how.iRowid;
  changeEnd(&c);
}

/* assoc_update() with {"many":true}: change the row of each key. */
static void updateMany(Changer *p, sqlite3_value **ap, const AssocJson *pJson,
                       const WriteOnly *pOnly) {
  AssocWriter *w = p->pWriter;
  int i, n;
  const WriteVal **aaKey = assocKeysOfList(w, p->pModel, ap[1], &n);
  for (i = 0; i < n && p->pCall->rc == SQLITE_OK; i++) {
    assocRowNeed(w, p->pModel, aaKey[i], &p->row);
    if (p->row.aKey == 0) return;
    assert(p->row.pModel == p->pModel);
    /* Rows are changed one by one: a later one may depend on an earlier one. */
    changeKeep(p, &p->row);
    if (pJson) assocGraphUpdate(w, &p->row, 0, pJson, pOnly);
    assocWriterReset(w);
  }
}

/* assoc_update(model, key, values [, options]): the number of rows changed */
static void updateFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                       sqlite3_value **ap) {
  const AssocJson *pJson;
  const WriteOnly *pOnly;
  Changer c;
  i64 n = 0;
  int bGiven;
  (void)assocArgText(pCall, ap[2], "what is to be changed");
  if (changeBegin(pCall, &c, "assoc_update", nArg, ap, 3)) {
    pJson = assocObjectOfValue(c.pWriter, ap[2], "the values");
    pOnly = assocOnlyRead(c.pWriter, c.pModel, 0, c.opt.zOnly);
    bGiven = c.opt.zReturn == 0; /* Documents need the table's own key */
    if (c.opt.bMany) {
      updateMany(&c, ap, pJson, pOnly);
    } else if (bGiven ? changeKey(&c, ap) : changeRow(&c, ap)) {
      changeAlone(&c);
      changeKeep(&c, &c.row);
      if (pJson) assocGraphUpdate(c.pWriter, &c.row, bGiven, pJson, pOnly);
    }
    assert(c.pWriter->nChange >= 0);
    n = c.pWriter->nChange;
  }
  if (!changeDocuments(&c, pResult, c.pModel ? c.pModel->zLabel : "",
                       c.opt.bMany)) {
    assocGiveInt(pResult, n);
  }
  changeEnd(&c);
}

/* ----------------------------------------------------------------- create */

/* Columns of the join row, in the argument that may follow the others. */
static const WriteCell *changeThrough(Changer *p, int nArg, sqlite3_value **ap,
                                      int *pn) {
  assert(p->pRel || p->pCall->rc != SQLITE_OK);
  return assocThroughOfValue(p->pWriter, p->pRel, nArg > 4 ? ap[4] : 0, pn);
}

/* An integer key also becomes last_insert_rowid() after an INSERT. */
void assocGiveKey(AssocCall *pCall, AssocResult *pResult,
                  const WriteRow *pRow) {
  const WriteVal *pVal = &pRow->aKey[0];
  AssocOut out;
  i64 n = 0;
  char *z;
  assert(pRow->aKey && pRow->pModel->nKey > 0);
  if (pRow->pModel->nKey > 1) {
    assocBufInit(&out, 0x7fffffff);
    assocWriteKey(&out, pRow->pModel, pRow->aKey);
    z = assocBufText(pCall, &out, &n);
    assocGiveJson(pResult, z, n);
  } else if (pVal->pVal) {
    assocGiveValue(pCall, pResult, pVal->pVal);
  } else {
    assocGiveInt(pResult, pVal->i);
    pResult->bRowid = 1;
    pResult->iRowid = pVal->i;
  }
}

/* Create a row of a hasMany, whether or not its source exists. False if the source
** has to be looked for. */
static int createQuick(Changer *p, int nArg, sqlite3_value **ap,
                       const AssocJson *pJson, WriteRow *pNew) {
  if (nArg > 4 || pJson == 0 || !assocLinkMayPair(p->pWriter, p->pLink) ||
      p->pRel->eKind != ASSOC_HASMANY) {
    return 0;
  }
  if (!changeKey(p, ap)) return 0;
  changeAlone(p);
  if (assocPlainNew(p->pWriter, p->pLink, p->row.aKey, pJson, pNew)) return 1;
  assocWriteReopen(p->pCall, &p->save);
  return 0;
}

/* Create the row that pJson describes, and relate it. */
static void createRow(Changer *p, int nArg, sqlite3_value **ap,
                      const AssocJson *pJson, WriteRow *pNew) {
  AssocWriter *w = p->pWriter;
  const WriteCell *aThrough;
  const WriteOnly *pOnly;
  WriteLink *pLink;
  int iBranch = 0, nThrough;
  aThrough = changeThrough(p, nArg, ap, &nThrough);
  if (pJson) pJson = assocRelBranch(w->pCall, p->pRel, pJson, &iBranch);
  if (p->pCall->rc != SQLITE_OK) return;
  if (pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, p->pModel->zLabel, p->pRel->zName,
                 "a new row of %s.%s is a JSON object, not %s",
                 p->pModel->zLabel, p->pRel->zName, assocJsonTypeName(pJson));
  }
  /* A polymorphic target {"post":{...}}: iBranch tells which model it is of. */
  assert(iBranch >= 0);
  pLink = assocLinkOf(w, p->pRel, iBranch);
  if (pLink == 0) return;
  pOnly = assocOnlyRead(w, pLink->pTarget, p->pRel, p->opt.zOnly);
  assocOnlyThrough(w, pOnly, nThrough, aThrough, "");
  if (p->pCall->rc != SQLITE_OK) return;
  assocGraphCreate(w, pLink, &p->row, pJson, 0, 0, nThrough, aThrough, pOnly,
                   pNew);
}

/* assoc_create(model, key, association, values [, through [, options]]): the
** new key */
static void createFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                       sqlite3_value **ap) {
  const AssocJson *pJson;
  Changer c;
  WriteRow row = {0, 0};
  i64 iRowid;
  int bRowid;
  (void)assocArgText(pCall, ap[3], "what is to be created");
  if (changeBegin(pCall, &c, "assoc_create", nArg, ap, 5) &&
      changeRel(&c, ap)) {
    pJson = assocObjectOfValue(c.pWriter, ap[3], "the values");
    if (!createQuick(&c, nArg, ap, pJson, &row) && changeRow(&c, ap)) {
      changeAlone(&c);
      createRow(&c, nArg, ap, pJson, &row);
    }
    changeKeep(&c, &row);
  }
  if (pCall->rc == SQLITE_OK) {
    assocGiveKey(pCall, pResult, &row);
    bRowid = pResult->bRowid;
    iRowid = pResult->iRowid;
    /* The document replaces the key, but last_insert_rowid() stays the new row's. */
    assert(row.pModel);
    (void)changeDocuments(&c, pResult, row.pModel->zLabel, 0);
    pResult->bRowid = bRowid;
    pResult->iRowid = iRowid;
  }
  changeEnd(&c);
}

/* ------------------------------------------------------ add, set, remove */

/* Does a target that is related already need nothing more? Not if columns of
** join rows are given, or a policy or its pair the other way may ask for
** something. ("only" is about such columns, too.) */
static int linkHasAll(Changer *p, const WriteLink *pLink, int nThrough) {
  return nThrough == 0 && p->pRel->nBranch == 0 &&
         p->pRel->pOpt->eSymmetric != 1 &&
         !assocAllowAsks(p->pWriter, pLink->pTarget->pTable) &&
         (pLink->pJoin == 0 ||
          !assocAllowAsks(p->pWriter, pLink->pJoin->pTable));
}

/* Unrelate all other targets, and take those out of the list that are related. A
** to-one needs no such step: the new target replaces the old one. */
static void linkKeepOnly(Changer *p, WriteTargets *pTargets, int nThrough,
                         WriteChanges *pChanges) {
  WriteLink *pLink = p->pLink;
  const WriteVal **aaKey;
  u8 *abHas;
  int i, n = 0;
  if (!p->pRel->bMany && pTargets->n > 0) return;
  /* A to-one is replaced by the link itself; only lists release others here. */
  aaKey = assocAlloc(p->pCall, &p->pWriter->one,
                     (i64)sizeof(*aaKey) * (pTargets->n + 1));
  abHas = assocAlloc(p->pCall, &p->pWriter->one, pTargets->n + 1);
  if (aaKey == 0 || abHas == 0) return;
  for (i = 0; i < pTargets->n; i++) aaKey[i] = pTargets->a[i].aKey;
  assocLinkKeep(p->pWriter, pLink, &p->row, pTargets->n, aaKey, 0,
                linkHasAll(p, pLink, nThrough) ? abHas : 0, pChanges);
  pLink->bOnce = 1;
  for (i = 0; i < pTargets->n; i++) {
    if (!abHas[i] || pTargets->a[i].pThrough) {
      pTargets->a[n++] = pTargets->a[i];
    }
  }
  pTargets->n = n;
}

/* If rows are deleted when they are removed, the first one may take others of
** the list along. So all keys are checked before the first row is removed. */
static void linkRemoveAll(Changer *p, const WriteTargets *pTargets,
                          WriteChanges *pChanges) {
  WriteRow row;
  int i;
  assert(p->pCall->rc != SQLITE_OK || p->row.aKey);
  for (i = 0; i < pTargets->n && p->pCall->rc == SQLITE_OK; i++) {
    const WriteTarget *pTarget = &pTargets->a[i];
    if (!assocLinkDestroys(pTarget->pLink)) continue;
    assocRowNeed(p->pWriter, pTarget->pLink->pTarget, pTarget->aKey, &row);
  }
  assocTargetsUnlink(p->pWriter, &p->row, pTargets, pChanges);
}

/* Destroy the unrelated targets, if the options ask for it. */
static void linkDestroys(Changer *p) {
  if (!p->opt.bDestroy) return;
  if (p->pRel->eKind != ASSOC_HASONE && p->pRel->eKind != ASSOC_HASMANY) {
    assocErrorOf(p->pCall, ASSOC_E_UNSUPPORTED, p->pModel->zLabel,
                 p->pRel->zName,
                 "\"destroy\" is for hasOne and hasMany; the targets of %s.%s "
                 "belong to other rows too: unrelate them, and then "
                 "assoc_destroy() each",
                 p->pModel->zLabel, p->pRel->zName);
  }
  /* Released rows are deleted: see assocLinkDestroys(). */
  p->pLink->bDestroy = 1;
}

/* Link the row to one target, or unlink it, whether or not both exist. False if the
** row has to be looked for, as it is then, and to be linked otherwise. */
static int linkQuick(Changer *p, const WriteTargets *pTargets, int bUnlink,
                     WriteChanges *pChanges) {
  if (pTargets->n == 1 && pTargets->a[0].pThrough == 0 &&
      p->pCall->rc == SQLITE_OK) {
    WriteLink *pLink = pTargets->a[0].pLink;
    WriteRow target = {pLink->pTarget, (WriteVal *)pTargets->a[0].aKey};
    if (assocLinkPairAlone(p->pWriter, pLink, bUnlink, &p->row, &target,
                           pChanges)) {
      return 1;
    }
    assocWriteReopen(p->pCall, &p->save);
    changeAlone(p);
  }
  assocRowNeed(p->pWriter, p->pModel, p->row.aKey, &p->row);
  return 0;
}

#define LINK_ADD 0    /* assoc_add() */
#define LINK_SET 1    /* assoc_set() */
#define LINK_REMOVE 2 /* assoc_remove() */

/*
** assoc_add(), assoc_set() and assoc_remove() read the same arguments; eDo says
** which of them this is. All targets are read before the first row is changed.
** set first releases the rows that are not in the list, then adds those that
** are: the other way round, a UNIQUE foreign key would be in use twice.
*/
static void linkFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                     sqlite3_value **ap, int eDo, const char *zFunction) {
  const WriteCell *aThrough;
  const WriteOnly *pOnly;
  WriteChanges changes, *pChanges = pResult->bUnread ? 0 : &changes;
  WriteTargets targets;
  Changer c;
  char *z = 0;
  i64 n = 0;
  int nThrough, bRemove = eDo == LINK_REMOVE, bQuick = 0;
  assert(eDo >= LINK_ADD && eDo <= LINK_REMOVE);
  assocChangesInit(&changes);
  if (changeBegin(pCall, &c, zFunction, nArg, ap, bRemove ? 4 : 5) &&
      changeRel(&c, ap)) {
    bQuick =
        eDo != LINK_SET && nArg == 4 && assocLinkMayPair(c.pWriter, c.pLink);
  }
  if (c.pRel && (bQuick ? changeKey(&c, ap) : changeRow(&c, ap))) {
    linkDestroys(&c);
    aThrough = changeThrough(&c, bRemove ? 4 : nArg, ap, &nThrough);
    pOnly = assocOnlyRead(c.pWriter, c.pRel->pTarget, c.pRel, c.opt.zOnly);
    assocOnlyThrough(c.pWriter, pOnly, nThrough, aThrough, "");
    assocTargetsOf(c.pWriter, c.pRel, ap[3], &targets);
    if (targets.n == 1) changeAlone(&c); /* Perhaps without a savepoint */
    if (bQuick && linkQuick(&c, &targets, bRemove, pChanges)) {
      /* Done */
    } else if (bRemove) {
      linkRemoveAll(&c, &targets, pChanges);
    } else {
      if (eDo == LINK_SET) {
        linkKeepOnly(&c, &targets, nThrough, pChanges);
      }
      assocTargetsLink(c.pWriter, c.pRel, &c.row, &targets, nThrough, aThrough,
                       pOnly, pChanges);
    }
    changeKeep(&c, &c.row);
  }
  if (pChanges) z = assocChangesText(pCall, &changes, &n);
  if (changeDocuments(&c, pResult, c.pModel ? c.pModel->zLabel : "", 0)) {
    sqlite3_free(z);
  } else {
    assocGiveJson(pResult, z, n);
  }
  changeEnd(&c);
}

/* Registered as assoc_add(). */
static void addFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                    sqlite3_value **ap) {
  linkFunc(pCall, pResult, nArg, ap, LINK_ADD, "assoc_add");
}

/* Registered as assoc_set(). */
static void setFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                    sqlite3_value **ap) {
  linkFunc(pCall, pResult, nArg, ap, LINK_SET, "assoc_set");
}

/* Registered as assoc_remove(). */
static void removeFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                       sqlite3_value **ap) {
  linkFunc(pCall, pResult, nArg, ap, LINK_REMOVE, "assoc_remove");
}

/* --------------------------------------------------------------- readonly */

/* A row of the definitions, so that every connection sees it, and replicas too.
** assocWriteAgain() asks once more inside the lock. */
static void readonlySet(AssocCall *pCall, int b) {
  AssocWrite save;
  assocWriteBegin(pCall, &save, "assoc_readonly");
  (void)assocWriteAgain(pCall, &save, "assoc_readonly", "main");
  assert(b == 0 || b == 1);
  /* The state is a row: it replicates, and belongs to the transaction. */
  if (b) {
    assocDefWrite(pCall, "main", "", "readonly", "setting", 0, 0);
  } else {
    (void)assocDefDelete(pCall, "main", "", "readonly");
  }
  assocWriteEnd(pCall, &save);
}

/* assoc_readonly([on]): does the database refuse the functions that write?
** Setting the current value again writes nothing. */
static void readonlyFunc(AssocCall *pCall, AssocResult *pResult, int nArg,
                         sqlite3_value **ap) {
  int bIs = assocWriteReadonly(pCall), b = bIs;
  if (nArg > 0) {
    i64 i = assocValueWhole(ap[0]);
    if (i != 0 && i != 1) {
      assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                   "the argument of assoc_readonly() must be 1 or 0");
    }
    b = i == 1;
  }
  /* Without a change nothing is written, so a replica may ask this, too. */
  if (pCall->rc == SQLITE_OK && b != bIs) readonlySet(pCall, b);
  assocGiveInt(pResult, b);
}

const AssocFunction aAssocChangeFunction[] = {
    {"assoc_insert", 2, 3, ASSOC_WRITER, 0, "model, values [, options]",
     insertFunc},
    {"assoc_create", 4, 6, ASSOC_WRITER, 0,
     "model, key, association, values [, through values [, options]]",
     createFunc},
    {"assoc_update", 3, 4, ASSOC_WRITER, 0, "model, key, values [, options]",
     updateFunc},
    {"assoc_add", 4, 6, ASSOC_WRITER, 0,
     "model, key, association, targets [, through values [, options]]",
     addFunc},
    {"assoc_set", 4, 6, ASSOC_WRITER, 0,
     "model, key, association, targets [, through values [, options]]",
     setFunc},
    {"assoc_remove", 4, 5, ASSOC_WRITER, 0,
     "model, key, association, targets [, options]", removeFunc},
    {"assoc_readonly", 0, 1, ASSOC_WRITER, 0, "[on]", readonlyFunc},
    {0, 0, 0, 0, 0, 0, 0}};
