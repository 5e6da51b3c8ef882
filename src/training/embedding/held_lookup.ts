/** Look-ups of tables that an engine holds: they note which rows a step reads, and read none. */
import type { Lookup, LookupOptions } from './table_lookup.ts';

const empty = new Float32Array(0);

/** Fills with the codes of bags, as `copyBags` of the kernels. */
function copyBags(values: Int32Array, bounds: Int32Array, codes: Int32Array, offsets: Int32Array): void {
  const count = bounds.length / 2;
  let written = 0;
  for (let bag = 0; bag < count; bag++) {
    offsets[bag] = written;
    const end = bounds[count + bag]!;
    for (let at = bounds[bag]!; at < end; at++) codes[written++] = values[at]!;
  }
  offsets[count] = written;
}

export class HeldLookup implements Lookup {
  #codes = new Int32Array(0);
  #offsets = new Int32Array(0);
  #shares = new Float32Array(0);
  #held: Int32Array = new Int32Array(0);
  #bounds = new Int32Array(0);

  /**
   * @param first row of the table in its group
   * @param noted called by `gather`
   */
  constructor(
    readonly first: number,
    readonly rows: number,
    private readonly options: LookupOptions,
    private readonly noted: (lookup: HeldLookup, count: number) => void,
  ) {}

  reserve(count: number, codeCount: number): void {
    if (this.#codes.length < codeCount) this.#codes = new Int32Array(codeCount);
    if (this.#offsets.length < count + 1) this.#offsets = new Int32Array(count + 1);
    if (this.options.kind === 'weighted' && this.#shares.length < codeCount) this.#shares = new Float32Array(codeCount);
    if (this.#bounds.length < 2 * count) this.#bounds = new Int32Array(2 * count);
  }

  codes = (): Int32Array => this.#codes;
  offsets = (): Int32Array => this.#offsets;
  shares = (): Float32Array => this.#shares;

  hold(values: Int32Array): void {
    this.#held = values;
  }

  copyBags(count: number, windows: (starts: Int32Array, ends: Int32Array) => void): void {
    const bounds = this.#bounds.subarray(0, 2 * count);
    windows(bounds.subarray(0, count), bounds.subarray(count));
    copyBags(this.#held, bounds, this.#codes, this.#offsets);
  }

  gather(count: number): Float32Array {
    this.noted(this, count);
    return empty;
  }

  /** The engine has the gradient. */
  accumulate(): void {}
  close(): void {}

  codesOf(count: number): number {
    return this.options.kind === 'one' ? count : this.#offsets[count]!;
  }

  placesOf(count: number): number {
    return this.options.kind === 'sequence' ? count * this.options.length! : count;
  }

  /** Writes where the codes of each place begin, from `place` on, if the first code has the index `at`. */
  begin(count: number, starts: Int32Array, place: number, at: number): void {
    const { kind, length: places = 1 } = this.options;
    if (kind === 'one') for (let i = 0; i < count; i++) starts[place + i] = at + i;
    else if (kind !== 'sequence') for (let i = 0; i < count; i++) starts[place + i] = at + this.#offsets[i]!;
    else {
      for (let i = 0; i < count; i++) {
        const [start, end] = [this.#offsets[i]!, this.#offsets[i + 1]!];
        for (let j = 0; j < places; j++) starts[place + i * places + j] = at + Math.min(start + j, end);
      }
    }
  }

  /** Writes the weight of each code. */
  weigh(count: number, weights: Float32Array, at: number): void {
    const { kind } = this.options;
    const offsets = this.#offsets;
    if (kind === 'weighted') weights.set(this.#shares.subarray(0, this.codesOf(count)), at);
    else if (kind !== 'mean') weights.fill(1, at, at + this.codesOf(count));
    else {
      for (let i = 0; i < count; i++) {
        const [start, end] = [at + offsets[i]!, at + offsets[i + 1]!];
        const share = 1 / (end - start);
        for (let j = start; j < end; j++) weights[j] = share;
      }
    }
  }
}
