import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { Vectors } from '../../../src/retrieval/vectors.ts';
import { ItemScores } from '../../../src/training/scoring/retrieval_scorer.ts';
import { expectClose } from '../../compiler/library/support.ts';
import { engineOrSkip, names } from '../../engines/support.ts';

const width = 6;
const vectors = (rows: number, seed: number, interests?: number): Vectors => {
  const data = new Float32Array(rows * width * (interests ?? 1));
  makeRandom(seed).fill(data, -1, 1);
  return { data, rows, width, ...(interests === undefined ? {} : { interests }) };
};

/** Of a query the largest over its interests, one number after another. */
function byHand(queries: Vectors, items: Vectors, from: number, to: number): number[] {
  const { interests = 1 } = queries;
  const dot = (row: number, item: number): number => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += queries.data[row * width + i]! * items.data[item * width + i]!;
    return sum;
  };
  const scores: number[] = [];
  for (let row = 0; row < queries.rows; row++) {
    for (let item = from; item < to; item++) {
      scores.push(Math.max(...Array.from({ length: interests }, (_, at) => dot(row * interests + at, item))));
    }
  }
  return scores;
}

describe.each(names)('on %s', (name) => {
  it.each([undefined, 3])('are inner products, the largest of %s vectors of a query', async (interests) => {
    const engine = await engineOrSkip(name);
    if (!engine) return;
    const scores = new ItemScores(engine, interests);
    const queries = vectors(5, 1, interests);
    for (const items of [vectors(11, 2), vectors(11, 3)]) {
      scores.setItems(items);
      expectClose(await scores.all(queries), byHand(queries, items, 0, 11), 1e-6);
      for (const [from, to] of [
        [0, 11],
        [0, 4],
        [4, 8],
        [8, 11],
      ] as const) {
        expectClose(await scores.scoreRange(queries, from, to), byHand(queries, items, from, to), 1e-6);
      }
    }
    expect((await scores.all(vectors(2, 4, interests))).length).toBe(22);
    await scores.close();
  });
});
