/*
** Shared by the files that resolve a definition. No other file uses it.
**
**   relation.c     begins: assocRelOf() resolves a definition by its kind
**   many.c         belongsToMany
**   path.c         hasOne and hasMany through a path
**   polymorphic.c  targets of several models
**   keycolumn.c    columns of keys; calls none of the files above
**   modelname.c    iterates over the definitions of a model; resolves nothing
**
** Recursion: the steps of a path, and the belongsTo that a polymorphic hasMany
** names, are associations too. So path.c and polymorphic.c call assocRelFind()
** and assocRelOf() again. AssocDef.bResolving ends it: a definition that needs
** itself is an error.
*/
#ifndef ASSOC_MODEL_RESOLVE_H
#define ASSOC_MODEL_RESOLVE_H

#include "model/model.h"

/* The state of resolving one definition. */
typedef struct AssocResolver AssocResolver;
struct AssocResolver {
  AssocCall *pCall;    /* Receives the first error */
  AssocArena *pArena;  /* That of the catalog */
  AssocDef *pDef;      /* The definition */
  AssocRel *pRel;      /* What it means, so far */
  const char *zSource; /* The source in errors if it has no table */
};

/*
** Describes the foreign key to find.
*/
typedef struct AssocSeeker AssocSeeker;
struct AssocSeeker {
  AssocTable *pTab;     /* The table that contains it */
  AssocModel *pParent;  /* The model that it references */
  const AssocKey *pRef; /* The referenced columns */
  const char *zName;    /* The usual name begins with this */
  const char *zAlso;    /* Another such name, or 0 */
  const AssocKey *pNot; /* Columns used by another key, or 0 */
  int bNamed;           /* Keys of other associations do not count */
  const char *zOption;  /* The option that would decide */
};

/* Allocate n columns. After an error nCol is 0. */
void assocKeyAlloc(AssocResolver *p, AssocKey *pKey, int n);
/* Set column i of a key. pTab may be 0, and the column need not exist. A zCol
** of 0 is ignored. */
void assocKeySet(AssocKey *pKey, int i, const AssocTable *pTab,
                 const char *zCol);
/* Set a key to the columns that an option names. */
void assocKeyNamed(AssocResolver *p, AssocKey *pKey, const AssocTable *pTab,
                   const AssocNames *pNames);
/* The columns of a model that a foreign key of pTab references, if the option
** pSaid does not name them. pNames are the columns of the foreign key, if they
** are named. pRef gets no columns if the schema declares no such foreign key,
** or if it references the model's key. */
void assocKeyAdopt(AssocResolver *p, AssocTable *pTab, AssocModel *pParent,
                   const AssocNames *pNames, const AssocNames *pSaid,
                   AssocKey *pRef);
/* A view of the key's names; nothing is copied. */
AssocNames assocKeyNames(const AssocKey *pKey);
/* Do two keys have the same columns in the same order? They need not exist. */
int assocKeySame(const AssocKey *pA, const AssocKey *pB);
/* Unless pKey is set: the columns of a model that a foreign key references,
** those that the option zOption names, else the model's key. They must
** exist. */
void assocKeyReferenced(AssocResolver *p, AssocKey *pKey, AssocModel *pModel,
                        const AssocNames *pNames, const char *zOption);
/* The columns of a foreign key: see the head of keycolumn.c. zTab is the name
** of its table, which may not exist. */
void assocKeyForeign(AssocResolver *p, const AssocSeeker *pSeek, AssocKey *pKey,
                     const AssocNames *pNames, const char *zTab);
/* Is pDef the definition that is being resolved, perhaps as an older row? */
int assocResolveIsSelf(const AssocResolver *p, const AssocDef *pDef);
/* The singular of a model's name as the definition spells it, without its
** database. */
const char *assocResolveSingular(AssocResolver *p, const AssocModel *pModel,
                                 const char *zName);
/* The singular of the table's name, if zName is the name of a model beside the
** table's own: entry_id refers to Article, too. Else 0. */
const char *assocResolveAside(AssocResolver *p, const AssocModel *pModel,
                              const char *zName);

/* Resolve belongsToMany: the join table and both keys. */
void assocResolveMany(AssocResolver *p);
/* Is the option through a path of associations? Resolve that path. */
int assocResolveIsPath(AssocResolver *p);
/* Resolve each step of the path, and raise an error if one of them does not
** exist. */
void assocResolvePath(AssocResolver *p);
/* Resolve a polymorphic belongsTo; and an association that refers to one by
** "polymorphic":"commentable". */
void assocResolvePolymorphic(AssocResolver *p);
/* It takes the key and the type column from that belongsTo. */
void assocResolveTyped(AssocResolver *p);

#endif /* ASSOC_MODEL_RESOLVE_H */
