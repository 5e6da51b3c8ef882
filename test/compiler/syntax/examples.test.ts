import { expect, test } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import * as examples from './examples.ts';
import { outline } from './outline.ts';

for (const [name, text] of Object.entries(examples)) {
  test(`${name} reads without a mistake`, () => {
    expect(parse(makeSource(name, text)).diagnostics).toEqual([]);
  });
}

const read = (text: string) => outline(parse(makeSource('a', text)).output);

test('two towers read as they are written', () => {
  expect(read(examples.twoTower)).toBe(`Model two_tower
Features
  user_id : id(dim: 32)
  gender : category("F", "M", dim: 4)
  age : number(boundaries: [18, 25, 35, 45, 50, 56], dim: 8)
  history : list(movie_id, max: 50, pool: mean)
  movie_id : id(dim: 32)
  genres : list(category(dim: 16), max: 6)
  year : number(standardize, dim: 8)
Group profile = user_id, gender, age, history
Group movie = movie_id, genres, year
Tower user(profile) keyed by user_id
  channel main = profile -> flatten -> mlp(128, 64)
Tower item(movie) keyed by movie_id
  channel main = movie -> flatten -> mlp(128, 64)
Task watch
  score = cosine(user, item)
  loss = softmax(in_batch, temperature: 0.05, correction: frequency)
Train
  batch = 1024
  epochs = 10
  dense = adam(rate: 0.001)
  embeddings = adagrad(rate: 0.05)
  stop = recall(50, patience: 2)`);
});

test('objectives read as they are written', () => {
  expect(read(examples.objectives).split('\n').slice(-11)).toEqual([
    'Task click',
    '  score = (cosine(user.click, item.click) / 0.1)',
    '  label = clicked',
    '  loss = bce',
    'Task like',
    '  score = (cosine(user.like, item.like) / 0.1)',
    '  label = liked',
    '  loss = bce',
    '  weight = watch_seconds',
    'Objective = uncertainty(click, like, share)',
    'Retrieve = (((0.6 * click) + (0.3 * like)) + (0.1 * share))',
  ]);
});

test('a data set reads as it is written', () => {
  expect(read(examples.movielens)).toBe(`Data movielens
  events = "ratings.csv"
  items = "movies.csv" by movie_id
  columns
    user_id = "userId"
    movie_id = "movieId"
    genres = "string_split(genres, '|')"
    liked = "rating >= 4"
  where = "rating >= 1"
  time = "timestamp"
  history = past(movie_id, 50)
  split = by_time(validation: 10%, test: 10%)`);
});
