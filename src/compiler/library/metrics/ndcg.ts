import { metricKind } from '../rows.ts';
import { cutoff } from './cutoff.ts';

export const ndcg = metricKind({
  doc: 'Discounted gain of the held-out items within the first k places, divided by its ideal: that of min(k, held-out items) items at the top. Per event the ideal is 1. Over ties the mean of all orders.',
  formula: [
    'Σ h / n · Σ_r 1 / log₂(1 + r) / D, r from b + 1 to min(k, b + n)',
    'D = Σ_i 1 / log₂(1 + i), i from 1 to min(k, H)',
    'for each group of one score: n items, h of them held out, b above; H held out in all',
  ],
  when: 'Where the place within the first k matters.',
  paper:
    'Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; ties: McSherry & Najork, ECIR 2008',
  example: 'ndcg(10)',
  parameters: cutoff,
  ofRanking({ groups, count }, { k }) {
    let gains = 0;
    for (const { better, size, heldOutCount: held } of groups)
      gains += (held / size) * discounts(better + 1, Math.min(k, better + size));
    return gains / discounts(1, Math.min(k, count));
  },
});

/** Returns the sum of the discounts of positions `first` to `last`. */
function discounts(first: number, last: number): number {
  let sum = 0;
  for (let place = first; place <= last; place++) sum += 1 / Math.log2(1 + place);
  return sum;
}
