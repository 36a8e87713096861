#!/bin/sh
# Migration tools change a table that has associations; the definitions and the
# rows must be there afterwards, and the tool must leave assoc's tables alone.
#
#   test/migrations/run.sh EXTENSION FOLDER [GLOB]
#
# Tools are installed into FOLDER, in the versions that the files beside this
# one name. A tool that cannot be had here is skipped, with a line that says so.
# GLOB chooses tools by name. The last line counts, as that of `make test` does.
here=$(cd "$(dirname "$0")" && pwd)
extension=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
mkdir -p "$2"
folder=$(cd "$2" && pwd)
glob=${3:-*}
database=$folder/story.db
log=$folder/install.log
passed=0 failed=0 skipped=0

# /usr/bin first: a python3 built elsewhere may not load extensions.
PATH=/usr/bin:$PATH
MIGRATIONS=$folder/node
export PATH MIGRATIONS

# What the shell reads at the end.
tells() {
  sqlite3 "$database" ".load $extension" \
    "SELECT eager('users{name posts{title}}');" \
    "SELECT model, association FROM assoc_list;" \
    "SELECT sql LIKE '%NOT NULL%' FROM sqlite_schema WHERE name='posts';"
}
expected='[{"name":"Ann","posts":[{"title":"Hello"}]}]
posts|user
users|posts
1'

# try NAME NEEDED COMMAND...: if the shell command NEEDED succeeds.
try() {
  name=$1 needed=$2
  shift 2
  case $name in
  $glob) ;;
  *) return ;;
  esac
  rm -f "$database" "$database"-*
  if ! (eval "$needed") >"$log" 2>&1 </dev/null; then
    skipped=$((skipped + 1))
    echo "  skip   $name: \`$needed\`: $(grep . "$log" | tail -n 1)"
  elif "$@" "$extension" "$database" >"$folder/said.txt" 2>&1 </dev/null &&
    [ "$(tells)" = "$expected" ]; then
    passed=$((passed + 1))
    echo "  ok     $name"
  else
    failed=$((failed + 1))
    echo "  FAILED $name"
    cat "$folder/said.txt"
    tells
  fi
}

node_tools() {
  mkdir -p "$MIGRATIONS"
  cmp -s "$here/package.json" "$MIGRATIONS/package.json" && return
  cp "$here/package.json" "$MIGRATIONS/package.json" &&
    (cd "$MIGRATIONS" && npm install --no-audit --no-fund --silent) ||
    { rm -f "$MIGRATIONS/package.json"; return 1; }
}

python_tools() {
  cmp -s "$here/requirements.txt" "$folder/python/requirements.txt" && return
  python3 -m venv "$folder/python" &&
    "$folder/python/bin/pip" install -q --disable-pip-version-check \
      -r "$here/requirements.txt" &&
    cp "$here/requirements.txt" "$folder/python/requirements.txt"
}

try Alembic python_tools "$folder/python/bin/python" -B "$here/alembic_story.py"
try Django python_tools "$folder/python/bin/python" -B "$here/django_story.py"
try Drizzle node_tools sh "$here/drizzle.sh"
try Knex node_tools env node "$here/knex.mjs"
try Prisma 'node_tools && cd "$MIGRATIONS" && npx prisma --version' sh "$here/prisma.sh"
try Rails 'ruby -e "require %q(active_record); require %q(sqlite3)"' \
  ruby "$here/rails.rb"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
