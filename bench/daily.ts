/**
 * Day after day: the last weeks of MovieLens, one incremental run a week (`--from`), each evaluated on the week that follows; next to a whole
 * retraining each week, and to the first model as it was. Figures are means over all events of these weeks, for each seed.
 * Each `--way` is a recipe of incremental runs: `days` goes back so many days (`--since`), `replay` adds earlier events, `all` takes all, and the rest is `--set`.
 * `tsx bench/daily.ts [--weeks 10] [--seeds 1,2,3] [--epochs 10] [--days 7] [--way new:epochs=2] [--way window:days=365,epochs=1] [--whole no]`
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluate, load, train } from '../src/api.ts';
import { describeMachine } from './machine.ts';
import { movieLensFolder } from './movielens_files.ts';

/** New events alone, and the recipe of docs/guide/daily.md. */
const usualWays = ['new:epochs=2', 'recipe:replay=20,epochs=2,dense.rate=1e-4,embeddings.rate=0.005'];

const { values: given } = parseArgs({
  options: {
    weeks: { type: 'string', default: '10' },
    seeds: { type: 'string', default: '1,2,3' },
    epochs: { type: 'string', default: '10' },
    days: { type: 'string', default: '7' },
    model: { type: 'string', default: 'bench/models/movielens.tower' },
    // Most users of a week are new, and read the row that this trains.
    set: { type: 'string', multiple: true, default: ['features.user_id.drop=0.2'] },
    way: { type: 'string', multiple: true, default: usualWays },
    whole: { type: 'string', default: 'yes' },
  },
});
const [weeks, epochs, days] = [given.weeks, given.epochs, given.days].map(Number) as [number, number, number];
const seeds = given.seeds.split(',').map(Number);
const pairs = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(list.map((each) => each.split('=') as [string, string]));
const settings = pairs(given.set);
/** The options of a run that goes on, by the name of its recipe. */
const ways = given.way.map((each) => {
  const [name, rest = ''] = each.split(':') as [string, string?];
  const { days: back, all, replay, ...set } = pairs(rest.split(',').filter((pair) => pair !== ''));
  return { name, back, all, replay, set };
});
type Way = (typeof ways)[number];
const model = resolve(given.model);
const labels = ['recall@50', 'ndcg@50'] as const;

const folder = mkdtempSync(join(tmpdir(), 'tower-daily-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{}');
const source = movieLensFolder();
for (const file of ['ratings.csv', 'movies.csv']) copyFileSync(join(source, file), join(folder, file));
// Debian's edition calls the key of a film as GroupLens does, or with a blank of its own.
const key = readFileSync(join(folder, 'movies.csv'), 'utf8').split(',')[0]!;

const times = readFileSync(join(folder, 'ratings.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => Number(line.split(',')[3]));
const last = Math.max(...times) + 1;
/** Week `index` begins at `cut(index)`: run `index` trains on what is before, and is evaluated on the week. */
const cut = (index: number): number => last - (weeks + 1 - index) * days * 86_400;

function block(index: number): string {
  const path = join(folder, `week-${index}.tower`);
  writeFileSync(
    path,
    `data week {
  events = "ratings.csv"
  items  = "movies.csv" by movie_id
  where  = "timestamp < ${cut(index + 1)}"
  time   = "timestamp"
  columns {
    user_id  = "userId"
    movie_id = "${key}"
    genres   = "string_split(genres, '|')"
    fold     = "CASE WHEN timestamp < ${cut(index)} THEN 'train' ELSE 'test' END"
  }
  history = past(movie_id, 50)
  recent  = past(movie_id, 5)
  split   = column("fold")
}
`,
  );
  return path;
}

interface Sums {
  events: number;
  readonly figures: number[];
  milliseconds: number;
}
const nothing = (): Sums => ({ events: 0, figures: labels.map(() => 0), milliseconds: 0 });

async function score(run: string, data: string, sums: Sums): Promise<void> {
  const loaded = await load(run, { data });
  const { rows, events } = await evaluate(loaded, { part: 'test', baselines: false, metrics: 'recall(50), ndcg(50)' });
  await loaded.close();
  sums.events += events;
  labels.forEach((label, at) => {
    sums.figures[at]! += events * rows[0]!.all[label]!;
  });
}

/** Processor time of reading, training and writing, in milliseconds: a busy machine does not add to it. */
async function trained(out: string, index: number, seed: number, goesOn?: { from: string; way: Way }): Promise<number> {
  const before = process.cpuUsage();
  const { back, all, replay, set = { epochs } } = goesOn?.way ?? {};
  await train(model, {
    data: block(index),
    out: join(folder, out),
    seed,
    set: { ...settings, ...set },
    ...(goesOn ? { from: join(folder, goesOn.from) } : {}),
    ...(back === undefined ? {} : { since: cut(index) - Number(back) * 86_400 }),
    ...(all === undefined ? {} : { all: true }),
    ...(replay === undefined ? {} : { replay: Number(replay) }),
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

console.log(describeMachine());
console.log(
  `${weeks} runs of ${days} days; ${epochs} epochs of a whole training; seeds ${given.seeds}; ${given.way.join(' ')}`,
);
// What is compiled and loaded once is not of the first training.
await train(model, { data: block(0), out: join(folder, 'warm'), set: { ...settings, steps: 2 } });
const whole = given.whole === 'yes';
const kinds = ['frozen', ...ways.map(({ name }) => name), ...(whole ? ['whole'] : [])];
const all: Map<string, Sums>[] = [];
for (const seed of seeds) {
  const sums = new Map(kinds.map((kind) => [kind, nothing()]));
  const base = `base-${seed}`;
  await trained(base, 0, seed);
  for (let week = 1; week <= weeks; week++) {
    await score(join(folder, base), block(week), sums.get('frozen')!);
    for (const way of ways) {
      const [from, next] = [week === 1 ? base : `${way.name}-${week - 1}`, `${way.name}-${week}`];
      sums.get(way.name)!.milliseconds += await trained(next, week, seed, { from, way });
      await score(join(folder, next), block(week), sums.get(way.name)!);
      if (week > 1) rmSync(join(folder, from), { recursive: true });
      if (week === weeks) rmSync(join(folder, next), { recursive: true });
    }
    if (whole) {
      sums.get('whole')!.milliseconds += await trained('whole', week, seed);
      await score(join(folder, 'whole'), block(week), sums.get('whole')!);
      rmSync(join(folder, 'whole'), { recursive: true });
    }
    const now = kinds.map((kind) => {
      const { figures, events } = sums.get(kind)!;
      return `${kind} ${(figures[0]! / events).toFixed(4)}`;
    });
    console.log(
      `seed ${seed}, week ${week}: ${sums.get('frozen')!.events} events so far, ${labels[0]} ${now.join(', ')}`,
    );
  }
  all.push(sums);
}

const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
console.log(`\n| | ${labels.join(' | ')} | processor time of a run |`);
console.log(`|---|${labels.map(() => '---|').join('')}---|`);
for (const kind of kinds) {
  const cells = labels.map((_, at) => {
    const each = all.map((sums) => sums.get(kind)!.figures[at]! / sums.get(kind)!.events);
    return `${mean(each).toFixed(4)} (${each.map((value) => value.toFixed(4)).join(', ')})`;
  });
  const time = mean(all.map((sums) => sums.get(kind)!.milliseconds)) / weeks;
  console.log(`| ${kind} | ${cells.join(' | ')} | ${kind === 'frozen' ? 'none' : `${(time / 1000).toFixed(1)} s`} |`);
}
console.log(describeMachine());
