import type { ScoringTask } from '../../scoring/scorer.ts';
import { baseline } from './baseline.ts';

/**
 * score(j) = events of training with the event's own value of one feature, and item j; between equals, all events of j decide.
 * Without a named feature this baseline is excluded.
 */
export const popularityBy = baseline({
  doc: 'the number of training events of each item with the same value of one feature',
  missing: ({ context }) => (context ? undefined : 'no feature is named'),
  prepare({ corpus, context }: ScoringTask) {
    const { rows: items, trainingCounts } = corpus;
    const total = trainingCounts.reduce((sum, count) => sum + count, 0) + 1;
    const counts = new Map<number, Float32Array>();
    const everywhere = Float32Array.from(trainingCounts, (count) => count / total);
    const { training, item, asked } = context!;
    for (let row = 0; row < training.length; row++) {
      if (item[row]! < 0) continue;
      let own = counts.get(training[row]!);
      if (!own) counts.set(training[row]!, (own = everywhere.slice()));
      own[item[row]!]!++;
    }
    let block = new Float32Array(0);
    return {
      score(rows) {
        if (block.length < rows.length * items) block = new Float32Array(rows.length * items);
        for (let i = 0; i < rows.length; i++) block.set(counts.get(asked[rows[i]!]!) ?? everywhere, i * items);
        return block;
      },
    };
  },
});
