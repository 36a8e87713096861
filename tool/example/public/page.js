// The page: posts or my feed, page by page, and the diagram. It is sent each post
// that has changed, and draws it anew.
import { drawDiagram } from './diagram.js';

const $ = (selector) => document.querySelector(selector);
const SIZE = { all: 3, feed: 10 }; // the feed's first ten are kept ready
const open = new Set(); // posts whose comments are shown
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

function drawComments(post) {
  const words = element('input', { placeholder: 'Say something' });
  words.setAttribute('aria-label', `comment on ${post.title}`);
  const form = element('form', { className: 'reply' }, words,
    element('button', {}, 'Comment'));
  form.onsubmit = async (event) => {
    event.preventDefault();
    const body = words.value;
    words.value = '';
    try {
      await ask(`/posts/${post.id}/comments`, { method: 'POST',
        body: JSON.stringify({ body }) });
    } catch (error) {
      words.value = body;
      words.setCustomValidity(error.message);
      words.reportValidity();
    }
  };
  words.oninput = () => words.setCustomValidity('');
  return [...post.comments.map(({ author, body }) => element('p',
    { className: 'comment' }, `${author.name}: ${body}`)), form];
}

// What somebody types stays where it is.
function redraw(post) {
  const shown = document.getElementById(`post${post.id}`);
  if (!shown) return show();
  const made = drawPost(post);
  const [old, now] = [shown, made].map((one) => one.querySelector('input'));
  const typing = old && old === document.activeElement;
  shown.replaceWith(made);
  if (old && now) now.value = old.value;
  if (typing) now?.focus();
}

// A post of a list, or a whole one with its comments.
function drawPost(post) {
  const count = post.comments?.length ?? post.commentCount;
  const article = element('article', { id: `post${post.id}` },
    element('h2', {}, post.title),
    element('p', { className: 'about' },
      `${post.author.name}, ${new Date(post.createdAt).toLocaleDateString()}`),
    element('p', {}, post.body),
    element('p', {}, ...post.tags.map((tag) =>
      element('span', { className: 'tag' }, tag.name))));
  const more = element('button', {},
    `${count} comment${count === 1 ? '' : 's'}`);
  more.onclick = async () => {
    open.add(post.id);
    redraw(await ask(`/posts/${post.id}`));
  };
  article.append(more);
  if (String(post.author.id) === $('#me').value) {
    const remove = element('button', {}, 'Delete');
    remove.onclick = () => ask(`/posts/${post.id}`, { method: 'DELETE' });
    article.append(' ', remove);
  }
  if (post.comments && open.has(post.id)) article.append(...drawComments(post));
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
  const size = SIZE[view];
  const { count, nodes } = await ask(
    `/${view === 'feed' ? 'feed' : 'posts'}?page=${page}&size=${size}`);
  $('#list').replaceChildren(...nodes.map(drawPost));
  for (const { id } of nodes.filter((post) => open.has(post.id))) {
    ask(`/posts/${id}`).then(redraw); // the browser has it: 304
  }
  const pages = Math.max(1, Math.ceil(count / size));
  $('#pages span').textContent = `page ${page} of ${pages}, ${count} posts`;
  $('#newer').disabled = page === 1;
  $('#older').disabled = page >= pages;
}

function turn(by) {
  page += by;
  open.clear();
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
const events = new EventSource('/events');
events.addEventListener('post', ({ data }) => redraw(JSON.parse(data)));
events.addEventListener('gone', show);
show();
