/** The different rows of a step, numbered in the order they come: a hash table that grows with the step, never with the table. */

/** Marks an empty place: no row has this number. */
const empty = -1;

export class CodeSet {
  /** Places of `codes`; twice as many as there are codes, or more. */
  #places = new Int32Array(64).fill(empty);
  #codes = new Int32Array(32);
  #count = 0;

  /** In the order of their numbers. A view, until the next `add`. */
  get codes(): Int32Array {
    return this.#codes.subarray(0, this.#count);
  }

  clear(): void {
    this.#places.fill(empty);
    this.#count = 0;
  }

  add(code: number): void {
    const at = this.#find(code);
    if (this.#places[at] !== empty) return;
    this.#places[at] = this.#count;
    this.#codes[this.#count++] = code;
    if (this.#count === this.#codes.length) this.#grow();
  }

  /** The number of a code; −1 where it was not added. */
  of(code: number): number {
    return this.#places[this.#find(code)]!;
  }

  /** Where the code is, or would be. */
  #find(code: number): number {
    const mask = this.#places.length - 1;
    // Neighbours come together often, so they go apart (Knuth's multiplicative hash).
    let at = (Math.imul(code, 0x9e3779b1) >>> 7) & mask;
    while (this.#places[at] !== empty && this.#codes[this.#places[at]!] !== code) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const codes = new Int32Array(2 * this.#codes.length);
    codes.set(this.#codes);
    this.#codes = codes;
    this.#places = new Int32Array(2 * codes.length).fill(empty);
    for (let number = 0; number < this.#count; number++) this.#places[this.#find(codes[number]!)] = number;
  }
}
