// The Express app: its routes.
//
// Each answer is one document that SQLite has made. It is sent as it is: the
// rows never become JavaScript objects.
import express from 'express';
import { HttpError, list, missing, pageOf, sendError } from './http.js';

// ------------------------------------------------------- what is shown of what

const POST = `{id title body createdAt author{id name} tags.name
  comments.count() as commentCount}`;
const POSTS = {
  all: `Post(page count order by id desc limit :limit offset :offset)${POST}`,
  tagged: `Post(some tags(name = :tag) page count order by id desc
    limit :limit offset :offset)${POST}`,
  feed: `Post(some author.followers(id = :me) page count order by id desc
    limit :limit offset :offset)${POST}`,
};
const WHOLE_POST = `{id title body createdAt author{id name} tags.name
  comments(order by id){id body createdAt author{id name}}}`;
const USER = `{id name createdAt profile{bio}
  posts.count() as postCount followers.count() as followerCount
  following.count() as followingCount posts(limit 5){id title createdAt}}`;
const PEOPLE = `(page count order by name limit :limit offset :offset){id name}`;
const TEAM = `{id name members(order by name){id name @role as role}
  activeProjects{id name}}`;

// Documents that SQLite keeps ready, each with a version: a post, and of each
// user the first page of the feed.
const LIVE = {
  whole_post: `Post${WHOLE_POST}`,
  feed: `User{feed.count() as count feed(limit 10)${POST} as nodes}`,
};

// What a request may write; all else in it is refused, at every depth.
const WRITE = {
  user: '{name email profile{bio}}',
  post: '{title body tags{} tags{name}}',
  edit: '{title body}',
  comment: '{body author{}}',
  team: '{name projects{name}}',
};

// JSON as SQLite made it, or 404 for NULL.
function send(res, what, json, status = 200) {
  if (json === null) throw missing(what);
  res.status(status).type('json').send(json);
}

// ------------------------------------------------------------------------ app

export function createApp({ db, assoc, as }) {
  const app = express();
  app.use(express.json());

  // Who asks? A real app looks at a session; this one believes a header.
  function signedIn(req, res, next) {
    req.me = Number(req.get('X-User'));
    if (!assoc.find('User', req.me, '{id}')) {
      throw new HttpError(401, 'say who you are, in the header X-User');
    }
    next();
  }

  // Writes on behalf of who asks: the policies of associations.sql hold.
  const writing = (write) => [signedIn,
    (req, res) => as(req.me, () => write(req, res))];

  function teamOwner(req) {
    if (!assoc.find('Team', req.params.id, '{id}')) throw missing('team');
    if (!assoc.has('Team', req.params.id, 'owners', req.me)) {
      throw new HttpError(403, 'only its owner may');
    }
  }

  // ----------------------------------------------------------- live documents

  const stored = {};
  for (const [name, query] of Object.entries(LIVE)) {
    assoc.live(name, query);
    stored[name] = db.prepare(assoc.live_sql(name));
  }

  // A document with its version as ETag. Who has that version gets 304, and
  // nothing is read but the version. A document that is not fresh has none: it
  // is refreshed, it alone.
  function sendLive(req, res, what, name, key) {
    let found = stored[name].get({ 1: key });
    if (found.version === null) {
      assoc.refresh(name, { key });
      found = stored[name].get({ 1: key });
    }
    if (found.json === null) throw missing(what);
    const etag = `"${key}-${found.version}"`;
    res.set({ ETag: etag, 'Cache-Control': 'no-cache', Vary: 'X-User' });
    if (req.get('If-None-Match') === etag) res.status(304).end();
    else send(res, what, found.json);
  }

  // Whoever listens is sent the posts that have changed, whichever program wrote
  // them: data_version moves when another connection has.
  const changes = db.prepare(
    `SELECT key, json, now FROM assoc_changes('whole_post', ?)`);
  const listeners = new Set();
  let seen = db.prepare(`${changes.source} LIMIT 1`).get(0)?.now ?? 0;
  let written = false, others;

  const eventsOf = (rows) => rows.map(({ key, json }) => json === null
    ? `event: gone\ndata: ${key}\n\n` : `event: post\ndata: ${json}\n\n`)
    .join('') + `id: ${seen}\n\n`;

  function tell() {
    assoc.refresh('whole_post');
    const rows = changes.all(seen);
    if (!rows.length) return;
    seen = rows[0].now;
    for (const res of listeners) res.write(eventsOf(rows));
  }

  setInterval(() => {
    if (!listeners.size || !db.open) return;
    const version = db.pragma('data_version', { simple: true });
    if (!written && version === others) return;
    try {
      tell();
      [written, others] = [false, version];
    } catch (error) {
      if (error.assoc?.code !== 'busy') throw error; // the next time
    }
  }, 100).unref();

  app.use((req, res, next) => {
    written ||= req.method !== 'GET';
    next();
  });

  // A browser that comes back says which version it has seen.
  app.get('/events', (req, res) => {
    tell();
    res.set({ 'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store' });
    res.write(eventsOf(changes.all(Number(req.get('Last-Event-ID') ?? seen))));
    listeners.add(res);
    res.on('close', () => listeners.delete(res));
  });

  // ------------------------------------------------------------------- people

  app.post('/users', (req, res) => {
    send(res, 'user', assoc.insert('User', req.body,
      { only: WRITE.user, return: USER }), 201);
  });

  app.get('/users', (req, res) => {
    send(res, 'page', assoc.eager(`User${PEOPLE}`, pageOf(req.query)));
  });

  app.get('/users/:id', (req, res) => {
    send(res, 'user', assoc.find('User', req.params.id, USER));
  });

  for (const side of ['followers', 'following']) {
    app.get(`/users/:id/${side}`, (req, res) => {
      send(res, 'user', assoc.get('User', req.params.id, side + PEOPLE,
        pageOf(req.query)));
    });
  }

  app.put('/users/:id/followers/me', writing((req, res) => {
    assoc.add('User', req.params.id, 'followers', req.me);
    res.status(204).end();
  }));

  app.delete('/users/:id/followers/me', writing((req, res) => {
    assoc.remove('User', req.params.id, 'followers', req.me);
    res.status(204).end();
  }));

  // -------------------------------------------------------------------- posts

  app.get('/posts', (req, res) => {
    const { tag, ...query } = req.query;
    send(res, 'page', assoc.eager(tag ? POSTS.tagged : POSTS.all,
      { ...pageOf(query), ...tag && { tag } }));
  });

  // The first page is a document that is kept ready, the others are loaded.
  app.get('/feed', signedIn, (req, res) => {
    const page = pageOf(req.query);
    if (page.limit === 10 && page.offset === 0) {
      sendLive(req, res, 'user', 'feed', req.me);
    } else {
      send(res, 'page', assoc.eager(POSTS.feed, { ...page, me: req.me }));
    }
  });

  app.get('/posts/:id', (req, res) => {
    sendLive(req, res, 'post', 'whole_post', Number(req.params.id));
  });

  // tags: ["sql", "new"]: a tag that is not there yet is made.
  app.post('/posts', writing((req, res) => {
    send(res, 'post', assoc.create('User', req.me, 'posts', req.body, null,
      { only: WRITE.post, return: WHOLE_POST }), 201);
  }));

  app.patch('/posts/:id', writing((req, res) => {
    send(res, 'post', assoc.update('Post', req.params.id, req.body,
      { only: WRITE.edit, return: WHOLE_POST }));
  }));

  // The post stays in its table, and is read no more.
  app.delete('/posts/:id', writing((req, res) => {
    if (!assoc.find('Post', req.params.id, '{id}')) throw missing('post');
    assoc.destroy('Post', req.params.id);
    res.status(204).end();
  }));

  app.post('/posts/:id/comments', writing((req, res) => {
    if (!assoc.find('Post', req.params.id, '{id}')) throw missing('post');
    assoc.create('Post', req.params.id, 'comments',
      { ...req.body, author: req.me }, null, { only: WRITE.comment });
    send(res, 'post', assoc.find('Post', req.params.id, WHOLE_POST), 201);
  }));

  // -------------------------------------------------------------------- teams

  app.post('/teams', writing((req, res) => {
    const made = db.transaction(() => {
      const { id } = JSON.parse(assoc.insert('Team', req.body,
        { only: WRITE.team }));
      assoc.add('Team', id, 'owners', req.me);
      return id;
    }).immediate();
    send(res, 'team', assoc.find('Team', made, TEAM), 201);
  }));

  app.get('/teams/:id', (req, res) => {
    send(res, 'team', assoc.find('Team', req.params.id, TEAM));
  });

  // Members are added or taken away, the owner stays.
  app.put('/teams/:id/members', writing((req, res) => {
    teamOwner(req);
    assoc.set('Team', req.params.id, 'members',
      [req.me, ...list(req.body?.members)]);
    send(res, 'team', assoc.find('Team', req.params.id, TEAM));
  }));

  // --------------------------------------------------------------------- page

  app.get('/diagram.json', (req, res) => {
    send(res, 'diagram', assoc.diagram('json'));
  });
  app.get('/diagram.js', (req, res) => {
    res.sendFile(new URL('../diagram.js', import.meta.url).pathname);
  });
  app.use(express.static(new URL('public', import.meta.url).pathname));
  app.use(() => {
    throw missing('page');
  });
  app.use(sendError);
  return app;
}
