/**
 * The type of what a shape gives, read from the shape's text.
 *
 * Of the shape language this reads columns, associations with clauses, paths,
 * `*`, `-name`, aliases, text(), model(), cursor(), and aggregates that have an
 * alias. A text with anything else, or one that is no literal, gives LooseOf: all
 * that a row of the model could have, and any other name.
 *
 * T is a row with what can be included: columns are required properties and
 * associations optional ones, as assoc_diagram('typescript') writes them.
 */

/** What any shape of T can give. */
export type LooseOf<T> = Partial<T> & Record<string, any>

/** What a block gives: '{name posts{title}}'. */
export type ShapeOf<T, S> = Literal<T, S> extends `${infer B}`
  ? Block<T, Trim<B>> extends [infer R, ''] ? R : LooseOf<T> : LooseOf<T>

/** What a query for rows of T gives: 'User(id = 1){name}'. */
export type QueryOf<T, S> = Literal<T, S> extends `${infer Q}`
  ? Clauses<Trim<Word<Trim<Q>>[1]>> extends
      [infer Rest extends string, infer Paged]
    ? Paged extends true ? any
    : Rest extends '' ? Columns<T>[]
    : Block<T, Rest> extends [infer R, ''] ? R[] : LooseOf<T>[]
    : LooseOf<T>[]
  : LooseOf<T>[]

/** What an association of T gives: 'posts(limit 3){title}'. */
export type AssociationOf<T, S> = Literal<T, S> extends `${infer A}`
  ? Items<T, Trim<`${A}}`>> extends [infer R, '']
    ? [keyof R] extends [never] ? any : R[keyof R] : any
  : any

// S, if it can be read: of a model without types nothing is known.
type Literal<T, S> = string extends keyof T ? Unread : S

// Each type below that reads a text gives what it read and the rest of the text,
// or Unread.
type Unread = 0

// ------------------------------------------------------------------ the text

type Space = ' ' | '\n' | '\t' | '\r' | ','
type Trim<S extends string> = S extends `${Space}${infer R}` ? Trim<R> : S

type Letter = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i' | 'j' | 'k'
  | 'l' | 'm' | 'n' | 'o' | 'p' | 'q' | 'r' | 's' | 't' | 'u' | 'v' | 'w' | 'x'
  | 'y' | 'z' | '_'
type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type InWord = Letter | Uppercase<Letter> | Digit

// [the word that S begins with, the rest]
type Word<S extends string, W extends string = ''> =
  S extends `${infer C}${infer R}`
    ? C extends InWord ? Word<R, `${W}${C}`> : [W, S]
    : [W, S]

// What follows the parenthesis that closes S.
type Close<S extends string, Open extends 0[] = []> =
  S extends `${infer C}${infer R}`
    ? C extends ')' ? Open extends [0, ...infer Less extends 0[]]
        ? Close<R, Less> : R
      : C extends '(' ? Close<R, [...Open, 0]>
      : C extends '"' ? R extends `${infer Text}"${infer Next}`
        ? Text extends `${string}\\` ? Unread : Close<Next, Open>
        : Unread
      : C extends '`' ? Unread
      : Close<R, Open>
    : Unread

// [what follows the clauses in parentheses, whether they ask for a page]
type Clauses<S extends string> = S extends `(${infer R}`
  ? Close<R> extends infer Rest extends string
    ? [Trim<Rest>, R extends `${infer Inside})${Rest}`
        ? Inside extends `${string}page${string}` ? true : false : true]
    : Unread
  : [S, false]

// [the alias that S begins with, or the name N; the rest]
type Alias<S extends string, N extends string> =
  S extends `as${Space}${infer R}`
    ? Word<Trim<R>> extends [infer A extends string, infer Rest extends string]
      ? [A, Trim<Rest>] : Unread
    : [N, S]

// ----------------------------------------------------------------- the block

type ColumnName<T> =
  { [K in keyof T]-?: {} extends Pick<T, K> ? never : K }[keyof T]
type Columns<T> = { [K in ColumnName<T>]: T[K] }
type Flat<T> = { [K in keyof T]: T[K] }

// The rows that the association N of T leads to; and V as N gives it: a list,
// or one or null.
type Target<T, N> = N extends keyof T
  ? NonNullable<T[N]> extends (infer E)[] ? E : NonNullable<T[N]> : never
type Gives<T, N, V> = N extends keyof T
  ? NonNullable<T[N]> extends unknown[] ? V[] : V | null : never

// [what the block gives that S begins with, the rest]
type Block<T, S extends string> =
  S extends `{${infer R}` ? Items<T, Trim<R>> : Unread

// Got: what was read. Star: whether a `*` was. Less: the columns it omits.
type Items<T, S extends string, Got = {}, Star = false,
  Less extends string = never> =
  S extends `}${infer R}`
    ? [Flat<Got & (Star extends true ? Omit<Columns<T>, Less> : {})>, Trim<R>]
  : S extends `**${string}` ? Unread
  : S extends `*${infer R}` ? Items<T, Trim<R>, Got, true, Less>
  : S extends `-${infer R}`
    ? Word<R> extends [infer N extends string, infer Rest extends string]
      ? N extends `${Digit}${string}` ? Unread
      : Items<T, Trim<Rest>, Got, true, Less | N> : Unread
  : Word<S> extends [infer N extends string, infer R extends string]
    ? N extends '' | 'on' ? Unread
    : Item<T, N, Trim<R>> extends
        [infer K extends string, infer V, infer Rest extends string,
          ...unknown[]]
      ? Items<T, Rest, Got & { [P in K]: V }, Star, Less | N> : Unread
    : Unread

// [the key of the result, its value, the rest] of the item that begins with the
// word N, which S follows; of an aggregate, with 'here'
type Item<T, N extends string, S extends string> =
  S extends `(${infer R}` ? N extends 'text' | 'model' | 'cursor'
      ? Alias<Closed<R>, N extends 'text' ? Word<Trim<R>>[0] : N> extends
          [infer A, infer Rest]
        ? [A, N extends 'model' ? string : string | null, Rest] : Unread
      : Plain<T, N, S>
  : S extends `.${infer R}`
    ? Word<R> extends [infer Next extends string, infer Rest extends string]
      ? Rest extends `(${infer Inside}`
        ? Next extends keyof Aggregates
          ? Alias<Closed<Inside>, ''> extends
              [infer A extends string, infer After]
            ? A extends '' ? Unread : [A, Aggregates[Next], After, 'here']
            : Unread
          : Hop<T, N, Item<Target<T, N>, Next, Rest>>
        : Hop<T, N, Item<Target<T, N>, Next, Trim<Rest>>>
      : Unread
  : Plain<T, N, S>

type Closed<S extends string> =
  Close<S> extends infer R extends string ? Trim<R> : '`'

interface Aggregates {
  count: number
  exists: boolean
  sum: any
  avg: number | null
  min: any
  max: any
  total: number
}

// posts.comments{text} is posts{comments{text}}. An aggregate stays where it is.
type Hop<T, N extends string, I> = N extends keyof T
  ? I extends [...unknown[], 'here'] ? I
  : I extends [infer K extends string, infer V, infer Rest]
    ? [N, Gives<T, N, { [P in K]: V }>, Rest] : Unread
  : Unread

// A column, or an association with its clauses and its block.
type Plain<T, N extends string, S extends string> =
  N extends ColumnName<T>
    ? Alias<S, N> extends [infer A, infer Rest] ? [A, T[N], Rest] : Unread
  : N extends keyof T
    ? Clauses<S extends `!${infer R}` ? Trim<R> : S> extends
        [infer R extends string, infer Paged]
      ? (R extends `{${string}` ? Block<Target<T, N>, R>
          : [Columns<Target<T, N>>, R]) extends
          [infer B, infer After extends string]
        ? Alias<After, N> extends [infer A, infer Rest]
          ? [A, Paged extends true ? any : Gives<T, N, B>, Rest] : Unread
        : Unread
      : Unread
  // Nothing has this name: neither has the result. A constant has an alias.
  : Alias<S, N> extends [N, infer Rest] ? [never, never, Rest] : Unread
