import type { Assoc } from './index.js'

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
export function shapes (a: Assoc<'sync'>,
  options: { session: (req: any) => object | null | undefined }): Handler
export function shapes (a: Assoc<any>, options: { open: true }): Handler
