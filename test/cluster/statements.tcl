# Engines that replicate statements, as rqlite does: each node runs every
# statement itself. No such engine can be installed here, so this emulates one:
# a list of statements is run on several files by different histories, and all
# must hold the same rows afterwards.
#
#   tclsh test/cluster/statements.tcl ASSOC_SO DIRECTORY OTHER_SO NEW_LIBRARY
#
# OTHER_SO is an earlier version of the extension, NEW_LIBRARY a folder with the
# newest SQLite; each is '' where it is not there, and a line says so. The nodes:
#
#   warm       one connection for all statements
#   cold       a new connection for each statement
#   replayed   a copy of another node's file in the middle; the rest is replayed
#   new        warm, on the newest SQLite
#   earlier    warm, by the earlier version of the extension
#   read pool  a node's file through connections with query_only: readers give
#              the same, and a function that writes is an error
package require sqlite3

proc open_node {file library} {
  sqlite3 db $file
  db enable_load_extension 1
  db eval {SELECT load_extension($library)}
}

# As a process of its own: run the statements of a file on a database.
#   node DATABASE LIBRARY warm|cold STATEMENTS
# Errors are answers, too: they are printed, and must be equal on all nodes.
if {[lindex $argv 0] eq "node"} {
  lassign $argv - file library how statements
  set channel [open $statements]
  set list [read $channel]
  close $channel
  open_node $file $library
  foreach sql $list {
    if {$how eq "cold"} { db close; open_node $file $library }
    if {[catch {db eval $sql} answer]} { set answer "error: $answer" }
    puts [string map {\n " "} $answer]
  }
  db close
  exit 0
}

lassign $argv library directory other new
set passed 0
set failed 0
proc equal {name got due} {
  if {$got eq $due} { incr ::passed; return }
  incr ::failed
  puts "! statements-$name\n    expected: [string range $due 0 400]"
  puts "    got:      [string range $got 0 400]"
}

# ------------------------------------------------------------- the statements

set statements {
  {CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT UNIQUE)}
  {CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT, userId INTEGER)}
  {CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT)}
  {CREATE TABLE PostTag(postId INTEGER REFERENCES Post, tagId INTEGER
    REFERENCES Tag, PRIMARY KEY(postId, tagId))}
  {INSERT INTO Tag VALUES(1, 'x'), (2, 'y'), (3, 'z')}
  {SELECT assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}')}
  {INSERT INTO assoc_call(name, a1, a2, a3, a4) VALUES('assoc_define', 'Post',
    'belongsToMany', 'Tag', '{"as":"tags","through":"PostTag"}')}
  {SELECT assoc_sync()}
}
# Writers of both forms, errors among them: the same seed gives the same list.
expr {srand(7)}
proc pick {n} { return [expr {int(rand() * $n) + 1}] }
for {set i 0} {$i < 400} {incr i} {
  set user [pick 60]
  set post [pick 120]
  set tags \[[join [lrange {1 2 3} 0 [expr {[pick 4] - 2}]] ,]\]
  lappend statements [lindex [list \
    "INSERT INTO related(model, json) VALUES('User', '{\"name\":\"u$i\",\"posts\":\[{\"title\":\"a\"},{\"title\":\"b\",\"tags\":$tags}\]}')" \
    "SELECT assoc_insert('User', '{\"name\":\"u$i\"}')" \
    "SELECT assoc_create('User', $user, 'posts', '{\"title\":\"p$i\"}')" \
    "SELECT assoc_set('Post', $post, 'tags', '$tags')" \
    "INSERT INTO assoc_call(name, a1, a2, a3, a4) VALUES('assoc_add', 'Post', $post, 'tags', [pick 4])" \
    "INSERT INTO related(model, key, association, id) VALUES('User', $user, 'posts', $post)" \
    "DELETE FROM related WHERE model = 'Post' AND key = $post AND association = 'tags'" \
    "SELECT assoc_update('User', $user, '{\"name\":\"n$i\"}')" \
    "INSERT INTO assoc_call(name, a1, a2) VALUES('assoc_destroy', 'User', $user)" \
    "UPDATE related SET json = '{\"title\":\"t$i\"}' WHERE model = 'User' AND key = $user AND association = 'posts'" \
  ] [expr {[pick 10] - 1}]]
  if {$i == 200} {
    lappend statements "SELECT assoc_define('Post', 'belongsTo', 'User', '{\"as\":\"author\",\"foreignKey\":\"userId\"}')"
  }
}

proc write_list {file list} {
  set channel [open $file w]
  puts $channel $list
  close $channel
}
write_list $directory/all $statements
write_list $directory/first [lrange $statements 0 249]
write_list $directory/rest [lrange $statements 250 end]

# ------------------------------------------------------------------ the nodes

# The answers of the node NAME to the statements of a list.
proc run_node {name how list {so {}} {path {}}} {
  if {$so eq {}} { set so $::library }
  return [exec env LD_LIBRARY_PATH=$path [info nameofexecutable] [info script] \
    node $::directory/$name.db $so $how $::directory/$list]
}

# All rows of a file, without assoc: its tables but for the token, which each
# node draws anew so as to notice that definitions have changed.
proc rows {name} {
  sqlite3 plain $::directory/$name.db
  set out {}
  foreach table [plain eval {
    SELECT name FROM sqlite_schema WHERE type = 'table'
      AND name NOT IN ('assoc_token', 'sqlite_stat1') ORDER BY name
  }] {
    lappend out $table [plain eval "SELECT * FROM \"$table\" ORDER BY 1, 2"]
  }
  lappend out [plain eval {
    SELECT sql FROM sqlite_schema WHERE sql NOT NULL AND
      tbl_name <> 'assoc_token' ORDER BY name, sql
  }] [plain eval {PRAGMA integrity_check; PRAGMA foreign_key_check}]
  plain close
  return $out
}

set answers [run_node warm warm all]
set due [rows warm]
equal "rows there" [expr {[llength [lindex $due 7]] > 100}] 1
equal "no error but those of constraints and absent rows" [llength [lsearch \
  -all -regexp [split $answers \n] {near|no such|misuse|locked}]] 0

equal "cold answers" [run_node cold cold all] $answers
equal "cold rows" [rows cold] $due

run_node replayed warm first
file copy $directory/replayed.db $directory/copy.db
equal "replayed answers" [run_node copy cold rest] \
  [join [lrange [split $answers \n] 250 end] \n]
equal "replayed rows" [rows copy] $due

if {$new eq {}} {
  puts "  statements: two versions of SQLite: skipped: no newer one is there"
} else {
  equal "new answers" [run_node new warm all {} $new] $answers
  equal "new rows" [rows new] $due
}
if {$other eq {}} {
  puts "  statements: two versions of assoc: skipped: no earlier one is there"
} else {
  run_node earlier warm all $other
  equal "earlier rows" [rows earlier] $due
}

open_node $directory/warm.db $library
db eval {PRAGMA query_only = 1}
set read {SELECT eager('User{name posts{title tags{name}}}')}
set document [db eval $read]
equal "read pool refuses" [catch {
  db eval {SELECT assoc_insert('User', '{"name":"lost"}')}
}] 1
equal "read pool reads" [db eval $read] $document
db close
open_node $directory/cold.db $library
equal "documents" [db eval $read] $document
db close

puts "  statements: [llength $statements] statements on each node"
puts "$passed passed, $failed failed"
exit [expr {$failed > 0}]
