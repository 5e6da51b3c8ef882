import { describe, expect, it } from 'vitest';
import {
  makeRandom,
  type RandomBits,
  shuffleIndexes,
  shuffleIndexesInBuckets,
} from '../../../src/base/random/random.ts';

/** 32 bits out of two draws of 16. */
function drawsOf(seed: number): RandomBits {
  const { integer } = makeRandom(seed, 7);
  return { integer, bits: () => integer(65_536) * 65_536 + integer(65_536) };
}

describe.each([
  ['one by one', shuffleIndexes],
  ['in buckets', shuffleIndexesInBuckets],
])('a permutation that is drawn %s', (_, permutation) => {
  it.each([0, 1, 2, 3, 5, 257, 10_000])('of %i numbers has each once', (length) => {
    const order = permutation(length, drawsOf(length));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
  });

  it('is each order of four numbers as often as any other', () => {
    const counts = new Map<string, number>();
    const draws = drawsOf(3);
    const rounds = 24_000;
    for (let round = 0; round < rounds; round++) {
      const order = permutation(4, draws).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // χ² of 23 degrees of freedom: it is above 50 once in a thousand.
    const expected = rounds / 24;
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(50);
  });

  it('puts each of many numbers into each tenth of the places alike', () => {
    const length = 5_000;
    const [found, draws] = [new Float64Array(100), drawsOf(9)];
    for (let round = 0; round < 20; round++) {
      permutation(length, draws).forEach((number, place) => {
        found[10 * Math.floor((10 * number) / length) + Math.floor((10 * place) / length)]!++;
      });
    }
    // 81 degrees of freedom: above 130 once in several thousand.
    const expected = (20 * length) / 100;
    const chi = found.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(130);
  });
});

it('follows from the seed, also of numbers so many that they go into buckets', () => {
  const many = 2 ** 22 + 3;
  const order = makeRandom(5, 1).permutation(many);
  expect(Buffer.from(order.buffer).equals(Buffer.from(makeRandom(5, 1).permutation(many).buffer))).toBe(true);
  const found = new Uint8Array(many);
  for (const number of order) found[number]!++;
  expect(found.every((count) => count === 1)).toBe(true);
  expect([...order.subarray(0, 100)]).not.toEqual([...makeRandom(5, 2).permutation(many).subarray(0, 100)]);
});
