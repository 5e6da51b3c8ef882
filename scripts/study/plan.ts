/** What the study measures: data sets, and by what protocol. */

export interface StudySet {
  /** Its name on the command line, and of its files. */
  readonly name: string;
  readonly title: string;
  /** One line: what is asked. */
  readonly asks: string;
  readonly data: string;
  /** Models that fit it are trained with these seeds. */
  readonly seeds: readonly number[];
  /** Seeds of one model besides them, by its name: of one that a claim is about. */
  readonly more?: Readonly<Record<string, readonly number[]>>;
  /** Popularity among events of one value of this feature. */
  readonly by?: string;
  /** Columns of the table; the first decides. */
  readonly metrics: readonly { readonly metric: string; readonly k?: number }[];
  /** The baseline that is to be beaten. */
  readonly against: string;
  /** Training events, about: for a guess of what a model costs that was never trained on it. */
  readonly events: number;
}

const recall = (k: number) => ({ metric: 'recall', k });
const ndcg = { metric: 'ndcg', k: 10 };
const ndcg20 = { metric: 'ndcg', k: 20 };
const seeds = [1, 2, 3];

export const seedsOf = ({ seeds, more }: StudySet, model: string): readonly number[] => [
  ...seeds,
  ...(more?.[model] ?? []),
];

export const sets: readonly StudySet[] = [
  {
    name: 'movielens_next',
    title: 'MovieLens latest-small, next item',
    asks: 'What does everybody watch last, after all they have watched? Films they have rated leave the ranking.',
    data: 'models/data/movielens_next.tower',
    seeds,
    // Is a model above EASE, with an interval that leaves 0 out?
    more: { bsarec: [4, 5] },
    metrics: [recall(10), recall(50), ndcg],
    against: 'item_cf',
    events: 99_616,
  },
  {
    name: 'movielens',
    title: 'MovieLens latest-small, by time',
    asks: 'What is watched in the last tenth of all time? Most of those who watch then were never seen before.',
    data: 'models/data/movielens.tower',
    seeds,
    metrics: [recall(10), recall(50), ndcg],
    against: 'item_cf',
    events: 80_668,
  },
  {
    name: 'toys',
    title: 'Amazon Toys & Games, 5-core',
    asks: 'What does everybody buy last, after all they have bought? One item is held out, so recall@10 is what papers call HR@10.',
    data: 'models/data/toys.tower',
    seeds,
    metrics: [recall(10), ndcg, recall(50)],
    against: 'ease',
    events: 128_773,
  },
  {
    name: 'lastfm',
    title: 'Last.fm, given split',
    asks: 'Which other artists do people listen to? Figures are means over users, who hold out eleven artists on average.',
    data: 'models/data/lastfm.tower',
    seeds,
    metrics: [recall(20), ndcg20],
    against: 'ease',
    events: 64_315,
  },
  {
    name: 'msweb',
    title: 'Anonymous Microsoft Web',
    asks: 'Which area does somebody new visit, given the other areas they visit? Each visit in turn; the others leave the ranking.',
    data: 'models/data/msweb.tower',
    seeds,
    metrics: [recall(10), ndcg],
    against: 'item_cf',
    events: 88_800,
  },
  {
    name: 'flights',
    title: 'Flights, January to June 2001',
    asks: 'Where does a flight of June go, given its origin, hour and weekday?',
    data: 'models/data/flights.tower',
    seeds,
    by: 'origin',
    metrics: [recall(10), ndcg],
    against: 'popularity by origin',
    events: 2_500_000,
  },
  {
    name: 'restaurants',
    title: 'Restaurants & consumers',
    asks: 'Which place does somebody rate? A hundred test events: too few to distinguish models.',
    data: 'models/data/restaurants.tower',
    seeds,
    metrics: [recall(10), { metric: 'auc' }],
    against: 'popularity',
    events: 930,
  },
  {
    name: 'cranfield',
    title: 'Cranfield',
    asks: 'Which abstract answers a question that was never asked in training?',
    data: 'models/data/cranfield.tower',
    seeds,
    metrics: [recall(10), recall(100), ndcg],
    against: 'popularity',
    events: 1_300,
  },
  {
    name: 'wordnet',
    title: 'WordNet',
    asks: 'Which of 117,791 glosses explains a lemma? Both are read as letter trigrams, nothing else.',
    data: 'models/data/wordnet.tower',
    seeds,
    metrics: [recall(10), recall(100), ndcg],
    against: 'popularity',
    events: 203_000,
  },
];
