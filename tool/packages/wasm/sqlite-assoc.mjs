// SQLite with assoc inside, as WebAssembly, for browsers, workers and Node.
//
//   import { open } from 'sqlite-assoc-wasm'
//   const db = await open()                    // in memory
//   db.exec('CREATE TABLE ...')
//   db.all('SELECT * FROM User WHERE id = ?', 1)
//   db.value('SELECT eager(?)', 'User{name posts{title}}')
//   db.close()
//
// In a worker, open('app.db', { storage: 'opfs' }) keeps the file in the
// browser's Origin Private File System.
import factory from './sqlite3-assoc.mjs'
import { mountOpfs } from './opfs.mjs'

const OK = 0, ROW = 100, DONE = 101
const OPEN_READWRITE = 2, OPEN_CREATE = 4
const INTEGER = 1, FLOAT = 2, TEXT = 3, BLOB = 4
const TRANSIENT = -1

/** An error of SQLite: its text, and its extended result code. */
export class SqliteError extends Error {
  constructor (message, code) {
    super(message)
    this.name = 'SqliteError'
    this.code = code
  }
}

async function wasmBinary () {
  const url = new URL('./sqlite3-assoc.wasm', import.meta.url)
  if (url.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises')
    return readFile(url)
  }
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`)
  return answer.arrayBuffer()
}

let loading

/** The module, loaded once. */
function load () {
  loading ??= wasmBinary().then(binary => factory({ wasmBinary: binary }))
  return loading
}

/** SQLite's version. */
export async function version () {
  const m = await load()
  return m.UTF8ToString(m._sqlite3_libversion())
}

/**
 * Open a database: in memory where no name is given, and else a file of the
 * browser's OPFS (options.storage: 'opfs', in a worker). options.bytes is the
 * content of a database file, which is opened in memory.
 */
export async function open (name = ':memory:', options = {}) {
  const m = await load()
  if (options.storage !== undefined && options.storage !== 'opfs') {
    throw new TypeError(`storage is 'opfs', not ${options.storage}`)
  }
  const mounted = options.storage ? await mountOpfs(m.FS, name) : undefined
  try {
    return new Database(m, mounted ? mounted.path : name, options, mounted)
  } catch (error) {
    mounted?.close()
    throw error
  }
}

export class Database {
  #m
  #db = 0
  #mounted

  constructor (m, name, options, mounted) {
    this.#m = m
    this.#mounted = mounted
    const out = m._malloc(8)
    const text = this.#allocText(name).pointer
    const rc = m._sqlite3_open_v2(text, out, OPEN_READWRITE | OPEN_CREATE, 0)
    this.#db = m.HEAP32[out >> 2]
    m._free(out)
    m._free(text)
    try {
      this.#check(rc)
      if (options.bytes) this.#deserialize(options.bytes)
    } catch (error) {
      m._sqlite3_close_v2(this.#db)
      throw error
    }
  }

  /** Run statements whose rows nobody wants. */
  exec (sql) {
    this.#each(sql, statement => {
      let rc
      while ((rc = this.#m._sqlite3_step(statement)) === ROW);
      if (rc !== DONE) this.#check(rc)
    })
    return this
  }

  /** The rows of one statement, as arrays. */
  rows (sql, ...values) {
    return this.#query(sql, values, row => row)
  }

  /** The rows of one statement, as objects. */
  all (sql, ...values) {
    return this.#query(sql, values, (row, names) =>
      Object.fromEntries(row.map((value, i) => [names[i], value])))
  }

  /** The first row, as an object, or undefined. */
  get (sql, ...values) {
    return this.all(sql, ...values)[0]
  }

  /** The first column of the first row, or undefined. */
  value (sql, ...values) {
    return this.rows(sql, ...values)[0]?.[0]
  }

  /** Is a transaction open? */
  get inTransaction () {
    return this.#m._sqlite3_get_autocommit(this.#open()) === 0
  }

  /** The database's file, as bytes. */
  export () {
    const m = this.#m
    const size = m._malloc(8)
    const main = this.#allocText('main').pointer
    const at = m._sqlite3_serialize(this.#open(), main, size, 0)
    const length = Number(new DataView(m.HEAPU8.buffer).getBigInt64(size, true))
    const bytes = m.HEAPU8.slice(at, at + length)
    m._sqlite3_free(at)
    m._free(main)
    m._free(size)
    return bytes
  }

  close () {
    if (this.#db) this.#m._sqlite3_close_v2(this.#db)
    this.#db = 0
    this.#mounted?.close()
    this.#mounted = undefined
  }

  #open () {
    if (!this.#db) throw new SqliteError('the database is closed', 21)
    return this.#db
  }

  #check (rc) {
    if (rc === OK) return
    const m = this.#m
    throw new SqliteError(
      m.UTF8ToString(m._sqlite3_errmsg(this.#db)),
      m._sqlite3_extended_errcode(this.#db))
  }

  /** A copy of a text, which the caller frees. */
  #allocText (text) {
    const m = this.#m
    const length = m.lengthBytesUTF8(text)
    const pointer = m._malloc(length + 1)
    if (pointer === 0) throw new RangeError('out of memory')
    m.stringToUTF8(text, pointer, length + 1)
    return { pointer, length }
  }

  #allocBytes (bytes) {
    const pointer = this.#m._malloc(bytes.length || 1)
    if (pointer === 0) throw new RangeError('out of memory')
    this.#m.HEAPU8.set(bytes, pointer)
    return pointer
  }

  /** Prepare each statement of a text, call f with it, and finalize it. */
  #each (sql, f) {
    const m = this.#m
    this.#open()
    const { pointer, length } = this.#allocText(String(sql))
    const out = m._malloc(8)
    try {
      let at = pointer
      while (at < pointer + length) {
        this.#check(m._sqlite3_prepare_v3(
          this.#db, at, pointer + length - at, 0, out, out + 4))
        const statement = m.HEAP32[out >> 2]
        at = m.HEAP32[(out + 4) >> 2]
        if (statement === 0) continue // a comment
        try {
          f(statement)
        } finally {
          m._sqlite3_finalize(statement)
        }
      }
    } finally {
      m._free(out)
      m._free(pointer)
    }
  }

  #query (sql, values, make) {
    const m = this.#m
    let result
    this.#each(sql, statement => {
      if (result) throw new SqliteError('more than one statement: use exec', 1)
      result = []
      this.#bind(statement, values)
      const names = []
      for (let i = 0; i < m._sqlite3_column_count(statement); i++) {
        names.push(m.UTF8ToString(m._sqlite3_column_name(statement, i)))
      }
      let rc
      while ((rc = m._sqlite3_step(statement)) === ROW) {
        result.push(make(names.map((_, i) => this.#column(statement, i)),
          names))
      }
      if (rc !== DONE) this.#check(rc)
    })
    return result ?? []
  }

  #bind (statement, values) {
    const count = this.#m._sqlite3_bind_parameter_count(statement)
    if (count !== values.length) {
      throw new RangeError(
        `the statement has ${count} parameters, and ${values.length} values`)
    }
    values.forEach((value, i) => this.#bindOne(statement, i + 1, value))
  }

  #bindOne (statement, i, value) {
    const m = this.#m
    if (value === null) {
      this.#check(m._sqlite3_bind_null(statement, i))
    } else if (typeof value === 'boolean') {
      this.#check(m._sqlite3_bind_int64(statement, i, value ? 1n : 0n))
    } else if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
      if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
        throw new RangeError(`${value} has more than 64 bits`)
      }
      this.#check(m._sqlite3_bind_int64(statement, i, BigInt(value)))
    } else if (typeof value === 'number' && !Number.isNaN(value)) {
      this.#check(m._sqlite3_bind_double(statement, i, value))
    } else if (typeof value === 'string') {
      const { pointer, length } = this.#allocText(value)
      const rc = m._sqlite3_bind_text(statement, i, pointer, length, TRANSIENT)
      m._free(pointer)
      this.#check(rc)
    } else if (value instanceof Uint8Array) {
      const pointer = this.#allocBytes(value)
      const rc = m._sqlite3_bind_blob(statement, i, pointer, value.length,
        TRANSIENT)
      m._free(pointer)
      this.#check(rc)
    } else {
      throw new TypeError(`parameter ${i}: ${String(value)} cannot be bound`)
    }
  }

  #column (statement, i) {
    const m = this.#m
    switch (m._sqlite3_column_type(statement, i)) {
      case INTEGER: {
        const value = m._sqlite3_column_int64(statement, i)
        return Number.isSafeInteger(Number(value)) ? Number(value) : value
      }
      case FLOAT:
        return m._sqlite3_column_double(statement, i)
      case TEXT: {
        const at = m._sqlite3_column_text(statement, i)
        const size = m._sqlite3_column_bytes(statement, i)
        return new TextDecoder().decode(m.HEAPU8.subarray(at, at + size))
      }
      case BLOB: {
        const at = m._sqlite3_column_blob(statement, i)
        const size = m._sqlite3_column_bytes(statement, i)
        return m.HEAPU8.slice(at, at + size)
      }
      default:
        return null
    }
  }

  /** Make the database a copy of a file's bytes, which SQLite then owns. */
  #deserialize (bytes) {
    const m = this.#m
    const pointer = m._sqlite3_malloc(bytes.length || 1)
    m.HEAPU8.set(bytes, pointer)
    const main = this.#allocText('main').pointer
    const size = BigInt(bytes.length)
    const rc = m._sqlite3_deserialize(this.#db, main, pointer, size, size,
      1 | 2) // freed on close, may grow
    m._free(main)
    this.#check(rc)
  }
}
