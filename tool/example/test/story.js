// Requests in order, and the status that each is to have. Both apps are asked
// them; the first request of a line makes what later ones speak of.
const json = (method, path, body, me) => ({ method, path, body, me });
const get = (path, me) => json('GET', path, undefined, me);

export const story = [
  // ---------------------------------------------------------------- people
  [201, json('POST', '/users', { name: 'Ada', email: 'ada@example.com',
    profile: { bio: 'Likes engines' } })],
  [201, json('POST', '/users', { name: 'Charles', email: 'c@example.com' })],
  [201, json('POST', '/users', { name: 'Mary', email: 'm@example.com',
    profile: { bio: 'Writes' } })],
  [409, json('POST', '/users', { name: 'Ada', email: 'other@example.com' })],
  [422, json('POST', '/users', { name: 'X', email: 'x@example.com' })],
  [422, json('POST', '/users', { name: 'Eve', email: 'no address' })],
  [422, json('POST', '/users', { email: 'x@example.com' })],
  [403, json('POST', '/users', { name: 'Eve', email: 'e@example.com', id: 1 })],
  [403, json('POST', '/users', { name: 'Eve', email: 'e@example.com',
    profile: { user: { name: 'Mallory', email: 'm@m' } } })],
  [400, json('POST', '/users', [1])],
  [200, get('/users')],
  [200, get('/users?page=2&size=2')],
  [400, get('/users?page=0')],
  [200, get('/users/1')],
  [404, get('/users/99')],
  // -------------------------------------------------------------- followers
  [401, json('PUT', '/users/1/followers/me')],
  [204, json('PUT', '/users/1/followers/me', undefined, 2)],
  [204, json('PUT', '/users/1/followers/me', undefined, 2)],
  [204, json('PUT', '/users/1/followers/me', undefined, 3)],
  [204, json('PUT', '/users/2/followers/me', undefined, 3)],
  [422, json('PUT', '/users/3/followers/me', undefined, 3)],
  [404, json('PUT', '/users/99/followers/me', undefined, 3)],
  [200, get('/users/1/followers')],
  [200, get('/users/1/followers?size=1')],
  [200, get('/users/3/following')],
  [404, get('/users/99/following')],
  // ------------------------------------------------------------------ posts
  [201, json('POST', '/posts', { title: 'Notes', body: 'On the engine',
    tags: ['engines', 'algebra'] }, 1)],
  [201, json('POST', '/posts', { title: 'Numbers', tags: ['algebra'] }, 1)],
  [201, json('POST', '/posts', { title: 'In brass', tags: ['brass', 'engines'] },
    2)],
  [201, json('POST', '/posts', { title: 'Plain' }, 3)],
  [401, json('POST', '/posts', { title: 'Whose?' })],
  [422, json('POST', '/posts', { title: ' ' }, 1)],
  [422, json('POST', '/posts', { title: 'Bad tag', tags: ['new', 'Not so'] }, 1)],
  [422, json('POST', '/posts', { body: 'no title' }, 1)],
  [403, json('POST', '/posts', { title: 'Forged', authorId: 2 }, 1)],
  [400, json('POST', '/posts', { title: 'No list', tags: 'engines' }, 1)],
  [200, get('/posts')],
  [200, get('/posts?size=2')],
  [200, get('/posts?size=2&page=2')],
  [200, get('/posts?tag=algebra')],
  [200, get('/posts?tag=new')],
  [200, get('/posts/1')],
  [404, get('/posts/99')],
  [200, get('/feed', 3)],
  [200, get('/feed?size=1&page=2', 3)],
  [200, get('/feed', 1)],
  [401, get('/feed')],
  // -------------------------------------------------------------- ownership
  [403, json('PATCH', '/posts/1', { title: 'Mine now' }, 2)],
  [404, json('PATCH', '/posts/99', { title: 'Nobody’s' }, 2)],
  [403, json('PATCH', '/posts/1', { authorId: 2 }, 1)],
  [422, json('PATCH', '/posts/1', { title: '' }, 1)],
  [200, json('PATCH', '/posts/1', { title: 'Notes on the engine' }, 1)],
  // --------------------------------------------------------------- comments
  [201, json('POST', '/posts/1/comments', { body: 'I shall build it.' }, 2)],
  [201, json('POST', '/posts/1/comments', { body: 'Do!' }, 1)],
  [422, json('POST', '/posts/1/comments', { body: '' }, 1)],
  [404, json('POST', '/posts/99/comments', { body: 'Where?' }, 1)],
  [200, get('/posts/1')],
  // ------------------------------------------------------------ soft delete
  [403, json('DELETE', '/posts/2', undefined, 3)],
  [204, json('DELETE', '/posts/2', undefined, 1)],
  [404, get('/posts/2')],
  [404, json('DELETE', '/posts/2', undefined, 1)],
  [404, json('POST', '/posts/2/comments', { body: 'Gone?' }, 1)],
  [200, get('/posts')],
  [200, get('/posts?tag=algebra')],
  [200, get('/feed', 3)],
  [200, get('/users/1')],
  // ------------------------------------------------------------------ teams
  [201, json('POST', '/teams', { name: 'Society',
    projects: [{ name: 'Engine' }, { name: 'Tables' }] }, 2)],
  [409, json('POST', '/teams', { name: 'Society' }, 1)],
  [403, json('POST', '/teams', { name: 'Other', owners: [1] }, 1)],
  [200, json('PUT', '/teams/1/members', { members: [1, 3] }, 2)],
  [200, json('PUT', '/teams/1/members', { members: [3] }, 2)],
  [403, json('PUT', '/teams/1/members', { members: [1] }, 3)],
  [404, json('PUT', '/teams/1/members', { members: [99] }, 2)],
  [404, json('PUT', '/teams/99/members', { members: [] }, 2)],
  [200, get('/teams/1')],
  [404, get('/teams/99')],
  // -------------------------------------------------------------- unfollow
  [204, json('DELETE', '/users/2/followers/me', undefined, 3)],
  [200, get('/feed', 3)],
  [404, get('/nowhere')],
];

export async function ask(base, { method, path, body, me }) {
  const response = await fetch(base + path, { method, headers: {
    ...body && { 'Content-Type': 'application/json' },
    ...me && { 'X-User': me } },
  body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, text };
}

// Listens on a free port of this machine alone, for as long as use(base) runs.
export async function listening(app, use) {
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
