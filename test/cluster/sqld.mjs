// sqld, libSQL's server: a primary and two replicas, with assoc on each node.
//
//   node test/cluster/sqld.mjs SQLD ASSOC_SO DIRECTORY
//
// SQLD is the server's program, ASSOC_SO the extension, DIRECTORY an empty
// folder for the nodes' files. The servers listen on loopback only. The test
// asks over HTTP (the Hrana protocol's /v2/pipeline). A replica forwards a
// statement to the primary if its text writes: so an INSERT through a replica
// is kept, and a SELECT that writes must be refused there in words.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const [sqld, library, directory] = process.argv.slice(2)
const FIRST_PORT = 18180
const GRAPHS = 300 // Written while nodes are killed

let passed = 0
let failed = 0

function check(name, got, due) {
  const a = JSON.stringify(got)
  const b = JSON.stringify(due)
  if (a === b) {
    passed++
  } else {
    failed++
    console.log(`! sqld-${name}\n    expected: ${b}\n    got:      ${a}`)
  }
}

// ------------------------------------------------------------------ the nodes

const nodes = [0, 1, 2].map(i => ({
  name: i ? `replica ${i}` : 'primary',
  http: FIRST_PORT + i,
  folder: `${directory}/node${i}`,
  child: null
}))
const [primary, ...replicas] = nodes
const grpc = FIRST_PORT + 100

// The extension and its hash: a server loads nothing else.
function prepare() {
  mkdirSync(`${directory}/ext`, { recursive: true })
  copyFileSync(library, `${directory}/ext/assoc.so`)
  const hash = createHash('sha256').update(readFileSync(library)).digest('hex')
  writeFileSync(`${directory}/ext/trusted.lst`, `${hash}  assoc.so\n`)
}

async function start(node) {
  const role = node === primary
    ? ['--grpc-listen-addr', `127.0.0.1:${grpc}`]
    : ['--primary-grpc-url', `http://127.0.0.1:${grpc}`]
  node.child = spawn(sqld, ['-d', node.folder, '-e', `${directory}/ext`,
    '--http-listen-addr', `127.0.0.1:${node.http}`, '--no-welcome', ...role],
  { stdio: 'ignore' })
  for (let i = 0; i < 150; i++) {
    try {
      if ((await fetch(`http://127.0.0.1:${node.http}/health`)).ok) return
    } catch { /* Not yet */ }
    await sleep(100)
  }
  throw new Error(`${node.name} does not start`)
}

async function kill(node) {
  const child = node.child
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  node.child = null
}

// Statements on one stream, one after another: the rows of the last one, or
// {error}. An error ends the list.
async function run(node, ...statements) {
  const requests = statements.map(sql => ({ type: 'execute', stmt: { sql } }))
  requests.push({ type: 'close' })
  const response = await fetch(`http://127.0.0.1:${node.http}/v2/pipeline`, {
    method: 'POST',
    body: JSON.stringify({ requests }),
    signal: AbortSignal.timeout(10000)
  })
  const { results } = await response.json()
  let rows = []
  for (const result of results) {
    if (result.type === 'error') return { error: result.error.message }
    if (result.response.type !== 'execute') continue
    rows = result.response.result.rows.map(row => row.map(v => v.value ?? null))
  }
  return rows
}

const one = async (node, ...sql) => {
  const rows = await run(node, ...sql)
  return rows.error ? rows : rows[0]?.[0]
}

// Wait until a replica has what the primary has.
async function settled(sql) {
  const due = JSON.stringify(await run(primary, sql))
  for (let i = 0; i < 100; i++) {
    const all = await Promise.all(replicas.map(node => run(node, sql)))
    if (all.every(rows => JSON.stringify(rows) === due)) return
    await sleep(100)
  }
}

async function everywhere(name, sql, due) {
  await settled(sql)
  for (const node of nodes) {
    check(`${name} on ${node.name}`, await run(node, sql), due)
  }
}

// ------------------------------------------------------------------ the story

async function schema() {
  await run(primary,
    'CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT UNIQUE)',
    'CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT, userId INTEGER' +
      ' REFERENCES User)',
    'CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT)',
    'CREATE TABLE PostTag(postId INTEGER REFERENCES Post, tagId INTEGER' +
      ' REFERENCES Tag, PRIMARY KEY(postId, tagId))',
    "INSERT INTO Tag VALUES(1, 'x'), (2, 'y')")
  const defined = await run(primary,
    "INSERT INTO assoc_call(name, a1, a2, a3, a4) VALUES('assoc_define'," +
      " 'User', 'hasMany', 'Post', '{\"as\":\"posts\"}')",
    "INSERT INTO assoc_call(name, a1, a2, a3, a4) VALUES('assoc_define'," +
      " 'Post', 'belongsToMany', 'Tag', '{\"as\":\"tags\",\"through\":\"PostTag\"}')",
    'SELECT count(*) FROM assoc_definitions')
  check('define', defined, [['2']])
}

const SHAPE = "SELECT eager('User{name posts(order by title){title tags{name}}}')"

async function writers() {
  // Each node writes a graph by DML; a replica forwards it.
  for (const [i, node] of nodes.entries()) {
    const graph = { name: `u${i}`, posts: [{ title: `p${i}`, tags: [{ id: 1 }] }] }
    check(`graph through ${node.name}`, await run(node,
      `INSERT INTO related(model, json) VALUES('User', '${JSON.stringify(graph)}')`),
    [])
  }
  const document = [0, 1, 2].map(i => ({
    name: `u${i}`, posts: [{ title: `p${i}`, tags: [{ name: 'x' }] }]
  }))
  await everywhere('graphs', SHAPE, [[JSON.stringify(document)]])
  for (const node of nodes) {
    check(`link through ${node.name}`, await run(node,
      'INSERT INTO related(model, key, association, id)' +
      ` VALUES('Post', ${nodes.indexOf(node) + 1}, 'tags', 2)`), [])
  }
  await everywhere('links', 'SELECT count(*) FROM PostTag', [['6']])
  // A writing SELECT is kept by the primary. A replica would answer it and
  // lose it, so it refuses in words.
  check('function on the primary', await one(primary,
    "SELECT assoc_update('User', 1, '{\"name\":\"zoe\"}')"), '1')
  for (const node of replicas) {
    const { error } = await run(node,
      "SELECT assoc_update('User', 2, '{\"name\":\"lost\"}')")
    check(`function refused on ${node.name}`, /INSERT INTO/.test(error ?? ''),
      true)
  }
  await everywhere('names', 'SELECT name FROM User ORDER BY id',
    [['zoe'], ['u1'], ['u2']])
  // A definition that one node makes is used by the others.
  check('define through a replica', await run(replicas[0],
    "INSERT INTO assoc_call(name, a1, a2, a3, a4) VALUES('assoc_define'," +
    " 'Post', 'belongsTo', 'User', '{\"as\":\"author\"}')"), [])
  await everywhere('the new definition', "SELECT eager('Post(id=1){author{name}}')",
    [['[{"author":{"name":"zoe"}}]']])
}

// Graphs through all nodes in turn while nodes are killed: no acknowledged
// graph is lost, doubled or half.
async function kills() {
  const acknowledged = new Set()
  let refused = 0
  for (let i = 0; i < GRAPHS; i++) {
    const node = nodes[i % 3]
    const graph = { name: `g${i}`, posts: [{ title: 'a' }, { title: 'b' }] }
    if (i === 60 || i === 180) await kill(replicas[i === 60 ? 0 : 1])
    if (i === 120) await kill(primary)
    if (i === 90) await start(replicas[0])
    if (i === 130) await start(primary)
    if (i === 210) await start(replicas[1])
    try {
      const answer = await run(node,
        `INSERT INTO related(model, json) VALUES('User', '${JSON.stringify(graph)}')`)
      if (answer.error) refused++
      else acknowledged.add(graph.name)
    } catch { refused++ }
  }
  const all = 'SELECT * FROM User JOIN Post ON userId = User.id ORDER BY Post.id'
  await settled(all)
  const rows = await run(primary,
    "SELECT name, (SELECT count(*) FROM Post WHERE userId = User.id) FROM User" +
    " WHERE name GLOB 'g*'")
  const found = new Map(rows.map(([name, n]) => [name, n]))
  check('lost', [...acknowledged].filter(name => !found.has(name)), [])
  check('half', rows.filter(([, n]) => n !== '2'), [])
  const due = JSON.stringify(await run(primary, all))
  for (const node of replicas) {
    check(`rows of ${node.name}`, JSON.stringify(await run(node, all)) === due, true)
  }
  await everywhere('integrity', 'PRAGMA integrity_check', [['ok']])
  check('foreign keys', await run(primary, 'PRAGMA foreign_key_check'), [])
  check('errors', await run(primary,
    "SELECT * FROM assoc_check WHERE severity = 'error'"), [])
  console.log(`  sqld: ${GRAPHS} graphs, ${acknowledged.size} acknowledged,` +
    ` ${refused} refused, 3 kills`)
}

try {
  prepare()
  await start(primary)
  await Promise.all(replicas.map(start))
  await schema()
  await writers()
  await kills()
} catch (error) {
  failed++
  console.log(`! sqld: ${error.stack}`)
} finally {
  for (const node of nodes) node.child?.kill('SIGKILL')
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
