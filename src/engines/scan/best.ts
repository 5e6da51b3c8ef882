/** The `k` best of a stream of scored rows. The order of all answers: the higher score first; of equal scores the lower row. */
export class BestRows {
  /** A heap: no row is better than those below it, so the worst is at the root. */
  readonly #rows: Int32Array<ArrayBuffer>;
  readonly #scores: Float64Array<ArrayBuffer>;
  #count = 0;
  /** The score to reach, once `k` rows are in. */
  worst = Number.NEGATIVE_INFINITY;

  /** @param most rows that may come at all: no more room than for them is taken */
  constructor(k: number, most: number) {
    const room = Math.min(k, most);
    this.#rows = new Int32Array(room);
    this.#scores = new Float64Array(room);
  }

  push(row: number, score: number): void {
    if (score < this.worst) return;
    const [rows, scores] = [this.#rows, this.#scores];
    if (this.#count === rows.length) {
      if (rows.length === 0 || !isWorse(scores[0]!, rows[0]!, score, row)) return;
      this.#sink(row, score, this.#count);
    } else {
      let at = this.#count++;
      for (; at > 0; at = (at - 1) >> 1) {
        const above = (at - 1) >> 1;
        if (!isWorse(score, row, scores[above]!, rows[above]!)) break;
        rows[at] = rows[above]!;
        scores[at] = scores[above]!;
      }
      rows[at] = row;
      scores[at] = score;
    }
    if (this.#count === rows.length) this.worst = scores[0]!;
  }

  /** The best, in order. Ends the stream. */
  ordered(): RankedRows {
    const [rows, scores] = [this.#rows, this.#scores];
    // The worst of those that are left goes behind them.
    for (let left = this.#count - 1; left > 0; left--) {
      const [row, score] = [rows[left]!, scores[left]!];
      const [worstRow, worstScore] = [rows[0]!, scores[0]!];
      this.#sink(row, score, left);
      rows[left] = worstRow;
      scores[left] = worstScore;
    }
    return { rows: rows.subarray(0, this.#count), scores: scores.subarray(0, this.#count) };
  }

  /** Puts a row in the place of the root, among the first `count`. */
  #sink(row: number, score: number, count: number): void {
    const [rows, scores] = [this.#rows, this.#scores];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= count) break;
      if (below + 1 < count && isWorse(scores[below + 1]!, rows[below + 1]!, scores[below]!, rows[below]!)) below++;
      if (!isWorse(scores[below]!, rows[below]!, score, row)) break;
      rows[at] = rows[below]!;
      scores[at] = scores[below]!;
      at = below;
    }
    rows[at] = row;
    scores[at] = score;
  }
}

const isWorse = (score: number, row: number, than: number, thanRow: number): boolean =>
  score < than || (score === than && row > thanRow);

export interface RankedRows {
  readonly rows: Int32Array;
  readonly scores: Float64Array;
}
