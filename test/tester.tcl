# The verbs in which the tests are written. They have the names and the
# contracts that they have in SQLite's own test suite, but run in the ordinary
# tclsh with the Tcl package sqlite3.
#
# A test file begins and ends like this, and the verbs come between:
#
#   source [file join [file dirname [info script]] tester.tcl]
#   do_execsql_test 1.1 { SELECT assoc_version() } {/^[0-9.]+$/}
#   finish_test
#
# It runs alone (`tclsh test/define.test`) or among all (`make test`), in a
# directory of its own that is removed afterwards, with `db` open on a new
# database test.db that has the extension loaded. The environment says what is
# tested:
#
#   ASSOC_SO       the extension; without it ../assoc.so
#   ASSOC_HELPER   the C helper; without it ../build/test/faultsim.so
#   ASSOC_EVERY    N: of a fault's runs only every N-th; without it every one.
#                  place: the first at each place of the extension's code
#   ASSOC_FAULT    N: of a fault's runs only the N-th, to debug it
#
# Tests
#   do_test NAME SCRIPT EXPECTED         the script's result
#   do_execsql_test ?-db H? NAME SQL ?EXPECTED?    the list of all values
#   do_catchsql_test ?-db H? NAME SQL {RC RESULT}  RC is 1 after an error
#   do_error_test NAME SQL MESSAGE       it fails, with exactly this message
#   do_json_test NAME SQL JSON           one value, which is this JSON, byte for
#                                        byte; only EXPECTED may have white
#                                        space between the tokens
#   do_eqp_test NAME SQL EXPECTED        the query plan, as a tree that starts
#                                        with QUERY PLAN, or a part of it
#   do_faultsim_test, do_ioerr_test      see below
#   integrity_check NAME ?H?
#   skip NAME WHY                        a test that cannot run here
#   finish_test                          at the end: closes, looks for memory
#                                        that is still held, reports, exits
#
# EXPECTED may be a pattern: /REGEXP/, ~/REGEXP/ (does not match), *GLOB*,
# ~*GLOB*. In a regexp, # stands for a number.
#
# Names that start with a digit get the file's name in front: define-1.1.
#
# Helpers
#   execsql SQL ?H?, catchsql SQL ?H?    the values; or {RC RESULT}
#   catchcmd ARGS ?SCRIPT?               run the sqlite3 shell: {RC OUTPUT}
#   reset_db, db_close ?H?, load_assoc ?H?, load_unit ?H?
#   forcedelete FILE ...
#   capable NAME, ifcapable EXPR SCRIPT ?else SCRIPT?      of: shell, fts5, ...
#   sqlite_version_at_least 3.45
#
# The C helper's commands are described in faultsim.c and rawdb.c.

# ------------------------------------------------------------------- set up

encoding system utf-8
fconfigure stdout -encoding utf-8
namespace eval tester {
  variable dir [file dirname [file normalize [info script]]]
  variable script [file normalize $::argv0]
  variable n 0          ;# Tests
  variable failed {}    ;# Names of the tests that failed
  variable skipped 0
  variable handles {}   ;# Connections that are open

  # $name of the environment as a path, or else this file beside the tests.
  proc path {name beside} {
    variable dir
    if {[info exists ::env($name)]} { set beside $::env($name) }
    file normalize [file join $dir $beside]
  }
  set so [info sharedlibextension]
  variable extension [path ASSOC_SO ../assoc$so]
  variable helper [path ASSOC_HELPER ../build/test/faultsim$so]
  foreach f [list $extension $helper] {
    if {![file exists $f]} {
      puts stderr "$f is not there; \"make test\" builds it"
      exit 1
    }
  }

  variable tmp [path ASSOC_TMP [expr {
    [info exists ::env(TMPDIR)] ? $::env(TMPDIR) : "/tmp"}]]
  set tmp [file join $tmp assoc-test-[pid]]
  file mkdir $tmp
  cd $tmp
}
set testdir [file dirname $tester::script]
set testprefix [file rootname [file tail $tester::script]]

load $tester::helper Faultsim
faultsim_install
package require sqlite3

# Remember which connections are open, to close them at the end.
rename sqlite3 tester::sqlite3
proc sqlite3 {args} {
  set result [uplevel 1 [linsert $args 0 tester::sqlite3]]
  set handle [lindex $args 0]
  if {[llength $args] > 1 && ![string match -* $handle]} {
    lappend tester::handles $handle
  }
  return $result
}

# Do the C helper and the Tcl package use one SQLite, so that faults work?
set tester::idle [sqlite3_malloc_outstanding]
tester::sqlite3 db :memory:
if {[sqlite3_malloc_outstanding] == $tester::idle} {
  puts stderr "This Tcl package sqlite3 has an SQLite of its own inside, and\
               the test helper uses [tester::sqlite3 -version] of the system.\
               They must share one library."
  exit 1
}
db close
set tester::idle [sqlite3_malloc_outstanding]

# -------------------------------------------------------------- connections

proc load_assoc {{handle db}} {
  $handle enable_load_extension 1
  $handle eval {SELECT load_extension($tester::extension)}
  $handle cache flush
}

# The insides of the lower floors as SQL functions: unit.c. It is built beside
# the extension that is tested, or else in ../build/test.
proc load_unit {{handle db}} {
  set name unit[info sharedlibextension]
  set path [file join [file dirname $tester::extension] $name]
  if {![file exists $path]} { set path [tester::path "" ../build/test/$name] }
  $handle enable_load_extension 1
  $handle eval {SELECT load_extension($path)}
  $handle cache flush
}

proc db_close {{handle db}} {
  set at [lsearch -exact $tester::handles $handle]
  set tester::handles [lreplace $tester::handles $at $at]
  if {[llength [info commands ::$handle]]} { $handle close }
}

proc tester::close_all {} {
  variable handles
  foreach handle $handles { db_close $handle }
}

proc forcedelete {args} {
  foreach file $args { file delete -force -- $file }
}

# Every test database, test.db to test9.db, with what belongs to it.
proc tester::database_files {} {
  glob -nocomplain test.db* {test[0-9].db*}
}

proc reset_db {} {
  db_close db
  forcedelete {*}[glob -nocomplain test.db*]
  sqlite3 db test.db
  load_assoc db
}

proc execsql {sql {db db}} {
  uplevel 1 [list $db eval $sql]
}

proc catchsql {sql {db db}} {
  set rc [catch {uplevel 1 [list $db eval $sql]} result]
  list $rc $result
}

# The sqlite3 shell, in the test's directory: catchcmd {test.db -json} {...}
# The script may be indented, which the shell itself minds in dot-commands.
proc catchcmd {arguments {script ""}} {
  set shell sqlite3
  if {[info exists ::env(SQLITE3)]} { set shell $::env(SQLITE3) }
  regsub -all -line {^\s+\.} $script . script
  set rc [catch {exec $shell -batch {*}$arguments << $script 2>@1} output]
  regsub {\n?child process exited abnormally$} $output {} output
  list $rc $output
}

proc sqlite_version_at_least {version} {
  expr {[package vcompare [tester::sqlite3 -version] $version] >= 0}
}

# Is this there? "shell" is the sqlite3 program, if it runs with the library
# that is tested; other names are compile-time options of SQLite (fts5 stands
# for ENABLE_FTS5, debug for DEBUG) and tables that it brings (json_each). A
# SQLite that does not tell its options has none.
proc capable {name} {
  if {$name eq "shell"} {
    return [expr {[catchcmd :memory: {SELECT 1;}] eq "0 1"}]
  }
  set option [string toupper $name]
  tester::sqlite3 tester::look :memory:
  if {[catch {tester::look one {
    SELECT EXISTS(
      SELECT 1 FROM pragma_compile_options
       WHERE compile_options IN ($option, 'ENABLE_' || $option)
          OR compile_options GLOB 'ENABLE_' || $option || '=*'
    )
  }} found]} {
    set found 0
  }
  if {!$found && ![catch {tester::look eval "SELECT 1 FROM $name"}]} {
    set found 1
  }
  tester::look close
  return $found
}

# ifcapable {fts5 && !debug} {...} else {...}
proc ifcapable {expression yes {else else} {no ""}} {
  set expression [regsub -all {[a-z_0-9]+} $expression {[capable &]}]
  uplevel 1 [expr $expression ? {$yes} : {$no}]
}

# ------------------------------------------------------------ single tests

proc fix_testname {name} {
  expr {[string match {[0-9]*} $name] ? "$::testprefix-$name" : $name}
}

# The name is printed before the test runs: it is the last one if we crash.
proc tester::begin {name} {
  variable n
  incr n
  puts -nonewline "$name..."
  flush stdout
}

# why is "", or lines that say what is wrong.
proc tester::end {name why} {
  variable failed
  if {$why eq ""} {
    puts " Ok"
  } else {
    lappend failed $name
    puts " FAILED"
    foreach line [split $why \n] { puts "! $line" }
  }
  flush stdout
}

proc tester::is_pattern {expected} {
  regexp {^~?(/.*/|\*.*\*)$} $expected
}

# Is it as expected? "" or what differs.
proc tester::differs {got expected} {
  if {![is_pattern $expected]} {
    if {$got eq $expected} return
    set at 0
    while {$at < [string length $got] &&
           [string index $got $at] eq [string index $expected $at]} {
      incr at
    }
    set why "expected: \[$expected\]\ngot:      \[$got\]"
    if {$at > 60} {
      append why "\nfrom character $at on, expected:\
        \[[string range $expected $at $at+60]\]"
      append why "\nfrom character $at on, got:     \
        \[[string range $got $at $at+60]\]"
    }
    return $why
  }
  set pattern [string trimleft $expected ~]
  if {[string match /* $pattern]} {
    set pattern [string map {# {[-0-9.]+}} [string range $pattern 1 end-1]]
    set ok [regexp -- $pattern $got]
  } else {
    set ok [string match $pattern $got]
  }
  if {$ok != [string match ~* $expected]} return
  return "expected to match: \[$expected\]\ngot:               \[$got\]"
}

proc do_test {name script expected} {
  set name [fix_testname $name]
  tester::begin $name
  if {[catch {uplevel 1 $script} result options]} {
    if {[string match TCL* [dict get $options -errorcode]]} {
      set result [dict get $options -errorinfo]
    }
    tester::end $name "error: $result"
  } else {
    tester::end $name [tester::differs $result $expected]
  }
}

# Take "-db H" off the arguments in the caller's args; return H.
proc tester::take_db {} {
  upvar 1 args args
  if {[lindex $args 0] ne "-db"} { return db }
  set handle [lindex $args 1]
  set args [lrange $args 2 end]
  return $handle
}

# A list in the form in which Tcl itself would write it.
proc tester::as_list {expected} {
  if {[is_pattern [string trim $expected]]} { return [string trim $expected] }
  if {[string is list $expected]} { return [list {*}$expected] }
  return $expected
}

proc do_execsql_test {args} {
  set db [tester::take_db]
  lassign $args name sql expected
  uplevel 1 [list do_test $name [list execsql $sql $db] \
    [tester::as_list $expected]]
}

proc do_catchsql_test {args} {
  set db [tester::take_db]
  lassign $args name sql expected
  uplevel 1 [list do_test $name [list catchsql $sql $db] \
    [tester::as_list $expected]]
}

proc do_error_test {args} {
  set db [tester::take_db]
  lassign $args name sql message
  uplevel 1 [list do_test $name [list tester::message_of $sql $db] $message]
}

proc tester::message_of {sql db} {
  lassign [uplevel 1 [list catchsql $sql $db]] rc result
  expr {$rc ? $result : "no error; the result is: $result"}
}

# JSON without the white space between its tokens.
proc tester::squeeze {json} {
  regsub -all {("(?:[^"\\]|\\.)*")|\s+} $json {\1}
}

proc do_json_test {args} {
  set db [tester::take_db]
  lassign $args name sql expected
  if {![tester::is_pattern $expected]} {
    set expected [tester::squeeze $expected]
  }
  uplevel 1 [list do_test $name [list tester::one_value $sql $db] $expected]
}

proc tester::one_value {sql db} {
  set values [uplevel 1 [list execsql $sql $db]]
  if {[llength $values] == 1} { return [lindex $values 0] }
  error "one value is expected, but there are [llength $values]: $values"
}

# The plan of a query, drawn as the sqlite3 shell draws it.
proc query_plan_graph {sql {db db}} {
  $db eval "EXPLAIN QUERY PLAN $sql" row {
    lappend children($row(parent)) $row(id)
    set detail($row(id)) $row(detail)
  }
  set lines [list "QUERY PLAN"]
  # Nodes still to be drawn, the next one last: {id prefix is-last-child}
  set stack {}
  set expand {{id prefix} {
    upvar 1 children children stack stack
    if {![info exists children($id)]} return
    set last 1
    foreach child [lreverse $children($id)] {
      lappend stack [list $child $prefix $last]
      set last 0
    }
  }}
  apply $expand 0 ""
  while {[llength $stack]} {
    lassign [lindex $stack end] id prefix last
    set stack [lrange $stack 0 end-1]
    lappend lines "$prefix[expr {$last ? "`--" : "|--"}]$detail($id)"
    apply $expand $id "$prefix[expr {$last ? "   " : "|  "}]"
  }
  join $lines \n
}

proc do_eqp_test {args} {
  set db [tester::take_db]
  lassign $args name sql expected
  if {[string match {QUERY PLAN*} [string trim $expected]]} {
    set lines [lmap line [split [string trim $expected] \n] {
      string trim $line
    }]
    set script "tester::trimmed_plan [list $sql $db]"
    uplevel 1 [list do_test $name $script [join $lines \n]]
  } else {
    if {![tester::is_pattern $expected]} { set expected "*$expected*" }
    uplevel 1 [list do_test $name [list query_plan_graph $sql $db] $expected]
  }
}

# Without the indentation, which the test's own indentation hides.
proc tester::trimmed_plan {sql db} {
  join [lmap line [split [query_plan_graph $sql $db] \n] {
    string trim $line
  }] \n
}

proc integrity_check {name {db db}} {
  uplevel 1 [list do_execsql_test -db $db $name {PRAGMA integrity_check} ok]
}

proc skip {name why} {
  incr tester::skipped
  puts "[fix_testname $name]... skipped: $why"
}

# -------------------------------------------------------------------- faults
#
# do_faultsim_test NAME ?-faults PATTERNS? ?-prep SCRIPT? -body SCRIPT
#                  ?-test SCRIPT? ?-install SCRIPT?
#
# runs the body again and again. In the first run its first allocation (or
# file operation, ...) fails, in the second run its second, and so on, until
# one run comes to its end without meeting the fault. (Where that would take
# too long, as under valgrind, ASSOC_EVERY=N takes every N-th only. Sweeps start
# at different ones then, so that much alike sweeps strike different places.
# ASSOC_EVERY=place looks first where the body asks for memory, or for a file:
# of those that the same calls of the extension led to, in the whole test file,
# the first one fails. Interrupts have no place: of them it takes every 25th.)
# Each run is one test:
#
#   1. -prep runs. All connections are closed before. Without it, the files
#      that faultsim_save_and_close kept are restored and db is opened.
#   2. the fault is armed, -body runs, the fault is disarmed.
#   3. -test runs and judges, with the variables testrc and testresult (what
#      the body gave) and testnfail (how often the fault struck). Without it:
#      faultsim_test_result {0 {}}
#   4. if db is open, it must pass PRAGMA integrity_check.
#   5. all connections are closed; no memory may be held.
#
# -install runs once per kind of fault, before the first run. Faults are the
# names below; a pattern stands for those that it matches: oom-* is both.
# "transient" strikes once, "persistent" from then on always.

# name {arm with n} {disarm; gives how often it struck} {results it may give}
set tester::fault_kinds {
  oom-transient
    {sqlite3_memdebug_fail $n -repeat 1}
    {sqlite3_memdebug_fail -1}
    {{1 {out of memory}}}
  oom-persistent
    {sqlite3_memdebug_fail $n -repeat 1000000}
    {sqlite3_memdebug_fail -1}
    {{1 {out of memory}}}
  ioerr-transient
    {faultsim_io_fail $n -repeat 1}
    {faultsim_io_fail -1}
    {{1 {disk I/O error}}}
  ioerr-persistent
    {faultsim_io_fail $n -repeat 1000000}
    {faultsim_io_fail -1}
    {{1 {disk I/O error}}}
  full
    {faultsim_io_fail $n -repeat 1000000 -kind full}
    {faultsim_io_fail -1}
    {{1 {database or disk is full}}}
  cantopen
    {faultsim_io_fail $n -repeat 1000000 -kind cantopen}
    {faultsim_io_fail -1}
    {{1 {unable to open database file}}}
  busy
    {faultsim_io_fail $n -repeat 1000000 -kind busy}
    {faultsim_io_fail -1}
    {{1 {database is locked}}}
  shm-transient
    {faultsim_io_fail $n -repeat 1 -kind shm}
    {faultsim_io_fail -1}
    {{1 {disk I/O error}}}
  shm-persistent
    {faultsim_io_fail $n -repeat 1000000 -kind shm}
    {faultsim_io_fail -1}
    {{1 {disk I/O error}}}
  short
    {faultsim_io_fail $n -repeat 1 -kind short}
    {tester::short_end}
    {{1 {database disk image is malformed}} {1 {file is not a database}}}
  interrupt
    {if {[llength [info commands ::db]]} {
       sqlite3_interrupt_after db [expr {$n + 1}]
     }}
    {expr {[llength [info commands ::db]] ?
       [sqlite3_interrupt_after db 0] : 0}}
    {{1 interrupted}}
}

proc do_faultsim_test {name args} {
  set o [dict create -faults * -prep faultsim_restore_and_reopen -body {} \
    -test {faultsim_test_result {0 {}}} -install {}]
  foreach {option value} $args {
    if {![dict exists $o $option]} { error "unknown option: $option" }
    dict set o $option $value
  }
  proc faultsim_test_proc {testrc testresult testnfail} [dict get $o -test]
  set any 0
  foreach {kind arm disarm errors} $tester::fault_kinds {
    foreach pattern [dict get $o -faults] {
      if {[string match $pattern $kind]} {
        set any 1
        set tester::fault_errors $errors
        set prefix [fix_testname $name]-$kind
        uplevel #0 [dict get $o -install]
        tester::fault_loop $prefix $arm $disarm $o
        break
      }
    }
  }
  if {!$any} { error "no such fault: [dict get $o -faults]" }
}

# Which of a fault's runs to visit
set tester::every 1
if {[info exists env(ASSOC_EVERY)] && $env(ASSOC_EVERY) ne ""} {
  set tester::every $env(ASSOC_EVERY)
}
set tester::byplace [expr {$tester::every eq "place"}]
if {$tester::byplace} { set tester::every 25 }
set tester::sweeps -1
array set tester::struck {}   ;# KIND,PLACE: a fault was there

proc tester::fault_loop {prefix arm disarm o} {
  variable every
  variable sweeps
  variable byplace
  set n [expr {[incr sweeps] % $every}]
  set only [info exists ::env(ASSOC_FAULT)]
  if {$only} { set n [expr {$::env(ASSOC_FAULT) - 1}] }
  if {$byplace && !$only && ![string match *-interrupt $prefix]} {
    # The first run meets no fault.
    faultsim_places
    fault_run $prefix 1000000000 $arm $disarm $o
    foreach n [new_places $prefix [faultsim_places]] {
      fault_run $prefix $n $arm $disarm $o
    }
    return
  }
  for {} {1} {incr n $every} {
    # Interrupts may strike at any of very many steps: visit ever fewer.
    if {$n > 100 && [string match *-interrupt $prefix]} { incr n [expr {$n/9}] }
    if {![fault_run $prefix $n $arm $disarm $o] || $only} return
  }
}

# Which of these places did no fault of that kind strike yet?
proc tester::new_places {prefix places} {
  variable struck
  regexp {[a-z]+(-[a-z]+)?$} $prefix kind
  set list {}
  set n 0
  foreach place $places {
    if {![info exists struck($kind,$place)]} {
      set struck($kind,$place) 1
      lappend list $n
    }
    incr n
  }
  return $list
}

# One run, in which the fault strikes after n operations. True if it did.
proc tester::fault_run {prefix n arm disarm o} {
  set name $prefix.[expr {$n + 1}]
  begin $name
  close_all
  set idle [sqlite3_malloc_outstanding]
  if {[catch {uplevel #0 [dict get $o -prep]} message]} {
    end $name "error in -prep: $message"
    return 0
  }
  eval $arm
  set rc [catch {uplevel #0 [dict get $o -body]} result]
  set struck [eval $disarm]
  set why [fault_verdict $rc $result $struck]
  close_all
  set held [expr {[sqlite3_malloc_outstanding] - $idle}]
  if {$held} { append why "\nunfreed memory: $held allocations" }
  end $name [string trim $why \n]
  return $struck
}

# A page that was read short stays in the cache as it is, until it is let go.
proc tester::short_end {} {
  set struck [faultsim_io_fail -1]
  if {[llength [info commands ::db]]} { catch {::db eval {PRAGMA shrink_memory}} }
  return $struck
}

# "" or what is wrong after one run of the body.
proc tester::fault_verdict {rc result struck} {
  set why ""
  if {[catch {faultsim_test_proc $rc $result $struck} message]} {
    append why "$message\n"
  }
  if {[llength [info commands ::db]]} {
    set rc [catch {db eval {PRAGMA integrity_check}} result]
    if {$rc || $result ne "ok"} { append why "integrity_check: $result\n" }
  }
  return $why
}

# In -test: the body gave one of these results, or the fault's own error.
proc faultsim_test_result {args} {
  upvar 1 testrc testrc testresult testresult testnfail testnfail
  set allowed $args
  if {$testnfail} { lappend allowed {*}$tester::fault_errors }
  set got [list $testrc $testresult]
  foreach expected $allowed {
    if {[tester::differs $got [tester::as_list $expected]] eq ""} return
  }
  error "expected one of: $allowed\ngot: $got"
}

proc faultsim_save {} {
  forcedelete {*}[glob -nocomplain sv_test*]
  foreach file [tester::database_files] { file copy -force $file sv_$file }
}

proc faultsim_save_and_close {} {
  tester::close_all
  faultsim_save
}

proc faultsim_restore {} {
  forcedelete {*}[tester::database_files]
  foreach file [glob -nocomplain sv_test*] {
    file copy -force $file [string range $file 3 end]
  }
}

proc faultsim_restore_and_reopen {{file test.db}} {
  db_close db
  faultsim_restore
  sqlite3 db $file
  load_assoc db
}

# do_ioerr_test NAME ?-sqlprep SQL? ?-tclprep SCRIPT? ?-sqlbody SQL?
#               ?-tclbody SCRIPT?
# The preparation makes a new database; then the body meets I/O errors.
proc do_ioerr_test {name args} {
  set o [dict create -sqlprep {} -tclprep {} -sqlbody {} -tclbody {}]
  set o [dict merge $o $args]
  reset_db
  uplevel #0 [dict get $o -tclprep]
  execsql [dict get $o -sqlprep]
  faultsim_save_and_close
  set body "[dict get $o -tclbody]\n[list execsql [dict get $o -sqlbody]]"
  do_faultsim_test $name -faults ioerr-* -body $body \
    -test {faultsim_test_result /^0/}
}

# -------------------------------------------------------------------- finish

# The runner reads the line that begins with RESULT.
proc finish_test {} {
  tester::begin $::testprefix-leak
  tester::close_all
  set held [expr {[sqlite3_malloc_outstanding] - $tester::idle}]
  if {$held} {
    tester::end $::testprefix-leak "unfreed memory: $held allocations,\
      [sqlite3_memory_used] bytes. A statement that was not finalized keeps\
      its whole connection."
  } else {
    tester::end $::testprefix-leak ""
  }
  set nFailed [llength $tester::failed]
  puts "$nFailed errors out of $tester::n tests"
  if {$nFailed} { puts "failures on these tests: $tester::failed" }
  puts "RESULT $tester::n $nFailed $tester::skipped"
  cd /
  forcedelete $tester::tmp
  exit [expr {$nFailed > 0}]
}

reset_db
