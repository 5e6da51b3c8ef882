function setBitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A set of rows, with one bit for each row. Must not change once it is passed on. */
export class Bits {
  /** A multiple of 64 bits; the bits after `rows` are 0. */
  readonly words: Uint32Array<ArrayBuffer>;
  #count: number | undefined;
  #list: Uint32Array | undefined;

  constructor(
    readonly rows: number,
    words?: Uint32Array<ArrayBuffer>,
  ) {
    this.words = words ?? new Uint32Array(2 * Math.ceil(rows / 64));
    if (words === undefined) this.#count = 0;
  }

  static all(rows: number): Bits {
    const bits = new Bits(rows);
    bits.addRange(0, rows);
    return bits;
  }

  has(row: number): boolean {
    return ((this.words[row >>> 5]! >>> (row & 31)) & 1) === 1;
  }

  add(row: number): void {
    if (this.#count !== undefined && !this.has(row)) this.#count++;
    this.words[row >>> 5]! |= 1 << (row & 31);
    this.#list = undefined;
  }

  /** Adds the rows `from` to `to - 1`. None of them may be in the set yet (the count relies on it). */
  addRange(from: number, to: number): void {
    if (from >= to) return;
    if (this.#count !== undefined) this.#count += to - from;
    this.#list = undefined;
    const [firstWord, lastWord] = [from >>> 5, (to - 1) >>> 5];
    const [firstBits, lastBits] = [0xffffffff << (from & 31), 0xffffffff >>> (31 - ((to - 1) & 31))];
    if (firstWord === lastWord) {
      this.words[firstWord]! |= firstBits & lastBits;
      return;
    }
    this.words[firstWord]! |= firstBits;
    this.words.fill(0xffffffff, firstWord + 1, lastWord);
    this.words[lastWord]! |= lastBits;
  }

  delete(row: number): void {
    if (this.#count !== undefined && this.has(row)) this.#count--;
    this.words[row >>> 5]! &= ~(1 << (row & 31));
    this.#list = undefined;
  }

  copy(): Bits {
    const bits = new Bits(this.rows, this.words.slice());
    bits.#count = this.#count;
    return bits;
  }

  and(other: Bits): Bits {
    const words = this.words.map((word, i) => word & other.words[i]!);
    return new Bits(this.rows, words);
  }

  or(other: Bits): Bits {
    const words = this.words.map((word, i) => word | other.words[i]!);
    return new Bits(this.rows, words);
  }

  not(): Bits {
    const words = this.words.map((word) => ~word);
    const bits = new Bits(this.rows, words);
    bits.#clearEnd();
    return bits;
  }

  /** Returns the number of rows of the set. Adding and deleting keep it up to date once it is known. */
  count(): number {
    if (this.#count !== undefined) return this.#count;
    // V8 keeps int32 in registers, but a uint32 from 2³¹ on becomes a double: signed reads are several times as fast.
    const words = new Int32Array(this.words.buffer, this.words.byteOffset, this.words.length);
    let setBits = 0;
    for (let index = 0; index < words.length; index++) setBits += setBitsIn(words[index]!);
    this.#count = setBits;
    return setBits;
  }

  /** Returns the rows of the set, ascending. The list is cached until the set changes. */
  list(): Uint32Array {
    if (this.#list !== undefined) return this.#list;
    const list = new Uint32Array(this.count());
    let listed = 0;
    this.forEach((row) => void (list[listed++] = row));
    this.#list = list;
    return list;
  }

  /** Calls `visit` with each row of the set, ascending. */
  forEach(visit: (row: number) => void): void {
    const words = new Int32Array(this.words.buffer, this.words.byteOffset, this.words.length);
    for (let index = 0; index < words.length; index++) {
      for (let word = words[index]!; word !== 0; word &= word - 1) visit(32 * index + 31 - Math.clz32(word & -word));
    }
  }

  /** Returns the row at an index, from 0, among the rows of the set; −1 if there are not as many. */
  rowAt(index: number): number {
    let rank = 0;
    for (let wordIndex = 0; wordIndex < this.words.length; wordIndex++) {
      const word = this.words[wordIndex]!;
      const count = setBitsIn(word);
      if (rank + count > index) {
        let left = word;
        for (; rank < index; rank++) left &= left - 1;
        return 32 * wordIndex + 31 - Math.clz32(left & -left);
      }
      rank += count;
    }
    return -1;
  }

  #clearEnd(): void {
    for (let row = this.rows; row < 32 * this.words.length; row++) this.delete(row);
  }
}
