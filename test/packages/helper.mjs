// The npm helper, on one driver after another: DRIVER says which. Await does
// nothing to a value, so that one text tests the asynchronous driver, too.
//
// Run where sqlite-assoc is installed; CLIENTS is where the drivers are.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const here = createRequire(join(process.cwd(), 'package.json'))
const { assoc, load, AssocError, Row } = here('sqlite-assoc')
const there = createRequire(process.env.CLIENTS + '/')
const driver = process.env.DRIVER

async function connect (file = ':memory:') {
  switch (driver) {
    case 'node:sqlite': {
      const { DatabaseSync } = await import('node:sqlite')
      return load(new DatabaseSync(file, { allowExtension: true }))
    }
    case 'bun:sqlite': {
      const { Database } = await import('bun:sqlite')
      return load(new Database(file))
    }
    case 'sqlite3': {
      const sqlite3 = there('sqlite3')
      const db = await new Promise((resolve, reject) => {
        const made = new sqlite3.Database(file, error =>
          error ? reject(error) : resolve(made))
      })
      return load(db)
    }
    case 'wasm':
      return (await import(here.resolve('sqlite-assoc-wasm'))).open(file)
    default:
      return load(new (there(driver))(file))
  }
}

const db = await connect()
const script = sql => driver === 'sqlite3'
  ? new Promise((resolve, reject) => db.exec(sql, error =>
    error ? reject(error) : resolve()))
  : db.exec(sql)
const a = assoc(db)

/** The SQL functions and tables of assoc. */
async function functions () {
  const sql = 'SELECT name FROM assoc_help'
  if (driver === 'sqlite3') {
    return new Promise((resolve, reject) => db.all(sql, (error, rows) =>
      error ? reject(error) : resolve(rows)))
  }
  return driver === 'wasm' ? db.all(sql) : db.prepare(sql).all()
}

/** The AssocError that f throws, or rejects with. */
async function refused (f) {
  try {
    await f()
  } catch (error) {
    assert.ok(error instanceof AssocError, error.stack)
    assert.ok(error instanceof Error)
    return error
  }
  assert.fail('nothing was refused')
}

await script(`
  CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    born TEXT, admin INT, avatar BLOB, prefs JSON);
  CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, likes INT DEFAULT 0,
    user_id INT REFERENCES users);
  CREATE TABLE tags(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE post_tags(post_id INT REFERENCES posts, tag_id INT REFERENCES
    tags, weight INT, PRIMARY KEY(post_id, tag_id));
  CREATE TABLE codes(code TEXT PRIMARY KEY, post_id INT REFERENCES posts);
  PRAGMA foreign_keys = ON;
`)

// ------------------------------------------------------------ every function

assert.match(await a.version(), /^\d+\.\d+\.\d+$/)
assert.equal(await a.define('User', 'hasMany', 'Post', { as: 'posts' }),
  'posts')
assert.equal(await a.define('Post', 'belongsTo', 'User', { as: 'author',
  foreignKey: 'user_id' }), 'author')
assert.equal(await a.define('Post', 'belongsToMany', 'Tag',
  { as: 'tags', through: 'post_tags' }), 'tags')
assert.equal(await a.define('Post', 'hasMany', 'Code', { as: 'codes' }),
  'codes')
assert.equal(await a.define('Tag', 'hasMany', 'Post', { as: 'gone',
  foreignKey: 'tag_id' }), 'gone')
assert.equal(await a.undefine('Tag', 'gone'), true)
assert.equal(await a.undefine('Tag', 'gone'), false)
assert.match(await a.sync(), /CREATE INDEX/)
assert.equal(await a.sync(), '')
assert.equal((await a.list()).length, 4)
assert.ok(Array.isArray(await a.check()))
assert.match(await a.dump(), /assoc_define\('Post'/)
assert.match(await a.diagram(), /^erDiagram/)
assert.match(await a.sql('User{name}'), /^SELECT/i)
assert.equal((await a.explain('User{name}'))[0].path, 'User')
assert.equal(await a.config('depth'), 400)
assert.match(await a.discover(null, { dryRun: true }), /assoc_define\('codes'/)

// Writes, with values as JavaScript has them.
const born = new Date(Date.UTC(2001, 1, 3, 4, 5, 6, 7))
assert.deepEqual(await a.insert('User', {
  name: 'Ann', born, admin: true, avatar: Buffer.from([0xca, 0xfe]),
  posts: [{ title: 'Hi', tags: [{ name: 'a' }, { name: 'b' }] },
    { title: 'Ho' }]
}), { id: 1, posts: [{ id: 1, tags: [{ id: 1 }, { id: 2 }] }, { id: 2 }] })
assert.deepEqual(await a.find('User', 1, '{name born admin avatar}'), {
  name: 'Ann', born: '2001-02-03 04:05:06.007 +00:00', admin: 1,
  avatar: 'CAFE'
})
assert.deepEqual(await a.eager('User(born = ?1){id}', born), [{ id: 1 }])
assert.deepEqual(await a.eager('User(admin = :a){id}', { a: true }),
  [{ id: 1 }])
assert.equal(await a.create('User', 1, 'posts', { title: 'Hu' }), 3)
assert.equal(await a.update('User', 1, { name: 'Anna' }), 1)
assert.deepEqual(await a.add('Post', 3, 'tags', [1, 2]),
  { added: [1, 2], removed: [], moved: [] })
assert.deepEqual(await a.set('Post', 3, 'tags', 2),
  { added: [], removed: [1], moved: [] })
assert.deepEqual(await a.remove('Post', 3, 'tags', [2]),
  { added: [], removed: [2], moved: [] })
assert.deepEqual(await a.add('Post', 3, 'tags', 1, { weight: 7 }),
  { added: [1], removed: [], moved: [] })
assert.deepEqual(
  await a.find('Post', 3, '{tags{name @weight as weight}}'),
  { tags: [{ name: 'a', weight: 7 }] })
assert.equal(await a.count('User', 1, 'posts(title like ?1)', 'H%'), 3)
assert.equal(await a.has('User', 1, 'posts', [1, 2]), true)
assert.equal(await a.has('User', 1, 'posts', 9), false)
assert.deepEqual(await a.get('User', 1, 'posts(order by id desc limit 1){id}'),
  [{ id: 3 }])
assert.equal((await a.related('User', 1, 'posts')).length, 3)
assert.deepEqual(await a.destroy('Post', 3, { cascade: true }),
  { deleted: { posts: [3], post_tags: [[3, 1]] }, changed: {} })
assert.equal(await a.find('User', 99), null)
assert.equal(await a.get('User', 99, 'posts'), null)
assert.deepEqual(await a.keys('User'), [1])
assert.equal(await a.call('assoc_count', 'User', 1, 'posts') == 2, true)

// The options of writers.
assert.deepEqual(await a.insert('Post', { id: 4, title: 'one' },
  { only: '{id title}', return: '{title}' }), { title: 'one' })
assert.deepEqual(await a.update('Post', 4, { title: 'two' },
  { return: '{title}' }), { title: 'two' })
assert.deepEqual(await a.create('User', 1, 'posts', { id: 5, title: 'five' },
  null, { return: '{id title}' }), { id: 5, title: 'five' })
assert.equal((await a.json.update('Post', 5, { likes: 1 },
  { return: '{likes}' })).toString(), '{"likes":1}')
assert.equal((await a.json.insert('Post', { id: 6 })).toString(), '{"id":6}')
const more = await refused(() => a.update('Post', 5, { likes: 2 },
  { only: '{title}' }))
assert.equal(more.code, 'refused')
assert.equal(more.status, 403)
assert.deepEqual((await a.error()).message, '"only" does not allow likes')
assert.equal((await a.json.create('User', 1, 'posts', { id: 7, title: 'x' },
  null, { return: '{title}' })).toString(), '{"title":"x"}')
await a.destroy('Post', [4, 5, 6, 7], { many: true })
await script(`INSERT INTO assoc_call(name, a1, a2, a3)
  VALUES ('assoc_update', 'Post', 1, '{"likes":1}')`)
assert.equal(await a.result(), 1)
assert.match(await a.help('assoc_find'), /assoc_find/)

// Policies and sessions.
assert.equal(await a.policy('Post', { read: 'user_id = :me',
  update: 'user_id = :me' }), 'Post')
if (driver !== 'sqlite3') {
  assert.equal(a.as({ me: 1 }, b => {
    assert.deepEqual(b.session(), { me: 1 })
    return b.eager('Post{id}').length
  }), 2)
  assert.equal(a.as({ me: 2 }, () => a.eager('Post{id}').length), 0)
  assert.equal((await refused(() => a.as({ me: 1 }, () =>
    a.insert('Post', { title: 'x' })))).status, 403)
  assert.throws(() => a.as({ me: 1 }, async () => 1), /must be/)
} else {
  assert.throws(() => a.as({ me: 1 }, () => 1), /synchronous/)
}
assert.equal(await a.session(), null)
assert.equal(await a.policy('Post', null), true)
assert.equal(await a.policy('Post', null), false)

// Live documents.
assert.equal(await a.live('feed', 'Post{title author{name}}'), 'feed')
assert.deepEqual(await a.liveGet('feed', 1),
  { title: 'Hi', author: { name: 'Anna' } })
assert.equal(await a.liveGet('feed', 99), null)
assert.equal((await a.json.live('feed', 1)).toString(),
  '{"title":"Hi","author":{"name":"Anna"}}')
await a.update('Post', 1, { title: 'Hey' })
assert.equal((await a.refresh('feed')).feed.changed, 1)
const [change] = await a.changes('feed', 1)
assert.deepEqual(change, { key: 1, version: 2,
  json: { title: 'Hey', author: { name: 'Anna' } }, now: 2 })
assert.equal((await a.changes('feed')).length, 2)
assert.deepEqual(await a.liveCheck('feed'),
  { checked: 2, stale: 0, wrong: [] })
assert.match(await a.liveSql('feed'), /feed_doc/)
assert.match(await a.unlive('feed', { dryRun: true }), /DROP TABLE/)
assert.equal(await a.unlive('feed'), true)
assert.equal(await a.unlive('feed'), false)
await a.update('Post', 1, { title: 'Hi' })

// No function is without its method.
for (const { name } of await functions()) {
  const method = name.replace(/^assoc_/, '')
    .replace(/_./g, text => text[1].toUpperCase())
  assert.equal(typeof a[method], 'function', `a.${method}() for ${name}`)
}

// A text is one key, whatever it looks like.
assert.equal(await a.create('Post', 1, 'codes', { code: '[x' }), '[x')
assert.equal(await a.has('Post', 1, 'codes', '[x'), true)
assert.equal(await a.has('Post', 1, 'codes', ['[x']), true)

// JSON as bytes.
const json = await a.json('User{name posts{title}}')
assert.ok(Buffer.isBuffer(json))
assert.equal(json.toString(),
  '[{"name":"Anna","posts":[{"title":"Hi"},{"title":"Ho"}]}]')
assert.equal((await a.json.find('User', 1, '{name}')).toString(),
  '{"name":"Anna"}')
assert.equal((await a.json.get('Post', 1, 'author{name}')).toString(),
  '{"name":"Anna"}')
assert.equal(await a.json.find('User', 99), null)
assert.equal((await a.json.first('Post(order by id desc){title}')).toString(),
  '{"title":"Ho"}')
assert.equal((await a.json.first('User(name = :n){name}', { n: 'Anna' }))
  .toString(), '{"name":"Anna"}')
assert.equal(await a.json.first('User(id = 99)'), null)

// Integers that no number holds.
const big = 9007199254740993n
if (driver !== 'sqlite3') {
  assert.equal(await a.create('User', 1, 'posts', { id: big, title: '9007199254740993' }), big)
  assert.deepEqual(await a.find('Post', big, '{id title}'),
    { id: big, title: '9007199254740993' })
  assert.equal(await a.update('Post', big, { likes: 9007199254740991 }), 1)
  assert.deepEqual(await a.find('Post', big, '{likes}'),
    { likes: 9007199254740991 })
  await a.destroy('Post', big)
} else {
  await refused(() => a.find('Post', big))
}

// What JavaScript has and SQL has not.
for (const [value, says] of [[undefined, 'undefined'], [NaN, 'NaN'],
  [new Date(NaN), 'invalid Date'], [() => 1, 'function'],
  [Symbol('x'), 'symbol'], [1n << 63n, '64 bits']]) {
  const key = await refused(() => a.find('User', value))
  assert.match(key.message, new RegExp(`the key.*${says}`))
  assert.equal(key.status, 400)
  const inside = await refused(() => a.insert('User', { tags: [{ x: value }] }))
  assert.match(inside.message, new RegExp(`values.tags\\[0\\].x.*${says}`))
  assert.equal(inside.code, 'argument')
}
assert.match((await refused(() => a.insert('User', { x: Infinity }))).message,
  /values.x is Infinity/)

// ------------------------------------------------------------ Sequelize's ways

const Op = { gt: Symbol.for('gt'), in: Symbol.for('in'), or: Symbol.for('or'),
  like: Symbol.for('like') }
assert.deepEqual(await a.eager({
  model: 'User', attributes: ['name'], where: {
    [Op.or]: [{ id: { [Op.gt]: 5 } }, { name: { [Op.like]: 'A%' } }]
  }, include: [{ association: 'posts', attributes: ['id'],
    where: { id: { [Op.in]: [2] } } }]
}), [{ name: 'Anna', posts: [{ id: 2 }] }])
assert.match((await refused(() => a.eager({ model: 'User',
  where: { [Symbol('gt')]: 1 } }))).message, /which is not an operator/)

const User = a.model('User')
const Post = a.model('Post')
const bob = await User.create({ name: 'Bob', posts: [{ title: 'Bobs' }] })
assert.ok(bob instanceof Row)
assert.equal(bob.id, 2)
assert.equal(bob.name, 'Bob')
assert.deepEqual(await User.findAll({ attributes: ['name'],
  order: [['name', 'DESC']] }).length ?? 2, 2)
assert.equal((await User.findOne({ where: { name: 'Bob' } })).id, 2)
assert.equal(await User.findOne({ where: { name: 'Zoe' } }), null)
assert.equal(await User.findByPk(99), null)
assert.equal(await User.count(), 2)
assert.equal(await User.count({ where: { name: 'Bob' } }), 1)
const page = await User.findAndCountAll({ limit: 1, order: ['name'] })
assert.equal(page.count, 2)
assert.deepEqual(page.rows.map(row => row.name), ['Anna'])

// Methods of rows, nested ones too; JSON shows columns alone.
const anna = await User.findByPk(1, { include: ['posts'] })
assert.equal(JSON.stringify(anna.posts.map(p => p.title)), '["Hi","Ho"]')
assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(anna))),
  ['id', 'name', 'born', 'admin', 'avatar', 'prefs', 'posts'])
assert.equal((await anna.posts[0].getAuthor()).name, 'Anna')
assert.equal((await anna.posts[0].getTags({ where: { name: 'b' } }))[0].id, 2)
assert.equal(await anna.countPosts(), 2)
assert.equal(await anna.hasPost(anna.posts[0]), true)
assert.equal(await anna.hasPosts([1, 2]), true)
assert.equal(await bob.hasPost(1), false)
assert.deepEqual((await bob.addPost(anna.posts[0])).moved, [1])
assert.deepEqual((await anna.addPosts([anna.posts[0]])).moved, [1])
const made = await bob.createPost({ title: 'new' })
assert.equal(made.title, 'new')
assert.equal((await made.getAuthor()).id, 2)
assert.deepEqual((await made.addTag(1, { through: { weight: 3 } })).added, [1])
assert.deepEqual((await made.removeTag(1)).removed, [1])
assert.deepEqual((await made.setTags([1, 2])).added, [1, 2])
assert.deepEqual((await made.setAuthor(anna)).removed, [2])
assert.deepEqual((await bob.getPosts('(order by id){title}'))
  .map(post => post.title), ['Bobs'])
made.title = 'newer'
await made.save()
assert.equal((await a.find('Post', made)).title, 'newer')
await made.update({ likes: 3 })
assert.equal(made.likes, 3)
// Bytes and JSON are stored, changed in place too; an alias is no column.
anna.avatar = new Uint8Array([1, 0xff])
anna.prefs = { dark: true }
await anna.save()
assert.deepEqual(await a.find('User', 1, '{avatar prefs}'),
  { avatar: '01FF', prefs: { dark: true } })
assert.deepEqual([anna.avatar, anna.prefs], ['01FF', { dark: true }])
anna.prefs.size = 2
await anna.save()
assert.deepEqual(await a.find('User', 1, '{prefs}'),
  { prefs: { dark: true, size: 2 } })
assert.equal(await anna.save(), anna)
const [alias] = await User.findAll('(id = 1){id born name as n posts.count()}')
await alias.update({ born: null })
assert.equal(alias.born, null)
alias.n = 'x'
assert.match((await refused(() => alias.save())).message, /'n'/)
await made.destroy({ cascade: true })
assert.equal(await Post.findByPk(made.id), null)
const half = await User.findOne({ attributes: ['name'] })
assert.throws(() => half.countPosts(), /has not got its key: add id/)
assert.deepEqual(await Post.update({ likes: 9 }, { where: { user_id: 1 } }),
  [2])
await assert.rejects(async () => Post.update({ likes: 9 }), /needs \{ where \}/)
for (const method of ['findOne', 'findAndCountAll', 'count']) {
  assert.throws(() => User[method]('{name}'), /takes find options/)
}
assert.throws(() => User.create([{ name: 'x' }]), /the values of one row/)
await assert.rejects(async () => Post.destroy(), /needs \{ where \}/)

// A row in a payload is linked by its key.
await a.update('Post', 2, { author: bob })
assert.equal((await a.get('Post', 2, 'author')).id, 2)
assert.equal(await Post.destroy({ where: { title: 'Ho' } }), 1)

// ------------------------------------------------------------------- errors

const unknown = await refused(() => a.eager('User{name pots{title}}'))
assert.match(unknown.message, /pots/)
assert.equal(unknown.name, 'AssocError')
assert.ok(unknown.cause instanceof Error)
const unique = await refused(() => a.insert('User', { name: 'Bob' }))
assert.equal(unique.code, 'constraint')
assert.equal(unique.status, 409)
const empty = await refused(() => a.insert('User', { name: null }))
assert.equal(empty.status, 422)
await a.insert('User', { name: 'Cleo' })
assert.equal(await User.count({ where: { name: 'Cleo' } }), 1)
assert.equal((await refused(() => a.call('no such'))).code, 'argument')
// What assoc_error() knows, where there is one.
if (await a.hasFunction('assoc_error')) {
  assert.equal(unknown.code, 'unknown-association')
  assert.equal(unknown.status, 400)
  assert.equal(unknown.model, 'User')
  assert.equal(unknown.about, 'pots')
  assert.equal(unknown.at, 10)
  assert.match(unknown.hint, /posts/)
  const gone = await refused(() => a.update('User', 99, { name: 'x' }))
  assert.equal(gone.code, 'not-found')
  assert.equal(gone.status, 404)
}

// ------------------------------------------------------------- transactions

const posts = await a.count('User', 1, 'posts')
await assert.rejects(async () => a.transaction(async () => {
  await a.create('User', 1, 'posts', {})
  throw new Error('no')
}), driver === 'sqlite3' ? /^Error: no$/ : /must be/)
assert.equal(await a.count('User', 1, 'posts'), posts)
if (driver !== 'sqlite3') {
  assert.throws(() => a.transaction(() => {
    a.create('User', 1, 'posts', {})
    assert.throws(() => a.transaction(() => {
      a.create('User', 1, 'posts', {})
      throw new RangeError('inner')
    }), RangeError)
    assert.equal(a.count('User', 1, 'posts'), posts + 1)
    throw new RangeError('outer')
  }), RangeError)
  assert.equal(a.count('User', 1, 'posts'), posts)
  assert.equal(a.transaction(() => a.create('User', 1, 'posts', {})) > 0, true)
  assert.equal(a.count('User', 1, 'posts'), posts + 1)
  // The user's own transaction.
  db.exec('BEGIN')
  a.create('User', 1, 'posts', {})
  a.transaction(() => a.create('User', 1, 'posts', {}))
  db.exec('ROLLBACK')
  assert.equal(a.count('User', 1, 'posts'), posts + 1)
}

// An asynchronous driver's transactions that are begun beside each other come
// one after the other: what one rolls back is its own alone.
if (driver === 'sqlite3') {
  const both = b => Promise.all([User.create({ name: 'in 1' }),
    b.transaction(() => User.create({ name: 'in 2' }))])
  const all = await Promise.allSettled([
    a.transaction(async b => {
      await both(b)
      throw new Error('no')
    }),
    assoc(db).transaction(async b => (await both(b)).map(row => row.name)),
    User.create({ name: 'Dora' }),
    a.transaction(async () => {
      await a.transaction(async () => {
        await User.create({ name: 'gone' })
        throw new RangeError('inner')
      }).catch(error => assert.equal(error.message, 'inner'))
      return User.count({ where: { name: ['Dora', 'gone'] } })
    })])
  assert.deepEqual(all.map(one => one.reason?.message || one.value?.name ||
    one.value), ['no', ['in 1', 'in 2'], 'Dora', 1])
  assert.equal(await User.count(
    { where: { name: ['in 1', 'in 2', 'Dora', 'gone'] } }), 3)
}

// --------------------------------------------------------------- what it takes

assert.throws(() => assoc({}), /assoc\(\) takes a connection/)
assert.throws(() => load({}), /load\(\) takes a connection/)
if (driver === 'sqlite3') await new Promise(resolve => db.close(resolve))
else db.close()
console.log('ok')
