/** Items of one request that may be among its `k` best, with bounds of their scores. `bounds.ts` has the proof. */
import { Best, type Ranked } from './best.ts';

/** Candidates without an exact score that are kept at a time, at least. */
const fewest = 4096;

export class Candidates {
  /** The k-th largest lower bound: what an upper bound must reach. */
  limit = Number.NEGATIVE_INFINITY;
  #rows = new Int32Array(256);
  #lower = new Float64Array(256);
  #upper = new Float64Array(256);
  #count = 0;
  /** Those before this one have their lower bound in the heap. */
  #counted = 0;
  /** The `k` largest lower bounds, the smallest at the root. */
  readonly #heap: Float64Array;
  #size = 0;
  /** Where a row of this chunk is, if several vectors may give it. */
  readonly #places: Map<number, number> | undefined;

  constructor(
    readonly k: number,
    readonly rows: number,
    private readonly score: (row: number) => number,
    isSeveral: boolean,
  ) {
    this.#heap = new Float64Array(Math.min(k, rows));
    this.#places = isSeveral ? new Map() : undefined;
  }

  /** A row may come once for each vector, within one chunk. */
  add(row: number, lower: number, upper: number): void {
    const known = this.#places?.get(row);
    if (known !== undefined) {
      this.#lower[known] = Math.max(this.#lower[known]!, lower);
      this.#upper[known] = Math.max(this.#upper[known]!, upper);
      return;
    }
    if (this.#count === this.#rows.length) this.#grow();
    this.#places?.set(row, this.#count);
    this.#rows[this.#count] = row;
    this.#lower[this.#count] = lower;
    this.#upper[this.#count] = upper;
    this.#count++;
  }

  /** After a chunk of items: raises the limit. */
  endChunk(): void {
    for (let i = this.#counted; i < this.#count; i++) this.#offer(this.#lower[i]!);
    this.#places?.clear();
    if (this.#size === this.#heap.length && this.#size > 0) this.limit = this.#heap[0]!;
    this.#counted = this.#count;
    if (this.#count < Math.max(fewest, 8 * this.k)) return;
    this.#prune();
    // Many items nearly or exactly alike, such as copies of one: exact scores distinguish most of them, and rows the rest.
    if (this.#count >= Math.max(fewest, 8 * this.k) / 2) this.#settle();
  }

  ordered(): Ranked {
    this.#prune();
    const best = new Best(this.k, this.#count);
    for (let i = 0; i < this.#count; i++) best.push(this.#rows[i]!, this.score(this.#rows[i]!));
    return best.ordered();
  }

  #settle(): void {
    const { rows, scores } = this.ordered();
    this.#count = rows.length;
    this.#counted = rows.length;
    this.#size = 0;
    for (let i = 0; i < rows.length; i++) {
      this.#rows[i] = rows[i]!;
      this.#lower[i] = scores[i]!;
      this.#upper[i] = scores[i]!;
      this.#offer(scores[i]!);
    }
    if (this.#size === this.#heap.length && this.#size > 0) this.limit = this.#heap[0]!;
  }

  #prune(): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#upper[i]! < this.limit) continue;
      this.#rows[kept] = this.#rows[i]!;
      this.#lower[kept] = this.#lower[i]!;
      this.#upper[kept] = this.#upper[i]!;
      kept++;
    }
    this.#count = kept;
    this.#counted = kept;
  }

  #grow(): void {
    const grown = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const length = 2 * this.#rows.length;
    this.#rows = grown(this.#rows, new Int32Array(length));
    this.#lower = grown(this.#lower, new Float64Array(length));
    this.#upper = grown(this.#upper, new Float64Array(length));
  }

  #offer(value: number): void {
    const heap = this.#heap;
    if (this.#size < heap.length) {
      let at = this.#size++;
      for (; at > 0 && heap[(at - 1) >> 1]! > value; at = (at - 1) >> 1) heap[at] = heap[(at - 1) >> 1]!;
      heap[at] = value;
      return;
    }
    if (heap.length === 0 || value <= heap[0]!) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= value) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
  }
}
