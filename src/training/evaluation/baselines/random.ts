import { baseline } from './baseline.ts';
import { sameForAll } from './same_for_all.ts';

/** All items tie, and ties are averaged over all orders: the exact expectation of a random ranking. */
export const random = baseline({
  doc: 'a random order of the corpus, in exact expectation',
  prepare: ({ corpus }) => sameForAll(new Float32Array(corpus.rows)),
});
