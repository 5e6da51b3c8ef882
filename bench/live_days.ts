/**
 * Ten days of a model in use, replayed: each day's events go into the log of a server, `closeDay` judges the version that answered by them and trains the next; beside
 * it, a version that is trained whole each day is judged by the same events. `npx tsx bench/live_days.ts --set movielens|toys|lastfm [--days 10] [--replay 10]`.
 * Toys and Last.fm have no times: there a day has one event of each user, the latest ones last.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { closeDay, compare, load, train } from '../src/api.ts';
import { logFilesIn } from '../src/base/storage/record_log/lines.ts';
import { openWriteLog } from '../src/base/storage/record_log/write_log.ts';
import type { GivenEvent } from '../src/data/written/fields.ts';
import { eventLog, makeEventCompaction } from '../src/serving/server/writes/event_log.ts';
import { describeMachine } from './machine.ts';
import { movieLensFolder } from './movielens_files.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'movielens' },
    days: { type: 'string', default: '10' },
    replay: { type: 'string', default: '10' },
    model: { type: 'string', default: 'models/two_tower.tower' },
    setting: { type: 'string', multiple: true, default: ['features.user_id.drop=0.2'] },
    shift: { type: 'string', default: '200' },
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
const log = await openWriteLog(logFilesIn(eventFolder), eventLog, {
  compaction: makeEventCompaction,
});
const set = Object.fromEntries(values.setting.map((each) => each.split('=') as [string, string]));
const first = join(folder, 'first');
await train(resolve(values.model), { data, out: first, set });
const live = join(folder, 'live');
mkdirSync(live);
await train(undefined, { final: first, out: join(live, '1') });

console.log(describeMachine());
console.log(
  `${values.set}: ${rows.length.toLocaleString('en')} events, ${days} days, --replay ${values.replay}, ${JSON.stringify(set)}`,
);
const sums = { daily: 0, whole: 0, popularity: 0, linear: 0, events: 0 };
for (let day = 0; day < days; day++) {
  const whole = join(folder, `whole-${day}`);
  await train(undefined, { final: first, out: whole });
  const { until } = (await load(whole)).trained.manifest.data;
  const events = rows
    .slice(cuts[day], cuts[day + 1])
    .map(([user, item, time]): GivenEvent => ({ user, item, time, columns: {} }));
  await log.append([events]);
  const start = performance.now();
  const closed = await closeDay(live, {
    events: eventFolder,
    into: join(folder, 'views'),
    replay: Number(values.replay),
  });
  const seconds = (performance.now() - start) / 1000;
  const runs = [
    { name: 'daily', run: await load(join(live, closed.version), { later: until! }) },
    { name: 'whole', run: await load(whole, { later: until! }) },
  ];
  const { rows: compared, events: judged } = await compare(runs, {
    part: 'test',
    metrics: closed.metric!.replace(/@(\d+)/, '($1)'),
  });
  for (const { run } of runs) await run.close();
  const [daily, trainedWhole] = compared.map((row) => row.figures[closed.metric!]!);
  const difference = compared[1]!.differences![closed.metric!]!;
  const { popularity, ...others } = closed.figures!;
  const linear = others.ease ?? others.item_cf!;
  sums.daily += judged * daily!.mean;
  sums.whole += judged * trainedWhole!.mean;
  sums.popularity += judged * popularity!.mean;
  sums.linear += judged * linear.mean;
  sums.events += judged;
  const four = (value: number): string => value.toFixed(4);
  console.log(
    `day ${day + 1}: ${judged} events, ${closed.metric}: daily ${four(daily!.mean)}, whole ${four(trainedWhole!.mean)} (whole − daily ${four(difference.mean)} [${four(difference.low)}, ${four(difference.high)}]), popularity ${four(popularity!.mean)}, ${others.ease ? 'ease' : 'item_cf'} ${four(linear.mean)}; ${closed.outcome} in ${seconds.toFixed(1)} s`,
  );
}
const mean = (sum: number): string => (sum / sums.events).toFixed(4);
console.log(
  `all ${sums.events} events: daily ${mean(sums.daily)}, whole ${mean(sums.whole)}, popularity ${mean(sums.popularity)}, linear ${mean(sums.linear)}`,
);
await log.close();
