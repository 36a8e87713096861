/*
** Forms of names: singular and plural, camelCase and snake_case. inflect.c has
** the rules and more examples.
**
**   assocPluralize("SalesPerson")    SalesPeople
**   assocUnderscore("HTMLPage")      html_page
*/
#ifndef ASSOC_INFLECT_H
#define ASSOC_INFLECT_H

#include "base/base.h"

/* The plural of the last word of z: OrderStatus → OrderStatuses. A plural name
** stays unchanged. OUT: in pArena; 0 after an error, or if z is 0. */
char *assocPluralize(AssocCall *pCall, AssocArena *pArena, const char *z);

/* The singular of the last word of z: user_people → user_person. A singular
** name stays unchanged. OUT: in pArena; 0 after an error, or if z is 0. */
char *assocSingularize(AssocCall *pCall, AssocArena *pArena, const char *z);

/* Join zA and zB to one camelCase name: chief_editor, id → chiefEditorId. The
** first letter keeps its case. OUT: in pArena; 0 after an error. */
char *assocCamelize(AssocCall *pCall, AssocArena *pArena, const char *zA,
                    const char *zB);

/* z in snake_case: HTMLPage → html_page. OUT: in pArena; 0 after an error, or
** if z is 0. */
char *assocUnderscore(AssocCall *pCall, AssocArena *pArena, const char *z);

/* Does z have only lower-case ASCII letters, digits and underscores? */
int assocIsSnake(const char *z);

/* The plural that Sequelize 6 makes by its package inflection, where
** assocPluralize() makes another: Heros, Leafs. 0 where they agree, or after an
** error. */
char *assocPluralSequelize(AssocCall *pCall, AssocArena *pArena, const char *z);

/* A number that a name has in common with its plural, its singular, and both in
** snake_case. Other names may have it, too. */
u32 assocStemHash(const char *z);

#endif /* ASSOC_INFLECT_H */
