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
  const blog = openDatabase(':memory:');
  const { db, assoc } = blog;
  const user = JSON.parse(assoc.insert('User',
    { name: 'Ada', email: 'a@b', posts: [{ title: 'One' }] }));
  await listening(createApp(blog), async (base) => {
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

// What a fresh blog with Ada and Bob answers; Ada follows Bob, who has two posts.
async function withTwo(use, file = ':memory:') {
  const blog = openDatabase(file);
  blog.assoc.insert('User', [
    { '#id': 'bob', name: 'Bob', email: 'b@b',
      posts: [{ title: 'One' }, { title: 'Two' }] },
    { name: 'Ada', email: 'a@b', following: [{ '#ref': 'bob' }] }]);
  await listening(createApp(blog), (base) => use(base, blog));
  blog.db.close();
}
const BOB = 1, ADA = 2;

async function conditional(base, path, me, etag) {
  const response = await fetch(base + path, { headers: {
    'X-User': me, ...etag && { 'If-None-Match': etag } } });
  return { status: response.status, etag: response.headers.get('etag'),
    text: await response.text() };
}

test('who has the newest version gets 304, and only then', () =>
  withTwo(async (base) => {
    const comment = { method: 'POST', path: '/posts/1/comments', me: ADA,
      body: { body: 'Hm' } };
    for (const path of ['/feed', '/posts/1']) {
      const first = await conditional(base, path, ADA);
      assert.equal(first.status, 200);
      const again = await conditional(base, path, ADA, first.etag);
      assert.deepEqual(again, { status: 304, etag: first.etag, text: '' });

      // A change that both documents show: a comment.
      await ask(base, comment);
      const changed = await conditional(base, path, ADA, first.etag);
      assert.equal(changed.status, 200);
      assert.notEqual(changed.etag, first.etag);
      const { nodes: [, shown] = [null, JSON.parse(changed.text)] } =
        JSON.parse(changed.text);
      assert.equal(shown.commentCount ?? shown.comments.length,
        path === '/feed' ? 1 : 2);

      // A change that this document does not show leaves its version.
      await ask(base, { method: 'POST', path: '/users', body:
        { name: `Carl ${path}`, email: path + '@' + path } });
      assert.equal((await conditional(base, path, ADA, changed.etag)).status,
        304);
    }
    // The feed of another person is another document.
    const { etag } = await conditional(base, '/feed', ADA);
    assert.equal((await conditional(base, '/feed', BOB, etag)).status, 200);
    assert.notEqual((await conditional(base, '/feed', BOB)).etag, etag);
  }));

test('the first page of the feed is the one that is loaded', () =>
  withTwo(async (base, { assoc }) => {
    for (let i = 3; i <= 13; i++) {
      assoc.create('User', BOB, 'posts', { title: `Post ${i}`, tags: ['a'] });
    }
    const ready = JSON.parse((await conditional(base, '/feed', ADA)).text);
    const loaded = JSON.parse(
      (await conditional(base, '/feed?size=11', ADA)).text);
    assert.equal(ready.count, 13);
    assert.equal(loaded.count, 13);
    assert.deepEqual(ready.nodes, loaded.nodes.slice(0, 10));
    const next = JSON.parse((await conditional(base, '/feed?page=2', ADA)).text);
    assert.deepEqual(next.nodes.map(({ title }) => title),
      ['Post 3', 'Two', 'One']);
  }));

test('policies hold behind the routes, too', () =>
  withTwo(async (base, { assoc, as }) => {
    const refused = (work) => assert.throws(() => as(ADA, work),
      (error) => error.assoc.code === 'refused');
    refused(() => assoc.update('Post', 1, { title: 'Mine' }));
    refused(() => assoc.destroy('Post', 1));
    refused(() => assoc.create('User', BOB, 'posts', { title: 'His?' }));
    refused(() => assoc.add('User', ADA, 'followers', BOB));
    refused(() => assoc.create('Post', 1, 'comments',
      { body: 'Forged', author: BOB }));
    assert.equal(assoc.find('Post', 1, '{title comments.count() as n}'),
      '{"title":"One","n":0}');
    assert.equal(assoc.session(), null, 'each session has ended');
  }));

// Server-sent events, one after the other: {event, data, id}.
async function* eventsOf(response) {
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      yield Object.fromEntries(text.slice(0, end).split('\n')
        .map((line) => line.split(/: (.*)/s)));
    }
  }
}

const next = async (events) => (await events.next()).value;

test('listeners are sent what has changed, by whomever', () => {
  const file = join(folder, 'events.db');
  return withTwo(async (base) => {
    const events = eventsOf(await fetch(base + '/events'));
    const { id } = await next(events);
    assert.ok(id >= 1, 'the version to go on from');

    // A comment by this app.
    await ask(base, { method: 'POST', path: '/posts/2/comments', me: ADA,
      body: { body: 'Line one\nline two' } });
    const { event, data } = await next(events);
    assert.equal(event, 'post');
    assert.deepEqual(JSON.parse(data).comments.map(({ body, author }) =>
      [body, author.name]), [['Line one\nline two', 'Ada']]);
    assert.ok((await next(events)).id > id);

    // A change by another connection.
    const other = openDatabase(file);
    other.db.exec(`UPDATE Post SET title = 'Won' WHERE id = 1`);
    assert.equal(JSON.parse((await next(events)).data).title, 'Won');
    other.db.close();
    await next(events);

    // A post that is deleted is gone.
    await ask(base, { method: 'DELETE', path: '/posts/1', me: BOB });
    assert.deepEqual(await next(events), { event: 'gone', data: '1' });
    await events.return();

    // Who comes back is sent what was missed: both posts.
    const back = eventsOf(await fetch(base + '/events',
      { headers: { 'Last-Event-ID': id } }));
    const missed = [await next(back), await next(back)];
    assert.deepEqual(missed.map((one) => one.event).sort(), ['gone', 'post']);
    await back.return();
  }, file);
});

test('nothing is left for assoc_check to say', () => {
  const { db } = openDatabase(':memory:');
  assert.deepEqual(db.prepare('SELECT * FROM assoc_check').all(), []);
  db.close();
});
