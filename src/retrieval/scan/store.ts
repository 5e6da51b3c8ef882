/** Holds the codes of items in the memory of a kernel, and its working memory. */
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { blockRows, type CodeLayout, recordBytes, writeCodes } from './codes.ts';
import { kernels as encoded } from './kernels/generated.ts';

/** A function of `kernels/main.ts`, which names its arguments. Pointers are byte offsets in the memory of the kernel. */
type KernelFunction = (...numbers: readonly number[]) => number;

/** The compiled scan as the host calls it. */
type ScanKernel = Readonly<Record<'firstFree' | 'scan' | 'pick' | 'sieve', KernelFunction>>;

/** Compiled modules: one for private and one for shared memory. */
const compiledModules = new Map<boolean, WebAssembly.Module>();

/** Makes scans use kernels that the host compiled. @param module compiled of the file `kernels.wasm` of the package */
export const useKernels = (module: WebAssembly.Module): void => void compiledModules.set(false, module);

/** Uses `atob`, which all hosts have. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

export function instantiateScan(memory: WebAssembly.Memory, isShared = false): ScanKernel {
  let module = compiledModules.get(isShared);
  if (module === undefined) {
    const bytes = bytesOf(encoded);
    if (isShared) declareShared(bytes);
    module = compile(bytes);
    compiledModules.set(isShared, module);
  }
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as ScanKernel;
}

/** @throws Failure `kernels-refused` if the host compiles no WebAssembly at run time */
function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    throw failure('kernels-refused', { reason: (error as Error).message });
  }
}

/** Sets the bit of the imported memory that says that threads share it. The kernel has no state in memory, so its code is the same. */
function declareShared(bytes: Uint8Array): void {
  const name = [6, ...new TextEncoder().encode('memory'), 2];
  const dataStart = bytes.findIndex((_, start) => name.every((byte, i) => bytes[start + i] === byte)) + name.length;
  invariant(bytes[dataStart] === 1, 'the kernel imports a memory with a maximum');
  bytes[dataStart] = 3;
}

export const page = 65_536;
/** Codes start at byte 4096: after the compiler's own data, aligned to a hardware page. */
export const codesStart = 4096;
const maxMemory = 2 ** 32 - page;

export const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

export interface CodeStore {
  readonly memory: WebAssembly.Memory;
  readonly kernel: ScanKernel;
  readonly codesOffset: number;
  readonly recordsOffset: number;
  readonly scratchOffset: number;
  /** Where this thread's working memory ends. Absent if memory is not shared and can grow. */
  readonly scratchEnd?: number;
  /** float32 [width] */
  readonly centre: Float32Array;
}

/** @param layout for the maximum number of items @param threads the number of those that share the memory; 0 if none does */
export function makeCodeStore(layout: CodeLayout, centre: Float32Array, threads = 0): CodeStore {
  const [isShared, { scratchOffset }] = [threads > 0, offsetsOf(layout)];
  // The kernel reads ahead, even at the end.
  const initial = pagesFor(
    scratchOffset + Math.max(2 * layout.rowBytes * blockRows + 64, threads * scratchBytes(layout)),
  );
  const memory = new WebAssembly.Memory({ initial, maximum: 65_536, shared: isShared });
  return openCodeStore(memory, layout, centre, isShared ? 0 : undefined);
}

/** @param thread the number of this thread, which has working memory of its own; undefined if the memory is not shared */
export function openCodeStore(
  memory: WebAssembly.Memory,
  layout: CodeLayout,
  centre: Float32Array,
  thread?: number,
): CodeStore {
  const kernel = instantiateScan(memory, thread !== undefined);
  invariant(kernel.firstFree() <= codesStart, 'the compiler uses less than a page');
  const { recordsOffset, scratchOffset } = offsetsOf(layout);
  const store = { memory, kernel, codesOffset: codesStart, recordsOffset, centre };
  if (thread === undefined) return { ...store, scratchOffset };
  const ownOffset = scratchOffset + thread * scratchBytes(layout);
  return { ...store, scratchOffset: ownOffset, scratchEnd: ownOffset + scratchBytes(layout) };
}

function offsetsOf(layout: CodeLayout): Pick<CodeStore, 'recordsOffset' | 'scratchOffset'> {
  const recordsOffset = aligned(codesStart + layout.codeBytes);
  return { recordsOffset, scratchOffset: aligned(recordsOffset + layout.blocks * recordBytes) };
}

/** Returns the working memory of a thread: for the queries, a mask and the entries of a chunk of each vector of a pass. The system provides what is used. */
const scratchBytes = ({ blocks, rowBytes }: CodeLayout): number =>
  aligned(maxPassVectors * (512 + 4 * rowBytes + 8 * blocks + 12 * blockRows * Math.min(blocks, maxChunkBlocks)));

/** Writes the blocks from `from` on. @param layout of the items that exist */
export function writeStore(
  { memory, codesOffset, recordsOffset, centre }: CodeStore,
  layout: CodeLayout,
  vectors: Float32Array,
  from = 0,
  order?: Int32Array,
): void {
  const { codeBytes, blocks } = layout;
  const { buffer } = memory;
  const storeRecords = new Float64Array(buffer, recordsOffset, 4 * blocks);
  writeCodes(layout, vectors, centre, new Int8Array(buffer, codesOffset, codeBytes), storeRecords, from, order);
}

/** Number of vectors of a pass, and of blocks of a chunk. */
export const maxPassVectors = 64;
export const maxChunkBlocks = 1024;

const pagesFor = (bytes: number): number => {
  if (bytes > maxMemory)
    throw new RangeError(`the codes take ${bytes} bytes, and WebAssembly memory has at most ${maxMemory}`);
  return Math.max(1, Math.ceil(bytes / page));
};

export function reserve({ memory, scratchEnd }: CodeStore, bytes: number): void {
  if (scratchEnd !== undefined) {
    invariant(bytes <= scratchEnd, 'a request fits into the memory of its thread');
    return;
  }
  const missingPages = pagesFor(bytes) - memory.buffer.byteLength / page;
  if (missingPages > 0) memory.grow(missingPages);
}
