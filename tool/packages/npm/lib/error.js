'use strict'
// One class for what assoc and SQLite refuse.

const STATUS = {
  syntax: 400,
  argument: 400,
  'unknown-model': 400,
  'unknown-association': 400,
  'unknown-column': 400,
  'unknown-scope': 400,
  'unknown-option': 400,
  ambiguous: 400,
  unsupported: 400,
  limit: 400,
  refused: 403,
  readonly: 403,
  'not-found': 404,
  constraint: 409,
  busy: 503,
  interrupt: 503
}

/**
 * What was refused, and why. code is one of assoc_error()'s; hint says what to
 * write instead; model and about are the names that the error speaks of; at is
 * the place in the shape; status is an HTTP status to start from; cause is the
 * driver's own error.
 */
class AssocError extends Error {
  constructor (message, { code, hint, model, name, at, cause } = {}) {
    super(message)
    this.name = 'AssocError'
    this.code = code || 'error'
    this.hint = hint || null
    this.model = model || null
    this.about = name || null
    this.at = at === undefined ? null : at
    this.status = statusOf(this.code, message)
    if (cause) this.cause = cause
  }
}

// A row that is wrong by itself is a 422; one that is in others' way is a 409.
function statusOf (code, message) {
  if (code === 'constraint' && /NOT NULL|CHECK/.test(message)) return 422
  return STATUS[code] || 500
}

/** SQLite's result code, wherever a driver puts it: a number or a name. */
function resultCode (error) {
  for (const code of [error.errcode, error.errno, error.code]) {
    if (Number.isInteger(code)) return code & 255
    const found = /^SQLITE_([A-Z]+)/.exec(code)
    if (found) return found[1]
  }
  return null
}

const SQLITE = {
  5: 'busy', BUSY: 'busy', 6: 'busy', LOCKED: 'busy',
  8: 'readonly', READONLY: 'readonly', 9: 'interrupt', INTERRUPT: 'interrupt',
  18: 'limit', TOOBIG: 'limit', 19: 'constraint', CONSTRAINT: 'constraint',
  23: 'refused', AUTH: 'refused'
}

// An error that has no code of its own in assoc_error(), or no assoc_error().
function codeOf (error, detail) {
  if (detail && detail.code !== 'error') return detail.code
  if (/assoc: there is no \S+ with the key /.test(error.message)) {
    return 'not-found'
  }
  return detail ? detail.code : SQLITE[resultCode(error)] || 'sqlite'
}

/**
 * A driver's error as an AssocError. detail is what assoc_error() says, or null
 * where the error is none of assoc's.
 */
function wrap (error, detail) {
  if (error instanceof AssocError) return error
  const code = codeOf(error, detail)
  return new AssocError(error.message, { ...detail, code, cause: error })
}

module.exports = { AssocError, wrap }
