/*
** Names, conditions and joins as SQL text.
**
**   sql     tables, columns and values
**   scoped  which scopes of a model hold, and what they add
**   where   predicates, orders and joins
**   filter  conditions on related rows: EXISTS or IN
**
** Loads and writers both write their statements with these functions. A name
** reaches the text only after it was found in the schema, and quoted. A value
** reaches it only as a ?number.
*/
#ifndef ASSOC_SQL_H
#define ASSOC_SQL_H

#include "model/model.h"

typedef struct AssocBind AssocBind;
typedef struct AssocChoice AssocChoice;
typedef struct AssocFilter AssocFilter;
typedef struct AssocNode AssocNode; /* Of the floor above: opaque here */
typedef struct AssocSql AssocSql;

/* A value that a statement is given before it runs. */
struct AssocBind {
  int iSql;             /* Its ?number in the statement */
  u8 eHow;              /* ASSOC_BIND_* */
  int iPart;            /* CURSOR: which value of the cursor, from 0 */
  const ShapeVal *pVal; /* A literal or a parameter of the shape */
  AssocNode *pNode;     /* CURSOR: the node whose order it speaks of */
  AssocBind *pNext;
};
#define ASSOC_BIND_VALUE 0
#define ASSOC_BIND_COUNT 1  /* A limit or offset: a whole number */
#define ASSOC_BIND_MORE 2   /* A limit, and one more to see if there is more */
#define ASSOC_BIND_CURSOR 3 /* A value out of a page's cursor */

/* A value that a node's statements select. */
typedef struct AssocArg AssocArg;
struct AssocArg {
  const char *zSql;     /* Its SQL, or 0: then it is */
  const ShapeKey *pKey; /* this key of the node's model */
};

/*
** The rows that a statement tests its conditions on. filter.c estimates their
** number from it. All zero: nothing is known.
*/
typedef struct AssocTested AssocTested;
struct AssocTested {
  AssocModel *pModel;     /* Their model, or 0 */
  AssocModel *pUp;        /* Only the rows of one parent of this model, or 0 */
  const ShapeClauses *pC; /* Clauses that limit them, or 0 */
  u8 bOne;                /* One row, found by its key */
  u8 bRoots;              /* The roots of a load, scanned */
};

/* The join row that belongs to the row under an alias. */
typedef struct AssocJoined AssocJoined;
struct AssocJoined {
  int iAlias;              /* Of the row */
  int iJoin;               /* Of its join row */
  const AssocTable *pJoin; /* Or 0: it has none */
  AssocJoined *pNext;
};

/*
** A statement being written. Values become ?numbers and are remembered in
** pBind; tables get aliases t1, t2, ...
*/
struct AssocSql {
  AssocCall *pCall;
  AssocArena *pArena;
  const char *zText; /* Of the shape, for carets */
  sqlite3_str *pStr;
  int nVar; /* ?numbers given so far */
  int nAlias;
  AssocBind *pBind, **ppBindEnd;
  u8 bLiteral;        /* Values are written out: assoc_sql() */
  u8 bNatural;        /* Rows are to come in the order they lie in */
  u8 bMaybe;          /* NULL is not as good as false, as under NOT */
  u8 bDear;           /* OUT: each run goes through a whole table */
  u8 *pbDear;         /* Set to 1 at the end if bDear is; or 0 */
  AssocTested tested; /* The rows that conditions are tested on */
  i64 nTested;        /* About how many; 0: unknown; -1: not estimated yet */
  int nListed;        /* Columns that the statement selects, which an */
  const AssocArg *aListed;  /* ORDER BY term can name by number: the first */
  int iListed;              /* is column iListed */
  AssocJoined *pJoined;     /* What "@" means under each alias */
  AssocChoice *pChoice;     /* OUT: how conditions on related rows are asked */
  const ShapeScope *pScope; /* While a named scope is written: its use */
  sqlite3_str
      *pWith;  /* OWNED: the statement's common table expressions, or 0 */
  u8 bWith;    /* It may have such */
  u8 bAll;     /* Rows of all parents are selected, not those of one */
  int nFilter; /* Conditions on related rows that this one is in */
};

/* An association on the way into a statement. */
typedef struct AssocHop AssocHop;
struct AssocHop {
  AssocRel *pRel;
  AssocRel *pAlso;  /* The path that this is the last step of: its scope */
  int iFrom;        /* Alias of the rows it starts from */
  int iAlias;       /* Alias of its target */
  int iJoin;        /* Alias of its join table, 0 without one */
  u8 eFirst, eAlso; /* ASSOC_FIRST_*: of pRel, and of pAlso */
  AssocHop *pStart; /* The first step of pAlso, or 0 */
  AssocHop *pNext;
};

/* Start to write a statement into an arena. zText is the text of the shape,
** which errors show with a caret, or 0. */
void assocSqlStart(AssocSql *p, AssocCall *pCall, AssocArena *pArena,
                   const char *zText);
/* The text of the finished statement, in the arena; 0 after an error. */
const char *assocSqlEnd(AssocSql *p);

/*
** Which row is meant of a to-one that finds several. One that has an order
** means the first in it, whatever is asked of that row then. One that has none
** means the first by its key among the rows that are asked for.
*/
#define ASSOC_FIRST_VALUE 0  /* That row: for a value of it */
#define ASSOC_FIRST_FILTER 1 /* The same, where it matters if there is one */
#define ASSOC_FIRST_NOT 2    /* Any: whoever asks takes the first */

/*
** SQLite bounds how deep its parser goes. What is too deep is written as a common
** table expression, WITH x1 AS (…), which stands before the statement. Between the
** two calls all that is written goes there.
*/
sqlite3_str *assocSqlWith(AssocSql *p, const char *zName, int iName);
void assocSqlWithEnd(AssocSql *p, sqlite3_str *pOuter);

/* "schema"."table" */
void assocSqlTable(AssocSql *p, const AssocTable *pTab);
/* "schema"."table" t1 */
void assocSqlTableAs(AssocSql *p, const AssocTable *pTab, int iAlias);
/* t1."column" */
void assocSqlColumn(AssocSql *p, int iAlias, const AssocTable *pTab, int iCol);
/* From now on "@" speaks of the join row under iJoin where rows of the relation
** stand under iAlias; of none where there is no join table. */
void assocSqlJoined(AssocSql *p, int iAlias, const AssocRel *pRel, int iJoin);
/* "@pos" of the row under iAlias: t2."pos" */
void assocSqlAt(AssocSql *p, const ShapeName *pName, int iAlias);
/* The column of a join table, 0 where there is none, that "@pos" names; -1 and
** an error if it has no such. */
int assocSqlAtColumn(AssocSql *p, const AssocTable *pJoin,
                     const ShapeName *pName);
/* t1.a=t2.b AND t1.c=t2.d: a foreign key and what it refers to. */
void assocSqlEqual(AssocSql *p, int iParent, const AssocTable *pTab,
                   const AssocKey *pParent, int iChild,
                   const AssocTable *pChildTab, const AssocKey *pChild);
/* The two columns of a foreign key that are compared, and what the comparison
** makes of the values of one: does it change them, and z so changed. */
typedef struct AssocSides AssocSides;
struct AssocSides {
  const AssocTable *pParentTab;
  const AssocColumn *pParent, *pChild;
};
int assocSideChanges(const AssocSides *p, int bParent);
/* Is it a parent's, and not known how? */
int assocSideVague(const AssocSides *p);
const char *assocSqlSide(AssocCall *pCall, AssocArena *pArena,
                         const AssocSides *p, int bParent, const char *z);
/* Column i by which a step is found, so changed that all that equal one value
** before the step are equal; do any values change so; and an index that finds
** them, or 0. */
void assocSqlFarColumn(AssocSql *p, const AssocHop *pHop, int i);
int assocFarChanges(const AssocRel *pRel);
const char *assocFarIndex(AssocCall *pCall, const AssocRel *pRel,
                          int *pbUnique);
/* The two sides of column i of a step found by IN; can it be so found? */
void assocSqlInNear(AssocSql *p, const AssocHop *pHop, int i);
void assocSqlInFar(AssocSql *p, const AssocHop *pHop, int i);
int assocHopKnown(const AssocRel *pRel);
/* A ?number for a value of the shape. */
void assocSqlVal(AssocSql *p, const ShapeVal *pVal);
/* The same, used in another way. */
AssocBind *assocSqlBind(AssocSql *p, const ShapeVal *pVal, int eHow);
/* The error that a model has no column or association of that name. */
void assocSqlUnknown(AssocSql *p, AssocModel *pModel, const ShapeName *pName,
                     const char *zWhat);
/* {"all":…}: the next association of these kinds that the block does not name,
** or 0; *ppDef is at first 0. And the include that stands for it. */
AssocRel *assocAllNext(AssocSql *p, AssocModel *pModel, const ShapeItem *pBlock,
                       int mAll, AssocDef **ppDef);
ShapeItem *assocAllItem(AssocSql *p, const ShapeItem *pAll,
                        const AssocRel *pRel);
/* The association of that name, ready for use; that which an item means, an
** error if there is none. */
AssocRel *assocSqlRel(AssocSql *p, AssocModel *pModel, const ShapeName *pName);
AssocRel *assocItemRel(AssocSql *p, const ShapeItem *pItem,
                       const ShapeName *pName, AssocModel *pModel);

/* The value that a scope's ?n stands for, or pVal itself. */
const ShapeVal *assocScopeVal(AssocCall *pCall, const ShapeScope *pUse,
                              const ShapeVal *pVal);
/* The conditions of the scopes that hold under the clauses, and that rows are
** not deleted, each with AND before it. */
void assocSqlModel(AssocSql *p, AssocModel *pModel, const ShapeClauses *pC,
                   int iAlias);
/* Clauses with the order, limit and offset that scopes add. */
const ShapeClauses *assocSqlScoped(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC);
/* Clauses under which no scope holds, for rows of which others decide that. */
extern const ShapeClauses assocAnyRow;
/* A list of the default scope alone, if it is in the list; or 0. */
ShapeScope *assocScopeDefault(AssocSql *p, const ShapeScope *pUse);

/* What a comparison or an order is about. */
void assocSqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                 int iAlias);
/* A predicate on rows of pModel under alias iAlias. */
void assocSqlPred(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                  int iAlias);
/* The conditions that rows of a relation meet, each with AND before it: its
** scope, the model's scopes and soft deletion, and the clauses. The join row
** has alias iJoin. */
void assocSqlConditions(AssocSql *p, const AssocRel *pRel,
                        const ShapeClauses *pC, AssocModel *pModel, int iAlias,
                        int iJoin);
/* The scope of an association, which may be 0, with AND before it. */
void assocSqlScope(AssocSql *p, const ShapePred *pScope, AssocModel *pModel,
                   int iAlias);
/* How a condition on related rows is asked: for assoc_explain(). */
struct AssocChoice {
  const char *zWhat; /* "some posts" */
  u8 bIn;            /* IN, else EXISTS */
  const char *zWhy;
  AssocChoice *pNext;
};

/* A condition on related rows: there is one that meets all of this. */
struct AssocFilter {
  const char *zWord;      /* "some", for assoc_explain() */
  const AssocHop *pFirst; /* The way to them */
  AssocModel *pEnd;       /* Where it ends */
  const ShapeClauses *pC;
  const ShapePred *pPred;
  u8 bNotTrue; /* pPred is to be false or NULL */
  const ShapeItem *pBlock;
};
/* EXISTS(…) or IN (…). The second writes nothing and gives 0 unless it is
** better to start from the related rows. */
void assocSqlFilter(AssocSql *p, const AssocFilter *pF);
int assocSqlFilterFirst(AssocSql *p, const AssocFilter *pF);
/* An aggregate of a path, all groups at once; 0 if an index is better. */
int assocSqlGrouped(AssocSql *p, const ShapeKey *pKey, const AssocHop *pFirst,
                    AssocModel *pModel, int iLast);
/* Are the rows of a step those of one source row alone? They are if its key is
** unique, as the foreign key compares with it. Can several ways lead to one row
** at the end of several steps? */
int assocStepIsDown(AssocCall *pCall, const AssocRel *pRel);
int assocHopsMeet(AssocCall *pCall, const AssocHop *pHop);
/* Is there an index for every step of the association? */
int assocHopServed(AssocCall *pCall, const AssocRel *pRel);
/* The clauses of "on Post(...)" in a block, or 0. */
const ShapeClauses *assocBranchClauses(AssocCall *pCall,
                                       const AssocBranch *pBranch,
                                       const ShapeItem *pBlock);
/* The steps of an association from alias iFrom, with new aliases. */
AssocHop *assocSqlHops(AssocSql *p, AssocRel *pRel, int iFrom, int eFirst);
/* The steps of a path of names; *ppModel becomes the model where it ends. */
AssocHop *assocSqlPath(AssocSql *p, const ShapeName *pPath,
                       AssocModel **ppModel, int iFrom, int eFirst);
/* t2.a,t2.b: the key of a model, as a row value where it is composite. */
void assocSqlKeyColumns(AssocSql *p, const AssocModel *pModel, int iAlias,
                        int bParen);
/* What a to-one's first row is chosen among, if it has to be chosen before the
** clauses and what the block requires are asked of it; else 0. */
const ShapeClauses *assocSqlChoice(AssocSql *p, AssocRel *pRel,
                                   const ShapeClauses *pC,
                                   const ShapeItem *pBlock);
const ShapeClauses *assocSqlBefore(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC);
/* "(SELECT t9.id FROM … WHERE …" and " ORDER BY … LIMIT 1)": the key of the
** first row. More conditions may be written between the two. */
const AssocHop *assocSqlFirst(AssocSql *p, AssocRel *pRel, int iFrom,
                              const ShapeClauses *pC);
void assocSqlFirstEnd(AssocSql *p, AssocRel *pRel, const AssocHop *pFirst,
                      const ShapeClauses *pC);
/* The keys by which first rows are found, and the keys of these, of all. */
void assocSqlFirsts(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC);
/* " FROM a t2, b t3 WHERE …": their tables, and how they hang together and on
** what they start from, unless bFree. pC is for the last. */
void assocSqlFrom(AssocSql *p, const AssocHop *pFirst, const ShapeClauses *pC,
                  int bFree);
/* " FROM source t1, target t2 … WHERE …": the rows of a relation, with all
** their conditions, and of the block that the target's rows are to meet. Of a
** to-one all that it may be: LIMIT 1 is for the caller. */
void assocSqlRelated(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                     const ShapeItem *pBlock);
/* count(*), sum(t2."likes"), … of an aggregate over rows under iAlias. */
void assocSqlAggCall(AssocSql *p, const ShapeAgg *pAgg, const ShapeName *pPath,
                     AssocModel *pModel, int iAlias);
/* " AND EXISTS(...)" for each item of a block that is required. */
void assocSqlRequired(AssocSql *p, const ShapeItem *pBlock, AssocModel *pModel,
                      int iAlias);
/* " ORDER BY t1.a DESC, t1.id": the clauses' order, else the relation's,
** and then the key, in the direction of the last term: so an index on the
** terms gives that order too. Nothing for a view without order and key.
** bTurned: the other way round. */
void assocSqlOrder(AssocSql *p, const AssocRel *pRel, const ShapeClauses *pC,
                   AssocModel *pModel, int iAlias, int bTurned);
/* The order that a list has if its clauses do not say: 0 is its key's. */
ShapeSort *assocOrderOf(const AssocRel *pRel, const ShapeClauses *pC);

#endif /* ASSOC_SQL_H */
