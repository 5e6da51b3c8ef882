/** The law of events on real data sets: the latest events of each come through the reader of events, and all others are in its files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { readCsv } from '../../../bench/sets/read_csv.ts';
import { benchSets } from '../../../bench/sets/table.ts';
import { checkAndLower } from '../../../src/app/api/check.ts';
import type { GivenEvent } from '../../../src/data/written/fields.ts';
import { writeCsv } from '../../../src/plugins/sets/set.ts';
import { make as makeSynthetic } from '../../../src/plugins/sets/synthetic.ts';
import { toys } from '../../../src/plugins/sets/toys.ts';
import { folderWith } from '../../data/fixture.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { expectSameInputs } from './law.ts';

type CsvRow = Readonly<Record<string, string>>;

interface EventFiles {
  /** Texts of the files of items and of users. */
  readonly others: Readonly<Record<string, string>>;
  /** All events in the order of time, and the columns of their file. */
  readonly rows: readonly CsvRow[];
  /** The name of the time, which no two events before and after the cut have in common. */
  readonly time: string;
}

interface EventSet {
  readonly title: string;
  /** Absent: the set is not on this machine. */
  readonly from: string | undefined;
  readonly files: (from: string) => Promise<EventFiles> | EventFiles;
  /** Entries of the data block. Default of `events`: `"events.csv"`. */
  readonly block: string;
  /** Features of the query tower; the first one is its key. */
  readonly query: string;
  /** Features of the item tower; the first one is its key. */
  readonly item: string;
  readonly event: (row: CsvRow) => GivenEvent;
}

const root = temporaryFolder();
const home = process.env.TOWER_DATA;
const firstOf = (...folders: readonly (string | undefined)[]): string | undefined =>
  folders.find((folder) => folder !== undefined && existsSync(folder));
const ofHome = (name: string): string | undefined => firstOf(home && join(home, name));

const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8').replaceAll('\r', '');
const csv = (folder: string, name: string): CsvRow[] => readCsv(text(folder, name), expect.fail);
const numberOf = (value: string | undefined): number | null => (value ? Number(value) : null);

const preparedSets = { ...benchSets, toys };

/** The files of a set as its command makes them. */
async function made(name: keyof typeof preparedSets, from: string): Promise<string> {
  const folder = join(root, name);
  await preparedSets[name].get({ folder, from, log: () => {} });
  return folder;
}

/** Gives the events of a set without times the order of their lines. */
const inOrder = (rows: readonly CsvRow[]): Omit<EventFiles, 'others'> => ({
  rows: rows.map((row, at) => ({ ...row, moment: String(at) })),
  time: 'moment',
});

const byTime = (rows: readonly CsvRow[], time: string): CsvRow[] =>
  [...rows].sort((a, b) => Number(a[time]) - Number(b[time]));

/** The items of each user in the order of the lines. The last three of every eighth user are later than all others. */
function fromLines(lines: string): Omit<EventFiles, 'others'> {
  const rows = lines
    .trim()
    .split('\n')
    .slice(0, 2_000)
    .flatMap((line, at) => {
      const [user, ...items] = line.split(' ') as [string, ...string[]];
      const lateFrom = at % 8 === 0 ? items.length - 3 : items.length;
      return items.map((item, position) => ({
        ...{ user, item, position: String(position + 1) },
        order: String(position >= lateFrom ? 1_000_000 : position),
      }));
    });
  return { rows: byTime(rows, 'order'), time: 'order' };
}

const moment = (row: CsvRow): { readonly time: number } => ({ time: Number(row.moment) });

const lineEvent = ({ user, item, position }: CsvRow): GivenEvent => ({
  ...{ user: user!, item: item!, time: Number(position), columns: {} },
});

const movielens = firstOf(home && join(home, 'ml-latest-small'), 'models/data/movielens');

const sets: readonly EventSet[] = [
  {
    title: 'MovieLens',
    from: movielens,
    files: (from) => ({
      others: { 'movies.csv': text(from, 'movies.csv') },
      rows: byTime(csv(from, 'ratings.csv'), 'timestamp'),
      time: 'timestamp',
    }),
    block: `
      items = "movies.csv" by movie_id
      columns {
        user_id = "userId", movie_id = "movieId", genres = "string_split(genres, '|')"
        year = "try_cast(regexp_extract(title, '[(]([0-9]{4})[)]', 1) AS INTEGER)"
        hour = "timestamp // 3600 % 24", high = "rating >= 4"
      }
      time = "timestamp", split = by_time(validation: 10%, test: 10%)
      history = past(movie_id, 50), recent = past(movie_id, 5), rated = past(movie_id, 20), stars = past(rating, 20)
      kinds = past(genres, 50), years = past(year, 50), given = past(rating, 50)`,
    query: `
      user_id : id(dim: 2)
      history : list(movie_id, max: 50, pool: none)
      recent  : list(movie_id, max: 5)
      rated   : list(movie_id, max: 20, weights: stars)
      kinds   : along(history, list(category(dim: 2), max: 3))
      years   : along(history, number(buckets: 8, dim: 2))
      given   : along(history, category(dim: 2))
      latest  : last(history)
      hour    : category(dim: 2)
      high    : category(dim: 2)
      both    : cross(hour, high, hash: 50, dim: 2)
      seeded  : cross(latest, user_id, hash: 50, dim: 2)`,
    item: `
      movie_id : id(dim: 2)
      genres   : list(category(dim: 2), max: 3)`,
    event: ({ userId, movieId, rating, timestamp }) => ({
      ...{ user: userId!, item: movieId!, time: Number(timestamp), columns: { rating: Number(rating) } },
    }),
  },
  {
    title: 'tags of MovieLens',
    from: movielens && existsSync(join(movielens, 'tags.csv')) ? movielens : undefined,
    files: (from) => ({
      others: { 'movies.csv': text(from, 'movies.csv') },
      rows: byTime(csv(from, 'tags.csv'), 'timestamp'),
      time: 'timestamp',
    }),
    block: `
      items = "movies.csv" by movieId
      columns { word = "lower(tag)" }
      time = "to_timestamp(timestamp)", split = by_time(validation: 10%, test: 10%)
      history = past(movieId, 20), words = past(word, 20), titles = past(title, 20), films = past(movieId, 10)`,
    query: `
      userId  : id(dim: 2)
 history : list(movieId, max: 20, pool: none)
      films   : list(movieId, max: 10, through: item)
      words   : along(history, text(words, hash: 100, dim: 2))
      titles  : along(history, text(trigrams, hash: 100, dim: 2))
      tag     : text(words, dim: 2)`,
    item: `
      movieId : id(dim: 2)
      title   : text(words, dim: 2)`,
    event: ({ userId, movieId, tag, timestamp }) => ({
      ...{ user: userId!, item: movieId!, columns: { tag: tag!, timestamp: Number(timestamp) } },
    }),
  },
  {
    title: 'Toys',
    from: ofHome('toys'),
    async files(from) {
      const folder = await made('toys', from);
      return { others: { 'items.csv': text(folder, 'items.csv') }, ...fromLines(text(folder, 'sequences.txt')) };
    },
    block: `
      events = lines("events.txt")
      items  = "items.csv" by movie_id
      columns { user_id = "events.user", movie_id = "item", genres = "string_split(attributes, '|')" }
      time = "position", split = leave_one_out
      history = past(movie_id, 50), recent = past(movie_id, 5), kinds = past(genres, 50)`,
    query: `
      user_id : id(dim: 2)
      history : list(movie_id, max: 50, pool: none)
      recent  : list(movie_id, max: 5)
      kinds   : along(history, list(category(dim: 2), max: 8))
      latest  : last(recent)`,
    item: `
      movie_id : id(dim: 2)
      genres   : list(category(dim: 2), max: 8)`,
    event: lineEvent,
  },
  {
    title: 'Last.fm',
    from: ofHome('lastfm-split'),
    files: (from) => ({ others: {}, ...fromLines(text(from, 'train.txt')) }),
    block: `
      events = lines("events.txt")
      columns { user_id = "events.user", movie_id = "item" }
      time = "position", split = leave_one_out
      history = past(movie_id, 30), whole = past(movie_id, 10)`,
    query: `
      user_id : id(dim: 2)
      history : list(movie_id, max: 30, pool: none)
      whole   : list(movie_id, max: 10, through: item)
      latest  : last(history)
      seeded  : cross(latest, user_id, hash: 50, dim: 2)`,
    item: 'movie_id : id(dim: 2)',
    event: lineEvent,
  },
  {
    title: 'Anonymous Microsoft Web',
    from: ofHome('msweb'),
    async files(from) {
      const folder = await made('msweb', from);
      return { others: { 'areas.csv': text(folder, 'areas.csv') }, ...inOrder(csv(folder, 'visits.csv')) };
    },
    block: `
      items = "areas.csv" by area_id
      columns { others = "string_split(others, '|')" }
      time = "moment", split = by_time(validation: 10%, test: 10%)
      history = past(area_id, 20), titles = past(title, 20)`,
    query: `
      user_id : id(dim: 2)
      history : list(area_id, max: 20, pool: none)
      titles  : along(history, text(words, hash: 50, dim: 2))
      others  : list(area_id, max: 50, pool: sum)
      last_of : last(others)`,
    item: `
      area_id : id(dim: 2)
      title   : text(words, hash: 100, dim: 2)`,
    event: (row) => ({
      ...{ user: row.user_id!, item: row.area_id!, ...moment(row), columns: { others: row.others! || null } },
    }),
  },
  {
    title: 'Restaurants',
    from: ofHome('restaurants'),
    async files(from) {
      const folder = await made('restaurants', from);
      const others = { 'places.csv': text(folder, 'places.csv'), 'users.csv': text(folder, 'users.csv') };
      return { others, ...inOrder(csv(folder, 'ratings.csv')) };
    },
    block: `
      items = "places.csv" by place_id
      users = "users.csv" by user_id
      columns {
        tastes = "string_split(users.cuisines, '|')", cuisines = "string_split(items.cuisines, '|')"
        food = "food_rating", food_code = "food_rating"
      }
      time = "moment", split = by_time(validation: 10%, test: 10%)
      history = past(place_id, 8), rated = past(place_id, 8), stars = past(rating, 8), kinds = past(cuisines, 8), prices = past(price, 8)`,
    query: `
      user_id    : id(dim: 2)
      smoker     : category(dim: 2)
      budget     : category(dim: 2)
      birth_year : number(boundaries: [1970, 1985, 1990], dim: 2)
      tastes     : list(category(dim: 2), max: 10)
      history    : list(place_id, max: 8, pool: none)
      rated      : list(place_id, max: 8, weights: stars)
      kinds      : along(history, list(category(dim: 2), max: 3))
      prices     : along(history, category(dim: 2))
      latest     : last(history)
      food       : number(dim: 2)
      both       : cross(smoker, latest, hash: 40, dim: 2)
      mixed      : cross(budget, food_code, hash: 40, dim: 2)
      food_code  : category(dim: 2)`,
    item: `
      place_id : id(dim: 2)
      price    : category(dim: 2)
      cuisines : list(category(dim: 2), max: 3)`,
    event: (row) => ({
      ...{ user: row.user_id!, item: row.place_id!, ...moment(row) },
      columns: { rating: numberOf(row.rating), food_rating: numberOf(row.food_rating) },
    }),
  },
  {
    title: 'Cranfield',
    from: ofHome('cranfield'),
    async files(from) {
      const folder = await made('cranfield', from);
      return { others: { 'documents.csv': text(folder, 'documents.csv') }, ...inOrder(csv(folder, 'judgements.csv')) };
    },
    block: `
      items = "documents.csv" by doc_id
      where = "grade BETWEEN 1 AND 4"
      time = "moment", split = by_time(validation: 10%, test: 10%)
      history = past(doc_id, 10), titles = past(title, 10), graded = past(doc_id, 10), grades = past(grade, 10)`,
    query: `
      query_id : id(dim: 2)
      query    : text(trigrams, hash: 500, dim: 2)
      history  : list(doc_id, max: 10, pool: none)
      graded   : list(doc_id, max: 10, weights: grades)
      titles   : along(history, text(words, dim: 2))`,
    item: `
      doc_id : id(dim: 2)
      title  : text(words, dim: 2)`,
    event: (row) => ({
      ...{
        user: row.query_id!,
        item: row.doc_id!,
        ...moment(row),
        columns: { query: row.query!, grade: Number(row.grade) },
      },
    }),
  },
  {
    title: 'WordNet',
    from: firstOf('models/data/wordnet'),
    files(from) {
      // Short lemmas have several meanings.
      const pairs = csv(from, 'pairs.csv').filter(({ lemma }) => lemma!.length <= 4);
      const named = new Set(pairs.map(({ synset }) => synset));
      const synsets = csv(from, 'synsets.csv').filter(({ synset }) => named.has(synset));
      const names = Object.keys(synsets[0]!);
      const others = {
        'synsets.csv': writeCsv(
          names,
          synsets.map((row) => names.map((name) => row[name])),
        ),
      };
      return { others, ...inOrder(pairs) };
    },
    block: `
      items = "synsets.csv" by synset
      time = "moment", split = by_time(validation: 1%, test: 1%)
      history = past(synset, 5), glosses = past(gloss, 5)`,
    query: `
      lemma   : id(dim: 2)
      history : list(synset, max: 5, pool: none)
      glosses : along(history, text(words, hash: 500, dim: 2))`,
    item: `
      synset : id(dim: 2)
      gloss  : text(trigrams, hash: 500, dim: 2)`,
    event: (row) => ({ ...{ user: row.lemma!, item: row.synset!, ...moment(row), columns: {} } }),
  },
  {
    title: 'flights',
    from: firstOf('models/data/flights'),
    async files(from) {
      const query = `SELECT * FROM '${join(from, 'flights.parquet')}' WHERE hash(date || origin) % 400 = 0 ORDER BY date`;
      return { others: { 'airports.csv': text(from, 'airports.csv') }, rows: await rowsOfQuery(query), time: 'date' };
    },
    block: `
      items = "airports.csv" by destination
      columns {
        month = "substr(date, 1, 2)", hour = "substr(date, 5, 2)"
        weekday = "dayname(strptime('2001' || date, '%Y%m%d%H%M'))"
      }
      time = "strptime('2001' || date, '%Y%m%d%H%M')", split = by_time(validation: 10%, test: 10%)
      history = past(destination, 10), delays = past(delay, 10), states = past(state, 10)`,
    query: `
      origin  : id(dim: 2)
      history : list(destination, max: 10, pool: none)
      delays  : along(history, number(buckets: 5, dim: 2))
      states  : along(history, category(dim: 2))
      hour    : category(dim: 2)
      weekday : category(dim: 2)
      both    : cross(hour, weekday, hash: 100, dim: 2)`,
    item: `
      destination : id(dim: 2)
      state       : category(dim: 2)`,
    event: ({ origin, destination, date, delay, distance }) => ({
      ...{ user: origin!, item: destination! },
      columns: { date: date!, delay: numberOf(delay), distance: numberOf(distance) },
    }),
  },
  {
    title: 'events that are drawn',
    from: root,
    async files() {
      const folder = join(root, 'synthetic');
      const synthetic = { rows: 6_000, users: 300, items: 200, clusters: 10 };
      await makeSynthetic({ folder, log: () => {}, synthetic });
      const items = await rowsOfQuery(`SELECT * FROM '${join(folder, 'items/*.parquet')}'`);
      const names = Object.keys(items[0]!);
      return {
        others: {
          'items.csv': writeCsv(
            names,
            items.map((row) => names.map((name) => row[name])),
          ),
        },
        rows: await rowsOfQuery(`SELECT * FROM '${join(folder, 'events/*.parquet')}' ORDER BY time`),
        time: 'time',
      };
    },
    block: `
      items = "items.csv" by item_id
      time = "time", split = by_time(validation: 5%, test: 5%), seen = kept
      history = past(item_id, 50), clusters = past(cluster, 50), whole = past(item_id, 20)`,
    query: `
      user_id  : id(dim: 2)
      history  : list(item_id, max: 50, pool: none)
      whole    : list(item_id, max: 20, through: item)
      clusters : along(history, category(dim: 2))
      latest   : last(history)`,
    item: `
      item_id : id(dim: 2)
      cluster : category(dim: 2)`,
    event: ({ user_id, item_id, time }) => ({ ...{ user: user_id!, item: item_id!, time: Number(time), columns: {} } }),
  },
];

async function rowsOfQuery(query: string): Promise<CsvRow[]> {
  const connection = await (await DuckDBInstance.create()).connect();
  try {
    const rows = (await connection.runAndReadAll(query)).getRowObjectsJS();
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value ?? '')])),
    );
  } finally {
    connection.closeSync();
  }
}

const namesOf = (features: string): string[] => [...features.matchAll(/(\w+) *: (?=\w+\()/g)].map(([, name]) => name!);

function modelOf({ query, item }: EventSet): string {
  const [asks, answers] = [namesOf(query), namesOf(item)];
  const past = asks.filter((name) => name === 'history' || new RegExp(`\\b${name} *: along\\(history`).test(query));
  const [others, kept] = [asks.filter((name) => !past.includes(name)), answers.join(', ')];
  return `model law
features {
${query}
${item}
}
group past = ${past.join(', ')}
group profile = ${others.join(', ')}
group things = ${kept}
tower asks(past, profile) keyed by ${asks[0]} {
  pooled = sum(past) -> mean
  channel main = concat(profile, pooled) -> dense(2)
}
tower item(things) keyed by ${answers[0]} { channel main = things -> flatten -> dense(2) }
task watch { score = dot(asks, item), loss = softmax(in_batch) }
`;
}

async function read(set: EventSet, { others, time }: EventFiles, rows: readonly CsvRow[]) {
  const names = Object.keys(rows[0]!).filter((name) => name !== 'order');
  const lines = new Map<string, string>();
  if (time === 'order') for (const { user, item } of rows) lines.set(user!, `${lines.get(user!) ?? user} ${item}`);
  const entry = set.block.includes('events =') ? '' : '  events = "events.csv"\n';
  const folder = folderWith({
    ...others,
    ...(time === 'order'
      ? { 'events.txt': `${[...lines.values()].join('\n')}\n` }
      : {
          'events.csv': writeCsv(
            names,
            rows.map((row) => names.map((name) => row[name])),
          ),
        }),
    'package.json': '{}',
    'data.tower': `data law {\n${entry}${set.block}\n}\n`,
    'model.tower': modelOf(set),
  });
  const { lowered, data } = await checkAndLower(join(folder, 'model.tower'), { data: join(folder, 'data.tower') });
  return { plan: lowered.plan, description: { ...data!.description, trainsAll: true as const } };
}

for (const set of sets) {
  // Without its files.
  it.skipIf(set.from === undefined)(`holds for ${set.title}`, async () => {
    const files = await set.files(set.from!);
    const { rows, time } = files;
    let cut = rows.length - 600;
    while (rows[cut]![time] === rows[cut - 1]![time]) cut--;
    const { plan, description: before } = await read(set, files, rows.slice(0, cut));
    const { description: after } = await read(set, files, rows);
    const events = rows.slice(cut).map(set.event);
    const compared = await expectSameInputs(plan, { before, after, events, eachEvent: true });
    expect(compared.after).toBeGreaterThan(10);
    expect(compared.before).toBeGreaterThan(50);
  });
}
