/*
** The runner: rows, the lists that they are put in, and the values of
** statements. Private to load.
**
**   run     fetches the rows of each node
**   bucket  puts them into lists
**   gather  joins their texts
**   direct  writes rows into the result as they come, if they come in its order
**   bind    binds the values of statements
**   stream  gives out roots one at a time
**   hold    keeps statements open between the calls of a statement
*/
#ifndef ASSOC_RUN_H
#define ASSOC_RUN_H

#include "load/node.h"

/* ------------------------------------------------------------------- rows */

/* A row, in the arena of the run: aWord, and behind it nText bytes of text,
** which begin with a comma, so that a list is its rows one after another. */
struct AssocRow {
  u32 nText;   /* Bytes of text */
  u32 aWord[]; /* nSplit offsets into the text, where a child goes; then
                   ** for each child node the number of its bucket; then
                   ** nIdent numbers of the row itself, one of each recursion */
};

/* Keys of rows are told apart by type and value. */
extern const AssocKeyRule aAssocKeyPlain[ASSOC_KEY_MAX];

/* The rows that belong to one key. */
struct AssocBucket {
  u32 iRow, nRow; /* The first row in apRow, and how many; set at the end */
  union {
    i64 nCame; /* Rows that came so far, if there are limits */
    struct {
      u32 iText, nText; /* Its rows that were written directly: direct.c */
    } ahead;
  } u;
  u8 bMore;    /* A page has more rows than it gives */
  u8 bOpen;    /* Its rows are being gathered: to meet it again is a circle */
  u8 bFetched; /* Its rows were looked up */
};

/* A way on a path, from a parent to a target. */
typedef struct AssocWay AssocWay;
struct AssocWay {
  u32 iBucket, iEnd;
};

/* A node while it runs. Its arrays are in the arena of the run. */
struct AssocNodeRun {
  AssocKeymap map;      /* Numbers the keys that the parents' rows have */
  AssocKeymap *pMap;    /* map, or of a value beside a recursion that node's */
  AssocBucket *aBucket; /* One for each key */
  u32 nBucket;          /* Size of aBucket */
  u8 bLimited;          /* Some rows may be skipped, or not be kept */
  i64 nOffset, nMost;   /* Rows of a bucket to skip, and to keep */
  AssocRow **apRow; /* The rows, in the order they came; at the end by bucket */
  u32 *aiList;      /* The bucket of each row, in the order they came */
  u32 nRow, nRoom;  /* Rows, and size of both arrays */
  u32 nDirect;      /* Rows that were written directly, and are not in apRow */
  u8 bHere;         /* Its rows came with those of another node (pAlso) */
  AssocKeymap ends; /* Many to many, scanned: keys of the targets */
  AssocRow **apEnd; /* The targets' rows, shared by all lists */
  u32 nEnd;         /* Size of apEnd */
  AssocWay *aWay;   /* Pairs that may come again: a parent's list, a target */
  u32 nWay, nWayRoom;
  int nLevel;        /* Levels of this recursion above the row being gathered */
  AssocKeymap ident; /* If aiIdent: numbers the rows by their own keys, also
                     ** those above the first level of a recursion */
  u8 *abAbove;       /* Recursion with aiIdent: is row i above the row being
               ** gathered? */
};
#define ASSOC_LIST_ALL ((i64)1 << 62) /* nMost without a limit */
/* Rows that are prefetched before their turn. apRow has room for as many behind
** the last row. */
#define ASSOC_LIST_AHEAD 4

/* The first row of a bucket, or 0. */
static inline const AssocRow *assocListFirst(const AssocNodeRun *p,
                                             u32 iBucket) {
  const AssocBucket *pBucket;
  if (iBucket == ASSOC_NOSLOT || p->aBucket == 0) return 0;
  pBucket = &p->aBucket[iBucket];
  return pBucket->nRow ? p->apRow[pBucket->iRow] : 0;
}

/* Count the next row of a bucket. Is it to be kept, by the limits? */
static inline int assocListTakes(AssocNodeRun *p, u32 iBucket) {
  i64 i;
  if (!p->bLimited) return 1;
  i = p->aBucket[iBucket].u.nCame++ - p->nOffset;
  return i >= 0 && i < p->nMost;
}

/* Make room for n buckets; present ones stay. False after an error. */
int assocListNeed(AssocRun *pRun, AssocNodeRun *pState, u32 n);
/* The same for n targets of many to many. */
int assocListEnds(AssocRun *pRun, AssocNodeRun *pState, u32 n);
/* Set the limits of the node's buckets. bHere: the statement does not limit the
** rows itself, so limit and offset are applied to the rows that come. */
void assocListLimits(AssocRun *pRun, const AssocNode *pNode, int bHere);
/* Make room for one row more. False after an error. */
int assocListRoom(AssocRun *pRun, AssocNodeRun *pState);
/* Add a row to a bucket. */
static inline void assocListAdd(AssocRun *pRun, AssocNodeRun *pState,
                                u32 iBucket, AssocRow *pRow) {
  if (ASSOC_UNLIKELY(pState->nRow + ASSOC_LIST_AHEAD >= pState->nRoom) &&
      !assocListRoom(pRun, pState)) {
    return;
  }
  pState->apRow[pState->nRow] = pRow;
  pState->aiList[pState->nRow++] = iBucket;
}
/* Add a way; put the targets of all ways in their lists, each once and in the order
** of apEnd. */
void assocListWay(AssocRun *pRun, AssocNodeRun *pState, u32 iBucket, u32 iEnd);
void assocListWays(AssocRun *pRun, AssocNodeRun *pState);
/* All rows are here: sort them by bucket. */
void assocListEnd(AssocRun *pRun, AssocNodeRun *pState);
/* Turn the sorted lists into pages: drop the extra row, and reverse. */
void assocListPages(AssocRun *pRun, const AssocNode *pNode, u32 nBucket);

/* Is the node a page from or to a cursor that the caller gives? */
int assocRunAtCursor(AssocRun *pRun, const AssocNode *pNode);

/* Write the sort key behind a row's text; sort all lists by these keys. */
void assocSortKey(AssocOut *pOut, const AssocNode *pNode,
                  sqlite3_value **apVal);
void assocSortLists(AssocRun *pRun, const AssocNode *pNode);

/* -------------------------------------------------------------------- run */

/* AssocRun.eKeys: may the table assoc_keys be read? */
#define ASSOC_KEYS_NONE 0  /* No */
#define ASSOC_KEYS_READY 1 /* By one cursor, from iKey on */
#define ASSOC_KEYS_GIVEN 2 /* The cursor has been opened, and stands at iKey */
#define ASSOC_KEYS_HELD 3  /* By a held statement, for which it never ends */

/* Bytes of memory that a run leaves for the next. */
#define ASSOC_KEEP_MEMORY ((i64)16 << 20)
#define ASSOC_KEEP_FIX 16384

/* Get ready for roots that assocRunStep() adds one by one. */
void assocRunRootStart(AssocRun *pRun);
/* Write the row that pStmt stands on, and add it to a bucket; with ASSOC_NOSLOT
** to the bucket of the key in front of the row. */
void assocRunStep(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                  u32 iBucket);
/* Run a statement that reads the keys iFirst to nKey-1 of a node from the table
** assoc_keys, and hands each row to xEmit: pRun->iKey is its key then. The
** caller resets it. */
void assocRunKeys(AssocRun *pRun, AssocNode *pNode, sqlite3_stmt *pStmt,
                  u32 iFirst, u32 nKey,
                  void (*xEmit)(AssocRun *, AssocNode *, sqlite3_value **));
/* Set the call's error from pRun->rc, if there is one. */
void assocRunError(AssocRun *pRun, const AssocNode *pNode);
/* Write a row of pNode with the values apVal, and add it to a bucket, if its
** limits let it. */
void assocRunRow(AssocRun *pRun, AssocNode *pNode, u32 iBucket,
                 sqlite3_value **apVal);
/* Does the caller give a cursor from which the page starts or at which it
** ends? */
int assocRunAtCursor(AssocRun *pRun, const AssocNode *pNode);
/* Forget all rows, and keep the memory for the next batch. */
void assocRunClear(AssocRun *pRun);
/* An error if the caller has interrupted. For loops in which no statement
** runs. */
void assocRunPulse(AssocRun *pRun);

/* Append the JSON of a bucket with all that is below: a list, a row, a value,
** or a page; of an empty bucket the node's zEmpty. */
void assocGatherBucket(AssocRun *pRun, AssocOut *pOut, const AssocNode *pNode,
                       u32 iBucket);

/* Append the result: the root's bucket of EAGER and FIND, the only child's of
** GET. *pbNull is set instead if there is nothing to give. */
void assocGatherResult(AssocRun *pRun, AssocOut *pOut, int *pbNull);

/* ----------------------------------------------------------------- direct */

/* A place in the text around the lists of a node, where one of them goes. */
typedef struct AssocGap AssocGap;
struct AssocGap {
  u32 iBucket; /* The list */
  u32 iText;   /* Bytes of the text before it */
};

/* The result, while the rows of its last node are written into it. */
struct AssocDirect {
  const AssocNode *pNode; /* The node */
  AssocOut out;           /* OWNED: the result so far */
  AssocOut around;        /* OWNED: the text around the lists of one root */
  AssocGap *aGap;         /* The gaps in it, in the arena of the run */
  u32 nGap, nGapRoom;     /* Gaps, and size of aGap */
  u32 iGap;               /* The gap at which the result has come, if any */
  u32 iBucket;            /* The list that it writes */
  u32 iStart;             /* Where this list begins in the result */
  u32 iLeast;  /* Lists of the next gaps are this one or later ones */
  u32 iRoot;   /* The next root to gather */
  i64 iAround; /* Bytes of the text around that are in the result */
  u8 bList;    /* Roots are gathered one by one */
  u8 bTwice;   /* A list is not where the order of the rows says */
};

/* Rows of a node that come before the first is written directly. */
#if defined(ASSOC_COVERAGE)
#define ASSOC_DIRECT_ROWS 3
#else
#define ASSOC_DIRECT_ROWS 48
#endif

/* The first rows of the node are here. If they came in the order of the result,
** write them; else false, and pRun->pDirect is 0. */
int assocDirectStart(AssocRun *pRun);
/* Go on in the result to a list, to write a row of it. False if the list is not
** ahead, or after an error: no other row is written directly. */
int assocDirectGo(AssocRun *pRun, u32 iBucket);
/* A text could not grow: set pRun->rc, and the error of the result if it is too
** big. */
void assocDirectFail(AssocRun *pRun, const AssocOut *pOut);
/* In the text around: here goes a list. */
void assocDirectGap(AssocRun *pRun, u32 iBucket);
/* All rows are here: finish the result, and move it to pOut. False if it has to
** be gathered, since some rows came out of order; or after an error. */
int assocDirectEnd(AssocRun *pRun, AssocOut *pOut);
/* Free the texts. */
void assocDirectFree(AssocRun *pRun);

/* ------------------------------------------------------------------- hold */

/* Step the held statement of a node to its row for the key that pRun->apHeld or
** iKey says. False after an error, or if hold.bStale is set. */
int assocHoldStep(AssocRun *pRun, AssocNode *pNode);
/* Step the root's held statement to the row of one root, which it gives; 0 if
** there is none, after an error, or if hold.bStale is set. */
sqlite3_stmt *assocRunHeldStep(AssocRun *pRun);
/* Write the root on which it stands, and the rows that it joins. */
void assocRunHeldRows(AssocRun *pRun, sqlite3_stmt *pStmt);
/* The stream's plan is held until the stream ends, if it can be. */
void assocHoldStream(AssocCall *pCall, AssocPlan *pPlan);
/* May the stream ask its held plan for a root? */
int assocHoldAsks(AssocCall *pCall, AssocPlan *pPlan);
/* Does the root's held statement stand open, and keep a read transaction? */
int assocHoldReads(const AssocPlan *pPlan);
/* Was the answer not valid? Then the plan is no longer held. */
int assocHoldFailed(AssocPlan *pPlan);
/* The answer of a held plan: assocRunAnswer(). */
i64 assocHoldAnswer(AssocCall *pCall, AssocPlan *pPlan, const AssocArgs *pArgs,
                    sqlite3_value **apTarget);

/* ------------------------------------------------------------------- bind */

/* The statement of pFetch with all values bound, except those of keys. 0 after
** an error. assocFetchClose() ends its use. */
sqlite3_stmt *assocFetchOpen(AssocRun *pRun, AssocFetch *pFetch);
/* Is the value a literal of the shape? Then it lasts as long as the plan. */
int assocBindIsLiteral(const AssocBind *pBind);
/* Does the caller give a cursor from which the page starts or at which it
** ends? */
int assocRunAtCursor(AssocRun *pRun, const AssocNode *pNode);
/* Bind the caller's key to ?1 and on. pStmt may be 0. */
void assocFetchKey(AssocRun *pRun, sqlite3_stmt *pStmt);
/* The value of a limit or offset; -1 for NULL. An error if it is no whole
** number from 0 on. */
i64 assocBindCount(AssocRun *pRun, const ShapeVal *pVal);
/* The text of a cursor or of a pattern, *pn bytes; 0 for NULL. */
const char *assocBindTextOf(AssocRun *pRun, const ShapeVal *pVal, int *pn);
/* An error unless the caller gives as many values as the shape has
** parameters. */
void assocBindCheck(AssocRun *pRun);
/* Read the values of :name parameters from the caller's object into apNamed. */
void assocBindNames(AssocRun *pRun);

/* Write the cursor of a row with the values apVal, in quotes. */
void assocPageCursor(AssocOut *pOut, const AssocNode *pNode,
                     sqlite3_value **apVal);
/* Bind value iPart of the cursor in the n bytes at z to ?iVar. An error if it
** is no cursor of the node's order. */
void assocPageBind(AssocCall *pCall, const AssocNode *pNode,
                   sqlite3_stmt *pStmt, int iVar, int iPart, const char *z,
                   int n);

#endif /* ASSOC_RUN_H */
