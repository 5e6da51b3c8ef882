/** The fix for a loss that needs the item tower's key. */
import { expect, test } from 'vitest';
import { applyEdits } from '../../../../src/base/diagnostics/fixes.ts';
import { checkText } from '../check_text.ts';

const text = (tower: string): string => `
model small
features { user_id: id(dim: 4), movie_id: id(dim: 4), series_id: id(dim: 4), year: number(buckets: [1990]) }
tower user(user_id) keyed by user_id { channel main = user_id -> mlp(8, 4) }
${tower} { channel main = movie_id -> mlp(8, 4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`;

const neededIn = (given: string) =>
  checkText(given).diagnostics.find(({ code }) => code === 'item-key-needed') ?? { fixes: [] };

test.each([
  ['tower item(movie_id)', 'tower item(movie_id) keyed by movie_id'],
  ['tower item(year, movie_id )', 'tower item(year, movie_id ) keyed by movie_id'],
  [
    'tower item(movie_id // of the film (not the series)\n)',
    'tower item(movie_id // of the film (not the series)\n) keyed by movie_id',
  ],
])('%j is keyed by its only id', (wrong, right) => {
  const found = neededIn(text(wrong));
  expect(found.fixes).toHaveLength(1);
  const { source } = found.fixes![0]![0]!.at;
  expect(applyEdits(source, found.fixes![0]!)).toBe(text(right));
  expect(checkText(text(right)).diagnostics.map(({ code }) => code)).not.toContain('item-key-needed');
});

test('of two ids nobody knows which is the key', () => {
  const found = neededIn(text('tower item(movie_id, series_id)'));
  expect(found).toMatchObject({ code: 'item-key-needed' });
  expect(found.fixes ?? []).toEqual([]);
});
