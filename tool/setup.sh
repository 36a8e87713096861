#!/bin/sh
# Install what a task of the Makefile needs and this machine does not have.
#
#   tool/setup.sh build      a C compiler, SQLite's headers and its shell
#   tool/setup.sh test       and Tcl with its SQLite binding
#   tool/setup.sh check      and clang, clang-format
#   tool/setup.sh valgrind   what `test` needs, and valgrind
#   tool/setup.sh sqlite-suite  what `test` needs, and zlib's headers
#   tool/setup.sh mcdc       what `test` needs, and a clang that knows MC/DC
#   tool/setup.sh newsqlite  what `test` needs, and npm
#   tool/setup.sh diagrams   what `test` needs, and Graphviz, npm
#   tool/setup.sh bench      and gnuplot, for the charts
#   tool/setup.sh cluster    what `test` needs, Node, npm, and dqlite if it can be had
#   tool/setup.sh clients    what `build` needs, and the languages of the clients:
#                            each that cannot be had is left out
#   tool/setup.sh migrations the same, and migration tools
#   tool/setup.sh packages   what `test` needs, and what the packages named in
#                            PARTS are built and tried with
#   tool/setup.sh platforms  qemu, wine, Chromium, and C libraries for them
#   tool/setup.sh example    what `build` needs, Node, npm, and Chromium if it can
#                            be had
#
# Each tool is looked for first, so that nothing is called that could ask for
# a password or the network when nothing is missing. What is missing is
# installed with apt-get (as root or through sudo) or with Homebrew; on other
# systems the script says what to install, and fails.
#
# CC and CPPFLAGS are honoured as in the Makefile.
set -u

CC=${CC:-cc}
CPPFLAGS=${CPPFLAGS:-}
task=${1:-}

# ------------------------------------------------- is it there? (exit status)

# The compiler, which may be two words: "ccache gcc".
has_cc() {
  command -v ${CC%% *} >/dev/null 2>&1
}

has_header() {
  has_cc && echo "#include <$1>" | $CC $CPPFLAGS -E - >/dev/null 2>&1
}

# A program that starts, which a stub on the PATH may not do.
has_program() {
  "$1" --version </dev/null >/dev/null 2>&1
}

has_package() {
  dpkg -s "$1" 2>/dev/null | grep -q '^Status: .* installed'
}

# Does this Tcl script succeed?
has_tcl() {
  echo "exit [catch {$1}]" | tclsh >/dev/null 2>&1
}

has_tcl_header() {
  has_tcl 'file size [file join [tcl::pkgconfig get includedir,runtime] tcl.h]'
}

has_perl_sqlite() {
  perl -MDBD::SQLite -e 1 2>/dev/null
}

# ------------------------------------------- need PACKAGE-OF-APT OF-BREW PROBE

missing_apt=
missing_brew=
need() {
  apt=$1 brew=$2
  shift 2
  "$@" && return
  missing_apt="$missing_apt $apt"
  missing_brew="$missing_brew $brew"
}

# want: the same, but the task goes on without it.
wanted_apt=
wanted_brew=
want() {
  apt=$1 brew=$2
  shift 2
  "$@" >/dev/null 2>&1 && return
  wanted_apt="$wanted_apt $apt"
  wanted_brew="$wanted_brew $brew"
}

needs_build() {
  need 'gcc' 'gcc' has_cc
  need 'libc6-dev' 'gcc' has_header stdlib.h
  need 'libsqlite3-dev' 'sqlite' has_header sqlite3ext.h
  need 'sqlite3' 'sqlite' has_program sqlite3
}

needs_test() {
  needs_build
  need 'tcl' 'tcl-tk@8' has_tcl 'package require Tcl 8.6-'
  need 'tcl-dev' 'tcl-tk@8' has_tcl_header
  need 'libsqlite3-tcl' 'sqlite' has_tcl 'package require sqlite3'
}

# What only some packages need. Emscripten runs acorn from Debian's package.
needs_parts() {
  for part in "$@"; do
    case $part in
    wasm)
      need 'emscripten' 'emscripten' has_program emcc
      case $(command -v apt-get) in
      ?*) need 'node-acorn' '' test -d /usr/share/nodejs/acorn ;;
      esac
      ;;
    debian)
      need 'debhelper' '' test -x /usr/bin/dh
      need 'dpkg-dev' '' has_program dpkg-buildpackage
      need 'fakeroot' '' has_program fakeroot
      need 'lintian' '' has_program lintian
      ;;
    esac
  done
}

look() {
  missing_apt= missing_brew= wanted_apt= wanted_brew=
  case $task in
  build) needs_build ;;
  test) needs_test ;;
  check)
    needs_test
    need 'gcc' 'gcc' has_program gcc
    need 'clang' 'llvm' has_program clang
    need 'clang-format' 'clang-format' has_program clang-format
    ;;
  cluster)
    needs_test
    need 'nodejs' 'node' has_program node
    need 'npm' 'node' has_program npm
    want 'go-dqlite' '' test -x /usr/bin/dqlite-demo
    want 'iproute2' '' ip -V
    ;;
  valgrind)
    needs_test
    need 'valgrind' 'valgrind' has_program valgrind
    need 'libc6-dbg' 'valgrind' has_libc_symbols
    ;;
  sqlite-suite)
    needs_test
    need 'gcc' 'gcc' has_program gcc
    need 'zlib1g-dev' 'zlib' has_header zlib.h
    need 'dpkg-dev' '' has_program dpkg-source
    ;;
  mcdc)
    needs_test
    need 'clang-19' 'llvm' has_program clang-19
    need 'llvm-19' 'llvm' has_program llvm-cov-19
    need 'libclang-rt-19-dev' 'llvm' has_profile_runtime
    ;;
  clients)
    needs_build
    want 'python3-venv' 'python3' /usr/bin/python3 -c 'import ensurepip'
    want 'nodejs' 'node' has_program node
    want 'npm' 'node' has_program npm
    want 'chromium' 'chromium' has_program chromium
    want 'g++' 'gcc' has_program c++
    want 'libdbd-sqlite3-perl' 'perl' has_perl_sqlite
    want 'tcl' 'tcl-tk@8' has_tcl 'package require Tcl 8.6-'
    want 'libsqlite3-tcl' 'sqlite' has_tcl 'package require sqlite3'
    want 'php-cli' 'php' has_program php
    want 'php-sqlite3' 'php' php -r 'new SQLite3(":memory:");'
    want 'ruby-sqlite3' 'ruby' ruby -rsqlite3 -e 1
    want 'r-cran-rsqlite' 'r' Rscript -e 'library(RSQLite)'
    want 'libsqlitecpp-dev' 'sqlitecpp' has_sqlitecpp
    want 'libsqlite3-ocaml-dev' 'ocaml' ocamlfind query sqlite3
    want 'ocaml-findlib' 'ocaml-findlib' has_ocamlfind
    want 'erlang-p1-sqlite3' 'erlang' has_erlang_sqlite
    want 'default-jdk-headless' 'openjdk' has_program javac
    want 'maven' 'maven' has_program mvn
    want 'golang-go' 'go' go version
    want 'cargo' 'rust' has_program cargo
    ;;
  migrations)
    needs_build
    want 'python3-venv' 'python3' /usr/bin/python3 -c 'import ensurepip'
    want 'nodejs' 'node' has_program node
    want 'npm' 'node' has_program npm
    want 'ruby-activerecord' 'ruby' ruby -e 'require "active_record"'
    want 'ruby-sqlite3' 'ruby' ruby -rsqlite3 -e 1
    ;;
  packages)
    needs_test
    need 'python3-venv' 'python3' /usr/bin/python3 -c 'import ensurepip'
    need 'nodejs' 'node' has_program node
    need 'npm' 'node' has_program npm
    needs_parts ${PARTS:-}
    ;;
  platforms)
    needs_test
    need 'npm' 'node' has_program npm
    need 'qemu-user' 'qemu' has_program qemu-aarch64
    for arch in arm64 armhf i386 riscv64 s390x; do
      need "libc6-$arch-cross" '' has_package "libc6-$arch-cross"
    done
    need 'musl' '' test -f /lib/ld-musl-x86_64.so.1
    need 'wine' '' test -x /usr/bin/wine
    need 'wine64' '' test -x /usr/lib/wine/wine64
    need 'chromium' '' has_program chromium
    ;;
  example)
    needs_build
    need 'nodejs' 'node' has_program node
    need 'npm' 'node' has_program npm
    want 'chromium' 'chromium' has_program chromium
    ;;
  diagrams)
    needs_test
    need 'graphviz' 'graphviz' has_graphviz
    need 'npm' 'node' has_program npm
    ;;
  newsqlite | bench)
    needs_test
    need 'npm' 'node' has_program npm
    if [ "$task" = bench ]; then
      need 'gnuplot-nox' 'gnuplot' has_program gnuplot
    fi
    ;;
  *)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
  esac
  test -z "$missing_apt"
}

# Is nothing left that could be installed?
complete() {
  look && test -z "$wanted_apt"
}

# Valgrind refuses to start where the dynamic linker has no symbols.
has_libc_symbols() {
  has_program valgrind && valgrind -q true >/dev/null 2>&1
}

has_profile_runtime() {
  test -f "$(clang-19 -print-file-name=libclang_rt.profile.a 2>/dev/null)" ||
    test -f "$(clang-19 -print-resource-dir)/lib/linux/libclang_rt.profile-$(uname -m).a"
}

has_sqlitecpp() {
  echo '#include <SQLiteCpp/SQLiteCpp.h>' | c++ -E -x c++ -
}

has_erlang_sqlite() {
  command -v escript && erl -noshell -eval \
    '{module, _} = code:load_file(sqlite3), halt().'
}

has_ocamlfind() {
  ocamlfind printconf conf
}

has_graphviz() {
  dot -V >/dev/null 2>&1
}

# ------------------------------------------------------------------ install

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# apt's own words are of interest only where it fails.
quiet() {
  log=$("$@" 2>&1 </dev/null) && return
  echo "$log" >&2
  return 1
}

# A failed update may have failed for another source than ours: go on.
with_apt() {
  echo "installing:$missing_apt$wanted_apt"
  quiet as_root apt-get -qq update
  test -z "$missing_apt" || apt_install $missing_apt
  test -z "$wanted_apt" || apt_install $wanted_apt ||
    for apt in $wanted_apt; do
      apt_install "$apt"
    done
}

apt_install() {
  quiet as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

unique() {
  printf '%s\n' "$@" | sort -u | tr '\n' ' '
}

with_brew() {
  echo "installing:$missing_brew$wanted_brew"
  for brew in $(unique $missing_brew $wanted_brew); do
    brew install --quiet "$brew"
  done
}

complete && exit 0

if command -v apt-get >/dev/null 2>&1 &&
  { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1; }; then
  with_apt
elif command -v brew >/dev/null 2>&1; then
  with_brew
fi

look && exit 0

cat >&2 <<END
tool/setup.sh: \`make $task\` needs what is not installed here.
  Debian, Ubuntu:  apt-get install$missing_apt
  macOS:           brew install $(unique $missing_brew)
  elsewhere:       a C compiler, SQLite 3.38 or later with sqlite3ext.h and the
                   sqlite3 shell; for tests Tcl 8.6 with tcl.h and the Tcl
                   package sqlite3
END
exit 1
