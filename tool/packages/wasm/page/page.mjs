// A page to try shapes in: what is typed runs in worker.mjs.
import { drawDiagram } from './diagram.js'

const EXAMPLES = {
  'posts of users': 'User{\n  name\n  posts(order by likes desc limit 2){\n    title likes\n    tags{name}\n  }\n}',
  'only with': 'User(some posts(likes > 10)){\n  name\n  posts.count() as posts\n  posts.sum(likes) as likes\n}',
  'to one': 'Comment(order by id desc){\n  text\n  post.title as on\n  ...user{name as by}\n}',
  'a page': 'Post(order by title first 2 page count){title}',
  'a mistake': 'User{name pots{title}}'
}
const WRITE = 'SELECT assoc_insert(\'User\', \'{"name":"Dan","posts":[{"title":"Mine","tags":[{"id":1}]}]}\')'

const $ = id => document.getElementById(id)
const worker = new Worker(new URL('./worker.mjs', import.meta.url),
  { type: 'module' })
const waiting = new Map()
let last = 0

worker.onmessage = ({ data: { id, result, error } }) => {
  const { resolve, reject } = waiting.get(id)
  waiting.delete(id)
  if (error === undefined) resolve(result)
  else reject(new Error(error))
}

function ask (call, ...values) {
  const id = ++last
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker.postMessage({ id, call, values })
  })
}

// --------------------------------------------------------------------- shape

let asked = 0

/** Show what the shape gives; an error leaves the last answer below it. */
async function show () {
  const shape = $('shape').value
  const turn = ++asked
  try {
    const [json, explain, plain] = await Promise.all([
      ask('json', shape), ask('explain', shape),
      ask('plain', shape).catch(error => `-- ${error.message}`)])
    if (turn !== asked) return
    $('json').textContent = JSON.stringify(JSON.parse(json), null, 2)
    $('json').dataset.shape = shape
    $('explain').replaceChildren(table(explain))
    $('plain').textContent = plain
    $('error').hidden = true
  } catch (error) {
    if (turn !== asked) return
    $('error').textContent = error.message
    $('error').hidden = false
  }
}

function table (rows) {
  const made = document.createElement('table')
  const head = made.createTHead().insertRow()
  for (const name of Object.keys(rows[0] ?? {})) {
    head.append(Object.assign(document.createElement('th'),
      { textContent: name }))
  }
  const body = made.createTBody()
  for (const row of rows) {
    const line = body.insertRow()
    for (const [name, value] of Object.entries(row)) {
      const cell = line.insertCell()
      const inside = document.createElement(name === 'sql' ? 'code' : 'span')
      inside.textContent = value ?? ''
      cell.append(inside)
    }
  }
  const scroll = document.createElement('div')
  scroll.className = 'scroll'
  scroll.append(made)
  return scroll
}

async function draw () {
  $('diagram').innerHTML = drawDiagram(JSON.parse(await ask('diagram')))
}

// --------------------------------------------------------------------- write

async function write (call, ...values) {
  $('said').hidden = false
  try {
    $('said').textContent = await ask(call, ...values) ?? 'The sample is back.'
  } catch (error) {
    $('said').textContent = error.message
  }
  await Promise.all([show(), draw()])
}

// ---------------------------------------------------------------------- page

for (const [name, shape] of Object.entries(EXAMPLES)) {
  const button = document.createElement('button')
  button.textContent = name
  button.onclick = () => {
    $('shape').value = shape
    show()
  }
  $('examples').append(button)
}
for (const tab of document.querySelectorAll('[role=tab]')) {
  tab.onclick = () => {
    for (const other of document.querySelectorAll('[role=tab]')) {
      other.setAttribute('aria-selected', other === tab)
      $(other.dataset.tab).hidden = other !== tab
    }
  }
}
let timer
$('shape').oninput = () => {
  clearTimeout(timer)
  timer = setTimeout(show, 150)
}
$('run').onclick = () => write('run', $('sql').value)
$('reset').onclick = () => write('reset')
$('shape').value = Object.values(EXAMPLES)[0]
$('sql').value = WRITE

try {
  const { kept, why } = await ask('start')
  $('state').textContent = kept
    ? 'What you write is kept in this browser.'
    : `Nothing is kept: ${why}.`
  await Promise.all([show(), draw()])
} catch (error) {
  $('state').textContent = `It does not start: ${error.message}`
}
