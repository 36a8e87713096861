// The clients in JavaScript. Each opens a connection with the extension, and
// has
//
//   rows(sql, ...values)         an array of arrays
//   script(sql)                  statements without result
//   transaction(end, sql, ...)   runs a statement in a transaction of the
//                                library, which ends by 'commit' or 'rollback'
//   cause(error)                 the driver's error, which has SQLite's code
//   close()
//
// A library of queries is given the driver's connection, or opens it by a hook.
import { createRequire } from 'node:module';

// The packages stand where CLIENTS says: the test's folder is kept clean.
const require = createRequire(process.env.CLIENTS + '/');

class Rollback extends Error {}

function isRollback(error) {
  if (!(error instanceof Rollback)) throw error;
}

// ---------------------------------------------------------------- drivers

class BetterSqlite3 {
  constructor(extension, database, driver = 'better-sqlite3') {
    this.db = new (require(driver))(database);
    this.db.loadExtension(extension);
  }
  rows(sql, ...values) {
    const statement = this.db.prepare(sql);
    if (statement.reader) return statement.raw().all(...values);
    statement.run(...values);
    return [];
  }
  script(sql) {
    this.db.exec(sql);
  }
  transaction(end, ...statement) {
    try {
      this.db.transaction(() => {
        this.rows(...statement);
        if (end === 'rollback') throw new Rollback();
      })();
    } catch (error) {
      isRollback(error);
    }
  }
  cause(error) {
    return error;
  }
  close() {
    this.db.close();
  }
}

class Libsql extends BetterSqlite3 {
  constructor(extension, database) {
    super(extension, database, 'libsql');
  }
}

// Of Node 22.13 and later, and of Deno.
class NodeSqlite {
  constructor(extension, database, Database) {
    Database ??= process.getBuiltinModule('node:sqlite').DatabaseSync;
    this.db = new Database(database, { allowExtension: true });
    this.db.loadExtension(extension);
  }
  rows(sql, ...values) {
    return this.db.prepare(sql).all(...values).map(Object.values);
  }
  script(sql) {
    this.db.exec(sql);
  }
  transaction(end, ...statement) {
    this.db.exec('BEGIN IMMEDIATE');
    this.rows(...statement);
    this.db.exec(end);
  }
  cause(error) {
    return error;
  }
  close() {
    this.db.close();
  }
}

class Bun extends NodeSqlite {
  constructor(extension, database) {
    super(extension, database, require('bun:sqlite').Database);
  }
  rows(sql, ...values) {
    return this.db.query(sql).values(...values);
  }
}

class NodeSqlite3 {
  static async open(extension, database) {
    const client = new NodeSqlite3();
    client.db = await new Promise((resolve, reject) => {
      const db = new (require('sqlite3').Database)(database, (error) =>
        error ? reject(error) : resolve(db));
    });
    await client.call('loadExtension', extension);
    return client;
  }
  call(method, ...given) {
    return new Promise((resolve, reject) => {
      this.db[method](...given, (error, result) =>
        error ? reject(error) : resolve(result));
    });
  }
  async rows(sql, ...values) {
    return (await this.call('all', sql, values)).map(Object.values);
  }
  script(sql) {
    return this.call('exec', sql);
  }
  async transaction(end, ...statement) {
    await this.script('BEGIN');
    await this.rows(...statement);
    await this.script(end);
  }
  cause(error) {
    return error;
  }
  close() {
    return this.call('close');
  }
}

// ------------------------------------------------- libraries of queries

class Drizzle extends BetterSqlite3 {
  constructor(extension, database) {
    super(extension, database);
    const { drizzle } = require('drizzle-orm/better-sqlite3');
    this.sql = require('drizzle-orm').sql;
    this.drizzle = drizzle(this.db);
  }
  query(sql, values) {
    const parts = sql.split('?');
    return parts.reduce((query, part, i) => this.sql`${query}${values[i]}${
      this.sql.raw(part)}`, this.sql.raw(parts.shift()));
  }
  rows(sql, ...values) {
    const query = this.query(sql, values);
    return /^\s*INSERT/.test(sql) ? this.drizzle.run(query)
      : this.drizzle.values(query);
  }
  transaction(end, sql, ...values) {
    try {
      this.drizzle.transaction((tx) => {
        tx.run(this.query(sql, values));
        if (end === 'rollback') tx.rollback();
      });
    } catch (error) {
      const { TransactionRollbackError } = require('drizzle-orm');
      if (!(error instanceof TransactionRollbackError)) throw error;
    }
  }
  cause(error) {
    return error.cause ?? error;
  }
}

class Kysely extends BetterSqlite3 {
  constructor(extension, database) {
    super(extension, database);
    const { Kysely, SqliteDialect } = require('kysely');
    this.kysely = new Kysely({
      dialect: new SqliteDialect({ database: this.db }),
    });
  }
  async rows(sql, ...values) {
    return this.run(this.kysely, sql, values);
  }
  async run(kysely, sql, values) {
    const query = require('kysely').CompiledQuery.raw(sql, values);
    return (await kysely.executeQuery(query)).rows.map(Object.values);
  }
  async transaction(end, sql, ...values) {
    await this.kysely.transaction().execute(async (trx) => {
      await this.run(trx, sql, values);
      if (end === 'rollback') throw new Rollback();
    }).catch(isRollback);
  }
  close() {
    return this.kysely.destroy();
  }
}

class Knex {
  constructor(extension, database) {
    this.knex = require('knex')({
      client: 'better-sqlite3',
      connection: { filename: database },
      useNullAsDefault: true,
      pool: {
        afterCreate(db, done) {
          db.loadExtension(extension);
          done();
        },
      },
    });
  }
  async rows(sql, ...values) {
    return this.run(this.knex, sql, values);
  }
  async run(knex, sql, values) {
    const found = await knex.raw(sql, values);
    return Array.isArray(found) ? found.map(Object.values) : [];
  }
  async script(sql) {
    for (const statement of sql.split(';').filter((text) => text.trim())) {
      await this.rows(statement);
    }
  }
  async transaction(end, sql, ...values) {
    await this.knex.transaction(async (trx) => {
      await this.run(trx, sql, values);
      if (end === 'rollback') throw new Rollback();
    }).catch(isRollback);
  }
  // Knex writes the SQL before the driver's words.
  cause(error) {
    error.message = error.message.replace(/^.* - (?=assoc:|UNIQUE)/s, '');
    return error;
  }
  close() {
    return this.knex.destroy();
  }
}

class TypeOrm {
  static async open(extension, database) {
    require('reflect-metadata');
    const client = new TypeOrm();
    client.source = await new (require('typeorm').DataSource)({
      type: 'better-sqlite3',
      driver: require('better-sqlite3'),
      database,
      prepareDatabase: (db) => db.loadExtension(extension),
    }).initialize();
    return client;
  }
  async rows(sql, ...values) {
    const found = await this.source.query(sql, values);
    return Array.isArray(found) ? found.map(Object.values) : [];
  }
  async script(sql) {
    for (const statement of sql.split(';').filter((text) => text.trim())) {
      await this.rows(statement);
    }
  }
  async transaction(end, sql, ...values) {
    await this.source.transaction(async (manager) => {
      await manager.query(sql, values);
      if (end === 'rollback') throw new Rollback();
    }).catch(isRollback);
  }
  cause(error) {
    return error.driverError;
  }
  close() {
    return this.source.destroy();
  }
}

// A transaction has a connection of its own: the driver's Database must load
// the extension, a hook afterConnect comes too late.
class Sequelize {
  constructor(extension, database) {
    const sqlite3 = require('sqlite3');
    class Database extends sqlite3.Database {
      constructor(file, mode, done) {
        super(file, mode, (error) =>
          error ? done(error) : this.loadExtension(extension, done));
      }
    }
    const { Sequelize } = require('sequelize');
    this.sequelize = new Sequelize({
      dialect: 'sqlite',
      dialectModule: { ...sqlite3, Database },
      storage: database,
      logging: false,
    });
  }
  async rows(sql, ...bind) {
    return this.run(sql, bind);
  }
  async run(sql, bind, transaction) {
    let n = 0;
    const text = sql.replaceAll('?', () => '$' + ++n);
    const found = await this.sequelize.query(text, {
      type: /^\s*SELECT/.test(sql) ? 'SELECT' : 'RAW', bind, transaction,
    });
    return /^\s*SELECT/.test(sql) ? found.map(Object.values) : [];
  }
  async script(sql) {
    for (const statement of sql.split(';').filter((text) => text.trim())) {
      await this.rows(statement);
    }
  }
  async transaction(end, sql, ...values) {
    await this.sequelize.transaction(async (transaction) => {
      await this.run(sql, values, transaction);
      if (end === 'rollback') throw new Rollback();
    }).catch(isRollback);
  }
  cause(error) {
    return error.parent ?? error;
  }
  close() {
    return this.sequelize.close();
  }
}

// Its adapter opens the connection, and has it under `client`.
class Prisma {
  constructor(extension, database) {
    const { PrismaClient } = require('@prisma/client');
    const { PrismaBetterSqlite3 } = require('@prisma/adapter-better-sqlite3');
    class Adapter extends PrismaBetterSqlite3 {
      async connect() {
        const adapter = await super.connect();
        adapter.client.loadExtension(extension);
        return adapter;
      }
    }
    this.prisma = new PrismaClient({
      adapter: new Adapter({ url: `file:${database}` }),
    });
  }
  async rows(sql, ...values) {
    const rows = await this.prisma.$queryRawUnsafe(sql, ...values);
    return rows.map(Object.values);
  }
  async script(sql) {
    for (const statement of sql.split(';').filter((text) => text.trim())) {
      await this.prisma.$executeRawUnsafe(statement);
    }
  }
  async transaction(end, sql, ...values) {
    await this.prisma.$transaction(async (tx) => {
      await tx.$queryRawUnsafe(sql, ...values);
      if (end === 'rollback') throw new Rollback();
    }).catch(isRollback);
  }
  cause(error) {
    const { cause } = error.meta.driverAdapterError;
    return { message: cause.originalMessage, code: cause.originalCode };
  }
  close() {
    return this.prisma.$disconnect();
  }
}

export const clients = {
  'better-sqlite3': BetterSqlite3,
  'libsql': Libsql,
  'node:sqlite': NodeSqlite,
  'deno': NodeSqlite,
  'bun': Bun,
  'sqlite3': NodeSqlite3,
  'drizzle-orm': Drizzle,
  'kysely': Kysely,
  'knex': Knex,
  'typeorm': TypeOrm,
  'sequelize': Sequelize,
  'prisma': Prisma,
};
