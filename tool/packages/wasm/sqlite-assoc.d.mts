export type Value = null | number | bigint | string | Uint8Array
export type Bindable = Value | boolean

/** An error of SQLite: its text, and its extended result code. */
export class SqliteError extends Error {
  code: number
}

export interface OpenOptions {
  /** Keep the file in the browser's OPFS; in workers only. */
  storage?: 'opfs'
  /** The content of a database file, which is opened in memory. */
  bytes?: Uint8Array
}

export class Database {
  private constructor ()
  /** Run statements whose rows nobody wants. */
  exec (sql: string): this
  /** The rows of one statement, as objects. */
  all<Row = Record<string, Value>> (sql: string, ...values: Bindable[]): Row[]
  /** The rows of one statement, as arrays. */
  rows (sql: string, ...values: Bindable[]): Value[][]
  /** The first row, as an object. */
  get<Row = Record<string, Value>> (sql: string, ...values: Bindable[]):
    Row | undefined
  /** The first column of the first row. */
  value (sql: string, ...values: Bindable[]): Value | undefined
  readonly inTransaction: boolean
  /** The database's file, as bytes. */
  export (): Uint8Array
  close (): void
}

export function open (name?: string, options?: OpenOptions): Promise<Database>
/** SQLite's version. */
export function version (): Promise<string>
