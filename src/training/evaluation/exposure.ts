/** Measures how widely a model shows items: coverage, share of the tail and popularity of its first ten places, next to the held-out items. */
import type { ScoringTask } from '../scoring/scorer.ts';
import { forEachQuestion, longestListLength, makeMeasures, makeSums } from './figures.ts';
import type { Ranks } from './ranks.ts';

export interface Exposure {
  /** Share of the corpus that is in any list. */
  readonly coverage: number;
  /** Share of the places outside the head, the fewest items with 80 % of the training events. */
  readonly tail: number;
  /** Mean number of training events of the items in the lists. */
  readonly popularity: number;
}

/** First items of each ranking that count as shown. */
export const shownItems = 10;
const exposureMeasures = makeMeasures(
  ['coverage', 'tail_share', 'popularity'].map((metric) => ({ metric, k: shownItems })),
);
/** Length of the lists that `exposureOf` reads. */
export const exposedList = longestListLength(exposureMeasures);

export function exposureOf(task: ScoringTask, ranks: Ranks): Exposure {
  const sums = makeSums(task, ranks, exposureMeasures);
  forEachQuestion(task, ranks, undefined, sums.add);
  const [coverage, tail, popularity] = Object.values(sums.figures()) as [number, number, number];
  return { coverage, tail, popularity };
}

/** Returns the exposure of the held-out items as if they were one list, to compare what users took with what a model shows. */
export function exposureOfHeld({ events, corpus }: ScoringTask): Exposure {
  const held = events.item.filter((item) => item >= 0);
  const [tail, popularity] = exposureMeasures
    .slice(1)
    .map(({ lists }) =>
      held.length === 0 ? 0 : lists!.ofEach!({ trainingCounts: corpus.trainingCounts })(held, held),
    );
  return { coverage: new Set(held).size / Math.max(1, corpus.rows), tail: tail!, popularity: popularity! };
}
