import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeSource } from '../../src/base/text/source.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import { ItemSums } from '../../src/retrieval/scan/item_weights.ts';

const path = 'models/slim.tower';
const { plan } = compileSource(makeSource(path, readFileSync(path, 'utf8'))).lowered!;

it('has weights from item to item in place of vectors and steps', () => {
  expect(plan.fitted).toEqual({ by: 'slim', list: 'history', keep: 100 });
  expect(plan.towers.map(({ width, features }) => ({ width, features }))).toEqual([
    { width: 0, features: ['history'] },
    { width: 0, features: ['movie_id'] },
  ]);
  expect(plan.tables.map(({ name, dim, encoderOf }) => `${name} ${dim} ${encoderOf}`)).toEqual([
    'item_to_item/neighbours 100 movie_id',
    'item_to_item/weights 100 movie_id',
    'item_to_item/events 1 movie_id',
  ]);
  expect(plan.step.graph.nodes).toEqual([]);
});

it('scores x B, as the paper has it, for a row x of a user', () => {
  // B of three items, without a diagonal; the user has the first and the third.
  const weights = [
    [0, 0.5, 0.25],
    [0.125, 0, 1],
    [2, 0.75, 0],
  ];
  const x = [1, 0, 1];
  const sums = new ItemSums({
    neighbours: Float32Array.of(0, 0, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3),
    weights: Float32Array.of(0, 0, 0, ...weights.flat()),
    events: Float32Array.of(1, 0, 0, 0),
    codes: [1, 2, 3],
    most: plan.features.find(({ name }) => name === 'history')!.max!,
  });
  const product = [0, 1, 2].map((j) => x.reduce((sum, own, i) => sum + own * weights[i]![j]!, 0));
  expect([...sums.weightsOfCodes([1, 3], 0, 2)]).toEqual(product);
});
