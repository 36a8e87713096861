// npm start: the blog on http://localhost:3000, or PORT; its file is DATABASE.
import { createApp } from './app.js';
import { openDatabase } from './database.js';
import { seed } from './seed.js';

const blog = openDatabase(process.env.DATABASE ?? 'blog.db');
seed(blog);
const server = createApp(blog).listen(process.env.PORT ?? 3000, () => {
  console.log(`the blog is at http://localhost:${server.address().port}`);
});
