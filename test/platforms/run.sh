#!/bin/sh
# The SQL of the documentation on other machines: each must print what this one
# prints, byte for byte.
#
#   test/platforms/run.sh FOLDER PACKAGES ZIG-CC… -- DOC.md…
#
# ZIG-CC is a C compiler that takes -target. FOLDER keeps what is compiled: for
# each target SQLite's shell, and the extension where PACKAGES has none. Other
# processors are emulated by qemu, with Debian's cross libraries of C; Windows
# by wine. The last line counts, as that of `make test` does.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../tools.sh"
mkdir -p "$1"
folder=$(cd "$1" && pwd)
packages=$(cd "$2" && pwd)
shift 2
zig=
while [ "$1" != -- ]; do
  zig="$zig $1"
  shift
done
shift

# --------------------------------------------------------------- what is needed

# The shell's source comes inside npm's package sqlite3; nothing of it is run.
shell_source() {
  test -f "$folder/sqlite/shell.c" && return
  mkdir -p "$folder/sqlite"
  (cd "$folder/sqlite" && npm pack --loglevel=error sqlite3@6.0.1 >/dev/null &&
    tar -xzf sqlite3-*.tgz --strip-components=2 --wildcards '*/sqlite-auto*' &&
    tar -xzf sqlite-autoconf-*.tar.gz --strip-components=1 --wildcards \
      '*/shell.c' '*/sqlite3.c' '*/sqlite3.h' '*/sqlite3ext.h' &&
    rm -f ./*.tgz ./*.tar.gz)
}

# compile TARGET OUTPUT ARGUMENTS…: unless it is newer than its source
compile() {
  target=$1 output=$2
  shift 2
  if [ -f "$output" ] && [ "$output" -nt "$packages/csrc/assoc.c" ]; then
    return
  fi
  mkdir -p "$(dirname "$output")"
  echo "  CC     ${output#"$folder/"}"
  $zig -target "$target" -O1 -s -w -fno-sanitize=undefined \
    -I"$folder/sqlite" "$@" -o "$output"
}

# A shell is the same for all versions of the extension. For musl, zig would link
# it statically, and then it could load nothing. On Windows it begins with
# wmain(), which -municode starts.
compile_shell() {
  case $1 in
  *windows*) unicode=-municode ;;
  *) unicode= ;;
  esac
  test -f "$2" || compile "$1" "$2" -dynamic $unicode -DSQLITE_THREADSAFE=0 \
    -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_DBSTAT_VTAB \
    -DSQLITE_ENABLE_COLUMN_METADATA "$folder/sqlite/shell.c" \
    "$folder/sqlite/sqlite3.c" -lm
}

compile_extension() {
  compile "$1" "$2" -DNDEBUG -std=c11 -fPIC -shared -fvisibility=hidden \
    -Wl,-z,nodelete "$packages/csrc/assoc.c"
}

# ------------------------------------------------------------------ one platform

# platform NAME TARGET EXTENSION EMULATOR…: runs the script, and compares.
platform() {
  name=$1 target=$2 extension=$3
  shift 3
  work=$folder/$name
  compile_shell "$target" "$work/sqlite3" || { fail "$name"; return; }
  case $extension in
  '')
    extension=$work/assoc.so
    compile_extension "$target" "$extension" || { fail "$name"; return; }
    ;;
  esac
  cp "$extension" "$work/assoc.${extension##*.}" 2>/dev/null
  # An earlier run has left its databases
  find "$work" -type f ! -name sqlite3 ! -name 'assoc.*' -delete
  (cd "$work" && "$@" ./sqlite3 -batch -init /dev/null <"$folder/script.sql" \
    2>&1) | tr -d '\r' >"$work/said.txt"
  if [ "$name" = native ]; then
    check_native
  elif cmp -s "$folder/native/said.txt" "$work/said.txt"; then
    pass "$name: $(wc -l <"$work/said.txt") lines are the same"
  else
    diff "$folder/native/said.txt" "$work/said.txt" | head -n 20
    fail "$name"
  fi
}

# That pages are right here is what doctest tests; here, that they ran.
check_native() {
  lines=$(wc -l <"$work/said.txt")
  sections=$(grep -c '^== ' "$work/said.txt")
  if [ "$lines" -gt 300 ] && [ "$sections" -gt 10 ] &&
    ! grep -q 'no such function: assoc\|cannot open shared' "$work/said.txt"; then
    pass "native: $lines lines of $sections sections"
  else
    head -n 20 "$work/said.txt"
    fail native
  fi
}

# --------------------------------------------------------------------- all of them

shell_source || { echo '0 passed, 1 failed'; exit 1; }
awk -f "$here/script.awk" -v load=./assoc "$@" >"$folder/script.sql"
lib=$packages/lib

platform native x86_64-linux-gnu.2.17 "$lib/linux-x64/assoc.so" env
platform aarch64 aarch64-linux-gnu.2.17 "$lib/linux-arm64/assoc.so" \
  qemu-aarch64 -L /usr/aarch64-linux-gnu
platform armhf arm-linux-gnueabihf.2.28 '' \
  qemu-arm -L /usr/arm-linux-gnueabihf
platform i386 x86-linux-gnu.2.28 '' qemu-i386 -L /usr/i686-linux-gnu
platform riscv64 riscv64-linux-gnu.2.31 '' \
  qemu-riscv64 -L /usr/riscv64-linux-gnu
platform s390x s390x-linux-gnu.2.28 '' qemu-s390x -L /usr/s390x-linux-gnu
platform musl x86_64-linux-musl "$lib/linux-x64-musl/assoc.so" \
  /lib/ld-musl-x86_64.so.1
WINEPREFIX=$folder/wine WINEDEBUG=-all
export WINEPREFIX WINEDEBUG
# The first start makes the folder, and says so.
[ -d "$WINEPREFIX" ] || wineboot --init >"$folder/wine.log" 2>&1 || true
platform windows x86_64-windows-gnu "$lib/win32-x64/assoc.dll" wine

# ------------------------------------------------------------------ the browser

NODE_FOLDER=$folder/node
export NODE_FOLDER
browser() {
  npm_packages "$here/node" "$NODE_FOLDER" &&
    node "$here/page.mjs" "$packages/wasm/page" "$folder"
}

if browser >"$folder/page.log" 2>&1; then
  pass 'WebAssembly: the page in Chromium, and what it keeps in OPFS'
else
  cat "$folder/page.log"
  fail WebAssembly
fi

finish
