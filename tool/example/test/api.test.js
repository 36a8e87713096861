// The endpoints by HTTP, and the same asked of Sequelize.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../app.js';
import { openDatabase } from '../database.js';
import { ask, listening, story } from './story.js';
import { createApp as createOther, openSequelize } from './sequelize.js';

const folder = mkdtempSync(join(tmpdir(), 'assoc-example-'));
test.after(() => rmSync(folder, { recursive: true }));

// Moments differ from run to run, cursors are of one app only.
function comparable(text) {
  return text && JSON.parse(text, (name, value) =>
    name === 'createdAt' ? typeof value : name === 'pageInfo' ? undefined
      : name === 'error' ? typeof value : value);
}

test('each request has its status, and Sequelize the same answers',
  async (t) => {
    const blog = openDatabase(join(folder, 'blog.db'));
    const other = await openSequelize(join(folder, 'other.db'));
    await listening(createApp(blog), (ours) =>
      listening(createOther(other), async (theirs) => {
        for (const [i, [status, request]] of story.entries()) {
          const name = `${i}: ${request.method} ${request.path}`;
          await t.test(name, async () => {
            const a = await ask(ours, request);
            assert.equal(a.status, status, a.text);
            const b = await ask(theirs, request);
            assert.equal(b.status, status, `Sequelize: ${b.text}`);
            assert.deepEqual(comparable(b.text), comparable(a.text));
          });
        }
      }));
    blog.db.close();
    await other.sequelize.close();
  });

test('what is deleted softly stays in the table', async () => {
  const { db, assoc } = openDatabase(':memory:');
  const user = JSON.parse(assoc.insert('User',
    { name: 'Ada', email: 'a@b', posts: [{ title: 'One' }] }));
  await listening(createApp({ db, assoc }), async (base) => {
    const answer = await ask(base, { method: 'DELETE', path: '/posts/1', me: 1 });
    assert.equal(answer.status, 204);
  });
  assert.equal(assoc.count('User', user.id, 'posts'), 0);
  const row = db.prepare('SELECT title, deletedAt FROM Post').get();
  assert.equal(row.title, 'One');
  assert.match(row.deletedAt, /^\d{4}-/);
  db.close();
});

test('a refused payload leaves nothing behind', async () => {
  const blog = openDatabase(':memory:');
  blog.assoc.insert('User', { name: 'Ada', email: 'a@b' });
  await listening(createApp(blog), async (base) => {
    const answer = await ask(base, { method: 'POST', path: '/posts', me: 1,
      body: { title: 'Half', tags: ['good', 'not good'] } });
    assert.equal(answer.status, 422);
    assert.deepEqual(JSON.parse(answer.text),
      { error: 'a tag is lower-case letters and digits' });
  });
  const rows = blog.db.prepare(
    'SELECT (SELECT count(*) FROM Post) + (SELECT count(*) FROM Tag)').pluck();
  assert.equal(rows.get(), 0);
  blog.db.close();
});

test('listeners hear of changes', async () => {
  const blog = openDatabase(':memory:');
  blog.assoc.insert('User', { name: 'Ada', email: 'a@b' });
  await listening(createApp(blog), async (base) => {
    const events = await fetch(base + '/events');
    const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader.read()).value, /hello/);
    await ask(base, { method: 'POST', path: '/posts', me: 1,
      body: { title: 'News' } });
    assert.match((await reader.read()).value, /^data: change/);
    await reader.cancel();
  });
  blog.db.close();
});

test('nothing is left for assoc_check to say', () => {
  const { db } = openDatabase(':memory:');
  assert.deepEqual(db.prepare('SELECT * FROM assoc_check').all(), []);
  db.close();
});
