/** Connects the rows of a table that workers share. */
import type { StoredNumbers } from '../../base/storage/tensor_header.ts';
import type { RowGradients } from './pending_gradients.ts';

export interface TableWire {
  /** From 0. */
  readonly rank: number;
  readonly workers: number;
  /** Brings the rows that look-ups have named to these tables. */
  fetch(tables: readonly RemoteTable[]): Promise<void>;
  /** Rows of all workers, as `piece` of each gives them, in the order of ranks. `slot`: of the optimizer's state; absent: values. */
  pieces(
    table: string,
    slot: string | undefined,
    first: number,
    rows: number,
    own: StoredNumbers,
  ): Promise<readonly StoredNumbers[]>;
}

export interface RemoteTable {
  readonly name: string;
  readonly dim: number;
  readonly remote: Remote;
}

/** A worker numbers its rows itself: row r of the table is row ⌊r ÷ N⌋ of its owner. */
export interface Remote {
  readonly wire: TableWire;
  /** Look-ups name rows until rows are taken. */
  ask(): void;
  /** By owner, the rows that were named, as the owner numbers them. */
  asked(): readonly Int32Array[];
  /** Own rows, float32 [rows, dim]. */
  give(rows: Int32Array): Float32Array;
  take(rows: readonly Float32Array[]): void;
  /** Returns by owner the gradients of the rows of the step; then none has one. */
  drain(): readonly RowGradients[];
  /** Own rows among these rows of the table, of its values or of a slot of its state. */
  piece(slot: string | undefined, first: number, rows: number): StoredNumbers;
  /** Some worker has updated the table in this step: a counter of steps of the whole table counts it. */
  learned(): void;
}
