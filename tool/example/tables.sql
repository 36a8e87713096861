-- The tables of the example. Validation is the constraints: a name after
-- CONSTRAINT is what a person reads when it fails.

CREATE TABLE User(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
    CONSTRAINT "a name has 2 to 30 characters"
    CHECK (length(trim(name)) BETWEEN 2 AND 30),
  email TEXT NOT NULL UNIQUE
    CONSTRAINT "an email address has an @ inside" CHECK (email LIKE '%_@_%'),
  createdAt TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE Profile(
  id INTEGER PRIMARY KEY,
  bio TEXT NOT NULL DEFAULT '',
  userId INTEGER NOT NULL UNIQUE REFERENCES User ON DELETE CASCADE
);

CREATE TABLE Post(
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL
    CONSTRAINT "a title has 1 to 120 characters"
    CHECK (length(trim(title)) BETWEEN 1 AND 120),
  body TEXT NOT NULL DEFAULT '',
  authorId INTEGER NOT NULL REFERENCES User ON DELETE CASCADE,
  createdAt TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  deletedAt TEXT
);
CREATE INDEX Post_authorId ON Post(authorId);

CREATE TABLE Comment(
  id INTEGER PRIMARY KEY,
  body TEXT NOT NULL
    CONSTRAINT "a comment says something" CHECK (length(trim(body)) > 0),
  postId INTEGER NOT NULL REFERENCES Post ON DELETE CASCADE,
  authorId INTEGER NOT NULL REFERENCES User ON DELETE CASCADE,
  createdAt TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX Comment_postId ON Comment(postId);
CREATE INDEX Comment_authorId ON Comment(authorId);

CREATE TABLE Tag(
  name TEXT PRIMARY KEY
    CONSTRAINT "a tag is lower-case letters and digits"
    CHECK (name <> '' AND name NOT GLOB '*[^a-z0-9]*')
) WITHOUT ROWID;

CREATE TABLE PostTag(
  postId INTEGER NOT NULL REFERENCES Post ON DELETE CASCADE,
  tagName TEXT NOT NULL REFERENCES Tag ON DELETE CASCADE,
  PRIMARY KEY (postId, tagName)
) WITHOUT ROWID;
CREATE INDEX PostTag_tagName ON PostTag(tagName);

CREATE TABLE Follow(
  followerId INTEGER NOT NULL REFERENCES User ON DELETE CASCADE,
  followingId INTEGER NOT NULL REFERENCES User ON DELETE CASCADE,
  PRIMARY KEY (followerId, followingId),
  CONSTRAINT "nobody follows themselves" CHECK (followerId <> followingId)
) WITHOUT ROWID;
CREATE INDEX Follow_followingId ON Follow(followingId);

CREATE TABLE Team(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE TeamMember(
  teamId INTEGER NOT NULL REFERENCES Team ON DELETE CASCADE,
  userId INTEGER NOT NULL REFERENCES User ON DELETE CASCADE,
  role TEXT NOT NULL DEFAULT 'member'
    CONSTRAINT "a role is owner or member" CHECK (role IN ('owner', 'member')),
  active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  PRIMARY KEY (teamId, userId)
) WITHOUT ROWID;
CREATE INDEX TeamMember_userId ON TeamMember(userId);

CREATE TABLE Project(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active'
    CHECK (status IN ('active', 'archived')),
  teamId INTEGER NOT NULL REFERENCES Team ON DELETE CASCADE
);
CREATE INDEX Project_teamId_status ON Project(teamId, status);
