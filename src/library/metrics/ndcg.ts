import { metricKind } from '../rows.ts';
import { cutoff } from './cutoff.ts';

export const ndcg = metricKind({
  doc: '1 / log₂(1 + place) within the first k places, else 0: with one relevant item the ideal is 1. Over ties the mean of all places it could take.',
  when: 'Where the place within the first k matters.',
  paper:
    'Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; ties: McSherry & Najork, ECIR 2008',
  example: 'ndcg(10)',
  parameters: cutoff,
  of({ better, equal }, { k }) {
    let gains = 0;
    for (let place = better + 1; place <= Math.min(k, better + equal + 1); place++) gains += 1 / Math.log2(1 + place);
    return gains / (equal + 1);
  },
});
