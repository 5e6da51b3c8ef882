import { baseline } from './baseline.ts';

/** All items tie, and ties are averaged over all orders: the exact expectation of a random ranking. */
export const random = baseline({
  doc: 'a random order of the corpus, in exact expectation',
  prepare({ corpus }) {
    let zeros = new Float32Array(0);
    return {
      score(rows) {
        if (zeros.length < rows.length * corpus.rows) zeros = new Float32Array(rows.length * corpus.rows);
        return zeros;
      },
    };
  },
});
