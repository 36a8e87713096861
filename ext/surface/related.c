/*
** Related rows, to join with anything.
**
**   SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
**     JOIN Post p ON p.id = r.id;
**   SELECT key, id FROM related WHERE model='User' AND association='posts'
**      AND key IN (1, 2, 3);
**   CREATE VIRTUAL TABLE temp.user_posts USING related(User, posts);
**   SELECT title FROM user_posts WHERE assoc_key = 1;
**
** The eponymous table has a row for each related row:
**
**   id       its key, of the type that it has
**   json     the row as JSON, in the shape of the association's block
**   through  the join row as JSON, NULL without one
**   model, key, association   hidden: the arguments
**   depth    hidden: how far away; 1, but with "^" any number of steps
**   assoc_row  hidden: what identifies the row, for writing; see dml.c
**
** The creatable table has the target's columns, and hidden assoc_key and
** assoc_row.
**
** Its rows are gone through by walk.c. Plans, from the bits of idxNum; model
** and association are always given:
**
**   RELATED_KEY      key = ?         rows of one source row
**   RELATED_IN       key IN (...)    all keys in one xFilter
**   RELATED_BACK     id = ?          sources of one related row
**                    none of these   every source row in turn
**   RELATED_JSON     the column json is read
**   RELATED_THROUGH  the column through is read
**   RELATED_COUNT    no column is read but the arguments: count(*)
**   RELATED_VARIES   model and association are not both literals
**   RELATED_MISSING  model or association is not given: an error, once it is
**                    run. SQLite asks for such plans too, for a side of an
**                    OR, or where it knows already that no row qualifies.
**
** idxStr says the same in words, for EXPLAIN QUERY PLAN:
**
**    SCAN r VIRTUAL TABLE INDEX 5:key = ?, json
**
** A plan with a key costs 10 and its rows, and as much again for each row if no
** index finds them; without it costs so much that a join always finds the key
** first. Where model and association are literals the definition says whether
** there can be more than one row, and whether there is a way back.
*/
#include "surface/related.h"

/* --------------------------------------------------------- connect, create */

/* A module argument, which has no blanks around it, without its quotes. OUT:
** freed with sqlite3_free(). */
static char *relatedArgument(const char *z) {
  int n = (int)strlen(z), i, j = 0;
  char q, *zNew;
  zNew = sqlite3_mprintf("%s", z);
  q = z[0] == '[' ? ']' : z[0];
  if (zNew == 0 || n < 2 || strchr("'\"`]", q) == 0 || z[n - 1] != q) {
    return zNew;
  }
  for (i = 1; i < n - 1; i++) {
    zNew[j++] = z[i];
    if (z[i] == q && z[i + 1] == q) i++;
  }
  zNew[j] = 0;
  return zNew;
}

/* "title" TEXT, "likes" INTEGER: as the target's columns are now, so that they
** compare as its own. ANY of a STRICT table would be NUMERIC here; and so would
** be a hidden column without a type: it has that of its word, HIDDEN. */
char *assocRelatedColumns(AssocCall *pCall, const AssocTable *pTab, int *pn) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i, n = 0;
  for (i = 0; i < pTab->nCol; i++) {
    const AssocColumn *pCol = &pTab->aCol[i];
    int bAny = pCol->eAff == ASSOC_AFF_NONE &&
               sqlite3_stricmp(pCol->zType, "ANY") == 0;
    if (pCol->bHidden) continue;
    sqlite3_str_appendf(pStr, "%s\"%w\" %s", n++ ? ", " : "", pCol->zName,
                        bAny ? "" : pCol->zType);
    if (pCol->eColl == ASSOC_COLL_NOCASE) {
      sqlite3_str_appendall(pStr, " COLLATE nocase");
    } else if (pCol->eColl == ASSOC_COLL_RTRIM) {
      sqlite3_str_appendall(pStr, " COLLATE rtrim");
    }
  }
  *pn = n;
  return assocStrFinish(pCall, pStr);
}

/*
** May a table be opened whose association does not exist? Where somebody repairs
** the schema, with PRAGMA writable_schema=ON, so that it can be dropped. But it
** cannot be created then: if a statement is running that writes, it may be
** CREATE VIRTUAL TABLE, since SQLite calls one function for both.
*/
static int relatedRepairs(const AssocCall *pCall) {
  sqlite3_stmt *pStmt = 0;
  int bOn = 0;
  sqlite3_db_config(pCall->db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, -1, &bOn);
  while (bOn && (pStmt = sqlite3_next_stmt(pCall->db, pStmt)) != 0) {
    if (sqlite3_stmt_busy(pStmt) && !sqlite3_stmt_readonly(pStmt)) bOn = 0;
  }
  return bOn;
}

/* Find the association of the table, and the columns that it has by that. */
static void relatedFind(AssocCall *pCall, RelatedTable *p) {
  AssocCatalog *pCat = assocCatalogEnter(pCall);
  AssocPlan *pPlan =
      assocPlanGet(pCall, pCat, ASSOC_ASK_COLUMNS, p->zModel, p->zItem);
  if (pPlan) {
    p->zColumns = assocRelatedColumns(pCall, pPlan->pAnswer->pTarget->pTable,
                                      &p->iKeyCol);
  }
  assocPlanRelease(pCall, pPlan);
  assocCatalogLeave(pCall, pCat);
}

/* The same where the schema may be repaired: without the association the table
** has one column, and the error comes when it is read or written. */
static void relatedFindOrNot(AssocCall *pCall, RelatedTable *p) {
  AssocCall ask;
  assocTryBegin(&ask, pCall);
  relatedFind(&ask, p);
  if (assocTryEnd(&ask, pCall, 0)) {
    p->zColumns = assocMprintf(pCall, "assoc_missing");
    p->iKeyCol = 1;
  }
}

/*
** CREATE VIRTUAL TABLE ... USING related(User, posts): declare the columns of
** the target, assoc_key and assoc_row. SQLite calls this again on a new
** connection. So an association that is gone is an error here, which makes the
** whole table unreadable; only while the schema may be repaired is a table
** without columns declared instead, so that it can be dropped.
*/
static void relatedDeclare(AssocCall *pCall, RelatedTable *p, int argc,
                           const char *const *argv) {
  char *zSql;
  if (argc != 5) {
    assocErrorOf(pCall, ASSOC_E_ARGUMENT, 0, 0,
                 "CREATE VIRTUAL TABLE ... USING %s(model, association) "
                 "takes two arguments, not %d",
                 argv[0], argc - 3);
    return;
  }
  p->zModel = relatedArgument(argv[3]);
  p->zItem = relatedArgument(argv[4]);
  if (p->zModel == 0 || p->zItem == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  if (relatedRepairs(pCall)) {
    relatedFindOrNot(pCall, p);
  } else {
    relatedFind(pCall, p);
  }
  p->iModelCol = p->iItemCol = -1;
  p->iRowCol = p->iKeyCol + 1;
  zSql = assocMprintf(pCall,
                      "CREATE TABLE x(%s, assoc_key BLOB HIDDEN, assoc_row "
                      "HIDDEN PRIMARY KEY) WITHOUT ROWID",
                      p->zColumns);
  if (zSql) assocErrorCode(pCall, sqlite3_declare_vtab(pCall->db, zSql));
  sqlite3_free(zSql);
}

/* Also called by relatedConnect() after an error. */
static int relatedDisconnect(sqlite3_vtab *pVtab) {
  RelatedTable *p = (RelatedTable *)pVtab;
  assocDmlTableClear(&p->dml);
  sqlite3_free(p->zModel);
  sqlite3_free(p->zItem);
  sqlite3_free(p->zColumns);
  sqlite3_free(p);
  return SQLITE_OK;
}

/* The eponymous table has the name of its module and no arguments; CREATE
** VIRTUAL TABLE has the model and the association as arguments. */
static int relatedConnect(sqlite3 *db, void *pAux, int argc,
                          const char *const *argv, sqlite3_vtab **ppVtab,
                          char **pzErr) {
  RelatedTable *p = sqlite3_malloc64(sizeof(*p));
  AssocCall call;
  if (p == 0) return SQLITE_NOMEM;
  memset(p, 0, sizeof(*p));
  assocDmlTableInit(&call, &p->dml, pAux, argv[2]);
  if (argc <= 3 && strcmp(argv[0], argv[2]) == 0) {
    p->iModelCol = RELATED_COL_MODEL;
    p->iKeyCol = RELATED_COL_KEY;
    p->iItemCol = RELATED_COL_ASSOCIATION;
    assocErrorCode(
        &call,
        sqlite3_declare_vtab(db, "CREATE TABLE x(id, json, through, model TEXT "
                                 "HIDDEN, key BLOB HIDDEN, association TEXT "
                                 "HIDDEN, depth INTEGER HIDDEN, options TEXT "
                                 "HIDDEN, assoc_row HIDDEN PRIMARY KEY) "
                                 "WITHOUT ROWID"));
    p->iRowCol = RELATED_COL_ROW;
  } else {
    relatedDeclare(&call, p, argc, argv);
  }
  assocDmlTableReady(&call);
  if (call.rc == SQLITE_OK) {
    *ppVtab = &p->dml.base;
  } else {
    relatedDisconnect(&p->dml.base);
  }
  return assocCallVtab(&call, pzErr);
}

/* --------------------------------------------------------------- planning */

/* The text of a constraint whose right side is a literal, or 0. */
static const char *relatedLiteral(sqlite3_index_info *pInfo, int iCons) {
  sqlite3_value *pVal = 0;
  assert(iCons >= 0);
  if (sqlite3_vtab_rhs_value(pInfo, iCons, &pVal) != SQLITE_OK) return 0;
  return (const char *)sqlite3_value_text(pVal);
}

/* What xBestIndex knows about the association. */
typedef struct RelatedSize RelatedSize;
struct RelatedSize {
  i64 nRow;     /* Rows of one key; 1 only for a to-one */
  i64 nBack;    /* Sources of one related row; 0: there is no way back */
  int bFar;     /* No index finds the rows of a key */
  int bFarBack; /* No index finds the sources of a row */
  int bRowid;   /* The keys of the sources are rowids */
};

/* Estimates for the planner: rows for a source, sources for a related row, and
** whether an index finds them. They only have to be good enough for the order
** of a join. */
static void relatedMeasure(AssocCall *pCall, const AssocPlan *pPlan,
                           RelatedSize *pSize) {
  const AssocRel *pRel = pPlan->pAnswer;
  const AssocNode *pRoot = pPlan->pRoot;
  i64 nSrc = assocTableRows(pCall, pRel->pSource->pTable);
  i64 nTgt = assocTableRows(pCall, pRel->pTarget->pTable);
  i64 n = pRel->pThrough ? assocTableRows(pCall, pRel->pThrough)
          : pRel->bMany  ? nTgt
                         : nSrc;
  int bOne = !pRel->bMany && pRoot->nRecurse == 0;
  pSize->bRowid = assocKeyIsRowid(pRoot->pModel);
  if (n < 0) n = 0; /* They could not be counted */
  pSize->nRow = bOne ? 1 : n / (nSrc > 0 ? nSrc : 1) + 3;
  pSize->bFar =
      pRoot->related.pairs.fetch.zSql && pRoot->related.pairs.zIndex == 0;
  if (pRoot->related.back.zSql == 0) return;
  pSize->nBack = n / (nTgt > 0 ? nTgt : 1) + 1;
  pSize->bFarBack = pRoot->related.backPairs.zIndex == 0;
}

/*
** The same as far as model and association are literals: of a to-one SQLite
** then reads, changes or deletes no more than one row. An error comes again
** when it is run, unless it has ended the user's transaction, as having no
** memory may: then the statement must not go on as one of its own.
*/
static int relatedEstimate(AssocConn *pConn, const char *zModel,
                           const char *zItem, RelatedSize *pSize) {
  AssocCall call;
  AssocCatalog *pCat;
  AssocPlan *pPlan;
  int rc, bAuto = sqlite3_get_autocommit(pConn->db);
  memset(pSize, 0, sizeof(*pSize));
  pSize->nRow = 10;
  if (zModel == 0 || zItem == 0 || pConn->nPlansView) return SQLITE_OK;
  assocCallInit(&call, pConn);
  pCat = assocCatalogEnter(&call);
  pPlan = assocPlanGet(&call, pCat, ASSOC_ASK_IDS, zModel, zItem);
  if (pPlan) relatedMeasure(&call, pPlan, pSize);
  assocPlanRelease(&call, pPlan);
  assocCatalogLeave(&call, pCat);
  rc = call.rc;
  assocCallClear(&call);
  if (rc == SQLITE_NOMEM) return rc;
  if (rc != SQLITE_OK && sqlite3_get_autocommit(pConn->db) != bAuto) return rc;
  return SQLITE_OK;
}

/* Indexes of the usable constraints, or -1. */
typedef struct RelatedWant RelatedWant;
struct RelatedWant {
  int iModel, iItem, iKey, iId; /* model, association, key, id */
  int bUnusable;                /* One of them is not known yet */
  int bLimit; /* There is a LIMIT: not all rows will be read */
};

/* Collect the constraints by which rows can be found. Model and association
** that are not usable yet make the plan impossible; a key that is not usable
** only makes it dear. */
static void relatedWant(const RelatedTable *p, sqlite3_index_info *pInfo,
                        RelatedWant *pWant) {
  int i;
  pWant->iModel = pWant->iItem = pWant->iKey = pWant->iId = -1;
  pWant->bUnusable = pWant->bLimit = 0;
  for (i = 0; i < pInfo->nConstraint; i++) {
    int iCol = pInfo->aConstraint[i].iColumn;
    int bUsable = pInfo->aConstraint[i].usable;
    if (pInfo->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIMIT) {
      pWant->bLimit = 1;
    }
    if (pInfo->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (iCol < 0) continue;
    if (iCol == p->iModelCol || iCol == p->iItemCol) {
      if (!bUsable) pWant->bUnusable = 1;
      if (bUsable && iCol == p->iModelCol) pWant->iModel = i;
      if (bUsable && iCol == p->iItemCol) pWant->iItem = i;
    } else if (bUsable && iCol == p->iKeyCol) {
      pWant->iKey = i;
    } else if (bUsable && p->zModel == 0 && iCol == RELATED_COL_ID) {
      pWant->iId = i;
    }
  }
}

/* Pass the value to xFilter. The constraint is not checked again, because the
** rows fit by construction. */
static void relatedPass(sqlite3_index_info *pInfo, int iCons, int *pn) {
  if (iCons < 0) return;
  pInfo->aConstraintUsage[iCons].argvIndex = ++(*pn);
  pInfo->aConstraintUsage[iCons].omit = 1;
}

/* The cost of looking up n rows of one key. */
static double relatedLookup(i64 n, int bFar) {
  return 10.0 + (double)n * (bFar ? 10 : 1);
}

/* Without a key the cost is so high that a join always finds the key first. */
static void relatedCost(sqlite3_index_info *pInfo, const RelatedSize *pSize) {
  if (pInfo->idxNum & RELATED_BACK) {
    pInfo->estimatedCost = relatedLookup(pSize->nBack, pSize->bFarBack);
    pInfo->estimatedRows = pSize->nBack;
  } else if ((pInfo->idxNum & RELATED_KEY) == 0) {
    pInfo->estimatedCost = 1e12;
    pInfo->estimatedRows = 1000000000;
  } else if (pInfo->idxNum & RELATED_IN) {
    pInfo->estimatedCost = 10 * relatedLookup(pSize->nRow, pSize->bFar);
    pInfo->estimatedRows = 10 * pSize->nRow;
  } else {
    pInfo->estimatedCost = relatedLookup(pSize->nRow, pSize->bFar);
    pInfo->estimatedRows = pSize->nRow;
    if (pSize->nRow == 1) pInfo->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  }
}

/* Without a key, the sources come in the order of their keys. If these are
** integers, that is SQLite's order of the column key: GROUP BY key and ORDER BY
** key sort nothing. */
static void relatedSorted(const RelatedTable *p, sqlite3_index_info *pInfo,
                          const RelatedSize *pSize) {
  if (pInfo->idxNum & (RELATED_KEY | RELATED_BACK)) return;
  if (!pSize->bRowid || pInfo->nOrderBy != 1) return;
  pInfo->orderByConsumed =
      pInfo->aOrderBy[0].iColumn == p->iKeyCol && !pInfo->aOrderBy[0].desc;
}

/* The bit of a column in colUsed; 0 for those that have none of their own. */
static u64 relatedBit(int iCol) {
  return iCol < 0 || iCol > 62 ? 0 : (u64)1 << iCol;
}

/* Is nothing read of the rows but the arguments? Then they are only counted.
** SQLite says always that it reads the primary key, assoc_row. */
static int relatedIsCount(const RelatedTable *p,
                          const sqlite3_index_info *pInfo,
                          const RelatedWant *pWant) {
  u64 m = relatedBit(p->iRowCol) | relatedBit(p->iModelCol) |
          relatedBit(p->iItemCol);
  if (pWant->iKey >= 0) m |= relatedBit(p->iKeyCol);
  return (pInfo->colUsed & ~m) == 0 && !pWant->bLimit;
}

/* The bits of what is given, beside model and association, and of what is
** read. On the way back there are no rows to show. */
static void relatedChoose(const RelatedTable *p, sqlite3_index_info *pInfo,
                          const RelatedWant *pWant, const RelatedSize *pSize,
                          int *pn) {
  int bShows = 0;
  if (p->zModel == 0 && (pInfo->colUsed & (1u << RELATED_COL_JSON))) {
    pInfo->idxNum |= RELATED_JSON;
    bShows = 1;
  }
  if (p->zModel == 0 && (pInfo->colUsed & (1u << RELATED_COL_THROUGH))) {
    pInfo->idxNum |= RELATED_THROUGH;
    bShows = 1;
  }
  if (pWant->iKey >= 0) {
    relatedPass(pInfo, pWant->iKey, pn);
    pInfo->idxNum |= RELATED_KEY;
    if (sqlite3_vtab_in(pInfo, pWant->iKey, -1)) {
      sqlite3_vtab_in(pInfo, pWant->iKey, 1);
      pInfo->idxNum |= RELATED_IN;
    }
  } else if (pWant->iId >= 0 && pSize->nBack && !bShows) {
    relatedPass(pInfo, pWant->iId, pn);
    pInfo->aConstraintUsage[pWant->iId].omit = 0;
    pInfo->idxNum |= RELATED_BACK;
  }
  if (relatedIsCount(p, pInfo, pWant)) pInfo->idxNum |= RELATED_COUNT;
}

/* The plan in words. SQLite frees the text. */
static int relatedSay(sqlite3_index_info *pInfo) {
  int m = pInfo->idxNum;
  pInfo->idxStr =
      sqlite3_mprintf("%s%s%s",
                      m & RELATED_MISSING ? "model or association missing"
                      : m & RELATED_IN    ? "key IN (...)"
                      : m & RELATED_KEY   ? "key = ?"
                      : m & RELATED_BACK  ? "id = ?"
                                          : "every key",
                      m & RELATED_JSON    ? ", json"
                      : m & RELATED_COUNT ? ", count"
                                          : "",
                      m & RELATED_THROUGH ? ", through" : "");
  pInfo->needToFreeIdxStr = 1;
  return pInfo->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* See the head of this file for the plans. If model and association are
** literals, the definition tells how many rows to expect. */
static int relatedBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo) {
  RelatedTable *p = (RelatedTable *)pVtab;
  RelatedWant want;
  RelatedSize size;
  const char *zModel = p->zModel, *zItem = p->zItem;
  int n = 0, rc;
  relatedWant(p, pInfo, &want);
  if (want.bUnusable) return SQLITE_CONSTRAINT;
  if (p->zModel == 0 && (want.iModel < 0 || want.iItem < 0)) {
    pInfo->idxNum = RELATED_MISSING;
    pInfo->estimatedCost = 1e50;
    pInfo->estimatedRows = 1000000000000;
    return relatedSay(pInfo);
  }
  if (p->zModel == 0) {
    zModel = relatedLiteral(pInfo, want.iModel);
    zItem = relatedLiteral(pInfo, want.iItem);
  }
  rc = relatedEstimate(p->dml.pConn, zModel, zItem, &size);
  if (zModel == 0 || zItem == 0) pInfo->idxNum |= RELATED_VARIES;
  relatedPass(pInfo, want.iModel, &n);
  relatedPass(pInfo, want.iItem, &n);
  relatedChoose(p, pInfo, &want, &size, &n);
  relatedCost(pInfo, &size);
  relatedSorted(p, pInfo, &size);
  return rc == SQLITE_OK ? relatedSay(pInfo) : rc;
}

/* ---------------------------------------------------------------- writing */

/* Tell the common code where the columns are: the eponymous table and a table
** of the user have them at different places; -1 is a column that does not
** exist. */
static int relatedUpdate(sqlite3_vtab *pVtab, int argc, sqlite3_value **argv,
                         sqlite3_int64 *pRowid) {
  RelatedTable *p = (RelatedTable *)pVtab;
  int bMade = p->zModel != 0;
  AssocDml dml = {.xRow = assocRelatedRow,
                  .xMore = bMade ? 0 : assocRelatedMore,
                  .nVal = argc,
                  .apVal = argv,
                  .nRow = 1,
                  .zModel = p->zModel,
                  .zItem = p->zItem,
                  .iId = bMade ? -1 : RELATED_COL_ID,
                  .iJson = bMade ? -1 : RELATED_COL_JSON,
                  .iThrough = bMade ? -1 : RELATED_COL_THROUGH,
                  .iModel = p->iModelCol,
                  .iKey = p->iKeyCol,
                  .iItem = p->iItemCol,
                  .iDepth = bMade ? -1 : RELATED_COL_DEPTH,
                  .iRow = p->iRowCol,
                  .iOption = bMade ? -1 : RELATED_COL_OPTIONS};
  return assocDmlUpdate(&p->dml, &dml, pRowid);
}

const sqlite3_module assocRelatedModule = {
    .xCreate = relatedConnect,
    .xConnect = relatedConnect,
    .xBestIndex = relatedBestIndex,
    .xDisconnect = relatedDisconnect,
    .xDestroy = relatedDisconnect,
    .xOpen = assocRelatedOpen,
    .xClose = assocRelatedClose,
    .xFilter = assocRelatedFilter,
    .xNext = assocRelatedNext,
    .xEof = assocRelatedEof,
    .xColumn = assocRelatedColumn,
    .xUpdate = relatedUpdate,
    ASSOC_DML_TABLE,
};
