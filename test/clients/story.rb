# The story that every client tells, in Ruby with the gem sqlite3:
#
#     ruby story.rb EXTENSION DATABASE SCHEMA
require "sqlite3"
require "json"

EXTENSION, DATABASE, SCHEMA = ARGV

def open_database
  db = SQLite3::Database.new(DATABASE)
  db.enable_load_extension(true)
  db.load_extension(EXTENSION)
  db.enable_load_extension(false)
  db
end

def count(db) = db.get_first_value("SELECT assoc_count('User', 1, 'posts')")

def failing(db, sql, *values)
  db.get_first_value(sql, values)
rescue SQLite3::Exception => error
  code = db.errcode & 255
  reason = db.get_first_value("SELECT assoc_error() ->> 'code'")
  puts "error #{code}, #{reason}: #{error.message.lines.first.chomp}"
end

db = open_database
puts "loaded into SQLite " + db.get_first_value("SELECT sqlite_version()")
db.execute_batch(SCHEMA)
puts db.get_first_value("SELECT assoc_define('User', 'hasMany', 'Post')")
db.execute("SELECT assoc_sync()")
made = JSON.parse(db.get_first_value("SELECT assoc_discover()"))["made"]
puts "#{made.size} associations discovered"
puts db.get_first_value("SELECT assoc_insert('User', ?)",
  { name: "Zoë", posts: [{ title: "Hi", tags: [{ name: "new" }] },
                         { title: "Ho" }] }.to_json)
puts db.get_first_value(
  "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)", 1)
db.execute("
    SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
      JOIN Post p ON p.id = r.id") { |name, title| puts "#{name}: #{title}" }
db.transaction
db.execute("SELECT assoc_create('User', 1, 'posts', ?)", ['{"title":"Hu"}'])
db.rollback
puts "#{count(db)} posts after a rollback"
db.transaction do
  db.execute("INSERT INTO related(model, key, association, json)
                VALUES ('User', 1, 'posts', ?)", ['{"title":"He"}'])
end
puts "#{count(db)} posts after a commit"
failing(db, "SELECT eager('User{pots}')")
failing(db, "SELECT assoc_insert('User', ?)", '{"name":"Zoë"}')

second = open_database
puts "second connection: #{count(second)} posts"
second.execute("SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
  ['{"as":"author","foreignKey":"UserId"}'])
puts "first connection: " + db.get_first_value(
  "SELECT assoc_find('Post', 1, '{title author{name}}')")
second.close

Thread.new do
  mine = open_database
  puts "elsewhere: " +
    mine.get_first_value("SELECT assoc_get('User', 1, 'posts{title}')")
  mine.close
end.join
db.close
puts "closed"
