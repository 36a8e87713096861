'use strict'
// Values on their way into SQL and out of it.
const { AssocError } = require('./error.js')
const { Row, keyOf } = require('./row.js')

/** A Date as text, in the format in which Sequelize stores it in SQLite. */
function dateText (date, where) {
  if (Number.isNaN(date.getTime())) throw bad(where, 'is an invalid Date')
  return date.toISOString().replace('T', ' ').replace('Z', ' +00:00')
}

function bad (where, what) {
  return new AssocError(`${where} ${what}`, { code: 'argument' })
}

const isBytes = value => ArrayBuffer.isView(value) ||
  value instanceof ArrayBuffer

function bytes (value) {
  return value instanceof ArrayBuffer
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** What a scalar is for JSON and for a parameter alike; or undefined. */
function scalar (value, where) {
  switch (typeof value) {
    case 'undefined':
      throw bad(where, 'is undefined; NULL is null')
    case 'number':
      if (Number.isNaN(value)) throw bad(where, 'is NaN')
      return value
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) {
        throw bad(where, 'has more than 64 bits')
      }
      return value
    case 'string':
    case 'boolean':
      return value
    case 'function':
    case 'symbol':
      throw bad(where, `is a ${typeof value}`)
  }
  if (value === null) return null
  return value instanceof Date ? dateText(value, where) : undefined
}

/** A value as JSON. Keys that are Symbols are operators: Op.gt is "$gt". */
function toJson (value, where = 'the value') {
  const simple = scalar(value, where)
  if (typeof simple === 'bigint') return String(simple)
  if (typeof simple === 'number' && !Number.isFinite(simple)) {
    throw bad(where, `is ${simple}, which JSON has not`)
  }
  if (simple !== undefined) return JSON.stringify(simple)
  if (isBytes(value)) return `"${bytes(value).toString('hex').toUpperCase()}"`
  if (value instanceof Row) return toJson(value.keyColumns(), where)
  if (typeof value.toJSON === 'function') return toJson(value.toJSON(), where)
  if (Array.isArray(value)) {
    return `[${Array.from(value, (v, i) => toJson(v, `${where}[${i}]`))}]`
  }
  const members = Object.keys(value).map(name =>
    `${JSON.stringify(name)}:${toJson(value[name], `${where}.${name}`)}`)
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    const name = Symbol.keyFor(symbol)
    if (!name) throw bad(where, `has ${String(symbol)}, which is not an operator`)
    members.push(`"$${name}":${toJson(value[symbol], `${where}.$${name}`)}`)
  }
  return `{${members}}`
}

/** An argument of a function: objects and arrays become JSON. */
function toArgument (value, where) {
  const simple = scalar(value, where)
  if (typeof simple === 'boolean') return simple ? 1 : 0
  if (simple !== undefined) return simple
  return isBytes(value) ? bytes(value) : toJson(value, where)
}

/** A key: a row's own, or a value; an array is a composite key. */
function toKey (value, where) {
  return toArgument(keyOf(value), where)
}

/** Targets: a key, a row, or an array of these. A text is always one key. */
function toTargets (value, where) {
  if (Array.isArray(value)) return toJson(value.map(keyOf), where)
  const key = toKey(value, where)
  return typeof key === 'string' && /^\s*[[{]/.test(key) && typeof value ===
    'string' ? JSON.stringify([key]) : key
}

// A number that is not in a string, whole; strings are passed over.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g
const MARK = `bigint ${Math.random()} `

/** JSON as values. Integers that a number cannot hold become a BigInt. */
function fromJson (text) {
  if (text === null || text === undefined) return null
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  let found = false
  const marked = text.replace(TOKEN, token => {
    if (!/^-?\d{16,}$/.test(token) || Number.isSafeInteger(Number(token))) {
      return token
    }
    found = true
    return `"${MARK}${token}"`
  })
  return found
    ? JSON.parse(marked, (_, value) =>
      typeof value === 'string' && value.startsWith(MARK)
        ? BigInt(value.slice(MARK.length))
        : value)
    : JSON.parse(text)
}

module.exports = { fromJson, isBytes, toArgument, toJson, toKey, toTargets }
