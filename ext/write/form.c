/*
** What the members of a JSON object mean for a model.
**
**   {"#id": "p1",                       a label, which {"#ref":"p1"} means
**    "title": "Hello",                  a column
**    "author": {...},                   an association
**    "PostTags": {"priority": 1}}       the join row, under its table's name
**
** A name that could mean several things is a column first, as everywhere in
** assoc; then the join table; then an association.
*/
#include "write/write.h"

/* What the names in an object mean depends on the model and on the association
** through which the row is reached, whose join row may be named. Kept with the
** writer: a bulk insert resolves each name once. */
WriteForm *assocWriteForm(AssocWriter *w, AssocModel *pModel, AssocRel *pBy) {
  WriteForm *p;
  for (p = w->pForm; p; p = p->pNext) {
    if (p->pModel == pModel && p->pBy == pBy) return p;
  }
  /* The form depends on pBy, because a member may be the join table's name. */
  assert(pModel);
  p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->pModel = pModel;
  p->pBy = pBy;
  p->pNext = w->pForm;
  w->pForm = p;
  return p;
}

/* The table's name, or the model's name as the definition spells it. */
int assocIsThrough(const AssocRel *pBy, const char *zKey) {
  if (pBy == 0 || pBy->eKind != ASSOC_BELONGSTOMANY) return 0;
  return sqlite3_stricmp(zKey, pBy->zThrough) == 0 ||
         (pBy->pOpt->zThrough &&
          sqlite3_stricmp(zKey, pBy->pOpt->zThrough) == 0);
}

/* The words that begin with "#", and the types of these members. */
static const struct {
  const char *zKey;
  int eType;
} aWord[] = {{"#id", WRITE_LABEL},
             {"#ref", WRITE_REF},
             {"#by", WRITE_BY},
             {"#upsert", WRITE_UPSERT},
             {"#set", WRITE_SET}};

/* The type of a word; WRITE_COLUMN if it is none. */
static int memberWord(const char *zKey) {
  int i;
  for (i = 0; i < ASSOC_COUNT(aWord); i++) {
    if (strcmp(zKey, aWord[i].zKey) == 0) return aWord[i].eType;
  }
  return WRITE_COLUMN;
}

/* The error for a word with "#" that does not exist. */
static void wordUnknown(AssocWriter *w, const AssocModel *pModel,
                        const char *zKey) {
  AssocNearest near = {.zWritten = zKey};
  int i;
  for (i = 0; i < ASSOC_COUNT(aWord); i++) {
    assocNearestTry(&near, aWord[i].zKey);
  }
  assocFail(w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_ARGUMENT,
                        .zModel = pModel->zLabel,
                        .zName = zKey,
                        .zNear = near.zBest,
                        .zQuote = "\""},
            "there is no word \"%s\" for rows", zKey);
}

void assocFormUnknown(AssocWriter *w, AssocModel *pModel, const char *zKey,
                      const char *zWhat) {
  AssocSql sql;
  ShapeName name;
  if (zKey[0] == '#') wordUnknown(w, pModel, zKey);
  memset(&sql, 0, sizeof(sql));
  memset(&name, 0, sizeof(name));
  sql.pCall = w->pCall;
  name.z = zKey;
  name.iOff = -1;
  if (w->pCall->rc != SQLITE_OK) return;
  assocSqlUnknown(&sql, pModel, &name, zWhat);
}

/* Find out what the member's name means: a column first, then the join table,
** then an association. A name that is none of these is an error with the
** nearest one. */
static void memberResolve(AssocWriter *w, const WriteForm *pForm,
                          WriteMember *p) {
  AssocModel *pModel = pForm->pModel;
  int iCol = assocColumnSeek(w->pCall, pModel->pTable, p->zKey);
  /* A column goes before the join table, and that before an association. */
  p->iCol = iCol;
  if (iCol >= 0) {
    p->eType = WRITE_COLUMN;
    if (iCol < pModel->pTable->nCol && pModel->pTable->aCol[iCol].bGenerated) {
      assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pModel->zLabel,
                   pModel->pTable->aCol[iCol].zName,
                   "%s.%s is generated, and cannot be written", pModel->zLabel,
                   pModel->pTable->aCol[iCol].zName);
    }
  } else if (assocIsThrough(pForm->pBy, p->zKey)) {
    p->eType = WRITE_THROUGH;
  } else {
    p->eType = WRITE_ASSOC;
    p->pRel = assocRelSeek(w->pCall, pModel, p->zKey);
    if (p->pRel) {
      assert(p->eType == WRITE_ASSOC);
      assocRelNeedReady(w->pCall, p->pRel);
    } else {
      assocFormUnknown(w, pModel, p->zKey, "column or association");
    }
  }
}

/* Add a member whose name no row had before. */
static WriteMember *memberNew(AssocWriter *w, WriteForm *pForm,
                              const char *zKey) {
  WriteMember *p = assocAlloc(w->pCall, &w->mem, sizeof(*p));
  if (p == 0) return 0;
  p->zKey = assocArenaText(w->pCall, &w->mem, zKey, -1);
  p->iCol = -1;
  if (p->zKey == 0) return 0;
  p->eType = (u8)memberWord(zKey);
  if (p->eType == WRITE_COLUMN) memberResolve(w, pForm, p);
  if (w->pCall->rc != SQLITE_OK) return 0;
  assert(p->eType != WRITE_ASSOC || p->pRel);
  p->pNext = pForm->pMember;
  pForm->pMember = p;
  return p;
}

/* Make room in apLast for the i-th member of a row. The arena cannot grow an
** array; the old array stays there until the writer ends. */
static int roomForMember(AssocWriter *w, WriteForm *pForm, int i) {
  WriteMember **ap;
  int n = pForm->nLast * 2 + 8;
  if (i < pForm->nLast) return 1;
  assert(i < n);
  ap = assocAlloc(w->pCall, &w->mem, (i64)sizeof(*ap) * n);
  if (ap == 0) return 0;
  if (pForm->nLast) {
    memcpy(ap, pForm->apLast, sizeof(*ap) * (size_t)pForm->nLast);
  }
  pForm->apLast = ap;
  pForm->nLast = n;
  return 1;
}

/* The last row mostly had the same name at the same place. */
const WriteMember *assocFormKnown(const WriteForm *pForm, int i,
                                  const char *zKey) {
  const WriteMember *p = i < pForm->nLast ? pForm->apLast[i] : 0;
  return p && strcmp(p->zKey, zKey) == 0 ? p : 0;
}

/* 0 after an error. */
WriteMember *assocFormMember(AssocWriter *w, WriteForm *pForm, int i,
                             const char *zKey) {
  WriteMember *p = (WriteMember *)assocFormKnown(pForm, i, zKey);
  if (p) return p;
  if (!roomForMember(w, pForm, i)) return 0;
  for (p = pForm->pMember; p && strcmp(p->zKey, zKey) != 0; p = p->pNext) {
  }
  if (p == 0) p = memberNew(w, pForm, zKey);
  pForm->apLast[i] = p;
  return p;
}

/* -1 and an error for an unknown or generated column. */
int assocThroughColumn(AssocWriter *w, const AssocRel *pRel,
                       const char *zName) {
  const AssocTable *pTab = pRel->pThrough;
  int iCol = assocColumnSeek(w->pCall, pTab, zName), i;
  AssocNearest near;
  if (iCol >= 0 && iCol < pTab->nCol && pTab->aCol[iCol].bGenerated) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, pTab->zName, zName,
                 "%s.%s is generated, and cannot be written", pTab->zName,
                 zName);
  }
  assert(pTab); /* Only a belongsToMany has columns of a join row */
  if (iCol >= 0) return iCol;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  for (i = 0; i < pTab->nCol; i++) {
    if (!assocColumnShown(w->pCall, pTab, i)) continue;
    assocNearestTry(&near, pTab->aCol[i].zName);
  }
  assocFail(w->pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN,
                        .zModel = pTab->zName,
                        .zName = zName,
                        .zNear = near.zBest,
                        .zHint = strcmp(zName, "through") == 0
                                     ? "its columns are the members themselves"
                                     : 0},
            "the join table %s has no column '%s'", pTab->zName, zName);
  return -1;
}

/* The values stay in the JSON tree; only pointers to them are stored. */
WriteCell *assocThroughCells(AssocWriter *w, const AssocRel *pRel,
                             const AssocJson *pJson, int *pn) {
  const AssocJson *p;
  WriteCell *aCell;
  if (pJson->eType != ASSOC_J_OBJECT) {
    assocErrorOf(w->pCall, ASSOC_E_ARGUMENT, 0, pRel->zThrough,
                 "the columns of %s must be a JSON object, not %s",
                 pRel->zThrough, assocJsonTypeName(pJson));
  }
  aCell =
      assocAlloc(w->pCall, &w->tmp, (i64)sizeof(*aCell) * (pJson->nChild + 1));
  *pn = 0;
  for (p = aCell ? pJson->pChild : 0; p; p = p->pNext) {
    assert(*pn < pJson->nChild);
    aCell[*pn].iCol = assocThroughColumn(w, pRel, p->zKey);
    aCell[(*pn)++].val.pJson = p;
  }
  return w->pCall->rc == SQLITE_OK ? aCell : 0;
}
