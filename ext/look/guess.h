/*
** Foreign keys that the schema does not declare: the types that both files of
** guessing share.
**
**    guessname  what the name of a column says about its parent
**    guess      what the values say, and the decision
**
** All memory belongs to the AssocLook.
*/
#ifndef ASSOC_GUESS_H
#define ASSOC_GUESS_H

#include "look/look.h"

typedef struct AssocGuessMatch AssocGuessMatch;
typedef struct AssocGuessName AssocGuessName;
typedef struct AssocGuessParent AssocGuessParent;
typedef struct AssocGuessTable AssocGuessTable;
typedef struct AssocGuessWord AssocGuessWord;
typedef struct AssocGuesser AssocGuesser;

#define ASSOC_GUESS_MXWORD 12

/* A word of a name, in lower case and singular; equal words are one object. */
struct AssocGuessWord {
  const char *z;
  int n;
  u8 bTable;                   /* The last word of some table's name */
  u8 bMark;                    /* Several tables have a key of this name */
  AssocGuessParent *pByName;   /* Parents whose table's last word it is */
  AssocGuessParent *pByKey;    /* Parents whose key's last word it is */
  u8 bLetters;                 /* apLetter has been looked for */
  int nLetter;                 /* Parents whose name begins or ends with it, */
  AssocGuessParent **apLetter; /* but in which it is no word */
};

/* The words of a name. */
struct AssocGuessName {
  int n;
  AssocGuessWord *ap[ASSOC_GUESS_MXWORD];
};

/* A table that can have keys and be referenced. */
struct AssocGuessTable {
  AssocModel *pModel;
  AssocGuessName name;     /* All its words */
  AssocGuessName plain;    /* Without the prefix that tables share */
  const char *zGlued;      /* plain without separators */
  const char *zInitial;    /* The first letters of plain's words */
  AssocGuessWord *pPrefix; /* What most of its columns begin with, or 0 */
  u8 bPlain;               /* Has a key without a word such as id */
  u8 bJoin;                /* Holds two keys and nothing else */
  u8 bTypes;               /* What follows has been read */
  int nType;               /* Names of classes in a column named type */
  AssocGuessWord **apType; /* Their last words */
  u8 *abTaken;             /* Columns that are keys, declared or guessed */
};

/* One column of a table that rows can be referenced by. */
struct AssocGuessParent {
  AssocGuessTable *pTab;
  int iCol;
  AssocGuessName key; /* Words of the column's name */
  u8 bPrimary;
  u8 bGeneric; /* The name is one that any table's key may have */
  AssocGuessParent *pNextByName, *pNextByKey;
  sqlite3_stmt *pFind; /* OWNED: is ?1 one of its values? */
  i64 nRow;            /* -1: not asked */
  u8 bDense;           /* Its values are 1, 2, 3, ... with few gaps */
};

/* How a name speaks for a parent, strongest first. */
#define ASSOC_GUESS_NONE 0
#define ASSOC_GUESS_EXACT 1   /* author_id: authors */
#define ASSOC_GUESS_SAME 2    /* idFile: files(idFile) */
#define ASSOC_GUESS_CHILD 3   /* issues.category_id: issue_categories */
#define ASSOC_GUESS_SUFFIX 4  /* last_post_user_id: users */
#define ASSOC_GUESS_HEAD 5    /* issue_from_id: issues */
#define ASSOC_GUESS_SELF 6    /* parent_id: the same table */
#define ASSOC_GUESS_TAIL 7    /* page_id: wiki_pages */
#define ASSOC_GUESS_PERSON 8  /* created_by: users */
#define ASSOC_GUESS_CLASS 9   /* priority_id: a row of type IssuePriority */
#define ASSOC_GUESS_LAST 10   /* default_status_id: issue_statuses */
#define ASSOC_GUESS_SHORT 11  /* repo_id: repositories; nid: notes */
#define ASSOC_GUESS_VALUES 12 /* Only the values say so */
#define ASSOC_GUESS_PAIR 13   /* _RoleToUser(A, B) */

struct AssocGuessMatch {
  AssocGuessParent *pParent;
  int eKind;
  int nSure; /* In hundredths, before the values */
  int nTie;  /* Among matches of one kind: more is nearer */
};

struct AssocGuesser {
  AssocLook *p;
  AssocCall *pCall;
  int nTable, nParent;
  AssocGuessTable *aTable;
  AssocGuessParent *aParent;
  int nSlot, nWord; /* A hash table of words */
  AssocGuessWord **apWord;
  const char **azRaw; /* The word as it was written, for each slot */
  char cPrefix; /* The letter that all names begin with, as in ZNOTE; or 0 */
  AssocGuessMatch *aMatch;    /* Room for nParent */
  AssocGuessTable **apPerson; /* Tables of people, likeliest first */
  int nPerson;
  int nMarked, nPlain; /* Keys found with and without a word such as id */
  AssocGuessParent **apClass; /* Keys of tables with a column named type */
  int nClass;
};

/* The column that is looked at. */
typedef struct AssocGuessColumn AssocGuessColumn;
struct AssocGuessColumn {
  AssocGuessTable *pTab;
  int iCol;
  const AssocColumn *pCol;
  AssocGuessName name; /* All words */
  AssocGuessName core; /* Without id, fk, ... */
  u8 bMarked;          /* There was such a word */
  u8 bPk;              /* The only column of the primary key */
};

/* Words, tables, and what they have in common. */
void assocGuessNames(AssocGuesser *g);
/* Read the name of a column. */
void assocGuessColumn(AssocGuesser *g, AssocGuessColumn *p,
                      AssocGuessTable *pTab, int iCol);
/* The parents that the name speaks for, into g->aMatch, best first. */
int assocGuessMatches(AssocGuesser *g, const AssocGuessColumn *p);
/* Is another column there that says which table the key is of? */
int assocGuessIsPolymorphic(AssocGuesser *g, const AssocGuessColumn *p);
/* Does the name say that it is a number or a flag: num_stars, is_fork? */
int assocGuessIsNumber(AssocGuesser *g, const AssocGuessColumn *p);
/* Does the name say that it is the key of another system: providerAccountId? */
int assocGuessIsElsewhere(const AssocGuessColumn *p);
/* What kind of name it is, for a reason. */
extern const char *const azAssocGuessWhy[];

#endif /* ASSOC_GUESS_H */
