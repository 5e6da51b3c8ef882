import { baseline } from './baseline.ts';

export const popularity = baseline({
  doc: 'how many training events each item has, the same for everyone',
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
