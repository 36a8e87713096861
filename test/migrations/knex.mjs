// Knex: a migration may define associations; one that copies a table keeps them.
import { createRequire } from 'node:module';
const require = createRequire(process.env.MIGRATIONS + '/');
const [, , extension, file] = process.argv;
const knex = require('knex')({
  client: 'better-sqlite3',
  connection: { filename: file },
  useNullAsDefault: true,
  pool: {
    afterCreate(connection, done) {
      connection.loadExtension(extension);
      done(null, connection);
    },
  },
});
const steps = {
  '1': {
    async up(db) {
      await db.schema.createTable('users', (t) => {
        t.increments();
        t.string('name');
      });
      await db.schema.createTable('posts', (t) => {
        t.increments();
        t.string('title');
        t.integer('user_id').references('users.id');
      });
      await db('users').insert({ name: 'Ann' });
      await db('posts').insert({ title: 'Hello', user_id: 1 });
      await db.raw('SELECT assoc_discover()');
      await db.raw(
        "SELECT assoc_live('feed', 'users{name posts{title}}')");
    },
    async down() {},
  },
  '2': {
    async up(db) {
      await db.schema.alterTable('posts', (t) => {
        t.string('slug').notNullable().defaultTo('');
        t.string('title', 80).notNullable().alter(); // copies the table
      });
    },
    async down() {},
  },
};
const migrationSource = {
  getMigrations: async () => Object.keys(steps),
  getMigrationName: (name) => name,
  getMigration: async (name) => steps[name],
};
await knex.migrate.latest({ migrationSource });
await knex.destroy();
