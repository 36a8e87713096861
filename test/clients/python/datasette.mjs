// The Datasette plugin as a visitor sees it.
//
//     CLIENTS=FOLDER node datasette.mjs PYTHON PACKAGE [SCREENSHOT]
//
// PACKAGE is the folder of sqlite_assoc. It is not installed there, so that the
// plugin is named in a folder of plugins.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { browse, serve } from '../browser.mjs';

const playwright = createRequire(process.env.CLIENTS + '/')('playwright-core');

const [python, PYTHONPATH, screenshot] = process.argv.slice(2);
const env = { ...process.env, PYTHONPATH };
const folder = mkdtempSync(join(tmpdir(), 'assoc-datasette-'));
const plugins = join(folder, 'plugins');
mkdirSync(plugins);
writeFileSync(join(plugins, 'nested.py'),
  'from sqlite_assoc.datasette import *\n');
const database = join(folder, 'blog.db');
execFileSync(python, ['-c', `
import sqlite_assoc, sys
db = sqlite_assoc.connect(sys.argv[1])
db.executescript('''
  CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,
                    UserId INTEGER REFERENCES User);
  INSERT INTO User VALUES (1, 'Ann');
  INSERT INTO Post VALUES (1, 'Hi', 1);
''')
with db:
  db.execute('SELECT assoc_discover()').fetchall()
`, database], { env });

await serve(python, ['-m', 'datasette', database, '--port', '0',
  '--plugins-dir', plugins], { env },
/Uvicorn running on (http:\S+)/, ([, url]) => browse(playwright, async (page) => {
  await page.goto(`${url}/blog`);
  const boxes = await page.locator('svg.assoc-diagram g.model').count();
  const lines = await page.locator('svg.assoc-diagram g.line').allTextContents();
  assert.equal(boxes, 2);
  assert.deepEqual(lines, ['Posts / User']);
  if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });
  await page.goto(`${url}/blog/User/1`);
  await page.getByRole('link', { name: 'nested' }).click();
  assert.deepEqual(JSON.parse(await page.locator('body').innerText()),
    { id: 1, name: 'Ann', Posts: [{ id: 1, title: 'Hi', UserId: 1 }] });
}));
rmSync(folder, { recursive: true });
console.log("the diagram and the nested JSON are there");
