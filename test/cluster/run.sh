#!/bin/sh
# Tests with real engines that replicate SQLite: `make cluster`.
#
#   test/cluster/run.sh ASSOC_SO TOOLS
#
# TOOLS is the folder where the Makefile has put the engines' programs. An
# engine that is not there is skipped with a line that says so. Each engine's
# test ends with a line "N passed, N failed".
set -u
library=$1
tools=$2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# engine NAME PROGRAM COMMAND...: run the test of an engine that is there.
engine() {
  name=$1 program=$2
  shift 2
  if [ ! -x "$program" ]; then
    echo "$name: skipped: its program $program is not there"
    return
  fi
  mkdir -p "$work/$name"
  echo "$name:"
  "$@" "$program" "$library" "$work/$name" || failed=1
}

engine sqld "$tools/sqld/package/sqld" node "$here/sqld.mjs"
engine litestream "$tools/litestream/package/litestream" sh "$here/litestream.sh"
exit $failed
