/// <reference types="node" />
import type { AssociationOf, LooseOf, QueryOf, ShapeOf } from './shape.js'

/**
 * The models of a database, for types. `npx sqlite-assoc types app.db` writes
 * a file that fills it.
 */
export interface Schema {}

type Name = keyof Schema & string
type Entry<M> = M extends keyof Schema ? Schema[M] : never
/** A row of a model with all columns. */
export type RowOf<M> = [Entry<M>] extends [{ row: infer R }] ? R : Document
/** A row of a model with all that can be included. */
type WholeOf<M> = M extends keyof Schema
  ? Schema[M] extends { row: infer R, includes: infer I } ? R & Partial<I>
  : Document : Document
/** What a shape of a model can give. */
export type DocumentOf<M> = LooseOf<WholeOf<M>>
type KeyOf<M> = [Entry<M>] extends [{ key: infer K }] ? K : Key
// 'User(id = 1){name}' speaks of User.
type Root<Q> = Q extends `${infer M}{${string}`
  ? M extends `${infer N}(${string}` ? N : M
  : Q extends `${infer M}(${string}` ? M : Q

export type Document = Record<string, any>
export type Scalar = string | number | bigint | boolean | null | Date | Uint8Array
export type Key = string | number | bigint | Uint8Array | readonly Scalar[]
/** A key, a row, or several of these. */
export type Targets = Key | Row | readonly (Key | Row)[] | null
export type Kind = 'hasOne' | 'hasMany' | 'belongsTo' | 'belongsToMany'
export type ModelName = Name | (string & {}) | Model<any, any>
/** A shape as text, or Sequelize's find options. */
export type Shape = string | object
export type Param = Scalar | object

type Mode = 'sync' | 'async'
/** A value, or a promise of one where the driver is asynchronous. */
export type Result<M, T> = M extends 'async' ? Promise<T> : T

export interface DefineOptions {
  as?: string
  foreignKey?: string | string[] | object
  otherKey?: string | string[]
  sourceKey?: string | string[]
  targetKey?: string | string[]
  through?: string | object
  scope?: object
  order?: string | unknown[]
  constraints?: boolean
  onDelete?: string
  onUpdate?: string
  allowNull?: boolean
  unique?: boolean
  polymorphic?: string | object
  temp?: boolean
  replace?: boolean
  [option: string]: unknown
}

export interface Changes {
  added: unknown[]
  removed: unknown[]
  moved: unknown[]
}

export interface Destroyed {
  deleted: Record<string, unknown[]>
  changed: Record<string, unknown[]>
}

/** What assoc or SQLite refuses. */
export class AssocError extends Error {
  /** One of assoc_error()'s codes, such as 'unknown-association'. */
  readonly code: string
  /** What to write instead. */
  readonly hint: string | null
  /** The model that the error speaks of. */
  readonly model: string | null
  /** The name that the error speaks of: of an association, a column, … */
  readonly about: string | null
  /** The byte of the shape's text where it is, from 0. */
  readonly at: number | null
  /** An HTTP status to start from. */
  readonly status: number
  /** The driver's own error. */
  readonly cause?: unknown
}

/** The JSON of a document, in a Buffer, for a response. */
export interface Json<M extends Mode> {
  (query: Shape, ...params: Param[]): Result<M, Buffer>
  /** The first document alone; null where there is none. */
  first (query: Shape, ...params: Param[]): Result<M, Buffer | null>
  find (model: ModelName, key: Key | Row, shape?: Shape, ...params: Param[]):
    Result<M, Buffer | null>
  get (model: ModelName, key: Key | Row, association: Shape,
    ...params: Param[]): Result<M, Buffer | null>
  insert (model: ModelName, values: object, options?: WriteOptions):
    Result<M, Buffer>
  /** With the option return: else it is a key, or a number. */
  create (model: ModelName, key: Key | Row, association: string,
    values: object, through: object | null,
    options: WriteOptions & { return: Shape }): Result<M, Buffer | null>
  update (model: ModelName, key: Key | Row, values: object,
    options: WriteOptions & { return: Shape }): Result<M, Buffer | null>
  live (name: string, key: Key | Row): Result<M, Buffer | null>
}

/** Of writers. */
export interface WriteOptions {
  /** A shape: give the document of the row in place of the result. */
  return?: Shape
  /** A shape: what the values may hold. */
  only?: Shape
  [option: string]: unknown
}

/** Who may do what with the rows of a model: conditions of the shape language. */
export interface Policy {
  read?: boolean | Shape
  create?: boolean | Shape
  update?: boolean | Shape
  delete?: boolean | Shape
  hide?: string | string[]
  fixed?: string | string[]
  force?: boolean
}

export interface Refreshed {
  [name: string]: { checked: number, changed: number, left: number }
}

export interface Change<D = Document> {
  key: any
  version: number
  /** null: the root is gone. */
  json: D | null
  /** Ask for what changed since this, the next time. */
  now: number
}

export class Assoc<M extends Mode = 'sync'> {
  constructor (db: unknown)
  readonly db: unknown
  readonly json: Json<M>

  define (model: ModelName, kind: Kind, target: ModelName | null,
    options?: DefineOptions): Result<M, string>
  undefine (model: ModelName, association: string): Result<M, boolean>
  model<N extends Name> (name: N): Model<M, N>
  model (name: string): Model<M, any>
  model (name: string, options: object): Result<M, Model<M, any>>
  discover (schema?: string | null, options?: object): Result<M, any>
  sync (options?: object): Result<M, string>

  eager<Q extends string> (query: Q, ...params: Param[]):
    Result<M, QueryOf<WholeOf<Root<Q>>, Q>>
  eager<D = Document> (query: object, ...params: Param[]): Result<M, D[]>
  find<N extends Name> (model: N, key: KeyOf<N> | Row):
    Result<M, RowOf<N> | null>
  find<N extends Name, S extends Shape> (model: N, key: KeyOf<N> | Row,
    shape: S, ...params: Param[]): Result<M, ShapeOf<WholeOf<N>, S> | null>
  find<D = Document> (model: string | Model<any, any>, key: Key | Row,
    shape?: Shape, ...params: Param[]): Result<M, D | null>
  get<N extends Name, S extends Shape> (model: N, key: KeyOf<N> | Row,
    association: S, ...params: Param[]):
    Result<M, AssociationOf<WholeOf<N>, S> | null>
  get (model: ModelName, key: Key | Row, association: Shape,
    ...params: Param[]): Result<M, any>
  count (model: ModelName, key: Key | Row, association: Shape,
    ...params: Param[]): Result<M, number>
  has (model: ModelName, key: Key | Row, association: Shape,
    targets: Targets, ...params: Param[]): Result<M, boolean>
  /** The keys of the roots of a query. */
  keys (query: Shape, ...params: Param[]): Result<M, any[]>

  insert (model: ModelName, values: object, options?: WriteOptions):
    Result<M, any>
  create (model: ModelName, key: Key | Row, association: string,
    values: object, ...options: (object | null | undefined)[]): Result<M, any>
  update (model: ModelName, key: Key | Row, values: object,
    options: WriteOptions & { return: Shape }): Result<M, any>
  update (model: ModelName, key: Key | Row, values: object,
    options?: WriteOptions): Result<M, number>
  add (model: ModelName, key: Key | Row, association: string, targets: Targets,
    ...options: (object | null | undefined)[]): Result<M, Changes>
  set (model: ModelName, key: Key | Row, association: string, targets: Targets,
    ...options: (object | null | undefined)[]): Result<M, Changes>
  remove (model: ModelName, key: Key | Row, association: string,
    targets: Targets, ...options: (object | null | undefined)[]):
    Result<M, Changes>
  destroy (model: ModelName, key: Key | Row, options?: object):
    Result<M, Destroyed>
  readonly (on?: boolean): Result<M, boolean>
  /** f() in a transaction, or in a savepoint of the one that is open. */
  transaction<T> (f: (a: this) => T): M extends 'async' ? Promise<Awaited<T>> : T

  policy (model: ModelName, policy: Policy): Result<M, string>
  policy (model: ModelName, policy: null): Result<M, boolean>
  /** Begin a session with these values, end it (null), or tell its values. */
  session (values?: object | null): Result<M, Document | null>
  /** f() in a session, which ends before anything else has the connection. */
  as<T> (this: Assoc<'sync'>, values: object, f: (a: this) => T): T

  live (name: string, query: Shape, options?: object): Result<M, string>
  unlive (name: string, options: { dryRun: true }): Result<M, string>
  unlive (name: string): Result<M, boolean>
  liveGet<D = Document> (name: string, key: Key | Row): Result<M, D | null>
  /** A SELECT of the json and the version of the key ?1. */
  liveSql (name: string): Result<M, string>
  liveCheck (name: string, sample?: number):
    Result<M, { checked: number, stale: number, wrong: unknown[] }>
  refresh (name?: string | null, limit?: number | object): Result<M, Refreshed>
  changes<D = Document> (name: string, since?: number): Result<M, Change<D>[]>

  list (): Result<M, Document[]>
  check (): Result<M, Document[]>
  explain (query: Shape): Result<M, Document[]>
  related (model: ModelName, key: Key | Row, association: string):
    Result<M, Document[]>
  sql (query: Shape): Result<M, string>
  diagram (format?: string): Result<M, string>
  dump (): Result<M, string>
  config (name: string, value?: Scalar): Result<M, any>
  version (): Result<M, string>
  help (name?: string): Result<M, string>
  /** What assoc_error() says of the last error. */
  error (): Result<M, Document | null>
  /** What a function would have returned that ran as an INSERT. */
  result (): Result<M, any>
  /** Any function by its name. */
  call (name: string, ...values: Param[]): Result<M, any>
  hasFunction (name: string): Result<M, boolean>
}

/** A row, with methods for its associations: getPosts, addPost, … */
export class Row {
  keyColumns (): Record<string, unknown>
}
export interface ModelRow<M> extends Row {
  update (values: object): Result<M, this>
  save (): Result<M, this>
  reload (): Result<M, this>
  destroy (options?: object): Result<M, Destroyed>
  [method: string]: any
}
type Found<M, N> = DocumentOf<N> & ModelRow<M>

export interface FindOptions {
  attributes?: unknown
  where?: object
  include?: unknown
  order?: unknown
  limit?: number
  offset?: number
  scope?: unknown
  paranoid?: boolean
  [option: string]: unknown
}

/** Sequelize's methods of a model. */
export class Model<M extends Mode = 'sync', N = any> {
  readonly name: string
  findAll (options?: FindOptions | string, ...params: Param[]):
    Result<M, Found<M, N>[]>
  findByPk (key: Key, options?: FindOptions | string, ...params: Param[]):
    Result<M, Found<M, N> | null>
  findOne (options?: FindOptions): Result<M, Found<M, N> | null>
  findAndCountAll (options?: FindOptions):
    Result<M, { count: number, rows: Found<M, N>[] }>
  count (options?: FindOptions): Result<M, number>
  create (values: object): Result<M, Found<M, N>>
  update (values: object, options: { where: object }): Result<M, [number]>
  destroy (options: { where: object, [option: string]: unknown }):
    Result<M, number>
}

/** The library's path. */
export function getLoadablePath (): string

/** A connection of sqlite3, whose methods take callbacks. */
interface AsyncDatabase {
  each: Function
  configure: Function
  loadExtension: Function
}

type IsAny<D> = 0 extends 1 & D ? true : false
/** How a driver works; one without types is taken for a synchronous one. */
type ModeOf<D> = IsAny<D> extends true ? 'sync'
  : D extends AsyncDatabase ? 'async' : 'sync'

/** Load the extension into a connection: the connection, or a promise of it. */
export function load<D> (db: D): Result<ModeOf<D>, D>

/** The helper for a connection into which the extension is loaded. */
export function assoc<D> (db: D): Assoc<ModeOf<D>>
