// The page: posts or my feed, page by page, and the diagram. It hears of
// changes and reads again.
import { drawDiagram } from './diagram.js';

const $ = (selector) => document.querySelector(selector);
const SIZE = 3;
let page = 1;

// An element with children: texts are texts, never markup.
function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: {
    'Content-Type': 'application/json', 'X-User': $('#me').value } });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function showPost(id, article) {
  const { comments } = await ask(`/posts/${id}`);
  article.querySelectorAll('.comment').forEach((old) => old.remove());
  article.append(...comments.map(({ author, body }) => element('p',
    { className: 'comment' }, `${author.name}: ${body}`)));
}

function drawPost(post) {
  const article = element('article', {},
    element('h2', {}, post.title),
    element('p', { className: 'about' },
      `${post.author.name}, ${new Date(post.createdAt).toLocaleDateString()}`),
    element('p', {}, post.body),
    element('p', {}, ...post.tags.map((tag) =>
      element('span', { className: 'tag' }, tag.name))));
  const more = element('button', {},
    `${post.commentCount} comment${post.commentCount === 1 ? '' : 's'}`);
  more.onclick = () => showPost(post.id, article);
  article.append(more);
  if (String(post.author.id) === $('#me').value) {
    const remove = element('button', {}, 'Delete');
    remove.onclick = () => ask(`/posts/${post.id}`, { method: 'DELETE' });
    article.append(' ', remove);
  }
  return article;
}

async function show() {
  const view = location.hash.slice(1) || 'all';
  for (const link of document.querySelectorAll('nav a')) {
    link.toggleAttribute('aria-current', link.hash === '#' + view);
  }
  const drawing = view === 'diagram';
  document.body.classList.toggle('wide', drawing);
  $('#drawing').hidden = !drawing;
  for (const id of ['#write', '#list', '#pages']) $(id).hidden = drawing;
  if (drawing) {
    $('#drawing').innerHTML = drawDiagram(await ask('/diagram.json'));
    return;
  }
  const { count, nodes } = await ask(
    `/${view === 'feed' ? 'feed' : 'posts'}?page=${page}&size=${SIZE}`);
  $('#list').replaceChildren(...nodes.map(drawPost));
  const pages = Math.max(1, Math.ceil(count / SIZE));
  $('#pages span').textContent = `page ${page} of ${pages}, ${count} posts`;
  $('#newer').disabled = page === 1;
  $('#older').disabled = page >= pages;
}

function turn(by) {
  page += by;
  show();
}

$('#newer').onclick = () => turn(-1);
$('#older').onclick = () => turn(1);
$('#me').onchange = () => turn(1 - page);
window.onhashchange = () => turn(1 - page);
$('#write').onsubmit = async (event) => {
  event.preventDefault();
  const form = event.target;
  const values = Object.fromEntries(new FormData(form));
  try {
    await ask('/posts', { method: 'POST', body: JSON.stringify({ ...values,
      tags: values.tags.split(/\s+/).filter(Boolean) }) });
    form.reset();
    form.querySelector('output').textContent = '';
  } catch (error) {
    form.querySelector('output').textContent = error.message;
  }
};

const { nodes: people } = await (await fetch('/users?size=100')).json();
$('#me').append(...people.map(({ id, name }) => new Option(name, id)));
new EventSource('/events').onmessage = show;
show();
