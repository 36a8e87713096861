-- What assoc does, in a minute. tool/demo.sh feeds this to the sqlite3 shell.
.bail on
.load ./assoc
.print
SELECT 'assoc ' || assoc_version() || ' on SQLite ' || sqlite_version();

-- Three tables of your own, with no keys between them yet.
CREATE TABLE Author(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE Book(id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER);
CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT NOT NULL);

.print
.print -- Say once how they relate.
.echo on
SELECT assoc_define('Author', 'hasMany', 'Book');
SELECT assoc_define('Book', 'belongsTo', 'Author');
SELECT assoc_define('Book', 'belongsToMany', 'Tag', '{"through":"BookTag"}');
SELECT assoc_define('Tag', 'belongsToMany', 'Book', '{"through":"BookTag"}');
.echo off

.print
.print -- Make it real: columns, foreign keys, indexes and the join table.
.echo on
SELECT assoc_sync();
.echo off

.print
.print -- Whole graphs of rows go in at once; {"id":1} means a row that is there.
.echo on
INSERT INTO Tag(name) VALUES ('novel'), ('satire'), ('gothic');
SELECT assoc_insert('Author', '{"name":"Jane Austen", "books":[
  {"title":"Northanger Abbey", "year":1817, "tags":[{"id":1},{"id":2},{"id":3}]},
  {"title":"Emma", "year":1815, "tags":[{"id":1}]},
  {"title":"Persuasion", "year":1817, "tags":[{"id":1}]}]}');
SELECT assoc_insert('Author', '{"name":"Mary Shelley", "books":[
  {"title":"Frankenstein", "year":1818, "tags":[{"id":1},{"id":3}]}]}');
SELECT assoc_create('Author', 2, 'books', '{"title":"The Last Man", "year":1826}');
SELECT assoc_add('Book', 5, 'tags', 1);
.echo off

.print
.print -- Related rows join with anything.
.mode box
.echo on
SELECT a.name, b.title, b.year
  FROM Author a, related('Author', a.id, 'books') r JOIN Book b ON b.id = r.id
 ORDER BY b.year, b.title;
.echo off
.mode list

.print
.print -- Eager loading: the rows and all that belongs to them, as JSON.
.echo on
SELECT eager('Author{name books(order by year, title){title year tags{name}}}');
SELECT eager('Tag{name books.count() as n books(order by -year limit 1){title author.name}}');
SELECT assoc_find('Book', 4, 'author, tags');
SELECT assoc_get('Author', 1, 'books(some tags(name = "satire")){title}');
.echo off

.print
.print -- What relates to what.
.echo on
SELECT assoc_diagram('text');
.echo off
