import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';

describe('random', () => {
  it('gives the same numbers for the same stream, and others for another', () => {
    const draw = (...stream: number[]) => Array.from({ length: 8 }, makeRandom(...stream).next);
    expect(draw(1, 2)).toEqual(draw(1, 2));
    expect(draw(1, 2)).not.toEqual(draw(2, 1));
    expect(draw(1)).not.toEqual(draw(1, 0));
  });

  it('is uniform: each of 16 bins holds its share within five deviations', () => {
    const random = makeRandom(7);
    const bins = new Array<number>(16).fill(0);
    const draws = 160_000;
    for (let i = 0; i < draws; i++) bins[Math.floor(random.next() * 16)]! += 1;
    const deviation = Math.sqrt(draws * (1 / 16) * (15 / 16));
    for (const bin of bins) expect(Math.abs(bin - draws / 16)).toBeLessThan(5 * deviation);
  });

  it('permutes: every number once, and not in order', () => {
    const order = makeRandom(3).permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
  });

  it('stays exact in float32 and below one', () => {
    const target = new Float32Array(10_000);
    makeRandom(9).fill(target, 0, 1);
    expect(Math.max(...target)).toBeLessThan(1);
    expect(Math.min(...target)).toBeGreaterThanOrEqual(0);
  });
});
