/** The first pass: rows leave the database a range at a time, are validated, and go to the partition of their user. */
import { hashOf } from '../../base/random/random.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { DataLayout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import type { Database } from '../files/duckdb.ts';
import type { BadRow } from '../files/files.ts';
import type { Dictionaries, RawCodes, RawNumbers, ValidRawRows } from '../rows/raw.ts';
import type { StagedTable } from '../rows/staged.ts';
import { readRows } from '../rows/staged_tables.ts';
import { type JoinedRows, validateRows } from '../rows/validate_rows.ts';
import { grouped, packRaw } from './partitions.ts';
import type { OnPass } from './request.ts';
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
