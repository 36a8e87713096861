// Drizzle's relational queries on better-sqlite3, prepared.
import Database from 'better-sqlite3';
import { relations, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { keys, tables } from './schema.js';

export async function open(file, nUser) {
  const type = { integer, text, real };
  const schema = {};
  for (const [table, columns] of Object.entries(tables)) {
    const made = {};
    for (const [c, t] of Object.entries(columns)) {
      made[c] = c === 'id' ? integer(c).primaryKey() : type[t](c);
    }
    schema[table] = sqliteTable(table, made);
  }
  const { users, profiles, posts, comments, tags, post_tags } = schema;
  schema.ofUsers = relations(users, ({ one, many }) => ({
    profile: one(profiles, { fields: [users.id], references: [profiles.user_id] }),
    posts: many(posts) }));
  schema.ofPosts = relations(posts, ({ one, many }) => ({
    author: one(users, { fields: [posts.user_id], references: [users.id] }),
    comments: many(comments), joins: many(post_tags) }));
  schema.ofComments = relations(comments, ({ one }) => ({
    post: one(posts, { fields: [comments.post_id], references: [posts.id] }) }));
  schema.ofJoins = relations(post_tags, ({ one }) => ({
    post: one(posts, { fields: [post_tags.post_id], references: [posts.id] }),
    tag: one(tags, { fields: [post_tags.tag_id], references: [tags.id] }) }));

  const client = new Database(file, { readonly: true });
  const { query } = drizzle(client, { schema });
  // Join rows are what it has for many-to-many: the tags are taken out of them.
  const joins = { columns: {}, with: { tag: true } };
  const withTags = ({ joins: rows, ...post }) => ({ ...post, tags: rows.map((j) => j.tag) });
  const prepared = {
    'users-posts': query.users.findMany({ with: { posts: true } }),
    'users-posts-comments': query.users.findMany({
      with: { posts: { with: { comments: true } } } }),
    'hundred-users': query.users.findMany({
      where: (u, { inArray }) => inArray(u.id, keys(nUser)),
      with: { profile: true, posts: { with: { comments: true, joins } } } }),
    'posts-author': query.posts.findMany({ with: { author: true } }),
    'posts-tags': query.posts.findMany({ with: { joins } }),
    'one-user': query.users.findFirst({
      where: (u, { eq }) => eq(u.id, sql.placeholder('key')),
      with: { posts: { with: { comments: true } } } }),
    'users-newest': query.users.findMany({ with: { posts: {
      orderBy: (p, { desc }) => desc(p.created_at), limit: 3 } } }),
  };
  const load = {};
  for (const [name, q] of Object.entries(prepared)) {
    const statement = q.prepare();
    load[name] = (key) => statement.execute({ key });
  }
  const plain = { ...load };
  load['posts-tags'] = async () => (await plain['posts-tags']()).map(withTags);
  load['hundred-users'] = async () => (await plain['hundred-users']()).map(
    (u) => ({ ...u, posts: u.posts.map(withTags) }));
  return { load, close: () => client.close() };
}
