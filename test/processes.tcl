# What tests with several processes on one file share: crash.tcl and soak.tcl.
package require sqlite3

set passed 0
set failed 0

# Open the file as `db`, with the extension. No call may meet SQLITE_BUSY.
proc open_db {file library} {
  sqlite3 db $file
  db timeout 30000
  db enable_load_extension 1
  db eval {SELECT load_extension($library); PRAGMA foreign_keys = 1;
    PRAGMA synchronous = OFF}
}

# Make a new file, open as `db`, for graphs of a user with posts and their tags.
proc make_graphs {file library journal} {
  open_db $file $library
  db eval "PRAGMA journal_mode = $journal"
  db eval {
    CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,
      UserId INTEGER REFERENCES User ON DELETE CASCADE);
    CREATE INDEX Post_UserId ON Post(UserId);
    CREATE TABLE Tag(id INTEGER PRIMARY KEY);
    CREATE TABLE PostTag(postId INTEGER REFERENCES Post ON DELETE CASCADE,
      tagId INTEGER REFERENCES Tag, PRIMARY KEY(postId, tagId));
    INSERT INTO Tag VALUES(1);
    SELECT assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}');
    SELECT assoc_define('Post', 'belongsToMany', 'Tag',
      '{"as":"tags","through":"PostTag"}');
  }
}

# The JSON of a graph: a user, two posts, one tag.
proc graph {name} {
  return "{\"name\":\"$name\",\"posts\":\[{\"title\":\"a\",\"tags\":\[{\"id\":1}\]},{\"title\":\"b\"}\]}"
}

# How many users have another number of posts or tags than graph gives them?
proc half_graphs {} {
  return [db one {SELECT count(*) FROM User u WHERE
    (SELECT count(*) FROM Post WHERE UserId = u.id) <> 2 OR
    (SELECT count(*) FROM Post p JOIN PostTag ON postId = p.id
      WHERE UserId = u.id) <> 1}]
}

# The condition, an expression of the caller's, must hold.
proc must {what condition} {
  if {[uplevel 1 [list expr $condition]]} { incr ::passed; return }
  incr ::failed
  puts "! $what"
}

# SQLite finds nothing wrong with the file.
proc must_be_whole {where} {
  must "$where: integrity" {[db one {PRAGMA integrity_check}] eq "ok"}
  must "$where: foreign keys" {[db eval {PRAGMA foreign_key_check}] eq {}}
}

# Start this script again as a process of its own, with these arguments. Its
# errors go to a file; the result is a channel of what it prints.
proc start {errors args} {
  return [open [list | [info nameofexecutable] [info script] {*}$args \
    2>$errors] r]
}

# The first line of a file: what went wrong in a process, or "".
proc first_line {file} {
  set channel [open $file]
  set line [gets $channel]
  close $channel
  return $line
}

# The last line of a test, and its exit status.
proc sum_up {} {
  puts "$::passed passed, $::failed failed"
  exit [expr {$::failed > 0}]
}
