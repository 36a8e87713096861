'use strict'
// sqlite-assoc: the library for this machine, and a helper for JavaScript.
//
//   const { assoc, load } = require('sqlite-assoc')
//   const a = assoc(load(new Database('app.db')))
//   a.define('User', 'hasMany', 'Post', { as: 'posts' })
//   a.find('User', 1, '{name posts{title}}')
const { getLoadablePath, load } = require('./lib/library.js')
const { Assoc } = require('./lib/assoc.js')
const { AssocError } = require('./lib/error.js')
const { Model, Row } = require('./lib/model.js')

/** The helper for a connection into which the extension is loaded. */
function assoc (db) {
  return new Assoc(db)
}

module.exports = { assoc, load, getLoadablePath, Assoc, AssocError, Model, Row }
