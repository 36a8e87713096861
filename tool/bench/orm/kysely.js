// Kysely on better-sqlite3, with its jsonArrayFrom() and jsonObjectFrom().
import Database from 'better-sqlite3';
import { Kysely, ParseJSONResultsPlugin, SqliteDialect } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/sqlite';
import { keys, tables } from './schema.js';

export async function open(file, nUser) {
  const db = new Kysely({
    dialect: new SqliteDialect({ database: new Database(file, { readonly: true }) }),
    plugins: [new ParseJSONResultsPlugin()],
  });
  // The columns are named, as its helpers need them.
  const all = (table) => Object.keys(tables[table]).map((c) => `${table}.${c}`);
  const ofPost = (eb, table) =>
    eb.selectFrom(table).select(all(table)).whereRef(`${table}.post_id`, '=', 'posts.id');
  const comments = (eb) => jsonArrayFrom(ofPost(eb, 'comments')).as('comments');
  const tags = (eb) => jsonArrayFrom(eb.selectFrom('post_tags')
    .innerJoin('tags', 'tags.id', 'post_tags.tag_id').select(all('tags'))
    .whereRef('post_tags.post_id', '=', 'posts.id')).as('tags');
  const ofUser = (eb, table) =>
    eb.selectFrom(table).select(all(table)).whereRef(`${table}.user_id`, '=', 'users.id');
  const profile = (eb) => jsonObjectFrom(ofUser(eb, 'profiles')).as('profile');
  const author = (eb) => jsonObjectFrom(eb.selectFrom('users').select(all('users'))
    .whereRef('users.id', '=', 'posts.user_id')).as('author');
  const posts = (...more) => (eb) => jsonArrayFrom(
    more.reduce((q, m) => q.select(m), ofUser(eb, 'posts'))).as('posts');
  const newest = (eb) => jsonArrayFrom(
    ofUser(eb, 'posts').orderBy('created_at', 'desc').limit(3)).as('posts');

  const from = (table, ...more) =>
    more.reduce((q, m) => q.select(m), db.selectFrom(table).select(all(table)));
  return {
    load: {
      'users-posts': () => from('users', posts()).execute(),
      'users-posts-comments': () => from('users', posts(comments)).execute(),
      'hundred-users': () => from('users', profile, posts(comments, tags))
        .where('users.id', 'in', keys(nUser)).execute(),
      'posts-author': () => from('posts', author).execute(),
      'posts-tags': () => from('posts', tags).execute(),
      'one-user': (key) => from('users', posts(comments))
        .where('users.id', '=', key).executeTakeFirst(),
      'users-newest': () => from('users', newest).execute(),
    },
    close: () => db.destroy(),
  };
}
