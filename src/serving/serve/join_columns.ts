/** Columns of several questions, a row each, as the columns of one batch: they go through the query tower together. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { BagColumn, CodeColumn, Column, IndexedColumn, NumberColumn } from '../../data/dataset.ts';

type FeatureColumns = ReadonlyMap<string, IndexedColumn>;

/** Row i is row 0 of question i. All have the same features, each of one kind. */
export function joinColumns(questions: readonly FeatureColumns[]): FeatureColumns {
  const [first] = questions;
  if (first === undefined || questions.length === 1) return first ?? new Map();
  return new Map(
    [...first.keys()].map((name) => {
      const columns = questions.map((each) => each.get(name));
      return [name, { column: joined(name, columns) }];
    }),
  );
}

interface ColumnRow<C extends Column> {
  readonly column: C;
  readonly row: number;
}

function joined(name: string, columns: readonly (IndexedColumn | undefined)[]): Column {
  const columnRows = columns.map((indexed): ColumnRow<Column> => {
    invariant(indexed && indexed.column.kind === columns[0]!.column.kind, `feature ${name} has one kind of column`);
    return { column: indexed.column, row: indexed.index ? indexed.index[0]! : 0 };
  });
  const { kind } = columnRows[0]!.column;
  if (kind === 'codes') return joinedCodes(columnRows as ColumnRow<CodeColumn>[]);
  return kind === 'bags'
    ? joinedBags(columnRows as ColumnRow<BagColumn>[])
    : joinedNumbers(name, columnRows as ColumnRow<NumberColumn>[]);
}

const joinedCodes = (given: readonly ColumnRow<CodeColumn>[]): CodeColumn => ({
  kind: 'codes',
  values: Int32Array.from(given, ({ column, row }) => column.values[row]!),
});

function joinedNumbers(name: string, given: readonly ColumnRow<NumberColumn>[]): NumberColumn {
  const { width } = given[0]!.column;
  const values = new Float32Array(given.length * width);
  given.forEach(({ column, row }, at) => {
    invariant(column.width === width, `feature ${name} has ${width} numbers a row`);
    values.set(column.values.subarray(row * width, (row + 1) * width), at * width);
  });
  return { kind: 'numbers', width, values };
}

function joinedBags(given: readonly ColumnRow<BagColumn>[]): BagColumn {
  const ends = new Int32Array(given.length);
  let totalLength = 0;
  given.forEach(({ column, row }, at) => {
    totalLength += column.ends[row]! - column.starts[row]!;
    ends[at] = totalLength;
  });
  const starts = ends.map((_, at) => (at === 0 ? 0 : ends[at - 1]!));
  const weights = given.some(({ column }) => column.weights) ? new Float32Array(totalLength).fill(1) : undefined;
  // Of lists that go through the item tower.
  const items = given.every(({ column }) => column.items) ? new Int32Array(totalLength) : undefined;
  const values = new Int32Array(totalLength);
  given.forEach(({ column, row }, at) => {
    values.set(elementsOf(column, row), starts[at]!);
    if (column.weights) weights!.set(column.weights.subarray(column.starts[row], column.ends[row]), starts[at]!);
    items?.set(column.items!.subarray(column.starts[row], column.ends[row]), starts[at]!);
  });
  const innerBags = joinedInner(given);
  // Element i of all is then bag i of `inner`.
  return {
    kind: 'bags',
    starts,
    ends,
    values: innerBags ? values.map((_, at) => at) : values,
    ...defined({ weights, items, inner: innerBags }),
  };
}

const elementsOf = ({ starts, ends, values }: BagColumn, row: number): Int32Array =>
  values.subarray(starts[row], ends[row]);

/** Where the elements are bags themselves: those of the questions, one after another, and no others of their column. */
function joinedInner(given: readonly ColumnRow<BagColumn>[]): BagColumn | undefined {
  if (!given.some(({ column }) => column.inner)) return undefined;
  return joinedBags(
    given.flatMap(({ column, row }) =>
      Array.from(elementsOf(column, row), (bag) => ({ column: column.inner!, row: bag })),
    ),
  );
}
