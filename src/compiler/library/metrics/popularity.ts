import { metricKind } from '../rows.ts';
import { cutoff, meanOver } from './cutoff.ts';

export const popularity = metricKind({
  doc: 'Average recommendation popularity (ARP): the mean number of training events of the first k items, over all lists.',
  formula: ['1 / |list| · Σ n(i), i in the list', 'n(i) training events of item i'],
  when: 'Next to a metric of accuracy, to see how much of it comes from items that everybody has. Compare it with the row of the baseline `popularity`, which has the highest.',
  paper:
    'Abdollahpouri, Burke & Mobasher, "Managing popularity bias in recommender systems with personalized re-ranking", FLAIRS 2019',
  also: ['arp', 'average_popularity', 'average_recommendation_popularity', 'avg_rec_popularity'],
  example: 'popularity(10)',
  parameters: cutoff,
  ofList:
    ({ trainingCounts }) =>
    (list) =>
      meanOver(list, (item) => trainingCounts[item]!),
});
