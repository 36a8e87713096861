#!/bin/sh
# Drizzle: `drizzle-kit push` drops every table that its schema lacks, so
# tablesFilter leaves out those of assoc.
set -e
extension=$1 database=$2
cd "$MIGRATIONS"
cat >schema-drizzle.mjs <<'END'
import { sqliteTable, integer, text } from 'drizzle-orm/sqlite-core';
export const users = sqliteTable('users', {
  id: integer('id').primaryKey(),
  name: text('name'),
});
export const posts = sqliteTable('posts', {
  id: integer('id').primaryKey(),
  title: text('title').notNull().default(''),
  userId: integer('user_id').references(() => users.id),
});
END
config() {
  cat >drizzle.config.mjs <<END
export default {
  dialect: 'sqlite',
  schema: './schema-drizzle.mjs',
  dbCredentials: { url: '$database' },
  $1
};
END
}
sqlite3 "$database" >/dev/null <<END
.load $extension
CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts(id INTEGER PRIMARY KEY, title TEXT, user_id INTEGER REFERENCES users(id));
INSERT INTO users VALUES (1, 'Ann');
INSERT INTO posts VALUES (1, 'Hello', 1);
SELECT length(assoc_discover()) > 0;
END
config "tablesFilter: ['!assoc_*'],"
npx drizzle-kit push --force --config drizzle.config.mjs
