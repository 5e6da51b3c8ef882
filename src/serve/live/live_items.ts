/**
 * The items of a model as they are now: a snapshot of the data, and what was written and deleted since. `apply` gives a new snapshot, and older ones stay as they
 * are. An item that is written again moves to the end, so the order of equal scores is that of a file whose written lines come last.
 */
import { Bits } from '../../scan/bits.ts';
import type { Snapshot } from '../snapshot.ts';
import { liveSnapshot } from './live_snapshot.ts';
import { makeWrittenItems, type WrittenItem, type WrittenItems } from './written_items.ts';

export type Change = { readonly put: WrittenItem } | { readonly delete: string };

export interface LiveItems {
  readonly snapshot: Snapshot;
  /** Items that were written, and items of the data that are deleted or replaced. */
  readonly written: number;
  readonly hidden: number;
  /** All of them become visible together, in their order. */
  apply(changes: readonly Change[]): void;
  /**
   * Drops the slots of items that were written again or deleted, if there are many. In slices, so that requests are answered between them; no `apply` comes before it
   * has ended.
   */
  tidy(): Promise<void>;
}

/** Ended slots that are left alone. */
const fewEnded = 4096;
/** Items that are copied before requests get their turn. */
const slice = 512;

export function makeLiveItems(base: Snapshot): LiveItems {
  let snapshot = base;
  let kept = Bits.all(base.rows);
  let hidden = 0;
  let written: WrittenItems | undefined;

  const show = (): void => {
    if (written) snapshot = liveSnapshot({ base, written: written.view(), kept });
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
      const next = kept.copy();
      for (const change of changes) {
        const key = 'put' in change ? change.put.key : change.delete;
        const row = base.itemRow(key);
        if (row >= 0 && next.has(row)) {
          next.delete(row);
          hidden++;
        }
        if ('put' in change) written.add(change.put);
        else written.end(key);
      }
      kept = next;
      show();
    },
    async tidy() {
      if (!written || written.slots - written.alive < fewEnded + written.alive) return;
      const fresh = makeWrittenItems(base);
      for (const item of written.items()) {
        fresh.add(item);
        if (fresh.slots % slice === 0) await turn();
      }
      written = fresh;
      show();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
