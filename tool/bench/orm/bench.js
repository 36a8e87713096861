// Measures the libraries: `make bench-orm`.
//
//   node bench.js DATABASE USERS SECONDS DIRECTORY
//
// Each load is run once by every library, and what it gave compared with what
// assoc gave: the same objects, but for the order of rows and keys. Then they
// take turns for so many seconds, as many for the time until there are objects
// as for that until there is a JSON document, and the medians are reported.
// DIRECTORY gets orm.md and orm.svg.
import { contenders } from './assoc.js';
import { report } from './report.js';

const [file, users, seconds, directory] = process.argv.slice(2);
const nUser = Number(users);
const loads = ['users-posts', 'users-posts-comments', 'hundred-users', 'posts-author',
  'posts-tags', 'one-user', 'users-newest'];

async function openAll() {
  const all = [];
  for (const [name, open] of Object.entries(contenders)) {
    all.push({ name, ...open(file, nUser) });
  }
  for (const name of ['Drizzle', 'Kysely', 'Objection', 'TypeORM', 'Sequelize']) {
    const { open } = await import(`./${name.toLowerCase()}.js`);
    all.push({ name, ...await open(file, nUser) });
  }
  return all;
}

// A value in a form that does not depend on the order of keys and rows
function canonical(value) {
  if (Array.isArray(value)) {
    return value.map(canonical).sort((a, b) => a.id - b.id);
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((k) => [k, canonical(value[k])]));
}
const toDocument = (it, result) => (it.isDocument ? result : JSON.stringify(result));
const answerOf = (document) => JSON.stringify(canonical(JSON.parse(document)));

// One turn, of a tenth of a second or three runs at least: the times, in ms,
// until finish() has what it makes of the result. The garbage of others is gone
// and a first run has warmed what they left cold; one's own is one's own cost.
async function turn(it, load, finish) {
  const times = [];
  globalThis.gc?.();
  const end = performance.now() + 100;
  for (let n = -1; n < 3 || performance.now() < end; n++) {
    const start = performance.now();
    finish(await it.load[load](1 + ((n + 1) * 7919 + 5) % nUser));
    if (n >= 0) times.push(performance.now() - start);
  }
  return times;
}

function median(times) {
  return times.sort((a, b) => a - b)[times.length >> 1];
}

async function measure(all, load) {
  const able = all.filter((it) => it.load[load]);
  const rows = [];
  let expected;
  for (const it of able) {
    const answer = answerOf(toDocument(it, await it.load[load](7)));
    expected ??= answer;
    it.same = answer === expected;
    it.objects = [];
    it.documents = [];
    if (!it.same) console.log(`${load}: ${it.name} gives something else:`, answer.slice(0, 400),
      'instead of', expected.slice(0, 400));
  }
  const start = performance.now();
  for (let n = 0; n < 3 || performance.now() - start < 1000 * seconds; n++) {
    for (const it of able) {
      it.documents.push(...await turn(it, load,
        it.isDocument ? () => {} : JSON.stringify));
      it.objects.push(...await turn(it, load,
        it.isDocument ? JSON.parse : () => {}));
    }
  }
  for (const it of able) {
    const row = { load, name: it.name, same: it.same, objects: median(it.objects),
      documents: median(it.documents) };
    console.log(load.padEnd(22), it.name.padEnd(22), row.objects.toFixed(3).padStart(10),
      row.documents.toFixed(3).padStart(10), row.same ? '' : 'DIFFERS');
    rows.push(row);
  }
  return rows;
}

const all = await openAll();
const rows = [];
console.log('milliseconds, until there are objects, and a document');
for (const load of loads) rows.push(...await measure(all, load));
for (const it of all) await it.close();
report(rows, nUser, directory);
