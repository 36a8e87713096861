#!/bin/sh
# Say what share of each source file the tests have run: `make coverage`.
#
#   tool/coverage.sh build/coverage FILE.c ...
#
# The first argument is where gcc --coverage left its notes. Annotated sources
# are left there too: build/coverage/ext/base/jsonwrite.c.gcov marks the lines that
# no test reaches with #####. Branches count each way that a condition went.
dir=$1
shift
printf '%-28s %16s %16s\n' file lines branches
for source in "$@"; do
  object=$dir/${source%.c}.o
  gcov -b "$source" -o "$object" 2>/dev/null >"$dir/gcov.log"
  # The summary of the source itself; headers and totals follow it.
  awk -v source="$source" '
    /^File / { here = ($2 == "\047" source "\047") }
    here && /^Lines executed/ { sub(/.*:/, ""); lines = $0 }
    here && /^Taken at least once/ { sub(/.*:/, ""); branches = $0 }
    END {
      split(lines, l, "% of "); split(branches, b, "% of ")
      printf "%-28s %7.2f%% %7d %7.2f%% %7d\n", source, l[1] + 0, l[2] + 0,
        b[2] ? b[1] : 100, b[2] + 0
    }' "$dir/gcov.log"
  mv "$(basename "$source").gcov" "$dir/$source.gcov" 2>/dev/null
  rm -f ./*.gcov
done | awk '
  { print; lines += $3; branches += $5
    lines_run += $2 * $3 / 100; branches_run += $4 * $5 / 100 }
  END { if (lines) printf "%-28s %7.2f%% %7d %7.2f%% %7d\n", "all",
    100 * lines_run / lines, lines, branches ? 100 * branches_run / branches \
    : 100, branches }'
