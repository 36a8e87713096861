// What a request may say, and how errors become HTTP's.

export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const missing = (what) => new HttpError(404, `there is no such ${what}`);

// By the codes of assoc_error(). A constraint is about this row alone (422), or
// about another one that is there already (409).
const STATUS = { argument: 400, refused: 403, 'not-found': 404, busy: 503 };

function statusOf({ status, code, assoc }) {
  if (status) return status;
  if (assoc?.code !== 'constraint') return STATUS[assoc?.code] ?? 500;
  return /_(UNIQUE|PRIMARYKEY)$/.test(code) ? 409 : 422;
}

export function sendError(error, req, res, next) {
  const status = statusOf(error);
  if (status === 500) console.error(error);
  const message = error.assoc?.message ?? error.message;
  res.status(status).json({ error: status === 500 ? 'this is our fault'
    : message.replace(/^CHECK constraint failed: /, '') });
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
