# Several processes write and read graphs in one file at once: `make soak`.
#
#   tclsh test/soak.tcl ASSOC_SO DIRECTORY SECONDS PROCESSES
#
# Each process writes graphs under names of its own, changes and destroys some,
# and reads documents of all. A reader must never see half a graph. At the end
# no acknowledged graph is lost, none is doubled; SQLITE_BUSY was waited for and
# never given to a caller; and between a fifth of the time and its end the memory
# of a process has not grown.
source [file join [file dirname [info script]] processes.tcl]

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
    set graph [graph $name]
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
make_graphs $directory/soak.db $library WAL
set pipes {}
for {set n 0} {$n < $processes} {incr n} {
  lappend pipes [start $directory/error$n worker $n $directory/soak.db \
    $library $seconds]
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
  set error [first_line $directory/error$n]
  must "process $n: $error" {$error eq ""}
}
must "lost or doubled" {[lsort $left] eq
  [lsort [db eval {SELECT name FROM User}]]}
must "half a graph" {[half_graphs] == 0}
must_be_whole soak
puts "soak: $processes processes, $seconds s, $writes writes, $reads reads,\
  [llength $left] graphs left"
sum_up
