/*
** Payloads of rows in rows: private to unfold.c, which lists the rows of a
** payload, and graph.c, which writes them.
*/
#ifndef ASSOC_WRITE_GRAPH_H
#define ASSOC_WRITE_GRAPH_H

#include "write/write.h"

typedef struct Graph Graph;
typedef struct GraphRow GraphRow;
typedef struct GraphTie GraphTie;

/* One row of a payload. In the arena tmp of the writer. */
struct GraphRow {
  const AssocJson
      *pJson; /* The row in the payload; 0: its cells are in aCell */
  AssocModel *pModel;
  WriteForm *pForm;
  WriteLink *pLink;        /* Relates it to pUp */
  const char *zBranch;     /* Polymorphic: the name that says which branch */
  GraphRow *pUp;           /* The row that it is nested in, or 0 for a root */
  const WriteMember *pBy;  /* The member of pUp that nests it */
  u8 eWhat;                /* GRAPH_*: what to do with it */
  u8 bList, bFirst, bLast; /* In a list; first, last of it */
  u8 bPassed;              /* The run has passed it, waiting or not */
  u8 bDone;                /* It exists, and row has its key */
  u8 bRelated;             /* Old: it is related to pUp already */
  u8 bMeant;               /* Some "#ref" means it */
  int nWait;               /* Rows that must exist before its INSERT */
  WriteRow row;            /* Its key, once bDone */
  int nCell, nThrough;     /* Cells that do not come from JSON */
  const WriteCell *aCell, *aThrough;
  const AssocJson *pThrough;       /* Columns of the join row, or 0 */
  const AssocJson *pLabel;         /* "#id"; or, of a ref, "#ref" */
  GraphRow *pSame;                 /* Ref: the row that it means */
  GraphTie *pHeld;                 /* Ties whose keys its INSERT writes */
  GraphTie *pOfSource, *pOfTarget; /* Ties that it is an end of */
  GraphTie *pLastOfSource, *pLastOfTarget;
  GraphRow *pNext; /* In the list */
  GraphRow *pNextReady;
};
#define GRAPH_NEW 0  /* Insert it */
#define GRAPH_OLD 1  /* It exists: change its columns */
#define GRAPH_KEY 2  /* Only a key: it exists, or is made of the key alone */
#define GRAPH_REF 3  /* It is another row of the payload: pSame */
#define GRAPH_NONE 4 /* null or []: no row */

/* Two rows that the payload relates. */

struct GraphTie {
  WriteLink *pLink;
  GraphRow *pSource, *pTarget;
  GraphRow *pRow; /* The nested row that the tie belongs to */
  u8 bHeld;       /* The INSERT of the row with the foreign key writes it */
  int nWait;      /* Otherwise: how many ends do not exist yet */
  GraphTie *pNextHeld, *pNextOfSource, *pNextOfTarget;
};
/* A payload, or one row of its outermost array. */

struct Graph {
  AssocWriter *w;
  GraphRow *pFirst, **ppEnd;      /* All rows, nested ones behind their pUp */
  GraphRow *pReady, **ppReadyEnd; /* Passed over before, and ready now */
  int nLabel, nRef;               /* How many "#id" and "#ref" */
  int nLate;                      /* Ties that no row holds */
};

/* How many members of each kind an object has. */
typedef struct GraphMembers GraphMembers;
struct GraphMembers {
  int nKey;   /* Columns of the key */
  int nOther; /* Other columns, and associations */
};

/* Make g an empty list of rows. */
void assocGraphInit(AssocWriter *w, Graph *g);
/* A new row of the list, behind *pp. pBy is the association that it comes by,
** or 0. 0 after an error. */
GraphRow *assocGraphRow(Graph *g, AssocModel *pModel, AssocRel *pBy,
                        const AssocJson *pJson, GraphRow **pp);
/* A new root row, at the end of the list. With pRow it is this existing row. */
GraphRow *assocGraphRoot(Graph *g, AssocModel *pModel, const AssocJson *pJson,
                         const WriteRow *pRow);
/* Count the members of p->pJson, and set the fields of p that members give: the
** label, the join row's columns, GRAPH_REF. Leaves associations alone. */
void assocGraphMembers(Graph *g, GraphRow *p, GraphMembers *pMembers);
/* Add the nested rows of p and of all rows behind p. */
void assocGraphUnfold(Graph *g, GraphRow *p);
/* Find the row that each "#ref" means. An error if a label is missing or occurs
** twice. */
void assocGraphLabels(Graph *g);
/* Does the model have no columns but its key? Then {"name":"a"} says all of a
** row, and the row is inserted if it does not exist. */
int assocGraphAllKey(const AssocModel *pModel);

#endif /* ASSOC_WRITE_GRAPH_H */
