/*
** Tables, columns and values as SQL, and the meaning of association names.
**
** A name gets into the text only after it was found in the schema, and quoted;
** a value only as a ?number.
**
**   "main"."posts" t2    t2."likes"    ?1
*/
#include "sql/sql.h"
#include "model/inflect.h"

/* Everything starts as zero: no alias used, no parameter, no WITH. A caller
** that uses t1 and t2 itself sets nAlias to 2 afterwards. */
void assocSqlStart(AssocSql *p, AssocCall *pCall, AssocArena *pArena,
                   const char *zText) {
  assert(pCall && pArena);
  memset(p, 0, sizeof(*p));
  p->pCall = pCall;
  p->pArena = pArena;
  p->zText = zText;
  p->pStr = sqlite3_str_new(pCall->db);
  p->ppBindEnd = &p->pBind;
  p->iText = ++pCall->pConn->budget.nText;
}

/* The common table expressions were collected apart, in the order in which they
** became complete, so each one stands before the one that uses it. */
const char *assocSqlEnd(AssocSql *p) {
  const char *z, *zWith;
  while (p->pPlace) assocSqlPlaceEnd(p);
  z = assocArenaStr(p->pCall, p->pArena, p->pStr);
  if (p->pWith == 0) return z;
  zWith = assocArenaStr(p->pCall, p->pArena, p->pWith);
  p->pWith = 0;
  if (z == 0 || zWith == 0) return 0;
  return assocArenaPrintf(p->pCall, p->pArena, "WITH %s %s", zWith, z);
}

/* The outer text is set aside, and the caller keeps it. So a common table
** expression may itself start another one. */
sqlite3_str *assocSqlWith(AssocSql *p, const char *zName, int iName) {
  sqlite3_str *pOuter = p->pStr;
  p->pStr = sqlite3_str_new(p->pCall->db);
  sqlite3_str_appendf(p->pStr, "%s%d AS (", zName, iName);
  return pOuter;
}

/* Expressions that this one uses were finished before it, so they come
** first. */
void assocSqlWithEnd(AssocSql *p, sqlite3_str *pOuter) {
  char *z;
  /* Without memory, both are the one text that SQLite has for that. */
  assert(pOuter && (p->pStr != pOuter || sqlite3_str_errcode(pOuter)));
  z = assocStrFinish(p->pCall, p->pStr);
  p->pStr = pOuter;
  if (z && p->pWith == 0) {
    p->pWith = sqlite3_str_new(p->pCall->db);
  } else if (z) {
    sqlite3_str_appendall(p->pWith, ", ");
  }
  if (z) sqlite3_str_appendf(p->pWith, "%s)", z);
  sqlite3_free(z);
}

/* ------------------------------------------------------ tables, columns */

/* The schema is always written: the same name may exist in several databases.
** Any statement that names a table passes here, so the check for untrusted
** files is here too. */
void assocSqlTable(AssocSql *p, const AssocTable *pTab) {
  assocSchemaNeedTrust(p->pCall, pTab->pSchema);
  sqlite3_str_appendf(p->pStr, "\"%w\".\"%w\"", pTab->pSchema->zName,
                      pTab->zName);
}

/* The name is the one in the schema, quoted. Nothing that a caller wrote
** reaches the SQL. */
void assocSqlColumn(AssocSql *p, int iAlias, const AssocTable *pTab, int iCol) {
  assert(iCol >= 0 && iCol <= pTab->nCol);
  sqlite3_str_appendf(p->pStr, "t%d.\"%w\"", iAlias, pTab->aCol[iCol].zName);
}

/* -------------------------------------------------------------- comparing */

/*
** How a foreign key compares. SQLite checks it so (foreignkeys.html, 3): the
** affinity of the parent's column is applied to the child's value, and the
** parent's collation compares the two. "parent = child" does the same in two
** conditions. The parent's column is on the left, because the left collation
** counts. And if the parent's column is TEXT, the child's column must have no
** affinity of its own: a + in front removes it. The + also keeps SQLite from
** using an index of that column, so it is written only there.
**
** If the parent's column has no affinity, = applies that of the child's column.
*/
static int needsPlus(const AssocColumn *pParent, const AssocColumn *pChild) {
  return pParent->eAff == ASSOC_AFF_TEXT && pChild->eAff != ASSOC_AFF_TEXT;
}

/* Do the two columns have different collations? */
static int otherCollation(const AssocColumn *pParent,
                          const AssocColumn *pChild) {
  return pParent->zColl && pChild->zColl &&
         sqlite3_stricmp(pParent->zColl, pChild->zColl) != 0;
}

/* Is it unknown how the column compares? A view's column without a type may be
** untyped, or an expression, which a comparison with TEXT converts to text. */
static int isVague(const AssocTable *pTab, const AssocColumn *pCol) {
  return pTab->eType == ASSOC_VIEW && pCol->zType[0] == 0;
}

/* How a comparison converts the values of one side. */
#define SIDE_PLAIN 0
#define SIDE_NUMBER 1
#define SIDE_TEXT 2
#define SIDE_VAGUE 3 /* To text, if the column is an expression */
#define SIDE_BARE                                                              \
  4 /* Nothing, where = to a parameter would make text of that */

/* The conversion of one side: SIDE_*. */
static int sideOf(const AssocSides *p, int bParent) {
  int eParent = p->pParent->eAff, eChild = p->pChild->eAff;
  if (eParent == eChild) return SIDE_PLAIN;
  if (!bParent) {
    return eParent == ASSOC_AFF_NUMERIC ? SIDE_NUMBER
           : eParent == ASSOC_AFF_TEXT  ? SIDE_TEXT
           : eChild == ASSOC_AFF_TEXT   ? SIDE_BARE
                                        : SIDE_PLAIN;
  }
  if (eParent != ASSOC_AFF_NONE) return SIDE_PLAIN;
  if (eChild == ASSOC_AFF_NUMERIC) return SIDE_NUMBER;
  return isVague(p->pParentTab, p->pParent) ? SIDE_VAGUE : SIDE_PLAIN;
}

/* A side that does not change can be compared and indexed as it is stored. */
int assocSideChanges(const AssocSides *p, int bParent) {
  return sideOf(p, bParent) != SIDE_PLAIN;
}

/* The columns of a view have no declared affinity that could be relied on. */
int assocSideVague(const AssocSides *p) {
  return sideOf(p, 1) == SIDE_VAGUE;
}

/* SQLite converts the operands of "=" by the affinity of the columns. IN, GROUP
** BY and our own lists see only values. This writes the conversion out, so that
** "7" and 7 meet in a list exactly if the two columns compare as equal. */
const char *assocSqlSide(AssocCall *pCall, AssocArena *pArena,
                         const AssocSides *p, int bParent, const char *z) {
  static const char *const az[] = {
      "%s",
      "CASE WHEN CAST(%s AS NUMERIC)=%s THEN CAST(%s AS NUMERIC) ELSE %s END",
      "CASE typeof(%s) WHEN 'blob' THEN %s ELSE CAST(%s AS TEXT) END",
      "CASE WHEN %s=CAST(%s AS TEXT) THEN CAST(%s AS TEXT) ELSE %s END", "+%s"};
  const char *zColl = p->pParent->zColl ? p->pParent->zColl : p->pChild->zColl;
  int e = sideOf(p, bParent);
  int bColl = !bParent && otherCollation(p->pParent, p->pChild);
  if (e != SIDE_PLAIN) z = assocArenaPrintf(pCall, pArena, az[e], z, z, z, z);
  if (z == 0 || zColl == 0 || (e == SIDE_PLAIN && !bColl)) return z;
  return assocArenaPrintf(pCall, pArena, "%s COLLATE \"%w\"", z, zColl);
}

/* See sql.h. */
void assocSqlEqual(AssocSql *p, int iParent, const AssocTable *pTab,
                   const AssocKey *pParent, int iChild,
                   const AssocTable *pChildTab, const AssocKey *pChild) {
  int i;
  assert(pParent->nCol == pChild->nCol);
  for (i = 0; i < pParent->nCol; i++) {
    if (i) sqlite3_str_appendall(p->pStr, " AND ");
    assocSqlColumn(p, iParent, pTab, pParent->aCol[i]);
    sqlite3_str_appendall(p->pStr, "=");
    if (needsPlus(&pTab->aCol[pParent->aCol[i]],
                  &pChildTab->aCol[pChild->aCol[i]])) {
      sqlite3_str_appendall(p->pStr, "+");
    }
    assocSqlColumn(p, iChild, pChildTab, pChild->aCol[i]);
  }
}

/* The two columns compared in column i of a step. *ppFar is the one by which
** its rows are found. Returns true if that is the parent's. */
static int hopSides(const AssocRel *pRel, int i, AssocSides *p,
                    const AssocColumn **ppFar) {
  const AssocTable *pNearTab = pRel->pSource->pTable;
  const AssocColumn *pNear = &pNearTab->aCol[assocRelNearKey(pRel)->aCol[i]];
  AssocTable *pFarTab;
  const AssocKey *pFar = assocRelFarKey(pRel, &pFarTab);
  int bUp;
  assert(i >= 0 && i < assocRelNearKey(pRel)->nCol);
  while (pRel->nPath) pRel = pRel->apPath[0];
  bUp = pRel->eKind == ASSOC_BELONGSTO;
  *ppFar = &pFarTab->aCol[pFar->aCol[i]];
  p->pParentTab = bUp ? pFarTab : pNearTab;
  p->pParent = bUp ? *ppFar : pNear;
  p->pChild = bUp ? pNear : *ppFar;
  return bUp;
}

/* The column belongs to the join row, if the step has one, else to its
** target. */
void assocSqlFarColumn(AssocSql *p, const AssocHop *pHop, int i) {
  AssocSides sides;
  const AssocColumn *pFar;
  int bUp = hopSides(pHop->pRel, i, &sides, &pFar);
  const char *z =
      assocArenaPrintf(p->pCall, p->pArena, "t%d.\"%w\"",
                       pHop->iJoin ? pHop->iJoin : pHop->iAlias, pFar->zName);
  if (z) z = assocSqlSide(p->pCall, p->pArena, &sides, bUp, z);
  if (z) sqlite3_str_appendall(p->pStr, z);
}

/* See sql.h. IN compares with the collation of its left side, and the
** affinities of both sides. */
void assocSqlInNear(AssocSql *p, const AssocHop *pHop, int i) {
  AssocSides sides;
  const AssocColumn *pFar;
  int bUp = hopSides(pHop->pRel, i, &sides, &pFar);
  if (bUp && needsPlus(sides.pParent, sides.pChild)) {
    sqlite3_str_appendall(p->pStr, "+");
  }
  assocSqlColumn(p, pHop->iFrom, pHop->pRel->pSource->pTable,
                 assocRelNearKey(pHop->pRel)->aCol[i]);
  if (bUp && (sides.pChild->zColl == 0 ||
              otherCollation(sides.pParent, sides.pChild))) {
    sqlite3_str_appendf(p->pStr, " COLLATE \"%w\"", sides.pParent->zColl);
  }
}

/* In "near IN (SELECT far ...)" SQLite takes affinity and collation from the left
** side. If the parent's column is TEXT and the child's is not, the + keeps the
** child's affinity from being applied to the parent's values. */
void assocSqlInFar(AssocSql *p, const AssocHop *pHop, int i) {
  AssocSides sides;
  const AssocColumn *pFar;
  int bUp = hopSides(pHop->pRel, i, &sides, &pFar);
  if (!bUp && needsPlus(sides.pParent, sides.pChild)) {
    sqlite3_str_appendall(p->pStr, "+");
  }
  sqlite3_str_appendf(p->pStr, "t%d.\"%w\"",
                      pHop->iJoin ? pHop->iJoin : pHop->iAlias, pFar->zName);
}

/* The parent's column in column i of a step. */
static const AssocColumn *hopParent(const AssocRel *pRel, int i) {
  AssocSides sides;
  const AssocColumn *pFar;
  (void)hopSides(pRel, i, &sides, &pFar);
  return sides.pParent;
}

/* See sql.h. */
int assocHopTrims(const AssocRel *pRel) {
  int i;
  for (i = 0; i < assocRelNearKey(pRel)->nCol; i++) {
    if (hopParent(pRel, i)->eColl == ASSOC_COLL_RTRIM) return 1;
  }
  return 0;
}

/* See sql.h. The collation of a view's column is unknown. That of the parent counts:
** it is on the left of IN, or written there. */
int assocHopKnown(const AssocRel *pRel) {
  int i;
  for (i = 0; i < assocRelNearKey(pRel)->nCol; i++) {
    if (hopParent(pRel, i)->zColl == 0) return 0;
  }
  return 1;
}

/* An index on converted columns does not exist, so a step with such a column
** cannot be looked up. */
int assocFarChanges(const AssocRel *pRel) {
  int i;
  for (i = 0; i < assocRelNearKey(pRel)->nCol; i++) {
    AssocSides sides;
    const AssocColumn *pFar;
    int bUp = hopSides(pRel, i, &sides, &pFar);
    if (assocSideChanges(&sides, bUp)) return 1;
  }
  return 0;
}

/* Only hasOne and hasMany can have this property: their rows hold the key. The
** source's key must be unique, and both columns must compare alike, or one
** child could equal two sources. */
int assocStepIsDown(AssocCall *pCall, const AssocRel *pRel) {
  AssocTable *pTab = pRel->pSource->pTable;
  const AssocKey *pNear = assocRelNearKey(pRel);
  int i, bUnique = 0;
  if (pRel->eKind != ASSOC_HASMANY && pRel->eKind != ASSOC_HASONE) return 0;
  for (i = 0; i < pNear->nCol; i++) {
    if (!assocColumnAlike(
            &pTab->aCol[pNear->aCol[i]],
            &pRel->pTarget->pTable->aCol[pRel->foreign.aCol[i]])) {
      return 0;
    }
  }
  (void)assocTableIndexOn(pCall, pTab, pNear->nCol, pNear->aCol, &bUnique);
  return bUnique;
}

/* A path with one to-many step leads to each row once. After it, every further
** step must go down; a join table or a belongsTo can lead two rows to one. */
int assocHopsMeet(AssocCall *pCall, const AssocHop *pHop) {
  int bMany = 0;
  assert(pHop);
  if (pHop->pNext == 0) return 0;
  for (; pHop; pHop = pHop->pNext) {
    const AssocRel *pRel = pHop->pRel;
    if (pHop->iJoin && !assocRelPairsOnce(pCall, pRel)) return 1;
    if (bMany && !assocStepIsDown(pCall, pRel)) return 1;
    if (pRel->bMany) bMany = 1;
  }
  return 0;
}

/* A path is found by its first step. For a belongsTo the rows are found by the
** target's key; otherwise by the foreign key, whose index must have the
** collation of the column that it references. */
const char *assocFarIndex(AssocCall *pCall, const AssocRel *pRel,
                          int *pbUnique) {
  AssocTable *pFarTab;
  const AssocKey *pFar = assocRelFarKey(pRel, &pFarTab);
  *pbUnique = 0;
  while (pRel->nPath) pRel = pRel->apPath[0];
  if (assocFarChanges(pRel)) return 0;
  if (pRel->eKind == ASSOC_BELONGSTO) {
    return assocTableIndexOn(pCall, pFarTab, pFar->nCol, pFar->aCol, pbUnique);
  }
  return assocTableIndexAs(pCall, pFarTab, pFar->nCol, pFar->aCol,
                           pRel->pSource->pTable, assocRelNearKey(pRel)->aCol,
                           pbUnique);
}

/* ---------------------------------------------------------------- values */

/* Append a text as a literal: 'it''s'. A literal would end at a zero, so a text
** with zeros is ('a'||char(0)||'b'). */
static void sqlText(AssocSql *p, const char *z, int n) {
  const char *zEnd = z + n;
  int bParts = (int)strlen(z) < n;
  sqlite3_str_appendf(p->pStr, "%s%Q", bParts ? "(" : "", z);
  for (z += strlen(z); z < zEnd; z += strlen(z)) {
    z++;
    sqlite3_str_appendf(p->pStr, "||char(0)||%Q", z);
  }
  if (bParts) sqlite3_str_appendall(p->pStr, ")");
}

/* Append a value as a literal. */
static void sqlLiteral(AssocSql *p, const ShapeVal *pVal) {
  static const char *const az[] = {"NULL", "0", "1"};
  assert(pVal);
  if (pVal->eType <= SHAPE_VAL_TRUE) {
    sqlite3_str_appendall(p->pStr, az[pVal->eType]);
  } else if (pVal->eType == SHAPE_VAL_INT) {
    sqlite3_str_appendf(p->pStr, "%lld", pVal->i);
  } else if (pVal->eType == SHAPE_VAL_REAL) {
    sqlite3_str_appendf(p->pStr, "%!.17g", pVal->r);
  } else if (pVal->eType == SHAPE_VAL_TEXT) {
    sqlText(p, pVal->z, pVal->n);
  } else if (pVal->eType == SHAPE_VAL_INDEX) {
    sqlite3_str_appendf(p->pStr, "?%d", (int)pVal->i);
  } else {
    sqlite3_str_appendf(p->pStr, ":%s", pVal->z);
  }
}

/* Append a value of the session as a literal, a list as its JSON text. */
static void sessionLiteral(AssocSql *p, const AssocBind *pBind) {
  sqlite3_stmt *pStmt = assocPrepare(p->pCall, "SELECT quote(?1)");
  assocSessionBind(p->pCall, pStmt, 1, pBind->pVal->z, pBind->bList);
  if (assocStep(p->pCall, pStmt)) {
    sqlite3_str_appendall(p->pStr, assocColumnText(p->pCall, pStmt, 0));
  }
  assocFinalize(p->pCall, pStmt);
}

/* Longer texts of definitions are bound. */
#define MOST_CONSTANT 200

/* Is the value a constant of a definition? pMeant is what it means here. A literal
** tells SQLite that a partial index has its condition; of a bound value, SQLite
** until 3.41 tests it again in each row, which it reads for that. */
static int isConstantOf(const AssocSql *p, const ShapeVal *pVal,
                        const ShapeVal *pMeant) {
  if (!p->bOwner || pVal != pMeant) return 0;
  if (pVal->eType <= SHAPE_VAL_INT) return 1;
  return pVal->eType == SHAPE_VAL_TEXT && pVal->n <= MOST_CONSTANT;
}

/* Parameters are numbered by the statement, not by the shape: one ?1 of the
** shape may stand in several places, and each gets a number of its own.
** assoc_sql() has no parameters, so it writes literals. */
AssocBind *assocSqlBind(AssocSql *p, const ShapeVal *pVal, int eHow) {
  AssocBind *pBind = assocAlloc(p->pCall, p->pArena, sizeof(*pBind));
  assert(eHow >= ASSOC_BIND_VALUE && eHow <= ASSOC_BIND_EARLY);
  if (pBind == 0) return 0;
  pBind->iSql = ++p->nVar;
  pBind->pVal = assocScopeVal(p->pCall, p->pScope, pVal);
  pBind->eHow = (u8)eHow;
  if (p->bPolicy && pVal->eType == SHAPE_VAL_NAMED) {
    pBind->eHow = ASSOC_BIND_SESSION;
    pBind->bList = eHow == ASSOC_BIND_LIST;
  }
  if (p->bLiteral && pBind->eHow == ASSOC_BIND_SESSION && !p->bAsks) {
    sessionLiteral(p, pBind);
    return pBind;
  }
  if (p->bLiteral) {
    sqlLiteral(p, pBind->pVal);
    return pBind;
  }
  *p->ppBindEnd = pBind;
  p->ppBindEnd = &pBind->pNext;
  sqlite3_str_appendf(p->pStr, "?%d", pBind->iSql);
  return pBind;
}

/* A value that is compared needs nothing but its number. */
void assocSqlVal(AssocSql *p, const ShapeVal *pVal) {
  if (isConstantOf(p, pVal, assocScopeVal(p->pCall, p->pScope, pVal))) {
    sqlLiteral(p, pVal);
  } else {
    (void)assocSqlBind(p, pVal, ASSOC_BIND_VALUE);
  }
}

/* ---------------------------------------------------------------- errors */

/* The column or association whose name is nearest, or 0. */
static const char *nearestName(AssocSql *p, AssocModel *pModel,
                               const char *zName) {
  AssocNearest near;
  AssocDef *pDef = 0;
  int i;
  memset(&near, 0, sizeof(near));
  near.zWritten = zName;
  for (i = 0; i < pModel->pTable->nCol; i++) {
    if (p->bOwner || assocColumnShown(p->pCall, pModel->pTable, i)) {
      assocNearestTry(&near, pModel->pTable->aCol[i].zName);
    }
  }
  while ((pDef = assocModelNextShown(p->pCall, pModel, pDef)) != 0) {
    assocNearestTry(&near, pDef->zName);
  }
  return near.zBest;
}

/* What to write instead of a word that JSON has in a wrong place: a direction, or
** a word of another library's writers, or what literal() and fn() become. 0 if it
** is none of these. */
static const char *jsonHabit(const char *z) {
  if (strcmp(z, "val") == 0 || strcmp(z, "fn") == 0) {
    return "literal() and fn() are SQL, and JSON here has no SQL; a condition "
           "is {\"age\":{\"$gte\":18}}";
  }
  if (sqlite3_stricmp(z, "desc") == 0 || sqlite3_stricmp(z, "asc") == 0) {
    return "a column and its direction are a list in the list: "
           "[[\"name\",\"DESC\"]]";
  }
  return assocShapeWriteInstead(z);
}

/* Append '$.theme.dark', of the path theme.dark. JSON quotes a key by ". */
static void insidePath(sqlite3_str *pStr, const char *zPath) {
  sqlite3_str_appendall(pStr, "'$");
  for (; *zPath; zPath += *zPath == '.') {
    int n = (int)strcspn(zPath, "."), i = 0;
    while (i < n && assocIsWord(zPath[i])) i++;
    sqlite3_str_appendf(pStr, i == n ? ".%.*q" : ".\"%.*q\"", n, zPath);
    zPath += n;
  }
  sqlite3_str_appendall(pStr, "'");
}

/*
** What to write instead of a path into the JSON of a column, which begins behind
** the column's name: theme.dark. The statement is the owner's: a session does not
** learn the table's name. Only a table can have one more column.
*/
static const char *insideHint(AssocSql *p, const AssocModel *pModel,
                              const char *zColumn, const char *zPath) {
  const AssocTable *pTab = pModel->pTable;
  const char *zLast = strrchr(zPath, '.'), *zHint;
  sqlite3_str *pStr;
  char *z;
  zLast = zLast ? &zLast[1] : zPath;
  if (p->pCall->pConn->pSession || pTab->eType != ASSOC_TABLE || *zLast == 0 ||
      strchr(zPath, '"')) {
    return zShapeInside;
  }
  pStr = sqlite3_str_new(p->pCall->db);
  sqlite3_str_appendf(pStr, "%s: ALTER TABLE ", zShapeInside);
  assocDdlSchema(pStr, pTab->pSchema, pTab->zName);
  assocDdlName(pStr, pTab->zName);
  sqlite3_str_appendall(pStr, " ADD COLUMN ");
  assocDdlName(pStr, zLast);
  sqlite3_str_appendall(pStr, " AS (");
  assocDdlName(pStr, zColumn);
  sqlite3_str_appendall(pStr, "->>");
  insidePath(pStr, zPath);
  sqlite3_str_appendall(pStr, ")");
  z = assocStrFinish(p->pCall, pStr);
  zHint = z ? assocArenaText(p->pCall, p->pArena, z, -1) : 0;
  sqlite3_free(z);
  return zHint;
}

/* The same for a name with dots whose first part is a column. 0 for others. */
static const char *dottedHint(AssocSql *p, const AssocModel *pModel,
                              const char *z) {
  const char *zDot = strchr(z, '.');
  const char *zColumn;
  if (zDot == 0 || zDot[1] == 0) return 0;
  zColumn = assocArenaText(p->pCall, p->pArena, z, (int)(zDot - z));
  if (zColumn == 0) return 0;
  if (assocSqlColumnFind(p, pModel->pTable, zColumn) < 0) return 0;
  return insideHint(p, pModel, zColumn, &zDot[1]);
}

/* The nearest column or association is proposed, unless the word is known from
** another language: then the error says what to write instead. */
void assocSqlUnknown(AssocSql *p, AssocModel *pModel, const ShapeName *pName,
                     const char *zWhat) {
  const char *zNear = nearestName(p, pModel, pName->z);
  const char *zInstead =
      p->zText ? assocShapeInstead(pName->z) : jsonHabit(pName->z);
  if (zInstead == 0) zInstead = dottedHint(p, pModel, pName->z);
  if (zNear && sqlite3_stricmp(zNear, pName->z) == 0) {
    assocShapeFail(p->pCall, p->zText, pName->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN,
                               .zModel = pModel->zLabel,
                               .zName = pName->z},
                   "'%s' is an association of %s, not a column", pName->z,
                   pModel->zLabel);
    return;
  }
  assocShapeFail(p->pCall, p->zText, pName->iOff,
                 &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN,
                             .zModel = pModel->zLabel,
                             .zName = pName->z,
                             .zNear = zInstead ? 0 : zNear,
                             .zHint = zInstead},
                 "%s has no %s '%s'", pModel->zLabel, zWhat, pName->z);
}

/* ------------------------------------------------------------- join rows */

/* The newest entry is first, so an inner use of an alias hides an outer one. */
void assocSqlJoined(AssocSql *p, int iAlias, const AssocRel *pRel, int iJoin) {
  AssocJoined *pNew = assocAlloc(p->pCall, p->pArena, sizeof(*pNew));
  if (pNew == 0) return;
  pNew->iAlias = iAlias;
  pNew->iJoin = iJoin;
  pNew->pJoin = pRel ? pRel->pThrough : 0;
  pNew->pNext = p->pJoined;
  p->pJoined = pNew;
}

/* The error distinguishes two cases: there is no join table here at all, or the
** join table has no such column. */
int assocSqlAtColumn(AssocSql *p, const AssocTable *pJoin,
                     const ShapeName *pName) {
  AssocNearest near;
  int i = pJoin ? assocSqlColumnFind(p, pJoin, pName->z) : -1;
  if (i >= 0) return i;
  if (pJoin == 0) {
    assocShapeFail(
        p->pCall, p->zText, pName->iOff,
        &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN, .zName = pName->z},
        "@%s is a column of a join table, and there is none here", pName->z);
    return -1;
  }
  memset(&near, 0, sizeof(near));
  near.zWritten = pName->z;
  for (i = 0; i < pJoin->nCol; i++) {
    if (!assocColumnShown(p->pCall, pJoin, i)) continue;
    assocNearestTry(&near, pJoin->aCol[i].zName);
  }
  assocShapeFail(p->pCall, p->zText, pName->iOff,
                 &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_COLUMN,
                             .zName = pName->z,
                             .zNear = near.zBest},
                 "%s has no column '%s'", pJoin->zName, pName->z);
  return -1;
}

/* The join row that "@" means for rows under iAlias; 0 if none was declared. */
static const AssocJoined *joinedOf(const AssocSql *p, int iAlias) {
  const AssocJoined *pJoined = p->pJoined;
  while (pJoined && pJoined->iAlias != iAlias) pJoined = pJoined->pNext;
  return pJoined;
}

/* An entry without a join table says that "@" is not allowed here. */
int assocSqlHasJoined(const AssocSql *p, int iAlias) {
  const AssocJoined *pJoined = joinedOf(p, iAlias);
  return pJoined && pJoined->pJoin;
}

/* After an earlier error nothing is looked up, so the first error stays. */
void assocSqlAt(AssocSql *p, const ShapeName *pName, int iAlias) {
  const AssocJoined *pJoined = joinedOf(p, iAlias);
  int iCol;
  if (p->pCall->rc != SQLITE_OK) return;
  iCol = assocSqlAtColumn(p, pJoined ? pJoined->pJoin : 0, pName);
  if (iCol >= 0) assocSqlColumn(p, pJoined->iJoin, pJoined->pJoin, iCol);
}

/* ----------------------------------------------------------- associations */

/* The names of a path with dots between them. 0 after an error. */
static const char *dottedText(AssocSql *p, const ShapeName *pName) {
  sqlite3_str *pStr = sqlite3_str_new(p->pCall->db);
  const char *zText;
  char *z;
  for (; pName; pName = pName->pNext) {
    sqlite3_str_appendf(pStr, "%s%s", pName->z, pName->pNext ? "." : "");
  }
  z = assocStrFinish(p->pCall, pStr);
  zText = assocArenaText(p->pCall, p->pArena, z, -1);
  sqlite3_free(z);
  return zText;
}

/* Is the path the name of a column or an association that contains its dots? */
static const char *dottedName(AssocSql *p, AssocModel *pModel,
                              const ShapeName *pName) {
  const char *zName = pName->pNext ? dottedText(p, pName) : 0;
  if (zName == 0) return 0;
  if (assocSqlColumnFind(p, pModel->pTable, zName) < 0 &&
      assocRelSeek(p->pCall, pModel, zName) == 0) {
    return 0;
  }
  return zName;
}

/* See sql.h. */
AssocRel *assocSqlRel(AssocSql *p, AssocModel *pModel, const ShapeName *pName) {
  const char *zDotted;
  AssocRel *pRel;
  if (p->pCall->rc != SQLITE_OK) return 0;
  pRel = assocRelSeek(p->pCall, pModel, pName->z);
  if (p->pCall->rc != SQLITE_OK) return 0;
  if (pRel) {
    assocRelNeedReady(p->pCall, pRel);
  } else if (assocSqlColumnFind(p, pModel->pTable, pName->z) >= 0) {
    const char *zInside = pName->pNext ? dottedText(p, pName->pNext) : 0;
    assocShapeFail(
        p->pCall, p->zText, pName->iOff,
        &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_ASSOCIATION,
                    .zModel = pModel->zLabel,
                    .zName = pName->z,
                    .zHint =
                        zInside ? insideHint(p, pModel, pName->z, zInside) : 0},
        "'%s' is a column of %s, not an association", pName->z, pModel->zLabel);
  } else if ((zDotted = dottedName(p, pModel, pName)) != 0) {
    assocShapeFail(p->pCall, p->zText, pName->iOff,
                   &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_ASSOCIATION,
                               .zModel = pModel->zLabel,
                               .zName = pName->z,
                               .zNear = zDotted,
                               .zQuote = "`"},
                   "%s has no association '%s', and a name that contains a dot "
                   "is written in backticks",
                   pModel->zLabel, pName->z);
  } else {
    assocRelMissing(p->pCall, pModel, pName->z);
    assocShapeAt(p->pCall, p->zText, pName->iOff);
  }
  return p->pCall->rc == SQLITE_OK ? pRel : 0;
}

/* Is the association's name the one that its target's name gives? */
static int isUnaliased(AssocCall *pCall, AssocArena *pArena,
                       const AssocDef *pDef) {
  const char *zTarget = assocBareName(pDef->pSchema, pDef->zTarget);
  const char *z = assocKindSeek(pDef->zKind) >= ASSOC_HASMANY
                      ? assocPluralize(pCall, pArena, zTarget)
                      : assocSingularize(pCall, pArena, zTarget);
  return sqlite3_stricmp(z, pDef->zName) == 0;
}

/* An include by model: the only association with that target, or the only one
** of them without an alias. */
static AssocRel *relByModel(AssocSql *p, const ShapeName *pTarget,
                            AssocModel *pModel) {
  AssocCatalog *pCat = pModel->pTable->pSchema->pCatalog;
  AssocModel *pWanted = assocModelFind(p->pCall, pCat, pTarget->z);
  AssocDef *pDef = 0, *pOnly = 0, *pPlain = 0;
  sqlite3_str *pStr;
  char *z;
  int n = 0, nPlain = 0;
  if (pWanted == 0) return 0;
  pStr = sqlite3_str_new(p->pCall->db);
  while ((pDef = assocModelNextHad(p->pCall, pModel, pDef)) != 0) {
    if (pDef->zTarget == 0 ||
        assocModelNear(p->pCall, pDef->pSchema, pDef->zTarget) != pWanted) {
      continue;
    }
    n++;
    if (assocDefShown(p->pCall, pDef)) {
      sqlite3_str_appendf(pStr, "%s%s", sqlite3_str_length(pStr) ? ", " : "",
                          pDef->zName);
    }
    pOnly = pDef;
    if (isUnaliased(p->pCall, p->pArena, pDef)) {
      nPlain++;
      pPlain = pDef;
    }
  }
  z = assocStrFinish(p->pCall, pStr);
  if (n > 1 && nPlain == 1) {
    pOnly = pPlain;
  } else if (n > 1) {
    assocErrorOf(p->pCall, ASSOC_E_AMBIGUOUS, pModel->zLabel, pWanted->zLabel,
                 "%s is associated with %s more than once; say which with "
                 "\"as\": %s",
                 pModel->zLabel, pWanted->zLabel, z);
  } else if (n == 0) {
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_ASSOCIATION, pModel->zLabel,
                 pWanted->zLabel, "%s is not associated with %s",
                 pModel->zLabel, pWanted->zLabel);
  }
  sqlite3_free(z);
  if (p->pCall->rc != SQLITE_OK) return 0;
  return assocRelHad(p->pCall, pModel, pOnly);
}

/* "include":"Post": raise an error if the name is a model's and not an
** association's. */
static void includeIsModel(AssocSql *p, AssocModel *pModel,
                           const ShapeName *pName) {
  AssocCatalog *pCat = pModel->pTable->pSchema->pCatalog;
  AssocModel *pTarget;
  AssocDef *pDef = 0;
  if (assocRelSeek(p->pCall, pModel, pName->z)) return;
  pTarget = assocModelSeek(p->pCall, pCat, pName->z);
  while (pTarget && (pDef = assocModelNextShown(p->pCall, pModel, pDef)) != 0) {
    if (pDef->zTarget == 0 ||
        assocModelNear(p->pCall, pDef->pSchema, pDef->zTarget) != pTarget) {
      continue;
    }
    assocErrorOf(p->pCall, ASSOC_E_UNKNOWN_ASSOCIATION, pModel->zLabel,
                 pName->z,
                 "%s has no association '%s'; an include by model is "
                 "{\"model\":\"%s\"}, or did you mean '%s'?",
                 pModel->zLabel, pName->z, pName->z, pDef->zName);
    return;
  }
}

/* ------------------------------------------------------------ {"all":true} */

/* Does {"all":...} include this kind of association? */
static int isOfAll(int mAll, int eKind) {
  return (mAll & SHAPE_ALL_ANY) ||
         ((mAll & SHAPE_ALL_BELONGSTO) && eKind == ASSOC_BELONGSTO) ||
         ((mAll & (SHAPE_ALL_HASONE | SHAPE_ALL_HAS)) &&
          eKind == ASSOC_HASONE) ||
         ((mAll & (SHAPE_ALL_HASMANY | SHAPE_ALL_HAS)) &&
          eKind == ASSOC_HASMANY) ||
         ((mAll & SHAPE_ALL_ONE) && eKind <= ASSOC_HASONE) ||
         ((mAll & SHAPE_ALL_MANY) && eKind >= ASSOC_HASMANY);
}

/* Does the block itself name the association? */
static int relBeside(AssocSql *p, AssocModel *pModel, const ShapeItem *pBlock,
                     const AssocRel *pRel) {
  for (; pBlock; pBlock = pBlock->pNext) {
    if (pBlock->eType != SHAPE_ITEM_NAME) continue;
    if (pBlock->pPath == 0) {
      if (assocItemRel(p, pBlock, 0, pModel) == pRel) return 1;
    } else if (sqlite3_stricmp(pBlock->pPath->z, pRel->zName) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Associations that the block names itself are left out, as in Sequelize. The
** definitions are visited in their stored order, which makes the result the
** same on every connection. */
AssocRel *assocAllNext(AssocSql *p, AssocModel *pModel, const ShapeItem *pBlock,
                       int mAll, AssocDef **ppDef) {
  while ((*ppDef = assocModelNextHad(p->pCall, pModel, *ppDef)) != 0) {
    AssocRel *pRel = assocRelHad(p->pCall, pModel, *ppDef);
    if (pRel == 0) return 0;
    if (!isOfAll(mAll, pRel->eKind) || relBeside(p, pModel, pBlock, pRel)) {
      continue;
    }
    assocRelNeedReady(p->pCall, pRel);
    return p->pCall->rc == SQLITE_OK ? pRel : 0;
  }
  return 0;
}

/*
** The new item is what a caller would have written by hand, so nothing later
** needs to know {"all":...}. The block is copied, because each association gets
** its own. With "nested" the {"all":...} itself stands at the end of the block
** and is expanded again one level below.
*/
ShapeItem *assocAllItem(AssocSql *p, const ShapeItem *pAll,
                        const AssocRel *pRel) {
  ShapeItem *pItem = assocAlloc(p->pCall, p->pArena, sizeof(*pItem));
  ShapeName *pName = assocAlloc(p->pCall, p->pArena, sizeof(*pName));
  ShapeItem **ppEnd;
  const ShapeItem *pSub;
  if (pItem == 0 || pName == 0) return 0;
  pName->z = pRel->zName;
  pName->iOff = pAll->iOff;
  pItem->eType = SHAPE_ITEM_NAME;
  pItem->iOff = pAll->iOff;
  pItem->pPath = pName;
  pItem->bBlock = 1;
  pItem->bInclude = 1;
  pItem->bRequired = pAll->bRequired;
  pItem->bSpread = pAll->bSpread;
  pItem->pClauses = pAll->pClauses;
  ppEnd = &pItem->pBlock;
  for (pSub = pAll->pBlock; pSub || pAll->bBlock == 0; pSub = pSub->pNext) {
    *ppEnd = assocAlloc(p->pCall, p->pArena, sizeof(*pItem));
    if (*ppEnd == 0) return 0;
    if (pSub) **ppEnd = *pSub;
    if (pSub == 0) (*ppEnd)->eType = SHAPE_ITEM_STAR;
    ppEnd = &(*ppEnd)->pNext;
    *ppEnd = 0;
    if (pSub == 0) break;
  }
  if (pAll->nRecurse) {
    *ppEnd = assocAlloc(p->pCall, p->pArena, sizeof(*pItem));
    if (*ppEnd == 0) return 0;
    **ppEnd = *pAll;
    (*ppEnd)->pNext = 0;
  }
  return pItem;
}

/* A name and a model may both be given, as in Sequelize:
** {"model":"Post","as":"posts"}. Then they must agree. */
AssocRel *assocItemRel(AssocSql *p, const ShapeItem *pItem,
                       const ShapeName *pName, AssocModel *pModel) {
  AssocRel *pRel;
  assert(pName || pItem->pModel);
  if (pName) {
    if (pItem->bInclude && pItem->pModel == 0) {
      includeIsModel(p, pModel, pName);
    }
    pRel = assocSqlRel(p, pModel, pName);
    if (pRel && pItem->pModel &&
        assocModelFind(p->pCall, pModel->pTable->pSchema->pCatalog,
                       pItem->pModel->z) != pRel->pTarget) {
      assocErrorOf(p->pCall, ASSOC_E_ARGUMENT, pModel->zLabel, pRel->zName,
                   "the association '%s' of %s leads to %s, not to the model "
                   "'%s'",
                   pRel->zName, pModel->zLabel, pRel->pTarget->zLabel,
                   pItem->pModel->z);
    }
  } else {
    pRel = relByModel(p, pItem->pModel, pModel);
    if (pRel) assocRelNeedReady(p->pCall, pRel);
  }
  return p->pCall->rc == SQLITE_OK ? pRel : 0;
}
