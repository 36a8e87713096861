CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, user_id INTEGER REFERENCES users(id));
INSERT INTO users VALUES (1, 'Ann');
INSERT INTO posts VALUES (1, 'Hello', 1);
SELECT length(assoc_discover()) > 0;
SELECT assoc_live('feed', 'users{name posts{title}}');
