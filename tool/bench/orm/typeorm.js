// TypeORM on better-sqlite3, relations loaded by the join that it makes by
// default: its strategy of queries of their own took a thousand times as long.
import 'reflect-metadata';
import { DataSource, EntitySchema, In } from 'typeorm';
import { keys, tables } from './schema.js';

const many = (target, inverseSide) => ({ type: 'one-to-many', target, inverseSide });
const one = (target, column, inverseSide) => ({ type: 'many-to-one', target, inverseSide,
  joinColumn: { name: column } });
const relations = {
  users: { posts: many('posts', 'author'),
    profile: { type: 'one-to-one', target: 'profiles', inverseSide: 'user' } },
  profiles: { user: { type: 'one-to-one', target: 'users', inverseSide: 'profile',
    joinColumn: { name: 'user_id' } } },
  posts: { author: one('users', 'user_id', 'posts'), comments: many('comments', 'post'),
    tags: { type: 'many-to-many', target: 'tags', joinTable: { name: 'post_tags',
      joinColumn: { name: 'post_id' }, inverseJoinColumn: { name: 'tag_id' } } } },
  comments: { post: one('posts', 'post_id', 'comments') },
};

export async function open(file, nUser) {
  const entities = Object.entries(tables).filter(([name]) => name !== 'post_tags')
    .map(([name, columns]) => new EntitySchema({
      name, tableName: name, relations: relations[name],
      columns: Object.fromEntries(Object.entries(columns).map(([c, type]) =>
        [c, { type, primary: c === 'id', nullable: c !== 'id' }])),
    }));
  const source = new DataSource({ type: 'better-sqlite3', database: file, entities });
  await source.initialize();
  const users = source.getRepository('users');
  const posts = source.getRepository('posts');
  return {
    load: {
      'users-posts': () => users.find({ relations: { posts: true } }),
      'users-posts-comments': () => users.find({ relations: { posts: { comments: true } } }),
      'hundred-users': () => users.find({ where: { id: In(keys(nUser)) },
        relations: { profile: true, posts: { comments: true, tags: true } } }),
      'posts-author': () => posts.find({ relations: { author: true } }),
      'posts-tags': () => posts.find({ relations: { tags: true } }),
      'one-user': (id) => users.findOne({ where: { id },
        relations: { posts: { comments: true } } }),
    },
    close: () => source.destroy(),
  };
}
