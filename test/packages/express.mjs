// The middleware, under Express and over HTTP. EXPRESS is where Express is,
// CLIENTS where better-sqlite3 is.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const here = createRequire(join(process.cwd(), 'package.json'))
const { assoc, load } = here('sqlite-assoc')
const { document, shapes } = here('sqlite-assoc/express')
const express = createRequire(process.env.EXPRESS + '/')('express')
const Database = createRequire(process.env.CLIENTS + '/')('better-sqlite3')

const a = assoc(load(new Database(':memory:')))
a.db.exec(`
  CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, user_id INT
    REFERENCES users);
  INSERT INTO users VALUES (1, 'Änn'), (2, 'Bob');
  INSERT INTO posts VALUES (1, 'Hi', 1);
`)
a.discover()

const app = express()
app.get('/users', document(a, 'users{name}'))
app.get('/users/:id', document(a, 'users(id = :id){name posts{title}}',
  { one: true }))
app.use('/query', express.json(), shapes(a, { open: true }))
app.use((error, req, res, next) => res.status(error.status ?? 500)
  .json({ code: error.code, message: error.message }))
const server = app.listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const base = `http://127.0.0.1:${server.address().port}`

async function get (path, init) {
  const answer = await fetch(base + path, init)
  assert.match(answer.headers.get('content-type'), /^application\/json/)
  return [answer.status, await answer.json()]
}

const post = body => get('/query', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body)
})

try {
  assert.deepEqual(await get('/users'), [200, [{ name: 'Änn' },
    { name: 'Bob' }]])
  assert.deepEqual(await get('/users/1?id=2'), [200, { name: 'Änn',
    posts: [{ title: 'Hi' }] }])
  const [status, error] = await get('/users/9')
  assert.deepEqual([status, error.code], [404, 'not-found'])
  assert.deepEqual(await get('/query?query=' +
    encodeURIComponent('users(id = 2){name}')), [200, [{ name: 'Bob' }]])
  assert.deepEqual(await post({ query: 'users(name = ?1){id}',
    params: ['Bob'] }), [200, [{ id: 2 }]])
  assert.deepEqual(await post({ query: 'users(name = :n){id}',
    params: { n: 'Bob' } }), [200, [{ id: 2 }]])
  // Data is no language: a name that looks like a shape finds nobody.
  assert.deepEqual(await post({ query: 'users(name = ?1){id}',
    params: ['Bob" or id = 1 or name = "'] }), [200, []])
  assert.equal((await post({}))[0], 400)
  const [bad, said] = await post({ query: 'users{nam}' })
  assert.match(said.message, /nam/)
  if (a.hasFunction('assoc_error')) assert.equal(bad, 400)

  assert.throws(() => shapes(a), /session\(req\)/)
  if (a.hasFunction('assoc_session')) {
    assert.equal(typeof shapes(a, { session: () => ({ me: 1 }) }), 'function')
  } else {
    assert.throws(() => shapes(a, { session: () => ({ me: 1 }) }),
      /no assoc_session/)
  }
} finally {
  server.close()
}
console.log('ok')
