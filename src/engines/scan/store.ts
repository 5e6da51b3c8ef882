/** Holds the codes of items in the memory of a kernel, and its working memory. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { blockRows, type CodeLayout, recordBytes, writeCodes } from './codes.ts';
import { kernels as encoded } from './kernels/generated.ts';

/** The compiled scan as the host calls it. Pointers are byte offsets in its memory. */
interface ScanKernel {
  firstFree(): number;
  /** Returns the end of the entries; `src/engines/scan/kernels/main.ts` describes the arguments. */
  scan(
    codes: number,
    rowBytes: number,
    blocks: number,
    from: number,
    to: number,
    rows: number,
    queries: number,
    words: number,
    quads: number,
    single: number,
    entries: number,
  ): number;
  pick(
    codes: number,
    rowBytes: number,
    blocks: number,
    list: number,
    count: number,
    number: number,
    query: number,
    words: number,
    entries: number,
  ): number;
}

let compiled: WebAssembly.Module | undefined;

/** Uses `atob`, which Node.js and browsers both have. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));

function instantiateScan(memory: WebAssembly.Memory): ScanKernel {
  compiled ??= new WebAssembly.Module(bytesOf(encoded));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as ScanKernel;
}

const page = 65_536;
/** Codes begin at a page of the machine. */
const bottom = 4096;
const largestMemory = 2 ** 32 - page;

export const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

export interface CodeStore {
  readonly memory: WebAssembly.Memory;
  readonly kernel: ScanKernel;
  readonly codes: number;
  readonly records: number;
  readonly scratch: number;
  /** float32 [width] */
  readonly centre: Float32Array;
}

/** @param layout for the maximum number of items */
export function makeCodeStore(layout: CodeLayout, centre: Float32Array): CodeStore {
  const records = aligned(bottom + layout.codeBytes);
  const scratch = aligned(records + layout.blocks * recordBytes);
  // The kernel reads ahead, even at the end.
  const initial = pagesFor(scratch + 2 * layout.rowBytes * blockRows + 64);
  const memory = new WebAssembly.Memory({ initial, maximum: 65_536 });
  const kernel = instantiateScan(memory);
  invariant(kernel.firstFree() <= bottom, 'the compiler uses less than a page');
  return { memory, kernel, codes: bottom, records, scratch, centre };
}

/** Writes the blocks from `from` on. @param layout of the items that exist */
export function writeStore(
  { memory, codes, records, centre }: CodeStore,
  layout: CodeLayout,
  vectors: Float32Array,
  from = 0,
  order?: Int32Array,
): void {
  const { codeBytes, blocks } = layout;
  const { buffer } = memory;
  const storeRecords = new Float64Array(buffer, records, 4 * blocks);
  writeCodes(layout, vectors, centre, new Int8Array(buffer, codes, codeBytes), storeRecords, from, order);
}

const pagesFor = (bytes: number): number => {
  if (bytes > largestMemory)
    throw new RangeError(`codes of ${bytes} bytes are past the ${largestMemory} that there are`);
  return Math.max(1, Math.ceil(bytes / page));
};

export function reserve(memory: WebAssembly.Memory, bytes: number): void {
  const missingPages = pagesFor(bytes) - memory.buffer.byteLength / page;
  if (missingPages > 0) memory.grow(missingPages);
}
