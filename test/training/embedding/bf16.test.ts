import { afterEach, describe, expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { setSpaceLimit } from '../../../src/training/embedding/kernel_memory.ts';
import { makeTable, type Table } from '../../../src/training/embedding/table.ts';
import { optimizerPlan, sameBits } from './fixtures.ts';

afterEach(() => setSpaceLimit());

const made = (rows: number, dim: number, kind: Parameters<typeof optimizerPlan>[0], precision?: 'bf16'): Table => {
  const optimizer = optimizerPlan(kind, { epsilon: 1e-6 });
  const table = makeTable({ name: 'items', rows, dim, optimizer, ...(precision ? { precision } : {}) });
  table.initialize(7, 0.5);
  return table;
};

/** A step on these rows, all with one gradient. */
function step(table: Table, codes: readonly number[], gradient: (at: number) => number): void {
  const lookup = table.lookup({ kind: 'one' });
  lookup.reserve(codes.length, codes.length);
  lookup.codes().set(codes);
  lookup.accumulate(lookup.gather(codes.length).map((_, at) => gradient(at)));
  table.update();
  lookup.close();
}

/** Between neighbours of a number in bfloat16, which keeps 8 bits. */
const gap = (value: number): number => 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);

const isHalf = (value: number): boolean => (new Uint32Array(Float32Array.of(value).buffer)[0]! & 0xffff) === 0;

describe('rows of bfloat16', () => {
  test('begin next to those of float32, take half of the memory, and come back through a file as they are', () => {
    const [whole, half] = [made(500, 9, 'sgd').values(), made(500, 9, 'sgd', 'bf16')];
    const values = half.read();
    expect(values.every(isHalf)).toBe(true);
    expect(values.every((value, at) => Math.abs(value - whole[at]!) < gap(whole[at]!))).toBe(true);
    expect(half.bytes).toBe(500 * 9 * 2);
    const again = made(500, 9, 'sgd', 'bf16');
    again.load(values);
    expect(sameBits(again.read(), values)).toBe(true);
  });

  test.each(['sgd', 'momentum', 'row_adagrad', 'adagrad', 'adam', 'lamb'] as const)(
    'a step of %s is that of float32, rounded to a neighbour; the state is that of float32',
    (kind) => {
      const half = made(300, 6, kind, 'bf16');
      const whole = made(300, 6, kind);
      whole.load(half.read());
      const codes = [5, 299, 64, 128, 17];
      for (const table of [whole, half]) step(table, codes, (at) => Math.sin(at));
      const expected = whole.values();
      const actual = half.read();
      expect(actual.every(isHalf)).toBe(true);
      expect(actual.every((value, at) => Math.abs(value - expected[at]!) <= gap(expected[at]!))).toBe(true);
      for (const [slot, numbers] of Object.entries(whole.state()))
        expect(sameBits(half.state()[slot]!, numbers)).toBe(true);
    },
  );

  test('the mean of rounded steps is the step: rounding to the nearest would never move', () => {
    const rows = 4_000;
    const table = made(rows, 4, 'sgd', 'bf16');
    // Neighbours of 1 are 2⁻⁷ apart above it. A step is 1/20 of that, at rate 0.1.
    table.load(new Float32Array(rows * 4).fill(1));
    const steps = 10;
    const each = 2 ** -7 / 20;
    const codes = Array.from({ length: rows }, (_, row) => row);
    for (let at = 0; at < steps; at++) step(table, codes, () => -each / 0.1);
    const values = table.read();
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    // A step has a variance of at most each × 2⁻⁷; 16,000 numbers.
    const error = Math.sqrt((steps * each * 2 ** -7) / values.length);
    expect(Math.abs(mean - 1 - steps * each)).toBeLessThan(4 * error);
    expect(new Set(values).size).toBeGreaterThan(1);
  });

  test('several memories and a run that goes on have the bits of one run in one memory', () => {
    const random = makeRandom(9);
    const batches = Array.from({ length: 6 }, () => [
      ...new Set(Array.from({ length: 200 }, () => random.integer(60_000))),
    ]);
    const train = (table: Table, from: number, to: number): void => {
      for (const codes of batches.slice(from, to)) step(table, codes, (at) => Math.cos(at));
    };
    const one = made(60_000, 16, 'adam', 'bf16');
    setSpaceLimit(2 ** 20);
    const several = made(60_000, 16, 'adam', 'bf16');
    setSpaceLimit();
    expect(sameBits(several.read(), one.read())).toBe(true);
    train(one, 0, 3);
    const resumed = made(60_000, 16, 'adam', 'bf16');
    resumed.load(one.read(), one.state());
    train(one, 3, 6);
    train(resumed, 3, 6);
    train(several, 0, 6);
    expect(sameBits(several.read(), one.read())).toBe(true);
    expect(sameBits(resumed.read(), one.read())).toBe(true);
  });
});
