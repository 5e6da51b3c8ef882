/** Valid rows from the database, partitioned by user: all events of a user are in one partition, so it has whole timelines. */
import type { ColumnRequest } from '../binding/column_requests.ts';
import { bagSpans, type RawColumn, type ValidRawRows } from '../rows/raw.ts';
import { type BlockArray, type ColumnBlock, joinedArrays } from './block.ts';

export interface Partition {
  /** Row ids of the events, ascending. */
  readonly ids: Int32Array;
  /** Rank of each among all valid rows, by row id. */
  readonly ranks: Int32Array;
  /** All of them are valid; a row is its index in `ids`. */
  readonly rows: ValidRawRows;
}

/** @param rows indexes in `raw`, ascending */
export function packRaw(
  raw: ValidRawRows,
  columns: readonly ColumnRequest[],
  rows: Int32Array,
  ranks: Int32Array,
): ColumnBlock {
  const { first = 0 } = raw;
  const block = new Map<string, BlockArray>([
    ['row', rows.map((row) => first + row)],
    ['rank', rows.map((row) => ranks[row]!)],
  ]);
  for (const [index, column] of columns.entries()) packColumn(block, `c${index}`, raw.columns.get(column)!, rows);
  return block;
}

function packColumn(block: Map<string, BlockArray>, name: string, raw: RawColumn, rows: Int32Array): void {
  if (raw.kind === 'codes') {
    block.set(
      name,
      rows.map((row) => raw.values[row]!),
    );
  } else if (raw.kind === 'numbers') {
    const { width, values } = raw;
    const pickedNumbers = new Float64Array(rows.length * width);
    for (let i = 0; i < rows.length; i++)
      for (let k = 0; k < width; k++) pickedNumbers[i * width + k] = values[rows[i]! * width + k]!;
    block.set(name, pickedNumbers);
  } else {
    const { starts, ends, values } = raw;
    const lengths = rows.map((row) => ends[row]! - starts[row]!);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const pickedValues = values instanceof Int32Array ? new Int32Array(total) : new Float64Array(total);
    let target = 0;
    for (const row of rows) for (let k = starts[row]!; k < ends[row]!; k++) pickedValues[target++] = values[k]!;
    block.set(`${name} lengths`, lengths);
    block.set(name, pickedValues);
  }
}

export function unpackPartition(blocks: readonly ColumnBlock[], columns: readonly ColumnRequest[]): Partition {
  const ids = joinedArrays(blocks, 'row', Int32Array);
  const allRows = new Uint8Array(ids.length).fill(1);
  const rawColumns = columns.map((column, index) => [column, unpackColumn(blocks, `c${index}`, column)] as const);
  return {
    ids,
    ranks: joinedArrays(blocks, 'rank', Int32Array),
    rows: { rows: ids.length, present: allRows, kept: allRows, columns: new Map(rawColumns) },
  };
}

function unpackColumn(blocks: readonly ColumnBlock[], name: string, { form, width }: ColumnRequest): RawColumn {
  if (form === 'code') return { kind: 'codes', values: joinedArrays(blocks, name, Int32Array) };
  if (form === 'number' || form === 'vector') {
    return { kind: 'numbers', width: width ?? 1, values: joinedArrays(blocks, name, Float64Array), bad: [] };
  }
  const lengths = joinedArrays(blocks, `${name} lengths`, Int32Array);
  const values = form === 'codes' ? joinedArrays(blocks, name, Int32Array) : joinedArrays(blocks, name, Float64Array);
  return { ...bagSpans(lengths), values, bad: [] };
}

/** Returns the rows of each of `count` groups, ascending. */
export function grouped(rows: number, count: number, groupOf: (row: number) => number): Int32Array[] {
  const groups = new Int32Array(rows);
  const sizes = new Int32Array(count);
  for (let row = 0; row < rows; row++) {
    const group = groupOf(row);
    groups[row] = group;
    if (group >= 0) sizes[group]!++;
  }
  const rowsOfGroups = Array.from(sizes, (size) => new Int32Array(size));
  const nextIndexes = new Int32Array(count);
  for (let row = 0; row < rows; row++) {
    const group = groups[row]!;
    if (group >= 0) rowsOfGroups[group]![nextIndexes[group]!++] = row;
  }
  return rowsOfGroups;
}
