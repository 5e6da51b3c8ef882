/** How wide a table may be for its rows. */
import { expect, test } from 'vitest';
import { checkText, modelWith } from '../check_text.ts';

/** `gender` with two values has three rows, one of them for what is missing. */
const widthsOf = (feature: string): string[] =>
  checkText(modelWith(feature)).diagnostics.flatMap(({ code, fixes }) =>
    code === 'wide-table' ? [fixes![0]![0]!.text] : [],
  );

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
