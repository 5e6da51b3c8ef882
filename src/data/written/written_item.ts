/** What is given of an item that is written, and what is read of it. Types alone, so that the types of the package lead to no file reader. */
import type { Failure } from '../../diagnostics/failure.ts';
import type { IndexedColumn } from '../dataset.ts';
import type { GivenColumns, ItemField } from './fields.ts';

export interface GivenItem {
  readonly key: string;
  readonly columns: GivenColumns;
}

/** A row of each feature, and what filters and answers show. */
export interface ReadItem {
  readonly key: string;
  /** By feature of the item tower that the items file gives. What is made of others is not among them. */
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** Absent where the items file gives no titles. */
  readonly title?: string;
  /** By column that filters may read. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface ItemReader {
  readonly fields: readonly ItemField[];
  /** By feature of the item tower that the events give: what an item without events has. */
  readonly missing: ReadonlyMap<string, IndexedColumn>;
  /** In place of an item is the Failure of one that cannot be: `unknown-name`, `item-value`. */
  read(items: readonly GivenItem[]): Promise<(ReadItem | Failure)[]>;
  close(): void;
}
