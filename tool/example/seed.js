// Something to look at, in an empty database: one graph of rows.
export function seed({ db, assoc }) {
  if (db.prepare('SELECT count(*) FROM User').pluck().get()) return;
  assoc.insert('User', [
    { '#id': 'ada', name: 'Ada', email: 'ada@example.com',
      profile: { bio: 'Likes engines' },
      posts: [
        { title: 'Notes on the engine', body: 'It weaves algebraic patterns.',
          tags: ['engines', 'algebra'], comments: [
            { body: 'Who will build it?', author: { '#ref': 'ada' } },
            { body: 'I shall.', author: { '#ref': 'charles' } }] },
        { title: 'Numbers that name numbers', body: 'An operation is a thing.',
          tags: ['algebra'] }] },
    { '#id': 'charles', name: 'Charles', email: 'charles@example.com',
      profile: { bio: 'Builds engines' }, following: [{ '#ref': 'ada' }],
      posts: [{ title: 'A difference engine', body: 'In brass.',
        tags: ['engines', 'brass'], comments: [
          { body: 'How many wheels?', author: { '#ref': 'mary' } }] }] },
    { '#id': 'mary', name: 'Mary', email: 'mary@example.com',
      profile: { bio: 'Writes about science' },
      following: [{ '#ref': 'ada' }, { '#ref': 'charles' }],
      posts: [{ title: 'On the connexion of the sciences',
        body: 'Mathematics is the language of them all.',
        tags: ['science', 'algebra'] }] },
  ]);
  assoc.insert('Team', { name: 'Analytical Society',
    projects: [{ name: 'Engine' }, { name: 'Tables', status: 'archived' }],
    owners: [2], members: [1] });
}
