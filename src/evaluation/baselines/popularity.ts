import { baseline } from './baseline.ts';

export const popularity = baseline({
  doc: 'the number of training events of each item, the same for all users',
  prepare({ corpus }) {
    let block = new Float32Array(0);
    return {
      score(rows) {
        if (block.length < rows.length * corpus.rows) {
          block = new Float32Array(rows.length * corpus.rows);
          for (let at = 0; at < block.length; at += corpus.rows) block.set(corpus.trainingCounts, at);
        }
        return block;
      },
    };
  },
});
