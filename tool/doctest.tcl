# Run the examples in the documentation: they are tests too.
#
#   tclsh tool/doctest.tcl ./assoc.so FILE.md ...
#
# A document is a run of sections; each heading of level 1 or 2 starts one. The
# examples of a section run in their order in one session of the sqlite3 shell,
# on a database in memory that has the extension loaded. A section with the
# word "continue" after the first example's language goes on in the session
# before it. Sessions run in a directory of their own, where ./assoc.so is the
# extension. These kinds of fenced blocks are examples:
#
#   ```sql
#   CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
#   INSERT INTO User(name) VALUES ('Alice'), ('Bob');
#   SELECT name FROM User;
#   -- → Alice
#   -- → Bob
#   SELECT assoc_list();        --> Error: no such function: assoc_list
#   ```
#
# Comments that begin with an arrow (→ or >) are what the line of SQL before
# them prints, all of it. A line of SQL without one may print what it likes,
# but may not fail. Several statements on one line count as one. An error is
# written as "Error: message". Lines of the shell (.mode box) may stand there
# as well.
#
#   ```console
#   $ sqlite3 blog.db
#   sqlite> SELECT 1,
#      ...>        2;
#   1|2
#   ```
#
# A transcript of the shell, in which every prompt's output is checked. A line
# "$ sqlite3 FILE" starts a new session, on that file of the directory, without
# the extension; other "$" lines, and what they print, are not run.
#
#   ```mermaid
#   A picture: what the assoc_diagram() right before it prints.
#   ```
#
# In all, what is expected must be printed exactly, but
#   - a line that is only … (or ...) stands for any lines;
#   - JSON may be laid out in several lines, with white space between tokens;
#   - "Error:" stands for the shell's "Parse error:" and "Runtime error:", and
#     the line number before it and the result code after it, as in
#     "Runtime error: ... (19)", are dropped.
#
# "Error:" also leaves out the two lines in which the shell shows the place.
#
# Programs are examples as well, where this machine can run them: ```python,
# ```js (with better-sqlite3) and ```c (linked with build/assoc.c). Each is run
# by itself in that directory, and prints all that its comments with an arrow
# say, in their order:  print(1 + 1)  # → 2
#
# A program with the word "continued" after its language goes on from the programs of
# that language before it. In ```js, an expression with an arrow is printed as JSON:
# a.count('User', 1, 'posts')  // → 1
#
# Every block is one test. The word "skip" after the language leaves it out.
# The last line is for test/all.tcl: RESULT tests failures skipped.

encoding system utf-8
fconfigure stdout -encoding utf-8
package require sqlite3
sqlite3 splitter :memory:   ;# Knows where a statement ends

# ------------------------------------------------------------------- reading

# The blocks of a document. Each is a dict: file, line (of its fence), language,
# words (of the info string), section (a number), text (a list of lines).
proc read_blocks {file} {
  set channel [open $file]
  fconfigure $channel -encoding utf-8
  set lines [split [read $channel] \n]
  close $channel
  set blocks {}
  set section 0
  set fence ""
  set number 0
  foreach line $lines {
    incr number
    if {$fence ne ""} {
      if {[string trim $line] eq $fence} {
        set fence ""
        lappend blocks $block
      } else {
        dict lappend block text [string range $line $indent end]
      }
    } elseif {[regexp {^( *)(```+|~~~+) *(.*)$} $line - space fence info]} {
      set indent [string length $space]
      set block [dict create file $file line $number section $section \
        language [lindex [split $info] 0] words [split $info] text {}]
    } elseif {[regexp {^##? } $line]} {
      incr section
    }
  }
  return $blocks
}

# What begins an expectation: "-- →" or "-->", and one space.
set arrow {--\s?(?:\u2192|>) ?}

# A block as a list of steps {line input expected}. expected is a list of
# lines, or "any". line counts within the document.
proc sql_steps {block} {
  set steps {}
  set input ""
  set number [dict get $block line]
  foreach line [dict get $block text] {
    incr number
    if {$input eq "" && [regexp "^\\s*$::arrow\(.*)" $line - text]} {
      expect_more steps $text
      continue
    }
    if {$input eq ""} {
      if {[regexp {^\s*(--.*)?$} $line]} continue
      set start $number
    }
    set expected [cut_expected $input line]
    append input $line \n
    if {[is_complete $input]} {
      lappend steps [list $start $input $expected]
      set input ""
    }
  }
  if {[string trim $input] ne ""} { lappend steps [list $start $input any] }
  return $steps
}

# The last of the steps prints one more line.
proc expect_more {stepsName text} {
  upvar 1 $stepsName steps
  if {![llength $steps]} return
  lassign [lindex $steps end] line input expected
  if {$expected eq "any"} { set expected {} }
  lset steps end [list $line $input [linsert $expected end $text]]
}

# What a line that ends a statement begun in input expects at its own end,
# which is cut off; or "any". An arrow inside a string is none.
proc cut_expected {input lineName} {
  upvar 1 $lineName line
  foreach at [regexp -all -inline -indices -- $::arrow $line] {
    lassign $at from to
    set sql [string trimright [string range $line 0 $from-1]]
    if {[string match {*;} $sql] && [splitter complete $input$sql]} {
      set expected [list [string range $line $to+1 end]]
      set line $sql
      return $expected
    }
  }
  return any
}

proc is_complete {input} {
  expr {[string match .* $input] || [splitter complete $input]}
}

# A "$" line becomes the step {line {$ command} any}.
proc console_steps {block} {
  set steps {}
  set number [dict get $block line]
  foreach line [dict get $block text] {
    incr number
    if {[regexp {^sqlite> ?(.*)$} $line - text]} {
      lappend steps [list $number $text\n {}]
    } elseif {[regexp {^   \.\.\.> ?(.*)$} $line - text]} {
      lassign [lindex $steps end] at input expected
      lset steps end [list $at $input$text\n $expected]
    } elseif {[string match {$ *} $line]} {
      lappend steps [list $number $line any]
    } elseif {[llength $steps]} {
      lassign [lindex $steps end] at input expected
      if {$expected ne "any"} {
        lset steps end [list $at $input [linsert $expected end $line]]
      }
    }
  }
  return $steps
}

# ------------------------------------------------------------------- running

set shell sqlite3
if {[info exists env(SQLITE3)]} { set shell $env(SQLITE3) }

# Run steps in one session. Returns what each printed, a list of lists of
# lines; it is short if the shell ended early. Everything is sent to stderr,
# in the order in which it happens; a marker follows each step.
proc run_session {file inputs} {
  set marker "--- end of a step ---"
  set script ".mode list\n.headers off\n"
  if {$file eq ":memory:"} { append script ".load ./assoc\n" }
  append script ".output stderr\n.print $marker\n"
  foreach input $inputs {
    append script $input ".output stderr\n.print $marker\n"
  }
  set channel [open script.sql w]
  fconfigure $channel -encoding utf-8
  puts -nonewline $channel $script
  close $channel
  set channel [open [list |$::shell -batch $file < script.sql 2>@1]]
  fconfigure $channel -encoding utf-8
  set lines [split [string trimright [read $channel] \n] \n]
  catch { close $channel }
  set outputs {}
  set output {}
  foreach line $lines {
    if {$line eq $marker} {
      lappend outputs $output
      set output {}
    } else {
      regsub {^((?:Parse |Runtime )?[Ee]rror) near line \d+: } $line {\1: } line
      lappend output $line
    }
  }
  if {[llength $outputs] <= [llength $inputs]} {
    lappend output "(the shell ended here)"
  }
  if {[llength $output]} { lappend outputs $output }
  lrange $outputs 1 end
}

# ------------------------------------------------------------------- judging

proc squeeze {json} {
  regsub -all {("(?:[^"\\]|\\.)*")|\s+} $json {\1}
}

proc is_error {line} {
  regexp {^(Parse error|Runtime error|Error)\M} $line
}

# Do the lines match, where a line of dots stands for any lines?
proc lines_match {got expected} {
  if {![llength $expected]} { return [expr {![llength $got]}] }
  set expected [lassign $expected line]
  if {[string trim $line] in "\u2026 ..."} {
    for {set i 0} {$i <= [llength $got]} {incr i} {
      if {[lines_match [lrange $got $i end] $expected]} { return 1 }
    }
    return 0
  }
  if {![llength $got]} { return 0 }
  set got [lassign $got first]
  if {[string match "Error: *" $line]} {
    regsub {^(Parse|Runtime) error:} $first Error: first
    regsub { \(\d+\)$} $first {} first
    regsub { \(\d+\)$} $line {} line
    if {[string match {*--- error here} [lindex $got 1]] ||
        [string match {*error here ---^} [lindex $got 1]]} {
      set got [lrange $got 2 end]
    }
  }
  expr {[string trimright $line] eq [string trimright $first] &&
    [lines_match $got $expected]}
}

proc is_match {got expected} {
  if {[lines_match $got $expected]} { return 1 }
  expr {[llength $got] == 1 && [regexp {^[[\{]} [lindex $got 0]] &&
    [squeeze [lindex $got 0]] eq [squeeze [join $expected \n]] &&
    [squeeze [lindex $got 0]] eq [lindex $got 0]}
}

# "" or what is wrong with a step.
proc step_fault {step got} {
  lassign $step line input expected
  if {$expected eq "any"} {
    foreach text $got {
      if {[is_error $text] || $text eq "(the shell ended here)"} {
        return "line $line: it failed\n  [join $got "\n  "]"
      }
    }
    return
  }
  if {[is_match $got $expected]} return
  set why "line $line: expected\n  [join $expected "\n  "]"
  append why "\nbut got\n  [join $got "\n  "]"
}

# ----------------------------------------------------------------- the whole

# The sessions of a document: lists {file {block-number step} ...}. blocks is
# the caller's, and gets a list of its steps' faults later.
proc plan_sessions {blocks} {
  set sessions {}
  set session {}
  set section -1
  set i -1
  foreach block $blocks {
    incr i
    if {[dict get $block section] != $section} {
      set section [dict get $block section]
      if {"continue" ni [dict get $block words] || ![llength $session]} {
        lappend sessions $session
        set session {:memory:}
      }
    }
    if {[is_program $block]} continue
    if {[dict get $block language] eq "mermaid"} {
      if {[string match *assoc_diagram* [lindex $session end 1 1]]} {
        lset session end 1 2 [dict get $block text]
      }
      continue
    }
    foreach step [[dict get $block language]_steps $block] {
      if {[string match {$ *} [lindex $step 1]]} {
        if {[regexp {^\$ sqlite3( .*)?$} [lindex $step 1] - file]} {
          set file [lindex [string trim $file] end]
          lappend sessions $session
          set session [list [expr {$file eq "" ? ":memory: " : $file}]]
        }
        continue
      }
      lappend session [list $i $step]
    }
  }
  lappend sessions $session
  lsearch -all -inline -not $sessions {}
}

proc is_example {block} {
  if {[dict get $block language] in {sql mermaid}} { return 1 }
  if {[is_program $block]} { return 1 }
  expr {[dict get $block language] eq "console" &&
    [lsearch [dict get $block text] {sqlite> *}] >= 0}
}

# ------------------------------------------------------------------ programs

proc succeeds {args} {
  expr {![catch { exec {*}$args 2>@1 }]}
}

# The command that runs a file of that language in this directory, or "".
proc program_python {} {
  set try {import sqlite3; sqlite3.connect("").enable_load_extension
assert sqlite3.sqlite_version_info >= (3, 38)}
  foreach python {python3 /usr/bin/python3} {
    if {[succeeds $python -c $try]} { return [list $python program] }
  }
}
proc program_js {} {
  if {![succeeds node -e {require("better-sqlite3")}]} return
  # The helper of the npm package, as it is in the sources
  file mkdir node_modules
  catch {
    file link node_modules/sqlite-assoc [file join $::top tool packages npm]
  }
  set ::env(SQLITE_ASSOC_LIBRARY) $::extension
  return {node program}
}
# Print the value of an expression that has an arrow behind it.
proc printed_js {line} {
  set print {^(?!.*console\.log)(\S.*\S)(\s+// \u2192)}
  regsub $print $line {console.log(JSON.stringify(\1))\2}
}
proc program_c {} {
  set cc [expr {[info exists ::env(CC)] ? $::env(CC) : "cc"}]
  set build [file join [file dirname $::extension] build]
  if {![file exists [file join $build assoc.c]]} return
  set command "$cc -DSQLITE_CORE -I'$build' -x c program '$build/assoc.c'"
  list sh -c "$command -lsqlite3 -o a.out && ./a.out"
}
set programs {python # js // c //}

proc is_program {block} {
  dict exists $::programs [dict get $block language]
}

# "" or what is wrong with a program; "skip" if nothing here can run it.
proc program_fault {block} {
  set language [dict get $block language]
  set command [program_$language]
  if {$command eq ""} { return skip }
  set expected {}
  set comment "[dict get $::programs $language]\\s?(?:\u2192|>) ?"
  foreach line [dict get $block text] {
    if {[regexp "$comment\(.*)" $line - text]} { lappend expected $text }
  }
  set text [dict get $block text]
  if {$language eq "js"} { set text [lmap line $text { printed_js $line }] }
  set channel [open program w]
  fconfigure $channel -encoding utf-8
  puts $channel [join $text \n]
  close $channel
  catch { exec {*}$command 2>@1 } output
  regsub {\n?child process exited abnormally$} $output {} output
  step_fault [list [dict get $block line] {} $expected] [split $output \n]
}

# --------------------------------------------------------- all the documents

set extension [file normalize [lindex $argv 0]]
set documents [lmap file [lrange $argv 1 end] {file normalize $file}]
set top [pwd]
set tmp [expr {[info exists env(TMPDIR)] ? $env(TMPDIR) : "/tmp"}]
set tmp [file join $tmp assoc-doctest-[pid]]
set tests 0
set failures 0
set skipped 0

foreach document $documents {
  # Each document has a fresh directory.
  file mkdir $tmp
  file copy $extension $tmp
  cd $tmp
  set blocks {}
  foreach block [read_blocks $document] {
    if {![is_example $block]} continue
    if {"skip" in [dict get $block words]} {
      incr skipped
      puts "$document:[dict get $block line]... skipped: it says so"
    } else {
      lappend blocks $block
    }
  }
  array unset fault
  set i -1
  foreach block $blocks {
    incr i
    if {![is_program $block]} continue
    set language [dict get $block language]
    if {"continued" in [dict get $block words]} {
      dict set block text [list {*}$before($language) {*}[dict get $block text]]
    }
    set before($language) [dict get $block text]
    set why [program_fault $block]
    if {$why ne ""} { set fault($i) $why\n }
  }
  foreach session [plan_sessions $blocks] {
    set steps [lassign $session file]
    if {![llength $steps]} continue
    set outputs [run_session $file [lmap step $steps {lindex $step 1 1}]]
    foreach item $steps {
      lassign $item i step
      set got {{(the shell ended here)}}
      if {[llength $outputs]} { set outputs [lassign $outputs got] }
      set why [step_fault $step $got]
      if {$why ne ""} { append fault($i) $why\n }
    }
  }
  set i -1
  foreach block $blocks {
    incr i
    set name [string map [list $top/ {}] $document]:[dict get $block line]
    if {[info exists fault($i)] && $fault($i) eq "skip\n"} {
      incr skipped
      puts "$name... skipped: no program here can run it"
      continue
    }
    incr tests
    if {[info exists fault($i)]} {
      incr failures
      puts "$name... FAILED"
      foreach line [split [string trim $fault($i) \n] \n] { puts "! $line" }
    } else {
      puts "$name... Ok"
    }
  }
  cd $top
  file delete -force $tmp
}
puts "RESULT $tests $failures $skipped"
exit [expr {$failures > 0}]
