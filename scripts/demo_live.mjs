/**
 * `npm run demo:live`: a model of films in use. It starts one server with a page, on which each ✓ is an event that changes the next answer; and as long as it runs,
 * it closes a day after each so many seconds with new events: they are filed, the model is judged by them, trained on them, and replaced while it answers.
 * `-- --port 8321 --every 60` are the defaults. Everything is in the folder `demo-live`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8321' },
    every: { type: 'string', default: '60' },
    folder: { type: 'string', default: 'demo-live' },
  },
});
const { folder } = values;
const tower = (...args) => {
  console.log(`\n$ npx tower ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, ['dist/tower.cjs', ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 2);
};

if (!existsSync('models/data/movielens/ratings.csv')) tower('data', 'movielens');
const ratings = join(folder, 'ratings');
mkdirSync(ratings, { recursive: true });
for (const [from, to] of [
  ['ratings.csv', join(ratings, 'ratings.csv')],
  ['movies.csv', join(folder, 'movies.csv')],
])
  if (!existsSync(to)) copyFileSync(join('models/data/movielens', from), to);
const data = join(folder, 'films.tower');
writeFileSync(
  data,
  readFileSync('models/data/movielens.tower', 'utf8')
    .replace('"movielens/ratings.csv"', '"ratings/**/*.{csv,parquet}"')
    .replace('"movielens/movies.csv"', '"movies.csv"'),
);
const [first, live, events] = ['first', 'live', 'events'].map((name) => join(folder, name));
if (!existsSync(first)) tower('train', 'models/two_tower.tower', '--data', data, '--out', first);
if (!existsSync(live)) tower('train', '--final', first, '--out', join(live, '1'));

const serve = ['serve', '--watch', live, '--events', events, '--port', values.port, '--no-log'];
console.log(`\n$ npx tower ${serve.join(' ')}`);
const server = spawn(process.execPath, ['dist/tower.cjs', ...serve], { stdio: 'inherit' });
server.on('exit', (code) => process.exit(code ?? 0));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));

const logSize = () =>
  existsSync(events) ? readdirSync(events).reduce((sum, name) => sum + statSync(join(events, name)).size, 0) : 0;
for (let closed = 0; ; ) {
  await pause(1000 * Number(values.every));
  const size = logSize();
  if (closed === 0) closed = size;
  if (size === closed) continue;
  closed = size;
  tower('live', live, '--events', events, '--into', ratings);
}
