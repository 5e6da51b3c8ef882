/** Combines columns with a row an item or a user from the partitions. */
import type { BagColumn, IndexedColumn } from '../dataset.ts';
import type { BlockArray, ColumnBlock } from './block.ts';
import { type EventsSpec, packColumns, specsOf, unpackColumn } from './event_rows.ts';

export interface SideRows {
  readonly specs: EventsSpec['features'];
  readonly block: ColumnBlock;
  readonly targets: Int32Array;
}

export function sideRows(columns: ReadonlyMap<string, IndexedColumn>, rows: Int32Array, targets: Int32Array): SideRows {
  const specs = specsOf(columns);
  const block = new Map<string, BlockArray>();
  packColumns(block, columns, specs, rows);
  return { specs, block, targets };
}

export class SideColumns {
  readonly #blocks: ColumnBlock[] = [];
  readonly #places: Int32Array;
  #specs: EventsSpec['features'] | undefined;
  #next = 0;

  constructor(count: number) {
    this.#places = new Int32Array(count);
  }

  /** Replaces earlier rows of the same item or user. */
  add({ specs, block, targets }: SideRows): void {
    this.#specs ??= specs;
    this.#blocks.push(block);
    for (const target of targets) this.#places[target] = this.#next++;
  }

  columns(inner: ReadonlyMap<string, BagColumn>): Map<string, IndexedColumn> {
    const inOrder = this.#places.every((entry, index) => entry === index) && this.#next === this.#places.length;
    return new Map(
      (this.#specs ?? []).map(([name, spec]) => [
        name,
        { column: unpackColumn(this.#blocks, name, spec, inner), ...(inOrder ? {} : { index: this.#places }) },
      ]),
    );
  }
}
