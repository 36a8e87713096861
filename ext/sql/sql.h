/*
** Names, conditions and joins as SQL text.
**
**   sql     tables, columns and values
**   scoped  the scopes of a model that apply, and what they add
**   where   predicates, orders and joins
**   filter  conditions on related rows: EXISTS or IN
**   seek    whether SQLite finds rows by an index
**   match   rows found by bound values, by type, or because they are not deleted
**   policed tables as sources of rows, and the policies that hold for them
**
**   assocSqlStart(&sql, pCall, pArena, zShape);
**   assocSqlTableAs(&sql, pTab, 1);         "main"."users" t1
**   assocSqlPred(&sql, pPred, pModel, 1);   t1."age" > ?1
**   zSql = assocSqlEnd(&sql);
**
** Loads and writers write their statements with these functions. A name gets
** into the text only after it was found in the schema, and quoted. A value gets
** into it only as a ?number; a number or a text that a definition holds, such as the
** value of a scope, as a quoted literal.
*/
#ifndef ASSOC_SQL_H
#define ASSOC_SQL_H

#include "model/model.h"

typedef struct AssocBind AssocBind;
typedef struct AssocChoice AssocChoice;
typedef struct AssocFilter AssocFilter;
typedef struct AssocNode
    AssocNode; /* Belongs to the floor above; opaque here */
typedef struct AssocPlace AssocPlace;
typedef struct AssocSql AssocSql;

/* A value to bind before a statement runs. */
struct AssocBind {
  int iSql;             /* Its ?number in the statement */
  u8 eHow;              /* ASSOC_BIND_* */
  u8 bList;             /* SESSION: the value must be an array */
  int iPart;            /* CURSOR: which value of the cursor, from 0 */
  const ShapeVal *pVal; /* A literal or a parameter of the shape */
  AssocNode *pNode;     /* CURSOR: the node whose order the cursor has */
  AssocBind *pNext;     /* The next value of the statement */
};
#define ASSOC_BIND_VALUE 0
#define ASSOC_BIND_COUNT 1 /* A limit or offset: a whole number */
#define ASSOC_BIND_MORE 2  /* A limit plus one, to see if there are more rows */
#define ASSOC_BIND_CURSOR 3 /* A value of a page's cursor */
#define ASSOC_BIND_LIST 4   /* A JSON array of values */
#define ASSOC_BIND_LIKE                                                        \
  6                          /* iPart is SHAPE_OP_STARTS, ENDS or CONTAINS: the
                             ** LIKE pattern for the literal text */
#define ASSOC_BIND_SESSION 5 /* A value of the session, by name: :me */
#define ASSOC_BIND_EARLY 7   /* A pointer to the statement itself */

/* A value that a node's statements select. */
typedef struct AssocArg AssocArg;
struct AssocArg {
  const char *zSql;     /* Its SQL; 0: use pKey */
  const ShapeKey *pKey; /* This key of the node's model */
};

/*
** Describes the rows on which a statement tests its conditions. filter.c
** estimates their number. All zero: unknown.
*/
typedef struct AssocTested AssocTested;
struct AssocTested {
  AssocModel *pModel;     /* The model of the rows, or 0 */
  AssocModel *pUp;        /* Only rows of one parent of this model, or 0 */
  const ShapeClauses *pC; /* Clauses that limit them, or 0 */
  u8 bOne;                /* One row, found by its key */
  u8 bRoots;              /* The roots of a load, which are scanned */
  u8 bFew;                /* Perhaps only the first ones are read */
};

/* The join row that belongs to the row under an alias. */
typedef struct AssocJoined AssocJoined;
struct AssocJoined {
  int iAlias;              /* Of the row */
  int iJoin;               /* Of its join row */
  const AssocTable *pJoin; /* Or 0: it has none */
  AssocJoined *pNext;      /* The one of another alias */
};

/*
** A statement that is being written. Values become ?numbers, and pBind lists
** them. Tables get the aliases t1, t2, ...
*/
struct AssocSql {
  AssocCall *pCall;              /* Receives the first error */
  AssocArena *pArena;            /* Holds what outlives the text */
  const char *zText;             /* The shape's text, for carets; may be 0 */
  sqlite3_str *pStr;             /* OWNED until assocSqlEnd(): the text */
  int nVar;                      /* Number of ?numbers so far */
  int nAlias;                    /* Aliases t1, t2, … so far */
  AssocBind *pBind, **ppBindEnd; /* Values to bind, in their order */
  u8 bLiteral;                   /* Write values as literals */
  u8 bAlone;               /* The text is for others to run: assoc_sql() */
  u8 bNatural;             /* Rows must come in their physical order */
  const AssocRel *pLinked; /* In an order: the join rows of t1 are t2; or 0 */
  u8 bMaybe;               /* NULL and false differ here, as under NOT */
  u8 bAsks;                /* SQLite is only asked for its plan: see filter.c */
  u8 bDear;                /* OUT: each run reads a whole table */
  u8 *pbDear;              /* assocSqlEnd() sets it to 1 if bDear; or 0 */
  AssocTested tested;      /* The rows that conditions test */
  i64 nTested;             /* Estimated number; 0: unknown; -1: not estimated */
  i64 nFirst;  /* Only so many roots are tested, by EXISTS; 0: all */
  i64 nMay;    /* OUT: so many roots may be enough for the LIMIT */
  int nListed; /* Selected columns, which ORDER BY can name */
  const AssocArg *aListed;  /* by number; the first one is */
  int iListed;              /* column number iListed */
  AssocJoined *pJoined;     /* What "@" means under each alias */
  AssocPlace *pPlace;       /* Where the rows of paths can be joined, or 0 */
  AssocChoice *pChoice;     /* OUT: how related rows are tested */
  const ShapeScope *pScope; /* The use of the named scope being written */
  sqlite3_str *pWith;       /* OWNED: the common table expressions, or 0 */
  u8 bWith;                 /* pWith may be used */
  u8 bAll;                  /* Selects rows of all parents, not of one */
  u8 bHeld;                 /* The source's key is a row of assoc_keys */
  u8 bOfKey;                /* The pairs of a path are those of one parent */
  u8 bAlong;                /* Join the next path in the order of its steps */
  u8 bInside;  /* The ends of a path are found by IN, by ?1 and on */
  int nFilter; /* Nesting of conditions on related rows, */
  int nFar;    /* and of columns and aggregates of such rows */
  u8 bMatch;   /* The left side of MATCH is written */
  u32 iText;   /* Tells its rows from those of other statements */
  u8 bOwner;   /* The owner's text is written: it may name hidden columns */
  u8 bPolicy;  /* A policy's: it sees every row, and :me is the session's */
};

/* One step of a path in a statement. */
typedef struct AssocHop AssocHop;
struct AssocHop {
  AssocRel *pRel;   /* The association of the step */
  AssocRel *pAlso;  /* The path whose last step this is, for its scope */
  int iFrom;        /* Alias of the rows before the step */
  int iAlias;       /* Alias of its target */
  int iJoin;        /* Alias of its join table, 0 without one */
  u8 eFirst, eAlso; /* ASSOC_FIRST_* of pRel, and of pAlso */
  AssocHop *pStart; /* The first step of pAlso, or 0 */
  AssocHop *pNext;  /* The next step */
};

/* Begin a statement. zText is the text of the shape, which errors show with a
** caret, or 0. */
void assocSqlStart(AssocSql *p, AssocCall *pCall, AssocArena *pArena,
                   const char *zText);
/* Finish a statement. Returns its text in the arena; 0 after an error. */
const char *assocSqlEnd(AssocSql *p);

/*
** Which row a to-one means if several match. With an order, it means the first
** row in that order; conditions are tested on this row only. Without an order,
** it means the row with the least key among those that meet the conditions.
*/
#define ASSOC_FIRST_VALUE 0  /* The first row: its value is used */
#define ASSOC_FIRST_FILTER 1 /* The first row, if a condition depends on it */
#define ASSOC_FIRST_NOT 2    /* Every row: the caller chooses the first */

/*
** SQLite's parser has a limited depth. A deep part of a statement becomes a
** common table expression, WITH x1 AS (...), in front of the statement. Text
** that is written between assocSqlWith() and assocSqlWithEnd() goes there.
** pOuter is the result of assocSqlWith().
*/
sqlite3_str *assocSqlWith(AssocSql *p, const char *zName, int iName);
/* Close the parenthesis, and write to the outer text again. */
void assocSqlWithEnd(AssocSql *p, sqlite3_str *pOuter);

/*
** Append "schema"."table" t1: a table as a source of rows. Every source is
** written here, so that no statement gets around a policy: where one holds, the
** source is
**
**   (SELECT *,"rowid" FROM "schema"."table" t1 WHERE true AND (<policy>)) t1
**
** SQLite flattens this: the condition becomes one of the outer statement, and
** indexes serve both. assocSqlTableBy() also says by which index the table is
** read: zIndex, or none at all if bNatural.
*/
void assocSqlTableAs(AssocSql *p, const AssocTable *pTab, int iAlias);
/* The caller has looked that zIndex exists: SQLite gives an error if it does
** not. */
void assocSqlTableBy(AssocSql *p, const AssocTable *pTab, int iAlias,
                     int bNatural, const char *zIndex);
/* Append "schema"."table" alone, as the owner sees it, whatever policies say:
** for statements that write, and for those that keep references whole. */
void assocSqlTable(AssocSql *p, const AssocTable *pTab);
/* The same with an alias, for statements that read: the rows count, if there is
** a budget. */
void assocSqlTableAll(AssocSql *p, const AssocTable *pTab, int iAlias);
/* Append " AND (...)" for what a policy allows (ASSOC_MAY_*) of the table's row
** under the alias. */
void assocSqlMay(AssocSql *p, const AssocTable *pTab, int iAlias, int eMay);
/* Would assocSqlMay() append anything? */
int assocSqlIsPoliced(const AssocSql *p, const AssocTable *pTab);
/* A table as a source of rows in other statements, without an alias: its name,
** or the subquery with the session's values in it. In pArena; 0 after an
** error. */
const char *assocSqlSource(AssocCall *pCall, AssocArena *pArena,
                           const AssocTable *pTab);
/* Register assoc_spend() and its kin, which count the rows that statements of a
** session read. */
int assocSpendRegister(AssocConn *pConn);
int assocSpentRegister(AssocConn *pConn);
int assocSpendOrRegister(AssocConn *pConn);
/* Register assoc_early(): see filter.c. Its statement is bound as a pointer of this
** type. */
#define ASSOC_EARLY_TYPE "assoc_early"
int assocEarlyRegister(AssocConn *pConn);
/* Append " assoc_spend_or(t1.id) AND ", if rows count. It stands in front of each
** side of an OR, which SQLite may look up by an index of its own. */
void assocSqlSpendOr(AssocSql *p, const AssocTable *pTab, int iAlias);
/* Raise an error if a condition of the table's policies cannot be written. */
void assocSqlCheckPolicies(AssocCall *pCall, const AssocTable *pTab);
/* The number of a column by the name in the text being written; -1 if there is
** none, or if it is hidden from that text. */
int assocSqlColumnFind(const AssocSql *p, const AssocTable *pTab,
                       const char *zName);
/* Append t1."column". */
void assocSqlColumn(AssocSql *p, int iAlias, const AssocTable *pTab, int iCol);
/* From now on "@" beside rows under iAlias means the join row under iJoin, or
** nothing if the relation has no join table. */
void assocSqlJoined(AssocSql *p, int iAlias, const AssocRel *pRel, int iJoin);
/* Is there one? */
int assocSqlHasJoined(const AssocSql *p, int iAlias);
/* "@pos" of the row under iAlias: t2."pos" */
void assocSqlAt(AssocSql *p, const ShapeName *pName, int iAlias);
/* The column of a join table, 0 where there is none, that "@pos" names; -1 and
** an error if it has no such. */
int assocSqlAtColumn(AssocSql *p, const AssocTable *pJoin,
                     const ShapeName *pName);
/* Append t1.a=t2.b AND t1.c=t2.d: a foreign key equals the key that it
** references. */
void assocSqlEqual(AssocSql *p, int iParent, const AssocTable *pTab,
                   const AssocKey *pParent, int iChild,
                   const AssocTable *pChildTab, const AssocKey *pChild);
/* The two columns that a foreign key compares. assocSideChanges(): does the
** comparison convert the values of this side (bParent: the parent's)?
** assocSqlSide(): the expression z of this side, converted in the same way. */
typedef struct AssocSides AssocSides;
struct AssocSides {
  const AssocTable *pParentTab;        /* The table of pParent */
  const AssocColumn *pParent, *pChild; /* Referenced; referencing */
};
int assocSideChanges(const AssocSides *p, int bParent);
/* Is it unknown how the parent's side is converted? It is for a view. */
int assocSideVague(const AssocSides *p);
/* In the arena, or z itself if nothing converts it. */
const char *assocSqlSide(AssocCall *pCall, AssocArena *pArena,
                         const AssocSides *p, int bParent, const char *z);
/* assocSqlFarColumn() appends column i by which a step finds its rows,
** converted so that it equals column i before the step. assocFarChanges(): is
** any of these columns converted? assocFarIndex(): the name of an index that
** finds the rows of a step, or 0. */
void assocSqlFarColumn(AssocSql *p, const AssocHop *pHop, int i);
int assocFarChanges(const AssocRel *pRel);
const char *assocFarIndex(AssocCall *pCall, const AssocRel *pRel,
                          int *pbUnique);
/* Can several rows match a to-one, so that it means the first of them? */
int assocFirstOfMany(AssocCall *pCall, const AssocRel *pRel);
/* Append the left and the right side of column i, if a step is written as "near
** IN (SELECT far ...)". assocHopKnown(): can it be written so? */
void assocSqlInNear(AssocSql *p, const AssocHop *pHop, int i);
void assocSqlInFar(AssocSql *p, const AssocHop *pHop, int i);
int assocHopKnown(const AssocRel *pRel);
/* Are the keys of the step compared by RTRIM? */
int assocHopTrims(const AssocRel *pRel);
/* Append t1.a=?1 AND t1.b=?2: n columns are the next n ?numbers. */
void assocSqlKeyIs(AssocSql *p, int iAlias, const AssocTable *pTab, int n,
                   const int *aCol);
/* The same for the columns of a foreign key, which compare by the rules of the
** columns that it references. With iParent these columns, under that alias,
** stand on the right side and compare as bound values do. */
void assocSqlRefIs(AssocSql *p, int iAlias, const AssocTable *pTab,
                   const AssocKey *pKey, int iParent, const AssocTable *pParent,
                   const AssocKey *pRef);
/* Append the type of a polymorphic branch. zType must outlive the statement's
** values. */
void assocSqlTypeVal(AssocSql *p, const char *zType);
/* Append " AND t1.deletedAt IS NULL" if the model has soft deletion. */
void assocSqlAlive(AssocSql *p, const AssocModel *pModel, int iAlias);
/* Append a ?number for a value of the shape, or a literal for a constant of a
** definition. */
void assocSqlVal(AssocSql *p, const ShapeVal *pVal);
/* The same with another use: ASSOC_BIND_*. 0 after an error. */
AssocBind *assocSqlBind(AssocSql *p, const ShapeVal *pVal, int eHow);
/* Raise the error that the model has no zWhat ("column", ...) of that name. */
void assocSqlUnknown(AssocSql *p, AssocModel *pModel, const ShapeName *pName,
                     const char *zWhat);
/* {"all":...}: the next association of these kinds that the block does not name
** itself; 0 at the end. *ppDef begins as 0. assocAllItem() makes the include
** that stands for it. */
AssocRel *assocAllNext(AssocSql *p, AssocModel *pModel, const ShapeItem *pBlock,
                       int mAll, AssocDef **ppDef);
ShapeItem *assocAllItem(AssocSql *p, const ShapeItem *pAll,
                        const AssocRel *pRel);
/* assocSqlRel(): the association with that name; its columns exist.
** assocItemRel(): the association that an item means, by name or by model. Both
** raise an error if there is none, and then return 0. */
AssocRel *assocSqlRel(AssocSql *p, AssocModel *pModel, const ShapeName *pName);
AssocRel *assocItemRel(AssocSql *p, const ShapeItem *pItem,
                       const ShapeName *pName, AssocModel *pModel);

/* The value that a scope's ?n stands for; pVal itself if it is no ?n. */
const ShapeVal *assocScopeVal(AssocCall *pCall, const ShapeScope *pUse,
                              const ShapeVal *pVal);
/* Append " AND ..." for the values of the model, for each of its scopes that
** applies under the clauses, and that the row is not soft-deleted. */
void assocSqlModel(AssocSql *p, AssocModel *pModel, const ShapeClauses *pC,
                   int iAlias);
/* The next scope of the model that applies under the clauses: those that they
** name, else the default scope. *ppUse becomes the place that names it, 0 for
** the default. *pbStarted begins as 0. 0 at the end. */
const AssocScope *assocScopeNext(AssocSql *p, AssocModel *pModel,
                                 const ShapeClauses *pC,
                                 const ShapeScope **ppUse, int *pbStarted);
/* The clauses, with the order, limit and offset that scopes add. */
const ShapeClauses *assocSqlScoped(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC);
/* Clauses under which no scope applies and deleted rows count. */
extern const ShapeClauses assocAnyRow;
/* A list with the default scope alone, if pUse names it; else 0. */
ShapeScope *assocScopeDefault(AssocSql *p, const ShapeScope *pUse);

/* Append the column, path or aggregate of a comparison or an order. */
void assocSqlKey(AssocSql *p, const ShapeKey *pKey, AssocModel *pModel,
                 int iAlias);
/* Append a predicate on the rows of pModel under alias iAlias. */
void assocSqlPred(AssocSql *p, const ShapePred *pPred, AssocModel *pModel,
                  int iAlias);
/* Append " AND ..." for each condition of a relation's rows: the relation's
** scope, the model's scopes and soft deletion, and the clauses. iJoin is the
** alias of the join row; 0: none. */
void assocSqlConditions(AssocSql *p, const AssocRel *pRel,
                        const ShapeClauses *pC, AssocModel *pModel, int iAlias,
                        int iJoin);
/* Append " AND (...)" for the scope of an association; pScope may be 0. */
void assocSqlScope(AssocSql *p, const ShapePred *pScope, AssocModel *pModel,
                   int iAlias);
/* How a condition on related rows is tested, for assoc_explain(). */
struct AssocChoice {
  const char *zWhat;  /* "some posts" */
  u8 bIn;             /* IN; else EXISTS */
  const char *zWhy;   /* A sentence for people */
  AssocChoice *pNext; /* The next of the statement */
};

/* A condition on related rows: at least one row meets all of this. */
struct AssocFilter {
  const char *zWord;       /* "some", for assoc_explain() */
  const AssocHop *pFirst;  /* The steps to the rows */
  AssocModel *pEnd;        /* The model of the rows */
  const ShapeClauses *pC;  /* Conditions and scopes of the rows, or 0 */
  const ShapePred *pPred;  /* One more condition, or 0 */
  u8 bNotTrue;             /* pPred must be false or NULL */
  const ShapeItem *pBlock; /* Required items are conditions, too; or 0 */
};
/* False, with an error, if what asks for rows of the association zName stands too
** deep for SQLite. A scope, an order or a policy that leads to its own model would
** have no end. */
int assocSqlNests(AssocSql *p, const char *zName);
/* Append EXISTS(...) or IN (...). assocSqlFilterFirst() appends nothing and
** returns 0 unless starting from the related rows is better, which
** assocSqlFilterLeads() tells. */
void assocSqlFilter(AssocSql *p, const AssocFilter *pF);
int assocSqlFilterFirst(AssocSql *p, const AssocFilter *pF);
int assocSqlFilterLeads(AssocSql *p, const AssocFilter *pF);
/* Append an aggregate over a path, computed for all groups at once. Appends
** nothing and returns 0 if an index makes a subquery for each row better. */
int assocSqlGrouped(AssocSql *p, const ShapeKey *pKey, const AssocHop *pFirst,
                    AssocModel *pModel, int iLast);
/* assocStepIsDown(): does each row of the step belong to one source row only?
** So it is if the source's key is unique under the comparison. assocHopsMeet():
** can several ways lead to the same row at the end? */
int assocStepIsDown(AssocCall *pCall, const AssocRel *pRel);
int assocHopsMeet(AssocCall *pCall, const AssocHop *pHop);
/* Does the statement that EXPLAIN QUERY PLAN was prepared for find the rows of the
** association by the first column of its key, and nowhere read a whole table but
** zAll? Finalizes pStmt. */
int assocSqlSeeks(AssocCall *pCall, sqlite3_stmt *pStmt, const AssocRel *pRel,
                  const char *zAll);
/* The same statement: does SQLite search by the whole key and another column?
** *pnIndex is increased by the number of tables whose rows are behind an index.
** Finalizes pStmt. */
int assocSqlNarrows(AssocCall *pCall, sqlite3_stmt *pStmt, const AssocRel *pRel,
                    int *pnIndex);
/* Does the statement that EXPLAIN was prepared for read the rows behind its only
** index that is not covering? Finalizes pStmt. */
int assocSqlMoves(AssocCall *pCall, sqlite3_stmt *pStmt);
/* Estimate the rows of the join table of an association that has one. */
i64 assocJoinRows(AssocCall *pCall, const AssocRel *pRel);
/* Does an index serve every step of the association? */
int assocHopServed(AssocCall *pCall, const AssocRel *pRel);
/* The clauses of "on Post(...)" in a block; 0 if there are none. */
const ShapeClauses *assocBranchClauses(AssocCall *pCall,
                                       const AssocBranch *pBranch,
                                       const ShapeItem *pBlock);
/* The steps of an association from alias iFrom, with new aliases. 0 after an
** error. */
AssocHop *assocSqlHops(AssocSql *p, AssocRel *pRel, int iFrom, int eFirst);
/* The steps of a path of names. *ppModel becomes the model at its end. 0 after
** an error. */
AssocHop *assocSqlPath(AssocSql *p, const ShapeName *pPath,
                       AssocModel **ppModel, int iFrom, int eFirst);
/* Append that a row of the source under iAlias has the type that a polymorphic
** association to one model needs, and zAnd behind it; else nothing. What is
** found by keys alone, without a join to the source, needs it beside. */
void assocSqlOfType(AssocSql *p, const AssocRel *pRel, int iAlias,
                    const char *zAnd);
/* Append t2.a,t2.b, the key of a model; in parentheses if bParen and it is
** composite. */
void assocSqlKeyColumns(AssocSql *p, const AssocModel *pModel, int iAlias,
                        int bParen);
/* assocSqlChoice(): the clauses under which a to-one's first row is chosen, if
** it must be chosen before the clauses and the block's required items are
** tested; else 0. assocSqlBefore(): the part of the clauses that applies before
** that choice. */
const ShapeClauses *assocSqlChoice(AssocSql *p, AssocRel *pRel,
                                   const ShapeClauses *pC,
                                   const ShapeItem *pBlock);
const ShapeClauses *assocSqlBefore(AssocSql *p, const AssocRel *pRel,
                                   AssocModel *pModel, const ShapeClauses *pC);
/* Append "(SELECT t9.id FROM ... WHERE ...", then " ORDER BY ... LIMIT 1)": the
** key of the first row. The caller may append conditions between the two
** calls. */
const AssocHop *assocSqlFirst(AssocSql *p, AssocRel *pRel, int iFrom,
                              const ShapeClauses *pC);
void assocSqlFirstEnd(AssocSql *p, AssocRel *pRel, const AssocHop *pFirst,
                      const ShapeClauses *pC);
/* Append the subquery with the keys of all first rows, and the columns by which
** each is found. */
void assocSqlFirsts(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC);
/* Append " FROM a t2, b t3 WHERE ...": the tables of the steps, and how they
** are joined. bFree: do not join the first step to its alias iFrom. pC applies
** to the last step. */
void assocSqlFrom(AssocSql *p, const AssocHop *pFirst, const ShapeClauses *pC,
                  int bFree);
/* Append " FROM source t1, target t2 ... WHERE ...": the rows of a relation
** with all its conditions, and those of the block that the targets must meet.
** For a to-one all candidates: the caller appends LIMIT 1. If several ways of a
** path lead to a row (assocSqlMeets()), it comes once for a source that is
** given, but with bWays once for each way. */
void assocSqlRelated(AssocSql *p, AssocRel *pRel, const ShapeClauses *pC,
                     const ShapeItem *pBlock, int bWays);
int assocSqlMeets(AssocSql *p, AssocRel *pRel);
/* The LIKE pattern of a text in which no letter is a wildcard, as starts with,
** ends with or contains (eOp) looks for it. OUT: *pn bytes, freed with
** sqlite3_free(); 0 after an error. */
char *assocSqlPattern(AssocCall *pCall, int eOp, const ShapeVal *pText,
                      int *pn);
/* Append an aggregate call over rows under iAlias: count(*),
** sum(t2."likes"). */
void assocSqlAggCall(AssocSql *p, const ShapeAgg *pAgg, const ShapeName *pPath,
                     AssocModel *pModel, int iAlias);
/* Append " AND EXISTS(...)" for each required item of a block. */
void assocSqlRequired(AssocSql *p, const ShapeItem *pBlock, AssocModel *pModel,
                      int iAlias);
/* The column of the join row that has the value of the target's column iCol and
** sorts like it; -1 if there is none. */
int assocLinkAlike(const AssocRel *pRel, int iCol);
/* Append " ORDER BY t1.a DESC, t1.id": the order of the clauses, else of the
** relation, then the key in the direction of the last term, so that an index on
** the terms gives this order. bTurned reverses the order. Appends nothing for a
** view without order and key. */
void assocSqlOrder(AssocSql *p, const AssocRel *pRel, const ShapeClauses *pC,
                   AssocModel *pModel, int iAlias, int bTurned);
/*
** A path from the rows under iAlias that leads to one row, such as author.name,
** is joined as " LEFT JOIN users t3 ON ..." where the statement has a place for
** it, and is a subquery elsewhere. assocSqlPlace() begins the place, before the
** first such path is written; nTable tables are joined already.
** assocSqlPlaceHere() says that the joins go here, behind the tables of the
** FROM; of a place that has its position already it does nothing.
** assocSqlPlaceEnd() ends the last place, and writes the joins. assocSqlEnd()
** does so for all places.
*/
void assocSqlPlace(AssocSql *p, int iAlias, int nTable);
void assocSqlPlaceHere(AssocSql *p);
void assocSqlPlaceEnd(AssocSql *p);
/* The order of a list: of the clauses, else of the relation; 0: the order of
** its key. */
ShapeSort *assocOrderOf(const AssocRel *pRel, const ShapeClauses *pC);

/* -------------------------------------------------------------- blobkey --
**
** JSON has no BLOBs: a BLOB is written as its hexadecimal text. A list of
** AssocBlobKeys has one statement for each model; it finds out whether a text
** in JSON means the text or the BLOB. The list begins as 0.
*/
typedef struct AssocBlobKeys AssocBlobKeys;
/* Finalize the statements and free the list. */
void assocBlobKeysFree(AssocBlobKeys *p);
/* Replace each text in a key that means a BLOB by that BLOB, allocated in
** pArena. Raises an error if the table has rows of both. */
void assocBlobKey(AssocCall *pCall, AssocArena *pArena, AssocBlobKeys **ppList,
                  const AssocModel *pModel, const AssocJson **apKey);
/* The BLOB that an SQL text means as a key of the model, or 0. Always 0 if the
** key column has TEXT affinity. */
const AssocJson *assocBlobKeyOfText(AssocCall *pCall, AssocArena *pArena,
                                    AssocBlobKeys **ppList,
                                    const AssocModel *pModel,
                                    sqlite3_value *pVal);
/* The value to store in column iCol: a BLOB in pArena if p is hexadecimal text
** and the column is declared BLOB and belongs to the key or to a foreign key;
** else p. */
const AssocJson *assocBlobColumn(AssocCall *pCall, AssocArena *pArena,
                                 const AssocModel *pModel, int iCol,
                                 const AssocJson *p);

#endif /* ASSOC_SQL_H */
