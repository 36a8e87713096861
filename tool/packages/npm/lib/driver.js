'use strict'
// How each driver runs a statement: get() gives the first row, all() all rows,
// as objects, exec() runs statements. Of an asynchronous driver these are
// promises. Numbers that are integers are passed as integers.
const { isAsync } = require('./library.js')

const integers = values => values.map(value =>
  Number.isSafeInteger(value) ? BigInt(value) : value)

/**
 * better-sqlite3, libsql, node:sqlite and bun:sqlite. Statements are kept, and
 * let go when they fail: libsql runs one that failed with its old values.
 */
function statements (db, prepare) {
  const kept = new Map()
  const run = (method, sql, values) => {
    if (kept.size > 100) kept.clear()
    const statement = kept.get(sql) || prepare(sql)
    kept.delete(sql)
    const result = statement[method](...integers(values))
    kept.set(sql, statement)
    return result
  }
  return {
    async: false,
    get: (sql, values) => run('get', sql, values),
    all: (sql, values) => run('all', sql, values),
    exec: sql => { db.exec(sql) },
    inTransaction: () => db.inTransaction === undefined
      ? db.isTransaction : db.inTransaction
  }
}

/** sqlite3: callbacks, and no BigInt. */
function callbacks (db) {
  const call = (method, ...rest) => new Promise((resolve, reject) =>
    db[method](...rest, (error, rows) => error ? reject(error) : resolve(rows)))
  const numbers = values => values.map(value => {
    if (typeof value !== 'bigint') return value
    if (Number.isSafeInteger(Number(value))) return Number(value)
    throw new RangeError(`sqlite3 cannot bind the BigInt ${value}`)
  })
  return {
    async: true,
    get: async (sql, values) => call('get', sql, numbers(values)),
    all: async (sql, values) => call('all', sql, numbers(values)),
    exec: sql => call('exec', sql),
    inTransaction: () => undefined
  }
}

/** Any other connection that has all(sql, ...values), as sqlite-assoc-wasm's. */
function plain (db) {
  return {
    async: false,
    get: (sql, values) => db.all(sql, ...values)[0],
    all: (sql, values) => db.all(sql, ...values),
    exec: sql => { db.exec(sql) },
    inTransaction: () => db.inTransaction
  }
}

function driverOf (db) {
  if (isAsync(db)) return callbacks(db)
  if (db && typeof db.prepare === 'function' && typeof db.exec === 'function') {
    return statements(db, sql => {
      const statement = db.prepare(sql)
      if (statement.setReadBigInts) statement.setReadBigInts(true)
      else if (statement.safeIntegers) statement.safeIntegers(true)
      return statement
    })
  }
  if (db && typeof db.all === 'function' && typeof db.exec === 'function') {
    return plain(db)
  }
  throw new TypeError('sqlite-assoc: assoc() takes a connection of ' +
    'better-sqlite3, libsql, node:sqlite, bun:sqlite, sqlite3 or ' +
    'sqlite-assoc-wasm, or an object with all(sql, ...values) and exec(sql)')
}

module.exports = { driverOf }
