import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeTable, type Table } from '../../../src/training/embedding/table.ts';
import type { TableLookup, TableLookupKind } from '../../../src/training/embedding/table_lookup.ts';
import fc from '../../fast_check.ts';
import { difference, optimizerPlan, reference, sameBits } from './fixtures.ts';

const bagKinds = ['mean', 'sum', 'sequence'] as const;

/** A table shape and bags of its rows: some empty, codes repeated. */
const shapes = fc
  .record({ rows: fc.integer({ min: 1, max: 40 }), dim: fc.integer({ min: 1, max: 70 }) })
  .chain(({ rows, dim }) =>
    fc.record({
      rows: fc.constant(rows),
      dim: fc.constant(dim),
      bags: fc.array(fc.array(fc.integer({ min: 0, max: rows - 1 }), { maxLength: 9 }), {
        minLength: 1,
        maxLength: 12,
      }),
    }),
  );

function fill(lookup: TableLookup, kind: TableLookupKind, bags: readonly (readonly number[])[]): void {
  const codes = bags.flat();
  lookup.reserve(bags.length, codes.length);
  lookup.codes().set(codes);
  if (kind === 'one') return;
  let end = 0;
  lookup.offsets().set([0, ...bags.map((bag) => (end += bag.length))]);
}

function made(rows: number, dim: number, kind: Parameters<typeof optimizerPlan>[0] = 'sgd'): Table {
  const table = makeTable({ name: 'items', rows, dim, optimizer: optimizerPlan(kind) });
  table.initialize(1, 0.5);
  return table;
}

/** Numbers that differ from place to place, without a generator. */
const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + phase + 0.7 * i));

describe('gather', () => {
  test('one row a code, whatever the width', () => {
    fc.assert(
      fc.property(shapes, ({ rows, dim, bags }) => {
        const table = made(rows, dim);
        const codes = bags.flat();
        const lookup = table.lookup({ kind: 'one' });
        fill(
          lookup,
          'one',
          codes.map((code) => [code]),
        );
        const gathered = lookup.gather(codes.length);
        const values = table.values();
        expect(gathered).toEqual(
          Float32Array.from(codes.flatMap((code) => [...values.subarray(code * dim, (code + 1) * dim)])),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each(['mean', 'sum'] as const)('the %s of each bag; an empty bag is zeros', (kind) => {
    fc.assert(
      fc.property(shapes, ({ rows, dim, bags }) => {
        const table = made(rows, dim);
        const lookup = table.lookup({ kind });
        fill(lookup, kind, bags);
        const expected = bags.flatMap((bag) => reference.bag(table.values(), dim, bag, kind === 'mean'));
        expect(difference(lookup.gather(bags.length), expected)).toBeLessThan(1e-6);
      }),
      { numRuns: 60 },
    );
  });

  test('a sequence has zeros past the end of its bag, also where another batch left numbers', () => {
    fc.assert(
      fc.property(shapes, ({ rows, dim, bags }) => {
        const length = 9;
        const table = made(rows, dim);
        const lookup = table.lookup({ kind: 'sequence', length });
        fill(
          lookup,
          'sequence',
          bags.map(() => Array.from({ length }, () => 0)),
        );
        lookup.gather(bags.length);
        fill(lookup, 'sequence', bags);
        const values = table.values();
        const expected = bags.flatMap((bag) =>
          Array.from({ length: length * dim }, (_, i) => values[bag[Math.floor(i / dim)]! * dim + (i % dim)] ?? 0),
        );
        expect(lookup.gather(bags.length)).toEqual(Float32Array.from(expected));
      }),
      { numRuns: 60 },
    );
  });

  test('bags of a table that is larger than the caches, more codes than are prefetched at a time', () => {
    const table = made(60_000, 20);
    const bags = Array.from({ length: 50 }, (_, i) =>
      Array.from({ length: i * 13 }, (_, j) => (i * 7919 + j * 104_729) % 60_000),
    );
    const lookup = table.lookup({ kind: 'mean' });
    fill(lookup, 'mean', bags);
    const expected = bags.flatMap((bag) => reference.bag(table.values(), 20, bag, true));
    expect(difference(lookup.gather(50), expected)).toBeLessThan(1e-6);
  });

  test('a code that the table has no row for is our bug, and says so', () => {
    const table = made(5, 4);
    const lookup = table.lookup({ kind: 'one' });
    for (const code of [5, -1]) {
      fill(lookup, 'one', [[0], [1], [2], [3], [code], [1]]);
      expect(() => lookup.gather(6)).toThrow(`has 5 rows and is asked for row ${code}`);
    }
  });
});

describe('update', () => {
  const kinds = ['sgd', 'momentum', 'adagrad', 'row_adagrad', 'adam', 'lamb'] as const;

  test.each(kinds)('%s: gradients of several lookups are added up a row, then one step', (kind) => {
    fc.assert(
      fc.property(shapes, ({ rows, dim, bags }) => {
        const plan = optimizerPlan(kind, { weightDecay: 0.01, l2: 0.02 });
        const table = makeTable({ name: 'items', rows, dim, optimizer: plan });
        table.initialize(1, 0.5);
        const ones = bags.map((bag) => [bag[0] ?? 0]);
        const lookups = [
          { kind: 'one' as TableLookupKind, bags: ones, lookup: table.lookup({ kind: 'one' }) },
          ...bagKinds.map((each) => ({
            kind: each as TableLookupKind,
            bags,
            lookup: table.lookup({ kind: each, length: 9 }),
          })),
        ];
        const expected = makeReference(table, plan);
        for (let step = 1; step <= 3; step++) {
          const sums = new Map<number, number[]>();
          for (const { kind, bags, lookup } of lookups) {
            fill(lookup, kind, bags);
            lookup.gather(bags.length);
          }
          for (const [phase, { kind, bags, lookup }] of lookups.entries()) {
            const places = kind === 'sequence' ? 9 : 1;
            const gradient = wave(bags.length * places * dim, phase + step);
            lookup.accumulate(gradient);
            bags.forEach((bag, i) => {
              bag.forEach((code, j) => {
                const from = (i * places + (kind === 'sequence' ? j : 0)) * dim;
                reference.add(
                  sums,
                  code,
                  [...gradient.subarray(from, from + dim)],
                  kind === 'mean' ? 1 / bag.length : 1,
                );
              });
            });
          }
          table.update(0.5);
          expected.step(sums, plan.rate * 0.5);
        }
        expect(difference(table.values(), expected.values)).toBeLessThan(2e-5);
      }),
      { numRuns: 40 },
    );
  });

  test.each(kinds)('%s: rows that were not seen keep their bits', (kind) => {
    const table = makeTable({ name: 'items', rows: 100, dim: 8, optimizer: optimizerPlan(kind, { weightDecay: 0.1 }) });
    table.initialize(3, 1);
    const before = table.values().slice();
    const lookup = table.lookup({ kind: 'mean' });
    fill(lookup, 'mean', [[7, 3], [], [7]]);
    lookup.gather(3);
    lookup.accumulate(wave(24, 0));
    table.update();
    const changed = new Set<number>();
    table.values().forEach((value, i) => {
      if (!Object.is(value, before[i])) changed.add(Math.floor(i / 8));
    });
    expect([...changed]).toEqual([3, 7]);
  });

  test('a step without gradients changes nothing, and no gradient is taken twice', () => {
    const table = made(4, 2);
    const lookup = table.lookup({ kind: 'one' });
    fill(lookup, 'one', [[1]]);
    lookup.gather(1);
    lookup.accumulate(Float32Array.of(1, 1));
    expect(() => lookup.accumulate(Float32Array.of(1, 1))).toThrow('gradient of 2 numbers for 0 rows');
    table.update();
    const after = table.values().slice();
    table.update();
    expect(table.values()).toEqual(after);
  });

  test('a table without an optimizer keeps no state and is not trained', () => {
    const table = makeTable({ name: 'served', rows: 4, dim: 2 });
    expect(table.state()).toEqual({});
    expect(table.bytes).toBe(32);
    const lookup = table.lookup({ kind: 'one' });
    fill(lookup, 'one', [[1]]);
    lookup.gather(1);
    expect(() => lookup.accumulate(Float32Array.of(1, 1))).toThrow('table served is not trained');
  });
});

describe('the same calls give the same bits', () => {
  test('through growth, mixed lookups and a resumed state', () => {
    const run = (table: Table, from: number, to: number): void => {
      const lookups = [table.lookup({ kind: 'mean' }), table.lookup({ kind: 'one' })] as const;
      for (let step = from; step < to; step++) {
        // Batches of different sizes, so that room is made in different places.
        const bags = Array.from({ length: 20 + 37 * (step % 5) }, (_, i) =>
          Array.from({ length: (i * step) % 7 }, (_, j) => (i * 31 + j * 17 + step) % 500),
        );
        fill(lookups[0], 'mean', bags);
        fill(
          lookups[1],
          'one',
          bags.map((_, i) => [(i * 7) % 500]),
        );
        for (const lookup of lookups) lookup.gather(bags.length);
        for (const lookup of lookups) lookup.accumulate(wave(bags.length * 12, step));
        table.update();
      }
      for (const lookup of lookups) lookup.close();
    };
    const whole = made(500, 12, 'adam');
    run(whole, 0, 10);
    const again = made(500, 12, 'adam');
    run(again, 0, 10);
    expect(sameBits(again.values(), whole.values())).toBe(true);

    const first = made(500, 12, 'adam');
    run(first, 0, 4);
    const second = makeTable({ name: 'items', rows: 500, dim: 12, optimizer: optimizerPlan('adam') });
    const state = Object.fromEntries(Object.entries(first.state()).map(([name, view]) => [name, view.slice()]));
    second.load(first.values().slice(), state);
    run(second, 4, 10);
    expect(sameBits(second.values(), whole.values())).toBe(true);
    for (const [name, view] of Object.entries(whole.state())) expect(sameBits(second.state()[name]!, view)).toBe(true);
  });
});

describe('initialize', () => {
  test('is uniform in ±limit, the same for a seed and a name, other for others', () => {
    const values = (name: string, seed: number): Float32Array => {
      const table = makeTable({ name, rows: 25_000, dim: 7 });
      table.initialize(seed, 0.05);
      return table.values();
    };
    const first = values('a', 1);
    expect(sameBits(values('a', 1), first)).toBe(true);
    for (const other of [values('b', 1), values('a', 2)]) {
      const same = first.reduce((count, value, i) => count + +(value === other[i]), 0);
      expect(same).toBeLessThan(20);
    }
    expect(first.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeLessThanOrEqual(Math.fround(0.05));
    const bins = new Float64Array(50);
    for (const value of first) {
      bins[Math.min(49, Math.floor((value + 0.05) * 500))]!++;
    }
    // χ² with 49 degrees of freedom: 94.0 has probability 1e-4 above it.
    const each = first.length / 50;
    expect(bins.reduce((sum, count) => sum + (count - each) ** 2 / each, 0)).toBeLessThan(94);
    // Neighbours are uncorrelated: 4 standard deviations of 1 ÷ √n.
    const lag =
      first.reduce((sum, value, i) => sum + value * (first[i + 1] ?? 0), 0) / (first.length * (0.05 ** 2 / 3));
    expect(Math.abs(lag)).toBeLessThan(4 / Math.sqrt(first.length));
  });

  test('starts the sums of Adagrad where the plan says, and the state of an old run is gone', () => {
    const plan = optimizerPlan('row_adagrad', { initialAccumulator: 0.25 });
    const table = makeTable({ name: 'items', rows: 5, dim: 3, optimizer: plan });
    table.initialize(1, 1);
    expect(table.state().sum).toEqual(new Float32Array(5).fill(0.25));
    table.state().sum!.fill(9);
    table.initialize(1, 1);
    expect(table.state().sum).toEqual(new Float32Array(5).fill(0.25));
  });
});

describe('memory', () => {
  test('a table whose rows no memory can number is refused with its bytes', () => {
    const options = { name: 'all_videos', rows: 1_200_000_000, dim: 64, optimizer: optimizerPlan('row_adagrad') };
    expect(() => makeTable(options)).toThrow(Failure);
    expect(() => makeTable(options)).toThrow('312000000000 bytes');
  });

  test('past 2 GiB addresses still work', () => {
    // Untouched pages take no memory: only two rows are written.
    const table = makeTable({ name: 'wide', rows: 9_000_000, dim: 64, optimizer: optimizerPlan('sgd') });
    const last = 8_999_999;
    table.values().fill(2, last * 64);
    const lookup = table.lookup({ kind: 'one' });
    fill(lookup, 'one', [[last], [0]]);
    expect(lookup.gather(2)).toEqual(new Float32Array(128).fill(2, 0, 64));
    lookup.accumulate(new Float32Array(128).fill(1));
    table.update();
    expect(table.values()[last * 64]).toBeCloseTo(1.9, 6);
    expect(table.values()[63]).toBeCloseTo(-0.1, 6);
  });

  test('closed lookups give their room to the next', () => {
    const table = made(10, 4);
    const use = (): number => {
      const lookup = table.lookup({ kind: 'mean' });
      fill(
        lookup,
        'mean',
        Array.from({ length: 3000 }, (_, i) => [i % 10, 3]),
      );
      lookup.gather(3000);
      lookup.close();
      return table.values().buffer.byteLength;
    };
    const once = use();
    for (let i = 0; i < 5; i++) expect(use()).toBe(once);
  });

  test('hundreds of tables exist side by side', () => {
    const tables = Array.from({ length: 300 }, (_, i) => {
      const table = makeTable({ name: `table_${i}`, rows: 3, dim: 2 });
      table.values().fill(i);
      return table;
    });
    tables.forEach((table, i) => {
      expect(table.values()[5]).toBe(i);
    });
  });
});

/** The optimizers in float64, row by row, as published. */
function makeReference(table: Table, plan: ReturnType<typeof optimizerPlan>) {
  const { dim } = table;
  const values = Float64Array.from(table.values());
  const sum = new Float64Array(values.length).fill(plan.initialAccumulator);
  const mean = new Float64Array(values.length);
  const square = new Float64Array(values.length);
  const steps = new Int32Array(table.rows);
  return {
    values,
    step(gradients: ReadonlyMap<number, readonly number[]>, rate: number): void {
      for (const [row, of] of gradients) {
        steps[row]!++;
        const g = of.map((each, d) => each + plan.l2 * values[row * dim + d]!);
        const moves: number[] = [];
        const rowSquare = g.reduce((total, each) => total + each * each, 0) / dim;
        for (let d = 0; d < dim; d++) {
          const at = row * dim + d;
          let move = g[d]!;
          if (plan.kind === 'adagrad' || plan.kind === 'row_adagrad') {
            sum[at]! += plan.kind === 'adagrad' ? g[d]! ** 2 : rowSquare;
            move = g[d]! / (Math.sqrt(sum[at]!) + plan.epsilon);
          } else if (plan.kind === 'momentum') {
            mean[at] = plan.beta1 * mean[at]! + g[d]!;
            move = mean[at]!;
          } else if (plan.kind === 'adam' || plan.kind === 'lamb') {
            mean[at] = plan.beta1 * mean[at]! + (1 - plan.beta1) * g[d]!;
            square[at] = plan.beta2 * square[at]! + (1 - plan.beta2) * g[d]! ** 2;
            const unbiased = mean[at]! / (1 - plan.beta1 ** steps[row]!);
            move = unbiased / (Math.sqrt(square[at]! / (1 - plan.beta2 ** steps[row]!)) + plan.epsilon);
          }
          moves.push(plan.kind === 'lamb' ? move + plan.weightDecay * values[at]! : move);
        }
        const itself = values.subarray(row * dim, (row + 1) * dim);
        const [over, under] = [Math.hypot(...itself), Math.hypot(...moves)];
        const trust = plan.kind === 'lamb' && over > 0 && under > 0 ? over / under : 1;
        const keep = plan.kind === 'lamb' ? 1 : 1 - rate * plan.weightDecay;
        moves.forEach((move, d) => {
          values[row * dim + d] = values[row * dim + d]! * keep - rate * trust * move;
        });
      }
    },
  };
}
