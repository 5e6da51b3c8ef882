/** Lists that tell a model nothing: histories without events, and elements that are written in another way than the ids that they should be. */
import { expect, it } from 'vitest';
import { listWarnings, readDataset } from '../../src/data/read_dataset.ts';
import { planOf } from '../compiler/library/support.ts';
import { describeData, folderWith, reported } from './fixture.ts';

const rows = ['a,x,1,m:x', 'a,y,2,m:x|m:y', 'b,x,3,m:y', 'b,z,4,', 'c,y,5,m:z', 'c,x,6,m:x', 'd,z,7,m:x', 'd,x,8,m:y'];

const planWith = (list: string) =>
  planOf(`
    model m
    features { user : id(dim: 2), seen : ${list}, item : id(dim: 2) }
    group profile = user, seen
    tower asks(profile) keyed by user { channel main = profile -> flatten -> dense(2) }
    tower answers(item) keyed by item { channel main = item -> dense(2) }
    task watch { score = dot(asks, answers), loss = softmax(in_batch) }
  `);

/** What is said of the list `seen`, which is a history of `past`, or a column. */
async function said(
  source: { past: string } | { column: string },
  { list = 'list(item)', time = 'at' } = {},
): Promise<string[]> {
  const block = describeData({
    folder: folderWith({ 'events.csv': `user,item,at,marks\n${rows.join('\n')}\n` }),
    columns: {
      other: "'m:' || item",
      seen_marks: "string_split(marks, '|')",
      ...('column' in source ? { seen: source.column } : {}),
    },
    time,
    split: { kind: 'by_time', validation: 0.25, test: 0 },
    histories: 'past' in source ? [{ name: 'seen', of: source.past, max: 5 }] : [],
  });
  const plan = planWith(list);
  return (await listWarnings(await readDataset(block, plan), plan, block)).map((one) =>
    reported(one).replace(/ \(.*/s, ''),
  );
}

it('a history whose elements are never values of the feature', async () => {
  const unknown =
    'unknown-elements at history:seen: no element of `seen` is a value that `item` has in the training events';
  expect(await said({ past: 'other' })).toEqual([unknown]);
  expect(await said({ past: 'other' }, { list: 'list(item, unseen: keep)' })).toEqual([unknown]);
  expect(await said({ past: 'item' })).toEqual([]);
});

it('a column of lists whose elements are never values of the feature', async () => {
  expect(await said({ column: "string_split(marks, '|')" })).toEqual([
    'unknown-elements at events:events.csv: no element of `seen` is a value that `item` has in the training events',
  ]);
  expect(await said({ column: "string_split(replace(marks, 'm:', ''), '|')" })).toEqual([]);
  expect(await said({ column: "string_split(marks, '|')" }, { list: 'list(category(dim: 2))' })).toEqual([]);
});

it('a history without events, as all events have one time', async () => {
  expect(await said({ past: 'item' }, { time: '1' })).toEqual([
    'empty-histories at history:seen: `seen` is empty for 100 % of the training events',
  ]);
});
