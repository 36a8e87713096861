-- What assoc does, in a minute. tool/demo.sh runs this in the sqlite3 shell, which
-- prints each line before it runs it.
.bail on
.load ./assoc
.print
SELECT 'assoc ' || assoc_version() || ' on SQLite ' || sqlite_version();
.print
.echo on
-- Three tables of your own, with no keys between them yet.
CREATE TABLE Author(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE Book(id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER);
CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- Say once how they relate: each association gets a name.
SELECT assoc_define('Author', 'hasMany', 'Book');
SELECT assoc_define('Book', 'belongsTo', 'Author');
SELECT assoc_define('Book', 'belongsToMany', 'Tag', '{"through":"BookTag"}');
SELECT assoc_define('Tag', 'belongsToMany', 'Book', '{"through":"BookTag"}');

-- Create the missing columns, foreign keys, indexes and the join table.
SELECT assoc_sync();

-- Insert whole graphs of rows; {"id":1} alone links an existing row.
INSERT INTO Tag(name) VALUES ('novel'), ('satire'), ('gothic');
SELECT assoc_insert('Author', '{"name":"Jane Austen", "books":[
  {"title":"Northanger Abbey", "year":1817, "tags":[{"id":1},{"id":2},{"id":3}]},
  {"title":"Emma", "year":1815, "tags":[{"id":1}]},
  {"title":"Persuasion", "year":1817, "tags":[{"id":1}]}]}');
SELECT assoc_insert('Author', '{"name":"Mary Shelley", "books":[
  {"title":"Frankenstein", "year":1818, "tags":[{"id":1},{"id":3}]}]}');

-- Eager loading: rows with their related rows, as nested JSON.
SELECT json FROM eager('Author{name books(order by year, title){title tags{name}}}');

-- Limits and counts are per row: how many books has each tag, and the latest?
SELECT json FROM eager('Tag{name books.count() as n books(order by -year limit 1){title author.name}}');

-- One row with its related rows, or the related rows of one row.
SELECT assoc_find('Book', 4, 'author, tags');
SELECT assoc_get('Author', 1, 'books(some tags(name = "satire")){title}');

-- Edit them: one more book, and its tags. Each call is all or nothing.
SELECT assoc_create('Author', 2, 'books', '{"title":"The Last Man", "year":1826}');
SELECT assoc_add('Book', 5, 'tags', '[1,3]');
SELECT assoc_set('Book', 5, 'tags', 1);
SELECT assoc_count('Book', 5, 'tags'), assoc_has('Book', 5, 'tags', 3);

-- What would be deleted with Tag 1?
SELECT assoc_destroy('Tag', 1, '{"dryRun":true}');

-- Related rows as a table, to join with anything.
.mode box
SELECT a.name, b.title, b.year
  FROM Author a, related('Author', a.id, 'books') r JOIN Book b ON b.id = r.id
 ORDER BY b.year, b.title;

-- What relates to what?
.mode list
SELECT assoc_diagram('text');
