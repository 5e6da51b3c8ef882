/** Columns of one value for each element of a list: they keep what the list keeps. */
import { expect, test } from 'vitest';
import type { Texts } from '../../../src/base/text/texts.ts';
import type { BagColumn, IndexedColumn } from '../../../src/data/dataset.ts';
import { murmur3 } from '../../../src/data/encoders/murmur3.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { planOf } from '../../compiler/library/support.ts';
import { type Block, describeData, failureOf, folderWith, valuesOf } from '../fixture.ts';

const plan = (max: number) =>
  planOf(`
    model m
    features {
      user    : id(dim: 2)
      history : list(item, max: ${max}, pool: none)
      stars   : along(history, number(boundaries: [2, 4], dim: 2))
      decade  : along(history, category(dim: 2))
      item    : id(dim: 2)
    }
    tower asks(history, stars, decade) keyed by user { channel main = sum(history, stars, decade) -> mean -> dense(2) }
    tower answers(item) keyed by item { channel main = item }
    task watch { score = dot(asks, answers), loss = softmax(in_batch) }
  `);

/** Item n is in the validation part first, and what u1 says of b is missing. */
const events = `user,item,stars,time
u1,a,1,1
u1,b,,2
u2,c,5,3
u1,c,4,4
u1,a,3,5
u1,n,5,6
u1,b,2,7
u1,c,1,8
`;
const items = 'item,decade\na,90s\nb,\nc,00s\nn,10s\n';

const block = (given: Partial<Block> = {}) =>
  describeData({
    folder: folderWith({ 'events.csv': events, 'items.csv': items }),
    items: 'items.csv',
    itemsBy: 'item',
    time: 'time',
    histories: [
      { name: 'history', of: 'item', max: 3 },
      { name: 'stars', of: 'stars', max: 3 },
      { name: 'decade', of: 'decade', max: 3 },
    ],
    split: { kind: 'by_time', validation: 0.25, test: 0.125 },
    ...given,
  });

test('of a history have its windows, its gaps and its latest', async () => {
  const { parts, users, encodings } = await readDataset(block(), plan(3));
  const of = (name: string, { features, rows }: typeof parts.train) => valuesOf(features.get(name)!, rows);
  const item = encodings.get('item') as { readonly values: Texts };
  const decade = encodings.get('decade') as { readonly values: Texts };
  const words = (values: Texts, rows: (number | number[])[]): string[] =>
    (rows as number[][]).map((codes) => codes.map((code) => (code === 0 ? '?' : values.at(code - 1)!)).join(' '));
  // Events of u1: a, b, c, a in training; n and b for validation; c for test.
  expect(words(item.values, of('history', parts.train))).toEqual(['', 'a', '', 'a b', 'a b c']);
  // Pieces: below 2, below 4, from 4 on, missing.
  expect(of('stars', parts.train)).toEqual([[], [0], [], [0, 3], [0, 3, 2]]);
  expect(words(decade.values, of('decade', parts.train))).toEqual(['', '90s', '', '90s ?', '90s ? 00s']);
  // n is not in the vocabulary: what u1 said of it goes with it.
  expect(words(item.values, of('history', parts.test))).toEqual(['c a b']);
  expect(of('stars', parts.test)).toEqual([[2, 1, 1]]);
  expect(words(decade.values, of('decade', parts.test))).toEqual(['00s 90s ?']);
  for (const name of ['stars', 'decade']) {
    const [list, own] = ['history', name].map((each) => valuesOf(users.features.get(each)!, users.rows) as number[][]);
    expect(own!.map(({ length }) => length)).toEqual(list!.map(({ length }) => length));
  }
});

test('of a history need as many events as the history', async () => {
  const shorter = block({
    histories: [
      { name: 'history', of: 'item', max: 3 },
      { name: 'stars', of: 'stars', max: 2 },
      { name: 'decade', of: 'decade', max: 3 },
    ],
  });
  expect(await failureOf(readDataset(shorter, plan(3)))).toEqual([
    'data-needs at history:stars: `stars` needs the events of `history = past(item, 3)`: write `stars = past(stars, 3)`',
  ]);
  const without = block({
    histories: [
      { name: 'history', of: 'item', max: 3 },
      { name: 'decade', of: 'decade', max: 3 },
    ],
  });
  expect((await failureOf(readDataset(without, plan(3)))).join()).toContain(
    '`stars` needs a history, since `history` is one: add `stars = past(…, 3)` to the data block',
  );
  const only = block({
    histories: [{ name: 'stars', of: 'stars', max: 3 }],
    columns: { history: '[item]', decade: "['90s']" },
  });
  expect((await failureOf(readDataset(only, plan(3)))).join()).toContain(
    '`stars` needs `history = past(…, 3)` in the data block',
  );
});

test('of lists in columns have one value for each element, or their row is bad', async () => {
  const folder = folderWith({
    'events.csv': `user,item,seen,said
u1,a,b|c|b,1|2|5
u1,b,a,3
u2,c,,
u2,a,b|c,1
u2,b,b||c,1|2|3
u1,c,b,1|1
u1,c,,2
`,
  });
  const description = describeData({
    folder,
    columns: {
      history: "string_split(seen, '|')",
      stars: "CAST(string_split(said, '|') AS DOUBLE[])",
      decade: "list_transform(string_split(seen, '|'), x -> 'd' || x)",
    },
    reject: 1,
  });
  const { parts, rejected } = await readDataset(description, plan(2));
  expect(rejected.count).toBe(4);
  const { features, rows } = parts.train;
  const lengths = (name: string) =>
    (valuesOf(features.get(name)!, rows) as number[][]).map(({ length }) => length).sort();
  expect(lengths('stars')).toEqual(lengths('history'));
  expect(lengths('stars')).toEqual([0, 1, 2]);
  expect(new Set(JSON.stringify(valuesOf(features.get('stars')!, rows)).match(/\[[^[\]]+\]/g))).toEqual(
    new Set(['[1,2]', '[1]']),
  );
});

const several = (kinds: string, more = '') =>
  planOf(`
    model m
    features {
      user    : id(dim: 2)
      history : list(item, max: 3, pool: none)
      kinds   : ${kinds}
      item    : id(dim: 2)
      ${more}
    }
    tower asks(history, kinds) keyed by user { channel main = sum(history, kinds) -> mean -> dense(2) }
    tower answers(item${more && ', genres'}) keyed by item { channel main = item }
    task watch { score = dot(asks, answers), loss = softmax(in_batch) }
  `);

/** Of each event the words of each element of its history. */
function wordsOf({ column, index }: IndexedColumn, rows: number, words: readonly string[]): string[] {
  const { starts, ends, values, inner } = column as BagColumn;
  return Array.from({ length: rows }, (_, row) => {
    const bag = index ? index[row]! : row;
    return [...values.subarray(starts[bag]!, ends[bag]!)]
      .map((each) => [...inner!.values.subarray(inner!.starts[each]!, inner!.ends[each]!)])
      .map((codes) => codes.map((code) => words[code] ?? '?').join('+'))
      .join(' ');
  });
}

const genres = 'item,genres,title\na,x|y|z,Dark Night\nb,,\nc,y|y,Night\nn,w,New\n';
const manyOf = (name: string, of: string, columns: Record<string, string> = { genres: "string_split(genres, '|')" }) =>
  block({
    folder: folderWith({ 'events.csv': events, 'items.csv': genres }),
    columns,
    histories: [
      { name: 'history', of: 'item', max: 3 },
      { name, of, max: 3 },
    ],
  });

test('may have several values for each element, which keep its place', async () => {
  const plan = several('along(history, genres)', 'genres : list(category(dim: 2), max: 2)');
  const { parts, users, encodings } = await readDataset(manyOf('kinds', 'genres'), plan);
  const words = ['', ...(encodings.get('genres') as { readonly values: Texts }).values];
  // b has no genres. Of an element two are kept; n, and its genres, are unknown.
  expect(wordsOf(parts.train.features.get('kinds')!, 5, words)).toEqual(['', 'x+y', '', 'x+y ', 'x+y  y+y']);
  expect(wordsOf(parts.test.features.get('kinds')!, 1, words)).toEqual(['y+y x+y ']);
  const lengths = (name: string): Int32Array => {
    const { starts, ends } = users.features.get(name)!.column as BagColumn;
    return ends.map((end, at) => end - starts[at]!);
  };
  expect(lengths('kinds')).toEqual(lengths('history'));
});

test('may have a vocabulary of their own, which training events teach', async () => {
  const plan = several('along(history, list(category(dim: 2), max: 2, unseen: keep))');
  const { parts, encodings } = await readDataset(manyOf('kinds', 'genres'), plan);
  const { values } = encodings.get('kinds') as { readonly values: Texts };
  // Only the test event is of n, whose genre is w.
  expect([...values].sort()).toEqual(['x', 'y', 'z']);
  expect(wordsOf(parts.test.features.get('kinds')!, 1, ['?', ...values])).toEqual(['y+y x+y ']);
});

test('may be the words of a text of each element', async () => {
  const plan = several('along(history, text(words, hash: 1000, dim: 2))');
  const { parts } = await readDataset(manyOf('kinds', 'title', {}), plan);
  const words: string[] = [];
  for (const word of ['dark', 'night', 'new']) words[murmur3(word) % 1000] = word;
  expect(wordsOf(parts.train.features.get('kinds')!, 5, words)).toEqual([
    ...['', 'dark+night', '', 'dark+night ', 'dark+night  night'],
  ]);
});

test('several values for each element come from a history', async () => {
  const plan = several('along(history, list(category(dim: 2), max: 2))');
  const columns = { history: '[item]', kinds: "['x']" };
  expect(await failureOf(readDataset(block({ histories: [], columns }), plan))).toEqual([
    'data-needs at column:kinds: `kinds` needs a history, since its elements have several values: `kinds = past(…, 50)`, and `history` is one too',
  ]);
  const one = manyOf('kinds', 'title', {});
  expect((await failureOf(readDataset(one, plan))).join()).toContain('`title` needs a list');
});
