# The story that every client tells, in Tcl with SQLite's own binding:
#
#     tclsh story.tcl EXTENSION DATABASE SCHEMA
package require sqlite3
fconfigure stdout -encoding utf-8
lassign $argv extension database schema

proc open_database {name} {
  sqlite3 $name $::database
  $name enable_load_extension 1
  $name eval {SELECT load_extension($::extension)}
  $name enable_load_extension 0
}

proc count {db} {
  return [$db onecolumn {SELECT assoc_count('User', 1, 'posts')}]
}

proc failing {sql} {
  if {[catch {db onecolumn $sql} message]} {
    set code [expr {[db errorcode] & 255}]
    set reason [db onecolumn {SELECT assoc_error() ->> 'code'}]
    puts "error $code, $reason: [lindex [split $message \n] 0]"
  }
}

open_database db
puts "loaded into SQLite [db onecolumn {SELECT sqlite_version()}]"
db eval $schema
puts [db onecolumn {SELECT assoc_define('User', 'hasMany', 'Post')}]
db eval {SELECT assoc_sync()}
puts "[db onecolumn {
  SELECT json_array_length(assoc_discover(), '$.made')
}] associations discovered"
set zoe "{\"name\":\"Zo\u00eb\"}"
set user [string map {\} ,"posts":\[{"title":"Hi","tags":\[{"name":"new"}\]},{"title":"Ho"}\]\}} $zoe]
puts [db onecolumn {SELECT assoc_insert('User', $user)}]
set id 1
puts [db onecolumn {
  SELECT eager('User(id = ?1){name posts{title tags{name}}}', $id)
}]
db eval {
  SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
    JOIN Post p ON p.id = r.id
} {
  puts "$name: $title"
}
catch {
  db transaction {
    db eval {SELECT assoc_create('User', 1, 'posts', '{"title":"Hu"}')}
    error "roll back"
  }
}
puts "[count db] posts after a rollback"
db transaction {
  db eval {
    INSERT INTO related(model, key, association, json)
      VALUES ('User', 1, 'posts', '{"title":"He"}')
  }
}
puts "[count db] posts after a commit"
failing {SELECT eager('User{pots}')}
failing {SELECT assoc_insert('User', $::zoe)}

open_database second
puts "second connection: [count second] posts"
second eval {
  SELECT assoc_define('Post', 'belongsTo', 'User',
    '{"as":"author","foreignKey":"UserId"}')
}
puts "first connection: [db onecolumn {
  SELECT assoc_find('Post', 1, '{title author{name}}')
}]"
second close

# Another thread where Tcl has the package, else another interpreter.
set there {
  package require sqlite3
  sqlite3 mine $database
  mine enable_load_extension 1
  mine eval {SELECT load_extension($extension)}
  set json [mine onecolumn {SELECT assoc_get('User', 1, 'posts{title}')}]
  mine close
  set json
}
set script "[list set database $database]; [list set extension $extension]; $there"
if {[catch {package require Thread}]} {
  puts "elsewhere: [interp eval [interp create] $script]"
} else {
  puts "elsewhere: [thread::send [thread::create] $script]"
}
db close
puts "closed"
