'use strict'

/** f(value), now or when the promise is there. */
exports.then = (value, f) =>
  value && typeof value.then === 'function' ? value.then(f) : f(value)
