/** Runs the first pass: reads rows from the database in ranges, validates them, and writes each to the partition of its user, which so has complete timelines. */
import { hashInteger } from '../../base/random/random.ts';
import { hashBytes } from '../../base/text/key_table.ts';
import { packTexts, type Texts } from '../../base/text/texts.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import { addBadRow, type BadRow } from '../files/find_files.ts';
import {
  bagSpans,
  type Dictionaries,
  type RawCodes,
  type RawColumn,
  type RawNumbers,
  type StagedTable,
  type ValidRawRows,
} from '../rows/raw.ts';
import { type BoundTables, readRows } from '../rows/staged_tables.ts';
import { type RowContext, validateRows } from '../rows/validate_rows.ts';
import { type ColumnBlock, joinedArrays, type OwnBlock } from './column_block.ts';
import { packBags, pick } from './event_rows.ts';
import type { OnPass } from './request.ts';
import type { ShardWriter } from './shard_files.ts';

export interface ScatterInput {
  readonly tables: BoundTables;
  readonly readPlan: ReadPlan;
  readonly staged: StagedTable;
  readonly context: RowContext;
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
  /** 1 for each code that occurs in a valid event, for the dictionaries of items and of users. */
  readonly occurs: { readonly items: Uint8Array; readonly users: Uint8Array };
  /** The partition of each user, by code. Absent without users. */
  readonly partitionOfUser?: Int32Array;
  /** True if the events are already sorted by time. */
  readonly ascends: boolean;
  /** Times of the first and the last valid event. */
  readonly firstTime?: number;
  readonly lastTime?: number;
}

interface TimeProgress {
  rank: number;
  ascends: boolean;
  firstTime?: number;
  lastTime?: number;
}

const userStream = 1;

/** Returns the partition of each user, which is a hash of their text. */
function partitionsOfUsers(users: Texts, partitions: number): Int32Array {
  const texts = packTexts(users);
  return Int32Array.from(texts.ends, (end, index) => hashBytes(texts.bytes, texts.startOf(index), end) % partitions);
}

/** Partitions all rows. Afterwards a view is still restricted to its last rows: `computed` resets it. */
export async function scatterRows(input: ScatterInput): Promise<ScatterResult> {
  const { tables, readPlan, staged, dictionaries, context, writer, partitions, atOnce, onPass } = input;
  const columns = readPlan.columns.get('events')!;
  const bad: BadRow[] = [];
  const marksOf = (key: ReadPlan['itemKey']): Uint8Array =>
    new Uint8Array(key ? dictionaries.get(key.inEvents.dictionary!)!.length : 0);
  const occurs = { items: marksOf(readPlan.itemKey), users: marksOf(readPlan.userKey) };
  const progress: TimeProgress = { rank: 0, ascends: true };
  const { rows: total } = staged;
  const userDictionary = readPlan.userKey && dictionaries.get(readPlan.userKey.inEvents.dictionary!)!;
  const partitionOfUser = userDictionary && partitionsOfUsers(userDictionary, partitions);
  for (let firstRow = 0; firstRow < total; firstRow += atOnce) {
    input.signal?.throwIfAborted();
    onPass?.({ pass: 'reading', done: firstRow, total });
    const range = { first: firstRow, count: Math.min(atOnce, total - firstRow) };
    await staged.inPlace?.focus(range);
    const raw = await readRows(tables, staged, columns, range);
    const validation = await validateRows({ tables, readPlan, raw, staged, dictionaries, context });
    for (const row of validation.bad) addBadRow(bad, row);
    const rows: ValidRawRows = { ...raw, kept: validation.kept };
    markKeys(rows, readPlan, occurs);
    const ranks = rankRows(rows, readPlan, progress);
    const users = readPlan.userKey && (rows.columns.get(readPlan.userKey.inEvents) as RawCodes).values;
    const groups = grouped(rows.rows, partitions, (row) => {
      if (rows.kept[row] === 0) return -1;
      return users ? partitionOfUser![users[row]!]! : hashInteger(firstRow + row, userStream) % partitions;
    });
    for (const [partition, partitionRows] of groups.entries()) {
      if (partitionRows.length > 0)
        writer.append(partition, partitionRows.length, packRaw(rows, columns, partitionRows, ranks));
    }
  }
  onPass?.({ pass: 'reading', done: total, total });
  const { rank: rows, ascends, firstTime, lastTime } = progress;
  return { bad, rows, occurs, ascends, partitionOfUser, firstTime, lastTime };
}

function markKeys(
  { kept, columns, rows }: ValidRawRows,
  { itemKey, userKey }: ReadPlan,
  occurs: ScatterResult['occurs'],
): void {
  for (const [key, marks] of [
    [itemKey, occurs.items],
    [userKey, occurs.users],
  ] as const) {
    if (key === undefined) continue;
    const { values } = columns.get(key.inEvents) as RawCodes;
    for (let row = 0; row < rows; row++) if (kept[row] === 1) marks[values[row]!] = 1;
  }
}

/** Returns the number of valid rows before each valid row, continuing from the previous range. */
function rankRows({ kept, columns, rows }: ValidRawRows, { time }: ReadPlan, progress: TimeProgress): Int32Array {
  const times = time && (columns.get(time) as RawNumbers).values;
  const ranks = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (kept[row] === 0) continue;
    ranks[row] = progress.rank++;
    if (times === undefined) continue;
    progress.firstTime ??= times[row]!;
    if (times[row]! < (progress.lastTime ?? times[row]!)) progress.ascends = false;
    progress.lastTime = times[row]!;
  }
  return ranks;
}

export interface Partition {
  /** Row ids of the events in ascending order. */
  readonly ids: Int32Array;
  /** Rank of each event among all valid rows, by row id. */
  readonly ranks: Int32Array;
  /** All rows are valid; a row is an index in `ids`. */
  readonly rows: ValidRawRows;
}

/** @param rows indexes in `raw` in ascending order */
function packRaw(
  raw: ValidRawRows,
  columns: readonly ColumnRequest[],
  rows: Int32Array,
  ranks: Int32Array,
): ColumnBlock {
  const { first = 0 } = raw;
  const block: OwnBlock = new Map([
    ['row', rows.map((row) => first + row)],
    ['rank', pick(ranks, rows)],
  ]);
  for (const [index, column] of columns.entries()) packColumn(block, `c${index}`, raw.columns.get(column)!, rows);
  return block;
}

function packColumn(block: OwnBlock, name: string, raw: RawColumn, rows: Int32Array): void {
  if (raw.kind === 'bags') packBags(block, name, raw, rows);
  else block.set(name, raw.kind === 'codes' ? pick(raw.values, rows) : pick(raw.values, rows, raw.width));
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

/** Returns the rows of each of `count` groups in ascending order. */
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
