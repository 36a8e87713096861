/*
** Foreign keys that the schema does not declare: the types that the files of
** guessing share.
**
**    guessword  the words of names
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

#define ASSOC_GUESS_MXWORD 12 /* Longer names are cut */
#define ASSOC_GUESS_MXPART 4  /* Words of which one word can be made */

/* A word of a name, in lower case and singular; equal words are one object. */
struct AssocGuessWord {
  const char *z;             /* The word; ends in a NUL */
  int n;                     /* Its length in bytes */
  u8 bTable;                 /* The last word of some table's name */
  u8 bMark;                  /* Several tables have a key of this name */
  AssocGuessParent *pByName; /* Parents whose table's last word it is */
  AssocGuessParent *pByKey;  /* Parents whose key's last word it is */
  u8 bLetters;               /* apLetter has been looked for */
  u8 bSeen;                  /* A name of the schema has it */
  u8 bInTable;               /* One of a table */
  u8 bParted;                /* The next two are known */
  int nPart;                 /* userprofile is made of user and profile */
  AssocGuessWord *apPart[ASSOC_GUESS_MXPART]; /* These words */
  int nLetter;                 /* Parents whose name begins or ends with it, */
  AssocGuessParent **apLetter; /* but do not have it as a word */
};

/* The words of a name. */
struct AssocGuessName {
  int n;                                  /* Words in ap */
  AssocGuessWord *ap[ASSOC_GUESS_MXWORD]; /* In the name's order */
};

/* A table that can have keys and be referenced. */
struct AssocGuessTable {
  AssocModel *pModel;      /* The table's own model */
  AssocGuessName name;     /* All its words */
  AssocGuessName plain;    /* Without the prefix that tables share */
  AssocGuessName *aColumn; /* The words of its columns */
  const char *zGlued;      /* plain without separators */
  const char *zInitial;    /* The first letters of plain's words */
  AssocGuessWord *pPrefix; /* What most of its columns begin with, or 0 */
  u8 bPlain;               /* Has a key without a word such as id */
  int nKey;                /* Keys that refer to it */
  int nPerson;             /* Columns that people have, such as email */
  u8 bJoin;                /* Holds two keys and nothing else */
  u8 bTypes;               /* What follows has been read */
  int nType;               /* Names of classes in a column named type */
  AssocGuessWord **apType; /* Their last words */
  u8 *abTaken;             /* Columns that are keys, declared or guessed */
  AssocGuessParent **apTo; /* What the guessed ones refer to */
};

/* One column of a table that rows can be referenced by. */
struct AssocGuessParent {
  AssocGuessTable *pTab; /* The table that has it */
  int iCol;              /* The column's number */
  AssocGuessName key;    /* Words of the column's name */
  u8 bPrimary;           /* It is the primary key */
  u8 bGeneric;           /* The name is one that any table's key may have */
  AssocGuessParent *pNextByName, *pNextByKey; /* Of pByName, pByKey */
  sqlite3_stmt *pFind; /* OWNED: is ?1 one of its values? */
  i64 nRow;            /* -1: not asked */
  double rOdds;        /* 1 in so many values that look like its keys is one */
};

/* How a name speaks for a parent, strongest first. */
#define ASSOC_GUESS_NONE 0
#define ASSOC_GUESS_EXACT 1   /* author_id: authors */
#define ASSOC_GUESS_SAME 2    /* idFile: files(idFile) */
#define ASSOC_GUESS_CHILD 3   /* issues.category_id: issue_categories */
#define ASSOC_GUESS_EXTEND 4  /* visit_sources.id: visits(id) */
#define ASSOC_GUESS_SUFFIX 5  /* last_post_user_id: users */
#define ASSOC_GUESS_HEAD 6    /* issue_from_id: issues */
#define ASSOC_GUESS_SELF 7    /* parent_id: the same table */
#define ASSOC_GUESS_TAIL 8    /* page_id: wiki_pages */
#define ASSOC_GUESS_PERSON 9  /* created_by: users */
#define ASSOC_GUESS_CLASS 10  /* priority_id: a row of type IssuePriority */
#define ASSOC_GUESS_LAST 11   /* default_status_id: issue_statuses */
#define ASSOC_GUESS_SHORT 12  /* repo_id: repositories; nid: notes */
#define ASSOC_GUESS_FIRST 13  /* folder_id: folder_locations */
#define ASSOC_GUESS_VALUES 14 /* Only the values say so */
#define ASSOC_GUESS_PAIR 15   /* _RoleToUser(A, B) */
#define ASSOC_GUESS_TWIN 16   /* blocks(person_id, target_id) */

struct AssocGuessMatch {
  AssocGuessParent *pParent; /* What the column may reference */
  int eKind;                 /* ASSOC_GUESS_*: how their names agree */
  int nSure;                 /* In hundredths, before the values */
  int nTie;                  /* Among matches of one kind: more is nearer */
};

struct AssocGuesser {
  AssocLook *p;              /* Receives the guesses */
  AssocCall *pCall;          /* p->pCall */
  int nTable, nParent;       /* Lengths of the next two */
  AssocGuessTable *aTable;   /* Tables that can take part */
  AssocGuessParent *aParent; /* Columns that can be referenced */
  int nSlot, nWord;          /* A hash table of words */
  AssocGuessWord **apWord;   /* nSlot entries, nWord of them used */
  const char **azRaw;        /* The word as it was written, for each slot */
  u8 bKnown;                 /* All words have been seen */
  char cPrefix; /* The letter that all names begin with, as in ZNOTE; or 0 */
  AssocGuessMatch *aMatch;    /* Room for nParent */
  AssocGuessTable **apPerson; /* Tables of people */
  int nPerson;                /* Number of them */
  int nMarked, nPlain; /* Keys found with and without a word such as id */
  AssocGuessParent **apClass; /* Keys of tables with a column named type */
  int nClass;                 /* Number of them */
};

/* The column that is looked at. */
typedef struct AssocGuessColumn AssocGuessColumn;
struct AssocGuessColumn {
  AssocGuessTable *pTab;   /* The table that has it */
  int iCol;                /* Its number in the table */
  const AssocColumn *pCol; /* The column itself */
  AssocGuessName name;     /* All words */
  AssocGuessName core;     /* Without id, fk, ... */
  u8 bMarked;              /* There was such a word */
  u8 bPk;                  /* The only column of the primary key */
  u8 bClass; /* Another column may say which table the key is of */
};

/* The word of the n bytes at z, in lower case; 0 after an error. */
AssocGuessWord *assocGuessWordOf(AssocGuesser *g, const char *z, int n);
/* The words of a name. */
void assocGuessNameRead(AssocGuesser *g, AssocGuessName *p, const char *z);
/* The word of the n bytes at z if some name has it; else 0. */
AssocGuessWord *assocGuessWordSeen(AssocGuesser *g, const char *z, int n);
/* Note the words of a name, before any name is read. */
void assocGuessNameLearn(AssocGuesser *g, const char *z, int bTable);
/* Does the text end in zEnd, or is it zEnd? */
int assocGuessEnds(const char *z, const char *zEnd);
/* The words of a name as one. */
const char *assocGuessNameGlue(AssocGuesser *g, const AssocGuessName *p);
/* Words, tables, and what they have in common. */
void assocGuessNames(AssocGuesser *g);
/* Put the tables of people in order, the likeliest first. */
void assocGuessPeople(AssocGuesser *g);
/* Read the name of a column. */
void assocGuessColumn(AssocGuesser *g, AssocGuessColumn *p,
                      AssocGuessTable *pTab, int iCol);
/* The parents that the name speaks for, into g->aMatch, best first. */
int assocGuessMatches(AssocGuesser *g, const AssocGuessColumn *p);
/* Is another column there that says which table the key is of? */
int assocGuessIsPolymorphic(const AssocGuessColumn *p);
/* Does the name say that it is a number or a flag: num_stars, is_fork? */
int assocGuessIsNumber(AssocGuesser *g, const AssocGuessColumn *p);
/* Does the name say that it is the key of another system: providerAccountId? */
int assocGuessIsElsewhere(const AssocGuessColumn *p);
/* Does the name end in "of", "to" or the like: in_reply_to_id? */
int assocGuessIsOpen(const AssocGuessColumn *p);
/* Is the column the other side of a table that relates rows of one table? */
int assocGuessIsTwin(const AssocGuessColumn *p);
/* Is its last word a role of people, such as owner? */
int assocGuessIsPerson(const AssocGuessColumn *p);
/* Does the name end in "by"? */
int assocGuessIsDone(const AssocGuessColumn *p);
/* Is the name "parent", with whatever before it? */
int assocGuessIsParent(const AssocGuessColumn *p);
/* Is the name one noun in the singular: rank, not ranks or rank_name? */
int assocGuessIsSingular(const AssocGuessColumn *p);
/* What kind of name it is, for a reason. */
extern const char *const azAssocGuessWhy[];

#endif /* ASSOC_GUESS_H */
