/** Codes a chunk at a time, each chunk ordered by memory by counting: codes of one memory keep their order. */
import type { Shards } from './shards.ts';
import { spaceLimit } from './space.ts';

export interface Chunk {
  /** Where the chunk begins among all codes. */
  readonly from: number;
  /** By memory: how many codes it has, and where they begin in what follows. */
  readonly counts: Int32Array;
  readonly starts: Int32Array;
  /** Rows among those of their memory, by memory. */
  readonly places: Int32Array;
  /** Of each place: which code of the chunk it is. */
  readonly order: Int32Array;
}

/** Many enough that copies between memories cost little, few enough that they stay in the caches. */
const mostRows = 8192;

/** @param rowBytes of a row on its way */
export function makeChunks({ rowsIn, memoryOf, placeOf }: Shards, rowBytes: number) {
  // Rows on their way have a quarter of a memory: see `shards.ts`.
  const most = Math.max(1, Math.min(mostRows, Math.floor(spaceLimit() / 40 / rowBytes)));
  const memories = new Uint8Array(most);
  const counts = new Int32Array(rowsIn.length);
  const starts = new Int32Array(rowsIn.length);
  const next = new Int32Array(rowsIn.length);
  const places = new Int32Array(most);
  const order = new Int32Array(most);
  return {
    /** Codes of a chunk, at most. */
    most,
    each(codes: Int32Array, act: (chunk: Chunk) => void): void {
      for (let from = 0; from < codes.length; from += most) {
        const count = Math.min(most, codes.length - from);
        counts.fill(0);
        for (let i = 0; i < count; i++) counts[(memories[i] = memoryOf(codes[from + i]!))]!++;
        for (let at = 1; at < starts.length; at++) starts[at] = starts[at - 1]! + counts[at - 1]!;
        next.set(starts);
        for (let i = 0; i < count; i++) {
          const at = next[memories[i]!]!++;
          places[at] = placeOf(codes[from + i]!);
          order[at] = i;
        }
        act({ from, counts, starts, places, order: order.subarray(0, count) });
      }
    },
  };
}
