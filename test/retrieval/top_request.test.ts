/** Shares are what each task adds, and they add up to the score: next to sums written out, and for any vectors. */

import { describe, expect, it } from 'vitest';
import { makeSnapshot } from '../../src/retrieval/snapshot.ts';
import type { RetrievalObjective } from '../../src/retrieval/vectors.ts';
import fc from '../fast_check.ts';

const blocks = [
  { name: 'click', from: 0, to: 1, factor: 0.5 },
  { name: '__proto__', from: 1, to: 3, factor: -2 },
] as const;

const snapshotOf = (vectors: readonly (readonly number[])[], objectives: readonly RetrievalObjective[]) => {
  const width = vectors[0]!.length;
  const data = Float32Array.from(vectors.flat());
  const keys = vectors.map((_, row) => `m${row}`);
  return makeSnapshot({ version: '1', items: { vectors: { data, rows: keys.length, width }, keys }, objectives });
};

describe('shares', () => {
  const small = snapshotOf(
    [
      [1, 2, 3],
      [4, 0, -1],
    ],
    blocks,
  );
  const ask = (request: object) =>
    small
      .top([{ vectors: [[2, 1, 10]], k: 2, shares: true, ...request }])[0]!
      .items.map((item) => [item.key, item.score, ...Object.values(item.shares!)]);

  it('are the sums of the columns of each task, as weights change them', () => {
    // m0: 2·1 + (1·2 + 10·3); m1: 2·4 + (1·0 − 10·1)
    expect(ask({})).toEqual([
      ['m0', 34, 2, 32],
      ['m1', -2, 8, -10],
    ]);
    // The vector has the factor 0.5 of `click`: a weight of 1 doubles its columns.
    expect(ask({ weights: { click: 1 } })).toEqual([
      ['m0', 36, 4, 32],
      ['m1', 6, 16, -10],
    ]);
    expect(ask({ weights: Object.fromEntries([['__proto__', 0]]) })).toEqual([
      ['m1', 8, 8, 0],
      ['m0', 2, 2, 0],
    ]);
  });

  it('are those of the interest that gives an item its score', () => {
    const vectors = [
      [1, 0, 0],
      [0, 0, 2],
    ];
    expect(ask({ vectors })).toEqual([
      ['m0', 6, 0, 6],
      ['m1', 4, 4, 0],
    ]);
  });

  it('have the names of the tasks, and are only there where they are asked for', () => {
    const [{ items }] = small.top([{ vectors: [[2, 1, 10]], k: 1, shares: true }]) as [ReturnType<typeof small.top>[0]];
    expect(Object.keys(items[0]!.shares!)).toEqual(['click', '__proto__']);
    expect(small.top([{ vectors: [[2, 1, 10]], k: 1 }])[0]!.items[0]).not.toHaveProperty('shares');
  });

  it('are refused where nothing says whose the columns are', () => {
    expect(() => snapshotOf([[1]], []).top([{ vectors: [[1]], k: 1, shares: true }])).toThrow(
      'does not say which numbers of a vector belong to which task',
    );
  });

  it('add up to the score, and each is the score of its task alone', () => {
    const number = fc.float({ min: -100, max: 100, noNaN: true });
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 100, noNaN: true }));
    const wide = (width: number) => fc.array(number, { minLength: width, maxLength: width });
    const cases = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }).chain((widths) => {
      const width = widths.reduce((sum, each) => sum + each, 0);
      return fc.record({
        widths: fc.constant(widths),
        items: fc.array(wide(width), { minLength: 1, maxLength: 8 }),
        vectors: fc.array(wide(width), { minLength: 1, maxLength: 4 }),
        weights: fc.array(weight, { minLength: widths.length, maxLength: widths.length }),
      });
    });
    fc.assert(
      fc.property(cases, ({ widths, items, vectors, weights }) => {
        let to = 0;
        const objectives = widths.map((width, at) => ({
          name: `t${at}`,
          from: to,
          to: (to += width),
          factor: 0.5 + at,
        }));
        const weighing = Object.fromEntries(weights.map((each, at) => [`t${at}`, each]));
        const snapshot = snapshotOf(items, objectives);
        const [answer] = snapshot.top([{ vectors, k: items.length, weights: weighing, shares: true }]);
        for (const { row, score, shares } of answer!.items) {
          const values = Object.values(shares!);
          const size = values.reduce((sum, each) => sum + Math.abs(each), 1);
          expect(Math.abs(values.reduce((sum, each) => sum + each, 0) - score)).toBeLessThan(size * 2 ** -24);
          // Of one of the interests, all shares by plain sums.
          const byHand = vectors.map((vector) =>
            objectives.map(({ from, to: end, factor }, at) => {
              let sum = 0;
              for (let i = from; i < end; i++) sum += ((vector[i]! * weights[at]!) / factor) * items[row]![i]!;
              return sum;
            }),
          );
          const error = (own: readonly number[]): number =>
            Math.max(...own.map((each, at) => Math.abs(each - values[at]!)));
          expect(Math.min(...byHand.map(error))).toBeLessThan(1e-4);
        }
      }),
    );
  });
});
