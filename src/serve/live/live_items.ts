/**
 * The items of a model as they are now: a snapshot of the data, and what was written and deleted since. `apply` gives a new snapshot, and older ones stay as they
 * are. An item that is written again moves to the end, so the order of equal scores is that of a file whose written lines come last.
 */
import { Bits } from '../../scan/bits.ts';
import type { Snapshot } from '../snapshot.ts';
import { liveSnapshot } from './live_snapshot.ts';
import type { WrittenItem } from './segment.ts';
import { makeWrittenItems, type WrittenItems } from './written_items.ts';

export type Change = { readonly put: WrittenItem } | { readonly delete: string };

export interface LiveItems {
  readonly snapshot: Snapshot;
  /** Items that were written, and items of the data that are deleted or replaced. */
  readonly written: number;
  readonly hidden: number;
  /** All of them become visible together, in their order. */
  apply(changes: readonly Change[]): void;
  /** Drops the slots of items that were written again or deleted, if there are many: in slices, between which requests are answered and changes applied. */
  tidy(): Promise<void>;
}

export function makeLiveItems(base: Snapshot): LiveItems {
  let snapshot = base;
  let kept = Bits.all(base.rows);
  let hidden = 0;
  let written: WrittenItems | undefined;

  const show = (): void => {
    if (written) snapshot = liveSnapshot({ base, written: written.view(), kept, hidden });
  };

  return {
    get snapshot() {
      return snapshot;
    },
    get written() {
      return written?.alive ?? 0;
    },
    get hidden() {
      return hidden;
    },
    apply(changes) {
      if (changes.length === 0) return;
      written ??= makeWrittenItems(base);
      /** Items that come together: their codes are written once. */
      const together = new Map<string, WrittenItem>();
      const flush = (): void => {
        written!.add([...together.values()]);
        together.clear();
      };
      let next: Bits | undefined;
      for (const change of changes) {
        const key = 'put' in change ? change.put.key : change.delete;
        const row = base.itemRow(key);
        if (row >= 0 && (next ?? kept).has(row)) {
          next ??= kept.copy();
          next.delete(row);
          hidden++;
        }
        if (together.has(key)) flush();
        written.end(key);
        if ('put' in change) together.set(key, change.put);
      }
      flush();
      kept = next ?? kept;
      show();
    },
    async tidy() {
      if (await written?.compact()) show();
    },
  };
}
