#!/bin/sh
# The functional tests on another processor, emulated by qemu: Debian's Tcl,
# SQLite and C library of that processor in a folder, and the extension and its
# test helper compiled for it.
#
#   test/platforms/suite.sh FOLDER ARCH ZIG-CC… -- OPTIONS-OF-all.tcl TESTS…
#
# ARCH is Debian's name: arm64, armhf, i386, s390x.
set -e
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1/suite/$2"
arch=$2
folder=$(cd "$1/suite/$arch" && pwd)
shift 2
zig=
while [ "$1" != -- ]; do
  zig="$zig $1"
  shift
done
shift
case $arch in
arm64) qemu=qemu-aarch64 target=aarch64-linux-gnu.2.36 triplet=aarch64-linux-gnu ;;
armhf) qemu=qemu-arm target=arm-linux-gnueabihf.2.36 triplet=arm-linux-gnueabihf ;;
i386) qemu=qemu-i386 target=x86-linux-gnu.2.36 triplet=i386-linux-gnu ;;
s390x) qemu=qemu-s390x target=s390x-linux-gnu.2.36 triplet=s390x-linux-gnu ;;
*)
  echo "no such processor: $arch" >&2
  exit 2
  ;;
esac
root=$folder/root

# apt with a state of its own knows this one architecture; the machine's own
# packages are not touched.
debian() {
  apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
    -o Dir::State="$folder/state" -o Dir::State::status="$folder/status" \
    -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root "$@"
}

if [ ! -x "$root/usr/bin/tclsh8.6" ]; then
  echo "  GET    Debian's Tcl and SQLite for $arch"
  mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" \
    "$folder/debs" "$root"
  touch "$folder/status"
  debian update 2>"$folder/log" || true
  (cd "$folder/debs" && debian download libc6 libgcc-s1 zlib1g libtcl8.6 \
    tcl8.6 tcl8.6-dev libsqlite3-0 libsqlite3-tcl sqlite3 libreadline8 \
    libtinfo6 2>"$folder/log")
  for deb in "$folder"/debs/*.deb; do
    dpkg -x "$deb" "$root"
  done
  rm -rf "$folder/debs" "$folder/cache"
fi

# ------------------------------------------------- the extension and the helper

cc="$zig -target $target -O1 -g -w -std=c11 -fPIC -shared -fno-sanitize=undefined
  -Wl,-z,nodelete -Wl,-Bsymbolic -I$folder/include -I$top/ext"
mkdir -p "$folder/include"
cp /usr/include/sqlite3.h /usr/include/sqlite3ext.h "$folder/include"
made=$folder/unit.so # the last of the three
if [ ! -e "$made" ] || [ -n "$(find "$0" "$top/build/assoc.c" \
  "$top"/test/*.[ch] -newer "$made")" ]; then
  echo "  CC     suite/$arch"
  $cc -fvisibility=hidden "$top/build/assoc.c" -o "$folder/assoc.so"
  $cc -Wl,-z,defs -DUSE_TCL_STUBS -I"$root/usr/include/tcl8.6" \
    "$top/test/faultsim.c" "$top/test/rawdb.c" \
    "$root/usr/lib/$triplet/libtclstub8.6.a" \
    "$root/usr/lib/$triplet/libsqlite3.so.0" \
    "$root/lib/$triplet/libgcc_s.so.1" -o "$folder/faultsim.so"
  $cc -fvisibility=hidden -Wl,-z,defs "$top/test/unit.c" \
    "$top/test/printjson.c" $(find "$top/ext" -name '*.c' ! -name assoc.c) \
    -o "$made"
fi

# emulated SCRIPT PROGRAM: SCRIPT runs a program of that processor. qemu looks
# into $root first for each absolute path that is opened. A program that starts
# itself once more, as tests do that need another process, finds SCRIPT as its own
# name (-0). The linker of i386 looks into no folder of its triplet unless it is told.
emulated() {
  printf '#!/bin/sh\nexec %s -0 "%s" -L "%s" -E LD_LIBRARY_PATH=%s "%s" "$@"\n' \
    "$qemu" "$1" "$root" "$root/lib/$triplet:$root/usr/lib/$triplet" \
    "$root/usr/bin/$2" >"$1"
  chmod +x "$1"
}
mkdir -p "$folder/bin"
emulated "$folder/bin/sqlite3" sqlite3
emulated "$folder/tclsh" tclsh8.6
printf '#!/bin/sh\nshift\nexec "%s" "$@"\n' "$folder/tclsh" >"$folder/run"
chmod +x "$folder/run" # instead of this machine's tclsh

# The folders of /tmp have positions of 64 bits, which a 32-bit program under qemu
# cannot read; those of a tmpfs are small.
if [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi

# An emulated machine is about twenty times as slow: no file is given up before two
# hours.
PATH=$folder/bin:$PATH ASSOC_SO=$folder/assoc.so \
  ASSOC_HELPER=$folder/faultsim.so \
  exec tclsh "$top/test/all.tcl" -timeout 7200 -run "$folder/run" \
  -log "$folder/log.d" "$@"
