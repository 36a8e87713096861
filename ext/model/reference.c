/*
** Which tables of a database have foreign keys to a table.
**
**   Post(… REFERENCES User …), Image(… REFERENCES User …)    User: Image, Post
**
** To ask each table for its foreign keys takes a PRAGMA for each. So the texts in
** sqlite_schema are read instead, once for each schema. SQLite reads the foreign
** keys from these texts, too. REFERENCES is no name without quotes, so the word is
** always followed by the name of the table that is referred to.
*/
#include "model/model.h"

/* A table that a text refers to. */
typedef struct Mention Mention;
struct Mention {
  const char *zName; /* Without quotes */
  Mention *pNext;    /* The next of the same text */
};

/* A name in the text of a schema, without its quotes: n bytes at z. */
static const char *mentionedName(AssocCall *pCall, AssocArena *pArena,
                                 const char *z, int n, int eType) {
  char *zName = assocAlloc(pCall, pArena, n + 1);
  int i, nName = 0;
  if (zName == 0) return 0;
  if (eType != ASSOC_SQL_QUOTED) {
    memcpy(zName, z, (size_t)n);
    return zName;
  }
  for (i = 1; i < n - 1; i++) {
    zName[nName++] = z[i];
    if (z[i] == z[0]) i++; /* A doubled quote is one character */
  }
  return zName;
}

/* The tables that a CREATE TABLE refers to. */
static Mention *mentionsOf(AssocCall *pCall, AssocArena *pArena,
                           const char *z) {
  Mention *pFirst = 0, *p;
  int n, eType, bNext = 0;
  for (; (n = assocSqlNext(&z, &eType)) > 0; z += n) {
    if (bNext) {
      p = assocAlloc(pCall, pArena, sizeof(*p));
      if (p == 0) return 0;
      p->zName = mentionedName(pCall, pArena, z, n, eType);
      if (p->zName == 0) return 0;
      p->pNext = pFirst;
      pFirst = p;
    }
    bNext = eType == ASSOC_SQL_WORD && assocSqlIs(z, n, "references");
  }
  return pFirst;
}

/* The entry iEntry refers to these tables. The entries come from the last to the
** first. */
static void mentionsAdd(AssocCall *pCall, AssocFacts *pFacts, int iEntry,
                        const Mention *p) {
  for (; p; p = p->pNext) {
    AssocWord *pWord =
        assocWordsAdd(pCall, &pFacts->mem, &pFacts->references, p->zName);
    AssocReference *pOld = pWord ? pWord->p : 0, *pNew;
    if (pOld && pOld->iEntry == iEntry) continue;
    pNew = assocAlloc(pCall, &pFacts->mem, sizeof(*pNew));
    if (pNew == 0) return; /* Also if there is no word */
    pNew->iEntry = iEntry;
    pNew->pNext = pOld;
    pWord->p = pNew;
  }
}

/* Read the texts of all tables. */
static void loadReferences(AssocCall *pCall, const AssocSchema *pSchema) {
  AssocFacts *pFacts = pSchema->pFacts;
  AssocArena mem;
  Mention **ap;
  sqlite3_stmt *pStmt;
  int i;
  memset(&mem, 0, sizeof(mem));
  memset(&pFacts->references, 0, sizeof(pFacts->references));
  ap = assocAlloc(pCall, &mem, (i64)sizeof(*ap) * (pSchema->nEntry + 1));
  pStmt = assocPrepare(pCall,
                       "SELECT name, sql FROM \"%w\".sqlite_schema"
                       " WHERE type='table'",
                       pSchema->zName);
  while (assocStep(pCall, pStmt)) {
    i = assocSchemaIndex(pSchema, assocColumnText(pCall, pStmt, 0));
    if (i < 0) continue; /* Put there by hand (PRAGMA writable_schema) */
    /* The names go where the facts are: a word does not copy its name. */
    ap[i] = mentionsOf(pCall, &pFacts->mem, assocColumnText(pCall, pStmt, 1));
  }
  assocFinalize(pCall, pStmt);
  for (i = pSchema->nEntry - 1; i >= 0 && pCall->rc == SQLITE_OK; i--) {
    mentionsAdd(pCall, pFacts, i, ap[i]);
  }
  assocArenaFree(&mem);
  pFacts->bReferences = pCall->rc == SQLITE_OK;
}

/* See model.h. */
const AssocReference *assocSchemaReferences(AssocCall *pCall,
                                            const AssocSchema *pSchema,
                                            const char *zTable) {
  const AssocWord *pWord;
  assert(pSchema->pFacts); /* The caller has a table of the database */
  if (!pSchema->pFacts->bReferences) loadReferences(pCall, pSchema);
  if (pCall->rc != SQLITE_OK) return 0;
  pWord = assocWordsFind(&pSchema->pFacts->references, zTable);
  return pWord ? pWord->p : 0;
}
