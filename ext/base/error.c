/*
** The texts of an error: one text for people, a JSON object for programs.
**
**   assoc: User has no association 'pots'; did you mean 'Posts'?
**     User{name pots{title}}
**               ^
**
**   {"code":"unknown-association","message":"User has no association 'pots'",
**    "hint":"did you mean 'Posts'?","model":"User","name":"pots","at":10}
*/
#include "base/base.h"

#define ERR_LENGTH 3000 /* Bytes of a message or hint at most */

/* The names are part of the SQL surface: ext/doc/ERRORS.md lists them. */
static const struct {
  const char *zCode;
  int rc;
} aReason[ASSOC_NREASON] = {
    [ASSOC_E_SQLITE] = {"sqlite", SQLITE_ERROR},
    [ASSOC_E_OTHER] = {"error", SQLITE_ERROR},
    [ASSOC_E_SYNTAX] = {"syntax", SQLITE_ERROR},
    [ASSOC_E_ARGUMENT] = {"argument", SQLITE_ERROR},
    [ASSOC_E_UNKNOWN_MODEL] = {"unknown-model", SQLITE_ERROR},
    [ASSOC_E_UNKNOWN_ASSOCIATION] = {"unknown-association", SQLITE_ERROR},
    [ASSOC_E_UNKNOWN_COLUMN] = {"unknown-column", SQLITE_ERROR},
    [ASSOC_E_UNKNOWN_SCOPE] = {"unknown-scope", SQLITE_ERROR},
    [ASSOC_E_UNKNOWN_OPTION] = {"unknown-option", SQLITE_ERROR},
    [ASSOC_E_AMBIGUOUS] = {"ambiguous", SQLITE_ERROR},
    [ASSOC_E_DEFINITION] = {"definition", SQLITE_ERROR},
    [ASSOC_E_NOT_SYNCED] = {"not-synced", SQLITE_ERROR},
    [ASSOC_E_NOT_FOUND] = {"not-found", SQLITE_ERROR},
    [ASSOC_E_CONSTRAINT] = {"constraint", SQLITE_CONSTRAINT},
    [ASSOC_E_READONLY] = {"readonly", SQLITE_READONLY},
    [ASSOC_E_BUSY] = {"busy", SQLITE_BUSY},
    [ASSOC_E_LIMIT] = {"limit", SQLITE_ERROR},
    [ASSOC_E_REFUSED] = {"refused", SQLITE_AUTH},
    [ASSOC_E_UNSUPPORTED] = {"unsupported", SQLITE_ERROR},
};

/* The code for an error that SQLite raised, by its primary result code. */
static const char *sqliteCode(int rc) {
  switch (rc & 0xff) {
  case SQLITE_NOMEM: return "nomem";
  case SQLITE_CONSTRAINT: return "constraint";
  case SQLITE_READONLY: return "readonly";
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return "busy";
  case SQLITE_TOOBIG: return "limit";
  case SQLITE_AUTH: return "refused";
  case SQLITE_INTERRUPT: return "interrupt";
  }
  return aReason[ASSOC_E_SQLITE].zCode;
}

int assocReasonCode(int eReason) {
  assert(eReason >= 0 && eReason < ASSOC_NREASON);
  return aReason[eReason].rc;
}

void assocErrClear(AssocErr *p) {
  sqlite3_free(p->zText);
  sqlite3_free(p->zHint);
  sqlite3_free(p->zModel);
  sqlite3_free(p->zName);
  sqlite3_free(p->zCaret);
  memset(p, 0, sizeof(*p));
  p->iAt = -1;
}

/* Set *pz to a copy of z; z may be 0. False if memory runs out. */
static int errCopy(char **pz, const char *z) {
  assert(*pz == 0);
  if (z) *pz = sqlite3_mprintf("%s", z);
  return z == 0 || *pz != 0;
}

/* Make the hint: "did you mean 'x'?", the hint of pWhy, or both. */
static int errHint(AssocErr *p, const AssocWhy *pWhy) {
  const char *zQuote = pWhy->zQuote ? pWhy->zQuote : "'";
  assert(p->zHint == 0);
  if (pWhy->zNear == 0) return errCopy(&p->zHint, pWhy->zHint);
  p->zHint =
      sqlite3_mprintf("did you mean %s%s%s?%s%s%s", zQuote, pWhy->zNear, zQuote,
                      pWhy->zHint ? " (" : "", pWhy->zHint ? pWhy->zHint : "",
                      pWhy->zHint ? ")" : "");
  return p->zHint != 0;
}

/* Shorten a text that quotes something very long, in place. z may be 0. */
static void errShorten(char *z) {
  size_t n = z ? strlen(z) : 0;
  if (n <= ERR_LENGTH) return;
  n = ERR_LENGTH - 3;
  while ((z[n] & 0xc0) == 0x80) n--; /* Not inside of a character */
  memcpy(&z[n], "...", 4);
}

int assocErrSet(AssocErr *p, const AssocWhy *pWhy, char *zText) {
  int bOk;
  assert(p->zText == 0 && pWhy->eReason > ASSOC_E_SQLITE);
  p->eReason = (u8)pWhy->eReason;
  p->rc = pWhy->rc ? pWhy->rc : assocReasonCode(pWhy->eReason);
  p->iAt = -1;
  p->zText = zText;
  bOk = zText && errCopy(&p->zModel, pWhy->zModel) &&
        errCopy(&p->zName, pWhy->zName) && errHint(p, pWhy);
  if (!bOk) assocErrClear(p);
  errShorten(p->zText);
  errShorten(p->zHint);
  return bOk;
}

/* Drivers decode the text of an error, and fail where it is not UTF-8. */
char *assocErrLine(const AssocErr *p) {
  char *z =
      sqlite3_mprintf("%s%s%s", p->zText ? p->zText : sqlite3_errstr(p->rc),
                      p->zHint ? "; " : "", p->zHint ? p->zHint : "");
  assocTextMend(z);
  return z;
}

char *assocErrText(const AssocErr *p) {
  char *zLine = assocErrLine(p), *z = 0;
  if (p->eReason == ASSOC_E_SQLITE) return zLine;
  if (zLine) {
    z = sqlite3_mprintf("assoc: %s%s", zLine, p->zCaret ? p->zCaret : "");
    assocTextMend(z);
  }
  sqlite3_free(zLine);
  return z;
}

/* Append ,"name":"value" unless the value is 0. */
static void errMember(AssocOut *pOut, const char *zName, const char *z) {
  if (z == 0) return;
  assocOutPrintf(pOut, ",\"%s\":", zName);
  assocJsonString(pOut, z, (int)strlen(z));
}

void assocErrJson(AssocOut *pOut, const AssocErr *p) {
  const char *zCode = p->eReason == ASSOC_E_SQLITE ? sqliteCode(p->rc)
                                                   : aReason[p->eReason].zCode;
  assert(p->eReason < ASSOC_NREASON);
  assocOutPrintf(pOut, "{\"code\":\"%s\"", zCode);
  errMember(pOut, "message", p->zText ? p->zText : sqlite3_errstr(p->rc));
  errMember(pOut, "hint", p->zHint);
  errMember(pOut, "model", p->zModel);
  errMember(pOut, "name", p->zName);
  if (p->iAt >= 0) assocOutPrintf(pOut, ",\"at\":%d", p->iAt);
  assocOutPrintf(pOut, "}");
}
