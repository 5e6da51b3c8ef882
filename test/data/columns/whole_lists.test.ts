/** Histories where each row of a step stands for a user: in training they have all of its events. */
import { expect, test } from 'vitest';
import type { Texts } from '../../../src/base/text/texts.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { planOf } from '../../compiler/library/support.ts';
import { describeData, folderWith, valuesOf } from '../fixture.ts';

const plan = planOf(`
  model m
  features { user : id(dim: 0), history : list(item, max: 9), item : id(dim: 2) }
  tower asks(history) keyed by user { channel main = history -> flatten }
  tower answers(item) keyed by item { channel main = item -> flatten }
  task watch { score = dot(asks, answers), loss = mse(all) }
  train { targets = users }
`);

/** By time: the last quarter of eight events is held out. */
const events = `user,item,time
u1,a,1
u1,b,2
u2,c,3
u1,c,4
u1,d,5
u2,a,6
u1,a,7
u2,b,8
`;

const read = async (kind: 'past' | 'others', max: number) => {
  const description = describeData({
    folder: folderWith({ 'events.csv': events }),
    time: 'time',
    histories: [{ name: 'history', of: 'item', max, kind }],
    split: { kind: 'by_time', validation: 0.125, test: 0.125 },
  });
  const { parts, encodings } = await readDataset(description, plan);
  const { values } = encodings.get('item') as { readonly values: Texts };
  const of = ({ features, rows }: typeof parts.train): string[] =>
    (valuesOf(features.get('history')!, rows) as number[][]).map((codes) =>
      codes
        .map((code) => values.at(code - 1)!)
        .sort()
        .join(''),
    );
  return { train: of(parts.train), validation: of(parts.validation) };
};

test('a training event sees every training event of its user, the own one too', async () => {
  expect(await read('past', 4)).toEqual({ train: ['abcd', 'abcd', 'ac', 'abcd', 'abcd', 'ac'], validation: ['abcd'] });
  expect(await read('others', 4)).toEqual({
    train: ['abcd', 'abcd', 'ac', 'abcd', 'abcd', 'ac'],
    validation: ['abcd'],
  });
});

test('of more than `max` a history has the latest', async () => {
  expect((await read('past', 3)).train[0]).toBe('bcd');
  expect((await read('others', 3)).train[0]).toHaveLength(3);
});
