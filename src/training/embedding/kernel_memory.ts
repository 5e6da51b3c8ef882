/**
 * A linear memory of at most 4 GiB with its kernels, and regions within it. Growing keeps the content in place but detaches every view: get views again after
 * `allocate`.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import { kernels as encoded } from './kernels/generated.ts';

// The compiled kernels as the host calls them. Pointers are byte offsets in the memory of the kernels; counts are of elements or rows.

/** Rows with gradients: the table and the bytes of a row, `seen` codes at `unique`, and the sums of their gradients. */
type SeenArguments = [table: number, bytes: number, unique: number, seen: number, sums: number];
type BagArguments = [table: number, bytes: number, codes: number, offsets: number];
type SlotArguments = [sums: number, bytes: number, slots: number, offsets: number];
type NeighbourArguments = [offsets: number, neighbours: number, own: number, other: number];
type MomentArguments = [mean: number, square: number, steps: number, corrections: number, corrected: number];
/** Rows of a history: those of `data` at `codes`. */
type HistoryArguments = [data: number, bytes: number, diagonal: number, codes: number, count: number];
type BetaArguments = [beta1: number, rest1: number, beta2: number, rest2: number, epsilon: number];

export interface Kernels {
  badCode(codes: number, count: number, rows: number): number;
  copyBags(values: number, starts: number, ends: number, count: number, codes: number, offsets: number): void;
  gather(table: number, bytes: number, codes: number, count: number, out: number): void;
  gatherHalf(table: number, bytes: number, codes: number, count: number, out: number): void;
  roundRows(
    from: number,
    bytes: number,
    codes: number,
    ids: number,
    count: number,
    table: number,
    key1: number,
    key2: number,
  ): void;
  scatterRows(from: number, bytes: number, codes: number, count: number, table: number): void;
  gatherSequence(...args: [...BagArguments, count: number, length: number, out: number]): void;
  gatherPooled(...args: [...BagArguments, count: number, mean: number, far: number, out: number]): void;
  gatherWeighted(...args: [...BagArguments, shares: number, count: number, far: number, out: number]): void;
  resolve(
    codes: number,
    count: number,
    slots: number,
    unique: number,
    seen: number,
    sums: number,
    bytes: number,
  ): number;
  forget(unique: number, places: number): void;
  resolveOne: Kernels['resolve'];
  scatterSequence(...args: [...SlotArguments, count: number, length: number, gradient: number]): void;
  scatterPooled(...args: [...SlotArguments, count: number, mean: number, gradient: number]): void;
  scatterWeighted(...args: [...SlotArguments, shares: number, count: number, gradient: number]): void;
  regularize(...args: [...SeenArguments, factor: number]): void;
  updateMomentum(...args: [...SeenArguments, momentum: number, share: number, rate: number, keep: number]): void;
  updateSgd(...args: [...SeenArguments, rate: number, keep: number]): void;
  updateRowAdagrad: Kernels['updateAdagrad'];
  updateAdagrad(...args: [...SeenArguments, state: number, rate: number, epsilon: number, keep: number]): void;
  updateAdam(...args: [...SeenArguments, ...MomentArguments, rate: number, ...BetaArguments, keep: number]): void;
  updateLamb(...args: [...SeenArguments, ...MomentArguments, rate: number, ...BetaArguments, decay: number]): void;
  sumNeighbours(
    ...args: [base: number, from: number, to: number, bytes: number, rows: number, ...NeighbourArguments]
  ): void;
  sumNeighboursOf(
    codes: number,
    count: number,
    stamps: number,
    now: number,
    share: number,
    ...args: [base: number, from: number, to: number, bytes: number, ...NeighbourArguments]
  ): void;
  addToNeighbours(
    ...args: [unique: number, seen: number, sums: number, to: number, bytes: number, ...NeighbourArguments]
  ): void;
  addRows(unique: number, seen: number, sums: number, to: number, bytes: number, factor: number): void;
  scale(numbers: number, count: number, factor: number): void;
  uniform(out: number, count: number, key1: number, key2: number, low: number, width: number): void;
  constant(out: number, count: number, value: number): void;
  rank(scores: number, rows: number, columns: number, targets: number, better: number, equal: number): void;
  combine(matrix: number, bytes: number, weights: number, count: number, out: number): void;
  addOuters(matrix: number, bytes: number, data: number, codes: number, count: number): void;
  solveWide(...args: [...HistoryArguments, matrix: number, out: number]): void;
  solveNarrow(...args: [...HistoryArguments, space: number, matrix: number, out: number]): void;
  descend(
    columns: number,
    count: number,
    starts: number,
    rows: number,
    rest: number,
    weights: number,
    l1: number,
    l2: number,
  ): number;
}

/** Compiled once: all instances share the machine code, so the warm-up of one instance serves all. */
let compiled: WebAssembly.Module | undefined;

function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(encoded, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}

const page = 65_536;
/** A cache line, so that rows whose size divides it never straddle two lines. */
const alignment = 64;
/** Reserved for the data that the compiler puts at the bottom of the memory. */
const bottom = 1024;

export const largestSpace = 2 ** 32 - page;

let limit = largestSpace;

/** Returns the maximum bytes of a memory. A table that needs more uses several memories. */
export const spaceLimit = (): number => limit;

/** For tests and benchmarks: limits the memories that are made from now on. */
export function limitSpaces(bytes: number = largestSpace): void {
  limit = bytes;
}

export interface Region {
  readonly pointer: number;
  readonly bytes: number;
}

export interface KernelSpace {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  /** Returns a region: zeros if its bytes are used for the first time, else any content. Throws RangeError if the machine has no more memory. */
  allocate(bytes: number): Region;
  free(region: Region): void;
  /** Returns a region of at least `bytes` that begins with the content of `region`. */
  enlarge(region: Region | undefined, bytes: number): Region;
  floats(region: Region, length: number): Float32Array;
  doubles(region: Region, length: number): Float64Array;
  integers(region: Region, length: number): Int32Array;
}

export function makeKernelSpace(): KernelSpace {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  const kernels = instantiateKernels(memory);
  let allocatedEnd = bottom;
  const spaceBytes = limit;
  /** Free regions below `allocatedEnd`, ascending, never adjacent. */
  let freeRegions: Region[] = [];

  const roundedSize = (bytes: number): number => Math.max(alignment, Math.ceil(bytes / alignment) * alignment);

  function allocate(bytes: number): Region {
    const size = roundedSize(bytes);
    const index = freeRegions.findIndex((hole) => hole.bytes >= size);
    const hole = freeRegions[index];
    if (hole) {
      const bytesLeft = hole.bytes - size;
      freeRegions.splice(index, 1, ...(bytesLeft > 0 ? [{ pointer: hole.pointer + size, bytes: bytesLeft }] : []));
      return { pointer: hole.pointer, bytes: size };
    }
    const end = allocatedEnd + size;
    if (end > spaceBytes) throw new RangeError(`a memory of ${end} bytes is past the ${spaceBytes} that there are`);
    const missingPages = Math.ceil((end - memory.buffer.byteLength) / page);
    if (missingPages > 0) memory.grow(missingPages);
    const region = { pointer: allocatedEnd, bytes: size };
    allocatedEnd = end;
    return region;
  }

  function free(region: Region): void {
    const allFree = [...freeRegions, region].sort((a, b) => a.pointer - b.pointer);
    freeRegions = [];
    for (const hole of allFree) {
      const lastFree = freeRegions.at(-1);
      if (lastFree && lastFree.pointer + lastFree.bytes === hole.pointer) {
        freeRegions[freeRegions.length - 1] = { pointer: lastFree.pointer, bytes: lastFree.bytes + hole.bytes };
      } else {
        invariant(!lastFree || lastFree.pointer + lastFree.bytes < hole.pointer, 'a region is freed twice');
        freeRegions.push(hole);
      }
    }
    const lastFree = freeRegions.at(-1);
    if (lastFree && lastFree.pointer + lastFree.bytes === allocatedEnd) {
      allocatedEnd = lastFree.pointer;
      freeRegions.pop();
    }
  }

  return {
    memory,
    kernels,
    allocate,
    free,
    enlarge(region, bytes) {
      if (region && region.bytes >= bytes) return region;
      // A quarter more, because the next batch may be a little larger.
      const larger = allocate(region ? bytes * 1.25 : bytes);
      if (region) {
        const memoryBytes = new Uint8Array(memory.buffer);
        memoryBytes.copyWithin(larger.pointer, region.pointer, region.pointer + region.bytes);
        free(region);
      }
      return larger;
    },
    floats: (region, length) => new Float32Array(memory.buffer, region.pointer, length),
    doubles: (region, length) => new Float64Array(memory.buffer, region.pointer, length),
    integers: (region, length) => new Int32Array(memory.buffer, region.pointer, length),
  };
}
