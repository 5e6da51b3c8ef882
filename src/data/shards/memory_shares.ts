/** Divides the memory of a process: determines the number of rows to read at a time, in a partition, and in a shard. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import { processMemory } from '../files/query_guard.ts';

/** Shares of what the process itself leaves of its memory, between 0 and 1. They sum to more than 1, because not all are in use at the same time. */
const shares = {
  database: 0.5,
  /** Rows that have left the database and are not in a partition so far. */
  range: 0.1,
  partition: 0.25,
  /** Shards that are shuffled together, while the next ones are read. */
  held: 0.15,
  heldOut: 0.5,
} as const;

/** Returns a share of what the process itself leaves of its memory. */
const partOf = (memory: number, share: number): number => Math.floor((memory - processMemory) * share);

export const shareOf = (memory: number, share: keyof typeof shares): number => partOf(memory, shares[share]);

/** Number of shards that are shuffled together. */
export const heldShards = 4;

/** Bytes for the place of a row in the order of its shuffle. */
const placeBytes = 4;

/** Bytes of a partition in memory, with its histories, columns and packed rows, for each byte on disk. Measured: 5 to 7. */
const growth = 8;

/** Returns the bytes of an event as it is read from the database. @param elements average number of elements in a list column */
export const rawBytes = (columns: readonly ColumnRequest[], elements: (column: ColumnRequest) => number): number =>
  columns.reduce((sum, column) => {
    const { form, width = 1 } = column;
    if (form === 'code') return sum + 4;
    if (form === 'number') return sum + 8;
    return sum + (form === 'vector' ? 8 * width : 8 + elements(column) * (form === 'codes' ? 4 : 8));
  }, 8);

/** Estimates the bytes of all rows in memory: raw and encoded columns, the order, windows of histories, and garbage that is not yet collected. */
export function bytesInMemory(rows: number, bytes: number, { histories, features }: ReadPlan): number {
  const orderBytes = 48;
  const historyBytes = 60 * histories.size;
  const encodedBytes = 8 * features.size;
  return rows * (bytes + orderBytes + historyBytes + encodedBytes);
}

export const rowsAtOnce = (memory: number, bytes: number): number =>
  Math.max(2048, Math.min(2 ** 24, Math.floor(shareOf(memory, 'range') / (2 * bytes))));

export const partitionsFor = (memory: number, rows: number, bytes: number): number =>
  Math.max(1, Math.ceil((growth * rows * bytes) / shareOf(memory, 'partition')));

/** @param packed bytes of all rows in shards */
export const shardsFor = (memory: number, packed: number, rows: number): number =>
  Math.max(1, Math.ceil((heldShards * (packed + placeBytes * rows)) / shareOf(memory, 'held')));

/** Row numbers have 32 bits, in memory and in shards. */
const maxEvents = 2 ** 31 - 1;

/** @throws Failure `too-many-events` before events are numbered */
export function refuseTooMany(rows: number): void {
  if (rows > maxEvents) throw failure('too-many-events', { rows, most: maxEvents });
}

export const largestOf = (sizes: readonly number[]): number =>
  sizes.reduce((largest, size) => Math.max(largest, size), 0);

/** @param bytes size of the largest partition, which may be much larger than the others, because it has all events of its users. @throws Failure `shards-memory` */
export const refuseLargePartition = (memory: number, bytes: number): void =>
  refusePast(memory, 2 * shares.partition, growth * bytes, {
    what: 'the largest bucket of users',
    otherwise: 'leave out users with very many events, with `where` in the data block',
  });

/** @param bytes size of the largest shard. @throws Failure `shards-memory` */
export const refuseLargeShard = (memory: number, bytes: number, heldPiles: number): void =>
  refusePast(memory, 2 * shares.held, bytes * heldPiles, {
    what: `a shuffle of ${heldPiles} piles`,
    otherwise: 'keep shorter histories and lists, with a smaller `max`',
  });

const tableShare = 1 - 2 * shares.held;

/** Returns the bytes that remain for tables while shards are shuffled and the next ones are read. */
export const roomForTables = (memory: number): number => partOf(memory, tableShare);

/** @param bytes size of the tables and of a step. @throws Failure `shards-memory` */
export const refuseLargeTables = (memory: number, bytes: number): void =>
  refusePast(memory, tableShare, bytes, {
    what: 'holding the tables and a step next to piles',
    otherwise: 'use a smaller `dim`, `hash` or `batch`, or `precision: bf16`',
  });

/** @param bytes size of the validation and test events. @throws Failure `shards-memory` */
export const refuseLargeHeldOut = (memory: number, bytes: number): void =>
  refusePast(memory, shares.heldOut, bytes, {
    what: 'holding validation and test events',
    otherwise: 'hold out fewer events with the `split` of the data block',
  });

/** @param share the share of the memory that this purpose may use @param needed the bytes that it needs */
function refusePast(
  memory: number,
  share: number,
  needed: number,
  words: { readonly what: string; readonly otherwise: string },
): void {
  const allowed = partOf(memory, share);
  if (needed <= allowed) return;
  const minMemory = processMemory + needed / share;
  throw failure('shards-memory', { ...words, needed, memory: allowed, least: minMemory, process: processMemory });
}
