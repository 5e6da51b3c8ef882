/**
 * Exchanges tensors with another process through files that both have open, because a pipe would copy them twice more. The files are already
 * unlinked, so nothing remains of them when both processes have ended.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSystemError, failure } from '../../base/diagnostics/diagnostic.ts';
import { asBytes } from '../../base/storage/tensor_header.ts';
import type { HostDtype, Tensor } from '../../graph/graph.ts';

/** Torch and its libraries read fastest from addresses that are multiples of this. */
const alignment = 64;
const chunk = Buffer.alloc(1 << 20);
/** Bytes that the file keeps after a large transfer. */
const maxKeptBytes = 1 << 26;

/** Returns the aligned offset of each tensor, and the end of the last one. */
export function layout(sizes: readonly number[], from = 0): { places: readonly number[]; end: number } {
  let placedEnd = from;
  const places = sizes.map((bytes) => {
    const alignedStart = Math.ceil(placedEnd / alignment) * alignment;
    placedEnd = alignedStart + bytes;
    return alignedStart;
  });
  return { places, end: placedEnd };
}

export class SharedMemory {
  /** The first file is in the system's shared memory, if there is any; containers often have only 64 MB. The second is on disk and is used when the first is full. */
  readonly descriptors: readonly [number, number];
  private readonly folders: readonly [string, string];
  private readonly sizes: [number, number] = [0, 0];
  private file: 0 | 1 = 0;

  constructor() {
    this.folders = [existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), tmpdir()];
    this.descriptors = [openUnnamed(this.folders[0]), openUnnamed(this.folders[1])];
  }

  /** The file in use and its size in bytes, which the other process maps. */
  get state(): { readonly file: number; readonly size: number } {
    return { file: this.file, size: this.sizes[this.file] };
  }

  /** Grows the file in use to at least `bytes`. @throws Failure `cannot-write` */
  reserve(bytes: number): void {
    if (bytes <= this.sizes[this.file]) return;
    try {
      this.grow(bytes);
    } catch (error) {
      const reason = describeSystemError(error);
      if (reason === undefined) throw error;
      ftruncateSync(this.descriptors[this.file], 0);
      this.sizes[this.file] = 0;
      if (this.file === 1) throw failure('cannot-write', { path: this.folders[1], reason });
      this.file = 1;
      this.reserve(bytes);
    }
  }

  put({ data }: Tensor, at: number): void {
    const bytes = asBytes(data);
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.descriptors[this.file], bytes, done, bytes.length - done, at + done);
    }
  }

  take(dtype: HostDtype, shape: readonly number[], at: number): Tensor {
    const count = shape.reduce((product, length) => product * length, 1);
    const data =
      dtype === 'float32' ? new Float32Array(count) : dtype === 'int32' ? new Int32Array(count) : new Uint8Array(count);
    const bytes = asBytes(data);
    for (let done = 0; done < bytes.length; ) {
      const readBytes = readSync(this.descriptors[this.file], bytes, done, bytes.length - done, at + done);
      if (readBytes === 0) throw new Error('invariant: a tensor lies within the shared memory');
      done += readBytes;
    }
    return { dtype, shape, data };
  }

  /** Frees the memory of a large transfer. */
  shrink(): void {
    if (this.sizes[this.file] <= maxKeptBytes) return;
    ftruncateSync(this.descriptors[this.file], 0);
    this.sizes[this.file] = 0;
  }

  close(): void {
    for (const descriptor of this.descriptors) closeSync(descriptor);
  }

  /** Writes zeros instead of only extending the file: touching memory that the system cannot provide would kill the process. */
  private grow(bytes: number): void {
    const descriptor = this.descriptors[this.file];
    const wantedSize = Math.ceil(bytes / chunk.length) * chunk.length;
    for (let size = this.sizes[this.file]; size < wantedSize; size += chunk.length) {
      let done = 0;
      while (done < chunk.length) done += writeSync(descriptor, chunk, done, chunk.length - done, size + done);
    }
    this.sizes[this.file] = wantedSize;
  }
}

function openUnnamed(folder: string): number {
  const unnamedPath = join(folder, `tower-torch-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    const descriptor = openSync(unnamedPath, 'wx+', 0o600);
    unlinkSync(unnamedPath);
    return descriptor;
  } catch (error) {
    const reason = describeSystemError(error);
    if (reason === undefined) throw error;
    throw failure('no-temporary-folder', { path: folder, reason });
  }
}

const bytesOfDtype = { float32: 4, int32: 4, bool: 1 };

export const sizeOf = ({ dtype, shape }: { dtype: Tensor['dtype']; shape: readonly unknown[] }): number =>
  (shape as readonly number[]).reduce((product, length) => product * length, bytesOfDtype[dtype]);

/** Writes the tensors one after the other. Returns their offsets. */
export function put(memory: SharedMemory, tensors: readonly Tensor[]): readonly number[] {
  const { places, end } = layout(tensors.map(({ data }) => data.byteLength));
  memory.reserve(end);
  for (const [index, tensor] of tensors.entries()) memory.put(tensor, places[index]!);
  return places;
}
