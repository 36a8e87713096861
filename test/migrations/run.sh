#!/bin/sh
# Migration tools change a table that has associations and a live document; the
# definitions and the rows must be there afterwards, the document must be right,
# and the tool must leave assoc's tables alone.
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
    "SELECT model, association FROM assoc_list WHERE kind <> 'live';" \
    "SELECT sql LIKE '%NOT NULL%' FROM sqlite_schema WHERE name='posts';" \
    "SELECT assoc_live_get('feed', 1);" \
    "UPDATE posts SET title = 'Changed';" \
    "SELECT assoc_live_get('feed', 1);" \
    "SELECT assoc_refresh('feed');" \
    "SELECT json FROM feed_doc;" \
    "UPDATE posts SET title = 'Again';" \
    "SELECT assoc_live_get('feed', 1);" \
    "SELECT assoc_refresh('feed');" \
    "SELECT json FROM feed_doc;"
}
expected='[{"name":"Ann","posts":[{"title":"Hello"}]}]
posts|user
users|posts
1
{"name":"Ann","posts":[{"title":"Hello"}]}
{"name":"Ann","posts":[{"title":"Changed"}]}
{"feed":{"checked":1,"changed":1,"left":0}}
{"name":"Ann","posts":[{"title":"Changed"}]}
{"name":"Ann","posts":[{"title":"Again"}]}
{"feed":{"checked":1,"changed":1,"left":0}}
{"name":"Ann","posts":[{"title":"Again"}]}'

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
try sqlite-utils python_tools "$folder/python/bin/python" -B \
  "$here/sqlite_utils_story.py"

finish
