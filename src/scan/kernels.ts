/** The compiled scan as the host calls it. Pointers are bytes into the memory given. */
import { kernels as encoded } from './kernels/generated.ts';

export interface ScanKernel {
  /** The first byte that the compiler does not use. */
  firstFree(): number;
  /** Returns the byte where the entries end; `src/scan/kernels/scan.ts` says what each argument is. */
  scan(
    codes: number,
    pairs: number,
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
}

let compiled: WebAssembly.Module | undefined;

/** `atob`, which Node.js and browsers have alike. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));

export function instantiateScan(memory: WebAssembly.Memory): ScanKernel {
  compiled ??= new WebAssembly.Module(bytesOf(encoded));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as ScanKernel;
}
