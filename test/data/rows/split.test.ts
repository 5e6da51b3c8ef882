import { describe, expect, it } from 'vitest';
import { packTexts } from '../../../src/base/text/texts.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { codesOfParts } from '../../../src/data/rows/split.ts';
import type { DataDescription } from '../../../src/graph/plan/data_description.ts';
import { describeData, failureOf, folderWith, needsOf, valuesOf, vocabulary } from '../fixture.ts';

const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

function reading(csv: string, split: DataDescription['split'], time: string | null = 'time') {
  const folder = folderWith({ 'events.csv': csv });
  return readDataset(describeData({ folder, split, ...(time === null ? {} : { time }) }), needs);
}

const tenEvents = `user,item,time,fold
${Array.from({ length: 10 }, (_, at) => `u${at % 2},i${at},${100 - at},${['train', 'test', 'validation'][at % 3]}`).join('\n')}
`;

const itemsOf = (data: Awaited<ReturnType<typeof reading>>) =>
  [data.parts.train, data.parts.validation, data.parts.test].map((part) =>
    [...part.item].map((row) => data.corpus.keys.at(row)!),
  );

describe('a split', () => {
  it('by time takes the last events for test, those before them for validation', async () => {
    const data = await reading(tenEvents, { kind: 'by_time', validation: 0.1, test: 0.2 });
    expect(itemsOf(data)).toEqual([['i9', 'i8', 'i7', 'i6', 'i5', 'i4', 'i3'], ['i2'], ['i1', 'i0']]);
  });

  it('by time keeps events of one time in the order of the file', async () => {
    const data = await reading('user,item,time\na,x,5\na,y,1\na,z,5\na,w,5\n', {
      kind: 'by_time',
      validation: 0.25,
      test: 0.25,
    });
    expect(itemsOf(data)).toEqual([['y', 'x'], ['z'], ['w']]);
  });

  it('that leaves one out takes the last event of each user for test, the one before for validation', async () => {
    const data = await reading('user,item,time\na,x,3\na,y,1\na,z,2\na,w,4\nb,x,9\nb,y,8\n', { kind: 'leave_one_out' });
    // b has only two events: they train.
    expect(itemsOf(data)).toEqual([['y', 'z', 'y', 'x'], ['x'], ['w']]);
  });

  it('at random is the same for the same seed and another for another', async () => {
    const split = (seed: number) => reading(tenEvents, { kind: 'random', validation: 0.2, test: 0.3, seed });
    const [one, again, other] = [await split(1), await split(1), await split(2)];
    expect(itemsOf(again)).toEqual(itemsOf(one));
    expect(itemsOf(other)).not.toEqual(itemsOf(one));
    expect(itemsOf(one).map((items) => items.length)).toEqual([5, 2, 3]);
    expect(itemsOf(one).flat().sort()).toEqual(Array.from({ length: 10 }, (_, at) => `i${at}`));
  });

  it('by a column takes its words', async () => {
    const data = await reading(tenEvents, { kind: 'column', column: 'fold' });
    expect(itemsOf(data)).toEqual([
      ['i9', 'i6', 'i3', 'i0'],
      ['i8', 'i5', 'i2'],
      ['i7', 'i4', 'i1'],
    ]);
  });

  it('by a column rejects other words', async () => {
    expect(
      await failureOf(reading(tenEvents.replace('validation', 'trian'), { kind: 'column', column: 'fold' })),
    ).toEqual([
      'too-many-rejected at events:events.csv: 1 of 10 rows of `events.csv` is invalid (10.0%), and the limit is 1%: events.csv:4: `fold`: "trian" is not train, validation or test (correct them, exclude them with `where`, or raise `reject`)',
    ]);
  });

  it('without a time keeps the order of the file', async () => {
    const data = await reading(tenEvents, { kind: 'random', validation: 0, test: 0, seed: 1 }, null);
    expect(itemsOf(data)[0]).toEqual(['i0', 'i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8', 'i9']);
  });
});

it('codes of parts are their places among the texts of a column', () => {
  for (const texts of [['', 'test', 'train', 'trian'], packTexts(['', 'test', 'train', 'trian'])]) {
    expect(codesOfParts(texts)).toEqual([2, -1, 1]);
  }
});

describe('an empty part', () => {
  it('is an error that says so', async () => {
    const csv = 'user,item,time\na,x,1\na,y,2\n';
    expect(await failureOf(reading(csv, { kind: 'by_time', validation: 0.1, test: 0.1 }))).toEqual([
      'empty-split at data: the validation part is empty: of 2 rows 10% is not one (give it a larger share, or read more rows)',
    ]);
    expect(await failureOf(reading(csv, { kind: 'leave_one_out' }))).toEqual([
      'empty-split at data: the validation part is empty: of 2 rows no user has 3 (give it a larger share, or read more rows)',
    ]);
    expect(await failureOf(reading(csv, { kind: 'by_time', validation: 0.5, test: 0.5 }))).toEqual([
      'empty-split at data: the train part is empty: of 2 rows 0% is not one (give it a larger share, or read more rows)',
    ]);
    const folds = (first: string, second: string) =>
      reading(`user,item,time,fold\na,x,1,${first}\na,y,2,${second}\n`, { kind: 'column', column: 'fold' });
    expect(await failureOf(folds('train', 'train'))).toEqual([
      'empty-split at data: the validation part is empty: of 2 rows none has fold = validation or test (give it a larger share, or read more rows)',
    ]);
    expect(await failureOf(folds('test', 'validation'))).toEqual([
      'empty-split at data: the train part is empty: of 2 rows none has fold = train (give it a larger share, or read more rows)',
    ]);
  });

  it('of the two that a column may hold out is none', async () => {
    const csv = 'user,item,time,fold\na,x,1,train\na,y,2,test\n';
    const data = await reading(csv, { kind: 'column', column: 'fold' });
    expect(itemsOf(data)).toEqual([['x'], [], ['y']]);
    expect(data.protocol[0]).toBe('Split by the column `fold`: 1 training and 1 test events, no validation part.');
    const other = await reading(csv.replace('test', 'validation'), { kind: 'column', column: 'fold' });
    expect(itemsOf(other)).toEqual([['x'], ['y'], []]);
  });

  it('that was asked to be empty is none', async () => {
    const data = await reading(tenEvents, { kind: 'by_time', validation: 0, test: 0.1 });
    expect(itemsOf(data).map((items) => items.length)).toEqual([9, 0, 1]);
    expect(data.protocol[0]).toBe(
      'Split by time, the last 10% for test: 9 training and 1 test events, no validation part.',
    );
  });
});

describe('only the training part teaches', () => {
  it('an id of the validation part alone is unseen, whatever the items file has', async () => {
    const folder = folderWith({
      'events.csv': 'user,item,time,place\na,x,1,home\nb,y,2,home\na,x,3,home\nnew,late,4,office\na,x,5,home\n',
      'items.csv': 'item,price,kind\nx,1,p\ny,3,q\nlate,1000,r\n',
    });
    const { encodings, parts, corpus } = await readDataset(
      describeData({
        folder,
        items: 'items.csv',
        time: 'time',
        split: { kind: 'by_time', validation: 0.2, test: 0.2 },
      }),
      needsOf(
        { user: { encoder: vocabulary }, place: { encoder: vocabulary } },
        {
          item: { encoder: vocabulary },
          kind: { encoder: vocabulary },
          price: { encoder: { kind: 'standardize', log: false } },
          bucket: { encoder: { kind: 'quantiles', buckets: 2, log: false }, column: 'price' },
        },
      ),
    );
    expect(encodings.get('user')).toEqual({ kind: 'vocabulary', values: ['a', 'b'] });
    expect(encodings.get('item')).toEqual({ kind: 'vocabulary', values: ['x', 'y'] });
    expect(encodings.get('place')).toEqual({ kind: 'vocabulary', values: ['home'] });
    expect(encodings.get('kind')).toEqual({ kind: 'vocabulary', values: ['p', 'q'] });
    expect((encodings.get('price') as { mean: number }).mean).toBeCloseTo(5 / 3, 12);
    expect(encodings.get('bucket')).toEqual({ kind: 'boundaries', boundaries: [3], log: false });
    for (const feature of ['user', 'item', 'place', 'kind']) {
      expect(valuesOf(parts.validation.features.get(feature)!, 1)).toEqual([0]);
    }
    expect([...corpus.trainingCounts]).toEqual([2, 1, 0]);
    // It is in the corpus, so an evaluation can count it as a miss.
    expect([...parts.validation.item]).toEqual([2]);
  });

  it('a value that is rarer than `min_count` is unseen', async () => {
    const folder = folderWith({ 'events.csv': 'user,item\na,x\na,y\nb,x\n' });
    const { encodings } = await readDataset(
      describeData({ folder }),
      needsOf({ user: { encoder: vocabulary } }, { item: { encoder: { kind: 'vocabulary', minimumCount: 2 } } }),
    );
    expect(encodings.get('item')).toEqual({ kind: 'vocabulary', values: ['x'] });
  });
});
