// The recipe of POLICIES.md for Express, as it stands there, over HTTP. EXPRESS is
// where Express is, CLIENTS where better-sqlite3 is, PAGE the page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const { getLoadablePath } =
  createRequire(join(process.cwd(), 'package.json'))('sqlite-assoc')
const express = createRequire(process.env.EXPRESS + '/')('express')
const Database = createRequire(process.env.CLIENTS + '/')('better-sqlite3')

const db = new Database(':memory:')
db.loadExtension(getLoadablePath())
db.exec(`
  CREATE TABLE notes(id INTEGER PRIMARY KEY, owner INT, team INT, text TEXT);
  INSERT INTO notes VALUES (1, 1, NULL, 'mine'), (2, 2, NULL, 'yours'),
    (3, 3, 7, 'our team''s');
  SELECT assoc_policy('notes', '{"read":"owner = :me or team in :teams"}');
`)
const app = express()
app.use(express.json(), (req, res, next) => {
  req.user = { id: Number(req.get('X-User')), teams: [7] }
  next()
})
const recipe = readFileSync(process.env.PAGE, 'utf8')
  .match(/```js skip\n([^]*?)```/)[1]
new Function('db', 'app', recipe)(db, app)
app.use((error, req, res, next) => res.status(400).json(error.message))
const server = app.listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))

async function ask (user, shape) {
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/load`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User': user },
    body: JSON.stringify({ shape })
  })
  return [answer.status, await answer.json()]
}

const texts = ([status, rows]) => [status, ...rows.map(row => row.text)]
assert.deepEqual(texts(await ask(1, 'notes{text}')), [200, 'mine', "our team's"])
// An error ends the session, too.
assert.equal((await ask(1, 'notes{nothing}'))[0], 400)
assert.deepEqual(texts(await ask(2, 'notes{text}')), [200, 'yours', "our team's"])
// Many at once: each is told what is its own.
const all = await Promise.all([...Array(200).keys()].map(i =>
  ask(1 + i % 2, i % 5 ? 'notes(team is null){text}' : 'notes(')))
all.forEach(([status, rows], i) => assert.deepEqual(
  i % 5 ? rows : status, i % 5 ? [{ text: i % 2 ? 'yours' : 'mine' }] : 400))
// Without a session nothing is told.
assert.throws(() => db.prepare("SELECT eager('notes')").get(),
  /this connection needs a session/)
server.close()
