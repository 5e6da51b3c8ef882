/** A lookup over the memory of a table: rows come out of the table's values, gradients go to its pending ones. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { PendingGradients } from './pending_gradients.ts';
import type { Region } from './space.ts';
import type { TableMemory } from './table_memory.ts';

/** About what a core's own caches hold: in a larger table rows are worth bringing near in groups. */
const nearBytes = 4 * 2 ** 20;

export class TableLookup implements Lookup {
  readonly #memory: TableMemory;
  readonly #pending: PendingGradients;
  readonly #kind: TableLookupKind;
  readonly #length: number;
  readonly #outBytes: number;
  #codes: Region | undefined;
  #offsets: Region | undefined;
  /** One a code, where bags are weighted. */
  #shares: Region | undefined;
  /** A bag column's values, and the bounds of a batch's bags in them. */
  #held: Region | undefined;
  #bounds: Region | undefined;
  #heldLength = 0;
  /** Rows that were gathered, then their gradient. */
  #out: Region | undefined;
  rowRoom = 0;
  #roomForCodes = 0;
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
    if (this.#held) this.#bounds = enlarge(this.#bounds, 2 * count * 4);
    this.rowRoom = count;
    this.#roomForCodes = codeCount;
  }

  codes(): Int32Array {
    invariant(this.#codes, 'codes before reserve');
    return this.#memory.space.integers(this.#codes, this.#roomForCodes);
  }

  offsets(): Int32Array {
    invariant(this.#offsets, 'offsets before reserve, or of a lookup that has none');
    return this.#memory.space.integers(this.#offsets, this.rowRoom + 1);
  }

  shares(): Float32Array {
    invariant(this.#shares, 'shares before reserve, or of a lookup that has none');
    return this.#memory.space.floats(this.#shares, this.#roomForCodes);
  }

  hold(values: Int32Array): void {
    this.#held = this.#memory.enlarge(this.#held, values.byteLength);
    this.#heldLength = values.length;
    this.#memory.space.integers(this.#held, values.length).set(values);
  }

  copyBags(count: number, windows: (starts: Int32Array, ends: Int32Array) => void): void {
    const [held, bounds, codes, offsets] = [this.#held, this.#bounds, this.#codes, this.#offsets];
    invariant(held && bounds && codes && offsets && count <= this.rowRoom, 'copyBags before hold and reserve');
    const { space } = this.#memory;
    const boundsView = space.integers(bounds, 2 * count);
    const starts = boundsView.subarray(0, count);
    const ends = boundsView.subarray(count);
    windows(starts, ends);
    const total = codesOf(starts, ends, this.#heldLength);
    invariant(total <= this.#roomForCodes, `${total} codes with room for ${this.#roomForCodes}`);
    const [from, to] = [bounds.pointer, bounds.pointer + 4 * count];
    space.kernels.copyBags(held.pointer, from, to, count, codes.pointer, offsets.pointer);
  }

  gather(count: number): Float32Array {
    const { name, rows, space } = this.#memory;
    invariant(
      this.#codes && this.#out && count <= this.rowRoom,
      `gather of ${count} rows with room for ${this.rowRoom}`,
    );
    const from = this.#codes.pointer;
    const codeCount = this.#offsets ? space.integers(this.#offsets, count + 1)[count]! : count;
    invariant(codeCount <= this.#roomForCodes, `offsets end at ${codeCount}, codes at ${this.#roomForCodes}`);
    const badIndex = space.kernels.badCode(from, codeCount, rows);
    invariant(badIndex < 0, `table ${name} has ${rows} rows and is asked for row ${this.codes()[badIndex]}`);
    this.#memory.shown?.prepare(from, codeCount);
    this.#gatherRows(from, count, codeCount, this.#out.pointer);
    this.#gathered = count;
    this.#gatheredCodes = codeCount;
    return space.floats(this.#out, (count * this.#outBytes) / 4);
  }

  #gatherRows(codes: number, count: number, last: number, out: number): void {
    const { staged, values, shown } = this.#memory;
    if (staged) {
      const stagedRows = staged.stage(codes, last);
      // What was staged lies in the order of the codes, so it is near.
      if (stagedRows) this.#gatherFrom(stagedRows.table, last, stagedRows.places, count, out);
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
      const isFar = rows * rowBytes > nearBytes ? 1 : 0;
      if (this.#shares) {
        const { pointer } = this.#shares;
        kernels.gatherWeighted(table, rowBytes, codes, this.#offsets!.pointer, pointer, count, isFar, out);
      } else kernels.gatherPooled(table, rowBytes, codes, this.#offsets!.pointer, count, this.#mean, isFar, out);
    }
  }

  accumulate(gradient: Float32Array): void {
    invariant(this.#codes && this.#out, 'accumulate before reserve');
    const count = this.#gathered;
    const hasRightSize = gradient.byteLength === count * this.#outBytes;
    invariant(hasRightSize, `gradient of ${gradient.length} numbers for ${count} rows`);
    const codes = this.#codes.pointer;
    if (this.#kind === 'one') this.#pending.addRows(codes, count, gradient);
    else {
      const sums = this.#pending.resolve(codes, this.#gatheredCodes);
      this.#memory.space.floats(this.#out, gradient.length).set(gradient);
      this.#scatterRows(sums, codes, count, this.#out.pointer);
    }
    // Codes may be slots now: a second accumulate would be of nothing.
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

  /** As kernels take it: 1 for the mean of a bag, 0 for its sum. */
  get #mean(): 0 | 1 {
    return this.#kind === 'mean' ? 1 : 0;
  }

  close(): void {
    for (const region of [this.#codes, this.#offsets, this.#shares, this.#out, this.#held, this.#bounds]) {
      if (region) this.#memory.space.free(region);
    }
    this.#codes = this.#offsets = this.#shares = this.#out = this.#held = this.#bounds = undefined;
  }
}

/** Returns how many codes the bags have, once each of them is within the `length` codes of the column. */
function codesOf(starts: Int32Array, ends: Int32Array, length: number): number {
  let total = 0;
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i]!, ends[i]!];
    if (start < 0 || end < start || end > length) invariant(false, `bag ${i} is ${start} to ${end}`);
    total += end - start;
  }
  return total;
}

/**
 * One row a code; the mean or the sum of a bag's rows; the sum of its rows, each times a share; or a bag's rows side by side with
 * zeros past its end.
 */
export type TableLookupKind = 'one' | 'mean' | 'sum' | 'weighted' | 'sequence';

export interface LookupOptions {
  readonly kind: TableLookupKind;
  readonly length?: number;
}

/**
 * Use: `reserve`, fill `codes()` (and `offsets()`, one more than rows, for all kinds but `one`), `gather`, and when its
 * gradient is there `accumulate`, once. The arrays are views that any `reserve` on the same table may detach: reserve for all
 * lookups of a step first, then fill and gather.
 */
export interface Lookup {
  reserve(rows: number, codes: number): void;
  codes(): Int32Array;
  offsets(): Int32Array;
  /** One a code, to be filled where the kind is `weighted`. */
  shares(): Float32Array;
  /** Keeps a copy of a bag column's values next to the table, for `copyBags`. */
  hold(values: Int32Array): void;
  /** After `reserve`: fills codes and offsets with the bags whose starts and ends, in what is held, `windows` writes. */
  copyBags(rows: number, windows: (starts: Int32Array, ends: Int32Array) => void): void;
  /** float32 [rows, dim], or [rows, length, dim] for a sequence; valid until the next `accumulate` or `reserve`. */
  gather(rows: number): Float32Array;
  /** Adds d loss ÷ d (what `gather` gave) to the table's pending gradients. */
  accumulate(gradient: Float32Array): void;
  /** Gives its memory back to the table. */
  close(): void;
}
