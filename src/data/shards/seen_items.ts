/** The items that each user had in training. They take 4 bytes an event, and training reads none of them: they have a file of their own. */
import type { BagColumn } from '../dataset.ts';
import type { ColumnBlock } from './block.ts';
import { type PileFile, readPileSync } from './piles.ts';

export const seenName = 'seen.bin';

/** The spans of each user's items in the file. */
export type SeenSpans = Pick<BagColumn, 'starts' | 'ends'>;

export interface SeenOfBucket extends SeenSpans {
  readonly items: number;
}

export const blockOfSeen = ({ values }: BagColumn): ColumnBlock => new Map([['values', values as Int32Array]]);

export const seenOfBucket = ({ starts, ends, values }: BagColumn): SeenOfBucket => ({
  ...{ starts, ends },
  items: values.length,
});

/** Combines the spans of all users from those of each partition. */
export class SeenItems {
  readonly places: SeenSpans;
  #items = 0;

  constructor(users: number) {
    this.places = { starts: new Int32Array(users), ends: new Int32Array(users) };
  }

  /** @param members indexes of the partition's users among all users */
  add({ starts, ends, items }: SeenOfBucket, members: Int32Array): void {
    members.forEach((user, local) => {
      this.places.starts[user] = this.#items + starts[local]!;
      this.places.ends[user] = this.#items + ends[local]!;
    });
    this.#items += items;
  }
}

/** Returns a column whose items are read at their first use, which throws Failure `shards-damaged` where they cannot be read. */
export function seenInFile(folder: string, file: PileFile, { starts, ends }: SeenSpans): BagColumn {
  let values: Int32Array | undefined;
  return {
    ...{ kind: 'bags', starts, ends },
    get values() {
      values ??= endToEnd(readPileSync(folder, seenName, file));
      return values;
    },
  };
}

/** Joins the items of all blocks where they lie: a copy would take as much memory again. */
function endToEnd(blocks: readonly ColumnBlock[]): Int32Array {
  let length = 0;
  let joinedItems = new Int32Array(0);
  for (const block of blocks) {
    const values = block.get('values') as Int32Array;
    if (length === 0) joinedItems = new Int32Array(values.buffer as ArrayBuffer);
    const start = values.byteOffset / Int32Array.BYTES_PER_ELEMENT;
    joinedItems.copyWithin(length, start, start + values.length);
    length += values.length;
  }
  return joinedItems.subarray(0, length);
}
