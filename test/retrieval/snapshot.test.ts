import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../src/base/random/random.ts';
import { textsColumn } from '../../src/retrieval/filter/filter_columns.ts';
import { makeSnapshot, type TopRequest } from '../../src/retrieval/snapshot.ts';

const random = makeRandom(3);
const [rows, width] = [800, 12];
const data = new Float32Array(rows * width);
random.fill(data, -1, 1);
const keys = Array.from({ length: rows }, (_, row) => `m${row}`);
const years = Float64Array.from({ length: rows }, (_, row) => (row % 17 === 0 ? Number.NaN : 1950 + (row % 70)));
const genres = Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? ['Drama', 'War'] : ['Comedy']));
const seen = {
  kind: 'bags',
  starts: Int32Array.of(0, 4),
  ends: Int32Array.of(4, 4),
  values: Int32Array.of(5, -1, 9, 5),
} as const;
const objectives = [
  { name: 'click', from: 0, to: 4, factor: 0.6 },
  { name: 'like', from: 4, to: 8, factor: 0.3 },
  { name: 'buy', from: 8, to: 12, factor: 1 },
];
const snapshot = makeSnapshot({
  version: '7',
  items: {
    vectors: { data, rows, width },
    keys,
    titles: keys.map((key) => `Movie ${key}`),
    columns: new Map([
      ['year', { kind: 'number', values: years }],
      ['genres', textsColumn(genres)],
    ]),
  },
  users: { keys: ['ann', 'bob'], seen },
  objectives,
});
const vector = (): Float32Array => {
  const one = new Float32Array(width);
  random.fill(one, -1, 1);
  return one;
};

/** By the plainest code. */
function expected(
  vectors: readonly Float32Array[],
  k: number,
  isKept: (row: number) => boolean,
  factor: (column: number) => number = () => 1,
): { key: string; score: number }[] {
  return keys
    .map((key, row) => {
      const scores = vectors.map((query) =>
        query.reduce((sum, q, i) => sum + factor(i) * q * data[row * width + i]!, 0),
      );
      return { key, score: Math.max(...scores), row };
    })
    .filter(({ row }) => isKept(row))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, k)
    .map(({ key, score }) => ({ key, score }));
}

const check = (request: TopRequest, wanted: { key: string; score: number }[]): void => {
  const [answer] = snapshot.top([request]);
  expect(answer!.version).toBe('7');
  expect(answer!.items.map(({ key }) => key)).toEqual(wanted.map(({ key }) => key));
  answer!.items.forEach(({ score, row, title, key }, i) => {
    expect(score).toBeCloseTo(wanted[i]!.score, 12);
    expect([title, keys[row]]).toEqual([`Movie ${key}`, key]);
  });
};

describe('a snapshot', () => {
  it('gives the best items', () => {
    const query = vector();
    check(
      { vectors: [query], k: 7 },
      expected([query], 7, () => true),
    );
    check(
      { vectors: [query], k: rows + 1 },
      expected([query], rows, () => true),
    );
    check({ vectors: [query], k: 0 }, []);
  });

  it('gives an item the best of several interests', () => {
    const queries = [vector(), vector(), vector(), vector()];
    check(
      { vectors: queries, k: 20 },
      expected(queries, 20, () => true),
    );
  });

  it('keeps what a filter keeps, without what is excluded or seen', () => {
    const query = vector();
    const isKept = (row: number): boolean => years[row]! >= 1990 && genres[row]!.includes('Drama');
    const filter = "year >= 1990 and 'Drama' in genres";
    check({ vectors: [query], k: 10, filter }, expected([query], 10, isKept));
    const [first, second] = expected([query], 2, isKept);
    const exclude = [first!.key, second!.key, 'nothing'];
    const request = { vectors: [query], k: 10, filter, exclude };
    check(
      request,
      expected([query], 10, (row) => isKept(row) && !exclude.includes(keys[row]!)),
    );
    const [answer] = snapshot.top([request]);
    expect(answer!.unknown).toEqual(['nothing']);
    expect(answer!.candidates).toBe(keys.filter((_, row) => isKept(row)).length - 2);
    // The set of the filter is as it was.
    check({ vectors: [query], k: 10, filter }, expected([query], 10, isKept));
    check(
      { vectors: [query], k: rows, seenBy: 'ann' },
      expected([query], rows, (row) => row !== 5 && row !== 9),
    );
    check(
      { vectors: [query], k: rows, seenBy: 'bob' },
      expected([query], rows, () => true),
    );
    check(
      { vectors: [query], k: rows, excludeRows: [3, -1, 3] },
      expected([query], rows, (row) => row !== 3),
    );
  });

  it('weighs objectives', () => {
    const query = vector();
    const weights = { like: 2, buy: 0 };
    const factor = (i: number): number => (i < 4 ? 1 : i < 8 ? 2 / 0.3 : 0);
    check(
      { vectors: [query], k: 9, weights },
      expected([query], 9, () => true, factor),
    );
    // The weights that the model has change nothing.
    const same = { click: 0.6, like: 0.3, buy: 1 };
    check(
      { vectors: [query], k: 9, weights: same },
      expected([query], 9, () => true),
    );
  });

  it('finds users by the beginning of their keys, the one with the key itself first', () => {
    const many = ['a10', 'b', 'a1', 'a', 'a1', 'ä'];
    const all = Int32Array.from(many, (_, user) => user);
    const users = { keys: many, seen: { ...seen, starts: all, ends: all.map((at) => at + 1), values: seen.values } };
    const searched = makeSnapshot({ version: '7', items: { vectors: { data, rows, width }, keys }, users });
    const found = (prefix: string, most: number) => searched.usersWith(prefix, most).map(({ key }) => key);
    expect(found('a1', 9)).toEqual(['a1', 'a10', 'a1']);
    expect(found('a1', 1)).toEqual(['a1']);
    expect([found('', 2), found('ä', 2), found('x', 2)]).toEqual([['a10', 'b'], ['ä'], []]);
    expect(snapshot.usersWith('', 5)).toEqual([
      { key: 'ann', seen: 3 },
      { key: 'bob', seen: 0 },
    ]);
    expect([snapshot.users, searched.users]).toEqual([2, 6]);
  });

  it('answers requests together as it does one by one', () => {
    const requests = Array.from(
      { length: 20 },
      (_, i): TopRequest => ({ vectors: [vector()], k: i, ...(i % 2 === 0 ? { filter: 'year < 2000' } : {}) }),
    );
    expect(snapshot.top(requests)).toEqual(requests.map((request) => snapshot.top([request])[0]));
  });

  it('finds items and users by their keys', () => {
    expect([snapshot.itemRow('m3'), snapshot.itemRow('x'), snapshot.userRow('bob')]).toEqual([3, -1, 1]);
    expect(snapshot.itemVector(3)).toEqual(data.slice(3 * width, 4 * width));
    expect(snapshot.seenBy(0)).toEqual([5, 9, 5]);
  });

  it('has no items', () => {
    const empty = makeSnapshot({
      version: '0',
      items: { vectors: { data: new Float32Array(0), rows: 0, width: 3 }, keys: [] },
    });
    expect(empty.top([{ vectors: [[1, 2, 3]], k: 5 }])[0]).toEqual({
      version: '0',
      items: [],
      candidates: 0,
      unknown: [],
    });
  });
});

describe('a request that has no meaning', () => {
  const query = vector();
  it.each<[string, TopRequest, string]>([
    ['k', { vectors: [query], k: -1 }, '`k` of the request is -1'],
    ['k', { vectors: [query], k: 1.5 }, '`k` of the request is 1.5'],
    ['no vector', { vectors: [], k: 1 }, '`vectors` of the request has no vector'],
    ['a width', { vectors: [[1]], k: 1 }, '`vectors` of the request has 1 numbers in a vector'],
    ['a number', { vectors: [query.map(() => 1e39)], k: 1 }, '`vectors` of the request has the number Infinity'],
    ['an objective', { vectors: [query], k: 1, weights: { clikc: 1 } }, 'there is no objective called `clikc`'],
    ['a weight', { vectors: [query], k: 1, weights: { click: Number.NaN } }, '`weights.click` of the request is NaN'],
    ['a user', { vectors: [query], k: 1, seenBy: 'eve' }, 'there is no user called `eve`'],
    ['a filter', { vectors: [query], k: 1, filter: 'year' }, '`year` is a number, not a condition'],
  ])('is refused: %s', (_, request, message) => {
    expect(() => snapshot.top([request])).toThrow(Failure);
    expect(() => snapshot.top([request])).toThrow(message);
  });
});
