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
  const Profile = sequelize.define('Profile', { city: text },
    { timestamps: false });
  const Note = sequelize.define('Note', { text, pinned: DataTypes.INTEGER },
    { paranoid: true, scopes: { pinned: { where: { pinned: 1 } },
      like: (pattern) => ({ where: { text: { [Op.like]: pattern } } }) } });
  const PostTags = sequelize.define('PostTags', { weight: DataTypes.INTEGER },
    { timestamps: false });
  // Sequelize's single-table inheritance: a scope, and a default value.
  const kind = (name) => sequelize.define(name, { wheels: DataTypes.INTEGER,
    type: { type: text, defaultValue: name } }, { tableName: 'Vehicles',
    timestamps: false, defaultScope: { where: { type: name } } });
  User.hasMany(Post, { as: 'posts', foreignKey: 'UserId' });
  User.hasOne(Profile, { as: 'profile', foreignKey: 'UserId' });
  Profile.belongsTo(User, { as: 'user', foreignKey: 'UserId' });
  User.hasMany(Note, { as: 'notes', foreignKey: 'UserId' });
  Note.belongsTo(User, { as: 'writer', foreignKey: 'UserId' });
  Post.belongsTo(User, { as: 'author', foreignKey: 'UserId' });
  Post.belongsToMany(Tag, { as: 'tags', through: PostTags });
  Tag.belongsToMany(Post, { as: 'posts', through: PostTags });
  return { sequelize, User, Post, Tag, PostTags, Profile, Note,
    Car: kind('Car'), Bike: kind('Bike') };
}

class Assoc {
  constructor(name) {
    this.db = new Sqlite(name);
    this.db.loadExtension(extension);
    this.db.pragma('foreign_keys = ON');
    this.call(`SELECT assoc_model('User', '{"timestamps":true}'),
      assoc_model('Post', '{"timestamps":true}'),
      assoc_model('Note', '{"timestamps":true,"paranoid":true,"scopes":{
        "pinned":{"where":{"pinned":1}},
        "like":{"where":{"text":{"$like":{"$param":1}}}}}}'),
      assoc_model('Car', '{"table":"Vehicles","values":{"type":"Car"}}'),
      assoc_model('Bike', '{"table":"Vehicles","values":{"type":"Bike"}}'),
      assoc_define('User', 'hasMany', 'Post', '{"as":"posts"}'),
      assoc_define('User', 'hasOne', 'Profile', '{"as":"profile"}'),
      assoc_define('Profile', 'belongsTo', 'User', '{"as":"user"}'),
      assoc_define('User', 'hasMany', 'Note', '{"as":"notes"}'),
      assoc_define('Note', 'belongsTo', 'User', '{"as":"writer","foreignKey":"UserId"}'),
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

const tables = ['Users', 'Posts', 'Tags', 'PostTags', 'Vehicles', 'Profiles',
  'Notes'];

// All rows; of each its columns, and whether it was changed since it was made.
function rows(name) {
  const db = new Sqlite(name, { readonly: true });
  const all = tables.map((table) => db.prepare(`SELECT * FROM ${table}
    ORDER BY 1, 2`).all().map((row) => ({ ...plain(row),
    changed: row.createdAt !== row.updatedAt })));
  db.close();
  return Object.fromEntries(tables.map((table, i) => [table, all[i]]));
}

// How many values are in it.
function valuesOf(value) {
  if (value === null || typeof value !== 'object') return 1;
  return Object.values(value).reduce((n, v) => n + valuesOf(v), 0);
}

// --------------------------------------------------------------- the calls

const posts = { where: { email: { [Op.like]: '%@x' } }, order: [['id', 'ASC']],
  include: [{ association: 'posts', separate: true, order: [['id', 'DESC']] }] };
const postsAssoc = { model: 'User', ...posts, where: { email: { $like: '%@x' } } };

// What Sequelize's options become in JSON: operators by name.
const operators = new Map(Object.entries(Op).map(([name, op]) => [op, `$${name}`]));
function inJson(value) {
  if (Array.isArray(value)) return value.map(inJson);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Reflect.ownKeys(value).map((key) =>
    [operators.get(key) ?? key, inJson(value[key])]));
}

// findAll() with the same options, on both sides.
function find(model, options) {
  return [`${model}.findAll(${JSON.stringify(inJson(options))})`,
    (s) => s[model].findAll(copied(options)),
    (a) => a.json('eager', { model, ...inJson(options) })];
}

// Sequelize changes the options that it is given: it gets a copy.
function copied(value) {
  if (Array.isArray(value)) return value.map(copied);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Reflect.ownKeys(value).map((key) =>
    [key, copied(value[key])]));
}

// Conditions of one model, by each operator that both have.
const conditions = [
  { name: 'B' }, { name: ['B', 'C2'] }, { name: null }, { likes: { [Op.gt]: 1 } },
  { likes: { [Op.gte]: 3 } }, { likes: { [Op.lt]: 3 } }, { likes: { [Op.lte]: 3 } },
  { likes: { [Op.ne]: 0 } }, { likes: { [Op.eq]: 0 } }, { name: { [Op.is]: null } },
  { name: { [Op.not]: null } }, { name: { [Op.ne]: null } },
  { likes: { [Op.between]: [1, 9] } }, { likes: { [Op.notBetween]: [1, 9] } },
  { id: { [Op.in]: [1, 3] } }, { id: { [Op.notIn]: [1, 3] } },
  { id: { [Op.in]: [] } }, { id: { [Op.notIn]: [] } },
  { email: { [Op.like]: '_@x' } }, { email: { [Op.notLike]: 'a%' } },
  { email: { [Op.startsWith]: 'b' } }, { email: { [Op.endsWith]: '@x' } },
  { email: { [Op.substring]: 'c@' } },
  { [Op.or]: [{ name: 'B' }, { likes: { [Op.gt]: 4 } }] },
  { [Op.or]: { name: 'B', likes: 0 } }, { [Op.not]: { name: 'B' } },
  { [Op.and]: [{ name: { [Op.ne]: 'B' } }, { likes: 0 }] },
  { likes: { [Op.or]: [0, { [Op.gt]: 4 }] } },
  { likes: { [Op.and]: { [Op.gt]: 0, [Op.lt]: 9 } } },
  { likes: { [Op.gt]: 0, [Op.lt]: 9 } }, { likes: { [Op.not]: 0 } },
  { [Op.and]: [] }, {},
];
const lists = [
  ['User', { attributes: ['id', ['name', 'n']], order: [['name', 'DESC'], 'id'] }],
  ['User', { attributes: { exclude: ['createdAt', 'updatedAt'] }, order: [['likes', 'DESC'], ['id', 'ASC']], limit: 2, offset: 1 }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'profile', attributes: ['city'] }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'profile', attributes: ['city'], required: true }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'profile', attributes: ['city'], where: { city: 'Rome' } }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'profile', attributes: ['city'], where: { city: 'Rome' }, required: false }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['title'], separate: true, order: [['title', 'DESC']] }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['title'], separate: true, order: [['id', 'ASC']], limit: 1 }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['title'], separate: true, order: [['id', 'ASC']], where: { title: { [Op.like]: 'b%' } } }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['id'], required: true }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['id'], where: { title: 'b2' } }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['id'], where: { title: 'b2' }, required: false }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'posts', attributes: ['id'], required: true, include: [{ association: 'tags', attributes: ['id'], through: { attributes: [] }, required: true }] }] }],
  ['Post', { attributes: ['id'], order: [['author', 'name', 'DESC'], ['id', 'ASC']], include: [{ association: 'author', attributes: ['name'] }] }],
  ['Post', { attributes: ['id'], order: ['id'], where: { '$author.name$': 'B' }, include: [{ association: 'author', attributes: ['id'] }] }],
  ['Post', { attributes: ['id'], order: ['id'], include: [{ association: 'author', attributes: ['id'], include: [{ association: 'profile', attributes: ['city'] }] }] }],
  ['Post', { attributes: ['id'], order: ['id'], include: [{ association: 'tags', attributes: ['name'], through: { attributes: ['weight'], where: { weight: { [Op.gt]: 1 } } } }] }],
  ['Post', { attributes: ['id'], order: ['id'], include: [{ association: 'tags', attributes: ['name'], through: { attributes: [] }, where: { name: 'x' } }] }],
  ['Tag', { order: ['id'], include: [{ association: 'posts', attributes: ['title'], through: { attributes: ['weight'] } }] }],
  ['Note', { attributes: ['text'], order: ['id'] }],
  ['Note', { attributes: ['text'], order: ['id'], paranoid: false }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'notes', attributes: ['text'] }] }],
  ['User', { attributes: ['id'], order: ['id'], include: [{ association: 'notes', attributes: ['text'], paranoid: false }] }],
  ['User', { attributes: ['id'], order: ['id'], raw: false, logging: false, benchmark: false }],
  ['Car', { order: ['id'] }],
];

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
  ['create with two levels',
    async (s) => {
      const post = await s.Post.create({ title: 'deep', author: { email: 'deep@x',
        profile: { city: 'Oslo' }, notes: [{ text: 'n' }] } },
      { include: [{ association: 'author', include: ['profile', 'notes'] }] });
      return [post.id, post.author.id, post.author.notes.length];
    },
    (a) => {
      const post = a.json('assoc_insert', 'Post', { title: 'deep', author: {
        email: 'deep@x', profile: { city: 'Oslo' }, notes: [{ text: 'n' }] } });
      return [post.id, post.author.id, post.author.notes.length];
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
  ['decrement one',
    async (s) => void await (await s.User.findByPk(1)).decrement({ likes: 1 }),
    (a) => void a.db.exec('UPDATE Users SET likes = likes - 1 WHERE id = 1')],
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
  ['create hasOne',
    async (s) => (await s.Profile.create({ city: 'Rome', UserId: 2 })).id,
    (a) => a.json('assoc_insert', 'Profile', { city: 'Rome', UserId: 2 }).id],
  ['createPost',
    async (s) => (await (await s.User.findByPk(1)).createPost({ title: 'made' })).id,
    (a) => a.json('assoc_create', 'User', 1, 'posts', { title: 'made' })],
  ['setAuthor null',
    async (s) => void await (await s.Post.findByPk(4)).setAuthor(null),
    (a) => void a.call("SELECT assoc_set('Post', 4, 'author', NULL)")],
  ['addPost moves',
    async (s) => void await (await s.User.findByPk(2)).addPost(4),
    (a) => void a.json('assoc_add', 'User', 2, 'posts', 4)],
  ['update one',
    async (s) => void await (await s.Post.findByPk(4)).update({ title: 'b9' }),
    (a) => void a.json('assoc_update', 'Post', 4, { title: 'b9' })],
  ['addTag with through',
    async (s) => void await (await s.Post.findByPk(4)).addTag(2,
      { through: { weight: 9 } }),
    (a) => void a.json('assoc_add', 'Post', 4, 'tags', 2, { weight: 9 })],
  ['addTag again',
    async (s) => void await (await s.Post.findByPk(4)).addTag(2,
      { through: { weight: 1 } }),
    (a) => void a.json('assoc_add', 'Post', 4, 'tags', 2, { weight: 1 })],
  ['bulkCreate notes',
    async (s) => (await s.Note.bulkCreate([{ text: 'a', pinned: 1, UserId: 1 },
      { text: 'b', pinned: 0, UserId: 1 }, { text: 'c', pinned: 1, UserId: 2 }])).length,
    (a) => a.json('assoc_insert', 'Note', [{ text: 'a', pinned: 1, UserId: 1 },
      { text: 'b', pinned: 0, UserId: 1 }, { text: 'c', pinned: 1, UserId: 2 }]).length],
  ['destroy paranoid',
    async (s) => void await (await s.Note.findOne({ where: { text: 'a' } })).destroy(),
    (a) => void a.json('assoc_destroy', 'Note', 2)],
  ['scope', (s) => s.Note.scope('pinned').findAll({ attributes: ['text'] }),
    (a) => a.json('eager', { model: 'Note', scope: 'pinned', attributes: ['text'] })],
  ['scopes with a value',
    (s) => s.Note.scope('pinned', { method: ['like', '%c%'] })
      .findAll({ attributes: ['text'] }),
    (a) => a.json('eager', { model: 'Note', scope: ['pinned', { method: ['like', '%c%'] }],
      attributes: ['text'] })],
  ['restore',
    async (s) => void await (await s.Note.findByPk(2, { paranoid: false })).restore(),
    (a) => void a.json('assoc_update', 'Note', 2, { deletedAt: null })],
  // Note.destroy({ where }) leaves updatedAt as it was; note.destroy() does not.
  ['destroy paranoid where',
    async (s) => {
      const found = await s.Note.findAll({ where: { pinned: 1 } });
      for (const note of found) await note.destroy();
      return found.length;
    },
    (a) => a.json('assoc_destroy', 'Note', a.keys({ model: 'Note',
      where: { pinned: 1 } }), { many: true }).deleted.Notes.length],
  ['destroy force',
    async (s) => void await (await s.Note.findByPk(3)).destroy({ force: true }),
    (a) => void a.json('assoc_destroy', 'Note', 3, { force: true })],
  ['findByPk', (s) => s.User.findByPk(2, { include: ['profile'] }),
    (a) => a.json('assoc_find', 'User', 2, 'profile')],
  ['findByPk of none', (s) => s.User.findByPk(99), (a) => a.json('assoc_find', 'User', 99)],
  ['getPosts', async (s) => (await s.User.findByPk(2)).getPosts({ attributes: ['id'],
    order: [['id', 'DESC']], limit: 2 }),
  (a) => a.json('assoc_get', 'User', 2, { association: 'posts', attributes: ['id'],
    order: [['id', 'DESC']], limit: 2 })],
  ['countPosts', async (s) => (await s.User.findByPk(2)).countPosts(),
    (a) => a.json('assoc_count', 'User', 2, 'posts')],
  ['hasPost', async (s) => {
    const user = await s.User.findByPk(2);
    return [await user.hasPost(1), await user.hasPosts([1, 4]), await user.hasPost(99)];
  },
  (a) => [1, [1, 4], 99].map((keys) => a.json('assoc_has', 'User', 2, 'posts', keys) === 1)],
  ...['max', 'min', 'sum'].map((of) => [of, (s) => s.User[of]('likes'),
    (a) => a.json('eager', { model: 'User',
      attributes: [{ aggregate: of, column: 'likes', as: 'n' }] }).n]),
  ['count distinct', (s) => s.User.count({ distinct: true, col: 'name' }),
    (a) => a.json('eager', { model: 'User', attributes: [{ aggregate: 'count',
      column: 'name', distinct: true, as: 'n' }] }).n],
  ['findAndCountAll with required',
    (s) => s.User.findAndCountAll({ attributes: ['id'], order: ['id'], limit: 1,
      offset: 1, distinct: true, include: [{ association: 'posts', required: true,
        attributes: ['id'], separate: false }] }),
    (a) => a.json('eager', { model: 'User', attributes: ['id'], order: ['id'],
      page: { count: 'count', nodes: 'rows' }, first: 1, offset: 1,
      include: [{ association: 'posts', required: true, attributes: ['id'] }] })],
  ...conditions.map((where) => find('User', { attributes: ['id'], order: ['id'], where })),
  ...lists.map((list) => find(...list)),
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
let failed = 0, compared = 0;
for (const [name, bySequelize, byAssoc] of calls) {
  // Times have milliseconds: a change comes in a later one.
  await new Promise((resolve) => setTimeout(resolve, 5));
  try {
    const answer = JSON.stringify(plain(await byAssoc(a)));
    assert.strictEqual(answer, JSON.stringify(plain(await bySequelize(s))));
    const now = rows(file.assoc);
    assert.deepStrictEqual(now, rows(file.sequelize));
    compared += valuesOf(JSON.parse(answer)) + valuesOf(now);
  } catch (error) {
    failed++;
    console.log(`${name}: ${error.message}`);
  }
}
await s.sequelize.close();
a.db.close();
console.log(`${calls.length - failed} calls passed, ${failed} failed; ${compared} values`);
process.exitCode = failed ? 1 : 0;
