import type { ItemElements } from '../contract.ts';
import { metricKind } from '../rows.ts';
import { cutoff, elementColumn, elementsAt } from './cutoff.ts';

export const diversity = metricKind({
  doc: 'Intra-list diversity: 1 less the mean similarity of two items of the first k, over all lists. Two items are alike by the share of the values of a column that they have in common. Items without a value are left out; a list with fewer than two others counts 0.',
  formula: [
    '1 − mean of |A ∩ B| / |A ∪ B|',
    'over the pairs of items in the list; A and B are their values of the column',
  ],
  when: 'To see whether a list repeats one kind of item. The column is of the data, so figures of models that read other features compare.',
  paper:
    'Smyth & McClave, "Similarity vs. diversity", ICCBR 2001; Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005',
  also: ['intra_list_diversity', 'ild', 'intra_list_distance'],
  near: ['ils', 'intra_list_similarity'],
  example: 'diversity(genres, 10)',
  parameters: { column: elementColumn, ...cutoff },
  ofList({ elements }) {
    return (list) => {
      const known = list.filter((item) => elementsAt(elements!, item).length > 0);
      let sum = 0;
      for (let b = 1; b < known.length; b++)
        for (let a = 0; a < b; a++) sum += 1 - jaccard(elements!, known[a]!, known[b]!);
      return known.length < 2 ? 0 : sum / ((known.length * (known.length - 1)) / 2);
    };
  },
});

function jaccard(elements: ItemElements, a: number, b: number): number {
  const [first, second] = [elementsAt(elements, a), elementsAt(elements, b)];
  let shared = 0;
  for (const code of first) if (second.includes(code)) shared++;
  return shared / (first.length + second.length - shared);
}
