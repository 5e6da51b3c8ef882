import { describe, expect, it } from 'vitest';
import { scheduleFactor } from '../../src/training/learning_rates.ts';

const factors = (warmup: number, decay: 'constant' | 'linear' | 'cosine' | 'inverse_sqrt', steps: number) =>
  Array.from({ length: steps }, (_, i) => scheduleFactor({ warmup, decay }, i + 1, steps));

describe('the rate', () => {
  it('rises in a line over the warm-up, and stays', () => {
    expect(factors(4, 'constant', 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  });

  it('falls in a line from 1, and never trains a step at 0', () => {
    expect(factors(0, 'linear', 4)).toEqual([1, 0.75, 0.5, 0.25]);
    expect(factors(2, 'linear', 6)).toEqual([0.5, 1, 1, 0.75, 0.5, 0.25]);
  });

  it.each([
    [0, 7],
    [3, 10],
    [2, 1000],
  ])('after %d steps of warm-up ends step %d at exactly one step before 0', (warmup, steps) => {
    const last = (decay: 'linear' | 'cosine') => scheduleFactor({ warmup, decay }, steps, steps);
    const d = (steps - warmup - 1) / (steps - warmup);
    expect(last('linear')).toBeCloseTo(1 / (steps - warmup), 12);
    expect(last('cosine')).toBeCloseTo((1 + Math.cos(Math.PI * d)) / 2, 12);
    expect(scheduleFactor({ warmup, decay: 'linear' }, steps + 1, steps)).toBe(0);
  });

  it('falls by half a cosine', () => {
    const [first, second, third, fourth] = factors(0, 'cosine', 4);
    expect(first).toBe(1);
    expect(second).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12);
    expect(third).toBeCloseTo(0.5, 12);
    expect(fourth).toBeCloseTo((1 - Math.SQRT1_2) / 2, 12);
  });

  it('falls as one over the root of the step, joining the warm-up', () => {
    expect(factors(0, 'inverse_sqrt', 4)).toEqual([1, Math.SQRT1_2, Math.sqrt(1 / 3), 0.5]);
    expect(scheduleFactor({ warmup: 100, decay: 'inverse_sqrt' }, 100, 1000)).toBe(1);
    expect(scheduleFactor({ warmup: 100, decay: 'inverse_sqrt' }, 400, 1000)).toBe(0.5);
  });

  it('only rises where the warm-up outlasts the run', () => {
    expect(factors(10, 'linear', 4)).toEqual([0.1, 0.2, 0.3, 0.4]);
  });
});
