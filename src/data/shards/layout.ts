/** Divides one budget of memory: how many rows are read at a time, and how many are in a partition and in a shard. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { ColumnRequest, ReadPlan } from '../binding/layout.ts';

/** Parts of the budget, between 0 and 1. Not all are held at one time, so they add up to more. */
const shares = {
  database: 0.5,
  /** Rows that have left the database and are not in a partition so far. */
  range: 0.1,
  partition: 0.25,
  /** Shards that are shuffled together; the next ones are read meanwhile. */
  held: 0.15,
  heldOut: 0.5,
} as const;

export const shareOf = (memory: number, of: keyof typeof shares): number => Math.floor(memory * shares[of]);

/** Shards that are shuffled together. */
export const heldShards = 4;

/** Bytes of a partition in memory, with its histories, columns and packed rows, for each byte on the disk. Measured: 5 to 7. */
const growth = 8;

/** Returns the bytes of a row of events as it leaves the database. @param elements of a list column, on average */
export function rawBytes(columns: readonly ColumnRequest[], elements: (column: ColumnRequest) => number): number {
  return columns.reduce((sum, column) => {
    const { form, width = 1 } = column;
    if (form === 'code') return sum + 4;
    if (form === 'number') return sum + 8;
    return sum + (form === 'vector' ? 8 * width : 8 + elements(column) * (form === 'codes' ? 4 : 8));
  }, 8);
}

/**
 * Estimates the bytes of all rows in memory: their raw and encoded columns, the order, windows of histories, and garbage until it is
 * collected.
 */
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

export const shardsFor = (memory: number, packed: number): number =>
  Math.max(1, Math.ceil((heldShards * packed) / shareOf(memory, 'held')));

/** Rows have numbers of 32 bits, in memory and in shards. */
const maxEvents = 2 ** 31 - 1;

/** @throws Failure `too-many-events` before any of them is numbered */
export function refuseTooMany(rows: number): void {
  if (rows > maxEvents) throw failure('too-many-events', { rows, most: maxEvents });
}

/** @param bytes of the largest partition: all events of a user are in one, which may be much larger than the others. @throws Failure `shards-memory` */
export const refuseLargePartition = (memory: number, bytes: number): void =>
  refusePast(memory, 2 * shares.partition, growth * bytes, {
    what: 'the largest bucket of users',
    otherwise: 'leave out users with very many events, with `where` in the data block',
  });

/** @param bytes of the largest shard. @throws Failure `shards-memory` */
export const refuseLargeShard = (memory: number, bytes: number, held: number): void =>
  refusePast(memory, 2 * shares.held, bytes * held, {
    what: `a shuffle of ${held} piles`,
    otherwise: 'keep shorter histories and lists, with a smaller `max`',
  });

const tableShare = 1 - 2 * shares.held;

/** Returns the bytes that are left while shards are shuffled and the next ones are read. */
export const roomForTables = (memory: number): number => Math.floor(memory * tableShare);

/** @param bytes of the tables. @throws Failure `shards-memory` */
export const refuseLargeTables = (memory: number, bytes: number): void =>
  refusePast(memory, tableShare, bytes, {
    what: 'holding the tables next to piles',
    otherwise: 'use a smaller `dim` or `hash`, or `precision: bf16`',
  });

/** @param bytes of validation and test events. @throws Failure `shards-memory` */
export const refuseLargeHeldOut = (memory: number, bytes: number): void =>
  refusePast(memory, shares.heldOut, bytes, {
    what: 'holding validation and test events',
    otherwise: 'hold out fewer events with the `split` of the data block',
  });

/** @param share of the memory that this part may use @param needed bytes of it */
function refusePast(
  memory: number,
  share: number,
  needed: number,
  words: { readonly what: string; readonly otherwise: string },
): void {
  const allowed = Math.floor(memory * share);
  if (needed > allowed) {
    throw failure('shards-memory', { ...words, needed, memory: allowed, least: (memory * needed) / allowed });
  }
}
