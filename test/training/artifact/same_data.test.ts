import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import { differenceOfData, type LoadedModel } from '../../../src/training/artifact/load.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';

const root = temporaryFolder();
let trained: LoadedModel;
beforeAll(async () => {
  trained = await trainSmall(root);
});

/** The data with one number of one of its arrays changed. */
function changed(what: 'year' | 'genres' | 'item' | 'liked' | 'keys'): Dataset {
  const other = structuredClone(dataset);
  const { parts, corpus } = other;
  if (what === 'item') parts.train.item[3]! ^= 1;
  else if (what === 'liked') parts.validation.labels.get('liked')![0] = 0.5;
  else if (what === 'keys') (corpus.keys as string[])[0] = 'another';
  else corpus.features.get(what)!.column.values[0]! += 1;
  return other;
}

describe('data', () => {
  it('that was read again is the same', () => {
    expect(differenceOfData(trained, structuredClone(dataset))).toBeUndefined();
  });

  it.each([
    ['year', '`year` has other values'],
    ['genres', '`genres` has other values'],
    ['item', 'its events, items or users differ'],
    ['liked', 'its events, items or users differ'],
    ['keys', 'its events, items or users differ'],
  ] as const)('in which one number of %s changed differs', (what, reason) => {
    expect(differenceOfData(trained, changed(what))).toBe(reason);
  });

  it('that has grown differs by the number of what was added', () => {
    const { parts, corpus, users } = changed('keys');
    const grown = { ...dataset, parts, corpus: { ...corpus, rows: corpus.rows + 2 } };
    expect(differenceOfData(trained, grown)).toBe('it has 2 more items');
    const fewer = { ...grown, users: { ...users, rows: users.rows - 1 } };
    expect(differenceOfData(trained, fewer)).toBe('it has 2 more items, 1 fewer user');
  });

  it('that encodes otherwise is refused', () => {
    const encodings = new Map(dataset.encodings).set('genres', { kind: 'vocabulary', values: ['b', 'a', 'c'] });
    expect(() => differenceOfData(trained, { ...dataset, encodings })).toThrow('`genres` encodes differently');
  });
});
