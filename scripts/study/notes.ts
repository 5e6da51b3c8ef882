/**
 * Why figures are what they are: kept next to the set and the model that they are about, and printed under its table. They are about
 * what was seen when they were written; a figure that changes wants its note read again.
 */
export const notes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  movielens_next: {
    '': 'EASE is a full matrix of item-to-item weights, solved in closed form for these very users: with 610 users and 100,000 events it is hard to beat. Its interval covers most of the models. With 610 test events, differences below about 0.025 of recall@10 are noise.',
    two_tower:
      'on validation, the last five films in addition to the last fifty were worth 0.02 of recall@10; width, depth and temperature were worth nothing that two seeds could distinguish.',
    multi_interest:
      'reads no user id. Its attention sees the history as a bag, so it does not know which films were last.',
    multi_objective: 'a tenth of what it retrieves by is who likes a film, which is not measured here.',
  },
  movielens: {
    '': '54 of the 74 people of the test were never seen in training, and they have 91 % of its events; a fifth of the events is of new films. A user id says nothing there; the history does.',
  },
  msweb: {
    '': 'popularity is a little above the 0.6077 that is known for it from all 98,654 training visits: a tenth of them is held out here for validation.',
  },
  flights: {
    '': 'popularity by origin, 0.5384, is what the model must learn first; hour and weekday are what it can add. ItemCF and EASE need users with a history.',
  },
  restaurants: {
    '': 'random splits of one visit list let ItemCF and EASE find places that are visited together.',
    restaurant_objectives:
      'loses to all simple rankings, as it must. Its three tasks learn from rated visits who likes a place. The test measures which place is visited, and no training label says that.',
  },
  cranfield: {
    dssm: 'a thousand pairs are few for 30,000 trigrams. It finds abstracts that share words with the question.',
  },
  wordnet: {
    '': '630 of the 2,073 test events are of glosses without a training event. The models rank them by content; popularity counts them as misses.',
    dssm: 'two of the three seeds were best on validation after the last of their ten epochs, so longer training may help. Chance is 10 in 117,791.',
  },
};
