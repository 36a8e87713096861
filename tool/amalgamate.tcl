# Join all sources into one C file, on stdout: `make amalgamation`.
#
#   tclsh tool/amalgamate.tcl > build/assoc.c
#
# The floors come in their order, each floor's files in theirs, the front door
# last. A header of ours is put in where it is first included and nowhere
# else; SQLite's own stay #includes. The result compiles like the sources:
# as it is to a loadable extension, with -DSQLITE_CORE into a program.
#
# All files share one scope then: two static functions of one name, in files
# that never met before, are an error that `make check` shows.

set top [file dirname [file dirname [file normalize [info script]]]]
set ext [file join $top ext]
fconfigure stdout -encoding utf-8 -translation lf

source [file join $top tool floors.tcl]
foreach folder [floor_strangers $ext] {
  puts stderr "ext/$folder has no place in the order: tool/floors.tcl"
  exit 1
}

proc read_text {path} {
  set channel [open $path]
  fconfigure $channel -encoding utf-8
  set text [read -nonewline $channel]
  close $channel
  return $text
}

# A line that is easy to see in a file of many thousands.
proc banner {text} {
  set line "/****** $text "
  append line [string repeat * [expr {max(0, 76 - [string length $line])}]] */
}

# The header of ours that is meant by #include "NAME" in a file, or "".
proc find_header {name file} {
  foreach folder [list $::ext [file dirname $file]] {
    set path [file normalize [file join $folder $name]]
    if {[file exists $path] && [string match $::ext/* $path]} { return $path }
  }
}

# Write a file, with what it includes.
proc write_file {path} {
  set name [string range $path [string length $::top/] end]
  puts [banner "begin $name"]
  foreach line [split [read_text $path] \n] {
    if {[regexp {^\s*#\s*include\s*"([^"]+)"} $line - header]} {
      set found [find_header $header $path]
      if {$found ne "" && [info exists ::done($found)]} {
        continue
      } elseif {$found ne ""} {
        set ::done($found) 1
        write_file $found
        continue
      }
    }
    puts $line
  }
  puts [banner "end $name"]
}

# ------------------------------------------------------------------ the file

regexp {ASSOC_VERSION "([^"]*)"} [read_text [file join $ext assoc.h]] - version
puts "/*
** assoc $version: associations inside SQLite, all sources in one file.
**
** To a loadable extension:
**   cc -O2 -fPIC -shared -fvisibility=hidden assoc.c -o assoc.so
** Into a program, which calls sqlite3_assoc_init(db, 0, 0), see assoc.h:
**   cc -O2 -DSQLITE_CORE -c assoc.c
**
** This file is made from the sources in ext/ by tool/amalgamate.tcl.
**"
foreach line [split [read_text [file join $top LICENSE]] \n] {
  puts [string trimright "** $line"]
}
puts "*/"

foreach floor $floors {
  foreach path [lsort [glob -nocomplain [file join $ext $floor *.c]]] {
    write_file $path
  }
}
write_file [file join $ext assoc.c]
