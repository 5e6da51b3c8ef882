/** A set of any size whose structure is known, so that the recall of a perfect model is known too. Memory does not grow with its rows. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../diagnostics/failure.ts';
import { isPartialOf, makeFolder, replaceDurably, writeTextDurably } from '../../storage/durable.ts';
import { type Database, openDatabase, quoteText } from '../files/duckdb.ts';
import type { DataSet, GetOptions, SetSource } from './set.ts';
import { makeDraws, tastes } from './synthetic/draws.ts';
import { type SyntheticShape, shapeOf } from './synthetic/shape.ts';
import { makeZipf } from './synthetic/zipf.ts';

export interface SyntheticSource extends SetSource {
  /** By k. */
  readonly bounds: readonly Bounds[];
}

/** What a folder is of: written before the rows, so that a run that was killed goes on. */
interface Plan extends SyntheticShape {
  readonly format: 'tower-synthetic-1';
  readonly rowsPerPart: number;
}

/** A file of the set. 2²² rows are about 40 MB. */
const rowsPerPart = 2 ** 22;
/** 1 January 2026, in milliseconds. An event follows each millisecond. */
const start = 1_767_225_600_000;
/** Bytes of a row in a file, rounded up: for the look at the disk. */
const bytesOf = { events: 13, items: 10, users: 10 } as const;

export const synthetic: DataSet = {
  doc: 'Events of any size, drawn from a known structure, with the recall of a perfect model',
  home: 'https://www.npmjs.com/package/tower-lang',
  isDrawn: true,
  get: (options) => make(options),
};

/** @param size of a file, in rows; the rows do not depend on it */
export async function make(options: GetOptions, size: number = rowsPerPart): Promise<SyntheticSource> {
  const { folder, log, signal } = options;
  const shape = shapeOf(options.synthetic ?? {});
  const plan: Plan = { format: 'tower-synthetic-1', ...shape, rowsPerPart: size };
  const bounds = boundsOf(shape);
  const source: SyntheticSource = {
    from: `seed ${shape.seed}`,
    holds: `${count(shape.rows)} events of ${count(shape.users)} users and ${count(shape.items)} items in ${count(shape.clusters)} clusters`,
    terms: 'drawn by Tower: no terms',
    notes: bounds.map(
      ({ k, optimum, popularity, random }) =>
        `recall@${k} of a perfect model: ${optimum.toFixed(4)}; of the most popular items: ${popularity.toFixed(4)}; of random items: ${random.toPrecision(2)}`,
    ),
    bounds,
  };
  await makeFolder(folder);
  await refuseFullDisk(folder, shape);
  await claim(folder, plan);
  if (existsSync(join(folder, 'source.json')) && isWhole(folder, plan)) {
    log(`${folder} has it already`);
    return source;
  }
  const total = shape.rows + shape.items + shape.users;
  let done = 0;
  const wrote = (rows: number): void => {
    signal?.throwIfAborted();
    done += rows;
    options.progress?.(done, total);
  };
  const draws = makeDraws(shape);
  const database = await openDatabase(signal);
  try {
    const common = { rowsPerPart: size, wrote };
    await writeParts(database, {
      ...common,
      folder: join(folder, 'items'),
      rows: shape.items,
      columns: ['item_id', 'cluster', 'rank'],
      fill: (from, [ids, clusters, ranks]) =>
        ids!.forEach((_, at) => {
          ids![at] = from + at;
          clusters![at] = draws.clusterOf(from + at);
          ranks![at] = draws.rankOf(from + at);
        }),
    });
    await writeParts(database, {
      ...common,
      folder: join(folder, 'users'),
      rows: shape.users,
      columns: ['user_id', 'first', 'second'],
      fill: (from, [ids, first, second]) =>
        ids!.forEach((_, at) => {
          ids![at] = from + at;
          first![at] = draws.firstOf(from + at);
          second![at] = draws.secondOf(from + at);
        }),
    });
    await writeParts(database, {
      ...common,
      folder: join(folder, 'events'),
      rows: shape.rows,
      columns: ['user_id', 'item_id'],
      computed: (row) => `${start} + ${row} AS time`,
      fill: (from, [users, items]) => draws.events(from, users!, items!),
    });
  } finally {
    database.close();
  }
  await writeTextDurably(join(folder, 'source.json'), json({ ...source, ...plan }));
  return source;
}

/** @throws Failure `other-synthetic-set` where the folder has rows of another plan */
async function claim(folder: string, plan: Plan): Promise<void> {
  const path = join(folder, 'plan.json');
  if (!existsSync(path)) return writeTextDurably(path, json(plan));
  const text = readFileSync(path, 'utf8');
  if (text !== json(plan)) throw failure('other-synthetic-set', { folder });
}

const tables = ['items', 'users', 'events'] as const;

const rowsOf = ({ rows, users, items }: SyntheticShape, table: (typeof tables)[number]): number =>
  ({ events: rows, users, items })[table];

function isWhole(folder: string, plan: Plan): boolean {
  return tables.every((table) =>
    partsOf(rowsOf(plan, table), plan.rowsPerPart).every(
      (name) => statSync(join(folder, table, name), { throwIfNoEntry: false })?.isFile() === true,
    ),
  );
}

/** @throws Failure `disk-too-small` */
async function refuseFullDisk(folder: string, shape: SyntheticShape): Promise<void> {
  const needed = tables.reduce(
    (sum, table) => sum + Math.max(0, rowsOf(shape, table) * bytesOf[table] - bytesIn(join(folder, table))),
    0,
  );
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (needed > free) throw failure('disk-too-small', { folder, needed, free });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const count = (number: number): string => number.toLocaleString('en');

/** A table as Parquet files of a fixed number of rows. Each is whole or absent, so a run that was killed goes on after the last. */
interface PartsOf {
  readonly folder: string;
  readonly rows: number;
  readonly rowsPerPart: number;
  readonly columns: readonly string[];
  /** Fills the columns with rows `from`, `from` + 1, … */
  readonly fill: (from: number, columns: readonly Int32Array[]) => void;
  /** SQL of a column more, from the SQL of the row's number. */
  readonly computed?: (row: string) => string;
  readonly wrote: (rows: number) => void;
}

const partsOf = (rows: number, rowsPerPart: number): readonly string[] =>
  Array.from({ length: Math.ceil(rows / rowsPerPart) }, (_, at) => `${String(at).padStart(6, '0')}.parquet`);

/** @throws Failure `cannot-write` */
async function writeParts(database: Database, parts: PartsOf): Promise<void> {
  const { folder, rows, rowsPerPart, columns, fill, computed, wrote } = parts;
  const names = partsOf(rows, rowsPerPart);
  await makeFolder(folder);
  await removeLeft(folder, new Set(names));
  const room = columns.map(() => new Int32Array(Math.min(rows, rowsPerPart)));
  for (const [at, name] of names.entries()) {
    const from = at * rowsPerPart;
    const count = Math.min(rowsPerPart, rows - from);
    const path = join(folder, name);
    if (!existsSync(path)) {
      const filled = room.map((all) => all.subarray(0, count));
      fill(from, filled);
      await database.fill(
        'part',
        columns.map((name, column) => ({ name, integers: filled[column]! })),
        count,
      );
      const selected = computed === undefined ? '*' : `*, ${computed(`(${from} + rowid)`)}`;
      await replaceDurably(path, async (partial) => {
        try {
          await database.run(`COPY (SELECT ${selected} FROM part) TO ${quoteText(partial)} (FORMAT parquet)`);
        } catch (error) {
          database.passOn(error);
          throw failure('cannot-write', { path, reason: (error as Error).message.split('\n')[0]! });
        }
      });
      await database.run('DROP TABLE part');
    }
    wrote(count);
  }
}

const bytesIn = (folder: string): number =>
  existsSync(folder)
    ? readdirSync(folder).reduce(
        (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      )
    : 0;

/** What a kill left half written. */
async function removeLeft(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const file of readdirSync(folder)) {
    if (/^\.\d{6}\.parquet\./.test(file) && [...names].some((name) => isPartialOf(file, name))) {
      await rm(join(folder, file), { force: true });
    }
  }
}

/**
 * What a synthetic set's structure permits, in closed form. With w for the chances of `tastes` and z for Zipf's law within a cluster,
 *
 *     P(item | user) = z(rank) · (w.first [its cluster is the first] + w.second [… the second] + w.any ÷ clusters)
 *
 * An event is one target. So the recall@k of a perfect model is the sum of the k largest P, and no model exceeds it but by chance.
 */
interface Bounds {
  readonly k: number;
  /** Recall of a perfect model, of the most popular items, and of random items. */
  readonly optimum: number;
  readonly popularity: number;
  readonly random: number;
}

/** `count` clusters of one size, whose items have the chance share × z(rank). */
interface Group {
  readonly count: number;
  readonly share: number;
  readonly chance: (rank: number) => number;
  readonly size: number;
}

const ks = [10, 50, 100] as const;

function boundsOf({ items, clusters }: SyntheticShape): readonly Bounds[] {
  const larger = items % clusters;
  const few = makeZipf(Math.floor(items / clusters));
  const many = larger === 0 ? few : makeZipf(few.size + 1);
  const sizes = [
    { ...many, count: larger },
    { ...few, count: clusters - larger },
  ];
  const group = (at: number, count: number, share: number): Group => ({ ...sizes[at]!, count, share });
  const any = tastes.any / clusters;

  const optimum = (k: number): number => {
    let sum = 0;
    for (const first of [0, 1]) {
      for (const second of [0, 1]) {
        const rest = sizes.map(({ count }, at) => count - (at === first ? 1 : 0) - (at === second ? 1 : 0));
        const left = sizes[second]!.count - (first === second ? 1 : 0);
        const chance = (sizes[first]!.count / clusters) * (left / (clusters - 1));
        if (chance <= 0) continue;
        const own = [group(first, 1, tastes.first + any), group(second, 1, tastes.second + any)];
        sum += chance * largest([...own, ...rest.map((count, at) => group(at, count, any))], k);
      }
    }
    return sum;
  };
  return ks
    .filter((k) => k <= items)
    .map((k) => ({
      k,
      optimum: optimum(k),
      popularity: largest(
        sizes.map(({ count }, at) => group(at, count, 1 / clusters)),
        k,
      ),
      random: k / items,
    }));
}

/** The sum of the k largest chances. */
function largest(groups: readonly Group[], k: number): number {
  const ranks = groups.map(() => 0);
  let [sum, left] = [0, k];
  while (left > 0) {
    let [best, chance] = [-1, 0];
    for (const [at, { count, share, chance: of, size }] of groups.entries()) {
      if (count === 0 || ranks[at]! >= size) continue;
      const next = share * of(ranks[at]!);
      if (next > chance) [best, chance] = [at, next];
    }
    if (best < 0) return sum;
    const taken = Math.min(left, groups[best]!.count);
    sum += taken * chance;
    left -= taken;
    ranks[best]!++;
  }
  return sum;
}
