// The same endpoints in Sequelize 6, on the same tables. What it answers is
// compared with the app's, and so are its length and its speed.
import express from 'express';
import { readFileSync } from 'node:fs';
import { DataTypes, Sequelize } from 'sequelize';
import { HttpError, list, missing, pageOf, sendError } from '../http.js';

// --------------------------------------------------------------------- models

function define(sequelize) {
  const { INTEGER, TEXT, BOOLEAN } = DataTypes;
  const options = { freezeTableName: true, timestamps: false };
  const id = { type: INTEGER, primaryKey: true, autoIncrement: true };
  const now = () => new Date().toISOString();
  const createdAt = { type: TEXT, defaultValue: now };
  const User = sequelize.define('User',
    { id, name: TEXT, email: TEXT, createdAt }, options);
  const Profile = sequelize.define('Profile',
    { id, bio: { type: TEXT, defaultValue: '' } }, options);
  const Post = sequelize.define('Post',
    { id, title: TEXT, body: { type: TEXT, defaultValue: '' }, createdAt },
    { ...options, timestamps: true, createdAt: false, updatedAt: false,
      paranoid: true });
  const Comment = sequelize.define('Comment',
    { id, body: TEXT, createdAt }, options);
  const Tag = sequelize.define('Tag',
    { name: { type: TEXT, primaryKey: true } }, options);
  const PostTag = sequelize.define('PostTag', {}, options);
  const Follow = sequelize.define('Follow', {}, options);
  const Team = sequelize.define('Team', { id, name: TEXT }, options);
  const TeamMember = sequelize.define('TeamMember',
    { role: { type: TEXT, defaultValue: 'member' },
      active: { type: BOOLEAN, defaultValue: true } }, options);
  const Project = sequelize.define('Project',
    { id, name: TEXT, status: { type: TEXT, defaultValue: 'active' } }, options);

  User.hasOne(Profile, { as: 'profile', foreignKey: 'userId' });
  Profile.belongsTo(User, { as: 'user', foreignKey: 'userId' });
  User.hasMany(Post, { as: 'posts', foreignKey: 'authorId' });
  Post.belongsTo(User, { as: 'author', foreignKey: 'authorId' });
  Post.hasMany(Comment, { as: 'comments', foreignKey: 'postId' });
  Comment.belongsTo(Post, { as: 'post', foreignKey: 'postId' });
  User.hasMany(Comment, { as: 'comments', foreignKey: 'authorId' });
  Comment.belongsTo(User, { as: 'author', foreignKey: 'authorId' });
  Post.belongsToMany(Tag,
    { as: 'tags', through: PostTag, foreignKey: 'postId', otherKey: 'tagName' });
  Tag.belongsToMany(Post,
    { as: 'posts', through: PostTag, foreignKey: 'tagName', otherKey: 'postId' });
  User.belongsToMany(User, { as: 'followers', through: Follow,
    foreignKey: 'followingId', otherKey: 'followerId' });
  User.belongsToMany(User, { as: 'following', through: Follow,
    foreignKey: 'followerId', otherKey: 'followingId' });
  const active = { model: TeamMember, scope: { active: true } };
  Team.belongsToMany(User,
    { as: 'members', through: active, foreignKey: 'teamId', otherKey: 'userId' });
  User.belongsToMany(Team,
    { as: 'teams', through: active, foreignKey: 'userId', otherKey: 'teamId' });
  Team.hasMany(Project, { as: 'projects', foreignKey: 'teamId' });
  Team.hasMany(Project, { as: 'activeProjects', foreignKey: 'teamId',
    scope: { status: 'active' } });
  return sequelize.models;
}

export async function openSequelize(file) {
  // Each transaction has a connection of its own, and waits for a second only.
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: file,
    logging: false, retry: { match: [/SQLITE_BUSY/], max: 20 } });
  await sequelize.query('PRAGMA journal_mode = WAL');
  const [[{ n }]] = await sequelize.query(
    'SELECT count(*) AS n FROM sqlite_schema');
  if (n === 0) {
    const tables = readFileSync(new URL('../tables.sql', import.meta.url), 'utf8');
    for (const sql of tables.replace(/--.*/g, '').split(';')
      .filter((text) => text.trim())) await sequelize.query(sql);
  }
  return { sequelize, ...define(sequelize) };
}

// ---------------------------------------------------------------------- bodies

// Only these members of a body are taken, at every level of it.
function pick(body = {}, ...names) {
  if (Object.prototype.toString.call(body) !== '[object Object]') {
    throw new HttpError(400, 'an object should stand here');
  }
  for (const name of Object.keys(body)) {
    if (!names.includes(name)) throw new HttpError(403, `'${name}' is not taken`);
  }
  return { ...body };
}

// --------------------------------------------------------------------- errors

function translate(error, req, res, next) {
  // Sequelize calls every constraint UNIQUE that is no foreign key.
  const cause = error.parent;
  if (!cause) return next(error);
  const message = cause.message.replace(/^SQLITE_CONSTRAINT: /, '');
  const foreign = message.startsWith('FOREIGN KEY');
  next(Object.assign(new Error(message), {
    status: message.startsWith('UNIQUE') ? 409 : foreign ? 404
      : cause.code === 'SQLITE_CONSTRAINT' ? 422 : 500 }));
}

// ------------------------------------------------------------------------ app

export function createApp(blog) {
  const { sequelize, User, Profile, Post, Comment, Tag, Team, Project } = blog;
  const app = express();
  app.use(express.json());

  const commentCount = [sequelize.literal(
    '(SELECT count(*) FROM Comment WHERE postId = Post.id)'), 'commentCount'];
  // A new one each time: Sequelize writes into it.
  const author = () =>
    ({ model: User, as: 'author', attributes: ['id', 'name'] });
  const tags = { model: Tag, as: 'tags', through: { attributes: [] } };
  const postAttributes = ['id', 'title', 'body', 'createdAt'];

  const wholePost = (id) => Post.findByPk(id, {
    attributes: postAttributes,
    include: [author(), tags, { model: Comment, as: 'comments',
      attributes: ['id', 'body', 'createdAt'], include: [author()] }],
    order: [[tags, 'name'], [{ model: Comment, as: 'comments' }, 'id']],
  });

  async function user(id) {
    const count = (sql) => sequelize.literal(`(SELECT count(*) FROM ${sql})`);
    const found = await User.findByPk(id, {
      attributes: ['id', 'name', 'createdAt',
        [count('Post WHERE authorId = User.id AND deletedAt IS NULL'),
          'postCount'],
        [count('Follow WHERE followingId = User.id'), 'followerCount'],
        [count('Follow WHERE followerId = User.id'), 'followingCount']],
      include: [{ model: Profile, as: 'profile', attributes: ['bio'] },
        { model: Post, as: 'posts', attributes: ['id', 'title', 'createdAt',
          'authorId'],
        separate: true, order: [['id', 'DESC']], limit: 5 }],
    });
    if (!found) return null;
    const plain = found.toJSON();
    plain.posts.forEach((post) => delete post.authorId);
    return plain;
  }

  const team = async (id) => {
    const found = await Team.findByPk(id, {
      attributes: ['id', 'name'],
      include: [{ model: User, as: 'members', attributes: ['id', 'name'],
        through: { attributes: ['role'] } },
      { model: Project, as: 'activeProjects', attributes: ['id', 'name'] }],
      order: [[{ model: User, as: 'members' }, 'name'],
        [{ model: Project, as: 'activeProjects' }, 'id']],
    });
    if (!found) return null;
    const plain = found.toJSON();
    for (const member of plain.members) {
      member.role = member.TeamMember.role;
      delete member.TeamMember;
    }
    return plain;
  };

  function send(res, what, found, status = 200) {
    if (!found) throw missing(what);
    res.status(status).json(found);
  }

  async function signedIn(req, res, next) {
    req.me = await User.findByPk(Number(req.get('X-User')) || 0);
    if (!req.me) {
      throw new HttpError(401, 'say who you are, in the header X-User');
    }
    next();
  }

  async function ownPost(req, res, next) {
    req.post = await Post.findByPk(req.params.id);
    if (!req.post) throw missing('post');
    if (req.post.authorId !== req.me.id) {
      throw new HttpError(403, 'it is not yours');
    }
    next();
  }

  async function teamOwner(req, res, next) {
    req.team = await Team.findByPk(req.params.id);
    if (!req.team) throw missing('team');
    if (!(await req.team.getMembers({ where: { id: req.me.id },
      through: { where: { role: 'owner' } } })).length) {
      throw new HttpError(403, 'only its owner may');
    }
    next();
  }

  // ------------------------------------------------------------------- people

  app.post('/users', async (req, res) => {
    const values = pick(req.body, 'name', 'email', 'profile');
    if (values.profile) values.profile = pick(values.profile, 'bio');
    const { id } = await sequelize.transaction((transaction) =>
      User.create(values, { transaction,
        include: [{ model: Profile, as: 'profile' }] }));
    send(res, 'user', await user(id), 201);
  });

  app.get('/users', async (req, res) => {
    const { count, rows } = await User.findAndCountAll({
      attributes: ['id', 'name'], order: ['name'], ...pageOf(req.query) });
    send(res, 'page', { count, nodes: rows });
  });

  app.get('/users/:id', async (req, res) => {
    send(res, 'user', await user(req.params.id));
  });

  for (const [side, get, count] of [
    ['followers', 'getFollowers', 'countFollowers'],
    ['following', 'getFollowing', 'countFollowing']]) {
    app.get(`/users/:id/${side}`, async (req, res) => {
      const found = await User.findByPk(req.params.id);
      if (!found) throw missing('user');
      res.json({ count: await found[count](), nodes: await found[get]({
        attributes: ['id', 'name'], joinTableAttributes: [], order: ['name'],
        ...pageOf(req.query) }) });
    });
  }

  app.put('/users/:id/followers/me', signedIn, async (req, res) => {
    const found = await User.findByPk(req.params.id);
    if (!found) throw missing('user');
    await found.addFollower(req.me);
    res.status(204).end();
  });

  app.delete('/users/:id/followers/me', signedIn, async (req, res) => {
    const found = await User.findByPk(req.params.id);
    if (!found) throw missing('user');
    await found.removeFollower(req.me);
    res.status(204).end();
  });

  // -------------------------------------------------------------------- posts

  const posts = (where, page, include = tags) => Post.findAndCountAll({
    attributes: [...postAttributes, commentCount], where, distinct: true,
    include: [author(), include], ...page,
    order: [['id', 'DESC'], [tags, 'name']] });

  app.get('/posts', async (req, res) => {
    const { tag, ...query } = req.query;
    const where = tag ? sequelize.literal(`EXISTS (SELECT 1 FROM PostTag
      WHERE postId = Post.id AND tagName = ${sequelize.escape(tag)})`) : {};
    const { count, rows } = await posts(where, pageOf(query));
    res.json({ count, nodes: rows });
  });

  app.get('/feed', signedIn, async (req, res) => {
    const following = await req.me.getFollowing({ attributes: ['id'] });
    const { count, rows } = await posts(
      { authorId: following.map(({ id }) => id) }, pageOf(req.query));
    res.json({ count, nodes: rows });
  });

  app.get('/posts/:id', async (req, res) => {
    send(res, 'post', await wholePost(req.params.id));
  });

  app.post('/posts', signedIn, async (req, res) => {
    const values = pick(req.body, 'title', 'body', 'tags');
    const names = list(values.tags).map(String);
    const id = await sequelize.transaction(async (transaction) => {
      const post = await req.me.createPost(
        { title: values.title, body: values.body }, { transaction });
      for (const name of names) {
        await Tag.findOrCreate({ where: { name }, transaction });
      }
      await post.setTags(names, { transaction });
      return post.id;
    });
    send(res, 'post', await wholePost(id), 201);
  });

  app.patch('/posts/:id', signedIn, ownPost, async (req, res) => {
    await req.post.update(pick(req.body, 'title', 'body'));
    send(res, 'post', await wholePost(req.post.id));
  });

  app.delete('/posts/:id', signedIn, ownPost, async (req, res) => {
    await req.post.destroy();
    res.status(204).end();
  });

  app.post('/posts/:id/comments', signedIn, async (req, res) => {
    const post = await Post.findByPk(req.params.id);
    if (!post) throw missing('post');
    await post.createComment(
      { ...pick(req.body, 'body'), authorId: req.me.id });
    send(res, 'post', await wholePost(post.id), 201);
  });

  // -------------------------------------------------------------------- teams

  app.post('/teams', signedIn, async (req, res) => {
    const values = pick(req.body, 'name', 'projects');
    values.projects = list(values.projects)
      .map((project) => pick(project, 'name'));
    const id = await sequelize.transaction(async (transaction) => {
      const made = await Team.create(values, { transaction,
        include: [{ model: Project, as: 'projects' }] });
      await made.addMember(req.me, { through: { role: 'owner' }, transaction });
      return made.id;
    });
    send(res, 'team', await team(id), 201);
  });

  app.get('/teams/:id', async (req, res) => {
    send(res, 'team', await team(req.params.id));
  });

  app.put('/teams/:id/members', signedIn, teamOwner, async (req, res) => {
    const members = list(pick(req.body, 'members').members).map(Number);
    await sequelize.transaction((transaction) =>
      req.team.setMembers([req.me.id, ...members], { transaction }));
    send(res, 'team', await team(req.team.id));
  });

  app.use(() => {
    throw missing('page');
  });
  app.use(translate);
  app.use(sendError);
  return app;
}
