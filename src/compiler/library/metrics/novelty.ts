import { metricKind } from '../rows.ts';
import { cutoff, meanOver } from './cutoff.ts';

export const novelty = metricKind({
  doc: 'Mean self-information of the first k items in bits, over all lists: how unlikely it is that a training event drawn at random is of the item. An item without training events counts as one with a single event.',
  formula: ['1 / |list| · Σ −log₂ p(i), i in the list', 'p(i) = max(1, n(i)) / Σ n, n(i) training events of item i'],
  when: 'To see whether users get items that they hardly know already. Unlike `popularity`, it grows most among rare items.',
  paper:
    'Vargas & Castells, "Rank and relevance in novelty and diversity metrics for recommender systems", RecSys 2011 (free discovery, without discounts)',
  also: ['self_information', 'mean_self_information', 'mean_inv_user_freq'],
  example: 'novelty(10)',
  parameters: cutoff,
  ofList({ trainingCounts }) {
    const eventCount = Math.max(
      1,
      trainingCounts.reduce((sum, count) => sum + count, 0),
    );
    return (list) => meanOver(list, (item) => Math.log2(eventCount / Math.max(1, trainingCounts[item]!)));
  },
});
