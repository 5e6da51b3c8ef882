import { expect, it } from 'vitest';
import { verdictOf } from '../../src/init/verdict.ts';

const model = { name: 'model', figure: 0.1 };

it.each([
  [[{ name: 'popularity', figure: 0.05 }], 10_000, 'The model beats popularity (0.0500): its recall@10 is 0.1000.'],
  [[{ name: 'item_cf', figure: 0.2 }], 10_000, 'The model does not beat item_cf (0.2000): its recall@10 is 0.1000.'],
  // Twice the standard error of two shares of 100 rankings is 0.078: 2 √((0.1 × 0.9 + 0.08 × 0.92) / 100).
  [
    [{ name: 'item_cf', figure: 0.08 }],
    100,
    'The model cannot be distinguished from item_cf (0.0800) by 100 test rankings: its recall@10 is 0.1000.',
  ],
  [
    [
      { name: 'random', figure: 0.001 },
      { name: 'popularity', figure: 0.05 },
      { name: 'item_cf', figure: 0.2 },
    ],
    10_000,
    'The model beats random (0.0010) and popularity (0.0500) and does not beat item_cf (0.2000): its recall@10 is 0.1000.',
  ],
])('%j by %d rankings', (baselines, rankings, expected) => {
  expect(verdictOf('recall@10', model, baselines, rankings)).toBe(expected);
});
