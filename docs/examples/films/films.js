/** The page of films: what somebody likes is the input of the query tower; the answer comes from the scan over all films, in this page. */
import { Failure, open } from './model/tower.js';

const byId = (id) => document.getElementById(id);
const [search, found, liked, popular, answer, state] = ['search', 'found', 'liked', 'popular', 'answer', 'state'].map(
  byId,
);
const filters = { genre: byId('genre'), from: byId('from'), to: byId('to') };
const mostFound = 8;

/** By key. */
const films = new Map();
/** Keys, the newest pick last. `hidden`: films that the person does not want to see. */
const picks = { liked: [], hidden: [] };
let model;

try {
  model = await open('./model', {
    onProgress({ received, total }) {
      byId('progress').value = received / total;
    },
  });
  await readFilms();
  search.disabled = false;
  picks.liked = readHash();
  await update();
} catch (error) {
  report(error);
} finally {
  byId('progress').hidden = true;
}

/** Titles, years and genres of all films, by one question for all of them. */
async function readFilms() {
  const everything = { values: {}, k: model.count, columns: ['year', 'genres'], removeSeen: false };
  const { items } = await model.recommend(everything);
  const genres = new Set();
  for (const { key, title, columns } of items) {
    const name = nameOf(title ?? key);
    films.set(key, { key, name, year: columns.year, genres: columns.genres ?? [], plain: plainOf(`${title} ${name}`) });
    for (const genre of columns.genres ?? []) if (!genre.startsWith('(')) genres.add(genre);
  }
  for (const genre of [...genres].sort()) filters.genre.append(new Option(genre, genre));
  byId('size').textContent = `${model.count.toLocaleString('en')} films are in this page.`;
}

/** `Matrix, The (1999)` is how the data files a title. */
function nameOf(title) {
  const name = title.replace(/\s*\(\d{4}\)\s*$/, '');
  const [, rest, article] = /^(.*), (The|A|An)$/.exec(name) ?? [];
  return article ? `${article} ${rest}` : name;
}

function plainOf(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

async function update() {
  showPicks();
  showPopular();
  location.replace(`#${new URLSearchParams(picks.liked.length > 0 ? { liked: picks.liked.join(',') } : {})}`);
  const request = {
    values: { liked: picks.liked },
    k: 10,
    exclude: picks.hidden,
    ...(filterOf() ? { filter: filterOf() } : {}),
  };
  const start = performance.now();
  try {
    const { items } = await model.recommend(request);
    const took = performance.now() - start;
    showAnswer(items, took);
  } catch (error) {
    report(error);
  }
}

/** A filter is text of the same language as on the server: `year >= 1990 and 'Drama' in genres`. */
function filterOf() {
  const { genre, from, to } = filters;
  return [
    genre.value && `'${genre.value.replaceAll("'", "''")}' in genres`,
    from.valueAsNumber > 0 && `year >= ${from.valueAsNumber}`,
    to.valueAsNumber > 0 && `year <= ${to.valueAsNumber}`,
  ]
    .filter(Boolean)
    .join(' and ');
}

function showAnswer(items, took) {
  const what = picks.liked.length === 0 ? 'Nothing is picked: this is for anybody.' : '';
  state.textContent =
    items.length === 0 ? 'No film is left: remove a filter.' : `${what} Found in ${took.toFixed(1)} ms.`.trim();
  const best = Math.max(...items.map(({ score }) => score), 0.001);
  answer.replaceChildren(
    ...items.map(({ key, score }) => {
      const film = films.get(key);
      const meter = element('span', { className: 'meter', ariaHidden: 'true' });
      meter.append(element('span', {}));
      meter.firstChild.style.setProperty('inline-size', `${Math.max(2, (100 * score) / best)}%`);
      const text = element('div', { className: 'film' });
      text.append(
        element('strong', { textContent: film.name }),
        element('span', { className: 'about', textContent: [film.year, ...film.genres].filter(Boolean).join(' · ') }),
        meter,
      );
      const row = element('li', {});
      row.append(
        text,
        button('+', `I like ${film.name}`, () => pick(key)),
        button('×', `Hide ${film.name}`, () => {
          picks.hidden.push(key);
          return update();
        }),
      );
      return row;
    }),
  );
}

function showPicks() {
  liked.replaceChildren(
    ...picks.liked.map((key) => {
      const { name, year } = films.get(key);
      const chip = element('li', {});
      chip.append(
        element('span', { textContent: year ? `${name} (${year})` : name }),
        button('×', `Remove ${name}`, async () => {
          picks.liked = picks.liked.filter((other) => other !== key);
          await update();
          search.focus();
        }),
      );
      return chip;
    }),
  );
}

/** The films that most people like, as the encoding has them. */
function showPopular() {
  if (picks.liked.length >= 3) return void (byId('popular-box').hidden = true);
  const { examples = [] } = model.query.features.find(({ name }) => name === 'liked') ?? {};
  popular.replaceChildren(
    ...examples
      .filter(({ value }) => films.has(value) && !picks.liked.includes(value))
      .slice(0, 8)
      .map(({ value }) => {
        const chip = element('li', {});
        const { name } = films.get(value);
        const add = element('button', { type: 'button', textContent: name });
        add.addEventListener('click', () => pick(value));
        chip.append(add);
        return chip;
      }),
  );
  byId('popular-box').hidden = popular.children.length === 0;
}

async function pick(key) {
  if (!picks.liked.includes(key)) picks.liked.push(key);
  search.value = '';
  close();
  await update();
}

function readHash() {
  const keys = new URLSearchParams(location.hash.slice(1)).get('liked')?.split(',') ?? [];
  return [...new Set(keys)].filter((key) => films.has(key)).slice(0, 50);
}

function report(error) {
  const text =
    error instanceof Failure
      ? error.diagnostics.map(({ message, hint }) => `${message}: ${hint}`).join('; ')
      : error.message;
  state.textContent = `The model gives no answer: ${text}`;
  state.classList.add('wrong');
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function button(text, label, work) {
  const made = element('button', { type: 'button', textContent: text, title: label });
  made.setAttribute('aria-label', label);
  made.addEventListener('click', work);
  return made;
}

// The search: a combobox with a list, by the pattern of the ARIA guide. The cursor stays in the field.

let active = -1;

function close() {
  found.hidden = true;
  search.setAttribute('aria-expanded', 'false');
  search.removeAttribute('aria-activedescendant');
  active = -1;
}

function activate(place) {
  const options = [...found.children];
  active = (place + options.length) % options.length;
  for (const [at, option] of options.entries()) option.setAttribute('aria-selected', String(at === active));
  search.setAttribute('aria-activedescendant', options[active].id);
  options[active].scrollIntoView({ block: 'nearest' });
}

search.addEventListener('input', () => {
  const words = plainOf(search.value).split(/\s+/).filter(Boolean);
  const matches = [...films.values()].filter(
    ({ key, plain }) => words.every((word) => plain.includes(word)) && !picks.liked.includes(key),
  );
  const first = words[0] ?? '';
  matches.sort((a, b) => Number(plainOf(b.name).startsWith(first)) - Number(plainOf(a.name).startsWith(first)));
  if (words.length === 0 || matches.length === 0) return close();
  found.replaceChildren(
    ...matches.slice(0, mostFound).map(({ key, name, year }, at) => {
      const option = element('div', { id: `found-${at}`, textContent: year ? `${name} (${year})` : name });
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', 'false');
      option.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        pick(key);
      });
      option.dataset.key = key;
      return option;
    }),
  );
  found.hidden = false;
  search.setAttribute('aria-expanded', 'true');
  active = -1;
});

search.addEventListener('keydown', (event) => {
  if (found.hidden) return;
  const keys = {
    ArrowDown: () => activate(active + 1),
    ArrowUp: () => activate(active < 0 ? -1 : active - 1),
    Enter: () => pick(found.children[Math.max(0, active)].dataset.key),
    Escape: close,
  };
  const work = keys[event.key];
  if (!work) return;
  event.preventDefault();
  work();
});

search.addEventListener('blur', close);
byId('filters').addEventListener('submit', (event) => event.preventDefault());
for (const input of Object.values(filters)) input.addEventListener('input', () => model && update());
