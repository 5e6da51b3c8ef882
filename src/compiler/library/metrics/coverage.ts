import { metricKind } from '../rows.ts';
import { cutoff } from './cutoff.ts';

export const coverage = metricKind({
  doc: 'The share of the corpus that is among the first k of one ranking at least. It is one number of all rankings together, not a mean over them: it grows with their number.',
  formula: ['|union of the first k of each ranking| / |corpus|', 'of equal scores, the item that the corpus has first'],
  when: 'Next to a metric of accuracy, to see whether a model recommends the same few items to everyone.',
  paper:
    'Ge, Delgado-Battenfeld & Jannach, "Beyond accuracy: evaluating recommender systems by coverage and serendipity", RecSys 2010 (catalog coverage)',
  example: 'coverage(20)',
  parameters: cutoff,
  ofLists: (timesShown, corpus) => (corpus === 0 ? 0 : timesShown.length / corpus),
});
