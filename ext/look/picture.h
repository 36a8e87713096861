/*
** What a diagram shows: the models, and the lines between them. picture.c
** collects them. Each format has a writer in a file of its own.
**
** A line is a foreign key with the names of both its associations; or it is a
** belongsToMany, beside the two keys of its join table. Wrong definitions are
** left out; assoc_check reports them.
**
** Names may hold any character. A writer replaces what its format cannot hold.
** All memory belongs to the AssocLook.
*/
#ifndef ASSOC_PICTURE_H
#define ASSOC_PICTURE_H

#include "look/look.h"

typedef struct AssocPicture AssocPicture;
typedef struct AssocPictureEdge AssocPictureEdge;
typedef struct AssocPictureTable AssocPictureTable;

struct AssocPictureTable {
  AssocTable *pTab;   /* The table itself */
  AssocModel *pModel; /* Its own model */
  int iId;            /* 0, 1, 2, ... in the order of the list */
  u8 bJoin;           /* A belongsToMany goes through it */
  u8 bChosen;         /* It is to be shown */
  int iGroup;         /* Tables that belong together have one number; or 0 */
  AssocPictureTable *pHub;  /* The table that gives its group the name */
  const char *zType;        /* typescript: the name of its interface */
  AssocPictureTable *pNext; /* The next of the picture */
  u8 bLeftOut;              /* It is no more in the picture */
  AssocPictureTable *pSame; /* One of this name in another database */
  AssocPictureEdge *pEdge, **ppEdge; /* Lines from it, by pNextFrom */
};

struct AssocPictureEdge {
  AssocPictureTable *pFrom, *pTo; /* A key of pFrom references pTo */
  const AssocKey *pKey;           /* 0: many to many */
  const char *zFrom, *zTo;        /* What each calls the other, or 0 */
  AssocPictureTable *pThrough;    /* Many to many: the join table */
  u8 bUnique, bRequired;          /* The key is UNIQUE; is NOT NULL */
  AssocPictureEdge *pNext;        /* The next of the picture */
  AssocPictureEdge *pNextFrom;    /* The next from the same table */
};

struct AssocPicture {
  AssocLook *p;                         /* What was found in the schema */
  AssocCall *pCall;                     /* p->pCall */
  sqlite3_str *pStr;                    /* What is written */
  const AssocDiagramOptions *pOpt;      /* What the caller asks for */
  int nTable;                           /* Tables in the list */
  AssocPictureTable *pTable, **ppTable; /* The list and its end */
  AssocWords tables; /* All of them, by their tables' names and then by pSame */
  AssocPictureEdge *pEdge, **ppEdge; /* The list and its end */
};

/* Collect the tables and lines of the definitions. bAll: also the other tables
** and views of main; then all are in the order of names. */
void assocPictureCollect(AssocPicture *p, int bAll);

/* Leave out what the options do not ask for. */
void assocPictureChoose(AssocPicture *p);
/* Put tables that belong together beside each other, where there are many. */
void assocPictureCluster(AssocPicture *p);

/* The table of the picture, or 0. */
AssocPictureTable *assocPictureFind(const AssocPicture *p,
                                    const AssocTable *pTab);
/* Visit the associations that a model has, that are good and that lead to models
** in the picture: *ppDef is 0, and then stays as it is. 0 after the last. */
AssocRel *assocPictureNextRel(AssocPicture *p, const AssocPictureTable *pTab,
                              AssocDef **ppDef);
/* Does q lead back over the key of pRel, which is no path? */
int assocPictureIsInverse(const AssocRel *pRel, const AssocRel *q);
/* Does the schema see to it that a belongsTo always finds a row? */
int assocPictureIsEnforced(AssocPicture *p, const AssocRel *pRel);
/* Can the column not be NULL? */
int assocPictureIsNotNull(const AssocTable *pTab, int iCol);
/* Is the column left out, since a policy hides it? */
int assocPictureHides(const AssocPicture *p, const AssocTable *pTab, int iCol);
/* The same of a name. */
int assocPictureHidesName(const AssocPicture *p, const AssocTable *pTab,
                          const char *zName);
/* Is the column in a foreign key that is drawn? */
int assocPictureIsForeign(const AssocPictureTable *pTab, int iCol);
/* Is the column in the key of its model? */
int assocPictureIsKey(const AssocPictureTable *pTab, int iCol);
/* "posts / author": what the near side of the text calls the other first. */
void assocPictureLabel(const AssocPictureEdge *pEdge, const char **pzA,
                       const char **pzSlash, const char **pzB);
/* What assoc does with each column: "counts comments", "set when changed", or
** the values that tell the models of the table apart, "Article, News"; 0 for
** other columns. OUT: in the arena; 0 after an error. */
const char **assocPictureNotes(AssocPicture *p, const AssocPictureTable *pTab);
/* Append JSON to the text, and free its buffer. */
void assocPictureJsonEnd(AssocPicture *p, AssocOut *pOut);
/* A value of a model, which is a text, a number, true or false. */
const char *assocPictureValue(const AssocJson *pVal);
/* " (join table)", " (view)", or "". */
const char *assocPictureKind(const AssocPictureTable *pTab);

/* The writers, each of one format, into p->pStr. */
void assocPictureMermaid(AssocPicture *p);
/* Graphviz. */
void assocPictureDot(AssocPicture *p);
/* Indented text, for reading in a terminal. */
void assocPictureOutline(AssocPicture *p);
/* For programs that draw for themselves. */
void assocPictureJson(AssocPicture *p);
/* Types of rows and of their associations. */
void assocPictureTypescript(AssocPicture *p);

/* The next other model of a table (single-table inheritance), in the order of
** the rows of assoc_model(). *ppRow begins as 0; 0 at the end. */
AssocModel *assocPictureAside(AssocPicture *p, const AssocPictureTable *pTab,
                              AssocDef **ppRow);

#endif /* ASSOC_PICTURE_H */
