import { describe, expect, test } from 'vitest';
import type { Draw } from '../../../src/graph/plan/plan.ts';
import { drawChance, makeAlias, makeSampler } from '../../../src/training/feed/item_sampler.ts';
import { corpus } from './fixtures.ts';

function share(draw: Draw, counts: readonly number[]): number[] {
  const sampler = makeSampler({ ...corpus, rows: counts.length, trainingCounts: Int32Array.from(counts) }, draw, 1);
  const seen = counts.map(() => 0);
  const rows = new Int32Array(1000);
  for (let step = 0; step < 40; step++) {
    sampler(step, rows);
    for (const row of rows) seen[row]!++;
  }
  return seen.map((each) => each / 40_000);
}

/** 5 standard deviations of a share of 40,000 draws. */
const near = (actual: number, expected: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(5 * Math.sqrt((expected * (1 - expected)) / 40_000));

describe('sampled items', () => {
  test('uniform: every item of the training part alike, and no other', () => {
    share({ by: 'uniform' }, [7, 0, 1, 0, 2]).forEach((each, i) => {
      near(each, [1 / 3, 0, 1 / 3, 0, 1 / 3][i]!);
    });
  });

  test('from the corpus: every item alike, counted or not', () => {
    for (const each of share({ by: 'corpus' }, [7, 0, 1, 0, 2])) near(each, 0.2);
  });

  test.each<Draw>([{ by: 'uniform' }, { by: 'frequency' }, { by: 'frequency', power: 0.5 }, { by: 'corpus' }])(
    '%j: each row as often as its chance says',
    (draw) => {
      for (const counts of [
        [7, 0, 1, 0, 2],
        [0, 0, 0],
      ]) {
        const chance = drawChance({ ...corpus, rows: counts.length, trainingCounts: Int32Array.from(counts) }, draw);
        share(draw, counts).forEach((each, row) => {
          near(each, chance(row));
        });
        expect(chance(-1)).toBe(0);
      }
    },
  );

  test('by frequency: in proportion to the counts, and one without any is never drawn', () => {
    const counts = [50, 0, 1, 9, 0, 40];
    share({ by: 'frequency' }, counts).forEach((each, i) => {
      near(each, counts[i]! / 100);
    });
  });

  test('by a power of the frequency: what is rare is drawn more often than it comes up', () => {
    share({ by: 'frequency', power: 0.5 }, [16, 0, 4, 1]).forEach((each, i) => {
      near(each, [4 / 7, 0, 2 / 7, 1 / 7][i]!);
    });
  });

  test('by frequency where nothing was counted: every item alike', () => {
    for (const each of share({ by: 'frequency' }, [0, 0, 0])) near(each, 1 / 3);
  });

  test('a function of the seed and the step', () => {
    const draw = (seed: number, step: number): Int32Array => {
      const rows = new Int32Array(50);
      makeSampler({ ...corpus, rows: 1000, trainingCounts: new Int32Array(1000) }, { by: 'uniform' }, seed)(step, rows);
      return rows;
    };
    expect(draw(1, 3)).toEqual(draw(1, 3));
    expect(draw(1, 4)).not.toEqual(draw(1, 3));
    expect(draw(2, 3)).not.toEqual(draw(1, 3));
  });
});

test('the alias table holds exactly the weights', () => {
  const weights = Int32Array.from({ length: 101 }, (_, i) => (i * i) % 17);
  const { keep, other } = makeAlias(weights)!;
  const mass = new Float64Array(101);
  for (let i = 0; i < 101; i++) {
    mass[i]! += keep[i]!;
    mass[other[i]!]! += 1 - keep[i]!;
  }
  const total = weights.reduce((sum, each) => sum + each, 0);
  mass.forEach((each, i) => {
    expect(each).toBeCloseTo((weights[i]! * 101) / total, 9);
  });
});
