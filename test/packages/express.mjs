// The middleware, under Express and over HTTP. EXPRESS is where Express is,
// CLIENTS where better-sqlite3 is.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const here = createRequire(join(process.cwd(), 'package.json'))
const { assoc, load } = here('sqlite-assoc')
const { create, document, insert, shapes, update } = here('sqlite-assoc/express')
const express = createRequire(process.env.EXPRESS + '/')('express')
const Database = createRequire(process.env.CLIENTS + '/')('better-sqlite3')

const a = assoc(load(new Database(':memory:')))
a.db.exec(`
  CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, user_id INT
    REFERENCES users);
  INSERT INTO users VALUES (1, 'Änn'), (2, 'Bob');
  INSERT INTO posts VALUES (1, 'Hi', 1);
  CREATE TABLE big(id INTEGER PRIMARY KEY, n INT);
  INSERT INTO big VALUES (1, 9007199254740993), (2, 2);
`)
a.discover()

const app = express()
app.get('/users', document(a, 'users{name}'))
app.get('/users/:id', document(a, 'users(id = :id){name posts{title}}',
  { one: true }))
app.get('/big', document(a, 'big(order by id){n}', { one: true }))
app.use('/query', express.json(), shapes(a, { open: true }))
// Who asks stands in a header; nobody without it.
const session = req => req.get('X-User') && { me: Number(req.get('X-User')) }
a.policy('posts', { read: 'user_id = :me', create: 'user_id = :me',
  update: 'user_id = :me' })
app.use('/mine', express.json(), shapes(a, { session }))
app.post('/posts', express.json(),
  insert(a, 'posts', { only: '{title user_id}', shape: '{id title}', session }))
app.post('/users/:id/posts', express.json(),
  create(a, 'users', 'posts', { only: '{title}', shape: '{title user_id}',
    session }))
app.patch('/posts/:id', express.json(),
  update(a, 'posts', { only: '{title}', shape: '{title}', session }))
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
  // As SQLite has it: no number of JavaScript is this one.
  assert.equal(await (await fetch(base + '/big')).text(),
    '{"n":9007199254740993}')
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

  // In a session its policies hold, and `only` for what is written.
  const send = async (method, path, me, body) => {
    const [status, said] = await get(path, { method, body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json',
        ...me && { 'X-User': me } } })
    return [status, said.code ?? said]
  }
  const titles = { query: 'posts{title}' }
  assert.deepEqual(await send('POST', '/posts', 2, { title: 'Ho', user_id: 2 }),
    [201, { id: 2, title: 'Ho' }])
  assert.deepEqual(await send('POST', '/mine', 2, titles),
    [200, [{ title: 'Ho' }]])
  assert.deepEqual(await send('POST', '/mine', 1, titles),
    [200, [{ title: 'Hi' }]])
  assert.deepEqual(await send('POST', '/mine', 0, titles), [403, 'refused'])
  assert.deepEqual(await send('POST', '/posts', 1, { title: 'x', user_id: 2 }),
    [403, 'refused'])
  assert.deepEqual(await send('POST', '/posts', 2, { id: 9, user_id: 2 }),
    [403, 'refused'])
  assert.deepEqual(await send('POST', '/posts', 0, { title: 'x' }),
    [403, 'refused'])
  assert.deepEqual(await send('PATCH', '/posts/2', 2, { title: 'Hu' }),
    [200, { title: 'Hu' }])
  assert.deepEqual(await send('PATCH', '/posts/2', 1, { title: 'Mine' }),
    [404, 'not-found'])
  assert.deepEqual(await send('PATCH', '/posts/2', 2, { user_id: 1 }),
    [403, 'refused'])
  assert.deepEqual(await send('POST', '/users/2/posts', 2, { title: 'He' }),
    [201, { title: 'He', user_id: 2 }])
  assert.deepEqual(await send('POST', '/users/1/posts', 2, { title: 'He' }),
    [403, 'refused'])
  assert.deepEqual(await send('POST', '/users/9/posts', 2, { title: 'He' }),
    [404, 'not-found'])
  assert.deepEqual(await send('POST', '/users/2/posts', 2, { id: 7 }),
    [403, 'refused'])
  // What is written may be out of the session's sight.
  a.policy('posts', { read: 'user_id = :me', create: true })
  assert.equal(await (await fetch(base + '/users/1/posts', { method: 'POST',
    body: '{}', headers: { 'X-User': 2 } })).text(), 'null')
  assert.equal(a.session(), null)
  assert.equal(a.find('posts', 2).title, 'Hu')
  assert.equal(a.eager('posts').length, 4)

  assert.throws(() => shapes(a), /session\(req\)/)
  assert.throws(() => insert(a, 'posts', { open: true }), /needs only/)
  assert.throws(() => create(a, 'users', 'posts', { open: true }),
    /create\(\) needs only/)
  assert.throws(() => update(a, 'posts', { only: '{title}' }), /session\(req\)/)
} finally {
  server.close()
}
console.log('ok')
