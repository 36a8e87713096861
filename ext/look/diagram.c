/*
** The formats of assoc_diagram(). To add one: write assocPictureNAME() in a
** file of its own, declare it in picture.h, and add a line to the table below.
** bAll says whether the format shows every table, or only those that
** definitions use.
*/
#include "look/picture.h"

/* One format of assoc_diagram(). */
typedef struct DiagramFormat DiagramFormat;
struct DiagramFormat {
  const char *zName;              /* The first argument of assoc_diagram() */
  u8 bAll;                        /* Also tables that no definition uses */
  void (*xWrite)(AssocPicture *); /* Writes to pStr */
};
static const DiagramFormat aDiagramFormat[] = {
    {"mermaid", 0, assocPictureMermaid},       {"dot", 0, assocPictureDot},
    {"text", 0, assocPictureOutline},          {"json", 1, assocPictureJson},
    {"typescript", 1, assocPictureTypescript},
};

/* "there are mermaid, dot and text". OUT: sqlite3_free() */
static char *diagramNames(AssocCall *pCall) {
  sqlite3_str *pStr = sqlite3_str_new(pCall->db);
  int i, n = ASSOC_COUNT(aDiagramFormat);
  sqlite3_str_appendall(pStr, "there are ");
  assert(n > 1);
  for (i = 0; i < n; i++) {
    sqlite3_str_appendf(pStr, "%s%s",
                        i == 0       ? ""
                        : i == n - 1 ? " and "
                                     : ", ",
                        aDiagramFormat[i].zName);
  }
  return assocStrFinish(pCall, pStr);
}

/* An unknown name is an error that lists all formats; the result is then 0, the
** first one. */
int assocDiagramFormat(AssocCall *pCall, const char *zName) {
  AssocNearest near;
  char *z;
  int i;
  if (zName == 0) return 0;
  memset(&near, 0, sizeof(near));
  /* 0 is the default format; the error's return value is not used. */
  near.zWritten = zName;
  for (i = 0; i < ASSOC_COUNT(aDiagramFormat); i++) {
    if (sqlite3_stricmp(aDiagramFormat[i].zName, zName) == 0) return i;
    assocNearestTry(&near, aDiagramFormat[i].zName);
  }
  z = diagramNames(pCall);
  assocFail(pCall,
            &(AssocWhy){.eReason = ASSOC_E_UNKNOWN_OPTION,
                        .zName = zName,
                        .zNear = near.zBest,
                        .zHint = z},
            "there is no format '%s'", zName);
  sqlite3_free(z);
  return 0;
}

/* Formats for people are grouped; formats for programs keep the order of the
** schema. OUT: the caller frees the text with sqlite3_free(); 0 after an
** error. */
char *assocDiagramText(AssocLook *p, int iFormat,
                       const AssocDiagramOptions *pOpt) {
  const DiagramFormat *pFormat = &aDiagramFormat[iFormat];
  AssocPicture picture;
  assert(iFormat >= 0 && iFormat < ASSOC_COUNT(aDiagramFormat));
  memset(&picture, 0, sizeof(picture));
  picture.p = p;
  picture.pCall = p->pCall;
  picture.pStr = sqlite3_str_new(p->pCall->db);
  picture.pOpt = pOpt;
  assocPictureCollect(&picture, pFormat->bAll);
  assocPictureChoose(&picture);
  if (!pFormat->bAll && p->pCall->rc == SQLITE_OK) {
    assocPictureCluster(&picture);
  }
  if (p->pCall->rc == SQLITE_OK) pFormat->xWrite(&picture);
  return assocLookLines(p, picture.pStr);
}
