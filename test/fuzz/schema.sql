-- The database that shapes are tried on: every kind of association, keys of
-- every kind, rows that refer to nothing, and values that are hard to write.
CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, age REAL, bio JSON, active BOOLEAN);
CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT COLLATE NOCASE, user_id INTEGER REFERENCES users, score INT, data BLOB, deletedAt TEXT);
CREATE TABLE tags(name TEXT PRIMARY KEY, colour) WITHOUT ROWID;
CREATE TABLE post_tags(post_id INT REFERENCES posts, tag_name TEXT REFERENCES tags, priority INT, PRIMARY KEY(post_id, tag_name)) WITHOUT ROWID;
CREATE TABLE profiles(id INTEGER PRIMARY KEY, user_id INT UNIQUE REFERENCES users, motto TEXT);
CREATE TABLE comments(id INTEGER PRIMARY KEY, body TEXT, about_id INT, about_type TEXT, user_id INT REFERENCES users);
CREATE TABLE nodes(id INTEGER PRIMARY KEY, parent_id INT REFERENCES nodes, name TEXT);
CREATE TABLE lines(no INT, line INT, text TEXT, PRIMARY KEY(no, line));
CREATE TABLE parts(id INTEGER PRIMARY KEY, no INT, line INT, name TEXT, FOREIGN KEY(no, line) REFERENCES lines);
CREATE VIEW recents AS SELECT id, title, user_id FROM posts WHERE id > 2;
CREATE INDEX posts_user ON posts(user_id);
CREATE INDEX comments_about ON comments(about_type, about_id);

INSERT INTO users VALUES
  (1, 'Ann', 30, '{"a":[1,null]}', 1), (2, 'bob', NULL, '[', 0),
  (3, 'é"\' || char(9), 1e300, NULL, NULL), (4, '', -0.5, '1', 2), (-9, NULL, 1e17, '"x"', 'yes');
INSERT INTO posts VALUES
  (1, 'A', 1, 5, x'00ff', NULL), (2, 'a', 1, 5, NULL, NULL), (3, 'B', 2, -1, 'text', NULL),
  (4, NULL, 3, NULL, 7, NULL), (5, 'b', 99, 8, 2.5, NULL), (6, 'gone', 1, 1, NULL, '2020'), (7, 'c', NULL, 0, x'', NULL);
INSERT INTO tags VALUES ('a', 1), ('B', 'red'), ('', NULL), ('1', 2.5);
INSERT INTO post_tags VALUES (1, 'a', 1), (1, 'B', 2), (2, 'a', NULL), (3, '', 3), (99, 'a', 4), (6, 'a', 5);
INSERT INTO profiles VALUES (1, 1, 'm'), (2, 3, NULL), (3, NULL, 'n');
INSERT INTO comments VALUES
  (1, 'x', 1, 'Post', 1), (2, 'y', 1, 'Post', 2), (3, 'z', 1, 'User', 1), (4, NULL, 3, 'Profile', NULL),
  (5, 'o', 99, 'Post', 3), (6, 'p', 1, 'Nothing', 3), (7, 'q', NULL, NULL, 99), (8, 'r', 6, 'Post', 1);
INSERT INTO nodes VALUES (1, NULL, 'r'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'c'), (5, 6, 'x'), (6, 5, 'y'), (7, 7, 'self'), (8, 99, 'z');
INSERT INTO lines VALUES (1, 1, 'a'), (1, 2, 'b'), (2, NULL, 'c');
INSERT INTO parts VALUES (1, 1, 1, 'p'), (2, 1, 1, 'q'), (3, 1, NULL, 'r'), (4, 9, 9, 's');

SELECT assoc_model('Recent', '{"table":"recents","primaryKey":"id"}');
SELECT assoc_model('Post', '{"paranoid":true,"scopes":{"big":{"where":{"score":{"$gt":{"$param":1}}}}}}');
SELECT assoc_define('User', 'hasMany', 'Post');
SELECT assoc_define('User', 'hasOne', 'Profile');
SELECT assoc_define('User', 'hasOne', 'Post', '{"as":"latest","order":"score desc"}');
SELECT assoc_define('User', 'hasMany', 'Comment', '{"foreignKey":"user_id"}');
SELECT assoc_define('User', 'hasMany', 'Recent', '{"as":"recents","foreignKey":"user_id"}');
SELECT assoc_define('Post', 'belongsTo', 'User', '{"as":"author","foreignKey":"user_id"}');
SELECT assoc_define('Post', 'belongsToMany', 'Tag', '{"through":"post_tags"}');
SELECT assoc_define('Tag', 'belongsToMany', 'Post', '{"through":"post_tags"}');
SELECT assoc_define('Comment', 'belongsTo', NULL, '{"as":"about","foreignKey":"about_id","polymorphic":{"type":"about_type","models":{"Post":"Post","User":"User","Profile":"Profile"}}}');
SELECT assoc_define('Post', 'hasMany', 'Comment', '{"polymorphic":"about"}');
SELECT assoc_define('Post', 'hasMany', 'Comment', '{"as":"hot","polymorphic":"about","order":"body desc","scope":{"body":"x"}}');
SELECT assoc_define('Profile', 'hasMany', 'Comment', '{"polymorphic":"about"}');
SELECT assoc_define('Comment', 'belongsTo', 'User', '{"as":"author","foreignKey":"user_id"}');
SELECT assoc_define('Profile', 'belongsTo', 'User');
SELECT assoc_define('Node', 'hasMany', 'Node', '{"as":"children","foreignKey":"parent_id"}');
SELECT assoc_define('Node', 'belongsTo', 'Node', '{"as":"parent","foreignKey":"parent_id"}');
SELECT assoc_define('Line', 'hasMany', 'Part');
SELECT assoc_define('Part', 'belongsTo', 'Line', '{"as":"whole"}');
SELECT assoc_define('Recent', 'belongsTo', 'User', '{"as":"author","foreignKey":"user_id"}');
SELECT assoc_define('User', 'hasMany', 'Comment', '{"as":"remarks","through":"posts.comments"}');
SELECT assoc_define('User', 'hasMany', 'Tag', '{"as":"tags","through":"posts.tags"}');
