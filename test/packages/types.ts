// What the types of the npm package promise. models.ts is what `npx
// sqlite-assoc types` wrote for the tables users and posts.
import { assoc, load, AssocError, getLoadablePath } from 'sqlite-assoc'
import { create, document, insert, shapes, update } from 'sqlite-assoc/express'
import './models'

declare const db: { prepare (sql: string): unknown, exec (sql: string): void }
declare const later: { each (): void, configure (): void, loadExtension (): void }
declare const unknownDriver: any

const a = assoc(load(db))
const path: string = getLoadablePath()

// A model of the database: its columns have types, and its key.
const user = a.find('User', 1)
if (user) {
  const id: number = user.id
  const name: string | null = user.name
  // @ts-expect-error: a name is no number
  const wrong: number = user.name
}
// @ts-expect-error: the key is a number
a.find('User', { id: 1 })

// A literal shape gives the type of what it selects, and nothing else.
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends
  (<X>() => X extends B ? 1 : 2) ? true : false
function same<A, B> (yes: Same<A, B>) {}
type Titles = { title: string }[]
const shaped = a.find('User', 1, '{name posts{title}}')
same<typeof shaped, { name: string | null, posts: Titles } | null>(true)
// @ts-expect-error: it has another property
same<typeof shaped, { name: string | null } | null>(true)
// @ts-expect-error: the shape has no such name
shaped?.pots
// @ts-expect-error: the model has no such name
a.find('User', 1, '{nmae}')?.nmae
const clauses = a.find('User', 1, `{
  name as who, posts(limit 3 where title like "(%") { * -user_id
    comments.count() as n, user!{name} } }`)
same<typeof clauses, {
  who: string | null,
  posts: { n: number, user: { name: string | null } | null,
    id: number, title: string }[]
} | null>(true)
const paths = a.find('User', 1,
  '{text(id) as key posts.comments{text} posts.comments.count() as n}')
same<typeof paths, {
  key: string | null, posts: { comments: { text: string | null }[] }[], n: number
} | null>(true)
const rows = a.eager('User(id = 1){* posts}')
same<typeof rows, {
  posts: { id: number, title: string, user_id: number | null }[],
  id: number, name: string | null
}[]>(true)
const bare = a.eager('User')
same<typeof bare, { id: number, name: string | null }[]>(true)
const related = a.get('User', 1, 'posts(limit 1){title}')
same<typeof related, Titles | null>(true)
// A page, and what the types do not read, may have any property.
const page: number = a.eager('User(page count limit 3){name}').count
const nodes: any = a.find('User', 1, '{posts(page{count nodes}){title}}')?.posts.nodes
const constant: any = a.find('User', 1, '{name 5 as n}')?.n
const recursive: any = a.find('User', 1, '{name posts^2{title}}')?.other
const spread: any = a.find('User', 1, '{...posts{title}}')?.title
const quoted: any = a.find('User', 1, '{posts(title = "a\\")"){title}}')?.other
const said = '{name}' as string
const unknown: any = a.find('User', 1, said)?.other
const json: string | null | undefined =
  a.find('User', 1, { attributes: ['name'] })?.posts?.[0].title
// @ts-expect-error: there is no such kind
a.define('User', 'hasLots', 'Post')

// Another model is any document.
const other: any = a.find('Other', 'x')?.whatever
const n: number = a.count('User', 1, 'posts')
const yes: boolean = a.has('User', 1, 'posts', [1, 2])
const bytes: Buffer = a.json('User{name}')
const one: Buffer | null = a.json.first('User{name}')

// Models and rows.
const found = a.model('User').findByPk(1)
const again: string | null | undefined = found?.name
const posts: any = found?.getPosts({ limit: 1 })
const total: number = a.model('User').findAndCountAll().count
// @ts-expect-error: which rows has to be said
a.model('User').update({ name: 'x' })

// An asynchronous driver gives promises.
async function run () {
  const b = assoc(await load(later))
  const name: string | null | undefined = (await b.find('User', 1))?.name
  const m: number = await b.count('User', 1, 'posts')
  const left: number = (await b.refresh('feed', 10)).feed.left
  // @ts-expect-error: a session needs a synchronous driver
  b.as({ me: 1 }, () => 1)
  // @ts-expect-error: it is a promise
  const wrong: number = b.count('User', 1, 'posts')
  const t: number = await b.transaction(async c => c.count('User', 1, 'posts'))
}
const c: number = assoc(unknownDriver).count('User', 1, 'posts')
const d: number = a.transaction(inner => inner.count('User', 1, 'posts'))

document(a, 'User{name}', { one: true })
shapes(a, { session: (req: { me: number }) => ({ me: req.me }) })
shapes(a, { open: true })
// @ts-expect-error: who may see what has to be said
shapes(a)
insert(a, 'User', { only: '{name}', session: () => ({ me: 1 }) })
create(a, 'User', 'posts', { only: '{title}', session: () => ({ me: 1 }) })
update(a, 'User', { only: '{name}', shape: '{id}', open: true })
// @ts-expect-error: what may be written has to be said
insert(a, 'User', { open: true })

// Policies, sessions and live documents.
const policy: string = a.policy('User', { read: 'id = :me', hide: 'name' })
const forgotten: boolean = a.policy('User', null)
const inside: number = a.as({ me: 1 }, b => b.count('User', 1, 'posts'))
const returned: any = a.update('User', 1, {}, { return: '{name}' })
const changed: number = a.update('User', 1, {}, { only: '{name}' })
const live: { title: string } | null = a.liveGet<{ title: string }>('feed', 1)
const version: number = a.changes('feed', 3)[0].now

try {
  a.eager('User{pots}')
} catch (error) {
  if (error instanceof AssocError) {
    const status: number = error.status
    const hint: string | null = error.hint
  }
}
