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
. "$here/../tools.sh"
begin "$@"

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
  chosen "$name" && has "$name" "$needed" || return
  rm -f "$database" "$database"-*
  if "$@" "$extension" "$database" >"$folder/said.txt" 2>&1 </dev/null &&
    [ "$(tells)" = "$expected" ]; then
    pass "$name"
  else
    fail "$name"
    cat "$folder/said.txt"
    tells
  fi
}

node_tools() {
  npm_packages "$here" "$MIGRATIONS"
}

python_tools() {
  pip_packages "$here" "$folder/python"
}

try Alembic python_tools "$folder/python/bin/python" -B "$here/alembic_story.py"
try Django python_tools "$folder/python/bin/python" -B "$here/django_story.py"
try Drizzle node_tools sh "$here/drizzle.sh"
try Knex node_tools env node "$here/knex.mjs"
try Prisma 'node_tools && cd "$MIGRATIONS" && npx prisma --version' sh "$here/prisma.sh"
try Rails 'ruby -e "require %q(active_record); require %q(sqlite3)"' \
  ruby "$here/rails.rb"

finish
