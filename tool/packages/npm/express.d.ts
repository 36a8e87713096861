import type { Assoc, ModelName, Shape } from './index.js'

type Handler = (req: any, res: any, next: (error?: unknown) => void) => void

/**
 * The answer to a query that the program has written. Its :names are the
 * request's: of the path, and else of the query string. With one: true it is
 * the first document, or a 404.
 */
export function document (a: Assoc<any>, query: string,
  options?: { one?: boolean }): Handler

/**
 * The answer to a query of the client: ?query=User{name}, or a JSON body
 * {query, params}. Who may see what, assoc_session() decides: session(req)
 * gives its object. With open: true there is none, and all can be read.
 */
export function shapes (a: Assoc<'sync'>, options: InSession): Handler
export function shapes (a: Assoc<any>, options: Open): Handler

/**
 * Insert the request's JSON body as a row of a model, with what the shape
 * `only` allows of it: all else is refused. The answer, with status 201, is the
 * document of the shape `shape`. Who may, the session's policies decide.
 */
export function insert (a: Assoc<'sync'>, model: ModelName,
  options: Write & InSession): Handler
export function insert (a: Assoc<any>, model: ModelName,
  options: Write & Open): Handler

/**
 * The same for a row that is linked by an association of a model to the row
 * whose key is :id in the path: app.post('/users/:id/posts', …).
 */
export function create (a: Assoc<'sync'>, model: ModelName,
  association: string, options: Write & InSession): Handler
export function create (a: Assoc<any>, model: ModelName,
  association: string, options: Write & Open): Handler

/** The same for the row whose key is :id in the path; the status is 200. */
export function update (a: Assoc<'sync'>, model: ModelName,
  options: Write & InSession): Handler
export function update (a: Assoc<any>, model: ModelName,
  options: Write & Open): Handler

interface InSession {
  session: (req: any) => object | null | undefined
}
interface Open {
  open: true
}
interface Write {
  only: Shape
  shape?: Shape
}
