/**
 * Ten days of a model in use, replayed: each day's events go into the log of a server, and `closeDay` judges the candidate by them. Three arms are measured by the
 * events of each day, before anything is trained on them: the version of the loop that answered, the first version, which only has events in its answers, and one
 * that is trained whole each day. `npx tsx bench/live_days.ts --set movielens|toys|lastfm [--days 10] [--seed 1]`.
 * Toys and Last.fm have no times: there a day has one event of each user, the latest ones last. Last.fm's lists have no order, so its last ones are those that were held
 * out at random. `--out docs/results/days/SET.json` keeps what each day showed: `npm run study` shows it on docs/results.md.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type DayOfUse, type DaysOfUse, rowOfAll, rowOfDay } from '../scripts/study/days.ts';
import { closeDay, compare, load, train } from '../src/api.ts';
import { makeLogFiles } from '../src/base/storage/record_log/lines.ts';
import { openWriteLog } from '../src/base/storage/record_log/write_log.ts';
import type { GivenEvent } from '../src/data/written/fields.ts';
import { eventLog, makeEventCompaction } from '../src/serving/server/writes/event_log.ts';
import { describeMachine } from './machine.ts';
import { movieLensFolder } from './movielens_files.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'movielens' },
    days: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    model: { type: 'string', default: 'models/two_tower.tower' },
    setting: { type: 'string', multiple: true, default: ['features.user_id.drop=0.2'] },
    shift: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
});
const days = Number(values.days);
const folder = mkdtempSync(join(tmpdir(), 'tower-days-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{}');
mkdirSync(join(folder, 'views'));

type Row = readonly [user: string, item: string, time: number];

/** The events in the order of time, and the columns of the items file. */
function rowsOf(set: string): { readonly rows: Row[]; readonly items?: string } {
  const shared = (name: string): string => readFileSync(join(process.env.TOWER_DATA ?? '', name), 'utf8');
  if (set === 'movielens') {
    const source = movieLensFolder();
    copyFileSync(join(source, 'movies.csv'), join(folder, 'movies.csv'));
    const lines = readFileSync(join(source, 'ratings.csv'), 'utf8').trim().split('\n').slice(1);
    const rows = lines.map((line): Row => {
      const [user, item, , time] = line.split(',') as [string, string, string, string];
      return [user, item, Number(time)];
    });
    return { rows: rows.sort((a, b) => a[2] - b[2]), items: 'items = "movies.csv" by movie_id' };
  }
  const lists =
    set === 'toys'
      ? [shared('toys/Toys_and_Games.txt')]
      : ['train', 'valid', 'test'].map((part) => shared(`lastfm-split/${part}.txt`));
  const itemsOf = new Map<string, string[]>();
  for (const line of lists.flatMap((text) => text.trim().split('\n'))) {
    const [user, ...items] = line.trim().split(/\s+/) as [string, ...string[]];
    itemsOf.set(user, [...(itemsOf.get(user) ?? []), ...items]);
  }
  const rows = [...itemsOf].flatMap(([user, items]) =>
    items.map((item, at): Row => [user, item, 1_000_000 - items.length + at]),
  );
  return { rows: rows.sort((a, b) => a[2] - b[2]) };
}

const { rows, items = '' } = rowsOf(values.set);
/** The first event of each day: for MovieLens equal numbers of events, otherwise the last so many events of each user. */
const shift = Number(values.shift);
const dayIs =
  values.set === 'movielens'
    ? `A day has ${shift} events, in the order of their time.`
    : values.set === 'toys'
      ? 'A day has one event of each user, in the order in which the user bought: the last day has the last ones.'
      : 'A day has one event of each user. The lists of this set have no order, so the days are drawn and not lived: the last ones are those of the test part.';
const cuts =
  values.set === 'movielens'
    ? Array.from({ length: days + 1 }, (_, day) => rows.length - (days - day) * shift)
    : Array.from({ length: days + 1 }, (_, day) => {
        const at = rows.findIndex(([, , time]) => time >= 1_000_000 - days + day);
        return at < 0 ? rows.length : at;
      });

writeFileSync(
  join(folder, 'views/views.csv'),
  `userId,movieId,timestamp\n${rows
    .slice(0, cuts[0])
    .map((row) => row.join())
    .join('\n')}\n`,
);
const data = join(folder, 'data.tower');
writeFileSync(
  data,
  `data replayed {
    events = "views/**/*.{csv,parquet}"
    ${items}
    columns { user_id = "userId", movie_id = "movieId"${items === '' ? '' : `, genres = "string_split(genres, '|')"`} }
    time = "timestamp", history = past(movie_id, 50), recent = past(movie_id, 5), split = by_time(validation: 5%, test: 5%)
  }`,
);

const eventFolder = join(folder, 'events');
mkdirSync(eventFolder);
const log = await openWriteLog(makeLogFiles(eventFolder), eventLog, { compaction: makeEventCompaction });
const set = Object.fromEntries(values.setting.map((setting) => setting.split('=') as [string, string]));
const first = join(folder, 'first');
const seed = Number(values.seed);
await train(resolve(values.model), { data, out: first, set, seed });
const live = join(folder, 'live');
mkdirSync(live);
await train(undefined, { final: first, out: join(live, '1') });

console.log(describeMachine());
console.log(
  `${values.set}: ${rows.length.toLocaleString('en')} events, ${days} days, seed ${seed}, ${JSON.stringify(set)}`,
);
const daysOfUse: DayOfUse[] = [];
let loop = '1';
for (let day = 0; day < days; day++) {
  const whole = join(folder, `whole-${day}`);
  await train(undefined, { final: first, out: whole });
  const { until } = (await load(whole)).trained.manifest.data;
  const events = rows
    .slice(cuts[day], cuts[day + 1])
    .map(([user, item, time]): GivenEvent => ({ user, item, time, columns: {} }));
  await log.append([events]);
  const start = performance.now();
  const closed = await closeDay(live, { events: eventFolder, into: join(folder, 'views'), keep: days + 1 });
  const seconds = (performance.now() - start) / 1000;
  const linear = 'ease' in closed.figures! ? 'ease' : 'item_cf';
  const runs = [];
  for (const [name, version] of Object.entries({ 'events only': join(live, '1'), loop: join(live, loop), whole }))
    runs.push({ name, run: await load(version, { later: until! }) });
  const metrics = closed.metric!.replace(/@(\d+)/, '($1)');
  const comparison = await compare(runs, { part: 'test', metrics, baselines: ['popularity', linear] });
  for (const { run } of runs) await run.close();
  rmSync(whole, { recursive: true });
  const rowNamed = (name: string) => comparison.rows.find((row) => row.name === name)!;
  const figure = (name: string) => rowNamed(name).figures[closed.metric!]!;
  daysOfUse.push({
    ...{ events: comparison.events, eventsOnly: figure('events only'), loop: figure('loop'), whole: figure('whole') },
    ...{ difference: rowNamed('loop').differences![closed.metric!]!, outcome: closed.outcome, seconds },
    ...{ popularity: figure('popularity'), linear: figure(linear) },
  });
  if (closed.published !== undefined) loop = closed.published;
  const kept: DaysOfUse = {
    ...{ format: 'tower-days-2', set: values.set, day: dayIs, model: basename(values.model, '.tower'), settings: set },
    ...{ seed, metric: closed.metric!, linear, machine: describeMachine(), days: daysOfUse },
  };
  const cells = rowOfDay(daysOfUse.at(-1)!, String(day + 1)).join(' | ');
  console.log(`${cells} | ${closed.outcome} in ${seconds.toFixed(1)} s`);
  if (values.out === undefined) continue;
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(kept, null, 2)}\n`);
}
console.log(rowOfAll(daysOfUse).join(' | '));
await log.close();
