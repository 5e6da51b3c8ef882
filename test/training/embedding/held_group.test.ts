/** What an engine with tables is told to read and to train, against look-ups of tables of the host. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { HeldGroup } from '../../../src/training/embedding/held_group.ts';
import { makeTable } from '../../../src/training/embedding/table.ts';
import type { Lookup, LookupOptions } from '../../../src/training/embedding/table_lookup.ts';
import { optimizerPlan } from './fixtures.ts';

const dim = 3;
const rows = [7, 12] as const;
const tables = rows.map((count, at) => {
  const table = makeTable({ name: `table ${at}`, rows: count, dim, optimizer: optimizerPlan('sgd') });
  table.initialize(3, 1);
  return table;
});
const reads: readonly (LookupOptions & { readonly table: 0 | 1; readonly isTrained: boolean })[] = [
  { kind: 'one', table: 0, isTrained: true },
  { kind: 'mean', table: 1, isTrained: true },
  { kind: 'sum', table: 1, isTrained: false },
  { kind: 'weighted', table: 1, isTrained: true },
  { kind: 'sequence', length: 4, table: 1, isTrained: true },
];

/** Fills a look-up from the seed; every third bag is empty. */
function fill(lookup: Lookup, { kind, table }: (typeof reads)[number], count: number, seed: number): void {
  const random = makeRandom(seed);
  const lengths = Array.from({ length: count }, (_, at) =>
    kind === 'one' ? 1 : at % 3 === 2 ? 0 : 1 + random.integer(4),
  );
  const length = lengths.reduce((sum, each) => sum + each, 0);
  lookup.reserve(count, length);
  for (let at = 0; at < length; at++) lookup.codes()[at] = random.integer(rows[table]);
  if (kind === 'weighted') for (let at = 0; at < length; at++) lookup.shares()[at] = random.next();
  if (kind === 'one') return;
  lookup.offsets()[0] = 0;
  lengths.forEach((each, at) => {
    lookup.offsets()[at + 1] = lookup.offsets()[at]! + each;
  });
}

it('gives the rows and the sums of gradients that look-ups of the host give, step after step', () => {
  const group = new HeldGroup(
    rows[0] + rows[1],
    reads.map(({ isTrained }) => isTrained),
  );
  const held = reads.map(({ table, ...options }) => group.lookup(table === 0 ? 0 : rows[0], rows[table], options));
  const host = reads.map(({ table, ...options }) => tables[table]!.lookup(options));
  const values = [...tables[0]!.values(), ...tables[1]!.values()];
  for (let step = 0; step < 5; step++) {
    const count = [6, 1, 9, 3, 6][step]!;
    const gathered = reads.flatMap((read, at) => {
      fill(held[at]!, read, count, 10 * step + at);
      held[at]!.gather(count);
      fill(host[at]!, read, count, 10 * step + at);
      return [...host[at]!.gather(count)];
    });
    const { numbers, codes, places, distinct, trained } = group.take();
    const lists = [codes, places + 1, distinct, trained, distinct + 1].map((length, at, all) => {
      const from = all.slice(0, at).reduce((sum, each) => sum + each, 0);
      return numbers.subarray(from, from + length);
    });
    const weights = new Float32Array(numbers.buffer, 4 * (numbers.length - codes - trained), codes + trained);
    const [code, starts, unique, trainedPlaces, begins] = lists as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    const sumOf = (
      from: number,
      to: number,
      rowAt: (at: number) => (i: number) => number,
      weightAt: number,
    ): number[] =>
      Array.from({ length: dim }, (_, i) => {
        let sum = 0;
        for (let at = from; at < to; at++) sum += weights[weightAt + at]! * rowAt(at)(i);
        return sum;
      });
    const found = Array.from({ length: places }, (_, place) =>
      sumOf(starts[place]!, starts[place + 1]!, (at) => (i) => values[dim * code[at]! + i]!, 0),
    ).flat();
    expect(found.length).toBe(gathered.length);
    found.forEach((value, at) => {
      expect(value).toBeCloseTo(gathered[at]!, 5);
    });

    const random = makeRandom(99, step);
    const gradients = reads.map(({ kind, length = 1 }) =>
      Float32Array.from({ length: count * dim * (kind === 'sequence' ? length : 1) }, () => random.next() - 0.5),
    );
    const ofTrained = gradients.flatMap((each, at) => (reads[at]!.isTrained ? [...each] : []));
    // Backwards, because a look-up of the host may be used once.
    reads.forEach(({ isTrained }, at) => {
      if (isTrained) host[at]!.accumulate(gradients[at]!);
    });
    const expected = new Map(
      tables.flatMap((table, at) => {
        const { codes: seen, sums } = table.drain();
        return [...seen].map(
          (row, i) => [row + (at === 0 ? 0 : rows[0]), sums.subarray(i * dim, (i + 1) * dim)] as const,
        );
      }),
    );
    expect([...unique].sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b));
    unique.forEach((row, at) => {
      const sums = sumOf(
        begins[at]!,
        begins[at + 1]!,
        (each) => (i) => ofTrained[dim * trainedPlaces[each]! + i]!,
        codes,
      );
      sums.forEach((sum, i) => {
        expect(sum).toBeCloseTo(expected.get(row)![i]!, 5);
      });
    });
  }
});

it('refuses a code that the table does not have', () => {
  const group = new HeldGroup(3, [true]);
  const lookup = group.lookup(0, 3, { kind: 'one' });
  lookup.reserve(1, 1);
  lookup.codes()[0] = 3;
  lookup.gather(1);
  expect(() => group.take()).toThrow('a table of 3 rows is asked for row 3');
});
