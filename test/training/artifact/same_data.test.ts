import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import { type LoadedModel, refuseOtherData } from '../../../src/training/artifact/load.ts';
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
    expect(refuseOtherData(trained, structuredClone(dataset))).toEqual([]);
  });

  it.each([
    ['year', '`year` has other values'],
    ['genres', '`genres` has other values'],
    ['item', 'its events differ'],
    ['liked', 'its events differ'],
    ['keys', 'its events differ'],
  ] as const)('in which one number of %s changed is refused; named by the user, it is reported', (what, reason) => {
    expect(() => refuseOtherData(trained, changed(what))).toThrow(
      `the data differs from the data of the training: ${reason}`,
    );
    expect(refuseOtherData(trained, changed(what), true)).toEqual([expect.stringContaining(reason)]);
  });

  it('that encodes otherwise is refused, named or not', () => {
    const encodings = new Map(dataset.encodings).set('genres', { kind: 'vocabulary', values: ['b', 'a', 'c'] });
    expect(() => refuseOtherData(trained, { ...dataset, encodings }, true)).toThrow('`genres` encodes differently');
  });
});
