// What every engine's test does: count checks, make the schema, write through
// each node in both forms, and write graphs while nodes fail.
//
// A node is an object with a `name` and `run(...sql)`, which executes
// statements one after another on one connection of that node: the rows of the
// last one as arrays of texts (NULL is null), or {error: text}.
import { until } from './server.mjs'

const short = text =>
  text?.length > 400 ? `${text.slice(0, 300)} … ${text.slice(-90)}` : text

// The checks of one engine.
export class Checks {
  passed = 0
  failed = 0

  constructor(engine) {
    this.engine = engine
  }

  equal(name, got, due) {
    const a = JSON.stringify(got)
    const b = JSON.stringify(due)
    if (a === b) {
      this.passed++
    } else {
      this.failed++
      console.log(`! ${this.engine}-${name}\n    expected: ${short(b)}\n    got: ` +
        `     ${short(a)}`)
    }
  }

  // Print what happened besides the checks.
  say(text) {
    console.log(`  ${this.engine}: ${text}`)
  }

  // An exception that ends the test is a failure, too.
  crash(error) {
    this.failed++
    console.log(`! ${this.engine}: ${error.stack}`)
  }

  // The last line of a test, and its exit status.
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    process.exit(this.failed ? 1 : 0)
  }
}

// The first value of the last statement's first row, or {error}.
export async function one(node, ...sql) {
  const rows = await node.run(...sql)
  return rows.error ? rows : rows[0]?.[0]
}

// Text as an SQL literal.
export const quote = text => `'${text.replaceAll("'", "''")}'`

// The DML form of a function: INSERT INTO assoc_call.
export const call = (name, ...args) =>
  `INSERT INTO assoc_call(name, ${args.map((_, i) => `a${i + 1}`).join(', ')})` +
  ` VALUES(${[name, ...args].map(a => typeof a === 'string' ? quote(a) : a).join(', ')})`

// The DML form of a graph with a new root.
export const graph = (model, object) => 'INSERT INTO related(model, json)' +
  ` VALUES(${quote(model)}, ${quote(JSON.stringify(object))})`

// Wait, ten seconds at most, until `sql` gives the same rows on all nodes. What
// is asked next tells where it never does.
export const settled = (nodes, sql) => until(10, async () => {
  const all = await Promise.all(nodes.map(async node =>
    JSON.stringify(await node.run(sql))))
  return all.every(rows => rows === all[0])
}).catch(() => {})

// Each node gives these rows, once it has caught up.
export async function everywhere(checks, nodes, name, sql, due) {
  await settled(nodes, sql)
  for (const node of nodes) {
    checks.equal(`${name} on ${node.name}`, await node.run(sql), due)
  }
}

export const TABLES = [
  'CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT UNIQUE)',
  'CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT, userId INTEGER' +
    ' REFERENCES User)',
  'CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT)',
  'CREATE TABLE PostTag(postId INTEGER REFERENCES Post, tagId INTEGER' +
    ' REFERENCES Tag, PRIMARY KEY(postId, tagId))',
  "INSERT INTO Tag VALUES(1, 'x'), (2, 'y')"
]

export const DEFINITIONS = [
  call('assoc_define', 'User', 'hasMany', 'Post', '{"as":"posts"}'),
  call('assoc_define', 'Post', 'belongsToMany', 'Tag',
    '{"as":"tags","through":"PostTag"}')
]

export const SHAPE =
  "SELECT eager('User{name posts(order by title){title tags{name}}}')"

// Reads that must be equal on every node. SHAPE's answer is written down by
// the caller; these are compared with each other.
const READS = [
  SHAPE,
  "SELECT group_concat(title, ',') FROM (SELECT title FROM related('User'," +
    " 1, 'posts') ORDER BY id)",
  "SELECT assoc_count('User', 1, 'posts')",
  "SELECT assoc_find('User', 1, '{name posts.count() as n}')",
  "SELECT eager('User(some posts(some tags(name = \"x\"))){id}')",
  'SELECT assoc_sql(\'User{posts{title}}\')',
  'SELECT model, name FROM assoc_list ORDER BY 1, 2',
  'SELECT count(*) FROM assoc_check WHERE severity = \'error\''
]

// Writers of both forms through each node. `functions(node)` says what becomes
// of a function that writes: 'kept'; 'refused' with a text that names the DML
// form; or 'refused without words' where the engine hides the text of errors.
export async function writers(checks, nodes, functions) {
  for (const [i, node] of nodes.entries()) {
    checks.equal(`graph through ${node.name}`, await node.run(graph('User',
      { name: `u${i}`, posts: [{ title: `p${i}`, tags: [{ id: 1 }] }] })), [])
  }
  const document = nodes.map((_, i) => ({
    name: `u${i}`, posts: [{ title: `p${i}`, tags: [{ name: 'x' }] }]
  }))
  await everywhere(checks, nodes, 'graphs', SHAPE, [[JSON.stringify(document)]])
  for (const [i, node] of nodes.entries()) {
    checks.equal(`link through ${node.name}`, await node.run(
      'INSERT INTO related(model, key, association, id)' +
      ` VALUES('Post', ${i + 1}, 'tags', 2)`), [])
  }
  await everywhere(checks, nodes, 'links', 'SELECT count(*) FROM PostTag',
    [[`${2 * nodes.length}`]])
  // Each writer as a call, through each node in turn, told by plain SQL.
  const CALLS = [
    [call('assoc_create', 'User', 1, 'posts', '{"title":"made"}'),
      "SELECT userId FROM Post WHERE title = 'made'", [['1']]],
    [call('assoc_update', 'User', 1, '{"name":"zoe"}'),
      'SELECT name FROM User WHERE id = 1', [['zoe']]],
    [call('assoc_set', 'Post', 1, 'tags', '[2]'),
      'SELECT tagId FROM PostTag WHERE postId = 1', [['2']]],
    [call('assoc_add', 'Post', 1, 'tags', 1),
      'SELECT tagId FROM PostTag WHERE postId = 1 ORDER BY 1', [['1'], ['2']]],
    [call('assoc_remove', 'Post', 1, 'tags', '[1,2]'),
      'SELECT tagId FROM PostTag WHERE postId = 1', []],
    [call('assoc_insert', 'User', '{"name":"extra"}'),
      "SELECT count(*) FROM User WHERE name = 'extra'", [['1']]],
    [call('assoc_destroy', 'User', nodes.length + 1),
      "SELECT count(*) FROM User WHERE name = 'extra'", [['0']]]
  ]
  for (const [i, [write, read, due]] of CALLS.entries()) {
    const node = nodes[i % nodes.length]
    checks.equal(`call ${i} through ${node.name}`, await node.run(write), [])
    await everywhere(checks, nodes, `call ${i}`, read, due)
  }
  for (const [i, node] of nodes.entries()) {
    const due = functions(node)
    const name = due === 'kept' ? `kept${i}` : (i ? `u${i}` : 'zoe')
    const answer = await one(node, `SELECT assoc_update('User', ${i + 1}, ` +
      `'{"name":"kept${i}"}')`)
    checks.equal(`function ${due} on ${node.name}`, {
      kept: answer === '1',
      refused: /INSERT INTO/.test(answer?.error ?? ''),
      'refused without words': Boolean(answer?.error)
    }[due], true)
    await everywhere(checks, nodes, `after a function ${due} on ${node.name}`,
      `SELECT name FROM User WHERE id = ${i + 1}`, [[name]])
  }
  // A definition that one node makes is used by the open connections of all.
  const last = nodes.at(-1)
  checks.equal(`define through ${last.name}`, await last.run(call('assoc_define',
    'Post', 'belongsTo', 'User', '{"as":"author"}')), [])
  await everywhere(checks, nodes, 'the new definition',
    "SELECT eager('Post(id=1){author{id}}')", [['[{"author":{"id":1}}]']])
  for (const sql of READS) {
    await everywhere(checks, nodes, sql, sql, await nodes[0].run(sql))
  }
}

// Write `count` graphs through all nodes in turn; `events` is a map from the
// number of a graph to what happens before it. Each graph is acknowledged or
// not; `run` throws, or gives an error, where it is not. No acknowledged graph
// may be lost, none doubled (its name is UNIQUE), none half.
export async function load(checks, nodes, count, events) {
  const acknowledged = new Set()
  let refused = 0
  for (let i = 0; i < count; i++) {
    await events[i]?.()
    const node = nodes[i % nodes.length]
    const name = `g${i}`
    try {
      const answer = await node.run(graph('User',
        { name, posts: [{ title: 'a' }, { title: 'b' }] }))
      if (answer.error) refused++
      else acknowledged.add(name)
    } catch { refused++ }
  }
  const all = 'SELECT * FROM User JOIN Post ON userId = User.id ORDER BY Post.id'
  await settled(nodes, all)
  const rows = await nodes[0].run(
    'SELECT name, (SELECT count(*) FROM Post WHERE userId = User.id) FROM User' +
    " WHERE name GLOB 'g*'")
  const found = new Map(rows)
  const lost = [...acknowledged].filter(name => !found.has(name))
  const half = rows.filter(([, n]) => n !== '2')
  const doubled = rows.length - found.size
  checks.equal('lost', lost, [])
  checks.equal('half', half, [])
  checks.equal('doubled', doubled, 0)
  const due = JSON.stringify(await nodes[0].run(all))
  const differing = []
  for (const node of nodes.slice(1)) {
    if (JSON.stringify(await node.run(all)) !== due) differing.push(node.name)
  }
  checks.equal('nodes that differ', differing, [])
  await everywhere(checks, nodes, 'integrity', 'PRAGMA integrity_check', [['ok']])
  checks.equal('foreign keys', await nodes[0].run('PRAGMA foreign_key_check'), [])
  checks.equal('errors', await nodes[0].run(
    "SELECT * FROM assoc_check WHERE severity = 'error'"), [])
  checks.say(`${count} graphs, ${acknowledged.size} acknowledged, ${refused}` +
    ` refused; ${lost.length} lost, ${doubled} doubled, ${half.length} half;` +
    ` ${differing.length} nodes differ`)
}
