'use strict'
// Where the library is, and how each driver loads it.
const { readFileSync } = require('fs')
const { join } = require('path')

const FILES = { win32: 'assoc.dll', darwin: 'assoc.dylib' }

/** Does this process run on musl? Its dynamic linker, which it has mapped, tells. */
function isMusl () {
  if (process.platform !== 'linux') return false
  if (globalThis.Deno) return globalThis.Deno.build.target.endsWith('musl')
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-')
  } catch {
    return !process.report.getReport().header.glibcVersionRuntime
  }
}

/** The name of the npm package that has the library for this machine. */
function platformPackage () {
  return `sqlite-assoc-${process.platform}-${process.arch}` +
    (isMusl() ? '-musl' : '')
}

/**
 * The library's path. The environment variable SQLITE_ASSOC_LIBRARY names
 * another one.
 */
function getLoadablePath () {
  if (process.env.SQLITE_ASSOC_LIBRARY) return process.env.SQLITE_ASSOC_LIBRARY
  const file = FILES[process.platform] || 'assoc.so'
  const name = platformPackage()
  try {
    return join(require.resolve(`${name}/package.json`), '..', file)
  } catch (error) {
    throw new Error(`sqlite-assoc: the package ${name} is not installed. It ` +
      'comes with sqlite-assoc as an optional dependency, unless npm runs ' +
      'with --omit=optional or the machine is none that packages are built ' +
      'for; SQLITE_ASSOC_LIBRARY can name a library built from source.')
  }
}

/**
 * Load the extension into a connection of better-sqlite3, libsql, node:sqlite
 * (in Node or Deno), bun:sqlite or sqlite3. Of the last one, which works
 * asynchronously, a promise comes back; of the others the connection.
 */
function load (db) {
  if (!db || typeof db.loadExtension !== 'function') {
    throw new TypeError('sqlite-assoc: load() takes a connection that has ' +
      'loadExtension(): of better-sqlite3, libsql, node:sqlite, bun:sqlite or ' +
      'sqlite3')
  }
  const path = getLoadablePath()
  if (isAsync(db)) {
    return new Promise((resolve, reject) => db.loadExtension(path, error =>
      error ? reject(error) : resolve(db)))
  }
  // node:sqlite keeps loading off until it is allowed, for each connection.
  const allow = typeof db.enableLoadExtension === 'function'
  if (allow) db.enableLoadExtension(true)
  try {
    db.loadExtension(path)
  } finally {
    if (allow) db.enableLoadExtension(false)
  }
  return db
}

/** Is this a connection of sqlite3, whose methods take callbacks? */
function isAsync (db) {
  return typeof db.each === 'function' && typeof db.configure === 'function'
}

module.exports = { getLoadablePath, load, isAsync }
