/**
 * Stores the rows of a table in separate memories, if they do not fit in one memory or are bfloat16. The front is the table's own memory and has the codes, the
 * gradients and the gathered rows. Rows are copied to the front, and gradients from it, one chunk at a time. So pooling and sums run in the front in the same
 * order as with one memory, and each row is updated where it is stored: the bits are the same.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { ChunkedNumbers } from '../../base/storage/tensor_header.ts';
import { type DrawKeys, type FarMemory, type FarMemoryOptions, type FarNumbers, makeFarMemory } from './far_memory.ts';
import { type KernelSpace, type Region, spaceLimit } from './kernel_memory.ts';
import type { RowsToUpdate } from './optimizer.ts';
import type { Staging } from './remote_rows.ts';

/**
 * Distributes the rows of a table over several memories. Row r belongs to virtual shard r mod 64, and a memory has whole shards, so the values, the file and
 * the updates of a row do not depend on the number of memories.
 */
const shardBits = 6;
const shardCount = 2 ** shardBits;

interface Shards {
  readonly rowsIn: readonly number[];
  memoryOf(row: number): number;
  /** Index among the rows of its memory. */
  indexInMemory(row: number): number;
}

/** Share of a memory that rows may take: the rest is for rows in transit. */
const rowShare = 0.75;

/** Uses as few memories as possible. Returns undefined if the rows do not fit in the maximum number of memories. @param bytes size of a row with its state */
export function makeShards(rows: number, bytes: number): Shards | undefined {
  const perShard = Math.ceil(rows / shardCount);
  for (let memories = 1; memories <= shardCount; memories++) {
    if (Math.ceil(shardCount / memories) * perShard * bytes <= rowShare * spaceLimit())
      return assignShards(rows, memories);
  }
  return undefined;
}

function assignShards(rows: number, memories: number): Shards {
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
    indexInMemory: (row) => firstOfShard[row & mask]! + (row >>> shardBits),
  };
}

/** A chunk of codes, ordered by memory with a counting sort, which keeps the order of codes of the same memory. */
interface CodeChunk {
  /** Index of the chunk's first code among all codes. */
  readonly from: number;
  /** For each memory, the number of its codes and their start in `places`. */
  readonly counts: Int32Array;
  readonly starts: Int32Array;
  /** Index of each row within its memory, ordered by memory. */
  readonly places: Int32Array;
  /** For each entry of `places`, the index of its code in the chunk. */
  readonly order: Int32Array;
}

/** Large enough that copies between memories cost little, small enough that a chunk stays in the caches. */
const maxChunkRows = 8192;

function makeChunks({ rowsIn, memoryOf, indexInMemory }: Shards, rowBytes: number) {
  // Rows in transit have a quarter of a memory.
  const chunkRows = Math.max(1, Math.min(maxChunkRows, Math.floor(spaceLimit() / 40 / rowBytes)));
  const memories = new Uint8Array(chunkRows);
  const memoryCounts = new Int32Array(rowsIn.length);
  const memoryStarts = new Int32Array(rowsIn.length);
  const nextSlot = new Int32Array(rowsIn.length);
  const places = new Int32Array(chunkRows);
  const chunkOrder = new Int32Array(chunkRows);
  return {
    maxRows: chunkRows,
    forEachChunk(codes: Int32Array, visit: (chunk: CodeChunk) => void): void {
      for (let from = 0; from < codes.length; from += chunkRows) {
        const count = Math.min(chunkRows, codes.length - from);
        memoryCounts.fill(0);
        for (let i = 0; i < count; i++) {
          memories[i] = memoryOf(codes[from + i]!);
          memoryCounts[memories[i]!]!++;
        }
        for (let index = 1; index < memoryStarts.length; index++)
          memoryStarts[index] = memoryStarts[index - 1]! + memoryCounts[index - 1]!;
        nextSlot.set(memoryStarts);
        for (let i = 0; i < count; i++) {
          const slot = nextSlot[memories[i]!]!++;
          places[slot] = indexInMemory(codes[from + i]!);
          chunkOrder[slot] = i;
        }
        visit({ from, counts: memoryCounts, starts: memoryStarts, places, order: chunkOrder.subarray(0, count) });
      }
    },
  };
}

/** The slot of a table's state that counts the steps that rounded rows. Only tables that round have it. */
export const roundsSlot = 'rounds';

export interface FarOptions extends FarMemoryOptions {
  readonly shards: Shards;
  readonly front: KernelSpace;
  readonly enlarge: (region: Region | undefined, bytes: number) => Region;
  /** Returns the index of a row in the table of all workers. Default: the row itself. */
  readonly idOf?: (row: number) => number;
}

export class FarRows implements Staging {
  readonly #options: FarOptions;
  readonly #rowBytes: number;
  readonly #memories: readonly FarMemory[];
  readonly #chunks: ReturnType<typeof makeChunks>;
  /** In the front: rows of a look-up, ordered by memory, and the index of each code's row among them. */
  #staged: Region | undefined;
  #places: Region | undefined;
  /** In the front: gradients of a chunk, ordered by memory, and the index in the chunk from which each of them comes. */
  #sums: Region | undefined;
  #from: Region | undefined;
  #keys: DrawKeys = [0, 0];
  /** Number of steps that rounded rows, because each step rounds with other random bits. */
  readonly #rounds = new Int32Array(1);

  constructor(options: FarOptions) {
    const { dim, shards } = options;
    this.#options = options;
    this.#rowBytes = dim * 4;
    this.#chunks = makeChunks(shards, this.#rowBytes);
    this.#memories = shards.rowsIn.map((rows) => makeFarMemory({ ...options, rows }, this.#chunks.maxRows));
  }

  get bytes(): number {
    return this.#memories.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Makes room for `stage`, which then does not move anything in the front. */
  reserve(count: number): void {
    const { enlarge } = this.#options;
    this.#staged = enlarge(this.#staged, Math.max(1, count) * this.#rowBytes);
    this.#places = enlarge(this.#places, Math.max(1, count) * 4);
  }

  /** Copies the rows of `count` codes to the front. The row of code i is row `places[i]` of `table`. */
  stage(codes: number, count: number): { readonly table: number; readonly places: number } {
    const { front } = this.#options;
    const rowBytes = this.#rowBytes;
    invariant(this.#staged && this.#places && count * 4 <= this.#places.bytes, 'stage before reserve');
    const allCodes = new Int32Array(front.memory.buffer, codes, count);
    const stagedPlaces = front.integers(this.#places, count);
    const stagedPointer = this.#staged.pointer;
    this.#chunks.forEachChunk(allCodes, ({ from, counts, starts, places, order }) => {
      for (const [index, memory] of this.#memories.entries()) {
        const rowCount = counts[index]!;
        if (rowCount === 0) continue;
        memory.codes().set(places.subarray(starts[index]!, starts[index]! + rowCount));
        const target = stagedPointer + (from + starts[index]!) * rowBytes;
        new Uint8Array(front.memory.buffer, target, rowCount * rowBytes).set(memory.gather(rowCount));
      }
      for (let i = 0; i < order.length; i++) stagedPlaces[from + order[i]!] = from + i;
    });
    return { table: stagedPointer, places: this.#places.pointer };
  }

  update(gradients: RowsToUpdate, rate: number, keep: number, l2: number): void {
    const { front, enlarge } = this.#options;
    const rowBytes = this.#rowBytes;
    const { maxRows } = this.#chunks;
    this.#rounds[0]!++;
    this.#sums = enlarge(this.#sums, maxRows * rowBytes);
    this.#from = enlarge(this.#from, maxRows * 4);
    const codes = new Int32Array(front.memory.buffer, gradients.unique, gradients.count);
    this.#chunks.forEachChunk(codes, ({ from, counts, starts, places, order }) => {
      front.integers(this.#from!, order.length).set(order);
      const chunkSums = gradients.sums + from * rowBytes;
      front.kernels.gather(chunkSums, rowBytes, this.#from!.pointer, order.length, this.#sums!.pointer);
      for (const [index, memory] of this.#memories.entries()) {
        const [start, rowCount] = [starts[index]!, counts[index]!];
        if (rowCount === 0) continue;
        memory.codes().set(places.subarray(start, start + rowCount));
        const ids = memory.ids();
        for (let i = 0; i < rowCount; i++) ids[i] = this.#idOf(codes[from + order[start + i]!]!);
        const rowSums = new Uint8Array(
          front.memory.buffer,
          this.#sums!.pointer + start * rowBytes,
          rowCount * rowBytes,
        );
        memory.sums().set(rowSums);
        memory.update(rowCount, { rate, keep, l2, noise: this.#noise() });
      }
    });
  }

  /** Draws the initial values. A number depends on the keys and on its (row, column) in the whole table, as in a table of one memory. */
  initialize(keys: DrawKeys, limit: number): void {
    const { rows, dim, shards } = this.#options;
    this.#keys = keys;
    this.#rounds[0] = 0;
    for (const memory of this.#memories) memory.initializeState();
    for (let row = 0; row < rows; row++) {
      const id = this.#idOf(row);
      const element = id * dim;
      // The counter has 32 bits: later elements use another key.
      const key = keys[1] + Math.imul(Math.floor(element / 2 ** 32), 0x9e3779b9);
      const drawArguments = [keys[0] + element, key, -limit, 2 * limit] as const;
      this.#memories[shards.memoryOf(row)]!.draw(shards.indexInMemory(row), id, drawArguments, this.#noise());
    }
  }

  values(): ChunkedNumbers {
    return this.#numbersOfRows('F32', this.#options.dim, (memory) => memory.values());
  }

  state(): Readonly<Record<string, ChunkedNumbers | Int32Array>> {
    const { specs, dim, precision } = this.#options;
    const state: Record<string, ChunkedNumbers | Int32Array> = {};
    for (const [index, { name, per, dtype }] of specs.entries()) {
      const kind = dtype === 'int32' ? 'I32' : 'F32';
      state[name] = this.#numbersOfRows(kind, per === 'row' ? 1 : dim, (memory) => memory.state(index));
    }
    if (precision === 'bf16' && this.#options.optimizer) state[roundsSlot] = this.#rounds;
    return state;
  }

  /** Counts a step that saw rows of other workers, and none of these. */
  pass(): void {
    this.#rounds[0]!++;
  }

  #idOf(row: number): number {
    return this.#options.idOf?.(row) ?? row;
  }

  #noise(): DrawKeys {
    return [this.#keys[1] ^ 0x2545f491, this.#keys[0] + Math.imul(this.#rounds[0]!, 0x9e3779b9)];
  }

  /** Presents the numbers of all rows, `width` of each row, in the order of the rows. */
  #numbersOfRows(kind: 'F32' | 'I32', width: number, numbersOf: (memory: FarMemory) => FarNumbers): ChunkedNumbers {
    const { rows, shards } = this.#options;
    const forEachRow = (
      from: number,
      count: number,
      visit: (numbers: FarNumbers, row: number, slot: number) => void,
    ): void => {
      const numbersOfMemories = this.#memories.map(numbersOf);
      const [first, end] = [from / width, (from + count) / width];
      invariant(Number.isInteger(first) && Number.isInteger(end), 'pieces of a table are whole rows');
      for (let row = first; row < end; row++) {
        visit(numbersOfMemories[shards.memoryOf(row)]!, shards.indexInMemory(row) * width, (row - first) * width);
      }
    };
    return {
      kind,
      width,
      length: rows * width,
      read: (from, into) => forEachRow(from, into.length, (numbers, row, slot) => numbers.read(row, width, into, slot)),
      write: (from, numbers) =>
        forEachRow(from, numbers.length, (target, row, slot) => target.write(row, width, numbers, slot)),
    };
  }
}
