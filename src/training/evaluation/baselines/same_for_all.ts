import type { Scorer } from '../../scoring/scorer.ts';
import { defineBaseline } from './baseline.ts';

/** All items tie, and ties are averaged over all orders, which gives the exact expectation of a random ranking. */
export const random = defineBaseline({
  doc: 'a random order of the corpus, in exact expectation',
  prepare: ({ corpus }) => sameForAll(new Float32Array(corpus.rows)),
});

export const popularity = defineBaseline({
  doc: 'the number of training events of each item, the same for all users',
  prepare: ({ corpus }) => sameForAll(corpus.trainingCounts.subarray(0, corpus.rows)),
});

function sameForAll(row: ArrayLike<number>): Required<Pick<Scorer, 'score' | 'scoreSome'>> {
  const itemScores = Float32Array.from(row);
  let repeatedScores: Float32Array = new Float32Array(0);
  const repeat = (scores: Float32Array, times: number): Float32Array => {
    const repeated = new Float32Array(times * scores.length);
    for (let index = 0; index < times; index++) repeated.set(scores, index * scores.length);
    return repeated;
  };
  return {
    score({ length }) {
      if (repeatedScores.length < length * itemScores.length) repeatedScores = repeat(itemScores, length);
      return repeatedScores;
    },
    scoreSome: async ({ length }, from, to) => repeat(itemScores.subarray(from, to), length),
  };
}
