# Random data, random shapes, and what a shape has to give: computed here from
# plain SELECTs, one row at a time, by nothing that the extension has.
#
#   oracle_schema ?UNTYPED?   tables and definitions; the foreign keys without
#                             types and indexes, or with
#   oracle_fill               new random rows
#   oracle_shape              {MODEL TEXT NODE PARAMS}: a query, what it means,
#                             and its parameters
#   oracle_json NODE          the JSON that eager() has to give
#   oracle_sorted NODE        the node in the order of the form in JSON
#   oracle_call TEXT PARAMS   the SQL text of a call: eager('…', 5, 'x')
#
# A node is a dict: model, assoc ("" for the root), where and through (SQL in
# which %C, %P and %J stand for the aliases of the row, its parent and the join
# row), order (a list of SQL terms), limit, offset, last, required, items, and
# "noFILTER" for each filter of its model that does not hold. An item is one of
#
#   {col KEY COLUMN}  {at KEY COLUMN}  {join {COLUMN …}}
#   {agg KEY AGGREGATE SQL}  {child KEY NODE}  {spread NODE}
#   {recurse KEY NODE LEVELS}  {poly KEY {MODEL NODE …}}
#
# A constant, a column as text and the name of a model are agg items too. A node
# with "page" is a page of these parts.

namespace eval oracle {
  # Of each model: its table, its key, its columns with how they are written.
  variable model {
    users {table users key id columns {id plain name plain age plain data plain
      active bool doc json code plain}}
    posts {table posts key id columns {id plain title plain likes plain user_id
      plain editor plain published bool}}
    comments {table comments key {post_id n} columns {post_id plain n plain body
      plain user_id plain}}
    tags {table tags key id columns {id plain label plain}}
    profiles {table profiles key id columns {id plain bio plain user_id plain
      city plain}}
    cities {table cities key name columns {name plain area plain}}
    nodes {table nodes key id columns {id plain title plain parent_id plain}}
    words {table words key id columns {id plain text plain}}
    Post {table recent key id columns {id plain title plain user_id plain}}
    Public {table posts key id columns {id plain title plain likes plain user_id
      plain editor plain published bool} filter {%C.published = 1}}
    stars {table stars key id columns {id plain kind plain of_id plain w plain
      by_id plain}}
    notes {table notes key id columns {id plain body plain user_id plain
      up_id plain pinned bool deletedAt plain} soft {%C.deletedAt IS NULL}}
    Pinned {table notes key id columns {id plain body plain user_id plain
      up_id plain pinned bool deletedAt plain} soft {%C.deletedAt IS NULL}
      default {%C.pinned = 1}}
    seats {table seats key {hall nr} columns {hall plain nr plain kind plain
      up_hall plain up_nr plain}}
    tickets {table tickets key id columns {id plain hall plain nr plain
      price plain user_id plain}}
    shelves {table aux.shelves key id columns {id plain name plain}}
    books {table aux.books key id columns {id plain title plain price plain
      shelf_id plain}}
  }
  # Scopes of models: the condition, with %V for the value that it takes, and the
  # order as it is written and as terms.
  variable scopes {Pinned {by {where {%C.user_id = %V}} new {order {{%C.id DESC}}}
    short {where {%C.body = 'x'} order {%C.body}}}}
  # Models of a polymorphic belongsTo: what its type column says of each.
  variable branch {stars {about {user users post posts note notes}}}
  # The columns that are counter caches: of which table, and counting what.
  variable counter {nodes {kids kids_count} cities {profiles profiles_count}
    users {comments comments_count}}
  # Of each association: where it leads, whether to many, what %C and %J are,
  # how they hang on %P, the scope, the order, the name and key of %J, and its
  # columns.
  variable assoc {
    users {
      posts {to posts many 1 on {%C.user_id = %P.id}}
      best {to posts many 1 on {%C.user_id = %P.id} scope {%C.published = 1}
        order {{likes desc} {%C.likes DESC}}}
      top {to posts many 0 on {%C.user_id = %P.id}
        order {{-likes, title} {%C.likes DESC} %C.title}}
      last {to posts many 0 on {%C.user_id = %P.id}
        order {-title {%C.title DESC}}}
      edited {to posts many 1 on {%C.editor = %P.code}}
      profile {to profiles many 0 on {%C.user_id = %P.id}}
      comments {to comments many 1 on {%C.user_id = %P.id}}
      words {to words many 1 join user_words on {%J.user_id = %P.id AND
        %C.id = %J.word_id} joinkey %J.rowid joincolumns {user_id word_id n}}
      recent {to Post many 1 on {%C.user_id = %P.id}}
      publics {to Public many 1 on {%C.user_id = %P.id}}
      newest {to Public many 0 on {%C.user_id = %P.id} order {-id {%C.id DESC}}}
      stars {to stars many 1 on {%C.of_id = %P.id AND %C.kind = 'user'}}
      given {to stars many 1 on {%C.by_id = %P.id}}
      liked {to posts many 1 on {%C.id IN (SELECT s.of_id FROM stars s WHERE
        s.by_id = %P.id AND s.kind = 'post')}}
      noted {to notes many 1 on {%C.id IN (SELECT s.of_id FROM stars s WHERE
        s.by_id = %P.id AND s.kind = 'note')}}
      friends {to users many 1 join friends on {%J.a = %P.id AND %C.id = %J.b}
        joinkey {%J.a, %J.b} joincolumns {a b since}}
      notes {to notes many 1 on {%C.user_id = %P.id}}
      memo {to notes many 0 on {%C.user_id = %P.id}
        order {{-id} {%C.id DESC}}}
      pins {to Pinned many 1 on {%C.user_id = %P.id}}
      tickets {to tickets many 1 on {%C.user_id = %P.id}}
      seats {to seats many 1 join tickets on {%J.user_id = %P.id AND
        %C.hall = %J.hall AND %C.nr = %J.nr} joinkey %J.id
        joincolumns {id hall nr price user_id}}
      received {to comments many 1 on {(%C.post_id, %C.n) IN (SELECT
        c.post_id, c.n FROM comments c, posts p WHERE p.user_id = %P.id AND
        c.post_id = p.id)}}
      used {to tags many 1 on {%C.id IN (SELECT t.id FROM tags t, post_tags j,
        posts p WHERE p.user_id = %P.id AND j.post_id = p.id AND
        t.id = j.tag_id)}}
      word {to tags many 0 on {%C.id IN (SELECT t.id FROM tags t, post_tags j,
        posts p WHERE p.user_id = %P.id AND j.post_id = p.id AND
        t.id = j.tag_id)} order {{-label} {%C.label DESC}}}
    }
    posts {
      author {to users many 0 on {%C.id = %P.user_id}}
      redactor {to users many 0 on {%C.code = %P.editor}}
      comments {to comments many 1 on {%C.post_id = %P.id}}
      stars {to stars many 1 on {%C.of_id = %P.id AND %C.kind = 'post'}}
      tags {to tags many 1 join post_tags on {%J.post_id = %P.id AND
        %C.id = %J.tag_id} joinkey {%J.post_id, %J.tag_id}
        joincolumns {post_id tag_id priority}}
      hot {to tags many 1 join post_tags on {%J.post_id = %P.id AND
        %C.id = %J.tag_id} joinkey {%J.post_id, %J.tag_id}
        scope {%J.priority = 1} joincolumns {post_id tag_id priority}}
      ranked {to tags many 1 join post_tags on {%J.post_id = %P.id AND
        %C.id = %J.tag_id} joinkey {%J.post_id, %J.tag_id}
        order {{@priority desc} {%J.priority DESC}}
        joincolumns {post_id tag_id priority}}
      second {to tags many 1 join post_tags on {%J.post_id = %P.id AND
        %C.id = %J.tag_id} joinkey {%J.post_id, %J.tag_id}
        scope {%J.priority = 2 AND %C.label = 'red'}
        joincolumns {post_id tag_id priority}}
    }
    comments {
      post {to posts many 0 on {%C.id = %P.post_id}}
      public {to Public many 0 on {%C.id = %P.post_id}}
      user {to users many 0 on {%C.id = %P.user_id}}
    }
    tags {
      posts {to posts many 1 join post_tags on {%J.tag_id = %P.id AND
        %C.id = %J.post_id} joinkey {%J.post_id, %J.tag_id}
        joincolumns {post_id tag_id priority}}
    }
    profiles {
      user {to users many 0 on {%C.id = %P.user_id}}
      town {to cities many 0 on {%C.name = %P.city}}
    }
    cities {
      profiles {to profiles many 1 on {%C.city = %P.name}}
      people {to users many 1 join profiles on {%J.city = %P.name AND
        %C.id = %J.user_id} joinkey %J.id joincolumns {id bio user_id city}}
    }
    nodes {
      parent {to nodes many 0 on {%C.id = %P.parent_id}}
      kids {to nodes many 1 on {%C.parent_id = %P.id}}
    }
    words {
      users {to users many 1 join user_words on {%J.word_id = %P.id AND
        %C.id = %J.user_id} joinkey %J.rowid joincolumns {user_id word_id n}}
    }
    Post {
      author {to users many 0 on {%C.id = %P.user_id}}
    }
    Public {
      author {to users many 0 on {%C.id = %P.user_id}}
      comments {to comments many 1 on {%C.post_id = %P.id}}
    }
    stars {
      person {to users many 0 on {%C.id = %P.of_id AND %P.kind = 'user'}}
      giver {to users many 0 on {%C.id = %P.by_id}}
    }
    notes {
      writer {to users many 0 on {%C.id = %P.user_id}}
      up {to notes many 0 on {%C.id = %P.up_id}}
      replies {to notes many 1 on {%C.up_id = %P.id}}
      stars {to stars many 1 on {%C.of_id = %P.id AND %C.kind = 'note'}}
      tags {to tags many 1 join note_tags on {%J.note_id = %P.id AND
        %C.id = %J.tag_id} soft {%J.deletedAt IS NULL}
        joinkey {%J.note_id, %J.tag_id}
        joincolumns {note_id tag_id n deletedAt}}
    }
    Pinned {
      writer {to users many 0 on {%C.id = %P.user_id}}
      over {to Pinned many 0 on {%C.id = %P.up_id}}
    }
    seats {
      tickets {to tickets many 1 on {%C.hall = %P.hall AND %C.nr = %P.nr}}
      cheap {to tickets many 0 on {%C.hall = %P.hall AND %C.nr = %P.nr}
        order {price %C.price}}
      guests {to users many 1 join tickets on {%J.hall = %P.hall AND
        %J.nr = %P.nr AND %C.id = %J.user_id} joinkey %J.id
        joincolumns {id hall nr price user_id}}
      base {to seats many 0 on {%C.hall = %P.up_hall AND %C.nr = %P.up_nr}}
      around {to seats many 1 on {%C.up_hall = %P.hall AND %C.up_nr = %P.nr}}
    }
    tickets {
      seat {to seats many 0 on {%C.hall = %P.hall AND %C.nr = %P.nr}}
      holder {to users many 0 on {%C.id = %P.user_id}}
    }
    shelves {
      books {to books many 1 on {%C.shelf_id = %P.id}}
      dear {to books many 0 on {%C.shelf_id = %P.id}
        order {{-price} {%C.price DESC}}}
    }
    books {
      shelf {to shelves many 0 on {%C.id = %P.shelf_id}}
    }
  }
  # The to-one that may find several rows, and have no order to choose one.
  variable loose {users.profile posts.redactor}
  variable n 0     ;# Aliases and keys so far
  variable depth 3
  variable pages 1 ;# Has a list first and last? Aggregates of the roots have not
  variable at {}   ;# Columns of the join row where a condition is made
}

proc n {n} { expr {int(rand() * $n)} }
proc pick {list} { lindex $list [n [llength $list]] }
proc maybe {percent} { expr {[n 100] < $percent} }
proc sql_quote {text} { return '[string map {' ''} $text]' }

# ----------------------------------------------------------------------- data

proc oracle_schema {{untyped 0} {counters 0}} {
  set ref [expr {$untyped ? "" : "INTEGER"}]
  db eval [string map [list REF $ref] {
    CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE,
      age INTEGER, data, active BOOLEAN, doc JSON, code TEXT COLLATE RTRIM);
    CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, likes REAL,
      user_id REF, editor TEXT COLLATE RTRIM, published BOOLEAN);
    CREATE TABLE comments(post_id REF, n INTEGER, body TEXT, user_id REF,
      PRIMARY KEY(post_id, n)) WITHOUT ROWID;
    CREATE TABLE tags(id TEXT PRIMARY KEY COLLATE NOCASE, label TEXT);
    CREATE TABLE post_tags(post_id REF, tag_id TEXT COLLATE NOCASE,
      priority INTEGER,
      PRIMARY KEY(post_id, tag_id));
    CREATE TABLE cities(name TEXT PRIMARY KEY, area REAL) WITHOUT ROWID;
    CREATE TABLE profiles(id INTEGER PRIMARY KEY, bio TEXT, user_id REF,
      city TEXT);
    CREATE TABLE nodes(id INTEGER PRIMARY KEY, title TEXT, parent_id REF);
    CREATE TABLE words(id PRIMARY KEY, text TEXT);
    CREATE TABLE user_words(user_id REF, word_id, n INTEGER);
    CREATE TABLE stars(id INTEGER PRIMARY KEY, kind TEXT, of_id REF, w INTEGER,
      by_id REF);
    CREATE TABLE friends(a REF, b REF, since INTEGER, PRIMARY KEY(a, b));
    CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT, user_id REF, up_id REF,
      pinned BOOLEAN, deletedAt TEXT);
    CREATE TABLE note_tags(note_id REF, tag_id TEXT COLLATE NOCASE, n INTEGER,
      deletedAt TEXT, PRIMARY KEY(note_id, tag_id));
    CREATE TABLE seats(hall TEXT, nr REF, kind TEXT, up_hall TEXT, up_nr REF,
      PRIMARY KEY(hall, nr));
    CREATE TABLE tickets(id INTEGER PRIMARY KEY, hall TEXT, nr REF, price INTEGER,
      user_id REF);
    CREATE VIEW recent AS SELECT id, title, user_id FROM posts WHERE id % 2;
  }]
  if {!$untyped} {
    db eval {
      CREATE INDEX posts_user ON posts(user_id);
      CREATE INDEX comments_user ON comments(user_id);
      CREATE INDEX nodes_parent ON nodes(parent_id);
      CREATE INDEX tags_post ON post_tags(tag_id);
      CREATE INDEX words_user ON user_words(user_id, word_id);
      CREATE INDEX notes_user ON notes(user_id);
      CREATE INDEX notes_up ON notes(up_id) WHERE deletedAt IS NULL;
      CREATE INDEX tickets_seat ON tickets(hall, nr);
    }
    foreach {name index} {
      posts_likes posts(user_id,likes)  posts_title posts(user_id,title)
      comments_body comments(user_id,body)  nodes_title nodes(parent_id,title)
      tickets_price tickets(hall,nr,price)  seats_up seats(up_hall,up_nr)
    } {
      if {[maybe 40]} { db eval "CREATE INDEX $name ON $index" }
    }
  }
  if {[oracle::has_model books]} {
    forcedelete aux.db
    db eval {ATTACH 'aux.db' AS aux}
    db eval [string map [list REF $ref] {
      CREATE TABLE aux.shelves(id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE aux.books(id INTEGER PRIMARY KEY, title TEXT, price INTEGER,
        shelf_id REF);
      SELECT assoc_define('aux.shelves', 'hasMany', 'aux.books',
        '{"as":"books","foreignKey":"shelf_id"}');
      SELECT assoc_define('aux.shelves', 'hasOne', 'aux.books',
        '{"as":"dear","foreignKey":"shelf_id","order":"-price"}');
      SELECT assoc_define('aux.books', 'belongsTo', 'aux.shelves',
        '{"as":"shelf","foreignKey":"shelf_id"}');
    }]
    if {!$untyped} { db eval {CREATE INDEX aux.books_shelf ON books(shelf_id)} }
  }
  db eval {
    SELECT assoc_model('notes', '{"paranoid":true}');
    SELECT assoc_model('note_tags', '{"paranoid":true}');
    SELECT assoc_model('Pinned', '{"table":"notes","paranoid":true,
      "defaultScope":{"where":{"pinned":1}},"scopes":{
        "by":{"where":{"user_id":{"$param":1}}},"new":{"order":"id desc"},
        "short":{"where":{"body":"x"},"order":"body"}}}');
    SELECT assoc_model('Post', '{"table":"recent","primaryKey":"id"}');
    SELECT assoc_model('Public', '{"table":"posts","values":{"published":1}}');
    SELECT assoc_define('stars', 'belongsTo', NULL, '{"as":"about",
      "foreignKey":"of_id",
      "polymorphic":{"type":"kind","models":{"user":"users","post":"posts",
      "note":"notes"}}}');
  }
  foreach {model kind target options} {
    users hasMany posts {"as":"posts"}
    users hasMany posts {"as":"best","scope":{"published":1},
      "order":"likes desc"}
    users hasOne posts {"as":"top","order":"-likes, title"}
    users hasOne posts {"as":"last","order":"-title"}
    users hasMany posts {"as":"edited","foreignKey":"editor",
      "sourceKey":"code"}
    users hasOne profiles {"as":"profile"}
    users hasMany comments {"as":"comments"}
    users belongsToMany words {"as":"words","through":"user_words"}
    users hasMany Post {"as":"recent","foreignKey":"user_id"}
    posts belongsTo users {"as":"author","foreignKey":"user_id"}
    posts belongsTo users {"as":"redactor","foreignKey":"editor",
      "targetKey":"code"}
    posts hasMany comments {"as":"comments"}
    posts belongsToMany tags {"as":"tags","through":"post_tags"}
    posts belongsToMany tags {"as":"hot",
      "through":{"model":"post_tags","scope":{"priority":1}}}
    comments belongsTo posts {"as":"post","foreignKey":"post_id"}
    comments belongsTo users {"as":"user","foreignKey":"user_id"}
    tags belongsToMany posts {"as":"posts","through":"post_tags"}
    profiles belongsTo users {"as":"user","foreignKey":"user_id"}
    profiles belongsTo cities {"as":"town","foreignKey":"city"}
    cities hasMany profiles {"as":"profiles","foreignKey":"city"}
    cities belongsToMany users {"as":"people","through":"profiles",
      "foreignKey":"city","otherKey":"user_id"}
    nodes belongsTo nodes {"as":"parent","foreignKey":"parent_id"}
    nodes hasMany nodes {"as":"kids","foreignKey":"parent_id"}
    words belongsToMany users {"as":"users","through":"user_words"}
    Post belongsTo users {"as":"author","foreignKey":"user_id"}
    users hasMany Public {"as":"publics","foreignKey":"user_id"}
    users hasOne Public {"as":"newest","foreignKey":"user_id","order":"-id"}
    comments belongsTo Public {"as":"public","foreignKey":"post_id"}
    Public belongsTo users {"as":"author","foreignKey":"user_id"}
    Public hasMany comments {"as":"comments","foreignKey":"post_id"}
    users hasMany stars {"as":"stars","polymorphic":"about"}
    posts hasMany stars {"as":"stars","polymorphic":"about"}
    stars hasOne users {"as":"person","through":"about"}
    users hasMany comments {"as":"received","through":"posts.comments"}
    users hasMany tags {"as":"used","through":"posts.tags"}
    users hasOne tags {"as":"word","through":"posts.tags","order":"-label"}
    users hasMany stars {"as":"given","foreignKey":"by_id"}
    stars belongsTo users {"as":"giver","foreignKey":"by_id"}
    users hasMany posts {"as":"liked","through":"given.about"}
    users hasMany notes {"as":"noted","through":"given.about"}
    users belongsToMany users {"as":"friends","through":"friends",
      "foreignKey":"a","otherKey":"b","symmetric":true}
    users hasMany notes {"as":"notes","foreignKey":"user_id"}
    users hasOne notes {"as":"memo","foreignKey":"user_id","order":"-id"}
    users hasMany Pinned {"as":"pins","foreignKey":"user_id"}
    notes belongsTo users {"as":"writer","foreignKey":"user_id"}
    notes belongsTo notes {"as":"up","foreignKey":"up_id"}
    notes hasMany notes {"as":"replies","foreignKey":"up_id"}
    notes hasMany stars {"as":"stars","polymorphic":"about"}
    notes belongsToMany tags {"as":"tags","through":"note_tags",
      "foreignKey":"note_id","otherKey":"tag_id"}
    Pinned belongsTo users {"as":"writer","foreignKey":"user_id"}
    Pinned belongsTo Pinned {"as":"over","foreignKey":"up_id"}
    posts belongsToMany tags {"as":"ranked","through":"post_tags",
      "order":"@priority desc"}
    posts belongsToMany tags {"as":"second","through":"post_tags",
      "scope":{"@priority":2,"label":"red"}}
    seats hasMany tickets {"as":"tickets","foreignKey":["hall","nr"]}
    seats hasOne tickets {"as":"cheap","foreignKey":["hall","nr"],
      "order":"price"}
    seats belongsToMany users {"as":"guests","through":"tickets",
      "foreignKey":["hall","nr"],"otherKey":"user_id"}
    seats belongsTo seats {"as":"base","foreignKey":["up_hall","up_nr"]}
    seats hasMany seats {"as":"around","foreignKey":["up_hall","up_nr"]}
    tickets belongsTo seats {"as":"seat","foreignKey":["hall","nr"]}
    tickets belongsTo users {"as":"holder","foreignKey":"user_id"}
    users hasMany tickets {"as":"tickets","foreignKey":"user_id"}
    users belongsToMany seats {"as":"seats","through":"tickets",
      "foreignKey":"user_id","otherKey":["hall","nr"]}
  } {
    db eval {SELECT assoc_define($model, $kind, $target, '{' || $options || '}')}
  }
  oracle::counters $counters
}

# Let three associations have counter caches, or none. Whoever fills the tables,
# triggers keep them; the count is computed from rows all the same. The indexes
# that assoc_sync() would make, too, are left out: each seed has its own.
proc oracle::counters {on} {
  variable counter
  variable model
  variable assoc
  dict for {name links} $counter {
    dict for {link column} $links {
      dict unset model $name columns $column
      if {!$on} continue
      dict set model $name columns $column plain
      db eval {UPDATE assoc_definitions SET options = json_set(
        coalesce(options, '{}'), '$.counterCache', $column)
        WHERE model = $name AND name = $link}
    }
  }
  if {!$on} return
  foreach line [split [db one {SELECT assoc_sync('{"dryRun":true}')}] \n] {
    if {![regexp {^CREATE (UNIQUE )?INDEX} $line]} { append sql $line \n }
  }
  db eval $sql
}

# Leave models out, and the associations that lead to them.
proc oracle_without {names} {
  variable oracle::model
  variable oracle::assoc
  foreach name $names {
    dict unset model $name
    dict unset assoc $name
  }
  dict for {name links} $assoc {
    dict for {link a} $links {
      if {[dict get $a to] in $names} { dict unset assoc $name $link }
    }
  }
}

proc oracle::has_model {name} {
  variable model
  dict exists $model $name
}

# A value as SQL: one of many kinds, often equal to others in some sense.
proc oracle::value {} {
  switch [n 8] {
    0 - 1 { return [expr {[n 9] - 2}] }
    2 { return [pick {0.5 1.0 2.0 -1.5 1e10}] }
    3 { return [pick {'1' '01' '1.0' '2' {' 1'} {'1 '} '-1' ''}] }
    4 { return [pick {'a' 'A' 'b' {'B '} 'ab' 'é' {'a"b\c'} 'x''y'}] }
    5 { return [pick {x'31' x'' x'00ff' x'61'}] }
    6 { return NULL }
  }
  return [pick {1 2 3 9223372036854775807 -9223372036854775808}]
}

proc oracle::key {max {untyped 0}} {
  if {[maybe 10]} { return NULL }
  if {$untyped && [maybe 30]} { return [value] }
  expr {[maybe 90] ? 1 + [n $max] : 90 + [n 3]}
}

# SQLite 3.40 tells texts apart by their lengths before it looks into an automatic
# index, and so does not find 'a' for 'a ' where RTRIM compares them: there are
# such only where there are no such indexes.
proc oracle_fill {{untyped 0}} {
  set tables {users posts comments tags post_tags cities profiles nodes words
    user_words stars friends notes note_tags seats tickets}
  if {[oracle::has_model books]} { lappend tables aux.shelves aux.books }
  foreach table $tables { db eval "DELETE FROM $table" }
  set codes {'a' 'A' {'a '} 'b' 'B' '1' '1.0' '' NULL}
  if {[db one {PRAGMA automatic_index}]} { set codes [lreplace $codes 2 2] }
  set docs {{'{"a": [1,2]}'} '\[1' 'null' '"x"' {' 5 '} NULL 7 2.5 x'31' '{}'}
  db eval BEGIN
  for {set i 1} {$i <= 7} {incr i} {
    db eval "INSERT INTO users(id, name, age, data, active, doc, code) VALUES($i, [pick {'ann' 'Ann' 'bob' 'CAR' '' 'é'
      NULL}], [pick {1 5 5 9 NULL -3}], [oracle::value],
      [pick {0 1 1 NULL 2 '1' 'x'}], [pick $docs], [pick $codes])"
  }
  for {set i 1} {$i <= 16} {incr i} {
    db eval "INSERT INTO posts VALUES($i, [pick {'a' 'b' 'B' 'c' NULL ''}],
      [pick {1 2 2 3.5 NULL 10}], [oracle::key 7 $untyped], [pick $codes],
      [pick {0 1 1 NULL}])"
  }
  for {set i 1} {$i <= 25} {incr i} {
    db eval "INSERT OR IGNORE INTO comments VALUES([
      expr {[maybe 90] ? 1 + [n 16] : 99}], [n 4], [pick {'x' 'y' 'Y' ''
      'z%_'}], [oracle::key 7 $untyped])"
  }
  foreach id {'a' 'B' '1' {'x y'} ''} {
    db eval "INSERT INTO tags VALUES($id, [pick {'red' 'Red' 'blue' NULL}])"
  }
  for {set i 1} {$i <= 30} {incr i} {
    db eval "INSERT OR IGNORE INTO post_tags VALUES([oracle::key 16 $untyped],
      [pick {'a' 'A' 'b' 'B' '1' {'x y'} {'x y '} '' 'none' NULL}],
      [pick {1 1 2 NULL}])"
  }
  foreach name {'Rome' 'rome' 'Oslo' '1'} {
    db eval "INSERT INTO cities(name, area) VALUES($name, [pick {1.5 2 NULL}])"
  }
  for {set i 1} {$i <= 6} {incr i} {
    db eval "INSERT INTO profiles VALUES($i, [pick {'p' 'q' NULL}],
      [oracle::key 7 $untyped], [pick {'Rome' 'rome' 'Oslo' '1' 'Bonn' NULL}])"
  }
  for {set i 1} {$i <= 12} {incr i} {
    db eval "INSERT INTO nodes(id, title, parent_id) VALUES($i, [pick {'a' 'b' 'c'}],
      [oracle::key 12 $untyped])"
  }
  foreach id {1 '1' 2.0 'a' 'A' x'61' 7.5} {
    db eval "INSERT OR IGNORE INTO words VALUES($id, [pick {'w' 'v' NULL}])"
  }
  for {set i 1} {$i <= 20} {incr i} {
    db eval "INSERT INTO user_words VALUES([oracle::key 7 $untyped], [
      pick {1 '1' 1.0 2 '2' 'a' 'A' x'61' 7.5 NULL}], [n 3])"
  }
  for {set i 1} {$i <= 14} {incr i} {
    db eval "INSERT INTO stars VALUES($i, [pick {'user' 'user' 'post' 'post'
      'note' 'note' 'User' 'none' NULL}], [oracle::key 9 $untyped], [n 3],
      [oracle::key 7 $untyped])"
  }
  for {set i 1} {$i <= 8} {incr i} {
    set a [oracle::key 7 $untyped]
    set b [oracle::key 7 $untyped]
    set since [pick {1 2 2 NULL}]
    db eval "INSERT OR IGNORE INTO friends VALUES($a, $b, $since)"
    db eval "INSERT OR IGNORE INTO friends VALUES($b, $a, (SELECT since FROM
      friends WHERE a IS $a AND b IS $b))"
  }
  for {set i 1} {$i <= 12} {incr i} {
    db eval "INSERT INTO notes VALUES($i, [pick {'x' 'y' 'X' NULL}],
      [oracle::key 7 $untyped], [oracle::key 12 $untyped], [pick {0 1 1 NULL}],
      [pick {NULL NULL NULL '2026-01-01' ''}])"
  }
  for {set i 1} {$i <= 20} {incr i} {
    db eval "INSERT OR IGNORE INTO note_tags VALUES([oracle::key 12 $untyped],
      [pick {'a' 'A' 'b' '1' {'x y'} '' 'none' NULL}], [pick {1 2 NULL}],
      [pick {NULL NULL NULL 'then'}])"
  }
  foreach hall {'A' 'a' 'B'} {
    foreach nr {1 2} {
      if {[maybe 20]} continue
      db eval "INSERT INTO seats VALUES($hall, $nr, [pick {'x' 'y' NULL}],
        [pick {'A' 'A' 'a' 'B' NULL}], [pick {1 1 2 9 NULL}])"
    }
  }
  for {set i 1} {$i <= 12} {incr i} {
    db eval "INSERT INTO tickets VALUES($i, [pick {'A' 'A' 'a' 'B' 'C' NULL}], [
      expr {$untyped && [maybe 30] ? [oracle::value] : [pick {1 1 2 3 NULL}]}],
      [pick {5 5 7 -1 NULL}], [oracle::key 7 $untyped])"
  }
  if {[oracle::has_model books]} {
    for {set i 1} {$i <= 4} {incr i} {
      db eval "INSERT INTO aux.shelves VALUES($i, [pick {'a' 'b' NULL}])"
    }
    for {set i 1} {$i <= 9} {incr i} {
      db eval "INSERT INTO aux.books VALUES($i, [pick {'x' 'y' NULL}],
        [pick {1 2 2 NULL}], [oracle::key 4 $untyped])"
    }
  }
  db eval COMMIT
}

# --------------------------------------------------------------------- shapes
#
# While a shape is made, oracle::params are the values of ?1, ?2, … so far, and
# oracle::names those of :name, each as SQL.

# A value: {how the shape writes it, SQL}
proc oracle::val {{column ""} {literal 0}} {
  variable params
  variable names
  set sql [value]
  if {$column in {name title body bio label text city code kind hall
      up_hall deletedAt}} {
    set sql [pick {'a' 'A' 'b' 'ann' 'bob' 'x' 'y' 'red' 'Rome' 'p' '' '1' 1}]
  } elseif {$column in {age likes n id user_id post_id parent_id priority
      price since nr up_nr up_id by_id shelf_id}} {
    set sql [pick {0 1 2 2.0 3 5 -3 10 '1' 7 4}]
  }
  switch [expr {$literal ? 5 : [n 6]}] {
    0 { lappend params $sql
        return [list ?[llength $params] $sql] }
    1 { if {[regexp {^x'} $sql]} { set sql 1 }
        dict set names p[dict size $names] $sql
        return [list :p[expr {[dict size $names] - 1}] $sql] }
  }
  if {$sql eq "NULL" || [regexp {^x'} $sql]} { set sql 1 }
  if {$sql in {0 1} && [maybe 20]} {
    return [list [pick [dict get {0 {false FALSE} 1 {true True}} $sql]] $sql]
  }
  if {[regexp {^'(.*)'$} $sql - text]} {
    set text [string map {'' ' \\ \\\\ \" \\\"} $text]
    return [list \"$text\" $sql]
  }
  list $sql $sql
}

proc oracle::columns {name} {
  variable model
  dict keys [dict get $model $name columns]
}
proc oracle::links {name {many ""}} {
  variable assoc
  set found {}
  dict for {link a} [dict get $assoc $name] {
    if {$many eq "" || [dict get $a many] == $many} { lappend found $link }
  }
  return $found
}
# The associations of a model to itself.
proc oracle::loops {name} {
  lmap link [links $name] {
    if {[target $name $link] ne $name} continue
    set link
  }
}
# An association with all that it may have.
proc oracle::link {name link} {
  variable assoc
  variable branch
  set none {join "" soft "" scope "" order "" joinkey "" joincolumns ""}
  if {[regexp {^(\w+) on (\w+)$} $link - poly target]} {
    dict for {type to} [dict get $branch $name $poly] {
      if {$to eq $target} break
    }
    return [dict merge $none [list to $target many 0 \
      on "%C.id = %P.of_id AND %P.kind = '$type'"]]
  }
  dict merge $none [dict get $assoc $name $link]
}
# What all rows of a model have in common, as a condition: its values; and unless
# the node says without, that they are not deleted, and its default scope.
proc oracle::filter {name {node {}}} {
  variable model
  set m [dict get $model $name]
  set terms true
  foreach what {filter soft default} {
    if {[dict exists $m $what] && ![dict exists $node no$what]} {
      lappend terms [dict get $m $what]
    }
  }
  join $terms " AND "
}
# "about on users": a polymorphic association of the model and one target, or "".
proc oracle::branched {name} {
  variable branch
  if {![dict exists $branch $name]} return
  set poly [pick [dict keys [dict get $branch $name]]]
  return "$poly on [pick [dict values [dict get $branch $name $poly]]]"
}
proc oracle::target {name link} { dict get [link $name $link] to }

# " FROM posts c WHERE …": the rows of a link of the alias. node: what it leaves
# out of the filters.
proc oracle::from {name link parent child join {node {}}} {
  variable model
  set a [link $name $link]
  set sql " FROM [dict get $model [dict get $a to] table] $child"
  if {[dict get $a join] ne ""} { append sql ", [dict get $a join] $join" }
  append sql " WHERE ([dict get $a on]) AND [filter [dict get $a to] $node]"
  if {[dict get $a soft] ne "" && ![dict exists $node nojoinsoft]} {
    append sql " AND ([dict get $a soft])"
  }
  if {[dict get $a scope] ne ""} { append sql " AND ([dict get $a scope])" }
  string map [list %C $child %P $parent %J $join] $sql
}
# The same, but of a to-one only the first row, which is the one it means: if it
# has an order, whatever is asked of that row then; else, for a value of it, the
# first by its key of those that meet the condition, which has %C for a row.
proc oracle::meant {name link parent child join {value 0} {where true}} {
  variable model
  set sql [from $name $link $parent $child $join]
  append sql " AND ([string map [list %C $child %J $join] $where])"
  set a [link $name $link]
  if {[dict get $a many]} { return $sql }
  set ordered [expr {[dict get $a order] ne ""}]
  if {!$ordered && !$value} { return $sql }
  if {$ordered} { set where true }
  set other [alias]
  set key [dict get $model [dict get $a to] key]
  set list {{c key} { join [lmap k $key { set _ $c.$k }] , }}
  append sql " AND ([apply $list $child $key]) = (SELECT [apply $list $other \
    $key][from $name $link $parent $other [alias]] AND ([string map [list %C \
    $other] $where]) ORDER BY [order $name $link $other] LIMIT 1)"
}
proc oracle::alias {} { return x[incr oracle::n] }

# Terms of an order, and the key in the direction of the last of them.
proc oracle::ended {terms key} {
  set desc [regexp -nocase {\mdesc\M[^()]*$} [lindex $terms end]]
  foreach column $key { lappend terms "%C.$column[expr {$desc ? " DESC" : ""}]" }
  return $terms
}

# The order of a link: its own, and the key.
proc oracle::order {name link child} {
  variable model
  set a [link $name $link]
  string map [list %C $child] [join [ended \
    [lrange [dict get $a order] 1 end] \
    [dict get $model [dict get $a to] key]] ", "]
}

# A column at the end of a to-one path: {text, SQL with %C, column}
proc oracle::path {name hops} {
  set links [links $name 0]
  if {!$hops || ![llength $links]} {
    set column [pick [columns $name]]
    return [list $column %C.$column $column]
  }
  set link [pick $links]
  lassign [path [target $name $link] [expr {$hops - 1}]] text sql column
  set child [alias]
  set sql [string map [list %C $child] $sql]
  list $link.$text "(SELECT $sql[from $name $link %C $child [alias]] ORDER BY [
    order $name $link $child] LIMIT 1)" $column
}

# The rows that such a path leads to as those of one join: {FROM, WHERE, alias}.
# Empty where each step leads to one row, because it has an order or a key.
proc oracle::joined {name links} {
  variable loose
  set from {}
  set where {}
  set parent %C
  set any 0
  foreach link $links {
    if {"$name.$link" in $loose} { set any 1 }
    set child [alias]
    regexp {^ FROM (\S+ \S+) WHERE (.*)$} \
      [meant $name $link $parent $child [alias]] - table on
    lappend from $table
    lappend where $on
    set parent $child
    set name [target $name $link]
  }
  if {!$any} return
  list [join $from ", "] [join $where " AND "] $child
}

# An aggregate of what belongs to a row: {text, SQL with %C}
proc oracle::total {name} {
  lassign [aggregate $name [pick [links $name]] used] text item
  list [regsub { as k\d+$} $text {}] [lindex $item 3]
}

# A comparison: {text, SQL with %C}
proc oracle::compare {name {depth 0}} {
  variable model
  if {$depth > 0 && [llength [links $name]] && [maybe 20]} {
    lassign [total $name] text sql
    lassign [val n] v s
    set op [pick {= <> < >= >}]
    return [list "$text $op $v" "$sql $op $s"]
  }
  variable at
  if {[maybe 12]} {
    lassign [beside $name] text sql collated
    lassign [beside $name] t s
    set op [pick {= <> < <= > >=}]
    return [list "$text $op $t" "$collated $op $s"]
  }
  if {[llength $at] && [maybe 25]} {
    set column [pick $at]
    return [compared @$column %J.$column $column]
  }
  lassign [path $name [pick {0 0 0 1 2}]] text sql column
  set joined [joined $name [lrange [split $text .] 0 end-1]]
  if {[llength $joined]} {
    lassign [compared $text %V $column] t s
    lassign $joined from where alias
    return [list $t "coalesce((SELECT max([string map \
      [list %V $alias.$column] $s]) FROM $from WHERE $where), [string map \
      {%V NULL} $s])"]
  }
  # A subquery has no collation of its own; the engine keeps the column's.
  if {[regexp {^\(SELECT} $sql]} { append sql " COLLATE [collation $text $column]" }
  compared $text $sql $column
}

# A column that may stand beside another, at the end of a path or of the join
# row: {text, SQL, SQL with the collation of the column in a subquery}
proc oracle::beside {name} {
  variable at
  if {[llength $at] && [maybe 25]} {
    set column [pick $at]
    return [list @$column %J.$column %J.$column]
  }
  lassign [path $name [pick {0 0 1 2}]] text sql column
  if {![regexp {^\(SELECT} $sql]} { return [list $text $sql $sql] }
  list $text $sql "$sql COLLATE [collation $text $column]"
}

# The collation of the column that the path ends in.
proc oracle::collation {text column} {
  switch $column {
    code - editor { return RTRIM }
    name { if {![regexp {(town|shelf)\.name$} $text]} { return NOCASE } }
    id { if {[regexp {word\.id$} $text]} { return NOCASE } }
  }
  return BINARY
}

# A list as one parameter: {how the shape writes it, the values in SQL}. full:
# it is not empty.
proc oracle::list_param {column {full 0}} {
  variable params
  variable names
  set vals {}
  for {set i [n 4]} {$i > 0} {incr i -1} {
    set sql [lindex [val $column 1] 1]
    if {![regexp {^x'|^NULL$} $sql]} { lappend vals $sql }
  }
  if {$full && ![llength $vals]} { lappend vals 1 }
  set array "json_array([join $vals ,])"
  if {[maybe 50]} {
    lappend params $array
    return [list ?[llength $params] [join $vals ,]]
  }
  set name p[dict size $names]
  dict set names $name $array
  list :$name [join $vals ,]
}

# A comparison of what is written as text, and in SQL as sql.
proc oracle::compared {text sql column} {
  set not [maybe 30]
  set no [expr {$not ? "not " : ""}]
  switch [n 14] {
    12 { lassign [list_param $column [expr {$not && $sql eq "%V"}]] t s
         return [list "$text ${no}in $t" "$sql ${no}IN ($s)"] }
    13 { set word [pick {{starts with} {ends with} contains}]
         set part [pick {a A ann B % _ 1 x y "" " " a_ . é r}]
         set like [string map {\\ \\\\ % \\% _ \\_} $part]
         if {$word ne "starts with"} { set like %$like }
         if {$word ne "ends with"} { set like $like% }
         if {[maybe 30]} {
           variable params
           lappend params [sql_quote $part]
           return [list "$text $no$word ?[llength $params]" \
             "$sql ${no}LIKE '$like' ESCAPE '\\'"]
         }
         return [list "$text $no$word \"$part\"" \
           "$sql ${no}LIKE '$like' ESCAPE '\\'"] }
    0 - 1 {
      set vals {}
      for {set i [n 4]} {$i > 0} {incr i -1} { lappend vals [val $column] }
      return [list "$text ${no}in ([join [lmap v $vals {lindex $v 0}] {, }])" \
        "$sql ${no}IN ([join [lmap v $vals {lindex $v 1}] ,])"]
    }
    2 { set a [val $column]
        set b [val $column]
        return [list "$text ${no}between [lindex $a 0] and [lindex $b 0]" \
          "$sql ${no}BETWEEN [lindex $a 1] AND [lindex $b 1]"] }
    3 - 4 { return [list "$text is ${no}null" "$sql IS ${no}NULL"] }
    5 { set word [pick {like glob}]
        set pattern [pick {a% %a% a* *a* ann A [ab]* _ ? ""}]
        return [list "$text $no$word \"[string map {\" ""} $pattern]\"" \
          "$sql $no$word '[string map {\" ""} $pattern]'"] }
  }
  lassign [val $column] v s
  set op [pick {= = == <> != < <= > >=}]
  list "$text $op $v" "$sql $op $s"
}

# A predicate: {text, SQL with %C}
proc oracle::pred {name depth} {
  if {$depth > 0} {
    set deeper [expr {$depth - 1}]
    switch [n 9] {
      0 - 1 {
        set op [pick {and or}]
        lassign [pred $name $deeper] t1 s1
        lassign [pred $name $deeper] t2 s2
        # Conditions of one AND are about one row, where a path leads to several.
        if {[shares $t1 $t2]} { set op or }
        return [list "($t1) $op ($t2)" "($s1) $op ($s2)"]
      }
      2 { lassign [pred $name $deeper] t s
          return [list "not ($t)" "NOT ($s)"] }
      3 - 4 {
        set word [pick {some every none}]
        set link [pick [links $name]]
        if {[maybe 50]} { set link [pick [list [branched $name] $link]] }
        if {$link eq ""} { return [compare $name] }
        set child [alias]
        set join [alias]
        set from [meant $name $link %C $child $join]
        set t "$word $link"
        if {[maybe 80]} {
          lassign [link_pred $name $link $deeper] st ss
          append t ($st)
          set ss [string map [list %C $child %J $join] $ss]
          append from " AND ($ss)[expr {$word eq "every" ? " IS NOT TRUE" : ""}]"
        }
        return [list $t "[expr {$word eq "some" ? "" : "NOT "}]EXISTS(SELECT\
          1$from)"]
      }
    }
  }
  compare $name $depth
}

# Do both follow a to-one that may find several rows?
proc oracle::shares {a b} {
  variable loose
  foreach path $loose {
    set step [lindex [split $path .] 1].
    if {[string first $step $a] >= 0 && [string first $step $b] >= 0} { return 1 }
  }
  return 0
}

# A predicate on the rows of a link: {text, SQL with %C and %J}
proc oracle::link_pred {name link depth} {
  variable at
  set outer $at
  set at [dict get [link $name $link] joincolumns]
  set pred [pred [target $name $link] $depth]
  set at $outer
  return $pred
}

# Clauses, of a list or of one row: {text, dict}
proc oracle::clauses {name many join depth} {
  set text {}
  set node {where "" through "" order "" limit "" offset "" last ""}
  variable at
  set at $join
  if {[maybe 35]} {
    lassign [pred $name $depth] t s
    lappend text $t
    dict set node where $s
  }
  if {$join ne "" && [maybe 20]} {
    set column [pick $join]
    lassign [val n] v s
    set more ""
    if {"deletedAt" in $join && [maybe 50]} {
      set more "; paranoid false"
      dict set node nojoinsoft 1
    }
    lappend text "through($column >= $v$more)"
    dict set node through "%J.$column >= $s"
  }
  lassign [scoped $name node] scope order
  lappend text {*}$scope
  if {[maybe 25]} {
    set terms {}
    set words {}
    foreach x [lrange {1 2} 0 [n 2]] {
      lassign [path $name [pick {0 0 0 1}]] t s column
      if {[llength $join] && [maybe 30]} {
        set column [pick $join]
        lassign [list @$column %J.$column] t s
      } elseif {$depth > 0 && [llength [links $name]] && [maybe 20]} {
        lassign [total $name] t s
        set column ""
      }
      if {[regexp {^\(SELECT} $s] && ($column in {name code editor} ||
          [regexp {word\.id$} $t])} continue
      set desc [maybe 40]
      set nulls [pick {"" "" "" " nulls first" " nulls last"}]
      lappend words "$t[expr {$desc ? " desc" : ""}]$nulls"
      # The + keeps SQLite from dropping a term that a comparison with a value
      # of another type, equal all the same, made look constant.
      lappend terms "+$s[expr {$desc ? " DESC" : ""}]$nulls"
    }
    if {[llength $words]} {
      lappend text "order by [join $words {, }]"
      dict set node order $terms
    }
  }
  if {[dict get $node order] eq ""} { dict set node order $order }
  set at {}
  if {$many} {
    variable pages
    set words [pick {{limit offset} {limit offset} {first offset} {offset} last}]
    if {!$pages} { set words {limit offset} }
    foreach word $words {
      if {![maybe 20]} continue
      set count [n 4]
      variable params
      if {[maybe 30]} {
        lappend params $count
        lappend text "$word ?[llength $params]"
      } else {
        lappend text "$word $count"
      }
      dict set node [expr {$word eq "first" ? "limit" : $word}] $count
    }
  }
  list [join $text "; "] $node
}

# Whether deleted rows are read, and which scopes: {clauses, terms of an order}.
# What they leave out of the filters and their conditions go into the node.
proc oracle::scoped {name nodeVar} {
  upvar 1 $nodeVar node
  variable model
  variable scopes
  set text {}
  set order ""
  if {[dict exists $model $name soft] && [maybe 30]} {
    lappend text "paranoid false"
    dict set node nosoft 1
  }
  if {![dict exists $scopes $name] || [maybe 50]} { return [list $text $order] }
  dict set node nodefault 1
  if {[maybe 30]} { return [list [linsert $text end "scope false"] $order] }
  set conditions [lmap sql [list [dict get $node where]] {
    if {$sql eq ""} continue
    set _ ($sql)
  }]
  foreach scope [lrange [list [pick {by new short defaultScope}] short] 0 [n 2]] {
    set clause "scope $scope"
    if {$scope eq "defaultScope"} {
      dict unset node nodefault
    } else {
      set s [dict get $scopes $name $scope]
      if {[dict exists $s where]} {
        set where [dict get $s where]
        if {$scope eq "by"} {
          lassign [val user_id] v sql
          append clause ($v)
          set where [string map [list %V $sql] $where]
        }
        lappend conditions ($where)
      }
      if {[dict exists $s order]} { set order [dict get $s order] }
    }
    lappend text $clause
  }
  dict set node where [join $conditions " AND "]
  list $text $order
}

# A key that has not been given in this block.
proc oracle::fresh {name} {
  upvar 1 used used
  if {![dict exists $used $name]} {
    dict set used $name 1
    return $name
  }
  set name k[incr oracle::n]
  dict set used $name 1
  return $name
}

proc oracle::fresh2 {usedVar} {
  upvar 1 $usedVar used
  fresh k
}

# A block: {text, items}. joined: the columns of a join row, or "". used: the
# keys that the block has already.
proc oracle::block {name depth join joincolumns usedVar} {
  upvar 1 $usedVar used
  set chunks {}   ;# {text items}: what stands together
  set columns [columns $name]
  set star [maybe 50]
  if {$star} {
    set beside [lmap column $columns {
      if {![maybe 20]} continue
      set column
    }]
    # What the star brings must not be there under another's alias.
    foreach column $columns {
      if {[dict exists $used $column] && $column ni $beside} {
        lappend beside $column
      }
    }
    lappend chunks [list * [lmap column $columns {
      if {$column in $beside} continue
      dict set used $column 1
      list col $column $column
    }]]
    foreach column $beside {
      if {[maybe 40]} {
        set key [fresh $column]
        lappend chunks [list "$column[expr {$key eq $column ? "" : " as $key"}]" \
          [list [list col $key $column]]]
      } else {
        lappend chunks [list -$column {}]
      }
    }
  } else {
    foreach column $columns {
      if {![maybe 40]} continue
      set key [fresh [expr {[maybe 15] ? [string toupper $column] : $column}]]
      set written [expr {[maybe 10] ? [string toupper $column] : $column}]
      lappend chunks [list "$written[expr {$key eq $written ? "" : " as $key"}]" \
        [list [list col $key $column]]]
    }
  }
  if {$join ne "" && [maybe 40]} {
    set group {}
    foreach column $joincolumns {
      if {![maybe 60]} continue
      if {[maybe 50]} {
        set key [fresh $column]
        lappend chunks [list "@$column as $key" [list [list at $key $column]]]
      } elseif {![dict exists $used $join] || [llength $group]} {
        dict set used $join 1
        lappend group $column
      }
    }
    if {[llength $group]} {
      lappend chunks [list @[join $group " @"] [list [list join $join $group]]]
    }
  }
  if {[maybe 15]} {
    lassign [special $name $star] t how sql
    set key [fresh k]
    lappend chunks [list "$t as $key" [list [list agg $key $how $sql]]]
  }
  if {$depth > 0} {
    for {set i [n 4]} {$i > 0} {incr i -1} {
      set make item
      if {[maybe 50]} {
        if {[branched $name] ne ""} { set make poly_item }
        if {[llength [loops $name]] && [maybe 60]} { set make recurse_item }
      }
      lassign [$make $name $depth used] t it
      lappend chunks [list $t [list $it]]
    }
  }
  if {[maybe 60]} { set chunks [shuffle $chunks] }
  list [join [lmap chunk $chunks { lindex $chunk 0 }] [pick {" " ", "}]] \
    [concat {*}[lmap chunk $chunks { lindex $chunk 1 }]]
}

# A constant, the model or, unless there is a star, a column as text: {text, how
# it is written, SQL}
proc oracle::special {name star} {
  switch [n [expr {$star ? 4 : 6}]] {
    0 { return {{"a \"text\""} plain {'a "text"'}} }
    1 { return {-7 plain -7} }
    2 { return [pick {{true exists 1} {false exists 0} {null plain NULL}}] }
    3 { set schema [expr {$name in {shelves books} ? "aux." : ""}]
        return [list model() plain '$schema$name'] }
  }
  set c [pick [columns $name]]
  list "text($c)" plain "CASE WHEN typeof(%C.$c) IN ('integer', 'real') THEN\
    json_quote(%C.$c) || '' ELSE %C.$c END"
}

# An aggregate over an association: {text, item}
proc oracle::aggregate {name link usedVar} {
  upvar 1 $usedVar used
  set target [target $name $link]
  set child [alias]
  set where true
  set join [alias]
  set agg [pick {count count sum total avg min max exists}]
  set column ""
  set numeric {age likes n priority area price since nr}
  if {$agg ni {count exists} || ($agg eq "count" && [maybe 30])} {
    set column [pick [columns $target]]
    if {$agg in {sum total avg}} {
      set column [pick [lmap c [columns $target] {
        if {$c ni $numeric} continue
        set c
      }]]
      if {$column eq ""} {
        set agg count
        set column [pick [columns $target]]
      }
    }
  }
  set distinct [expr {$column ne "" && [maybe 30] ? "distinct " : ""}]
  set args $distinct$column
  set value $child.$column
  set joined [dict get [link $name $link] joincolumns]
  if {$agg in {sum total avg}} {
    set joined [lmap c $joined { if {$c ni $numeric} continue; set c }]
  }
  if {$column ne "" && [llength $joined] && [maybe 40]} {
    set column [pick $joined]
    set value $join.$column
    set args $distinct@$column
  }
  if {[maybe 40]} {
    lassign [link_pred $name $link 1] t where
    append args "[expr {$column eq "" ? "" : " where "}]$t"
  }
  set from [meant $name $link %C $child $join 1 $where]
  set call "$agg\($distinct[expr {$column eq "" ? "*" : "+$value"}])"
  # Else SQLite 3.40 may take the first that an IN finds for the greatest.
  if {$agg in {min max}} { append call " FILTER (WHERE true)" }
  set sql [expr {$agg eq "exists" ? "EXISTS(SELECT 1$from)" :
    "(SELECT $call$from)"}]
  set key k[incr oracle::n]
  list "$link.$agg\($args) as $key" [list agg $key $agg $sql]
}

# An association in a block: {text, item}
proc oracle::item {name depth usedVar} {
  upvar 1 $usedVar used
  set link [pick [links $name]]
  set a [link $name $link]
  set target [dict get $a to]
  set many [dict get $a many]
  set key $link
  set spread [maybe 20]
  set required [maybe 20]
  set mine {}
  if {$spread} { set mine $used }
  if {[maybe 15]} { return [aggregate $name $link used] }
  # A column in a dotted path: the association has nothing else.
  if {!$spread && [maybe 12]} {
    set column [pick [columns $target]]
    set key [fresh $link]
    set node {where "" through "" order "" limit "" offset "" last ""}
    dict set node items [list [list col $column $column]]
    dict set node dotted 1
    set text "$link.$column[expr {$key eq $link ? "" : " as $key"}]"
    set required 0
  } else {
    lassign [clauses $target $many [dict get $a joincolumns] \
      [expr {$depth > 1 ? 1 : 0}]] ct node
    lassign [block $target [expr {$depth - 1}] [dict get $a join] \
      [dict get $a joincolumns] mine] bt items
    dict set node items $items
    if {$spread} { set used $mine } else { set key [fresh $link] }
    if {$many && !$spread && [maybe 12]} {
      lassign [page_parts] t parts
      set ct [string trimleft "$ct; page$t" "; "]
      dict set node page $parts
    }
    set bang [expr {$required && [maybe 50]}]
    if {$required && !$bang} {
      set ct [expr {$ct eq "" ? "required" : "required; $ct"}]
    }
    set text "[expr {$spread ? "..." : ""}]$link[expr {$bang ? "!" : ""}]"
    if {$ct ne ""} { append text ($ct) }
    append text \{$bt\}
    if {!$spread && $key ne $link} { append text " as $key" }
  }
  dict set node model $target
  dict set node from $name
  dict set node assoc $link
  dict set node required $required
  if {[dict get $node order] eq ""} {
    dict set node order [lrange [dict get $a order] 1 end]
  }
  list $text [expr {$spread ? [list spread $node] : [list child $key $node]}]
}

# A polymorphic association with a block for some of its models: {text, item}
proc oracle::poly_item {name depth usedVar} {
  upvar 1 $usedVar used
  variable branch
  set poly [pick [dict keys [dict get $branch $name]]]
  set key [fresh $poly]
  set text {}
  set nodes {}
  foreach target [dict values [dict get $branch $name $poly]] {
    if {[maybe 20]} continue
    set node {where "" through "" order "" limit "" offset "" last "" required 0}
    set pred ""
    if {[maybe 40]} {
      lassign [pred $target 1] t s
      set pred ($t)
      dict set node where $s
    }
    set mine {}
    lassign [block $target [expr {$depth - 1}] "" "" mine] bt items
    dict set node items $items
    dict set node model $target
    dict set node from $name
    dict set node assoc "$poly on $target"
    lappend nodes $target $node
    lappend text "on $target$pred{$bt}"
  }
  if {![llength $nodes]} { return [item $name $depth used] }
  list "$poly{[join $text]}[expr {$key eq $poly ? "" : " as $key"}]" \
    [list poly $key $nodes [dict values [dict get $branch $name $poly]] $name $poly]
}

# An association to the model itself, level by level: {text, item}
proc oracle::recurse_item {name depth usedVar} {
  upvar 1 $usedVar used
  set link [pick [loops $name]]
  set many [dict get [link $name $link] many]
  set key [fresh $link]
  set a [link $name $link]
  lassign [clauses $name $many [dict get $a joincolumns] 1] ct node
  # The key has its place behind the block of each level.
  set mine [dict create $key 1]
  lassign [block $name [expr {$depth - 2}] [dict get $a join] \
    [dict get $a joincolumns] mine] bt items
  if {[dict get $node order] eq ""} {
    dict set node order [lrange [dict get $a order] 1 end]
  }
  dict set node items $items
  dict set node model $name
  dict set node from $name
  dict set node assoc $link
  dict set node required 0
  if {$many && [maybe 40]} {
    lassign [page_parts] t parts
    set ct [string trimleft "$ct; page$t" "; "]
    dict set node page $parts
  }
  set levels [pick {1 2 3 ""}]
  if {$ct ne ""} { set ct ($ct) }
  list "$link^$levels$ct{$bt}[expr {$key eq $link ? "" : " as $key"}]" \
    [list recurse $key $node [expr {$levels eq "" ? 100 : $levels}]]
}

proc oracle_shape {{model ""}} {
  set oracle::params {}
  set oracle::names {}
  set oracle::n 0
  if {$model eq ""} {
    set model [pick {users users users posts posts posts comments tags profiles
      cities nodes words Post Public stars nodes notes notes Pinned seats seats
      tickets shelves books}]
    if {![dict exists $oracle::model $model]} { set model users }
  }
  lassign [oracle::clauses $model 1 "" 2] ct node
  set used {}
  lassign [oracle::block $model $oracle::depth "" "" used] bt items
  dict set node model $model
  dict set node assoc ""
  dict set node items $items
  if {$ct ne ""} { set ct ($ct) }
  set params $oracle::params
  if {[dict size $oracle::names]} {
    set object {}
    dict for {key sql} $oracle::names { lappend object '$key',$sql }
    set params [linsert $params 0 "json_object([join $object ,])"]
  }
  list $model "$model$ct\{$bt\}" $node $params
}

proc oracle_call {text params {function eager}} {
  return "$function\([join [linsert $params 0 [sql_quote $text]] ,])"
}

# -------------------------------------------------------------- what it gives

# How a column is written.
proc oracle::written {sql how} {
  set plain "CASE typeof($sql) WHEN 'blob' THEN json_quote(hex($sql))\
    ELSE json_quote($sql) END"
  switch $how {
    bool { return "CASE WHEN typeof($sql) = 'integer' AND $sql IN (0, 1) THEN\
      iif($sql, 'true', 'false') ELSE $plain END" }
    json { return "CASE WHEN typeof($sql) = 'text' AND json_valid($sql) THEN\
      json($sql) ELSE $plain END" }
  }
  return $plain
}

# The rows of a node under a parent row, which the SQL in where finds under the
# alias p. Each is {where values}: SQL that finds it, and its columns as JSON.
proc oracle::rows {node parent} {
  variable model
  set name [dict get $node model]
  set key [dict get $model $name key]
  set c [alias]
  set j [alias]
  if {[dict get $node assoc] eq ""} {
    set from " FROM [dict get $model $name table] $c WHERE [filter $name $node]"
  } else {
    set up [dict get $node from]
    set p [alias]
    set from [from $up [dict get $node assoc] $p $c $j $node]
    set from [string map [list " FROM " \
      " FROM [dict get $model $up table] $p, "] [string range $from 0 5]][
      string range $from 6 end]
    append from " AND [string map [list %C $p] $parent]"
  }
  # A to-one that has an order has but its first row for conditions.
  set many 1
  if {[dict get $node assoc] ne ""} {
    set many [dict get [link $up [dict get $node assoc]] many]
  }
  if {!$many && [llength [dict get $node order]]} {
    set other [alias]
    set list {{c key} { join [lmap k $key { set _ $c.$k }] , }}
    # With statistics SQLite 3.40 takes the first that an IN finds for the first
    # in the order of a LIMIT 1.
    append from " AND ([apply $list $c $key]) = (SELECT [join $key {, }] FROM (
      SELECT [apply $list $other $key], row_number() OVER (ORDER BY [
      string map [list %C $other] [join [ended [dict get $node order] $key] \
      {, }]]) AS first[from $up [dict get $node assoc] $p $other [alias] $node])
      WHERE first = 1)"
  }
  set joinkey [expr {[dict get $node assoc] eq "" ? "" :
    [dict get [link [dict get $node from] [dict get $node assoc]] joinkey]}]
  foreach what {where through} {
    if {[dict get $node $what] ne ""} { append from " AND ([dict get $node $what])" }
  }
  set terms [ended [dict get $node order] $key]
  if {$joinkey ne ""} { lappend terms $joinkey }
  set values [lmap column $key { set _ "quote(%C.$column)" }]
  foreach item [dict get $node items] {
    switch [lindex $item 0] {
      col { set column [lindex $item 2]
            lappend values [written %C.$column \
              [dict get $model $name columns $column]] }
      agg { lappend values [written [lindex $item 3] \
              [expr {[lindex $item 2] eq "exists" ? "bool" : "plain"}]] }
      at { lappend values [written %J.[lindex $item 2] plain] }
      join { foreach column [lindex $item 2] {
               lappend values [written %J.$column plain] } }
    }
  }
  set sql "SELECT [join $values {, }]$from ORDER BY [join $terms {, }]"
  set flat [db eval [string map [list %C $c %J $j] $sql]]
  set rows {}
  set n [llength $values]
  for {set i 0} {$i < [llength $flat]} {incr i $n} {
    set row [lrange $flat $i [expr {$i + $n - 1}]]
    set where [join [lmap column $key value [lrange $row 0 \
      [llength $key]-1] {
      set _ "%C.$column IS $value AND typeof(%C.$column) = typeof($value)"
    }] " AND "]
    set row [list $where [lrange $row [llength $key] end]]
    if {[qualifies $node $where]} { lappend rows $row }
  }
  return $rows
}

# Has the row a match for all that is required of it?
proc oracle::qualifies {node where} {
  foreach item [dict get $node items] {
    set child [lindex $item end]
    if {[lindex $item 0] ni {child spread} || ![dict get $child required]} {
      continue
    }
    if {![llength [rows $child $where]]} { return 0 }
  }
  return 1
}

# The members of a row: {key JSON …}
proc oracle::pairs {node row} {
  lassign $row where values
  set pairs {}
  foreach item [dict get $node items] {
    switch [lindex $item 0] {
      col - at - agg {
        set values [lassign $values value]
        lappend pairs [lindex $item 1] $value
      }
      join {
        set inner [lmap column [lindex $item 2] {
          set values [lassign $values value]
          set _ "\"$column\":$value"
        }]
        lappend pairs [lindex $item 1] "{[join $inner ,]}"
      }
      child { lappend pairs [lindex $item 1] [json [lindex $item 2] $where] }
      recurse { lappend pairs [lindex $item 1] [recursed [lindex $item 1] \
        [lindex $item 2] $where [lindex $item 3] [list $where]] }
      poly { lappend pairs [lindex $item 1] [polymorphic $item $where] }
      spread { lappend pairs {*}[spread [lindex $item 1] $where] }
    }
  }
  return $pairs
}

# One level of a recursion below a row, and those below it. seen: the rows above,
# which are not given again; limits and counts come before that.
proc oracle::recursed {key node where levels seen} {
  set objects {}
  foreach row [some_rows $node $where] {
    set at [lindex $row 0]
    if {$at in $seen} continue
    set text [members $node $row]
    if {$levels > 1} {
      append text "[expr {$text eq "" ? "" : ","}]\"$key\":[recursed $key $node \
        $at [expr {$levels - 1}] [concat $seen [list $at]]]"
    }
    lappend objects "{$text}"
  }
  if {[dict exists $node page]} {
    return [page_of $node [llength [rows $node $where]] $objects]
  }
  if {![many $node]} {
    return [expr {[llength $objects] ? [lindex $objects 0] : "null"}]
  }
  return "\[[join $objects ,]\]"
}

# The row that a polymorphic association leads to: {} if its model has no block.
proc oracle::polymorphic {item where} {
  lassign $item - - nodes targets name poly
  foreach target $targets {
    set any [dict create model $target from $name assoc "$poly on $target" where "" \
      through "" order "" limit "" offset "" last "" required 0 items {}]
    if {![llength [rows $any $where]]} continue
    if {![dict exists $nodes $target]} { return "{}" }
    return [json [dict get $nodes $target] $where]
  }
  return null
}

# The members of what is spread: of a to-one its own, of a to-many a list of the
# values of each.
proc oracle::spread {node where} {
  set rows [some_rows $node $where]
  if {![many $node]} {
    if {![llength $rows]} { return [nothing $node null] }
    return [pairs $node [lindex $rows 0]]
  }
  set all [lmap row $rows { pairs $node $row }]
  set i -1
  set lists {}
  foreach {key none} [nothing $node] {
    incr i 2
    lappend lists $key "\[[join [lmap pairs $all { lindex $pairs $i }] ,]\]"
  }
  return $lists
}

# The members of a spread row that is not there.
proc oracle::nothing {node {value {[]}}} {
  set pairs {}
  foreach item [dict get $node items] {
    switch [lindex $item 0] {
      col - at - agg - join { lappend pairs [lindex $item 1] $value }
      poly { lappend pairs [lindex $item 1] $value }
      child - recurse {
        set child [lindex $item 2]
        set none [expr {[many $child] ? {[]} : $value}]
        if {$value eq "null" && [dict exists $child page]} {
          set none [page_of $child 0 {}]
        }
        lappend pairs [lindex $item 1] $none
      }
      spread { set list [expr {[many [lindex $item 1]] ? {[]} : $value}]
               lappend pairs {*}[nothing [lindex $item 1] $list] }
    }
  }
  return $pairs
}

proc oracle::members {node row} {
  set members {}
  foreach {key value} [pairs $node $row] { lappend members "\"$key\":$value" }
  join $members ,
}

# Does the node give a list?
proc oracle::many {node} {
  if {[dict get $node assoc] eq ""} { return 1 }
  dict get [link [dict get $node from] [dict get $node assoc]] many
}

# The rows of a node within its limit.
proc oracle::some_rows {node where} {
  set rows [rows $node $where]
  if {![many $node]} { return $rows }
  set offset [dict get $node offset]
  if {$offset ne ""} { set rows [lrange $rows $offset end] }
  set limit [dict get $node limit]
  if {$limit ne ""} { set rows [lrange $rows 0 $limit-1] }
  set last [dict get $node last]
  if {$last eq "" || $last >= [llength $rows]} { return $rows }
  lrange $rows [llength $rows]-$last end
}

# Parts of a page in some order, each under its name or another: the words behind
# page, and {PART KEY PARTS …}. A page of edges has their nodes alone, since no
# other program knows the cursors.
proc oracle::page_parts {{names {count nodes edges pageInfo}}} {
  set words {}
  set parts {}
  foreach name [lrange [shuffle $names] 0 [n [llength $names]]] {
    set key [expr {[maybe 30] ? "p[incr oracle::n]" : $name}]
    lassign [switch $name {
      edges { page_parts node }
      pageInfo { page_parts {hasNextPage hasPreviousPage} }
    }] word sub
    lappend words "$name[expr {$key eq $name ? "" : " as $key"}]$word"
    lappend parts $name $key $sub
  }
  list "{[join $words]}" $parts
}

proc shuffle {list} {
  lmap pair [lsort -real -index 0 [lmap x $list { list [expr {rand()}] $x }]] {
    lindex $pair 1
  }
}

# A page: of so many rows in all, these objects.
proc oracle::page_of {node all objects} {
  set limit [dict get $node limit]
  set last [dict get $node last]
  set offset [expr {[dict get $node offset] eq "" ? 0 : [dict get $node offset]}]
  set next [expr {$limit ne "" && $all > $offset + $limit}]
  set previous [expr {$last ne "" ? $all > $last : $offset > 0 && $all > 0}]
  set bool {false true}
  set members {}
  foreach {part key sub} [dict get $node page] {
    lappend members "\"$key\":[switch $part {
      count { set all }
      nodes { set _ "\[[join $objects ,]\]" }
      edges { set _ "\[[join [lmap object $objects {
        set _ "{\"[lindex $sub 1]\":$object}" }] ,]\]" }
      pageInfo { set _ "{[join [lmap {part key -} $sub { set _ "\"$key\":[lindex \
        $bool [expr {$part eq "hasNextPage" ? $next : $previous}]]" }] ,]}" }
    }]"
  }
  return "{[join $members ,]}"
}

proc oracle::page {node where} {
  page_of $node [llength [rows $node $where]] [lmap row [some_rows $node $where] {
    set _ "{[members $node $row]}"
  }]
}

proc oracle::json {node where} {
  if {[dict exists $node page]} { return [page $node $where] }
  set rows [some_rows $node $where]
  if {![many $node]} {
    if {![llength $rows]} { return null }
    return "{[members $node [lindex $rows 0]]}"
  }
  return "\[[join [lmap row $rows { set _ "{[members $node $row]}" }] ,]\]"
}

proc oracle_json {node} { oracle::json $node "" }

# The node as JSON has it: the values of a row, then those of the join row, then
# what is included; or for "items" in the order of the classes given.
proc oracle_sorted {node {classes {0 1 2}}} {
  set items {}
  foreach class $classes {
    foreach item [dict get $node items] {
      switch [lindex $item 0] {
        col - agg { set is 0 }
        at - join { set is 1 }
        child { set is [expr {[dict exists [lindex $item 2] dotted] ? 0 : 2}] }
        default { set is 2 }
      }
      if {$is == $class} { lappend items [oracle::sorted_item $item $classes] }
    }
  }
  dict set node items $items
  return $node
}
proc oracle::sorted_item {item classes} {
  switch [lindex $item 0] {
    child - recurse { lset item 2 [oracle_sorted [lindex $item 2] $classes] }
    spread { lset item 1 [oracle_sorted [lindex $item 1] $classes] }
    poly { lset item 2 [dict map {target node} [lindex $item 2] {
             oracle_sorted $node $classes }] }
  }
  return $item
}

# Aggregates of the roots: {TEXT JSON PARAMS}
proc oracle_totals {} {
  set oracle::params {}
  set oracle::names {}
  set oracle::n 0
  set name [pick {users posts comments tags profiles cities nodes Post Public
    stars notes Pinned seats tickets books}]
  if {![dict exists $oracle::model $name]} { set name nodes }
  set oracle::pages 0
  lassign [oracle::clauses $name 1 "" 1] ct node
  set oracle::pages 1
  set texts {}
  set sqls {}
  for {set i [expr {1 + [n 3]}]} {$i > 0} {incr i -1} {
    lassign [oracle::root_aggregate $name] text sql
    set key k[incr oracle::n]
    lappend texts "$text as $key"
    lappend sqls "'\"$key\":' || $sql"
  }
  if {$ct ne ""} { set ct ($ct) }
  set c [oracle::alias]
  set table [dict get $oracle::model $name table]
  set where "([expr {[dict get $node where] eq "" ? "true" : [dict get $node where]}])\
    AND [oracle::filter $name $node]"
  set terms [oracle::ended [dict get $node order] [dict get $oracle::model $name key]]
  set limit [dict get $node limit]
  set offset [dict get $node offset]
  set inner "SELECT * FROM $table %C WHERE $where ORDER BY [join $terms {, }]\
    LIMIT [expr {$limit eq "" ? -1 : $limit}] OFFSET [expr {$offset eq "" ? 0 : $offset}]"
  set sql "SELECT '{' || [join $sqls { || ',' || }] || '}' FROM ($inner) %C"
  set json [db one [string map [list %C $c] $sql]]
  set params $oracle::params
  if {[dict size $oracle::names]} {
    set object {}
    dict for {key sql} $oracle::names { lappend object '$key',$sql }
    set params [linsert $params 0 "json_object([join $object ,])"]
  }
  list "$name$ct\{[join $texts]\}" $json $params
}

# {text, SQL of its JSON}
proc oracle::root_aggregate {name} {
  set agg [pick {count count count sum total avg min max exists}]
  set column ""
  if {$agg in {sum total avg}} {
    set column [pick [lmap c [columns $name] {
      if {$c ni {age likes n area price nr}} continue
      set c
    }]]
    if {$column eq ""} { set agg count }
  } elseif {$agg ne "exists" && ($agg ne "count" || [maybe 50])} {
    set column [pick [columns $name]]
  }
  set distinct [expr {$column ne "" && [maybe 30] ? "distinct " : ""}]
  set args $distinct$column
  set filter ""
  if {[maybe 50]} {
    lassign [pred $name 1] t s
    append args "[expr {$column eq "" ? "" : " where "}]$t"
    set filter " FILTER (WHERE $s)"
  }
  if {$agg eq "exists"} {
    return [list "exists($args)" "iif(count(*)$filter > 0, 'true', 'false')"]
  }
  set call "$agg\($distinct[expr {$column eq "" ? "*" : "%C.$column"}])$filter"
  list "$agg\($args)" [written $call plain]
}
