import { metricKind } from '../rows.ts';
import { cutoff, withinFirst } from './cutoff.ts';

export const recall = metricKind({
  doc: 'Share of the held-out items that are among the first k of the whole corpus. An event holds out one item, so this is the probability that the item is among them, with ties in any order.',
  when: 'The first choice for retrieval: what a ranker gets to see.',
  paper: 'Herlocker et al., "Evaluating collaborative filtering recommender systems", TOIS 2004',
  example: 'recall(50)',
  parameters: cutoff,
  of: (rank, { k }) => withinFirst(k, rank),
});
