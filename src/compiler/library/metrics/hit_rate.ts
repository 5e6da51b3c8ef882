import { metricKind } from '../rows.ts';
import { cutoff } from './cutoff.ts';

export const hit_rate = metricKind({
  doc: 'Whether any held-out item is among the first k of the whole corpus. Per event it equals recall(k).',
  formula: [
    '1 − C(n − h, k − b) / C(n, k − b), of the best group',
    '0 where b ≥ k, 1 where k − b > n − h',
    'for each group of one score: n items, h of them held out, b above',
  ],
  when: 'To compare with papers that report it.',
  paper: 'Deshpande & Karypis, "Item-based top-N recommendation algorithms", TOIS 2004',
  example: 'hit_rate(50)',
  parameters: cutoff,
  ofRanking({ groups }, { k }) {
    const [first] = groups;
    if (!first || first.better >= k) return 0;
    const { better, size, heldOutCount: held } = first;
    const placesLeft = k - better;
    // The group has more positions within the first k than items that are not held out.
    if (placesLeft > size - held) return 1;
    // Hypergeometric distribution: no remaining position has a held-out item.
    let none = 1;
    for (let i = 0; i < held; i++) none *= (size - placesLeft - i) / (size - i);
    return 1 - none;
  },
});
