/** MovieLens latest-small as the data block and plan of a two-tower model. */
import { join } from 'node:path';
import type { Needs } from '../../src/data/binding/data_layout.ts';
import type { DataDescription, Split } from '../../src/graph/plan/data_description.ts';
import { describeData, features, vocabulary } from './fixture.ts';

export function movielensBlock(
  folder: string,
  split: Split = { kind: 'by_time', validation: 0.1, test: 0.1 },
): DataDescription {
  return describeData({
    folder,
    events: 'ratings.csv',
    items: 'movies.csv',
    itemsBy: 'movie_id',
    columns: {
      user_id: 'userId',
      movie_id: 'movieId',
      genres: "string_split(genres, '|')",
      year: "try_cast(regexp_extract(title, '\\((\\d{4})\\)\\s*$', 1) AS INTEGER)",
      liked: 'rating >= 4',
    },
    time: 'timestamp',
    histories: [{ name: 'history', of: 'movie_id', max: 50 }],
    split,
  });
}

export const movielensNeeds: Needs = {
  features: [
    ...features('user', {
      user_id: { encoder: vocabulary },
      history: { encoder: vocabulary, gives: 'bag', encoderOf: 'movie_id', max: 50 },
    }),
    ...features('item', {
      movie_id: { encoder: vocabulary },
      genres: { encoder: vocabulary, gives: 'bag', max: 6 },
      year: { encoder: { kind: 'standardize', log: false } },
    }),
  ],
  labels: [{ name: 'liked', sort: 'binary' }],
  towers: [
    { name: 'user', key: 'user_id' },
    { name: 'item', key: 'movie_id' },
  ],
};

export const movielensFolder =
  process.env.TOWER_DATA === undefined ? undefined : join(process.env.TOWER_DATA, 'ml-latest-small');
