'use strict'
// Sequelize's methods of models and rows, each a call of an SQL function.
const { Row, facts } = require('./row.js')
const { then } = require('./then.js')
const { fromJson, isBytes, toJson } = require('./value.js')

/** A model's methods; a.model('User') gives it. */
class Model {
  constructor (assoc, name) {
    this.assoc = assoc
    this.name = name
  }

  toJSON () {
    return this.name
  }

  /** Rows, by Sequelize's find options, or by a shape: '(limit 3){name}'. */
  findAll (options, ...params) {
    return this.#rows(this.assoc.eager(this.#query(options), ...params))
  }

  findByPk (key, options, ...params) {
    return this.#rows(this.assoc.find(this.name, key, options, ...params))
  }

  findOne (options) {
    mustBeOptions(options, 'findOne')
    return then(this.findAll({ ...options, limit: 1 }), rows =>
      rows.length > 0 ? rows[0] : null)
  }

  /** { count, rows }: how many there are without the limit, and a page. */
  findAndCountAll (options) {
    mustBeOptions(options, 'findAndCountAll')
    return then(this.#page(options), ({ count, nodes }) =>
      then(this.#rows(nodes), rows => ({ count, rows })))
  }

  count (options) {
    mustBeOptions(options, 'count')
    return then(this.#page({ ...options, attributes: [], limit: 0 }),
      ({ count }) => count)
  }

  /** A row, and with it what is nested in the values. */
  create (values) {
    if (Array.isArray(values)) {
      throw new TypeError(`${this.name}.create() takes the values of one row; ` +
        `assoc's insert('${this.name}', …) takes an array`)
    }
    return this.#whole(() => then(this.assoc.insert(this.name, values), made =>
      then(this.assoc.catalog(), catalog => {
        const { primaryKey } = entryOf(catalog, this.name)
        const key = primaryKey.map(column => made[column])
        return this.findByPk(key.length === 1 ? key[0] : key)
      })))
  }

  /** [how many rows were changed] of those that options.where finds. */
  update (values, options) {
    return then(this.#each('update', options, key =>
      this.assoc.update(this.name, key, values)), counts =>
      [counts.reduce((sum, n) => sum + n, 0)])
  }

  /** How many of the rows that options.where finds were destroyed. */
  destroy (options = {}) {
    const { where, ...rest } = options
    return then(this.#each('destroy', options, key =>
      this.assoc.destroy(this.name, key, rest)), results => results.length)
  }

  #query (options) {
    return typeof options === 'string'
      ? this.name + options : { model: this.name, ...options }
  }

  #page (options) {
    return this.assoc.eager({ model: this.name, ...options, page: 'count' })
  }

  /** All or nothing: one transaction, or a savepoint in the one that is open. */
  #whole (f) {
    return this.assoc.transaction(f)
  }

  // Which rows has to be said: a forgotten where is no wish to change them all.
  #each (method, options, f) {
    if (!options || options.where === undefined) {
      throw new TypeError(`${this.name}.${method}() needs { where }; ` +
        '{ where: {} } means all rows')
    }
    return this.#whole(() => then(this.assoc.keys(
      { model: this.name, attributes: [], where: options.where }), keys =>
      inTurn(keys, f)))
  }

  #rows (found) {
    return then(found, values => then(this.assoc.catalog(), catalog =>
      dress(this.assoc, catalog, entryOf(catalog, this.name), values)))
  }
}

function mustBeOptions (options, method) {
  if (typeof options === 'string') {
    throw new TypeError(`${method}() takes find options; a shape's text is ` +
      'for findAll() and findByPk()')
  }
}

/** f(value) of each, one after the other: the results. */
function inTurn (values, f) {
  const results = []
  for (let i = 0; i < values.length; i++) {
    const result = f(values[i])
    if (result && typeof result.then === 'function') {
      return laterInTurn(result, values.slice(i + 1), f)
    }
    results.push(result)
  }
  return results
}

async function laterInTurn (first, values, f) {
  const results = [await first]
  for (const value of values) results.push(await f(value))
  return results
}

// ---------------------------------------------------------------------- rows

function entryOf (catalog, name) {
  return catalog.get(name.toLowerCase()) ||
    { name, primaryKey: [], columns: [], associations: [] }
}

/** Plain values, and all that is nested in them, as rows of their models. */
function dress (assoc, catalog, entry, values) {
  if (Array.isArray(values)) {
    return values.map(value => dress(assoc, catalog, entry, value))
  }
  if (values === null || typeof values !== 'object') return values
  const row = Object.assign(Object.create(classOf(entry).prototype), values)
  for (const { name, target } of entry.associations) {
    for (const key of Object.keys(values)) {
      if (key.toLowerCase() === name.toLowerCase() && target) {
        row[key] = dress(assoc, catalog, entryOf(catalog, target), values[key])
      }
    }
  }
  facts.set(row, { assoc, entry, was: {} })
  keep(row, values)
  return row
}

const isNested = value => value !== null && typeof value === 'object' &&
  !(value instanceof Date) && !isBytes(value)

/** Does the row's model have a column of this name? */
function isColumn (row, name) {
  const { entry } = facts.get(row)
  entry.names ??= new Set(entry.columns.map(c => c.name.toLowerCase()))
  return entry.names.has(name.toLowerCase())
}

/** Remember what was read; of JSON a copy, since it may be changed in place. */
function keep (row, values) {
  const { was } = facts.get(row)
  for (const [name, value] of Object.entries(values)) {
    was[name] = isNested(value) && isColumn(row, name)
      ? fromJson(toJson(value)) : value
  }
}

/** The class of a model's rows: a Row with methods for its associations. */
function classOf (entry) {
  if (!entry.class) {
    entry.class = class extends ModelRow {}
    for (const association of entry.associations) {
      addMethods(entry.class.prototype, association)
    }
  }
  return entry.class
}

class ModelRow extends Row {
  /** Change columns, and what is nested. */
  update (values) {
    const { assoc, entry } = facts.get(this)
    return then(assoc.update(entry.name, this, values), () => this.reload())
  }

  /** Store the columns that were changed here. */
  save () {
    const { was } = facts.get(this)
    const changed = Object.fromEntries(Object.entries(this).filter(
      ([name, value]) => isNested(value)
        ? isColumn(this, name) &&
          !(isNested(was[name]) && toJson(value) === toJson(was[name]))
        : value !== was[name]))
    return Object.keys(changed).length > 0 ? this.update(changed) : this
  }

  /** Read the columns anew that are here. */
  reload () {
    const { assoc, entry, was } = facts.get(this)
    const columns = Object.keys(was).filter(name => isColumn(this, name))
    return then(assoc.find(entry.name, this, { attributes: columns }), values => {
      if (values === null) {
        throw new TypeError(`this row of ${entry.name} is not there any more`)
      }
      keep(this, values)
      return Object.assign(this, values)
    })
  }

  destroy (options) {
    const { assoc, entry } = facts.get(this)
    return assoc.destroy(entry.name, this, options)
  }
}

const capital = name => name[0].toUpperCase() + name.slice(1)

/** One of them: by the target's name where the association is named for it. */
function singular (name, target) {
  const like = target && target.toLowerCase()
  if (like && name.toLowerCase().startsWith(like.slice(0, -1)) &&
      name.toLowerCase() !== like) return target
  return name
    .replace(/(ss|sh|ch|x|z)es$/i, '$1')
    .replace(/ies$/i, 'y')
    .replace(/([^s])s$/i, '$1')
}

/** getPosts, countPosts, hasPost, addPost, setPosts, createPost, … */
function addMethods (prototype, { name, many, target }) {
  const all = capital(name)
  const one = capital(many ? singular(name, target) : name)
  const add = (method, f) => Object.defineProperty(prototype, method, {
    value (...values) {
      const fact = facts.get(this)
      return f(fact.assoc, fact.entry.name, this, ...values)
    },
    configurable: true,
    writable: true
  })
  const link = method => (assoc, model, row, targets, options = {}) =>
    assoc[method](model, row, name, targets,
      ...(options.through ? [options.through] : []))

  add(`get${all}`, (assoc, model, row, options, ...params) =>
    then(assoc.get(model, row, item(name, options), ...params), values =>
      then(assoc.catalog(), catalog =>
        dress(assoc, catalog, entryOf(catalog, target || ''), values))))
  add(`set${all}`, link('set'))
  add(`create${one}`, (assoc, model, row, values = {}) =>
    then(assoc.create(model, row, name, values), key =>
      target ? assoc.model(target).findByPk(key) : key))
  if (!many) return
  add(`count${all}`, (assoc, model, row, options, ...params) =>
    assoc.count(model, row, item(name, options), ...params))
  for (const word of new Set([all, one])) {
    add(`has${word}`, (assoc, model, row, targets) =>
      assoc.has(model, row, name, targets))
    add(`add${word}`, link('add'))
    add(`remove${word}`, link('remove'))
  }
}

/** An association with find options, or with the rest of its shape. */
function item (name, options) {
  if (options === undefined) return name
  return typeof options === 'string'
    ? name + options : { association: name, ...options }
}

module.exports = { Model, Row }
