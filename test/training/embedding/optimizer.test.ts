import { describe, expect, test } from 'vitest';
import type { RowOptimizerPlan } from '../../../src/graph/plan/plan.ts';
import { adamCorrections } from '../../../src/training/embedding/optimizer.ts';
import { makeTable } from '../../../src/training/embedding/table.ts';
import { optimizerPlan } from './fixtures.ts';

/** A table of one row [1, 2] after steps with these gradients. */
function stepped(plan: RowOptimizerPlan, ...gradients: readonly [number, number][]) {
  const table = makeTable({ name: 'one', rows: 1, dim: 2, optimizer: plan });
  table.initialize(1, 1);
  table.values().set([1, 2]);
  const lookup = table.lookup({ kind: 'one' });
  for (const gradient of gradients) {
    lookup.reserve(1, 1);
    lookup.codes()[0] = 0;
    lookup.gather(1);
    lookup.accumulate(Float32Array.from(gradient));
    table.update();
  }
  return table;
}

describe('one step, worked by hand', () => {
  test('sgd: w − 0.1 g', () => {
    const values = stepped(optimizerPlan('sgd'), [3, -4]).values();
    expect(values[0]).toBeCloseTo(0.7, 6);
    expect(values[1]).toBeCloseTo(2.4, 6);
  });

  test('sgd with decay 0.5: w (1 − 0.05) − 0.1 g', () => {
    const values = stepped(optimizerPlan('sgd', { weightDecay: 0.5 }), [3, -4]).values();
    expect(values[0]).toBeCloseTo(0.65, 6);
    expect(values[1]).toBeCloseTo(2.3, 6);
  });

  test('adagrad from 0: the first move is the rate, the second the rate × g ÷ √Σg²', () => {
    const plan = optimizerPlan('adagrad', { initialAccumulator: 0 });
    const table = stepped(plan, [3, -4], [4, -3]);
    expect(table.values()[0]).toBeCloseTo(1 - 0.1 - (0.1 * 4) / 5, 6);
    expect(table.values()[1]).toBeCloseTo(2 + 0.1 + (0.1 * 3) / 5, 6);
    expect(table.state().sum).toEqual(Float32Array.of(25, 25));
  });

  test('row_adagrad from 0: one sum a row, of the mean square (3² + 4²) ÷ 2', () => {
    const table = stepped(optimizerPlan('row_adagrad', { initialAccumulator: 0 }), [3, -4]);
    expect(table.state().sum).toEqual(Float32Array.of(12.5));
    expect(table.values()[0]).toBeCloseTo(1 - (0.1 * 3) / Math.sqrt(12.5), 6);
    expect(table.values()[1]).toBeCloseTo(2 + (0.1 * 4) / Math.sqrt(12.5), 6);
  });

  test('adam: the first move is the rate against the sign, whatever the size of g', () => {
    const table = stepped(optimizerPlan('adam'), [1e-3, -50]);
    expect(table.values()[0]).toBeCloseTo(0.9, 4);
    expect(table.values()[1]).toBeCloseTo(2.1, 6);
    expect(table.state().steps).toEqual(Int32Array.of(1));
    expect(table.state().mean![1]).toBeCloseTo(-5, 5);
    expect(table.state().square![1]).toBeCloseTo(2.5, 4);
  });
});

test('the corrections of adam end where they are 1 in float32, and hold what Kingma & Ba write', () => {
  const corrections = adamCorrections({ beta1: 0.9, beta2: 0.999 });
  const count = corrections.length / 2;
  expect(count).toBeGreaterThan(10_000);
  expect(count).toBeLessThan(20_000);
  expect(corrections[0]).toBeCloseTo(Math.sqrt(0.001) / 0.1, 6);
  expect(corrections[2 * 499]).toBeCloseTo(Math.sqrt(1 - 0.999 ** 500) / (1 - 0.9 ** 500), 6);
  expect([corrections.at(-2), corrections.at(-1)]).toEqual([1, 1]);
});
