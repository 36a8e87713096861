// Objection on Knex and better-sqlite3, with withGraphFetched().
import knex from 'knex';
import { Model } from 'objection';
import { keys } from './schema.js';

export async function open(file, nUser) {
  const client = knex({ client: 'better-sqlite3', connection: { filename: file },
    useNullAsDefault: true });
  const table = (name, relationMappings) => class extends Model {
    static get tableName() { return name; }
    static get relationMappings() { return relationMappings?.() ?? {}; }
  };
  const Profile = table('profiles');
  const Comment = table('comments');
  const Tag = table('tags');
  const Post = table('posts', () => ({
    author: { relation: Model.BelongsToOneRelation, modelClass: User,
      join: { from: 'posts.user_id', to: 'users.id' } },
    comments: { relation: Model.HasManyRelation, modelClass: Comment,
      join: { from: 'posts.id', to: 'comments.post_id' } },
    tags: { relation: Model.ManyToManyRelation, modelClass: Tag,
      join: { from: 'posts.id', to: 'tags.id',
        through: { from: 'post_tags.post_id', to: 'post_tags.tag_id' } } },
  }));
  const User = table('users', () => ({
    profile: { relation: Model.HasOneRelation, modelClass: Profile,
      join: { from: 'users.id', to: 'profiles.user_id' } },
    posts: { relation: Model.HasManyRelation, modelClass: Post,
      join: { from: 'users.id', to: 'posts.user_id' } },
  }));
  const all = (model, graph) => model.query(client).withGraphFetched(graph);
  return {
    load: {
      'users-posts': () => all(User, 'posts'),
      'users-posts-comments': () => all(User, 'posts.comments'),
      'hundred-users': () => all(User, '[profile, posts.[comments, tags]]')
        .whereIn('id', keys(nUser)),
      'posts-author': () => all(Post, 'author'),
      'posts-tags': () => all(Post, 'tags'),
      'one-user': (key) => all(User, 'posts.comments').findById(key),
    },
    close: () => client.destroy(),
  };
}
