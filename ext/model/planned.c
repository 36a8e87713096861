/*
** The columns that models ask for, and tables that do not exist yet.
**
**   SELECT assoc_model('Post', '{"columns":{"title":"TEXT NOT NULL",
**                                           "views":"INTEGER DEFAULT 0"}}');
**
** Where the model finds no table, assoc_sync() makes it. Until then the model
** has a planned table: definitions can speak of it, readers and writers cannot.
** The text of a column is SQL. So it is read as tokens first, which must not
** lead out of the column, and is then compiled alone in a scratch database. The
** planned table is described as that database describes it: columns, keys,
** foreign keys and indexes.
*/
#include "model/defrow.h"

/* The scratch database, and the table that is being made in it. */
typedef struct TableMaker TableMaker;
struct TableMaker {
  AssocCall *pCall;    /* The caller's: errors and memory of the catalog */
  AssocCall scratch;   /* The same for the scratch database */
  AssocSchema schema;  /* "main" of the scratch database */
  AssocTable *pTab;    /* The table that is described */
  int nMax;            /* Room in azName and azDecl */
  const char **azName; /* Names of the columns so far */
  const char **azDecl; /* Their types and constraints */
  const char *zModel;  /* The model whose columns are being read */
  int rcCollation; /* Why a collation could not be registered, or SQLITE_OK */
};

/* -------------------------------------------------------- scratch database */

/* Compare bytes, as BINARY does. */
static int scratchCompare(void *p, int nA, const void *a, int nB,
                          const void *b) {
  int n = nA < nB ? nA : nB, c = n ? memcmp(a, b, (size_t)n) : 0;
  (void)p;
  return c ? c : nA - nB;
}

/* A collation of the host is not known here. Nothing is compared, so any
** function serves. SQLite says only that the collation is missing if this
** fails; the true reason is kept. */
static void scratchCollation(void *pArg, sqlite3 *db, int eText,
                             const char *z) {
  TableMaker *p = pArg;
  (void)eText;
  p->rcCollation =
      sqlite3_create_collation(db, z, SQLITE_UTF8, 0, scratchCompare);
}

/* The caller closes it in any case. */
static void scratchOpen(TableMaker *p) {
  int rc;
  assocCallInit(&p->scratch, p->pCall->pConn);
  p->scratch.db = 0;
  p->scratch.rc = p->pCall->rc;
  if (p->pCall->rc != SQLITE_OK) return;
  rc = sqlite3_open_v2(":memory:", &p->scratch.db,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0);
  if (rc == SQLITE_OK) {
    rc = sqlite3_collation_needed(p->scratch.db, p, scratchCollation);
  }
  p->scratch.rc = rc;
}

/* Move an error of the scratch database to the caller. One of SQL is a mistake
** of the definition; zCol, if given, is its column. */
static void scratchError(TableMaker *p, const char *zCol) {
  int rc = p->scratch.rc;
  const char *zWhy = p->scratch.err.zText;
  if (rc == SQLITE_OK || p->pCall->rc != SQLITE_OK) return;
  if (p->rcCollation != SQLITE_OK) rc = p->rcCollation;
  if (rc != SQLITE_ERROR) {
    p->pCall->rc = rc;
  } else if (zCol) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, zCol,
                 "the column %s of the model %s cannot be made: %s", zCol,
                 p->zModel, zWhy ? zWhy : "SQL logic error");
  } else {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, 0,
                 "the columns of the model %s cannot be made: %s", p->zModel,
                 zWhy ? zWhy : "SQL logic error");
  }
}

/* Close the scratch database with all that the declarations made in it. */
static void scratchClose(TableMaker *p) {
  assocCallClear(&p->scratch);
  sqlite3_close(p->scratch.db);
}

/* ------------------------------------------------------------ one column */

/* What in the text leads out of the column, or 0. A quote without an end is an
** error of SQLite's. */
static const char *textLeaves(const char *z) {
  int nDeep = 0, n, eType;
  for (; (n = assocSqlToken(z, &eType)) > 0; z += n) {
    if (eType == ASSOC_SQL_SPACE && !assocIsSpace(z[0])) return "a comment";
    if (eType != ASSOC_SQL_OTHER) continue;
    if (*z == ';') return "a semicolon";
    if (*z == ',' && nDeep == 0) return "a comma outside of parentheses";
    nDeep += (*z == '(') - (*z == ')');
    if (nDeep < 0) break;
  }
  return nDeep ? "an unbalanced parenthesis" : 0;
}

/* Compile the column alone: it must be exactly one, of this name. */
static void compileAlone(TableMaker *p, const char *zName, const char *zDecl) {
  sqlite3_stmt *pStmt;
  int n = 0, nSame = 0;
  assocExec(&p->scratch, "CREATE TABLE assoc_one(\"%w\" %s)", zName, zDecl);
  pStmt = assocPrepare(&p->scratch, "PRAGMA table_xinfo(assoc_one)");
  while (assocStep(&p->scratch, pStmt)) {
    const char *z = assocColumnText(&p->scratch, pStmt, 1);
    nSame += strcmp(z, zName) == 0;
    n++;
  }
  assocFinalize(&p->scratch, pStmt);
  assocExec(&p->scratch, "DROP TABLE assoc_one");
  scratchError(p, zName);
  if (p->pCall->rc != SQLITE_OK) return;
  if (ASSOC_NEVER(n != 1 || nSame != 1)) {
    assocErrorCode(p->pCall, SQLITE_MISUSE);
  }
}

/* Check one member of "columns". */
static void checkWords(TableMaker *p, const AssocJson *pCol) {
  const char *zName = pCol->zKey, *zWhy;
  assert(zName); /* It is a member of an object */
  if (zName[0] == 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, 0,
                 "a column of the model %s has no name", p->zModel);
  } else if (pCol->eType != ASSOC_J_TEXT) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, zName,
                 "the column %s of the model %s must be a text such as "
                 "\"TEXT NOT NULL\", not %s",
                 zName, p->zModel, assocJsonTypeName(pCol));
  } else if ((int)strlen(pCol->z) != pCol->n) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, zName,
                 "the column %s of the model %s must not contain a NUL "
                 "character",
                 zName, p->zModel);
  } else if ((zWhy = textLeaves(pCol->z)) != 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, zName,
                 "the column %s of the model %s must be a type and "
                 "constraints, without %s: %s",
                 zName, p->zModel, zWhy, pCol->z);
  } else {
    compileAlone(p, zName, pCol->z);
  }
}

/* ------------------------------------------------------------- the table */

/* Is the column planned already? Several associations may need the same one. */
static int plannerHas(const TableMaker *p, const char *zName) {
  int i;
  for (i = 0; i < p->pTab->nPlan; i++) {
    if (sqlite3_stricmp(p->azName[i], zName) == 0) return 1;
  }
  return 0;
}

/* Plan a column with its declaration. The first to name a column declares it.
*/
static void plannerAdd(TableMaker *p, const char *zName, const char *zDecl) {
  if (plannerHas(p, zName)) return;
  assert(p->pTab->nPlan < p->nMax);
  p->azName[p->pTab->nPlan] = zName;
  p->azDecl[p->pTab->nPlan++] = zDecl;
}

/* Two models of one table may name the same column in the same words. */
static void plannerTwice(TableMaker *p, const AssocJson *pCol) {
  int i = 0;
  while (sqlite3_stricmp(p->azName[i], pCol->zKey) != 0) i++;
  if (sqlite3_stricmp(p->azDecl[i], pCol->z) == 0) return;
  assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, pCol->zKey,
               "the column %s of %s is said to be %s, and %s by the model %s",
               pCol->zKey, p->pTab->zName, p->azDecl[i], pCol->z, p->zModel);
}

/* The columns that a row names. */
static void plannerRow(TableMaker *p, const AssocDef *pDef,
                       AssocJson *pColumns) {
  AssocJson *pCol;
  p->zModel = pDef->zModel;
  if (pColumns->eType != ASSOC_J_OBJECT || pColumns->nChild == 0) {
    assocErrorOf(p->pCall, ASSOC_E_DEFINITION, p->zModel, 0,
                 "the option columns of the model %s must be an object of "
                 "columns and their types",
                 p->zModel);
    return;
  }
  for (pCol = pColumns->pChild; pCol; pCol = pCol->pNext) {
    checkWords(p, pCol);
    if (p->pCall->rc != SQLITE_OK) return;
    if (plannerHas(p, pCol->zKey)) plannerTwice(p, pCol);
    plannerAdd(p, pCol->zKey, pCol->z);
  }
}

/* Columns of soft deletion and timestamps come with a new table. */
static void plannerTimes(TableMaker *p, AssocJson *pJson) {
  static const char *const az[] = {"createdAt",  "updatedAt",  "deletedAt",
                                   "created_at", "updated_at", "deleted_at"};
  AssocJson *pOn = assocJsonGet(pJson, "timestamps");
  int i, bSnake = assocIsSnake(p->pTab->zName);
  int bTimes =
      pOn && (pOn->eType == ASSOC_J_TRUE || pOn->eType == ASSOC_J_OBJECT);
  bTimes |= pOn == 0 && (assocJsonGet(pJson, az[0]) != 0 ||
                         assocJsonGet(pJson, az[1]) != 0);
  for (i = 0; i < 3; i++) {
    AssocJson *pIn = i < 2 && pOn && pOn->eType == ASSOC_J_OBJECT ? pOn : pJson;
    AssocJson *pName = assocJsonGet(pIn, az[i]), *pSoft;
    pSoft = assocJsonGet(pJson, "paranoid");
    if (i < 2 ? !bTimes : !pSoft || pSoft->eType != ASSOC_J_TRUE) continue;
    if (pName && pName->eType == ASSOC_J_FALSE) continue;
    if (pName && pName->eType == ASSOC_J_TEXT && pName->z[0]) {
      plannerAdd(p, pName->z, i < 2 ? ASSOC_TIME_DECL : "TEXT");
    } else if (!plannerHas(p, az[i]) && !plannerHas(p, az[i + 3])) {
      plannerAdd(p, az[i + 3 * bSnake], i < 2 ? ASSOC_TIME_DECL : "TEXT");
    }
  }
}

/* PRIMARY KEY(a, b), where the option primaryKey names columns and no column
** says PRIMARY KEY. */
static void plannerKey(TableMaker *p, const AssocJson *pKey) {
  sqlite3_str *pStr;
  const AssocJson *pCol = pKey;
  int n = 0;
  assert(p->pTab->zPlanKey == 0); /* Asked once for a table */
  if (pKey == 0) return;
  if (pKey->eType == ASSOC_J_ARRAY) pCol = pKey->pChild;
  pStr = sqlite3_str_new(p->pCall->db);
  for (; pCol && pCol->eType == ASSOC_J_TEXT; pCol = pCol->pNext) {
    sqlite3_str_appendf(pStr, n++ ? ", \"%w\"" : "PRIMARY KEY (\"%w\"",
                        pCol->z);
    if (pCol == pKey) break;
  }
  if (n) sqlite3_str_appendchar(pStr, 1, ')');
  p->pTab->zPlanKey =
      assocArenaStr(p->pCall, &p->pTab->pSchema->pCatalog->mem, pStr);
  if (n == 0) p->pTab->zPlanKey = 0;
}

/* Make the table in the scratch database. */
static void scratchTable(TableMaker *p) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  char *z;
  int i;
  for (i = 0; i < p->pTab->nPlan; i++) {
    sqlite3_str_appendf(pStr, "%s\"%w\" %s", i ? ", " : "", p->azName[i],
                        p->azDecl[i]);
  }
  if (p->pTab->zPlanKey) sqlite3_str_appendf(pStr, ", %s", p->pTab->zPlanKey);
  z = assocStrFinish(p->pCall, pStr);
  if (z) assocExec(&p->scratch, "CREATE TABLE \"%w\"(%s)", p->pTab->zName, z);
  sqlite3_free(z);
  scratchError(p, 0);
}

/* Does a column say that it is the PRIMARY KEY? */
static int plannerHasKey(TableMaker *p) {
  sqlite3_stmt *pStmt;
  int b = 0;
  if (p->pCall->rc != SQLITE_OK) return 0;
  pStmt =
      assocPrepare(&p->scratch, "PRAGMA table_xinfo(\"%w\")", p->pTab->zName);
  while (assocStep(&p->scratch, pStmt)) b |= sqlite3_column_int(pStmt, 5) > 0;
  assocFinalize(&p->scratch, pStmt);
  scratchError(p, 0);
  return b;
}

/* A new table without a key gets the one that the option primaryKey names, or
** id. The table in the scratch database is made again then. */
static void plannerAddKey(TableMaker *p, const AssocJson *pKey) {
  int i;
  if (plannerHasKey(p) || p->pCall->rc != SQLITE_OK) return;
  plannerKey(p, pKey);
  if (p->pTab->zPlanKey == 0) {
    if (plannerHas(p, "id")) return;
    for (i = p->pTab->nPlan++; i > 0; i--) {
      p->azName[i] = p->azName[i - 1];
      p->azDecl[i] = p->azDecl[i - 1];
    }
    p->azName[0] = "id";
    p->azDecl[0] = "INTEGER PRIMARY KEY";
  }
  assocExec(&p->scratch, "DROP TABLE \"%w\"", p->pTab->zName);
  scratchTable(p);
}

/* Read the rows that concern the table, first their columns, then what a new
** table gets besides. */
static void plannerRows(TableMaker *p, AssocSchema *pSchema,
                        const AssocTable *pOld) {
  const AssocJson *pKey = 0;
  AssocDef *pDef;
  int i;
  for (i = 0; i < 2; i++) {
    for (pDef = assocRowsWant(p->pCall, pSchema, pOld, p->pTab->zName);
         pDef && p->pCall->rc == SQLITE_OK; pDef = pDef->pNextWant) {
      AssocJson *pJson = assocDefJson(p->pCall, pDef);
      assert(pJson); /* It has "columns" */
      if (i == 0) {
        plannerRow(p, pDef, assocJsonGet(pJson, "columns"));
      } else if (pOld == 0) {
        plannerTimes(p, pJson);
        if (pKey == 0) pKey = assocJsonGet(pJson, "primaryKey");
      }
    }
  }
  scratchTable(p);
  if (pOld == 0) plannerAddKey(p, pKey);
}

/* How many columns the rows may give in all. */
static int plannerMax(AssocCall *pCall, AssocSchema *pSchema,
                      const AssocTable *pOld, const char *zTable) {
  AssocDef *pDef = assocRowsWant(pCall, pSchema, pOld, zTable);
  int n = 1;
  for (; pDef; pDef = pDef->pNextWant) {
    AssocJson *pJson = assocDefJson(pCall, pDef);
    AssocJson *pColumns = pJson ? assocJsonGet(pJson, "columns") : 0;
    n += 3 + (pColumns ? pColumns->nChild : 0);
  }
  return n;
}

/* The table that the rows of pSchema describe: a new one if pOld is 0, else the
** columns that pOld should have. 0 after an error. */
static AssocTable *plannedMake(AssocCall *pCall, AssocSchema *pSchema,
                               const AssocTable *pOld, const char *zTable) {
  AssocArena *pArena = &pSchema->pCatalog->mem;
  TableMaker p;
  memset(&p, 0, sizeof(p));
  p.pCall = pCall;
  p.nMax = plannerMax(pCall, pSchema, pOld, zTable);
  p.azName = assocAlloc(pCall, pArena, (i64)sizeof(char *) * p.nMax);
  p.azDecl = assocAlloc(pCall, pArena, (i64)sizeof(char *) * p.nMax);
  p.pTab = assocAlloc(pCall, pArena, sizeof(*p.pTab));
  if (p.pTab == 0) return 0; /* Also if there are no names */
  p.pTab->pSchema = pSchema;
  p.pTab->zName = zTable;
  p.pTab->bPlanned = 1;
  p.schema.zName = "main";
  p.schema.pCatalog = pSchema->pCatalog;
  p.schema.pFacts = pSchema->pFacts; /* BORROWED: memory */
  scratchOpen(&p);
  if (p.scratch.rc == SQLITE_OK) plannerRows(&p, pSchema, pOld);
  if (pCall->rc == SQLITE_OK) {
    p.pTab->pSchema = &p.schema;
    assocTableDescribe(&p.scratch, p.pTab);
    p.pTab->pSchema = pSchema;
  }
  p.pTab->azPlanName = p.azName;
  p.pTab->azPlan = p.azDecl;
  scratchError(&p, 0);
  scratchClose(&p);
  return pCall->rc == SQLITE_OK ? p.pTab : 0;
}

/* Put the rows that plan the table zName in p. To ask a row takes all forms of its
** model's name. */
static void planRows(AssocCall *pCall, AssocSchema *pSchema, AssocPlanned *p,
                     const char *zName) {
  AssocDef **pp = &p->pWant;
  AssocDefList list;
  int i, bNamed;
  assocDefListBegin(pCall, &list);
  assocDefListTable(&list, pSchema->pCatalog, zName);
  assocDefListTake(&list, pSchema, ASSOC_ROW_MODEL, 0);
  for (i = 0; i < list.n; i++) {
    const char *z = assocRowMay(pCall, list.ap[i], &bNamed);
    if (z == 0 || sqlite3_stricmp(z, zName) != 0) continue;
    if (assocRowPlan(pCall, list.ap[i]) == 0) continue;
    *pp = list.ap[i];
    pp = &list.ap[i]->pNextWant;
  }
  *pp = 0;
  assocDefListEnd(&list);
}

/* The plan of the table zName, and the name as its first row has it; or 0. A plan
** without rows is not kept: a program may ask for any name. */
static AssocPlanned *planOf(AssocCall *pCall, AssocSchema *pSchema,
                            const char *zName, const char **pzName) {
  AssocArena *pArena = &pSchema->pCatalog->mem;
  AssocPlanned plan = {0, 0}, *p;
  AssocWord *pWord;
  if (pSchema->pRows == 0 || !pSchema->pRows->bColumns) return 0;
  pWord = assocWordsFind(&pSchema->plans, zName);
  if (pWord == 0) {
    planRows(pCall, pSchema, &plan, zName);
    if (pCall->rc != SQLITE_OK || plan.pWant == 0) return 0;
    p = assocAlloc(pCall, pArena, sizeof(*p));
    pWord = assocWordsAdd(pCall, pArena, &pSchema->plans, plan.pWant->zPlan);
    if (pWord == 0) return 0; /* Also if there is no plan */
    *p = plan;
    pWord->p = p;
  }
  p = pWord->p;
  *pzName = p->pWant->zPlan;
  return p;
}

/* See model.h. */
const char *assocPlannedName(AssocCall *pCall, AssocSchema *pSchema,
                             const char *zName) {
  const char *z;
  return planOf(pCall, pSchema, zName, &z) ? z : 0;
}

/* See model.h. */
AssocDef *assocPlanRows(AssocCall *pCall, AssocSchema *pSchema,
                        const char *zName) {
  const char *z;
  const AssocPlanned *p = planOf(pCall, pSchema, zName, &z);
  return p ? p->pWant : 0;
}

/* See model.h. Each one is made once per catalog. */
AssocTable *assocTablePlanned(AssocCall *pCall, AssocSchema *pSchema,
                              const char *zName) {
  const char *z;
  AssocPlanned *p = planOf(pCall, pSchema, zName, &z);
  if (p == 0) return 0;
  if (p->pTab == 0) p->pTab = plannedMake(pCall, pSchema, 0, z);
  return p->pTab;
}

/* See model.h. */
AssocTable *assocTableAny(AssocCall *pCall, AssocSchema *pSchema,
                          const char *zName) {
  AssocTable *p = assocTableFind(pCall, pSchema, zName);
  return p ? p : assocTablePlanned(pCall, pSchema, zName);
}

/* Does the table declare the column? */
static int tableHas(const AssocTable *pTab, const char *zCol) {
  int i = 0;
  while (i < pTab->nCol && sqlite3_stricmp(pTab->aCol[i].zName, zCol) != 0) i++;
  return i < pTab->nCol;
}

/* See model.h. */
AssocTable *assocTableWanted(AssocCall *pCall, AssocTable *pTab, int bLack) {
  AssocDef *pDef;
  int n = 0;
  if (pTab->bPlanned) return pTab;
  pDef = assocRowsWant(pCall, pTab->pSchema, pTab, 0);
  for (; pDef; pDef = pDef->pNextWant) {
    AssocJson *pCol = assocJsonGet(assocDefJson(pCall, pDef), "columns");
    assert(pCol); /* assocRowsWant() has seen them */
    n += !bLack || pCol->eType != ASSOC_J_OBJECT;
    for (pCol = pCol->pChild; pCol; pCol = pCol->pNext) {
      n += pCol->zKey == 0 || !tableHas(pTab, pCol->zKey);
    }
  }
  if (n == 0) return 0;
  return plannedMake(pCall, pTab->pSchema, pTab, pTab->zName);
}

/* See model.h. */
int assocWantedMissing(const AssocTable *pTab, const AssocTable *pWant, int i) {
  assert(i < pWant->nPlan);
  return !tableHas(pTab, pWant->azPlanName[i]);
}

/* See model.h. */
void assocTableNeed(AssocCall *pCall, const AssocTable *pTab,
                    const char *zModel) {
  if (pTab == 0 || !pTab->bPlanned) return;
  assocErrorOf(pCall, ASSOC_E_NOT_SYNCED, zModel, 0,
               "the table %s of the model %s does not exist yet; SELECT "
               "assoc_sync() makes it",
               pTab->zName, zModel);
}
