import type { ItemElements } from '../contract.ts';
import { metricKind } from '../rows.ts';
import { cutoff, elementColumn, elementsAt } from './cutoff.ts';

/** Share of the history's distribution in that of the list, so that no value of the history is missing there. */
const alpha = 0.01;

export const calibration = metricKind({
  doc: 'How far the values of a column among the first k items are from those among the items that the user had before, as a Kullback–Leibler divergence, over all lists. 0: the same shares; 4.6 at most. A user who had nothing is compared with all training events.',
  formula: [
    'Σ_g p(g) · ln(p(g) / q̃(g)), q̃ = 0.99 q + 0.01 p',
    'p(g) over the history, q(g) over the list: the mean of 1 / |values of i| if item i has the value g, else 0',
    'items without a value are left out',
  ],
  when: 'To see whether lists keep the proportions of a user’s interests. Lower is closer to them.',
  paper: 'Steck, "Calibrated recommendations", RecSys 2018',
  also: ['calibration_kl', 'kl_calibration'],
  example: 'calibration(genres, 10)',
  parameters: { column: elementColumn, ...cutoff },
  ofList({ elements, trainingCounts }) {
    const ofEverybody = distribution(elements!, trainingCounts.keys(), (item) => trainingCounts[item]!);
    return (list, had) => {
      const ofUser = distribution(elements!, had);
      const p = ofUser.size > 0 ? ofUser : ofEverybody;
      const q = distribution(elements!, list);
      let divergence = 0;
      for (const [code, share] of p)
        divergence += share * Math.log(share / ((1 - alpha) * (q.get(code) ?? 0) + alpha * share));
      return divergence;
    };
  },
});

/** Returns the share of each value, where an item distributes its weight evenly over its values. */
function distribution(
  elements: ItemElements,
  items: Iterable<number>,
  weightOf: (item: number) => number = () => 1,
): ReadonlyMap<number, number> {
  const weights = new Map<number, number>();
  let total = 0;
  for (const item of items) {
    const codes = item < 0 ? [] : elementsAt(elements, item);
    const weight = codes.length === 0 ? 0 : weightOf(item);
    if (weight === 0) continue;
    total += weight;
    for (const code of codes) weights.set(code, (weights.get(code) ?? 0) + weight / codes.length);
  }
  return new Map([...weights].map(([code, weight]) => [code, weight / total]));
}
