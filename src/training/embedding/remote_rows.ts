/**
 * Rows of a step that other workers have. Look-ups run twice: first they only name their rows; then, when the rows are here, they gather
 * them. Gradients are added up by the rows of the step, so nothing here is as long as the table but its name.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { KernelSpace, Region } from './space.ts';

// Numbers the different rows of a step in the order they come: a hash table that grows with the step, never with the table.

/** Marks an empty slot: no row has this number. */
const emptySlot = -1;

export class CodeSet {
  /** Places of `codes`; twice as many as there are codes, or more. */
  slotOfHash = new Int32Array(64).fill(emptySlot);
  #codes = new Int32Array(32);
  #count = 0;

  /** In the order of their numbers. A view, until the next `add`. */
  get codes(): Int32Array {
    return this.#codes.subarray(0, this.#count);
  }

  clear(): void {
    this.slotOfHash.fill(emptySlot);
    this.#count = 0;
  }

  add(code: number): void {
    const slot = this.#find(code);
    if (this.slotOfHash[slot] !== emptySlot) return;
    this.slotOfHash[slot] = this.#count;
    this.#codes[this.#count++] = code;
    if (this.#count === this.#codes.length) this.#grow();
  }

  /** Returns the number of a code; −1 where it was not added. */
  of(code: number): number {
    return this.slotOfHash[this.#find(code)]!;
  }

  #find(code: number): number {
    const mask = this.slotOfHash.length - 1;
    // Neighbours come together often, so they go apart (Knuth's multiplicative hash).
    let slot = (Math.imul(code, 0x9e3779b1) >>> 7) & mask;
    while (this.slotOfHash[slot] !== emptySlot && this.#codes[this.slotOfHash[slot]!] !== code)
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const largerCodes = new Int32Array(2 * this.#codes.length);
    largerCodes.set(this.#codes);
    this.#codes = largerCodes;
    this.slotOfHash = new Int32Array(2 * largerCodes.length).fill(emptySlot);
    for (let number = 0; number < this.#count; number++) this.slotOfHash[this.#find(largerCodes[number]!)] = number;
  }
}

/** Look-ups read from it in place of a table in their own memory. */
export interface Staging {
  /** Makes room for `stage`, which then moves nothing in the memory of the look-ups. */
  reserve(count: number): void;
  /** The row of code i is at index `places[i]` of `table`; both are pointers. Undefined: nothing is gathered so far. */
  stage(codes: number, count: number): { readonly table: number; readonly places: number } | undefined;
}

export class RemoteRows implements Staging {
  readonly #space: KernelSpace;
  readonly #rowBytes: number;
  readonly #asked = new CodeSet();
  #isAsking = false;
  #rows: Region | undefined;
  #slots: Region | undefined;

  constructor(space: KernelSpace, rowBytes: number) {
    this.#space = space;
    this.#rowBytes = rowBytes;
  }

  /** An integer for each row of the step, as `TableMemory.slots`. */
  get slots(): Region {
    invariant(this.#slots, 'rows of a step have come');
    return this.#slots;
  }

  /** Forgets the rows before, and lets look-ups name rows until `arrive`. */
  ask(): void {
    this.#asked.clear();
    this.#isAsking = true;
  }

  get codes(): Int32Array {
    return this.#asked.codes;
  }

  /** Makes room for the rows that were named: float32 [codes, dim], to be filled in their order. */
  arrive(): Float32Array {
    const { length } = this.codes;
    this.#isAsking = false;
    this.#rows = this.#space.enlarge(this.#rows, Math.max(1, length) * this.#rowBytes);
    const bytesBefore = this.#slots?.bytes ?? 0;
    this.#slots = this.#space.enlarge(this.#slots, Math.max(1, length) * 4);
    // The previous content of this memory is no slot.
    const { pointer, bytes } = this.#slots;
    if (bytes > bytesBefore)
      new Uint8Array(this.#space.memory.buffer, pointer + bytesBefore, bytes - bytesBefore).fill(0);
    return this.#space.floats(this.#rows, (length * this.#rowBytes) / 4);
  }

  reserve(): void {}

  /** From here on codes are indexes of the rows of the step. */
  stage(codes: number, count: number) {
    const allCodes = new Int32Array(this.#space.memory.buffer, codes, count);
    if (this.#isAsking) {
      for (let i = 0; i < count; i++) this.#asked.add(allCodes[i]!);
      return undefined;
    }
    invariant(this.#rows, 'rows of a step are read when they have come');
    for (let i = 0; i < count; i++) {
      const rowOfStep = this.#asked.of(allCodes[i]!);
      invariant(rowOfStep >= 0, `row ${allCodes[i]} was not asked for`);
      allCodes[i] = rowOfStep;
    }
    return { table: this.#rows.pointer, places: codes };
  }
}
