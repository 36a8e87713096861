// The page of the WebAssembly build, as a visitor uses it: in headless Chromium.
//
//   node page.mjs FOLDER PICTURES       NODE_FOLDER is where playwright-core is
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'

const [folder, pictures] = process.argv.slice(2)
const { chromium } = createRequire(process.env.NODE_FOLDER + '/')('playwright-core')

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.sql': 'text/plain',
  '.mjs': 'text/javascript', '.js': 'text/javascript',
  '.wasm': 'application/wasm' }
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://x').pathname
  try {
    const body = await readFile(join(folder, path === '/' ? 'index.html' : path))
    response.setHeader('Content-Type', TYPES[extname(path) || '.html'])
    response.end(body)
  } catch {
    response.statusCode = 404
    response.end()
  }
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const base = `http://127.0.0.1:${server.address().port}/`

const profile = await mkdtemp(join(tmpdir(), 'assoc-chromium-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  headless: true,
  viewport: { width: 1200, height: 800 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync']
})

const troubles = []
async function visit () {
  const page = await browser.newPage()
  page.on('pageerror', error => troubles.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  await page.goto(base)
  await page.waitForFunction(() =>
    !document.querySelector('#state').textContent.startsWith('Loading'))
  return page
}

const text = (page, id) => page.textContent('#' + id)

/** Type a shape, and wait for what it gives. */
async function ask (page, shape) {
  await page.evaluate(() => { delete document.querySelector('#json').dataset.shape })
  await page.fill('#shape', shape)
  await page.waitForFunction(shape =>
    document.querySelector('#json').dataset.shape === shape, shape)
  return JSON.parse(await text(page, 'json'))
}

try {
  let page = await visit()
  assert.match(await text(page, 'state'), /is kept in this browser/)
  assert.match(await text(page, 'size'), /^\d+ kB$/)
  await page.waitForFunction(() =>
    document.querySelector('#json').textContent !== '')

  // What the sample says, read by eye.
  assert.deepEqual(await ask(page, 'User(id = 1){name posts{title tags{name}}}'),
    [{ name: 'Alice', posts: [{ title: 'Hello', tags: [{ name: 'intro' }] },
      { title: 'Joins without joins', tags: [{ name: 'sql' },
        { name: 'speed' }] }] }])
  await page.screenshot({ path: join(pictures, 'page-json.png') })

  await page.click('[data-tab=explain]')
  assert.match(await text(page, 'explain'), /posts\.tags/)
  await page.screenshot({ path: join(pictures, 'page-explain.png') })
  await page.click('[data-tab=plain]')
  assert.match(await text(page, 'plain'), /^SELECT/i)
  await page.click('[data-tab=diagram]')
  const drawn = await text(page, 'diagram')
  for (const model of ['User', 'Post', 'Comment', 'Tag']) {
    assert.ok(drawn.includes(model), model)
  }
  assert.equal(await page.isVisible('#diagram svg'), true)
  await page.screenshot({ path: join(pictures, 'page-diagram.png') })

  // A mistake is told, with its place and what was meant.
  await page.click('[data-tab=json]')
  await page.fill('#shape', 'User{name pots{title}}')
  await page.waitForSelector('#error:not([hidden])')
  assert.match(await text(page, 'error'), /pots.*did you mean 'posts'/s)
  await page.screenshot({ path: join(pictures, 'page-error.png') })

  // Each example works, but for the mistake.
  for (const example of await page.$$('#examples button')) {
    await example.click()
    const wrong = await example.textContent() === 'a mistake'
    await page.waitForFunction(wrong =>
      document.querySelector('#error').hidden !== wrong, wrong)
  }

  // What is written is there, and still is after a reload.
  await page.click('#run')
  await page.waitForFunction(() =>
    document.querySelector('#said').textContent.includes('"id":4'))
  const dan = 'User(name = "Dan"){name posts{title tags{name}}}'
  const written = [{ name: 'Dan', posts: [{ title: 'Mine',
    tags: [{ name: 'intro' }] }] }]
  assert.deepEqual(await ask(page, dan), written)

  // The file is open in one place: another tab works, and keeps nothing.
  const other = await visit()
  assert.match(await text(other, 'state'), /open already/)
  assert.deepEqual(await ask(other, dan), [])
  await other.close()

  await page.close()
  page = await visit()
  assert.match(await text(page, 'state'), /is kept/)
  assert.deepEqual(await ask(page, dan), written)

  // A transaction that is rolled back uses the journal, and leaves nothing.
  await page.fill('#sql', 'DELETE FROM Missing')
  await page.click('#run')
  await page.waitForFunction(() =>
    document.querySelector('#said').textContent.includes('no such table'))
  await page.fill('#sql', "SELECT assoc_update('User', 1, '{\"posts\":[{\"title\":null}]}')")
  await page.click('#run')
  await page.waitForFunction(() =>
    document.querySelector('#said').textContent.includes('NOT NULL'))
  assert.equal((await ask(page, 'User(id = 1){posts{id}}'))[0].posts.length, 2)
  await page.fill('#sql', 'PRAGMA integrity_check')
  await page.click('#run')
  await page.waitForFunction(() =>
    document.querySelector('#said').textContent === 'ok')

  await page.click('#reset')
  await page.waitForFunction(() =>
    document.querySelector('#said').textContent === 'The sample is back.')
  assert.deepEqual(await ask(page, dan), [])
  await page.close()

  // Narrow, as on a telephone: nothing is wider than the screen.
  page = await visit()
  await page.setViewportSize({ width: 390, height: 844 })
  assert.equal(await page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth), true)
  await page.screenshot({ path: join(pictures, 'page-narrow.png') })
  assert.deepEqual(troubles, [])
} finally {
  await browser.close()
  server.close()
  await rm(profile, { recursive: true, force: true })
}
console.log('ok')
