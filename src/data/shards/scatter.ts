/** The first pass: rows leave the database a range at a time, are validated, and go to the partition of their user, so that it has whole timelines. */
import { hashOf } from '../../base/random/random.ts';
import type { ColumnRequest, ColumnRequests, DataLayout, Needs } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import type { BadRow } from '../files/files.ts';
import {
  bagSpans,
  type Dictionaries,
  type RawCodes,
  type RawColumn,
  type RawNumbers,
  type StagedTable,
  type ValidRawRows,
} from '../rows/raw.ts';
import { readRows } from '../rows/staged_tables.ts';
import { type JoinedRows, validateRows } from '../rows/validate_rows.ts';
import { type BlockArray, type ColumnBlock, joinedArrays } from './block.ts';
import type { OnPass } from './layout.ts';
import type { ShardWriter } from './shard_files.ts';

export interface ScatterInput {
  readonly database: Database;
  readonly layout: DataLayout;
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly staged: StagedTable;
  readonly joined: JoinedRows;
  readonly dictionaries: Dictionaries;
  readonly writer: ShardWriter;
  readonly partitions: number;
  readonly atOnce: number;
  readonly signal?: AbortSignal | undefined;
  readonly onPass?: OnPass | undefined;
}

export interface ScatterResult {
  readonly bad: readonly BadRow[];
  readonly rows: number;
  /** 1 for each code that a valid event has: of the items' dictionary, and of the users'. */
  readonly occurs: { readonly items: Uint8Array; readonly users: Uint8Array };
  /** True if events ascend in time as they are. */
  readonly ascends: boolean;
}

const userStream = 1;

export const partitionOfUser = (code: number, partitions: number): number => hashOf(code, userStream) % partitions;

/** Partitions all rows. A view is left at its last rows: `computed` resets it. */
export async function scatterRows(input: ScatterInput): Promise<ScatterResult> {
  const { database, layout, wanted, needs, staged, dictionaries, joined, writer, partitions, atOnce, onPass } = input;
  const columns = wanted.columns.get('events')!;
  const bad: BadRow[] = [];
  const marksOf = (key: ColumnRequests['itemKey']): Uint8Array =>
    new Uint8Array(key ? dictionaries.get(key.inEvents.dictionary!)!.length : 0);
  const occurs = { items: marksOf(wanted.itemKey), users: marksOf(wanted.userKey) };
  const progress = { rank: 0, time: Number.NEGATIVE_INFINITY, ascends: true };
  for (let first = 0; first < staged.rows; first += atOnce) {
    input.signal?.throwIfAborted();
    onPass?.({ pass: 'reading', done: first, total: staged.rows });
    const range = { first, count: Math.min(atOnce, staged.rows - first) };
    await staged.inPlace?.focus(range);
    const raw = await readRows(database, staged, columns, layout, range);
    const candidates = { raw, staged, wanted, layout, plans: needs.features, dictionaries, joined };
    const validation = await validateRows(database, candidates);
    bad.push(...validation.bad);
    const rows: ValidRawRows = { ...raw, kept: validation.kept };
    markKeys(rows, wanted, occurs);
    const ranks = rankRows(rows, wanted, progress);
    const users = wanted.userKey && (rows.columns.get(wanted.userKey.inEvents) as RawCodes).values;
    const groups = grouped(rows.rows, partitions, (row) => {
      if (rows.kept[row] === 0) return -1;
      return partitionOfUser(users ? users[row]! : first + row, partitions);
    });
    for (const [partition, partitionRows] of groups.entries()) {
      if (partitionRows.length > 0)
        writer.append(partition, partitionRows.length, packRaw(rows, columns, partitionRows, ranks));
    }
  }
  onPass?.({ pass: 'reading', done: staged.rows, total: staged.rows });
  return { bad, rows: progress.rank, occurs, ascends: progress.ascends };
}

function markKeys(
  { kept, columns, rows }: ValidRawRows,
  wanted: ColumnRequests,
  occurs: ScatterResult['occurs'],
): void {
  for (const [key, marks] of [
    [wanted.itemKey, occurs.items],
    [wanted.userKey, occurs.users],
  ] as const) {
    if (key === undefined) continue;
    const { values } = columns.get(key.inEvents) as RawCodes;
    for (let row = 0; row < rows; row++) if (kept[row] === 1) marks[values[row]!] = 1;
  }
}

/** Returns for each valid row how many come before it; continues where the last range ended. */
function rankRows(
  { kept, columns, rows }: ValidRawRows,
  { time }: ColumnRequests,
  progress: { rank: number; time: number; ascends: boolean },
): Int32Array {
  const times = time && (columns.get(time) as RawNumbers).values;
  const ranks = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (kept[row] === 0) continue;
    ranks[row] = progress.rank++;
    if (times === undefined) continue;
    if (times[row]! < progress.time) progress.ascends = false;
    progress.time = times[row]!;
  }
  return ranks;
}

export interface Partition {
  /** Row ids of the events, ascending. */
  readonly ids: Int32Array;
  /** Rank of each among all valid rows, by row id. */
  readonly ranks: Int32Array;
  /** All of them are valid; a row is its index in `ids`. */
  readonly rows: ValidRawRows;
}

/** @param rows indexes in `raw`, ascending */
function packRaw(
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
