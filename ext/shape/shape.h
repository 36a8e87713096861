/*
** The shape language: what a caller wants to load, as text or as JSON. Both
** forms are read into the same tree.
**
**   User(age >= 18){name posts!(order by title limit 5){title}}
**   {"model":"User","attributes":["name"],"include":[...]}
**
** This floor does not know which models, columns or associations exist. A name
** is only a name; load/plan.c decides what it means. The tree lives in the
** arena that the parser receives.
**
** The tree of the text above, without offsets:
**
**    AssocShape   pModel "User", bBlock 1
**      pClauses     pWhere: ShapePred GE, key.pPath "age", pVal 18
**      pItem        NAME "name"
**        pNext        NAME "posts", bRequired 1, bBlock 1
**          pClauses     pOrder: key.pPath "title"; pLimit 5
**          pBlock       NAME "title"
**
** Whether "name" is a column or an association is not known here. Lists are
** linked by pNext. A pointer that is 0 means that the part is absent. Parsers
** set iOff in the text form only; it is -1 in the JSON form.
*/
#ifndef ASSOC_SHAPE_H
#define ASSOC_SHAPE_H

#include "base/base.h"
#include "shape/aggregate.h"

typedef struct AssocShape AssocShape;
typedef struct ShapeAgg ShapeAgg;
typedef struct ShapeClauses ShapeClauses;
typedef struct ShapeItem ShapeItem;
typedef struct ShapeKey ShapeKey;
typedef struct ShapeName ShapeName;
typedef struct ShapePart ShapePart;
typedef struct ShapePred ShapePred;
typedef struct ShapeScope ShapeScope;
typedef struct ShapeSort ShapeSort;
typedef struct ShapeVal ShapeVal;

/* A name, or a path of names: pNext is the segment after the dot. */
struct ShapeName {
  const char *z;    /* In the arena, without quotes; ends in a NUL */
  int iOff;         /* Byte offset in the text, for the caret; -1: none */
  ShapeName *pNext; /* The segment after the dot, or 0 */
};

/* A literal or a parameter. */
struct ShapeVal {
  u8 eType;        /* SHAPE_VAL_* */
  int iOff;        /* Byte offset in the text, or -1 */
  i64 i;           /* INT: the value. INDEX: n of ?n */
  double r;        /* REAL */
  const char *z;   /* TEXT: the text. NAMED: the name */
  int n;           /* Bytes of z */
  ShapeVal *pNext; /* The next value of a list */
};
#define SHAPE_VAL_NULL 0
#define SHAPE_VAL_FALSE 1
#define SHAPE_VAL_TRUE 2
#define SHAPE_VAL_INT 3
#define SHAPE_VAL_REAL 4
#define SHAPE_VAL_TEXT 5
#define SHAPE_VAL_INDEX 6 /* ?n */
#define SHAPE_VAL_NAMED 7 /* :name */

/* An aggregate: count(), sum(likes), ... of the path before it. */
struct ShapeAgg {
  u8 eAgg;           /* SHAPE_AGG_*: see aggregate.h */
  u8 bDistinct;      /* count(distinct col) */
  u8 bAt;            /* pCol is a column of the join row */
  ShapeName *pCol;   /* The column, or 0: count() */
  ShapePred *pWhere; /* Which related rows count, or 0 */
};

/* What a predicate compares, or what an order sorts by. */
struct ShapeKey {
  ShapeName *pPath; /* Associations, then the column; 0 before count() */
  ShapeAgg *pAgg;   /* 0: the path ends in a column */
  u8 bAt;           /* "@pos": one name, a column of the join row */
  u8 bOwner;        /* Of an order in a definition: may name hidden columns */
};

/* A condition: a comparison, or a combination of conditions. */
struct ShapePred {
  u8 eOp;         /* SHAPE_OP_* */
  u8 bNot;        /* not in, not between, not like, not glob, is not null */
  u8 bSome;       /* JSON "$posts.title$": a to-many path means some */
  u8 bList;       /* in ?1: the one value is a JSON array of them */
  int iOff;       /* Byte offset in the text, or -1 */
  ShapeKey key;   /* Comparisons: the left side. SOME, EVERY, NONE: the path */
  ShapeVal *pVal; /* Comparisons: one value, IN: many, BETWEEN: two */
  ShapeKey *pOther; /* EQ to GE: or this key of the same row */
  ShapeName *pOn;   /* SOME, EVERY, NONE: "on Model" at the end of the path */
  ShapePred *pSub;  /* AND, OR: the first of several. NOT, SOME: the one */
  ShapePred *pNext; /* The next of an AND or OR */
};
#define SHAPE_OP_AND 0   /* pSub: all of these */
#define SHAPE_OP_OR 1    /* pSub: one of these */
#define SHAPE_OP_NOT 2   /* pSub: not this one; NULL stays NULL */
#define SHAPE_OP_SOME 3  /* At least one row of the path */
#define SHAPE_OP_EVERY 4 /* No row of the path fails; true if there is none */
#define SHAPE_OP_NONE 5  /* No row of the path */
#define SHAPE_OP_EQ 6
#define SHAPE_OP_NE 7
#define SHAPE_OP_LT 8
#define SHAPE_OP_LE 9
#define SHAPE_OP_GT 10
#define SHAPE_OP_GE 11
#define SHAPE_OP_IN 12
#define SHAPE_OP_BETWEEN 13
#define SHAPE_OP_LIKE 14
#define SHAPE_OP_GLOB 15
#define SHAPE_OP_MATCH 16
#define SHAPE_OP_STARTS 17 /* LIKE without wildcards in the value */
#define SHAPE_OP_ENDS 18
#define SHAPE_OP_CONTAINS 19
#define SHAPE_OP_ISNULL 20                     /* With bNot: IS NOT NULL */
#define SHAPE_NOP 21                           /* Number of operators */
extern const char *const azShapeOp[SHAPE_NOP]; /* As SQL writes them */

/* One term of an order. */
struct ShapeSort {
  ShapeKey key;     /* What the rows are sorted by */
  u8 bDesc;         /* Descending */
  u8 eNulls;        /* SHAPE_NULLS_* */
  ShapeName *pColl; /* "collate": the collation's name, or 0 */
  int iOff;         /* Byte offset in the text, or -1 */
  ShapeSort *pNext; /* The term that decides between equal rows */
};
#define SHAPE_NULLS_DEFAULT 0 /* As SQLite: first, or last if descending */
#define SHAPE_NULLS_FIRST 1
#define SHAPE_NULLS_LAST 2

/* The use of a named scope, with its arguments. */
struct ShapeScope {
  ShapeName *pName;  /* The scope's name */
  ShapeVal *pArg;    /* Its first argument, or 0 */
  ShapeScope *pNext; /* The next scope of the same item */
};

/* A part of a page, in the order of the output. */
struct ShapePart {
  u8 ePart;          /* SHAPE_PART_* */
  const char *zName; /* Its key in the output */
  ShapePart *pSub;   /* EDGES: CURSOR, NODE. INFO: START to PREVIOUS */
  ShapePart *pNext;  /* The part that is written next */
};
#define SHAPE_PART_COUNT 0  /* All rows, not only those of the page */
#define SHAPE_PART_NODES 1  /* The rows as a list */
#define SHAPE_PART_EDGES 2  /* The rows, each with its cursor */
#define SHAPE_PART_INFO 3   /* The object pageInfo */
#define SHAPE_PART_CURSOR 4 /* Of an edge */
#define SHAPE_PART_NODE 5   /* Of an edge: the row */
#define SHAPE_PART_START 6  /* Of pageInfo */
#define SHAPE_PART_END 7    /* Cursor of the last row */
#define SHAPE_PART_MORE 8   /* Are there rows behind the page? */
#define SHAPE_PART_BEFORE 9 /* Are there rows before the page? */
#define SHAPE_NPART 10      /* Number of parts */
extern const char *const azShapePart[SHAPE_NPART]; /* Their usual keys */

/* The clauses in parentheses: conditions, order, limit, page. */
struct ShapeClauses {
  ShapePred *pWhere;          /* Several conditions are one AND */
  ShapeSort *pOrder;          /* The first term, or 0 */
  ShapeVal *pLimit, *pOffset; /* Numbers or parameters, or 0 */
  ShapeVal *pFirst, *pLast, *pAfter, *pBefore; /* Of a page */
  ShapeScope *pScope;                          /* Named scopes, or 0 */
  ShapeClauses *pThrough;                      /* Clauses of the join row */
  u8 bUnscoped; /* "scope false": no scope, not even the default one */
  u8 bDeleted;  /* "paranoid false": include soft-deleted rows */
  u8 bRequired; /* The item that has these clauses is required */
  u8 bPage, bPageCount, bPageEdges; /* It is a page; with count; with edges */
  ShapePart *pPart; /* The parts of the page that are named, or 0: the usual */
  int iOff;         /* Byte offset of the clauses, or -1 */
};

/* An item of a block. */
struct ShapeItem {
  u8 eType;               /* SHAPE_ITEM_* */
  u8 bSpread;             /* "...": its members stand among the parent's */
  u8 bRequired;           /* "!": omit parents without a match */
  u8 bBlock;              /* Has a block, even an empty one */
  u8 bInclude;            /* JSON: stood under "include", so it is no column */
  u8 mAll;                /* ALL: a set of SHAPE_ALL_* */
  u8 bText;               /* NAME: the column is written as a text */
  int nRecurse;           /* 0, n of "^n", or SHAPE_RECURSE_ALL */
  int iOff;               /* Byte offset in the text, or -1 */
  ShapeName *pPath;       /* NAME, MINUS, AT, AGG: the path; 0 for an AGG of
                          ** the roots. ON: the model */
  ShapeName *pSelf;       /* AGG, CURSOR, MODEL, VALUE: an association (of
                          ** VALUE, a column) with this name goes first */
  ShapeName *pAlias;      /* "as" */
  ShapeName *pModel;      /* JSON: include by model */
  ShapeAgg *pAgg;         /* AGG */
  ShapeVal *pVal;         /* VALUE: a literal */
  ShapeClauses *pClauses; /* 0: none */
  ShapeItem *pBlock;      /* First item of its block */
  ShapeItem *pNext;       /* The next item of the same block */
};
#define SHAPE_ITEM_NAME 0   /* A column or an association */
#define SHAPE_ITEM_STAR 1   /* "*": every column */
#define SHAPE_ITEM_STARS 2  /* "**": every column and every to-one */
#define SHAPE_ITEM_MINUS 3  /* "-column" */
#define SHAPE_ITEM_AT 4     /* "@column" of the join row */
#define SHAPE_ITEM_ON 5     /* "on Model{…}" */
#define SHAPE_ITEM_AGG 6    /* "comments.count()" */
#define SHAPE_ITEM_ALL 7    /* JSON {"all":true} */
#define SHAPE_ITEM_VALUE 8  /* "User" as kind */
#define SHAPE_ITEM_CURSOR 9 /* "cursor()": the row's cursor */
#define SHAPE_ITEM_MODEL 10 /* "model()": the name of the row's model */

#define SHAPE_RECURSE_ALL (-1) /* "^" without a number */

#define SHAPE_ALL_ANY 1 /* "All" */
#define SHAPE_ALL_BELONGSTO 2
#define SHAPE_ALL_HASONE 4
#define SHAPE_ALL_HASMANY 8
#define SHAPE_ALL_ONE 16  /* belongsTo and hasOne */
#define SHAPE_ALL_HAS 32  /* hasOne and hasMany */
#define SHAPE_ALL_MANY 64 /* hasMany and belongsToMany */
#define SHAPE_NALL 7      /* Number of these bits */
extern const char *const azShapeAll[SHAPE_NALL];

/* What a text should contain. */
#define SHAPE_QUERY 0 /* A query: User(...){...} */
#define SHAPE_BLOCK 1 /* A block or a list, as for assoc_find() */
#define SHAPE_ONE 2   /* One association, as for assoc_get() */

/* A shape that was read. */
struct AssocShape {
  const char *zText;      /* OWNED by the arena; for carets */
  u8 eKind;               /* SHAPE_QUERY, SHAPE_BLOCK or SHAPE_ONE */
  u8 bJson;               /* It was read from the JSON form */
  u8 bNamed;              /* Contains a :name, so parameters are an object */
  int nParam;             /* The greatest n of ?n */
  ShapeName *pModel;      /* QUERY: the model, maybe "schema.model" */
  ShapeClauses *pClauses; /* QUERY: the clauses of the roots */
  u8 bBlock;              /* QUERY: it has a block */
  ShapeItem *pItem;       /* The items of the block; ONE: the one item */
  ShapeName *pAlias;      /* QUERY: its key in the object of several, or 0 */
  AssocShape *pNext;      /* QUERY: the next of several */
};

/* Read a shape of the given kind from nText bytes (-1: up to the nul). 0 after
** an error. */
AssocShape *assocShapeParse(AssocCall *pCall, AssocArena *pArena, int eKind,
                            const char *zText, int nText);
/* Read a condition in the text form, "age >= 18 or vip = true", or, if pJson is
** an object, in the JSON form. *pnParam receives the greatest n of its ?n. */
ShapePred *assocShapeCondition(AssocCall *pCall, AssocArena *pArena,
                               AssocJson *pJson, int *pnParam);
/* Read a "where" (a predicate), or an "order" (JSON or text). */
ShapePred *assocShapeWhere(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson);
/* 0 after an error. */
ShapeSort *assocShapeOrder(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson);
/* Read a model's scope: {"where":...,"order":...,"limit":...,"offset":...}.
** *pnParam receives the number of its parameters; 0: it takes none. */
ShapeClauses *assocShapeScope(AssocCall *pCall, AssocArena *pArena,
                              AssocJson *pJson, int *pnParam, u8 *pbNamed);

/* The AND of two predicates. Either may be 0. The lists of p1 and p2 become
** part of the result. */
ShapePred *assocShapeAnd(AssocCall *pCall, AssocArena *pArena, ShapePred *p1,
                         ShapePred *p2);

/* Print the tree as text. OUT: the caller frees the text with sqlite3_free(). 0
** after an error. */
char *assocShapeText(AssocCall *pCall, const AssocShape *pShape);
/* The name as a shape spells it: in backticks if it could be read as something
** else. In the arena; 0 after an error. */
const char *assocShapeName(AssocCall *pCall, AssocArena *pArena,
                           const char *zName);

/*
** The text of a tree in which each literal is only a type, and the literals in
** their order. Shapes with equal texts differ at most in these values. Some
** literals decide more than a value and are kept in the text: the values of
** scopes, and literals of orders.
*/
typedef struct ShapeMasked ShapeMasked;
struct ShapeMasked {
  const char *z;    /* In the arena */
  int nVal;         /* Literals in apVal */
  ShapeVal **apVal; /* In the arena */
};
/* False after an error. */
int assocShapeMask(AssocCall *pCall, AssocArena *pArena, AssocShape *pShape,
                   ShapeMasked *pMasked);

/* Raise an error at byte iOff of zText. The message shows the line with a
** caret. No caret if zText is 0 or iOff is -1. */
void assocShapeFail(AssocCall *pCall, const char *zText, int iOff,
                    const AssocWhy *pWhy, const char *zFmt, ...);
/* Add the place to the error that the call has. */
void assocShapeAt(AssocCall *pCall, const char *zText, int iOff);

/* --------------------------------------------- between files of this room */

/* A new, empty query of the text of pFirst. 0 after an error. */
AssocShape *assocShapeAnother(AssocCall *pCall, AssocArena *pArena,
                              AssocShape *pFirst);
/* Read one of the two forms into pShape. */
void assocShapeParseText(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText);
/* The JSON form has Sequelize's find options. */
void assocShapeParseJson(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText);
/* Is the value a JSON object with one of Sequelize's find options, such as
** {"where":…}, or with nothing else? For hints, where a caller gives one in the
** place of a key or of a parameter. */
int assocShapeIsOptions(AssocCall *pCall, sqlite3_value *pVal);
#define ASSOC_OPTIONS_SOME 1
#define ASSOC_OPTIONS_ALL 2

/* Do the clauses contain anything but conditions? through(...) must not:
** zShapeThrough is the text of that error. */
int shapeNotCondition(const ShapeClauses *pC);
extern const char zShapeThrough[];
/* What to write instead of a path into the JSON of a column. */
extern const char zShapeInside[];
/* What to write if zName is used as a name, does not exist, and is a known
** word: "clauses belong in parentheses after the name". 0 if there is no
** advice. */
const char *assocShapeInstead(const char *zName);
/* The same for a key in what is written, which another library gives a meaning:
** connect, create, increment. */
const char *assocShapeWriteInstead(const char *zKey);
/* What to write instead of the token at byte iAt, where reading failed. 0 if
** there is no advice. bModel: the text begins with a model. OUT: the caller
** frees the text with sqlite3_free(). */
char *assocShapeHabit(AssocCall *pCall, const char *z, int n, int iAt,
                      int bModel);
/* Read an order in the text form, "name desc, id". pOf learns its
** parameters. */
ShapeSort *assocShapeOrderText(AssocCall *pCall, AssocArena *pArena,
                               AssocShape *pOf, const char *z, int n);
/* Read a condition in the text form. pOf learns its parameters. */
ShapePred *assocShapeWhereText(AssocCall *pCall, AssocArena *pArena,
                               AssocShape *pOf, const char *z, int n);

#endif /* ASSOC_SHAPE_H */
