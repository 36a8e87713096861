// Measures the libraries: `make bench-orm`.
//
//   node bench.js DATABASE USERS SECONDS DIRECTORY
//
// Each load is run once by every library, and what it gave compared with what
// assoc gave: the same objects, but for the order of rows and keys. Then all
// are run in turn for so many seconds, and the best times reported: until there
// are objects, and until there is a JSON document. DIRECTORY gets orm.md and
// orm.svg.
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

// One turn: some runs where the load is short. Times in ms, per run.
async function turn(it, load) {
  const runs = load === 'one-user' ? 50 : 1;
  let objects = 0;
  let documents = 0;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    const result = await it.load[load](1 + (i * 7919 + 5) % nUser);
    const middle = performance.now();
    if (it.isDocument) JSON.parse(result);
    else JSON.stringify(result);
    const end = performance.now();
    objects += (it.isDocument ? end : middle) - start;
    documents += (it.isDocument ? middle : end) - start;
  }
  it.objects = Math.min(it.objects, objects / runs);
  it.documents = Math.min(it.documents, documents / runs);
}

async function measure(all, load) {
  const able = all.filter((it) => it.load[load]);
  const rows = [];
  let expected;
  for (const it of able) {
    const answer = answerOf(toDocument(it, await it.load[load](7)));
    expected ??= answer;
    it.same = answer === expected;
    it.objects = it.documents = Infinity;
    if (!it.same) console.log(`${load}: ${it.name} gives something else:`, answer.slice(0, 400),
      'instead of', expected.slice(0, 400));
  }
  const start = performance.now();
  for (let n = 0; n < 3 || performance.now() - start < 1000 * seconds; n++) {
    for (const it of able) {
      globalThis.gc?.();
      await turn(it, load);
    }
  }
  for (const it of able) {
    const row = { load, name: it.name, same: it.same, objects: it.objects,
      documents: it.documents };
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
