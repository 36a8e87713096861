# Make a page and a chart of what bench measured:
#
#   tclsh report.tcl DIRECTORY TSV...
#
# DIRECTORY gets bench.md and bench.svg. Each TSV is the -o of a run, on one
# SQLite; the first line is a comment that names the machine.

set here [file dirname [file normalize [info script]]]
set files [lassign $argv out]

# {name title target overhead why list queries}, where queries is {{kind name} sql …}
proc read_shapes {file} {
  set shapes {}
  set f [open $file]
  fconfigure $f -encoding utf-8
  foreach line [split [read $f] \n] {
    if {[regexp {^-- shape: (.*)} $line -> name]} {
      dict set shapes $name [dict create target 0 overhead 0 why {} list 0 \
        queries {}]
      set query {}
    } elseif {![info exists name]} {
      continue
    } elseif {[regexp {^-- (ours|expert|small|beside|other|setup):(.*)} \
        $line -> kind label]} {
      set query [list $kind [string trim $label]]
    } elseif {[regexp {^-- target: (.*)} $line -> value]} {
      if {$query eq {}} { dict set shapes $name target $value }
    } elseif {[regexp {^-- (title|overhead|why): (.*)} $line -> key value]} {
      dict set shapes $name $key $value
    } elseif {$line eq "-- list"} {
      dict set shapes $name list 1
    } elseif {$line ne {} && ![string match --* $line]} {
      dict update shapes $name shape {
        dict update shape queries queries {
          dict append queries $query $line\n
        }
      }
    }
  }
  close $f
  return $shapes
}

# rows(SQLITE,USERS,SHAPE) is a dict; sqlites, sizes, machine
set columns {sqlite users shape bytes ours expert ratio low high floors miss
  form beside}
set sqlites {}
set sizes {}
foreach file $files {
  set f [open $file]
  foreach line [split [string trimright [read $f] \n] \n] {
    if {[regexp {^# (.*)} $line -> machine]} continue
    foreach column $columns value [split $line \t] {
      dict set row $column $value
    }
    dict with row {
      set rows($sqlite,$users,$shape) $row
      if {$sqlite ni $sqlites} { lappend sqlites $sqlite }
      if {$users ni $sizes} { lappend sizes $users }
    }
  }
  close $f
}
set shapes [read_shapes $here/shapes.sql]

# Digits that say something, and a comma at the thousands
proc number {x} {
  set text [format [expr {$x < 0.0995 ? "%.3f" : $x < 9.95 ? "%.2f" :
    $x < 99.5 ? "%.1f" : "%.0f"}] $x]
  regsub -all {\d(?=(\d{3})+$)} $text {&,}
}
proc bytes {n} {
  if {$n < 1000} { return "$n B" }
  if {$n < 1e6} { return "[expr {$n / 1000}] kB" }
  return [format "%.1f MB" [expr {$n / 1e6}]]
}
proc cell {row} {
  dict with row {
    set text [switch $miss {
      0 { string cat "**[number $ratio]**" }
      1 { string cat "[number $ratio] ✗" }
      2 { string cat "[number $ratio] °" }
    }]
    if {$low == $high} { return $text }
    return "$text <sub>[number $low]–[number $high]</sub>"
  }
}

# ------------------------------------------------------------------ the page

proc heading {} {
  global machine sizes
  return "# How fast: assoc against the SQL an expert writes by hand

Made by `make bench`; do not edit. $machine.

!\[Bars: for each shape, how many times as fast as the expert's SQL\](bench.svg)

How often assoc goes through while the expert's SQL does once: above 1 it is
the faster one. Both are prepared statements on one connection, with the cache as
SQLite has it by default, and run in turn, the short ones some times after one
that warms up: the ratio is the median of those of the pairs of processor times,
beside it are the quartiles. Before that, their answers are found equal byte for
byte. Of the expert's forms, text and `jsonb`, the fastest one counts. A size is the number of users, each of whom has ten posts and fifty
comments, in a file in which rows lie as they came in time; `make bench BENCH=-c`
has those of a parent together. *Target* is the ratio that we want, ✗ where the
upper quartile misses it, ° where it does but our time is within the floors
below; *growth* is our time with ten times the data by our time without,
where all of a table is read. *Why* leads to the notes that show what SQLite itself
takes of a shape that does not reach its target everywhere.
"
}

proc ratios {} {
  global shapes sizes sqlites rows
  set head "| |"
  set rule "|---|"
  foreach sqlite $sqlites {
    foreach users $sizes {
      append head " SQLite $sqlite, [number $users] users |"
      append rule "---:|"
    }
    append head " growth |"
    append rule "---:|"
  }
  append head " target |"
  append rule "---:|"
  set lines [list $head $rule]
  dict for {name shape} $shapes {
    set line "| [dict get $shape title] |"
    foreach sqlite $sqlites {
      set times {}
      foreach users $sizes {
        if {![info exists rows($sqlite,$users,$name)]} {
          append line " |"
          continue
        }
        set row $rows($sqlite,$users,$name)
        lappend times [dict get $row ours]
        append line " [cell $row] |"
      }
      append line " [growth $shape $times] |"
    }
    append line " [target $shape] |"
    lappend lines $line
  }
  return [join $lines \n]
}
proc growth {shape times} {
  if {![dict get $shape list] || [llength $times] < 2} return
  number [expr {[lindex $times end] / [lindex $times 0]}]
}
proc target {shape} {
  dict with shape {
    set text [expr {$overhead ? "+$overhead µs" : $target}]
    if {$why eq {}} { return $text }
    return "$text [link why $why]"
  }
}
# A link to a section of NOTES.md, by the name that GitHub gives it
proc link {text section} {
  regsub -all {[^a-z0-9 -]} [string tolower $section] {} name
  return "\[$text\](../NOTES.md#[string map {{ } -} $name])"
}

proc times {} {
  global shapes sizes sqlites rows
  set lines {
    "| | SQLite | users | answer | ours, ms | expert's, ms | its form | floors | beside it |"
    "|---|---|---:|---:|---:|---:|---|---:|---|"
  }
  dict for {name shape} $shapes {
    foreach sqlite $sqlites {
      foreach users $sizes {
        if {![info exists rows($sqlite,$users,$name)]} continue
        dict with rows($sqlite,$users,$name) {
          lappend lines "| $name | $sqlite | [number $users] | [bytes $bytes] |\
            [number $ours] | [number $expert] | $form |\
            [expr {$floors ? [number $floors] : ""}] |\
            $beside |"
        }
      }
    }
  }
  return [join $lines \n]
}

proc queries {} {
  global shapes
  set text {}
  dict for {name shape} $shapes {
    append text "### $name: [dict get $shape title]\n\n```sql\n"
    dict for {query sql} [dict get $shape queries] {
      lassign $query kind label
      set what [dict get {ours ours expert expert's small expert's
        beside "beside it" other "beside it" setup before} $kind]
      append text "-- $what[expr {$label eq {} ? "" : ": $label"}]\n$sql"
    }
    append text "```\n\n"
  }
  return $text
}

proc page {} {
  return "[heading]
[ratios]

## Times

*Floors* is our time over twice the time that SQLite needs to look at every
column of the tables, and once that to copy the answer: one or less leaves
little to gain.

[times]

## What was asked

`\$users(u)` stands for the members `'id',u.id,'name',u.name,…`, `\$keys` for a
hundred keys, `\$json` for `json` or `jsonb`.

[queries]"
}

# ----------------------------------------------------------------- the chart

# The ratios at the largest size, the first shape at the top
proc chart {svg} {
  global shapes sizes sqlites rows here
  set f [open $svg.dat w]
  fconfigure $f -encoding utf-8
  set n 0
  dict for {name shape} $shapes {
    set line "[incr n]\t[dict get $shape title]"
    foreach sqlite [lrange $sqlites 0 1] {
      set key $sqlite,[lindex $sizes end],$name
      append line \t[if {[info exists rows($key)]} {
        dict get $rows($key) ratio
      } else { string cat NaN }]
    }
    puts $f $line
  }
  close $f
  exec gnuplot -e "data='$svg.dat'; out='$svg'; n=$n;\
    first='SQLite [lindex $sqlites 0]'; second='SQLite [lindex $sqlites 1]';\
    size='[number [lindex $sizes end]]'" $here/bench.gp 2>@1
  file delete $svg.dat
}

file mkdir $out
set f [open $out/bench.md w]
fconfigure $f -encoding utf-8
puts -nonewline $f [string trimright [page] \n]\n
close $f
chart $out/bench.svg
puts "$out/bench.md and $out/bench.svg are made"
