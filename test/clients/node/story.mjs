// The story that every client tells, for the clients in JavaScript:
//
//     CLIENTS=FOLDER node story.mjs CLIENT EXTENSION DATABASE SCHEMA
//
// A worker runs the same file.
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { clients } from './clients.mjs';

const [name, extension, database, schema] =
  isMainThread ? process.argv.slice(2) : workerData;

function open() {
  const Client = clients[name];
  return Client.open ? Client.open(extension, database)
    : new Client(extension, database);
}

async function one(db, sql, ...values) {
  return (await db.rows(sql, ...values))[0][0];
}

const count = (db) => one(db, `SELECT assoc_count('User', 1, 'posts')`);

// Drivers give SQLite's code as a number or by name.
function number(error) {
  const code = error.errcode ?? error.errno ?? error.rawCode ?? error.code;
  return typeof code === 'number' ? code & 255
    : { SQLITE_ERROR: 1, SQLITE_CONSTRAINT_UNIQUE: 19 }[code];
}

async function failing(db, sql, ...values) {
  try {
    await one(db, sql, ...values);
  } catch (error) {
    const cause = db.cause(error);
    const message = cause.message.split('\n')[0]
      .replace(/^SQLITE_[A-Z]+: /, '');
    const reason = await one(db, `SELECT assoc_error() ->> 'code'`);
    console.log(`error ${number(cause)}, ${reason}: ${message}`);
  }
}

async function tell() {
  const db = await open();
  console.log('loaded into SQLite '
    + await one(db, 'SELECT sqlite_version()'));
  await db.script(schema);
  console.log(await one(db, `SELECT assoc_define('User', 'hasMany', 'Post')`));
  await one(db, 'SELECT assoc_sync()');
  const { made } = JSON.parse(await one(db, 'SELECT assoc_discover()'));
  console.log(`${made.length} associations discovered`);
  console.log(await one(db, `SELECT assoc_insert('User', ?)`, JSON.stringify({
    name: 'Zoë',
    posts: [{ title: 'Hi', tags: [{ name: 'new' }] }, { title: 'Ho' }],
  })));
  // Libraries that look for ? in the SQL find it in a shape, too: it is bound.
  console.log(await one(db, 'SELECT eager(?, ?)',
    'User(id = ?1){name posts{title tags{name}}}', 1));
  for (const [user, title] of await db.rows(`
      SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
        JOIN Post p ON p.id = r.id`)) {
    console.log(`${user}: ${title}`);
  }
  await db.transaction('rollback',
    `SELECT assoc_create('User', 1, 'posts', ?)`, '{"title":"Hu"}');
  console.log(`${await count(db)} posts after a rollback`);
  await db.transaction('commit', `
    INSERT INTO related(model, key, association, json)
      VALUES ('User', 1, 'posts', ?)`, '{"title":"He"}');
  console.log(`${await count(db)} posts after a commit`);
  await failing(db, `SELECT eager('User{pots}')`);
  await failing(db, `SELECT assoc_insert('User', ?)`, '{"name":"Zoë"}');

  const second = await open();
  console.log(`second connection: ${await count(second)} posts`);
  await one(second, `SELECT assoc_define('Post', 'belongsTo', 'User', ?)`,
    '{"as":"author","foreignKey":"UserId"}');
  console.log('first connection: ' + await one(db,
    `SELECT assoc_find('Post', 1, '{title author{name}}')`));
  await second.close();

  await new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) })
      .on('error', reject).on('exit', resolve);
  });
  await db.close();
  console.log('closed');
}

async function tellElsewhere() {
  const db = await open();
  console.log('elsewhere: '
    + await one(db, `SELECT assoc_get('User', 1, 'posts{title}')`));
  await db.close();
}

await (isMainThread ? tell() : tellElsewhere());
