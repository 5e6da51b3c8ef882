/** The sets of bench/cold_items.ts: the files of each, and what its model reads besides the vectors. */
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { msweb } from '../sets/msweb.ts';

export interface Described {
  readonly name: string;
  readonly kind: string;
  /** Of its cosine in the score. */
  readonly weight: number;
  /** Its table keeps its first, random numbers: the cosine then counts what is the same, also where training has not seen it. */
  readonly isKept?: boolean;
}

export interface ColdSet {
  /** The column of the items file that identifies an item. */
  readonly key: string;
  /** The text of an item. */
  readonly columns: readonly [title: string, second: string];
  /** Writes events.csv and items.csv. @param fold 0, or another validation part, for choosing settings: its test part is not that of fold 0 */
  prepare(originals: string, folder: string, fold: number): Promise<void>;
  /** Entries of the data block. */
  readonly block: string;
  /** What the item tower reads next to the vector, each with a channel of its own. */
  readonly described: readonly Described[];
  /** Chosen by validation. */
  readonly correction: 'none' | 'frequency';
}

export const coldSets: Readonly<Record<string, ColdSet>> = {
  movielens: {
    ...{ key: 'movieId', columns: ['title', 'genres'] },
    async prepare(originals, folder, fold) {
      const ratings = readFileSync(join(originals, 'ml-latest-small', 'ratings.csv'), 'utf8')
        .trim()
        .split(/\r?\n/);
      const [header, ...lines] = ratings as [string, ...string[]];
      const timeOf = (line: string): number => Number(line.split(',')[3]);
      const first = lines.sort((a, b) => timeOf(a) - timeOf(b)).slice(0, Math.round((1 - 0.1 * fold) * lines.length));
      writeFileSync(join(folder, 'events.csv'), `${header}\n${first.join('\n')}\n`);
      copyFileSync(join(originals, 'ml-latest-small', 'movies.csv'), join(folder, 'items.csv'));
    },
    block: `columns {
        user_id = "userId", item_id = "movieId"
        genres = "string_split(genres, '|')", year = "try_cast(regexp_extract(title, '[(]([0-9]{4})[)]', 1) AS INTEGER)"
      }
      time = "timestamp"
      history = past(item_id, 50)
      genres_before = past(item_id, 50)
      year_before = past(item_id, 50)
      split = by_time(validation: 10%, test: 10%)`,
    described: [
      { name: 'genres', kind: 'list(category(dim: 16))', weight: 1 },
      { name: 'year', kind: 'category(dim: 32)', weight: 0.5, isKept: true },
    ],
    correction: 'none',
  },
  msweb: {
    ...{ key: 'area_id', columns: ['title', 'path'] },
    async prepare(originals, folder, fold) {
      const whole = join(folder, 'whole');
      await msweb.get({ folder: whole, from: join(originals, 'msweb'), log: () => {} });
      const [header, ...visits] = readFileSync(join(whole, 'visits.csv'), 'utf8').trim().split(/\r?\n/);
      writeFileSync(
        join(folder, 'events.csv'),
        `${header}\n${visits.flatMap((line) => knownOf(line, fold)).join('\n')}\n`,
      );
      copyFileSync(join(whole, 'areas.csv'), join(folder, 'items.csv'));
    },
    block: `columns { item_id = "area_id", history = "string_split(others, '|')" }
      split = column("fold")`,
    ...{ described: [], correction: 'frequency' },
  },
};

/** Returns the visit without its cold areas, or nothing where it is of a cold area that its part does not hold out. */
function knownOf(line: string, fold: number): string[] {
  const [user, area, others, originalPart] = line.split(',') as [string, string, string, string];
  // The official set has two parts; a tenth of the people of training validates.
  const part = originalPart === 'test' ? 'test' : hashOf(user) < 0.1 ? 'validation' : 'train';
  const known = others.split('|').filter((other) => coldPart(other, fold) === undefined);
  const cold = coldPart(area, fold);
  return known.length === 0 || (cold !== undefined && cold !== part)
    ? []
    : [[user, area, known.join('|'), part].join(',')];
}

/** The part that holds an area out, undefined for one of training: a fifth of all areas for the test, a tenth for validation. */
function coldPart(area: string, fold: number): 'test' | 'validation' | undefined {
  const place = Math.floor(10 * hashOf(area));
  if (place < 2) return 'test';
  return place === 2 + fold ? 'validation' : undefined;
}

/** Returns a number in [0, 1) that follows from a text. */
function hashOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE() / 2 ** 32;
}
