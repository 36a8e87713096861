// Draws what assoc_diagram('json') says, as the text of an SVG:
//
//     import { drawDiagram } from './diagram.js'
//     element.innerHTML = drawDiagram(json)
//
// What belongs to something stands right of it. A line ends in a crow's foot
// where there may be many rows. Colours follow the page (currentColor).

const LINE = 18, PADDING = 10, WIDTH = 170, GAP_X = 150, GAP_Y = 28;

const escape = (text) => String(text).replace(/[&<>"]/g,
  (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

// A line for each foreign key: a belongsTo, once for each target; and from a
// join table that has none, what is many to many over the key.
function linesOf(models) {
  const byName = new Map(models.map((model) => [model.name, model]));
  const lines = new Map();
  const add = (child, key, target, label, one) => {
    const parent = byName.get(target);
    const name = [child?.name, key, target].join();
    if (!child || !parent) return;
    if (!lines.has(name)) lines.set(name, { child, parent, one, labels: [] });
    lines.get(name).labels.push(label);
  };
  const each = (kind, use) => models.forEach((model) =>
    (model.associations ?? []).filter((a) => a.kind === kind)
      .forEach((a) => use(model, a)));
  each('belongsTo', (child, a) => {
    for (const target of a.polymorphic?.targets.map((t) => t.model)
      ?? [a.target]) {
      const back = byName.get(target)?.associations
        ?.find((b) => b.name === a.inverse);
      add(child, a.foreignKey, target,
        back ? `${back.name} / ${a.name}` : a.name, back?.kind === 'hasOne');
    }
  });
  const said = new Set(lines.keys());
  each('belongsToMany', (model, a) => {
    const name = [a.through, a.foreignKey, model.name].join();
    if (!said.has(name)) {
      add(byName.get(a.through), a.foreignKey, model.name, a.name, false);
    }
  });
  return [...lines.values()];
}

// How many steps of belongsTo lead away from the model; a circle is cut.
function depthOf(model, lines, above = []) {
  return Math.max(0, ...lines
    .filter((l) => l.child === model && l.parent !== model
      && !above.includes(l.parent))
    .map((l) => 1 + depthOf(l.parent, lines, [...above, model])));
}

function place(models, lines) {
  const columns = [];
  for (const model of models) {
    (columns[depthOf(model, lines)] ??= []).push(model);
  }
  const boxes = new Map();
  columns.filter(Boolean).forEach((column, x) => {
    // Near the middle of its parents, which have been placed.
    const wish = (model) => {
      const ys = lines.filter((l) => l.child === model && boxes.has(l.parent))
        .map((l) => boxes.get(l.parent)).map((box) => box.y + box.height / 2);
      return ys.length ? ys.reduce((a, b) => a + b) / ys.length : 0;
    };
    let y = PADDING;
    for (const [model, at] of column.map((m) => [m, wish(m)])
      .sort((a, b) => a[1] - b[1])) {
      const height = LINE * (model.columns.length + 1) + PADDING;
      y = Math.max(y, at - height / 2);
      boxes.set(model, { x: PADDING + x * (WIDTH + GAP_X), y, height });
      y += height + GAP_Y;
    }
  });
  return boxes;
}

function drawBox(model, { x, y, height }) {
  const keys = new Set((model.associations ?? [])
    .filter((a) => a.kind === 'belongsTo').flatMap((a) => a.foreignKey ?? []));
  const rows = model.columns.map((column, i) => {
    const mark = model.primaryKey?.includes(column.name) ? 'PK'
      : keys.has(column.name) ? 'FK' : '';
    const at = y + LINE * (i + 2) - 2;
    return `<text x="${x + PADDING}" y="${at}">${escape(column.name)}</text>`
      + `<text x="${x + WIDTH - PADDING}" y="${at}" text-anchor="end" `
      + `opacity=".6">${mark || escape(column.type.toLowerCase())}</text>`;
  });
  return `<g class="model"><rect x="${x}" y="${y}" width="${WIDTH}" `
    + `height="${height}" rx="6" style="fill: Canvas" stroke="currentColor"`
    + `${model.joinTable ? ' stroke-dasharray="4 3"' : ''}/>`
    + `<text x="${x + PADDING}" y="${y + LINE - 3}" font-weight="bold">`
    + `${escape(model.name)}</text>${rows.join('')}</g>`;
}

// From the child's left side to the parent's right side; back to the same
// column, around it on the right.
function drawLine({ child, parent, one, labels }, boxes, nth) {
  const from = boxes.get(child), to = boxes.get(parent);
  const y1 = from.y + LINE * (1.5 + nth), y2 = to.y + LINE * (0.8 + nth * 0.7);
  const right = to.x >= from.x;
  const x1 = right ? from.x + WIDTH : from.x, x2 = to.x + WIDTH;
  const out = right ? 1 : -1;
  const bend = right ? 60 : Math.max(40, (x1 - x2) / 2);
  const foot = one ? `M${x1 + out * 8} ${y1 - 5}v10`
    : `M${x1} ${y1 - 6}L${x1 + out * 11} ${y1}L${x1} ${y1 + 6}`;
  return `<g class="line"><path d="M${x1} ${y1}C${x1 + out * bend} ${y1} `
    + `${x2 + bend} ${y2} ${x2} ${y2}${foot}" fill="none" `
    + `stroke="currentColor" opacity=".7"/><text x="${x1 + out * 16}" `
    + `y="${y1 - 6}" text-anchor="${right ? 'start' : 'end'}" font-size="11">`
    + `${escape(labels.join(', '))}</text></g>`;
}

export function drawDiagram(json) {
  const all = (typeof json === 'string' ? JSON.parse(json) : json).models;
  const lines = linesOf(all);
  const models = all.filter((m) => m.associations?.length
    || lines.some((l) => l.parent === m || l.child === m));
  const boxes = place(models, lines);
  const count = new Map();
  lines.sort((a, b) => boxes.get(a.parent).y - boxes.get(b.parent).y);
  const drawn = lines.map((line) => {
    const nth = count.get(line.child) ?? 0;
    count.set(line.child, nth + 1);
    return drawLine(line, boxes, nth);
  });
  const sizes = [...boxes.values()];
  const width = Math.max(0, ...sizes.map((b) => b.x + WIDTH)) + 110;
  const tall = Math.max(0, ...sizes.map((b) => b.y + b.height)) + PADDING;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="assoc-diagram" `
    + `viewBox="0 0 ${width} ${tall}" width="${width}" height="${tall}" `
    + `font-family="system-ui, sans-serif" font-size="13" fill="currentColor">`
    + `${drawn.join('')}${models.map((m) => drawBox(m, boxes.get(m))).join('')}`
    + '</svg>';
}
