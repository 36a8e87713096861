#!/bin/sh
# Judge the tests by MC/DC: for each condition of a decision, do the tests show
# a pair of runs where that condition alone changes the decision? `make mcdc`.
#
#   tool/mcdc.sh build/mcdc [-SUFFIX]
#
# The folder holds the library, and in raw/ what its runs left. -SUFFIX is that
# of LLVM's tools: -19. Prints lines, branches and conditions for each file,
# and the sums for each floor. test/mcdc.txt has, for each floor, how many
# conditions may be missed: more fails, and fewer should be written there. An
# annotated source per file is left in FOLDER/show, and in FOLDER/missed a line
# for each condition that was missed: where, how often it was true and false,
# and its text.
set -eu
dir=$1
suffix=${2:-}
library=$(ls "$dir"/assoc.*)
allowed=test/mcdc.txt

llvm-profdata"$suffix" merge -sparse "$dir"/raw/*.profraw -o "$dir/all.profdata"
llvm-cov"$suffix" export -summary-only -instr-profile="$dir/all.profdata" \
  "$library" >"$dir/all.json"
llvm-cov"$suffix" show -show-mcdc -show-branches=count -output-dir="$dir/show" \
  -format=text -instr-profile="$dir/all.profdata" "$library" >/dev/null

find "$dir/show" -name '*.c.txt' | sort | while read -r file; do
  awk -v name="${file##*/ext/}" '
    function place(text) { gsub(/.*\(|\).*/, "", text); return text }
    BEGIN { sub(/\.txt$/, "", name) }
    /^ *[0-9]+\|/ {
      line = $0; sub(/^ *[0-9]+\|[^|]*\|/, "", line); source[$1 + 0] = line
    }
    /\|  Branch \(/ {
      at = $3; gsub(/[():]/, " ", at); sub(/^ /, "", at)
      sub(/ $/, "", at); sub(/ +$/, "", at)
      if (!(at in seen)) { seen[at] = $0; sub(/.*\): /, "", seen[at]) }
    }
    /Condition C[0-9]+ -->/ {
      at = $5; gsub(/[():]/, " ", at); sub(/^ /, "", at); sub(/ +$/, "", at)
      condition[$3] = at
    }
    /-Pair: not covered/ {
      sub(/-Pair:/, "", $2); missed[++n] = condition[$2]
    }
    END {
      for (i = 1; i <= n; i++) {
        split(missed[i], part, " ")
        printf "ext/%s:%d:%d %s %s\n", name, part[1], part[2],
          seen[missed[i]], substr(source[part[1]], part[2])
      }
    }' "$file"
done >"$dir/missed"

# SQLite reads the JSON. A line per file: floor, name, then counts.
sqlite3 -separator ' ' :memory: "
  WITH file AS (
    SELECT substr(value ->> 'filename', instr(value ->> 'filename', '/ext/') + 5)
        AS name, value -> 'summary' AS s
    FROM json_each(CAST(readfile('$dir/all.json') AS TEXT), '\$.data[0].files')
    WHERE value ->> 'filename' LIKE '%.c')
  SELECT CASE WHEN instr(name, '/') THEN substr(name, 1, instr(name, '/') - 1)
      ELSE 'assoc' END, name,
    s ->> '\$.lines.covered', s ->> '\$.lines.count',
    s ->> '\$.branches.covered', s ->> '\$.branches.count',
    s ->> '\$.mcdc.covered', s ->> '\$.mcdc.count'
  FROM file ORDER BY 1, 2" >"$dir/files"

awk -v allowed="$allowed" '
  function percent(a, b) { return b ? 100 * a / b : 100 }
  function show(name, l, ln, b, bn, m, mn) {
    printf "%-26s %6.1f%% %6d %6.1f%% %6d %6.1f%% %5d missed\n", name,
      percent(l, ln), ln, percent(b, bn), bn, percent(m, mn), mn - m
  }
  BEGIN {
    while ((getline line < allowed) > 0) {
      if (line !~ /^#/ && split(line, part, " ") == 2) may[part[1]] = part[2]
    }
    printf "%-26s %14s %14s %20s\n", "file", "lines", "branches", "conditions"
  }
  {
    show($2, $3, $4, $5, $6, $7, $8)
    for (i = 3; i <= 8; i++) { sum[$1, i] += $i; all[i] += $i }
    floors[$1] = 1
  }
  END {
    print ""
    for (f in floors) {
      show(f, sum[f, 3], sum[f, 4], sum[f, 5], sum[f, 6], sum[f, 7], sum[f, 8])
      missed = sum[f, 8] - sum[f, 7]
      if (!(f in may) || missed > may[f]) bad[f] = missed
      else if (missed < may[f]) good[f] = missed
    }
    show("all", all[3], all[4], all[5], all[6], all[7], all[8])
    for (f in good) printf "%s misses %d conditions: write that to %s\n", f, \
      good[f], allowed
    for (f in bad) {
      printf "! %s misses %d conditions, and %s allows %s\n", f, bad[f], \
        allowed, f in may ? may[f] : "none"
      failed = 1
    }
    exit failed
  }' "$dir/files"
