/*
** Keys that the schema does not declare.
*/
#include "look/look.h"

void assocLookGuess(AssocLook *p) {
  (void)p;
}
