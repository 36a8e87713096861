// assoc, and the SQL that an expert writes by hand: both from shapes.sql, on
// better-sqlite3, as text (a string), as a Buffer, and as objects (parsed).
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { keys, tables } from './schema.js';

// {ours, expert}: SQL of a shape, the first of the expert's
function queries(shapes, name) {
  const [, body] = shapes.split(`-- shape: ${name}\n`);
  const sql = {};
  for (const [, kind, text] of body.split('-- shape:')[0].matchAll(
    /^-- (ours|expert):.*\n((?:(?!--).*\n)+)/gm)) sql[kind] ??= text;
  return sql;
}

const members = (table, alias) =>
  Object.keys(tables[table]).map((c) => `'${c}',${alias}.${c}`).join();

const expand = (sql, nUser) => sql
  .replace(/\$json/g, 'json')
  .replace(/\$keys/g, keys(nUser).join())
  .replace(/\$(\w+)\((\w+)\)/g, (_, table, alias) => members(table, alias));

function open(file, nUser, kind, isBuffer) {
  const db = new Database(file, { readonly: true });
  db.loadExtension(process.env.ASSOC);
  const shapes = readFileSync(process.env.SHAPES, 'utf8');
  const prepare = (name) => {
    const sql = expand(queries(shapes, name)[kind], nUser);
    return db.prepare(isBuffer ? `SELECT CAST((${sql}) AS BLOB)` : sql).pluck();
  };
  const load = {};
  for (const name of ['users-posts', 'users-posts-comments', 'hundred-users',
    'posts-author', 'posts-tags', 'one-user', 'users-newest']) {
    const statement = prepare(name);
    load[name] = name === 'one-user' ? (key) => statement.get({ 1: key })
      : () => statement.get();
  }
  return { load, isDocument: true, close: () => db.close() };
}

export const contenders = {
  'assoc': (file, nUser) => open(file, nUser, 'ours', false),
  'assoc, Buffer': (file, nUser) => open(file, nUser, 'ours', true),
  'SQL by hand': (file, nUser) => open(file, nUser, 'expert', false),
  'SQL by hand, Buffer': (file, nUser) => open(file, nUser, 'expert', true),
};
