import { metricKind } from '../rows.ts';
import { cutoff } from './cutoff.ts';

export const map = metricKind({
  doc: 'Average precision: the mean, over the held-out items within the first k places, of the share of held-out items up to the place. Per event it is 1 / place within the first k, else 0. Over ties the mean of all orders.',
  formula: [
    'Σ h / n · Σ_r (a + 1 + (h − 1)(r − b − 1) / (n − 1)) / r / min(k, H)',
    'r from b + 1 to min(k, b + n)',
    'for each group of one score: n items, h of them held out, b above, a of those held out; H held out in all',
  ],
  when: 'With several held-out items a user, where their order within the first k matters.',
  paper:
    'Buckley & Voorhees, "Evaluating evaluation measure stability", SIGIR 2000; ties: McSherry & Najork, ECIR 2008',
  example: 'map(10)',
  parameters: cutoff,
  ofRanking({ groups, count }, { k }) {
    let sum = 0;
    let above = 0;
    for (const { better, size, heldOutCount: held } of groups) {
      // If a held-out item has a position of the group, the remaining ones are uniformly distributed over the other positions.
      const otherShare = size > 1 ? (held - 1) / (size - 1) : 0;
      for (let place = better + 1; place <= Math.min(k, better + size); place++) {
        sum += ((held / size) * (above + 1 + otherShare * (place - better - 1))) / place;
      }
      above += held;
    }
    return sum / Math.min(k, count);
  },
});
