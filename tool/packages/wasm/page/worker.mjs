// The database lives in this worker, since OPFS is synchronous only here. The
// page sends { id, call, values }, and gets { id, result } or { id, error }.
import { open } from './sqlite-assoc.mjs'

const FILE = 'assoc-sample.db'
let db

/** Open the file that is kept, or memory: and say which, and why. */
async function start () {
  let kept = true
  let why = ''
  try {
    db = await open(FILE, { storage: 'opfs' })
  } catch (error) {
    kept = false
    why = error.message
    db = await open()
  }
  db.exec('PRAGMA foreign_keys = ON')
  if (db.value('SELECT count(*) FROM sqlite_schema') === 0) await fill()
  return { kept, why }
}

async function fill () {
  const answer = await fetch(new URL('./sample.sql', import.meta.url))
  db.exec(await answer.text())
  db.value('SELECT assoc_discover()')
}

const calls = {
  start,
  json: shape => db.value('SELECT eager(?)', shape),
  explain: shape => db.all(
    'SELECT path, strategy, why, estimated, sql FROM assoc_explain(?)', shape),
  plain: shape => db.value('SELECT assoc_sql(?)', shape),
  diagram: () => db.value("SELECT assoc_diagram('json')"),
  run: sql => db.rows(sql).map(row => row.join(' | ')).join('\n'),
  async reset () {
    const tables = db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    db.exec('PRAGMA foreign_keys = OFF')
    for (const [name] of tables) {
      db.exec(`DROP TABLE IF EXISTS "${name.replaceAll('"', '""')}"`)
    }
    db.exec('VACUUM; PRAGMA foreign_keys = ON')
    await fill()
  }
}

onmessage = async ({ data: { id, call, values } }) => {
  try {
    postMessage({ id, result: await calls[call](...values) })
  } catch (error) {
    postMessage({ id, error: error.message })
  }
}
