/*
** Links: private to the files that read and write what relates two rows.
**
**   linklook   reads what is linked now
**   link       links and unlinks one target
**   linkpair   links one pair by one statement, without a look before it
**   linkbatch  lists of targets, many by one statement
*/
#ifndef ASSOC_WRITE_LINK_H
#define ASSOC_WRITE_LINK_H

#include "write/write.h"

typedef struct LinkKeep LinkKeep;
typedef struct LinkLook LinkLook;
typedef struct LinkRows LinkRows;

/* --------------------------------------------------------------- linklook */

/* A list of rows by their keys, in the writer's arena tmp. */
struct LinkRows {
  int n, nAlloc; /* Rows in a; room for */
  WriteRow *a;   /* The rows, as a statement gave them */
  WriteRow dead; /* Of join rows: one that was softly deleted, if aKey is set */
};

/* What a target's row and its join rows say of its relation to a source. */
struct LinkLook {
  WriteRow row;  /* aKey is 0 if there is no such row */
  int bHasKey;   /* Its foreign key has a value */
  int bGood;     /* It refers to this source, and has the scope's values */
  LinkRows pair; /* belongsToMany: its join rows with the source */
};

/* A set of keys of one table, each in the form that the table itself stores. So
** equal keys are identical values. Free map with assocKeymapClear(). */
struct LinkKeep {
  AssocKeymap map;       /* OWNED: the keys */
  sqlite3_value **apVal; /* assocKeptKey() puts a key here */
  u8 *abFound;           /* By number: assocLinkAll() has found it */
};

/* An empty set of keys of so many columns. */
void assocKeepInit(AssocWriter *w, LinkKeep *p, int nKey);
/* The key in the first columns of the row that pStmt stands on, as
** assocKeymapAdd() takes it. Valid until the next step or call. */
sqlite3_value **assocKeptKey(LinkKeep *p, sqlite3_stmt *pStmt);

/* Does the statement "look" read the join rows as well? */
int assocLinkMeets(AssocWriter *w, const WriteLink *pLink);
/* The statement "look" (see the head of linklook.c): one query says whether the
** target exists, whether it has another parent, and whether it is related
** already with all values of the scope. eList (LINK_*): of one key, or of all keys
** of assoc_keys. The writer owns it. 0 after an error. */
sqlite3_stmt *assocLinkLookStmt(AssocWriter *w, WriteLink *pLink, int eList);
/* The statement that links the pairs of assoc_keys, as far as both rows exist and
** nothing forbids it; the cells, ?1 and on, are the same for all join rows. */
sqlite3_stmt *assocLinkPairsStmt(AssocWriter *w, WriteLink *pLink, int nCell,
                                 const WriteCell *aCell);
/* Bind n values to ?iVar and on. aVal is 0 after an error. */
void assocLinkBind(AssocWriter *w, sqlite3_stmt *pStmt, int iVar, int n,
                   const WriteVal *aVal);
/* The source's values to which targets or join rows refer. A NULL among them
** means that no row refers to the source; with bMake it is an error. 0 after an
** error. */
WriteVal *assocLinkRef(AssocWriter *w, const WriteLink *pLink,
                       const WriteRow *pSource, int bMake);
/* The present targets, without those whose keys are in pBut, if it is not 0. */
void assocLinkAll(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  LinkKeep *pBut, LinkRows *p);
/* The present join rows of a pair: aRef are the source's values, aOther the
** target's. */
void assocLinkPair(AssocWriter *w, WriteLink *pLink, const WriteVal *aRef,
                   const WriteVal *aOther, LinkRows *p);
/* belongsToMany: read the pair into p->pair again. p->row is the target. */
void assocLinkLookPair(AssocWriter *w, WriteLink *pLink,
                       const WriteRow *pSource, LinkLook *p);
/* Look at the row with this key; with bPair also at its join rows, if the
** association has such. An error if there is no such row. */
void assocLinkNeed(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   const WriteVal *aKey, int bPair, LinkLook *p);
/* Look at the row with this key, over any kind of association. True if it is
** related to the source. */
int assocLinkFind(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                  const WriteVal *aKey, LinkLook *p);

/* ------------------------------------------------------------------- link */

/* Add the key of a row to the list CHANGE_* of the changes, which may be 0. */
void assocChangeAdd(WriteChanges *p, int eChange, const WriteRow *pRow);
/* Append cells that give the columns of a key their values, if aVal is not 0.
** aCell has room for them. Returns the new number of cells. */
int assocCellsOfKey(WriteCell *aCell, int n, const AssocKey *pKey,
                    const WriteVal *aVal);
/* The cells of a join row with these keys; aOther may be 0. The scope's values
** win over the caller's. *pn cells, valid until assocWriterReset(). 0 after an
** error. */
WriteCell *assocLinkJoinCells(AssocWriter *w, const WriteLink *pLink,
                              const WriteVal *aRef, const WriteVal *aOther,
                              int nThrough, const WriteCell *aThrough, int *pn);
/* Unlink a target. hasOne and hasMany: release the row, or destroy it.
** belongsTo: set the source's own key to NULL; pTarget may then be 0. */
void assocLinkUnlink(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const WriteRow *pTarget);
/* belongsTo: set the source's key to NULL, even if it leads to no row. */
void assocLinkDrop(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                   WriteChanges *pChanges);

#endif
