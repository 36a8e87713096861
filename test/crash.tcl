# Kill writers with `kill -9` at random moments, again and again: `make crash`.
#
#   tclsh test/crash.tcl ASSOC_SO DIRECTORY KILLS
#
# Three kinds of victims take turns, each on a file of its own, in WAL mode and
# with a rollback journal:
#
#   graph  writes graphs of a user with two posts and their tags, by the
#          function and by INSERT INTO related, and destroys some; after each
#          that SQLite has committed it says so
#   sync   changes a definition and calls assoc_sync(), which rebuilds a table
#   live   writes rows below a live document and refreshes it
#
# After each kill a new process looks: no acknowledged graph is lost, none is
# half or doubled; the rebuilt table has all its rows and one of the two
# schemas; a live document equals a fresh load once it was refreshed; SQLite's
# integrity_check and foreign_key_check find nothing.
source [file join [file dirname [info script]] processes.tcl]

# ------------------------------------------------------------ victims
#
# A process of its own: victim KIND FILE LIBRARY FIRST. It prints a line for
# each thing that is done, the first when it starts.

proc victim_graph {first} {
  for {set i $first} {1} {incr i} {
    set graph [graph u$i]
    if {$i % 2} {
      db eval {SELECT assoc_insert('User', $graph)}
    } else {
      db eval {INSERT INTO related(model, json) VALUES('User', $graph)}
    }
    puts "made u$i"
    if {$i % 5 == 0} {
      set id [db one {SELECT id FROM User WHERE name = 'u' || ($i - 1)}]
      if {$id ne ""} {
        puts "destroying u[expr {$i - 1}]"
        db eval {SELECT assoc_destroy('User', $id)}
      }
    }
  }
}

proc victim_sync {first} {
  for {set i $first} {1} {incr i} {
    set rule [lindex {CASCADE {SET NULL}} [expr {$i % 2}]]
    db eval "SELECT assoc_define('User', 'hasMany', 'Post',
      '{\"as\":\"posts\",\"onDelete\":\"$rule\",\"replace\":true}')"
    db eval {SELECT assoc_sync()}
    puts "synced $i"
  }
}

proc victim_live {first} {
  for {set i $first} {1} {incr i} {
    db eval {INSERT INTO Post(title, UserId) VALUES('t' || $i, $i % 5 + 1)}
    db eval {UPDATE User SET name = 'n' || $i WHERE id = ($i + 2) % 5 + 1}
    if {$i % 3 == 0} { db eval {SELECT assoc_refresh()} }
    puts "wrote $i"
  }
}

if {[lindex $argv 0] eq "victim"} {
  lassign $argv - kind file library first
  fconfigure stdout -buffering line
  open_db $file $library
  puts ready
  victim_$kind $first
}

# ------------------------------------------------------------- the test

lassign $argv library directory kills

# A file for victims of one kind. It is closed again.
proc make_file {file kind journal} {
  make_graphs $file $::library $journal
  if {$kind ne "graph"} {
    db eval {
      INSERT INTO User(id, name) VALUES(1,'a'),(2,'b'),(3,'c'),(4,'d'),(5,'e');
      WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)
      INSERT INTO Post(title, UserId) SELECT 'p' || i, i % 5 + 1 FROM n;
    }
  }
  if {$kind eq "live"} {
    db eval {SELECT assoc_live('doc', 'User{name posts(order by id){title}}')}
  }
  db close
}

# What must hold after a kill.
proc check_graph {said} {
  foreach line $said {
    lassign $line verb name
    if {$verb eq "made"} { set ::there($name) 1 }
    if {$verb eq "destroying"} { unset -nocomplain ::there($name) }
  }
  db eval {SELECT name FROM User} { set found($name) 1 }
  set lost [lmap name [array names ::there] {
    if {[info exists found($name)]} continue
    set name
  }]
  must "lost: $lost" {$lost eq {}}
  must "half a graph" {[half_graphs] == 0}
  must orphans {[db one {SELECT count(*) FROM Post
    WHERE UserId IS NULL OR UserId NOT IN (SELECT id FROM User)}] == 0}
  return [db one {SELECT coalesce(max(CAST(substr(name, 2) AS INTEGER)), 0) + 1
    FROM User}]
}

proc check_sync {said} {
  must "rows of the rebuilt table" {[db one {SELECT count(*) FROM Post}] == 300}
  must "one of the two schemas" {[db one {SELECT count(*) FROM
    pragma_foreign_key_list('Post') WHERE on_delete IN ('CASCADE','SET NULL')}]
    == 1}
  must "nothing left over" {[db one {SELECT count(*) FROM sqlite_schema
    WHERE type = 'table' AND name NOT IN ('User','Post','Tag','PostTag')
    AND name NOT LIKE 'assoc%' AND name NOT LIKE 'sqlite%'}] == 0}
  return [llength $said]
}

proc check_live {said} {
  set fresh [db eval {SELECT id, assoc_find('User', id,
    '{name posts(order by id){title}}') FROM User ORDER BY id}]
  must "what is read" {[db eval {SELECT id, assoc_live_get('doc', id)
    FROM User ORDER BY id}] eq $fresh}
  db eval {SELECT assoc_refresh()}
  must "what was refreshed" {[db eval {SELECT id, assoc_live_get('doc', id)
    FROM User ORDER BY id}] eq $fresh}
  return [db one {SELECT max(id) + 1 FROM Post}]
}

expr {srand(11)}
set done 0
set kinds {graph sync live}
foreach kind $kinds {
  foreach journal {WAL DELETE} {
    set file $directory/$kind-$journal.db
    make_file $file $kind $journal
    array unset there
    set first 1
    set share [expr {$kills / (2 * [llength $kinds])}]
    for {set n 0} {$n < $share} {incr n} {
      set pipe [start $directory/error victim $kind $file $library $first]
      gets $pipe
      after [expr {int(rand() * 40)}]
      exec kill -9 [pid $pipe]
      set said [split [string trim [read $pipe]] \n]
      # A line that the kill has cut says nothing.
      catch { close $pipe }
      set error [first_line $directory/error]
      must "the victim was killed and did not stop by itself: $error" \
        {$error eq ""}
      open_db $file $library
      must_be_whole "$kind, $journal"
      set first [check_$kind [lmap line $said { split $line }]]
      if {$kind eq "graph" && $first > 400} {
        db eval {DELETE FROM PostTag; DELETE FROM Post; DELETE FROM User}
        array unset there
        set first 1
      }
      db close
      incr done
    }
    puts "  $kind, $journal: $share kills"
  }
}
puts "crash: $done kills"
sum_up
