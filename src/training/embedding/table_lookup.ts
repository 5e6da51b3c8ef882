/** A lookup over the memory of a table: rows come out of the table's values, gradients go to its pending ones. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Region } from './kernel_memory.ts';
import type { RowsToUpdate } from './optimizer.ts';
import type { TableMemory } from './table_memory.ts';

/** Gradients of some rows of a table, each row once: sums are float32 [codes, dim]. */
export interface RowGradients {
  readonly codes: Int32Array;
  readonly sums: Float32Array;
}

/** Adds up the gradients of all lookups of a step for each row seen, in the order they come. */
export class PendingGradients {
  readonly #memory: TableMemory;
  /** Count of rows with a gradient; their codes are in `unique`, their sums in `sums`. */
  #seen = 0;
  #unique: Region | undefined;
  #sums: Region | undefined;
  /** Codes of `add`. */
  #addedCodes: Region | undefined;

  constructor(memory: TableMemory) {
    this.#memory = memory;
  }

  /** Adds gradients with one code for each row. They are copied behind the sums, and the kernel merges them in place. */
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
    this.#addedCodes = this.#memory.enlarge(this.#addedCodes, codes.byteLength);
    space.integers(this.#addedCodes, codes.length).set(codes);
    const badIndex = space.kernels.badCode(this.#addedCodes.pointer, codes.length, rows);
    invariant(badIndex < 0, `table ${name} has ${rows} rows and gets a gradient of row ${codes[badIndex]}`);
    this.addRows(this.#addedCodes.pointer, codes.length, sums);
  }

  /** Returns copies of the codes with a gradient and of their sums, and clears them. */
  drain(): RowGradients {
    const { space, rowBytes } = this.#memory;
    const numberCount = (this.#seen * rowBytes) / 4;
    const codes = this.#seen === 0 ? new Int32Array(0) : space.integers(this.#unique!, this.#seen).slice();
    const sums = this.#seen === 0 ? new Float32Array(0) : space.floats(this.#sums!, numberCount).slice();
    this.forget();
    return { codes, sums };
  }

  /** Σ of the squares of all sums. */
  sumOfSquares(): number {
    if (this.#seen === 0) return 0;
    const sums = this.#memory.space.floats(this.#sums!, (this.#seen * this.#memory.rowBytes) / 4);
    let squareSum = 0;
    for (let index = 0; index < sums.length; index++) squareSum += sums[index]! * sums[index]!;
    return squareSum;
  }

  /** Replaces the codes by slots. Returns the address of the sums. */
  resolve(codes: number, count: number): number {
    const { space, rows, rowBytes } = this.#memory;
    const regions = this.#makeRoom(count, Math.min(rows, this.#seen + count));
    this.#seen = space.kernels.resolve(codes, count, regions.slots, regions.unique, this.#seen, regions.sums, rowBytes);
    return regions.sums;
  }

  /** Calls `update` with the rows that have a gradient, if there are any, and clears the gradients. */
  applyAndClear(update: (rows: RowsToUpdate) => void): void {
    const rows = this.peek();
    if (rows) update(rows);
    this.forget();
  }

  peek(): RowsToUpdate | undefined {
    if (this.#seen === 0) return undefined;
    const { name, values, rowBytes } = this.#memory;
    invariant(this.#unique && this.#sums, `table ${name} is not trained`);
    const addresses = { unique: this.#unique.pointer, sums: this.#sums.pointer };
    return { table: values.pointer, bytes: rowBytes, count: this.#seen, ...addresses };
  }

  forget(): void {
    if (this.#seen > 0) this.#memory.space.kernels.forget(this.#unique!.pointer, this.#seen);
    this.#seen = 0;
  }

  /** Makes room for `count` more codes and for `sumCount` sums in all. */
  #makeRoom(count: number, sumCount: number): { slots: number; unique: number; sums: number } {
    const { name, rows, rowBytes, slots, space } = this.#memory;
    invariant(slots, `table ${name} is not trained`);
    const maxRows = Math.min(rows, this.#seen + count);
    if (!this.#unique || this.#unique.bytes < maxRows * 4) {
      this.#unique = this.#memory.enlarge(this.#unique, maxRows * 4);
      space.kernels.forget(this.#unique.pointer + this.#seen * 4, this.#unique.bytes / 4 - this.#seen);
    }
    this.#sums = this.#memory.enlarge(this.#sums, sumCount * rowBytes);
    return { slots: slots.pointer, unique: this.#unique.pointer, sums: this.#sums.pointer };
  }
}

/** Approximate size of a core's own caches. For larger tables it is worth prefetching rows in groups. */
const cacheBytes = 4 * 2 ** 20;

/**
 * Use: `reserve`, fill `codes()` (and `offsets()`, one more than rows, for all kinds but `one`), `gather`, and when its gradient is there `accumulate`, once.
 * The arrays are views that any `reserve` on the same table may detach: reserve for all lookups of a step first, then fill and gather.
 */
export class TableLookup {
  readonly #memory: TableMemory;
  readonly #pending: PendingGradients;
  readonly #kind: TableLookupKind;
  readonly #length: number;
  readonly #outBytes: number;
  #codes: Region | undefined;
  #offsets: Region | undefined;
  /** One share for each code, if bags are weighted. */
  #shares: Region | undefined;
  /** The values of a bag column, and the bounds of the current bags in it. */
  #bagValues: Region | undefined;
  #bounds: Region | undefined;
  #bagValueCount = 0;
  /** Holds the gathered rows, and later their gradient. */
  #out: Region | undefined;
  maxRows = 0;
  #maxCodes = 0;
  #gathered = 0;
  #gatheredCodes = 0;

  constructor(memory: TableMemory, pending: PendingGradients, { kind, length = 1 }: LookupOptions) {
    this.#memory = memory;
    this.#pending = pending;
    this.#kind = kind;
    this.#length = length;
    this.#outBytes = kind === 'sequence' ? memory.rowBytes * length : memory.rowBytes;
  }

  reserve(count: number, codeCount: number): void {
    const { enlarge, staged } = this.#memory;
    staged?.reserve(codeCount);
    this.#codes = enlarge(this.#codes, codeCount * 4);
    if (this.#kind === 'weighted') this.#shares = enlarge(this.#shares, codeCount * 4);
    if (this.#kind !== 'one') this.#offsets = enlarge(this.#offsets, (count + 1) * 4);
    this.#out = enlarge(this.#out, count * this.#outBytes);
    if (this.#bagValues) this.#bounds = enlarge(this.#bounds, 2 * count * 4);
    this.maxRows = count;
    this.#maxCodes = codeCount;
  }

  codes(): Int32Array {
    invariant(this.#codes, 'codes before reserve');
    return this.#memory.space.integers(this.#codes, this.#maxCodes);
  }

  offsets(): Int32Array {
    invariant(this.#offsets, 'offsets before reserve, or of a lookup that has none');
    return this.#memory.space.integers(this.#offsets, this.maxRows + 1);
  }

  /** Returns one share for each code, to be filled if the kind is `weighted`. */
  shares(): Float32Array {
    invariant(this.#shares, 'shares before reserve, or of a lookup that has none');
    return this.#memory.space.floats(this.#shares, this.#maxCodes);
  }

  /** Keeps a copy of a bag column's values next to the table, for `copyBags`. */
  keepBagValues(values: Int32Array): void {
    this.#bagValues = this.#memory.enlarge(this.#bagValues, values.byteLength);
    this.#bagValueCount = values.length;
    this.#memory.space.integers(this.#bagValues, values.length).set(values);
  }

  /** After `reserve`: `writeWindows` writes the starts and ends of bags within the held values; fills codes and offsets with these bags. */
  copyBags(count: number, writeWindows: (starts: Int32Array, ends: Int32Array) => void): void {
    const [bagValues, bounds, codes, offsets] = [this.#bagValues, this.#bounds, this.#codes, this.#offsets];
    invariant(bagValues && bounds && codes && offsets && count <= this.maxRows, 'copyBags before hold and reserve');
    const { space } = this.#memory;
    const boundsView = space.integers(bounds, 2 * count);
    const starts = boundsView.subarray(0, count);
    const ends = boundsView.subarray(count);
    writeWindows(starts, ends);
    const codeTotal = countCodes(starts, ends, this.#bagValueCount);
    invariant(codeTotal <= this.#maxCodes, `${codeTotal} codes with room for ${this.#maxCodes}`);
    const [from, to] = [bounds.pointer, bounds.pointer + 4 * count];
    space.kernels.copyBags(bagValues.pointer, from, to, count, codes.pointer, offsets.pointer);
  }

  /** Returns float32 [rows, dim], or [rows, length, dim] for a sequence; valid until the next `accumulate` or `reserve`. */
  gather(count: number): Float32Array {
    const { name, rows, space } = this.#memory;
    invariant(
      this.#codes && this.#out && count <= this.maxRows,
      `gather of ${count} rows with room for ${this.maxRows}`,
    );
    const from = this.#codes.pointer;
    const codeCount = this.#offsets ? space.integers(this.#offsets, count + 1)[count]! : count;
    invariant(codeCount <= this.#maxCodes, `offsets end at ${codeCount}, codes at ${this.#maxCodes}`);
    const badIndex = space.kernels.badCode(from, codeCount, rows);
    invariant(badIndex < 0, `table ${name} has ${rows} rows and is asked for row ${this.codes()[badIndex]}`);
    this.#memory.shown?.prepare(from, codeCount);
    this.#gatherRows(from, count, codeCount, this.#out.pointer);
    this.#gathered = count;
    this.#gatheredCodes = codeCount;
    return space.floats(this.#out, (count * this.#outBytes) / 4);
  }

  #gatherRows(codes: number, count: number, codeCount: number, out: number): void {
    const { staged, values, shown } = this.#memory;
    if (staged) {
      const stagedRows = staged.stage(codes, codeCount);
      // Staged rows are in the order of the codes, so no prefetch is needed.
      if (stagedRows) this.#gatherFrom(stagedRows.table, codeCount, stagedRows.places, count, out);
    } else this.#gatherFrom((shown?.region ?? values).pointer, this.#memory.rows, codes, count, out);
  }

  /** @param rows of `table`, which the codes number */
  #gatherFrom(table: number, rows: number, codes: number, count: number, out: number): void {
    const { rowBytes, space } = this.#memory;
    const { kernels } = space;
    if (this.#kind === 'one') kernels.gather(table, rowBytes, codes, count, out);
    else if (this.#kind === 'sequence') {
      kernels.gatherSequence(table, rowBytes, codes, this.#offsets!.pointer, count, this.#length, out);
    } else {
      const isFar = rows * rowBytes > cacheBytes ? 1 : 0;
      if (this.#shares) {
        const { pointer } = this.#shares;
        kernels.gatherWeighted(table, rowBytes, codes, this.#offsets!.pointer, pointer, count, isFar, out);
      } else kernels.gatherPooled(table, rowBytes, codes, this.#offsets!.pointer, count, this.#mean, isFar, out);
    }
  }

  /** Adds the gradient of the loss by what `gather` returned to the table's pending gradients. */
  accumulate(gradient: Float32Array): void {
    invariant(this.#codes && this.#out, 'accumulate before reserve');
    const bagCount = this.#gathered;
    const hasRightSize = gradient.byteLength === bagCount * this.#outBytes;
    invariant(hasRightSize, `gradient of ${gradient.length} numbers for ${bagCount} rows`);
    const codes = this.#codes.pointer;
    if (this.#kind === 'one') this.#pending.addRows(codes, bagCount, gradient);
    else {
      const sums = this.#pending.resolve(codes, this.#gatheredCodes);
      this.#memory.space.floats(this.#out, gradient.length).set(gradient);
      this.#scatterRows(sums, codes, bagCount, this.#out.pointer);
    }
    // The codes may have been replaced by slots, so a second `accumulate` must not use them.
    this.#gathered = 0;
    this.#gatheredCodes = 0;
  }

  #scatterRows(sums: number, slots: number, count: number, gradient: number): void {
    const { rowBytes, space } = this.#memory;
    const offsets = this.#offsets!.pointer;
    if (this.#kind === 'sequence') {
      space.kernels.scatterSequence(sums, rowBytes, slots, offsets, count, this.#length, gradient);
    } else if (this.#shares) {
      space.kernels.scatterWeighted(sums, rowBytes, slots, offsets, this.#shares.pointer, count, gradient);
    } else space.kernels.scatterPooled(sums, rowBytes, slots, offsets, count, this.#mean, gradient);
  }

  /** The flag for kernels: 1 for the mean of a bag, 0 for its sum. */
  get #mean(): 0 | 1 {
    return this.#kind === 'mean' ? 1 : 0;
  }

  close(): void {
    for (const region of [this.#codes, this.#offsets, this.#shares, this.#out, this.#bagValues, this.#bounds]) {
      if (region) this.#memory.space.free(region);
    }
    this.#codes = this.#offsets = this.#shares = this.#out = this.#bagValues = this.#bounds = undefined;
  }
}

/** Returns the number of codes in the bags, after checking that each bag is within the `length` codes of the column. */
function countCodes(starts: Int32Array, ends: Int32Array, length: number): number {
  let codeTotal = 0;
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i]!, ends[i]!];
    if (start < 0 || end < start || end > length) invariant(false, `bag ${i} is ${start} to ${end}`);
    codeTotal += end - start;
  }
  return codeTotal;
}

/**
 * Selects what a lookup returns: the row of one code; the mean, the sum or the weighted sum of a bag's rows; or a bag's rows one after the other, padded with zeros.
 */
export type TableLookupKind = 'one' | 'mean' | 'sum' | 'weighted' | 'sequence';

export interface LookupOptions {
  readonly kind: TableLookupKind;
  readonly length?: number;
}
