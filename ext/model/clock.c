/*
** The current time, in the form that the values of a timestamp's column have.
**
** Tools agree on the names created_at and updated_at, not on what is stored:
**
**    2026-01-31 10:20:30.123 +00:00     Sequelize
**    2026-01-31 10:20:30.123456         Rails, Django
**    2026-01-31 10:20:30                CURRENT_TIMESTAMP
**    2026-01-31T10:20:30.123Z           JavaScript
**    1769854830123                      Prisma: milliseconds
**
** A tool that reads another form than its own fails, and forms do not compare
** with each other. So a column keeps the form of its first rows. A column
** without values follows the other timestamp, then what the table declares.
**
** A form is a number: 0 is unknown. Texts count their parts: separator, fraction
** and zone.
*/
#include "model/model.h"

static const char *const azClockZone[] = {"", " +00:00", "+00:00", "Z"};

#define CLOCK_NFRACTION 3 /* None, milliseconds, microseconds */
#define CLOCK_TEXT(T, F, Z) (1 + (T) + 2 * ((F) + CLOCK_NFRACTION * (Z)))
#define CLOCK_SECONDS                                                          \
  CLOCK_TEXT(0, 0,                                                             \
             ASSOC_COUNT(azClockZone)) /* An integer: seconds since 1970 */
#define CLOCK_MILLISECONDS                                                     \
  (CLOCK_SECONDS + 1) /* An integer: milliseconds since 1970 */
#define CLOCK_MICROSECONDS                                                     \
  (CLOCK_SECONDS + 2)                  /* An integer: microseconds since 1970 */
#define CLOCK_REAL (CLOCK_SECONDS + 3) /* Seconds */
#define CLOCK_JULIAN (CLOCK_SECONDS + 4)
#define CLOCK_SEQUELIZE CLOCK_TEXT(0, 1, 1) /* 2026-01-31 10:20:30.123 +00:00 */
#define CLOCK_RAILS CLOCK_TEXT(0, 2, 0)     /* 2026-01-31 10:20:30.123456 */
#define CLOCK_SQLITE CLOCK_TEXT(0, 0, 0)    /* CURRENT_TIMESTAMP */

/* Does z begin like zForm, where 0 stands for any digit? */
static int clockBegins(const char *z, const char *zForm) {
  for (; *zForm; z++, zForm++) {
    if (*zForm == '0' ? *z < '0' || *z > '9' : *z != *zForm) return 0;
  }
  return 1;
}

/* The form of a text, or 0. A fraction is written with three or six digits. */
static int clockOfText(const char *z) {
  int bT, nDigit = 0, i;
  if (!clockBegins(z, "0000-00-00")) return 0;
  bT = z[10] == 'T';
  if ((!bT && z[10] != ' ') || !clockBegins(&z[11], "00:00:00")) return 0;
  /* "2026-01-31 10:20:30" has 19 bytes; fractions and a zone may follow. */
  z += 19;
  if (*z == '.') {
    for (z++; assocIsDigit(*z); z++) nDigit++;
    if (nDigit == 0) return 0;
  }
  for (i = 0; i < ASSOC_COUNT(azClockZone); i++) {
    if (strcmp(z, azClockZone[i]) == 0) {
      return CLOCK_TEXT(bT, nDigit == 0 ? 0 : nDigit < 6 ? 1 : 2, i);
    }
  }
  return 0;
}

/* The form of the value of column 0, or 0. Seconds have ten digits until the year
** 2286; 10^8 seconds, milliseconds and microseconds are in 1973. */
static int clockOfValue(AssocCall *pCall, sqlite3_stmt *pStmt) {
  double r;
  switch (sqlite3_column_type(pStmt, 0)) {
  case SQLITE_TEXT: return clockOfText(assocColumnText(pCall, pStmt, 0));
  case SQLITE_INTEGER:
    /* Units are told by their size: 1e11 seconds are the year 5138, and as
    ** milliseconds 1973. */
    r = (double)sqlite3_column_int64(pStmt, 0);
    if (r < 1e8 || r >= 1e17) return 0;
    return r < 1e11   ? CLOCK_SECONDS
           : r < 1e14 ? CLOCK_MILLISECONDS
                      : CLOCK_MICROSECONDS;
  case SQLITE_FLOAT:
    r = sqlite3_column_double(pStmt, 0);
    if (r >= 2.4e6 && r < 2.6e6) return CLOCK_JULIAN;
    return r >= 1e8 && r < 1e11 ? CLOCK_REAL : 0;
  default: return 0;
  }
}

/* The form of the column's first values, or 0. A host that forbids to read the
** column is no error. */
static int clockOfRows(AssocCall *pCall, AssocTable *pTab, int iCol) {
  AssocCall ask;
  AssocColumn *pCol = &pTab->aCol[iCol];
  sqlite3_stmt *pStmt;
  int e = pCol->eClock;
  if (e || pTab->bPlanned || pCall->rc != SQLITE_OK) return e;
  assocTryBegin(&ask, pCall);
  pStmt = assocPrepare(&ask, "SELECT \"%w\" FROM \"%w\".\"%w\" LIMIT 20",
                       pCol->zName, pTab->pSchema->zName, pTab->zName);
  while (e == 0 && assocStep(&ask, pStmt)) {
    e = clockOfValue(&ask, pStmt);
  }
  assocFinalize(&ask, pStmt);
  if (ask.rc == SQLITE_AUTH) ask.rc = SQLITE_ERROR; /* An answer */
  (void)assocTryEnd(&ask, pCall, 0);
  pCol->eClock = (u8)e;
  return e;
}

static int clockIsInt(const AssocColumn *pCol) {
  return sqlite3_strlike("%INT%", pCol->zType, 0) == 0;
}

/* See model.h. */
int assocClockForm(AssocCall *pCall, AssocTable *pTab, int iCol, int iOther) {
  const AssocColumn *pCol;
  int e;
  if (iCol < 0) return CLOCK_SEQUELIZE; /* A column that is still to be made */
  pCol = &pTab->aCol[iCol];
  e = clockOfRows(pCall, pTab, iCol);
  if (e == 0 && iOther >= 0) e = clockOfRows(pCall, pTab, iOther);
  if (e) return e;
  if (clockIsInt(pCol)) return CLOCK_SECONDS;
  if (sqlite3_strlike("%(6)", pCol->zType, 0) == 0) return CLOCK_RAILS;
  /* Prisma says so of createdAt, and reads that form in updatedAt, too. */
  if (pCol->bNow || (iOther >= 0 && pTab->aCol[iOther].bNow)) {
    return CLOCK_SQLITE;
  }
  return CLOCK_SEQUELIZE;
}

/* See model.h. */
int assocClockNow(void) {
  return CLOCK_SQLITE;
}

/* See model.h. */
int assocClockDeleted(AssocCall *pCall, const AssocModel *pModel,
                      AssocTable *pTab, int iCol) {
  const AssocColumn *pCol = &pTab->aCol[iCol];
  int i = pModel->aStamp[0] < 0; /* Most rows have them, few a deletion */
  int iStamp = pModel->aStamp[i], e;
  if (iStamp >= 0 && clockIsInt(pCol) == clockIsInt(&pTab->aCol[iStamp])) {
    return assocClockForm(pCall, pTab, iStamp, pModel->aStamp[!i]);
  }
  e = clockOfRows(pCall, pTab, iCol);
  if (e) return e;
  /* The first row that is marked gives the column its form. */
  e = clockIsInt(pCol) ? CLOCK_SECONDS : CLOCK_SQLITE;
  pTab->aCol[iCol].eClock = (u8)e;
  return e;
}

/* See model.h. 'now' is one time in a statement. */
void assocClockSql(sqlite3_str *pStr, int eForm) {
  static const char *const azMore[] = {
      "CAST(strftime('%s', 'now') AS INTEGER)",
      "CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4)"
      " AS INTEGER)",
      "CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) || '000'"
      " AS INTEGER)",
      "((julianday('now') - 2440587.5) * 86400.0)", "julianday('now')"};
  static const char *const azSecond[CLOCK_NFRACTION] = {"%S", "%f", "%f000"};
  int i = eForm - 1;
  assert(eForm > 0 && eForm < ASSOC_CLOCK_N);
  if (eForm >= CLOCK_SECONDS) {
    sqlite3_str_appendall(pStr, azMore[eForm - CLOCK_SECONDS]);
    return;
  }
  sqlite3_str_appendf(pStr, "strftime('%%Y-%%m-%%d%c%%H:%%M:%s%s', 'now')",
                      i % 2 ? 'T' : ' ', azSecond[i / 2 % CLOCK_NFRACTION],
                      azClockZone[i / 2 / CLOCK_NFRACTION]);
}
