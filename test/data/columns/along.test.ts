/** Columns of one value for each element of a list: they keep what the list keeps. */
import { expect, test } from 'vitest';
import { readDataset } from '../../../src/data/read.ts';
import { planOf } from '../../library/support.ts';
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
  const item = encodings.get('item') as { readonly values: readonly string[] };
  const decade = encodings.get('decade') as { readonly values: readonly string[] };
  const words = (values: readonly string[], rows: (number | number[])[]): string[] =>
    (rows as number[][]).map((codes) => codes.map((code) => (code === 0 ? '?' : values[code - 1]!)).join(' '));
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
