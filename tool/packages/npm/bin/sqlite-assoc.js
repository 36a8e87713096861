#!/usr/bin/env node
'use strict'
// npx sqlite-assoc types app.db > models.d.ts     TypeScript interfaces
// npx sqlite-assoc path                           where the library is
const { writeFileSync } = require('fs')
const { createRequire } = require('module')
const { join } = require('path')
const { assoc, getLoadablePath, load } = require('../index.js')

const USAGE = `usage: sqlite-assoc types DATABASE [OUTPUT]
         write TypeScript interfaces of the database's models and of what can
         be included with each, which assoc() then types its methods by
       sqlite-assoc path
         print where the loadable library is
`

/** A connection, by the first driver that is there. */
function open (file) {
  const here = createRequire(join(process.cwd(), 'package.json'))
  for (const name of ['better-sqlite3', 'libsql']) {
    let Database
    try {
      Database = here(name)
    } catch {
      continue
    }
    return new Database(file, { readonly: true, fileMustExist: true })
  }
  try {
    const { DatabaseSync } = require('node:sqlite')
    return new DatabaseSync(file, { readOnly: true, allowExtension: true })
  } catch (error) {
    if (error.code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw error
  }
  throw new Error('no driver: install better-sqlite3 here, or use Node 22.13 ' +
    'or later')
}

function types (file) {
  const a = assoc(load(open(file)))
  return a.diagram('typescript') + `
declare module 'sqlite-assoc' {
  interface Schema extends Models {}
}
`
}

function main ([command, ...rest]) {
  if (command === 'path' && rest.length === 0) {
    process.stdout.write(getLoadablePath() + '\n')
  } else if (command === 'types' && (rest.length === 1 || rest.length === 2)) {
    const text = types(rest[0])
    if (rest[1]) writeFileSync(rest[1], text)
    else process.stdout.write(text)
  } else {
    process.stderr.write(USAGE)
    process.exitCode = 2
  }
}

try {
  main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`sqlite-assoc: ${error.message}\n`)
  process.exitCode = 1
}
