'use strict'
// Every SQL function as a method.
const { AsyncLocalStorage } = require('async_hooks')
const { driverOf } = require('./driver.js')
const { AssocError, wrap } = require('./error.js')
const { Model } = require('./model.js')
const { then } = require('./then.js')
const { fromJson, toArgument, toJson, toKey, toTargets } =
  require('./value.js')

/** An integer as a number, where a number can hold it. */
const number = value => typeof value === 'bigint' &&
  Number.isSafeInteger(Number(value)) ? Number(value) : value

const flag = value => Boolean(number(value))

// What is optional and was not given is not passed.
const given = (...values) => {
  while (values.length > 0 && values[values.length - 1] === undefined) {
    values.pop()
  }
  return values
}

class Assoc {
  #driver
  #models = new Map()
  #catalog = null // what assoc_diagram('json') says; null: ask again
  #hasError = null // is there an assoc_error()?
  #depth = 0

  constructor (db) {
    this.db = db
    this.#driver = driverOf(db)
    /** The JSON of a document as it is, in a Buffer, for a response. */
    this.json = (query, ...params) =>
      this.#bytes('eager', [toQuery(query), ...parameters(params)])
    this.json.first = (query, ...params) => {
      const values = [toQuery(query), ...parameters(params)]
      return this.#blob(`SELECT CAST(json AS BLOB) AS v
        FROM eager(${marks(values)}) LIMIT 1`, values)
    }
    this.json.find = (model, key, shape, ...params) =>
      this.#bytes('assoc_find', findArguments(model, key, shape, params))
    this.json.get = (model, key, association, ...params) =>
      this.#bytes('assoc_get', oneArguments(model, key, association, params))
    this.json.insert = (model, values, options) =>
      this.#bytes('assoc_insert', insertArguments(model, values, options))
    this.json.create = (model, key, association, values, ...options) =>
      this.#bytes('assoc_create',
        createArguments(model, key, association, values, options))
    this.json.update = (model, key, values, options) =>
      this.#bytes('assoc_update', updateArguments(model, key, values, options))
    this.json.live = (name, key) =>
      this.#bytes('assoc_live_get', [name, toKey(key, 'the key')])
  }

  // ------------------------------------------------------------- running SQL

  /** Run f; what it throws, now or later, comes out as an AssocError. */
  #guard (f) {
    let result
    try {
      result = f()
    } catch (error) {
      throw wrap(error, this.#driver.async ? null : this.#lastError(error))
    }
    return this.#driver.async
      ? result.catch(async error => {
        throw wrap(error, await this.#lastError(error))
      })
      : result
  }

  /** What assoc_error() says of this error, or null. */
  #lastError (error) {
    if (error instanceof AssocError) return null
    const ask = has => {
      this.#hasError = has
      return has
        ? then(this.#driver.get('SELECT assoc_error() AS v', []), row => {
          const detail = fromJson(row.v)
          return detail && error.message.includes(detail.message)
            ? detail : null
        })
        : null
    }
    if (this.#hasError !== null) return ask(this.#hasError)
    return then(this.hasFunction('assoc_error'), ask)
  }

  /** Is there an SQL function of this name? */
  hasFunction (name) {
    return then(this.#driver.get('SELECT count(*) AS n FROM ' +
      'pragma_function_list WHERE name = ?', [name]), row => row.n > 0)
  }

  #select (sql, values) {
    return then(this.#guard(() => this.#driver.get(sql, values)),
      row => row.v)
  }

  /** Any function by its name, with arguments as JavaScript has them. */
  call (name, ...values) {
    if (!/^\w+$/.test(name)) {
      throw new AssocError(`${name} is no function`, { code: 'argument' })
    }
    return this.#select(`SELECT ${name}(${marks(values)}) AS v`,
      values.map((value, i) => toArgument(value, `argument ${i + 1}`)))
  }

  #call (name, values) {
    return this.#select(`SELECT ${name}(${marks(values)}) AS v`, values)
  }

  #json (name, values) {
    return then(this.#call(name, values), fromJson)
  }

  #bytes (name, values) {
    return this.#blob(
      `SELECT CAST(${name}(${marks(values)}) AS BLOB) AS v`, values)
  }

  /** The one value of the first row, in a Buffer; null where there is none. */
  #blob (sql, values) {
    return then(this.#guard(() => this.#driver.get(sql, values)), row =>
      !row || row.v === null ? null
        : Buffer.from(row.v.buffer, row.v.byteOffset, row.v.byteLength))
  }

  #rows (sql, values = []) {
    return then(this.#guard(() => this.#driver.all(sql, values)), rows =>
      rows.map(row => Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, number(value)]))))
  }

  // ----------------------------------------------------------- what relates

  define (model, kind, target, options) {
    this.#catalog = null
    return this.#call('assoc_define', [toName(model), kind,
      target === null ? null : toName(target),
      ...given(options).map(o => toJson(o, 'options'))])
  }

  undefine (model, association) {
    this.#catalog = null
    return then(this.#call('assoc_undefine', [toName(model), association]),
      flag)
  }

  /** The model of this name; with options, assoc_model() is called first. */
  model (name, options) {
    const key = toName(name)
    if (!this.#models.has(key)) this.#models.set(key, new Model(this, key))
    const model = this.#models.get(key)
    if (options === undefined) return model
    this.#catalog = null
    return then(this.#call('assoc_model', [key, toJson(options, 'options')]),
      () => model)
  }

  /** What was made and what was not; of a dry run the SQL that would make it. */
  discover (schema, options) {
    this.#catalog = null
    const found = this.#call('assoc_discover', given(schema, options).map(
      (v, i) => toArgument(v === undefined ? null : v,
        ['schema', 'options'][i])))
    return options && options.dryRun ? found : then(found, fromJson)
  }

  /** Make what definitions need: the DDL that was run. */
  sync (options) {
    this.#catalog = null
    return this.#call('assoc_sync',
      given(options).map(o => toJson(o, 'options')))
  }

  /** What assoc_diagram('json') says of each model, by lower-case name. */
  catalog () {
    if (this.#catalog) return this.#catalog
    return then(this.#json('assoc_diagram', ['json']), ({ models }) => {
      this.#catalog = new Map(models.map(m => [m.name.toLowerCase(), m]))
      for (const m of models) {
        const table = m.table.toLowerCase()
        if (!this.#catalog.has(table)) this.#catalog.set(table, m)
      }
      return this.#catalog
    })
  }

  // ------------------------------------------------------------------- read

  eager (query, ...params) {
    return this.#json('eager', [toQuery(query), ...parameters(params)])
  }

  find (model, key, shape, ...params) {
    return this.#json('assoc_find', findArguments(model, key, shape, params))
  }

  get (model, key, association, ...params) {
    return this.#json('assoc_get',
      oneArguments(model, key, association, params))
  }

  count (model, key, association, ...params) {
    return then(this.#call('assoc_count',
      oneArguments(model, key, association, params)), number)
  }

  has (model, key, association, targets, ...params) {
    return then(this.#call('assoc_has', [
      ...oneArguments(model, key, association, []),
      toTargets(targets, 'targets'), ...parameters(params)]), flag)
  }

  /** The keys of the roots of a query. */
  keys (query, ...params) {
    const values = [toQuery(query), ...parameters(params)]
    return then(this.#rows(`SELECT id FROM eager(${marks(values)})`, values),
      rows => rows.map(row => row.id))
  }

  // ------------------------------------------------------------------ write

  insert (model, values, options) {
    return this.#json('assoc_insert', insertArguments(model, values, options))
  }

  // The key may be an integer that only its text has whole, where a driver
  // gives numbers.
  create (model, key, association, values, ...options) {
    const all = createArguments(model, key, association, values, options)
    const sql = 'WITH made(k) AS MATERIALIZED (SELECT assoc_create(' +
      `${marks(all)})) SELECT CASE typeof(k) ` +
      "WHEN 'integer' THEN CAST(k AS TEXT) ELSE k END AS v, " +
      'typeof(k) AS t FROM made'
    const returns = options[1] && options[1].return
    return then(this.#guard(() => this.#driver.get(sql, all)), row =>
      row.t === 'integer' ? number(BigInt(row.v))
        : returns ? fromJson(row.v) : row.v)
  }

  update (model, key, values, options) {
    const all = updateArguments(model, key, values, options)
    return options && options.return ? this.#json('assoc_update', all)
      : then(this.#call('assoc_update', all), number)
  }

  add (model, key, association, targets, ...options) {
    return this.#link('assoc_add', model, key, association, targets, options)
  }

  set (model, key, association, targets, ...options) {
    return this.#link('assoc_set', model, key, association, targets, options)
  }

  remove (model, key, association, targets, ...options) {
    return this.#link('assoc_remove', model, key, association, targets,
      options)
  }

  #link (name, model, key, association, targets, options) {
    return this.#json(name, [...oneArguments(model, key, association, []),
      toTargets(targets, 'targets'), ...optional(...options)])
  }

  destroy (model, key, options) {
    return this.#json('assoc_destroy', [toName(model), toKey(key, 'key'),
      ...optional(options)])
  }

  /** Let nothing, or everything, be written; without an argument: may it? */
  readonly (on) {
    return then(this.#call('assoc_readonly',
      given(on).map(v => toArgument(v, 'on'))), flag)
  }

  /**
   * f() in a transaction, or in a savepoint of the one that is open. What it
   * throws rolls back; of an asynchronous driver f may be asynchronous.
   */
  transaction (f) {
    if (this.#driver.async) return this.#transactionLater(f)
    const inner = this.#driver.inTransaction() !== false || this.#depth > 0
    const name = `assoc_js_${this.#depth}`
    const begin = inner ? `SAVEPOINT ${name}` : 'BEGIN IMMEDIATE'
    const commit = inner ? `RELEASE ${name}` : 'COMMIT'
    const rollback = inner ? `ROLLBACK TO ${name}; ${commit}` : 'ROLLBACK'
    return this.#transactionNow(f, begin, commit, rollback)
  }

  #exec (sql) {
    return this.#guard(() => this.#driver.exec(sql))
  }

  #transactionNow (f, begin, commit, rollback) {
    this.#exec(begin)
    this.#depth++
    try {
      const result = now(f(this), 'a transaction')
      this.#exec(commit)
      return result
    } catch (error) {
      // An error may have rolled back all by itself.
      try {
        this.#exec(rollback)
      } catch {}
      throw error
    } finally {
      this.#depth--
    }
  }

  // One connection has one transaction at a time: what is begun beside another
  // one waits for its end, and what is begun inside is a savepoint of it. Savepoints
  // beside each other wait likewise. The context of f says which it is.
  #transactionLater (f) {
    const inside = insideOf(this.db)
    const here = inside.getStore() || inside.outside
    const result = here.last.then(() => this.#savepoint(f, here.depth, inside))
    here.last = result.catch(() => {})
    return result
  }

  // Outside of a transaction a savepoint begins one.
  async #savepoint (f, depth, inside) {
    const name = `assoc_js_${depth}`
    await this.#exec(`SAVEPOINT ${name}`)
    try {
      const result = await inside.run(level(depth + 1), () => f(this))
      await this.#exec(`RELEASE ${name}`)
      return result
    } catch (error) {
      await this.#exec(`ROLLBACK TO ${name}; RELEASE ${name}`).catch(() => {})
      throw error
    }
  }

  // --------------------------------------------------- who may see and do what

  /** Who may do what with the rows of a model; null forgets it. */
  policy (model, policy) {
    const said = policy === null ? null : toJson(policy, 'the policy')
    return then(this.#call('assoc_policy', [toName(model), said]), value =>
      policy === null ? flag(value) : value)
  }

  /** Begin a session with these values, end it (null), or tell its values. */
  session (values) {
    if (values === null) { // libsql cannot bind a NULL alone
      return this.#select('SELECT assoc_session(NULL) AS v', [])
    }
    return this.#json('assoc_session',
      given(values).map(v => toJson(v, 'the values')))
  }

  /** f() in a session, which ends before anything else has the connection. */
  as (values, f) {
    if (this.#driver.async) {
      throw new AssocError('a session needs a synchronous driver',
        { code: 'unsupported' })
    }
    this.session(values)
    try {
      return now(f(this), 'a session')
    } finally {
      this.session(null)
    }
  }

  // --------------------------------------------------------- live documents

  live (name, query, options) {
    return this.#call('assoc_live', [name, toQuery(query),
      ...optional(options)])
  }

  /** Drop a live document; of a dry run the SQL that would. */
  unlive (name, options) {
    return then(this.#call('assoc_unlive', [name, ...optional(options)]),
      value => typeof value === 'string' ? value : flag(value))
  }

  /** The document of one root, or null. */
  liveGet (name, key) {
    return this.#json('assoc_live_get', [name, toKey(key, 'the key')])
  }

  /** A SELECT of the json and the version of the key ?1. */
  liveSql (name) {
    return this.#call('assoc_live_sql', [name])
  }

  liveCheck (name, sample) {
    return this.#json('assoc_live_check', [name, ...given(sample)])
  }

  /** Compute what is stale: of one live document, or at most so many. */
  refresh (name, limit) {
    return this.#json('assoc_refresh', given(name, limit).map((v, i) =>
      toArgument(v === undefined ? null : v, ['the name', 'options'][i])))
  }

  /** What has changed since a version: {key, version, json, now}. */
  changes (name, since = 0) {
    return then(this.#rows('SELECT key, version, json, now FROM ' +
      'assoc_changes(?,?)', [name, toArgument(since, 'since')]), rows =>
      rows.map(row => ({ ...row, json: fromJson(row.json) })))
  }

  // ------------------------------------------------------------ look inside

  list () {
    return this.#rows('SELECT * FROM assoc_list')
  }

  check () {
    return this.#rows('SELECT * FROM assoc_check')
  }

  explain (query) {
    return this.#rows('SELECT * FROM assoc_explain(?)', [toQuery(query)])
  }

  /** The rows that are related, as the table `related` has them. */
  related (model, key, association) {
    return this.#rows('SELECT * FROM assoc_related(?,?,?)',
      oneArguments(model, key, association, []))
  }

  sql (query) {
    return this.#call('assoc_sql', [toQuery(query)])
  }

  diagram (format) {
    return this.#call('assoc_diagram', given(format))
  }

  dump () {
    return this.#call('assoc_dump', [])
  }

  config (name, value) {
    return then(this.#call('assoc_config', given(name, value)), number)
  }

  version () {
    return this.#call('assoc_version', [])
  }

  help (name) {
    return this.#call('assoc_help', given(name))
  }

  /** What assoc_error() says of the last error, or null. */
  error () {
    return this.#json('assoc_error', [])
  }

  /** What a function would have returned that ran as an INSERT. */
  result () {
    return then(this.#call('assoc_result', []), number)
  }
}

// ------------------------------------- the transactions of asynchronous drivers

/** How deep a transaction is, and the last one that was begun there. */
const level = depth => ({ depth, last: Promise.resolve() })

const insides = new WeakMap()

/** Which transaction of a connection the running code is part of. */
function insideOf (db) {
  if (!insides.has(db)) {
    insides.set(db, Object.assign(new AsyncLocalStorage(), { outside: level(0) }))
  }
  return insides.get(db)
}

// ------------------------------------------------------ arguments by their part

function toName (model) {
  return model instanceof Model ? model.name : toArgument(model, 'the model')
}

function toQuery (query) {
  return typeof query === 'string' ? query : toJson(query, 'the query')
}

const marks = values => values.map(() => '?').join(',')

const parameters = params =>
  params.map((value, i) => toArgument(value, `parameter ${i + 1}`))

// Options that were not given, at the end, are not passed; inside, are NULL.
const optional = (...options) => given(...options).map(o =>
  o === undefined || o === null ? null : toJson(o, 'options'))

/** What a function gave that must not give a promise. */
function now (result, what) {
  if (result && typeof result.then === 'function') {
    result.then(() => {}, () => {}) // its own error is told by nobody
    throw new AssocError('the driver is synchronous, so the function of ' +
      `${what} must be`, { code: 'argument' })
  }
  return result
}

function insertArguments (model, values, options) {
  return [toName(model), toJson(values, 'values'), ...optional(options)]
}

function createArguments (model, key, association, values, options) {
  return [...oneArguments(model, key, association, []),
    toJson(values, 'values'), ...optional(...options)]
}

function updateArguments (model, key, values, options) {
  return [toName(model), toKey(key, 'key'), toJson(values, 'values'),
    ...optional(options)]
}

function findArguments (model, key, shape, params) {
  const head = [toName(model), toKey(key, 'the key')]
  if (shape === undefined && params.length === 0) return head
  return [...head, shape === undefined ? '{*}' : toQuery(shape),
    ...parameters(params)]
}

function oneArguments (model, key, association, params) {
  return [toName(model), toKey(key, 'the key'), toQuery(association),
    ...parameters(params)]
}

module.exports = { Assoc }
