-- What assoc does, in a minute. tool/demo.sh feeds this to the sqlite3 shell,
-- which prints each line before it does it.
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

-- Make it real: the columns, foreign keys, indexes and join table that lack.
SELECT assoc_sync();

-- From here on they are tables like all others.
INSERT INTO Author(name) VALUES ('Jane Austen'), ('Mary Shelley');
INSERT INTO Tag(name) VALUES ('novel'), ('satire'), ('gothic');
INSERT INTO Book(title, year, AuthorId) VALUES
  ('Northanger Abbey', 1817, 1), ('Emma', 1815, 1), ('Persuasion', 1817, 1),
  ('Frankenstein', 1818, 2), ('The Last Man', 1826, 2);
INSERT INTO BookTag(BookId, TagId) VALUES
  (1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (4, 1), (4, 3), (5, 1);

-- Eager loading: rows with all that belongs to them, as nested JSON.
SELECT json FROM eager('Author{name books(order by year, title){title tags{name}}}');

-- Limits and counts are per row: how many books has each tag, and the latest?
SELECT json FROM eager('Tag{name books.count() as n books(order by -year limit 1){title author.name}}');

-- One row, or what belongs to one row.
SELECT assoc_find('Book', 4, 'author, tags');
SELECT assoc_get('Author', 1, 'books(some tags(name = "satire")){title}');

-- Related rows as a table, to join with anything.
.mode box
SELECT a.name, b.title, b.year
  FROM Author a, related('Author', a.id, 'books') r JOIN Book b ON b.id = r.id
 ORDER BY b.year, b.title;

-- What relates to what?
SELECT model, association, kind, target, foreignKey, through FROM assoc_list;
