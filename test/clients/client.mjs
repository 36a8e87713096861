// The story that every client tells, in JavaScript with better-sqlite3, which
// stands where process.argv[3] says.
import { createRequire } from 'node:module';

const Database = createRequire(process.argv[3] + '/')('better-sqlite3');
const db = new Database(':memory:');
db.loadExtension(process.argv[2]);
db.exec(`
  CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT);
`);

const one = (sql, ...values) => db.prepare(sql).pluck().get(...values);

console.log(one(`SELECT assoc_define('User', 'hasMany', 'Post')`));
one(`SELECT assoc_sync()`);
console.log(one(`SELECT assoc_insert('User', ?)`, JSON.stringify(
  { name: 'Ann', Posts: [{ title: 'Hi' }, { title: 'Ho' }] })));
console.log(one(`SELECT eager('User(id = ?1){name posts{title}}', ?)`, 1));
for (const { name, title } of db.prepare(`
    SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
      JOIN Post p ON p.id = r.id`).iterate()) {
  console.log(`${name}: ${title}`);
}
try {
  one(`SELECT eager('User{pots}')`);
} catch (error) {
  console.log(error.message.split('\n')[0]);
}
const posts = one(`SELECT assoc_count('User', 1, 'posts')`);
db.exec('BEGIN');
one(`SELECT assoc_create('User', 1, 'posts', ?)`, '{"title":"Hu"}');
db.exec('ROLLBACK');
const more = one(`SELECT assoc_count('User', 1, 'posts')`) - posts;
console.log(`${posts} posts, ${more} after the rollback of one more`);
db.close();
console.log('closed');
