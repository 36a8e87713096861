/*
** What the files that resolve a definition share: key.c, many.c, path.c,
** polymorphic.c, and relation.c, which calls them. Used by no other.
*/
#ifndef ASSOC_MODEL_RESOLVE_H
#define ASSOC_MODEL_RESOLVE_H

#include "model/model.h"

/* What is at hand while one definition is resolved. */
typedef struct AssocResolver AssocResolver;
struct AssocResolver {
  AssocCall *pCall;
  AssocArena *pArena;
  AssocDef *pDef;
  AssocRel *pRel;
  const char *zSource; /* What the source is called if there is no table */
};

/*
** Where a foreign key is looked for.
*/
typedef struct AssocSeeker AssocSeeker;
struct AssocSeeker {
  AssocTable *pTab;     /* The table that has it */
  AssocModel *pParent;  /* The model that it references */
  const AssocKey *pRef; /* Columns of it that are referenced */
  const char *zName;    /* What the usual name is made of */
  const AssocKey *pNot; /* Columns that are something else already, or 0 */
  int bNamed;           /* Others of this table go by other names */
  const char *zOption;  /* The option that settles it */
};

/* Room for the n columns of a key. */
void assocKeyAlloc(AssocResolver *p, AssocKey *pKey, int n);
/* Column i of a key; it need not be there yet. */
void assocKeySet(AssocKey *pKey, int i, const AssocTable *pTab,
                 const char *zCol);
/* The columns that an option names. */
void assocKeyNamed(AssocResolver *p, AssocKey *pKey, const AssocTable *pTab,
                   const AssocNames *pNames);
/* The columns of a model that a foreign key of pTab references, of the columns
** pNames if they are named, where the option, pSaid, says nothing. pRef gets
** none where the schema says nothing, either, or it is the model's key. */
void assocKeyAdopt(AssocResolver *p, AssocTable *pTab, AssocModel *pParent,
                   const AssocNames *pNames, const AssocNames *pSaid,
                   AssocKey *pRef);
/* The same columns, that are there or not, in the same order. */
int assocKeySame(const AssocKey *pA, const AssocKey *pB);
/* The columns of a model that a foreign key references, unless it has them:
** those that zOption names, else its key. */
void assocKeyReferenced(AssocResolver *p, AssocKey *pKey, AssocModel *pModel,
                        const AssocNames *pNames, const char *zOption);
/* A foreign key. zTab is the name of its table, which may be missing. */
void assocKeyForeign(AssocResolver *p, const AssocSeeker *pSeek, AssocKey *pKey,
                     const AssocNames *pNames, const char *zTab);
/* The options of another definition, 0 if they are wrong. */
AssocOptions *assocResolveOther(AssocResolver *p, AssocDef *pDef);
int assocResolveIsSelf(const AssocResolver *p, const AssocDef *pDef);
/* A name in the singular, as the definition spells it; of a model, without
** its database. */
const char *assocResolveSingular(AssocResolver *p, const AssocModel *pModel,
                                 const char *zName);

/* belongsToMany: join table, both keys. */
void assocResolveMany(AssocResolver *p);
/* Is the option through a path of associations, and which are they? */
int assocResolveIsPath(AssocResolver *p);
void assocResolvePath(AssocResolver *p);
/* A belongsTo of several models; and what leads to it from one of them. */
void assocResolvePolymorphic(AssocResolver *p);
void assocResolveTyped(AssocResolver *p);

#endif /* ASSOC_MODEL_RESOLVE_H */
