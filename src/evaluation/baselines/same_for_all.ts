import type { Scorer } from '../../scoring/scorer.ts';

/** Scores every event alike. @param row the score of each item */
export function sameForAll(row: ArrayLike<number>): Required<Pick<Scorer, 'score' | 'scoreSome'>> {
  const all = Float32Array.from(row);
  let whole = new Float32Array(0);
  const repeated = (scores: Float32Array, times: number, into: Float32Array): Float32Array => {
    for (let at = 0; at < times; at++) into.set(scores, at * scores.length);
    return into;
  };
  return {
    score({ length }) {
      if (whole.length < length * all.length)
        whole = repeated(all, length, new Float32Array(length * all.length)) as Float32Array<ArrayBuffer>;
      return whole;
    },
    scoreSome: async ({ length }, from, to) =>
      repeated(all.subarray(from, to), length, new Float32Array(length * (to - from))),
  };
}
