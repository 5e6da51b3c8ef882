/**
 * What training on all events is worth. The first 90 % of MovieLens is today: a run chooses its number of epochs there, by a validation part, and `--final` trains
 * the model again on all of it. The last 10 % is tomorrow: both runs rank each of its events, and know the same earlier events of its user.
 * `tsx bench/final.ts [--model models/two_tower.tower] [--seeds 1,2,3] [--set features.user_id.drop=0.2]`
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compare, load, type Run, train } from '../src/api.ts';
import { describeMachine } from './machine.ts';
import { movieLensFolder } from './movielens_files.ts';

const { values: given } = parseArgs({
  options: {
    model: { type: 'string', default: 'models/two_tower.tower' },
    seeds: { type: 'string', default: '1,2,3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const set = Object.fromEntries(given.set.map((each) => each.split('=') as [string, string]));

const folder = mkdtempSync(join(tmpdir(), 'tower-final-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{}');
for (const file of ['ratings.csv', 'movies.csv']) copyFileSync(join(movieLensFolder(), file), join(folder, file));
// Debian's edition calls the key of a film as GroupLens does, or with a blank of its own.
const key = readFileSync(join(folder, 'movies.csv'), 'utf8').split(',')[0]!;
const times = readFileSync(join(folder, 'ratings.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => Number(line.split(',')[3]))
  .sort((a, b) => a - b);
const tomorrow = times[Math.floor(times.length * 0.9)]!;

function block(name: string, entries: string): string {
  const path = join(folder, `${name}.tower`);
  writeFileSync(
    path,
    `data movielens {
  events = "ratings.csv"
  items  = "movies.csv" by movie_id
  columns {
    user_id  = "userId"
    movie_id = "${key}"
    genres   = "string_split(genres, '|')"
    day      = "CASE WHEN timestamp < ${tomorrow} THEN 'train' ELSE 'test' END"
  }
  time    = "timestamp"
  history = past(movie_id, 50)
  recent  = past(movie_id, 5)
  seen    = excluded
  ${entries}
}
`,
  );
  return path;
}
const today = block('today', `where = "timestamp < ${tomorrow}"\n  split = by_time(validation: 10%, test: 10%)`);
const data = block('tomorrow', 'split = column("day")');

console.log(describeMachine());
const runs: { readonly name: string; readonly run: Run }[] = [];
for (const seed of given.seeds.split(',').map(Number)) {
  const [chosen, final] = [join(folder, `chosen-${seed}`), join(folder, `final-${seed}`)];
  const { manifest } = await train(resolve(given.model), { data: today, out: chosen, seed, set });
  const { dataset } = await train(undefined, { final: chosen, out: final });
  const rows = `${manifest!.training.rows} and ${dataset.parts.train.rows} training events`;
  console.log(`seed ${seed}: ${rows}, ${manifest!.training.best?.epoch} epochs`);
  for (const [name, path] of [['chosen', chosen] as const, ['final', final] as const])
    runs.push({ name, run: await load(path, { data }) });
}
const { rows, protocol, events, metrics } = await compare(runs, { metrics: 'recall(10), recall(50), ndcg(10)' });
for (const { name, figures, differences } of rows)
  for (const metric of metrics) console.log(JSON.stringify([name, metric, figures[metric], differences?.[metric]]));
console.log([`${events} events`, ...protocol].join('\n'));
console.log(describeMachine());
