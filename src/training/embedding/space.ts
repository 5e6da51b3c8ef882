/**
 * A linear memory of at most 4 GiB with the kernels over it, and regions within it. Growing keeps what is there in place but
 * detaches every view: ask for views anew after `allocate`.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import { instantiateKernels, type Kernels } from './kernels.ts';

const page = 65_536;
/** A cache line, so that rows that divide it never straddle two. */
const alignment = 64;
/** Free for the data that the compiler puts at the bottom. */
const bottom = 1024;

export const largestSpace = 2 ** 32 - page;

let limit = largestSpace;

/** Bytes that a memory may hold. A table that needs more takes several. */
export const spaceLimit = (): number => limit;

/** For tests and benchmarks: memories that are made from now on hold less. */
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
  /** Zeros on the first use of its bytes, else whatever was there. Throws RangeError where the machine has no more. */
  allocate(bytes: number): Region;
  free(region: Region): void;
  /** A region of at least `bytes` that begins with what `region` held. */
  enlarge(region: Region | undefined, bytes: number): Region;
  floats(region: Region, length: number): Float32Array;
  doubles(region: Region, length: number): Float64Array;
  integers(region: Region, length: number): Int32Array;
}

export function makeSpace(): KernelSpace {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  const kernels = instantiateKernels(memory);
  let allocatedEnd = bottom;
  const spaceBytes = limit;
  /** Free regions below `top`, ascending, never adjacent. */
  let freeRegions: Region[] = [];

  const rounded = (bytes: number): number => Math.max(alignment, Math.ceil(bytes / alignment) * alignment);

  function allocate(bytes: number): Region {
    const size = rounded(bytes);
    const index = freeRegions.findIndex((hole) => hole.bytes >= size);
    const hole = freeRegions[index];
    if (hole) {
      const bytesLeft = hole.bytes - size;
      freeRegions.splice(index, 1, ...(bytesLeft > 0 ? [{ pointer: hole.pointer + size, bytes: bytesLeft }] : []));
      return { pointer: hole.pointer, bytes: size };
    }
    const end = allocatedEnd + size;
    if (end > spaceBytes) throw new RangeError(`a memory of ${end} bytes is past the ${spaceBytes} that there are`);
    const missing = Math.ceil((end - memory.buffer.byteLength) / page);
    if (missing > 0) memory.grow(missing);
    const region = { pointer: allocatedEnd, bytes: size };
    allocatedEnd = end;
    return region;
  }

  function free(region: Region): void {
    const allFree = [...freeRegions, region].sort((a, b) => a.pointer - b.pointer);
    freeRegions = [];
    for (const hole of allFree) {
      const last = freeRegions.at(-1);
      if (last && last.pointer + last.bytes === hole.pointer) {
        freeRegions[freeRegions.length - 1] = { pointer: last.pointer, bytes: last.bytes + hole.bytes };
      } else {
        invariant(!last || last.pointer + last.bytes < hole.pointer, 'a region is freed twice');
        freeRegions.push(hole);
      }
    }
    const last = freeRegions.at(-1);
    if (last && last.pointer + last.bytes === allocatedEnd) {
      allocatedEnd = last.pointer;
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
      // A quarter more, since the next batch may be a little larger.
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
