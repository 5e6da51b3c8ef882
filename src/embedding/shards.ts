/**
 * Where the rows of a table are that takes several memories. Row r is of virtual shard r mod 64, and a memory has whole shards, so what a
 * row is, where a file has it and what it learns do not depend on how many memories there are.
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

/** The share of a memory that rows may take: the others are for rows on their way. */
const share = 0.75;

/**
 * As few memories as hold the rows.
 * @param bytes of a row, with its state
 * @returns undefined where the rows are too many for all of them
 */
export function makeShards(rows: number, bytes: number): Shards | undefined {
  const perShard = Math.ceil(rows / shardCount);
  for (let memories = 1; memories <= shardCount; memories++) {
    if (Math.ceil(shardCount / memories) * perShard * bytes <= share * spaceLimit()) return layOut(rows, memories);
  }
  return undefined;
}

function layOut(rows: number, memories: number): Shards {
  const memoryOfShard = new Uint8Array(shardCount);
  const firstOfShard = new Float64Array(shardCount);
  const rowsIn = new Array<number>(memories).fill(0);
  for (let shard = 0; shard < shardCount; shard++) {
    const memory = Math.floor((shard * memories) / shardCount);
    memoryOfShard[shard] = memory;
    firstOfShard[shard] = rowsIn[memory]!;
    rowsIn[memory]! += Math.max(0, Math.ceil((rows - shard) / shardCount));
  }
  const mask = shardCount - 1;
  return {
    rowsIn,
    memoryOf: (row) => memoryOfShard[row & mask]!,
    placeOf: (row) => firstOfShard[row & mask]! + (row >>> shardBits),
  };
}
