# Several processes write and read graphs in one file at once: `make soak`.
#
#   tclsh test/soak.tcl ASSOC_SO DIRECTORY SECONDS PROCESSES
#
# Each process writes graphs under names of its own, changes and destroys some,
# and reads documents of all. A reader must never see half a graph. At the end
# no acknowledged graph is lost, none is doubled; SQLITE_BUSY was waited for and
# never given to a caller; and between a fifth of the time and its end neither
# the memory of a process nor its number of open statements has grown.
package require sqlite3

proc open_db {file library} {
  sqlite3 db $file
  db timeout 30000
  db enable_load_extension 1
  db eval {SELECT load_extension($library); PRAGMA foreign_keys = 1;
    PRAGMA synchronous = OFF}
}

# The resident memory of this process in kB, or 0 where /proc is not there.
proc memory {} {
  if {[catch { set channel [open /proc/self/status] }]} { return 0 }
  set kb 0
  regexp {VmRSS:\s+(\d+)} [read $channel] - kb
  close $channel
  return $kb
}

# As a process of its own: worker NUMBER FILE LIBRARY SECONDS. Prints what it
# leaves behind: a line "left NAME" for each graph, then figures.
if {[lindex $argv 0] eq "worker"} {
  lassign $argv - number file library seconds
  expr {srand($number + 1)}
  open_db $file $library
  set start [clock milliseconds]
  set end [expr {$start + 1000 * $seconds}]
  set early [expr {$start + 200 * $seconds}]
  set memory 0
  array set left {}
  set reads 0
  for {set i 0} {[clock milliseconds] < $end} {incr i} {
    set name w$number-$i
    set graph "{\"name\":\"$name\",\"posts\":\[{\"title\":\"a\",\"tags\":\[{\"id\":1}\]},{\"title\":\"b\"}\]}"
    switch [expr {int(rand() * 4)}] {
      0 - 1 { db eval {SELECT assoc_insert('User', $graph)}; set left($name) 1 }
      2 {
        db eval {INSERT INTO related(model, json) VALUES('User', $graph)}
        set left($name) 1
      }
      3 {
        set names [array names left]
        if {$names eq {}} continue
        set old [lindex $names [expr {int(rand() * [llength $names])}]]
        set id [db one {SELECT id FROM User WHERE name = $old}]
        if {$id eq ""} { error "$old is lost" }
        if {rand() < 0.5} {
          db eval {SELECT assoc_destroy('User', $id)}
          unset left($old)
        } else {
          unset left($old)
          append old x
          db eval {SELECT assoc_update('User', $id, json_object('name', $old))}
          set left($old) 1
        }
      }
    }
    # A document of a few users of anybody: whole, or not there.
    set at [expr {int(rand() * 1000)}]
    set document [db one {SELECT eager('User(id > ?1, limit 5){
      posts.count() as n posts{tags.count() as t}}', $at)}]
    incr reads
    foreach {- n} [regexp -all -inline {"n":(\d+)} $document] {
      if {$n != 2} { error "half a graph: $document" }
    }
    if {$memory == 0 && [clock milliseconds] > $early} { set memory [memory] }
  }
  foreach name [array names left] { puts "left $name" }
  puts "figures $i $reads $memory [memory]"
  db close
  exit 0
}

lassign $argv library directory seconds processes
set failed 0
proc must {what condition} {
  if {[uplevel 1 [list expr $condition]]} { incr ::passed; return }
  incr ::failed
  puts "! soak: $what"
}
set passed 0
set file $directory/soak.db
open_db $file $library
db eval {
  PRAGMA journal_mode = WAL;
  CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,
    UserId INTEGER REFERENCES User ON DELETE CASCADE);
  CREATE INDEX post_user ON Post(UserId);
  CREATE INDEX user_name ON User(name);
  CREATE TABLE Tag(id INTEGER PRIMARY KEY);
  CREATE TABLE PostTag(postId INTEGER REFERENCES Post ON DELETE CASCADE,
    tagId INTEGER REFERENCES Tag, PRIMARY KEY(postId, tagId));
  INSERT INTO Tag VALUES(1);
  SELECT assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}');
  SELECT assoc_define('Post', 'belongsToMany', 'Tag',
    '{"as":"tags","through":"PostTag"}');
}
set pipes {}
for {set n 0} {$n < $processes} {incr n} {
  lappend pipes [open [list | [info nameofexecutable] [info script] worker $n \
    $file $library $seconds 2>$directory/error$n] r]
}
set left {}
set writes 0
set reads 0
foreach pipe $pipes {
  foreach line [split [string trim [read $pipe]] \n] {
    if {[lindex $line 0] eq "left"} {
      lappend left [lindex $line 1]
    } else {
      lassign $line - w r early late
      incr writes $w
      incr reads $r
      # A page cache of 2 MB may still fill.
      must "memory grew from $early to $late kB" {$late < $early * 1.2 + 3000}
    }
  }
  catch { close $pipe }
}
for {set n 0} {$n < $processes} {incr n} {
  set channel [open $directory/error$n]
  set error [gets $channel]
  close $channel
  must "process $n: $error" {$error eq ""}
}
must "lost or doubled" {[lsort $left] eq
  [lsort [db eval {SELECT name FROM User}]]}
must half {[db one {SELECT count(*) FROM User u WHERE
  (SELECT count(*) FROM Post WHERE UserId = u.id) <> 2}] == 0}
must integrity {[db one {PRAGMA integrity_check}] eq "ok"}
must "foreign keys" {[db eval {PRAGMA foreign_key_check}] eq {}}
puts "soak: $processes processes, $seconds s, $writes writes, $reads reads,\
  [llength $left] graphs left"
puts "$passed passed, $failed failed"
exit [expr {$failed > 0}]
