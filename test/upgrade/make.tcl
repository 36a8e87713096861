# Makes the fixtures of one version: databases as that version wrote them, and
# what it answered. They are made once for each release and then kept: the
# answers are what later versions are compared with (test/upgrade.test).
#
#   tclsh test/upgrade/make.tcl LIBRARY VERSION
#
# For each database of below it writes VERSION-NAME.sql, a dump that the sqlite3
# shell makes without the extension, and VERSION-NAME.answers, a Tcl list: a
# statement, its result, a statement, ... The statements run in this order on the
# database of the dump; some of them write.

lassign $argv library version
set dir [file dirname [file normalize [info script]]]
set library [file normalize $library]
package require sqlite3

proc with_file {file script} {
  sqlite3 db $file
  db enable_load_extension 1
  db eval {SELECT load_extension($::library)}
  db cache flush
  db eval {PRAGMA foreign_keys=ON}
  try { uplevel 1 $script } finally { db close }
}

# NAME, the statements that make the database, those that are asked.
proc database {name make ask} {
  set file [file join [expr {[info exists ::env(TMPDIR)] ? $::env(TMPDIR) :
    "/tmp"}] assoc-upgrade-[pid].db]
  file delete $file
  with_file $file { db eval $make }
  set path [file join $::dir $::version-$name]
  set channel [open $path.sql w]
  puts $channel [exec sqlite3 $file .dump]
  close $channel
  set channel [open $path.answers w]
  with_file $file {
    foreach sql $ask {
      puts $channel [list $sql]
      puts $channel "  [list [db eval $sql]]"
    }
  }
  close $channel
  file delete $file
}

# Every kind, and every option that definitions and models have.
database kinds {
  CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT UNIQUE,
    boss_id INTEGER REFERENCES users);
  CREATE TABLE profiles(id INTEGER PRIMARY KEY, bio TEXT);
  CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, state TEXT DEFAULT 'new',
    likes INTEGER DEFAULT 0, deleted_at TEXT, editor TEXT);
  CREATE TABLE tags(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
  CREATE TABLE roles(user_id INTEGER, post_id INTEGER, role TEXT, rank INTEGER,
    PRIMARY KEY(user_id, post_id, role));
  CREATE TABLE remarks(id INTEGER PRIMARY KEY, body TEXT);
  CREATE TABLE images(id INTEGER PRIMARY KEY, url TEXT);

  SELECT assoc_model('Article', '{"table":"posts","paranoid":true,
    "deletedAt":"deleted_at","defaultScope":{"order":"title"},
    "scopes":{"hot":{"where":{"likes":{"$gte":{"$param":1}}},"limit":2},
              "fresh":{"where":{"state":"new"}}}}');
  SELECT assoc_define('users', 'hasOne', 'profiles', '{"as":"profile",
    "onDelete":"CASCADE","allowNull":false,"unique":true}');
  SELECT assoc_define('profiles', 'belongsTo', 'users', '{"as":"owner",
    "foreignKey":"user_id","onDelete":"CASCADE","allowNull":false}');
  SELECT assoc_define('users', 'hasMany', 'Article', '{"as":"posts",
    "foreignKey":{"name":"user_id","allowNull":true},"onDelete":"SET NULL",
    "onUpdate":"CASCADE","order":"likes desc"}');
  SELECT assoc_define('Article', 'belongsTo', 'users', '{"as":"author",
    "foreignKey":"user_id"}');
  SELECT assoc_define('users', 'hasMany', 'Article', '{"as":"drafts",
    "foreignKey":"user_id","scope":{"state":"draft"}}');
  SELECT assoc_define('users', 'hasOne', 'Article', '{"as":"latest",
    "foreignKey":"user_id","order":[["id","DESC"]]}');
  SELECT assoc_define('Article', 'belongsTo', 'users', '{"as":"edited",
    "foreignKey":"editor","targetKey":"code","constraints":false}');
  SELECT assoc_define('users', 'hasMany', 'Article', '{"as":"edits",
    "foreignKey":"editor","sourceKey":"code","constraints":false}');
  SELECT assoc_define('Article', 'belongsToMany', 'tags', '{"as":"tags",
    "through":{"model":"article_tags","timestamps":false,"unique":true}}');
  SELECT assoc_define('tags', 'belongsToMany', 'Article', '{"as":"articles",
    "through":"article_tags","order":"title desc"}');
  SELECT assoc_define('users', 'belongsToMany', 'Article', '{"as":"reviews",
    "through":{"model":"roles","scope":{"role":"review"},"unique":false},
    "foreignKey":"user_id","otherKey":"post_id","order":"@rank"}');
  SELECT assoc_define('Article', 'belongsToMany', 'users', '{"as":"reviewers",
    "through":{"model":"roles","unique":false},"scope":{"@role":"review"},
    "foreignKey":"post_id","otherKey":{"name":"user_id"}}');
  SELECT assoc_define('users', 'hasMany', 'tags', '{"as":"subjects",
    "through":"posts.tags"}');
  SELECT assoc_define('users', 'belongsTo', 'users', '{"as":"boss"}');
  SELECT assoc_define('users', 'hasMany', 'users', '{"as":"team",
    "foreignKey":"boss_id"}');
  SELECT assoc_define('remarks', 'belongsTo', NULL, '{"as":"subject",
    "constraints":true,"onDelete":"CASCADE","polymorphic":{"type":"kind",
    "models":{"post":"Article","image":"images"}}}');
  SELECT assoc_define('Article', 'hasMany', 'remarks', '{"as":"remarks",
    "polymorphic":"subject"}');
  SELECT assoc_define('images', 'hasOne', 'remarks', '{"as":"remark",
    "polymorphic":"subject"}');
  SELECT assoc_sync();
  CREATE VIEW totals AS SELECT user_id, count(*) AS n FROM posts GROUP BY 1;
  SELECT assoc_model('Total', '{"table":"totals","primaryKey":"user_id"}');
  SELECT assoc_define('users', 'hasOne', 'Total', '{"as":"total"}');
  SELECT assoc_insert('users', '[
    {"name":"Ann","code":"a","profile":{"bio":"x"},"posts":[
       {"title":"One","likes":5,"tags":[{"name":"sql"},{"name":"c"}],
        "remarks":[{"body":"good"}]},
       {"title":"Two","likes":9,"tags":[{"id":1}]}],
     "drafts":[{"title":"Zed"}]},
    {"name":"Bob","code":"b","boss":1}]');
  SELECT assoc_insert('images', '{"url":"i","remark":{"body":"nice"}}');
  SELECT assoc_add('users', 2, 'reviews', '[1,2]', '{"rank":3}');
  SELECT assoc_set('Article', 1, 'edited', 2);
} {
  {SELECT model, association, kind, target, foreignKey, otherKey, through,
     sourceKey, targetKey, source FROM assoc_list ORDER BY 1, 2}
  {SELECT eager('users{name profile{bio} posts{title tags(order by name){name}
     remarks{body}} drafts{title} latest{title} edits{title} reviews{title}
     subjects(order by name){name} boss{name} team{name} total{n}}')}
  {SELECT eager('Article(scope hot(6)){title author{name} edited{name}
     reviewers{name}}')}
  {SELECT eager('Article(scope fresh){title}')}
  {SELECT eager('remarks{body subject{on Article{title} on images{url}}}')}
  {SELECT eager('tags(order by id){name articles{title}}')}
  {SELECT assoc_count('users', 1, 'subjects'), assoc_has('users', 2, 'reviews', '[1,2]')}
  {SELECT id FROM related('users', 1, 'posts') ORDER BY id}
  {SELECT assoc_sync('{"dryRun":true}')}
  {SELECT assoc_create('users', 2, 'posts', '{"title":"Four","tags":[2]}')}
  {SELECT assoc_add('Article', 4, 'tags', 1)}
  {SELECT assoc_remove('Article', 1, 'tags', 2)}
  {SELECT assoc_set('users', 2, 'reviews', '[2]')}
  {SELECT assoc_update('users', 1, '{"name":"Anna"}')}
  {SELECT json(assoc_destroy('images', 1))}
  {SELECT * FROM users}
  {SELECT * FROM profiles}
  {SELECT id, title, state, likes, editor, user_id FROM posts ORDER BY id}
  {SELECT * FROM article_tags ORDER BY 1, 2}
  {SELECT * FROM roles ORDER BY 1, 2, 3}
  {SELECT * FROM remarks}
  {SELECT assoc_define('users', 'hasMany', 'Article', '{"as":"posts",
    "foreignKey":{"name":"user_id","allowNull":true},"onDelete":"SET NULL",
    "onUpdate":"CASCADE","order":"likes desc"}')}
  {SELECT * FROM assoc_definitions ORDER BY 1, 2}
}

# Keys of every sort; tables of ours in the schema; a locked file.
database keys {
  CREATE TABLE Hall(city TEXT, no INTEGER, name TEXT, PRIMARY KEY(city, no))
    WITHOUT ROWID;
  CREATE TABLE Seat(id INTEGER PRIMARY KEY, city TEXT, hallNo INTEGER, row TEXT);
  CREATE TABLE Doc(id BLOB PRIMARY KEY, name TEXT);
  CREATE TABLE Page(id INTEGER PRIMARY KEY, DocId BLOB REFERENCES Doc, n INTEGER);
  CREATE TABLE Word(word TEXT PRIMARY KEY COLLATE NOCASE, n INTEGER) STRICT;
  CREATE TABLE Use(id INTEGER PRIMARY KEY, word TEXT);
  SELECT assoc_define('Hall', 'hasMany', 'Seat',
    '{"foreignKey":["city","hallNo"],"onDelete":"RESTRICT"}');
  SELECT assoc_define('Seat', 'belongsTo', 'Hall',
    '{"foreignKey":["city","hallNo"]}');
  SELECT assoc_define('Doc', 'hasMany', 'Page', '{"order":"n"}');
  SELECT assoc_define('Page', 'belongsTo', 'Doc');
  SELECT assoc_define('Word', 'hasMany', 'Use', '{"foreignKey":"word"}');
  SELECT assoc_define('Hall', 'hasMany', 'Seat',
    '{"as":"front","foreignKey":["city","hallNo"],"scope":{"row":"A"}}');
  SELECT assoc_sync();
  INSERT INTO Hall VALUES('Rom', 1, 'big'), ('Rom', 2, 'small');
  INSERT INTO Doc VALUES(x'00ff', 'd');
  SELECT assoc_insert('Seat', '[{"row":"A","Hall":["Rom",1]},{"row":"B","Hall":["Rom",1]}]');
  SELECT assoc_insert('Page', '[{"n":2,"Doc":"00FF"},{"n":1,"Doc":"00FF"}]');
  INSERT INTO Word VALUES('Go', 1);
  INSERT INTO Use VALUES(1, 'go'), (2, 'GO');
  CREATE VIRTUAL TABLE hall_seats USING related(Hall, Seats);
  CREATE VIEW halls AS SELECT assoc_find('Hall', json_array(city, no), '{name seats{row}}')
    AS doc FROM Hall;
  SELECT assoc_readonly(1);
} {
  {SELECT eager('Hall{name seats(order by id){row} front{row}}')}
  {SELECT eager('Seat{row hall{name}}')}
  {SELECT eager('Doc{name pages{n}}')}
  {SELECT eager('Word{word uses(order by id){id}}')}
  {SELECT row FROM hall_seats WHERE assoc_key = '["Rom",1]' ORDER BY row}
  {SELECT doc FROM halls}
  {SELECT assoc_readonly()}
  {INSERT INTO assoc_call(name, a1) VALUES('assoc_readonly', 0)}
  {SELECT assoc_readonly()}
  {SELECT assoc_sync('{"dryRun":true}')}
  {SELECT assoc_insert('Page', '{"n":3,"Doc":"00FF"}')}
  {INSERT INTO hall_seats(assoc_key, row) VALUES('["Rom",2]', 'C')}
  {SELECT * FROM Seat}
  {SELECT id, hex(DocId), n FROM Page}
}
