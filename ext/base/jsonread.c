/*
** Reading JSON, which SQLite does: json_tree() gives the elements in depth
** first order, and this file hangs them together.
*/
#include "base/base.h"

static int typeOf(const char *z) {
  static const char *const azType[] = {"null", "false", "true",  "integer",
                                       "real", "text",  "array", "object"};
  int i;
  for (i = 0; i < ASSOC_COUNT(azType); i++) {
    if (strcmp(z, azType[i]) == 0) return i;
  }
  return ASSOC_J_NULL;
}

/* One row of json_tree(): key, type, atom. */
static AssocJson *readElement(AssocCall *pCall, AssocArena *pArena,
                              sqlite3_stmt *pStmt) {
  AssocJson *p = assocAlloc(pCall, pArena, sizeof(*p));
  if (p == 0) return 0;
  p->eType = (u8)typeOf(assocColumnText(pCall, pStmt, 1));
  if (sqlite3_column_type(pStmt, 0) == SQLITE_TEXT) {
    const char *zKey = assocColumnText(pCall, pStmt, 0);
    p->zKey =
        assocArenaText(pCall, pArena, zKey, sqlite3_column_bytes(pStmt, 0));
  }
  if (p->eType == ASSOC_J_INT &&
      sqlite3_column_type(pStmt, 2) != SQLITE_INTEGER) {
    p->eType = ASSOC_J_REAL; /* Too large for an integer */
  }
  if (p->eType == ASSOC_J_INT || p->eType == ASSOC_J_TRUE) {
    p->i = sqlite3_column_int64(pStmt, 2);
  }
  if (p->eType == ASSOC_J_REAL) p->r = sqlite3_column_double(pStmt, 2);
  if (p->eType >= ASSOC_J_INT && p->eType <= ASSOC_J_TEXT) {
    const char *z = assocColumnText(pCall, pStmt, 2);
    p->n = sqlite3_column_bytes(pStmt, 2);
    p->z = assocArenaText(pCall, pArena, z, p->n);
  }
  return p;
}

/*
** Elements that are open: those on the way from the root to where the
** reading is. They are in an array, for JSON may be nested 1000 deep.
*/
typedef struct OpenElement OpenElement;
struct OpenElement {
  i64 id; /* json_tree()'s */
  AssocJson *p;
  AssocJson **ppEnd; /* Where the next element of p goes */
};
typedef struct OpenStack OpenStack;
struct OpenStack {
  OpenElement *a; /* OWNED */
  int n;
  int nAlloc;
};

static void openPush(AssocCall *pCall, OpenStack *pStack, AssocJson *p,
                     i64 id) {
  OpenElement *a = pStack->a;
  if (pStack->n == pStack->nAlloc) {
    int nNew = pStack->nAlloc * 2 + 16;
    a = sqlite3_realloc64(a, sizeof(*a) * (u64)nNew);
    if (a == 0) {
      assocErrorCode(pCall, SQLITE_NOMEM);
      return;
    }
    pStack->a = a;
    pStack->nAlloc = nNew;
  }
  a[pStack->n].id = id;
  a[pStack->n].p = p;
  a[pStack->n].ppEnd = &p->pChild;
  pStack->n++;
}

/* Hang p on its parent, after closing what is not above it. */
static void openAppend(OpenStack *pStack, AssocJson *p, i64 idParent) {
  OpenElement *pTop;
  while (pStack->n > 1 && pStack->a[pStack->n - 1].id != idParent) pStack->n--;
  if (pStack->n == 0) return;
  pTop = &pStack->a[pStack->n - 1];
  *pTop->ppEnd = p;
  pTop->ppEnd = &p->pNext;
  pTop->p->nChild++;
}

/* Rows are key, type, atom, id, parent. */
static AssocJson *readTree(AssocCall *pCall, AssocArena *pArena,
                           sqlite3_stmt *pStmt) {
  AssocJson *pRoot = 0;
  OpenStack stack = {0, 0, 0};
  while (assocStep(pCall, pStmt)) {
    AssocJson *p = readElement(pCall, pArena, pStmt);
    if (p == 0) break;
    if (pRoot == 0) {
      pRoot = p;
    } else {
      openAppend(&stack, p, sqlite3_column_int64(pStmt, 4));
    }
    if (p->eType >= ASSOC_J_ARRAY) {
      openPush(pCall, &stack, p, sqlite3_column_int64(pStmt, 3));
    }
  }
  sqlite3_free(stack.a);
  return pCall->rc == SQLITE_OK ? pRoot : 0;
}

/*
** An older json_valid() says no when it lacks memory, so a no is asked twice.
*/
static int jsonIsValid(AssocCall *pCall, const char *zJson, int nJson) {
  sqlite3_stmt *pStmt = assocPrepare(pCall, "SELECT json_valid(?1)");
  int i, bJson = 0;
  if (pStmt) sqlite3_bind_text(pStmt, 1, zJson, nJson, SQLITE_STATIC);
  for (i = 0; i < 2 && !bJson; i++) {
    if (assocStep(pCall, pStmt)) bJson = sqlite3_column_int(pStmt, 0);
    sqlite3_reset(pStmt);
  }
  assocFinalize(pCall, pStmt);
  return bJson;
}

AssocJson *assocJsonRead(AssocCall *pCall, AssocArena *pArena,
                         const char *zJson, int nJson, const char *zWhat) {
  sqlite3_stmt *pStmt;
  AssocJson *p = 0;
  if (!jsonIsValid(pCall, zJson, nJson)) {
    assocError(pCall, "%s must be JSON, and this is not: %.100s", zWhat, zJson);
  }
  pStmt = assocPrepare(pCall,
                       "SELECT key, type, atom, id, parent FROM json_tree(?1)");
  if (pStmt) {
    sqlite3_bind_text(pStmt, 1, zJson, nJson, SQLITE_STATIC);
    p = readTree(pCall, pArena, pStmt);
  }
  assocFinalize(pCall, pStmt);
  return p;
}

AssocJson *assocJsonGet(AssocJson *pObject, const char *zKey) {
  AssocJson *p;
  for (p = pObject ? pObject->pChild : 0; p; p = p->pNext) {
    if (p->zKey && strcmp(p->zKey, zKey) == 0) return p;
  }
  return 0;
}

int assocJsonBind(sqlite3_stmt *pStmt, int i, const AssocJson *p) {
  switch (p->eType) {
  case ASSOC_J_NULL: return sqlite3_bind_null(pStmt, i);
  case ASSOC_J_FALSE: return sqlite3_bind_int(pStmt, i, 0);
  case ASSOC_J_TRUE: return sqlite3_bind_int(pStmt, i, 1);
  case ASSOC_J_INT: return sqlite3_bind_int64(pStmt, i, p->i);
  case ASSOC_J_REAL: return sqlite3_bind_double(pStmt, i, p->r);
  }
  return sqlite3_bind_text(pStmt, i, p->z, p->n, SQLITE_STATIC);
}

sqlite3_value *assocJsonValueOf(AssocCall *pCall, sqlite3_stmt *pStmt,
                                const AssocJson *p) {
  sqlite3_value *pVal = 0;
  if (pCall->rc != SQLITE_OK) return 0;
  assocErrorCode(pCall, assocJsonBind(pStmt, 1, p));
  if (assocStep(pCall, pStmt)) {
    pVal = sqlite3_value_dup(sqlite3_column_value(pStmt, 0));
    if (pVal == 0) assocErrorCode(pCall, SQLITE_NOMEM);
  }
  sqlite3_reset(pStmt);
  return pVal;
}

const char *assocJsonTypeName(const AssocJson *p) {
  static const char *const az[] = {"null",     "false",    "true",
                                   "a number", "a number", "a text",
                                   "an array", "an object"};
  return p ? az[p->eType] : "nothing";
}

static void writeAtom(AssocOut *pOut, const AssocJson *p) {
  static const char *const az[] = {"null", "false", "true"};
  if (p->eType <= ASSOC_J_TRUE) {
    assocOutText(pOut, az[p->eType], (i64)strlen(az[p->eType]));
  } else if (p->eType == ASSOC_J_TEXT) {
    assocJsonString(pOut, p->z, p->n);
  } else if (p->eType == ASSOC_J_REAL && (p->r - p->r) != 0.0) {
    assocOutPrintf(pOut, "%s9.0e+999", p->r < 0 ? "-" : ""); /* 1e400 */
  } else {
    assocOutText(pOut, p->z, p->n);
  }
}

/* Depth is bounded by what json_tree() accepts. */
void assocJsonWrite(AssocOut *pOut, const AssocJson *p) {
  const AssocJson *pSub;
  int bObject = p->eType == ASSOC_J_OBJECT;
  if (p->eType < ASSOC_J_ARRAY) {
    writeAtom(pOut, p);
    return;
  }
  assocOutText(pOut, bObject ? "{" : "[", 1);
  for (pSub = p->pChild; pSub; pSub = pSub->pNext) {
    if (pSub != p->pChild) assocOutText(pOut, ",", 1);
    if (bObject) {
      assocJsonString(pOut, pSub->zKey, (i64)strlen(pSub->zKey));
      assocOutText(pOut, ":", 1);
    }
    assocJsonWrite(pOut, pSub);
  }
  assocOutText(pOut, bObject ? "}" : "]", 1);
}
