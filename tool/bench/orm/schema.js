// The tables of tool/bench/data.c, for libraries that want to be told.
export const tables = {
  users: { id: 'integer', name: 'text', email: 'text', city: 'text', created_at: 'text' },
  profiles: { id: 'integer', user_id: 'integer', bio: 'text', avatar: 'text' },
  posts: { id: 'integer', user_id: 'integer', title: 'text', body: 'text', likes: 'integer',
    rating: 'real', published: 'integer', created_at: 'text' },
  comments: { id: 'integer', post_id: 'integer', user_id: 'integer', body: 'text',
    created_at: 'text' },
  tags: { id: 'integer', name: 'text' },
  post_tags: { post_id: 'integer', tag_id: 'integer' },
};

// A hundred keys of users, from all over the table: those of tool/bench/shape.c
export const keys = (nUser) => {
  const step = Math.floor(nUser / 100);
  return Array.from({ length: 100 }, (_, i) => 1 + i * step + (i * 37) % step);
};
