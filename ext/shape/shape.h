/*
** The shape language: what a caller wants to see, as text or as JSON, read
** into one tree.
**
**   User(age >= 18){name posts!(order by title limit 5){title}}
**   {"model":"User","attributes":["name"],"include":[...]}
**
** Nothing here knows which models, columns or associations exist: a bare
** name is a name, and the plan (load/plan.c) decides what it means.
**
** The tree lives in the arena that the parser was given.
*/
#ifndef ASSOC_SHAPE_H
#define ASSOC_SHAPE_H

#include "base/base.h"

typedef struct AssocShape AssocShape;
typedef struct ShapeAgg ShapeAgg;
typedef struct ShapeClauses ShapeClauses;
typedef struct ShapeItem ShapeItem;
typedef struct ShapeKey ShapeKey;
typedef struct ShapeName ShapeName;
typedef struct ShapePred ShapePred;
typedef struct ShapeScope ShapeScope;
typedef struct ShapeSort ShapeSort;
typedef struct ShapeVal ShapeVal;

/* A name, or a path of names: pNext is the segment after the dot. */
struct ShapeName {
  const char *z;
  int iOff; /* Where it stands in the text, for the caret; -1: nowhere */
  ShapeName *pNext;
};

/* A literal or a parameter. */
struct ShapeVal {
  u8 eType; /* SHAPE_VAL_* */
  int iOff;
  i64 i;         /* INT: the value. INDEX: the n of ?n */
  double r;      /* REAL */
  const char *z; /* TEXT: the text. NAMED: the name */
  int n;         /* Bytes of z */
  ShapeVal *pNext;
};
#define SHAPE_VAL_NULL 0
#define SHAPE_VAL_FALSE 1
#define SHAPE_VAL_TRUE 2
#define SHAPE_VAL_INT 3
#define SHAPE_VAL_REAL 4
#define SHAPE_VAL_TEXT 5
#define SHAPE_VAL_INDEX 6 /* ?n */
#define SHAPE_VAL_NAMED 7 /* :name */

/* count(), sum(likes), ... of the path before it */
struct ShapeAgg {
  u8 eAgg; /* SHAPE_AGG_* */
  u8 bDistinct;
  u8 bAt;            /* pCol is a column of the join row */
  ShapeName *pCol;   /* The column, or 0 */
  ShapePred *pWhere; /* Which related rows count, or 0 */
};
#define SHAPE_AGG_COUNT 0
#define SHAPE_AGG_SUM 1
#define SHAPE_AGG_AVG 2
#define SHAPE_AGG_MIN 3
#define SHAPE_AGG_MAX 4
#define SHAPE_AGG_TOTAL 5
#define SHAPE_AGG_EXISTS 6
#define SHAPE_NAGG 7
extern const char *const azShapeAgg[SHAPE_NAGG];

/* What a predicate compares and a sort sorts by. */
struct ShapeKey {
  ShapeName *pPath;
  ShapeAgg *pAgg; /* Or 0: the path ends in a column */
  u8 bAt;         /* "@pos": one name, a column of the join row */
};

struct ShapePred {
  u8 eOp;  /* SHAPE_OP_* */
  u8 bNot; /* not in, not between, not like, not glob, is not null, not (…) */
  u8 bSome; /* JSON "$posts.title$": a to-many path means some */
  int iOff;
  ShapeKey key;     /* Comparisons. SOME, EVERY, NONE: only its path */
  ShapeVal *pVal;   /* Comparisons: one value, IN: many, BETWEEN: two */
  ShapePred *pSub;  /* AND, OR: the first of many. NOT, SOME, …: the one */
  ShapePred *pNext; /* The next of an AND or OR */
};
#define SHAPE_OP_AND 0
#define SHAPE_OP_OR 1
#define SHAPE_OP_NOT 2
#define SHAPE_OP_SOME 3
#define SHAPE_OP_EVERY 4
#define SHAPE_OP_NONE 5
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
#define SHAPE_OP_STARTS 17 /* As like, but nothing in the value is special */
#define SHAPE_OP_ENDS 18
#define SHAPE_OP_CONTAINS 19
#define SHAPE_OP_ISNULL 20
#define SHAPE_NOP 21
extern const char *const azShapeOp[SHAPE_NOP]; /* As SQL spells them */

struct ShapeSort {
  ShapeKey key;
  u8 bDesc;
  u8 eNulls; /* SHAPE_NULLS_* */
  ShapeName *pColl;
  int iOff;
  ShapeSort *pNext;
};
#define SHAPE_NULLS_DEFAULT 0
#define SHAPE_NULLS_FIRST 1
#define SHAPE_NULLS_LAST 2

/* A named scope of the model, with its arguments. */
struct ShapeScope {
  ShapeName *pName;
  ShapeVal *pArg;
  ShapeScope *pNext;
};

struct ShapeClauses {
  ShapePred *pWhere; /* Several are the children of one AND */
  ShapeSort *pOrder;
  ShapeVal *pLimit, *pOffset;
  ShapeVal *pFirst, *pLast, *pAfter, *pBefore;
  ShapeScope *pScope;
  ShapeClauses *pThrough; /* Of the join row */
  u8 bUnscoped;           /* "scope false": not even the default scope */
  u8 bDeleted;            /* "paranoid false": soft-deleted rows too */
  u8 bRequired;           /* The item that has these clauses is required */
  u8 bPage, bPageCount;
  int iOff;
};

/* One thing in a block. */
struct ShapeItem {
  u8 eType; /* SHAPE_ITEM_* */
  u8 bSpread;
  u8 bRequired; /* "!": drop parents without a match */
  u8 bBlock;    /* Has a block, even an empty one */
  u8 bInclude;  /* JSON: it stood under "include", so it is no column */
  u8 mAll;      /* ALL: SHAPE_ALL_* together, which associations */
  int nRecurse; /* 0, n of "^n", or SHAPE_RECURSE_ALL */
  int iOff;
  ShapeName *pPath;       /* NAME, MINUS, AT, AGG: its path. ON: the model */
  ShapeName *pAlias;      /* "as" */
  ShapeName *pModel;      /* JSON include by model instead of by name */
  ShapeAgg *pAgg;         /* AGG */
  ShapeClauses *pClauses; /* Or 0 */
  ShapeItem *pBlock;      /* First item of its block */
  ShapeItem *pNext;
};
#define SHAPE_ITEM_NAME 0  /* A column or an association */
#define SHAPE_ITEM_STAR 1  /* "*": every column */
#define SHAPE_ITEM_STARS 2 /* "**": and every to-one */
#define SHAPE_ITEM_MINUS 3 /* "-column" */
#define SHAPE_ITEM_AT 4    /* "@column" of the join row */
#define SHAPE_ITEM_ON 5    /* "on Model{…}" */
#define SHAPE_ITEM_AGG 6   /* "comments.count()" */
#define SHAPE_ITEM_ALL 7   /* JSON {"all":true} */

#define SHAPE_RECURSE_ALL (-1)

#define SHAPE_ALL_ANY 1
#define SHAPE_ALL_BELONGSTO 2
#define SHAPE_ALL_HASONE 4
#define SHAPE_ALL_HASMANY 8
#define SHAPE_ALL_ONE 16
#define SHAPE_ALL_HAS 32
#define SHAPE_ALL_MANY 64
#define SHAPE_NALL 7
extern const char *const azShapeAll[SHAPE_NALL];

/* How to read a text: what it may be. */
#define SHAPE_QUERY 0 /* User(...){...} */
#define SHAPE_BLOCK 1 /* A block or a list, as assoc_find() takes */
#define SHAPE_ONE 2   /* One association, as assoc_get() takes */

/* A whole text. */
struct AssocShape {
  const char *zText; /* For carets */
  u8 eKind;          /* SHAPE_QUERY, SHAPE_BLOCK or SHAPE_ONE */
  u8 bJson;
  u8 bNamed;         /* It has a :name, so the first argument is an object */
  int nParam;        /* The largest ?n */
  ShapeName *pModel; /* QUERY: the model, perhaps "schema.model" */
  ShapeClauses *pClauses; /* QUERY: of the roots */
  u8 bBlock;              /* QUERY: has a block */
  ShapeItem *pItem;       /* Items of the block; ONE: the one */
};

AssocShape *assocShapeParse(AssocCall *pCall, AssocArena *pArena, int eKind,
                            const char *zText, int nText);
/* Parts that options hold: a predicate in JSON or text, an order. */
ShapePred *assocShapeWhere(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson);
ShapeSort *assocShapeOrder(AssocCall *pCall, AssocArena *pArena,
                           AssocJson *pJson);
/* A scope of a model: {"where":…,"order":…,"limit":…,"offset":…}. *pnParam:
** how many values it takes. */
ShapeClauses *assocShapeScope(AssocCall *pCall, AssocArena *pArena,
                              AssocJson *pJson, int *pnParam);

/* Both of two predicates; either may be 0. */
ShapePred *assocShapeAnd(AssocCall *pCall, AssocArena *pArena, ShapePred *p1,
                         ShapePred *p2);

/* The tree as text. OUT: the caller frees with sqlite3_free(). */
char *assocShapeText(AssocCall *pCall, const AssocShape *pShape);

/* An error for any reason, at byte iOff of zText: the line and a caret under
** it become part of the text. zText 0 or iOff -1: nowhere. */
void assocShapeFail(AssocCall *pCall, const char *zText, int iOff,
                    const AssocWhy *pWhy, const char *zFmt, ...);
/* Say where the error is that has just been raised. */
void assocShapeAt(AssocCall *pCall, const char *zText, int iOff);

/* --------------------------------------------- between files of this room */

void assocShapeParseText(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText);
void assocShapeParseJson(AssocCall *pCall, AssocArena *pArena,
                         AssocShape *pShape, int nText);
/* Are there clauses that do not choose rows by what they are? through (…) has
** none of them, which zShapeThrough says. */
int shapeNotCondition(const ShapeClauses *pC);
extern const char zShapeThrough[];
/* What to write where a word stands as a name that there is not; 0: nothing is
** known. */
const char *assocShapeInstead(const char *zName);
/* What to write instead of what stands at byte iAt, where a text could not be
** read on; 0: nothing is known. bModel: the first word of the text is a model.
** OUT: freed with sqlite3_free(). */
char *assocShapeHabit(AssocCall *pCall, const char *z, int n, int iAt,
                      int bModel);
/* An order as the text form writes it; pOf learns which parameters it has. */
ShapeSort *assocShapeOrderText(AssocCall *pCall, AssocArena *pArena,
                               AssocShape *pOf, const char *z, int n);

#endif /* ASSOC_SHAPE_H */
