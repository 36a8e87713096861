PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE Hall(city TEXT, no INTEGER, name TEXT, PRIMARY KEY(city, no))
    WITHOUT ROWID;
INSERT INTO Hall VALUES('Rom',1,'big');
INSERT INTO Hall VALUES('Rom',2,'small');
CREATE TABLE Doc(id BLOB PRIMARY KEY, name TEXT);
INSERT INTO Doc VALUES(X'00ff','d');
CREATE TABLE Page(id INTEGER PRIMARY KEY, DocId BLOB REFERENCES Doc, n INTEGER);
INSERT INTO Page VALUES(1,X'00ff',2);
INSERT INTO Page VALUES(2,X'00ff',1);
CREATE TABLE Word(word TEXT PRIMARY KEY COLLATE NOCASE, n INTEGER) STRICT;
INSERT INTO Word VALUES('Go',1);
CREATE TABLE Use(id INTEGER PRIMARY KEY, word TEXT);
INSERT INTO Use VALUES(1,'go');
INSERT INTO Use VALUES(2,'GO');
CREATE TABLE assoc_definitions(model TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE, kind TEXT NOT NULL,
  target TEXT, options TEXT, PRIMARY KEY(model, name)) WITHOUT ROWID;
INSERT INTO assoc_definitions VALUES('','readonly','setting',NULL,NULL);
INSERT INTO assoc_definitions VALUES('Doc','Pages','hasMany','Page','{"order":"n"}');
INSERT INTO assoc_definitions VALUES('Hall','front','hasMany','Seat','{"foreignKey":["city","hallNo"],"scope":{"row":"A"}}');
INSERT INTO assoc_definitions VALUES('Hall','Seats','hasMany','Seat','{"foreignKey":["city","hallNo"],"onDelete":"RESTRICT"}');
INSERT INTO assoc_definitions VALUES('Page','Doc','belongsTo','Doc',NULL);
INSERT INTO assoc_definitions VALUES('Seat','Hall','belongsTo','Hall','{"foreignKey":["city","hallNo"]}');
INSERT INTO assoc_definitions VALUES('Word','Uses','hasMany','Use','{"foreignKey":"word"}');
CREATE TABLE assoc_token(token INTEGER NOT NULL);
INSERT INTO assoc_token VALUES(8137559694364731849);
CREATE TABLE IF NOT EXISTS "Seat"(id INTEGER PRIMARY KEY, city TEXT, hallNo INTEGER, row TEXT, FOREIGN KEY(city, hallNo) REFERENCES Hall(city, "no") ON DELETE RESTRICT ON UPDATE CASCADE);
INSERT INTO Seat VALUES(1,'Rom',1,'A');
INSERT INTO Seat VALUES(2,'Rom',1,'B');
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','hall_seats','hall_seats',0,'CREATE VIRTUAL TABLE hall_seats USING related(Hall, Seats)');
CREATE TRIGGER assoc_definitions_insert AFTER insert ON assoc_definitions
  BEGIN UPDATE assoc_token SET token = random(); END;
CREATE TRIGGER assoc_definitions_update AFTER update ON assoc_definitions
  BEGIN UPDATE assoc_token SET token = random(); END;
CREATE TRIGGER assoc_definitions_delete AFTER delete ON assoc_definitions
  BEGIN UPDATE assoc_token SET token = random(); END;
CREATE INDEX Page_DocId ON Page(DocId);
CREATE INDEX Seat_city_hallNo ON Seat(city, hallNo);
CREATE INDEX Use_word ON Use(word COLLATE NOCASE);
CREATE VIEW halls AS SELECT assoc_find('Hall', json_array(city, no), '{name seats{row}}')
    AS doc FROM Hall;
PRAGMA writable_schema=OFF;
COMMIT;
