// Sequelize 6 on sqlite3. To-many associations are loaded by a query of their
// own (`separate`), which is faster here than the join it makes by default.
import { DataTypes, Sequelize } from 'sequelize';
import { keys, tables } from './schema.js';

export async function open(file, nUser) {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: file, logging: false });
  const type = { integer: DataTypes.INTEGER, text: DataTypes.TEXT, real: DataTypes.REAL };
  const model = {};
  for (const [table, columns] of Object.entries(tables)) {
    const attributes = {};
    for (const [c, t] of Object.entries(columns)) {
      attributes[c] = { type: type[t], primaryKey: c === 'id' || table === 'post_tags' };
    }
    model[table] = sequelize.define(table, attributes, { tableName: table, timestamps: false });
  }
  const { users, profiles, posts, comments, tags, post_tags } = model;
  users.hasOne(profiles, { as: 'profile', foreignKey: 'user_id' });
  users.hasMany(posts, { as: 'posts', foreignKey: 'user_id' });
  posts.belongsTo(users, { as: 'author', foreignKey: 'user_id' });
  posts.hasMany(comments, { as: 'comments', foreignKey: 'post_id' });
  posts.belongsToMany(tags, { as: 'tags', through: post_tags,
    foreignKey: 'post_id', otherKey: 'tag_id' });

  const many = (association, more) => ({ association, separate: true, ...more });
  const withTags = { association: 'tags', through: { attributes: [] } };
  return {
    load: {
      'users-posts': () => users.findAll({ include: many('posts') }),
      'users-posts-comments': () => users.findAll({
        include: many('posts', { include: many('comments') }) }),
      'hundred-users': () => users.findAll({ where: { id: keys(nUser) },
        include: ['profile', many('posts', { include: [many('comments'), withTags] })] }),
      'posts-author': () => posts.findAll({ include: 'author' }),
      'posts-tags': () => posts.findAll({ include: withTags }),
      'one-user': (key) => users.findByPk(key, {
        include: many('posts', { include: many('comments') }) }),
    },
    close: () => sequelize.close(),
  };
}
