// What a SELECT that writes means to better-sqlite3:
//
//     CLIENTS=FOLDER node transactions.mjs EXTENSION FOLDER
//
// Prints what ../transactions.txt expects. Every line begins with an empty
// database, so the number is that of the users who were kept.
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The packages stand where CLIENTS says: the test's folder is kept clean.
const require = createRequire(process.env.CLIENTS + '/');
const Sqlite = require('better-sqlite3');
const [extension, folder] = process.argv.slice(2);

const SCHEMA = 'CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)';
const SELECT = `SELECT assoc_insert('User', '{"name":"Ann"}')`;
const INSERT =
  `INSERT INTO related(model, json) VALUES ('User', '{"name":"Bob"}')`;
const RESULT = 'SELECT assoc_result()';

function open(file = ':memory:', options = {}) {
  const db = new Sqlite(file, options);
  db.loadExtension(extension);
  return db;
}

function opened() {
  const db = open();
  db.exec(SCHEMA);
  return db;
}

const pluck = (db, sql) => db.prepare(sql).pluck().get();

function told(what, act) {
  const db = opened();
  let refused = '';
  try {
    act(db);
  } catch (error) {
    if (!(error instanceof Rollback)) refused = 'an error, ';
  }
  const kept = pluck(db, 'SELECT count(*) FROM User');
  console.log(`${what}: ${refused}${kept} kept`);
  db.close();
}

class Rollback extends Error {}

const rolledBack = (act) => (db) => db.transaction(() => {
  act(db);
  throw new Rollback();
})();

told('BEGIN, SELECT, rollback', rolledBack((db) => db.prepare(SELECT).get()));
told('BEGIN, INSERT, rollback', rolledBack((db) => db.prepare(INSERT).run()));
told('SELECT by get()', (db) => db.prepare(SELECT).get());
told('SELECT by all()', (db) => db.prepare(SELECT).all());
told('SELECT by run()', (db) => db.prepare(SELECT).run());
told('SELECT by exec()', (db) => db.exec(SELECT));
told('SELECT by prepare()', (db) => db.prepare(SELECT));
told('INSERT by run()', (db) => db.prepare(INSERT).run());

const db = opened();
console.log(`readonly: SELECT ${db.prepare(SELECT).readonly}, `
  + `INSERT ${db.prepare(INSERT).readonly}`);
const { lastInsertRowid } = db.prepare(INSERT).run();
console.log(`INSERT: lastInsertRowid ${lastInsertRowid}, `
  + `assoc_result() ${pluck(db, RESULT)}`);
db.close();

// A connection that was opened for reading refuses both.
const file = join(folder, 'readonly.db');
rmSync(file, { force: true });
const writer = open(file);
writer.exec(SCHEMA);
writer.close();
const reader = open(file, { readonly: true });
for (const [name, sql] of Object.entries({ SELECT, INSERT })) {
  try {
    reader.exec(sql);
  } catch (error) {
    console.log(`new Database(file, {readonly: true}), ${name}: ${error.code}`);
  }
}
reader.close();
rmSync(file);
