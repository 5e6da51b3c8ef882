/** Elements of lists and histories that training never had: left out, or kept where that is asked for. */
import { expect, test } from 'vitest';
import { readDataset } from '../../src/data/read_dataset.ts';
import { planOf } from '../compiler/library/support.ts';
import { describeData, folderWith, valuesOf } from './fixture.ts';

/** Items e0 … e3 in training, n0 … n2 after it; e3 and n0 have tags that training does not have. */
const files = {
  'events.csv': `user,item,time
u1,e0,1
u2,e1,2
u1,e1,3
u2,e2,4
u1,e3,5
u1,n0,6
u1,n1,7
u1,e0,8
u2,n2,9
u2,n1,10
`,
  'items.csv': `item,tags
e0,a|b
e1,b
e2,
e3,a
n0,x|a|y|b
n1,x|y
n2,b|x|x|b
`,
};

const plan = (list: string) =>
  planOf(`
    model m
    features {
      user : id(dim: 2)
      history : list(item, ${list})
      item : id(dim: 2)
      tags : list(category(dim: 2), ${list})
    }
    group profile = user, history
    group about = item, tags
    tower asks(profile) keyed by user { channel main = profile -> flatten -> dense(2) }
    tower answers(about) keyed by item { channel main = about -> flatten -> dense(2) }
    task watch { score = dot(asks, answers), loss = softmax(in_batch) }
  `);

const read = (list: string) =>
  readDataset(
    describeData({
      folder: folderWith(files),
      items: 'items.csv',
      itemsBy: 'item',
      time: 'time',
      histories: [{ name: 'history', of: 'item', max: 2 }],
      columns: { tags: "string_split(tags, '|')" },
      split: { kind: 'by_time', validation: 0.1, test: 0.4 },
    }),
    plan(list),
  );

test('are left out of histories and lists, before the latest or the first are kept', async () => {
  const { parts, users, corpus, encodings } = await read('max: 2');
  const vocabulary = encodings.get('item')!;
  const texts = vocabulary.kind === 'vocabulary' ? vocabulary.values : [];
  const words = (codes: number[]): (string | undefined)[] => codes.map((code) => texts.at(code - 1));
  expect([...texts].sort()).toEqual(['e0', 'e1', 'e2', 'e3']);
  const { test: asked } = parts;
  const histories = (valuesOf(asked.features.get('history')!, asked.rows) as number[][]).map(words);
  // u1 at 7 and 8 has seen n0 and n1 too, u2 at 10 n2: the two latest that training had.
  expect(histories).toEqual([
    ['e1', 'e3'],
    ['e1', 'e3'],
    ['e1', 'e2'],
    ['e1', 'e2'],
  ]);
  expect((valuesOf(users.features.get('history')!, users.rows) as number[][]).map(words).sort()).toEqual([
    ['e1', 'e2'],
    ['e3', 'e0'],
  ]);
  const tags = valuesOf(corpus.features.get('tags')!, corpus.rows) as number[][];
  const known = encodings.get('tags')!;
  const named = (codes: number[]) =>
    codes.map((code) => (known.kind === 'vocabulary' ? known.values.at(code - 1) : ''));
  expect(Object.fromEntries([...corpus.keys].map((key, row) => [key, named(tags[row]!)]))).toEqual({
    e0: ['a', 'b'],
    e1: ['b'],
    e2: [],
    e3: ['a'],
    n0: ['a', 'b'],
    n1: [],
    n2: ['b', 'b'],
  });
});

test('are the row of the unseen where a list keeps them', async () => {
  const { parts, corpus } = await read('max: 2, unseen: keep');
  const { test: asked } = parts;
  const histories = valuesOf(asked.features.get('history')!, asked.rows) as number[][];
  expect(histories.map((codes) => codes.map((code) => code === 0))).toEqual([
    [false, true],
    [true, true],
    [false, false],
    [false, true],
  ]);
  const tags = valuesOf(corpus.features.get('tags')!, corpus.rows) as number[][];
  expect(tags[[...corpus.keys].indexOf('n1')]).toEqual([0, 0]);
});
