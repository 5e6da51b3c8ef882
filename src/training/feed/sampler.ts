/** Draws items of the corpus as negatives: a function of the seed and the step alone. */
import { makeRandom } from '../../base/random/random.ts';
import { everyRow } from '../../base/util/defined.ts';
import type { Corpus } from '../../data/dataset.ts';
import type { Draw } from '../../graph/plan/plan.ts';

/** Fills `rows` with corpus rows, with replacement. */
export type ItemSampler = (step: number, rows: Int32Array) => void;

/**
 * Uniform: items that training has, each alike. By frequency: in proportion to training events, or to a power of them. From the corpus: all its items
 * alike, those without a training event among them. Where no item has any event, all are alike.
 */
export function makeSampler(corpus: Corpus, draw: Draw, seed: number): ItemSampler {
  const { by } = draw;
  const alias = by === 'frequency' ? makeAlias(weightsOf(corpus, draw)) : undefined;
  const trainedItems = by === 'uniform' ? trainedRows(corpus) : undefined;
  const kind = { uniform: 0, frequency: 1, corpus: 2 }[by];
  return (step, rows) => {
    const random = makeRandom(seed, samplingStream, kind, step);
    if (trainedItems)
      for (let i = 0; i < rows.length; i++) rows[i] = trainedItems[random.integer(trainedItems.length)]!;
    else if (!alias) for (let i = 0; i < rows.length; i++) rows[i] = random.integer(corpus.rows);
    else {
      for (let i = 0; i < rows.length; i++) {
        const row = random.integer(corpus.rows);
        rows[i] = random.next() < alias.keep[row]! ? row : alias.other[row]!;
      }
    }
  };
}

/** Returns the chance that one draw is a corpus row; 0 for −1, an item that the corpus does not have. */
export function drawChance(corpus: Corpus, draw: Draw): (row: number) => number {
  const { rows, trainingCounts } = corpus;
  const { by } = draw;
  const trainedCount = trainedRows(corpus).length;
  const weights = weightsOf(corpus, draw);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (row) => {
    if (row < 0) return 0;
    if (by === 'corpus' || total === 0) return 1 / rows;
    if (by === 'frequency') return weights[row]! / total;
    return trainingCounts[row]! > 0 ? 1 / trainedCount : 0;
  };
}

/** Counts the items that one draw may give, at least 1. */
export function poolSize(corpus: Corpus, by: Draw['by']): number {
  return Math.max(1, by === 'corpus' ? corpus.rows : trainedRows(corpus).length);
}

/** Events of each item to the power of the draw. */
function weightsOf({ rows, trainingCounts }: Corpus, { power = 1 }: Draw): Float64Array {
  return Float64Array.from(trainingCounts.subarray(0, rows), (count) => (count > 0 ? count ** power : 0));
}

/** Returns the rows that a training event has; all where none has any. */
function trainedRows({ rows, trainingCounts }: Corpus): Int32Array {
  const allRows = everyRow(rows);
  const trainedRowList = allRows.filter((row) => trainingCounts[row]! > 0);
  return trainedRowList.length > 0 ? trainedRowList : allRows;
}

/** Sets these draws apart from all others of the same seed. */
const samplingStream = 0x5a3b;

/** Walker's alias method (Vose 1991): a draw is one row, kept with `keep`, else exchanged for `other`. */
export function makeAlias(weights: ArrayLike<number>): { keep: Float64Array; other: Int32Array } | undefined {
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
  // Rounding left them: as good as 1, except an item of no weight, which must never be drawn.
  for (const i of small) if (weights[i]! > 0) keep[i] = 1;
  return { keep, other };
}
