import { metricKind } from '../rows.ts';
import { cutoff, withinFirst } from './cutoff.ts';

export const hit_rate = metricKind({
  doc: 'Whether any held-out item is among the first k of the whole corpus. An event holds out one item, so here it equals recall(k).',
  when: 'To compare with papers that report it.',
  paper: 'Deshpande & Karypis, "Item-based top-N recommendation algorithms", TOIS 2004',
  example: 'hit_rate(50)',
  parameters: cutoff,
  of: (rank, { k }) => withinFirst(k, rank),
});
