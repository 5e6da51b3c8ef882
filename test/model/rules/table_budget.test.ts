/** What the tables of a file count as. */
import { expect, test } from 'vitest';
import { checkText } from '../check_text.ts';

const bytesOf = (feature: string): string[] =>
  checkText(`
model small
features { user_id: id(dim: 4), ${feature}, movie_id: id(dim: 4) }
group person = user_id, f
tower user(person) keyed by user_id { channel main = person -> flatten -> mlp(8, 4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8, 4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`).diagnostics.flatMap(({ code, message }) => (code === 'table-over-budget' ? /\d+ bytes/.exec(message)! : []));

test.each([
  ['a row of float32 takes four bytes a number', 'f: id(hash: 100_000_000, dim: 16)', ['6400000000 bytes']],
  ['a row of bf16 takes two', 'f: id(hash: 100_000_000, dim: 16, precision: bf16)', ['3200000000 bytes']],
  ['half of a table over the budget may be within it', 'f: id(hash: 60_000_000, dim: 16, precision: bf16)', []],
])('%s', (_, feature, bytes) => {
  expect(bytesOf(feature)).toEqual(bytes);
});
