/** The `k` best of a stream of scored rows. The order of all answers: the higher score first; of equal scores the lower row. */
export class Best {
  /** Twice `k`: rows are put in order only when the room is full, or at the end. */
  #rows: Int32Array<ArrayBuffer>;
  #scores: Float64Array<ArrayBuffer>;
  #count = 0;
  /** What a row must beat or equal, once `k` are known. */
  #worst = Number.NEGATIVE_INFINITY;

  /** @param most rows that may come at all: no more room than for them is taken */
  constructor(
    readonly k: number,
    most: number,
  ) {
    const room = Math.max(1, Math.min(2 * k, most));
    this.#rows = new Int32Array(room);
    this.#scores = new Float64Array(room);
  }

  push(row: number, score: number): void {
    if (score < this.#worst || this.k === 0) return;
    if (this.#count === this.#rows.length) this.#shorten();
    if (score < this.#worst) return;
    this.#rows[this.#count] = row;
    this.#scores[this.#count] = score;
    this.#count++;
  }

  /** The best so far, in order. */
  ordered(): Ranked {
    this.#shorten();
    return { rows: this.#rows.slice(0, this.#count), scores: this.#scores.slice(0, this.#count) };
  }

  #shorten(): void {
    const rows = this.#rows;
    const scores = this.#scores;
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at);
    order.sort((a, b) => scores[b]! - scores[a]! || rows[a]! - rows[b]!);
    const kept = order.subarray(0, this.k);
    this.#rows = new Int32Array(rows.length);
    this.#scores = new Float64Array(rows.length);
    kept.forEach((at, place) => {
      this.#rows[place] = rows[at]!;
      this.#scores[place] = scores[at]!;
    });
    this.#count = kept.length;
    if (this.#count === this.k && this.k > 0) this.#worst = this.#scores[this.k - 1]!;
  }
}

export interface Ranked {
  /** Best first. */
  readonly rows: Int32Array;
  readonly scores: Float64Array;
}
