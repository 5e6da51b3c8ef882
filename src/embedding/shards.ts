/**
 * Places the rows of a table that takes several memories. Row r is of virtual shard r mod 64, and a memory has whole shards, so the
 * values, the file and the steps of a row do not depend on how many memories there are.
 */
import { spaceLimit } from './space.ts';

const shardBits = 6;
const shardCount = 2 ** shardBits;

export interface Shards {
  /** Rows of each memory. */
  readonly rowsIn: readonly number[];
  memoryOf(row: number): number;
  /** Among the rows of its memory. */
  placeOf(row: number): number;
}

/** Part of a memory that rows may take: the rest is for rows on their way. */
const rowShare = 0.75;

/**
 * Takes as few memories as hold the rows; undefined where the rows are too many for all of them.
 * @param bytes of a row, with its state
 */
export function makeShards(rows: number, bytes: number): Shards | undefined {
  const perShard = Math.ceil(rows / shardCount);
  for (let memories = 1; memories <= shardCount; memories++) {
    if (Math.ceil(shardCount / memories) * perShard * bytes <= rowShare * spaceLimit()) return layOut(rows, memories);
  }
  return undefined;
}

function layOut(rows: number, memories: number): Shards {
  const memoryOfShard = new Uint8Array(shardCount);
  const firstOfShard = new Float64Array(shardCount);
  const rowsIn = new Array<number>(memories).fill(0);
  for (let shard = 0; shard < shardCount; shard++) {
    const memoryIndex = Math.floor((shard * memories) / shardCount);
    memoryOfShard[shard] = memoryIndex;
    firstOfShard[shard] = rowsIn[memoryIndex]!;
    rowsIn[memoryIndex]! += Math.max(0, Math.ceil((rows - shard) / shardCount));
  }
  const mask = shardCount - 1;
  return {
    rowsIn,
    memoryOf: (row) => memoryOfShard[row & mask]!,
    placeOf: (row) => firstOfShard[row & mask]! + (row >>> shardBits),
  };
}
