// The Express app: its routes.
//
// Each answer is one document that SQLite has made. It is sent as it is: the
// rows never become JavaScript objects.
import express from 'express';
import { EventEmitter } from 'node:events';
import { HttpError, list, missing, pageOf, pick, sendError } from './http.js';

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

// JSON as SQLite made it, or 404 for NULL.
function send(res, what, json, status = 200) {
  if (json === null) throw missing(what);
  res.status(status).type('json').send(json);
}

// ------------------------------------------------------------------------ app

export function createApp({ db, assoc }) {
  const app = express();
  const changes = new EventEmitter().setMaxListeners(0);
  app.use(express.json());

  // Who asks? A real app looks at a session; this one believes a header.
  function signedIn(req, res, next) {
    req.me = Number(req.get('X-User'));
    if (!assoc.find('User', req.me, '{id}')) {
      throw new HttpError(401, 'say who you are, in the header X-User');
    }
    next();
  }

  // The post of the path, if it is mine.
  function ownPost(req, res, next) {
    if (!assoc.find('Post', req.params.id, '{id}')) throw missing('post');
    if (!assoc.has('User', req.me, 'posts', req.params.id)) {
      throw new HttpError(403, 'it is not yours');
    }
    next();
  }

  function teamOwner(req, res, next) {
    if (!assoc.find('Team', req.params.id, '{id}')) throw missing('team');
    if (!assoc.has('Team', req.params.id, 'owners', req.me)) {
      throw new HttpError(403, 'only its owner may');
    }
    next();
  }

  // Whoever listens hears of what was written.
  app.use((req, res, next) => {
    res.on('finish', () => {
      if (req.method !== 'GET' && res.statusCode < 400) changes.emit('change');
    });
    next();
  });

  app.get('/events', (req, res) => {
    res.set({ 'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store' });
    res.write(': hello\n\n');
    const tell = () => res.write('data: change\n\n');
    changes.on('change', tell);
    req.on('close', () => changes.off('change', tell));
  });

  // ------------------------------------------------------------------- people

  app.post('/users', (req, res) => {
    const user = pick(req.body, 'name', 'email', 'profile');
    user.profile = pick(user.profile, 'bio');
    const { id } = JSON.parse(assoc.insert('User', user));
    send(res, 'user', assoc.find('User', id, USER), 201);
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

  app.put('/users/:id/followers/me', signedIn, (req, res) => {
    if (!assoc.find('User', req.params.id, '{id}')) throw missing('user');
    assoc.add('User', req.params.id, 'followers', req.me);
    res.status(204).end();
  });

  app.delete('/users/:id/followers/me', signedIn, (req, res) => {
    if (!assoc.find('User', req.params.id, '{id}')) throw missing('user');
    assoc.remove('User', req.params.id, 'followers', req.me);
    res.status(204).end();
  });

  // -------------------------------------------------------------------- posts

  app.get('/posts', (req, res) => {
    const { tag, ...query } = req.query;
    send(res, 'page', assoc.eager(tag ? POSTS.tagged : POSTS.all,
      { ...pageOf(query), ...tag && { tag } }));
  });

  app.get('/feed', signedIn, (req, res) => {
    send(res, 'page', assoc.eager(POSTS.feed,
      { ...pageOf(req.query), me: req.me }));
  });

  app.get('/posts/:id', (req, res) => {
    send(res, 'post', assoc.find('Post', req.params.id, WHOLE_POST));
  });

  // tags: ["sql", "new"]: a tag that is not there yet is made.
  app.post('/posts', signedIn, (req, res) => {
    const post = pick(req.body, 'title', 'body', 'tags');
    post.tags = list(post.tags).map(String);
    const id = assoc.create('User', req.me, 'posts', post);
    send(res, 'post', assoc.find('Post', id, WHOLE_POST), 201);
  });

  app.patch('/posts/:id', signedIn, ownPost, (req, res) => {
    assoc.update('Post', req.params.id, pick(req.body, 'title', 'body'));
    send(res, 'post', assoc.find('Post', req.params.id, WHOLE_POST));
  });

  // The post stays in its table, and is read no more.
  app.delete('/posts/:id', signedIn, ownPost, (req, res) => {
    assoc.destroy('Post', req.params.id);
    res.status(204).end();
  });

  app.post('/posts/:id/comments', signedIn, (req, res) => {
    if (!assoc.find('Post', req.params.id, '{id}')) throw missing('post');
    assoc.create('Post', req.params.id, 'comments',
      { ...pick(req.body, 'body'), author: req.me });
    send(res, 'post', assoc.find('Post', req.params.id, WHOLE_POST), 201);
  });

  // -------------------------------------------------------------------- teams

  app.post('/teams', signedIn, (req, res) => {
    const team = pick(req.body, 'name', 'projects');
    const { id } = JSON.parse(assoc.insert('Team', { ...team, owners: [req.me],
      projects: list(team.projects).map((project) => pick(project, 'name')) }));
    send(res, 'team', assoc.find('Team', id, TEAM), 201);
  });

  app.get('/teams/:id', (req, res) => {
    send(res, 'team', assoc.find('Team', req.params.id, TEAM));
  });

  // Members are added or taken away, the owner stays.
  app.put('/teams/:id/members', signedIn, teamOwner, (req, res) => {
    const members = list(pick(req.body, 'members').members).map(Number);
    assoc.set('Team', req.params.id, 'members', [req.me, ...members]);
    send(res, 'team', assoc.find('Team', req.params.id, TEAM));
  });

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
