import { describe, expect, it } from 'vitest';
import { meansOf, slug, wordsOf } from '../../../src/data/init/column_words.ts';

describe('words of a name', () => {
  it.each([
    ['userId', ['user', 'id']],
    ['USER_ID', ['user', 'id']],
    ['Kunden-Nr.', ['kunden', 'nr']],
    ['ISBNNumber', ['isbn', 'number']],
    ['Käufe am', ['kaufe', 'am']],
    ['用户', ['用户']],
    ['用户编号', ['用户', '编号']],
    ['会員ID', ['会員', 'id']],
    ['idvisitor', ['visitor', 'id']],
    ['  ', []],
  ])('%s', (name, words) => {
    expect(wordsOf(name)).toEqual(words);
  });

  it.each([
    ['customerID', 'user'],
    ['msno', 'user'],
    ['product_id', 'item'],
    ['parent_asin', 'item'],
    ['unixReviewTime', 'time'],
    ['review_score', 'rating'],
  ] as const)('%s means %s', (name, meaning) => {
    expect(meansOf(name, meaning)).toBeDefined();
  });

  it.each([
    ['Größe', 'x', 'grosse'],
    ['2nd price', 'x', 'x_2nd_price'],
    ['用户', 'user_id', '用户'],
    ['a b', 'x', 'a_b'],
  ])('%s is a name of the language', (name, otherwise, expected) => {
    expect(slug(name, otherwise)).toBe(expected);
  });
});
