// What a request may say, and how errors become HTTP's.

export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const missing = (what) => new HttpError(404, `there is no such ${what}`);

const STATUS = {
  SQLITE_CONSTRAINT_UNIQUE: 409,
  SQLITE_CONSTRAINT_PRIMARYKEY: 409,
  SQLITE_CONSTRAINT: 422,
  SQLITE_BUSY: 503,
};

function statusOf(error) {
  if (error.status) return error.status;
  if (error.message.startsWith('assoc:')) return 400;
  const code = error.code ?? '';
  return STATUS[code] ?? STATUS[code.split('_').slice(0, 2).join('_')] ?? 500;
}

export function sendError(error, req, res, next) {
  const status = statusOf(error);
  if (status === 500) console.error(error);
  res.status(status).json({ error: status === 500 ? 'this is our fault'
    : error.message.split('\n')[0].replace(/^(CHECK|assoc).*?: /, '') });
}

// Only these members of a body are taken, at every level of it: a payload may
// hold whole graphs, and nobody shall write what is not theirs.
export function pick(body = {}, ...names) {
  if (Object.prototype.toString.call(body) !== '[object Object]') {
    throw new HttpError(400, 'an object should stand here');
  }
  for (const name of Object.keys(body)) {
    if (!names.includes(name)) throw new HttpError(400, `'${name}' is not taken`);
  }
  return { ...body };
}

export function list(values = []) {
  if (!Array.isArray(values)) throw new HttpError(400, 'a list should stand here');
  return values;
}

export function pageOf({ page = '1', size = '10' }) {
  const [n, limit] = [Number(page), Number(size)];
  if (!(Number.isInteger(n) && n >= 1 && Number.isInteger(limit)
    && limit >= 1 && limit <= 100)) throw new HttpError(400, 'no such page');
  return { limit, offset: (n - 1) * limit };
}
