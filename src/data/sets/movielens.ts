import { fetchMovieLens } from './movielens_files.ts';
import type { DataSet } from './set.ts';

export const movielens: DataSet = {
  doc: 'MovieLens latest-small: 100,836 ratings of films with titles and genres, by 610 people, with times',
  home: 'https://grouplens.org/datasets/movielens/latest/',
  async get({ folder, log }) {
    const { edition, from, ratings, movies, terms } = await fetchMovieLens(folder, log);
    const holds = `${edition}: ${ratings.toLocaleString('en')} ratings of ${movies.toLocaleString('en')} films`;
    return { from, holds, terms };
  },
};
