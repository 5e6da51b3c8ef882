/** Items of one request that may be among its `k` best, with bounds of their scores. `bounds.ts` has the proof. */
import { BestRows, type RankedRows } from './best.ts';

/** Candidates without an exact score that are kept at a time, at least. */
const fewest = 4096;

/** Room that is kept for the next request, in candidates. */
const mostKept = 65_536;

const noScore = (): number => 0;

/** Made once for many requests: its arrays stay. */
export class Candidates {
  /** The k-th largest lower bound: what an upper bound must reach. */
  limit = Number.NEGATIVE_INFINITY;
  k = 0;
  #rows = new Int32Array(512);
  #lower = new Float64Array(512);
  #upper = new Float64Array(512);
  #count = 0;
  /** Those before this one have their lower bound in the heap. */
  #counted = 0;
  /** The `k` largest lower bounds, the smallest at the root. */
  #heap = new Float64Array(0);
  #size = 0;
  /** Where a row of this chunk is, if several vectors may give it. */
  #places: Map<number, number> | undefined;
  #score: (row: number) => number = noScore;

  /** Begins a request for the best `k` of `rows`. */
  begin(k: number, rows: number, score: (row: number) => number, isSeveral: boolean): void {
    this.k = k;
    this.limit = Number.NEGATIVE_INFINITY;
    this.#score = score;
    if (this.#rows.length > mostKept) this.#take(512);
    this.#count = 0;
    this.#counted = 0;
    const most = Math.min(k, rows);
    if (this.#heap.length !== most) this.#heap = new Float64Array(most);
    this.#size = 0;
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

  /** The best, in their order. It keeps nothing of the request: `score` has the vectors of all items, which may be of a version that is gone. */
  end(): RankedRows {
    const best = this.#ordered();
    this.#score = noScore;
    return best;
  }

  #ordered(): RankedRows {
    this.#prune();
    const best = new BestRows(this.k, this.#count);
    // Exact scores of those that the limit comes from are a higher limit: few of the others reach it.
    for (let i = 0; i < this.#count; i++) {
      if (this.#lower[i]! >= this.limit) best.push(this.#rows[i]!, this.#score(this.#rows[i]!));
    }
    for (let i = 0; i < this.#count; i++) {
      if (this.#lower[i]! < this.limit && this.#upper[i]! >= best.worst) {
        best.push(this.#rows[i]!, this.#score(this.#rows[i]!));
      }
    }
    return best.ordered();
  }

  #settle(): void {
    const { rows, scores } = this.#ordered();
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
    const [rows, lower, upper] = [this.#rows, this.#lower, this.#upper];
    this.#take(2 * rows.length);
    this.#rows.set(rows);
    this.#lower.set(lower);
    this.#upper.set(upper);
  }

  #take(room: number): void {
    this.#rows = new Int32Array(room);
    this.#lower = new Float64Array(room);
    this.#upper = new Float64Array(room);
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
