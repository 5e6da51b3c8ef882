/** A set of any size whose structure is known, so that the recall of a perfect model is known too. Memory does not grow with its rows. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../diagnostics/failure.ts';
import { makeFolder, writeTextDurably } from '../../storage/durable.ts';
import { openDatabase } from '../files/duckdb.ts';
import type { DataSet, GetOptions, SetSource } from './set.ts';
import { makeDraws } from './synthetic/draws.ts';
import { type Bounds, boundsOf } from './synthetic/optimum.ts';
import { bytesIn, partsOf, writeParts } from './synthetic/parts.ts';
import { type SyntheticShape, shapeOf } from './synthetic/shape.ts';

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
