# Run test files, several at once, and sum them up: `make test` and its like.
#
#   tclsh test/all.tcl ?OPTIONS? FILE ...
#
#   -only GLOB        only the files of that name: define, load*, fault/*
#   -j N              N at once; without it as many as there are cores
#   -run COMMAND      what to put before tclsh: "valgrind -q"
#   -job NAME COMMAND a shell command that counts as a file; one that prints
#                     no RESULT line counts as one test
#   -timeout SECONDS  how long one file may take; without it 900
#   -log DIRECTORY    where to keep all that a file with failures printed
#
# Each file runs in a tclsh of its own. Its last word is a line
#
#   RESULT tests failures skipped
#
# and one that ends without it has crashed: the test that it was in counts as
# a failure, and so does whatever made the file exit with an error although
# no test failed. The last line printed is "N passed, N failed", and the exit
# status is 0 only if nothing failed and something passed.

encoding system utf-8
fconfigure stdout -encoding utf-8

# ------------------------------------------------------------- the arguments

set only *
set cores 2
catch { set cores [exec getconf _NPROCESSORS_ONLN] }
set run ""
set timeout 900
set log ""
set jobs {}   ;# {name command is-file}: still to be done, in this order
set files {}
while {[llength $argv]} {
  set argv [lassign $argv arg]
  switch -- $arg {
    -only { set argv [lassign $argv only] }
    -j { set argv [lassign $argv cores] }
    -run { set argv [lassign $argv run] }
    -timeout { set argv [lassign $argv timeout] }
    -log { set argv [lassign $argv log] }
    -job {
      set argv [lassign $argv name command]
      lappend jobs [list $name $command 0]
    }
    default { lappend files $arg }
  }
}

# A word that the shell leaves as it is.
proc quoted {word} {
  return '[string map {' '\\''} $word]'
}

# The largest files are probably the slowest: they start first.
foreach file [lsort -decreasing -command {apply {{a b} {
  expr {[file size $a] - [file size $b]}
}}} $files] {
  set name [file rootname [file tail $file]]
  set folder [file tail [file dirname [file normalize $file]]]
  if {$folder eq "fault"} { set name fault/$name }
  lappend jobs [list $name \
    "$run [quoted [info nameofexecutable]] -encoding utf-8 [quoted $file]" 1]
}
set jobs [lmap job $jobs {
  if {![string match $only [lindex $job 0]]} continue
  set job
}]
if {![llength $jobs]} { puts "There is no test file named $only." }

# ------------------------------------------------------------------ running

set passed 0
set failed 0
set skipped {}    ;# Lines
set reports {}    ;# What to print about failures
set running 0
set width 12
foreach job $jobs {
  set width [expr {max($width, [string length [lindex $job 0]])}]
}

proc start_next {} {
  global jobs running cores timeout
  while {$running < $cores && [llength $jobs]} {
    set jobs [lassign $jobs job]
    lassign $job name command isFile
    # exec: the shell makes way, so that a signal is seen to be one.
    if {$isFile} { set command "exec $command" }
    set channel [open [list |sh -c $command </dev/null 2>@1]]
    fconfigure $channel -blocking 0
    set ::output($channel) ""
    set ::started($channel) [clock milliseconds]
    set ::alarm($channel) [after [expr {$timeout * 1000}] \
      [list give_up $channel $name $isFile]]
    fileevent $channel readable [list on_output $channel $name $isFile]
    incr running
  }
  if {!$running} { set ::done 1 }
}

# What the command itself has started may live on, so do not wait for its end.
proc give_up {channel name isFile} {
  append ::output($channel) "\n! gave up after $::timeout seconds\n"
  catch { exec sh -c "kill -KILL [pid $channel]" }
  finish $channel $name $isFile
}

proc on_output {channel name isFile} {
  append ::output($channel) [read $channel]
  if {[eof $channel]} { finish $channel $name $isFile }
}

proc finish {channel name isFile} {
  after cancel $::alarm($channel)
  fconfigure $channel -blocking 1
  set how ""
  if {[catch {close $channel} message options]} {
    set code [dict get $options -errorcode]
    switch [lindex $code 0] {
      CHILDKILLED - CHILDSUSP { set how "[lindex $code 3] ([lindex $code 2])" }
      CHILDSTATUS { set how "exit status [lindex $code 2]" }
      default { set how $message }
    }
  }
  set seconds [expr {([clock milliseconds] - $::started($channel)) / 1000.0}]
  judge $name $isFile $::output($channel) $how $seconds
  unset ::output($channel) ::started($channel) ::alarm($channel)
  incr ::running -1
  start_next
}

# ------------------------------------------------------------------ judging

# Count one file. how is "" if it exited with status 0.
proc judge {name isFile output how seconds} {
  set lines [split $output \n]
  set why {}
  set details [report_lines $lines]
  if {[regexp -line {^RESULT (\d+) (\d+) (\d+)$} $output - n bad skip]} {
    if {!$bad && $how ne ""} {
      incr n
      incr bad
      lappend why "$how, although no test failed"
      lappend details {*}[telling_lines $lines]
    }
  } elseif {$isFile} {
    set ok [llength [lsearch -all $lines {*... Ok}]]
    set bad [expr {[llength [lsearch -all $lines {*... FAILED}]] + 1}]
    set n [expr {$ok + $bad}]
    set last [lindex [lsearch -all -inline $lines {*...*}] end]
    set where "before its first test"
    if {$last ne ""} {
      set in [expr {[regexp {\.\.\. (Ok|FAILED|skipped.*)$} $last] ?
        "after" : "in"}]
      set where "$in [regsub {\.\.\..*} $last {}]"
    }
    lappend why "died $where[expr {$how eq "" ? "" : ": $how"}]"
    lappend details {*}[telling_lines $lines]
  } else {
    set n 1
    set bad [expr {$how ne ""}]
    if {$bad} {
      lappend why $how
      lappend details {*}[telling_lines $lines]
    }
  }
  incr ::passed [expr {$n - $bad}]
  incr ::failed $bad
  lappend ::skipped {*}[lsearch -all -inline -regexp $lines \
    {^[^!].*\.\.\. skipped: }]
  set state [expr {$bad ? "$bad of $n FAILED" : "$n ok"}]
  set slow [expr {$seconds < 2 ? "" : [format "%6.1f s" $seconds]}]
  puts [string trimright [format "  %-*s %12s %s" $::width $name $state $slow]]
  flush stdout
  if {$bad} {
    lappend details [keep_log $name $output]
    lappend ::reports [string trim "$name: [join $why {; }]" {: }] $details
  }
}

# Of a file's output: the failed tests with what was said about them.
proc report_lines {lines} {
  set report {}
  foreach line $lines {
    if {[string match {*... FAILED} $line]} {
      lappend report [string range $line 0 end-10]
    } elseif {[string match !* $line]} {
      lappend report "    [string trim [string range $line 1 end]]"
    }
  }
  return $report
}

# Where no test says what is wrong: what a sanitizer or valgrind says first, or
# else the last lines.
proc telling_lines {lines} {
  set lines [lsearch -all -inline -not -regexp $lines {^$|\.\.\. Ok$|^!}]
  set from [lsearch -regexp $lines {==\d+==|runtime error: }]
  if {$from >= 0} {
    set lines [lrange $lines $from $from+39]
  } else {
    set lines [lrange $lines end-19 end]
  }
  lmap line $lines {set line "    $line"}
}

# Keep all the output of a file with failures, and say where.
proc keep_log {name output} {
  if {$::log eq ""} return
  set path [file join $::log [string map {/ -} $name].log]
  file mkdir $::log
  set channel [open $path w]
  puts -nonewline $channel $output
  close $channel
  return "all of it: $path"
}

# ----------------------------------------------------------------- the whole

# What a crash leaves behind goes with this directory.
set tmp [expr {[info exists env(TMPDIR)] ? $env(TMPDIR) : "/tmp"}]
set tmp [file join $tmp assoc-all-[pid]]
file mkdir $tmp
set env(ASSOC_TMP) $tmp
if {$log ne ""} { file delete -force $log }

start_next
if {![info exists done]} { vwait done }
file delete -force $tmp

foreach {title details} $reports {
  puts "\n== $title"
  foreach line $details { puts $line }
}
if {[llength $reports]} { puts "" }
foreach line $skipped { puts $line }
puts "$passed passed, $failed failed"
exit [expr {$failed > 0 || $passed == 0}]
