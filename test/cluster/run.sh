#!/bin/sh
# Tests with engines that replicate SQLite: `make cluster`.
#
#   test/cluster/run.sh ASSOC_SO TOOLS NEW_SQLITE [NAME]
#
# TOOLS is the folder where the Makefile has put the engines' programs, an
# earlier version of assoc (old/) and the tests' own programs; NEW_SQLITE has
# the newest SQLite's library. NAME runs that test alone. What is not there is
# skipped with a line that says so. Each test ends with a line "N passed, N
# failed", and so does the whole.
set -u
library=$1
tools=$2
new=$3
only=${4:-}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# engine NAME PROGRAM COMMAND...: run COMMAND if PROGRAM is there. The word DIR
# in it stands for an empty folder.
engine() {
  name=$1 program=$2
  shift 2
  test -z "$only" || test "$only" = "$name" || return
  if [ ! -x "$program" ]; then
    echo "$name: skipped: its program $program is not there"
    return
  fi
  mkdir -p "$work/$name"
  echo "$name:"
  for word in "$@"; do
    shift
    test "$word" != DIR || word=$work/$name
    set -- "$@" "$word"
  done
  "$@" >"$work/log" 2>&1
  cat "$work/log"
  counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/log")
  set -- ${counts:-0 1}
  passed=$((passed + $1)) failed=$((failed + $2))
}

# The file, or nothing.
there() { test -e "$1" && echo "$1"; }

old=$(there "$tools/old/assoc.so")
sqld=$tools/sqld/package/sqld
litestream=$tools/litestream/package/litestream
engine sqld "$sqld" node "$here/sqld.mjs" "$sqld" "$library" DIR $old
engine dqlite /usr/bin/dqlite-demo node "$here/dqlite.mjs" \
  /usr/bin/dqlite-demo "$tools/shim.so" DIR
engine litestream "$litestream" sh "$here/litestream.sh" "$litestream" "$library" DIR
engine statements "$(command -v tclsh)" tclsh "$here/statements.tcl" "$library" \
  DIR "$old" "$(there "$new/libsqlite3.so.0" >/dev/null && echo "$new")"
engine changesets "$tools/changeset" "$tools/changeset" "$library" DIR
echo 'rqlite: not tried: the Go module proxy does not have it; see statements'
echo "$passed passed, $failed failed"
[ $failed = 0 ]
