'use strict'
// Middleware for Express, which hands on the bytes that SQLite made.
//
//   const { create, document, insert, shapes, update } =
//     require('sqlite-assoc/express')
//   const session = req => ({ me: req.user.id })
//   app.get('/users/:id', document(a, 'User(id = :id){name posts{title}}'))
//   app.post('/query', express.json(), shapes(a, { session }))
//   app.post('/posts', express.json(),
//     insert(a, 'Post', { only: '{title tags{name}}', session }))
const { AssocError } = require('./index.js')
const { then } = require('./lib/then.js')

/** Answer with JSON that is ready; errors go to Express's error handler. */
function answer (res, next, make, status = 200) {
  const send = json => { // null: of a written row that cannot be read
    res.status(status)
      .set('Content-Type', 'application/json; charset=utf-8')
      .send(json === null ? 'null' : json)
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
    const values = [query, ...(asked ? [names] : [])]
    return one ? then(a.json.first(...values), found) : a.json(...values)
  })
}

function found (json) {
  if (json === null) {
    throw new AssocError('there is no such document', { code: 'not-found' })
  }
  return json
}

/**
 * The answer to a query of the client: ?query=User{name}, or a JSON body
 * {query, params}. Who may see what, assoc_session() decides: session(req)
 * gives its object. With open: true there is none, and all can be read.
 */
function shapes (a, options = {}) {
  const as = asWhom('shapes()', a, options)
  return (req, res, next) => answer(res, next, () => {
    const { query, params = [] } = { ...req.query, ...req.body }
    if (!query) {
      throw new AssocError('the request has no query', { code: 'argument' })
    }
    const list = Array.isArray(params) ? params : [params]
    return as(req, () => a.json(query, ...list))
  })
}

/**
 * Insert the request's JSON body as a row of a model, with what the shape
 * `only` allows of it: all else is refused. The answer, with status 201, is the
 * document of the shape `shape`. Who may, the session's policies decide.
 */
function insert (a, model, { only, shape = '{*}', ...options } = {}) {
  const as = asWhom('insert()', a, { ...options, only: only || null })
  return (req, res, next) => answer(res, next, () => as(req, () =>
    a.json.insert(model, req.body || {}, { only, return: shape })), 201)
}

/**
 * The same for a row that is linked by an association of a model to the row
 * whose key is :id in the path: app.post('/users/:id/posts', …).
 */
function create (a, model, association,
  { only, shape = '{*}', ...options } = {}) {
  const as = asWhom('create()', a, { ...options, only: only || null })
  return (req, res, next) => answer(res, next, () => as(req, () =>
    a.json.create(model, req.params.id, association, req.body || {}, null,
      { only, return: shape })), 201)
}

/** The same for the row whose key is :id in the path; the status is 200. */
function update (a, model, { only, shape = '{*}', ...options } = {}) {
  const as = asWhom('update()', a, { ...options, only: only || null })
  return (req, res, next) => answer(res, next, () => as(req, () =>
    a.json.update(model, req.params.id, req.body || {},
      { only, return: shape })))
}

/** A function that runs another one in the session of a request. */
function asWhom (name, a, { session, open = false, only }) {
  if (!session && !open) {
    throw new TypeError(`${name} needs session(req), whose policies hold, or ` +
      'open: true, with which a client can do all')
  }
  if (only === null) {
    throw new TypeError(`${name} needs only, a shape of what may be written`)
  }
  if (!session) return (req, run) => run()
  return (req, run) => {
    const values = session(req)
    if (!values) {
      throw new AssocError('there is no session', { code: 'refused' })
    }
    return a.as(values, run)
  }
}

module.exports = { create, document, insert, shapes, update }
