import { metricKind } from '../rows.ts';
import { cutoff, hitsWithin } from './cutoff.ts';

export const recall = metricKind({
  doc: 'Share of the held-out items that are among the first k of the whole corpus. Per event one item is held out: the value is the probability that the item is among them, with ties in any order. Per user it is the share of all items that the user holds out.',
  formula: [
    '1 / H · Σ h · w, w = min(1, max(0, (k − b) / n))',
    'for each group of one score: n items, h of them held out, b above; H held out in all',
  ],
  when: 'The first choice for retrieval: what a ranker gets to see.',
  paper:
    'Herlocker et al., "Evaluating collaborative filtering recommender systems", TOIS 2004; per user: He et al., "LightGCN", SIGIR 2020',
  example: 'recall(50)',
  parameters: cutoff,
  ofRanking: ({ groups, count }, { k }) => hitsWithin(k, groups) / count,
});
