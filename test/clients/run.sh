#!/bin/sh
# The same story told by every client; each must print expected.txt. And what a
# SELECT that writes means to each driver, as transactions.txt has it.
#
#   test/clients/run.sh EXTENSION FOLDER [GLOB]
#
# Libraries are installed into FOLDER, in the versions that the files beside
# this one name. A client that cannot be had here is skipped, with a line that
# says so. GLOB chooses clients by name. The last line counts, as that of
# `make test` does.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../tools.sh"
begin "$@"
schema=$(cat "$here/schema.sql")

# /usr/bin first: a python3 built elsewhere may not load extensions.
PATH=/usr/bin:$PATH
CLIENTS=$folder/node
export PATH CLIENTS

# try HOW NAME NEEDED COMMAND…: judged as HOW says, if the shell command NEEDED
# succeeds.
try() {
  how=$1 name=$2 needed=$3
  shift 3
  chosen "$name" && has "$name" "$needed" || return
  if $how "$@"; then
    pass "$name, $about"
  else
    fail "$name"
  fi
}

# Does the command tell the story?
tells() {
  rm -f "$database" "$database"-*
  "$@" "$extension" "$database" "$schema" >"$folder/said.txt" 2>&1 </dev/null
  about=$(sed -n '1s/^loaded into //p' "$folder/said.txt")
  sed '1s/SQLite .*/SQLite N/' "$folder/said.txt" |
    diff -u "$here/expected.txt" -
}

# Does the command print the lines of its driver?
writes() {
  driver=$1
  shift
  "$@" >"$folder/said.txt" 2>&1 </dev/null
  sed -n "s/^\(\*\|$driver\): //p" "$here/transactions.txt" \
    >"$folder/expected.txt"
  about="$(wc -l <"$folder/expected.txt") lines"
  diff -u "$folder/expected.txt" "$folder/said.txt"
}

# Does the command succeed? What it says of its tests is shown.
succeeds() {
  "$@" >"$folder/said.txt" 2>&1 </dev/null || {
    cat "$folder/said.txt"
    return 1
  }
  about=$(grep -aE '(passed|Tests run|^ok|are there|^RESULT)' "$folder/said.txt" |
    tail -n 1 | tr '\t' ' ')
}

client() {
  try tells "$@"
}

transactions() {
  driver=$1 needed=$2
  shift 2
  try writes "transactions-$driver" "$needed" "$driver" "$@"
}

# -------------------------------------------------------- what they need first
# Each is installed or built anew only where the file that it comes from has
# changed.

python_packages() {
  pip_packages "$here/python" "$folder/python"
}

# A Python of 3.12 or later that has SQLite, among those of pyenv, too.
python_today() {
  for python in python3 python3.14 python3.13 python3.12 \
    "$(pyenv root 2>/dev/null)"/versions/*/bin/python3; do
    "$python" -c 'import sqlite3; sqlite3.LEGACY_TRANSACTION_CONTROL' \
      2>/dev/null && echo "$python" && return
  done
  return 1
}

# The package sqlite_assoc as a wheel has it: the library beside its sources.
python_package() {
  python_packages && rm -rf "$folder/package" && mkdir "$folder/package" &&
    cp -RL "$here/../../tool/packages/python/sqlite_assoc" "$folder/package" &&
    cp "$extension" "$folder/package/sqlite_assoc"
}

# The headers of Debian's libnode-dev, or of a Node installed by itself, serve
# what is compiled here; without them node-gyp looks for a download.
node_packages() {
  npm_packages "$here/node" "$folder/node"
}

# Prisma's own driver is better-sqlite3, which is compiled already. Its programs
# of other languages, which it downloads, are needed for migrations alone.
prisma_client() {
  node_packages || return
  is_ready "$here/prisma/package.json" "$folder/prisma" && return
  mkdir -p "$folder/prisma"
  cp "$here"/prisma/* "$folder/prisma" && cd "$folder/prisma" &&
    npm install --ignore-scripts --loglevel=error --no-audit --no-fund &&
    rm -rf node_modules/better-sqlite3 &&
    ln -s ../../node/node_modules/better-sqlite3 node_modules/better-sqlite3 &&
    PRISMA_SCHEMA_ENGINE_BINARY=/bin/sh CHECKPOINT_DISABLE=1 \
      npx prisma generate &&
    ready "$here/prisma/package.json" "$folder/prisma"
}

node_today() {
  set -- "$folder"/node/node_modules/node-linux-*/bin/node
  test -x "$1" && echo "$1" || echo node
}

node_sqlite() {
  node_packages && "$(node_today)" -e 'require("node:sqlite")'
}

tcl_sqlite() {
  echo 'exit [catch {package require sqlite3}]' | tclsh
}

java_jars() {
  is_ready "$here/java/pom.xml" "$folder/java" && return
  mvn -q -B dependency:copy-dependencies -f "$here/java/pom.xml" \
    -DoutputDirectory="$folder/java" &&
    ready "$here/java/pom.xml" "$folder/java"
}

go_program() {
  (cd "$here/go" && CGO_ENABLED=1 go build -o "$folder/$1-go" "$2")
}

# Cargo writes beside its sources, so it is given a copy.
cargo_program() {
  mkdir -p "$folder/$1"
  cp -R "$here/$1/." "$folder/$1" && cd "$folder/$1" && cargo build --quiet
}

cpp_program() {
  c++ -std=c++17 "$here/story.cpp" -o "$folder/story-cpp" \
    -lSQLiteCpp -lsqlite3 -lpthread
}

ocaml_program() {
  mkdir -p "$folder/ocaml"
  cp "$here/story.ml" "$folder/ocaml" && cd "$folder/ocaml" &&
    ocamlfind ocamlopt -thread -package sqlite3,threads.posix -linkpkg \
      story.ml -o story
}

# ----------------------------------------------------------------- the clients

client shell 'sqlite3 --version' sh "$here/story.sh"

in_python() {
  client "python-$1" python_packages \
    "$folder/python/bin/python" "$here/python/story.py" "$1"
}
for library in sqlite3 apsw SQLAlchemy Django peewee aiosqlite sqlite-utils; do
  in_python $library
done

try succeeds python-package python_package \
  env PYTHONPATH="$folder/package" "$folder/python/bin/python" -m pytest -q \
  -p no:cacheprovider "$here/../../tool/packages/python/tests"
# Django and Datasette have no types of their own.
python_types() {
  MYPYPATH=$folder/package "$folder/python/bin/python" -m mypy --strict \
    --ignore-missing-imports --allow-untyped-decorators \
    --allow-subclassing-any --cache-dir="$folder/mypy" "$@" && echo '1 passed'
}
try succeeds python-types python_package python_types -p sqlite_assoc
try succeeds python-types-used python_package python_types \
  "$here/python/typed.py"
try succeeds datasette-in-a-browser \
  'python_package && node_packages && ${CHROMIUM:-chromium} --version' \
  node "$here/python/datasette.mjs" "$folder/python/bin/python" \
  "$folder/package" "$folder/datasette.png"

in_node() {
  client "node-$1" node_packages node "$here/node/story.mjs" "$1"
}
for library in better-sqlite3 libsql sqlite3 drizzle-orm kysely knex typeorm \
  sequelize; do
  in_node $library
done
try succeeds node-sequelize-twin node_packages \
  node "$here/node/twin.mjs" "$extension" "$folder"
client node:sqlite node_sqlite "$(node_today)" "$here/node/story.mjs" \
  node:sqlite
bin=$folder/node/node_modules/.bin
client node-prisma prisma_client env CLIENTS="$folder/prisma" \
  node "$here/node/story.mjs" prisma
client bun "node_packages && $bin/bun --version" \
  "$bin/bun" "$here/node/story.mjs" bun
client deno "node_packages && $bin/deno --version" \
  "$bin/deno" run --allow-ffi --allow-read --allow-write --allow-env \
  "$here/node/story.mjs" deno

client php "php -r 'new SQLite3(\":memory:\");'" \
  php -d "sqlite3.extension_dir=$(dirname "$extension")" "$here/story.php"
client ruby 'ruby -rsqlite3 -e 1' ruby "$here/story.rb"
client perl 'perl -MDBD::SQLite -e 1' perl "$here/story.pl"
client tcl tcl_sqlite tclsh "$here/story.tcl"
client R "Rscript -e 'library(RSQLite)'" Rscript "$here/story.R"
client java java_jars java -cp "$folder/java/*" "$here/java/Story.java"
client go 'go_program story .' "$folder/story-go"
client rust-rusqlite 'cargo_program rust' "$folder/rust/target/debug/clients"
client rust-sqlx 'cargo_program sqlx' "$folder/sqlx/target/debug/clients-sqlx"
client c++ cpp_program "$folder/story-cpp"
client ocaml ocaml_program "$folder/ocaml/story"
client erlang "erl -noshell -eval '{module, _} = code:load_file(sqlite3), halt().'" \
  escript "$here/story.escript"

# ------------------------------------------------- what a SELECT that writes means

for library in sqlite3 SQLAlchemy; do
  transactions $library python_packages \
    "$folder/python/bin/python" "$here/python/transactions.py" $library \
    "$extension"
done
transactions autocommit 'python_today || ! echo no Python 3.12 with SQLite' \
  "$(python_today)" "$here/python/transactions.py" autocommit "$extension"
transactions better-sqlite3 node_packages \
  node "$here/node/transactions.mjs" "$extension" "$folder"
transactions JDBC java_jars java -cp "$folder/java/*" \
  "$here/java/Transactions.java" "$extension" "$folder"
transactions SQLite3 "php -r 'new SQLite3(\":memory:\");'" \
  php -d "sqlite3.extension_dir=$(dirname "$extension")" \
  "$here/transactions.php" SQLite3 "$extension"
transactions PDO "php -r 'new PDO(\"sqlite::memory:\"); FFI::cdef();'" \
  php "$here/transactions.php" PDO "$extension"
transactions Go 'go_program transactions ./transactions' \
  "$folder/transactions-go" "$extension" "$folder"
transactions rusqlite 'cargo_program rust' \
  "$folder/rust/target/debug/transactions" "$extension"

# --------------------------------------------- the documentation's own programs

# In Node and Python: with better-sqlite3, which `make test` does without.
try succeeds documentation \
  'node_packages && tcl_sqlite' \
  env NODE_PATH="$folder/node/node_modules" tclsh \
  "$here/../../tool/doctest.tcl" "$extension" "$here"/../../README.md \
  "$here"/../../ext/doc/*.md "$here/../../tool/packages/npm/README.md"

# doctest.tcl runs no PHP.
try succeeds recipe-php "php -r 'new SQLite3(\":memory:\");'" \
  php -d "sqlite3.extension_dir=$(dirname "$extension")" "$here/recipe.php" \
  "$extension" "$here/../../ext/doc/POLICIES.md"

# -------------------------------------------------------------- the packages

# Sources put together as a package, in a folder of their own.
package_of() {
  rm -rf "$folder/package-$1"
  "$here/../../tool/packages/sources.sh" "$1" "$folder/package-$1"
}

java_package() {
  package_of java && cd "$folder/package-java" &&
    mvn -q -B test-compile
}

try succeeds go-package 'package_of go && cd "$folder/package-go" && go mod download' \
  env CGO_ENABLED=1 go test -C "$folder/package-go" ./...
# The program of the package's README, in a folder of its own.
go_readme() {
  readme=$folder/readme-go
  rm -rf "$readme" && mkdir "$readme" && cd "$readme" &&
    sed -n '/^```go$/,/^```$/{/^```/d;p;}' \
      "$folder/package-go/README.md" >main.go &&
    printf 'module readme\n\nrequire assoc v0.2.0\n\nreplace assoc => %s\n' \
      ../package-go >go.mod &&
    CGO_ENABLED=1 GOFLAGS=-mod=mod go run . >said &&
    test "$(cat said)" = "$(sed -n 's|.*Println(user) // ||p' main.go)" &&
    echo '1 passed'
}
try succeeds go-readme 'package_of go && cd "$folder/package-go" && go mod download' \
  go_readme
try succeeds rust-package 'package_of rust && cd "$folder/package-rust" && cargo fetch -q' \
  env CARGO_TARGET_DIR="$folder/rust-package" \
  cargo test --quiet --manifest-path "$folder/package-rust/Cargo.toml"
try succeeds java-package java_package \
  mvn -B -f "$folder/package-java/pom.xml" test

rm -f "$database" "$database"-*
finish
