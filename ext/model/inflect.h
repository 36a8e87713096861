/*
** Names and their forms: one and many, camelCase and snake_case.
*/
#ifndef ASSOC_INFLECT_H
#define ASSOC_INFLECT_H

#include "base/base.h"

/* The plural of the last word of z: OrderStatus, OrderStatuses. A name that
** is plural already stays. OUT: in pArena; 0 after an error or for 0. */
char *assocPluralize(AssocCall *pCall, AssocArena *pArena, const char *z);

/* The singular of the last word of z: user_people, user_person. A name that
** is singular already stays. OUT: in pArena; 0 after an error or for 0. */
char *assocSingularize(AssocCall *pCall, AssocArena *pArena, const char *z);

/* zA and zB as one camelCase name: chief_editor, id: chiefEditorId. The
** first letter keeps its case. OUT: in pArena; 0 after an error. */
char *assocCamelize(AssocCall *pCall, AssocArena *pArena, const char *zA,
                    const char *zB);

/* z in snake_case: HTMLPage, html_page.
** OUT: in pArena; 0 after an error or for 0. */
char *assocUnderscore(AssocCall *pCall, AssocArena *pArena, const char *z);

/* True if z has only small letters, digits and underscores. */
int assocIsSnake(const char *z);

#endif /* ASSOC_INFLECT_H */
