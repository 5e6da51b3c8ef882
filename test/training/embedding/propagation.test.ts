/** The rows that a graph shows, and the gradient that comes back through it, against plain sums over a dense matrix. */
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { Propagation } from '../../../src/training/embedding/propagation.ts';
import { makeTable, type Table } from '../../../src/training/embedding/table.ts';
import fc from '../../fast_check.ts';
import { difference, optimizerPlan } from './fixtures.ts';

type Rows = number[][];

/** Widths with every tail that the kernels have: 32 numbers at a time, then 4, then one. */
const cases = fc.record({
  dim: fc.constantFrom(1, 3, 4, 7, 32, 45, 64),
  sizes: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
  layers: fc.integer({ min: 1, max: 4 }),
  edges: fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), {
    maxLength: 25,
    selector: String,
  }),
  codes: fc.tuple(
    fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
    fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
  ),
});

/** The mean of x, Âx, …, for one matrix over all nodes: those of the first table before those of the second. */
function meanOfLayers(
  x: Rows,
  [users]: readonly [number, number],
  edges: readonly (readonly [number, number])[],
  layers: number,
): Rows {
  const degree = x.map(() => 0);
  for (const [u, i] of edges) {
    degree[u]!++;
    degree[users + i]!++;
  }
  let layer = x;
  const sum = x.map((row) => [...row]);
  for (let k = 0; k < layers; k++) {
    const next = x.map((row) => row.map(() => 0));
    for (const [u, i] of edges) {
      const weight = 1 / Math.sqrt(degree[u]! * degree[users + i]!);
      for (const [to, from] of [
        [u, users + i],
        [users + i, u],
      ] as const) {
        layer[from]!.forEach((each, d) => {
          next[to]![d]! += weight * each;
        });
      }
    }
    layer = next;
    layer.forEach((row, at) => {
      row.forEach((each, d) => {
        sum[at]![d]! += each;
      });
    });
  }
  return sum.map((row) => row.map((each) => each / (layers + 1)));
}

const rowsOf = (values: Float32Array, dim: number): Rows =>
  Array.from({ length: values.length / dim }, (_, row) => [...values.subarray(row * dim, (row + 1) * dim)]);

function made(dim: number, sizes: readonly [number, number], layers: number, kind: 'sgd' | 'adam' = 'sgd') {
  const graph = new Propagation(layers);
  const tables = sizes.map((rows, at) => {
    const table = makeTable({ name: `${at}`, rows, dim, optimizer: optimizerPlan(kind), layers }, graph);
    table.initialize(at, 0.5);
    return table;
  }) as [Table, Table];
  return { graph, tables };
}

describe('over any graph', () => {
  test('look-ups read the mean of the layers, and its gradient reaches every row that it came from', () => {
    fc.assert(
      fc.property(cases, ({ dim, sizes, layers, edges: any, codes: anyCodes }) => {
        const edges = any.filter(([u, i]) => u < sizes[0] && i < sizes[1]);
        const codes = anyCodes.map((list, at) => list.filter((code) => code < sizes[at]!));
        const { graph, tables } = made(dim, sizes, layers);
        graph.setEdges({ first: Int32Array.from(edges, ([u]) => u), second: Int32Array.from(edges, ([, i]) => i) });
        const lookups = tables.map((table) => table.lookup({ kind: 'one' }));
        // Twice: a step, and a step after it.
        for (const phase of [0, 1]) {
          const before = tables.flatMap((table) => rowsOf(table.values().slice(), dim));
          const read = meanOfLayers(before, sizes, edges, layers);
          lookups.forEach((lookup, at) => {
            lookup.reserve(codes[at]!.length, codes[at]!.length);
          });
          lookups.forEach((lookup, at) => {
            lookup.codes().set(codes[at]!);
            const expected = codes[at]!.flatMap((code) => read[at * sizes[0] + code]!);
            expect(difference(lookup.gather(codes[at]!.length), expected)).toBeLessThan(2e-6);
          });
          const gradient = before.map((row) => row.map(() => 0));
          lookups.forEach((lookup, at) => {
            const given = Float32Array.from({ length: codes[at]!.length * dim }, (_, i) =>
              Math.sin(1 + phase + at + 0.7 * i),
            );
            codes[at]!.forEach((code, i) => {
              for (let d = 0; d < dim; d++) gradient[at * sizes[0] + code]![d]! += given[i * dim + d]!;
            });
            lookup.accumulate(given);
          });
          for (const table of tables) table.update();
          // Â is its own transpose: the way back is the way there.
          const back = meanOfLayers(gradient, sizes, edges, layers);
          const after = tables.flatMap((table) => rowsOf(table.values(), dim));
          const expected = before.map((row, at) => row.map((each, d) => each - 0.1 * back[at]![d]!));
          expect(difference(Float32Array.from(after.flat()), expected.flat())).toBeLessThan(2e-6);
        }
        tables.forEach((table, at) => {
          const all = meanOfLayers(
            tables.flatMap((each) => rowsOf(each.values().slice(), dim)),
            sizes,
            edges,
            layers,
          );
          const expected = all.slice(at * sizes[0], at * sizes[0] + sizes[at]!).flat();
          expect(difference(table.shownValues(), expected)).toBeLessThan(2e-6);
        });
      }),
      { numRuns: 60 },
    );
  });
});

test('without an edge a row is shown as its share of the mean', () => {
  const { tables } = made(4, [3, 3], 2);
  const [table] = tables;
  const values = table.values().slice();
  expect(
    difference(
      table.shownValues(),
      [...values].map((each) => each / 3),
    ),
  ).toBeLessThan(1e-7);
});

test('all rows take a step of adam, also those that no gradient reaches', () => {
  const { tables } = made(4, [2, 2], 1, 'adam');
  for (const table of tables) table.update();
  for (const table of tables) expect([...table.state().steps!]).toEqual([1, 1]);
});

test('one table of the two is never updated alone', () => {
  const { tables } = made(4, [2, 2], 1);
  const [table] = tables;
  table.update();
  const lookup = table.lookup({ kind: 'one' });
  lookup.reserve(1, 1);
  lookup.codes()[0] = 0;
  expect(() => lookup.gather(1)).toThrow('both tables of a graph are updated');
  expect(() => table.update()).toThrow('once in each step');
});

test('what is written into the values is what look-ups read', () => {
  const { tables } = made(4, [2, 2], 2);
  const [table] = tables;
  table.shownValues();
  table.values().fill(3);
  expect([...table.shownValues()]).toEqual(new Array(8).fill(1));
});

test('a graph that does not fit in one memory is a failure with the bytes, before anything is read', () => {
  const graph = new Propagation(2);
  const huge = { name: 'huge', rows: 3_000_000, dim: 256, optimizer: optimizerPlan('sgd'), layers: 2 };
  let error: unknown;
  try {
    makeTable(huge, graph);
  } catch (each) {
    error = each;
  }
  expect(error).toBeInstanceOf(Failure);
  expect(['table-too-large', 'too-large-for-memory']).toContain((error as Failure).diagnostics[0]!.code);
});
