import { expect, it } from 'vitest';
import type { BagColumn, IndexedColumn } from '../../../src/data/dataset.ts';
import { joinColumns } from '../../../src/serving/serve/join_columns.ts';
import { valueAt } from '../../data/fixture.ts';
import fc from '../../fast_check.ts';

const codes = fc.array(fc.integer({ min: -1, max: 9 }), { minLength: 1, maxLength: 4 });
const indexed = (rows: number): fc.Arbitrary<Int32Array | undefined> =>
  fc.option(
    fc.nat(rows - 1).map((row) => Int32Array.of(row)),
    { nil: undefined },
  );
const withIndex = (column: IndexedColumn['column'], rows: number): fc.Arbitrary<IndexedColumn> =>
  indexed(rows).map((index) => (index ? { column, index } : { column }));
function bagsOf(lists: readonly (readonly number[])[]): BagColumn {
  const ends = Int32Array.from(lists, (_, i) => lists.slice(0, i + 1).flat().length);
  const starts = ends.map((end, i) => end - lists[i]!.length);
  return { kind: 'bags', starts, ends, values: Int32Array.from(lists.flat()) };
}

/** Bags of bags: of each list the place of its elements among `inner`. */
const inside = fc
  .tuple(fc.array(codes, { minLength: 1, maxLength: 4 }), fc.array(fc.array(fc.nat(9)), { minLength: 1, maxLength: 3 }))
  .chain(([inner, lists]) => {
    const elements = lists.map((list) => list.map((element) => element % inner.length));
    return withIndex({ ...bagsOf(elements), inner: bagsOf(inner) }, lists.length);
  });
const question = fc.record({
  inside,
  code: codes.chain((values) => withIndex({ kind: 'codes', values: Int32Array.from(values) }, values.length)),
  numbers: codes.chain((values) =>
    withIndex({ kind: 'numbers', width: 2, values: Float32Array.from([...values, ...values]) }, values.length),
  ),
  bag: fc.array(codes, { minLength: 1, maxLength: 3 }).chain((lists) => {
    const column = bagsOf(lists);
    const weights = fc.option(fc.constant(Float32Array.from(column.values, (value) => value / 2)), { nil: undefined });
    return weights.chain((own) => withIndex({ ...column, ...(own ? { weights: own } : {}) }, lists.length));
  }),
});

/** What each element of a bag counts. */
function weightsAt({ column, index }: IndexedColumn, row: number): number[] {
  if (column.kind !== 'bags') return [];
  const bag = index ? index[row]! : row;
  const { starts, ends, weights } = column;
  return Array.from({ length: ends[bag]! - starts[bag]! }, (_, i) => weights?.[starts[bag]! + i] ?? 1);
}

it('has row 0 of each question as a row', () => {
  fc.assert(
    fc.property(fc.array(question, { minLength: 1, maxLength: 6 }), (questions) => {
      const joined = joinColumns(questions.map((each) => new Map(Object.entries(each))));
      questions.forEach((each, row) => {
        for (const [name, column] of Object.entries(each)) {
          expect(valueAt(joined.get(name)!, row), name).toEqual(valueAt(column, 0));
          expect(weightsAt(joined.get(name)!, row), name).toEqual(weightsAt(column, 0));
        }
      });
    }),
  );
});
