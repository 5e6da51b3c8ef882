/**
 * Rows of a step that other workers own. Look-ups run twice: first they only collect the codes of their rows; after the rows have arrived, they gather them.
 * Gradients are added up by row of the step, so no array here has the length of the table.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { KernelSpace, Region } from './kernel_memory.ts';

// Numbers the distinct rows of a step in the order in which they occur: a hash table that grows with the step, not with the table.

/** Marks an empty slot: no row has this number. */
const emptySlot = -1;

export class CodeSet {
  /** Indexes into `codes`, by hash slot. There are at least twice as many slots as codes. */
  #slotOfHash = new Int32Array(64).fill(emptySlot);
  #codes = new Int32Array(32);
  #count = 0;

  /** The distinct codes, in the order of their numbers. A view, valid until the next `add`. */
  get codes(): Int32Array {
    return this.#codes.subarray(0, this.#count);
  }

  clear(): void {
    this.#slotOfHash.fill(emptySlot);
    this.#count = 0;
  }

  add(code: number): void {
    const slot = this.#find(code);
    if (this.#slotOfHash[slot] !== emptySlot) return;
    this.#slotOfHash[slot] = this.#count;
    this.#codes[this.#count++] = code;
    if (this.#count === this.#codes.length) this.#grow();
  }

  /** Returns the number of a code; −1 if it was not added. */
  positionOf(code: number): number {
    return this.#slotOfHash[this.#find(code)]!;
  }

  #find(code: number): number {
    const mask = this.#slotOfHash.length - 1;
    // Adjacent codes often occur together, so the hash spreads them (Knuth's multiplicative hash).
    let slot = (Math.imul(code, 0x9e3779b1) >>> 7) & mask;
    while (this.#slotOfHash[slot] !== emptySlot && this.#codes[this.#slotOfHash[slot]!] !== code)
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const largerCodes = new Int32Array(2 * this.#codes.length);
    largerCodes.set(this.#codes);
    this.#codes = largerCodes;
    this.#slotOfHash = new Int32Array(2 * largerCodes.length).fill(emptySlot);
    for (let number = 0; number < this.#count; number++) this.#slotOfHash[this.#find(largerCodes[number]!)] = number;
  }
}

/** Provides look-ups with rows if the table is not in their own memory. */
export interface Staging {
  /** Makes room for `stage`, which then does not move anything in the memory of the look-ups. */
  reserve(count: number): void;
  /** Makes rows available: the row of code i is row `places[i]` of `table`; both are pointers. Returns undefined if there is nothing to gather yet. */
  stage(codes: number, count: number): { readonly table: number; readonly places: number } | undefined;
}

export class RemoteRows implements Staging {
  readonly #space: KernelSpace;
  readonly #rowBytes: number;
  readonly #collected = new CodeSet();
  #isCollecting = false;
  #rows: Region | undefined;
  #slots: Region | undefined;

  constructor(space: KernelSpace, rowBytes: number) {
    this.#space = space;
    this.#rowBytes = rowBytes;
  }

  /** An integer for each row of the step, like `TableMemory.slots`. */
  get slots(): Region {
    invariant(this.#slots, 'rows of a step have come');
    return this.#slots;
  }

  /** Forgets the previous rows, and lets look-ups collect codes until `makeRoomForRows`. */
  startCollecting(): void {
    this.#collected.clear();
    this.#isCollecting = true;
  }

  get codes(): Int32Array {
    return this.#collected.codes;
  }

  /** Makes room for the collected rows: returns float32 [codes, dim], to be filled in the order of `codes`. */
  makeRoomForRows(): Float32Array {
    const { length } = this.codes;
    this.#isCollecting = false;
    this.#rows = this.#space.enlarge(this.#rows, Math.max(1, length) * this.#rowBytes);
    const bytesBefore = this.#slots?.bytes ?? 0;
    this.#slots = this.#space.enlarge(this.#slots, Math.max(1, length) * 4);
    // Clears the old content of this memory, which must not be taken for slots.
    const { pointer, bytes } = this.#slots;
    if (bytes > bytesBefore)
      new Uint8Array(this.#space.memory.buffer, pointer + bytesBefore, bytes - bytesBefore).fill(0);
    return this.#space.floats(this.#rows, (length * this.#rowBytes) / 4);
  }

  reserve(): void {}

  /** Collects the codes, or replaces them by the numbers of their rows in the step. */
  stage(codes: number, count: number) {
    const allCodes = new Int32Array(this.#space.memory.buffer, codes, count);
    if (this.#isCollecting) {
      for (let i = 0; i < count; i++) this.#collected.add(allCodes[i]!);
      return undefined;
    }
    invariant(this.#rows, 'rows of a step are read when they have come');
    for (let i = 0; i < count; i++) {
      const rowOfStep = this.#collected.positionOf(allCodes[i]!);
      invariant(rowOfStep >= 0, `row ${allCodes[i]} was not asked for`);
      allCodes[i] = rowOfStep;
    }
    return { table: this.#rows.pointer, places: codes };
  }
}
