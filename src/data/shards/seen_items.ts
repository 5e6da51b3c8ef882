/**
 * What each user had in training. The items are 4 bytes an event, and training asks for none of them: they lie in a file of their own, and
 * are read where something asks.
 */
import type { BagColumn } from '../dataset.ts';
import type { Block } from './block.ts';
import { type PileFile, readPileAtOnce } from './piles.ts';

export const seenName = 'seen.bin';

/** Where the items of each user are in the file. */
export type SeenPlaces = Pick<BagColumn, 'starts' | 'ends'>;

/** Of the users of a bucket. */
export interface SeenOfBucket extends SeenPlaces {
  /** How many items the bucket has in the file. */
  readonly items: number;
}

export const blockOfSeen = ({ values }: BagColumn): Block => new Map([['values', values as Int32Array]]);

export const seenOfBucket = ({ starts, ends, values }: BagColumn): SeenOfBucket => ({
  ...{ starts, ends },
  items: values.length,
});

/** The places of all users, put together from those of each bucket. */
export class SeenItems {
  readonly places: SeenPlaces;
  #items = 0;

  constructor(users: number) {
    this.places = { starts: new Int32Array(users), ends: new Int32Array(users) };
  }

  /** @param members places of the bucket's users among all users */
  add({ starts, ends, items }: SeenOfBucket, members: Int32Array): void {
    members.forEach((user, local) => {
      this.places.starts[user] = this.#items + starts[local]!;
      this.places.ends[user] = this.#items + ends[local]!;
    });
    this.#items += items;
  }
}

/** A column whose items are read when they are first asked for. Asking throws Failure `shards-damaged` where they cannot be read. */
export function seenInFile(folder: string, file: PileFile, { starts, ends }: SeenPlaces): BagColumn {
  let values: Int32Array | undefined;
  return {
    ...{ kind: 'bags', starts, ends },
    get values() {
      values ??= endToEnd(readPileAtOnce(folder, seenName, file));
      return values;
    },
  };
}

/** The items of all blocks, moved together where they lie: a copy would take as much memory again. */
function endToEnd(blocks: readonly Block[]): Int32Array {
  let length = 0;
  let all = new Int32Array(0);
  for (const block of blocks) {
    const values = block.get('values') as Int32Array;
    if (length === 0) all = new Int32Array(values.buffer as ArrayBuffer);
    const from = values.byteOffset / Int32Array.BYTES_PER_ELEMENT;
    all.copyWithin(length, from, from + values.length);
    length += values.length;
  }
  return all.subarray(0, length);
}
