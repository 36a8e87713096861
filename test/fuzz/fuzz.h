/*
** What the fuzzer knows of its database: see schema.sql.
*/
#ifndef ASSOC_FUZZ_H
#define ASSOC_FUZZ_H

#include <stdint.h>

#define FUZZ_TEXT 8000

typedef struct FuzzModel FuzzModel;
struct FuzzModel {
  const char *zName;
  const char *azCol[8]; /* Ends with 0 */
};

typedef struct FuzzRel FuzzRel;
struct FuzzRel {
  const char *zModel, *zName;
  const char *zTarget; /* "" is polymorphic */
  int bMany;
};

/* Bytes that are spent, and the text that they became. */
typedef struct FuzzSpeech FuzzSpeech;
struct FuzzSpeech {
  const uint8_t *p;
  long n;
  char z[FUZZ_TEXT];
  int nText;
  int nAlias;
  int bPolicy; /* Parameters are those of a session: :me */
};

/* A query; an item, a condition, a payload or a policy with "force": the name
** of its model is returned. Each is appended to p->z. */
void fuzzQuery(FuzzSpeech *p);
const char *fuzzItem(FuzzSpeech *p);
const char *fuzzCondition(FuzzSpeech *p);
const char *fuzzPayload(FuzzSpeech *p);
const char *fuzzPolicy(FuzzSpeech *p);

#endif /* ASSOC_FUZZ_H */
