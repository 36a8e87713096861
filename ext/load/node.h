/*
** What the planner writes into a node and the runner reads: the parts of a
** row's text, and the page. Private to load. AssocNode itself is in load.h.
*/
#ifndef ASSOC_NODE_H
#define ASSOC_NODE_H

#include "load/load.h"

/* ------------------------------------------------------------------ parts */

/* A member of the object that a row becomes, in the order of the output. */
struct AssocPart {
  u8 eType;             /* ASSOC_PART_* */
  u8 eJson;             /* COLUMN: ASSOC_JSON_* */
  u8 bSplit;            /* Rows keep the offset of its place */
  const ShapeVal *pVal; /* VALUE: the literal */
  const char *zVal;     /* VALUE: its JSON */
  int nVal;             /* VALUE: bytes of zVal */
  int iArg;             /* COLUMN: the value's place among the node's values */
  int iRaw;             /* COLUMN: place of the value as valid JSON, or -1 */
  u8 bBlob;             /* COLUMN: may hold BLOBs, judging by its type */
  u8 bInner;         /* COLUMN: of an inner object, which a TEXT part begins */
  const char *zName; /* The key, as the caller spelt it, or 0 */
  const char *zKey;  /* The text before the value: ,"title": */
  int nKey;          /* Its bytes; ASSOC_KEY_PAD more can be read */
  AssocNode *pNode;  /* CHILD, SPREAD; of several branches the first */
  AssocPart *pNext;  /* The member that is written next */
  int nMember;       /* COLUMN: how many columns from here on are written at
                     ** once; 0 if it is written alone, or with those before */
  AssocMember *aMember; /* The same, as they are written */
  AssocPart *pLast;     /* The last of them, or the part behind it, whose key is
                    ** written, too */
  AssocPart *pNextNode; /* CHILD, SPREAD: the next part of these */
};

#define ASSOC_PART_COLUMN 0 /* A value of the row itself */
#define ASSOC_PART_CHILD 1  /* A row, a list of rows, a value, or a page */
#define ASSOC_PART_SPREAD 2 /* The members of a related row */
#define ASSOC_PART_TEXT 3   /* Only zKey: begins or ends an inner object */

#define ASSOC_PART_VALUE 4  /* A constant */
#define ASSOC_PART_CURSOR 5 /* The row's cursor */

/* The member after this one. An inner object, whose first part pPart may be,
** counts as one member. */
static inline const AssocPart *assocPartAfter(const AssocPart *pPart) {
  if (pPart->eType == ASSOC_PART_TEXT && pPart->zName) {
    while (pPart->pNext->eType != ASSOC_PART_TEXT) pPart = pPart->pNext;
    pPart = pPart->pNext;
  }
  return pPart->pNext;
}

/* ------------------------------------------------------------------- page */

/* A part of a page, as in the shape. */
typedef struct AssocPagePart AssocPagePart;
struct AssocPagePart {
  u8 ePart;             /* SHAPE_PART_* */
  const char *zKey;     /* The text before its value: ,"nodes": */
  int nKey;             /* Its bytes */
  AssocPagePart *pSub;  /* The parts of an edge, or of pageInfo */
  AssocPagePart *pNext; /* The part that is written next */
};

/* Pagination state of a node. What no part asks for is not computed. */
struct AssocPage {
  u8 bWrap;             /* {"nodes":…,"pageInfo":…}, not just the list */
  u8 bCursor;           /* Rows have their cursor behind their text */
  u8 bMore;             /* One row more is read, to see whether there is one */
  u8 bRows;             /* The rows are read */
  AssocPagePart *pPart; /* With bWrap: its parts */
  u8 bBack;          /* last, before: read backwards, and reversed at the end */
  ShapeVal *pMost;   /* first or last, or the limit; 0: all */
  int nTerm;         /* Number of values of a cursor */
  ShapeSort *aTerm;  /* The order that they are in, the key last */
  int *aiArg;        /* Their places among the node's values */
  u32 nPrint;        /* Identifies the order: part of each cursor */
  AssocNode *pCount; /* A value beside the list: all rows, or 0 */
  AssocNode *pBehind; /* Are there rows on the other side of the cursor? Or 0 */
};
/* A value of the sort keys of rows. */
struct AssocSort {
  int iArg; /* Its place among the node's values */
  u8 bDesc; /* Descending */
  u8 bHigh; /* NULL is the greatest value */
};

/* Is the node's list given as a page? */
#define assocNodeIsPage(p) ((p)->pPage && (p)->pPage->bWrap)
/* Words before the text of a row: see AssocRow. */
#define assocNodeWords(p)                                                      \
  ((p)->nSplit + (p)->nChild + (p)->bRecurse + (p)->nIdent)

#endif /* ASSOC_NODE_H */
