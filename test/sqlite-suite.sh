#!/bin/sh
# SQLite's own tests with assoc in every connection: `make sqlite-suite`.
#
#   test/sqlite-suite.sh FOLDER AMALGAMATION_FOLDER
#
# FOLDER gets Debian's source package of SQLite, which holds the tests, and its
# program `testfixture`, built with assoc as one of SQLite's built-in extensions.
# veryquick.test runs twice: with assoc asleep, and with ASSOC_EVERYWHERE=1, which
# registers it in each connection. The same tests must fail in both (some fail
# with any SQLite where they run as root or in a container), but for one:
#
#   mutex1.2.singlethread.4   wants no mutex at all to be used; assoc takes the
#                             one that SQLite reserves for applications
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
    grep -q assocEverywhere src/main.c ||
      sed -i 's/^static int (\*const sqlite3BuiltinExtensions.*/int assocEverywhere(sqlite3*);\n&\n  assocEverywhere,/' \
        src/main.c
    make sqlite3.h
    gcc -O1 -c -DSQLITE_CORE -I. -I"$assoc" "$assoc/assoc.c" -o "$dir/assoc.o"
    gcc -O1 -c -I. -I"$assoc" "$here/everywhere.c" -o "$dir/everywhere.o"
    rm -f testfixture
    make testfixture TLIBS="$dir/assoc.o $dir/everywhere.o -ldl -lm -lz -lpthread"
  ) >"$dir/build.log" 2>&1 || {
    tail -5 "$dir/build.log"
    exit 1
  }
fi

# One test opens files until no more can be opened.
ulimit -n 1024
# The tests refuse to run as root.
as_user=
if [ "$(id -u)" = 0 ]; then
  as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi

# veryquick NAME: its output and, sorted, the tests that failed.
veryquick() {
  rm -rf "${dir:?}/$1"
  mkdir "$dir/$1"
  test -z "$as_user" || chown 65534:65534 "$dir/$1"
  (cd "$dir/$1" && $as_user "$source/testfixture" "$source/test/veryquick.test") \
    >"$dir/$1.txt" 2>&1 || true
  sed -n 's/^!Failures on these tests: //p; s/^!!* *Failures on these tests: //p' \
    "$dir/$1.txt" | tr ' ' '\n' |
    grep -v '^mutex1.2.singlethread.4$' | sort >"$dir/$1.failed"
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
