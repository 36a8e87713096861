# The floors of ext/, from the ground up, and a check that every file leans
# only on its own floor and on those below it.
#
#   tclsh tool/floors.tcl     exit status 1, and what is wrong, if a floor
#                             includes a header of a higher floor, if a folder
#                             has no place in the order, if two floors have a
#                             file of one name, or if the drawing in
#                             ext/doc/ARCHITECTURE.md shows other arrows than
#                             the #include lines make
#
# tool/amalgamate.tcl joins the sources in this order.

set floors {base shape model sql load write sync look live surface}

# A list of {from to file}: each #include of another floor's header.
proc floor_includes {ext} {
  set result {}
  foreach floor $::floors {
    foreach path [lsort [glob -nocomplain -directory $ext/$floor *.c *.h]] {
      set channel [open $path]
      set text [read $channel]
      close $channel
      foreach {- to} [regexp -all -inline {(?n)^#include "(\w+)/} $text] {
        if {$to ne $floor} {
          lappend result [list $floor $to $floor/[file tail $path]]
        }
      }
    }
  }
  return $result
}

# Folders of ext/ that hold C files and have no place in the order.
proc floor_strangers {ext} {
  set result {}
  foreach folder [lsort [glob -nocomplain -directory $ext -type d -tails *]] {
    if {$folder ni $::floors && [llength [glob -nocomplain $ext/$folder/*.c]]} {
      lappend result $folder
    }
  }
  return $result
}

# Names of C files that stand on two floors. A file's name tells its room.
proc floor_twins {ext} {
  foreach path [lsort [glob -nocomplain -directory $ext */*.c]] {
    lappend floors([file tail $path]) [file tail [file dirname $path]]
  }
  set result {}
  foreach name [lsort [array names floors]] {
    if {[llength $floors($name)] > 1} {
      lappend result "$name stands on two floors: [join $floors($name) {, }]"
    }
  }
  return $result
}

# The arrows of the page's drawing: lines such as "surface --> load".
proc floor_drawing {page} {
  set channel [open $page]
  set text [read $channel]
  close $channel
  set result {}
  foreach {- from to} [regexp -all -inline {(?n)^ *(\w+) --> (\w+)$} $text] {
    lappend result "$from --> $to"
  }
  return [lsort -unique $result]
}

proc floor_check {top} {
  set wrong {}
  foreach folder [floor_strangers $top/ext] {
    lappend wrong "ext/$folder has no place in the order: tool/floors.tcl"
  }
  lappend wrong {*}[floor_twins $top/ext]
  set arrows {}
  foreach include [floor_includes $top/ext] {
    lassign $include from to file
    lappend arrows "$from --> $to"
    if {[lsearch $::floors $to] > [lsearch $::floors $from]} {
      lappend wrong "ext/$file includes a header of the higher floor $to"
    }
  }
  set arrows [lsort -unique $arrows]
  set drawn [floor_drawing $top/ext/doc/ARCHITECTURE.md]
  foreach arrow $arrows {
    if {$arrow ni $drawn} { lappend wrong "not in the drawing: $arrow" }
  }
  foreach arrow $drawn {
    if {$arrow ni $arrows} { lappend wrong "only in the drawing: $arrow" }
  }
  return $wrong
}

if {[info exists argv0] &&
    [file normalize $argv0] eq [file normalize [info script]]} {
  set wrong [floor_check [file dirname [file dirname \
    [file normalize [info script]]]]]
  foreach line $wrong { puts stderr $line }
  exit [expr {[llength $wrong] > 0}]
}
