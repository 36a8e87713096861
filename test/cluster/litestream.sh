#!/bin/sh
# Litestream copies the pages of a database to a store. The copy is restored
# after the writer and Litestream were killed, and must give the same documents.
#
#   test/cluster/litestream.sh LITESTREAM ASSOC_SO DIRECTORY
set -u
litestream=$1 library=$2 dir=$3
passed=0
failed=0

# check NAME GOT DUE
check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '! litestream-%s\n    expected: %s\n    got:      %s\n' "$1" "$3" "$2"
  fi
}

# ask DATABASE SQL
ask() {
  printf '.load %s\n%s\n' "$library" "$2" | sqlite3 -cmd '.timeout 5000' "$1"
}

ask "$dir/main.db" "PRAGMA journal_mode=WAL;
  CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT);
  SELECT assoc_define('User', 'hasMany', 'Post', '{\"as\":\"posts\"}');
  SELECT assoc_sync();" >/dev/null

"$litestream" replicate "$dir/main.db" "file://$dir/store" >"$dir/log" 2>&1 &
pid=$!
sleep 2
i=0
while [ $i -lt 30 ]; do
  ask "$dir/main.db" "INSERT INTO related(model, json)
    VALUES('User', '{\"name\":\"u$i\",\"posts\":[{\"title\":\"a\"},{\"title\":\"b\"}]}');"
  i=$((i + 1))
done
sleep 3
kill -9 $pid
wait $pid 2>/dev/null

"$litestream" restore -o "$dir/restored.db" "file://$dir/store" >>"$dir/log" 2>&1
load="SELECT eager('User{* posts{*}}');"
check restored "$(ask "$dir/restored.db" "$load")" "$(ask "$dir/main.db" "$load")"
check graphs "$(ask "$dir/restored.db" 'SELECT count(*) FROM Post;')" 60
check dump "$(ask "$dir/restored.db" 'SELECT assoc_dump();')" \
  "$(ask "$dir/main.db" 'SELECT assoc_dump();')"
check integrity "$(ask "$dir/restored.db" 'PRAGMA integrity_check;')" ok
check errors "$(ask "$dir/restored.db" \
  "SELECT count(*) FROM assoc_check WHERE severity = 'error';")" 0
echo "$passed passed, $failed failed"
[ $failed = 0 ]
