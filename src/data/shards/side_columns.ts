/** Columns with a row an item or a user, put together from what each bucket has of them. */
import type { BagColumn, IndexedColumn } from '../dataset.ts';
import type { Block, Numbers } from './block.ts';
import { type EventsSpec, packColumns, specsOf, unpackColumn } from './event_rows.ts';

/** Some rows of columns, and the item or user that each is of. */
export interface SideRows {
  readonly specs: EventsSpec['features'];
  readonly block: Block;
  readonly targets: Int32Array;
}

/** @param targets the item or user of each of the rows */
export function sideRows(columns: ReadonlyMap<string, IndexedColumn>, rows: Int32Array, targets: Int32Array): SideRows {
  const specs = specsOf(columns);
  const block = new Map<string, Numbers>();
  packColumns(block, columns, specs, rows);
  return { specs, block, targets };
}

export class SideColumns {
  readonly #blocks: Block[] = [];
  readonly #places: Int32Array;
  #specs: EventsSpec['features'] | undefined;
  #next = 0;

  constructor(count: number) {
    this.#places = new Int32Array(count);
  }

  /** What was there before of an item or a user is replaced. */
  add({ specs, block, targets }: SideRows): void {
    this.#specs ??= specs;
    this.#blocks.push(block);
    for (const target of targets) this.#places[target] = this.#next++;
  }

  columns(inner: ReadonlyMap<string, BagColumn>): Map<string, IndexedColumn> {
    const inOrder = this.#places.every((place, at) => place === at) && this.#next === this.#places.length;
    return new Map(
      (this.#specs ?? []).map(([name, spec]) => [
        name,
        { column: unpackColumn(this.#blocks, name, spec, inner), ...(inOrder ? {} : { index: this.#places }) },
      ]),
    );
  }
}
