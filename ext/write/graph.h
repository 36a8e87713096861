/*
** Payloads of rows in rows: private to unfold.c, which lists the rows of a
** payload, graph.c, which writes them, and plain.c, which writes rows that have
** nothing but columns.
*/
#ifndef ASSOC_WRITE_GRAPH_H
#define ASSOC_WRITE_GRAPH_H

#include "write/write.h"

typedef struct Graph Graph;
typedef struct GraphFloor GraphFloor;
typedef struct GraphRow GraphRow;
typedef struct GraphSet GraphSet;
typedef struct GraphTie GraphTie;
typedef struct PlainRows PlainRows;

/* One row of a payload. In the arena tmp of the writer. */
struct GraphRow {
  const AssocJson
      *pJson;          /* The row in the payload; 0: its cells are in aCell */
  AssocModel *pModel;  /* The row's model */
  WriteForm *pForm;    /* What its members mean */
  WriteLink *pLink;    /* Relates it to pUp */
  const char *zBranch; /* Polymorphic: the name that says which branch */
  GraphRow *pUp;       /* The row that it is nested in, or 0 for a root */
  const WriteMember *pBy;  /* The member of pUp that nests it */
  u8 eWhat;                /* GRAPH_*: what to do with it */
  u8 bList, bFirst, bLast; /* In a list; first, last of it */
  u8 bPassed;              /* The run has passed it, waiting or not */
  u8 bDone;                /* It exists, and row has its key */
  u8 bRelated;             /* Old: it is related to pUp already */
  u8 bMeant;               /* Some "#ref" means it */
  u8 bTied;                /* Its tie to pUp has been made, if it needs one */
  u8 bUpsert;              /* By: the row that is found is changed, too */
  u8 bFound;               /* By: the row was there */
  u8 bMissed;              /* By: it was not there when its "#set" began */
  u8 bMade;                /* By: the row was not there, and is new */
  u8 bPartial;             /* By: only partial indexes look for it */
  u8 bChanged;             /* Old: its columns have been written */
  u8 bGiven;               /* Old: nobody has looked whether it exists */
  u8 bWritten;             /* It is written, and late ties to it may be made */
  int nWait;               /* Rows that must exist before its INSERT */
  WriteRow row;            /* Its key, once bDone */
  int nCell, nThrough;     /* Cells that do not come from JSON */
  const WriteCell *aCell, *aThrough; /* Of the row; of the join row */
  const AssocJson *pThrough;         /* Columns of the join row, or 0 */
  const AssocJson *pLabel;           /* "#id"; or, of a ref, "#ref" */
  const AssocJson *pUnique;          /* By: "#by" or "#upsert" */
  int nBy, *aBy;                     /* By: the columns that it names */
  GraphSet *pSet;                    /* The "#set" that it stands in, or 0 */
  GraphSet *pFrom;        /* The "#set" that it leaves for that, or 0 */
  GraphRow *pNextMoved;   /* The next that leaves pFrom */
  const WriteOnly *pOnly; /* What it may hold; 0: everything */
  GraphRow *pSame;        /* Ref: the row that it means */
  GraphTie *pHeld;        /* Ties whose keys its INSERT writes */
  GraphTie *pOfSource, *pOfTarget;         /* Ties that it is an end of */
  GraphTie *pLastOfSource, *pLastOfTarget; /* Ends of both lists */
  GraphRow *pNext;                         /* In the list */
  GraphRow *pNextReady;                    /* In the list pReady of the graph */
};
#define GRAPH_NEW 0   /* Insert it */
#define GRAPH_OLD 1   /* It exists: change its columns */
#define GRAPH_KEY 2   /* Only a key: it exists, or is made of the key alone */
#define GRAPH_REF 3   /* It is another row of the payload: pSame */
#define GRAPH_NONE 4  /* null or []: no row */
#define GRAPH_BY 5    /* Not looked for yet; then it is new, old or found */
#define GRAPH_FOUND 6 /* It was found by "#by", and stays as it is */

/* A list that is the whole list from now on: {"#set":[...]}. */
struct GraphSet {
  GraphRow *pUp;          /* The row whose list it is */
  const WriteMember *pBy; /* The association */
  u8 bDone;               /* The other rows have been unlinked */
  GraphRow *pMoved;       /* Rows that move to another list: not unlinked */
  GraphSet *pNext;        /* The "#set" before it */
};

/* Two rows that the payload relates. */
struct GraphTie {
  WriteLink *pLink;            /* How the two rows are related */
  GraphRow *pSource, *pTarget; /* The two rows */
  GraphRow *pRow;              /* The nested row that the tie belongs to */
  u8 bHeld;  /* The INSERT of the row with the foreign key writes it */
  u8 bMade;  /* It has been written */
  int nWait; /* Otherwise: how many ends do not exist yet */
  GraphTie *pNextHeld, *pNextOfSource, *pNextOfTarget; /* In lists of rows */
};
/* A table from which rows may have been deleted. SQLite would give the highest
** keys to new rows again, and who keeps rows by their keys would take a new row
** for the old one. */
struct GraphFloor {
  AssocModel *pModel; /* The model of the table */
  i64 iMax;           /* The highest key before; keys of new rows are higher */
  GraphFloor *pNext;  /* The next such table */
};

/* A payload, or one row of its outermost array. */
struct Graph {
  AssocWriter *w;                 /* Writes the rows; owns the memory */
  GraphRow *pFirst, **ppEnd;      /* All rows, nested ones behind their pUp */
  GraphRow *pReady, **ppReadyEnd; /* Passed over before, and ready now */
  GraphSet *pSet;                 /* All "#set", the last first */
  GraphFloor *pFloor;             /* Tables whose keys must not be reused */
  int nLabel, nRef;               /* How many "#id" and "#ref" */
  int nLate;                      /* Ties that no row holds */
  u8 bLeft;                       /* Rows were passed over */
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
/* A new root row, at the end of the list. With pRow it is this existing row.
** pOnly may be 0. */
GraphRow *assocGraphRoot(Graph *g, AssocModel *pModel, const AssocJson *pJson,
                         const WriteRow *pRow, const WriteOnly *pOnly);
/* The path of a member of the row: "posts.tags.name". zName 0: of the row
** itself. Never 0. */
const char *assocGraphPath(Graph *g, const GraphRow *p, const char *zName);
/* Count the members of p->pJson, and set the fields of p that members give: the
** label, the join row's columns, GRAPH_REF. Leaves associations alone. */
void assocGraphMembers(Graph *g, GraphRow *p, GraphMembers *pMembers);
/* "#by" or "#upsert": set the columns by which the row is to be found. */
void assocGraphBy(Graph *g, GraphRow *p, const WriteMember *pMember,
                  const AssocJson *pJson);
/* Set the fields of a row that is new whatever its members are. */
void assocGraphNew(Graph *g, GraphRow *p);
/* Add the nested rows of p and of all rows behind p. Below a GRAPH_BY row only
** those whose keys help to find it. */
void assocGraphUnfold(Graph *g, GraphRow *p);
/* A row that was GRAPH_BY is something else now: add the other nested rows. */
void assocGraphUnfoldRest(Graph *g, GraphRow *p);
/* The first row behind p that is not nested in it, or 0. */
GraphRow *assocGraphEnd(const GraphRow *p);
/* Is it a row to insert, or may it become one? */
int assocGraphIsNew(const GraphRow *p);
/* Find the row that each "#ref" means. An error if a label is missing or occurs
** twice. */
void assocGraphLabels(Graph *g);
/* Does the model have no columns but its key? Then {"name":"a"} says all of a
** row, and the row is inserted if it does not exist. */
int assocGraphAllKey(AssocCall *pCall, const AssocModel *pModel);

/* Is no column of the row's key NULL? */
int assocGraphHasKey(const WriteRow *pRow);

/* ----------------------------------------------------------------- result */

/* {"id": or, for the second and later columns of a key, ,"id": */
void assocGraphName(AssocOut *pOut, const AssocModel *pModel, int i);
/* {"id":1 or {"a":1,"b":2 for a composite key. The caller closes the brace. */
void assocGraphKey(AssocOut *pOut, const AssocModel *pModel,
                   const WriteVal *aKey);
/* A comma behind the row before, unless this is the first row. */
void assocGraphSeparate(AssocOut *pOut);
/* Tell the caller of an outermost row that was written. */
void assocGraphTell(AssocWriter *w, const WriteRow *pRow, WriteHow *pHow);

/* ------------------------------------------------------------- plain rows */

/*
** The quick way for rows that have nothing but columns, and perhaps "#upsert".
** It keeps the statements and the columns of the last row, since the next row
** mostly has the same.
*/
struct PlainRows {
  WriteForm *pForm;       /* What members mean for the model; 0: no quick way */
  const WriteOnly *pOnly; /* What the rows may hold; 0: everything */
  int nMember, n, nAlloc; /* Members and cells of the last row; room for both */
  WriteCell *aCell;       /* Its cells, whose columns are distinct */
  WriteCell *aRest; /* With "#upsert": those by which the row is not found */
  /* The names of its members. Equal names are equal pointers: the JSON reader
  ** keeps one copy of each. */
  const char **azKey;
  u8 bKnown;            /* The next row may have the columns of the last one */
  WriteSql *pSql;       /* The INSERT of the last row, or 0 */
  char *zKey;           /* {"id": if the key has one column */
  int nKey;             /* Its length in bytes */
  u8 eUpsert;           /* PLAIN_*: may rows have "#upsert"? */
  int iBy;              /* Its place among the members, or -1 */
  const char *zBy;      /* The name that it has, or 0 */
  int nBy, *aBy;        /* The columns that it means */
  int nFind;            /* Indexes in apFind; 0: they are not known */
  WriteUnique **apFind; /* They find the row, and read its other columns */
};

/* Get ready for rows. pForm is their form; with 0 no row is plain. */
void assocPlainInit(PlainRows *p, WriteForm *pForm, const WriteOnly *pOnly);
/* Insert a root row, or change the row that "#upsert" finds, and add its key to
** the result. False if the row needs the general way. */
int assocPlainInsert(AssocWriter *w, PlainRows *p, AssocModel *pModel,
                     const AssocJson *pJson, AssocOut *pOut, WriteHow *pHow);
/* Create a row of a hasMany. False if the row has more than columns: it needs the
** general way then. */
int assocPlainCreate(AssocWriter *w, WriteLink *pLink, const WriteRow *pSource,
                     const AssocJson *pJson, const WriteOnly *pOnly,
                     WriteRow *pNew);

#endif /* ASSOC_WRITE_GRAPH_H */
