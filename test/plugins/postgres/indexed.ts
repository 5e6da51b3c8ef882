/** A snapshot of random items with columns, users and objectives, and requests to it. */
import { makeRandom } from '../../../src/base/random/random.ts';
import { type ItemColumn, textColumn, textsColumn } from '../../../src/retrieval/filter/filter_columns.ts';
import { makeSnapshot, type Snapshot, type TopRequest } from '../../../src/retrieval/snapshot.ts';

export const rows = 800;
const width = 12;
const random = makeRandom(11);
const each = <T>(of: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => of(row));

const columns: ReadonlyMap<string, ItemColumn> = new Map<string, ItemColumn>([
  [
    'year',
    { kind: 'number', values: Float64Array.from(each((row) => (row % 17 === 0 ? Number.NaN : 1950 + (row % 70)))) },
  ],
  ['country', textColumn(each((row) => ['NL', 'BE', undefined, 'größe', '𝒳'][row % 5]))],
  ['genres', textsColumn(each((row) => [['Drama', 'War'], ['Comedy'], [], undefined][row % 4]))],
  ['new', { kind: 'truth', values: Int8Array.from(each((row) => (row % 3) - 1)) }],
  // Tower's own columns, and names that PostgreSQL would cut to the same one.
  ['key', textColumn(each((row) => (row % 2 === 0 ? 'even' : 'odd')))],
  [`${'long'.repeat(20)} a`, textColumn(each((row) => `a${row % 7}`))],
  [`${'long'.repeat(20)} b`, textColumn(each((row) => `b${row % 3}`))],
  ['x"; DROP', textColumn(each((row) => `c${row % 2}`))],
]);

/** @param version other versions have other vectors */
export function snapshotOf(version: string, seed = 1, keyOf = (row: number): string => `m${row}`): Snapshot {
  const data = new Float32Array(rows * width);
  makeRandom(seed).fill(data, -1, 1);
  return makeSnapshot({
    version,
    items: { vectors: { data, rows, width }, keys: each(keyOf), titles: each((row) => `Größe ${row}`), columns },
    users: {
      keys: ['ann', 'bob'],
      seen: {
        kind: 'bags',
        starts: Int32Array.of(0, 300),
        ends: Int32Array.of(300, 300),
        values: Int32Array.from({ length: 300 }, (_, at) => (at % 10 === 0 ? -1 : (3 * at) % rows)),
      },
    },
    objectives: [
      { name: 'click', from: 0, to: 4, factor: 0.6 },
      { name: 'like', from: 4, to: 12, factor: -0.3 },
    ],
  });
}

const vector = (): Float32Array => {
  const one = new Float32Array(width);
  random.fill(one, -1, 1);
  return one;
};

export const queries = Array.from({ length: 60 }, () => [vector()]);

/** Each of these alone, and all pairs of them. */
const parts: readonly Partial<TopRequest>[] = [
  { filter: "year >= 1990 and 'Drama' in genres" },
  { filter: "not (country in ('NL', 'größe')) or new" },
  { filter: `key = 'odd' and \`${'long'.repeat(20)} a\` = 'a3' and \`${'long'.repeat(20)} b\` = 'b1'` },
  { filter: "`x\"; DROP` = 'c1' and year < 1953" },
  { filter: 'year < 0' },
  {
    conditions: [
      { filter: 'year >= 1970', holds: false, entry: 'boost.0.filter' },
      { filter: "'Drama' in genres", holds: true, entry: 'bury.0.filter' },
    ],
  },
  { exclude: ['m5', 'm6', 'absent'] },
  { excludeRows: [1, 1, -1, 700] },
  { seenBy: 'ann' },
  { seenBy: 'bob' },
  { weights: { click: 2 } },
  { weights: { like: 1e-30, click: -1e30 } },
  { weights: { like: 0 } },
];

export const requests: readonly TopRequest[] = [
  {},
  ...parts,
  ...parts.flatMap((a, at) => parts.slice(at + 1).map((b) => ({ ...a, ...b }))),
].flatMap((part, at): TopRequest[] => {
  const k = [10, 1, 100, 0, 2000][at % 5]!;
  return [{ vectors: at % 3 === 0 ? [vector(), vector(), vector()] : [vector()], k, ...part }];
});
