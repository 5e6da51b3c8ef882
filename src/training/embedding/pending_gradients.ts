/** Gradients of all lookups of a step, added up for each row seen, in the order they come. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { RowsToUpdate } from './optimizer.ts';
import type { Region } from './space.ts';
import type { TableMemory } from './table_memory.ts';

/** Gradients of some rows of a table, each row once: sums are float32 [codes, dim]. */
export interface RowGradients {
  readonly codes: Int32Array;
  readonly sums: Float32Array;
}

export class PendingGradients {
  readonly #memory: TableMemory;
  /** Count of rows with a gradient; their codes are in `unique`, their sums in `sums`. */
  #seen = 0;
  #unique: Region | undefined;
  #sums: Region | undefined;
  /** Codes of `add`. */
  #given: Region | undefined;

  constructor(memory: TableMemory) {
    this.#memory = memory;
  }

  /** Gradients of one code a row are copied to where the next sums begin, and become them. */
  addRows(codes: number, count: number, gradient: Float32Array): void {
    const { space, rowBytes } = this.#memory;
    const regions = this.#makeRoom(count, this.#seen + count);
    new Float32Array(space.memory.buffer, regions.sums + this.#seen * rowBytes, gradient.length).set(gradient);
    this.#seen = space.kernels.resolveOne(
      codes,
      count,
      regions.slots,
      regions.unique,
      this.#seen,
      regions.sums,
      rowBytes,
    );
  }

  add({ codes, sums }: RowGradients): void {
    const { name, rows, space } = this.#memory;
    this.#given = this.#memory.enlarge(this.#given, codes.byteLength);
    space.integers(this.#given, codes.length).set(codes);
    const badIndex = space.kernels.badCode(this.#given.pointer, codes.length, rows);
    invariant(badIndex < 0, `table ${name} has ${rows} rows and gets a gradient of row ${codes[badIndex]}`);
    this.addRows(this.#given.pointer, codes.length, sums);
  }

  /** Copies of the rows that have a gradient, and of their sums; then none has. */
  drain(): RowGradients {
    const { space, rowBytes } = this.#memory;
    const numbers = (this.#seen * rowBytes) / 4;
    const codes = this.#seen === 0 ? new Int32Array(0) : space.integers(this.#unique!, this.#seen).slice();
    const sums = this.#seen === 0 ? new Float32Array(0) : space.floats(this.#sums!, numbers).slice();
    this.forget();
    return { codes, sums };
  }

  /** Σ of the squares of all sums. */
  squares(): number {
    if (this.#seen === 0) return 0;
    const sums = this.#memory.space.floats(this.#sums!, (this.#seen * this.#memory.rowBytes) / 4);
    let total = 0;
    for (let at = 0; at < sums.length; at++) total += sums[at]! * sums[at]!;
    return total;
  }

  /** The codes become slots; returns where the sums are. */
  resolve(codes: number, count: number): number {
    const { space, rows, rowBytes } = this.#memory;
    const regions = this.#makeRoom(count, Math.min(rows, this.#seen + count));
    this.#seen = space.kernels.resolve(codes, count, regions.slots, regions.unique, this.#seen, regions.sums, rowBytes);
    return regions.sums;
  }

  /** Calls `update` with the rows that have a gradient, if any has; then none has. */
  take(update: (rows: RowsToUpdate) => void): void {
    const rows = this.peek();
    if (rows) update(rows);
    this.forget();
  }

  peek(): RowsToUpdate | undefined {
    if (this.#seen === 0) return undefined;
    const { name, values, rowBytes } = this.#memory;
    invariant(this.#unique && this.#sums, `table ${name} is not trained`);
    const at = { unique: this.#unique.pointer, sums: this.#sums.pointer };
    return { table: values.pointer, bytes: rowBytes, seen: this.#seen, ...at };
  }

  forget(): void {
    if (this.#seen > 0) this.#memory.space.kernels.forget(this.#unique!.pointer, this.#seen);
    this.#seen = 0;
  }

  /** Makes room for the sums of `count` more codes, and for `places` of them side by side. */
  #makeRoom(count: number, places: number): { slots: number; unique: number; sums: number } {
    const { name, rows, rowBytes, slots, space } = this.#memory;
    invariant(slots, `table ${name} is not trained`);
    const maxRows = Math.min(rows, this.#seen + count);
    if (!this.#unique || this.#unique.bytes < maxRows * 4) {
      this.#unique = this.#memory.enlarge(this.#unique, maxRows * 4);
      space.kernels.forget(this.#unique.pointer + this.#seen * 4, this.#unique.bytes / 4 - this.#seen);
    }
    this.#sums = this.#memory.enlarge(this.#sums, places * rowBytes);
    return { slots: slots.pointer, unique: this.#unique.pointer, sums: this.#sums.pointer };
  }
}
