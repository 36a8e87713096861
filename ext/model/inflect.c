/*
** Forms of names.
**
**   assocPluralize    User, Category, OrderStatus, SalesPerson, News
**                     Users, Categories, OrderStatuses, SalesPeople, News
**   assocSingularize  the reverse
**   assocCamelize     User + id → UserId, chief_editor + id → chiefEditorId
**   assocUnderscore   UserProfile → user_profile, HTMLPage → html_page
**
** One table, inflRows, contains all rules; it is read in both directions. Each
** row holds the ending of the singular, the ending of the plural, and the stems
** to which the row applies:
**
**   {"y", "ies", "-b -c -d"}     city, cities: stems that end in c
**   {"um", "a", "dat strat"}     datum, data: only these stems
**   {"child", "children", "-"}   grandchild, grandchildren: any stem
**   {"ox", "oxen", 0}            ox, oxen, but neither box nor fox
**
** Ends of stems stand first, then whole stems in the order of letters, since they
** are looked for by halves.
**
** The first row that fits a word decides. An exception is therefore simply an
** earlier row: "photo" finds photo, photos before potato, potatoes.
**
** The same search tells singular from plural. "status" fits the row of -us as a
** singular, and only the last row ("statu" + "s") as a plural. The earlier row
** wins, so "status" is a singular. "menus" fits an earlier row as a plural, so
** "menus" is a plural. A plural name stays unchanged when it is made plural,
** and a singular name when it is made singular.
**
** Where English has two forms, the form of Sequelize is made (stadia,
** appendixes, volcanos), and the other is understood too (stadiums, appendices,
** volcanoes).
*/
#include "model/inflect.h"

typedef struct InflRow InflRow;
struct InflRow {
  const char *zOne;   /* Ending of the singular */
  const char *zMany;  /* Ending of the plural */
  const char *zStems; /* Stems: -x any that ends in x; 0: none */
};

static const InflRow inflRows[] = {
    /* Singular and plural are equal: things that are not counted, some animals
    ** and vehicles, and words that are always plural */
    {"", "",
     "-headquarters -mathematics -nese -physics -sheep -ware "
     "accommodation adulthood advertising advice aerobics aggression aid "
     "air aircraft alcohol analytics anger applause arithmetic asbestos "
     "assistance athletics bacon baggage barracks beef biceps biology "
     "bison blood botany bread butter carbon cardboard cash cattle chalk "
     "chaos chassis chess clothes clothing corps countryside crossroads "
     "dancing debris deer diabetes dignity dirt dust economics education "
     "electricity electronics engineering enjoyment envy equipment ethics "
     "evidence evolution fame fiction flour flu food forceps fuel fun "
     "furniture gallows garbage garlic genetics gold golf goods gossip "
     "gratitude grief guilt gymnastics happiness harm hate hatred health "
     "heat help herpes homework honesty honey hospitality housework "
     "hovercraft humour hunger hydrogen ice importance inflation "
     "information innocence iron irony jam jeans jewellery jewelry judo "
     "karate knowledge kudos lack laughter lava leather leisure lightning "
     "linguistics literature litter livestock logic logistics loneliness "
     "luck luggage macaroni machinery magic management mankind marble "
     "mayonnaise means measles memorabilia merchandise methane milk "
     "miniseries money moose mud mumps music nature news nitrogen "
     "nonsense nurture nutrition obedience obesity oxygen pajamas pants "
     "paraphernalia pasta patience poetry police politics pollution "
     "portuguese poverty pride psychology publicity pumice punctuation "
     "pyjamas quartz rabies racism relaxation reliability rendezvous "
     "research respect revenge rice robotics rubbish rum safety salmon "
     "scenery scissors seafood seaside series shame shopping siamese "
     "sleep smoke smoking snow soap soil spacecraft spaghetti species "
     "steam stuff stupidity subspecies sunshine swine symmetry tennis "
     "thanks thirst thunder timber timeseries tongs traffic "
     "transportation triceps trousers trout trust underwear unemployment "
     "unity validity veal vegetation vengeance violence vitality warmth "
     "watercraft wealth weather welfare wheat wildlife wisdom yoga zinc "
     "zoology"},

    /* Irregular words */
    {"person", "people", "-"},
    {"child", "children", "-"},
    {"passerby", "passersby", 0},
    {"", "s",
     "-human -umen abdomen acumen amen brahman caiman cognomen cyclamen "
     "dolmen german hymen norman omen ottoman ramen regimen roman semen "
     "shaman specimen stamen talisman"},
    {"man", "men", "-"},
    {"", "s", "mongoose"},
    {"goose", "geese", "-"},
    {"foot", "feet", "-"},
    {"tooth", "teeth", "-"},
    {"mouse", "mice", "-"},
    {"louse", "lice", 0},
    {"ox", "oxen", 0},
    {"genus", "genera", 0},
    {"corpus", "corpora", 0},
    {"z", "zzes", "-qui fe whi"},

    /* knife and leaf, but neither safe nor roof */
    {"fe", "ves", "-kni -wi afterli halfli li midli nightli"},
    {"", "s", "-hoof"},
    {"f", "ves",
     "-cal -hal -hoo -lea -loa -sel -shea -shel -thie -wol dwar el scar whar"},

    /* Latin and Greek: first the words with an English plural, then the
    ** others */
    {"", "s",
     "addendum antenna curriculum formula maximum memorandum minimum nebula "
     "optimum persona referendum spectrum"},
    {"a", "ae", "alg alumn antenn formul larv minuti nebul person pup vertebr"},
    {"um", "a",
     "-dat -strat addend aquari arboret atri auditori bacteri cili colloqui "
     "compendi consorti crani cremator curricul desiderat dict empori "
     "equilibri errat gymnasi honorari labi maxim medi memorand millenni "
     "minim moment moratori optim ov parameci pericardi phyl planetari podi "
     "quant referend sanatori sanitari sept solari spectr stadi symposi "
     "terrari ultimat"},
    {"on", "a", "criteri phenomen tax"},
    {"", "es", "focus locus octopus syllabus terminus"},
    {"us", "i",
     "alumn alveol bacill bronch cact foc fung loc nucle nucleol octop radi "
     "stimul syllab termin"},
    {"", "s", "-au -ieu"},
    {"", "x", "adieu bureau chateau milieu plateau tableau"},
    {"ex", "ices", "-ind vert"},
    {"ix", "ices", "-matr"},
    {"is", "es", "ax prax prophylax test"},
    {"", "es", "-x"},
    {"ex", "ices", "ap cod cort vort"},
    {"ix", "ices", "append cerv hel"},
    {"", "es", "cosmos ethos ios os pathos rhinoceros s thermos yes"},
    {"e", "es",
     "-clos -dioces -ees -oos -pos cellulos dextros dos fructos glucos hos "
     "lactos los nos overdos primros pros ros sucros"},
    {"is", "es",
     "-cris -emphas -es -lys -metastas -os -phys -thars oas psorias seps "
     "synops"},

    /* Words that keep the e before the s */
    {"ie", "ies",
     "aer anom aunt bird boog book boot bourgeois bowt brown budg cabb cadd "
     "calor camarader coll comm cook coot coter cut d dogg eyr food freeb "
     "gen goal group hipp hoag hood ind jalous junk kidd l ladd lass linger "
     "magp menager mov neckt newb night old ones p pink pix potp prair quick "
     "rever road rook rotisser self smooth soft sort stym sweet t talk tech "
     "town vegg walk wedg ween yupp zomb"},
    {"che", "ches",
     "-ca a apa avalan backa bellya cli clo cre dou eara gana heada hearta "
     "menar microfi mousta musta ni pana pasti psy qui stomacha tootha"},
    {"sse", "sses", "creva fine impa lacro large mou po polite"},
    {"oe", "oes", "-sh al backh can d f fl h mistlet ob r sl t thr tipt w"},
    {"use", "uses", 0},
    {"use", "uses",
     "-a -exc -hypoten -masse -o -recl -ref ab am dis f m mis over per r re"},

    /* -y and -o */
    {"", "s", "goodby layby standby why"},
    {"y", "ies",
     "-b -c -d -f -g -h -j -k -l -m -n -p -qu -r -s -t -v -w -x -z"},
    {"o", "oes",
     "-potat -tomat antiher buffal ech embarg her superher torped vet"},
    {"", "s", "-o"},
    {"o", "oes", "-"},

    /* -s and hisses: many menus, one status */
    {"", "s",
     "-menu bayou caribou cpu ecu emu flu gnu gpu guru haiku hindu impromptu "
     "juju kudzu menu parvenu sku snafu tabu thou tofu tutu zebu zulu"},
    {"", "es",
     "-canvas -dermis -itis -polis -ss -us aegis alias atlas aws bias biogas "
     "cannabis christmas clitoris dais dns gas glottis gps hubris ibis iris "
     "js lens mantis pancreas pelvis penis portcullis sms summons trellis"},
    {"e", "es", "-s"},
    {"is", "es", "-s"},
    {"", "s",
     "-monarch -patriarch czech epoch eunuch loch matriarch oligarch stomach "
     "tech triptych"},
    {"", "es", "-ch -sh -tz -zz topaz"},
    {"e", "es", "-z"},
    {"", "es", "-z"},

    /* Everything else */
    {"", "s", "-"},
};

/* -------------------------------------------------------------- letters */

/* Letters beyond ASCII count as lower case, so they do not begin a word. */
static int inflIsLower(char c) {
  return ASSOC_CHAR_IS(c, ASSOC_CHAR_LOWER | ASSOC_CHAR_HIGH);
}

/*
** The length of the plural ending at z[i] behind capitals: 1 for the s of SKUs
** and of UserIDs, 2 for the es of DNSes. 0 if it is not such an ending. z has n
** bytes.
*/
static int inflCapsPlural(const char *z, int n, int i) {
  int nEnd = z[i] == 's' ? 1 : 2;
  assert(i >= 2 && i < n);
  if (i + nEnd > n) return 0;
  if (!assocIsUpper(z[i - 1]) || !assocIsUpper(z[i - 2])) return 0;
  if (i + nEnd < n && inflIsLower(z[i + nEnd])) return 0;
  if (nEnd == 1) return 1;
  return z[i] == 'e' && z[i + 1] == 's' && strchr("SXZ", z[i - 1]) ? 2 : 0;
}

/*
** Does z[i] begin a word? The P of UserProfile and of HTMLPage does, but not
** the U of SKUs. z has n bytes.
*/
static int inflBeginsWord(const char *z, int n, int i) {
  if (i == 0 || !assocIsUpper(z[i])) return 0;
  if (inflIsLower(z[i - 1]) || assocIsDigit(z[i - 1])) return 1;
  return assocIsUpper(z[i - 1]) && i + 1 < n && inflIsLower(z[i + 1]) &&
         inflCapsPlural(z, n, i + 1) == 0;
}

/* The start of the last word of z; n if z does not end in a letter or digit. */
static int inflLastWord(const char *z, int n) {
  int i = n;
  assert(n >= 0);
  while (i > 0) {
    char c = z[i - 1];
    if (!assocIsUpper(c) && !inflIsLower(c) && !assocIsDigit(c)) break;
    i--;
    if (inflBeginsWord(z, n, i)) break;
  }
  return i;
}

/* ------------------------------------------------------------------ stems */

/* Can the letter stand in the ending of a singular or a plural? Characters that
** assocUnderscore() adds or changes do not count either. */
static int stemDrops(char c) {
  static const char zEnding[] = "acefimnosuvxyz_-";
  return strchr(zEnding, assocLower(c)) != 0 || assocIsSpace(c);
}

/* If the first n bytes of z end in zEnd, without regard to underscores, the
** number of bytes before it. Else -1. */
static int stemBefore(const char *z, int n, const char *zEnd) {
  int i = (int)strlen(zEnd);
  while (n > 0 && i > 0) {
    char c = assocLower(z[--n]);
    if (c == zEnd[i - 1]) {
      i--;
    } else if (c != '_' && c != '-' && !assocIsSpace(c)) {
      return -1;
    }
  }
  return i == 0 ? n : -1;
}

/* Add the letters and digits of the first n bytes of z to the hash. */
static u32 stemAdd(u32 h, const char *z, int n) {
  int i;
  for (i = 0; i < n; i++) { /* FNV-1a */
    char c = assocLower(z[i]);
    if (c == '_' || c == '-' || assocIsSpace(c)) continue;
    h = (h ^ (u8)c) * 0x01000193u;
  }
  return h;
}

/* See inflect.h. Endings are dropped, letter by letter. Where singular and plural
** differ before that, what is left of the plural becomes what is left of the
** singular: peopl(e) is per(son). */
u32 assocStemHash(const char *z) {
  static const char *const az[] = {"peopl",    "per",     "feet",   "foot",
                                   "teeth",    "tooth",   "childr", "child",
                                   "gener",    "g",       "corpor", "corp",
                                   "passersb", "passerb", 0};
  int n = (int)strlen(z), i;
  while (n > 1 && stemDrops(z[n - 1])) n--;
  for (i = 0; az[i]; i += 2) {
    int nStem = stemBefore(z, n, az[i]);
    if (nStem < 0) continue;
    return stemAdd(stemAdd(0x811c9dc5u, z, nStem), az[i + 1],
                   (int)strlen(az[i + 1]));
  }
  return stemAdd(0x811c9dc5u, z, n);
}

/* ------------------------------------------------------------- one, many */

/* Does the word end in zEnd, in any case? Most do not even end in its last
** letter. */
static int inflEndsIn(const char *z, int n, const char *zEnd, int nEnd) {
  if (n < nEnd || nEnd == 0) return nEnd == 0;
  if (((z[n - 1] ^ zEnd[nEnd - 1]) & 0x1f) != 0) return 0;
  return sqlite3_strnicmp(z + n - nEnd, zEnd, nEnd) == 0;
}

/* Compare the n bytes at z, in any case, with the word at zWord, which ends at a
** space or a NUL. */
static int inflCompare(const char *z, int n, const char *zWord) {
  int i;
  for (i = 0; i < n && zWord[i] > ' '; i++) {
    int c = (u8)assocLower(z[i]) - zWord[i];
    if (c) return c;
  }
  return i < n ? 1 : -(zWord[i] > ' ');
}

/* Are the n bytes at z one of the words from zLo to zHi, which are sorted? */
static int inflHasWord(const char *zLo, const char *zHi, const char *z, int n) {
  while (zLo < zHi) {
    const char *zMid = zLo + (zHi - zLo) / 2;
    int c;
    while (zMid > zLo && zMid[-1] != ' ') zMid--;
    c = inflCompare(z, n, zMid);
    if (c == 0) return 1;
    if (c < 0) {
      zHi = zMid;
    } else {
      while (zMid < zHi && *zMid != ' ') zMid++;
      zLo = zMid < zHi ? zMid + 1 : zHi;
    }
  }
  return 0;
}

/* Are the n bytes at z one of zStems? */
static int inflHasStem(const char *zStems, const char *z, int n) {
  if (zStems == 0) return n == 0;
  /* "-x" is the end of a stem; "x" is a whole stem. */
  assert(z && n >= 0);
  while (*zStems == '-') {
    int nStem = (int)strcspn(++zStems, " ");
    if (inflEndsIn(z, n, zStems, nStem)) return 1;
    zStems += nStem;
    zStems += *zStems == ' ';
  }
  return inflHasWord(zStems, zStems + strlen(zStems), z, n);
}

/*
** The first row that the word z fits as a singular, or as a plural if bMany. A
** word that consists of the ending alone, "s", fits only a row without a stem.
*/
static int inflFind(const char *z, int n, int bMany) {
  int i;
  assert(n > 0);
  for (i = 0; i < ASSOC_COUNT(inflRows); i++) {
    const InflRow *p = &inflRows[i];
    const char *zEnd = bMany ? p->zMany : p->zOne;
    int nStem = n - (int)strlen(zEnd);
    if (nStem < 0 || (nStem == 0 && p->zOne[0] == 0)) continue;
    if (!inflEndsIn(z, n, zEnd, n - nStem)) continue;
    if (inflHasStem(p->zStems, z, nStem)) return i;
  }
  return i;
}

/*
** Is z written in capitals? ORDER_ITEM is, but not X, and not ORDER2, where a
** capital would begin a new word.
*/
static int inflIsCaps(const char *z, int n) {
  int i;
  for (i = 0; i < n && !inflIsLower(z[i]); i++) continue;
  return i == n && n > 1 && assocIsUpper(z[n - 1]);
}

/*
** Replace the ending zOld of z by zNew. Letters that both have keep their case.
** A new letter is a capital in a name of capitals (ORDERS); but TAG may be an
** acronym: TAGs, as in Sequelize.
*/
static char *inflReplace(AssocCall *pCall, AssocArena *pArena, const char *z,
                         int n, const char *zOld, const char *zNew) {
  int nOld = (int)strlen(zOld), nNew = (int)strlen(zNew);
  int bCaps = inflIsCaps(z, n) && (n > 3 || nOld > 0 || nNew > 1);
  int i, nStem = n - nOld, bKeep = 1;
  char c;
  char *zOut = assocAlloc(pCall, pArena, (i64)nStem + nNew + 1);
  if (zOut == 0) return 0;
  assert(nStem >= 0);
  memcpy(zOut, z, (size_t)nStem);
  for (i = 0; i < nNew; i++) {
    bKeep = bKeep &&
            zNew[i] == zOld[i]; /* zOld ends in a nul, which never matches */
    c = bCaps ? assocUpper(zNew[i]) : zNew[i];
    zOut[nStem + i] = bKeep ? z[nStem + i] : c;
  }
  return zOut;
}

/* The length of a plural ending behind capitals at the end of z: SKUs,
** DNSes. */
static int inflCapsEnd(const char *z, int n) {
  if (n > 2 && inflCapsPlural(z, n, n - 1)) return 1;
  return n > 3 ? inflCapsPlural(z, n, n - 2) : 0;
}

/* The plural of z if bMany, else its singular. */
static char *inflForm(AssocCall *pCall, AssocArena *pArena, const char *z,
                      int bMany) {
  int n = z ? (int)strlen(z) : 0;
  int iWord = inflLastWord(z, n);
  int nCaps = inflCapsEnd(z, n);
  int iOne, iMany;
  const InflRow *p;
  if (nCaps) return assocArenaText(pCall, pArena, z, bMany ? n : n - nCaps);
  if (iWord == n) return assocArenaText(pCall, pArena, z, n);
  iOne = inflFind(z + iWord, n - iWord, 0);
  iMany = inflFind(z + iWord, n - iWord, 1);
  assert(iOne < ASSOC_COUNT(inflRows)); /* The last row fits every word */
  if ((iMany <= iOne) == bMany) return assocArenaText(pCall, pArena, z, n);
  p = &inflRows[bMany ? iOne : iMany];
  return inflReplace(pCall, pArena, z, n, bMany ? p->zOne : p->zMany,
                     bMany ? p->zMany : p->zOne);
}

/* "person" becomes "people", "UserProfile" becomes "UserProfiles". A plural
** stays as it is. */
char *assocPluralize(AssocCall *pCall, AssocArena *pArena, const char *z) {
  char *zMany = inflForm(pCall, pArena, z, 1);
  assert(zMany == 0 || assocStemHash(zMany) == assocStemHash(z));
  return zMany;
}

/* "people" becomes "person". A singular stays as it is. */
char *assocSingularize(AssocCall *pCall, AssocArena *pArena, const char *z) {
  return inflForm(pCall, pArena, z, 0);
}

/* Does z end with zEnd, in any case of letters? */
static int inflEnds(const char *z, int n, const char *zEnd) {
  int nEnd = (int)strlen(zEnd);
  return n >= nEnd && sqlite3_strnicmp(&z[n - nEnd], zEnd, nEnd) == 0;
}

/*
** The package inflection 1.13 of Sequelize 6 knows fewer exceptions: it adds s
** to hero, leaf, waltz, larva, postman, phenomenon, ovum and salmon, and makes
** caves of cafe, gulves of gulf and premia of premium.
*/
char *assocPluralSequelize(AssocCall *pCall, AssocArena *pArena,
                           const char *z) {
  int n = z ? (int)strlen(z) : 0;
  const char *zOurs;
  if (n == 0 || pCall->rc != SQLITE_OK) return 0;
  if (inflEnds(z, n, "o")) {
    int bKnown = inflEnds(z, n, "buffalo") || inflEnds(z, n, "tomato") ||
                 inflEnds(z, n, "potato");
    return bKnown ? 0 : assocArenaPrintf(pCall, pArena, "%ss", z);
  }
  if (inflEnds(z, n, "lf")) {
    return assocArenaPrintf(pCall, pArena, "%.*sves", n - 1, z);
  }
  if (inflEnds(z, n, "fe") && !inflEnds(z, n, "ffe")) {
    return assocArenaPrintf(pCall, pArena, "%.*sves", n - 2, z);
  }
  if (inflEnds(z, n, "f") || inflEnds(z, n, "a") || inflEnds(z, n, "man") ||
      (inflEnds(z, n, "z") && !inflEnds(z, n, "quiz")) ||
      inflEnds(z, n, "phenomenon") || inflEnds(z, n, "ovum")) {
    return assocArenaPrintf(pCall, pArena, "%ss", z);
  }
  if (inflEnds(z, n, "ium")) {
    return assocArenaPrintf(pCall, pArena, "%.*sa", n - 2, z);
  }
  if (inflEnds(z, n, "chassis")) {
    return assocArenaPrintf(pCall, pArena, "%.*ses", n - 2, z);
  }
  if (inflEnds(z, n, "passerby")) {
    return assocArenaPrintf(pCall, pArena, "%.*sies", n - 1, z);
  }
  if (inflEnds(z, n, "ch")) return assocArenaPrintf(pCall, pArena, "%ses", z);
  zOurs = assocPluralize(pCall, pArena, z);
  if (zOurs && inflEnds(z, n, "y") && inflEnds(zOurs, n + 1, "ys") && n > 1 &&
      strchr("aeiouAEIOU", z[n - 2]) == 0) {
    return assocArenaPrintf(pCall, pArena, "%.*sies", n - 1, z);
  }
  if (zOurs && strcmp(zOurs, z) == 0 && !inflEnds(z, n, "s")) {
    return assocArenaPrintf(pCall, pArena, "%ss",
                            z); /* One salmon, two salmons */
  }
  return 0;
}

/* ----------------------------------------------------- camel and snake */

/*
** Append z to zOut, which has n bytes. Dashes, underscores and spaces are
** dropped, and the letter after them becomes a capital. Returns the new length.
*/
static int inflAppend(char *zOut, int n, const char *z, int *pbJoint) {
  assert(n >= 0);
  for (; *z; z++) {
    if (*z == '-' || *z == '_' || assocIsSpace(*z)) {
      *pbJoint = 1;
    } else {
      zOut[n++] = *pbJoint ? assocUpper(*z) : *z;
      *pbJoint = 0;
    }
  }
  return n;
}

/*
** Spaces before the name are removed first, as in Sequelize.
*/
char *assocCamelize(AssocCall *pCall, AssocArena *pArena, const char *zA,
                    const char *zB) {
  int n, bJoint = 0;
  char *zOut;
  if (pCall->rc != SQLITE_OK) return 0; /* zA and zB may be 0 after an error */
  while (assocIsSpace(*zA)) zA++;
  zOut = assocAlloc(pCall, pArena, (i64)strlen(zA) + (i64)strlen(zB) + 1);
  if (zOut == 0) return 0;
  n = inflAppend(zOut, 0, zA, &bJoint);
  bJoint = 1;
  inflAppend(zOut, n, zB, &bJoint);
  return zOut;
}

/* The test for names in snake_case: letters, digits and underscores, no
** capitals. */
int assocIsSnake(const char *z) {
  while (*z == '_' || assocIsDigit(*z) || assocIsLower(*z)) z++;
  return *z == 0;
}

/* At worst every second letter begins a word: aBaBaB. */
char *assocUnderscore(AssocCall *pCall, AssocArena *pArena, const char *z) {
  int n = z ? (int)strlen(z) : 0;
  int i, nOut = 0;
  char *zOut = assocAlloc(pCall, pArena, (i64)n * 2 + 1);
  if (z == 0 || zOut == 0) return 0;
  for (i = 0; i < n; i++) {
    if (inflBeginsWord(z, n, i)) zOut[nOut++] = '_';
    zOut[nOut++] = z[i] == '-' || assocIsSpace(z[i]) ? '_' : assocLower(z[i]);
  }
  assert(nOut <= 2 * n);
  return zOut;
}
