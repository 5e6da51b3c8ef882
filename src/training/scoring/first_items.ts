/** The first items of a ranking. */
import { BestRows, type RankedRows } from '../../engines/scan/best.ts';

/** Items come in ascending order, some at a time. Those that are excluded, and those whose score is not a number, are left out. */
export class FirstItems {
  private readonly excluded: ReadonlySet<number>;
  private readonly best: BestRows;

  /** @param items all that may come */
  constructor(k: number, items: number, excluded: Iterable<number> = []) {
    this.best = new BestRows(k, items);
    this.excluded = new Set(excluded);
  }

  /** @param scores of the items from `first` on */
  add(scores: Float32Array, first: number): void {
    const { best, excluded } = this;
    for (let at = 0; at < scores.length; at++) {
      const score = scores[at]!;
      // Not `score < …`, which a NaN would pass.
      if (score >= best.worst && !excluded.has(first + at)) best.push(first + at, score);
    }
  }

  /** Once all items have come. */
  ranked(): RankedRows {
    return this.best.ordered();
  }
}

/** Of scores of all items. */
export function firstItems(scores: Float32Array, k: number, excluded: Iterable<number> = []): RankedRows {
  const first = new FirstItems(k, scores.length, excluded);
  first.add(scores, 0);
  return first.ranked();
}
