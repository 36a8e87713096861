-- The shapes: what is asked, by us and by an expert who has SQLite alone.
--
-- One after another, as
--
--   -- shape: NAME            what follows is about it
--   -- title: WORDS           what the report says
--   -- target: N              the expert's time by ours is to be this at least
--   -- overhead: N            instead: microseconds that we may need beyond it
--   -- why: SECTION           of NOTES.md: why no more than that is reached
--   -- list                   reads all of a table: growth is to be linear
--   -- by key                 ?1 is the key of a user, another one at each run
--   -- by key: N              or after N runs, which then find its pages
--   -- any order              of the rows of the answer
--   -- undone                 it writes: each turn is rolled back afterwards
--   -- undone: once           and is one run, as a second has nothing to do
--   -- script                 it is several statements, which show no rows
--   -- fresh: N               each run opens a file of N small tables anew; a
--                             script attaches it
--   -- floor: TABLES          these are read whole: see bench.c
--   -- setup:                 SQL that is run once
--   -- ours:                  the query in our form
--   -- expert: NAME           and in the expert's: the fastest is to be beaten
--   -- small: NAME            too, but quadratic: left out above 1,000 users
--   -- beside: NAME           measured beside it, with its own `-- target:`
--   -- other: NAME            the same, of a result that is not to be compared
--
-- in which $users(u) stands for the members 'id',u.id,'name',u.name,… of a
-- json_object, $keys for a hundred keys of users, and $json for json or, in a
-- second try, where SQLite has it, for jsonb.
--
-- The expert relies on the order in which SQLite happens to give rows where
-- that is the right one, as sorting would cost time.

-- shape: users-posts
-- title: all users with their posts
-- target: 4
-- list
-- floor: users posts
-- ours:
SELECT eager('User{*,posts}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id)))
FROM users u
-- expert: grouped
WITH g AS MATERIALIZED (
  SELECT user_id, $json_group_array($json_object($posts(p))) posts
  FROM posts p NOT INDEXED GROUP BY user_id)
SELECT json_group_array(json_object($users(u),
  'posts', $json(coalesce(g.posts, '[]'))))
FROM users u LEFT JOIN g ON g.user_id = u.id

-- shape: users-posts-comments
-- title: all users with posts with comments
-- target: 4
-- list
-- floor: users posts comments
-- ours:
SELECT eager('User{*,posts{*,comments}}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id)))
FROM users u
-- expert: grouped
WITH gc AS MATERIALIZED (
  SELECT post_id, $json_group_array($json_object($comments(c))) comments
  FROM comments c NOT INDEXED GROUP BY post_id),
gp AS MATERIALIZED (
  SELECT p.user_id, $json_group_array($json_object($posts(p),
    'comments', $json(coalesce(gc.comments, '[]')))) posts
  FROM posts p NOT INDEXED LEFT JOIN gc ON gc.post_id = p.id
  GROUP BY p.user_id)
SELECT json_group_array(json_object($users(u),
  'posts', $json(coalesce(gp.posts, '[]'))))
FROM users u LEFT JOIN gp ON gp.user_id = u.id

-- shape: hundred-users
-- title: 100 users by key, with profile, posts, their comments and tags
-- target: 1.3
-- ours:
SELECT eager('User(id in ($keys)){*,profile,posts{*,comments,tags}}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'profile', (SELECT $json_object($profiles(f))
              FROM profiles f WHERE f.user_id = u.id),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id),
    'tags', (SELECT $json_group_array($json_object($tags(t)))
             FROM post_tags j JOIN tags t ON t.id = j.tag_id
             WHERE j.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id)))
FROM users u WHERE u.id IN ($keys)

-- shape: posts-author
-- title: all posts with their author
-- target: 1.7
-- list
-- floor: posts users
-- ours:
SELECT eager('Post{*,author}')
-- expert: join
SELECT json_group_array(json_object($posts(p),
  'author', json_object($users(u))))
FROM posts p LEFT JOIN users u ON u.id = p.user_id
-- expert: correlated
SELECT json_group_array(json_object($posts(p),
  'author', (SELECT $json_object($users(u))
             FROM users u WHERE u.id = p.user_id)))
FROM posts p

-- shape: posts-tags
-- title: all posts with their tags, many to many
-- target: 4
-- why: Large loads
-- list
-- floor: posts post_tags tags
-- ours:
SELECT eager('Post{*,tags}')
-- expert: correlated
SELECT json_group_array(json_object($posts(p),
  'tags', (SELECT $json_group_array($json_object($tags(t)))
           FROM post_tags j JOIN tags t ON t.id = j.tag_id
           WHERE j.post_id = p.id)))
FROM posts p
-- expert: grouped
WITH g AS MATERIALIZED (
  SELECT j.post_id, $json_group_array($json_object($tags(t))) tags
  FROM post_tags j JOIN tags t ON t.id = j.tag_id GROUP BY j.post_id)
SELECT json_group_array(json_object($posts(p),
  'tags', $json(coalesce(g.tags, '[]'))))
FROM posts p LEFT JOIN g ON g.post_id = p.id

-- shape: one-user
-- title: one user by key, with posts with comments, repeated
-- target: 1.3
-- by key: 10
-- ours:
SELECT assoc_find('User', ?1, '{*,posts{*,comments}}')
-- expert: correlated
SELECT json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u WHERE u.id = ?1

-- shape: live-user
-- title: one user by key, with posts with comments, from a live document
-- target: 30
-- why: Live documents
-- by key: 10
-- setup:
SELECT assoc_live('bench_user', 'User{*,posts{*,comments}}');
SELECT assoc_refresh()
-- ours:
SELECT assoc_live_get('bench_user', ?1)
-- expert: correlated
SELECT json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u WHERE u.id = ?1
-- beside: assoc_find
SELECT assoc_find('User', ?1, '{*,posts{*,comments}}')
-- beside: the store
SELECT json FROM bench_user_doc WHERE key = ?1

-- shape: live-post
-- title: one post by key with its author and comments, from a live document
-- target: 5
-- why: Live documents
-- by key: 10
-- setup:
SELECT assoc_live('bench_post', 'Post{title,author{name},comments{body}}');
SELECT assoc_refresh()
-- ours:
SELECT assoc_live_get('bench_post', ?1)
-- expert: correlated
SELECT json_object('title',p.title,
  'author', (SELECT json_object('name',u.name) FROM users u
             WHERE u.id = p.user_id),
  'comments', (SELECT json_group_array(json_object('body',c.body))
               FROM comments c WHERE c.post_id = p.id))
FROM posts p WHERE p.id = ?1
-- beside: assoc_find
SELECT assoc_find('Post', ?1, '{title,author{name},comments{body}}')
-- beside: the store
SELECT json FROM bench_post_doc WHERE key = ?1

-- shape: live-insert
-- title: insert a row into a table of a live document
-- target: 0.67
-- why: Live documents
-- by key
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS kept_posts(id INTEGER PRIMARY KEY, title TEXT, likes INTEGER);
CREATE TABLE IF NOT EXISTS kept_comments(id INTEGER PRIMARY KEY, body TEXT, post_id INTEGER);
CREATE TABLE IF NOT EXISTS bare_posts(id INTEGER PRIMARY KEY, title TEXT, likes INTEGER);
CREATE TABLE IF NOT EXISTS bare_comments(id INTEGER PRIMARY KEY, body TEXT, post_id INTEGER);
CREATE INDEX IF NOT EXISTS kept_post ON kept_comments(post_id);
CREATE INDEX IF NOT EXISTS bare_post ON bare_comments(post_id);
INSERT OR IGNORE INTO kept_posts SELECT id, title, likes FROM posts;
INSERT OR IGNORE INTO kept_comments SELECT id, body, post_id FROM comments;
INSERT OR IGNORE INTO bare_posts SELECT id, title, likes FROM posts;
INSERT OR IGNORE INTO bare_comments SELECT id, body, post_id FROM comments;
SELECT assoc_define('kept_posts', 'hasMany', 'kept_comments', '{"as":"comments","foreignKey":"post_id"}');
SELECT assoc_live('bench_kept', 'kept_posts{title,likes,comments{body}}');
SELECT assoc_refresh()
-- ours:
INSERT INTO kept_comments(body, post_id) VALUES ('A comment of some words', ?1)
-- expert: without a live document
INSERT INTO bare_comments(body, post_id) VALUES ('A comment of some words', ?1)

-- shape: live-update
-- title: update a small row of a table of a live document
-- target: 0.33
-- by key
-- undone
-- ours:
UPDATE kept_posts SET likes = likes + 1 WHERE id = ?1
-- expert: without a live document
UPDATE bare_posts SET likes = likes + 1 WHERE id = ?1

-- shape: live-delete
-- title: delete a row of a table of a live document
-- target: 0.67
-- by key
-- undone
-- ours:
DELETE FROM kept_comments WHERE id = ?1
-- expert: without a live document
DELETE FROM bare_comments WHERE id = ?1

-- shape: live-changes
-- title: what changed since a version: one document
-- target: 0.1
-- setup:
UPDATE kept_posts SET likes = likes + 1 WHERE id = 7;
SELECT assoc_refresh('bench_kept')
-- ours:
SELECT key, json FROM assoc_changes('bench_kept', (SELECT version - 1 FROM bench_kept_doc WHERE key = 7))
-- expert: the store by hand
SELECT key, json FROM bench_kept_doc WHERE version > (SELECT version - 1 FROM bench_kept_doc WHERE key = 7)
-- other: all documents
SELECT eager('kept_posts{title,likes,comments{body}}')

-- shape: upsert
-- title: change the row of a UNIQUE name by #upsert
-- target: 0.3
-- by key
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS bench_names(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER);
INSERT OR IGNORE INTO bench_names SELECT id, 'name ' || id, id FROM users
-- ours:
SELECT assoc_insert('bench_names', json_object('#upsert', 'name', 'name', 'name ' || ?1, 'n', -?1))
-- expert: on conflict
INSERT INTO bench_names(name, n) VALUES ('name ' || ?1, -?1)
ON CONFLICT(name) DO UPDATE SET n = excluded.n RETURNING json_object('id', id)
-- other: without an answer
INSERT INTO bench_names(name, n) VALUES ('name ' || ?1, -?1)
ON CONFLICT(name) DO UPDATE SET n = excluded.n

-- shape: write-create
-- title: create a related row, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS written_users(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS written_posts(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES written_users, title TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS written_tags(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS written_links(post_id INTEGER REFERENCES written_posts, tag_id INTEGER REFERENCES written_tags, PRIMARY KEY(post_id, tag_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS written_user ON written_posts(user_id);
CREATE INDEX IF NOT EXISTS written_tag ON written_links(tag_id);
INSERT OR IGNORE INTO written_users SELECT id, name FROM users;
INSERT OR IGNORE INTO written_posts SELECT id, user_id, title, body FROM posts;
INSERT OR IGNORE INTO written_tags SELECT id, name FROM tags;
INSERT OR IGNORE INTO written_tags SELECT id + 1000000, name FROM users;
INSERT OR IGNORE INTO written_links SELECT id, id + 1000000 FROM users;
SELECT assoc_define('written_users', 'hasMany', 'written_posts', '{"as":"posts","foreignKey":"user_id"}');
SELECT assoc_define('written_posts', 'belongsToMany', 'written_tags', '{"as":"tags","through":"written_links","foreignKey":"post_id","otherKey":"tag_id"}')
-- ours:
SELECT assoc_create('written_users', ?1, 'posts', '{"title":"A title","body":"A body of some words"}')
-- expert:
INSERT INTO written_posts(user_id, title, body) VALUES(?1, 'A title', 'A body of some words') RETURNING id

-- shape: write-insert
-- title: insert a row, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- ours:
SELECT assoc_insert('written_posts', '{"title":"A title","body":"A body of some words"}')
-- expert:
INSERT INTO written_posts(title, body) VALUES('A title', 'A body of some words') RETURNING '{"id":'||id||'}'

-- shape: write-update
-- title: update a row, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- ours:
SELECT assoc_update('written_posts', ?1, '{"title":"Another title"}')
-- expert:
UPDATE written_posts SET title = 'Another title' WHERE id = ?1 RETURNING 1

-- shape: write-add
-- title: relate two rows, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- ours:
SELECT assoc_add('written_posts', ?1, 'tags', 1)
-- expert:
INSERT INTO written_links(post_id, tag_id) VALUES(?1, 1) ON CONFLICT DO NOTHING RETURNING '{"added":['||tag_id||'],"removed":[],"moved":[]}'

-- shape: write-remove
-- title: unrelate two rows, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- ours:
SELECT assoc_remove('written_posts', ?1, 'tags', ?1 + 1000000)
-- expert:
DELETE FROM written_links WHERE post_id = ?1 AND tag_id = ?1 + 1000000 RETURNING '{"added":[],"removed":['||tag_id||'],"moved":[]}'

-- shape: write-add-own
-- title: move a row of a hasMany, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- setup:
INSERT OR IGNORE INTO written_users VALUES(0, 'Nobody')
-- ours:
SELECT assoc_add('written_users', 0, 'posts', ?1)
-- expert:
UPDATE written_posts SET user_id = 0 WHERE id = ?1 RETURNING '{"added":[],"removed":[],"moved":['||id||']}'

-- shape: write-destroy
-- title: destroy a row to which nothing refers, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS written_notes(id INTEGER PRIMARY KEY, title TEXT);
INSERT OR IGNORE INTO written_notes SELECT id, name FROM users
-- ours:
SELECT assoc_destroy('written_notes', ?1)
-- expert:
DELETE FROM written_notes WHERE id = ?1 RETURNING '{"deleted":{"written_notes":['||id||']},"changed":{}}'

-- shape: write-soft
-- title: mark a row as deleted, many calls in a transaction
-- target: 0.2
-- by key
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS written_softly(id INTEGER PRIMARY KEY, title TEXT, deletedAt TEXT);
INSERT OR IGNORE INTO written_softly(id, title) SELECT id, name FROM users;
SELECT assoc_model('written_softly', '{"paranoid":true}')
-- ours:
SELECT assoc_destroy('written_softly', ?1)
-- expert:
UPDATE written_softly SET deletedAt = CURRENT_TIMESTAMP WHERE id = ?1 AND deletedAt IS NULL RETURNING '{"deleted":{"written_softly":['||id||']},"changed":{}}'

-- shape: write-related
-- title: relate all posts to a tag by INSERT ... SELECT
-- target: 0.25
-- undone
-- ours:
INSERT INTO related(model, key, association, id) SELECT 'written_posts', id, 'tags', 1 FROM written_posts
-- expert:
INSERT INTO written_links(post_id, tag_id) SELECT id, 1 FROM written_posts

-- shape: write-list
-- title: relate a row to a list of 10,000
-- target: 0.6
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS listed_users(id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS listed_posts(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES listed_users, title TEXT);
CREATE TABLE IF NOT EXISTS listed_tags(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS listed_links(post_id INTEGER REFERENCES listed_posts, tag_id INTEGER REFERENCES listed_tags, PRIMARY KEY(post_id, tag_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS listed_user ON listed_posts(user_id);
CREATE INDEX IF NOT EXISTS listed_tag ON listed_links(tag_id);
INSERT OR IGNORE INTO listed_users VALUES(1), (2);
INSERT OR IGNORE INTO listed_tags WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT i, 'tag ' || i FROM n;
INSERT OR IGNORE INTO listed_posts SELECT id, 1, 'A title' FROM listed_tags;
INSERT OR IGNORE INTO listed_links SELECT 2, id FROM listed_tags;
SELECT assoc_define('listed_users', 'hasMany', 'listed_posts', '{"as":"posts","foreignKey":"user_id"}');
SELECT assoc_define('listed_posts', 'belongsToMany', 'listed_tags', '{"as":"tags","through":"listed_links","foreignKey":"post_id","otherKey":"tag_id"}')
-- ours:
SELECT 1 FROM (SELECT assoc_add('listed_posts', 1, 'tags', (SELECT json_group_array(id) FROM listed_tags)) a) WHERE a IS NULL
-- expert:
INSERT INTO listed_links(post_id, tag_id) SELECT 1, value FROM json_each((SELECT json_group_array(id) FROM listed_tags)) WHERE 1 ON CONFLICT DO NOTHING

-- shape: write-list-set
-- title: keep 5,000 of 10,000 related rows by a list
-- target: 0.6
-- undone
-- ours:
SELECT 1 FROM (SELECT assoc_set('listed_posts', 2, 'tags', (SELECT json_group_array(id) FROM listed_tags WHERE id > 5000)) a) WHERE a IS NULL
-- expert:
DELETE FROM listed_links WHERE post_id = 2 AND tag_id NOT IN (SELECT value FROM json_each((SELECT json_group_array(id) FROM listed_tags WHERE id > 5000)))

-- shape: write-list-remove
-- title: unrelate a list of 10,000
-- target: 0.6
-- why: Lists of targets
-- undone
-- ours:
SELECT 1 FROM (SELECT assoc_remove('listed_posts', 2, 'tags', (SELECT json_group_array(id) FROM listed_tags)) a) WHERE a IS NULL
-- expert:
DELETE FROM listed_links WHERE post_id = 2 AND tag_id IN (SELECT value FROM json_each((SELECT json_group_array(id) FROM listed_tags)))

-- shape: write-list-own
-- title: move a list of 10,000 rows of a hasMany
-- target: 0.6
-- undone
-- ours:
SELECT 1 FROM (SELECT assoc_add('listed_users', 2, 'posts', (SELECT json_group_array(id) FROM listed_posts)) a) WHERE a IS NULL
-- expert:
UPDATE listed_posts SET user_id = 2 WHERE id IN (SELECT value FROM json_each((SELECT json_group_array(id) FROM listed_posts)))

-- shape: write-related-own
-- title: move 10,000 rows of a hasMany by INSERT ... SELECT
-- target: 0.25
-- undone
-- ours:
INSERT INTO related(model, key, association, id) SELECT 'listed_users', 2, 'posts', id FROM listed_posts
-- expert:
UPDATE listed_posts SET user_id = 2

-- shape: write-related-turn
-- title: move 10,000 rows of a hasMany to two sources in turn, by INSERT ... SELECT
-- target: 0.25
-- undone
-- ours:
INSERT INTO related(model, key, association, id) SELECT 'listed_users', 1 + id % 2, 'posts', id FROM listed_posts
-- expert:
UPDATE listed_posts SET user_id = 1 + id % 2

-- shape: write-cascade
-- title: destroy a row with ten rows for each user, over two levels
-- target: 0.5
-- undone: once
-- setup:
CREATE TABLE IF NOT EXISTS felled_users(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS felled_posts(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES felled_users ON DELETE CASCADE, title TEXT);
CREATE TABLE IF NOT EXISTS felled_comments(id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES felled_posts ON DELETE CASCADE, body TEXT);
CREATE INDEX IF NOT EXISTS felled_user ON felled_posts(user_id);
CREATE INDEX IF NOT EXISTS felled_post ON felled_comments(post_id);
INSERT OR IGNORE INTO felled_users VALUES(1, 'A name');
INSERT OR IGNORE INTO felled_posts SELECT id, 1, 'A title' FROM users;
INSERT OR IGNORE INTO felled_comments SELECT id, (id + 8) / 9, 'A comment of some words' FROM posts WHERE id <= 9 * (SELECT count(*) FROM users);
SELECT assoc_define('felled_users', 'hasMany', 'felled_posts', '{"as":"posts","foreignKey":"user_id","onDelete":"CASCADE"}');
SELECT assoc_define('felled_posts', 'hasMany', 'felled_comments', '{"as":"comments","foreignKey":"post_id","onDelete":"CASCADE"}')
-- ours:
SELECT 1 FROM (SELECT assoc_destroy('felled_users', 1) a) WHERE a IS NULL
-- expert: of the second level alone
DELETE FROM felled_comments WHERE post_id IN (SELECT id FROM felled_posts WHERE user_id = 1)

-- shape: upsert-list
-- title: change 1,000 rows of a UNIQUE name by #upsert
-- target: 1
-- why: #upsert
-- undone
-- ours:
SELECT 1 FROM (SELECT assoc_insert('bench_names', (SELECT json_group_array(json_object('#upsert', 'name', 'name', name, 'n', -id)) FROM bench_names WHERE id <= 1000)) a) WHERE a IS NULL
-- expert: on conflict
INSERT INTO bench_names(name, n) SELECT value ->> 'name', value ->> 'n' FROM json_each((SELECT json_group_array(json_object('name', name, 'n', -id)) FROM bench_names WHERE id <= 1000)) WHERE 1 ON CONFLICT(name) DO UPDATE SET n = excluded.n

-- shape: another-user
-- title: another user each time: half of it is reading pages
-- target: 1
-- by key
-- ours:
SELECT assoc_find('User', ?1, '{*,posts{*,comments}}')
-- expert: correlated
SELECT json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u WHERE u.id = ?1

-- shape: users-newest
-- title: all users with their 3 newest posts
-- target: 1.1
-- ours:
SELECT eager('User{*,posts(order by created_at desc limit 3)}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM (SELECT * FROM posts p WHERE p.user_id = u.id
                  ORDER BY p.created_at DESC LIMIT 3) p)))
FROM users u
-- beside: row_number()
WITH g AS MATERIALIZED (
  SELECT user_id, $json_group_array($json_object($posts(p))) posts
  FROM (SELECT *, row_number() OVER
          (PARTITION BY user_id ORDER BY created_at DESC) n FROM posts) p
  WHERE n <= 3 GROUP BY user_id)
SELECT json_group_array(json_object($users(u),
  'posts', $json(coalesce(g.posts, '[]'))))
FROM users u LEFT JOIN g ON g.user_id = u.id

-- shape: hundred-newest
-- title: 100 users by key, with their 3 newest posts
-- target: 1.1
-- ours:
SELECT eager('User(id in ($keys)){*,posts(order by created_at desc limit 3)}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM (SELECT * FROM posts p WHERE p.user_id = u.id
                  ORDER BY p.created_at DESC LIMIT 3) p)))
FROM users u WHERE u.id IN ($keys)
-- beside: row_number()
-- target: 20
WITH g AS MATERIALIZED (
  SELECT user_id, $json_group_array($json_object($posts(p))) posts
  FROM (SELECT *, row_number() OVER
          (PARTITION BY user_id ORDER BY created_at DESC) n FROM posts) p
  WHERE n <= 3 GROUP BY user_id)
SELECT json_group_array(json_object($users(u),
  'posts', $json(coalesce(g.posts, '[]'))))
FROM users u LEFT JOIN g ON g.user_id = u.id WHERE u.id IN ($keys)

-- shape: posts-second
-- title: 100 users by key, with the second and third newest posts
-- target: 1.1
-- ours:
SELECT eager('User(id in ($keys)){id posts(order by created_at desc limit 2 offset 1){id title}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'posts',
  (SELECT $json_group_array($json_object('id',id,'title',title)) FROM (SELECT id, title FROM posts p WHERE p.user_id = u.id ORDER BY created_at DESC, id DESC LIMIT 2 OFFSET 1))))
FROM users u WHERE id IN ($keys)

-- shape: users-latest
-- title: all users with their latest post, one of many
-- target: 1
-- ours:
SELECT eager('User{*,latest}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'latest', (SELECT $json_object($posts(p)) FROM posts p
             WHERE p.user_id = u.id ORDER BY p.created_at DESC LIMIT 1)))
FROM users u

-- shape: related-join
-- title: related() joined to its target
-- target: 0.77
-- list
-- any order
-- ours:
SELECT u.name, p.title
FROM users u JOIN related('User', u.id, 'posts') r JOIN posts p ON p.id = r.id
-- expert: the same order
SELECT u.name, p.title FROM users u CROSS JOIN posts p ON p.user_id = u.id
-- beside: the join in the planner's order
SELECT u.name, p.title FROM users u JOIN posts p ON p.user_id = u.id

-- shape: related-unindexed
-- title: related() without an index on the foreign key
-- target: 0.77
-- why: related
-- list
-- any order
-- setup:
DROP INDEX IF EXISTS events_user_id
-- ours:
SELECT u.name, e.kind
FROM users u JOIN related('User', u.id, 'events') r JOIN events e ON e.id = r.id
-- expert: the same order
SELECT u.name, e.kind FROM users u CROSS JOIN events e ON e.user_id = u.id
-- beside: the join in the planner's order
SELECT u.name, e.kind FROM users u JOIN events e ON e.user_id = u.id

-- shape: users-unindexed
-- title: all users with events, without an index
-- target: 4
-- list
-- floor: users events
-- setup:
DROP INDEX IF EXISTS events_user_id
-- ours:
SELECT eager('User{*,events}')
-- small: correlated
SELECT json_group_array(json_object($users(u),
  'events', (SELECT $json_group_array($json_object($events(e)))
             FROM events e WHERE e.user_id = u.id)))
FROM users u
-- expert: grouped
WITH g AS MATERIALIZED (
  SELECT user_id, $json_group_array($json_object($events(e))) events
  FROM events e GROUP BY user_id)
SELECT json_group_array(json_object($users(u),
  'events', $json(coalesce(g.events, '[]'))))
FROM users u LEFT JOIN g ON g.user_id = u.id

-- shape: users-streamed
-- title: users with posts with comments, a row for each user
-- target: 1
-- list
-- ours:
SELECT id, json FROM eager('User{*,posts{*,comments}}')
-- expert: correlated
SELECT u.id, json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u

-- shape: count
-- title: all posts with their number of comments
-- target: 1
-- list
-- ours:
SELECT eager('Post{*,comments.count() as n}')
-- expert: correlated
SELECT json_group_array(json_object($posts(p),
  'n', (SELECT count(*) FROM comments c WHERE c.post_id = p.id)))
FROM posts p
-- expert: grouped
WITH g AS MATERIALIZED (
  SELECT post_id, count(*) n FROM comments GROUP BY post_id)
SELECT json_group_array(json_object($posts(p), 'n', coalesce(g.n, 0)))
FROM posts p LEFT JOIN g ON g.post_id = p.id

-- shape: two-aggregates
-- title: all users with number and likes of their posts
-- target: 1
-- list
-- ours:
SELECT eager('User{*,posts.count() as n,posts.sum(likes) as likes}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'n', (SELECT count(*) FROM posts p WHERE p.user_id = u.id),
  'likes', (SELECT sum(likes) FROM posts p WHERE p.user_id = u.id)))
FROM users u
-- expert: grouped
WITH g AS MATERIALIZED (
  SELECT user_id, count(*) n, sum(likes) likes FROM posts GROUP BY user_id)
SELECT json_group_array(json_object($users(u),
  'n', coalesce(g.n, 0), 'likes', g.likes))
FROM users u LEFT JOIN g ON g.user_id = u.id

-- shape: top
-- title: the 10 users with the most posts
-- target: 1
-- why: What misses its target, and what SQLite takes of it
-- ours:
SELECT eager('User(order by posts.count() desc limit 10)
  {*,posts.count() as n}')
-- expert: correlated
SELECT json_group_array(json_object($users(u), 'n', n))
FROM (SELECT *, (SELECT count(*) FROM posts p WHERE p.user_id = u.id) n
      FROM users u ORDER BY n DESC, id DESC LIMIT 10) u
-- expert: grouped
SELECT json_group_array(json_object($users(u), 'n', n))
FROM (SELECT u.*, coalesce(n, 0) n FROM users u LEFT JOIN
        (SELECT user_id, count(*) n FROM posts GROUP BY user_id) g
      ON g.user_id = u.id ORDER BY 6 DESC, u.id DESC LIMIT 10) u

-- shape: some
-- title: users who have some post of 995 likes
-- target: 1
-- why: What misses its target, and what SQLite takes of it
-- ours:
SELECT eager('User(some posts(likes >= 995)){*}')
-- expert: exists
SELECT json_group_array(json_object($users(u))) FROM users u
WHERE EXISTS (SELECT 1 FROM posts p WHERE p.user_id = u.id AND p.likes >= 995)
-- expert: in
SELECT json_group_array(json_object($users(u))) FROM users u
WHERE u.id IN (SELECT user_id FROM posts WHERE likes >= 995)

-- shape: none
-- title: users who have no unpublished post
-- target: 1
-- ours:
SELECT eager('User(none posts(published = 0)){*}')
-- expert: exists
SELECT json_group_array(json_object($users(u))) FROM users u WHERE NOT EXISTS
  (SELECT 1 FROM posts p WHERE p.user_id = u.id AND p.published = 0)
-- expert: in
SELECT json_group_array(json_object($users(u))) FROM users u WHERE u.id NOT IN
  (SELECT user_id FROM posts WHERE published = 0 AND user_id IS NOT NULL)

-- shape: some-indexed
-- title: the first 10 posts that user 7 commented
-- target: 1
-- ours:
SELECT eager('Post(some comments(user_id = 7) limit 10){*}')
-- expert: exists
SELECT json_group_array(json_object($posts(p)))
FROM (SELECT * FROM posts p WHERE EXISTS
        (SELECT 1 FROM comments c WHERE c.post_id = p.id AND c.user_id = 7)
      ORDER BY p.id LIMIT 10) p
-- expert: in
SELECT json_group_array(json_object($posts(p)))
FROM (SELECT * FROM posts p WHERE p.id IN
        (SELECT post_id FROM comments WHERE user_id = 7)
      ORDER BY p.id LIMIT 10) p

-- shape: page-offset
-- title: the 6th page of 20 users with posts, by offset
-- target: 1
-- ours:
SELECT eager('User(order by created_at desc limit 20 offset 100){*,posts}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id)))
FROM (SELECT * FROM users ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET 100) u

-- shape: page-keyset
-- title: the same page by its cursor
-- target: 1
-- setup:
CREATE TEMP TABLE place AS
SELECT eager('User(order by created_at desc limit 1 offset 99 page){}')
    ->> '$.pageInfo.endCursor' AS cursor, created_at, id
FROM users ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET 99
-- ours:
SELECT eager('User(order by created_at desc first 20 after ?1){*,posts}',
  cursor) FROM temp.place
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id)))
FROM (SELECT * FROM users
      WHERE created_at <= (SELECT created_at FROM temp.place)
        AND (created_at < (SELECT created_at FROM temp.place)
             OR id < (SELECT id FROM temp.place))
      ORDER BY created_at DESC, id DESC LIMIT 20) u

-- shape: tree
-- title: a forest of five levels, nested
-- target: 1
-- list
-- ours:
SELECT eager('Category(parent_id is null){*,children^}')
-- expert: correlated
SELECT json_group_array(json_object($categories(a),
  'children', (SELECT $json_group_array($json_object($categories(b),
    'children', (SELECT $json_group_array($json_object($categories(c),
      'children', (SELECT $json_group_array($json_object($categories(d),
        'children', (SELECT $json_group_array($json_object($categories(e),
                       'children', json_array()))
                     FROM categories e WHERE e.parent_id = d.id)))
                   FROM categories d WHERE d.parent_id = c.id)))
                 FROM categories c WHERE c.parent_id = b.id)))
               FROM categories b WHERE b.parent_id = a.id)))
FROM categories a WHERE a.parent_id IS NULL
-- other: recursive, but flat
WITH RECURSIVE t(id, parent_id, name) AS (
  SELECT * FROM categories WHERE parent_id IS NULL
  UNION ALL
  SELECT c.* FROM t JOIN categories c ON c.parent_id = t.id)
SELECT json_group_array(json_object($categories(t))) FROM t

-- shape: through
-- title: all users with the comments to their posts, through a path
-- target: 1
-- list
-- ours:
SELECT eager('User{*,received}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'received', (SELECT $json_group_array($json_object($comments(c)))
               FROM (SELECT c.* FROM posts p
                     JOIN comments c ON c.post_id = p.id
                     WHERE p.user_id = u.id ORDER BY c.id) c)))
FROM users u

-- shape: polymorphic
-- title: all attachments with their owner, a user or a post
-- target: 1
-- list
-- ours:
SELECT eager('Attachment{*,owner}')
-- expert: correlated
SELECT json_group_array(json_object($attachments(a),
  'owner', CASE a.owner_type
    WHEN 'user' THEN (SELECT $json_object($users(u))
                      FROM users u WHERE u.id = a.owner_id)
    WHEN 'post' THEN (SELECT $json_object($posts(p))
                      FROM posts p WHERE p.id = a.owner_id) END))
FROM attachments a

-- shape: some-tag
-- title: the first 3 posts with a tag of one name
-- target: 0.9
-- ours:
SELECT eager('Post(some tags(name = "tag 7") limit 3){*}')
-- expert: exists
SELECT json_group_array(json_object($posts(p)))
FROM (SELECT * FROM posts p WHERE EXISTS
        (SELECT 1 FROM post_tags t JOIN tags g ON g.id = t.tag_id
         WHERE t.post_id = p.id AND g.name = 'tag 7')
      ORDER BY p.id LIMIT 3) p
-- expert: in
SELECT json_group_array(json_object($posts(p)))
FROM (SELECT * FROM posts p WHERE p.id IN
        (SELECT t.post_id FROM post_tags t JOIN tags g ON g.id = t.tag_id
         WHERE g.name = 'tag 7')
      ORDER BY p.id LIMIT 3) p

-- shape: required
-- title: users who have posts of 990 likes, with these posts
-- target: 0.9
-- ours:
SELECT eager('User{*,posts!(likes >= 990)}')
-- expert: exists
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id AND p.likes >= 990)))
FROM users u WHERE EXISTS
  (SELECT 1 FROM posts p WHERE p.user_id = u.id AND p.likes >= 990)
-- expert: in
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id AND p.likes >= 990)))
FROM users u WHERE u.id IN (SELECT user_id FROM posts WHERE likes >= 990)

-- shape: related-path
-- title: related() over a path of two hasMany, joined
-- target: 0.9
-- why: related
-- list
-- any order
-- ours:
SELECT u.name, r.id FROM users u JOIN related('User', u.id, 'received') r
-- expert: join
SELECT u.name, c.id FROM users u CROSS JOIN posts p ON p.user_id = u.id
  CROSS JOIN comments c ON c.post_id = p.id

-- shape: related-count
-- title: count(*) of all rows of related()
-- target: 0.5
-- list
-- ours:
SELECT count(*) FROM related WHERE model = 'User' AND association = 'posts'
-- expert: join
SELECT count(*) FROM users u JOIN posts p ON p.user_id = u.id

-- shape: related-pairs
-- title: all pairs of related(), many to many
-- target: 0.5
-- list
-- any order
-- ours:
SELECT key, id FROM related WHERE model = 'Post' AND association = 'tags'
-- expert: join
SELECT t.post_id, t.tag_id FROM post_tags t JOIN posts p ON p.id = t.post_id
  JOIN tags g ON g.id = t.tag_id

-- shape: related-each
-- title: a count for each user from related()
-- target: 0.5
-- why: related
-- list
-- ours:
SELECT u.id, (SELECT count(*) FROM related('User', u.id, 'posts')) FROM users u
-- expert: correlated
SELECT u.id, (SELECT count(*) FROM posts p WHERE p.user_id = u.id) FROM users u

-- shape: related-back
-- title: related() from the target back to its source
-- target: 0.5
-- list
-- any order
-- ours:
SELECT p.title, r.key FROM posts p JOIN related r ON r.model = 'User'
  AND r.association = 'posts' AND r.id = p.id
-- expert: join
SELECT p.title, u.id FROM posts p JOIN users u ON u.id = p.user_id

-- shape: related-one
-- title: related() of a to-one, joined
-- target: 0.5
-- why: What misses its target, and what SQLite takes of it
-- list
-- any order
-- ours:
SELECT p.title, u.name
FROM posts p JOIN related('Post', p.id, 'author') r JOIN users u ON u.id = r.id
-- expert: join
SELECT p.title, u.name FROM posts p JOIN users u ON u.id = p.user_id

-- shape: streamed-limit
-- title: the first 10 users with posts, a row for each
-- target: 0.9
-- ours:
SELECT id, json FROM eager('User{*,posts}') LIMIT 10
-- expert: correlated
SELECT u.id, json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u ORDER BY u.id LIMIT 10

-- shape: streamed-join
-- title: users joined with their documents by id
-- target: 0.9
-- ours:
SELECT e.id, e.json FROM users u JOIN eager('User{*,posts}') e ON e.id = u.id
WHERE u.id IN ($keys)
-- expert: correlated
SELECT u.id, json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u WHERE u.id IN ($keys)

-- shape: streamed-in
-- title: documents of the users that a query selects
-- target: 0.9
-- any order
-- ours:
SELECT id, json FROM eager('User{*,posts}')
WHERE id IN (SELECT id FROM users WHERE city = 'Oslo')
-- expert: correlated
SELECT u.id, json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u WHERE u.city = 'Oslo'

-- shape: max-by-index
-- title: all users with the date of their last post
-- target: 0.9
-- ours:
SELECT eager('User{id posts.max(created_at) as last}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'last',
  (SELECT max(created_at) FROM posts p WHERE p.user_id = u.id))) FROM users u

-- shape: text-key
-- title: all users with their posts by title
-- target: 2
-- list
-- ours:
SELECT eager('User{*,posts(order by title)}')
-- expert: correlated
SELECT json_group_array(json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p)))
            FROM (SELECT * FROM posts p WHERE p.user_id = u.id
                  ORDER BY title, id) p)))
FROM users u

-- shape: tiny
-- title: one column of one row
-- overhead: 10
-- by key
-- ours:
SELECT assoc_find('User', ?1, '{name}')
-- expert: by hand
SELECT json_object('name', name) FROM users WHERE id = ?1

-- shape: text-accented
-- title: text of accented letters, whole table
-- target: 1.2
-- list
-- floor: accented
-- ours:
SELECT eager('accented')
-- expert: plain
SELECT json_group_array(json_object($accented(t))) FROM accented t

-- shape: text-cyrillic
-- title: text in Cyrillic, whole table
-- target: 1.2
-- list
-- floor: cyrillic
-- ours:
SELECT eager('cyrillic')
-- expert: plain
SELECT json_group_array(json_object($cyrillic(t))) FROM cyrillic t

-- shape: text-japanese
-- title: text in Japanese, whole table
-- target: 1.2
-- list
-- floor: japanese
-- ours:
SELECT eager('japanese')
-- expert: plain
SELECT json_group_array(json_object($japanese(t))) FROM japanese t

-- shape: text-emoji
-- title: text of emoji, whole table
-- target: 1.2
-- list
-- floor: emoji
-- ours:
SELECT eager('emoji')
-- expert: plain
SELECT json_group_array(json_object($emoji(t))) FROM emoji t

-- shape: row-count
-- title: a call for each row: assoc_count() of users' posts
-- target: 0.5
-- why: A call for each row
-- list
-- ours:
SELECT id, assoc_count('User', id, 'posts') FROM users
-- expert: correlated
SELECT id, (SELECT count(*) FROM posts p WHERE p.user_id = u.id) FROM users u

-- shape: row-get
-- title: a call for each row: assoc_get() of posts' authors
-- target: 0.5
-- why: A call for each row
-- list
-- ours:
SELECT id, assoc_get('Post', id, 'author{name}') FROM posts
-- expert: correlated
SELECT id, (SELECT json_object('name', u.name) FROM users u
            WHERE u.id = p.user_id) FROM posts p

-- shape: row-find
-- title: a call for each row: assoc_find() of posts' authors
-- target: 0.5
-- why: A call for each row
-- list
-- ours:
SELECT id, assoc_find('User', user_id, '{name}') FROM posts
-- expert: correlated
SELECT id, (SELECT json_object('name', u.name) FROM users u
            WHERE u.id = p.user_id) FROM posts p

-- shape: row-has
-- title: a call for each row: assoc_has() of a tag
-- target: 0.5
-- list
-- ours:
SELECT id, assoc_has('Post', id, 'tags', 7) FROM posts
-- expert: correlated
SELECT id, EXISTS (SELECT 1 FROM post_tags t
                   WHERE t.post_id = p.id AND t.tag_id = 7) FROM posts p

-- shape: totals
-- title: aggregates of all roots: count, sum and max with a condition
-- target: 0.95
-- list
-- ours:
SELECT eager('Post{count() as n sum(likes) as likes max(title where likes > 50) as top}')
-- expert: plain
SELECT json_object('n', count(*), 'likes', sum(likes),
  'top', max(title) FILTER (WHERE likes > 50)) FROM posts

-- shape: page-count-path
-- title: a page with its count over a path: the first tags of a user's posts
-- overhead: 50
-- by key
-- ours:
SELECT assoc_get('User', ?1, 'used(first 10 page{count nodes}){*}')
-- expert: by hand
WITH u AS MATERIALIZED (SELECT t.* FROM tags t WHERE t.id IN (
  SELECT pt.tag_id FROM posts p JOIN post_tags pt ON pt.post_id = p.id
  WHERE p.user_id = ?1))
SELECT json_object('count', (SELECT count(*) FROM u), 'nodes', json((
  SELECT json_group_array(json_object($tags(t)))
  FROM (SELECT * FROM u ORDER BY id LIMIT 10) t)))

-- shape: used-all
-- title: all users with the tags of their posts, each once
-- target: 1
-- list
-- ours:
SELECT eager('User{id,used{name}}')
-- expert: in
SELECT json_group_array(json_object('id', u.id, 'used', (
  SELECT json_group_array(json_object('name', name)) FROM tags WHERE id IN (
    SELECT tag_id FROM posts p JOIN post_tags t ON t.post_id = p.id WHERE p.user_id = u.id))))
FROM users u NOT INDEXED
-- expert: distinct
SELECT json_group_array(json_object('id', u.id, 'used', (
  SELECT json_group_array(json_object('name', name)) FROM (
    SELECT DISTINCT g.id, g.name FROM posts p JOIN post_tags t ON t.post_id = p.id
    JOIN tags g ON g.id = t.tag_id WHERE p.user_id = u.id ORDER BY g.id))))
FROM users u NOT INDEXED

-- shape: used-one
-- title: the tags of a user's posts, each once
-- overhead: 30
-- by key
-- ours:
SELECT assoc_get('User', ?1, 'used{name}')
-- expert: in
SELECT json_group_array(json_object('name', name)) FROM tags WHERE id IN (
  SELECT tag_id FROM posts p JOIN post_tags t ON t.post_id = p.id WHERE p.user_id = ?1)

-- shape: view-some
-- title: users who have some row of 995 likes in a view of two tables
-- target: 0.85
-- setup:
CREATE VIEW IF NOT EXISTS seen_posts AS SELECT p.id, p.title, p.user_id, p.likes, u.name AS author_name FROM posts p JOIN users u ON u.id = p.user_id;
SELECT assoc_model('SeenPost', '{"table":"seen_posts","primaryKey":"id"}');
SELECT assoc_define('User', 'hasMany', 'SeenPost', '{"as":"seen","foreignKey":"user_id"}')
-- ours:
SELECT eager('User(some seen(likes > 995)){id}')
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users WHERE id IN (
  SELECT user_id FROM seen_posts WHERE likes > 995) ORDER BY id)

-- shape: edges
-- title: users with a page of edges of their posts each
-- target: 0.95
-- list
-- any order
-- ours:
SELECT eager('User{id,posts(first 5 page{edges{node}}){id,title}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'posts', json_object('edges', (
  SELECT json_group_array(json_object('node', json_object('id', id, 'title', title)))
  FROM (SELECT id, title FROM posts p WHERE p.user_id = u.id
        ORDER BY id LIMIT 5)))))
FROM users u

-- shape: two-roots
-- title: two small queries in one call
-- overhead: 15
-- by key
-- ours:
SELECT eager('User(id = ?1){name} as a, Post(id = ?1){title} as b', ?1)
-- expert: by hand
SELECT json_object(
  'a', (SELECT json_group_array(json_object('name', name)) FROM users WHERE id = ?1),
  'b', (SELECT json_group_array(json_object('title', title)) FROM posts WHERE id = ?1))

-- shape: policy
-- title: all users with the posts that a policy lets them see
-- target: 3
-- list
-- setup:
CREATE TABLE IF NOT EXISTS owned(id INTEGER PRIMARY KEY, user_id INTEGER, owner INTEGER, title TEXT, body TEXT);
INSERT OR IGNORE INTO owned SELECT id, user_id, 7, title, body FROM posts;
CREATE INDEX IF NOT EXISTS owned_user ON owned(user_id, owner);
SELECT assoc_define('User', 'hasMany', 'owned', '{"as":"owned","foreignKey":"user_id"}'), assoc_policy('owned', '{"read":"owner = 7","force":true}');
-- ours:
SELECT eager('User{id,owned{id,title,body}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id,
  'owned', (SELECT $json_group_array($json_object('id', p.id, 'title', p.title, 'body', p.body))
            FROM owned p WHERE p.user_id = u.id AND p.owner = 7)))
FROM users u

-- shape: policy-one
-- title: one user with the posts that a policy lets them see
-- target: 1
-- by key
-- ours:
SELECT assoc_find('User', ?1, '{id,owned{id,title,body}}')
-- expert: correlated
SELECT json_object('id', u.id,
  'owned', (SELECT $json_group_array($json_object('id', p.id, 'title', p.title, 'body', p.body))
            FROM owned p WHERE p.user_id = u.id AND p.owner = 7))
FROM users u WHERE u.id = ?1

-- shape: counter
-- title: all shelves with the number of their books, from a counter cache
-- target: 1
-- list
-- setup:
CREATE TABLE IF NOT EXISTS Shelf(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS Book(id INTEGER PRIMARY KEY, ShelfId INTEGER REFERENCES Shelf);
CREATE INDEX IF NOT EXISTS Book_Shelf ON Book(ShelfId);
INSERT OR IGNORE INTO Shelf(id, name) SELECT id, name FROM users;
INSERT OR IGNORE INTO Book(id, ShelfId) SELECT id, user_id FROM posts;
SELECT assoc_define('Shelf', 'hasMany', 'Book', '{"counterCache":"books_count"}');
SELECT assoc_sync();
DROP INDEX IF EXISTS events_user_id;
-- ours:
SELECT eager('Shelf{id,name,books.count() as n}')
-- expert: column
SELECT json_group_array(json_object('id', id, 'name', name, 'n', books_count))
FROM Shelf

-- shape: table-limit
-- title: the first 10 rows of the table-valued eager()
-- target: 0.9
-- ours:
SELECT id, json FROM eager('User{*,posts{*,comments}}') LIMIT 10
-- expert: correlated
SELECT u.id, json_object($users(u),
  'posts', (SELECT $json_group_array($json_object($posts(p),
    'comments', (SELECT $json_group_array($json_object($comments(c)))
                 FROM comments c WHERE c.post_id = p.id)))
            FROM posts p WHERE p.user_id = u.id))
FROM users u LIMIT 10

-- shape: table-range
-- title: 200 rows of the table-valued eager() by bounds of the id
-- target: 0.5
-- ours:
SELECT id, json FROM eager('Post{title,author{name}}') WHERE id BETWEEN 5001 AND 5200
-- expert: correlated
SELECT p.id, json_object('title', p.title,
  'author', (SELECT json_object('name', u.name) FROM users u WHERE u.id = p.user_id))
FROM posts p WHERE p.id BETWEEN 5001 AND 5200

-- shape: table-offset
-- title: 10 rows of the table-valued eager() behind an OFFSET
-- target: 0.5
-- ours:
SELECT id, json FROM eager('Post{title,author{name}}') LIMIT 10 OFFSET 5000
-- expert: correlated
SELECT p.id, json_object('title', p.title,
  'author', (SELECT json_object('name', u.name) FROM users u WHERE u.id = p.user_id))
FROM posts p LIMIT 10 OFFSET 5000

-- shape: table-join
-- title: the table-valued eager() joined by id
-- target: 0.9
-- list
-- ours:
SELECT p.id, e.json FROM posts p
CROSS JOIN eager('User{name,profile{*}}') e ON e.id = p.user_id
-- expert: correlated
SELECT p.id, json_object('name', u.name,
  'profile', (SELECT $json_object($profiles(f))
              FROM profiles f WHERE f.user_id = u.id))
FROM posts p CROSS JOIN users u ON u.id = p.user_id

-- shape: table-in
-- title: the table-valued eager() with id IN (SELECT …)
-- target: 0.9
-- list
-- ours:
SELECT id, json FROM eager('Post{*,author{name}}')
WHERE id IN (SELECT post_id FROM post_tags WHERE tag_id < 20)
-- expert: join
SELECT p.id, json_object($posts(p),
  'author', (SELECT json_object('name', u.name)
             FROM users u WHERE u.id = p.user_id))
FROM posts p WHERE id IN (SELECT post_id FROM post_tags WHERE tag_id < 20)

-- shape: order-author
-- title: the first 10 posts in the order of their author's name
-- target: 0.9
-- ours:
SELECT eager('Post(order by author.name limit 10){*}')
-- expert: join
SELECT json_group_array(json_object($posts(p)))
FROM (SELECT p.* FROM posts p LEFT JOIN users u ON u.id = p.user_id
      ORDER BY u.name, p.id LIMIT 10) p

-- shape: tree-down
-- title: all categories below one, flat
-- target: 0.9
-- ours:
SELECT t.id, t.name FROM related('Category', 1, 'children^') r
CROSS JOIN categories t ON t.id = r.id
-- expert: recursive
WITH RECURSIVE t(id) AS (
  SELECT id FROM categories WHERE parent_id = 1
  UNION SELECT c.id FROM t JOIN categories c ON c.parent_id = t.id)
SELECT c.id, c.name FROM t CROSS JOIN categories c ON c.id = t.id

-- shape: first-10
-- title: the first answer of a new connection, 10 tables
-- target: 0.5
-- why: Definitions and new connections
-- fresh: 10
-- ours:
SELECT assoc_find('Part1', 7, '{id,name,part2s{id,name}}')
-- expert: without the extension
SELECT json_object('id',a.id,'name',a.name,
  'part2s', (SELECT json_group_array(json_object('id',b.id,'name',b.name))
             FROM Part2s b WHERE b.Part1Id = a.id))
FROM Part1s a WHERE a.id = 7

-- shape: first-300
-- title: the first answer of a new connection, 300 tables
-- target: 0.5
-- fresh: 300
-- ours:
SELECT assoc_find('Part1', 7, '{id,name,part2s{id,name}}')
-- expert: without the extension
SELECT json_object('id',a.id,'name',a.name,
  'part2s', (SELECT json_group_array(json_object('id',b.id,'name',b.name))
             FROM Part2s b WHERE b.Part1Id = a.id))
FROM Part1s a WHERE a.id = 7

-- shape: first-1000
-- title: the first answer of a new connection, 1,000 tables
-- target: 0.5
-- fresh: 1000
-- ours:
SELECT assoc_find('Part1', 7, '{id,name,part2s{id,name}}')
-- expert: without the extension
SELECT json_object('id',a.id,'name',a.name,
  'part2s', (SELECT json_group_array(json_object('id',b.id,'name',b.name))
             FROM Part2s b WHERE b.Part1Id = a.id))
FROM Part1s a WHERE a.id = 7

-- shape: rebuild
-- title: add a foreign key to a table of 50 rows for each user
-- target: 0.8
-- undone
-- script
-- setup:
CREATE TABLE IF NOT EXISTS rebuilt_posts(id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE IF NOT EXISTS rebuilt_comments(id INTEGER PRIMARY KEY, post_id INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS rebuilt_post ON rebuilt_comments(post_id);
INSERT OR IGNORE INTO rebuilt_posts SELECT id, title FROM posts;
INSERT OR IGNORE INTO rebuilt_comments SELECT id, post_id, body FROM comments
-- ours: (for the associations taken back assoc_sync() would make indexes)
SELECT assoc_undefine('User', 'events'), assoc_undefine('Attachment', 'owner'), assoc_undefine('User', 'unmarked');
SELECT assoc_define('rebuilt_posts', 'hasMany', 'rebuilt_comments', '{"as":"comments","foreignKey":"post_id","onDelete":"CASCADE"}');
SELECT assoc_sync()
-- expert: the procedure by hand
CREATE TABLE rebuilt_new(id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES rebuilt_posts(id) ON DELETE CASCADE ON UPDATE CASCADE, body TEXT);
INSERT INTO rebuilt_new SELECT * FROM rebuilt_comments;
DROP TABLE rebuilt_comments;
ALTER TABLE rebuilt_new RENAME TO rebuilt_comments;
CREATE INDEX rebuilt_post ON rebuilt_comments(post_id);
PRAGMA foreign_key_check(rebuilt_comments)

-- shape: join-columns
-- title: all posts with their tags by a column of the join row, with it
-- target: 1
-- list
-- setup:
CREATE TABLE IF NOT EXISTS ranked(post_id INTEGER REFERENCES posts, tag_id INTEGER REFERENCES tags, pos INTEGER, PRIMARY KEY(post_id, tag_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ranked_tag ON ranked(tag_id);
INSERT OR IGNORE INTO ranked SELECT post_id, tag_id, (post_id * 7 + tag_id * 3) % 10 FROM post_tags;
SELECT assoc_define('Post', 'belongsToMany', 'Tag', '{"as":"ranked","through":"ranked"}')
-- ours:
SELECT eager('Post{id,ranked(@pos > 2 order by @pos){name,@pos as pos}}')
-- expert: correlated
SELECT json_group_array(json_object('id', p.id, 'ranked', (
  SELECT json_group_array(json_object('name', name, 'pos', pos)) FROM (
    SELECT t.name, j.pos FROM ranked j JOIN tags t ON t.id = j.tag_id
    WHERE j.post_id = p.id AND j.pos > 2 ORDER BY j.pos, t.id))))
FROM posts p NOT INDEXED

-- shape: join-aggregate
-- title: posts with a join row of that kind, and the greatest of its column
-- target: 1
-- ours:
SELECT eager('Post(some ranked(@pos = 9)){id,ranked.max(@pos where name > "M") as top}')
-- expert: correlated
SELECT json_group_array(json_object('id', p.id, 'top', (
  SELECT max(j.pos) FROM ranked j JOIN tags t ON t.id = j.tag_id
  WHERE j.post_id = p.id AND t.name > 'M')))
FROM posts p NOT INDEXED WHERE EXISTS (SELECT 1 FROM ranked j
  WHERE j.post_id = p.id AND j.pos = 9)

-- shape: two-columns
-- title: the number of comments older than their post: a column beside a column
-- target: 0.95
-- why: Lookups or scans where tables are larger than the page cache
-- list
-- ours:
SELECT eager('Comment(created_at < post.created_at){count() as n}')
-- expert: join
SELECT json_object('n', count(*)) FROM comments c JOIN posts p ON p.id = c.post_id
WHERE c.created_at < p.created_at

-- shape: contains
-- title: posts whose title contains a text
-- target: 0.95
-- list
-- ours:
SELECT eager('Post(title contains ?1){id}', 'ing')
-- expert: like
SELECT json_group_array(json_object('id', id)) FROM posts WHERE title LIKE '%ing%'

-- shape: list-parameter
-- title: 100 users by a list that is one parameter
-- overhead: 20
-- ours:
SELECT eager('User(id in ?1){id,name}', '[$keys]')
-- expert: json_each
SELECT json_group_array(json_object('id', id, 'name', name)) FROM users
WHERE id IN (SELECT value FROM json_each('[$keys]'))

-- shape: some-on
-- title: attachments of posts of 900 likes: one model of a polymorphic association
-- target: 0.95
-- ours:
SELECT eager('Attachment(some owner on Post(likes >= 900)){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM attachments a NOT INDEXED
WHERE owner_type = 'post' AND EXISTS (SELECT 1 FROM posts p
  WHERE p.id = a.owner_id AND p.likes >= 900)

-- shape: some-rare-limit
-- title: the first 5 users with a post of one title, which has no index
-- target: 0.5
-- why: EXISTS or IN
-- ours:
SELECT eager('User(some posts(title = "none") limit 5){id}')
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE id IN
  (SELECT user_id FROM posts WHERE title = 'none') ORDER BY id LIMIT 5)
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE EXISTS
  (SELECT 1 FROM posts p WHERE p.user_id = u.id AND title = 'none') ORDER BY id LIMIT 5)

-- shape: some-unindexed
-- title: the first 5 users with an event, whose key has no index
-- target: 0.9
-- setup:
DROP INDEX IF EXISTS events_user_id
-- ours:
SELECT eager('User(some events limit 5){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE EXISTS
  (SELECT 1 FROM events e WHERE e.user_id = u.id) ORDER BY id LIMIT 5)
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE id IN
  (SELECT user_id FROM events) ORDER BY id LIMIT 5)

-- shape: some-unindexed-kind
-- title: the first 5 users with an event of one kind, without an index
-- target: 0.85
-- setup:
DROP INDEX IF EXISTS events_user_id
-- ours:
SELECT eager('User(some events(kind = "view") limit 5){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE EXISTS
  (SELECT 1 FROM events e WHERE e.user_id = u.id AND kind = 'view') ORDER BY id LIMIT 5)
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE id IN
  (SELECT user_id FROM events WHERE kind = 'view') ORDER BY id LIMIT 5)

-- shape: some-unindexed-rare
-- title: the first 5 users with an event of a kind that is none, without an index
-- target: 0.45
-- why: EXISTS or IN
-- setup:
DROP INDEX IF EXISTS events_user_id
-- ours:
SELECT eager('User(some events(kind = "none") limit 5){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE EXISTS
  (SELECT 1 FROM events e WHERE e.user_id = u.id AND kind = 'none') ORDER BY id LIMIT 5)
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE id IN
  (SELECT user_id FROM events WHERE kind = 'none') ORDER BY id LIMIT 5)

-- shape: two-behind
-- title: comments to posts of more than 900 likes by authors of one city
-- target: 0.9
-- ours:
SELECT eager('Comment(post.author.city = "Oslo" and post.likes > 900){id}')
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM comments c WHERE post_id IN
  (SELECT p.id FROM posts p JOIN users u ON u.id = p.user_id WHERE u.city = 'Oslo' AND p.likes > 900) ORDER BY id)
-- expert: join
SELECT json_group_array(json_object('id', c.id)) FROM comments c NOT INDEXED CROSS JOIN posts p ON p.id = c.post_id CROSS JOIN users u ON u.id = p.user_id WHERE p.likes > 900 AND u.city = 'Oslo'

-- shape: latest-likes
-- title: users whose latest post has more than 900 likes
-- target: 0.9
-- ours:
SELECT eager('User(latest.likes > 900){id}')
-- expert: correlated
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE
  (SELECT likes FROM posts p WHERE p.user_id = u.id ORDER BY created_at DESC, id DESC LIMIT 1) > 900)

-- shape: some-often-limit
-- title: the first 5 users with a published post
-- overhead: 5
-- ours:
SELECT eager('User(some posts(published = 1) limit 5){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM users u WHERE EXISTS
  (SELECT 1 FROM posts p WHERE p.user_id = u.id AND published = 1) ORDER BY id LIMIT 5)

-- shape: posts-limit
-- title: the first 10 posts of users in one city, a frequent one
-- overhead: 20
-- ours:
SELECT eager('Post(author.city = "Oslo" limit 10){title}')
-- expert: join
SELECT json_group_array(json_object('title', title)) FROM (SELECT title FROM posts p NOT INDEXED
  CROSS JOIN users u ON u.id = p.user_id WHERE u.city = 'Oslo' ORDER BY p.id LIMIT 10)

-- shape: posts-limit-rare
-- title: the first 10 posts of users in a city that is none
-- target: 0.9
-- ours:
SELECT eager('Post(author.city = "none" limit 10){title}')
-- expert: in
SELECT json_group_array(json_object('title', title)) FROM (SELECT title FROM posts p
  WHERE user_id IN (SELECT id FROM users WHERE city = 'none') ORDER BY p.id LIMIT 10)

-- shape: required-limit
-- title: the first 10 posts of users in one city, with their authors
-- overhead: 30
-- ours:
SELECT eager('Post(limit 10){id,author!(city = "Oslo"){name}}')
-- expert: join
SELECT json_group_array(json_object('id', id, 'author', json_object('name', name))) FROM (
  SELECT p.id, u.name FROM posts p NOT INDEXED CROSS JOIN users u ON u.id = p.user_id
  WHERE u.city = 'Oslo' ORDER BY p.id LIMIT 10)

-- shape: none-at-all
-- title: posts without comments
-- target: 0.9
-- list
-- ours:
SELECT eager('Post(none comments){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM posts p NOT INDEXED WHERE NOT EXISTS
  (SELECT 1 FROM comments c WHERE c.post_id = p.id)
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM posts p NOT INDEXED WHERE id NOT IN
  (SELECT post_id FROM comments)

-- shape: some-on-one
-- title: attachments of the posts of one title: a polymorphic association
-- target: 0.9
-- ours:
SELECT eager('Attachment(some owner on Post(title = "none")){id}')
-- expert: in
SELECT json_group_array(json_object('id', id)) FROM (SELECT id FROM attachments a WHERE owner_type = 'post'
  AND owner_id IN (SELECT id FROM posts WHERE title = 'none') ORDER BY id)

-- shape: spread-list
-- title: all posts with the names of their tags as one list
-- target: 1
-- list
-- ours:
SELECT eager('Post{id,...tags{name as tags}}')
-- expert: correlated
SELECT json_group_array(json_object('id', p.id, 'tags', (
  SELECT json_group_array(t.name) FROM post_tags j JOIN tags t ON t.id = j.tag_id
  WHERE j.post_id = p.id)))
FROM posts p NOT INDEXED

-- shape: items
-- title: items in JSON: the model, a key as text, a column, a constant
-- target: 1
-- list
-- ours:
SELECT eager('{"model":"Post","items":[{"model":true,"as":"__typename"},{"column":"id","text":true},"title",{"value":"x","as":"kind"}]}')
-- expert: plain
SELECT json_group_array(json_object('__typename', 'Post', 'id', CAST(id AS TEXT),
  'title', title, 'kind', 'x')) FROM posts

-- shape: one-of-several
-- title: the rows of one of several models over one table
-- target: 1
-- list
-- setup:
CREATE TABLE IF NOT EXISTS papers(id INTEGER PRIMARY KEY, kind TEXT, title TEXT, user_id INTEGER REFERENCES users, deleted_at TEXT);
CREATE INDEX IF NOT EXISTS papers_user ON papers(user_id);
INSERT OR IGNORE INTO papers SELECT id, iif(id % 2, 'Article', 'Essay'), title, user_id, iif(id % 5, NULL, created_at) FROM posts;
SELECT assoc_model('Article', '{"table":"papers","values":{"kind":"Article"}}');
SELECT assoc_model('Essay', '{"table":"papers","values":{"kind":"Essay"},"paranoid":true}');
SELECT assoc_define('User', 'hasMany', 'Article', '{"as":"articles","foreignKey":"user_id"}');
SELECT assoc_define('User', 'hasMany', 'Essay', '{"as":"essays","foreignKey":"user_id"}')
-- ours:
SELECT eager('User{id,articles{id,title}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'articles', (
  SELECT json_group_array(json_object('id', id, 'title', title)) FROM papers p
  WHERE p.user_id = u.id AND p.kind = 'Article')))
FROM users u

-- shape: not-deleted
-- title: all users with their rows that are not marked as deleted
-- target: 1
-- list
-- ours:
SELECT eager('User{id,essays{id,title}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'essays', (
  SELECT json_group_array(json_object('id', id, 'title', title)) FROM papers p
  WHERE p.user_id = u.id AND p.kind = 'Essay' AND p.deleted_at IS NULL)))
FROM users u

-- shape: composite
-- title: all rows of a composite key with their rows
-- target: 1
-- list
-- setup:
CREATE TABLE IF NOT EXISTS halls(town INTEGER, nr INTEGER, name TEXT, PRIMARY KEY(town, nr)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seats(id INTEGER PRIMARY KEY, town INTEGER, nr INTEGER, label TEXT, FOREIGN KEY(town, nr) REFERENCES halls);
CREATE INDEX IF NOT EXISTS seats_hall ON seats(town, nr);
INSERT OR IGNORE INTO halls SELECT id / 10, id % 10, name FROM users;
INSERT OR IGNORE INTO seats SELECT id, user_id / 10, user_id % 10, title FROM posts;
SELECT assoc_define('Hall', 'hasMany', 'Seat', '{"as":"seats","foreignKey":["town","nr"]}')
-- ours:
SELECT eager('Hall{name,seats{id,label}}')
-- expert: correlated
SELECT json_group_array(json_object('name', h.name, 'seats', (
  SELECT json_group_array(json_object('id', id, 'label', label)) FROM seats s
  WHERE s.town = h.town AND s.nr = h.nr)))
FROM halls h

-- shape: set-list
-- title: change a column of the whole list of 1,000 rows by #set
-- target: 0.4
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS set_users(id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS set_lines(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES set_users, x INTEGER);
CREATE INDEX IF NOT EXISTS set_user ON set_lines(user_id);
INSERT OR IGNORE INTO set_users VALUES(1);
INSERT OR IGNORE INTO set_lines WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i, 1, i FROM n;
SELECT assoc_define('set_users', 'hasMany', 'set_lines', '{"as":"lines","foreignKey":"user_id"}')
-- ours:
SELECT 1 FROM (SELECT assoc_update('set_users', 1, (SELECT json_object('lines', json_object('#set', json_group_array(json_object('id', id, 'x', x + 1)))) FROM set_lines)) a) WHERE a IS NULL
-- expert: of the change alone
UPDATE set_lines SET x = value ->> 'x' FROM json_each((SELECT json_group_array(json_object('id', id, 'x', x + 1)) FROM set_lines)) WHERE set_lines.id = value ->> 'id'

-- shape: make-by
-- title: relate a row to three tags that are found by their names
-- target: 0.3
-- by key
-- undone
-- setup:
CREATE TABLE IF NOT EXISTS by_posts(id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE IF NOT EXISTS by_tags(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS by_links(post_id INTEGER REFERENCES by_posts, tag_id INTEGER REFERENCES by_tags, PRIMARY KEY(post_id, tag_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_link_tag ON by_links(tag_id);
INSERT OR IGNORE INTO by_posts SELECT id, title FROM posts;
INSERT OR IGNORE INTO by_tags SELECT id, 'tag ' || id FROM users;
SELECT assoc_define('by_posts', 'belongsToMany', 'by_tags', '{"as":"tags","through":"by_links","foreignKey":"post_id","otherKey":"tag_id"}')
-- ours:
SELECT 1 FROM (SELECT assoc_update('by_posts', ?1, json_object('tags', json_array(json_object('#by', 'name', 'name', 'tag 1'), json_object('#by', 'name', 'name', 'tag 2'), json_object('#by', 'name', 'name', 'tag 3')))) a) WHERE a IS NULL
-- expert: of the links alone
INSERT INTO by_links(post_id, tag_id) SELECT ?1, id FROM by_tags WHERE name IN ('tag 1', 'tag 2', 'tag 3') ON CONFLICT DO NOTHING

-- shape: cursor-item
-- title: all posts in the order of their times, each with its cursor
-- target: 1
-- list
-- ours:
SELECT 1 FROM (SELECT eager('Post(order by created_at){id,cursor() as c}') a) WHERE a IS NULL
-- expert: hex in place of base64
SELECT 1 FROM (SELECT json_group_array(json_object('id', id, 'c',
  hex(json_array(created_at, id)))) a
FROM (SELECT id, created_at FROM posts ORDER BY created_at, id)) WHERE a IS NULL

-- shape: cursor-lists
-- title: all users with their posts, each with its cursor
-- target: 1
-- list
-- ours:
SELECT 1 FROM (SELECT eager('User{id,posts{id,cursor() as c}}') a) WHERE a IS NULL
-- expert: hex in place of base64
SELECT 1 FROM (SELECT json_group_array(json_object('id', u.id, 'posts', (
  SELECT json_group_array(json_object('id', p.id, 'c', hex(json_array(p.id))))
  FROM posts p WHERE p.user_id = u.id))) a
FROM users u) WHERE a IS NULL

-- shape: symmetric
-- title: all users with their friends: many to many, stored both ways
-- target: 1
-- list
-- setup:
CREATE TABLE IF NOT EXISTS friends(a INTEGER REFERENCES users, b INTEGER REFERENCES users, PRIMARY KEY(a, b)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS friends_b ON friends(b);
INSERT OR IGNORE INTO friends SELECT user_id, id % (SELECT count(*) FROM users) + 1 FROM posts WHERE user_id IS NOT NULL;
INSERT OR IGNORE INTO friends SELECT b, a FROM friends;
SELECT assoc_define('User', 'belongsToMany', 'User', '{"as":"friends","through":"friends","foreignKey":"a","otherKey":"b","symmetric":true}')
-- ours:
SELECT eager('User{id,friends{id,name}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'friends', (
  SELECT json_group_array(json_object('id', f.id, 'name', f.name))
  FROM friends j JOIN users f ON f.id = j.b WHERE j.a = u.id)))
FROM users u

-- shape: write-symmetric
-- title: make two users friends, many calls in a transaction
-- target: 0.33
-- by key
-- undone
-- ours:
SELECT 1 FROM (SELECT assoc_add('User', ?1, 'friends', 1) a) WHERE a IS NULL
-- expert: both rows
INSERT INTO friends(a, b) VALUES(?1, 1), (1, ?1) ON CONFLICT DO NOTHING

-- shape: partial-index
-- title: 100 users by key with rows that a partial index finds
-- target: 1
-- setup:
CREATE TABLE IF NOT EXISTS marked(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, title TEXT, del INTEGER);
INSERT OR IGNORE INTO marked SELECT id, user_id, title, id % 5 = 0 FROM posts;
CREATE INDEX IF NOT EXISTS marked_user ON marked(user_id) WHERE del = 0;
SELECT assoc_define('User', 'hasMany', 'marked', '{"as":"unmarked","foreignKey":"user_id","scope":{"del":0}}')
-- ours:
SELECT eager('User(id in ($keys)){id,unmarked{id,title}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'unmarked', (
  SELECT json_group_array(json_object('id', id, 'title', title)) FROM marked m
  WHERE m.user_id = u.id AND m.del = 0)))
FROM users u WHERE u.id IN ($keys)

-- shape: some-partial
-- title: the first 3 users with a row that a partial index finds
-- target: 0.9
-- ours:
SELECT eager('User(some unmarked(id > 50) limit 3){*}')
-- expert: exists
SELECT json_group_array(json_object($users(u)))
FROM (SELECT * FROM users u WHERE EXISTS
        (SELECT 1 FROM marked m WHERE m.user_id = u.id AND m.del = 0 AND m.id > 50)
      ORDER BY u.id LIMIT 3) u
-- expert: in
SELECT json_group_array(json_object($users(u)))
FROM (SELECT * FROM users u WHERE u.id IN
        (SELECT user_id FROM marked WHERE del = 0 AND id > 50)
      ORDER BY u.id LIMIT 3) u

-- shape: scope-count
-- title: the number of rows of a default scope that a partial index has
-- target: 0.9
-- list
-- setup:
CREATE TABLE IF NOT EXISTS stated(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, title TEXT, likes INTEGER, state TEXT);
INSERT OR IGNORE INTO stated SELECT id, user_id, title, likes, iif(id % 4, 'live', 'draft') FROM posts;
CREATE INDEX IF NOT EXISTS stated_live ON stated(user_id, likes) WHERE state = 'live';
SELECT assoc_model('stated', '{"defaultScope":{"where":{"state":"live"}}}');
SELECT assoc_define('User', 'hasMany', 'stated', '{"as":"stated","foreignKey":"user_id"}')
-- ours:
SELECT eager('User{id,stated.count() as n}')
-- expert: correlated
SELECT json_group_array(json_object('id', id, 'n', (
  SELECT count(*) FROM stated s WHERE s.user_id = u.id AND state = 'live'))) FROM users u NOT INDEXED
-- expert: grouped
SELECT json_group_array(json_object('id', id, 'n', coalesce(n, 0))) FROM users u NOT INDEXED
LEFT JOIN (SELECT user_id, count(*) n FROM stated WHERE state = 'live' GROUP BY 1) g
ON g.user_id = u.id

-- shape: none-newer
-- title: users without a post since a day, by an index on both columns
-- target: 0.9
-- list
-- ours:
SELECT eager('User(none posts(created_at >= "2022-06-01")){id}')
-- expert: exists
SELECT json_group_array(json_object('id', id)) FROM users u NOT INDEXED WHERE NOT EXISTS
  (SELECT 1 FROM posts p WHERE p.user_id = u.id AND created_at >= '2022-06-01')

-- shape: count-nulls
-- title: a count of rows of which few have a key, by an index without NULLs
-- target: 1
-- list
-- setup:
CREATE TABLE IF NOT EXISTS picked(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, title TEXT);
INSERT OR IGNORE INTO picked SELECT id, CASE WHEN id % 20 = 0 THEN user_id END, title FROM posts;
CREATE INDEX IF NOT EXISTS picked_user ON picked(user_id) WHERE user_id IS NOT NULL;
SELECT assoc_define('User', 'hasMany', 'picked', '{"as":"picks","foreignKey":"user_id"}')
-- ours:
SELECT eager('User{id,picks.count() as n}')
-- expert: correlated
SELECT json_group_array(json_object('id', id, 'n', (
  SELECT count(*) FROM picked p WHERE p.user_id = u.id))) FROM users u NOT INDEXED
-- expert: grouped
SELECT json_group_array(json_object('id', id, 'n', coalesce(n, 0))) FROM users u NOT INDEXED
LEFT JOIN (SELECT user_id, count(*) n FROM picked WHERE user_id IS NOT NULL GROUP BY 1) g
ON g.user_id = u.id

-- shape: tags-count
-- title: all tags with the number of their posts, many to many
-- target: 0.9
-- list
-- ours:
SELECT eager('Tag{name,posts.count() as n}')
-- expert: correlated
SELECT json_group_array(json_object('name', t.name, 'n', (
  SELECT count(*) FROM post_tags j JOIN posts p ON p.id = j.post_id
  WHERE j.tag_id = t.id))) FROM tags t NOT INDEXED
-- expert: grouped
SELECT json_group_array(json_object('name', t.name, 'n', coalesce(n, 0)))
FROM tags t NOT INDEXED LEFT JOIN (SELECT j.tag_id, count(*) n
  FROM posts p NOT INDEXED CROSS JOIN post_tags j ON j.post_id = p.id GROUP BY 1) g
ON g.tag_id = t.id

-- shape: tags-newest
-- title: all tags with their 3 newest posts, many to many
-- target: 0.9
-- ours:
SELECT eager('Tag{name,posts(order by id desc limit 3){id,title}}')
-- expert: by the join row
SELECT json_group_array(json_object('name', t.name, 'posts', (
  SELECT json_group_array(json_object('id', id, 'title', title)) FROM (
    SELECT p.id, p.title FROM post_tags j JOIN posts p ON p.id = j.post_id
    WHERE j.tag_id = t.id ORDER BY j.post_id DESC LIMIT 3))))
FROM tags t NOT INDEXED

-- shape: uuid-keys
-- title: all rows with their rows, both by keys that are UUIDs
-- target: 2
-- list
-- setup:
CREATE TABLE IF NOT EXISTS uuid_users(id TEXT PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS uuid_posts(id TEXT PRIMARY KEY, user_id TEXT REFERENCES uuid_users, title TEXT);
CREATE INDEX IF NOT EXISTS uuid_user ON uuid_posts(user_id);
INSERT OR IGNORE INTO uuid_users SELECT printf('%08x-%04x-4000-8000-%012x', id * 2654435761 % 4294967296, id % 65536, id), name FROM users;
INSERT OR IGNORE INTO uuid_posts SELECT printf('%08x-%04x-4000-8000-%012x', id * 2654435761 % 4294967296, id % 65536, id), printf('%08x-%04x-4000-8000-%012x', user_id * 2654435761 % 4294967296, user_id % 65536, user_id), title FROM posts;
SELECT assoc_define('uuid_users', 'hasMany', 'uuid_posts', '{"as":"posts","foreignKey":"user_id"}')
-- ours:
SELECT eager('uuid_users{*,posts}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'name', u.name, 'posts', (
  SELECT json_group_array(json_object('id', id, 'user_id', user_id, 'title', title)) FROM (
    SELECT * FROM uuid_posts p WHERE p.user_id = u.id ORDER BY p.id))))
FROM (SELECT * FROM uuid_users ORDER BY id) u

-- shape: users-best
-- title: all users with their 3 posts of the most likes, without an index
-- target: 1
-- ours:
SELECT eager('User{id,posts(order by likes desc limit 3){id,likes}}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'posts', (
  SELECT json_group_array(json_object('id', id, 'likes', likes)) FROM (
    SELECT id, likes FROM posts p WHERE p.user_id = u.id ORDER BY likes DESC, id DESC LIMIT 3))))
FROM users u NOT INDEXED

-- shape: far-keys
-- title: all rows with their rows, both by keys far from each other
-- target: 2
-- list
-- setup:
CREATE TABLE IF NOT EXISTS far_users(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS far_posts(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES far_users, title TEXT);
CREATE INDEX IF NOT EXISTS far_user ON far_posts(user_id);
INSERT OR IGNORE INTO far_users SELECT id * 2654435761 % 4294967296 * 1073741824 + id, name FROM users;
INSERT OR IGNORE INTO far_posts SELECT id * 2654435761 % 4294967296 * 1073741824 + id, user_id * 2654435761 % 4294967296 * 1073741824 + user_id, title FROM posts;
SELECT assoc_define('far_users', 'hasMany', 'far_posts', '{"as":"posts","foreignKey":"user_id"}')
-- ours:
SELECT eager('far_users{*,posts}')
-- expert: correlated
SELECT json_group_array(json_object('id', u.id, 'name', u.name, 'posts', (
  SELECT json_group_array(json_object('id', p.id, 'user_id', p.user_id, 'title', p.title))
  FROM far_posts p WHERE p.user_id = u.id)))
FROM far_users u

-- shape: related-many
-- title: related() of a many to many, joined
-- target: 0.5
-- why: What misses its target, and what SQLite takes of it
-- list
-- any order
-- ours:
SELECT p.title, t.name
FROM posts p JOIN related('Post', p.id, 'tags') r JOIN tags t ON t.id = r.id
-- expert: join
SELECT p.title, t.name FROM posts p CROSS JOIN post_tags j ON j.post_id = p.id
  CROSS JOIN tags t ON t.id = j.tag_id

-- shape: tree-up
-- title: all categories above one, flat
-- target: 0.9
-- any order
-- setup:
SELECT assoc_define('Category', 'belongsTo', 'Category', '{"as":"parent","foreignKey":"parent_id"}')
-- ours:
SELECT t.id, t.name FROM related('Category', (SELECT max(id) FROM categories), 'parent^') r
CROSS JOIN categories t ON t.id = r.id
-- expert: recursive
WITH RECURSIVE t(id) AS (
  SELECT parent_id FROM categories WHERE id = (SELECT max(id) FROM categories)
  UNION SELECT c.parent_id FROM t JOIN categories c ON c.id = t.id)
SELECT c.id, c.name FROM t CROSS JOIN categories c ON c.id = t.id

-- shape: attached
-- title: all rows of an attached database with their rows
-- target: 1
-- list
-- setup:
ATTACH bench_directory() || '/attached.db' AS aux;
DROP TABLE IF EXISTS aux.assoc_definitions;
DROP TABLE IF EXISTS aux.assoc_token;
DROP TABLE IF EXISTS aux.orders;
DROP TABLE IF EXISTS aux.accounts;
CREATE TABLE aux.accounts(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE aux.orders(id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts, title TEXT);
CREATE INDEX aux.orders_account ON orders(account_id);
INSERT INTO aux.accounts SELECT id, name FROM users;
INSERT INTO aux.orders SELECT id, user_id, title FROM posts;
SELECT assoc_define('aux.accounts', 'hasMany', 'aux.orders', '{"as":"orders"}'), assoc_define('aux.orders', 'belongsTo', 'aux.accounts', '{"as":"account"}')
-- ours:
SELECT eager('aux.accounts{id,name,orders{id,title}}')
-- expert: correlated
SELECT json_group_array(json_object('id', a.id, 'name', a.name, 'orders', (
  SELECT json_group_array(json_object('id', o.id, 'title', o.title))
  FROM aux.orders o WHERE o.account_id = a.id)))
FROM aux.accounts a

-- shape: attached-one
-- title: one row of an attached database with its rows
-- overhead: 5
-- by key
-- ours:
SELECT assoc_find('aux.accounts', ?1, '{name,orders{id,title}}')
-- expert: correlated
SELECT json_object('name', a.name, 'orders', (
  SELECT json_group_array(json_object('id', o.id, 'title', o.title))
  FROM aux.orders o WHERE o.account_id = a.id))
FROM aux.accounts a WHERE a.id = ?1

-- shape: attached-to-one
-- title: all rows of an attached database with the row that they belong to
-- target: 1.5
-- list
-- ours:
SELECT eager('aux.orders{id,account{name}}')
-- expert: join
SELECT json_group_array(json_object('id', o.id, 'account', CASE WHEN a.id IS NOT NULL
  THEN json_object('name', a.name) END))
FROM aux.orders o NOT INDEXED LEFT JOIN aux.accounts a ON a.id = o.account_id

-- shape: definitions
-- title: 900 definitions over 300 tables in one transaction
-- overhead: 1000000
-- fresh: 300
-- undone
-- script
-- setup:
ATTACH bench_directory() || '/small-300.db' AS small
-- ours:
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
SELECT count(assoc_define('small.Part' || (i % 299 + 2), 'belongsTo', 'small.Part' || (i % 299 + 1),
  json_object('as', 'up' || i, 'foreignKey', 'Part' || (i % 299 + 1) || 'Id'))) FROM n
-- expert: the numbers alone
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
SELECT count(i) FROM n

-- shape: definitions-1000
-- title: 3,000 definitions over 1,000 tables in one transaction
-- overhead: 1200000
-- fresh: 1000
-- undone
-- script
-- setup:
ATTACH bench_directory() || '/small-1000.db' AS large
-- ours:
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
SELECT count(assoc_define('large.Part' || (i % 999 + 2), 'belongsTo', 'large.Part' || (i % 999 + 1),
  json_object('as', 'up' || i, 'foreignKey', 'Part' || (i % 999 + 1) || 'Id'))) FROM n
-- expert: the numbers alone
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
SELECT count(i) FROM n

-- shape: definitions-models
-- title: 300 models with options and 300 definitions over them in one transaction
-- overhead: 1000000
-- fresh: 300
-- undone
-- script
-- ours:
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
SELECT count(assoc_model('small.Part' || i, '{"createdAt":false,"updatedAt":false}')) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
SELECT count(assoc_define('small.Part' || (i % 299 + 2), 'belongsTo', 'small.Part' || (i % 299 + 1),
  json_object('as', 'up' || i, 'foreignKey', 'Part' || (i % 299 + 1) || 'Id'))) FROM n
-- expert: the numbers alone
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
SELECT count(i) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
SELECT count(i) FROM n
