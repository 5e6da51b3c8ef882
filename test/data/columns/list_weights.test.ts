/** Lists whose elements have weights: which weight belongs to which element, and what is refused. */
import { expect, test } from 'vitest';
import type { Texts } from '../../../src/base/text/texts.ts';
import type { BagColumn, IndexedColumn } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { packEvents, specOf, unpackEvents } from '../../../src/data/shards/event_rows.ts';
import { planOf } from '../../compiler/library/support.ts';
import { type Block, describeData, failureOf, folderWith } from '../fixture.ts';

const plan = planOf(`
  model m
  features {
    user    : id(dim: 2)
    history : list(item, max: 3, weights: stars)
    item    : id(dim: 2)
    tags    : list(category(dim: 2), max: 2, weights: scores)
  }
  tower asks(user, history) keyed by user { channel main = concat(user, history) -> dense(2) }
  tower answers(item, tags) keyed by item { channel main = concat(item, tags) -> dense(2) }
  task watch { score = dot(asks, answers), loss = softmax(in_batch) }
`);

const events = `user,item,stars,time
u1,a,1,1
u1,b,,2
u2,c,5,3
u1,c,4,4
u1,a,3.5,5
u1,n,2,6
u1,c,0,7
`;
const items = `item,tags,scores
a,x|y|z,0.5|0|2
b,,
c,y,3
n,new|x,9|1
`;
const columns = { tags: "string_split(tags, '|')", scores: "CAST(string_split(scores, '|') AS DOUBLE[])" };

const block = ({ files = {}, ...given }: Partial<Block> & { files?: Record<string, string> } = {}) =>
  describeData({
    folder: folderWith({ 'events.csv': events, 'items.csv': items, ...files }),
    items: 'items.csv',
    itemsBy: 'item',
    time: 'time',
    columns,
    histories: [
      { name: 'history', of: 'item', max: 3 },
      { name: 'stars', of: 'stars', max: 3 },
    ],
    split: { kind: 'by_time', validation: 0, test: 0.25 },
    ...given,
  });

/** Of each row its elements as text, each with what it counts. */
function read({ column, index }: IndexedColumn, rows: number, names: readonly string[]): string[] {
  const { starts, ends, values, weights } = column as BagColumn;
  return Array.from({ length: rows }, (_, row) => {
    const bag = index ? index[row]! : row;
    const places = Array.from({ length: ends[bag]! - starts[bag]! }, (__, at) => starts[bag]! + at);
    return places.map((at) => `${names[values[at]! - 1]} ${weights![at]}`).join(', ');
  });
}

test('belong to the elements that are kept, in histories and in columns', async () => {
  const { parts, corpus, users, encodings } = await readDataset(block(), plan);
  const namesOf = (feature: string) => [...(encodings.get(feature) as { readonly values: Texts }).values];
  const of = (name: string, owner: string, from: { rows: number; features: ReadonlyMap<string, IndexedColumn> }) =>
    read(from.features.get(name)!, from.rows, namesOf(owner));
  // An event without stars counts 0. The vocabulary does not have n.
  expect(of('history', 'item', parts.train)).toEqual(['', 'a 1', '', 'a 1, b 0', 'a 1, b 0, c 4']);
  expect(of('history', 'item', parts.test)).toEqual(['b 0, c 4, a 3.5', 'b 0, c 4, a 3.5']);
  expect(of('history', 'item', users)).toEqual(['c 4, a 3.5, c 0', 'c 5']);
  // Two are kept; "new" is in no training event's item, and takes its weight along.
  expect(of('tags', 'tags', corpus)).toEqual(['x 0.5, y 0', '', 'y 3', 'x 1']);
  expect(of('tags', 'tags', parts.train)).toEqual(['x 0.5, y 0', '', 'y 3', 'y 3', 'x 0.5, y 0']);
});

test('go with the items of a list, which a teacher gives', async () => {
  const taught = planOf(`
    model m
    features {
      user   : id(dim: 2)
      item   : id(dim: 2)
      taught : list(item, max: 2, weights: chances)
    }
    tower asks(user) keyed by user { channel main = user -> dense(2) }
    tower answers(item) keyed by item { channel main = item -> dense(2) }
    task watch { score = dot(asks, answers), loss = distill(taught) }
  `);
  const given = block({
    files: {
      'events.csv': 'user,item,time,taught,chances\nu1,a,1,c|a,0.75|0.25\nu1,b,2,,\nu2,c,3,other|b,0.5|0.125\n',
    },
    columns: { taught: "string_split(taught, '|')", chances: "CAST(string_split(chances, '|') AS DOUBLE[])" },
    histories: [],
    split: { kind: 'by_time', validation: 0, test: 0 },
  });
  const { parts, corpus } = await readDataset(given, taught);
  const spec = specOf(parts.train, new Map(), () => true);
  const shared = { items: new Map(), users: new Map(), inner: new Map() };
  const packed = packEvents(parts.train, spec, Int32Array.of(0, 1, 2));
  for (const { givenItems } of [parts.train, unpackEvents([packed], spec, shared)]) {
    const { bags, index } = givenItems!.get('taught')!;
    const named = { ...bags, values: bags.values.map((item) => item + 1) };
    expect(read({ column: named, ...(index ? { index } : {}) }, 3, [...corpus.keys])).toEqual([
      'c 0.75, a 0.25',
      '',
      'undefined 0.5, b 0.125',
    ]);
  }
});

test('one column of "key:weight" pairs makes both lists', async () => {
  const pairs = block({
    files: { 'items.csv': 'item,pairs\na,x:0.5|y:0|z:2\nb,\nc,y:3\nn,new:9|x:1\n' },
    columns: {
      tags: "[split_part(pair, ':', 1) FOR pair IN string_split(pairs, '|')]",
      scores: "[CAST(split_part(pair, ':', 2) AS DOUBLE) FOR pair IN string_split(pairs, '|')]",
    },
  });
  const [asPairs, asLists] = await Promise.all([readDataset(pairs, plan), readDataset(block(), plan)]);
  const tags = (dataset: typeof asPairs) => {
    const { values } = dataset.encodings.get('tags') as { readonly values: Texts };
    return read(dataset.corpus.features.get('tags')!, 4, [...values]);
  };
  expect(tags(asPairs)).toEqual(tags(asLists));
});

test.each([
  ['too few', 'x|y', '1', '"[1.0]" has not one weight for each element of `tags`'],
  ['too many', 'x', '1|2', '"[1.0, 2.0]" has not one weight for each element of `tags`'],
  ['an element that is empty', 'x||y', '1|2|3', '"[1.0, 2.0, 3.0]" has not one weight for each element of `tags`'],
  ['below 0', 'x|y', '1|-0.5', '"[1.0, -0.5]" has a weight that is below 0: it weighs an element of `tags`'],
  ['infinite', 'x|y', '1|inf', '"[1.0, inf]" has a value that is not a finite number'],
  ['no number', 'x|y', '1|nan', '"[1.0, nan]" has a value that is not a finite number'],
  [
    'more than 32 bits hold',
    'x',
    '1e39',
    '"[1e+39]" has a weight that is too large: a model stores numbers up to 3.4e38',
  ],
  ['text', 'x', 'much', "Could not convert string 'much' to DOUBLE"],
])('a row of %s is bad', async (_, tags, scores, reason) => {
  const wrong = block({ files: { 'items.csv': `${items}q,${tags},${scores}\n` }, reject: 0 });
  const [message] = await failureOf(readDataset(wrong, plan));
  expect(message).toContain(`items.csv:6: \`scores\`: ${reason}`);
});

test.each([
  ['-1', '"-1.0" is below 0: it weighs an element of `history`'],
  ['1e39', '"1e+39" is too large: a model stores numbers up to 3.4e38'],
  ['inf', '"inf" is not a finite number'],
])('an event whose weight is %s is bad', async (stars, reason) => {
  const wrong = block({ files: { 'events.csv': events.replace('u2,c,5,3', `u2,c,${stars},3`) }, reject: 0 });
  const [message] = await failureOf(readDataset(wrong, plan));
  expect(message).toContain(`events.csv:4: \`stars\`: ${reason}`);
});

test('have a column, of the same rows as the list', async () => {
  const { scores: _, ...without } = columns;
  const items = 'item,tags\na,x\nb,\nc,y\nn,x\n';
  expect(await failureOf(readDataset(block({ files: { 'items.csv': items }, columns: without }), plan))).toEqual([
    'unfed-column at events:events.csv: no column of `items.csv` or `events.csv` feeds column of weights `scores` (compute it in the data block: columns { scores = "…" }; use one of `item`, `tags`, `user`, `stars`, `time`)',
  ]);
  const [elsewhere] = await failureOf(readDataset(block({ columns: { ...columns, scores: '[events.time]' } }), plan));
  expect(elsewhere).toContain(
    '`scores` needs a column of the same file as `tags`, which is in `items` and not in `events`',
  );
  const [texts] = await failureOf(
    readDataset(block({ columns: { ...columns, scores: "string_split(scores, '|')" } }), plan),
  );
  expect(texts).toContain('`scores` needs a list of numbers');
});

test('of a history are a history of the same events', async () => {
  const none = block({ histories: [{ name: 'history', of: 'item', max: 3 }] });
  expect(await failureOf(readDataset(none, plan))).toEqual([
    'data-needs at events:events.csv: `stars` needs a history, since `history` is one: add `stars = past(…, 3)` to the data block',
  ]);
  const shorter = block({
    histories: [
      { name: 'history', of: 'item', max: 3 },
      { name: 'stars', of: 'stars', max: 2 },
    ],
  });
  expect(await failureOf(readDataset(shorter, plan))).toEqual([
    'data-needs at history:stars: `stars` needs the events of `history = past(item, 3)`: write `stars = past(stars, 3)`',
  ]);
});
