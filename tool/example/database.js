// Opens the database: better-sqlite3 with the extension.
//
//     const { db, assoc } = openDatabase('blog.db');
//     assoc.find('User', 1, '{name posts{title}}')
//
// assoc.NAME(…) calls the SQL function assoc_NAME(…) and gives what it gives.
// Objects go in as JSON; JSON comes out as text, ready for a response.
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';

const EXTENSION = process.env.ASSOC
  ?? new URL('../../assoc', import.meta.url).pathname;

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

function asParameter(value) {
  if (typeof value === 'boolean') return Number(value);
  return value && typeof value === 'object' ? JSON.stringify(value) : value;
}

function functionsOf(db) {
  const statements = new Map();
  return new Proxy({}, {
    get: (_, name) => (...values) => {
      const sql = `SELECT assoc_${name}(${values.map(() => '?').join()})`;
      if (!statements.has(sql)) statements.set(sql, db.prepare(sql).pluck());
      return statements.get(sql).get(...values.map(asParameter));
    },
  });
}

export function openDatabase(file) {
  const db = new Database(file);
  db.loadExtension(EXTENSION);
  db.pragma('journal_mode = WAL');
  db.pragma('foreign_keys = ON');
  db.transaction(() => {
    const empty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck();
    if (empty.get() === 0) db.exec(read('tables.sql'));
    db.exec(read('associations.sql')); // the same again writes nothing
  }).immediate();
  return { db, assoc: functionsOf(db) };
}
