/*
** What the two files about payloads share: unfold.c, which lists the rows of
** one, and graph.c, which makes them. Used by no other.
*/
#ifndef ASSOC_WRITE_GRAPH_H
#define ASSOC_WRITE_GRAPH_H

#include "write/write.h"

typedef struct Graph Graph;
typedef struct GraphRow GraphRow;
typedef struct GraphTie GraphTie;

struct GraphRow {
  const AssocJson *pJson; /* What the payload says; 0: see aCell */
  AssocModel *pModel;
  WriteForm *pForm;
  WriteLink *pLink;        /* By which it is related to pUp */
  const char *zBranch;     /* The name that says which branch of it */
  GraphRow *pUp;           /* The row that it is nested in, or 0 */
  const WriteMember *pBy;  /* And the member that nests it */
  u8 eWhat;                /* GRAPH_* */
  u8 bList, bFirst, bLast; /* In a list, its first, its last */
  u8 bPassed;              /* The list was gone through so far */
  u8 bDone;                /* It is there, and row is its key */
  u8 bRelated;             /* Old: it is related to pUp already */
  u8 bMeant;               /* Some "#ref" means it */
  int nWait;               /* Rows that must be there before it */
  WriteRow row;
  int nCell, nThrough; /* Values that are no JSON */
  const WriteCell *aCell, *aThrough;
  const AssocJson *pThrough;       /* Columns of the join row */
  const AssocJson *pLabel;         /* "#id"; or, of a ref, "#ref" */
  GraphRow *pSame;                 /* Ref: the row that it means */
  GraphTie *pHeld;                 /* Ties whose keys its INSERT writes */
  GraphTie *pOfSource, *pOfTarget; /* Ties that it is an end of */
  GraphTie *pLastOfSource, *pLastOfTarget;
  GraphRow *pNext; /* In the list */
  GraphRow *pNextReady;
};
#define GRAPH_NEW 0
#define GRAPH_OLD 1
#define GRAPH_KEY 2
#define GRAPH_REF 3
#define GRAPH_NONE 4

struct GraphTie {
  WriteLink *pLink;
  GraphRow *pSource, *pTarget;
  GraphRow *pRow; /* The nested row that it is of */
  u8 bHeld;       /* By the row that has the foreign key */
  int nWait;      /* Otherwise: its ends that are not there yet */
  GraphTie *pNextHeld, *pNextOfSource, *pNextOfTarget;
};

struct Graph {
  AssocWriter *w;
  GraphRow *pFirst, **ppEnd;
  GraphRow *pReady, **ppReadyEnd; /* Passed over, and need not wait more */
  int nLabel, nRef;
  int nLate; /* Ties that nobody holds */
};

/* What the members of an object say of the row that it is. */
typedef struct GraphMembers GraphMembers;
struct GraphMembers {
  int nKey;   /* Columns of the key */
  int nOther; /* Other columns, and associations */
};

/* An empty list of rows. */
void assocGraphInit(AssocWriter *w, Graph *g);
/* A new row of the list, behind *pp. pBy, by which it comes, may be 0. */
GraphRow *assocGraphRow(Graph *g, AssocModel *pModel, AssocRel *pBy,
                        const AssocJson *pJson, GraphRow **pp);
/* A row that is nested in none: new, or there already if pRow is given. */
GraphRow *assocGraphRoot(Graph *g, AssocModel *pModel, const AssocJson *pJson,
                         const WriteRow *pRow);
/* Read the members of an object, but for associations. */
void assocGraphMembers(Graph *g, GraphRow *p, GraphMembers *pMembers);
/* Unfold from a row to the end of the list. */
void assocGraphUnfold(Graph *g, GraphRow *p);
/* Find the rows that each "#ref" means. */
void assocGraphLabels(Graph *g);
/* Does the model have no columns but its key? Then {"name":"a"} cannot say
** more, and makes the row if it is not there. */
int assocGraphAllKey(const AssocModel *pModel);

#endif /* ASSOC_WRITE_GRAPH_H */
