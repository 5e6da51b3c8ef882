/**
 * `npm run demo:live`: a model of films in use. It starts one server with a page, and replays a fortnight of ratings in about a minute: each day's events go to the
 * server, and `tower live` closes the day. On the seventh day the next candidate is trained with one step only, and the loop refuses it. Then the server goes on:
 * each ✓ on its page is an event that changes the next answer, and a day is closed after each so many seconds with new events.
 * `-- --port 8321 --every 60 --days 14` are the defaults. Everything is in the folder `demo-live`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8321' },
    every: { type: 'string', default: '60' },
    days: { type: 'string', default: '14' },
    folder: { type: 'string', default: 'demo-live' },
  },
});
const { folder, port } = values;
const [ratings, data, first, bad, live, events] = ['ratings', 'films.tower', 'first', 'bad', 'live', 'events'].map(
  (name) => join(folder, name),
);

function tower(...args) {
  console.log(`\n$ npx tower ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, ['dist/tower.cjs', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 2);
}

const eventsOfDay = 150;
/** Films with fewer ratings are left out, so that the demo takes a minute. */
const minRatings = 50;

/** Writes the ratings before the fortnight. @returns the events of each day that are not yet in the files */
function prepare() {
  if (!existsSync('models/data/movielens/ratings.csv')) tower('data', 'movielens');
  const [head, ...lines] = readFileSync('models/data/movielens/ratings.csv', 'utf8').trim().split('\n');
  const timeOf = (line) => Number(line.split(',')[3]);
  const counts = new Map();
  for (const line of lines) {
    const film = line.split(',')[1];
    counts.set(film, (counts.get(film) ?? 0) + 1);
  }
  const common = lines.filter((line) => counts.get(line.split(',')[1]) >= minRatings);
  common.sort((a, b) => timeOf(a) - timeOf(b));
  const firstDay = common.length - eventsOfDay * Number(values.days);
  if (!existsSync(ratings)) {
    mkdirSync(ratings, { recursive: true });
    writeFileSync(join(ratings, 'ratings.csv'), `${[head, ...common.slice(0, firstDay)].join('\n')}\n`);
    copyFileSync('models/data/movielens/movies.csv', join(folder, 'movies.csv'));
    const block = readFileSync('models/data/movielens.tower', 'utf8')
      .replace('"movielens/ratings.csv"', '"ratings/**/*.{csv,parquet}"')
      .replace('"movielens/movies.csv"', '"movies.csv"');
    writeFileSync(data, block);
  }
  const given = common.slice(firstDay).map((line, index) => {
    const [user, item, , time] = line.split(',');
    return { user, item, time: Number(time), id: `rating ${index}` };
  });
  return Array.from({ length: Number(values.days) }, (_, day) =>
    given.slice(day * eventsOfDay, (day + 1) * eventsOfDay),
  );
}

const days = prepare();
const settings = ['--set', 'epochs=4', '--set', 'features.user_id.drop=0.2'];
if (!existsSync(first)) tower('train', 'models/two_tower.tower', '--data', data, '--out', first, ...settings);
if (!existsSync(bad)) tower('train', 'models/two_tower.tower', '--data', data, '--out', bad, '--set', 'steps=1');
const isNew = !existsSync(live);
if (isNew) tower('train', '--final', first, '--out', join(live, '1'));

const serve = ['serve', '--watch', live, '--events', events, '--port', port, '--no-log'];
console.log(`\n$ npx tower ${serve.join(' ')}`);
const server = spawn(process.execPath, ['dist/tower.cjs', ...serve], { stdio: 'inherit' });
server.on('exit', (code) => process.exit(code ?? 0));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));

const ask = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
const isReady = () =>
  ask('/readyz').then(
    ({ ok }) => ok,
    () => false,
  );
while (!(await isReady())) await pause(100);

const close = (...options) => tower('live', live, '--events', events, '--into', ratings, ...options);
if (isNew) {
  for (const [index, given] of days.entries()) {
    const headers = { 'content-type': 'application/json' };
    const { status } = await ask('/v1/events', { method: 'POST', headers, body: JSON.stringify(given) });
    if (status !== 200) throw new Error(`the events of day ${index + 1} were answered with ${status}`);
    console.log(`\nday ${index + 1} of ${days.length}: ${given.length} events`);
    close('--final', index === 6 ? bad : first);
  }
  console.log(`\n${join(live, 'days.html')} shows the fortnight. What came of each day:`);
  for (const [index, line] of readFileSync(join(live, 'days.jsonl'), 'utf8').trim().split('\n').entries()) {
    const { outcome, published = '', reason = '' } = JSON.parse(line);
    console.log(`  ${String(index + 1).padStart(2)}  ${outcome} ${published}${reason}`);
  }
}
console.log(
  `\nhttp://127.0.0.1:${port} answers: each ✓ is an event, and a day is closed each ${values.every} s with new ones.`,
);

const countEvents = async () =>
  Number(/^tower_events_total\{.*"added".*\} (\d+)$/m.exec(await (await ask('/metrics')).text())?.[1] ?? 0);
for (let closed = await countEvents(); ; ) {
  await pause(1000 * Number(values.every));
  const count = await countEvents();
  if (count === closed) continue;
  closed = count;
  close();
}
