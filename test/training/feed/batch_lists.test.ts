/** The parts of a batch: which rows each has, and what fills up an empty one. */
import { describe, expect, it } from 'vitest';
import { windowsOf } from '../../../src/data/rows/windows.ts';
import { makeParts } from '../../../src/training/feed/batch_lists.ts';
import { bags, events, feederOf } from './fixtures.ts';

const lengths = [1, 2, 4];
const listOf = [0, 1, 2, 2, 1, 0];

describe('the parts of a batch', () => {
  const of = makeParts({ lengths, lengthOf: (event) => listOf[event]! });

  it('have the rows whose lists fit, in the order of the batch', () => {
    const [short, medium] = of(Int32Array.of(2, 0, 4, 3));
    expect([...short!.rows]).toEqual([0, 4]);
    expect([...short!.positions]).toEqual([1, 2]);
    expect([...medium!.rows]).toEqual([2, 3]);
    expect([...medium!.positions]).toEqual([0, 3]);
    expect([...medium!.known]).toEqual([1, 1]);
    expect(short!.sequences).toBeUndefined();
  });

  it('are filled up by a row that counts nothing where they have none', () => {
    const [, , long] = of(Int32Array.of(2, 0));
    expect([...long!.rows]).toEqual([2]);
    expect([...long!.positions]).toEqual([0]);
    expect([...long!.known]).toEqual([0]);
  });

  it('have the whole sequences of their events, where the targets are positions', () => {
    const column = { ...bags([1, 3, 2]), starts: new Int32Array(6), ends: Int32Array.of(1, 2, 3, 3, 0, 2) };
    const windows = windowsOf({ column }, 6);
    const [short, long] = makeParts({ lengths: [2, 3], lengthOf: () => 3, windows })(Int32Array.of(0, 1));
    expect([...long!.sequences!.rows]).toEqual([2]);
    expect([...long!.sequences!.positions]).toEqual([0, 1]);
    expect([...short!.sequences!.rows]).toEqual([2]);
    expect([...short!.sequences!.positions]).toEqual([0]);
  });
});

describe('a feeder of parts', () => {
  const rows = (length: number) => ({ kind: 'part', feature: 'history', length }) as const;
  const feeder = feederOf(
    {
      short: { from: 'sequence', feature: 'history', rows: rows(1) },
      mask: { from: 'mask', feature: 'history', rows: rows(1) },
      places: { from: 'part_places', rows: rows(1) },
      known: { from: 'part_known', rows: rows(1) },
      long: { from: 'sequence', feature: 'history', rows: rows(3) },
      user: { from: 'embedding', feature: 'user_id', pool: 'none', rows: rows(3) },
      'long/places': { from: 'part_places', rows: rows(3) },
      'long/known': { from: 'part_known', rows: rows(3) },
    },
    { events },
  );

  it('gives the lists of each part in as many places as it has', () => {
    // Elements of the lists: 0, 1, 0, 1, 0, 1.
    const inputs = feeder.inputs(Int32Array.of(0, 1, 3), 1, { rate: 0.01 });
    expect(inputs.short!.shape).toEqual([3, 1, 2]);
    expect([...inputs.mask!.data]).toEqual([0, 1, 1]);
    expect([...inputs.places!.data]).toEqual([0, 1, 2]);
    expect(inputs.long!.shape).toEqual([1, 3, 2]);
    expect([...inputs['long/known']!.data]).toEqual([0]);
    expect(inputs.user!.shape).toEqual([1, 2]);
    expect([...feeder.rowsOf(rows(1))]).toEqual([0, 1, 3]);
  });
});
