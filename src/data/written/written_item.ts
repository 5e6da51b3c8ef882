/** The contract of items that are written. Types alone, so that the types of the package lead to no file reader. */
import type { Failure } from '../../base/diagnostics/failure.ts';
import type { IndexedColumn } from '../dataset.ts';
import type { GivenColumns, ItemField } from './fields.ts';

export interface GivenItem {
  readonly key: string;
  readonly columns: GivenColumns;
}

export interface ReadItem {
  readonly key: string;
  /** By feature of the item tower that the items file gives. Features made of others are not among them. */
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** Absent where the items file gives no titles. */
  readonly title?: string;
  /** By column that filters may read. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface ItemReader {
  readonly fields: readonly ItemField[];
  /** The columns of an item without events, by feature of the item tower that the events give. */
  readonly missing: ReadonlyMap<string, IndexedColumn>;
  /** Returns in place of an invalid item its Failure: `unknown-name`, `item-value`. */
  read(items: readonly GivenItem[]): Promise<(ReadItem | Failure)[]>;
  close(): void;
}
