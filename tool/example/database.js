// Opens the database: better-sqlite3 with the extension.
//
//     const { db, assoc, as } = openDatabase('blog.db');
//     assoc.find('User', 1, '{name posts{title}}')
//     as(1, () => assoc.update('Post', 7, { title: 'Mine' }))
//
// assoc.NAME(…) calls the SQL function assoc_NAME(…) and gives what it gives.
// Objects go in as JSON; JSON comes out as text, ready for a response. An error
// has what assoc_error() says under `assoc`.
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';

const EXTENSION = process.env.ASSOC
  ?? new URL('../../assoc', import.meta.url).pathname;

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

function asParameter(value) {
  if (typeof value === 'boolean') return Number(value);
  if (value === undefined) return null; // a request without a body
  return value && typeof value === 'object' ? JSON.stringify(value) : value;
}

function functionsOf(db) {
  const statements = new Map();
  const lastError = db.prepare('SELECT assoc_error()').pluck();
  return new Proxy({}, {
    get: (_, name) => (...values) => {
      const sql = `SELECT assoc_${name}(${values.map(() => '?').join()})`;
      if (!statements.has(sql)) statements.set(sql, db.prepare(sql).pluck());
      try {
        return statements.get(sql).get(...values.map(asParameter));
      } catch (error) {
        error.assoc = JSON.parse(lastError.get());
        throw error;
      }
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
  const assoc = functionsOf(db);
  // Does work on behalf of a user: policies hold until it returns.
  function as(me, work) {
    assoc.session({ me });
    try {
      return work();
    } finally {
      assoc.session(null);
    }
  }
  return { db, assoc, as };
}
