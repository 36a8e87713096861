#!/bin/sh
# The story that every client tells, in the sqlite3 shell:
#
#     sh story.sh EXTENSION DATABASE SCHEMA
#
# Another shell on the same file is the second connection, and `elsewhere`.
# The shell prints errors to stderr, in its own words around SQLite's.
extension=$1 database=$2 schema=$3

shell() {
  sqlite3 -noheader -separator ': ' -cmd ".load $extension" "$database" "$@"
}

# "Error: stepping, TEXT (CODE)" or "Runtime error near line 1: TEXT (CODE)"
failing() {
  reason="SELECT assoc_error() ->> 'code';"
  said=$(printf '%s;\n%s\n' "$1" "$reason" | shell 2>&1)
  reason=$(echo "$said" | tail -n 1)
  echo "$said" | head -n 1 | sed -E "
    s/^(Runtime error near line 1|Error: near line 1|Error)[,:] *//
    s/^(.*) \\(([0-9]+)\\)\$/error \\2, $reason: \\1/
    /^error/!s/^/error 1, $reason: /"
}

shell "SELECT 'loaded into SQLite ' || sqlite_version()" "$schema" \
  "SELECT assoc_define('User', 'hasMany', 'Post')" '.output /dev/null' \
  'SELECT assoc_sync()' '.output' \
  "SELECT json_array_length(assoc_discover(), '$.made')
     || ' associations discovered'" \
  "SELECT assoc_insert('User', '{\"name\":\"Zoë\",\"posts\":[
     {\"title\":\"Hi\",\"tags\":[{\"name\":\"new\"}]},{\"title\":\"Ho\"}]}')" \
  "SELECT eager('User(id = ?1){name posts{title tags{name}}}', 1)" \
  "SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
     JOIN Post p ON p.id = r.id" \
  'BEGIN' '.output /dev/null' \
  "SELECT assoc_create('User', 1, 'posts', '{\"title\":\"Hu\"}')" '.output' \
  'ROLLBACK' \
  "SELECT assoc_count('User', 1, 'posts') || ' posts after a rollback'" \
  'BEGIN' \
  "INSERT INTO related(model, key, association, json)
     VALUES ('User', 1, 'posts', '{\"title\":\"He\"}')" \
  'COMMIT' \
  "SELECT assoc_count('User', 1, 'posts') || ' posts after a commit'"
failing "SELECT eager('User{pots}')"
failing "SELECT assoc_insert('User', '{\"name\":\"Zoë\"}')"
shell "SELECT 'second connection: ' || assoc_count('User', 1, 'posts')
         || ' posts'"
shell "SELECT assoc_define('Post', 'belongsTo', 'User',
         '{\"as\":\"author\",\"foreignKey\":\"UserId\"}')" >/dev/null
shell "SELECT 'first connection: '
         || assoc_find('Post', 1, '{title author{name}}')"
shell "SELECT 'elsewhere: ' || assoc_get('User', 1, 'posts{title}')" &
wait
echo closed
