// dqlite, SQLite replicated by Raft: three nodes of Debian's dqlite-demo, each
// with assoc in every connection by a preloaded library (shim.c).
//
//   node test/cluster/dqlite.mjs DQLITE-DEMO SHIM_SO DIRECTORY
//
// All statements run on the leader, which a client finds by asking any node.
// The test speaks dqlite's wire protocol (version 1), since it must send single
// statements outside a transaction: words of 8 bytes, little endian, the header
// {words: u32, type: u8, revision: u8, extra: u16}.
import { connect } from 'node:net'
import { Net } from './net.mjs'
import { Server, until } from './server.mjs'
import { call, Checks, DEFINITIONS, everywhere, graph, load, one, TABLES, writers } from './story.mjs'

const [program, shim, directory] = process.argv.slice(2)
const FIRST_PORT = 18580
const checks = new Checks('dqlite')
const net = new Net(3, 78)

// --------------------------------------------------------- the wire protocol

const REQUEST = { leader: 0, client: 1, open: 3, exec: 8, query: 9 }
const RESPONSE = { failure: 0, rows: 7 }
const ROWS_END = 0xff
const ROWS_MORE = 0xee

const word = n => {
  const b = Buffer.alloc(8)
  b.writeBigUInt64LE(BigInt(n))
  return b
}
const text = s => {
  const b = Buffer.from(s + '\0')
  return Buffer.concat([b, Buffer.alloc((8 - b.length % 8) % 8)])
}

// Reads the values of a message's body in turn.
class Body {
  at = 0

  constructor(bytes) { this.bytes = bytes }

  word() {
    this.at += 8
    return this.bytes.readBigUInt64LE(this.at - 8)
  }

  text() {
    const end = this.bytes.indexOf(0, this.at)
    const s = this.bytes.toString('utf8', this.at, end)
    this.at += Math.ceil((end + 1 - this.at) / 8) * 8
    return s
  }

  // A value of SQLite's datatype code, as text. NULL is null.
  value(code) {
    if (code === 3 || code === 10) return this.text()
    this.at += 8
    if (code === 1) return String(this.bytes.readBigInt64LE(this.at - 8))
    if (code === 2) return String(this.bytes.readDoubleLE(this.at - 8))
    if (code === 5) return null
    throw new Error(`datatype ${code}`)
  }

  // The rows of a message, appended to `rows`. True if more messages follow.
  rows(rows) {
    const columns = Number(this.word())
    for (let i = 0; i < columns; i++) this.text()
    for (;;) {
      const mark = this.bytes[this.at]
      if (mark === ROWS_END || mark === ROWS_MORE) return mark === ROWS_MORE
      const codes = Array.from({ length: columns }, (_, i) =>
        (this.bytes[this.at + (i >> 1)] >> (4 * (i & 1))) & 15)
      this.at += Math.ceil(columns / 16) * 8
      rows.push(codes.map(code => this.value(code)))
    }
  }
}

class Connection {
  buffer = Buffer.alloc(0)
  waiting = null
  failure = null

  static async open(host, port) {
    const connection = new Connection()
    const socket = connect({ host, port })
    connection.socket = socket
    socket.on('data', bytes => {
      connection.buffer = Buffer.concat([connection.buffer, bytes])
      connection.#take()
    })
    socket.on('error', error => connection.#fail(error))
    socket.on('close', () => connection.#fail(new Error('closed')))
    socket.setTimeout(5000, () => socket.destroy())
    socket.write(word(1)) // The version of the protocol
    return connection
  }

  #fail(error) {
    this.failure = error
    this.waiting?.reject(error)
    this.waiting = null
  }

  #take() {
    if (!this.waiting || this.buffer.length < 8) return
    const size = 8 + 8 * this.buffer.readUInt32LE(0)
    if (this.buffer.length < size) return
    const message = { type: this.buffer[4], body: new Body(this.buffer.subarray(8, size)) }
    this.buffer = this.buffer.subarray(size)
    const { resolve } = this.waiting
    this.waiting = null
    resolve(message)
  }

  message() {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure)
      this.waiting = { resolve, reject }
      this.#take()
    })
  }

  ask(type, ...parts) {
    const body = Buffer.concat(parts)
    const header = Buffer.alloc(8)
    header.writeUInt32LE(body.length / 8, 0)
    header[4] = type
    this.socket.write(Buffer.concat([header, body]))
    return this.message()
  }

  // One statement: its rows, or {error}.
  async execute(sql) {
    const type = /^(SELECT|PRAGMA)/.test(sql) ? REQUEST.query : REQUEST.exec
    let { type: answer, body } = await this.ask(type, word(0), text(sql))
    if (answer === RESPONSE.failure) {
      body.word()
      return { error: body.text() }
    }
    const rows = []
    while (answer === RESPONSE.rows && body.rows(rows)) ({ body } = await this.message())
    return rows
  }

  close() { this.socket.destroy() }
}

// ------------------------------------------------------------------ the nodes

class Node extends Server {
  constructor(i) {
    super()
    Object.assign(this, { i, name: `node ${i + 1}` })
  }

  get address() { return `${net.address(this.i)}:${FIRST_PORT + this.i}` }

  start() {
    return this.launch(net.inside(this.i, program,
      '--api', `${net.address(this.i)}:${FIRST_PORT + 100 + this.i}`,
      '--db', this.address, '--dir', `${directory}/node${this.i}`,
      ...(this.i ? ['--join', nodes[0].address] : [])),
    async () => (await this.leader()) !== undefined,
    { ...process.env, LD_PRELOAD: shim, GO_DQLITE_MULTITHREAD: '1' })
  }

  // The address of the leader as this node knows it, or '' while there is none.
  async leader() {
    const connection = await Connection.open(...this.address.split(':'))
    try {
      const { body } = await connection.ask(REQUEST.leader, word(0))
      body.word()
      return body.text()
    } finally {
      connection.close()
    }
  }

  async run(...statements) {
    const leader = await this.leader()
    if (!leader) throw new Error('no leader')
    const connection = await Connection.open(...leader.split(':'))
    try {
      await connection.ask(REQUEST.client, word(1))
      const opened = await connection.ask(REQUEST.open, text('demo'), word(0),
        text('volatile'))
      if (opened.type === RESPONSE.failure) {
        opened.body.word()
        return { error: opened.body.text() }
      }
      let rows = []
      for (const sql of statements) {
        rows = await connection.execute(sql)
        if (rows.error) return rows
      }
      return rows
    } finally {
      connection.close()
    }
  }
}

const nodes = [0, 1, 2].map(i => new Node(i))

// A node takes part once two others are there: wait until all know the leader.
const joined = () => until(30, async () =>
  (await Promise.all(nodes.map(node => node.leader()))).every(Boolean))

// The node that leads now, by the first node that answers. Waits while there is
// none.
const leading = () => until(15, async () => {
  for (const node of nodes) {
    const address = await node.leader().catch(() => '')
    const found = nodes.find(other => other.address === address)
    if (found?.child) return found
  }
})

let killed
const killLeader = async () => { killed = await leading(); await killed.kill(); await leading() }
const restart = () => killed.start()

// The leader is cut off from the others: they elect another one, and what was
// acknowledged stays. Joined again, it follows.
async function partition() {
  if (!net.separate) {
    checks.say('partition: skipped: it takes Linux, iproute2 and root')
    return
  }
  const cut = await leading()
  const whole = nodes.filter(node => node !== cut)
  checks.equal('cut', net.cut(cut.i), true)
  checks.equal('the others go on', await until(20, async () => {
    const rows = await whole[0].run(graph('User', { name: 'cut' }))
    return !rows.error && rows
  }), [])
  let answer
  try {
    answer = await cut.run(graph('User', { name: 'split' }))
  } catch { answer = { error: 'no answer' } }
  checks.equal('the cut node takes no write', Boolean(answer.error), true)
  checks.equal('healed', net.heal(cut.i), true)
  await everywhere(checks, nodes, 'joined again',
    "SELECT count(*) FROM User WHERE name = 'cut'", [['1']])
}

try {
  for (const node of nodes) await node.start()
  await joined()
  await nodes[0].run(...TABLES)
  checks.equal('define', await nodes[0].run(...DEFINITIONS,
    'SELECT count(*) FROM assoc_definitions'), [['2']])
  await writers(checks, nodes, () => 'refused without words')
  checks.equal('a function inside a transaction', await nodes[1].run('BEGIN',
    'SELECT assoc_update(\'User\', 1, \'{"name":"inside"}\')', 'COMMIT'), [])
  await everywhere(checks, nodes, 'kept', 'SELECT name FROM User WHERE id = 1', [['inside']])
  checks.equal('its result', await one(nodes[2],
    call('assoc_update', 'User', 1, '{"name":"call"}'), 'SELECT assoc_result()'), '1')
  await load(checks, nodes, 300, {
    60: killLeader,
    90: restart,
    120: killLeader,
    150: restart,
    180: killLeader,
    210: restart
  })
  checks.say('3 kills of the leader')
  await partition()
} catch (error) {
  checks.crash(error)
} finally {
  for (const node of nodes) await node.kill()
  net.remove()
}
checks.end()
