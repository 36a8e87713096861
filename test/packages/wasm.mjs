// The WebAssembly package in Node: values go in and come out as they are, and
// assoc is there. Run in a folder where it is installed; argv: the version.
import assert from 'node:assert/strict'
import { open, SqliteError, version } from 'sqlite-assoc-wasm'

assert.match(await version(), /^3\./)
const db = await open()
assert.equal(db.value('SELECT assoc_version()'), process.argv[2])

// Each type goes round.
for (const value of [null, 0, -1, 2 ** 40, 1.5, 9223372036854775807n, '', 'é𝄞',
  Infinity]) {
  assert.equal(db.value('SELECT ?', value), value)
}
assert.deepEqual(db.value('SELECT ?', new Uint8Array([0, 255])),
  new Uint8Array([0, 255]))
assert.deepEqual(db.value('SELECT ?', new Uint8Array(0)), new Uint8Array(0))
assert.equal(db.value('SELECT ?', true), 1)
assert.equal(db.value("SELECT ? || 'x'", 'a\0b'), 'a\0bx')
assert.throws(() => db.value('SELECT ?', undefined), TypeError)
assert.throws(() => db.value('SELECT ?', NaN), TypeError)
assert.throws(() => db.value('SELECT ?', 1n << 64n), RangeError)
assert.throws(() => db.value('SELECT ?'), /1 parameters, and 0 values/)
assert.throws(() => db.rows('SELECT 1; SELECT 2'), /more than one statement/)
assert.throws(() => db.exec('SELCT'), error => error instanceof SqliteError && error.code === 1)

db.exec(`
  CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
  CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT, UserId INT REFERENCES User);
  -- a comment
  INSERT INTO User VALUES (1, 'Ann'), (2, 'Bob');
  INSERT INTO Post VALUES (1, 'Hi', 1), (2, 'Ho', 1);
`)
db.value('SELECT assoc_discover()')
assert.equal(db.value('SELECT eager(?)', 'User{name posts{title}}'),
  '[{"name":"Ann","posts":[{"title":"Hi"},{"title":"Ho"}]},' +
  '{"name":"Bob","posts":[]}]')
assert.throws(() => db.value("SELECT eager('User{pots}')"),
  error => error instanceof SqliteError &&
    /^assoc: User has no .*'pots'/.test(error.message))
assert.throws(() => db.exec("INSERT INTO User VALUES (3, 'Ann')"),
  { code: 2067 })

db.exec('BEGIN')
assert.equal(db.inTransaction, true)
db.value('SELECT assoc_create(?, ?, ?, ?)', 'User', 1, 'posts', '{}')
db.exec('ROLLBACK')
assert.equal(db.value("SELECT assoc_count('User', 1, 'posts')"), 2)

// A file's bytes, opened again.
const copy = await open(':memory:', { bytes: db.export() })
assert.deepEqual(copy.all('SELECT id, name FROM User'),
  [{ id: 1, name: 'Ann' }, { id: 2, name: 'Bob' }])
assert.equal(copy.get('SELECT 1 WHERE 0'), undefined)
copy.exec("INSERT INTO User SELECT NULL, value FROM json_each('[1,2,3]')")
assert.equal(copy.value('SELECT count(*) FROM User'), 5)
copy.close()
await assert.rejects(open('x.db', { storage: 'opfs' }), /workers/)
db.close()
assert.throws(() => db.exec(''), /closed/)
console.log('ok')
