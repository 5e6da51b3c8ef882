import { afterEach, describe, expect, test } from 'vitest';
import { makeRandom, type Random } from '../../../src/base/random/random.ts';
import { isChunked } from '../../../src/base/storage/tensor_header.ts';
import { setSpaceLimit } from '../../../src/training/embedding/kernel_memory.ts';
import { rowOptimizers } from '../../../src/training/embedding/optimizer.ts';
import { makeTable, type Table } from '../../../src/training/embedding/table.ts';
import type { TableLookupKind } from '../../../src/training/embedding/table_lookup.ts';
import type { TableOptions } from '../../../src/training/embedding/table_memory.ts';
import { optimizerPlan, sameBits } from './fixtures.ts';

afterEach(() => setSpaceLimit());

const kinds = Object.keys(rowOptimizers) as (keyof typeof rowOptimizers)[];
const lookups: readonly TableLookupKind[] = ['one', 'mean', 'sum', 'weighted', 'sequence'];

/** Made while memories hold so many bytes. */
function madeWithin(bytes: number, options: TableOptions): Table {
  setSpaceLimit(bytes);
  const table = makeTable(options);
  setSpaceLimit();
  table.initialize(7, 0.5);
  return table;
}

/** Looks up with every kind, learns from all of them, and updates: what was gathered in each step. */
function run(table: Table, steps: number, random: Random): Float32Array[] {
  const length = 5;
  const all = lookups.map((kind) => ({ kind, lookup: table.lookup({ kind, length }) }));
  const gathered: Float32Array[] = [];
  for (let step = 0; step < steps; step++) {
    const count = 40;
    const bags = Array.from({ length: count }, () => random.integer(length + 1));
    const total = bags.reduce((sum, each) => sum + each, 0);
    for (const { kind, lookup } of all) lookup.reserve(count, kind === 'one' ? count : total);
    for (const { kind, lookup } of all) {
      const codes = lookup.codes();
      // Half of them come often, so that rows repeat within a step.
      for (let i = 0; i < (kind === 'one' ? count : total); i++) {
        codes[i] = random.integer(i % 2 === 0 ? 20 : table.rows);
      }
      if (kind === 'weighted') random.fill(lookup.shares(), -1, 1);
      if (kind !== 'one') {
        let end = 0;
        lookup.offsets().set([0, ...bags.map((bag) => (end += bag))]);
      }
    }
    // A look-up leaves what another one gathered.
    const outs = all.map(({ lookup }) => lookup.gather(count)).map((out) => out.slice());
    gathered.push(...outs);
    for (const [at, { lookup }] of all.entries()) {
      lookup.accumulate(outs[at]!.map((value) => Math.fround(value * 0.5 + 0.01)));
    }
    table.update(1 - step / 10);
  }
  return gathered;
}

describe.each(kinds)('%s', (kind) => {
  test.each([
    [16, 40_000],
    [7, 70_001],
  ])('rows of several memories have the bits of one, %i wide', (dim, rows) => {
    const optimizer = optimizerPlan(kind, { weightDecay: 0.01, l2: 0.001, epsilon: 1e-6 });
    const options = { name: 'items', rows, dim, optimizer };
    const one = makeTable(options);
    one.initialize(7, 0.5);
    const several = madeWithin(2 ** 20, options);
    expect(isChunked(several.numbers())).toBe(true);
    expect(sameBits(several.read(), one.values())).toBe(true);
    const expected = run(one, 4, makeRandom(3));
    const actual = run(several, 4, makeRandom(3));
    expect(actual.every((each, at) => sameBits(each, expected[at]!))).toBe(true);
    expect(sameBits(several.read(), one.values())).toBe(true);
    const [state, other] = [several.state(), one.state()];
    expect(Object.keys(state)).toEqual(Object.keys(other));
    for (const [slot, numbers] of Object.entries(other)) expect(sameBits(state[slot]!, numbers), slot).toBe(true);
  });
});

test('64 MiB a memory', () => {
  const options = { name: 'items', rows: 400_000, dim: 16, optimizer: optimizerPlan('adam') };
  const one = makeTable(options);
  one.initialize(7, 0.5);
  const several = madeWithin(64 * 2 ** 20, options);
  expect(run(several, 2, makeRandom(4)).every((each, at) => each.every(Number.isFinite) && at >= 0)).toBe(true);
  run(one, 2, makeRandom(4));
  expect(sameBits(several.read(), one.values())).toBe(true);
});

test('values and state of one table load into a table of other memories', () => {
  const options = { name: 'items', rows: 20_000, dim: 8, optimizer: optimizerPlan('adam') };
  const first = madeWithin(2 ** 19, options);
  run(first, 3, makeRandom(5));
  const second = makeTable(options);
  second.load(first.read(), first.state());
  const third = madeWithin(2 ** 20, options);
  third.load(second.values(), second.state());
  for (const table of [first, second, third]) run(table, 2, makeRandom(6));
  expect(sameBits(second.values(), first.read())).toBe(true);
  expect(sameBits(third.read(), first.read())).toBe(true);
});

test('numbers of a table are read and written in pieces of rows', () => {
  const table = madeWithin(128 * 1024, { name: 'items', rows: 2_000, dim: 16 });
  const numbers = table.numbers();
  if (!isChunked(numbers)) throw new Error('one memory has it');
  const all = table.read();
  const piece = new Float32Array(5 * 16);
  numbers.read(130 * 16, piece);
  expect(piece).toEqual(all.subarray(130 * 16, 135 * 16));
  numbers.write(
    64 * 16,
    piece.map((value) => value + 1),
  );
  expect(table.read().subarray(64 * 16, 69 * 16)).toEqual(piece.map((value) => value + 1));
});

test('no array has the rows of several memories, and a table that 64 memories do not hold is refused', () => {
  const table = madeWithin(128 * 1024, { name: 'items', rows: 2_000, dim: 16 });
  expect(() => table.values()).toThrow('the limit is');
  setSpaceLimit(128 * 1024);
  expect(() => makeTable({ name: 'items', rows: 200_000, dim: 16 })).toThrow('the limit is');
});
