/** Items drawn from the corpus as negatives: a function of the seed and the step alone. */
import type { Corpus } from '../data/dataset.ts';
import { makeRandom } from '../random/random.ts';

/** Fills `rows` with corpus rows, with replacement. */
export type Sampler = (step: number, rows: Int32Array) => void;

/** By frequency: in proportion to training events, so an item without any is never drawn (unless no item has any). */
export function makeSampler(corpus: Corpus, by: 'uniform' | 'frequency', seed: number): Sampler {
  const alias = by === 'frequency' ? makeAlias(corpus.trainingCounts.subarray(0, corpus.rows)) : undefined;
  const kind = by === 'frequency' ? 1 : 0;
  return (step, rows) => {
    const random = makeRandom(seed, samplingStream, kind, step);
    if (!alias) for (let i = 0; i < rows.length; i++) rows[i] = random.integer(corpus.rows);
    else {
      for (let i = 0; i < rows.length; i++) {
        const row = random.integer(corpus.rows);
        rows[i] = random.next() < alias.keep[row]! ? row : alias.other[row]!;
      }
    }
  };
}

/** Sets these draws apart from all others of the same seed. */
const samplingStream = 0x5a3b;

/** Walker's alias method (Vose 1991): a draw is one row, kept with `keep`, else exchanged for `other`. */
export function makeAlias(weights: Int32Array): { keep: Float64Array; other: Int32Array } | undefined {
  const { length } = weights;
  let total = 0;
  for (let i = 0; i < length; i++) total += weights[i]!;
  if (total === 0) return undefined;
  const keep = new Float64Array(length);
  const other = new Int32Array(length);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < length; i++) {
    keep[i] = (weights[i]! * length) / total;
    other[i] = i;
    (keep[i]! < 1 ? small : large).push(i);
  }
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.pop()!;
    other[less] = more;
    keep[more]! -= 1 - keep[less]!;
    (keep[more]! < 1 ? small : large).push(more);
  }
  for (const i of large) keep[i] = 1;
  // What rounding left: as good as 1, except an item of no weight, which must never be drawn.
  for (const i of small) if (weights[i]! > 0) keep[i] = 1;
  return { keep, other };
}
