/**
 * A linear memory of at most 4 GiB with its kernels, and regions within it. Growing keeps the content in place but detaches every view: get views again after
 * `allocate`.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { kernels as encoded } from './kernels/generated.ts';

// The compiled kernels as the host calls them. Pointers are byte offsets in the memory of the kernels; counts are of elements or rows.

/** A kernel, by the names of its arguments. All of them are numbers. */
type Kernel<Names extends string, Result = void> = (...args: KernelArguments<Names>) => Result;
type KernelArguments<Names extends string> = Names extends `${string} ${infer Rest}`
  ? [number, ...KernelArguments<Rest>]
  : [number];

/** Rows with gradients: the table and the bytes of a row, `seen` codes at `unique`, and the sums of their gradients. */
type SeenRows = 'table bytes unique seen sums';
type Moments = 'mean square steps corrections corrected rate beta1 rest1 beta2 rest2 epsilon';
type Neighbours = 'offsets neighbours ownWeights otherWeights';
/** Rows of a history: those of `data` at `codes`. */
type History = 'data bytes diagonal codes count';

export interface Kernels {
  badCode: Kernel<'codes count rows', number>;
  copyBags: Kernel<'values starts ends count codes offsets'>;
  gather: Kernel<'table bytes codes count out'>;
  gatherHalf: Kernel<'table bytes codes count out'>;
  roundRows: Kernel<'from bytes codes ids count table key1 key2'>;
  scatterRows: Kernel<'from bytes codes count table'>;
  gatherSequence: Kernel<'table bytes codes offsets count length out'>;
  gatherPooled: Kernel<'table bytes codes offsets count mean isFar out'>;
  gatherWeighted: Kernel<'table bytes codes offsets shares count isFar out'>;
  resolve: Kernel<'codes count slots unique seen sums bytes', number>;
  resolveOne: Kernels['resolve'];
  forget: Kernel<'unique count'>;
  scatterSequence: Kernel<'sums bytes slots offsets count length gradient'>;
  scatterPooled: Kernel<'sums bytes slots offsets count mean gradient'>;
  scatterWeighted: Kernel<'sums bytes slots offsets shares count gradient'>;
  regularize: Kernel<`${SeenRows} factor`>;
  updateMomentum: Kernel<`${SeenRows} momentum share rate keep`>;
  updateSgd: Kernel<`${SeenRows} rate keep`>;
  updateRowAdagrad: Kernels['updateAdagrad'];
  updateAdagrad: Kernel<`${SeenRows} state rate epsilon keep`>;
  updateAdam: Kernel<`${SeenRows} ${Moments} keep`>;
  updateLamb: Kernel<`${SeenRows} ${Moments} decay`>;
  sumNeighbours: Kernel<`base from to bytes rows ${Neighbours}`>;
  sumNeighboursOf: Kernel<`codes count stamps stampNow scale base from to bytes ${Neighbours}`>;
  addToNeighbours: Kernel<`unique seen sums to bytes ${Neighbours}`>;
  addRows: Kernel<'unique seen sums to bytes factor'>;
  scale: Kernel<'numbers count factor'>;
  uniform: Kernel<'out count key1 key2 low width'>;
  rank: Kernel<'scores rows columns targets better equal'>;
  combine: Kernel<'matrix bytes weights count out'>;
  addOuters: Kernel<'matrix bytes data codes count'>;
  solveWide: Kernel<`${History} matrix out`>;
  solveNarrow: Kernel<`${History} space matrix out`>;
  descend: Kernel<'columns count starts rows residual weights l1 l2', number>;
}

/** Compiled once: all instances share the machine code, so the warm-up of one instance serves all. */
let kernelModule: WebAssembly.Module | undefined;

function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  kernelModule ??= new WebAssembly.Module(Buffer.from(encoded, 'base64'));
  return new WebAssembly.Instance(kernelModule, { env: { memory } }).exports as unknown as Kernels;
}

const pageBytes = 65_536;
/** A cache line, so that rows whose size divides it never straddle two lines. */
const lineBytes = 64;
/** Reserved for the data that the compiler puts at the bottom of the memory. */
const reservedBytes = 1024;

export const largestSpace = 2 ** 32 - pageBytes;

let maxSpaceBytes = largestSpace;

/** Returns the maximum bytes of a memory. A table that needs more uses several memories. */
export const spaceLimit = (): number => maxSpaceBytes;

/** For tests and benchmarks: limits the memories that are made from now on. */
export function setSpaceLimit(bytes: number = largestSpace): void {
  maxSpaceBytes = bytes;
}

export interface Region {
  readonly pointer: number;
  readonly bytes: number;
}

export class KernelSpace {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  readonly kernels = instantiateKernels(this.memory);
  #allocatedEnd = reservedBytes;
  readonly #limit = maxSpaceBytes;
  /** Free regions below `allocatedEnd`, ascending, never adjacent. */
  #freeRegions: Region[] = [];

  /** Returns a region: zeros if its bytes are used for the first time, else any content. Throws RangeError if the machine has no more memory. */
  allocate(bytes: number): Region {
    const size = Math.max(lineBytes, Math.ceil(bytes / lineBytes) * lineBytes);
    const index = this.#freeRegions.findIndex((hole) => hole.bytes >= size);
    const hole = this.#freeRegions[index];
    if (hole) {
      if (hole.bytes === size) this.#freeRegions.splice(index, 1);
      else this.#freeRegions[index] = { pointer: hole.pointer + size, bytes: hole.bytes - size };
      return { pointer: hole.pointer, bytes: size };
    }
    const end = this.#allocatedEnd + size;
    if (end > this.#limit) throw new RangeError(`a memory of ${end} bytes is past the ${this.#limit} that there are`);
    const missingPages = Math.ceil((end - this.memory.buffer.byteLength) / pageBytes);
    if (missingPages > 0) this.memory.grow(missingPages);
    const region = { pointer: this.#allocatedEnd, bytes: size };
    this.#allocatedEnd = end;
    return region;
  }

  free(region: Region): void {
    const merged: Region[] = [];
    for (const hole of [...this.#freeRegions, region].sort((a, b) => a.pointer - b.pointer)) {
      const lower = merged.at(-1);
      const lowerEnd = lower ? lower.pointer + lower.bytes : 0;
      invariant(lowerEnd <= hole.pointer, 'a region is freed twice');
      if (lower && lowerEnd === hole.pointer)
        merged[merged.length - 1] = { pointer: lower.pointer, bytes: lower.bytes + hole.bytes };
      else merged.push(hole);
    }
    const highest = merged.at(-1)!;
    if (highest.pointer + highest.bytes === this.#allocatedEnd) {
      this.#allocatedEnd = highest.pointer;
      merged.pop();
    }
    this.#freeRegions = merged;
  }

  /** Returns a region of at least `bytes` that begins with the content of `region`. */
  enlarge(region: Region | undefined, bytes: number): Region {
    if (!region) return this.allocate(bytes);
    if (region.bytes >= bytes) return region;
    // A quarter more, because the next batch may be a little larger.
    const larger = this.allocate(bytes * 1.25);
    new Uint8Array(this.memory.buffer).copyWithin(larger.pointer, region.pointer, region.pointer + region.bytes);
    this.free(region);
    return larger;
  }

  floats(region: Region, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, region.pointer, length);
  }

  doubles(region: Region, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, region.pointer, length);
  }

  integers(region: Region, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, region.pointer, length);
  }
}
