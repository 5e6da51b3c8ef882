/** How wide a table may be for its rows. */
import { expect, test } from 'vitest';
import { checkText } from '../check_text.ts';

/** `gender` with two values has three rows, one of them for what is missing. */
const widthsOf = (feature: string): string[] =>
  checkText(`
model small
features { user_id: id(dim: 4), ${feature}, movie_id: id(dim: 4) }
group person = user_id, f
tower user(person) keyed by user_id { channel main = person -> flatten -> mlp(8, 4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8, 4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`).diagnostics.flatMap(({ code, fixes }) => (code === 'wide-table' ? [fixes![0]![0]!.text] : []));

test.each([
  ['a width of 8 is twice 4 rows', 'f: category("a", "b", "c", dim: 8)', []],
  ['9 is more', 'f: category("a", "b", "c", dim: 9)', ['4']],
  ['7 costs next to nothing, however few the rows are', 'f: category("a", dim: 7)', []],
  ['8 does not', 'f: category("a", dim: 8)', ['2']],
  ['of 5 rows 8 numbers are enough', 'f: category("a", "b", "c", "d", dim: 11)', ['8']],
  ['a vocabulary that is learned may have any number of rows', 'f: category(dim: 1000)', []],
])('%s', (_, feature, enough) => {
  expect(widthsOf(feature)).toEqual(enough);
});
