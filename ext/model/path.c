/*
** hasOne and hasMany through a path of associations.
**
**   assoc_define('User', 'hasMany', 'Comment', '{"through":"posts.comments"}')
**   assoc_define('Hotel', 'hasMany', 'Cake', '{"through":"chefs.makes"}')
**
** The last step may be a polymorphic belongsTo: the target says which of its
** models is meant.
*/
#include "model/resolve.h"

/* Append an association to the path. If it is a path itself, append its
** steps. */
static void pathAdd(AssocResolver *p, AssocRel *pStep) {
  AssocRel *pRel = p->pRel;
  int i, n = pStep->nPath ? pStep->nPath : 1;
  AssocRel **ap =
      assocAlloc(p->pCall, p->pArena, (i64)sizeof(*ap) * (pRel->nPath + n));
  assert(pStep->pTarget);
  if (ap == 0) return;
  if (pRel->nPath) {
    memcpy(ap, pRel->apPath, sizeof(*ap) * (size_t)pRel->nPath);
  }
  for (i = 0; i < n; i++) {
    ap[pRel->nPath++] = pStep->nPath ? pStep->apPath[i] : pStep;
  }
  pRel->apPath = ap;
}

/* The last step, which leads to the target. */
static AssocRel *pathEnd(const AssocRel *pRel) {
  assert(pRel->nPath > 0);
  return pRel->apPath[pRel->nPath - 1];
}

/* The path ends before the target. Append the only association that leads from
** there to the target. None and several are errors: a later definition must not
** change which way the path goes. */
static void pathLast(AssocResolver *p) {
  AssocModel *pAt = pathEnd(p->pRel)->pTarget;
  AssocDef *pDef = 0, *pOnly = 0;
  int n = 0;
  while ((pDef = assocModelNextHad(p->pCall, pAt, pDef)) != 0) {
    if (pDef == p->pDef || pDef->zTarget == 0) continue;
    if (assocModelNear(p->pCall, pDef->pSchema, pDef->zTarget) !=
        p->pRel->pTarget) {
      continue;
    }
    n++;
    pOnly = pDef;
  }
  if (n == 1) {
    AssocRel *pLast = assocRelHad(p->pCall, pAt, pOnly);
    if (pLast) pathAdd(p, pLast);
  } else {
    assocErrorOf(
        p->pCall, ASSOC_E_DEFINITION, p->pRel->pSource->zLabel, p->pRel->zName,
        "the path %s leads to %s, and %s association of that leads on to "
        "%s; write the path to its end",
        p->pRel->pOpt->zThrough, pAt->zLabel, n ? "more than one" : "no",
        p->pRel->pTarget->zLabel);
  }
}

/* Read "posts.comments". Each name is an association of the model where the
** step before it ends. Resolves those associations: this is where resolving
** recurses. */
void assocResolvePath(AssocResolver *p) {
  AssocRel *pRel = p->pRel;
  AssocModel *pAt = pRel->pSource;
  const char *z = pRel->pOpt->zThrough;
  while (*z) {
    int n = 0;
    AssocRel *pStep;
    while (z[n] && z[n] != '.') n++;
    pStep =
        assocRelFind(p->pCall, pAt, assocArenaText(p->pCall, p->pArena, z, n));
    if (pStep == 0) return;
    z += n + (z[n] == '.');
    if (pStep->nBranch && *z) {
      assocErrorOf(
          p->pCall, ASSOC_E_UNSUPPORTED, pStep->pSource->zLabel, pStep->zName,
          "%s is polymorphic, so a path must end with it", pStep->zName);
      return;
    }
    if (pStep->nBranch) pStep = assocRelOn(p->pCall, pStep, pRel->pTarget);
    if (pStep == 0) return;
    pathAdd(p, pStep);
    pAt = pStep->pTarget;
  }
  if (p->pCall->rc != SQLITE_OK) return;
  assert(pRel->nPath > 0);
  if (pAt != pRel->pTarget) pathLast(p);
  if (p->pCall->rc == SQLITE_OK) {
    const AssocRel *pFirst = pRel->apPath[0];
    pRel->sourceKey =
        pFirst->eKind == ASSOC_BELONGSTO ? pFirst->foreign : pFirst->sourceKey;
  }
}

/* Is the option through of a hasOne or hasMany a path, and not the name of a
** table? A path begins with an association of the source. */
int assocResolveIsPath(AssocResolver *p) {
  const char *z = p->pRel->pOpt->zThrough;
  AssocDef *pDef = 0;
  int n = 0;
  assert(z);
  while (z[n] && z[n] != '.') n++;
  if (z[n] == '.') return 1;
  while ((pDef = assocModelNextHad(p->pCall, p->pRel->pSource, pDef)) != 0) {
    if (sqlite3_stricmp(pDef->zName, z) == 0) return 1;
  }
  return 0;
}
