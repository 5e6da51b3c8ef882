import { metricKind } from '../rows.ts';
import { cutoff } from './cutoff.ts';

export const gini = metricKind({
  doc: 'Gini index of exposure: how unequally the places of all lists are distributed over the corpus. 0: all items are shown equally often; 1: one item has all places. It is one number of all rankings together, not a mean over them.',
  formula: [
    'Σ_j (2 j − N − 1) · e_j / ((N − 1) · Σ e), j from 1 to N',
    'e_j: how many lists have an item, in ascending order over the N items of the corpus',
    'of equal scores, the item that the corpus has first',
  ],
  when: 'Next to `coverage`, which does not see that most shown items are shown once.',
  paper: 'Castells, Hurley & Vargas, "Novelty and diversity in recommender systems", Recommender Systems Handbook 2015',
  also: ['gini_index', 'gini_coefficient', 'gini_exposure'],
  example: 'gini(10)',
  parameters: cutoff,
  ofLists(timesShown, corpus) {
    const shownPlaces = timesShown.reduce((sum, times) => sum + times, 0);
    if (corpus < 2 || shownPlaces === 0) return 0;
    const neverShown = corpus - timesShown.length;
    const weighted = [...timesShown]
      .sort((a, b) => a - b)
      .reduce((sum, times, index) => sum + (2 * (neverShown + index + 1) - corpus - 1) * times, 0);
    return weighted / ((corpus - 1) * shownPlaces);
  },
});
