/** What the version before wrote in other words, and what `tower format` writes for it. */
import { expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { respelled } from '../../../src/compiler/format/format.ts';
import { planOf } from '../library/support.ts';

const today = (text: string) => respelled(makeSource('a', text)).text;

const model = (history: string) => `features {
  user_id  : id(dim: 0)    // the name
  movie_id : id(dim: 4)
  history  : ${history}    // in order
}
tower user(history) keyed by user_id { channel main = history -> last -> dense(4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;

it.each([
  ['list(movie_id, max: 3, pool: none)', 'sequence(movie_id, 3)'],
  ['list(movie_id, pool: none)', 'sequence(movie_id, 50)'],
  ['list(movie_id, pool: none, unseen: keep, max: 7)', 'sequence(movie_id, 7, unseen: keep)'],
  ['list(category(dim: 4), pool: none, max: 2)', 'sequence(category(dim: 4), 2)'],
])('writes %s as %s, which means the same', (before, after) => {
  expect(today(model(before))).toBe(model(after));
  expect(today(model(after))).toBe(model(after));
  expect(planOf(model(before))).toEqual(planOf(model(after)));
});

it.each([
  'features { a : list(b, pool: none, weights: c) }',
  'features { a : list(b, 7, pool: none) }',
  'features { a : list(b, max: 7) }',
  'features {\n  a : list(b, max: 7, // why\n    pool: none)\n}',
  '// prettier-ignore\nfeatures { a : list(b, pool: none) }',
  'features { a : list(b, pool: none) } tower',
])('leaves %s', (text) => {
  expect(today(text)).toBe(text);
});
