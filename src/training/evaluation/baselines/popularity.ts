import { baseline } from './baseline.ts';
import { sameForAll } from './same_for_all.ts';

export const popularity = baseline({
  doc: 'the number of training events of each item, the same for all users',
  prepare: ({ corpus }) => sameForAll(corpus.trainingCounts.subarray(0, corpus.rows)),
});
