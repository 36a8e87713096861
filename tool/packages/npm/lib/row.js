'use strict'
// What a row is, for the files that only ask whether a value is one.

// Row → { assoc, entry of the catalog, was }: private, so that no column's name can be in the way.
const facts = new WeakMap()

/** A row of a model: its columns are its properties. model.js adds the rest. */
class Row {
  /** {id: 1}: what says which row it is. */
  keyColumns () {
    const { primaryKey, name } = facts.get(this).entry
    const missing = primaryKey.filter(column => this[column] === undefined)
    if (primaryKey.length === 0 || missing.length > 0) {
      throw new TypeError(`this row of ${name} has not got its key: add ` +
        `${missing.join(', ') || 'one'} to the attributes`)
    }
    return Object.fromEntries(primaryKey.map(column => [column, this[column]]))
  }
}

/** The key of a row; anything else is a key already. */
function keyOf (value) {
  if (!(value instanceof Row)) return value
  const values = Object.values(value.keyColumns())
  return values.length === 1 ? values[0] : values
}

module.exports = { Row, facts, keyOf }
