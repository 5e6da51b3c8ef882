/** Which models rank items that training never had. */
import { describe, expect, test } from 'vitest';
import type { Corpus } from '../../../src/data/dataset.ts';
import { ranksColdItems } from '../../../src/training/scoring/scorer.ts';
import { planOf } from '../../compiler/library/support.ts';

/** Two items, of which the second is cold: its brand is known, its label is not. */
const corpus: Corpus = {
  rows: 2,
  features: new Map([
    ['brand', { column: { kind: 'codes' as const, values: Int32Array.of(2, 1) } }],
    ['label', { column: { kind: 'codes' as const, values: Int32Array.of(1, 0) } }],
    ['by_index', { column: { kind: 'codes' as const, values: Int32Array.of(0, 1) }, index: Int32Array.of(1, 0) }],
  ]),
  keys: ['a', 'b'],
  trainingCounts: Int32Array.of(3, 0),
};

const ranks = (item: string, inputs = 'movie', id = 'id(dim: 4)'): boolean =>
  ranksColdItems(
    planOf(`
      model small
      features {
        user_id : id(dim: 4)
        history : list(movie_id, max: 3)
        movie_id : ${id}
        title : text(dim: 4)
        ${item}
      }
      group movie = ${inputs}
      tower user(user_id) keyed by user_id { channel main = user_id -> flatten -> dense(4) }
      tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dense(4) }
      task watch { score = dot(user, item), loss = softmax(in_batch) }
    `),
    corpus,
  );

describe('cold items', () => {
  test('are ranked by content, but not by an id that was never trained', () => {
    expect(ranks('', 'title')).toBe(true);
    expect(ranks('', 'title, movie_id')).toBe(false);
    expect(ranks('', 'movie_id')).toBe(false);
  });

  test('are ranked where training dropped the id', () => {
    expect(ranks('', 'title, movie_id', 'id(dim: 4, drop: 10%)')).toBe(true);
    expect(ranks('', 'movie_id', 'id(dim: 4, drop: 10%)')).toBe(true);
  });

  test('have no id by another name: of the key, of its table, crossed, or from the same column', () => {
    expect(ranks('twin : like(movie_id)', 'title, twin')).toBe(false);
    expect(ranks('brand : id(dim: 4), both : cross(movie_id, brand)', 'title, both')).toBe(false);
    expect(ranks('label : id(dim: 4)', 'title, label')).toBe(false);
    expect(ranks('by_index : id(dim: 4)', 'title, by_index')).toBe(false);
    expect(ranks('brand : id(dim: 4)', 'title, brand')).toBe(true);
    expect(ranks('label : category("x", dim: 4)', 'title, label')).toBe(true);
    expect(ranks('alike : list(movie_id, max: 3)', 'title, alike')).toBe(true);
  });
});
