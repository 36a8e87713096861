CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT NOT NULL, joined TEXT);
CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT NOT NULL, likes INTEGER
  DEFAULT 0, authorId INTEGER NOT NULL REFERENCES User);
CREATE TABLE Comment(id INTEGER PRIMARY KEY, text TEXT, postId INTEGER NOT NULL
  REFERENCES Post ON DELETE CASCADE, userId INTEGER REFERENCES User);
CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE PostTag(postId INTEGER REFERENCES Post ON DELETE CASCADE, tagId
  INTEGER REFERENCES Tag, PRIMARY KEY(postId, tagId));
CREATE INDEX Post_author ON Post(authorId);
CREATE INDEX Comment_post ON Comment(postId);
CREATE INDEX Comment_user ON Comment(userId);
CREATE INDEX PostTag_tag ON PostTag(tagId);
INSERT INTO User VALUES (1, 'Alice', '2024-01-15'), (2, 'Bob', '2024-03-02'),
  (3, 'Cleo', '2025-07-21');
INSERT INTO Post VALUES (1, 'Hello', 12, 1), (2, 'Joins without joins', 40, 1),
  (3, 'On shapes', 7, 2);
INSERT INTO Comment VALUES (1, 'Welcome!', 1, 2), (2, 'Nice.', 2, 3),
  (3, 'How fast is it?', 2, 2), (4, 'More of this', 3, 1);
INSERT INTO Tag VALUES (1, 'intro'), (2, 'sql'), (3, 'speed');
INSERT INTO PostTag VALUES (1, 1), (2, 2), (2, 3), (3, 2);
