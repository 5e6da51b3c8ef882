import { metricKind } from '../rows.ts';
import { cutoff, hitsWithin } from './cutoff.ts';

export const precision = metricKind({
  doc: 'Share of the first k places of the whole corpus that have a held-out item. Per event it is recall(k) / k.',
  formula: [
    '1 / k · Σ h · w, w = min(1, max(0, (k − b) / n))',
    'for each group of one score: n items, h of them held out, b above',
  ],
  when: 'With several held-out items a user, where each of the k places costs something.',
  paper: 'Herlocker et al., "Evaluating collaborative filtering recommender systems", TOIS 2004',
  example: 'precision(10)',
  parameters: cutoff,
  ofRanking: ({ groups }, { k }) => hitsWithin(k, groups) / k,
});
