PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT UNIQUE,
    boss_id INTEGER REFERENCES users);
INSERT INTO users VALUES(1,'Ann','a',NULL);
INSERT INTO users VALUES(2,'Bob','b',1);
CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, state TEXT DEFAULT 'new',
    likes INTEGER DEFAULT 0, deleted_at TEXT, editor TEXT, user_id INTEGER REFERENCES users(id) ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO posts VALUES(1,'One','new',5,NULL,'b',1);
INSERT INTO posts VALUES(2,'Two','new',9,NULL,NULL,1);
INSERT INTO posts VALUES(3,'Zed','draft',0,NULL,NULL,1);
CREATE TABLE tags(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
INSERT INTO tags VALUES(1,'sql');
INSERT INTO tags VALUES(2,'c');
CREATE TABLE roles(user_id INTEGER, post_id INTEGER, role TEXT, rank INTEGER,
    PRIMARY KEY(user_id, post_id, role));
INSERT INTO roles VALUES(2,1,'review',3);
INSERT INTO roles VALUES(2,2,'review',3);
CREATE TABLE remarks(id INTEGER PRIMARY KEY, body TEXT, subject_id INTEGER, kind TEXT);
INSERT INTO remarks VALUES(1,'good',1,'post');
INSERT INTO remarks VALUES(2,'nice',1,'image');
CREATE TABLE images(id INTEGER PRIMARY KEY, url TEXT);
INSERT INTO images VALUES(1,'i');
CREATE TABLE assoc_definitions(model TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE, kind TEXT NOT NULL,
  target TEXT, options TEXT, PRIMARY KEY(model, name)) WITHOUT ROWID;
INSERT INTO assoc_definitions VALUES('Article','','model',NULL,'{"table":"posts","defaultScope":{"order":"title"},"scopes":{"hot":{"where":{"likes":{"$gte":{"$param":1}}},"limit":2},"fresh":{"where":{"state":"new"}}},"paranoid":true,"deletedAt":"deleted_at"}');
INSERT INTO assoc_definitions VALUES('Article','author','belongsTo','users','{"foreignKey":"user_id"}');
INSERT INTO assoc_definitions VALUES('Article','edited','belongsTo','users','{"foreignKey":"editor","targetKey":"code","constraints":false}');
INSERT INTO assoc_definitions VALUES('Article','remarks','hasMany','remarks','{"polymorphic":"subject"}');
INSERT INTO assoc_definitions VALUES('Article','reviewers','belongsToMany','users','{"foreignKey":"post_id","otherKey":"user_id","through":{"model":"roles","scope":{"role":"review"},"unique":false}}');
INSERT INTO assoc_definitions VALUES('Article','tags','belongsToMany','tags','{"through":{"model":"article_tags","unique":true,"timestamps":false}}');
INSERT INTO assoc_definitions VALUES('images','remark','hasOne','remarks','{"polymorphic":"subject"}');
INSERT INTO assoc_definitions VALUES('profiles','owner','belongsTo','users','{"foreignKey":"user_id","onDelete":"CASCADE","allowNull":false}');
INSERT INTO assoc_definitions VALUES('remarks','subject','belongsTo',NULL,'{"onDelete":"CASCADE","constraints":true,"polymorphic":{"type":"kind","models":{"post":"Article","image":"images"}}}');
INSERT INTO assoc_definitions VALUES('tags','articles','belongsToMany','Article','{"through":"article_tags","order":"title desc"}');
INSERT INTO assoc_definitions VALUES('Total','','model',NULL,'{"table":"totals","primaryKey":"user_id"}');
INSERT INTO assoc_definitions VALUES('users','boss','belongsTo','users',NULL);
INSERT INTO assoc_definitions VALUES('users','drafts','hasMany','Article','{"foreignKey":"user_id","scope":{"state":"draft"}}');
INSERT INTO assoc_definitions VALUES('users','edits','hasMany','Article','{"foreignKey":"editor","sourceKey":"code","constraints":false}');
INSERT INTO assoc_definitions VALUES('users','latest','hasOne','Article','{"foreignKey":"user_id","order":[["id","DESC"]]}');
INSERT INTO assoc_definitions VALUES('users','posts','hasMany','Article','{"foreignKey":"user_id","order":"likes desc","onDelete":"SET NULL","onUpdate":"CASCADE","allowNull":true}');
INSERT INTO assoc_definitions VALUES('users','profile','hasOne','profiles','{"onDelete":"CASCADE","unique":true,"allowNull":false}');
INSERT INTO assoc_definitions VALUES('users','reviews','belongsToMany','Article','{"foreignKey":"user_id","otherKey":"post_id","through":{"model":"roles","scope":{"role":"review"},"unique":false},"order":"@rank"}');
INSERT INTO assoc_definitions VALUES('users','subjects','hasMany','tags','{"through":"posts.tags"}');
INSERT INTO assoc_definitions VALUES('users','team','hasMany','users','{"foreignKey":"boss_id"}');
INSERT INTO assoc_definitions VALUES('users','total','hasOne','Total',NULL);
CREATE TABLE assoc_token(token INTEGER NOT NULL);
INSERT INTO assoc_token VALUES(-6205835253322477698);
CREATE TABLE article_tags(
  article_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE ON UPDATE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags(id) ON DELETE CASCADE ON UPDATE CASCADE,
  PRIMARY KEY (article_id, tag_id)
) WITHOUT ROWID;
INSERT INTO article_tags VALUES(1,1);
INSERT INTO article_tags VALUES(2,1);
INSERT INTO article_tags VALUES(1,2);
CREATE TABLE IF NOT EXISTS "profiles"(id INTEGER PRIMARY KEY, bio TEXT, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO profiles VALUES(1,'x',1);
CREATE TRIGGER assoc_definitions_insert AFTER insert ON assoc_definitions
  BEGIN UPDATE assoc_token SET token = random(); END;
CREATE TRIGGER assoc_definitions_update AFTER update ON assoc_definitions
  BEGIN UPDATE assoc_token SET token = random(); END;
CREATE TRIGGER assoc_definitions_delete AFTER delete ON assoc_definitions
  BEGIN UPDATE assoc_token SET token = random(); END;
CREATE INDEX posts_user_id ON posts(user_id);
CREATE INDEX posts_editor ON posts(editor);
CREATE INDEX remarks_subject_id_kind ON remarks(subject_id, kind);
CREATE INDEX roles_post_id ON roles(post_id);
CREATE INDEX article_tags_tag_id ON article_tags(tag_id);
CREATE UNIQUE INDEX profiles_user_id ON profiles(user_id);
CREATE INDEX users_boss_id ON users(boss_id);
CREATE TRIGGER "assoc_guard_remarks.subject_insert" AFTER INSERT ON remarks
WHEN NEW.subject_id IS NOT NULL AND NEW.kind IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: remarks.subject') WHERE NOT CASE NEW.kind
    WHEN 'post' THEN EXISTS (SELECT 1 FROM posts WHERE id = +NEW.subject_id)
    WHEN 'image' THEN EXISTS (SELECT 1 FROM images WHERE id = +NEW.subject_id)
    ELSE 0 END;
END;
CREATE TRIGGER "assoc_guard_remarks.subject_update" AFTER UPDATE ON remarks
WHEN NEW.subject_id IS NOT NULL AND NEW.kind IS NOT NULL
 AND (NEW.subject_id IS NOT OLD.subject_id OR NEW.kind IS NOT OLD.kind)
BEGIN
  SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: remarks.subject') WHERE NOT CASE NEW.kind
    WHEN 'post' THEN EXISTS (SELECT 1 FROM posts WHERE id = +NEW.subject_id)
    WHEN 'image' THEN EXISTS (SELECT 1 FROM images WHERE id = +NEW.subject_id)
    ELSE 0 END;
END;
CREATE TRIGGER "assoc_guard_remarks.subject_post_delete" AFTER DELETE ON posts
BEGIN
  DELETE FROM remarks WHERE kind = 'post' AND subject_id = +OLD.id;
END;
CREATE TRIGGER "assoc_guard_remarks.subject_post_update" AFTER UPDATE ON posts
WHEN OLD.id IS NOT NEW.id
BEGIN
  UPDATE remarks SET subject_id = NEW.id WHERE kind = 'post' AND subject_id = +OLD.id;
END;
CREATE TRIGGER "assoc_guard_remarks.subject_image_delete" AFTER DELETE ON images
BEGIN
  DELETE FROM remarks WHERE kind = 'image' AND subject_id = +OLD.id;
END;
CREATE TRIGGER "assoc_guard_remarks.subject_image_update" AFTER UPDATE ON images
WHEN OLD.id IS NOT NEW.id
BEGIN
  UPDATE remarks SET subject_id = NEW.id WHERE kind = 'image' AND subject_id = +OLD.id;
END;
CREATE VIEW totals AS SELECT user_id, count(*) AS n FROM posts GROUP BY 1;
COMMIT;
