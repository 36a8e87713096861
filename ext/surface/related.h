/*
** Shared by the two files of the table related, and by no other: related.c,
** which declares the table and chooses plans, and walk.c, which delivers its
** rows.
*/
#ifndef ASSOC_SURFACE_RELATED_H
#define ASSOC_SURFACE_RELATED_H

#include "surface/surface.h"

/* Bits of idxNum: see related.c. */
#define RELATED_KEY 1
#define RELATED_IN 2
#define RELATED_JSON 4
#define RELATED_THROUGH 8
#define RELATED_MISSING 16
#define RELATED_BACK 32
#define RELATED_COUNT 64
#define RELATED_VARIES 128
/* A row is read with its join row: its JSON is found by it. */
#define RELATED_LINKS (RELATED_JSON | RELATED_THROUGH)

/* Columns of the eponymous table. */
#define RELATED_COL_ID 0
#define RELATED_COL_JSON 1
#define RELATED_COL_THROUGH 2
#define RELATED_COL_MODEL 3
#define RELATED_COL_KEY 4
#define RELATED_COL_ASSOCIATION 5
#define RELATED_COL_DEPTH 6
#define RELATED_COL_OPTIONS 7
#define RELATED_COL_ROW 8

typedef struct RelatedTable RelatedTable;
typedef struct RelatedCursor RelatedCursor;
struct RelatedTable {
  AssocDmlTable dml;       /* First, so that SQLite's pointer is ours */
  char *zModel;            /* OWNED: of the creatable table, else 0 */
  char *zItem;             /* OWNED: its association */
  char *zColumns;          /* OWNED: the columns that were declared */
  int iKeyCol;             /* The column of the source's key */
  int iModelCol, iItemCol; /* Hidden columns, -1 in the creatable table */
  int iRowCol;             /* assoc_row */
  RelatedCursor *pFresh; /* BORROWED: opened last and not filtered yet, or 0 */
};

/* "title" TEXT, "likes" INTEGER: as the target's columns are now; *pn of them.
** OUT: freed with sqlite3_free(). */
char *assocRelatedColumns(AssocCall *pCall, const AssocTable *pTab, int *pn);

/* Methods of a cursor. */
int assocRelatedOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur);
/* xClose: give the plans back and free the cursor. */
int assocRelatedClose(sqlite3_vtab_cursor *pCur);
int assocRelatedFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                       const char *idxStr, int argc, sqlite3_value **argv);
/* xNext: the next row of this key, or the first row of the next key. */
int assocRelatedNext(sqlite3_vtab_cursor *pCur);
int assocRelatedEof(sqlite3_vtab_cursor *pCur);
/* xColumn: the fast path is an id that was collected before. */
int assocRelatedColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                       int iCol);

#endif /* ASSOC_SURFACE_RELATED_H */
