// Sequelize 6 and assoc side by side: the same calls on two copies of one
// database that Sequelize made. Both must answer the same and leave the same rows
// in all tables.
//
//   CLIENTS=FOLDER node twin.mjs EXTENSION FOLDER-FOR-DATABASES
//
// Answers are compared as JSON texts, so the order of members counts. A time counts
// by its format, and by whether updatedAt is createdAt.
import assert from 'node:assert';
import { copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.env.CLIENTS + '/');
const { DataTypes, Op, Sequelize } = require('sequelize');
const Sqlite = require('better-sqlite3');
const [extension, folder] = process.argv.slice(2);
const file = { sequelize: `${folder}/twin-s.db`, assoc: `${folder}/twin-a.db` };

// better-sqlite3 with the calls of node-sqlite3 that Sequelize makes, so that both
// sides have one SQLite.
class Database {
  constructor(name, mode, done) {
    this.db = new Sqlite(name);
    setImmediate(done, null);
  }
  call(sql, given, done) {
    if (typeof given === 'function') [given, done] = [undefined, given];
    let rows, error = null, result = {};
    const values = Object.fromEntries(Object.entries(given ?? {}).map(
      ([key, value]) => [key.replace(/^[$:@]/, ''), bound(value)]));
    try {
      const statement = this.db.prepare(sql);
      const all = Array.isArray(given) ? given.map(bound)
        : Object.keys(values).length ? [values] : [];
      if (statement.reader) rows = statement.all(...all);
      else result = statement.run(...all);
    } catch (caught) {
      error = Object.assign(new Error(`${caught.code}: ${caught.message}`),
        { code: caught.code?.replace(/(CONSTRAINT)_.*/, '$1') });
    }
    const metaData = { lastID: Number(result.lastInsertRowid ?? 0),
      changes: result.changes ?? 0, sql };
    setImmediate(() => done?.call(metaData, error, rows));
    return this;
  }
  run(...given) { return this.call(...given); }
  all(...given) { return this.call(...given); }
  serialize(body) { body(); }
  close(done) {
    this.db.close();
    done?.(null);
  }
}

function bound(value) {
  return typeof value === 'boolean' ? Number(value) : value;
}

// ------------------------------------------------------------- one database

function open(storage) {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage, logging: false,
    dialectModule: { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4 } });
  const text = DataTypes.STRING;
  const User = sequelize.define('User', { email: { type: text, unique: true },
    name: text, likes: { type: DataTypes.INTEGER, defaultValue: 0 } });
  const Post = sequelize.define('Post', { title: text });
  const Tag = sequelize.define('Tag', { name: { type: text, unique: true } },
    { timestamps: false });
  const PostTags = sequelize.define('PostTags', { weight: DataTypes.INTEGER },
    { timestamps: false });
  // Sequelize's single-table inheritance: a scope, and a default value.
  const kind = (name) => sequelize.define(name, { wheels: DataTypes.INTEGER,
    type: { type: text, defaultValue: name } }, { tableName: 'Vehicles',
    timestamps: false, defaultScope: { where: { type: name } } });
  User.hasMany(Post, { as: 'posts', foreignKey: 'UserId' });
  Post.belongsTo(User, { as: 'author', foreignKey: 'UserId' });
  Post.belongsToMany(Tag, { as: 'tags', through: PostTags });
  Tag.belongsToMany(Post, { as: 'posts', through: PostTags });
  return { sequelize, User, Post, Tag, PostTags, Car: kind('Car'),
    Bike: kind('Bike') };
}

class Assoc {
  constructor(name) {
    this.db = new Sqlite(name);
    this.db.loadExtension(extension);
    this.db.pragma('foreign_keys = ON');
    this.call(`SELECT assoc_model('User', '{"timestamps":true}'),
      assoc_model('Post', '{"timestamps":true}'),
      assoc_model('Car', '{"table":"Vehicles","values":{"type":"Car"}}'),
      assoc_model('Bike', '{"table":"Vehicles","values":{"type":"Bike"}}'),
      assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}'),
      assoc_define('Post', 'belongsTo', 'User', '{"as":"author","foreignKey":"UserId"}'),
      assoc_define('Post', 'belongsToMany', 'Tag', '{"as":"tags","through":"PostTags"}'),
      assoc_define('Tag', 'belongsToMany', 'Post', '{"as":"posts","through":"PostTags"}')`);
    this.call('SELECT assoc_sync()');
  }
  call(sql, ...values) {
    return this.db.prepare(sql).pluck().get(...values);
  }
  // A call with JSON: objects become texts, and a text that is JSON an object.
  json(name, ...values) {
    const found = this.call(`SELECT ${name}(${values.map(() => '?')})`,
      ...values.map((v) => typeof v === 'object' ? JSON.stringify(v) : v));
    return typeof found === 'string' ? JSON.parse(found) : found;
  }
  keys(query) {
    return this.call('SELECT json_group_array(id) FROM eager(?)',
      JSON.stringify(query));
  }
}

// ------------------------------------------------------------ what is equal

const time = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{3}( \+00:00|Z)$/;

// A value as JSON gives it, with the word for each time.
function plain(value) {
  return JSON.parse(JSON.stringify(value ?? null), (key, v) =>
    typeof v === 'string' && time.test(v) ? 'time' : v);
}

const tables = ['Users', 'Posts', 'Tags', 'PostTags', 'Vehicles'];

// All rows; of each its columns, and whether it was changed since it was made.
function rows(name) {
  const db = new Sqlite(name, { readonly: true });
  const all = tables.map((table) => db.prepare(`SELECT * FROM ${table}
    ORDER BY 1, 2`).all().map((row) => ({ ...plain(row),
    changed: row.createdAt !== row.updatedAt })));
  db.close();
  return Object.fromEntries(tables.map((table, i) => [table, all[i]]));
}

// --------------------------------------------------------------- the calls

const posts = { where: { email: { [Op.like]: '%@x' } }, order: [['id', 'ASC']],
  include: [{ association: 'posts', separate: true, order: [['id', 'DESC']] }] };
const postsAssoc = { model: 'User', ...posts, where: { email: { $like: '%@x' } } };

// Each is [name, Sequelize, assoc]; what both give is compared, then all rows.
const calls = [
  ['create with include',
    async (s) => (await s.User.create({ email: 'b@x', name: 'B',
      posts: [{ title: 'b1' }, { title: 'b2' }] }, { include: ['posts'] })).id,
    (a) => a.json('assoc_insert', 'User', { email: 'b@x', name: 'B',
      posts: [{ title: 'b1' }, { title: 'b2' }] }).id],
  ['findOrCreate makes',
    async (s) => {
      const [row, made] = await s.User.findOrCreate({ where: { email: 'c@x' },
        defaults: { name: 'C' } });
      return [row.id, made];
    },
    (a) => {
      const found = a.json('assoc_insert', 'User',
        { '#by': 'email', email: 'c@x', name: 'C' });
      return [found.id, found['#made'] === true];
    }],
  ['findOrCreate finds',
    async (s) => {
      const [row, made] = await s.User.findOrCreate({ where: { email: 'c@x' },
        defaults: { name: 'other' } });
      return [row.id, row.name, made];
    },
    (a) => {
      const found = a.json('assoc_insert', 'User',
        { '#by': 'email', email: 'c@x', name: 'other' });
      return [found.id, a.json('assoc_find', 'User', found.id).name,
        found['#made'] === true];
    }],
  // Sequelize's upsert of a row that exists uses up an AUTOINCREMENT key, so it
  // comes after all that make users.
  ['upsert makes',
    async (s) => void await s.User.upsert({ email: 'd@x', name: 'D', likes: 3 }),
    (a) => void a.json('assoc_insert', 'User',
      { '#upsert': 'email', email: 'd@x', name: 'D', likes: 3 })],
  ['upsert changes',
    async (s) => void await s.User.upsert({ email: 'c@x', name: 'C2' }),
    (a) => void a.json('assoc_insert', 'User',
      { '#upsert': 'email', email: 'c@x', name: 'C2' })],
  ['increment',
    async (s) => void await s.User.increment('likes',
      { by: 2, where: { email: 'd@x' } }),
    (a) => void a.db.exec("UPDATE Users SET likes = likes + 2 WHERE email = 'd@x'")],
  ['update where',
    async (s) => (await s.User.update({ name: 'many' },
      { where: { likes: { [Op.lt]: 5 }, name: { [Op.ne]: 'C2' } } }))[0],
    (a) => a.json('assoc_update', 'User', a.keys({ model: 'User',
      where: { likes: { $lt: 5 }, name: { $ne: 'C2' } } }), { name: 'many' },
    { many: true })],
  ['bulkCreate',
    async (s) => (await s.Tag.bulkCreate([{ name: 'x' }, { name: 'y' }])).length,
    (a) => a.json('assoc_insert', 'Tag', [{ name: 'x' }, { name: 'y' }]).length],
  ['set with through',
    async (s) => void await (await s.Post.findByPk(1)).setTags([1, 2],
      { through: { weight: 4 } }),
    (a) => void a.json('assoc_set', 'Post', 1, 'tags', [1, 2], { weight: 4 })],
  ['remove',
    async (s) => void await (await s.Post.findByPk(1)).removeTag(2),
    (a) => void a.json('assoc_remove', 'Post', 1, 'tags', 2)],
  ['findAll', (s) => s.User.findAll(posts), (a) => a.json('eager', postsAssoc)],
  ['findAll through',
    (s) => s.Post.findAll({ attributes: ['title'], order: ['id'],
      include: [{ association: 'tags', attributes: ['name'],
        through: { attributes: ['weight'] } }] }),
    (a) => a.json('eager', { model: 'Post', attributes: ['title'], order: ['id'],
      include: [{ association: 'tags', attributes: ['name'],
        through: { attributes: ['weight'] } }] })],
  ['findOne',
    (s) => s.Post.findOne({ where: { '$author.email$': 'b@x' }, include: 'author',
      order: [['id', 'DESC']] }),
    (a) => a.json('eager', { model: 'Post', where: { '$author.email$': 'b@x' },
      include: 'author', order: [['id', 'DESC']], limit: 1 })[0]],
  ['count',
    (s) => s.User.count({ where: { name: 'many' } }),
    (a) => a.json('eager', { model: 'User', where: { name: 'many' },
      attributes: [{ aggregate: 'count', as: 'n' }] }).n],
  ['count include',
    (s) => s.User.count({ include: [{ association: 'posts', required: true }],
      distinct: true }),
    (a) => a.call("SELECT count(*) FROM eager('User(some posts){}')")],
  ['findAndCountAll',
    (s) => s.User.findAndCountAll({ attributes: ['id'], order: ['id'], limit: 2 }),
    (a) => {
      const page = a.json('eager', { model: 'User', attributes: ['id'],
        order: ['id'], page: { count: 'count', nodes: 'rows' }, first: 2 });
      return page;
    }],
  ['STI create',
    async (s) => [(await s.Car.create({ wheels: 4 })).id,
      (await s.Bike.create({ wheels: 2 })).id],
    (a) => [a.json('assoc_insert', 'Car', { wheels: 4 }).id,
      a.json('assoc_insert', 'Bike', { wheels: 2 }).id]],
  ['STI findAll', (s) => s.Bike.findAll(), (a) => a.json('eager', 'Bike')],
  ['STI update where',
    async (s) => (await s.Car.update({ wheels: 3 },
      { where: { type: 'Car', wheels: 4 } }))[0],
    (a) => a.json('assoc_update', 'Car', a.keys({ model: 'Car',
      where: { wheels: 4 } }), { wheels: 3 }, { many: true })],
  // Users without posts: where ON DELETE sets a post's key to NULL, the trigger
  // of assoc_sync() also writes its updatedAt.
  ['destroy where',
    (s) => s.User.destroy({ where: { email: { [Op.in]: ['c@x', 'd@x'] } } }),
    (a) => a.json('assoc_destroy', 'User', a.keys({ model: 'User',
      where: { email: { $in: ['c@x', 'd@x'] } } }), { many: true })
      .deleted.Users.length],
];

for (const name of Object.values(file)) rmSync(name, { force: true });
const made = open(file.sequelize);
await made.sequelize.sync();
await made.User.create({ email: 'a@x', name: 'A' });
await made.sequelize.close();
copyFileSync(file.sequelize, file.assoc);

const s = open(file.sequelize), a = new Assoc(file.assoc);
let failed = 0;
for (const [name, bySequelize, byAssoc] of calls) {
  // Times have milliseconds: a change comes in a later one.
  await new Promise((resolve) => setTimeout(resolve, 5));
  try {
    assert.strictEqual(JSON.stringify(plain(await byAssoc(a))),
      JSON.stringify(plain(await bySequelize(s))));
    assert.deepStrictEqual(rows(file.assoc), rows(file.sequelize));
  } catch (error) {
    failed++;
    console.log(`${name}: ${error.message}`);
  }
}
await s.sequelize.close();
a.db.close();
console.log(`${calls.length - failed} calls passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
