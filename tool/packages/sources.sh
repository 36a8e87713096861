#!/bin/sh
# Puts a package together: for Go and Rust with the sources of assoc, which they
# compile, for Java with the library.
#
#   tool/packages/sources.sh go|rust|java FOLDER
#
# FOLDER gets what stands beside this script and the licence; and the
# amalgamation and SQLite's header, or the library of this machine. `make
# amalgamation` or `make` comes first.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
package=${1:-} folder=${2:-}
case $package in
go | rust | java) ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
top_library() {
  for library in "$top"/assoc.so "$top"/assoc.dylib "$top"/assoc.dll; do
    test ! -e "$library" || echo "$library"
  done
}

# Java's name of this machine's processor.
processor() {
  uname -m | sed 's/x86_64/amd64/; s/arm64/aarch64/'
}

mkdir -p "$folder"
cp -R "$here/$package/." "$folder"
cp "$top/LICENSE" "$folder"

case $package in
go) sources=$folder ;; # Go compiles the C files beside its own
rust) sources=$folder/csrc ;;
java)
  sources=$folder/src/main/resources/assoc/native/$(processor)
  mkdir -p "$sources"
  cp "$(top_library)" "$sources"
  exit
  ;;
esac
header=$(echo '#include <sqlite3.h>' | ${CC:-cc} ${CPPFLAGS:-} -E - |
  sed -n 's/^# [0-9]* "\(.*sqlite3\.h\)".*/\1/p' | head -n 1)
mkdir -p "$sources"
cp "$top/build/assoc.c" "$top/build/assoc.h" "$header" "$sources"
