#!/bin/sh
# Prisma: `db pull` writes models of assoc's tables, which nobody needs, and
# `db push` drops the tables that its schema lacks; tables.external leaves them
# out of both.
set -e
database=$2
cd "$MIGRATIONS"
mkdir -p prisma
cat >prisma/schema.prisma <<END
datasource db {
  provider = "sqlite"
}
model users {
  id    Int     @id
  name  String?
  posts posts[]
}
model posts {
  id      Int    @id
  title   String @default("")
  user_id Int?
  users   users? @relation(fields: [user_id], references: [id])
}
END
cat >prisma.config.mjs <<END
import { defineConfig } from 'prisma/config';
export default defineConfig({
  schema: 'prisma/schema.prisma',
  experimental: { externalTables: true },
  tables: {
    external: ['assoc_definitions', 'assoc_token', 'assoc_store', 'feed_doc',
      'feed_mark', 'assoc_dirty_posts', 'assoc_dirty_users'],
  },
  datasource: { url: 'file:$database' },
});
END
sqlite3 -bail "$database" ".load $1" \
  ".read '$(dirname "$0")/story.sql'" >/dev/null
npx prisma db push --accept-data-loss --config prisma.config.mjs
