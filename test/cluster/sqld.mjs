// sqld, libSQL's server: a primary and two replicas, with assoc on each node.
//
//   node test/cluster/sqld.mjs SQLD ASSOC_SO DIRECTORY [OTHER_SO]
//
// SQLD is the server's program, ASSOC_SO the extension, OTHER_SO another
// version of it, DIRECTORY an empty folder for the nodes' files. The test asks
// over HTTP (the Hrana protocol's /v2/pipeline). A replica forwards a statement
// to the primary if its text writes: so an INSERT through a replica is kept,
// and a SELECT that writes must be refused there in words.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Net } from './net.mjs'
import { Server, until } from './server.mjs'
import {
  call, Checks, DEFINITIONS, everywhere, graph, load, one, settled, SHAPE, TABLES, writers
} from './story.mjs'

const [sqld, library, directory, other] = process.argv.slice(2)
const FIRST_PORT = 18180
const checks = new Checks('sqld')
const net = new Net(3, 77)

// A folder with the extension and its hash: a server loads nothing else.
function folder(name, so) {
  mkdirSync(`${directory}/${name}`, { recursive: true })
  if (so === null) return null
  copyFileSync(so, `${directory}/${name}/assoc.so`)
  const hash = createHash('sha256').update(readFileSync(so)).digest('hex')
  writeFileSync(`${directory}/${name}/trusted.lst`, `${hash}  assoc.so\n`)
  return `${directory}/${name}`
}

class Node extends Server {
  namespace = 'default'

  // Node `i` of the network, with a database folder of its own. `primary` is
  // the node that it follows, or null.
  constructor(name, i, extension, primary) {
    super()
    Object.assign(this, { name, i, extension, primary })
    this.port = FIRST_PORT + i
    this.folder = `${directory}/${name.replaceAll(' ', '-')}`
  }

  get host() { return net.address(this.i) }
  get grpc() { return `${this.host}:${this.port + 100}` }
  get url() { return `http://${this.host}:${this.port}` }

  start(...more) {
    const role = this.primary
      ? ['--primary-grpc-url', `http://${this.primary.grpc}`]
      : ['--grpc-listen-addr', this.grpc]
    return this.launch(net.inside(this.i, sqld, '-d', this.folder,
      ...(this.extension ? ['-e', this.extension] : []),
      '--http-listen-addr', `${this.host}:${this.port}`, '--no-welcome', ...role, ...more),
    async () => (await fetch(`${this.url}/health`)).ok)
  }

  async run(...statements) {
    const requests = statements.map(sql => ({ type: 'execute', stmt: { sql } }))
    requests.push({ type: 'close' })
    const response = await fetch(`${this.url}/v2/pipeline`, {
      method: 'POST',
      headers: { 'x-namespace-bin': btoa(this.namespace).replaceAll('=', '') },
      body: JSON.stringify({ requests }),
      signal: AbortSignal.timeout(3000)
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
}

const ours = folder('ext', library)
const primary = new Node('primary', 0, ours, null)
const replicas = [new Node('replica 1', 1, ours, primary),
  new Node('replica 2', 2, ours, primary)]
const nodes = [primary, ...replicas]
const all = [...nodes]

// A replica that is cut off serves what it has; it takes no write, and catches
// up when it is joined again. The others go on.
async function partition() {
  if (!net.separate) {
    checks.say('partition: skipped: it takes Linux, iproute2 and root')
    return
  }
  const [cut, whole] = replicas
  const before = await cut.run(SHAPE)
  checks.equal('cut', net.cut(cut.i), true)
  checks.equal('primary goes on', await primary.run(graph('User', { name: 'cut' })), [])
  await everywhere(checks, [primary, whole], 'while one is cut off',
    "SELECT count(*) FROM User WHERE name = 'cut'", [['1']])
  checks.equal('the cut node reads', await cut.run(SHAPE), before)
  let answer
  try {
    answer = await cut.run(graph('User', { name: 'split' }))
  } catch { answer = { error: 'no answer' } }
  checks.equal('the cut node takes no write', Boolean(answer.error), true)
  checks.equal('healed', net.heal(cut.i), true)
  await everywhere(checks, nodes, 'joined again',
    "SELECT count(*) FROM User WHERE name = 'cut'", [['1']])
  // The write was never acknowledged. It may have arrived, but only once.
  const split = await one(primary, "SELECT count(*) FROM User WHERE name = 'split'")
  await everywhere(checks, nodes, 'the unacknowledged write',
    "SELECT count(*) FROM User WHERE name = 'split'", [[split]])
  checks.equal('at most once', Number(split) <= 1, true)
}

// A replica without the library, and one with another version of it.
async function strangers() {
  await replicas[0].kill()
  await replicas[1].kill()
  const bare = new Node('replica without', 1, null, primary)
  all.push(bare)
  await bare.start()
  await everywhere(checks, [primary, bare], 'plain SQL without the library',
    'SELECT count(*) FROM Post', await primary.run('SELECT count(*) FROM Post'))
  // While it catches up, it sends reads on to the primary, too.
  const read = "SELECT eager('User{id}')"
  const given = await bare.run(read)
  checks.equal('a function without the library',
    given.error ? /no such function/.test(given.error)
      : JSON.stringify(given) === JSON.stringify(await primary.run(read)), true)
  const users = 'SELECT count(*) FROM User'
  const before = Number(await one(primary, users))
  const answer = await bare.run(graph('User', { name: 'bare' }))
  const after = Number(await one(primary, users))
  checks.equal('kept or refused without the library', after - before,
    answer.error ? 0 : 1)
  await bare.kill()
  if (other) {
    const old = new Node('replica of another version', 2, folder('other', other), primary)
    all.push(old)
    await old.start()
    await caughtUp(old)
    checks.equal('two versions', (await one(old, 'SELECT assoc_version()')) !==
      (await one(primary, 'SELECT assoc_version()')), true)
    await everywhere(checks, [primary, old], 'a read of another version', SHAPE,
      await primary.run(SHAPE))
    checks.equal('a write through another version',
      await old.run(graph('User', { name: 'old', posts: [{ title: 'o' }] })), [])
    await everywhere(checks, [primary, old], 'its rows',
      "SELECT eager('User(name=\"old\"){posts{title}}')", [['[{"posts":[{"title":"o"}]}]']])
    await old.kill()
  }
}

// Wait until a replica answers by itself: until it has caught up it sends all
// on to the primary, so that functions that write are not refused.
const caughtUp = node => until(10, async () =>
  (await one(node, "SELECT assoc_update('User', 1, '{}')"))?.error)

// A replica is promoted: it is started as a primary on the files it has. The
// functions that write are right there from then on, as on any primary.
async function failover() {
  await replicas[0].start()
  const count = 'SELECT count(*) FROM User'
  await caughtUp(replicas[0])
  await settled([primary, replicas[0]], count)
  const due = await primary.run(count)
  await replicas[0].kill()
  await primary.kill()
  const promoted = new Node('replica 1', 1, ours, null)
  all.push(promoted)
  await promoted.start()
  checks.equal('rows of the promoted node', await promoted.run(count), due)
  checks.equal('function on the promoted node', await one(promoted,
    'SELECT assoc_update(\'User\', 1, \'{"name":"new"}\')'), '1')
  checks.equal('kept there', await promoted.run('SELECT name FROM User WHERE id = 1'),
    [['new']])
  await promoted.kill()
  // The old primary, demoted: it follows a new primary, and refuses.
  const next = new Node('next primary', 2, ours, null)
  const demoted = new Node('primary', 0, ours, next)
  all.push(next, demoted)
  await next.start()
  await next.run(...TABLES, ...DEFINITIONS, "INSERT INTO User VALUES(1, 'a')")
  await demoted.start()
  await settled([next, demoted], count)
  // Until it has caught up it sends all on to the primary, so that the function
  // is kept there; afterwards it refuses.
  const answer = await one(demoted,
    'SELECT assoc_update(\'User\', 1, \'{"name":"asked"}\')')
  const refused = /INSERT INTO/.test(answer?.error ?? '')
  await everywhere(checks, [next, demoted], 'a function on the demoted node',
    'SELECT name FROM User WHERE id = 1', [[refused ? 'a' : 'asked']])
  checks.equal('refused or kept', refused || answer === '1', true)
  checks.equal('DML on the demoted node', await demoted.run(
    call('assoc_update', 'User', 1, '{"name":"kept"}')), [])
  await everywhere(checks, [next, demoted], 'after the demotion',
    'SELECT name FROM User WHERE id = 1', [['kept']])
  await next.kill()
  await demoted.kill()
}

// A database per tenant.
async function namespaces() {
  const server = new Node('tenants', 0, ours, null)
  all.push(server)
  await server.start('--enable-namespaces', '--admin-listen-addr',
    `${server.host}:${server.port + 200}`)
  const tenants = ['a', 'b', 'c'].map(namespace =>
    Object.assign(Object.create(server), { name: `tenant ${namespace}`, namespace }))
  for (const tenant of tenants) {
    const made = await fetch(`http://${server.host}:${server.port + 200}` +
      `/v1/namespaces/${tenant.namespace}/create`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}'
    })
    checks.equal(`${tenant.name} is made`, made.ok, true)
  }
  for (const tenant of tenants) {
    checks.equal(`${tenant.name} is written`, await tenant.run(...TABLES, ...DEFINITIONS,
      graph('User', { name: tenant.name, posts: [{ title: 'p' }] })), [])
  }
  for (const tenant of tenants) {
    checks.equal(`${tenant.name} has its own rows`,
      await tenant.run("SELECT eager('User{name posts{title}}')"),
      [[JSON.stringify([{ name: tenant.name, posts: [{ title: 'p' }] }])]])
  }
  await server.kill()
}

try {
  await primary.start()
  await Promise.all(replicas.map(node => node.start()))
  await primary.run(...TABLES)
  checks.equal('define', await primary.run(...DEFINITIONS,
    'SELECT count(*) FROM assoc_definitions'), [['2']])
  await writers(checks, nodes, node => node === primary ? 'kept' : 'refused')
  await load(checks, nodes, 300, {
    60: () => replicas[0].kill(),
    90: () => replicas[0].start(),
    120: () => primary.kill(),
    130: () => primary.start(),
    180: () => replicas[1].kill(),
    210: () => replicas[1].start()
  })
  checks.say('3 kills')
  await partition()
  await strangers()
  await failover()
  await namespaces()
} catch (error) {
  checks.crash(error)
} finally {
  for (const node of all) await node.kill()
  net.remove()
}
checks.end()
