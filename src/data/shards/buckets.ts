/**
 * Valid rows as they come out of the database, put aside by user: all events of a user are in one bucket, so a bucket knows whole
 * timelines.
 */
import { invariant } from '../../diagnostics/failure.ts';
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { RawBags, RawColumn } from '../rows/raw.ts';
import type { ValidRawRows } from '../rows/valid_rows.ts';
import { type Block, joined, type Numbers } from './block.ts';

export interface Bucket {
  /** Row ids of the events, ascending. */
  readonly ids: Int32Array;
  /** Place of each among all valid rows, by row id. */
  readonly ranks: Int32Array;
  /** All of them valid; a row is its place in `ids`. */
  readonly rows: ValidRawRows;
}

/** @param rows places in `raw`, ascending */
export function packRaw(
  raw: ValidRawRows,
  columns: readonly ColumnRequest[],
  rows: Int32Array,
  ranks: Int32Array,
): Block {
  const { first = 0 } = raw;
  const block = new Map<string, Numbers>([
    ['row', rows.map((row) => first + row)],
    ['rank', rows.map((row) => ranks[row]!)],
  ]);
  for (const [at, column] of columns.entries()) packColumn(block, `c${at}`, raw.columns.get(column)!, rows);
  return block;
}

function packColumn(block: Map<string, Numbers>, name: string, raw: RawColumn, rows: Int32Array): void {
  if (raw.kind === 'codes') {
    block.set(
      name,
      rows.map((row) => raw.values[row]!),
    );
  } else if (raw.kind === 'numbers') {
    const { width, values } = raw;
    const picked = new Float64Array(rows.length * width);
    for (let i = 0; i < rows.length; i++)
      for (let k = 0; k < width; k++) picked[i * width + k] = values[rows[i]! * width + k]!;
    block.set(name, picked);
  } else {
    const { starts, ends, values } = raw;
    const lengths = rows.map((row) => ends[row]! - starts[row]!);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const picked = values instanceof Int32Array ? new Int32Array(total) : new Float64Array(total);
    let at = 0;
    for (const row of rows) for (let k = starts[row]!; k < ends[row]!; k++) picked[at++] = values[k]!;
    block.set(`${name} lengths`, lengths);
    block.set(name, picked);
  }
}

export function unpackBucket(blocks: readonly Block[], columns: readonly ColumnRequest[]): Bucket {
  if (blocks.length === 0) return emptyBucket(columns);
  const ids = joined(blocks, 'row', Int32Array);
  const all = new Uint8Array(ids.length).fill(1);
  const raw = columns.map((column, at) => [column, unpackColumn(blocks, `c${at}`, column)] as const);
  return {
    ids,
    ranks: joined(blocks, 'rank', Int32Array),
    rows: { rows: ids.length, present: all, kept: all, columns: new Map(raw) },
  };
}

function unpackColumn(blocks: readonly Block[], name: string, { form, width }: ColumnRequest): RawColumn {
  if (form === 'code') return { kind: 'codes', values: joined(blocks, name, Int32Array) };
  if (form === 'number' || form === 'vector') {
    return { kind: 'numbers', width: width ?? 1, values: joined(blocks, name, Float64Array), bad: [] };
  }
  const lengths = joined(blocks, `${name} lengths`, Int32Array);
  const values = form === 'codes' ? joined(blocks, name, Int32Array) : joined(blocks, name, Float64Array);
  return { ...windowsOf(lengths), values, bad: [] };
}

function windowsOf(lengths: Int32Array): Omit<RawBags, 'values' | 'bad'> {
  const starts = new Int32Array(lengths.length);
  const ends = new Int32Array(lengths.length);
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    starts[i] = at;
    ends[i] = at += lengths[i]!;
  }
  return { kind: 'bags', starts, ends };
}

function emptyBucket(columns: readonly ColumnRequest[]): Bucket {
  const none = { ids: new Int32Array(0), ranks: new Int32Array(0) };
  const raw = columns.map((column): [ColumnRequest, RawColumn] => {
    const { form, width = 1 } = column;
    if (form === 'code') return [column, { kind: 'codes', values: none.ids }];
    if (form === 'number' || form === 'vector') {
      return [column, { kind: 'numbers', width, values: new Float64Array(0), bad: [] }];
    }
    const values = form === 'codes' ? none.ids : new Float64Array(0);
    return [column, { kind: 'bags', starts: none.ids, ends: none.ids, values, bad: [] }];
  });
  invariant(raw.length === columns.length, 'a bucket has all columns');
  const all = new Uint8Array(0);
  return { ...none, rows: { rows: 0, present: all, kept: all, columns: new Map(raw) } };
}

/** The rows of each of `count` groups, ascending. */
export function grouped(rows: number, count: number, groupOf: (row: number) => number): Int32Array[] {
  const groups = new Int32Array(rows);
  const sizes = new Int32Array(count);
  for (let row = 0; row < rows; row++) {
    const group = groupOf(row);
    groups[row] = group;
    if (group >= 0) sizes[group]!++;
  }
  const found = Array.from(sizes, (size) => new Int32Array(size));
  const next = new Int32Array(count);
  for (let row = 0; row < rows; row++) {
    const group = groups[row]!;
    if (group >= 0) found[group]![next[group]!++] = row;
  }
  return found;
}
