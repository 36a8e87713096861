#!/bin/sh
# SQLite's own tests with assoc in every connection: `make sqlite-suite`.
#
#   test/sqlite-suite.sh FOLDER AMALGAMATION_FOLDER
#
# FOLDER gets Debian's source package of SQLite, which holds the tests, and its
# program `testfixture`, built with assoc inside. veryquick.test runs twice: as
# it is, and with ASSOC_EVERYWHERE=1, which registers assoc in each connection.
# The same tests must fail in both (some fail where they run as root or in a
# container, with any SQLite).
set -eu
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
assoc=$(cd "$2" && pwd)
mkdir -p "$dir/lists/partial"
dir=$(cd "$dir" && pwd)
cd "$dir"

# The source, from a list of sources of our own.
if ! ls -d sqlite3-*/ >/dev/null 2>&1; then
  . /etc/os-release
  echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" >sources.list
  apt="-o Dir::Etc::sourcelist=$dir/sources.list -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists=$dir/lists"
  apt-get -qq $apt update
  apt-get -qq $apt source --download-only sqlite3
  tar -xf sqlite3_*.orig.tar.xz
fi
source=$(cd sqlite3-*/ && pwd)

if [ ! -x "$source/testfixture" ] ||
  [ "$assoc/assoc.c" -nt "$source/testfixture" ]; then
  (
    cd "$source"
    test -f Makefile || ./configure --disable-shared CFLAGS=-O1 \
      --with-tcl="$(echo 'puts [tcl::pkgconfig get libdir,runtime]' | tclsh)/tcl8.6"
    make sqlite3.h
    gcc -O1 -c -DSQLITE_CORE -I. -I"$assoc" "$assoc/assoc.c" -o "$dir/assoc.o"
    gcc -O1 -c -I. -I"$assoc" "$here/everywhere.c" -o "$dir/everywhere.o"
    rm -f testfixture
    make testfixture OPTS=-DSQLITE_EXTRA_INIT=assocEverywhere \
      TLIBS="$dir/assoc.o $dir/everywhere.o -ldl -lm -lz -lpthread"
  ) >"$dir/build.log" 2>&1 || {
    tail -5 "$dir/build.log"
    exit 1
  }
fi

# veryquick NAME: its output and, sorted, the tests that failed.
veryquick() {
  rm -rf "${dir:?}/$1"
  mkdir "$dir/$1"
  (cd "$dir/$1" && "$source/testfixture" "$source/test/veryquick.test") \
    >"$dir/$1.txt" 2>&1 || true
  sed -n 's/^!Failures on these tests: //p; s/^!!* *Failures on these tests: //p' \
    "$dir/$1.txt" | tr ' ' '\n' | sort >"$dir/$1.failed"
  grep ' errors out of ' "$dir/$1.txt" || {
    echo "! $1: the run did not end; see $dir/$1.txt"
    exit 1
  }
}
echo 'SQLite alone:'
veryquick plain &
plain=$!
ASSOC_EVERYWHERE=1 veryquick with >"$dir/with.said"
wait $plain
echo 'With assoc in every connection:'
cat "$dir/with.said"
if diff "$dir/plain.failed" "$dir/with.failed"; then
  echo '1 passed, 0 failed'
else
  echo '0 passed, 1 failed'
  exit 1
fi
