/** Makes a data set of any size with a known structure, so that the recall of a perfect model is known too. Memory does not grow with the rows. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSet, DataSetRequest, SetSource } from '../../app/api/data_sets.ts';
import { describeError, failure } from '../../base/diagnostics/diagnostic.ts';
import { isPartialOf, makeFolder, replaceDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { quoteText } from '../../base/text/sql.ts';
import { type Database, openDatabase } from '../../data/files/duckdb.ts';
import { makeDraws, makeZipf, type SyntheticShape, syntheticShape, tastes } from './synthetic/synthetic_draws.ts';

export interface SyntheticSource extends SetSource {
  readonly bounds: readonly RecallBounds[];
}

/** The parameters of a folder. They are written before the rows, so that a killed run can resume. */
interface SyntheticPlan extends SyntheticShape {
  readonly format: 'tower-synthetic-1';
  readonly rowsPerPart: number;
}

/** Rows in a file of the set, which are about 40 MB. */
const rowsPerPart = 2 ** 22;
/** 1 January 2026, in milliseconds. Events are one millisecond apart. */
const startTime = 1_767_225_600_000;
/** Bytes of a row in a file, rounded up, for the check of free disk space. */
const bytesOf = { events: 13, items: 10, users: 10 } as const;

export const synthetic: DataSet = { isDrawn: true, get: (options) => make(options) };

/** @param size rows in a file, which do not change the data */
export async function make(options: DataSetRequest, size: number = rowsPerPart): Promise<SyntheticSource> {
  const { folder, log, signal } = options;
  const shape = syntheticShape(options.synthetic ?? {});
  const plan: SyntheticPlan = { format: 'tower-synthetic-1', ...shape, rowsPerPart: size };
  const bounds = boundsOf(shape);
  const source: SyntheticSource = {
    from: `seed ${shape.seed}`,
    holds: `${count(shape.rows)} events of ${count(shape.users)} users and ${count(shape.items)} items in ${count(shape.clusters)} clusters`,
    terms: 'drawn by Tower: no terms',
    notes: bounds.map(({ k, optimum, popularity, random }) => {
      const others = `of the most popular items: ${popularity.toFixed(4)}; of random items: ${random.toPrecision(2)}`;
      return `recall@${k} of a perfect model: ${optimum.toFixed(4)}; ${others}`;
    }),
    bounds,
  };
  await makeFolder(folder);
  await refuseFullDisk(folder, shape);
  await claim(folder, plan);
  if (existsSync(join(folder, 'source.json')) && isWhole(folder, plan)) {
    log(`${folder} has it already`);
    return source;
  }
  const rowTotal = shape.rows + shape.items + shape.users;
  let done = 0;
  const reportRows = (rows: number): void => {
    signal?.throwIfAborted();
    done += rows;
    options.progress?.(done, rowTotal);
  };
  const draws = makeDraws(shape);
  const database = await openDatabase(signal);
  try {
    const commonFields = { rowsPerPart: size, wrote: reportRows };
    await writeParts(database, {
      ...commonFields,
      folder: join(folder, 'items'),
      rows: shape.items,
      columns: ['item_id', 'cluster', 'rank'],
      fill: (from, [ids, clusters, ranks]) =>
        ids!.forEach((_, index) => {
          ids![index] = from + index;
          clusters![index] = draws.clusterOf(from + index);
          ranks![index] = draws.rankOf(from + index);
        }),
    });
    await writeParts(database, {
      ...commonFields,
      folder: join(folder, 'users'),
      rows: shape.users,
      columns: ['user_id', 'first', 'second'],
      fill: (from, [ids, first, second]) =>
        ids!.forEach((_, index) => {
          ids![index] = from + index;
          first![index] = draws.firstOf(from + index);
          second![index] = draws.secondOf(from + index);
        }),
    });
    await writeParts(database, {
      ...commonFields,
      folder: join(folder, 'events'),
      rows: shape.rows,
      columns: ['user_id', 'item_id'],
      computed: (row) => `${startTime} + ${row} AS time`,
      fill: (from, [users, items]) => draws.events(from, users!, items!),
    });
  } finally {
    database.close();
  }
  await writeTextDurably(join(folder, 'source.json'), jsonText({ ...source, ...plan }));
  return source;
}

/** @throws Failure `other-synthetic-set` if the folder has rows of another plan */
async function claim(folder: string, plan: SyntheticPlan): Promise<void> {
  const planPath = join(folder, 'plan.json');
  if (!existsSync(planPath)) return writeTextDurably(planPath, jsonText(plan));
  const planText = readFileSync(planPath, 'utf8');
  if (planText !== jsonText(plan)) throw failure('other-synthetic-set', { folder });
}

const tables = ['items', 'users', 'events'] as const;

const rowsOf = ({ rows, users, items }: SyntheticShape, table: (typeof tables)[number]): number =>
  ({ events: rows, users, items })[table];

function isWhole(folder: string, plan: SyntheticPlan): boolean {
  const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return tables.every((table) =>
    partsOf(rowsOf(plan, table), plan.rowsPerPart).every((name) => isFile(join(folder, table, name))),
  );
}

/** @throws Failure `disk-too-small` */
async function refuseFullDisk(folder: string, shape: SyntheticShape): Promise<void> {
  let needed = 0;
  for (const table of tables)
    needed += Math.max(0, rowsOf(shape, table) * bytesOf[table] - bytesIn(join(folder, table)));
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (needed > free) throw failure('disk-too-small', { folder, needed, free });
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const count = (number: number): string => number.toLocaleString('en');

/** A table as Parquet files with a fixed number of rows. Each file is complete or absent, so a killed run resumes after the last one. */
interface TableParts {
  readonly folder: string;
  readonly rows: number;
  readonly rowsPerPart: number;
  readonly columns: readonly string[];
  readonly fill: (from: number, columns: readonly Int32Array[]) => void;
  /** Returns the SQL of an additional column from the SQL of the row number. */
  readonly computed?: (row: string) => string;
  readonly wrote: (rows: number) => void;
}

const partsOf = (rows: number, rowsPerPart: number): readonly string[] =>
  Array.from({ length: Math.ceil(rows / rowsPerPart) }, (_, index) => `${String(index).padStart(6, '0')}.parquet`);

/** @throws Failure `cannot-write` */
async function writeParts(database: Database, parts: TableParts): Promise<void> {
  const { folder, rows, rowsPerPart, columns, fill, computed, wrote: reportRows } = parts;
  const names = partsOf(rows, rowsPerPart);
  await makeFolder(folder);
  await removeLeft(folder, new Set(names));
  const buffers = columns.map(() => new Int32Array(Math.min(rows, rowsPerPart)));
  for (const [index, name] of names.entries()) {
    const firstRow = index * rowsPerPart;
    const count = Math.min(rowsPerPart, rows - firstRow);
    const partPath = join(folder, name);
    if (!existsSync(partPath)) {
      const columnArrays = buffers.map((buffer) => buffer.subarray(0, count));
      fill(firstRow, columnArrays);
      const partColumns = columns.map((name, column) => ({ name, integers: columnArrays[column]! }));
      await database.createTable('part', partColumns, count);
      const selectedColumns = computed === undefined ? '*' : `*, ${computed(`(${firstRow} + rowid)`)}`;
      await replaceDurably(partPath, async (partial) => {
        try {
          await database.run(`COPY (SELECT ${selectedColumns} FROM part) TO ${quoteText(partial)} (FORMAT parquet)`);
        } catch (error) {
          database.rethrowUnlessSql(error);
          throw failure('cannot-write', { path: partPath, reason: describeError(error) });
        }
      });
      await database.run('DROP TABLE part');
    }
    reportRows(count);
  }
}

function bytesIn(folder: string): number {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const sizes = names.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function removeLeft(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const file of readdirSync(folder)) {
    if (/^\.\d{6}\.parquet\./.test(file) && [...names].some((name) => isPartialOf(file, name))) {
      await rm(join(folder, file), { force: true });
    }
  }
}

/**
 * Bounds of the recall on a synthetic set in closed form. With the probabilities w from `tastes` and Zipf's law z within a cluster,
 *
 *     P(item | user) = z(rank) · (w.first [its cluster is the first] + w.second [… the second] + w.any ÷ clusters)
 *
 * Each event has a single target, so the recall@k of a perfect model is the sum of the k largest P, which a model exceeds only by chance.
 */
interface RecallBounds {
  readonly k: number;
  /** Recall of a perfect model, of the most popular items, and of random items. */
  readonly optimum: number;
  readonly popularity: number;
  readonly random: number;
}

/** `count` clusters of equal size, whose items have the probability share × z(rank). */
interface ClusterGroup {
  readonly count: number;
  readonly share: number;
  readonly chance: (rank: number) => number;
  readonly size: number;
}

const cutoffs = [10, 50, 100] as const;

function boundsOf({ items, clusters }: SyntheticShape): readonly RecallBounds[] {
  const largerClusters = items % clusters;
  const smallZipf = makeZipf(Math.floor(items / clusters));
  const largeZipf = largerClusters === 0 ? smallZipf : makeZipf(smallZipf.size + 1);
  const sizes = [
    { ...largeZipf, count: largerClusters },
    { ...smallZipf, count: clusters - largerClusters },
  ];
  const group = (index: number, count: number, share: number): ClusterGroup => ({ ...sizes[index]!, count, share });
  const anyChance = tastes.any / clusters;

  const optimum = (k: number): number => {
    let sum = 0;
    for (const first of [0, 1]) {
      for (const second of [0, 1]) {
        const secondCount = sizes[second]!.count - (first === second ? 1 : 0);
        const chance = (sizes[first]!.count / clusters) * (secondCount / (clusters - 1));
        if (chance <= 0) continue;
        const preferred = [group(first, 1, tastes.first + anyChance), group(second, 1, tastes.second + anyChance)];
        const others = sizes.map(({ count }, index) =>
          group(index, count - Number(index === first) - Number(index === second), anyChance),
        );
        sum += chance * sumOfLargest([...preferred, ...others], k);
      }
    }
    return sum;
  };
  const allGroups = sizes.map(({ count }, index) => group(index, count, 1 / clusters));
  const knownCutoffs = cutoffs.filter((k) => k <= items);
  return knownCutoffs.map((k) => ({
    k,
    optimum: optimum(k),
    popularity: sumOfLargest(allGroups, k),
    random: k / items,
  }));
}

/** Returns the sum of the k largest probabilities of items. */
function sumOfLargest(groups: readonly ClusterGroup[], k: number): number {
  const ranks = groups.map(() => 0);
  let [sum, remaining] = [0, k];
  while (remaining > 0) {
    let [best, chance] = [-1, 0];
    for (const [index, { count, share, chance: chanceOf, size }] of groups.entries()) {
      if (count === 0 || ranks[index]! >= size) continue;
      const nextChance = share * chanceOf(ranks[index]!);
      if (nextChance > chance) [best, chance] = [index, nextChance];
    }
    if (best < 0) return sum;
    const takenCount = Math.min(remaining, groups[best]!.count);
    sum += takenCount * chance;
    remaining -= takenCount;
    ranks[best]!++;
  }
  return sum;
}
