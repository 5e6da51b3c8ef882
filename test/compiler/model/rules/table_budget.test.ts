/** What the tables of a file count as. */
import { expect, test } from 'vitest';
import { checkText, modelWith } from '../check_text.ts';

const bytesOf = (feature: string): string[] =>
  checkText(modelWith(feature)).diagnostics.flatMap(({ code, message }) =>
    code === 'table-over-budget' ? /\d+ bytes/.exec(message)! : [],
  );

test.each([
  ['a row of float32 takes four bytes a number', 'f: id(hash: 100_000_000, dim: 16)', ['6400000000 bytes']],
  ['a row of bf16 takes two', 'f: id(hash: 100_000_000, dim: 16, precision: bf16)', ['3200000000 bytes']],
  ['half of a table over the budget may be within it', 'f: id(hash: 60_000_000, dim: 16, precision: bf16)', []],
])('%s', (_, feature, bytes) => {
  expect(bytesOf(feature)).toEqual(bytes);
});
