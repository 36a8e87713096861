#!/bin/sh
# Drizzle: `drizzle-kit push` drops every table that its schema lacks, so
# tablesFilter leaves out those of assoc and of the live document.
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
cat >drizzle.config.mjs <<END
export default {
  dialect: 'sqlite',
  schema: './schema-drizzle.mjs',
  dbCredentials: { url: '$database' },
  tablesFilter: ['!assoc_*', '!feed_*'],
};
END
sqlite3 -bail "$database" ".load $extension" \
  ".read '$(dirname "$0")/story.sql'" >/dev/null
npx drizzle-kit push --force --config drizzle.config.mjs
