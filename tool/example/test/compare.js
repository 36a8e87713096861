// The app beside the same endpoints in Sequelize: lines of code, and requests
// per second under the same bounded load in the same run, as a ratio.
//
// Both apps run in this process, one is asked after the other in short turns, so
// that what else the machine does falls on both.
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../app.js';
import { openDatabase } from '../database.js';
import { listening, ask } from './story.js';
import { createApp as createOther, openSequelize } from './sequelize.js';

const TURNS = 10, REQUESTS = 40, TOGETHER = 4;

const lines = (...names) => names.reduce((sum, name) => sum
  + readFileSync(new URL(name, import.meta.url), 'utf8').split('\n')
    .filter((line) => line.trim() && !/^\s*(\/\/|--)/.test(line)).length, 0);

// 100 people with 10 posts each, of 3 tags and 3 comments.
function fill({ db, assoc }) {
  const tags = Array.from({ length: 20 }, (_, i) => `tag${i}`);
  db.transaction(() => {
    for (let u = 1; u <= 100; u++) {
      assoc.insert('User', { name: `Person ${u}`, email: `p${u}@example.com`,
        profile: { bio: `I am number ${u}` } });
    }
    for (let p = 0; p < 1000; p++) {
      assoc.create('User', 1 + p % 100, 'posts', { title: `Post ${p}`,
        body: 'Lorem ipsum dolor sit amet. '.repeat(10),
        tags: [0, 7, 13].map((i) => tags[(p + i) % 20]),
        comments: [1, 2, 3].map((i) =>
          ({ body: `Comment ${i}`, author: 1 + (p * i) % 100 })) });
    }
    for (let u = 1; u <= 100; u++) {
      assoc.add('User', u, 'following',
        Array.from({ length: 20 }, (_, i) => 1 + (u + i * 3) % 100)
          .filter((other) => other !== u));
    }
  })();
}

async function load(base, request) {
  const started = performance.now();
  let left = REQUESTS;
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    while (left-- > 0) {
      const { status } = await ask(base, request(left));
      if (status >= 400) throw new Error(`status ${status}`);
    }
  }));
  return performance.now() - started;
}

const get = (path, me) => ({ method: 'GET', path, me });
const kinds = {
  'one post with author, tags, comments and their authors':
    (i) => get(`/posts/${1 + i * 17 % 1000}`),
  'ten posts with author, tags and the number of comments, counted':
    (i) => get(`/posts?page=${1 + i % 90}`),
  'the feed: posts of those whom I follow':
    (i) => get('/feed', 1 + i % 100),
  'a person with profile, three numbers and five posts':
    (i) => get(`/users/${1 + i % 100}`),
  'a new post with three tags':
    (i) => ({ method: 'POST', path: '/posts', me: 1 + i % 100, body: {
      title: 'New', tags: ['tag1', 'tag2', `new${i}`] } }),
};

const folder = mkdtempSync(join(tmpdir(), 'assoc-compare-'));
const blog = openDatabase(join(folder, 'blog.db'));
fill(blog);
blog.db.prepare('VACUUM INTO ?').run(join(folder, 'other.db'));
const other = await openSequelize(join(folder, 'other.db'));

console.log(`lines of code: ${lines('../app.js', '../associations.sql',
  '../database.js')} with assoc, ${lines('./sequelize.js')} with Sequelize`);
console.log('requests per second of Sequelize = 1:');
await listening(createApp(blog), (ours) =>
  listening(createOther(other), async (theirs) => {
    for (const [name, request] of Object.entries(kinds)) {
      let [a, b] = [0, 0];
      await load(ours, request);
      await load(theirs, request);
      for (let turn = 0; turn < TURNS; turn++) {
        a += await load(ours, request);
        b += await load(theirs, request);
      }
      console.log(`${(b / a).toFixed(1).padStart(6)}  ${name}`);
    }
  }));
blog.db.close();
await other.sequelize.close();
rmSync(folder, { recursive: true });
