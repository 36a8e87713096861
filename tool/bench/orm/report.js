// The page and the chart of what bench.js measured.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import Database from 'better-sqlite3';

const titles = Object.fromEntries([...readFileSync(process.env.SHAPES, 'utf8')
  .matchAll(/^-- shape: (.*)\n-- title: (.*)/gm)].map(([, name, title]) => [name, title]));

const number = (x) => (x < 9.95 ? x.toFixed(2) : x < 99.5 ? x.toFixed(1)
  : Math.round(x).toLocaleString('en'));

const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;

// Of each load by each library: the time, and how often that of the first one
function table(rows, names, what) {
  const lines = [`| | ${names.join(' | ')} |`, `|---|${'---:|'.repeat(names.length)}`];
  for (const load of new Set(rows.map((r) => r.load))) {
    const of = (name) => rows.find((r) => r.load === load && r.name === name);
    const first = of(names[0])[what];
    const cells = names.map((name) => {
      const row = of(name);
      if (!row) return '';
      const times = name === names[0] ? '' : ` <sub>${number(row[what] / first)}×</sub>`;
      return number(row[what]) + times + (row.same ? '' : ' (another answer)');
    });
    lines.push(`| ${titles[load]} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

function page(rows, nUser) {
  const libraries = ['Drizzle', 'Kysely', 'Objection', 'TypeORM', 'Sequelize'];
  const sqlite = new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get();
  const versions = ['drizzle-orm', 'kysely', 'objection', 'typeorm', 'sequelize',
    'better-sqlite3', 'sqlite3'].map((name) => `${name} ${version(name)}`).join(', ');
  return `# How fast: assoc and the libraries of Node

Made by \`make bench-orm\`; do not edit. Node ${process.versions.node}, SQLite ${sqlite}
(sqlite3 has its own), ${versions}; ${cpus()[0].model}, ${cpus().length} cores.

![Dots: for each load, milliseconds until there is a JSON document](orm.svg)

All in one process, on one file of ${nUser.toLocaleString('en')} users, ten posts and fifty
comments of each. They take turns of a tenth of a second or three runs at least, after one that
warms up, with a collection of garbage before a turn and none that is forced within; the medians,
in milliseconds. Each library is asked in the fastest way of its own that we found
(tool/bench/orm), and what it gives is compared with what assoc gives; an empty cell is a load
that it has no way to ask for.

## Until there is a JSON document

As a server sends it. assoc makes it as a Buffer (\`CAST(eager(…) AS BLOB)\`) or as a string,
what the libraries give goes through \`JSON.stringify()\`.

${table(rows, ['assoc, Buffer', 'assoc', 'SQL by hand, Buffer', 'SQL by hand', ...libraries],
    'documents')}

## Until there are objects

What the libraries give; for assoc and the SQL by hand the string goes through
\`JSON.parse()\`.

${table(rows, ['assoc', 'SQL by hand', ...libraries], 'objects')}
`;
}

// A row for each load, the first at the top: its title, and the times
const charted = ['assoc, Buffer', 'assoc', 'SQL by hand', 'Drizzle', 'Kysely', 'Objection',
  'TypeORM', 'Sequelize'];
function chart(rows, svg) {
  const loads = [...new Set(rows.map((r) => r.load))];
  const lines = loads.map((load, i) => [i + 1, titles[load], ...charted.map((name) =>
    rows.find((r) => r.load === load && r.name === name)?.documents ?? 'NaN')].join('\t'));
  writeFileSync(`${svg}.dat`, lines.join('\n') + '\n');
  execFileSync('gnuplot', ['-e', `data='${svg}.dat'; out='${svg}'; n=${loads.length};`
    + `names='${charted.map((name) => `"${name}"`).join(' ')}'`, 'chart.gp']);
  rmSync(`${svg}.dat`);
}

export function report(rows, nUser, directory) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/orm.md`, page(rows, nUser));
  chart(rows, `${directory}/orm.svg`);
  console.log(`${directory}/orm.md and ${directory}/orm.svg are made`);
}
