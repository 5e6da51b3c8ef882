/** Items of one request that may be among its `k` best, with bounds of their scores, and the best of them. `codes.ts` has the proof. */
import type { Bits } from './bits.ts';

/** Collects the `k` best of a stream of scored rows. All answers have this order: the higher score first; among equal scores the lower row. */
export class BestRows {
  /** A heap: no row is better than those below it, so the worst is at the root. */
  readonly #rows: Int32Array<ArrayBuffer>;
  readonly #scores: Float64Array<ArrayBuffer>;
  #count = 0;
  /** The score to reach, once there are `k` rows. */
  worst = Number.NEGATIVE_INFINITY;

  /** @param mostEntries maximum number of rows that may come, which limits the memory */
  constructor(k: number, mostEntries: number) {
    const capacity = Math.min(k, mostEntries);
    this.#rows = new Int32Array(capacity);
    this.#scores = new Float64Array(capacity);
  }

  push(row: number, score: number): void {
    if (score < this.worst) return;
    const [rows, scores] = [this.#rows, this.#scores];
    if (this.#count === rows.length) {
      if (rows.length === 0 || !isWorse(scores[0]!, rows[0]!, score, row)) return;
      this.#sink(row, score, this.#count);
    } else {
      let index = this.#count++;
      for (; index > 0; index = (index - 1) >> 1) {
        const parent = (index - 1) >> 1;
        if (!isWorse(score, row, scores[parent]!, rows[parent]!)) break;
        rows[index] = rows[parent]!;
        scores[index] = scores[parent]!;
      }
      rows[index] = row;
      scores[index] = score;
    }
    if (this.#count === rows.length) this.worst = scores[0]!;
  }

  /** Returns the best rows in order, and ends the stream. */
  ordered(): RankedRows {
    const [rows, scores] = [this.#rows, this.#scores];
    // Each turn moves the worst of the remaining rows behind them.
    for (let left = this.#count - 1; left > 0; left--) {
      const [row, score] = [rows[left]!, scores[left]!];
      const [worstRow, worstScore] = [rows[0]!, scores[0]!];
      this.#sink(row, score, left);
      rows[left] = worstRow;
      scores[left] = worstScore;
    }
    return { rows: rows.subarray(0, this.#count), scores: scores.subarray(0, this.#count) };
  }

  /** Replaces the root by a row, among the first `count`. */
  #sink(row: number, score: number, count: number): void {
    const [rows, scores] = [this.#rows, this.#scores];
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= count) break;
      if (child + 1 < count && isWorse(scores[child + 1]!, rows[child + 1]!, scores[child]!, rows[child]!)) child++;
      if (!isWorse(scores[child]!, rows[child]!, score, row)) break;
      rows[index] = rows[child]!;
      scores[index] = scores[child]!;
      index = child;
    }
    rows[index] = row;
    scores[index] = score;
  }
}

const isWorse = (score: number, row: number, than: number, thanRow: number): boolean =>
  score < than || (score === than && row > thanRow);

export interface ScanRequest {
  /** One or more, each of finite numbers, as wide as the items. */
  readonly vectors: readonly Float64Array[];
  readonly k: number;
  /** Default: all rows. */
  readonly allowed?: Bits;
  /**
   * Returns some of the rows that may be in the answer, instead of `allowed`, again and again until there are no more. A row comes once.
   * @param least score that the k-th best so far has at least
   */
  readonly listed?: (least: number) => Uint32Array | undefined;
}

/** Ranks the rows that a request allows by their scores. */
export function rankAll(
  { k, allowed, listed }: Omit<ScanRequest, 'vectors'>,
  rows: number,
  scoreOf: (row: number) => number,
): RankedRows {
  const best = new BestRows(k, rows);
  if (k === 0) return best.ordered();
  const visit = (row: number): void => best.push(row, scoreOf(row));
  if (listed) {
    for (let some = listed(best.worst); some; some = listed(best.worst)) some.forEach(visit);
  } else if (allowed) allowed.forEach(visit);
  else for (let row = 0; row < rows; row++) visit(row);
  return best.ordered();
}

export interface RankedRows {
  readonly rows: Int32Array;
  readonly scores: Float64Array;
}

/** Minimum number of candidates without an exact score that are stored at a time. */
const minSettled = 4096;

/** Number of candidates for which memory is reused in the next request. */
const maxReused = 65_536;

const noScore = (): number => 0;

/** The candidates of one request at a time. One object serves many requests, so that its arrays are allocated once. */
export class Candidates {
  /** The k-th largest lower bound, which an upper bound must reach. */
  limit = Number.NEGATIVE_INFINITY;
  k = 0;
  #rows = new Int32Array(512);
  #lower = new Float64Array(512);
  #upper = new Float64Array(512);
  #count = 0;
  /** Candidates before this index have their lower bound in the heap. */
  #counted = 0;
  /** The `k` largest lower bounds, the smallest at the root. */
  #heap = new Float64Array(0);
  #size = 0;
  /** Index of each row of this chunk, if several vectors may give it. */
  #places: Map<number, number> | undefined;
  #score: (row: number) => number = noScore;

  /** Begins a request for the best `k` of `rows`. */
  begin(k: number, rows: number, score: (row: number) => number, isSeveral: boolean): void {
    this.k = k;
    this.limit = Number.NEGATIVE_INFINITY;
    this.#score = score;
    if (this.#rows.length > maxReused) this.#take(512);
    this.#count = 0;
    this.#counted = 0;
    const heapLength = Math.min(k, rows);
    if (this.#heap.length !== heapLength) this.#heap = new Float64Array(heapLength);
    this.#size = 0;
    this.#places = isSeveral ? new Map() : undefined;
  }

  /** Adds a row, which may come once for each vector, within one chunk. */
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

  /** Raises the limit after a chunk of items. */
  endChunk(): void {
    for (let i = this.#counted; i < this.#count; i++) this.#offer(this.#lower[i]!);
    this.#places?.clear();
    this.#raise();
    this.#counted = this.#count;
    if (this.#count < Math.max(minSettled, 8 * this.k)) return;
    this.#prune();
    // Many items may be nearly or exactly alike, such as copies of one: exact scores distinguish most of them, and rows the rest.
    if (this.#count >= Math.max(minSettled, 8 * this.k) / 2) this.#settle();
  }

  /** Returns the best rows in order. Drops `score`, because it refers to the vectors of all items, perhaps of a version that is gone. */
  end(): RankedRows {
    const best = this.#ordered();
    this.#score = noScore;
    return best;
  }

  #ordered(): RankedRows {
    this.#prune();
    const best = new BestRows(this.k, this.#count);
    // The exact scores of the candidates from which the limit comes give a higher limit, which few of the others reach.
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
    this.#raise();
  }

  #raise(): void {
    if (this.#size === this.#heap.length && this.#size > 0) this.limit = Math.max(this.limit, this.#heap[0]!);
  }

  #prune(): void {
    let keptCount = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#upper[i]! < this.limit) continue;
      this.#rows[keptCount] = this.#rows[i]!;
      this.#lower[keptCount] = this.#lower[i]!;
      this.#upper[keptCount] = this.#upper[i]!;
      keptCount++;
    }
    this.#count = keptCount;
    this.#counted = keptCount;
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
      let index = this.#size++;
      for (; index > 0 && heap[(index - 1) >> 1]! > value; index = (index - 1) >> 1)
        heap[index] = heap[(index - 1) >> 1]!;
      heap[index] = value;
      return;
    }
    if (heap.length === 0 || value <= heap[0]!) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= value) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = value;
  }
}
