'use strict'
// Middleware for Express, which hands on the bytes that SQLite made.
//
//   const { document, shapes } = require('sqlite-assoc/express')
//   app.get('/users/:id', document(a, 'User(id = :id){name posts{title}}'))
//   app.post('/query', express.json(), shapes(a, { session: req => req.user }))
const { AssocError } = require('./index.js')
const { then } = require('./lib/then.js')

/** Answer with JSON that is ready; errors go to Express's error handler. */
function answer (res, next, make) {
  const send = json => {
    res.set('Content-Type', 'application/json; charset=utf-8').send(json)
  }
  try {
    const made = then(make(), send)
    if (made && typeof made.catch === 'function') made.catch(next)
  } catch (error) {
    next(error)
  }
}

/**
 * The answer to a query that the program has written. Its :names are the
 * request's: of the path, and else of the query string. With one: true it is
 * the first document, or a 404.
 */
function document (a, query, { one = false } = {}) {
  return (req, res, next) => answer(res, next, () => {
    const names = { ...req.query, ...req.params }
    const asked = Object.keys(names).length > 0 && /:[A-Za-z_]/.test(query)
    return then(a.json(query, ...(asked ? [names] : [])), json =>
      one ? first(json) : json)
  })
}

function first (json) {
  const [document] = JSON.parse(json)
  if (document === undefined) {
    throw new AssocError('there is no such document', { code: 'not-found' })
  }
  return Buffer.from(JSON.stringify(document))
}

/**
 * The answer to a query of the client: ?query=User{name}, or a JSON body
 * {query, params}. Who may see what, assoc_session() decides: session(req)
 * gives its object. With open: true there is none, and all can be read.
 */
function shapes (a, { session, open = false } = {}) {
  if (!session && !open) {
    throw new TypeError('shapes() needs session(req), whose policies hold, or ' +
      'open: true, with which a client can read all')
  }
  if (session && then(a.hasFunction('assoc_session'), has => has) === false) {
    throw new TypeError('this version of assoc has no assoc_session()')
  }
  return (req, res, next) => answer(res, next, () => {
    const { query, params = [] } = { ...req.query, ...req.body }
    if (!query) {
      throw new AssocError('the request has no query', { code: 'argument' })
    }
    const list = Array.isArray(params) ? params : [params]
    const run = () => a.json(query, ...list)
    return session ? during(a, session(req), run) : run()
  })
}

/** run() in a session, which ends before anything else has the connection. */
function during (a, session, run) {
  if (!session) {
    throw new AssocError('there is no session', { code: 'refused' })
  }
  const begun = a.call('assoc_session', session)
  if (begun && typeof begun.then === 'function') {
    throw new TypeError('a session needs a synchronous driver')
  }
  try {
    return run()
  } finally {
    a.call('assoc_session', null)
  }
}

module.exports = { document, shapes }
