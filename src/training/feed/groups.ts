import type { Tensor } from '../../graph/graph.ts';

/** Chains the places of a batch that have the same number, in ascending order. A number below 0 is equal to no other. */
export interface EqualPlaces {
  fill(count: number, numberOf: (place: number) => number): void;
  /** The first place that has this number; −1: none. */
  first(number: number): number;
  /** The next place with the same number; −1: none. */
  next(place: number): number;
}

/** A hash table with linear probing, its room used again from batch to batch. */
export function makeGroups(): EqualPlaces {
  let keys = new Int32Array(0);
  let firsts = new Int32Array(0);
  let nexts = new Int32Array(0);
  let mask = 0;
  const slotOf = (key: number): number => {
    let slot = (Math.imul(key, 0x9e3779b1) >>> 0) & mask;
    while (firsts[slot]! >= 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  };
  return {
    fill(count, numberOf) {
      const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
      if (keys.length !== size) {
        keys = new Int32Array(size);
        firsts = new Int32Array(size);
        mask = size - 1;
      }
      if (nexts.length < count) nexts = new Int32Array(count);
      firsts.fill(-1);
      for (let place = count - 1; place >= 0; place--) {
        const key = numberOf(place);
        nexts[place] = -1;
        if (key < 0) continue;
        const slot = slotOf(key);
        keys[slot] = key;
        nexts[place] = firsts[slot]!;
        firsts[slot] = place;
      }
    },
    first: (key) => (key < 0 ? -1 : firsts[slotOf(key)]!),
    next: (place) => nexts[place]!,
  };
}

export interface PairList {
  clear(): void;
  add(row: number, column: number): void;
  /** int32 [length, 2], a view that the next `clear` reuses. */
  tensor(): Tensor;
}

export function makePairs(): PairList {
  let data = new Int32Array(1024);
  let length = 0;
  return {
    clear() {
      length = 0;
    },
    add(row, column) {
      if (length === data.length) {
        const largerData = new Int32Array(2 * length);
        largerData.set(data);
        data = largerData;
      }
      data[length++] = row;
      data[length++] = column;
    },
    tensor: () => ({ dtype: 'int32', shape: [length / 2, 2], data: data.subarray(0, length) }),
  };
}
